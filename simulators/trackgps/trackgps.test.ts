import { afterEach, expect, test } from 'vitest';
import { createFleet, lastFix, stateAt } from '../fleet';
import { PASSWORD, startTrackgps, type TrackgpsOptions, type TrackgpsSimulator } from '.';

const NOW = Date.UTC(2026, 2, 18, 9, 41, 7);
const SECONDS = NOW / 1000;
const DAY = 86_400;
const FLEET = createFleet({ now: NOW });
const [PLAIN, NEVER_ONLINE, OFFLINE, CLUJ, PRIVATE, ROBBED] = [41_001, 41_004, 41_005, 41_010, 41_010, 41_011];

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever a method answers; the tests say what it should be
type Json = any;

const running: TrackgpsSimulator[] = [];
afterEach(async () => {
	await Promise.all(running.splice(0).map((simulator) => simulator.close()));
});

async function start(options: TrackgpsOptions = {}): Promise<TrackgpsSimulator> {
	const simulator = await startTrackgps({ clock: () => NOW, rateLimit: null, ...options });
	running.push(simulator);
	return simulator;
}

const wall = (time: number) => new Date((time + 2 * 3600) * 1000).toISOString().slice(0, 19); // winter in Bucharest
const period = (begin: number, end: number) => ({ startDate: wall(begin), endDate: wall(end) });

const login = (
	simulator: TrackgpsSimulator,
	username = 'demo',
	password = PASSWORD,
	body: BodyInit = new URLSearchParams({ username, password }),
) => fetch(`${simulator.url}/api/authentication/login?api-version=2.0`, { method: 'POST', body });

async function session(simulator: TrackgpsSimulator, username = 'demo') {
	const { access_token } = (await (await login(simulator, username)).json()) as { access_token: string };
	const send = (path: string, body?: object, query = '?api-version=2.0') =>
		fetch(`${simulator.url}/api/carriers/${path}${query}`, {
			method: body ? 'POST' : 'GET',
			headers: {
				authorization: `Bearer ${access_token}`,
				...(body ? { 'content-type': 'application/json' } : {}),
			},
			...(body ? { body: JSON.stringify(body) } : {}),
		});
	return {
		send,
		/** The answer of a request that works. */
		ask: async (path: string, body?: object): Promise<Json> => {
			const response = await send(path, body);
			expect(response.status).toBe(200);
			expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
			return response.json();
		},
	};
}

test('login by both kinds of form', async () => {
	const simulator = await start();
	const response = await login(simulator);
	const answer = (await response.json()) as Json;
	expect(answer).toEqual({
		access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
		expires_in: 28_800,
		token_type: 'Bearer',
		refresh_token: expect.any(String),
		scope: 'CarPoolingAPI IdentityServerApi offline_access openid profile TrackGPSV4Api',
	});
	const claims = JSON.parse(Buffer.from(answer.access_token.split('.')[1], 'base64url').toString()) as Json;
	expect(claims).toMatchObject({ iss: 'https://sso.trackgps.ro', iat: SECONDS, exp: SECONDS + 28_800 });

	const form = new FormData();
	form.set('Username', 'demo');
	form.set('Password', PASSWORD);
	expect((await login(simulator, '', '', form)).status).toBe(200);
	const wrong = await login(simulator, 'demo', 'wrong');
	expect([wrong.status, await wrong.json()]).toEqual([
		401,
		{ error: 'invalid_grant', error_description: 'invalid_username_or_password' },
	]);
	expect((await login(simulator, 'demo', '')).status).toBe(400);
	expect((await login(await start({ wrongPasswordStatus: 400 }), 'demo', 'wrong')).status).toBe(400);

	const json = new Blob([JSON.stringify({ username: 'demo', password: PASSWORD })], { type: 'application/json' });
	expect((await login(simulator, '', '', json)).status).toBe(400);
	expect((await login(await start({ jsonLogin: true }), '', '', json)).status).toBe(200);
	expect((await fetch(`${simulator.url}/api/authentication/login`, { method: 'POST', body: form })).status).toBe(400);
});

