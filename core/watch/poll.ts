import type { Client } from '../call/client';
import { asFleetError, type FleetError } from '../describe/errors';
import type { AnyOperation, RunOptions } from '../describe/operation';
import { Reading } from '../describe/reading';
import type { Row } from '../describe/records';
import { isAhead } from '../describe/time';
import { refusalOf } from '../call/refusals';
import type { Cursor } from './cursor';
import { LOOK_BACK_MINUTES, type AnyTrigger, type FleetEvent } from '../describe/trigger';

export const DAY_SECONDS = 86_400;
/** A read that another trigger shares is at most this old. */
const SHARED_MS = 60_000;
/** A poll ends when it has this many events. */
const MOST_EVENTS = 500;

/** What a read of some devices did not return. */
export interface Failed {
	/** Devices that nothing is known of: they are refused, or there was no time left. */
	missing: string[];
	/** Those of them that there was no time left for, where others were read. */
	waiting?: string[];
	/** What ended the read, unless the vendor refuses single devices only. */
	error?: FleetError;
}

export interface PollOptions {
	/**
	 * Time between two polls, in milliseconds. Triggers of an account share a read for half of it.
	 */
	intervalMs: number;
	/** How long this poll may take, including its wait for a turn. The next poll continues with the rest. */
	budgetMs: number;
	signal?: AbortSignal;
	/** Called when a request waits for its turn, with the milliseconds that it will wait. */
	onWait?: (ms: number) => void;
}

/** The user's settings, checked. */
export interface DeliverySettings {
	firstRun: 'nothing' | 'latest' | 'since';
	/** Milliseconds. */
	since?: number;
	/** Minutes. */
	lookBack?: number;
	includeRaw: boolean;
}

/** One poll of one trigger: its clock, its limits and its result. */
export class Poll {
	/** Seconds, when the poll began. */
	readonly now: number;
	readonly event: string;
	readonly title: string;
	readonly firstRun: DeliverySettings['firstRun'];
	/** Seconds. */
	readonly since: number;
	readonly includeRaw: boolean;
	events: FleetEvent[] = [];
	problem: FleetError | undefined;
	stop = false;
	/** The cursor of the moment at which the trigger began, if it began in this poll: see `PollResult`. */
	began: Cursor | undefined;
	/** Why some positions could not be read. */
	positionsProblem: FleetError | undefined;
	/** Why a single position could not be read. */
	unreadable: FleetError | undefined;
	private readonly reading: Reading;
	private readonly refused = new Map<string, FleetError>();
	/** Reads that this poll did not share with an earlier one. */
	reads = 0;
	/**
	 * When the last complete sweep began, in seconds by the local clock, if this poll did not complete one. Every
	 * device has been read since then.
	 */
	oldestRead: number | undefined;
	/** Seconds. */
	readonly lookBack: number;
	/** Milliseconds. */
	readonly deadline: number;
	/** No time or quota is left. */
	private usedUp = false;
	/** An error would repeat with every device. */
	private ended = false;

	constructor(
		readonly client: Client,
		trigger: AnyTrigger,
		readonly params: Readonly<Record<string, unknown>>,
		{ firstRun, since, lookBack = LOOK_BACK_MINUTES, includeRaw }: DeliverySettings,
		private readonly options: PollOptions,
	) {
		const now = client.now();
		this.now = Math.floor(now / 1000);
		this.reading = new Reading(() => client.now());
		this.deadline = now + options.budgetMs;
		this.event = trigger.name;
		this.title = trigger.title;
		this.firstRun = firstRun;
		this.since = Math.floor((since ?? now) / 1000);
		this.includeRaw = includeRaw;
		this.lookBack = Math.round(lookBack * 60);
	}

	/** Whether there is time and quota for another read. @throws the signal's reason */
	goesOn(): boolean {
		this.options.signal?.throwIfAborted();
		return !this.usedUp && !this.ended && this.client.now() < this.deadline;
	}

	/** The local clock, in seconds. */
	get time(): number {
		return Math.floor(this.client.now() / 1000);
	}

	/** A record time, if it does not lie in the future; else undefined. Clocks may differ a little. */
	past(time: number | undefined, now = this.time): number | undefined {
		return time === undefined || isAhead(time, now) ? undefined : Math.min(time, now);
	}

