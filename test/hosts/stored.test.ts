/** Flows and workflows that an earlier version saved, in the real hosts. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Migrations } from '../../node-red/src/migrations';
import { editorScript } from '../support/editor-page';
import { savedCredentials, savedFlow, savedWorkflow, withLastCommand } from '../support/saved';
import { openBrowser, openNodeRedEditor, type Browser } from './browser';
import { NODE_RED_VERSIONS } from './install';
import { chain, startN8n, type N8n, type WorkflowNode } from './n8n';
import { startNodeRed, type FlowNode, type NodeRed } from './node-red';
import { comparable, startVendor, VENDOR_NAMES, type TestVendor } from './vendor';

const ARTIFACTS = join(__dirname, '..', '..', 'artifacts');
const tarball = (start: string) => join(ARTIFACTS, readdirSync(ARTIFACTS).find((name) => name.startsWith(start)) ?? '');
const vendors = new Map<string, TestVendor>();
const vendorOf = (name: string) => vendors.get(name) ?? expect.fail(`${name} did not start`);
/** Those that the saved flow has; others are newer. */
const SAVED = VENDOR_NAMES.filter((name) => savedFlow().some(({ type }) => type === `fleetwire-${name}`));
/** Where the vendor is, and what a file must not hold. */
const ownOf = (name: string) => {
	const { secret, methodPaths } = vendorOf(name).connection as unknown as Record<string, string>;
	return { secret: secret ?? '', more: methodPaths === undefined ? {} : { methodPaths } };
};

// Each host has vendors of its own: what a trigger takes out of a queue is gone.
async function startVendors(): Promise<void> {
	for (const name of SAVED) vendors.set(name, await startVendor(name));
}
async function closeVendors(): Promise<void> {
	await Promise.all([...vendors.values()].map((vendor) => vendor.close()));
}

describe.each(NODE_RED_VERSIONS)('Node-RED %s', (version) => {
	let nodeRed: NodeRed;
	let browser: Browser;
	beforeAll(async () => {
		await startVendors();
		nodeRed = await startNodeRed({ version, packages: [tarball('fleetwire-node-red-fleet-')] });
		browser = await openBrowser();
	});
	afterAll(async () => {
		await browser?.close();
		await nodeRed?.stop();
		await closeVendors();
	});

	const isOf =
		(name: string) =>
		({ type }: FlowNode) =>
			new RegExp(`^fleetwire-${name}(-|$)`).test(type);
	const isRequest = ({ type }: FlowNode) => /^fleetwire-[a-z]+$/.test(type);
	const isAccount = ({ type }: FlowNode) => type.endsWith('-account');
	const isTrigger = ({ type }: FlowNode) => type.endsWith('-trigger');

	async function deploy(name: string, changes: (node: FlowNode) => FlowNode = (node) => node): Promise<FlowNode[]> {
		const { secret, more } = ownOf(name);
		const [tab, ...saved] = savedFlow() as FlowNode[];
		const nodes = saved
			.filter(isOf(name))
			.map((node) => withLastCommand(node, vendorOf(name).simulator.lastCommand?.()))
			.map((node) =>
				isAccount(node)
					? { ...node, baseUrl: vendorOf(name).simulator.url, ...more }
					: { ...changes(node), wires: [['probe']] },
			);
		const place = { z: tab!.id, x: 800, y: 40 };
		const probes = ['probe', 'caught', 'done'].map((id) => ({ id, type: 'test-probe', ...place, wires: [] }));
		const watchers = [
			{ id: 'catch', type: 'catch', scope: null, uncaught: false, ...place, wires: [['caught']] },
			{ id: 'complete', type: 'complete', scope: nodes.filter(isTrigger).map(({ id }) => id), ...place },
		].map((node) => ({ wires: [['done']], ...node }));
		const credentials = Object.fromEntries(nodes.filter(isAccount).map(({ id }) => [id, { secret }]));
		await nodeRed.deploy([tab!, ...nodes, ...probes, ...watchers], { credentials });
		return nodes;
	}

	describe.each(SAVED)('%s', (name) => {
		test('every operation gives what it gave', async () => {
			// A trigger would take a queue's messages away.
			// Version 1 did not have the switch of the node.
			const still = (node: FlowNode) =>
				isTrigger(node) ? { ...node, d: true } : { ...node, allowCommands: true };
			const requests = (await deploy(name, still)).filter(isRequest);
			for (const { id, resource, operation: named, params } of requests) {
				const operation = vendorOf(name).operation(`${String(resource)}.${String(named)}`);
				if ((params as { commandId?: object }).commandId !== undefined) await deploy(name, still);
				const after = await nodeRed.mark();
				const _msgid = await nodeRed.send(id, { newPassword: 'New-Password-1' });
				const own = ({ msg }: { msg: object }) => (msg as { _msgid?: unknown })._msgid === _msgid;
				const records = await nodeRed.collect((all) => all.some(own), { after });
				const { probe, msg } = records.find(own)!;
				expect([probe, msg.error], id).toEqual(['probe', undefined]);
				const payload = msg.payload as object;
				expect(comparable(operation.list ? (payload as object[]) : [payload]), id).toEqual(
					comparable(await vendorOf(name).expected(operation, 'simplified')),
				);
			}
		});

		test('every event is polled', async () => {
			const triggers = (await deploy(name)).filter(isTrigger);
			for (const { id, event } of triggers) {
				const after = await nodeRed.mark();
				const _msgid = await nodeRed.send(id, { payload: 'poll' });
				const own = ({ msg, probe }: { msg: object; probe: string }) =>
					(msg as { _msgid?: unknown })._msgid === _msgid && probe !== 'probe';
				const records = await nodeRed.collect((all) => all.some(own), { after });
				expect(records.find(own), String(event)).toMatchObject({ probe: 'done' });
			}
		});

		test('opened and left with Done, a node is not marked as changed', async () => {
			const nodes = await deploy(name);
			const shown = [
				...nodes.filter(isAccount),
				...nodes.filter(isRequest).slice(0, 4),
				...nodes.filter(isTrigger).slice(0, 2),
			];
			const editor = await openNodeRedEditor(browser, nodeRed);
			for (const { id, type } of shown) {
				const before = await editor.node(id);
				expect(await editor.validationErrors(id), `${type} ${id}`).toEqual([]);
				await editor.edit(id);
				await editor.save();
				// Settings that there were none of then have their defaults.
				expect(await editor.node(id), `${type} ${id}`).toMatchObject(
					JSON.parse(JSON.stringify(before)) as object,
				);
			}
			expect(await editor.page.evaluate('RED.nodes.dirty()')).toBe(false);
			await editor.close();
		});
	});

	test('a node that a migration concerns comes into the editor with the new names, without a mark', async () => {
		const type = 'fleetwire-trackceo';
		const renamed: Migrations = {
			[type]: [
				{
					from: 1,
					to: 2,
					change: (settings) => {
						const { imeis, ...others } = settings.params as Record<string, unknown>;
						return { ...settings, params: imeis === undefined ? others : { devices: imeis, ...others } };
					},
				},
			],
		};
		const old = (node: FlowNode) => {
			const { devices, ...others } = (node.params ?? {}) as Record<string, unknown>;
			return node.type === type && devices !== undefined
				? { ...node, params: { imeis: devices, ...others } }
				: node;
		};
		const nodes = await deploy('trackceo', old);
		const editor = await openNodeRedEditor(browser, nodeRed, {
			replaced: { pattern: '**/@fleetwire/node-red-fleet/editor.js*', body: editorScript(renamed) },
		});
		const { id, params } = nodes.find((node) => node.type === type && 'imeis' in (node.params as object))!;
		const { imeis } = params as Record<string, unknown>;
		expect(await editor.node(id)).toMatchObject({ params: { devices: imeis }, version: 2 });
		expect(await editor.validationErrors(id)).toEqual([]);
		await editor.edit(id);
		expect((await editor.fields())['param-devices']?.value).toBe((imeis as { value: string }).value);
		await editor.save();
		expect(await editor.page.evaluate('RED.nodes.dirty()')).toBe(false);
		await editor.close();
	});

	test('a node of a later version says so in the flow, and keeps what it holds', async () => {
		const future = (node: FlowNode) =>
			isRequest(node) ? { ...node, version: 99, params: { ...(node.params as object), later: 1 } } : node;
		const [node] = (await deploy('trackceo', future)).filter(isRequest);
		const editor = await openNodeRedEditor(browser, nodeRed);
		const { id } = node!;
		expect(String(await editor.validationErrors(id))).toContain('newer version');
		await editor.edit(id);
		await editor.save();
		expect(await editor.node(id)).toMatchObject({ params: node!.params as object, version: 99 });
		await editor.close();
	});
});

