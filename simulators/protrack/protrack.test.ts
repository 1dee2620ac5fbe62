import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { createFleet } from '../fleet';
import { ANSWER_KINDS, startProtrack, type FaultRule, type ProtrackOptions, type ProtrackSimulator } from '.';

const NOW = Date.UTC(2026, 2, 18, 9, 41, 7);
const SECONDS = NOW / 1000;
const WEEK = 7 * 86_400;
const HALF_HOUR = Math.floor(SECONDS / 1800) * 1800;
const IMEIS = createFleet({ now: NOW }).map(({ imei }) => imei);
const [PLAIN, , , NEVER_ONLINE, OFFLINE, BLOCKED, EXPIRED, SILENT, FAILING, SEND_FAILS, SPARSE, STUCK] = IMEIS as [
	string,
	...string[],
];

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the tests say what it should be
type Json = any; // whatever a method answers; the tests say what it should be
type Reply = { code: number; message?: string; record?: Json };
type Values = Record<string, string | number>;

const running: ProtrackSimulator[] = [];
afterEach(async () => {
	await Promise.all(running.splice(0).map((simulator) => simulator.close()));
});

async function start(options: Partial<ProtrackOptions> = {}): Promise<ProtrackSimulator> {
	const simulator = await startProtrack({ brand: 'trackceo', clock: () => NOW, ...options });
	running.push(simulator);
	return simulator;
}

const md5 = (text: string) => createHash('md5').update(text).digest('hex');
const address = (url: string, path: string, values: Values) =>
	`${url}/api/${path}?${new URLSearchParams(values as Record<string, string>)}`; // numbers are written as text

async function ask(simulator: ProtrackSimulator, path: string, values: Values = {}, method = 'GET'): Promise<Reply> {
	const response = await fetch(address(simulator.url, path, values), { method });
	expect(response.status).toBe(200);
	expect(response.headers.get('content-type')).toBe('application/json; charset=UTF-8');
	return (await response.json()) as Reply;
}

function login(simulator: ProtrackSimulator, account = 'demo', password = 'Abc@34590'): Promise<Reply> {
	const time = Math.floor(simulator.now() / 1000);
	return ask(simulator, 'authorization', { time, account, signature: md5(md5(password) + time) });
}

/** A logged-in account. */
async function session(simulator: ProtrackSimulator, account = 'demo') {
	const access_token: string = (await login(simulator, account)).record.access_token;
	return {
		access_token,
		get: (path: string, values: Values = {}) => ask(simulator, path, { access_token, ...values }),
		post: (path: string, values: Values = {}) => ask(simulator, path, { access_token, ...values }, 'POST'),
	};
}

/** The documents' algorithm (2.3, 2.8): the next page begins with the time of the last record. */
async function walk(page: (begin: number) => Promise<string>, size: number, cursorField: number): Promise<string[]> {
	const found: string[] = [];
	for (let begin = SECONDS - WEEK; ;) {
		const records = (await page(begin)).split(';');
		// The boundary second comes again as a whole.
		const kept = found.filter((record) => Number(record.split(',')[cursorField]) < begin);
		found.splice(0, found.length, ...kept, ...records);
		if (records.length < size) return found;
		const next = Number(records.at(-1)!.split(',')[cursorField]);
		expect(next).toBeGreaterThan(begin);
		begin = next;
	}
}

test('takes the signatures of the document and of the facts', async () => {
	const vector = async (time: number, password: string, signature: string) => {
		const simulator = await start({ clock: () => time * 1000, accounts: [{ account: 'test', password }] });
		return ask(simulator, 'authorization', { time, account: 'test', signature });
	};
	const answer = await vector(1556243443, 'Abc@34590', '3844afd2c3bf68f0f3f4aa0a9ee8ee6c');
	expect(answer).toEqual({
		code: 0,
		record: { access_token: expect.stringMatching(/^A1556243443[0-9a-f]{36}$/), expires_in: 7200 },
	});
	expect((await vector(1504084954, '123456', 'ecca11e8e116455c48c8ad2ef5c1e0ee')).code).toBe(0);
	expect((await vector(1504084954, '123456', 'ECCA11E8E116455C48C8AD2EF5C1E0EE')).code).toBe(20001);
});

