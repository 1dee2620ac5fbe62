import type { Change } from './engine';
import type { PROPERTIES } from './properties';
import type { Twist } from './stream';

/** A fault that the properties must notice: put into the engine's source, or into how the host is modelled. */
export interface Mutant {
	name: string;
	changes: Change[];
	twist?: Twist;
	/** The property that is to notice. */
	by: keyof typeof PROPERTIES;
}

const STREAM = 'watch/stream.ts';
const COVERAGE = 'watch/stream-coverage.ts';
const STREAM_CLOCK = 'watch/stream-clock.ts';
const SILENCE = 'watch/silence.ts';
const WINDOW = 'watch/stream-window.ts';
const POLLER = 'watch/poller.ts';
const POLL = 'watch/poll.ts';
const SNAPSHOT = 'watch/snapshot.ts';
const N8N_STATE = '../n8n/trigger-state.ts';
const QUEUE = 'watch/queue-consumer.ts';
const QUEUE_STATE = 'watch/queue-state.ts';
const change = (file: string, from: string, to: string): Change[] => [{ file, from, to }];

/** Runs within which each must be noticed, and the cases that these are. */
export const MOST_RUNS = 200;
export const SEED = 20_260_131;

export const MUTANTS: readonly Mutant[] = [
	{
		name: 'strict >: the window begins after the watermark',
		by: 'stream',
		changes: change(
			COVERAGE,
			'return Math.max(0, Math.floor((covered - lookBack) / step) * step);',
			'return step > 0 ? covered + 1 : 0;',
		),
	},
	{
		name: '>= without de-duplication',
		by: 'stream',
		changes: change(WINDOW, 'if (entry?.delivered.has(print) === true) {', 'if (Date.now() === 0) {'),
	},
	{
		name: 'cursor = now: the watermark follows the local clock',
		by: 'stream',
		changes: change(
			STREAM,
			'this.watermark = Math.max(newest, stored.cursor.since);',
			'this.watermark = poll.now;',
		),
	},
	{
		name: 'the watermark follows the local clock by a day',
		by: 'stream',
		changes: change(
			STREAM,
			'this.watermark = Math.max(newest, stored.cursor.since);',
			'this.watermark = Math.max(newest, poll.now - DAY_SECONDS, stored.cursor.since);',
		),
	},
	{
		name: 'a stream that began by a clock that was ahead waits until that time has come',
		by: 'stream',
		changes: change(
			STREAM_CLOCK,
			'const begun = beginAgain(poll, stored, times) ?? stored;',
			'const begun = stored;',
		),
	},
	{
		name: 'the watermark of positions follows the local clock by a day',
		by: 'snapshot',
		changes: change(
			SNAPSHOT,
			'const watermark = cursor.mark;',
			'const watermark = Math.max(cursor.mark, poll.now - DAY_SECONDS);',
		),
	},
	{
		name: 'a device that a clock ahead has read falls silent when that time has come',
		by: 'snapshot',
		changes: change(SILENCE, 'last.readAt = Math.min(last.readAt, now);', 'last.readAt = last.readAt;'),
	},
	{
		name: 'paging in a moving window: a read that continues covers what is known then',
		by: 'stream',
		changes: change(
			STREAM,
			'coverage.behind.set(device, [coverage.of(device), reached, coversUntil]);',
			'coverage.behind.set(device, [coverage.of(device), reached]);',
		),
	},
	{ name: 'checkpoint before emit', by: 'stream', changes: [], twist: { storesFirst: true } },
	{
		name: 'look-back shorter than the lateness',
		by: 'stream',
		changes: change(
			POLL,
			'this.lookBack = Math.round(lookBack * 60);',
			'this.lookBack = Math.round(lookBack * 6);',
		),
	},
	{
		name: 'acknowledgement out of order: up to the highest that is finished',
		by: 'queue',
		changes: change(QUEUE_STATE, 'if (unfinished.has(tag)) break;', 'if (unfinished.has(tag)) continue;'),
	},
	{
		name: 'a lost Get is forgotten',
		by: 'queue',
		changes: change(
			QUEUE,
			'|| error.unreadable) this.state.lost = true;',
			'|| error.unreadable) this.state.lost = false;',
		),
	},
	{
		name: 'messages that come again are delivered again',
		by: 'queue',
		changes: change(QUEUE, 'messages.filter(({ message }) => !state.processed.has(message.id))', 'messages'),
	},
	{
		name: 'records of the future advance the watermark',
		by: 'stream',
		changes: change(
			POLL,
			'return time === undefined || isAhead(time, now) ? undefined : Math.min(time, now);',
			'return time ?? now * 0;',
		),
	},
	{
		name: 'a device that fails is skipped',
		by: 'stream',
		changes: change(
			STREAM,
			'if (!midway) for (const id of devices) coverage.behind.set(id, [coverage.of(id)]);',
			'',
		).concat(change(STREAM, 'coverage.fallBehind(missing);', '')),
	},
	{
		name: 'a device that is not in the list for a while counts as covered',
		by: 'stream',
		changes: change(COVERAGE, 'this.fallBehind([...unpack(', 'void ([...unpack('),
	},
	{
		name: 'where a device that is not in the list stands is forgotten',
		by: 'stream',
		changes: change(COVERAGE, 'else if (midway.length === 0) gone.add(device);', 'else behind.delete(device);'),
	},
	{
		name: 'a fix of the future hides those that follow',
		by: 'snapshot',
		changes: change(
			'watch/position-triggers.ts',
			'!falls && !isAhead(last.time, now) && time < last.time',
			'!falls && time < last.time',
		),
	},
	{
		name: 'a device whose clock is ahead never falls silent',
		by: 'snapshot',
		changes: change(
			'watch/silence.ts',
			'reported: right.length > 0 ? Math.max(...right) : readAt',
			'reported: right.length > 0 ? Math.max(...right) : now',
		),
	},
	{
		name: 'a sweep waits for devices that have gone',
		by: 'snapshot',
		changes: change(
			SNAPSHOT,
			'if (sweep.next !== undefined && leftOf(sweep, ids).length === 0) {',
			'if (Date.now() === 0) {',
		),
	},
	{
		name: 'the first sweep reports what was there before',
		by: 'snapshot',
		changes: change(SNAPSHOT, 'if (cursor.first === true && !wantedAtFirst(poll, cursor, position)) return;', ''),
	},
	{
		name: 'at the begin of a snapshot, a device with an event counts as read',
		by: 'snapshot',
		changes: change(SNAPSHOT, "states.delete(deviceId ?? '');", ''),
	},
	{
		name: 'at the begin of a snapshot, a device with an event counts as old',
		by: 'snapshot',
		changes: change(SNAPSHOT, "behind.set(deviceId ?? '', NEVER);", ''),
	},
	{
		name: 'the first batch is stored without a position',
		by: 'stream',
		changes: change(
			N8N_STATE,
			'this.position = this.before = { ...this.position, cursor };\n\t\tthis.pending = undefined;',
			'this.pending = undefined;',
		),
	},
	{
		name: 'another account goes on from where the one before stood',
		by: 'stream',
		changes: change(
			N8N_STATE,
			'const other = stored?.account !== undefined && stored.account !== account;',
			'const other = false;',
		),
	},
	{
		name: 'another event goes on from where the one before stood',
		by: 'stream',
		changes: change(POLLER, 'stored.event !== this.trigger.name', 'stored.event === undefined'),
	},
	{
		name: 'a batch that n8n could not start an execution with is taken as delivered',
		by: 'stream',
		changes: change(N8N_STATE, 'this.position = this.before = before;', ''),
	},
	{
		name: 'a batch that n8n dropped is taken as delivered',
		by: 'stream',
		changes: change(N8N_STATE, 'this.position = this.pending;', ''),
	},
	{
		name: 'the position is stored with a batch as if n8n had the execution',
		by: 'stream',
		changes: change(N8N_STATE, ': { cursor: before.cursor });', ': { cursor });'),
	},
	{
		name: 'the begin of a stream counts as covered by its first read',
		by: 'stream',
		changes: change(STREAM, 'poll.began = structuredClone(cursor);', 'poll.began = cursor;'),
	},
];
