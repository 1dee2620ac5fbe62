/** The packages for n8n as they are published: the tarballs that `npm run pack` made. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { N8N, N8N_PACKAGES } from '../../scripts/packages';
import { cleanEnvironment, ensureNodeCli } from '../hosts/install';
import { run } from '../hosts/process';

const ROOT = join(__dirname, '..', '..');
/** It has no types. */
const SCANNER = '@n8n/scan-community-package/scanner/scanner.mjs' as string;
const KB = 1024;

interface Analysis {
	passed: boolean;
	details?: string;
}
interface Manifest {
	name: string;
	dependencies?: object;
	peerDependencies?: object;
	n8n: { strict: boolean; nodes: string[]; credentials: string[] };
}
interface Description {
	name: string;
	group: string[];
	inputs: string[];
	icon: { light: string; dark: string };
	polling?: boolean;
	usableAsTool?: boolean;
}

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'fleetwire-tarball-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const filesIn = (root: string) =>
	readdirSync(root, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
		.sort();
const nameOf = (path: string) => /(\w+)\.(?:node|credentials)\.js$/.exec(path)?.[1] ?? '';

describe.each(N8N_PACKAGES)('$name', (made) => {
	const { name, vendors } = made;
	/** Where its sources are, and what was built from them. */
	const from = join(ROOT, made.folder);
	let root: string;
	let packed: number;
	let files: string[];
	let manifest: Manifest;
	let instanceOf: <T>(path: string) => T;

	beforeAll(() => {
		const artifacts = join(ROOT, 'artifacts');
		const found = readdirSync(artifacts).filter((file) => new RegExp(`^${name}-\\d[^-]*(-.*)?\\.tgz$`).test(file));
		expect(found).toHaveLength(1);
		const tarball = join(artifacts, found[0] ?? '');
		packed = statSync(tarball).size;
		root = mkdtempSync(join(folder, 'package-'));
		execFileSync('tar', ['-xzf', tarball, '-C', root, '--strip-components=1']);
		files = filesIn(root);
		manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
		// As n8n has it, which brings what the package requires.
		symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
		const load = createRequire(join(root, 'package.json'));
		instanceOf = <T>(path: string) => {
			const loaded = load(join(root, path)) as Record<string, new () => T>;
			expect(Object.keys(loaded)).toEqual([nameOf(path)]);
			return new loaded[nameOf(path)]!();
		};
	});

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
		const source = await scanner.analyzePackage(from, scanner.SOURCE_FILE_PATTERNS);
		expect(source.details).toBeUndefined();
		expect(source.passed).toBe(true);
	});

	test('its folder has the source of every file in it, each as in the other packages, for n8n to lint', () => {
		const there = filesIn(from).filter((file) => !file.startsWith('dist/') && file.endsWith('.ts'));
		expect(scripts().map((file) => file.replace(/^dist\/(.*)\.js$/, '$1.ts'))).toEqual(there);
		expect(manifest.n8n.strict).toBe(true);
		for (const file of [...there, 'eslint.config.mjs', 'tsconfig.json'])
			expect(readFileSync(join(from, file), 'utf8'), file).toBe(
				readFileSync(join(ROOT, N8N.folder, file), 'utf8'),
			);
		for (const file of there)
			expect(readFileSync(join(from, file), 'utf8'), file).toBe(readFileSync(join(ROOT, file), 'utf8'));
	});

	test('it holds the product of its vendors and nothing else', () => {
		const strange = files.filter(
			(file) =>
				!/^(package\.json|LICENSE|README\.md|dist\/((core|providers|n8n|nodes|credentials)\/.+\.js|nodes\/\w+\/\w+\.node\.json|nodes\/\w+\/__schema__\/v1\.0\.0\/\w+\/\w+\.json|icons\/[\w.]+\.svg))$/.test(
					file,
				),
		);
		expect(strange).toEqual([]);
		expect(files.filter((file) => /\.test\.|\.map$|\.ts$/.test(file))).toEqual([]);
		const platforms = [...new Set(vendors.map(({ module }) => module.split('/')[0]))].sort();
		const folders = files.flatMap((file) => /^dist\/providers\/(\w+)\//.exec(file)?.[1] ?? []);
		expect([...new Set(folders)].sort()).toEqual(platforms);
	});

	test('it is small', () => {
		expect(files.reduce((sum, file) => sum + statSync(join(root, file)).size, 0)).toBeLessThan(1536 * KB);
		expect(packed).toBeLessThan((vendors.length === 1 ? 200 : 280) * KB);
	});

	test('an install adds this one package', () => {
		expect(manifest.dependencies).toBeUndefined();
		expect(manifest.peerDependencies).toEqual({ 'n8n-workflow': '*' });
	});

	test('its files require each other and what n8n brings, and nothing else', () => {
		const strange: string[] = [];
		for (const file of scripts()) {
			const source = readFileSync(join(root, file), 'utf8');
			for (const [, required = ''] of source.matchAll(/\b(?:require|import)\(\s*['"]([^'"]+)['"]\s*\)/g)) {
				if (required.startsWith('.')) {
					// Every one of them is in the tarball.
					const target = join(dirname(file), required).replaceAll('\\', '/');
					if (!files.some((other) => [target, `${target}.js`, `${target}/index.js`].includes(other)))
						strange.push(`${file}: ${required}`);
				} else if (!['n8n-workflow', 'zod/v4', 'node:crypto'].includes(required))
					strange.push(`${file}: ${required}`);
			}
			if (/\b(?:require|import)\s*\(\s*[^'"\s]/.test(source)) strange.push(`${file}: a name made at run time`);
		}
		expect(strange).toEqual([]);
	});

	test("n8n's loader finds nodes, codex, credentials and icons by their file names", () => {
		const has = (path: string, icon: { light: string; dark: string }) => {
			for (const file of [icon.light, icon.dark])
				expect(files).toContain(join(dirname(path), file.replace('file:', '')).replaceAll('\\', '/'));
		};
		for (const path of manifest.n8n.nodes) {
			const { description } = instanceOf<{ description: Description }>(path);
			has(path, description.icon);
			const codex = path.replace(/\.js$/, '.json');
			expect(files).toContain(codex);
			expect(JSON.parse(readFileSync(join(root, codex), 'utf8'))).toMatchObject({
				node: `${name}.${description.name}`,
			});
		}
		for (const path of manifest.n8n.credentials) has(path, instanceOf<{ icon: Description['icon'] }>(path).icon);
	});

	test('it has one node and one credential for each vendor, and triggers that are polled or that listen', () => {
		const classNames = vendors.map((vendor) => vendor.n8n.className);
		const queued = vendors.filter(({ n8n }) => n8n.queueTrigger !== undefined).map(({ n8n }) => n8n.className);
		expect(manifest.n8n.credentials.map(nameOf)).toEqual(classNames.map((className) => `${className}Api`));
		expect(manifest.n8n.nodes.map(nameOf).sort()).toEqual(
			[
				...classNames.flatMap((className) => [className, `${className}Trigger`]),
				...queued.map((className) => `${className}QueueTrigger`),
			].sort(),
		);
		for (const path of manifest.n8n.nodes.filter((each) => each.endsWith('Trigger.node.js'))) {
			const node = instanceOf<{ description: Description }>(path);
			expect(node.description).toMatchObject({ group: ['trigger'], inputs: [] });
			expect(node.description.usableAsTool).toBeUndefined();
			expect([node.description.polling === true, 'poll' in node, 'trigger' in node, 'execute' in node]).toEqual(
				path.endsWith('QueueTrigger.node.js') ? [false, false, true, false] : [true, true, false, false],
			);
		}
	});
});

describe("n8n's own tool", () => {
	let copy: string;
	const tool = (command: string, ...args: string[]) =>
		run({
			command: process.execPath,
			args: [join(copy, 'node_modules', command), ...args],
			cwd: copy,
			// Its rules go by other file names where they find themselves under test.
			env: cleanEnvironment(),
			name: command,
			timeoutMs: 300_000,
		});
	beforeAll(async () => {
		copy = mkdtempSync(join(folder, 'lint-'));
		cpSync(join(ROOT, N8N.folder), copy, { recursive: true });
		symlinkSync(await ensureNodeCli(), join(copy, 'node_modules'));
	});

	// The other packages have the same files, less those of other vendors: above. ESLint reads each package.json.
	test('finds no error in the strict mode that package.json claims', async () => {
		expect(await tool('@n8n/node-cli/bin/n8n-node.mjs', 'lint')).not.toMatch(/\berror\b|Strict mode violation/);
	});

	test('reads every TypeScript file', async () => {
		const output = await tool('eslint/bin/eslint.js', '.', '--format', 'json');
		const read = (JSON.parse(output) as { filePath: string }[]).map(({ filePath }) => relative(copy, filePath));
		expect(read.filter((file) => file.endsWith('.ts')).sort()).toEqual(
			filesIn(join(ROOT, N8N.folder)).filter((file) => file.endsWith('.ts') && !file.startsWith('dist/')),
		);
	});
});
