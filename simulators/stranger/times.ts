/** Times in forms that other servers, languages and serializers write. */
import { fromLocalTime, localTime } from '../zones';
import { keyIn, listsOf, ofBody, ofRows, put, rowsOf } from './answers';
import type { Oddity, Row } from './stranger';

const WRITTEN = /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})[T ](\d{1,2}):(\d{2}):(\d{2})(?:\.0+)?Z?$/;

const two = (value: number) => String(value).padStart(2, '0');

/** A time of the wall clock, and the moment that it is. */
interface Moment {
	year: number;
	month: number;
	day: number;
	hour: number;
	minute: number;
	second: number;
	/** Milliseconds since 1970. */
	at: number;
}

const clockOf = ({ hour, minute, second }: Moment) => `${two(hour)}:${two(minute)}:${two(second)}`;
const halfDay = ({ hour, minute, second }: Moment) =>
	`${String(hour % 12 === 0 ? 12 : hour % 12)}:${two(minute)}:${two(second)} ${hour < 12 ? 'AM' : 'PM'}`;

const FORMS: readonly ((moment: Moment) => unknown)[] = [
	(m) => `${String(m.year)}-${two(m.month)}-${two(m.day)} ${clockOf(m)}`,
	(m) => `${String(m.year)}-${two(m.month)}-${two(m.day)}T${clockOf(m)}.0000000`,
	(m) => `${String(m.year)}/${String(m.month)}/${String(m.day)} ${String(m.hour)}:${two(m.minute)}:${two(m.second)}`,
	(m) => `${two(m.day)}.${two(m.month)}.${String(m.year)} ${clockOf(m)}`,
	(m) => `${String(m.year)}. ${two(m.month)}. ${two(m.day)}. ${clockOf(m)}`,
	(m) => `${two(m.day)}/${two(m.month)}/${String(m.year)} ${clockOf(m)}`,
	(m) => `${String(m.month)}/${String(m.day)}/${String(m.year)} ${halfDay(m)}`,
	(m) => `${two(m.day)}-${two(m.month)}-${String(m.year)} ${clockOf(m)}`,
	(m) => `/Date(${String(m.at)})/`,
	(m) => `/Date(${String(m.at)}+0200)/`,
	(m) => m.at / 1000,
	(m) => m.at,
	(m) => String(m.at / 1000),
	(m) => new Date(m.at).toISOString().replace('Z', '+00:00'),
	(m) => `${String(m.day)} martie ${String(m.year)} ${clockOf(m)}`,
	(m) => [m.year, m.month, m.day, m.hour, m.minute, m.second],
];

/** What stands where no time is known, or means nothing. */
const NONE: readonly unknown[] = ['0000-00-00 00:00:00', '0001-01-01T00:00:00', '', null, '-', {}, true, 'now'];

export const timesThatAreNone: Oddity = ofRows(
	'times that are none',
	'value',
	(row, { random }) => rewritten(row, (text) => (WRITTEN.test(text) ? random.pick(NONE) : undefined)),
	0.5,
);

/** @param zone of the wall clock that the vendor's times are of */
export const timesInOtherForms = (zone: string): Oddity => ({
	share: 4,
	...ofRows('times in other forms', 'time', (row, { memory, random }) => {
		// A server writes all of its times in one form.
		const form = (memory.get('form') ?? random.pick(FORMS)) as (moment: Moment) => unknown;
		memory.set('form', form);
		return rewritten(row, (text) => {
			const found = WRITTEN.exec(text);
			if (found === null || text.startsWith('0001')) return undefined;
			const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found.slice(1, 7).map(Number);
			const local = `${String(year)}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:${two(second)}`;
			const time = fromLocalTime(zone, local);
			if (time === null) return undefined;
			const at = time * 1000;
			return form({ year, month, day, hour, minute, second, at });
		});
	}),
});

function rewritten(row: Row, of: (text: string) => unknown): boolean {
	let changed = false;
	for (const [key, value] of Object.entries(row)) {
		if (typeof value !== 'string') continue;
		const other = of(value);
		if (other === undefined) continue;
		row[key] = other;
		changed = true;
	}
	return changed;
}

const SECONDS = /^(?:gps|system|heart|server|online|activated|platformdue|userdue|temperature)time$/;

