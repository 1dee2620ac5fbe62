/** Proves the harness itself: that it installs packages into the real hosts, drives them, and leaves nothing behind. */
import { createServer, type Server } from 'node:http';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openBrowser, openN8nNode, openN8nWorkflow, openNodeRedEditor } from './browser';
import { NODE_RED_VERSIONS, ensureHosts } from './install';
import { chain, startN8n, type N8n } from './n8n';
import { startNodeRed, type NodeRed } from './node-red';
import { groupAlive, removeFolder, run, temporaryFolder } from './process';

const N8N_FILES = {
	'package.json': JSON.stringify({
		name: 'n8n-nodes-trivial',
		version: '1.0.0',
		n8n: {
			n8nNodesApiVersion: 1,
			nodes: ['dist/Trivial.node.js'],
			credentials: ['dist/TrivialApi.credentials.js'],
		},
	}),
	'dist/TrivialApi.credentials.js': `
		exports.TrivialApi = class {
			name = 'trivialApi';
			displayName = 'Trivial API';
			properties = [
				{ displayName: 'Base URL', name: 'url', type: 'string', default: '' },
				{ displayName: 'Key', name: 'key', type: 'string', typeOptions: { password: true }, default: '' },
			];
			authenticate = { type: 'generic', properties: { headers: { 'x-key': '={{$credentials.key}}' } } };
			test = { request: { baseURL: '={{$credentials.url}}', url: '/me' } };
		};`,
	'dist/Trivial.node.js': `
		const { NodeOperationError } = require('n8n-workflow');
		exports.Trivial = class {
			description = {
				displayName: 'Trivial', name: 'trivial', group: ['transform'], version: 1, description: 'Gives a record',
				defaults: { name: 'Trivial' }, inputs: ['main'], outputs: ['main'], credentials: [{ name: 'trivialApi' }],
				properties: [
					{ displayName: 'Fail', name: 'fail', type: 'boolean', default: false },
					{ displayName: 'Device', name: 'device', type: 'resourceLocator', default: { mode: 'list', value: '' },
						modes: [{ displayName: 'From List', name: 'list', type: 'list', typeOptions: { searchListMethod: 'devices', searchable: true } }] },
				],
			};
			methods = { listSearch: { async devices(filter, token) {
				const all = ['Van', 'Lorry', 'Vanessa'].filter((name) => !filter || name.includes(filter));
				const at = Number(token || 0);
				return { results: all.slice(at, at + 1).map((name) => ({ name, value: name })), paginationToken: at + 1 < all.length ? String(at + 1) : undefined };
			} } };
			async execute() {
				if (this.getNodeParameter('fail', 0)) throw new NodeOperationError(this.getNode(), 'It failed', { description: 'On purpose' });
				const me = await this.helpers.httpRequestWithAuthentication.call(this, 'trivialApi', {
					url: (await this.getCredentials('trivialApi')).url + '/me', json: true });
				return [this.getInputData().map((item, index) => ({ json: { ...item.json, seen: index, me: me.name }, pairedItem: index }))];
			}
		};`,
};

const NODE_RED_FILES = {
	'package.json': JSON.stringify({
		name: '@fleetwire-test/trivial',
		version: '1.0.0',
		'node-red': { nodes: { trivial: 'dist/trivial.js' } },
	}),
	'dist/trivial.js': `
		module.exports = function (RED) {
			RED.nodes.registerType('trivial-account', function (config) { RED.nodes.createNode(this, config); },
				{ credentials: { key: { type: 'password' } } });
			RED.nodes.registerType('trivial', function (config) {
				RED.nodes.createNode(this, config);
				const account = RED.nodes.getNode(config.account);
				this.on('input', (msg, send, done) => {
					this.status({ fill: 'blue', shape: 'dot', text: 'busy' });
					if (msg.payload === 'fail') return done(Object.assign(new Error('It failed'), { code: 'EFAIL', cause: { vendor: 7 } }));
					msg.payload = { echo: msg.payload, key: account && account.credentials.key, when: new Date(0) };
					send([msg, { payload: 2 }]);
					this.status({});
					done();
				});
			});
		};`,
	'dist/trivial.html': `
		<script type="text/javascript">
			RED.nodes.registerType('trivial-account', { category: 'config', defaults: { name: { value: '' } },
				credentials: { key: { type: 'password' } }, label: function () { return this.name || 'account'; } });
			RED.nodes.registerType('trivial', { category: 'function', color: '#a6bbcf', inputs: 1, outputs: 2, icon: 'file.svg',
				defaults: { name: { value: '' }, account: { value: '', type: 'trivial-account' }, mode: { value: 'a' },
					device: { value: 'deviceId' }, deviceType: { value: 'msg' } },
				oneditprepare: function () { $('#node-input-device').typedInput({ types: ['msg', 'str'], typeField: '#node-input-deviceType' }); },
				label: function () { return this.name || 'trivial'; } });
		</script>
		<script type="text/html" data-template-name="trivial-account">
			<div class="form-row"><label for="node-config-input-key">Key</label><input type="password" id="node-config-input-key"></div>
		</script>
		<script type="text/html" data-template-name="trivial">
			<div class="form-row"><label for="node-input-name">Name</label><input type="text" id="node-input-name"></div>
			<div class="form-row"><label for="node-input-account">Account</label><input type="text" id="node-input-account"></div>
			<div class="form-row"><label for="node-input-device">Device</label>
				<input type="text" id="node-input-device"><input type="hidden" id="node-input-deviceType"></div>
			<div class="form-row"><label for="node-input-mode">Mode</label>
				<select id="node-input-mode"><option value="a">First</option><option value="b">Second</option></select></div>
		</script>`,
};