test('tokens live eight hours, side by side, until they are ended', async () => {
	const simulator = await start();
	const [one, two] = [await session(simulator), await session(simulator)];
	await one.ask('company-vehicles');
	simulator.advance(28_799_000);
	await two.ask('company-vehicles');
	simulator.advance(1000);
	const old = await two.send('company-vehicles');
	expect([old.status, old.headers.get('www-authenticate'), await old.text()]).toEqual([401, 'Bearer', '']);
	for (const end of ['killToken', 'expireToken'] as const) {
		const { ask, send } = await session(simulator);
		await ask('company-vehicles');
		simulator[end]('demo');
		expect((await send('company-vehicles')).status).toBe(401);
	}
});

test('one request in 30 seconds for each user, the login aside', async () => {
	const limited = await start({ rateLimit: { requests: 1, perSeconds: 30 } });
	const { ask, send } = await session(limited);
	const other = await session(limited, 'cluj');
	await ask('company-vehicles');
	await other.ask('company-vehicles');
	limited.advance(12_500);
	const response = await send('refills', { carrierId: PLAIN, ...period(SECONDS - DAY, SECONDS) });
	expect([response.status, response.headers.get('retry-after')]).toEqual([429, '18']);
	expect(await response.text()).toBe('API calls quota exceeded! maximum admitted 1 per 30s.');
	expect((await login(limited)).status).toBe(200);
	limited.advance(17_500);
	await ask('company-vehicles');
});

test('the limit holds unless another is asked for', async () => {
	const simulator = await startTrackgps({ clock: () => NOW });
	running.push(simulator);
	const { send } = await session(simulator);
	expect([(await send('company-vehicles')).status, (await send('company-vehicles')).status]).toEqual([200, 429]);
});

test('api-version, paths, verbs, bodies', async () => {
	const simulator = await start();
	const { send } = await session(simulator);
	const without = await send('company-vehicles', undefined, '');
	expect([without.status, await without.json()]).toEqual([
		400,
		{ error: { code: 'ApiVersionUnspecified', message: expect.any(String) } },
	]);
	expect((await send('company-vehicles', undefined, '?api-version=1.0')).status).toBe(400);
	expect((await send('constructor')).status).toBe(404);
	expect((await send('drivers')).status).toBe(404);
	expect((await send('refills')).status).toBe(405);
	expect((await send('company-vehicles', {})).status).toBe(405);
	expect((await fetch(`${simulator.url}/api/carriers/company-vehicles?api-version=2.0`)).status).toBe(401);
});

test('company-vehicles: PascalCase, fractions, fields that are absent', async () => {
	const { ask } = await session(await start());
	const answer = await ask('company-vehicles');
	expect(Object.keys(answer)).toEqual(['Payload', 'CorrelationId', 'FailureReasons', 'IsSuccess']);
	expect(answer).toMatchObject({
		IsSuccess: true,
		FailureReasons: [],
		CorrelationId: expect.stringMatching(/^[0-9a-f-]{36}$/),
	});
	expect(answer.Payload).toHaveLength(12);
	expect(answer.Payload[0]).toMatchObject({
		VehicleId: PLAIN,
		VehicleUId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/),
		VehicleRegistrationNumber: FLEET[0]!.plate,
		GpsDate: expect.stringMatching(/^2026-03-18T11:(40|41):\d\d$/),
		GroupName: 'Bucharest, centre',
	});
	expect(answer.Payload[2]).not.toHaveProperty('ManufactureYear');
	expect(answer.Payload.some(({ Speed }: Json) => !Number.isInteger(Speed))).toBe(true);
	expect(new Set(answer.Payload.map(({ EngineEvent }: Json) => EngineEvent))).toEqual(new Set([1, 2]));
	expect(answer.Payload.find(({ VehicleId }: Json) => VehicleId === NEVER_ONLINE)).toMatchObject({
		GpsDate: null,
		Latitude: 0,
	});
	expect(answer.Payload.find(({ IsPrivate }: Json) => IsPrivate).VehicleId).toBe(PRIVATE);

	const camel = await session(await start({ casing: 'camel' }));
	expect(
		Object.keys((await camel.ask('company-vehicles')).payload[0])
			.slice(0, 13)
			.join(),
	).toBe(
		'vehicleId,vehicleUId,vehicleName,vehicleRegistrationNumber,latitude,longitude,gpsDate,address,speed,course,engineEvent,engineRpm,engineEventDate',
	);
	const branch = await session(await start(), 'cluj');
	expect((await branch.ask('company-vehicles')).Payload.map(({ VehicleId }: Json) => VehicleId)).toEqual([
		NEVER_ONLINE,
		OFFLINE,
		CLUJ,
		ROBBED,
	]);
});

