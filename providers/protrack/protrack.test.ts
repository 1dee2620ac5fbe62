import { afterEach, describe, expect, test } from 'vitest';
import { Client } from '../../core/call/client';
import { Redactor } from '../../core/call/redaction';
import { FleetError } from '../../core/describe/errors';
import { readFields, type Fields } from '../../core/describe/field';
import type { Alarm, CommandOutcome, Device, Fix, Mileage, Outcome, Position } from '../../core/describe/records';
import type { WireRequest } from '../../core/describe/host';
import { findOperation, findTrigger, type Provider } from '../../core/describe/provider';
import type { AnyOperation } from '../../core/describe/operation';
import { Poller } from '../../core/watch/poller';
import { createFleet } from '../../simulators/fleet';
import {
	ANSWER_KINDS,
	PASSWORD,
	startProtrack,
	type AnswerKind,
	type ProtrackOptions,
	type ProtrackSimulator,
} from '../../simulators/protrack';
import { FetchHost } from '../../test/support/fetch-host';
import { json } from '../../test/support/test-host';
import { CODES } from './answer';
import type { ProtrackConnection } from './connection';
import { etrack } from './etrack';
import { trackceo } from './trackceo';
import { passwordHash, signature } from './session';

const NOW = Date.UTC(2026, 2, 18, 9, 41, 7);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const POLL = { intervalMs: 60_000, budgetMs: 60_000 };
const IMEIS = createFleet({ now: NOW }).map(({ imei }) => imei) as [string, ...string[]];
const [PLAIN, , , NEVER_ONLINE, OFFLINE, BLOCKED, EXPIRED, NEVER_ANSWERS, ANSWERS_FAILURE, SEND_FAILS, SPARSE, STUCK] =
	IMEIS;

const running: ProtrackSimulator[] = [];
afterEach(async () => {
	await Promise.all(running.splice(0).map((simulator) => simulator.close()));
});

async function start(options: Partial<ProtrackOptions> = {}, settings: Partial<ProtrackConnection> = {}) {
	const simulator = await startProtrack({ brand: 'trackceo', clock: () => NOW, ...options });
	running.push(simulator);
	const provider: Provider<ProtrackConnection> = simulator.brand === 'trackceo' ? trackceo : etrack;
	const connection: ProtrackConnection = {
		baseUrl: simulator.url,
		account: 'demo',
		secretType: 'password',
		secret: PASSWORD,
		allowCommands: true,
		allowPrivateAddresses: true,
		rateLimit: 60_000,
		...settings,
	};
	const host = new FetchHost(provider, connection, {
		now: () => simulator.now(),
		pass: (ms) => simulator.advance(ms),
	});
	const client = new Client(provider, connection, host);
	const find = (name: string): AnyOperation => {
		const [resource = '', operation = ''] = name.split('.');
		const found = findOperation(provider, resource, operation);
		if (found === undefined) throw new Error(`no ${name}`);
		return found;
	};
	return {
		simulator,
		host,
		client,
		connection,
		run: async <R = object>(name: string, params: object, options: Parameters<typeof client.collect>[2] = {}) =>
			(await client.collect(find(name), params as Record<string, unknown>, options)) as R[],
		fails: async (name: string, params: object): Promise<FleetError> => {
			try {
				await client.collect(find(name), params as Record<string, unknown>);
			} catch (error) {
				expect(error).toBeInstanceOf(FleetError);
				const text = `${(error as FleetError).sentence} ${String((error as Error).stack)}`;
				for (const secret of [PASSWORD, passwordHash({ secretType: 'password', secret: PASSWORD })])
					expect(text).not.toContain(secret);
				return error as FleetError;
			}
			throw new Error('nothing was thrown');
		},
		calls: (path: string) => simulator.requests.filter((request) => request.path === path),
	};
}

