import { afterAll, beforeAll, expect, test } from 'vitest';
import { engineOf } from './engine';
import { MOST_RUNS, MUTANTS, SEED } from './mutants';
import { failureOf, PROPERTIES, withoutChance, type Property } from './properties';

/** The same cases each time; `npm run test:delivery` draws others. */
const RUNS = 1000;

let chanceAgain: () => void;
beforeAll(() => {
	chanceAgain = withoutChance();
});
afterAll(() => chanceAgain());

test.each(Object.entries<Property>(PROPERTIES))(
	'%s: the promises hold',
	async (name, { share, check }) => {
		const details = await check(engineOf(), { runs: RUNS * share, seed: SEED });
		expect(details.failed ? failureOf(name, details) : '').toBe('');
	},
	120_000,
);

test.each(MUTANTS)(
	'is noticed: $name',
	async ({ changes, twist, by }) => {
		const { failed, numRuns } = await PROPERTIES[by].check(engineOf(changes), {
			runs: MOST_RUNS,
			seed: SEED,
			twist,
			shrinks: false,
		});
		expect({ failed, numRuns }).toMatchObject({ failed: true });
	},
	60_000,
);
