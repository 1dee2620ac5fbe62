import type { Client } from '../call/client';
import { asFleetError, InvalidParams, type FleetError } from '../describe/errors';
import { ALL, type Ids } from '../describe/field';
import type { AnyOperation } from '../describe/operation';
import type { Position, Row } from '../describe/records';
import { refusalOf } from '../call/refusals';
import { chunks } from '../call/windows';
import type { Cursor } from './cursor';
import { LOOK_BACK_MINUTES, type AnyTrigger, type FleetEvent } from '../describe/trigger';

export const DAY_SECONDS = 86_400;
/** A look that another trigger took is as good for this long at most. */
const SHARED_MS = 60_000;
/** By so much a record may be ahead of the local clock without counting as dated in the future. */
export const CLOCK_SECONDS = 60;
/** A batch is handed over when it has so many events. */
const MOST_EVENTS = 500;
/** Time or quota that learning who was heard of may take, so that something is left for the looks. */
const POSITIONS_SHARE = 0.5;

/** A device, and what is known of when it was last heard of. */
export interface Sighting {
	deviceId: string;
	/** Seconds; undefined: never, or not known in this poll. */
	heard: number | undefined;
}

/**
 * What pages of positions tell that several polls and triggers share: reading a large fleet's is the most that a poll
 * has to do.
 */
const heardOn = new WeakMap<readonly Row[], readonly Sighting[]>();

/** A position, and the vendor's own record of it. */
export interface Found {
	row: Row;
	position: Position;
}

/** What a look at some devices left out. */
interface Missing {
	/** Devices that nothing was learnt of, as they are refused or time ran out. */
	missing: string[];
	/** What ended it, where that does not lie in single devices. */
	error?: FleetError;
}

export interface PollOptions {
	/**
	 * Time between two polls, in milliseconds: what another trigger of the account found out less than half of it ago
	 * is not asked again.
	 */
	intervalMs: number;
	/** How long this poll may take, queueing included. What is left is for the next. */
	budgetMs: number;
	signal?: AbortSignal;
	/** Hears that a request waits for its turn, and for how many milliseconds. */
	onWait?: (ms: number) => void;
}

/** What the user chose, checked. */
export interface DeliverySettings {
	firstRun: 'nothing' | 'latest' | 'since';
	/** Milliseconds. */
	since?: number;
	/** Minutes. */
	lookBack?: number;
	includeRaw: boolean;
}

/** One poll of one trigger: its clock, its limits, and what comes of it. */
export class Poll {
	/** Seconds, when the poll began. */
	readonly now: number;
	readonly event: string;
	readonly firstRun: DeliverySettings['firstRun'];
	/** Seconds. */
	readonly since: number;
	readonly includeRaw: boolean;
	events: FleetEvent[] = [];
	problem: FleetError | undefined;
	stop = false;
	/** Where a trigger that began afresh in this poll has begun: see `PollResult`. */
	began: Cursor | undefined;
	/** Whether any positions came. */
	private positionsRead = false;
	/** Why some did not come. */
	private positionsProblem: FleetError | undefined;
	/** A record that could not be read, of which nothing else depends. */
	private unreadable: FleetError | undefined;
	private readonly refused = new Map<string, FleetError>();
	/** Looks that this poll took itself. */
	reads = 0;
	/**
	 * When the oldest round over the fleet began that still counts for a device, in seconds by the local clock;
	 * undefined: all were looked at in this poll.
	 */
	oldestRead: number | undefined;
	/** Seconds. */
	readonly lookBack: number;
	private readonly deadline: number;
	/** Time or quota is used up. */
	private usedUp = false;
	/** What went wrong would go wrong with every device. */
	private ended = false;

	constructor(
		private readonly client: Client,
		trigger: AnyTrigger,
		readonly params: Readonly<Record<string, unknown>>,
		{ firstRun, since, lookBack = LOOK_BACK_MINUTES, includeRaw }: DeliverySettings,
		private readonly options: PollOptions,
	) {
		const now = client.now();
		this.now = Math.floor(now / 1000);
		this.deadline = now + options.budgetMs;
		this.event = trigger.name;
		this.firstRun = firstRun;
		this.since = Math.floor((since ?? now) / 1000);
		this.includeRaw = includeRaw;
		this.lookBack = Math.round(lookBack * 60);
	}

	/** Whether there is time and quota for another look. */
	goesOn(): boolean {
		this.options.signal?.throwIfAborted();
		return !this.usedUp && !this.ended && this.client.now() < this.deadline;
	}

	/** The local clock as it is now, in seconds. */
	get time(): number {
		return Math.floor(this.client.now() / 1000);
	}

	/**
	 * A time of the vendor's records as far as it is one of the past; undefined if it is not. Clocks differ a little.
	 */
	past(time: number | undefined, now = this.time): number | undefined {
		return time === undefined || time > now + CLOCK_SECONDS ? undefined : Math.min(time, now);
	}

	full(events: number): boolean {
		return events >= MOST_EVENTS;
	}

