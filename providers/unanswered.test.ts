/** Reads that give one record for each device that was asked about: one without a record is named. */
import { afterEach, describe, expect, test } from 'vitest';
import { Client } from '../core/call/client';
import { readFields, type Field } from '../core/describe/field';
import type { Connection } from '../core/describe/connection';
import { nameOf, NOW, startVendor, type TestVendor } from '../test/hosts/vendor';
import { FetchHost } from '../test/support/fetch-host';
import { providers } from '.';

const running: TestVendor[] = [];
afterEach(async () => {
	await Promise.all(running.splice(0).map((vendor) => vendor.close()));
});

async function setUp(name: string, operationName: string, list: string) {
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
	const operation = vendor.operation(operationName);
	const [known = ''] = (await client.lookup(String((operation.params as Record<string, Field>)[list]?.lookup))).map(
		({ value }) => value,
	);
	const run = (devices: unknown, options: object = {}) =>
		client.collect(operation, { ...vendor.paramsOf(operation), [list]: devices }, options);
	return { vendor, operation, host, known, run };
}

const NOBODY = { itracksense: ['nobody', 'none'], trackgps: ['999999', '999998'] } as const;

/** The simulators of the others refuse a list with a stranger in it, or answer with a record that says so. */
describe.each([
	['itracksense', 'position.getCurrent', 'devices'],
	['itracksense', 'position.getCurrentByPlate', 'plates'],
	['trackgps', 'position.getCurrent', 'devices'],
] as const)('%s %s', (name, operationName, list) => {
	const [nobody, none] = NOBODY[name];

	test('names whom it found nothing about', async () => {
		const { vendor, host, known, run } = await setUp(name, operationName, list);
		expect(await run([known])).toHaveLength(1);
		expect(host.warnings).toEqual([]);
		expect(await run([nobody, known, none])).toHaveLength(1);
		expect(host.warnings).toEqual([
			`${vendor.provider.title} gave no record for "${nobody}", "${none}": they may not exist, or the account may not see them.`,
		]);
	});

	test("says nothing where it was not to the end, about all devices, or in a trigger's poll", async () => {
		const { host, known, run } = await setUp(name, operationName, list);
		await run('*');
		await run([known, nobody], { limit: 1 });
		await run([known, nobody], { priority: 'poll' });
		expect(host.warnings).toEqual([]);
	});
});

test('every such read says which record is whose', () => {
	const declared = providers.flatMap((provider) =>
		provider.operations
			.filter(({ each, batch: together }) => each !== undefined || together !== undefined)
			.map((operation) => `${provider.name} ${nameOf(operation)}`),
	);
	expect(declared).toEqual([
		'ctrack position.getCurrent',
		'ctrack device.getRunningHours',
		'trackceo position.getCurrent',
		'trackceo device.get',
		'trackceo device.getMileage',
		'etrack position.getCurrent',
		'etrack device.get',
		'etrack device.getMileage',
		'itracksense position.getCurrent',
		'itracksense position.getCurrentByPlate',
		'itracksense device.getConsumption',
		'trackgps position.getCurrent',
		'trackgps fuel.getConsumption',
	]);
});

describe('an answer that leaves one out', () => {
	/** What the vendor says is cut down on its way. */
	test.each([
		['trackceo', 'position.getCurrent', 'devices'],
		['etrack', 'device.get', 'devices'],
		['itracksense', 'device.getConsumption', 'plates'],
		['ctrack', 'position.getCurrent', 'devices'],
		['ctrack', 'device.getRunningHours', 'devices'],
		['trackgps', 'fuel.getConsumption', 'devices'],
	] as const)('%s %s', async (name, operationName, list) => {
		const { vendor, operation, host } = await setUp(name, operationName, list);
		// One request for each, or one for all.
		const left = operationName === 'device.getRunningHours' ? 0 : 1;
		const field = String((operation.params as Record<string, Field>)[list]?.lookup);
		const { rows } = operation;
		const spy = Object.create(operation, {
			rows: { value: (...given: Parameters<typeof rows>) => (rows(...given) as object[]).slice(0, left) },
		}) as typeof operation;
		const client = new Client(
			vendor.provider,
			readFields(
				vendor.provider.connection,
				{ ...vendor.connection },
				{ now: NOW, timeZone: 'UTC' },
			) as unknown as Connection,
			host,
		);
		const [first = '', second = ''] = (await client.lookup(field)).map(({ value }) => value);
		const records = await client.collect(spy, { ...vendor.paramsOf(operation), [list]: [first, second] });
		expect(records).toHaveLength(left);
		expect(host.warnings).toHaveLength(1);
		if (left === 0) expect(host.warnings[0]).toContain(`gave no record for "${first}", "${second}": they may`);
		else expect(host.warnings[0]).toMatch(new RegExp(`gave no record for "(${first}|${second})": it may`));
	});
});

test('a name that comes back in another way of writing is no stranger', async () => {
	const { host, known, run, vendor } = await setUp('itracksense', 'position.getCurrentByPlate', 'plates');
	const device = [
		...(vendor.simulator as unknown as { devices: Map<string, { plate: string }> }).devices.values(),
	].find(({ plate }) => plate === known)!;
	device.plate = known.toLowerCase();
	expect(await run([known.toLowerCase()])).toHaveLength(1);
	expect(host.warnings).toEqual([]);
});

test('names that are many are cut', async () => {
	const { host, run } = await setUp('itracksense', 'position.getCurrent', 'devices');
	await run(Array.from({ length: 25 }, (_, place) => `nobody${String(place)}`));
	expect(host.warnings[0]).toMatch(
		/^iTracksense gave no record for "nobody0", .*"nobody19" and 5 more: they may not exist/,
	);
	await run(['nobody']);
	expect(host.warnings[1]).toBe(
		'iTracksense gave no record for "nobody": it may not exist, or the account may not see it.',
	);
});
