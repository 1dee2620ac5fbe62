/** 10: what somebody without permission, or with bad intentions, can reach. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { providers } from '../../providers';
import { addressOf, type WireRequest } from '../../core/describe/host';
import type { Fields } from '../../core/describe/field';
import { httpRequestTools, startAgent } from '../hosts/agent';
import { startNodeRed, type NodeRed } from '../hosts/node-red';
import { kitOf, nameOf, type Simulator, startStocked, VENDOR_NAMES } from '../hosts/vendor';
import { connectionOf, recordingOf } from '../support/recordings';
import { json, TestHost } from '../support/test-host';
import { Client } from '../../core/call/client';
import { NAMES, packages, providerOf, settingsOf, sideBySide, type Ask, type Hosts } from './hosts';
import type { Sheet } from './sheet';
import { panelOf } from '../hosts/forms';

async function adminRoutes(sheet: Sheet): Promise<void> {
	const nodeRed = await startNodeRed({
		version: '5.0.7',
		packages: [packages.nodeRed()],
		adminAuth: [
			{ username: 'admin', password: 'admin-password', permissions: '*' },
			{ username: 'viewer', password: 'viewer-password', permissions: 'read' },
			{ username: 'flows', password: 'flows-password', permissions: 'flows.read' },
		],
	});
	const simulator: Simulator = await startStocked(kitOf('trackceo'));
	try {
		const { secret, ...settings } = settingsOf({ vendor: 'trackceo', baseUrl: simulator.url });
		await nodeRed.deploy(
			[
				{ id: 'tab', type: 'tab', label: 'x' },
				{ id: 'account', type: 'fleetwire-trackceo-account', name: '', ...settings },
			],
			{ credentials: { account: { secret } } },
		);
		simulator.requests.length = 0;
		const tokens = [
			'',
			await nodeRed.login('viewer', 'viewer-password'),
			await nodeRed.login('flows', 'flows-password'),
		];
		let [tried, reached] = [0, 0];
		for (const { name } of providers) {
			const routes = [
				['POST', 'lookup/account/device'],
				['POST', 'lookup/account/constructor'],
				['POST', 'lookup/device'],
				['POST', 'test'],
				['POST', 'trigger/account'],
				['POST', 'poll/account'],
			] as const;
			for (const [method, route] of routes) {
				for (const token of tokens) {
					const body = JSON.stringify({ id: 'account', settings, credentials: { secret: '__PWRD__' } });
					const answer = await fetch(`${nodeRed.url}/fleetwire/${name}/${route}`, {
						method,
						body,
						headers: {
							'content-type': 'application/json',
							...(token === '' ? {} : { authorization: `Bearer ${token}` }),
						},
					});
					tried += 1;
					if (answer.status !== 401 && answer.status !== 404) reached += 1;
				}
			}
		}
		sheet.part(
			'admin routes reached without permission',
			'Node-RED',
			`${String(reached)} of ${String(tried)} tries by nobody, a viewer and a reader of flows; ${String(simulator.requests.length)} requests to the vendor`,
			'nothing',
			reached === 0 && simulator.requests.length === 0,
		);
		// Names that every object has are no lists.
		let told = 0;
		for (const name of [
			'constructor',
			'__proto__',
			'toString',
			'valueOf',
			'hasOwnProperty',
			'..%2f..%2fsettings',
		]) {
			for (let again = 0; again < 2; again++) {
				const text = JSON.stringify(
					await nodeRed
						.admin('POST', `/fleetwire/trackceo/lookup/account/${name}`, { body: {} })
						.catch((error: Error) => error.message),
				);
				if (text.includes(String(secret)) || text.includes('"ok":true')) told += 1;
			}
		}
		sheet.part('made-up lists that answer', 'Node-RED', `${String(told)} of 12`, 'none', told === 0);
		await storedSecrets(sheet, nodeRed, settings);
	} finally {
		await nodeRed.stop();
		await simulator.close();
	}
}

/**
 * Somebody who may change flows tests the deployed account against an address of his own: without a deploy, nothing
 * stored leaves.
 */
