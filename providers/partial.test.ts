/** Reads of several devices: one that fails never costs the others. */
import { afterEach, describe, expect, test } from 'vitest';
import { Client } from '../core/call/client';
import { FleetError } from '../core/describe/errors';
import { readFields, type Field } from '../core/describe/field';
import type { AnyOperation } from '../core/describe/operation';
import type { Connection } from '../core/describe/connection';
import { findTrigger } from '../core/describe/provider';
import { Poller } from '../core/watch/poller';
import type { FaultRule } from '../simulators/faults';
import { startTrackgps } from '../simulators/trackgps';
import { kitOf, nameOf, NOW, startVendor, type TestVendor } from '../test/hosts/vendor';
import { FetchHost } from '../test/support/fetch-host';
import { ONE_OF_EACH } from '../test/support/kits';
import { connectionOf } from '../test/support/recordings';
import { json, ok, TestHost } from '../test/support/test-host';
import { providers } from '.';

const running: Pick<TestVendor, 'close'>[] = [];
afterEach(async () => {
	await Promise.all(running.splice(0).map((vendor) => vendor.close()));
});

const fieldsOf = ({ params }: AnyOperation) => params as Record<string, Field>;

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
	/** Values of the parameter that lists devices, as the account has them. */
	const listed = async (operation: AnyOperation): Promise<string[]> => {
		const { lookup } = fieldsOf(operation)[operation.asks?.devices ?? '']!;
		if (lookup !== undefined) return (await client.lookup(lookup)).map(({ value }) => value);
		return (await client.lookup('device')).map(({ value }) => value);
	};
	return {
		client,
		simulator,
		provider,
		operation: (wanted: string) => vendor.operation(wanted),
		params: (operation: AnyOperation) => vendor.paramsOf(operation),
		listed,
		asked: () => simulator.requests.length,
	};
}

/** Whether a value of the request, or of a list in it, is the device. */
const names =
	(device: string) =>
	({ path, query, body }: { path: string; query: object; body?: unknown }) =>
		!/auth|login|session/i.test(path) &&
		new RegExp(`[":,[]${device.replace(/\W/g, '\\$&')}[\\]",}]`).test(
			`${JSON.stringify(query)} ${typeof body === 'string' ? body : JSON.stringify(body ?? '')}`,
		);

const gather = (client: Client, operation: AnyOperation, input: object, options: object = {}) =>
	client.gather(operation, { ...input }, options);

const READS = ONE_OF_EACH.flatMap(({ name, vendor }) =>
	vendor.provider.operations
		.filter(({ asks }) => asks !== undefined)
		.map((operation) => ({ name, operation: nameOf(operation), most: operation.asks?.most ?? 0 })),
);

test('every read with a list of devices says what its requests are about', () => {
	for (const { title, operations } of providers)
		for (const operation of operations) {
			const lists = Object.entries(fieldsOf(operation)).filter(([, { kind }]) => kind === 'ids');
			// One request is one question about all of them.
			if (
				operation.effect !== 'read' ||
				lists.length === 0 ||
				operation.run === undefined ||
				operation.handsOutSession
			)
				continue;
			// TrackGPS.ro answers for the whole company, whomever one wants.
			const whole = operation.batch?.most === Infinity;
			expect([title, nameOf(operation), operation.asks?.devices]).toEqual([
				title,
				nameOf(operation),
				whole ? undefined : lists[0]?.[0],
			]);
		}
	expect(READS.length).toBeGreaterThan(25);
});

