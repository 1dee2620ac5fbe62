import { ALL, choice, number } from '../../core/describe/field';
import { operation } from '../../core/describe/operation';
import { inOrder } from '../../core/call/pages';
import type { Connection } from '../../core/describe/connection';
import {
	coordinatesOf,
	countOf,
	courseOf,
	identityOf,
	idTextOf,
	recordId,
	rowsOf,
	timeInId,
	withoutUnit,
} from '../../core/describe/read';
import { UNNAMED, type Position, type Row } from '../../core/describe/records';
import { chunks } from '../../core/call/windows';
import { listInData, mustBeWhole, objectOrEmptyList, oneOrNone } from './answer';
import { device, devices, listOrEmpty, NAMES_PER_REQUEST, someDevices, somePlates, plate, plates } from './fields';
import { method } from './method';
import { readStatusText } from './status-text';
import { timesOf } from './times';
import { flagOf, gcj02Of, trimmed } from './values';

/**
 * Sections 7, 8, 23, 24 and 27, which share their fields as far as they have them. The details are what the vendor's
 * status text tells beside, that text, and GCJ-02 coordinates where the vendor gives them: never in the fields that
 * hold WGS-84.
 */
function toPosition(row: Row, deviceId: string, connection: Connection): Position {
	const times = timesOf(connection);
	const time = times.iso(row.GPSTime);
	const plate = trimmed(row.VehicleNum);
	const said = readStatusText(row.StatusDes);
	const told = said.acc === 'on' ? true : said.acc === 'off' ? false : null;
	const ignition = flagOf(row.Status) ?? told;
	const online = flagOf(row.IsOnline);
	const position: Position = {
		deviceName: plate,
		plate,
		time,
		seenAt: times.iso(row.RcvTime),
		...coordinatesOf(row.Lat, row.Lon),
		address: trimmed(row.Location),
		speed: countOf(row.Speed),
		course: courseOf(row.Direct),
		status: online === null ? null : online ? 'online' : 'offline',
		ignition,
		// The text's duration is about what the text says, which is not always what Status says.
		ignitionSeconds: ignition !== null && ignition === told ? said.accSeconds : null,
		odometer: countOf(withoutUnit(row.Mileage, 'km')),
		distanceToday: null,
		battery: said.battery,
		externalVoltage: said.mainVoltage,
		fuel: countOf(withoutUnit(row.OilNum, 'l')),
		temperature: said.temperature,
		doorOpen: null,
		charging: null,
		fuelSupply: null,
		armed: null,
		details: {
			idleSeconds: said.idleSeconds,
			network: said.network,
			networkSignal: said.networkSignal,
			satellites: said.satellites,
			// From radio cells, some hundred metres off.
			fixBy: said.lbs ? 'lbs' : null,
			statusText: trimmed(row.StatusDes),
			...gcj02Of(row.RLat, row.RLon),
		},
		deviceId,
		id: '',
	};
	// Whatever the vehicle is called.
	position.id = recordId(
		deviceId,
		time ?? timeInId(null, row.GPSTime, { ...position, ...UNNAMED, time: row.GPSTime }),
	);
	return position;
}

const current = {
	resource: 'position',
	effect: 'read',
	answer: listInData,
	rows: ({ data }: { data: unknown[] }) => rowsOf(data, 'a position'),
	record: (row: Row, _: unknown, connection: Connection) => toPosition(row, identityOf(row.SIM2, 'SIM2'), connection),
	kind: 'position',
	list: true,
} as const;
const UNITS = 'The units of Mileage (taken as km, as in section 23) and OilNum are not documented.';

export const getCurrent = operation({
	...current,
	name: 'getCurrent',
	title: 'Get Current',
	action: 'Get current positions',
	description: 'Get the latest position and status of any number of devices, by device ID',
	params: { devices },
	batch: { devices: 'devices', most: NAMES_PER_REQUEST, deviceOf: (row) => idTextOf(row.SIM2) },
	request: (params) => ({ json: { DeviceIDs: listOrEmpty(params.devices) } }),
	asks: someDevices,
	run: async function* (run, params) {
		if (params.devices === ALL) yield await run.request(params, mustBeWhole(run));
		else
			yield* inOrder(chunks(await run.devices(params.devices), NAMES_PER_REQUEST), run.width, (some) =>
				run.request({ devices: some }, mustBeWhole(run)),
			);
	},
	...method(8, `${UNITS} The path is proven on a sister deployment.`),
});