test('refuses logins as the documents list it', async () => {
	const simulator = await start();
	expect(await ask(simulator, 'authorization', { time: SECONDS, account: 'demo' })).toEqual({
		code: 10005,
		message: 'Missing required parameter',
	});
	expect((await login(simulator, 'demo', 'wrong')).code).toBe(20001);
	expect((await login(simulator, 'nobody')).code).toBe(20001);
	expect((await login(simulator, 'blocked')).code).toBe(10016);
	expect((await login(simulator, 'noapi')).code).toBe(10007);
	for (const time of [SECONDS - 301, SECONDS + 301, NOW]) {
		const message = `request time error, current server time is ${SECONDS} (in unix timestamp)`;
		expect(await ask(simulator, 'authorization', { time, account: 'demo', signature: 'x' })).toEqual({
			code: 10014,
			message,
		});
	}
	expect((await ask(simulator, 'authorization', { time: 'now', account: 'demo', signature: 'x' })).code).toBe(10004);
});

test('a token dies by a new login, from outside, and of age', async () => {
	const simulator = await start();
	const first = await session(simulator);
	expect((await first.get('device/list')).code).toBe(0);
	const second = await session(simulator);
	expect((await first.get('device/list')).code).toBe(10011);

	simulator.advance(7_199_000);
	expect((await second.get('device/list')).code).toBe(0);
	simulator.advance(1000);
	expect((await second.get('device/list')).code).toBe(10012);

	const third = await session(simulator);
	simulator.expireToken('demo');
	expect((await third.get('device/list')).code).toBe(10012);
	const fourth = await session(simulator);
	simulator.killToken('demo');
	expect((await fourth.get('device/list')).code).toBe(10011);
	expect(await ask(simulator, 'device/list')).toEqual({ code: 10010, message: 'Access token doesn’t exist' });
});

test('limits the rate of each account', async () => {
	const simulator = await start({ rateLimit: { requests: 3, perSeconds: 10 } });
	const { get } = await session(simulator);
	expect([(await get('device/list')).code, (await get('device/list')).code, (await get('device/list')).code]).toEqual(
		[0, 0, 10009],
	);
	simulator.advance(10_000);
	expect((await get('device/list')).code).toBe(0);
});

test('does not know other paths, other methods and, as eTrack, what is new in TrackCEO', async () => {
	for (const brand of ['trackceo', 'etrack'] as const) {
		const simulator = await start({ brand });
		const { get, post } = await session(simulator);
		for (const path of ['alarm/list2', 'constructor', '']) expect((await get(path)).code).toBe(10001);
		expect((await post('track', { imeis: PLAIN })).code).toBe(10001);
		expect((await get('command/send', { imei: PLAIN, command: 'RESET' })).code).toBe(10001);
		expect((await post('authorization')).code).toBe(10001);

		const older = brand === 'etrack';
		const track = (await get('track', { imeis: PLAIN })).record[0];
		expect('todaymileage' in track).toBe(!older);
		const mileage = { imei: PLAIN, command: 'SET_MILEAGE', paramData: '{"mileage":"30"}' };
		expect((await post('command/send', mileage)).code).toBe(older ? 20048 : 0);
		const password = { account: 'driver1', password: md5('new') };
		expect((await post('user/password/set', password)).code).toBe(older ? 10001 : 0);
	}
});

test('track: the record of the document, every data status, all sentinels', async () => {
	const { get } = await session(await start());
	const { record } = await get('track', { imeis: IMEIS.join() });
	const byImei = new Map<string, Json>(record.map((one: Json) => [one.imei, one]));
	expect(record.map((one: Json) => one.imei)).toEqual(IMEIS);
	expect(Object.keys(record[0]).join()).toBe(
		'imei,course,systemtime,gpstime,speed,hearttime,servertime,longitude,latitude,acctime,accstatus,doorstatus,chargestatus,' +
			'oilpowerstatus,defencestatus,datastatus,battery,mileage,todaymileage',
	);
	expect(new Set(record.map((one: Json) => one.datastatus))).toEqual(new Set([1, 2, 3, 4, 5]));
	expect(byImei.get(NEVER_ONLINE!)).toMatchObject({
		datastatus: 1,
		gpstime: 0,
		systemtime: 0,
		hearttime: 0,
		longitude: 0,
		latitude: 0,
		mileage: -1,
	});
	expect(byImei.get(OFFLINE!)).toMatchObject({ datastatus: 4, gpstime: expect.any(Number) });
	expect(byImei.get(OFFLINE!).hearttime).toBeLessThanOrEqual(SECONDS - 3 * 3600);
	expect(byImei.get(SPARSE!)).toMatchObject({
		acctime: SECONDS,
		accstatus: -1,
		doorstatus: -1,
		chargestatus: -1,
		oilpowerstatus: -1,
		defencestatus: -1,
		battery: -1,
		mileage: -1,
		todaymileage: -1,
	});
	expect(record.some((one: Json) => one.systemtime < one.gpstime)).toBe(true);
	for (const one of record) expect(one.gpstime).toBeLessThanOrEqual(SECONDS);
});

