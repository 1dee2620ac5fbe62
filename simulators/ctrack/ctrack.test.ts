import { afterEach, expect, test } from 'vitest';
import { createFleet, lastFix, stateAt } from '../fleet';
import { tripsStarting } from '../journeys';
import { PASSWORD, startCtrack, type CtrackOptions, type CtrackSimulator } from '.';

const NOW = Date.UTC(2026, 2, 18, 9, 41, 7);
const SECONDS = NOW / 1000;
const HOUR = 3600;
const DAY = 86_400;
const FLEET = createFleet({ now: NOW });
const [PLAIN, TRAILER, NEVER_ONLINE, OFFLINE, CLUJ] = [566, 567, 569, 570, 569];

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever a method answers; the tests say what it should be
type Json = any;
type Values = Record<string, string | number | boolean>;

const running: CtrackSimulator[] = [];
afterEach(async () => {
	await Promise.all(running.splice(0).map((simulator) => simulator.close()));
});

async function start(options: CtrackOptions = {}): Promise<CtrackSimulator> {
	const simulator = await startCtrack({ clock: () => NOW, ...options });
	running.push(simulator);
	return simulator;
}

const iso = (time: number) => new Date(time * 1000).toISOString().replace('.000Z', 'Z');
const period = (from: number, to: number) => ({ fromDateTimeUTC: iso(from), toDateTimeUTC: iso(to) });
const address = (url: string, path: string, values: Values) =>
	`${url}/${path}?${new URLSearchParams(values as Record<string, string>)}`;

async function ask(simulator: CtrackSimulator, path: string, values: Values = {}, status = 200): Promise<Json> {
	const response = await fetch(address(simulator.url, path, values));
	expect(response.status).toBe(status);
	if (status !== 200) return response.text();
	expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
	return response.json();
}

const login = (simulator: CtrackSimulator, Username = 'API_Demo', Password = PASSWORD) =>
	ask(simulator, 'Membership/Login', { Username, Password });

async function session(simulator: CtrackSimulator, username = 'API_Demo') {
	const { SessionToken, sessionToken } = await login(simulator, username);
	const token: string = SessionToken ?? sessionToken;
	return {
		token,
		get: (path: string, values: Values = {}, status = 200) =>
			ask(simulator, path.replace('/', `/${token}/`), values, status),
	};
}

test('Membership', async () => {
	const simulator = await start();
	expect(simulator.url).toBe(`${simulator.origin}/DCTTPIEngine/TPIEngine/REST`);
	expect(await login(simulator)).toEqual({
		ErrorCode: 0,
		UserId: 89471,
		SessionToken: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
		SessionDurationMinutes: 60,
		xml: null,
	});
	expect((await ask(simulator, 'Membership/Login', { username: 'API_Demo', password: PASSWORD })).ErrorCode).toBe(0);
	expect(await login(simulator, 'API_Demo', 'wrong')).toMatchObject({ ErrorCode: 4, SessionToken: null });
	await ask(simulator, 'Membership/Login', { Username: 'API_Demo' }, 400);
	expect(await ask(simulator, 'Membership/GetServiceVersion')).toEqual({
		ErrorCode: 0,
		Version: { Result: '4.4.13.8' },
	});
});

test('error codes as text', async () => {
	const simulator = await start({ errorCodes: 'text' });
	const { get } = await session(simulator);
	expect((await get('Vehicles/GetVehicles')).ErrorCode).toBe('Success = 0');
	const { LastVehiclePositions } = await get('Vehicles/GetLastVehiclePositions', {
		svehicleNodeIds: `${PLAIN},${NEVER_ONLINE}`,
	});
	expect(LastVehiclePositions.map((one: Json) => one.ErrorCode)).toEqual(['Success = 0', 'Failed = 1']);
	simulator.killToken('API_Demo');
	expect(await get('Vehicles/GetVehicles')).toEqual({ ErrorCode: 'AuthorisationFailed = 4' });
});

test('a session ends by a new login, from outside, and of age', async () => {
	const simulator = await start();
	const first = await session(simulator);
	const second = await session(simulator);
	expect(await first.get('Vehicles/GetVehicles')).toEqual({ ErrorCode: 4 });
	simulator.advance(60 * 60_000 - 1000);
	expect((await second.get('Vehicles/GetVehicles')).ErrorCode).toBe(0);
	simulator.advance(1000);
	expect((await second.get('Vehicles/GetVehicles')).ErrorCode).toBe(4);
	const third = await session(simulator);
	simulator.expireToken('API_Demo');
	expect((await third.get('Vehicles/GetVehicles')).ErrorCode).toBe(4);

	const tolerant = await start({ newLoginEndsOld: false, slidingSessions: true, sessionErrors: 'http401' });
	const [one, other] = [await session(tolerant), await session(tolerant)];
	for (let i = 0; i < 3; i++) {
		tolerant.advance(40 * 60_000);
		expect((await one.get('Vehicles/GetVehicles')).ErrorCode).toBe(0);
	}
	await other.get('Vehicles/GetVehicles', {}, 401);
	await ask(tolerant, 'Membership/Login', { Username: 'API_Demo', Password: 'wrong' }, 401);
});