export const getCurrentByPlate = operation({
	...current,
	name: 'getCurrentByPlate',
	title: 'Get Current by Plate',
	action: 'Get current positions by plate',
	description: 'Get the latest position and status of any number of vehicles or assets, by plate',
	params: { plates },
	batch: { devices: 'plates', most: NAMES_PER_REQUEST, deviceOf: (row) => trimmed(row.VehicleNum) },
	request: (params) => ({ json: { VehiclePlates: listOrEmpty(params.plates) } }),
	asks: somePlates,
	run: async function* (run, params) {
		if (params.plates === ALL) yield await run.request(params, mustBeWhole(run));
		else
			yield* inOrder(chunks(await run.devices(params.plates), NAMES_PER_REQUEST), run.width, (some) =>
				run.request({ plates: some }, mustBeWhole(run)),
			);
	},
	...method(7, UNITS),
});

const degrees = { unit: 'degrees' } as const;
const latitude = (title: string, description: string) => number({ title, description, ...degrees, min: -90, max: 90 });
const longitude = (title: string, description: string) =>
	number({ title, description, ...degrees, min: -180, max: 180 });

export const getInArea = operation({
	...current,
	name: 'getInArea',
	title: 'Get in Area',
	action: 'Get the positions in an area',
	description: 'Get the position and status of the vehicles within a rectangle',
	params: {
		south: latitude('South', 'Latitude of the southern edge'),
		west: longitude('West', 'Longitude of the western edge'),
		north: latitude('North', 'Latitude of the northern edge'),
		east: longitude('East', 'Longitude of the eastern edge'),
		coordinates: choice({
			title: 'Coordinates',
			description: 'Datum in which the rectangle is given',
			options: [
				{ value: 'wgs84', title: 'WGS-84', description: 'That of GPS, and of maps outside China' },
				{ value: 'gcj02', title: 'GCJ-02', description: 'That of maps made in China' },
			],
			initial: 'wgs84',
		}),
	},
	// "wsg84" is the document's own spelling.
	request: ({ south, west, north, east, coordinates }) => ({
		json: {
			MinLon: west,
			MinLat: south,
			MaxLon: east,
			MaxLat: north,
			Coordsys: coordinates === 'wgs84' ? 'wsg84' : coordinates,
		},
	}),
	run: async function* (run, params) {
		yield await run.request(params, mustBeWhole(run));
	},
	check: ({ south, west, north, east }) =>
		south >= north ? 'South must be less than North.' : west >= east ? 'West must be less than East.' : undefined,
	...method(27, UNITS),
});

const located = {
	...current,
	answer: objectOrEmptyList,
	rows: oneOrNone('a position'),
	list: false,
} as const;

export const getLocation = operation({
	...located,
	name: 'getLocation',
	title: 'Get Location',
	action: 'Get the location of a device',
	description: 'Get position and address of one device, in WGS-84 and in GCJ-02. No record: the vendor has none.',
	params: { device },
	request: (params) => ({ json: { DeviceID: params.device } }),
	record: (row, params, connection) => toPosition(row, params.device, connection),
	...method(24),
});

export const getLocationByPlate = operation({
	...located,
	name: 'getLocationByPlate',
	title: 'Get Location by Plate',
	action: 'Get the location of a vehicle by plate',
	description:
		'Get position and address of one vehicle, in WGS-84 and in GCJ-02. The answer names no device: its deviceId is the plate. No record: the vendor has none.',
	params: { plate },
	request: (params) => ({ json: { VehiclePlate: params.plate } }),
	record: (row, params, connection) => toPosition({ VehicleNum: params.plate, ...row }, params.plate, connection),
	...method(23),
});
