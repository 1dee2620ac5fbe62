import { keepNames } from '../call/recent';
import { DAY_SECONDS } from './poll';
import { pack, unpack } from './packing';
import { readEntry, writeEntry, type Entry, type StoredStream, type StreamCursor } from './stream-cursor';
import type { Cursor } from './cursor';
import { coveredUntil, type Sweep } from './sweep';

/** A device that has gone for so long does not come back. */
const GONE_SECONDS = 7 * DAY_SECONDS;
/** Stands for the device in records that name none. */
export const NO_DEVICE = '';

/** How far each device of a stream is covered, and where its next window begins. */
export class Coverage {
	readonly cursor: StreamCursor;
	private readonly entries = new Map<string, Entry>();
	/** As in the cursor: covered until; time reached; time that the unfinished read will cover. */
	readonly behind: Map<string, number[]>;

	/** Devices that are not in the account's list, perhaps for a while. */
	private readonly gone: Set<string>;

	constructor(
		{ cursor, ahead, gone = new Map<string, number>() }: StoredStream,
		private readonly watermark: number,
		lookBack: number,
	) {
		this.cursor = cursor;
		this.behind = new Map(Object.entries(cursor.behind));
		for (const [device, covered] of gone) this.behind.set(device, [covered]);
		this.gone = new Set(gone.keys());
		for (const [device, covered] of ahead) this.entries.set(device, { covered, delivered: new Map(), newest: 0 });
		for (const [device, text] of Object.entries(cursor.devices))
			this.entries.set(device, readEntry(text, ahead.get(device) ?? coveredUntil(this.sweep, device)));
		this.useLookBack(lookBack);
	}

	get sweep(): Sweep {
		return this.cursor.round;
	}

	/** After a switch to a longer look-back, windows must not begin before the earlier, shorter ones did. */
	private useLookBack(lookBack: number): void {
		const { cursor, sweep } = this;
		const { shorter = [] } = cursor;
		let until = Math.max(this.watermark, sweep.began);
		for (const { covered } of this.entries.values()) until = Math.max(until, covered);
		if (lookBack > cursor.lookBack) shorter.push([until, cursor.lookBack]);
		cursor.lookBack = lookBack;
		const { oldest } = this;
		cursor.shorter = shorter.filter(
			([until, seconds]) => seconds < lookBack && windowBegin(until, seconds) > windowBegin(oldest, lookBack),
		);
		if (cursor.shorter.length === 0) delete cursor.shorter;
	}

	/** The device is covered until this time. */
	of(device: string): number {
		if (device === NO_DEVICE) return this.oldest;
		const [behind] = this.behind.get(device) ?? [];
		return behind ?? Math.max(this.entries.get(device)?.covered ?? 0, coveredUntil(this.sweep, device));
	}

	/** All devices are covered until this time. */
	private get oldest(): number {
		const { before, began } = this.sweep;
		let oldest = Math.min(before, began);
		for (const [covered = 0] of this.behind.values()) oldest = Math.min(oldest, covered);
		return oldest;
	}

	/** Whether the device has been read before. */
	hasRead(device: string): boolean {
		return this.of(device) >= this.cursor.since;
	}

	/** The begin of a device's next window. Older records have been delivered, or reached the vendor too late. */
	windowBeginOf(device: string): number {
		return this.windowBegin(this.of(device));
	}

	private windowBegin(covered: number): number {
		const { lookBack, shorter = [] } = this.cursor;
		return Math.max(
			windowBegin(covered, lookBack),
			...shorter.map(([until, seconds]) => windowBegin(Math.min(covered, until), seconds)),
		);
	}

	/** The device's entry, if there is one. */
	entry(device: string): Entry | undefined {
		return this.entries.get(device);
	}

	/** The device's entry. It is made if there is none. */
	entryOf(device: string): Entry {
		let entry = this.entries.get(device);
		if (entry === undefined)
			this.entries.set(device, (entry = { covered: this.of(device), delivered: new Map(), newest: 0 }));
		return entry;
	}

	/** Devices have been read: from `begin`, and everything up to `coversUntil`. */
	advance(devices: readonly string[], begin: number, coversUntil: number): void {
		const { sweep } = this;
		for (const device of devices) {
			const entry = this.entryOf(device);
			entry.covered = Math.max(entry.covered, coversUntil);
			// A read that took several polls covers what it covered when it began, although the sweep is further.
			if (this.behind.get(device)?.[1] === begin && coversUntil < sweep.began)
				this.behind.set(device, [coversUntil]);
			else this.behind.delete(device);
		}
		// A read that another trigger shared can be a little older than this poll.
		if (!devices.some((device) => this.behind.has(device))) sweep.began = Math.min(sweep.began, coversUntil);
	}

	/** The read of these devices failed. What is known of an earlier failure stays. */
	fallBehind(devices: readonly string[]): void {
		for (const device of devices) if (!this.behind.has(device)) this.behind.set(device, [this.of(device)]);
	}

	/**
	 * Takes the devices of the account. Those that have gone stay covered until where they are, and are read from there
	 * when they come back within a week. Call it before the sweep goes on.
	 * @param fleet see the cursor
	 */
	take(devices: readonly string[], fleet: string | undefined): void {
		const { cursor, behind, gone } = this;
		const present = new Set(devices);
		this.fallBehind([...unpack(cursor.fleet ?? '').keys()].filter((device) => !present.has(device)));
		if (fleet === undefined) delete cursor.fleet;
		else cursor.fleet = fleet;
		gone.clear();
		for (const [device, [covered = 0, ...midway]] of behind) {
			if (present.has(device)) continue;
			// Nobody can read them any more.
			if (covered < this.watermark - GONE_SECONDS) behind.delete(device);
			else if (midway.length === 0) gone.add(device);
		}
		keepNames(behind, (device) => present.has(device));
		for (const device of gone) if (!behind.has(device)) gone.delete(device);
	}

	/** The cursor to store. @param survey the device from which the next poll continues to read positions */
	write(watermark: number, survey: string | undefined): Cursor {
		const { cursor, behind, sweep } = this;
		const kept = { ...cursor };
		delete kept.survey;
		delete kept.gone;
		const failed = [...behind].filter(([device]) => !this.gone.has(device));
		const gone = new Map([...this.gone].map((device) => [device, String(behind.get(device)?.[0])]));
		const devices: StreamCursor['devices'] = {};
		const ahead = new Map<string, string>();
		for (const [device, entry] of this.entries) {
			const [, reached, coversUntil = 0] = behind.get(device) ?? [];
			const begin =
				reached === undefined ? this.windowBeginOf(device) : Math.min(reached, this.windowBegin(coversUntil));
			const delivered = new Map([...entry.delivered].filter(([, at]) => at >= begin));
			// A device that the sweep covers further needs no time of its own.
			const covered = Math.max(entry.covered, coveredUntil(sweep, device));
			if (coveredUntil(sweep, device) < covered) ahead.set(device, String(covered));
			if (delivered.size > 0) devices[device] = writeEntry({ ...entry, covered, delivered });
		}
		return {
			...kept,
			mark: watermark,
			ahead: pack(ahead),
			devices,
			behind: Object.fromEntries(failed),
			...(gone.size === 0 ? {} : { gone: pack(gone) }),
			...(survey === undefined ? {} : { survey }),
		};
	}
}

/** Rounded down, so that triggers with about the same coverage send the same requests and share them. */
function windowBegin(covered: number, lookBack: number): number {
	const step = Math.max(60, lookBack);
	return Math.max(0, Math.floor((covered - lookBack) / step) * step);
}
