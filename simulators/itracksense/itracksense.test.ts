import { afterEach, expect, test } from 'vitest';
import { createFleet, lastFix, stateAt } from '../fleet';
import { distance } from '../routes';
import { zoneOffset } from '../zones';
import {
	DEFAULT_PATHS,
	DEVICE_PASSWORD,
	PASSWORD,
	startItracksense,
	type ItracksenseOptions,
	type ItracksenseSimulator,
	type Section,
} from '.';

const NOW = Date.UTC(2026, 2, 18, 9, 41, 7);
const SECONDS = NOW / 1000;
const HOUR = 3600;
const DAY = 86_400;
const FLEET = createFleet({ now: NOW });
const ID = FLEET.map(({ imei }) => imei);
const PLATE = FLEET.map(({ plate }) => plate);
const ICCID = FLEET.map(({ iccid }) => iccid);
const LOCK = 2;
const ASSET = 1;
const NEVER_ONLINE = 3;
const OFFLINE = 4;

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever a method answers; the tests say what it should be
type Json = any;
type Values = Record<string, unknown>;

const running: ItracksenseSimulator[] = [];
afterEach(async () => {
	await Promise.all(running.splice(0).map((simulator) => simulator.close()));
});

async function start(options: ItracksenseOptions = {}): Promise<ItracksenseSimulator> {
	const simulator = await startItracksense({ clock: () => NOW, ...options });
	running.push(simulator);
	return simulator;
}

const local = (time: number) => new Date((time + 8 * HOUR) * 1000).toISOString().slice(0, 19).replace('T', ' ');
const since = (text: string) => Date.parse(`${text.replace(' ', 'T')}+08:00`) / 1000;
const period = (begin: number, end: number) => ({ StartTime: local(begin), EndTime: local(end) });

function send(simulator: ItracksenseSimulator, path: string, body: unknown, token?: string) {
	return fetch(simulator.url + path, {
		method: 'POST',
		headers: {
			'content-type': 'application/json',
			...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
		},
		body: typeof body === 'string' ? body : JSON.stringify(body),
	});
}

async function ask(
	simulator: ItracksenseSimulator,
	section: Section,
	body: unknown = {},
	token?: string,
): Promise<Json> {
	const response = await send(simulator, simulator.paths[section], body, token);
	expect(response.status).toBe(200);
	expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
	return response.json();
}

const login = (simulator: ItracksenseSimulator, LoginName = 'demo', PassWord = PASSWORD) =>
	ask(simulator, 4, { LoginName, PassWord });

async function session(simulator: ItracksenseSimulator, loginName = 'demo') {
	const token: string = (await login(simulator, loginName)).Data;
	const raw = (section: Section, values: unknown = {}): Promise<Json> => ask(simulator, section, values, token);
	return {
		token,
		raw,
		/** The Data of an answer with Code 200. */
		get: async (section: Section, values: Values = {}): Promise<Json> => {
			const answer = await raw(section, values);
			expect([section, answer.Code, Object.keys(answer)]).toEqual([section, 200, ['Code', 'Data', 'ErrMsg']]);
			return answer.Data;
		},
	};
}

test('4: login and its codes', async () => {
	const simulator = await start();
	expect(await login(simulator)).toEqual({ Code: 200, Data: expect.stringMatching(/^[0-9A-F]{32}$/), ErrMsg: null });
	expect(await ask(simulator, 4, { LoginName: 'demo' })).toEqual({
		Code: 500,
		Data: null,
		ErrMsg: 'User / password can’t be null ',
	});
	const codes = await Promise.all(
		['nobody', 'expired', 'enterprise-expired', 'deleted', 'service-ended'].map(
			async (name) => (await login(simulator, name)).Code,
		),
	);
	expect(codes).toEqual([4004, 4002, 4003, 4006, 4000]);
	expect(await login(simulator, 'demo', 'wrong')).toMatchObject({ Code: 4005, ErrMsg: 'Password error' });
});

test('tokens live 180 days and die by logout or from outside; a new login only on demand', async () => {
	const simulator = await start();
	const [one, two] = [await session(simulator), await session(simulator)];
	await one.get(7, { VehiclePlates: '' });
	expect(await one.raw(5)).toEqual({ Code: 200, Data: null, ErrMsg: null });
	expect(await one.raw(7, { VehiclePlates: '' })).toEqual({ Code: 401, Data: null, ErrMsg: 'Token invalid' });
	expect(await one.raw(15, { DeviceID: ID[0], NewVehiclePlate: 'x' })).toEqual({
		Code: 200,
		Data: '1',
		ErrMsg: null,
	});
	expect((await ask(simulator, 5, { Token: (await session(simulator)).token })).Code).toBe(200);
	simulator.advance(180 * DAY * 1000 - 1000);
	await two.get(7, { VehiclePlates: '' });
	simulator.advance(1000);
	expect((await two.raw(19)).Code).toBe(401);
	for (const end of ['killToken', 'expireToken'] as const) {
		const { raw } = await session(simulator);
		simulator[end]('demo');
		expect((await raw(29)).Code).toBe(401);
	}
	const strict = await start({ newLoginEndsOld: true, deadToken: 'http401' });
	const { token } = await session(strict);
	await session(strict);
	const response = await send(strict, strict.paths[7], { VehiclePlates: '' }, token);
	expect([response.status, await response.json()]).toEqual([
		401,
		{ Message: 'Authorization has been denied for this request.' },
	]);
	expect((await send(strict, strict.paths[7], { VehiclePlates: '' })).status).toBe(401);
});

