import { choices, number, type Field, type Fields } from '../describe/field';
import type { Evidence } from '../describe/operation';
import { metresBetween, type Place } from '../describe/place';
import type { Position } from '../describe/records';
import { isAhead, isLongAgo, secondsOfIso } from '../describe/time';
import { lastReport } from './fleet-positions';
import { DAY_SECONDS } from './poll';
import { compareSilence, sampleSilence } from './silence';
import { trigger, type AnyTrigger, type Comparison, type Compared } from '../describe/trigger';

/** What one vendor declares for a trigger on positions. */
interface Declared {
	/** The vendor's field for any number of devices. */
	devices: Field;
	evidence: Evidence;
}

const NOTHING: readonly never[] = [];
const base36 = (value: number) => value.toString(36);

/**
 * The state of a device: its last fix, and when a fix was last sent. Stored as "time latitude longitude", or with a
 * threshold as "time latitude longitude sentTime", the place then being that of the fix that was sent; times in base
 * 36. "<" before it: its clock has fallen back. Earlier versions stored "time" alone.
 */
interface LastFix {
	time: number;
	fellBack: boolean;
	place?: Place;
	sentTime?: number;
}

const FELL_BACK = '<';

function readLastFix(state: string | undefined): LastFix | undefined {
	if (state === undefined) return undefined;
	const fellBack = state.startsWith(FELL_BACK);
	const [time = '', latitude, longitude, sentTime] = state.slice(fellBack ? FELL_BACK.length : 0).split(' ');
	return {
		time: parseInt(time, 36),
		fellBack,
		...(longitude === undefined
			? {}
			: { place: { latitude: Number(latitude) / 1e5, longitude: Number(longitude) / 1e5 } }),
		...(sentTime === undefined ? {} : { sentTime: parseInt(sentTime, 36) }),
	};
}

const inState = (degrees: number) => Math.round(degrees * 1e5);

function writeLastFix({ time, fellBack, place, sentTime }: Required<Omit<LastFix, 'sentTime'>> & LastFix): string {
	const values = [base36(time), inState(place.latitude), inState(place.longitude)];
	if (sentTime !== undefined) values.push(base36(sentTime));
	return (fellBack ? FELL_BACK : '') + values.join(' ');
}

/**
 * Whether a fix that is older than the one before it is new anyway: the device is elsewhere, and has reported
 * since, or says that it was there when satellites of this kind were new.
 */
function fallsBack(last: LastFix, fix: Place & { time: number }, seenAt: string | null, now: number): boolean {
	if (last.place === undefined || fix.time >= last.time - DAY_SECONDS || isAhead(last.time, now)) return false;
	const moved =
		inState(fix.latitude) !== inState(last.place.latitude) ||
		inState(fix.longitude) !== inState(last.place.longitude);
	const seen = seenAt === null ? undefined : secondsOfIso(seenAt);
	const reported = seen === undefined ? isLongAgo(fix.time, now) : seen > last.time && !isAhead(seen, now);
	return moved && reported;
}

interface Thresholds {
	minDistance?: number;
	minSeconds?: number;
}

/**
 * Finds a new fix. The state of a device without a new fix for a look-back is dropped: after that, its fix is new if it
 * is later than the watermark was. Not that of a device whose clock has fallen back: its fixes would never be new.
 */
function compareFix(
	position: Position,
	{ before, first, lastWatermark, watermark, now, lookBack, params }: Comparison,
): Compared {
	const { minDistance, minSeconds }: Thresholds = params;
	const filtered = minDistance !== undefined || minSeconds !== undefined;
	const keep = filtered ? Math.max(lookBack, DAY_SECONDS) : lookBack;
	const last = readLastFix(before);
	const { latitude, longitude } = position;
	const dropped = last === undefined || (!last.fellBack && last.time < watermark - keep);
	const unchanged = { state: dropped ? undefined : before, events: NOTHING };
	if (position.time === null || latitude === null || longitude === null) return unchanged;
	const here = { latitude, longitude, time: secondsOfIso(position.time) };
	const { time } = here;
	const falls = last !== undefined && fallsBack(last, here, position.seenAt, now);
	const fellBack = falls || (last?.fellBack ?? isLongAgo(time, now));
	const fix = { time, fellBack: fellBack && time < now - DAY_SECONDS, place: here };
	if (last === undefined && !first && time <= lastWatermark - keep)
		// Whether it moved since its clock fell back cannot be seen any more.
		return { state: fix.fellBack ? writeLastFix(fix) : undefined, events: NOTHING };
	// A time in the future must not hide the fixes that follow once the device's clock is right again.
	const older = last !== undefined && !falls && !isAhead(last.time, now) && time < last.time;
	if (older || time === last?.time) return unchanged;
	const doubtful = fix.fellBack ? { doubtful: true } : {};
	const event = { key: position.time, ...doubtful };
	if (!filtered) return { state: writeLastFix(fix), events: [event] };
	const { place = here, sentTime } = last ?? {};
	const far = minDistance !== undefined && metresBetween(place, here) >= minDistance;
	const long = minSeconds !== undefined && sentTime !== undefined && time - sentTime >= minSeconds;
	return sentTime === undefined || falls || far || long
		? { state: writeLastFix({ ...fix, sentTime: time }), events: [event] }
		: { state: writeLastFix({ ...fix, place, sentTime }), events: NOTHING };
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
				description: 'Skip positions less than this many metres from the last one sent',
				unit: 'metres',
				min: 1,
				max: 1_000_000,
				optional: true,
			}),
			minSeconds: number({
				title: 'Min Time',
				description:
					'Skip positions less than this many seconds after the last one sent. With Min Distance, one of the two is enough.',
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
	{ before, now }: Comparison,
): Compared {
	const events: Compared['events'][number][] = [];
	let state = '';
	of.forEach((change, index) => {
		const letter = letterOf(position[change]);
		const old = before?.[index] ?? UNKNOWN;
		state += letter === UNKNOWN ? old : letter;
		if (letter === UNKNOWN || old === UNKNOWN || letter === old || !wanted.includes(change)) return;
		const to = valueOf(letter);
		events.push({ key: keyOf(position, change, to, now), change, from: valueOf(old), to });
	});
	return { state, events };
}

/** An event for the first value that is known, as if it had just changed. */
function sampleOf(wanted: readonly Change[], position: Position, now: number): Compared['events'] {
	const change = wanted.find((name) => position[name] !== null);
	return change === undefined
		? NOTHING
		: [{ key: keyOf(position, change, position[change], now), change, from: null, to: position[change] }];
}

const keyOf = (position: Position, change: Change, to: unknown, now: number) =>
	[lastReport(position, now) ?? '', change, String(to)].join(':');

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
			sample: (position, { now, params }) => sampleOf(wantedOf(of, params), position, now),
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
			sample: (position, { now }) => sampleOf(['ignition'], position, now),
		},
		evidence,
	});
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
			sample: sampleSilence,
		},
		evidence,
	});
}
