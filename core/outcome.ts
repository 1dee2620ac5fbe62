import type { AnyOperation } from './operation';
import type { CommandOutcome, Row } from './records';

/** What a write or command became, from what its run found out. Without a word from the run, it is confirmed. */
export function outcomeOf(operation: AnyOperation, params: Readonly<Record<string, unknown>>, found: Row | Partial<CommandOutcome>): CommandOutcome {
	return {
		outcome: 'confirmed',
		explanation: 'The vendor confirmed it.',
		operation: `${operation.resource}.${operation.name}`,
		target: null,
		command: null,
		commandId: null,
		response: null,
		sentAt: null,
		answeredAt: null,
		...operation.target?.(params),
		...found,
	};
}
