import { configDefaults, defineConfig } from 'vitest/config';

/** Which tests run is chosen by main.ts, for each part of the code. */
const { include, exclude } = JSON.parse(process.env.FLEETWIRE_MUTATION_TESTS ?? '{}') as Record<string, string[]>;

export default defineConfig({
	test: { include, exclude: [...configDefaults.exclude, ...(exclude ?? [])], testTimeout: 30_000 },
});
