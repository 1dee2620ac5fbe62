/** Times in and out. Everything inside Fleetwire is milliseconds or seconds since 1970; records carry ISO 8601 UTC. */

const HOUR = 3600;
let cachedHour = Number.NaN;
let cachedPrefix = '';

/** What follows the hour, for each of its seconds: made once, as tracks of 50,000 points need it. */
const tails: string[] = [];
const two = (number: number) => String(number).padStart(2, '0');
const tailOf = (second: number) => `${two(Math.floor(second / 60))}:${two(second % 60)}.000Z`;

/**
 * ISO text of epoch seconds, e.g. 1419906052 -> "2014-12-30T02:20:52.000Z"; the hour's prefix is kept, as tracks run
 * on.
 */
export function isoOfSeconds(seconds: number): string {
	const hour = Math.floor(seconds / HOUR);
	if (hour !== cachedHour) {
		cachedPrefix = new Date(hour * HOUR * 1000).toISOString().slice(0, 14);
		cachedHour = hour;
	}
	if (!Number.isInteger(seconds)) return new Date(seconds * 1000).toISOString();
	const rest = seconds - hour * HOUR;
	return cachedPrefix + (tails[rest] ??= tailOf(rest));
}

let readHour = '';
let readHourMs = Number.NaN;
const digitsAt = (text: string, at: number) => (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48;

/** The inverse, in milliseconds: of such a text, the hour is read once. NaN if it is no time. */
export function msOfIso(iso: string): number {
	if (iso.length !== 24 || !iso.endsWith('.000Z')) return Date.parse(iso);
	if (!iso.startsWith(readHour) || readHour === '') {
		readHour = iso.slice(0, 14);
		readHourMs = Date.parse(`${readHour}00:00.000Z`);
	}
	return readHourMs + digitsAt(iso, 14) * 60_000 + digitsAt(iso, 17) * 1000;
}

const DAY_MS = 86_400_000;
/** More are hardly in use at once. */
const ZONES_KEPT = 20;

const zones = new Map<string, Zone>();

/** @throws RangeError if there is no such zone */
function zoneNamed(name: string): Zone {
	let zone = zones.get(name);
	if (zone === undefined) {
		zone = new Zone(name);
		if (zones.size >= ZONES_KEPT) zones.clear();
		zones.set(name, zone);
	}
	return zone;
}

/** No zone has changed its clock twice within so short a time: four days at least, in Freetown in 1939. */
const STRETCH_MS = 3 * DAY_MS;
/** Before the first standard time, clocks did not change. */
const UNCHANGED_BEFORE = Date.UTC(1840, 0);
/** The calendar begins anew after 400 years, and the rules that are known for the years from 2100 on with it. */
const CYCLE_MS = 146_097 * DAY_MS;
const CYCLE_FROM = Date.UTC(2100, 0);

/** A time zone. Asking Intl for each local time of an answer would take seconds: it is asked once a stretch. */
class Zone {
	private readonly format: Intl.DateTimeFormat;
	/** The offset at the beginning of a stretch. */
	private readonly offsets = new Map<number, number>();
	/** When the clock changes in a stretch. */
	private readonly changes = new Map<number, number>();

	constructor(private readonly name: string) {
		this.format = new Intl.DateTimeFormat('en-US', {
			timeZone: name,
			hourCycle: 'h23',
			year: 'numeric',
			month: '2-digit',
			day: '2-digit',
			hour: '2-digit',
			minute: '2-digit',
			second: '2-digit',
		});
	}

	/** How far the wall clock is ahead of UTC at an instant, in milliseconds. */
	offsetAt(instant: number): number {
		if (this.name === 'UTC') return 0;
		const known = Math.max(
			UNCHANGED_BEFORE,
			instant - Math.max(0, Math.floor((instant - CYCLE_FROM) / CYCLE_MS)) * CYCLE_MS,
		);
		const stretch = Math.floor(known / STRETCH_MS);
		const before = this.offsetOf(stretch);
		const after = this.offsetOf(stretch + 1);
		return before === after || known < this.changeIn(stretch, before) ? before : after;
	}

	private offsetOf(stretch: number): number {
		let offset = this.offsets.get(stretch);
		if (offset === undefined) this.offsets.set(stretch, (offset = this.read(stretch * STRETCH_MS)));
		return offset;
	}

	/** The first second with another offset. */
	private changeIn(stretch: number, before: number): number {
		const known = this.changes.get(stretch);
		if (known !== undefined) return known;
		let same = stretch * STRETCH_MS;
		let change = same + STRETCH_MS;
		while (change - same > 1000) {
			const middle: number = Math.floor((same + change) / 2000) * 1000;
			if (this.read(middle) === before) same = middle;
			else change = middle;
		}
		this.changes.set(stretch, change);
		return change;
	}

	private read(instant: number): number {
		// As "01/31/2026, 08:00:00": its parts one by one would take three times as long.
		const parts = (this.format.format(instant).match(/\d+/g) ?? []).map(Number);
		const [month = 1, day = 1, year = 1970, hour = 0, minute = 0, second = 0] = parts;
		return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(instant / 1000) * 1000;
	}
}

/**
 * The instant at which a zone's wall clock shows the given local time (itself written as if it were UTC).
 * In the doubled hour of autumn the first of the two is meant; a time in spring's missing hour is moved forward by it.
 */
export function instantOfLocal(localAsUtc: number, zone: string): number {
	const clock = zoneNamed(zone);
	const before = clock.offsetAt(localAsUtc - DAY_MS);
	const after = clock.offsetAt(localAsUtc + DAY_MS);
	for (const offset of before === after ? [before] : [before, after].sort((a, b) => b - a)) {
		if (clock.offsetAt(localAsUtc - offset) === offset) return localAsUtc - offset;
	}
	return localAsUtc - before;
}

/** What a zone's wall clock shows at an instant, written as if it were UTC: the inverse of `instantOfLocal`. */
export function localOfInstant(instant: number, zone: string): number {
	return instant + zoneNamed(zone).offsetAt(instant);
}

export function isTimeZone(zone: string): boolean {
	try {
		zoneNamed(zone);
		return true;
	} catch {
		return false;
	}
}

export interface Clock {
	/** Milliseconds since 1970. */
	now: number;
	/** IANA zone in which a time without an offset is read. */
	timeZone: string;
}

const LOCAL = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(\.\d+)?)?)?$/;
const RELATIVE = /^([+-])\s*(\d+)\s*(s|m|h|d|w)(\/h)?$/i;
const HOUR_MS = HOUR * 1000;
const UNIT_MS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
/** Numbers below this are seconds (until the year 5138), above it milliseconds. */
const SECONDS_BELOW = 1e11;

