import { choices, number, type Field, type Fields } from '../describe/field';
import type { Evidence } from '../describe/operation';
import type { Position } from '../describe/records';
import { lastReport } from './fleet-positions';
import { CLOCK_SECONDS, DAY_SECONDS } from './poll';
import { trigger, type AnyTrigger, type Comparison, type Compared } from '../describe/trigger';

/** What one vendor declares for a trigger on positions. */
interface Declared {
	/** The vendor's field for any number of devices. */
	devices: Field;
	evidence: Evidence;
}

const NOTHING: readonly never[] = [];
const base36 = (value: number) => value.toString(36);

/** Metres between two places, on a sphere. */
export function metresBetween(
	a: { latitude: number; longitude: number },
	b: { latitude: number; longitude: number },
): number {
	const rad = Math.PI / 180;
	const sinLat = Math.sin(((b.latitude - a.latitude) * rad) / 2);
	const sinLon = Math.sin(((b.longitude - a.longitude) * rad) / 2);
	const h = sinLat * sinLat + Math.cos(a.latitude * rad) * Math.cos(b.latitude * rad) * sinLon * sinLon;
	return 2 * 6_371_008.8 * Math.asin(Math.min(1, Math.sqrt(h)));
}

/**
 * The state of a device: the time of its last fix, and the fix that was last sent. Stored as "time", or with a
 * threshold as "time latitude longitude sentTime"; times in base 36.
 */
interface LastFix {
	time: number;
	sent?: { latitude: number; longitude: number; time: number };
}

function readLastFix(state: string | undefined): LastFix | undefined {
	if (state === undefined) return undefined;
	const [time = '', latitude, longitude, sentTime] = state.split(' ');
	return {
		time: parseInt(time, 36),
		...(sentTime === undefined
			? {}
			: {
					sent: {
						latitude: Number(latitude) / 1e5,
						longitude: Number(longitude) / 1e5,
						time: parseInt(sentTime, 36),
					},
				}),
	};
}

interface Thresholds {
	minDistance?: number;
	minSeconds?: number;
}

/**
 * Finds a new fix. The state of a device without a new fix for a look-back is dropped: after that, its fix is new if it
 * is later than the watermark was.
 */
function compareFix(
	position: Position,
	{ before, first, lastWatermark, watermark, now, lookBack, params }: Comparison,
): Compared {
	const { minDistance, minSeconds }: Thresholds = params;
	const filtered = minDistance !== undefined || minSeconds !== undefined;
	const keep = filtered ? Math.max(lookBack, DAY_SECONDS) : lookBack;
	const last = readLastFix(before);
	const time = position.time === null ? NaN : Math.floor(Date.parse(position.time) / 1000);
	const { latitude, longitude } = position;
	// A time in the future must not hide the fixes that follow once the device's clock is right again.
	const newest = last !== undefined && last.time > now + CLOCK_SECONDS ? undefined : last?.time;
	const known =
		last === undefined
			? !first && time <= lastWatermark - keep
			: time === last.time || (newest !== undefined && time < newest);
	if (Number.isNaN(time) || latitude === null || longitude === null || known)
		return { state: last === undefined || last.time < watermark - keep ? undefined : before, events: NOTHING };
	const here = { latitude, longitude, time };
	const far = minDistance !== undefined && last?.sent !== undefined && metresBetween(last.sent, here) >= minDistance;
	const long = minSeconds !== undefined && last?.sent !== undefined && time - last.sent.time >= minSeconds;
	const sent = !filtered || last?.sent === undefined || far || long ? here : last.sent;
	const state = filtered
		? [base36(time), Math.round(sent.latitude * 1e5), Math.round(sent.longitude * 1e5), base36(sent.time)].join(' ')
		: base36(time);
	return { state, events: sent === here ? [{ key: position.time ?? '' }] : NOTHING };
}

/** A new fix. */
export function positionChanged({ devices, evidence }: Declared): AnyTrigger {
	return trigger({
		name: 'positionChanged',
		title: 'Position Changed',
		description:
			'When a device has a new position. Each poll sees the latest one: positions in between two polls are in Get History.',
		params: {
			devices,
			minDistance: number({
				title: 'Min Distance',
				description: 'Leave out positions that are nearer than this to the last one given, in metres',
				unit: 'metres',
				min: 1,
				max: 1_000_000,
				optional: true,
			}),
			minSeconds: number({
				title: 'Min Time',
				description:
					'Leave out positions that follow the last one given sooner than this, in seconds. With Min Distance, either suffices.',
				unit: 'seconds',
				min: 1,
				max: 604_800,
				optional: true,
			}),
		} satisfies Fields,
		kind: 'position',
		source: {
			type: 'snapshot',
			compare: compareFix,
			sample: ({ time, latitude }) => (time === null || latitude === null ? NOTHING : [{ key: time }]),
		},
		evidence,
	});
}

/** What can change in a position. Stored states have a letter for each value, in the order of the vendor's list. */
const CHANGES = {
	status: { title: 'Status', letters: { online: 'n', offline: 'f', neverOnline: 'v', expired: 'x', blocked: 'b' } },
	ignition: { title: 'Ignition' },
	doorOpen: { title: 'Door' },
	charging: { title: 'Charging' },
	fuelSupply: { title: 'Fuel Supply' },
	armed: { title: 'Defence (Armed)' },
} as const;
type Change = keyof typeof CHANGES;
const UNKNOWN = '-';

