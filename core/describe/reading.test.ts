import { expect, test } from 'vitest';
import { present, Reading, unread } from './reading';

test('a run tells once of what it cannot read, by the first of it', () => {
	const reading = new Reading(() => 42);
	expect(reading.warning).toBeUndefined();
	expect(reading.of(() => [unread('a time', '03/04/2026'), unread('a time', 'soon'), present()])).toEqual([
		null,
		null,
		42,
	]);
	expect(reading.warning).toBe(
		'Some values could not be read, so they are null in the records. The first is a time: "03/04/2026". Output = Raw gives them as they came.',
	);
});

test('runs within runs hear of their own only, also after an error', () => {
	const [outer, inner] = [new Reading(() => 1), new Reading(() => 2)];
	outer.of(() => {
		expect(() =>
			inner.of(() => {
				unread('a time', 'x');
				throw new Error('odd');
			}),
		).toThrow('odd');
		expect(present()).toBe(1);
	});
	expect([outer.warning, inner.warning !== undefined]).toEqual([undefined, true]);
	expect(unread('a time', 'x')).toBeNull();
	expect(present()).toBeGreaterThan(Date.UTC(2020, 0));
});
