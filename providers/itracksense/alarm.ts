import { ALARM_TITLES, type AlarmType } from '../../core/describe/alarm-types';
import { ALL, choice, flag, text } from '../../core/describe/field';
import { operation, type Run } from '../../core/describe/operation';
import { inOrder } from '../../core/call/pages';
import type { Connection } from '../../core/describe/connection';
import { coordinatesOf, countOf, courseOf, identityOf, numberOf, recordId, rowsOf } from '../../core/describe/read';
import type { Alarm, Row } from '../../core/describe/records';
import { chunks } from '../../core/call/windows';
import { period, periodProblem } from '../period';
import { ofTwin, withTwins } from '../twins';
import { listInData, mustBeWhole, type Counted } from './answer';
import {
	devices,
	listOrEmpty,
	NAMES_PER_REQUEST,
	someDevices,
	somePlates,
	plates,
	type SomeDevices,
	type SomePlates,
} from './fields';
import { method } from './method';
import { periodBody, timesOf } from './times';
import { trimmed, trimmedId } from './values';

/**
 * The vendor names alarms in words, of which the document shows a few; the first that fits counts. Grade G beyond
 * those.
 */
const WORDS: readonly [RegExp, AlarmType][] = [
	// "Enter or leave geofence alarm" does not say which.
	[/enter (?:or|and) (?:leave|exit)/, 'other'],
	[/enter.{0,200}(?:fence|region|area)/, 'geofenceEntered'],
	[/(?:leave|exit|out of).{0,200}(?:fence|region|area)/, 'geofenceLeft'],
	[/removal|dismantl/, 'dismantled'],
	[/power off/, 'powerDisconnected'],
	[/over ?speed/, 'speeding'],
	[/\bsos\b|emergency/, 'sos'],
	[/low (?:battery|power|voltage)/, 'lowBattery'],
	[/vibrat|shock/, 'vibration'],
	[/collision/, 'collision'],
	[/rollover/, 'rollover'],
	[/fatigue/, 'fatigue'],
	[/communication interrupt|offline/, 'offline'],
];

export function alarmTypeOf(words: string): AlarmType {
	const text = words.slice(0, 200).toLowerCase();
	return WORDS.find(([pattern]) => pattern.test(text))?.[1] ?? 'other';
}

/** Sections 11, 21, 22 and 28, which differ in what they call the device. */
function toAlarm(row: Row, deviceId: string, connection: Connection): Alarm {
	const times = timesOf(connection);
	const time = times.iso(row.GPSTime);
	const recordedAt = times.iso(row.RcvTime);
	const plate = trimmed(row.VehicleNum ?? row.VehicleName);
	const vendorType = trimmed(row.AlarmType) ?? '';
	const type = alarmTypeOf(vendorType);
	return {
		deviceName: plate,
		plate,
		time,
		recordedAt,
		...coordinatesOf(row.Lat, row.Lon),
		type,
		title: type === 'other' && vendorType !== '' ? vendorType : ALARM_TITLES[type],
		vendorType,
		speed: countOf(row.Speed),
		course: courseOf(row.Direct),
		// The words hold the geofence's name, but no id.
		geofenceId: null,
		deviceId,
		// Two of one kind in a second, elsewhere, are two.
		id: recordId(
			deviceId,
			times.inId(row.RcvTime),
			times.inId(row.GPSTime),
			trimmedId(row.AlarmType) ?? '',
			...ofTwin(row, [row.Lon, row.Lat, row.Speed, row.Direct]).map(
				(value) => numberOf(value) ?? trimmedId(value),
			),
		),
	};
}

const alarms = {
	resource: 'alarm',
	effect: 'read',
	answer: listInData,
	rows: ({ data }: { data: unknown[] }) => rowsOf(data, 'an alarm'),
	record: (row: Row, _: unknown, connection: Connection) =>
		toAlarm(row, identityOf(row.DeviceID, 'DeviceID'), connection),
	kind: 'alarm',
	list: true,
} as const;
/** One request, and which of its alarms would share an id. */
async function alarmsOf<W>(run: Run<W, Row, Counted>, wire: W): Promise<Row[]> {
	const rows = await run.request(wire, mustBeWhole(run));
	return await withTwins(run, rows, ({ DeviceID, SIM2, RcvTime, GPSTime, AlarmType }) =>
		JSON.stringify([DeviceID, SIM2, RcvTime, GPSTime, AlarmType]),
	);
}

const IN_WORDS = 'The vendor names kinds of alarm in words; only a few of them are documented.';

