/**
 * Stryker's reporter for `npm run mutation`. Stryker can leave out files, lines and nodes, but no single mutant, so the
 * reporter draws the sample from the plan before Stryker begins with it. It also writes down each mutant as it is done:
 * a run that is out of time has results, too.
 */
import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';

export interface Mutant {
	fileName: string;
	location: { start: { line: number; column: number }; end: { line: number; column: number } };
	mutatorName: string;
	replacement?: string;
	status: string;
	statusReason?: string;
}

interface Plan {
	plan: 'EarlyResult' | 'Run';
	mutant: Mutant;
	runOptions?: { reloadEnvironment: boolean };
}

/** Where a mutant stands between 0 and 1: whatever else changes, it stands there again. */
export function placeOf({ fileName, location: { start, end }, mutatorName, replacement }: Mutant, seed: string) {
	const what = JSON.stringify([
		seed,
		fileName,
		start.line,
		start.column,
		end.line,
		end.column,
		mutatorName,
		replacement,
	]);
	return createHash('sha256').update(what).digest().readUInt32BE() / 2 ** 32;
}

/** The share that is tried, in a random order: what is done when the time is over is a sample as well. */
export function draw<T>(items: readonly T[], share: number, place: (item: T) => number): T[] {
	return items
		.map((item) => ({ item, at: place(item) }))
		.filter(({ at }) => at < share)
		.sort((a, b) => a.at - b.at)
		.map(({ item }) => item);
}

class Lines {
	onMutationTestingPlanReady({ mutantPlans }: { mutantPlans: Plan[] }) {
		const { root = '', seed = '', share = 1 } = JSON.parse(process.env.FLEETWIRE_MUTATION_SAMPLE ?? '{}') as Sample;
		const all = mutantPlans.filter(({ plan }) => plan === 'Run');
		const chosen = draw(all, share, ({ mutant }) =>
			placeOf({ ...mutant, fileName: mutant.fileName.replace(root, '') }, seed),
		);
		// Stryker takes those last that need new modules. Here every run has new ones, and the order stays random.
		for (const { runOptions } of chosen) if (runOptions) runOptions.reloadEnvironment = false;
		mutantPlans.splice(0, Infinity, ...chosen);
		this.write({ all: all.length, chosen: chosen.length });
	}

	onMutantTested({ fileName, location, mutatorName, replacement, status, statusReason }: Mutant) {
		// A test that waits in vain fails by its own limit. It may be the machine's fault, so it is counted apart.
		const late = status === 'Killed' && /\btimed out in \d+ ?ms/.test(statusReason ?? '');
		this.write({ fileName, location, mutatorName, replacement, status: late ? 'Timeout' : status, statusReason });
	}

	private write(line: object) {
		appendFileSync(process.env.FLEETWIRE_MUTATION_LINES ?? '', `${JSON.stringify(line)}\n`);
	}
}

/** What main.ts asks for. */
export interface Sample {
	root: string;
	seed: string;
	share: number;
}

export const strykerPlugins = [{ kind: 'Reporter', name: 'lines', injectableClass: Lines }];
