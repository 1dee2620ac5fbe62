import { describe, expect, test } from 'vitest';
import { Client } from '../../core/call/client';
import { findOperation } from '../../core/describe/provider';
import type { Alarm, Fix, Mileage, Position } from '../../core/describe/records';
import { connectionOf } from '../../test/support/recordings';
import { json, TestHost } from '../../test/support/test-host';
import { trackceo } from './trackceo';

const IMEI = '358899051025339';
const AT = 1_769_731_200;
const ISO = '2026-01-30T00:00:00.000Z';

/** A record of any kind. */
type Found = Omit<Alarm & Fix & Position, 'type'>;

/** What comes of an answer. */
async function read(name: string, answer: unknown, params: object = {}, output?: 'raw') {
	const host = new TestHost(() => json(answer));
	const [resource = '', operation = ''] = name.split('.');
	const records = (await new Client(trackceo, connectionOf(trackceo), host).collect(
		findOperation(trackceo, resource, operation)!,
		{ devices: IMEI, begin: '2026-01-29T00:00:00Z', end: '2026-01-31T00:00:00Z', ...params },
		{ output },
	)) as Found[];
	return { records, warnings: host.warnings, host };
}
const points = (record: string) => read('position.getHistory', { code: 0, record });
const alarms = (record: string) => read('alarm.getMany', { code: 0, record });
const position = async (fields: object) =>
	(await read('position.getCurrent', { code: 0, record: [{ imei: IMEI, gpstime: AT, ...fields }] })).records[0]!;

describe('a number that is not there is null', () => {
	test.each([
		[`,22.55,${AT},10,90`, { longitude: null, latitude: null, speed: 10, course: 90 }],
		[`114.05,,${AT},10,90`, { longitude: null, latitude: null }],
		['114.05,22.55,,10,90', { time: null, longitude: 114.05 }],
		['114.05,22.55,0,10,90', { time: null, longitude: 114.05 }],
		[`114.05,22.55,${AT},,`, { time: ISO, speed: null, course: null }],
		[`114.05,222.55,${AT},-1,400`, { latitude: null, longitude: null, speed: null, course: null }],
		[`114.05,22.55,${AT},10,90,7,8`, { time: ISO, speed: 10, course: 90 }],
		[`x,22.55,${AT},y,z`, { latitude: null, longitude: null, speed: null, course: null }],
	])('in the point %s', async (text, expected) => {
		expect((await points(text)).records).toMatchObject([expected]);
	});

	test('in an alarm', async () => {
		expect((await alarms(`1,,22.55,${AT},${AT + 5},,,0`)).records).toMatchObject([
			{ type: 'sos', longitude: null, latitude: null, speed: null, course: null, time: ISO },
		]);
	});

	test.each([
		[{ speed: '', course: null, battery: '', mileage: '', todaymileage: null }],
		[{ speed: -1, course: -1, battery: -1, mileage: -1, odometer: -1 }],
	])('in a position %j', async (fields: object) => {
		expect(await position({ longitude: '', latitude: 22, ...fields })).toMatchObject({
			latitude: null,
			longitude: null,
			speed: null,
			course: null,
			battery: null,
			odometer: null,
			distanceToday: null,
		});
	});

	test.each([
		['-1', null],
		[-1, null],
		['-12.35', 12.35],
		['12.4V', 12.4],
		['12,4', 12.4],
		['', null],
		[[], null],
	])('external power %j is %j V', async (externalpower, externalVoltage) => {
		expect(await position({ externalpower })).toMatchObject({ externalVoltage });
	});

	test.each([
		[[-1000], null],
		[[-18.5], -18.5],
		['28.3℃', 28.3],
		[[], null],
		['-1000', null],
	])('temperature %j is %j', async (given, temperature) => {
		expect(await position({ temperature: given })).toMatchObject({ temperature });
	});

	test.each([
		['45.5L', 45.5],
		['45,5 l', 45.5],
		['45.5', 45.5],
		['-1', null],
		['45.5 gal', null],
		['1,234', null],
		['', null],
	])('fuel %j is %j', async (given, fuel) => {
		expect(await position({ fuel: given, battery: '96%' })).toMatchObject({ fuel, battery: 96 });
	});

	test.each([
		[true, true],
		['true', true],
		['0', false],
		[null, null],
		['', null],
		[-1, null],
	])('ACC %j is %j', async (accstatus, ignition) => {
		expect(await position({ accstatus })).toMatchObject({ ignition });
	});
});

