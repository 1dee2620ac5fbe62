import { Unreachable } from '../describe/errors';

/** Failures in a row that open it, and for how long. */
const FAILURES = 5;
const OPEN_MS = 30_000;

/**
 * Keeps requests away from a vendor that is down: after five failures in a row nothing is sent for half a minute, then
 * one probe at a time.
 */
export class CircuitBreaker {
	private failures = 0;
	private openUntil = 0;
	private probing = false;

	constructor(private readonly vendor: string) {}

	/** Whether only probes may pass. */
	get open(): boolean {
		return this.failures >= FAILURES;
	}

	/** Takes a request in, or returns the reason why it may not be sent. One that is taken in must report its end. */
	enter(now: number): Unreachable | undefined {
		if (!this.open) return undefined;
		// A clock that was set back must not keep it open for longer.
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

	/** An answer came, a success or not: the vendor works. */
	answered(): void {
		this.failures = 0;
		this.probing = false;
	}

	/** No usable answer came. */
	failed(now: number): void {
		this.failures += 1;
		this.probing = false;
		if (this.open) this.openUntil = now + OPEN_MS;
	}

	/** The request ended without showing whether the vendor works, e.g. because it was aborted. */
	left(): void {
		this.probing = false;
	}
}
