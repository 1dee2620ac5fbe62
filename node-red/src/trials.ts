import { knownLogin, loginKey, positionKey, sharedLogin, type SharedLogin } from '../../core/call/account';
import { RateLimited } from '../../core/describe/errors';
import type { Connection } from '../../core/describe/connection';
import type { Provider } from '../../core/describe/provider';
import type { Trial } from './account';

/**
 * Logins that one account may be tried with in a minute: each ends the session of what runs, and many lock an account.
 */
const MOST = 10;
const MINUTE_MS = 60_000;
/** So long the pickers of an account that is not deployed yet go on with its session. */
const KEPT_MS = 5 * MINUTE_MS;
const KEPT = 20;

interface Tried {
	inFlight: boolean;
	/** When it was tried within the last minute. */
	at: number[];
}

/** Accounts that people try in the editor before they deploy them. */
export class Trials {
	private readonly tried = new Map<string, Tried>();
	private readonly kept = new Map<string, { shared: SharedLogin; until: number }>();

	constructor(private readonly now: () => number = Date.now) {}

	/** How to try an account. One that is deployed keeps its state, so that what runs goes on with the new session. */
	of(provider: Provider, connection: Connection): Trial {
		const key = positionKey(provider, connection);
		return {
			shared: knownLogin(provider, connection) ?? this.ownOf(provider, connection),
			guard: (login) => this.guarded(key, login),
		};
	}

	/** @throws RateLimited if it is being tried already, or was too often */
	private async guarded<T>(key: string, login: () => Promise<T>): Promise<T> {
		const now = this.now();
		for (const [old, { inFlight, at }] of this.tried)
			if (!inFlight && at.every((time) => time <= now - MINUTE_MS)) this.tried.delete(old);
		const tried = this.tried.get(key) ?? { inFlight: false, at: [] };
		tried.at = tried.at.filter((time) => time > now - MINUTE_MS && time <= now);
		if (tried.inFlight)
			throw new RateLimited('The login of this account is being tested already.', {
				advice: 'Wait until that has ended.',
			});
		if (tried.at.length >= MOST)
			throw new RateLimited(`The login of this account was tested ${String(MOST)} times within a minute.`, {
				advice: 'Wait a minute: each login ends the session of the flows that run, and many can lock the account.',
			});
		tried.at.push(now);
		tried.inFlight = true;
		this.tried.set(key, tried);
		try {
			return await login();
		} finally {
			tried.inFlight = false;
		}
	}

	private ownOf(provider: Provider, connection: Connection): SharedLogin {
		const now = this.now();
		const key = loginKey(provider, connection);
		for (const [old, { until }] of this.kept) if (until <= now || until > now + KEPT_MS) this.kept.delete(old);
		const shared = this.kept.get(key)?.shared ?? sharedLogin(provider, connection, false);
		this.kept.delete(key);
		this.kept.set(key, { shared, until: now + KEPT_MS });
		const [oldest] = this.kept.keys();
		if (this.kept.size > KEPT && oldest !== undefined) this.kept.delete(oldest);
		return shared;
	}
}
