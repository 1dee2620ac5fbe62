import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inOrder, PageSize, timePages, timeWindows } from './pages';
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
		const list = fc.array(fc.record({ at: fc.integer({ min: 0, max: 40 }), id: fc.integer({ min: 0, max: 3 }) }), {
			maxLength: 60,
		});
		await fc.assert(
			fc.asyncProperty(list, fc.integer({ min: 2, max: 12 }), async (points, size) => {
				const most = Math.max(0, ...points.map((point) => points.filter(({ at }) => at === point.at).length));
				// A second that fills a page cannot be paged past: that is the next test's.
				fc.pre(most < size);
				const found = await all(timePages(0, server(points, size), paging(size), 100));
				expect(found).toEqual([...points].sort((a, b) => a.at - b.at));
			}),
			{ numRuns: 1000 },
		);
	});

	test('a second that holds more than a page: what comes is given, the rest is told, and the next seconds follow', async () => {
		const points = [
			...Array.from({ length: 3 }, (_, id) => ({ at: 5, id })),
			...Array.from({ length: 12 }, (_, id) => ({ at: 7, id })),
			{ at: 9, id: 0 },
		];
		const warnings: string[] = [];
		const warn = (message: string) => warnings.push(message);
		const found = await all(timePages(0, server(points, 10), { ...paging(10), warn }, 100));
		expect(found).toEqual(points.filter(({ at, id }) => at !== 7 || id < 10));
		expect(warnings).toEqual([
			'The vendor gives 10 records at 1970-01-01T00:00:07.000Z, as many as one page holds, and offers no way to page past them. Any others of that second cannot be read.',
		]);
	});

	test('several such seconds in a row, in lists of any form', async () => {
		const bursts = fc.array(fc.record({ at: fc.nat({ max: 6 }), count: fc.integer({ min: 1, max: 9 }) }), {
			maxLength: 12,
		});
		await fc.assert(
			fc.asyncProperty(bursts, fc.integer({ min: 2, max: 6 }), async (list, size) => {
				const points = list.flatMap(({ at, count }, which) =>
					Array.from({ length: count }, (_, id) => ({ at, id: 100 * which + id })),
				);
				const warnings: string[] = [];
				const warn = (message: string) => warnings.push(message);
				const found = await all(timePages(0, server(points, size), { ...paging(size), warn }, 10));
				const of = (all: readonly Point[], second: number) => all.filter(({ at }) => at === second).length;
				for (let second = 0; second <= 6; second++) {
					const there = of(points, second);
					expect(of(found, second)).toBe(Math.min(there, size));
					expect(warnings.filter((one) => one.includes(`00:00:0${String(second)}.`))).toHaveLength(
						there >= size ? 1 : 0,
					);
				}
			}),
			{ numRuns: 500 },
		);
	});

	test.each([
		['takes no notice of the period', { points: 30, readable: true }],
		['sends times that cannot be read', { points: 30, readable: false }],
	])('a vendor that %s is asked no more than twice or thrice', async (_, { points, readable }) => {
		let asked = 0;
		const warnings: string[] = [];
		const page = Array.from({ length: points }, (_, id) => ({ at: 10 + id, id }));
		const found = await all(
			timePages(
				0,
				() => Promise.resolve((asked++, page)),
				{
					...paging(30),
					mark: ({ at }) => (readable ? at : null),
					warn: (message) => warnings.push(message),
				},
				1_000_000,
			),
		);
		expect(asked).toBeLessThanOrEqual(3);
		expect(found).toEqual(page);
		expect(warnings).toEqual([
			'The vendor gives 30 records, as many as one page holds, and no time from which the next page could begin. Any others cannot be read.',
		]);
	});

	test('an exactly full last page costs one more request and gives nothing twice', async () => {
		let asked = 0;
		const points = Array.from({ length: 10 }, (_, id) => ({ at: id, id }));
		const fetch = server(points, 10);
		const found = await all(timePages(0, (begin) => (asked++, fetch(begin)), paging(10), 100));
		expect(found).toEqual(points);
		expect(asked).toBe(2);
	});
});

