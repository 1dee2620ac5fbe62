/** By which time a trigger reads the records of a vendor: one without a time would be read again at every poll. */
import { expect, test } from 'vitest';
import { fieldsOfTrigger, sourceOf } from '../core/describe/trigger';
import { readFields } from '../core/describe/field';
import { vendors } from '.';

const [RECORDED, HAPPENED] = ['2026-03-18T09:00:00.000Z', '2026-03-18T08:55:00.000Z'];

const alarms = vendors.flatMap(({ provider }) =>
	provider.triggers
		.filter(({ kind }) => kind === 'alarm')
		.flatMap((trigger) => {
			const values = (trigger.params as Record<string, { options?: { value: string }[] }>).source?.options ?? [];
			const inputs = values.length === 0 ? [{}] : values.map(({ value }) => ({ source: value }));
			return inputs.map((input) => {
				const params = readFields(fieldsOfTrigger(trigger), input, { now: 0, timeZone: 'UTC' });
				const name = [provider.title, trigger.name, ...Object.values(input)].join(' ');
				return { name, source: sourceOf(trigger, params) };
			});
		}),
);

test.each(alarms)('$name: an alarm that the vendor has not dated counts from when it happened', ({ source }) => {
	if (source.type !== 'stream') return expect.fail('It is no stream.');
	const timeOf = (recordedAt: string | null, time: string | null) => source.recordTime({ recordedAt, time });
	expect(timeOf(null, HAPPENED)).toBe(HAPPENED);
	expect(timeOf(null, null)).toBe(null);
	expect([RECORDED, HAPPENED]).toContain(timeOf(RECORDED, HAPPENED));
});

test('most vendors have alarms', () =>
	expect(new Set(alarms.map(({ name }) => name.split(' ')[0])).size).toBeGreaterThan(3));
