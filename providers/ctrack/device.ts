import { FleetError } from '../../core/describe/errors';
import { ALL, choice, text, time, type Several, type Values } from '../../core/describe/field';
import { operation, type Run } from '../../core/describe/operation';
import { inOrder } from '../../core/call/pages';
import type { Connection } from '../../core/describe/connection';
import { idTextOf, isReadable, textOf } from '../../core/describe/read';
import type { Device, Odometer, Row, WorkingHours } from '../../core/describe/records';
import { chunks } from '../../core/call/windows';
import { anythingIn, body, known, recordsIn, recordsUnder, withItsError } from './answer';
import {
	BETWEEN_NAMES,
	NODE_ID,
	device,
	devicesOrAll,
	group,
	nodeIdOf,
	oneVehicle,
	perVehicle,
	period,
	periodProblem,
	texts,
	vehicleAndPeriod,
	vehiclesPerRequest,
	type OneVehicle,
} from './fields';
import { parameterOf, timeOf } from './times';
import { UNITS_NOTE, unitsOf, type Units } from './units';

/** What a vehicle can be searched by (Vehicles/GetVehicleDetail), in the document's words. */
const searchBy = choice({
	title: 'Search By',
	description: 'What the value is',
	options: [
		{ value: 'NodeId', title: 'NodeId' },
		{ value: 'vehicleID', title: 'Vehicle ID', description: "Its registration, as in the vendor's samples" },
		{ value: 'MIT', title: 'MIT', description: 'Number of the unit in it' },
		{ value: 'SerialNumber', title: 'Serial Number' },
	],
	initial: 'NodeId',
});

function toDevice(came: Row): Device {
	const row = known(came);
	return withItsError(
		row,
		{
			name: textOf(row.Description),
			plate: textOf(row.VehicleRegistration),
			model: textOf(row.Type),
			group: textOf(row.CostCentre),
			simNumber: textOf(row.CellphoneNumber),
			activatedAt: null,
			firstOnlineAt: null,
			expiresAt: null,
			userExpiresAt: null,
			iccid: null,
			deviceId: nodeIdOf(row),
		},
		['deviceId'],
	);
}

const reads = { resource: 'device', effect: 'read', answer: body, rows: recordsIn } as const;
const vehicles = { ...reads, record: toDevice, kind: 'device' } as const;

export const getMany = operation({
	...vehicles,
	name: 'getMany',
	title: 'Get Many',
	action: 'Get many vehicles',
	description: 'List the vehicles that the API user may see',
	rows: recordsUnder('VehicleList'),
	route: 'GET /Vehicles/GetVehicles',
	params: {},
	list: true,
	evidence: { section: 'Vehicles/GetVehicles', grade: 'C' },
});

export const getManyInGroup = operation({
	...vehicles,
	name: 'getManyInGroup',
	title: 'Get Many in a Cost Centre',
	action: 'Get the vehicles of a cost centre',
	description: 'List the vehicles of a cost centre',
	rows: recordsUnder('VehicleList'),
	route: 'GET /Vehicles/GetVehiclesinCostCentre',
	params: { group },
	request: ({ group }) => ({ query: { costCentreId: group } }),
	list: true,
	evidence: { section: 'Vehicles/GetVehiclesinCostCentre', grade: 'C' },
});

export const get = operation({
	...vehicles,
	name: 'get',
	title: 'Get Details',
	action: 'Get details of a vehicle',
	description: 'Find a vehicle of a cost centre by its NodeId, its registration or the numbers of its unit',
	rows: recordsUnder('VehicleList'),
	route: 'GET /Vehicles/GetVehicleDetail',
	params: {
		group,
		searchBy,
		value: text({
			title: 'Value',
			description: 'What to search for',
			placeholder: 'e.g. 566',
			lookup: 'device',
			typedAs: 'Value',
			verbatim: true,
			max: 100,
		}),
	},
	request: ({ group, searchBy, value }) => ({ query: { costCentreId: group, searchType: searchBy, value } }),
	evidence: { section: 'Vehicles/GetVehicleDetail', grade: 'C' },
});

