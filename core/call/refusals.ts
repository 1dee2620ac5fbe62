import type { FleetError } from '../describe/errors';

/**
 * Whether the vendor refuses what was asked for, and would the next time. Of most HTTP errors nobody knows what they
 * mean, but not of 4xx.
 */
function refusal(error: FleetError): boolean {
	const { scope, session, ambiguous, retryable, status = 0 } = error;
	const refused = status >= 400 && status < 500 && status !== 408 && status !== 429;
	return (scope === 'device' || (session === 'over' && ambiguous)) && (!retryable || refused);
}

/** So long a device that is refused is left alone; then it is asked about again, by itself. Each time twice as long. */
const FIRST_MS = 60_000;
const LONGEST_MS = 3_600_000;
/**
 * So many requests about parts go by their size, to see whether any part is answered; the next go down to single
 * devices.
 */
const IN_WIDTH = 15;
/** So many devices that are refused one by one, while no other part is answered, are not the fault of the devices. */
const ALIKE = 12;
/** A fault that should pass but lasts for so many looks and so long may lie in one device, too. */
const LASTING_LOOKS = 5;
const LASTING_MS = 180_000;
/** So many requests (the whole, its halves and quarters) tell whether it does. */
const OF_A_FAULT = 7;
/** The same of methods that take one device at a time, where others were answered before. */
const IN_A_ROW = 10;

/** A time in which nothing is asked, in milliseconds. */
interface Pause {
	/** How often in a row. */
	times: number;
	from: number;
	until: number;
}

/** A clock that was set back ends it, so that it does not last for longer. */
const lasts = (pause: Pause | undefined, now: number) => pause !== undefined && now >= pause.from && now < pause.until;

/** The next of several, each twice as long as the one before. */
function pauseAfter(pause: Pause | undefined, now: number, firstMs: number): Pause {
	const { times = 0 } = pause ?? {};
	return { times: times + 1, from: now, until: now + Math.min(LONGEST_MS, firstMs * 2 ** times) };
}

/** Forgets those that nobody has asked about for long. */
function prune(pauses: Map<string, { until: number }>, now: number): void {
	for (const [name, { until }] of pauses) if (until < now - 2 * LONGEST_MS) pauses.delete(name);
}

/**
 * A batch that is refused whichever part is asked about: for a while it is not searched, but one of its devices is
 * asked about in turn.
 */
interface Vain extends Pause {
	/** Devices that were refused by themselves since the turn began. */
	asked: Set<string>;
	/** How often all of them were. */
	turns: number;
}

/** A fault that should pass. */
interface Fault {
	looks: number;
	from: number;
	until: number;
}

/** What is known of one operation. */
interface Known {
	/** Devices that the vendor refuses. */
	readonly refused: Map<string, Pause & { error: FleetError }>;
	/** Parts of a batch that was refused, of which it is not known yet whether they hold the device that was meant. */
	suspects: (readonly string[])[];
	readonly vain: Map<string, Vain>;
	/** Devices that were asked about when a fault came which should have passed, since they were answered. */
	readonly faults: Map<string, Fault>;
	/** Devices refused since another was answered; undefined: none was, so far. */
	inARow: number | undefined;
}

/**
 * Which devices of an account the vendor refuses, by operation: one that has left the account must not take those with
 * it that are asked about in the same request, nor cost every poll the search for it.
 */
export class Refusals {
	private readonly known = new Map<string, Known>();

	/** The requests in which some devices are to be asked about. */
	parts(operation: string, devices: readonly string[], now: number): Parts {
		let known = this.known.get(operation);
		if (known === undefined)
			this.known.set(
				operation,
				(known = { refused: new Map(), suspects: [], vain: new Map(), faults: new Map(), inARow: undefined }),
			);
		return new Parts(known, devices, now);
	}
}

