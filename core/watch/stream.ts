import { createHash } from 'node:crypto';
import { z } from 'zod/v4';
import { asFleetError, type FleetError } from '../describe/errors';
import type { Row } from '../describe/records';
import { naming } from '../call/refusals';
import { chunks } from '../call/windows';
import { coveredUntil, leftOf, nextSweep, pack, sweepSchema, seconds, unpack, type Cursor } from './cursor';
import { DAY_SECONDS, newestOf, type Poll, type Sighting } from './poll';
import type { FleetEvent, StreamSource } from '../describe/trigger';

/**
 * Where a stream stands. All times are record times in seconds, never those of the local clock.
 *
 * A device is covered up to a time if everything that the vendor had of it until then was delivered. Its next window
 * begins a look-back before that, and what was delivered since is kept. Of devices that are not named here, the round
 * tells up to when they are covered.
 */
const schema = z.object({
	v: z.literal(1),
	event: z.string(),
	/** Newest record time that is known. Records that are dated in the future do not count. */
	mark: seconds,
	/** Events before this are left out: they were there before the trigger was. */
	since: seconds,
	/**
	 * Earlier look-backs that were shorter: up to which mark, and how long. Their windows were left behind for good.
	 */
	shorter: z.array(z.tuple([seconds, seconds])).optional(),
	/** Of what happened until then, the first look at each device gives the newest only. */
	latest: seconds.optional(),
	lookBack: seconds,
	round: sweepSchema,
	/** Looks since the round last had its turn, while devices that were heard of come first. */
	turn: seconds.optional(),
	/** Where the survey goes on. */
	survey: z.string().optional(),
	/** Devices that are covered up to a later time than the round tells, and that time; packed, see cursor.ts. */
	ahead: z.string(),
	/** Device -> what is remembered of it, see textOf. */
	devices: z.record(z.string(), z.string().regex(/^-?[0-9a-z]+( -?[0-9a-z]+[\w-]{6})*$/)),
	/**
	 * Devices whose last look failed -> covered up to; where it broke off on the way, also how far it came and what it
	 * will cover.
	 */
	behind: z.record(z.string(), z.array(seconds).min(1).max(3)),
});
type StreamCursor = z.infer<typeof schema>;

/** A fleet that was not heard of for so long is idle. */
const IDLE_SECONDS = 60;
/** So many devices that fail one after the other are not the fault of the devices. */
const FAILURES = 10;
/** Of so many looks at devices that were heard of, one goes to those longest unseen. */
const FAIR_SHARE = 10;
/** A fleet that takes no more looks than this is looked at in its order, whoever was heard of. */
const FEW_LOOKS = 4;

/** Whose records say not whose they are. */
const NOBODY = '';

interface Entry {
	covered: number;
	/** Fingerprint -> mark. */
	seen: Map<string, number>;
	/** Newest time of an event that was given in an earlier poll. */
	newest: number;
}

interface Timed {
	event: FleetEvent;
	/** Seconds. */
	time: number;
	device: string;
}

/** Devices of whose older events the newest alone is wanted: that one, its mark, and all that were found. */
type Latest = Map<string, { newest: Timed | undefined; at: number; found: Map<string, number> }>;

/** What a look has come to, for the devices that it was about. */
interface Window {
	devices: readonly string[];
	/** Asked from here on; the same for all pages. */
	begin: number;
	/**
	 * What a finished look covers: what was known when it began, so that late arrivals during its pages are not passed
	 * by.
	 */
	cover: number;
	/** How far its pages came. */
	reached: number;
	latest: Latest;
}

interface Stored {
	cursor: StreamCursor;
	ahead: ReadonlyMap<string, number>;
}

/** @throws Error if it cannot be read */
export function readStreamCursor(stored: unknown): Stored {
	const cursor = schema.parse(stored);
	return {
		cursor,
		ahead: new Map([...unpack(cursor.ahead)].map(([device, covered]) => [device, seconds.parse(Number(covered))])),
	};
}

