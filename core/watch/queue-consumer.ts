import type { Client } from '../call/client';
import { asFleetError, InvalidParams, UnexpectedAnswer } from '../describe/errors';
import { flag, number, readFields, type Fields } from '../describe/field';
import type { QueueReader } from '../describe/operation';
import { Reading } from '../describe/reading';
import type { CommandOutcome, Message, Row } from '../describe/records';
import { isDoubtful, secondsOfIso } from '../describe/time';
import { sourceOf, type AnyTrigger, type FleetEvent, type QueueSource } from '../describe/trigger';
import { InFlight, queueStateOf, type QueueState } from './queue-state';

/** Settings of every trigger that reads a queue, beside its own params. Users' flows store the names. */
export const queueFields = {
	subscribe: flag({
		title: 'Subscribe',
		description:
			'Whether to subscribe to the queue when the trigger starts. The vendor then begins to fill it, which can take up to 24 hours.',
		initial: true,
	}),
	maxMessages: number({
		title: 'Max Messages',
		description: 'Maximum messages to take at once',
		min: 1,
		max: 1000,
		integer: true,
		initial: 500,
	}),
	attempts: number({
		title: 'Attempts',
		description:
			'Maximum deliveries of a message that keeps failing. It is then acknowledged and reported as an error. 0: no limit.',
		min: 0,
		max: 1000,
		integer: true,
		initial: 0,
	}),
	includeRaw: flag({
		title: 'Include Raw',
		description: 'Whether each event also carries the vendor\'s own record, as "raw"',
		initial: false,
	}),
} satisfies Fields;

/** Messages that were taken from a queue and are not acknowledged yet. A queue has one batch in flight at a time. */
export interface Batch {
	/** The messages that the flow has yet to process, in order. Each carries its `deliveryTag`. */
	readonly events: readonly FleetEvent[];
	/** 1 when the batch is delivered for the first time. */
	readonly attempt: number;
	/** Resolves when the Acknowledge operation has acknowledged every message. */
	readonly acknowledged: Promise<void>;
	/**
	 * The flow has processed the batch: acknowledges it at the vendor. @throws FleetError if the vendor did not confirm
	 * that. The messages then come again, and are skipped.
	 */
	done(signal?: AbortSignal): Promise<void>;
	/**
	 * The flow failed: `next` delivers again what is not acknowledged.
	 * @returns whether it will. false: all attempts are used, and the caller is to call `done`
	 */
	failed(): boolean;
}

interface QueueSettings {
	subscribe: boolean;
	maxMessages: number;
	attempts: number;
	includeRaw: boolean;
}

const ACK_MS = 60_000;
/** Single messages that are finished within that time are acknowledged together. */
const GROUP_MS = 600;
/** As the Acknowledge operation takes them. */
const isTag = (tag: string | null): tag is string => tag !== null && /^\d{1,20}$/.test(tag);

/**
 * Reads a queue in order, one batch at a time, and acknowledges only what is finished.
 *
 * To acknowledge a tag is to acknowledge all tags before it. So if the answer to a Get was lost, nothing is
 * acknowledged until its messages have arrived again, in this session or a new one. Otherwise they would be lost. The
 * same holds for a process that has just begun: its stored session may hold messages that an earlier process took.
 */
export class QueueConsumer implements QueueReader {
	private readonly params: Record<string, unknown>;
	private readonly settings: QueueSettings;
	private readonly source: QueueSource;
	private readonly state: QueueState;
	private readonly warned = new Set<string>();
	/** The last acknowledgement of a group, and the time after it in which others gather. */
	private acknowledging: Promise<void> = Promise.resolve();
	private gap: Promise<void> = Promise.resolve();

	/**
	 * @param input the trigger's params, unchecked
	 * @throws InvalidParams
	 */
	constructor(
		readonly client: Client,
		readonly trigger: AnyTrigger,
		input: Readonly<Record<string, unknown>>,
		{ timeZone = 'UTC' }: { timeZone?: string } = {},
	) {
		this.params = readFields(trigger.params as Fields, input, { now: client.now(), timeZone });
		this.settings = this.params as unknown as QueueSettings;
		const source = sourceOf(trigger, this.params);
		if (source.type !== 'queue') throw new InvalidParams(`"${trigger.title}" is polled, not read from a queue.`);
		this.source = source;
		this.state = queueStateOf(client.shared.account, source.queue);
	}

	/**
	 * Claims the queue, and subscribes to it if the user wants that.
	 * @throws FleetError; InvalidParams if another trigger of this process reads it and would take its messages
	 */
	async open(signal?: AbortSignal): Promise<void> {
		const { queues } = this.client.shared;
		const { queue, subscribe } = this.source;
		const reader = queues.get(queue);
		if (reader !== undefined && reader !== this) {
			throw new InvalidParams(
				`Another trigger reads the ${queue} queue of this account already, and each message is delivered only once.`,
				{ advice: 'Use one trigger for each queue, and connect several nodes to its output.' },
			);
		}
		queues.set(queue, this);
		if (!this.settings.subscribe) return;
		const outcomes = (await this.client.collect(subscribe, this.params, {
			signal,
			priority: 'poll',
		})) as CommandOutcome[];
		const [outcome] = outcomes;
		const already = /\balready/i.test(outcome?.response ?? '');
		if (!already && (outcome?.outcome === 'failed' || outcome?.outcome === 'unknown'))
			this.client.warn(`It is not certain that the ${queue} queue is subscribed to: ${outcome.explanation}`);
	}

