import type { Client } from '../call/client';
import { InvalidParams, type FleetError } from '../describe/errors';
import { readFields, type Fields } from '../describe/field';
import type { Cursor } from './cursor';
import { Poll, type PollOptions, type DeliverySettings } from './poll';
import { pollStream, sampleStream } from './stream';
import { readStreamCursor } from './stream-cursor';
import {
	deliveryFields,
	sourceOf,
	type AnyTrigger,
	type FleetEvent,
	type StreamSource,
	type SnapshotSource,
} from '../describe/trigger';
import { pollSnapshot, readSnapshotCursor, sampleSnapshot } from './snapshot';

export interface PollResult {
	/** New events, in ascending order of time for each device. */
	events: FleetEvent[];
	/**
	 * The host stores it once the events are delivered, and passes it to the next poll. Plain JSON. Undefined until a
	 * read has succeeded.
	 */
	cursor: Cursor | undefined;
	/**
	 * The cursor of the moment at which the trigger began, if it began in this poll because it had no usable cursor. A
	 * poll from this cursor finds the same events and all later ones. The host stores it before or with the first
	 * events: if the trigger began a second time, it would skip what happened in between.
	 */
	began?: Cursor;
	/** Whether to poll again at once. */
	more: boolean;
	/** What went wrong with a part or the whole. The events and the cursor are valid in any case. */
	problem?: FleetError;
	/** Whether the problem concerns some devices or records only, and everything else has been read. */
	partial?: boolean;
	/**
	 * Whether the next poll would only repeat the problem: a refused login, a wrong setting, a path that is missing.
	 */
	stop: boolean;
	/** Age of the oldest read of a device, in milliseconds, if this poll could not read all devices. */
	oldestReadMs?: number;
	/** Reads that this poll did not share with an earlier one; mostly one request each. */
	reads: number;
}

/** Polls one trigger. It keeps no state: the cursor holds that, and the host keeps the cursor. */
export class Poller {
	private readonly params: Record<string, unknown>;
	private readonly settings: DeliverySettings;
	private readonly source: StreamSource | SnapshotSource;

	/**
	 * @param input the trigger's filters and `deliveryFields`, unchecked
	 * @throws InvalidParams
	 */
	constructor(
		readonly client: Client,
		readonly trigger: AnyTrigger,
		input: Readonly<Record<string, unknown>>,
		{ timeZone = 'UTC' }: { timeZone?: string } = {},
	) {
		const clock = { now: client.now(), timeZone };
		this.params = readFields(trigger.params as Fields, input, clock);
		this.settings = readFields(deliveryFields, input, clock);
		const sentence = trigger.check?.(this.params, clock.now);
		if (sentence !== undefined) throw new InvalidParams(sentence);
		const source = sourceOf(trigger, this.params);
		if (source.type === 'queue') throw new InvalidParams(`"${trigger.title}" is read from a queue, not polled.`);
		this.source = source;
		this.settings.lookBack ??= source.type === 'stream' ? source.lookBackMinutes : undefined;
	}

	/** Whether it reports changes of a state: what undoes the last one is found only beside the state after it. */
	get compares(): boolean {
		return this.source.type === 'snapshot';
	}

	/**
	 * Finds what is new.
	 * @param stored the cursor of the last poll whose events were delivered; undefined for the first poll. If it cannot
	 * be read, the trigger begins again, with a warning.
	 * @throws the signal's reason if it is aborted; every other error is in `problem`
	 */
	async poll(stored: unknown, options: PollOptions): Promise<PollResult> {
		const { client, source } = this;
		const poll = new Poll(client, this.trigger, this.params, this.settings, options);
		let cursor = stored as Cursor | undefined;
		try {
			cursor =
				source.type === 'stream'
					? await pollStream(poll, source, this.readable(stored, readStreamCursor))
					: await pollSnapshot(poll, source, this.readable(stored, readSnapshotCursor));
		} catch (thrown) {
			const error = poll.failed(thrown);
			if (!poll.concernsAll(error)) poll.report(error);
		}
		const { events, began, partialProblem, stop, oldestRead, reads, warning } = poll;
		await client.name(events, { priority: 'poll', signal: options.signal });
		if (warning !== undefined) client.warn(warning);
		const problem = poll.problem ?? partialProblem;
		return {
			events,
			cursor,
			...(began === undefined ? {} : { began }),
			more: poll.full(events.length) && !stop,
			...(problem === undefined
				? {}
				: { problem: client.redactor.error(problem), partial: poll.problem === undefined }),
			stop,
			...(oldestRead === undefined ? {} : { oldestReadMs: Math.max(0, client.now() - oldestRead * 1000) }),
			reads,
		};
	}

	private readable<C>(stored: unknown, read: (stored: unknown) => C): C | undefined {
		if (stored === undefined || stored === null) return undefined;
		// The user chose another event in the node.
		if (typeof stored === 'object' && 'event' in stored && stored.event !== this.trigger.name) return undefined;
		try {
			return read(structuredClone(stored));
		} catch {
			this.client.warn(
				`The saved position of "${this.trigger.title}" cannot be read, so it starts over: events since the last run may be missing.`,
			);
			return undefined;
		}
	}

	/** Recent events to try a flow with. Changes no state. @throws FleetError */
	async sample(options: Pick<PollOptions, 'budgetMs' | 'signal'>): Promise<FleetEvent[]> {
		const poll = new Poll(this.client, this.trigger, this.params, this.settings, { intervalMs: 0, ...options });
		const { source } = this;
		const events = await (source.type === 'stream' ? sampleStream(poll, source) : sampleSnapshot(poll, source));
		const problem = poll.problem ?? poll.partialProblem;
		if (events.length === 0 && problem !== undefined) throw this.client.redactor.error(problem);
		await this.client.name(events, { priority: 'poll', signal: options.signal });
		return events;
	}
}
