import { localOfInstant, readTime } from '../../core/describe/time';
import { windows, type Window } from '../../core/call/windows';

const DATE = /^(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:\d{2})?$/;

/**
 * ISO text of the company's local time. The documents' samples of it end in Z, which means nothing (facts 2.1). In the
 * hour that autumn doubles, the first of the two is taken: the vendor does not say which it was.
 */
export function timeOf(value: unknown, timeZone: string): string | null {
	const match = typeof value === 'string' ? DATE.exec(value.trim()) : null;
	if (match === null) return null;
	const [, local = '', offset = 'Z'] = match;
	const at = readTime(offset === 'Z' ? local : local + offset, { now: 0, timeZone });
	// .NET writes 0001-01-01 where there is no time.
	return at === undefined || at < 0 ? null : new Date(at).toISOString();
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
