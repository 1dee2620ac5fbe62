/** Each pause is up to this share longer or shorter, so that many installations do not ask in the same second. */
const JITTER = 0.1;

interface SharedTimer {
	members: Set<() => void>;
	timer?: NodeJS.Timeout;
}

/**
 * Clocks that triggers share: those of one account and interval poll together, so that what one of them
 * finds out need not be asked again for the others.
 */
export class SharedTimers {
	private readonly timers = new Map<string, SharedTimer>();

	constructor(private readonly random: () => number = Math.random) {}

	/** Calls `poll` about once in `intervalMs`, until the result is called. */
	join(key: string, intervalMs: number, poll: () => void): () => void {
		const name = `${key} ${String(intervalMs)}`;
		let timer = this.timers.get(name);
		if (timer === undefined) {
			timer = { members: new Set() };
			this.timers.set(name, timer);
			this.start(timer, intervalMs);
		}
		const { members } = timer;
		members.add(poll);
		return () => {
			members.delete(poll);
			if (members.size > 0 || this.timers.get(name)?.members !== members) return;
			clearTimeout(this.timers.get(name)?.timer);
			this.timers.delete(name);
		};
	}

	private start(timer: SharedTimer, intervalMs: number): void {
		timer.timer = setTimeout(
			() => {
				this.start(timer, intervalMs);
				for (const poll of [...timer.members]) poll();
			},
			intervalMs * (1 - JITTER + 2 * JITTER * this.random()),
		);
	}
}
