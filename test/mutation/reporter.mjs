// A reporter of Stryker that writes down each mutant as it is done: a run that is out of time has results, too.
import { appendFileSync } from 'node:fs';

class Lines {
	onMutationTestingPlanReady({ mutantPlans }) {
		this.write({ planned: mutantPlans.length });
	}

	onMutantTested({ fileName, location, mutatorName, replacement, status, coveredBy }) {
		this.write({ fileName, location, mutatorName, replacement, status, coveredBy: coveredBy?.length ?? 0 });
	}

	write(line) {
		appendFileSync(process.env.FLEETWIRE_MUTATION_LINES, `${JSON.stringify(line)}\n`);
	}
}

export const strykerPlugins = [{ kind: 'Reporter', name: 'lines', injectableClass: Lines }];
