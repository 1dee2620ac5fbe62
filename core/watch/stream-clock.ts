import { AHEAD_SECONDS, isAhead } from '../describe/time';
import { warnOfFuture, YEAR_SECONDS } from './clock';
import type { Poll } from './poll';
import { readEntry, writeEntry, type StoredStream, type StreamCursor } from './stream-cursor';
import { coveredUntil } from './sweep';

/** What the vendor's records say of the time. Seconds; undefined: no record is known. */
interface RecordTimes {
	/** The newest time that does not lie in the future by the local clock. */
	newest: number | undefined;
	/** The newest of all positions, if all have been read. */
	latest: number | undefined;
}

/**
 * Corrects what a wrong local clock has left in a stored cursor, so that it hides nothing once the clock is right. A
 * clock that is wrong now, after it was right, must not make events come twice: so what records have reached stays.
 */
export function correctClock(poll: Poll, stored: StoredStream, times: RecordTimes): StoredStream {
	const begun = beginAgain(poll, stored, times) ?? stored;
	return limited(poll, begun, times) ?? begun;
}

/**
 * A trigger that began by the local clock begins again by the vendor's records if that clock was ahead: a later report
 * is older than it, or the clock has been set back and no report has come.
 */
function beginAgain(poll: Poll, { cursor, ahead }: StoredStream, { newest }: RecordTimes): StoredStream | undefined {
	const { clock: [record, local] = [], ...kept } = cursor;
	if (record === undefined || local === undefined) return undefined;
	const reported = newest !== undefined && newest > record;
	const reached = Math.max(cursor.mark, newest ?? 0) >= cursor.since;
	if (reached || !isAhead(local, reported ? newest : poll.now)) {
		if (reached || reported) delete cursor.clock;
		return undefined;
	}
	const shift = local - record - 1;
	const since = cursor.since - shift;
	const before = Math.max(0, since - 1);
	warnOfFuture(poll, since);
	const latest = cursor.latest === undefined ? {} : { latest: cursor.latest - shift };
	const again = covering({ cursor: { ...kept, behind: {} }, ahead }, () => before);
	return {
		...again,
		cursor: { ...again.cursor, since, ...latest, round: { ...again.cursor.round, next: undefined } },
	};
}

/** Times that lie in the future, and that no record has reached. */
function limited(poll: Poll, stored: StoredStream, { latest }: RecordTimes): StoredStream | undefined {
	const { now } = poll;
	const { cursor } = stored;
	const present = Math.max(now, latest ?? 0);
	const mark = latest !== undefined && cursor.mark > present + YEAR_SECONDS ? present : cursor.mark;
	// A trigger begins a second after the newest report.
	const reached = Math.max(mark + 1, now + AHEAD_SECONDS);
	// The user may have chosen a time in the future.
	const since = cursor.since > Math.max(reached, poll.firstRun === 'since' ? poll.since : 0) ? now : cursor.since;
	const most = Math.max(reached, since);
	const until = Math.max(mark, since);
	const { began, before } = cursor.round;
	const covered = [began, before, ...stored.ahead.values(), ...Object.values(cursor.behind).flat()];
	if (since === cursor.since && mark === cursor.mark && covered.every((time) => time <= most)) return undefined;
	warnOfFuture(poll, until);
	const wanted = cursor.latest === undefined ? {} : { latest: Math.min(cursor.latest, most) };
	const right = covering(stored, (time) => (time > most ? until : time));
	return { ...right, cursor: { ...right.cursor, mark, since, ...wanted } };
}

/** The same cursor with other times until which devices are covered. */
function covering(
	{ cursor, ahead, gone = new Map<string, number>() }: StoredStream,
	change: (covered: number) => number,
): StoredStream {
	const { round } = cursor;
	const devices: StreamCursor['devices'] = {};
	const covered = new Map([...ahead].map(([device, time]) => [device, change(time)]));
	for (const [device, text] of Object.entries(cursor.devices)) {
		const entry = readEntry(text, ahead.get(device) ?? coveredUntil(round, device));
		covered.set(device, change(entry.covered));
		devices[device] = writeEntry({ ...entry, covered: change(entry.covered) });
	}
	const behind = Object.entries(cursor.behind).map(([device, times]) => [device, times.map(change)] as const);
	return {
		cursor: {
			...cursor,
			round: { ...round, began: change(round.began), before: change(round.before) },
			devices,
			behind: Object.fromEntries(behind),
		},
		ahead: covered,
		gone: new Map([...gone].map(([device, time]) => [device, change(time)])),
	};
}