test('paths: proven ones are fixed, others can be set, the rest is HTTP 404', async () => {
	const simulator = await start({ paths: { 6: '/api/vehicle/Fleet', 16: '/api/asset/Rename' } });
	const { get, token } = await session(simulator);
	expect((await get(6, { PageIndex: 1, PageSize: 5 })).data).toHaveLength(5);
	expect((await send(simulator, DEFAULT_PATHS[6], { PageIndex: 1, PageSize: 5 }, token)).status).toBe(404);
	expect((await send(simulator, '/api/vehicle/constructor', {}, token)).status).toBe(404);
	expect(
		(await fetch(simulator.url + DEFAULT_PATHS[7], { headers: { authorization: `Bearer ${token}` } })).status,
	).toBe(405);
	expect(DEFAULT_PATHS).toMatchObject({
		4: '/api/user/GetLoginToken',
		5: '/api/user/LogOut',
		7: '/api/vehicle/GetCurrentVehicleInfo',
		8: '/api/vehicle/GetCurrentVehicleInfoByDeviceIDs',
		42: '/api',
	});
	for (const [section, path] of Object.entries(DEFAULT_PATHS)) {
		if (!['4', '5', '42'].includes(section)) expect(path).toMatch(/^\/api\/(vehicle|asset)\/\w+$/);
	}
	await expect(start({ paths: { 7: '/api/x' } as object })).rejects.toThrow('section 7 is proven');
	await expect(start({ paths: { 6: '/api/vehicle/Same', 9: '/api/vehicle/Same' } })).rejects.toThrow('same path');
});

/** Every section with a token and its parameters: those that work. */
const EVERY: Record<number, Values> = {
	6: { PageIndex: 1, PageSize: 20 },
	7: { VehiclePlates: '' },
	8: { DeviceIDs: '' },
	9: { NumberPlateLists: PLATE[0], ...period(SECONDS - HOUR, SECONDS) },
	10: { DeviceID: ID[0], ...period(SECONDS - HOUR, SECONDS) },
	11: { DeviceID: '' },
	12: { VehiclePlate: PLATE[0] },
	13: { DeviceID: ID[0] },
	14: { DeviceID: ID[0], ...period(SECONDS - DAY, SECONDS) },
	15: { DeviceID: ID[5], NewVehiclePlate: 'NEW 1' },
	16: { DeviceID: ID[ASSET], AssetName: 'Trailer' },
	17: { VehiclePlate: PLATE[0], StartTime: '2026-03-10', EndTime: '2026-03-12' },
	18: { VehiclePlate: '' },
	19: { DeviceIDs: `${ID[0]}, ${ID[2]}`, StartTime: '2026-03-16', EndTime: '2026-03-17' },
	20: { VehicleNums: PLATE[0], ...period(SECONDS - DAY, SECONDS) },
	21: { DeviceIDs: ID[0], ...period(SECONDS - DAY, SECONDS) },
	22: { VehicleNums: PLATE[0], ...period(SECONDS - DAY, SECONDS) },
	23: { VehiclePlate: PLATE[0] },
	24: { DeviceID: ID[0] },
	25: { VehiclePlate: PLATE[0], PolygonID: 101 },
	26: {
		DeviceID: ID[0],
		...period(SECONDS - HOUR, SECONDS),
		ContainZeroSpeed: true,
		ContainLBSLocation: true,
		ContainCorrectPath: true,
	},
	27: { MinLon: 26, MinLat: '44', MaxLon: 27, MaxLat: 45, Coordsys: 'wsg84' },
	28: {
		DeviceIDs: ID[ASSET],
		...period(SECONDS - 3 * DAY, SECONDS),
		AlarmType: '',
		IsShowAddress: false,
		QueryType: 0,
		QueryKey: '',
	},
	29: { DeviceID: ID[0] },
	30: { DeviceID: ID[LOCK], Password: DEVICE_PASSWORD, OpenType: '1' },
	31: { DeviceID: ID[LOCK], Password: DEVICE_PASSWORD, FixedTime: local(SECONDS + HOUR) },
	32: { DeviceID: ID[LOCK], ...period(SECONDS - DAY, SECONDS) },
	33: { ICCID: ICCID[0] },
	34: { ICCID: ICCID[5], Status: 'Deactivate' },
	35: { ICCID: ICCID[0], Content: 'STATUS#' },
	36: { ICCID: ICCID[0], ...period(SECONDS - DAY, SECONDS) },
	37: { DeviceID: ID[0], TextCommand: 'Hello' },
	38: { DeviceID: ID[0], TextCommand: 'Hello High Level' },
	39: { DeviceID: ID[0] },
	40: { DeviceID: ID[0] },
	41: { DeviceID: ID[0] },
};
const NOT_NEEDED = [
	'ContainZeroSpeed',
	'ContainLBSLocation',
	'ContainCorrectPath',
	'AlarmType',
	'IsShowAddress',
	'QueryType',
	'QueryKey',
];

