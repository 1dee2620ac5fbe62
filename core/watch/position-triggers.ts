import { choices, number, type Field, type Fields } from '../describe/field';
import type { Evidence } from '../describe/operation';
import type { Position } from '../describe/records';
import { CLOCK_SECONDS, DAY_SECONDS, heardOf } from './poll';
import { trigger, type AnyTrigger, type Comparison, type Compared } from '../describe/trigger';

/** What several vendors' positions tell, as triggers. */
interface Declared {
	/** The vendor's field for any number of devices. */
	devices: Field;
	evidence: Evidence;
}

const NOTHING: readonly never[] = [];
const sixty = (value: number) => value.toString(36);

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
 * Time of the last fix in base 36, and where the last one that was given was: "time" or "time latitude longitude
 * given".
 */
interface Last {
	time: number;
	given?: { latitude: number; longitude: number; time: number };
}

function readLast(state: string | undefined): Last | undefined {
	if (state === undefined) return undefined;
	const [time = '', latitude, longitude, given] = state.split(' ');
	return {
		time: parseInt(time, 36),
		...(given === undefined
			? {}
			: {
					given: {
						latitude: Number(latitude) / 1e5,
						longitude: Number(longitude) / 1e5,
						time: parseInt(given, 36),
					},
				}),
	};
}

interface Thresholds {
	minDistance?: number;
	minSeconds?: number;
}

/**
 * What is remembered is the time of the last fix. That of a device without a new fix for a look-back is forgotten: a
 * fix of such a device is new if it is younger than what was then known.
 */
function lookForFix(
	position: Position,
	{ before, first, lastWatermark: was, watermark: mark, now, lookBack, params }: Comparison,
): Compared {
	const { minDistance, minSeconds }: Thresholds = params;
	const filtered = minDistance !== undefined || minSeconds !== undefined;
	const keep = filtered ? Math.max(lookBack, DAY_SECONDS) : lookBack;
	const last = readLast(before);
	const time = position.time === null ? NaN : Math.floor(Date.parse(position.time) / 1000);
	const { latitude, longitude } = position;
	// A time of the future must not hide those that follow once the device's clock is right again.
	const newest = last !== undefined && last.time > now + CLOCK_SECONDS ? undefined : last?.time;
	const known =
		last === undefined
			? !first && time <= was - keep
			: time === last.time || (newest !== undefined && time < newest);
	if (Number.isNaN(time) || latitude === null || longitude === null || known)
		return { state: last === undefined || last.time < mark - keep ? undefined : before, events: NOTHING };
	const here = { latitude, longitude, time };
	const far =
		minDistance !== undefined && last?.given !== undefined && metresBetween(last.given, here) >= minDistance;
	const long = minSeconds !== undefined && last?.given !== undefined && time - last.given.time >= minSeconds;
	const given = !filtered || last?.given === undefined || far || long ? here : last.given;
	const state = filtered
		? [sixty(time), Math.round(given.latitude * 1e5), Math.round(given.longitude * 1e5), sixty(given.time)].join(
				' ',
			)
		: sixty(time);
	return { state, events: given === here ? [{ key: position.time ?? '' }] : NOTHING };
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
			type: 'watch',
			compare: lookForFix,
			sample: ({ time, latitude }) => (time === null || latitude === null ? NOTHING : [{ key: time }]),
		},
		evidence,
	});
}

/** What of a position can change, with a letter for each value. */
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

/** What is remembered are the values, a letter each. One that the vendor leaves out for once stays as it was. */
function lookForChanges(
	of: readonly Change[],
	wanted: readonly Change[],
	position: Position,
	{ before }: Comparison,
): Compared {
	const events: Compared['events'][number][] = [];
	let state = '';
	of.forEach((change, place) => {
		const letter = letterOf(position[change]);
		const old = before?.[place] ?? UNKNOWN;
		state += letter === UNKNOWN ? old : letter;
		if (letter === UNKNOWN || old === UNKNOWN || letter === old || !wanted.includes(change)) return;
		const to = valueOf(letter);
		events.push({ key: keyOf(position, change, to), change, from: valueOf(old), to });
	});
	return { state, events };
}

/** The first state that is known, as if it had just been found out. */
function sampleOf(wanted: readonly Change[], position: Position): Compared['events'] {
	const change = wanted.find((name) => position[name] !== null);
	return change === undefined
		? NOTHING
		: [{ key: keyOf(position, change, position[change]), change, from: null, to: position[change] }];
}

const keyOf = (position: Position, change: Change, to: unknown) =>
	[heardOf(position) ?? '', change, String(to)].join(':');

const ADDS = { change: 'What has changed', from: 'Value before', to: 'Value now' } as const;

function wantedOf(of: readonly Change[], { changes = [] }: { changes?: readonly Change[] }): readonly Change[] {
	return changes.length === 0 ? of : changes;
}

/** A change of state. @param of what the vendor tells; the order is that of stored cursors */
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
			type: 'watch',
			compare: (position, look) => lookForChanges(of, wantedOf(of, look.params), position, look),
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
			type: 'watch',
			compare: (position, look) => lookForChanges(['ignition'], ['ignition'], position, look),
			sample: (position) => sampleOf(['ignition'], position),
		},
		evidence,
	});
}

const silence = (heard: number, now: number) => ({
	key: `silent:${String(heard)}`,
	silent: true,
	silentMinutes: Math.floor((now - heard) / 60),
});

/** What is remembered of a silent device is when it was last heard of. */
function lookForSilence(position: Position, { before, now, params }: Comparison): Compared {
	const { minutes }: { minutes: number } = params;
	const heard = heardOf(position);
	if (heard === undefined) return { state: before, events: NOTHING };
	const silent = now - heard >= minutes * 60;
	if (before === undefined)
		return silent ? { state: sixty(heard), events: [silence(heard, now)] } : { state: undefined, events: NOTHING };
	const last = parseInt(before, 36);
	// The clock alone, set back, does not make it speak.
	if (silent || heard <= last) return { state: sixty(Math.max(heard, last)), events: NOTHING };
	return {
		state: undefined,
		events: [{ key: `speaking:${String(heard)}`, silent: false, silentMinutes: Math.floor((heard - last) / 60) }],
	};
}

/** No data for a while, and data again. */
export function deviceSilent({ devices, evidence }: Declared): AnyTrigger {
	return trigger({
		name: 'deviceSilent',
		title: 'Device Silent',
		description:
			'When nothing has been heard of a device for some minutes, and again when it speaks. A device that was never heard of is left out.',
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
			type: 'watch',
			compare: lookForSilence,
			sample: (position, { now }) => {
				const heard = heardOf(position);
				return heard === undefined ? NOTHING : [silence(heard, now)];
			},
		},
		evidence,
	});
}