async function storedSecrets(sheet: Sheet, nodeRed: NodeRed, settings: object): Promise<void> {
	const seen: string[] = [];
	const stranger = createServer((request, response) => {
		seen.push(request.url ?? '');
		response.end('{}');
	});
	await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
	const elsewhere = `http://127.0.0.1:${String((stranger.address() as AddressInfo).port)}`;
	try {
		const bodies = [
			{ id: 'account', settings: { ...settings, baseUrl: elsewhere }, credentials: { secret: '__PWRD__' } },
			{ id: 'account', settings: { ...settings, baseUrl: elsewhere }, credentials: {} },
			{
				id: 'account',
				settings: { ...settings, baseUrl: elsewhere, account: '${HOME}' },
				credentials: { secret: 'typed' },
			},
			{ settings: { ...settings, baseUrl: elsewhere, account: '${HOME}' }, credentials: { secret: '${PATH}' } },
		];
		for (const body of bodies)
			for (const route of ['test', 'lookup/device'])
				await nodeRed.admin('POST', `/fleetwire/trackceo/${route}`, { body }).catch(() => undefined);
		// A form on any web page can send this without asking the browser's user.
		const form = new URLSearchParams({
			id: 'account',
			'settings[baseUrl]': elsewhere,
			'settings[account]': 'demo',
			'settings[secretType]': 'password',
		});
		await fetch(`${nodeRed.url}/fleetwire/trackceo/test`, {
			method: 'POST',
			body: form,
			headers: { authorization: `Bearer ${await nodeRed.login('admin', 'admin-password')}` },
		});
		sheet.part(
			'stored secrets and variables taken elsewhere by a test or picker',
			'Node-RED',
			`${String(seen.length)} of ${String(2 * bodies.length + 1)}`,
			'none',
			seen.length === 0,
		);
	} finally {
		stranger.close();
	}
}

const NASTY = [
	'../../admin',
	'..',
	'.',
	'..%2f..%2fadmin',
	'..\\..\\admin',
	'/admin',
	'//evil.test/x',
	'http://evil.test/',
	'?x=1',
	'#x',
	'@evil.test',
	'a\r\nInjected: yes',
	'a\nInjected: yes',
	'a\u0000b',
	'a%0d%0aInjected:%20yes',
	';rm -rf /',
	'\u2028',
	'$(id)',
	'`id`',
	'é\r\n\r\nGET /admin HTTP/1.1',
];

/** No value of a parameter, and no token, changes where a request goes or what headers it has. */
async function parametersStayInside(sheet: Sheet): Promise<void> {
	let [tried, sent, refused] = [0, 0, 0];
	const escaped = new Set<string>();
	const base = 'https://vendor.example/base';
	const check = (what: string, vendor: string, request: WireRequest, signed: WireRequest, route: string) => {
		const { origin, pathname } = new URL(addressOf(base, signed));
		if (
			origin !== 'https://vendor.example' ||
			request.path !== route ||
			!pathname.startsWith('/base/') ||
			pathname.includes('..')
		)
			escaped.add(`${what}: ${pathname}`);
		const own = Object.entries(request.headers ?? {}).map(([name, value]) => `${name}: ${value}`);
		if (own.some((line) => /[\r\n\0]/.test(line))) escaped.add(`${what}: ${own.join()}`);
		void vendor;
	};
	for (const vendor of VENDOR_NAMES) {
		const provider = providerOf(vendor);
		const connection = { ...connectionOf(provider), baseUrl: base };
		for (const operation of provider.operations) {
			const { params = {} } = recordingOf({ name: vendor }, nameOf(operation)) ?? {};
			const route = (provider.route?.(operation, connection) ?? operation.route).split(' ')[1] ?? '';
			for (const name of Object.keys(operation.params as Fields)) {
				for (const value of NASTY) {
					tried += 1;
					const before = sent;
					const host = new TestHost((request) => {
						sent += 1;
						if (request.path === route || sent === before + 1)
							check(
								`${vendor} ${nameOf(operation)} ${name} ${JSON.stringify(value)}`,
								vendor,
								request,
								provider.sign(request, 'a-token', connection),
								request.path === route ? route : request.path,
							);
						return json('stop', 418);
					});
					await new Client(provider, { ...connection, account: `nasty-${String(tried)}` }, host)
						.collect(operation, { ...params, [name]: value }, { deadlineMs: 100 })
						.catch(() => undefined);
					if (sent === before) refused += 1;
				}
			}
		}
	}
	for (const line of [...escaped].slice(0, 5)) console.log(`        ${line}`);
	sheet.part(
		'path traversal and header injection',
		'core',
		`${String(escaped.size)} of ${tried.toLocaleString('en')} values change path, host or headers; ${refused.toLocaleString('en')} refused before the request`,
		'none',
		escaped.size === 0 && sent > 0,
	);
}

