/** Alarms and fences: what follows from what a vehicle did, and removal alarms of the devices that can be removed. */
import { crossingsBetween, eventsBetween, scatter, stateAt, type VehicleState } from '../fleet';
import { lastKnown } from '../journeys';
import type { Device, Platform, Region } from './platform';

export interface Alarm {
	device: Device;
	type: string;
	time: number;
	received: number;
}

export interface Crossing {
	device: Device;
	region: Region;
	time: number;
	inside: boolean;
}

export const REMOVAL_TYPES = ['Removal alarm', 'Power off alarm', 'Cover open alarm'];
const SLOT = 6 * 3600;
const BATTERY_LOW = 20;

/** What is triggered now. */
export function currentAlarms({ vehicle }: Device, fix: VehicleState | null, now: number): string[] {
	if (!fix) return [];
	return [
		...(fix.speed > vehicle.route.speedLimit ? ['Over speed alarm'] : []),
		...(vehicle.selfPowered && fix.battery <= BATTERY_LOW ? ['Low battery alarm'] : []),
		...(now - fix.time > 3600 ? ['communication interrupted alarm'] : []),
	];
}

export function crossings(platform: Platform, devices: readonly Device[], begin: number, end: number): Crossing[] {
	return devices
		.flatMap((device) => {
			const [from, until] = knownPeriod(platform, device, begin, end);
			return platform.regions.flatMap((region) =>
				Array.from(crossingsBetween(device.vehicle, region, from, until), ({ inside, time }) => ({
					device,
					region,
					inside,
					time,
				})),
			);
		})
		.sort((a, b) => a.time - b.time);
}

export function alarmRecords(platform: Platform, devices: readonly Device[], begin: number, end: number): Alarm[] {
	const ofFences = crossings(platform, devices, begin, end).map(({ device, region, inside, time }) =>
		// The blank in front is that of the samples.
		alarm(device, ` ${inside ? 'Enter' : 'Exit'} geofence alarm[${region.name}]`, time),
	);
	const ofEvents = devices.flatMap((device) => {
		const [from, until] = knownPeriod(platform, device, begin, end);
		return [...eventsBetween(device.vehicle, from, until)].flatMap(({ kind, time }) =>
			kind === 'speeding'
				? [alarm(device, 'Over speed alarm', time)]
				: kind === 'batteryLow'
					? [alarm(device, 'Low battery alarm', time)]
					: [],
		);
	});
	const removals = removalAlarms(platform, devices, begin, end);
	return [...ofFences, ...ofEvents, ...removals].sort((a, b) => a.time - b.time);
}

/** A few a day, of the devices with a battery of their own. */
export function removalAlarms(platform: Platform, devices: readonly Device[], begin: number, end: number): Alarm[] {
	return devices
		.filter(({ vehicle }) => vehicle.selfPowered)
		.flatMap((device) => {
			const [from, until] = knownPeriod(platform, device, begin, end);
			const found: Alarm[] = [];
			for (let slot = Math.floor(from / SLOT); slot * SLOT <= until; slot++) {
				const chance = scatter(device.vehicle.index, slot);
				const time = slot * SLOT + (chance % SLOT);
				if (time >= from && time <= until) found.push(alarm(device, REMOVAL_TYPES[slot % 3]!, time));
			}
			return found;
		})
		.sort((a, b) => a.time - b.time);
}

/** The region a vehicle is in, and since when; of several the one it came to last. */
export function regionOf(
	platform: Platform,
	device: Device,
	fix: VehicleState,
): { region: Region; since: number } | null {
	const last = new Map<Region, Crossing>();
	for (const crossing of crossings(platform, [device], fix.time - 2 * 86_400, fix.time))
		last.set(crossing.region, crossing);
	const within = [...last.values()].filter(({ inside }) => inside).sort((a, b) => b.time - a.time)[0];
	return within ? { region: within.region, since: within.time } : null;
}

function alarm(device: Device, type: string, time: number): Alarm {
	return { device, type, time, received: time + 1 + (scatter(device.vehicle.index, time) % 5) };
}

/** An empty period if nothing is known of it. */
function knownPeriod(
	platform: Platform,
	{ vehicle }: Device,
	begin: number,
	end: number,
): [from: number, until: number] {
	const until = lastKnown(vehicle, Math.min(end, platform.now()));
	return until === null ? [1, 0] : [Math.max(begin, vehicle.activated), until];
}

export function stateOf({ device, time }: Alarm): VehicleState {
	return stateAt(device.vehicle, time);
}
