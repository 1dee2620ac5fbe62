import { createRequire } from 'node:module';
import type { ICredentialDataDecryptedObject, IHttpRequestOptions } from 'n8n-workflow';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { loginKey } from '../core/call/account';
import type { Provider } from '../core/describe/provider';
import { CtrackApi } from '../credentials/CtrackApi.credentials';
import { ETrackApi } from '../credentials/ETrackApi.credentials';
import { TrackCeoApi } from '../credentials/TrackCeoApi.credentials';
import { trackceo } from '../providers/protrack/trackceo';
import { PASSWORD, startProtrack, type ProtrackSimulator } from '../simulators/protrack';
import { TrackCeo } from '../nodes/TrackCeo/TrackCeo.node';
import { executeContext, StoredCredential } from '../test/support/n8n-context';
import { authenticateOf, connectionOf } from './credential';
import { proofOf, PURPOSE, TEST, type WireOptions } from './wire';

vi.mock('n8n-workflow', () => createRequire(__filename)('n8n-workflow') as object);

const type = new TrackCeoApi();
let simulator: ProtrackSimulator;
beforeEach(async () => {
	simulator = await startProtrack({ brand: 'trackceo' });
});
afterEach(async () => {
	await simulator.close();
});

const settings = (changes: object = {}): ICredentialDataDecryptedObject => ({
	baseUrl: simulator.url,
	account: 'demo',
	secretType: 'password',
	secret: PASSWORD,
	allowCommands: false,
	rateLimit: 240,
	allowPrivateAddresses: true,
	session: '',
	...changes,
});

async function logIn(credentials: ICredentialDataDecryptedObject) {
	const { context } = executeContext(new TrackCeo(), new StoredCredential(type, credentials));
	return await type.preAuthentication.call({ helpers: context.helpers }, credentials);
}

const authenticate = async (credentials: ICredentialDataDecryptedObject, options: IHttpRequestOptions) =>
	await (
		type.authenticate as (c: ICredentialDataDecryptedObject, o: IHttpRequestOptions) => Promise<IHttpRequestOptions>
	)(credentials, options);

describe('properties', () => {
	test("are the account's settings under the names that the core reads, and the session", () => {
		expect(type.properties.map(({ name }) => name)).toEqual([
			'session',
			...Object.keys(trackceo.connection),
			'allowedHttpRequestDomains',
			'allowedDomains',
		]);
		expect(type.properties[0]).toMatchObject({
			type: 'hidden',
			typeOptions: { expirable: true, password: true },
			default: '',
		});
		expect(type.properties.find(({ name }) => name === 'secret')).toMatchObject({
			type: 'string',
			typeOptions: { password: true },
			required: true,
		});
		expect(type.properties.find(({ name }) => name === 'allowCommands')).toMatchObject({
			type: 'boolean',
			default: false,
		});
		// n8n adds it to each credential otherwise, open to all.
		expect(type.properties.find(({ name }) => name === 'allowedHttpRequestDomains')).toMatchObject({
			type: 'options',
			default: 'none',
		});
		expect(new ETrackApi().properties.find(({ name }) => name === 'baseUrl')).toMatchObject({
			default: 'http://api.etrack.vip',
		});
	});
});

describe('login', () => {
	test('gives the session and nothing else', async () => {
		const output = await logIn(settings());
		expect(Object.keys(output)).toEqual(['session']);
		expect(JSON.parse(String(output.session))).toMatchObject({
			token: expect.any(String),
			expiresAt: expect.any(Number),
		});
		expect(String(output.session)).not.toContain(PASSWORD);
	});

	test("takes the password's md5", async () => {
		const [account] = simulator.accounts;
		await expect(logIn(settings({ secretType: 'md5', secret: account!.passwordHash }))).resolves.toHaveProperty(
			'session',
		);
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
		const error = await logIn(settings(changes)).catch(
			(thrown: unknown) => thrown as Error & { code?: string; response?: unknown },
		);
		expect((error as Error).message).toContain(words);
		expect(error).not.toHaveProperty('code');
		expect(error).not.toHaveProperty('response');
	});
});

