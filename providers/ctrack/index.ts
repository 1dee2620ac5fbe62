import type { LoginProvider } from '../../core/describe/provider';
import { withReports } from '../../core/report/reports';
import { open } from './answer';
import { connectionFields, TITLE, type CtrackConnection } from './connection';
import * as device from './device';
import * as driver from './driver';
import * as group from './group';
import * as location from './location';
import { vehiclesPerRequest } from './fields';
import { deviceChoices, driverChoices, groupChoices } from './lookups';
import * as position from './position';
import * as queue from './queue';
import * as service from './service';
import { LOGIN, login, sign } from './session';
import * as trip from './trip';
import { triggers } from './triggers';

/** Ctrack limits requests by contract and does not publish numbers. Grade G. */
const LIMITS = { requestsPerMinute: 120, burst: 10, deadlineMs: 300_000, poll: { seconds: 60, leastSeconds: 15 } };

/** Ctrack Fleet, through its "WCF API". */
export const ctrack: LoginProvider<CtrackConnection> = {
	name: 'ctrack',
	title: TITLE,
	description: `Track vehicles, read trips and usage, and take messages from queues with ${TITLE}`,
	connection: connectionFields(LIMITS.requestsPerMinute),
	login,
	loginMethod: { route: LOGIN, evidence: { section: 'Membership/Login', grade: 'C' } },
	sign,
	open,
	limits: LIMITS,
	resourceTitles: { group: 'Cost Centre' },
	operations: withReports([
		position.getCurrent,
		position.getCurrentOfAll,
		position.getCurrentOfOne,
		position.getHistory,
		position.getCanHistory,
		device.getMany,
		device.getManyInGroup,
		device.get,
		device.getOdometer,
		device.getOdometerOverPeriod,
		device.getRunningHours,
		device.getManyRunningHours,
		device.getUsage,
		device.getUsageByGroup,
		device.getGritterStatus,
		device.getGritterStatusOfAll,
		device.getDrivingBehaviour,
		trip.getMany,
		trip.getManyDetailed,
		trip.getDistances,
		group.getMany,
		group.get,
		group.findByDevices,
		group.getManyOfUser,
		group.getManyOfDevice,
		group.getCustomFields,
		driver.getMany,
		driver.get,
		driver.getManyOfDevice,
		location.getPoints,
		location.getAddress,
		queue.subscribe,
		queue.getPositions,
		queue.getTrips,
		queue.getScripts,
		queue.acknowledge,
		queue.unsubscribe,
		service.getVersion,
	]),
	triggers,
	positions: { operation: position.getCurrent, all: true, perRequest: vehiclesPerRequest },
	lookups: { device: deviceChoices, group: groupChoices, driver: driverChoices },
};
