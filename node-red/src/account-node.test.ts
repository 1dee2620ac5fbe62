import type { NodeAPI } from 'node-red';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Client } from '../../core/call/client';
import type { FleetError } from '../../core/describe/errors';
import type { Provider } from '../../core/describe/provider';
import { trackceo } from '../../providers/protrack/trackceo';
import { PASSWORD, startProtrack, type ProtrackSimulator } from '../../simulators/protrack';
import { Runtime } from '../../test/support/node-red-runtime';
import { accountNodeOf, accountOf, wireOptionsOf, type AccountNode } from './account-node';

const provider = trackceo as unknown as Provider;
let simulator: ProtrackSimulator;
beforeAll(async () => void (simulator = await startProtrack({ brand: 'trackceo' })));
afterAll(() => simulator.close());

const settings = (changes: object = {}) => ({
	baseUrl: simulator.url,
	account: 'demo',
	secretType: 'password',
	allowPrivateAddresses: true,
	rateLimit: 60_000,
	...changes,
});
const deployed = async (changes: object = {}, secret = PASSWORD) => {
	const runtime = new Runtime([provider]);
	await runtime.deploy([{ id: 'account', type: 'fleetwire-trackceo-account', ...settings(changes) }], {
		account: { secret },
	});
	return { runtime, node: runtime.node('account') as unknown as AccountNode };
};
const user = () => {
	const heard: (string | undefined)[] = [];
	return { heard, accountFailed: (error?: FleetError) => void heard.push(error?.code) };
};
const list = (client: Client) => client.lookup('device');
const quiet = () => undefined;

describe('an account', () => {
	test('logs in when something is asked, and not before', async () => {
		const before = simulator.requests.length;
		const { runtime, node } = await deployed();
		expect(simulator.requests.length).toBe(before);
		expect((await list(node.client(quiet))).length).toBeGreaterThan(0);
		await runtime.stop();
	});

	test('holds what it was deployed with, the secret too', async () => {
		const { runtime, node } = await deployed();
		expect(node.deployed).toMatchObject({ ...settings(), secret: PASSWORD });
		await runtime.stop();
	});

	test('that is incomplete says why to whoever wants to use it', async () => {
		const { runtime, node } = await deployed({ account: '' });
		const one = user();
		node.register(one);
		expect(one.heard).toEqual(['InvalidParams']);
		expect(() => node.client(quiet)).toThrow(/Account/);
		await runtime.stop();
	});

	test('tells its users that its login is refused, those too that come later, and not those that left', async () => {
		const { runtime, node } = await deployed({ account: 'driver1' }, 'wrong');
		const [one, gone] = [user(), user()];
		node.register(one);
		node.register(gone);
		node.deregister(gone);
		await list(node.client(quiet)).catch(quiet);
		expect([one.heard, gone.heard]).toEqual([['LoginRejected'], []]);
		const late = user();
		node.register(late);
		expect(late.heard).toEqual(['LoginRejected']);
		await runtime.stop();
	});

	test('says that it works again after a refusal that was a fault', async () => {
		const fresh = await startProtrack({ brand: 'trackceo' });
		const { runtime, node } = await deployed({ baseUrl: fresh.url });
		const one = user();
		node.register(one);
		fresh.fail({ kind: 'code', code: 20001 });
		await list(node.client(quiet)).catch(quiet);
		await list(node.client(quiet));
		await fresh.close();
		expect(one.heard).toEqual(['LoginRejected', undefined]);
		await runtime.stop();
	});

	test('that is closed tells nobody any more, and sends nothing', async () => {
		const { runtime, node } = await deployed();
		const one = user();
		node.register(one);
		const client = node.client(quiet);
		await runtime.stop();
		const before = simulator.requests.length;
		await expect(client.collect(provider.operations[0]!, { devices: '*' })).rejects.toThrow(/changed or removed/);
		expect([one.heard, simulator.requests.length]).toEqual([[], before]);
	});
});

test('a node finds the account of its own vendor only', () => {
	const nodes: Record<string, { type: string }> = {
		own: { type: 'fleetwire-trackceo-account' },
		other: { type: 'fleetwire-ctrack-account' },
	};
	const RED = { nodes: { getNode: (id: string) => nodes[id] ?? null } } as unknown as NodeAPI;
	expect(accountNodeOf(RED, provider, 'own')).toBe(nodes.own);
	for (const id of ['other', 'gone', undefined]) expect(accountNodeOf(RED, provider, id)).toBeUndefined();
});

