import { expect, test } from 'vitest';
import { Recent } from './recent';

test('what was used last stays', () => {
	const recent = new Recent<number>(3);
	for (const [value, key] of ['a', 'b', 'c'].entries()) recent.set(key, value);
	expect(recent.get('a')).toBe(0);
	recent.set('d', 3);
	expect(['a', 'b', 'c', 'd'].map((key) => recent.get(key))).toEqual([0, undefined, 2, 3]);
	for (let count = 0; count < 1000; count++) recent.set(String(count), count);
	expect(recent.size).toBe(3);
});
