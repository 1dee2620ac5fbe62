import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(__dirname, '..');
const ROOMS = ['core', 'providers', 'n8n', 'node-red/src', 'simulators', 'test', 'bench', 'demo'];

const filesIn = (folder: string, ending: string) =>
	readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
		.filter((name) => name.endsWith(ending) && !name.includes('node_modules'))
		.map((name) => join(folder, name));

const known = new Set(
	filesIn('providers', 'facts.md').flatMap((file) =>
		[...readFileSync(join(root, file), 'utf8').matchAll(/^## (\d+\.\d+) /gm)].map(([, section]) => section),
	),
);

test('every fact that a comment cites has its section', () => {
	const cited = ROOMS.flatMap((room) => filesIn(room, '.ts')).flatMap((file) =>
		[...readFileSync(join(root, file), 'utf8').matchAll(/\bfacts (\d+\.\d+)/g)].map(
			([, section]) => `${section ?? ''} in ${file}`,
		),
	);
	expect(cited.length).toBeGreaterThan(40);
	expect(cited.filter((citation) => !known.has(citation.split(' ')[0]))).toEqual([]);
});