describe.each([NaN, Infinity, -Infinity, 1e300, -1e300])('a record whose time is %d has none', (at) => {
	test.each(['pages', 'windows'])('and its pages (%s) end', async (kind) => {
		let requests = 0;
		const warnings: string[] = [];
		const fetch = async (begin: number) => {
			requests += 1;
			return Array.from({ length: begin > 100 ? 0 : 10 }, (_, place) => ({
				at: place % 2 ? at : begin + place,
				id: requests * 10 + place,
			}));
		};
		const odd = { ...paging(10), warn: (message: string) => warnings.push(message) };
		const read = kind === 'pages' ? timePages(0, fetch, odd, 100) : timeWindows(0, 100, fetch, odd, 4);
		const found = await all(read);
		expect(requests).toBeLessThan(50);
		expect(found.some((row) => Object.is(row.at, at))).toBe(true);
		expect(warnings.join(' ')).not.toMatch(/NaN|Infinity|Invalid/);
		const same = async () => Array.from({ length: 10 }, (_, id) => ({ at, id }));
		expect(await all(timePages(0, same, odd, 100))).toHaveLength(10);
	});
});

describe('a vendor that takes no notice of where the period ends', () => {
	/** It has a record at each of these seconds, without an end, and gives a full page from wherever it is asked. */
	const SIZE = 10;
	const every = (gap: number) => (begin: number) =>
		Array.from({ length: SIZE }, (_, place): Point => {
			const at = (Math.ceil(begin / gap) + place) * gap;
			return { at, id: at };
		});
	const three = (begin: number) =>
		Array.from({ length: SIZE }, (_, place): Point => {
			const at = begin + Math.floor(place / 3);
			return { at, id: 10 * at + (place % 3) };
		});
	let made = 0;
	const newestFirst = (begin: number) => every(7)(begin).reverse();
	const orders: [string, number, (begin: number) => Point[]][] = [
		['in order', 7, every(7)],
		['one a second', 1, every(1)],
		['several a second', 1, three],
		['the newest first', Infinity, newestFirst],
		['the newest of all first', Infinity, () => every(1)(1_000_000).reverse()],
		['other ones each time', Infinity, () => every(1)(1_000_000 + 5 * made++).reverse()],
		[
			'in no order',
			Infinity,
			(begin) => every(7)(begin).map((point, place) => (place % 3 ? point : { ...point, at: point.at + 90_000 })),
		],
	];

	test.each(orders)('%s: is asked no more than the period needs', async (_, gap, page) => {
		for (const kind of ['pages', 'windows']) {
			const [begin, end] = [1000, 1700];
			let requests = 0;
			const fetch = async (from: number) => {
				if (++requests > 2000) throw new Error('endless');
				return page(from);
			};
			const read =
				kind === 'pages'
					? timePages(begin, fetch, paging(SIZE), end)
					: timeWindows(begin, end, fetch, paging(SIZE), 4);
			const found = await all(read);
			const whole = Number.isFinite(gap)
				? Array.from({ length: end - begin + 1 }, (_, place) => begin + place).filter((at) => at % gap === 0)
				: [];
			// What it has of the period comes.
			expect([...new Set(found.map(({ at }) => at))]).toEqual(expect.arrayContaining(whole));
			expect(new Set(found.map(({ id, at }) => `${String(at)} ${String(id)}`)).size).toBe(found.length);
			expect(requests).toBeLessThan(400);
		}
	});
});

