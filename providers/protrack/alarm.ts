import { ALARM_TITLES, type AlarmType } from '../../core/describe/alarm-types';
import { choices } from '../../core/describe/field';
import { operation } from '../../core/describe/operation';
import { filtered } from '../../core/call/blocks';
import { PageSizes, timePages, type TimePages } from '../../core/call/pages';
import {
	coordinatesOf,
	countOf,
	courseOf,
	idTextOf,
	isReadable,
	recordId,
	unreadableRow,
} from '../../core/describe/read';
import type { Alarm, Row } from '../../core/describe/records';
import { cut } from '../../core/describe/words';
import { recordText } from './answer';
import { oneDevice, type OneDevice } from './batches';
import type { Brand } from './brand';
import { period, periodProblem } from '../period';
import { devicesOrAll } from './fields';
import { markOf, seconds, timeOf } from './times';
import { ofTwin, withTwins } from '../twins';
import { valueIn, type Value } from './values';

/** Section 2.8: the vendor's number of each kind is its place here, counted from 1. eTrack's document ends with 27. */
const TYPES: readonly AlarmType[] = [
	'sos',
	'lowBattery',
	'powerDisconnected',
	'vibration',
	'geofenceEntered',
	'geofenceLeft',
	'speeding',
	'moved',
	'engineOn',
	'engineOff',
	'tireTemperature',
	'tireLeak',
	'tireLowPressure',
	'tireHighPressure',
	'gpsDeadZoneEntered',
	'gpsDeadZoneLeft',
	'engineFault',
	'dismantled',
	'powerOff',
	'collision',
	'dropped',
	'route',
	'rapidAcceleration',
	'rapidDeceleration',
	'sharpTurn',
	'doorOpened',
	'doorClosed',
	'offline',
	'engineIdling',
	'parking',
	'fuelLeak',
	'fuelTheft',
	'jamming',
	'restrictedDriving',
	'lowTemperature',
	'highTemperature',
	'dumpSwitchOn',
	'dumpSwitchOff',
	'armed',
	'rollover',
	'fatigue',
	'fatigueNoBreak',
	'lowFuel',
	'lowExternalBattery',
];

/** Without localeCompare, whose first call takes 6 ms of a host's start. */
const byTitle = (a: { title: string }, b: { title: string }) =>
	a.title.toLowerCase() < b.title.toLowerCase() ? -1 : 1;

/** One that the vendor's numbers do not know, such as a word, is none of ours. */
const alarmTypeOf = (vendorType: number | string): AlarmType =>
	(typeof vendorType === 'number' ? TYPES[vendorType - 1] : undefined) ?? 'other';

/** The alarm of section 2.8 under the names of the document. */
interface AlarmRow extends Row {
	imei: string;
	/** A word, where the vendor sends one. */
	alarmtype: number | string;
	longitude: Value;
	latitude: Value;
	gpstime: Value;
	systemtime: Value;
	speed: Value;
	course: Value;
	/** Missing on some servers (facts 4.3); 0 where the alarm has to do with no geofence. */
	geofenceid: string | null;
}

/** Fields of an alarm without its geofence. */
const LEAST_FIELDS = 7;

/** "type,lon,lat,gpstime,systemtime,speed,course[,geofence];..." */
function alarmsOf(text: string, imei: string): AlarmRow[] {
	const alarms: AlarmRow[] = [];
	for (const group of text.split(';')) {
		if (group.trim() === '') continue;
		// What comes behind the geofence is nobody's.
		const parts = group.split(',', 8);
		const type = parts[0]?.trim() ?? '';
		if (parts.length < LEAST_FIELDS || type === '') {
			alarms.push(
				unreadableRow(group, `The vendor sent an alarm that cannot be read: "${cut(group, 80)}".`, {
					imei,
				}) as AlarmRow,
			);
			continue;
		}
		const [, longitude = null, latitude = null, gpstime = null, systemtime = null, speed = null, course = null] =
			parts.map(valueIn);
		alarms.push({
			imei,
			alarmtype: valueIn(type) ?? type,
			longitude,
			latitude,
			gpstime,
			systemtime,
			speed,
			course,
			geofenceid: parts[7]?.trim() ?? null,
		});
	}
	return alarms;
}

