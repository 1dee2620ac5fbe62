import { fixesBetween, lastFix, scatter, stateAt, type Vehicle, type VehicleState } from '../fleet';
import { isWithin, type Account, type AccountSeed } from './accounts';
import { editionOf, type Brand } from './brand';
import type { Code } from './codes';
import type { AnswerKind } from './device-answers';

const DAY = 86_400;

/** What a device is for in tests. Every device after the first twelve is plain. */
export type Role =
	| 'plain'
	| 'neverOnline'
	| 'offline'
	| 'blocked'
	| 'expired'
	| 'neverAnswers'
	| 'answersFailure'
	| 'sendFails'
	| 'sparse'
	| 'stuck';

/** Roles the platform gives; 'neverOnline' and 'offline' are the fleet's. */
const ROLES: Readonly<Record<number, Role>> = {
	5: 'blocked',
	6: 'expired',
	7: 'neverAnswers',
	8: 'answersFailure',
	9: 'sendFails',
	10: 'sparse', // reports hardly any of the optional values: -1 wherever the document allows it
	11: 'stuck', // many records in one second at noon UTC, as many as the options stuckFixes and stuckAlarms say
};

export interface Device {
	imei: string;
	role: Role;
	vehicle: Vehicle;
	owner: Account;
	/** UNIX time after which the platform takes nothing more from it. */
	until: number | null;
	platformduetime: number;
	userduetime: number;
	/**
	 * The code that ends every request which names it, others beside it included; null: none. May be changed while the
	 * simulator runs.
	 */
	refusedWith: Code | null;
	/** Seconds until it answers a command; null: never. May be changed while the simulator runs. */
	answersAfter: number | null;
	/** In which words it answers a command. May be changed while the simulator runs. */
	answers: AnswerKind;
}

/** Of the first twelve. The others belong to the two branches, in a large fleet to sub-accounts of these. */
const OWNERS = [
	'demo',
	'driver1',
	'demo',
	'demo',
	'demo',
	'demo',
	'demo-north',
	'driver2',
	'demo-north',
	'demo-south',
	'demo-south',
	'demo-south',
];

export interface DeviceOptions {
	fleet: readonly Vehicle[];
	accounts: ReadonlyMap<string, Account>;
	/** Names of the sub-accounts of a large fleet. */
	spread: readonly string[];
	now: number;
	answersAfter: number;
	answers: AnswerKind;
	/** No roles but the fleet's own. */
	plain: boolean;
}

export function createDevices({
	fleet,
	accounts,
	spread,
	now,
	answersAfter,
	answers,
	plain,
}: DeviceOptions): Map<string, Device> {
	const branches = spread.length > 0 ? spread : ['demo-north', 'demo-south'];
	const owner = (index: number) => accounts.get(OWNERS[index] ?? branches[index % branches.length]!)!;
	const since = (days: number) => Math.floor(now / DAY) * DAY - days * DAY;
	return new Map(
		fleet.map((vehicle) => {
			const { imei, contact } = vehicle;
			const role =
				contact === 'never'
					? 'neverOnline'
					: contact === 'lost'
						? 'offline'
						: ((plain ? undefined : ROLES[vehicle.index]) ?? 'plain');
			const platformduetime = since(role === 'expired' ? 20 : -365);
			const until = role === 'expired' ? platformduetime : role === 'blocked' ? since(2) : null;
			const after = role === 'neverAnswers' ? null : answersAfter;
			return [
				imei,
				{
					imei,
					role,
					vehicle,
					owner: owner(vehicle.index),
					until,
					platformduetime,
					userduetime: platformduetime,
					answersAfter: after,
					refusedWith: null,
					answers: role === 'answersFailure' ? 'failure' : answers,
				},
			];
		}),
	);
}

/** Sub-accounts for a fleet too large for one list: enough of them that each has `perAccount` devices or fewer. */
export function accountsForFleet(size: number, perAccount: number): AccountSeed[] {
	if (size <= 500) return [];
	return Array.from({ length: Math.ceil(size / perAccount) }, (_, i) => {
		const side = i % 2 === 0 ? 'north' : 'south';
		return { account: `${side}-${String(i).padStart(2, '0')}`, parent: `demo-${side}` };
	});
}

/** 2.2. */
export function dataStatus(device: Device): number {
	switch (device.role) {
		case 'neverOnline':
			return 1;
		case 'expired':
			return 3;
		case 'offline':
			return 4;
		case 'blocked':
			return 5;
		default:
			return 2;
	}
}

/** The fixes the platform has of a device in a period, both ends included. */
export function* deviceFixes(
	device: Device,
	begin: number,
	end: number,
	interval: number,
	stuckFixes: number,
): Generator<VehicleState> {
	const until = Math.min(end, device.until ?? Infinity);
	const fixes = fixesBetween(device.vehicle, begin, until, interval);
	if (device.role !== 'stuck' || stuckFixes === 0) return yield* fixes;
	const crowd = function* (time: number) {
		for (let i = 0; i < stuckFixes; i++) yield stateAt(device.vehicle, time + i / stuckFixes);
	};
	let noon = nextNoon(Math.max(begin, device.vehicle.activated));
	for (const fix of fixes) {
		for (; noon < fix.time; noon += DAY) yield* crowd(noon);
		yield fix;
	}
	for (; noon <= until; noon += DAY) yield* crowd(noon);
}

