import { describe, expect, test } from 'vitest';
import { Client } from '../../core/call/client';
import { findOperation } from '../../core/describe/provider';
import type { Alarm, LockEvent, Position } from '../../core/describe/records';
import { connectionOf } from '../../test/support/recordings';
import { json, TestHost } from '../../test/support/test-host';
import { itracksense } from '.';
import { readStatusText } from './status-text';
import { timesOf } from './times';

type Found = Omit<Alarm & LockEvent & Position, 'type'>;
const PERIOD = { begin: '2026-01-15T00:00:00Z', end: '2026-01-16T00:00:00Z' };

/** What comes of some records, in the zone of an account that has China's. */
async function read(name: string, Data: unknown, params: object = {}) {
	const host = new TestHost(() => json({ Code: 200, Data, ErrMsg: null }));
	const [resource = '', operation = ''] = name.split('.');
	const client = new Client(itracksense, connectionOf(itracksense), host);
	const found = findOperation(itracksense, resource, operation)!;
	const records = (await client.collect(found, { devices: '7', device: '7', ...params })) as Found[];
	return { records, warnings: host.warnings };
}
const positions = (...data: object[]) =>
	read(
		'position.getCurrent',
		data.map((row) => ({ SIM2: '7', ...row })),
	);

test.each([
	['Unlocked & Pole/Rope in Lock', 'unlocked'],
	['unlock by card', 'unlocked'],
	['Locked', 'locked'],
	['lock off', 'other'],
	['Failed to unlock', 'other'],
	['Not locked', 'other'],
])('the event "%s" of a lock is "%s"', async (EventInfo, type) => {
	const { records } = await read(
		'lock.getEvents',
		[{ SIM2: '7', EventTime: '2026-01-15 12:00:00', EventInfo }],
		PERIOD,
	);
	expect(records).toMatchObject([{ type }]);
});

describe('times', () => {
	test('of the zones that are in use are read by one reader each, and not of all that ever were', () => {
		const inZone = (zone: string) => timesOf({ ...connectionOf(itracksense), timeZone: zone } as never);
		const [first, again] = ['Asia/Shanghai', 'Asia/Shanghai'].map(inZone);
		expect(again).toBe(first);
		for (let hour = 1; hour <= 12; hour++) for (const sign of ['+', '-']) inZone(`Etc/GMT${sign}${String(hour)}`);
		expect(inZone('Asia/Shanghai')).not.toBe(first);
	});

	test.each([
		['2026-01-15 12:00:00', '2026-01-15T04:00:00.000Z'],
		['/Date(1768449600000)/', '2026-01-15T04:00:00.000Z'],
		['/Date(1768449600000+0800)/', '2026-01-15T04:00:00.000Z'],
		['1/15/2026 1:53:15 PM', '2026-01-15T05:53:15.000Z'],
		['2026-01-15T12:00:00+08:00', '2026-01-15T04:00:00.000Z'],
		['2026-01-15T04:00:00Z', '2026-01-15T04:00:00.000Z'],
		[1_768_449_600, '2026-01-15T04:00:00.000Z'],
		['1768449600000', '2026-01-15T04:00:00.000Z'],
		['0001-01-01 00:00:00', null],
		['1970-01-01 08:00:00', null],
		['', null],
		[null, null],
	])('%j is %j, without a word', async (GPSTime, time) => {
		const { records, warnings } = await positions({ GPSTime });
		expect(records).toMatchObject([{ time }]);
		expect(warnings).toEqual([]);
	});

	test.each(['03/04/2026 10:00:00', '2026-02-30 12:00:00', 'now', 12, true])(
		'%j is null, told of once, and no two records share an id',
		async (GPSTime) => {
			const { records, warnings } = await positions(
				{ GPSTime, Lon: 1, Lat: 1 },
				{ GPSTime, Lon: 2, Lat: 1 },
				{ GPSTime: `${String(GPSTime)}!`, Lon: 1, Lat: 1 },
			);
			expect(records.map(({ time }) => time)).toEqual([null, null, null]);
			expect(new Set(records.map(({ id }) => id)).size).toBe(3);
			expect(warnings).toEqual([expect.stringContaining(`a time: ${JSON.stringify(GPSTime)}`)]);
		},
	);

	test('a history in such a form keeps its order', async () => {
		const times = ['1/15/2026 9:59:00 AM', '1/15/2026 10:01:00 AM', '1/15/2026 1:00:00 PM'];
		const { records } = await read(
			'position.getHistory',
			times.map((GPSTime) => ({ GPSTime })),
			PERIOD,
		);
		expect(records.map(({ time }) => time?.slice(11, 16))).toEqual(['01:59', '02:01', '05:00']);
	});
});

