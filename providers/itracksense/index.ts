import type { LoginProvider } from '../../core/describe/provider';
import { withReports } from '../../core/report/reports';
import * as address from './address';
import * as alarm from './alarm';
import { openEnvelope } from './answer';
import * as command from './command';
import { connectionFields, TITLE, type ITracksenseConnection } from './connection';
import * as device from './device';
import { NAMES_PER_REQUEST } from './fields';
import * as geofence from './geofence';
import * as lock from './lock';
import { deviceChoices, plateChoices } from './lookups';
import { method, nameOf, routeOf } from './method';
import * as position from './position';
import * as session from './session';
import * as sim from './sim';
import * as track from './track';
import { triggers } from './triggers';

/** The document says nothing of limits: a cautious guess. Grade G. */
const LIMITS = { requestsPerMinute: 120, burst: 10, deadlineMs: 300_000, poll: { seconds: 60, leastSeconds: 10 } };

const operations = [
	position.getCurrent,
	position.getCurrentByPlate,
	track.getHistory,
	track.getHistoryByPlate,
	track.getTrack,
	position.getLocation,
	position.getLocationByPlate,
	position.getInArea,
	address.get,
	address.getByPlate,
	device.getMany,
	device.getMileage,
	device.getConsumption,
	device.setPlate,
	device.setAssetName,
	alarm.getCurrent,
	alarm.getMany,
	alarm.getManyByPlate,
	alarm.getTampers,
	geofence.getCurrent,
	geofence.getEvents,
	geofence.getEventsByPlate,
	geofence.check,
	command.send,
	command.sendHighLevel,
	command.requestStatus,
	command.requestParameters,
	command.requestIccid,
	command.getMessages,
	lock.set,
	lock.setOpeningTime,
	lock.getEvents,
	sim.get,
	sim.getMessages,
	sim.sendSms,
	sim.setStatus,
	session.getWebLink,
	session.logOut,
];

/** What "Method Paths" may name; the web link is no method, and the login has a path of its own. */
const overridable = new Set(operations.filter((operation) => (operation as object) !== session.getWebLink).map(nameOf));

export const itracksense: LoginProvider<ITracksenseConnection> = {
	name: 'itracksense',
	title: TITLE,
	description:
		'Track vehicles and assets, read alarms, geofences and histories, and act on locks and SIM cards with iTracksense',
	connection: connectionFields(LIMITS.requestsPerMinute),
	login: session.login,
	loginMethod: method(4),
	sign: session.sign,
	open: openEnvelope,
	route: (operation, connection) => routeOf(operation, connection, overridable),
	limits: LIMITS,
	operations: withReports(operations),
	triggers,
	positions: { operation: position.getCurrent, all: true, perRequest: NAMES_PER_REQUEST },
	lookups: { device: deviceChoices, plate: plateChoices },
};
