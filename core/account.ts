import { createHash } from 'node:crypto';
import type { FleetError } from './errors';
import { Limiter } from './limiter';
import type { Connection, Provider, Session } from './provider';
import type { Choice } from './field';
import { Resilience } from './retry';
import { SessionKeeper } from './session';

export interface Suspect {
	/** Token of the session. */
	session: string;
	/** What cast doubt on it. */
	error: FleetError;
}

/** What all nodes of one account share in a process: one login, one quota, one breaker, one set of picker lists. */
export interface SharedAccount {
	readonly sessions: SessionKeeper;
	readonly resilience: Resilience;
	readonly lookups: Map<string, { choices: Promise<Choice[]>; until: number }>;
	readonly limiter: Limiter;
	/** Requests a minute that the limiter is set to. */
	rateLimit: number;
	/** A session that may be over, as a request that could not be sent again found out: the next request renews it first. */
	suspect?: Suspect;
	/** Where a host without a store of its own keeps the session, with the loginKey of who made it. */
	session?: Session & { key: string };
}

/** Requests of one account under way at once. */
const CONCURRENCY = 4;
const accounts = new Map<string, SharedAccount>();

/** Names an account: the vendor's address and the account's name there, not the node or the credential that uses it. */
export function accountKey(provider: Provider, connection: Pick<Connection, 'baseUrl' | 'account'>): string {
	return `${provider.name} ${connection.baseUrl.replace(/\/+$/, '').toLowerCase()} ${connection.account}`;
}

/**
 * Stands for everything that a login depends on, the secret included: who does not know it gets neither the session nor
 * the lists of others, though all name the same account.
 */
export function loginKey(provider: Pick<Provider, 'name'>, connection: Connection): string {
	// These three say what the account may do here, not who it is.
	const { allowCommands: _commands, allowPrivateAddresses: _addresses, rateLimit: _rate, baseUrl, ...login } = connection;
	return createHash('sha256').update(JSON.stringify([provider.name, baseUrl.replace(/\/+$/, '').toLowerCase(), login])).digest('base64url');
}

/** The account's shared state; kept for the life of the process, so that a redeploy neither logs in again nor refills the quota. */
export function sharedAccount(provider: Provider, connection: Connection): SharedAccount {
	const key = accountKey(provider, connection);
	const { rateLimit } = connection;
	const burst = Math.min(provider.limits.burst, rateLimit);
	let shared = accounts.get(key);
	if (shared === undefined) {
		shared = { sessions: new SessionKeeper(provider.title, connection.account), resilience: new Resilience(provider.title), lookups: new Map(), limiter: new Limiter(rateLimit, burst, CONCURRENCY), rateLimit };
		accounts.set(key, shared);
	} else if (shared.rateLimit !== rateLimit) {
		shared.limiter.change(rateLimit, burst);
		shared.rateLimit = rateLimit;
	}
	return shared;
}