describe('an event that the vendor tells apart from another has an id of its own, and the same when it comes again', () => {
	const alarm = { DeviceID: '7', GPSTime: '2026-01-15 12:00:00', RcvTime: '2026-01-15 12:00:05', AlarmType: 'SOS' };
	const lock = { DeviceID: '7', EventTime: '2026/1/15 12:00:00', EventInfo: 'lock off' };

	test.each([
		[
			'alarm.getMany',
			[
				{ ...alarm, Lon: 1, Lat: 1 },
				{ ...alarm, Lon: 2, Lat: 1 },
				{ ...alarm, Lon: 1, Lat: 1, Speed: 9 },
			],
		],
		[
			'alarm.getMany',
			[
				{ ...alarm, RcvTime: '03/04/2026', GPSTime: '03/04/2026' },
				{ ...alarm, RcvTime: '04/04/2026', GPSTime: '04/04/2026' },
			],
		],
		[
			'alarm.getMany',
			[
				{ ...alarm, RcvTime: [2026, 4, 3], GPSTime: [2026, 4, 3] },
				{ ...alarm, RcvTime: [2026, 4, 4], GPSTime: [2026, 4, 4] },
			],
		],
		[
			'lock.getEvents',
			[
				{ ...lock, EventTime: [2026, 4, 3] },
				{ ...lock, EventTime: [2026, 4, 4] },
			],
		],
		[
			'geofence.getEvents',
			[
				{ DeviceID: '7', RegionName: 'A', IOTime: { Year: 2026 }, IOType: 0 },
				{ DeviceID: '7', RegionName: 'A', IOTime: { Year: 2027 }, IOType: 0 },
			],
		],
		[
			'lock.getEvents',
			[
				{ ...lock, Lon: 1, Lat: 1 },
				{ ...lock, Lon: 2, Lat: 1 },
				{ ...lock, EventInfo: 'lock on', Lon: 1, Lat: 1 },
			],
		],
		[
			'geofence.getEvents',
			[
				{ DeviceID: '7', RegionName: 'A', IOTime: '03/04/2026', IOType: 0 },
				{ DeviceID: '7', RegionName: 'A', IOTime: '04/04/2026', IOType: 0 },
			],
		],
	])('%s', async (name, data: object[]) => {
		const ids = async (list: object[]) => (await read(name, list, PERIOD)).records.map(({ id }) => id);
		const first = await ids(data);
		expect(new Set(first).size).toBe(data.length);
		expect(await ids(data)).toEqual(first);
		const asText = data.map((row) =>
			Object.fromEntries(
				Object.entries(row).map(([key, value]) => [
					key,
					typeof value === 'number' ? `${String(value)}.0` : value,
				]),
			),
		);
		if (name !== 'geofence.getEvents') expect(await ids(asText)).toEqual(first);
	});
});

test.each([
	['main voltage \n                12.7V', { mainVoltage: 12.7 }],
	['main voltage: 12.1V', { mainVoltage: 12.1 }],
	['Main voltage：11.5 V', { mainVoltage: 11.5 }],
	['battery level: 94%', { battery: 94 }],
	['battery\n   88 %', { battery: 88 }],
	['1# temperature: -12.5℃', { temperature: -12.5 }],
	['temperature29.2℃', { temperature: 29.2 }],
	['main voltage unknown, 12V lamp', { mainVoltage: null }],
])('the status %j', (text, expected) => {
	expect(readStatusText(text)).toMatchObject(expected);
});

test.each([
	[
		{ OilNum: '45.5L', Mileage: '120.5 km' },
		{ fuel: 45.5, odometer: 120.5 },
	],
	[
		{ OilNum: '45,5', Mileage: '1.234,5' },
		{ fuel: 45.5, odometer: 1234.5 },
	],
	[
		{ OilNum: '', Mileage: '1,234' },
		{ fuel: null, odometer: null },
	],
])('%j is %j', async (row, expected) => {
	expect((await positions(row)).records).toMatchObject([expected]);
});

test('truth in words', async () => {
	const { records } = await positions({ IsOnline: 'true', Status: 'False' }, { IsOnline: null, Status: '' });
	expect(records).toMatchObject([
		{ status: 'online', ignition: false },
		{ status: null, ignition: null },
	]);
});
