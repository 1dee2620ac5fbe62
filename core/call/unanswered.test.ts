import { describe, expect, test } from 'vitest';
import type { AnyOperation } from '../describe/operation';
import { Unanswered } from './unanswered';

const each = { devices: 'devices', deviceOf: (row: { id?: string }) => row.id ?? null };
const asking = (...devices: string[]) => new Unanswered({ each } as unknown as AnyOperation, { devices });
const rows = (...ids: string[]) => ids.map((id) => ({ id }));
const none = () => false;

describe('of an answer with one record for each device', () => {
	test('the devices without one are named, however they are written', () => {
		const unanswered = asking('A', 'b', 'c');
		expect(unanswered.answered(rows('a ', 'B'), none)).toEqual(rows('a ', 'B'));
		expect(unanswered.sentence('Vendor', none)).toBe(
			'Vendor returned no record for "c": it may not exist, or the account may not see it.',
		);
	});

	test('nothing is said where all have one', () => {
		const unanswered = asking('a', 'b');
		unanswered.answered(rows('b'), none);
		unanswered.answered(rows('a'), none);
		expect(unanswered.sentence('Vendor', none)).toBeUndefined();
	});

	test('nothing is said of as many as came under names that nobody asked for', () => {
		const unanswered = asking('a', 'b', 'c');
		unanswered.answered(rows('x', 'y'), none);
		expect(unanswered.sentence('Vendor', none)).toMatch(
			/no record for "a", "b", "c": they may not exist, .* see them\.$/,
		);
		unanswered.answered(rows('z'), none);
		expect(unanswered.sentence('Vendor', none)).toBeUndefined();
	});

	test('what came of a device that has failed is left out, and the device is not named again', () => {
		const unanswered = asking('a', 'b');
		const failed = (device: string) => device === 'a';
		expect(unanswered.answered(rows('a', 'b'), failed)).toEqual(rows('b'));
		expect(unanswered.sentence('Vendor', failed)).toBeUndefined();
	});

	test('twenty are named, and the others counted', () => {
		const names = Array.from({ length: 22 }, (_, place) => `n${String(place + 10)}`);
		expect(asking(...names.slice(0, 20)).sentence('Vendor', none)).toContain('"n28", "n29": they');
		expect(asking(...names).sentence('Vendor', none)).toContain('"n28", "n29" and 2 more: they');
	});
});

test('an operation that gives any number of records for a device names none', () => {
	const unanswered = new Unanswered({} as AnyOperation, { devices: ['a'] });
	expect(unanswered.answered(rows('x'), () => true)).toEqual(rows('x'));
	expect(unanswered.sentence('Vendor', none)).toBeUndefined();
});