test('track: newer fields on request', async () => {
	const { get } = await session(await start({ newerFields: true }));
	const { record } = await get('track', { imeis: IMEIS.join() });
	expect(record[0]).toMatchObject({
		externalpower: expect.stringMatching(/^1[0-9]\.\d\d$/),
		fuel: expect.stringMatching(/^\d+\.\d$/),
		temperature: [expect.any(Number)],
	});
	expect(record[0].odometer).toBe(record[0].mileage);
	expect(record[10]).toMatchObject({
		odometer: -1,
		externalpower: '',
		fuel: '',
		fueltime: 0,
		temperature: [],
		temperaturetime: 0,
	});
	const { record: details } = await get('device/detail', { imeis: PLAIN });
	expect(details[0]).toMatchObject({ iccid: expect.stringMatching(/^\d{20}$/), customeraccount: 'demo' });
});

test('IMEI lists: missing, malformed, too many, not authorised', async () => {
	const simulator = await start();
	const { get } = await session(simulator);
	for (const path of ['track', 'device/detail']) {
		expect((await get(path)).code).toBe(10005);
		expect((await get(path, { imeis: `${PLAIN},35889905100000A` })).code).toBe(10004);
		expect((await get(path, { imeis: Array(101).fill(PLAIN).join() })).code).toBe(10006);
		expect((await get(path, { imeis: Array(100).fill(PLAIN).join() })).code).toBe(0);
		expect((await get(path, { imeis: `${PLAIN},358899051025339` })).code).toBe(10013);
	}
	const driver = await session(simulator, 'driver1');
	expect((await driver.get('track', { imeis: PLAIN })).code).toBe(10013);
	const lenient = await session(await start({ unknownImei: 'omit' }));
	expect((await lenient.get('track', { imeis: `${PLAIN},358899051025339` })).record).toHaveLength(1);
});

test("playback: a week by the document's algorithm has every point", async () => {
	const simulator = await start();
	const { get } = await session(simulator);
	const range = (begintime: number, endtime: number) => get('playback', { imei: PLAIN, begintime, endtime });
	const points = await walk(async (begin) => (await range(begin, SECONDS)).record, 1000, 2);

	// The same week in pieces too small to be paged.
	const pieces: string[] = [];
	for (let begin = SECONDS - WEEK; begin <= SECONDS; begin += 3600) {
		const { code, record } = await range(begin, Math.min(begin + 3599, SECONDS));
		if (code === 0) pieces.push(...record.split(';'));
	}
	expect(points).toEqual(pieces);
	expect(points.length).toBeGreaterThan(10_000);
	for (const point of points) expect(point).toMatch(/^\d+\.\d+,\d+\.\d+,\d{10},\d{1,2},\d{1,3}$/);

	const second = (point: string | undefined) => point?.split(',')[2];
	const bursts = points.flatMap((point, i) =>
		second(point) === second(points[i + 3]) ? [points.slice(i, i + 4)] : [],
	);
	expect(bursts.some((group) => new Set(group).size === 1)).toBe(true); // standing, as in the document's sample
	expect(bursts.some((group) => new Set(group).size === 4)).toBe(true);

	const first = Number(second(points[0]));
	expect((await range(first, first)).record.split(';')[0]).toBe(points[0]);
	const newest = (await get('track', { imeis: PLAIN })).record[0];
	expect(newest.gpstime).toBe(Number(second(points.at(-1))));
});

test('playback: limits of the period, no data', async () => {
	const { get } = await session(await start());
	expect((await get('playback', { imei: PLAIN, begintime: 20, endtime: 10 })).code).toBe(10004);
	expect((await get('playback', { imei: PLAIN, begintime: 20 })).code).toBe(10005);
	expect(await get('playback', { imei: NEVER_ONLINE!, begintime: 0, endtime: SECONDS })).toEqual({
		code: 20023,
		message: 'No Data.',
	});
	expect((await get('playback', { imei: PLAIN, begintime: SECONDS + 60, endtime: SECONDS + 3600 })).code).toBe(20023);

	const other = await session(await start({ emptyPlayback: 'empty', trailingSemicolon: true }));
	expect(await other.get('playback', { imei: NEVER_ONLINE!, begintime: 0, endtime: SECONDS })).toEqual({
		code: 0,
		record: '',
	});
	expect((await other.get('playback', { imei: PLAIN, begintime: SECONDS - 600, endtime: SECONDS })).record).toMatch(
		/;$/,
	);
});

