/** docs/delivery.md: every promise names tests, and they exist; every promise of the README has its section there. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

const root = join(__dirname, '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const page = read('docs/delivery.md');

/** Titles of the tests in a file: the first argument of `test(...)`, `test.each(...)(...)` and the like. */
function titlesIn(text: string): Set<string> {
	const titles = new Set<string>();
	const visit = (node: ts.Node): void => {
		if (ts.isCallExpression(node) && /^test\b/.test(node.expression.getText())) {
			const [title] = node.arguments;
			if (title !== undefined && ts.isStringLiteralLike(title)) titles.add(title.text);
		}
		node.forEachChild(visit);
	};
	visit(ts.createSourceFile('', text, ts.ScriptTarget.Latest, true));
	return titles;
}

/** Cells of a table's rows, without the head. */
const rows = page
	.split('\n')
	.filter((line) => /^\| (?!where \|)/.test(line))
	.map((line) => line.slice(2, -2).split(' | '));

test('there are promises to check', () => {
	expect(rows.length).toBeGreaterThan(20);
	expect(titlesIn("test.each([1])('%i', () => 0); test('a', () => 0); other('b', () => 0);")).toEqual(
		new Set(['%i', 'a']),
	);
});

test.each(rows.map(([where = '', promise = '', tests = '', ...rest]) => ({ where, promise, tests, rest })))(
	'$where: $promise',
	({ promise, tests, rest }) => {
		expect(promise).toMatch(/\.$/);
		expect(rest).toEqual([]);
		const named = tests.split('<br>').map((one) => /^`([^`]+)`: (.+)$/.exec(one));
		expect(named).not.toContain(null);
		for (const [, file = '', title = ''] of named.filter((one) => one !== null)) {
			expect(existsSync(join(root, file)), file).toBe(true);
			expect([...titlesIn(read(file))], file).toContain(title);
		}
	},
);

test("the README's promises have a section each", () => {
	const [, section = ''] = read('README.md').split('What they promise');
	const [list = ''] = section.split('\n## ');
	const leads = [...list.matchAll(/^- \*\*(.+?)\*\*/gm)].map(([, lead = '']) => lead);
	expect(leads.length).toBeGreaterThan(5);
	const sections = [...page.matchAll(/^## (.+)$/gm)].map(([, title]) => title);
	expect(leads.filter((lead) => !sections.includes(lead))).toEqual([]);
});
