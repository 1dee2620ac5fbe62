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
});