/** How epochs in seconds may come instead; what has no zone is no time. */
const EPOCHS: readonly ((seconds: number) => unknown)[] = [
	(seconds) => String(seconds),
	(seconds) => seconds * 1000,
	(seconds) => seconds * 1_000_000,
	(seconds) => `${String(seconds)}.0`,
	(seconds) => new Date(seconds * 1000).toISOString(),
	(seconds) => new Date(seconds * 1000 + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' '),
];

const NO_EPOCHS: readonly unknown[] = ['', null, '-', undefined, true, -1, '0000-00-00', {}];

export const epochsThatAreNone: Oddity = ofRows(
	'times that are none',
	'value',
	(row, { random }) => {
		let changed = false;
		for (const [key, value] of Object.entries(row)) {
			if (typeof value !== 'number' || value <= 0 || !SECONDS.test(key) || random.chance(0.5)) continue;
			row[key] = random.pick(NO_EPOCHS);
			changed = true;
		}
		return changed;
	},
	0.5,
);

export const epochsInOtherForms: Oddity = ofRows('times in other forms', 'time', (row, { memory, random }) => {
	const form = (memory.get('form') ?? random.pick(EPOCHS)) as (seconds: number) => unknown;
	memory.set('form', form);
	let changed = false;
	for (const [key, value] of Object.entries(row)) {
		if (typeof value !== 'number' || value <= 0 || !SECONDS.test(key)) continue;
		row[key] = form(value);
		changed = true;
	}
	return changed;
});

/** The satellites count weeks up to 1024: a receiver that is too old begins again. */
const ROLL_OVER = -1024 * 7 * 86_400;

/** By how many seconds devices' clocks are wrong. */
const CLOCKS: readonly number[] = [
	420,
	-420,
	3 * 3600,
	-3 * 3600,
	-86_400,
	365 * 86_400,
	8 * 365 * 86_400,
	-3 * 365 * 86_400,
	ROLL_OVER,
];

/** What a device dates itself, in the vendors' positions. */
const OF_DEVICE = /^(?:gpstime|gpsdate|eventtimeutc)$/i;
const DATED = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?Z?$/;
/** Where alarms that are texts have it. */
const COLUMN = 3;

/** @param zone of the wall clock that the vendor's times are of */
export const clocksThatAreWrong = (zone: string): Oddity =>
	ofBody('clocks of devices that are wrong', 'clock', (body, { ways, random, request }) => {
		const clocks = new Map<string, number>();
		/** The same for a device each time. */
		const offsetOf = (device: string) => {
			const own = random.of(device);
			return own.chance(0.5) ? own.pick(CLOCKS) : undefined;
		};
		const device = ways.askedFor(request).join();
		for (const row of rowsOf(body)) {
			const identity =
				ways.identity.map((name) => row[keyIn(row, name) ?? '']).find((id) => id !== undefined) ?? device;
			const offset = offsetOf(String(identity));
			if (offset === undefined) continue;
			for (const [key, value] of Object.entries(row)) {
				if (!OF_DEVICE.test(key)) continue;
				const other = moved(value, offset, zone);
				if (other === undefined) continue;
				row[key] = other;
				clocks.set(String(identity), offset);
			}
		}
		const offset = offsetOf(device);
		for (const list of offset === undefined ? [] : listsOf(body).filter(({ text }) => text))
			put(
				list,
				list.rows.map((row) => {
					const columns = String(row).split(',');
					if (columns.length < 7 || offset === undefined) return row;
					clocks.set(device, offset);
					columns[COLUMN] = String(Number(columns[COLUMN]) + offset);
					return columns.join(',');
				}),
			);
		return clocks.size > 0 && { clocks };
	});

/** The same time on another clock, in the same form; undefined where it is none. */
function moved(value: unknown, offset: number, zone: string): unknown {
	// Another oddity may have made milliseconds or microseconds of it.
	if (typeof value === 'number')
		return value > 0 ? value + offset * (value > 1e14 ? 1e6 : value > 1e11 ? 1e3 : 1) : undefined;
	if (typeof value !== 'string' || !DATED.test(value) || value.startsWith('0001')) return undefined;
	const utc = value.endsWith('Z') ? 'UTC' : zone;
	const time = fromLocalTime(utc, value.slice(0, 19).replace(' ', 'T'));
	if (time === null) return undefined;
	const text = localTime(utc, time + offset);
	return text.slice(0, 10) + value.charAt(10) + text.slice(11, 19) + value.slice(19);
}