describe('login', () => {
	test.each([
		['Abc@34590', 1556243443, '3844afd2c3bf68f0f3f4aa0a9ee8ee6c'],
		['123456', 1504084954, 'ecca11e8e116455c48c8ad2ef5c1e0ee'],
	])('the published signature of %s', (secret, time, expected) => {
		expect(signature(passwordHash({ secretType: 'password', secret }), time)).toBe(expected);
		expect(
			signature(
				passwordHash({ secretType: 'md5', secret: passwordHash({ secretType: 'password', secret }) }),
				time,
			),
		).toBe(expected);
	});

	test('one token serves all requests, until it dies and is renewed once', async () => {
		const { run, simulator, calls } = await start();
		await run('device.getMany', {});
		await run('position.getCurrent', { devices: PLAIN });
		expect(calls('/api/authorization')).toHaveLength(1);
		simulator.killToken('demo');
		expect(await run('position.getCurrent', { devices: PLAIN })).toHaveLength(1);
		simulator.expireToken('demo');
		expect(await run('position.getCurrent', { devices: PLAIN })).toHaveLength(1);
		expect(calls('/api/authorization')).toHaveLength(3);
		simulator.advance(2 * HOUR);
		expect(await run('position.getCurrent', { devices: PLAIN })).toHaveLength(1);
		expect(calls('/api/authorization')).toHaveLength(4);
	});

	test.each([10002, 10003, 10010, 10011, 10012])('code %d renews the session, for commands too', async (code) => {
		const { run, simulator, calls } = await start();
		await run('device.getMany', {});
		simulator.fail({ kind: 'code', code, match: '/api/command/send', times: 1 });
		expect(await run('command.send', { device: PLAIN, command: 'RESET', waitForAnswer: false })).toMatchObject([
			{ outcome: 'sent' },
		]);
		expect(calls('/api/authorization')).toHaveLength(2);
		expect(simulator.commands).toHaveLength(1);
	});

	test('a wrong clock is corrected with the time that the server tells', async () => {
		const { run, simulator, host, calls } = await start();
		host.now = () => simulator.now() - HOUR;
		expect(await run('device.getMany', {})).not.toHaveLength(0);
		expect(calls('/api/authorization').map(({ code }) => code)).toEqual([10014, 0]);
	});

	test.each([
		['by its date header', 'Zeitfehler', { date: new Date(NOW).toUTCString() }, 2],
		['not at all', 'Zeitfehler', {}, 1],
	])('a wrong clock is corrected where the server tells its time %s', async (how, message, headers, attempts) => {
		const times: number[] = [];
		const exchange = ({ query = {} }: WireRequest) => {
			times.push(Number(query.time));
			const right = Math.abs(Number(query.time) - NOW / 1000) < 60;
			const record = { access_token: 'A'.repeat(32), expires_in: 7200 };
			return Promise.resolve(json(right ? { code: 0, record } : { code: 10014, message }, 200, headers));
		};
		const { connection } = await start();
		const session = trackceo.login(
			{ ...connection, baseUrl: `https://vendor.example/${how}` },
			exchange,
			() => NOW - HOUR,
		);
		if (attempts === 1) await expect(session).rejects.toMatchObject({ vendorCode: '10014' });
		else await expect(session).resolves.toMatchObject({ token: 'A'.repeat(32) });
		expect(times).toHaveLength(attempts);
	});

	test.each([
		[{ secret: 'wrong-password' }, 'LoginRejected', 'refuses the account or its password'],
		[{ account: 'nobody' }, 'LoginRejected', 'refuses the account or its password'],
		[{ account: 'blocked' }, 'LoginRejected', 'the account is blocked'],
		[{ account: 'noapi' }, 'NotPermitted', 'does not permit this'],
		[{ secretType: 'md5' as const }, 'InvalidParams', 'The secret is not an md5'],
	])('%j', async (settings, code, words) => {
		const { fails } = await start({}, settings);
		const error = await fails('device.getMany', {});
		expect(error.code).toBe(code);
		expect(error.message).toContain(words);
		expect(error.advice).not.toBe(undefined);
	});

	test('the md5 that stands for a password is redacted, of the account and of a sub-account', () => {
		const { newPassword } = findOperation(trackceo as never, 'subAccount', 'setPassword')?.params as Fields;
		for (const fields of [trackceo.connection, { newPassword }] as Fields[]) {
			const redactor = new Redactor();
			redactor.addSecrets(fields, { secret: 'password', newPassword: 'password' });
			// md5sum's own answer.
			expect(redactor.text('is 5f4dcc3b5aa765d61d8327deb882cf99 here')).toMatch(/^is \[\w+\] here$/);
		}
	});

	test('the md5 of the password is as good as the password', async () => {
		const { run } = await start(
			{},
			{ secretType: 'md5', secret: passwordHash({ secretType: 'password', secret: PASSWORD }) },
		);
		expect(await run('device.getMany', {})).toHaveLength(12);
	});
});

describe('positions', () => {
	test('of all devices, each status among them', async () => {
		const { run } = await start();
		const positions = await run<Position>('position.getCurrent', { devices: '*' });
		const by = new Map(positions.map((position) => [position.deviceId, position]));
		expect([...by.keys()].sort()).toEqual([...IMEIS].sort());
		expect(by.get(PLAIN)).toMatchObject({ status: 'online' });
		expect(by.get(OFFLINE ?? '')).toMatchObject({ status: 'offline' });
		expect(by.get(BLOCKED ?? '')).toMatchObject({ status: 'blocked' });
		expect(by.get(EXPIRED ?? '')).toMatchObject({ status: 'expired' });
		expect(by.get(NEVER_ONLINE ?? '')).toMatchObject({
			status: 'neverOnline',
			latitude: null,
			longitude: null,
			time: null,
			seenAt: null,
		});
		expect(by.get(SPARSE ?? '')).toMatchObject({
			ignition: null,
			ignitionSeconds: null,
			doorOpen: null,
			battery: null,
			odometer: null,
			distanceToday: null,
		});
	});

	test('of more than 100 devices take one request for each hundred, in order', async () => {
		const { run, calls } = await start({ fleetSize: 450 });
		const imeis = createFleet({ size: 450, now: NOW }).map(({ imei }) => imei);
		const positions = await run<Position>('position.getCurrent', { devices: imeis });
		expect(positions.map(({ deviceId }) => deviceId)).toEqual(imeis);
		expect(calls('/api/track')).toHaveLength(5);
	});

	test('newer fields are taken where the server has them', async () => {
		const { run } = await start({ newerFields: true });
		const [position] = await run<Position>('position.getCurrent', { devices: PLAIN });
		expect(position?.externalVoltage).toBeGreaterThan(10);
		expect(position?.fuel).toBeGreaterThan(0);
		const [device] = await run<Device>('device.get', { devices: PLAIN });
		expect(device?.iccid).toMatch(/^\d{19,20}$/);
	});

	test("raw records are the vendor's own", async () => {
		const { run } = await start();
		const [raw] = await run<Record<string, unknown>>('position.getCurrent', { devices: PLAIN }, { output: 'raw' });
		expect(raw).toMatchObject({ imei: PLAIN, datastatus: 2 });
	});
});

