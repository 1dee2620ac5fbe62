import type {
	ICredentialDataDecryptedObject,
	IExecuteFunctions,
	ILoadOptionsFunctions,
	IPollFunctions,
	ITriggerFunctions,
} from 'n8n-workflow';
import { orLate } from '../core/call/abort';
import { loginKey, sharedLogin } from '../core/call/account';
import { UnexpectedAnswer } from '../core/describe/errors';
import {
	ATTEMPT_TIMEOUT_MS,
	loginTooSlow,
	type Host,
	type SendOptions,
	type SignedAnswer,
	type WantedSession,
	type WireRequest,
} from '../core/describe/host';
import type { Connection } from '../core/describe/connection';
import type { Provider } from '../core/describe/provider';
import { isLoggedIn } from './credential';
import { chainOf, toFleetError } from './to-fleet-error';
import { latestOf, newest, noteDoubt, readSession, SESSION, type KeptSession } from './session';
import { pause } from './abort';
import { sendRequest, LOGIN_ONLY, optionsOf, proofOf, PURPOSE, type WireOptions } from './wire';

/** Where a node does its work: an execution, a trigger, or the editor's pickers. */
export type Context = IExecuteFunctions | IPollFunctions | ITriggerFunctions | ILoadOptionsFunctions;

/**
 * How old a session is that other workers may have logged in beside, and for how long the database is read then.
 */
const JUST_MADE_MS = 10_000;
const LOOKS = 4;
const LOOK_MS = 250;

/** It continues for the others that wait for it. */
const loginLate = () => Promise.reject(loginTooSlow());

/**
 * n8n as the core sees it. The session lives in the credential, so that all workers share it: n8n logs in, signs and
 * stores; which session a request goes out with is decided here, and handed to n8n with the request.
 */
export class N8nHost implements Host {
	private readonly key: string;

	constructor(
		private readonly context: Context,
		private readonly provider: Provider,
		private readonly connection: Connection,
		private readonly credentialType: string,
		private credentials: ICredentialDataDecryptedObject,
		private readonly onWarning: (message: string) => void,
	) {
		this.key = loginKey(provider, connection);
	}

	async send(
		request: WireRequest,
		{ signal, timeoutMs: most, leftMs, ...wanted }: SendOptions,
	): Promise<SignedAnswer> {
		const deadline = this.now() + leftMs;
		const session = await orLate(this.session(wanted), { ms: leftMs, signal, sleep: pause }, loginLate);
		const timeoutMs = Math.min(most, deadline - this.now());
		if (timeoutMs <= 0) throw loginTooSlow();
		const data = { ...this.credentials, [SESSION]: JSON.stringify(session) };
		const options = optionsOf(this.connection.baseUrl, request, timeoutMs);
		const mark = proofOf(this.provider, this.connection, options);
		const answer = await sendRequest((asked) => this.ask({ ...asked, [PURPOSE]: mark }, data), options, {
			timeoutMs,
			signal,
		});
		// n8n writes into `data` if the session ended on the way and it logged in again.
		const { token, ...login } = readSession(data[SESSION], this.key) ?? session;
		return { ...answer, session: token, login };
	}

	async token({ signal, leftMs, ...wanted }: Omit<SendOptions, 'timeoutMs'>): Promise<string> {
		const limit = { ms: leftMs, signal, sleep: pause };
		return (await orLate(this.session(wanted), limit, loginLate)).token;
	}

	async sleep(ms: number, signal?: AbortSignal): Promise<void> {
		await pause(ms, signal);
	}

	now(): number {
		return Date.now();
	}

	warn(message: string): void {
		this.onWarning(message);
	}

	private async ask(options: WireOptions, data: ICredentialDataDecryptedObject): Promise<unknown> {
		const { id = '', name = '' } = this.context.getNode().credentials?.[this.credentialType] ?? {};
		return await this.context.helpers.httpRequestWithAuthentication.call(
			this.context,
			this.credentialType,
			options,
			{
				credentialsDecrypted: { id: id ?? '', name, type: this.credentialType, data },
			},
		);
	}

	private async session(wanted: WantedSession): Promise<KeptSession> {
		const { sessions } = sharedLogin(this.provider, this.connection);
		return await sessions.get({
			...wanted,
			current: () => this.current(wanted.stale),
			renew: (doubtedAt) => this.logIn(doubtedAt),
			now: () => this.now(),
		});
	}

	/** The newest session there is; the database is asked only if those at hand are over. */
	private async current(stale: string | undefined): Promise<KeptSession | undefined> {
		const atHand = this.newest();
		if (atHand !== undefined && atHand.token !== stale && atHand.expiresAt > this.now()) return atHand;
		let found = await this.stored();
		// One that died right after it was made was ended by another worker's login, and n8n is about to store what
		// came of that.
		for (
			let look = 0;
			look < LOOKS && found !== undefined && found.token === stale && found.madeAt > this.now() - JUST_MADE_MS;
			look++
		) {
			await pause(LOOK_MS);
			found = await this.stored();
		}
		return found;
	}

	private async stored(): Promise<KeptSession | undefined> {
		const { [SESSION]: stored } = await this.context.getCredentials(this.credentialType);
		this.credentials = { ...this.credentials, [SESSION]: stored ?? '' };
		return this.newest();
	}

	private newest(): KeptSession | undefined {
		return newest(latestOf(this.key), readSession(this.credentials[SESSION], this.key));
	}

	/** Has n8n log in and store the session: an empty one makes it do so before it signs. Nothing else is sent. */
	private async logIn(doubtedAt: number | undefined): Promise<KeptSession> {
		noteDoubt(this.key, doubtedAt);
		const data = { ...this.credentials, [SESSION]: '' };
		const options = optionsOf(this.connection.baseUrl, { method: 'GET', path: '/' }, ATTEMPT_TIMEOUT_MS);
		try {
			await this.ask({ ...options, [PURPOSE]: LOGIN_ONLY }, data);
		} catch (thrown) {
			if (!chainOf(thrown).some(isLoggedIn)) {
				// Whatever happens in a login, the request that waits for it has not been sent.
				throw toFleetError(thrown, new URL(options.url).hostname).with({ effect: 'none' });
			}
		}
		const session = readSession(data[SESSION], this.key);
		if (session === undefined)
			throw new UnexpectedAnswer('n8n did not log in.', {
				advice: 'Open the credential, save it and try again.',
			});
		this.credentials = data;
		return session;
	}
}
