import { operation } from '../../core/describe/operation';
import type { Connection } from '../../core/describe/connection';
import { coordinatesOf, recordId, textOf, timeInId } from '../../core/describe/read';
import { unread } from '../../core/describe/reading';
import type { Mileage, Row, Trip } from '../../core/describe/records';
import { body, known, recordsIn, recordsUnder, withItsError } from './answer';
import { devicesOrAll, nodeIdOf, oneVehicle, perVehicle, period, periodProblem, vehicleAndPeriod } from './fields';
import { wordsOf } from './position';
import { isWritten, parameterOf, timeOf } from './times';
import { DURATIONS_NOTE, UNITS_NOTE, unitsOf, type Units } from './units';

/** Trips whose end came and cannot be read. */
const endedSometime = new WeakSet<object>();

export const hasEnded = (trip: Trip) => trip.endedAt !== null || endedSometime.has(trip);

/** Vehicles/GetVehicleTrips has the first few of these; the rest comes with GetVehicleTripsDetailed and the queue. */
export function toTrip(came: Row, units: Units): Trip {
	const row = known(came);
	const deviceId = nodeIdOf(row);
	const startedAt = timeOf(row.TripStartUTC);
	const endedAt = timeOf(row.TripEndUTC);
	const start = coordinatesOf(row.StartLatitude, row.StartLongitude);
	const end = coordinatesOf(row.EndLatitude, row.EndLongitude);
	const distance = distanceWithin(row.TripDistance ?? row.TripOdo, units, startedAt, endedAt);
	const length = lengthOf(startedAt, endedAt);
	const trip = {
		deviceName: null,
		plate: null,
		driverName: textOf(row.DriverName) ?? textOf(row.DriverId),
		startedAt,
		endedAt,
		startLatitude: start.latitude,
		startLongitude: start.longitude,
		startAddress: wordsOf(row.StartLocation),
		endLatitude: end.latitude,
		endLongitude: end.longitude,
		endAddress: wordsOf(row.EndLocation),
		distance,
		drivingSeconds: secondsWithin(row.DrivingTime, units, startedAt, endedAt),
		// There is only a time of idling in excess of what is allowed.
		idleSeconds: null,
		maxSpeed: units.speed(row.MaxSpeed),
		averageSpeed:
			distance === null || length === null || length <= 0 ? null : Math.round((distance * 36_000) / length) / 10,
		// The NodeId of a driver is in no trip: what is called DriverId is a name (facts 3.3).
		driverId: null,
		deviceId,
	};
	const id = recordId(deviceId, timeInId(startedAt, row.TripStartUTC, trip), timeInId(endedAt, row.TripEndUTC, trip));
	const record = withItsError(row, { ...trip, id }, ['id', 'deviceId']);
	if (endedAt === null && record.error === undefined && isWritten(row.TripEndUTC)) endedSometime.add(record);
	return record;
}

/** How long a trip took, in seconds. */
const lengthOf = (startedAt: string | null, endedAt: string | null) =>
	startedAt === null || endedAt === null ? null : (Date.parse(endedAt) - Date.parse(startedAt)) / 1000;

type Ends = [startedAt: string | null, endedAt: string | null];

/** What is longer than the trip itself is in another unit than the account says. */
function secondsWithin(value: unknown, units: Units, ...ends: Ends): number | null {
	const seconds = units.seconds(value);
	const length = lengthOf(...ends);
	if (seconds === null || length === null) return null;
	return seconds <= length ? seconds : unread('a driving time', value);
}

/** Nobody drives as fast as this, in km/h. */
const FASTEST = 300;
/** Odometers and clocks are not read at the same moment. */
const SLACK_KM = 5;

/**
 * What cannot have been driven in the time is in another unit than the account says, or what the odometer showed: of
 * TripOdo, it is only likely that it is the trip's distance (facts 3.3).
 */
function distanceWithin(value: unknown, units: Units, ...ends: Ends): number | null {
	const distance = units.distance(value);
	const length = lengthOf(...ends);
	if (distance === null || length === null) return distance;
	return distance <= (Math.max(0, length) / 3600) * FASTEST + SLACK_KM ? distance : unread('a distance', value);
}

const trips = {
	resource: 'trip',
	effect: 'read',
	params: { devices: devicesOrAll, ...period() },
	request: vehicleAndPeriod,
	answer: body,
	rows: recordsIn,
	record: (row: Row, _: unknown, connection: Connection) => toTrip(row, unitsOf(connection)),
	kind: 'trip',
	check: periodProblem,
	list: true,
} as const;

export const getMany = operation({
	...trips,
	name: 'getMany',
	title: 'Get Many',
	action: 'Get the trips of vehicles',
	description: 'List the trips of vehicles in a period: start, end, driver, distance and highest speed',
	rows: recordsUnder('VehicleTrips'),
	route: 'GET /Vehicles/GetVehicleTrips',
	asks: oneVehicle,
	run: perVehicle,
	evidence: {
		section: 'Vehicles/GetVehicleTrips',
		grade: 'C',
		note: `That TripOdo is the distance of the trip, and no reading of the odometer, is likely but not documented. ${UNITS_NOTE}`,
	},
});

export const getManyDetailed = operation({
	...trips,
	name: 'getManyDetailed',
	title: 'Get Many with Details',
	action: 'Get the trips of vehicles with details',
	description:
		'List the trips of vehicles in a period, with places and driving time; counts of speeding, harsh driving and idling are in the raw records',
	rows: recordsUnder('VehicleTripsDetailed'),
	route: 'GET /Vehicles/GetVehicleTripsDetailed',
	asks: oneVehicle,
	run: perVehicle,
	evidence: {
		section: 'Vehicles/GetVehicleTripsDetailed',
		grade: 'C',
		note: `${DURATIONS_NOTE} ${UNITS_NOTE}`,
	},
});

export const getDistances = operation({
	resource: 'trip',
	name: 'getDistances',
	title: 'Get Distances',
	action: 'Get the distances of all vehicles',
	description: 'Get the distance that each vehicle of the account drove in a period',
	effect: 'read',
	route: 'GET /Vehicles/GetVehiclesTripDistances',
	params: period(),
	request: ({ begin, end }) => ({ query: { fromDateTimeUTC: parameterOf(begin), toDateTimeUTC: parameterOf(end) } }),
	answer: body,
	rows: recordsUnder('VehicleTripPeriodDistances'),
	record: (came, { begin, end }, connection): Mileage => {
		const row = known(came);
		return withItsError(
			row,
			{
				deviceName: null,
				plate: null,
				from: new Date(begin).toISOString(),
				to: new Date(end).toISOString(),
				distance: unitsOf(connection).distance(row.TotalPeriodDistance),
				deviceId: nodeIdOf(row, 'VehicleNodeId'),
			},
			['deviceId', 'from', 'to'],
		);
	},
	kind: 'mileage',
	check: periodProblem,
	list: true,
	evidence: { section: 'Vehicles/GetVehiclesTripDistances', grade: 'C', note: UNITS_NOTE },
});
