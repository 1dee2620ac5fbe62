/** The flows of the demo: the live map and the package's own examples, with accounts that lead to the simulators. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunningVendor } from '../vendors';

export interface FlowNode {
	id: string;
	type: string;
	[property: string]: unknown;
}

const EXAMPLES = join(__dirname, '..', '..', 'node-red', 'examples');

const nodesIn = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as FlowNode[];

/** Each of the package's examples, as Node-RED imports it. */
export const examples = () =>
	readdirSync(EXAMPLES)
		.sort()
		.map((name) => ({ name, nodes: nodesIn(join(EXAMPLES, name)) }));

export const isAccount = ({ type }: FlowNode) => /^fleetwire-\w+-account$/.test(type);

export const vendorOf = (vendors: readonly RunningVendor[], { type }: FlowNode) =>
	vendors.find(({ name }) => type === `fleetwire-${name}-account`);

/** The examples of a vendor share an account, which is there once. */
export function demoFlows(vendors: readonly RunningVendor[]): FlowNode[] {
	const nodes = [...nodesIn(join(__dirname, 'live-map.json')), ...examples().flatMap((example) => example.nodes)];
	const first = new Map(nodes.map(({ id }, place) => [id, place] as const).reverse());
	return nodes
		.filter(({ id }, place) => first.get(id) === place)
		.map((node) => {
			// An example's part that waits for a setting has it here.
			const { d: _, ...enabled } = node;
			const vendor = vendorOf(vendors, node);
			if (node.resource === 'command') return { ...(enabled as FlowNode), allowCommands: true };
			if (!isAccount(node) || vendor === undefined) return enabled as FlowNode;
			return {
				...(enabled as FlowNode),
				name: `${vendor.title} (simulated)`,
				...vendor.settings,
				baseUrl: vendor.url,
				account: vendor.account,
				allowCommands: true,
				allowPrivateAddresses: true,
				// A limit that lasts is part of what there is to see.
				...(vendor.limited ? {} : { rateLimit: 600 }),
			};
		});
}
