/** What the benchmarks count beside what they time: figures that are the same on every machine. */
import { expect, test } from 'vitest';
import { cursorSize, cyclesOf, leastRequests } from './triggers';

test('where a trigger stands takes less than 64 KB for 10,000 devices', async () => {
	const sizes = (await cursorSize()).filter(({ unit }) => unit === 'KB');
	expect(sizes).toHaveLength(4);
	for (const { name, value } of sizes) expect(value, name).toBeLessThan(64);
});

test.each(['newAlarm', 'positionChanged'] as const)(
	'requests of %s grow with the batches and with what changes, not with the fleet',
	async (event) => {
		for (const size of [1000, 10_000]) {
			const { requests } = await cyclesOf(size, event);
			expect(requests / leastRequests(size, event), String(size)).toBeLessThan(1.25);
		}
	},
);
