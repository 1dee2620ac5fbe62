/** Trips, engine hours, fuel and temperatures: what vendors work out from the movement of the fleet. */
import { eventsBetween, scatter, stateAt, type Vehicle, type VehicleState } from './fleet';
import type { Timetable } from './routes';

const DAY = 86_400;

/** From one switching on of the ignition to the next switching off. */
export interface Trip {
	vehicle: Vehicle;
	start: VehicleState;
	end: VehicleState;
	metres: number;
	litres: number;
	maxSpeed: number;
	drivingSeconds: number;
	idleSeconds: number;
	overSpeedCount: number;
	overSpeedSeconds: number;
}

type Profile = Pick<Trip, 'maxSpeed' | 'drivingSeconds' | 'idleSeconds' | 'overSpeedCount' | 'overSpeedSeconds'>;

const profiles = new Map<string, Profile>();

/** The newest moment at or before `time` that a platform knows of, or null if it knows nothing. */
export function lastKnown(vehicle: Vehicle, time: number): number | null {
	if (vehicle.contact === 'never' || time < vehicle.activated) return null;
	return Math.min(time, vehicle.silentSince ?? Infinity);
}

/** Trips that ended in a period, both ends included, oldest first. */
export function tripsEnding(vehicle: Vehicle, begin: number, end: number): Trip[] {
	const until = lastKnown(vehicle, end);
	if (until === null) return [];
	return [...eventsBetween(vehicle, Math.max(begin, vehicle.activated + 1), until)]
		.filter(({ kind }) => kind === 'ignitionOff')
		.map(({ time }) => tripUntil(vehicle, time))
		.filter(({ start }) => start.time >= vehicle.activated)
		.sort((a, b) => a.end.time - b.end.time);
}

/** Trips that began in a period and were over by `now`, oldest first. */
export function tripsStarting(vehicle: Vehicle, begin: number, end: number, now: number): Trip[] {
	// One that is longer than a day was cut off on the way.
	const until = vehicle.immobilised.length > 0 ? now : Math.min(now, end + DAY);
	return tripsEnding(vehicle, begin, until).filter(({ start }) => start.time >= begin && start.time <= end);
}

function tripUntil(vehicle: Vehicle, time: number): Trip {
	const start = stateAt(vehicle, stateAt(vehicle, time - 1).ignitionSince);
	const end = stateAt(vehicle, time);
	const metres = end.odometer - start.odometer;
	return { vehicle, start, end, metres, litres: litresFor(vehicle, metres), ...profileOf(vehicle, start, end) };
}

/** Looked at second by second once for each leg of a route: the other loops repeat it. */
function profileOf(vehicle: Vehicle, start: VehicleState, end: VehicleState): Profile {
	const key = [
		vehicle.route.id,
		start.latitude,
		start.longitude,
		end.latitude,
		end.longitude,
		end.time - start.time,
	].join(' ');
	const known = profiles.get(key);
	if (known) return known;
	const profile = { maxSpeed: 0, drivingSeconds: 0, idleSeconds: 0, overSpeedCount: 0, overSpeedSeconds: 0 };
	let speeding = false;
	for (let time = start.time; time < end.time; time++) {
		const { speed } = stateAt(vehicle, time);
		const above = speed > vehicle.route.speedLimit;
		profile.maxSpeed = Math.max(profile.maxSpeed, speed);
		profile.drivingSeconds += speed > 0 ? 1 : 0;
		profile.idleSeconds += speed > 0 ? 0 : 1;
		profile.overSpeedSeconds += above ? 1 : 0;
		profile.overSpeedCount += above && !speeding ? 1 : 0;
		speeding = above;
	}
	profiles.set(key, profile);
	return profile;
}

/** Metres driven in a period, as far as they are known. */
export function metresBetween(vehicle: Vehicle, begin: number, end: number): number {
	const until = lastKnown(vehicle, end);
	if (until === null || until <= begin) return 0;
	return stateAt(vehicle, until).odometer - stateAt(vehicle, Math.max(begin, vehicle.activated)).odometer;
}

export function litresFor(vehicle: Vehicle, metres: number): number {
	return (metres * vehicle.litresPer100Km) / 100_000;
}

const engineSeconds = new Map<Timetable, number>();

/** How long the engine has run by the time of an odometer reading. It grows with the odometer, as on any one route. */
export function engineHours({ timetable }: Vehicle, metres: number): number {
	let seconds = engineSeconds.get(timetable);
	if (seconds === undefined) {
		seconds = timetable.ignition.reduce((sum, on) => sum + on, 0);
		engineSeconds.set(timetable, seconds);
	}
	return ((metres / timetable.length) * seconds) / 3600;
}

export interface FuelChange {
	time: number;
	/** Above 0 for a refill, below for a theft. */
	litres: number;
	state: VehicleState;
}

/** Where the level in the tank jumps: both happen at the depot, between two loops. */
export function fuelChanges(vehicle: Vehicle, begin: number, end: number): FuelChange[] {
	const until = lastKnown(vehicle, end);
	if (until === null) return [];
	return [...eventsBetween(vehicle, Math.max(begin, vehicle.activated + 1), until)]
		.filter(({ kind }) => kind === 'ignitionOn')
		.map(({ time }) => {
			const state = stateAt(vehicle, time);
			return { time, state, litres: state.fuelLitres - stateAt(vehicle, time - 1).fuelLitres };
		})
		.filter(({ litres }) => Math.abs(litres) > 1)
		.sort((a, b) => a.time - b.time);
}

/** Degrees Celsius in the load of the vehicles that are refrigerated; null for the others. */
export function loadTemperature({ index }: Vehicle, time: number): number | null {
	return index % 6 === 0 ? 2 + (scatter(index, time) % 60) / 10 : null;
}
