import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pack, unpack } from './packing';

describe('packed device states', () => {
	test('are written as hosts have stored them', () => {
		expect(
			pack(
				new Map([
					['358899051000002', 's'],
					['truck 7', 's'],
					['358899051000001', 's'],
					['77', 'a b'],
					['0012', 'a b'],
				]),
			),
		).toBe("s:3j7vy4gsld,1,'truck%207|a%20b:25,'0012");
		expect(pack(new Map())).toBe('');
	});

	test('hold every id and state, whatever their characters', () => {
		const id = fc.oneof(
			fc.string(),
			fc.constantFrom(
				'\ud800',
				'a\udc00b',
				'\0',
				'\0d800',
				'0',
				'0012',
				'-1',
				'1e3',
				"'x",
				'a|b:c,d',
				'999999999999999999',
				'9999999999999999999',
			),
			fc.bigInt({ min: 1n, max: 10n ** 18n - 1n }).map(String),
		);
		fc.assert(
			fc.property(fc.array(fc.tuple(id, fc.string())), (entries) => {
				const states = new Map(entries);
				expect(unpack(pack(states))).toEqual(states);
			}),
		);
	});

	test('of 10,000 devices with numbers in a row take about 4 bytes each', () => {
		const states = new Map(
			Array.from({ length: 10_000 }, (_, index) => [String(358899051000000 + index * 97), 's']),
		);
		expect(pack(states).length).toBeLessThan(40_000);
	});

	test.each(['s', 's:', 's:?', 's:1,,2', '%:1', 's:1|', `s:${'z'.repeat(13)}`])('%j is refused', (text) => {
		expect(() => unpack(text)).toThrow();
	});
});
