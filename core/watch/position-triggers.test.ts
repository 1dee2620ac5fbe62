import { describe, expect, test } from 'vitest';
import { text } from '../describe/field';
import type { Position } from '../describe/records';
import type { AnyTrigger, Compared, SnapshotSource } from '../describe/trigger';
import { deviceSilent, metresBetween, positionChanged } from './position-triggers';

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
): Compared['events'][number][][] {
	const { compare } = trigger.source as SnapshotSource;
	let before: string | undefined;
	return positions.map((position, index) => {
		const now = from + index * 60;
		const compared = compare(position, {
			before,
			first: index === 0,
			lastWatermark: now - 60,
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

	test('distances are metres on the ground', () => {
		expect(metresBetween({ latitude: 45, longitude: 25 }, { latitude: 46, longitude: 25 })).toBeCloseTo(
			111_195,
			-1,
		);
		expect(metresBetween({ latitude: 60, longitude: 25 }, { latitude: 60, longitude: 26 })).toBeCloseTo(55_597, -2);
		expect(metresBetween({ latitude: 0, longitude: 179.5 }, { latitude: 0, longitude: -179.5 })).toBeCloseTo(
			111_195,
			-1,
		);
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
});
