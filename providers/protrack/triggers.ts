import { allAtFirst, choice } from '../../core/describe/field';
import type { AnyOperation } from '../../core/describe/operation';
import type { Alarm } from '../../core/describe/records';
import { stream, trigger, type AnyTrigger } from '../../core/describe/trigger';
import { deviceSilent, positionChanged, statusChanged } from '../../core/watch/position-triggers';
import { alarmTypes } from './alarm';
import type { Brand } from './brand';
import { devicesOrAll } from './fields';
import { getCurrent } from './position';

const devices = allAtFirst(devicesOrAll);

interface Filters {
	types?: readonly string[];
	direction?: string;
}

/** What a flow can start with. Alarms cost a request for each device: those that have been heard of come first. */
export function triggers(alarms: AnyOperation, brand: Brand): AnyTrigger[] {
	const source = (keep: (alarm: Alarm, params: Filters) => boolean) =>
		stream<Alarm, Filters>({
			operation: alarms,
			paramsFor: (some, period) => ({ devices: some, ...period, types: [] }),
			perRequest: 1,
			ascending: true,
			// The vendor pages by the time at which it recorded the alarm.
			recordTime: ({ recordedAt, time }) => recordedAt ?? time,
			keep,
		});
	const { evidence: positions } = getCurrent;
	// The note is about values that say nothing of a status.
	const statuses = { ...positions, note: undefined };
	return [
		trigger({
			name: 'newAlarm',
			title: 'New Alarm',
			description: 'When a device raises an alarm, such as SOS, speeding or a cut power supply',
			params: { devices, types: alarmTypes(brand) },
			kind: 'alarm',
			source: source(({ type }, { types = [] }) => types.length === 0 || types.includes(type)),
			evidence: alarms.evidence,
		}),
		positionChanged({ devices, evidence: positions }),
		statusChanged({
			devices,
			evidence: statuses,
			of: ['status', 'ignition', 'doorOpen', 'charging', 'fuelSupply', 'armed'],
		}),
		deviceSilent({ devices, evidence: statuses }),
		trigger({
			name: 'geofenceCrossed',
			title: 'Geofence Crossed',
			description: "When a device enters or leaves a geofence, as reported by the vendor's alarms",
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
			kind: 'alarm',
			source: source(
				({ type }, { direction }) =>
					(type === 'geofenceEntered' && direction !== 'left') ||
					(type === 'geofenceLeft' && direction !== 'entered'),
			),
			evidence: alarms.evidence,
		}),
	];
}
