import { Unreachable } from '../describe/errors';
import { doubling } from './backoff';

const SHORTEST_MS = 500;
const FIRST_MS = 2000;
const LONGEST_MS = 20_000;
/** A read is sent at most this often. */
export const ATTEMPTS = 3;
/** Failures in a row that open the breaker, and for how long. */
const FAILURES = 5;
const OPEN_MS = 30_000;
/** Retries that an account may make in hand; each success gives a tenth of one back. */
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

/**
 * Keeps a vendor's outage from being answered with a storm: retries come out of a budget, and after five failures in a
 * row nothing is sent for half a minute, then one probe at a time.
 */
export class Resilience {
	private budget = BUDGET;
	private failures = 0;
	private openUntil = 0;
	private probing = false;

	constructor(private readonly vendor: string) {}

	/** Asks to send a request: gives the reason why not while the breaker is open. */
	enter(now: number): Unreachable | undefined {
		if (this.failures < FAILURES) return undefined;
		// A clock that was set back must not hold them back for longer.
		if ((now < this.openUntil && this.openUntil - now <= OPEN_MS) || this.probing) {
			return new Unreachable(
				`${this.vendor} failed ${String(this.failures)} times in a row, so requests are held back for ${String(Math.max(1, Math.ceil((this.openUntil - now) / 1000)))} s.`,
				{
					advice: 'Nothing was sent. Check whether the vendor works, then try again.',
					retryable: true,
				},
			);
		}
		this.probing = true;
		return undefined;
	}

	/** An answer came that says that the vendor works, but not what was asked for. */
	answered(): void {
		this.failures = 0;
		this.probing = false;
	}

	/** What was asked for came. */
	succeeded(): void {
		this.answered();
		this.budget = Math.min(BUDGET, this.budget + EARNED);
	}

	/** No usable answer came. */
	failed(now: number): void {
		this.failures += 1;
		this.probing = false;
		if (this.failures >= FAILURES) this.openUntil = now + OPEN_MS;
	}

	/** The attempt ended without saying anything about the vendor, e.g. because it was aborted. */
	left(): void {
		this.probing = false;
	}

	/** Whether one more retry is within the budget; takes it. */
	mayRetry(): boolean {
		if (this.failures >= FAILURES || this.budget < 1) return false;
		this.budget -= 1;
		return true;
	}
}