test('agrees with the fleet', async () => {
	const simulator = await start({ fleet: FLEET });
	const { ask } = await session(simulator);
	for (const one of (await ask('company-vehicles')).Payload) {
		const { vehicle } = simulator.carriers.get(one.VehicleId)!;
		const fix = lastFix(vehicle, SECONDS);
		if (!fix) continue;
		expect(one).toMatchObject({ GpsDate: wall(fix.time), EngineEvent: fix.ignition ? 1 : 2, Course: fix.course });
		expect(one.Latitude).toBeCloseTo(fix.latitude, 5);
		expect(one.Speed).toBeCloseTo(fix.speed, 1);
	}
	const { Payload: points } = await ask('way', { vehiclesList: [PLAIN], ...period(SECONDS - 3600, SECONDS) });
	expect(points.length).toBeGreaterThan(40);
	for (const { GpsDate, Latitude, Longitude, VehicleId } of points) {
		const state = stateAt(FLEET[0]!, Date.parse(`${GpsDate}+02:00`) / 1000);
		expect(VehicleId).toBe(PLAIN);
		// Bursts have fractions of a second.
		expect(Math.hypot(Latitude - state.latitude, Longitude - state.longitude)).toBeLessThan(0.0005);
	}
	const [stop] = (
		await ask('stops', { vehiclesList: [PLAIN], ...period(SECONDS - DAY, SECONDS), stationaryMargin: 5 })
	).Payload[0].Results[PLAIN];
	expect(stop.IndexKm).toBeCloseTo(
		stateAt(FLEET[0]!, Date.parse(`${stop.StartDate}+02:00`) / 1000).odometer / 1000,
		1,
	);
	const [used] = (await ask('consumption', { vehiclesList: [PLAIN], ...period(SECONDS - DAY, SECONDS) })).Payload;
	const driven = stateAt(FLEET[0]!, SECONDS).odometer - stateAt(FLEET[0]!, SECONDS - DAY).odometer;
	expect(used).toEqual({
		VehicleName: 'Van 1',
		LicensePlate: FLEET[0]!.plate,
		Distance: expect.closeTo(driven / 1000, 2),
		Hours: expect.stringMatching(/^\d\d:\d\d:\d\d$/),
		ConsumptionValue: expect.closeTo((driven / 100_000) * 8.5, 2),
		AverageConsumption100Km: 8.5,
		SecondarySource: null,
	});
});

test('stops: ignition off for the margin or longer', async () => {
	const { ask, send } = await session(await start({ casing: 'camel' }));
	const stops = async (stationaryMargin: number) => {
		const { payload } = await ask('stops', {
			vehiclesList: [PLAIN, NEVER_ONLINE],
			...period(SECONDS - DAY, SECONDS),
			stationaryMargin,
		});
		expect(payload).toHaveLength(1);
		expect(payload[0].results[NEVER_ONLINE]).toEqual([]);
		return payload[0].results[PLAIN] as Json[];
	};
	const [all, long] = [await stops(1), await stops(5)];
	expect(long.length).toBeLessThan(all.length);
	for (const stop of all) {
		const [begin, end] = [Date.parse(`${stop.startDate}Z`), Date.parse(`${stop.endDate}Z`)];
		expect(stop.stopDuration).toBe((end - begin) / 1000);
		expect(stop.stopDuration).toBeGreaterThanOrEqual(60);
	}
	for (const { stopDuration } of long) expect(stopDuration).toBeGreaterThanOrEqual(300);
	expect(Object.keys(all[0]).join()).toBe(
		'vehicleId,startDate,endDate,latitude,longitude,stationaryEngineOnTime,distance,maxSpeed,averageSpeed,speedCount,indexKm,indexHours,address,' +
			'stopDuration,engineOnStops,hotSpot,functioningTime,isPrivate,drivers,fuelConsumption',
	);
	expect(all[0].engineOnStops[0].duration).toBeGreaterThanOrEqual(15);
	expect(
		(await send('stops', { vehiclesList: [PLAIN], ...period(SECONDS - DAY, SECONDS), stationaryMargin: 0 })).status,
	).toBe(400);
});

