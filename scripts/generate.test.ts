import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { vendors } from '../providers';
import { FOLDERS, leftOver, partFiles, root, wholeFiles } from './generated';
import { iconFiles } from './icon-files';
import { MADE } from './n8n-files';
import { N8N_PACKAGES, PACKAGES } from './packages';
import { publisher } from './publisher';
import { withTable } from './readme-tables';

const stored = (path: string) => (existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : undefined);
const whole = wholeFiles();

test('what is made from the vendors is there and up to date, edited by nobody: npm run generate', async () => {
	const stale = [...(await whole), ...partFiles()].filter(([path, text]) => stored(path) !== text);
	expect(stale.map(([path]) => path)).toEqual([]);
});

test('nothing is left of a vendor that is gone: npm run generate', async () => {
	expect(leftOver(await whole)).toEqual([]);
});

test('a made file says so at its top, where its format has comments, and in .gitattributes', async () => {
	const attributes = readFileSync(join(root, '.gitattributes'), 'utf8');
	for (const [path, text] of await whole)
		if (!path.endsWith('.json')) expect(text.split('\n')[0], path).toContain(MADE);
	for (const made of [...FOLDERS.map((folder) => `${folder}/**`), 'docs/*.md'])
		expect(attributes).toContain(`\n${made} linguist-generated`);
});

describe.each(vendors.map((vendor) => [vendor.provider.title, vendor] as const))('%s', (_, vendor) => {
	const { provider, module, icon, n8n } = vendor;

	test('is exported by its module, under its name', async () => {
		const path = `../providers/${module}`;
		const exported = (await import(/* @vite-ignore */ path)) as Record<string, unknown>;
		expect(exported[provider.name]).toBe(provider);
	});

	test('has the facts, recorded pairs and examples of its platform', () => {
		const folder = join(root, 'providers', module.split('/')[0] ?? '');
		for (const part of ['facts.md', 'recorded', 'examples']) expect(statSync(join(folder, part))).toBeDefined();
	});

	test('has a name that file names and types take', () => {
		expect(provider.name).toMatch(/^[a-z][a-z0-9]*$/);
		expect(n8n.className).toMatch(/^[A-Z][A-Za-z0-9]*$/);
	});

	test('has a drawing whose colours are all there, on light and on dark', () => {
		const used = new Set(icon.drawing.join('').match(/(?<=\{)\w+(?=\})/g));
		expect(Object.keys(icon.light).sort()).toEqual([...used].sort());
		expect(Object.keys(icon.dark).sort()).toEqual([...used].sort());
		for (const [path, svg] of iconFiles(vendor)) expect(svg, path).not.toMatch(/[{}]/);
	});

	test('logs in, or has one key and a read that tries it', () => {
		const { login, probe, connection } = provider;
		const secrets = Object.values(connection).filter(({ secret }) => secret);
		expect(secrets.length).toBeGreaterThan(0);
		if (login !== undefined) return;
		expect(secrets).toHaveLength(1);
		expect(probe).toBeDefined();
		expect(n8n.test.anyAnswer).toBeUndefined();
	});

	test('gives positions where a trigger compares them, or else a list of devices', () => {
		if (provider.positions !== undefined) return;
		expect(
			provider.triggers.filter(({ source }) => typeof source === 'object' && source.type === 'snapshot'),
		).toEqual([]);
		expect(provider.lookups.device).toBeDefined();
	});

	test('has a queue trigger node if, and only if, a trigger reads a queue', () => {
		expect(n8n.queueTrigger !== undefined).toBe(provider.triggers.some(({ queue }) => queue === true));
	});
});

test('no two vendors share a name, a class name, an icon or a colour', () => {
	for (const of of [
		({ provider }) => provider.name,
		({ n8n }) => n8n.className.toLowerCase(),
		({ icon }) => icon.drawing.join(),
		({ color }) => color,
	] satisfies ((vendor: (typeof vendors)[number]) => string)[])
		expect(new Set(vendors.map(of)).size).toBe(vendors.length);
});

test.each(N8N_PACKAGES.slice(1))('$name lists its vendor alone', ({ name, folder, vendors: [vendor] }) => {
	const { className } = vendor!.n8n;
	const manifest = JSON.parse(stored(`${folder}/package.json`)!) as {
		n8n: { nodes: string[]; credentials: string[] };
		description: string;
		keywords: string[];
		homepage: string;
	};
	expect(manifest.n8n.credentials).toEqual([`dist/credentials/${className}Api.credentials.js`]);
	expect(manifest.n8n.nodes.every((path) => path.startsWith(`dist/nodes/${className}/`))).toBe(true);
	expect(manifest.description).toContain(`GPS fleets: ${vendor!.provider.title}, with`);
	const others = vendors.map(({ provider }) => provider.name).filter((other) => other !== vendor!.provider.name);
	expect(manifest.keywords.filter((word) => others.includes(word))).toEqual([]);
	expect(manifest.homepage).toMatch(new RegExp(`/docs/${vendor!.provider.name}\\.md$`));
	const readme = stored(`${folder}/README.md`)!;
	expect(readme).toContain(`# ${name}\n`);
	for (const { provider } of vendors)
		if (provider.name !== vendor!.provider.name)
			expect(readme.match(new RegExp(`^- \\*\\*${provider.title}`, 'm'))).toBeNull();
	for (const { title } of vendor!.provider.operations) expect(readme).toContain(title);
	for (const { title } of vendor!.provider.triggers) expect(readme).toContain(title);
});

test('all packages have one version, author, repository and place for help: those of the root', () => {
	const { version, author, bugs, repository } = publisher;
	for (const { folder } of PACKAGES)
		expect(JSON.parse(stored(`${folder}/package.json`)!)).toMatchObject({
			version,
			author,
			bugs,
			repository: { ...repository, directory: folder },
		});
});

test('a page without the marks is an error, not a page without the table', () => {
	expect(() => withTable('# Page\n', 'vendors', 'x')).toThrow('no place for "vendors"');
});
