import { allAtFirst } from '../../core/describe/field';
import type { Trip } from '../../core/describe/records';
import { queueFields } from '../../core/watch/queue-consumer';
import { stream, trigger, type AnyTrigger } from '../../core/describe/trigger';
import { deviceSilent, ignitionChanged, positionChanged } from '../../core/watch/position-triggers';
import { devicesOrAll } from './fields';
import { getCurrentOfAll } from './position';
import * as queue from './queue';
import { getManyDetailed, hasEnded } from './trip';

const { evidence: positions } = getCurrentOfAll;
const GETS = { positions: queue.getPositions, trips: queue.getTrips, scripts: queue.getScripts } as const;

const devices = allAtFirst(devicesOrAll);

/** What a flow can start with. */
export const triggers: readonly AnyTrigger[] = [
	trigger({
		name: 'queueMessage',
		title: 'Queue Message',
		description: `When a queue of the account has a new message. Messages that are not acknowledged come again. ${queue.LIMITS}`,
		params: { queue: queue.queue, directAccess: queue.directAccess, ...queueFields },
		kind: 'message',
		queue: true,
		source: ({ queue: name }) => ({
			type: 'queue',
			queue: name,
			get: GETS[name],
			acknowledge: queue.acknowledge,
			subscribe: queue.subscribe,
		}),
		evidence: {
			section: 'Queues',
			grade: 'C',
			note: 'Three things are not documented: how the queue treats messages that are not acknowledged, and whether tags are valid beyond a session, and after what time messages are discarded. Fleetwire handles each case of the first two.',
		},
	}),
	positionChanged({ devices, evidence: positions }),
	trigger({
		name: 'newTrip',
		title: 'New Trip',
		description:
			'When a vehicle has ended a trip. Each vehicle takes one request: those that reported recently come first.',
		params: { devices },
		kind: 'trip',
		source: stream<Trip, unknown>({
			operation: getManyDetailed,
			paramsFor: (some, period) => ({ devices: some, ...period }),
			perRequest: 1,
			recordTime: ({ endedAt }) => endedAt,
			// One that has ended, if only at a time that cannot be read.
			keep: hasEnded,
			// Whether a trip belongs to a period by its start or by its end is not documented: a day finds it by
			// either.
			lookBackMinutes: 1440,
		}),
		evidence: getManyDetailed.evidence,
	}),
	ignitionChanged({ devices, evidence: positions }),
	deviceSilent({ devices, evidence: positions }),
];
