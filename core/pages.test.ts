import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inOrder, timePages } from './pages';
import { chunks, windows } from './windows';

async function all<T>(pages: AsyncIterable<T[]>): Promise<T[]> {
	const found: T[] = [];
	for await (const page of pages) found.push(...page);
	return found;
}

interface Point {
	at: number;
	id: number;
}

/** A server that pages as the vendors' documents say: sorted, inclusive, the first `size`. */
const server = (points: readonly Point[], size: number) => {
	const sorted = [...points].sort((a, b) => a.at - b.at);
	return async (begin: number) => sorted.filter(({ at }) => at >= begin).slice(0, size);
};
const paging = (size: number) => ({ size, mark: ({ at }: Point) => at, key: ({ id }: Point) => String(id) });

describe('pages by time', () => {
	test('every record comes once, however many share a second', async () => {
		const list = fc.array(fc.record({ at: fc.integer({ min: 0, max: 40 }), id: fc.integer({ min: 0, max: 3 }) }), { maxLength: 60 });
		await fc.assert(
			fc.asyncProperty(list, fc.integer({ min: 2, max: 12 }), async (points, size) => {
				const most = Math.max(0, ...points.map((point) => points.filter(({ at }) => at === point.at).length));
				// A second that fills a page cannot be paged past: that is the next test's.
				fc.pre(most < size);
				const found = await all(timePages(0, server(points, size), paging(size)));
				expect(found).toEqual([...points].sort((a, b) => a.at - b.at));
			}),
			{ numRuns: 1000 },
		);
	});

	test('a full page that does not advance is an error, not a loop and not a loss', async () => {
		const points = [...Array.from({ length: 3 }, (_, id) => ({ at: 5, id })), ...Array.from({ length: 12 }, (_, id) => ({ at: 7, id })), { at: 9, id: 0 }];
		const found: Point[] = [];
		await expect(
			(async () => {
				for await (const page of timePages(0, server(points, 10), paging(10))) found.push(...page);
			})(),
		).rejects.toThrow('more than one page holds');
		expect(found).toHaveLength(10);
	});

	test('an exactly full last page costs one more request and gives nothing twice', async () => {
		let asked = 0;
		const points = Array.from({ length: 10 }, (_, id) => ({ at: id, id }));
		const fetch = server(points, 10);
		const found = await all(timePages(0, (begin) => (asked++, fetch(begin)), paging(10)));
		expect(found).toEqual(points);
		expect(asked).toBe(2);
	});
});

describe('tasks side by side', () => {
	test('results keep the order of the tasks, and no more run than allowed', async () => {
		let running = 0;
		let most = 0;
		const work = async (task: number) => {
			running += 1;
			most = Math.max(most, running);
			for (let turns = 0; turns < (7 - task) % 7; turns++) await Promise.resolve();
			running -= 1;
			return task;
		};
		const found: number[] = [];
		for await (const result of inOrder([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 4, work)) found.push(result);
		expect(found).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
		expect(most).toBeLessThanOrEqual(4);
	});

	test('a failure comes in its turn and is never unhandled', async () => {
		const found: number[] = [];
		const work = (task: number) => (task === 2 ? Promise.reject(new Error('two')) : Promise.resolve(task));
		await expect(
			(async () => {
				for await (const result of inOrder([0, 1, 2, 3], 4, work)) found.push(result);
			})(),
		).rejects.toThrow('two');
		expect(found).toEqual([0, 1]);
	});
});

test('windows and chunks cover everything once', () => {
	expect([...windows(0, 15, 7)]).toEqual([
		{ begin: 0, end: 7 },
		{ begin: 7, end: 14 },
		{ begin: 14, end: 15 },
	]);
	expect([...windows(5, 5, 7)]).toEqual([]);
	expect(chunks([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
});