const nameIn = (row: Row) => {
	const { VehicleId, VehicleRegistration } = known(row);
	return textOf(VehicleId ?? VehicleRegistration);
};

function toOdometer(came: Row, units: Units, deviceId: string | null): Odometer {
	const row = known(came);
	const plate = nameIn(row);
	return withItsError(
		row,
		{
			deviceName: null,
			plate,
			driverName: textOf(row.DriverId),
			time: timeOf(row.OdoTimestamp),
			odometer: units.distance(row.VehicleOdo),
			deviceId: deviceId ?? (plate === null ? nodeIdOf(row) : idTextOf(row.NodeId)),
		},
		['deviceId', 'plate'],
	);
}

const plain = (name: string) => name.trim().toLowerCase();

/** NodeIds of the vehicles that odometers are of, where they are known. */
const vehicleOf = new WeakMap<Row, string>();

const odometerParams = {
	searchBy,
	values: texts({
		title: 'Values',
		description: `Vehicles to ask about: NodeIds, registrations or numbers of units, as Search By says; ${ALL} alone means all vehicles of the account`,
		placeholder: 'e.g. 566, 567',
		pattern: /^[^,\n]{1,100}$/,
		expected: 'must hold texts of at most 100 characters, without commas',
	}),
	at: time({
		title: 'At',
		description: 'Time of the reading. A date and time, or a distance from now such as -24h.',
		initial: 'now',
		placeholder: 'e.g. 2026-01-31T08:00:00Z',
	}),
};

interface OdometersAt {
	searchBy: Values<typeof odometerParams>['searchBy'];
	values: Several;
	at: number;
}

const isAll = (values: readonly string[]) => values.length === 1 && values[0] === ALL;

/** Ctrack names the vehicles by registration alone: which of those asked about it is, the account's list says. */
async function* odometersAt(
	run: Run<OdometersAt>,
	{ searchBy: by, values, at }: Values<typeof odometerParams>,
): AsyncGenerator<Row[]> {
	const all = isAll(values);
	const asked = await run.devices(all ? (await run.lookup('device')).map(({ value }) => value) : values);
	const searchBy = all ? 'NodeId' : by;
	for await (const rows of inOrder(chunks(asked, vehiclesPerRequest), run.width, (some) =>
		run.request({ searchBy, values: some, at }),
	)) {
		const [first] = rows;
		const [only] = asked;
		if (
			searchBy === 'NodeId' &&
			asked.length === 1 &&
			rows.length === 1 &&
			first !== undefined &&
			only !== undefined
		)
			vehicleOf.set(first, only);
		else if (searchBy === 'NodeId' && rows.length > 0) await nameVehicles(run, rows, asked);
		yield rows;
	}
}

async function nameVehicles(run: Run<OdometersAt>, rows: Row[], asked: readonly string[]): Promise<void> {
	const choices = await run.lookup('device').catch((error: unknown) => {
		// The odometers have come: they are worth more than the NodeIds.
		if (!(error instanceof FleetError)) throw error;
		run.warn(`The odometers come without NodeIds, as the list of vehicles could not be read: ${error.message}`);
		return [];
	});
	const among = choices.filter(({ value }) => asked.includes(value));
	for (const row of rows) {
		const name = nameIn(row);
		const [vehicle, another] = among.filter(
			({ title }) => name !== null && plain(title.split(BETWEEN_NAMES)[0] ?? '') === plain(name),
		);
		if (vehicle !== undefined && another === undefined) vehicleOf.set(row, vehicle.value);
	}
}

