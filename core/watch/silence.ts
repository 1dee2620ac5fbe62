import type { Position } from '../describe/records';
import { isAhead, isSameOffset } from '../describe/time';
import type { Compared, Comparison } from '../describe/trigger';
import { timesOf } from './fleet-positions';

/** After this many fixes in a row that are wrong by the same, it is the device's clock that is. */
const CONSTANT_FIXES = 3;

/**
 * The state of a device that is silent, or whose clock is wrong. Stored as "time", or as "time readAt fixes other",
 * times in base 36. "~" before it: it is not silent.
 */
interface Silence {
	silent: boolean;
	/** The newest time of its reports, by its own clock, in seconds. */
	time: number;
	/** When that time was first read, by the local clock, if the two may differ. */
	readAt?: number;
	/** At how many fixes in a row they differed by the same. */
	fixes: number;
	/** Its other time, if that was ahead as well. */
	other?: number;
}

const SPEAKING = '~';
const base36 = (value: number) => value.toString(36);

function readSilence(state: string | undefined): Silence | undefined {
	if (state === undefined) return undefined;
	const speaking = state.startsWith(SPEAKING);
	const [time = '', readAt, fixes = '0', other] = state.slice(speaking ? SPEAKING.length : 0).split(' ');
	return {
		silent: !speaking,
		time: parseInt(time, 36),
		...(readAt === undefined ? {} : { readAt: parseInt(readAt, 36) }),
		fixes: Number(fixes),
		...(other === undefined ? {} : { other: parseInt(other, 36) }),
	};
}

/** A device that is not silent, and whose clock is right, needs no state. */
function writeSilence(state: Silence): string | undefined {
	const { silent, time, readAt, fixes, other } = state;
	if (!silent && !hasWrongClock(state)) return undefined;
	const others = other === undefined ? [] : [base36(other)];
	const differs = readAt === undefined ? [] : [base36(readAt), String(fixes), ...others];
	return (silent ? '' : SPEAKING) + [base36(time), ...differs].join(' ');
}

/** Whether its reports are dated by when they were read. */
const hasWrongClock = ({ time, readAt, fixes }: Omit<Silence, 'silent'>) =>
	readAt !== undefined && (isAhead(time, readAt) || fixes >= CONSTANT_FIXES);

/** A state, and when the device last reported by the local clock. */
type Report = Omit<Silence, 'silent'> & { reported: number };

/** @param now the local clock, in seconds */
function reportOf(times: readonly number[], last: Silence | undefined, now: number, limit: number): Report {
	const wrong = last !== undefined && hasWrongClock(last);
	// A time that was ahead when it was first read stays wrong when the future has come.
	const right = times.filter((at) => !isAhead(at, now) && !(wrong && (at === last.time || at === last.other)));
	const doubted = times.filter((at) => !right.includes(at));
	if (doubted.length > 0) {
		const time = Math.max(...doubted);
		const same = time === last?.time;
		const readAt = same ? (last.readAt ?? time) : now;
		const fixes = same ? last.fixes : 1;
		const other = doubted.find((at) => at !== time) ?? (same ? last.other : undefined);
		return {
			time,
			readAt,
			fixes,
			...(other === undefined ? {} : { other }),
			reported: right.length > 0 ? Math.max(...right) : readAt,
		};
	}
	const time = Math.max(...right);
	const isNews = last !== undefined && (wrong || time > last.time);
	// What is recent is dated by a clock that is right; so is the only time that is known.
	if (!isNews || now - time < limit) return { time: Math.max(time, last?.time ?? 0), fixes: 0, reported: time };
	// It is not silent, as there is something new of it, but what is new is old.
	const constant = last.readAt !== undefined && isSameOffset(time - now, last.time - last.readAt);
	const state = { time, readAt: now, fixes: constant ? last.fixes + 1 : 1 };
	return { ...state, reported: hasWrongClock(state) ? now : time };
}

const silence = (reported: number, now: number) => ({
	key: `silent:${String(reported)}`,
	silent: true,
	silentMinutes: Math.floor((now - reported) / 60),
});

/** Finds devices that stopped reporting, or resumed. A wrong clock of a device is no reason to be mute. */
export function compareSilence(position: Position, { before, now: clock, watermark, params }: Comparison): Compared {
	const { minutes }: { minutes: number } = params;
	const limit = minutes * 60;
	const times = timesOf(position);
	if (times.length === 0) return { state: before, events: [] };
	// What was not in the future before the local clock was set back is not now.
	const now = Math.max(clock, watermark);
	const last = readSilence(before);
	// It was read by a clock that was ahead. Until that time comes, the device would never fall silent.
	if (last?.readAt !== undefined) last.readAt = Math.min(last.readAt, now);
	const { reported, ...report } = reportOf(times, last, now, limit);
	// A device that is silent and sent nothing new stays so, whatever the settings and the local clock are now.
	const resumes = last?.silent === true && (report.time !== last.time || hasWrongClock(report));
	const silent = now - reported >= limit || (last?.silent === true && !resumes);
	const state = writeSilence({ ...report, silent });
	if (silent === (last?.silent ?? false)) return { state, events: [] };
	if (silent) return { state, events: [silence(reported, now)] };
	const lastReported = last === undefined ? reported : hasWrongClock(last) ? (last.readAt ?? last.time) : last.time;
	const silentMinutes = Math.max(0, Math.floor((reported - lastReported) / 60));
	return { state, events: [{ key: `speaking:${String(reported)}`, silent: false, silentMinutes }] };
}

/** The event of a device, as if it were silent. */
export function sampleSilence(position: Position, { now }: { now: number }): Compared['events'] {
	const times = timesOf(position);
	return times.length === 0 ? [] : [silence(reportOf(times, undefined, now, 0).reported, now)];
}
