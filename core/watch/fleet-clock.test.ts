import { describe, expect, test, vi } from 'vitest';
import type { SharedLogin } from '../call/account';
import { noteClocks } from './fleet-clock';

const NOW = 1_800_000_000;
const HOUR = 3600;

/** An account whose devices report at these times by their own clocks, poll by poll. */
function account(title = 'Vendor') {
	const warnings: string[] = [];
	const shared = {} as SharedLogin;
	return {
		warnings,
		poll: (now: number, times: Record<string, number | undefined>) =>
			noteClocks(
				{ now, client: { shared, provider: { title }, warn: (words) => warnings.push(words) } },
				new Map(Object.entries(times)),
			),
	};
}

describe('a clock that is wrong', () => {
	test('of the vendor or of this machine is said once, and how far it is', () => {
		const { warnings, poll } = account();
		for (let minute = 0; minute < 5; minute++) {
			const now = NOW + minute * 60;
			poll(now, { a: now + 8 * HOUR, b: now + 8 * HOUR - 50, c: now - 3 * 86_400, d: now + 8 * HOUR });
		}
		expect(warnings).toEqual([
			"Vendor's times are about 8 hours ahead of this machine's clock. Check that clock, and the time zone in the account if it has one.",
		]);
	});

	test('of 200,000 devices is no more than functions take', () => {
		const { warnings, poll } = account();
		const names = Array.from({ length: 200_000 }, (_, place) => String(place));
		poll(NOW, Object.fromEntries(names.map((name) => [name, NOW + 8 * HOUR])));
		expect(warnings[0]).toMatch(/^Vendor's times are about 8 hours ahead/);
	});

	test('of some devices is said once for each', () => {
		const { warnings, poll } = account();
		const now = NOW;
		poll(now, { a: now, b: now + 365 * 86_400, c: now - 20 });
		poll(now + 60, { a: now, b: now + 365 * 86_400, c: now + 2 * HOUR, d: now, e: now });
		expect(warnings).toEqual([
			'The clock of "b" is ahead: what it reports is dated in the future. Events that are dated so are marked as doubtful.',
			'The clock of "c" is ahead: what it reports is dated in the future. Events that are dated so are marked as doubtful.',
		]);
	});

	test('a vendor that is behind by hours is said after three times that were behind when they were new', () => {
		const { warnings, poll } = account();
		for (let minute = 0; minute < 3; minute++)
			poll(NOW + minute * 60, { a: NOW + minute * 60 - 3 * HOUR, b: undefined });
		expect(warnings).toEqual([]);
		for (let minute = 3; minute < 9; minute++)
			poll(NOW + minute * 60, { a: NOW + minute * 60 - 3 * HOUR, b: undefined });
		expect(warnings).toEqual([
			"Vendor's times are about 3 hours behind this machine's clock. Check that clock, and the time zone in the account if it has one.",
		]);
	});

	test('a fleet that is quiet, seldom asked about or away for a while has none', () => {
		const { warnings, poll } = account();
		// Parked for a night.
		for (let minute = 0; minute < 600; minute++) poll(NOW + minute * 60, { a: NOW - 100 });
		// A report each half an hour, read twenty minutes later, each half an hour.
		for (let round = 0; round < 10; round++) poll(NOW + 40_000 + round * 1800, { a: NOW + 38_800 + round * 1800 });
		// It sends what it kept while it was away.
		for (let round = 0; round < 10; round++) poll(NOW + 80_000 + round * 60, { a: NOW + 70_000 + round * 900 });
		// A clock that is four minutes ahead.
		poll(NOW + 90_000, { a: NOW + 90_240 });
		expect(warnings).toEqual([]);
	});
});

test('however many devices a vendor makes up, no more than some are remembered', () => {
	const add = vi.spyOn(Set.prototype, 'add');
	const { warnings, poll } = account();
	for (let minute = 0; minute < 10; minute++) {
		const names = Array.from({ length: 400 }, (_, index) => [
			`made up ${String(minute)}-${String(index)}`,
			NOW + 86_400,
		]);
		const good = Array.from({ length: 500 }, (_, index) => [`good ${String(index)}`, NOW]);
		poll(NOW, Object.fromEntries([...names, ...good]) as Record<string, number>);
	}
	const kept = add.mock.calls.filter(([value]) => String(value).includes('made up'));
	add.mockRestore();
	expect(kept).toHaveLength(1000);
	expect(warnings).toHaveLength(3);
});
