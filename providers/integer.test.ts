import { expect, test } from 'vitest';
import { integer } from './integer';

test.each(['0', ' -7 ', '20018', 200])('%j is a code', (value) => expect(integer.parse(value)).toBe(Number(value)));

test.each(['9'.repeat(400), '9'.repeat(17), `-${'9'.repeat(400)}`, Infinity, 1e300, '', '0x0', null])(
	'%s is none that a vendor can mean',
	(value) => expect(integer.safeParse(value).success).toBe(false),
);
