import { operation } from '../../core/describe/operation';
import type { Connection } from '../../core/describe/connection';
import { coordinatesOf, countOf, recordId, textOf, timeInId } from '../../core/describe/read';
import type { Mileage, Row, Trip } from '../../core/describe/records';
import { body, known, recordsIn, recordsUnder, withItsError } from './answer';
import { devicesOrAll, nodeIdOf, oneVehicle, perVehicle, period, periodProblem, vehicleAndPeriod } from './fields';
import { wordsOf } from './position';
import { isWritten, parameterOf, timeOf } from './times';
import { UNITS_NOTE, unitsOf, type Units } from './units';

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
	const trip = {
		deviceId,
		deviceName: null,
		// The NodeId of a driver is in no trip: what is called DriverId is a name (facts 3.3).
		driverId: null,
		driverName: textOf(row.DriverName) ?? textOf(row.DriverId),
		startedAt,
		endedAt,
		startLatitude: start.latitude,
		startLongitude: start.longitude,
		startAddress: wordsOf(row.StartLocation),
		endLatitude: end.latitude,
		endLongitude: end.longitude,
		endAddress: wordsOf(row.EndLocation),
		distance: units.distance(row.TripDistance ?? row.TripOdo),
		drivingSeconds: secondsWithin(row.DrivingTime, startedAt, endedAt),
		// There is only a time of idling in excess of what is allowed.
		idleSeconds: null,
		maxSpeed: units.speed(row.MaxSpeed),
	};
	const id = recordId(deviceId, timeInId(startedAt, row.TripStartUTC, trip), timeInId(endedAt, row.TripEndUTC, trip));
	const record = withItsError(row, { id, ...trip }, ['id', 'deviceId']);
	if (endedAt === null && record.error === undefined && isWritten(row.TripEndUTC)) endedSometime.add(record);
	return record;
}

/** A sister product counts in seconds (facts 3.5). What is longer than the trip itself is in some other unit. */
function secondsWithin(value: unknown, startedAt: string | null, endedAt: string | null): number | null {
	const seconds = countOf(value);
	if (seconds === null || startedAt === null || endedAt === null) return null;
	return seconds * 1000 <= Date.parse(endedAt) - Date.parse(startedAt) ? seconds : null;
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
	evidence: { section: 'Vehicles/GetVehicleTrips', grade: 'C', note: UNITS_NOTE },
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
		note: `The driving time is assumed to be in seconds. ${UNITS_NOTE}`,
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
				deviceId: nodeIdOf(row, 'VehicleNodeId'),
				from: new Date(begin).toISOString(),
				to: new Date(end).toISOString(),
				distance: unitsOf(connection).distance(row.TotalPeriodDistance),
			},
			['deviceId', 'from', 'to'],
		);
	},
	kind: 'mileage',
	check: periodProblem,
	list: true,
	evidence: { section: 'Vehicles/GetVehiclesTripDistances', grade: 'C', note: UNITS_NOTE },
});
