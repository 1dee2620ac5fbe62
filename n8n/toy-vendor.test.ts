/** A vendor unlike those that there are, in n8n: what is taken for granted of each shows here. */
import { createRequire } from 'node:module';
import type {
	ICredentialDataDecryptedObject,
	ICredentialType,
	IExecuteFunctions,
	IHttpRequestOptions,
	INodeParameters,
	INodeType,
} from 'n8n-workflow';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { executeContext, StoredCredential } from '../test/support/n8n-context';
import { KEY, startToy, toy, type ToyServer } from '../test/support/toy-vendor';
import { authenticateOf, credentialProperties, preAuthenticationOf } from './credential';
import { execute } from './execute';
import { propertiesOf } from './properties';
import { triggerPropertiesOf } from './trigger-properties';

vi.mock('n8n-workflow', () => createRequire(__filename)('n8n-workflow') as object);

const credential: ICredentialType = {
	name: 'toyApi',
	displayName: 'Toy Fleet API',
	properties: credentialProperties(toy),
	preAuthentication: preAuthenticationOf(toy),
	authenticate: authenticateOf(toy),
};
const node = {
	description: {
		displayName: 'Toy Fleet',
		name: 'toy',
		group: ['transform'],
		version: 1,
		description: '',
		defaults: { name: 'Toy Fleet' },
		inputs: ['main'],
		outputs: ['main'],
		credentials: [{ name: 'toyApi', required: true }],
		properties: propertiesOf(toy),
	},
	async execute(this: IExecuteFunctions) {
		return await execute(this, toy, 'toyApi');
	},
} as unknown as INodeType & { execute(this: IExecuteFunctions): Promise<{ json: object }[][]> };

let server: ToyServer;
beforeEach(async () => {
	server = await startToy();
});
afterEach(async () => {
	await server.close();
});

const settings = (changes: object = {}): ICredentialDataDecryptedObject => ({
	baseUrl: server.url,
	key: KEY,
	allowCommands: true,
	allowPrivateAddresses: true,
	rateLimit: 60_000,
	session: '',
	...changes,
});

async function run(operation: string, parameters: INodeParameters = {}, stored = settings()) {
	const { context } = executeContext(node, new StoredCredential(credential, stored), {
		parameters: { resource: 'device', operation, allowCommands: true, ...parameters },
	});
	const [items = []] = await node.execute.call(context);
	return items.map(({ json }) => json);
}

test('the credential asks for the key, and for no name of an account', () => {
	expect(credential.properties.map(({ name }) => name)).toEqual([
		'session',
		'baseUrl',
		'key',
		'allowCommands',
		'rateLimit',
		'processes',
		'allowPrivateAddresses',
		'allowedHttpRequestDomains',
		'allowedDomains',
	]);
});

test('the node offers every operation under a title, and the trigger every event', () => {
	const options = (name: string) =>
		node.description.properties.find((property) => property.name === name)?.options as { name: string }[];
	expect(options('resource').map(({ name }) => name)).toEqual(['Device', 'Trip']);
	expect(triggerPropertiesOf(toy)[0]).toMatchObject({ name: 'event', default: 'newTrip' });
});

test('the key goes with each request, and n8n stores it as the session', async () => {
	const stored = new StoredCredential(credential, settings());
	const { context } = executeContext(node, stored, { parameters: { resource: 'device', operation: 'getMany' } });
	const [items = []] = await node.execute.call(context);
	expect(items.map(({ json }) => json)).toMatchObject([{ name: 'Bear' }, { name: 'Car' }]);
	expect(server.asked).toEqual(['GET /devices']);
	expect(JSON.parse(String(stored.data.session))).toMatchObject({
		token: KEY,
		expiresAt: expect.any(Number) as number,
	});
});

test('PUT, PATCH and DELETE are signed as what they are, and leave once', async () => {
	expect(await run('rename', { device: '1', name: 'Cat' })).toMatchObject([{ outcome: 'confirmed' }]);
	expect(await run('patch', { device: '1', name: 'Dog' })).toMatchObject([{ outcome: 'confirmed' }]);
	expect(await run('remove', { device: '2' })).toMatchObject([{ outcome: 'confirmed' }]);
	expect(server.asked).toEqual([
		'PUT /devices/1 {"name":"Cat"}',
		'PATCH /devices/1 {"name":"Dog"}',
		'DELETE /devices/2',
	]);
});

test('a key that is refused is named, and asked with once', async () => {
	await expect(run('getMany', {}, settings({ key: 'wrong-key-of-somebody' }))).rejects.toMatchObject({
		message: expect.stringContaining('does not know the key') as string,
		description: expect.stringContaining('API Key') as string,
	});
	expect(server.asked).toEqual(['GET /devices']);
});

test.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const)(
	'%s of another node is signed as that',
	async (method) => {
		const credentials = settings({ allowedHttpRequestDomains: 'all' });
		const output = await credential.preAuthentication!.call({ helpers: {} } as never, credentials);
		const signed = await (
			authenticateOf(toy) as (
				credentials: ICredentialDataDecryptedObject,
				options: IHttpRequestOptions,
			) => Promise<IHttpRequestOptions>
		)({ ...credentials, ...(output as object) }, { method, url: `${server.url}/devices/1` });
		expect(signed).toMatchObject({ method, headers: { authorization: `Bearer ${KEY} for ${method}` } });
	},
);
