/**
 * `npm run test:strangers [-- --runs N] [--seed N] [--only VENDOR] [--mutants]`: every operation and every trigger at
 * vendors that answer otherwise than their documents show; and faults in the product that must be noticed.
 */
import { parseArgs } from 'node:util';
import { withoutChance } from '../delivery/properties';
import { VENDOR_NAMES } from '../support/kits';
import { productOf } from './product';
import { nameOf, runOf, tryRun } from './runs';

/** Failures that are printed one by one. */
const PRINTED = 50;

async function main(): Promise<void> {
	const { values } = parseArgs({
		options: {
			runs: { type: 'string', default: '20000' },
			seed: { type: 'string', default: String(Date.now() % 1e9) },
			only: { type: 'string' },
		},
	});
	const { only } = values;
	if (only !== undefined && !VENDOR_NAMES.includes(only))
		throw new Error(`There is no "${only}": choose ${VENDOR_NAMES.join(', ')}.`);
	const vendors = only === undefined ? VENDOR_NAMES : [only];
	const [runs, seed] = [Number(values.runs), Number(values.seed)];
	withoutChance();
	const product = productOf();
	const start = performance.now();
	let [failed, strange] = [0, 0];
	for (let count = 0; count < runs; count++) {
		const run = runOf(seed + count, vendors);
		try {
			if ((await tryRun(product, run)).length > 0) strange += 1;
		} catch (error) {
			failed += 1;
			if (failed > PRINTED) continue;
			const words = error instanceof Error ? error.message : String(error);
			console.error(`${nameOf(run)}\n  ${words}`);
			console.error(
				`  npm run test:strangers -- --runs 1 --seed ${String(seed + count)}${only === undefined ? '' : ` --only ${only}`}`,
			);
		}
	}
	const seconds = (performance.now() - start) / 1000;
	console.log(
		`${String(runs)} runs in ${seconds.toFixed(0)} s, ${String(strange)} of them strange, ${String(failed)} failed, seed ${String(seed)}`,
	);
	if (failed > 0) process.exitCode = 1;
}

main().catch((error: unknown) => {
	console.error(error);
	process.exitCode = 1;
});
