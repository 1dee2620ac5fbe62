import { describe, expect, test } from 'vitest';
import { backoff, RetryBudget } from './retry';

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
		const budget = new RetryBudget();
		const left = () => {
			let count = 0;
			while (count < 1000 && budget.spend()) count += 1;
			return count;
		};
		expect(left()).toBe(100);
		for (let count = 0; count < 9; count++) budget.earn();
		expect(left()).toBe(0);
		for (let count = 0; count < 2; count++) budget.earn();
		expect(left()).toBe(1);
		for (let count = 0; count < 5000; count++) budget.earn();
		expect(left()).toBe(100);
	});
});
