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

export const N8N: Package = {
	name: 'n8n-nodes-fleetwire',
	folder: '.',
	host: 'n8n',
	vendors,
	keywords: ['n8n-community-node-package', 'gps', 'fleet', 'tracking', 'telematics'],
};
export const NODE_RED: Package = {
	name: '@fleetwire/node-red-fleet',
	folder: 'node-red',
	host: 'Node-RED',
	vendors,
	keywords: ['node-red', 'gps', 'fleet', 'tracking', 'telematics', 'vehicle'],
};

/** What is published, all from one source. */
export const PACKAGES: readonly Package[] = [N8N, NODE_RED];
