import { InvalidParams } from '../../core/describe/errors';
import { flag, type Values } from '../../core/describe/field';
import { inOrder } from '../../core/call/pages';
import { operation, type Run } from '../../core/describe/operation';
import { countOf, identityOf, idTextOf, numberOf, rowsOf, textOf } from '../../core/describe/read';
import type { Device, Mileage, Row } from '../../core/describe/records';
import { chunks, windows } from '../../core/call/windows';
import { recordList } from './answer';
import { imeisPerRequest, someDevices, together, type Batch } from './batches';
import { period, periodProblem } from '../period';
import type { ProtrackConnection } from './connection';
import { accountOrFleet, devices, devicesOrAll } from './fields';
import { seconds, timeOf } from './times';
import { wholeList } from './whole-list';

const rows = (answer: unknown[]) => rowsOf(answer, 'a device');

/** Sections 2.7 and 2.12; iccid and customeraccount come from newer servers (facts 4.2). */
function toDevice(row: Row): Device {
	return {
		name: textOf(row.devicename),
		plate: textOf(row.platenumber),
		model: textOf(row.devicetype),
		group: textOf(row.customeraccount),
		simNumber: textOf(row.simcard),
		activatedAt: timeOf(row.activatedtime),
		firstOnlineAt: timeOf(row.onlinetime),
		expiresAt: timeOf(row.platformduetime),
		userExpiresAt: timeOf(row.userduetime),
		iccid: textOf(row.iccid),
		deviceId: identityOf(row.imei, 'imei'),
	};
}

export const getMany = operation({
	resource: 'device',
	name: 'getMany',
	title: 'Get Many',
	action: 'Get many devices',
	description:
		'List the devices of the account or of its sub-accounts. The vendor stops at 500; a longer list is completed from the sub-accounts.',
	effect: 'read',
	route: 'GET /api/device/list',
	params: { account: accountOrFleet },
	answer: recordList,
	rows,
	record: toDevice,
	kind: 'device',
	run: (run, { account }) => {
		const { fleet, fleetAccount } = run.connection as ProtrackConnection;
		if (account === undefined && fleet === 'oneSubAccount' && fleetAccount === undefined)
			throw new InvalidParams('Sub-Account is missing in the account, where Devices is One Sub-Account.', {
				advice: 'Fill it in, or choose other devices there.',
			});
		return wholeList(account ?? (fleet === 'oneSubAccount' ? fleetAccount : undefined), {
			run,
			ask: (of) => run.request({ account: of }),
			idOf: (row) => idTextOf(row.imei),
			whole: account === undefined && fleet === 'withSubAccounts',
		});
	},
	list: true,
	evidence: { section: '2.7', grade: 'C' },
});

export const get = operation({
	resource: 'device',
	name: 'get',
	title: 'Get Details',
	action: 'Get details of devices',
	description: 'Get name, plate, model, SIM and due dates of any number of devices',
	effect: 'read',
	route: 'GET /api/device/detail',
	params: { devices },
	request: ({ devices }) => ({ query: { imeis: devices.join(',') } }),
	answer: recordList,
	rows,
	record: toDevice,
	kind: 'device',
	batch: together,
	asks: someDevices,
	run: async function* (run, params) {
		yield* inOrder(chunks(await run.devices(params.devices), imeisPerRequest), run.width, (devices) =>
			run.request({ devices }),
		);
	},
	list: true,
	evidence: { section: '2.12', grade: 'C' },
});

const WEEK_S = 7 * 86_400;
const HALF_HOUR_S = 1800;

const mileageParams = {
	devices: devicesOrAll,
	// Full hours, so that a new node keeps the vendor's rule as it is.
	...period('-24h/h', '-0h/h'),
	roundToHalfHours: flag({
		title: 'Round to Half Hours',
		description:
			'Whether to widen the period to full half hours. The vendor counts in half hours only: without this, Begin and End must lie on minute 0 or 30.',
		initial: false,
	}),
};

