import { describe, expect, test } from 'vitest';
import { findOperation } from '../core/describe/provider';
import { providers } from '.';

/**
 * What the records of which there are most leave on the heap: a copy of a record, or an object more for each, shows
 * here and not in any other test. Bytes differ from one V8 to the next, so they are counted in copies of the record
 * itself: { ...record } has its fields and none of its texts.
 */
const RECORDS = 2000;
/** Measured: 2.05 to 2.2, on the V8s of Node 20, 22 and 24 alike. */
const MOST = 2.6;
const connection = { timeZone: 'Asia/Shanghai', speedUnit: 'kmh', odometerUnit: 'metre' };

const CASES: readonly [vendor: string, operation: string, params: object, row: (index: number) => object][] = [
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
	],
];

/** Bytes a record that a piece of work leaves: the median of many runs, as a collection may come in between. */
function bytesLeft(work: () => readonly object[]): number {
	const sizes: number[] = [];
	// Code that has not been compiled yet leaves more.
	for (let run = 0; run < 20; run++) work();
	for (let run = 0; run < 20; run++) {
		const before = process.memoryUsage().heapUsed;
		const records = work();
		sizes.push((process.memoryUsage().heapUsed - before) / RECORDS);
		expect(records).toHaveLength(RECORDS);
	}
	// Where one came, the figure is far too small.
	const bytes = sizes.filter((size) => size > 0).sort((a, b) => a - b);
	expect(bytes.length).toBeGreaterThan(10);
	return bytes[Math.floor(bytes.length / 2)]!;
}

describe.each(CASES)('%s %s', (vendor, name, params, row) => {
	const [resource = '', operation = ''] = name.split('.');
	const provider = providers.find((one) => one.name === vendor);
	const { record } = findOperation(provider as never, resource, operation)!;
	const rows = Array.from({ length: RECORDS }, (_, index) => JSON.parse(JSON.stringify(row(index))) as object);
	const made = () => rows.map((one) => record(one, params as never, connection as never));

	test('leaves no more than its record and texts', () => {
		const records = made();
		const copy = bytesLeft(() => records.map((one) => ({ ...one })));
		expect(bytesLeft(made) / copy).toBeLessThan(MOST);
	});

	test('one copy more would be noticed', () => {
		const records = made();
		const copy = bytesLeft(() => records.map((one) => ({ ...one })));
		expect(bytesLeft(() => made().map((one) => ({ ...one }))) / copy).toBeGreaterThan(MOST);
	});
});
