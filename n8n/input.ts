import { isResourceLocatorValue, type IExecuteFunctions, type INodeParameters } from 'n8n-workflow';
import type { RunOptions } from '../core/client';
import { InvalidParams } from '../core/errors';
import { number, readFields, type Fields } from '../core/field';
import type { AnyOperation } from '../core/operation';
import { hasLimit, isOption } from './properties';

/** The longest that a run may be given, in seconds: a day. */
const timeout = number({ title: 'Timeout', description: '', min: 1, max: 86_400, optional: true });
const limit = number({ title: 'Limit', description: '', min: 1, integer: true });

export interface ItemInput {
	params: Record<string, unknown>;
	options: Pick<RunOptions, 'output' | 'deadlineMs' | 'timeZone'> & { limit?: number };
}

/**
 * What one item gives an operation. A parameter that the node does not have is left out; one that is there but whose
 * expression gives nothing is passed on as undefined, so that the core can say that it is missing.
 */
export function inputOf(context: IExecuteFunctions, operation: AnyOperation, parameters: INodeParameters, item: number): ItemInput {
	const read = (name: string) => context.getNodeParameter(name, item) as unknown;
	const has = (name: string) => Object.hasOwn(parameters, name);
	const chosen = has('options') ? (read('options') as Record<string, unknown>) : {};
	const params: Record<string, unknown> = {};
	for (const [name, field] of Object.entries(operation.params as Fields)) {
		if (!isOption(field)) {
			if (has(name)) params[name] = valueOf(read(name));
		} else if (Object.hasOwn(chosen, name)) params[name] = valueOf(chosen[name]);
	}
	const isList = hasLimit(operation);
	const all = !isList || (has('returnAll') && read('returnAll') === true);
	const raw = operation.effect === 'read' && has('output') && read('output') === 'raw';
	const timeZone = context.getTimezone();
	const clock = { now: Date.now(), timeZone };
	const { timeout: seconds } = readFields({ timeout }, chosen, clock);
	return {
		params,
		options: {
			output: raw ? 'raw' : 'simplified',
			timeZone,
			...(seconds === undefined ? {} : { deadlineMs: seconds * 1000 }),
			...(all ? {} : readFields({ limit }, { limit: has('limit') ? read('limit') : undefined }, clock)),
		},
	};
}

/** What a picker stands for; an expression may give anything in its place. */
function valueOf(value: unknown): unknown {
	return isResourceLocatorValue(value) ? value.value : value;
}

/** A node that n8n runs again by itself would send a command again that has been carried out for an earlier item. */
export function mustNotRetry(operation: AnyOperation, retryOnFail: boolean | undefined): void {
	if ((operation.effect === 'read' && operation.once !== true) || retryOnFail !== true) return;
	throw new InvalidParams(`"Retry On Fail" is on in this node's settings: what this operation does could then be done more than once.`, { advice: 'Switch it off. Nothing was sent.' });
}
