import { ALL, type Several } from '../../core/describe/field';
import { operation } from '../../core/describe/operation';
import { inOrder } from '../../core/call/pages';
import type { Connection } from '../../core/describe/connection';
import {
	coordinatesOf,
	countOf,
	courseOf,
	flagOf,
	idTextOf,
	recordId,
	textOf,
	timeInId,
	withoutUnit,
} from '../../core/describe/read';
import type { Fix, Position, Row } from '../../core/describe/records';
import { chunks } from '../../core/call/windows';
import { body, known, recordsIn, recordsUnder, withItsError } from './answer';
import {
	device,
	devicesOrAll,
	nodeIdOf,
	oneVehicle,
	perVehicle,
	period,
	periodProblem,
	vehicleAndPeriod,
	vehiclesPerRequest,
} from './fields';
import { timeOf } from './times';
import { UNITS_NOTE, unitsOf, type Units } from './units';

const COMPASS = ['N', 'NNE', 'NE', 'ENE', 'E', 'ESE', 'SE', 'SSE', 'S', 'SSW', 'SW', 'WSW', 'W', 'WNW', 'NW', 'NNW'];

/**
 * A text that is empty in every sample. Points of the compass and degrees leave no doubt; other words are not guessed
 * at.
 */
function headingOf(value: unknown): number | null {
	const point = typeof value === 'string' ? COMPASS.indexOf(pointIn(value)) : -1;
	return point === -1 ? courseOf(withoutUnit(value, '°', 'deg', 'degrees')) : point * 22.5;
}

/** "North West", "north-west" and "NW" are one. */
const pointIn = (text: string) =>
	text
		.toUpperCase()
		.replace(/NORTH|EAST|SOUTH|WEST/g, (word) => word.charAt(0))
		.replace(/[\s-]/g, '');

/** "at Ctrack; near Regency Drive; 0157; " without what trails behind. */
export const wordsOf = (value: unknown) => textOf(value)?.replace(/(?<![\s;])[\s;]+$/, '') ?? null;

/** Last positions have one set of names, those of histories and queues another. */
export function toPosition(came: Row, units: Units): Position {
	const row = known(came);
	const deviceId = nodeIdOf(row);
	const time = timeOf(row.EventTimeUTC);
	const position = {
		deviceName: null,
		plate: null,
		time,
		seenAt: null,
		...coordinatesOf(row.Latitude, row.Longitude),
		// In histories, Location is empty and LocationString has the words.
		address: wordsOf(row.LocationString) ?? wordsOf(row.Location),
		speed: units.speed(row.Speed),
		course: headingOf(row.HeadingText ?? row.VehicleHeading),
		status: null,
		ignition: flagOf(row.Ignition),
		ignitionSeconds: null,
		odometer: units.distance(row.RunningOdo ?? row.Odo),
		distanceToday: null,
		// Of an electric vehicle (GetVehiclePositionsCANDetailed).
		battery: countOf(row.CanBatteryLevelInPercentage),
		externalVoltage: null,
		fuel: null,
		temperature: null,
		doorOpen: null,
		charging: flagOf(row.Charging),
		fuelSupply: null,
		armed: null,
		details: null,
		deviceId,
	};
	const id = recordId(deviceId, timeInId(time, row.EventTimeUTC, position));
	return withItsError(row, { ...position, id }, ['deviceId', 'id']);
}

function toFix(row: Row, units: Units): Fix {
	const { deviceName, plate, time, latitude, longitude, speed, course, odometer, ignition, deviceId } = toPosition(
		row,
		units,
	);
	return withItsError(
		row,
		{ deviceName, plate, time, latitude, longitude, speed, course, odometer, ignition, deviceId },
		['deviceId'],
	);
}

const current = {
	resource: 'position',
	effect: 'read',
	answer: body,
	rows: recordsIn,
	record: (row: Row, _: unknown, connection: Connection) => toPosition(row, unitsOf(connection)),
	kind: 'position',
} as const;

