import { afterAll, beforeAll, expect, test } from 'vitest';
import { withoutChance } from '../delivery/properties';
import { tryChanges } from '../support/changed-modules';
import { VENDOR_NAMES } from '../support/kits';
import { MUTANTS } from './mutants';
import { productOf } from './product';
import { nameOf, runOf, tryRun } from './runs';

/** The same runs each time; `npm run test:strangers` draws others. */
const RUNS = 50;
const SEED = 20_260_318;

let chanceAgain: () => void;
beforeAll(() => {
	chanceAgain = withoutChance();
});
afterAll(() => chanceAgain());

const product = productOf();

test.each(VENDOR_NAMES)('%s: what is concluded is true whatever the vendor answers', async (vendor) => {
	const failed: string[] = [];
	for (let count = 0; count < RUNS; count++) {
		const run = runOf(SEED + count, [vendor]);
		try {
			await tryRun(product, run);
		} catch (error) {
			failed.push(`${nameOf(run)}, seed ${String(run.seed)}: ${String(error)}`);
		}
	}
	expect(failed).toEqual([]);
});

// Whether it is noticed, `npm run test:strangers -- --mutants` tells.
test.each(MUTANTS)('a planted fault fits the source: $name', ({ changes }) => {
	expect(() => tryChanges(changes)).not.toThrow();
});
