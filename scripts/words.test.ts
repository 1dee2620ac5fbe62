import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { vendors } from '../providers';
import { N8N_PACKAGES } from './packages';

/**
 * The language of what users read: texts in the product's sources (titles, descriptions, notices, errors) and the pages
 * that come with it. Short sentences and plain words, as CONTRIBUTING.md asks for.
 */
const root = join(__dirname, '..');
const MOST_WORDS = 25;

/** What no user should read, and what to write instead. */
const BANNED: readonly [RegExp, string][] = [
	[/\banew\b/i, 'again, new'],
	[/\ball the same\b/i, 'anyway'],
	[/\bwhoever\b/i, 'anyone who'],
	[/\bnobody\b/i, 'no one'],
	[/\bshall\b/i, 'must, will, should'],
	[/\bmoreover\b/i, 'also'],
	[/\bin place of\b/i, 'instead of'],
	[/\bbecame of\b/i, 'result, outcome'],
	[/\b(?:the|its) document\b/i, 'documented; the vendor’s documentation'],
	[/\bmeantime\b/i, 'while ..., since ...'],
	[/\bof the kind\b/i, 'such'],
	[/\bdeal[ts]? with\b/i, 'process'],
	[/\bunder way\b/i, 'in progress'],
	[/\bheard of\b/i, 'reported'],
	[/\b(?:looks?|looked) (?:at|now|by itself|together)\b/i, 'read, check, poll'],
	[/\bgo(?:es)? on\b/i, 'continue'],
	[/\b(?:gave|gives?) (?:no|away)\b/i, 'return, expose'],
	[/\bafresh\b/i, 'again, over'],
	[/\bif it stays\b/i, 'if the problem persists'],
	[/\bbelongs? into\b/i, 'put ... in'],
	[/\ba round over\b/i, 'a sweep'],
	[/\([CLGU]\)|\bgrades? [CLGU]\b/, 'words: likely, assumed, not documented'],
	[/\b(?:for instance)\b/i, 'for example'],
];

const SOURCES = ['core', 'providers', 'n8n', 'node-red/src', 'nodes', 'credentials', 'scripts'];
const PAGES = [
	'README.md',
	'node-red/README.md',
	'SECURITY.md',
	...N8N_PACKAGES.map(({ folder }) => `${folder}/README.md`),
	'docs/n8n-packages.md',
	...vendors.map(({ provider: { name } }) => `docs/${name}.md`),
];

interface Text {
	where: string;
	text: string;
}

const listed = (...patterns: string[]) =>
	execFileSync('git', ['ls-files', '-co', '--exclude-standard', ...patterns], { cwd: root, encoding: 'utf8' })
		.split('\n')
		.filter((file) => file !== '');

/** Texts of three words or more, with what is filled in as one word. */
function textsOf(file: string): Text[] {
	const source = ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.Latest, true);
	const found: Text[] = [];
	const visit = (node: ts.Node): void => {
		const text = ts.isStringLiteralLike(node)
			? node.text
			: ts.isTemplateExpression(node)
				? [node.head.text, ...node.templateSpans.map(({ literal }) => `{}${literal.text}`)].join('')
				: '';
		if (/\S\s+\S+\s+\S/.test(text)) {
			const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
			found.push({ where: `${file}:${String(line)}`, text });
		}
		ts.forEachChild(node, visit);
	};
	visit(source);
	return found;
}

/** Paragraphs, list items and cells of a page, without code and addresses. */
function paragraphsOf(page: string): Text[] {
	const prose = readFileSync(join(root, page), 'utf8').replace(/^```[\s\S]*?^```$/gm, '');
	return prose.split(/\n\s*\n|\n(?=\s*(?:[-*]|\d+\.) )|\n(?=\|)|(?<=\S) \| /).map((text) => ({
		where: page,
		text: text
			.replace(/\]\([^)]*\)/g, ']')
			.replace(/\s+/g, ' ')
			.trim(),
	}));
}

const sentencesOf = (text: string) => text.split(/(?<=[.!?:;|])\s+|\n{2,}|\n(?=[:\-#>*])/);

const files = listed(...SOURCES.map((folder) => `${folder}/*.ts`), 'node-red/src/editor/browser/*.js').filter(
	(file) => !file.endsWith('.test.ts'),
);
/** Forms and scripts that are made of text; what they say comes from elsewhere. */
const MADE_OF_CODE = /^(?:node-red\/src\/editor\/page\.ts|providers\/protrack\/device-answer\.ts)$/;
const texts = files.filter((file) => !MADE_OF_CODE.test(file)).flatMap(textsOf);
const pages = PAGES.flatMap(paragraphsOf);

test('there are texts to read', () => {
	expect(texts.length).toBeGreaterThan(900);
	expect(pages.length).toBeGreaterThan(100);
	expect(textsOf('scripts/words.test.ts').some(({ text }) => text === 'there are texts to read')).toBe(true);
});

test('no word that a reader has to puzzle over', () => {
	const found = [...texts, ...pages].flatMap(({ where, text }) =>
		BANNED.filter(([pattern]) => pattern.test(text)).map(
			([pattern, better]) => `${where}: ${pattern.source} -> ${better}: ${text.slice(0, 200)}`,
		),
	);
	expect(found).toEqual([]);
});

test(`at most ${String(MOST_WORDS)} words in a sentence`, () => {
	const found = [...texts, ...pages].flatMap(({ where, text }) =>
		sentencesOf(text)
			.filter((sentence) => sentence.split(/\s+/).length > MOST_WORDS)
			.map((sentence) => `${where}: ${sentence}`),
	);
	expect(found).toEqual([]);
});

test('each host speaks of itself only', () => {
	const strange = (pattern: RegExp, folders: RegExp) =>
		texts
			.filter(({ where, text }) => folders.test(where) && pattern.test(text))
			.map(({ where, text }) => `${where}: ${text}`);
	expect(strange(/Node-RED/, /^(?:core|providers|n8n|nodes|credentials)\//)).toEqual([]);
	expect(strange(/\bn8n\b/, /^(?:core|providers|node-red)\//)).toEqual([]);
	// n8n calls them workflows; a text for both hosts speaks of neither.
	expect(strange(/\bflows?\b/i, /^(?:core|providers|n8n|nodes|credentials)\//)).toEqual([]);
});

test('these rules find what they forbid', () => {
	for (const text of ['It is given anew.', 'Whoever has it', 'litres are likely (L)', 'The document gives no unit'])
		expect(BANNED.some(([pattern]) => pattern.test(text))).toBe(true);
	expect(BANNED.some(([pattern]) => pattern.test('Check the base URL in the account.'))).toBe(false);
	expect(sentencesOf('One. Two: three.')).toEqual(['One.', 'Two:', 'three.']);
});
