import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import type { Client } from '../core/call/client';
import { InvalidParams, NotPermitted, TimedOut } from '../core/describe/errors';
import type { AnyOperation, RunOptions } from '../core/describe/operation';
import { findOperation, type Provider } from '../core/describe/provider';
import { Batcher } from '../core/call/batcher';
import { openAccount } from './account';
import { errorItemOf, nodeErrorOf } from './errors';
import { inputsOf, mustNotRetry } from './input';

/** Shorter waits are nobody's concern. */
const WAIT_WORTH_TELLING_MS = 5000;

/** Runs a node: its operation, once for each item. */
export async function execute(
	context: IExecuteFunctions,
	provider: Provider,
	credentialType: string,
): Promise<INodeExecutionData[][]> {
	const node = context.getNode();
	const { length } = context.getInputData();
	const output: INodeExecutionData[] = [];
	const warnings = new Set<string>();
	const stop = stopOf(context);
	let waitedMs = 0;
	const options = { signal: stop.signal, onWait: (ms: number) => (waitedMs = Math.max(waitedMs, ms)) };
	let operation: AnyOperation | undefined;
	let recordsOf: ((item: number) => Promise<object[]>) | undefined;
	try {
		for (let item = 0; item < length; item++) {
			const pairedItem = { item };
			try {
				operation ??= operationOf(context, provider, node.retryOnFail);
				recordsOf ??= runsOf(
					context,
					operation,
					await openAccount(context, provider, credentialType, (message) => warnings.add(message)),
					options,
				);
				for (const record of await recordsOf(item)) output.push({ json: record as IDataObject, pairedItem });
			} catch (error) {
				if (!context.continueOnFail())
					throw nodeErrorOf(error, node, { itemIndex: item, addition: alreadyDone(operation, item) });
				output.push({ json: errorItemOf(error), pairedItem });
			}
		}
	} finally {
		stop.abort();
	}
	if (waitedMs >= WAIT_WORTH_TELLING_MS)
		warnings.add(
			`A request had to wait ${String(Math.round(waitedMs / 1000))} s for its turn: the account's nodes share its request limit.`,
		);
	for (const message of warnings) context.addExecutionHints({ message, type: 'warning', location: 'outputPane' });
	return [output];
}

/** How the records of an item are got: where items can share requests, all are read before the first is run. */
function runsOf(
	context: IExecuteFunctions,
	operation: AnyOperation,
	client: Client,
	options: Pick<RunOptions, 'signal' | 'onWait'>,
): (item: number) => Promise<object[]> {
	const inputOf = inputsOf(context, operation);
	const { length } = context.getInputData();
	if (operation.batch === undefined || length === 1) {
		return async (item) => {
			const { params, options: own } = inputOf(item);
			return await client.collect(operation, params, { ...own, ...options });
		};
	}
	const together = new Batcher(client, operation, options);
	const runs: (() => Promise<object[]>)[] = [];
	for (let item = 0; item < length; item++) {
		try {
			const { params, options: own } = inputOf(item);
			const run = together.add({ input: params, options: own });
			runs.push(() => together.recordsOf(run));
		} catch (error) {
			runs.push(() => Promise.reject(error instanceof Error ? error : new Error(String(error))));
			// Items behind it are never run.
			if (!context.continueOnFail()) break;
		}
	}
	return async (item) => (await runs[item]?.()) ?? [];
}

/** Resource and operation take no expressions, so they are the same for every item. */
function operationOf(context: IExecuteFunctions, provider: Provider, retryOnFail: boolean | undefined): AnyOperation {
	const resource = context.getNodeParameter('resource', 0);
	const name = context.getNodeParameter('operation', 0);
	const operation = findOperation(provider, resource, name);
	if (operation === undefined) {
		throw new InvalidParams(`${provider.title} has no operation "${name}" for the resource "${resource}".`, {
			advice: 'Choose both again in the node.',
		});
	}
	mustNotRetry(operation, retryOnFail);
	if (operation.handsOutSession === true && isTool(context)) {
		throw new NotPermitted(
			`"${operation.title}" makes a link that logs in anyone who opens it, so agents get none.`,
			{
				advice: 'Use it in a node of the workflow, not as a tool. Nothing was sent.',
			},
		);
	}
	return operation;
}

/**
 * Whether an agent runs the node. n8n makes a node type of its own of each node that can be a tool, and names it so.
 */
const isTool = (context: IExecuteFunctions) => context.getNode().type.endsWith('Tool');

/** n8n stops a run with a reason of its own, which says nothing of what became of the request. */
function stopOf(context: IExecuteFunctions): AbortController {
	const stop = new AbortController();
	const stopped = () => stop.abort(new TimedOut('The run was stopped.'));
	const signal = context.getExecutionCancelSignal();
	if (signal?.aborted) stopped();
	else signal?.addEventListener('abort', stopped, { once: true });
	return stop;
}

/** What a user must know who would run the node again after an error. */
function alreadyDone(operation: AnyOperation | undefined, items: number): string {
	return operation === undefined || operation.effect === 'read' || items === 0
		? ''
		: `It was already sent for ${items === 1 ? 'the item' : `the ${String(items)} items`} before.`;
}
