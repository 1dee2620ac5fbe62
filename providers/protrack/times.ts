import { numberOf } from '../../core/records';
import { isoOfSeconds } from '../../core/time';

/** ISO text of the platform's epoch seconds; 0 means never. */
export function timeOf(value: unknown): string | null {
	const at = numberOf(value);
	return at === null || at <= 0 || at > 1e11 ? null : isoOfSeconds(at);
}

export const seconds = (ms: number) => Math.floor(ms / 1000);
