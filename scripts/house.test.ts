/**
 * The rooms of CONTRIBUTING.md, "The house": which way imports go, types included, and that they never come round in a
 * circle.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { ESLint } from 'eslint';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { vendors } from '../providers';

const root = join(__dirname, '..');
const FOLDERS = ['core', 'providers', 'n8n', 'nodes', 'credentials', 'node-red/src', 'simulators'];

const files = FOLDERS.flatMap((folder) =>
	readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
).filter((name) => name.endsWith('.ts') && !/(\.test|\.d|\/testkit)\.ts$/.test(name));

/** Files of the house that a file imports, by whatever way. */
function importsOf(file: string): string[] {
	const { importedFiles } = ts.preProcessFile(readFileSync(join(root, file), 'utf8'), true, true);
	return importedFiles.flatMap(({ fileName }) => {
		if (!fileName.startsWith('.')) return [];
		const target = normalize(join(dirname(file), fileName)).replace(/\.js$/, '');
		return [`${target}.ts`, join(target, 'index.ts')].filter((name) => files.includes(name));
	});
}

/** The shortest way from a file back to itself, by what imports what. */
function shortestCircle(graph: ReadonlyMap<string, readonly string[]>, start: string): string[] {
	const ways = [[start]];
	const seen = new Set<string>();
	for (const way of ways) {
		for (const next of graph.get(way.at(-1) ?? '') ?? []) {
			if (next === start) return [...way, start];
			if (!seen.has(next)) ways.push([...way, next]);
			seen.add(next);
		}
	}
	return [];
}

/** Circles of a graph: of the files that reach each other, the shortest way round. */
function circlesIn(graph: ReadonlyMap<string, readonly string[]>): string[] {
	const reached = (from: string) => {
		const found = new Set<string>();
		const left = [...(graph.get(from) ?? [])];
		for (let next = left.pop(); next !== undefined; next = left.pop()) {
			if (found.has(next)) continue;
			found.add(next);
			left.push(...(graph.get(next) ?? []));
		}
		return found;
	};
	const all = new Map([...graph.keys()].map((file) => [file, reached(file)]));
	const own = [...all]
		.filter(([file, found]) => found.has(file))
		.map(([file, found]) =>
			[file, ...[...found].filter((other) => other !== file && all.get(other)?.has(file))].sort(),
		);
	const circles = new Map(own.map((members) => [members.join(), members]));
	return [...circles.values()].map((members) => {
		const ways = members.map((file) => shortestCircle(graph, file));
		const [shortest = []] = ways.sort((a, b) => a.length - b.length);
		return shortest.join(' -> ');
	});
}

test('no imports come round in a circle', () => {
	expect(circlesIn(new Map(files.map((file) => [file, importsOf(file)])))).toEqual([]);
});

test('a circle would be noticed', () => {
	expect(
		circlesIn(
			new Map([
				['a', ['b']],
				['b', ['c']],
				['c', ['b', 'd']],
				['d', []],
			]),
		),
	).toEqual(['b -> c -> b']);
	expect(
		circlesIn(
			new Map([
				['a', ['b', 'd']],
				['b', ['c']],
				['c', ['a']],
				['d', ['e', 'b']],
				['e', ['d']],
				['f', ['f']],
			]),
		),
	).toEqual(['d -> e -> d', 'f -> f']);
});

/** What must not be imported, and by which file. The path need not be there: the rule goes by how it is written. */
const PROBES = [
	['core/describe/field.ts', '../call/client'],
	['core/describe/field.ts', '../watch/poller'],
	['core/describe/field.ts', '../report/reports'],
	['core/report/reports.ts', '../call/client'],
	['core/report/reports.ts', '../watch/poller'],
	['core/report/reports.ts', '../../providers/ctrack'],
	['core/call/client.ts', '../watch/poller'],
	['core/call/client.ts', '../../providers/ctrack'],
	['core/watch/poller.ts', 'undici'],
	['providers/ctrack/trip.ts', '../protrack/position'],
	['providers/ctrack/trip.ts', '../protrack'],
	['providers/period.ts', '../n8n/execute'],
	['providers/ctrack/trip.ts', '../../n8n/execute'],
	['n8n/execute.ts', '../node-red/src/account'],
	['node-red/src/account.ts', '../../n8n/execute'],
	['nodes/Ctrack/Ctrack.node.ts', '../../core/call/client'],
	['simulators/ctrack/methods.ts', '../../core/describe/time'],
	['simulators/ctrack/methods.ts', '../../providers/ctrack'],
] as const;