/** Polls a stream once: what was found is in the pass. @throws FleetError if nothing could be looked at */
export async function pollStream(
	pass: Poll,
	source: StreamSource,
	stored: Stored | undefined,
): Promise<Cursor | undefined> {
	const { sightings, next } = await pass.sightings(stored?.cursor.survey);
	// Nothing tells the vendor's time yet, and it is from there that events are new; but what is refused is refused
	// again.
	if (stored === undefined && sightings.length > 0 && pass.waitsForPositions()) return undefined;
	const now = pass.time;
	const mark = Math.max(stored?.cursor.mark ?? 0, newestOf(sightings, (heard) => pass.past(heard, now)) ?? 0);
	const poll = new StreamPoll(
		pass,
		source,
		stored ?? begun(pass, firstCursor(pass, mark, newestOf(sightings))),
		mark,
	);
	await poll.look(sightings);
	return poll.end(next);
}

/** @param newest newest time in the vendor's records, even if it is in the future */
function firstCursor(
	{ now, event, firstRun, since: from, lookBack }: Poll,
	mark: number,
	newest: number | undefined,
): StreamCursor {
	// The vendor's own time, as far as it is behind: a wrong clock or zone here must not hide events for hours.
	// Of an idle fleet, the newest that was heard of is often an event, hours old.
	const present =
		newest === undefined || Math.abs(now - newest) > DAY_SECONDS
			? now
			: newest < now - IDLE_SECONDS
				? newest + 1
				: Math.min(newest, now);
	const since = firstRun === 'since' ? from : firstRun === 'latest' ? present - DAY_SECONDS : present;
	// Nothing was looked at: a look covers what is left out.
	const before = Math.max(0, since - 1);
	return {
		v: 1,
		event,
		mark,
		since,
		...(firstRun === 'latest' ? { latest: present } : {}),
		lookBack,
		round: { began: before, before, at: now, atBefore: now },
		ahead: '',
		devices: {},
		behind: {},
	};
}

/** The poll goes on from there, and changes it. */
function begun(pass: Poll, cursor: StreamCursor): Stored {
	pass.began = structuredClone(cursor);
	return { cursor, ahead: new Map() };
}

class StreamPoll {
	private readonly cursor: StreamCursor;
	private readonly entries = new Map<string, Entry>();
	private readonly behind: Map<string, number[]>;
	private readonly events: Timed[] = [];
	/** Newest record time that was known before the first look of this poll. */
	private readonly mark: number;
	private newest: number;
	private failures = 0;

	constructor(
		private readonly pass: Poll,
		private readonly source: StreamSource,
		{ cursor, ahead }: Stored,
		newest: number,
	) {
		this.cursor = cursor;
		// A clock may be wrong by a day: what is older than that was there at the last look all the same. So was what
		// is left out.
		this.mark = Math.max(newest, pass.now - DAY_SECONDS, cursor.since);
		this.newest = newest;
		this.behind = new Map(Object.entries(cursor.behind));
		for (const [device, covered] of ahead) this.entries.set(device, { covered, seen: new Map(), newest: 0 });
		for (const [device, text] of Object.entries(cursor.devices))
			this.entries.set(device, entryIn(text, ahead.get(device) ?? coveredUntil(cursor.round, device)));
		this.widen();
	}

	/** Looks at devices that were heard of, and at those longest unseen, until time or quota is used up. */
	async look(sightings: readonly Sighting[]): Promise<void> {
		const { pass, cursor } = this;
		const devices = sightings.map(({ deviceId }) => deviceId).sort();
		nextSweep(cursor.round, devices, this.mark, pass.now);
		const looked = new Set<string>();
		const urgent = queued(this.urgent(sightings), looked);
		const round = queued(inGroups(leftOf(cursor.round, devices), this.source.perRequest, looked), looked);
		while (pass.goesOn()) {
			// Counted from poll to poll: some have time for a few looks only.
			const turn = ((cursor.turn ?? 0) + 1) % FAIR_SHARE;
			const [first, second] = turn === 0 ? [round, urgent] : [urgent, round];
			const some = first() ?? second();
			if (some === undefined) break;
			const { settled, enough } = await this.lookAt(some);
			// One that had no time or quota left was none.
			if (settled || !enough) cursor.turn = turn;
			if (settled) for (const device of some) looked.add(device);
			if (enough) break;
		}
		this.forgetGone(new Set(devices));
		const left = leftOf(cursor.round, devices).find((device) => !looked.has(device));
		if (left === undefined) delete cursor.round.next;
		else {
			cursor.round.next = left;
			pass.oldestRead = cursor.round.atBefore;
		}
	}

