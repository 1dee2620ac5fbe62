import { createHash } from 'node:crypto';
import { UnexpectedAnswer } from './errors';
import type { Row } from './records';
import { present, unread } from './reading';
import { readWritten } from './time';
import { clipped, cut } from './words';

/**
 * Readers for the values in a vendor's record. A reader returns null where there is no usable value; it never guesses.
 */

/**
 * Rows that hold something other than a record -> why they cannot be read. The sentence is made when it is asked for:
 * an answer may hold hundreds of thousands of such rows.
 */
const unreadable = new WeakMap<Row, () => string>();

/** A list with more elements that are not records is no list of records. Each costs more than a record does. */
const MOST_DAMAGED = 50_000;

/**
 * A row for a list element that is not a record, so that one bad element does not fail the others. With Output = Raw
 * the element is the row's `value`; with Output = Simplified the row is an error.
 * @param beside fields that are known from elsewhere, such as the device
 */
export function unreadableRow(value: unknown, why: string | (() => string), beside: Row = {}): Row {
	const row = { ...beside, value };
	unreadable.set(row, typeof why === 'string' ? () => why : why);
	return row;
}

/** The value as a row. If it is not a record, or a record without any value, a row that cannot be read. */
export function asRow(value: unknown, what: string, beside?: Row): Row {
	if (saysSomething(value)) return value;
	const why = () => `The vendor sent ${cut(JSON.stringify(value), 80)} instead of ${what}.`;
	if (!isRecord(value)) return unreadableRow(value, why, beside);
	const row = { ...beside, ...value };
	unreadable.set(row, why);
	return row;
}

/**
 * A row for each element of a list. The fields in `beside` come first; the element's own fields override them.
 * @returns the list itself if nothing needs to change: it can have 50,000 elements
 */
export function rowsOf(list: readonly unknown[], what: string, beside?: Row): Row[] {
	if (beside === undefined && list.every(saysSomething)) return list as Row[];
	let damaged = 0;
	return list.map((value) => {
		const row = asRow(value, what, beside);
		if (isReadable(row)) return beside === undefined ? row : { ...beside, ...row };
		if (++damaged > MOST_DAMAGED) throw notAList(what);
		return row;
	});
}

const notAList = (what: string) =>
	new UnexpectedAnswer(
		`The vendor sent a list with more than ${MOST_DAMAGED.toLocaleString('en')} elements, each of which is not ${what}.`,
		{ effect: 'unknown', advice: 'Please report it with the operation that you ran.' },
	);

/** Whether a value is an object, the form that records have. */
export const isRecord = (value: unknown): value is Row =>
	typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether a record has any value: an empty one would pass for whatever was asked for. */
function saysSomething(value: unknown): value is Row {
	if (!isRecord(value)) return false;
	for (const name in value) if (value[name] !== null && value[name] !== '') return true;
	return false;
}

export const isReadable = (row: Row) => !unreadable.has(row);

export const SEE_RAW = 'Try Output = Raw to see it, and please report it.';

/** @throws UnexpectedAnswer if the row does not hold a record */
export function mustBeReadable(row: Row): void {
	const why = unreadable.get(row);
	if (why !== undefined) throw new UnexpectedAnswer(why(), { advice: SEE_RAW });
}

/** Larger numbers are none that a vendor can mean, and could become infinite in another unit. */
const isMeant = (number: number) => Math.abs(number) <= Number.MAX_SAFE_INTEGER;

/** A number, or numeric text as a number; null otherwise. */
export function numberOf(value: unknown): number | null {
	if (typeof value === 'number') return isMeant(value) ? value : null;
	if (typeof value !== 'string') return null;
	const number = Number(value);
	if (Number.isNaN(number)) return writtenNumberOf(value.trim());
	// Number('') is 0.
	return isMeant(number) && (number !== 0 || value.trim() !== '') ? number : null;
}

/** A comma that can only be the decimal sign: groups of thousands have three digits, and begin with no 0. */
const DECIMAL_COMMA = /^[+-]?(?:\d+,(?:\d{1,2}|\d{4,15})|0+,\d{1,15})$/;
/** Groups of thousands, and behind them the other sign: "1.234,5", "1,234.5", "1 234,5". */
const GROUPED =
	/^[+-]?\d{1,3}(?:(?:\.\d{3}){1,6},\d{1,15}|(?:,\d{3}){1,6}\.\d{1,15}|(?:[ \u00A0\u202F]\d{3}){1,6}(?:[.,]\d{1,15})?)$/;
/** "1,234" is one and a bit, or more than a thousand. */
const EITHER = /^[+-]?\d{1,3}(?:,\d{3}){1,6}$/;

function writtenNumberOf(text: string): number | null {
	if (DECIMAL_COMMA.test(text)) return Number(text.replace(',', '.'));
	if (GROUPED.test(text)) {
		const sign = Math.max(text.lastIndexOf(','), text.lastIndexOf('.'));
		const [whole, rest] = sign === -1 ? [text, ''] : [text.slice(0, sign), text.slice(sign + 1)];
		return Number(`${whole.replace(/[^\d+-]/g, '')}.${rest}`);
	}
	return EITHER.test(text) ? unread('a number', text) : null;
}