	/** Whether a poll with this many events ends here. */
	full(events: number): boolean {
		return events >= MOST_EVENTS;
	}

	/**
	 * Pages of an operation's rows, shared with other triggers that read the same. The end of a period does not count:
	 * it always lies beyond the present.
	 * @returns also the watermark when the read began
	 */
	read(
		operation: AnyOperation,
		params: Record<string, unknown>,
		{
			watermark,
			deadline = this.deadline,
			maxAgeMs = Math.min(this.options.intervalMs / 2, SHARED_MS),
		}: { watermark: number; deadline?: number; maxAgeMs?: number },
	): { pages: AsyncIterable<Row[]>; watermark: number } {
		const { client, options } = this;
		return client.shared.reads.read(
			{
				key: `${operation.resource}.${operation.name} ${JSON.stringify({ ...params, end: undefined })}`,
				now: client.now(),
				maxAgeMs,
				watermark,
			},
			() => {
				this.reads += 1;
				const { signal, onWait } = options;
				return client.run(operation, params, {
					output: 'raw',
					priority: 'poll',
					deadlineMs: Math.max(1, deadline - client.now()),
					signal,
					onWait,
				}) as AsyncIterable<Row[]>;
			},
		);
	}

	/** When a share of this poll's time is over, in milliseconds. */
	deadlineOf(share: number): number {
		return this.client.now() + this.options.budgetMs * share;
	}

	/** For a lookup that belongs to this poll. Other runs may share it, so aborting the poll does not abort it. */
	get lookupOptions(): RunOptions {
		const { onWait } = this.options;
		return { priority: 'poll', deadlineMs: Math.max(1, this.deadline - this.client.now()), onWait };
	}

	/** The operation's simplified record of a row. @throws UnexpectedAnswer */
	record(operation: AnyOperation, row: Row, params: Record<string, unknown>): Record<string, unknown> {
		return this.reading.of(() => operation.record(row, params, this.client.connection) as Record<string, unknown>);
	}

	/** Takes the items of a list one by one, however many there are: the program's other work has its turns. */
	async each<T>(list: readonly T[], take: (item: T) => void): Promise<void> {
		await this.client.inBlocks(list, (block) => {
			for (const item of block) take(item);
		});
	}

	/** Reads devices together. If the vendor refuses them and the cause may be a single one, reads them in parts. */
	async inParts(
		operation: AnyOperation,
		devices: readonly string[],
		read: (some: string[]) => Promise<void>,
	): Promise<Failed> {
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
				await read([...some]);
				parts.answers(some);
			} catch (thrown) {
				const failure = this.failed(thrown);
				if (parts.refuses(some, failure)) continue;
				error = failure;
			}
		}
		for (const [device, refusal] of parts.refused) this.refused.set(device, refusal);
		// The devices that were read count. The next poll continues with the others.
		if (error !== undefined && parts.answered && error.timeUp) this.concernsAll(error);
		else if (error !== undefined) return { missing: parts.missing, error };
		return { missing: parts.missing, waiting: this.goesOn() ? [] : parts.cut() };
	}

	/** The FleetError of whatever was thrown. @throws the signal's reason if the poll was aborted */
	failed(thrown: unknown): FleetError {
		this.options.signal?.throwIfAborted();
		return asFleetError(thrown);
	}

	/** Whether an error ends the poll, because it would repeat with every other device. Then it is noted. */
	concernsAll(error: FleetError): boolean {
		if (error.timeUp) {
			this.usedUp = true;
			return true;
		}
		// A fault of the vendor or a late answer may concern a single device.
		if (!error.permanent && error.scope !== 'account') return false;
		this.ended = true;
		this.stop ||= error.permanent;
		this.problem = error;
		return true;
	}

	/** What to tell of values that could not be read. */
	get warning(): string | undefined {
		return this.reading.warning;
	}

	/** Whether the vendor refuses any devices. */
	get refusesAny(): boolean {
		return this.refused.size > 0;
	}

	/** A problem with some devices or records only. Everything else has been read. */
	get partialProblem(): FleetError | undefined {
		return refusalOf(this.refused) ?? this.positionsProblem ?? this.unreadable;
	}

	/** Notes an error that concerns one device. A poll reports the first. */
	report(error: FleetError): void {
		this.problem ??= error;
	}
}
