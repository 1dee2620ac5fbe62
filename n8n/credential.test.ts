import { createRequire } from 'node:module';
import type { ICredentialDataDecryptedObject, IHttpRequestOptions } from 'n8n-workflow';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ETrackApi } from '../credentials/ETrackApi.credentials';
import { TrackCeoApi } from '../credentials/TrackCeoApi.credentials';
import { trackceo } from '../providers/protrack';
import { PASSWORD, startProtrack, type ProtrackSimulator } from '../simulators/protrack';
import { TrackCeo } from '../nodes/TrackCeo/TrackCeo.node';
import { executeContext, StoredCredential } from '../test/support/n8n-context';

vi.mock('n8n-workflow', () => createRequire(__filename)('n8n-workflow') as object);

const type = new TrackCeoApi();
let simulator: ProtrackSimulator;
beforeEach(async () => {
	simulator = await startProtrack({ brand: 'trackceo' });
});
afterEach(async () => {
	await simulator.close();
});

const settings = (changes: object = {}): ICredentialDataDecryptedObject => ({ baseUrl: simulator.url, account: 'demo', secretType: 'password', secret: PASSWORD, allowCommands: false, rateLimit: 240, allowPrivateAddresses: true, session: '', ...changes });

async function logIn(credentials: ICredentialDataDecryptedObject) {
	const { context } = executeContext(new TrackCeo(), new StoredCredential(type, credentials));
	return await type.preAuthentication.call({ helpers: context.helpers }, credentials);
}

const authenticate = async (credentials: ICredentialDataDecryptedObject, options: IHttpRequestOptions) => await (type.authenticate as (c: ICredentialDataDecryptedObject, o: IHttpRequestOptions) => Promise<IHttpRequestOptions>)(credentials, options);

describe('properties', () => {
	test('are the account\'s settings under the names that the core reads, and the session', () => {
		expect(type.properties.map(({ name }) => name)).toEqual(['session', ...Object.keys(trackceo.connection)]);
		expect(type.properties[0]).toMatchObject({ type: 'hidden', typeOptions: { expirable: true, password: true }, default: '' });
		expect(type.properties.find(({ name }) => name === 'secret')).toMatchObject({ type: 'string', typeOptions: { password: true }, required: true });
		expect(type.properties.find(({ name }) => name === 'allowCommands')).toMatchObject({ type: 'boolean', default: false });
		expect(new ETrackApi().properties.find(({ name }) => name === 'baseUrl')).toMatchObject({ default: 'http://api.etrack.vip' });
	});
});

describe('login', () => {
	test('gives the session and nothing else', async () => {
		const output = await logIn(settings());
		expect(Object.keys(output)).toEqual(['session']);
		expect(JSON.parse(String(output.session))).toMatchObject({ token: expect.any(String), expiresAt: expect.any(Number) });
		expect(String(output.session)).not.toContain(PASSWORD);
	});

	test('takes the password\'s md5', async () => {
		const [account] = simulator.accounts;
		await expect(logIn(settings({ secretType: 'md5', secret: account!.passwordHash }))).resolves.toHaveProperty('session');
	});

	// n8n's credential test shows the bare `code` of an error that has one.
	test.each([
		[{ secret: 'wrong-one' }, 'refuses the account or its password (code 20001'],
		[{ account: 'blocked' }, 'says that the account is blocked (code 10016'],
		[{ account: '' }, 'Account is missing'],
		[{ secretType: 'md5' }, 'The secret is not an md5'],
		[{ baseUrl: 'http://127.0.0.1:9' }, 'refuses the connection'],
		[{ allowPrivateAddresses: false }, 'Allow Private Addresses'],
	])('%j: the error has its words in the message, and no code', async (changes, words) => {
		const error = await logIn(settings(changes)).catch((thrown: unknown) => thrown as Error & { code?: string; response?: unknown });
		expect((error as Error).message).toContain(words);
		expect(error).not.toHaveProperty('code');
		expect(error).not.toHaveProperty('response');
	});
});

describe('signing', () => {
	test('adds the token, for any node that uses the credential', async () => {
		const credentials = settings();
		Object.assign(credentials, await logIn(credentials));
		const { token } = JSON.parse(String(credentials.session)) as { token: string };
		expect(await authenticate(credentials, { url: `${simulator.url}/api/user/list`, method: 'GET', qs: { account: 'a' } })).toMatchObject({ url: `${simulator.url}/api/user/list`, qs: { access_token: token, account: 'a' } });
		expect(await authenticate(credentials, { baseURL: `${simulator.url}/`, url: '/api/user/list' })).toMatchObject({ url: `${simulator.url}/api/user/list` });
	});

	test('knows the older name of the address, as the HTTP Request node gives it', async () => {
		const credentials = settings();
		Object.assign(credentials, await logIn(credentials));
		const legacy = { uri: `${simulator.url}/api/user/info?account=driver1` } as unknown as IHttpRequestOptions;
		expect(await authenticate(credentials, legacy)).toMatchObject({ uri: `${simulator.url}/api/user/info?account=driver1`, qs: { access_token: expect.any(String) } });
	});

	test('is refused for other addresses', async () => {
		const credentials = settings();
		Object.assign(credentials, await logIn(credentials));
		await expect(authenticate(credentials, { url: 'https://elsewhere.example/api/user/list' })).rejects.toThrow('only for addresses');
		await expect(authenticate(credentials, { url: `${simulator.url}.elsewhere.example/` })).rejects.toThrow('only for addresses');
	});

	test.each(['', 'not json', '{}', JSON.stringify({ token: 'x', expiresAt: 1, madeAt: 1, key: 'another' })])('with %j has n8n log in', async (session) => {
		await expect(authenticate(settings({ session }), { url: `${simulator.url}/api/user/list` })).rejects.toMatchObject({ response: { status: 401 } });
	});

	test('n8n logs in by itself where the stored session is over', async () => {
		const stored = new StoredCredential(type, settings({ session: JSON.stringify({ token: 'x', expiresAt: 1, madeAt: 1, key: 'another' }) }));
		const { context } = executeContext(new TrackCeo(), stored);
		const answer = (await context.helpers.httpRequestWithAuthentication.call(context, 'trackCeoApi', { url: `${simulator.url}/api/user/list`, json: true })) as { code: number };
		expect(answer.code).toBe(0);
		expect(simulator.requests.map(({ path }) => path)).toEqual(['/api/authorization', '/api/user/list']);
	});
});
