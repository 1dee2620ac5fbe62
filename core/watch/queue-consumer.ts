import type { SharedAccount } from '../call/account';
import type { Client } from '../call/client';
import { asFleetError, InvalidParams, UnexpectedAnswer } from '../describe/errors';
import { flag, number, readFields, type Fields } from '../describe/field';
import type { QueueReader } from '../describe/operation';
import type { CommandOutcome, Message, Row } from '../describe/records';
import { sourceOf, type AnyTrigger, type FleetEvent, type QueueSource } from '../describe/trigger';

/**
 * What every trigger that reads a queue lets its user choose, beside its own params. Names are stored in users' flows.
 */
export const queueFields = {
	subscribe: flag({
		title: 'Subscribe',
		description:
			'Whether to subscribe to the queue when the trigger starts. The vendor then begins to fill it, which can take up to 24 hours.',
		initial: true,
	}),
	maxMessages: number({
		title: 'Max Messages',
		description: 'Most messages to take at once',
		min: 1,
		max: 1000,
		integer: true,
		initial: 500,
	}),
	attempts: number({
		title: 'Attempts',
		description:
			'How often messages are given that the flow fails to deal with; then they are acknowledged all the same, and reported. 0: without end.',
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

/** Messages that were taken from a queue and are not acknowledged yet. One batch is under way at a time. */
export interface Batch {
	/** Those of its messages that are still to be dealt with, in order; each carries its `deliveryTag`. */
	readonly events: readonly FleetEvent[];
	/** 1 when it is given for the first time. */
	readonly attempt: number;
	/** Resolves when all of its messages have been acknowledged one by one, by the Acknowledge operation. */
	readonly acknowledged: Promise<void>;
	/**
	 * All of it is dealt with: tells the vendor. @throws FleetError if the vendor did not confirm it; the messages then
	 * come again, and are left out.
	 */
	done(signal?: AbortSignal): Promise<void>;
	/**
	 * It could not be dealt with: `next` gives again what of it is not acknowledged.
	 * @returns whether it will; false: it has been given as often as the user wants, and `done` is to be called
	 */
	failed(): boolean;
}

interface QueueSettings {
	subscribe: boolean;
	maxMessages: number;
	attempts: number;
	includeRaw: boolean;
}

interface InFlight {
	events: FleetEvent[];
	/** Tags in the order of the queue, those of left out messages included. */
	tags: bigint[];
	finished: Set<bigint>;
	/** The highest that the vendor was told. */
	ackedUpTo: bigint;
	session: string;
	attempt: number;
	settle: () => void;
	acknowledged: Promise<void>;
}

/**
 * What a consumer leaves to the next one of its queue, as after a deploy: it must not acknowledge past what was taken
 * before.
 */
interface QueueState {
	inFlight: InFlight | undefined;
	/** Highest tag that was seen in the session. */
	last: { session: string; tag: bigint } | undefined;
	/**
	 * Messages may have been given in this session that nobody has: the answer to a Get was lost, or a process ended
	 * and its session lives on.
	 */
	lost: boolean;
	/** Ids of messages that were dealt with: they are left out if they come again. */
	readonly processed: Set<string>;
}

const queueStates = new WeakMap<SharedAccount, Map<string, QueueState>>();

function queueStateOf(account: SharedAccount, queue: string): QueueState {
	const queues = queueStates.get(account) ?? new Map<string, QueueState>();
	queueStates.set(account, queues);
	let past = queues.get(queue);
	if (past === undefined)
		queues.set(queue, (past = { inFlight: undefined, last: undefined, lost: true, processed: new Set() }));
	return past;
}

/** So many ids are remembered. */
const REMEMBERED = 20_000;
const ACK_MS = 60_000;
const isTag = (tag: string | null): tag is string => tag !== null && /^\d+$/.test(tag);
const tagOf = (event: FleetEvent) => BigInt(event.deliveryTag as string);

/**
 * Reads a queue in order, a batch at a time, and acknowledges only what is finished.
 *
 * Acknowledging a tag acknowledges all before it. So after a Get whose answer was lost nothing is acknowledged until
 * the messages that it took have been seen again, by the next tags or in a new session: they would be lost unseen. The
 * same holds for a process that begins, since a session that is stored outlives the process that was given messages in
 * it.
 */
export class QueueConsumer implements QueueReader {
	private readonly params: Record<string, unknown>;
	private readonly settings: QueueSettings;
	private readonly source: QueueSource;
	private readonly state: QueueState;

	/**
	 * @param input the trigger's params, as the host has them
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
	 * Takes the queue over, and subscribes to it if the user wants that.
	 * @throws FleetError; InvalidParams if another trigger of this process reads it: it would take this one's messages
	 */
	async open(signal?: AbortSignal): Promise<void> {
		const { queues } = this.client.shared;
		const { queue, subscribe } = this.source;
		const reader = queues.get(queue);
		if (reader !== undefined && reader !== this) {
			throw new InvalidParams(
				`Another trigger reads the ${queue} queue of this account already, and each message is given only once.`,
				{ advice: 'Use one trigger for each queue, and lead what it gives to several flows.' },
			);
		}
		queues.set(queue, this);
		if (!this.settings.subscribe) return;
		const outcomes = (await this.client.collect(subscribe, this.params, {
			signal,
			priority: 'poll',
		})) as CommandOutcome[];
		const [outcome] = outcomes;
		if (outcome?.outcome === 'failed' || outcome?.outcome === 'unknown')
			this.client.warn(`It is not certain that the ${queue} queue is subscribed to: ${outcome.explanation}`);
	}

	/** Gives the queue free: another consumer may take it over, and gives again what is not acknowledged. */
	close(): void {
		const { queues } = this.client.shared;
		if (queues.get(this.source.queue) === this) queues.delete(this.source.queue);
	}

	/** The batch that failed again, or the next of the queue; undefined if there is nothing. @throws FleetError */
	async next({
		budgetMs,
		signal,
		onWait,
	}: {
		budgetMs: number;
		signal?: AbortSignal;
		onWait?: (ms: number) => void;
	}): Promise<Batch | undefined> {
		if (this.state.inFlight !== undefined) {
			this.state.inFlight.attempt += 1;
			return this.batchOf(this.state.inFlight);
		}
		for (;;) {
			const { rows, session } = await this.get({ deadlineMs: budgetMs, signal, onWait });
			const messages = rows.map((row) => ({ row, message: this.read(row) }));
			const tags = messages
				.map(({ message }) => message.deliveryTag)
				.filter(isTag)
				.map(BigInt);
			const [first] = tags;
			if (this.state.lost && !this.isNext(first, session)) {
				// What was lost lies before these messages, if there are any. A new session gives all of it again,
				// these included.
				this.client.invalidate(session);
				this.state.lost = false;
				continue;
			}
			if (rows.length > 0) this.state.lost = false;
			if (tags.length > 0)
				this.state.last = { session, tag: tags.reduce((most, tag) => (tag > most ? tag : most)) };
			const events = messages
				.filter(({ message }) => !this.state.processed.has(message.id))
				.map(({ row, message }) => this.eventOf(message, row));
			if (tags.length === 0) return this.untagged(events);
			this.state.inFlight = underway(events, tags, session);
			if (events.length > 0) return this.batchOf(this.state.inFlight);
			// All of them had been dealt with, and only the acknowledgement was lost.
			await this.done(this.state.inFlight, signal);
		}
	}

	/** Messages to try a flow with; they stay in the queue. @throws FleetError */
	async sample({ budgetMs, signal }: { budgetMs: number; signal?: AbortSignal }): Promise<FleetEvent[]> {
		if (this.client.shared.queues.has(this.source.queue)) {
			throw new InvalidParams(
				`A trigger that is running reads the ${this.source.queue} queue: a trial would take messages away from it.`,
				{ advice: 'Stop it first, or pin the data of an earlier run.' },
			);
		}
		const { rows } = await this.get({ deadlineMs: budgetMs, signal });
		return rows.map((row) => this.eventOf(this.read(row), row));
	}

	/** Single messages are dealt with. Tells the vendor as far as none before them is unfinished. */
	async acknowledge(tags: readonly string[]): Promise<Row> {
		const { inFlight: under } = this.state;
		const own = tags.map(BigInt).filter((tag) => under?.tags.includes(tag));
		if (under === undefined || own.length === 0)
			return {
				outcome: 'failed',
				explanation:
					'These messages are not under way: they were acknowledged before, or their session is over and they come again.',
			};
		for (const tag of own) {
			under.finished.add(tag);
			const event = under.events.find((one) => tagOf(one) === tag);
			if (event !== undefined) this.remember(event.id);
		}
		const upTo = this.finishedUpTo(under);
		try {
			if (upTo > under.ackedUpTo) await this.tell(under, upTo);
		} finally {
			// Dealt with, even if the vendor does not know: it gives them again then, and they are left out.
			if (upTo === under.tags.at(-1)) this.settled(under);
		}
		const highest = own.reduce((most, tag) => (tag > most ? tag : most));
		return highest <= upTo
			? { outcome: 'confirmed' }
			: {
					outcome: 'sent',
					explanation: 'Noted. The vendor is told as soon as the messages before it are acknowledged, too.',
				};
	}

	private settled(under: InFlight): void {
		if (this.state.inFlight === under) this.state.inFlight = undefined;
		under.settle();
	}

	/** The highest tag before which nothing is unfinished. Messages that are left out are finished. */
	private finishedUpTo(under: InFlight): bigint {
		const unfinished = new Set(under.events.map(tagOf).filter((tag) => !under.finished.has(tag)));
		let upTo = under.ackedUpTo;
		for (const tag of under.tags) {
			if (unfinished.has(tag)) break;
			upTo = tag;
		}
		return upTo;
	}

	private batchOf(under: InFlight): Batch {
		const { attempt, acknowledged } = under;
		return {
			events: under.events.filter((event) => !under.finished.has(tagOf(event))),
			attempt,
			acknowledged,
			done: (signal) => this.done(under, signal),
			failed: () => this.settings.attempts === 0 || attempt < this.settings.attempts,
		};
	}

	/** What no acknowledgement can name is handed over once: it stays in the queue, and would come again and again. */
	private untagged(events: readonly FleetEvent[]): Batch | undefined {
		for (const { id } of events) this.remember(id);
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

	private async done(under: InFlight, signal?: AbortSignal): Promise<void> {
		for (const { id } of under.events) this.remember(id);
		this.settled(under);
		const last = under.tags.at(-1);
		if (last !== undefined) await this.tell(under, last, signal);
	}

	private async tell(under: InFlight, upTo: bigint, signal?: AbortSignal): Promise<void> {
		const { acknowledge } = this.source;
		const params = { ...this.params, deliveryTags: [String(upTo)] };
		const [outcome] = (await this.client.collect(acknowledge, params, {
			signal,
			deadlineMs: ACK_MS,
			inSession: under.session,
		})) as CommandOutcome[];
		if (outcome?.outcome === 'confirmed' || outcome?.outcome === 'sent') {
			under.ackedUpTo = upTo;
			return;
		}
		throw new UnexpectedAnswer(
			`It is not certain that the messages were acknowledged: ${outcome?.explanation ?? 'the vendor gave no answer.'}`,
			{ advice: 'They may come again; those that were dealt with are left out then.' },
		);
	}

	/** One Get, never repeated: its answer holds messages that only a new session would give again. */
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
			// An answer that cannot be read held messages, too.
			if ((error.effect === 'unknown' && !error.tooOften) || error.unreadable) this.state.lost = true;
			throw error;
		}
	}

	/** Whether nothing can lie between the last message that was seen and this one. Tags begin at 1. */
	private isNext(tag: bigint | undefined, session: string): boolean {
		return (
			tag === 1n ||
			(tag !== undefined && this.state.last?.session === session && tag === this.state.last.tag + 1n)
		);
	}

	private read(row: Row): Message {
		return this.source.get.record(row, {}, this.client.connection) as Message;
	}

	private eventOf({ id, deliveryTag, queue, record }: Message, row: Row): FleetEvent {
		const {
			deviceId = null,
			time = null,
			endedAt = null,
		} = record as { deviceId?: string | null; time?: string | null; endedAt?: string | null };
		return {
			...record,
			id,
			event: this.trigger.name,
			deviceId,
			time: time ?? endedAt,
			late: false,
			queue,
			deliveryTag: isTag(deliveryTag) ? deliveryTag : '0',
			...(this.settings.includeRaw ? { raw: row } : {}),
		};
	}

	private remember(id: string): void {
		this.state.processed.add(id);
		if (this.state.processed.size <= REMEMBERED) return;
		for (const oldest of this.state.processed) {
			this.state.processed.delete(oldest);
			return;
		}
	}
}

function underway(events: FleetEvent[], tags: bigint[], session: string): InFlight {
	let settle!: () => void;
	const acknowledged = new Promise<void>((resolve) => (settle = resolve));
	return {
		events,
		tags: [...tags].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)),
		finished: new Set(),
		ackedUpTo: 0n,
		session,
		attempt: 1,
		settle,
		acknowledged,
	};
}
