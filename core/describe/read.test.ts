import { describe, expect, test } from 'vitest';
import { Reading } from './reading';
import {
	coordinatesOf,
	countOf,
	courseOf,
	flagOf,
	isReadable,
	numberOf,
	rowsOf,
	speedOf,
	textOf,
	timeInId,
	withoutUnit,
} from './read';

test.each(['9'.repeat(400), '9'.repeat(20), 1e300, -1e300, '1e300', Infinity])(
	'%s is no number that a vendor can mean',
	(value) => {
		expect([numberOf(value), countOf(value)]).toEqual([null, null]);
	},
);

test.each([
	[0, 0],
	[360, 360],
	['270', 270],
	[359.5, 359.5],
	[361, null],
	[3600, null],
	[-1, null],
	['', null],
	['north', null],
	[null, null],
])('a course of %j is %j', (value, course) => {
	expect(courseOf(value)).toBe(course);
});

test.each([
	[44.4, 26.1],
	[-90, 180],
	['44.4', '26.1'],
	[0, 26.1],
])('%j, %j is a place', (latitude, longitude) => {
	expect(coordinatesOf(latitude, longitude)).toEqual({ latitude: Number(latitude), longitude: Number(longitude) });
});

test.each([
	[0, 0],
	[90.01, 26],
	[-91, 26],
	[44, 180.5],
	[44, -181],
	[null, 26],
	[44, ''],
	['x', 26],
])('%j, %j is none', (latitude, longitude) => {
	expect(coordinatesOf(latitude, longitude)).toEqual({ latitude: null, longitude: null });
});

test('what is no value is null, never 0', () => {
	for (const value of ['', ' ', null, undefined, [], {}, true, NaN, Infinity, 'x'])
		expect([numberOf(value), countOf(value)]).toEqual([null, null]);
	expect([numberOf('0'), numberOf(-3.5), countOf('-1'), countOf('7')]).toEqual([0, -3.5, null, 7]);
	expect([textOf(''), textOf('  '), textOf(12), textOf('a ')]).toEqual([null, null, '12', 'a ']);
});

describe('a list whose elements are not records', () => {
	test('is refused as a whole where there are more than any fault explains', () => {
		expect(rowsOf(Array<null>(50_000).fill(null), 'a record')).toHaveLength(50_000);
		for (const element of [null, {}, 1])
			expect(() => rowsOf(Array<unknown>(50_001).fill(element), 'a record')).toThrow(
				'The vendor sent a list with more than 50,000 elements, each of which is not a record.',
			);
	});

	test('however many records it has beside them, these come', () => {
		const list = Array.from({ length: 100_000 }, (_, place) => (place % 10 === 0 ? null : { id: place }));
		expect(rowsOf(list, 'a record').filter(isReadable)).toHaveLength(90_000);
	});
});

test('a time that cannot be read makes no two records share an id', () => {
	const read = '2026-01-31T08:00:00.000Z';
	expect(timeInId(read, '31.01.2026 10:00', { a: 1 })).toBe(read);
	const ids = [
		timeInId(null, '03/04/2026', { a: 1 }),
		timeInId(null, '03/04/2026', { a: 2 }),
		timeInId(null, '04/04/2026', { a: 1 }),
		timeInId(null, null, { a: 1 }),
		timeInId(null, undefined, { a: 2 }),
		timeInId(null, { at: 1 }, { a: 1 }),
	];
	expect(new Set(ids).size).toBe(ids.length);
	expect(ids[0]).toMatch(/^03\/04\/2026#[\w-]{22}$/);
	expect(timeInId(null, ' 03/04/2026 ', { a: 1 })).toBe(ids[0]);
});

test.each([
	['12,5', 12.5],
	[' 0,125 ', 0.125],
	['-12,5', -12.5],
	['1234,5678', 1234.5678],
	['1.234,5', 1234.5],
	['1,234.5', 1234.5],
	['1 234 567,89', 1_234_567.89],
	['1\u00A0234', 1234],
	['1.234', 1.234],
	['1,234', null],
	['1,234,567', null],
	['12,5,3', null],
	['1.2.3', null],
	['1.23,4', null],
	[',5', null],
	['12,', null],
	['-', null],
])('the number %j is %j', (value, number) => expect(numberOf(value)).toBe(number));

test.each([
	[0, 0],
	['87.5', 87.5],
	[500, 500],
	[501, null],
	[65535, null],
	[-1, null],
	['', null],
])('the speed %j is %j', (value, speed) => expect(speedOf(value)).toBe(speed));

test('a number that can be one of two is told of', () => {
	const reading = new Reading(() => 0);
	expect(reading.of(() => ['12,5', 'x', '1,234'].map(numberOf))).toEqual([12.5, null, null]);
	expect(reading.warning).toContain('a number: "1,234"');
});

test.each([
	['45.5L', 45.5],
	['45,5 l', 45.5],
	['45,5 Litri', 45.5],
	['45.5 gal', null],
	['l', null],
	[45.5, 45.5],
	['45.5', 45.5],
])('of %j litres there are %j', (value, litres) => expect(numberOf(withoutUnit(value, 'l', 'litri'))).toBe(litres));

test('yes and no as servers write them', () => {
	expect([true, 'true', 'True', 1, '1'].map(flagOf)).toEqual(Array(5).fill(true));
	expect([false, 'false', ' FALSE', 0, '0'].map(flagOf)).toEqual(Array(5).fill(false));
	expect([null, undefined, '', 'yes', 2, [], {}].map(flagOf)).toEqual(Array(7).fill(null));
});