test('every section answers, and refuses to without any of its parameters', async () => {
	const { raw } = await session(await start({ fleet: createFleet({ now: NOW }) }));
	expect(Object.keys(EVERY)).toHaveLength(36);
	for (const [key, values] of Object.entries(EVERY)) {
		const section = Number(key) as Section;
		for (const missing of Object.keys(values).filter((name) => !NOT_NEEDED.includes(name))) {
			const { [missing]: _, ...rest } = values;
			const expected =
				section <= 13 || section === 17 ? 401 : missing === 'DeviceIDs' && section !== 28 ? 402 : 500;
			expect([section, missing, (await raw(section, rest)).Code]).toEqual([section, missing, expected]);
		}
		const { Code, ErrMsg } = await raw(section, values);
		const words = section < 29 ? null : section === 29 ? 'Ok' : section <= 32 ? 'Success' : 'OK';
		expect([section, Code, ErrMsg]).toEqual([section, 200, words]);
	}
});

test('codes mean what each section says, in its own words', async () => {
	const { raw } = await session(await start());
	const wrong = period(SECONDS, SECONDS - 1);
	const cases: [Section, unknown, number, string][] = [
		[6, {}, 401, 'Dangerous value in parameters or parameters missed'],
		[7, { VehiclePlates: "x' or 1=1 --" }, 401, 'Dangerous value in parameters or parameter value missed'],
		[8, {}, 401, 'Risky value existed or parameter value missed'],
		[9, {}, 401, 'Risky value parameters or parameter missed'],
		[9, { ...EVERY[9], ...wrong }, 403, 'Start time can’t be greater than end Time'],
		[9, { ...EVERY[9], NumberPlateLists: 'none' }, 4001, 'Vehicle Plate does not exist or been deleted'],
		[10, { ...EVERY[10], ...wrong }, 403, 'startTime can’t be greather than endTime'],
		[10, { ...EVERY[10], DeviceID: '1' }, 4002, 'Device number does not exist or has been deleted'],
		[10, { ...EVERY[10], StartTime: '18/03/2026' }, 401, 'Dangerous value in parameters or parameters missed'],
		[10, 'no JSON', 401, 'Dangerous value in parameters or parameters missed'],
		[12, { VehiclePlate: 'none' }, 4001, 'Limited authority or vehicle/asset does not exist'],
		[13, { DeviceID: '1' }, 4001, 'Limited authority or vehicle does not exist'],
		[14, { ...EVERY[14], DeviceID: '1' }, 500, 'System error'],
		[17, { ...EVERY[17], VehiclePlate: 'none' }, 4001, 'This vehicle plate does not exist or has been deleted'],
		[17, { ...EVERY[17], EndTime: '2026-03-09' }, 403, 'startTime should not be greater than end time'],
		[
			19,
			{ ...EVERY[19], DeviceIDs: 'one;two' },
			402,
			'DeviceIDs format is incorrect, please use DeviceID,DeviceID,DeviceID,…format',
		],
		[
			21,
			{ ...EVERY[21], DeviceIDs: '' },
			402,
			'deviceIDs format is not correct, please deviceID,deviceID,deviceID,…format',
		],
		[22, { ...EVERY[22], ...wrong }, 403, 'startTime should not be greater than end time'],
		[24, { DeviceID: '1' }, 404, 'This device does not exist'],
		[25, { ...EVERY[25], PolygonID: 999 }, 404, 'This device does not exist'],
		[26, { ...EVERY[26], DeviceID: '1' }, 404, 'This device does not exist'],
		[27, { ...EVERY[27], Coordsys: 'wgs84' }, 500, 'System error'],
		[28, { ...EVERY[28], DeviceIDs: '1' }, 4005, 'This device does not exist or has been deleted'],
		[
			28,
			{ ...EVERY[28], QueryType: 2, QueryKey: 'none' },
			4006,
			'This Vehicle Plate does not exist or has been deleted',
		],
		[30, { ...EVERY[30], Password: '000000' }, 500, 'Password error'],
		[34, { ...EVERY[34], Status: 'Off' }, 500, 'System error'],
		[37, { ...EVERY[37], DeviceID: '1' }, 500, 'System error'],
	];
	for (const [section, values, Code, ErrMsg] of cases)
		expect([section, await raw(section, values)]).toEqual([section, { Code, Data: null, ErrMsg }]);
	const mirrored = await start({ errorStatus: 'mirrored' });
	expect((await send(mirrored, mirrored.paths[7], { VehiclePlates: '' })).status).toBe(401);
	expect((await send(mirrored, mirrored.paths[4], { LoginName: 'nobody', PassWord: 'x' })).status).toBe(400);
	expect((await send(mirrored, mirrored.paths[4], {})).status).toBe(500);
});