	/** Devices that are no longer the account's are not waited for without end. */
	private forgetGone(devices: ReadonlySet<string>): void {
		for (const [device, [covered = 0]] of this.behind)
			if (!devices.has(device) && covered < this.mark - 7 * DAY_SECONDS) this.behind.delete(device);
	}

	/**
	 * Devices to be looked at out of their turn: those whose last look broke off, then those heard of since, longest
	 * unseen first.
	 */
	private urgent(sightings: readonly Sighting[]): string[][] {
		const { perRequest } = this.source;
		const brokenOff = [...this.behind].filter(([, { length }]) => length > 1).map(([device]) => [device]);
		const heard =
			sightings.length <= perRequest * FEW_LOOKS
				? []
				: sightings
						.filter(({ deviceId, heard: at }) => at !== undefined && at > this.coveredOf(deviceId))
						.map(({ deviceId }) => deviceId)
						.sort((a, b) => this.coveredOf(a) - this.coveredOf(b) || (a < b ? -1 : 1));
		return [...brokenOff, ...chunks(heard, perRequest)];
	}

	private coveredOf(device: string): number {
		if (device === NOBODY) return this.oldest;
		const [behind] = this.behind.get(device) ?? [];
		return behind ?? Math.max(this.entries.get(device)?.covered ?? 0, coveredUntil(this.cursor.round, device));
	}

	/** All devices are covered up to there. */
	private get oldest(): number {
		const { round } = this.cursor;
		return Math.min(round.before, round.began, ...[...this.behind.values()].map(([covered = 0]) => covered));
	}

	/** Begin of a device's next window: what is older was delivered, or came too late. */
	private beginOf(device: string): number {
		return this.windowBegin(this.coveredOf(device));
	}

	private windowBegin(covered: number): number {
		const { lookBack, shorter = [] } = this.cursor;
		return Math.max(
			windowBegin(covered, lookBack),
			...shorter.map(([mark, seconds]) => windowBegin(Math.min(covered, mark), seconds)),
		);
	}

	/**
	 * Looks at some devices, apart from those that the vendor refuses.
	 * @returns settled: the round may go on without them; enough: the poll ends here
	 */
	async lookAt(devices: string[]): Promise<{ settled: boolean; enough: boolean }> {
		const { pass } = this;
		let window = this.windowOf(devices);
		const unfinished: Window[] = [];
		const { missing, error } = await pass.inParts(this.source.operation, devices, async (some) => {
			if (some.length < devices.length) window = this.windowOf(some);
			if (await this.readWindow(window)) this.finished(window);
			else unfinished.push(window);
		});
		const [full] = unfinished;
		if (full !== undefined) return this.brokenOff(undefined, full);
		if (error !== undefined) return this.brokenOff(error, { ...window, devices: missing });
		for (const device of missing) if (!this.behind.has(device)) this.behind.set(device, [this.coveredOf(device)]);
		return { settled: true, enough: pass.full(this.events.length) };
	}

	private windowOf(devices: readonly string[]): Window {
		const [, from, cover] = (devices.length === 1 ? this.behind.get(devices[0] ?? '') : undefined) ?? [];
		const begin = from ?? Math.min(...devices.map((device) => this.beginOf(device)));
		const window: Window = { devices, begin, cover: cover ?? this.mark, reached: begin, latest: new Map() };
		if (this.cursor.latest !== undefined)
			for (const device of devices)
				if (!this.known(device)) window.latest.set(device, { newest: undefined, at: 0, found: new Map() });
		return window;
	}

