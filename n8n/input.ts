import { isResourceLocatorValue, type IExecuteFunctions, type INodeParameters } from 'n8n-workflow';
import { InvalidParams } from '../core/describe/errors';
import { number, readFields, writeList, type Field, type Fields } from '../core/describe/field';
import type { AnyOperation, RunOptions } from '../core/describe/operation';
import { hasLimit, SKIP_FAILED } from './properties';
import { isOption } from './property';

/** The longest timeout of a run, in seconds: a day. */
const timeout = number({ title: 'Timeout', description: '', min: 1, max: 86_400, optional: true });
const limit = number({ title: 'Limit', description: '', min: 1, integer: true });

export interface ItemInput {
	params: Record<string, unknown>;
	options: Pick<RunOptions, 'output' | 'deadlineMs' | 'timeZone' | 'limit'>;
	/** Whether failed devices are items like others. */
	skipFailed: boolean;
}

/**
 * What each item gives an operation. A parameter that the node does not have is left out; one that is there but whose
 * expression gives nothing is passed on as undefined, so that the core can say that it is missing.
 */
export function inputsOf(context: IExecuteFunctions, operation: AnyOperation): (item: number) => ItemInput {
	const { parameters } = context.getNode();
	const read = readerOf(context, parameters);
	const has = (name: string) => Object.hasOwn(parameters, name);
	const fields = Object.entries(operation.params as Fields);
	const timeZone = context.getTimezone();
	return (item) => {
		const chosen = has('options') ? (read('options', item) as Record<string, unknown>) : {};
		const params: Record<string, unknown> = {};
		for (const [name, field] of fields) {
			if (!isOption(field)) {
				if (has(name)) params[name] = valueFor(field, read(name, item), parameters[name]);
			} else if (Object.hasOwn(chosen, name))
				params[name] = valueFor(field, chosen[name], (parameters.options as INodeParameters)[name]);
		}
		const isList = hasLimit(operation);
		const all = !isList || (has('returnAll') && read('returnAll', item) === true);
		const raw = operation.effect === 'read' && has('output') && read('output', item) === 'raw';
		const clock = { now: Date.now(), timeZone };
		const { timeout: seconds } = readFields({ timeout }, chosen, clock);
		return {
			params,
			skipFailed: chosen[SKIP_FAILED] === true,
			options: {
				output: raw ? 'raw' : 'simplified',
				timeZone,
				...(seconds === undefined ? {} : { deadlineMs: seconds * 1000 }),
				...(all ? {} : readFields({ limit }, { limit: has('limit') ? read('limit', item) : undefined }, clock)),
			},
		};
	};
}

/**
 * Reads parameters for an item. n8n takes its time over each: about 0.3 ms for an expression, which it evaluates in a
 * sandbox. A parameter without an expression is read once for all items, and one that only names a field of the item is
 * looked up here.
 */
function readerOf(context: IExecuteFunctions, parameters: INodeParameters): (name: string, item: number) => unknown {
	const known = new Map<string, unknown>();
	const paths = new Map(Object.entries(parameters).map(([name, value]) => [name, pathOf(valueOf(value))]));
	const items = context.getInputData();
	return (name, item) => {
		if (known.has(name)) return known.get(name);
		const path = paths.get(name);
		const plain = path === undefined ? undefined : plainAt(items[item]?.json, path);
		if (plain !== undefined) return plain;
		const value: unknown = context.getNodeParameter(name, item);
		if (!varies(parameters[name])) known.set(name, value);
		return value;
	};
}

const FIELD = /^=\{\{\s*\$json((?:\.[A-Za-z_]\w*)+)\s*\}\}$/;

/** The names in "={{ $json.device.imei }}" and its like; undefined for any other expression. */
function pathOf(expression: unknown): string[] | undefined {
	return typeof expression === 'string' ? FIELD.exec(expression)?.[1]?.slice(1).split('.') : undefined;
}

/** A text, number or truth value of the item itself; undefined for all else, which n8n has its own ways with. */
function plainAt(json: unknown, path: readonly string[]): unknown {
	let value = json;
	for (const name of path) {
		if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, name))
			return undefined;
		value = (value as Record<string, unknown>)[name];
	}
	return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : undefined;
}

function hasExpression(value: unknown): boolean {
	if (typeof value === 'string') return value.startsWith('=');
	return typeof value === 'object' && value !== null && Object.values(value).some(hasExpression);
}

/** Whether a parameter may differ from item to item. The time is one for the whole run. */
function varies(value: unknown): boolean {
	if (typeof value === 'string') return value.startsWith('=') && !isTime(value);
	return typeof value === 'object' && value !== null && Object.values(value).some(varies);
}

/** "={{ $now.minus({ days: 1 }) }}" and its like, which depend on nothing else. */
function isTime(expression: string): boolean {
	const names = expression.match(/\$\w*/g) ?? [];
	return (
		names.length > 0 && names.every((name) => name === '$now' || name === '$today') && !/random/i.test(expression)
	);
}

const valueOf = (value: unknown) => (isResourceLocatorValue(value) ? value.value : value);

/**
 * What a parameter gives its field; an expression may give anything in a picker's place. What was picked from the list
 * is a single value, whatever it has in it: a comma does not make two of it.
 * @param stored the parameter as the node holds it
 */
export function valueFor({ parting }: Field, value: unknown, stored: unknown): unknown {
	const given = valueOf(value);
	const isPicked = isResourceLocatorValue(value) && value.mode === 'list' && !hasExpression(stored);
	return isPicked && typeof given === 'string' && given !== '' && parting !== undefined
		? writeList([given], parting)
		: given;
}

/** A node that n8n runs again by itself would send a command again that has been carried out for an earlier item. */
export function mustNotRetry(operation: AnyOperation, retryOnFail: boolean | undefined): void {
	if ((operation.effect === 'read' && operation.consuming !== true) || retryOnFail !== true) return;
	throw new InvalidParams(
		`"Retry On Fail" is on in this node's settings: what this operation does could then be done more than once.`,
		{ advice: 'Switch it off. Nothing was sent.' },
	);
}
