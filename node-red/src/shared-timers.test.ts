import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SharedTimers } from './shared-timers';

beforeEach(() => {
	vi.useFakeTimers();
});
afterEach(() => {
	vi.useRealTimers();
});

function calls(rounds: SharedTimers, key: string, intervalMs: number) {
	const times: number[] = [];
	return { times, leave: rounds.join(key, intervalMs, () => times.push(Date.now())) };
}

test('those of one account and interval have their turn together, others do not', () => {
	let seed = 0;
	const rounds = new SharedTimers(() => (seed += 0.3) % 1);
	const first = calls(rounds, 'a', 60_000);
	vi.advanceTimersByTime(20_000);
	const second = calls(rounds, 'a', 60_000);
	const account = calls(rounds, 'b', 60_000);
	const interval = calls(rounds, 'a', 30_000);
	vi.advanceTimersByTime(600_000);
	expect(second.times).toEqual(first.times);
	expect(first.times.length).toBeGreaterThan(8);
	for (const other of [account, interval])
		expect(other.times.filter((time) => first.times.includes(time))).toEqual([]);
	expect(interval.times.length).toBeGreaterThan(1.7 * account.times.length);
});

test('pauses vary by a tenth, neither more nor less', () => {
	const rounds = new SharedTimers();
	const { times } = calls(rounds, 'a', 60_000);
	vi.advanceTimersByTime(60_000 * 200);
	const pauses = times.slice(1).map((time, index) => time - times[index]!);
	expect(Math.min(...pauses)).toBeGreaterThanOrEqual(54_000);
	expect(Math.max(...pauses)).toBeLessThanOrEqual(66_000);
	expect(Math.min(...pauses)).toBeLessThan(56_000);
	expect(Math.max(...pauses)).toBeGreaterThan(64_000);
});

test('with nobody in it, a clock stops', () => {
	const rounds = new SharedTimers();
	const first = calls(rounds, 'a', 1000);
	const second = calls(rounds, 'a', 1000);
	first.leave();
	first.leave();
	vi.advanceTimersByTime(3000);
	expect(first.times).toEqual([]);
	expect(second.times.length).toBeGreaterThan(1);
	second.leave();
	expect(vi.getTimerCount()).toBe(0);
	const third = calls(rounds, 'a', 1000);
	// Who has left already must not take the clock away from who came after.
	second.leave();
	vi.advanceTimersByTime(3000);
	expect(third.times.length).toBeGreaterThan(1);
	third.leave();
	expect(vi.getTimerCount()).toBe(0);
});

test('who leaves in a turn is not called again, and others still are', () => {
	const rounds = new SharedTimers(() => 0.5);
	const called: string[] = [];
	const leaves = ['a', 'b'].map((name, index) =>
		rounds.join('account', 1000, () => {
			called.push(name);
			leaves[index]!();
		}),
	);
	vi.advanceTimersByTime(5000);
	expect(called).toEqual(['a', 'b']);
	expect(vi.getTimerCount()).toBe(0);
});