	/** Takes in what a window holds. @returns false if there is more, but enough for this poll */
	private async readWindow(window: Window): Promise<boolean> {
		const { pass, source } = this;
		const { begin, devices } = window;
		// Before the present even where the clock was set back; and well beyond it, in case it is behind.
		const period = {
			begin: Math.min(begin, pass.now - 60) * 1000,
			end: (Math.max(pass.now, this.mark) + DAY_SECONDS) * 1000,
		};
		const params = source.paramsFor([...devices], period, pass.params);
		const { pages, mark } = pass.read(source.operation, params, { mark: this.mark });
		const [, , cover = mark] = (devices.length === 1 ? this.behind.get(devices[0] ?? '') : undefined) ?? [];
		window.cover = Math.min(window.cover, cover);
		for await (const page of pages) {
			for (const row of page) this.takeIn(row, params, window);
			if (source.ascending && pass.full(this.events.length)) return false;
		}
		return true;
	}

	get count(): number {
		return this.events.length;
	}

	/** Whether the device was looked at before. */
	private known(device: string): boolean {
		return this.coveredOf(device) >= this.cursor.since;
	}

	private finished({ devices, begin, cover, latest }: Window): void {
		const { round } = this.cursor;
		this.failures = 0;
		this.giveLatest(latest, Infinity);
		for (const device of devices) {
			const entry = this.entryOf(device);
			entry.covered = Math.max(entry.covered, cover);
			// One that took several polls covers what it covered when it began, although the round is further.
			if (this.behind.get(device)?.[1] === begin && cover < round.began) this.behind.set(device, [cover]);
			else this.behind.delete(device);
		}
		// Another trigger's look can be a little older than this poll.
		if (!devices.some((device) => this.behind.has(device))) round.began = Math.min(round.began, cover);
	}

	/**
	 * Of what lies before a time and up to when the trigger was switched on, the newest is given. Until all that is
	 * known, it may come again.
	 */
	private giveLatest(latest: Latest, reached: number): void {
		const all = reached > (this.cursor.latest ?? 0);
		for (const [device, { newest, found }] of latest) {
			for (const [mark, at] of found) if (all || at < reached) this.entryOf(device).seen.set(mark, at);
			if (all && newest !== undefined) this.events.push(newest);
		}
	}

	private entryOf(device: string): Entry {
		let entry = this.entries.get(device);
		if (entry === undefined)
			this.entries.set(device, (entry = { covered: this.coveredOf(device), seen: new Map(), newest: 0 }));
		return entry;
	}

	/** Takes a record in: an event, unless it was given before or is not wanted. */
	private takeIn(row: Row, params: Record<string, unknown>, window: Window): void {
		const { pass, source, cursor } = this;
		const record = this.read(row, params, window.devices);
		const readable = !('unreadable' in record);
		const iso = readable ? source.recordTime(record) : null;
		const at = iso === null ? this.mark : Math.floor(Date.parse(iso) / 1000);
		this.newest = Math.max(this.newest, pass.past(at) ?? 0);
		if (iso !== null) window.reached = Math.max(window.reached, at);
		const deviceId = (record.deviceId as string | null | undefined) ?? null;
		const device = deviceId ?? NOBODY;
		if (at < Math.max(cursor.since, window.begin, this.beginOf(device))) return;
		const id = String(record.id);
		const mark = fingerprint(id);
		const entry = this.entries.get(device);
		if (entry?.seen.has(mark) === true) {
			// What has no time of its own is remembered for as long as it comes.
			if (iso === null) entry.seen.set(mark, at);
			return;
		}
		if (readable && source.keep?.(record, pass.params) === false) return;
		const time = (record.time as string | null | undefined) ?? iso;
		const event: FleetEvent = {
			...record,
			id,
			event: pass.event,
			deviceId,
			time,
			late: false,
			...(pass.includeRaw || !readable ? { raw: row } : {}),
		};
		const timed = { event, time: time === null ? at : Math.floor(Date.parse(time) / 1000), device };
		const latest = window.latest.get(device);
		if (latest === undefined || iso === null || at > (cursor.latest ?? 0)) {
			this.entryOf(device).seen.set(mark, at);
			this.events.push(timed);
			return;
		}
		latest.found.set(mark, at);
		if (at >= latest.at) Object.assign(latest, { newest: timed, at });
	}