test('too many requests look like a bad one, or like a dead session', async () => {
	for (const status of [400, 401] as const) {
		const simulator = await start({ rateLimit: { requests: 3, perSeconds: 10, status }, sessionErrors: 'http401' });
		const { get } = await session(simulator);
		await get('Vehicles/GetVehicles');
		await get('Vehicles/GetVehicles');
		const limited = await get('Vehicles/GetVehicles', {}, status);
		simulator.advance(10_000);
		await get('Vehicles/GetVehicles');
		const other =
			status === 400
				? get('Vehicles/GetVehicleUsage', {}, 400)
				: ask(simulator, 'Vehicles/none/GetVehicles', {}, 401);
		expect(limited).toBe(await other);
	}
});

test('paths, verbs and parameters that are not those of the document', async () => {
	const simulator = await start();
	const { token, get } = await session(simulator);
	for (const path of ['Vehicles/getvehicles', 'Vehicles/Nothing', 'Drivers/GetVehicles', 'Vehicles/constructor'])
		await get(path, {}, 404);
	await ask(simulator, 'Vehicles/GetVehicles', {}, 404);
	await ask({ ...simulator, url: simulator.origin }, 'Membership/GetServiceVersion', {}, 404);
	expect((await fetch(`${simulator.url}/Vehicles/${token}/GetVehicles`, { method: 'POST' })).status).toBe(405);

	await get('Location/GetPointPOIs', { costcentrenodegroupid: 3001, modifiedafter: iso(0) }, 400);
	const lenient = await session(await start({ parameterCase: 'any' }));
	expect(
		(await lenient.get('Location/GetPointPOIs', { costcentrenodegroupid: 3001, modifiedafter: iso(0) })).ErrorCode,
	).toBe(0);
	for (const values of [
		{ vehicleNodeId: 'x', ...period(0, 1) },
		{ vehicleNodeId: PLAIN, ...period(1, 0) },
		{ vehicleNodeId: PLAIN, fromDateTimeUTC: '2026-03-18 09:00:00', toDateTimeUTC: iso(SECONDS) },
	]) {
		await get('Vehicles/GetVehicleTrips', values, 400);
	}
	await get('Vehicles/GetVehicleDetail', { costCentreId: 3001, searchType: 'plate', value: 'x' }, 400);
});

