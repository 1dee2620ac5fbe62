import { describe, expect, test } from 'vitest';
import type { AnyOperation } from '../describe/operation';
import { canShare, WaitingRuns } from './waiting-runs';

const MOST = 3;
const batched = {
	effect: 'read',
	batch: { devices: 'devices', most: MOST, deviceOf: () => null },
} as unknown as AnyOperation;
const single = { effect: 'read' } as AnyOperation;

/** Adds runs about these devices, named by their place, and gives what begins together. */
function waiting(operation: AnyOperation, inputs: readonly Record<string, unknown>[], options: object[] = []) {
	const runs = new WaitingRuns<number>(operation);
	for (const [place, input] of inputs.entries()) runs.add(place, { input, options: options[place] ?? {} }, input);
	return runs;
}
const groupsOf = (runs: WaitingRuns<number>) => {
	const groups: number[][][] = [];
	for (let taken = runs.take(); taken !== undefined; taken = runs.take())
		groups.push(taken.map(({ callers }) => callers));
	return groups;
};
const devices = (...lists: (string[] | string)[]) => lists.map((list) => ({ devices: list }));

describe('runs that begin together', () => {
	test('are about as many devices as a request takes', () => {
		expect(groupsOf(waiting(batched, devices(['a'], ['b'], ['c'], ['d'], ['a'])))).toEqual([
			[[0], [1], [2]],
			[[3], [4]],
		]);
	});

	test('are those that ask for the same', () => {
		expect(groupsOf(waiting(batched, devices(['a'], ['b', 'c'], ['a'], ['b', 'c'])))).toEqual([
			[
				[0, 2],
				[1, 3],
			],
		]);
		expect(groupsOf(waiting(batched, devices('*', ['a'], '*')))).toEqual([[[0, 2]], [[1]]]);
		expect(groupsOf(waiting(single, [{ id: 'a' }, { id: 'b' }, { id: 'a' }]))).toEqual([[[0, 2]], [[1]]]);
	});

	test('differ in their devices only', () => {
		const inputs = [{ devices: ['a'] }, { devices: ['b'], kind: 'x' }, { devices: ['c'] }];
		expect(groupsOf(waiting(batched, inputs))).toEqual([[[0], [2]], [[1]]]);
		expect(groupsOf(waiting(batched, devices(['a'], ['b']), [{ deadlineMs: 1 }, { deadlineMs: 2 }]))).toEqual([
			[[0]],
			[[1]],
		]);
	});

	test('are told apart by what was read of values that are no text, number or truth value', () => {
		const runs = new WaitingRuns<number>(single);
		const time = (ms: number) => ({ toMillis: () => ms });
		const circular: Record<string, unknown> = {};
		circular.itself = circular;
		const inputs = [
			[1n, '1'],
			[1n, '1'],
			[2n, '2'],
			[time(1), 1],
			[time(2), 2],
			[time(1), 1],
			[circular, undefined],
			[Symbol('a'), 'a'],
		] as const;
		for (const [place, [id, read]] of inputs.entries())
			runs.add(place, { input: { id }, options: {} }, { id: read });
		expect(groupsOf(runs)).toEqual([[[0, 1]], [[2]], [[3, 5]], [[4]], [[6]], [[7]]]);
	});

	test('are not those of which only the text is the same', () => {
		expect(groupsOf(waiting(single, [{ id: 1 }, { id: '1' }, { id: undefined }, {}, { id: null }]))).toHaveLength(
			5,
		);
		expect(groupsOf(waiting(single, [{ id: 1 }, { id: 1 }], [{ limit: 1 }, { limit: 2 }]))).toHaveLength(2);
	});

	test('have waited longest, and what comes after them waits again', () => {
		const runs = waiting(batched, devices(['a'], ['b']));
		expect([runs.size, runs.requests]).toEqual([2, 1]);
		expect(runs.take()).toHaveLength(2);
		expect([runs.size, runs.requests]).toEqual([0, 0]);
		runs.add(2, { input: { devices: ['c'] }, options: {} }, { devices: ['c'] });
		expect([runs.size, groupsOf(runs)]).toEqual([1, [[[2]]]]);
	});
});

test('the oldest goes first, whatever group it is in', () => {
	const runs = waiting(batched, devices('*', ['a'], '*', ['b'], ['a']));
	expect(Array.from({ length: 4 }, () => runs.takeOldest())).toEqual([0, 1, 2, 3]);
	expect([runs.size, runs.requests, groupsOf(runs)]).toEqual([1, 1, [[[4]]]]);
	expect([runs.takeOldest(), runs.take()]).toEqual([undefined, undefined]);
});

test.each([
	[{ effect: 'read' }, true],
	[{ effect: 'read', consuming: true }, false],
	[{ effect: 'read', handsOutSession: true }, false],
	[{ effect: 'write' }, false],
	[{ effect: 'command' }, false],
])('%o shares an answer: %s', (operation, shares) => {
	expect(canShare(operation as AnyOperation)).toBe(shares);
});