test('playback and alarms: a device whose pages do not advance', async () => {
	const { get } = await session(await start({ stuckFixes: 1500, stuckAlarms: 150 }));
	const noon = Math.floor(SECONDS / 86_400) * 86_400 - 43_200;
	const page = async (path: string, begintime: number) =>
		(await get(path, { imei: STUCK!, begintime, endtime: SECONDS })).record.split(';') as string[];
	const fixes = await page('playback', noon);
	expect(new Set(fixes.map((fix) => fix.split(',')[2]))).toEqual(new Set([String(noon)]));
	expect(fixes).toHaveLength(1000);
	const alarms = await page('alarm/list', noon + 1);
	expect(new Set(alarms.map((alarm) => alarm.split(',')[4]))).toEqual(new Set([String(noon + 1)]));
	expect(alarms).toHaveLength(100);
});

test('alarms: a week has every type of the brand, in the order of system times', async () => {
	for (const [brand, last] of [
		['trackceo', 44],
		['etrack', 27],
	] as const) {
		const { get } = await session(await start({ brand }));
		const types = new Set<number>();
		let lateOnes = 0;
		for (const imei of IMEIS.slice(0, 3)) {
			const range = async (begintime: number, endtime: number) =>
				(await get('alarm/list', { imei, begintime, endtime })).record as string;
			const alarms = await walk((begin) => range(begin, SECONDS), 100, 4);
			const pieces: string[] = [];
			for (let begin = SECONDS - WEEK; begin <= SECONDS; begin += 3600)
				pieces.push(await range(begin, Math.min(begin + 3599, SECONDS)));
			expect(alarms.join(';')).toBe(pieces.filter((piece) => piece !== '').join(';'));

			const rows = alarms.map((alarm) => alarm.split(',').map(Number));
			for (const row of rows) expect(row).toHaveLength(8);
			rows.forEach((row, i) => {
				types.add(row[0]!);
				expect(row[4]).toBeGreaterThanOrEqual(rows[i - 1]?.[4] ?? 0);
				expect(row[4]).toBeGreaterThan(row[3]!);
				if (row[3]! < (rows[i - 1]?.[3] ?? 0)) lateOnes += 1;
			});
		}
		expect([...types].sort((a, b) => a - b)).toEqual(Array.from({ length: last }, (_, i) => i + 1));
		expect(lateOnes).toBeGreaterThan(0);
	}
});

test('alarms: as many in every second as are asked for, some of them listed late', async () => {
	const simulator = await start({ fleetSize: 3, alarmsPerSecond: 2, alarmDelaySeconds: 20 });
	const { get } = await session(simulator);
	const list = async () => {
		const { record } = await get('alarm/list', { imei: PLAIN, begintime: SECONDS - 29, endtime: SECONDS });
		return (record as string).split(';').map((alarm) => alarm.split(',').slice(3, 5).join());
	};
	const all = simulator
		.alarmsOf(PLAIN, SECONDS - 29, SECONDS)
		.map(({ gpstime, systemtime }) => `${gpstime},${systemtime}`);
	expect(all.length).toBeGreaterThan(40);
	expect(all.length).toBeLessThan(80);
	const now = await list();
	expect(now.length).toBeLessThan(all.length);
	simulator.advance(20_000);
	expect(await list()).toEqual(all);
	expect(all).toEqual(expect.arrayContaining(now));
	expect((await start({ fleetSize: 3 })).alarmsOf(PLAIN, SECONDS - 29, SECONDS).length).toBeLessThan(5);
	expect(simulator.alarmsOf('0', SECONDS - 29, SECONDS)).toEqual([]);
});

test('alarms: ignition, fences and short rows', async () => {
	const simulator = await start({ shortAlarms: true });
	const { get, post } = await session(simulator);
	// A place on the vehicle's way, at some distance from its depot.
	const fence = {
		imei: PLAIN,
		efencename: 'Piața Unirii',
		alarmtype: 1,
		longitude: 26.1029,
		latitude: 44.4272,
		radius: 200,
	};
	expect(await post('geofence/create', fence)).toEqual({ code: 0 });
	expect(await post('geofence/create', { ...fence, alarmtype: 0 })).toEqual({ code: 0 });
	expect(simulator.geofences).toHaveLength(2);
	simulator.advance(3_600_000);

	const list = async (begintime: number) => {
		const { record } = await get('alarm/list', { imei: PLAIN, begintime, endtime: SECONDS + 3600 });
		return (record as string).split(';').map((alarm) => alarm.split(','));
	};
	const rows = await list(SECONDS);
	expect(
		rows.filter((row) => row[0] === '5' && row[7] === String(simulator.geofences[0]!.id)).length,
	).toBeGreaterThan(0);
	expect(
		rows.filter((row) => row[0] === '6' && row[7] === String(simulator.geofences[1]!.id)).length,
	).toBeGreaterThan(0);
	expect(rows.filter((row) => row[0] === '9').length).toBeGreaterThan(0);
	expect(new Set(rows.filter((row) => row[0] !== '5' && row[0] !== '6').map((row) => row.length))).toEqual(
		new Set([7]),
	);

	expect((await post('geofence/create', { ...fence, radius: 99 })).code).toBe(10006);
	expect((await post('geofence/create', { ...fence, radius: 5001 })).code).toBe(10006);
	expect((await post('geofence/create', { ...fence, alarmtype: 3 })).code).toBe(10006);
	expect((await post('geofence/create', { ...fence, latitude: 'north' })).code).toBe(10004);
	expect((await post('geofence/create', { ...fence, efencename: '' })).code).toBe(10005);
});

