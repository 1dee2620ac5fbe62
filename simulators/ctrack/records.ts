/** The records of the document, field by field in its order. */
import { lastFix, stateAt, type VehicleState } from '../fleet';
import { litresFor, type Trip } from '../journeys';
import { placeOf } from '../places';
import { ERROR_NAMES, type ErrorCode } from './codes';
import type { CostCentre, Driver, Platform, Settings, Unit } from './platform';

const DRIVING = 1;
const IDLING = 2;
const IGNITION_OFF = 4; // of the document's examples
const COMPASS = ['N', 'NE', 'E', 'SE', 'S', 'SW', 'W', 'NW'];
/** What .NET writes for a time that was never set. */
const NO_TIME = -62_135_596_800;

export function codeText(code: ErrorCode, { errorCodes }: Pick<Settings, 'errorCodes'>): string | number {
	return errorCodes === 'text' ? `${ERROR_NAMES[code]} = ${code}` : code;
}

/** `milliseconds`: whether the document prints this field with them. */
export function timeText(time: number, { times }: Settings, milliseconds = false): string | number {
	if (times === 'epoch') return time;
	if (times === 'wcf') return `/Date(${time * 1000})/`;
	const text = new Date(time * 1000).toISOString();
	if (times === 'dotted') return `${text.slice(8, 10)}.${text.slice(5, 7)}.${text.slice(0, 4)} ${text.slice(11, 19)}`;
	return times === 'milliseconds' || (times === 'document' && milliseconds) ? text : `${text.slice(0, 19)}Z`;
}

/** The newest fix, or null if there never was one. */
export function fixOf({ vehicle }: Unit, platform: Platform): VehicleState | null {
	return lastFix(vehicle, platform.now(), platform.settings.fixIntervalSeconds);
}

export function centreRecord({ name, nodeId }: CostCentre) {
	return { CostCentre: name, NodeId: nodeId };
}

export function driverRecord({ nodeId, tag, name }: Driver) {
	return { NodeId: nodeId, Tag: tag, DriverId: name, DriverCategories: null };
}

export function vehicleRecord(unit: Unit, platform: Platform) {
	const { vehicle } = unit;
	const fix = fixOf(unit, platform);
	return {
		NodeId: unit.nodeId,
		NodeTypeId: 182,
		Type: vehicle.model,
		VehicleRegistration: vehicle.plate,
		FleetNumber: unit.fleetNumber,
		Description: vehicle.name,
		MIT: unit.mit,
		SerialNumber: unit.serial,
		CellphoneNumber: vehicle.sim,
		VehicleSymbol: 0,
		CostCentre: unit.costCentre.nodeId,
		Errorcode: codeText(0, platform.settings),
		LastTime: fix && timeText(fix.time, platform.settings),
	};
}

export function positionRecord(unit: Unit, platform: Platform) {
	const fix = fixOf(unit, platform);
	if (!fix || isFaulty(unit, platform)) return noPosition(unit.nodeId, 1, platform);
	const { settings } = platform;
	return {
		NodeId: unit.nodeId,
		...statusOf(unit, fix),
		Ignition: fix.ignition,
		Latitude: Math.fround(fix.latitude),
		Longitude: Math.fround(fix.longitude),
		Location: locationText(unit, fix),
		RunningOdo: Math.round(fix.odometer),
		Speed: Math.round(fix.speed),
		StreetMaxSpeed: streetMaxSpeed(unit, fix),
		HeadingText: heading(fix, settings),
		DriverId: unit.driver?.name ?? '', // a name in live answers (facts 3.3)
		ErrorCode: codeText(0, settings),
		EventTimeUTC: timeText(fix.time, settings, true),
	};
}

const isFaulty = ({ nodeId }: Unit, platform: Platform) =>
	platform.settings.faultyRecords && (Math.floor(platform.now() / 60) + nodeId) % 5 === 0;

/** A vehicle that was never heard of (inner code 1), does not exist (1) or is not the user's (4). */
export function noPosition(nodeId: number, code: ErrorCode, { settings }: Platform) {
	return {
		NodeId: nodeId,
		SingleStatus: 0,
		StatusText: '',
		Ignition: false,
		Latitude: 0,
		Longitude: 0,
		Location: '',
		RunningOdo: 0,
		Speed: 0,
		StreetMaxSpeed: 0,
		HeadingText: '',
		DriverId: '',
		ErrorCode: codeText(code, settings),
		EventTimeUTC: timeText(NO_TIME, settings),
	};
}

export function detailedPosition(unit: Unit, fix: VehicleState, settings: Settings) {
	return {
		NodeId: unit.nodeId,
		Latitude: Math.fround(fix.latitude),
		Longitude: Math.fround(fix.longitude),
		SingleStatus: statusOf(unit, fix).SingleStatus,
		Ignition: fix.ignition,
		Speed: Math.round(fix.speed),
		Odo: Math.round(fix.odometer),
		VehicleHeading: heading(fix, settings),
		StatusText: statusOf(unit, fix).StatusText,
		Location: '',
		LocationDirection: fix.course,
		LocationString: locationText(unit, fix),
		Area: '',
		StreetMaxSpeed: streetMaxSpeed(unit, fix),
		VehicleMaxSpeed: unit.vehicle.route.cruise,
		Tag: unit.driver?.tag ?? '',
		DriverName: unit.driver?.name ?? '',
		DriverId: unit.driver?.name ?? '',
		DeliveryTag: 0,
		EventTimeUTC: timeText(fix.time, settings, true),
	};
}

