import { describe, expect, test } from 'vitest';
import { TooLarge, UnexpectedAnswer } from '../describe/errors';
import { parsed } from './json';

const SIZE = 16 * 1024 * 1024;
const filled = (before: string, unit: string, after: string) =>
	before + unit.repeat(Math.floor((SIZE - before.length - after.length) / unit.length)) + after;
const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
const named = (from: number, count: number) =>
	Array.from({ length: count }, (_, index) => `"${((from + index) * 2_654_435_761).toString(36)}":1`).join();

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
		['names that differ', () => `{${named(0, 1_000_000)}}`, UnexpectedAnswer],
		[
			'names that differ, in many objects',
			() => `[${Array.from({ length: 100_000 }, (_, index) => `{${named(index * 10, 10)}}`).join()}]`,
			UnexpectedAnswer,
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
		['one long text', () => JSON.stringify('[{,'.repeat(80_000))],
		['64 levels', () => nested(64)],
	])('%s', (_, made) => {
		const body = made();
		expect(parsed(body, 'The vendor')).toEqual(JSON.parse(body));
	});
});

test('what is no JSON is for the caller to explain', () => {
	for (const body of ['', '{', '<html>', '[1,2', '"']) expect(() => parsed(body, 'The vendor')).toThrow(SyntaxError);
});
