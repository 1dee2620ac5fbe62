import { describe, expect, test } from 'vitest';
import { createFleet, fixesBetween, stateAt } from '../../simulators/fleet';
import { metresBetween } from '../describe/place';
import { UNNAMED, type Fix, type Stop, type Trip } from '../describe/records';
import { Journeys, type TripRules } from './trips';

const MINUTE = 60_000;
/** Traccar's: report.trip.minimalTripDistance and its neighbours. */
const RULES: TripRules = {
	leastMetres: 500,
	leastDriving: 5 * MINUTE,
	leastStop: 5 * MINUTE,
	gap: 60 * MINUTE,
	ignitionEnds: false,
};
const START = Date.UTC(2026, 2, 18);
const iso = (second: number) => new Date(START + second * 1000).toISOString();

interface Sample {
	second: number;
	/** Metres north of the start. */
	at: number;
	speed: number | null;
	ignition?: boolean | null;
	odometer?: number | null;
}

const fixOf = ({ second, at, speed, ignition = null, odometer = null }: Sample): Fix => ({
	...UNNAMED,
	deviceId: '1',
	time: iso(second),
	latitude: 45 + at / 111_195,
	longitude: 25,
	speed,
	course: null,
	odometer,
	ignition,
});

function partsOf(fixes: readonly Fix[], rules: Partial<TripRules> = {}) {
	const trips: Trip[] = [];
	const stops: Stop[] = [];
	const journeys = new Journeys(
		{ ...RULES, ...rules },
		(trip) => trips.push(trip),
		(stop) => stops.push(stop),
	);
	for (const fix of fixes)
		journeys.add({
			fix,
			time: Date.parse(fix.time ?? ''),
			latitude: fix.latitude ?? 0,
			longitude: fix.longitude ?? 0,
			moving: false,
		});
	journeys.end();
	return { trips, stops };
}

/** Pieces of standing and driving at 72 km/h, a fix in 10 s. */
function track(
	...pieces: readonly [kind: 'stand' | 'drive' | 'gap', minutes: number, more?: Partial<Sample>][]
): Fix[] {
	let [second, at] = [0, 0];
	return pieces.flatMap(([kind, minutes, more]) => {
		const fixes: Fix[] = [];
		const until = second + minutes * 60;
		for (; second < until; second += 10) {
			if (kind === 'gap') continue;
			fixes.push(fixOf({ second, at, speed: kind === 'drive' ? 72 : 0, ...more }));
			if (kind === 'drive') at += 200;
		}
		return fixes;
	});
}

const timesOf = (list: readonly { startedAt: string | null; endedAt: string | null }[]) =>
	list.map(({ startedAt, endedAt }) => [minutesOf(startedAt), minutesOf(endedAt)]);
const minutesOf = (time: string | null) => (time === null ? null : (Date.parse(time) - START) / MINUTE);

describe('a day', () => {
	const { trips, stops } = partsOf(
		track(['stand', 10], ['drive', 20], ['stand', 2], ['drive', 10], ['stand', 30], ['drive', 6], ['stand', 8]),
	);

	test('has the trips between its stops', () => {
		expect(timesOf(trips)).toEqual([
			[10, 42],
			[72, 78],
		]);
		expect(timesOf(stops)).toEqual([
			[0, 10],
			[42, 72],
			[78, null],
		]);
	});

	test('says what was driven', () => {
		expect(trips[0]).toMatchObject({
			deviceId: '1',
			distance: 36,
			drivingSeconds: 1800,
			idleSeconds: 120,
			maxSpeed: 72,
			averageSpeed: 67.5,
			startLatitude: 45,
			endLatitude: expect.closeTo(45 + 36_000 / 111_195, 6) as number,
		});
		expect(stops[1]).toMatchObject({ seconds: 1800, idleSeconds: null, latitude: trips[0]?.endLatitude });
	});

	test('a trip that goes on has no end', () => {
		const {
			trips: [trip],
		} = partsOf(track(['stand', 10], ['drive', 20], ['stand', 3]));
		expect(trip).toMatchObject({ startedAt: iso(600), endedAt: null, endLatitude: null, distance: 24 });
	});
});

