/** What a user sees: the dialogs of the real Node-RED and the panel of the real n8n, in Chromium. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Fields } from '../../core/describe/field';
import { resourceTitle } from '../../core/describe/resources';
import { fieldsOfTrigger } from '../../core/describe/trigger';
import { providers } from '../../providers';
import {
	complaints,
	openBrowser,
	openN8nNode,
	openN8nWorkflow,
	openNodeRedEditor,
	type Browser,
	type NodeRedEditor,
} from './browser';
import { NODE_RED_VERSIONS } from './install';
import { chain, startN8n } from './n8n';
import { probe, startNodeRed, type NodeRed } from './node-red';
import { until } from './process';
import { DEVICE, startVendor, type TestVendor } from './vendor';

const ARTIFACTS = join(__dirname, '..', '..', 'artifacts');
const tarball = (start: string) => join(ARTIFACTS, readdirSync(ARTIFACTS).find((name) => name.startsWith(start)) ?? '');

let browser: Browser;
let vendor: TestVendor;
let plates: TestVendor;

beforeAll(async () => {
	browser = await openBrowser();
	vendor = await startVendor('trackceo');
	plates = await startVendor('itracksense');
});
afterAll(async () => {
	await browser?.close();
	await vendor?.close();
	await plates?.close();
});

/** Plates as people have them: with blanks, one within another, and such as only a list in brackets can hold. */
const PLATES = ['B 10 FLT', 'B 11 FLT', 'B 10', 'ЕК "77" [x]', ' B 12 '];
const devicesOf = ({ simulator }: TestVendor) =>
	(simulator as unknown as { devices: Map<string, { id: string; plate: string }> }).devices.values();

/** A node of every vendor and kind, on a tab that does not run. */
const everyKind = providers.flatMap(({ name, operations: [operation], triggers: [trigger] }, place) => [
	{
		id: `${name}-account`,
		type: `fleetwire-${name}-account`,
		name: '',
		baseUrl: 'http://127.0.0.1:9',
		account: 'demo',
		allowCommands: false,
		rateLimit: 60,
		allowPrivateAddresses: true,
		tls: '',
		proxy: '',
		version: 1,
	},
	{
		id: `${name}-request`,
		type: `fleetwire-${name}`,
		z: 'off',
		name: '',
		account: `${name}-account`,
		resource: operation?.resource,
		operation: operation?.name,
		params: {},
		output: 'simplified',
		result: 'message',
		limit: '',
		timeout: '',
		version: 1,
		x: 300,
		y: 80 * (place + 1),
		wires: [[]],
	},
	{
		id: `${name}-trigger`,
		type: `fleetwire-${name}-trigger`,
		z: 'off',
		name: '',
		account: `${name}-account`,
		event: trigger?.name,
		params: {},
		interval: 60,
		output: 'simplified',
		result: 'record',
		store: '',
		version: 1,
		x: 600,
		y: 80 * (place + 1),
		wires: [[]],
	},
]);

/** Widest that a dialog may be: Node-RED's canvas has some 690 pixels where the window has 1024. */
const WIDEST = 560;
/** What of the topmost dialog lies beside what is seen of it. */
const OUTSIDE = `(() => {
	const tray = [...document.querySelectorAll('.red-ui-tray')].at(-1);
	const edge = tray.querySelector('.red-ui-tray-body-wrapper').getBoundingClientRect();
	const form = tray.querySelector('.fleetwire');
	const outside = [...form.querySelectorAll('input, select, button, a, label, .fleetwire-hint, .form-tips, .red-ui-typedInput-container')]
		.filter((element) => element.getClientRects().length > 0 && getComputedStyle(element).visibility !== 'hidden')
		.map((element) => ({ element, box: element.getBoundingClientRect() }))
		.filter(({ box }) => box.width > 0 && (box.left < edge.left - 1 || box.right > Math.min(edge.right, innerWidth) + 1))
		.map(({ element, box }) => (element.id || element.className || element.tagName) + ' ' + Math.round(box.left) + '-' + Math.round(box.right) + ' of ' + Math.round(edge.left) + '-' + Math.round(edge.right));
	const { width } = tray.getBoundingClientRect();
	return { width, outside };
})()`;

