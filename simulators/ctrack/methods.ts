/** The document's methods but those of Membership, module by module in its order. */
import { fixesBetween, stateAt } from '../fleet';
import { engineHours, metresBetween, tripsStarting } from '../journeys';
import { AUTHORISATION_FAILED, FAILED, Refusal } from './codes';
import type { Params } from './params';
import type { Driver, Platform, Unit } from './platform';
import { QUEUE_TYPES, type QueueType, type Queues } from './queues';
import {
	canPosition,
	centreRecord,
	codeText,
	detailedPosition,
	detailedTrip,
	driverRecord,
	locationText,
	noPosition,
	odometerRecord,
	positionRecord,
	timeText,
	tripRecord,
	vehicleRecord,
} from './records';
import type { Session } from './sessions';

const DAY = 86_400;

export interface Context {
	platform: Platform;
	queues: Queues;
	session: Session;
	params: Params;
}

export interface Method {
	/** Parameters besides the token that the tables call required. */
	required: readonly string[];
	/** What an answer holds besides its ErrorCode. */
	handle(context: Context): object;
	/** The key of a list that the document prints as a bare record, its wrapper lost. */
	wrapper?: string;
	/** The document shows a refusal only. */
	undocumented?: true;
}

const PERIOD = ['fromDateTimeUTC', 'toDateTimeUTC'] as const;
const SEARCH = ['vehicleID', 'MIT', 'NodeId', 'SerialNumber'] as const;
const DRIVER_SEARCH = ['DriverId', 'NodeId', 'Tag'] as const; // the table names none