const STATUS_OF: Readonly<Record<string, string>> = Object.fromEntries(
	Object.entries(CHANGES.status.letters).map(([status, letter]) => [letter, status]),
);
const letterOf = (value: Position[Change]) =>
	value === null ? UNKNOWN : typeof value === 'string' ? CHANGES.status.letters[value] : value ? '1' : '0';
const valueOf = (letter: string) => (letter === '1' ? true : letter === '0' ? false : (STATUS_OF[letter] ?? null));

/** Finds changed values. A value that the vendor leaves out keeps its last state. */
function compareStates(
	of: readonly Change[],
	wanted: readonly Change[],
	position: Position,
	{ before }: Comparison,
): Compared {
	const events: Compared['events'][number][] = [];
	let state = '';
	of.forEach((change, index) => {
		const letter = letterOf(position[change]);
		const old = before?.[index] ?? UNKNOWN;
		state += letter === UNKNOWN ? old : letter;
		if (letter === UNKNOWN || old === UNKNOWN || letter === old || !wanted.includes(change)) return;
		const to = valueOf(letter);
		events.push({ key: keyOf(position, change, to), change, from: valueOf(old), to });
	});
	return { state, events };
}

/** An event for the first value that is known, as if it had just changed. */
function sampleOf(wanted: readonly Change[], position: Position): Compared['events'] {
	const change = wanted.find((name) => position[name] !== null);
	return change === undefined
		? NOTHING
		: [{ key: keyOf(position, change, position[change]), change, from: null, to: position[change] }];
}

const keyOf = (position: Position, change: Change, to: unknown) =>
	[lastReport(position) ?? '', change, String(to)].join(':');

const ADDS = { change: 'What has changed', from: 'Value before', to: 'Value now' } as const;

function wantedOf(of: readonly Change[], { changes = [] }: { changes?: readonly Change[] }): readonly Change[] {
	return changes.length === 0 ? of : changes;
}

/** A change of state. @param of what the vendor reports. Stored states depend on the order. */
export function statusChanged({ devices, evidence, of }: Declared & { of: readonly Change[] }): AnyTrigger {
	return trigger({
		name: 'statusChanged',
		title: 'Status Changed',
		description:
			'When a device goes online or offline, or when its ignition or another state changes. Each poll compares with the one before.',
		params: {
			devices,
			changes: choices({
				title: 'Changes',
				description: 'Changes to report; none chosen means all',
				options: of.map((value) => ({ value, title: CHANGES[value].title })),
			}),
		} satisfies Fields,
		kind: 'position',
		adds: ADDS,
		source: {
			type: 'snapshot',
			compare: (position, comparison) => compareStates(of, wantedOf(of, comparison.params), position, comparison),
			sample: (position, { params }) => sampleOf(wantedOf(of, params), position),
		},
		evidence,
	});
}

/** Ignition on or off. */
export function ignitionChanged({ devices, evidence }: Declared): AnyTrigger {
	return trigger({
		name: 'ignitionChanged',
		title: 'Ignition Changed',
		description: 'When the ignition of a vehicle is switched on or off. Each poll compares with the one before.',
		params: { devices } satisfies Fields,
		kind: 'position',
		adds: ADDS,
		source: {
			type: 'snapshot',
			compare: (position, comparison) => compareStates(['ignition'], ['ignition'], position, comparison),
			sample: (position) => sampleOf(['ignition'], position),
		},
		evidence,
	});
}

const silence = (reported: number, now: number) => ({
	key: `silent:${String(reported)}`,
	silent: true,
	silentMinutes: Math.floor((now - reported) / 60),
});

/** Finds devices that stopped reporting, or resumed. The state of a silent device is the time of its last report. */
function compareSilence(position: Position, { before, now, params }: Comparison): Compared {
	const { minutes }: { minutes: number } = params;
	const reported = lastReport(position);
	if (reported === undefined) return { state: before, events: NOTHING };
	const silent = now - reported >= minutes * 60;
	if (before === undefined)
		return silent
			? { state: base36(reported), events: [silence(reported, now)] }
			: { state: undefined, events: NOTHING };
	const last = parseInt(before, 36);
	// A clock that was set back is not a report.
	if (silent || reported <= last) return { state: base36(Math.max(reported, last)), events: NOTHING };
	return {
		state: undefined,
		events: [
			{ key: `speaking:${String(reported)}`, silent: false, silentMinutes: Math.floor((reported - last) / 60) },
		],
	};
}

/** A device that stops reporting, and resumes. */
export function deviceSilent({ devices, evidence }: Declared): AnyTrigger {
	return trigger({
		name: 'deviceSilent',
		title: 'Device Silent',
		description:
			'When a device stops reporting for the given time, and again when it resumes. A device that has never reported is left out.',
		params: {
			devices,
			minutes: number({
				title: 'Minutes',
				description: 'Minutes without data after which a device counts as silent',
				unit: 'minutes',
				min: 1,
				max: 525_600,
				initial: 60,
			}),
		} satisfies Fields,
		kind: 'position',
		adds: { silent: 'Whether it is silent now', silentMinutes: 'For how many minutes it is, or was' },
		source: {
			type: 'snapshot',
			compare: compareSilence,
			sample: (position, { now }) => {
				const reported = lastReport(position);
				return reported === undefined ? NOTHING : [silence(reported, now)];
			},
		},
		evidence,
	});
}
