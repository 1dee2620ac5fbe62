import { z } from 'zod/v4';
import { sorted } from '../call/blocks';
import { keepNames } from '../call/recent';
import { recordId } from '../describe/read';
import type { Position } from '../describe/records';
import { AHEAD_SECONDS, isDoubtful, secondsOfIso } from '../describe/time';
import type { FleetEvent, SnapshotSource } from '../describe/trigger';
import { seconds, type Cursor } from './cursor';
import { noteClocks } from './fleet-clock';
import { FleetPositions, lastReport, newestTime, timesOf, type FoundPosition } from './fleet-positions';
import { pack, unpack } from './packing';
import { DAY_SECONDS, type Poll } from './poll';
import { warnOfFuture, YEAR_SECONDS } from './clock';
import { coveredUntil, leftOf, nextSweep, sweepSchema } from './sweep';

/**
 * The stored cursor of a snapshot trigger: the state of each device, and the sweep. Hosts store these property names,
 * so they never change: `mark` is the watermark, `round` the sweep.
 */
const schema = z.object({
	v: z.literal(1),
	event: z.string(),
	/** Watermark: the newest record time that is known. Records dated in the future do not count. */
	mark: seconds,
	round: sweepSchema,
	/** Whether the first sweep is not complete. A device in it has no event for what was there before the trigger. */
	first: z.boolean().optional(),
	/** In the first sweep, positions from before this time have no event. */
	since: seconds,
	/** Device -> state. Packed, see packing.ts. */
	states: z.string(),
	/**
	 * Devices that the sweep does not describe, mostly as their last read failed -> watermark at the one before.
	 * Packed.
	 */
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

function firstCursor(poll: Poll): SnapshotCursor {
	const { now } = poll;
	return {
		v: 1,
		event: poll.event,
		mark: 0,
		round: { began: 0, before: 0, at: now, atBefore: now },
		first: true,
		since: poll.firstRun === 'since' ? poll.since : 0,
		states: '',
	};
}

/** In `behind`: the device has never been read. */
const NEVER = '0';

/** When this many groups fail one after another, the cause is not their devices. */
const FAILURES = 3;

/** Polls once: compares the fleet's positions with the states of the last poll. `poll` takes the events. */
export async function pollSnapshot(
	poll: Poll,
	source: SnapshotSource,
	stored: ReturnType<typeof readSnapshotCursor> | undefined,
): Promise<Cursor> {
	const fleet = new FleetPositions(poll);
	const cursor = stored === undefined ? firstCursor(poll) : { ...stored.cursor, round: { ...stored.cursor.round } };
	const { states, behind } = stored ?? { states: new Map<string, string>(), behind: new Map<string, string>() };
	const chosen = await fleet.chosen();
	const { round: sweep } = cursor;
	correctClock(poll, cursor, behind);
	// Never by the local clock: a time that no record has reached would hide the fixes that follow.
	const watermark = cursor.mark;
	const ids = chosen ?? ['*'];
	if (sweep.next !== undefined && leftOf(sweep, ids).length === 0) {
		// The devices that were left have gone from the account, or the user chose others.
		delete sweep.next;
		delete cursor.first;
	}
	nextSweep(sweep, ids, watermark, poll.now);
	const events: TimedEvent[] = [];
	const times = new Map<string, number | undefined>();
	const wanted = chosen === undefined ? undefined : new Set(chosen);
	const order = fleet.readsAll ? undefined : leftOf(sweep, ids);
	let done = 0;
	let failures = 0;
	for (const group of fleet.groups(order)) {
		if (!poll.goesOn() || poll.full(events.length) || failures >= FAILURES) break;
		const { found, missing, error } = await fleet.read(group);
		await poll.each(found, (one) => {
			const { deviceId } = one.position;
			if (wanted?.has(deviceId) === false) return;
			times.set(deviceId, newestTime(timesOf(one.position)));
			cursor.mark = Math.max(cursor.mark, poll.past(lastReport(one.position, poll.now)) ?? 0);
			compare(poll, source, one, {
				cursor,
				states,
				events,
				first: cursor.first === true && !behind.has(deviceId),
				lastWatermark: Number(
					behind.get(deviceId) ?? (fleet.readsAll ? sweep.before : coveredUntil(sweep, deviceId)),
				),
			});
			behind.delete(deviceId);
		});
		failures = error === undefined ? 0 : failures + 1;
		if (error !== undefined) {
			const all = poll.concernsAll(error);
			if (!all) poll.report(error);
			// A fleet that is read as a whole has no other groups.
			if (all || group === undefined) {
				// The next poll reads this group again, with the devices that have been read.
				for (const { position } of found) behind.set(position.deviceId, String(sweep.began));
				break;
			}
		}
		for (const device of missing)
			if (!behind.has(device))
				behind.set(device, String(cursor.first === true ? sweep.began : coveredUntil(sweep, device)));
		done += group?.length ?? 0;
		const next = order?.[done];
		if (next === undefined) delete sweep.next;
		else sweep.next = next;
	}
	noteClocks(poll, times);
	const latest = newestTime([...times.values()].filter((at) => at !== undefined));
	// All have been read in this poll, and none confirms it: it is read again by what they say.
	if (sweep.next === undefined && done >= (order?.length ?? 0) && poll.problem === undefined && latest !== undefined)
		correctMark(poll, cursor, latest);
	if (sweep.next === undefined) delete cursor.first;
	else poll.oldestRead = sweep.atBefore;
	const inOrder = await sorted(poll.client, events, (a, b) => a.at - b.at || (a.event.id < b.event.id ? -1 : 1));
	poll.events = inOrder.map(({ event }) => event);
	// Devices that left the account long ago are dropped: nobody can read them any more.
	for (const [device, covered] of behind)
		if (covered !== NEVER && Number(covered) < watermark - 7 * DAY_SECONDS) behind.delete(device);
	for (const known of [states, behind])
		keepNames(known, (device) => times.has(device) || wanted?.has(device) === true);
	// Nothing was known when the first sweep began. What it has read was there then, or has its state.
	if (stored === undefined) sweep.began = cursor.mark;
	const kept = { ...cursor };
	delete kept.behind;
	const write = (): SnapshotCursor => ({
		...kept,
		states: pack(states),
		...(behind.size === 0 ? {} : { behind: pack(behind) }),
	});
	const written = write();
	if (stored === undefined) {
		// At the moment at which the trigger began, devices with an event had never been read, and the others had.
		for (const { deviceId } of poll.events) {
			states.delete(deviceId ?? '');
			behind.set(deviceId ?? '', NEVER);
		}
		poll.began = write();
	}
	return written;
}

/** Times that no record has reached, and that lie in the future: earlier versions stored those of the local clock. */
function correctClock(poll: Poll, cursor: SnapshotCursor, behind: Map<string, string>): void {
	const { round, mark } = cursor;
	const most = Math.max(mark, poll.now + AHEAD_SECONDS);
	const clamp = (time: number) => (time > most ? mark : time);
	const { began, before } = round;
	Object.assign(round, { began: clamp(began), before: clamp(before) });
	let wrong = round.began !== began || round.before !== before;
	for (const [device, time] of behind) {
		wrong ||= Number(time) > most;
		behind.set(device, String(clamp(Number(time))));
	}
	if (wrong) warnOfFuture(poll, mark);
}

/** A mark that is further ahead of the clock and of all positions than a clock can be set back. */
function correctMark(poll: Poll, cursor: SnapshotCursor, latest: number): void {
	const present = Math.max(poll.now, latest);
	if (cursor.mark <= present + YEAR_SECONDS) return;
	const { round } = cursor;
	cursor.mark = present;
	Object.assign(round, { began: Math.min(round.began, present), before: Math.min(round.before, present) });
	warnOfFuture(poll, present);
}

interface TimedEvent {
	event: FleetEvent;
	/** Seconds. */
	at: number;
}

interface Context {
	cursor: SnapshotCursor;
	states: Map<string, string>;
	events: TimedEvent[];
	/** Whether this is the first read of the device. */
	first: boolean;
	/** The watermark at the last read of the device. */
	lastWatermark: number;
}

/** Compares one position with the device's state, which is updated, and adds the events. */
function compare(
	poll: Poll,
	source: SnapshotSource,
	{ row, position }: FoundPosition,
	{ cursor, states, events, first, lastWatermark }: Context,
): void {
	const { deviceId } = position;
	const compared = source.compare(position, {
		before: states.get(deviceId),
		first,
		lastWatermark,
		watermark: cursor.round.began,
		now: poll.now,
		lookBack: poll.lookBack,
		params: poll.params as never,
	});
	if (compared.state === undefined) states.delete(deviceId);
	else states.set(deviceId, compared.state);
	if (cursor.first === true && !wantedAtFirst(poll, cursor, position)) return;
	for (const { key, ...adds } of compared.events)
		events.push({ event: eventOf(poll, position, key, adds, row), at: lastReport(position, poll.now) ?? poll.now });
}

/** Whether a position of the first sweep has events, although it was there before the trigger. */
function wantedAtFirst({ firstRun }: Poll, { since }: SnapshotCursor, position: Position): boolean {
	return firstRun === 'latest' || (firstRun === 'since' && timesOf(position).some((at) => at >= since));
}

function eventOf(
	poll: Pick<Poll, 'event' | 'includeRaw' | 'now'>,
	position: Position,
	key: string,
	adds: Record<string, unknown>,
	row: unknown,
): FleetEvent {
	return {
		...position,
		doubtful: position.time !== null && isDoubtful(secondsOfIso(position.time), poll.now),
		...adds,
		id: recordId(position.deviceId, key),
		event: poll.event,
		deviceId: position.deviceId,
		time: position.time,
		late: false,
		...(poll.includeRaw ? { raw: row } : {}),
	};
}

/** Most events that a trial shows. */
const SAMPLE_EVENTS = 10;

/** The events of some positions, if everything about them were new. */
export async function sampleSnapshot(poll: Poll, source: SnapshotSource): Promise<FleetEvent[]> {
	const fleet = new FleetPositions(poll);
	const chosen = await fleet.chosen();
	const [group] = fleet.groups(fleet.readsAll ? undefined : chosen?.slice(0, SAMPLE_EVENTS));
	const events: FleetEvent[] = [];
	const { found, error } = await fleet.read(group);
	if (error !== undefined) throw error;
	for (const { row, position } of found) {
		if (chosen?.includes(position.deviceId) === false || events.length >= SAMPLE_EVENTS) continue;
		for (const { key, ...adds } of source.sample(position, { now: poll.now, params: poll.params as never }))
			events.push(eventOf(poll, position, key, adds, row));
	}
	return events;
}
