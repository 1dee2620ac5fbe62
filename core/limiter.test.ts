import { describe, expect, test } from 'vitest';
import { TestHost } from '../test/support/test-host';
import { Limiter } from './limiter';

const idle = () => new TestHost(() => ({ status: 200, headers: {}, body: '' }));

describe('the limiter', () => {
	test('keeps to the rate after the burst', async () => {
		const host = idle();
		const limiter = new Limiter(60, 5);
		const start = host.time;
		const at: number[] = [];
		for (let count = 0; count < 8; count++) {
			const release = await limiter.acquire('person', host, Infinity);
			at.push(host.time - start);
			release();
		}
		expect(at.slice(0, 5)).toEqual([0, 0, 0, 0, 0]);
		expect(at.slice(5)).toEqual([1000, 2000, 3000]);
	});

	test('lets no more than four run at once', async () => {
		const host = idle();
		const limiter = new Limiter(60_000, 100);
		let running = 0;
		let most = 0;
		await Promise.all(
			Array.from({ length: 20 }, async () => {
				const release = await limiter.acquire('person', host, Infinity);
				most = Math.max(most, ++running);
				await host.sleep(10);
				running -= 1;
				release();
			}),
		);
		expect(most).toBe(4);
	});

	test('a command overtakes queued reads, and reads overtake polls', async () => {
		const host = idle();
		const limiter = new Limiter(60, 1);
		(await limiter.acquire('person', host, Infinity))();
		const order: string[] = [];
		const go = async (priority: 'command' | 'person' | 'poll') => {
			const release = await limiter.acquire(priority, host, Infinity);
			order.push(priority);
			release();
		};
		await Promise.all([go('poll'), go('person'), go('person'), go('command')]);
		expect(order).toEqual(['command', 'person', 'person', 'poll']);
	});

	test('gives up at once where the turn would come too late, and tells how long it waits', async () => {
		const host = idle();
		const limiter = new Limiter(2, 1);
		(await limiter.acquire('person', host, Infinity))();
		await expect(limiter.acquire('person', host, host.time + 10_000)).rejects.toThrow('the next one is in 30 s');
		const waits: number[] = [];
		(await limiter.acquire('person', host, host.time + 60_000, { onWait: (ms) => waits.push(ms) }))();
		expect(waits).toEqual([30_000]);
	});

	test('goes at half the speed when told to, and recovers', async () => {
		const host = idle();
		const limiter = new Limiter(60, 1);
		limiter.slowDown();
		const start = host.time;
		(await limiter.acquire('person', host, Infinity))();
		(await limiter.acquire('person', host, Infinity))();
		expect(host.time - start).toBe(4000);
		for (let count = 0; count < 50; count++) limiter.recover();
		const later = host.time;
		(await limiter.acquire('person', host, Infinity))();
		expect(host.time - later).toBe(1000);
	});

	test('an aborted waiter leaves the queue', async () => {
		const host = idle();
		const limiter = new Limiter(60, 1, 1);
		const release = await limiter.acquire('person', host, Infinity);
		const stop = new AbortController();
		const waiting = limiter.acquire('person', host, Infinity, { signal: stop.signal });
		stop.abort(new Error('stopped'));
		await expect(waiting).rejects.toThrow('stopped');
		release();
		(await limiter.acquire('person', host, Infinity))();
	});

	test.each([0, 1, 2, 3, 4, 5])('a turn that comes %d ticks after the abort is not lost', async (ticks) => {
		const host = idle();
		const limiter = new Limiter(60, 5, 1);
		const release = await limiter.acquire('person', host, Infinity);
		const stop = new AbortController();
		const waiting = limiter.acquire('person', host, Infinity, { signal: stop.signal }).then(
			(granted) => granted(),
			() => undefined,
		);
		stop.abort(new Error('stopped'));
		for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
		release();
		await waiting;
		(await limiter.acquire('person', host, host.time + 10_000))();
	});
});

describe('a burst of 1 spaces requests', () => {
	test.each([
		['short', 40],
		['long', 20_000],
	])('30 s from the end of one to the begin of the next, with %s answers and many waiting', async (_, length) => {
		const host = idle();
		const limiter = new Limiter(2, 1);
		const spans: { begin: number; end: number }[] = [];
		const waits: number[] = [];
		await Promise.all(
			Array.from({ length: 9 }, async (_nothing, index) => {
				const release = await limiter.acquire((['poll', 'person', 'command'] as const)[index % 3] ?? 'poll', host, Infinity, { onWait: (ms) => waits.push(ms) });
				const begin = host.time;
				await host.sleep(((index * 7919) % length) + 1);
				spans.push({ begin, end: host.time });
				release();
			}),
		);
		expect(spans).toHaveLength(9);
		for (const [index, { begin }] of spans.slice(1).entries()) {
			const pause = begin - (spans[index]?.end ?? 0);
			expect(pause).toBeGreaterThanOrEqual(30_000);
			expect(pause).toBeLessThanOrEqual(30_002);
		}
		expect(Math.min(...waits)).toBeGreaterThanOrEqual(29_999);
		expect(waits).toHaveLength(8);
	});

	test('what the vendor asks for holds all back, up to an hour', async () => {
		const host = idle();
		const limiter = new Limiter(2, 1);
		for (const [asked, expected] of [[10_000, 60_000], [200_000, 200_000], [1e12, 3_600_000]] as const) {
			const release = await limiter.acquire('person', host, Infinity);
			limiter.slowDown(host.time, asked);
			release();
			const from = host.time;
			(await limiter.acquire('person', host, Infinity))();
			expect(host.time - from).toBeGreaterThanOrEqual(expected);
			expect(host.time - from).toBeLessThanOrEqual(expected + 2);
			host.time += 3_600_000;
		}
	});

	test('a change of the limit refills nothing', async () => {
		const host = idle();
		const limiter = new Limiter(2, 1);
		(await limiter.acquire('person', host, Infinity))();
		limiter.keepTo(4, 1, host.now());
		const from = host.time;
		(await limiter.acquire('person', host, Infinity))();
		expect(host.time - from).toBe(15_000);
	});

	test('the smallest limit of the last minute holds, and slowness outlives a change', async () => {
		const host = idle();
		const limiter = new Limiter(600, 1);
		const spacing = async () => {
			(await limiter.acquire('person', host, Infinity))();
			const from = host.time;
			(await limiter.acquire('person', host, Infinity))();
			return host.time - from;
		};
		limiter.keepTo(60, 1, host.now());
		limiter.keepTo(600, 1, host.now());
		expect(await spacing()).toBe(1000);
		host.time += 61_000;
		limiter.keepTo(600, 1, host.now());
		expect(await spacing()).toBe(100);
		limiter.slowDown(host.now());
		limiter.keepTo(60, 1, host.now());
		host.time += 3_600_000;
		expect(await spacing()).toBe(2000);
	});

	test('polls leave half of the bucket to others', async () => {
		const host = idle();
		const limiter = new Limiter(60, 10);
		const begin = host.time;
		const polled: number[] = [];
		for (let count = 0; count < 8; count++) {
			(await limiter.acquire('poll', host, Infinity))();
			polled.push(host.time - begin);
		}
		// Six are there beyond the half that stays; then one comes for each second.
		expect(polled).toEqual([0, 0, 0, 0, 0, 0, 1000, 2000]);
		const person = host.time;
		for (let count = 0; count < 4; count++) (await limiter.acquire('person', host, Infinity))();
		expect(host.time).toBe(person);
	});
});