function halfHours({ begin, end, roundToHalfHours }: { begin: number; end: number; roundToHalfHours: boolean }) {
	const from = seconds(begin) / HALF_HOUR_S;
	const to = Math.ceil(end / 1000) / HALF_HOUR_S;
	return roundToHalfHours
		? { from: Math.floor(from) * HALF_HOUR_S, to: Math.ceil(to) * HALF_HOUR_S }
		: { from: from * HALF_HOUR_S, to: to * HALF_HOUR_S };
}

/** At most 7 days and 100 devices. */
interface Window extends Batch {
	begin: number;
	end: number;
}

/** One request is one window; a device's distances are added up over the windows. */
async function* mileages(run: Run<Window>, params: Values<typeof mileageParams>): AsyncGenerator<Row[]> {
	const { from, to } = halfHours(params);
	const weeks = [...windows(from, to, WEEK_S)];
	for (const devices of chunks(await run.devices(params.devices, weeks.length), imeisPerRequest)) {
		const totals = new Map<string, Row & { mileage: number | null }>();
		const ofNobody: Row[] = [];
		// A sum that lacks a window would be too small.
		const incomplete = new Set<string>();
		const ask = ({ begin, end }: { begin: number; end: number }) =>
			run.request({ devices, begin: begin * 1000, end: end * 1000 });
		for await (const page of inOrder(weeks, run.width, ask)) {
			const absent = new Set(devices);
			const before = ofNobody.length;
			await run.inBlocks(page, (block) => {
				for (const row of block) {
					const imei = idTextOf(row.imei);
					if (imei === null) {
						ofNobody.push(row);
						continue;
					}
					absent.delete(imei);
					// -1 is no distance, and no sum has one.
					const distance = countOf(row.mileage);
					const total = totals.get(imei);
					const sum = total === undefined ? 0 : total.mileage;
					totals.set(imei, {
						...total,
						...row,
						mileage: sum === null || distance === null ? null : sum + distance,
						begintime: from,
						endtime: to,
					});
				}
			});
			if (ofNobody.length > before) for (const imei of absent) incomplete.add(imei);
		}
		for (const imei of incomplete) {
			const total = totals.get(imei);
			if (total !== undefined) total.mileage = null;
		}
		yield [...totals.values(), ...ofNobody];
	}
}

export const getMileage = operation({
	resource: 'device',
	name: 'getMileage',
	title: 'Get Mileage',
	action: 'Get mileage of devices',
	description: 'Get the distance that each device drove in a period of any length, in kilometres',
	effect: 'read',
	route: 'GET /api/device/mileage',
	params: mileageParams,
	request: ({ devices, begin, end }: Window) => ({
		query: { imeis: devices.join(','), begintime: seconds(begin), endtime: seconds(end) },
	}),
	answer: recordList,
	rows,
	record: (row): Mileage => ({
		deviceName: null,
		plate: null,
		from: timeOf(row.begintime) ?? '',
		to: timeOf(row.endtime) ?? '',
		// Two decimals, as the vendor gives them: adding up leaves digits that mean nothing.
		distance: typeof row.mileage === 'number' ? numberOf(Math.round(row.mileage * 100) / 100) : null,
		deviceId: identityOf(row.imei, 'imei'),
	}),
	kind: 'mileage',
	batch: together,
	asks: someDevices,
	run: mileages,
	check: (params, now) => {
		const { from, to } = halfHours({ ...params, roundToHalfHours: false });
		if (!params.roundToHalfHours && (from % HALF_HOUR_S !== 0 || to % HALF_HOUR_S !== 0)) {
			return 'The vendor counts mileage in half hours: Begin and End must lie on minute 0 or 30. Change them, or switch on "Round to Half Hours".';
		}
		return periodProblem(params, now);
	},
	list: true,
	evidence: { section: '2.14', grade: 'C' },
});