export const getCurrentOfAll = operation({
	...current,
	name: 'getCurrentOfAll',
	title: 'Get Current of All',
	action: 'Get the current positions of all vehicles',
	description: 'Get the latest position of every vehicle that the API user may see',
	rows: recordsUnder('LastVehiclePositions'),
	route: 'GET /Vehicles/GetLastVehiclePositionsforAuthenticatedUser',
	params: {},
	list: true,
	evidence: { section: 'Vehicles/GetLastVehiclePositionsforAuthenticatedUser', grade: 'C', note: UNITS_NOTE },
});

export const getCurrent = operation({
	...current,
	name: 'getCurrent',
	title: 'Get Current',
	action: 'Get current positions',
	description: 'Get the latest position of any number of vehicles',
	rows: recordsUnder('LastVehiclePositions'),
	route: 'GET /Vehicles/GetLastVehiclePositions',
	params: { devices: devicesOrAll },
	batch: { devices: 'devices', most: vehiclesPerRequest, deviceOf: (row) => idTextOf(known(row).NodeId) },
	asks: { devices: 'devices', as: 'devices', most: vehiclesPerRequest },
	request: ({ devices }: { devices: Several }) => ({ query: { svehicleNodeIds: devices.join(',') } }),
	run: async function* (run, { devices }) {
		if (devices === ALL) yield await run.call(getCurrentOfAll, {});
		else
			yield* inOrder(chunks(await run.devices(devices), vehiclesPerRequest), run.width, (some) =>
				run.request({ devices: some }),
			);
	},
	list: true,
	evidence: { section: 'Vehicles/GetLastVehiclePositions', grade: 'C', note: UNITS_NOTE },
});

export const getCurrentOfOne = operation({
	...current,
	name: 'getCurrentOfOne',
	title: 'Get Current of One',
	action: 'Get the current position of a vehicle',
	description: 'Get the latest position of a vehicle',
	rows: recordsUnder('LastVehiclePosition'),
	route: 'GET /Vehicles/GetLastVehiclePosition',
	params: { device },
	request: ({ device }) => ({ query: { vehicleNodeId: device } }),
	evidence: {
		section: 'Vehicles/GetLastVehiclePosition',
		grade: 'C',
		note: `As documented, it takes several vehicles; for those there is Get Current. ${UNITS_NOTE}`,
	},
});

const history = {
	resource: 'position',
	effect: 'read',
	params: { devices: devicesOrAll, ...period() },
	// The document's Python sample sends svehicleNodeIds and no period, which its table contradicts (facts 3.1).
	request: vehicleAndPeriod,
	answer: body,
	rows: recordsIn,
	list: true,
} as const;

export const getHistory = operation({
	...history,
	name: 'getHistory',
	title: 'Get History',
	action: 'Get the position history of vehicles',
	description: 'Get every recorded position of vehicles in a period',
	rows: recordsUnder('VehiclePositionsDetailed'),
	route: 'GET /Vehicles/GetVehiclePositionsDetailed',
	record: (row, _, connection) => toFix(row, unitsOf(connection)),
	kind: 'fix',
	asks: oneVehicle,
	run: perVehicle,
	check: periodProblem,
	evidence: {
		section: 'Vehicles/GetVehiclePositionsDetailed',
		grade: 'L',
		note: `Only a single record is documented. The documented sample contradicts the table of parameters; the table is followed. ${UNITS_NOTE}`,
	},
});

export const getCanHistory = operation({
	...history,
	name: 'getCanHistory',
	title: 'Get CAN History',
	action: 'Get the position history of vehicles with CAN data',
	description:
		'Get every recorded position of vehicles in a period, with the battery level of electric ones and whether they charge. Their range is in the raw records.',
	rows: recordsUnder('VehiclePositionsCANDetailed'),
	route: 'GET /Vehicles/GetVehiclePositionsCANDetailed',
	record: (row, _, connection) => toPosition(row, unitsOf(connection)),
	kind: 'position',
	asks: oneVehicle,
	run: perVehicle,
	check: periodProblem,
	evidence: {
		section: 'Vehicles/GetVehiclePositionsCANDetailed',
		grade: 'L',
		note: `Only a single record is documented. The documented sample contradicts the table of parameters; the table is followed. ${UNITS_NOTE}`,
	},
});
