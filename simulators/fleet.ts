/**
 * One moving fleet, seen by the simulators of all vendors.
 * Nothing is stored as vehicles move: the state of a vehicle is a function of time alone, so a live position, a
 * playback, a mileage report and an alarm agree about any moment, and so do two vendors that show the same vehicle.
 * Times are UNIX seconds, distances metres, speeds km/h.
 */
import { distance, ROUTES, timetableOf, type Route, type Timetable, type Waypoint } from './routes';

export interface Vehicle {
	index: number;
	imei: string;
	name: string;
	plate: string;
	model: string;
	sim: string;
	iccid: string;
	route: Route;
	timetable: Timetable;
	/** How far into its loop the vehicle was at time 0, in seconds. */
	offset: number;
	/** When the tracker was installed; there is no history before. */
	activated: number;
	/** 'lost': reported until `silentSince`. 'never': the tracker was never switched on. */
	contact: 'reporting' | 'lost' | 'never';
	silentSince: number | null;
	/** Odometer at `activated`, and the distance along the loops that corresponds to it. */
	odometerBase: number;
	odometerOrigin: number;
	tankLitres: number;
	litresPer100Km: number;
	/** Stolen from the tank at the depot, once per tankful; 0 for most. */
	theftLitres: number;
	/** Runs on its own battery, which is charged every five days; the others live on the vehicle's. */
	selfPowered: boolean;
	nominalVolts: 12 | 24;
	/** Periods with the engine cut off, in order; `to` is null while it lasts. */
	immobilised: { from: number; to: number | null }[];
}

export interface VehicleState {
	/** Whole seconds. */
	time: number;
	latitude: number;
	longitude: number;
	speed: number;
	course: number;
	ignition: boolean;
	/** When the ignition was last switched on or off. */
	ignitionSince: number;
	odometer: number;
	fuelLitres: number;
	/** Per cent. */
	battery: number;
	/** Null without a connection to the vehicle. */
	externalVolts: number | null;
	immobilised: boolean;
}

const MODELS = ['VT05S', 'VT08', 'VT05S', 'VT06L'];
const NAMES = ['Van', 'Delivery van', 'Shuttle', 'Service car', 'Truck', 'Courier'];
const BATTERY_PERIOD = 5 * 86_400;
const BATTERY_LOW = 20;

export interface FleetOptions {
	size?: number;
	/**
	 * Places the dated events of the fleet (installation, loss of contact); movement does not depend on it.
	 * Milliseconds.
	 */
	now?: number;
}

/**
 * Vehicle 3 was never online and vehicle 4 lost contact three hours before `now`; all others report. Vehicle 10 is
 * robbed of fuel.
 */
export function createFleet({ size = 12, now = Date.now() }: FleetOptions = {}): Vehicle[] {
	const installation = Date.UTC(new Date(now).getUTCFullYear() - 1, 0, 1) / 1000;
	const silent = Math.floor(now / 3_600_000) * 3600 - 3 * 3600;
	return Array.from({ length: size }, (_, index) => {
		const route = ROUTES[index % ROUTES.length]!;
		const timetable = timetableOf(route);
		const offset = scatter(index, 1) % timetable.period;
		const activated = installation + (index % 600) * 600;
		const [cycle, second] = position(timetable, activated + offset);
		const contact = index === 3 ? 'never' : index === 4 ? 'lost' : 'reporting';
		const heavy = index % 6 === 4;
		const serial = String(index).padStart(5, '0');
		return {
			index,
			imei: withCheckDigit(`35889905${String(100_000 + index * 7).padStart(6, '0')}`),
			name: `${NAMES[index % NAMES.length]} ${index + 1}`,
			plate: `${route.plates} ${String(10 + (index % 990)).padStart(2, '0')} FLT`,
			model: MODELS[index % MODELS.length]!,
			sim: `4074${serial}${index % 10}`,
			iccid: `894010000000000${serial}`,
			route,
			timetable,
			offset,
			activated,
			contact,
			silentSince: contact === 'lost' ? silent : null,
			odometerBase: 20_000_000 + (scatter(index, 2) % 60_000) * 1000,
			odometerOrigin: cycle * timetable.length + timetable.metres[second]!,
			tankLitres: heavy ? 400 : 65,
			litresPer100Km: heavy ? 27 : 8.5,
			theftLitres: index === 10 ? 35 : 0,
			selfPowered: index % 6 === 1,
			nominalVolts: heavy ? 24 : 12,
			immobilised: [],
		};
	});
}

/**
 * Cuts the engine off at a time: the vehicle stands where it is until it is released, then goes on as if nothing had
 * been.
 */
export function immobilise(vehicle: Vehicle, from: number): void {
	if (vehicle.immobilised.at(-1)?.to !== null) vehicle.immobilised.push({ from, to: null });
}