/** Every method with a token, with parameters that work, and the keys of its answer besides ErrorCode. */
const EVERY: Record<string, [Values, string]> = {
	'CostCentres/FindCostCentreContainingVehiclesNodeIds': [{ sVehicleNodeIds: '571,577' }, 'CostCentre'],
	'CostCentres/GetCostCentre': [{ name: 'Cluj' }, 'CostCentre'],
	'CostCentres/GetCostCentres': [{}, 'CostCentre'],
	'CostCentres/GetCostCentresForUser': [{ userId: 89472 }, 'CostCentre'],
	'CostCentres/GetCustomFieldsForCostCentre': [{ costCentreId: 3001 }, 'CustomFieldValues'],
	'Vehicles/GetVehicles': [{}, 'VehicleList'],
	'Vehicles/GetVehicleDetail': [
		{ costCentreId: 3001, searchType: 'vehicleID', value: FLEET[0]!.plate },
		'VehicleList',
	],
	'Vehicles/GetLastVehiclePositionsforAuthenticatedUser': [{}, 'LastVehiclePositions'],
	'Vehicles/GetLastVehiclePosition': [{ vehicleNodeId: PLAIN }, 'LastVehiclePosition'],
	'Vehicles/GetLastVehiclePositions': [{ svehicleNodeIds: `${PLAIN},${OFFLINE}` }, 'LastVehiclePositions'],
	'Vehicles/GetVehiclePositionsDetailed': [
		{ vehicleNodeId: PLAIN, ...period(SECONDS - HOUR, SECONDS) },
		'VehiclePositionsDetailed',
	],
	'Vehicles/GetVehiclePositionsCANDetailed': [
		{ vehicleNodeId: PLAIN, ...period(SECONDS - HOUR, SECONDS) },
		'VehiclePositionsCANDetailed',
	],
	'Vehicles/GetVehicleOdoattime': [
		{ searchType: 'NodeId', odoDateTime: iso(SECONDS), sValues: `${PLAIN},${TRAILER}` },
		'VehicleOdoList',
	],
	'Vehicles/GetVehicleOdoOverPeriod': [
		{ vehicleNodeId: PLAIN, ...period(SECONDS - DAY, SECONDS) },
		'VehicleRegistration,DriverId,VehicleOdo,OdoTimestamp',
	],
	'Vehicles/GetVehicleRunningHours': [{ vehicleNodeId: PLAIN }, 'VehicleRunningHours'],
	'Vehicles/GetVehiclesRunningHours': [{ vehicleNodeId: PLAIN }, 'VehicleRunningHours'],
	'Vehicles/GetVehicleTrips': [{ vehicleNodeId: PLAIN, ...period(SECONDS - DAY, SECONDS) }, 'VehicleTrips'],
	'Vehicles/GetVehicleTripsDetailed': [
		{ vehicleNodeId: PLAIN, ...period(SECONDS - DAY, SECONDS) },
		'VehicleTripsDetailed',
	],
	'Vehicles/GetVehiclesTripDistances': [period(SECONDS - DAY, SECONDS), 'VehicleTripPeriodDistances'],
	'Vehicles/GetVehicleUsage': [{ vehicleNodeId: PLAIN, ...period(SECONDS - DAY, SECONDS) }, 'VehicleUsage'],
	'Vehicles/GetVehicleUsageByCostCentre': [{ costCentreId: 3003, ...period(SECONDS - DAY, SECONDS) }, 'VehicleUsage'],
	'Vehicles/GetVehicleCostCentres': [{ vehicleNodeId: PLAIN }, 'CostCentre'],
	'Vehicles/GetVehiclesinCostCentre': [{ costCentreId: 3002 }, 'VehicleList'],
	'Vehicles/getgritterstatus': [{ vehicleNodeId: PLAIN }, 'GritterStatus'],
	'Vehicles/getgritterstatusForAuthenticatedUser': [{}, 'GritterStatus'],
	'Vehicles/GetVehicleDrivingBehaviour': [
		{ vehicleNodeId: PLAIN, ...period(SECONDS - DAY, SECONDS) },
		'DrivingBehaviour',
	],
	'Drivers/GetDriversInCostCentre': [{ costCentreId: 3001 }, 'DriverList'],
	'Drivers/GetDriver': [{ costCentreId: 3001, searchType: 'DriverId', Value: 'New Driver 2' }, 'Driver'],
	'Drivers/GetDriversAssociatedWithVehicle': [{ vehicleNodeId: PLAIN }, 'DriverList'],
	'Location/GetPointPOIs': [{ CostCentreNodeGroupId: 3001, modifiedAfter: iso(0) }, 'Points'],
	'Location/GetLocationString': [
		{ vehicleNodeId: PLAIN, latitude: '44.4', longitude: '26.1', useMetric: 'true' },
		'LocationString',
	],
	'Queues/Subscribe': [{ type: 'Scripts', directAccess: false }, 'Subscribe'],
	'Queues/Unsubscribe': [{ type: 'Scripts', directAccess: false }, 'Subscribe'],
	'Queues/Ack': [{ type: 'Positions', Tags: '1,2' }, 'Result'],
	'Queues/GetTrips': [{ autoack: false, limit: 5 }, 'VehicleTripsDetailed'],
	'Queues/GetPositions': [{ autoack: false, limit: 5 }, 'VehiclePositionsDetailed'],
	'Queues/GetScripts': [{ autoack: true, limit: 5 }, 'Scripts'],
};

/** A session with all three queues, a day old, and two tags to acknowledge. */
async function withQueues(simulator: CtrackSimulator) {
	const { get } = await session(simulator);
	for (const type of ['Positions', 'Trips', 'Scripts']) await get('Queues/Subscribe', { type, directAccess: true });
	simulator.advance(DAY * 1000);
	const current = await session(simulator);
	await current.get('Queues/GetPositions', { autoack: false, limit: 2 });
	return current;
}

test('every method answers with its wrapper, and HTTP 400 without any of its parameters', async () => {
	expect(Object.keys(EVERY)).toHaveLength(39 - 2);
	const { get } = await withQueues(await start());
	for (const [path, [values]] of Object.entries(EVERY)) {
		for (const missing of Object.keys(values)) {
			const { [missing]: _, ...rest } = values;
			await get(path, rest, 400);
		}
	}
	// Scripts again at the end: two of the methods subscribe and unsubscribe.
	for (const [path, [values, keys]] of Object.entries(EVERY)) {
		if (path === 'Queues/GetScripts') await get('Queues/Subscribe', { type: 'Scripts', directAccess: true });
		const { ErrorCode, ...rest } = await get(path, values);
		expect([path, ErrorCode, Object.keys(rest).join()]).toEqual([path, 0, keys]);
		if (path !== 'Queues/GetScripts') expect(Object.values(rest)[0], path).not.toEqual([]);
	}
});

test('the methods that the document only shows refused may be refused', async () => {
	const { get } = await withQueues(await start({ undocumented: 'refused', errorCodes: 'text' }));
	for (const path of Object.keys(EVERY)) {
		const { ErrorCode } = await get(path, EVERY[path]![0]);
		const refused = /CustomFields|gritter|DrivingBehaviour|LocationString|GetScripts/.test(path);
		expect([path, ErrorCode]).toEqual([path, refused ? 'AuthorisationFailed = 4' : 'Success = 0']);
	}
});