test('what is short in both, distance and time, is part of the stop', () => {
	const short = (minutes: number) => partsOf(track(['stand', 10], ['drive', minutes], ['stand', 10]));
	// 400 m in 20 s, then 600 m in 30 s.
	expect(timesOf(short(1 / 3).trips)).toEqual([]);
	expect(timesOf(short(1 / 3).stops)).toEqual([[0, null]]);
	expect(timesOf(short(1 / 2).trips)).toEqual([[10, 10.5]]);
});

test('long enough in time, and not in distance', () => {
	const slow = Array.from({ length: 70 }, (_, n) =>
		fixOf({ second: n * 10, at: n * 2, speed: n >= 20 && n < 55 ? 4 : 0 }),
	);
	expect(timesOf(partsOf(slow).trips)).toEqual([[200 / 60, null]]);
});

test('an hour without fixes ends a trip at the last one', () => {
	const { trips, stops } = partsOf(track(['drive', 10], ['gap', 60], ['drive', 10], ['stand', 5]));
	expect(timesOf(trips).map(([, end]) => end)).toEqual([590 / 60, null]);
	expect(timesOf(stops)).toEqual([[590 / 60, 70]]);
	expect(timesOf(partsOf(track(['drive', 10], ['gap', 50], ['drive', 10], ['stand', 6])).trips)).toEqual([[0, 70]]);
});

describe('the ignition', () => {
	const off = track(
		['drive', 10, { ignition: true }],
		['stand', 2, { ignition: false }],
		['drive', 10, { ignition: true }],
		['stand', 10, { ignition: true }],
	);

	test('ends a trip where that is asked for', () => {
		expect(timesOf(partsOf(off).trips)).toEqual([[0, 22]]);
		expect(timesOf(partsOf(off, { ignitionEnds: true }).trips)).toEqual([
			[0, 10],
			[12, 22],
		]);
		expect(timesOf(partsOf(off, { ignitionEnds: true }).stops)).toEqual([
			[10, 12],
			[22, null],
		]);
	});

	test('says how long the engine ran', () => {
		expect(partsOf(off).trips[0]).toMatchObject({ idleSeconds: 0 });
		expect(partsOf(off).stops[0]).toMatchObject({ seconds: 590, idleSeconds: 590 });
	});

	test('that nobody reports leaves that unknown, and so does a move within the stop', () => {
		const moved = (ignition: boolean | null) =>
			partsOf(track(['stand', 10, { ignition }], ['drive', 1 / 3], ['stand', 10, { ignition }])).stops;
		expect(moved(null)).toMatchObject([{ seconds: 1210, idleSeconds: null }]);
		expect(moved(false)).toMatchObject([{ seconds: 1210, idleSeconds: 0 }]);
	});
});

test('the odometer counts, where it can be right', () => {
	const fixes = (last: number) =>
		track(['stand', 10], ['drive', 10], ['stand', 10]).map((fix, place) => ({
			...fix,
			odometer: place < 60 ? 1000 : place < 120 ? 1000 + (place - 60) / 4 : last,
		}));
	expect(partsOf(fixes(1014)).trips[0]?.distance).toBe(14);
	for (const wrong of [0, 900, 65_535]) expect(partsOf(fixes(wrong)).trips[0]?.distance).toBe(12);
});

test('without speeds, it is seen by the places', () => {
	const fixes = track(['stand', 10], ['drive', 20], ['stand', 10]).map((fix) => ({ ...fix, speed: null }));
	const [trip] = partsOf(fixes).trips;
	expect([minutesOf(trip?.startedAt ?? null), trip?.maxSpeed]).toEqual([10 + 1 / 6, null]);
	expect(minutesOf(trip?.endedAt ?? null)).toBeCloseTo(30, 0);
});

