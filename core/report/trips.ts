import { metresBetween } from '../describe/place';
import { recordId } from '../describe/read';
import type { Stop, Trip } from '../describe/records';
import { FASTEST, type Point } from './clean-track';

/** What parts a track into trips and stops. Times in milliseconds, distances in metres. */
export interface TripRules {
	/** What is shorter in both, in distance and in driving time, is no trip. */
	leastMetres: number;
	leastDriving: number;
	/** A shorter halt belongs to the trip. */
	leastStop: number;
	/** So long without a fix ends a trip. */
	gap: number;
	/** Whether a halt with the ignition off ends a trip at once. */
	ignitionEnds: boolean;
}

/** From this speed on, a vehicle moves; without a speed, from this one since the fix before. In km/h. */
const MOVING = 3;
const MOVED = 10;

interface Halt {
	start: Point;
	/** Milliseconds in which the engine ran; null while nothing is known of it. */
	idle: number | null;
	/** Milliseconds in which the ignition was not known to be off. */
	notOff: number;
	/** It moves between fixes, too, where they are far apart. */
	metres: number;
}

interface StopInProgress extends Halt {
	/** It counts however short it is. */
	sure: boolean;
}

interface TripInProgress {
	start: Point;
	/** The last fix before, from which it is measured. */
	from: Point;
	metres: number;
	driving: number;
	/** Milliseconds. */
	idle: number;
	maxSpeed: number | null;
	/** Whether it is long enough to be one. */
	confirmed: boolean;
}

const seconds = (ms: number) => Math.round(ms / 1000);
const addTo = (sum: number | null, more: number | null) => (more === null ? sum : (sum ?? 0) + more);

/** The distance by the odometer, where it shows one that can be right. */
function odometerMetres(from: Point, to: Point): number | undefined {
	const [first, last] = [from.fix.odometer, to.fix.odometer];
	if (first === null || last === null || first <= 0 || last < first) return undefined;
	const kilometres = last - first;
	return kilometres <= 1 + ((to.time - from.time) / 3_600_000) * FASTEST ? kilometres * 1000 : undefined;
}

/** Parts the fixes of one device into trips and stops, as they come. */
export class Journeys {
	private last: Point | undefined;
	/** A standstill in a trip, so far too short to end it. */
	private halt: Halt | undefined;
	private trip: TripInProgress | undefined;
	private stop: StopInProgress | undefined;

	constructor(
		private readonly rules: TripRules,
		private readonly onTrip: (trip: Trip) => void,
		private readonly onStop: (stop: Stop) => void,
	) {}

	add(point: Point): void {
		const { last, rules } = this;
		if (last !== undefined && point.time <= last.time) return;
		point.moving = isMoving(point, last);
		const isGap = last !== undefined && point.time - last.time >= rules.gap;
		if (last !== undefined) {
			if (isGap) this.endTrip(this.halt?.start ?? last, true);
			this.count(last, point, isGap);
		}
		const { halt } = this;
		if (halt !== undefined && point.time - halt.start.time >= rules.leastStop) this.endTrip(halt.start, false);
		if (point.moving) this.move(point, last === undefined || isGap ? point : last);
		else this.stand(point);
		this.last = point;
	}

	/** Counts the time up to a fix that is not part of it any more. */
	addUntil(point: Point): void {
		const { last, rules } = this;
		if (last === undefined) return;
		if (point.time - last.time < rules.gap) this.count(last, point, false);
	}

	/**
	 * No more fixes come. What has not ended by then has no end.
	 * @param cut gives it one there
	 */
	end(cut = false): void {
		const { trip, stop, last } = this;
		if (last === undefined) return;
		if (trip?.confirmed) this.onTrip(tripOf(trip, (cut ? this.halt?.start : undefined) ?? last, cut));
		else if (stop !== undefined) this.emitStop(stop, last, cut);
	}

	/** Adds the time from one fix to the next to what the vehicle did at the first. */
	private count(from: Point, to: Point, isGap: boolean): void {
		const { trip, halt, stop } = this;
		const time = to.time - from.time;
		if (from.moving && trip !== undefined) {
			trip.metres += metresBetween(from, to);
			trip.driving += time;
			this.confirm(trip);
			return;
		}
		const standing = halt ?? stop;
		if (standing === undefined || isGap) return;
		if (halt !== undefined) halt.metres += metresBetween(from, to);
		const { ignition } = from.fix;
		if (ignition !== null) standing.idle = (standing.idle ?? 0) + (ignition ? time : 0);
		if (ignition !== false) standing.notOff += time;
	}

