import { describe, expect, test } from 'vitest';
import { TimedOut, Unreachable } from '../describe/errors';
import { FleetPositions, newestOf, newestTime } from './fleet-positions';
import { Poll } from './poll';

interface Fleet {
	/** undefined: the vendor has no request for positions. */
	positions?: { all?: boolean; perRequest?: number; everyMs?: number };
	devices?: string[] | '*';
	listed?: string[];
	/** When devices last reported. */
	reported?: Record<string, number>;
	/** By the devices of a request. */
	fails?: Record<string, Error>;
	/** Milliseconds. */
	latency?: number;
}

function fleet({ positions, devices = '*', listed = [], reported = {}, fails = {}, latency = 0 }: Fleet) {
	let now = 0;
	const asked: string[] = [];
	const client = {
		now: () => now,
		inBlocks: async (list: unknown[], work: (block: unknown[]) => void) => work(list),
		shared: {},
		warn: () => undefined,
		provider: { title: 'Vendor', ...(positions === undefined ? {} : { positions: { all: false, ...positions } }) },
		lookup: () => Promise.resolve(listed.map((value) => ({ value, title: value }))),
	};
	const poll = new Poll(
		client as never,
		{ name: 'e' } as never,
		{ devices },
		{ firstRun: 'nothing', includeRaw: false },
		{ intervalMs: 0, budgetMs: 1000 },
	);
	Object.assign(poll, {
		read: (_: unknown, params: { devices: string[] | '*' }) => ({
			pages: (async function* () {
				const group = String(params.devices);
				asked.push(group);
				now += latency;
				await Promise.resolve();
				if (fails[group] !== undefined) throw fails[group];
				yield Object.keys(reported)
					.filter((id) => params.devices === '*' || params.devices.includes(id))
					.map((id) => ({ id }));
			})(),
		}),
		record: (_: unknown, { id }: { id: string }) => ({
			deviceId: id,
			time: null,
			seenAt: new Date((reported[id] ?? 0) * 1000).toISOString(),
		}),
		inParts: async (_: unknown, some: string[], read: (some: string[]) => Promise<void>) => {
			try {
				await read(some);
				return { missing: [] };
			} catch (error) {
				return { missing: some, error };
			}
		},
	});
	return { poll, fleet: new FleetPositions(poll), asked };
}

const SOME = { a: 10, b: 20, c: 30 };

describe('sightings of a fleet', () => {
	test('come from one request where it returns all, without devices that were not chosen', async () => {
		const all = fleet({ positions: { all: true }, reported: SOME });
		expect((await all.fleet.sightings(undefined)).sightings).toEqual([
			{ deviceId: 'a', reported: 10 },
			{ deviceId: 'b', reported: 20 },
			{ deviceId: 'c', reported: 30 },
		]);
		const chosen = fleet({ positions: { all: true }, devices: ['c', 'x'], reported: SOME });
		expect((await chosen.fleet.sightings(undefined)).sightings).toEqual([
			{ deviceId: 'c', reported: 30 },
			{ deviceId: 'x', reported: undefined },
		]);
		expect([all.asked, chosen.asked]).toEqual([['*'], ['*']]);
	});

	test('of a large fleet continue where the last poll had no time left', async () => {
		const large = { positions: { perRequest: 1 }, listed: ['c', 'a', 'b'], reported: SOME, latency: 300 };
		const first = fleet(large);
		expect((await first.fleet.sightings(undefined)).next).toBe('c');
		const second = fleet(large);
		const { sightings, next } = await second.fleet.sightings('c');
		expect([first.asked, second.asked]).toEqual([
			['a', 'b'],
			['c', 'a'],
		]);
		expect(next).toBe('b');
		expect(sightings.map(({ reported }) => reported)).toEqual([10, undefined, 30]);
	});

	test('of a fleet are known without positions where the user or a list says which devices there are', async () => {
		const failing = { positions: { perRequest: 1 }, listed: ['a', 'b'], reported: SOME };
		const late = new TimedOut('No time left.', { retryable: false, effect: 'none' });
		const { fleet: positions, asked } = fleet({ ...failing, fails: { a: late } });
		expect((await positions.sightings(undefined)).sightings).toHaveLength(2);
		expect(asked).toEqual(['a']);
		const gone = new Unreachable('Gone.', { effect: 'unknown' });
		await expect(fleet({ ...failing, fails: { a: gone } }).fleet.sightings(undefined)).rejects.toBe(gone);
	});

	test('of a vendor without positions are the devices alone, and no poll waits for them', async () => {
		const { fleet: positions, asked } = fleet({ listed: ['b', 'a'] });
		expect((await positions.sightings(undefined)).sightings.map(({ deviceId }) => deviceId)).toEqual(['a', 'b']);
		expect([asked, positions.mustWait()]).toEqual([[], false]);
		await expect(positions.read(['a'])).rejects.toThrow('Vendor does not give positions of a fleet');
	});
});

test('the first poll waits for positions, unless the vendor refuses them', async () => {
	const nobody = fleet({ positions: {}, listed: ['a'] });
	expect(nobody.fleet.mustWait()).toBe(true);
	await nobody.fleet.sightings(undefined);
	expect(nobody.fleet.mustWait()).toBe(false);
});

test('the newest time is the newest of those that count', () => {
	const sightings = [10, undefined, 30, 20].map((reported) => ({ deviceId: 'a', reported }));
	expect(newestOf(sightings)).toBe(30);
	expect(newestOf(sightings, (at) => (at === 30 ? undefined : at))).toBe(20);
	expect(newestOf([])).toBeUndefined();
});

test('the newest of 200,000 times is found', () => {
	expect(newestTime(Array.from({ length: 200_000 }, (_, place) => (place * 7919) % 200_000))).toBe(199_999);
	expect(newestTime([])).toBeUndefined();
});
