import { afterEach, describe, expect, test } from 'vitest';
import { Client } from '../../core/call/client';
import type { Connection } from '../../core/describe/connection';
import type { CommandOutcome } from '../../core/describe/records';
import { QueueConsumer, type Batch } from '../../core/watch/queue-consumer';
import type { FleetEvent } from '../../core/describe/trigger';
import { PASSWORD, startCtrack, type CtrackOptions, type CtrackSimulator } from '../../simulators/ctrack';
import type { SendOptions, SignedAnswer, WireRequest } from '../../core/describe/host';
import { FetchHost } from '../../test/support/fetch-host';
import { ODD } from '../../test/support/oddities';
import type { CtrackConnection } from './connection';
import { acknowledge } from './queue';
import { triggers } from './triggers';
import { ctrack } from '.';

const NOW = Date.UTC(2026, 2, 18, 9, 41, 7);
const MINUTE = 60_000;

const running: CtrackSimulator[] = [];
afterEach(async () => {
	await Promise.all(running.splice(0).map((simulator) => simulator.close()));
});

async function start(options: Partial<CtrackOptions> = {}, input: object = {}, Host = FetchHost) {
	const simulator = await startCtrack({ clock: () => NOW, ...options });
	running.push(simulator);
	const connection = {
		baseUrl: simulator.url,
		account: 'API_Demo',
		secret: PASSWORD,
		allowCommands: false,
		allowPrivateAddresses: true,
		rateLimit: 60_000,
		speedUnit: 'kmh',
		odometerUnit: 'metre',
	} as CtrackConnection;
	const clientOf = (to: CtrackConnection) =>
		new Client(
			ctrack,
			to,
			new Host(ctrack, to, { now: () => simulator.now(), pass: (ms) => simulator.advance(ms) }),
		);
	const client = clientOf(connection);
	const trigger = triggers.find(({ name }) => name === 'queueMessage') ?? expect.fail();
	const consumer = (by = client) => new QueueConsumer(by, trigger, { maxMessages: 20, ...input });
	/** As in another process that has the same session: what is known of an account goes by its host as written. */
	const afterwards = () => {
		const next = clientOf({ ...connection, baseUrl: connection.baseUrl.replace('127.0.0.1', 'localhost') });
		next.shared.session = client.shared.session;
		return consumer(next);
	};
	return { simulator, client, consumer, afterwards };
}

const queueOf = (simulator: CtrackSimulator) =>
	simulator.queues().find(({ type }) => type === 'Positions') ?? expect.fail('no queue');
const next = (consumer: QueueConsumer) => consumer.next({ budgetMs: MINUTE });
const nextBatch = async (consumer: QueueConsumer): Promise<Batch> =>
	(await next(consumer)) ?? expect.fail('the queue is empty');
const ids = (events: readonly FleetEvent[]) => events.map(({ id }) => id);

/** Empties the queue, each batch dealt with. */
async function drain(consumer: QueueConsumer, given: FleetEvent[], most = 100): Promise<void> {
	for (let count = 0; count < most; count++) {
		const batch = await next(consumer);
		if (batch === undefined) return;
		given.push(...batch.events);
		await batch.done();
	}
}

test('subscribes, gives every message once and in order, and acknowledges it', async () => {
	const { simulator, consumer } = await start();
	const reader = consumer();
	await reader.open();
	simulator.advance(10 * MINUTE);
	const given: FleetEvent[] = [];
	await drain(reader, given);
	expect(given.length).toBeGreaterThan(40);
	expect(new Set(ids(given)).size).toBe(given.length);
	expect(given[0]).toMatchObject({
		event: 'queueMessage',
		queue: 'positions',
		deliveryTag: '1',
		deviceId: expect.any(String) as string,
		time: expect.any(String) as string,
	});
	expect(queueOf(simulator)).toMatchObject({ ready: 0, unacknowledged: 0, acknowledged: given.length });
	reader.close();
});