describe.each(NODE_RED_VERSIONS)('Node-RED %s', (version) => {
	let nodeRed: NodeRed;
	let editor: NodeRedEditor;
	let said: string[];

	beforeAll(async () => {
		[...devicesOf(plates)].forEach((device, place) => (device.plate = PLATES[place] ?? device.plate));
		nodeRed = await startNodeRed({
			version,
			packages: [tarball('fleetwire-node-red-fleet-')],
			settings: { contextStorage: { default: { module: 'memory' }, disk: { module: 'localfilesystem' } } },
			env: { LATE: '20', MAY_COMMAND: 'true', RATE: '600', SECRET_TYPE: 'password' },
		});
		const { secret, ...settings } = vendor.connection;
		const { secret: platesSecret, ...platesSettings } = plates.connection;
		await nodeRed.deploy(
			[
				{ id: 'tab', type: 'tab', label: 'Fleet' },
				{ id: 'off', type: 'tab', label: 'Off', disabled: true },
				...everyKind,
				{
					id: 'plates',
					type: 'fleetwire-itracksense-account',
					name: 'Plates',
					...platesSettings,
					tls: '',
					proxy: '',
					version: 1,
				},
				{
					id: 'byPlate',
					type: 'fleetwire-itracksense',
					z: 'tab',
					name: '',
					account: 'plates',
					resource: 'position',
					operation: 'getCurrentByPlate',
					params: { plates: { type: 'list', value: 'B 10 FLT,B 11 FLT' } },
					output: 'simplified',
					result: 'message',
					limit: '',
					timeout: '',
					version: 1,
					x: 200,
					y: 400,
					wires: [['found']],
				},
				probe('found', 'tab'),
				{
					id: 'account',
					type: 'fleetwire-trackceo-account',
					name: 'Mine',
					...settings,
					tls: '',
					proxy: '',
					version: 1,
				},
				{
					id: 'tenant',
					type: 'subflow',
					name: 'Tenant',
					in: [],
					out: [],
					env: [
						{
							name: 'ACC',
							type: 'fleetwire-trackceo-account',
							value: 'account',
							ui: { type: 'conf-types', label: { 'en-US': 'Account' } },
						},
						{ name: 'NONE', type: 'fleetwire-trackceo-account', value: '', ui: { type: 'conf-types' } },
					],
				},
				{ id: 'one', type: 'subflow:tenant', z: 'tab', name: '', x: 400, y: 500, wires: [] },
				{
					id: 'inner',
					type: 'fleetwire-trackceo-account',
					z: 'tenant',
					name: 'Inner',
					...settings,
					allowCommands: '${MAY_COMMAND}',
					rateLimit: '${RATE}',
					secretType: '${SECRET_TYPE}',
					tls: '',
					proxy: '',
					version: 1,
				},
				...['inner', '${ACC}', '${NONE}'].map((account, place) => ({
					id: `within-${String(place)}`,
					type: 'fleetwire-trackceo',
					z: 'tenant',
					name: '',
					account,
					resource: 'position',
					operation: 'getCurrent',
					params: { devices: { type: 'list', value: DEVICE } },
					output: 'raw',
					result: 'record',
					limit: '',
					timeout: '',
					version: 1,
					x: 200,
					y: 100 + 60 * place,
					wires: [[]],
				})),
				{
					id: 'within-trigger',
					type: 'fleetwire-trackceo-trigger',
					z: 'tenant',
					name: '',
					account: 'inner',
					event: 'positionChanged',
					params: { devices: { type: 'list', value: '*' } },
					interval: '3600',
					output: 'simplified',
					result: 'message',
					store: '',
					version: 1,
					x: 200,
					y: 300,
					wires: [[]],
				},
				{
					id: 'trigger',
					type: 'fleetwire-trackceo-trigger',
					z: 'tab',
					name: '',
					account: 'account',
					event: 'newAlarm',
					params: {
						devices: { type: 'list', value: DEVICE },
						types: { type: 'list', value: 'sos,speeding' },
						firstRun: { type: 'list', value: 'latest' },
						lookBack: { type: 'env', value: 'LATE' },
						includeRaw: { type: 'bool', value: 'true' },
					},
					interval: '30',
					output: 'simplified',
					result: 'message',
					store: 'disk',
					version: 1,
					x: 200,
					y: 200,
					wires: [[]],
				},
				{
					id: 'dropped',
					type: 'fleetwire-trackceo-trigger',
					z: 'tab',
					name: '',
					account: 'account',
					event: vendor.provider.triggers[0]?.name,
					params: {},
					interval: 60,
					output: 'simplified',
					result: 'record',
					store: '',
					version: 1,
					x: 200,
					y: 300,
					wires: [[]],
				},
				{
					id: 'node',
					type: 'fleetwire-trackceo',
					z: 'tab',
					name: '',
					account: 'account',
					resource: 'position',
					operation: 'getCurrent',
					params: { devices: { type: 'msg', value: 'imei' } },
					output: 'raw',
					result: 'record',
					limit: '7',
					timeout: '',
					version: 1,
					x: 200,
					y: 100,
					wires: [[]],
				},
			],
			{
				credentials: {
					account: { secret },
					plates: { secret: platesSecret },
					inner: { secret },
					...Object.fromEntries(providers.map(({ name }) => [`${name}-account`, { secret: 'any-secret' }])),
				},
			},
		);
		editor = await openNodeRedEditor(browser, nodeRed, version === '5.0.7' ? { theme: 'dark' } : {});
		said = complaints(editor.page);
	});
	afterAll(async () => {
		await editor?.close();
		await nodeRed?.stop();
	});

	test('the palette has every vendor, to ask and to be told', async () => {
		expect(await editor.palette()).toEqual(
			expect.arrayContaining(providers.flatMap(({ name }) => [`fleetwire-${name}`, `fleetwire-${name}-trigger`])),
		);
	});

	test('opening and closing a dialog changes nothing', async () => {
		const before = (await editor.node('node')) as { params: unknown };
		await editor.edit('node');
		expect(await editor.fields()).toMatchObject({
			resource: { value: 'position' },
			operation: { value: 'getCurrent' },
			output: { value: 'raw' },
			result: { value: 'record' },
			limit: { value: '7' },
			'param-devices': { typedInput: 'msg', value: 'imei', visible: true },
		});
		await editor.save();
		// Settings that it was saved without have their defaults, as they had before.
		const defaults = { allowCommands: false, mostWaiting: '', overload: 'queue', sendWithin: '' };
		expect(await editor.node('node')).toEqual({ ...before, ...defaults });
		expect(await editor.page.evaluate('RED.nodes.dirty()')).toBe(false);
	});

	test('each operation shows its own fields', async () => {
		await editor.edit('node');
		for (const { resource, name, title, params } of vendor.provider.operations) {
			await editor.field('resource').selectOption(resource);
			await editor.field('operation').selectOption(name);
			const fields = await editor.fields();
			expect(fields.resource?.options?.map(({ text }) => text)).toContain(
				resourceTitle(vendor.provider, resource),
			);
			expect(fields.operation?.options?.map(({ text }) => text)).toContain(title);
			const shown = Object.entries(fields).filter(([key]) => key.startsWith('param-'));
			expect(shown.map(([key]) => key.replace('param-', '')).sort()).toEqual(
				Object.keys(params as Fields).sort(),
			);
			for (const [key, { label }] of shown)
				expect(label).toBe((params as Fields)[key.replace('param-', '')]?.title);
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
			params: {
				device: { type: 'list', value: DEVICE },
				name: { type: 'str', value: 'Depot' },
				latitude: { type: 'num', value: '44.4268' },
				longitude: { type: 'jsonata', value: 'payload.lon' },
				radius: { type: 'num', value: '300' },
			},
		});
		await editor.edit('node');
		expect(await editor.fields()).toMatchObject({
			'param-device': { value: DEVICE },
			'param-longitude': { typedInput: 'jsonata', value: 'payload.lon' },
		});
		await editor.cancel();
	});

	test("a trigger's dialog changes nothing by being looked at, and each event shows its own fields", async () => {
		const before = await editor.node('trigger');
		await editor.edit('trigger');
		expect(await editor.fields()).toMatchObject({
			event: { value: 'newAlarm', label: 'Event' },
			interval: { value: '30' },
			'param-devices': { value: DEVICE },
			'param-lookBack': { typedInput: 'env', value: 'LATE' },
			store: { value: 'disk' },
			result: { value: 'message', visible: true },
		});
		await editor.save();
		expect(await editor.node('trigger')).toEqual(before);
		expect(await editor.page.evaluate('RED.nodes.dirty()')).toBe(false);

		await editor.edit('trigger');
		for (const trigger of vendor.provider.triggers) {
			await editor.field('event').selectOption(trigger.name);
			const fields = await editor.fields();
			expect(fields.event?.options?.map(({ text }) => text)).toContain(trigger.title);
			const shown = Object.entries(fields).filter(([key]) => key.startsWith('param-'));
			expect(shown.map(([key]) => key.replace('param-', '')).sort()).toEqual(
				Object.keys(fieldsOfTrigger(trigger)).sort(),
			);
			for (const [key, { label }] of shown)
				expect(label).toBe(fieldsOfTrigger(trigger)[key.replace('param-', '')]?.title);
			// No message comes in that could hold a value.
			expect(
				await editor.page.evaluate(
					"$('#node-input-param-lookBack').typedInput('type', 'msg').typedInput('type')",
				),
			).not.toBe('msg');
			expect(fields['param-since']?.visible).toBe(false);
		}
		await editor.page.evaluate("$('#node-input-param-firstRun').typedInput('value', 'since')");
		expect((await editor.fields())['param-since']?.visible).toBe(true);
		await editor.cancel();
	});

	test('a trigger that is dropped is for all devices, and is told what is wrong with it', async () => {
		// As the editor marks what was dropped and not deployed yet.
		await editor.page.evaluate("RED.nodes.node('dropped').changed = true");
		await editor.edit('dropped');
		expect(await editor.fields()).toMatchObject({
			event: { value: vendor.provider.triggers[0]?.name },
			'param-devices': { value: '*' },
			interval: { value: '60' },
			store: { value: '' },
		});
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
		expect((await nodeRed.getFlows()).flows.find(({ id }) => id === 'dropped')).toMatchObject({
			event: 'positionChanged',
			interval: '45',
			output: 'worldmap',
			params: { devices: { type: 'list', value: '*' }, firstRun: { type: 'list', value: 'nothing' } },
		});
	});

	test('the button on a trigger polls now, and says so', async () => {
		vendor.simulator.requests.length = 0;
		// It shows for two seconds only.
		await editor.page.evaluate(
			'const { notify } = RED; window.said = []; RED.notify = (text, ...more) => (window.said.push(String(text)), notify(text, ...more))',
		);
		await editor.page.evaluate(
			"$('.red-ui-flow-node').has('.red-ui-flow-node-button').toArray().find((node) => node.id === 'dropped').querySelector('.red-ui-flow-node-button-button').dispatchEvent(new MouseEvent('click', { bubbles: true }))",
		);
		await until(
			'the editor to say something',
			async () => ((await editor.page.evaluate('window.said.length')) as number) > 0,
		);
		expect(await editor.page.evaluate('window.said')).toEqual([expect.stringContaining('Polling')]);
		await until('the poll', () => vendor.simulator.requests.some(({ path }) => path === '/api/track'));
	});

	test('within a subflow: lists, the test of a login and the button of a trigger', async () => {
		const { page } = editor;
		await page.evaluate("RED.workspaces.show('tenant')");
		const panel = page.locator('.fleetwire-list-panel');
		for (const [place, shows] of [
			'Van 1 ·',
			'Van 1 ·',
			'Give the subflow property NONE a default account first.',
		].entries()) {
			const id = `within-${String(place)}`;
			await editor.edit(id);
			await page.locator('[data-param="devices"] .red-ui-typedInput-option-expand').click();
			await until('the list', async () => !(await panel.innerText()).includes('Asking'));
			expect(await panel.innerText(), id).toContain(shows);
			await panel.locator('input').press('Escape');
			await editor.cancel();
		}
		await editor.edit('inner');
		await editor.dialog().locator('.fleetwire-test').click();
		await editor.dialog().locator('.fleetwire-result').filter({ hasText: 'Logged in as demo.' }).waitFor();
		await editor.cancel();
		vendor.simulator.requests.length = 0;
		await page.evaluate("fleetwire.pollNow(RED.nodes.node('within-trigger'), 'trackceo')");
		await until('the poll', () => vendor.simulator.requests.some(({ path }) => path === '/api/track'));
		await page.evaluate("RED.workspaces.show('tab')");
	});

	test('each setting of an account may be an environment variable', async () => {
		const { page } = editor;
		await editor.edit('inner');
		expect(await editor.fields()).toMatchObject({
			rateLimit: { value: '${RATE}', invalid: false },
			'allowCommands-value': { typedInput: 'env', value: 'MAY_COMMAND', label: 'Allow Commands', visible: true },
			'secretType-value': { typedInput: 'env', value: 'SECRET_TYPE' },
			'allowPrivateAddresses-value': { typedInput: 'list', value: 'true' },
		});
		await editor.save();
		expect(await editor.node('inner')).toMatchObject({
			allowCommands: '${MAY_COMMAND}',
			rateLimit: '${RATE}',
			secretType: '${SECRET_TYPE}',
			allowPrivateAddresses: true,
		});
		expect(await page.evaluate("RED.nodes.node('inner').changed")).toBeFalsy();
		expect(await editor.validationErrors('inner')).toEqual([]);

		await editor.edit('account');
		await page.evaluate(`(() => {
			const set = (name, type, value) => $('#node-config-input-' + name + '-value').typedInput('type', type).typedInput('value', value);
			set('allowCommands', 'env', 'MAY_COMMAND');
			set('allowPrivateAddresses', 'list', 'true');
		})()`);
		await editor.save();
		expect(await editor.node('account')).toMatchObject({
			allowCommands: '${MAY_COMMAND}',
			allowPrivateAddresses: true,
		});
		await editor.edit('account');
		await page.evaluate(
			"$('#node-config-input-allowCommands-value').typedInput('type', 'list').typedInput('value', 'false')",
		);
		await editor.save();
		expect(await editor.node('account')).toMatchObject({ allowCommands: false });
	});

	test('a dialog of any node that is opened and left with Done changes nothing', async () => {
		const changed: unknown[] = [];
		for (const { id } of everyKind) {
			const events = await editor.page.evaluate('RED.history.depth()');
			await editor.edit(id);
			await editor.save();
			if ((await editor.page.evaluate('RED.history.depth()')) !== events)
				changed.push(id, await editor.page.evaluate('RED.history.peek().changes'));
		}
		expect(changed).toEqual([]);
	});

	test('plates that are picked have their ticks, and are asked for', async () => {
		const { page } = editor;
		const panel = page.locator('.fleetwire-list-panel');
		const row = (plate: string) =>
			panel.locator('.fleetwire-list-row', { hasText: new RegExp(`^${plate.replace(/[[\]]/g, '\\$&')} · `) });
		const ticked = async () =>
			(await panel.locator('.fleetwire-list-row[aria-selected="true"]').allInnerTexts()).map(
				(text) => text.split(' · ')[0],
			);
		const ids = new Map([...devicesOf(plates)].map(({ id, plate }) => [plate, id]));
		const run = async () => {
			const after = await nodeRed.mark();
			await nodeRed.send('byPlate', {});
			const [found] = await nodeRed.collect((all) => all.length > 0, { after, probe: 'found' });
			return (found?.msg.payload as { deviceId: string }[]).map(({ deviceId }) => deviceId).sort();
		};
		const idsOf = (...names: string[]) => names.map((plate) => ids.get(plate)).sort();
		// As it was stored by hand, or by an earlier version.
		expect(await run()).toEqual(idsOf('B 10 FLT', 'B 11 FLT'));

		await editor.edit('byPlate');
		await page.locator('[data-param="plates"] .red-ui-typedInput-option-expand').click();
		await row('B 10 FLT').waitFor();
		expect(await ticked()).toEqual(['B 10 FLT', 'B 11 FLT']);
		await row('ЕК "77" [x]').click();
		await row('B 10').click();
		expect(await ticked()).toEqual(['B 10', 'B 10 FLT', 'B 11 FLT', 'ЕК "77" [x]']);
		await row('B 10 FLT').click();
		expect(await ticked()).toEqual(['B 10', 'B 11 FLT', 'ЕК "77" [x]']);
		await panel.locator('input').press('Escape');
		expect((await editor.fields())['param-plates']?.value).toBe('B 11 FLT, ЕК "77" [x], B 10');
		await editor.save();
		await editor.deploy();
		expect(await run()).toEqual(idsOf('B 11 FLT', 'ЕК "77" [x]', 'B 10'));

		// One that the vendor knows with blanks around it is asked for as it is; the vendor trims what it is asked.
		await editor.edit('byPlate');
		await page.locator('[data-param="plates"] .red-ui-typedInput-option-expand').click();
		await row('B 12').click();
		expect(await ticked()).toEqual(['B 10', 'B 11 FLT', 'B 12', 'ЕК "77" [x]']);
		for (const plate of ['B 10', 'B 11 FLT', 'ЕК "77" [x]']) await row(plate).click();
		expect(await ticked()).toEqual(['B 12']);
		await panel.locator('input').press('Escape');
		expect((await editor.fields())['param-plates']?.value).toBe('[" B 12 "]');
		await editor.cancel();
	});

	test('devices are picked by keyboard alone, and the focus stays where it was', async () => {
		const { page } = editor;
		await editor.edit('trigger');
		await page.locator('[data-param="devices"] .red-ui-typedInput-option-expand').focus();
		await page.keyboard.press('Enter');
		const panel = page.locator('.fleetwire-list-panel');
		await panel.locator('.fleetwire-list-row').first().waitFor();
		const focused = () => page.evaluate("document.activeElement.getAttribute('role')");
		const value = async () => (await editor.fields())['param-devices']?.value;
		expect(await panel.locator('[role="listbox"]').getAttribute('aria-label')).toBe('Devices');
		await page.keyboard.press('ArrowDown');
		await page.keyboard.press('Space');
		expect([await value(), await focused()]).toEqual(['*', 'option']);
		await page.keyboard.press('ArrowDown');
		await page.keyboard.press('Space');
		await page.keyboard.press('ArrowDown');
		await page.keyboard.press('Space');
		expect(await focused()).toBe('option');
		expect(String(await value()).split(', ')).toHaveLength(2);
		expect(await panel.locator('[aria-selected="true"]').count()).toBe(2);
		await page.keyboard.press('Escape');
		await panel.waitFor({ state: 'detached' });
		expect(await page.evaluate("Boolean(document.activeElement.closest('[data-param=devices]'))")).toBe(true);
		await editor.cancel();
	});

	test('everything in a dialog has a name and reads its hint', async () => {
		/** Controls without a name, and hints that none of them refers to. */
		const unnamed = `(() => {
			const form = [...document.querySelectorAll('.red-ui-tray')].at(-1).querySelector('.fleetwire');
			const shown = (element) => element.getClientRects().length > 0 && getComputedStyle(element).visibility !== 'hidden';
			const controls = [...form.querySelectorAll('input, select, button')].filter(shown);
			const nameOf = (element) =>
				element.getAttribute('aria-label') || element.title || element.textContent.trim() ||
				[...(element.labels || [])].map((label) => label.textContent.trim()).join();
			const group = (element) => element.closest('[role=group]')?.getAttribute('aria-label');
			const described = new Set([...form.querySelectorAll('[aria-describedby]')].filter(shown).map((element) => element.getAttribute('aria-describedby')));
			return [
				...controls.filter((element) => !element.closest('.red-ui-typedInput-container') && !nameOf(element)).map((element) => element.outerHTML.slice(0, 120)),
				...[...form.querySelectorAll('.red-ui-typedInput-container')].filter((element) => shown(element) && !group(element)).map((element) => element.outerHTML.slice(0, 120)),
				...[...form.querySelectorAll('.fleetwire-hint[id]')].filter((element) => shown(element) && !described.has(element.id)).map(({ id }) => id),
			];
		})()`;
		const wrong: unknown[] = [];
		for (const id of ['account', 'node', 'trigger', 'ctrack-trigger', 'itracksense-account']) {
			await editor.edit(id);
			wrong.push(...((await editor.page.evaluate(unnamed)) as string[]).map((one) => `${id}: ${one}`));
			await editor.cancel();
		}
		expect(wrong).toEqual([]);
	});

	test('no dialog is wider than a small window shows', async () => {
		const small = await openNodeRedEditor(browser, nodeRed, {
			width: 1024,
			height: 700,
			...(version === '5.0.7' ? { theme: 'dark' } : {}),
		});
		const shot = async (name: string) => {
			const folder = process.env.FLEETWIRE_SHOTS;
			if (folder !== undefined)
				await small.page.screenshot({ path: join(folder, `${version}-${name}.png`), animations: 'disabled' });
		};
		const wrong: string[] = [];
		const look = async (where: string) => {
			const { width, outside } = (await small.page.evaluate(OUTSIDE)) as { width: number; outside: string[] };
			if (width > WIDEST) wrong.push(`${where}: ${String(width)} px`);
			wrong.push(...outside.map((control) => `${where}: ${control}`));
		};
		for (const { name, operations, triggers } of providers) {
			await small.edit(`${name}-account`);
			await small.page.evaluate(
				"$('.fleetwire-http').show(); $('.fleetwire-result').text('The base URL leads to a private address (127.0.0.1). If you need it, for example for a simulator, switch on \"Allow Private Addresses\" in the account.')",
			);
			await look(`${name} account`);
			await shot(`${name}-account`);
			await small.cancel();
			await small.edit(`${name}-request`);
			for (const [place, operation] of operations.entries()) {
				await small.field('resource').selectOption(operation.resource);
				await small.field('operation').selectOption(operation.name);
				await small.page.evaluate("$('.fleetwire-param').show()");
				await look(`${name} ${operation.resource}.${operation.name}`);
				if (place % 5 === 0) await shot(`${name}-${operation.resource}-${operation.name}`);
			}
			await small.cancel();
			await small.edit(`${name}-trigger`);
			for (const [place, trigger] of triggers.entries()) {
				await small.field('event').selectOption(trigger.name);
				await small.page.evaluate("$('.fleetwire-param, .fleetwire-within').show()");
				await look(`${name} ${trigger.name}`);
				if (place % 3 === 0) await shot(`${name}-trigger-${trigger.name}`);
			}
			await small.cancel();
		}
		await small.close();
		expect(wrong).toEqual([]);
	});

	test('a field that is missing is marked, and the node says why', async () => {
		await editor.edit('node');
		await editor.field('resource').selectOption('command');
		await editor.field('operation').selectOption('send');
		await editor.save();
		expect((await editor.validationErrors('node')).join(' ')).toMatch(/Command is missing/);
	});

	test("the account's Test button tells good from bad", async () => {
		await editor.edit('account');
		const result = () => editor.dialog().locator('.fleetwire-result');
		await editor.dialog().locator('.fleetwire-test').click();
		await result().filter({ hasText: /demo/ }).waitFor();
		expect(await result().getAttribute('class')).toContain('fleetwire-good');
		await editor.field('secret').fill('wrong-password');
		await editor.dialog().locator('.fleetwire-test').click();
		await result()
			.filter({ hasText: /refuses the account or its password/ })
			.waitFor();
		expect(await result().getAttribute('class')).toContain('fleetwire-bad');
		await editor.cancel();
	});

	test('nothing was complained about in the browser', () => {
		expect(said).toEqual([]);
	});
});

