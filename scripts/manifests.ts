import type { Vendor } from '../providers/vendor';
import { n8nFiles } from './n8n-files';
import type { Package } from './packages';
import { pageAt, publisher, REPOSITORY } from './publisher';

export const inWords = (texts: readonly string[]) => texts.join(', ').replace(/, ([^,]*)$/, ' and $1');
const compiled = (path: string) => `dist/${path.replace(/\.ts$/, '.js')}`;
const { version, license, author, repository, bugs, engines } = publisher;

/** A package.json. What Node-RED's has of its own is kept. */
export function manifestOf(made: Package, text = '{}'): string {
	const { name, folder, host, vendors, keywords } = made;
	const titles = inWords(vendors.map(({ provider }) => provider.title));
	const manifest = {
		name,
		version,
		description: `${host} nodes for GPS fleets: ${titles}, with every operation of the ${vendors.length === 1 ? "vendor's API" : "vendors' APIs"}`,
		license,
		author,
		homepage: homepageOf(made),
		repository: { ...repository, directory: folder },
		bugs,
		keywords: [
			...new Set([...keywords, ...vendors.flatMap((vendor) => [vendor.provider.name, ...vendor.keywords])]),
		],
	};
	const whole =
		host === 'n8n' ? { ...manifest, ...n8nPart(vendors, name) } : { ...manifest, ...nodeRedPart(vendors, text) };
	return `${JSON.stringify(whole, null, '\t')}\n`;
}

/** Whoever follows the link from npm reads of this package's vendor first. */
function homepageOf({ folder, vendors: [vendor, ...others] }: Package): string {
	return vendor === undefined || others.length > 0
		? `${REPOSITORY}/tree/main/${folder}#readme`
		: pageAt(`docs/${vendor.provider.name}.md`);
}

function n8nPart(vendors: readonly Vendor[], name: string): object {
	const files = vendors.flatMap((vendor) => n8nFiles(vendor, name).map(([path]) => path));
	const ending = (end: string) => files.filter((path) => path.endsWith(end)).map(compiled);
	return {
		engines,
		files: ['dist'],
		n8n: {
			n8nNodesApiVersion: 1,
			strict: true,
			credentials: ending('.credentials.ts'),
			nodes: ending('.node.ts'),
		},
		peerDependencies: { 'n8n-workflow': '*' },
	};
}

function nodeRedPart(vendors: readonly Vendor[], text: string): object {
	const before = JSON.parse(text) as { engines: object; 'node-red': object } & Record<string, unknown>;
	const nodes = Object.fromEntries(vendors.map(({ provider: { name } }) => [name, `dist/nodes/${name}.js`]));
	const { engines: own, files, scripts, dependencies } = before;
	return { engines: own, 'node-red': { ...before['node-red'], nodes }, files, scripts, dependencies };
}
