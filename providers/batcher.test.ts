import { afterEach, describe, expect, test } from 'vitest';
import { recordsOf } from '../test/support/batched';
import { Client, type Collected } from '../core/call/client';
import type { FleetError } from '../core/describe/errors';
import { readFields, type Field } from '../core/describe/field';
import type { Connection } from '../core/describe/connection';
import { Batcher } from '../core/call/batcher';
import type { BatchedRun } from '../core/call/waiting-runs';
import { FetchHost } from '../test/support/fetch-host';
import { KITTED } from '../test/support/kits';
import { NOW, nameOf, startVendor, type TestVendor } from '../test/hosts/vendor';
import { providers } from '.';

const running: TestVendor[] = [];
afterEach(async () => {
	await Promise.all(running.splice(0).map((vendor) => vendor.close()));
});

async function start(name: string) {
	const vendor = await startVendor(name);
	running.push(vendor);
	const { provider, simulator } = vendor;
	const connection = readFields(
		provider.connection,
		{ ...vendor.connection },
		{ now: NOW, timeZone: 'UTC' },
	) as unknown as Connection;
	let passed = 0;
	const host = new FetchHost(provider, connection, {
		now: () => simulator.now() + passed,
		pass: (ms) => (passed += ms),
	});
	const client = new Client(provider, connection, host);
	return { ...vendor, client };
}

interface Outcome {
	records?: object[];
	error?: string;
	code?: string;
	failed?: string[];
}
const plain = ({ records, error }: Collected): Outcome =>
	error === undefined
		? { records }
		: {
				records,
				error: error.message,
				code: error.code,
				failed: error.failedDevices.map(({ deviceId }) => deviceId),
			};
const outcomeOf = (run: Promise<object[]>): Promise<Outcome> =>
	run.then(
		(records) => ({ records }),
		(error: unknown) => ({ error: (error as FleetError).message, code: (error as FleetError).code }),
	);

const operations = KITTED.flatMap(({ name: vendor, counts }) => counts.batched.map((name) => ({ vendor, name })));

test('there are operations whose runs share requests, all of them reads of a list', () => {
	for (const { vendor, counts } of KITTED)
		expect(
			vendor.provider.operations.filter(({ batch }) => batch !== undefined).map(nameOf),
			vendor.provider.name,
		).toEqual(counts.batched);
	for (const { operations: all } of providers) {
		for (const { effect, consuming: once, params, batch: together } of all) {
			if (together !== undefined)
				expect([effect, once, (params as Record<string, Field>)[together.devices]?.kind]).toEqual([
					'read',
					undefined,
					'ids',
				]);
		}
	}
});

describe.each(operations)('$vendor $name', ({ vendor: vendorName, name }) => {
	/** Devices of the account, as the operation's parameter names them, and one that nobody has. */
	async function setUp() {
		const vendor = await start(vendorName);
		const operation = vendor.operation(name);
		const list = String(operation.batch?.devices);
		const field = (operation.params as Record<string, Field>)[list];
		const devices = (await vendor.client.lookup(String(field?.lookup))).map(({ value }) => value);
		const { [list]: _, ...others } = vendor.paramsOf(operation);
		const asked = (value: unknown, options: BatchedRun['options'] = {}, more: object = {}): BatchedRun => ({
			input: { ...others, ...more, [list]: value },
			options,
		});
		const { client } = vendor;
		const together = new Batcher(client, operation, {});
		const requests = () => vendor.simulator.requests.length;
		return {
			vendor,
			client,
			operation,
			field,
			devices,
			asked,
			together,
			requests,
			stranger: vendor.strangers[0],
		};
	}

	test('each run gets what it gets alone, however the others fare', async () => {
		const { client, operation, field, devices, asked, together, stranger } = await setUp();
		const [a = '', b = '', c = ''] = devices;
		const runs = [
			...devices.map((device) => asked(device)),
			asked(stranger),
			asked([c, a]),
			asked(a, { output: 'raw' }),
			asked(''),
			asked([b, a, c], { limit: 2 }),
			asked([a, stranger]),
			...(field?.all ? [asked('*')] : []),
			asked(a),
			asked([b], { deadlineMs: 200_000 }),
			asked(b, { limit: 1, output: 'raw' }),
		];
		const alone: Outcome[] = [];
		for (const { input, options } of runs) alone.push(plain(await client.gather(operation, input, options)));
		for (const run of runs) together.add(run);
		const shared: Outcome[] = [];
		for (const place of runs.keys()) shared.push(plain(await together.resultOf(place)));
		expect(shared).toEqual(alone);
		expect(alone.filter(({ records = [] }) => records.length > 0).length).toBeGreaterThanOrEqual(10);
	});

	test('they share requests', async () => {
		const { devices, asked, together, requests } = await setUp();
		for (const device of devices) together.add(asked(device));
		const before = requests();
		for (const place of devices.keys()) await recordsOf(together, place);
		// Mileage has a request for each week.
		expect(requests() - before).toBeLessThanOrEqual(2);
		expect(devices.length).toBeGreaterThanOrEqual(8);
	});

	test('no two runs get the same record', async () => {
		const {
			devices: [device],
			asked,
			together,
		} = await setUp();
		for (const output of ['raw', 'raw', 'simplified', 'simplified'] as const)
			together.add(asked(device, { output }));
		const found = (await Promise.all([0, 1, 2, 3].map((place) => recordsOf(together, place)))).flat();
		expect(found).toHaveLength(4);
		expect(new Set(found).size).toBe(4);
	});
});