describe.each(READS)('$name $operation', ({ name, operation: wanted, most }) => {
	const one = most === 1;

	const http = (status: number, body?: object): FaultRule => ({
		kind: 'status',
		status,
		...(body === undefined ? {} : { body: JSON.stringify(body) }),
		times: Infinity,
	});
	const { refusedDevice } = kitOf(name);
	const FAULTS: [string, FaultRule][] = [
		["the vendor's no", http(refusedDevice.status, refusedDevice.body)],
		// Several would be tried again, and the vendor taken for broken.
		...(one ? [404, 500].map((status): [string, FaultRule] => [`HTTP ${String(status)}`, http(status)]) : []),
	];

	test.each(FAULTS)(
		'a device that fails (%s) is named, and the others give what they give without it',
		async (_, fault) => {
			const { client, simulator, provider, operation: find, params, listed } = await start(name);
			const operation = find(wanted);
			const list = operation.asks!.devices;
			// Where turns are rare, two further requests find one of two.
			const few = (await listed(operation)).slice(0, provider.limits.burst === 1 && !one ? 2 : 5);
			const bad = few[few.length === 2 ? 1 : 2]!;
			const input = { ...params(operation), [list]: few };
			const { records: expected } = await gather(client, operation, {
				...input,
				[list]: few.filter((device) => device !== bad),
			});
			simulator.fail({ ...fault, match: names(bad) });
			const { records, error } = await gather(client, operation, input);
			// In the vendor's order, which follows from what was asked together.
			expect(sorted(records)).toEqual(sorted(expected));
			expect(error).toMatchObject({ code: 'PartialResult' });
			expect(error?.failedDevices.map(({ deviceId, asked }) => [deviceId, asked])).toEqual([[bad, true]]);
			expect(error?.message).toContain(`Of ${String(few.length)} devices, 1 failed (${bad}`);
		},
	);

	test('where all fail alike, that is said once', async () => {
		const { client, simulator, operation: find, params, listed } = await start(name);
		const operation = find(wanted);
		const input = { ...params(operation), [operation.asks!.devices]: (await listed(operation)).slice(0, 4) };
		const before = simulator.requests.length;
		const honest = await gather(client, operation, input);
		expect(honest.error).toBeUndefined();
		const paths = new Set(simulator.requests.slice(before).map(({ path }) => path));
		const fault = { ...FAULTS[0]![1], match: ({ path }: { path: string }) => paths.has(path) };
		simulator.fail(fault);
		const begun = simulator.requests.length;
		const { records, error } = await gather(client, operation, input);
		expect(records).toEqual([]);
		expect(error).toBeInstanceOf(FleetError);
		expect(error?.code).not.toBe('PartialResult');
		// And nobody is remembered for it.
		expect(simulator.requests.length - begun).toBeLessThanOrEqual(2 * (begun - before) + 10);
		simulator.clearFaults();
		expect(await gather(client, operation, input)).toEqual(honest);
	});

	test('requests that cannot all get their turn are announced before the first', async () => {
		const { client, operation: find, params, listed, asked, provider } = await start(name);
		const operation = find(wanted);
		const [device = ''] = await listed(operation);
		// The limiter knows the rate that it began with.
		const slow = new Client(
			provider,
			{ ...client.connection, account: `slow ${wanted}`, rateLimit: 1 },
			Object.assign(new TestHost(() => json({})), { time: NOW }),
		);
		const many = Array.from({ length: 40 * most }, (_, place) => (place === 0 ? device : similar(device, place)));
		const before = asked();
		const { error } = await gather(
			slow,
			operation,
			{ ...params(operation), [operation.asks!.devices]: many },
			{ deadlineMs: 1_200_000 },
		);
		expect(error).toMatchObject({ code: 'TimedOut', beforeVendor: true });
		expect(error?.message).toMatch(
			new RegExp(
				`^These ${String(many.length)} devices take \\d+ requests, but the account's request limit leaves turns for 20 in 1200 s: enough for \\d+ devices?\\.`,
			),
		);
		expect(asked()).toBe(before);
	});
});

const sorted = (records: object[]) => records.map((record) => JSON.stringify(record)).sort();

/** Another device in the same form. */
const similar = (device: string, place: number) =>
	/^\d+$/.test(device) ? String(BigInt(device) + BigInt(place)) : `${device}${String(place)}`;