describe('tracks', () => {
	test('of days come whole, in order and without doubles', async () => {
		const { run, calls } = await start();
		const begin = NOW - DAY;
		const fixes = await run<Fix>('position.getHistory', { devices: PLAIN, begin, end: NOW });
		const pages = calls('/api/playback').length;
		expect(pages).toBeGreaterThan(2);
		const times = fixes.map(({ time }) => Date.parse(time ?? ''));
		expect([...times].sort((a, b) => a - b)).toEqual(times);
		// The simulator answers windows that fit into one page as they are: their sum is what paging must give.
		let expected = 0;
		for (let at = begin; at < NOW; at += HOUR)
			expected += (
				await run<Fix>('position.getHistory', {
					devices: PLAIN,
					begin: at,
					end: Math.min(at + HOUR, NOW) - 1000,
				})
			).length;
		const last = await run<Fix>('position.getHistory', { devices: PLAIN, begin: NOW - 1000, end: NOW });
		expect(fixes.length).toBe(expected + last.filter(({ time }) => Date.parse(time ?? '') === NOW).length);
	});

	test('of several devices come one device after the other, each as it comes alone', async () => {
		const { run, calls } = await start();
		const period = { begin: NOW - 3 * DAY, end: NOW };
		const devices = [PLAIN, NEVER_ONLINE, OFFLINE, IMEIS[1], SPARSE].filter((imei) => imei !== undefined);
		const alone: Fix[] = [];
		let pages = 0;
		for (const device of devices) {
			const fixes = await run<Fix>('position.getHistory', { devices: device, ...period });
			pages += Math.max(1, Math.ceil(fixes.length / 999));
			alone.push(...fixes);
		}
		const before = calls('/api/playback').length;
		expect(await run<Fix>('position.getHistory', { devices, ...period })).toEqual(alone);
		const asked = calls('/api/playback').length - before;
		expect(pages).toBeGreaterThan(20);
		expect(asked).toBe(before);
		// Windows side by side cost a few requests more than one page after another.
		expect(asked).toBeLessThanOrEqual(1.25 * pages);
	});

	test('of a single page take one request each, and none beyond a limit', async () => {
		const { run, calls } = await start();
		const period = { begin: NOW - HOUR, end: NOW };
		await run('position.getHistory', { devices: IMEIS, ...period });
		expect(calls('/api/playback')).toHaveLength(IMEIS.length);
		await run('position.getHistory', { devices: IMEIS, ...period }, { limit: 10 });
		expect(calls('/api/playback')).toHaveLength(IMEIS.length + 1);
	});

	test.each(['nodata', 'empty'] as const)('without points are empty (%s)', async (emptyPlayback) => {
		const { run } = await start({ emptyPlayback });
		expect(await run('position.getHistory', { devices: NEVER_ONLINE, begin: '-24h', end: 'now' })).toEqual([]);
	});

	test('a trailing semicolon is no point', async () => {
		const { run } = await start({ trailingSemicolon: true });
		expect(
			(await run<Fix>('position.getHistory', { devices: PLAIN, begin: '-1h', end: 'now' })).every(
				({ latitude }) => latitude !== null,
			),
		).toBe(true);
	});

	test('more points in one second than a page holds: as many as it holds, and what is missing is told', async () => {
		const noon = Date.UTC(2026, 2, 17, 12);
		const { run, host } = await start({ stuckFixes: 1500 });
		const fixes = await run<Fix>('position.getHistory', { devices: STUCK, begin: noon - HOUR, end: noon + HOUR });
		const at = (time: number) => fixes.filter((fix) => Date.parse(fix.time ?? '') === time).length;
		expect(at(noon)).toBe(1000);
		expect(fixes.some(({ time }) => Date.parse(time ?? '') > noon)).toBe(true);
		expect(host.warnings).toEqual([
			expect.stringContaining(`${String(STUCK)}: The vendor gives 1000 records at 2026-03-17T12:00:00.000Z`),
		]);
	});

	test.each([
		['in descending order', { recordOrder: 'descending' }],
		['in short pages', { fixesPerPage: 300 }],
		['in short pages in descending order', { recordOrder: 'descending', fixesPerPage: 300 }],
	] as const)('that come %s are whole', async (_, oddity) => {
		const params = { devices: PLAIN, begin: NOW - DAY, end: NOW };
		const expected = await (await start()).run<Fix>('position.getHistory', params);
		const { run, host } = await start(oddity);
		expect(expected.length).toBeGreaterThan(1500);
		expect(await run<Fix>('position.getHistory', params)).toEqual(expected);
		expect(host.warnings).toEqual([]);
	});
});

