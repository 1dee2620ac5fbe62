/** A simulator's clock: the real one or one that was injected, and what was added to it. */
export class Clock {
	private offset = 0;

	constructor(private readonly read: () => number = Date.now) {}

	milliseconds(): number {
		return this.read() + this.offset;
	}

	/** UNIX seconds. */
	now(): number {
		return Math.floor(this.milliseconds() / 1000);
	}

	advance(milliseconds: number): void {
		this.offset += milliseconds;
	}
}

/** Requests of each user in a sliding period; says when there are too many. */
export class RateLimit {
	private readonly recent = new Map<string, number[]>();

	constructor(private readonly limit: { requests: number; perSeconds: number } | null) {}

	/**
	 * Counts a request. Returns 0 if it may pass, otherwise the milliseconds until the next may. Refused ones do not
	 * count.
	 */
	wait(user: string, milliseconds: number): number {
		if (!this.limit) return 0;
		const period = this.limit.perSeconds * 1000;
		const recent = (this.recent.get(user) ?? []).filter((time) => time > milliseconds - period);
		this.recent.set(user, recent);
		if (recent.length >= this.limit.requests) return recent[0]! + period - milliseconds;
		recent.push(milliseconds);
		return 0;
	}
}
