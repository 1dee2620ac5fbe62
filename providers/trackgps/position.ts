import { ALL } from '../../core/describe/field';
import { operation } from '../../core/describe/operation';
import {
	coordinatesOf,
	courseOf,
	identityOf,
	idTextOf,
	numberOf,
	recordId,
	rowsOf,
	textOf,
	timeInId,
} from '../../core/describe/read';
import { UNNAMED, type Fix, type Position, type Row } from '../../core/describe/records';
import type { Connection } from '../../core/describe/connection';
import { recordList, valuesOf } from './answer';
import { batches, someVehicles, type Batch } from './batches';
import { zoneOf } from './connection';
import { companyVehicles, COMPANY_VEHICLES } from './device';
import { devicesOrAll, period, periodProblem } from './fields';
import { timeOf } from './times';
import { kilometresPerHourOf, voltsOf } from './units';

/** Facts 2.3: 1 is on (two independent clients), 2 is off (one); nothing is known of other values. */
function ignitionOf(engineEvent: unknown): boolean | null {
	const event = numberOf(engineEvent);
	return event === 1 ? true : event === 2 ? false : null;
}

function toPosition(row: Row, _params: unknown, connection: Connection): Position {
	const of = valuesOf(row);
	const deviceId = identityOf(of('vehicleId'), 'vehicleId');
	const time = timeOf(of('gpsDate'), zoneOf(connection));
	const position = {
		deviceName: textOf(of('vehicleName')),
		plate: textOf(of('vehicleRegistrationNumber')),
		time,
		seenAt: timeOf(of('serverDate'), zoneOf(connection)),
		...coordinatesOf(of('latitude'), of('longitude')),
		address: textOf(of('address')),
		speed: kilometresPerHourOf(of('speed')),
		course: courseOf(of('course')),
		status: null,
		ignition: ignitionOf(of('engineEvent')),
		ignitionSeconds: null,
		odometer: null,
		distanceToday: null,
		battery: null,
		externalVoltage: voltsOf(of('externalPowerVoltage')),
		fuel: null,
		temperature: null,
		doorOpen: null,
		charging: null,
		fuelSupply: null,
		armed: null,
		details: null,
		deviceId,
	};
	// Whatever the vehicle is called.
	const id = recordId(deviceId, time ?? timeInId(null, of('gpsDate'), { ...position, ...UNNAMED }));
	return { ...position, id };
}

const numberOfVehicle = (row: Row) => idTextOf(valuesOf(row)('vehicleId')) ?? '';

export const getCurrent = operation({
	...companyVehicles,
	resource: 'position',
	name: 'getCurrent',
	title: 'Get Current',
	action: 'Get current positions',
	description: 'Get the latest position of any number of vehicles. One request gives those of the whole company.',
	params: { devices: devicesOrAll },
	record: toPosition,
	kind: 'position',
	batch: { devices: 'devices', most: Infinity, deviceOf: numberOfVehicle },
	run: async function* (run, params) {
		const rows = await run.request(params);
		const { devices } = params;
		if (devices === ALL) {
			yield rows;
			return;
		}
		const found = new Map<string, Row>();
		// Of a vehicle that comes twice, the newer position.
		const timeIn = (row: Row | undefined) =>
			row === undefined ? null : timeOf(valuesOf(row)('gpsDate'), zoneOf(run.connection));
		for (const row of rows) {
			const vehicle = numberOfVehicle(row);
			if (!found.has(vehicle) || (timeIn(row) ?? '') > (timeIn(found.get(vehicle)) ?? ''))
				found.set(vehicle, row);
		}
		const missing = devices.filter((device) => !found.has(device));
		// What does not say whose it is may be of one of those.
		const ofNobody = missing.length === 0 ? [] : rows.filter((row) => numberOfVehicle(row) === '');
		yield [...devices.map((device) => found.get(device)).filter((row) => row !== undefined), ...ofNobody];
	},
	evidence: {
		section: COMPANY_VEHICLES,
		grade: 'C',
		note: 'Ignition is not documented. In working programs 1 is on and 2 is off.',
	},
});

function toFix(row: Row, _params: unknown, connection: Connection): Fix {
	const of = valuesOf(row);
	return {
		deviceName: null,
		plate: null,
		time: timeOf(of('gpsDate'), zoneOf(connection)),
		...coordinatesOf(of('latitude'), of('longitude')),
		speed: kilometresPerHourOf(of('speed')),
		course: courseOf(of('course')),
		odometer: null,
		ignition: null,
		deviceId: identityOf(of('vehicleId'), 'vehicleId'),
	};
}

export const getHistory = operation({
	resource: 'position',
	name: 'getHistory',
	title: 'Get History',
	action: 'Get the position history of devices',
	description:
		'Get every recorded position of vehicles in a period of any length (the vendor calls it way). Each 10 vehicles and 31 days take one request.',
	effect: 'read',
	route: 'POST /api/carriers/way',
	params: { devices: devicesOrAll, ...period },
	request: (batch: Batch) => ({ json: batch }),
	answer: recordList,
	rows: (answer) => rowsOf(answer, 'a track point'),
	record: toFix,
	kind: 'fix',
	asks: someVehicles,
	run: (run, params) =>
		batches(
			run,
			params,
			(batch) => run.request(batch),
			(row) => JSON.stringify(row),
		),
	check: periodProblem,
	list: true,
	evidence: {
		section: 'way (public documentation)',
		grade: 'C',
		note: 'Times are local. In the hour that occurs twice in autumn, the first one is assumed.',
	},
});
