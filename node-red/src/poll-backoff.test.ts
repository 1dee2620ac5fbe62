import { expect, test } from 'vitest';
import { NotFound, RateLimited, Unreachable, type FleetError } from '../../core/describe/errors';
import { PollBackoff } from './poll-backoff';

const INTERVAL = 30_000;

/** Of so many turns, one each interval: which ones are taken, when all of them fail. */
function takenOf(turns: number, problem: FleetError = new Unreachable('No connection.')): number[] {
	let now = 0;
	const patience = new PollBackoff(INTERVAL, () => now);
	const taken: number[] = [];
	for (let turn = 0; turn < turns; turn++, now += INTERVAL) {
		if (patience.waits) continue;
		taken.push(turn);
		patience.failed(problem);
	}
	return taken;
}

test('pauses double with each failure, up to five minutes', () => {
	expect(takenOf(60)).toEqual([0, 1, 3, 7, 15, 25, 35, 45, 55]);
});

test('what is wrong with a single device slows nothing down', () => {
	expect(takenOf(4, new NotFound('No such device.'))).toEqual([0, 1, 2, 3]);
});

test('a vendor that names a time gets it', () => {
	expect(takenOf(30, new RateLimited('Too fast.', { retryAfterMs: 10 * INTERVAL }))).toEqual([0, 10, 20]);
});

test('but not more than five minutes', () => {
	expect(takenOf(30, new RateLimited('Too fast.', { retryAfterMs: 99_999_999_000 }))).toEqual([0, 10, 20]);
});

test('is over with the first success', () => {
	let now = 0;
	const patience = new PollBackoff(INTERVAL, () => now);
	for (let failure = 0; failure < 5; failure++) patience.failed(new Unreachable('No connection.'));
	expect(patience.waits).toBe(true);
	patience.worked();
	expect(patience.waits).toBe(false);
	patience.failed(new Unreachable('No connection.'));
	now += INTERVAL;
	expect(patience.waits).toBe(false);
});

test('an interval of hours is not shortened, nor made longer', () => {
	let now = 0;
	const patience = new PollBackoff(4 * 3_600_000, () => now);
	patience.failed(new Unreachable('No connection.'));
	patience.failed(new Unreachable('No connection.'));
	now += 3.9 * 3_600_000;
	expect(patience.waits).toBe(false);
});
