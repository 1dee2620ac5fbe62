import { setImmediate as nextIteration, setTimeout as sleep } from 'node:timers/promises';
import { orLate } from '../../core/call/abort';
import { asFleetError, TimedOut, type FleetError } from '../../core/describe/errors';
import type { Poller } from '../../core/watch/poller';
import type { Batch, QueueConsumer } from '../../core/watch/queue-consumer';
import type { FleetEvent } from '../../core/describe/trigger';
import type { TriggerState } from './trigger-state';

/** What came of a poll. */
export interface PollOutcome {
	count: number;
	/** Whether the vendor answered: not for single devices, perhaps. */
	works: boolean;
	problem?: FleetError;
	/** Whether another poll would only repeat the problem. */
	stop: boolean;
	/** Age of the oldest read of a device, in milliseconds, where not all could be read. */
	oldestReadMs?: number;
}

interface RunnerOptions {
	/** What others have just found out does not count: somebody wants to know now. */
	fresh: boolean;
	/** From here on nothing may be sent. */
	signal: AbortSignal;
	onWait: (ms: number) => void;
}

/** Where a trigger's events come from. */
export interface Runner {
	/** Whether its poll waits for the flow: that takes minutes, and nothing else can be done meanwhile. */
	readonly waiting: boolean;
	/** Sends what is new. @throws the signal's reason if it is aborted */
	poll(options: RunnerOptions): Promise<PollOutcome>;
	close(): void;
}

/** Hands a batch of events to the flow. Once it has begun, it goes on to the end, also if the poll is aborted. */
export type Deliver = (events: readonly FleetEvent[], attempt?: number) => void | Promise<void>;

/** The least time that a poll gets: some vendors let it wait half a minute for each request. */
const LEAST_BUDGET_MS = 60_000;

const budgetOf = (intervalMs: number) => Math.max(intervalMs, LEAST_BUDGET_MS);

/** Polls: delivers a batch, then stores where it stands; where it has begun, before the first batch. */
export class PollRunner implements Runner {
	readonly waiting = false;

	constructor(
		private readonly poller: Pick<Poller, 'poll'>,
		private readonly stored: TriggerState,
		private readonly deliver: Deliver,
		private readonly intervalMs: number,
		/** Gets ready whatever `deliver` needs. */
		private readonly prepare: () => Promise<void> = () => Promise.resolve(),
	) {}

	async poll({ fresh, signal, onWait }: RunnerOptions): Promise<PollOutcome> {
		const { intervalMs, stored } = this;
		let count = 0;
		let notStored: FleetError | undefined;
		for (;;) {
			const {
				events,
				cursor,
				began,
				more,
				problem,
				partial = false,
				stop,
				oldestReadMs,
			} = await this.poller.poll(stored.state.cursor, {
				intervalMs: fresh ? 0 : intervalMs,
				budgetMs: budgetOf(intervalMs),
				signal,
				onWait,
			});
			if (began !== undefined) stored.change({ cursor: began });
			// What goes wrong with it, the next one reports.
			if (began !== undefined && events.length > 0) await stored.save().catch(() => undefined);
			if (events.length > 0) await this.prepare();
			signal.throwIfAborted();
			if (events.length > 0) await this.deliver(events);
			stored.change({ cursor });
			// Node-RED hands messages over in the next iteration of its event loop: what is stored before might be
			// lost with the process.
			if (events.length > 0) await nextIteration();
			count += events.length;
			notStored = await stored
				.save(events.length === 0 && began === undefined)
				.then(() => undefined, asFleetError);
			if (!more || (problem !== undefined && !partial) || signal.aborted)
				return {
					count,
					works: problem === undefined || partial,
					problem: problem ?? notStored,
					stop,
					oldestReadMs,
				};
		}
	}

	close(): void {
		// A poller holds nothing.
	}
}

/** When a queue's messages count as dealt with. */
export type Acknowledge = 'sent' | 'operation';

/** Reads a queue: a batch is delivered and acknowledged before the next is taken. */
export class QueueRunner implements Runner {
	waiting = false;
	private opened = false;
	private readonly end = new AbortController();

	constructor(
		private readonly consumer: Pick<QueueConsumer, 'open' | 'next' | 'close'>,
		private readonly deliver: Deliver,
		private readonly options: {
			intervalMs: number;
			acknowledge: Acknowledge;
			/** How long the flow may take to acknowledge, before the messages come again. */
			withinMs: number;
			/** Hears that messages were sent which the flow is to acknowledge. */
			onSent: (count: number) => void;
			/** Hears that the vendor has answered: a poll lasts for as long as there are messages. */
			onAnswer: () => void;
		},
	) {}

	async poll({ signal, onWait }: RunnerOptions): Promise<PollOutcome> {
		const { consumer, options } = this;
		let count = 0;
		// A Get is not broken off with the poll: the messages that it takes would be known to nobody.
		const { signal: whole } = this.end;
		if (!this.opened) await consumer.open(whole);
		this.opened = true;
		for (;;) {
			const batch = await consumer.next({ budgetMs: budgetOf(options.intervalMs), signal: whole, onWait });
			options.onAnswer();
			if (batch === undefined) return { count, works: true, stop: false };
			if (signal.aborted) {
				batch.failed();
				signal.throwIfAborted();
			}
			const { length } = batch.events;
			// Else only the vendor does not know yet.
			if (length > 0) {
				await this.deliver(batch.events, batch.attempt);
				await nextIteration();
			}
			count += length;
			// What the flow has is not to be broken off.
			if (options.acknowledge === 'sent' || length === 0) await batch.done();
			else await this.acknowledged(batch, signal);
			signal.throwIfAborted();
		}
	}

	/**
	 * Waits until the flow has acknowledged a batch, or for as long as it may take. @throws FleetError if it is given
	 * up
	 */
	private async acknowledged(batch: Batch, signal: AbortSignal): Promise<void> {
		const { withinMs, onSent } = this.options;
		onSent(batch.events.length);
		this.waiting = true;
		const acknowledged = await orLate(
			batch.acknowledged.then(() => true),
			{ ms: withinMs, signal, sleep: (ms, done) => sleep(ms, undefined, { signal: done }) },
			() => false,
		).catch((error: unknown) => {
			if (!signal.aborted) throw error;
			return false;
		});
		this.waiting = false;
		if (acknowledged || batch.failed() || signal.aborted) return;
		await batch.done();
		throw new TimedOut(
			`The flow did not acknowledge what it was sent in time (${String(batch.events.length)} messages, attempt ${String(batch.attempt)}), so that was acknowledged without it.`,
			{
				advice: 'Look into what the flow does with them, and whether it reaches the Acknowledge operation. "Attempts" says how often they are sent.',
			},
		);
	}

	close(): void {
		this.end.abort();
		this.consumer.close();
	}
}
