import { RateLimited, TimedOut, type FleetError } from '../describe/errors';
import type { Host } from '../describe/host';
import type { Priority } from '../describe/operation';
import { inWords } from '../describe/time';

/** Whoever the vendor has yet to accept comes last. */
const ORDER: Record<Priority | 'unproven', number> = { command: 0, person: 1, poll: 2, unproven: 3 };
/** The slowest that a vendor's complaints can make an account: one request in a minute. */
const SLOWEST = 1 / 60_000;
/** Each success after a complaint gives back this share of the set rate. */
const RECOVERY = 0.02;
/** However long a vendor asks us to pause, after this we look again: vendors have asked for years. */
export const LONGEST_PAUSE_MS = 300_000;
/** For so long a limit that somebody has set for the account holds for the others too. */
const LIMIT_HOLDS_MS = 60_000;
/** Least time from a vendor's complaint to the first try whether its pause is over; it doubles with each that fails. */
const TRY_MS = 10_000;

/** By so much at most a timer of the host ends too early. */
const EARLY_MS = 100;

/** A pause that the vendor asked for. */
interface Pause {
	/** How long the vendor asked for, in milliseconds, and until when it is kept to. */
	asked: number;
	until: number;
	/** From when on a command, or somebody who wants to know, may try whether it is over. */
	tryAt: number;
	tryMs: number;
	trying: boolean;
}

interface Waiting {
	order: number;
	/** The pause that its turn came in, as it was before. */
	tries?: Pause;
	/** The vendor's complaints when its turn came. */
	complaints: number;
	grant: () => void;
}

/** Ends a turn. `unused`: no request was sent in it. */
export type Release = (unused?: boolean) => void;

/**
 * Token bucket and concurrency cap of one account in one process. Nodes of the account share it, so that together they
 * stay within its quota. Polls may use at most half of the bucket, so that they cannot starve a person or a command.
 * Logins that the vendor has yet to accept take what flows over, so that they delay nobody by more than a turn.
 *
 * A burst of 1 means that the vendor wants requests apart from each other. It counts from when a request reaches it:
 * that is some time between our sending (with a login before it, perhaps) and its answer. So such requests go one at a
 * time, and the pause after each begins when it has ended.
 */
export class Limiter {
	private set: number;
	private rate: number;
	private tokens: number;
	private filledAt: number | undefined;
	private running = 0;
	/**
	 * Of those, polls: the last slot is not theirs, so that a command or a person need not wait for answers that hang.
	 */
	private polls = 0;
	private wakesAt: number | undefined;
	private readonly queue: Waiting[] = [];
	/** Limits that senders keep to, and when one of them was last answered. */
	private readonly limits = new Map<number, { burst: number; at: number }>();
	private pause: Pause | undefined;
	/** How far the limiter's own time is ahead of the clock, which may be set back, and the latest that it has been. */
	private ahead = 0;
	private latest = -Infinity;
	/** Whether somebody wants to know if the pause is over. */
	private wanted = false;
	/** How often the vendor has said that we are too fast, and how often since something went well. */
	complaints = 0;
	private inARow = 0;

	constructor(
		perMinute: number,
		private burst: number,
		private readonly concurrency = 4,
	) {
		this.set = perMinute / 60_000;
		this.rate = this.set;
		this.tokens = burst;
	}

