import { DEVICES, type Fields } from './field';
import type { Method } from './host';
import type { AnyOperation } from './operation';
import type { CommandOutcome, Outcome, Row } from './records';

/** What each outcome means, for help and docs. */
export const OUTCOME_WORDS: Readonly<Record<Outcome, string>> = {
	confirmed: 'the vendor or the device answered that it was done',
	answered: 'the device answered something else, which is in the response: read it; it is not taken as done',
	sent: "handed over; the device's answer was not waited for",
	timedOut: 'handed over; the device did not answer in time',
	failed: 'not done',
	unknown: 'it was sent and no usable answer came: it may have been done',
};

/** What an operation gives whose answer says that it was done. */
export const CONFIRMED = {
	outcome: 'confirmed',
	explanation: 'The vendor confirmed it.',
} as const satisfies Partial<CommandOutcome>;

/** HTTP's own words for done. All others of its kind mean put off, done in part, or somebody else's answer. */
const DONE: readonly number[] = [200, 201];

/** Methods that need no words to say so: HTTP defines 204 as done for them. */
const WORDLESS: readonly Method[] = ['PUT', 'PATCH', 'DELETE'];

/** What an answer says of a write or command: a success in its words counts only where HTTP says the same. */
export function deniedByHttp(row: Row, status: number, method: Method): Row {
	const done = DONE.includes(status) || (status === 204 && WORDLESS.includes(method));
	if (row.outcome !== 'confirmed' || done) return row;
	return {
		...row,
		outcome: 'unknown' satisfies Outcome,
		explanation: `The vendor took it, but its server does not say that it is done (HTTP ${String(status)}). Check whether it was done.`,
	};
}

/** The device that a write or command is done to. */
function deviceIn({ params: fields }: AnyOperation, params: Readonly<Record<string, unknown>>): string | null {
	const [name = ''] = Object.entries(fields as Fields).find(([, { lookup }]) => lookup === DEVICES) ?? [];
	const device = params[name];
	return typeof device === 'string' ? device : null;
}

/** What a write or command became, from what its run found out. What does not say that it is confirmed is not. */
export function outcomeOf(
	operation: AnyOperation,
	params: Readonly<Record<string, unknown>>,
	found: Row | Partial<CommandOutcome>,
): CommandOutcome {
	return {
		deviceName: null,
		plate: null,
		sentAt: null,
		answeredAt: null,
		outcome: 'unknown',
		explanation:
			found.outcome === 'confirmed' ? CONFIRMED.explanation : 'The answer does not say whether it was done.',
		command: null,
		response: null,
		operation: `${operation.resource}.${operation.name}`,
		target: null,
		commandId: null,
		deviceId: deviceIn(operation, params),
		...operation.target?.(params),
		...found,
	};
}