test('lost wrappers: bare lists and bare records', async () => {
	const list = await withQueues(await start({ shapes: 'list' }));
	for (const path of [
		'Vehicles/GetVehiclePositionsDetailed',
		'Vehicles/GetVehicleUsage',
		'Queues/GetTrips',
		'Queues/GetPositions',
	]) {
		expect(await list.get(path, EVERY[path]![0]), path).toBeInstanceOf(Array);
	}
	expect((await list.get('Vehicles/GetVehicles')).VehicleList).toHaveLength(12);
	const record = await withQueues(await start({ shapes: 'record' }));
	expect(await record.get('Queues/GetPositions', { autoack: true, limit: 1 })).toMatchObject({
		NodeId: expect.any(Number),
		DeliveryTag: 1,
	});
	expect(
		await record.get('Vehicles/GetVehicleUsage', { vehicleNodeId: PLAIN, ...period(SECONDS - HOUR, SECONDS) }),
	).toEqual({
		NodeId: PLAIN,
		WorkingHours: expect.stringMatching(/^\d\.\d$/),
		OperatingDate: '2026-03-18T00:00:00Z',
	});
});

test('records have the fields of the document in its order, and its inconsistent times', async () => {
	const { get } = await session(await start());
	const [vehicle] = (await get('Vehicles/GetVehicles')).VehicleList;
	expect(Object.keys(vehicle).join()).toBe(
		'NodeId,NodeTypeId,Type,VehicleRegistration,FleetNumber,Description,MIT,SerialNumber,CellphoneNumber,VehicleSymbol,CostCentre,Errorcode,LastTime',
	);
	expect(vehicle).toMatchObject({
		NodeId: 566,
		VehicleRegistration: FLEET[0]!.plate,
		FleetNumber: 'KOR029',
		MIT: '5A53-1C-18A1D-03F49',
		CostCentre: 3001,
		Errorcode: 0,
	});
	const [position] = (await get('Vehicles/GetLastVehiclePosition', { vehicleNodeId: PLAIN })).LastVehiclePosition;
	expect(Object.keys(position).join()).toBe(
		'NodeId,SingleStatus,StatusText,Ignition,Latitude,Longitude,Location,RunningOdo,Speed,StreetMaxSpeed,HeadingText,DriverId,ErrorCode,EventTimeUTC',
	);
	expect(position).toMatchObject({
		HeadingText: '',
		DriverId: 'New Driver 2',
		EventTimeUTC: expect.stringMatching(/:\d\d\.000Z$/),
	});
	expect(vehicle.LastTime).toBe(position.EventTimeUTC.replace('.000Z', 'Z'));
	const [can] = (
		await get('Vehicles/GetVehiclePositionsCANDetailed', EVERY['Vehicles/GetVehiclePositionsCANDetailed']![0])
	).VehiclePositionsCANDetailed;
	expect(Object.keys(can).join()).toBe(
		'NodeId,Latitude,Longitude,SingleStatus,Ignition,Speed,Odo,VehicleHeading,StatusText,Location,LocationDirection,LocationString,Area,StreetMaxSpeed,' +
			'VehicleMaxSpeed,Tag,DriverName,DriverId,DeliveryTag,CanVehicleRangeBatteryInMeter,CanBatteryLevelInPercentage,ChargerConnected,Charging,EventTimeUTC',
	);
	const [trip] = (await get('Vehicles/GetVehicleTripsDetailed', EVERY['Vehicles/GetVehicleTripsDetailed']![0]))
		.VehicleTripsDetailed;
	expect(Object.keys(trip)).toHaveLength(45);

	const shape = async (times: CtrackOptions['times']) => {
		const one = await session(await start({ times }));
		const { LastVehiclePosition } = await one.get('Vehicles/GetLastVehiclePosition', { vehicleNodeId: PLAIN });
		return [
			(await one.get('Vehicles/GetVehicles')).VehicleList[0].LastTime,
			LastVehiclePosition[0].EventTimeUTC,
		].map((time) => time.replace(/\d+/g, '0'));
	};
	expect(await shape('seconds')).toEqual(['0-0-0T0:0:0Z', '0-0-0T0:0:0Z']);
	expect(await shape('milliseconds')).toEqual(['0-0-0T0:0:0.0Z', '0-0-0T0:0:0.0Z']);
	expect(await shape('wcf')).toEqual(['/Date(0)/', '/Date(0)/']);
	const compass = await session(await start({ headings: 'compass' }));
	const { LastVehiclePositions } = await compass.get('Vehicles/GetLastVehiclePositionsforAuthenticatedUser');
	expect(LastVehiclePositions.some((one: Json) => /^[NESW]{1,2}$/.test(one.HeadingText))).toBe(true);
});