/** One look at some devices: in one request if the vendor takes it, else in halves until those it refuses are found. */
export class Parts {
	/** Devices that are refused, and why. */
	readonly refused = new Map<string, FleetError>();
	private queue: (readonly string[])[];
	/** Devices that are asked about in one request as long as it is not in vain. */
	private readonly together: string[];
	private readonly batch: string;
	/** Undefined: it is not known to be in vain. */
	private readonly vain: Vain | undefined;
	/** The fault should have passed. */
	private faulty = false;
	private readonly left: Set<string>;
	/** Refused for the first time. */
	private readonly fresh: string[] = [];
	private requests = 0;
	private answersGiven = 0;

	constructor(
		private readonly known: Known,
		private readonly devices: readonly string[],
		private readonly now: number,
	) {
		const alone: string[][] = [];
		this.left = new Set(devices);
		for (const device of devices) {
			const refused = known.refused.get(device);
			if (refused === undefined) continue;
			this.left.delete(device);
			if (lasts(refused, now)) this.refused.set(device, refused.error);
			else alone.push([device]);
		}
		const suspects = known.suspects
			.map((part) => part.filter((device) => this.left.has(device)))
			.filter((part) => part.length > 0);
		const apart = new Set(suspects.flat());
		const together = devices.filter((device) => this.left.has(device) && !apart.has(device));
		for (const [device] of alone) if (device !== undefined) this.left.add(device);
		this.together = together;
		this.batch = together.join();
		this.vain = suspects.length === 0 ? known.vain.get(this.batch) : undefined;
		this.queue =
			this.vain === undefined
				? [...(together.length === 0 ? [] : [together]), ...suspects, ...alone]
				: [...alone, ...this.inTurn(this.vain)];
	}

	/** Devices of a batch that was in vain, one by one: as many as are to be asked about now. */
	private inTurn(vain: Vain): string[][] {
		const turn = this.together.filter((device) => !vain.asked.has(device));
		return (turn.length === 0 ? this.together : turn).slice(0, this.most).map((device) => [device]);
	}

	/** So many single devices are asked about without an answer. */
	private get most(): number {
		return lasts(this.vain, this.now) ? 1 : ALIKE;
	}

	/** Devices to ask about in one request; undefined: all have been. */
	next(): readonly string[] | undefined {
		this.requests += 1;
		return this.requests <= IN_WIDTH ? this.queue.shift() : this.queue.pop();
	}

	/** Whether an answer has come. */
	get answered(): boolean {
		return this.answersGiven > 0;
	}

	/** Devices of which no answer has come. */
	get missing(): string[] {
		return this.devices.filter((device) => this.left.has(device) || this.refused.has(device));
	}

	/** The vendor answered about some. */
	answers(part: readonly string[]): void {
		const { known, left, together } = this;
		this.answersGiven += 1;
		known.inARow = 0;
		for (const device of part) {
			left.delete(device);
			known.faults.delete(device);
			known.refused.delete(device);
		}
		this.cleared(part);
		if (!known.vain.delete(this.batch) || this.vain === undefined) return;
		// So it is not in vain: all others at once.
		const rest = together.filter((device) => left.has(device));
		this.queue = [
			...(rest.length === 0 ? [] : [rest]),
			...this.queue.filter(([device = '']) => !together.includes(device)),
		];
		this.requests = 0;
	}

	/**
	 * The vendor refused some. @returns whether that concerns single devices, and the others are to be asked about all
	 * the same
	 */
	refuses(part: readonly string[], error: FleetError): boolean {
		const [device = ''] = part;
		if (this.devices.length === 1) return this.refusesOne(device, error);
		if (!refusal(error) && !this.lasting(part, error)) return false;
		this.cleared(part);
		if (part.length === 1) this.leaveAlone(device, error);
		else {
			const half = Math.ceil(part.length / 2);
			const halves = [part.slice(0, half), part.slice(half)];
			this.queue.push(...halves);
			this.known.suspects.push(...halves);
		}
		const vain =
			this.answersGiven === 0 &&
			(this.fresh.length >= this.most || this.queue.length === 0 || (this.faulty && this.requests >= OF_A_FAULT));
		if (vain) this.giveUp();
		return !vain;
	}

