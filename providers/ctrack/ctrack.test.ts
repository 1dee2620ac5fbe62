import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { sharedLogin } from '../../core/call/account';
import type { Session } from '../../core/describe/connection';
import { isComputed, type RunOptions } from '../../core/describe/operation';
import { Client } from '../../core/call/client';
import { FleetError, Unreachable } from '../../core/describe/errors';
import {
	addressOf,
	type SendOptions,
	type SignedAnswer,
	type WantedSession,
	type WireAnswer,
	type WireRequest,
} from '../../core/describe/host';
import { findOperation, findTrigger } from '../../core/describe/provider';
import type { CommandOutcome, Message, Odometer, Position, Trip } from '../../core/describe/records';
import { logIn } from '../../core/call/session';
import { Poller } from '../../core/watch/poller';
import { PASSWORD, startCtrack, type CtrackOptions, type CtrackSimulator } from '../../simulators/ctrack';
import { FetchHost } from '../../test/support/fetch-host';
import { json, TestHost } from '../../test/support/test-host';
import { open, recordsIn } from './answer';
import type { CtrackConnection } from './connection';
import { timeOf } from './times';
import { ctrack } from '.';

const SECRET = 'Pass word/01';
const MINUTE = 60_000;
const provider = ctrack;

/** Answers the signed requests that leave, logins aside; `token` is what they carried in their path. */
type Vendor = (request: WireRequest, token: string) => WireAnswer | Promise<WireAnswer>;

/** A host that logs in and signs as the real ones do. */
class CtrackHost extends TestHost {
	readonly logins: number[] = [];
	readonly paths: string[] = [];
	loginAnswer = (): WireAnswer =>
		json({
			ErrorCode: 'Success = 0',
			UserId: 89471,
			SessionToken: `9ed4bd2a-${this.logins.length}`,
			SessionDurationMinutes: 60,
			xml: null,
		});

	constructor(
		private readonly connection: CtrackConnection,
		private readonly vendor: Vendor,
	) {
		super(() => json({}));
	}

	override async send(request: WireRequest, { stale, freshForMs }: SendOptions): Promise<SignedAnswer> {
		const { token, ...login } = await this.sessionFor({ stale, freshForMs });
		const signed = ctrack.sign(request, token, this.connection);
		this.paths.push(addressOf('', signed));
		return { ...(await this.vendor(signed, token)), session: token, login };
	}

	override async token({ stale, freshForMs, mayLogIn }: WantedSession): Promise<string> {
		return (await this.sessionFor({ stale, freshForMs, mayLogIn })).token;
	}

	private async sessionFor(wanted: WantedSession): Promise<Session> {
		const shared = sharedLogin(provider, this.connection);
		const now = () => this.now();
		return await shared.sessions.get({
			...wanted,
			current: async () => shared.session,
			renew: async () => (shared.session = await logIn(provider, this.connection, () => this.login(), now)),
			now,
		});
	}

	private async login(): Promise<WireAnswer> {
		this.logins.push(this.now());
		return this.loginAnswer();
	}
}

let accounts = 0;
function start(vendor: Vendor, settings: Partial<CtrackConnection> = {}) {
	const connection: CtrackConnection = {
		baseUrl: 'https://fleet.example/REST',
		account: `account-${accounts++}`,
		secret: SECRET,
		speedUnit: 'kmh',
		odometerUnit: 'metre',
		allowCommands: false,
		allowPrivateAddresses: false,
		rateLimit: 60_000,
		...settings,
	};
	const host = new CtrackHost(connection, vendor);
	const client = new Client(ctrack, connection, host);
	const run = async <R = object>(
		name: string,
		params: object = {},
		options: RunOptions & { limit?: number } = {},
	) => {
		const [resource = '', operation = ''] = name.split('.');
		return (await client.collect(
			findOperation(provider, resource, operation)!,
			params as Record<string, unknown>,
			options,
		)) as R[];
	};
	const fails = async (...args: Parameters<typeof run>): Promise<FleetError> => {
		const error = await run(...args).then(
			() => undefined,
			(thrown: unknown) => thrown,
		);
		expect(error).toBeInstanceOf(FleetError);
		const text = `${(error as FleetError).sentence} ${(error as FleetError).stack} ${(error as FleetError).vendorMessage}`;
		for (const secret of [SECRET, encodeURIComponent(SECRET), '9ed4bd2a-1', '9ed4bd2a-2'])
			expect(text).not.toContain(secret);
		return error as FleetError;
	};
	return { host, client, run, fails };
}

const vehicle = {
	NodeId: 566,
	Type: 'iS411',
	VehicleRegistration: 'Trailer 4',
	FleetNumber: 'KOR029',
	Description: 'Yellow',
	CostCentre: 3039,
	Errorcode: 0,
};
const position = {
	NodeId: 566,
	SingleStatus: 4,
	Ignition: false,
	Latitude: -25.8,
	Longitude: 28.2,
	Location: 'at Ctrack; ',
	RunningOdo: 19_000_000,
	Speed: 50,
	HeadingText: '',
	ErrorCode: 0,
	EventTimeUTC: '2017-04-30T02:01:26.000Z',
};
const vehicles = () => json({ ErrorCode: 0, VehicleList: [vehicle] });
const period = { begin: '2026-01-30T00:00:00Z', end: '2026-01-31T00:00:00Z' };

test('all 39 methods of the document, each once', () => {
	const own = ctrack.operations.filter((one) => !isComputed(one));
	const sections = [ctrack.loginMethod, ...own].map(({ evidence }) => evidence.section);
	const count = (module: string) => sections.filter((section) => section.startsWith(`${module}/`)).length;
	expect(['Membership', 'CostCentres', 'Vehicles', 'Drivers', 'Location', 'Queues'].map(count)).toEqual([
		2, 5, 21, 3, 2, 6,
	]);
	expect(new Set(sections).size).toBe(39);
	for (const { route, evidence } of [ctrack.loginMethod, ...ctrack.operations])
		expect(route).toBe(`GET /${evidence.section}`);
	expect(ctrack.operations.filter(({ effect }) => effect === 'command')).toEqual([]);
	expect(new Set(own.map(({ resource, name }) => `${resource}.${name}`)).size).toBe(38);
});

describe('the token', () => {
	test('goes behind the module, escaped, and nowhere else', async () => {
		const sign = (path: string, token = 'a/b?c%') =>
			ctrack.sign({ method: 'GET', path, query: { Vehicles: 1 } }, token, {} as CtrackConnection);
		expect(sign('/Vehicles/GetVehicles').path).toBe('/Vehicles/a%2Fb%3Fc%25/GetVehicles');
		expect(sign('/Queues/Ack', '$&').path).toBe('/Queues/%24%26/Ack');
		for (const path of ['/Membership/GetServiceVersion', '/', '/Vehicles', '/Other/Vehicles/Get'])
			expect(sign(path).path).toBe(path);
	});

	test('that would climb out of the path is refused', async () => {
		const { host, fails } = start(vehicles);
		host.loginAnswer = () => json({ ErrorCode: 0, SessionToken: '..' });
		expect((await fails('device.getMany')).message).toContain('sent no session token');
	});

	test('serves all requests for an hour, counted from the login', async () => {
		const { host, run } = start(vehicles);
		await run('device.getMany');
		host.time += 59 * MINUTE;
		await run('device.getMany');
		expect(host.logins).toHaveLength(1);
		host.time += MINUTE;
		await run('device.getMany');
		expect(host.logins).toHaveLength(2);
		expect(host.paths).toEqual([
			'/Vehicles/9ed4bd2a-1/GetVehicles',
			'/Vehicles/9ed4bd2a-1/GetVehicles',
			'/Vehicles/9ed4bd2a-2/GetVehicles',
		]);
	});

	test('is not seen in errors, though the vendor repeats it', async () => {
		const { fails } = start((request) => json(`no such endpoint ${request.path}`, 404));
		expect((await fails('device.getMany')).vendorMessage).toBe('no such endpoint /Vehicles/[token]/GetVehicles');
	});
});

