import { vendors } from '../providers';
import type { Vendor } from '../providers/vendor';

export interface Package {
	name: string;
	/** Where its package.json is. */
	folder: string;
	host: 'n8n' | 'Node-RED';
	vendors: readonly Vendor[];
	/** What people search with, whichever vendor. */
	keywords: readonly string[];
}

const n8nPackage = (vendor: string, some: readonly Vendor[]): Package => ({
	name: `n8n-nodes-${vendor}`,
	folder: `packages/n8n-nodes-${vendor}`,
	host: 'n8n',
	vendors: some,
	keywords: ['n8n-community-node-package', 'gps', 'fleet', 'tracking', 'telematics'],
});

/** All vendors in one, for those who host n8n themselves. */
export const N8N = n8nPackage('fleetwire', vendors);
/** A package of a single vendor each, as n8n verifies no others. */
export const N8N_PACKAGES = [N8N, ...vendors.map((vendor) => n8nPackage(vendor.provider.name, [vendor]))];

export const NODE_RED: Package = {
	name: '@fleetwire/node-red-fleet',
	folder: 'node-red',
	host: 'Node-RED',
	vendors,
	keywords: ['node-red', 'gps', 'fleet', 'tracking', 'telematics', 'vehicle'],
};

/** What is published, all from one source. */
export const PACKAGES: readonly Package[] = [...N8N_PACKAGES, NODE_RED];