test('commands: answered, failed, never answered', async () => {
	const simulator = await start();
	const { get, post } = await session(simulator);
	const send = async (imei: string, command = 'RELAY,1') =>
		(await post('command/send', { imei, command })).record.commandid as string;
	const query = async (commandid: string) => (await post('command/query', { commandid })).record;

	const id = await send(PLAIN);
	expect(id).toBe('1B454');
	expect(await query(id)).toEqual({ response: '', commandstatus: 0 });
	const [failed, silent] = [await send(FAILING!), await send(SILENT!)];
	simulator.advance(2000);
	expect(await query(id)).toEqual({
		response: expect.stringMatching(/^Cut off the fuel supply: Success! Speed: \d+km\/h\.$/),
		commandstatus: 1,
	});
	expect(await query(failed)).toEqual({
		response: 'Cut off the fuel supply: Fail! Speed: 62km/h.',
		commandstatus: 1,
	});
	simulator.advance(60_000);
	expect(await query(silent)).toEqual({ response: '', commandstatus: 0 });
	expect((await post('command/query', { commandid: 'FFFFF' })).code).toBe(20005);

	// The engine is off until it is restored.
	const state = async () => (await get('track', { imeis: PLAIN })).record[0];
	const stopped = await state();
	expect(stopped).toMatchObject({ oilpowerstatus: 0, speed: 0 });
	simulator.advance(3_600_000);
	expect(await state()).toMatchObject({
		oilpowerstatus: 0,
		speed: 0,
		mileage: stopped.mileage,
		longitude: stopped.longitude,
	});
	await send(PLAIN, 'RELAY,0');
	simulator.advance(1_800_000);
	const moved = await state();
	expect(moved.oilpowerstatus).toBe(1);
	expect(moved.mileage).toBeGreaterThan(stopped.mileage);
	expect(simulator.commands.map(({ imei, command }) => [imei, command])).toEqual([
		[PLAIN, 'RELAY,1'],
		[FAILING, 'RELAY,1'],
		[SILENT, 'RELAY,1'],
		[PLAIN, 'RELAY,0'],
	]);
});

test('commands: devices answer in words of their own, and a refused stop leaves the engine as it was', async () => {
	const simulator = await start();
	const { get, post } = await session(simulator);
	const say = async (command: string) => {
		const { commandid } = (await post('command/send', { imei: PLAIN, command, paramData: '{"mileage":"30"}' }))
			.record;
		simulator.advance(2000);
		return (await post('command/query', { commandid })).record;
	};
	const supply = async () => (await get('track', { imeis: PLAIN })).record[0].oilpowerstatus;
	for (const [kind, words, after] of [
		['speedLimit', expect.stringMatching(/^DYD=Speed Limit, Speed:\d+km\/h$/), 1],
		['otherCommand', 'Restore fuel supply: Success!', 1],
		['wordless', '', 1],
		['gt06', 'DYD=Success!', 0],
		['already', 'Already in the state of fuel supply cut off, the command is not running!', 0],
		['chinese', '切断油电成功！速度：0公里/时', 0],
	] as const) {
		simulator.answerCommands(kind);
		expect(await say('RELAY,1')).toEqual({ response: words, commandstatus: 1 });
		simulator.advance(60_000);
		expect(await supply(), kind).toBe(after);
	}
	for (const kind of ANSWER_KINDS) {
		simulator.answerCommands(kind);
		for (const command of ['RELAY,0', 'RESET', 'LOCKDOOR', 'UNLOCKDOOR', 'SET_MILEAGE'])
			expect(await say(command), `${kind} ${command}`).toEqual({
				response: kind === 'wordless' ? '' : expect.stringMatching(/\S/),
				commandstatus: 1,
			});
	}
});

