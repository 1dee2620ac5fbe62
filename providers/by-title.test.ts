import { describe, expect, test } from 'vitest';
import { byTitle } from './by-title';

const listOf = (titles: readonly string[]) => titles.map((title) => ({ value: title, title }));
const titlesOf = (titles: readonly string[]) => byTitle(listOf(titles)).map(({ title }) => title);
const numbered = (size: number) => Array.from({ length: size }, (_, place) => `T ${String((place * 7919) % size)}`);

describe('choices by title', () => {
	test('as a person counts and writes', () => {
		expect(titlesOf(['Truck 10', 'truck 2', 'Élan', 'Zebra', 'Eland', 'Truck 2 b', '7'])).toEqual([
			'7',
			'Élan',
			'Eland',
			'truck 2',
			'Truck 2 b',
			'Truck 10',
			'Zebra',
		]);
	});

	test('up to 20,000 of them', () => {
		expect(titlesOf(numbered(20_000)).slice(0, 3)).toEqual(['T 0', 'T 1', 'T 2']);
	});

	test('sign by sign where there are more, or where they are long', () => {
		expect(titlesOf(numbered(20_001)).slice(0, 3)).toEqual(['T 0', 'T 1', 'T 10']);
		const long = 'x'.repeat(600_000);
		expect(titlesOf([`${long}2`, `${long}10`])).toEqual([`${long}10`, `${long}2`]);
	});

	test('as they came where there are more than anybody looks through', () => {
		expect(titlesOf(numbered(100_001))).toEqual(numbered(100_001));
	});
});
