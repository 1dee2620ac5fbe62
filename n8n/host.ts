import type {
	ICredentialDataDecryptedObject,
	IExecuteFunctions,
	ILoadOptionsFunctions,
	IPollFunctions,
	ITriggerFunctions,
} from 'n8n-workflow';
import { orLate } from '../core/call/abort';
import { ACCOUNTS_KEPT, loginKey, sharedLogin } from '../core/call/account';
import { Recent } from '../core/call/recent';
import type { SessionKeeper } from '../core/call/session';
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
import { plain } from '../core/describe/words';
import type { Provider } from '../core/describe/provider';
import { isLoggedIn } from './credential';
import { chainOf, toFleetError } from './to-fleet-error';
import { isOwn, latestOf, learn, newest, noteDoubt, readSession, SESSION, storing, type KeptSession } from './session';
import { pause } from './abort';
import { ALLOW_COMMANDS } from './properties';
import { sendRequest, LOGIN_ONLY, optionsOf, proofOf, PURPOSE, type WireOptions } from './wire';

/** Where a node does its work: an execution, a trigger, or the editor's pickers. */
export type Context = IExecuteFunctions | IPollFunctions | ITriggerFunctions | ILoadOptionsFunctions;

/**
 * Who has made a session renews it when it is over, and others wait for what that stores: for so long on average, and
 * not all equally long. So does the one that made it, if it has been ended this soon: by another's login.
 */
const PATIENCE_MS = 1000;
const JUST_MADE_MS = 10_000;
const LOOK_MS = 250;

/** Tokens of the sessions that this process has handed on last, by credential and login. */
const handedOn = new Recent<string>(ACCOUNTS_KEPT);

/** It continues for the others that wait for it. */
const loginLate = () => Promise.reject(loginTooSlow());

/**
 * n8n as the core sees it. The session lives in the credential, so that all workers share it: n8n logs in, signs and
 * stores; which session a request goes out with is decided here, and handed to n8n with the request.
 */
export class N8nHost implements Host {
	/** As it is stored: an expression, such as that of an agent, permits nothing. */
	readonly permitsCommands: boolean;
	readonly readsNames = true;
	private readonly key: string;

	constructor(
		private readonly context: Context,
		private readonly provider: Provider,
		private readonly connection: Connection,
		private readonly credentialType: string,
		private credentials: ICredentialDataDecryptedObject,
		private readonly onWarning: (message: string) => void,
	) {
		this.permitsCommands = context.getNode().parameters[ALLOW_COMMANDS] === true;
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

	log(line: string): void {
		const { name } = this.context.getNode();
		// n8n's console shows no time by itself.
		this.context.logger.info(`${new Date(this.now()).toISOString()} ${plain(name)}: ${line}`);
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
		const session = await this.sessions.get({
			...wanted,
			current: () => this.current(wanted),
			renew: (doubtedAt) => this.logIn(doubtedAt),
			now: () => this.now(),
		});
		void this.handOn(session);
		return session;
	}

	private get sessions(): SessionKeeper {
		return sharedLogin(this.provider, this.connection).sessions;
	}

	/** The newest session there is; the database is asked only if those at hand are over. */
	private async current({ stale, mayLogIn = true }: WantedSession): Promise<KeptSession | undefined> {
		const isOver = ({ token, expiresAt }: KeptSession) =>
			token === stale || this.sessions.hasEnded(token) || expiresAt <= this.now();
		const atHand = this.newest(isOver);
		if (atHand !== undefined && !isOver(atHand)) return atHand;
		let found = await this.stored(isOver);
		if (found === undefined || !mayLogIn) return found;
		const renews = isOwn(found) && found.madeAt <= this.now() - JUST_MADE_MS;
		const until = renews ? -Infinity : this.now() + PATIENCE_MS * (0.5 + Math.random());
		while (found !== undefined && isOver(found) && this.now() < until) {
			await pause(LOOK_MS);
			found = await this.stored(isOver);
		}
		return found;
	}

	private async stored(isOver: (session: KeptSession) => boolean): Promise<KeptSession | undefined> {
		const { [SESSION]: stored } = await this.context.getCredentials(this.credentialType);
		this.credentials = { ...this.credentials, [SESSION]: stored ?? '' };
		return this.newest(isOver);
	}

	/** Rather one that is not known to be over: the clocks of other machines may be ahead. */
	private newest(isOver: (session: KeptSession) => boolean): KeptSession | undefined {
		const stored = readSession(this.credentials[SESSION], this.key);
		const known = [latestOf(this.key), stored].filter((session) => session !== undefined);
		if (stored !== undefined && !isOver(stored)) learn(stored);
		return newest(...known.filter((session) => !isOver(session))) ?? newest(...known);
	}

	/** Stores a session in this credential that was found elsewhere, for the processes that do not know it. */
	private async handOn(session: KeptSession): Promise<void> {
		const isNewer = () => {
			const stored = readSession(this.credentials[SESSION], this.key);
			return stored?.token !== session.token && newest(stored, session) === session;
		};
		if (!isNewer()) return;
		const { id } = this.context.getNode().credentials?.[this.credentialType] ?? {};
		const place = `${String(id)} ${this.key}`;
		if (handedOn.get(place) === session.token) return;
		handedOn.set(place, session.token);
		try {
			await this.stored(() => false);
			if (isNewer()) await this.authenticate(storing({ ...this.credentials, [SESSION]: '' }, session));
		} catch {
			// It is found by a login.
		}
	}

	/** Has n8n log in and store the session: an empty one makes it do so before it signs. Nothing else is sent. */
	private async logIn(doubtedAt: number | undefined): Promise<KeptSession> {
		noteDoubt(this.key, doubtedAt);
		const data = { ...this.credentials, [SESSION]: '' };
		await this.authenticate(data);
		const session = readSession(data[SESSION], this.key);
		if (session === undefined)
			throw new UnexpectedAnswer('n8n did not log in.', {
				advice: 'Open the credential, save it and try again.',
			});
		this.credentials = data;
		return session;
	}

	/** Has n8n do what it does before it signs a request, and no more. */
	private async authenticate(data: ICredentialDataDecryptedObject): Promise<void> {
		const options = optionsOf(this.connection.baseUrl, { method: 'GET', path: '/' }, ATTEMPT_TIMEOUT_MS);
		try {
			await this.ask({ ...options, [PURPOSE]: LOGIN_ONLY }, data);
		} catch (thrown) {
			if (!chainOf(thrown).some(isLoggedIn)) {
				// Whatever happens in a login, the request that waits for it has not been sent.
				throw toFleetError(thrown, new URL(options.url).hostname).with({ effect: 'none' });
			}
		}
	}
}
