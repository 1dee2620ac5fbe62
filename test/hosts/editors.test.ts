/** What a user sees: the dialogs of the real Node-RED and the panel of the real n8n, in Chromium. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Fields } from '../../core/field';
import { RESOURCE_TITLES } from '../../core/resources';
import { complaints, openBrowser, openN8nNode, openN8nWorkflow, openNodeRedEditor, type Browser, type NodeRedEditor } from './browser';
import { NODE_RED_VERSIONS } from './install';
import { chain, startN8n } from './n8n';
import { startNodeRed, type NodeRed } from './node-red';
import { DEVICE, startVendor, type TestVendor } from './vendor';

const ARTIFACTS = join(__dirname, '..', '..', 'artifacts');
const tarball = (start: string) => join(ARTIFACTS, readdirSync(ARTIFACTS).find((name) => name.startsWith(start)) ?? '');

let browser: Browser;
let vendor: TestVendor;

beforeAll(async () => {
	browser = await openBrowser();
	vendor = await startVendor('trackceo');
});
afterAll(async () => {
	await browser?.close();
	await vendor?.close();
});

describe.each(NODE_RED_VERSIONS)('Node-RED %s', (version) => {
	let nodeRed: NodeRed;
	let editor: NodeRedEditor;
	let said: string[];

	beforeAll(async () => {
		nodeRed = await startNodeRed({ version, packages: [tarball('fleetwire-node-red-fleet-')] });
		const { secret, ...settings } = vendor.connection;
		await nodeRed.deploy(
			[
				{ id: 'tab', type: 'tab', label: 'Fleet' },
				{ id: 'account', type: 'fleetwire-trackceo-account', name: 'Mine', ...settings, tls: '', proxy: '', version: 1 },
				{ id: 'node', type: 'fleetwire-trackceo', z: 'tab', name: '', account: 'account', resource: 'position', operation: 'getCurrent', params: { devices: { type: 'msg', value: 'imei' } }, output: 'raw', result: 'record', limit: '7', timeout: '', version: 1, x: 200, y: 100, wires: [[]] },
			],
			{ credentials: { account: { secret } } },
		);
		editor = await openNodeRedEditor(browser, nodeRed, version === '5.0.7' ? { theme: 'dark' } : {});
		said = complaints(editor.page);
	});
	afterAll(async () => {
		await editor?.close();
		await nodeRed?.stop();
	});

	test('the palette has both vendors', async () => {
		expect(await editor.palette()).toEqual(expect.arrayContaining(['fleetwire-trackceo', 'fleetwire-etrack']));
	});

	test('opening and closing a dialog changes nothing', async () => {
		const before = (await editor.node('node')) as { params: unknown };
		await editor.edit('node');
		expect(await editor.fields()).toMatchObject({ resource: { value: 'position' }, operation: { value: 'getCurrent' }, output: { value: 'raw' }, result: { value: 'record' }, limit: { value: '7' }, 'param-devices': { typedInput: 'msg', value: 'imei', visible: true } });
		await editor.save();
		expect(await editor.node('node')).toEqual(before);
		expect(await editor.page.evaluate('RED.nodes.dirty()')).toBe(false);
	});

	test('each operation shows its own fields', async () => {
		await editor.edit('node');
		for (const { resource, name, title, params } of vendor.provider.operations) {
			await editor.field('resource').selectOption(resource);
			await editor.field('operation').selectOption(name);
			const fields = await editor.fields();
			expect(fields.resource?.options?.map(({ text }) => text)).toContain(RESOURCE_TITLES[resource]);
			expect(fields.operation?.options?.map(({ text }) => text)).toContain(title);
			const shown = Object.entries(fields).filter(([key]) => key.startsWith('param-'));
			expect(shown.map(([key]) => key.replace('param-', '')).sort()).toEqual(Object.keys(params as Fields).sort());
			for (const [key, { label }] of shown) expect(label).toBe((params as Fields)[key.replace('param-', '')]?.title);
		}
		await editor.cancel();
	});

	test('what is filled in is deployed, and is there again', async () => {
		await editor.edit('node');
		await editor.field('resource').selectOption('geofence');
		await editor.page.evaluate(`(() => {
			const set = (name, type, value) => $('#node-input-param-' + name).typedInput('type', type).typedInput('value', value);
			set('device', 'list', '${DEVICE}');
			set('name', 'str', 'Depot');
			set('latitude', 'num', '44.4268');
			set('longitude', 'jsonata', 'payload.lon');
		})()`);
		await editor.save();
		await editor.deploy();
		const stored = (await nodeRed.getFlows()).flows.find(({ id }) => id === 'node');
		expect(stored).toMatchObject({
			resource: 'geofence',
			operation: 'create',
			params: { device: { type: 'list', value: DEVICE }, name: { type: 'str', value: 'Depot' }, latitude: { type: 'num', value: '44.4268' }, longitude: { type: 'jsonata', value: 'payload.lon' }, radius: { type: 'num', value: '300' } },
		});
		await editor.edit('node');
		expect(await editor.fields()).toMatchObject({ 'param-device': { value: DEVICE }, 'param-longitude': { typedInput: 'jsonata', value: 'payload.lon' } });
		await editor.cancel();
	});

	test('a field that is missing is marked, and the node says why', async () => {
		await editor.edit('node');
		await editor.field('resource').selectOption('command');
		await editor.field('operation').selectOption('send');
		await editor.save();
		expect((await editor.validationErrors('node')).join(' ')).toMatch(/Command is missing/);
	});

	test('the account\'s Test button tells good from bad', async () => {
		await editor.edit('account');
		const result = () => editor.dialog().locator('.fleetwire-result');
		await editor.dialog().locator('.fleetwire-test').click();
		await result().filter({ hasText: /demo/ }).waitFor();
		expect(await result().getAttribute('class')).toContain('fleetwire-good');
		await editor.field('secret').fill('wrong-password');
		await editor.dialog().locator('.fleetwire-test').click();
		await result().filter({ hasText: /refuses the account or its password/ }).waitFor();
		expect(await result().getAttribute('class')).toContain('fleetwire-bad');
		await editor.cancel();
	});

	test('nothing was complained about in the browser', () => {
		expect(said).toEqual([]);
	});
});

test('n8n\'s panel: the operation\'s fields, the list of devices, and a run', async () => {
	const n8n = await startN8n({ packages: [tarball('n8n-nodes-fleetwire-')] });
	try {
		const { id, name } = await n8n.createCredential({ name: 'Mine', type: 'trackCeoApi', data: { ...vendor.connection } });
		const workflow = await n8n.createWorkflow(chain({ name: 'Fleet', type: 'n8n-nodes-fleetwire.trackCeo', parameters: { resource: 'position', operation: 'getCurrent' }, credentials: { trackCeoApi: { id, name } } }));
		const page = await openN8nWorkflow(browser, n8n, workflow.id);
		const panel = await openN8nNode(page, 'Fleet');
		for (const words of ['Resource', 'Operation', 'Devices', 'Return All', 'Output', 'Options']) expect(await panel.innerText()).toContain(words);
		await panel.locator('[data-test-id="rlc-input"], [data-test-id="resource-locator-devices"] input').last().click();
		await page.getByText('Van 1 ·').first().click();
		await panel.getByRole('button', { name: /execute step/i }).first().click();
		await panel.getByRole('cell', { name: DEVICE }).first().waitFor();
	} finally {
		await n8n.stop();
	}
});
