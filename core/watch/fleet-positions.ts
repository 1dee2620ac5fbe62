import { asFleetError, InvalidParams } from '../describe/errors';
import { ALL, DEVICES, type Ids } from '../describe/field';
import type { AnyOperation } from '../describe/operation';
import type { Position, Row } from '../describe/records';
import { isAhead, secondsOfIso } from '../describe/time';
import type { PositionSource } from '../describe/trigger';
import { mapped, sorted } from '../call/blocks';
import { chunks } from '../call/windows';
import { noteClocks } from './fleet-clock';
import type { Failed, Poll } from './poll';

/** The share of a poll's time that reading positions may take, so that there is time left to read the devices. */
const POSITIONS_SHARE = 0.5;

/** A device, and when it last reported. */
export interface Sighting {
	deviceId: string;
	/** Seconds; undefined: never, or not known in this poll. */
	reported: number | undefined;
	/** Its newest time in seconds, even if that lies in the future; the same, mostly. */
	newest?: number | undefined;
}

/** A position, and the vendor's own record of it. */
export interface FoundPosition {
	row: Row;
	position: Position;
}

/** Sightings by page of positions. Polls and triggers share pages, and parsing a large fleet's dominates a poll. */
const sightingsOnPage = new WeakMap<readonly Row[], Promise<readonly Sighting[]>>();

/** The current positions of the devices that a trigger watches. */
export class FleetPositions {
	/** undefined: the vendor has no operation for the positions of a fleet. */
	private readonly source: PositionSource | undefined;
	/** Whether this poll has read any positions. */
	private anyRead = false;

	constructor(private readonly poll: Poll) {
		this.source = poll.client.provider.positions;
	}

	/** @throws InvalidParams if the vendor has no operation for the positions of a fleet */
	private get operation(): AnyOperation {
		const { provider } = this.poll.client;
		if (provider.positions === undefined)
			throw new InvalidParams(
				`${provider.title} does not give positions of a fleet, which this trigger compares.`,
			);
		return provider.positions.operation;
	}

	private get devices(): Ids {
		return (this.poll.params.devices ?? ALL) as Ids;
	}

	/** Whether the devices are all of the account, and not those that the user chose. */
	get ofAccount(): boolean {
		return this.devices === ALL;
	}

	/** Whether one request returns the positions of all devices. */
	get readsAll(): boolean {
		const { all = false, perRequest } = this.source ?? {};
		return all && (perRequest === undefined || this.devices === ALL);
	}

	/** Devices in groups, one request each. @param devices undefined: all, if one request returns all */
	groups(devices: readonly string[] | undefined): (string[] | undefined)[] {
		return devices === undefined ? [undefined] : chunks(devices, this.source?.perRequest ?? Infinity);
	}

	/** The devices to watch, sorted; undefined: all, and the positions say which they are. */
	async chosen(): Promise<string[] | undefined> {
		const { devices, poll } = this;
		if (devices === ALL && this.readsAll) return undefined;
		const ids =
			devices === ALL
				? (await poll.client.lookup(DEVICES, poll.lookupOptions)).map(({ value }) => value)
				: devices;
		return await sorted(poll.client, ids, (a, b) => (a < b ? -1 : 1));
	}

	/** The current positions of a group. */
	async read(group: string[] | undefined): Promise<Failed & { found: FoundPosition[] }> {
		const found: FoundPosition[] = [];
		const failed = await this.pages(group, {}, (page, params) =>
			this.poll.each(page, (row) => {
				const position = this.positionOf(row, params);
				if (position !== undefined) found.push({ row, position });
			}),
		);
		return { ...failed, found };
	}

	/** Reads the pages of a group. */
	private async pages(
		group: readonly string[] | undefined,
		limits: { deadline?: number; maxAgeMs?: number },
		take: (page: Row[], params: Record<string, unknown>) => Promise<void>,
	): Promise<Failed> {
		const { operation, poll } = this;
		const read = async (devices: Ids) => {
			const params = { devices };
			for await (const page of poll.read(operation, params, { watermark: poll.now, ...limits }).pages)
				await take(page, params);
		};
		if (group !== undefined) return await poll.inParts(operation, group, read);
		return await read(ALL).then(
			() => ({ missing: [] }),
			(thrown: unknown) => ({ missing: [], error: poll.failed(thrown) }),
		);
	}

	/** A position that cannot be read must not hide the others. */
	private positionOf(row: Row, params: Record<string, unknown>): Position | undefined {
		const { operation, poll } = this;
		try {
			return poll.record(operation, row, params) as unknown as Position;
		} catch (thrown) {
			poll.unreadable ??= asFleetError(thrown);
			return undefined;
		}
	}

	/** When the devices of a group last reported. */
	private async sightingsOf(
		group: string[] | undefined,
		limits: { deadline: number; maxAgeMs?: number },
	): Promise<Failed & { found: Sighting[] }> {
		const sightings: Sighting[] = [];
		const failed = await this.pages(group, limits, async (page, params) => {
			// Spread, a long list would be more arguments than a function takes.
			for (const sighting of await this.sightingsOn(page, params)) sightings.push(sighting);
			this.anyRead = true;
		});
		return { ...failed, found: sightings };
	}