/**
 * Reads what a user, an expression or another node gives as a time, into milliseconds since 1970; undefined if it is
 * none.
 * Accepts ISO 8601 with or without offset (without: in the clock's zone), a date alone, epoch seconds or milliseconds,
 * Date and Luxon objects, "now", and a distance from now such as "-24h" or "-7d"; "/h" behind it means the full hour.
 */
export function readTime(value: unknown, clock: Clock): number | undefined {
	if (typeof value === 'number') return fromEpoch(value);
	if (value instanceof Date) return finite(value.getTime());
	if (typeof value === 'object' && value !== null && 'toMillis' in value && typeof value.toMillis === 'function') {
		return finite(Number((value.toMillis as () => unknown)()));
	}
	if (typeof value !== 'string') return undefined;
	const text = value.trim();
	if (/^\d{9,14}$/.test(text)) return fromEpoch(Number(text));
	if (text.toLowerCase() === 'now') return clock.now;
	const relative = RELATIVE.exec(text);
	if (relative !== null) {
		const [, sign, count = '', unit = '', snap] = relative;
		const at = clock.now + (sign === '-' ? -1 : 1) * Number(count) * (UNIT_MS[unit.toLowerCase()] ?? 0);
		return finite(snap === undefined ? at : Math.floor(at / HOUR_MS) * HOUR_MS);
	}
	const local = LOCAL.exec(text);
	if (local !== null) return fromLocal(local, clock.timeZone);
	if (/^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})$/i.test(text)) {
		const [year, month, day] = text.slice(0, 10).split('-').map(Number);
		if (!isDay(year ?? 0, month ?? 0, day ?? 0)) return undefined;
		return finite(
			Date.parse(
				text
					.replace(' ', 'T')
					.replace(/\s+/g, '')
					.replace(/([+-]\d{2})(\d{2})$/, '$1:$2'),
			),
		);
	}
	return undefined;
}

function fromEpoch(value: number): number | undefined {
	if (!Number.isFinite(value) || value < 0) return undefined;
	return finite(value < SECONDS_BELOW ? value * 1000 : value);
}

/** Years have four digits in every vendor's times, in each zone. */
const EARLIEST = Date.UTC(1000, 0, 2);
const LATEST = Date.UTC(9999, 11, 30);

function finite(ms: number): number | undefined {
	return ms >= EARLIEST && ms <= LATEST ? ms : undefined;
}

