import { numberOf } from '../../core/describe/read';
import { isoOfSeconds } from '../../core/describe/time';

/** The platform's epoch seconds, where they are a time: 0 means never. */
export function markOf(value: unknown): number | null {
	const at = numberOf(value);
	return at === null || at <= 0 || at > 1e11 ? null : at;
}

/** ISO text of the platform's epoch seconds. */
export function timeOf(value: unknown): string | null {
	const at = markOf(value);
	return at === null ? null : isoOfSeconds(at);
}

export const seconds = (ms: number) => Math.floor(ms / 1000);
