/**
 * `npm run test:delivery [-- --runs N] [--seed N] [--only stream|snapshot|queue|mutants]`: the promises of delivery,
 * tried with cases drawn at random, and faults in the engine that must be noticed.
 */
import { parseArgs } from 'node:util';
import { engineOf } from './engine';
import { MOST_RUNS, MUTANTS, SEED } from './mutants';
import { failureOf, PROPERTIES, withoutChance } from './properties';

/** Cases are drawn in parts, so that one that fails is found and reported soon. */
const PART = 5000;

async function tryProperties(runs: number, seed: number, only: string | undefined): Promise<boolean> {
	let fine = true;
	const engine = engineOf();
	for (const [name, { share, check }] of Object.entries(PROPERTIES)) {
		if (only !== undefined && only !== name) continue;
		const most = only === undefined ? Math.ceil(runs * share) : runs;
		const start = performance.now();
		let done = 0;
		for (let part = 0; done < most; part++) {
			const details = await check(engine, { runs: Math.min(PART, most - done), seed: seed + part });
			done += details.numRuns;
			if (!details.failed) continue;
			console.error(failureOf(name, details));
			fine = false;
			break;
		}
		const seconds = (performance.now() - start) / 1000;
		console.log(
			`${name.padEnd(8)} ${String(done).padStart(7)} runs in ${seconds.toFixed(1)} s, ${(done / seconds).toFixed(0)} a second, seed ${String(seed)}`,
		);
	}
	return fine;
}

async function tryMutants(): Promise<boolean> {
	let fine = true;
	console.log(`\ncaught after  fault in the engine, at most ${String(MOST_RUNS)} runs`);
	for (const { name, changes, twist, by } of MUTANTS) {
		const { failed, numRuns } = await PROPERTIES[by].check(engineOf(changes), {
			runs: MOST_RUNS,
			seed: SEED,
			twist,
			shrinks: false,
		});
		console.log(`${failed ? String(numRuns).padStart(12) : '     NOT    '}  ${name} (${by})`);
		fine &&= failed;
	}
	return fine;
}

async function main(): Promise<void> {
	const { values } = parseArgs({
		options: {
			runs: { type: 'string', default: '100000' },
			seed: { type: 'string', default: String(Date.now() % 1e9) },
			only: { type: 'string' },
		},
	});
	const { only } = values;
	const names = [...Object.keys(PROPERTIES), 'mutants'];
	if (only !== undefined && !names.includes(only))
		throw new Error(`There is no "${only}": choose ${names.join(', ')}.`);
	const seed = Number(values.seed);
	withoutChance();
	let fine = true;
	if (only !== 'mutants') fine = await tryProperties(Number(values.runs), seed, only);
	if (only === undefined || only === 'mutants') fine = (await tryMutants()) && fine;
	if (!fine) process.exitCode = 1;
}

main().catch((error: unknown) => {
	console.error(error);
	process.exitCode = 1;
});
