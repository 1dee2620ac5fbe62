import { afterAll, beforeAll, expect, test } from 'vitest';
import { engineOf } from './engine';
import { MOST_RUNS, MUTANTS, SEED } from './mutants';
import { runSnapshot } from './snapshot';
import { runStream } from './stream';
import { failureOf, PROPERTIES, withoutChance, type Property } from './properties';

/** The same cases each time; `npm run test:delivery` draws others. */
const RUNS = 1000;

let chanceAgain: () => void;
beforeAll(() => {
	chanceAgain = withoutChance();
});
afterAll(() => chanceAgain());

test.each(Object.entries<Property>(PROPERTIES))('%s: the promises hold', async (name, { share, check }) => {
	const details = await check(engineOf(), { runs: RUNS * share, seed: SEED });
	expect(details.failed ? failureOf(name, details) : '').toBe('');
});

test('a device that was read is known, though the connection broke before the rest of its group was', async () => {
	const calm = { waitSeconds: 60, latencyMs: 10, budgetMs: 60_000, faults: [], ends: 0, ahead: 0 };
	const unit = (id: string, at: number, late: number) => ({
		id,
		reports: [{ at, late, ignition: true, fix: true }],
		changes: [],
	});
	await runSnapshot(engineOf(), {
		trigger: 'positionChanged',
		positionsBy: 'chosen',
		perRequest: 2,
		durable: false,
		firstRun: 'nothing',
		units: [unit('a', 1035, 0), unit('b', 1035, 0), unit('c', 0, 1), unit('d', 1035, 0)],
		polls: [
			{ ...calm, waitSeconds: 1200 },
			// The request for c and d is refused, that for c alone is answered, and that for d never arrives.
			{
				...calm,
				faults: [
					{ at: 1, fault: 'group' },
					{ at: 3, fault: 'all' },
				],
			},
		],
	});
});

test('a device that comes last in its group, after one that failed, is read although turns are few', async () => {
	const start = Date.UTC(2026, 0, 31, 12);
	const stays = [start - 86_400_000];
	const unit = (id: string, fails: number[] = []) => ({ id, every: 1, ahead: 0, stays, fails });
	const step = { latencyMs: 10, budgetMs: 60_000, faults: [], ends: 0, damaged: false, redeploys: false };
	const calm = {
		...step,
		changes: 'nothing',
		execution: 'made',
		together: -1,
		ahead: 0,
		lookBack: undefined,
	} as const;
	await runStream(engineOf(), {
		host: 'nodeRed',
		positionsBy: 'chosen',
		positionsPerRequest: 1,
		firstRun: 'since',
		perMinute: 4,
		burst: 1,
		lookBack: 0,
		pageSize: Infinity,
		perRequest: 2,
		units: [unit('d0'), unit('d1'), unit('d2'), unit('d3', [start, start + 180_000]), unit('d4')],
		vendorEvents: [{ id: 'e0', device: 'd3', recordTime: start / 1000, arrives: start, kind: 'a', broken: false }],
		steps: [
			{ ...calm, waitSeconds: 0 },
			{ ...calm, waitSeconds: 60 },
		],
	});
});

test.each(MUTANTS)('is noticed: $name', async ({ changes, twist, by }) => {
	const { failed, numRuns } = await PROPERTIES[by].check(engineOf(changes), {
		runs: MOST_RUNS,
		seed: SEED,
		twist,
		shrinks: false,
	});
	expect({ failed, numRuns }).toMatchObject({ failed: true });
});

test('a clock that is set back by an hour brings nothing that is older than the trigger', async () => {
	const start = Date.UTC(2026, 0, 31, 12);
	const step = { latencyMs: 10, budgetMs: 60_000, faults: [], ends: 0, damaged: false, redeploys: false };
	const calm = { ...step, changes: 'nothing', execution: 'made', together: -1, lookBack: undefined } as const;
	const happened = start + 16 * 60_000;
	await runStream(engineOf(), {
		host: 'nodeRed',
		positionsBy: 'all',
		positionsPerRequest: 1,
		firstRun: 'nothing',
		perMinute: 6_000_000,
		burst: 1000,
		lookBack: 2,
		pageSize: 3,
		perRequest: 1,
		units: [{ id: 'd0', every: 1, ahead: 0, stays: [start - 86_400_000], fails: [] }],
		vendorEvents: [
			{ id: 'e0', device: 'd0', recordTime: happened / 1000, arrives: happened, kind: 'b', broken: false },
		],
		steps: [
			{ ...calm, waitSeconds: 60, latencyMs: 7000, budgetMs: 3000, together: 0, ahead: 5 },
			{ ...calm, waitSeconds: 900, ahead: 5 },
			{ ...calm, waitSeconds: 120, together: 0, ahead: 5 },
			{ ...calm, waitSeconds: 60, ahead: -60 },
		],
	});
});
