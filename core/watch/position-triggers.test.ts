import { describe, expect, test } from 'vitest';
import { text } from '../describe/field';
import type { Position } from '../describe/records';
import type { AnyTrigger, Compared, SnapshotSource } from '../describe/trigger';
import { deviceSilent, positionChanged, statusChanged } from './position-triggers';

const devices = text({ title: 'Device', description: 'Any' });
const declared = { devices, evidence: { section: '1', grade: 'C' } } as const;
const NOW = 1_800_000_000;
const iso = (seconds: number) => new Date(seconds * 1000).toISOString();

const at = (values: Partial<Position>) =>
	({ deviceId: '1', time: null, latitude: null, longitude: null, seenAt: null, ...values }) as Position;

/** Compares one position after another, each a minute after the one before. */
function watch(
	trigger: AnyTrigger,
	params: object,
	positions: readonly Position[],
	from = NOW,
	every = 60,
): Compared['events'][number][][] {
	const { compare } = trigger.source as SnapshotSource;
	let before: string | undefined;
	return positions.map((position, index) => {
		const now = from + index * every;
		const compared = compare(position, {
			before,
			first: index === 0,
			lastWatermark: now - every,
			watermark: now,
			now,
			lookBack: 600,
			params: params as never,
		});
		before = compared.state;
		return [...compared.events];
	});
}

const counts = (events: readonly unknown[][]) => events.map(({ length }) => length);

describe('Position Changed', () => {
	const trigger = positionChanged(declared);
	/** A fix each minute, so many metres further north. */
	const track = (...metres: number[]) =>
		metres.map((north, place) =>
			at({ time: iso(NOW + place * 60), latitude: 45 + north / 111_195, longitude: 25 }),
		);

	test('sends each new fix, and the same one once', () => {
		expect(counts(watch(trigger, {}, track(0, 10, 20)))).toEqual([1, 1, 1]);
		const [fix = at({})] = track(0);
		expect(counts(watch(trigger, {}, [fix, fix, fix]))).toEqual([1, 0, 0]);
	});

	test('Min Distance is counted from the last position that was sent', () => {
		expect(counts(watch(trigger, { minDistance: 100 }, track(0, 40, 80, 120, 160, 230)))).toEqual([
			1, 0, 0, 1, 0, 1,
		]);
		expect(counts(watch(trigger, { minDistance: 100 }, track(0, 98, 102, 110)))).toEqual([1, 0, 1, 0]);
	});

	test('Min Time is counted from the time of the last position that was sent', () => {
		expect(counts(watch(trigger, { minSeconds: 150 }, track(0, 1, 2, 3, 4, 5, 6)))).toEqual([1, 0, 0, 1, 0, 0, 1]);
		expect(counts(watch(trigger, { minSeconds: 120 }, track(0, 1, 2, 3, 4)))).toEqual([1, 0, 1, 0, 1]);
	});

	test('with both, either suffices', () => {
		expect(
			counts(watch(trigger, { minDistance: 100, minSeconds: 180 }, track(0, 150, 160, 170, 180, 400))),
		).toEqual([1, 1, 0, 0, 1, 1]);
	});

	describe('of a receiver whose clock fell back by 1024 weeks', () => {
		const WEEKS = 1024 * 7 * 86_400;
		/** Good fixes, then those of the fallen clock. */
		const fallen = (drives: boolean, heard: (now: number) => number | null = (now) => now) =>
			Array.from({ length: 8 }, (_, place) => {
				const now = NOW + place * 60;
				const seen = heard(now);
				return at({
					time: iso(place < 2 ? now : now - WEEKS),
					latitude: 45 + (drives || place < 2 ? place / 100 : 0.01),
					longitude: 25,
					seenAt: seen === null ? null : iso(seen),
				});
			});

		test('sends each fix while it drives, marked as doubtful', () => {
			const events = watch(trigger, {}, fallen(true));
			expect(counts(events)).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
			expect(events.flat().map(({ doubtful = false }) => doubtful)).toEqual([
				...[false, false],
				...[true, true, true, true, true, true],
			]);
			expect(counts(watch(trigger, { minDistance: 100 }, fallen(true)))).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
		});

		test('sends none where the place stays the same, and goes on once the clock is right again', () => {
			expect(counts(watch(trigger, {}, fallen(false).slice(0, 3)))).toEqual([1, 1, 0]);
			const right = at({ time: iso(NOW + 8 * 60), latitude: 46, longitude: 25, seenAt: iso(NOW + 8 * 60) });
			expect(counts(watch(trigger, {}, [...fallen(true), right])).at(-1)).toBe(1);
		});

		test('an older fix that the vendor returns for once is no news', () => {
			const older = at({ time: iso(NOW - 3600), latitude: 44, longitude: 25, seenAt: iso(NOW + 120) });
			const yesterday = at({ time: iso(NOW - 90_000), latitude: 44, longitude: 25, seenAt: iso(NOW - 90_000) });
			const [first, second] = fallen(true);
			expect(counts(watch(trigger, {}, [first!, second!, older, yesterday, second!]))).toEqual([1, 1, 0, 0, 0]);
		});

		test('sends its fixes also where no state of it was left, from the second on', () => {
			const parked = at({ time: iso(NOW - 7 * 86_400), latitude: 45, longitude: 25, seenAt: iso(NOW) });
			const positions = [parked, parked, ...fallen(true).slice(2)];
			expect(counts(watch(trigger, {}, positions)).slice(1)).toEqual([0, 0, 1, 1, 1, 1, 1]);
			// It stands for an hour, and goes on.
			const [, , , one, two] = fallen(true);
			expect(counts(watch(trigger, {}, [parked, one!, ...Array<Position>(60).fill(one!), two!])).at(-1)).toBe(1);
		});
	});
});