const lint = new ESLint({ cwd: root });

test('what goes the wrong way is refused', async () => {
	for (const [filePath, from] of PROBES) {
		const results = await lint.lintText(`import { x } from '${from}';\nexport { x };\n`, {
			filePath: join(root, filePath),
		});
		expect(
			results[0]?.messages.map(({ ruleId }) => ruleId),
			`${filePath} imports ${from}`,
		).toContain('no-restricted-imports');
	}
});

/** Each decides by an error's kind, or changes an error. */
const POLICIES_OF_ONES_OWN = [
	'export const retries = (error: unknown) => error instanceof VendorFault;',
	'export const retries = (error: unknown) => !(error instanceof errors.RateLimited);',
	'export const retries = (error: unknown) => [TimedOut, Unreachable].some((kind) => error instanceof kind);',
	"export const retries = ({ code }: FleetError) => code === 'TimedOut';",
	"export const retries = (error: FleetError) => error.code !== 'LoginRejected' && error.name != 'TooLarge';",
	"export function retries(error: FleetError) { switch (error.code) { case 'SessionExpired': return true; } }",
	"export const unsent = (error: FleetError) => Object.defineProperty(error, 'effect', { value: 'none' });",
	"export const unsent = (error: FleetError) => Object.defineProperties(error, { effect: { value: 'none' } });",
	"export const unsent = (error: FleetError) => Reflect.defineProperty(error, 'effect', { value: 'none' });",
];
const AS_IT_SHOULD_BE = [
	'export const retries = (error: unknown) => error instanceof FleetError && error.retryable;',
	"export const unsent = (error: FleetError) => error.with({ effect: 'none' });",
	"export const late = () => new TimedOut('Too late.');",
];

test('what follows from an error is decided where it is made', async () => {
	const found = async (filePath: string, code: string) => {
		const [result] = await lint.lintText(`${code}\n`, { filePath: join(root, filePath) });
		return result?.messages.map(({ ruleId }) => ruleId);
	};
	for (const code of POLICIES_OF_ONES_OWN) {
		for (const file of [
			'core/call/batcher.ts',
			'providers/ctrack/trip.ts',
			'n8n/execute.ts',
			'node-red/src/account.ts',
		])
			expect(await found(file, code), `${file}: ${code}`).toContain('no-restricted-syntax');
		expect(await found('core/call/batcher.test.ts', code), code).not.toContain('no-restricted-syntax');
	}
	for (const code of AS_IT_SHOULD_BE)
		expect(await found('core/call/batcher.ts', code), code).not.toContain('no-restricted-syntax');
});

/** Names of vendors, platforms and companies, and words that only one vendor uses for a resource. */
const VENDOR_WORDS = [
	...vendors.flatMap(({ provider: { name, title, resourceTitles = {} }, module }) => [
		name,
		title,
		module.split('/')[0] ?? '',
		...Object.values(resourceTitles),
	]),
	'AROBS',
	'Cost Center',
].map((word) => word.toLowerCase());

/** Lines that name a vendor, whether in code, in texts or in comments. */
const vendorsNamedIn = (text: string) =>
	text.split('\n').filter((line) => VENDOR_WORDS.some((word) => line.toLowerCase().includes(word)));

test('the core names no vendor', () => {
	const core = files.filter((name) => name.startsWith('core/'));
	expect(core.length).toBeGreaterThan(40);
	const named = core.flatMap((name) =>
		vendorsNamedIn(readFileSync(join(root, name), 'utf8')).map((line) => `${name}: ${line.trim()}`),
	);
	expect(named).toEqual([]);
});

test.each([
	"export type Name = 'ctrack' | 'other';",
	'/** As the md5 that Protrack uses. */',
	"	group: 'Cost Centre',",
	"const host = 'api.etrackgps.com'; // eTrack's",
	'// TrackGPS.ro counts from 1.',
])('a line that names one is noticed: %s', (line) => {
	expect(vendorsNamedIn(`const a = 1;\n${line}\nconst b = 2;`)).toEqual([line]);
});
