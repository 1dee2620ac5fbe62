import { ALL, number } from '../../core/describe/field';
import { operation } from '../../core/describe/operation';
import { inOrder } from '../../core/call/pages';
import type { Connection } from '../../core/describe/connection';
import { identityOf, idTextOf, recordId, rowsOf } from '../../core/describe/read';
import type { GeofenceEvent, GeofenceState, Row } from '../../core/describe/records';
import { chunks } from '../../core/call/windows';
import { period, periodProblem } from '../period';
import { listInData, mustBeWhole, objectOrEmptyList, oneOrNone } from './answer';
import {
	devices,
	listOrEmpty,
	NAMES_PER_REQUEST,
	someDevices,
	somePlates,
	plate,
	plates,
	type SomeDevices,
	type SomePlates,
} from './fields';
import { method } from './method';
import { periodBody, timesOf } from './times';
import { flagOf, trimmed, trimmedId } from './values';

function toEvent(
	row: Row,
	deviceId: string,
	type: GeofenceEvent['type'],
	at: unknown,
	connection: Connection,
): GeofenceEvent {
	const plate = trimmed(row.VehicleNum);
	const geofenceName = trimmed(row.RegionName);
	const times = timesOf(connection);
	const time = times.iso(at);
	return {
		deviceName: plate,
		plate,
		time,
		latitude: null,
		longitude: null,
		type,
		geofenceName,
		geofenceId: null,
		deviceId,
		id: recordId(deviceId, times.inId(at), type ?? trimmedId(row.IOType), trimmedId(row.RegionName)),
	};
}

/** Sections 19 and 20. IOType: 0 in, 1 out. */
function toInOut(row: Row, _: unknown, connection: Connection): GeofenceEvent {
	const out = flagOf(row.IOType);
	return toEvent(
		row,
		identityOf(trimmedId(row.DeviceID), 'DeviceID'),
		out === null ? null : out ? 'left' : 'entered',
		row.IOTime,
		connection,
	);
}

const events = {
	resource: 'geofence',
	effect: 'read',
	answer: listInData,
	rows: ({ data }: { data: unknown[] }) => rowsOf(data, 'a geofence event'),
	kind: 'geofenceEvent',
	list: true,
} as const;

export const getEvents = operation({
	...events,
	name: 'getEvents',
	title: 'Get Events',
	action: 'Get geofence events',
	description: 'Get when devices entered and left geofences in a period, by device ID',
	params: { devices, ...period() },
	request: (wire: SomeDevices, connection) => ({
		json: { DeviceIDs: wire.devices.join(','), ...periodBody(wire, connection) },
	}),
	record: toInOut,
	asks: someDevices,
	run: async function* (run, params) {
		yield* inOrder(chunks(await run.devices(params.devices), NAMES_PER_REQUEST), run.width, (some) =>
			run.request({ ...params, devices: some }, mustBeWhole(run)),
		);
	},
	check: periodProblem,
	...method(19),
});

export const getEventsByPlate = operation({
	...events,
	name: 'getEventsByPlate',
	title: 'Get Events by Plate',
	action: 'Get geofence events by plate',
	description: 'Get when vehicles entered and left geofences in a period, by plate',
	params: { plates, ...period() },
	request: (wire: SomePlates, connection) => ({
		json: { VehicleNums: wire.plates.join(','), ...periodBody(wire, connection) },
	}),
	record: toInOut,
	asks: somePlates,
	run: async function* (run, params) {
		yield* inOrder(chunks(await run.devices(params.plates), NAMES_PER_REQUEST), run.width, (some) =>
			run.request({ ...params, plates: some }, mustBeWhole(run)),
		);
	},
	check: periodProblem,
	...method(20),
});

export const getCurrent = operation({
	...events,
	name: 'getCurrent',
	title: 'Get Current',
	action: 'Get the geofences that vehicles are in',
	description:
		'Get the geofences that vehicles or assets are in now, and since when, by plate. The answer names no device: its deviceId is the plate.',
	params: { plates },
	// The table calls it VehiclePlate, the sample VehiclePlates.
	request: (params) => ({
		json: { VehiclePlate: listOrEmpty(params.plates), VehiclePlates: listOrEmpty(params.plates) },
	}),
	record: (row, _, connection) =>
		toEvent(row, identityOf(trimmedId(row.VehicleNum), 'VehicleNum'), 'entered', row.InRegionTime, connection),
	asks: somePlates,
	run: async function* (run, params) {
		if (params.plates === ALL) yield await run.request(params, mustBeWhole(run));
		else
			yield* inOrder(chunks(await run.devices(params.plates), NAMES_PER_REQUEST), run.width, (some) =>
				run.request({ plates: some }, mustBeWhole(run)),
			);
	},
	...method(18, 'The table calls the parameter VehiclePlate, the sample VehiclePlates: both are sent.'),
});

export const check = operation({
	resource: 'geofence',
	name: 'check',
	title: 'Check',
	action: 'Check whether a vehicle is in a geofence',
	description:
		'Tell whether a vehicle is inside a geofence now, by plate. The answer names no device: its deviceId is the plate.',
	effect: 'read',
	params: {
		plate,
		geofence: number({
			title: 'Geofence ID',
			description: "The vendor's number of the geofence",
			min: 0,
			max: 2_147_483_647,
			integer: true,
		}),
	},
	request: (params) => ({ json: { VehiclePlate: params.plate, PolygonID: params.geofence } }),
	answer: objectOrEmptyList,
	rows: oneOrNone('the state of a geofence'),
	record: (row, params, connection): GeofenceState => {
		const online = flagOf(row.IsOnline);
		const plate = trimmedId(row.VehiclePlate) ?? params.plate;
		return {
			deviceName: plate,
			plate,
			// null: it never was online.
			time: timesOf(connection).iso(row.GPSTime),
			inside: flagOf(row.InFence),
			status: online === null ? null : online ? 'online' : 'offline',
			gpsFix: flagOf(row.GPSFlag),
			geofenceId: idTextOf(params.geofence),
			deviceId: plate,
		};
	},
	kind: 'geofenceState',
	...method(25),
});