const PRIVATE = [
	'http://127.0.0.1',
	'http://127.1',
	'http://2130706433',
	'http://0x7f000001',
	'http://0177.0.0.1',
	'http://localhost',
	'http://LOCALHOST.',
	'http://a.localhost',
	'http://0.0.0.0',
	'http://0',
	'http://10.0.0.1',
	'http://172.16.0.1',
	'http://172.31.255.255',
	'http://192.168.0.1',
	'http://169.254.169.254',
	'http://169.254.1.1',
	'http://100.64.0.1',
	'http://100.100.100.200',
	'http://192.0.0.192',
	'http://198.18.0.1',
	'http://224.0.0.1',
	'http://255.255.255.255',
	'http://[::1]',
	'http://[::]',
	'http://[::ffff:127.0.0.1]',
	'http://[::ffff:7f00:1]',
	'http://[0:0:0:0:0:ffff:a9fe:a9fe]',
	'http://[::ffff:169.254.169.254]',
	'http://[::ffff:0:169.254.169.254]',
	'http://[::ffff:10.0.0.1]',
	'http://[::ffff:192.168.1.1]',
	'http://[::127.0.0.1]',
	'http://[64:ff9b::169.254.169.254]',
	'http://[64:ff9b:1::a9fe:a9fe]',
	'http://[2002:a9fe:a9fe::]',
	'http://[2002:7f00:1::]',
	'http://[fd00:ec2::254]',
	'http://[fc00::1]',
	'http://[fe80::1]',
	'http://[fec0::1]',
	'http://[ff02::1]',
	'http://①②⑦.⓪.⓪.①',
	'http://127。0。0。1',
];

async function privateAddresses(sheet: Sheet, { n8n, nodeRed }: Hosts): Promise<void> {
	const settings = (baseUrl: string) =>
		settingsOf({ vendor: 'trackceo', baseUrl, account: { allowPrivateAddresses: false } });
	const check = async (name: 'n8n' | 'Node-RED', urls: readonly string[], ask: (url: string) => Promise<string>) => {
		// One by one: n8n mixes credential tests up that run at once.
		const open = (await sideBySide(urls, 1, async (url) => ({ url, text: await ask(url) }))).filter(
			({ text }) => !/leads to (a private address|an address that a VPN or proxy program makes up)/.test(text),
		);
		for (const { url, text } of open) console.log(`        ${name}: ${url}: ${text.slice(0, 200)}`);
		return open.length;
	};
	const viaNodeRed = async (url: string) => {
		const { secret, ...rest } = settings(url);
		return JSON.stringify(
			await nodeRed.nodeRed.admin('POST', '/fleetwire/trackceo/test', {
				body: { id: 'new', settings: rest, credentials: { secret } },
			}),
		);
	};
	const viaN8n = async (url: string) =>
		(await n8n.n8n.testCredential({ name: 'private', type: 'trackCeoApi', data: settings(url) })).message;
	const [open, openInN8n] = [await check('Node-RED', PRIVATE, viaNodeRed), await check('n8n', PRIVATE, viaN8n)];
	sheet.part(
		'literal private addresses that are asked',
		'Node-RED',
		`${String(open)} of ${String(PRIVATE.length)} forms`,
		'none',
		open === 0,
	);
	sheet.part(
		'literal private addresses that are asked',
		'n8n',
		`${String(openInN8n)} of ${String(PRIVATE.length)} forms`,
		'none',
		openInN8n === 0,
	);
	const names = [
		'http://inner.vendor.test',
		'http://metadata.vendor.test',
		'http://mapped.vendor.test',
		'http://other.vendor.test',
	];
	const led = await check('Node-RED', names, viaNodeRed);
	sheet.part(
		'names that lead to private addresses and are connected to',
		'Node-RED',
		`${String(led)} of ${String(names.length)}`,
		'none, checked when connecting',
		led === 0,
	);
	await viaNodeRed(`http://mixed.vendor.test:${new URL(nodeRed.nodeRed.url).port}`);
	const used = [...nodeRed.logs().matchAll(/FLEETWIRE-ADDRESSES mixed\.vendor\.test (\S+)/g)].map(([, list]) => list);
	const [outside] = NAMES['mixed.vendor.test'].addresses;
	sheet.part(
		'addresses used of a name that has a public one and a private one',
		'Node-RED',
		used.length === 0 ? 'nothing was connected to' : [...new Set(used)].join(' or '),
		'the public one alone',
		used.length > 0 && used.every((list) => list === outside),
	);
}

