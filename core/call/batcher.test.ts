import { z } from 'zod/v4';
import { describe, expect, test, vi } from 'vitest';
import { recordsOf } from '../../test/support/batched';
import { busy, countedInTurns, longestTurn } from '../../test/support/longest-turn';
import { openClient } from '../../test/support/open-vendor';
import { json, TestHost } from '../../test/support/test-host';
import { NotFound, PartialResult, RateLimited, TimedOut, UnexpectedAnswer, type FleetError } from '../describe/errors';
import { ids, text } from '../describe/field';
import { operation } from '../describe/operation';
import type { Row } from '../describe/records';
import { Batcher } from './batcher';
import type { BatchedRun } from './waiting-runs';

/** What a record costs that takes long to read. */
const SLOW_MS = 1;

const MOST = 50;
const current = operation({
	resource: 'thing',
	name: 'current',
	title: 'Current',
	action: '',
	description: '',
	effect: 'read',
	route: 'GET /things',
	params: {
		devices: ids({
			title: 'Devices',
			description: '',
			lookup: 'x',
			noun: 'device',
			pattern: /\w/,
			expected: 'a name',
		}),
		kind: text({ title: 'Kind', description: '', optional: true }),
	},
	request: ({ devices }) => ({ query: { devices: devices.join(',') } }),
	answer: z.array(z.looseObject({})),
	record: (row: Row) => {
		if (row.value === 'broken') throw new UnexpectedAnswer('The value is broken.');
		if (row.value === 'slow') busy(SLOW_MS);
		return { device: row.device, value: row.value };
	},
	kind: 'other',
	batch: { devices: 'devices', most: MOST, deviceOf: (row: Row) => row.device as string | null },
	list: true,
	evidence: { section: '1', grade: 'C' },
});

type Answers = (devices: string[]) => Row[] | FleetError | Promise<Row[]>;
const each: Answers = (devices) => devices.map((device) => ({ device, value: `${device}!` }));

/** A batcher, and the devices of each request that it made. */
function batcherOf(answers: Answers = each, { burst = 100 } = {}) {
	const asked: string[][] = [];
	const host = new TestHost(async ({ query }) => {
		const devices = String(query?.devices).split(',');
		asked.push(devices);
		const answer = await answers(devices);
		if (answer instanceof Error) throw answer;
		return json(answer);
	});
	const client = openClient(host, { burst });
	const batcher = new Batcher(client, current, {});
	const add = (devices: unknown, options: BatchedRun['options'] = {}, more = {}) =>
		batcher.add({ input: { devices, ...more }, options });
	return { batcher, client, asked, add };
}
const names = (count: number) => Array.from({ length: count }, (_, at) => `d${String(at)}`);

