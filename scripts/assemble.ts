/**
 * Fills the folders of packages/ with what their tarballs hold: the sources, so that n8n's own linter sees every one of
 * them, and what `npm run build` compiled from these.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';
import { n8nFiles } from './n8n-files';
import { N8N_PACKAGES, type Package } from './packages';
import { schemaFiles } from './schema-files';

const root = join(__dirname, '..');

/** Kept in the repository; all else is made here. */
const STORED = ['package.json', 'README.md'];

/** As n8n's own tool makes it for a new package: `strict` in package.json promises that it stays so. */
const LINT = `import { config } from '@n8n/node-cli/eslint';

export default config;
`;

/** Files of the repository that a file imports. */
function importsOf(file: string): string[] {
	const { importedFiles } = ts.preProcessFile(readFileSync(join(root, file), 'utf8'), true, true);
	return importedFiles
		.filter(({ fileName }) => fileName.startsWith('.'))
		.map(({ fileName }) => {
			const target = normalize(join(dirname(file), fileName)).replace(/\.js$/, '');
			const found = [`${target}.ts`, join(target, 'index.ts')].find((path) => existsSync(join(root, path)));
			if (found === undefined) throw new Error(`${file} imports "${fileName}", which is not there.`);
			return found;
		});
}

/** The package's TypeScript files: its nodes, its credentials, and whatever they import. */
export function sourcesOf({ name, vendors }: Package): string[] {
	const found = new Set(
		vendors
			.flatMap((vendor) => n8nFiles(vendor, name))
			.map(([path]) => path)
			.filter((path) => path.endsWith('.ts')),
	);
	// A set goes on to what is added on the way.
	for (const file of found) for (const imported of importsOf(file)) found.add(imported);
	return [...found].sort();
}

function assemble(made: Package): void {
	const folder = join(root, made.folder);
	for (const entry of readdirSync(folder))
		if (!STORED.includes(entry)) rmSync(join(folder, entry), { recursive: true });
	const copy = (from: string, to = from) => cpSync(join(root, from), join(folder, to), { recursive: true });
	const write = (path: string, text: string) => {
		mkdirSync(dirname(join(folder, path)), { recursive: true });
		writeFileSync(join(folder, path), text);
	};
	for (const source of sourcesOf(made)) {
		copy(source);
		copy(`dist/${source.replace(/\.ts$/, '.js')}`);
	}
	for (const vendor of made.vendors) {
		for (const [path, text] of [...n8nFiles(vendor, made.name), ...schemaFiles(vendor)])
			if (path.endsWith('.json')) for (const to of [path, `dist/${path}`]) write(to, text);
		for (const ending of ['.svg', '.dark.svg']) {
			const icon = `icons/${vendor.provider.name}${ending}`;
			for (const to of [icon, `dist/${icon}`]) copy(icon, to);
		}
	}
	copy('LICENSE');
	write('eslint.config.mjs', LINT);
	write('tsconfig.json', tsconfig());
}

/** The repository's own settings, for a folder that is built alone. */
function tsconfig(): string {
	const { compilerOptions } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8')) as {
		compilerOptions: object;
	};
	return JSON.stringify(
		{
			compilerOptions: { ...compilerOptions, noEmit: false, rootDir: '.', outDir: 'dist' },
			include: ['core', 'providers', 'n8n', 'nodes', 'nodes/**/*.json', 'credentials'],
		},
		null,
		'\t',
	);
}

if (require.main === module) for (const made of N8N_PACKAGES) assemble(made);