describe('a login that is refused', () => {
	test.each([
		[json({ ErrorCode: 4 }), 'refuses the account or its secret (error code 4)'],
		[
			json({ ErrorCode: 'AuthorisationFailed = 4' }),
			'refuses the account or its secret (error code AuthorisationFailed = 4)',
		],
		[json('', 401), 'either account or secret are wrong, or requests come too often'],
	])('is made once and says why', async (answer, words) => {
		const { host, fails } = start(vehicles);
		host.loginAnswer = () => answer;
		const error = await fails('device.getMany');
		expect(error).toMatchObject({ code: 'LoginRejected', retryable: false });
		expect(error.message).toContain(words);
		expect(host.logins).toHaveLength(1);
	});
});

test('a login that comes too often is tried again', async () => {
	const { host, run } = start(vehicles);
	const { loginAnswer } = host;
	host.loginAnswer = () => (host.logins.length === 1 ? json('', 400) : loginAnswer());
	expect(await run('device.getMany')).toHaveLength(1);
	expect(host.logins).toHaveLength(2);
});

describe('a session that is over is renewed once', () => {
	const dead: [string, WireAnswer][] = [
		['an integer', json({ ErrorCode: 4 })],
		['its name', json({ ErrorCode: 'AuthorisationFailed = 4' })],
		['its name alone', json({ ErrorCode: 'AuthorisationFailed' })],
		['a code with HTTP 401', json({ ErrorCode: 4 }, 401)],
		['HTTP 401', json('', 401)],
		['HTTP 401 with a web page', json('<html>Unauthorized</html>', 401)],
		['HTTP 400', json('Bad Request', 400)],
	];

	test.each(dead)('told by %s', async (_, answer) => {
		const { host, run } = start((_request, token) => (token === '9ed4bd2a-1' ? answer : vehicles()));
		expect(await run('device.getMany')).toHaveLength(1);
		expect(host.logins).toHaveLength(2);
	});

	test.each(dead)('told by %s, and no more often', async (_, answer) => {
		const { host, fails } = start(() => answer);
		await fails('device.getMany');
		expect(host.logins).toHaveLength(2);
		expect(host.paths.length).toBeLessThanOrEqual(3);
	});

	test('an error code 4 that stays says that it can be a right that is missing', async () => {
		const { fails } = start(() => json({ ErrorCode: 4 }));
		const error = await fails('device.getGritterStatusOfAll');
		expect(error.code).toBe('SessionExpired');
		expect(error.sentence).toMatch(/or the account may not do this \(error code 4\).*ask Ctrack to enable this/);
	});

	test('a definite refusal is sent again, whatever it would do', async () => {
		const { run } = start((_request, token) =>
			token === '9ed4bd2a-1' ? json({ ErrorCode: 4 }) : json({ ErrorCode: 0, Subscribe: 'Success' }),
		);
		expect(await run('queue.subscribe', { queue: 'trips', directAccess: true })).toMatchObject([
			{ outcome: 'confirmed', target: 'Trips' },
		]);
	});
});

describe('HTTP 400 and 401 can mean too many requests', () => {
	test.each([
		[400, /a value in it is wrong, or requests come too often/],
		[401, /the session is not valid, or requests come too often/],
	])('%i: backs off, renews once, then names both', async (status, words) => {
		const { host, fails } = start(() => json('', status));
		const error = await fails('device.getMany');
		expect(error).toMatchObject({ code: 'RateLimited', status });
		expect(error.message).toMatch(words);
		// First the same session again, and only then another.
		expect(host.paths.map((path) => /a-(\d)/.exec(path)?.[1])).toEqual(['1', '1', '2']);
		expect(host.slept.filter((ms) => ms >= 500)).toHaveLength(2);
	});

	test('a limit that passes costs no login', async () => {
		let refusals = 1;
		const { host, run } = start(() => (refusals-- > 0 ? json('', 401) : vehicles()));
		expect(await run('device.getMany')).toHaveLength(1);
		expect(host.logins).toHaveLength(1);
	});

	test('slow the account down under load, and not where nothing else was asked', async () => {
		let refuse = true;
		const { host, client, run } = start(() => (refuse ? json('', 400) : vehicles()), { rateLimit: 60 });
		const { account } = sharedLogin(provider, client.connection);
		await run('device.getMany').catch(() => undefined);
		refuse = false;
		host.time += MINUTE;
		for (let count = 0; count < 9; count++) await run('device.getMany');
		expect(account.limiter.busy).toBe(true);
		const before = host.now();
		await run('device.getMany');
		expect(host.now() - before).toBeLessThan(1_000);
		refuse = true;
		await run('device.getMany').catch(() => undefined);
		refuse = false;
		const slowed = host.now();
		await run('device.getMany');
		expect(host.now() - slowed).toBeGreaterThan(1_000);
	});

	test('many of them are not blamed on another program', async () => {
		const { host, fails } = start(() => json('', 400));
		for (let count = 0; count < 5; count++) expect((await fails('device.getMany')).code).toBe('RateLimited');
		expect(host.logins.length).toBeLessThanOrEqual(6);
	});

	test('nor is the account suspected when the login is limited too', async () => {
		const { host, run, fails } = start(() => json('', 401));
		await run('device.getMany').catch(() => undefined);
		host.loginAnswer = () => json('', 401);
		expect((await fails('device.getMany')).code).toBe('RateLimited');
		// On a doubt, it logs in every ten minutes at most.
		host.time += 10 * MINUTE;
		host.loginAnswer = () => json({ ErrorCode: 4 });
		expect((await fails('device.getMany')).code).toBe('LoginRejected');
	});

	test('what changes something is not sent again; the next request has a new session', async () => {
		const { host, run } = start((_request, token) =>
			token === '9ed4bd2a-1' ? json('', 401) : json({ ErrorCode: 0, Result: 'Success' }),
		);
		const acknowledge = { queue: 'positions', deliveryTags: '7' };
		expect(await run('queue.acknowledge', acknowledge)).toMatchObject([{ outcome: 'unknown' }]);
		expect(host.paths).toHaveLength(1);
		expect(await run('queue.acknowledge', acknowledge)).toMatchObject([
			{ outcome: 'confirmed', response: 'Success' },
		]);
		expect(host.logins).toHaveLength(2);
	});
});

