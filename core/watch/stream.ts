import type { FleetError } from '../describe/errors';
import type { FleetEvent, StreamSource } from '../describe/trigger';
import { naming } from '../call/refusals';
import { chunks } from '../call/windows';
import type { Cursor } from './cursor';
import { FleetPositions, newestOf, type Sighting } from './fleet-positions';
import { DAY_SECONDS, type Poll } from './poll';
import { correctClock } from './stream-clock';
import { Coverage } from './stream-coverage';
import { firstStreamCursor, packFleet, type StoredStream } from './stream-cursor';
import { StreamScheduler } from './stream-scheduler';
import { WindowReader, type StreamWindow } from './stream-window';

/** When this many devices fail one after another, the cause is not the devices. */
const FAILURES = 10;

/** Polls a stream once; `poll` takes the events. @throws FleetError if nothing could be read */
export async function pollStream(
	poll: Poll,
	source: StreamSource,
	stored: StoredStream | undefined,
): Promise<Cursor | undefined> {
	const fleet = new FleetPositions(poll);
	const { sightings, next } = await fleet.sightings(stored?.cursor.survey);
	// Events are new from the vendor's own time on, and nothing has shown that time yet.
	if (stored === undefined && sightings.length > 0 && fleet.mustWait()) return undefined;
	const devices = fleet.ofAccount ? packFleet(sightings.map(({ deviceId }) => deviceId)) : undefined;
	const now = poll.time;
	const newest = newestOf(sightings, (reported) => poll.past(reported, now));
	const all = poll.positionsProblem === undefined && next === undefined;
	const latest = all ? newestOf(sightings) : undefined;
	const from = stored === undefined ? undefined : correctClock(poll, stored, { newest, latest });
	const watermark = Math.max(from?.cursor.mark ?? 0, newest ?? 0);
	const stream = new StreamPoll(poll, source, from ?? begin(poll, watermark, newest, devices), watermark);
	await stream.run(sightings, devices);
	return await stream.end(next);
}

/** The poll continues with this cursor and changes it, so `began` is a copy. */
function begin(poll: Poll, watermark: number, newest: number | undefined, fleet: string | undefined): StoredStream {
	const first = firstStreamCursor(poll, watermark, newest);
	const cursor = fleet === undefined ? first : { ...first, fleet };
	poll.began = structuredClone(cursor);
	return { cursor, ahead: new Map() };
}

/** What a read of some devices has led to. */
interface Read {
	/** The sweep continues without these devices. */
	settled: readonly string[];
	/** The poll ends here. */
	enough: boolean;
}

class StreamPoll {
	private readonly coverage: Coverage;
	private readonly windows: WindowReader;
	/** Newest record time that was known before the first read of this poll. */
	private readonly watermark: number;
	private failures = 0;

	constructor(
		private readonly poll: Poll,
		private readonly source: StreamSource,
		stored: StoredStream,
		newest: number,
	) {
		// Never by the local clock: a time that no record has reached would hide those that follow.
		this.watermark = Math.max(newest, stored.cursor.since);
		this.coverage = new Coverage(stored, this.watermark, poll.lookBack);
		this.windows = new WindowReader(poll, source, this.coverage, this.watermark, newest);
	}

	/** Reads one group of devices after another until all are read, or no time or quota is left. */
	async run(sightings: readonly Sighting[], fleet: string | undefined): Promise<void> {
		const { poll, source, coverage, watermark } = this;
		coverage.take(
			sightings.map(({ deviceId }) => deviceId),
			fleet,
		);
		const reads = { sightings, watermark, now: poll.now };
		const scheduler = await StreamScheduler.of(poll.client, coverage, source.perRequest, reads);
		while (poll.goesOn()) {
			const devices = scheduler.next();
			if (devices === undefined) break;
			const { settled, enough } = await this.read(devices);
			// A read that had no time or quota left did not take place.
			if (settled.length > 0 || !enough) scheduler.takeTurn();
			scheduler.settle(settled);
			if (enough) break;
		}
		if (!scheduler.end()) poll.oldestRead = coverage.sweep.atBefore;
	}