/** A value without the unit that stands behind it, if that is one of these. */
export function withoutUnit(value: unknown, ...units: readonly string[]): unknown {
	if (typeof value !== 'string') return value;
	const text = value.trim().toLowerCase();
	const unit = units.find((one) => text.endsWith(one) && /[\d\s]$/.test(text.slice(0, -one.length)));
	return unit === undefined ? value : text.slice(0, -unit.length);
}

/** Yes or no, also as text or number; null for all else. */
export function flagOf(value: unknown): boolean | null {
	const said = typeof value === 'string' ? value.trim().toLowerCase() : value;
	if (said === true || said === 1 || said === 'true' || said === '1') return true;
	if (said === false || said === 0 || said === 'false' || said === '0') return false;
	return null;
}

/** A number >= 0. Vendors send -1 and the like for "no value". */
export function countOf(value: unknown): number | null {
	const number = numberOf(value);
	return number === null || number < 0 ? null : number;
}

/**
 * Maximum length of a text. Addresses and messages have a few hundred characters. A longer text would slow down every
 * pattern that is matched against it and every program that receives the record.
 */
export const LONGEST = 2000;

const wholeTextOf = (value: unknown): string | null => {
	if (typeof value === 'number' && Number.isFinite(value)) return String(value);
	return typeof value === 'string' && value.trim() !== '' ? value : null;
};

/** Text; null where empty. Numbers become their digits. Text over 2,000 characters is cut and ends in "…". */
export function textOf(value: unknown): string | null {
	const text = wholeTextOf(value);
	return text === null ? null : clipped(text, LONGEST);
}

const hashOf = (text: string) => createHash('sha256').update(text).digest('base64url').slice(0, 22);

/** Cuts an id but keeps it unique: a long one ends in a hash of the whole. */
const shortId = (id: string) => (id.length <= LONGEST ? id : clipped(id, LONGEST - 22) + hashOf(id));

/** Text that names something; null where empty. */
export function idTextOf(value: unknown): string | null {
	// A longer number lost its last digits when the JSON was parsed: it would name something else.
	const text = isInexact(value) ? null : wholeTextOf(value);
	return text === null ? null : shortId(text);
}

/** One form of all that a vendor may write for the name of a device. */
export const foldedName = (name: string) =>
	name
		.trim()
		.toLowerCase()
		.replace(/^0+(?=\d)/, '');

const isInexact = (value: unknown) => typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER;

/** The id that a record must have. @throws UnexpectedAnswer if it is missing or was not sent exactly */
export function identityOf(value: unknown, name: string): string {
	if (isInexact(value))
		throw new UnexpectedAnswer(`The vendor sent "${name}" as a number with more digits than can be read.`, {
			advice: 'Please report it with the operation that you ran.',
		});
	const id = idTextOf(value);
	if (id === null) throw new UnexpectedAnswer(`The vendor sent a record without "${name}".`, { advice: SEE_RAW });
	return id;
}

/** Coordinates of a fix. Both are null if either is missing or out of range, or if they are 0,0 (no fix). */
export function coordinatesOf(
	latitude: unknown,
	longitude: unknown,
): { latitude: number | null; longitude: number | null } {
	const lat = numberOf(latitude);
	const lon = numberOf(longitude);
	const usable =
		lat !== null && lon !== null && Math.abs(lat) <= 90 && Math.abs(lon) <= 180 && !(lat === 0 && lon === 0);
	return usable ? { latitude: lat, longitude: lon } : { latitude: null, longitude: null };
}

/** No vehicle drives faster, in km/h: 65535 and the like stand for "no value". */
const FASTEST = 500;

/** A speed in km/h that a vehicle can have; null otherwise. */
export function speedOf(value: unknown): number | null {
	const speed = countOf(value);
	return speed !== null && speed <= FASTEST ? speed : null;
}

/** Degrees clockwise from north, 0 to 360; null otherwise. */
export function courseOf(value: unknown): number | null {
	const course = countOf(value);
	return course !== null && course <= 360 ? course : null;
}

/** What all of a record adds to an id. */
export const wholeInId = (record: object) => hashOf(JSON.stringify(record));

/**
 * What a time adds to an id. Where there is none, that is the text that came, if it cannot be read, and the rest of the
 * record, so that two records stay two.
 * @param rest what stays the same when the vendor sends the record again
 */
export function timeInId(read: string | null, came: unknown, rest: object): string {
	if (read !== null) return read;
	const text = typeof came === 'string' ? came.trim() : JSON.stringify(came);
	return `${readWritten(came, 'UTC', present()) === undefined ? text : ''}#${wholeInId(rest)}`;
}

/** A stable id, made of what identifies a record at the vendor. */
export function recordId(...parts: readonly (string | number | null)[]): string {
	// join() turns null into ''.
	return shortId(parts.join(':'));
}
