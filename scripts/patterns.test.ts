import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { analyse } from 'scslre';
import ts from 'typescript';
import { expect, test } from 'vitest';

const root = join(__dirname, '..');
const SHIPPED = ['core', 'providers', 'n8n', 'nodes', 'credentials', 'node-red/src'];

const files = SHIPPED.flatMap((folder) =>
	readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
		.filter((name) => /\.(ts|js)$/.test(name) && !/\.test\.ts$/.test(name))
		.map((name) => `${folder}/${name}`),
);

/** Every pattern in a program, and the line that it stands in; those that are made of texts are called "made". */
function patternsIn(name: string, text: string): { where: string; pattern: string }[] {
	const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
	const found: { where: string; pattern: string }[] = [];
	const visit = (node: ts.Node): void => {
		const made =
			(ts.isNewExpression(node) || ts.isCallExpression(node)) && node.expression.getText(source) === 'RegExp';
		if (made || ts.isRegularExpressionLiteral(node))
			found.push({
				where: `${name}:${String(source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1)}`,
				pattern: made ? 'made' : node.getText(source),
			});
		ts.forEachChild(node, visit);
	};
	visit(source);
	return found;
}

/**
 * Whether some text makes the pattern take more than a time that grows with the text's length. The analysis sees
 * repetitions that compete with each other or with a beginning of one character; a longer beginning that may come again
 * within a repetition, as in /leave.*fence/, is looked for here.
 */
function isSuperLinear(pattern: string): boolean {
	const end = pattern.lastIndexOf('/');
	const flags = pattern.slice(end + 1);
	const { parsed, reports } = analyse({ source: pattern.slice(1, end), flags });
	return reports.length > 0 || parsed.pattern.alternatives.some((alternative) => beginsAgain(alternative, flags));
}

type Alternative = ReturnType<typeof analyse>['parsed']['pattern']['alternatives'][number];

/** Whether what stands before a repetition without end may come again within it. */
function beginsAgain({ elements }: Alternative, flags: string, before: string[] = []): boolean {
	for (const element of elements) {
		if (element.type === 'Assertion' && element.kind === 'start' && !flags.includes('m')) return false;
		if (element.type === 'Quantifier' && element.max === Infinity) {
			const repeated = new RegExp(`^(?:${element.element.raw})+$`, flags.replace(/[gy]/g, ''));
			if (before.length > 0 && before.every((sign) => repeated.test(sign))) return true;
		} else if (element.type === 'Character') {
			before.push(String.fromCodePoint(element.value));
		} else if (element.type === 'Group' || element.type === 'CapturingGroup') {
			if (element.alternatives.some((alternative) => beginsAgain(alternative, flags, [...before]))) return true;
			// Any of them may stand there: the first speaks for all.
			beginsAgain(element.alternatives[0] as Alternative, flags, before);
		}
	}
	return false;
}

const patterns = files.flatMap((name) => patternsIn(name, readFileSync(join(root, name), 'utf8')));

// A vendor's answer of 16 MiB, or a user's text, may meet any of them.
test('no pattern takes more than linear time', () => {
	expect(patterns.filter(({ pattern }) => pattern !== 'made' && isSuperLinear(pattern))).toEqual([]);
});

/** Patterns that are put together from texts, and why they cannot take long. */
const MADE = {
	'core/call/redaction.ts': 'alternatives of secrets, sign by sign',
	'n8n/borrowed.ts': 'routes of our own catalog, with [^/]+ between slashes',
	'providers/protrack/device-answer.ts': 'lists of our own words, for answers of at most 300 characters',
};

test('no other pattern is made of texts', () => {
	const made = patterns.filter(({ pattern }) => pattern === 'made').map(({ where }) => where.split(':')[0]);
	expect([...new Set(made)].sort()).toEqual(Object.keys(MADE));
});

test('the check finds what it is for', () => {
	const program = [
		'const blanks = (text: string) => text.replace(/[\\s;]+$/, "");',
		'const all = [/(a+)+$/u, /^\\s*ok/, /x.*y/, /leave.*fence/, /(?:leave|exit) .+fence/, /"Code"\\s*:/];',
		'new RegExp(all.join());',
	].join('\n');
	const found = patternsIn('probe.ts', program);
	expect(found.map(({ where, pattern }) => [where, pattern, pattern !== 'made' && isSuperLinear(pattern)])).toEqual([
		['probe.ts:1', '/[\\s;]+$/', true],
		['probe.ts:2', '/(a+)+$/u', true],
		['probe.ts:2', '/^\\s*ok/', false],
		['probe.ts:2', '/x.*y/', true],
		['probe.ts:2', '/leave.*fence/', true],
		['probe.ts:2', '/(?:leave|exit) .+fence/', true],
		['probe.ts:2', '/"Code"\\s*:/', false],
		['probe.ts:3', 'made', false],
	]);
	expect(patterns.length).toBeGreaterThan(100);
});
