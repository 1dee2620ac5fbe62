import type { NodeStatus } from 'node-red';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { trackceo } from '../../providers/protrack/trackceo';
import { wordsOf } from './editor/words';
import { TriggerStatus } from './trigger-status';

const words = (wordsOf(trackceo) as { status: Record<string, string> }).status;
const text = (key: string, params: Record<string, unknown> = {}) =>
	(words[key.replace('status.', '')] ?? key).replace(/__(\w+)__/g, (_, name: string) => String(params[name]));

let shown: NodeStatus[];
let status: TriggerStatus;
beforeEach(() => {
	vi.useFakeTimers();
	shown = [];
	status = new TriggerStatus(
		(one) => shown.push(one),
		text,
		() => new Date(2026, 2, 18, 10, 42),
	);
});
afterEach(() => {
	vi.useRealTimers();
});
const last = () => {
	const { fill, shape, text: words } = shown.at(-1) ?? {};
	return `${String(fill)} ${String(shape)} ${String(words)}`;
};

test('says what came, and when', () => {
	status.found(12);
	expect(last()).toBe('green dot 12 new, 10:42');
	status.found(0);
	expect(last()).toBe('green ring nothing new, 10:42');
	status.found(0, 4 * 60_000);
	expect(last()).toBe('yellow ring checked 4 min ago');
	status.found(12, 4 * 60_000);
	expect(last()).toBe('yellow dot 12 new, lag 4 min');
});

test('a short turn shows only how it ended, a long one that it goes on', () => {
	status.asking();
	vi.advanceTimersByTime(500);
	status.found(1);
	vi.advanceTimersByTime(5000);
	expect(shown).toHaveLength(1);
	status.asking();
	vi.advanceTimersByTime(1500);
	expect(last()).toBe('blue dot asking');
});

test('says what it waits for', () => {
	status.asking();
	status.waiting(30_000);
	expect(last()).toBe('yellow dot limited, 30 s');
	status.waiting(180_000);
	expect(last()).toBe('yellow dot limited, 3 min');
	vi.advanceTimersByTime(180_000);
	expect(last()).toBe('blue dot asking');
});

test('red is for what does not pass by itself', () => {
	status.failed({ code: 'Unreachable' }, false);
	expect(last()).toBe('yellow ring unreachable');
	status.failed({ code: 'LoginRejected' }, true);
	expect(last()).toBe('red ring login refused');
	status.failed({ code: 'NotStored' }, true);
	expect(last()).toBe('red ring state not stored');
	status.account({ code: 'InvalidParams' });
	expect(last()).toBe('red ring account incomplete');
	status.paused();
	expect(last()).toBe('grey ring paused');
});

const MINUTE = 60_000;
test.each([
	['Unreachable', false, 59_000, 'yellow ring unreachable'],
	['Unreachable', false, 12 * MINUTE, 'yellow ring unreachable, 12 min'],
	['Unreachable', false, 59.9 * MINUTE, 'yellow ring unreachable, 59 min'],
	['Unreachable', false, 61 * MINUTE, 'yellow ring unreachable, 1 h'],
	['Unreachable', false, 47.9 * 60 * MINUTE, 'yellow ring unreachable, 47 h'],
	['Unreachable', false, 100 * 24 * 60 * MINUTE, 'yellow ring unreachable, 100 d'],
	['RateLimited', false, 12 * MINUTE, 'yellow ring no answer for 12 min'],
	['LoginRejected', true, 12 * MINUTE, 'red ring login refused'],
	['LoginRejected', true, 180 * MINUTE, 'red ring login refused, 3 h'],
] as const)('%s shows how long the last success is ago, where there is room', (code, over, ms, line) => {
	status.failed({ code }, over, ms);
	expect(last()).toBe(line);
});

test('the same is not said again', () => {
	status.found(0);
	status.found(0);
	expect(shown).toHaveLength(1);
});

test('is cleared at the end, and stays so', () => {
	status.asking();
	status.close();
	vi.advanceTimersByTime(10_000);
	status.found(3);
	expect(shown).toEqual([{}]);
});