	/** Polls that read a page at the same time wait for the first of them. */
	private async sightingsOn(page: readonly Row[], params: Record<string, unknown>): Promise<readonly Sighting[]> {
		const known = await sightingsOnPage.get(page);
		// Each poll reports by itself what it cannot read.
		if (known?.length === page.length) return known;
		const reading = this.sightingsIn(page, params);
		sightingsOnPage.set(page, reading);
		return await reading;
	}

	private async sightingsIn(page: readonly Row[], params: Record<string, unknown>): Promise<Sighting[]> {
		const sightings: Sighting[] = [];
		await this.poll.each(page, (row) => {
			const position = this.positionOf(row, params);
			if (position === undefined) return;
			sightings.push({
				deviceId: position.deviceId,
				reported: lastReport(position, this.poll.now),
				newest: newestTime(timesOf(position)),
			});
		});
		return sightings;
	}

	/**
	 * Every device to watch, and when it last reported.
	 * @param from the device at which the last poll stopped reading the positions of a large fleet; the result's `next`
	 * is the one at which this poll stopped
	 */
	async sightings(from: string | undefined): Promise<{ sightings: Sighting[]; next: string | undefined }> {
		const { poll, readsAll, source } = this;
		const chosen = await this.chosen();
		if (source === undefined)
			return {
				sightings: (chosen ?? []).map((deviceId) => ({ deviceId, reported: undefined })),
				next: undefined,
			};
		const { everyMs } = source;
		const reported = new Map<string, number | undefined>(chosen?.map((device) => [device, undefined]));
		const newestTimes = new Map<string, number | undefined>();
		const shareEnds = poll.deadlineOf(readsAll ? 1 : POSITIONS_SHARE);
		const order = readsAll ? undefined : rotated(chosen ?? [], from);
		const limits = {
			deadline: Math.min(shareEnds, poll.deadline),
			...(everyMs === undefined ? {} : { maxAgeMs: everyMs }),
		};
		let done = 0;
		for (const group of this.groups(order)) {
			if (done > 0 && poll.client.now() >= shareEnds) break;
			const { found, error } = await this.sightingsOf(group, limits);
			await poll.each(found, ({ deviceId, reported: at, newest: time }) => {
				if (chosen !== undefined && !reported.has(deviceId)) return;
				reported.set(deviceId, at);
				newestTimes.set(deviceId, time);
			});
			if (error !== undefined) {
				// Without positions, the sweep still reads every device in turn. But if only the positions say which
				// devices there are, the poll cannot continue.
				if (readsAll || (!error.timeUp && poll.concernsAll(error))) throw error;
				if (error.timeUp) break;
				poll.positionsProblem ??= error;
			}
			done += group?.length ?? 0;
		}
		noteClocks(poll, newestTimes);
		return {
			sightings: await mapped(poll.client, [...reported], ([deviceId, at]) => ({ deviceId, reported: at })),
			next: order?.[done],
		};
	}

	/**
	 * Whether the first poll has to wait until positions can be read. If the vendor refuses them, it refuses them the
	 * next time as well, and may return events all the same.
	 */
	mustWait(): boolean {
		const { poll } = this;
		const { positionsProblem: problem } = poll;
		if (this.source === undefined || this.anyRead || poll.refusesAny || problem?.retryable === false) return false;
		if (problem !== undefined) poll.report(problem);
		return true;
	}
}

/** Newest time at which any device reported, in seconds. @param counting maps a time to what counts of it */
export function newestOf(
	sightings: readonly Sighting[],
	counting = (reported: number | undefined) => reported,
): number | undefined {
	let newest: number | undefined;
	for (const { reported } of sightings) {
		const at = counting(reported);
		if (at !== undefined && (newest === undefined || at > newest)) newest = at;
	}
	return newest;
}

/** The times of a device's latest report, in seconds: when it was, and when the vendor had it. */
export function timesOf({ time, seenAt }: Pick<Position, 'time' | 'seenAt'>): number[] {
	return [time, seenAt].filter((iso) => iso !== null).map(secondsOfIso);
}

// Spread, a long list would be more arguments than a function takes.
export const newestTime = (times: readonly number[]) =>
	times.length === 0 ? undefined : times.reduce((newest, at) => Math.max(newest, at));

/**
 * When a device last reported, in seconds. Times in the future do not count, unless there are no others.
 * @param now seconds
 */
export function lastReport(position: Pick<Position, 'time' | 'seenAt'>, now: number): number | undefined {
	const times = timesOf(position);
	return newestTime(times.filter((at) => !isAhead(at, now))) ?? newestTime(times);
}

/** The list, starting at an item and continuing at its beginning. */
function rotated(list: readonly string[], from: string | undefined): readonly string[] {
	const start = from === undefined ? -1 : list.findIndex((item) => item >= from);
	return start <= 0 ? list : [...list.slice(start), ...list.slice(0, start)];
}
