import { describe, expect, test, vi } from 'vitest';
import { instantOfLocal, localOfInstant } from './time';

const DAY = 86_400_000;

/** Those of the vendors' accounts, and the oddest that there are. */
const ZONES = [
	'UTC',
	'Asia/Shanghai',
	'Europe/Bucharest',
	'Africa/Johannesburg',
	'Europe/Berlin',
	'Europe/Dublin',
	'America/New_York',
	// Half an hour, in summer only.
	'Australia/Lord_Howe',
	'Asia/Kathmandu',
	// Summer time ends for Ramadan.
	'Africa/Casablanca',
	// Two hours.
	'Antarctica/Troll',
	// Without a 30th of December in 2011.
	'Pacific/Apia',
	// Summer time of a week, in 2000 and in 2040.
	'America/Noronha',
	'Asia/Gaza',
	// Of four days, in 1939.
	'Africa/Freetown',
	'Asia/Manila',
	'America/St_Johns',
	'Pacific/Chatham',
];

/** How far the wall clock is ahead, as Intl has it, asked anew for each instant. */
function reference(zone: string) {
	const format = new Intl.DateTimeFormat('en-US', {
		timeZone: zone,
		hourCycle: 'h23',
		year: 'numeric',
		month: '2-digit',
		day: '2-digit',
		hour: '2-digit',
		minute: '2-digit',
		second: '2-digit',
	});
	const offset = (instant: number) => {
		const { year, month, day, hour, minute, second } = Object.fromEntries(
			format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]),
		);
		return Date.UTC(year!, month! - 1, day, hour, minute, second) - Math.floor(instant / 1000) * 1000;
	};
	const instantOf = (local: number) => {
		const around = [offset(local - DAY), offset(local + DAY)];
		const instants = around.map((ahead) => local - ahead).filter((instant) => instant + offset(instant) === local);
		return instants.length > 0 ? Math.min(...instants) : local - around[0]!;
	};
	return { offset, instantOf };
}

/** Seconds at which the clock jumps, to the second. */
function jumps(offset: (instant: number) => number): number[] {
	const found: number[] = [];
	for (let at = Date.UTC(1935, 0); at < Date.UTC(2060, 0); at += 3 * DAY) {
		let [low, high] = [at, at + 3 * DAY];
		if (offset(low) === offset(high)) continue;
		while (high - low > 1000) {
			const middle = Math.floor((low + high) / 2000) * 1000;
			if (offset(middle) === offset(low)) low = middle;
			else high = middle;
		}
		found.push(high);
	}
	return found;
}

let seed = 1;
const random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
const FIRST = Date.UTC(1000, 0, 3);
const LAST = Date.UTC(9999, 11, 28);

describe('the wall clock is that of Intl', () => {
	test.each(ZONES)('%s: at each jump of it, and at any time', (zone) => {
		const { offset, instantOf } = reference(zone);
		const around = jumps(offset).flatMap((jump) =>
			[0, 1, 900, 1800, 3600, 7200, 86_400].flatMap((seconds) => [jump - seconds * 1000, jump + seconds * 1000]),
		);
		const any = Array.from({ length: 500 }, () => Math.floor((FIRST + random() * (LAST - FIRST)) / 1000) * 1000);
		const ours = Array.from({ length: 500 }, () => Math.floor((random() * 2100 - 900) * 3e7) * 1000);
		const wrong = [...around, ...any, ...ours].filter((instant) => {
			const ahead = offset(instant);
			const shown = instant + ahead;
			return (
				localOfInstant(instant, zone) !== shown ||
				instantOfLocal(shown, zone) !== instantOf(shown) ||
				// In the hour that is missing, too.
				instantOfLocal(instant, zone) !== instantOf(instant)
			);
		});
		expect(wrong.map((instant) => new Date(instant).toISOString())).toEqual([]);
	});
});

test.each(['Europe/Bucharest', 'Africa/Casablanca', 'America/St_Johns'])(
	'whatever local times there are in %s, Intl is asked once for some days, and never again',
	(zone) => {
		const asked = [
			vi.spyOn(Intl.DateTimeFormat.prototype, 'formatToParts'),
			vi.spyOn(Intl.DateTimeFormat.prototype as { readonly format: unknown }, 'format', 'get'),
		];
		const count = () => asked.reduce((sum, { mock }) => sum + mock.calls.length, 0);
		const step = Math.floor((LAST - FIRST) / 200_000);
		for (let at = FIRST; at < LAST; at += step) instantOfLocal(at, zone);
		expect(count()).toBeLessThan(110_000);
		const before = count();
		for (let at = FIRST + step / 2; at < LAST; at += step) instantOfLocal(at, zone);
		expect(count() - before).toBeLessThan(20_000);
		vi.restoreAllMocks();
	},
);
