/** What nodes that are not Fleetwire's can do with its credential, in the real n8n: the HTTP Request node takes any. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { httpRequestTools, startAgent } from './agent';
import { panelOf } from './forms';
import { chain, startN8n, type Credential, type Execution, type Json, type N8n } from './n8n';
import { DEVICE, startVendors, VENDOR_NAMES, type TestVendors } from './vendor';

const ARTIFACTS = join(__dirname, '..', '..', 'artifacts');
let n8n: N8n;
let vendors: TestVendors;

beforeAll(async () => {
	const tarball = readdirSync(ARTIFACTS).find((name) => name.startsWith('n8n-nodes-fleetwire-'));
	n8n = await startN8n({ packages: [join(ARTIFACTS, tarball ?? '')] });
	vendors = await startVendors();
});

afterAll(async () => {
	await n8n?.stop();
	await vendors?.close();
});

const account = async (vendor: string, settings: Json) =>
	await n8n.createCredential({
		name: 'account',
		type: vendors.of(vendor).n8n.credential,
		data: { ...vendors.of(vendor).connection, ...settings },
	});

/** Requests that a user fills into an HTTP Request node, one for each item; what goes wrong becomes an item too. */
async function borrow(
	vendor: string,
	{ id, name }: Credential,
	requests: readonly { method: string; url: string }[],
	parameters: Json = {},
): Promise<Execution> {
	const { credential } = vendors.of(vendor).n8n;
	return await n8n.runWorkflow({
		...chain({
			name: 'Stranger',
			type: 'n8n-nodes-base.httpRequest',
			typeVersion: 4.2,
			parameters: {
				method: '={{ $json.method }}',
				url: '={{ $json.url }}',
				authentication: 'predefinedCredentialType',
				nodeCredentialType: credential,
				options: {},
				...parameters,
			},
			credentials: { [credential]: { id, name } },
			onError: 'continueRegularOutput',
		}),
		pinData: { Start: requests.map((request) => ({ json: request })) },
	});
}

/** Requests that the vendor got besides logins. */
const reached = (vendor: string) =>
	vendors
		.of(vendor)
		.simulator.requests.filter(({ path }) => !vendors.of(vendor).login.test(path))
		.map(({ method, path }) => `${method} ${path}`);

const errorsOf = (execution: Execution) =>
	(execution.data.Stranger ?? []).map(
		({ error }) => (typeof error === 'string' ? error : ((error as Json | undefined)?.message ?? '')) as string,
	);

/** What a user would have to do in the node to act, or to be told a secret: every method that is not a plain read. */
const actions = (vendor: string) =>
	vendors
		.of(vendor)
		.provider.operations.filter(({ effect, consuming: once }) => effect !== 'read' || once === true)
		.map(({ route }) => {
			const [method = '', path = ''] = route.split(' ');
			return {
				method,
				url: `${vendors.of(vendor).simulator.url}${path}?imei=${DEVICE}&command=RELAY%2C1&type=Positions`,
			};
		});