describe('the way to the vendor', () => {
	const proxy = { url: 'http://proxy:3128', noproxy: ['intern.example', ''] };
	const nodes: Record<string, unknown> = {
		tls: { addTLSOptions: (options: object) => ({ ...options, ca: 'a certificate' }) },
		proxy,
		empty: { url: '' },
	};
	const red = (httpRequestTimeout?: unknown) =>
		({
			nodes: { getNode: (id: string) => nodes[id] ?? null },
			settings: { httpRequestTimeout },
		}) as unknown as NodeAPI;

	test('has the certificates, proxy and time limit that Node-RED has', () => {
		const address = 'https://fleet.example';
		expect(wireOptionsOf(red(), {}, address)).toEqual({});
		expect(wireOptionsOf(red(), { tls: 'tls', proxy: 'proxy' }, address)).toEqual({
			tls: { ca: 'a certificate' },
			proxy: { url: 'http://proxy:3128', setIn: 'the account' },
		});
		expect(wireOptionsOf(red(5000), { tls: 'gone', proxy: 'empty' }, address)).toEqual({ longestMs: 5000 });
		expect(wireOptionsOf(red('often'), { tls: 5, proxy: '' }, address)).toEqual({});
	});

	test('goes round an unreachable proxy only where that is excepted', async () => {
		nodes.dead = { url: 'http://127.0.0.1:9', noproxy: ['127.0.0.1'] };
		nodes.always = { url: 'http://127.0.0.1:9', noproxy: [] };
		const reach = async (id: string) => {
			const account = accountOf(red(), provider, { ...settings({ proxy: id }), secret: PASSWORD });
			try {
				return await account.logIn().then(
					() => 'logged in',
					(error: unknown) => (error as FleetError).code,
				);
			} finally {
				await account.close();
			}
		};
		expect([await reach('dead'), await reach('always')]).toEqual(['logged in', 'Unreachable']);
	});

	test('does not say why a proxy cannot be reached where private addresses are forbidden', async () => {
		nodes.always = { url: 'http://127.0.0.1:9', noproxy: [] };
		const messageOf = async (fleetwire?: object) => {
			const RED = { ...red(), settings: { fleetwire } } as unknown as NodeAPI;
			const changes = { baseUrl: 'https://fleet.example', proxy: 'always' };
			const account = accountOf(RED, provider, { ...settings(changes), secret: PASSWORD });
			const error = await account.logIn().catch((thrown: unknown) => thrown);
			await account.close();
			return (error as FleetError).message;
		};
		expect(await messageOf()).toContain('ECONNREFUSED');
		expect(await messageOf({ allowPrivateAddresses: false })).toBe('No connection through the proxy can be made.');
	});

	test("is through the environment's proxy, which errors name without its password", async () => {
		vi.stubEnv('http_proxy', 'http://ann:pass%20word@127.0.0.1:9');
		const messageOf = async (changes: object = {}) => {
			const account = accountOf(red(), provider, { ...settings(changes), secret: PASSWORD });
			const error = await account.logIn().catch((thrown: unknown) => thrown as FleetError);
			await account.close();
			return error instanceof Error ? error.sentence : 'logged in';
		};
		try {
			expect(await messageOf()).toBe(
				'No connection to the proxy 127.0.0.1:9 can be made (ECONNREFUSED). Check the proxy in the environment variable http_proxy.',
			);
			// A proxy node counts in its place, even one without an address.
			for (const id of ['gone', 'empty']) expect(await messageOf({ proxy: id })).toBe('logged in');
			vi.stubEnv('NO_PROXY', '127.0.0.1');
			expect(await messageOf()).toBe('logged in');
		} finally {
			vi.unstubAllEnvs();
		}
	});

	test('is within what settings.js allows', () => {
		const locked = { ...red(), settings: { fleetwire: { allowPrivateAddresses: false } } } as unknown as NodeAPI;
		expect(() => accountOf(locked, provider, { ...settings(), secret: PASSWORD })).toThrow(/public address/);
		expect(() => accountOf(red(), provider, { ...settings(), secret: '' })).toThrow(/Secret|Password/i);
		expect(() =>
			accountOf(red(), provider, { ...settings({ allowPrivateAddresses: false }), secret: PASSWORD }),
		).toThrow(/private/i);
	});
});
