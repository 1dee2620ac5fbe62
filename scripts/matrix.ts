/**
 * The hosts on every Node that the packages promise: a part of the suites of test/hosts, which run on this Node
 * themselves and start the host on the one of the row.
 *
 *     npm run test:matrix                                 all rows
 *     npm run test:matrix -- --only node-red-4.1,n8n      rows whose name begins so
 *     npm run test:matrix -- --list                       the names
 *     npm run test:matrix -- --summary FILE               adds the table to a file
 */
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type Host = 'node-red' | 'n8n';
export type Row = { name: string; host: Host; env: { FLEETWIRE_HOST_NODE: string; FLEETWIRE_NODE_RED?: string } };
export type Check = { column: string; file: string; titles: readonly string[] };

const root = join(__dirname, '..');

/** A host's versions with their Nodes: the lowest that host and package take, and the newest of each line. */
const HOSTS: readonly { title: string; host: Host; nodeRed?: string; nodes: readonly string[] }[] = [
	{ title: 'node-red-4.1', host: 'node-red', nodeRed: '4.1', nodes: ['20.18.1', '22.23.3', '24.21.0'] },
	{ title: 'node-red-5.0', host: 'node-red', nodeRed: '5.0', nodes: ['22.9.0', '22.23.3', '24.21.0'] },
	{ title: 'n8n-2.41', host: 'n8n', nodes: ['24.0.0', '24.21.0'] },
];

export const ROWS: readonly Row[] = HOSTS.flatMap(({ title, host, nodeRed, nodes }) =>
	nodes.map((node) => ({
		name: `${title}-on-node-${node}`,
		host,
		env: { FLEETWIRE_HOST_NODE: node, ...(nodeRed === undefined ? {} : { FLEETWIRE_NODE_RED: nodeRed }) },
	})),
);

/** What is run of test/hosts. A title that no test has is a failure: scripts/matrix.test.ts says so sooner. */
export const CHECKS: Record<Host, readonly Check[]> = {
	'node-red': [
		{ column: 'nodes', file: 'node-red-operations', titles: ['all vendors are in the palette, without an error'] },
		{
			column: 'operations',
			file: 'node-red-operations',
			titles: ['runs every operation, simplified and raw, with the records that the core gives'],
		},
		{
			column: 'trigger',
			file: 'node-red-triggers',
			titles: [
				'every alarm comes once: in time, late, out of order, in one second, and from tomorrow',
				'a restart continues where it stopped',
			],
		},
		{
			column: 'editor',
			file: 'editors',
			titles: ['each operation shows its own fields', 'what is filled in is deployed, and is there again'],
		},
	],
	n8n: [
		{ column: 'nodes', file: 'n8n-operations', titles: ['has its node and its credential'] },
		{
			column: 'operations',
			file: 'n8n-operations',
			titles: ['runs every operation, simplified and raw, with the records that the core gives'],
		},
		{
			column: 'trigger',
			file: 'n8n-polling-default',
			titles: ["every alarm is an execution's item exactly once, over many polls"],
		},
		{
			column: 'editor',
			file: 'editors',
			titles: ["n8n's panel: the operation's fields, the list of devices, and a run"],
		},
	],
};

type Report = {
	testResults: {
		name: string;
		message: string;
		assertionResults: { title: string; fullName: string; status: string; failureMessages: string[] }[];
	}[];
};
type Cell = { column: string; passed: number; failures: string[] };

