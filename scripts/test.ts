/**
 * Everything that CI runs: types and lint, the tests that need no host, both tarballs, the real hosts, the promises of
 * SECURITY.md. A failed step does not keep the next from running; the last line says how much passed and failed.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Summary {
	numPassedTests: number;
	numFailedTests: number;
	/** Suites that could not even be loaded count no tests of their own. */
	numFailedTestSuites: number;
}

const root = join(__dirname, '..');
const reports = mkdtempSync(join(tmpdir(), 'fleetwire-test-'));
let passed = 0;
let failed = 0;

function step(title: string, command: string, args: readonly string[]): boolean {
	const start = Date.now();
	console.log(`\n== ${title}`);
	const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
	console.log(`-- ${title}: ${status === 0 ? 'ok' : 'FAILED'}, ${((Date.now() - start) / 1000).toFixed(1)} s`);
	return status === 0;
}

function check(title: string, command: string, ...args: string[]): void {
	if (step(title, command, args)) passed += 1;
	else failed += 1;
}

/** One that mostly waits goes on beside others; call the result to have its output and its end. */
function begin(title: string, command: string, ...args: string[]): () => Promise<void> {
	const log = join(reports, `${title}.log`);
	const output = openSync(log, 'w');
	const ended = new Promise<number | null>((resolve) =>
		spawn(command, args, { cwd: root, stdio: ['ignore', output, output] })
			.once('exit', resolve)
			.once('error', () => resolve(null)),
	);
	return async () => {
		const status = await ended;
		console.log(`\n== ${title}\n${readFileSync(log, 'utf8')}-- ${title}: ${status === 0 ? 'ok' : 'FAILED'}`);
		if (status === 0) passed += 1;
		else failed += 1;
	};
}

function tests(project: string): void {
	const report = join(reports, `${project}.json`);
	const fine = step(`tests: ${project}`, process.execPath, [
		join(root, 'node_modules', 'vitest', 'vitest.mjs'),
		...['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
	]);
	if (!existsSync(report)) {
		failed += 1;
		return;
	}
	const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(readFileSync(report, 'utf8')) as Summary;
	passed += numPassedTests;
	failed += numFailedTests > 0 || fine ? numFailedTests : Math.max(1, numFailedTestSuites);
}

async function main(): Promise<void> {
	check('types', 'tsc', '-p', 'tsconfig.json');
	check('pack', process.execPath, 'scripts/pack.mjs');
	check('install the hosts', process.execPath, '--import', 'tsx', 'test/hosts/install.ts');
	const soak = begin('soak', process.execPath, '--import', 'tsx', 'test/safety/soak.ts', '--minutes', '2');
	check('format', 'prettier', '--check', '--log-level=warn', '.');
	check('lint', 'eslint', '.');
	tests('unit');
	tests('package');
	await soak();
	tests('hosts');
	// By itself it measures 100,000 inputs and 10,000 messages: CONTRIBUTING.md.
	check(
		'safety',
		process.execPath,
		'--import',
		'tsx',
		'test/safety/main.ts',
		'--inputs',
		'20000',
		'--messages',
		'2000',
	);
	rmSync(reports, { recursive: true, force: true });

	console.log(`\n${String(passed)} passed, ${String(failed)} failed`);
	process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}

void main();