	/**
	 * Rows of an operation, shared with other triggers that ask the same; a period's end is always beyond the present.
	 */
	read(
		operation: AnyOperation,
		params: Record<string, unknown>,
		{
			mark,
			deadline = this.deadline,
			maxAgeMs = Math.min(this.options.intervalMs / 2, SHARED_MS),
		}: { mark: number; deadline?: number; maxAgeMs?: number },
	): { pages: AsyncIterable<Row[]>; mark: number } {
		const { client, options } = this;
		const now = this.client.now();
		return client.shared.reads.read(
			{
				key: `${operation.resource}.${operation.name} ${JSON.stringify({ ...params, end: undefined })}`,
				now,
				maxAgeMs,
				watermark: mark,
			},
			() => {
				this.reads += 1;
				const { signal, onWait } = options;
				return client.run(operation, params, {
					output: 'raw',
					priority: 'poll',
					deadlineMs: Math.max(1, deadline - this.client.now()),
					signal,
					onWait,
				}) as AsyncIterable<Row[]>;
			},
		);
	}

	/** A row as the operation simplifies it. @throws UnexpectedAnswer */
	record(operation: AnyOperation, row: Row, params: Record<string, unknown>): Record<string, unknown> {
		return operation.record(row, params, this.client.connection) as Record<string, unknown>;
	}

	/**
	 * Devices as the survey asks for them, one request each. @param devices undefined: all, where one request gives all
	 */
	positionGroups(devices: readonly string[] | undefined): (string[] | undefined)[] {
		return devices === undefined
			? [undefined]
			: chunks(devices, this.client.provider.positions?.perRequest ?? Infinity);
	}

	/** Asks about devices together; where that is refused for what may lie in one of them, in parts. */
	async inParts(
		operation: AnyOperation,
		devices: readonly string[],
		ask: (some: string[]) => Promise<void>,
	): Promise<Missing> {
		const parts = this.client.shared.refusals.parts(
			`${operation.resource}.${operation.name}`,
			devices,
			this.client.now(),
		);
		let error: FleetError | undefined;
		for (
			let some = parts.next();
			some !== undefined && error === undefined;
			some = this.goesOn() ? parts.next() : undefined
		) {
			try {
				await ask([...some]);
				parts.answers(some);
			} catch (thrown) {
				const failure = this.failed(thrown);
				if (parts.refuses(some, failure)) continue;
				error = failure;
			}
		}
		for (const [device, refusal] of parts.refused) this.refused.set(device, refusal);
		// What came of the others counts; the next poll goes on with the rest.
		if (error !== undefined && parts.answered && error.timeUp) this.concernsAll(error);
		else if (error !== undefined) return { missing: parts.missing, error };
		return { missing: parts.missing };
	}

	/** Takes in the positions of a group; see inParts for what comes back. */
	private async positionsOf(
		group: readonly string[] | undefined,
		limits: { deadline?: number; maxAgeMs?: number },
		takeIn: (page: Row[], params: Record<string, unknown>) => void,
	): Promise<Missing> {
		const operation = this.positionsOperation;
		const ask = async (devices: Ids) => {
			const params = { devices };
			for await (const page of this.read(operation, params, { mark: this.now, ...limits }).pages)
				takeIn(page, params);
		};
		if (group !== undefined) return await this.inParts(operation, group, ask);
		return await ask(ALL).then(
			() => ({ missing: [] }),
			(thrown: unknown) => ({ missing: [], error: this.failed(thrown) }),
		);
	}

	/** When the devices of a group were heard of last. */
	private async heardIn(
		group: string[] | undefined,
		limits: { deadline: number; maxAgeMs?: number },
	): Promise<Missing & { heard: Sighting[] }> {
		const operation = this.positionsOperation;
		const sightings: Sighting[] = [];
		const missing = await this.positionsOf(group, limits, (page, params) => {
			let heard = heardOn.get(page);
			if (heard === undefined) {
				const found: Found[] = [];
				for (const row of page) this.find(operation, row, params, found);
				heard = found.map(({ position }) => ({ deviceId: position.deviceId, heard: heardOf(position) }));
				if (heard.length === page.length) heardOn.set(page, heard);
			}
			sightings.push(...heard);
			this.positionsRead = true;
		});
		return { ...missing, heard: sightings };
	}

	/** The current positions of a group. */
	async positions(group: string[] | undefined): Promise<Missing & { found: Found[] }> {
		const operation = this.positionsOperation;
		const found: Found[] = [];
		const missing = await this.positionsOf(group, {}, (page, params) => {
			for (const row of page) this.find(operation, row, params, found);
		});
		return { ...missing, found };
	}

	/** One position that cannot be read must not hide the others. */
	private find(operation: AnyOperation, row: Row, params: Record<string, unknown>, found: Found[]): void {
		try {
			found.push({ row, position: this.record(operation, row, params) as unknown as Position });
		} catch (thrown) {
			this.unreadable ??= asFleetError(thrown);
		}
	}

	/** Whether the survey asks for the positions of all in one request. */
	get readsAllPositions(): boolean {
		const { all = false, perRequest } = this.client.provider.positions ?? {};
		return all && (perRequest === undefined || this.devices === ALL);
	}