export function canPosition(unit: Unit, fix: VehicleState, settings: Settings) {
	const { EventTimeUTC, ...position } = detailedPosition(unit, fix, settings);
	return {
		...position,
		CanVehicleRangeBatteryInMeter: '',
		CanBatteryLevelInPercentage: String(fix.battery),
		ChargerConnected: false,
		Charging: false,
		EventTimeUTC,
	};
}

export function odometerRecord(unit: Unit, time: number, platform: Platform) {
	const { settings } = platform;
	const fix = lastFix(unit.vehicle, Math.min(time, platform.now()), settings.fixIntervalSeconds);
	return {
		VehicleId: unit.vehicle.plate,
		DriverId: unit.driver?.name ?? '',
		VehicleOdo: fix ? Math.round(fix.odometer) : 0,
		OdoTimestamp: timeText(fix?.time ?? NO_TIME, settings, true),
	};
}

export function tripRecord(unit: Unit, trip: Trip, settings: Settings) {
	return {
		NodeId: unit.nodeId,
		TripOdo: Math.round(trip.end.odometer) - Math.round(trip.start.odometer),
		MaxSpeed: Math.round(trip.maxSpeed),
		Tag: unit.driver?.tag ?? null,
		DriverId: unit.driver?.name ?? '',
		DriverName: unit.driver?.name ?? '',
		TripStartUTC: timeText(trip.start.time, settings),
		TripEndUTC: timeText(trip.end.time, settings),
	};
}

function durationText(seconds: number, { durations }: Settings): number | string {
	if (durations === 'timespan') return new Date(seconds * 1000).toISOString().slice(11, 19);
	return seconds / { seconds: 1, minutes: 60, hours: 3600 }[durations];
}

export function detailedTrip(unit: Unit, trip: Trip, settings: Settings) {
	const { vehicle, driver } = unit;
	const [from, to] = [Math.round(trip.start.odometer), Math.round(trip.end.odometer)];
	const sprinkled = trip.start.time % 7;
	return {
		NodeId: unit.nodeId,
		DrivingTime: durationText(trip.drivingSeconds, settings),
		StartOdometerReading: from,
		EndOdometerReading: to,
		TripDistance: to - from,
		StartLatitude: Math.fround(trip.start.latitude),
		StartLongitude: Math.fround(trip.start.longitude),
		EndLatitude: Math.fround(trip.end.latitude),
		EndLongitude: Math.fround(trip.end.longitude),
		StartLocation: locationText(unit, trip.start),
		EndLocation: locationText(unit, trip.end),
		OverRevCount: 0,
		MaxRPM: 3200,
		OverRevDuration: 0,
		RPMLimit: 4500,
		OverSpeedCount: trip.overSpeedCount,
		MaxSpeed: Math.round(trip.maxSpeed),
		OverSpeedDuration: trip.overSpeedSeconds,
		SpeedLimit: vehicle.route.speedLimit,
		ExcessIdleCount: 0,
		ExcessIdleTime: trip.idleSeconds,
		ExcessIdleSpeed: 0,
		ExcessIdleRPM: 0,
		FreeWheeling: 0,
		FreeWheelingTime: 0,
		FreeWheelingSpeed: 0,
		FreeWheelingRPM: 0,
		HarshBrakeCount: sprinkled === 0 ? 1 : 0,
		HarshAccelerateCount: sprinkled === 1 ? 2 : 0,
		HarshCornerCount: sprinkled === 2 ? 1 : 0,
		HarshBumpCount: 0,
		GreenBandTime: trip.drivingSeconds,
		GreenBandLo: 1200,
		GreenBandHi: 2600,
		TripFuel: Math.round(litresFor(vehicle, trip.metres) * 10) / 10,
		FuelDataSource: 0,
		Tag: driver?.tag ?? '',
		DriverId: driver?.name ?? '',
		DriverName: driver?.name ?? '',
		IsBusinessPrivate: 0,
		Comment: '',
		CustomIdentifier: '',
		DeliveryTag: 0,
		TripStartUTC: timeText(trip.start.time, settings),
		TripEndUTC: timeText(trip.end.time, settings),
	};
}

export function locationText(
	{ vehicle }: Pick<Unit, 'vehicle'>,
	state: Pick<VehicleState, 'latitude' | 'longitude'>,
): string {
	const { street, city, country } = placeOf(vehicle, state);
	return `near ${street}; in ${city}; ${country}; `;
}

/** What a unit of the kind that has scripts tells of its engine; the document shows no sample. */
export function scriptRecord(unit: Unit, time: number, settings: Settings) {
	const { fuelLitres, odometer, externalVolts } = stateAt(unit.vehicle, time);
	return {
		NodeId: unit.nodeId,
		ScriptName: 'EngineData',
		Values: `Fuel=${fuelLitres.toFixed(1)};Odo=${Math.round(odometer)};Battery=${externalVolts?.toFixed(1) ?? ''}`,
		DeliveryTag: 0,
		EventTimeUTC: timeText(time, settings, true),
	};
}

function statusOf({ vehicle }: Unit, { ignition, speed }: VehicleState) {
	if (!ignition) {
		const text = vehicle.selfPowered ? 'Battery Tamper; (Ignition off);(Usage Reminder)' : 'Ignition off';
		return { SingleStatus: IGNITION_OFF, StatusText: text };
	}
	return speed > 0
		? { SingleStatus: DRIVING, StatusText: 'Driving' }
		: { SingleStatus: IDLING, StatusText: 'Idling' };
}

function streetMaxSpeed({ vehicle }: Unit, { ignition }: VehicleState): number {
	return ignition ? vehicle.route.speedLimit : 0;
}

function heading({ course, ignition }: VehicleState, { headings }: Settings): string {
	return headings === 'compass' && ignition ? COMPASS[Math.round(course / 45) % 8]! : '';
}
