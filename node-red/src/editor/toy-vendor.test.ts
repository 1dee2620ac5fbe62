/** A vendor unlike those that there are, in Node-RED: what is taken for granted of each shows here. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Provider } from '../../../core/describe/provider';
import { findOperation } from '../../../core/describe/provider';
import { KEY, startToy, toy as described, toyVendor, type ToyServer } from '../../../test/support/toy-vendor';
import { Account, connectionOf } from '../account';
import { catalogOf } from './catalog';
import { helpOf } from './help';
import { pageOf } from './page';
import { wordsOf } from './words';

const toy = described as unknown as Provider;
const page = pageOf(toy, { color: toyVendor.color, icon: 'fleetwire-toy.svg' });

let server: ToyServer;
beforeEach(async () => {
	server = await startToy();
});
afterEach(async () => {
	await server.close();
});

test('the page has the key as a credential, and no name of an account', () => {
	expect(page).toContain("key: { type: 'password', required: true }");
	expect(page).not.toMatch(/node-config-input-account\b/);
});

test('what is tried is a key, not a login', () => {
	expect(wordsOf(toy)).toMatchObject({
		account: { test: 'Test key' },
		admin: { loggedIn: 'Toy Fleet accepts the key.' },
	});
	expect(helpOf(toy)).not.toMatch(/message logs in|Test login|one login/);
});

test('the catalog of the editor has its resources by their titles', () => {
	expect(JSON.stringify(catalogOf(toy))).toContain('"title":"Trip"');
});

test('an account sends PUT, PATCH and DELETE with the key', async () => {
	const account = new Account(
		toy,
		connectionOf(toy, {
			baseUrl: server.url,
			key: KEY,
			allowCommands: true,
			allowPrivateAddresses: true,
			rateLimit: 60_000,
		}),
	);
	const client = account.client(() => undefined, { permitsCommands: true });
	for (const [name, params] of [
		['rename', { device: '1', name: 'Cat' }],
		['patch', { device: '1', name: 'Dog' }],
		['remove', { device: '2' }],
	] as const)
		expect(await client.collect(findOperation(toy, 'device', name)!, params)).toMatchObject([
			{ outcome: 'confirmed' },
		]);
	await account.close();
	expect(server.asked).toEqual([
		'PUT /devices/1 {"name":"Cat"}',
		'PATCH /devices/1 {"name":"Dog"}',
		'DELETE /devices/2',
	]);
});
