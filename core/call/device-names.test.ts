import { z } from 'zod/v4';
import { expect, test } from 'vitest';
import { listedDevices, OF_DEVICES } from '../../test/support/listed-devices';
import { SIGNED_IN } from '../../test/support/signed-in';
import { json, TestHost } from '../../test/support/test-host';
import { Client } from './client';
import { ids, text } from '../describe/field';
import { operation } from '../describe/operation';
import { CONFIRMED } from '../describe/outcome';
import type { Provider } from '../describe/provider';
import type { Mileage, Row } from '../describe/records';

const MINUTE = 60_000;
const number = { title: 'Device', description: '', lookup: 'device', noun: 'number', pattern: /^\d+$/, expected: '' };

const toMileage = (row: Row): Mileage => ({
	deviceName: (row.name ?? null) as string | null,
	plate: null,
	from: '',
	to: '',
	distance: null,
	deviceId: String(row.id),
});
const read = operation({
	...OF_DEVICES,
	name: 'getMileage',
	effect: 'read',
	route: 'GET /mileage',
	params: { devices: ids(number) },
	request: ({ devices }) => ({ query: { devices: devices.join(',') } }),
	answer: z.array(z.looseObject({})),
	record: toMileage,
	kind: 'mileage',
	list: true,
});
const queue = operation({
	...OF_DEVICES,
	name: 'getMessages',
	effect: 'read',
	route: 'GET /mileage',
	params: {},
	answer: z.array(z.looseObject({})),
	record: (row: Row) => ({ queue: 'q', record: toMileage(row), deliveryTag: null, id: '1' }),
	kind: 'message',
	list: true,
});
const command = operation({
	...OF_DEVICES,
	name: 'stop',
	effect: 'command',
	route: 'GET /stop',
	params: { device: text(number) },
	answer: z.unknown(),
	rows: (): Row[] => [CONFIRMED],
	target: ({ device }) => ({ target: device }),
});

let accounts = 0;

/** An account whose vendor lists devices 1 to 3, and names none of them in what is read of them. */
function account({ burst = 20, takes = 0, readsNames = true, rows = [{ id: 1 }, { id: 2 }, { id: 9 }] as Row[] } = {}) {
	const state = { name: 'Van', down: false, takes };
	const provider: Provider = {
		...SIGNED_IN,
		open: ({ body }) => JSON.parse(body) as unknown,
		limits: { requestsPerMinute: 120, burst, deadlineMs: 60_000, poll: { seconds: 60, leastSeconds: 10 } },
		operations: [listedDevices, read, queue, command],
		lookups: {
			device: async (client, options) => {
				const found = (await client.collect(listedDevices, {}, options)) as { id: number }[];
				return found.map(({ id }) => ({
					value: String(id),
					title: String(id),
					device: {
						deviceName: `${state.name} ${String(id)}`,
						plate: id === 3 ? null : `B ${String(id)} FLT`,
					},
				}));
			},
		},
	};
	const host = Object.assign(
		new TestHost(async ({ path }) => {
			if (path !== '/devices') return json(path === '/stop' ? {} : rows);
			await host.sleep(state.takes);
			return state.down ? { ...json({}), status: 500, body: '?' } : json([{ id: 1 }, { id: 2 }, { id: 3 }]);
		}),
		{ readsNames },
	);
	const connection = {
		baseUrl: 'https://vendor.example',
		account: `names ${String((accounts += 1))}`,
		secret: 's',
		allowCommands: true,
		allowPrivateAddresses: false,
		rateLimit: 120,
	};
	const client = new Client(provider, connection, host);
	const run = async (output: 'simplified' | 'raw' = 'simplified') =>
		(await client.collect(read, { devices: '1, 2' }, { output })) as Mileage[];
	const named = async () => (await run()).map(({ deviceName, plate }) => [deviceName, plate]);
	const lists = () => host.sent.filter(({ request }) => request.path === '/devices').length;
	return { client, host, state, run, named, lists };
}

test('a record has name and plate of its device, as the list has them; of one that is not listed, neither', async () => {
	const { run } = account();
	expect(await run()).toMatchObject([
		{ deviceId: '1', deviceName: 'Van 1', plate: 'B 1 FLT' },
		{ deviceId: '2', deviceName: 'Van 2', plate: 'B 2 FLT' },
		{ deviceId: '9', deviceName: null, plate: null },
	]);
});

test('what the record itself says wins', async () => {
	const { named } = account({ rows: [{ id: 1, name: 'Own' }, { id: 3 }] });
	expect(await named()).toEqual([
		['Own', 'B 1 FLT'],
		['Van 3', null],
	]);
});

test('the list is read once in five minutes, by however many runs, and only for records that lack a name', async () => {
	const { run, named, lists, host, state } = account();
	await run('raw');
	expect(lists()).toBe(0);
	await Promise.all([run(), run(), run()]);
	host.time += 4 * MINUTE;
	await run();
	expect(lists()).toBe(1);
	state.name = 'Truck';
	host.time += MINUTE;
	expect((await named())[0]).toEqual(['Truck 1', 'B 1 FLT']);
	expect(lists()).toBe(2);
});

test('a list that cannot be had costs nothing but the names, and is not asked for again at once', async () => {
	const { named, lists, host, state } = account();
	state.down = true;
	expect((await named())[0]).toEqual([null, null]);
	const tries = lists();
	await named();
	expect(lists()).toBe(tries);
	expect(host.warnings).toEqual([]);
	state.down = false;
	host.time += 5 * MINUTE;
	expect((await named())[0]).toEqual(['Van 1', 'B 1 FLT']);
	state.down = true;
	host.time += 5 * MINUTE;
	expect((await named())[0]).toEqual(['Van 1', 'B 1 FLT']);
	expect(host.warnings).toEqual([]);
});

test('a slow list holds a run up for two seconds at most, and those that follow have it', async () => {
	const { named, host, lists } = account({ takes: 10_000 });
	const began = host.now();
	expect((await named())[0]).toEqual([null, null]);
	expect(host.now() - began).toBeLessThanOrEqual(2000);
	await host.sleep(10_000);
	expect((await named())[0]).toEqual(['Van 1', 'B 1 FLT']);
	expect(lists()).toBe(1);
});

test('where turns are rare, no request is made for names, but a list that is there anyway is used', async () => {
	const { client, named, lists } = account({ burst: 1 });
	expect((await named())[0]).toEqual([null, null]);
	expect(lists()).toBe(0);
	await client.lookup('device');
	expect((await named())[0]).toEqual(['Van 1', 'B 1 FLT']);
	expect(lists()).toBe(1);
});

test('a host that does not want it causes no request', async () => {
	const { named, lists } = account({ readsNames: false });
	expect((await named())[0]).toEqual([null, null]);
	expect(lists()).toBe(0);
});

test('the record in a message has them, and the outcome of a command', async () => {
	const { client, host } = account();
	host.permitsCommands = true;
	expect(await client.collect(queue, {})).toMatchObject([
		{ record: { deviceName: 'Van 1', plate: 'B 1 FLT' } },
		{},
		{},
	]);
	expect(await client.collect(command, { device: '2' })).toMatchObject([
		{ outcome: 'confirmed', target: '2', deviceId: '2', deviceName: 'Van 2', plate: 'B 2 FLT' },
	]);
});