/** A vendor's provider, and an operation of it. */
function operationOf(vendor: string, name: string) {
	const provider = providers.find((one) => one.name === vendor) ?? expect.fail(vendor);
	return { provider, operation: provider.operations.find((one) => nameOf(one) === name) ?? expect.fail(name) };
}

function clientOf(
	vendor: string,
	name: string,
	respond: ConstructorParameters<typeof TestHost>[0],
	settings: object = {},
) {
	const { provider, operation } = operationOf(vendor, name);
	const host = new TestHost(respond);
	const client = new Client(
		provider,
		{ ...connectionOf(provider), account: String(Math.random()), ...settings },
		host,
	);
	return {
		host,
		client,
		operation,
		run: (input: object, options?: object) => gather(client, operation, input, options),
	};
}

const imeis = (count: number) => Array.from({ length: count }, (_, place) => String(358_899_051_000_000 + place));

/** TrackCEO's positions, which refuse a request with any of these. */
function positions(refused: (imei: string) => boolean, settings: object = {}) {
	const asked: string[][] = [];
	const made = clientOf(
		'trackceo',
		'position.getCurrent',
		({ query = {} }) => {
			const some = String(query.imeis).split(',');
			asked.push(some);
			return some.some(refused)
				? json({ code: 10013, message: 'no right' })
				: ok(some.map((imei) => ({ imei, longitude: 1, latitude: 2, gpstime: 1769731200 })));
		},
		settings,
	);
	return { ...made, asked };
}

