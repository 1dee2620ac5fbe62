/**
 * Changes the core and the providers in small ways, one at a time, and sees whether a test fails. A change that no test
 * notices survives, and is shown: either a test is missing, or the change makes no difference.
 *
 *     npm run mutation                                    all, for 90 minutes at most; not a part of CI
 *     npm run mutation -- --only core/call/retry.ts       files that match; several times, or with commas
 *     npm run mutation -- --minutes 30 --concurrency 1
 *     npm run mutation -- --share 0.1 --seed 1            a tenth of the changes, always the same ones for a seed
 *
 * Changes are tried in a random order, so a run that is out of time has tried a sample of all files. Its score stands
 * between bounds that the true one is within, 19 times out of 20.
 *
 * Texts stay as they are: most are words for people. So does what runs once, when a file is loaded: each of its mutants
 * would need every test.
 */
import { spawn } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, matchesGlob, relative, sep } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureStryker } from '../hosts/install';
import type { Mutant, Sample } from './reporter.mjs';

const root = join(__dirname, '..', '..');

/** Tests that take a minute or more: they run against what nothing else guards. */
const PATIENT = ['providers/{refused,triggers}.test.ts', 'providers/ctrack/queue-trigger.test.ts'];
/** They measure time or memory, or try thousands of answers: nothing for each of thousands of mutants. */
const UNFIT = ['providers/{allocation,freezes,hostile,mutated}.test.ts'];

/** It reads each character of an answer: prepared for Stryker, its tests take minutes. To try it, name it. */
const SLOW = 'core/call/json-size.ts';

/** A file belongs to the first part that names it. */
export const PARTS = [
	{
		title: 'polls',
		mutate: ['core/watch/*.ts', 'core/call/refusals.ts', 'providers/*/triggers.ts'],
		tests: ['core/*/*.test.ts', 'n8n/trigger-poll.test.ts', ...PATIENT],
		without: [] as string[],
	},
	{
		title: 'calls',
		mutate: ['core/**/*.ts'],
		tests: ['core/*/*.test.ts', 'providers/*.test.ts'],
		without: [...PATIENT, ...UNFIT],
	},
	{
		title: 'vendors',
		mutate: ['providers/**/*.ts'],
		tests: ['providers/**/*.test.ts'],
		without: [...PATIENT, ...UNFIT],
	},
];

/** The files of each part that are asked for. */
export function filesOf(only: readonly string[]): string[][] {
	const sources = globSync(['core/**/*.ts', 'providers/**/*.ts'], { cwd: root }).filter(
		(file) =>
			!/\.test\.ts$|\/testkit\.ts$/.test(file) &&
			(only.includes(file) ||
				(file !== SLOW && (only.length === 0 || only.some((glob) => matchesGlob(file, glob))))),
	);
	const partOf = (file: string) => PARTS.findIndex(({ mutate }) => mutate.some((glob) => matchesGlob(file, glob)));
	return PARTS.map((_, index) => sources.filter((file) => partOf(file) === index).sort());
}

interface Settings {
	share: number;
	seed: string;
	concurrency: number;
}

/** What a run found out: of how many mutants it is, and those of its sample that were tried. */
export interface Tried {
	all: number;
	mutants: Mutant[];
	/** Why it ended early. */
	problem?: string;
}

