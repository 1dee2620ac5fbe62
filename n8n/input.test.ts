import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readFields, type Field, type Fields } from '../core/describe/field';
import { fieldsOfTrigger } from '../core/describe/trigger';
import { providers } from '../providers';
import { valueFor } from './input';

const locator = (mode: string, value: unknown) => ({ __rl: true, mode, value });
/** What a run would ask for. */
const asked = (field: Field, value: unknown, stored = value) =>
	readFields(
		{ value: Object.create(field, { when: { value: undefined } }) as Field },
		{ value: valueFor(field, value, stored) },
		{ now: 0, timeZone: 'UTC' },
	).value;

const fields = providers.flatMap((provider) =>
	[
		...provider.operations.map(({ resource, name, params }) => [`${resource}.${name}`, params as Fields] as const),
		...provider.triggers.map((trigger) => [trigger.name, fieldsOfTrigger(trigger)] as const),
	].flatMap(([where, all]) =>
		Object.entries(all).flatMap(([name, field]) =>
			field.lookup === undefined ? [] : [[`${provider.name} ${where} ${name}`, field] as const],
		),
	),
);

const NAMES = [
	'B 10 FLT',
	'C;D',
	' Van 9 ',
	'"Max"',
	"O'Neil",
	'[Pool] 1',
	'["A"]',
	'粤B 12345',
	'=1',
	'demo north',
	'358899051025339',
	'566',
	'1024',
];

describe.each(fields)('%s', (_, field) => {
	test('what is picked is one value, as it is', () => {
		const accepts = (value: string) => field.schema.safeParse(field.kind === 'ids' ? [value] : value).success;
		const values = NAMES.filter(accepts);
		expect(values.length).toBeGreaterThan(0);
		for (const value of values)
			expect(asked(field, locator('list', value))).toEqual(field.kind === 'ids' ? [value] : value);
		if (field.all) expect(asked(field, locator('list', '*'))).toBe('*');
		if (field.required) expect(() => asked(field, locator('list', ''))).toThrow('is missing');
		else expect(asked(field, locator('list', ''))).toBeUndefined();
	});
});

describe('several', () => {
	const [, plates] = fields.find(([name]) => name === 'itracksense position.getCurrentByPlate plates')!;
	test('by name: with commas, or as a list', () => {
		expect(asked(plates, locator('id', 'B 10 FLT, B 11 FLT'))).toEqual(['B 10 FLT', 'B 11 FLT']);
		expect(asked(plates, locator('id', '["B 10 FLT", "B 11 FLT"]'))).toEqual(['B 10 FLT', 'B 11 FLT']);
		expect(asked(plates, ['B 10 FLT', 'B 11 FLT'])).toEqual(['B 10 FLT', 'B 11 FLT']);
	});

	test("an expression in the list's place is read as any other", () => {
		expect(asked(plates, locator('list', 'B 10 FLT, B 11 FLT'), locator('list', '={{ $json.plates }}'))).toEqual([
			'B 10 FLT',
			'B 11 FLT',
		]);
		expect(asked(plates, locator('list', ['B 10 FLT']))).toEqual(['B 10 FLT']);
	});

	test('a plate with a comma is never two others', () => {
		expect(() => asked(plates, locator('list', 'B 10, B 11'))).toThrow(
			'Plates: plate must have at most 60 characters and no comma, at which iTracksense would end it (name such a vehicle by its device ID), not "B 10, B 11".',
		);
		fc.assert(
			// What begins with = is an expression to n8n, wherever it stands.
			fc.property(
				fc.string().filter((text) => !text.startsWith('=')),
				fc.string(),
				(a, b) => {
					expect(() => asked(plates, locator('list', `${a},${b}`))).toThrow('Plates');
				},
			),
		);
	});
});