describe('other errors', () => {
	test.each([
		[json({ ErrorCode: 7 }), 'VendorFault', /not documented \(error code 7\)/],
		[json({ ErrorCode: 'NoSuchVehicle = 12', VehicleList: null }), 'VendorFault', /error code NoSuchVehicle = 12/],
		[json('<html>', 404), 'NotFound', /does not know the address or a value in it/],
		[json('', 405), 'UnexpectedAnswer', /refused the request \(HTTP 405\)/],
		[
			json('<?xml version="1.0"?><Fault><Code>x</Code></Fault>'),
			'UnexpectedAnswer',
			/^XML came instead of Ctrack's data/,
		],
		[
			json('<Fault xmlns="http://schemas.microsoft.com/ws">x</Fault>'),
			'UnexpectedAnswer',
			/^XML came instead of Ctrack's data/,
		],
		[json('<?xml version="1.0"?><!DOCTYPE html><html>'), 'UnexpectedAnswer', /^A web page came/],
		[json({ ErrorCode: true }), 'UnexpectedAnswer', /an error code that is neither number nor text/],
		[json('null'), 'UnexpectedAnswer', /an empty answer/],
		[json({ ErrorCode: 0 }), 'UnexpectedAnswer', /nothing in it but its error code/],
		[json({ ErrorCode: 0, VehicleList: 'none' }), 'UnexpectedAnswer', /without "NodeId"/],
		[json({ ErrorCode: 0, VehicleList: [null] }), 'UnexpectedAnswer', /sent null instead of a record/],
		[
			json({ ErrorCode: 0, VehicleList: [null, {}] }),
			'UnexpectedAnswer',
			/None of the 2 records that came can be read. The first: The vendor sent null/,
		],
	])('%#', async (answer, code, words) => {
		const { host, fails } = start(() => answer);
		const error = await fails('device.getMany');
		expect(error.code).toBe(code);
		expect(error.sentence).toMatch(words);
		expect(host.logins).toHaveLength(1);
	});

	test.each(['', 'no right', '<html>'])(
		'HTTP 403 is a right or a session, and the words are kept: %j',
		async (body) => {
			const { host, fails } = start(() => ({ ...json({}, 403), body }));
			const error = await fails('device.getMany');
			expect(error).toMatchObject({ code: 'SessionExpired', ambiguous: true, status: 403 });
			expect(error.sentence).toMatch(
				/refused the request \(HTTP 403\): either the account may not do this.*ask Ctrack to enable this/,
			);
			expect(error.vendorMessage).toBe(body === 'no right' ? body : undefined);
			expect(host.logins).toHaveLength(2);
		},
	);

	test('a refusal by a code: advice for queue and login', async () => {
		const { host, fails } = start(() => json({ ErrorCode: 11 }));
		expect((await fails('queue.getPositions', { maxMessages: 1, autoAck: true })).advice).toMatch(
			/^Check the values/,
		);
		host.loginAnswer = () => json({ ErrorCode: 3 });
		const other = start(vehicles);
		other.host.loginAnswer = () => json({ ErrorCode: 3 });
		expect((await other.fails('device.getMany')).sentence).toMatch(/error code 3\)\. Check account and secret/);
	});

	test('of single records are told with the record', async () => {
		const { run } = start(() =>
			json({
				ErrorCode: 0,
				LastVehiclePositions: [
					position,
					{
						...position,
						NodeId: 999,
						Latitude: 0,
						Longitude: 0,
						ErrorCode: 12,
						EventTimeUTC: '0001-01-01T00:00:00',
					},
				],
			}),
		);
		const [fine, bad] = await run<Position & { error?: string }>('position.getCurrent', { devices: '566,999' });
		expect(fine).not.toHaveProperty('error');
		expect(bad).toMatchObject({
			deviceId: '999',
			time: null,
			latitude: null,
			error: 'Ctrack reports an error for this record (error code 12).',
		});
	});

	const errored = (row: object, key = 'ErrorCode') => ({ ...row, [key]: 'SomeFault = 7' });
	const error = 'Ctrack reports an error for this record (error code SomeFault = 7).';
	const trip = {
		NodeId: 566,
		TripDistance: 5000,
		MaxSpeed: 70,
		DrivingTime: 600,
		DriverId: 'New Driver 2',
		TripStartUTC: '2026-01-30T08:00:00Z',
		TripEndUTC: '2026-01-30T08:30:00Z',
	};
	const place = {
		LocationNodeID: 5,
		Description: 'Depot',
		Latitude: 1,
		Longitude: 2,
		ModifiedDate: '2026-01-30T08:00:00Z',
	};
	test.each([
		['position.getCurrent', { devices: '566' }, position, { deviceId: '566', id: '566:2017-04-30T02:01:26.000Z' }],
		['position.getHistory', { devices: '566', ...period }, position, { deviceId: '566' }],
		[
			'position.getCanHistory',
			{ devices: '566', ...period },
			position,
			{ deviceId: '566', id: '566:2017-04-30T02:01:26.000Z' },
		],
		[
			'trip.getMany',
			{ devices: '566', ...period },
			trip,
			{ deviceId: '566', id: '566:2026-01-30T08:00:00.000Z:2026-01-30T08:30:00.000Z' },
		],
		[
			'trip.getDistances',
			period,
			{ VehicleNodeId: 566, TotalPeriodDistance: 12 },
			{ deviceId: '566', from: '2026-01-30T00:00:00.000Z', to: '2026-01-31T00:00:00.000Z' },
		],
		['device.getMany', {}, vehicle, { deviceId: '566' }],
		['device.getRunningHours', { devices: '566' }, { VehicleNodeId: 566, RunningHours: 7 }, { deviceId: '566' }],
		[
			'device.getUsage',
			{ devices: '566', ...period },
			{ NodeId: 566, WorkingHours: 7, OperatingDate: '2026-01-30' },
			{ deviceId: '566' },
		],
		['group.getMany', {}, { NodeId: 3039, CostCentre: 'Ctrack' }, { groupId: '3039' }],
		['driver.getMany', { group: '3039' }, { NodeId: 33347, DriverId: 'iS411' }, { driverId: '33347' }],
		['location.getPoints', { group: '3039' }, place, { placeId: '5' }],
	])(
		'%s gives the identity of a record with an error of its own, and null for the rest',
		async (name, params, row, identity) => {
			for (const key of ['ErrorCode', 'Errorcode']) {
				const { Errorcode: _, ErrorCode: __, ...plain } = row as Record<string, unknown>;
				const { run } = start(() => json({ ErrorCode: 0, Records: [row, errored(plain, key)] }));
				const [fine, bad] = await run<Record<string, unknown>>(name, params);
				expect(Object.values(fine ?? {}).filter((value) => value !== null).length).toBeGreaterThan(
					Object.keys(identity).length,
				);
				expect(bad).toEqual({
					...Object.fromEntries(Object.keys(fine ?? {}).map((one) => [one, null])),
					...identity,
					error,
				});
			}
		},
	);

	test('a trip that has ended at a time that cannot be read is a new trip, once; one that goes on is none', async () => {
		const begun = { ...trip, TripStartUTC: '2026-01-30T07:30:00Z' };
		const rows: object[] = [{ ...begun, TripEndUTC: null }, errored(begun)];
		const { host, client } = start(({ path }) =>
			json(
				path.endsWith('/GetVehicleTripsDetailed')
					? { ErrorCode: 0, VehicleTripsDetailed: rows }
					: { ErrorCode: 0, LastVehiclePositions: [{ ...position, EventTimeUTC: '2026-01-30T08:00:00Z' }] },
			),
		);
		host.time = Date.UTC(2026, 0, 30, 8, 0, 30);
		const poller = new Poller(client, findTrigger(provider, 'newTrip')!, {});
		let cursor: unknown;
		const counts: number[] = [];
		for (const more of [[], ['01/02/2026 08:00'], [], ['02/02/2026 08:00', '03/02/2026 08:00'], []]) {
			rows.push(...more.map((TripEndUTC) => ({ ...begun, TripEndUTC })));
			const result = await poller.poll(cursor, { intervalMs: 1, budgetMs: MINUTE });
			cursor = result.cursor;
			counts.push(result.events.length);
			host.time += MINUTE;
		}
		expect(counts).toEqual([0, 1, 0, 2, 0]);
		expect(host.warnings.every((warning) => warning.includes('a time: "01/02/2026 08:00"'))).toBe(true);
	});

	test.each(['2026-01-30T08:01:00Z', '0001-01-01T00:00:00Z'])(
		'are no change for a trigger, whatever else is in the record: %s',
		async (EventTimeUTC) => {
			const now = { ...position, Ignition: true, EventTimeUTC: '2026-01-30T08:00:00Z' };
			const faulty = { ...errored(now), Ignition: false, Latitude: 1, Longitude: 2, Speed: 0, EventTimeUTC };
			const answers = [now, faulty, { ...now, EventTimeUTC: '2026-01-30T08:02:00Z' }];
			const { host, client } = start(() => json({ ErrorCode: 0, LastVehiclePositions: [answers[polls]] }));
			let polls = 0;
			host.time = Date.UTC(2026, 0, 30, 8, 0, 30);
			const events: string[] = [];
			const cursors: Record<string, unknown> = {};
			for (; polls < answers.length; polls++) {
				for (const name of ['ignitionChanged', 'positionChanged', 'deviceSilent']) {
					const poller = new Poller(client, findTrigger(provider, name)!, {});
					const { events: found, cursor } = await poller.poll(cursors[name], {
						intervalMs: 1,
						budgetMs: MINUTE,
					});
					cursors[name] = cursor;
					events.push(...found.map(({ event, time }) => `${event} ${String(time)}`));
				}
				host.time += MINUTE;
			}
			expect(events).toEqual(['positionChanged 2026-01-30T08:02:00.000Z']);
		},
	);
});