	private confirm(trip: TripInProgress): void {
		if (trip.confirmed || (trip.metres < this.rules.leastMetres && trip.driving < this.rules.leastDriving)) return;
		trip.confirmed = true;
		if (this.stop !== undefined) this.emitStop(this.stop, trip.start, true);
		this.stop = undefined;
	}

	private move(point: Point, from: Point): void {
		const trip = (this.trip ??= {
			start: point,
			from,
			metres: metresBetween(from, point),
			driving: 0,
			idle: 0,
			maxSpeed: null,
			confirmed: false,
		});
		trip.idle += this.halt?.notOff ?? 0;
		trip.metres += this.halt?.metres ?? 0;
		this.halt = undefined;
		const { speed } = point.fix;
		if (speed !== null) trip.maxSpeed = Math.max(trip.maxSpeed ?? 0, speed);
		if (trip.start !== point) this.confirm(trip);
	}

	private stand(point: Point): void {
		const begun = { start: point, idle: null, notOff: 0, metres: 0 };
		if (this.trip === undefined) this.stop ??= { ...begun, sure: false };
		else {
			this.halt ??= begun;
			if (this.rules.ignitionEnds && point.fix.ignition === false) this.endTrip(this.halt.start, true);
		}
	}

	/** What was no trip is part of the stop around it. */
	private endTrip(end: Point, sure: boolean): void {
		const { trip, halt } = this;
		if (trip === undefined) return;
		if (trip.confirmed) this.onTrip(tripOf(trip, end, true));
		const { stop } = this;
		if (stop === undefined) this.stop = { start: end, idle: null, notOff: 0, metres: 0, ...halt, sure };
		else stop.idle = addTo(stop.idle, halt?.idle ?? null);
		this.trip = undefined;
		this.halt = undefined;
	}

	private emitStop(stop: StopInProgress, end: Point, ended: boolean): void {
		const { start, idle, sure } = stop;
		const time = end.time - start.time;
		if (!sure && time < this.rules.leastStop) return;
		const { fix, latitude, longitude } = start;
		this.onStop({
			deviceName: fix.deviceName,
			plate: fix.plate,
			driverName: null,
			startedAt: fix.time,
			endedAt: ended ? end.fix.time : null,
			latitude,
			longitude,
			address: null,
			seconds: seconds(time),
			idleSeconds: idle === null ? null : seconds(idle),
			odometer: fix.odometer,
			private: null,
			deviceId: fix.deviceId,
			id: recordId(fix.deviceId, fix.time),
		});
	}
}

function isMoving(point: Point, last: Point | undefined): boolean {
	const { speed } = point.fix;
	if (speed !== null) return speed >= MOVING;
	if (last === undefined) return false;
	// Metres in milliseconds.
	return (metresBetween(last, point) * 3600) / (point.time - last.time) >= MOVED;
}

function tripOf(trip: TripInProgress, end: Point, ended: boolean): Trip {
	const { start, driving, idle, maxSpeed } = trip;
	const { deviceName, plate, deviceId, time } = start.fix;
	const metres = odometerMetres(trip.from, end) ?? trip.metres;
	const hours = (end.time - start.time) / 3_600_000;
	return {
		deviceName,
		plate,
		driverName: null,
		startedAt: time,
		endedAt: ended ? end.fix.time : null,
		startLatitude: start.latitude,
		startLongitude: start.longitude,
		startAddress: null,
		endLatitude: ended ? end.latitude : null,
		endLongitude: ended ? end.longitude : null,
		endAddress: null,
		distance: Math.round(metres) / 1000,
		drivingSeconds: seconds(driving),
		idleSeconds: seconds(idle),
		maxSpeed,
		averageSpeed: hours > 0 ? Math.round(metres / hours / 100) / 10 : null,
		driverId: null,
		deviceId,
		id: recordId(deviceId, time),
	};
}