describe('a refused batch', () => {
	test.each([2, 3, 7, 10, 50, 99, 100])(
		'of %i is halved until the culprit is alone, wherever it is',
		async (count) => {
			for (let place = 0; place < count; place += Math.ceil(count / 12)) {
				const bad = imeis(count)[place]!;
				const { run, asked } = positions((imei) => imei === bad);
				const { records, error } = await run({ devices: imeis(count) });
				expect(records).toHaveLength(count - 1);
				expect(error?.failedDevices.map(({ deviceId }) => deviceId)).toEqual([bad]);
				expect(asked.length).toBeLessThanOrEqual(1 + 2 * Math.ceil(Math.log2(count)));
			}
		},
	);

	test('keeps the order of what was asked', async () => {
		const devices = imeis(20).reverse();
		const { run } = positions((imei) => imei === devices[11]);
		const { records } = await run({ devices });
		expect(records.map((record) => (record as { deviceId: string }).deviceId)).toEqual(
			devices.filter((_, place) => place !== 11),
		);
	});

	test('of many culprits costs no more, and what is left is said not to have been read', async () => {
		const devices = imeis(100);
		const bad = devices.filter((_, place) => place % 10 === 3);
		const { run, asked } = positions((imei) => bad.includes(imei));
		const { records, error } = await run({ devices });
		expect(asked.length).toBeLessThanOrEqual(1 + 14);
		const read = records.map((record) => (record as { deviceId: string }).deviceId);
		const told = error?.failedDevices.map(({ deviceId }) => deviceId) ?? [];
		expect([...read, ...told].sort()).toEqual(devices);
		expect(
			error?.failedDevices.filter(({ asked: really }) => really).every(({ deviceId }) => bad.includes(deviceId)),
		).toBe(true);
		expect(error?.message).toMatch(
			/^Of 100 devices, \d+ failed \(.*\) and \d+ were not read \(.* more\)\. The first: TrackCEO says/,
		);
	});

	test('the culprits are remembered, so that each run finds more of them, and forgotten when they are answered', async () => {
		const devices = imeis(100);
		let bad = [devices[12]!, devices[40]!, devices[77]!];
		const { run, asked } = positions((imei) => bad.includes(imei));
		let last = await run({ devices });
		for (let count = 0; count < 4; count++) last = await run({ devices });
		expect(last.records).toHaveLength(97);
		expect(last.error?.failedDevices.map(({ deviceId }) => deviceId)).toEqual(bad);
		asked.length = 0;
		await run({ devices });
		expect(asked.map((some) => some.length)).toEqual([97, 1, 1, 1]);
		bad = [];
		expect((await run({ devices })).records).toHaveLength(100);
		asked.length = 0;
		await run({ devices });
		expect(asked.map((some) => some.length)).toEqual([100]);
	});

	test('a remembered culprit that is answered with 150,000 records costs no others', async () => {
		const [culprit, other] = imeis(2) as [string, string];
		let refuses = true;
		const { run } = clientOf('trackceo', 'device.get', ({ query = {} }) => {
			const some = String(query.imeis).split(',');
			if (!some.includes(culprit)) return ok(some.map((imei) => ({ imei })));
			return refuses
				? json({ code: 10013, message: 'no right' })
				: ok(Array.from({ length: 150_000 }, () => ({ imei: culprit })));
		});
		await run({ devices: [culprit, other] });
		refuses = false;
		const { records, error } = await run({ devices: [culprit, other] });
		expect(error).toBeUndefined();
		expect(records).toHaveLength(150_001);
	});

	test.each([1, 2, 3, 10])(
		'%i remembered culprits that are answered again are read in every window',
		async (count) => {
			const good = imeis(30).slice(count);
			let bad = imeis(count);
			let requests = 0;
			const { run } = clientOf('trackceo', 'device.getMileage', ({ query = {} }) => {
				requests += 1;
				const some = String(query.imeis).split(',');
				return some.some((imei) => bad.includes(imei))
					? json({ code: 10013, message: 'no right' })
					: ok(
							some.map((imei) => ({
								imei,
								begintime: query.begintime,
								endtime: query.endtime,
								mileage: 1,
							})),
						);
			});
			const input = { begin: '2025-12-01', end: '2026-01-26' };
			for (let times = 0; times < 9; times++) await run({ ...input, devices: [...bad, ...good] });
			const culprits = bad;
			bad = [];
			requests = 0;
			for (const devices of [culprits, [...culprits, ...good]]) {
				const { records, error } = await run({ ...input, devices });
				expect(error).toBeUndefined();
				expect(records).toMatchObject(devices.map((deviceId) => ({ deviceId, distance: 8 })));
			}
			// Eight windows each. Those that go side by side with the first do not know its answers.
			expect(requests).toBeLessThanOrEqual(16 + 8 * count);
		},
	);

	test('where no device is answered, says so once and remembers nobody', async () => {
		const { run, asked } = positions(() => true);
		const { records, error } = await run({ devices: imeis(100) });
		expect([records, error?.code, error?.vendorCode]).toEqual([[], 'NotPermitted', '10013']);
		expect(asked.length).toBeLessThanOrEqual(1 + 14);
		asked.length = 0;
		await run({ devices: imeis(100) });
		expect(asked[0]).toHaveLength(100);
	});

	test('where turns are rare, two further requests: the rest is not asked, and found in the next run', async () => {
		const bad = imeis(10)[6]!;
		const { run, asked } = positions((imei) => imei === bad, { rateLimit: 1 });
		const first = await run({ devices: imeis(10) });
		expect(asked.length).toBe(3);
		expect(first.error?.failedDevices.every(({ asked: really }) => !really)).toBe(true);
		expect(first.records.length + (first.error?.failedDevices.length ?? 0)).toBe(10);
		let last = first;
		for (let count = 0; count < 4 && last.records.length < 9; count++) {
			asked.length = 0;
			last = await run({ devices: imeis(10) });
			expect(asked.length).toBeLessThanOrEqual(3);
		}
		expect(last.records).toHaveLength(9);
		expect(last.error?.failedDevices.map(({ deviceId }) => deviceId)).toEqual([bad]);
	});
});