export const METHODS: Readonly<Record<string, Method>> = {
	'CostCentres/FindCostCentreContainingVehiclesNodeIds': { required: ['sVehicleNodeIds'], handle: findCentre },
	'CostCentres/GetCostCentre': { required: ['name'], handle: centreByName },
	'CostCentres/GetCostCentres': { required: [], handle: centres },
	'CostCentres/GetCostCentresForUser': { required: ['userId'], handle: centresForUser },
	'CostCentres/GetCustomFieldsForCostCentre': {
		required: ['costCentreId'],
		undocumented: true,
		handle: customFields,
	},

	'Vehicles/GetVehicles': { required: [], handle: vehicles },
	'Vehicles/GetVehicleDetail': { required: ['costCentreId', 'searchType', 'value'], handle: vehicleDetail },
	'Vehicles/GetLastVehiclePositionsforAuthenticatedUser': { required: [], handle: allLastPositions },
	'Vehicles/GetLastVehiclePosition': { required: ['vehicleNodeId'], handle: lastPosition },
	'Vehicles/GetLastVehiclePositions': { required: ['svehicleNodeIds'], handle: lastPositions },
	'Vehicles/GetVehiclePositionsDetailed': {
		required: ['vehicleNodeId', ...PERIOD],
		wrapper: 'VehiclePositionsDetailed',
		handle: positions('VehiclePositionsDetailed', detailedPosition),
	},
	'Vehicles/GetVehiclePositionsCANDetailed': {
		required: ['vehicleNodeId', ...PERIOD],
		wrapper: 'VehiclePositionsCANDetailed',
		handle: positions('VehiclePositionsCANDetailed', canPosition),
	},
	'Vehicles/GetVehicleOdoattime': { required: ['searchType', 'odoDateTime', 'sValues'], handle: odometersAt },
	'Vehicles/GetVehicleOdoOverPeriod': { required: ['vehicleNodeId', ...PERIOD], handle: odometerOverPeriod },
	'Vehicles/GetVehicleRunningHours': { required: ['vehicleNodeId'], handle: runningHours },
	'Vehicles/GetVehiclesRunningHours': { required: ['vehicleNodeId'], handle: runningHours },
	'Vehicles/GetVehicleTrips': { required: ['vehicleNodeId', ...PERIOD], handle: trips('VehicleTrips', tripRecord) },
	'Vehicles/GetVehicleTripsDetailed': {
		required: ['vehicleNodeId', ...PERIOD],
		wrapper: 'VehicleTripsDetailed',
		handle: trips('VehicleTripsDetailed', detailedTrip),
	},
	'Vehicles/GetVehiclesTripDistances': { required: PERIOD, handle: tripDistances },
	'Vehicles/GetVehicleUsage': { required: ['vehicleNodeId', ...PERIOD], wrapper: 'VehicleUsage', handle: usage },
	'Vehicles/GetVehicleUsageByCostCentre': {
		required: ['costCentreId', ...PERIOD],
		wrapper: 'VehicleUsage',
		handle: usageOfCentre,
	},
	'Vehicles/GetVehicleCostCentres': { required: ['vehicleNodeId'], handle: centresOfVehicle },
	'Vehicles/GetVehiclesinCostCentre': { required: ['costCentreId'], handle: vehiclesInCentre },
	'Vehicles/getgritterstatus': { required: ['vehicleNodeId'], undocumented: true, handle: gritter },
	'Vehicles/getgritterstatusForAuthenticatedUser': { required: [], undocumented: true, handle: allGritters },
	'Vehicles/GetVehicleDrivingBehaviour': {
		required: ['vehicleNodeId', ...PERIOD],
		undocumented: true,
		handle: drivingBehaviour,
	},

	'Drivers/GetDriversInCostCentre': { required: ['costCentreId'], handle: driversInCentre },
	'Drivers/GetDriver': { required: ['costCentreId', 'searchType', 'Value'], handle: driver },
	'Drivers/GetDriversAssociatedWithVehicle': { required: ['vehicleNodeId'], handle: driversOfVehicle },

	'Location/GetPointPOIs': { required: ['CostCentreNodeGroupId', 'modifiedAfter'], handle: points },
	'Location/GetLocationString': {
		required: ['vehicleNodeId', 'latitude', 'longitude'],
		undocumented: true,
		handle: locationString,
	},

	'Queues/Subscribe': { required: ['type', 'directAccess'], handle: subscribe },
	'Queues/Unsubscribe': { required: ['type', 'directAccess'], handle: unsubscribe },
	'Queues/Ack': { required: ['type', 'Tags'], handle: acknowledge },
	'Queues/GetTrips': {
		required: ['autoack', 'limit'],
		wrapper: 'VehicleTripsDetailed',
		handle: take('Trips', 'VehicleTripsDetailed'),
	},
	'Queues/GetPositions': {
		required: ['autoack', 'limit'],
		wrapper: 'VehiclePositionsDetailed',
		handle: take('Positions', 'VehiclePositionsDetailed'),
	},
	'Queues/GetScripts': { required: ['autoack', 'limit'], undocumented: true, handle: take('Scripts', 'Scripts') },
};

function findCentre({ platform, session, params }: Context) {
	const wanted = params
		.wholes('sVehicleNodeIds')
		.sort((a, b) => a - b)
		.join();
	const found = platform.centresFor(session.user).filter((centre) => {
		const inside = platform.unitsFor(session.user).filter(({ costCentre }) => costCentre === centre);
		return inside.map(({ nodeId }) => nodeId).join() === wanted;
	});
	return { CostCentre: found.map(centreRecord) };
}

function centreByName({ platform, session, params }: Context) {
	const name = params.text('name');
	return {
		CostCentre: platform
			.centresFor(session.user)
			.filter((centre) => centre.name === name)
			.map(centreRecord),
	};
}

function centres({ platform, session }: Context) {
	return { CostCentre: platform.centresFor(session.user).map(centreRecord) };
}

function centresForUser({ platform, session, params }: Context) {
	const userId = params.whole('userId');
	const user = [...platform.users.values()].find((one) => one.userId === userId);
	if (!user) throw new Refusal(FAILED);
	if (platform.centresFor(user).some(({ name }) => !session.user.costCentres.includes(name)))
		throw new Refusal(AUTHORISATION_FAILED);
	return { CostCentre: platform.centresFor(user).map(centreRecord) };
}

