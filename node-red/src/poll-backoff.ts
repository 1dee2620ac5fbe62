import type { FleetError } from '../../core/describe/errors';

const LONGEST_MS = 5 * 60_000;

/** How many turns a trigger leaves out after failures: more with each, and none once it works again. */
export class PollBackoff {
	private failures = 0;
	private until = -Infinity;

	constructor(
		private readonly intervalMs: number,
		private readonly now: () => number = () => performance.now(),
	) {}

	/** Whether the turn that comes round is to be left out. */
	get waits(): boolean {
		return this.now() < this.until;
	}

	failed(problem: FleetError): void {
		// What is wrong with one device only must not slow down the others.
		if (!problem.slowsPolls) return this.worked();
		const { intervalMs } = this;
		// Half an interval less than that of the turns to be left out, as none comes on the dot.
		const pause = Math.min((2 ** this.failures - 0.5) * intervalMs, Math.max(LONGEST_MS, intervalMs / 2));
		this.failures += 1;
		this.until = this.now() + Math.max(pause, Math.min(problem.retryAfterMs ?? 0, LONGEST_MS));
	}

	worked(): void {
		this.failures = 0;
		this.until = -Infinity;
	}
}
