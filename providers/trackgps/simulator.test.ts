import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { RunOptions } from '../../core/describe/operation';
import { Client } from '../../core/call/client';
import { FleetError } from '../../core/describe/errors';
import { addressOf, type Exchange } from '../../core/describe/host';
import { findOperation } from '../../core/describe/provider';
import type { Consumption, Device, Fix, FuelEvent, Position, Reading, Stop } from '../../core/describe/records';
import { PASSWORD, startTrackgps, type TrackgpsOptions, type TrackgpsSimulator } from '../../simulators/trackgps';
import { TestHost } from '../../test/support/test-host';
import type { TrackgpsConnection } from './connection';
import { trackgps } from '.';

const NOW = Date.UTC(2026, 2, 18, 9, 41, 7);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const FOLDER = join(__dirname, 'recorded');
const simulated = readdirSync(FOLDER).map(
	(file) =>
		[
			file.replace('.json', ''),
			(JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as { simulated: object }).simulated,
		] as const,
);

const running: TrackgpsSimulator[] = [];
afterEach(async () => {
	await Promise.all(running.splice(0).map((simulator) => simulator.close()));
});

/** Client and simulator on one clock, which waits move on; one run at a time. */
async function start(options: TrackgpsOptions = {}, settings: Partial<TrackgpsConnection> = {}) {
	const exchange: Exchange = async (request) => {
		const { method, headers, form, json } = request;
		const body = form === undefined ? JSON.stringify(json) : new URLSearchParams(form);
		const answer = await fetch(addressOf(connection.baseUrl, request), {
			method,
			body,
			headers: { ...headers, ...(json === undefined ? {} : { 'content-type': 'application/json' }) },
		});
		return { status: answer.status, headers: Object.fromEntries(answer.headers), body: await answer.text() };
	};
	const tokens = new Map<string, string>();
	const host: TestHost = new TestHost(async (request, _, session) => {
		const token = tokens.get(session) ?? (await trackgps.login(connection, exchange, () => host.time)).token;
		tokens.set(session, token);
		return exchange(trackgps.sign(request, token, connection));
	});
	host.time = NOW;
	const simulator = await startTrackgps({ clock: () => host.time, ...options });
	running.push(simulator);
	const connection: TrackgpsConnection = {
		baseUrl: simulator.url,
		account: 'demo',
		secret: PASSWORD,
		timeZone: 'Europe/Bucharest',
		allowCommands: false,
		allowPrivateAddresses: true,
		rateLimit: 2,
		...settings,
	};
	const client = new Client(trackgps, connection, host);
	const run = async <R = object>(name: string, params: object, options: RunOptions & { limit?: number } = {}) => {
		const [resource = '', operation = ''] = name.split('.');
		const found = findOperation(trackgps, resource, operation);
		if (found === undefined) throw new Error(`no ${name}`);
		return (await client.collect(found, params as Record<string, unknown>, options)) as R[];
	};
	return {
		simulator,
		host,
		run,
		fails: (name: string, params: object) =>
			run(name, params).then(
				() => new Error('nothing was thrown'),
				(error: unknown) => error as FleetError,
			),
		logins: () => simulator.requests.filter(({ path }) => path.endsWith('/login')).length,
	};
}

const day = { begin: NOW - DAY, end: NOW };

describe.each(['pascal', 'camel'] as const)('in %s case', (casing) => {
	test.each(simulated)('%s', async (name, params) => {
		const { run, simulator } = await start({ casing });
		expect((await run(name, params)).length).toBeGreaterThan(0);
		expect(simulator.requests.filter(({ status }) => status !== 200)).toEqual([]);
		expect(simulator.requests.every(({ query }) => query['api-version'] === '2.0')).toBe(true);
	});
});

