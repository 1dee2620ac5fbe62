import { describe, expect, test } from 'vitest';
import { findOperation } from '../core/describe/provider';
import { providers } from '.';

/**
 * What the records of which there are most leave on the heap: a copy of a record, or an object more for each, shows
 * here and not in any other test. Bytes, unlike time, are the same on every machine.
 */
const RECORDS = 2000;
const connection = { timeZone: 'Asia/Shanghai', speedUnit: 'kmh', odometerUnit: 'metre' };

const CASES: readonly [
	vendor: string,
	operation: string,
	params: object,
	row: (index: number) => object,
	most: number,
][] = [
	[
		'trackceo',
		'position.getHistory',
		{},
		(index) => ({
			imei: '358899051000001',
			longitude: 26.1 + index / 1e5,
			latitude: 44.4,
			gpstime: 1_700_000_000 + index,
			speed: 40,
			course: 90,
		}),
		400,
	],
	[
		'trackceo',
		'position.getCurrent',
		{},
		(index) => ({
			imei: String(358_899_051_000_000 + index),
			course: 195,
			systemtime: 1_700_000_000,
			gpstime: 1_700_000_000,
			speed: 40,
			hearttime: 1_700_000_000,
			longitude: 26.1,
			latitude: 44.4,
			acctime: 1400,
			accstatus: 1,
			datastatus: 2,
			battery: 100,
			mileage: 51654,
			todaymileage: 15654,
		}),
		850,
	],
	[
		'itracksense',
		'position.getHistory',
		{ devices: ['1'] },
		(index) => ({
			GPSTime: `2026-03-18 09:${String(10 + (index % 50))}:00`,
			RcvTime: '2026-03-18 09:41:00',
			Lon: 113.9 + index / 1e5,
			Lat: 22.5,
			Speed: 40,
			Direct: 90,
			Mileage: '123.4',
			StatusDes: ' Acc on,GSM network strong 27',
		}),
		390,
	],
];

describe.each(CASES)('%s %s', (vendor, name, params, row, most) => {
	test(`leaves at most ${String(most)} bytes a record`, () => {
		const [resource = '', operation = ''] = name.split('.');
		const provider = providers.find((one) => one.name === vendor);
		const { record } = findOperation(provider!, resource, operation)!;
		const rows = Array.from({ length: RECORDS }, (_, index) => JSON.parse(JSON.stringify(row(index))) as object);
		const sizes: number[] = [];
		for (let run = 0; run < 20; run++) {
			const before = process.memoryUsage().heapUsed;
			const records = rows.map((one) => record(one, params as never, connection as never));
			sizes.push((process.memoryUsage().heapUsed - before) / RECORDS);
			expect(records).toHaveLength(RECORDS);
		}
		// Where a collection came in between, the figure is far too small.
		const bytes = sizes.filter((size) => size > 0).sort((a, b) => a - b);
		expect(bytes.length).toBeGreaterThan(10);
		expect(bytes[Math.floor(bytes.length / 2)]).toBeLessThan(most);
	});
});