/** The definition, word by word, over the whole track at once. */
function oracle(
	fixes: readonly Fix[],
	rules: TripRules,
): { trips: [string, string | null, number][]; stops: string[] } {
	const time = fixes.map((fix) => Date.parse(fix.time ?? ''));
	const moving = fixes.map(({ speed }) => (speed ?? 0) >= 3);
	/** From the last fix before it. */
	const metres = (from: number, to: number) => {
		let sum = 0;
		const before = from > 0 && time[from]! - time[from - 1]! < rules.gap ? from - 1 : from;
		for (let i = before; i < to; i++) sum += metresBetween(fixes[i] as never, fixes[i + 1] as never);
		return sum;
	};
	const driving = (from: number, to: number) => {
		let sum = 0;
		for (let i = from; i < to; i++) if (moving[i]) sum += time[i + 1]! - time[i]!;
		return sum;
	};
	/** Where a trip may end and the next begins: [the last fix of the one, the first moving one of the other]. */
	const cuts: [end: number, next: number][] = [];
	for (let i = 0; i < fixes.length; i++) {
		if (moving[i]) {
			if (i + 1 < fixes.length && time[i + 1]! - time[i]! >= rules.gap) {
				let next = i + 1;
				while (next < fixes.length && !moving[next]) next++;
				cuts.push([i, next]);
				i = next - 1;
			}
			continue;
		}
		let next = i;
		while (next < fixes.length && !moving[next]) next++;
		const until = next < fixes.length ? time[next]! : time.at(-1)!;
		const off = rules.ignitionEnds && fixes.slice(i, next).some(({ ignition }) => ignition === false);
		if (until - time[i]! >= rules.leastStop || off || i === 0) cuts.push([i, next]);
		i = next - 1;
	}
	const trips: [string, string | null, number][] = [];
	let from = moving[0] ? 0 : (cuts.shift()?.[1] ?? fixes.length);
	for (const [end, next] of [...cuts, [fixes.length, fixes.length]] as [number, number][]) {
		const to = Math.min(end, fixes.length - 1);
		if (from < to && (metres(from, to) >= rules.leastMetres || driving(from, to) >= rules.leastDriving))
			trips.push([
				fixes[from]!.time!,
				end < fixes.length ? fixes[end]!.time : null,
				Math.round(metres(from, to)) / 1000,
			]);
		from = next;
	}
	return { trips, stops: [] };
}

test('random tracks: the same as by the definition', () => {
	let seed = 11;
	const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
	let found = 0;
	for (let run = 0; run < 400; run++) {
		let [second, at] = [0, 0];
		const fixes: Fix[] = [];
		const ignitions = random() < 0.5;
		for (let piece = 0; piece < 12; piece++) {
			const drives = random() < 0.55;
			const count = 1 + Math.floor(random() * (random() < 0.4 ? 40 : 6));
			for (let n = 0; n < count; n++) {
				second += random() < 0.02 ? 3600 : random() < 0.05 ? 400 : 10 + Math.floor(random() * 20);
				at += drives ? Math.floor(random() * 300) : 0;
				const ignition = ignitions ? drives || random() < 0.8 : null;
				fixes.push(fixOf({ second, at, speed: drives ? 30 : 0, ignition }));
			}
		}
		const rules = { ...RULES, ignitionEnds: run % 2 === 0 };
		const { trips } = partsOf(fixes, rules);
		const expected = oracle(fixes, rules);
		found += expected.trips.length;
		expect(
			trips.map(({ startedAt, endedAt, distance }) => [startedAt, endedAt, distance]),
			String(run),
		).toEqual(expected.trips);
	}
	expect(found).toBeGreaterThan(500);
});

test('simulated vehicles: 99 of 100 trips begin and end within a fix of the truth', () => {
	const [begin, end] = [START / 1000, START / 1000 + 86_400];
	let [all, close] = [0, 0];
	for (const vehicle of createFleet({ now: end * 1000 }).filter(({ contact }) => contact === 'reporting')) {
		// The truth, second by second: it stands for five minutes between trips.
		const truth: [number, number][] = [];
		let from: number | undefined;
		let moved = begin;
		for (let second = begin; second < end; second++) {
			if (stateAt(vehicle, second).speed < 3) {
				if (from !== undefined && second - moved >= 300) {
					truth.push([from, moved + 1]);
					from = undefined;
				}
				continue;
			}
			from ??= second;
			moved = second;
		}
		const fixes = [...fixesBetween(vehicle, begin, end)].map(({ time, latitude, longitude, speed }): Fix => ({
			...fixOf({ second: time - START / 1000, at: 0, speed }),
			latitude,
			longitude,
		}));
		const ends = partsOf(fixes).trips.flatMap(({ startedAt, endedAt }) =>
			[startedAt, endedAt].map((time) => (time === null ? 0 : Date.parse(time) / 1000)),
		);
		for (const moment of truth.flat()) {
			all += 1;
			if (ends.some((other) => Math.abs(other - moment) <= 10)) close += 1;
		}
	}
	expect(all).toBeGreaterThan(50);
	expect(close / all).toBeGreaterThanOrEqual(0.99);
});
