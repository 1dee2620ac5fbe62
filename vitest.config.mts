import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The hosts' longest files, which begin first so that none of them is left over at the end. */
const LONGEST = ['crash/n8n-', 'crash/node-red.', 'hosts/n8n-polling-', 'hosts/node-red-triggers.'];

class LongestFirst extends BaseSequencer {
	override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
		const isLong = ({ moduleId }: TestSpecification) => LONGEST.some((name) => moduleId.includes(`/${name}`));
		return (await super.sort(files)).sort((a, b) => Number(isLong(b)) - Number(isLong(a)));
	}
}

export default defineConfig({
	test: {
		sequence: { sequencer: LongestFirst },
		projects: [
			{
				test: {
					name: 'unit',
					include: [
						'{core,providers,n8n,node-red/src,simulators,scripts,bench,test/delivery,test/strangers}/**/*.test.ts',
					],
					// A limit only ends a test that hangs: on a busy machine, all takes several times as long.
					testTimeout: 180_000,
					hookTimeout: 180_000,
					// Part of the tests wait.
					maxWorkers: availableParallelism() + 1,
				},
			},
			{
				test: {
					name: 'package',
					include: ['test/package/**/*.test.ts'],
					testTimeout: 600_000,
					hookTimeout: 600_000,
				},
			},
			// They wait most of the time.
			{
				test: {
					name: 'hosts',
					include: ['test/{hosts,crash}/**/*.test.ts'],
					testTimeout: 1_200_000,
					hookTimeout: 1_200_000,
					maxWorkers: 4,
					maxConcurrency: 3,
				},
			},
		],
	},
});