describe('n8n', () => {
	let n8n: N8n;
	beforeAll(async () => {
		await startVendors();
		n8n = await startN8n({ packages: [tarball('n8n-nodes-fleetwire-')] });
	});
	afterAll(async () => {
		await n8n?.stop();
		await closeVendors();
	});

	test.each(SAVED)('%s: every operation gives what it gave', async (name) => {
		const vendor = vendorOf(name);
		const { secret, more } = ownOf(name);
		const { type, data } = savedCredentials().find((each) => each.type === vendor.n8n.credential)!;
		const { id } = await n8n.createCredential({
			name: 'As saved',
			type,
			data: { ...data, baseUrl: vendor.simulator.url, secret, ...more },
		});
		const saved = savedWorkflow().nodes.filter(
			({ type: node }) => node === `n8n-nodes-fleetwire.${vendor.n8n.node}`,
		);
		// Version 1 did not have the switch of the node.
		const withSwitch = (node: (typeof saved)[number]) => ({
			...node,
			parameters: { ...node.parameters, allowCommands: true },
		});
		const run = async (nodes: typeof saved) => {
			const ready = nodes.map((node) => ({
				...withSwitch(withLastCommand(node, vendor.simulator.lastCommand?.())),
				credentials: { [type]: { id, name: 'As saved' } },
				executeOnce: true,
				alwaysOutputData: true,
			}));
			const execution = await n8n.runWorkflow(chain(...(ready as unknown as WorkflowNode[])));
			expect(execution.error).toBeUndefined();
			for (const node of nodes) {
				const operation = vendor.operation(node.name.split(': ')[1]!);
				expect(comparable(execution.data[node.name] ?? []), node.name).toEqual(
					comparable(await vendor.expected(operation, 'simplified')),
				);
			}
		};
		const waits = (node: object) => JSON.stringify(node).includes('"(last)"');
		await run(saved.filter((node) => !waits(node)));
		if (saved.some(waits)) await run(saved.filter(waits));
	});
});
