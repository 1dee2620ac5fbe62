import { createHash } from 'node:crypto';
import type { FleetError } from '../describe/errors';
import { CircuitBreaker } from './breaker';
import { Limiter } from './limiter';
import { Lookups } from './lookups';
import { MethodRefusals } from './method-refusals';
import { Refusals } from './refusals';
import type { Connection, Session } from '../describe/connection';
import type { Host } from '../describe/host';
import type { Provider } from '../describe/provider';
import { Proofs } from './proofs';
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
	/** Whether nothing else speaks against it: the account logs in for that in rare cases only. */
	doubted?: boolean;
}

export interface Renewal {
	/** Token of the session that is renewed. */
	readonly session: string;
	/** Whether the request that decided on it has ended. */
	over: boolean;
}

/** What all logins to one account share in a process, whatever their secret: its quota. */
export interface SharedAccount {
	readonly limiter: Limiter;
	/**
	 * Turns of all logins that the vendor has yet to accept, with sessions that were stored before the process began:
	 * one at a time. Each takes a turn of the account, too, as the last of all.
	 */
	readonly probation: Limiter;
	/** Whether a login of this process to it has succeeded. */
	proven: boolean;
	/**
	 * The login that its stored session alone has accepted, while no login has succeeded: the session may be that of
	 * another account.
	 */
	holder?: SharedLogin;
	/** When dead tokens forced renewals, in milliseconds since 1970. */
	readonly renewals: number[];
}

/** What nodes with the same login share in a process: one session, one breaker, and what is known of the account. */
export interface SharedLogin {
	readonly account: SharedAccount;
	readonly sessions: SessionKeeper;
	readonly breaker: CircuitBreaker;
	readonly retries: RetryBudget;
	readonly lookups: Lookups;
	/** A session that may be over, according to a request that was not sent again: the next one renews it first. */
	suspectSession?: Suspect;
	/** Recent reads of triggers, for others that need the same. */
	readonly reads: SharedReads;
	/** Devices that the vendor refuses, as far as triggers know. */
	readonly refusals: Refusals;
	/** Methods that it refuses. */
	readonly methods: MethodRefusals;
	/** When this process last logged in on a mere doubt, in milliseconds since 1970. */
	doubtedAt?: number;
	/** The request that shows whether a stored session is good, and those that wait for it. */
	readonly proofs: Proofs;
	/** The latest renewal that a request has decided on. */
	renewal?: Renewal;
	/** Triggers of this process that read a queue of the account, by the queue's name. */
	readonly queues: Map<string, QueueReader>;
	/**
	 * Whether the vendor has accepted the login, and has not refused it since. Until then it takes no turns of the
	 * account.
	 */
	accepted: boolean;
	/** Whether another login of the account is accepted: then a stored session proves nothing, and a login has to. */
	readonly disputed: boolean;
	/** The vendor has answered in its session. From now on it takes turns of the account, unless it is disputed. */
	accept(host: Host): void;
	/** The session, where the host has no store of its own. */
	session?: Session;
}

/** Requests of one account in flight at once. */
const CONCURRENCY = 4;
/** More than are in use in any one program. */
export const ACCOUNTS_KEPT = 2000;
/** Logins that the vendor has yet to accept: anybody can name one, so they must not displace those that work. */
const UNPROVEN_KEPT = 500;

interface Known {
	readonly accounts: Recent<SharedAccount>;
	readonly logins: Recent<SharedLogin>;
}

const keeping = (most: number): Known => ({ accounts: new Recent(most), logins: new Recent(most) });
/** By what has shown that they are right: a login of this process, a session that was stored, or nothing yet. */
const proven = keeping(ACCOUNTS_KEPT);
const held = keeping(ACCOUNTS_KEPT);
const unproven = keeping(UNPROVEN_KEPT);

const accountNamed = (key: string) => proven.accounts.get(key) ?? held.accounts.get(key) ?? unproven.accounts.get(key);
const loginNamed = (key: string) => proven.logins.get(key) ?? held.logins.get(key) ?? unproven.logins.get(key);

/**
 * Names an account: the vendor's address and the account's name there, not the node or the credential that uses it.
 * Without a name it is the address alone: a trigger goes on where it stands when its account gets a new key.
 */
export function accountKey(
	provider: Provider,
	{ baseUrl, account = '' }: Pick<Connection, 'baseUrl' | 'account'>,
): string {
	return `${provider.name} ${baseUrl.replace(/(?<!\/)\/+$/, '').toLowerCase()} ${account}`;
}

/**
 * Names whose events a trigger's position belongs to, however the address is spelled: with http or https, in capitals,
 * with a default port, a dot or a slash at its end. Its quota is one, too. Logins are bound to the address as it is
 * spelled.
 */
export function positionKey(
	provider: Pick<Provider, 'name'>,
	{ baseUrl, account = '' }: Pick<Connection, 'baseUrl' | 'account'>,
): string {
	const { hostname, port, pathname } = new URL(baseUrl);
	const place = [
		hostname.replace(/\.$/, ''),
		['80', '443'].includes(port) ? '' : port,
		pathname.replace(/(?<!\/)\/+$/, ''),
	];
	return JSON.stringify([provider.name, ...place, account]);
}

