/** What a user sees: the dialogs of the real Node-RED and the panel of the real n8n, in Chromium. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Fields } from '../../core/field';
import { RESOURCE_TITLES } from '../../core/resources';
import { fieldsOfTrigger } from '../../core/triggers/trigger';
import { providers } from '../../providers';
import { complaints, openBrowser, openN8nNode, openN8nWorkflow, openNodeRedEditor, type Browser, type NodeRedEditor } from './browser';
import { NODE_RED_VERSIONS } from './install';
import { chain, startN8n } from './n8n';
import { startNodeRed, type NodeRed } from './node-red';
import { until } from './process';
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
		nodeRed = await startNodeRed({ version, packages: [tarball('fleetwire-node-red-fleet-')], settings: { contextStorage: { default: { module: 'memory' }, disk: { module: 'localfilesystem' } } }, env: { LATE: '20' } });
		const { secret, ...settings } = vendor.connection;
		await nodeRed.deploy(
			[
				{ id: 'tab', type: 'tab', label: 'Fleet' },
				{ id: 'account', type: 'fleetwire-trackceo-account', name: 'Mine', ...settings, tls: '', proxy: '', version: 1 },
				{ id: 'trigger', type: 'fleetwire-trackceo-trigger', z: 'tab', name: '', account: 'account', event: 'newAlarm', params: { devices: { type: 'list', value: DEVICE }, types: { type: 'list', value: 'sos,speeding' }, firstRun: { type: 'list', value: 'latest' }, lookBack: { type: 'env', value: 'LATE' }, includeRaw: { type: 'bool', value: 'true' } }, interval: '30', output: 'simplified', result: 'message', store: 'disk', version: 1, x: 200, y: 200, wires: [[]] },
				{ id: 'dropped', type: 'fleetwire-trackceo-trigger', z: 'tab', name: '', account: 'account', event: vendor.provider.triggers[0]?.name, params: {}, interval: 60, output: 'simplified', result: 'record', store: '', version: 1, x: 200, y: 300, wires: [[]] },
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

	test('the palette has every vendor, to ask and to be told', async () => {
		expect(await editor.palette()).toEqual(expect.arrayContaining(providers.flatMap(({ name }) => [`fleetwire-${name}`, `fleetwire-${name}-trigger`])));
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

	test('a trigger\'s dialog changes nothing by being looked at, and each event shows its own fields', async () => {
		const before = await editor.node('trigger');
		await editor.edit('trigger');
		expect(await editor.fields()).toMatchObject({ event: { value: 'newAlarm', label: 'Event' }, interval: { value: '30' }, 'param-devices': { value: DEVICE }, 'param-lookBack': { typedInput: 'env', value: 'LATE' }, store: { value: 'disk' }, result: { value: 'message', visible: true } });
		await editor.save();
		expect(await editor.node('trigger')).toEqual(before);
		expect(await editor.page.evaluate('RED.nodes.dirty()')).toBe(false);

		await editor.edit('trigger');
		for (const trigger of vendor.provider.triggers) {
			await editor.field('event').selectOption(trigger.name);
			const fields = await editor.fields();
			expect(fields.event?.options?.map(({ text }) => text)).toContain(trigger.title);
			const shown = Object.entries(fields).filter(([key]) => key.startsWith('param-'));
			expect(shown.map(([key]) => key.replace('param-', '')).sort()).toEqual(Object.keys(fieldsOfTrigger(trigger)).sort());
			for (const [key, { label }] of shown) expect(label).toBe(fieldsOfTrigger(trigger)[key.replace('param-', '')]?.title);
			// No message comes in that could hold a value.
			expect(await editor.page.evaluate("$('#node-input-param-lookBack').typedInput('type', 'msg').typedInput('type')")).not.toBe('msg');
			expect(fields['param-since']?.visible).toBe(false);
		}
		await editor.page.evaluate("$('#node-input-param-firstRun').typedInput('value', 'since')");
		expect((await editor.fields())['param-since']?.visible).toBe(true);
		await editor.cancel();
	});

	test('a trigger that is dropped is for all devices, and is told what is wrong with it', async () => {
		await editor.edit('dropped');
		expect(await editor.fields()).toMatchObject({ event: { value: vendor.provider.triggers[0]?.name }, 'param-devices': { value: '*' }, interval: { value: '60' }, store: { value: '' } });
		await editor.field('interval').fill('1');
		await editor.save();
		expect((await editor.validationErrors('dropped')).join(' ')).toMatch(/at least 10 seconds/);
		await editor.edit('dropped');
		await editor.field('interval').fill('45');
		await editor.field('event').selectOption('positionChanged');
		await editor.field('output').selectOption('worldmap');
		expect((await editor.fields()).result?.visible).toBe(false);
		await editor.save();
		expect(await editor.validationErrors('dropped')).toEqual([]);
		await editor.deploy();
		expect((await nodeRed.getFlows()).flows.find(({ id }) => id === 'dropped')).toMatchObject({ event: 'positionChanged', interval: '45', output: 'worldmap', params: { devices: { type: 'list', value: '*' }, firstRun: { type: 'list', value: 'nothing' } } });
	});

	test('the button on a trigger polls now, and says so', async () => {
		vendor.simulator.requests.length = 0;
		// It shows for two seconds only.
		await editor.page.evaluate('const { notify } = RED; window.said = []; RED.notify = (text, ...more) => (window.said.push(String(text)), notify(text, ...more))');
		await editor.page.evaluate("$('.red-ui-flow-node').has('.red-ui-flow-node-button').toArray().find((node) => node.id === 'dropped').querySelector('.red-ui-flow-node-button-button').dispatchEvent(new MouseEvent('click', { bubbles: true }))");
		await until('the editor to say something', async () => ((await editor.page.evaluate('window.said.length')) as number) > 0);
		expect(await editor.page.evaluate('window.said')).toEqual([expect.stringContaining('Polling')]);
		await until('the poll', () => vendor.simulator.requests.some(({ path }) => path === '/api/track'));
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
