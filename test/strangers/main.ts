/**
 * `npm run test:strangers [-- --runs N] [--seed N] [--only VENDOR] [--mutants]`: every operation and every trigger at
 * vendors that answer otherwise than their documents show; and faults in the product that must be noticed.
 */
import { parseArgs } from 'node:util';
import { withoutChance } from '../delivery/properties';
import { VENDOR_NAMES } from '../support/kits';
import { MOST_RUNS, MUTANTS, SEED } from './mutants';
import { productOf } from './product';
import { nameOf, runOf, tryRun } from './runs';

/** Failures that are printed one by one. */
const PRINTED = 50;

/** Whether each planted fault is noticed. */
async function tryMutants(only: string | undefined): Promise<boolean> {
	let fine = true;
	console.log(`caught after  fault in the product, at most ${String(MOST_RUNS)} runs`);
	for (const { name, changes, vendor, what } of MUTANTS) {
		if (only !== undefined && only !== vendor) continue;
		const product = productOf(changes);
		let caught = 0;
		for (let count = 0; count < MOST_RUNS && caught === 0; count++)
			await tryRun(product, runOf(SEED + count, [vendor], what)).catch(() => (caught = count + 1));
		console.log(`${caught > 0 ? String(caught).padStart(12) : '     NOT    '}  ${name} (${vendor} ${what})`);
		fine &&= caught > 0;
	}
	return fine;
}

async function main(): Promise<void> {
	const { values } = parseArgs({
		options: {
			runs: { type: 'string', default: '20000' },
			seed: { type: 'string', default: String(Date.now() % 1e9) },
			only: { type: 'string' },
			mutants: { type: 'boolean', default: false },
		},
	});
	const { only } = values;
	if (only !== undefined && !VENDOR_NAMES.includes(only))
		throw new Error(`There is no "${only}": choose ${VENDOR_NAMES.join(', ')}.`);
	const vendors = only === undefined ? VENDOR_NAMES : [only];
	const [runs, seed] = [Number(values.runs), Number(values.seed)];
	withoutChance();
	if (values.mutants) {
		if (!(await tryMutants(only))) process.exitCode = 1;
		return;
	}
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