test('commands: what is refused', async () => {
	const simulator = await start();
	const { post } = await session(simulator);
	const code = async (imei: string, command: string, more: Values = {}) =>
		(await post('command/send', { imei, command, ...more })).code;
	expect(await code(OFFLINE!, 'RELAY,1')).toBe(20017);
	expect(await code(NEVER_ONLINE!, 'RELAY,1')).toBe(20017);
	expect(await code(BLOCKED!, 'RELAY,1')).toBe(20089);
	expect(await code(EXPIRED!, 'RELAY,1')).toBe(20046);
	expect(await code(SEND_FAILS!, 'RELAY,1')).toBe(20018);
	for (const unknown of ['RELAY', 'RELAY,2', 'relay,1', 'SET_MILEAGE,30', 'constructor'])
		expect(await code(PLAIN, unknown)).toBe(20048);
	expect(await code(PLAIN, '')).toBe(10005);
	expect(await code(PLAIN, 'SET_MILEAGE')).toBe(10005);
	for (const wrong of ['30', '{"mileage":30}', '{"mileage":""}', 'null', '{'])
		expect(await code(PLAIN, 'SET_MILEAGE', { paramData: wrong })).toBe(10004);
	expect(await code(PLAIN, 'SET_MILEAGE', { paramData: '{"mileage":"30"}' })).toBe(0);
	expect(simulator.commands).toMatchObject([{ command: 'SET_MILEAGE', paramData: '{"mileage":"30"}' }]);
});

test('parameters of a POST may come as a form', async () => {
	const simulator = await start();
	const { access_token } = await session(simulator);
	const body = new URLSearchParams({ access_token, imei: PLAIN, command: 'RESET' });
	const response = await fetch(`${simulator.url}/api/command/send`, { method: 'POST', body });
	expect(((await response.json()) as Reply).code).toBe(0);
});

test('device lists: own, of a sub-account, walked through in a large fleet', async () => {
	const small = await session(await start());
	const { record } = await small.get('device/list');
	expect(new Set(record.map((one: Json) => one.imei))).toEqual(new Set(IMEIS));
	expect(Object.keys(record[0]).join()).toBe(
		'imei,devicename,devicetype,platenumber,onlinetime,platformduetime,simcard,activatedtime,userduetime',
	);
	expect((await small.get('device/list', { account: 'driver1' })).record).toHaveLength(1);
	expect((await small.get('device/list', { account: 'noapi' })).code).toBe(20005);
	expect((await small.get('device/list', { account: 'nobody' })).code).toBe(20005);
	const details = (await small.get('device/detail', { imeis: NEVER_ONLINE! })).record;
	expect(details).toEqual(record.filter((one: Json) => one.imei === NEVER_ONLINE));
	expect(details[0].onlinetime).toBe(0);

	const large = await session(await start({ fleetSize: 10_000 }));
	const found = new Set<string>();
	const walked = new Set<string>();
	const visit = async (account: string) => {
		walked.add(account);
		for (const { imei } of (await large.get('device/list', { account })).record) found.add(imei);
		for (const child of (await large.get('user/list', { account })).record)
			if (!walked.has(child.account)) await visit(child.account);
	};
	expect((await large.get('device/list')).record).toHaveLength(500);
	await visit('demo');
	expect(found.size).toBe(10_000);
});

