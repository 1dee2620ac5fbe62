/** Everything that product code exports is imported somewhere: what is not is dead, or needs no `export`. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

const root = join(__dirname, '..');
const PRODUCT = ['core', 'providers', 'n8n', 'node-red/src'];
const OTHERS = ['nodes', 'credentials', 'simulators', 'test', 'scripts', 'demo', 'bench'];

const filesIn = (folders: readonly string[]) =>
	folders
		.flatMap((folder) =>
			readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
		)
		.filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts') && !/(^|\/)(node_modules|dist)\//.test(name));
const parse = (file: string, text: string) => ts.createSourceFile(file, text, ts.ScriptTarget.ESNext, true);

/** Names that a file exports itself. */
function exportsOf(source: ts.SourceFile): string[] {
	return source.statements.flatMap((statement) => {
		const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
		if (!modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return [];
		if (ts.isVariableStatement(statement))
			return statement.declarationList.declarations.flatMap(({ name }) =>
				ts.isIdentifier(name) ? [name.text] : [],
			);
		const { name } = statement as ts.Statement & { name?: ts.Identifier };
		return name === undefined ? [] : [name.text];
	});
}

/** What a file takes of others: [the module as it is written, the name], '*' for all of it. */
function importsOf(source: ts.SourceFile): [string, string][] {
	const found: [string, string][] = [];
	const visit = (node: ts.Node): void => {
		if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier !== undefined) {
			const { text } = node.moduleSpecifier as ts.StringLiteral;
			const named = ts.isImportDeclaration(node) ? node.importClause?.namedBindings : node.exportClause;
			if (named !== undefined && (ts.isNamedImports(named) || ts.isNamedExports(named)))
				for (const { name, propertyName } of named.elements) found.push([text, (propertyName ?? name).text]);
			else found.push([text, '*']);
		} else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
			found.push([(node.argument.literal as ts.StringLiteral).text, '*']);
		else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
			// What is put together at run time is no name of a file.
			const [module] = node.arguments;
			if (module !== undefined && ts.isStringLiteralLike(module)) found.push([module.text, '*']);
		}
		ts.forEachChild(node, visit);
	};
	visit(source);
	return found;
}

/** Exports that nothing outside of their file takes, by file. Tests beside product code do not count. */
function dead(product: ReadonlyMap<string, string>, others: ReadonlyMap<string, string>): Record<string, string[]> {
	const used = new Set<string>();
	for (const [file, text] of [...product, ...others]) {
		for (const [module, name] of importsOf(parse(file, text))) {
			if (!module.startsWith('.')) continue;
			const target = normalize(join(dirname(file), module)).replace(/\.js$/, '');
			for (const path of [`${target}.ts`, join(target, 'index.ts')]) used.add(`${path} ${name}`);
		}
	}
	const unused = [...product].map(([file, text]): [string, string[]] => [
		file,
		used.has(`${file} *`) ? [] : exportsOf(parse(file, text)).filter((name) => !used.has(`${file} ${name}`)),
	]);
	return Object.fromEntries(unused.filter(([, names]) => names.length > 0));
}

const read = (files: readonly string[]) => new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]));
const isTest = (file: string) => file.endsWith('.test.ts');

test('every export is imported somewhere', () => {
	const files = filesIn(PRODUCT);
	const product = read(files.filter((file) => !isTest(file)));
	expect(dead(product, read([...files.filter(isTest), ...filesIn(OTHERS)]))).toEqual({});
});

test('an export that nobody imports is found', () => {
	const product = new Map([
		['core/a.ts', 'export const used = 1; export function dead() {} export type Dead = 1; const own = 1;'],
		['core/b.ts', "import { used } from './a'; import * as all from './c'; export const { x } = all;"],
		['core/c.ts', 'export const whole = 1;'],
	]);
	expect(dead(product, new Map())).toEqual({ 'core/a.ts': ['dead', 'Dead'] });
	expect(dead(product, new Map([['test/a.ts', "import { dead, type Dead } from '../core/a.js';"]]))).toEqual({});
});