	/** The record in a row; one that cannot be read is passed on as it came, because it may be the one that matters. */
	private read(row: Row, params: Record<string, unknown>, devices: readonly string[]): Record<string, unknown> {
		try {
			return this.pass.record(this.source.operation, row, params);
		} catch (thrown) {
			const device = this.source.perRequest === 1 ? (devices[0] ?? null) : null;
			// Several devices may send the same.
			return {
				id: fingerprint(`${device ?? ''} ${JSON.stringify(row)}`),
				deviceId: device,
				unreadable: asFleetError(thrown).message,
			};
		}
	}

	/** @param error undefined: there was more than a poll takes */
	private brokenOff(
		error: FleetError | undefined,
		{ devices, begin, cover, reached, latest }: Window,
	): { settled: boolean; enough: boolean } {
		const { pass, source } = this;
		const all = error !== undefined && pass.concernsAll(error);
		const [device = ''] = devices;
		const covered = devices.map((id): [string, number] => [id, this.coveredOf(id)]);
		// All of its pages up to there have been taken in: the next look begins with that second. One that gets no
		// further stays there.
		const onTheWay =
			source.ascending && devices.length === 1 && (reached > begin || (this.behind.get(device)?.length ?? 0) > 1);
		if (onTheWay) {
			this.behind.set(device, [covered[0]?.[1] ?? begin, reached, cover]);
			this.giveLatest(latest, reached);
		}
		if (error === undefined || all) return { settled: onTheWay && reached > begin, enough: true };
		if (!onTheWay) for (const [id, upTo] of covered) this.behind.set(id, [upTo]);
		pass.report(devices.length === 1 ? naming(device, error) : error);
		this.failures += 1;
		return { settled: true, enough: this.failures >= FAILURES };
	}

	/** With a longer look-back than before, what was given before the earlier windows would be given again. */
	private widen(): void {
		const { cursor, pass } = this;
		const { round, lookBack, shorter = [] } = cursor;
		const covered = [...this.entries.values()].map((entry) => entry.covered);
		if (pass.lookBack > lookBack) shorter.push([Math.max(this.mark, round.began, ...covered), lookBack]);
		cursor.lookBack = pass.lookBack;
		cursor.shorter = shorter.filter(
			([mark, seconds]) =>
				seconds < pass.lookBack && windowBegin(mark, seconds) > windowBegin(this.oldest, pass.lookBack),
		);
		if (cursor.shorter.length === 0) delete cursor.shorter;
	}

	/** The events by their times; those that are older than what was given of their device before are marked. */
	private inOrder(): FleetEvent[] {
		this.events.sort((a, b) => a.time - b.time || (a.event.id < b.event.id ? -1 : 1));
		for (const { event, time, device } of this.events) {
			if (event.time === null) continue;
			const entry = this.entryOf(device);
			event.late = time < entry.newest;
			entry.newest = Math.max(entry.newest, time);
		}
		return this.events.map(({ event }) => event);
	}