describe('records without a time of their own', () => {
	type Odd = Point & { odd: boolean };
	const records = fc
		.array(fc.record({ at: fc.integer({ min: 1, max: 400 }), odd: fc.boolean() }), { maxLength: 80 })
		.map((list) => list.map(({ at, odd }, id): Odd => ({ at, id, odd })));
	const oddPaging = (size: number) => ({ ...paging(size), mark: ({ at, odd }: Odd) => (odd ? null : at) });
	const sorted = (points: readonly Odd[]) => [...points].sort((a, b) => a.at - b.at);
	/** Of each page, as the vendor makes them, one record at least must tell its time, and lead on. */
	const leadsOn = (points: readonly Odd[], size: number) =>
		sorted(points).every(
			({ at }, place, all) =>
				all.slice(place, place + size).some((one) => !one.odd && one.at > at) || place + size > all.length,
		);

	test('come with the others, page by page', async () => {
		await fc.assert(
			fc.asyncProperty(records, fc.integer({ min: 4, max: 12 }), async (points, size) => {
				fc.pre(leadsOn(points, size));
				expect(
					await all(
						timePages(0, server(points, size) as (begin: number) => Promise<Odd[]>, oddPaging(size), 500),
					),
				).toEqual(sorted(points));
			}),
			{ numRuns: 500 },
		);
	});

	test('and in windows, where one at a border may come twice, but none is missing', async () => {
		await fc.assert(
			fc.asyncProperty(records, fc.integer({ min: 4, max: 12 }), async (points, size) => {
				fc.pre(leadsOn(points, size));
				const fetch = async (begin: number, end: number) =>
					sorted(points)
						.filter(({ at }) => at >= begin && at <= end)
						.slice(0, size);
				const found = await all(timeWindows(0, 500, fetch, oddPaging(size), 3));
				const ids = (list: readonly Odd[], odd: boolean) =>
					list.filter((one) => one.odd === odd).map(({ id }) => id);
				expect(ids(found, false)).toEqual(ids(sorted(points), false));
				expect(new Set(ids(found, true))).toEqual(new Set(ids(points, true)));
			}),
			{ numRuns: 500 },
		);
	});
});