/** Runs Stryker until it is done or out of time, and gives what it found out by then. */
async function run(
	files: string[],
	part: (typeof PARTS)[number],
	{ share, seed, concurrency }: Settings,
	stryker: string,
	until: number,
): Promise<Tried> {
	const folder = mkdtempSync(join(tmpdir(), 'fleetwire-mutation-'));
	const [config, lines] = [join(folder, 'stryker.json'), join(folder, 'lines')];
	const settings = {
		testRunner: 'vitest',
		plugins: [
			join(stryker, '@stryker-mutator', 'vitest-runner', 'dist', 'src', 'index.js'),
			join(__dirname, 'reporter.mts'),
		],
		vitest: { configFile: 'test/mutation/vitest.config.mts', related: true },
		coverageAnalysis: 'perTest',
		ignoreStatic: true,
		mutator: { excludedMutations: ['StringLiteral'] },
		mutate: files,
		// It would rewrite the paths in it, which the sandbox does not need.
		tsconfigFile: 'none.json',
		ignorePatterns: ['artifacts', 'dist', 'node-red/dist'],
		reporters: ['lines', 'progress-append-only'],
		concurrency,
		dryRunTimeoutMinutes: 30,
		// What only a busy machine makes slow must not count as noticed.
		timeoutMS: 20_000,
		timeoutFactor: 3,
		tempDirName: join(folder, 'sandbox'),
	};
	writeFileSync(config, JSON.stringify(settings));
	writeFileSync(lines, '');
	try {
		const child = spawn(
			process.execPath,
			[join(stryker, '@stryker-mutator', 'core', 'bin', 'stryker.js'), 'run', config],
			{
				cwd: root,
				stdio: 'inherit',
				env: {
					...process.env,
					FLEETWIRE_MUTATION_LINES: lines,
					FLEETWIRE_MUTATION_SAMPLE: JSON.stringify({ root: `${root}${sep}`, seed, share } satisfies Sample),
					FLEETWIRE_MUTATION_TESTS: JSON.stringify({ include: part.tests, exclude: part.without }),
				},
			},
		);
		// It stops its own processes.
		const timer = setTimeout(() => child.kill('SIGTERM'), Math.max(0, until - Date.now()));
		const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
			child.once('error', reject);
			child.once('exit', (...ended) => resolve(ended));
		});
		clearTimeout(timer);
		const written = readFileSync(lines, 'utf8').split('\n').filter(Boolean);
		const [plan, ...mutants] = written.map(
			(line) => JSON.parse(line) as Mutant & { all?: number; chosen?: number },
		);
		const { all = 0, chosen = 0 } = plan ?? {};
		if (mutants.length > chosen) throw new Error('Stryker tried more than the sample: it draws from another list.');
		if (mutants.length < chosen) {
			console.log(`Out of time: ${String(chosen - mutants.length)} of ${String(chosen)} mutants were not tried.`);
		}
		const failed = Date.now() < until && code !== 0;
		return {
			all,
			mutants: mutants.map((mutant) => ({ ...mutant, fileName: relative(root, mutant.fileName) })),
			problem: failed ? `Stryker ended with ${String(code ?? signal)}.` : undefined,
		};
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

const count = (mutants: readonly Mutant[], ...statuses: string[]) =>
	mutants.filter(({ status }) => statuses.includes(status)).length;

const room = (fileName: string) => fileName.split('/').slice(0, 2).join('/');

/** A line for each file and each room: how many of the mutants that are not left out were noticed. */
export function table(mutants: readonly Mutant[]): string {
	const names = mutants.map(({ fileName }) => fileName);
	const groups = new Set([...names.sort(), ...names.map(room).sort(), 'all']);
	const lines = [...groups].map((group) => {
		const own = mutants.filter(({ fileName }) => [fileName, room(fileName), 'all'].includes(group));
		const [killed, late] = [count(own, 'Killed'), count(own, 'Timeout')];
		const [survived, uncovered] = [count(own, 'Survived'), count(own, 'NoCoverage')];
		const all = killed + late + survived + uncovered;
		const score = all === 0 ? '-' : percent((killed + late) / all);
		return `${score.padStart(7)} ${[killed, late, survived, uncovered].map((n) => String(n).padStart(10)).join('')}  ${group}`;
	});
	return ['  score    killed timed out  survived   no test  file', ...lines].join('\n');
}

const percent = (value: number) => `${(100 * value).toFixed(1)} %`;

/**
 * The score of all mutants, from what was tried of each part: each part counts by the mutants that it has. The bounds
 * are those of Agresti and Coull, so that few tries are not taken for certainty.
 */