describe('requests that fail', () => {
	const IMEI = (place: number) => String(358899051000001 + place * 75);

	async function positions(count: number) {
		const vendor = await start('trackceo');
		const together = new Batcher(vendor.client, vendor.operation('position.getCurrent'), {});
		const devices = (await vendor.client.lookup('device')).map(({ value }) => value);
		const add = (device: string) => together.add({ input: { devices: device }, options: {} });
		for (let place = 0; place < count; place++) add(devices[place % devices.length] ?? IMEI(0));
		const before = vendor.simulator.requests.length;
		return { vendor, together, add, requests: () => vendor.simulator.requests.length - before };
	}

	test("one device that is not the account's fails alone, for a few requests more", async () => {
		const { together, add, requests } = await positions(99);
		const bad = add('999999999999999');
		const outcomes: Outcome[] = [];
		for (let place = 0; place <= bad; place++) outcomes.push(await outcomeOf(recordsOf(together, place)));
		expect(outcomes.flatMap((outcome, place) => ('error' in outcome ? [place] : []))).toEqual([bad]);
		// Halves, of eleven devices.
		expect(requests()).toBeLessThanOrEqual(1 + 8);
	});

	test('what lies in no device is not asked for again in parts', async () => {
		const { vendor, together, requests } = await positions(50);
		vendor.simulator.fail({ kind: 'code', code: 10007, match: '/api/authorization', times: Infinity });
		vendor.simulator.fail({ kind: 'code', code: 20001, match: '/api/track', times: Infinity });
		for (let place = 0; place < 50; place++)
			expect(await outcomeOf(recordsOf(together, place))).toMatchObject({ code: 'LoginRejected' });
		expect(requests()).toBe(1);
	});
});

test('a vendor that names devices in another way than it was asked is asked alone', async () => {
	const vendor = await start('itracksense');
	const operation = vendor.operation('position.getCurrentByPlate');
	const plates = (await vendor.client.lookup('plate')).map(({ value }) => value).slice(0, 3);
	const changed = {
		...operation,
		batch: {
			...operation.batch!,
			deviceOf: (row: Record<string, unknown>) => String(row.VehicleNum).toLowerCase(),
		},
	};
	const together = new Batcher(vendor.client, changed, {});
	for (const plate of plates) together.add({ input: { plates: plate }, options: {} });
	for (const [place, plate] of plates.entries())
		expect(await recordsOf(together, place)).toMatchObject([{ deviceName: plate }]);
});

test('where requests must keep apart from each other, batches go one at a time', async () => {
	const vendor = await start('trackgps');
	const operation = vendor.operation('position.getCurrent');
	const one = { ...operation, batch: { ...operation.batch!, most: 1 } };
	const together = new Batcher(vendor.client, one, {});
	const devices = (await vendor.client.lookup('device')).map(({ value }) => value).slice(0, 4);
	for (const device of devices) together.add({ input: { devices: device }, options: {} });
	const before = vendor.simulator.requests.length;
	await recordsOf(together, 0);
	expect(vendor.simulator.requests.length - before).toBe(1);
});
