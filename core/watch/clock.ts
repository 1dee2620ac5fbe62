import { isoOfSeconds } from '../describe/time';
import type { Poll } from './poll';

/**
 * A stored time that is further ahead of the local clock and of all positions is wrong. By less, the local clock may
 * have been set back: to go back then would deliver events twice.
 */
export const YEAR_SECONDS = 365 * 86_400;

/** The stored cursor has times in the future, and has been corrected. */
export function warnOfFuture({ client, title }: Poll, from: number): void {
	client.warn(
		`The saved position of "${title}" lies in the future, as a clock was wrong. It continues with what was recorded from ${isoOfSeconds(from)} on.`,
	);
}
