import type { FleetError } from '../describe/errors';
import { doubling } from './backoff';
import { keepNames } from './recent';

/**
 * Whether the vendor refuses what was asked for, and would the next time. Of most HTTP errors nobody knows what they
 * mean, but not of 4xx.
 */
export function refusal(error: FleetError): boolean {
	const { scope, session, ambiguous, retryable } = error;
	return (scope === 'device' || (session === 'over' && ambiguous)) && (!retryable || refusedByHttp(error));
}

const refusedByHttp = ({ status = 0 }: FleetError) => status >= 400 && status < 500 && status !== 408 && status !== 429;

/**
 * Whether it is not certain that anything is refused: an answer that cannot be read, though one device's record may be
 * the cause, or a code that may say that the session is over.
 */
const isUnclear = (error: FleetError) =>
	error.unexplained || (error.unreadable && error.vendorCode === undefined && !refusedByHttp(error));

/** A refused device is left out for this long, then tried again by itself. The pause doubles each time. */
const FIRST_MS = 60_000;
const LONGEST_MS = 3_600_000;
/** The first requests about parts go breadth first, to find a part that is answered; later ones go depth first. */
const IN_WIDTH = 15;
/** Most requests without an answer, of which the last are about the smallest parts. */
const UNANSWERED = 19;
/** If this many devices are refused one by one while no part is answered, the devices are not the cause. */
const ALIKE = 12;
/** The same where all parts of their batch have been refused before. */
const ALIKE_AGAIN = 4;
/** A fault that should pass, but lasts for this many reads and this long, may lie in one device, too. */
const LASTING_READS = 5;
const LASTING_MS = 180_000;
/** Requests that show whether a fault or an unclear refusal lies in one device: the whole, its halves and quarters. */
const OF_A_FAULT = 7;
/** The same where all of another batch were refused: the whole and its halves. */
const OF_ANOTHER = 3;
/** The same limit for methods that take one device per request, if others were answered before. */
const IN_A_ROW = 10;

/** A time in which nothing is sent, in milliseconds. */
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
	return { times: times + 1, from: now, until: now + doubling(times + 1, { firstMs, longestMs: LONGEST_MS }) };
}

/** Forgets those that were not requested for long. */
function prune(pauses: Map<string, { until: number }>, now: number): void {
	for (const [name, { until }] of pauses) if (until < now - 2 * LONGEST_MS) pauses.delete(name);
}

/**
 * Devices of one operation that are remembered. More are named by who makes names up: without this, each would cost
 * memory and time for as long as the process lives.
 */
const MOST_KEPT = 2000;

/** A batch whose parts are all refused. For a while it is not searched: each read tries one of its devices in turn. */
interface Vain extends Pause {
	/** Devices that were tried, and refused, in this turn. */
	asked: Set<string>;
	/** Turns in which all of them were. */
	turns: number;
}

/** A fault that should pass. */
interface Fault {
	reads: number;
	from: number;
	until: number;
}

/** What is known of one operation. */
interface Known {
	/** Devices that the vendor refuses. */
	readonly refused: Map<string, Pause & { error: FleetError }>;
	/** Parts of a refused batch that may hold the refused device. */
	suspects: (readonly string[])[];
	/** Why the last of them was refused. */
	suspicion?: FleetError;
	readonly vain: Map<string, Vain>;
	/** Devices in requests that met a fault that should pass, since they were last answered. */
	readonly faults: Map<string, Fault>;
	/** Devices that the time was too short for when their batch was last read: they come first the next time. */
	readonly waiting: Set<string>;
	/** Whether all of another batch were refused, and none of any since. */
	inVain: boolean;
	/** Devices refused since another was answered; undefined: none was answered so far. */
	inARow: number | undefined;
}

/** These devices are no longer suspects. */
function clear(known: Known, devices: readonly string[]): void {
	if (known.suspects.length === 0) return;
	const own = new Set(devices);
	known.suspects = known.suspects
		.map((some) => some.filter((device) => !own.has(device)))
		.filter((some) => some.length > 0);
}

/** One device of each part is refused. */
function suspect(known: Known, parts: readonly (readonly string[])[]): void {
	const suspects = [...known.suspects, ...parts];
	let count = suspects.reduce((sum, { length }) => sum + length, 0);
	// The latest, as many as there is room for.
	known.suspects = suspects.filter(({ length }) => {
		const stays = count <= MOST_KEPT;
		count -= length;
		return stays;
	});
}

/** A device is refused. */
function refuse(known: Known, device: string, error: FleetError, now: number): void {
	const { refused } = known;
	prune(refused, now);
	const entry = { error, ...pauseAfter(refused.get(device), now, FIRST_MS) };
	// Errors name devices in the order in which they were refused first.
	refused.set(device, entry);
	for (const oldest of refused.keys()) {
		if (refused.size <= MOST_KEPT) return;
		refused.delete(oldest);
	}
}