test('a queue that the account is not subscribed to says so, in a trial and where the trigger does not subscribe', async () => {
	const { consumer } = await start({}, { subscribe: false });
	const words = /not subscribed to this queue.* subscribe to it first/;
	await expect(consumer().sample({ budgetMs: MINUTE })).rejects.toMatchObject({
		advice: expect.stringMatching(words) as string,
	});
	await expect(next(consumer())).rejects.toMatchObject({ advice: expect.stringMatching(words) as string });
});

test('gives a batch again that failed, and nothing else before it; then sets it aside', async () => {
	const { simulator, consumer } = await start({}, { attempts: 3 });
	const reader = consumer();
	await reader.open();
	simulator.advance(10 * MINUTE);
	const first = await nextBatch(reader);
	expect([first.attempt, first.failed()]).toEqual([1, true]);
	const second = await nextBatch(reader);
	expect([second.attempt, ids(second.events), second.failed()]).toEqual([2, ids(first.events), true]);
	const third = await nextBatch(reader);
	expect([third.attempt, third.failed()]).toEqual([3, false]);
	expect(queueOf(simulator).acknowledged).toBe(0);
	await third.done();
	expect(queueOf(simulator).acknowledged).toBe(20);
	expect(ids((await nextBatch(reader)).events)).not.toEqual(ids(first.events));
});

test('acknowledges single messages as far as none before them is unfinished', async () => {
	const { simulator, client, consumer } = await start();
	const reader = consumer();
	await reader.open();
	simulator.advance(10 * MINUTE);
	const batch = await nextBatch(reader);
	const tags = batch.events.map(({ deliveryTag }) => deliveryTag as string);
	const ack = async (...some: (string | undefined)[]) =>
		((await client.collect(acknowledge, { queue: 'positions', deliveryTags: some })) as CommandOutcome[])[0]
			?.outcome;
	expect(await ack(tags[2])).toBe('sent');
	expect(queueOf(simulator).acknowledged).toBe(0);
	expect(await ack(tags[0])).toBe('confirmed');
	expect(queueOf(simulator).acknowledged).toBe(1);
	expect(await ack(tags[1])).toBe('confirmed');
	expect(queueOf(simulator).acknowledged).toBe(3);
	expect(await ack('999')).toBe('failed');
	expect(batch.failed()).toBe(true);
	const again = await nextBatch(reader);
	expect(ids(again.events)).toEqual(ids(batch.events).slice(3));
	let settled = false;
	void again.acknowledged.then(() => (settled = true));
	await ack(...tags.slice(3).reverse());
	await again.acknowledged;
	expect(settled).toBe(true);
	expect(queueOf(simulator).acknowledged).toBe(20);
});

test.each(['newSession', 'nextGet'] as const)(
	'what the flow acknowledges after the session has ended is dealt with all the same (redelivery at %s)',
	async (redelivery) => {
		const { simulator, client, consumer } = await start({ redelivery });
		const reader = consumer();
		await reader.open();
		simulator.advance(5 * MINUTE);
		const batch = await nextBatch(reader);
		simulator.killToken('API_Demo');
		const tags = batch.events.map(({ deliveryTag }) => deliveryTag as string);
		await expect(client.collect(acknowledge, { queue: 'positions', deliveryTags: tags })).rejects.toThrow(
			'session',
		);
		await batch.acknowledged;
		const given: FleetEvent[] = [];
		await drain(reader, given);
		expect(given.length).toBeGreaterThan(0);
		expect(ids(given).filter((id) => ids(batch.events).includes(id))).toEqual([]);
		expect(queueOf(simulator)).toMatchObject({
			ready: 0,
			unacknowledged: 0,
			acknowledged: batch.events.length + given.length,
		});
	},
);

test('a second reader of the queue is refused, until the first has closed', async () => {
	const { consumer } = await start();
	const [one, two] = [consumer(), consumer()];
	await one.open();
	await expect(two.open()).rejects.toThrow('Another trigger reads the positions queue');
	one.close();
	await two.open();
});

