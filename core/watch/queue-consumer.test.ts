import { describe, expect, test, vi } from 'vitest';
import type { Client } from '../call/client';
import { Unreachable, RateLimited, UnexpectedAnswer } from '../describe/errors';
import type { AnyTrigger } from '../describe/trigger';
import { QueueConsumer, queueFields } from './queue-consumer';

const [get, acknowledge, subscribe] = ['get', 'acknowledge', 'subscribe'].map((name) => ({
	name,
	record: (row: { tag: string | null }) => ({
		id: `m${String(row.tag)}`,
		deliveryTag: row.tag,
		queue: 'q',
		record: { deviceId: 'd', endedAt: '2026-01-31T12:00:00Z' },
	}),
}));
const trigger = {
	name: 'queueMessage',
	title: 'Queue Message',
	params: queueFields,
	queue: true,
	source: { type: 'queue', queue: 'q', get, acknowledge, subscribe },
} as unknown as AnyTrigger;

/** An account whose vendor answers Gets with these, one after another, and confirms what is acknowledged. */
function account(...answers: (string[] | Error)[]) {
	const sent: string[] = [];
	const state = {
		session: 's1',
		invalidated: [] as string[],
		warnings: [] as string[],
		confirms: 'confirmed',
		response: null as string | null,
		now: 0,
		takes: 0,
	};
	const client = {
		now: () => state.now,
		connection: {},
		inBlocks: async (list: unknown[], work: (block: unknown[]) => void) => work(list),
		shared: { account: {}, queues: new Map() },
		warn: (message: string) => state.warnings.push(message),
		name: () => Promise.resolve(),
		sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
		invalidate: (session: string) => {
			state.invalidated.push(session);
			state.session = 's2';
		},
		collect: async (
			operation: { name: string },
			params: { deliveryTags?: string[] },
			options: { onSession?: (token: string) => void; inSession?: string },
		) => {
			state.now += state.takes;
			sent.push([operation.name, ...(params.deliveryTags ?? []), options.inSession ?? ''].join(' ').trim());
			if (operation.name !== 'get')
				return [{ outcome: state.confirms, explanation: 'Why not.', response: state.response }];
			options.onSession?.(state.session);
			const answer = answers.shift() ?? [];
			if (answer instanceof Error) throw answer;
			return answer.map((tag) => ({ tag: tag === '' ? null : tag }));
		},
	} as unknown as Client;
	const consumer = (settings: object = {}) =>
		new QueueConsumer(client, trigger, {
			subscribe: false,
			includeRaw: false,
			maxMessages: 500,
			attempts: 0,
			...settings,
		});
	return { client, consumer, sent, state };
}

const next = (consumer: QueueConsumer) => consumer.next({ budgetMs: 1000 });
const idsOf = (batch: Awaited<ReturnType<typeof next>>) => batch?.events.map(({ id }) => id);

