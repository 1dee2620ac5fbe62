/** Alarms of a device (2.8): those that follow from what the vehicle did, and a fixed sprinkling of all other types. */
import { crossingsBetween, eventsBetween, scatter, stateAt, type VehicleEventKind } from '../fleet';
import { nextNoon, round, type Device } from './devices';
import { editionOf, type Brand, type Edition } from './brand';

export interface Geofence {
	id: number;
	imei: string;
	name: string;
	/** 0 out, 1 in, 2 both (2.4). */
	alarmtype: number;
	longitude: number;
	latitude: number;
	radius: number;
	created: number;
}

export interface Alarm {
	type: number;
	gpstime: number;
	systemtime: number;
	geofence: number;
}

const TYPE_OF_EVENT: Record<VehicleEventKind, number> = { batteryLow: 2, speeding: 7, ignitionOn: 9, ignitionOff: 10 };
const GEOFENCE_IN = 5;
const GEOFENCE_OUT = 6;
const VIBRATION = 4;
const LAST_TYPE: Record<Edition, number> = { trackceo: 44, etrack: 27 };
const DERIVED = new Set([...Object.values(TYPE_OF_EVENT), GEOFENCE_IN, GEOFENCE_OUT]);

/** One sprinkled alarm in each, so that a week has room for every type. */
const SLOT = 3 * 3600;
const LONGEST_LAG = 600;
const CHUNK = 6 * 3600;

export interface AlarmSource {
	device: Device;
	fences: readonly Geofence[];
	brand: Brand;
	/** How many alarms of a 'stuck' device share the system time of noon. */
	stuckAlarms: number;
	/** How many alarms beside these the device raises in every second. */
	perSecond?: number;
	bursts?: AlarmBursts;
}

/** Alarms that reach the platform in one second, as a tracker sends them that has kept them for want of a network. */
export interface AlarmBursts {
	/** Their system times. */
	seconds: readonly number[];
	size: number;
}

/**
 * The first alarms whose system time lies in a period, both ends included, in the order of their system times.
 * They are produced a few hours at a time, as only the first `most` are wanted of a period that may be years.
 * @param isListed whether the platform lists it already
 */
export function alarmsBetween(
	source: AlarmSource,
	begin: number,
	end: number,
	most = Infinity,
	isListed: (alarm: Alarm) => boolean = () => true,
): Alarm[] {
	const { device } = source;
	const { vehicle } = device;
	if (vehicle.contact === 'never') return [];
	const from = Math.max(begin - LONGEST_LAG, vehicle.activated);
	const until = Math.min(end, device.until ?? Infinity, vehicle.silentSince ?? Infinity);
	let found: Alarm[] = [];
	for (let start = from; start <= until; start += CHUNK) {
		const stop = Math.min(start + CHUNK - 1, until);
		for (const alarm of raised(source, start, stop)) {
			if (alarm.systemtime >= begin && alarm.systemtime <= end && isListed(alarm)) found.push(alarm);
		}
		found = found.sort((a, b) => a.systemtime - b.systemtime || a.gpstime - b.gpstime || a.type - b.type);
		// Whatever comes later has a system time after `stop`.
		if (found.length >= most && found[most - 1]!.systemtime <= stop) break;
	}
	return found.slice(0, most);
}

function* raised(
	{ device, fences, brand, stuckAlarms, perSecond = 0, bursts }: AlarmSource,
	begin: number,
	end: number,
): Generator<Alarm> {
	const { vehicle } = device;
	const alarm = (type: number, gpstime: number, geofence = 0): Alarm => ({
		type,
		gpstime,
		geofence,
		systemtime: gpstime + lag(vehicle.index, type, gpstime),
	});

	for (const { kind, time } of eventsBetween(vehicle, begin, end)) yield alarm(TYPE_OF_EVENT[kind], time);
	for (const fence of fences) {
		for (const { inside, time } of crossingsBetween(vehicle, fence, Math.max(begin, fence.created), end)) {
			const wanted = fence.alarmtype === 2 || (fence.alarmtype === 1) === inside;
			if (wanted) yield alarm(inside ? GEOFENCE_IN : GEOFENCE_OUT, time, fence.id);
		}
	}

	const others = Array.from({ length: LAST_TYPE[editionOf(brand)] }, (_, i) => i + 1).filter(
		(type) => !DERIVED.has(type),
	);
	for (let slot = Math.floor(begin / SLOT); slot * SLOT <= end; slot++) {
		const time = slot * SLOT + (scatter(vehicle.index, slot) % SLOT);
		if (time >= begin && time <= end) yield alarm(others[(slot + vehicle.index) % others.length]!, time);
	}

	for (let count = Math.ceil(begin * perSecond); count < (end + 1) * perSecond; count++)
		yield alarm(others[count % others.length]!, Math.floor(count / perSecond));

	for (const systemtime of bursts?.seconds ?? []) {
		if (systemtime < begin || systemtime > end) continue;
		for (let i = 0; i < (bursts?.size ?? 0); i++)
			yield { type: others[i % others.length]!, gpstime: systemtime - 1 - i, systemtime, geofence: 0 };
	}

	if (device.role !== 'stuck') return;
	for (let noon = nextNoon(begin); noon <= end; noon += 86_400) {
		for (let i = 0; i < stuckAlarms; i++)
			yield { type: VIBRATION, gpstime: noon - i, systemtime: noon + 1, geofence: 0 };
	}
}

/** Seconds from the event until the platform heard of it: mostly a few, sometimes minutes. */
function lag(index: number, type: number, gpstime: number): number {
	const chance = scatter(index * 64 + type, gpstime);
	const most = chance % 100 < 70 ? 8 : chance % 100 < 95 ? 60 : LONGEST_LAG;
	return 2 + ((chance >>> 8) % (most - 2));
}

/** Seconds after its system time until the platform lists an alarm. */
export function listingDelay({ vehicle }: Device, { type, gpstime }: Alarm, longest: number): number {
	return longest === 0 ? 0 : scatter(gpstime, vehicle.index * 64 + type) % (longest + 1);
}

/** `short` leaves the geofence off where there is none, as some hosts do (facts 4.3). */
export function alarmText(device: Device, { type, gpstime, systemtime, geofence }: Alarm, short: boolean): string {
	const { longitude, latitude, speed, course } = stateAt(device.vehicle, gpstime);
	const fields = [type, round(longitude, 6), round(latitude, 6), gpstime, systemtime, Math.round(speed), course];
	return (short && geofence === 0 ? fields : [...fields, geofence]).join(',');
}