function isDay(year: number, month: number, day: number): boolean {
	const date = new Date(Date.UTC(year, month - 1, day));
	return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

function fromLocal(match: RegExpExecArray, zone: string): number | undefined {
	const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = (
		match.slice(1, 7) as (string | undefined)[]
	).map((part) => Number(part ?? 0));
	// Date takes the years 0 to 99 for those after 1900.
	if (year < 1000 || !isDay(year, month, day) || hour > 23 || minute > 59 || second > 59) return undefined;
	const fraction = Math.floor(Number(match[7] ?? 0) * 1000);
	return finite(instantOfLocal(Date.UTC(year, month - 1, day, hour, minute, second), zone) + fraction);
}

/** Clocks differ a little. A time that is further ahead of the local clock than this is doubtful. */
export const AHEAD_SECONDS = 300;
/** What is new did not happen so long ago: the clock of a satellite receiver that falls back does so by 1024 weeks. */
const LONG_AGO_SECONDS = 512 * 7 * 86_400;

/** Whether a time lies in the future. Both in seconds. */
export const isAhead = (at: number, now: number) => at > now + AHEAD_SECONDS;

/** Whether a time is too long ago for something new. Both in seconds. */
export const isLongAgo = (at: number, now: number) => at < now - LONG_AGO_SECONDS;

/** Whether something new cannot have happened at this time: some clock is wrong. Both in seconds. */
export const isDoubtful = (at: number, now: number) => isAhead(at, now) || isLongAgo(at, now);

/** Whether two clocks are wrong by the same, as far as can be seen: their offsets, in seconds. */
export const isSameOffset = (a: number, b: number) => Math.abs(a - b) <= AHEAD_SECONDS;

/** An ISO text as seconds since 1970. */
export const secondsOfIso = (iso: string) => Math.floor(Date.parse(iso) / 1000);

const UNITS: readonly [name: string, seconds: number][] = [
	['years', 365 * 86_400],
	['days', 86_400],
	['hours', HOUR],
	['minutes', 60],
];

/** About how long something is, e.g. "17 hours": in the largest unit of which it has two at least. */
export function inWords(seconds: number): string {
	const [name, length] = UNITS.find(([, one]) => Math.round(seconds / one) >= 2) ?? ['seconds', 1];
	const count = Math.round(seconds / length);
	return count === 1 ? '1 second' : `${count.toLocaleString('en')} ${name}`;
}
/** 2024-09-09, 2024/09/09, "2024. 09. 09.": all have the month before the day. */
const YEAR_FIRST = /^(\d{4})([-/.]) ?(\d{1,2})\2 ?(\d{1,2})\.?(?:T|,? )(?=\d)/i;
/** 09.09.2024, 9/9/2024 */
const YEAR_LAST = /^(\d{1,2})([-/.]) ?(\d{1,2})\2 ?(\d{4})(?:T|,? )(?=\d)/i;
const TIME = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?: ?([AP])\.?M\.?)?(?: ?(Z|[+-]\d{2}:?\d{2}))?$/i;
/** WCF writes times so. The offset is only for show. */
const WCF = /^\/Date\((-?\d{1,15})(?:[+-]\d{4})?\)\/$/;
const EPOCH_FROM = Date.UTC(2000, 0);
/** .NET's least and greatest years stand for "none". */
const NONE_TO = 1;
const NONE_FROM = 9999;

/**
 * A time as some server has written it, in milliseconds; null where it stands for none, undefined if it cannot be read.
 * Forms are forgiven, but one of two readings is never chosen: with the year at the end, dots have the day before the
 * month in every language, while slashes and dashes are read where only one order is possible. A number of seconds,
 * milliseconds or microseconds is read if that makes it a time from 2000 to tomorrow. A date alone is no time.
 * @param zone in which a time without an offset is read
 * @param now milliseconds
 */
export function readWritten(value: unknown, zone: string, now: number): number | null | undefined {
	if (value === null || value === undefined) return null;
	if (typeof value === 'number') return readEpoch(value, now);
	if (typeof value !== 'string') return undefined;
	const text = value.trim();
	if (text === '') return null;
	if (/^-?\d{1,17}$/.test(text)) return readEpoch(Number(text), now);
	const wcf = WCF.exec(text)?.[1];
	if (wcf !== undefined) return Number(wcf) <= 0 || Number(wcf) >= Date.UTC(NONE_FROM, 0) ? null : Number(wcf);
	const date = YEAR_FIRST.exec(text) ?? YEAR_LAST.exec(text);
	const time = date === null ? null : TIME.exec(text.slice(date[0].length));
	if (date === null || time === null) return undefined;
	const [year, month, day] = orderOf(date) ?? [];
	if (year === undefined || month === undefined || day === undefined) return undefined;
	if (year <= NONE_TO || year >= NONE_FROM) return null;
	const [, hour, minute, second = 0, fraction = '0', half, offset = ''] = time;
	const hours = half === undefined ? Number(hour) : hourOfDay(Number(hour), half);
	return readTime(
		`${String(year)}-${two(month)}-${two(day)}T${two(hours)}:${two(Number(minute))}:${two(Number(second))}.${fraction.slice(0, 3)}${offset.toUpperCase()}`,
		{ now, timeZone: zone },
	);
}

/** Year, month and day of a date; undefined where more than one order is possible. */
function orderOf([, first = '', sign = '', second = '', third = '']: readonly string[]): number[] | undefined {
	const [a, b, c] = [Number(first), Number(second), Number(third)];
	if (first.length === 4) return [a, b, c];
	if (sign === '.' || a > 12 || a === b) return [c, b, a];
	return b > 12 ? [c, a, b] : undefined;
}

function readEpoch(value: number, now: number): number | null | undefined {
	if (value <= 0) return null;
	return [value * 1000, value, value / 1000].find((ms) => ms >= EPOCH_FROM && ms <= now + DAY_MS);
}

/** The hour of "12:30 AM" and the like; NaN if there is none. */
const hourOfDay = (hour: number, half: string) =>
	hour < 1 || hour > 12 ? NaN : (hour % 12) + (half.toUpperCase() === 'P' ? 12 : 0);
