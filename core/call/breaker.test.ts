import { expect, test } from 'vitest';
import { CircuitBreaker } from './breaker';

const broken = () => {
	const breaker = new CircuitBreaker('Vendor');
	for (let count = 0; count < 5; count++) breaker.failed(0);
	return breaker;
};

test('opens after five failures in a row, for half a minute', () => {
	const breaker = new CircuitBreaker('Vendor');
	for (let count = 0; count < 4; count++) breaker.failed(0);
	breaker.answered();
	for (let count = 0; count < 4; count++) breaker.failed(0);
	expect(breaker.enter(1)).toBeUndefined();
	breaker.failed(1000);
	expect(breaker.enter(2000)?.message).toContain('failed 5 times in a row, so requests are held back for 29 s');
	expect(breaker.enter(30_999)).toBeDefined();
	expect(breaker.enter(31_000)).toBeUndefined();
	expect(breaker.open).toBe(true);
});

test('lets one probe through at a time, and closes when it is answered', () => {
	const breaker = broken();
	expect(breaker.enter(30_000)).toBeUndefined();
	expect(breaker.enter(30_000)).toBeDefined();
	breaker.left();
	expect(breaker.enter(30_000)).toBeUndefined();
	breaker.answered();
	expect([breaker.enter(30_001), breaker.enter(30_001), breaker.open]).toEqual([undefined, undefined, false]);
});

test('tells when the probe under way has ended, however it ends', async () => {
	for (const end of ['answered', 'failed', 'left'] as const) {
		const breaker = broken();
		expect(breaker.probe).toBeUndefined();
		breaker.enter(30_000);
		const { probe } = breaker;
		expect(probe).toBeDefined();
		breaker[end](30_000);
		await probe;
		expect(breaker.probe).toBeUndefined();
	}
});

test('says that nothing was sent, and that another attempt can help', () => {
	const { advice, retryable } = broken().enter(1) ?? {};
	expect(advice).toMatch(/^Nothing was sent\./);
	expect(retryable).toBe(true);
});

test('an answer ends a row of failures', () => {
	const breaker = new CircuitBreaker('Vendor');
	for (let count = 0; count < 4; count++) breaker.failed(0);
	breaker.answered();
	breaker.failed(0);
	expect(breaker.enter(1)).toBeUndefined();

	const reopened = broken();
	expect(reopened.enter(30_000)).toBeUndefined();
	reopened.answered();
	expect([reopened.enter(30_001), reopened.enter(30_001)]).toEqual([undefined, undefined]);
});

test('stays open after a probe that fails', () => {
	const breaker = broken();
	expect(breaker.enter(30_000)).toBeUndefined();
	breaker.failed(31_000);
	expect(breaker.enter(60_000)).toBeDefined();
	expect(breaker.enter(61_000)).toBeUndefined();
});

test('a clock that was set back does not hold requests for longer', () => {
	const breaker = new CircuitBreaker('Vendor');
	for (let count = 0; count < 5; count++) breaker.failed(3_600_000);
	expect(breaker.enter(0)).toBeUndefined();
});
