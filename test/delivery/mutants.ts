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
const N8N_STATE = '../n8n/trigger-state.ts';
const QUEUE = 'watch/queue-consumer.ts';
const change = (file: string, from: string, to: string): Change[] => [{ file, from, to }];

/** Runs within which each must be noticed, and the cases that these are. */
export const MOST_RUNS = 200;
export const SEED = 20_260_131;

export const MUTANTS: readonly Mutant[] = [
	{
		name: 'strict >: the window begins after the mark',
		by: 'stream',
		changes: change(
			STREAM,
			'return Math.max(0, Math.floor((covered - lookBack) / step) * step);',
			'return step > 0 ? covered + 1 : 0;',
		),
	},
	{
		name: '>= without de-duplication',
		by: 'stream',
		changes: change(STREAM, 'if (entry?.seen.has(mark) === true) {', 'if (Date.now() === 0) {'),
	},
	{
		name: 'cursor = now: the mark follows the local clock',
		by: 'stream',
		changes: change(
			STREAM,
			'this.mark = Math.max(newest, pass.now - DAY_SECONDS, cursor.since);',
			'this.mark = pass.now;',
		),
	},
	{
		name: 'paging in a moving window: what goes on later covers what is known then',
		by: 'stream',
		changes: change(
			STREAM,
			'const [, from, cover] = (devices.length === 1 ?',
			'const [, from, cover = undefined as number | undefined] = (devices.length === 1 ?',
		).concat(
			change(
				STREAM,
				'this.behind.set(device, [covered[0]?.[1] ?? begin, reached, cover]);',
				'this.behind.set(device, [covered[0]?.[1] ?? begin, reached]);',
			),
		),
	},
	{ name: 'checkpoint before emit', by: 'stream', changes: [], twist: { storesFirst: true } },
	{
		name: 'look-back shorter than the lateness',
		by: 'stream',
		changes: change(
			'watch/poll.ts',
			'this.lookBack = Math.round(lookBack * 60);',
			'this.lookBack = Math.round(lookBack * 6);',
		),
	},
	{
		name: 'acknowledgement out of order: up to the highest that is finished',
		by: 'queue',
		changes: change(QUEUE, 'if (unfinished.has(tag)) break;', 'if (unfinished.has(tag)) continue;'),
	},
	{
		name: 'a lost Get is forgotten',
		by: 'queue',
		changes: change(
			QUEUE,
			'|| error instanceof UnexpectedAnswer) this.state.lost = true;',
			'|| error instanceof UnexpectedAnswer) this.state.lost = false;',
		),
	},
	{
		name: 'messages that come again are given again',
		by: 'queue',
		changes: change(QUEUE, 'messages.filter(({ message }) => !this.state.processed.has(message.id))', 'messages'),
	},
	{
		name: 'records of the future advance the mark',
		by: 'stream',
		changes: change(
			'watch/poll.ts',
			'return time === undefined || time > now + CLOCK_SECONDS ? undefined : Math.min(time, now);',
			'return time ?? now * 0;',
		),
	},
	{
		name: 'a device that fails is passed by',
		by: 'stream',
		changes: change(
			STREAM,
			'if (!onTheWay) for (const [id, upTo] of covered) this.behind.set(id, [upTo]);',
			'',
		).concat(
			change(
				STREAM,
				'for (const device of missing) if (!this.behind.has(device)) this.behind.set(device, [this.coveredOf(device)]);',
				'',
			),
		),
	},
	{
		name: 'a fix of the future hides those that follow',
		by: 'watch',
		changes: change(
			'watch/position-triggers.ts',
			'last !== undefined && last.time > now + CLOCK_SECONDS ? undefined : last?.time',
			'last?.time',
		),
	},
	{
		name: 'a round waits for devices that have gone',
		by: 'watch',
		changes: change(
			'watch/snapshot.ts',
			'if (round.next !== undefined && leftOf(round, ids).length === 0) {',
			'if (Date.now() === 0) {',
		),
	},
	{
		name: 'the first round tells what was there before',
		by: 'watch',
		changes: change('watch/snapshot.ts', 'if (cursor.first === true && !wantedAtFirst(pass, cursor, position)) return;', ''),
	},
	{
		name: 'where a watch has begun, what has an event was seen',
		by: 'watch',
		changes: change('watch/snapshot.ts', "states.delete(deviceId ?? '');", ''),
	},
	{
		name: 'where a watch has begun, what has an event is known to be old',
		by: 'watch',
		changes: change('watch/snapshot.ts', "behind.set(deviceId ?? '', NEVER);", ''),
	},
	{
		name: 'the first batch is stored without a position',
		by: 'stream',
		changes: change(N8N_STATE, 'this.before = cursor;\n\t\tthis.handedOverAt = -Infinity;', ''),
	},
	{
		name: 'where a stream has begun is taken for covered by its first look',
		by: 'stream',
		changes: change(STREAM, 'pass.began = structuredClone(cursor);', 'pass.began = cursor;'),
	},
];
