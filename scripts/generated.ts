/** What is made from the vendors' descriptions, and where it goes. `npm run generate` writes it. */
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { vendors } from '../providers';
import { pageOf } from './docs-page';
import { exampleFiles } from './example-files';
import { iconFiles } from './icon-files';
import { manifestOf } from './manifests';
import { n8nFiles } from './n8n-files';
import { n8nReadmeOf } from './n8n-readme';
import { N8N, N8N_PACKAGES, NODE_RED } from './packages';
import { schemaFiles } from './schema-files';
import { eventTable, nodeRedTable, vendorTable, withTable } from './readme-tables';

export const root = join(__dirname, '..');
const stored = (path: string) => readFileSync(join(root, path), 'utf8');

/** Its list of vendors is made. */
const BUG = '.github/ISSUE_TEMPLATE/bug.yml';

/** Folders in which everything is made. */
export const FOLDERS = ['nodes', 'credentials', 'icons', 'node-red/icons', 'node-red/examples'];

/** Files that are made as a whole: path and text. */
export async function wholeFiles(): Promise<Map<string, string>> {
	const files: [path: string, text: string][] = [
		...vendors.flatMap((vendor): [string, string][] => [
			...n8nFiles(vendor, N8N.name),
			...schemaFiles(vendor),
			...iconFiles(vendor),
			...exampleFiles(vendor, vendors),
			[`docs/${vendor.provider.name}.md`, pageOf(vendor)],
		]),
		...N8N_PACKAGES.flatMap((made): [string, string][] => [
			[`${made.folder}/package.json`, manifestOf(made)],
			[`${made.folder}/README.md`, n8nReadmeOf(made)],
		]),
	];
	const config = await resolveConfig(join(root, 'package.json'));
	return new Map(
		await Promise.all(
			files.map(async ([path, text]): Promise<[string, string]> => {
				const tidy = /^(nodes|credentials)\//.test(path);
				return [path, tidy ? await format(text, { ...config, filepath: path }) : text];
			}),
		),
	);
}

/** Files of which a part is made, as they should be. */
export function partFiles(): Map<string, string> {
	const titles = vendors.map(({ provider }) => provider.title);
	const readme = withTable(stored('README.md'), 'vendors', vendorTable(vendors));
	return new Map([
		['node-red/package.json', manifestOf(NODE_RED, stored('node-red/package.json'))],
		[BUG, stored(BUG).replace(/options: \[.*, all or none\]/, `options: [${titles.join(', ')}, all or none]`)],
		['README.md', withTable(readme, 'events', eventTable(vendors))],
		['node-red/README.md', withTable(stored('node-red/README.md'), 'vendors', nodeRedTable(vendors))],
	]);
}

/** Files in a folder of made ones that nothing makes any more. */
export function leftOver(files: ReadonlyMap<string, string>): string[] {
	const found = FOLDERS.flatMap((folder) =>
		readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
			.filter((entry) => entry.isFile())
			.map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1)),
	);
	// What a build adds to a package is not stored.
	const ofPackages = globSync('packages/*/{package.json,README.md}', { cwd: root });
	return [...found, ...ofPackages].map((path) => path.replaceAll('\\', '/')).filter((path) => !files.has(path));
}