test('vehicles that are silent, never heard of, unknown or of others', async () => {
	const simulator = await start();
	const { get } = await session(simulator);
	const { VehicleList } = await get('Vehicles/GetVehicles');
	expect(VehicleList.find((one: Json) => one.NodeId === NEVER_ONLINE).LastTime).toBeNull();
	const list = async (ids: number[]) =>
		(await get('Vehicles/GetLastVehiclePositions', { svehicleNodeIds: ids.join() })).LastVehiclePositions;
	const [never, offline, unknown] = await list([NEVER_ONLINE, OFFLINE, 9999]);
	expect(never).toMatchObject({
		NodeId: NEVER_ONLINE,
		ErrorCode: 1,
		Latitude: 0,
		EventTimeUTC: '0001-01-01T00:00:00Z',
	});
	expect(offline.ErrorCode).toBe(0);
	expect(Date.parse(offline.EventTimeUTC) / 1000).toBeLessThanOrEqual(SECONDS - 3 * HOUR);
	expect(unknown).toMatchObject({ NodeId: 9999, ErrorCode: 1 });
	expect((await get('Vehicles/GetVehicleRunningHours', { vehicleNodeId: 9999 })).ErrorCode).toBe(1);

	const branch = await session(simulator, 'API_Cluj');
	expect((await branch.get('Vehicles/GetVehicles')).VehicleList.map((one: Json) => one.NodeId)).toEqual([
		569, 570, 575, 576,
	]);
	expect(
		(await branch.get('Vehicles/GetLastVehiclePositions', { svehicleNodeIds: PLAIN })).LastVehiclePositions[0]
			.ErrorCode,
	).toBe(4);
	expect((await branch.get('Vehicles/GetVehicleCostCentres', { vehicleNodeId: PLAIN })).ErrorCode).toBe(4);
	expect((await branch.get('Vehicles/GetVehicleCostCentres', { vehicleNodeId: CLUJ })).CostCentre).toEqual([
		{ CostCentre: 'Cluj', NodeId: 3002 },
	]);
	expect((await branch.get('CostCentres/GetCostCentresForUser', { userId: 89471 })).ErrorCode).toBe(4);
	const omitting = await session(await start({ unknownVehicles: 'omit' }));
	expect(
		(await omitting.get('Vehicles/GetLastVehiclePositions', { svehicleNodeIds: 9999 })).LastVehiclePositions,
	).toEqual([]);
});

test('agrees with the fleet', async () => {
	const simulator = await start({ fleet: FLEET });
	const { get } = await session(simulator);
	for (const one of (await get('Vehicles/GetLastVehiclePositionsforAuthenticatedUser')).LastVehiclePositions) {
		const { vehicle } = simulator.units.get(one.NodeId)!;
		const fix = lastFix(vehicle, SECONDS);
		if (!fix) continue;
		expect(one).toMatchObject({
			Ignition: fix.ignition,
			Speed: Math.round(fix.speed),
			RunningOdo: Math.round(fix.odometer),
			EventTimeUTC: new Date(fix.time * 1000).toISOString(),
		});
		expect(one.Latitude).toBeCloseTo(fix.latitude, 5);
		expect(one.Longitude).toBeCloseTo(fix.longitude, 5);
	}
	const [vehicle] = FLEET;

	const { VehicleTripsDetailed: trips } = await get('Vehicles/GetVehicleTripsDetailed', {
		vehicleNodeId: PLAIN,
		...period(SECONDS - DAY, SECONDS),
	});
	expect(trips).toHaveLength(tripsStarting(vehicle!, SECONDS - DAY, SECONDS, SECONDS).length);
	for (const trip of trips) {
		const [from, to] = [Date.parse(trip.TripStartUTC) / 1000, Date.parse(trip.TripEndUTC) / 1000];
		expect([
			stateAt(vehicle!, from - 1).ignition,
			stateAt(vehicle!, from).ignition,
			stateAt(vehicle!, to - 1).ignition,
			stateAt(vehicle!, to).ignition,
		]).toEqual([false, true, true, false]);
		expect(trip.TripDistance).toBe(trip.EndOdometerReading - trip.StartOdometerReading);
		expect(trip.StartOdometerReading).toBe(Math.round(stateAt(vehicle!, from).odometer));
	}
	const over = await get('Vehicles/GetVehicleOdoOverPeriod', {
		vehicleNodeId: PLAIN,
		...period(SECONDS - DAY, SECONDS),
	});
	const { VehicleTripPeriodDistances } = await get(
		'Vehicles/GetVehiclesTripDistances',
		period(SECONDS - DAY, SECONDS),
	);
	expect(Math.abs(over.VehicleOdo - VehicleTripPeriodDistances[0].TotalPeriodDistance)).toBeLessThan(1000);
	expect(over.VehicleOdo).toBeGreaterThan(100_000);
});