export function release(vehicle: Vehicle, to: number): void {
	const current = vehicle.immobilised.at(-1);
	if (current?.to === null) current.to = Math.max(to, current.from);
}

/** `time` may have a fraction; the state's own time is the whole second. */
export function stateAt(vehicle: Vehicle, time: number): VehicleState {
	const { timetable } = vehicle;
	const [cycle, second, fraction] = position(timetable, movingTime(vehicle, time) + vehicle.offset);
	const next = second + 1 < timetable.period ? second + 1 : second;
	const between = (column: Float64Array) => column[second]! + (column[next]! - column[second]!) * fraction;

	const immobilised = vehicle.immobilised.some(({ from, to }) => time >= from && (to === null || time < to));
	const ignition = timetable.ignition[second] === 1;
	const metres = between(timetable.metres);
	const switches = ignition ? timetable.ignitionOn : timetable.ignitionOff;
	return {
		time: Math.floor(time),
		latitude: between(timetable.latitude),
		longitude: between(timetable.longitude),
		speed: immobilised ? 0 : timetable.speed[second]!,
		course: timetable.course[second]!,
		ignition,
		ignitionSince: clockTime(vehicle, cycle * timetable.period + lastOf(switches, second) - vehicle.offset),
		odometer: vehicle.odometerBase + cycle * timetable.length + metres - vehicle.odometerOrigin,
		fuelLitres: fuel(vehicle, cycle, metres),
		battery: vehicle.selfPowered ? selfPoweredBattery(time) : 100,
		externalVolts: vehicle.selfPowered ? null : vehicle.nominalVolts * (ignition ? 1.15 : 1.03),
		immobilised,
	};
}

/** The tank is filled up at the depot, before the loop that would leave it under a tenth. */
function fuel(vehicle: Vehicle, cycle: number, metres: number): number {
	const perMetre = vehicle.litresPer100Km / 100_000;
	const loops = Math.max(1, Math.floor((vehicle.tankLitres * 0.9) / (vehicle.timetable.length * perMetre)));
	const stolen = cycle % loops > loops / 2 ? vehicle.theftLitres : 0;
	return vehicle.tankLitres - stolen - ((cycle % loops) * vehicle.timetable.length + metres) * perMetre;
}

function selfPoweredBattery(time: number): number {
	return 100 - Math.floor(((time % BATTERY_PERIOD) / BATTERY_PERIOD) * 98);
}

/**
 * The fixes a tracker sent in a period, both ends included: one per interval with the ignition on, about one a minute
 * with it off. About one in 200 comes as a burst of four within the same second, as in the playback sample of the
 * Protrack document (2.3): identical while the vehicle stands.
 */
export function* fixesBetween(vehicle: Vehicle, begin: number, end: number, interval = 10): Generator<VehicleState> {
	if (vehicle.contact === 'never') return;
	const until = Math.min(end, vehicle.silentSince ?? Infinity);
	const phase = vehicle.index % interval;
	for (let slot = Math.ceil((Math.max(begin, vehicle.activated) - phase) / interval); ; slot++) {
		const time = slot * interval + phase;
		if (time > until) return;
		const fix = fixOfSlot(vehicle, slot, interval);
		if (!fix) continue;
		yield fix;
		if (scatter(vehicle.index, slot) % 199 !== 0) continue;
		for (const fraction of [0.25, 0.5, 0.75]) yield stateAt(vehicle, time + fraction);
	}
}

/** The newest fix at a time, or null before the first one. */
export function lastFix(vehicle: Vehicle, time: number, interval = 10): VehicleState | null {
	if (vehicle.contact === 'never') return null;
	const phase = vehicle.index % interval;
	const from = Math.min(time, vehicle.silentSince ?? Infinity);
	for (let slot = Math.floor((from - phase) / interval); slot * interval + phase >= vehicle.activated; slot--) {
		const fix = fixOfSlot(vehicle, slot, interval);
		if (fix) return fix;
	}
	return null;
}

function fixOfSlot(vehicle: Vehicle, slot: number, interval: number): VehicleState | null {
	const time = slot * interval + (vehicle.index % interval);
	const parkedEvery = Math.max(1, Math.round(60 / interval));
	return slot % parkedEvery === 0 || ignitionAt(vehicle, time) ? stateAt(vehicle, time) : null;
}

function ignitionAt(vehicle: Vehicle, time: number): boolean {
	const [, second] = position(vehicle.timetable, movingTime(vehicle, time) + vehicle.offset);
	return vehicle.timetable.ignition[second] === 1;
}

export type VehicleEventKind = 'ignitionOn' | 'ignitionOff' | 'speeding' | 'batteryLow';