describe('alarms', () => {
	const week = { begin: NOW - 7 * DAY, end: NOW };

	test('of a week come whole: every type of the brand, paged by system time', async () => {
		for (const brand of ['trackceo', 'etrack'] as const) {
			const { run, calls } = await start({ brand });
			const alarms = await run<Alarm>('alarm.getMany', { devices: IMEIS, ...week });
			const types = new Set(alarms.map(({ vendorType }) => Number(vendorType)));
			expect([...types].sort((a, b) => a - b)).toEqual(
				Array.from({ length: brand === 'trackceo' ? 44 : 27 }, (_, index) => index + 1),
			);
			expect(alarms.every(({ type, title }) => type !== 'other' && title !== '')).toBe(true);
			expect(new Set(alarms.map(({ id }) => id)).size).toBe(alarms.length);
			expect(calls('/api/alarm/list').length).toBeGreaterThan(IMEIS.length);
		}
	});

	test('can be chosen by type', async () => {
		const { run } = await start();
		const alarms = await run<Alarm>('alarm.getMany', { devices: IMEIS, ...week, types: ['speeding', 'sos'] });
		expect(new Set(alarms.map(({ type }) => type))).toEqual(new Set(['speeding', 'sos']));
	});

	test('without a geofence id are read all the same', async () => {
		const { run } = await start({ shortAlarms: true });
		const alarms = await run<Alarm>('alarm.getMany', { devices: PLAIN, ...week });
		expect(alarms.length).toBeGreaterThan(0);
		expect(
			alarms.filter(({ type }) => !type.startsWith('geofence')).every(({ geofenceId }) => geofenceId === null),
		).toBe(true);
	});

	test('more in one second than a page holds: as many as it holds, and what is missing is told', async () => {
		const noon = Date.UTC(2026, 2, 17, 12);
		const { run, host } = await start({ stuckAlarms: 150 });
		const alarms = await run<Alarm>('alarm.getMany', { devices: STUCK, begin: noon - HOUR, end: NOW });
		expect(alarms.filter(({ recordedAt }) => recordedAt === '2026-03-17T12:00:01.000Z')).toHaveLength(100);
		expect(alarms.some(({ recordedAt }) => Date.parse(recordedAt ?? '') > noon + 1000)).toBe(true);
		expect(host.warnings).toEqual([
			expect.stringContaining(`${String(STUCK)}: The vendor gives 100 records at 2026-03-17T12:00:01.000Z`),
		]);
	});

	test('a second with more than a page holds does not keep New Alarm from what comes after it', async () => {
		const noon = Date.UTC(2026, 2, 18, 12);
		const { client, simulator } = await start({ clock: () => noon - HOUR, stuckAlarms: 150 });
		const poller = new Poller(client, findTrigger(trackceo, 'newAlarm')!, { devices: STUCK, firstRun: 'nothing' });
		const times: number[] = [];
		let { cursor } = await poller.poll(undefined, POLL);
		for (; simulator.now() < noon + 6 * HOUR; simulator.advance(5 * 60_000)) {
			const { events, problem, ...poll } = await poller.poll(cursor, POLL);
			expect(problem).toBeUndefined();
			for (const { recordedAt } of events) times.push(Date.parse(String(recordedAt)));
			({ cursor } = poll);
		}
		expect(times.filter((time) => time === noon + 1000)).toHaveLength(100);
		const later = simulator.alarmsOf(STUCK!, (noon + 10_000) / 1000, (noon + 5 * HOUR) / 1000);
		expect(later.length).toBeGreaterThan(0);
		expect(times).toEqual(expect.arrayContaining(later.map(({ systemtime }) => systemtime * 1000)));
	});

	test.each([
		['in descending order', { recordOrder: 'descending' }],
		['in short pages', { alarmsPerPage: 30 }],
		['in short pages in descending order', { recordOrder: 'descending', alarmsPerPage: 30 }],
	] as const)('that come %s are whole', async (_, oddity) => {
		const ids = async (options: Partial<ProtrackOptions>) => {
			const { run, host } = await start({ ...options, alarmsPerSecond: 0.002 });
			const alarms = await run<Alarm>('alarm.getMany', { devices: PLAIN, ...week });
			expect(host.warnings).toEqual([]);
			return alarms.map(({ id }) => id).sort();
		};
		const expected = await ids({});
		expect(expected.length).toBeGreaterThan(1000);
		expect(await ids(oddity)).toEqual(expected);
	});
});

