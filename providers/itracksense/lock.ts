import { choice, text, time } from '../../core/describe/field';
import { operation } from '../../core/describe/operation';
import { coordinatesOf, recordId, rowsOf } from '../../core/describe/read';
import type { LockEvent } from '../../core/describe/records';
import { period, periodProblem } from '../period';
import { ofTwin, withTwins } from '../twins';
import { acknowledged, bareList, handedOver, type Acknowledgement } from './answer';
import { device } from './fields';
import { method, NO_CODES } from './method';
import { localText, localPeriod, periodBody, timesOf, zoneOf } from './times';
import { trimmed, trimmedId } from './values';

const password = text({
	title: 'Device Password',
	description: 'Password that the lock asks for in commands',
	secret: true,
	max: 40,
});

const acting = {
	resource: 'lock',
	effect: 'command',
	answer: acknowledged,
	rows: (answer: Acknowledgement) => [handedOver(answer)],
} as const;

export const set = operation({
	...acting,
	name: 'set',
	title: 'Open or Close',
	action: 'Open or close a lock',
	description: 'Send a lock the command to open or to close, once',
	params: {
		device,
		password,
		state: choice({
			title: 'State',
			description: 'What the lock should do',
			options: [
				{ value: 'open', title: 'Open' },
				{ value: 'closed', title: 'Close' },
			],
		}),
	},
	request: (params) => ({
		json: { DeviceID: params.device, Password: params.password, OpenType: params.state === 'open' ? '1' : '0' },
	}),
	target: (params) => ({ target: params.device, command: params.state === 'open' ? 'Open lock' : 'Close lock' }),
	...method(30, NO_CODES),
});

export const setOpeningTime = operation({
	...acting,
	name: 'setOpeningTime',
	title: 'Set Opening Time',
	action: 'Set when a lock opens',
	description: 'Send a lock the time at which it should open, once',
	params: {
		device,
		password,
		time: time({
			title: 'Time',
			description: "When the lock should open. The vendor gets it in the account's time zone.",
			placeholder: 'e.g. 2026-01-31T18:15:00Z',
		}),
	},
	request: (params, connection) => ({
		json: {
			DeviceID: params.device,
			Password: params.password,
			FixedTime: localText(localPeriod(params.time, params.time, zoneOf(connection)).from),
		},
	}),
	target: (params) => ({ target: params.device, command: `Open lock at ${new Date(params.time).toISOString()}` }),
	check: (params, now) => (params.time <= now ? 'The time is in the past: choose one in the future.' : undefined),
	...method(31, NO_CODES),
});

/**
 * Section 32 shows "Unlocked & Pole/Rope in Lock", "Unlocked & Pole/Rope out Lock" and "lock off", which may mean
 * either.
 */
function kindOf(words: string | null): string {
	if (words === null) return 'other';
	return /^unlock/i.test(words) ? 'unlocked' : /^locked/i.test(words) ? 'locked' : 'other';
}

export const getEvents = operation({
	resource: 'lock',
	name: 'getEvents',
	title: 'Get Events',
	action: 'Get the events of a lock',
	description: 'Get when a lock was opened and closed in a period, and where',
	effect: 'read',
	params: { device, ...period() },
	request: ({ device: id, ...asked }, connection) => ({ json: { DeviceID: id, ...periodBody(asked, connection) } }),
	answer: bareList,
	rows: (answer) => rowsOf(answer, 'a lock event'),
	run: async function* (run, params) {
		yield await withTwins(run, await run.request(params), ({ DeviceID, EventTime, EventInfo }) =>
			JSON.stringify([DeviceID, EventTime, EventInfo]),
		);
	},
	record: (row, params, connection): LockEvent => {
		const deviceId = trimmedId(row.DeviceID) ?? params.device;
		const times = timesOf(connection);
		const place = coordinatesOf(row.Lat, row.Lon);
		const plate = trimmed(row.VehicleNum);
		const title = trimmed(row.EventInfo);
		return {
			deviceName: plate,
			plate,
			time: times.iso(row.EventTime),
			...place,
			type: kindOf(title),
			title,
			operator: null,
			deviceId,
			// The same words of one second, elsewhere, are another event.
			id: recordId(
				deviceId,
				times.inId(row.EventTime),
				trimmedId(row.EventInfo),
				...ofTwin(row, [place.latitude, place.longitude]),
			),
		};
	},
	kind: 'lockEvent',
	list: true,
	check: periodProblem,
	...method(
		32,
		`${NO_CODES} The kinds of event are not listed; whether "lock off" means open or closed is not said.`,
	),
});
