import { setTimeout as timer } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { orAborted, orLate } from './abort';

const never = new Promise<never>(() => undefined);
const stopped = new Error('stopped');

describe('work that may be aborted', () => {
	test('settles as it does', async () => {
		const { signal } = new AbortController();
		expect(await orAborted(Promise.resolve(1), signal)).toBe(1);
		expect(await orAborted(Promise.resolve(1), undefined)).toBe(1);
		await expect(orAborted(Promise.reject(stopped), signal)).rejects.toBe(stopped);
	});

	test('is not waited for after that, nor if it was aborted before', async () => {
		const abort = new AbortController();
		const waiting = orAborted(never, abort.signal);
		abort.abort(stopped);
		await expect(waiting).rejects.toBe(stopped);
		await expect(orAborted(never, abort.signal)).rejects.toBe(stopped);
	});

	test('leaves no listener behind', async () => {
		const { signal } = new AbortController();
		const [add, remove] = [vi.spyOn(signal, 'addEventListener'), vi.spyOn(signal, 'removeEventListener')];
		await orAborted(Promise.resolve(), signal);
		expect([add.mock.calls.length, remove.mock.calls.length]).toEqual([1, 1]);
	});
});

describe('work that has a time', () => {
	beforeEach(() => void vi.useFakeTimers());
	afterEach(() => void vi.useRealTimers());
	const asked: { ms: number; signal: AbortSignal }[] = [];
	const sleep = (ms: number, signal: AbortSignal) => {
		asked.push({ ms, signal });
		return new Promise<void>((resolve, reject) => {
			setTimeout(resolve, ms);
			signal.addEventListener('abort', () => reject(signal.reason as Error));
		});
	};

	test('settles as it does, and then nothing waits any longer', async () => {
		expect(await orLate(Promise.resolve(1), { ms: 1000, sleep }, () => 2)).toBe(1);
		expect(asked.at(-1)).toMatchObject({ ms: 1000, signal: { aborted: true } });
		await expect(orLate(Promise.reject(stopped), { ms: 1000, sleep }, () => 2)).rejects.toBe(stopped);
	});

	test('is late after it, and not before', async () => {
		const late = vi.fn(() => 'late');
		const waiting = orLate(never, { ms: 1000, sleep }, late);
		await vi.advanceTimersByTimeAsync(999);
		expect(late).not.toHaveBeenCalled();
		await vi.advanceTimersByTimeAsync(1);
		expect(await waiting).toBe('late');
	});

	test('may throw when it is late', async () => {
		const waiting = orLate(never, { ms: 1000, sleep }, () => Promise.reject(stopped));
		const outcome = expect(waiting).rejects.toBe(stopped);
		await vi.advanceTimersByTimeAsync(1000);
		await outcome;
	});

	test('can be aborted before', async () => {
		const abort = new AbortController();
		const waiting = orLate(never, { ms: 1000, sleep, signal: abort.signal }, () => 2);
		abort.abort(stopped);
		await expect(waiting).rejects.toBe(stopped);
	});

	test('is not late at once if it may take longer than a timer can count', async () => {
		vi.useRealTimers();
		const real = async (ms: number, signal: AbortSignal) => {
			await timer(ms, undefined, { signal });
		};
		expect(await orLate(timer(50, 1), { ms: 2 ** 31, sleep: real }, () => 2)).toBe(1);
	});
});
