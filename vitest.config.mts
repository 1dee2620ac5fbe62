import { defineConfig } from 'vitest/config';

export default defineConfig({
	test: {
		projects: [
			{ test: { name: 'unit', include: ['{core,providers,n8n,node-red/src,simulators,scripts,bench,test/delivery}/**/*.test.ts'], testTimeout: 30_000 } },
			{ test: { name: 'package', include: ['test/package/**/*.test.ts'], testTimeout: 120_000, hookTimeout: 120_000 } },
			// They wait most of the time.
			{ test: { name: 'hosts', include: ['test/{hosts,crash}/**/*.test.ts'], testTimeout: 240_000, hookTimeout: 600_000, maxWorkers: 2 } },
		],
	},
});
