import type { NodeStatus } from 'node-red';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { trackceo } from '../../providers/protrack/trackceo';
import { wordsOf } from './editor/words';
import { StatusLine } from './status-line';

const words = (wordsOf(trackceo) as { status: Record<string, string> }).status;
const text = (key: string, params: Record<string, unknown> = {}) =>
	(words[key.replace('status.', '')] ?? key).replace(/__(\w+)__/g, (_, name: string) => String(params[name]));

let shown: NodeStatus[];
let line: StatusLine;
beforeEach(() => {
	vi.useFakeTimers();
	shown = [];
	line = new StatusLine((status) => shown.push(status), text);
});
afterEach(() => {
	vi.useRealTimers();
});
const last = () => {
	const { fill, shape, text: words } = shown.at(-1) ?? {};
	return `${String(fill)} ${String(shape)} ${String(words)}`;
};

test('no text runs into the next node', () => {
	// A turn has 500 events at most, unless there is a backlog; a queue gives 1000 messages at once.
	// An age has minutes up to an hour, and hours up to two days.
	const most: Record<string, string> = { newLate: '500', unacknowledged: '1000', minutes: '59', hours: '47' };
	expect(
		Object.entries(words).filter(
			([key, word]) =>
				// Where it would be too long, the short one is shown.
				key !== 'queuedFor' &&
				word
					.replace('__seconds__', '119')
					.replace('__minutes__', '120')
					.replace('__age__', '59 min')
					.replace('__time__', '10:42')
					.replace('__count__', most[key] ?? '1000000').length > 20,
		),
	).toEqual([]);
});

test('goes from asking over waiting to a count', () => {
	line.asking();
	expect(last()).toBe('blue dot asking');
	line.waiting(200);
	expect(last()).toBe('blue dot asking');
	line.waiting(12_000);
	expect(last()).toBe('yellow dot waiting 12 s');
	vi.advanceTimersByTime(12_000);
	expect(last()).toBe('blue dot asking');
	line.counted(1);
	expect(last()).toBe('green dot 1 record');
});

test.each([
	[1180, 240_000, '1,180 waiting, 4 min'],
	[1180, 2_520_000, '1,180 wait, 42 min'],
	[12, 20_000, '12 waiting, 20 s'],
	[7, 0, '7 waiting'],
	[10_000, 7_200_000, '10,000 waiting, 2 h'],
	[1_000_000, 3_500_000, '1,000,000 wait, 58 m'],
])('%i messages that wait for %i ms', (count, ms, text) => {
	line.asking();
	line.queued(count, ms);
	expect(last()).toBe(`yellow dot ${text}`);
	line.waiting(12_000);
	expect(last()).toBe(`yellow dot ${text}`);
});

test('messages that wait are shown once a second, until none does', () => {
	for (let message = 0; message < 5; message++) line.asking();
	line.queued(4, 0);
	line.queued(3, 0);
	expect(last()).toBe('yellow dot 4 waiting');
	vi.advanceTimersByTime(1000);
	expect(last()).toBe('yellow dot 3 waiting');
	line.queued(0, 0);
	vi.advanceTimersByTime(1000);
	expect(last()).toBe('blue dot asking');
});

test('goes on asking while other messages are under way', () => {
	line.asking();
	line.asking();
	line.counted(5);
	expect(last()).toBe('blue dot asking');
	line.failed({ code: 'TimedOut' });
	expect(last()).toBe('red ring timed out');
});

test.each([
	['confirmed', 'green dot confirmed'],
	['sent', 'green dot sent'],
	['timedOut', 'yellow ring no answer yet'],
	['answered', 'yellow ring answered'],
	['unknown', 'yellow ring outcome unknown'],
	['failed', 'red ring failed'],
] as const)('a command that ended as %s shows %s', (outcome, expected) => {
	line.asking();
	line.outcome(outcome);
	expect(last()).toBe(expected);
});

test.each([
	['Speed Limit', 'yellow ring “Speed Limit”'],
	['DYD=Speed Limit, Speed:45km/h', 'yellow ring “DYD=Speed Limit, …”'],
	['  two\r\nlines  ', 'yellow ring “two lines”'],
	['   ', 'yellow ring answered'],
	[null, 'yellow ring answered'],
])('a device that answered %j is quoted, cut short', (words, expected) => {
	line.asking();
	line.outcome('answered', words);
	expect(last()).toBe(expected);
	expect(shown.at(-1)?.text?.length).toBeLessThanOrEqual(20);
});

test('the words of any other outcome are not shown', () => {
	line.asking();
	line.outcome('failed', 'Fail');
	expect(last()).toBe('red ring failed');
});

test('is cleared at the end, and stays so', () => {
	line.asking();
	line.waiting(5000);
	line.close();
	expect(shown.at(-1)).toEqual({});
	const count = shown.length;
	vi.advanceTimersByTime(10_000);
	line.counted(3);
	expect(shown).toHaveLength(count);
});
