import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { TrackCeoApi } from '../credentials/TrackCeoApi.credentials';
import { TrackCeo } from '../nodes/TrackCeo/TrackCeo.node';
import { PASSWORD, startProtrack, type ProtrackSimulator } from '../simulators/protrack';
import { executeContext, StoredCredential } from '../test/support/n8n-context';

vi.mock('n8n-workflow', () => createRequire(__filename)('n8n-workflow') as object);

let simulator: ProtrackSimulator;
beforeEach(async () => {
	simulator = await startProtrack({ brand: 'trackceo' });
});
afterEach(async () => {
	await simulator.close();
});

const account = (changes: object = {}) =>
	new StoredCredential(new TrackCeoApi(), {
		baseUrl: simulator.url,
		account: 'demo',
		secretType: 'password',
		secret: PASSWORD,
		allowCommands: true,
		rateLimit: 60_000,
		allowPrivateAddresses: true,
		...changes,
	});

async function devices(stored: StoredCredential, parameters: object = {}) {
	const node = new TrackCeo();
	const { context } = executeContext(node, stored, {
		parameters: { resource: 'device', operation: 'getMany', returnAll: true, ...parameters },
	});
	const [items = []] = await node.execute.call(context);
	return items.length;
}

const logins = () => simulator.requests.filter(({ path }) => path === '/api/authorization').length;
const sessionOf = (stored: StoredCredential) =>
	JSON.parse(String(stored.data.session)) as { token: string; expiresAt: number };

describe('the session in the credential', () => {
	test('lasts from run to run', async () => {
		const stored = account();
		await devices(stored);
		await devices(stored);
		expect(logins()).toBe(1);
		expect(sessionOf(stored).expiresAt).toBeGreaterThan(Date.now() + 7_000_000);
	});

	test('many runs at once cause one login', async () => {
		const stored = account();
		await Promise.all(Array.from({ length: 8 }, () => devices(stored)));
		expect(logins()).toBe(1);
		simulator.killToken('demo');
		await Promise.all(Array.from({ length: 8 }, () => devices(stored)));
		expect(logins()).toBe(2);
	});

	test("two credentials of one account do not end each other's session", async () => {
		const [one, other] = [account(), account({ baseUrl: `${simulator.url}/` })];
		await devices(one);
		await devices(other);
		await devices(one);
		expect(logins()).toBe(1);
	});

	test('killed from outside, it is renewed without the user noticing', async () => {
		const stored = account();
		await devices(stored);
		simulator.killToken('demo');
		expect(await devices(stored)).toBe(simulator.devices.size);
		expect(logins()).toBe(2);
	});

	test('renewed by another worker, the new one is read from the database', async () => {
		const stored = account();
		await devices(stored);
		// What another process would do: log in, and store the session.
		const old = String(stored.data.session);
		const url = new URL(simulator.requests[0]!.path, simulator.url);
		for (const [name, value] of Object.entries(simulator.requests[0]!.query)) url.searchParams.set(name, value);
		const { record } = (await (await fetch(url)).json()) as { record: { access_token: string } };
		stored.data = {
			...stored.data,
			session: JSON.stringify({ ...JSON.parse(old), token: record.access_token, madeAt: Date.now() + 1 }),
		};
		const before = logins();
		await devices(stored);
		expect(logins()).toBe(before);
	});

	test('made while the clock was years ahead, it does not outlive its successors once the clock is right', async () => {
		const stored = account();
		vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 10 * 365 * 86_400_000, shouldAdvanceTime: true });
		await devices(stored);
		vi.useRealTimers();
		simulator.killToken('demo');
		await devices(stored);
		const before = logins();
		for (let run = 0; run < 3; run++) await devices(stored);
		expect(logins()).toBe(before);
	});

	test('is left alone once the account is another', async () => {
		const stored = account();
		await devices(stored);
		stored.data = { ...stored.data, account: 'driver1' };
		await devices(stored);
		expect(logins()).toBe(2);
		expect(
			simulator.requests.filter(({ path }) => path === '/api/authorization').map(({ query }) => query.account),
		).toEqual(['demo', 'driver1']);
	});

	test('is not for those who do not know the secret', async () => {
		await devices(account());
		await expect(devices(account({ secret: 'guessed' }))).rejects.toThrow('20001');
	});

	test('that is about to end is renewed before a command', async () => {
		const stored = account();
		await devices(stored);
		stored.data = {
			...stored.data,
			session: JSON.stringify({
				...JSON.parse(String(stored.data.session)),
				expiresAt: Date.now() + 20_000,
				madeAt: Date.now() + 5,
			}),
		};
		const command = {
			resource: 'command',
			operation: 'send',
			allowCommands: true,
			device: { __rl: true, mode: 'id', value: '358899051000001' },
			command: 'RESET',
			options: { waitForAnswer: false },
		};
		// This process knows of a better one only as long as it is the newest.
		await devices(stored, command);
		expect(logins()).toBe(2);
	});

	test("that keeps dying is somebody else's doing, and is said", async () => {
		const stored = account();
		await devices(stored);
		const kill = setInterval(() => simulator.killToken('demo'), 1);
		const error = await (async () => {
			for (let run = 0; run < 5; run++) await devices(stored);
			return undefined;
		})().catch((thrown: unknown) => thrown as Error);
		clearInterval(kill);
		expect(error?.message).toMatch(/another program|no longer valid|does not know the session/i);
		expect(logins()).toBeLessThanOrEqual(4);
	});
});
