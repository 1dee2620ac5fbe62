import { describe, expect, test } from 'vitest';
import { UNNAMED, type Fix } from '../describe/records';
import { CleanTrack, MOST_TRACKS, type Point } from './clean-track';

const NOW = Date.UTC(2026, 2, 18, 12);
const iso = (second: number) => new Date(Date.UTC(2026, 2, 18) + second * 1000).toISOString();
/** A degree of latitude is 111.195 km. */
const METRE = 1 / 111_195;

const fix = (second: number, metres: number, values: Partial<Fix> = {}): Fix => ({
	...UNNAMED,
	deviceId: '1',
	time: iso(second),
	latitude: 45 + metres * METRE,
	longitude: 25,
	speed: null,
	course: null,
	odometer: null,
	ignition: null,
	...values,
});
/** 72 km/h, a fix in 10 s. */
const drive = (from: number, to: number, at = 0, values: Partial<Fix> = {}) =>
	Array.from({ length: (to - from) / 10 }, (_, index) => fix(from + index * 10, at + index * 200, values));

function cleaned(fixes: readonly object[], devices?: readonly string[]) {
	const records: object[] = [];
	let begun = 0;
	const add = (fix: object) => records.push(fix);
	const begin = () => {
		begun += 1;
		return { add: ({ fix }: Point) => add(fix), end: () => undefined };
	};
	const track = new CleanTrack(NOW, devices, begin, add);
	for (const each of fixes) track.add(each);
	const steps = [...track.end()].length;
	return { records, warnings: track.warnings, begun, steps };
}

/** The track as it was, and the wrong fixes between. */
function expectOnly(good: readonly Fix[], came: readonly object[], words: string) {
	const { records, warnings } = cleaned(came);
	expect(records).toEqual(good);
	expect(warnings).toEqual([
		`Fixes left out: ${String(came.length - good.length)} of ${String(came.length)} (${words}).`,
	]);
}

const GOOD = drive(0, 300);
const between = (place: number, ...wrong: object[]) => [...GOOD.slice(0, place), ...wrong, ...GOOD.slice(place)];

test('a good track stays as it is, and nothing is reported', () => {
	expect(cleaned(GOOD)).toMatchObject({ records: GOOD, warnings: [] });
	expect(cleaned([])).toMatchObject({ records: [], warnings: [] });
	expect(cleaned(GOOD.slice(0, 1)).records).toEqual(GOOD.slice(0, 1));
});

test.each([
	['no time', '1 without place or time', fix(0, 0, { time: null })],
	['no place', '1 without place or time', fix(95, 1900, { latitude: null, longitude: null })],
	['half a place', '1 without place or time', fix(95, 1900, { longitude: null })],
	['from the future', '1 dated in the future', fix(13 * 3600, 2000)],
	['a double', '1 doubled or out of order', GOOD[9]!],
	['the same second elsewhere', '1 doubled or out of order', fix(90, 2500)],
	['late', '1 doubled or out of order', fix(55, 1100)],
	['another continent', '1 where no vehicle can have been', fix(95, 5_000_000)],
	['two kilometres off', '1 where no vehicle can have been', fix(95, 4000)],
	[
		'the other half of the earth',
		'1 where no vehicle can have been',
		fix(95, 1900, { latitude: -45 - 1900 * METRE }),
	],
	['the other side of Greenwich', '1 where no vehicle can have been', fix(95, 1900, { longitude: -25 })],
])('%s', (_, words, wrong) => {
	expectOnly(GOOD, between(10, wrong), words);
});

test('a clock that is minutes ahead is no reason to leave a fix out, and one that is further ahead is', () => {
	const minutes = (count: number) => fix(12 * 3600 + count * 60, 0);
	expect(cleaned([minutes(0), minutes(4)]).records).toHaveLength(2);
	expect(cleaned([minutes(0), minutes(6)])).toMatchObject({
		records: [minutes(0)],
		warnings: ['Fixes left out: 1 of 2 (1 dated in the future).'],
	});
});

test('two that follow from each other are still a jump', () => {
	expectOnly(GOOD, between(10, fix(93, 90_000), fix(96, 90_050)), '2 where no vehicle can have been');
});

test('each of many', () => {
	const wrong = GOOD.flatMap((good, place) =>
		place % 3 === 1 ? [good, fix(place * 10 + 3, 90_000 * place), { ...good, time: null }] : [good],
	);
	expectOnly(GOOD, wrong, '10 without place or time, 10 where no vehicle can have been');
});

