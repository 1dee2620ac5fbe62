import type {
	IAuthenticate,
	ICredentialDataDecryptedObject,
	ICredentialTestRequest,
	ICredentialType,
	IHttpRequestOptions,
	INodeProperties,
} from 'n8n-workflow';
import { loginKey, testedByHand } from '../core/call/account';
import { checkBaseUrl } from '../core/describe/base-url';
import { asFleetError, InvalidParams, type FleetError } from '../core/describe/errors';
import { readFields } from '../core/describe/field';
import { addressOf, ATTEMPT_TIMEOUT_MS, type Exchange, type Method, type WireRequest } from '../core/describe/host';
import type { Connection } from '../core/describe/connection';
import type { Provider } from '../core/describe/provider';
import { Redactor } from '../core/call/redaction';
import { logIn } from '../core/call/session';
import { borrowed, borrowers, contentOf, NotSigned, type Borrowed } from './borrowed';
import { propertyOf } from './property';
import { keep, readSession, SESSION, sessionFor } from './session';
import { sendRequest, LOGIN_ONLY, optionsOf, proofOf, PURPOSE, STOP, TEST, type WireOptions } from './wire';

/** Ends a call that asks for nothing but the login, once that is done: nothing is sent. */
class LoggedIn extends Error {
	constructor() {
		super('The login is done.');
		this.name = 'LoggedIn';
	}
}

/** By its name: the credential may come from another of our packages. */
export const isLoggedIn = ({ name }: { name?: string }) => name === 'LoggedIn';

/**
 * A login that failed. n8n's credential test shows the `code` alone of an error that has one, and the message of any
 * other: so this has a message only, with the advice in it.
 */
class LoginFailed extends Error {
	constructor(readonly fleetError: FleetError) {
		super(fleetError.sentence);
		this.name = 'LoginFailed';
	}
}

/** A session that is no longer good. n8n takes a status of 401 as the sign to log in again and repeat the request. */
class SessionOver extends Error {
	readonly response = { status: 401 };
	constructor() {
		super('The session is over.');
		this.name = 'SessionOver';
	}
}

/** The account's settings out of a credential. @throws InvalidParams */
export function connectionOf(provider: Provider, credentials: ICredentialDataDecryptedObject): Connection {
	return readFields(provider.connection, credentials, { now: Date.now(), timeZone: 'UTC' }) as unknown as Connection;
}

/** A credential type's properties: the account's settings, and the session that n8n keeps with them. */
export function credentialProperties(provider: Provider): INodeProperties[] {
	return [
		// Its data are in the database with the credential, so that all workers use one login.
		{
			displayName: 'Session',
			name: SESSION,
			type: 'hidden',
			typeOptions: { expirable: true, password: true },
			default: '',
		},
		...Object.entries(provider.connection).map(([name, field]) => ({
			...propertyOf(name, field),
			...(field.required && field.kind === 'text' ? { required: true } : {}),
		})),
		...borrowers,
	];
}

/** Paths of the credentials' tests, by vendor. */
const tested = new Map<string, string>();

/** The request of a credential's test: n8n takes its parts over one by one, the purpose too. */
export function testOf(
	provider: Provider,
	request: Omit<ICredentialTestRequest['request'], 'baseURL'>,
): ICredentialTestRequest['request'] {
	tested.set(provider.name, request.url ?? '/');
	return { baseURL: '={{$credentials.baseUrl}}', ...request, ...{ [PURPOSE]: TEST } };
}

const withoutSlash = (address: string) => address.replace(/(?<!\/)\/+$/, '');

/** Whether it is the credential's own test, and nothing besides. */
const isTest = (provider: Provider, { baseUrl }: Connection, options: WireOptions) =>
	(options.method ?? 'GET') === 'GET' &&
	options.url === tested.get(provider.name) &&
	withoutSlash((options.baseURL ?? '').trim()) === withoutSlash(baseUrl) &&
	Object.keys(options.qs ?? {}).length === 0 &&
	options.body === undefined;

/** Logs in. n8n calls it when there is no session, when one has ended, and in the credential test. */
export function preAuthenticationOf(provider: Provider): NonNullable<ICredentialType['preAuthentication']> {
	return async function (credentials) {
		const refusal = refusals.get(credentials);
		if (refusal !== undefined) throw refusal;
		const inForce = sessionFor(credentials);
		if (inForce !== undefined) return { [SESSION]: JSON.stringify(inForce) };
		const redactor = new Redactor();
		try {
			const connection = connectionOf(provider, credentials);
			redactor.addSecrets(provider.connection, connection);
			const ask: Exchange = (request) =>
				sendRequest(
					(options) => this.helpers.httpRequest(options),
					optionsOf(connection.baseUrl, request, ATTEMPT_TIMEOUT_MS),
					{ timeoutMs: ATTEMPT_TIMEOUT_MS },
				);
			const session = await logIn(provider, connection, ask, Date.now);
			testedByHand(provider, connection);
			return { [SESSION]: JSON.stringify(keep(session, loginKey(provider, connection), Date.now())) };
		} catch (thrown) {
			const failed = new LoginFailed(redactor.error(asFleetError(thrown)));
			throw failed;
		}
	};
}