export const getOdometer = operation({
	...reads,
	name: 'getOdometer',
	title: 'Get Odometer',
	action: 'Get odometers at a time',
	description:
		'Get what the odometers of vehicles showed at a time. Ctrack names the vehicles in its answer by registration alone. Where you ask by NodeId, the list of vehicles says whose it is.',
	route: 'GET /Vehicles/GetVehicleOdoattime',
	params: odometerParams,
	request: ({ searchBy, values, at }: OdometersAt) => ({
		query: { searchType: searchBy, odoDateTime: parameterOf(at), sValues: values.join(',') },
	}),
	rows: recordsUnder('VehicleOdoList'),
	record: (row, _, connection) => toOdometer(row, unitsOf(connection), vehicleOf.get(row) ?? null),
	kind: 'odometer',
	each: { devices: 'values', deviceOf: (row) => vehicleOf.get(row) ?? nameIn(row) },
	asks: { devices: 'values', as: 'values', most: vehiclesPerRequest },
	run: odometersAt,
	check: ({ searchBy, values }) =>
		searchBy === 'NodeId' && !isAll(values) && !values.every((value) => NODE_ID.test(value))
			? 'Values must be NodeIds, which are numbers, as Search By says: choose what your values are there.'
			: undefined,
	list: true,
	evidence: {
		section: 'Vehicles/GetVehicleOdoattime',
		grade: 'C',
		note: `Several values are separated by commas: likely, but not documented. ${UNITS_NOTE}`,
	},
});

const overPeriod = { devices: devicesOrAll, ...period() };

export const getOdometerOverPeriod = operation({
	...reads,
	name: 'getOdometerOverPeriod',
	title: 'Get Odometer Over Period',
	action: 'Get odometers over a period',
	description: 'Get what Ctrack gives as the odometer of vehicles for a period',
	route: 'GET /Vehicles/GetVehicleOdoOverPeriod',
	params: overPeriod,
	request: vehicleAndPeriod,
	// One flat record without a NodeId: each vehicle is asked for on its own, and its number put in front.
	rows: (answer, { device }) => recordsIn(answer).map((row) => (isReadable(row) ? { NodeId: device, ...row } : row)),
	record: ({ NodeId, ...row }: Row, _, connection) => toOdometer(row, unitsOf(connection), idTextOf(NodeId)),
	kind: 'odometer',
	asks: oneVehicle,
	run: perVehicle,
	check: periodProblem,
	list: true,
	evidence: {
		section: 'Vehicles/GetVehicleOdoOverPeriod',
		grade: 'L',
		note: `Whether the value is a reading or the distance of the period is not documented. ${UNITS_NOTE}`,
	},
});

const RUNNING_HOURS_NOTE =
	"The unit is not documented, and the vendor's sample is no plausible number of hours. Hours are assumed, unless the account says otherwise.";

const runningHours = {
	...reads,
	record: (came: Row, _: unknown, connection: Connection): WorkingHours => {
		const row = known(came);
		return withItsError(
			row,
			{
				deviceName: null,
				plate: null,
				date: null,
				hours: unitsOf(connection).runningHours(row.RunningHours),
				deviceId: nodeIdOf(row, 'VehicleNodeId'),
			},
			['deviceId'],
		);
	},
	kind: 'workingHours',
	list: true,
} as const;

export const getRunningHours = operation({
	...runningHours,
	name: 'getRunningHours',
	title: 'Get Running Hours',
	action: 'Get running hours of vehicles',
	description: 'Get for how long vehicles have run so far',
	rows: recordsUnder('VehicleRunningHours'),
	route: 'GET /Vehicles/GetVehicleRunningHours',
	params: { devices: devicesOrAll },
	each: { devices: 'devices', deviceOf: (row) => textOf(known(row).VehicleNodeId) },
	request: ({ device }: OneVehicle) => ({ query: { vehicleNodeId: device } }),
	asks: oneVehicle,
	run: perVehicle,
	evidence: { section: 'Vehicles/GetVehicleRunningHours', grade: 'C', note: RUNNING_HOURS_NOTE },
});

export const getManyRunningHours = operation({
	...runningHours,
	name: 'getManyRunningHours',
	title: 'Get Many Running Hours',
	action: 'Get many running hours',
	description:
		"Ask Ctrack's method for the running hours of several vehicles. As documented, it takes a single one, like Get Running Hours.",
	rows: recordsUnder('VehicleRunningHours'),
	route: 'GET /Vehicles/GetVehiclesRunningHours',
	params: { device },
	request: ({ device }) => ({ query: { vehicleNodeId: device } }),
	evidence: {
		section: 'Vehicles/GetVehiclesRunningHours',
		grade: 'C',
		note: `The difference from GetVehicleRunningHours is not documented. ${RUNNING_HOURS_NOTE}`,
	},
});

