/** Reads that give one record for each device that was asked about: one without a record is named. */
import { afterEach, describe, expect, test } from 'vitest';
import { Client } from '../core/call/client';
import { readFields, type Field } from '../core/describe/field';
import type { Connection } from '../core/describe/connection';
import { nameOf, NOW, startVendor, type TestVendor } from '../test/hosts/vendor';
import { kitOf, KITTED } from '../test/support/kits';
import { FetchHost } from '../test/support/fetch-host';

const running: TestVendor[] = [];
afterEach(async () => {
	await Promise.all(running.splice(0).map((vendor) => vendor.close()));
});

/** The parameter that lists the devices. */
function listOf(name: string, operationName: string): string {
	const operation = kitOf(name).vendor.provider.operations.find((one) => nameOf(one) === operationName);
	return operation?.batch?.devices ?? operation?.each?.devices ?? expect.fail(`${operationName} lists no devices`);
}

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

const batched = KITTED.filter(({ omitsStrangers }) => omitsStrangers).flatMap(({ name, counts, strangers }) =>
	counts.batched.map((operation) => ({ name, operation, strangers })),
);

describe.each(batched)('$name $operation', ({ name, operation: operationName, strangers: [nobody, none] }) => {
	const list = listOf(name, operationName);

	test('names whom it found nothing about', async () => {
		const { vendor, host, known, run } = await setUp(name, operationName, list);
		expect(await run([known])).toHaveLength(1);
		expect(host.warnings).toEqual([]);
		expect(await run([nobody, known, none])).toHaveLength(1);
		expect(host.warnings).toEqual([
			`${vendor.provider.title} returned no record for "${nobody}", "${none}": they may not exist, or the account may not see them.`,
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
	for (const { name, vendor, counts } of KITTED)
		expect(
			vendor.provider.operations
				.filter(({ each, batch }) => each !== undefined || batch !== undefined)
				.map(nameOf),
			name,
		).toEqual(counts.each);
});

describe('an answer that leaves one out', () => {
	/** Devices come from a picker's list. */
	const picked = ({ name, counts }: (typeof KITTED)[number]) =>
		counts.each.filter((operationName) => {
			const { params } = kitOf(name).vendor.provider.operations.find((one) => nameOf(one) === operationName)!;
			return (params as Record<string, Field>)[listOf(name, operationName)]?.lookup !== undefined;
		});

	/** What the vendor says is cut down on its way. */
	test.each(KITTED.flatMap((kit) => picked(kit).map((operation) => [kit.name, operation] as const)))(
		'%s %s',
		async (name, operationName) => {
			const list = listOf(name, operationName);
			const { vendor, operation, host } = await setUp(name, operationName, list);
			const field = String((operation.params as Record<string, Field>)[list]?.lookup);
			const { rows } = operation;
			/** The operation on answers of which only so many rows are left. */
			const cutTo = (left: number) => {
				const counts: number[] = [];
				const value = (...given: Parameters<typeof rows>) => {
					const all = rows(...given) as object[];
					counts.push(all.length);
					return all.slice(0, left);
				};
				return { counts, operation: Object.create(operation, { rows: { value } }) as typeof operation };
			};
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
			const run = (one: typeof operation) =>
				client.collect(one, { ...vendor.paramsOf(operation), [list]: [first, second] });
			const whole = cutTo(Infinity);
			expect(await run(whole.operation)).toHaveLength(2);
			expect(host.warnings).toEqual([]);
			// One request for each, one for both, or one for the whole fleet.
			const left = Math.max(...whole.counts) === 2 ? 1 : 0;
			expect(await run(cutTo(left).operation)).toHaveLength(left);
			expect(host.warnings).toHaveLength(1);
			if (left === 0)
				expect(host.warnings[0]).toContain(`returned no record for "${first}", "${second}": they may`);
			else expect(host.warnings[0]).toMatch(new RegExp(`returned no record for "(${first}|${second})": it may`));
		},
	);
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
		/^iTracksense returned no record for "nobody0", .*"nobody19" and 5 more: they may not exist/,
	);
	await run(['nobody']);
	expect(host.warnings[1]).toBe(
		'iTracksense returned no record for "nobody": it may not exist, or the account may not see it.',
	);
});