describe.each(VENDOR_NAMES)('%s, the HTTP Request node', (vendor) => {
	/** The vendor's plain read, as its document has it. */
	const readOf = () => {
		const { simulator, operation, read } = vendors.of(vendor);
		const [method = '', path = ''] = operation(read).route.split(' ');
		return { method, url: simulator.url + path };
	};

	test('gets nothing signed by a credential as it is made', async () => {
		vendors.of(vendor).simulator.requests.length = 0;
		const execution = await borrow(vendor, await account(vendor, { allowCommands: true }), [
			readOf(),
			...actions(vendor),
		]);
		expect(reached(vendor)).toEqual([]);
		expect(
			errorsOf(execution).every((error) => /credential/i.test(error)),
			JSON.stringify(execution.data.Stranger),
		).toBe(true);
	});

	test('gets reads signed where the operator opens it, and what acts only with Allow Commands', async () => {
		const { simulator } = vendors.of(vendor);
		const open = { allowedHttpRequestDomains: 'all' };
		const credential = await account(vendor, { ...open, allowCommands: false });
		simulator.requests.length = 0;
		expect(errorsOf(await borrow(vendor, credential, [readOf()]))).not.toContain(expect.stringMatching(/./));
		expect(reached(vendor)).toHaveLength(1);
		expect(simulator.requests.at(-1)).toMatchObject({ status: 200, carriedOut: true });
		simulator.requests.length = 0;
		const unknown = { method: 'GET', url: `${simulator.url}/api/unknown` };
		const execution = await borrow(vendor, credential, [...actions(vendor), unknown]);
		for (const error of errorsOf(execution)) expect(error).toContain('Allow Commands');
		// Not even for a login, which n8n makes when a request is refused, and which would end the session of those
		// that work.
		expect(simulator.requests).toEqual([]);
		await borrow(vendor, await account(vendor, { ...open, allowCommands: true }), [unknown]);
		expect(reached(vendor)).not.toEqual([]);
	});

	test('cannot choose the way: no proxy, no unproven certificate, no other address', async () => {
		const seen: string[] = [];
		const attacker = createServer((request, response) => {
			seen.push(`${request.method ?? ''} ${request.url ?? ''} ${JSON.stringify(request.headers)}`);
			response.end('{}');
		});
		await new Promise<void>((resolve) => attacker.listen(0, '127.0.0.1', resolve));
		try {
			const proxy = `http://127.0.0.1:${String((attacker.address() as AddressInfo).port)}`;
			const open = { allowedHttpRequestDomains: 'all', allowCommands: true };
			const credential = await account(vendor, open);
			const execution = await borrow(vendor, credential, [readOf()], { options: { proxy } });
			expect(seen).toEqual([]);
			expect(errorsOf(execution)[0]).toContain('Proxy');
			expect(
				errorsOf(
					await borrow(vendor, credential, [readOf()], { options: { allowUnauthorizedCerts: true } }),
				)[0],
			).toContain('SSL');
			const base = `${proxy}/base`;
			const { host } = new URL(proxy);
			const strange = [
				'/../admin',
				'/%2e%2e/admin',
				'/.%2E/admin',
				'/%252e%252e/admin',
				'/..%2fadmin',
				'/..%5cadmin',
				'/\\..\\admin',
				'/a/..;/../admin',
				'/.\t./admin',
				'X/admin',
				'.evil.test/admin',
			].map((tail) => ({ method: 'GET', url: base + tail }));
			await borrow(vendor, await account(vendor, { ...open, baseUrl: base }), [
				...strange,
				{ method: 'GET', url: `http://user@${host}/base/x` },
				{ method: 'GET', url: `http://${host}\\@evil.test/base/x` },
			]);
			expect(
				seen.filter((line) => !vendors.of(vendor).login.test(line.split(' ')[1]?.split('?')[0] ?? '')),
			).toEqual([]);
		} finally {
			attacker.close();
		}
	});

	test('says nothing of the session when a request fails', async () => {
		const { simulator } = vendors.of(vendor);
		simulator.fail({
			kind: 'status',
			status: 500,
			match: ({ path }) => !vendors.of(vendor).login.test(path),
			times: null,
		});
		const execution = await borrow(
			vendor,
			await account(vendor, { allowedHttpRequestDomains: 'all', allowCommands: false }),
			[readOf()],
		);
		simulator.clearFaults();
		const [last] = simulator.requests.slice(-1);
		const token = String(
			last?.headers.authorization ?? last?.query.access_token ?? last?.path.split('/').at(-2),
		).replace('Bearer ', '');
		expect(token.length).toBeGreaterThan(8);
		expect(JSON.stringify(execution.raw)).not.toContain(token);
	});
});