	/**
	 * Waits for a turn; call the result when the request has ended, or is not sent. `onWait` hears how long, in
	 * milliseconds, where the rate is what it waits for.
	 * @throws TimedOut if the turn would come after the deadline, RateLimited if that is the vendor's wish; the
	 * signal's reason if it is aborted.
	 */
	async acquire(
		priority: keyof typeof ORDER,
		host: Host,
		deadline: number,
		{ signal, onWait }: { signal?: AbortSignal; onWait?: (ms: number) => void } = {},
	): Promise<Release> {
		signal?.throwIfAborted();
		const order = ORDER[priority];
		const place = this.queue.findIndex((other) => other.order > order);
		const ahead = place === -1 ? this.queue.length : place;
		const wait = this.waitFor(order, this.timeAt(host.now()), ahead);
		if (host.now() + wait > deadline) throw this.tooLate(wait);
		if (wait > 0) onWait?.(wait);
		let granted = false;
		let waiting!: Waiting;
		const turn = new Promise<void>((resolve) => {
			waiting = {
				order,
				complaints: this.complaints,
				grant: () => {
					granted = true;
					resolve();
				},
			};
		});
		this.queue.splice(ahead, 0, waiting);
		this.pump(host);
		// eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- pump() may have granted the turn
		if (!granted) await this.orGiveUp(turn, waiting, deadline, host, signal);
		let released = false;
		return (unused = false) => {
			if (released) return;
			released = true;
			this.fill(this.timeAt(host.now()));
			this.leaveSlot(waiting, unused);
			this.pump(host);
		};
	}

	/**
	 * The vendor said that we are too fast, and perhaps how long to pause: go at half the speed from now on.
	 * @param processes how many share the quota: where requests are apart, each keeps its speed and finds a moment
	 * of its own
	 */
	slowDown(clock?: number, pauseMs = 0, processes = 1): void {
		const now = clock === undefined ? this.filledAt : this.timeAt(clock);
		if (now !== undefined) this.fill(now);
		this.complaints += 1;
		this.inARow += 1;
		const pause = Math.min(pauseMs, LONGEST_PAUSE_MS);
		if (this.spaced && this.inARow < processes) {
			const shiftMs = pause > 0 ? pause : 1 / this.rate / processes;
			this.tokens = Math.max(0, 1 - shiftMs * this.rate);
		} else {
			this.rate = Math.max(this.rate / 2, Math.min(SLOWEST, this.set));
			this.tokens = Math.min(this.tokens, 0);
		}
		if (now === undefined || pause <= 0) return;
		const { tryMs = TRY_MS, tryAt = now + TRY_MS, trying = false } = this.pauseAt(now) ?? {};
		this.pause = { asked: pauseMs, until: now + pause, tryAt, tryMs, trying };
	}

	/** Somebody wants to know: the next request tries whether the vendor's pause is over. */
	probe(): void {
		this.wanted = this.pause !== undefined;
	}

	/**
	 * A request went well whose sender may send so many. The smallest number of the last minute holds for all who name
	 * the account: what nobody got an answer with, such as a wrong password's, does not count.
	 */
	keepTo(perMinute: number, burst: number, clock: number): void {
		const now = this.timeAt(clock);
		this.limits.set(perMinute, { burst, at: now });
		let least = perMinute;
		for (const [limit, { at }] of this.limits) {
			if (now - at > LIMIT_HOLDS_MS) this.limits.delete(limit);
			else least = Math.min(least, limit);
		}
		if (least / 60_000 !== this.set) this.change(least, this.limits.get(least)?.burst ?? burst);
	}

	/** No faster than this. */
	lowerTo(perMinute: number, burst: number): void {
		const least = Math.min(this.set * 60_000, perMinute);
		if (least / 60_000 < this.set || burst < this.burst) this.change(least, Math.min(this.burst, burst));
	}

	/** What is used up stays used up, and what complaints have slowed down stays slow. */
	private change(perMinute: number, burst: number): void {
		const share = this.rate / this.set;
		this.set = perMinute / 60_000;
		this.rate = this.set * share;
		this.tokens = Math.min(this.tokens + Math.max(0, burst - this.burst), burst);
		this.burst = burst;
	}

	/** One at the same rate that takes over what is used up, but neither its pause nor what waits or runs in it. */
	successor(clock: number): Limiter {
		const now = this.timeAt(clock);
		this.fill(now);
		const next = new Limiter(this.set * 60_000, this.burst, this.concurrency);
		next.tokens = Math.max(0, this.tokens);
		next.filledAt = now;
		next.ahead = this.ahead;
		next.latest = this.latest;
		return next;
	}

