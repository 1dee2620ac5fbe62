/** docs/glossary.md: sorted, each term once, and every name in it is declared where it says. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

const root = join(__dirname, '..');
const page = readFileSync(join(root, 'docs', 'glossary.md'), 'utf8');

interface Term {
	name: string;
	meaning: string;
	symbols: { symbol: string; file: string }[];
}

/** `- **term**: Meaning. `Symbol` in `file`.`, over several lines. */
function termsOf(text: string): Term[] {
	return [...text.matchAll(/^- \*\*(.+?)\*\*: ((?:.+\n)(?: {2}.+\n)*)/gm)].map(([, name = '', lines = '']) => {
		const words = lines.replace(/\s+/g, ' ').trim();
		const [, meaning = '', list = '', file = ''] =
			/^(.*?[.!?]) ((?:`[\w.]+`(?: and)? )+)in `([^`]+)`\.$/.exec(words) ?? [];
		return {
			name,
			meaning,
			symbols: [...list.matchAll(/`([\w.]+)`/g)].map(([, symbol = '']) => ({ symbol, file })),
		};
	});
}

/** Names that a file declares: `Type`, `Type.member`, `function`, `CONSTANT`. */
function declaredIn(text: string): Set<string> {
	const names = new Set<string>();
	const visit = (node: ts.Node, owner: string | undefined): void => {
		const { name } = node as { name?: ts.Node };
		let inner = owner;
		if (name !== undefined && ts.isIdentifier(name)) {
			if (owner === undefined || ts.isClassElement(node) || ts.isTypeElement(node))
				names.add(owner === undefined ? name.text : `${owner}.${name.text}`);
			if (ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node)) inner = name.text;
		}
		if (!ts.isFunctionLike(node)) node.forEachChild((child) => visit(child, inner));
	};
	visit(ts.createSourceFile('', text, ts.ScriptTarget.Latest, true), undefined);
	return names;
}

const declared = new Map<string, Set<string>>();

/** What is wrong with a term's names. */
function wrongWith({ name, meaning, symbols }: Term): string[] {
	if (meaning === '' || symbols.length === 0) return [`${name}: names no code`];
	const sentences = meaning.match(/[.!?](?= |$)/g)?.length ?? 0;
	return [
		...(sentences > 2 ? [`${name}: ${String(sentences)} sentences`] : []),
		...symbols.flatMap(({ symbol, file }) => {
			if (!existsSync(join(root, file))) return [`${name}: no ${file}`];
			if (!declared.has(file)) declared.set(file, declaredIn(readFileSync(join(root, file), 'utf8')));
			return declared.get(file)?.has(symbol) === true ? [] : [`${name}: no ${symbol} in ${file}`];
		}),
	];
}

const inOrder = (names: readonly string[]) => [...names].sort((a, b) => a.localeCompare(b, 'en'));

describe('the glossary', () => {
	const terms = termsOf(page);
	const names = terms.map(({ name }) => name);

	test('is read whole', () => {
		expect(terms.length).toBe(page.match(/^- /gm)?.length);
		expect(terms.length).toBeGreaterThan(60);
	});

	test('is in alphabetical order, and defines no term twice', () => {
		expect(names).toEqual(inOrder(names));
		expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(names.length);
		expect(new Set(terms.map(({ meaning }) => meaning)).size).toBe(names.length);
	});

	test('names code that is there', () => {
		expect(terms.flatMap(wrongWith)).toEqual([]);
	});

	test('what is gone, or says too much, is noticed', () => {
		const text =
			'- **a**: One. `Poll.gone` in `core/watch/poll.ts`.\n- **b**: Two. `Poll` in\n  `core/watch/gone.ts`.\n' +
			'- **c**: No code.\n- **d**: One. Two. Three. `Poll` and `options` in `core/watch/poll.ts`.\n';
		expect(termsOf(text).flatMap(wrongWith)).toEqual([
			'a: no Poll.gone in core/watch/poll.ts',
			'b: no core/watch/gone.ts',
			'c: names no code',
			'd: 3 sentences',
			'd: no options in core/watch/poll.ts',
		]);
	});
});

describe('retired words', () => {
	const retired = [...page.matchAll(/^\| ([a-z, ]+) \| [^|]+ \|$/gm)]
		.flatMap(([, words = '']) => words.split(', '))
		.filter((word) => word !== 'retired');

	/** Retired words among a file's identifiers and in its comments; not in texts, which users may have stored. */
	function retiredIn(code: string): string[] {
		const text = code.replace(/look[_-]?back/gi, 'Back');
		const source = ts.createSourceFile('', text, ts.ScriptTarget.Latest, true);
		const words: string[] = [];
		const visit = (node: ts.Node): void => {
			if (ts.isIdentifier(node)) words.push(...node.text.split(/(?=[A-Z])|_/));
			for (const { pos, end } of [
				...(ts.getLeadingCommentRanges(text, node.pos) ?? []),
				...(ts.getTrailingCommentRanges(text, node.end) ?? []),
			])
				words.push(...text.slice(pos, end).split(/\W+/));
			node.getChildren(source).forEach(visit);
		};
		visit(source);
		return [...new Set(words.map((word) => word.toLowerCase()))].filter((word) => retired.includes(word)).sort();
	}

	test.each(globSync(['core/watch/*.ts', 'test/delivery/*.ts'], { cwd: root }).sort())('are not in %s', (file) => {
		expect(retiredIn(readFileSync(join(root, file), 'utf8'))).toEqual([]);
	});

	test('would be noticed in names and comments, and not in texts or in parts of other words', () => {
		expect(retired.length).toBeGreaterThan(7);
		expect(retiredIn('// The last pass.\nconst lookBack = wasTold(by); // looks\n')).toEqual([
			'looks',
			'pass',
			'told',
		]);
		expect(retiredIn("const lookup = 'the last one given'; // outlook, passed, passing")).toEqual([]);
	});
});
