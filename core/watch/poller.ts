import type { Client } from '../call/client';
import { InvalidParams, type FleetError } from '../describe/errors';
import { readFields, type Fields } from '../describe/field';
import type { Cursor } from './cursor';
import { Poll, type PollOptions, type DeliverySettings } from './poll';
import { pollStream, readStreamCursor, sampleStream } from './stream';
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
	/** New events, per device in ascending order of time. */
	events: FleetEvent[];
	/**
	 * To be stored once the events are delivered, and given to the next poll. Plain JSON. Undefined while not even the
	 * first look has succeeded.
	 */
	cursor: Cursor | undefined;
	/**
	 * Where the trigger has begun, if it did so in this poll, for want of a cursor that it can go on from: what a poll
	 * goes on from that is to give these events again, and all that comes after. A host stores it before or with the
	 * first events: begun anew, the trigger would leave out what happened in between.
	 */
	began?: Cursor;
	/** Whether there is more to fetch at once. */
	more: boolean;
	/** What went wrong with some or all of it. The events and the cursor are good all the same. */
	problem?: FleetError;
	/** Whether the problem is with some devices or records only, and all else was looked at. */
	partial?: boolean;
	/**
	 * Whether polling again would only repeat the problem: a refused login, a wrong setting, a path that is not there.
	 */
	stop: boolean;
	/**
	 * Age of the oldest look at a device, in milliseconds, where not all could be looked at in this poll; else
	 * undefined.
	 */
	oldestLookMs?: number;
	/** Looks that this poll took itself, mostly one request each. */
	looks: number;
}

/** Polls one trigger. It keeps nothing itself: where it stands is in the cursor, which the host keeps. */
export class Poller {
	private readonly params: Record<string, unknown>;
	private readonly settings: DeliverySettings;
	private readonly source: StreamSource | SnapshotSource;

	/**
	 * @param input the trigger's filters and `deliveryFields`, as the host has them
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

	/**
	 * Looks for what is new.
	 * @param stored the cursor of the last poll whose events were delivered; undefined for the first. One that cannot
	 * be read starts afresh, with a warning.
	 * @throws the signal's reason if it is aborted; everything else is in `problem`
	 */
	async poll(stored: unknown, options: PollOptions): Promise<PollResult> {
		const { client, source } = this;
		const pass = new Poll(client, this.trigger, this.params, this.settings, options);
		let cursor = stored as Cursor | undefined;
		try {
			cursor =
				source.type === 'stream'
					? await pollStream(pass, source, this.readable(stored, readStreamCursor))
					: await pollSnapshot(pass, source, this.readable(stored, readSnapshotCursor));
		} catch (thrown) {
			const error = pass.failed(thrown);
			if (!pass.concernsAll(error)) pass.report(error);
		}
		const { events, began, aside, stop, oldestRead: oldestLook, reads: looks } = pass;
		const problem = pass.problem ?? aside;
		return {
			events,
			cursor,
			...(began === undefined ? {} : { began }),
			more: pass.full(events.length) && !stop,
			...(problem === undefined
				? {}
				: { problem: client.redactor.error(problem), partial: pass.problem === undefined }),
			stop,
			...(oldestLook === undefined ? {} : { oldestLookMs: Math.max(0, client.now() - oldestLook * 1000) }),
			looks,
		};
	}

	private readable<C>(stored: unknown, read: (stored: unknown) => C): C | undefined {
		if (stored === undefined || stored === null) return undefined;
		// Another event was chosen in the node.
		if (typeof stored === 'object' && 'event' in stored && stored.event !== this.trigger.name) return undefined;
		try {
			return read(structuredClone(stored));
		} catch {
			this.client.warn(
				`What "${this.trigger.title}" had stored about where it stands cannot be read, so it starts afresh: events of the meantime may be missing.`,
			);
			return undefined;
		}
	}

	/** Recent events to try a flow with; nothing is remembered. @throws FleetError */
	async sample(options: Pick<PollOptions, 'budgetMs' | 'signal'>): Promise<FleetEvent[]> {
		const pass = new Poll(this.client, this.trigger, this.params, this.settings, { intervalMs: 0, ...options });
		const { source } = this;
		const events = await (source.type === 'stream' ? sampleStream(pass, source) : sampleSnapshot(pass, source));
		const problem = pass.problem ?? pass.aside;
		if (events.length === 0 && problem !== undefined) throw this.client.redactor.error(problem);
		return events;
	}
}
