import { describe, expect, test } from 'vitest';
import { blocksIn } from '../call/blocks';
import { Coverage } from './stream-coverage';
import { StreamScheduler } from './stream-scheduler';

const NOW = 1_800_000_000;
const EARLIER = NOW - 600;

/** All devices are covered until `EARLIER`, unless `ahead` or `behind` says otherwise. */
function coverage({ ahead = {}, behind = {}, next }: { ahead?: object; behind?: object; next?: string } = {}) {
	const cursor = {
		v: 1 as const,
		event: 'e',
		mark: EARLIER,
		since: 0,
		lookBack: 600,
		round: {
			...(next === undefined ? {} : { next }),
			began: EARLIER,
			before: EARLIER,
			at: EARLIER,
			atBefore: EARLIER,
		},
		ahead: '',
		devices: {},
		behind: behind as Record<string, number[]>,
	};
	return new Coverage({ cursor, ahead: new Map(Object.entries(ahead) as [string, number][]) }, NOW, 600);
}

async function scheduler(of: Coverage, ids: string[], reported: Record<string, number> = {}, perRequest = 1) {
	const sightings = ids.map((deviceId) => ({ deviceId, reported: reported[deviceId] }));
	const program = blocksIn({ sleep: () => Promise.resolve() });
	return await StreamScheduler.of(program, of, perRequest, { sightings, watermark: NOW, now: NOW });
}

/** The order of a poll in which every read succeeds. */
function order(made: StreamScheduler, most = Infinity): string[][] {
	const groups: string[][] = [];
	while (groups.length < most) {
		const devices = made.next();
		if (devices === undefined) break;
		made.takeTurn();
		made.settle(devices);
		groups.push(devices);
	}
	return groups;
}

const IDS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

describe('which devices a poll reads next', () => {
	test('a small fleet is read in the order of the ids, whichever have reported', async () => {
		expect(order(await scheduler(coverage(), ['c', 'a', 'b'], { c: NOW }))).toEqual([['a'], ['b'], ['c']]);
	});

	test('in a large fleet, those that have reported come first, the longest unread of them before the others', async () => {
		const reported = { b: NOW, f: NOW, h: NOW, c: EARLIER };
		const covered = { b: EARLIER + 60, f: EARLIER + 30 };
		expect(order(await scheduler(coverage({ ahead: covered }), IDS, reported)).flat()).toEqual([
			'h',
			'f',
			'b',
			'a',
			'c',
			'd',
			'e',
			'g',
		]);
	});

	test('a read that stopped midway comes before all, and by itself', async () => {
		const behind = { g: [EARLIER - 60, EARLIER, NOW], b: [EARLIER - 60] };
		expect(order(await scheduler(coverage({ behind }), IDS, { h: NOW }), 2)).toEqual([['g'], ['h']]);
		expect(order(await scheduler(coverage({ behind }), IDS, {}, 4), 1)).toEqual([['g']]);
	});

	test('every tenth read is one of the sweep, counted across polls', async () => {
		const ids = Array.from({ length: 60 }, (_, index) => `d${String(index + 10)}`);
		const reported = Object.fromEntries(ids.slice(30).map((id) => [id, NOW]));
		const of = coverage();
		const polls: string[][] = [];
		while (polls.length < 4) polls.push(order(await scheduler(of, ids, reported), 5).flat());
		expect(polls.map((poll) => poll.filter((id) => reported[id] === undefined))).toEqual([
			[],
			['d10'],
			[],
			['d10'],
		]);
	});

	test('groups are filled up where devices of the sweep were read already', async () => {
		const groups = order(await scheduler(coverage(), [...IDS, 'i'], { b: NOW, c: NOW }, 2));
		expect(groups).toEqual([['b', 'c'], ['a', 'd'], ['e', 'f'], ['g', 'h'], ['i']]);
	});

	test('a read that failed is no turn, and its devices stay first in the sweep', async () => {
		const of = coverage();
		const made = await scheduler(of, IDS);
		expect(made.next()).toEqual(['a']);
		made.takeTurn();
		made.settle(['a']);
		expect(made.next()).toEqual(['b']);
		expect(made.end()).toBe(false);
		expect(of.cursor).toMatchObject({ turn: 1, round: { next: 'b' } });
	});

	test('a sweep is complete when all devices are read', async () => {
		const of = coverage({ next: 'g' });
		const made = await scheduler(of, IDS);
		expect(order(made)).toEqual([['g'], ['h']]);
		expect(made.end()).toBe(true);
		expect(of.sweep).not.toHaveProperty('next');
	});
});
