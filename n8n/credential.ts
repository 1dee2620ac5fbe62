import type { IAuthenticate, ICredentialDataDecryptedObject, ICredentialType, IHttpRequestOptions, INodeProperties } from 'n8n-workflow';
import { loginKey } from '../core/account';
import { checkBaseUrl } from '../core/base-url';
import { asFleetError } from '../core/client';
import { InvalidParams, type FleetError } from '../core/errors';
import { readFields } from '../core/field';
import { ATTEMPT_TIMEOUT_MS, type Exchange, type WireRequest } from '../core/host';
import type { Connection, Provider } from '../core/provider';
import { Redactor } from '../core/redaction';
import { logIn } from '../core/session';
import { propertyOf } from './property';
import { keep, readSession, SESSION } from './session';
import { exchange, optionsOf, STOP, type WireOptions } from './wire';

/** Header of a call that asks for nothing but the login that n8n puts before each request. */
export const LOGIN_ONLY = 'x-fleetwire-login-only';

/** Ends such a call once the login is done: nothing is sent. */
export class LoggedIn extends Error {}

/**
 * A login that failed. n8n's credential test shows the `code` alone of an error that has one, and the message of any
 * other: so this has a message only, with the advice in it.
 */
export class LoginFailed extends Error {
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
export function connectionOf<C extends Connection>(provider: Provider<C>, credentials: ICredentialDataDecryptedObject): C {
	return readFields(provider.connection, credentials, { now: Date.now(), timeZone: 'UTC' }) as unknown as C;
}

/** A credential type's properties: the account's settings, and the session that n8n keeps with them. */
export function credentialProperties<C extends Connection>(provider: Provider<C>): INodeProperties[] {
	return [
		// Its data are in the database with the credential, so that all workers use one login.
		{ displayName: 'Session', name: SESSION, type: 'hidden', typeOptions: { expirable: true, password: true }, default: '' },
		...Object.entries(provider.connection).map(([name, field]) => ({ ...propertyOf(name, field), ...(field.required && field.kind === 'text' ? { required: true } : {}) })),
	];
}

/** Logs in. n8n calls it when there is no session, when one has ended, and in the credential test. */
export function preAuthenticationOf<C extends Connection>(provider: Provider<C>): NonNullable<ICredentialType['preAuthentication']> {
	return async function (credentials) {
		const redactor = new Redactor();
		try {
			const connection = connectionOf(provider, credentials);
			provider.secrets(connection, redactor);
			const ask: Exchange = (request) =>
				exchange((options) => this.helpers.httpRequest(options), optionsOf(connection.baseUrl, request, ATTEMPT_TIMEOUT_MS), { timeoutMs: ATTEMPT_TIMEOUT_MS });
			const session = await logIn(provider, connection, ask, Date.now);
			return { [SESSION]: JSON.stringify(keep(session, loginKey(provider, connection), Date.now())) };
		} catch (thrown) {
			throw new LoginFailed(redactor.error(asFleetError(thrown)));
		}
	};
}

/** Signs a request with the credential's session: those of Fleetwire's nodes, and those of the HTTP Request node. */
export function authenticateOf<C extends Connection>(provider: Provider<C>): IAuthenticate {
	return async (credentials, options) => {
		if (options.headers?.[LOGIN_ONLY] !== undefined) throw new LoggedIn();
		const connection = connectionOf(provider, credentials);
		checkBaseUrl(connection.baseUrl, connection.allowPrivateAddresses);
		const session = readSession(credentials[SESSION], loginKey(provider, connection));
		if (session === undefined || session.expiresAt <= Date.now()) throw new SessionOver();
		return await Promise.resolve(signed(provider, connection, options, session.token));
	};
}

function signed<C extends Connection>(provider: Provider<C>, connection: C, { baseURL, ...options }: WireOptions, token: string): IHttpRequestOptions {
	const base = connection.baseUrl.replace(/\/+$/, '');
	// The HTTP Request node still goes by the older name.
	const name = 'uri' in options ? 'uri' : 'url';
	const given = String((options as Partial<Record<typeof name, string>>)[name]);
	const address = baseURL === undefined ? given : `${baseURL.replace(/\/+$/, '')}/${given.replace(/^\/+/, '')}`;
	// The token is for the vendor only.
	if (!address.startsWith(`${base}/`)) throw new InvalidParams(`This credential is only for addresses that begin with ${base}/.`);
	const request = provider.sign(
		{ method: options.method === 'POST' ? 'POST' : 'GET', path: address.slice(base.length), query: options.qs as WireRequest['query'], headers: options.headers as WireRequest['headers'] },
		token,
		connection,
	);
	// A redirect that the HTTP Request node follows must not take a token to another host.
	return { ...options, sendCredentialsOnCrossOriginRedirect: false, [name]: base + request.path, qs: { ...request.query }, headers: { ...request.headers }, abortSignal: options[STOP] ?? options.abortSignal };
}