describe('signing', () => {
	const loggedIn = async (changes: object = {}) => {
		const credentials = settings(changes);
		return Object.assign(credentials, await logIn(credentials));
	};
	/** A request as one of our nodes makes it. */
	const ours = (options: object, account: object = {}) =>
		({
			...options,
			[PURPOSE]: proofOf(trackceo as Provider, connectionOf(trackceo, settings(account)), options as WireOptions),
		}) as unknown as IHttpRequestOptions;
	/** A request as n8n's HTTP Request node makes it, which goes by the older name of the address. */
	const theirs = (path: string, more: object = {}) =>
		({
			uri: simulator.url + path,
			method: 'GET',
			headers: {},
			gzip: true,
			rejectUnauthorized: true,
			followRedirect: true,
			followAllRedirects: true,
			sendCredentialsOnCrossOriginRedirect: true,
			resolveWithFullResponse: true,
			...more,
		}) as unknown as IHttpRequestOptions;
	const open = { allowedHttpRequestDomains: 'all' };

	test('adds the token to requests of our nodes, and takes their mark off', async () => {
		const credentials = await loggedIn();
		const { token } = JSON.parse(String(credentials.session)) as { token: string };
		const signed = await authenticate(
			credentials,
			ours({ url: `${simulator.url}/api/user/list`, method: 'GET', qs: { account: 'a' } }),
		);
		expect(signed).toMatchObject({
			url: `${simulator.url}/api/user/list`,
			qs: { access_token: token, account: 'a' },
		});
		expect(signed).not.toHaveProperty(PURPOSE);
	});

	test("the credential's test is ours; a copy of it as text is not", async () => {
		const { request } = type.test;
		expect(
			await authenticate(await loggedIn(), { ...request, baseURL: simulator.url } as IHttpRequestOptions),
		).toMatchObject({ url: `${simulator.url}/api/user/list`, qs: { access_token: expect.any(String) } });
		await expect(
			authenticate(await loggedIn(), {
				...JSON.parse(JSON.stringify(request)),
				[PURPOSE]: TEST.toString(),
				baseURL: simulator.url,
			} as IHttpRequestOptions),
		).rejects.toThrow("Fleetwire's nodes only");
	});

	test.each([
		['the symbol that marked them once', Symbol.for('fleetwire.request')],
		["the mark of the credential's test", TEST],
		['true', true],
		['nothing', ''],
		['the proof of another account', { secret: 'another-secret' }],
		['the proof of another request', '/api/device/list'],
	])('a request of another node is not ours by %s', async (_, mark) => {
		const request = { url: `${simulator.url}/api/command/send`, method: 'GET' };
		const { [PURPOSE]: taken } = (
			typeof mark === 'string' && mark !== ''
				? ours({ url: simulator.url + mark, method: 'GET' })
				: typeof mark === 'object'
					? ours(request, mark)
					: { [PURPOSE]: mark }
		) as { [PURPOSE]?: unknown };
		await expect(
			authenticate(await loggedIn({ allowCommands: true }), {
				...request,
				[PURPOSE]: taken,
			} as unknown as IHttpRequestOptions),
		).rejects.toThrow("works with Fleetwire's nodes only");
	});

	test("the mark of the credential's test signs that test and nothing else", async () => {
		for (const more of [
			{ method: 'POST' },
			{ qs: { account: 'other' } },
			{ url: '/api/device/list' },
			// Another vendor's test.
			{ url: new CtrackApi().test.request.url },
			{ baseURL: `${simulator.url}/elsewhere` },
			{ baseURL: 'https://elsewhere.example' },
			{ baseURL: undefined },
			{ body: { account: 'other' } },
		])
			await expect(
				authenticate(await loggedIn({ allowCommands: true }), {
					...type.test.request,
					baseURL: simulator.url,
					...more,
				} as IHttpRequestOptions),
			).rejects.toThrow("works with Fleetwire's nodes only");
	});

	test.each([
		{ headers: { host: 'elsewhere.example' } },
		{ body: { account: 'other' } },
		{ baseURL: 'https://elsewhere.example' },
	])('the proof of a request is none for the same with %j', async (more) => {
		const request = ours({ url: `${simulator.url}/api/user/list`, method: 'GET' });
		await expect(authenticate(await loggedIn(), { ...request, ...more })).rejects.toThrow(
			"works with Fleetwire's nodes only",
		);
	});

	test.each([() => ours({ url: `${simulator.url}/api/user/list`, method: 'GET' }), () => type.test.request])(
		'what is ours takes no way that somebody else has added',
		async (request) => {
			const signed = await authenticate(await loggedIn(), {
				...request(),
				...('baseURL' in request() ? { baseURL: simulator.url } : {}),
				proxy: { host: 'elsewhere.example', port: 3128 },
				skipSslCertificateValidation: true,
				disableFollowRedirect: false,
				agentOptions: { ca: 'mine' },
				socketPath: '/tmp/x',
			} as unknown as IHttpRequestOptions);
			expect(signed).toMatchObject({ disableFollowRedirect: true, rejectUnauthorized: true });
			for (const way of ['proxy', 'skipSslCertificateValidation', 'agentOptions', 'socketPath'])
				expect(signed).not.toHaveProperty(way);
		},
	);

	test('two copies of the package sign for each other, as n8n has one credential type for both', async () => {
		vi.resetModules();
		const other = await vi.importActual<{
			authenticateOf: (
				provider: typeof trackceo,
			) => (...given: Parameters<typeof authenticate>) => Promise<unknown>;
		}>('./credential');
		expect(other.authenticateOf).not.toBe(authenticateOf);
		expect(
			await (other.authenticateOf(trackceo) as typeof authenticate)(
				await loggedIn(),
				ours({ url: `${simulator.url}/api/user/list`, method: 'GET' }),
			),
		).toMatchObject({ qs: { access_token: expect.any(String) } });
	});

	test.each(['DELETE', 'PUT', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE', 'COMMAND', 'get\r\nX: y'])(
		'of the methods of other nodes, %j is not signed, commands allowed or not',
		async (method) => {
			for (const allowCommands of [true, false])
				await expect(
					authenticate(await loggedIn({ ...open, allowCommands }), theirs('/api/device/list', { method })),
				).rejects.toThrow('signs GET and POST for other nodes');
		},
	);

	test.each([{}, { allowedHttpRequestDomains: 'none' }, { allowedHttpRequestDomains: '' }])(
		'with %j, other nodes get nothing',
		async (mode) => {
			await expect(
				authenticate(await loggedIn({ ...mode, allowCommands: true }), theirs('/api/device/list')),
			).rejects.toThrow("works with Fleetwire's nodes only");
		},
	);

	test.each(['all', 'domains'])(
		'with %s, other nodes get reads signed, and the way is not theirs',
		async (allowedHttpRequestDomains) => {
			const signed = await authenticate(
				await loggedIn({ allowedHttpRequestDomains }),
				theirs('/api/user/info?account=driver1', {
					lookup: () => undefined,
					socketPath: '/tmp/x',
					httpAgent: {},
					timeout: 5,
					somethingNew: true,
				}),
			);
			expect(signed).toEqual({
				url: `${simulator.url}/api/user/info?account=driver1`,
				method: 'GET',
				qs: { access_token: expect.any(String) },
				headers: {},
				gzip: true,
				resolveWithFullResponse: true,
				timeout: 5,
				rejectUnauthorized: true,
				followRedirect: false,
				followAllRedirects: false,
				maxRedirects: 0,
				disableFollowRedirect: true,
				sendCredentialsOnCrossOriginRedirect: false,
			});
		},
	);

	test.each([
		['POST', '/api/command/send'],
		['GET', '/api/command/send'],
		['post', '/api/user/block'],
		['POST', '/api/geofence/create'],
		['GET', '/api/authorization'],
		['POST', '/api/device/list'],
		['GET', '/api/unknown'],
		['GET', '/api/device/list/'],
		['GET', '/API/device/list'],
		['GET', '/'],
	])('%s %s needs Allow Commands', async (method, path) => {
		await expect(authenticate(await loggedIn(open), theirs(path, { method }))).rejects.toThrow(
			'While "Allow Commands" is off',
		);
		expect(
			await authenticate(await loggedIn({ ...open, allowCommands: true }), theirs(path, { method })),
		).toMatchObject({ method: method.toUpperCase(), url: simulator.url + path });
	});

	test.each([
		[{ proxy: 'http://evil.example' }, '"Proxy"'],
		[{ proxy: { host: 'evil.example', port: 1 } }, '"Proxy"'],
		[{ rejectUnauthorized: false }, '"Ignore SSL Issues"'],
		[{ skipSslCertificateValidation: true }, '"Ignore SSL Issues"'],
		[{ agentOptions: { ca: 'x' } }, '"SSL Certificates"'],
		[{ headers: { 'X-Original-URL': '/api/command/send' } }, 'header X-Original-URL'],
		[{ headers: { Host: 'evil.example' } }, 'header Host'],
		[{ headers: { 'transfer-encoding': 'chunked' } }, 'header transfer-encoding'],
		[{ headers: { 'X-HTTP-Method-Override': 'POST' } }, 'header X-HTTP-Method-Override'],
	])('%j is refused', async (more, words) => {
		await expect(
			authenticate(await loggedIn({ ...open, allowCommands: true }), theirs('/api/device/list', more)),
		).rejects.toThrow(words);
	});

	test('an address is what it means, however it is written', async () => {
		const far = settings({ ...open, allowCommands: true, baseUrl: 'https://API.vendor.example:443/base/' });
		far.session = JSON.stringify({
			token: 'a-token',
			expiresAt: Date.now() + 60_000,
			madeAt: 1,
			key: loginKey(trackceo, connectionOf(trackceo, far)),
		});
		const to = async (uri: string) => await authenticate(far, theirs('', { uri }));
		for (const same of [
			'https://api.vendor.example/base/x',
			'HTTPS://api.vendor.example:443/base/x',
			'https://api.vendor.example./base/x',
			' https://api.vendor.example/base/x',
		])
			expect(await to(same)).toMatchObject({ url: 'https://API.vendor.example:443/base/x' });
		for (const other of [
			'http://api.vendor.example/base/x',
			'https://api.vendor.example:444/base/x',
			'https://api.vendor.example/bas',
			'https://api.vendor.example/baseX/x',
			'https://api.vendor.example/BASE/x',
			'https://user@api.vendor.example/base/x',
			'https://api.vendor.example@evil.example/base/x',
			'https://api.vendor.example.evil.example/base/x',
			'//evil.example/base/x',
			'nowhere',
		]) {
			await expect(to(other), other).rejects.toThrow('only for addresses');
		}
		for (const detour of [
			'/../admin',
			'/./x',
			'/%2e%2e/admin',
			'/.%2E/admin',
			'/%252e%252e/admin',
			'/..%2fadmin',
			'/..%5cadmin',
			'\\..\\admin',
			'/a/..;/admin',
			'/.\t./admin',
			'\\@evil.example',
		])
			await expect(to(`https://api.vendor.example/base${detour}`), detour).rejects.toThrow(
				'does not sign addresses with',
			);
	});

	test('what n8n signs again is what the node asked for', async () => {
		const credentials = await loggedIn(open);
		const signed = await authenticate(credentials, theirs('/api/device/list'));
		const { access_token: old } = signed.qs as { access_token: string };
		Object.assign(credentials, await logIn({ ...credentials, session: '' }));
		expect((await authenticate(credentials, signed)).qs).toEqual({ access_token: expect.not.stringMatching(old) });
	});

	test('a refusal costs no login, though n8n answers it by one', async () => {
		const credentials = await loggedIn(open);
		await expect(authenticate(credentials, theirs('/api/command/send'))).rejects.toThrow('Allow Commands');
		await expect(logIn(credentials)).rejects.toThrow('Allow Commands');
		expect(simulator.requests).toHaveLength(1);
	});

	test('what another node sent is not sent again, nor answered by a login', async () => {
		const credentials = await loggedIn({ ...open, allowCommands: true });
		for (const path of ['/api/command/send', '/api/device/list']) {
			await authenticate(credentials, theirs(path));
			await expect(logIn(credentials)).rejects.toThrow('not sent again');
		}
		expect(simulator.requests).toHaveLength(1);
	});

	test('a session that is none has n8n log in', async () => {
		for (const session of [
			'',
			'not json',
			'{}',
			JSON.stringify({ token: 'x', expiresAt: 1, madeAt: 1, key: 'another' }),
		]) {
			await expect(
				authenticate(settings({ session }), ours({ url: `${simulator.url}/api/user/list` })),
			).rejects.toMatchObject({ response: { status: 401 } });
		}
	});

	test('n8n logs in by itself where the stored session is over', async () => {
		const stored = new StoredCredential(
			type,
			settings({ session: JSON.stringify({ token: 'x', expiresAt: 1, madeAt: 1, key: 'another' }) }),
		);
		const { context } = executeContext(new TrackCeo(), stored);
		const answer = (await context.helpers.httpRequestWithAuthentication.call(
			context,
			'trackCeoApi',
			ours({ url: `${simulator.url}/api/user/list`, json: true }),
		)) as { code: number };
		expect(answer.code).toBe(0);
		expect(simulator.requests.map(({ path }) => path)).toEqual(['/api/authorization', '/api/user/list']);
	});
});