export interface VehicleEvent {
	kind: VehicleEventKind;
	time: number;
}

/** What happened to a vehicle in a period, both ends included; in no particular order. */
export function* eventsBetween(vehicle: Vehicle, begin: number, end: number): Generator<VehicleEvent> {
	for (const kind of ['ignitionOn', 'ignitionOff', 'speeding'] as const) {
		for (const time of recurrences(vehicle, vehicle.timetable[kind], begin, end)) yield { kind, time };
	}
	if (!vehicle.selfPowered) return;
	let low = 0;
	while (selfPoweredBattery(low) > BATTERY_LOW) low += 60;
	for (
		let time = Math.ceil((begin - low) / BATTERY_PERIOD) * BATTERY_PERIOD + low;
		time <= end;
		time += BATTERY_PERIOD
	) {
		yield { kind: 'batteryLow', time };
	}
}

export interface Circle {
	latitude: number;
	longitude: number;
	radius: number;
}

/** When a vehicle drove into or out of a circle. */
export function* crossingsBetween(
	vehicle: Vehicle,
	circle: Circle,
	begin: number,
	end: number,
): Generator<{ inside: boolean; time: number }> {
	const { enter, leave } = crossingsOfLoop(vehicle.route, circle);
	for (const time of recurrences(vehicle, enter, begin, end)) yield { inside: true, time };
	for (const time of recurrences(vehicle, leave, begin, end)) yield { inside: false, time };
}

const loopCrossings = new Map<string, { enter: number[]; leave: number[] }>();

function crossingsOfLoop(route: Route, circle: Circle): { enter: number[]; leave: number[] } {
	const key = [route.id, circle.latitude, circle.longitude, circle.radius].join(' ');
	const known = loopCrossings.get(key);
	if (known) return known;
	const { latitude, longitude, period } = timetableOf(route);
	const centre: Waypoint = [circle.latitude, circle.longitude];
	const inside = Array.from(
		{ length: period },
		(_, s) => distance([latitude[s]!, longitude[s]!], centre) <= circle.radius,
	);
	const changes = [...inside.keys()].filter((s) => inside[s] !== inside[(s + period - 1) % period]);
	const crossings = { enter: changes.filter((s) => inside[s]), leave: changes.filter((s) => !inside[s]) };
	loopCrossings.set(key, crossings);
	return crossings;
}

/** The times in a period at which a vehicle is at given seconds of its loop. */
function* recurrences(vehicle: Vehicle, seconds: readonly number[], begin: number, end: number): Generator<number> {
	const { timetable, offset } = vehicle;
	const [firstCycle] = position(timetable, movingTime(vehicle, begin) + offset);
	const [lastCycle] = position(timetable, movingTime(vehicle, end) + offset);
	for (let cycle = firstCycle; cycle <= lastCycle; cycle++) {
		for (const second of seconds) {
			const time = clockTime(vehicle, cycle * timetable.period + second - offset);
			if (time >= begin && time <= end) yield time;
		}
	}
}

/** Time on the clock less the time spent cut off; the timetable goes by it. */
function movingTime(vehicle: Vehicle, time: number): number {
	let moving = time;
	for (const { from, to } of vehicle.immobilised) {
		if (time > from) moving -= Math.min(time, to ?? Infinity) - from;
	}
	return moving;
}

/** The inverse of movingTime; Infinity for a moment that a vehicle cut off now has not reached. */
function clockTime(vehicle: Vehicle, moving: number): number {
	let time = moving;
	for (const { from, to } of vehicle.immobilised) {
		if (time > from) time += (to ?? Infinity) - from;
	}
	return time;
}

function position({ period }: Timetable, time: number): [cycle: number, second: number, fraction: number] {
	const cycle = Math.floor(time / period);
	const within = time - cycle * period;
	const second = Math.floor(within);
	return [cycle, second, within - second];
}

/**
 * The last of some ascending seconds of a loop that is not after `second`; every loop begins by switching the ignition
 * on.
 */
function lastOf(seconds: readonly number[], second: number): number {
	return seconds.findLast((one) => one <= second) ?? 0;
}

/** A fixed number that looks random, for two whole numbers. */
export function scatter(a: number, b: number): number {
	let hash = Math.imul(a + 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b, 0xc2b2ae35);
	hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
	hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
	return (hash ^ (hash >>> 15)) >>> 0;
}

/** Luhn, the check digit of an IMEI. */
function withCheckDigit(digits: string): string {
	const sum = [...digits].reduce((total, digit, i) => {
		const value = Number(digit) * (i % 2 === 0 ? 1 : 2);
		return total + (value > 9 ? value - 9 : value);
	}, 0);
	return digits + ((10 - (sum % 10)) % 10);
}