test('accounts: list, information, blocking, password, messages', async () => {
	const simulator = await start({ quirks: { trailingComma: true } });
	const { access_token, get, post } = await session(simulator);
	const names = async (account?: string) =>
		(await get('user/list', account ? { account } : {})).record.map((one: Json) => one.account);
	expect(await names()).toEqual(['demo', 'demo-north', 'demo-south', 'driver1', 'viewer']);
	expect(await names('demo-north')).toEqual(['demo-north', 'driver2']);
	expect((await get('user/info', { account: 'driver1' })).record).toEqual({
		createtime: expect.any(Number),
		mobile: '',
		telephone: '',
		roletype: 2,
		account: 'driver1',
		email: 'driver1@fleet.example',
		blockstatus: 1,
		username: 'First driver',
	});
	expect((await get('user/info', { account: 'noapi' })).code).toBe(20005);

	const driver = await session(simulator, 'driver1');
	expect(await post('user/block', { account: 'driver1' })).toEqual({ code: 0 });
	expect((await get('user/info', { account: 'driver1' })).record.blockstatus).toBe(0);
	expect((await driver.get('device/list')).code).toBe(10016);
	expect((await login(simulator, 'driver1')).code).toBe(10016);
	expect(await post('user/unblock', { account: 'driver1' })).toEqual({ code: 0 });
	expect((await login(simulator, 'driver1')).code).toBe(0);
	expect((await post('user/block', { account: 'demo' })).code).toBe(10007);
	expect((await post('user/block', { account: 'nobody' })).code).toBe(20005);

	expect((await post('user/password/set', { account: 'driver1', password: 'Secret' })).code).toBe(10004);
	expect((await post('user/password/set', { account: 'driver1', password: md5('Secret').toUpperCase() })).code).toBe(
		10004,
	);
	const set = await fetch(
		address(simulator.url, 'user/password/set', { access_token, account: 'driver1', password: md5('Secret') }),
		{ method: 'POST' },
	);
	expect(await set.text()).toBe('{\n    "code": 0,\n}');
	expect((await login(simulator, 'driver1')).code).toBe(20001);
	expect((await login(simulator, 'driver1', 'Secret')).code).toBe(0);

	expect(await post('message/send', { accounts: 'driver1,viewer', content: 'Drum bun' })).toEqual({ code: 0 });
	expect(simulator.messages).toEqual([
		{ account: 'demo', accounts: ['driver1', 'viewer'], content: 'Drum bun', time: SECONDS },
	]);
	expect((await post('message/send', { accounts: Array(201).fill('viewer').join(), content: 'x' })).code).toBe(10006);
	expect((await post('message/send', { accounts: 'viewer', content: 'x'.repeat(301) })).code).toBe(10006);
	expect((await post('message/send', { accounts: 'nobody', content: 'x' })).code).toBe(20005);
});

test('mileage of a week is the difference of the odometers', async () => {
	const simulator = await start({ clock: () => (HALF_HOUR - WEEK) * 1000 });
	const odometer = async () => {
		const { get } = await session(simulator);
		return (await get('track', { imeis: PLAIN })).record[0];
	};
	const before = await odometer();
	simulator.advance(WEEK * 1000);
	const after = await odometer();
	const { get } = await session(simulator);
	const period = { imeis: `${PLAIN},${NEVER_ONLINE}`, begintime: HALF_HOUR - WEEK, endtime: HALF_HOUR };
	const { record } = await get('device/mileage', period);
	expect(record.map((one: Json) => one.imei)).toEqual([PLAIN, NEVER_ONLINE]);
	// The newest fix is at most a minute old, and that only while the vehicle stands.
	expect(Math.abs(record[0].mileage - (after.mileage - before.mileage) / 1000)).toBeLessThan(0.2);
	expect(record[0].mileage).toBeGreaterThan(1000);
	expect(record[1].mileage).toBe(0);

	const code = async (values: Values) => (await get('device/mileage', { ...period, ...values })).code;
	expect(await code({ begintime: HALF_HOUR - WEEK - 1800 })).toBe(10006);
	expect(await code({ begintime: HALF_HOUR - 1799 })).toBe(10004);
	expect(await code({ endtime: HALF_HOUR - WEEK - 1800 })).toBe(10004);
	expect(await code({ imeis: Array(101).fill(PLAIN).join() })).toBe(10006);
});

test('two brands over one fleet agree', async () => {
	const fleet = createFleet({ now: NOW });
	const [one, two] = [await start({ fleet }), await start({ fleet, brand: 'etrack' })];
	const track = async (simulator: ProtrackSimulator) => {
		const { todaymileage: _, ...record } = (await (await session(simulator)).get('track', { imeis: PLAIN }))
			.record[0];
		return record;
	};
	expect(await track(one)).toEqual(await track(two));
});