/**
 * Which devices of an account the vendor refuses, by operation. One that has left the account must neither hide the
 * others of its request, nor make every poll search for it again.
 */
export class Refusals {
	private readonly known = new Map<string, Known>();

	/** The requests in which some devices are to be read. */
	parts(operation: string, devices: readonly string[], now: number): Parts {
		return new Parts(this.of(operation), devices, now);
	}

	/** Some devices, and apart from them those that may be, or are, refused. */
	apart<D extends string | number>(
		operation: string,
		devices: readonly D[],
	): Record<'suspects' | 'refused', { devices: D[]; error: FleetError }[]> & { together: D[] } {
		const { refused, suspects, suspicion } = this.of(operation);
		const left = new Map(devices.map((device) => [String(device), device]));
		const taken = (names: readonly string[]) =>
			names.flatMap((name) => {
				const device = left.get(name);
				return device !== undefined && left.delete(name) ? [device] : [];
			});
		const alone = [...refused].map(([device, { error }]) => ({ devices: taken([device]), error }));
		const groups =
			suspicion === undefined ? [] : suspects.map((some) => ({ devices: taken(some), error: suspicion }));
		const some = (list: typeof alone) => list.filter((one) => one.devices.length > 0);
		return { together: [...left.values()], suspects: some(groups), refused: some(alone) };
	}

	/** The vendor refuses a device. */
	refused(operation: string, device: string, error: FleetError, now: number): void {
		const known = this.of(operation);
		clear(known, [device]);
		refuse(known, device, error, now);
	}

	/** One of these devices is refused. */
	suspect(operation: string, devices: readonly string[], error: FleetError): void {
		const known = this.of(operation);
		clear(known, devices);
		suspect(known, [devices]);
		known.suspicion = error;
	}

	/** A request about these devices was answered. */
	answered(operation: string, devices: readonly string[]): void {
		const known = this.known.get(operation);
		if (known === undefined) return;
		clear(known, devices);
		for (const device of devices) known.refused.delete(device);
	}

	private of(operation: string): Known {
		let known = this.known.get(operation);
		if (known === undefined)
			this.known.set(
				operation,
				(known = {
					refused: new Map(),
					suspects: [],
					vain: new Map(),
					faults: new Map(),
					waiting: new Set(),
					inVain: false,
					inARow: undefined,
				}),
			);
		return known;
	}
}

