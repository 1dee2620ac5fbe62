import { expect, test } from 'vitest';
import { UNNAMED, type DaySummary, type Fix, type Trip } from '../describe/records';
import { DaySummaries } from './day-summaries';
import { Journeys, type TripRules } from './trips';

const RULES: TripRules = {
	leastMetres: 500,
	leastDriving: 300_000,
	leastStop: 300_000,
	gap: 3_600_000,
	ignitionEnds: false,
};
const STEP = 60_000;

/** A fix a minute, north at 60 km/h wherever it drives. */
function track(begin: number, end: number, drives: (time: number) => boolean): Fix[] {
	let latitude = -60;
	return Array.from({ length: (end - begin) / STEP }, (_, index) => {
		const time = begin + index * STEP;
		const moving = drives(time);
		const fix = {
			...UNNAMED,
			deviceId: '1',
			time: new Date(time).toISOString(),
			latitude,
			longitude: 25,
			speed: moving ? 60 : 0,
			course: null,
			odometer: null,
			ignition: moving,
		};
		if (moving) latitude += 1000 / 111_195.08;
		return fix;
	});
}

const pointOf = (fix: Fix) => ({
	fix,
	time: Date.parse(fix.time ?? ''),
	latitude: fix.latitude ?? 0,
	longitude: fix.longitude ?? 0,
	moving: false,
});

function daysOf(fixes: readonly Fix[], zone: string): DaySummary[] {
	const days: DaySummary[] = [];
	const summaries = new DaySummaries(RULES, zone, (day) => days.push(day));
	for (const fix of fixes) summaries.add(pointOf(fix));
	summaries.end();
	return days;
}

const always = () => true;

// https://www.timeanddate.com/time/zone/romania/bucharest: clocks change on 29 March and 25 October 2026.
test.each([
	['Europe/Bucharest', '2026-03-28T22:00:00Z', '2026-03-29', 23],
	['Europe/Bucharest', '2026-10-24T21:00:00Z', '2026-10-25', 25],
	['Europe/Bucharest', '2026-07-13T21:00:00Z', '2026-07-14', 24],
	['Asia/Kathmandu', '2026-07-13T18:15:00Z', '2026-07-14', 24],
	['UTC', '2026-07-14T00:00:00Z', '2026-07-14', 24],
])('%s: the day that begins at %s has as many hours as on the wall', (zone, from, date, hours) => {
	const begin = Date.parse(from);
	const end = begin + hours * 3_600_000;
	const days = daysOf(track(begin - 3_600_000, end + 3_600_000, always), zone);
	expect(days).toHaveLength(3);
	expect(days[1]).toMatchObject({
		date,
		from: new Date(begin).toISOString(),
		to: new Date(end).toISOString(),
		startedAt: new Date(begin).toISOString(),
		trips: 1,
		stops: 0,
		drivingSeconds: hours * 3600,
		maxSpeed: 60,
	});
	expect(days[1]?.distance).toBeCloseTo(hours * 60, 0);
});

test('days add up to the whole, whatever the driver does', () => {
	const begin = Date.UTC(2026, 5, 1);
	let seed = 5;
	const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
	for (let run = 0; run < 20; run++) {
		let [until, moving] = [begin, false];
		const fixes = track(begin, begin + 4 * 86_400_000, (time) => {
			if (time >= until) {
				moving = !moving;
				until = time + (10 + Math.floor(random() * 300)) * STEP;
			}
			return moving;
		});
		const trips: Trip[] = [];
		const whole = new Journeys(
			RULES,
			(trip) => trips.push(trip),
			() => undefined,
		);
		for (const fix of fixes) whole.add(pointOf(fix));
		whole.end();
		const sum = (list: readonly object[], name: string) =>
			list.reduce((total, each) => total + Number((each as Record<string, unknown>)[name]), 0);
		const days = daysOf(fixes, 'Europe/Bucharest');
		expect(days).toHaveLength(5);
		expect(sum(days, 'drivingSeconds')).toBe(sum(trips, 'drivingSeconds'));
		expect(sum(days, 'distance')).toBeCloseTo(sum(trips, 'distance'), 1);
		// A trip over midnight counts in both days.
		const over = trips.filter(({ startedAt, endedAt }) => {
			const day = (time: number) => Math.floor((time + 10_800_000) / 86_400_000);
			const end = Date.parse(endedAt ?? fixes.at(-1)?.time ?? '');
			return day(Date.parse(startedAt ?? '')) !== day(end - 1);
		});
		expect(sum(days, 'trips')).toBe(trips.length + over.length);
	}
});

test('the time with the engine on is null for a day in which nothing is known of the ignition', () => {
	const day = (place: number, ignition: (moving: boolean) => boolean | null) => {
		const begin = Date.UTC(2026, 5, place);
		const drives = (time: number) => time < begin + 1_800_000;
		return track(begin, begin + 3_600_000, drives).map((fix) => ({ ...fix, ignition: ignition(fix.ignition!) }));
	};
	const unknown = () => null;
	const parked = (place: number) => day(place, unknown).slice(30);
	const fixes = [
		...day(1, unknown),
		...parked(2),
		...day(3, (moving) => moving),
		...day(4, () => true),
		...day(5, (moving) => moving || null),
		...day(6, unknown),
	];
	expect(daysOf(fixes, 'UTC').map(({ idleSeconds }) => idleSeconds)).toEqual([null, null, 0, 1740, 0, null]);
});

test('a day without a fix has no summary, and one without a trip has none of its times', () => {
	const parked = (day: number) => track(Date.UTC(2026, 5, day), Date.UTC(2026, 5, day) + 3_600_000, () => false);
	const days = daysOf([...parked(1), ...parked(4)], 'UTC');
	expect(days.map(({ date, trips, stops, startedAt, endedAt }) => [date, trips, stops, startedAt, endedAt])).toEqual([
		['2026-06-01', 0, 1, null, null],
		['2026-06-04', 0, 1, null, null],
	]);
});