	/** The operation that gives positions: only asked for where the vendor has one. */
	private get positionsOperation(): AnyOperation {
		const { positions, title } = this.client.provider;
		if (positions === undefined)
			throw new InvalidParams(`${title} does not give positions of a fleet, which this trigger compares.`);
		return positions.operation;
	}

	private get devices(): Ids {
		return (this.params.devices ?? ALL) as Ids;
	}

	/** The devices that the user chose, in the order of their ids; undefined: all, which the survey tells. */
	async chosen(): Promise<string[] | undefined> {
		const { devices } = this;
		if (devices !== ALL) return [...devices].sort();
		if (this.readsAllPositions) return undefined;
		const { signal: _, onWait } = this.options;
		const choices = await this.client.lookup('device', {
			priority: 'poll',
			deadlineMs: Math.max(1, this.deadline - this.client.now()),
			onWait,
		});
		return choices.map(({ value }) => value).sort();
	}

	/**
	 * Every device that is to be looked at, and when it was last heard of.
	 * @param from where the survey of a large fleet broke off in the last poll; the result tells where it did in this
	 * one
	 */
	async sightings(from: string | undefined): Promise<{ sightings: Sighting[]; next: string | undefined }> {
		const { positions } = this.client.provider;
		const chosen = await this.chosen();
		if (positions === undefined)
			return { sightings: (chosen ?? []).map((deviceId) => ({ deviceId, heard: undefined })), next: undefined };
		const { everyMs } = positions;
		const heard = new Map<string, number | undefined>(chosen?.map((device) => [device, undefined]));
		const share = this.client.now() + this.options.budgetMs * (this.readsAllPositions ? 1 : POSITIONS_SHARE);
		const order = this.readsAllPositions ? undefined : rotated(chosen ?? [], from);
		const limits = {
			deadline: Math.min(share, this.deadline),
			...(everyMs === undefined ? {} : { maxAgeMs: everyMs }),
		};
		let done = 0;
		for (const group of this.positionGroups(order)) {
			if (done > 0 && this.client.now() >= share) break;
			const { heard: some, error } = await this.heardIn(group, limits);
			for (const { deviceId, heard: at } of some)
				if (chosen === undefined || heard.has(deviceId)) heard.set(deviceId, at);
			if (error !== undefined) {
				// Without a survey, the looks go round the fleet in turn; but where it tells which devices there are,
				// there is no going on.
				if (this.readsAllPositions || (!error.timeUp && this.concernsAll(error))) throw error;
				if (error.timeUp) break;
				this.positionsProblem ??= error;
			}
			done += group?.length ?? 0;
		}
		return { sightings: [...heard].map(([deviceId, at]) => ({ deviceId, heard: at })), next: order?.[done] };
	}

	/**
	 * Whether a first look waits for positions. What refuses them may give events all the same, and refuses them the
	 * next time, too.
	 */
	waitsForPositions(): boolean {
		const { positionsProblem: unsurveyed } = this;
		if (
			this.client.provider.positions === undefined ||
			this.positionsRead ||
			this.refused.size > 0 ||
			unsurveyed?.retryable === false
		)
			return false;
		if (unsurveyed !== undefined) this.report(unsurveyed);
		return true;
	}

	/** Makes one of our errors of what was thrown; passes on that the poll was aborted. */
	failed(thrown: unknown): FleetError {
		this.options.signal?.throwIfAborted();
		return asFleetError(thrown);
	}

	/** Whether an error ends the poll: it would come with every other device, too. Takes note of it. */
	concernsAll(error: FleetError): boolean {
		if (error.timeUp) {
			this.usedUp = true;
			return true;
		}
		// A fault of the vendor or a late answer may be about one device alone.
		if (!error.permanent && error.scope !== 'account') return false;
		this.ended = true;
		this.stop ||= error.permanent;
		this.problem = error;
		return true;
	}

	/** What is wrong with some devices or records only: all else was looked at. */
	get aside(): FleetError | undefined {
		return refusalOf(this.refused) ?? this.positionsProblem ?? this.unreadable;
	}

	/** Something went wrong with one device. The first such thing is told. */
	report(error: FleetError): void {
		this.problem ??= error;
	}
}

/** Newest time at which any device was heard of, in seconds. @param counts gives a time as far as it counts */
export function newestOf(
	sightings: readonly Sighting[],
	counts = (heard: number | undefined) => heard,
): number | undefined {
	let newest: number | undefined;
	for (const { heard } of sightings) {
		const at = counts(heard);
		if (at !== undefined && (newest === undefined || at > newest)) newest = at;
	}
	return newest;
}

/** When a device was last heard of, in seconds. */
export function heardOf({ time, seenAt }: Pick<Position, 'time' | 'seenAt'>): number | undefined {
	const times = [time, seenAt].filter((iso) => iso !== null).map((iso) => Math.floor(Date.parse(iso) / 1000));
	return times.length === 0 ? undefined : Math.max(...times);
}

function rotated(list: readonly string[], from: string | undefined): readonly string[] {
	const start = from === undefined ? -1 : list.findIndex((item) => item >= from);
	return start <= 0 ? list : [...list.slice(start), ...list.slice(0, start)];
}
