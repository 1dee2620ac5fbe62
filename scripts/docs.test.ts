import { describe, expect, test } from 'vitest';
import { providers } from '../providers';
import { catalogLines } from './catalog-lines';

describe('the catalog', () => {
	const lines = catalogLines();
	const sectionsOf = (provider: string) =>
		lines.filter((line) => line.provider === provider).map(({ section }) => section);
	const numbers = (from: number, to: number, before = '') =>
		Array.from({ length: to - from + 1 }, (_, index) => `${before}${String(from + index)}`);
	const sorted = (sections: readonly string[]) =>
		[...sections].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));

	test('has each method of the documents with numbered sections', () => {
		expect(sorted(sectionsOf('trackceo'))).toEqual(numbers(1, 16, '2.'));
		expect(sorted(sectionsOf('etrack'))).toEqual(numbers(1, 15, '2.'));
		expect(sorted(sectionsOf('itracksense'))).toEqual(numbers(4, 42));
	});

	test("has the 39 methods of Ctrack, and of TrackGPS.ro the login, the document's method and five more", () => {
		expect(sectionsOf('ctrack')).toHaveLength(39);
		expect(sectionsOf('trackgps')).toHaveLength(7);
	});

	test('has no method twice', () => {
		expect(new Set(lines.map(({ provider, method, path }) => `${provider} ${method} ${path}`)).size).toBe(
			lines.length,
		);
	});
});

test('every operation of a vendor has a name of its own, and the same parameter is the same kind everywhere', () => {
	for (const provider of providers) {
		const names = provider.operations.map(({ resource, name }) => `${resource}.${name}`);
		expect(new Set(names).size).toBe(names.length);
	}
});
