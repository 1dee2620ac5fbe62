import { numberOf } from '../../core/describe/read';
import { present, unread } from '../../core/describe/reading';
import { isoOfSeconds, readWritten } from '../../core/describe/time';

/** Section 1.2 has epoch seconds. A greater number is none of them. */
const LAST_SECOND = 1e11;
/** The document names no zone for a time in words: without an offset it could be any. */
const WITH_OFFSET = /(?:Z|[+-]\d{2}:?\d{2}|\)\/)\s*$/i;

/** The platform's time in seconds; null where it stands for never, undefined where it cannot be read. */
function secondsOf(value: unknown): number | null | undefined {
	const at = numberOf(value);
	if (at !== null && at <= LAST_SECOND) return at <= 0 ? null : at;
	if (at === null && typeof value === 'string' && value.trim() !== '' && !WITH_OFFSET.test(value)) return undefined;
	const written = readWritten(value, 'UTC', present());
	return written === undefined || written === null ? written : written / 1000;
}

/** The second that the vendor pages by. */
export function markOf(value: unknown): number | null {
	const at = secondsOf(value);
	return at === undefined || at === null ? null : Math.floor(at);
}

/** ISO text of the platform's time: 0 means never. */
export function timeOf(value: unknown): string | null {
	const at = secondsOf(value);
	if (at === undefined) return unread('a time', value);
	return at === null ? null : isoOfSeconds(at);
}

export const seconds = (ms: number) => Math.floor(ms / 1000);
