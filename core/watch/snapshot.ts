import { z } from 'zod/v4';
import { recordId } from '../describe/read';
import type { Position } from '../describe/records';
import { coveredUntil, leftOf, nextSweep, pack, sweepSchema, seconds, unpack, type Cursor } from './cursor';
import { DAY_SECONDS, heardOf, type Found, type Poll } from './poll';
import type { FleetEvent, SnapshotSource } from '../describe/trigger';

/** Where a watch stands: what it remembers of each device, and the round over the fleet. */
const schema = z.object({
	v: z.literal(1),
	event: z.string(),
	/** Newest record time that is known. Records that are dated in the future do not count. */
	mark: seconds,
	round: sweepSchema,
	/** Whether the first round is not over: devices that come for the first time are only remembered. */
	first: z.boolean().optional(),
	/** Of what is there in the first round, that from before this is only remembered. */
	since: seconds,
	/** Packed, see cursor.ts. */
	states: z.string(),
	/** Devices whose last look failed, and the mark at the one before, if there was one; packed. */
	behind: z.string().optional(),
});
type SnapshotCursor = z.infer<typeof schema>;

/** @throws Error if it cannot be read */
export function readSnapshotCursor(stored: unknown): {
	cursor: SnapshotCursor;
	states: Map<string, string>;
	behind: Map<string, string>;
} {
	const cursor = schema.parse(stored);
	return { cursor, states: unpack(cursor.states), behind: unpack(cursor.behind ?? '') };
}

function firstCursor(pass: Poll): SnapshotCursor {
	const { now } = pass;
	return {
		v: 1,
		event: pass.event,
		mark: 0,
		round: { began: 0, before: 0, at: now, atBefore: now },
		first: true,
		since: pass.firstRun === 'since' ? pass.since : 0,
		states: '',
	};
}

/** In place of the mark at the last look at a device. */
const NEVER = '0';

/** So many groups that fail one after the other are not the fault of their devices. */
const FAILURES = 3;

/** Polls a watch once: compares the fleet's positions with what was remembered of them. */
export async function pollSnapshot(
	pass: Poll,
	source: SnapshotSource,
	stored: ReturnType<typeof readSnapshotCursor> | undefined,
): Promise<Cursor> {
	const cursor = stored === undefined ? firstCursor(pass) : { ...stored.cursor, round: { ...stored.cursor.round } };
	const { states, behind } = stored ?? { states: new Map<string, string>(), behind: new Map<string, string>() };
	const chosen = await pass.chosen();
	const { round } = cursor;
	const mark = Math.max(cursor.mark, pass.now - DAY_SECONDS);
	const ids = chosen ?? ['*'];
	if (round.next !== undefined && leftOf(round, ids).length === 0) {
		// Those that were left have gone from the account, or others were chosen.
		delete round.next;
		delete cursor.first;
	}
	nextSweep(round, ids, mark, pass.now);
	const events: { event: FleetEvent; at: number }[] = [];
	const wanted = chosen === undefined ? undefined : new Set(chosen);
	const order = pass.readsAllPositions ? undefined : leftOf(round, ids);
	let done = 0;
	let failures = 0;
	for (const group of pass.positionGroups(order)) {
		if (!pass.goesOn() || pass.full(events.length) || failures >= FAILURES) break;
		const { found, missing, error } = await pass.positions(group);
		for (const one of found) {
			const { deviceId } = one.position;
			if (wanted?.has(deviceId) === false) continue;
			const heard = heardOf(one.position);
			cursor.mark = Math.max(cursor.mark, pass.past(heard) ?? 0);
			look(pass, source, one, {
				cursor,
				states,
				events,
				first: cursor.first === true && !behind.has(deviceId),
				was: Number(
					behind.get(deviceId) ?? (pass.readsAllPositions ? round.before : coveredUntil(round, deviceId)),
				),
			});
			behind.delete(deviceId);
		}
		failures = error === undefined ? 0 : failures + 1;
		if (error !== undefined) {
			const all = pass.concernsAll(error);
			if (!all) pass.report(error);
			// A fleet that is read as a whole has no other groups.
			if (all || group === undefined) {
				// The next poll reads this group again, with the devices that have been read.
				for (const { position } of found) behind.set(position.deviceId, String(round.began));
				break;
			}
		}
		for (const device of missing)
			if (!behind.has(device))
				behind.set(device, String(cursor.first === true ? round.began : coveredUntil(round, device)));
		done += group?.length ?? 0;
		const next = order?.[done];
		if (next === undefined) delete round.next;
		else round.next = next;
	}
	if (round.next === undefined) delete cursor.first;
	else pass.oldestRead = round.atBefore;
	events.sort((a, b) => a.at - b.at || (a.event.id < b.event.id ? -1 : 1));
	pass.events = events.map(({ event }) => event);
	// Devices that are no longer the account's are not waited for without end.
	for (const [device, covered] of behind)
		if (covered !== NEVER && Number(covered) < mark - 7 * DAY_SECONDS) behind.delete(device);
	const { behind: _, ...kept } = cursor;
	const end = (): SnapshotCursor => ({
		...kept,
		states: pack(states),
		...(behind.size === 0 ? {} : { behind: pack(behind) }),
	});
	const ended = end();
	if (stored === undefined) {
		// Where it has begun, devices with an event were never looked at, and the others were.
		for (const { deviceId } of pass.events) {
			states.delete(deviceId ?? '');
			behind.set(deviceId ?? '', NEVER);
		}
		pass.began = end();
	}
	return ended;
}