describe.each(['nextGet', 'newSession'] as const)('redelivery at %s', (redelivery) => {
	describe.each(['same', 'new'] as const)('with %s tags', (redeliveredTags) => {
		describe.each(['session', 'queue'] as const)('counted by %s', (deliveryTags) => {
			const rules = { redelivery, redeliveredTags, deliveryTags };

			test('a lost answer to a Get loses nothing', async () => {
				const { simulator, consumer } = await start(rules);
				const reader = consumer();
				await reader.open();
				simulator.advance(10 * MINUTE);
				const given: FleetEvent[] = [];
				await drain(reader, given, 1);
				simulator.fail({ match: ({ path }) => path.endsWith('/GetPositions'), kind: 'reset', effect: 'after' });
				await expect(next(reader)).rejects.toMatchObject({ effect: 'unknown' });
				await drain(reader, given);
				// Messages of a session that nobody ended come again when it is over.
				simulator.advance(61 * MINUTE);
				await drain(reader, given, 1000);
				expect(new Set(ids(given)).size).toBe(given.length);
				expect(queueOf(simulator)).toMatchObject({ ready: 0, unacknowledged: 0, acknowledged: given.length });
			});

			test('a lost answer to an acknowledgement gives nothing twice', async () => {
				const { simulator, consumer } = await start(rules);
				const reader = consumer();
				await reader.open();
				simulator.advance(5 * MINUTE);
				const given: FleetEvent[] = [];
				const batch = await nextBatch(reader);
				given.push(...batch.events);
				simulator.fail({ match: ({ path }) => path.endsWith('/Ack'), kind: 'reset' });
				await expect(batch.done()).rejects.toThrow();
				await drain(reader, given);
				simulator.advance(61 * MINUTE);
				await drain(reader, given, 1000);
				expect(new Set(ids(given)).size).toBe(given.length);
				expect(queueOf(simulator)).toMatchObject({ ready: 0, unacknowledged: 0, acknowledged: given.length });
			});

			test.each(['is closed', 'ends with its process, and the session lives on'])(
				'a reader that %s loses nothing of what it had under way',
				async (how) => {
					const { simulator, consumer, afterwards } = await start(rules);
					const reader = consumer();
					await reader.open();
					simulator.advance(10 * MINUTE);
					const given: FleetEvent[] = [];
					await drain(reader, given, 1);
					const batch = await nextBatch(reader);
					if (how === 'is closed') reader.close();
					const second = how === 'is closed' ? consumer() : afterwards();
					await second.open();
					await drain(second, given);
					expect(new Set(ids(given)).size).toBe(given.length);
					expect(ids(given)).toEqual(expect.arrayContaining(ids(batch.events)));
					expect(queueOf(simulator)).toMatchObject({
						ready: 0,
						unacknowledged: 0,
						acknowledged: given.length,
					});
				},
			);
		});
	});
});

test('a reader that takes over from one that had finished needs no new session', async () => {
	const { simulator, consumer } = await start({ redelivery: 'newSession' });
	const given: FleetEvent[] = [];
	for (let turn = 0; turn < 3; turn++) {
		const reader = consumer();
		await reader.open();
		simulator.advance(5 * MINUTE);
		await drain(reader, given);
		reader.close();
	}
	expect(new Set(ids(given)).size).toBe(given.length);
	expect(simulator.requests.filter(({ path }) => path.endsWith('/Membership/Login'))).toHaveLength(1);
});

