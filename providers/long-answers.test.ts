import { describe, expect, test } from 'vitest';
import type { InBlocks } from '../core/call/blocks';
import type { Row } from '../core/describe/records';
import { inDays } from './itracksense/history';
import { withoutDoubles } from './trackgps/batches';
import { withTwins } from './twins';

const SIZE = 12_000;
const BLOCK = 50;

/** How much is done, and the most between two moments in which the program's other work can have its turn. */
class Steps implements InBlocks {
	all = 0;
	most = 0;
	private since = 0;

	take(): void {
		this.all += 1;
		this.since += 1;
		this.most = Math.max(this.most, this.since);
	}

	readonly inBlocks: InBlocks['inBlocks'] = async (list, work) => {
		for (let at = 0; at < list.length; at += BLOCK) {
			await Promise.resolve();
			this.since = 0;
			work(list.slice(at, at + BLOCK));
		}
	};
}

describe('work on a long answer is done in blocks', () => {
	test('events that would share an id', async () => {
		const steps = new Steps();
		const rows = Array.from({ length: SIZE }, (_, place) => ({
			place,
			toJSON: () => (steps.take(), { place: 1 }),
		}));
		await withTwins(steps, rows, () => 'the same');
		// The first of them may be long: it is made a text once.
		expect(steps.all).toBe(SIZE);
		expect(steps.most).toBeLessThanOrEqual(BLOCK);
	});

	test('what the answer before had already', async () => {
		const steps = new Steps();
		const page = Array.from({ length: SIZE }, (_, place): Row => ({ place }));
		const pages = (async function* () {
			yield await Promise.resolve(page);
			yield [...page, { place: -1 }];
		})();
		const found: Row[][] = [];
		for await (const rows of withoutDoubles(steps, pages, (row) => (steps.take(), String(row.place))))
			found.push(rows);
		expect(found).toEqual([page, [{ place: -1 }]]);
		expect(steps.most).toBeLessThanOrEqual(BLOCK);
	});

	test('a day that comes in no order', async () => {
		const steps = new Steps();
		const begin = Date.UTC(2026, 0, 10);
		const timeAt = (place: number) => new Date(begin + place * 1000).toISOString().slice(0, 19).replace('T', ' ');
		const rows = Array.from({ length: SIZE }, (_, place) => {
			const time = timeAt((place * 7919) % SIZE);
			return Object.defineProperty({}, 'GPSTime', { get: () => (steps.take(), time) });
		});
		const run = {
			connection: { timeZone: 'UTC' } as never,
			width: 1,
			warn: () => undefined,
			inBlocks: steps.inBlocks,
		};
		const found: Row[] = [];
		for await (const page of inDays(run, { begin, end: begin + 86_400_000 }, () => Promise.resolve(rows)))
			found.push(...page);
		const { all, most } = steps;
		expect(found.map(({ GPSTime }) => GPSTime)).toEqual(rows.map((_, place) => timeAt(place)));
		expect(most).toBeLessThan(all / 4);
	});
});