function customFields({ platform, session, params }: Context) {
	const { nodeId } = platform.centreFor(session.user, params.whole('costCentreId'));
	return {
		CustomFieldValues: [
			{ CustomField: 'Budget', Value: String(nodeId * 10) },
			{ CustomField: 'Manager', Value: '' },
		],
	};
}

function vehicles({ platform, session }: Context) {
	return { VehicleList: platform.unitsFor(session.user).map((unit) => vehicleRecord(unit, platform)) };
}

function vehicleDetail({ platform, session, params }: Context) {
	const centre = platform.centreFor(session.user, params.whole('costCentreId'));
	const searchType = params.oneOf('searchType', SEARCH);
	const value = params.text('value');
	const found = platform
		.unitsFor(session.user)
		.filter((unit) => unit.costCentre === centre && searched(unit, searchType) === value);
	return { VehicleList: found.map((unit) => vehicleRecord(unit, platform)) };
}

function searched({ vehicle, mit, nodeId, serial }: Unit, searchType: (typeof SEARCH)[number]): string {
	// The answer of GetVehicleOdoattime shows a registration as VehicleId.
	return { vehicleID: vehicle.plate, MIT: mit, NodeId: String(nodeId), SerialNumber: serial }[searchType];
}

function allLastPositions({ platform, session }: Context) {
	return { LastVehiclePositions: platform.unitsFor(session.user).map((unit) => positionRecord(unit, platform)) };
}

function lastPosition(context: Context) {
	return { LastVehiclePosition: positionsOf(context, 'vehicleNodeId') };
}

function lastPositions(context: Context) {
	return { LastVehiclePositions: positionsOf(context, 'svehicleNodeIds') };
}

function positionsOf({ platform, session, params }: Context, name: string) {
	const visible = new Set(platform.unitsFor(session.user));
	return params.wholes(name).flatMap((nodeId) => {
		const unit = platform.units.get(nodeId);
		if (unit && visible.has(unit)) return [positionRecord(unit, platform)];
		if (platform.settings.unknownVehicles === 'omit') return [];
		if (platform.settings.unknownVehicles === 'refuse') throw new Refusal(FAILED);
		return [noPosition(nodeId, unit ? AUTHORISATION_FAILED : FAILED, platform)];
	});
}

function positions(key: string, record: typeof detailedPosition) {
	return ({ platform, session, params }: Context) => {
		const unit = platform.unitFor(session.user, params.whole('vehicleNodeId'));
		const [from, to] = params.period();
		const { settings } = platform;
		const fixes = fixesBetween(unit.vehicle, from, Math.min(to, platform.now()), settings.fixIntervalSeconds);
		return { [key]: Array.from(fixes, (fix) => record(unit, fix, settings)) };
	};
}

function odometersAt({ platform, session, params }: Context) {
	const searchType = params.oneOf('searchType', SEARCH);
	const time = params.time('odoDateTime');
	const values = params.list('sValues');
	const found = platform.unitsFor(session.user).filter((unit) => values.includes(searched(unit, searchType)));
	return { VehicleOdoList: found.map((unit) => odometerRecord(unit, time, platform)) };
}

/**
 * The answer has room for one vehicle, though the table allows several. It is how far that one went, and until when
 * that is known.
 */
function odometerOverPeriod({ platform, session, params }: Context) {
	const unit = platform.unitFor(session.user, params.wholes('vehicleNodeId')[0]!);
	const [from, to] = params.period();
	const [before, after] = [odometerRecord(unit, from, platform), odometerRecord(unit, to, platform)];
	return {
		VehicleRegistration: unit.vehicle.plate,
		DriverId: after.DriverId,
		VehicleOdo: Math.max(0, after.VehicleOdo - (before.VehicleOdo || Math.round(unit.vehicle.odometerBase))),
		OdoTimestamp: after.OdoTimestamp,
	};
}