describe('elements of a queue that are no messages', () => {
	const ODDITIES = [...ODD, {}, { DeliveryTag: 'x' }];

	/** Each Get has them between its messages, and alone where there are none. */
	class OddHost<C extends Connection> extends FetchHost<C> {
		override async send(request: WireRequest, options: SendOptions): Promise<SignedAnswer> {
			const answer = await super.send(request, options);
			if (!request.path.includes('/GetPositions')) return answer;
			const { ErrorCode, VehiclePositionsDetailed: messages } = JSON.parse(answer.body) as {
				ErrorCode: number;
				VehiclePositionsDetailed: unknown[];
			};
			return {
				...answer,
				body: JSON.stringify({
					ErrorCode,
					VehiclePositionsDetailed: [...messages.slice(0, 3), ...ODDITIES, ...messages.slice(3)],
				}),
			};
		}
	}

	test('are handed over as they came, and the others are acknowledged', async () => {
		const { simulator, consumer } = await start({}, { includeRaw: true }, OddHost);
		const reader = consumer();
		await reader.open();
		simulator.advance(10 * MINUTE);
		const given: FleetEvent[] = [];
		await drain(reader, given);
		const odd = given.filter(({ unreadable }) => unreadable !== undefined);
		expect(odd.map(({ raw }) => JSON.stringify(raw)).sort()).toEqual(
			ODDITIES.map((value) =>
				JSON.stringify(
					typeof value === 'object' && value !== null && !Array.isArray(value) ? value : { value },
				),
			).sort(),
		);
		for (const one of odd)
			expect(one).toMatchObject({
				event: 'queueMessage',
				deliveryTag: '0',
				unreadable: expect.stringMatching(/^The vendor sent /) as string,
			});
		const good = given.filter((one) => !odd.includes(one));
		expect(new Set(ids(good)).size).toBe(good.length);
		expect(good.length).toBeGreaterThan(40);
		expect(queueOf(simulator)).toMatchObject({ unacknowledged: 0, ready: 0, acknowledged: good.length });
	});

	test('do not keep a queue busy that has nothing else', async () => {
		const { simulator, client, consumer } = await start({}, {}, OddHost);
		const reader = consumer();
		await reader.open();
		simulator.advance(MINUTE);
		await drain(reader, []);
		const before = simulator.requests.length;
		expect(await next(reader)).toBeUndefined();
		expect(simulator.requests.length - before).toBe(1);
		expect(client.shared.suspectSession).toBeUndefined();
	});

	test('acknowledging later, message by message, ends with the last of those that have a tag', async () => {
		const { simulator, client, consumer } = await start({}, {}, OddHost);
		const reader = consumer();
		await reader.open();
		simulator.advance(2 * MINUTE);
		const batch = await nextBatch(reader);
		const tags = batch.events.map(({ deliveryTag }) => String(deliveryTag)).filter((tag) => tag !== '0');
		expect(tags.length).toBeLessThan(batch.events.length);
		await client.collect(acknowledge, { queue: 'positions', deliveryTags: tags });
		await batch.acknowledged;
		expect(queueOf(simulator)).toMatchObject({ acknowledged: tags.length });
	});
});

describe('what no document shows', () => {
	test('two messages of one vehicle and second are two', async () => {
		const { simulator, consumer } = await start({ doubleMessages: true });
		const reader = consumer();
		await reader.open();
		simulator.advance(10 * MINUTE);
		const given: FleetEvent[] = [];
		await drain(reader, given);
		expect(given).toHaveLength(simulator.history('API_Demo', 'Positions').length);
		expect(new Set(ids(given)).size).toBe(given.length);
		expect(queueOf(simulator)).toMatchObject({ ready: 0, unacknowledged: 0, acknowledged: given.length });
	});

	test('a tag in another case is a tag', async () => {
		const { simulator, consumer } = await start({ messageTags: 'otherCase', keyCase: 'camel', extras: true });
		const reader = consumer();
		await reader.open();
		simulator.advance(5 * MINUTE);
		const given: FleetEvent[] = [];
		await drain(reader, given);
		expect(given).toHaveLength(simulator.history('API_Demo', 'Positions').length);
		expect(queueOf(simulator)).toMatchObject({ ready: 0, unacknowledged: 0 });
	});

	test.each([
		{ acknowledging: 'ignored' },
		{ messageTags: 'none' },
		{ messageTags: 'text' },
	] satisfies Partial<CtrackOptions>[])(
		'the reader does not go round where nothing can be acknowledged: %j',
		async (options) => {
			const { simulator, consumer } = await start({ ...options, subscribedAlready: 'word' });
			const reader = consumer();
			await reader.open();
			simulator.advance(10 * MINUTE);
			const given: FleetEvent[] = [];
			await drain(reader, given);
			const before = simulator.requests.length;
			for (let polls = 0; polls < 10; polls++) expect(await next(reader)).toBeUndefined();
			expect(simulator.requests.length - before).toBeLessThanOrEqual(20);
			expect(given).toHaveLength(20);
			expect(new Set(ids(given)).size).toBe(20);
		},
	);
});
