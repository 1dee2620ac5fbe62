import { allAtFirst, choice, type Fields } from '../../core/describe/field';
import type { Alarm, GeofenceEvent, LockEvent } from '../../core/describe/records';
import { stream, trigger, type AnyTrigger } from '../../core/describe/trigger';
import { deviceSilent, positionChanged, statusChanged } from '../../core/watch/position-triggers';
import * as alarm from './alarm';
import { devices as devicesOrAll, NAMES_PER_REQUEST } from './fields';
import * as geofence from './geofence';
import * as lock from './lock';
import { getCurrent } from './position';

const devices = allAtFirst(devicesOrAll);
const { evidence: positions } = getCurrent;
const recorded = ({ recordedAt, time }: Alarm) => recordedAt ?? time;

/** Records of a period, of many devices in one request. */
const together = {
	paramsFor: (some: string[], period: { begin: number; end: number }) => ({ devices: some, ...period }),
	perRequest: NAMES_PER_REQUEST,
};

const ALARMS = {
	history: stream<Alarm, unknown>({ ...together, operation: alarm.getMany, recordTime: recorded }),
	current: stream<Alarm, unknown>({
		operation: alarm.getCurrent,
		paramsFor: (some) => ({ devices: some }),
		perRequest: NAMES_PER_REQUEST,
		recordTime: recorded,
	}),
} as const;

/** What a flow can start with. */
export const triggers: readonly AnyTrigger[] = [
	trigger({
		name: 'newAlarm',
		title: 'New Alarm',
		description: 'When a device raises an alarm',
		params: {
			devices,
			source: choice({
				title: 'Source',
				description: 'Where the alarms are read',
				options: [
					{
						value: 'history',
						title: 'Recorded Alarms',
						description: 'Every alarm that was recorded, also those that are over again at the next poll',
					},
					{
						value: 'current',
						title: 'Present Alarms',
						description: 'Alarms that devices have at the time of a poll',
					},
				],
				initial: 'history',
			}),
		} satisfies Fields,
		kind: 'alarm',
		source: ({ source }) => ALARMS[source],
		evidence: { ...alarm.getMany.evidence, section: '11, 21' },
	}),
	positionChanged({ devices, evidence: positions }),
	trigger({
		name: 'geofenceCrossed',
		title: 'Geofence Crossed',
		description: 'When a device enters or leaves a geofence',
		params: {
			devices,
			direction: choice({
				title: 'Direction',
				description: 'Which crossings to report',
				options: [
					{ value: 'both', title: 'Entering and Leaving' },
					{ value: 'entered', title: 'Entering' },
					{ value: 'left', title: 'Leaving' },
				],
				initial: 'both',
			}),
		},
		kind: 'geofenceEvent',
		source: stream<GeofenceEvent, { direction: string }>({
			...together,
			operation: geofence.getEvents,
			recordTime: ({ time }) => time,
			keep: ({ type }, { direction }) => direction === 'both' || type === null || type === direction,
		}),
		evidence: geofence.getEvents.evidence,
	}),
	trigger({
		name: 'lockEvent',
		title: 'Lock Event',
		description:
			'When a lock is opened or closed. Each device takes one request, so choose the locks. Those that reported recently come first.',
		params: { devices },
		kind: 'lockEvent',
		source: stream<LockEvent, unknown>({
			operation: lock.getEvents,
			paramsFor: ([device], period) => ({ device, ...period }),
			perRequest: 1,
			recordTime: ({ time }) => time,
		}),
		evidence: lock.getEvents.evidence,
	}),
	trigger({
		name: 'removalAlarm',
		title: 'Removal Alarm',
		description: 'When a device is removed, cut from its power or opened',
		params: {
			devices,
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
		},
		kind: 'alarm',
		source: stream<Alarm, { type: string }>({
			operation: alarm.getTampers,
			paramsFor: (some, period, { type }) => ({ devices: some, ...period, type }),
			perRequest: NAMES_PER_REQUEST,
			recordTime: recorded,
		}),
		evidence: alarm.getTampers.evidence,
	}),
	statusChanged({ devices, evidence: positions, of: ['status', 'ignition'] }),
	deviceSilent({ devices, evidence: positions }),
];
