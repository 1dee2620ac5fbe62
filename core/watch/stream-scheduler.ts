import { filtered, sorted, type InBlocks } from '../call/blocks';
import { chunks } from '../call/windows';
import type { Sighting } from './fleet-positions';
import type { Coverage } from './stream-coverage';
import { leftOf, nextSweep } from './sweep';

/** One of this many reads goes to the sweep, even while devices that have reported are waiting. */
const FAIR_SHARE = 10;
/** A fleet that needs no more reads than this is read in the order of the sweep. */
const FEW_READS = 4;

/**
 * Decides which devices a poll reads next. Devices whose read stopped midway come first, then those that have reported
 * since their last read, longest unread first. A share of the reads goes to the sweep, so that no device waits for
 * ever.
 */
export class StreamScheduler {
	private readonly settled = new Set<string>();
	private readonly urgent: () => string[] | undefined;
	private readonly sweeping: () => string[] | undefined;
	private turn = 0;

	/** @param devices sorted @param haveReported since their last read, longest unread first */
	private constructor(
		private readonly coverage: Coverage,
		private readonly devices: readonly string[],
		haveReported: readonly string[],
		perRequest: number,
	) {
		const unfinished = [...coverage.behind].filter(([, { length }]) => length > 1).map(([device]) => [device]);
		this.urgent = unsettled([...unfinished, ...chunks(haveReported, perRequest)], this.settled);
		const left = leftOf(coverage.sweep, devices);
		this.sweeping = unsettled(grouped(left, perRequest, this.settled), this.settled);
	}

	/** However large the fleet is, others have their turns while it is put in order. */
	static async of(
		program: InBlocks,
		coverage: Coverage,
		perRequest: number,
		{ sightings, watermark, now }: { sightings: readonly Sighting[]; watermark: number; now: number },
	): Promise<StreamScheduler> {
		const ids = sightings.map(({ deviceId }) => deviceId);
		const devices = await sorted(program, ids, (a, b) => (a < b ? -1 : 1));
		nextSweep(coverage.sweep, devices, watermark, now);
		if (sightings.length <= perRequest * FEW_READS) return new StreamScheduler(coverage, devices, [], perRequest);
		const reported = await filtered(
			program,
			sightings,
			({ deviceId, reported: at }) => at !== undefined && at > coverage.of(deviceId),
		);
		const urgent = await sorted(
			program,
			reported.map(({ deviceId }) => deviceId),
			(a, b) => coverage.of(a) - coverage.of(b) || (a < b ? -1 : 1),
		);
		return new StreamScheduler(coverage, devices, urgent, perRequest);
	}

	/** The devices of the next request; undefined if none are left. */
	next(): string[] | undefined {
		// Counted across polls, because some polls have time for a few reads only.
		this.turn = ((this.coverage.cursor.turn ?? 0) + 1) % FAIR_SHARE;
		const [first, second] = this.turn === 0 ? [this.sweeping, this.urgent] : [this.urgent, this.sweeping];
		return first() ?? second();
	}

	/** The last read took place; one that had no time or quota left did not. */
	takeTurn(): void {
		this.coverage.cursor.turn = this.turn;
	}

	/** The sweep continues without these devices. */
	settle(devices: readonly string[]): void {
		for (const device of devices) this.settled.add(device);
	}

	/** Stores where the sweep continues. @returns whether it is complete */
	end(): boolean {
		const { coverage, devices } = this;
		const { sweep } = coverage;
		const next = leftOf(sweep, devices).find((device) => !this.settled.has(device));
		if (next === undefined) delete sweep.next;
		else sweep.next = next;
		return next === undefined;
	}
}

/** Groups of devices, without those that are settled by the time a group is taken. */
function* grouped(devices: readonly string[], size: number, settled: ReadonlySet<string>): Generator<string[]> {
	let group: string[] = [];
	for (const device of devices) {
		if (settled.has(device)) continue;
		group.push(device);
		if (group.length < size) continue;
		yield group;
		group = [];
	}
	if (group.length > 0) yield group;
}

/** Returns one group after another, each without the devices that are settled by then. */
function unsettled(groups: Iterable<string[]>, settled: ReadonlySet<string>): () => string[] | undefined {
	const iterator = groups[Symbol.iterator]();
	return () => {
		for (;;) {
			const next = iterator.next() as IteratorResult<string[], undefined>;
			if (next.done === true) return undefined;
			const left = next.value.filter((device) => !settled.has(device));
			if (left.length > 0) return left;
		}
	};
}
