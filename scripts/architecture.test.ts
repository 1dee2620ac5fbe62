/** The picture of the rooms in docs/architecture: its arrows are the imports, types included. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

const root = join(__dirname, '..');
const ROOMS = [
	'core/describe',
	'core/report',
	'core/call',
	'core/watch',
	'providers',
	'n8n',
	'nodes',
	'credentials',
	'node-red/src',
	'simulators',
];
const roomOf = (path: string) => ROOMS.find((room) => path === room || path.startsWith(`${room}/`));

/** Arrows between rooms, as their files import each other. */
function imports(): string[] {
	const edges = ROOMS.flatMap((room) =>
		globSync(`${room}/**/*.ts`, { cwd: root })
			.filter((file) => !/\.(test|d)\.ts$|\/testkit\.ts$/.test(file))
			.flatMap((file) => {
				const { importedFiles } = ts.preProcessFile(readFileSync(join(root, file), 'utf8'), true, true);
				return importedFiles
					.filter(({ fileName }) => fileName.startsWith('.'))
					.map(({ fileName }) => roomOf(normalize(join(dirname(file), fileName))))
					.filter((other) => other !== undefined && other !== room)
					.map((other) => `${room} --> ${String(other)}`);
			}),
	);
	return [...new Set(edges)].sort();
}

/** Arrows of a Mermaid flowchart whose nodes carry the rooms as titles, in lines such as `watch --> call & a`. */
function drawn(page: string): string[] {
	const chart = /```mermaid\n(flowchart [\s\S]*?)```/.exec(page)?.[1] ?? '';
	const titles = new Map([...chart.matchAll(/(\w+)\["([\w/-]+)/g)].map(([, id = '', title = '']) => [id, title]));
	const named = (ids: string) => ids.split('&').map((id) => titles.get(id.trim()) ?? `unknown ${id.trim()}`);
	return [...chart.matchAll(/^\s*([\w &]+?) --> ([\w &]+)$/gm)]
		.flatMap(([, from = '', to = '']) => named(from).flatMap((a) => named(to).map((b) => `${a} --> ${b}`)))
		.sort();
}

const page = readFileSync(join(root, 'docs', 'architecture', 'README.md'), 'utf8');

test('the picture has each room', () => {
	for (const room of ROOMS) expect(page).toMatch(new RegExp(`\\["${room}(<br/>|")`));
});

test('no node is called like a word of Mermaid, which could then not draw the picture', () => {
	const ids = [...page.matchAll(/^\t(\w+)\["/gm)].map(([, id = '']) => id);
	expect(ids).toHaveLength(ROOMS.length);
	const words = ['call', 'class', 'click', 'default', 'direction', 'end', 'graph', 'href', 'style', 'subgraph'];
	expect(ids.filter((id) => words.includes(id))).toEqual([]);
});

test('the arrows of the picture are the imports', () => {
	expect(drawn(page)).toEqual(imports());
});

test('an arrow that is missing or too many would be noticed', () => {
	const arrow = / --> \w+/;
	expect(drawn(page.replace(arrow, ''))).not.toEqual(imports());
	expect(
		drawn(page.replace('\n```mermaid\nflowchart TD\n', (start) => `${start}coreDescribe --> coreWatch\n`)),
	).not.toEqual(imports());
});
