/** The Node-RED package as it is published, and what an install of either package adds. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureNodeRed, ensureNodeRedDev, NODE_RED_VERSIONS, npm } from '../hosts/install';
import { removeFolder, run, temporaryFolder } from '../hosts/process';

const ROOT = join(__dirname, '..', '..');
let folder: string;
const tarballs = {} as Record<'n8n' | 'nodeRed', string>;
let root: string;
let files: string[];

async function pack(from: string): Promise<string> {
	const printed = await npm(['pack', '--silent', '--pack-destination', folder], { cwd: from });
	return join(folder, printed.trim().split('\n').at(-1) ?? '');
}

beforeAll(async () => {
	folder = temporaryFolder('tarballs');
	tarballs.n8n = await pack(join(ROOT, 'packages', 'n8n-nodes-fleetwire'));
	tarballs.nodeRed = await pack(join(ROOT, 'node-red'));
	await run({
		command: 'tar',
		args: ['-xzf', tarballs.nodeRed, '-C', folder],
		env: process.env,
		name: 'tar',
		timeoutMs: 30_000,
	});
	root = join(folder, 'package');
	files = (await readdir(root, { recursive: true, withFileTypes: true }))
		.filter((entry) => entry.isFile())
		.map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
		.sort();
});
afterAll(async () => {
	await removeFolder(folder);
});

/** Names of the packages that an install into an empty folder brings. */
async function added(tarball: string, ...flags: string[]): Promise<string[]> {
	const into = join(folder, `into-${String(flags.length)}-${tarball.includes('n8n') ? 'n8n' : 'node-red'}`);
	await mkdir(into);
	await writeFile(join(into, 'package.json'), '{"private":true}');
	await npm(['install', '--no-audit', '--no-fund', ...flags, tarball], { cwd: into });
	const { packages } = JSON.parse(await readFile(join(into, 'package-lock.json'), 'utf8')) as {
		packages: Record<string, { peer?: boolean }>;
	};
	return Object.keys(packages)
		.filter((path) => path !== '' && existsSync(join(into, path)))
		.map((path) => path.replace('node_modules/', ''))
		.sort();
}

test('the Node-RED package adds exactly three packages to an empty folder', async () => {
	expect(await added(tarballs.nodeRed, '--omit=dev', '--engine-strict')).toEqual([
		'@fleetwire/node-red-fleet',
		'undici',
		'zod',
	]);
});

test('the n8n package adds exactly one, as its peer is n8n itself', async () => {
	expect(await added(tarballs.n8n, '--omit=peer', '--omit=dev')).toEqual(['n8n-nodes-fleetwire']);
});

test('the tarball is small and holds the product, nothing else', async () => {
	expect((await stat(tarballs.nodeRed)).size).toBeLessThan(300 * 1024);
	expect(
		files.filter(
			(file) =>
				!/^(package\.json|LICENSE|README\.md|dist\/.+\.(js|html|json|svg)|resources\/.+\.(js|css|json)|examples\/.+\.json)$/.test(
					file,
				),
		),
	).toEqual([]);
	expect(files.filter((file) => /\.test\.|n8n/.test(file))).toEqual([]);
});

test('its files require each other, undici, zod and Node.js', async () => {
	const strange: string[] = [];
	for (const file of files.filter((name) => name.startsWith('dist/') && name.endsWith('.js'))) {
		const source = await readFile(join(root, file), 'utf8');
		for (const [, name = ''] of source.matchAll(/\brequire\(\s*['"]([^'"]+)['"]\s*\)/g)) {
			if (!/^(\.\.?\/|node:)/.test(name) && !['undici', 'zod/v4'].includes(name))
				strange.push(`${file}: ${name}`);
		}
	}
	expect(strange).toEqual([]);
});

test('node-red-dev finds nothing', async () => {
	const source = await ensureNodeRedDev();
	const manifests = await Promise.all(
		NODE_RED_VERSIONS.map(
			async (version) =>
				JSON.parse(
					await readFile(
						join((await ensureNodeRed(version)).dir, 'node_modules', 'node-red', 'package.json'),
						'utf8',
					),
				) as { version: string },
		),
	);
	const registry = {
		'dist-tags': { latest: manifests[0]?.version, maintenance: manifests[1]?.version },
		versions: Object.fromEntries(manifests.map((manifest) => [manifest.version, manifest])),
	};
	const output = await run({
		command: process.execPath,
		args: [join(__dirname, 'node-red-dev.cjs'), source, root, JSON.stringify(registry)],
		env: process.env,
		name: 'node-red-dev',
		timeoutMs: 60_000,
	});
	const { scorecard, warnings } = JSON.parse(output.slice(output.indexOf('{'))) as {
		scorecard: Record<string, { test?: boolean }>;
		warnings: string[];
	};
	expect(warnings).toEqual([]);
	for (const check of ['P01', 'P03', 'P04', 'P05', 'P06', 'P07', 'P08', 'N01', 'N02'])
		expect(scorecard[check], check).toMatchObject({ test: true });
});