async function commandsOff(sheet: Sheet, hosts: Hosts): Promise<void> {
	const settings = { allowCommands: false };
	await Promise.all(
		hosts.both.map(async (host) => {
			const simulators: Simulator[] = [];
			const asks: Ask[] = [];
			for (const vendor of VENDOR_NAMES) {
				const simulator: Simulator = await startStocked(kitOf(vendor));
				simulators.push(simulator);
				for (const operation of providerOf(vendor).operations.filter(({ effect }) => effect === 'command')) {
					asks.push({
						vendor,
						baseUrl: simulator.url,
						operation: nameOf(operation),
						params: recordingOf({ name: vendor }, nameOf(operation))?.simulated ?? {},
						account: settings,
					});
				}
			}
			const told = await host.ask(asks);
			const sent = simulators.reduce((sum, { requests }) => sum + requests.length, 0);
			const said = told.filter(({ error }) => /Allow Commands/.test(error ?? '')).length;
			await Promise.all(simulators.map((simulator) => simulator.close()));
			sheet.part(
				'requests of commands that are off',
				host.name,
				`${String(sent)} from ${String(asks.length)} commands of all vendors; ${String(said)} say where to switch them on`,
				'none',
				sent === 0 && said === asks.length && asks.length > 0,
			);
		}),
	);
	await byAgent(sheet, hosts);
	await links(sheet, hosts);
}

/** iTracksense's links log in whoever has them: they are made where the account allows it, and for no agent. */
async function links(sheet: Sheet, { both, n8n: { n8n } }: Hosts): Promise<void> {
	const operation = providerOf('itracksense').operations.find((each) => nameOf(each) === 'session.getWebLink');
	if (operation === undefined) throw new Error('session.getWebLink is gone');
	const params = { page: 'mapMonitor', nameBy: 'all' };
	const simulator: Simulator = await startStocked(kitOf('itracksense'));
	const agent = await startAgent(n8n);
	try {
		for (const host of both) {
			const ask = (allowWebLinks: boolean): Ask => ({
				vendor: 'itracksense',
				baseUrl: simulator.url,
				operation: nameOf(operation),
				params,
				account: { allowWebLinks },
			});
			const [off, on] = await host.ask([ask(false), ask(true)], { width: 1 });
			const refused = off?.records.length === 0 && /Allow Web Links/.test(off.error ?? '');
			sheet.part(
				'links that log in whoever has them',
				host.name,
				`${refused ? 'none' : 'one'} while off, ${String(on?.records.length)} once switched on`,
				'none while off',
				refused && on?.records.length === 1,
			);
		}
		const { id, name } = await n8n.createCredential({
			name: 'account',
			type: 'iTracksenseApi',
			data: settingsOf({ vendor: 'itracksense', baseUrl: simulator.url, account: { allowWebLinks: true } }),
		});
		const execution = await agent.run({
			name: 'Fleet',
			type: 'n8n-nodes-fleetwire.iTracksenseTool',
			parameters: { ...panelOf(operation, params), toolDescription: 'Makes links' },
			credentials: { iTracksenseApi: { id, name } },
		});
		const told = agent.told.join() + JSON.stringify(execution.raw);
		const given = told.includes('/api?key=');
		sheet.part(
			'links that an agent gets, where the account allows them',
			'n8n',
			`${given ? 'one' : 'none'}${told.includes('agents get none') ? ', and it is told why' : ''}`,
			'none',
			!given && told.includes('agents get none'),
		);
	} finally {
		await agent.close();
		await simulator.close();
	}
}

