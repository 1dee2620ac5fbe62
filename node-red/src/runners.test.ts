import { describe, expect, test, vi } from 'vitest';
import { Unreachable } from '../../core/describe/errors';
import type { PollResult } from '../../core/watch/poller';
import type { Batch } from '../../core/watch/queue-consumer';
import type { FleetEvent } from '../../core/describe/trigger';
import { PollRunner, QueueRunner, type Acknowledge } from './runners';
import { NotStored, TriggerState } from './trigger-state';
import type { Store } from './trigger-store';

const event = (id: string): FleetEvent => ({ id, event: 'e', deviceId: 'd', time: null, late: false, doubtful: false });
const polled = (ids: string[], n: number, more: Partial<PollResult> = {}): PollResult => ({
	events: ids.map(event),
	cursor: { v: 1, event: 'e', n },
	more: false,
	stop: false,
	reads: 1,
	...more,
});
const options = (signal = new AbortController().signal) => ({ fresh: false, signal, onWait: () => undefined });

describe('a poll', () => {
	let nodes = 0;
	/** Everything that happens, in order. */
	async function feed(results: (PollResult | Error)[], prepare?: () => Promise<void>) {
		const log: string[] = [];
		const store: Store & { broken: boolean } = {
			broken: false,
			load: async () => undefined,
			save: async (state) => {
				if (store.broken) throw new Error('ENOSPC');
				log.push(`stored ${String((state as { cursor: { n: number } }).cursor.n)}`);
			},
			drop: async () => undefined,
			setAside: async () => '',
		};
		const state = new TriggerState(`feed-${String(++nodes)}`, store, '');
		await state.open('account', () => undefined);
		const poll = vi.fn(async (stored: unknown) => {
			log.push(`polled ${String((stored as { n: number } | undefined)?.n)}`);
			const result = results.shift()!;
			if (result instanceof Error) throw result;
			return result;
		});
		const deliver = (events: readonly FleetEvent[]) => {
			log.push(`sent ${events.map(({ id }) => id).join()}`);
			setImmediate(() => log.push('handed over'));
		};
		return { log, store, state, poll, feed: new PollRunner({ poll }, state, deliver, 60_000, prepare) };
	}

	test('sends, lets Node-RED hand over, stores, and only then asks for more', async () => {
		const { log, feed: polls } = await feed([
			polled(['a', 'b'], 1, { more: true }),
			polled(['c'], 2, { more: true }),
			polled([], 3),
		]);
		expect(await polls.poll(options())).toMatchObject({ count: 3, stop: false, problem: undefined });
		expect(log).toEqual([
			'polled undefined',
			'sent a,b',
			'handed over',
			'stored 1',
			'polled 1',
			'sent c',
			'handed over',
			'stored 2',
			'polled 2',
		]);
	});

	test('stores the first cursor even where there is no event', async () => {
		const { log, feed: polls } = await feed([polled([], 1), polled([], 2)]);
		await polls.poll(options());
		await polls.poll(options());
		expect(log).toEqual(['polled undefined', 'stored 1', 'polled 1']);
	});

	const began = { v: 1, event: 'e', n: 0 } as const;

	test('stores where it has begun before it sends the first events', async () => {
		const { log, feed: polls } = await feed([polled(['a'], 1, { began, more: true }), polled(['b'], 2)]);
		await polls.poll(options());
		expect(log).toEqual([
			'polled undefined',
			'stored 0',
			'sent a',
			'handed over',
			'stored 1',
			'polled 1',
			'sent b',
			'handed over',
			'stored 2',
		]);
	});

	test('stores where it has begun at once, though something was stored a moment ago', async () => {
		const {
			log,
			state,
			feed: polls,
		} = await feed([polled([], 1, { began }), polled([], 2), polled([], 3, { began }), polled([], 4, { began })]);
		await polls.poll(options());
		await polls.poll(options());
		await state.open('another account', () => undefined);
		await polls.poll(options());
		// As after "reset".
		state.change({ cursor: undefined });
		await polls.poll(options());
		expect(log).toEqual([
			'polled undefined',
			'stored 1',
			'polled 1',
			'polled undefined',
			'stored 3',
			'polled undefined',
			'stored 4',
		]);
	});

	test('stopped at the end of its first poll, which found nothing, it goes on from where it has begun', async () => {
		const { log, poll, feed: polls } = await feed([polled([], 2)]);
		const stop = new AbortController();
		poll.mockImplementationOnce(async () => {
			stop.abort(new Error('deployed'));
			return polled([], 1, { began });
		});
		await expect(polls.poll(options(stop.signal))).rejects.toThrow('deployed');
		await polls.poll(options());
		expect(log[0]).toBe('polled 0');
	});

	test('stopped before it sends its first events, it goes on from where it has begun', async () => {
		const stop = new AbortController();
		const {
			log,
			state,
			feed: polls,
		} = await feed([polled(['a'], 1, { began })], async () => stop.abort(new Error('closed')));
		await expect(polls.poll(options(stop.signal))).rejects.toThrow('closed');
		expect(log).toEqual(['polled undefined', 'stored 0']);
		expect(state.state.cursor).toEqual(began);
	});

	test('what came together with a problem is sent and stored, and the rest waits', async () => {
		const problem = new Unreachable('No connection.');
		const { log, feed: polls } = await feed([polled(['a'], 1, { more: true, problem, stop: true })]);
		expect(await polls.poll(options())).toMatchObject({ count: 1, problem, stop: true });
		expect(log).toEqual(['polled undefined', 'sent a', 'handed over', 'stored 1']);
	});

	test('a problem with some devices only does not keep back what there is more of the others', async () => {
		const problem = new Unreachable('Of one.');
		const { log, feed: polls } = await feed([
			polled(['a'], 1, { more: true, problem, partial: true }),
			polled(['b'], 2, { problem, partial: true }),
		]);
		expect(await polls.poll(options())).toMatchObject({ count: 2, problem, stop: false });
		expect(log).toEqual([
			'polled undefined',
			'sent a',
			'handed over',
			'stored 1',
			'polled 1',
			'sent b',
			'handed over',
			'stored 2',
		]);
	});

	test('stopped in the meantime, it sends nothing and stays where it was', async () => {
		const stop = new AbortController();
		const { log, state, feed: polls } = await feed([polled(['a'], 1)], async () => stop.abort(new Error('closed')));
		await expect(polls.poll(options(stop.signal))).rejects.toThrow('closed');
		expect(log).toEqual(['polled undefined']);
		expect(state.state.cursor).toBeUndefined();
	});

	test('a disk that is full stops neither the batches nor the events', async () => {
		const { log, store, feed: polls } = await feed([polled(['a'], 1, { more: true }), polled(['b'], 2)]);
		store.broken = true;
		const ended = await polls.poll(options());
		expect(ended).toMatchObject({ count: 2, stop: false });
		expect(ended.problem).toBeInstanceOf(NotStored);
		expect(log.filter((line) => line.startsWith('sent'))).toEqual(['sent a', 'sent b']);
	});

	test('asked for by somebody, it does not take what others found out', async () => {
		const { poll, feed: polls } = await feed([polled([], 1), polled([], 2)]);
		await polls.poll(options());
		await polls.poll({ ...options(), fresh: true });
		expect(poll.mock.calls.map(([, options]: unknown[]) => (options as { intervalMs: number }).intervalMs)).toEqual(
			[60_000, 0],
		);
	});
});

