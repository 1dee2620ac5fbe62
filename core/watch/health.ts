import { z } from 'zod/v4';
import type { FleetError } from '../describe/errors';
import type { HealthEvent } from '../describe/trigger';

/** Without success for this long and for this many intervals, a trigger is unwell. */
const LEAST_MS = 600_000;
const INTERVALS = 3;
/** Time between two turns counts for two intervals at most: a clock may jump, and the program may have been off. */
const MOST_INTERVALS = 2;

const moment = z.number().int().min(0).max(1e14);
const schema = z.object({
	/** Events so far: of two states, that with more of them is the later. */
	count: z.number().int().min(0),
	/** The last turn. */
	at: moment.optional(),
	/** The last success. */
	success: moment.optional(),
	/** Milliseconds without success, as far as the turns show. */
	without: z.number().min(0),
	/** The first failure since the last success, and what is wrong now. */
	failure: z.object({ since: moment, error: z.string(), code: z.string() }).optional(),
	/** Whether it was reported that the trigger is unwell, and not yet that it works again. */
	unwell: z.boolean(),
});

/** How a trigger fares, as plain JSON that the host stores beside the cursor. Times are in milliseconds. */
export type Health = Readonly<z.infer<typeof schema>>;

const UNKNOWN: Health = { count: 0, without: 0, unwell: false };

/** What cannot be read counts as nothing. */
export function readHealth(stored: unknown): Health {
	const { success, data } = schema.safeParse(stored);
	return success ? data : UNKNOWN;
}

/** A turn of a trigger: it worked, it failed, or there was no poll and nothing has changed. */
export type Turn = 'works' | 'waits' | FleetError;

interface Watched {
	/** Name of the trigger's event. */
	trigger: string;
	/** By the local clock, in milliseconds. */
	now: number;
	intervalMs: number;
	/** Whether the user wants the events. Without, it is never unwell, and the ages are still known. */
	reports: boolean;
}

/** The state after a turn, and the event that the flow is to receive. */
export function afterTurn(
	health: Health,
	turn: Turn,
	{ trigger, now, intervalMs, reports }: Watched,
): { health: Health; event?: HealthEvent } {
	const { failure, success, at = now } = health;
	const elapsed = Math.min(Math.max(0, now - at), MOST_INTERVALS * intervalMs);
	if (turn === 'works') {
		const well: Health = { count: health.count, at: now, success: now, without: 0, unwell: false };
		if (!health.unwell || failure === undefined) return { health: well };
		const event = eventOf('triggerWellAgain', { trigger, now, failure, success });
		return reports ? { health: { ...well, count: health.count + 1 }, event } : { health: well };
	}
	const without = health.without + elapsed;
	const known =
		turn === 'waits'
			? failure
			: { since: failure?.since ?? now, error: turn.sentence.slice(0, 1000), code: turn.code };
	const next: Health = { ...health, at: now, without, ...(known === undefined ? {} : { failure: known }) };
	const ill = known !== undefined && without >= Math.max(LEAST_MS, INTERVALS * intervalMs);
	if (!reports || !ill || health.unwell) return { health: next };
	const event = eventOf('triggerUnwell', { trigger, now, failure: known, success });
	return { health: { ...next, unwell: true, count: health.count + 1 }, event };
}

/** The state without an event that the host could not hand over: it comes with the next turn. */
export const withdrawn = (before: Health, { count }: Health): Health => ({ ...before, count: count + 1 });

const iso = (ms: number) => new Date(ms).toISOString();

function eventOf(
	name: HealthEvent['event'],
	{
		trigger,
		now,
		failure: { since, error, code },
		success,
	}: { trigger: string; now: number; failure: NonNullable<Health['failure']>; success: number | undefined },
): HealthEvent {
	return {
		id: `${name} ${trigger} ${iso(since)}`,
		event: name,
		deviceId: null,
		time: iso(now),
		late: false,
		doubtful: false,
		trigger,
		since: iso(since),
		lastSuccess: success === undefined ? null : iso(success),
		error,
		code,
	};
}