describe('mileage', () => {
	const monday = Date.UTC(2026, 2, 2);

	test('of three weeks is the sum of its windows, in kilometres', async () => {
		const { run, calls } = await start();
		const period = { begin: monday, end: monday + 16 * DAY };
		const [whole] = await run<Mileage>('device.getMileage', { devices: PLAIN, ...period });
		expect(calls('/api/device/mileage')).toHaveLength(3);
		let sum = 0;
		for (let day = 0; day < 16; day++)
			sum +=
				(
					await run<Mileage>('device.getMileage', {
						devices: PLAIN,
						begin: monday + day * DAY,
						end: monday + (day + 1) * DAY,
					})
				)[0]?.distance ?? 0;
		expect(whole?.distance).toBeCloseTo(sum, 0);
		expect(whole?.distance).toBeGreaterThan(100);
		expect(whole).toMatchObject({ from: '2026-03-02T00:00:00.000Z', to: '2026-03-18T00:00:00.000Z' });
	});

	test('is not known where a window has it without saying whose it is', async () => {
		const { run, simulator } = await start();
		const [, other = ''] = IMEIS;
		const record = [{ imei: PLAIN, mileage: 10 }, { mileage: 5 }];
		const body = JSON.stringify({ code: 0, record });
		simulator.fail({ kind: 'status', status: 200, match: '/api/device/mileage', body });
		const period = { begin: monday, end: monday + 16 * DAY };
		expect(await run('device.getMileage', { devices: [PLAIN, other], ...period })).toMatchObject([
			{ deviceId: PLAIN, distance: expect.any(Number) as number },
			{ deviceId: other, distance: null },
		]);
	});

	test('agrees with the odometer, which is in kilometres too', async () => {
		const { run, simulator } = await start();
		const halfHour = Math.floor(NOW / 1_800_000) * 1_800_000 + 1_800_000;
		simulator.advance(halfHour - NOW);
		const [before] = await run<Position>('position.getCurrent', { devices: PLAIN });
		simulator.advance(DAY);
		const [after] = await run<Position>('position.getCurrent', { devices: PLAIN });
		const [{ distance } = { distance: null }] = await run<Mileage>('device.getMileage', {
			devices: PLAIN,
			begin: halfHour,
			end: halfHour + DAY,
		});
		expect(distance).toBeCloseTo((after?.odometer ?? 0) - (before?.odometer ?? 0), 0);
	});

	test('the half-hour rule is explained, or the period widened on request', async () => {
		const { fails, run, simulator } = await start();
		const odd = { devices: PLAIN, begin: monday + 7 * 60_000, end: monday + DAY + 61_000 };
		expect((await fails('device.getMileage', odd)).message).toContain('must lie on minute 0 or 30');
		expect(simulator.requests).toHaveLength(0);
		expect(await run('device.getMileage', { ...odd, roundToHalfHours: true })).toMatchObject([
			{ from: '2026-03-02T00:00:00.000Z', to: '2026-03-03T00:30:00.000Z' },
		]);
	});
});

