import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { recordingOf } from '../test/support/recordings';
import { providers } from '.';

/** Every interface of core/describe/records.ts with its members, those that it inherits first. */
const interfaces = (() => {
	const file = join(__dirname, '..', 'core', 'describe', 'records.ts');
	const found = new Map<string, { parents: string[]; members: string[] }>();
	ts.forEachChild(ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest), (node) => {
		if (!ts.isInterfaceDeclaration(node)) return;
		found.set(node.name.text, {
			parents: (node.heritageClauses ?? []).flatMap(({ types }) =>
				types.flatMap(({ expression }) => (ts.isIdentifier(expression) ? [expression.text] : [])),
			),
			members: node.members.flatMap(({ name }) => (name && ts.isIdentifier(name) ? [name.text] : [])),
		});
	});
	return found;
})();
const membersOf = (name: string): string[] => {
	const { parents = [], members = [] } = interfaces.get(name) ?? {};
	return [...parents.flatMap(membersOf), ...members];
};
const upperFirst = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

const operations = providers.flatMap((provider) =>
	provider.operations.map((operation) => {
		const name = `${operation.resource}.${operation.name}`;
		return { title: `${provider.name} ${name}`, kind: operation.kind, recorded: recordingOf(provider, name) };
	}),
);

test('every operation has recorded records', () => {
	const without = operations.filter(({ recorded }) => (recorded?.simplified ?? []).length === 0);
	expect(without.map(({ title }) => title)).toEqual([]);
});

/** Records of the kind "other" are the vendor's own. */
const kinds = [...new Set(operations.map(({ kind }) => kind))].filter((kind) => kind !== 'other');

describe.each(kinds)('simplified records of the kind %s', (kind) => {
	const columnsOf = operations
		.filter((operation) => operation.kind === kind)
		.flatMap(({ title, recorded }) =>
			(recorded?.simplified ?? []).map(
				(record) => [title, Object.keys(record).filter((key) => key !== 'error')] as const,
			),
		);

	test('have the columns of its type, no more and no less', () => {
		const declared = membersOf(upperFirst(kind))
			.filter((name) => name !== 'error')
			.sort();
		expect(declared.length).toBeGreaterThan(0);
		for (const [title, columns] of columnsOf) expect([...columns].sort(), title).toEqual(declared);
	});

	test('have them in the same order, whichever vendor they come from', () => {
		for (const [title, columns] of columnsOf) expect(columns, title).toEqual(columnsOf[0]?.[1]);
		// Who, when, where, what, and ids last.
		expect(columnsOf[0]?.[1]?.join(' ')).toMatchSnapshot();
	});
});