	/** Releases the queue. Another consumer may claim it, and delivers again what is not acknowledged. */
	close(): void {
		const { queues } = this.client.shared;
		if (queues.get(this.source.queue) === this) queues.delete(this.source.queue);
	}

	/**
	 * The batch that failed, or the next one; undefined if nothing new comes: the queue is empty, acknowledging has no
	 * effect, or the time is over. @throws FleetError
	 */
	async next({
		budgetMs,
		signal,
		onWait,
	}: {
		budgetMs: number;
		signal?: AbortSignal;
		onWait?: (ms: number) => void;
	}): Promise<Batch | undefined> {
		const { state } = this;
		if (state.inFlight !== undefined) {
			state.inFlight.attempt += 1;
			return this.batchOf(state.inFlight);
		}
		const deadline = this.client.now() + budgetMs;
		do {
			const deadlineMs = Math.max(1, deadline - this.client.now());
			const { rows, session } = await this.get({ deadlineMs, signal, onWait });
			const messages = await this.read(rows);
			const tags = messages
				.map(({ message }) => message.deliveryTag)
				.filter(isTag)
				.map(BigInt);
			const [first] = tags;
			if (state.lost && !state.isNext(first, session)) {
				// Messages may be missing before these. A new session returns all of them again, these included.
				this.client.invalidate(session);
				state.lost = false;
				continue;
			}
			if (rows.length > 0) state.lost = false;
			state.arrived(tags, session);
			const events = messages
				.filter(({ message }) => !state.processed.has(message.id))
				.map(({ row, message }) => this.eventOf(message, row));
			await this.client.name(events, { priority: 'poll', signal });
			if (tags.length === 0) return this.untagged(events);
			const ids = messages.map(({ message }) => message.id);
			// The vendor has confirmed that these are acknowledged.
			const inVain = ids.some((id) => state.acknowledged.has(id));
			const batch = (state.inFlight = new InFlight(events, tags, session, ids));
			if (events.length > 0) return this.batchOf(batch);
			// All of them have been processed. If only the acknowledgement was lost, others follow.
			await this.done(batch, signal);
			if (inVain) return this.nothingNew();
		} while (this.client.now() < deadline);
		return undefined;
	}

	/** Another Get would bring the same messages. */
	private nothingNew(): undefined {
		this.warnOnce(
			`Messages of the ${this.source.queue} queue come again although the vendor confirmed that they are acknowledged. They are skipped, but others may not get through. Ask the vendor to empty the queue.`,
		);
		return undefined;
	}

	private warnOnce(message: string): void {
		if (!this.warned.has(message)) this.client.warn(message);
		this.warned.add(message);
	}

	/** Messages to try a flow with. They stay in the queue. @throws FleetError */
	async sample({ budgetMs, signal }: { budgetMs: number; signal?: AbortSignal }): Promise<FleetEvent[]> {
		if (this.client.shared.queues.has(this.source.queue)) {
			throw new InvalidParams(
				`A trigger that is running reads the ${this.source.queue} queue: a trial would take messages away from it.`,
				{ advice: 'Stop it first, or pin the data of an earlier run.' },
			);
		}
		const { rows } = await this.get({ deadlineMs: budgetMs, signal });
		const events = (await this.read(rows)).map(({ row, message }) => this.eventOf(message, row));
		await this.client.name(events, { priority: 'poll', signal });
		return events;
	}

	/** The flow has processed single messages. Acknowledges as many as have no unfinished message before them. */
	async acknowledge(tags: readonly string[]): Promise<Row> {
		const { inFlight: batch } = this.state;
		const own = tags.map(BigInt).filter((tag) => batch?.tags.includes(tag));
		if (batch === undefined || own.length === 0)
			return {
				outcome: 'failed',
				explanation:
					'These messages are not waiting to be acknowledged. They were acknowledged before, or their session has ended and they will be delivered again.',
			};
		for (const tag of own) {
			const event = batch.finish(tag);
			if (event !== undefined) this.state.remember(event.id);
		}
		const upTo = batch.finishedUpTo;
		try {
			if (upTo > batch.ackedUpTo) await (batch.group ??= this.acknowledgeGroup(batch));
		} finally {
			// Processed even if the vendor does not know: if the messages come again, they are skipped.
			if (upTo === batch.tags.at(-1)) this.state.settle(batch);
		}
		const highest = own.reduce((most, tag) => (tag > most ? tag : most));
		return highest <= upTo
			? { outcome: 'confirmed' }
			: {
					outcome: 'sent',
					explanation:
						'Noted. It is sent to the vendor as soon as the messages before it are acknowledged, too.',
				};
	}

