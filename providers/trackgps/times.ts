import { present, unread } from '../../core/describe/reading';
import { localOfInstant, readWritten } from '../../core/describe/time';
import { windows, type Window } from '../../core/call/windows';

/** A text that ends in Z: the documents' samples of local times do, where it means nothing (facts 2.1). */
const WITH_Z = /(?<=\d) ?Z$/i;

/**
 * ISO text of the company's local time. In the hour that autumn doubles, the first of the two is taken: the vendor does
 * not say which it was.
 */
export function timeOf(value: unknown, timeZone: string): string | null {
	const local = typeof value === 'string' ? value.trim().replace(WITH_Z, '') : value;
	const at = readWritten(local, timeZone, present());
	if (at === undefined) return unread('a time', value);
	return at === null || at < 0 ? null : new Date(at).toISOString();
}

const HOUR_MS = 3_600_000;
/** Way and consumption (facts 2.3, C); the others by analogy. */
const WINDOW_MS = 31 * 24 * HOUR_MS;

/**
 * A period in pieces of at most 31 days of the wall clock, on which the vendor counts them; begin and end are
 * wall-clock times. It is widened by an hour where it begins or ends within an hour of the change in autumn, when a
 * local time stands for two: so nothing is missed, whichever of them the vendor takes it for.
 */
export function localWindows(begin: number, end: number, timeZone: string): Window[] {
	const from = Math.min(localOfInstant(begin, timeZone), localOfInstant(begin + HOUR_MS, timeZone) - HOUR_MS);
	const to = Math.max(localOfInstant(end, timeZone), localOfInstant(end - HOUR_MS, timeZone) + HOUR_MS);
	return [...windows(from, to, WINDOW_MS)];
}

/** A wall-clock time as the vendor takes it: "2024-09-09T09:42:51.835". */
export const localText = (wallClock: number) => new Date(wallClock).toISOString().slice(0, -1);
