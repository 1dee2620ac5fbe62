/** The methods on vehicles. The pages call them carriers. */
import { fixesBetween, lastFix, scatter, stateAt, type Vehicle, type VehicleState } from '../fleet';
import {
	engineHours,
	fuelChanges,
	lastKnown,
	litresFor,
	loadTemperature,
	metresBetween,
	tripsEnding,
	type Trip,
} from '../journeys';
import { placeOf } from '../places';
import { localTime } from '../zones';
import type { Params } from './params';
import type { Carrier, Platform, Settings, User } from './platform';

/** The payload of an answer, with the names of the document. */
export type Handler = (context: { platform: Platform; user: User; params: Params }) => unknown;

export interface Method {
	verb: 'GET' | 'POST';
	handle(platform: Platform, user: User, params: () => Params): unknown;
}

export const METHODS: Readonly<Record<string, Method>> = {
	'/api/carriers/company-vehicles': { verb: 'GET', handle: (platform, user) => companyVehicles(platform, user) },
	'/api/carriers/way': post(way),
	'/api/carriers/stops': post(stops),
	'/api/carriers/consumption': post(consumption),
	'/api/carriers/refills': post(refills),
	'/api/carriers/temperatures': post(temperatures),
};

function post(handler: Handler): Method {
	return { verb: 'POST', handle: (platform, user, params) => handler({ platform, user, params: params() }) };
}

const ENGINE_ON = 1;
const ENGINE_OFF = 2;
const SENSOR_SECONDS = 600;

function companyVehicles(platform: Platform, user: User) {
	return platform.carriersFor(user).map((carrier) => vehicleRecord(carrier, platform));
}

function vehicleRecord({ vehicleId, vehicleUId, vehicle, isPrivate }: Carrier, platform: Platform) {
	const fix = lastFix(vehicle, platform.now(), platform.settings.fixIntervalSeconds);
	const text = (time: number) => localTime(platform.settings.timeZone, time);
	return {
		vehicleId,
		vehicleUId,
		vehicleName: vehicle.name,
		vehicleRegistrationNumber: vehicle.plate,
		latitude: round(fix?.latitude ?? 0, 6),
		longitude: round(fix?.longitude ?? 0, 6),
		gpsDate: fix && text(fix.time),
		address: fix ? addressOf(vehicle, fix) : '',
		speed: round(fix?.speed ?? 0, 1), // with fractions in live answers (facts 2.3)
		course: fix?.course ?? 0,
		engineEvent: fix?.ignition ? ENGINE_ON : ENGINE_OFF,
		engineRpm: fix?.ignition ? 800 + Math.round(fix.speed * 28) : 0,
		engineEventDate: fix && text(fix.ignitionSince),
		serverDate: fix && text(Math.min(platform.now(), fix.time + 2)),
		isPrivate,
		groupName: vehicle.route.name, // not on the page (facts 2.3)
		// Absent on some (facts 2.3).
		...(vehicle.index % 3 === 2
			? {}
			: {
					vehicleIdentificationNumber: `UU1FLT${vehicle.imei.slice(-11)}`,
					externalPowerVoltage: round(fix?.externalVolts ?? 0, 2),
					manufactureYear: 2015 + (vehicle.index % 10),
				}),
		vehicleManufacturer: 'Dacia',
		vehicleModel: vehicle.name.replace(/ \d+$/, ''),
	};
}

function way({ platform, user, params }: Parameters<Handler>[0]) {
	const vehicles = params.vehicles(user);
	const { begin, end } = params.shortPeriod();
	const { timeZone, trailingZ, wayIntervalSeconds } = platform.settings;
	return vehicles.flatMap(({ vehicleId, vehicle }) =>
		Array.from(fixesBetween(vehicle, begin, Math.min(end, platform.now()), wayIntervalSeconds), (fix) => ({
			vehicleId,
			gpsDate: localTime(timeZone, fix.time) + (trailingZ ? 'Z' : ''),
			latitude: round(fix.latitude, 6),
			longitude: round(fix.longitude, 6),
			speed: round(fix.speed, 1),
			course: fix.course,
		})),
	);
}

/**
 * Times with the ignition off, each with the trip before it. Durations are seconds. The key of the map is the vehicle's
 * id.
 */
function stops({ platform, user, params }: Parameters<Handler>[0]) {
	const vehicles = params.vehicles(user);
	const { begin, end } = params.period();
	const margin = params.whole('stationaryMargin', 1) * 60;
	const results = Object.fromEntries(
		vehicles.map((carrier) => [
			carrier.vehicleId,
			stopsOf(carrier, begin, Math.min(end, platform.now()), margin, platform),
		]),
	);
	return [{ results }];
}

