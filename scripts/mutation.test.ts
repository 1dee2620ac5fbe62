import { globSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { filesOf, PARTS, table } from '../test/mutation/main';

const root = join(__dirname, '..');
const mutant = (fileName: string, status: string) => ({
	fileName,
	location: { start: { line: 1, column: 1 }, end: { line: 1, column: 2 } },
	mutatorName: 'BooleanLiteral',
	status,
});

test('each file of the core and the providers is in one part, and no test is', () => {
	const files = filesOf([]).flat();
	expect(new Set(files).size).toBe(files.length);
	expect(files).toEqual(
		expect.arrayContaining(['core/call/retry.ts', 'core/watch/poller.ts', 'providers/period.ts']),
	);
	expect(files.filter((file) => file.includes('.test.'))).toEqual([]);
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
		mutant('core/a.ts', 'Killed'),
		mutant('core/a.ts', 'Timeout'),
		mutant('core/a.ts', 'Survived'),
		mutant('core/b.ts', 'NoCoverage'),
		mutant('core/b.ts', 'Ignored'),
	]).split('\n');
	expect(lines.slice(1).map((line) => line.trim().split(/\s{2,}/))).toEqual([
		['66.7 %', '1', '1', '1', '0', 'core/a.ts'],
		['0.0 %', '0', '0', '0', '1', 'core/b.ts'],
		['50.0 %', '1', '1', '1', '1', 'all'],
	]);
});