describe('a queue', () => {
	function feed(batches: (Partial<Batch> & { ids: string[] })[], acknowledge: Acknowledge, withinMs = 60_000) {
		const log: string[] = [];
		const consumer = {
			open: async () => void log.push('opened'),
			close: () => log.push('closed'),
			next: async (): Promise<Batch | undefined> => {
				const batch = batches.shift();
				if (batch === undefined) return undefined;
				const { ids, ...rest } = batch;
				return {
					events: ids.map(event),
					attempt: 1,
					acknowledged: new Promise<void>(() => undefined),
					done: async () => void log.push(`done ${ids.join()}`),
					failed: () => log.push(`failed ${ids.join()}`) > 0,
					...rest,
				};
			},
		};
		const deliver = (events: readonly FleetEvent[], attempt?: number) => {
			log.push(`sent ${events.map(({ id }) => id).join()} ${String(attempt)}`);
		};
		return {
			log,
			feed: new QueueRunner(consumer, deliver, {
				intervalMs: 60_000,
				acknowledge,
				withinMs,
				onSent: (count) => log.push(`${String(count)} in hand`),
				onAnswer: () => undefined,
			}),
		};
	}

	test('acknowledges each batch once it is sent, until the queue is empty', async () => {
		const { log, feed: queue } = feed([{ ids: ['a', 'b'] }, { ids: ['c'], attempt: 2 }], 'sent');
		expect(await queue.poll(options())).toEqual({ count: 3, works: true, stop: false });
		await queue.poll(options());
		queue.close();
		expect(log).toEqual(['opened', 'sent a,b 1', 'done a,b', 'sent c 2', 'done c', 'closed']);
	});

	test('acknowledged by the flow, the next batch follows without another word to the vendor', async () => {
		const { log, feed: queue } = feed(
			[
				{ ids: ['a'], acknowledged: Promise.resolve() },
				{ ids: ['b'], acknowledged: Promise.resolve() },
			],
			'operation',
		);
		await queue.poll(options());
		expect(log).toEqual(['opened', 'sent a 1', '1 in hand', 'sent b 1', '1 in hand']);
	});

	test('what the flow does not acknowledge in time comes again', async () => {
		const { log, feed: queue } = feed(
			[{ ids: ['a'] }, { ids: ['a'], attempt: 2, acknowledged: Promise.resolve() }],
			'operation',
			5,
		);
		await queue.poll(options());
		expect(log).toEqual(['opened', 'sent a 1', '1 in hand', 'failed a', 'sent a 2', '1 in hand']);
	});

	test('after as many attempts as the user allows, messages are given up, and that is told', async () => {
		const { log, feed: queue } = feed([{ ids: ['a'], attempt: 3, failed: () => false }], 'operation', 5);
		await expect(queue.poll(options())).rejects.toThrow(
			'The flow did not acknowledge what it was sent in time (1 messages, attempt 3)',
		);
		expect(log.at(-1)).toBe('done a');
	});

	test('messages that need no sending any more are only acknowledged', async () => {
		const { log, feed: queue } = feed([{ ids: [] }], 'operation');
		await queue.poll(options());
		expect(log).toEqual(['opened', 'done ']);
	});

	test('stopped while the flow has messages in hand, it ends at once', async () => {
		const stop = new AbortController();
		const { log, feed: queue } = feed([{ ids: ['a'] }], 'operation');
		const ended = queue.poll(options(stop.signal));
		await vi.waitFor(() => expect(queue.waiting).toBe(true), { timeout: 30_000 });
		stop.abort(new Error('closed'));
		await expect(ended).rejects.toThrow('closed');
		expect(queue.waiting).toBe(false);
		expect(log.at(-1)).toBe('failed a');
	});

	test('stopped while it waits for the vendor, it sends nothing', async () => {
		const stop = new AbortController();
		const { log, feed: queue } = feed([{ ids: ['a'] }], 'sent');
		stop.abort(new Error('closed'));
		await expect(queue.poll(options(stop.signal))).rejects.toThrow('closed');
		expect(log).toEqual(['opened', 'failed a']);
	});
});
