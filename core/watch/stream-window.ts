import { sorted } from '../call/blocks';
import { asFleetError } from '../describe/errors';
import { UNNAMED, type Row } from '../describe/records';
import { isAhead, isDoubtful } from '../describe/time';
import type { FleetEvent, StreamSource } from '../describe/trigger';
import { DAY_SECONDS, type Poll } from './poll';
import { NO_DEVICE, type Coverage } from './stream-coverage';
import { fingerprint } from './stream-cursor';

interface TimedEvent {
	event: FleetEvent;
	/** Seconds. */
	time: number;
	device: string;
}

/** Device -> of its events up to `cursor.latest`: the newest, its record time, and the fingerprints of all. */
type Latest = Map<string, { newest: TimedEvent | undefined; at: number; found: Map<string, number> }>;

/** A read of some devices, and how far it has come. */
export interface StreamWindow {
	readonly devices: readonly string[];
	/** The period begins here, for all pages. */
	readonly begin: number;
	/**
	 * What the read will cover: the watermark when it began. Records that arrive while it reads its pages belong to the
	 * next read.
	 */
	coversUntil: number;
	/** Newest record time in the pages so far. */
	reached: number;
	readonly latest: Latest;
}

/** Reads windows page by page, skips events that have been delivered, and puts the new ones in order. */
export class WindowReader {
	private readonly events: TimedEvent[] = [];
	private newestTime: number;

	/** @param watermark newest record time that was known before the first read of this poll */
	constructor(
		private readonly poll: Poll,
		private readonly source: StreamSource,
		private readonly coverage: Coverage,
		private readonly watermark: number,
		newest: number,
	) {
		this.newestTime = newest;
	}

	/** Newest record time that is known now. */
	get newest(): number {
		return this.newestTime;
	}

	get count(): number {
		return this.events.length;
	}

	/** The next window of some devices. */
	open(devices: readonly string[]): StreamWindow {
		const { coverage, watermark } = this;
		const [, reached, coversUntil = watermark] = this.unfinished(devices);
		const begin = reached ?? Math.min(...devices.map((device) => coverage.windowBeginOf(device)));
		const window: StreamWindow = { devices, begin, coversUntil, reached: begin, latest: new Map() };
		if (coverage.cursor.latest !== undefined)
			for (const device of devices)
				if (!coverage.hasRead(device))
					window.latest.set(device, { newest: undefined, at: 0, found: new Map() });
		return window;
	}

	/** An earlier read of a single device that stopped between two pages. */
	private unfinished(devices: readonly string[]): readonly number[] {
		return (devices.length === 1 ? this.coverage.behind.get(devices[0] ?? '') : undefined) ?? [];
	}

	/** Reads the pages of a window. @returns false if there are more, but the poll has enough events */
	async read(window: StreamWindow): Promise<boolean> {
		const { poll, source } = this;
		const { begin, devices } = window;
		// The period begins before the present, even if the clock was set back. It ends well after the present, in case
		// the clock is behind.
		const period = {
			begin: Math.min(begin, poll.now - 60) * 1000,
			end: (Math.max(poll.now, this.watermark) + DAY_SECONDS) * 1000,
		};
		const params = source.paramsFor([...devices], period, poll.params);
		const { pages, watermark } = poll.read(source.operation, params, { watermark: this.watermark });
		const [, , coversUntil = watermark] = this.unfinished(devices);
		window.coversUntil = Math.min(window.coversUntil, coversUntil);
		for await (const page of pages) {
			await poll.each(page, (row) => this.take(row, params, window));
			if (source.ascending && poll.full(this.events.length)) return false;
		}
		return true;
	}

	/** All pages of a window have been read. */
	finish({ devices, begin, coversUntil, latest }: StreamWindow): void {
		this.deliverLatest(latest, Infinity);
		this.coverage.advance(devices, begin, coversUntil);
	}

