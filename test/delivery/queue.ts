/** The promises of delivery for message queues: against a model of the queue, of its sessions and of a flow. */
import fc from 'fast-check';
import type { Client } from '../../core/call/client';
import type { SendOptions, SignedAnswer, WireRequest } from '../../core/describe/host';
import type { AnyOperation } from '../../core/describe/operation';
import type { Row } from '../../core/describe/records';
import type { Batch, QueueConsumer } from '../../core/watch/queue-consumer';
import type { AnyTrigger } from '../../core/describe/trigger';
import { newProcess } from './account';
import { must } from './broken';
import { ClockHost } from './clock-host';
import type { Engine } from './engine';
import { QueueModel, type QueueRules } from './queue-model';

const START = Date.UTC(2026, 0, 31, 12);

/**
 * What befalls a request: lost: it never arrives; unanswered: it does; garbled: its answer cannot be read; over: its
 * session has ended.
 */
const FAULTS = [
	'none',
	'lost',
	'unanswered',
	'slow',
	'garbled',
	'damaged',
	'over',
	'refused',
	'limited',
	'crash',
	'crashAfter',
] as const;
type Fault = (typeof FAULTS)[number];

interface Turn {
	messages: number;
	faults: { at: number; fault: Fault }[];
	/** What the flow does with the batch. */
	flow: 'done' | 'fails' | 'one by one' | 'at once' | 'crash' | 'redeploy';
	/** In which order it acknowledges, and how many it leaves. */
	order: number[];
	leaves: number;
	/** How long it takes. */
	minutes: number;
	elsewhere: boolean;
}

export interface QueueCase {
	rules: QueueRules;
	limit: number;
	attempts: number;
	turns: Turn[];
}

export const queueCase: fc.Arbitrary<QueueCase> = fc.record({
	rules: fc.record({
		redelivery: fc.constantFrom('nextGet' as const, 'newSession' as const),
		tags: fc.constantFrom('session' as const, 'queue' as const),
		sameTag: fc.boolean(),
		acrossSessions: fc.boolean(),
	}),
	limit: fc.integer({ min: 1, max: 5 }),
	attempts: fc.constantFrom(0, 0, 2),
	turns: fc.array(
		fc.record({
			messages: fc.nat(6),
			faults: fc.array(fc.record({ at: fc.nat(4), fault: fc.constantFrom(...FAULTS) }), { maxLength: 3 }),
			flow: fc.constantFrom(
				'done' as const,
				'done' as const,
				'fails' as const,
				'one by one' as const,
				'one by one' as const,
				'at once' as const,
				'crash' as const,
				'redeploy' as const,
			),
			order: fc.array(fc.nat(9), { maxLength: 5 }),
			leaves: fc.constantFrom(0, 0, 1, 2),
			minutes: fc.constantFrom(0, 1, 30),
			elsewhere: fc.integer({ min: 0, max: 9 }).map((value) => value === 9),
		}),
		{ maxLength: 12 },
	),
});

class End extends Error {}

class QueueRun {
	private readonly queue: QueueModel;
	private readonly host: ClockHost;
	private readonly operations: { get: AnyOperation; acknowledge: AnyOperation; subscribe: AnyOperation };
	private readonly trigger: AnyTrigger;
	private client!: Client;
	private consumer!: QueueConsumer;
	/** The host's session, and those that the vendor still knows. */
	private session = '';
	private readonly alive = new Set<string>();
	private logins = 0;
	private turn: Turn | undefined;
	private requests = 0;
	private crash!: Promise<never>;
	private end!: () => void;
	/** Delivered to the flow, and processed by it: ever, and in this process. */
	private readonly handed = new Set<number>();
	private readonly finished = new Set<number>();
	private finishedHere = new Set<number>();

	constructor(
		private readonly engine: Engine,
		private readonly testCase: QueueCase,
	) {
		this.queue = new QueueModel(testCase.rules);
		this.host = new ClockHost(
			START,
			(request, options) => this.answer(request, options),
			() => Promise.resolve(this.logIn()),
		);
		this.operations = this.declare();
		const { get, acknowledge, subscribe } = this.operations;
		this.trigger = engine.trigger.trigger({
			name: 'queueMessage',
			title: 'Queue Message',
			description: '',
			params: engine.queueConsumer.queueFields,
			kind: 'message',
			queue: true,
			source: { type: 'queue', queue: 'positions', get, acknowledge, subscribe },
			evidence: { section: '1', grade: 'C' },
		});
		this.begin();
	}