describe('commands', () => {
	const send = { device: PLAIN, command: 'RELAY,1' };

	test("are confirmed by the device's answer, asked for once a second", async () => {
		const { run, simulator, calls } = await start();
		const [outcome] = await run<CommandOutcome>('command.send', send);
		expect(outcome).toMatchObject({ outcome: 'confirmed', target: PLAIN, command: 'RELAY,1' });
		expect(outcome?.response).toContain('Success');
		expect(calls('/api/command/send')).toHaveLength(1);
		const asked = calls('/api/command/query').map(({ time }) => time);
		for (let index = 1; index < asked.length; index++)
			expect((asked[index] ?? 0) - (asked[index - 1] ?? 0)).toBeGreaterThanOrEqual(1000);
		simulator.advance(60_000);
		expect(await run('position.getCurrent', { devices: PLAIN })).toMatchObject([{ fuelSupply: false, speed: 0 }]);
		expect(await run('command.getStatus', { commandId: outcome?.commandId })).toMatchObject([
			{ outcome: 'confirmed' },
		]);
	});

	test('time out after 30 questions', async () => {
		const { run, calls } = await start();
		expect(await run('command.send', { ...send, device: NEVER_ANSWERS })).toMatchObject([
			{ outcome: 'timedOut', answeredAt: null },
		]);
		expect(calls('/api/command/query')).toHaveLength(30);
	});

	test('fail when the device says so', async () => {
		const { run } = await start();
		expect(await run('command.send', { ...send, device: ANSWERS_FAILURE })).toMatchObject([
			{ outcome: 'failed', response: 'Cut off the fuel supply: Fail! Speed: 62km/h.' },
		]);
	});

	const stops: Record<AnswerKind, Outcome> = {
		document: 'confirmed',
		ok: 'confirmed',
		echoOk: 'confirmed',
		gt06: 'confirmed',
		chinese: 'confirmed',
		spanish: 'confirmed',
		german: 'confirmed',
		failure: 'failed',
		speedLimit: 'failed',
		noFix: 'failed',
		wrongPassword: 'failed',
		unsupported: 'failed',
		error: 'failed',
		unknownCommand: 'failed',
		already: 'answered',
		delayed: 'answered',
		tooFast: 'answered',
		noFixDelayed: 'answered',
		chineseDelayed: 'answered',
		spanishDelayed: 'answered',
		germanDelayed: 'answered',
		timeout: 'answered',
		otherCommand: 'answered',
		wordless: 'answered',
	};

	test.each(ANSWER_KINDS)('that stop an engine are confirmed only if it is stopped: %s', async (kind) => {
		const { run, simulator } = await start({ deviceAnswers: kind });
		const [outcome] = await run<CommandOutcome>('command.send', send);
		expect(outcome?.outcome).toBe(stops[kind]);
		simulator.advance(60_000);
		const [position] = await run<Position>('position.getCurrent', { devices: PLAIN });
		expect(position?.fuelSupply).toBe(outcome?.outcome !== 'confirmed');
		expect(await run('command.getStatus', { commandId: outcome?.commandId })).toMatchObject([
			{ outcome: kind === 'otherCommand' ? 'confirmed' : stops[kind], response: outcome?.response },
		]);
	});

	test('are only sent where the answer is not waited for', async () => {
		const { run, calls } = await start();
		expect(await run('command.send', { ...send, waitForAnswer: false })).toMatchObject([{ outcome: 'sent' }]);
		expect(calls('/api/command/query')).toHaveLength(0);
	});

	test.each([
		[OFFLINE, 'DeviceOffline', 'the device is offline'],
		[BLOCKED, 'NotPermitted', 'the device is blocked'],
		[EXPIRED, 'NotPermitted', 'the target has expired'],
		[SEND_FAILS, 'VendorFault', 'could not send the command'],
	])('to %s are refused: %s', async (device, code, words) => {
		const { fails, calls } = await start();
		const error = await fails('command.send', { ...send, device });
		expect(error).toMatchObject({ code, effect: 'none' });
		expect(calls('/api/command/send')).toHaveLength(1);
		expect(error.message).toContain(words);
	});

	test.each([
		{ kind: 'status', status: 503 },
		{ kind: 'reset' },
		{ kind: 'cutoff' },
		{ kind: 'html' },
		{ kind: 'code', code: 10000 },
	] as const)('that go wrong on the wire ($kind) are carried out once and reported as unknown', async (fault) => {
		const { run, simulator, calls } = await start();
		await run('device.getMany', {});
		simulator.fail({ ...fault, match: '/api/command/send', times: null, effect: 'after' });
		const [outcome] = await run<CommandOutcome>('command.send', send);
		expect(outcome).toMatchObject({ outcome: 'unknown', target: PLAIN });
		expect(outcome?.explanation).toContain('check whether it was done');
		expect(calls('/api/command/send')).toHaveLength(1);
		expect(simulator.commands).toHaveLength(1);
	});

	test('keep their number when asking for the answer goes wrong', async () => {
		const { run, simulator } = await start();
		simulator.fail({ kind: 'status', status: 503, match: '/api/command/query', times: null });
		const [outcome] = await run<CommandOutcome>('command.send', send);
		expect(outcome).toMatchObject({ outcome: 'sent' });
		expect(outcome?.commandId).toMatch(/\w/);
	});

	test('set the mileage through paramData', async () => {
		const { run, fails, simulator } = await start();
		expect(
			await run('command.send', { device: PLAIN, command: 'SET_MILEAGE', mileage: 30, waitForAnswer: false }),
		).toMatchObject([{ outcome: 'sent' }]);
		expect(simulator.commands[0]?.paramData).toBe('{"mileage":"30"}');
		expect((await fails('command.send', { device: PLAIN, command: 'SET_MILEAGE' })).message).toContain(
			'Mileage is missing',
		);
	});

	test('eTrack has neither SET_MILEAGE nor passwords', () => {
		const names = (provider: Provider<ProtrackConnection>) =>
			provider.operations.map(({ resource, name }) => `${resource}.${name}`);
		expect(names(trackceo).filter((name) => !names(etrack).includes(name))).toEqual(['subAccount.setPassword']);
		expect(names(trackceo)).toEqual(expect.arrayContaining(names(etrack)));
		const commands = (provider: Provider<ProtrackConnection>) =>
			(
				findOperation(provider, 'command', 'send')?.params as {
					command: { options: { value: string }[] };
				}
			).command.options.map(({ value }) => value);
		expect(commands(trackceo)).toContain('SET_MILEAGE');
		expect(commands(etrack)).not.toContain('SET_MILEAGE');
	});
});

describe('lists that the vendor cuts at 500', () => {
	test('are completed from the sub-accounts', async () => {
		const { run } = await start({ fleetSize: 2000 });
		const devices = await run<Device>('device.getMany', {});
		expect(new Set(devices.map(({ deviceId }) => deviceId)).size).toBe(2000);
		expect(devices).toHaveLength(2000);
	});

	test.each([800, 1200, 2000])('%i devices are whole, and nothing is said to be missing', async (fleetSize) => {
		const { run, host, calls } = await start({ fleetSize });
		expect(await run('device.getMany', {})).toHaveLength(fleetSize);
		expect(host.warnings).toEqual([]);
		// None is asked about twice.
		const accounts = calls('/api/device/list').map(({ query }) => query.account ?? 'demo');
		expect(new Set(accounts).size).toBe(accounts.length);
	});

	test('a list that nothing below completes is told', async () => {
		// The account's own are at most 500 on such a server, whatever the sub-accounts have.
		const { run, host, simulator } = await start({ fleetSize: 800, deviceListScope: 'own' });
		const demo = simulator.accounts.find(({ account }) => account === 'demo')!;
		[...simulator.devices.values()].slice(0, 600).forEach((device) => (device.owner = demo));
		expect(await run('device.getMany', {})).toHaveLength(500);
		expect(host.warnings).toEqual([
			'The list of the account has 500 entries, where the vendor stops, and the sub-accounts do not complete it: entries may be missing.',
		]);
	});

	test.each([
		[
			'the list of sub-accounts',
			{ accounts: { demo: 10007 } },
			500,
			[/not be complete: the sub-accounts could not be read\. .*10007/, /sub-accounts do not complete it/],
		],
		[
			"a blocked sub-account's",
			{ devices: { 'north-00': 10016 } },
			1200,
			[/not be complete: the sub-account "north-00" could not be read\. .*10016/],
		],
		[
			'the sub-accounts of one that is an end user',
			{ accounts: { 'demo-north': 10007 } },
			1200,
			[
				/not be complete: the sub-account "demo-north" could not be read\. .*10007/,
				/The list of "demo-north" has 500 entries/,
			],
		],
	] as const)(
		'a refusal on the way costs no more than what was refused: %s',
		async (_, refusedLists, most, words) => {
			const { run, host } = await start({ fleetSize: 1200, refusedLists });
			const devices = await run('device.getMany', {});
			expect(devices.length).toBeGreaterThanOrEqual(500);
			expect(devices.length).toBeLessThanOrEqual(most);
			expect(host.warnings).toEqual(words.map((pattern) => expect.stringMatching(pattern) as string));
		},
	);

	test('the first list is not on the way: its refusal is one', async () => {
		const { fails } = await start({ refusedLists: { devices: { demo: 10016 } } });
		expect((await fails('device.getMany', {})).vendorCode).toBe('10016');
	});

	test('shorter ones take one request', async () => {
		const { run, calls } = await start();
		expect(await run('device.getMany', {})).toHaveLength(12);
		expect(calls('/api/device/list')).toHaveLength(1);
		expect(calls('/api/user/list')).toHaveLength(0);
	});

	test('pickers keep their list for five minutes', async () => {
		const { client, simulator, calls } = await start();
		const choices = await client.lookup('device');
		expect(choices.find(({ value }) => value === PLAIN)?.title).toBe(`Van 1 · B 10 FLT · ${PLAIN}`);
		await client.lookup('device');
		expect(calls('/api/device/list')).toHaveLength(1);
		simulator.advance(5 * 60_000);
		await client.lookup('device');
		expect(calls('/api/device/list')).toHaveLength(2);
	});
});

