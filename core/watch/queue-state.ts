import type { SharedAccount } from '../call/account';
import type { FleetEvent } from '../describe/trigger';

/** Message ids that are remembered. */
const REMEMBERED = 20_000;

const tagOf = (event: FleetEvent) => BigInt(event.deliveryTag as string);

/** A batch that was taken from a queue and is not acknowledged yet. */
export class InFlight {
	/** 1 when the batch is delivered for the first time. */
	attempt = 1;
	/** The highest tag that has been acknowledged at the vendor. */
	ackedUpTo = 0n;
	/** Resolves when every message has been acknowledged. */
	readonly acknowledged: Promise<void>;
	/** Resolves when the flow has finished every message. */
	readonly complete: Promise<void>;
	/** The acknowledgement that messages which are finished now go with. */
	group: Promise<void> | undefined;
	/** Tags in the order of the queue, including those of messages that are skipped. */
	readonly tags: readonly bigint[];
	private readonly finished = new Set<bigint>();
	private resolve!: () => void;
	private completed!: () => void;

	constructor(
		readonly events: readonly FleetEvent[],
		tags: readonly bigint[],
		readonly session: string,
		/** Ids of all messages, including those that are skipped. */
		readonly ids: readonly string[],
	) {
		this.tags = [...tags].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
		this.complete = new Promise<void>((resolve) => (this.completed = resolve));
		this.acknowledged = new Promise<void>((resolve) => (this.resolve = resolve));
	}

	/** The flow has processed a message. @returns its event, unless it was skipped */
	finish(tag: bigint): FleetEvent | undefined {
		this.finished.add(tag);
		if (this.unfinished.length === 0) this.completed();
		return this.events.find((event) => tagOf(event) === tag);
	}

	/** The events that the flow has yet to process. */
	get unfinished(): FleetEvent[] {
		return this.events.filter((event) => !this.finished.has(tagOf(event)));
	}

	/** The highest tag before which nothing is unfinished. Skipped messages count as finished. */
	get finishedUpTo(): bigint {
		const unfinished = new Set(this.unfinished.map(tagOf));
		let upTo = this.ackedUpTo;
		for (const tag of this.tags) {
			if (unfinished.has(tag)) break;
			upTo = tag;
		}
		return upTo;
	}

	settle(): void {
		this.resolve();
	}
}

/**
 * What is known of a queue. It outlives the consumer: after a deploy, the next one must not acknowledge beyond what the
 * last one took.
 */
export class QueueState {
	inFlight: InFlight | undefined;
	/**
	 * The session may hold messages that were handed out and never arrived: the answer to a Get was lost, or the
	 * process ended while its session lives on.
	 */
	lost = true;
	/** The highest tag of a session that has arrived. */
	private last: { session: string; tag: bigint } | undefined;
	/** Ids of the last messages that the vendor has confirmed as acknowledged. */
	acknowledged: ReadonlySet<string> = new Set();
	/** Ids of processed messages, oldest first. They are skipped if they come again. */
	readonly processed = new Set<string>();

	/** Messages have arrived. */
	arrived(tags: readonly bigint[], session: string): void {
		if (tags.length > 0) this.last = { session, tag: tags.reduce((most, tag) => (tag > most ? tag : most)) };
	}

	/** Whether no message can be missing between the last one that arrived and this one. Tags begin at 1. */
	isNext(tag: bigint | undefined, session: string): boolean {
		return tag === 1n || (tag !== undefined && this.last?.session === session && tag === this.last.tag + 1n);
	}

	/** The batch is done, and the next one can be taken. */
	settle(batch: InFlight): void {
		if (this.inFlight === batch) this.inFlight = undefined;
		batch.settle();
	}

	remember(id: string): void {
		this.processed.add(id);
		if (this.processed.size <= REMEMBERED) return;
		for (const oldest of this.processed) {
			this.processed.delete(oldest);
			return;
		}
	}
}

const states = new WeakMap<SharedAccount, Map<string, QueueState>>();

/** The state of an account's queue in this process. */
export function queueStateOf(account: SharedAccount, queue: string): QueueState {
	const queues = states.get(account) ?? new Map<string, QueueState>();
	states.set(account, queues);
	let state = queues.get(queue);
	if (state === undefined) queues.set(queue, (state = new QueueState()));
	return state;
}