async function byAgent(sheet: Sheet, { n8n: { n8n } }: Hosts): Promise<void> {
	const agent = await startAgent(n8n);
	const simulator: Simulator = await startStocked(kitOf('trackceo'));
	const acted = () => simulator.requests.filter(({ path }) => path.endsWith('/command/send')).length;
	const account = async (settings: object) =>
		await n8n.createCredential({
			name: 'account',
			type: 'trackCeoApi',
			data: settingsOf({ vendor: 'trackceo', baseUrl: simulator.url, account: { ...settings } }),
		});
	try {
		const results: { allowed: boolean; sent: number; error?: string }[] = [];
		for (const allowed of [false, true]) {
			simulator.requests.length = 0;
			const { id, name } = await account({ allowCommands: allowed });
			const operation = providerOf('trackceo').operations.find((each) => nameOf(each) === 'command.send');
			if (operation === undefined) throw new Error('command.send is gone');
			const { error } = await agent.run({
				name: 'Fleet',
				type: 'n8n-nodes-fleetwire.trackCeoTool',
				parameters: {
					...panelOf(operation, { device: '358899051000001', command: 'RELAY,1', waitForAnswer: false }),
					toolDescription: 'Stops engines',
				},
				credentials: { trackCeoApi: { id, name } },
			});
			results.push({
				allowed,
				sent: allowed ? acted() : simulator.requests.length,
				...(error === undefined ? {} : { error: error.message }),
			});
		}
		const [off, on] = results;
		// With commands on, the same agent does get through: so it was the setting that stopped it.
		sheet.part(
			'commands that an agent sends',
			'n8n',
			`${String(off?.sent)} while off, ${String(on?.sent)} once switched on${off?.error === undefined && on?.error === undefined ? '' : ` (${String(off?.error ?? on?.error)})`}`,
			'none while off',
			agent.asked() >= 2 && off?.sent === 0 && on?.sent === 1,
		);
		const borrowed: Record<string, number> = {};
		for (const [what, settings] of [
			['as it is made', {}],
			['opened for others', { allowedHttpRequestDomains: 'all' }],
			['opened, and commands on', { allowedHttpRequestDomains: 'all', allowCommands: true }],
		] as const) {
			simulator.requests.length = 0;
			const { id, name } = await account({ allowCommands: false, ...settings });
			for (const tool of httpRequestTools({
				method: 'POST',
				url: `${simulator.url}/api/command/send?imei=358899051000001&command=RELAY%2C1`,
				credentialType: 'trackCeoApi',
			}))
				await agent.run({ ...tool, credentials: { trackCeoApi: { id, name } } });
			borrowed[what] = acted();
		}
		const [made = NaN, opened = NaN, both = NaN] = Object.values(borrowed);
		sheet.part(
			"commands that an agent sends by n8n's HTTP Request tools",
			'n8n',
			Object.entries(borrowed)
				.map(([what, sent]) => `${String(sent)} with a credential ${what}`)
				.join(', '),
			'none while commands are off',
			made === 0 && opened === 0 && both === 2,
		);
	} finally {
		await simulator.close();
		await agent.close();
	}
}

export async function hostileUsers(sheet: Sheet, hosts: Hosts): Promise<void> {
	await adminRoutes(sheet);
	await parametersStayInside(sheet);
	await privateAddresses(sheet, hosts);
	await commandsOff(sheet, hosts);
}