describe('what is no fault of a device', () => {
	const history = (respond: (imei: string, count: number) => ReturnType<typeof json>, settings: object = {}) => {
		let count = 0;
		const made = clientOf(
			'trackceo',
			'alarm.getMany',
			({ query = {} }) => respond(String(query.imei), count++),
			settings,
		);
		return { ...made, input: (devices: string[]) => ({ devices, begin: '2026-01-30', end: '2026-01-31' }) };
	};
	const alarm = ok('1,114.05,22.55,1769731200,1769731205,10,90,0');

	test('ends the run: what came before is given, and the others are said not to have been read', async () => {
		const { run, input, host } = history((_, count) =>
			count < 3 ? alarm : json({ code: 20001, message: 'wrong password' }),
		);
		const { records, error } = await run(input(imeis(40)));
		expect(records).toHaveLength(3);
		expect(error?.failedDevices.map(({ deviceId }) => deviceId)).toEqual(imeis(40).slice(3));
		expect(error?.message).toContain('Of 40 devices, 37 were not read');
		expect(host.sent.length).toBeLessThan(10);
	});

	test('a time that is over, in the middle: the same', async () => {
		const { run, input, host } = history(() => {
			host.time += 20_000;
			return alarm;
		});
		const { records, error } = await run(input(imeis(40)), { deadlineMs: 100_000 });
		expect(records.length).toBeGreaterThanOrEqual(3);
		expect(records.length + (error?.failedDevices.length ?? 0)).toBe(40);
		expect(error).toMatchObject({ code: 'PartialResult', timeUp: true });
		expect(error?.message).toContain('The run took longer than 100 s');
	});

	test('a vendor that fails for one device after the other is not asked about all', async () => {
		const { run, input, host } = history((_, count) =>
			count < 3 ? alarm : json({ code: 10000, message: 'System error' }),
		);
		const { records, error } = await run(input(imeis(40)));
		expect(records).toHaveLength(3);
		expect(error?.failedDevices).toHaveLength(37);
		expect(host.sent.length).toBeLessThanOrEqual(3 + 5 * 3);
	});

	test('neighbours that are refused do not end it', async () => {
		const bad = imeis(40).slice(2, 20);
		const { run, input } = history((imei) =>
			bad.includes(imei) ? json({ code: 20046, message: 'expired' }) : alarm,
		);
		const { records, error } = await run(input(imeis(40)));
		expect(records).toHaveLength(22);
		expect(error?.failedDevices.map(({ deviceId }) => deviceId)).toEqual(bad);
	});

	test('a run that is stopped ends at once', async () => {
		const stop = new AbortController();
		const { run, input, host } = history(() => {
			stop.abort(new Error('stopped'));
			throw new Error('stopped');
		});
		const { error } = await run(input(imeis(5)), { signal: stop.signal });
		expect(error?.code).not.toBe('PartialResult');
		expect(host.sent).toHaveLength(1);
	});
});

describe('Ctrack, the third vehicle of five', () => {
	test.each([
		['a code', { ErrorCode: 12 }, 200],
		['nothing but a code', { ErrorCode: 0 }, 200],
		['HTTP 404', {}, 404],
		['HTTP 500', {}, 500],
	])('is answered %s', async (_, body, status) => {
		const { run } = clientOf('ctrack', 'trip.getMany', ({ query = {} }) =>
			query.vehicleNodeId === '3'
				? json(body, status)
				: json({
						ErrorCode: 0,
						VehicleTrips: [{ NodeId: query.vehicleNodeId, TripStartUTC: '2026-01-30T10:00:00' }],
					}),
		);
		const { records, error } = await run({ devices: '1,2,3,4,5', begin: '2026-01-30', end: '2026-01-31' });
		expect(records).toMatchObject(['1', '2', '4', '5'].map((deviceId) => ({ deviceId })));
		expect(error?.message).toMatch(/^Of 5 devices, 1 failed \(3\)\. \S/);
	});
});

