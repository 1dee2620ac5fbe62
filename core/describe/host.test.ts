import { expect, test } from 'vitest';
import { addressOf, inQuery } from './host';

test.each([
	[1, '1'],
	[0.1, '0.1'],
	[-0, '0'],
	[1e-7, '0.0000001'],
	[-5e-324, '0'],
	[1e21, '1000000000000000000000'],
	['1e5', '1e5'],
] as const)('%s in a query', (value, expected) => {
	expect(inQuery(value)).toBe(expected);
});

test('an address', () => {
	expect(
		addressOf('https://vendor.example/base/', {
			method: 'GET',
			path: '/x',
			query: { a: 'b c&d', none: undefined, tiny: 1e-9 },
		}),
	).toBe('https://vendor.example/base/x?a=b+c%26d&tiny=0.000000001');
});

test.each(['/Vehicles/../admin', '/..', '/%2e%2e/admin', '/a/..%2fadmin'])(
	'no address leads out of the base URL: %s',
	(path) => {
		expect(() => addressOf('https://vendor.example/base', { method: 'GET', path })).toThrow(
			'lead out of the base URL',
		);
	},
);
