/**
 * A message queue as the vendor's document has it, and as it may be where it says nothing: written without the engine.
 */
export interface QueueRules {
	/** When messages that were taken and not acknowledged come again: with the next Get, or only in another session. */
	redelivery: 'nextGet' | 'newSession';
	/** Whether each session counts its tags from 1, or the queue goes on counting. */
	tags: 'session' | 'queue';
	/** Whether a message that comes again in its session keeps its tag. */
	sameTag: boolean;
	/** Whether an acknowledgement also counts for messages that were taken in earlier sessions. */
	acrossSessions: boolean;
}

interface Delivery {
	message: number;
	tag: number;
	session: string;
}

/** Messages are the numbers from 1 on. */
export class QueueModel {
	readonly acknowledged = new Set<number>();
	private ready: number[] = [];
	private open: Delivery[] = [];
	private made = 0;
	private readonly counters = new Map<string, number>();
	private old = new Map<number, Delivery>();

	constructor(private readonly rules: QueueRules) {}

	fill(count: number): void {
		for (let more = 0; more < count; more++) this.ready.push(++this.made);
	}

	get size(): number {
		return this.made;
	}

	get left(): number {
		return this.ready.length + this.open.length;
	}

	take(session: string, limit: number): { message: number; tag: number }[] {
		const { redelivery, tags, sameTag } = this.rules;
		const back = this.open.filter((one) => (redelivery === 'nextGet' ? true : one.session !== session));
		this.open = this.open.filter((one) => !back.includes(one));
		for (const one of back) this.old.set(one.message, one);
		this.ready = [...this.ready, ...back.map(({ message }) => message)].sort((a, b) => a - b);
		const counter = tags === 'session' ? session : '';
		const taken = this.ready.splice(0, limit).map((message) => {
			const old = this.old.get(message);
			this.old.delete(message);
			if (sameTag && old?.session === session) return old;
			const tag = (this.counters.get(counter) ?? 0) + 1;
			this.counters.set(counter, tag);
			return { message, tag, session };
		});
		this.open.push(...taken);
		return taken;
	}

	/** Acknowledges all up to a tag. Gives the messages that are gone by it. */
	acknowledge(session: string, tag: number): number[] {
		const { tags, acrossSessions } = this.rules;
		const gone = this.open.filter(
			(one) => one.tag <= tag && (one.session === session || (tags === 'queue' && acrossSessions)),
		);
		this.open = this.open.filter((one) => !gone.includes(one));
		for (const { message } of gone) this.acknowledged.add(message);
		return gone.map(({ message }) => message);
	}
}
