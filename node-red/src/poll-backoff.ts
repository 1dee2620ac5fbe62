import type { FleetError } from '../../core/describe/errors';
import { doubling } from '../../core/call/backoff';

const LONGEST_MS = 5 * 60_000;

/** How many polls a trigger leaves out after failures: more with each, and none once it works again. */
export class PollBackoff {
	private failures = 0;
	private until = -Infinity;

	constructor(
		private readonly intervalMs: number,
		private readonly now: () => number = () => performance.now(),
	) {}

	/** Whether a poll that is due is to be left out. */
	get waits(): boolean {
		return this.now() < this.until;
	}

	failed(problem: FleetError): void {
		// What is wrong with one device only must not slow down the others.
		if (!problem.slowsPolls) return this.worked();
		const { intervalMs } = this;
		this.failures += 1;
		// Half an interval less than that of the polls to be left out, as timers are not exact.
		const less = intervalMs / 2;
		const longestMs = Math.max(LONGEST_MS, less) + less;
		const pause = doubling(this.failures, { firstMs: intervalMs, longestMs }) - less;
		this.until = this.now() + Math.max(pause, Math.min(problem.retryAfterMs ?? 0, LONGEST_MS));
	}

	worked(): void {
		this.failures = 0;
		this.until = -Infinity;
	}
}
