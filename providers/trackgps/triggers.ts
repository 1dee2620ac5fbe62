import { allAtFirst, choices } from '../../core/describe/field';
import type { FuelEvent } from '../../core/describe/records';
import { stream, trigger, type AnyTrigger } from '../../core/describe/trigger';
import { ignitionChanged, positionChanged } from '../../core/watch/position-triggers';
import { devicesOrAll } from './fields';
import { getCurrent } from './position';
import { getRefills, OTHER } from './refill';

const { evidence: positions } = getCurrent;

const devices = allAtFirst(devicesOrAll);

/** What a flow can start with. Requests are dear here: one in 30 s for the whole account. */
export const triggers: readonly AnyTrigger[] = [
	trigger({
		name: 'refillOrTheft',
		title: 'New Refill or Theft',
		description:
			'When a vehicle was refuelled, or fuel may have been stolen. Vehicles take turns, one every 30 seconds, so 20 vehicles take about ten minutes.',
		params: {
			devices,
			types: choices({
				title: 'Event Types',
				description:
					'Kinds of event to report; none chosen means all. Other: a kind that is not documented, such as a new word for a theft.',
				options: [
					{ value: 'fueling', title: 'Fueling' },
					{ value: 'possibleTheft', title: 'Possible Theft' },
					{ value: OTHER, title: 'Other' },
				],
			}),
		},
		kind: 'fuelEvent',
		// Summaries of the period that was asked for are no events.
		source: stream<FuelEvent, { types: readonly string[] }>({
			operation: getRefills,
			paramsFor: (some, period) => ({ devices: some, ...period, types: ['fueling', 'possibleTheft', OTHER] }),
			perRequest: 1,
			recordTime: ({ time }) => time,
			keep: ({ type }, { types }) => types.length === 0 || types.includes(type),
			// When the vendor has worked an event out is not documented.
			lookBackMinutes: 1440,
		}),
		evidence: {
			...getRefills.evidence,
			note: `${getRefills.evidence.note ?? ''} How late an event may appear is not documented: up to a day is covered.`,
		},
	}),
	positionChanged({ devices, evidence: positions }),
	ignitionChanged({ devices, evidence: positions }),
];