describe('the decoder finds records', () => {
	test.each([
		['in a list under any key', { ErrorCode: 0, Whatever: [vehicle] }, 1],
		['in an object under a key', { ErrorCode: 0, Driver: vehicle }, 1],
		['beside the error code', { ErrorCode: 'Success = 0', ...vehicle }, 1],
		['alone', vehicle, 1],
		['in a list alone', [vehicle, vehicle], 2],
		['in a list beside other things', { ErrorCode: 0, Message: 'ok', xml: null, VehicleList: [vehicle] }, 1],
		['with a list of their own in them', { ...vehicle, DriverCategories: ['C1', 'C'] }, 1],
		['nowhere in an empty list', { ErrorCode: 0, VehicleList: [] }, 0],
		['nowhere in null', { ErrorCode: 0, VehicleList: null }, 0],
		['nowhere in an empty list alone', [], 0],
	])('%s', (_, body, count) => {
		const rows = recordsIn(open(json(body)));
		expect(rows).toHaveLength(count);
		for (const row of rows) expect(row).toMatchObject({ NodeId: 566 });
	});

	test.each([
		[
			'beside lists of something else',
			{ ErrorCode: 0, VehicleList: [vehicle], Warnings: [], Groups: [{ NodeId: 1 }] },
		],
		['beside what a record has', { NodeId: 5, VehicleList: [vehicle], ErrorCode: 0 }],
		['in another case', { errorCode: 0, vehicleList: [vehicle] }],
		['in an object', { ErrorCode: 0, VehicleList: vehicle, Other: { NodeId: 1 } }],
		['under an unknown key, beside an empty list', { ErrorCode: 0, Whatever: [vehicle], Warnings: [] }],
		['under an unknown key, beside a list of words', { ErrorCode: 0, Whatever: [vehicle], Warnings: ['slow'] }],
	])('under the key that is known: %s', async (_, answer) => {
		for (const output of ['raw', 'simplified'] as const) {
			const { host, run } = start(() => json(answer));
			expect(await run('device.getMany', {}, { output })).toMatchObject([
				output === 'raw' ? vehicle : { deviceId: '566', plate: 'Trailer 4' },
			]);
			expect(host.warnings).toEqual([]);
		}
	});

	test.each([
		[
			'position.getHistory',
			{ devices: '566', ...period },
			{ NodeId: 5, VehiclePositionsDetailed: [position] },
			{ deviceId: '566', speed: 50 },
		],
		[
			'trip.getManyDetailed',
			{ devices: '566', ...period },
			{ NodeId: 5, VehicleTripsDetailed: [{ NodeId: 566, TripDistance: 5000 }] },
			{ deviceId: '566', distance: 5 },
		],
		['device.getMany', {}, { Messages: 'none', VehicleList: null }, undefined],
		['group.getMany', {}, { CostCentre: 'Ctrack', NodeId: 566 }, { groupId: '566', name: 'Ctrack' }],
	])('%s %j reads %j', async (name, params, answer, expected) => {
		const { run } = start(() => json(answer));
		expect(await run(name, params)).toMatchObject(expected === undefined ? [] : [expected]);
		expect(await run(name, params, { output: 'raw' })).toHaveLength(expected === undefined ? 0 : 1);
	});

	const inCase = (row: object, to: (key: string) => string): object =>
		Object.fromEntries(Object.entries(row).map(([key, value]) => [to(key), value]));
	test.each([
		['small', (key: string) => key.charAt(0).toLowerCase() + key.slice(1)],
		['upper', (key: string) => key.toUpperCase()],
	])('whatever the case of their keys: %s', async (_, to) => {
		const { run } = start(() => json(inCase({ ErrorCode: 0, LastVehiclePositions: [inCase(position, to)] }, to)));
		const plainly = start(() => json({ ErrorCode: 0, LastVehiclePositions: [position] }));
		expect(await run('position.getCurrent', { devices: '566' })).toEqual(
			await plainly.run('position.getCurrent', { devices: '566' }),
		);
		const dead = start(() => json(inCase({ ErrorCode: 12 }, to)));
		expect((await dead.fails('device.getMany')).message).toContain('error code 12');
		const faulty = start(() =>
			json(inCase({ ErrorCode: 0, VehicleList: [inCase({ ...vehicle, Errorcode: 12 }, to)] }, to)),
		);
		expect(await faulty.run('device.getMany')).toMatchObject([
			{ deviceId: '566', plate: null, error: expect.any(String) as string },
		]);
	});

	test('but does not choose between two lists', () => {
		expect(() => recordsIn({ A: [vehicle], B: [vehicle] })).toThrow('more than one list');
		expect(() => recordsIn({ A: [{ Name: 'x' }], B: [{ Name: 'y' }] })).toThrow('more than one list');
		expect(recordsIn({ Warnings: ['late'], A: [{ Name: 'x' }] })).toEqual([{ Name: 'x' }]);
	});

	test('a body that the document does not describe is passed on, words and numbers as well', async () => {
		for (const [body, expected] of [
			['"in Leeds"', [{ value: 'in Leeds' }]],
			[{ ErrorCode: 0, LocationString: 'in Leeds' }, [{ LocationString: 'in Leeds' }]],
			[
				[1, [2]],
				[{ value: 1 }, { value: [2] }],
			],
			[{ ErrorCode: 0 }, []],
			[{ ErrorCode: 0, Rows: [{ a: 1 }] }, [{ a: 1 }]],
			[{ ErrorCode: 0, Row: { a: 1 } }, [{ a: 1 }]],
			[{ ErrorCode: 0, Rows: [{ a: 1 }], Unit: 'km', More: [1] }, [{ Rows: [{ a: 1 }], Unit: 'km', More: [1] }]],
			[{ ErrorCode: 0, Row: { a: 1 }, Count: 2 }, [{ Row: { a: 1 }, Count: 2 }]],
			[{ ErrorCode: 0, A: { a: 1 }, B: { b: 1 } }, [{ A: { a: 1 }, B: { b: 1 } }]],
			[{ ErrorCode: 0, NodeId: 5, Rows: [] }, [{ NodeId: 5, Rows: [] }]],
		] as const) {
			const { run } = start(() => json(body));
			expect(
				await run('location.getAddress', { device: '566', latitude: 53, longitude: -1, useMetric: false }),
			).toEqual(expected);
		}
	});
});

