import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvalidParams } from './errors';
import {
	ALL,
	choice,
	choices,
	flag,
	ids,
	json,
	number,
	readFields,
	readList,
	text,
	time,
	writeList,
	type Field,
	type Parting,
} from './field';

const clock = { now: Date.UTC(2026, 0, 31, 12), timeZone: 'Europe/Bucharest' };
const read = (field: Field, value: unknown) => readFields({ value: field }, { value }, clock).value;
const sentence = (field: Field, value: unknown) => {
	try {
		read(field, value);
	} catch (error) {
		expect(error).toBeInstanceOf(InvalidParams);
		return (error as Error).message;
	}
	throw new Error('was accepted');
};
const words = { title: 'Thing', description: 'A thing' };

describe('a field that is there but empty', () => {
	test.each([undefined, null, ''])('%s is missing, whatever a new node shows', (value) => {
		expect(sentence(text(words), value)).toBe(
			'Thing is missing: fill it in, or check that its expression returns a value.',
		);
		expect(sentence(number({ ...words, initial: 5 }), value)).toContain('Thing is missing');
		expect(sentence(time({ ...words, initial: '-24h' }), value)).toContain('Thing is missing');
		expect(read(text({ ...words, optional: true }), value)).toBeUndefined();
	});

	test('what the host does not know of has its initial value', () => {
		expect(
			readFields(
				{ radius: number({ ...words, initial: 300 }), on: flag({ ...words, initial: false }) },
				{},
				clock,
			),
		).toEqual({ radius: 300, on: false });
	});

	test('inherited properties are not values', () => {
		expect(() => readFields({ constructor: text(words) }, {}, clock)).toThrow('Thing is missing');
	});
});

describe('numbers', () => {
	const radius = number({ title: 'Radius', description: '', min: 100, max: 5000, integer: true, unit: 'metres' });
	test.each([
		[300, 300],
		['300', 300],
		[' 5000 ', 5000],
	])('%j is %d', (given, value) => expect(read(radius, given)).toBe(value));
	test.each([
		[99, 'Radius must be between 100 and 5000 metres, not 99.'],
		[5001, 'Radius must be between 100 and 5000 metres, not 5001.'],
		['wide', 'Radius must be a number, not "wide".'],
		[1.5e2 + 0.5, 'Radius must be a whole number, not 150.5.'],
		[NaN, 'Radius must be a number, not NaN.'],
		[[300], 'Radius must be a number, not a list.'],
	])('%j is refused', (given, message) => expect(sentence(radius, given)).toBe(message));
});

describe('lists of identifiers', () => {
	const imeis = ids({
		title: 'Devices',
		description: '',
		lookup: 'device',
		noun: 'IMEI',
		pattern: /^\d{15}$/,
		expected: 'must be 15 digits',
		all: 'all of the account',
		most: 10_000,
	});
	test.each([
		['358899051025339', ['358899051025339']],
		[' 358899051025339,355139000000234;\n358899051025339 ', ['358899051025339', '355139000000234']],
		[['358899051025339'], ['358899051025339']],
		[358899051025339, ['358899051025339']],
		[[358899051025339], ['358899051025339']],
		['*', ALL],
		[['*'], ALL],
		['["*"]', ALL],
		['["358899051025339", 355139000000234]', ['358899051025339', '355139000000234']],
		[' [358899051025339]\n', ['358899051025339']],
		['358899051025339 355139000000234', ['358899051025339', '355139000000234']],
	])('%j', (given, value) => expect(read(imeis, given)).toEqual(value));
	test.each([
		[[], 'Devices is empty: give at least one IMEI.'],
		[' , ', 'Devices is empty: give at least one IMEI.'],
		['35889905102533X', 'Devices: IMEI must be 15 digits, not "35889905102533X".'],
		[['358899051025339', undefined], 'Devices: IMEI must be a text, not undefined.'],
		[['358899051025339', '*'], 'Devices: IMEI must be 15 digits, not "*".'],
		[{ imei: '358899051025339' }, 'Devices must be a list of IMEIs, not an object.'],
		['[]', 'Devices is empty: give at least one IMEI.'],
		['[{"imei":"358899051025339"}]', 'Devices: IMEI must be a text, not an object.'],
		['["358899051025339"', 'Devices: IMEI must be 15 digits, not "["358899051025339"".'],
		// As a number, its last digits would be those of another device.
		['[35889905102533912]', 'Devices: IMEI must be a text, not 35889905102533910.'],
		[35889905102533912, 'Devices: IMEI must be a text, not 35889905102533910.'],
		[
			Array.from({ length: 10_001 }, (_, index) => String(358899051000000 + index)),
			'Devices must not name more than 10000 at once; it names 10001.',
		],
	])('%j is refused', (given, message) => expect(sentence(imeis, given)).toBe(message));
});

test('numbers of devices with blanks between them are several, as flows may have stored them; those of names are one', () => {
	const form = { title: 'It', description: '', noun: 'id', pattern: /^[\d ]+$/, expected: 'must be digits' };
	const read = (lookup: string, given: unknown) =>
		readFields({ it: ids({ ...form, lookup, parting: 'commas' }) }, { it: given }, { now: 0, timeZone: 'UTC' }).it;
	expect(read('device', '1 2; 3, 4')).toEqual(['1', '2', '3', '4']);
	expect(read('device', ['1 2'])).toEqual(['1', '2']);
	expect(read('plate', '1 2, 3')).toEqual(['1 2', '3']);
});

