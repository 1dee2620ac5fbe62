import { describe, expect, test } from 'vitest';
import { ClockHost } from '../../test/delivery/clock-host';
import { TestHost } from '../../test/support/test-host';
import { RateLimited } from '../describe/errors';
import type { Priority } from '../describe/operation';
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

	test('that takes over has as many turns as the one before would have had', async () => {
		const host = idle();
		const limiter = new Limiter(60, 5);
		for (let count = 0; count < 5; count++) (await limiter.acquire('person', host, Infinity))();
		await host.sleep(3000);
		const next = limiter.successor(host.time);
		const start = host.time;
		const at: number[] = [];
		for (let count = 0; count < 5; count++) {
			(await next.acquire('person', host, Infinity))();
			at.push(host.time - start);
		}
		expect(at).toEqual([0, 0, 0, 1000, 2000]);
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

	test.each([
		[100, 3],
		[1, 1],
	])(
		'with a burst of %i, polls that get no answer hold %i slots, and a person or a command waits for none of four',
		async (burst, held) => {
			const host = idle();
			const limiter = new Limiter(60_000, burst);
			const going: string[] = [];
			const releases: (() => void)[] = [];
			const go = async (priority: Priority) => {
				const release = await limiter.acquire(priority, host, Infinity);
				going.push(priority);
				releases.push(release);
			};
			const polls = Array.from({ length: 5 }, async () => await go('poll'));
			await new Promise(setImmediate);
			expect(going).toEqual(Array.from({ length: held }, () => 'poll'));
			const command = go('command');
			await new Promise(setImmediate);
			expect(going.slice(held)).toEqual(burst === 1 ? [] : ['command']);
			while (going.length < 6) {
				releases.shift()?.();
				await host.sleep(1);
				await new Promise(setImmediate);
			}
			await Promise.all([...polls, command]);
		},
	);

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
				const release = await limiter.acquire(
					(['poll', 'person', 'command'] as const)[index % 3] ?? 'poll',
					host,
					Infinity,
					{ onWait: (ms) => waits.push(ms) },
				);
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

	test('what the vendor asks for holds all back, up to five minutes', async () => {
		const host = idle();
		const limiter = new Limiter(2, 1);
		for (const [asked, expected] of [
			[10_000, 60_000],
			[200_000, 200_000],
			[1e12, 300_000],
		] as const) {
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

describe('a pause that the vendor asked for', () => {
	const MINUTE = 60_000;

	/** One that has just been told to pause for so long. */
	async function told(pauseMs = 1e12, perMinute = 60_000) {
		const host = idle();
		const limiter = new Limiter(perMinute, Math.min(50, perMinute));
		const release = await limiter.acquire('poll', host, Infinity);
		limiter.slowDown(host.time, pauseMs);
		release();
		const from = host.time;
		const since = () => host.time - from;
		/** A request, and when it went out. */
		const go = async (priority: Priority, answer: 'well' | 'too often' | 'none' = 'well', deadline = Infinity) => {
			const free = await limiter.acquire(priority, host, deadline);
			const at = since();
			const { complaints } = limiter;
			if (answer === 'well') limiter.recover(complaints);
			else if (answer === 'too often') limiter.slowDown(host.time, pauseMs);
			free();
			return at;
		};
		return { host, limiter, since, go };
	}

	test.each(['person', 'poll'] as const)('a %s waits for it, five minutes at most', async (priority) => {
		const at = await (await told()).go(priority);
		expect(at).toBeGreaterThanOrEqual(5 * MINUTE);
		expect(at).toBeLessThan(5 * MINUTE + 1000);
		expect(await (await told(45_000)).go(priority)).toBeGreaterThanOrEqual(45_000);
	});

	test("is named as what it is, and not as the account's own limit", async () => {
		const { host, limiter } = await told(60_497_000);
		const error = (await limiter
			.acquire('person', host, host.time + MINUTE)
			.catch((thrown: unknown) => thrown)) as RateLimited;
		expect(error).toBeInstanceOf(RateLimited);
		expect(error.message).toBe(
			'The vendor asked for a pause of 17 hours, which leaves no turn in time: the next one is in 300 s.',
		);
		expect(error.sentence).not.toMatch(/raise/);
		expect(error).toMatchObject({ effect: 'none', retryAfterMs: 300_000 });
		// A complaint that asks for no pause slows the account down all the same.
		const slowed = new Limiter(60, 1);
		(await slowed.acquire('person', host, Infinity))();
		slowed.slowDown(host.time);
		const slow = slowed.acquire('person', host, host.time + 500);
		await expect(slow).rejects.toThrow(/^The vendor has said that requests come too often/);
		await expect(slow).rejects.toMatchObject({ advice: expect.not.stringContaining('rate limit') as string });
		// The account's own limit still says so.
		const own = new Limiter(2, 1);
		(await own.acquire('person', host, Infinity))();
		await expect(own.acquire('person', host, host.time + 10_000)).rejects.toThrow("This account's request limit");
	});

	test('a command tries after ten seconds; its success ends the pause for all', async () => {
		const { go } = await told();
		expect(await go('command')).toBe(10_000);
		expect(await go('poll')).toBeLessThan(12_000);
	});

	test('commands that are refused too try less and less often, and one at a time', async () => {
		const { go } = await told();
		const at: number[] = [];
		for (let count = 0; count < 5; count++) at.push(await go('command', 'too often'));
		expect(at).toEqual([10_000, 30_000, 70_000, 150_000, 310_000]);
	});

	test('a command without an answer does not end it', async () => {
		const { go } = await told();
		expect(await go('command', 'none')).toBe(10_000);
		expect(await go('person')).toBeGreaterThanOrEqual(5 * MINUTE);
	});

	test('somebody who wants to know gets one try, whoever makes it', async () => {
		for (const priority of ['person', 'poll'] as const) {
			const { go, limiter } = await told();
			limiter.probe();
			expect(await go(priority, 'too often')).toBe(10_000);
			expect(await go(priority)).toBeGreaterThanOrEqual(5 * MINUTE);
			limiter.probe();
			expect(await go(priority)).toBeLessThan(6 * MINUTE);
		}
	});

	test.each(['command', 'person'] as const)("a try by a %s keeps to the account's own limit", async (priority) => {
		const { go, limiter } = await told(1e12, 2);
		limiter.probe();
		// Two a minute, and half of that since the complaint.
		expect(await go(priority)).toBeGreaterThanOrEqual(60_000);
	});

	test('a request that was under way already says nothing about it', async () => {
		const { go, limiter } = await told();
		limiter.recover(0);
		expect(await go('person')).toBeGreaterThanOrEqual(5 * MINUTE);
	});

	test('a clock that is set back does not make it longer', async () => {
		const { host, go } = await told();
		host.time -= 3 * 60 * MINUTE;
		const before = host.time;
		await go('person');
		expect(host.time - before).toBeLessThanOrEqual(5 * MINUTE + 1000);
	});

	test.each([1, 30, 59, 100, 239, 10_000])(
		'a clock that is set back by %i s before or while somebody waits makes no pause longer',
		async (seconds) => {
			for (const after of [0, 20_000, 59_000]) {
				for (const waits of [false, true]) {
					const host = new ClockHost(0, () => Promise.reject(new Error('nothing is sent')));
					const limiter = new Limiter(60_000, 10);
					(await limiter.acquire('person', host, Infinity))();
					limiter.slowDown(host.now(), 60_000);
					let went: number | undefined;
					const go = async () => {
						const release = await limiter.acquire('person', host, Infinity);
						went = host.time;
						release();
					};
					const waiting = waits ? go() : undefined;
					await host.sleep(after);
					// Somebody else, whose time is up.
					await limiter.acquire('poll', host, host.now()).catch(() => undefined);
					host.ahead -= seconds * 1000;
					const other = waiting ?? go();
					await other;
					expect(went).toBeGreaterThanOrEqual(60_000 - 1000);
					expect(went).toBeLessThanOrEqual(60_000 + 1500);
				}
			}
		},
	);

	test('of no time at all is none', async () => {
		const { go } = await told(0);
		expect(await go('person')).toBeLessThan(1000);
	});
});
