import { basename, dirname, join, relative, sep } from 'node:path';
import { configDefaults, defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Which tests run is chosen by main.ts, for each part of the code. */
const { include, exclude } = JSON.parse(process.env.FLEETWIRE_MUTATION_TESTS ?? '{}') as Record<string, string[]>;

/** A run ends with the first test that fails: those nearest to the changed file come first, then short ones. */
class NearestFirst extends BaseSequencer {
	override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
		const { related = [], root } = this.ctx.config;
		const changed = related.length === 1 ? relative(root, related[0] ?? '') : '';
		const distance = ({ moduleId }: TestSpecification) => {
			const test = relative(root, moduleId);
			if (basename(test) === basename(changed).replace(/\.ts$/, '.test.ts')) return 0;
			const [here, there] = [dirname(test).split(sep), dirname(changed).split(sep)];
			return here.join() === there.join() ? 1 : here[0] === there[0] ? 2 : 3;
		};
		const duration = (file: TestSpecification) => this.ctx.cache.getTestSpecificationResult(file)?.duration ?? 0;
		return files.toSorted((a, b) => distance(a) - distance(b) || duration(a) - duration(b));
	}
}

export default defineConfig({
	test: {
		include,
		exclude: [...configDefaults.exclude, ...(exclude ?? [])],
		testTimeout: 60_000,
		hookTimeout: 60_000,
		setupFiles: [join(import.meta.dirname, 'setup.mts')],
		sequence: { sequencer: NearestFirst },
	},
});
