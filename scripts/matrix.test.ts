import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CHECKS, chosenRows, readCells, ROWS, table, type Check } from './matrix';

const root = join(__dirname, '..');
const read = (...path: string[]) => readFileSync(join(root, ...path), 'utf8');
const enginesOf = (manifest: string) =>
	(JSON.parse(read(...manifest.split('/'))) as { engines: { node: string } }).engines.node.replace('>=', '');
const all = Object.values(CHECKS).flat();

/** A file of test/hosts, with the neighbours that it takes its tests from. */
function testsOf(file: string): string {
	const text = read('test', 'hosts', file);
	const neighbours = [...text.matchAll(/ from '\.\/([\w-]+)'/g)].map(([, name]) =>
		read('test', 'hosts', `${name}.ts`),
	);
	return [text, ...neighbours].join('\n').replaceAll("\\'", "'");
}

test.each(all)('$file has the tests that are run of it: $column', ({ file, titles }) => {
	const text = testsOf(`${file}.test.ts`);
	for (const title of titles)
		expect(text).toMatch(new RegExp(`\\btest\\(\\s*(['"])${title.replace(/[.*+?^$\\{}()|[\]]/g, '\\$&')}\\1`));
});

test('the lowest Node that the Node-RED package promises has a row', () => {
	expect(ROWS.map(({ env }) => env.FLEETWIRE_HOST_NODE)).toContain(enginesOf('node-red/package.json'));
});

test('the workflow runs each row in a job of its own', () => {
	const jobs = [...read('.github', 'workflows', 'host-matrix.yml').matchAll(/^ +- ([\w.-]+-on-node-[\d.]+)$/gm)];
	expect(jobs.map(([, name]) => name)).toEqual(ROWS.map(({ name }) => name));
});

test('rows are chosen by the start of their names', () => {
	expect(chosenRows([])).toEqual(ROWS);
	expect(chosenRows(['--only', 'node-red-4.1-on-node-20,n8n']).map(({ name }) => name)).toEqual([
		'node-red-4.1-on-node-20.18.1',
		'n8n-2.41-on-node-24.0.0',
		'n8n-2.41-on-node-24.21.0',
	]);
	expect(() => chosenRows(['--only', 'node-red-3'])).toThrow(
		/No row begins with "node-red-3".*node-red-4\.1-on-node-20/,
	);
	expect(() => chosenRows(['--only'])).toThrow(/No row/);
});

const CHECK: Check = { column: 'nodes', file: 'some', titles: ['it loads', 'it runs'] };
const result = (title: string, status: string) => ({ title, fullName: `Host > ${title}`, status, failureMessages: [] });
const reportOf = (...assertionResults: ReturnType<typeof result>[]) => ({
	testResults: [{ name: '/x/test/hosts/some.test.ts', message: 'The host does not start.', assertionResults }],
});

test('a test that fails, is left out or is not there is a failure', () => {
	const failures = (...results: ReturnType<typeof result>[]) => readCells([CHECK], reportOf(...results))[0]?.failures;
	expect(failures(result('it loads', 'passed'), result('it runs', 'passed'))).toEqual([]);
	expect(failures(result('it loads', 'passed'), result('it runs', 'failed'))).toEqual([
		expect.stringContaining('it runs'),
	]);
	// As when the host does not start.
	expect(failures(result('it loads', 'skipped'), result('it runs', 'passed'))).toEqual([
		'did not run: it loads\nThe host does not start.',
	]);
	expect(readCells([CHECK], { testResults: [] })[0]?.failures).toHaveLength(2);
});

test('the table has a line for each row', () => {
	const [row] = ROWS;
	const cells = readCells([CHECK], reportOf(result('it loads', 'passed'), result('it runs', 'failed')));
	expect(
		table([{ row: row!, cells, seconds: 61.4 }])
			.split('\n')
			.at(-1),
	).toBe('| node-red-4.1-on-node-20.18.1 | **1 failed** |  |  |  | 61 |');
});