let folder: string;

async function pack(name: string, files: Record<string, string>): Promise<string> {
	for (const [path, text] of Object.entries(files)) {
		const file = join(folder, name, 'package', path);
		await mkdir(dirname(file), { recursive: true });
		await writeFile(file, text);
	}
	const tarball = join(folder, `${name}.tgz`);
	await run({
		command: 'tar',
		args: ['-czf', tarball, '-C', join(folder, name), 'package'],
		env: process.env,
		name: 'tar',
		timeoutMs: 30_000,
	});
	return tarball;
}

function mustBeGone(pid: number): void {
	expect(groupAlive(pid)).toBe(false);
}

beforeAll(async () => {
	folder = temporaryFolder('hosts-test');
	await ensureHosts();
});

afterAll(async () => {
	await removeFolder(folder);
});

describe('n8n', () => {
	let n8n: N8n;
	let vendor: Server;
	let url: string;

	beforeAll(async () => {
		vendor = createServer((request, response) => {
			response.statusCode = request.headers['x-key'] === 'right' ? 200 : 401;
			response.setHeader('content-type', 'application/json').end(JSON.stringify({ name: 'Ann' }));
		});
		await new Promise<void>((resolve) => vendor.listen(0, '127.0.0.1', resolve));
		url = `http://127.0.0.1:${(vendor.address() as AddressInfo).port}`;
		n8n = await startN8n({ packages: [await pack('n8n-nodes-trivial', N8N_FILES)] });
	});

	afterAll(async () => {
		await new Promise((resolve) => vendor.close(resolve));
		if (n8n === undefined) return;
		const { pid, userFolder } = n8n;
		await n8n.stop();
		mustBeGone(pid!);
		expect(existsSync(userFolder)).toBe(false);
	});

	test('tests a credential, runs a node, shows its lists, and restarts', async () => {
		const types = await n8n.nodeTypes();
		expect(types.find(({ name }) => name === 'n8n-nodes-trivial.trivial')).toMatchObject({
			displayName: 'Trivial',
		});

		const data = { url, key: 'right' };
		expect(await n8n.testCredential({ name: 'Good', type: 'trivialApi', data })).toMatchObject({ status: 'OK' });
		expect(
			await n8n.testCredential({ name: 'Bad', type: 'trivialApi', data: { url, key: 'wrong' } }),
		).toMatchObject({ status: 'Error' });

		const { id, name } = await n8n.createCredential({ name: 'Mine', type: 'trivialApi', data });
		const trivial = (nodeName: string, parameters = {}) => ({
			name: nodeName,
			type: 'n8n-nodes-trivial.trivial',
			parameters,
			credentials: { trivialApi: { id, name } },
		});
		const workflow = await n8n.createWorkflow(
			chain(...Array.from({ length: 20 }, (_, index) => trivial(`T${index}`))),
		);
		const good = await n8n.runWorkflow(workflow);
		expect(good).toMatchObject({
			status: 'success',
			data: { T0: [{ seen: 0, me: 'Ann' }], T19: [{ seen: 0, me: 'Ann' }] },
		});
		expect(Object.keys(good.runs)).toHaveLength(21);

		const bad = await n8n.runWorkflow(chain(trivial('T', { fail: true })));
		expect(bad).toMatchObject({
			status: 'error',
			lastNode: 'T',
			error: { message: 'It failed', description: 'On purpose' },
		});

		const query = {
			methodName: 'devices',
			nodeTypeAndVersion: { name: 'n8n-nodes-trivial.trivial', version: 1 },
			path: 'parameters.device',
		};
		const first = await n8n.resourceLocatorResults({ ...query, filter: 'Van' });
		expect(first.results).toMatchObject([{ name: 'Van', value: 'Van' }]);
		const second = await n8n.resourceLocatorResults({
			...query,
			filter: 'Van',
			paginationToken: first.paginationToken,
		});
		expect(second.results).toMatchObject([{ name: 'Vanessa' }]);

		const browser = await openBrowser();
		try {
			const page = await openN8nWorkflow(browser, n8n, workflow.id);
			const panel = await openN8nNode(page, 'T0');
			expect(await panel.innerText()).toContain('Fail');
		} finally {
			await browser.close();
		}

		const hourly = await n8n.createWorkflow({
			nodes: [
				{
					name: 'Each hour',
					type: 'n8n-nodes-base.scheduleTrigger',
					parameters: { rule: { interval: [{ field: 'hours' }] } },
				},
			],
		});
		expect(await n8n.activate(hourly)).toMatchObject({ active: true });
		await n8n.restart('kill');
		expect(await n8n.getWorkflow(hourly.id)).toMatchObject({ active: true });
		expect(await n8n.deactivate(hourly)).toMatchObject({ active: false });
	});
});

