import type { Node, NodeAPI, NodeMessage } from 'node-red';
import { InvalidParams } from '../../core/describe/errors';
import { applies, type Field, type Fields } from '../../core/describe/field';

/** A value as a TypedInput stores it. `list` is our own: what was picked from a list, as text. */
interface TypedValue {
	type: string;
	value: unknown;
}

export type Inputs = Readonly<Record<string, TypedValue>>;

/** Types whose value is the text itself. */
const LITERAL = new Set(['str', 'list', 'num', 'bool', 'json']);

/**
 * The values of an operation's parameters for one message. A parameter whose expression gives nothing is there as
 * undefined, so that it counts as missing; one that the node does not know of is left out and takes its default.
 * @throws InvalidParams if an expression cannot be evaluated
 */
export async function valuesOf(
	RED: NodeAPI,
	node: Node,
	fields: Fields,
	inputs: Inputs,
	msg: NodeMessage,
): Promise<Record<string, unknown>> {
	const values: Record<string, unknown> = {};
	for (const [name, field] of Object.entries(fields)) {
		const input = inputs[name];
		if (input === undefined || !applies(field, values, fields)) continue;
		values[name] = await valueOf(RED, node, field, input, msg);
	}
	return values;
}

async function valueOf(
	RED: NodeAPI,
	node: Node,
	field: Field,
	{ type, value }: TypedValue,
	msg: NodeMessage,
): Promise<unknown> {
	if (LITERAL.has(type)) {
		// Node-RED would make 0, false or a syntax error of an empty field.
		if (value === '' || value === undefined || value === null) return field.kind === 'choices' ? [] : undefined;
		if (type === 'str' || type === 'list') return value;
	}
	try {
		return await new Promise((resolve, reject) => {
			RED.util.evaluateNodeProperty(
				typeof value === 'string' ? value : JSON.stringify(value ?? ''),
				type,
				node,
				msg,
				(error: Error | null, result: unknown) => (error ? reject(error) : resolve(result)),
			);
		});
	} catch (error) {
		let message: unknown;
		try {
			// "msg.a.b" where msg.a does not exist: that is a missing value, not a broken expression.
			if (error instanceof TypeError && (type === 'msg' || type === 'flow' || type === 'global'))
				return undefined;
			message = (error as { message?: unknown } | null)?.message;
		} catch {
			// What somebody's code throws may throw when it is looked at.
		}
		throw new InvalidParams(
			`${field.title}: its ${type === 'jsonata' ? 'JSONata expression' : type === 'json' ? 'JSON' : `${type} value`} cannot be evaluated${typeof message === 'string' ? ` (${message.slice(0, 200)})` : ''}.`,
			{
				cause: error,
				advice: 'Correct it in the node.',
			},
		);
	}
}