/** A command, by every other node that n8n lets have any credential. */
test.each([{ kind: 'status', status: 500 }, { kind: 'reset' }] as const)(
	'a command of an HTTP Request node that may have been carried out is not sent again: %j',
	async (fault) => {
		const { simulator } = vendors.of('trackceo');
		const credential = await account('trackceo', { allowCommands: true, allowedHttpRequestDomains: 'all' });
		simulator.requests.length = 0;
		simulator.fail({ ...fault, effect: 'after', match: '/api/command/send', times: 1 });
		const execution = await borrow('trackceo', credential, [
			{ method: 'POST', url: `${simulator.url}/api/command/send?imei=${DEVICE}&command=RELAY%2C1` },
		]);
		expect(reached('trackceo')).toEqual(['POST /api/command/send']);
		expect(errorsOf(execution)).toEqual([expect.stringContaining('not sent again')]);
	},
);

test.each([
	['as it is made', {}, 0],
	['opened for others', { allowedHttpRequestDomains: 'all' }, 0],
	["opened for the vendor's domain", { allowedHttpRequestDomains: 'domains', allowedDomains: '127.0.0.1' }, 0],
	// So it was the setting that stopped them.
	['opened, and commands on', { allowedHttpRequestDomains: 'all', allowCommands: true }, 1],
])('other nodes and agents, with a credential %s', async (_, settings, sent) => {
	const { simulator, n8n: type } = vendors.of('trackceo');
	const { id, name } = await account('trackceo', { allowCommands: false, ...settings });
	const credentials = { [type.credential]: { id, name } };
	const url = `${simulator.url}/api/command/send?imei=${DEVICE}&command=RELAY%2C1`;
	const authentication = { authentication: 'predefinedCredentialType', nodeCredentialType: type.credential };
	const nodes = [
		{
			name: 'GraphQL',
			type: 'n8n-nodes-base.graphql',
			typeVersion: 1.1,
			parameters: { ...authentication, requestMethod: 'POST', endpoint: url, query: '{ x }' },
		},
		{
			name: 'Old',
			type: 'n8n-nodes-base.httpRequest',
			typeVersion: 2,
			parameters: { ...authentication, requestMethod: 'POST', url, jsonParameters: false, options: {} },
		},
		{
			name: 'Newest',
			type: 'n8n-nodes-base.httpRequest',
			typeVersion: 4.4,
			parameters: { ...authentication, method: 'POST', url, options: {} },
		},
	];
	const agent = await startAgent(n8n);
	const acted: Record<string, number> = {};
	const count = async (node: string, running: () => Promise<unknown>) => {
		simulator.requests.length = 0;
		await running();
		acted[node] = reached('trackceo').length;
	};
	try {
		for (const node of nodes)
			await count(
				node.name,
				async () => await n8n.runWorkflow(chain({ ...node, credentials, onError: 'continueRegularOutput' })),
			);
		for (const tool of httpRequestTools({ method: 'POST', url, credentialType: type.credential }))
			await count(`${tool.name} for agents`, async () => await agent.run({ ...tool, credentials }));
		expect(acted).toEqual({
			GraphQL: sent,
			Old: sent,
			Newest: sent,
			'Node for agents': sent,
			'Tool for agents': sent,
		});
		expect(agent.told).toHaveLength(2);
	} finally {
		await agent.close();
	}
});

test('an agent gets no link that logs in whoever has it, though the account allows them', async () => {
	const { operation, n8n: type } = vendors.of('itracksense');
	const { id, name } = await account('itracksense', { allowWebLinks: true });
	const agent = await startAgent(n8n);
	try {
		const parameters = {
			...panelOf(operation('session.getWebLink'), { page: 'mapMonitor', nameBy: 'all' }),
			toolDescription: 'Makes links',
		};
		const execution = await agent.run({
			name: 'Fleet',
			type: `n8n-nodes-fleetwire.${type.node}Tool`,
			parameters,
			credentials: { [type.credential]: { id, name } },
		});
		const told = agent.told.join() + JSON.stringify(execution.raw);
		expect(told).not.toContain('/api?key=');
		expect(told).toContain('agents get none');
	} finally {
		await agent.close();
	}
});
