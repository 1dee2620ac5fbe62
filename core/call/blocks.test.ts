import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { blocksIn, filtered, inBlocks, mapped, sorted } from './blocks';

const host = { sleep: () => turn() };
const program = blocksIn(host);
const listOf = (size: number) => Array.from({ length: size }, (_, place) => (place * 7919) % size);
const ascending = (one: number, other: number) => one - other;

/** How often others had their turn. */
async function turnsOf(work: () => Promise<unknown>): Promise<number> {
	let [turns, over] = [0, false];
	const count = () => {
		turns += 1;
		if (!over) setImmediate(count);
	};
	setImmediate(count);
	await work();
	over = true;
	return turns;
}

describe('a long list', () => {
	const long = listOf(20_000);

	test.each([0, 1, 499, 5000, 5001, 5500, 20_001])('of %i is sorted', async (size) => {
		expect(await sorted(program, listOf(size), ascending)).toEqual(Array.from({ length: size }, (_, at) => at));
	});

	test('keeps the order of what is equal', async () => {
		const items = long.map((value, place) => ({ value: value % 7, place }));
		const found = await sorted(program, items, (one, other) => one.value - other.value);
		expect(
			found.every(({ value, place }, at) => value > (found[at - 1]?.value ?? -1) || place > found[at - 1]!.place),
		).toBe(true);
		expect(items[1]!.place).toBe(1);
	});

	test('is filtered and mapped', async () => {
		expect(await filtered(program, long, (value) => value < 3)).toEqual(long.filter((value) => value < 3));
		expect(await mapped(program, long, String)).toEqual(long.map(String));
	});

	test('leaves others their turns', async () => {
		const slowly = (ms: number) => {
			const until = performance.now() + ms;
			while (performance.now() < until);
			return true;
		};
		expect(await turnsOf(() => filtered(program, long.slice(0, 4000), () => slowly(0.05)))).toBeGreaterThan(4);
		expect(await turnsOf(() => sorted(program, long, ascending))).toBeGreaterThan(4);
	});

	test('is left where the rest is not wanted', async () => {
		let count = 0;
		await inBlocks(long, host, ({ length }) => (count += length) < 120);
		expect(count).toBe(150);
	});
});