	private declare() {
		const { field, operation, errors } = this.engine;
		const common = {
			resource: 'queue',
			title: '',
			action: '',
			description: '',
			evidence: { section: '1', grade: 'C' },
			answer: { safeParse: (data: unknown) => ({ success: true, data }) } as never,
		} as const;
		const get = operation.operation({
			...common,
			name: 'get',
			route: 'GET /get',
			effect: 'read',
			consuming: true,
			list: true,
			params: {
				maxMessages: field.number({
					title: 'Max',
					description: '',
					min: 1,
					max: 1000,
					integer: true,
					initial: 10,
				}),
				autoAck: field.flag({ title: 'Ack', description: '', initial: false }),
			},
			request: ({ maxMessages }) => ({ query: { maxMessages } }),
			rows: (answer) => {
				if (!Array.isArray(answer)) throw new errors.UnexpectedAnswer('Not a list.');
				return answer as Row[];
			},
			record: (row: Row) => ({
				id: `m${String(row.message)}`,
				deliveryTag: String(row.tag),
				queue: 'positions',
				record: { message: row.message },
			}),
			kind: 'message',
		});
		const write = {
			...common,
			effect: 'write',
			rows: (): Row[] => [{ outcome: 'confirmed' }],
			target: () => ({ target: 'positions' }),
		} as const;
		const deliveryTags = field.ids({
			title: 'Tags',
			description: '',
			lookup: 'x',
			noun: 'tag',
			pattern: /^\d+$/,
			expected: '',
		});
		const acknowledge = operation.operation({
			...write,
			name: 'acknowledge',
			route: 'GET /ack',
			params: { deliveryTags },
			request: ({ tag }: { tag: number }) => ({ query: { tag } }),
			run: async function* (run, params) {
				const reader = run.reader('positions');
				yield [
					reader === undefined
						? ((await run.request({ tag: Math.max(...params.deliveryTags.map(Number)) }))[0] ?? {})
						: await reader.acknowledge(params.deliveryTags),
				];
			},
		});
		const subscribe = operation.operation({ ...write, name: 'subscribe', route: 'GET /subscribe', params: {} });
		return {
			get: get as AnyOperation,
			acknowledge: acknowledge as AnyOperation,
			subscribe: subscribe as AnyOperation,
		};
	}

	/** A process begins. */
	private begin(): void {
		this.host.forgetSleepers();
		this.session = '';
		this.finishedHere = new Set();
		this.crash = new Promise((_, reject) => (this.end = () => reject(new End())));
		this.crash.catch(() => undefined);
		this.client = newProcess(this.engine, this.host, {
			operations: Object.values(this.operations),
			positions: { operation: this.operations.get, all: true },
		});
		this.consume();
	}

	/** A trigger node is deployed. */
	private consume(): void {
		const { limit: maxMessages, attempts } = this.testCase;
		this.consumer = new this.engine.queueConsumer.QueueConsumer(this.client, this.trigger, {
			maxMessages,
			attempts,
			subscribe: false,
		});
	}

	private logIn(): string {
		if (this.session === '') {
			this.session = `session-${String(++this.logins)}`;
			this.alive.clear();
			this.alive.add(this.session);
		}
		return this.session;
	}

	private async answer({ path, query = {} }: WireRequest, { stale, timeoutMs }: SendOptions): Promise<SignedAnswer> {
		const {
			host,
			queue,
			testCase,
			engine: { errors },
		} = this;
		if (stale === this.session) this.session = '';
		const session = this.logIn();
		const fault = this.turn?.faults.find(({ at }) => at === this.requests)?.fault ?? 'none';
		this.requests += 1;
		host.time += 100;
		if (fault === 'crash') return await this.ends();
		if (fault === 'lost')
			throw new errors.Unreachable('The connection broke.', { effect: 'unknown', retryable: true });
		if (fault === 'limited')
			throw new errors.RateLimited('Too often.', { effect: 'unknown', retryable: true, ambiguous: true });
		if (fault === 'refused') throw new errors.VendorFault('No.', { effect: 'unknown' });
		if (fault === 'over') this.alive.delete(session);
		const reply = (body: unknown): SignedAnswer => ({
			status: 200,
			headers: {},
			body: JSON.stringify(body),
			session,
		});
		if (!this.alive.has(session)) return reply({ expired: true });
		let body: unknown = {};
		if (path === '/get') body = queue.take(session, Math.min(testCase.limit, Number(query.maxMessages)));
		else {
			for (const message of queue.acknowledge(session, Number(query.tag))) {
				must(this.handed.has(message), `message ${String(message)} is acknowledged unseen`);
				must(this.finished.has(message), `message ${String(message)} is acknowledged unfinished`);
			}
		}
		if (fault === 'crashAfter') return await this.ends();
		if (fault === 'unanswered')
			throw new errors.Unreachable('The connection broke.', { effect: 'unknown', retryable: true });
		if (fault === 'slow') {
			host.time += timeoutMs;
			throw new errors.TimedOut('No answer.', { effect: 'unknown', retryable: true });
		}
		if (fault === 'garbled') return reply('?');
		if (fault === 'damaged') throw new errors.UnexpectedAnswer('Cut off.', { effect: 'unknown', retryable: true });
		return reply(body);
	}

