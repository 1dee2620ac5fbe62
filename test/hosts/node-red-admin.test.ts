/** What the editor's routes of the real Node-RED do with what only Node-RED knows, whoever asks them. */
import { readdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { storeSetting } from '../../node-red/src/types';
import { NODE_RED_VERSIONS } from './install';
import { startNodeRed, type NodeRed } from './node-red';
import { until } from './process';
import { startVendors, VENDOR_NAMES, type TestVendors } from './vendor';

const ARTIFACTS = join(__dirname, '..', '..', 'artifacts');
const tarball = () =>
	join(ARTIFACTS, readdirSync(ARTIFACTS).find((name) => name.startsWith('fleetwire-node-red-fleet-')) ?? '');

type Answer = { ok: boolean; message: string; code?: string };

/** Somebody else's server: it keeps what it gets, and answers nothing until it is told to. */
let seen: string[];
let stranger: Server;
let strange: string;
beforeEach(async () => {
	seen = [];
	stranger = createServer((request, response) => {
		let body = '';
		request.on('data', (part) => (body += String(part)));
		request.on('end', () => {
			seen.push(`${request.method ?? ''} ${request.url ?? ''} ${body}`);
			setTimeout(() => response.end('{}'), 300);
		});
	});
	await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
	strange = `http://127.0.0.1:${String((stranger.address() as AddressInfo).port)}`;
});
afterEach(() => {
	stranger.closeAllConnections();
	stranger.close();
});

let vendors: TestVendors;
beforeAll(async () => {
	vendors = await startVendors();
});
afterAll(async () => {
	await vendors?.close();
});

const settingsOf = (name: string) => {
	const { secret: _, ...settings } = vendors.of(name).connection;
	return settings;
};
const accountNode = (name: string, changes: object = {}) => ({
	id: name,
	type: `fleetwire-${name}-account`,
	name: '',
	...settingsOf(name),
	tls: '',
	proxy: '',
	version: 1,
	...changes,
});

describe.each(NODE_RED_VERSIONS)('Node-RED %s', (version) => {
	describe('with users', () => {
		let nodeRed: NodeRed;
		let editor: string;
		let limited: string;
		/** What the proxy of the host's environment was asked to connect to. It refuses. */
		const tunnels: string[] = [];
		const proxy = createServer().on('connect', ({ url = '' }, socket) => {
			tunnels.push(url);
			socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
		});

		beforeAll(async () => {
			await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
			nodeRed = await startNodeRed({
				version,
				packages: [tarball()],
				env: {
					https_proxy: `http://ann:proxy-word@127.0.0.1:${String((proxy.address() as AddressInfo).port)}`,
					NO_PROXY: '.direct.invalid',
					FLEET_ACCOUNT: 'demo',
					FLEET_SECRET: vendors.of('itracksense').connection.secret,
					SUPER_SECRET: 'env-secret-value-42',
				},
				adminAuth: [
					{ username: 'admin', password: 'admin-password', permissions: '*' },
					{
						username: 'edith',
						password: 'edith-password',
						permissions: [
							'flows.read',
							'flows.write',
							'nodes.read',
							'settings.read',
							...VENDOR_NAMES.map((name) => `fleetwire-${name}.write`),
						],
					},
					{
						username: 'limited',
						password: 'limited-password',
						permissions: [
							'flows.read',
							'nodes.read',
							'settings.read',
							...VENDOR_NAMES.map((name) => `fleetwire-${name}.write`),
						],
					},
				],
			});
			editor = await nodeRed.login('edith', 'edith-password');
			limited = await nodeRed.login('limited', 'limited-password');
			await nodeRed.deploy(
				[
					{ id: 'tab', type: 'tab', label: 'Fleet' },
					...VENDOR_NAMES.map((name) => accountNode(name)),
					accountNode('itracksense', { id: 'variables', account: '${FLEET_ACCOUNT}' }),
					{ id: 'other-proxy', type: 'http proxy', name: '', url: 'http://127.0.0.1:9', noproxy: [] },
					{ id: 'other-tls', type: 'tls-config', name: '', verifyservercert: true },
					...['fleet.invalid', 'fleet.direct.invalid'].map((name) => ({
						id: name,
						type: 'http request',
						z: 'tab',
						name: '',
						method: 'GET',
						ret: 'txt',
						url: `https://${name}/`,
						wires: [[]],
					})),
				],
				{
					credentials: {
						...Object.fromEntries(
							VENDOR_NAMES.map((name) => [name, { secret: vendors.of(name).connection.secret }]),
						),
						variables: { secret: '${FLEET_SECRET}' },
					},
				},
			);
		});
		afterAll(async () => {
			await nodeRed?.stop();
			proxy.close();
		});

		const ask = async (name: string, route: string, body: object, token = editor) =>
			(await nodeRed.admin('POST', `/fleetwire/${name}/${route}`, { body, token })) as Answer;
		const logins = (name: string) => vendors.of(name).simulator.requests.length;

		test.each(VENDOR_NAMES)('%s: the stored secret goes nowhere but where it is deployed', async (name) => {
			const settings = settingsOf(name);
			const elsewhere = [
				{ baseUrl: strange },
				{ baseUrl: `${strange}/base` },
				{ baseUrl: `${settings.baseUrl}/another` },
				{ baseUrl: settings.baseUrl.replace('http:', 'https:') },
				{ baseUrl: settings.baseUrl.replace('127.0.0.1', 'localhost') },
				{ proxy: 'other-proxy' },
				{ tls: 'other-tls' },
			];
			const before = logins(name);
			for (const change of elsewhere) {
				for (const route of ['test', 'lookup/device']) {
					for (const credentials of [{ secret: '__PWRD__' }, {}]) {
						expect(
							await ask(name, route, {
								id: name,
								settings: { ...settings, tls: '', proxy: '', ...change },
								credentials,
							}),
						).toEqual({
							ok: false,
							code: 'InvalidParams',
							message:
								'Type the password again to test another address. The stored one goes only where the account is deployed.',
						});
					}
				}
			}
			expect(seen).toEqual([]);
			expect(logins(name)).toBe(before);
		});

		test('the same address in another way of writing is the same; and a secret that is typed may go anywhere', async () => {
			const settings = settingsOf('itracksense');
			const same = settings.baseUrl.replace('http://', ' HTTP://').replace(/$/, '/');
			expect(
				await ask('itracksense', 'test', {
					id: 'itracksense',
					settings: { ...settings, baseUrl: same },
					credentials: { secret: '__PWRD__' },
				}),
			).toMatchObject({ ok: true });
			expect(
				await ask('itracksense', 'lookup/device', { id: 'itracksense', settings, credentials: {} }),
			).toMatchObject({ ok: true });
			expect(
				await ask('itracksense', 'test', {
					id: 'itracksense',
					settings: { ...settings, baseUrl: strange },
					credentials: { secret: 'typed-again' },
				}),
			).toMatchObject({ ok: false });
			expect(seen).toEqual([expect.stringContaining('typed-again')]);
		});

		test('environment variables are filled in for the deployed field alone, and go only where it leads', async () => {
			const settings = { ...settingsOf('itracksense'), account: '${FLEET_ACCOUNT}' };
			expect(
				await ask('itracksense', 'test', { id: 'variables', settings, credentials: { secret: '__PWRD__' } }),
			).toMatchObject({ ok: true, message: expect.stringContaining('demo') as string });
			expect(
				await ask('itracksense', 'test', {
					id: 'variables',
					settings,
					credentials: { secret: '${FLEET_SECRET}' },
				}),
			).toMatchObject({ ok: true });
			const tries = [
				{
					settings: { ...settings, account: '${SUPER_SECRET}', baseUrl: strange },
					credentials: { secret: '${PATH}' },
				},
				{ id: 'variables', settings: { ...settings, baseUrl: strange }, credentials: { secret: 'typed' } },
				{
					id: 'variables',
					settings: { ...settings, account: '${SUPER_SECRET}' },
					credentials: { secret: '__PWRD__' },
				},
				{ id: 'variables', settings, credentials: { secret: '${SUPER_SECRET}' } },
				{
					id: 'variables',
					settings: { ...settings, baseUrl: '${SUPER_SECRET}' },
					credentials: { secret: 'typed' },
				},
				{
					id: 'itracksense',
					settings: { ...settings, account: '${FLEET_ACCOUNT}' },
					credentials: { secret: '__PWRD__' },
				},
			];
			const before = logins('itracksense');
			for (const body of tries) {
				for (const route of ['test', 'lookup/plate']) {
					const answer = await ask('itracksense', route, body);
					expect(answer, JSON.stringify(body)).toMatchObject({
						ok: false,
						code: 'InvalidParams',
						message: expect.stringMatching(
							/is filled in when the account is deployed|environment variables/,
						) as string,
					});
					expect(JSON.stringify(answer)).not.toContain('42');
				}
			}
			expect(seen).toEqual([]);
			expect(logins('itracksense')).toBe(before);
		});

		test("the environment's proxy is used where Node-RED's own nodes use it, and named", async () => {
			const test = async (baseUrl: string) =>
				(
					await ask('itracksense', 'test', {
						id: 'new',
						settings: { ...settingsOf('itracksense'), baseUrl },
						credentials: { secret: 'typed' },
					})
				).message;
			for (const name of ['fleet.invalid', 'fleet.direct.invalid']) await nodeRed.send(name, {});
			await until("Node-RED's own node to ask the proxy", () => tunnels.length > 0);
			expect(tunnels.splice(0)).toEqual(['fleet.invalid:443']);
			expect(await test('https://fleet.invalid')).toMatch(
				/^The proxy 127\.0\.0\.1:\d+ makes no connection \(HTTP 403\)\. Check the proxy in the environment variable https_proxy\.$/,
			);
			expect(await test('https://fleet.direct.invalid')).toContain('no server with the name');
			expect(tunnels).toEqual(['fleet.invalid:443']);
			expect(nodeRed.logs()).not.toContain('proxy-word');
		});

		test('who may not change flows reaches nothing', async () => {
			const settings = { ...settingsOf('itracksense'), baseUrl: strange };
			for (const [method, route] of [
				['POST', 'test'],
				['POST', 'lookup/device'],
				['POST', 'lookup/itracksense/device'],
				['POST', 'poll/itracksense'],
			] as const) {
				const answer = await fetch(`${nodeRed.url}/fleetwire/itracksense/${route}`, {
					method,
					headers: { authorization: `Bearer ${limited}`, 'content-type': 'application/json' },
					body: JSON.stringify({ id: 'itracksense', settings, credentials: { secret: '__PWRD__' } }),
				});
				expect(answer.status, route).toBe(401);
			}
			expect(seen).toEqual([]);
		});

		test("each use leaves a line in the log, which is nobody else's line", async () => {
			const settings = settingsOf('trackgps');
			await ask('trackgps', 'test', { id: 'trackgps', settings, credentials: { secret: '__PWRD__' } });
			await ask('trackgps', 'lookup/device', {
				id: 'new',
				settings: {
					...settings,
					account: 'x\r\n26 Nov 21:00:00 - [info] forged\u001b[2J\u202e',
					baseUrl: 'http://user:hunter22@127.0.0.1:9/x',
				},
				credentials: { secret: 'a-typed-secret' },
			});
			await nodeRed.admin('POST', '/fleetwire/trackgps/lookup/trackgps/device', { body: {}, token: editor });
			const logs = nodeRed.logs();
			expect(logs).toContain(`edith tests a login: TrackGPS.ro, account "demo" at ${settings.baseUrl}`);
			expect(logs).toContain(`edith asks for a list: TrackGPS.ro, account "demo" at ${settings.baseUrl}`);
			expect(logs).toMatch(
				/edith asks for a list: TrackGPS\.ro, account "x 26 Nov 21:00:00 - \[info\] forged \[2J" at http:\/\/127\.0\.0\.1:9\/x/,
			);
			for (const secret of [
				'hunter22',
				'a-typed-secret',
				vendors.of('trackgps').connection.secret,
				'\u001b[2J',
				'\u202e',
			])
				expect(logs).not.toContain(secret);
		});

		test('one test at a time, and ten a minute', async () => {
			const slow = { ...settingsOf('ctrack'), baseUrl: strange };
			const body = { id: 'new', settings: slow, credentials: { secret: 'typed' } };
			const both = await Promise.all([
				ask('ctrack', 'test', body),
				ask('ctrack', 'test', { ...body, settings: { ...slow, baseUrl: `${strange}/` } }),
			]);
			expect(both.map(({ code }) => code)).toContain('RateLimited');
			expect(both.map(({ message }) => message).join()).toContain(
				'The login of this account is being tested already. Wait until that has ended.',
			);
			expect(seen).toHaveLength(1);
			for (let count = 0; count < 9; count++) await ask('ctrack', 'test', body);
			expect(seen).toHaveLength(10);
			expect(await ask('ctrack', 'test', body)).toMatchObject({
				ok: false,
				code: 'RateLimited',
				message: expect.stringContaining('10 times within a minute') as string,
			});
			expect(seen).toHaveLength(10);
		});

		test('fields are not longer than they need to be', async () => {
			const settings = settingsOf('trackceo');
			for (const [change, secret] of [
				[{ account: 'x'.repeat(200_000) }, 'typed'],
				[{ baseUrl: `http://127.0.0.1:9/${'x'.repeat(200_000)}` }, 'typed'],
				[{}, 'x'.repeat(200_000)],
			] as const) {
				expect(
					await ask('trackceo', 'test', {
						id: 'new',
						settings: { ...settings, ...change },
						credentials: { secret },
					}),
				).toMatchObject({
					ok: false,
					code: 'InvalidParams',
					message: expect.stringMatching(/must not be longer than \d+ characters/) as string,
				});
			}
		});
	});

	test("a form on another site's page reaches nothing, even where there are no users", async () => {
		const nodeRed = await startNodeRed({ version, packages: [tarball()] });
		try {
			await nodeRed.deploy([{ id: 'tab', type: 'tab', label: 'Fleet' }, accountNode('itracksense')], {
				credentials: { itracksense: { secret: vendors.of('itracksense').connection.secret } },
			});
			const form = new URLSearchParams({
				id: 'itracksense',
				'settings[baseUrl]': strange,
				'settings[account]': 'demo',
				'settings[timeZone]': 'UTC',
				'settings[rateLimit]': '60',
				'settings[allowPrivateAddresses]': 'true',
				'settings[allowCommands]': 'false',
				'credentials[secret]': '__PWRD__',
			});
			const headers = { origin: 'https://evil.example' };
			for (const route of ['test', 'lookup/device', 'lookup/itracksense/device', 'poll/itracksense']) {
				const url = `${nodeRed.url}/fleetwire/itracksense/${route}`;
				const typed = {
					id: 'x',
					settings: { ...settingsOf('itracksense'), baseUrl: strange },
					credentials: { secret: 'typed' },
				};
				const tries = [
					{ body: form },
					{ body: JSON.stringify(typed), headers: { ...headers, 'content-type': 'text/plain' } },
					{
						body: JSON.stringify(typed),
						headers: { ...headers, 'content-type': 'text/plain; application/json' },
					},
					{
						body: Object.entries(typed).reduce(
							(data, [key, value]) => (data.append(key, JSON.stringify(value)), data),
							new FormData(),
						),
					},
					{},
				];
				for (const one of tries)
					expect((await fetch(url, { method: 'POST', headers, ...one })).status, route).toBe(415);
			}
			expect(seen).toEqual([]);
		} finally {
			await nodeRed.stop();
		}
	});

	test('what settings.js forbids, no account allows', async () => {
		const nodeRed = await startNodeRed({
			version,
			packages: [tarball()],
			settings: { fleetwire: { allowPrivateAddresses: false, allowCommands: false, keepsUserFolder: false } },
			// Node-RED takes it for a store of its own, as it does with those of others.
			script: `const own = require.main.require('@node-red/runtime/lib/nodes/context/memory');
				module.exports.contextStorage = { default: { module: 'memory' }, own: { module: own } };`,
		});
		try {
			// What new triggers remember in, as the user folder is not kept.
			const editor = await nodeRed.admin('GET', '/settings');
			for (const name of VENDOR_NAMES) expect(editor).toHaveProperty([storeSetting({ name })], 'own');

			const forbidden =
				'The base URL does not lead to a public address, and the settings of this Node-RED allow no other. Check its spelling; who runs Node-RED can allow private addresses with fleetwire.allowPrivateAddresses in settings.js.';
			const { secret, ...settings } = vendors.of('trackceo').connection;
			const messages = new Set<string>();
			for (const baseUrl of [
				settings.baseUrl,
				strange,
				'http://127.0.0.1:9',
				'http://localhost:9',
				'http://10.255.255.1',
				'http://[::1]:9',
				'http://no-such-name.invalid',
				'http://metadata.invalid/latest',
			]) {
				for (const route of ['test', 'lookup/device'])
					messages.add(
						(
							(await nodeRed.admin('POST', `/fleetwire/trackceo/${route}`, {
								body: { id: 'new', settings: { ...settings, baseUrl }, credentials: { secret } },
							})) as Answer
						).message,
					);
			}
			expect([...messages]).toEqual([forbidden]);
			expect(seen).toEqual([]);

			const rig = (operation: string, params: object, account: object) => {
				const found = vendors.of('trackceo').operation(operation);
				return nodeRed.rig(
					{
						type: 'fleetwire-trackceo',
						account: 'trackceo',
						resource: found.resource,
						operation: found.name,
						params,
						output: 'simplified',
						result: 'message',
						limit: '',
						timeout: '',
						version: 1,
					},
					{ others: [accountNode('trackceo', account)], credentials: { trackceo: { secret } } },
				);
			};
			const before = vendors.of('trackceo').simulator.requests.length;
			const read = await (await rig('device.getMany', {}, {})).run();
			expect(read.caught.map(({ error }) => error.message)).toEqual([forbidden]);
			const command = await (
				await rig(
					'command.send',
					{
						device: { type: 'list', value: '358899051000001' },
						command: { type: 'list', value: 'RELAY,1' },
						waitForAnswer: { type: 'bool', value: 'false' },
					},
					{ baseUrl: 'http://vendor.invalid', allowCommands: true },
				)
			).run();
			expect(command.caught).toMatchObject([
				{
					error: {
						code: 'NotPermitted',
						message: expect.stringContaining(
							'forbid that. Nothing was sent. Who runs Node-RED can allow it with fleetwire.allowCommands in settings.js.',
						) as string,
					},
				},
			]);
			expect(vendors.of('trackceo').simulator.requests.length).toBe(before);
		} finally {
			await nodeRed.stop();
		}
	});
});