test('the same vehicle in all methods agrees with itself', async () => {
	const { run } = await start({ rateLimit: null }, { rateLimit: 60_000 });
	const devices = await run<Device>('device.getMany', {});
	const positions = await run<Position>('position.getCurrent', { devices: '*' });
	expect(positions.map(({ deviceId, deviceName }) => [deviceId, deviceName])).toEqual(
		devices.map(({ deviceId, name }) => [deviceId, name]),
	);
	const [{ deviceId } = { deviceId: '' }] = devices;
	const fixes = await run<Fix>('position.getHistory', { devices: deviceId, ...day });
	const times = fixes.map(({ time }) => Date.parse(time ?? ''));
	expect(times).toEqual([...times].sort((a, b) => a - b));
	expect(Math.min(...times)).toBeGreaterThanOrEqual(day.begin);
	expect(Math.max(...times)).toBeLessThanOrEqual(day.end);
	// The last point of the track is where the vehicle is now, give or take the minute between two points.
	const now = positions.find((position) => position.deviceId === deviceId);
	expect(Math.abs((times.at(-1) ?? 0) - Date.parse(now?.time ?? ''))).toBeLessThanOrEqual(60_000);
	const stops = await run<Stop>('stop.getMany', { devices: deviceId, ...day, minimumMinutes: 5 });
	for (const { seconds, idleSeconds } of stops) {
		expect(seconds).toBeGreaterThanOrEqual(300);
		expect(idleSeconds).toBeGreaterThanOrEqual(0);
	}
	const readings = await run<Reading>('temperature.getMany', { devices: '*', ...day });
	expect(new Set(readings.map(({ type }) => type)).size).toBeGreaterThan(0);
	expect(new Set(readings.map(({ id }) => id)).size).toBe(readings.length);
});

test('months in one go are what their weeks are together', async () => {
	const { run, simulator } = await start({ rateLimit: null }, { rateLimit: 60_000 });
	const [begin, end] = [NOW - 70 * DAY, NOW];
	const robbed = '41011';
	const whole = await run<FuelEvent>('fuel.getRefills', { devices: robbed, begin, end });
	expect(simulator.requests.filter(({ path }) => path.endsWith('/refills'))).toHaveLength(3);
	const weeks: FuelEvent[] = [];
	for (let at = begin; at < end; at += 7 * DAY)
		weeks.push(...(await run<FuelEvent>('fuel.getRefills', { devices: robbed, begin: at, end: at + 7 * DAY })));
	const events = (of: FuelEvent[]) =>
		of
			.filter(({ summary }) => !summary)
			.map(({ id }) => id)
			.sort();
	expect(events(whole)).toEqual([...new Set(events(weeks))].sort());
	expect(events(whole).length).toBeGreaterThan(5);
	const total = (of: FuelEvent[], type: string, secondary: boolean) =>
		of
			.filter((one) => one.type === type && one.secondary === secondary)
			.reduce((sum, { volume }) => sum + (volume ?? 0), 0);
	for (const secondary of [false, true]) {
		expect(whole.filter((one) => one.type === 'totalRefill' && one.secondary === secondary)).toHaveLength(1);
		for (const type of ['totalRefill', 'totalPossibleTheft'])
			expect(total(whole, type, secondary)).toBeCloseTo(total(weeks, type, secondary), 0);
		expect(total(whole, 'fueling', secondary)).toBeCloseTo(total(whole, 'totalRefill', secondary), 0);
	}

	const [used] = await run<Consumption>('fuel.getConsumption', { devices: robbed, begin, end });
	let distance = 0;
	for (let at = begin; at < end; at += 7 * DAY)
		distance +=
			(await run<Consumption>('fuel.getConsumption', { devices: robbed, begin: at, end: at + 7 * DAY }))[0]
				?.distance ?? 0;
	expect(used?.distance).toBeCloseTo(distance, 0);
	expect(used).toMatchObject({ deviceId: robbed });
});

test("consumption of many finds each vehicle's number", async () => {
	const { run } = await start();
	const devices = await run<Device>('device.getMany', {});
	const records = await run<Consumption>('fuel.getConsumption', { devices: '*', ...day });
	expect(records.map(({ deviceId, deviceName }) => [deviceId, deviceName]).sort()).toEqual(
		devices.map(({ deviceId, name }) => [deviceId, name]).sort(),
	);
});

test("autumn's and spring's day come whole", async () => {
	for (const noon of [Date.UTC(2025, 9, 26, 12), Date.UTC(2025, 2, 30, 12)]) {
		const { run } = await start({ rateLimit: null }, { rateLimit: 60_000 });
		const hours: Fix[] = [];
		const whole = await run<Fix>('position.getHistory', { devices: '41001', begin: noon - DAY, end: noon });
		expect(whole.length).toBeGreaterThan(100);
		for (let at = noon - DAY; at < noon; at += HOUR)
			hours.push(...(await run<Fix>('position.getHistory', { devices: '41001', begin: at, end: at + HOUR })));
		expect(new Set(hours.map((fix) => JSON.stringify(fix)))).toEqual(
			new Set(whole.map((fix) => JSON.stringify(fix))),
		);
	}
});

