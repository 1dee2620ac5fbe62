import { createHash } from 'node:crypto';
import type { FleetError } from '../describe/errors';
import { CircuitBreaker } from './breaker';
import { Limiter } from './limiter';
import { Lookups } from './lookups';
import { Refusals } from './refusals';
import type { Connection, Session } from '../describe/connection';
import type { Provider } from '../describe/provider';
import { Recent } from './recent';
import { RetryBudget } from './retry';
import { SessionKeeper } from './session';
import { SharedReads } from './shared-reads';
import type { QueueReader } from '../describe/operation';

export interface Suspect {
	/** Token of the session. */
	session: string;
	/** What cast doubt on it. */
	error: FleetError;
}

/** What all who name one account share in a process, whatever their secret: its quota. */
export interface SharedAccount {
	readonly limiter: Limiter;
	/** When dead tokens forced renewals, in milliseconds since 1970. */
	readonly renewals: number[];
}

/**
 * What those share in a process who log in to an account in the same way: one session, one breaker, what was found out.
 */
export interface SharedLogin {
	readonly account: SharedAccount;
	readonly sessions: SessionKeeper;
	readonly breaker: CircuitBreaker;
	readonly retries: RetryBudget;
	readonly lookups: Lookups;
	/**
	 * A session that may be over, as a request that could not be sent again found out: the next request renews it
	 * first.
	 */
	suspectSession?: Suspect;
	/** What triggers have just found out, for others that ask the same. */
	readonly reads: SharedReads;
	/** Devices that the vendor refuses, as far as triggers have found out. */
	readonly refusals: Refusals;
	/** Who reads a queue of the account in this process, by the queue's name. */
	readonly queues: Map<string, QueueReader>;
	/**
	 * Whether there is a session that the vendor gave for it, and it has refused no login since. Until then it has yet
	 * to log in, and takes no turns of the account.
	 */
	accepted: boolean;
	/** Where a host without a store of its own keeps the session. */
	session?: Session;
}

/** Requests of one account under way at once. */
const CONCURRENCY = 4;
/** More than are in use in any one program. */
export const ACCOUNTS_KEPT = 2000;
const accounts = new Recent<SharedAccount>(ACCOUNTS_KEPT);
const logins = new Recent<SharedLogin>(ACCOUNTS_KEPT);

/** Names an account: the vendor's address and the account's name there, not the node or the credential that uses it. */
export function accountKey(provider: Provider, connection: Pick<Connection, 'baseUrl' | 'account'>): string {
	return `${provider.name} ${connection.baseUrl.replace(/(?<!\/)\/+$/, '').toLowerCase()} ${connection.account}`;
}

/**
 * Stands for everything that a login depends on, the secret included: who does not know it gets neither the session nor
 * the lists of others, though all name the same account.
 */
export function loginKey(provider: Pick<Provider, 'name' | 'connection'>, connection: Connection): string {
	const login = Object.entries({
		...connection,
		baseUrl: connection.baseUrl.replace(/(?<!\/)\/+$/, '').toLowerCase(),
	})
		.filter(([name]) => provider.connection[name]?.affectsLogin !== false)
		.sort(([a], [b]) => (a < b ? -1 : 1));
	return createHash('sha256')
		.update(JSON.stringify([provider.name, login]))
		.digest('base64url');
}

/** A person has tested the account: the next request tries whether a pause is over that the vendor asked for. */
export function testedByHand(provider: Provider, connection: Connection): void {
	accounts.get(accountKey(provider, connection))?.limiter.probe();
}

/**
 * How fast a connection's settings let the vendor be asked: requests a minute, and how many of them may follow each
 * other at once.
 */
export function rateOf(
	{ limits }: Pick<Provider, 'limits'>,
	{ rateLimit }: Pick<Connection, 'rateLimit'>,
): [perMinute: number, burst: number] {
	return [rateLimit, Math.min(limits.burst, rateLimit)];
}

/** The state that those share who log in like this already; nothing is made for it. */
export const knownLogin = (provider: Provider, connection: Connection): SharedLogin | undefined =>
	logins.get(loginKey(provider, connection));

/**
 * The login's shared state; kept while the process lives, so that a redeploy neither logs in again nor refills the
 * quota.
 * @param keep false for a trial: it joins who logs in like this already, and leaves no trace otherwise
 */
export function sharedLogin(provider: Provider, connection: Connection, keep = true): SharedLogin {
	const key = loginKey(provider, connection);
	const known = logins.get(key);
	if (known !== undefined) return known;
	const account = sharedAccount(provider, connection, keep);
	const login: SharedLogin = {
		account,
		sessions: new SessionKeeper(provider.title, connection.account, account.renewals),
		breaker: new CircuitBreaker(provider.title),
		retries: new RetryBudget(),
		lookups: new Lookups(),
		reads: new SharedReads(),
		refusals: new Refusals(),
		queues: new Map(),
		accepted: false,
	};
	if (keep) logins.set(key, login);
	return login;
}

function sharedAccount(provider: Provider, connection: Connection, keep: boolean): SharedAccount {
	const key = accountKey(provider, connection);
	const known = accounts.get(key);
	if (known !== undefined) return known;
	const account: SharedAccount = { limiter: new Limiter(...rateOf(provider, connection), CONCURRENCY), renewals: [] };
	if (keep) accounts.set(key, account);
	return account;
}
