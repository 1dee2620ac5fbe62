import { describe, expect, test } from 'vitest';
import { pack } from './packing';
import { Coverage } from './stream-coverage';
import { readEntry, readStreamCursor, writeEntry } from './stream-cursor';

/** A cursor as version 1 has stored it. */
const STORED = {
	v: 1,
	event: 'newAlarm',
	mark: 1_800_000_300,
	since: 1_799_999_000,
	shorter: [[1_800_000_000, 60]],
	latest: 1_799_999_500,
	lookBack: 600,
	round: {
		next: '358899051000002',
		began: 1_800_000_240,
		before: 1_799_999_940,
		at: 1_800_000_245,
		atBefore: 1_799_999_945,
	},
	turn: 3,
	ahead: '1800000280:3j7vy4gslf',
	devices: { '358899051000003': '-1o -1oAbCd-_ 0123456' },
	behind: { '358899051000004': [1_799_999_940], '358899051000005': [1_799_999_940, 1_800_000_100, 1_800_000_240] },
	survey: '358899051000007',
	fleet: ':3j7vy4gslf,1',
	gone: '1799999940:3j7vy4gsll',
};

describe('a stored stream cursor', () => {
	test('is read, and written with the same names and values', () => {
		const read = readStreamCursor(structuredClone(STORED));
		expect(new Coverage(read, STORED.mark, STORED.lookBack).write(STORED.mark, STORED.survey)).toEqual(STORED);
	});

	test.each([
		['a time that is none', { mark: -1 }],
		['a device that says nothing', { behind: { a: [] } }],
		['an entry of another form', { devices: { a: '?' } }],
		['an entry that was cut off', { devices: { a: '-1o -1oAbC' } }],
		['an entry with something before it', { devices: { a: ' -1o -1oAbCd-_' } }],
		['another version', { v: 2 }],
		['packed text of another form', { ahead: '1800000280' }],
		['packed times that are none', { ahead: 'x:1' }],
	])('with %s is refused', (_, change) => {
		expect(() => readStreamCursor({ ...STORED, ...change })).toThrow();
	});
});

test('what was delivered is kept for as long as a window can hold it, while a read has stopped midway, too', () => {
	const at = 1_800_000_000;
	const times = [at - 700, at - 300, at + 60];
	const delivered = new Map(times.map((time, index) => [`print${String(index)}`, time]));
	const stored = (behind: object) =>
		structuredClone({
			...STORED,
			shorter: undefined,
			round: { ...STORED.round, next: undefined, began: at },
			ahead: '',
			devices: { d: writeEntry({ covered: at, newest: at, delivered }) },
			behind,
		});
	const kept = (behind: object) => {
		const cursor = new Coverage(readStreamCursor(stored(behind)), at + 240, 600).write(at, undefined);
		const { d: text } = cursor.devices as Record<string, string>;
		return times.filter((_, index) => text?.includes(`print${String(index)}`));
	};
	// Windows begin at multiples of the look-back, a look-back before what is covered.
	expect(kept({})).toEqual([at - 300, at + 60]);
	expect(kept({ d: [at - 600, at, at + 240] })).toEqual([at - 300, at + 60]);
	expect(kept({ d: [at - 600, at - 650, at + 240] })).toEqual([at - 300, at + 60]);
	expect(kept({ d: [at - 600, at - 700, at + 240] })).toEqual(times);
});

test('a vendor that makes up a list of devices with each answer does not fill the memory with them', () => {
	const at = 1_800_000_000;
	let cursor: unknown = { ...STORED, ahead: '', devices: {}, behind: {}, gone: undefined, shorter: undefined };
	const sizes: number[] = [];
	for (let poll = 0; poll < 8; poll++) {
		const named = Array.from({ length: 1000 }, (_, index) => `${String(poll)}-${String(index)}${'x'.repeat(1000)}`);
		const coverage = new Coverage(readStreamCursor(structuredClone(cursor)), at, 600);
		coverage.take(named, pack(new Map(named.map((name) => [name, 's']))));
		cursor = coverage.write(at, undefined);
		sizes.push(JSON.stringify(cursor).length);
	}
	expect(Math.max(...sizes)).toBeLessThan(6_000_000);
});

describe('the entry of a device', () => {
	test('is written as hosts have stored it', () => {
		const delivered = new Map([
			['AbCd-_', 940],
			['123456', 1000],
		]);
		expect(writeEntry({ covered: 1000, newest: 1036, delivered })).toBe('10 -1oAbCd-_ 0123456');
	});

	test('is read as it was written', () => {
		const entry = { covered: 1000, newest: 0, delivered: new Map([['AbCd-_', 2000]]) };
		expect(readEntry(writeEntry(entry), 1000)).toEqual(entry);
	});
});
