import { globSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { estimate, filesOf, PARTS, table } from '../test/mutation/main';
import { draw, placeOf } from '../test/mutation/reporter.mjs';

const root = join(__dirname, '..');
const mutant = (fileName: string, status: string) => ({
	fileName,
	location: { start: { line: 1, column: 1 }, end: { line: 1, column: 2 } },
	mutatorName: 'BooleanLiteral',
	status,
});

test('each file of the core and the providers is in one part, and what only tests use is in none', () => {
	const files = filesOf([]).flat();
	expect(new Set(files).size).toBe(files.length);
	expect(files).toEqual(
		expect.arrayContaining(['core/call/retry.ts', 'core/watch/poller.ts', 'providers/period.ts']),
	);
	expect(files.filter((file) => /test/.test(file))).toEqual([]);
});

test('a file that takes minutes for each change is left out unless it is asked for', () => {
	expect(filesOf([]).flat()).not.toContain('core/call/json-size.ts');
	expect(filesOf(['core/call/*.ts']).flat()).toContain('core/call/retry.ts');
	expect(filesOf(['core/call/*.ts']).flat()).not.toContain('core/call/json-size.ts');
	expect(filesOf(['core/call/json-size.ts'])).toEqual([[], ['core/call/json-size.ts'], []]);
});

test.each(PARTS.flatMap(({ mutate, tests, without }) => [...mutate, ...tests, ...without]))(
	'%s names files that are there',
	(glob) => expect(globSync(glob, { cwd: root })).not.toEqual([]),
);

test('files are chosen by globs', () => {
	expect(
		filesOf(['core/call/retry.ts', 'core/watch/poll*.ts', 'providers/per*.ts']).map((files) => files.join()),
	).toEqual(['core/watch/poll.ts,core/watch/poller.ts', 'core/call/retry.ts', 'providers/period.ts']);
});

test('the table counts what was left out neither for nor against', () => {
	const lines = table([
		mutant('core/call/a.ts', 'Killed'),
		mutant('core/call/a.ts', 'Timeout'),
		mutant('core/call/a.ts', 'Survived'),
		mutant('core/call/b.ts', 'NoCoverage'),
		mutant('core/call/b.ts', 'Ignored'),
	]).split('\n');
	expect(lines.slice(1).map((line) => line.trim().split(/\s{2,}/))).toEqual([
		['66.7 %', '1', '1', '1', '0', 'core/call/a.ts'],
		['0.0 %', '0', '0', '0', '1', 'core/call/b.ts'],
		['50.0 %', '1', '1', '1', '1', 'core/call'],
		['50.0 %', '1', '1', '1', '1', 'all'],
	]);
});

const plan = Array.from({ length: 4000 }, (_, line) => ({
	...mutant('core/call/a.ts', 'Survived'),
	location: { start: { line, column: 1 }, end: { line, column: 2 } },
}));
const linesOf = (share: number, seed: string) =>
	draw(plan, share, (item) => placeOf(item, seed)).map(({ location }) => location.start.line);

test('a sample has its share of the mutants, and is the same for a seed whatever else there is', () => {
	const sample = linesOf(0.1, '1');
	expect(sample.length).toBeGreaterThan(300);
	expect(sample.length).toBeLessThan(500);
	expect(linesOf(0.1, '1')).toEqual(sample);
	expect(linesOf(0.1, '2')).not.toEqual(sample);
	expect(linesOf(0.2, '1').slice(0, sample.length)).toEqual(sample);
	const fewer = draw(plan.slice(0, 2000), 0.1, (item) => placeOf(item, '1'));
	expect(fewer.map(({ location }) => location.start.line)).toEqual(sample.filter((line) => line < 2000));
});

test('a sample that is cut short is spread over all', () => {
	const first = linesOf(1, '1').slice(0, 400);
	expect(linesOf(1, '1')).toHaveLength(plan.length);
	for (const quarter of [0, 1, 2, 3]) {
		const own = first.filter((line) => Math.floor(line / 1000) === quarter);
		expect(own.length).toBeGreaterThan(60);
	}
});

const tried = (all: number, noticed: number, survived: number) => ({
	all,
	mutants: [
		...Array.from({ length: noticed }, () => mutant('core/call/a.ts', 'Killed')),
		...Array.from({ length: survived }, () => mutant('core/call/a.ts', 'Survived')),
		mutant('core/call/a.ts', 'Ignored'),
	],
});

test('a part counts by the mutants that it has, not by those that were tried', () => {
	const { score, tried: number, all } = estimate([tried(9000, 90, 10), tried(1000, 100, 100)]);
	expect([number, all]).toEqual([300, 10_000]);
	// 0.9 * 9000 + 0.5 * 1000
	expect(score).toBeCloseTo(0.86, 10);
});

test('the true score is within the bounds 19 times out of 20, and a part that was tried whole has none', () => {
	// The textbook: 80 of 100 out of very many is 0.80 +- 0.08.
	expect(estimate([tried(1e9, 80, 20)]).margin).toBeCloseTo(0.08, 2);
	expect(estimate([tried(100, 80, 20)]).margin).toBe(0);
	expect(estimate([tried(1e9, 10, 0)]).margin).toBeGreaterThan(0.1);
	const population = Array.from({ length: 500 }, (_, line) => ({ line, noticed: line % 5 !== 0 }));
	let within = 0;
	for (let seed = 0; seed < 200; seed++) {
		const place = ({ line }: { line: number }) =>
			placeOf(
				{ ...mutant('a', ''), location: { start: { line, column: 0 }, end: { line, column: 0 } } },
				String(seed),
			);
		const sample = draw(population, 0.2, place);
		const noticed = sample.filter((item) => item.noticed).length;
		const { score, margin } = estimate([tried(population.length, noticed, sample.length - noticed)]);
		if (Math.abs(score - 0.8) <= margin) within++;
	}
	expect(within / 200).toBeGreaterThan(0.92);
});

test('a part of which nothing was tried is not guessed', () => {
	expect(() => estimate([tried(1000, 90, 10), tried(1000, 0, 0)])).toThrow('nothing');
	expect(estimate([tried(1000, 90, 10), tried(0, 0, 0)]).score).toBeCloseTo(0.9, 10);
});
