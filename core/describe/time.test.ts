import { describe, expect, test } from 'vitest';
import {
	instantOfLocal,
	inWords,
	isoOfSeconds,
	isTimeZone,
	localOfInstant,
	msOfIso,
	readTime,
	readWritten,
} from './time';

const clock = { now: Date.UTC(2026, 0, 31, 12, 34, 56), timeZone: 'Europe/Bucharest' };
const iso = (value: unknown, timeZone = clock.timeZone) => {
	const at = readTime(value, { ...clock, timeZone });
	return at === undefined ? undefined : new Date(at).toISOString();
};

describe('times as users give them', () => {
	test('years of four digits are times in local time, too, but for the ends, which another zone has in another year', () => {
		expect(iso('1000-06-01', 'UTC')).toBe('1000-06-01T00:00:00.000Z');
		expect(iso('1000-01-01', 'UTC')).toBeUndefined();
		expect(iso('9999-12-31', 'UTC')).toBeUndefined();
	});

	test.each([
		['2026-01-31T08:00:00Z', '2026-01-31T08:00:00.000Z'],
		['2026-01-31T08:00:00.250+02:00', '2026-01-31T06:00:00.250Z'],
		['2026-01-31 08:00 +0200', '2026-01-31T06:00:00.000Z'],
		['2026-01-31T08:00:00', '2026-01-31T06:00:00.000Z'],
		['2026-01-31 08:00', '2026-01-31T06:00:00.000Z'],
		['2026-01-31', '2026-01-30T22:00:00.000Z'],
		[1419906052, '2014-12-30T02:20:52.000Z'],
		['1419906052', '2014-12-30T02:20:52.000Z'],
		[1419906052000, '2014-12-30T02:20:52.000Z'],
		[new Date(1419906052000), '2014-12-30T02:20:52.000Z'],
		[{ toMillis: () => 1419906052000 }, '2014-12-30T02:20:52.000Z'],
		[253370764800000, '9999-01-01T00:00:00.000Z'],
		['now', '2026-01-31T12:34:56.000Z'],
		['-24h', '2026-01-30T12:34:56.000Z'],
		['-24h/h', '2026-01-30T12:00:00.000Z'],
		['+30m', '2026-01-31T13:04:56.000Z'],
		[' 2026-01-31T08:00:00Z\n', '2026-01-31T08:00:00.000Z'],
		['2026-01-31T08:00:00.250', '2026-01-31T06:00:00.250Z'],
		['2024-02-29T12:00:00Z', '2024-02-29T12:00:00.000Z'],
		['2024-02-29', '2024-02-28T22:00:00.000Z'],
		['2026-01-31 23:59:59', '2026-01-31T21:59:59.000Z'],
		[0, '1970-01-01T00:00:00.000Z'],
		// The last number that is seconds, and the first that is milliseconds.
		[99_999_999_999, '5138-11-16T09:46:39.000Z'],
		[100_000_000_000, '1973-03-03T09:46:40.000Z'],
		['1000-01-02T00:00:00Z', '1000-01-02T00:00:00.000Z'],
		['1000-06-01T00:00:00Z', '1000-06-01T00:00:00.000Z'],
		['9999-12-30T00:00:00Z', '9999-12-30T00:00:00.000Z'],
	])('%j', (given, expected) => expect(iso(given)).toBe(expected));

	test.each([
		253402300800000,
		-62135596800000,
		'9999-12-31T23:00:00Z',
		'0999-01-01',
		'yesterday',
		'31.01.2026',
		'2026-02-30',
		'2026-13-01T00:00:00Z',
		'2026-02-30T00:00:00Z',
		'25:00',
		'',
		-5,
		NaN,
		Infinity,
		{},
		[],
		null,
		'2026-01-31T08:61:00',
		'2026-01-31T08:00:60',
		'2026-01-31 24:00',
		'2026-13-01',
		'2026-00-10',
		'2025-02-29',
		// What JavaScript itself would take for a time.
		'31 Jan 2026 08:00 UTC',
		'2026-01-31T08:00:00 EST',
		'2026-01-31T08:00:00Z (noon)',
		'0x1419906052',
		'1419906052e2',
		// Date has the years 0 to 99 begin in 1900.
		'0099-06-01',
		'1000-01-01T23:59:59Z',
		'9999-12-30T00:00:01Z',
		{ toMillis: 1419906052000 },
		{ toMillis: () => 'soon' },
	])('%j is none', (given) => expect(iso(given)).toBeUndefined());
});

describe('local times', () => {
	const bucharest = (text: string) =>
		new Date(instantOfLocal(Date.parse(`${text}Z`), 'Europe/Bucharest')).toISOString();
	test('summer and winter', () => {
		expect(bucharest('2026-07-01T12:00:00')).toBe('2026-07-01T09:00:00.000Z');
		expect(bucharest('2026-12-01T12:00:00')).toBe('2026-12-01T10:00:00.000Z');
	});
	test('the doubled hour is the first of the two', () =>
		expect(bucharest('2026-10-25T03:30:00')).toBe('2026-10-25T00:30:00.000Z'));
	test('the missing hour moves on', () => expect(bucharest('2026-03-29T03:30:00')).toBe('2026-03-29T01:30:00.000Z'));
	test('and back: every quarter of an hour of the days on which the clocks change, and of a zone that moves by half an hour', () => {
		for (const [zone, day] of [
			['Europe/Bucharest', Date.UTC(2026, 2, 29)],
			['Europe/Bucharest', Date.UTC(2026, 9, 25)],
			['Australia/Lord_Howe', Date.UTC(2026, 3, 4)],
			['Asia/Kathmandu', Date.UTC(2026, 0, 1)],
		] as const) {
			let doubled = 0;
			for (let at = day - 43_200_000; at < day + 86_400_000; at += 900_000) {
				const local = localOfInstant(at + 1234, zone);
				expect(new Date(local).toISOString().slice(11, 19)).toBe(
					new Date(at + 1234).toLocaleTimeString('en-GB', { timeZone: zone }),
				);
				if (instantOfLocal(local, zone) !== at + 1234) doubled += 1;
			}
			// Only the second pass through the doubled hour is read as the first.
			expect(doubled).toBe(
				{ 'Europe/Bucharest': day > Date.UTC(2026, 6) ? 4 : 0, 'Australia/Lord_Howe': 2, 'Asia/Kathmandu': 0 }[
					zone
				],
			);
		}
	});
	test('zones have names', () => {
		expect(isTimeZone('Europe/Bucharest')).toBe(true);
		expect(isTimeZone('Mars/Olympus')).toBe(false);
	});
});