describe('Device Silent', () => {
	const trigger = deviceSilent(declared);
	const heard = (...ago: number[]) => ago.map((seconds, place) => at({ seenAt: iso(NOW + place * 60 - seconds) }));

	test('sends one event when the minutes are over, to the second', () => {
		expect(counts(watch(trigger, { minutes: 60 }, heard(3599)))).toEqual([0]);
		expect(counts(watch(trigger, { minutes: 60 }, heard(3600)))).toEqual([1]);
		expect(counts(watch(trigger, { minutes: 60 }, heard(3540, 3600, 3660)))).toEqual([0, 1, 0]);
	});

	test('says for how long the device has been silent, and for how long it had been when it reports again', () => {
		// Its last report was 70 minutes before the first poll. It reports again just before the third.
		const events = watch(trigger, { minutes: 60 }, heard(4200, 4260, 0)).flat();
		expect(events).toMatchObject([
			{ silent: true, silentMinutes: 70 },
			{ silent: false, silentMinutes: 72 },
		]);
	});

	describe('of a device whose clock is wrong', () => {
		const YEAR = 365 * 86_400;
		/** A report in each of some minutes, then none. */
		const dies = (minutes: number, offset: number, seenAt: 'too' | 'right' | 'never', length = 15) =>
			Array.from({ length }, (_, place) => {
				const reported = NOW + Math.min(place, minutes) * 60;
				const seen = seenAt === 'never' ? null : iso(seenAt === 'too' ? reported + offset : reported);
				return at({ time: iso(reported + offset), seenAt: seen });
			});
		const silences = (positions: Position[], minutes = 5) =>
			watch(trigger, { minutes }, positions).flatMap((events, place) =>
				events.map(({ silent, silentMinutes }) => [place, silent, silentMinutes]),
			);

		test.each([
			['a year ahead', YEAR],
			['eight hours ahead', 8 * 3600],
			['six minutes ahead', 360],
		])('%s: it falls silent all the same', (_, offset) => {
			for (const seenAt of ['too', 'right', 'never'] as const) {
				expect(silences(dies(4, offset, seenAt)), seenAt).toEqual([[9, true, 5]]);
				expect(silences(dies(0, offset, seenAt)), seenAt).toEqual([[5, true, 5]]);
			}
		});

		test('its time of the future is no report when the future has come', () => {
			expect(silences(dies(2, 40 * 60, 'never', 120), 60)).toEqual([[62, true, 60]]);
			expect(silences(dies(2, 40 * 60, 'right', 120), 60)).toEqual([[62, true, 60]]);
		});

		test('nor are both of its times, where they differ', () => {
			const [time, seenAt] = [iso(NOW + 2400), iso(NOW + 2580)];
			expect(silences(Array.from({ length: 120 }, () => at({ time, seenAt })))).toEqual([[5, true, 5]]);
			expect(silences(Array.from({ length: 120 }, () => at({ time: seenAt, seenAt: time })))).toEqual([
				[5, true, 5],
			]);
		});

		test('a fix that is always dated the same, far ahead, does not hide that the vendor hears nothing', () => {
			const fixed = iso(NOW + YEAR);
			const positions = Array.from({ length: 10 }, () => at({ time: fixed, seenAt: iso(NOW) }));
			expect(silences(positions)).toEqual([[5, true, 5]]);
		});

		test('behind by hours: silent until three fixes are behind by the same, then as any other', () => {
			expect(silences(dies(10, -8 * 3600, 'too', 20))).toEqual([
				[0, true, 480],
				[3, false, expect.any(Number)],
				[15, true, 5],
			]);
		});

		test('late uploads of a device that has been away are no clock', () => {
			const uploads = [0, 600, 1400, 2300, 2900].map((later) => at({ time: iso(NOW - 20_000 + later) }));
			expect(silences(uploads)).toEqual([[0, true, 333]]);
		});

		test('that is set right again: it goes on as any other', () => {
			const positions = [8 * 3600, 8 * 3600, 0, 0, 0, 0].map((offset, place) =>
				at({ time: iso(NOW + place * 60 + offset) }),
			);
			const dead = Array.from({ length: 6 }, () => positions[5]!);
			expect(silences([...positions, ...dead])).toEqual([[10, true, 5]]);
		});
	});

	test('states that earlier versions stored are read', () => {
		const { compare } = trigger.source as SnapshotSource;
		const compared = compare(at({ time: iso(NOW) }), {
			...{ before: (NOW - 7200).toString(36), first: false, lastWatermark: NOW - 60, watermark: NOW, now: NOW },
			...{ lookBack: 600, params: { minutes: 60 } as never },
		});
		expect(compared).toMatchObject({ state: undefined, events: [{ silent: false, silentMinutes: 120 }] });
	});
});

