/**
 * Everything that CI runs: types and lint, the tests that need no host, both tarballs, the real hosts, the promises of
 * SECURITY.md. The real hosts wait most of the time, so they run beside what keeps a processor busy. A failed step does
 * not keep the next from running; the last line says how much passed and failed.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Steps } from './steps';

interface Summary {
	numPassedTests: number;
	numFailedTests: number;
	/** Suites that could not even be loaded count no tests of their own. */
	numFailedTestSuites: number;
}

const steps = new Steps();
const node = process.execPath;
const reportOf = (project: string) => join(steps.folder, `${project}.json`);

/** Vitest's arguments for a project. */
const vitest = (project: string) => [
	join(__dirname, '..', 'node_modules', 'vitest', 'vitest.mjs'),
	...['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${reportOf(project)}`],
];

function countTests(project: string, fine: boolean): void {
	const report = reportOf(project);
	if (!existsSync(report)) {
		steps.failed += 1;
		return;
	}
	const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(readFileSync(report, 'utf8')) as Summary;
	steps.passed += numPassedTests;
	steps.failed += numFailedTests > 0 || fine ? numFailedTests : Math.max(1, numFailedTestSuites);
}

async function main(): Promise<void> {
	await steps.check('types', 'tsc', '-p', 'tsconfig.json');
	await steps.check('pack', node, 'scripts/pack.mjs');
	await steps.check('install the hosts', node, '--import', 'tsx', 'test/hosts/install.ts');
	const hosts = steps.begin('tests: hosts', node, ...vitest('hosts'));
	// `npm run test:proof` has more inputs and messages.
	const safety = steps.begin(
		'safety',
		node,
		...['--import', 'tsx', 'test/safety/main.ts', '--inputs', '20000', '--messages', '2000'],
	);
	await steps.check('format', 'prettier', '--check', '--log-level=warn', '.');
	await steps.check('lint', 'eslint', '.');
	for (const project of ['unit', 'package'])
		countTests(project, await steps.run(`tests: ${project}`, node, ...vitest(project)));
	const soak = steps.begin('soak', node, '--import', 'tsx', 'test/safety/soak.ts', '--minutes', '2');
	countTests('hosts', await hosts());
	steps.count(await soak());
	steps.count(await safety());
	steps.end();
}

void main();