describe('lists of names', () => {
	const form = {
		description: '',
		lookup: 'plate',
		noun: 'plate',
		pattern: /^[^\n]{1,60}$/,
		expected: 'must be a plate',
		parting: 'commas',
	} as const;
	const plates = ids({ title: 'Plates', ...form, all: 'all of the account' });
	test.each([
		['B 10 FLT, B 11 FLT', ['B 10 FLT', 'B 11 FLT']],
		['B 10 FLT\r\n B;11 FLT ,,', ['B 10 FLT', 'B;11 FLT']],
		['B 10 FLT,b 10 flt,B 10 FLT', ['B 10 FLT', 'b 10 flt']],
		['粤B 12345,ЕК 77', ['粤B 12345', 'ЕК 77']],
		['"Max", O\'Neil', ['"Max"', "O'Neil"]],
		['[Pool] 1, [Pool] 2', ['[Pool] 1', '[Pool] 2']],
		['["A, B", "C ", "[\\"D\\"]"]', ['A, B', 'C ', '["D"]']],
		[
			['A, B', ' C '],
			['A, B', 'C'],
		],
		['*', ALL],
	])('%j', (given, value) => expect(read(plates, given)).toEqual(value));

	test('* stands alone', () => {
		expect(sentence(plates, '*, B 10 FLT')).toBe('Plates: * means all and cannot stand beside others.');
		expect(sentence(plates, ['B 10 FLT', '*'])).toBe('Plates: * means all and cannot stand beside others.');
		expect(sentence(ids({ title: 'Plates', ...form }), '*')).toBe(
			'Plates: * cannot be used here, name each plate.',
		);
	});

	test('one of them is not parted, and may be a list of one', () => {
		const plate = text({ title: 'Plate', description: '', lookup: 'plate' });
		expect(['B 10, FLT', ' B 10 ', '[B] 10', '["B 10 "]'].map((given) => read(plate, given))).toEqual([
			'B 10, FLT',
			'B 10',
			'[B] 10',
			'B 10 ',
		]);
		expect(sentence(plate, '["a","b"]')).toBe('Plate must be a text, not a list.');
	});
});

test('a list that is written is read as it was', () => {
	const names = fc.array(
		fc.oneof(
			fc.string({ minLength: 1, unit: 'grapheme' }),
			fc.constantFrom(
				'B 10 FLT',
				'A, B',
				'x;y',
				'"',
				'["a"]',
				'[1]',
				'[',
				' C ',
				'\n',
				'*',
				'粤B 12345',
				'358899051025339',
			),
		),
		{ minLength: 1, maxLength: 6 },
	);
	fc.assert(
		fc.property(names, fc.constantFrom<Parting>('commas', 'blanks'), (values, parting) => {
			expect(readList(writeList(values, parting), parting)).toEqual(values);
			for (const value of values) expect(readList(writeList([value], 'none'), 'none')).toEqual([value]);
		}),
		{ numRuns: 2000 },
	);
	// And as a person would write it, where that says the same.
	expect(writeList(['358899051025339', '355139000000234'], 'blanks')).toBe('358899051025339, 355139000000234');
	expect(writeList(['B 10 FLT', 'B 11 FLT'], 'commas')).toBe('B 10 FLT, B 11 FLT');
	expect(writeList([], 'commas')).toBe('');
});

test('texts have a length and a form, and secrets stay out of sentences', () => {
	expect(sentence(text({ ...words, max: 300 }), 'x'.repeat(301))).toBe(
		'Thing must not be longer than 300 characters; it has 301.',
	);
	expect(sentence(text({ ...words, pattern: /^a$/, expected: 'must be a' }), 'b')).toBe('Thing must be a, not "b".');
	expect(sentence(text({ ...words, pattern: /^a$/, expected: 'must be a', secret: true }), 'hunter22')).not.toContain(
		'hunter22',
	);
	expect(sentence(text(words), { a: 1 })).toBe('Thing must be a text, not an object.');
});

test('choices, flags and JSON', () => {
	const options = [
		{ value: 'a', title: 'A' },
		{ value: 'b', title: 'B' },
	] as const;
	expect(read(choice({ ...words, options }), 'a')).toBe('a');
	expect(sentence(choice({ ...words, options }), 'c')).toBe('Thing must be one of "a", "b", not "c".');
	expect(read(choices({ ...words, options }), 'a,b')).toEqual(['a', 'b']);
	expect(sentence(choices({ ...words, options }), ['c'])).toContain('must only hold');
	expect(read(flag({ ...words, initial: true }), 'false')).toBe(false);
	expect(sentence(flag({ ...words, initial: true }), 'perhaps')).toContain('must be true or false');
	expect(read(json(words), '{"a":1}')).toEqual({ a: 1 });
	expect(sentence(json(words), '[1]')).toContain('must be a JSON object');
});

test('a field counts only while another has the value it is shown for', () => {
	const fields = {
		command: choice({
			...words,
			options: [
				{ value: 'a', title: 'A' },
				{ value: 'b', title: 'B' },
			],
		}),
		more: text({ ...words, when: { command: ['b'] } }),
	};
	expect(readFields(fields, { command: 'a' }, clock)).toEqual({ command: 'a' });
	expect(() => readFields(fields, { command: 'b' }, clock)).toThrow('Thing is missing');
});