test('ISO text of seconds is what Date gives', () => {
	for (const seconds of [0, 1, 59, 3599, 3600, 1419906052, 1419906052.5, 4102444799, 1419902400])
		expect(isoOfSeconds(seconds)).toBe(new Date(seconds * 1000).toISOString());
});

test.each([
	[1, '1 second'],
	[45, '45 seconds'],
	[89, '89 seconds'],
	[300, '5 minutes'],
	[60_497, '17 hours'],
	[3 * 86_400, '3 days'],
	[99_999_999, '3 years'],
])('%d seconds in words', (seconds, words) => expect(inWords(seconds)).toBe(words));
describe('times as servers write them', () => {
	const now = Date.UTC(2026, 10, 27, 12);
	const read = (value: unknown) => {
		const at = readWritten(value, 'Europe/Bucharest', now);
		return typeof at === 'number' ? new Date(at).toISOString() : at;
	};

	test.each([
		// Of the culture ro-RO, in summer and winter.
		['09.09.2024 09:42:51', '2024-09-09T06:42:51.000Z'],
		['26.11.2026 21:56:14', '2026-11-26T19:56:14.000Z'],
		['3.4.2026 9:05', '2026-04-03T06:05:00.000Z'],
		['09.09.2024, 09:42', '2024-09-09T06:42:00.000Z'],
		// hu-HU
		['2024. 09. 10. 9:42:51', '2024-09-10T06:42:51.000Z'],
		['2024.09.10. 09:42', '2024-09-10T06:42:00.000Z'],
		// Invariant and en-GB, where only one order is possible.
		['11/26/2026 21:56:14', '2026-11-26T19:56:14.000Z'],
		['26/11/2026 21:56', '2026-11-26T19:56:00.000Z'],
		['09/09/2024 9:42:51 PM', '2024-09-09T18:42:51.000Z'],
		['9/26/2024 12:05 am', '2024-09-25T21:05:00.000Z'],
		['26-11-2026 21:56', '2026-11-26T19:56:00.000Z'],
		['2026/11/26 21:56', '2026-11-26T19:56:00.000Z'],
		['2024-09-09T09:42:51.8351234', '2024-09-09T06:42:51.835Z'],
		['2024-09-09 09:42:51,8', '2024-09-09T06:42:51.800Z'],
		['2024-09-09T09:42:51+0300', '2024-09-09T06:42:51.000Z'],
		['2024-09-09T09:42:51Z', '2024-09-09T09:42:51.000Z'],
		['/Date(1419906052000+0200)/', '2014-12-30T02:20:52.000Z'],
		[1419906052, '2014-12-30T02:20:52.000Z'],
		['1419906052000', '2014-12-30T02:20:52.000Z'],
		[1419906052000000, '2014-12-30T02:20:52.000Z'],
		[now / 1000 + 86_400, '2026-11-28T12:00:00.000Z'],
	])('%j is %s', (value, expected) => expect(read(value)).toBe(expected));

	test.each([
		[null],
		[undefined],
		[''],
		['  '],
		[0],
		['0'],
		[-62_135_596_800],
		['0001-01-01T00:00:00'],
		['01.01.0001 00:00:00'],
		['1/1/0001 12:00:00 AM'],
		['9999-12-31T23:59:59.9999999'],
		['/Date(-62135596800000)/'],
	])('%j stands for none', (value) => expect(read(value)).toBeNull());

	test.each([
		['03/04/2026 10:00'],
		['03-04-2026 10:00:00'],
		['2024-09-09'],
		['09.09.2024'],
		['soon'],
		['13/13/2026 10:00'],
		['31.02.2026 10:00'],
		['26.11.26 21:56'],
		['26.11.2026 25:00'],
		['26.11.2026 13:00 PM'],
		['26.11/2026 10:00'],
		[true],
		[{}],
		[['2024-09-09T09:42:51']],
		[12],
		[1e9 * 0.9],
		[now / 1000 + 86_401],
		[NaN],
	])('%j cannot be read', (value) => expect(read(value)).toBeUndefined());
});

test.each([
	'2026-01-31T08:00:00.000Z',
	'2026-01-31T08:59:59.000Z',
	'2026-01-31T07:59:59.000Z',
	'1014-12-30T02:20:52.000Z',
	'2026-01-31T08:00:00.250Z',
	'2026-01-31T08:00:00+02:00',
	'not a time at all, 24.000Z',
	'',
])('an ISO text as milliseconds: %s', (text) => {
	expect(msOfIso(text)).toBe(Date.parse(text));
});