test('refills: the fourteen kinds, which add up', async () => {
	const simulator = await start({ fleet: FLEET });
	const { ask } = await session(simulator);
	const refills = async (carrierId: number, days = 20) =>
		(await ask('refills', { carrierId, ...period(SECONDS - days * DAY, SECONDS) })).Payload as Json[];
	const plain = await refills(PLAIN);
	expect(plain).toEqual(await refills(PLAIN));
	expect(new Set(plain.map(({ Event }) => Event))).toEqual(
		new Set(['FuelStart', 'Fueling', 'TotalRefill', 'TotalPossibleTheft', 'RemainingFuel', 'TotalFuelConsumption']),
	);
	expect(plain[0]).toEqual({
		Date: wall(SECONDS - 20 * DAY),
		Event: 'FuelStart',
		Location: expect.stringMatching(/Bucharest/),
		Estimation: expect.any(Number),
		IsPrivate: false,
	});
	expect(plain[0].Estimation).toBeCloseTo(stateAt(FLEET[0]!, SECONDS - 20 * DAY).fuelLitres, 2);

	const robbed = await refills(ROBBED);
	const one = [
		'FuelStart',
		'Fueling',
		'PossibleFuelTheft',
		'TotalRefill',
		'TotalPossibleTheft',
		'RemainingFuel',
		'TotalFuelConsumption',
	];
	expect(new Set(robbed.map(({ Event }) => Event))).toEqual(
		new Set([...one, ...one.map((kind) => `${kind}SecondarySource`)]),
	);
	for (const [events, suffix] of [
		[plain, ''],
		[robbed, ''],
		[robbed, 'SecondarySource'],
	] as const) {
		const total = (kind: string) =>
			events.filter(({ Event }) => Event === kind + suffix).reduce((sum, { Estimation }) => sum + Estimation, 0);
		expect(total('Fueling')).toBeCloseTo(total('TotalRefill'), 0);
		expect(total('PossibleFuelTheft')).toBeCloseTo(total('TotalPossibleTheft'), 1);
		expect(
			total('FuelStart') + total('TotalRefill') - total('TotalPossibleTheft') - total('TotalFuelConsumption'),
		).toBeCloseTo(total('RemainingFuel'), 0);
	}
	const theft = robbed.find(({ Event }) => Event === 'PossibleFuelTheft')!;
	expect(theft.Estimation).toBe(26.25); // three quarters of 35 litres
	const [used] = (await ask('consumption', { vehiclesList: [PLAIN], ...period(SECONDS - 20 * DAY, SECONDS) }))
		.Payload;
	expect(plain.find(({ Event }) => Event === 'TotalFuelConsumption')!.Estimation).toBeCloseTo(
		used.ConsumptionValue,
		1,
	);
	expect(await refills(NEVER_ONLINE)).toEqual([]);
});

test('temperatures of the refrigerated vehicles', async () => {
	const { ask } = await session(await start());
	const { Payload } = await ask('temperatures', {
		vehiclesList: [PLAIN, 41_002],
		...period(SECONDS - 3600, SECONDS),
	});
	expect(Payload.Temperature).toHaveLength(12);
	expect(Payload.Humidity).toHaveLength(6);
	expect(Payload.Temperature[0]).toEqual({
		VehicleId: PLAIN,
		Date: '2026-03-18T10:50:00',
		Value: expect.any(Number),
		SensorNumber: 1,
	});
});