	/**
	 * Delivers the newest of the events up to `cursor.latest`, once all of them are known. Until then the next read
	 * may find it again.
	 */
	deliverLatest(latest: Latest, reached: number): void {
		const all = reached > (this.coverage.cursor.latest ?? 0);
		for (const [device, { newest, found }] of latest) {
			for (const [print, at] of found)
				if (all || at < reached) this.coverage.entryOf(device).delivered.set(print, at);
			if (all && newest !== undefined) this.events.push(newest);
		}
	}

	/** Makes an event of a record, unless it has been delivered or is not wanted. */
	private take(row: Row, params: Record<string, unknown>, window: StreamWindow): void {
		const { poll, source, coverage } = this;
		const { cursor } = coverage;
		const record = this.recordOf(row, params, window.devices);
		const readable = !('unreadable' in record);
		const iso = readable ? source.recordTime(record) : null;
		const at = iso === null ? this.watermark : Math.floor(Date.parse(iso) / 1000);
		this.newestTime = Math.max(this.newestTime, poll.past(at) ?? 0);
		if (iso !== null) window.reached = Math.max(window.reached, at);
		const deviceId = (record.deviceId as string | null | undefined) ?? null;
		const device = deviceId ?? NO_DEVICE;
		if (at < Math.max(cursor.since, window.begin, coverage.windowBeginOf(device))) return;
		const id = String(record.id);
		const print = fingerprint(id);
		const entry = coverage.entry(device);
		if (entry?.delivered.has(print) === true) {
			// A record without a time is remembered for as long as the vendor sends it.
			if (iso === null) entry.delivered.set(print, at);
			return;
		}
		if (readable && source.keep?.(record, poll.params) === false) return;
		const time = (record.time as string | null | undefined) ?? iso;
		const event: FleetEvent = {
			...record,
			id,
			event: poll.event,
			deviceId,
			time,
			late: false,
			doubtful: false,
			...(poll.includeRaw || !readable ? { raw: row } : {}),
		};
		const timed = { event, time: time === null ? at : Math.floor(Date.parse(time) / 1000), device };
		const latest = window.latest.get(device);
		if (latest === undefined || iso === null || at > (cursor.latest ?? 0)) {
			coverage.entryOf(device).delivered.set(print, at);
			this.events.push(timed);
			return;
		}
		latest.found.set(print, at);
		if (at >= latest.at) Object.assign(latest, { newest: timed, at });
	}

	/** The record in a row. A row that cannot be read becomes an event of its own: it may be the one that matters. */
	private recordOf(row: Row, params: Record<string, unknown>, devices: readonly string[]): Record<string, unknown> {
		try {
			return this.poll.record(this.source.operation, row, params);
		} catch (thrown) {
			const device = this.source.perRequest === 1 ? (devices[0] ?? null) : null;
			// Several devices may send the same row.
			return {
				...UNNAMED,
				id: fingerprint(`${device ?? ''} ${JSON.stringify(row)}`),
				deviceId: device,
				unreadable: asFleetError(thrown).message,
			};
		}
	}

	/** The events in order of time. Those that are older than what an earlier poll delivered are marked as late. */
	async inOrder(): Promise<FleetEvent[]> {
		const { poll } = this;
		const { time: now } = poll;
		const events = await sorted(
			poll.client,
			this.events,
			(a, b) => a.time - b.time || (a.event.id < b.event.id ? -1 : 1),
		);
		await poll.each(events, ({ event, time, device }) => {
			if (event.time === null) return;
			const entry = this.coverage.entryOf(device);
			event.doubtful = isDoubtful(time, now);
			// After an event that is dated in the future, others are not late.
			event.late = time < entry.newest && !isAhead(entry.newest, now);
			if (!isAhead(time, now)) entry.newest = isAhead(entry.newest, now) ? time : Math.max(entry.newest, time);
		});
		return events.map(({ event }) => event);
	}
}
