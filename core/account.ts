import { createHash } from 'node:crypto';
import type { FleetError } from './errors';
import { Limiter } from './limiter';
import type { Connection, Provider, Session } from './provider';
import type { Choice } from './field';
import { Resilience } from './retry';
import { SessionKeeper } from './session';
import { Looks } from './triggers/looks';
import type { QueueReader } from './triggers/queue-consumer';

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
	/** What triggers have just found out, for others that ask the same. */
	readonly looks: Looks;
	/** Who reads a queue of the account in this process, by the queue's name. */
	readonly queues: Map<string, QueueReader>;
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
export function loginKey(provider: Pick<Provider, 'name' | 'connection'>, connection: Connection): string {
	const login = Object.entries({ ...connection, baseUrl: connection.baseUrl.replace(/\/+$/, '').toLowerCase() })
		.filter(([name]) => provider.connection[name]?.apartFromLogin !== true)
		.sort(([a], [b]) => (a < b ? -1 : 1));
	return createHash('sha256').update(JSON.stringify([provider.name, login])).digest('base64url');
}

/** The account's shared state; kept for the life of the process, so that a redeploy neither logs in again nor refills the quota. */
export function sharedAccount(provider: Provider, connection: Connection): SharedAccount {
	const key = accountKey(provider, connection);
	const { rateLimit } = connection;
	const burst = Math.min(provider.limits.burst, rateLimit);
	let shared = accounts.get(key);
	if (shared === undefined) {
		shared = { sessions: new SessionKeeper(provider.title, connection.account), resilience: new Resilience(provider.title), lookups: new Map(), limiter: new Limiter(rateLimit, burst, CONCURRENCY), rateLimit, looks: new Looks(), queues: new Map() };
		accounts.set(key, shared);
	} else if (shared.rateLimit !== rateLimit) {
		shared.limiter.change(rateLimit, burst);
		shared.rateLimit = rateLimit;
	}
	return shared;
}
