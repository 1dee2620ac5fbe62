import { describe, expect, test } from 'vitest';
import { retryAfterOf } from './answer';

const NOW = Date.UTC(2026, 5, 1, 10, 0, 0);
const of = (value: string | undefined, date?: string) =>
	retryAfterOf(
		{
			status: 429,
			headers: {
				...(value === undefined ? {} : { 'retry-after': value }),
				...(date === undefined ? {} : { date }),
			},
			body: '',
		},
		NOW,
	);

describe('Retry-After', () => {
	// RFC 9110, 10.2.3: a date, or whole seconds that are not negative.
	test.each([
		['45', 45_000],
		[' 45 ', 45_000],
		['0', 0],
		['1.5', 1500],
		['99999999', 99_999_999_000],
		['Mon, 01 Jun 2026 10:01:40 GMT', 100_000],
		['Monday, 01-Jun-26 10:01:40 GMT', 100_000],
		['Mon Jun  1 10:01:40 2026', 100_000],
		['2026-06-01T10:01:40Z', 100_000],
		['Mon, 01 Jun 2026 09:00:00 GMT', 0],
	])('%j', (value, expected) => expect(of(value)).toBe(expected));

	test.each([
		undefined,
		'',
		' ',
		'-5',
		'soon',
		'NaN',
		'Infinity',
		'1e9',
		'0x10',
		'12, 60',
		'60s',
		'{}',
		'9'.repeat(400),
	])('%j is none', (value) => expect(of(value)).toBeUndefined());

	test.each([
		['a clock of its own', 'Mon, 01 Jun 2026 04:00:00 GMT', 'Mon, 01 Jun 2026 03:59:30 GMT', 30_000],
		['a Date that is none', 'Mon, 01 Jun 2026 10:00:30 GMT', 'now', 30_000],
	])("a date by the server's clock: %s", (_, value, date, expected) => expect(of(value, date)).toBe(expected));
});
