/** What the hosts' own forms store for an operation's parameters. */
import type { Field, Fields } from '../../core/describe/field';
import type { AnyOperation } from '../../core/describe/operation';
import { isOption } from '../../n8n/property';

const locator = (value: unknown) => ({ __rl: true, mode: 'id', value });

/** The parameters of n8n's node, as its panel stores them. */
export function panelOf(
	operation: AnyOperation,
	params: Readonly<Record<string, unknown>>,
	rest: object = {},
): Record<string, unknown> {
	const parameters: Record<string, unknown> = {
		resource: operation.resource,
		operation: operation.name,
		...(operation.list ? { returnAll: true } : {}),
		...(operation.effect === 'command' ? { allowCommands: true } : {}),
	};
	const options: Record<string, unknown> = {};
	for (const [name, field] of Object.entries(operation.params as Fields)) {
		if (!Object.hasOwn(params, name)) continue;
		const value = field.kind === 'id' || field.kind === 'ids' ? locator(params[name]) : params[name];
		if (isOption(field)) options[name] = value;
		else parameters[name] = value;
	}
	return { ...parameters, options, ...rest };
}

/** A value as the TypedInput of Node-RED's dialog stores it. */
function typed({ kind }: Field, value: unknown): { type: string; value: string } {
	if (kind === 'choices') return { type: 'list', value: (value as string[]).join(',') };
	return {
		type:
			typeof value === 'number'
				? 'num'
				: typeof value === 'boolean'
					? 'bool'
					: kind === 'id' || kind === 'ids' || kind === 'choice'
						? 'list'
						: 'str',
		value: String(value),
	};
}

/** The `params` of Node-RED's node; a value that already is {type, value} stays what it is. */
export function dialogOf(
	operation: AnyOperation,
	params: Readonly<Record<string, unknown>>,
): Record<string, { type: string; value: unknown }> {
	const inputs = Object.entries(operation.params as Fields).filter(([key]) => Object.hasOwn(params, key));
	return Object.fromEntries(
		inputs.map(([key, field]) => {
			const value = params[key];
			return [
				key,
				typeof value === 'object' && value !== null && 'type' in value
					? (value as { type: string; value: unknown })
					: typed(field, value),
			];
		}),
	);
}