	private ends(): Promise<never> {
		this.end();
		return new Promise(() => undefined);
	}

	async run(): Promise<void> {
		for (const turn of this.testCase.turns) {
			this.queue.fill(turn.messages);
			this.turn = turn;
			this.requests = 0;
			this.host.time += 60_000;
			await this.take(turn);
		}
		this.turn = undefined;
		// What was lost on the way comes again, and all of it is processed.
		for (let turns = 0; this.finished.size < this.queue.size || this.queue.left > 0; turns++) {
			must(
				turns < 40 + this.queue.size,
				`all messages come: ${String(this.queue.size - this.finished.size)} have not, ${String(this.queue.left)} are in the queue`,
			);
			this.requests = 0;
			this.host.time += 60_000;
			const left = this.queue.left;
			await this.take({
				messages: 0,
				faults: [],
				flow: 'done',
				order: [],
				leaves: 0,
				minutes: 0,
				elsewhere: false,
			});
			// Some messages come again in a new session only: the vendor ends the session in the end.
			if (this.queue.left === left) this.alive.clear();
		}
		for (let message = 1; message <= this.queue.size; message++)
			must(this.finished.has(message), `message ${String(message)} is processed`);
	}

	private async take(turn: Turn): Promise<void> {
		try {
			await Promise.race([this.work(turn), this.crash]);
		} catch (thrown) {
			if (!(thrown instanceof End)) throw thrown;
			this.begin();
		}
	}

	private async work(turn: Turn): Promise<void> {
		await this.consumer.open();
		const batch = await this.safely(this.consumer.next({ budgetMs: 60_000 }));
		if (batch === undefined) return;
		const messages = batch.events.map(({ message }) => Number(message));
		messages.forEach((message, place) => {
			must(
				!this.finishedHere.has(message),
				`message ${String(message)} was processed in this process and comes again`,
			);
			must(place === 0 || message > (messages[place - 1] ?? 0), 'a batch is in order');
			this.handed.add(message);
		});
		this.host.time += turn.minutes * 60_000;
		switch (turn.flow) {
			case 'crash':
				throw new End();
			case 'redeploy':
				this.consumer.close();
				this.consume();
				return;
			case 'fails':
				if (!batch.failed()) await this.done(batch, messages);
				return;
			case 'done':
				return this.done(batch, messages);
			case 'one by one':
			case 'at once':
				return this.oneByOne(batch, turn);
		}
	}

	private finish(messages: readonly number[]): void {
		for (const message of messages) {
			this.finished.add(message);
			this.finishedHere.add(message);
		}
	}

	private async done(batch: Batch, messages: readonly number[]): Promise<void> {
		this.finish(messages);
		await this.safely(batch.done());
	}

	/** The flow acknowledges single messages by the operation, in any order, and leaves some. */
	private async oneByOne(batch: Batch, { order, leaves, flow }: Turn): Promise<void> {
		const events = batch.events
			.map((event, place) => ({ event, rank: order[place] ?? place }))
			.sort((a, b) => a.rank - b.rank)
			.map(({ event }) => event);
		const chosen = events.slice(0, Math.max(0, events.length - leaves));
		const acknowledge = async ({ message, deliveryTag }: (typeof events)[number]) => {
			this.finish([Number(message)]);
			await this.safely(
				this.client.collect(this.operations.acknowledge, { deliveryTags: [String(deliveryTag)] }),
			);
		};
		if (flow === 'at once') await Promise.all(chosen.map(acknowledge));
		else for (const event of chosen) await acknowledge(event);
		if (leaves > 0 && !batch.failed())
			await this.done(
				batch,
				batch.events.map(({ message }) => Number(message)),
			);
	}

	/** What fails is an error of ours, which hosts log. */
	private async safely<T>(work: Promise<T>): Promise<T | undefined> {
		try {
			return await work;
		} catch (thrown) {
			if (!(thrown instanceof this.engine.errors.FleetError) || /not so/.test(thrown.message)) throw thrown;
			return undefined;
		}
	}
}

/** @throws Broken if a promise is */
export async function runQueue(engine: Engine, testCase: QueueCase): Promise<void> {
	await new QueueRun(engine, testCase).run();
}