test('6: pages from 0 or 1, search, kinds and states', async () => {
	for (const firstPage of [0, 1] as const) {
		const { get } = await session(await start({ firstPage, fleetSize: 25 }));
		const page = async (PageIndex: number) => (await get(6, { PageIndex, PageSize: '10' })).data.length as number;
		expect([await page(0), await page(1), await page(2), await page(3)]).toEqual(
			firstPage === 0 ? [10, 10, 5, 0] : [10, 10, 10, 5],
		);
	}
	const { get } = await session(await start({ maxPageSize: 5 }));
	const list = (more: Values) => get(6, { PageIndex: 1, PageSize: 100, ...more });
	const all = await list({});
	expect([all.total, all.data.length]).toEqual([12, 5]);
	expect(all.data[0]).toEqual({
		DeviceID: ID[0],
		VehiclePlate: PLATE[0],
		isOnline: true,
		isAlarm: expect.any(Boolean),
		DeviceType: 0,
		isFocus: false,
		NoUsed: false,
	});
	expect((await list({ Key: ID[7] })).data.map((one: Json) => one.DeviceID)).toEqual([ID[7]]);
	expect((await list({ Key: PLATE[7] })).total).toBe(1);
	expect((await list({ DeviceType: 2 })).total).toBe(2);
	expect((await list({ DeviceType: 1 })).total).toBe(1);
	expect((await list({ Status: 4 })).data.map((one: Json) => one.DeviceID)).toEqual([ID[NEVER_ONLINE]]);
	expect((await list({ Status: 2 })).data.map((one: Json) => one.DeviceID)).toEqual([ID[NEVER_ONLINE], ID[OFFLINE]]);
	expect((await list({ Status: 1 })).total).toBe(10);
	expect((await list({ Status: 5 })).total).toBe(2);
});

test('7, 8: the record of the document, numbers as strings, unknown ones left out', async () => {
	const simulator = await start({ fleet: FLEET });
	const { get } = await session(simulator);
	const { total, data } = await get(7, { VehiclePlates: '' });
	expect(total).toBe(12);
	expect(Object.keys(data[0]).join()).toBe(
		'SIM,SIM2,ObjectCode,VehicleNum,GPSTime,RcvTime,Lon,Lat,Speed,Direct,Mileage,StatusDes,OilNum,IsOnline,IsAlarm,Status,IsReversal',
	);
	for (const one of data) {
		const vehicle = simulator.devices.get(one.SIM2)!.vehicle;
		const fix = lastFix(vehicle, SECONDS);
		expect(one.VehicleNum).toBe(vehicle.plate);
		if (!fix) {
			expect(one).toMatchObject({ GPSTime: null, RcvTime: null, Lon: 0, Lat: 0, StatusDes: '', IsOnline: 0 });
			continue;
		}
		expect(one).toMatchObject({
			GPSTime: local(fix.time),
			Status: Number(fix.ignition),
			Direct: fix.course,
			Mileage: (fix.odometer / 1000).toFixed(1),
			OilNum: fix.fuelLitres.toFixed(1),
			Lon: expect.closeTo(fix.longitude, 5),
			Lat: expect.closeTo(fix.latitude, 5),
			Speed: expect.closeTo(fix.speed, 1),
		});
	}
	expect(await get(8, { DeviceIDs: `${ID[2]},1,${ID[0]}` })).toMatchObject({
		total: 2,
		data: [{ SIM2: ID[0] }, { SIM2: ID[2] }],
	});
	expect(await get(7, { VehiclePlates: 'none' })).toEqual({ total: 0, data: [] });
	const branch = await session(simulator, 'cluj');
	expect((await branch.get(8, { DeviceIDs: '' })).data.map((one: Json) => one.SIM2)).toEqual([
		ID[3],
		ID[4],
		ID[9],
		ID[10],
	]);
	expect((await branch.get(8, { DeviceIDs: ID[0] })).total).toBe(0);
});