interface Under {
	cursor: SnapshotCursor;
	states: Map<string, string>;
	events: { event: FleetEvent; at: number }[];
	/** Whether the device was not read before. */
	first: boolean;
	/** Mark at the last look at the device. */
	was: number;
}

function look(
	pass: Poll,
	source: SnapshotSource,
	{ row, position }: Found,
	{ cursor, states, events, first, was }: Under,
): void {
	const { deviceId } = position;
	const before = states.get(deviceId);
	const seen = source.compare(position, {
		before,
		first,
		lastWatermark: was,
		watermark: cursor.round.began,
		now: pass.now,
		lookBack: pass.lookBack,
		params: pass.params as never,
	});
	if (seen.state === undefined) states.delete(deviceId);
	else states.set(deviceId, seen.state);
	if (cursor.first === true && !wantedAtFirst(pass, cursor, position)) return;
	for (const { key, ...adds } of seen.events)
		events.push({ event: eventOf(pass, position, key, adds, row), at: heardOf(position) ?? pass.now });
}

/** In the first round, what is there was there before the trigger. */
function wantedAtFirst({ firstRun }: Poll, { since }: SnapshotCursor, position: Position): boolean {
	return firstRun === 'latest' || (firstRun === 'since' && (heardOf(position) ?? 0) >= since);
}

function eventOf(
	pass: Pick<Poll, 'event' | 'includeRaw'>,
	position: Position,
	key: string,
	adds: Record<string, unknown>,
	row: unknown,
): FleetEvent {
	return {
		...position,
		...adds,
		id: recordId(position.deviceId, key),
		event: pass.event,
		deviceId: position.deviceId,
		time: position.time,
		late: false,
		...(pass.includeRaw ? { raw: row } : {}),
	};
}

/** What a trial shows at most. */
const SAMPLE_EVENTS = 10;

/** What the watch would have reported of some positions, had everything about them been new. */
export async function sampleSnapshot(pass: Poll, source: SnapshotSource): Promise<FleetEvent[]> {
	const chosen = await pass.chosen();
	const [group] = pass.positionGroups(pass.readsAllPositions ? undefined : chosen?.slice(0, SAMPLE_EVENTS));
	const events: FleetEvent[] = [];
	const { found, error } = await pass.positions(group);
	if (error !== undefined) throw error;
	for (const { row, position } of found) {
		if (chosen?.includes(position.deviceId) === false || events.length >= SAMPLE_EVENTS) continue;
		for (const { key, ...adds } of source.sample(position, { now: pass.now, params: pass.params as never }))
			events.push(eventOf(pass, position, key, adds, row));
	}
	return events;
}