test('names of the failed devices are told where the list of the account is at hand, and nothing is sent for it', async () => {
	const { provider, operation } = operationOf('trackceo', 'alarm.getMany');
	const list = provider.operations.find((one) => nameOf(one) === 'device.getMany')!;
	expect(list).toBeDefined();
	const host = new TestHost(({ path, query = {} }) =>
		path.endsWith('/device/list')
			? ok([
					{ imei: '358899051000001', devicename: 'Truck 7' },
					{ imei: '358899051000002', devicename: 'Truck 8' },
				])
			: query.imei === '358899051000002'
				? json({ code: 20046 })
				: ok(''),
	);
	const client = new Client(provider, { ...connectionOf(provider), account: 'names' }, host);
	const period = { begin: '2026-01-30', end: '2026-01-31' };
	const { error } = await gather(client, operation, { devices: '*', ...period });
	expect(error?.failedDevices).toMatchObject([
		{ deviceId: '358899051000002', deviceName: expect.stringContaining('Truck 8') as string },
	]);
	expect(error?.message).toMatch(
		/^Of 2 devices, 1 failed \(358899051000002, "Truck 8.*"\)\. TrackCEO says that the target has expired/,
	);
});

test.each([
	['no times', (place: number) => `1,114.05,22.55,soon,later ${String(place)},10,90,0`],
	['nothing that can be read', (place: number) => `1,${String(place)}`],
])('two polls that find a full page of alarms with %s lose no alarm of that time', async (_, alarmOf) => {
	const imei = '358899051000001';
	const spoiled = Array.from({ length: 100 }, (_, place) => alarmOf(place));
	const recorded: number[] = [];
	let ill = false;
	const { client, host } = clientOf('trackceo', 'alarm.getMany', ({ path, query = {} }) => {
		const now = host.time / 1000;
		if (path.endsWith('/track'))
			return ok([{ imei, gpstime: now - 5, systemtime: now - 4, hearttime: now - 4, longitude: 1, latitude: 2 }]);
		if (!path.endsWith('/alarm/list')) return ok([{ imei }]);
		const alarms = recorded
			.filter((time) => time >= Number(query.begintime) && time <= Number(query.endtime))
			.map((time) => `2,114.05,22.55,${String(time)},${String(time)},10,90,0`);
		return ok((ill ? spoiled : alarms).join(';'));
	});
	const newAlarm = findTrigger(operationOf('trackceo', 'alarm.getMany').provider, 'newAlarm')!;
	const poller = new Poller(client, newAlarm, { devices: imei, firstRun: 'nothing' });
	const polls: string[][] = [];
	let cursor: unknown;
	for (let count = 0; count < 7; count++) {
		ill = count === 3 || count === 4;
		recorded.push(host.time / 1000 - 20);
		const poll = await poller.poll(cursor, { intervalMs: 60_000, budgetMs: 60_000 });
		expect(poll.problem).toBeUndefined();
		polls.push(poll.events.map(({ time, unreadable }) => String(unreadable ?? time)));
		({ cursor } = poll);
		host.time += 60_000;
	}
	const timesOf = (...places: number[]) => places.map((place) => new Date(recorded[place]! * 1000).toISOString());
	// The spoiled page comes once, though it is found twice.
	expect(polls.map(({ length }) => length)).toEqual([0, 1, 1, 100, 0, 3, 1]);
	expect(polls[5]).toEqual(timesOf(3, 4, 5));
	expect(polls[6]).toEqual(timesOf(6));
	expect(host.warnings).toContain(
		`${imei}: The vendor gives 100 records, as many as one page holds, and no time from which the next page could begin. Any others cannot be read.`,
	);
});

