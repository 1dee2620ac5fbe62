/** A vendor unlike those that there are: what the core takes for granted of each shows here. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FetchHost } from '../../test/support/fetch-host';
import { KEY, startToy, toy, type ToyServer } from '../../test/support/toy-vendor';
import type { Provider } from '../describe/provider';
import { findOperation, findTrigger } from '../describe/provider';
import { Poller } from '../watch/poller';
import { accountKey, sharedLogin } from './account';
import { Client } from './client';
import { FOREVER, logIn } from './session';

let server: ToyServer;
beforeEach(async () => {
	server = await startToy();
});
afterEach(async () => {
	await server.close();
});

const connectionWith = (changes: object = {}) => ({
	baseUrl: server.url,
	key: KEY,
	allowCommands: true,
	allowPrivateAddresses: true,
	rateLimit: 60_000,
	...changes,
});

function clientWith(changes: object = {}, clock?: ConstructorParameters<typeof FetchHost>[2]) {
	const connection = connectionWith(changes);
	const provider: Provider = toy;
	const host = new FetchHost(provider, connection, clock);
	return { host, client: new Client(provider, connection, host) };
}

const run = async (client: Client, resource: string, name: string, params: object = {}) =>
	await client.collect(findOperation(toy as never, resource, name)!, params as never);

test('a key goes with each request, and nothing logs in', async () => {
	const { client } = clientWith();
	expect(await run(client, 'device', 'getMany')).toMatchObject([{ name: 'Bear' }, { name: 'Car' }]);
	expect(server.asked).toEqual(['GET /devices']);
});

test('PUT, PATCH and DELETE leave as what they are, once each', async () => {
	const { client } = clientWith();
	const outcomes = [
		...(await run(client, 'device', 'rename', { device: '1', name: 'Cat' })),
		...(await run(client, 'device', 'patch', { device: '1', name: 'Dog' })),
		...(await run(client, 'device', 'remove', { device: '2' })),
	];
	expect(outcomes).toMatchObject([{ outcome: 'confirmed' }, { outcome: 'confirmed' }, { outcome: 'confirmed' }]);
	expect(server.asked).toEqual([
		'PUT /devices/1 {"name":"Cat"}',
		'PATCH /devices/1 {"name":"Dog"}',
		'DELETE /devices/2',
	]);
	expect([...server.devices]).toEqual([['1', 'Dog']]);
});

test('a key that is refused is not taken for a session that ended: one request, and the key is what to check', async () => {
	const { client } = clientWith({ key: 'wrong-key-of-somebody' });
	for (const _ of [1, 2, 3, 4])
		await expect(run(client, 'device', 'getMany')).rejects.toMatchObject({
			code: 'LoginRejected',
			message: 'Toy Fleet does not know the key.',
			advice: expect.stringContaining('API Key'),
		});
	expect(server.asked).toEqual(Array.from({ length: 4 }, () => 'GET /devices'));
});

test('a key is a session that n8n can store: no end that JSON has no number for', async () => {
	const session = await logIn(toy, connectionWith(), () => expect.fail(), Date.now);
	expect(session).toEqual({ token: KEY, expiresAt: FOREVER });
	expect(JSON.parse(JSON.stringify(session))).toEqual(session);
	const endless = { ...toy, login: async () => ({ token: 'abc', expiresAt: Infinity }) };
	expect(await logIn(endless, connectionWith(), () => expect.fail(), Date.now)).toEqual({
		token: 'abc',
		madeAt: expect.any(Number) as number,
		expiresAt: FOREVER,
	});
});

test('without names of accounts, each key has a quota of its own, and a trigger outlives a new key', () => {
	const provider: Provider = toy;
	const [one, other] = [connectionWith(), connectionWith({ key: 'another-key-of-the-toys' })] as never[];
	expect(sharedLogin(provider, one!).account).not.toBe(sharedLogin(provider, other!).account);
	expect(accountKey(provider, one!)).toBe(accountKey(provider, other!));
	expect(accountKey(provider, one!)).not.toContain('undefined');
});

test('the key is in no error', async () => {
	server.changeKey('other');
	const { client } = clientWith();
	const error: unknown = await run(client, 'device', 'getMany').catch((thrown: unknown) => thrown);
	expect(JSON.stringify([error, String(error)])).not.toContain(KEY);
});

test('a trigger does without positions: it goes round the devices, and misses nothing', async () => {
	let now = Date.now();
	const { client } = clientWith({}, { now: () => now, pass: (ms) => (now += ms) });
	const poller = new Poller(client, findTrigger(toy as never, 'newTrip')!, { devices: '*', firstRun: 'nothing' });
	const options = { intervalMs: 60_000, budgetMs: 50_000 };
	const at = (ms: number) => new Date(ms).toISOString();
	server.trips.push({ id: 'old', device: '1', time: at(now - 3_600_000) });
	let cursor: unknown;
	const events: unknown[] = [];
	for (let minute = 0; minute < 6; minute++) {
		const result = await poller.poll(cursor, options);
		expect(result.problem).toBeUndefined();
		expect(result.stop).toBe(false);
		events.push(...result.events.map(({ id }) => id));
		cursor = JSON.parse(JSON.stringify(result.cursor));
		now += 60_000;
		if (minute < 4)
			server.trips.push({ id: String(minute), device: minute % 2 ? '2' : '1', time: at(now - 5_000) });
	}
	expect(events).toEqual(['0', '1', '2', '3']);
});