describe("a distributor's fleet", () => {
	const OWN = 5;
	const own = { deviceListScope: 'own' } as const;

	test.each([
		['listed', undefined, OWN],
		['withSubAccounts', undefined, 12],
		['oneSubAccount', 'demo-north', 2],
	] as const)('%s %s: pickers, * and triggers mean the same %i devices', async (fleet, fleetAccount, count) => {
		const { run, client, simulator } = await start(own, { fleet, fleetAccount });
		const ids = (await client.lookup('device')).map(({ value }) => value).sort();
		expect(ids).toHaveLength(count);
		const positions = await run<Position>('position.getCurrent', { devices: '*' });
		expect(positions.map(({ deviceId }) => deviceId).sort()).toEqual(ids);
		expect((await run<Device>('device.getMany', {})).map(({ deviceId }) => deviceId).sort()).toEqual(ids);
		const poller = new Poller(client, findTrigger(trackceo, 'positionChanged')!, {
			devices: '*',
			firstRun: 'nothing',
		});
		simulator.requests.length = 0;
		await poller.poll(undefined, POLL);
		const asked = simulator.requests.flatMap(({ path, query }) =>
			path === '/api/track' ? (query.imeis ?? '').split(',') : [],
		);
		expect(asked.sort()).toEqual(ids);
	});

	test('a sub-account that is missing is missed before anything is sent', async () => {
		const { fails, simulator } = await start(own, { fleet: 'oneSubAccount' });
		expect((await fails('position.getCurrent', { devices: '*' })).message).toMatch(/^Sub-Account is missing/);
		expect(simulator.requests).toHaveLength(0);
	});

	test('accounts that were stored before there was a choice mean what the vendor lists', async () => {
		const { connection } = await start();
		const read = readFields(trackceo.connection, { ...connection }, { now: NOW, timeZone: 'UTC' });
		expect(read).toMatchObject({ fleet: 'listed' });
	});

	test('an account that is named is the one that is listed', async () => {
		const { run } = await start(own, { fleet: 'withSubAccounts' });
		expect(await run('device.getMany', { account: 'demo-north' })).toHaveLength(2);
	});

	test('accounts with the same login and another setting have lists of their own', async () => {
		const { client, connection } = await start(own);
		const other = new Client(
			trackceo,
			{ ...connection, fleet: 'withSubAccounts' } as ProtrackConnection,
			new FetchHost(trackceo, connection),
		);
		expect(await client.lookup('device')).toHaveLength(OWN);
		expect(await other.lookup('device')).toHaveLength(12);
		expect(await client.lookup('device')).toHaveLength(OWN);
	});
});

test('an account whose name has a blank in it is one account', async () => {
	const { run, simulator } = await start();
	await run('message.send', { accounts: 'North depot, South depot', content: 'Hello' }).catch(() => undefined);
	expect(simulator.requests.at(-1)?.query.accounts).toBe('North depot,South depot');
});

test('messages go to 200 accounts a request, and a failure after the first does not hide what was sent', async () => {
	const { run, simulator, calls } = await start();
	const children = ['demo-north', 'demo-south', 'driver1'];
	expect(await run('message.send', { accounts: children, content: 'Hello' })).toMatchObject([
		{ outcome: 'confirmed', target: children.join(',') },
	]);
	const many = [...children, ...Array.from({ length: 197 }, (_, index) => `demo-${String(index)}`), 'driver2'];
	simulator.fail({ kind: 'code', code: 0, match: '/api/message/send', times: 1 });
	simulator.fail({ kind: 'code', code: 20005, match: '/api/message/send', times: 1 });
	expect(await run('message.send', { accounts: many, content: 'Hello' })).toMatchObject([
		{ outcome: 'confirmed' },
		{ outcome: 'failed', target: 'driver2' },
	]);
	expect(
		calls('/api/message/send')
			.slice(1)
			.map(({ query }) => query.accounts?.split(',').length),
	).toEqual([200, 1]);
});