function stopsOf(carrier: Carrier, begin: number, end: number, margin: number, platform: Platform) {
	const { vehicle } = carrier;
	const trips = tripsEnding(vehicle, begin, end);
	return trips.flatMap((trip, i) => {
		const until = trips[i + 1]?.start.time ?? Math.min(end, nextStart(vehicle, trip.end.time, end));
		const duration = until - trip.end.time;
		return duration < margin ? [] : [stopRecord(carrier, trip, until, platform)];
	});
}

/** When the engine starts again after a stop, or Infinity if that is not before `end`. */
function nextStart(vehicle: Vehicle, since: number, end: number): number {
	const known = lastKnown(vehicle, end) ?? since;
	const state = stateAt(vehicle, known);
	return state.ignition && state.ignitionSince > since ? state.ignitionSince : Infinity;
}

function stopRecord(
	{ vehicleId, vehicle, isPrivate }: Carrier,
	trip: Trip,
	until: number,
	{ settings: { timeZone } }: Platform,
) {
	const { end } = trip;
	let arrived = end.time;
	while (arrived > trip.start.time && stateAt(vehicle, arrived - 1).speed === 0) arrived--;
	const text = (time: number) => localTime(timeZone, time);
	return {
		vehicleId,
		startDate: text(end.time),
		endDate: text(until),
		latitude: round(end.latitude, 6),
		longitude: round(end.longitude, 6),
		stationaryEngineOnTime: trip.idleSeconds,
		distance: round(trip.metres / 1000, 2),
		maxSpeed: round(trip.maxSpeed, 1),
		averageSpeed: round(trip.drivingSeconds > 0 ? (trip.metres / trip.drivingSeconds) * 3.6 : 0, 1),
		speedCount: trip.overSpeedCount,
		indexKm: round(end.odometer / 1000, 1),
		indexHours: round(engineHours(vehicle, end.odometer), 1),
		address: addressOf(vehicle, end),
		stopDuration: until - end.time,
		engineOnStops: [{ startDate: text(arrived), endDate: text(end.time), duration: end.time - arrived }],
		hotSpot: placeOf(vehicle, end).street === 'Depot' ? 'Depot' : '',
		functioningTime: trip.drivingSeconds + trip.idleSeconds,
		isPrivate,
		drivers: vehicle.selfPowered ? [] : [{ firstName: 'Ioana', lastName: `Șofer ${vehicle.index + 1}` }],
		fuelConsumption: round(trip.litres, 2),
	};
}

function consumption({ platform, user, params }: Parameters<Handler>[0]) {
	const vehicles = params.vehicles(user);
	const { begin, end } = params.shortPeriod();
	return vehicles.map(({ vehicle, secondaryShare }) => {
		const metres = metresBetween(vehicle, begin, Math.min(end, platform.now()));
		const part = (share: number) => consumptionOf(vehicle, metres, share);
		return {
			vehicleName: vehicle.name,
			licensePlate: vehicle.plate,
			...part(1 - secondaryShare),
			secondarySource: secondaryShare > 0 ? part(secondaryShare) : null,
		};
	});
}

function consumptionOf(vehicle: Vehicle, metres: number, share: number) {
	const kilometres = (metres * share) / 1000;
	const litres = litresFor(vehicle, metres * share);
	return {
		distance: round(kilometres, 2),
		hours: timespan(engineHours(vehicle, metres * share) * 3600),
		consumptionValue: round(litres, 2),
		averageConsumption100Km: kilometres > 0 ? round((litres / kilometres) * 100, 2) : 0,
	};
}

/** The seven kinds of event for the tank, and again for a second tank if there is one. */
function refills({ platform, user, params }: Parameters<Handler>[0]) {
	const carrier = params.carrier(user);
	const { begin, end } = params.period();
	const until = Math.min(end, platform.now());
	const { secondaryShare } = carrier;
	if (lastKnown(carrier.vehicle, until) === null || until <= begin) return [];
	const main = tankEvents(carrier, begin, until, 1 - secondaryShare, '', platform);
	const second =
		secondaryShare > 0 ? tankEvents(carrier, begin, until, secondaryShare, 'SecondarySource', platform) : [];
	return [...main, ...second];
}

