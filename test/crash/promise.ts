import { afterEach, expect } from 'vitest';
import { crash, type RoundsOptions } from './rounds';
import type { Delivery } from './tally';
import type { Target } from './target';

const livesOf = (deliveries: readonly Delivery[]) =>
	deliveries
		.map(({ life, names }) => `life ${life}: ${names.length}, ${names.slice(0, 3).join(', ')} ...`)
		.join('\n');

let running: Target | undefined;
afterEach(async () => {
	await running?.stop();
	running = undefined;
});

/**
 * Nothing is lost, and no more comes twice than is promised.
 * @param least how many events there have to be, so that there was something to lose
 */
export async function keepsItsPromise(starting: Promise<Target>, options: RoundsOptions, least = 20): Promise<void> {
	const target = await starting;
	running = target;
	const result = await crash(target, { ...options, least });
	// What it did in each of its lives tells more than what is missing.
	if (result.breaches.length > 0) console.log(livesOf(await target.deliveries()), target.logs().slice(-8_000));
	expect(result).toMatchObject({ missing: 0, breaches: [] });
	expect(result.due).toBeGreaterThan(least);
}
