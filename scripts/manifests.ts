import type { Vendor } from '../providers/vendor';
import { n8nFiles } from './n8n-files';
import type { Package } from './packages';

const inWords = (texts: readonly string[]) => texts.join(', ').replace(/, ([^,]*)$/, ' and $1');
const compiled = (path: string) => `dist/${path.replace(/\.ts$/, '.js')}`;

/** A package.json, with all that depends on which vendors the package has. */
export function manifestOf({ name, host, vendors, keywords }: Package, text: string): string {
	const titles = inWords(vendors.map(({ provider }) => provider.title));
	return `${JSON.stringify(
		{
			...(JSON.parse(text) as object),
			description: `${host} nodes for GPS fleets: ${titles}, with every operation of the vendors' APIs`,
			keywords: [
				...new Set([...keywords, ...vendors.flatMap((vendor) => [vendor.provider.name, ...vendor.keywords])]),
			],
			...(host === 'n8n' ? n8nPart(vendors, name) : nodeRedPart(vendors, text)),
		},
		null,
		'\t',
	)}\n`;
}

function n8nPart(vendors: readonly Vendor[], name: string): object {
	const files = vendors.flatMap((vendor) => n8nFiles(vendor, name).map(([path]) => path));
	const ending = (end: string) => files.filter((path) => path.endsWith(end)).map(compiled);
	return {
		n8n: {
			n8nNodesApiVersion: 1,
			strict: true,
			credentials: ending('.credentials.ts'),
			nodes: ending('.node.ts'),
		},
	};
}

function nodeRedPart(vendors: readonly Vendor[], text: string): object {
	const { 'node-red': before } = JSON.parse(text) as { 'node-red': object };
	const nodes = Object.fromEntries(vendors.map(({ provider: { name } }) => [name, `dist/nodes/${name}.js`]));
	return { 'node-red': { ...before, nodes } };
}
