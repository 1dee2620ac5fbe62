/** Pages for maintainers name files and names of the code: each has to be there. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(__dirname, '..');
const pages = globSync('docs/{architecture,decisions}/*.md', { cwd: root }).sort();

/** What a page names that is not there: `folder/file.ts`, `name` in `folder/file.ts` and `a` and `b` in ..., links. */
function missingIn(page: string, text: string): string[] {
	const paths = [...text.matchAll(/`((?:[\w.-]+\/)+[\w.-]*)`/g)].map(([, path = '']) => path);
	const names = [...text.matchAll(/((?:`[\w.]+`(?:,| and)? )+)in\s`([\w./-]+\.\w+)`/g)].flatMap(
		([, list = '', path = '']) => [...list.matchAll(/`([\w.]+)`/g)].map(([, name = '']) => ({ name, path })),
	);
	const links = [...text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)]
		.map(([, link = '']) => link)
		.filter((link) => !/^\w+:/.test(link));
	const has = ({ name, path }: { name: string; path: string }) => {
		if (!existsSync(join(root, path))) return true;
		const code = readFileSync(join(root, path), 'utf8');
		return name.split('.').every((word) => new RegExp(`\\b${word}\\b`).test(code));
	};
	return [
		...paths.filter((path) => !existsSync(join(root, path))),
		...names.filter((each) => !has(each)).map(({ name, path }) => `${name} in ${path}`),
		...links.filter((link) => !existsSync(join(root, dirname(page), link))),
	];
}

test.each(pages)('%s names what is there', (page) => {
	expect(missingIn(page, readFileSync(join(root, page), 'utf8'))).toEqual([]);
});

test('what is gone is noticed', () => {
	const text =
		'See `core/call/gone.ts`, `Client` and `Gone.send` in `core/call/client.ts`, `gone` in\n`core/call/client.ts` and [there](gone.md#x).';
	expect(missingIn('docs/architecture/README.md', text)).toEqual([
		'core/call/gone.ts',
		'Gone.send in core/call/client.ts',
		'gone in core/call/client.ts',
		'gone.md',
	]);
});