	/** Reads some devices, except those that the vendor refuses. */
	async read(devices: string[]): Promise<Read> {
		const { poll, source, coverage, windows } = this;
		let window = windows.open(devices);
		const unfinished: StreamWindow[] = [];
		const {
			missing,
			waiting = [],
			error,
		} = await poll.inParts(source.operation, devices, async (some) => {
			if (some.length < devices.length) window = windows.open(some);
			if (await windows.read(window)) {
				this.failures = 0;
				windows.finish(window);
			} else unfinished.push(window);
		});
		const [full] = unfinished;
		if (full !== undefined) return this.breakOff(undefined, full);
		if (error !== undefined) return this.breakOff(error, { ...window, devices: missing });
		coverage.fallBehind(missing);
		const settled = devices.filter((device) => !waiting.includes(device));
		return { settled, enough: poll.full(windows.count) };
	}

	/** Ends a read before its last page. @param error undefined: there are more events than a poll takes */
	private breakOff(error: FleetError | undefined, window: StreamWindow): Read {
		const { poll, source, coverage, windows } = this;
		const { devices, begin, coversUntil, reached, latest } = window;
		const all = error !== undefined && poll.concernsAll(error);
		const [device = ''] = devices;
		// All pages up to `reached` have been read, so the next read begins with that second. A read that gets no
		// further begins there again.
		const inOrder = source.ascending && devices.length === 1;
		const midway = inOrder && (reached > begin || (coverage.behind.get(device)?.length ?? 0) > 1);
		// What is left is dated in the future. The next read finds it as well, and begins with the present.
		const complete = inOrder && reached > coversUntil;
		if (midway) windows.deliverLatest(latest, reached);
		if (complete) coverage.advance(devices, begin, coversUntil);
		else if (midway) coverage.behind.set(device, [coverage.of(device), reached, coversUntil]);
		if (error === undefined || all)
			return { settled: complete || (midway && reached > begin) ? devices : [], enough: true };
		if (!midway) for (const id of devices) coverage.behind.set(id, [coverage.of(id)]);
		poll.report(devices.length === 1 ? naming(device, error) : error);
		this.failures += 1;
		return { settled: devices, enough: this.failures >= FAILURES };
	}

	get count(): number {
		return this.windows.count;
	}

	/** Hands the events to the poll. @returns the cursor to store once they are delivered */
	async end(survey: string | undefined): Promise<Cursor> {
		this.poll.events = await this.windows.inOrder();
		return this.coverage.write(this.windows.newest, survey);
	}
}

/** Most events that a trial shows, and most devices that it reads for them. */
const SAMPLE_EVENTS = 10;
const SAMPLE_DEVICES = 10;

/** Recent events of the devices that reported last. */
export async function sampleStream(poll: Poll, source: StreamSource): Promise<FleetEvent[]> {
	const { sightings } = await new FleetPositions(poll).sightings(undefined);
	const devices = sightings.sort((a, b) => (b.reported ?? 0) - (a.reported ?? 0)).map(({ deviceId }) => deviceId);
	const present = newestOf(sightings, (reported) => poll.past(reported)) ?? poll.now;
	const dayAgo = present - DAY_SECONDS;
	const cursor = {
		...firstStreamCursor(poll, present, present),
		since: 0,
		round: { began: dayAgo, before: dayAgo, at: poll.now, atBefore: poll.now },
	};
	const stream = new StreamPoll(poll, source, { cursor, ahead: new Map() }, present);
	for (const some of chunks(devices.slice(0, Math.max(SAMPLE_DEVICES, source.perRequest)), source.perRequest)) {
		if (!poll.goesOn()) break;
		await stream.read(some);
		if (stream.count >= SAMPLE_EVENTS) break;
	}
	await stream.end(undefined);
	return poll.events.slice(-SAMPLE_EVENTS);
}