test('limits and mistakes: 400 with reasons', async () => {
	const { send } = await session(await start());
	const reason = async (path: string, body: object) => {
		const response = await send(path, body);
		const answer = (await response.json()) as Json;
		expect([response.status, answer.IsSuccess, answer.Payload]).toEqual([400, false, null]);
		return [answer.FailureReasons[0].ErrorCode, ...answer.FailureReasons[0].ErrorParameters].join();
	};
	const day = period(SECONDS - DAY, SECONDS);
	for (const path of ['way', 'stops', 'consumption', 'temperatures']) {
		expect(
			await reason(path, {
				vehiclesList: Array.from({ length: 11 }, (_, i) => PLAIN + i),
				...day,
				stationaryMargin: 1,
			}),
		).toBe('TooManyVehicles,10');
		expect(await reason(path, { ...day })).toBe('MissingParameter,vehiclesList');
		expect(await reason(path, { vehiclesList: ['x'], ...day })).toBe('InvalidParameter,vehiclesList');
	}
	const long = { startDate: '2026-02-01T00:00:00', endDate: '2026-03-04T00:00:01' };
	for (const path of ['way', 'consumption'])
		expect(await reason(path, { vehiclesList: [PLAIN], ...long })).toBe('PeriodTooLong,31');
	expect((await send('consumption', { vehiclesList: [PLAIN], ...long, endDate: '2026-03-04T00:00:00' })).status).toBe(
		200,
	);
	expect(await reason('refills', { carrierId: PLAIN, startDate: day.endDate, endDate: day.startDate })).toBe(
		'InvalidPeriod,startDate,endDate',
	);
	expect(await reason('refills', { carrierId: PLAIN, startDate: '18.03.2026', endDate: day.endDate })).toBe(
		'InvalidParameter,startDate',
	);
	expect(await reason('refills', { carrierId: '1', ...day })).toBe('InvalidParameter,carrierId');
	expect(await reason('refills', [] as object)).toBe('InvalidBody');
	expect(
		(await send('refills', { CarrierId: PLAIN, StartDate: `${day.startDate}.835`, EndDate: `${day.endDate}Z` }))
			.status,
	).toBe(200);
});

test('a vehicle of others: 401 for the whole list', async () => {
	for (const foreignVehicles of ['empty', 'reasons'] as const) {
		const { send, ask } = await session(await start({ foreignVehicles }), 'cluj');
		await ask('way', { vehiclesList: [CLUJ], ...period(SECONDS - 60, SECONDS) });
		for (const [path, body] of [
			['way', { vehiclesList: [CLUJ, PLAIN] }],
			['refills', { carrierId: PLAIN }],
			['refills', { carrierId: 1 }],
		] as const) {
			const response = await send(path, { ...body, ...period(SECONDS - 60, SECONDS) });
			expect(response.status).toBe(401);
			const text = await response.text();
			if (foreignVehicles === 'empty') expect(text).toBe('');
			else expect((JSON.parse(text) as Json).FailureReasons[0].ErrorCode).toBe('VehicleAccessDenied');
		}
	}
});

test('local times over both changes of the clocks, and in another zone', async () => {
	const way = async (clock: number, startDate: string, endDate: string, options: TrackgpsOptions = {}) => {
		const { ask } = await session(await start({ clock: () => clock, ...options }));
		return ((await ask('way', { vehiclesList: [PLAIN], startDate, endDate })).Payload as Json[]).map(
			({ GpsDate }) => GpsDate as string,
		);
	};
	// 29 March 2026, 03:00 becomes 04:00: the missing hour is taken as winter time.
	const spring = await way(Date.UTC(2026, 2, 29, 12), '2026-03-29T02:50:00', '2026-03-29T04:10:00');
	expect(spring.some((time) => time.startsWith('2026-03-29T03'))).toBe(false);
	expect(new Set(spring.map((time) => time.slice(11, 13)))).toEqual(new Set(['02', '04']));
	const missing = await way(Date.UTC(2026, 2, 29, 12), '2026-03-29T03:30:00', '2026-03-29T04:40:00');
	expect(missing[0]! >= '2026-03-29T04:30:00').toBe(true);
	// 25 October 2026, 04:00 becomes 03:00: of the doubled hour the later one is meant.
	const autumn = await way(Date.UTC(2026, 9, 25, 12), '2026-10-25T02:50:00', '2026-10-25T04:10:00');
	expect(autumn.filter((time) => time.startsWith('2026-10-25T03')).length).toBeGreaterThan(90);
	const doubled = await way(Date.UTC(2026, 9, 25, 12), '2026-10-25T03:00:00', '2026-10-25T04:00:00');
	expect(doubled.length).toBeLessThan(70);
	const vienna = await way(NOW, '2026-03-18T10:00:00', '2026-03-18T10:41:07', {
		timeZone: 'Europe/Vienna',
		trailingZ: true,
	});
	expect(vienna.at(-1)).toMatch(/^2026-03-18T10:4\d:\d\dZ$/);
});

