import { DeviceOffline, InvalidParams, NotFound, NotPermitted, SessionExpired, TooLarge, UnexpectedAnswer, VendorFault, type FleetError } from '../describe/errors';

/** Whether one of the devices may be what is wrong with a request about many. */
export function mayLieInOne(error: FleetError): boolean {
	return [InvalidParams, NotPermitted, NotFound, DeviceOffline, TooLarge, UnexpectedAnswer, VendorFault].some((kind) => error instanceof kind);
}

/** So long a device that is refused is left alone; then it is asked about again, by itself. Each time twice as long. */
const FIRST_MS = 60_000;
const LONGEST_MS = 3_600_000;
/** So many requests about parts go by their size, to see whether any part is answered; the next go down to single devices. */
const IN_WIDTH = 15;
/** So many devices that are refused one by one, while no other part is answered, are not the fault of the devices. */
const ALIKE = 12;
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
function prune(pauses: Map<string, Pause>, now: number): void {
	for (const [name, { until }] of pauses) if (until < now - 2 * LONGEST_MS) pauses.delete(name);
}

/** What is known of one operation. */
interface Known {
	/** Devices that the vendor refuses. */
	readonly refused: Map<string, Pause & { error: FleetError }>;
	/** Parts of a batch that was refused, of which it is not known yet whether they hold the device that was meant. */
	suspects: (readonly string[])[];
	/** Batches that are refused whichever part is asked about: for a while, they are not searched. */
	readonly vain: Map<string, Pause>;
	/** Devices refused since another was answered; undefined: none was, so far. */
	inARow: number | undefined;
}

/**
 * Which devices of an account the vendor refuses, by operation: one that has left the account must not take those with it that are
 * asked about in the same request, nor cost every poll the search for it.
 */
export class Refusals {
	private readonly known = new Map<string, Known>();

	/** The requests in which some devices are to be asked about. */
	parts(operation: string, devices: readonly string[], now: number): Parts {
		let known = this.known.get(operation);
		if (known === undefined) this.known.set(operation, (known = { refused: new Map(), suspects: [], vain: new Map(), inARow: undefined }));
		return new Parts(known, devices, now);
	}
}

/** One look at some devices: in one request if the vendor takes it, else in halves until those it refuses are found. */
export class Parts {
	/** Devices that are refused, and why. */
	readonly refused = new Map<string, FleetError>();
	private readonly queue: (readonly string[])[];
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
		const suspects = known.suspects.map((part) => part.filter((device) => this.left.has(device))).filter((part) => part.length > 0);
		const apart = new Set(suspects.flat());
		const together = devices.filter((device) => this.left.has(device) && !apart.has(device));
		for (const [device] of alone) if (device !== undefined) this.left.add(device);
		this.queue = [...(together.length === 0 ? [] : [together]), ...suspects, ...alone];
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
		const { known, left } = this;
		this.answersGiven += 1;
		known.inARow = 0;
		known.vain.delete(part.join());
		for (const device of part) {
			left.delete(device);
			known.refused.delete(device);
		}
		this.cleared(part);
	}

	/** The vendor refused some. @returns whether that concerns single devices, and the others are to be asked about all the same */
	refuses(part: readonly string[], error: FleetError): boolean {
		const [device = ''] = part;
		if (this.devices.length === 1) return this.refusesOne(device, error);
		// What a new attempt may mend has been tried again already.
		if (!mayLieInOne(error) || error.retryable || lasts(this.known.vain.get(part.join()), this.now)) return false;
		this.cleared(part);
		if (part.length === 1) this.leaveAlone(device, error);
		else {
			const half = Math.ceil(part.length / 2);
			const halves = [part.slice(0, half), part.slice(half)];
			this.queue.push(...halves);
			this.known.suspects.push(...halves);
		}
		const vain = this.answersGiven === 0 && (this.fresh.length >= ALIKE || this.queue.length === 0);
		if (vain) this.giveUp();
		return !vain;
	}

	/** A method that takes one device at a time tells nothing of the others: it must have answered about one of them. */
	private refusesOne(device: string, error: FleetError): boolean {
		const { known } = this;
		if (!(mayLieInOne(error) || (error instanceof SessionExpired && error.doubtful)) || error.retryable || known.inARow === undefined) return false;
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

	/** Nothing was answered: it does not lie in single devices. */
	private giveUp(): void {
		const { known, fresh, refused, left, queue, devices, now } = this;
		for (const device of fresh) {
			known.refused.delete(device);
			refused.delete(device);
			left.add(device);
		}
		for (const part of queue.splice(0)) this.cleared(part);
		const batch = devices.filter((device) => !refused.has(device)).join();
		prune(known.vain, now);
		// The more devices, the dearer the search.
		known.vain.set(batch, pauseAfter(known.vain.get(batch), now, FIRST_MS * Math.max(1, devices.length / 5)));
	}

	private cleared(part: readonly string[]): void {
		const { known } = this;
		const own = new Set(part);
		known.suspects = known.suspects.map((some) => some.filter((device) => !own.has(device))).filter((some) => some.length > 0);
	}
}

/** So many devices are named in a sentence. */
const NAMED = 10;

/** What to tell of devices that are refused. */
export function refusalOf(refused: ReadonlyMap<string, FleetError>): FleetError | undefined {
	const [[, first] = []] = refused;
	if (first === undefined) return undefined;
	const names = [...refused.keys()].sort();
	const list = names.slice(0, NAMED).join(', ') + (names.length > NAMED ? ` and ${String(names.length - NAMED)} more` : '');
	const message = names.length === 1 ? `${list} is refused: ${first.message}` : `${String(names.length)} devices are refused (${list}). The first: ${first.message}`;
	return inWords(first, message, `${first.advice} ${names.length === 1 ? 'It is' : 'They are'} left out, and asked about again from time to time.`.trim());
}

/** An error that says which device it is about. */
export const naming = (device: string, error: FleetError) => inWords(error, `${device}: ${error.message}`, error.advice);

/** The same error, so that flows can tell it apart as ever, in other words. */
function inWords(error: FleetError, message: string, advice: string): FleetError {
	const words = (value: string) => ({ value, writable: true, configurable: true });
	return Object.create(Object.getPrototypeOf(error) as object, { ...Object.getOwnPropertyDescriptors(error), message: words(message), advice: words(advice) }) as FleetError;
}
