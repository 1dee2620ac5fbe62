import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { findOperation, findTrigger } from '../../core/describe/provider';
import { Poller } from '../../core/watch/poller';
import { trackceo } from '../../providers/protrack/trackceo';
import { Account, connectionOf } from './account';
import { Trials } from './trials';

const provider = trackceo;
const getMany = findOperation(provider, 'device', 'getMany');
if (getMany === undefined) throw new Error('device.getMany is gone');

const SECRET = 'Abc@34590';
const WRONG = { secret: 'mistyped' };
const md5 = (text: string) => createHash('md5').update(text).digest('hex');

let server: Server;
let baseUrl: string;
let logins: number;
let refuse: boolean;
let slow: number;
const accounts: Account[] = [];

beforeEach(async () => {
	[logins, refuse, slow] = [0, false, 0];
	// The platform in four lines: each login ends the session before it.
	server = createServer((request, response) => {
		const url = new URL(request.url ?? '', 'http://vendor');
		const token = url.searchParams.get('access_token');
		const answer =
			url.pathname === '/api/authorization'
				? refuse ||
					url.searchParams.get('signature') !== md5(md5(SECRET) + (url.searchParams.get('time') ?? ''))
					? { code: 20001, message: 'Account or password error' }
					: { code: 0, record: { access_token: `token-${String(++logins)}`, expires_in: 7200 } }
				: token === `token-${String(logins)}`
					? { code: 0, record: [{ imei: '358899051025339' }] }
					: { code: 10011, message: 'invalid' };
		const delay = url.pathname === '/api/authorization' ? slow : 0;
		setTimeout(() => response.end(JSON.stringify(answer)), delay);
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	baseUrl = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
});

afterEach(async () => {
	await Promise.all(accounts.splice(0).map((account) => account.close()));
	server.closeAllConnections();
	server.close();
});

function accountWith(onLogin?: ConstructorParameters<typeof Account>[3], changed: object = {}, trial = false): Account {
	const settings = {
		baseUrl,
		account: 'demo',
		secretType: 'password',
		secret: SECRET,
		allowCommands: 'false',
		rateLimit: '60000',
		allowPrivateAddresses: true,
		...changed,
	};
	const account = new Account(
		provider,
		connectionOf(provider, settings),
		{},
		onLogin,
		trial ? new Trials().of(provider, connectionOf(provider, settings)) : undefined,
	);
	accounts.push(account);
	return account;
}

const devices = (account: Account, signal?: AbortSignal) =>
	account.client(() => undefined).collect(getMany, {}, { signal });

test('all nodes log in once, and so does what a redeploy makes of them', async () => {
	const account = accountWith();
	expect(logins).toBe(0);
	await Promise.all([devices(account), devices(account), devices(accountWith())]);
	await account.close();
	expect(await devices(accountWith())).toHaveLength(1);
	expect(logins).toBe(1);
});

test('a test login leaves the others a session that lives', async () => {
	const account = accountWith();
	await devices(account);
	for (let count = 0; count < 3; count++) await accountWith(undefined, {}, true).logIn();
	expect(await devices(account)).toHaveLength(1);
	expect(logins).toBe(4);
});

test('tells how logins end', async () => {
	const told: (string | undefined)[] = [];
	const account = accountWith((rejected) => told.push(rejected?.code));
	refuse = true;
	await expect(devices(account)).rejects.toMatchObject({ code: 'LoginRejected' });
	refuse = false;
	await devices(account);
	expect(told).toEqual(['LoginRejected', undefined]);
});

test('whoever stops waiting for a login leaves it to the others, and nothing is thrown into the void', async () => {
	const unhandled = vi.fn();
	process.on('unhandledRejection', unhandled);
	slow = 100;
	const account = accountWith();
	const stop = new AbortController();
	const stopped = devices(account, stop.signal);
	const other = devices(account);
	setTimeout(() => stop.abort(), 20);
	await expect(stopped).rejects.toMatchObject({ code: 'TimedOut' });
	expect(await other).toHaveLength(1);
	expect(logins).toBe(1);
	await expect(devices(account, AbortSignal.abort())).rejects.toMatchObject({ code: 'TimedOut' });
	refuse = true;
	await new Promise((resolve) => setTimeout(resolve, 50));
	process.off('unhandledRejection', unhandled);
	expect(unhandled).not.toHaveBeenCalled();
});

test('settings that are incomplete or lead nowhere are refused in words', () => {
	expect(() => connectionOf(provider, { baseUrl })).toThrow('Account is missing');
	baseUrl = 'ftp://vendor.example';
	expect(() => accountWith()).toThrow('The base URL must begin with https:// or http://.');
});

test("another node's wrong password is its own affair", async () => {
	const right = accountWith();
	await devices(right);
	slow = 200;
	const wrong = devices(accountWith(undefined, WRONG)).catch((error: unknown) => error);
	for (let count = 0; count < 5; count++) expect(await devices(right)).toHaveLength(1);
	expect(await wrong).toMatchObject({ code: 'LoginRejected' });
});

test('a login that begins while a wrong one is under way does not end with it', async () => {
	slow = 100;
	const wrong = devices(accountWith(undefined, WRONG)).catch((error: unknown) => error);
	expect(await devices(accountWith())).toHaveLength(1);
	expect(await wrong).toMatchObject({ code: 'LoginRejected' });
	expect(logins).toBe(1);
});

test('who has a wrong password gets nothing that others have just found out', async () => {
	const trigger = findTrigger(provider, 'positionChanged') ?? expect.fail();
	const poll = (account: Account) =>
		new Poller(
			account.client(() => undefined),
			trigger,
			{ devices: '358899051025339' },
		).poll(undefined, { budgetMs: 10_000, intervalMs: 60_000 });
	const devicesOf = (account: Account) => account.client(() => undefined).lookup('device');
	const right = accountWith();
	expect((await poll(right)).problem).toBeUndefined();
	expect(await devicesOf(right)).toHaveLength(1);
	expect(await poll(accountWith(undefined, WRONG))).toMatchObject({ events: [], problem: { code: 'LoginRejected' } });
	await expect(devicesOf(accountWith(undefined, WRONG))).rejects.toMatchObject({ code: 'LoginRejected' });
});

test('a wrong password takes no turns from the right one, nor slows it down', async () => {
	const right = accountWith(undefined, { rateLimit: 30 });
	const wrong = accountWith(undefined, { ...WRONG, rateLimit: 1 });
	await devices(right);
	for (let count = 0; count < 40; count++) await devices(wrong).catch(() => undefined);
	const began = performance.now();
	for (let count = 0; count < 5; count++) await devices(right);
	// At one request a minute, or with the turns used up, even one would take seconds.
	expect(performance.now() - began).toBeLessThan(1500);
});

test('an account that is only tried out leaves nothing behind', async () => {
	const trial = () => accountWith(undefined, { rateLimit: 1 }, true);
	await trial().logIn();
	await trial().logIn();
	expect(logins).toBe(2);
	// Neither its session nor its quota.
	const account = accountWith();
	for (let count = 0; count < 5; count++) await devices(account);
	expect(logins).toBe(3);
});

test('a setting that an account was saved without has its default, also after the editor saved it as empty', () => {
	const settings = {
		baseUrl: 'https://vendor.example',
		account: 'demo',
		secretType: 'password',
		secret: SECRET,
		rateLimit: '60',
		fleet: '',
		fleetAccount: '',
	};
	expect(connectionOf(provider, settings)).toMatchObject({ fleet: 'listed' });
});

test('a wait that is longer than timers know does not end at once', async () => {
	const waits = accountWith()
		.client(() => undefined)
		.sleep(3e9);
	expect(await Promise.race([waits, sleep(50, 'soon')])).toBe('soon');
});