function tankEvents(
	{ vehicle, isPrivate }: Carrier,
	begin: number,
	end: number,
	share: number,
	suffix: string,
	{ settings }: Platform,
) {
	const from = Math.max(begin, vehicle.activated);
	const until = Math.max(from, lastKnown(vehicle, end)!);
	const changes = fuelChanges(vehicle, from + 1, until);
	const [first, last] = [stateAt(vehicle, from), stateAt(vehicle, until)];
	const refilled = sum(changes.map(({ litres }) => Math.max(0, litres)));
	const stolen = sum(changes.map(({ litres }) => Math.max(0, -litres)));
	const event = (kind: string, litres: number, time: number, state: VehicleState | null) => ({
		date: refillDate(localTime(settings.timeZone, time), settings),
		event: eventName(kind + suffix, settings),
		location: state ? addressOf(vehicle, state) : '',
		estimation:
			settings.refillValues === 'json'
				? round(litres * share, 2)
				: String(round(litres * share, 2)).replace('.', ',') + (time % 2 === 0 ? ' l' : ''),
		isPrivate: settings.refillValues === 'json' ? isPrivate : isPrivate ? 'True' : 'False',
	});
	return [
		event('FuelStart', first.fuelLitres, from, first),
		...changes.map(({ time, litres, state }) =>
			event(litres > 0 ? 'Fueling' : 'PossibleFuelTheft', Math.abs(litres), time, state),
		),
		event('TotalRefill', refilled, until, null),
		event('TotalPossibleTheft', stolen, until, null),
		event('RemainingFuel', last.fuelLitres, until, last),
		event('TotalFuelConsumption', first.fuelLitres + refilled - stolen - last.fuelLitres, until, null),
	];
}

/** 2024-09-09T09:42:51, as a server writes it whose settings are its country's. */
function refillDate(iso: string, { refillDates }: Settings): string {
	const [year, month, day] = iso.slice(0, 10).split('-') as [string, string, string];
	const time = iso.slice(11, 19);
	return {
		iso,
		romanian: `${day}.${month}.${year} ${time}`,
		hungarian: `${year}. ${month}. ${day}. ${time.replace(/^0/, '')}`,
		slashes: `${month}/${day}/${year} ${time}`,
	}[refillDates];
}

/** The words are those of the "List of Possible Events". */
function eventName(name: string, { refillEvents }: Settings): string {
	if (refillEvents === 'words') return name === 'PossibleFuelTheft' ? 'Possible fuel theft' : name;
	return refillEvents === 'others'
		? (({ Fueling: 'REFUEL', PossibleFuelTheft: 'FuelDrain' } as Record<string, string>)[name] ?? name)
		: name;
}

/** Every ten minutes, from the vehicles that are refrigerated; two sensors on each. */
function temperatures({ platform, user, params }: Parameters<Handler>[0]) {
	const vehicles = params.vehicles(user);
	const { begin, end } = params.shortPeriod();
	const readings = vehicles.flatMap(({ vehicleId, vehicle }) => {
		const from = Math.max(begin, vehicle.activated);
		const until = lastKnown(vehicle, Math.min(end, platform.now())) ?? -1;
		const found = [];
		for (let time = Math.ceil(from / SENSOR_SECONDS) * SENSOR_SECONDS; time <= until; time += SENSOR_SECONDS) {
			const value = loadTemperature(vehicle, time);
			if (value !== null) found.push({ vehicleId, vehicle, time, value });
		}
		return found;
	});
	const reading = (vehicleId: number, time: number, value: number, sensorNumber: number) => ({
		vehicleId,
		date: localTime(platform.settings.timeZone, time),
		value: round(value, 1),
		sensorNumber,
	});
	return {
		temperature: readings.flatMap(({ vehicleId, time, value }) => [
			reading(vehicleId, time, value, 1),
			reading(vehicleId, time, value + 0.5, 2),
		]),
		humidity: readings.map(({ vehicleId, vehicle, time }) =>
			reading(vehicleId, time, 60 + (scatter(vehicle.index, time) % 25), 1),
		),
	};
}

function addressOf(vehicle: Vehicle, state: VehicleState): string {
	const { street, city, country } = placeOf(vehicle, state);
	return `${street}, ${city}, ${country}`;
}

/** h:m:s; more than 24 hours are not made days. */
function timespan(seconds: number): string {
	const whole = Math.round(seconds);
	const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
	return `${two(whole / 3600)}:${two((whole % 3600) / 60)}:${two(whole % 60)}`;
}

function sum(values: readonly number[]): number {
	return values.reduce((total, value) => total + value, 0);
}

function round(value: number, digits: number): number {
	return Math.round(value * 10 ** digits) / 10 ** digits;
}