export const getCurrent = operation({
	...alarms,
	name: 'getCurrent',
	title: 'Get Current',
	action: 'Get current alarms',
	description:
		"Get the alarms that devices have now. The answer is not documented: each record also has the vendor's own fields.",
	params: { devices },
	request: (params) => ({ json: { DeviceID: listOrEmpty(params.devices) } }),
	// Not an alarm's columns alone, so not of that kind.
	kind: 'other',
	record: (row, _, connection): Alarm & Row => ({
		...row,
		...toAlarm(row, trimmedId(row.DeviceID) ?? identityOf(trimmedId(row.VehicleNum), 'DeviceID'), connection),
	}),
	asks: someDevices,
	run: async function* (run, params) {
		if (params.devices === ALL) yield await alarmsOf(run, params);
		else
			yield* inOrder(chunks(await run.devices(params.devices), NAMES_PER_REQUEST), run.width, (some) =>
				alarmsOf(run, { devices: some }),
			);
	},
	...method(
		11,
		`The fields of the answer are documented without a sample: they are passed through, too. ${IN_WORDS}`,
	),
});

export const getMany = operation({
	...alarms,
	name: 'getMany',
	title: 'Get Many',
	action: 'Get many alarms',
	description: 'Get the alarms that devices raised in a period, by device ID',
	params: { devices, ...period() },
	request: (wire: SomeDevices, connection) => ({
		json: { DeviceIDs: wire.devices.join(','), ...periodBody(wire, connection) },
	}),
	asks: someDevices,
	run: async function* (run, params) {
		yield* inOrder(chunks(await run.devices(params.devices), NAMES_PER_REQUEST), run.width, (some) =>
			alarmsOf(run, { ...params, devices: some }),
		);
	},
	check: periodProblem,
	...method(21, IN_WORDS),
});

export const getManyByPlate = operation({
	...alarms,
	name: 'getManyByPlate',
	title: 'Get Many by Plate',
	action: 'Get many alarms by plate',
	description: 'Get the alarms that vehicles raised in a period, by plate',
	params: { plates, ...period() },
	request: (wire: SomePlates, connection) => ({
		json: { VehicleNums: wire.plates.join(','), ...periodBody(wire, connection) },
	}),
	asks: somePlates,
	run: async function* (run, params) {
		yield* inOrder(chunks(await run.devices(params.plates), NAMES_PER_REQUEST), run.width, (some) =>
			alarmsOf(run, { ...params, plates: some }),
		);
	},
	check: periodProblem,
	...method(22, IN_WORDS),
});

/** Section 28. */
const TAMPERS = { removal: 'Removal alarm', powerOff: 'Power off alarm', coverOpen: 'Cover open alarm' } as const;
const QUERIES = { none: 0, device: 1, plate: 2 } as const;

export const getTampers = operation({
	...alarms,
	name: 'getTampers',
	title: 'Get Tamper Alarms',
	action: 'Get tamper alarms',
	description: 'Get the alarms of devices that were removed, cut from their power or opened in a period',
	params: {
		devices,
		...period(),
		type: choice({
			title: 'Type',
			description: 'Kind of alarm',
			options: [
				{ value: 'removal', title: 'Removal' },
				{ value: 'powerOff', title: 'Power Off' },
				{ value: 'coverOpen', title: 'Cover Open' },
			],
			initial: 'removal',
		}),
		searchBy: choice({
			title: 'Search By',
			description: 'What the search goes by',
			options: [
				{ value: 'none', title: 'No Search' },
				{ value: 'device', title: 'Device ID' },
				{ value: 'plate', title: 'Plate' },
			],
			initial: 'none',
		}),
		search: text({
			title: 'Search',
			description: 'Device ID or plate to search for',
			max: 60,
			when: { searchBy: ['device', 'plate'] },
		}),
		withAddress: flag({
			title: 'With Address',
			description: 'Whether to add the address, which is in Output = Raw as Culocation',
			initial: false,
		}),
	},
	request: (params, connection) => ({
		json: {
			DeviceIDs: listOrEmpty(params.devices),
			...periodBody(params, connection),
			AlarmType: TAMPERS[params.type],
			IsShowAddress: params.withAddress,
			QueryType: QUERIES[params.searchBy],
			QueryKey: params.searchBy === 'none' ? '' : params.search,
		},
	}),
	record: (row, _, connection) => toAlarm(row, identityOf(row.SIM2, 'SIM2'), connection),
	asks: someDevices,
	run: async function* (run, params) {
		yield* inOrder(chunks(await run.devices(params.devices), NAMES_PER_REQUEST), run.width, (some) =>
			alarmsOf(run, { ...params, devices: some }),
		);
	},
	check: periodProblem,
	...method(28, IN_WORDS),
});
