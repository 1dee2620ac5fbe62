/** Everything that product code exports is imported somewhere: what is not is dead, or needs no `export`. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

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

const namesIn = (name: ts.BindingName): string[] =>
	ts.isIdentifier(name)
		? [name.text]
		: name.elements.flatMap((element) => (ts.isOmittedExpression(element) ? [] : namesIn(element.name)));

/** Names that a file exports, whether they are its own or another's. */
function exportsOf(source: ts.SourceFile): string[] {
	return source.statements.flatMap((statement) => {
		if (ts.isExportDeclaration(statement)) {
			const { exportClause: named } = statement;
			return named !== undefined && ts.isNamedExports(named) ? named.elements.map(({ name }) => name.text) : [];
		}
		const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
		if (!modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return [];
		if (ts.isVariableStatement(statement))
			return statement.declarationList.declarations.flatMap(({ name }) => namesIn(name));
		const { name } = statement as ts.Statement & { name?: ts.Identifier };
		return name === undefined ? [] : [name.text];
	});
}

/** What is taken of a namespace by its name; '*' where it is handed on whole. */
function takenOf({ text, parent: declared }: ts.Identifier, source: ts.SourceFile): string[] {
	const taken: string[] = [];
	const visit = (node: ts.Node): void => {
		if (ts.isIdentifier(node) && node.text === text && node.parent !== declared) {
			const { parent } = node;
			if (ts.isPropertyAccessExpression(parent)) {
				// In `x.all` there is a name that is no namespace.
				if (parent.expression === node) taken.push(parent.name.text);
			} else if (ts.isQualifiedName(parent)) {
				if (parent.left === node) taken.push(parent.right.text);
			} else if (!((ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent)) && parent.name === node))
				taken.push(...destructured(parent, node));
		}
		ts.forEachChild(node, visit);
	};
	visit(source);
	return taken;
}

/** `const { a, b: c } = all`; '*' for any other use. */
function destructured(parent: ts.Node, node: ts.Node): string[] {
	if (!ts.isVariableDeclaration(parent) || parent.initializer !== node || !ts.isObjectBindingPattern(parent.name))
		return ['*'];
	return parent.name.elements.map(({ name, propertyName, dotDotDotToken }) => {
		const taken = propertyName ?? name;
		return dotDotDotToken === undefined && ts.isIdentifier(taken) ? taken.text : '*';
	});
}

/**
 * What a file takes of others: [the module as it is written, the name], '*' for all of it. A test's type of a whole
 * module, `typeof import('...')`, takes nothing.
 */
function importsOf(source: ts.SourceFile, ofTest: boolean): [string, string][] {
	const found: [string, string][] = [];
	const visit = (node: ts.Node): void => {
		if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier !== undefined) {
			const { text } = node.moduleSpecifier as ts.StringLiteral;
			const named = ts.isImportDeclaration(node) ? node.importClause?.namedBindings : node.exportClause;
			if (named !== undefined && (ts.isNamedImports(named) || ts.isNamedExports(named)))
				for (const { name, propertyName } of named.elements) found.push([text, (propertyName ?? name).text]);
			else if (named !== undefined && ts.isNamespaceImport(named))
				for (const name of takenOf(named.name, source)) found.push([text, name]);
			else found.push([text, '*']);
		} else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
			found.push([(node.argument.literal as ts.StringLiteral).text, qualifierOf(node) ?? (ofTest ? '' : '*')]);
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

/** `import('...').Name` */
const qualifierOf = ({ qualifier }: ts.ImportTypeNode) =>
	qualifier === undefined ? undefined : ts.isIdentifier(qualifier) ? qualifier.text : '*';

/** Exports that nothing outside of their file takes, by file. Tests beside product code do not count. */
function dead(product: ReadonlyMap<string, string>, others: ReadonlyMap<string, string>): Record<string, string[]> {
	const used = new Set<string>();
	for (const [file, text] of [...product, ...others]) {
		for (const [module, name] of importsOf(parse(file, text), /(^test\/|\.test\.ts$)/.test(file))) {
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
		[
			'core/b.ts',
			"import { used } from './a'; import * as all from './c'; export const { x } = all; export { x as y };",
		],
		['core/c.ts', 'export const x = 1; export const whole = 1;'],
	]);
	expect(dead(product, new Map())).toEqual({
		'core/a.ts': ['dead', 'Dead'],
		'core/b.ts': ['x', 'y'],
		'core/c.ts': ['whole'],
	});
	const test =
		"import { dead, type Dead } from '../core/a.js'; import * as c from '../core/c'; import { x, y } from '../core/b'; keys(c);";
	expect(dead(product, new Map([['test/a.ts', test]]))).toEqual({});
});

describe('of a whole module, what is taken is what is named', () => {
	const DEVICE = ['providers/v/device.ts', 'export const getMany = 1; export const forgotten = 2;'] as const;
	const forgotten = { [DEVICE[0]]: ['forgotten'] };

	test.each([
		"import * as device from './device'; list(device.getMany);",
		"import * as device from './device'; type One = typeof device.getMany; const x = { device: 1, y: z.device };",
		"import * as device from './device'; const { getMany } = device;",
		"import * as device from './device'; const { getMany: many } = device;",
		"type One = import('./device').getMany;",
	])('an operation that is declared, and is in no list: %s', (platform) => {
		expect(dead(new Map([DEVICE, ['providers/v/platform.ts', platform]]), new Map())).toEqual(forgotten);
	});

	test.each([
		"import * as device from './device'; Object.values(device);",
		"import * as device from './device'; export default device;",
		"import * as device from './device'; const { getMany, ...others } = device;",
		"import * as device from './device'; device['getMany'];",
		"const all = import('./device');",
		"let all: typeof import('./device');",
		"export * from './device';",
	])('all of it: %s', (platform) => {
		expect(dead(new Map([DEVICE, ['providers/v/platform.ts', platform]]), new Map())).toEqual({});
	});

	test("a test's type of it takes nothing", () => {
		const typed = "interface Engine { device: typeof import('../providers/v/device') }";
		const named = "type One = import('../providers/v/device').getMany;";
		expect(dead(new Map([DEVICE]), new Map([['test/engine.ts', `${typed} ${named}`]]))).toEqual(forgotten);
	});
});