describe('times', () => {
	test.each([
		['2017-04-30T02:01:26Z', '2017-04-30T02:01:26.000Z'],
		['2017-04-30T02:01:26.000Z', '2017-04-30T02:01:26.000Z'],
		['2017-04-30T02:01:26.1234567', '2017-04-30T02:01:26.123Z'],
		['2017-04-30T02:01:26', '2017-04-30T02:01:26.000Z'],
		['2017-04-30T04:01:26+02:00', '2017-04-30T02:01:26.000Z'],
		['/Date(1493517686000)/', '2017-04-30T02:01:26.000Z'],
		['/Date(1493517686000+0200)/', '2017-04-30T02:01:26.000Z'],
		['0001-01-01T00:00:00', null],
		['9999-12-31T23:59:59.9999999', null],
		['/Date(-62135596800000)/', null],
		['2017-02-30T02:01:26Z', null],
		['now', null],
		['-1h', null],
		[1493517686, '2017-04-30T02:01:26.000Z'],
		['30.04.2017 02:01:26', '2017-04-30T02:01:26.000Z'],
		['2017. 04. 30. 2:01:26', '2017-04-30T02:01:26.000Z'],
		['04/05/2017 02:01:26', null],
		['2017-04-30', '2017-04-30T00:00:00.000Z'],
		['', null],
		[null, null],
	])('%j is %j', (given, expected) => expect(timeOf(given)).toBe(expected));

	test('leave as the document writes them', async () => {
		const { host, run } = start(() => json([]));
		await run('trip.getDistances', { begin: '2026-01-30T02:00:00.500+02:00', end: Date.UTC(2026, 0, 31) });
		expect(host.paths).toEqual([
			'/Vehicles/9ed4bd2a-1/GetVehiclesTripDistances?fromDateTimeUTC=2026-01-30T00%3A00%3A00Z&toDateTimeUTC=2026-01-31T00%3A00%3A00Z',
		]);
	});
});

describe('odometers at a time', () => {
	const fleet = [
		vehicle,
		{ ...vehicle, NodeId: 567, VehicleRegistration: 'B 1' },
		{ ...vehicle, NodeId: 568, VehicleRegistration: 'B 1' },
	];
	const reading = (VehicleId: string, VehicleOdo = 1000) => ({
		VehicleId,
		DriverId: 'Ann',
		VehicleOdo,
		OdoTimestamp: '2026-01-30T08:00:00Z',
	});
	const odometers = (...readings: object[]) =>
		start(({ path }) =>
			json(
				path.endsWith('/GetVehicles')
					? { ErrorCode: 0, VehicleList: fleet }
					: { ErrorCode: 0, VehicleOdoList: readings },
			),
		);
	const at = '2026-01-30T08:00:00Z';
	const ids = (records: readonly Odometer[]) => records.map(({ deviceId }) => deviceId);

	test('* asks about all vehicles, by their NodeIds', async () => {
		const { host, run } = odometers(reading('trailer 4 '));
		expect(ids(await run<Odometer>('device.getOdometer', { searchBy: 'vehicleID', values: '*', at }))).toEqual([
			'566',
		]);
		expect(decodeURIComponent(host.paths.at(-1) ?? '')).toContain(
			'searchType=NodeId&odoDateTime=2026-01-30T08:00:00Z&sValues=567,568,566',
		);
	});

	test.each([
		[
			'several NodeIds',
			'NodeId',
			'566, 567',
			[reading('Trailer 4'), reading('B 1'), reading('X')],
			['566', '567', null],
		],
		['one NodeId with two records', 'NodeId', '566', [reading('Trailer 4'), reading('B 1')], ['566', null]],
		['one NodeId', 'NodeId', '566', [reading('renamed since')], ['566']],
		['registrations', 'vehicleID', 'Trailer 4, B 1', [reading('Trailer 4'), reading('B 1')], [null, null]],
	])('%s: each record is of the vehicle that it names', async (_, searchBy, values, readings, expected) => {
		const { run } = odometers(...readings);
		expect(ids(await run<Odometer>('device.getOdometer', { searchBy, values, at }))).toEqual(expected);
	});

	test('what is no NodeId is refused before it is sent, and what is not answered is named', async () => {
		const { host, fails, run } = odometers();
		expect((await fails('device.getOdometer', { searchBy: 'NodeId', values: '566, abc', at })).message).toContain(
			'Values must be NodeIds',
		);
		expect(host.paths).toEqual([]);
		expect(await run('device.getOdometer', { searchBy: 'NodeId', values: '566', at })).toEqual([]);
		expect(host.warnings).toEqual([
			'Ctrack returned no record for "566": it may not exist, or the account may not see it.',
		]);
	});

	test('come also where the list of vehicles does not', async () => {
		const { host, run } = start(({ path }) =>
			json(
				path.endsWith('/GetVehicles')
					? { ErrorCode: 12 }
					: { ErrorCode: 0, VehicleOdoList: [reading('B 1'), reading('B 2')] },
			),
		);
		expect(await run('device.getOdometer', { searchBy: 'NodeId', values: '566, 567', at })).toMatchObject([
			{ deviceId: null, deviceName: null, plate: 'B 1', odometer: 1 },
			{ deviceId: null, deviceName: null, plate: 'B 2', odometer: 1 },
		]);
		expect(host.warnings).toEqual([
			'The odometers come without NodeIds, as the list of vehicles could not be read: Ctrack answered with an error that is not documented (error code 12).',
		]);
	});
});

test.each([
	['NNW', 337.5],
	['North West', 315],
	['north-east', 45],
	['South', 180],
	['270°', 270],
	['90 deg', 90],
	['361', null],
	['up', null],
	['', null],
])('a heading of %j is %j', async (HeadingText, course) => {
	const { run } = start(() => json({ ErrorCode: 0, LastVehiclePositions: [{ ...position, HeadingText }] }));
	expect(await run('position.getCurrent', { devices: '566' })).toMatchObject([{ course }]);
});

test('a driverId is the NodeId of a driver, and a name is never one', async () => {
	const trip = {
		NodeId: 566,
		DriverId: 'New Driver 2',
		TripStartUTC: '2026-01-30T08:00:00Z',
		TripEndUTC: '2026-01-30T08:30:00Z',
	};
	for (const [DriverName, expected] of [
		['', 'New Driver 2'],
		['Ann', 'Ann'],
	] as const) {
		const { run } = start(() => json({ ErrorCode: 0, VehicleTrips: [{ ...trip, DriverName }] }));
		expect(await run<Trip>('trip.getMany', { devices: '566', ...period })).toMatchObject([
			{ driverId: null, driverName: expected },
		]);
	}
});

test.each([
	['kmh', 65535, null],
	['kmh', 180, 180],
	['mph', 400, null],
] as const)('a speed that no vehicle has is none: %s %j', async (speedUnit, Speed, speed) => {
	const { run } = start(() => json({ ErrorCode: 0, LastVehiclePositions: [{ ...position, Speed }] }), { speedUnit });
	expect(await run('position.getCurrent', { devices: '566' })).toMatchObject([{ speed }]);
});

test('current positions of vehicles of which none is answered are named', async () => {
	const { host, run } = start(() => json({ ErrorCode: 0, LastVehiclePositions: [] }));
	expect(await run('position.getCurrent', { devices: '1, 2, 3' })).toEqual([]);
	expect(host.warnings).toEqual([
		'Ctrack returned no record for "1", "2", "3": they may not exist, or the account may not see them.',
	]);
});

