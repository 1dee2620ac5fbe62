import { expect, test } from 'vitest';
import { Gathering } from './gathering';

/** Whether a page is kept so many times. */
function keeps(pages: number, page: readonly object[]): boolean {
	const gathering = new Gathering();
	try {
		for (let count = 0; count < pages; count++) gathering.add(page);
		return true;
	} catch {
		return false;
	}
}

const ADDRESS = 'Strada Exemplului 12, Sector 3, 030134 Bucuresti, Romania';
const TIME = new Date(0).toISOString();
const MEGABYTE = 'x'.repeat(1_000_000);
const page = (record: object) => new Array<object>(5000).fill(record);
const fields = (count: number, name: (place: number) => string) =>
	Object.fromEntries(Array.from({ length: count }, (_, place) => [name(place), 12.5]));

test('whatever an honest user asks for is kept: 250,000 trips, a million points of a track', () => {
	const trip = {
		...fields(24, (place) => `field${String(place)}`),
		begin: TIME,
		end: TIME,
		from: ADDRESS,
		to: ADDRESS,
	};
	expect(keeps(50, page(trip))).toBe(true);
	const point = { deviceId: '358899051000001', time: TIME, latitude: 44.4, longitude: 26.1, speed: 50 };
	expect(keeps(200, page(point))).toBe(true);
});

test.each<[string, number, object[]]>([
	['long texts', 401, [{ text: MEGABYTE }]],
	['long texts deep within', 401, [{ a: [{ b: [[MEGABYTE]] }] }]],
	['lists of nothing', 2000, [{ list: new Array<object>(10_000).fill([]) }]],
	[
		'names of their own',
		100,
		Array.from({ length: 500 }, (_, nth) => fields(100, (place) => `${String(nth)} ${String(place)}`)),
	],
	['nothing at all, but many', 2600, page({})],
])('records of %s are too many at some time', (_, pages, records) => {
	expect(keeps(pages, records)).toBe(false);
});

test('the error says how to ask for less, and lasts', () => {
	const gathering = new Gathering();
	expect(() => gathering.add(new Array<object>(401).fill({ text: MEGABYTE }))).toThrow(/400 MB/);
	expect(() => gathering.mustHaveRoom()).toThrow(
		expect.objectContaining({
			code: 'TooLarge',
			permanent: true,
			retryable: false,
			advice: expect.stringContaining('shorter period') as string,
		}) as Error,
	);
});
