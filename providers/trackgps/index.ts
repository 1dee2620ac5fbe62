import type { LoginProvider } from '../../core/describe/provider';
import { withReports } from '../../core/report/reports';
import { openEnvelope, TITLE } from './answer';
import { connectionFields, REQUESTS_PER_MINUTE, type TrackgpsConnection } from './connection';
import * as consumption from './consumption';
import * as device from './device';
import { deviceChoices } from './lookups';
import * as position from './position';
import * as refill from './refill';
import { LOGIN, login, sign } from './session';
import * as stop from './stop';
import * as temperature from './temperature';
import { triggers } from './triggers';

/**
 * The e-Transport methods of the public documentation are left out: they are about freight declarations, not vehicles.
 */
export const trackgps: LoginProvider<TrackgpsConnection> = {
	name: 'trackgps',
	title: TITLE,
	description: 'Track vehicles and read refills, thefts, consumption, stops and temperatures with TrackGPS.ro',
	connection: connectionFields,
	login,
	loginMethod: { route: LOGIN, evidence: { section: 'login (public documentation)', grade: 'C' } },
	sign,
	open: openEnvelope,
	// Ten minutes are time for twenty turns.
	limits: {
		requestsPerMinute: REQUESTS_PER_MINUTE,
		burst: 1,
		deadlineMs: 600_000,
		poll: { seconds: 60, leastSeconds: 30 },
	},
	operations: withReports([
		position.getCurrent,
		position.getHistory,
		device.getMany,
		refill.getRefills,
		consumption.getConsumption,
		stop.getMany,
		temperature.getMany,
	]),
	triggers,
	positions: { operation: position.getCurrent, all: true, everyMs: 600_000 },
	lookups: { device: deviceChoices },
};