describe('a queue consumer', () => {
	test('acknowledges the last tag in the session that it came from, once the batch is done', async () => {
		const { consumer, sent } = account(['1', '2'], ['3']);
		const made = consumer();
		const batch = await next(made);
		expect(sent).toEqual(['get']);
		await batch?.done();
		expect(sent).toEqual(['get', 'acknowledge 2 s1']);
		expect(idsOf(await next(made))).toEqual(['m3']);
	});

	test('acknowledges single messages in the order of the queue', async () => {
		const { consumer, sent } = account(['1', '2', '3']);
		const made = consumer();
		const batch = await next(made);
		expect(await made.acknowledge(['2'])).toMatchObject({ outcome: 'sent' });
		expect(await made.acknowledge(['1'])).toMatchObject({ outcome: 'confirmed' });
		expect(await made.acknowledge(['3'])).toMatchObject({ outcome: 'confirmed' });
		await batch?.acknowledged;
		expect(sent).toEqual(['get', 'acknowledge 2 s1', 'acknowledge 3 s1']);
		expect(await made.acknowledge(['3'])).toMatchObject({ outcome: 'failed' });
	});

	test('acknowledges single messages in groups: 500 within two seconds take five requests at most', async () => {
		vi.useFakeTimers();
		try {
			const tags = Array.from({ length: 500 }, (_, index) => String(index + 1));
			const { consumer, sent } = account(tags);
			const made = consumer();
			const batch = await next(made);
			const outcomes = tags.map(async (tag, index) => {
				await new Promise((resolve) => setTimeout(resolve, index * 4));
				return await made.acknowledge([tag]);
			});
			await vi.advanceTimersByTimeAsync(2000);
			expect(new Set((await Promise.all(outcomes)).map(({ outcome }) => outcome))).toEqual(
				new Set(['confirmed']),
			);
			await batch?.acknowledged;
			expect(sent.slice(1).length).toBeLessThanOrEqual(5);
			expect(sent.at(-1)).toBe('acknowledge 500 s1');
		} finally {
			vi.useRealTimers();
		}
	});

	test('a group that the vendor does not confirm fails for each of its messages, and the next one is sent', async () => {
		const { consumer, sent, state } = account(['1', '2', '3', '4']);
		const made = consumer();
		await next(made);
		await made.acknowledge(['1']);
		state.confirms = 'unknown';
		const failed = await Promise.allSettled([made.acknowledge(['2']), made.acknowledge(['3'])]);
		expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
		state.confirms = 'confirmed';
		expect(await made.acknowledge(['4'])).toMatchObject({ outcome: 'confirmed' });
		expect(sent.slice(1)).toEqual(['acknowledge 1 s1', 'acknowledge 3 s1', 'acknowledge 4 s1']);
	});

	test.each([
		['the connection broke', new Unreachable('Gone.', { effect: 'unknown' })],
		['the answer cannot be read', new UnexpectedAnswer('?')],
	])('starts a new session where messages may be missing: %s', async (_, error) => {
		const { consumer, state } = account(['1'], error, ['3'], ['1', '2', '3']);
		const made = consumer();
		await (await next(made))?.done();
		await expect(next(made)).rejects.toThrow();
		expect(idsOf(await next(made))).toEqual(['m2', 'm3']);
		expect(state.invalidated).toEqual(['s1']);
	});

	test.each([
		['was not carried out', new Unreachable('Gone.', { effect: 'none' })],
		['was one too many', new RateLimited('Too often.', { effect: 'unknown' })],
	])('continues in its session after a Get that %s', async (_, error) => {
		const { consumer, state } = account(['1'], error, ['5']);
		const made = consumer();
		await (await next(made))?.done();
		await expect(next(made)).rejects.toThrow();
		expect(idsOf(await next(made))).toEqual(['m5']);
		expect(state.invalidated).toEqual([]);
	});

	test('skips messages that come again, and acknowledges them without the flow', async () => {
		const { consumer, sent, state } = account(['1', '2'], ['1', '2'], ['3']);
		const made = consumer();
		const batch = await next(made);
		state.confirms = 'failed';
		await expect(batch?.done()).rejects.toThrow('It is not certain that the messages were acknowledged: Why not.');
		state.confirms = 'confirmed';
		expect(idsOf(await next(made))).toEqual(['m3']);
		expect(sent).toEqual(['get', 'acknowledge 2 s1', 'get', 'acknowledge 2 s1', 'get']);
	});

	test('delivers a failed batch again, without what is acknowledged, as often as the user wants', async () => {
		const { consumer, sent } = account(['1', '2', '3']);
		const made = consumer({ attempts: 2 });
		const first = await next(made);
		await made.acknowledge(['1']);
		expect([first?.attempt, first?.failed()]).toEqual([1, true]);
		const second = await next(made);
		expect([idsOf(second), second?.attempt, second?.failed()]).toEqual([['m2', 'm3'], 2, false]);
		expect(sent.filter((one) => one === 'get')).toHaveLength(1);
	});

	test('delivers messages without a tag once', async () => {
		const { consumer, sent } = account([''], [''], ['']);
		const made = consumer();
		const batch = await next(made);
		expect([idsOf(batch), batch?.failed()]).toEqual([['mnull'], false]);
		await batch?.done();
		expect(await next(made)).toBeUndefined();
		// An earlier process may have taken messages, so the first Get is repeated in a new session.
		expect(sent).toEqual(['get', 'get', 'get']);
	});

	test('says once that messages without a usable tag cannot be acknowledged', async () => {
		for (const tag of ['', 'abc', '-1', '1.5', '123456789012345678901']) {
			const { consumer, sent, state } = account([], [tag, `${tag}0x`], [tag], [tag, `${tag}1x`]);
			const made = consumer();
			expect((await next(made))?.events).toHaveLength(2);
			for (const _ of [1, 2, 3]) await (await next(made))?.done();
			expect(sent.filter((one) => one !== 'get')).toEqual([]);
			expect(state.warnings).toEqual([expect.stringContaining('come without a delivery tag')]);
		}
	});

	test.each([
		['the same tags', ['1', '2']],
		['one more', ['1', '2', '1']],
	])('pauses where acknowledged messages come again for ever, and says so once: %s', async (_, again) => {
		const { consumer, sent, state } = account(...Array<string[]>(100).fill(again));
		const made = consumer();
		const batch = await next(made);
		await batch?.done();
		for (let polls = 0; polls < 5; polls++) expect(await next(made)).toBeUndefined();
		// Each poll asks once, and tries once more to acknowledge.
		expect(sent).toHaveLength(12);
		expect(state.warnings).toEqual([
			'Messages of the q queue come again although the vendor confirmed that they are acknowledged. They are skipped, but others may not get through. Ask the vendor to empty the queue.',
		]);
	});

	test('goes on when acknowledging has an effect again', async () => {
		const { consumer } = account(['1'], ['1'], ['1', '2'], ['3']);
		const made = consumer();
		await (await next(made))?.done();
		expect(await next(made)).toBeUndefined();
		const batch = await next(made);
		expect(idsOf(batch)).toEqual(['m2']);
		await batch?.done();
		expect(idsOf(await next(made))).toEqual(['m3']);
	});

	test('ends with its budget, also where each Get brings other messages that were processed', async () => {
		const round = (place: number) => [String(2 * place + 1), String(2 * place + 2)];
		const first = Array.from({ length: 50 }, (_, place) => round(place));
		const { consumer, state, sent } = account(...first, ...first);
		const made = consumer();
		for (const _ of first) {
			const batch = await next(made);
			state.confirms = 'failed';
			await batch?.done().catch(() => undefined);
			state.confirms = 'confirmed';
		}
		sent.length = 0;
		state.takes = 300;
		expect(await made.next({ budgetMs: 1000 })).toBeUndefined();
		expect(sent.filter((one) => one === 'get')).toHaveLength(2);
		expect(state.warnings).toEqual([]);
	});

	test('claims its queue, and its successor delivers what is in flight', async () => {
		const { consumer, sent } = account(['1', '2']);
		const [first, second] = [consumer(), consumer()];
		await first.open();
		await expect(second.open()).rejects.toThrow('Another trigger reads the q queue');
		await next(first);
		await expect(second.sample({ budgetMs: 1000 })).rejects.toThrow('is running');
		first.close();
		await second.open();
		second.close();
		expect(idsOf(await next(second))).toEqual(['m1', 'm2']);
		expect(sent).toEqual(['get']);
	});

	test('warns where the subscription is uncertain, but not where there is one already', async () => {
		const { consumer, state } = account();
		state.confirms = 'unknown';
		state.response = 'AlreadySubscribed';
		const first = consumer({ subscribe: true });
		await first.open();
		first.close();
		expect(state.warnings).toEqual([]);
		state.response = 'No';
		await consumer({ subscribe: true }).open();
		expect(state.warnings).toEqual(['It is not certain that the q queue is subscribed to: Why not.']);
	});
});
