import { describe, expect, test } from 'vitest';
import { backoff, Resilience } from './retry';

describe('the pause before another attempt', () => {
	test.each([
		[1, 500, 2000],
		[2, 500, 4000],
		[3, 500, 8000],
		[10, 500, 20_000],
	])('is drawn anew each time: attempt %i, from %i to %i ms', (attempt, shortest, longest) => {
		expect(backoff(attempt, { tooOften: false }, () => 0)).toBe(shortest);
		expect(backoff(attempt, { tooOften: false }, () => 1)).toBe(longest);
	});

	test('is long at once where the vendor complains, and as long as it asks for', () => {
		expect(backoff(1, { tooOften: true }, () => 1)).toBe(20_000);
		expect(backoff(1, { tooOften: false, retryAfterMs: 45_000 }, () => 0.5)).toBe(45_000);
	});
});

describe('retries in hand', () => {
	test('are a hundred, and ten successes earn another', () => {
		const resilience = new Resilience('Vendor');
		const left = () => {
			let count = 0;
			while (count < 1000 && resilience.mayRetry()) count += 1;
			return count;
		};
		expect(left()).toBe(100);
		for (let count = 0; count < 9; count++) resilience.succeeded();
		expect(left()).toBe(0);
		for (let count = 0; count < 2; count++) resilience.succeeded();
		expect(left()).toBe(1);
		for (let count = 0; count < 5000; count++) resilience.succeeded();
		expect(left()).toBe(100);
	});
});

describe('the breaker', () => {
	const broken = () => {
		const resilience = new Resilience('Vendor');
		for (let count = 0; count < 5; count++) resilience.failed(0);
		return resilience;
	};

	test('opens after five failures in a row, for half a minute', () => {
		const resilience = new Resilience('Vendor');
		for (let count = 0; count < 4; count++) resilience.failed(0);
		resilience.answered();
		for (let count = 0; count < 4; count++) resilience.failed(0);
		expect(resilience.enter(1)).toBeUndefined();
		resilience.failed(1000);
		expect(resilience.enter(2000)?.message).toContain(
			'failed 5 times in a row, so requests are held back for 29 s',
		);
		expect(resilience.enter(30_999)).toBeDefined();
		expect(resilience.enter(31_000)).toBeUndefined();
		expect(resilience.mayRetry()).toBe(false);
	});

	test('lets one probe through at a time, and closes when it is answered', () => {
		const resilience = broken();
		expect(resilience.enter(30_000)).toBeUndefined();
		expect(resilience.enter(30_000)).toBeDefined();
		resilience.left();
		expect(resilience.enter(30_000)).toBeUndefined();
		resilience.answered();
		expect([resilience.enter(30_001), resilience.enter(30_001), resilience.mayRetry()]).toEqual([
			undefined,
			undefined,
			true,
		]);
	});

	test('says that nothing was sent, and that another attempt can help', () => {
		const { advice, retryable } = broken().enter(1) ?? {};
		expect(advice).toMatch(/^Nothing was sent\./);
		expect(retryable).toBe(true);
	});

	test('a success ends a row of failures', () => {
		const resilience = new Resilience('Vendor');
		for (let count = 0; count < 4; count++) resilience.failed(0);
		resilience.succeeded();
		resilience.failed(0);
		expect(resilience.enter(1)).toBeUndefined();

		const reopened = broken();
		expect(reopened.enter(30_000)).toBeUndefined();
		reopened.succeeded();
		expect([reopened.enter(30_001), reopened.enter(30_001)]).toEqual([undefined, undefined]);
	});

	test('stays open after a probe that fails', () => {
		const resilience = broken();
		expect(resilience.enter(30_000)).toBeUndefined();
		resilience.failed(31_000);
		expect(resilience.enter(60_000)).toBeDefined();
		expect(resilience.enter(61_000)).toBeUndefined();
	});

	test('a clock that was set back does not hold requests for longer', () => {
		const resilience = new Resilience('Vendor');
		for (let count = 0; count < 5; count++) resilience.failed(3_600_000);
		expect(resilience.enter(0)).toBeUndefined();
	});
});
