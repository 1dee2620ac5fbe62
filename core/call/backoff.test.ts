import { expect, test } from 'vitest';
import { doubling } from './backoff';

test('a wait doubles with each failure, up to the longest, however many there are', () => {
	const wait = (failures: number) => doubling(failures, { firstMs: 5000, longestMs: 300_000 });
	expect([1, 2, 3, 6, 7, 8, 5000].map(wait)).toEqual([5000, 10_000, 20_000, 160_000, 300_000, 300_000, 300_000]);
});
