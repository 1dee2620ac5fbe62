import type { HealthEvent } from '../core/describe/trigger';
import { afterTurn, readHealth, withdrawn, type Turn } from '../core/watch/health';
import type { HealthShelf, TriggerState } from './trigger-state';

/** An event of a trigger about itself, on its way. */
export interface Report {
	readonly event: HealthEvent;
	/** n8n is about to make the execution. */
	readonly emitted: () => void;
	/** n8n could not make it. */
	readonly refused: () => void;
}

/**
 * Takes note of how a turn of a trigger ended. The process's memory counts, unless another process has sent more
 * events. What is stored with an event says that it was sent: after a crash in between, n8n's failed executions are the
 * only sign.
 */
export function reportAfter(
	turn: Turn,
	{ state, shelf, ...watched }: { state: TriggerState; shelf: HealthShelf; trigger: string; intervalMs: number },
): Report | undefined {
	const { report } = state;
	// n8n has dropped it, as it does if the workflow was changed or switched off meanwhile.
	if (report?.emitted === false) report.withdraw();
	state.report = undefined;
	const stored = readHealth(textAsJson(shelf.readHealth()));
	const before = state.health === undefined || stored.count > state.health.count ? stored : state.health;
	const { health, event } = afterTurn(before, turn, { ...watched, now: Date.now(), reports: true });
	state.health = health;
	shelf.writeHealth(JSON.stringify(health));
	if (event === undefined) return undefined;
	const sent = {
		emitted: false,
		withdraw: () => {
			// Unless a later one was sent.
			if (state.health?.count === health.count) state.health = withdrawn(before, health);
		},
	};
	state.report = sent;
	return {
		event,
		emitted: () => {
			sent.emitted = true;
		},
		refused: sent.withdraw,
	};
}

function textAsJson(text: unknown): unknown {
	try {
		return JSON.parse(String(text)) as unknown;
	} catch {
		return undefined;
	}
}