describe("units are the account's", () => {
	test.each([
		[{}, 50, 19_000],
		[{ speedUnit: 'mph', odometerUnit: 'kilometre' }, 80.467, 19_000_000],
		[{ speedUnit: 'kmh', odometerUnit: 'mile' }, 50, 30_577_536],
	] as const)('%j', async (settings, speed, odometer) => {
		const { run } = start(() => json({ ErrorCode: 0, LastVehiclePositions: [position] }), settings);
		expect(await run('position.getCurrentOfAll')).toMatchObject([{ speed, odometer }]);
	});

	test('trips and odometers go by them too', async () => {
		const { run } = start(
			({ path }) =>
				json({
					ErrorCode: 0,
					List: [
						path.endsWith('Trips')
							? {
									NodeId: 566,
									TripOdo: 1500,
									MaxSpeed: 60,
									TripStartUTC: '2026-01-30T10:00:00Z',
									TripEndUTC: '2026-01-30T11:00:00Z',
								}
							: { VehicleId: 'Trailer 4', VehicleOdo: 1500, OdoTimestamp: '' },
					],
				}),
			{ speedUnit: 'mph', odometerUnit: 'metre' },
		);
		expect(await run<Trip>('trip.getMany', { devices: '566', ...period })).toMatchObject([
			{ distance: 1.5, maxSpeed: 96.561 },
		]);
		expect(
			await run<Odometer>('device.getOdometer', { searchBy: 'NodeId', values: '566', at: 'now' }),
		).toMatchObject([{ deviceId: '566', odometer: 1.5, time: null }]);
	});

	test('a driving time longer than its trip is not in seconds, and not passed off as such', async () => {
		const trip = { NodeId: 1, TripStartUTC: '2026-01-30T10:00:00Z', TripEndUTC: '2026-01-30T11:00:00Z' };
		const { run } = start(() =>
			json([
				{ ...trip, DrivingTime: 3000 },
				{ ...trip, DrivingTime: 3_000_000 },
			]),
		);
		expect(
			(await run<Trip>('trip.getManyDetailed', { devices: '1', ...period })).map(
				({ drivingSeconds }) => drivingSeconds,
			),
		).toEqual([3000, null]);
	});

	test.each([
		['second', 45, 45],
		['minute', 45, 2700],
		['hour', 0.75, 2700],
		['minute', '45', 2700],
		['second', '00:45:00', 2700],
		['hour', '00:45:00.5', 2700],
		['minute', 61, null],
		['second', 'soon', null],
	] as const)('driving times in %ss: %j is %j s', async (durationUnit, DrivingTime, expected) => {
		const trip = { NodeId: 1, TripStartUTC: '2026-01-30T10:00:00Z', TripEndUTC: '2026-01-30T11:00:00Z' };
		const { run } = start(() => json([{ ...trip, DrivingTime }]), { durationUnit });
		expect(await run('trip.getManyDetailed', { devices: '1', ...period })).toMatchObject([
			{ drivingSeconds: expected },
		]);
	});

	test.each([
		['hour', 1250, 1250],
		['second', 19_000_000, 5277.778],
		['minute', '90', 1.5],
		['hour', '1.02:30:00', 26.5],
		['hour', -1, null],
	] as const)('running hours in %ss: %j is %j h', async (runningHoursUnit, RunningHours, expected) => {
		const { run } = start(() => json({ ErrorCode: 0, VehicleRunningHours: [{ VehicleNodeId: 1, RunningHours }] }), {
			runningHoursUnit,
		});
		expect(await run('device.getRunningHours', { devices: '1' })).toMatchObject([{ hours: expected }]);
	});

	test.each([
		[{ TripOdo: 190_000_000 }, null],
		[{ TripDistance: 400_000 }, null],
		[{ TripDistance: 90_000 }, 90],
	])('a distance that nobody can have driven in the time is none, and told of: %j', async (distances, expected) => {
		const { host, run } = start(() =>
			json([
				{ NodeId: 1, TripStartUTC: '2026-01-30T10:00:00Z', TripEndUTC: '2026-01-30T11:00:00Z', ...distances },
			]),
		);
		// It took an hour.
		expect(await run('trip.getMany', { devices: '1', ...period })).toMatchObject([
			{ distance: expected, averageSpeed: expected },
		]);
		expect(host.warnings).toHaveLength(expected === null ? 1 : 0);
	});
});

describe('many vehicles', () => {
	test('go a hundred to a request, or one where the method takes one', async () => {
		const { host, run } = start(() => json({ ErrorCode: 0, List: [] }));
		const devices = Array.from({ length: 250 }, (_, index) => String(index + 1));
		await run('position.getCurrent', { devices });
		expect(host.paths).toHaveLength(3);
		await run('position.getHistory', { devices: devices.slice(0, 5), ...period });
		expect(host.paths.slice(3).map((path) => /vehicleNodeId=(\d+)/.exec(path)?.[1])).toEqual([
			'1',
			'2',
			'3',
			'4',
			'5',
		]);
	});

	test('all of them: from the list, or by the method that knows them all', async () => {
		const { host, run } = start(({ path }) =>
			path.endsWith('GetVehicles')
				? json([vehicle, { ...vehicle, NodeId: 567 }])
				: json({ ErrorCode: 0, List: [] }),
		);
		await run('position.getCurrent', { devices: '*' });
		await run('trip.getMany', { devices: '*', ...period });
		expect(host.paths.map((path) => path.split('/').at(-1)?.split('&')[0])).toEqual([
			'GetLastVehiclePositionsforAuthenticatedUser',
			'GetVehicles',
			'GetVehicleTrips?vehicleNodeId=566',
			'GetVehicleTrips?vehicleNodeId=567',
		]);
	});
});

test('pickers: vehicles by registration, fleet number and description; drivers of all cost centres, each once', async () => {
	const { client } = start(({ path, query }) => {
		if (path.endsWith('GetVehicles'))
			return json({
				ErrorCode: 0,
				VehicleList: [
					{ ...vehicle, NodeId: null },
					vehicle,
					{ ...vehicle, NodeId: 7, VehicleRegistration: 'B 1', FleetNumber: '', Description: 'B 1' },
				],
			});
		if (path.endsWith('GetCostCentres'))
			return json({
				ErrorCode: 0,
				CostCentre: [
					{ CostCentre: 'South', NodeId: 2 },
					{ CostCentre: 'North', NodeId: 1 },
				],
			});
		return json({
			ErrorCode: 0,
			DriverList: [
				{ NodeId: 33347, DriverId: 'Ann' },
				...(query?.costCentreId === '2' ? [{ NodeId: 33348, DriverId: null }] : []),
			],
		});
	});
	expect(await client.lookup('device')).toEqual([
		{ value: '7', title: 'B 1 · 7', device: { deviceName: 'B 1', plate: 'B 1' } },
		{
			value: '566',
			title: 'Trailer 4 · KOR029 · Yellow · 566',
			device: { deviceName: 'Yellow', plate: 'Trailer 4' },
		},
	]);
	expect(await client.lookup('group')).toEqual([
		{ value: '1', title: 'North · 1' },
		{ value: '2', title: 'South · 2' },
	]);
	expect(await client.lookup('driver')).toEqual([
		{ value: '33348', title: '33348' },
		{ value: '33347', title: 'Ann · 33347' },
	]);
});