describe('runs share requests', () => {
	test('and each gets its own records', async () => {
		const { batcher, asked, add } = batcherOf();
		const runs = [['a'], ['b', 'c'], ['a']].map((devices) => add(devices));
		const records = await Promise.all(runs.map((run) => recordsOf(batcher, run)));
		expect(asked).toEqual([['a', 'b', 'c']]);
		expect(records).toEqual([
			[{ device: 'a', value: 'a!' }],
			[
				{ device: 'b', value: 'b!' },
				{ device: 'c', value: 'c!' },
			],
			[{ device: 'a', value: 'a!' }],
		]);
		// Nobody changes what another run was given.
		expect(records[0]![0]).not.toBe(records[2]![0]);
	});

	test('as many as fit into one', async () => {
		const { batcher, asked, add } = batcherOf();
		const runs = names(MOST + 1).map((device) => add([device]));
		await Promise.all(runs.map((run) => recordsOf(batcher, run)));
		expect(asked.map((devices) => devices.length)).toEqual([MOST, 1]);
	});

	test('of the same parameters and the same time limit', async () => {
		const { batcher, asked, add } = batcherOf();
		const runs = [
			add(['a']),
			add(['b'], {}, { kind: 'other' }),
			add(['c'], { deadlineMs: 5000 }),
			add(['d']),
			add(['e'], { output: 'raw', limit: 0 }),
		];
		const records = await Promise.all(runs.map((run) => recordsOf(batcher, run)));
		expect(asked.map((devices) => devices.join()).sort()).toEqual(['a,d,e', 'b', 'c']);
		expect(records[4]).toEqual([]);
	});

	test('a few of them ahead of the run that wants its records; one where the vendor wants requests apart', async () => {
		for (const [burst, ahead] of [
			[100, 4],
			[1, 1],
		]) {
			const { batcher, asked, add } = batcherOf(each, { burst });
			for (const device of names(6 * MOST)) add([device]);
			await recordsOf(batcher, 0);
			expect(asked.length).toBeLessThanOrEqual(ahead!);
			await recordsOf(batcher, MOST);
			expect(asked.length).toBeLessThanOrEqual(ahead! + 1);
		}
	});

	test('what is wrong with the input of one is its own error, and nothing is sent for it', async () => {
		const { batcher, asked, add } = batcherOf();
		const [good, bad] = [add(['a']), add('!!')];
		expect(await recordsOf(batcher, good)).toHaveLength(1);
		await expect(recordsOf(batcher, bad)).rejects.toMatchObject({ code: 'InvalidParams' });
		expect(asked).toEqual([['a']]);
	});
});

describe('a batch that fails', () => {
	test('for what may lie in one device is sent again in parts, until the one has its error alone', async () => {
		const { batcher, asked, add } = batcherOf((devices) =>
			devices.includes('d13') ? new NotFound('No such device.', { vendorCode: '404' }) : each(devices),
		);
		const runs = names(MOST).map((device) => add([device]));
		const ended = await Promise.allSettled(runs.map((run) => recordsOf(batcher, run)));
		expect(ended.flatMap(({ status }, at) => (status === 'rejected' ? [at] : []))).toEqual([13]);
		expect(ended[13]).toMatchObject({ reason: { code: 'NotFound', message: 'No such device.' } });
		// The whole, its ten parts of five, and the five devices of one part.
		const sizes = asked.map(({ length }) => length).sort((x, y) => y - x);
		expect(sizes).toEqual([MOST, ...Array<number>(10).fill(5), ...Array<number>(5).fill(1)]);
	});

	test.each([
		['account', new RateLimited('Too often.')],
		['call', new TimedOut('No turn in time.')],
		['account', new UnexpectedAnswer('The vendor is closed.', { scope: 'account' })],
	])('for what concerns the %s (%s) fails for all, and once', async (_, error) => {
		const { batcher, asked, add } = batcherOf(() => error);
		const runs = names(10).map((device) => add([device]));
		for (const run of runs) await expect(recordsOf(batcher, run)).rejects.toMatchObject({ code: error.code });
		expect(asked).toHaveLength(1);
	});
});

describe('a batch of which some devices fail', () => {
	const notFound = new NotFound('No such device.', { vendorCode: '404' });
	/** What runs about these devices get, where the batch of all gives an error of its own for some. */
	async function errorsOf(errors: Record<string, FleetError>, ...wanted: string[][]) {
		const { batcher, client, add } = batcherOf();
		const failedDevices = Object.entries(errors).map(([deviceId, error]) => ({
			...{ deviceId, deviceName: null, error, asked: true },
		}));
		Object.assign(client, {
			gather: () =>
				Promise.resolve({
					records: wanted
						.flat()
						.filter((device) => !Object.hasOwn(errors, device))
						.map((device) => ({ device, value: 1 })),
					error: new PartialResult('Some failed.', { failedDevices }),
				}),
		});
		const runs = wanted.map((devices) => add(devices));
		const ended = await Promise.allSettled(runs.map((run) => recordsOf(batcher, run)));
		return ended.map((one) => (one.status === 'fulfilled' ? one.value.length : (one.reason as FleetError)));
	}

	test('a run gets the error of its own device, and others get none', async () => {
		const [one, other] = await errorsOf({ a: notFound }, ['a'], ['b']);
		expect(one).toMatchObject({ code: 'NotFound', message: 'No such device.' });
		expect((one as FleetError).failedDevices.map(({ deviceId }) => deviceId)).toEqual(['a']);
		expect(other).toBe(1);
	});

	test('where all devices of a run fail alike, it says that once; otherwise it names each', async () => {
		const timedOut = new TimedOut('No answer.');
		const closed = new NotFound('No such vehicle.', { vendorCode: '405' });
		expect((await errorsOf({ a: notFound, b: notFound }, ['a', 'b'], ['c']))[0]).toMatchObject({
			code: 'NotFound',
		});
		for (const error of [timedOut, closed])
			expect((await errorsOf({ a: notFound, b: error }, ['a', 'b'], ['c']))[0]).toMatchObject({
				code: 'PartialResult',
				message: expect.stringContaining('Of 2 devices, 2 failed (a; b)') as string,
			});
		expect((await errorsOf({ a: notFound }, ['a', 'b'], ['c']))[0]).toMatchObject({
			message: expect.stringContaining('Of 2 devices, 1 failed (a)') as string,
		});
	});
});