test('sub-accounts: blocked, unblocked, given a password', async () => {
	const { run } = await start();
	expect(await run('subAccount.get', { account: 'driver1' })).toMatchObject([{ blocked: false, role: 'endUser' }]);
	expect(await run('subAccount.block', { account: 'driver1' })).toMatchObject([
		{ outcome: 'confirmed', target: 'driver1' },
	]);
	expect(await run('subAccount.get', { account: 'driver1' })).toMatchObject([{ blocked: true }]);
	await run('subAccount.unblock', { account: 'driver1' });
	expect(await run('subAccount.get', { account: 'driver1' })).toMatchObject([{ blocked: false }]);
	expect(await run('subAccount.setPassword', { account: 'driver1', newPassword: 'New-Password-1' })).toMatchObject([
		{ outcome: 'confirmed' },
	]);
});

describe('bad input is refused with a sentence, before any request', () => {
	const period = { begin: '-24h', end: 'now' };
	const geofence = { device: PLAIN, name: 'Depot', alarmOn: 'both', latitude: 44.4, longitude: 26.1, radius: 300 };
	test.each([
		['position.getCurrent', { devices: [] }, 'Devices is empty: give at least one IMEI.'],
		['position.getCurrent', { devices: undefined }, 'Devices is missing'],
		['position.getHistory', { devices: PLAIN, begin: 'now', end: '-24h' }, 'The period ends before it begins'],
		['position.getHistory', { devices: PLAIN, begin: '+1h', end: '+2h' }, 'The period is in the future'],
		[
			'position.getHistory',
			{ devices: PLAIN, begin: '31.01.2026', end: 'now' },
			'Begin must be a date and time such as',
		],
		['alarm.getMany', { devices: PLAIN, ...period, types: ['flying'] }, 'Alarm Types must only hold'],
		['geofence.create', { ...geofence, radius: 99 }, 'Radius must be between 100 and 5000 metres, not 99.'],
		['geofence.create', { ...geofence, latitude: 91 }, 'Latitude must be between -90 and 90 degrees, not 91.'],
		[
			'message.send',
			{ accounts: 'demo', content: 'x'.repeat(301) },
			'Content must not be longer than 300 characters; it has 301.',
		],
		['command.send', { device: PLAIN, command: 'EXPLODE' }, 'Command must be one of'],
		['command.getStatus', { commandId: '' }, 'Command ID is missing'],
	])('%s %j', async (name, params, sentence) => {
		const { fails, simulator } = await start();
		const error = await fails(name, params);
		expect(error.code).toBe('InvalidParams');
		expect(error.message).toContain(sentence);
		expect(simulator.requests).toHaveLength(0);
	});

	test('10,000 IMEIs are no problem but take 100 requests', async () => {
		const { run, calls } = await start({ fleetSize: 10_000, unknownImei: 'omit' });
		const imeis = createFleet({ size: 10_000, now: NOW }).map(({ imei }) => imei);
		expect(await run('position.getCurrent', { devices: imeis })).toHaveLength(10_000);
		expect(calls('/api/track')).toHaveLength(100);
	});

	test('an unknown IMEI is named as what it is', async () => {
		const { fails } = await start();
		const error = await fails('position.getCurrent', { devices: '999999999999999' });
		expect(error.code).toBe('NotPermitted');
		expect(error.sentence).toContain('says that the account may not see one of the devices');
		expect(error.sentence).toContain('Check the IMEIs');
	});

	test('html from a proxy and a wrong base URL', async () => {
		const { fails, simulator } = await start();
		simulator.fail({ kind: 'html', times: null });
		expect((await fails('device.getMany', {})).sentence).toMatch(/web page came instead.*Check the base URL/);
	});
});

test('every code of chapter 3 has words and says what to do', async () => {
	const chapter3 = [
		10000, 10001, 10002, 10003, 10004, 10005, 10006, 10007, 10009, 10010, 10011, 10012, 10013, 10014, 10016, 20001,
		20005, 20017, 20018, 20046, 20048, 20089,
	];
	expect(Object.keys(CODES).map(Number)).toEqual(chapter3);
	for (const code of chapter3) {
		const { fails, simulator } = await start();
		simulator.fail({ kind: 'code', code, match: '/api/device/detail', times: null });
		const error = await fails('device.get', { devices: PLAIN });
		expect(error.vendorCode).toBe(String(code));
		expect(error.message).toMatch(/^TrackCEO .+\(code \d+.*\)\.$/);
		expect(error.advice.length).toBeGreaterThan(10);
	}
});

test('"too often" halves the speed and is tried again', async () => {
	const { run, calls } = await start({ rateLimit: { requests: 3, perSeconds: 1 } });
	for (let count = 0; count < 6; count++)
		expect(await run('position.getCurrent', { devices: PLAIN })).toHaveLength(1);
	expect(calls('/api/track').some(({ code }) => code === 10009)).toBe(true);
});
