import type { Evidence, Grade } from '../../core/describe/operation';
import type { LoginProvider, Provider } from '../../core/describe/provider';
import { withReports } from '../../core/report/reports';
import type { Vendor } from '../vendor';
import * as alarm from './alarm';
import { openEnvelope } from './answer';
import { imeisPerRequest } from './batches';
import type { Brand } from './brand';
import * as command from './command';
import { connectionFields, type ProtrackConnection } from './connection';
import * as device from './device';
import * as geofence from './geofence';
import { deviceChoices, subAccountChoices } from './lookups';
import * as message from './message';
import * as position from './position';
import { AUTHORIZATION, login, sign } from './session';
import * as subAccount from './sub-account';
import { triggers } from './triggers';

/**
 * No brand publishes its limits; pollers in use make a request every 12 to 60 s for many devices (facts 4.3). Grade G.
 */
const LIMITS = { requestsPerMinute: 240, burst: 20, deadlineMs: 300_000, poll: { seconds: 60, leastSeconds: 10 } };

const atBest = (evidence: Evidence, best: Grade = 'C'): Evidence =>
	evidence.grade === 'C' ? { ...evidence, grade: best } : evidence;

/** One brand of the Protrack platform. */
export function protrack(brand: Brand): LoginProvider<ProtrackConnection> {
	const alarms = alarm.getMany(brand);
	const graded = <T extends { evidence: Evidence }>(described: T): T => ({
		...described,
		evidence: atBest(described.evidence, brand.atBest),
	});
	return {
		name: brand.name,
		title: brand.title,
		description: `Track vehicles, read alarms and mileage, and send commands with ${brand.title}`,
		connection: connectionFields(brand.title, brand.baseUrl, LIMITS.requestsPerMinute),
		login: (connection, exchange, now) => login(connection, exchange, brand.title, now),
		loginMethod: graded({ route: AUTHORIZATION, evidence: { section: '2.1', grade: 'C' } }),
		sign,
		open: (answer, _, { effect }) => openEnvelope(answer, brand.title, effect),
		limits: LIMITS,
		operations: withReports([
			position.getCurrent,
			position.getHistory,
			device.getMany,
			device.get,
			device.getMileage,
			alarms,
			geofence.create,
			command.send(brand),
			command.getStatus,
			message.send,
			subAccount.getMany,
			subAccount.get,
			subAccount.block,
			subAccount.unblock,
			...(brand.setsPasswords ? [subAccount.setPassword] : []),
		]).map(graded),
		triggers: triggers(alarms, brand).map(graded),
		positions: { operation: position.getCurrent, all: false, perRequest: imeisPerRequest },
		lookups: { device: deviceChoices, subAccount: subAccountChoices },
	};
}

/** How the users of a brand meet it. */
export function vendorOf(provider: Provider<ProtrackConnection>, { className, extent, icon, color }: Brand): Vendor {
	const { name, title } = provider;
	return {
		provider,
		module: `protrack/${name}`,
		covers: 'positions, history, alarms, mileage, geofences, commands, sub-accounts',
		extent,
		whiteLabelsOf: 'Protrack',
		keywords: ['protrack'],
		icon,
		n8n: {
			className,
			node: `Track vehicles, read alarms and mileage, and send commands with ${title}`,
			trigger: `Starts the workflow on alarms, positions, statuses and geofences in ${title}`,
			alias: ['telematics', 'Protrack', 'IMEI'],
			test: { path: '/api/user/list', contested: { key: 'code', values: [10011, 10012] } },
		},
		color,
	};
}
