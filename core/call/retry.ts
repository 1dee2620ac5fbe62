import { doubling } from './backoff';

const SHORTEST_MS = 500;
const FIRST_MS = 2000;
const LONGEST_MS = 20_000;
/** A read is sent at most this often. */
export const ATTEMPTS = 3;
/** Retries that a login has in hand; each success earns a tenth of one. */
const BUDGET = 100;
const EARNED = 0.1;

/**
 * How long to wait before the next attempt: full jitter between 0.5 s and a ceiling that doubles up to 20 s, or what
 * the vendor asked for. A vendor that complains of too many requests gets the whole 20 s at once.
 */
export function backoff(
	attempt: number,
	{ tooOften, retryAfterMs = 0 }: { tooOften: boolean; retryAfterMs?: number },
	random: () => number,
): number {
	const ceiling = tooOften ? LONGEST_MS : doubling(attempt, { firstMs: FIRST_MS, longestMs: LONGEST_MS });
	return Math.max(retryAfterMs, SHORTEST_MS + random() * (ceiling - SHORTEST_MS));
}

/** Keeps many failures from becoming a storm of requests: retries are limited, and successes earn new ones. */
export class RetryBudget {
	private left = BUDGET;

	/** A request succeeded. */
	earn(): void {
		this.left = Math.min(BUDGET, this.left + EARNED);
	}

	/** Takes one retry. @returns false if none is left */
	spend(): boolean {
		if (this.left < 1) return false;
		this.left -= 1;
		return true;
	}
}