describe('times', () => {
	test.each([
		[AT, ISO],
		[String(AT), ISO],
		[AT * 1000, ISO],
		[AT * 1_000_000, ISO],
		['2026-01-30T00:00:00Z', ISO],
		['2026-01-30 02:00:00+02:00', ISO],
		[`/Date(${AT}000)/`, ISO],
		[0, null],
		[-1, null],
		['', null],
		[null, null],
	])('%j is %j, without a word', async (gpstime, time) => {
		const { records, warnings } = await read('position.getCurrent', {
			code: 0,
			record: [{ imei: IMEI, gpstime }],
		});
		expect(records).toMatchObject([{ time }]);
		expect(warnings).toEqual([]);
	});

	test.each(['2026-01-30 08:00:00', '03/04/2026 10:00', 'yesterday', 2e17])(
		'%j could be any, is null, and told of once',
		async (gpstime) => {
			const record = [1, 2].map((longitude) => ({ imei: IMEI, gpstime, longitude, latitude: 44 }));
			const { records, warnings } = await read('position.getCurrent', { code: 0, record });
			expect(records.map(({ time }) => time)).toEqual([null, null]);
			const again = await position({ gpstime: `${String(gpstime)} `, longitude: 1, latitude: 44 });
			expect(new Set([...records, again].map(({ id }) => id)).size).toBe(3);
			expect(warnings).toEqual([expect.stringContaining(`a time: ${JSON.stringify(gpstime)}`)]);
		},
	);

	test('one that cannot be read ends no history', async () => {
		const { records, warnings } = await points(
			`114.05,22.55,${AT},1,90;114.06,22.55,2e17,2,90;114.07,22.55,soon,3,90;114.08,22.55,${AT + 9},4,90`,
		);
		expect(records.map(({ time, speed }) => [time, speed])).toEqual([
			[ISO, 1],
			[null, 2],
			[null, 3],
			['2026-01-30T00:00:09.000Z', 4],
		]);
		expect(warnings).toHaveLength(1);
		const raw = await read('position.getHistory', { code: 0, record: '114.07,22.55,soon,3,90' }, {}, 'raw');
		expect(raw.records).toEqual([
			{ imei: IMEI, longitude: 114.07, latitude: 22.55, gpstime: 'soon', speed: 3, course: 90 },
		]);
	});
});

describe('the id of an alarm', () => {
	const ids = async (text: string) => (await alarms(text)).records.map(({ id }) => id);

	test('is its own where place, speed or an unreadable time differ', async () => {
		const all = [
			`7,114.05,22.55,${AT},${AT + 5},10,90,0`,
			`7,114.06,22.55,${AT},${AT + 5},10,90,0`,
			`7,114.05,22.55,${AT},${AT + 5},11,90,0`,
			`7,114.05,22.55,30.01.2026,30.01.2026,10,90,0`,
			`7,114.05,22.55,31.01.2026,31.01.2026,10,90,0`,
		];
		expect(new Set(await ids(all.join(';'))).size).toBe(all.length);
	});

	test('is the same when it comes again in another form', async () => {
		const [first] = await ids(`7,114.05,22.55,${AT},${AT + 5},10,90,0`);
		for (const again of [
			`7,114.0500,22.550,${AT}000,${AT + 5}000,10.0,90,0;`,
			` 7 , 114.05 ,22.55, ${AT} ,${AT + 5},10,90, 0`,
		])
			expect(await ids(again)).toEqual([first]);
	});
});

