import { describe, expect, test } from 'vitest';
import { Coverage } from './stream-coverage';
import { packFleet, readStreamCursor } from './stream-cursor';

const NOW = 1_800_000_000;
const DAY = 86_400;

/** A sweep that has covered all devices of an account until now. */
const stored = (fleet: readonly string[]) => ({
	v: 1,
	event: 'e',
	mark: NOW,
	since: 0,
	lookBack: 600,
	round: { began: NOW, before: NOW, at: NOW, atBefore: NOW },
	ahead: '',
	devices: {},
	behind: {},
	fleet: packFleet(fleet),
});

/** The coverage after a poll at a time whose account has these devices, through the cursor as it is stored. */
function after(cursor: object, watermark: number, devices: readonly string[]) {
	const coverage = new Coverage(readStreamCursor(structuredClone(cursor)), watermark, 600);
	coverage.take(devices, packFleet(devices));
	coverage.sweep.began = coverage.sweep.before = watermark;
	return { coverage, cursor: coverage.write(watermark, undefined) };
}

describe('the devices of an account', () => {
	test('that stay are covered by the sweep, and need nothing of their own in the cursor', () => {
		const { coverage, cursor } = after(stored(['a', 'b', 'c']), NOW + 60, ['a', 'b', 'c', 'd']);
		expect(coverage.of('a')).toBe(NOW + 60);
		expect([cursor.behind, cursor.ahead]).toEqual([{}, '']);
		expect(cursor).not.toHaveProperty('gone');
	});

	test('one that goes and comes back within a week is read from where it went', () => {
		const { cursor: without } = after(stored(['a', 'b']), NOW + 60, ['a']);
		expect(without).toMatchObject({ gone: expect.any(String) as string });
		expect(without.behind).toEqual({});
		const { cursor: still } = after(without, NOW + 5 * DAY, ['a']);
		const { coverage } = after(still, NOW + 6 * DAY, ['a', 'b']);
		expect([coverage.of('a'), coverage.of('b')]).toEqual([NOW + 6 * DAY, NOW]);
	});

	test('one that was away for longer is read as a new one', () => {
		const { cursor: without } = after(stored(['a', 'b']), NOW + 60, ['a']);
		const { cursor: still } = after(without, NOW + 8 * DAY, ['a']);
		expect(still).not.toHaveProperty('gone');
		const { coverage } = after(still, NOW + 9 * DAY, ['a', 'b']);
		expect(coverage.of('b')).toBe(NOW + 9 * DAY);
	});

	test('one that cannot be read for weeks is read from where it failed, as long as it is there', () => {
		const failing = { ...stored(['a', 'b']), behind: { a: [NOW - 60] } };
		const { coverage, cursor } = after(failing, NOW + 20 * DAY, ['a', 'b']);
		expect([coverage.of('a'), coverage.of('b')]).toEqual([NOW - 60, NOW + 20 * DAY]);
		expect(cursor).toMatchObject({ behind: { a: [NOW - 60] } });
		expect(cursor).not.toHaveProperty('gone');
	});
});