test.each([
	['Positions', 1],
	['Trips', 48],
	['Scripts', 5],
] as const)('%s queue: its history is all that came to it, dealt with or not', async (type, hours) => {
	const simulator = await start();
	expect(simulator.history('API_Demo', type)).toEqual([]);
	const { get } = await session(simulator);
	await get('Queues/Subscribe', { type, directAccess: true });
	simulator.advance(hours * HOUR * 1000);
	const anew = await session(simulator);
	let count = 0;
	for (;;) {
		const { ErrorCode: _, ...answer } = await anew.get(`Queues/Get${type}`, { autoack: true, limit: 1000 });
		const { length } = Object.values(answer)[0] as unknown[];
		if (length === 0) break;
		count += length;
	}
	expect(count).toBeGreaterThan(0);
	expect(simulator.history('API_Demo', type)).toHaveLength(count);
});

test('positions queue: fills as the fleet moves, up to 1000 at a time', async () => {
	const simulator = await start();
	const { get } = await session(simulator);
	expect((await get('Queues/GetPositions', { autoack: false, limit: 10 })).ErrorCode).toBe(1);
	expect(await get('Queues/Subscribe', { type: 'Positions', directAccess: true })).toEqual({
		ErrorCode: 0,
		Subscribe: 'Success',
	});
	expect((await get('Queues/GetPositions', { autoack: false, limit: 10 })).VehiclePositionsDetailed).toEqual([]);
	await get('Queues/GetPositions', { autoack: false, limit: 1001 }, 400);
	await get('Queues/GetPositions', { autoack: false, limit: 0 }, 400);
	await get('Queues/GetPositions', { autoack: 'yes', limit: 10 }, 400);
	await get('Queues/Subscribe', { type: 'positions', directAccess: true }, 400);

	simulator.advance(50 * 60_000);
	const seen: Json[] = [];
	for (;;) {
		const { VehiclePositionsDetailed: page } = await get('Queues/GetPositions', { autoack: true, limit: 400 });
		if (page.length === 0) break;
		seen.push(...page);
	}
	expect(seen.length).toBeGreaterThan(500);
	expect(seen.map((one) => one.DeliveryTag)).toEqual(seen.map((_, i) => i + 1));
	expect(new Set(seen.map((one) => `${one.NodeId} ${one.EventTimeUTC}`)).size).toBe(seen.length);
	for (const one of seen.slice(0, 100)) {
		const state = stateAt(simulator.units.get(one.NodeId)!.vehicle, Date.parse(one.EventTimeUTC) / 1000);
		expect(one).toMatchObject({
			Odo: Math.round(state.odometer),
			Ignition: state.ignition,
			Speed: Math.round(state.speed),
		});
	}
	expect(Date.parse(seen[0].EventTimeUTC)).toBeGreaterThan(NOW);
	expect(simulator.queues()[0]).toMatchObject({
		username: 'API_Demo',
		type: 'Positions',
		acknowledged: seen.length,
		unacknowledged: 0,
	});
	expect(await get('Queues/Unsubscribe', { type: 'Positions', directAccess: true })).toEqual({
		ErrorCode: 0,
		Subscribe: 'Success',
	});
	expect(simulator.queues()).toEqual([]);
});

/** Keys of the next messages of a queue, with their tags. */
const keysOf = (page: Json[]) => page.map((one) => `${one.NodeId} ${one.EventTimeUTC}`);
const tagsOf = (page: Json[]) => page.map((one) => one.DeliveryTag as number);

async function withPositions(options: CtrackOptions) {
	const simulator = await start(options);
	const { get } = await session(simulator);
	await get('Queues/Subscribe', { type: 'Positions', directAccess: true });
	simulator.advance(20 * 60_000);
	const from = (one: Awaited<ReturnType<typeof session>>) => ({
		take: async (limit: number): Promise<Json[]> =>
			(await one.get('Queues/GetPositions', { autoack: false, limit })).VehiclePositionsDetailed,
		ack: (Tags: string | number) => one.get('Queues/Ack', { type: 'Positions', Tags }),
	});
	return { simulator, ...from({ get, token: '' }), again: async () => from(await session(simulator)) };
}

test('queues: what is not acknowledged comes again on the next Get', async () => {
	const { take, ack, again } = await withPositions({ redelivery: 'nextGet' });
	const first = await take(10);
	const second = await take(15);
	expect(keysOf(second).slice(0, 10)).toEqual(keysOf(first));
	expect(tagsOf(second)).toEqual(Array.from({ length: 15 }, (_, i) => i + 1));
	expect(await ack(5)).toEqual({ ErrorCode: 0, Result: 'Success' });
	expect(tagsOf(await take(2))).toEqual([6, 7]);
	// Cumulative over those that wait to come again as well.
	expect((await ack('3,12')).ErrorCode).toBe(0);
	const third = await take(3);
	expect(tagsOf(third)).toEqual([13, 14, 15]);
	expect((await ack(16)).ErrorCode).toBe(1);

	const next = await again();
	const fresh = await next.take(3);
	expect(keysOf(fresh)).toEqual(keysOf(third));
	expect(tagsOf(fresh)).toEqual([1, 2, 3]);
});