describe('a queue', () => {
	const message = { ...position, DeliveryTag: 17, Odo: 5000, LocationString: 'at Ctrack; ' };
	const batch = () =>
		json({ ErrorCode: 0, VehiclePositionsDetailed: [message, { ...message, DeliveryTag: 18, NodeId: 567 }] });
	const take = { maxMessages: 1000, autoAck: false };

	test('gives messages: tag, an id that outlives the session, and the record', async () => {
		const { host, run } = start(batch);
		const messages = await run<Message<Position>>('queue.getPositions', take);
		expect(messages).toMatchObject([
			{
				id: expect.stringMatching(/^positions:566:[\w-]{22}$/) as string,
				deliveryTag: '17',
				queue: 'positions',
				record: { deviceId: '566', speed: 50, address: 'at Ctrack' },
			},
			{ deliveryTag: '18', record: { deviceId: '567' } },
		]);
		expect(host.paths).toEqual(['/Queues/9ed4bd2a-1/GetPositions?autoack=false&limit=1000']);
		expect(await run('queue.getPositions', take, { output: 'raw' })).toMatchObject([
			{ DeliveryTag: 17 },
			{ DeliveryTag: 18 },
		]);
	});

	test.each([
		{ ErrorCode: 0, VehiclePositionsDetailed: [] },
		{ ErrorCode: 0, VehiclePositionsDetailed: null },
		{ ErrorCode: 0 },
		[],
	])('that is empty gives none: %j', async (body) => {
		expect(await start(() => json(body)).run('queue.getPositions', take)).toEqual([]);
	});

	test.each([
		['beside its key', { VehiclePositionsDetailed: [message], Warnings: [{ Code: 1 }], Count: 1 }],
		['in one of several lists', { Whatever: [message], Warnings: [{ Code: 1 }] }],
		['under a key in another case', { vehiclePositionsDetailed: [message], Warnings: [] }],
	])('is read also where there is more in the answer: %s', async (_, rest) => {
		for (const output of ['simplified', 'raw'] as const)
			expect(
				await start(() => json({ ErrorCode: 0, ...rest })).run('queue.getPositions', take, { output }),
			).toMatchObject([output === 'raw' ? { DeliveryTag: 17 } : { deliveryTag: '17' }]);
	});

	test('loses nothing that it does not understand', async () => {
		const body = { ErrorCode: 0, A: [{ x: 1 }], B: [{ y: 2 }] };
		expect(await start(() => json(body)).run('queue.getScripts', take)).toMatchObject([
			{ deliveryTag: null, record: { A: [{ x: 1 }], B: [{ y: 2 }] } },
		]);
		const tagged = { ErrorCode: 0, Scripts: [{ deliverytag: 3, x: 1 }], Trips: [{ DeliveryTag: 4 }], Count: 2 };
		expect(await start(() => json(tagged)).run('queue.getScripts', take)).toMatchObject([
			{ deliveryTag: '3' },
			{ deliveryTag: '4' },
		]);
	});

	test('knows a message by all but its tag', async () => {
		const trip = {
			NodeId: 566,
			TripStartUTC: '2026-01-30T08:00:00Z',
			TripEndUTC: '2026-01-30T08:30:00Z',
			TripDistance: 1,
		};
		for (const [name, key, one, others] of [
			[
				'queue.getPositions',
				'VehiclePositionsDetailed',
				message,
				[
					{ Latitude: 1 },
					{ StatusText: 'Battery Tamper' },
					{ SingleStatus: 5 },
					{ EventTimeUTC: '03/04/2026 10:00' },
					{ EventTimeUTC: '04/04/2026 10:00' },
				],
			],
			[
				'queue.getTrips',
				'VehicleTripsDetailed',
				trip,
				[{ TripDistance: 2 }, { Comment: 'x' }, { IsBusinessPrivate: 1 }],
			],
			['queue.getScripts', 'Scripts', { NodeId: 566, Text: 'a' }, [{ Text: 'b' }]],
		] as const) {
			const rows = [
				{ ...one, DeliveryTag: 1 },
				...others.map((other, place) => ({ ...one, ...other, DeliveryTag: place + 2 })),
				{ ...one, DeliveryTag: 99 },
			];
			const messages = await start(() => json({ ErrorCode: 0, [key]: rows })).run<Message>(name, take);
			expect(new Set(messages.map(({ id }) => id)).size, name).toBe(others.length + 1);
			expect(messages.at(-1)?.id).toBe(messages[0]?.id);
		}
	});

	test('a limit does not throw away what was taken from it', async () => {
		expect(await start(batch).run('queue.getPositions', take, { limit: 1 })).toHaveLength(2);
	});

	test('a message that cannot be read is given as it came, and the rest with it', async () => {
		const { run } = start(() => json({ ErrorCode: 0, List: [{ DeliveryTag: 16, Speed: 1 }, null, message] }));
		const messages = await run<Message>('queue.getPositions', take);
		expect(messages).toMatchObject([
			{ deliveryTag: '16', record: { DeliveryTag: 16, Speed: 1 } },
			{ deliveryTag: null, record: { value: null } },
			{ deliveryTag: '17', record: { deviceId: '566' } },
		]);
		expect(new Set(messages.map(({ id }) => id)).size).toBe(3);
	});

	test.each([
		[
			'no answer',
			() => Promise.reject(new Unreachable('The connection broke.', { retryable: true, effect: 'unknown' })),
		],
		['HTTP 503', () => json('busy', 503)],
		['HTTP 429', () => json('slow down', 429)],
		['half an answer', () => json('{"ErrorCode":0,"VehiclePositionsDetailed":[{"NodeId":5')],
		['HTTP 400', () => json('', 400)],
		['HTTP 401', () => json('', 401)],
	] as [string, Vendor][])('is asked once, whatever comes back: %s', async (what, vendor) => {
		for (const autoAck of [false, true]) {
			const { host, fails } = start(vendor);
			const error = await fails('queue.getTrips', { ...take, autoAck });
			expect(host.paths).toHaveLength(1);
			const lost = !/4\d\d/.test(what);
			expect(error.advice.includes('may come again')).toBe(lost && !autoAck);
			expect(error.advice.includes('may be lost')).toBe(lost && autoAck);
		}
	});

	test('with a session that is certainly over is asked again with a new one', async () => {
		const { host, run } = start((_request, token) => (token === '9ed4bd2a-1' ? json({ ErrorCode: 4 }) : batch()));
		expect(await run('queue.getPositions', take)).toHaveLength(2);
		expect(host.logins).toHaveLength(2);
	});

	test('does not stay with a session that may be over', async () => {
		const { host, run, fails } = start((_request, token) => (token === '9ed4bd2a-1' ? json('', 401) : batch()));
		expect((await fails('queue.getPositions', take)).code).toBe('RateLimited');
		expect(await run('queue.getPositions', take)).toHaveLength(2);
		expect(host.logins).toHaveLength(2);
	});

	test('is acknowledged by the highest tag alone', async () => {
		const { host, run } = start(() => json({ ErrorCode: 0, Result: 'Success' }));
		for (const deliveryTags of ['9, 10,8', [9, 10, '8'], 10])
			await run('queue.acknowledge', { queue: 'scripts', deliveryTags });
		expect(host.paths).toEqual(Array(3).fill('/Queues/9ed4bd2a-1/Ack?type=Scripts&Tags=10'));
	});

	test('a word other than success is no confirmation', async () => {
		const { run } = start(() => json({ ErrorCode: 0, Subscribe: 'AlreadySubscribed' }));
		const [outcome] = await run<CommandOutcome>('queue.subscribe', { queue: 'trips', directAccess: true });
		expect(outcome).toMatchObject({ outcome: 'unknown', response: 'AlreadySubscribed' });
		expect(outcome?.explanation).toContain('"AlreadySubscribed"');
	});
});

describe('bad input is refused with a sentence, before any request', () => {
	test.each([
		['position.getCurrent', { devices: [] }, 'Vehicles is empty: give at least one NodeId.'],
		['group.findByDevices', { devices: '*' }, 'must be the number of a vehicle'],
		['trip.getMany', { devices: '1', begin: 'now', end: '-1h' }, 'The period ends before it begins'],
		['device.get', { group: '1', searchBy: 'Plate', value: 'x' }, 'Search By must be one of'],
		['device.getOdometer', { searchBy: 'MIT', values: ' , ', at: 'now' }, 'Values is empty: give at least one.'],
		['queue.getTrips', { maxMessages: 1001, autoAck: false }, 'Max Messages must be between 1 and 1000, not 1001.'],
		[
			'queue.acknowledge',
			{ queue: 'trips', deliveryTags: '7-9' },
			'Delivery Tags must hold whole numbers, not "7-9".',
		],
		[
			'queue.acknowledge',
			{ queue: 'trips', deliveryTags: { tag: 7 } },
			'Delivery Tags must be a list, not an object.',
		],
		['queue.acknowledge', { queue: 'trips', deliveryTags: undefined }, 'Delivery Tags is missing'],
	])('%s %j', async (name, params, sentence) => {
		const { host, fails } = start(vehicles);
		const error = await fails(name, params);
		expect(error.code).toBe('InvalidParams');
		expect(error.message).toContain(sentence);
		expect(host.logins).toHaveLength(0);
	});
});