describe('Status Changed', () => {
	const OF = ['status', 'ignition', 'doorOpen'] as const;
	const trigger = statusChanged({ ...declared, of: OF });
	const changes = (params: object, ...positions: Partial<Position>[]) =>
		watch(
			trigger,
			params,
			positions.map((values) => at({ status: null, ignition: null, doorOpen: null, ...values })),
		).map((events) => events.map(({ change, from, to }) => [change, from, to]));

	test('says each value before and now as the position has it', () => {
		const values = ['neverOnline', 'online', 'offline', 'blocked', 'expired', 'online'] as const;
		expect(changes({}, ...values.map((status) => ({ status })))).toEqual([
			[],
			...values.slice(1).map((to, before) => [['status', values[before], to]]),
		]);
		expect(changes({}, { ignition: false }, { ignition: true }, { ignition: false })).toEqual([
			[],
			[['ignition', false, true]],
			[['ignition', true, false]],
		]);
	});

	test('tells several at once, and only those that were chosen', () => {
		const [before, after] = [
			{ status: 'online', ignition: true, doorOpen: false },
			{ status: 'offline', ignition: true, doorOpen: true },
		] as const;
		expect(changes({}, before, after)[1]).toEqual([
			['status', 'online', 'offline'],
			['doorOpen', false, true],
		]);
		expect(changes({ changes: ['doorOpen', 'ignition'] }, before, after)[1]).toEqual([['doorOpen', false, true]]);
	});

	test('compares with the last known value', () => {
		expect(changes({}, { ignition: true }, {}, { ignition: true }, {}, { ignition: false })).toEqual([
			[],
			[],
			[],
			[],
			[['ignition', true, false]],
		]);
	});

	test('two changes within one report are two events', () => {
		const positions = [
			{ status: 'online', ignition: true },
			{ status: 'offline', ignition: false },
		] as const;
		const [, events = []] = watch(
			trigger,
			{},
			positions.map((values) => at({ doorOpen: null, time: iso(NOW), ...values })),
		);
		expect(new Set(events.map(({ key }) => key)).size).toBe(2);
	});
});

test('changes of a device whose fix is always dated the same have ids of their own', () => {
	const { source } = statusChanged({ ...declared, of: ['ignition'] });
	const { compare } = source as SnapshotSource;
	const keys = [1, 2, 3].map((minute) => {
		const now = NOW + minute * 60;
		const ignition = minute % 2 === 0;
		const position = at({ time: iso(NOW + 9_000_000), seenAt: iso(now), ignition });
		const comparison = {
			first: false,
			lastWatermark: now,
			watermark: now,
			now,
			lookBack: 600,
			params: {} as never,
		};
		return compare(position, { ...comparison, before: ignition ? '0' : '1' }).events.map(({ key }) => key);
	});
	expect(new Set(keys.flat()).size).toBe(3);
});
