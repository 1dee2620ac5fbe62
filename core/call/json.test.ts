import { describe, expect, test } from 'vitest';
import { heapInUse } from '../../test/support/heap-in-use';
import { TooLarge, UnexpectedAnswer } from '../describe/errors';
import { parsed } from './json';
import { sizeOf } from './json-size';

const SIZE = 16 * 1024 * 1024;
const filled = (before: string, unit: string, after: string) =>
	before + unit.repeat(Math.floor((SIZE - before.length - after.length) / unit.length)) + after;
const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
const namedBy = (count: number, unit: (name: string) => string, from = 0) =>
	Array.from({ length: count }, (_, index) => unit(`x${(from + index + 100_000).toString(36)}`)).join();
const named = (from: number, count: number) => namedBy(count, (name) => `"${name}":1`, from);
const objects = (names: (index: number) => string[]) =>
	`[${Array.from(
		{ length: 240_000 },
		(_, index) =>
			`{${names(index)
				.map((name) => `"${name}":1`)
				.join()}}`,
	).join()}]`;
/** As good as by chance, and the same each time. */
const drawn = (index: number) => {
	const mixed = Math.imul(index + 1, 0x9e3779b1);
	return Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b) >>> 12;
};

describe('an answer that would keep the program waiting is refused', () => {
	test.each([
		['lists within lists', () => '['.repeat(SIZE), TooLarge],
		['objects within objects', () => filled('', '{"a":', ''), TooLarge],
		['empty objects', () => filled('[', '{},', '1]'), TooLarge],
		['numbers', () => filled('[', '1,', '1]'), TooLarge],
		['nothing', () => filled('[', 'null,', 'null]'), TooLarge],
		['empty texts', () => filled('{"a":[', '"",', '""]}'), TooLarge],
		['65 levels', () => nested(65), UnexpectedAnswer],
		[
			'65 levels behind others',
			() => `[{"a":[],"b":{}},${'{"a":["]",'.repeat(32)}1${']}'.repeat(32)}]`,
			UnexpectedAnswer,
		],
		['2000 levels', () => nested(2000), UnexpectedAnswer],
		['names that differ', () => `{${named(0, 200_000)}}`, UnexpectedAnswer],
		[
			'names that differ, in many objects',
			() => `[${Array.from({ length: 20_000 }, (_, index) => `{${named(index * 10, 10)}}`).join()}]`,
			UnexpectedAnswer,
		],
		['names that end in a quote', () => `{${namedBy(200_000, (name) => `"${name}\\"":1`)}}`, UnexpectedAnswer],
		[
			'names that differ, with one that does not behind each',
			() => `{${namedBy(200_000, (name) => `"${name}":1,${' '.repeat(24)}"k":1`)}}`,
			UnexpectedAnswer,
		],
		[
			'names that differ before a long text',
			() => filled(`{${named(0, 150_000)},"z":"`, 'x', '"}'),
			UnexpectedAnswer,
		],
		[
			'two names that differ in each of many objects',
			() => `[${namedBy(100_000, (name) => `{"${name}\\"":1,"${name}\\"a":1}`)}]`,
			UnexpectedAnswer,
		],
		[
			'a hundred names, together with others each time',
			() => objects((index) => [0, 1, 2, 3].map((place) => `n${String(drawn(index * 4 + place) % 100)}`)),
			TooLarge,
		],
		[
			'thousands of names before the same ones',
			() => objects((index) => [`n${String(index % 3000)}`, 'a', 'b', 'c', 'd', 'e', 'f']),
			TooLarge,
		],
		[
			'objects whose names are the first ones of others',
			() =>
				`[${Array.from({ length: 22_000 }, (_, index) => {
					const chain = Math.floor(index / 100) * 100;
					const names = Array.from({ length: (index % 100) + 1 }, (__, place) =>
						(chain + place).toString(36),
					);
					return `{${names.map((name) => `"${name}":1`).join()}}`;
				}).join()}]`,
			TooLarge,
		],
		[
			'numbers for names',
			() => `[${Array.from({ length: 200_000 }, () => '{"9999999":1,"99999":1,"9999":2,"8888888":3}').join()}]`,
			TooLarge,
		],
		[
			'a few objects among many that are alike',
			() => {
				const alike = '{"lng":26.1234567,"lat":44.1234567,"time":1700000000,"speed":57},'.repeat(50_000);
				const alone = Array.from({ length: 600 }, (_, index) => `{${named(index * 120, 120)}}`).join();
				// V8 describes no more beginnings of objects with as many names.
				const others = Array.from(
					{ length: 1600 },
					(_, index) => `{"${(index + 46_656).toString(36)}":1,${named(0, 119)}}`,
				);
				return `[${alike}${others.join()},${alone},${alike}1]`;
			},
			TooLarge,
		],
		['short texts that differ', () => `[${namedBy(900_000, (name) => `"${name.slice(-5)}"`)}]`, TooLarge],
		[
			'short texts that differ, with escapes',
			() => `[${namedBy(900_000, (name) => `"${name.slice(-5)}\\n\\u000a"`)}]`,
			TooLarge,
		],
	] as const)('%s', (_, made, kind) => {
		const body = made();
		const began = process.cpuUsage();
		expect(() => parsed(body, 'The vendor')).toThrow(kind);
		const { user, system } = process.cpuUsage(began);
		// Of the processor, as other programs may take their share of the clock.
		expect((user + system) / 1000).toBeLessThan(300);
	});
});

describe('an answer as vendors send it is read', () => {
	const record = (fields: number) =>
		JSON.stringify(
			Object.fromEntries(
				Array.from({ length: fields }, (_, index) => [
					`field${String(index)}`,
					index % 3 === 0 ? `text [${String(index)}], {more}` : index,
				]),
			),
		);
	test.each([
		[
			'10,000 devices of 60 fields',
			() => `{"code":0,"record":[${Array.from({ length: 10_000 }, () => record(60)).join()}]}`,
		],
		[
			'100,000 points',
			() =>
				`[${Array.from({ length: 100_000 }, () => '{"lng":26.1234567,"lat":44.1234567,"time":1700000000,"speed":57,"course":123,"details":{"a":1}}').join()}]`,
		],
		[
			'by vehicle',
			() =>
				`{${Array.from({ length: 10_000 }, (_, index) => `"${String(index * 7919)}":[{"startDate":"2026-01-31T08:00:00","address":"Somewhere, 1","latitude":44.1,"longitude":26.2,"seconds":12}]`).join()}}`,
		],
		[
			'by vehicle, each with a name',
			() =>
				`{${Array.from({ length: 10_000 }, (_, index) => `"CT-${String(index)}-\\"${String(index * 7919)}":{"address":"${'Somewhere, '.repeat(8)}1"}`).join()}}`,
		],
		[
			'16 MiB of records',
			() => {
				const one = record(60);
				return filled('{"code":0,"record":[', `${one},`, `${one}]}`);
			},
		],
		[
			'100,000 points whose coordinates are texts',
			() =>
				`[${Array.from({ length: 100_000 }, (_, index) => `{"lng":"26.${String(drawn(index) % 99_991)}","lat":"44.${String(drawn(index) % 99_989)}","speed":"${String(index % 120)}"}`).join()}]`,
		],
		['one long text', () => JSON.stringify('[{,'.repeat(80_000))],
		['64 levels', () => nested(64)],
	])('%s', (_, made) => {
		// As it comes out of a decoder.
		const body = Buffer.from(made()).toString();
		const began = process.cpuUsage();
		const value = parsed(body, 'The vendor');
		const { user, system } = process.cpuUsage(began);
		expect((user + system) / 1000).toBeLessThan(300);
		expect(JSON.stringify(value) === JSON.stringify(JSON.parse(body))).toBe(true);
	});
});

/** Objects of so many fields at most; each field is there by chance. */
const incomplete = (count: number, fields: number, share: number) =>
	`[${Array.from({ length: count }, (_, index) => {
		const written: string[] = [];
		for (let place = 0; place < fields; place++)
			if (drawn(index * fields + place) % 1000 < share * 1000)
				written.push(`"field${String(place)}":${String(index)}`);
		return `{${written.join()}}`;
	}).join()}]`;

// Vendors leave out fields that are empty.
test.each([0.5, 0.85])('10,000 devices, of which each has %d of 60 fields, others each time, are read', (share) => {
	expect(parsed(incomplete(10_000, 60, share), 'The vendor')).toHaveLength(10_000);
});

describe('what an answer takes is estimated', () => {
	const chain = (from: number, length: number) => `{${named(from, length)}}`;
	const list = (count: number, one: (index: number) => string) =>
		`[${Array.from({ length: count }, (_, index) => one(index)).join()}]`;
	test.each([
		['fields that are left out', () => incomplete(2000, 60, 0.8)],
		['few of many fields', () => incomplete(10_000, 40, 0.15)],
		['names that differ', () => list(1400, (index) => chain(index * 50, 50))],
		['names that differ, in many objects', () => list(20_000, (index) => chain(index * 2, 2))],
		['the first names of others', () => list(4000, (index) => chain(index - (index % 100), (index % 100) + 1))],
		['two names of many', () => list(40_000, (index) => `{"a${String(index % 1500)}":1,"b${String(index)}":1}`)],
		['as many names as make a table', () => list(1000, () => chain(0, 128))],
		['numbers', () => list(40_000, () => '{"9999999":1,"99999":1,"9999":2,"8888888":3}')],
		['short texts', () => list(100_000, (index) => `"${(index + 50_000).toString(36)}"`)],
		['the same fields', () => list(10_000, () => chain(0, 60))],
	])('%s', async (_, made) => {
		const body = Buffer.from(made()).toString();
		const { bytes } = sizeOf(body, { lists: 1e6, values: 1e7, names: 1e6, bytes: 1e8 });
		const before = await heapInUse();
		const value = JSON.parse(body) as unknown[];
		const taken = (await heapInUse()) - before;
		expect(value.length).toBeGreaterThan(0);
		// 66 MB by estimate are 100 MB at most.
		expect(taken).toBeLessThan(1.5 * bytes);
		expect(bytes).toBeLessThan(3 * taken);
	});
});

test('what is no JSON is for the caller to explain', () => {
	for (const body of ['', '{', '<html>', '[1,2', '"']) expect(() => parsed(body, 'The vendor')).toThrow(SyntaxError);
});