/** What n8n got signed requests for: it signs again, with a new session, what was signed already. */
const unsigned = new WeakMap<object, WireOptions>();
/**
 * Credentials that a request was refused with. n8n answers that by a login, which would end the session of those that
 * work.
 */
const refusals = new WeakMap<object, NotSigned>();

/** Signs a request with the credential's session: those of Fleetwire's nodes, and of others what they may ask for. */
export function authenticateOf(provider: Provider): IAuthenticate {
	return async (credentials, given) => {
		const options: WireOptions = unsigned.get(given) ?? given;
		const purpose = Object.hasOwn(options, PURPOSE) ? options[PURPOSE] : undefined;
		if (purpose === LOGIN_ONLY) throw new LoggedIn();
		const connection = connectionOf(provider, credentials);
		checkBaseUrl(connection.baseUrl, connection.allowPrivateAddresses);
		const ours =
			purpose === TEST
				? isTest(provider, connection, options)
				: purpose !== undefined && purpose === proofOf(provider, connection, options);
		const sign = ours ? signOurs(connection, options) : signTheirs(provider, connection, credentials, options);
		const session = readSession(credentials[SESSION], loginKey(provider, connection));
		if (session === undefined || session.expiresAt <= Date.now()) throw new SessionOver();
		const signed = sign((request) => provider.sign(request, session.token, connection));
		// After any failure n8n logs in and sends once more, which would do a command twice and end the session of
		// those that work.
		if (!ours)
			refusals.set(
				credentials,
				new NotSigned(
					'The request failed. With this credential it is not sent again, because it may have been carried out. Check the result before you repeat it.',
				),
			);
		unsigned.set(signed, options);
		return await Promise.resolve(signed);
	};
}

type Sign = (sign: (request: WireRequest) => WireRequest) => IHttpRequestOptions;

/** What our own requests say of their content: all of it is in the proof, or concerns the answer. */
const CONTENT_OF_OURS = [
	'body',
	'json',
	'encoding',
	'timeout',
	'returnFullResponse',
	'ignoreHttpStatusErrors',
	'abortSignal',
];

/** A request that one of our nodes has made, or the credential's test. */
function signOurs({ baseUrl }: Connection, options: WireOptions): Sign {
	const base = withoutSlash(baseUrl);
	const { baseURL, url, [STOP]: stop } = options;
	const address = baseURL === undefined ? url : `${withoutSlash(baseURL.trim())}${url}`;
	if (!address.startsWith(`${base}/`))
		throw new InvalidParams(`This credential is only for addresses that begin with ${base}/.`);
	return (sign) => {
		const { path, query, headers } = sign({
			method: (options.method ?? 'GET') as Method,
			path: address.slice(base.length),
			query: options.qs as WireRequest['query'],
			headers: options.headers as WireRequest['headers'],
		});
		return {
			...contentOf(options, CONTENT_OF_OURS),
			...STRAIGHT,
			method: options.method ?? 'GET',
			url: addressOf(base, { method: 'GET', path }),
			qs: { ...query },
			headers: { ...headers },
			abortSignal: stop ?? options.abortSignal,
		};
	};
}

/** A refusal is kept: n8n answers it by a login, which must not be made. */
function refused(credentials: ICredentialDataDecryptedObject, thrown: unknown): Error {
	const error = thrown instanceof Error ? thrown : new Error(String(thrown));
	if (error instanceof NotSigned) refusals.set(credentials, error);
	return error;
}

/** A request of another node: the way to the vendor is ours, and it is not sent on from there. */
function signTheirs(
	provider: Provider,
	connection: Connection,
	credentials: ICredentialDataDecryptedObject,
	given: WireOptions,
): Sign {
	let request: Borrowed;
	try {
		request = borrowed(provider, connection, credentials, given);
	} catch (thrown) {
		throw refused(credentials, thrown);
	}
	const { method, path, search, query, headers, options } = request;
	return (sign) => {
		const signed = sign({ method, path, query, headers });
		return {
			...options,
			...STRAIGHT,
			method,
			url: addressOf(connection.baseUrl, { method: 'GET', path: signed.path }) + search,
			qs: { ...signed.query },
			headers: { ...signed.headers },
		};
	};
}

/** To the address and no further, for both of n8n's helpers. */
const STRAIGHT = {
	disableFollowRedirect: true,
	followRedirect: false,
	followAllRedirects: false,
	maxRedirects: 0,
	sendCredentialsOnCrossOriginRedirect: false,
	rejectUnauthorized: true,
};
