import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises';
import { LONGEST_TIMER_MS, orLate } from '../../core/call/abort';
import { sharedLogin, type SharedLogin } from '../../core/call/account';
import { checkBaseUrl } from '../../core/describe/base-url';
import { Client } from '../../core/call/client';
import { FleetError } from '../../core/describe/errors';
import { readFields } from '../../core/describe/field';
import {
	ATTEMPT_TIMEOUT_MS,
	loginTooSlow,
	type Host,
	type SendOptions,
	type SignedAnswer,
	type WantedSession,
	type WireRequest,
} from '../../core/describe/host';
import type { Connection, Session } from '../../core/describe/connection';
import type { Provider } from '../../core/describe/provider';
import { Redactor } from '../../core/call/redaction';
import { logIn } from '../../core/call/session';
import { Wire, type WireOptions } from './wire';

const pause = async (ms: number, signal?: AbortSignal) => {
	await sleep(Math.min(ms, LONGEST_TIMER_MS), undefined, { signal });
};
/** The login goes on for whoever else waits for it. */
const loginLate = () => Promise.reject(loginTooSlow());

/** What an account's node and the credentials beside it hold. */
export type AccountSettings = Readonly<Record<string, unknown>>;

/** Checks an account's settings. @throws InvalidParams with a sentence for each that is missing or wrong */
export function connectionOf(provider: Provider, settings: AccountSettings): Connection {
	// The editor stores an empty choice for a setting that the account was saved without: it has its default.
	const chosen = Object.fromEntries(
		Object.entries(settings).filter(
			([name, value]) => (value !== '' && value !== null) || provider.connection[name]?.kind !== 'choice',
		),
	);
	return readFields(provider.connection, chosen, { now: Date.now(), timeZone: 'UTC' }) as unknown as Connection;
}

/** How an account that is only tried differs from one that is deployed. */
export interface Trial {
	/** In place of the state that all accounts of the name share in the process. */
	shared: SharedLogin;
	/** Lets a login be made, or not. */
	guard: <T>(login: () => Promise<T>) => Promise<T>;
}

/**
 * A vendor account as Node-RED's nodes use it. It logs in when something is asked, never before; session, quota and
 * picker lists belong to the process, so that they outlive a redeploy.
 */
export class Account {
	readonly redactor = new Redactor();
	private readonly wire: Wire;
	private readonly shared: SharedLogin;

	/**
	 * @param onLogin hears how a login ended: undefined if well
	 * @param trial whether it is only tried out, and leaves nothing behind in the process
	 */
	constructor(
		readonly provider: Provider,
		readonly connection: Connection,
		options: Omit<WireOptions, 'baseUrl' | 'allowPrivateAddresses'> = {},
		private readonly onLogin: (rejected?: FleetError) => void = () => undefined,
		private readonly trial?: Trial,
	) {
		checkBaseUrl(connection.baseUrl, connection.allowPrivateAddresses);
		this.redactor.addSecrets(provider.connection, connection);
		this.wire = new Wire({
			baseUrl: connection.baseUrl,
			allowPrivateAddresses: connection.allowPrivateAddresses,
			...options,
		});
		this.shared = trial?.shared ?? sharedLogin(provider, connection);
	}

	/** A client whose hints go to `warn`. Without a node's permission, it sends no commands. */
	client(warn: (message: string) => void, node: Pick<Host, 'permitsCommands' | 'log'> = {}): Client {
		const host: Host = {
			send: (request, options) => this.send(request, options),
			token: async ({ signal, leftMs, ...wanted }) => {
				const limit = { ms: leftMs, signal, sleep: pause };
				return (await orLate(this.session(wanted), limit, loginLate)).token;
			},
			sleep: pause,
			idle: () => immediate(),
			now: Date.now,
			warn,
			readsNames: true,
			...node,
		};
		return new Client(this.provider, this.connection, host, this.redactor, this.shared);
	}

	/** Logs in, which ends the session that was in force. @throws FleetError */
	async logIn(): Promise<Session> {
		return await (this.trial === undefined ? this.newSession() : this.trial.guard(() => this.newSession()));
	}

	/** Ends its connections once what is under way has been answered. */
	close(): Promise<void> {
		return this.wire.close();
	}

	private async newSession(): Promise<Session> {
		try {
			const session = await logIn(
				this.provider,
				this.connection,
				(request) => this.wire.send(request, { timeoutMs: ATTEMPT_TIMEOUT_MS }),
				Date.now,
			);
			this.redactor.addToken(session.token);
			this.shared.session = session;
			this.onLogin();
			return session;
		} catch (error) {
			if (error instanceof FleetError && error.session === 'refused') this.onLogin(error);
			throw error;
		}
	}

	private async send(
		request: WireRequest,
		{ signal, timeoutMs, leftMs, ...wanted }: SendOptions,
	): Promise<SignedAnswer> {
		signal?.throwIfAborted();
		const deadline = Date.now() + leftMs;
		const limit = { ms: leftMs, signal, sleep: pause };
		const { token, ...login } = await orLate(this.session(wanted), limit, loginLate);
		const ms = Math.min(timeoutMs, deadline - Date.now());
		if (ms <= 0) throw loginTooSlow();
		const answer = await this.wire.send(this.provider.sign(request, token, this.connection), {
			timeoutMs: ms,
			signal,
		});
		return { ...answer, session: token, login };
	}

	private async session(wanted: WantedSession): Promise<Session> {
		return await this.shared.sessions.get({
			...wanted,
			current: () => Promise.resolve(this.shared.session),
			renew: async (doubtedAt) => (this.shared.session = { ...(await this.logIn()), doubtedAt }),
			now: Date.now,
		});
	}
}