test('StatusDes: all of its words, in several spellings', async () => {
	const { get } = await session(await start({ fleet: FLEET }));
	const texts = (await get(7, { VehiclePlates: '' })).data.map((one: Json) => one.StatusDes) as string[];
	for (const id of [ID[0], ID[1], ID[2], ID[4], ID[5]]) {
		for (const one of (await get(10, { DeviceID: id, ...period(SECONDS - 12 * HOUR, SECONDS) })).data)
			texts.push(one.StatusDes);
	}
	for (const words of [
		/ACC off \[\d+ min/,
		/ Acc off \[.* \]/,
		/ACC OFF \[/,
		/Moving\[(\d+ min )?\d+ seconds\]/,
		/Moving \[/,
		/ ACC on \[/,
		/Acc idle \[\d+ seconds\]/,
		/ ACC idle,/,
		/Acc on,Idle \[\d+ Seconds\]/,
		/Upload \[10 seconds \]/,
		/Upload interval\[10 Seconds \]/,
		/GSM network strong \d\d/,
		/GSM network weak \d/,
		/LTE Network {2}middle 1\d/,
		/main voltage 1[23]\.\dV/,
		/Main voltage/,
		/battery \d+%/,
		/1# temperature \d\.\d℃/,
		/communication interrupted alarm/,
		/reupload/,
	]) {
		expect(
			texts.some((text) => words.test(text)),
			String(words),
		).toBe(true);
	}
});

test('9, 10: more than a day becomes three, 50,000 records at most', async () => {
	const simulator = await start({ fleet: FLEET });
	const { get } = await session(simulator);
	const span = async (section: 9 | 10, begin: number, end: number, one = get) => {
		const { total, data } = await one(section, {
			NumberPlateLists: PLATE[0],
			DeviceID: ID[0],
			...period(begin, end),
		});
		expect(total).toBe(data.length);
		return [since(data[0].GPSTime) - SECONDS, since(data.at(-1).GPSTime) - SECONDS];
	};
	for (const section of [9, 10] as const) {
		const [from, to] = await span(section, SECONDS - 6 * DAY, SECONDS - 5 * DAY);
		expect([from! / DAY, to! / DAY]).toEqual([expect.closeTo(-6, 2), expect.closeTo(-5, 2)]);
		const [first, last] = await span(section, SECONDS - 6 * DAY, SECONDS - 5 * DAY + 1);
		expect([first! / DAY, last! / DAY]).toEqual([expect.closeTo(-6, 2), expect.closeTo(-3, 2)]);
	}
	const other = await session(await start({ fleet: FLEET, longHistory: 'untilEnd' }));
	const [first, last] = await span(10, SECONDS - 6 * DAY, SECONDS - 2 * DAY, other.get);
	expect([first! / DAY, last! / DAY]).toEqual([expect.closeTo(-5, 2), expect.closeTo(-2, 2)]);

	const { data } = await get(10, { DeviceID: ID[0], ...period(SECONDS - HOUR, SECONDS) });
	expect(Object.keys(data[0]).join()).toBe(
		'ObjectCode,VehicleNum,GPSTime,RcvTime,Lon,Lat,Speed,Direct,Mileage,StatusDes,OilNum,IsReversal',
	);
	for (const one of data) {
		const state = stateAt(FLEET[0]!, since(one.GPSTime));
		// Bursts have fractions of a second.
		expect(distance([one.Lat, one.Lon], [state.latitude, state.longitude])).toBeLessThan(20);
		expect(since(one.RcvTime)).toBeGreaterThanOrEqual(since(one.GPSTime));
	}
	const dense = await session(await start({ fleet: FLEET, fixIntervalSeconds: 1 }));
	expect((await dense.get(10, { DeviceID: ID[0], ...period(SECONDS - DAY, SECONDS) })).total).toBe(50_000);
	expect(await get(10, { DeviceID: ID[NEVER_ONLINE], ...period(SECONDS - HOUR, SECONDS) })).toEqual({
		total: 0,
		data: [],
	});
});

test('11 to 14, 17: alarms of now, addresses, mileage', async () => {
	const { get } = await session(await start({ fleet: FLEET }));
	const { data } = await get(11, { DeviceID: `${ID[OFFLINE]},${ID[NEVER_ONLINE]}` });
	expect(data).toEqual([
		expect.objectContaining({
			DeviceID: ID[OFFLINE],
			AlarmType: 'communication interrupted alarm',
			VehicleNum: PLATE[OFFLINE],
		}),
	]);
	expect(await get(12, { VehiclePlate: PLATE[0] })).toMatch(
		/^\(2026-03-18 17:4\d:\d\d\) \d+ Meters, .+, Bucharest, Romania$/,
	);
	expect(await get(13, { DeviceID: ID[NEVER_ONLINE] })).toBe('');
	const driven = stateAt(FLEET[0]!, SECONDS).odometer - stateAt(FLEET[0]!, SECONDS - DAY).odometer;
	expect(await get(14, EVERY[14])).toEqual({
		total: 1,
		data: [{ DeviceID: ID[0], VehicleNum: PLATE[0], Mileage: (driven / 1000).toFixed(1) }],
	});
	const sample = await get(17, {
		VehiclePlate: `${PLATE[0]},${PLATE[2]}`,
		StartTime: '2026-03-10',
		eEndTime: '2026-03-12',
	});
	expect(sample).toMatchObject({
		total: 2,
		data: [
			{
				VehicleNum: PLATE[0],
				OilNum: expect.stringMatching(/^\d+\.\d$/),
				Mileage: expect.stringMatching(/^\d+\.\d$/),
			},
			{},
		],
	});
	expect((await get(17, { ...EVERY[17], VehiclePlate: '' })).total).toBe(12);
});

test('15, 16: the result is in Data', async () => {
	const simulator = await start();
	const { get } = await session(simulator);
	expect(await get(15, { DeviceID: ID[0], NewVehiclePlate: 'B 99 NEW' })).toBe('0');
	expect((await get(7, { VehiclePlates: 'B 99 NEW' })).data[0].SIM2).toBe(ID[0]);
	expect(simulator.devices.get(ID[0]!)!.vehicle.plate).toBe(PLATE[0]);
	expect(await get(16, { DeviceID: ID[ASSET], AssetName: 'Trailer' })).toBe('0');
	expect(await get(16, { DeviceID: '1', AssetName: 'Trailer' })).toBe('2');
	expect(await get(15, { DeviceID: ID[0], NewVehiclePlate: 'x'.repeat(51) })).toBe('-1');
	expect(await (await session(simulator, 'cluj')).get(15, { DeviceID: ID[0], NewVehiclePlate: 'mine' })).toBe('4');
	expect(simulator.commands.map(({ section, deviceId, content }) => [section, deviceId, content])).toEqual([
		[15, ID[0], { NewVehiclePlate: 'B 99 NEW' }],
		[16, ID[ASSET], { AssetName: 'Trailer' }],
	]);
});

test('18 to 22, 25, 27, 28: regions, fences, alarms', async () => {
	const simulator = await start({ fleet: FLEET });
	const { get } = await session(simulator);
	const { data: records } = await get(20, EVERY[20]!);
	expect(records.length).toBeGreaterThan(20);
	expect(new Set(records.map((one: Json) => one.IOType))).toEqual(new Set([0, 1]));
	for (const name of ['Depot Bucharest, centre', ''])
		expect(records.map((one: Json) => one.RegionName)).toContain(name);
	const depot = simulator.regions[0]!;
	for (const one of records.filter((found: Json) => found.RegionName === depot.name)) {
		const inside = (time: number) => {
			const { latitude, longitude } = stateAt(FLEET[0]!, time);
			return distance([latitude, longitude], [depot.latitude, depot.longitude]) <= depot.radius;
		};
		const time = since(one.IOTime);
		expect([inside(time - 1), inside(time)]).toEqual(one.IOType === 0 ? [false, true] : [true, false]);
	}
	expect((await get(19, { DeviceIDs: ID[0], ...period(SECONDS - DAY, SECONDS) })).data).toEqual(records);
	const { data: inRegions } = await get(18, { VehiclePlates: '' });
	expect(inRegions.length).toBeGreaterThan(0);
	for (const { VehicleNum, RegionName } of inRegions) {
		const id = simulator.regions.find(({ name }) => name === RegionName)!.id;
		if (RegionName !== '')
			expect((await get(25, { VehiclePlate: VehicleNum, PolygonID: id })).data).toMatchObject({
				VehiclePlate: VehicleNum,
				InFence: 1,
				GPSFlag: 1,
			});
	}
	expect((await get(25, { VehiclePlate: PLATE[NEVER_ONLINE], PolygonID: 101 })).data).toEqual({
		VehiclePlate: PLATE[NEVER_ONLINE],
		InFence: 0,
		IsOnline: 0,
		GPSFlag: 0,
		GPSTime: null,
	});

	const { data: alarms } = await get(21, {
		DeviceIDs: `${ID[0]},${ID[ASSET]}`,
		...period(SECONDS - 6 * DAY, SECONDS),
	});
	const types = new Set(alarms.map((one: Json) => one.AlarmType));
	for (const type of [
		' Enter geofence alarm[Depot Bucharest, centre]',
		' Exit geofence alarm[]',
		'Over speed alarm',
		'Low battery alarm',
		'Removal alarm',
	])
		expect(types).toContain(type);
	expect(alarms[0]).toMatchObject({
		Lon: expect.any(Number),
		StatusDes: expect.stringContaining(alarms[0].AlarmType),
	});
	const strings = await session(await start({ alarmNumbers: 'string' }));
	expect((await strings.get(22, EVERY[22]!)).data[0]).toMatchObject({
		Lon: expect.any(String),
		Lat: expect.any(String),
		Speed: expect.any(String),
		Direct: expect.any(String),
	});
	expect((await strings.get(21, EVERY[21]!)).data[0].Lon).toEqual(expect.any(Number));

	const box = await get(27, EVERY[27]!);
	expect(box.data.length).toBeGreaterThan(3);
	expect(Object.keys(box.data[0]).join()).toBe(
		'SIM,SIM2,VehicleNum,GPSTime,RcvTime,Lon,Lat,Speed,Direct,Mileage,StatusDes,IsOnline,IsAlarm,Status,IsReversal',
	);
	expect(await get(27, { MinLon: 113, MinLat: 23, MaxLon: 114, MaxLat: 24, Coordsys: 'gcj02' })).toEqual({
		total: 0,
		data: [],
		correct_path: [],
	});

	const removals = await get(28, EVERY[28]!);
	expect(removals.total).toBeGreaterThan(8);
	expect(removals.data[0]).toMatchObject({
		WONO: '',
		VehicleName: PLATE[ASSET],
		SIM2: ID[ASSET],
		Culocation: '',
		HoldName: 'Fleetwire group ',
	});
	const cover = await get(28, {
		...EVERY[28],
		DeviceIDs: '',
		AlarmType: 'Cover open alarm',
		IsShowAddress: true,
		QueryType: 2,
		QueryKey: PLATE[7],
	});
	expect(new Set(cover.data.map((one: Json) => `${one.SIM2}${one.AlarmType}`))).toEqual(
		new Set([`${ID[7]} Cover open alarm`]),
	);
	expect(cover.data[0].Culocation).toContain('Bucharest');
});

test('23, 24: an object, or an empty list', async () => {
	const { get } = await session(await start({ fleet: FLEET }));
	const { data } = await get(23, { VehiclePlate: PLATE[0] });
	expect(Object.keys(data).join()).toBe(
		'VehicleNum,RcvTime,GPSTime,Lon,Lat,RLon,RLat,StatusDes,Speed,Mileage,Location,IsReversal',
	);
	const fix = lastFix(FLEET[0]!, SECONDS)!;
	expect([data.Lon, data.RLon]).toEqual([
		expect.closeTo(fix.longitude, 5),
		expect.closeTo(fix.longitude + 0.004876, 5),
	]);
	expect((await get(24, { DeviceID: ID[0] })).data).toEqual(data);
	expect(await get(24, { DeviceID: ID[NEVER_ONLINE] })).toEqual({ total: 0, data: [] });
});

test('26: strings, and a corrected path, an empty one or none', async () => {
	const { get } = await session(await start({ fleet: FLEET }));
	const hours = period(SECONDS - 3 * HOUR, SECONDS);
	const track = (id: string, more: Values = {}) => get(26, { DeviceID: id, ...hours, ...more });
	const whole = await track(ID[0]!, { ContainZeroSpeed: true, ContainLBSLocation: 'True', ContainCorrectPath: true });
	expect(Object.keys(whole)).toEqual(['total', 'data', 'correct_path']);
	for (const name of ['Lon', 'Lat', 'RLon', 'RLat', 'Speed', 'Direct', 'Status', 'Mileage', 'GPSFlag'])
		expect(whole.data[0][name]).toEqual(expect.any(String));
	expect(new Set(whole.data.map((one: Json) => one.GPSFlag))).toEqual(new Set(['1', '2']));
	expect(whole.correct_path).toHaveLength(whole.total);
	expect(whole.correct_path[0]).toEqual({
		x: expect.stringMatching(/^\d+\.\d+$/),
		y: expect.stringMatching(/^\d+\.\d+$/),
	});
	expect(whole.data[0].StatusDes).toContain(`SIM 卡 ICCID${ICCID[0]}`);
	expect(whole.data[0].Mileage).toBe(String(Math.round(stateAt(FLEET[0]!, since(whole.data[0].GPSTime)).odometer)));
	const moving = await track(ID[0]!);
	expect(moving.correct_path).toEqual([]);
	expect(moving.data.every((one: Json) => one.GPSFlag === '1')).toBe(true);
	expect(moving.total).toBeLessThan(whole.total);
	expect((await track(ID[11]!, { ContainCorrectPath: true })).correct_path).toBeNull();
	expect(await track(ID[NEVER_ONLINE]!, { ContainCorrectPath: true })).toEqual({
		total: 0,
		data: [],
		correct_path: [],
	});
	const kilometres = await session(await start({ fleet: FLEET, trackMileage: 'kilometres' }));
	expect((await kilometres.get(26, EVERY[26]!)).data[0].Mileage).toMatch(/^\d+\.\d$/);
});

test('29 to 32, 37 to 41: commands are logged and answered, locks open', async () => {
	const simulator = await start();
	const { get, raw } = await session(simulator);
	for (const section of [30, 31, 37, 38, 39, 40, 41] as const) {
		expect(await raw(section, { ...EVERY[section], DeviceID: ID[LOCK] })).toEqual({
			Code: 200,
			Data: null,
			ErrMsg: section <= 31 ? 'Success' : 'OK',
		});
		simulator.advance(10_000);
	}
	expect(simulator.commands.map(({ section, loginName, deviceId }) => [section, loginName, deviceId])).toEqual(
		[30, 31, 37, 38, 39, 40, 41].map((section) => [section, 'demo', ID[LOCK]]),
	);
	const log = await get(29, { DeviceID: ID[LOCK] });
	expect(log).toHaveLength(16);
	expect(log[0]).toEqual({
		RecID: expect.any(Number),
		MsgType: 'Respond',
		MsgBody: ` ICCID:${ICCID[LOCK]}`,
		SendTime: local(SECONDS + 62),
	});
	expect(log.map((one: Json) => one.RecID)).toEqual(log.map((_: Json, i: number) => log[0].RecID - i));
	expect(log.some((one: Json) => one.MsgType === 'Send' && one.MsgBody === 'Hello High Level')).toBe(true);

	simulator.advance(2 * HOUR * 1000);
	const events = await get(32, { DeviceID: ID[LOCK], ...period(SECONDS - DAY, SECONDS + 2 * HOUR) });
	expect(new Set(events.map((one: Json) => one.EventInfo))).toEqual(
		new Set(['lock on', 'lock off', 'Unlocked & Pole/Rope in Lock', 'Unlocked & Pole/Rope out Lock']),
	);
	expect(Object.keys(events[0]).join()).toBe(
		'DeviceID,VehicleNum,EventInfo,EventTime,GPSTime,GPSFlag,Lon,Lat,Address,Speed,Direction,Mileage',
	);
	const times = events.map((one: Json) => one.EventTime);
	expect(times).toContain('2026/3/18 17:41:09'); // opened at once
	expect(times).toContain('2026/3/18 18:41:07'); // opened an hour later
	expect(events[0]).toMatchObject({
		Address: null,
		GPSFlag: expect.stringMatching(/^(Yes|No)$/),
		Direction: expect.any(Number),
		Mileage: expect.any(Number),
	});
	expect(await get(32, { ...EVERY[32], DeviceID: ID[0] })).toEqual([]);

	await get(37, { DeviceID: ID[OFFLINE], TextCommand: 'RESET#' });
	simulator.advance(60_000);
	expect((await get(29, { DeviceID: ID[OFFLINE] })).map((one: Json) => one.MsgType)).toEqual([
		'Send',
		'Respond',
		'Send',
	]);
});

test('33 to 36: SIM cards and their messages', async () => {
	const simulator = await start();
	const { get } = await session(simulator);
	const detail = await get(33, { ICCID: ICCID[0] });
	expect(Object.keys(detail).join()).toBe(
		'SIM,ICCID,IMSI,Tag,PackageName,DeviceID,Remark,Status,SessionStatus,UsageAmount,UsageData,SMSAmount,SMSData,OperatorCountry,AccessTechnology,' +
			'IpAddress,Actived,EndDate,CreateDate',
	);
	expect(detail).toMatchObject({
		ICCID: ICCID[0],
		DeviceID: ID[0],
		Status: 'Activated',
		SessionStatus: 'Online',
		Actived: '2025-01-01',
	});
	await get(35, { ICCID: ICCID[0], Content: 'STATUS#' });
	await get(34, { ICCID: ICCID[0], Status: 'Deactivate' });
	await get(35, { ICCID: ICCID[0], Content: 'PARAM#' });
	simulator.advance(60_000);
	expect(await get(33, { ICCID: ICCID[0] })).toMatchObject({
		Status: 'Deactivated',
		SessionStatus: 'Offline',
		SMSData: 2,
	});
	const list = await get(36, { ICCID: ICCID[0], ...period(SECONDS - HOUR, SECONDS + HOUR) });
	expect(list.Total_Records).toBe(3);
	expect(list.List.map((one: Json) => [one.Content, one.MType, one.Status])).toEqual([
		['STATUS#', 'MT', 'Delivered'],
		['PARAM#', 'MT', 'Failed'],
		['STATUS OK', 'MO', 'Reply'],
	]);
	await get(34, { ICCID: ICCID[0], Status: 'Activate' });
	expect((await get(33, { ICCID: ICCID[0] })).Status).toBe('Activated');
	expect(simulator.commands.map(({ section }) => section)).toEqual([35, 34, 35, 34]);
});

test('42: a page, with a key or without', async () => {
	const simulator = await start();
	const { token } = await session(simulator);
	const page = async (key: string) =>
		(await fetch(`${simulator.url}/api?${new URLSearchParams({ key, ids: ID[0]!, type: '0', fun: '3' })}`)).text();
	expect(await page(token)).toContain('<title>iTracksense</title>');
	expect(await page('')).toContain('login');
});

test('times of another zone', async () => {
	const { get } = await session(await start({ timeZone: 'Europe/Bucharest' }));
	const fix = lastFix(FLEET[0]!, SECONDS)!;
	expect(zoneOffset('Europe/Bucharest', SECONDS)).toBe(2 * HOUR);
	expect((await get(24, { DeviceID: ID[0] })).data.GPSTime).toBe(local(fix.time - 6 * HOUR));
});

test('limits, faults, and steering over HTTP', async () => {
	const limited = await start({ rateLimit: { requests: 1, perSeconds: 5 } });
	const one = await session(limited);
	await one.get(7, { VehiclePlates: '' });
	expect((await send(limited, limited.paths[7], { VehiclePlates: '' }, one.token)).status).toBe(429);

	const simulator = await start();
	const { raw, get, token } = await session(simulator);
	simulator.fail({ kind: 'code', code: 401, match: simulator.paths[7] });
	expect(await raw(7, { VehiclePlates: '' })).toEqual({ Code: 401, Data: null, ErrMsg: 'Token invalid' });
	simulator.fail({ kind: 'reset', effect: 'after', match: simulator.paths[30] });
	await expect(send(simulator, simulator.paths[30], EVERY[30], token)).rejects.toThrow();
	expect(simulator.commands).toHaveLength(1);
	simulator.fail({ kind: 'html', times: null });
	simulator.clearFaults();
	await get(7, { VehiclePlates: '' });
	expect(simulator.requests.at(-1)).toMatchObject({
		method: 'POST',
		path: '/api/vehicle/GetCurrentVehicleInfo',
		status: 200,
		code: 200,
		carriedOut: true,
	});
	const kill = await fetch(`${simulator.url}/_simulator/kill-token`, { method: 'POST', body: '{"account":"demo"}' });
	expect(kill.status).toBe(200);
	expect((await raw(7, { VehiclePlates: '' })).Code).toBe(401);
	const state = (await (await fetch(`${simulator.url}/_simulator/state`)).json()) as Json;
	expect(state).toMatchObject({ timeZone: 'Asia/Shanghai', paths: DEFAULT_PATHS, commands: [{ section: 30 }] });
});