function runningHours({ platform, session, params }: Context) {
	return {
		VehicleRunningHours: params.wholes('vehicleNodeId').map((nodeId) => {
			const unit = platform.unitFor(session.user, nodeId);
			return {
				VehicleNodeId: nodeId,
				RunningHours: Math.floor(
					engineHours(unit.vehicle, odometerRecord(unit, platform.now(), platform).VehicleOdo) *
						{ hours: 1, minutes: 60, seconds: 3600 }[platform.settings.runningHours],
				),
			};
		}),
	};
}

/** Those that began in the period. */
function trips(key: string, record: typeof tripRecord | typeof detailedTrip) {
	return ({ platform, session, params }: Context) => {
		const unit = platform.unitFor(session.user, params.whole('vehicleNodeId'));
		const [from, to] = params.period();
		return {
			[key]: tripsStarting(unit.vehicle, from, to, platform.now()).map((trip) =>
				record(unit, trip, platform.settings),
			),
		};
	};
}

function tripDistances({ platform, session, params }: Context) {
	const [from, to] = params.period();
	return {
		VehicleTripPeriodDistances: platform.unitsFor(session.user).map(({ nodeId, vehicle }) => ({
			VehicleNodeId: nodeId,
			VehicleRegistration: vehicle.index % 3 === 2 ? null : vehicle.plate, // null in the sample
			TotalPeriodDistance: Math.round(metresBetween(vehicle, from, Math.min(to, platform.now()))),
		})),
	};
}

function usage({ platform, session, params }: Context) {
	return {
		VehicleUsage: usageOf(platform, platform.unitFor(session.user, params.whole('vehicleNodeId')), params.period()),
	};
}

function usageOfCentre({ platform, session, params }: Context) {
	const centre = platform.centreFor(session.user, params.whole('costCentreId'));
	const units = platform.unitsFor(session.user).filter(({ costCentre }) => costCentre === centre);
	return { VehicleUsage: units.flatMap((unit) => usageOf(platform, unit, params.period())) };
}

/** A record for each UTC day of the period; what lies outside of the period does not count. */
function usageOf(platform: Platform, { nodeId, vehicle }: Unit, [from, to]: [number, number]) {
	const records = [];
	for (let day = Math.floor(from / DAY) * DAY; day <= Math.min(to, platform.now()); day += DAY) {
		const metres = metresBetween(vehicle, Math.max(day, from), Math.min(day + DAY, to, platform.now()));
		records.push({
			NodeId: nodeId,
			WorkingHours: engineHours(vehicle, metres).toFixed(1),
			OperatingDate: timeText(day, platform.settings),
		});
	}
	return records;
}

function centresOfVehicle({ platform, session, params }: Context) {
	return { CostCentre: [centreRecord(platform.unitFor(session.user, params.whole('vehicleNodeId')).costCentre)] };
}

function vehiclesInCentre({ platform, session, params }: Context) {
	const centre = platform.centreFor(session.user, params.whole('costCentreId'));
	const units = platform.unitsFor(session.user).filter(({ costCentre }) => costCentre === centre);
	return { VehicleList: units.map((unit) => vehicleRecord(unit, platform)) };
}

function gritter({ platform, session, params }: Context) {
	return { GritterStatus: [gritterRecord(platform, platform.unitFor(session.user, params.whole('vehicleNodeId')))] };
}

function allGritters({ platform, session }: Context) {
	return { GritterStatus: platform.unitsFor(session.user).map((unit) => gritterRecord(platform, unit)) };
}

function gritterRecord(platform: Platform, { nodeId, vehicle }: Unit) {
	return {
		NodeId: nodeId,
		Spreading: false,
		SpreadRate: 0,
		EventTimeUTC: timeText(stateAt(vehicle, platform.now()).time, platform.settings),
	};
}