export function nextNoon(time: number): number {
	return Math.ceil((time - DAY / 2) / DAY) * DAY + DAY / 2;
}

export interface RecordOptions {
	brand: Brand;
	/** Adds what newer backends send beyond the documents (facts 4.2). */
	newerFields: boolean;
	fixIntervalSeconds: number;
}

/** 2.2. */
export function trackRecord(device: Device, now: number, options: RecordOptions) {
	const { vehicle } = device;
	const { index } = vehicle;
	const fix = lastFix(vehicle, Math.min(now, device.until ?? Infinity), options.fixIntervalSeconds);
	const reported = device.role === 'sparse' ? null : fix; // what a device tells beyond its place
	const gpstime = fix?.time ?? 0;
	// Older than the fix it came with on some devices, as in the document's sample and in real records (facts 4.3).
	const early = [0, 366, 78, 0][index % 4]!;
	const systemtime = fix ? (early > 0 ? gpstime - early : Math.min(now, gpstime + 2)) : 0;
	const online = fix !== null && now - gpstime < 120;
	const odometer = reported ? Math.round(reported.odometer) : -1;
	return {
		imei: device.imei,
		course: fix?.course ?? 0,
		systemtime,
		gpstime,
		speed: Math.round(fix?.speed ?? 0),
		hearttime: Math.max(gpstime, systemtime, online ? now - (now % 30) : 0),
		servertime: now,
		longitude: round(fix?.longitude ?? 0, 6),
		latitude: round(fix?.latitude ?? 0, 6),
		// Without an ACC status this is the server's time, not a duration (facts 4.3).
		acctime: reported ? Math.max(0, now - reported.ignitionSince) : fix ? now : 0,
		accstatus: reported ? Number(reported.ignition) : -1,
		doorstatus: reported && index % 2 === 0 ? Number(!reported.ignition && now - reported.ignitionSince < 120) : -1,
		chargestatus: reported && !vehicle.selfPowered ? Number(reported.ignition) : -1,
		oilpowerstatus: reported ? Number(!reported.immobilised) : -1,
		defencestatus: reported && index % 3 === 0 ? Number(!reported.ignition) : -1,
		datastatus: dataStatus(device),
		battery: reported?.battery ?? -1,
		mileage: odometer,
		...(editionOf(options.brand) === 'trackceo'
			? { todaymileage: reported ? odometer - odometerAtMidnight(vehicle, reported, now) : -1 }
			: {}),
		...(options.newerFields ? newerFields(device, reported, odometer) : {}),
	};
}

/** A day begins at 00:00 UTC; the document names no zone. */
function odometerAtMidnight(vehicle: Vehicle, fix: VehicleState, now: number): number {
	const midnight = Math.max(now - (now % DAY), vehicle.activated);
	return Math.round(stateAt(vehicle, Math.min(midnight, fix.time)).odometer);
}

function newerFields({ vehicle }: Device, fix: VehicleState | null, odometer: number) {
	const fuelTime = fix && vehicle.index % 2 === 0 ? fix.time : 0;
	const coldTime = fix && vehicle.index % 6 === 0 ? fix.time : 0;
	return {
		odometer,
		externalpower: fix?.externalVolts?.toFixed(2) ?? '',
		fuel: fix && fuelTime > 0 ? fix.fuelLitres.toFixed(1) : '',
		fueltime: fuelTime,
		temperature: coldTime > 0 ? [2 + (scatter(vehicle.index, coldTime) % 60) / 10] : [],
		temperaturetime: coldTime,
	};
}

/** 2.7, 2.12. */
export function deviceRecord(device: Device, newer: boolean) {
	const { vehicle } = device;
	const online = device.role === 'neverOnline' ? 0 : vehicle.activated;
	return {
		imei: device.imei,
		devicename: vehicle.name,
		devicetype: vehicle.model,
		platenumber: device.role === 'sparse' ? '' : vehicle.plate,
		onlinetime: online,
		platformduetime: device.platformduetime,
		simcard: device.role === 'sparse' ? '' : vehicle.sim,
		activatedtime: online,
		userduetime: device.userduetime,
		...(newer ? { iccid: vehicle.iccid, customeraccount: device.owner.account } : {}),
	};
}

/** Own devices first, then those of each sub-account in turn. */
export function devicesWithin(devices: Iterable<Device>, top: Account, scope: 'subtree' | 'own'): Device[] {
	const all = [...devices];
	const own = all.filter(({ owner }) => owner === top);
	return scope === 'own' ? own : [...own, ...all.filter(({ owner }) => owner !== top && isWithin(owner, top))];
}

export function round(value: number, digits: number): number {
	return Math.round(value * 10 ** digits) / 10 ** digits;
}