/** One read of some devices: in one request, or if that is refused in halves, until the refused devices are found. */
class Parts {
	/** Devices that are refused, and why. */
	readonly refused = new Map<string, FleetError>();
	private queue: (readonly string[])[];
	/** Devices that are read in one request as long as the batch is not in vain. */
	private readonly together: string[];
	private readonly batch: string;
	/** Undefined: the batch is not known to be in vain. */
	private readonly vain: Vain | undefined;
	/** The fault should have passed. */
	private faulty = false;
	/** Something was refused for certain. */
	private certain = false;
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
				? this.waitingFirst([...(together.length === 0 ? [] : [together]), ...suspects, ...alone])
				: [...alone, ...this.inTurn(this.vain)];
	}

	private waitingFirst(parts: (readonly string[])[]): (readonly string[])[] {
		const { waiting } = this.known;
		const waits = (part: readonly string[]) => part.some((device) => waiting.has(device));
		return waiting.size === 0 ? parts : [...parts.filter(waits), ...parts.filter((part) => !waits(part))];
	}

	/** Devices of a batch that was in vain, one by one: as many as are to be tried now. */
	private inTurn(vain: Vain): string[][] {
		const turn = this.together.filter((device) => !vain.asked.has(device));
		return (turn.length === 0 ? this.together : turn).slice(0, this.most).map((device) => [device]);
	}

	/** Most single devices that are tried without an answer. */
	private get most(): number {
		if (this.vain === undefined) return ALIKE;
		return lasts(this.vain, this.now) ? 1 : ALIKE_AGAIN;
	}

	private get mostRequests(): number {
		if (this.known.inVain) return OF_ANOTHER;
		return this.certain ? UNANSWERED : OF_A_FAULT;
	}

	/** Devices of the next request; undefined: there is none. */
	next(): readonly string[] | undefined {
		this.requests += 1;
		const part = this.requests <= IN_WIDTH ? this.queue.shift() : this.queue.pop();
		for (const device of part ?? []) this.known.waiting.delete(device);
		return part;
	}

	/** No time is left. @returns the devices that have neither been answered nor refused */
	cut(): string[] {
		const rest = this.devices.filter((device) => this.left.has(device));
		for (const device of rest) this.known.waiting.add(device);
		keepNames(this.known.waiting, (name) => this.left.has(name));
		return rest;
	}

	/** Whether an answer has come. */
	get answered(): boolean {
		return this.answersGiven > 0;
	}

	/** Devices without an answer. */
	get missing(): string[] {
		return this.devices.filter((device) => this.left.has(device) || this.refused.has(device));
	}

	/** The request about a part was answered. */
	answers(part: readonly string[]): void {
		const { known, left, together } = this;
		this.answersGiven += 1;
		known.inARow = 0;
		known.inVain = false;
		for (const device of part) {
			left.delete(device);
			known.faults.delete(device);
			known.refused.delete(device);
		}
		clear(known, part);
		if (!known.vain.delete(this.batch) || this.vain === undefined) return;
		// So the batch is not in vain: all others in one request.
		const rest = together.filter((device) => left.has(device));
		this.queue = [
			...(rest.length === 0 ? [] : [rest]),
			...this.queue.filter(([device = '']) => !together.includes(device)),
		];
		this.requests = 0;
	}

	/** The request about a part was refused. @returns whether that concerns single devices, and the search goes on */
	refuses(part: readonly string[], error: FleetError): boolean {
		const [device = ''] = part;
		if (this.devices.length === 1) return this.refusesOne(device, error);
		if (!refusal(error) && !this.lasting(part, error)) return false;
		this.certain ||= !this.faulty && !isUnclear(error);
		clear(this.known, part);
		if (part.length === 1) this.leaveAlone(device, error);
		else {
			const half = Math.ceil(part.length / 2);
			const halves = [part.slice(0, half), part.slice(half)];
			this.queue.push(...halves);
			suspect(this.known, halves);
		}
		const vain =
			this.answersGiven === 0 &&
			(this.fresh.length >= this.most || this.queue.length === 0 || this.requests >= this.mostRequests);
		if (vain) this.giveUp();
		return !vain;
	}

	/** Whether a fault that should pass does not: each read has tried again already. */
	private lasting(part: readonly string[], error: FleetError): boolean {
		const { known, now } = this;
		// An answer that means a wrong value or too many requests: where it lasts, it is not the latter.
		if (error.scope !== 'device' && error.session !== 'suspect') return false;
		prune(known.faults, now);
		const own = new Set(part);
		keepNames(known.faults, (name) => own.has(name));
		for (const device of part) {
			const { reads, from, until } = known.faults.get(device) ?? { reads: 0, from: now, until: -1 };
			if (until !== now) known.faults.set(device, { reads: reads + 1, from: Math.min(from, now), until: now });
		}
		this.faulty = part.every((device) => {
			const { reads, from } = known.faults.get(device) ?? { reads: 0, from: now };
			return reads >= LASTING_READS && now - from >= LASTING_MS;
		});
		return this.faulty;
	}

	/** A method that takes one device says nothing about the others: it must have answered one of them before. */
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
		if (!known.refused.has(device)) this.fresh.push(device);
		refuse(known, device, error, now);
		this.refused.set(device, error);
		this.left.delete(device);
	}

	/** Nothing was answered, so single devices do not seem to be the cause. The next search begins with the others. */
	private giveUp(): void {
		const { known, fresh, refused, left, queue, devices, now, vain } = this;
		for (const device of fresh) {
			known.refused.delete(device);
			refused.delete(device);
			left.add(device);
		}
		for (const part of queue.splice(0)) clear(known, part);
		known.inVain = true;
		const batch = devices.filter((device) => !refused.has(device));
		const over = vain !== undefined && batch.every((device) => vain.asked.has(device));
		const turns = (vain?.turns ?? 0) + (over ? 1 : 0);
		const asked = new Set([...(vain === undefined || over ? [] : vain.asked), ...fresh]);
		prune(known.vain, now);
		keepNames(known.vain, (name) => name === this.batch);
		// A search costs more with more devices. After each that has tried all of them, the next comes later.
		const pause =
			vain !== undefined && lasts(vain, now)
				? vain
				: pauseAfter({ times: turns, from: now, until: now }, now, FIRST_MS * Math.max(1, devices.length / 5));
		known.vain.set(batch.join(), { ...pause, asked, turns });
	}
}

/** Devices named in a sentence. */
const NAMED = 10;

/** What to report of refused devices. */
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
		advice: `${first.advice} ${names.length === 1 ? 'It is' : 'They are'} skipped and tried again from time to time.`.trim(),
	});
}

/** The error with the device's name in its words. */
export const naming = (device: string, error: FleetError) => error.with({ message: `${device}: ${error.message}` });
