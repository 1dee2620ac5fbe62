import { expect, test } from 'vitest';
import { createFleet, crossingsBetween, eventsBetween, fixesBetween, immobilise, release, stateAt } from './fleet';
import { distance } from './routes';

const NOW = Date.UTC(2026, 2, 18, 9, 41, 7);
const SECONDS = NOW / 1000;
const HOURS = 3600;

test('the same fleet whenever and in whatever order it is asked', () => {
	const [one, two] = [createFleet({ now: NOW }), createFleet({ now: NOW + 40 * 24 * HOURS * 1000 })];
	for (const [i, vehicle] of one.entries()) {
		const later = stateAt(vehicle, SECONDS + 99);
		expect(stateAt(vehicle, SECONDS)).toEqual(stateAt(two[i]!, SECONDS));
		expect(stateAt(two[i]!, SECONDS + 99)).toEqual(later);
	}
});

test('place, odometer, speed and fuel belong together', () => {
	for (const vehicle of createFleet({ now: NOW, size: 6 })) {
		let before = stateAt(vehicle, SECONDS - 24 * HOURS);
		for (let time = before.time + 1; time <= SECONDS; time++) {
			const state = stateAt(vehicle, time);
			const driven = state.odometer - before.odometer;
			const moved = distance([before.latitude, before.longitude], [state.latitude, state.longitude]);
			if (
				driven < 0 ||
				driven > 26 ||
				state.speed < 0 ||
				state.speed > 90 ||
				state.fuelLitres <= 0 ||
				moved > driven + 0.1 ||
				(state.speed > 0 && !state.ignition)
			) {
				expect.fail(`${vehicle.name} at ${time}: ${JSON.stringify({ before, state, moved })}`);
			}
			before = state;
		}
		expect(before.odometer - stateAt(vehicle, SECONDS - 24 * HOURS).odometer).toBeGreaterThan(100_000);
	}
});

test('events and crossings are where the states change', () => {
	const vehicle = createFleet({ now: NOW })[0]!;
	const begin = SECONDS - 6 * HOURS;
	const circle = { latitude: 44.4272, longitude: 26.1029, radius: 200 };
	const inside = (time: number) => {
		const { latitude, longitude } = stateAt(vehicle, time);
		return distance([latitude, longitude], [circle.latitude, circle.longitude]) <= circle.radius;
	};
	const switched: number[] = [];
	const crossed: number[] = [];
	for (let time = begin; time <= SECONDS; time++) {
		if (stateAt(vehicle, time).ignition !== stateAt(vehicle, time - 1).ignition) switched.push(time);
		if (inside(time) !== inside(time - 1)) crossed.push(time);
	}
	const times = (found: Iterable<{ time: number }>) => [...found].map(({ time }) => time).sort((a, b) => a - b);
	const ignition = [...eventsBetween(vehicle, begin, SECONDS)].filter(({ kind }) => kind !== 'speeding');
	expect(times(ignition)).toEqual(switched);
	expect(times(crossingsBetween(vehicle, circle, begin, SECONDS))).toEqual(crossed);
	expect(crossed.length).toBeGreaterThan(4);
});

test('a vehicle that was cut off goes on from where it stood', () => {
	const [free, held] = [createFleet({ now: NOW })[0]!, createFleet({ now: NOW })[0]!];
	let cut = SECONDS;
	while (stateAt(free, cut).speed < 20) cut++;
	immobilise(held, cut);
	const standing = { speed: 0, immobilised: true, odometer: stateAt(free, cut).odometer };
	for (const after of [0, 3, HOURS]) expect(stateAt(held, cut + after)).toMatchObject(standing);
	expect([...eventsBetween(held, cut + 1, cut + HOURS)]).toEqual([]);
	release(held, cut + HOURS);
	expect(stateAt(held, cut + 2 * HOURS).odometer).toBe(stateAt(free, cut + HOURS).odometer);
	const shifted = (vehicle: typeof held, by: number) =>
		[...eventsBetween(vehicle, cut + by + 1, cut + by + HOURS)].map(({ time }) => time - by);
	expect(shifted(held, HOURS)).toEqual(shifted(free, 0));
});

test('fixes of a period are those of its parts, about one in 200 a burst', () => {
	const vehicle = createFleet({ now: NOW })[0]!;
	const begin = SECONDS - 48 * HOURS;
	const whole = [...fixesBetween(vehicle, begin, SECONDS)];
	const parts = [...fixesBetween(vehicle, begin, begin + 12_345), ...fixesBetween(vehicle, begin + 12_346, SECONDS)];
	expect(parts).toEqual(whole);
	const repeated = whole.filter((fix, i) => fix.time === whole[i - 1]?.time).length;
	expect(repeated % 3).toBe(0);
	expect(repeated / 3 / whole.length).toBeGreaterThan(1 / 400);
});