export function estimate(parts: readonly Tried[]): { tried: number; all: number; score: number; margin: number } {
	const counted = parts
		.filter(({ all }) => all > 0)
		.map(({ all, mutants }) => {
			const noticed = count(mutants, 'Killed', 'Timeout');
			const tried = noticed + count(mutants, 'Survived', 'NoCoverage');
			if (tried === 0)
				throw new Error('Of a part, nothing was tried: more minutes or a larger share are needed.');
			return { all, noticed, tried };
		});
	const [all, tried] = [sum(counted.map((part) => part.all)), sum(counted.map((part) => part.tried))];
	const score = sum(counted.map((part) => (part.all / all) * (part.noticed / part.tried)));
	const variance = sum(
		counted.map((part) => {
			const likely = (part.noticed + 2) / (part.tried + 4);
			const left = 1 - part.tried / part.all;
			return (part.all / all) ** 2 * ((left * likely * (1 - likely)) / (part.tried + 4));
		}),
	);
	return { tried, all, score, margin: 1.96 * Math.sqrt(variance) };
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** The mutant as a change of its first line. */
function describe({ fileName, location: { start, end }, mutatorName, replacement, status }: Mutant): string {
	const source = readFileSync(join(root, fileName), 'utf8').split('\n');
	const line = source[start.line - 1] ?? '';
	const was =
		start.line === end.line ? line.slice(start.column - 1, end.column - 1) : `${line.slice(start.column - 1)} ...`;
	const now = (replacement ?? '').replaceAll(/\s+/g, ' ');
	const word = status === 'NoCoverage' ? 'no test' : 'survived';
	return `${fileName}:${String(start.line)} ${word}, ${mutatorName}: ${was.trim()}  ->  ${now}`;
}

async function main(): Promise<void> {
	const { values } = parseArgs({
		options: {
			only: { type: 'string', multiple: true, default: [] },
			minutes: { type: 'string', default: '90' },
			share: { type: 'string', default: '1' },
			seed: { type: 'string', default: '1' },
			concurrency: { type: 'string', default: String(availableParallelism()) },
		},
	});
	const until = Date.now() + Number(values.minutes) * 60_000;
	const settings = { share: Number(values.share), seed: values.seed, concurrency: Number(values.concurrency) };
	const parts = filesOf(values.only.flatMap((globs) => globs.split(',')));
	if (parts.flat().length === 0) throw new Error('No file of core/ or providers/ matches.');
	const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
		devDependencies: { vitest: string };
	};
	const stryker = await ensureStryker(devDependencies.vitest);
	const tried: Tried[] = [];
	const size = (files: string[]) => sum(files.map((file) => statSync(join(root, file)).size));
	for (const [index, files] of parts.entries()) {
		const part = PARTS[index];
		if (part === undefined || files.length === 0) continue;
		console.log(`== ${part.title}: ${String(files.length)} files`);
		// What an earlier part does not need of its time, the later ones have.
		const now = Date.now();
		const end = now + ((until - now) * size(files)) / size(parts.slice(index).flat());
		tried.push(await run(files, part, settings, stryker, end));
	}
	const mutants = tried.flatMap((part) => part.mutants);
	const left = mutants.filter(({ status }) => status === 'Survived' || status === 'NoCoverage');
	for (const mutant of left) console.log(describe(mutant));
	console.log(`\n${table(mutants)}`);
	const problem = tried.find((part) => part.problem !== undefined)?.problem;
	if (problem !== undefined) throw new Error(problem);
	const { tried: number, all, score, margin } = estimate(tried);
	console.log(
		`\n${percent(score)} of all, give or take ${percent(margin)}: ${String(number)} of ${String(all)} mutants tried, seed ${values.seed}.`,
	);
}

if (require.main === module) {
	main().catch((error: unknown) => {
		console.error(error instanceof Error ? error.message : error);
		process.exitCode = 1;
	});
}