test('where an answer names devices that nobody asked about, those without a record are asked about alone', async () => {
	const { batcher, asked, add } = batcherOf((devices) =>
		devices.map((device) => ({
			device: device === 'b' && devices.length > 1 ? 'B' : device,
			value: devices.length,
		})),
	);
	const runs = [add(['a']), add(['b'])];
	expect(await Promise.all(runs.map((run) => recordsOf(batcher, run)))).toEqual([
		[{ device: 'a', value: 2 }],
		[{ device: 'b', value: 1 }],
	]);
	expect(asked).toEqual([['a', 'b'], ['b']]);
});

test('a record that cannot be read is the error of the runs that asked for its device, unless they want it raw', async () => {
	const { batcher, asked, add } = batcherOf((devices) =>
		devices.map((device) => ({ device, value: device === 'a' ? 'broken' : 1 })),
	);
	const runs = [add(['a']), add(['a'], { output: 'raw' }), add(['b'])];
	const [simple, raw, other] = await Promise.allSettled(runs.map((run) => recordsOf(batcher, run)));
	expect(simple).toMatchObject({ status: 'rejected', reason: { message: 'The value is broken.' } });
	expect(raw).toMatchObject({ value: [{ device: 'a', value: 'broken' }] });
	expect(other).toMatchObject({ value: [{ device: 'b', value: 1 }] });
	expect(asked).toEqual([['a', 'b']]);
});

describe('records that take long to read', () => {
	const slow: Answers = (devices) => Array.from({ length: 600 }, () => ({ device: devices[0], value: 'slow' }));
	test.each(['alone', 'in a batch'])('%s leave the program its other work', async (how) => {
		const { batcher, client, add } = batcherOf(slow);
		const work = () =>
			how === 'alone' ? client.collect(current, { devices: ['a'] }) : recordsOf(batcher, add(['a']));
		const { most, result } = await longestTurn(work);
		expect(result).toHaveLength(600);
		expect(most).toBeLessThan(300);
	});
});

test('a long answer is divided and copied without keeping the program from its other work', async () => {
	const ROWS = 10_000;
	const { batcher, client, add } = batcherOf();
	const devices = names(10);
	const read = countedInTurns(0.003);
	const rowOf = (place: number) => ({
		get device() {
			read.count();
			return devices[place % devices.length];
		},
	});
	vi.spyOn(client, 'gather').mockResolvedValue({ records: Array.from({ length: ROWS }, (_, at) => rowOf(at)) });
	const runs = devices.map((device) => add([device, `also ${device}`], { output: 'raw' }));
	const results = await Promise.all(runs.map((run) => recordsOf(batcher, run)));
	expect(results.map(({ length }) => length)).toEqual(devices.map(() => ROWS / devices.length));
	// Each is looked at once to divide them all, and once for each run.
	expect(read.most).toBeLessThan(2 * ROWS);
});