test('faults that spoil an answer, before or after the request is carried out', async () => {
	const simulator = await start();
	const { access_token } = await session(simulator);
	const send = () =>
		fetch(address(simulator.url, 'command/send', { access_token, imei: PLAIN, command: 'RESET' }), {
			method: 'POST',
			redirect: 'manual',
		});
	/** The response with its body, or null if the connection broke. */
	const strike = async (fault: FaultRule) => {
		const before = simulator.commands.length;
		simulator.fail({ match: '/api/command/send', ...fault });
		const answer = await send()
			.then(async (response) => ({ response, text: await response.text() }))
			.catch(() => null);
		return { ...answer, carriedOut: simulator.commands.length - before, logged: simulator.requests.at(-1)! };
	};

	for (const effect of ['before', 'after'] as const) {
		const carriedOut = effect === 'after' ? 1 : 0;
		const busy = await strike({ kind: 'status', status: 503, headers: { 'retry-after': '7' }, effect });
		expect(busy.response?.status).toBe(503);
		expect(busy.response?.headers.get('retry-after')).toBe('7');
		expect(busy.logged).toMatchObject({
			path: '/api/command/send',
			status: 503,
			code: null,
			fault: 'status',
			carriedOut: effect === 'after',
		});
		const reset = await strike({ kind: 'reset', effect });
		expect(reset.response).toBeUndefined();
		expect(reset.logged).toMatchObject({ status: null, fault: 'reset' });
		const html = await strike({ kind: 'html', effect });
		expect(html.text).toMatch(/^<!DOCTYPE html>/);
		const cut = await strike({ kind: 'cutoff', effect });
		expect(() => JSON.parse(cut.text!)).toThrow();
		const open = await strike({ kind: 'cutoff', length: 'absent', effect });
		expect(open.response?.headers.get('content-length')).toBeNull();
		expect(() => JSON.parse(open.text!)).toThrow();
		const short = await strike({ kind: 'cutoff', length: 'full', effect });
		expect(short.response).toBeUndefined();
		for (const { carriedOut: times } of [busy, reset, html, cut, open, short]) expect(times).toBe(carriedOut);
	}

	const code = await strike({ kind: 'code', code: 10009 });
	expect(JSON.parse(code.text!)).toEqual({ code: 10009, message: 'Request is too frequency' });
	expect(code.carriedOut).toBe(0);
	const moved = await strike({ kind: 'redirect', location: 'http://127.0.0.1:1/' });
	expect([moved.response?.status, moved.response?.headers.get('location')]).toEqual([302, 'http://127.0.0.1:1/']);
	const bomb = await strike({ kind: 'gzipbomb', bytes: 20_000_000 });
	expect(bomb.text).toHaveLength(20_000_000);
	const drip = await strike({ kind: 'drip', everyMs: 0 });
	expect(JSON.parse(drip.text!).code).toBe(0);
	expect((await send()).status).toBe(200);
});

test('a request that is never answered, and a simulator that closes all the same', async () => {
	const simulator = await start();
	const { access_token } = await session(simulator);
	simulator.fail({ kind: 'timeout', effect: 'after', times: Infinity });
	const lost = new Promise((resolve) => {
		const url = address(simulator.url, 'command/send', { access_token, imei: PLAIN, command: 'RESET' });
		httpRequest(url, { method: 'POST' }).on('error', resolve).end();
	});
	while (simulator.commands.length === 0) await new Promise(setImmediate);
	expect(simulator.requests.at(-1)).toMatchObject({ status: null, fault: 'timeout', carriedOut: true });
	await simulator.close();
	running.pop();
	expect(await lost).toMatchObject({ code: 'ECONNRESET' });
});

test('is steered over HTTP', async () => {
	const simulator = await start();
	const { get } = await session(simulator);
	const steer = (path: string, method: string, body?: unknown) =>
		fetch(`${simulator.url}/_simulator/${path}`, {
			method,
			body: body === undefined ? undefined : JSON.stringify(body),
		});

	expect(
		(await steer('faults', 'POST', { kind: 'code', code: 10000, match: '/api/track', times: null })).status,
	).toBe(200);
	expect((await get('track', { imeis: PLAIN })).code).toBe(10000);
	expect((await get('track', { imeis: PLAIN })).code).toBe(10000);
	expect((await get('device/list')).code).toBe(0);
	await steer('faults', 'DELETE');
	expect((await get('track', { imeis: PLAIN })).code).toBe(0);
	expect((await steer('faults', 'POST', { kind: 'fire' })).status).toBe(400);

	expect((await steer('kill-token', 'POST', { account: 'demo' })).status).toBe(200);
	expect((await get('track', { imeis: PLAIN })).code).toBe(10011);
	expect((await steer('kill-token', 'POST', { account: 'nobody' })).status).toBe(404);
	const state = (await (await steer('state', 'GET')).json()) as Json;
	expect(state).toMatchObject({ brand: 'trackceo', faults: [], devices: expect.any(Array) });
	expect(JSON.stringify(state)).not.toContain('token');
	expect(simulator.requests.every(({ path }) => path.startsWith('/api/'))).toBe(true);
});

test('keeps a bounded log of requests', async () => {
	const simulator = await start({ logSize: 3 });
	const { get } = await session(simulator);
	for (let i = 0; i < 4; i++) await get('track', { imeis: IMEIS[i]! });
	expect(simulator.requests.map(({ query }) => query.imeis)).toEqual(IMEIS.slice(1, 4));
	expect(simulator.requests[0]).toMatchObject({
		time: NOW,
		method: 'GET',
		path: '/api/track',
		status: 200,
		code: 0,
		fault: null,
		carriedOut: true,
	});
	expect(simulator.requests[0]!.bytes).toBeGreaterThan(100);
	simulator.requests.length = 0;
	await get('device/list');
	expect(simulator.requests).toHaveLength(1);
});