test('queues: new tags for what comes again', async () => {
	const { take, ack } = await withPositions({ redelivery: 'nextGet', redeliveredTags: 'new' });
	const first = await take(4);
	const second = await take(4);
	expect(keysOf(second)).toEqual(keysOf(first));
	expect(tagsOf(second)).toEqual([5, 6, 7, 8]);
	await ack(4); // of the first delivery, which is over
	expect(keysOf(await take(4))).toEqual(keysOf(first));
	await ack(12);
	expect(keysOf(await take(1))).not.toEqual(keysOf(first).slice(0, 1));
});

test('queues: what is not acknowledged comes again only in a new session', async () => {
	const { simulator, take, ack, again } = await withPositions({ redelivery: 'newSession', deliveryTags: 'queue' });
	const first = await take(10);
	const second = await take(10);
	expect(tagsOf(second)).toEqual(Array.from({ length: 10 }, (_, i) => i + 11));
	expect(keysOf(first).filter((key) => keysOf(second).includes(key))).toEqual([]);
	await ack(4);
	expect(simulator.queues()[0]).toMatchObject({ acknowledged: 4, unacknowledged: 16 });
	const next = await again();
	const third = await next.take(20);
	expect(keysOf(third).slice(0, 16)).toEqual([...keysOf(first).slice(4), ...keysOf(second)]);
	expect(tagsOf(third)[0]).toBe(21);
	expect((await take(1).catch(() => null)) ?? null).toBeNull();
	simulator.redeliver();
	expect(keysOf(await next.take(20))).toEqual(keysOf(third));
});

test('queues: trips once a day, delay, time to live, two weeks without use, loss', async () => {
	const trips = await start({ tripsHour: 12 });
	const all = await session(trips);
	await all.get('Queues/Subscribe', { type: 'Trips', directAccess: true });
	const take = async () =>
		(await (await session(trips)).get('Queues/GetTrips', { autoack: true, limit: 1000 }))
			.VehicleTripsDetailed as Json[];
	trips.advance(2 * HOUR * 1000);
	expect(await take()).toEqual([]);
	trips.advance(HOUR * 1000);
	const day: Json[] = [];
	for (let page = await take(); page.length > 0; page = await take()) day.push(...page);
	expect(day.length).toBeGreaterThan(100);
	const noon = Date.UTC(2026, 2, 18, 12);
	for (const { TripEndUTC } of day) {
		expect(Date.parse(TripEndUTC)).toBeLessThanOrEqual(noon);
		expect(Date.parse(TripEndUTC)).toBeGreaterThan(noon - DAY * 1000);
	}

	const {
		simulator,
		take: positions,
		again,
	} = await withPositions({ queueDelaySeconds: HOUR, messageTtlSeconds: 600 });
	expect(await positions(5)).toEqual([]);
	simulator.advance(2 * HOUR * 1000);
	const later = await again();
	const [oldest] = await later.take(5);
	expect(Date.parse(oldest.EventTimeUTC)).toBeGreaterThanOrEqual(simulator.now() - 600_000);

	const lost = simulator.loseMessages('API_Demo', 'Positions', 3);
	expect(lost).toHaveLength(3);
	expect(simulator.queues()[0]!.lost).toBe(3);
	simulator.advance(15 * DAY * 1000);
	const { get } = await session(simulator);
	expect((await get('Queues/GetPositions', { autoack: true, limit: 1 })).ErrorCode).toBe(1);
});

test('faults, and steering over HTTP', async () => {
	const simulator = await start();
	const { get } = await session(simulator);
	await get('Queues/Subscribe', { type: 'Positions', directAccess: true });
	simulator.advance(600_000);
	simulator.fail({ kind: 'reset', effect: 'after', match: '*/GetPositions' });
	await expect(get('Queues/GetPositions', { autoack: true, limit: 3 })).rejects.toThrow();
	expect(simulator.queues()[0]).toMatchObject({ delivered: 3, acknowledged: 3 });
	simulator.fail({ kind: 'code', code: 4, match: '*/GetVehicles', times: 2 });
	expect(await get('Vehicles/GetVehicles')).toEqual({ ErrorCode: 4 });
	simulator.clearFaults();
	expect((await get('Vehicles/GetVehicles')).ErrorCode).toBe(0);
	expect(simulator.requests.at(-1)).toMatchObject({ method: 'GET', status: 200, code: 0, carriedOut: true });

	const state = (await (await fetch(`${simulator.origin}/_simulator/state`)).json()) as Json;
	expect(state).toMatchObject({
		users: expect.any(Array),
		vehicles: expect.any(Array),
		queues: [expect.objectContaining({ type: 'Positions' })],
	});
	const kill = await fetch(`${simulator.origin}/_simulator/kill-token`, {
		method: 'POST',
		body: JSON.stringify({ account: 'API_Demo' }),
	});
	expect(kill.status).toBe(200);
	expect((await get('Vehicles/GetVehicles')).ErrorCode).toBe(4);
});