test("n8n's panel: the operation's fields, the list of devices, and a run", async () => {
	const n8n = await startN8n({ packages: [tarball('n8n-nodes-fleetwire-')] });
	try {
		const { id, name } = await n8n.createCredential({
			name: 'Mine',
			type: 'trackCeoApi',
			data: { ...vendor.connection },
		});
		const workflow = await n8n.createWorkflow(
			chain({
				name: 'Fleet',
				type: 'n8n-nodes-fleetwire.trackCeo',
				parameters: { resource: 'position', operation: 'getCurrent' },
				credentials: { trackCeoApi: { id, name } },
			}),
		);
		const page = await openN8nWorkflow(browser, n8n, workflow.id);
		const panel = await openN8nNode(page, 'Fleet');
		for (const words of ['Resource', 'Operation', 'Devices', 'Return All', 'Output', 'Options'])
			expect(await panel.innerText()).toContain(words);
		await panel
			.locator('[data-test-id="rlc-input"], [data-test-id="resource-locator-devices"] input')
			.last()
			.click();
		await page.getByText('Van 1 ·').first().click();
		await panel
			.getByRole('button', { name: /execute step/i })
			.first()
			.click();
		await panel.getByRole('cell', { name: DEVICE }).first().waitFor();
	} finally {
		await n8n.stop();
	}
});