test('faults, and steering over HTTP', async () => {
	const simulator = await start();
	const { send, ask } = await session(simulator);
	simulator.fail({ kind: 'code', code: 17, message: 'why', match: '/api/carriers/company-vehicles' });
	expect(await ask('company-vehicles')).toMatchObject({
		IsSuccess: false,
		FailureReasons: [{ ErrorCode: '17', ErrorParameters: ['why'] }],
	});
	simulator.fail({ kind: 'status', status: 503, times: Infinity });
	expect((await send('company-vehicles')).status).toBe(503);
	simulator.clearFaults();
	await ask('company-vehicles');
	expect(simulator.requests.at(-1)).toMatchObject({
		method: 'GET',
		path: '/api/carriers/company-vehicles',
		query: { 'api-version': '2.0' },
		status: 200,
		code: 0,
	});
	const kill = await fetch(`${simulator.url}/_simulator/kill-token`, { method: 'POST', body: '{"account":"demo"}' });
	expect(kill.status).toBe(200);
	expect((await send('company-vehicles')).status).toBe(401);
	const state = (await (await fetch(`${simulator.url}/_simulator/state`)).json()) as Json;
	expect(state).toMatchObject({
		timeZone: 'Europe/Bucharest',
		users: [
			{ username: 'demo', vehicles: 12 },
			{ username: 'cluj', vehicles: 4 },
		],
	});
});

test('what no document shows: forms of dates, names, values, refusals and successes', async () => {
	const times = { begin: SECONDS - 7 * DAY, end: SECONDS };
	const refills = async (options: TrackgpsOptions): Promise<Json[]> =>
		(
			await (
				await session(await start({ fleet: FLEET, ...options }))
			).ask('refills', {
				carrierId: ROBBED,
				...period(times.begin, times.end),
			})
		).Payload as Json[];
	const plain = await refills({});
	expect((await refills({ refillDates: 'romanian' }))[0].Date).toMatch(/^\d\d\.03\.2026 \d\d:\d\d:\d\d$/);
	expect((await refills({ refillDates: 'hungarian' }))[0].Date).toMatch(/^2026\. 03\. \d\d\. \d+:\d\d:\d\d$/);
	expect((await refills({ refillDates: 'slashes' }))[0].Date).toMatch(/^03\/\d\d\/2026 /);
	const names = (rows: Json[]) => new Set(rows.map(({ Event }) => Event as string));
	expect(names(plain)).toContain('PossibleFuelTheft');
	expect(names(await refills({ refillEvents: 'words' }))).toContain('Possible fuel theft');
	expect(names(await refills({ refillEvents: 'others' }))).toContain('FuelDrain');
	const [texts] = await refills({ refillValues: 'texts' });
	expect(texts.Estimation).toMatch(/^\d+(,\d+)?( l)?$/);
	expect(texts.IsPrivate).toBe('False');
	for (const [refusals, type, words] of [
		['problem', 'application/problem+json; charset=utf-8', '"errors":{"carrierId":["InvalidParameter."]}'],
		['text', 'text/plain', 'InvalidParameter: carrierId'],
	] as const) {
		const { send } = await session(await start({ refusals }));
		const response = await send('refills', { carrierId: 'x', ...period(times.begin, times.end) });
		expect([response.status, response.headers.get('content-type')]).toEqual([400, type]);
		expect(await response.text()).toContain(words);
	}
	for (const [options, part] of [
		[{ success: 'text' }, { isSuccess: 'True' }],
		[{ success: 'unsaid' }, { failureReasons: [] }],
		[
			{ reasonsBesideSuccess: true },
			{ isSuccess: true, failureReasons: [{ errorCode: 'PartialData', errorParameters: [] }] },
		],
	] as const) {
		const { send } = await session(await start({ casing: 'camel', ...options }));
		expect(await (await send('company-vehicles')).json()).toMatchObject(part);
	}
});
