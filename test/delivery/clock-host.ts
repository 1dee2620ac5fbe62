import type { Host, SendOptions, SignedAnswer, WireRequest } from '../../core/describe/host';

interface Sleeper {
	at: number;
	wake: () => void;
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/**
 * A program around the core with a clock of its own, which may be wrong: sleeping takes no time, it moves the true time
 * on to the next sleeper's moment once everything else has come to rest.
 */
export class ClockHost implements Host {
	/** The true time. */
	time: number;
	/** By how much the local clock is ahead. */
	ahead = 0;
	readonly warnings: string[] = [];
	private readonly sleepers: Sleeper[] = [];
	private ticking = false;

	constructor(
		start: number,
		/** Answers a request; a promise that never settles is the end of the process. */
		private readonly answer: (request: WireRequest, options: SendOptions) => Promise<SignedAnswer>,
		readonly token = (): Promise<string> => Promise.resolve('session'),
	) {
		this.time = start;
	}

	send(request: WireRequest, options: SendOptions): Promise<SignedAnswer> {
		return this.answer(request, options);
	}

	now(): number {
		return this.time + this.ahead;
	}

	warn(message: string): void {
		this.warnings.push(message);
	}

	sleep(ms: number, signal?: AbortSignal): Promise<void> {
		return new Promise((resolve, reject) => {
			if (signal?.aborted) {
				reject(signal.reason as Error);
				return;
			}
			const sleeper = { at: this.time + ms, wake: resolve };
			this.sleepers.push(sleeper);
			signal?.addEventListener(
				'abort',
				() => {
					const place = this.sleepers.indexOf(sleeper);
					if (place !== -1) this.sleepers.splice(place, 1);
					reject(signal.reason as Error);
				},
				{ once: true },
			);
			if (!this.ticking) void this.tick();
		});
	}

	/** Drops all sleepers, as their process has ended. */
	forgetSleepers(): void {
		this.sleepers.length = 0;
	}

	private async tick(): Promise<void> {
		this.ticking = true;
		for (;;) {
			await turn();
			const next = this.sleepers.sort((a, b) => a.at - b.at).shift();
			if (next === undefined) break;
			this.time = Math.max(this.time, next.at);
			next.wake();
		}
		this.ticking = false;
	}
}