const usage = {
	...reads,
	record: (came: Row, _: unknown, connection: Connection): WorkingHours => {
		const row = known(came);
		return withItsError(
			row,
			{
				deviceName: null,
				plate: null,
				date: timeOf(row.OperatingDate),
				hours: unitsOf(connection).workingHours(row.WorkingHours),
				deviceId: nodeIdOf(row),
			},
			['deviceId'],
		);
	},
	kind: 'workingHours',
	check: periodProblem,
	list: true,
} as const;
const USAGE_NOTE = 'Only a single record is documented. Several records are read in every likely form.';

export const getUsage = operation({
	...usage,
	name: 'getUsage',
	title: 'Get Usage',
	action: 'Get usage of vehicles',
	description: 'Get how many hours vehicles worked on each day of a period',
	route: 'GET /Vehicles/GetVehicleUsage',
	params: overPeriod,
	request: vehicleAndPeriod,
	asks: oneVehicle,
	run: perVehicle,
	evidence: { section: 'Vehicles/GetVehicleUsage', grade: 'L', note: USAGE_NOTE },
});

export const getUsageByGroup = operation({
	...usage,
	name: 'getUsageByGroup',
	title: 'Get Usage by Cost Centre',
	action: 'Get usage of the vehicles of a cost centre',
	description: 'Get how many hours the vehicles of a cost centre worked on each day of a period',
	route: 'GET /Vehicles/GetVehicleUsageByCostCentre',
	params: { group, ...period() },
	request: ({ group, begin, end }) => ({
		query: { costCentreId: group, fromDateTimeUTC: parameterOf(begin), toDateTimeUTC: parameterOf(end) },
	}),
	evidence: { section: 'Vehicles/GetVehicleUsageByCostCentre', grade: 'L', note: USAGE_NOTE },
});

/** The document's sample of these is an error. */
const undescribed = { ...reads, rows: anythingIn, record: (row: Row) => row, kind: 'other', list: true } as const;
const UNDESCRIBED_NOTE = 'The answer is not documented: it is passed on unchanged.';

export const getGritterStatus = operation({
	...undescribed,
	name: 'getGritterStatus',
	title: 'Get Gritter Status',
	action: 'Get the gritter status of a vehicle',
	description: 'Get the status of a gritting vehicle',
	route: 'GET /Vehicles/getgritterstatus',
	params: { device },
	request: ({ device }) => ({ query: { vehicleNodeId: device } }),
	evidence: { section: 'Vehicles/getgritterstatus', grade: 'U', note: UNDESCRIBED_NOTE },
});

export const getGritterStatusOfAll = operation({
	...undescribed,
	name: 'getGritterStatusOfAll',
	title: 'Get Gritter Status of All',
	action: 'Get the gritter status of all vehicles',
	description: 'Get the status of all gritting vehicles that the API user may see',
	route: 'GET /Vehicles/getgritterstatusForAuthenticatedUser',
	params: {},
	evidence: { section: 'Vehicles/getgritterstatusForAuthenticatedUser', grade: 'U', note: UNDESCRIBED_NOTE },
});

export const getDrivingBehaviour = operation({
	...undescribed,
	name: 'getDrivingBehaviour',
	title: 'Get Driving Behaviour',
	action: 'Get the driving behaviour of a vehicle',
	description: 'Get how a vehicle was driven in a period',
	route: 'GET /Vehicles/GetVehicleDrivingBehaviour',
	params: { device, ...period() },
	request: ({ device, begin, end }) => ({
		query: { vehicleNodeId: device, fromDateTimeUTC: parameterOf(begin), toDateTimeUTC: parameterOf(end) },
	}),
	check: periodProblem,
	evidence: { section: 'Vehicles/GetVehicleDrivingBehaviour', grade: 'U', note: UNDESCRIBED_NOTE },
});
