import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { TooLarge } from '../../core/describe/errors';
import type { Row } from '../../core/describe/records';
import { blocksIn } from '../../core/call/blocks';
import { inDays } from './history';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

const DAY = 86_400_000;
const DAYS = 6;
const PERIOD = { begin: Date.UTC(2026, 0, 10), end: Date.UTC(2026, 0, 10) + DAYS * DAY };
const WIDTH = 4;
/** What a day costs that is halved three times: itself, and the halves, quarters and eighths. */
const PIECES = 8;
const REQUESTS = 1 + 2 + 4 + PIECES;

type Ask = Parameters<typeof inDays>[2];

function read(ask: Ask) {
	const warnings: string[] = [];
	const connection = { timeZone: 'UTC' } as never;
	const warn = (message: string) => warnings.push(message);
	const run = { connection, width: WIDTH, warn, ...blocksIn({ sleep: () => turn() }) };
	return { pages: inDays(run, PERIOD, ask), warnings };
}

const rowsIn = (from: string, count: number) => new Array<Row>(count).fill({ GPSTime: from });

describe('a vendor whose answers are never whole', () => {
	test('holds 50,000 records in each: a day costs so many requests, and few answers are kept', async () => {
		const answers: WeakRef<Row[]>[] = [];
		const { pages } = read(async (from) => {
			await turn();
			const rows = rowsIn(from, 50_000);
			answers.push(new WeakRef(rows));
			return rows;
		});
		let most = 0;
		let count = 0;
		for await (const rows of pages) {
			count += 1;
			expect(rows).toHaveLength(50_000);
			await turn();
			gc();
			most = Math.max(most, answers.filter((answer) => answer.deref() !== undefined).length);
		}
		expect(count).toBe(DAYS * PIECES);
		expect(answers).toHaveLength(DAYS * REQUESTS);
		// Days are read ahead, pieces are not.
		expect(most).toBeLessThanOrEqual(WIDTH + 2);
	});

	test('what is not wanted any more is not asked for', async () => {
		let requests = 0;
		const { pages } = read(async (from) => {
			requests += 1;
			await turn();
			return rowsIn(from, 50_000);
		});
		for await (const rows of pages) {
			expect(rows).toHaveLength(50_000);
			break;
		}
		expect(requests).toBeLessThanOrEqual(WIDTH + 1 + 3);
	});

	test('counts more at each look than it sends', async () => {
		let requests = 0;
		const { pages, warnings } = read(async (from, _, hear) => {
			requests += 1;
			await turn();
			const rows = rowsIn(from, 49_999);
			hear({ total: 1e9, data: rows });
			return rows;
		});
		for await (const rows of pages) expect(rows.length).toBeGreaterThan(0);
		expect(requests).toBeLessThanOrEqual(DAYS * REQUESTS);
		expect(warnings.length).toBeLessThanOrEqual(DAYS * (PIECES + 1));
	});

	test('has no answer that is small enough: the read fails after the eighths', async () => {
		const asked: string[] = [];
		const { pages } = read(async (from, to, _, caught) => {
			asked.push(`${from} ${to}`);
			await turn();
			const error = new TooLarge('The answer is too large.');
			if (asked.length > 10 * REQUESTS) throw new Error('there is no end to it');
			caught(error);
			throw error;
		});
		await expect(pages.next()).rejects.toMatchObject({ code: 'TooLarge' });
		expect(asked.length).toBeLessThanOrEqual(WIDTH + 1 + 3);
	});
});