describe.each(NODE_RED_VERSIONS)('Node-RED %s', (version) => {
	let nodeRed: NodeRed;

	afterAll(async () => {
		if (nodeRed === undefined) return;
		const { pid, userDir } = nodeRed;
		await nodeRed.stop();
		mustBeGone(pid!);
		expect(existsSync(userDir)).toBe(false);
	});

	test('installs, runs a node, sees errors and statuses, shows its dialog, and restarts', async () => {
		const tarball = await pack('node-red-trivial', NODE_RED_FILES);
		const fromPalette = version === '5.0.7';
		nodeRed = await startNodeRed({ version, packages: fromPalette ? [] : [tarball] });
		if (fromPalette)
			expect(await nodeRed.installFromPalette(tarball)).toMatchObject({ name: '@fleetwire-test/trivial' });

		const account = { id: 'account', type: 'trivial-account', name: '' };
		const rig = await nodeRed.rig(
			{ type: 'trivial', account: account.id, mode: 'b', device: 'deviceId', deviceType: 'msg' },
			{ outputs: 2, others: [account], credentials: { account: { key: 'secret' } } },
		);
		const good = await rig.run({ payload: { a: undefined, b: 1 } });
		expect(good.outputs).toMatchObject([
			[{ payload: { echo: { a: undefined, b: 1 }, key: 'secret', when: new Date(0) } }],
			[{ payload: 2 }],
		]);
		expect(good).toMatchObject({ completed: 1, caught: [], statuses: [{ text: 'busy', fill: 'blue' }, {}] });

		const bad = await rig.run({ payload: 'fail' });
		expect(bad).toMatchObject({ completed: 0, outputs: [[], []] });
		expect(bad.caught).toMatchObject([
			{ payload: 'fail', error: { message: 'Error: It failed', code: 'EFAIL', cause: { vendor: 7 } } },
		]);

		await nodeRed.restart('kill');
		expect((await rig.run({ payload: 1 })).outputs[0]).toMatchObject([{ payload: { echo: 1, key: 'secret' } }]);
		// What was received before the kill is still known.
		expect((await nodeRed.received({ probe: 'under-test-output-1' })).length).toBe(2);

		const browser = await openBrowser();
		try {
			for (const theme of version === '5.0.7' ? (['light', 'dark'] as const) : (['light'] as const)) {
				const editor = await openNodeRedEditor(browser, nodeRed, { theme });
				expect(await editor.isDark()).toBe(theme === 'dark');
				await editor.edit(rig.nodeId);
				expect(await editor.fields()).toMatchObject({
					mode: {
						value: 'b',
						label: 'Mode',
						visible: true,
						options: [{ text: 'First' }, { text: 'Second' }],
					},
					account: { value: 'account' },
					device: { value: 'deviceId', typedInput: 'msg', visible: true },
					deviceType: { value: 'msg', visible: false },
				});
				await editor.edit('account');
				expect(await editor.fields()).toMatchObject({ key: { kind: 'password', value: '__PWRD__' } });
				await editor.cancel();
				await editor.field('mode').selectOption('a');
				await editor.save();
				await editor.deploy();
				expect((await nodeRed.getFlows()).flows.find(({ id }) => id === rig.nodeId)).toMatchObject({
					mode: 'a',
				});
				await editor.edit(rig.nodeId);
				await editor.field('mode').selectOption('b');
				await editor.save();
				await editor.deploy();
				await editor.close();
			}
		} finally {
			await browser.close();
		}
		await nodeRed.restart();
		expect(nodeRed.logs()).toContain('Stopping flows');
	});
});
