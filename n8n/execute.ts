import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import type { Client, Collected } from '../core/call/client';
import { asFleetError, InvalidParams, NotPermitted, TimedOut, type FleetError } from '../core/describe/errors';
import type { AnyOperation, RunOptions } from '../core/describe/operation';
import { findOperation, type Provider } from '../core/describe/provider';
import { Batcher } from '../core/call/batcher';
import { copied } from '../core/call/blocks';
import { Gathering } from '../core/call/gathering';
import { canShare, inputKey } from '../core/call/waiting-runs';
import { openAccount } from './account';
import { errorItemOf, errorItemsOf, failedItemsOf, nodeErrorOf } from './errors';
import { inputsOf, mustNotRetry, type ItemInput } from './input';

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
	let resultOf: ((item: number) => Promise<Result>) | undefined;
	const skipped: FleetError[] = [];
	const asTool = isTool(context);
	try {
		for (let item = 0; item < length; item++) {
			const pairedItem = { item };
			try {
				operation ??= operationOf(context, provider, node.retryOnFail);
				resultOf ??= await runsOf(
					context,
					operation,
					await openAccount(context, provider, credentialType, (message) => warnings.add(message)),
					options,
				);
				const { records, error, skipFailed } = await resultOf(item);
				for (const record of records) output.push({ json: record as IDataObject, pairedItem });
				if (error === undefined) continue;
				if (skipFailed && error.failedDevices.length > 0) {
					skipped.push(error);
					for (const json of failedItemsOf(error)) output.push({ json, pairedItem });
				} else if (context.continueOnFail()) {
					for (const json of errorItemsOf(error)) output.push({ json, pairedItem });
				} else throw error;
			} catch (error) {
				if (!context.continueOnFail())
					throw nodeErrorOf(error, node, { itemIndex: item, addition: alreadyDone(operation, item), asTool });
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
	const [first] = skipped;
	if (first !== undefined)
		warnings.add(
			`${skipped.length === 1 ? '' : `In ${String(skipped.length)} items, devices failed and were skipped. The first: `}${first.sentence} Each failed device has an item with its error.`,
		);
	for (const message of warnings) context.addExecutionHints({ message, type: 'warning', location: 'outputPane' });
	return [output];
}

/** What an item gives, and whether its failed devices are items like others. */
interface Result extends Collected {
	skipFailed: boolean;
}

/**
 * How the result of an item is got: the same is asked once, and where items can share requests, all are read before the
 * first is run.
 */
async function runsOf(
	context: IExecuteFunctions,
	operation: AnyOperation,
	client: Client,
	options: Pick<RunOptions, 'signal' | 'onWait'>,
): Promise<(item: number) => Promise<Result>> {
	const inputOf = inputsOf(context, operation);
	const { length } = context.getInputData();
	if (length === 1 || !canShare(operation))
		return async (item) => {
			const { params, options: own, skipFailed } = inputOf(item);
			return { ...(await client.gather(operation, params, { ...own, ...options })), skipFailed };
		};
	const alone = ({ params, options: own }: ItemInput) => {
		let result: Promise<Collected> | undefined;
		return () => (result ??= client.gather(operation, params, { ...own, ...options }));
	};
	const together = operation.batch === undefined ? undefined : new Batcher(client, operation, options);
	const shared = ({ params: input, options: own }: ItemInput) => {
		const run = together?.add({ input, options: own });
		return async (): Promise<Collected> => (await together?.resultOf(run ?? 0)) ?? { records: [] };
	};
	/** Runs by their settings. */
	const known = new Map<string, () => Promise<Collected>>();
	const runs: (() => Promise<Result>)[] = [];
	for (let item = 0; item < length; item++) {
		try {
			const written = inputOf(item);
			// Items share requests by the ids of their devices.
			const params = await client.resolve(operation, written.params, { ...written.options, ...options });
			const input = { ...written, params };
			const { options: own, skipFailed } = input;
			const key = `${String(skipFailed)} ${inputKey({ input: params, options: own }, () => client.read(operation, params, own))}`;
			const before = known.get(key);
			const run = before ?? (together === undefined ? alone : shared)(input);
			known.set(key, run);
			runs.push(async () => {
				const { records, error } = await run();
				// Each item has records of its own, as each could be changed.
				return {
					records: before === undefined ? records : await copied(client, records),
					error,
					skipFailed: input.skipFailed,
				};
			});
		} catch (error) {
			runs.push(() => Promise.reject(error instanceof Error ? error : asFleetError(error)));
			// Items behind it are never run.
			if (!context.continueOnFail()) break;
		}
	}
	if (known.size === 1 && runs.length === length)
		client.warn(
			`"${operation.title}" has the same settings for all ${String(length)} items: it was asked once, and each item has all of its records. To get them once, switch on Execute Once in this node's settings.`,
		);
	const gathering = new Gathering();
	return async (item) => {
		gathering.mustHaveRoom();
		const result = (await runs[item]?.()) ?? { records: [], skipFailed: false };
		await client.inBlocks(result.records, (block) => gathering.add(block));
		return result;
	};
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