const identity = ({ systemtime, gpstime, alarmtype, geofenceid }: AlarmRow) => [
	markOf(systemtime) ?? systemtime,
	markOf(gpstime) ?? gpstime,
	alarmtype,
	geofenceid,
];

function toAlarm(row: AlarmRow): Alarm {
	const { imei, alarmtype, gpstime, systemtime, geofenceid, longitude, latitude, speed, course } = row;
	const type = alarmTypeOf(alarmtype);
	return {
		deviceName: null,
		plate: null,
		time: timeOf(gpstime),
		recordedAt: timeOf(systemtime),
		...coordinatesOf(latitude, longitude),
		type,
		title: typeof alarmtype === 'string' ? alarmtype : ALARM_TITLES[type],
		vendorType: String(alarmtype),
		speed: countOf(speed),
		course: courseOf(course),
		geofenceId: geofenceid === '0' ? null : idTextOf(geofenceid),
		deviceId: imei,
		// Two of one kind in a second, elsewhere, are two.
		id: recordId(imei, ...identity(row), ...ofTwin(row, [longitude, latitude, speed, course])),
	};
}

const PAGING: TimePages<AlarmRow> = {
	size: 100,
	// The vendor pages by the system time, not by the GPS time.
	mark: ({ systemtime }) => markOf(systemtime),
	key: (alarm) => JSON.stringify(alarm),
};
const pageSizes = new PageSizes();

/** Kinds that a brand's document lists, as choices. */
export const alarmTypes = (brand: Brand) =>
	choices({
		title: 'Alarm Types',
		description: 'Kinds of alarm to keep; none chosen means all',
		options: TYPES.slice(0, brand.alarmTypes)
			.map((type) => ({ value: type, title: ALARM_TITLES[type] }))
			.sort(byTitle),
	});

export const getMany = (brand: Brand) =>
	operation({
		resource: 'alarm',
		name: 'getMany',
		title: 'Get Many',
		action: 'Get many alarms',
		description: 'Get the alarms that devices raised in a period of any length',
		effect: 'read',
		route: 'GET /api/alarm/list',
		params: {
			devices: devicesOrAll,
			...period(),
			types: alarmTypes(brand),
		},
		request: ({ device, begin, end }: OneDevice) => ({
			query: { imei: device, begintime: seconds(begin), endtime: seconds(end) },
		}),
		answer: recordText,
		rows: (answer, { device }) => alarmsOf(answer, device),
		record: toAlarm,
		kind: 'alarm',
		asks: oneDevice,
		run: async function* (run, { devices, begin, end, types }) {
			const wanted = new Set<AlarmType>(types);
			for (const device of await run.devices(devices)) {
				const fetch = async (from: number, to: number) => {
					const alarms = await run.request({ device, begin: from * 1000, end: Math.min(to * 1000, end) });
					return await withTwins(run, alarms, (alarm) => identity(alarm).join());
				};
				const paging = {
					...PAGING,
					seen: pageSizes.of(run.connection),
					warn: (message: string) => run.warn(`${device}: ${message}`),
					inBlocks: run.inBlocks,
				};
				const pages = timePages(seconds(begin), fetch, paging, seconds(end));
				for await (const page of pages)
					yield wanted.size === 0
						? page
						: await filtered(
								run,
								page,
								(alarm) => !isReadable(alarm) || wanted.has(alarmTypeOf(alarm.alarmtype)),
							);
			}
		},
		check: periodProblem,
		list: true,
		evidence: {
			section: '2.8',
			grade: 'C',
			...(brand.alarmTypes < TYPES.length
				? {
						note: `Documented are alarm types 1 to ${String(brand.alarmTypes)}; later ones are named as TrackCEO, on the same platform, names them.`,
					}
				: {}),
		},
	});
