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
	/** The request that finds out whether the vendor works again. */
	private current: { ended: Promise<void>; end: () => void } | undefined;

	constructor(private readonly vendor: string) {}

	/** Whether only probes may pass. */
	get open(): boolean {
		return this.failures >= FAILURES;
	}

	/** Takes a request in, or returns the reason why it may not be sent. One that is taken in must report its end. */
	enter(now: number): Unreachable | undefined {
		if (!this.open) return undefined;
		// A clock that was set back must not keep it open for longer.
		if ((now < this.openUntil && this.openUntil - now <= OPEN_MS) || this.probe !== undefined) {
			return new Unreachable(
				`${this.vendor} failed ${String(this.failures)} times in a row, so requests are held back for ${String(Math.max(1, Math.ceil((this.openUntil - now) / 1000)))} s.`,
				{
					advice: 'Nothing was sent. Check whether the vendor works, then try again.',
					retryable: true,
				},
			);
		}
		let end: () => void = () => undefined;
		const ended = new Promise<void>((resolve) => (end = resolve));
		this.current = { ended, end };
		return undefined;
	}

	/** Resolves when the probe under way has ended; undefined if there is none. Whoever waits enters again then. */
	get probe(): Promise<void> | undefined {
		return this.current?.ended;
	}

	private probed(): void {
		this.current?.end();
		this.current = undefined;
	}

	/** An answer came, a success or not: the vendor works. */
	answered(): void {
		this.failures = 0;
		this.probed();
	}

	/** No usable answer came. */
	failed(now: number): void {
		this.failures += 1;
		this.probed();
		if (this.open) this.openUntil = now + OPEN_MS;
	}

	/** The request ended without showing whether the vendor works, e.g. because it was aborted. */
	left(): void {
		this.probed();
	}
}