	/** Acknowledges what is finished by the time of its turn. The last messages of a batch do not wait for others. */
	private async acknowledgeGroup(batch: InFlight): Promise<void> {
		await Promise.race([this.gap, batch.complete]);
		await this.acknowledging.catch(() => undefined);
		batch.group = undefined;
		const upTo = batch.finishedUpTo;
		if (upTo <= batch.ackedUpTo) return;
		this.gap = this.client.sleep(GROUP_MS);
		await (this.acknowledging = this.acknowledgeUpTo(upTo, batch));
	}

	private batchOf(batch: InFlight): Batch {
		const { attempt, acknowledged, unfinished: events } = batch;
		return {
			events,
			attempt,
			acknowledged,
			done: (signal) => this.done(batch, signal),
			failed: () => this.settings.attempts === 0 || attempt < this.settings.attempts,
		};
	}

	/** Messages without a tag are delivered once. Nothing can acknowledge them, so they come with every Get. */
	private untagged(events: readonly FleetEvent[]): Batch | undefined {
		if (events.length > 0)
			this.warnOnce(
				`Messages of the ${this.source.queue} queue come without a delivery tag, so they cannot be acknowledged. Each is delivered once, even if what follows fails.`,
			);
		for (const { id } of events) this.state.remember(id);
		return events.length === 0
			? undefined
			: {
					events,
					attempt: 1,
					acknowledged: Promise.resolve(),
					done: () => Promise.resolve(),
					failed: () => false,
				};
	}

	private async done(batch: InFlight, signal?: AbortSignal): Promise<void> {
		for (const { id } of batch.events) this.state.remember(id);
		this.state.settle(batch);
		const last = batch.tags.at(-1);
		if (last !== undefined) await this.acknowledgeUpTo(last, batch, signal);
	}

	private async acknowledgeUpTo(upTo: bigint, batch: InFlight, signal?: AbortSignal): Promise<void> {
		const { acknowledge } = this.source;
		const params = { ...this.params, deliveryTags: [String(upTo)] };
		const [outcome] = (await this.client.collect(acknowledge, params, {
			signal,
			deadlineMs: ACK_MS,
			inSession: batch.session,
		})) as CommandOutcome[];
		if (outcome?.outcome === 'confirmed' || outcome?.outcome === 'sent') {
			batch.ackedUpTo = upTo;
			if (upTo === batch.tags.at(-1)) this.state.acknowledged = new Set(batch.ids);
			return;
		}
		throw new UnexpectedAnswer(
			`It is not certain that the messages were acknowledged: ${outcome?.explanation ?? 'the vendor did not answer.'}`,
			{ advice: 'They may come again. Messages that were processed are then left out.' },
		);
	}

	/** One Get. It is never repeated: if its answer is lost, only a new session returns the messages again. */
	private async get(options: {
		deadlineMs: number;
		signal?: AbortSignal;
		onWait?: (ms: number) => void;
	}): Promise<{ rows: Row[]; session: string }> {
		const { get } = this.source;
		let session = '';
		try {
			const rows = (await this.client.collect(
				get,
				{ maxMessages: this.settings.maxMessages, autoAck: false },
				{ ...options, output: 'raw', priority: 'poll', onSession: (token) => (session = token) },
			)) as Row[];
			return { rows, session };
		} catch (thrown) {
			const error = asFleetError(thrown);
			// An answer that cannot be read holds messages as well.
			if ((error.effect === 'unknown' && !error.tooOften) || error.unreadable) this.state.lost = true;
			throw error;
		}
	}

	private async read(rows: readonly Row[]): Promise<{ row: Row; message: Message }[]> {
		const { client, source } = this;
		const reading = new Reading(() => client.now());
		const messages: { row: Row; message: Message }[] = [];
		const read = (row: Row) =>
			messages.push({ row, message: source.get.record(row, {}, client.connection) as Message });
		await client.inBlocks(rows, (block) => reading.of(() => block.forEach(read)));
		if (reading.warning !== undefined) client.warn(reading.warning);
		return messages;
	}

	private eventOf({ id, deliveryTag, queue, record }: Message, row: Row): FleetEvent {
		const {
			deviceId = null,
			time = null,
			endedAt = null,
		} = record as { deviceId?: string | null; time?: string | null; endedAt?: string | null };
		const at = time ?? endedAt;
		return {
			...record,
			id,
			event: this.trigger.name,
			deviceId,
			time: at,
			late: false,
			doubtful: at !== null && isDoubtful(secondsOfIso(at), Math.floor(this.client.now() / 1000)),
			queue,
			deliveryTag: isTag(deliveryTag) ? deliveryTag : '0',
			...(this.settings.includeRaw ? { raw: row } : {}),
		};
	}
}
