import { createHash } from 'node:crypto';
import { z } from 'zod/v4';
import { DAY_SECONDS, type Poll } from './poll';
import { seconds } from './cursor';
import { pack, unpack } from './packing';
import { sweepSchema } from './sweep';

/**
 * The stored cursor of a stream. All times are record times in seconds. A time of the local clock
 * counts only where no record shows another.
 *
 * A device is covered up to a time if all records that the vendor had up to that time have been delivered. The device's
 * next window begins one look-back earlier, and what has been delivered since then is kept. A device that is not listed
 * here is covered up to where the sweep says.
 *
 * Hosts store these property names, so they never change: `mark` is the watermark, `round` the sweep, and `survey`
 * where the next poll continues to read positions.
 */
const schema = z.object({
	v: z.literal(1),
	event: z.string(),
	/** Watermark: the newest record time that is known. Records dated in the future do not count. */
	mark: seconds,
	/** Events before this time are skipped: they happened before the trigger began. */
	since: seconds,
	/**
	 * The trigger began by the local clock, where the vendor's newest record was older: the time of that record, and
	 * the clock's. Until another record shows whether the clock was right.
	 */
	clock: z.tuple([seconds, seconds]).optional(),
	/** Earlier, shorter look-backs: until which watermark each was in use, and its length. */
	shorter: z.array(z.tuple([seconds, seconds])).optional(),
	/** The first read of a device delivers only the newest of its events up to this time. */
	latest: seconds.optional(),
	lookBack: seconds,
	round: sweepSchema,
	/** Reads since the sweep last had its turn. In between, devices that have reported come first. */
	turn: seconds.optional(),
	/** The device from which the next poll continues to read positions. */
	survey: z.string().optional(),
	/** Devices that are covered further than the sweep says -> until when. Packed, see packing.ts. */
	ahead: z.string(),
	/** Device -> its entry, see `writeEntry`. */
	devices: z.record(z.string(), z.string().regex(/^-?[0-9a-z]+( -?[0-9a-z]+[\w-]{6})*$/)),
	/**
	 * Devices whose last read failed -> covered until. If the read stopped between two pages: also the time that it
	 * reached, and the time that it will cover.
	 */
	behind: z.record(z.string(), z.array(seconds).min(1).max(3)),
	/** The devices of the account at the last poll. Packed; absent for those that the user chose, and for many. */
	fleet: z.string().optional(),
	/** Devices that have gone from the account, perhaps for a while -> covered until. Packed. */
	gone: z.string().optional(),
});
export type StreamCursor = z.infer<typeof schema>;

export interface StoredStream {
	cursor: StreamCursor;
	ahead: ReadonlyMap<string, number>;
	gone?: ReadonlyMap<string, number>;
}

const unpackTimes = (text: string) =>
	new Map([...unpack(text)].map(([device, covered]) => [device, seconds.parse(Number(covered))]));

/** Characters: some thousand devices. Cursors are cloned and compared in each poll. */
const LARGEST_FLEET = 24_000;

/** The devices of an account as a text; undefined if they are too many. */
export function packFleet(devices: readonly string[]): string | undefined {
	// Each takes two at least.
	if (2 * devices.length > LARGEST_FLEET) return undefined;
	const text = pack(new Map(devices.map((device) => [device, ''])));
	return text.length > LARGEST_FLEET ? undefined : text;
}

/** @throws Error if it cannot be read */
export function readStreamCursor(stored: unknown): StoredStream {
	const cursor = schema.parse(stored);
	return { cursor, ahead: unpackTimes(cursor.ahead), gone: unpackTimes(cursor.gone ?? '') };
}

/** A fleet that has not reported for this long is idle. */
const IDLE_SECONDS = 60;

/** @param newest newest time in the vendor's records that does not lie in the future */
export function firstStreamCursor(
	{ now, event, firstRun, since: from, lookBack }: Poll,
	watermark: number,
	newest: number | undefined,
): StreamCursor {
	// The vendor's own time, as far as it is behind: a wrong local clock or time zone must not hide events. In an idle
	// fleet, the newest record is often an event that is hours old.
	const idle = newest !== undefined && newest < now - DAY_SECONDS;
	const present = newest === undefined || idle ? now : newest < now - IDLE_SECONDS ? newest + 1 : newest;
	const since = firstRun === 'since' ? from : firstRun === 'latest' ? present - DAY_SECONDS : present;
	// The user may have chosen a time in the future.
	const byClock = newest !== undefined && since > newest && (firstRun === 'since' ? from <= now : idle);
	// No device has been read. All are covered as far as events are skipped.
	const before = Math.max(0, since - 1);
	return {
		v: 1,
		event,
		mark: watermark,
		since,
		...(byClock ? { clock: [newest, now] as [number, number] } : {}),
		...(firstRun === 'latest' ? { latest: present } : {}),
		lookBack,
		round: { began: before, before, at: now, atBefore: now },
		ahead: '',
		devices: {},
		behind: {},
	};
}

/** What is known of one device. */
export interface Entry {
	/** Covered until this time. */
	covered: number;
	/** Fingerprint of a delivered event -> its record time. */
	delivered: Map<string, number>;
	/** Newest time of an event that an earlier poll has delivered. */
	newest: number;
}

/** Short and stable: stands for the id of a delivered event. */
export const fingerprint = (id: string) => createHash('sha256').update(id).digest('base64url').slice(0, 6);

/**
 * An entry as text: the newest time of its events, then time and fingerprint of each delivered event. Short, because a
 * large fleet has many: times are distances from `covered`, in base 36.
 */
export function writeEntry({ covered, newest, delivered }: Entry): string {
	const distance = (at: number) => (at - covered).toString(36);
	return [distance(newest), ...[...delivered].map(([print, at]) => `${distance(at)}${print}`)].join(' ');
}

export function readEntry(text: string, covered: number): Entry {
	const time = (distance: string) => covered + parseInt(distance, 36);
	const [newest = '', ...delivered] = text.split(' ');
	return {
		covered,
		newest: time(newest),
		delivered: new Map(delivered.map((one) => [one.slice(-6), time(one.slice(0, -6))])),
	};
}
