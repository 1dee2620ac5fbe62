import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import type { Client } from '../core/client';
import { InvalidParams, TimedOut } from '../core/errors';
import type { AnyOperation } from '../core/operation';
import { findOperation, type Connection, type Provider } from '../core/provider';
import { openAccount } from './account';
import { errorItemOf, nodeErrorOf } from './errors';
import { inputOf, mustNotRetry } from './input';

/** Shorter waits are nobody's concern. */
const WAIT_WORTH_TELLING_MS = 5000;

/** Runs a node: its operation, once for each item. */
export async function execute<C extends Connection>(context: IExecuteFunctions, provider: Provider<C>, credentialType: string): Promise<INodeExecutionData[][]> {
	const node = context.getNode();
	const { length } = context.getInputData();
	const output: INodeExecutionData[] = [];
	const warnings = new Set<string>();
	const signal = stopSignalOf(context);
	let waitedMs = 0;
	const onWait = (ms: number) => (waitedMs = Math.max(waitedMs, ms));
	let operation: AnyOperation | undefined;
	let client: Client<C> | undefined;
	for (let item = 0; item < length; item++) {
		const pairedItem = { item };
		try {
			operation ??= operationOf(context, provider, node.retryOnFail);
			client ??= await openAccount(context, provider, credentialType, (message) => warnings.add(message));
			const { params, options } = inputOf(context, operation, node.parameters, item);
			for (const record of await client.collect(operation, params, { ...options, signal, onWait })) output.push({ json: record as IDataObject, pairedItem });
		} catch (error) {
			if (!context.continueOnFail()) throw nodeErrorOf(error, node, { itemIndex: item, addition: alreadyDone(operation, item) });
			output.push({ json: errorItemOf(error), pairedItem });
		}
	}
	if (waitedMs >= WAIT_WORTH_TELLING_MS) warnings.add(`A request had to wait ${String(Math.round(waitedMs / 1000))} s for its turn: the account's nodes share its request limit.`);
	for (const message of warnings) context.addExecutionHints({ message, type: 'warning', location: 'outputPane' });
	return [output];
}

/** Resource and operation take no expressions, so they are the same for every item. */
function operationOf<C extends Connection>(context: IExecuteFunctions, provider: Provider<C>, retryOnFail: boolean | undefined): AnyOperation {
	const resource = context.getNodeParameter('resource', 0);
	const name = context.getNodeParameter('operation', 0);
	const operation = findOperation(provider as unknown as Provider, resource, name);
	if (operation === undefined) {
		throw new InvalidParams(`${provider.title} has no operation "${name}" for the resource "${resource}".`, { advice: 'Choose both anew in the node.' });
	}
	mustNotRetry(operation, retryOnFail);
	return operation;
}

/** n8n stops a run with a reason of its own, which says nothing of what became of the request. */
function stopSignalOf(context: IExecuteFunctions): AbortSignal {
	const stop = new AbortController();
	const stopped = () => stop.abort(new TimedOut('The run was stopped.'));
	const signal = context.getExecutionCancelSignal();
	if (signal?.aborted) stopped();
	else signal?.addEventListener('abort', stopped, { once: true });
	return stop.signal;
}

/** What a user must know who would run the node again after an error. */
function alreadyDone(operation: AnyOperation | undefined, items: number): string {
	return operation === undefined || operation.effect === 'read' || items === 0 ? '' : `It was already sent for ${items === 1 ? 'the item' : `the ${String(items)} items`} before.`;
}
