import { expect, test } from 'vitest';
import { Recent } from './recent';

test('what was used last stays', () => {
	let time = 0;
	const recent = new Recent<number>(3, () => time);
	for (const [value, key] of ['a', 'b', 'c'].entries()) recent.set(key, value);
	time += 600_000;
	expect(recent.get('a')).toBe(0);
	recent.set('d', 3);
	expect(['a', 'b', 'c', 'd'].map((key) => recent.get(key))).toEqual([0, undefined, 2, 3]);
	for (let count = 0; count < 1000; count++) {
		time += 600_000;
		recent.set(String(count), count);
	}
	expect(recent.size).toBe(3);
});

test('what is in use stays, however much comes within a moment, up to a limit', () => {
	const recent = new Recent<number>(3, () => 0);
	for (let count = 0; count < 20; count++) recent.set(String(count), count);
	expect(recent.get('0')).toBe(0);
	for (let count = 20; count < 1000; count++) recent.set(String(count), count);
	expect(recent.size).toBe(30);
});