describe('the session', () => {
	test('is renewed once when it dies, and lasts as long as the login said', async () => {
		const { run, simulator, logins } = await start();
		await run('device.getMany', {});
		await run('device.getMany', {});
		expect(logins()).toBe(1);
		simulator.killToken('demo');
		await run('device.getMany', {});
		expect(logins()).toBe(2);
	});

	test.each(['empty', 'reasons'] as const)(
		'is renewed once for a vehicle of others (%s), and both are told',
		async (foreignVehicles) => {
			const { fails, logins } = await start({ foreignVehicles }, { account: 'cluj' });
			const error = await fails('position.getHistory', { devices: '41001, 41010', ...day });
			expect(error.message).toContain(
				'Of 2 devices, 1 failed (41001). TrackGPS.ro answered 401: either the account may not see vehicle 41001, or the session has ended',
			);
			// Once for the request about both, and once for the one by itself.
			expect(logins()).toBeLessThanOrEqual(3);
		},
	);

	test("a wrong password has the vendor's words", async () => {
		for (const wrongPasswordStatus of [400, 401] as const) {
			const { fails } = await start({ wrongPasswordStatus }, { secret: 'wrong-password' });
			expect(await fails('device.getMany', {})).toMatchObject({
				code: 'LoginRejected',
				vendorMessage: 'invalid_grant: invalid_username_or_password',
			});
		}
	});
});

test('30 s between any two requests: the vendor never has to complain', async () => {
	const { run, simulator } = await start();
	await run('position.getCurrent', { devices: '*' });
	await run('fuel.getRefills', { devices: '*', ...day });
	expect(simulator.requests.filter(({ path }) => !path.endsWith('/login'))).toHaveLength(14);
	expect(simulator.requests.filter(({ status }) => status !== 200)).toEqual([]);
});

test('where another program uses up the turns, the request is made again', async () => {
	const { run, simulator } = await start({}, { rateLimit: 60_000 });
	await run('device.getMany', {});
	expect(await run('device.getMany', {})).toHaveLength(12);
	expect(simulator.requests.filter(({ path }) => !path.endsWith('/login')).map(({ status }) => status)).toEqual([
		200, 429, 200,
	]);
});

describe('what no document shows', () => {
	const week = { devices: '41011', begin: NOW - 7 * DAY, end: NOW };
	const refills = async (options: TrackgpsOptions = {}) => {
		const { run, host } = await start({ rateLimit: null, ...options }, { rateLimit: 60_000 });
		const found = await run<FuelEvent>('fuel.getRefills', week);
		return { found, warnings: host.warnings };
	};

	test.each([
		{ refillDates: 'romanian' },
		{ refillDates: 'hungarian' },
		{ refillValues: 'texts' },
		{ success: 'text' },
		{ success: 'unsaid' },
	] satisfies TrackgpsOptions[])('%j gives the same events', async (options) => {
		const [plain, odd] = [await refills(), await refills(options)];
		expect(plain.found.filter(({ summary }) => !summary).length).toBeGreaterThan(0);
		expect(odd).toEqual(plain);
	});

	test('dates of which the order is not certain lose no event', async () => {
		const [plain, odd] = [await refills(), await refills({ refillDates: 'slashes' })];
		expect(odd.found).toHaveLength(plain.found.length);
		expect(new Set(odd.found.map(({ id }) => id)).size).toBe(plain.found.length);
		for (const { time } of odd.found) if (time !== null) expect(plain.found.map((one) => one.time)).toContain(time);
		// In March 2026, days up to the twelfth could be months.
		expect(odd.warnings).toHaveLength(odd.found.some(({ time }) => time === null) ? 1 : 0);
	});

	test.each([
		[{ refillEvents: 'words' }, 'possibleTheft'],
		[{ refillEvents: 'others' }, 'other'],
	] satisfies [TrackgpsOptions, string][])('%j: each theft is told of', async (options, type) => {
		const { found: plain } = await refills();
		const thefts = plain.filter((event) => event.type === 'possibleTheft').map(({ time }) => time);
		const { found } = await refills(options);
		expect(thefts.length).toBeGreaterThan(0);
		expect(found.filter((event) => event.type === type).map(({ time }) => time)).toEqual(
			expect.arrayContaining(thefts),
		);
	});

	test('reasons beside a success are told of', async () => {
		const { found, warnings } = await refills({ reasonsBesideSuccess: true });
		expect(found).toEqual((await refills()).found);
		expect(warnings).toEqual([expect.stringContaining('named reasons of a failure: PartialData')]);
	});
});