describe('against the simulator', () => {
	const NOW = Date.UTC(2026, 2, 18, 9, 41, 7);
	const running: CtrackSimulator[] = [];
	afterEach(async () => {
		await Promise.all(running.splice(0).map((simulator) => simulator.close()));
	});

	/** A day after all queues were subscribed to. */
	async function simulated(options: CtrackOptions = {}) {
		const simulator = await startCtrack({ clock: () => NOW - 24 * 60 * MINUTE, ...options });
		running.push(simulator);
		const connection: CtrackConnection = {
			baseUrl: simulator.url,
			account: 'API_Demo',
			secret: PASSWORD,
			speedUnit: 'kmh',
			odometerUnit: 'metre',
			allowCommands: false,
			allowPrivateAddresses: true,
			rateLimit: 60_000,
		};
		const host = new FetchHost(ctrack, connection, {
			now: () => simulator.now(),
			pass: (ms) => simulator.advance(ms),
		});
		const client = new Client(ctrack, connection, host);
		const run = async (name: string, params: object, output?: 'raw') => {
			const [resource = '', operation = ''] = name.split('.');
			return client.collect(findOperation(provider, resource, operation)!, params as Record<string, unknown>, {
				output,
			});
		};
		for (const queue of ['positions', 'trips', 'scripts'])
			await run('queue.subscribe', { queue, directAccess: true });
		simulator.advance(NOW - simulator.now());
		return { simulator, client, run };
	}

	/** What every operation gives with the parameters that the hosts' tests use. */
	async function everything(options: CtrackOptions = {}) {
		const { run } = await simulated(options);
		const found: Record<string, object[]> = {};
		for (const { resource, name } of ctrack.operations) {
			const recorded = JSON.parse(
				readFileSync(join(__dirname, 'recorded', `${resource}.${name}.json`), 'utf8'),
			) as { simulated: object };
			found[`${resource}.${name}`] = await run(`${resource}.${name}`, recorded.simulated);
		}
		return JSON.parse(
			JSON.stringify(found, (key, value: unknown) =>
				/^(sentAt|answeredAt)$/.test(key)
					? null
					: key === 'error'
						? String(value).replace(/Failed = /, '')
						: value,
			),
		) as typeof found;
	}

	test('every operation gives records, the same however the vendor writes them', async () => {
		const plain = await everything();
		for (const [name, records] of Object.entries(plain)) expect(records.length, name).toBeGreaterThan(0);
		for (const name of ['queue.subscribe', 'queue.acknowledge', 'queue.unsubscribe'])
			expect(plain[name]).toMatchObject([{ outcome: 'confirmed' }]);
		const described = ({
			'device.getGritterStatus': _,
			'device.getGritterStatusOfAll': __,
			'queue.getScripts': ___,
			...rest
		}: typeof plain) =>
			// Whose id is made of all that they say, as it is written.
			Object.fromEntries(
				Object.entries(rest).map(([name, records]) => [
					name,
					name.startsWith('queue.get') ? records.map((record) => ({ ...record, id: '' })) : records,
				]),
			);
		for (const options of [
			{ shapes: 'list' },
			{ shapes: 'record' },
			{ errorCodes: 'text' },
			{ times: 'wcf' },
			{ times: 'milliseconds' },
			{ times: 'epoch' },
			{ times: 'dotted' },
			{ keyCase: 'camel' },
			{ extras: true },
		] satisfies CtrackOptions[]) {
			const passedOn = ['device.getDrivingBehaviour', 'group.getCustomFields', 'location.getAddress'];
			// What is passed on as it came has the keys that came.
			const own = (records: Record<string, object[]>) =>
				Object.entries(records).filter(
					([name]) => !('keyCase' in options || 'extras' in options) || !passedOn.includes(name),
				);
			for (const [place, [name, records]] of own(described(await everything(options))).entries())
				expect(records, `${name} ${JSON.stringify(options)}`).toEqual(own(described(plain))[place]?.[1]);
		}
	});

	test('vehicles and their positions agree, whoever is asked', async () => {
		const { run } = await simulated();
		const all = (await run('position.getCurrentOfAll', {})) as (Position & { error?: string })[];
		expect(await run('position.getCurrent', { devices: all.map(({ deviceId }) => deviceId) })).toEqual(all);
		expect(all.filter(({ error }) => error !== undefined)).toMatchObject([
			{ latitude: null, longitude: null, time: null },
		]);
		for (const { deviceId, odometer, time } of all.filter(({ error }) => error === undefined)) {
			const [reading] = (await run('device.getOdometer', {
				searchBy: 'NodeId',
				values: deviceId,
				at: NOW,
			})) as Odometer[];
			expect(reading).toMatchObject({ deviceId, time, odometer });
		}
	});

	test.each([
		{ sessionErrors: 'code' },
		{ sessionErrors: 'code', errorCodes: 'text' },
		{ sessionErrors: 'http401' },
		{ sessionErrors: 'otherCode' },
	] satisfies CtrackOptions[])('a dead session is renewed once: %j', async (options) => {
		const { simulator, run } = await simulated(options);
		await run('device.getMany', {});
		simulator.advance(61_000);
		simulator.killToken('API_Demo');
		simulator.requests.length = 0;
		expect(await run('device.getMany', {})).not.toHaveLength(0);
		expect(simulator.requests.filter(({ path }) => path.endsWith('/Login'))).toHaveLength(1);
	});

	test.each([400, 401] as const)('a limit told by HTTP %i is waited out', async (status) => {
		// Two pauses of half a second at least.
		const { run } = await simulated({ rateLimit: { requests: 6, perSeconds: 1, status } });
		for (let count = 0; count < 20; count++) expect(await run('device.getMany', {})).toHaveLength(12);
	});

	test('messages come until they are acknowledged, and once more if their answer was lost', async () => {
		const { simulator, run } = await simulated();
		const take = async () =>
			(await run('queue.getPositions', { maxMessages: 10, autoAck: false })) as Message<Position>[];
		const first = await take();
		expect(await take()).toEqual(first);
		simulator.requests.length = 0;
		simulator.fail({ kind: 'cutoff', match: '*/GetPositions', times: 1, effect: 'after' });
		await expect(take()).rejects.toMatchObject({ advice: expect.stringContaining('may come again') as string });
		expect(simulator.requests).toHaveLength(1);
		expect(await take()).toEqual(first);
		await run('queue.acknowledge', {
			queue: 'positions',
			deliveryTags: first.map(({ deliveryTag }) => deliveryTag),
		});
		const ids = new Set(first.map(({ id }) => id));
		expect((await take()).filter(({ id }) => ids.has(id))).toEqual([]);
	});

	test('pickers', async () => {
		const { client } = await simulated();
		expect((await client.lookup('device')).find(({ value }) => value === '566')?.title).toMatch(
			/^.+ · KOR029 · .+ · 566$/,
		);
		expect((await client.lookup('group')).map(({ value }) => value).sort()).toEqual([
			'3001',
			'3002',
			'3003',
			'3004',
		]);
		expect(await client.lookup('driver')).toHaveLength(6);
	});
});