const quoted = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function run(row: Row): Cell[] {
	const checks = CHECKS[row.host];
	const folder = mkdtempSync(join(tmpdir(), 'fleetwire-matrix-'));
	const report = join(folder, 'report.json');
	try {
		spawnSync(
			process.execPath,
			[
				join(root, 'node_modules', 'vitest', 'vitest.mjs'),
				...[
					'run',
					'--project',
					'hosts',
					'--reporter=default',
					'--reporter=json',
					`--outputFile.json=${report}`,
				],
				...new Set(checks.map(({ file }) => `test/hosts/${file}.test.ts`)),
				...['-t', `(${checks.flatMap(({ titles }) => titles.map(quoted)).join('|')})$`],
			],
			{ cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...row.env } },
		);
		return readCells(
			checks,
			existsSync(report) ? (JSON.parse(readFileSync(report, 'utf8')) as Report) : { testResults: [] },
		);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

/** Each title has to be found and to pass: a host that does not start leaves its tests out, and that is no success. */
export function readCells(checks: readonly Check[], { testResults }: Report): Cell[] {
	return checks.map(({ column, file, titles }) => {
		const suites = testResults.filter(({ name }) => name.endsWith(`/${file}.test.ts`));
		const found = titles.map((title) =>
			suites.flatMap(({ assertionResults }) => assertionResults.filter((each) => each.title === title)),
		);
		const ran = found.flat().filter(({ status }) => status === 'passed' || status === 'failed');
		const failures = ran
			.filter(({ status }) => status === 'failed')
			.map(({ fullName, failureMessages }) => `${fullName}\n${failureMessages.join('\n')}`);
		const missing = titles.filter(
			(_, index) => !found[index]?.some(({ status }) => status === 'passed' || status === 'failed'),
		);
		const messages = suites.map(({ message }) => message).filter(Boolean);
		return {
			column,
			passed: ran.filter(({ status }) => status === 'passed').length,
			failures: [...failures, ...missing.map((title) => [`did not run: ${title}`, ...messages].join('\n'))],
		};
	});
}

/** As Markdown. */
export function table(results: readonly { row: Row; cells: readonly Cell[]; seconds: number }[]): string {
	const columns = [...new Set(Object.values(CHECKS).flatMap((checks) => checks.map(({ column }) => column)))];
	const cell = (cells: readonly Cell[], column: string) => {
		const found = cells.find((each) => each.column === column);
		if (found === undefined) return '';
		return found.failures.length === 0
			? `${String(found.passed)} passed`
			: `**${String(found.failures.length)} failed**`;
	};
	return [
		`| host | ${columns.join(' | ')} | seconds |`,
		`|---|${columns.map(() => '---|').join('')}---|`,
		...results.map(
			({ row, cells, seconds }) =>
				`| ${row.name} | ${columns.map((column) => cell(cells, column)).join(' | ')} | ${seconds.toFixed(0)} |`,
		),
	].join('\n');
}

/** Rows that the arguments ask for. */
export function chosenRows(args: readonly string[]): readonly Row[] {
	const at = args.indexOf('--only');
	const wanted = at < 0 ? undefined : (args[at + 1] ?? '').split(',');
	const chosen = ROWS.filter(({ name }) => wanted?.some((start) => start !== '' && name.startsWith(start)) ?? true);
	if (chosen.length === 0)
		throw new Error(
			`No row begins with "${wanted?.join(',') ?? ''}". There are: ${ROWS.map(({ name }) => name).join(', ')}.`,
		);
	return chosen;
}

function main(args: readonly string[]): void {
	if (args.includes('--list')) {
		console.log(ROWS.map(({ name }) => name).join('\n'));
		return;
	}
	const results = chosenRows(args).map((row) => {
		console.log(`\n== ${row.name}`);
		const began = Date.now();
		return { row, cells: run(row), seconds: (Date.now() - began) / 1000 };
	});
	for (const { row, cells } of results) {
		for (const { column, failures } of cells)
			for (const failure of failures) console.log(`\n${row.name}, ${column}: ${failure}`);
	}
	console.log(`\n${table(results)}`);
	const at = args.indexOf('--summary');
	if (at >= 0) appendFileSync(args[at + 1] ?? '', `${table(results)}\n`);
	process.exitCode = results.every(({ cells }) => cells.every(({ failures }) => failures.length === 0)) ? 0 : 1;
}

if (require.main === module) main(process.argv.slice(2));