describe('mileage', () => {
	const mileage = async (values: unknown[], output?: 'raw') => {
		let asked = 0;
		const host = new TestHost(() =>
			json({ code: 0, record: [{ imei: IMEI, mileage: values[asked++], unit: 'km' }] }),
		);
		return new Client(trackceo, connectionOf(trackceo), host).collect(
			findOperation(trackceo, 'device', 'getMileage')!,
			{ devices: IMEI, begin: '2026-01-01T00:00:00Z', end: '2026-01-11T00:00:00Z' },
			{ output },
		) as Promise<Mileage[]>;
	};

	test.each([
		[[1.5, 2.25], 3.75],
		[['1.5', '2.25'], 3.75],
		[[-1, -1], null],
		[[10, -1], null],
		[[10, null], null],
	])('of windows with %j is %j', async (values, distance) => {
		expect(await mileage(values)).toMatchObject([{ distance }]);
	});

	test("keeps the vendor's other fields in Output = Raw", async () => {
		expect(await mileage([1, 2], 'raw')).toMatchObject([{ imei: IMEI, mileage: 3, unit: 'km' }]);
	});
});

describe('forms of an answer that leave no other reading', () => {
	const device = { imei: IMEI, devicename: 'Van' };

	test.each([
		['one record in place of a list', { code: 0, record: device }],
		['other letters', { Code: '0', Message: 'success', Record: [device] }],
		['further keys and lists', { code: 0, warnings: [], data: [{ imei: 'x' }], record: [device] }],
	])('%s', async (_, answer) => {
		expect((await read('device.getMany', answer, {})).records).toMatchObject([{ deviceId: IMEI, name: 'Van' }]);
	});

	test.each([
		['an object', { code: 0, record: { account: 'demo' } }],
		['a list of one', { code: 0, record: [{ account: 'demo' }] }],
	])('an account as %s', async (_, answer) => {
		expect((await read('subAccount.get', answer, { account: 'demo' })).records).toMatchObject([
			{ account: 'demo' },
		]);
	});

	test.each([[{ code: 0, record: [] }], [{ code: 20023, message: 'No Data.' }], [{ code: 0 }]])(
		'no account at all is not found: %j',
		async (answer) => {
			await expect(read('subAccount.get', answer, { account: 'nobody' })).rejects.toMatchObject({
				code: 'NotFound',
				message: 'The vendor has no account "nobody" that this account may see.',
			});
		},
	);

	test.each([[null], [''], [false], [[]], [{}], ['0x0'], [0.5]])('code %j is none', async (code) => {
		await expect(read('device.getMany', { code, record: [] })).rejects.toMatchObject({ code: 'UnexpectedAnswer' });
		const { records } = await read('subAccount.block', { code }, { account: 'demo' });
		expect(records).toMatchObject([{ outcome: 'unknown' }]);
	});

	test('"No Data" is no success of a write', async () => {
		for (const [name, params] of [
			['subAccount.block', { account: 'demo' }],
			['message.send', { accounts: 'demo', content: 'Hello' }],
			['command.send', { device: IMEI, command: 'RELAY,1', waitForAnswer: false }],
		] as const)
			expect((await read(name, { code: 20023, message: 'No Data.' }, params)).records).toMatchObject([
				{ outcome: 'unknown' },
			]);
	});
});

test('300 characters are 300, whatever they take in the computer', async () => {
	const params = (content: string) => ({ accounts: 'North depot, South depot', content });
	const { records, host } = await read('message.send', { code: 0 }, params('😀'.repeat(300)));
	expect(records).toMatchObject([{ outcome: 'confirmed' }]);
	expect(host.sent[0]?.request.query).toMatchObject({ accounts: 'North depot,South depot' });
	await expect(read('message.send', { code: 0 }, params('😀'.repeat(301)))).rejects.toThrow(
		'Content must not be longer than 300 characters; it has 301.',
	);
});