	/** Whether a fault that should pass does not: each look has tried it again already. */
	private lasting(part: readonly string[], error: FleetError): boolean {
		const { known, now } = this;
		// What may be a value that is wrong, or too many requests: where it lasts, it is not the latter.
		if (error.scope !== 'device' && error.session !== 'suspect') return false;
		prune(known.faults, now);
		for (const device of part) {
			const { looks, from, until } = known.faults.get(device) ?? { looks: 0, from: now, until: -1 };
			if (until !== now) known.faults.set(device, { looks: looks + 1, from: Math.min(from, now), until: now });
		}
		this.faulty = part.every((device) => {
			const { looks, from } = known.faults.get(device) ?? { looks: 0, from: now };
			return looks >= LASTING_LOOKS && now - from >= LASTING_MS;
		});
		return this.faulty;
	}

	/**
	 * A method that takes one device at a time tells nothing of the others: it must have answered about one of them.
	 */
	private refusesOne(device: string, error: FleetError): boolean {
		const { known } = this;
		if (!refusal(error) || known.inARow === undefined) return false;
		known.inARow += 1;
		if (known.inARow > IN_A_ROW) return false;
		this.leaveAlone(device, error);
		return true;
	}

	private leaveAlone(device: string, error: FleetError): void {
		const { known, now } = this;
		const before = known.refused.get(device);
		if (before === undefined) this.fresh.push(device);
		prune(known.refused, now);
		known.refused.set(device, { error, ...pauseAfter(before, now, FIRST_MS) });
		this.refused.set(device, error);
		this.left.delete(device);
	}

	/**
	 * Nothing was answered: it does not seem to lie in single devices. But the next search goes on with those that were
	 * not asked about.
	 */
	private giveUp(): void {
		const { known, fresh, refused, left, queue, devices, now, vain } = this;
		for (const device of fresh) {
			known.refused.delete(device);
			refused.delete(device);
			left.add(device);
		}
		for (const part of queue.splice(0)) this.cleared(part);
		const batch = devices.filter((device) => !refused.has(device));
		const over = vain !== undefined && batch.every((device) => vain.asked.has(device));
		const turns = (vain?.turns ?? 0) + (over ? 1 : 0);
		const asked = new Set([...(vain === undefined || over ? [] : vain.asked), ...fresh]);
		prune(known.vain, now);
		// The more devices, the dearer the search; and each time that it has come to all of them, it becomes rarer.
		const pause =
			vain !== undefined && lasts(vain, now)
				? vain
				: pauseAfter({ times: turns, from: now, until: now }, now, FIRST_MS * Math.max(1, devices.length / 5));
		known.vain.set(batch.join(), { ...pause, asked, turns });
	}

	private cleared(part: readonly string[]): void {
		const { known } = this;
		const own = new Set(part);
		known.suspects = known.suspects
			.map((some) => some.filter((device) => !own.has(device)))
			.filter((some) => some.length > 0);
	}
}

/** So many devices are named in a sentence. */
const NAMED = 10;

/** What to tell of devices that are refused. */
export function refusalOf(refused: ReadonlyMap<string, FleetError>): FleetError | undefined {
	const [[, first] = []] = refused;
	if (first === undefined) return undefined;
	const names = [...refused.keys()].sort();
	const list =
		names.slice(0, NAMED).join(', ') + (names.length > NAMED ? ` and ${String(names.length - NAMED)} more` : '');
	const message =
		names.length === 1
			? `${list} is refused: ${first.message}`
			: `${String(names.length)} devices are refused (${list}). The first: ${first.message}`;
	return first.with({
		message,
		advice: `${first.advice} ${names.length === 1 ? 'It is' : 'They are'} left out, and asked about again from time to time.`.trim(),
	});
}

/** An error that says which device it is about. */
export const naming = (device: string, error: FleetError) => error.with({ message: `${device}: ${error.message}` });