test('a sum over windows is given of no vehicle that has failed in one of them', async () => {
	const { run } = clientOf('trackgps', 'fuel.getRefills', ({ json: body }) => {
		const { carrierId, startDate } = body as { carrierId: number; startDate: string };
		return carrierId === 8 && !startDate.startsWith('2026-01')
			? json('', 404)
			: json({
					isSuccess: true,
					payload: [
						{ event: 'totalRefill', estimation: 10, date: startDate },
						{ event: 'fueling', estimation: 10, date: startDate },
					],
				});
	});
	const { records, error } = await run({ devices: '7,8,9', begin: '2026-01-02', end: '2026-03-20' });
	const told = records as { deviceId: string; summary: boolean; volume: number }[];
	expect(told.filter(({ summary }) => summary).map(({ deviceId, volume }) => [deviceId, volume])).toEqual([
		['7', 30],
		['9', 30],
	]);
	expect(told.filter(({ summary }) => !summary).map(({ deviceId }) => deviceId)).toEqual([
		'7',
		'7',
		'7',
		'8',
		'9',
		'9',
		'9',
	]);
	expect(error?.failedDevices.map(({ deviceId }) => deviceId)).toEqual(['8']);
});

describe('TrackGPS.ro, one request in 30 s', () => {
	async function branch() {
		const simulator = await startTrackgps({ clock: () => NOW });
		running.push(simulator);
		const { provider, operation } = operationOf('trackgps', 'fuel.getRefills');
		// Sees four of the company's vehicles.
		const connection = {
			...connectionOf(provider),
			...kitOf('trackgps').settings,
			account: 'cluj',
			baseUrl: simulator.url,
			allowPrivateAddresses: true,
			rateLimit: 2,
		};
		const host = new FetchHost(provider, connection, {
			now: () => simulator.now(),
			pass: (ms) => simulator.advance(ms),
		});
		const client = new Client(provider, connection, host);
		const own = (await client.lookup('device')).map(({ value }) => value);
		const run = (devices: string[], options?: object) =>
			gather(client, operation, { devices, begin: '2026-03-10', end: '2026-03-12' }, options);
		return { simulator, own, run };
	}

	test('three vehicles of others cost none of the own ones', async () => {
		const { own, run } = await branch();
		const foreign = Array.from({ length: 12 }, (_, place) => String(41_001 + place))
			.filter((id) => !own.includes(id))
			.slice(0, 3);
		const honest = await run(own.slice(0, 3));
		const { records, error } = await run([own[0]!, ...foreign.slice(0, 2), own[1]!, foreign[2]!, own[2]!]);
		expect(records).toEqual(honest.records);
		expect(error?.failedDevices.map(({ deviceId, asked }) => [deviceId, asked])).toEqual(
			foreign.map((id) => [id, true]),
		);
	});

	test('where the time does not suffice for all, that is said before the first request, with the number', async () => {
		const { own, run, simulator } = await branch();
		const before = simulator.requests.length;
		const many = Array.from({ length: 25 }, (_, place) => String(Number(own[0]) + place));
		const { records, error } = await run(many);
		expect(records).toEqual([]);
		expect(error?.message).toMatch(
			/^These 25 devices take 25 requests, but the account's request limit leaves turns for (19|20) in 600 s: enough for (19|20) devices\. None of them was sent\.$/,
		);
		expect(simulator.requests.length).toBe(before);
		// With a limit it may end sooner.
		expect((await run(many, { limit: 1 })).error?.message ?? '').not.toContain('None of them was sent');
	});
});

test('of a vehicle without a record and one that is refused, both are told of', async () => {
	const { run, host } = clientOf('trackceo', 'position.getCurrent', ({ query = {} }) => {
		const some = String(query.imeis).split(',');
		return some.includes('358899051000003')
			? json({ code: 10013, message: 'no right' })
			: ok(some.filter((imei) => imei !== '358899051000002').map((imei) => ({ imei })));
	});
	const { records, error } = await run({ devices: '358899051000001,358899051000002,358899051000003' });
	expect(records).toHaveLength(1);
	expect(error?.failedDevices.map(({ deviceId }) => deviceId)).toEqual(['358899051000003']);
	expect(host.warnings).toEqual([expect.stringContaining('returned no record for "358899051000002": it may not')]);
});