test('what no document shows: keys, lists, times, units, records with an error', async () => {
	const last = async (options: CtrackOptions, advance = 0) => {
		const simulator = await start({ fleet: FLEET, ...options });
		simulator.advance(advance);
		return (await session(simulator)).get('Vehicles/GetLastVehiclePositionsforAuthenticatedUser');
	};
	expect(Object.keys(await last({ extras: true }))).toEqual([
		'ErrorCode',
		'LastVehiclePositions',
		'Warnings',
		'Notices',
		'Server',
	]);
	expect((await last({ keyCase: 'camel' })).lastVehiclePositions[0]).toMatchObject({ nodeId: PLAIN });
	expect((await last({ times: 'dotted' })).LastVehiclePositions[0].EventTimeUTC).toMatch(/^18\.03\.2026 09:/);
	expect(SECONDS - (await last({ times: 'epoch' })).LastVehiclePositions[0].EventTimeUTC).toBeLessThan(60);
	const faulty: number[] = [];
	for (let minute = 0; minute < 5; minute++) {
		const { LastVehiclePositions } = await last({ faultyRecords: true }, minute * 60_000);
		const [{ ErrorCode, Latitude }] = LastVehiclePositions;
		expect(Latitude === 0).toBe(ErrorCode !== 0);
		faulty.push(ErrorCode);
	}
	expect(faulty.filter((code) => code !== 0)).toHaveLength(1);
	const driving = async (durations: CtrackOptions['durations']) => {
		const { get } = await session(await start({ fleet: FLEET, durations }));
		const { VehicleTripsDetailed } = await get('Vehicles/GetVehicleTripsDetailed', {
			vehicleNodeId: PLAIN,
			...period(SECONDS - DAY, SECONDS),
		});
		return VehicleTripsDetailed[0].DrivingTime;
	};
	const seconds = await driving('seconds');
	expect(await driving('minutes')).toBe(seconds / 60);
	expect(await driving('timespan')).toBe(new Date(seconds * 1000).toISOString().slice(11, 19));
	const hours = async (runningHours: CtrackOptions['runningHours']) => {
		const { get } = await session(await start({ fleet: FLEET, runningHours }));
		return (await get('Vehicles/GetVehiclesRunningHours', { vehicleNodeId: PLAIN })).VehicleRunningHours[0]
			.RunningHours;
	};
	expect((await hours('seconds')) / (await hours('hours'))).toBeGreaterThan(3600);
});

test('what no document shows: dead sessions in other words', async () => {
	for (const [sessionErrors, status, code] of [
		['otherCode', 200, 3],
		['http403', 403, undefined],
	] as const) {
		const simulator = await start({ sessionErrors });
		const { get } = await session(simulator);
		simulator.killToken('API_Demo');
		const answer = await get('Vehicles/GetVehicles', {}, status);
		if (code !== undefined) expect(answer.ErrorCode).toBe(code);
	}
});

test('what no document shows: queues', async () => {
	const take = async (options: CtrackOptions) => {
		const simulator = await start({ fleet: FLEET, ...options });
		const { get } = await session(simulator);
		const subscribe = () => get('Queues/Subscribe', { type: 'Positions', directAccess: true });
		const answers = [await subscribe(), await subscribe()].map(({ Subscribe }) => Subscribe);
		simulator.advance(300_000);
		const messages = async () =>
			(await get('Queues/GetPositions', { autoack: false, limit: 10 })).VehiclePositionsDetailed as Json[];
		const first = await messages();
		await get('Queues/Ack', { type: 'Positions', Tags: 10 });
		return { answers, first, second: await messages() };
	};
	expect((await take({})).answers).toEqual(['Success', 'Success']);
	expect((await take({ subscribedAlready: 'word' })).answers).toEqual(['Success', 'AlreadySubscribed']);
	expect((await take({ messageTags: 'none' })).first[0]).not.toHaveProperty('DeliveryTag');
	expect((await take({ messageTags: 'otherCase' })).first[0]).toMatchObject({ deliveryTag: 1 });
	expect((await take({ messageTags: 'text' })).first[0]).toMatchObject({ DeliveryTag: 'tag-1' });
	const ignored = await take({ acknowledging: 'ignored' });
	expect(ignored.second).toEqual(ignored.first);
	const { first } = await take({ doubleMessages: true });
	const [one, two] = first as [Json, Json];
	expect([one.NodeId, one.EventTimeUTC]).toEqual([two.NodeId, two.EventTimeUTC]);
	expect(two.StatusText).toBe('Battery Tamper');
});
