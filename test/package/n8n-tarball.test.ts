/** The n8n package as it is published: what `npm pack` makes of the build. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { vendors } from '../../providers';

const ROOT = join(__dirname, '..', '..');
/** It has no types. */
const SCANNER = '@n8n/scan-community-package/scanner/scanner.mjs' as string;
const load = createRequire(__filename);

interface Analysis {
	passed: boolean;
	details?: string;
}
interface Manifest {
	name: string;
	dependencies?: object;
	peerDependencies?: object;
	n8n: { nodes: string[]; credentials: string[] };
}

let folder: string;
let root: string;
let files: string[];
let manifest: Manifest;

beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), 'fleetwire-tarball-'));
	const [{ filename }] = JSON.parse(
		execFileSync('npm', ['pack', '--json', '--pack-destination', folder], { cwd: ROOT, encoding: 'utf8' }),
	) as [{ filename: string }];
	execFileSync('tar', ['-xzf', filename], { cwd: folder });
	root = join(folder, 'package');
	files = readdirSync(root, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
		.sort();
	manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const scripts = () => files.filter((file) => file.endsWith('.js'));

test("n8n's scanner finds nothing in the tarball, nor in the sources", async () => {
	// Its rules go by other file names where they find themselves under test.
	vi.stubEnv('NODE_ENV', 'production');
	const scanner = (await import(SCANNER)) as {
		analyzePackage: (folder: string, patterns: string[]) => Promise<Analysis>;
		SOURCE_FILE_PATTERNS: string[];
	};
	const tarball = await scanner.analyzePackage(root, ['**/*.js', 'package.json']);
	expect(tarball.details).toBeUndefined();
	expect(tarball.passed).toBe(true);
	const source = await scanner.analyzePackage(ROOT, scanner.SOURCE_FILE_PATTERNS);
	expect(source.details).toBeUndefined();
	expect(source.passed).toBe(true);
});

describe('what is in it', () => {
	test('the product and nothing else', () => {
		const strange = files.filter(
			(file) =>
				!/^(package\.json|LICENSE|README\.md|dist\/((core|providers|n8n|nodes|credentials)\/.+\.js|nodes\/\w+\/\w+\.node\.json|icons\/[\w.]+\.svg))$/.test(
					file,
				),
		);
		expect(strange).toEqual([]);
		expect(files.filter((file) => /\.test\.|\.map$|\.ts$/.test(file))).toEqual([]);
	});

	test('it is small', () => {
		const bytes = files.reduce((sum, file) => sum + statSync(join(root, file)).size, 0);
		expect(bytes).toBeLessThan(1536 * 1024);
	});

	test('an install adds this one package', () => {
		expect(manifest.dependencies).toBeUndefined();
		expect(manifest.peerDependencies).toEqual({ 'n8n-workflow': '*' });
	});

	test('its files require each other and what n8n brings, and nothing else', () => {
		const strange: string[] = [];
		for (const file of scripts()) {
			const source = readFileSync(join(root, file), 'utf8');
			for (const [, name = ''] of source.matchAll(/\b(?:require|import)\(\s*['"]([^'"]+)['"]\s*\)/g)) {
				if (name.startsWith('.')) {
					// Every one of them is in the tarball.
					const target = join(dirname(file), name).replaceAll('\\', '/');
					if (!files.some((other) => [target, `${target}.js`, `${target}/index.js`].includes(other)))
						strange.push(`${file}: ${name}`);
				} else if (!['n8n-workflow', 'zod/v4', 'node:crypto'].includes(name)) strange.push(`${file}: ${name}`);
			}
			if (/\b(?:require|import)\s*\(\s*[^'"\s]/.test(source)) strange.push(`${file}: a name made at run time`);
		}
		expect(strange).toEqual([]);
	});
});

describe("n8n's loader", () => {
	test('finds nodes and credentials by their file names', () => {
		for (const path of [...manifest.n8n.nodes, ...manifest.n8n.credentials]) {
			expect(files).toContain(path);
			const name = /(\w+)\.(node|credentials)\.js$/.exec(path)?.[1] ?? '';
			const loaded = load(join(ROOT, path)) as Record<string, new () => object>;
			expect(Object.keys(loaded)).toEqual([name]);
		}
	});

	test('runs each trigger node in one way: it is polled, or it listens', () => {
		const triggers = manifest.n8n.nodes.filter((path) => path.endsWith('Trigger.node.js'));
		const queued = vendors.filter(({ n8n }) => n8n.queueTrigger !== undefined).map(({ n8n }) => n8n.className);
		expect(triggers.map((path) => /(\w+)\.node\.js$/.exec(path)?.[1]).sort()).toEqual(
			[
				...vendors.map(({ n8n }) => `${n8n.className}Trigger`),
				...queued.map((name) => `${name}QueueTrigger`),
			].sort(),
		);
		for (const path of triggers) {
			const name = /(\w+)\.node\.js$/.exec(path)?.[1] ?? '';
			const Node = (
				load(join(ROOT, path)) as Record<
					string,
					new () => {
						description: { group: string[]; inputs: string[]; polling?: boolean; usableAsTool?: boolean };
						poll?: unknown;
						trigger?: unknown;
						execute?: unknown;
					}
				>
			)[name]!;
			const node = new Node();
			expect(node.description).toMatchObject({ group: ['trigger'], inputs: [] });
			expect(node.description.usableAsTool).toBeUndefined();
			expect([node.description.polling === true, 'poll' in node, 'trigger' in node, 'execute' in node]).toEqual(
				queued.includes(name.replace(/QueueTrigger$/, ''))
					? [false, false, true, false]
					: [true, true, false, false],
			);
		}
	});

	test('finds icons and codex', () => {
		for (const path of manifest.n8n.nodes) {
			const name = /(\w+)\.node\.js$/.exec(path)?.[1] ?? '';
			const Node = (
				load(join(ROOT, path)) as Record<
					string,
					new () => { description: { name: string; icon: { light: string; dark: string } } }
				>
			)[name]!;
			const { description } = new Node();
			for (const icon of [description.icon.light, description.icon.dark])
				expect(files).toContain(join(dirname(path), icon.replace('file:', '')).replaceAll('\\', '/'));
			const codex = path.replace(/\.js$/, '.json');
			expect(files).toContain(codex);
			expect(JSON.parse(readFileSync(join(root, codex), 'utf8'))).toMatchObject({
				node: `${manifest.name}.${description.name}`,
			});
		}
		for (const path of manifest.n8n.credentials) {
			const name = /(\w+)\.credentials\.js$/.exec(path)?.[1] ?? '';
			const Credential = (
				load(join(ROOT, path)) as Record<string, new () => { icon: { light: string; dark: string } }>
			)[name]!;
			const { icon } = new Credential();
			for (const file of [icon.light, icon.dark])
				expect(files).toContain(join(dirname(path), file.replace('file:', '')).replaceAll('\\', '/'));
		}
	});
});