describe('windows of time side by side', () => {
	interface Bounds {
		begin?: 'inclusive' | 'exclusive';
		end?: 'inclusive' | 'exclusive';
	}
	/** The same server, which also minds the end of the period, and answers after any number of turns. */
	function periodServer(
		points: readonly Point[],
		size: number,
		{ begin: first = 'inclusive', end: last = 'inclusive' }: Bounds = {},
		delays: readonly number[] = [0],
	) {
		const sorted = [...points].sort((a, b) => a.at - b.at);
		const counts = { requests: 0, records: 0 };
		/** Place of the first point at or after a second. */
		const place = (second: number) => {
			let [low, high] = [0, sorted.length];
			while (low < high) {
				const middle = (low + high) >> 1;
				if ((sorted[middle]?.at ?? Infinity) < second) low = middle + 1;
				else high = middle;
			}
			return low;
		};
		const fetch = async (begin: number, end: number) => {
			if (begin > end) throw new Error('refused: the period ends before it begins');
			const turns = delays[counts.requests++ % delays.length] ?? 0;
			for (let turn = 0; turn < turns; turn++) await Promise.resolve();
			const from = place(first === 'inclusive' ? begin : begin + 1);
			const page = sorted.slice(from, Math.min(from + size, place(last === 'inclusive' ? end + 1 : end)));
			counts.records += page.length;
			return page;
		};
		return { sorted, counts, fetch };
	}
	const ends = fc.constantFrom('inclusive' as const, 'exclusive' as const);
	/** Seconds between neighbours: bursts in one second, driving, standing, and long silences. */
	const burst = fc.constant(0);
	const driving = fc.integer({ min: 1, max: 5 });
	const standing = fc.integer({ min: 20, max: 300 });
	const silence = fc.integer({ min: 5000, max: 100_000 });
	const upTo200 = { maxLength: 200, size: 'max' } as const;
	const gaps = fc.oneof(
		fc.array(fc.oneof(burst, driving), upTo200),
		fc.array(
			fc.oneof(
				{ weight: 2, arbitrary: burst },
				{ weight: 5, arbitrary: driving },
				{ weight: 3, arbitrary: standing },
				{ weight: 1, arbitrary: silence },
			),
			upTo200,
		),
	);
	const delays = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 12 });
	const pointsOf = (between: readonly number[]) => {
		let at = 50;
		return between.map((gap, id): Point => ({ at: (at += gap), id }));
	};

	test('every record of the period comes once and in order, whichever side its end is on', async () => {
		await fc.assert(
			fc.asyncProperty(
				gaps,
				ends,
				fc.integer({ min: 2, max: 15 }),
				fc.integer({ min: 1, max: 5 }),
				fc.nat({ max: 60 }),
				fc.nat({ max: 400 }),
				delays,
				async (between, end, size, width, begin, more, turns) => {
					const points = pointsOf(between);
					fc.pre(points.every(({ at }, index) => points[index + size - 1]?.at !== at));
					const until = Math.max(begin + 1, (points.at(-1)?.at ?? 0) - 200 + more);
					const { fetch } = periodServer(points, size, { end }, turns);
					const found = await all(timeWindows(begin, until, fetch, paging(size), width));
					expect(found).toEqual(
						points.filter(({ at }) => at >= begin && (end === 'inclusive' ? at <= until : at < until)),
					);
				},
			),
			{ numRuns: 2000 },
		);
	});

	test('nothing is lost between windows even if the begin did not count', async () => {
		await fc.assert(
			fc.asyncProperty(gaps, ends, fc.integer({ min: 2, max: 15 }), async (between, end, size) => {
				const points = pointsOf(between.map((gap) => Math.max(1, gap)));
				const until = (points.at(-1)?.at ?? 0) + 1;
				const { fetch } = periodServer(points, size, { begin: 'exclusive', end });
				expect(await all(timeWindows(0, until, fetch, paging(size), 4))).toEqual(points);
			}),
			{ numRuns: 500 },
		);
	});

	const HOUR = 3600;
	const DAY = 24 * HOUR;
	const fixes = (seconds: number, gapAt: (second: number) => number) => {
		const points: Point[] = [];
		for (let at = 0; at < seconds; at += gapAt(at)) points.push({ at, id: points.length });
		return points;
	};
	const worksDays = (second: number) => {
		const hour = (second / HOUR) % 24;
		return Math.floor(second / DAY) % 7 < 5 && hour > 8 && hour < 17 ? 20 : 600;
	};
	/** Requests for one vehicle's records; `least` is what one page after another takes. */
	test.each([
		{ what: 'an empty period', points: [], seconds: DAY, least: 1, most: 1 },
		{ what: 'one page', points: fixes(DAY, () => 87), seconds: DAY, least: 1, most: 1 },
		{ what: '10 pages, evenly', points: fixes(10 * DAY, () => 87), seconds: 10 * DAY, least: 10, most: 11 },
		{ what: '100 pages, evenly', points: fixes(100 * DAY, () => 87), seconds: 100 * DAY, least: 100, most: 105 },
		{ what: 'a week of working days', points: fixes(7 * DAY, worksDays), seconds: 7 * DAY, least: 9, most: 10 },
		{
			what: 'a quarter of working days',
			points: fixes(91 * DAY, worksDays),
			seconds: 91 * DAY,
			least: 114,
			most: 121,
		},
		{
			what: 'a busy month in a year of silence',
			points: fixes(30 * DAY, () => 87),
			seconds: 365 * DAY,
			least: 30,
			most: 37,
		},
	])('$what: $most requests, where $least are the least', async ({ points, seconds, least, most }) => {
		const { fetch, counts } = periodServer(points, 1000);
		expect(await all(timePages(0, (begin) => fetch(begin, seconds), paging(1000)))).toHaveLength(points.length);
		expect(counts.requests).toBe(least);
		counts.requests = 0;
		expect(await all(timeWindows(0, seconds, fetch, paging(1000), 4))).toHaveLength(points.length);
		expect(counts.requests).toBe(most);
	});

	test('what is read ahead stays within bounds, however slowly it is taken', async () => {
		const { fetch, counts, sorted } = periodServer(
			fixes(1000 * DAY, () => 87),
			1000,
		);
		let taken = 0;
		let ahead = 0;
		for await (const page of timeWindows(0, 1000 * DAY, fetch, paging(1000), 4)) {
			// Long enough for all that is under way.
			for (let turn = 0; turn < 200; turn++) await Promise.resolve();
			ahead = Math.max(ahead, counts.records - taken);
			taken += page.length;
		}
		expect(taken).toBe(sorted.length);
		expect(ahead).toBeLessThanOrEqual(5 * 8 * 1000);
	});

	test('who stops early has not asked for much more', async () => {
		const { fetch, counts } = periodServer(
			fixes(100 * DAY, () => 87),
			1000,
			{},
			[20, 20, 20, 20, 100],
		);
		const pages = timeWindows(0, 100 * DAY, fetch, paging(1000), 4);
		await pages.next();
		expect(counts.requests).toBe(1);
		await pages.next();
		await pages.return(undefined);
		const { requests } = counts;
		expect(requests).toBeLessThanOrEqual(1 + 4 * 3);
		for (let turn = 0; turn < 1000; turn++) await Promise.resolve();
		// What was under way has ended, and nothing has followed it.
		expect(counts.requests).toBe(requests);
	});

	test('a failure comes in its turn', async () => {
		const { fetch, sorted } = periodServer(
			fixes(20 * DAY, () => 87),
			1000,
		);
		const found: Point[] = [];
		const failing = (begin: number, end: number) =>
			end > 10 * DAY && end < 20 * DAY ? Promise.reject(new Error('half')) : fetch(begin, end);
		await expect(
			(async () => {
				for await (const page of timeWindows(0, 20 * DAY, failing, paging(1000), 4)) found.push(...page);
			})(),
		).rejects.toThrow('half');
		expect(found.length).toBeGreaterThan(1000);
		expect(found).toEqual(sorted.slice(0, found.length));
	});

	test('a second that holds more than a page is passed by there, too', async () => {
		const points = [
			...fixes(5000, () => 1),
			...Array.from({ length: 1001 }, (_, id) => ({ at: 4321, id: 10_000 + id })),
		];
		const warnings: string[] = [];
		const warn = (message: string) => warnings.push(message);
		const found = await all(timeWindows(0, 5000, periodServer(points, 1000).fetch, { ...paging(1000), warn }, 4));
		expect(found.filter(({ at }) => at !== 4321)).toEqual(
			points.filter(({ at, id }) => at !== 4321 && id < 10_000),
		);
		expect(found.filter(({ at }) => at === 4321)).toHaveLength(1000);
		expect(warnings).toHaveLength(1);
		expect(warnings[0]).toContain('1970-01-01T01:12:01.000Z');
	});

	describe('a vendor that is not as documented', () => {
		type Order = 'descending' | 'shuffled';
		/** A server that gives the first records of a period in an order of its own: the newest, or any. */
		const odd = (points: readonly Point[], size: number, order: Order) => {
			const counts = { requests: 0 };
			const placed = [...points].sort((a, b) =>
				order === 'descending' ? b.at - a.at || a.id - b.id : ((a.id * 7919) % 1009) - ((b.id * 7919) % 1009),
			);
			const fetch = async (begin: number, end: number) => {
				counts.requests += 1;
				return placed.filter(({ at }) => at >= begin && at <= end).slice(0, size);
			};
			return { fetch, counts };
		};
		const byTime = (points: readonly Point[]) => [...points].sort((a, b) => a.at - b.at || a.id - b.id);

		test.each(['descending', 'shuffled'] as const)('whose pages are %s: nothing is lost', async (order) => {
			await fc.assert(
				fc.asyncProperty(gaps, fc.integer({ min: 12, max: 20 }), fc.boolean(), async (between, size, side) => {
					// Of so many different times, no page is in order by chance.
					const points = pointsOf(between.map((gap) => (order === 'shuffled' ? Math.max(1, gap) : gap)));
					// A page has room for three seconds, or else they cannot be told apart.
					fc.pre(
						points.every(
							({ at }) => points.filter((other) => other.at >= at - 2 && other.at <= at).length < size,
						),
					);
					const until = (points.at(-1)?.at ?? 0) + 10;
					const { fetch } = odd(points, size, order);
					const warnings: string[] = [];
					const how = { ...paging(size), warn: (message: string) => warnings.push(message) };
					const found = await all(
						side ? timeWindows(0, until, fetch, how, 3) : timePages(0, fetch, how, until),
					);
					expect(byTime(found)).toEqual(byTime(points));
					expect(found.map(({ at }) => at)).toEqual(byTime(points).map(({ at }) => at));
					expect(warnings).toEqual([]);
				}),
				{ numRuns: 500 },
			);
		});

		test.each([
			['an even day', fixes(DAY, () => 25)],
			['a week of working days', fixes(7 * DAY, worksDays)],
		])('descending pages take no more than three times the requests: %s', async (_, points) => {
			const end = 7 * DAY;
			const { fetch, counts } = odd(points, 1000, 'descending');
			expect(byTime(await all(timePages(0, fetch, paging(1000), end)))).toEqual(byTime(points));
			expect(counts.requests).toBeLessThanOrEqual(3 * Math.ceil(points.length / 1000) + 10);
		});

		test.each(['ascending', 'descending'] as const)('whose pages are half as long, and %s', async (order) => {
			const points = fixes(DAY, () => 25);
			const { fetch } = order === 'ascending' ? periodServer(points, 500) : odd(points, 500, order);
			for (const read of [timePages, undefined]) {
				const seen = new PageSize();
				let asked = 0;
				const counted = (begin: number, end: number) => (asked++, fetch(begin, end));
				const how = { ...paging(1000), seen };
				const found = await all(
					read === undefined ? timeWindows(0, DAY, counted, how, 4) : read(0, counted, how, DAY),
				);
				expect(byTime(found)).toEqual(points);
				expect(asked).toBeLessThanOrEqual(2 * Math.ceil(points.length / 500) + 10);
			}
		});

		test('descending pages of a few records, which come as chance has them, take at most twice the requests', async () => {
			// As likely in each second.
			let state = 1;
			const chance = () => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) / 2 ** 32;
			const gaps = Array.from({ length: 3000 }, () => Math.ceil(-200 * Math.log(1 - chance())));
			const points = pointsOf(gaps);
			const end = (points.at(-1)?.at ?? 0) + 10;
			for (const [size, documented] of [
				[25, 100],
				[100, 100],
			] as const) {
				const { fetch, counts } = odd(points, size, 'descending');
				const how = { ...paging(documented), seen: new PageSize() };
				expect(byTime(await all(timePages(0, fetch, how, end)))).toEqual(byTime(points));
				expect(counts.requests).toBeLessThanOrEqual(2 * Math.ceil(points.length / size) + 10);
			}
		});

		test('rows that are no records among those of short descending pages cost no record', async () => {
			let state = 7;
			const chance = () => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) / 2 ** 32;
			for (let run = 0; run < 30; run++) {
				const points = pointsOf(Array.from({ length: 400 }, () => Math.ceil(-200 * Math.log(1 - chance()))));
				const end = (points.at(-1)?.at ?? 0) + 10;
				const { fetch, counts } = odd(points, 12, 'descending');
				const spoilt = async (from: number, to: number): Promise<Point[]> => {
					const page = await fetch(from, to);
					for (let more = Math.floor(3 * chance()); more > 0; more--)
						page.splice(Math.floor(chance() * page.length), 0, { at: NaN, id: -1 });
					return page;
				};
				const how = { ...paging(100), seen: new PageSize(), mark: ({ at }: Point) => (at >= 0 ? at : null) };
				const found = await all(timePages(0, spoilt, how, end));
				expect(byTime(found.filter(({ id }) => id >= 0))).toEqual(byTime(points));
				expect(counts.requests).toBeLessThanOrEqual(2.5 * Math.ceil(points.length / 12) + 10);
			}
		});

		test('a short page costs one more request where much of the period is left, and only until a longer one was whole', async () => {
			const points = fixes(9000, () => 30);
			const { fetch, counts } = periodServer(points, 1000);
			const how = { ...paging(1000), seen: new PageSize() };
			for (const [end, requests] of [
				[9000, 1],
				[DAY, 2],
				[DAY, 1],
			] as const) {
				counts.requests = 0;
				expect(await all(timePages(0, fetch, how, end))).toEqual(points);
				expect(counts.requests).toBe(requests);
			}
		});

		test('one record that arrives just then makes no smaller pages', () => {
			const seen = new PageSize();
			seen.learn(137, true);
			expect(seen.isFull(137)).toBe(true);
			expect(seen.isFull(138)).toBe(false);
			expect(seen.isFull(137)).toBe(false);
		});
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