/** Whose quota it is: the account's, or the key's where that is all that is known of it. */
const quotaKey = (provider: Provider, connection: Connection) =>
	connection.account === undefined ? loginKey(provider, connection) : positionKey(provider, connection);

/**
 * Names a login: everything that it depends on, the secret included. Without the right secret, a node shares neither
 * the session nor the lists of other nodes, although they name the same account.
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
	accountNamed(quotaKey(provider, connection))?.limiter.probe();
}

/** Where the vendor wants requests apart, several processes need some air between their turns. */
const AIR = 0.95;

/**
 * How fast a connection's settings let this process ask the vendor: requests a minute, and how many of them may follow
 * each other at once.
 */
export function rateOf(
	{ limits }: Pick<Provider, 'limits'>,
	{ rateLimit, processes = 1 }: Pick<Connection, 'rateLimit' | 'processes'>,
): [perMinute: number, burst: number] {
	const burst = Math.min(limits.burst, rateLimit);
	const share = rateLimit / processes;
	return [processes > 1 && burst <= 1 ? share * AIR : share, Math.max(1, Math.floor(burst / processes))];
}

/** The state that those share who log in like this already; nothing is made for it. */
export const knownLogin = (provider: Provider, connection: Connection): SharedLogin | undefined =>
	loginNamed(loginKey(provider, connection));

/**
 * The login's shared state; kept while the process lives, so that a redeploy neither logs in again nor refills the
 * quota.
 * @param keep false for a trial: it joins who logs in like this already, and leaves no trace otherwise
 */
export function sharedLogin(provider: Provider, connection: Connection, keep = true): SharedLogin {
	const key = loginKey(provider, connection);
	const known = loginNamed(key);
	if (known !== undefined) return known;
	const login = new Login(provider, connection, keep);
	if (keep) unproven.logins.set(key, login);
	return login;
}

class Login implements SharedLogin {
	readonly sessions: SessionKeeper;
	readonly breaker: CircuitBreaker;
	readonly retries = new RetryBudget();
	readonly lookups = new Lookups();
	readonly reads = new SharedReads();
	readonly refusals = new Refusals();
	readonly methods = new MethodRefusals();
	doubtedAt?: number;
	renewal?: Renewal;
	readonly proofs = new Proofs();
	readonly queues = new Map<string, QueueReader>();
	suspectSession?: Suspect;
	session?: Session;
	accepted = false;
	private readonly own: SharedAccount;
	private readonly accountKey: string;

	/** @param kept whether others find it: a trial of settings leaves no trace */
	constructor(
		private readonly provider: Provider,
		private readonly connection: Connection,
		private readonly kept: boolean,
	) {
		this.accountKey = quotaKey(provider, connection);
		this.own = sharedAccount(provider, connection);
		this.sessions = new SessionKeeper(provider.title, connection.account, this.own.renewals);
		this.breaker = new CircuitBreaker(provider.title);
	}

	private get key(): string {
		return loginKey(this.provider, this.connection);
	}

	/** The one that others with the account have, whoever came first. */
	get account(): SharedAccount {
		return proven.accounts.get(this.accountKey) ?? this.own;
	}

	get disputed(): boolean {
		const { holder, proven: isProven } = this.account;
		return isProven ? !this.accepted : holder !== undefined && holder !== this && holder.accepted;
	}

	accept(host: Host): void {
		if (this.accepted && (this.account.proven || !this.sessions.loggedIn)) return;
		if (this.sessions.loggedIn) this.prove(host);
		else if (!this.disputed) this.hold(host);
	}

	/** A login has succeeded. */
	private prove(host: Host): void {
		const { account, accountKey: key } = this;
		this.accepted = true;
		if (this.kept) proven.logins.set(this.key, this);
		if (account.proven) return;
		const { holder = this } = account;
		// What a session has done here that may be another account's is not this one's doing.
		const own = holder === this ? account : { ...account, limiter: account.limiter.successor(host.now()) };
		if (holder !== this) holder.accepted = false;
		own.proven = true;
		own.holder = undefined;
		proven.accounts.set(key, own);
		this.setRate(host);
	}

	/** A stored session has been answered in, and nobody else has the account. */
	private hold(host: Host): void {
		const { account } = this;
		this.accepted = true;
		account.holder = this;
		held.accounts.set(this.accountKey, account);
		if (this.kept) held.logins.set(this.key, this);
		this.setRate(host);
	}

	/** Those who only named the account have no say in its rate. */
	private setRate(host: Host): void {
		this.account.limiter.keepTo(...rateOf(this.provider, this.connection), host.now());
	}
}

/** Its quota, which holds for those who only try it, too: until a login is proven, the least that any of them has. */
function sharedAccount(provider: Provider, connection: Connection): SharedAccount {
	const key = quotaKey(provider, connection);
	const [perMinute, burst] = rateOf(provider, connection);
	const known = accountNamed(key);
	if (known !== undefined) {
		const { proven: isProven, holder, limiter, probation } = known;
		if (!isProven && holder?.accepted !== true)
			for (const either of [limiter, probation]) either.lowerTo(perMinute, burst);
		return known;
	}
	const account: SharedAccount = {
		limiter: new Limiter(perMinute, burst, CONCURRENCY),
		probation: new Limiter(perMinute, 1, 1),
		proven: false,
		renewals: [],
	};
	unproven.accounts.set(key, account);
	return account;
}