	/** How many turns there can be before a deadline, if nobody else takes any. Both in milliseconds of the clock. */
	turnsUntil(deadline: number, clock: number): number {
		this.fill(this.timeAt(clock));
		// The last turn must come before the deadline, not with it.
		return Math.max(0, Math.ceil(this.tokens + (deadline - clock) * this.set) - 1);
	}

	/** Whether requests have followed each other so closely that a refusal may be about that. */
	get busy(): boolean {
		return this.tokens < this.burst / 2;
	}

	/**
	 * A request went well: come slowly back to the set rate.
	 * @param complaints how many there had been when it set out: if there were more since, a pause still holds
	 */
	recover(complaints = this.complaints): void {
		this.inARow = 0;
		if (this.rate < this.set) this.rate = Math.min(this.set, this.rate + this.set * RECOVERY);
		if (this.pause === undefined || complaints !== this.complaints) return;
		this.pause = undefined;
		this.wanted = false;
		this.tokens = Math.max(this.tokens, 0);
	}

	/**
	 * Milliseconds until the bucket has enough for this order and those ahead of it, and the vendor wants to hear of
	 * it.
	 */
	private waitFor(order: number, now: number, ahead: number): number {
		this.fill(now);
		const needed = ahead + this.neededBy(order);
		const wait = this.tokens >= needed ? 0 : Math.max(1, Math.ceil((needed - this.tokens) / this.rate));
		const pause = this.pauseAt(now);
		if (pause === undefined) return wait;
		const mayTry = ahead === 0 && !pause.trying && (order === ORDER.command || this.wanted);
		return Math.max(wait, (mayTry ? Math.min(pause.tryAt, pause.until) : pause.until) - now);
	}

	private neededBy(order: number): number {
		if (order === ORDER.unproven) return Math.max(1, this.burst);
		return order === ORDER.poll ? Math.max(1, this.burst / 2) : 1;
	}

	/**
	 * The limiter's own time, which goes on where the clock is set back: else pauses would last for longer.
	 * @param least time that has certainly come, whatever the clock says
	 */
	private timeAt(clock: number, least = this.latest): number {
		this.ahead = Math.max(this.ahead, least - clock);
		return (this.latest = clock + this.ahead);
	}

	/** The pause that is in force. */
	private pauseAt(now: number): Pause | undefined {
		if (this.pause !== undefined && now >= this.pause.until) {
			this.pause = undefined;
			this.wanted = false;
			// What was not used meanwhile is no reason for a rush.
			this.tokens = Math.min(this.tokens, 1);
		}
		return this.pause;
	}

	private get spaced(): boolean {
		return this.burst <= 1;
	}

	private fill(now: number): void {
		const passed =
			this.filledAt === undefined || (this.spaced && this.running > 0) ? 0 : Math.max(0, now - this.filledAt);
		this.tokens = Math.min(this.burst, this.tokens + passed * this.rate);
		this.filledAt = now;
	}

	/**
	 * Gives turns to the head of the queue for as long as there are slots and tokens; else comes back when there are.
	 */
	private pump(host: Host): void {
		for (let head = this.queue[0]; head !== undefined && this.hasSlot(head); head = this.queue[0]) {
			const now = this.timeAt(host.now());
			const wait = this.waitFor(head.order, now, 0);
			if (wait > 0) {
				this.wakeIn(wait, host);
				return;
			}
			this.queue.shift();
			this.tokens -= 1;
			this.running += 1;
			if (head.order === ORDER.poll) this.polls += 1;
			head.complaints = this.complaints;
			this.takeNoteOfTry(head, now);
			head.grant();
		}
	}

