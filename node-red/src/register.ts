import type { RequestHandler } from 'express';
import type { Node, NodeAPI, NodeDef } from 'node-red';
import type { Provider } from '../../core/describe/provider';
import type { AccountNode } from './account-node';
import type { RequestDef } from './request-node';
import type { TriggerDef, TriggerNodeInstance } from './trigger-node';
import { accountType, requestType, storeSetting, triggerType } from './types';
import { lastingStore, losesUserFolder } from './user-folder';
import type { VendorNodes } from './vendor-nodes';

/** What Node-RED must know of a vendor when it starts. */
interface Vendor {
	name: string;
	/** Fields of the account that are secret. */
	secrets: readonly string[];
	/** Loads its catalog. */
	load(): Provider;
}

/** Makes what a vendor's nodes are made of. */
type MakeNodes = (RED: NodeAPI, provider: Provider) => VendorNodes;

const makerFromFile = (): MakeNodes => {
	// eslint-disable-next-line @typescript-eslint/no-require-imports -- at once, as a node's constructor cannot wait
	const { VendorNodes } = require('./vendor-nodes') as typeof import('./vendor-nodes');
	return (RED, provider) => new VendorNodes(RED, provider);
};

/** What a page of another site can have a browser send is no JSON. */
const json: RequestHandler = (request, response, next) => {
	if (request.is('application/json')) next();
	else response.status(415).json({ ok: false, message: 'Only JSON is taken here.' });
};

/**
 * Everything that Node-RED gets of one vendor. All five are registered when it starts, and a flow uses one or two of
 * them: what a node is made of is loaded with the first of them.
 */
export function register(RED: NodeAPI, vendor: Vendor, loadMaker: () => MakeNodes = makerFromFile): void {
	let made: VendorNodes | undefined;
	const nodes = (): VendorNodes => (made ??= loadMaker()(RED, vendor.load()));

	function FleetAccount(this: AccountNode, config: NodeDef): void {
		RED.nodes.createNode(this, config);
		nodes().account(this, config);
	}
	RED.nodes.registerType(accountType(vendor), FleetAccount, {
		credentials: Object.fromEntries(vendor.secrets.map((name) => [name, { type: 'password' as const }])),
	});

	function FleetRequest(this: Node, config: RequestDef): void {
		RED.nodes.createNode(this, config);
		nodes().request(this, config);
	}
	RED.nodes.registerType(requestType(vendor), FleetRequest);

	function FleetTrigger(this: TriggerNodeInstance, config: TriggerDef): void {
		RED.nodes.createNode(this, config);
		nodes().trigger(this, config);
	}
	// Where the user folder does not last, new triggers remember in a store that does.
	const store = losesUserFolder(RED) ? lastingStore(RED) : undefined;
	RED.nodes.registerType(
		triggerType(vendor),
		FleetTrigger,
		store === undefined ? undefined : { settings: { [storeSetting(vendor)]: { value: store, exportable: true } } },
	);

	// Routes for the editor. Lists name an account's devices and cost requests, and a login ends others' sessions: they
	// are for who may change flows, not for who may only view them.
	const path = `/fleetwire/${vendor.name}`;
	const flows = RED.auth.needsPermission('flows.write');
	const write = RED.auth.needsPermission(`fleetwire-${vendor.name}.write`);
	RED.httpAdmin.post(`${path}/lookup/:account/:name`, flows, write, json, (request, response) =>
		nodes().admin.lookup(request, response),
	);
	RED.httpAdmin.post(`${path}/lookup/:name`, flows, write, json, (request, response) =>
		nodes().admin.lookupBeforeDeploy(request, response),
	);
	RED.httpAdmin.post(`${path}/poll/:trigger`, flows, write, json, (request, response) =>
		nodes().admin.poll(request, response),
	);
	RED.httpAdmin.post(`${path}/test`, flows, write, json, (request, response) =>
		nodes().admin.test(request, response),
	);
}