describe('one wrong fix does not make those after it wrong', () => {
	test('the first of a track', () => {
		expectOnly(GOOD.slice(1), [fix(0, 90_000), ...GOOD.slice(1)], '1 where no vehicle can have been');
	});

	test('ahead of its time', () => {
		expectOnly(GOOD, between(10, fix(7200, 2000)), '1 where no vehicle can have been');
	});

	test('far off after a gap in which it could have been reached', () => {
		const later = drive(1200, 1500, 6000);
		const came = [...GOOD, fix(1190, 40_000), ...later];
		expectOnly([...GOOD, ...later], came, '1 where no vehicle can have been');
	});

	test('as long as the wrong ones are fewer than three in a row', () => {
		const far = [fix(93, 90_000), fix(95, 90_050), fix(97, 90_100)];
		expect(cleaned(between(10, ...far)).records.length).toBeLessThan(GOOD.length + 4);
		expect(cleaned(between(10, ...far)).records).toEqual(expect.arrayContaining(GOOD.slice(10)));
	});
});

test('what was carried further than it can drive goes on there', () => {
	const arrived = drive(3900, 4200, 1_500_000);
	expect(cleaned([...GOOD, ...arrived])).toMatchObject({ records: [...GOOD, ...arrived], warnings: [] });
});

test('gaps remain gaps', () => {
	const later = drive(36_000, 36_300, 6000);
	expect(cleaned([...GOOD, ...later]).records).toEqual([...GOOD, ...later]);
});

test('fixes of several devices in any order are several tracks', () => {
	const other = drive(0, 300, 700_000, { deviceId: '2' });
	const { records, warnings } = cleaned(GOOD.flatMap((good, place) => [good, other[place]!]));
	const of = (device: string) => records.filter((record) => (record as Fix).deviceId === device);
	expect([of('1'), of('2'), warnings]).toEqual([GOOD, other, []]);
});

describe('names that a vendor makes up', () => {
	const made = (count: number) =>
		Array.from({ length: count }, (_, place) => fix(0, 0, { deviceId: String(1_000_000 + place) }));

	test('have no track where devices are named', () => {
		const other = drive(0, 300, 700_000, { deviceId: '2' });
		const { records, warnings, begun, steps } = cleaned(
			[...made(1000), ...GOOD, ...other, ...made(1000)],
			['1', '3'],
		);
		expect([records, begun, steps]).toEqual([GOOD, 1, 1]);
		expect(warnings).toEqual(['Fixes left out: 2,030 of 2,060 (2,030 of devices that were not asked for).']);
	});

	test('are those that were asked for, however they are written', () => {
		const came = drive(0, 300, 0, { deviceId: '12 ab' });
		for (const asked of ['12 ab', ' 12 AB', '0012 ab']) expect(cleaned(came, [asked]).records).toEqual(came);
		for (const asked of ['ab', '12', '', '0', '120 ab']) expect(cleaned(came, [asked]).records).toEqual([]);
		const zero = drive(0, 300, 0, { deviceId: '0' });
		expect(cleaned(zero, ['000']).records).toEqual(zero);
	});

	test('where all devices are asked for, are no more than any fleet has', () => {
		const came = made(MOST_TRACKS + 10);
		const { records, warnings, begun, steps } = cleaned([...came, ...GOOD, ...came]);
		expect([records.length, begun, steps]).toEqual([MOST_TRACKS, MOST_TRACKS, MOST_TRACKS]);
		expect(warnings).toEqual([
			'Fixes left out: 25,050 of 50,050 (25,000 doubled or out of order, 50 of other devices than the first 25,000).',
		]);
	});
});

test('points of a path that the vendor has corrected have neither time nor place, and are kept', () => {
	const point = { ...fix(0, 0, { time: null, latitude: null, longitude: null }), corrected: true };
	expect(cleaned([...GOOD, point]).records).toEqual(expect.arrayContaining([point]));
	expect(cleaned([...GOOD, point]).warnings).toEqual([]);
});

test('random faults in random tracks: what is left is the track', () => {
	let seed = 7;
	const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
	for (let run = 0; run < 300; run++) {
		const good: Fix[] = [];
		let [at, second] = [0, 0];
		for (let count = 20 + Math.floor(random() * 60); count > 0; count--) {
			// Up to 144 km/h, with a standstill and a gap now and then.
			const step = random() < 0.05 ? 1800 : 5 + Math.floor(random() * 30);
			second += step;
			at += step < 100 ? random() * 40 * step : 100;
			good.push(fix(second, at));
		}
		const came = good.flatMap((one, place) => {
			const { time } = one;
			const next = Date.parse(time ?? '') + 1000;
			if (random() > 0.2 || place < 1) return [one];
			const kinds = [
				one,
				{ ...one, longitude: null },
				{ ...one, time: iso(86_400) },
				{ ...one, time: iso(-5) },
				{ ...one, time: new Date(next).toISOString(), longitude: 25 + 20 * (random() + 0.5) },
			];
			return [one, kinds[Math.floor(random() * kinds.length)] ?? one];
		});
		expect(cleaned(came).records, String(run)).toEqual(good);
	}
});