function drivingBehaviour({ platform, session, params }: Context) {
	const unit = platform.unitFor(session.user, params.whole('vehicleNodeId'));
	const [from, to] = params.period();
	const driven = tripsStarting(unit.vehicle, from, to, platform.now());
	return {
		DrivingBehaviour: {
			NodeId: unit.nodeId,
			Trips: driven.length,
			OverSpeedCount: driven.reduce((sum, { overSpeedCount }) => sum + overSpeedCount, 0),
			Score: 87,
		},
	};
}

function driversInCentre({ platform, session, params }: Context) {
	return {
		DriverList: driversOf(platform, platform.centreFor(session.user, params.whole('costCentreId')).nodeId).map(
			driverRecord,
		),
	};
}

function driver({ platform, session, params }: Context) {
	const { nodeId } = platform.centreFor(session.user, params.whole('costCentreId'));
	const searchType = params.oneOf('searchType', DRIVER_SEARCH);
	const value = params.text('Value');
	const found = driversOf(platform, nodeId).find(
		(one) => ({ DriverId: one.name, NodeId: String(one.nodeId), Tag: one.tag })[searchType] === value,
	);
	if (!found) throw new Refusal(FAILED, { Driver: null });
	return { Driver: driverRecord(found) };
}

function driversOf(platform: Platform, centre: number): Driver[] {
	return platform.drivers.filter(({ costCentre }) => costCentre.nodeId === centre);
}

function driversOfVehicle({ platform, session, params }: Context) {
	const unit = platform.unitFor(session.user, params.whole('vehicleNodeId'));
	return { DriverList: unit.driver ? [driverRecord(unit.driver)] : [] };
}

/** The depots of the routes. */
function points({ platform, session, params }: Context) {
	const centre = platform.centreFor(session.user, params.whole('CostCentreNodeGroupId'));
	const after = params.time('modifiedAfter');
	const units = platform.unitsFor(session.user).filter(({ costCentre }) => costCentre === centre);
	const routes = [...new Map(units.map(({ vehicle }) => [vehicle.route, vehicle]))].map(([, vehicle]) => vehicle);
	return {
		Points: routes
			.filter(({ activated }) => activated > after)
			.map(({ index, route, activated }) => ({
				PrimaryId: null,
				Description: null,
				ModifiedDate: timeText(activated, platform.settings),
				Errorcode: codeText(0, platform.settings),
				LocationNodeID: 28530 + index,
				Latitude: route.waypoints[0]![0],
				Longitude: route.waypoints[0]![1],
				LocationCategory: 'Known',
				LocationCategoryID: 488,
				Address: `Depot\n${route.name.replaceAll(', ', '\n')}\r\n`,
				Directions: '',
				Remarks: '',
			})),
	};
}

function locationString({ platform, session, params }: Context) {
	// The sample has the name with a blank at its end (facts 3.1).
	if (!params.optional('useMetric ')) params.require(['useMetric']);
	const { vehicle } = platform.unitFor(session.user, params.whole('vehicleNodeId'));
	return {
		LocationString: locationText(
			{ vehicle },
			{ latitude: params.number('latitude'), longitude: params.number('longitude') },
		),
	};
}

function subscribe({ platform, queues, session, params }: Context) {
	const fresh = queues.subscribe(session.user, params.oneOf('type', QUEUE_TYPES), params.flag('directAccess'));
	return { Subscribe: fresh || platform.settings.subscribedAlready === 'success' ? 'Success' : 'AlreadySubscribed' };
}

/** Its answer says Subscribe too. */
function unsubscribe({ queues, session, params }: Context) {
	params.flag('directAccess');
	queues.unsubscribe(session.user, params.oneOf('type', QUEUE_TYPES));
	return { Subscribe: 'Success' };
}

function acknowledge({ queues, session, params }: Context) {
	queues.acknowledge(session, params.oneOf('type', QUEUE_TYPES), params.wholes('Tags'));
	return { Result: 'Success' };
}

function take(type: QueueType, key: string) {
	return ({ queues, session, params }: Context) => ({
		[key]: queues
			.take(session, type, params.whole('limit'), params.flag('autoack'))
			.map((delivery) => queues.record(delivery)),
	});
}