	private hasSlot({ order }: Waiting): boolean {
		const slots = this.spaced ? 1 : this.concurrency;
		return this.running < slots && (order !== ORDER.poll || this.polls < Math.max(1, slots - 1));
	}

	/** @param unused no request was sent: the turn is given back, unless the vendor has complained since */
	private leaveSlot({ order, tries, complaints }: Waiting, unused: boolean): void {
		this.running -= 1;
		if (order === ORDER.poll) this.polls -= 1;
		const same = complaints === this.complaints;
		if (unused && same) this.tokens = Math.min(this.burst, this.tokens + 1);
		if (tries === undefined || this.pause === undefined) return;
		this.pause.trying = false;
		if (!unused || !same) return;
		Object.assign(this.pause, { tryAt: tries.tryAt, tryMs: tries.tryMs });
		this.wanted ||= order !== ORDER.command;
	}

	private takeNoteOfTry(head: Waiting, now: number): void {
		const pause = this.pauseAt(now);
		if (pause === undefined) return;
		const tryMs = Math.min(2 * pause.tryMs, LONGEST_PAUSE_MS);
		this.pause = { ...pause, tryMs, tryAt: now + tryMs, trying: true };
		this.wanted = false;
		head.tries = pause;
	}

	private wakeIn(wait: number, host: Host): void {
		const at = this.timeAt(host.now()) + wait;
		if (this.wakesAt !== undefined && this.wakesAt <= at) return;
		this.wakesAt = at;
		void host.sleep(wait).then(() => {
			if (this.wakesAt === at) this.wakesAt = undefined;
			// What has been slept has passed. Timers end a moment early.
			this.timeAt(host.now(), Math.max(this.latest, at - EARLY_MS));
			this.pump(host);
		});
	}

	private async orGiveUp(
		turn: Promise<void>,
		waiting: Waiting,
		deadline: number,
		host: Host,
		signal?: AbortSignal,
	): Promise<void> {
		const enough = new AbortController();
		const stop = () => enough.abort(signal?.reason);
		signal?.addEventListener('abort', stop, { once: true });
		let came = false;
		try {
			await Promise.race([
				turn,
				host.sleep(Math.max(0, deadline - host.now()), enough.signal).then(() => {
					throw this.tooLate(0);
				}),
			]);
			came = true;
		} finally {
			if (!came) this.leaveQueue(waiting, host);
			signal?.removeEventListener('abort', stop);
			enough.abort();
		}
	}

	private leaveQueue(waiting: Waiting, host: Host): void {
		const place = this.queue.indexOf(waiting);
		if (place !== -1) {
			this.queue.splice(place, 1);
		} else {
			// The turn came in the same moment: it must go to the next one.
			this.leaveSlot(waiting, true);
			this.pump(host);
		}
	}

	private tooLate(waitMs: number): FleetError {
		const next = waitMs > 0 ? `: the next one is in ${String(Math.ceil(waitMs / 1000))} s` : '';
		if (this.pause !== undefined) {
			const asked = inWords(this.pause.asked / 1000);
			return new RateLimited(`The vendor asked for a pause of ${asked}, which leaves no turn in time${next}.`, {
				advice: "Nothing was sent, and the account's own rate limit is not the reason. Try again later; a run or login test that you start by hand ends the pause if the vendor answers it.",
				retryable: true,
				retryAfterMs: waitMs > 0 ? waitMs : undefined,
			});
		}
		if (this.rate < this.set)
			return new TimedOut(
				`The vendor has said that requests come too often, so they are fewer for a while: no turn is left in time${next}.`,
				{
					advice: 'Run it less often, ask for less at once, or raise Timeout. The speed comes back with each good answer.',
					retryable: false,
				},
			);
		return new TimedOut(`This account's request limit leaves no turn in time${next}.`, {
			advice: 'Run it less often, ask for less at once, or raise Timeout. If the vendor allows more, raise the rate limit in the account.',
			retryable: false,
		});
	}
}
