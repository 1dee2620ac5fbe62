import type { Connection } from '../../core/describe/connection';
import { present, unread } from '../../core/describe/reading';
import { instantOfLocal, isoOfSeconds, localOfInstant, readWritten } from '../../core/describe/time';
import type { ITracksenseConnection } from './connection';

/** The vendor's times are local and carry no offset (facts 1.4): the account says in which zone. */
export const zoneOf = (connection: Connection) => (connection as ITracksenseConnection).timeZone;

const HOUR_S = 3600;
const HOUR_LETTERS = 13;
const HOURS_KEPT = 10_000;
/** Dates before this stand for "never", such as .NET's 0001-01-01. */
const EARLIEST = '2000';

/** "2025/3/20 17:06:06" (section 32) as "2025-03-20 17:06:06". */
function padded(text: string): string {
	const [, year = '', month = '', day = '', hour = '', rest = ''] =
		/^\s*(\d{4})[-/](\d{1,2})[-/](\d{1,2})[ T](\d{1,2})(:\d{2}:\d{2})(?:\.\d{1,7})?\s*$/.exec(text) ?? [];
	return year === ''
		? ''
		: `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')} ${hour.padStart(2, '0')}${rest}`;
}

/** Two digits below 60; NaN otherwise. */
function sixtieth(text: string, at: number): number {
	const tens = text.charCodeAt(at) - 48;
	const ones = text.charCodeAt(at + 1) - 48;
	return tens >= 0 && tens <= 5 && ones >= 0 && ones <= 9 ? tens * 10 + ones : NaN;
}

/** Whether both begin with the same hour; from the end, where they differ first, and quicker than startsWith(). */
function sameHour(text: string, hour: string): boolean {
	for (let at = HOUR_LETTERS - 1; at >= 0; at--) {
		if (text.charCodeAt(at) !== hour.charCodeAt(at)) return false;
	}
	return true;
}

/**
 * Reads local times of one zone. Asking Intl for an offset takes longer than all the rest of a record, so it is done
 * once for each hour; an hour in which the clock is put forward or back is read second by second.
 */
export class LocalTimes {
	/** First second of each hour; NaN: no hour; null: the zone's clock jumps within it. */
	private readonly hours = new Map<string, number | null>();
	private hour = '-';
	private start: number | null = NaN;

	constructor(readonly zone: string) {}

	/** Seconds since 1970; null if it is no time, or one that stands for "never". */
	seconds(value: unknown): number | null {
		if (typeof value !== 'string') return null;
		const text =
			value.length === 19 && value.charCodeAt(4) === 45 && value.charCodeAt(10) === 32 ? value : padded(value);
		if (text.charCodeAt(13) !== 58 || text.charCodeAt(16) !== 58) return null;
		if (!sameHour(text, this.hour)) this.turnTo(text.slice(0, HOUR_LETTERS));
		const seconds =
			this.start === null ? this.exact(text) : this.start + sixtieth(text, 14) * 60 + sixtieth(text, 17);
		return Number.isNaN(seconds) ? null : seconds;
	}

	/** ISO 8601, UTC. */
	iso(value: unknown): string | null {
		const seconds = this.seconds(value);
		return seconds === null ? this.otherwise(value) : isoOfSeconds(seconds);
	}

	/** What is made of a value in another form. */
	protected readonly otherwise: (value: unknown) => string | null = () => null;

	private turnTo(hour: string): void {
		let start = this.hours.get(hour);
		if (start === undefined) {
			start = this.startOf(hour);
			if (this.hours.size >= HOURS_KEPT) this.hours.clear();
			this.hours.set(hour, start);
		}
		this.hour = hour;
		this.start = start;
	}

	private startOf(hour: string): number | null {
		const local = Date.parse(`${hour.replace(' ', 'T')}:00:00.000Z`);
		// Date.parse takes the 30th of February for the 2nd of March.
		if (hour < EARLIEST || Number.isNaN(local) || !new Date(local).toISOString().startsWith(hour.replace(' ', 'T')))
			return NaN;
		const start = instantOfLocal(local, this.zone) / 1000;
		const last = instantOfLocal(local + (HOUR_S - 1) * 1000, this.zone) / 1000;
		return last - start === HOUR_S - 1 ? start : null;
	}

	private exact(text: string): number {
		const local = Date.parse(`${text.replace(' ', 'T')}.000Z`);
		return Number.isNaN(local) ? NaN : instantOfLocal(local, this.zone) / 1000;
	}
}

/** The same, and times in a form that is not the document's, as far as they have one meaning only. */
class VendorTimes extends LocalTimes {
	protected override readonly otherwise = (value: unknown): string | null => {
		const at = readWritten(value, this.zone, present());
		if (at === undefined) return unread('a time', value);
		return at === null || at < Date.UTC(Number(EARLIEST), 0) ? null : new Date(at).toISOString();
	};

	/** What a time adds to an id: itself, or what came instead. */
	inId(value: unknown): string {
		const came = value ?? '';
		return this.iso(came) ?? (typeof came === 'string' ? came.trim() : JSON.stringify(came));
	}
}

/** More are hardly in use at once. */
const ZONES_KEPT = 20;
const readers = new Map<string, VendorTimes>();
let latest = new VendorTimes('UTC');

/** The reader of an account's times. */
export function timesOf(connection: Connection): VendorTimes {
	const zone = zoneOf(connection);
	if (latest.zone === zone) return latest;
	latest = readers.get(zone) ?? new VendorTimes(zone);
	if (readers.size >= ZONES_KEPT) readers.clear();
	readers.set(zone, latest);
	return latest;
}

/** A local time, kept as milliseconds as if it were UTC, in the vendor's form. */
export const localText = (local: number) => new Date(local).toISOString().slice(0, 19).replace('T', ' ');

const HOUR_MS = HOUR_S * 1000;

/**
 * A period on the zone's wall clock, in whole seconds. An end that lies in the hour that autumn doubles is moved out by
 * an hour: the vendor cannot be told which of the two is meant, and nothing may be lost.
 */
export function localPeriod(begin: number, end: number, zone: string): { from: number; to: number } {
	const first = Math.floor(begin / 1000) * 1000;
	const last = Math.ceil(end / 1000) * 1000;
	return {
		from: Math.min(localOfInstant(first, zone), localOfInstant(first + HOUR_MS, zone) - HOUR_MS),
		to: Math.max(localOfInstant(last, zone), localOfInstant(last - HOUR_MS, zone) + HOUR_MS),
	};
}

/** StartTime and EndTime of a request. */
export function periodBody(
	{ begin, end }: { begin: number; end: number },
	connection: Connection,
): { StartTime: string; EndTime: string } {
	const { from, to } = localPeriod(begin, end, zoneOf(connection));
	return { StartTime: localText(from), EndTime: localText(to) };
}
