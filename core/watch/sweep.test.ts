import { expect, test } from 'vitest';
import { coveredUntil, leftOf, nextSweep, type Sweep } from './sweep';

const sweep = (next?: string): Sweep => ({
	...(next === undefined ? {} : { next }),
	began: 200,
	before: 100,
	at: 2000,
	atBefore: 1000,
});

test('devices before the next one are covered by this sweep, the others by the one before', () => {
	expect(['a', 'b', 'c'].map((id) => coveredUntil(sweep('b'), id))).toEqual([200, 100, 100]);
	expect(coveredUntil(sweep(), 'a')).toBe(200);
});

test('a sweep that is not complete does not begin again, nor does one over no devices', () => {
	const unfinished = sweep('b');
	nextSweep(unfinished, ['a', 'b'], 300, 3000);
	expect(unfinished).toEqual(sweep('b'));
	const empty = sweep();
	nextSweep(empty, [], 300, 3000);
	expect(empty).toEqual(sweep());
});

test('the next sweep begins with the first device, and keeps when the one before began', () => {
	const next = sweep();
	nextSweep(next, ['a', 'b'], 300, 3000);
	expect(next).toEqual({ next: 'a', began: 300, before: 200, at: 3000, atBefore: 2000 });
});

test('a sweep continues behind a device that has gone', () => {
	expect(leftOf(sweep('b'), ['a', 'c', 'd'])).toEqual(['c', 'd']);
	expect(leftOf(sweep('e'), ['a', 'c', 'd'])).toEqual([]);
	expect(leftOf(sweep(), ['a'])).toEqual([]);
});
