import { present, unread } from '../../core/describe/reading';
import { readTime, readWritten } from '../../core/describe/time';

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** ISO text of the vendor's times: UTC, with and without milliseconds or Z. A date alone is the day's beginning. */
export function timeOf(value: unknown): string | null {
	const day = typeof value === 'string' && DAY.test(value.trim());
	const at = day ? readTime(value, { now: 0, timeZone: 'UTC' }) : readWritten(value, 'UTC', present());
	if (at === undefined) return unread('a time', value);
	return at === null || at <= 0 ? null : new Date(at).toISOString();
}

/** Whether a time came that stands for one, be it readable or not. */
export const isWritten = (value: unknown) => readWritten(value, 'UTC', present()) !== null;

/** "Time format in YYYY-MM-DDTHH:MM:SSZ" */
export const parameterOf = (ms: number) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