	/** Hands the events over; gives where the stream stands once they are delivered. */
	end(survey: string | undefined): Cursor {
		const { cursor, pass, entries, behind } = this;
		const { survey: _, ...kept } = cursor;
		pass.events = this.inOrder();
		const devices: StreamCursor['devices'] = {};
		const ahead = new Map<string, string>();
		for (const [device, entry] of entries) {
			const [, reached, cover = 0] = behind.get(device) ?? [];
			const begin = reached === undefined ? this.beginOf(device) : Math.min(reached, this.windowBegin(cover));
			const left = [...entry.seen].filter(([, at]) => at >= begin);
			// Where the round covers more, it says all there is to say.
			const covered = Math.max(entry.covered, coveredUntil(cursor.round, device));
			if (coveredUntil(cursor.round, device) < covered) ahead.set(device, String(covered));
			if (left.length > 0) devices[device] = textOf({ ...entry, covered }, left);
		}
		return {
			...kept,
			mark: this.newest,
			ahead: pack(ahead),
			devices,
			behind: Object.fromEntries(behind),
			...(survey === undefined ? {} : { survey }),
		};
	}
}

/**
 * What is remembered of a device: newest time of its events, then mark and fingerprint of each that was delivered since
 * its window's begin. Short, as a large fleet has many; times are distances from what is covered.
 */
function textOf({ covered, newest }: Entry, seen: readonly (readonly [string, number])[]): string {
	const from = (at: number) => (at - covered).toString(36);
	return [from(newest), ...seen.map(([mark, at]) => `${from(at)}${mark}`)].join(' ');
}

function entryIn(text: string, covered: number): Entry {
	const to = (distance: string) => covered + parseInt(distance, 36);
	const [newest = '', ...seen] = text.split(' ');
	return { covered, newest: to(newest), seen: new Map(seen.map((one) => [one.slice(-6), to(one.slice(0, -6))])) };
}

/** Rounded down, so that triggers which stand at about the same time ask the same. */
function windowBegin(covered: number, lookBack: number): number {
	const step = Math.max(60, lookBack);
	return Math.max(0, Math.floor((covered - lookBack) / step) * step);
}

/** Devices in groups, those left out that have been looked at when a group's turn comes. */
function* inGroups(devices: readonly string[], size: number, looked: ReadonlySet<string>): Generator<string[]> {
	let some: string[] = [];
	for (const device of devices) {
		if (looked.has(device)) continue;
		some.push(device);
		if (some.length < size) continue;
		yield some;
		some = [];
	}
	if (some.length > 0) yield some;
}

/** Gives one group after the other, without devices that have been looked at. */
function queued(groups: Iterable<string[]>, looked: ReadonlySet<string>): () => string[] | undefined {
	const iterator = groups[Symbol.iterator]();
	return () => {
		for (;;) {
			const next = iterator.next() as IteratorResult<string[], undefined>;
			if (next.done === true) return undefined;
			const some = next.value.filter((device) => !looked.has(device));
			if (some.length > 0) return some;
		}
	};
}

const fingerprint = (id: string) => createHash('sha256').update(id).digest('base64url').slice(0, 6);

/** What a trial shows at most, and how many devices it asks about for it. */
const SAMPLE_EVENTS = 10;
const SAMPLE_DEVICES = 10;

/** Recent events of the devices that were heard of last. */
export async function sampleStream(pass: Poll, source: StreamSource): Promise<FleetEvent[]> {
	const { sightings } = await pass.sightings(undefined);
	const devices = sightings.sort((a, b) => (b.heard ?? 0) - (a.heard ?? 0)).map(({ deviceId }) => deviceId);
	const present = newestOf(sightings) ?? pass.now;
	const dayAgo = present - DAY_SECONDS;
	const cursor = {
		...firstCursor(pass, present, present),
		since: 0,
		round: { began: dayAgo, before: dayAgo, at: pass.now, atBefore: pass.now },
	};
	const poll = new StreamPoll(pass, source, { cursor, ahead: new Map() }, present);
	for (const some of chunks(devices.slice(0, Math.max(SAMPLE_DEVICES, source.perRequest)), source.perRequest)) {
		if (!pass.goesOn()) break;
		await poll.lookAt(some);
		if (poll.count >= SAMPLE_EVENTS) break;
	}
	poll.end(undefined);
	return pass.events.slice(-SAMPLE_EVENTS);
}
