import { checkBaseUrl } from '../describe/base-url';
import { FleetError, InvalidParams, SessionContested, UnexpectedAnswer } from '../describe/errors';
import { LoginNeeded, type Exchange } from '../describe/host';
import type { Connection, Session } from '../describe/connection';
import type { Provider } from '../describe/provider';
import { doubling } from './backoff';

/**
 * Sessions that others end are renewed at once for so often within this time, and then after pauses that grow: another
 * process of ours may store the session that is in force, and a program that is not ours is not worth a fight.
 */
const CONTEST_MS = 60_000;
const AT_ONCE = 2;
const PAUSES = { firstMs: 5000, longestMs: 20_000 };

const RENEWALS_KEPT = 20;

/** Tokens that are known to be over, of one login. */
const ENDED_KEPT = 20;

/**
 * Allows one login at a time. Vendors end the old token at each login, so the first caller that finds a token dead
 * renews it, and the others wait and use the result. Callers with another secret have a keeper of their own: whether
 * one secret is right says nothing about another.
 */
export class SessionKeeper {
	/** Whether a login of this process has succeeded: a session that somebody has stored is no proof of one. */
	loggedIn = false;
	private renewing: Promise<Session> | undefined;
	/** The latest login that failed. */
	private failed: { error: unknown } | undefined;
	/** Tokens that a later one has replaced. */
	private readonly ended = new Set<string>();

	/** @param renewals when dead tokens forced a renewal of any login to the account, without a minute between two */
	constructor(
		private readonly vendor: string,
		private readonly account: string | undefined,
		private readonly renewals: number[],
	) {}

	/**
	 * A session that is in force.
	 * @param current where the session is kept; undefined if there is none
	 * @param renew logs in, and keeps the result where `current` finds it, with the time of the last doubt
	 * @param stale token that has just been refused: never returned
	 * @param doubted whether it is only in doubt
	 * @param mayLogIn false where nobody may wait for a login: LoginNeeded is thrown instead
	 * @throws SessionContested where others keep ending it, and it is too early to log in again
	 */
	async get<S extends Session>({
		current,
		renew,
		stale,
		doubted = false,
		freshForMs = 0,
		mayLogIn = true,
		now,
	}: {
		current: () => Promise<S | undefined>;
		renew: (doubtedAt: number | undefined) => Promise<S>;
		stale?: string;
		doubted?: boolean;
		freshForMs?: number;
		mayLogIn?: boolean;
		now: () => number;
	}): Promise<S> {
		if (this.renewing !== undefined && !mayLogIn) throw new LoginNeeded();
		// All callers of a keeper keep the same kind of session.
		if (this.renewing !== undefined) return this.renewing as Promise<S>;
		const { failed } = this;
		const session = await current();
		const isOver = session?.token === stale || this.hasEnded(session?.token);
		if (session !== undefined && !isOver && session.expiresAt > now() + freshForMs) {
			if (!doubted) this.end(stale);
			return session;
		}
		if (!mayLogIn) throw new LoginNeeded();
		// eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- another caller may have come to the same conclusion while this one was waiting
		if (this.renewing !== undefined) return this.renewing;
		// A login that began and failed while this caller was waiting is the one that it would have waited for.
		if (this.failed !== undefined && this.failed !== failed) throw this.failed.error;
		const dropped = session !== undefined && isOver && session.expiresAt > now();
		// A doubt is no sign of another program.
		const killed = dropped && !doubted;
		if (killed) this.mustNotBeContested(now());
		const renewing = renew(dropped && doubted ? now() : session?.doubtedAt).catch((error: unknown) => {
			this.failed = { error };
			this.loggedIn = false;
			throw error;
		});
		this.renewing = renewing;
		try {
			const renewed = await renewing;
			this.loggedIn = true;
			this.end(session?.token);
			this.end(stale);
			// Some vendors give the same token again while it is good.
			this.ended.delete(renewed.token);
			// One that fails has ended nobody's session.
			if (killed) this.remember(now());
			return renewed;
		} finally {
			this.renewing = undefined;
		}
	}

	/** Whether a later one has replaced it. */
	hasEnded(token: string | undefined): boolean {
		return token !== undefined && this.ended.has(token);
	}

	private end(token: string | undefined): void {
		if (token === undefined) return;
		this.ended.delete(token);
		this.ended.add(token);
		for (const oldest of this.ended) {
			if (this.ended.size <= ENDED_KEPT) return;
			this.ended.delete(oldest);
		}
	}

	/** The first tells how long it has gone on, the latest how often lately. */
	private remember(now: number): void {
		this.renewals.push(now);
		if (this.renewals.length > RENEWALS_KEPT) this.renewals.splice(1, 1);
	}

	/** What to say if others have kept ending it for so long that no login of another process of ours explains it. */
	contest(now: number, retryAfterMs?: number): SessionContested | undefined {
		if (now - (this.renewals[0] ?? now) < CONTEST_MS) return undefined;
		return new SessionContested(
			`Another program is logging in to ${this.vendor} with ${this.named}, and each login ends the other's session.`,
			{
				advice: 'Stop the other program, or give each its own account. It may also be a worker, an instance or a credential of yours with the same account.',
				retryable: true,
				retryAfterMs,
			},
		);
	}

	private mustNotBeContested(now: number): void {
		const { renewals } = this;
		const latest = renewals.at(-1) ?? -Infinity;
		// Those of the future were before a clock was set back.
		if (latest <= now - CONTEST_MS || latest > now) renewals.length = 0;
		const { length: lately } = renewals.filter((at) => at > now - CONTEST_MS);
		const retryAfterMs = latest + doubling(lately - AT_ONCE + 1, PAUSES) - now;
		if (lately < AT_ONCE || retryAfterMs <= 0) return;
		throw (
			this.contest(now, retryAfterMs) ??
			new SessionContested(
				`The session of ${this.named} at ${this.vendor} has ended ${String(lately)} times within a minute.`,
				{
					advice: 'The request was not carried out. Try again in a minute.',
					retryable: true,
					retryAfterMs,
				},
			)
		);
	}

	private get named(): string {
		return this.account === undefined ? 'this account' : `the account "${this.account}"`;
	}
}

/** The end of a session that has none: the last moment that there is. JSON has no infinity. */
export const FOREVER = 8_640_000_000_000_000;

/** Tokens have some dozens or hundreds of characters. Longer ones would cost each error that is searched for them. */
const LONGEST_TOKEN = 4096;

/** Whether a text can go into an address or a header as it is. */
export const isToken = (text: string) => text.length > 0 && text.length <= LONGEST_TOKEN && /^[\x20-\x7e]*$/.test(text);

/** The account's secret, by the name of its field, where it is all that a vendor asks for. */
export function secretField({ connection }: Pick<Provider, 'connection'>): [name: string, title: string] {
	const [name = '', { title } = { title: 'Secret' }] =
		Object.entries(connection).find(([, { secret }]) => secret) ?? [];
	return [name, title];
}

/** A vendor without a login: what the user filled in serves for good. */
function keyOf(provider: Provider, connection: Connection): Session {
	const [name, title] = secretField(provider);
	const token = (connection as unknown as Record<string, unknown>)[name];
	if (typeof token !== 'string' || !isToken(token))
		throw new InvalidParams(`${title} has signs that cannot be sent.`, {
			advice: `Copy it again from ${provider.title}.`,
		});
	return { token, expiresAt: FOREVER };
}

/**
 * Logs in. Whatever goes wrong here, the request that the session was wanted for has not been sent.
 * @throws FleetError with effect 'none'
 */
export async function logIn(
	provider: Provider,
	connection: Connection,
	exchange: Exchange,
	now: () => number,
): Promise<Session> {
	checkBaseUrl(connection.baseUrl, connection.allowPrivateAddresses);
	try {
		if (provider.login === undefined) return keyOf(provider, connection);
		const session = await provider.login(connection, exchange, now);
		if (!isToken(session.token))
			throw new UnexpectedAnswer(
				`${provider.title} accepted the login, but its token has ${session.token.length > LONGEST_TOKEN ? `${session.token.length.toLocaleString('en')} characters` : 'signs that no token has'}.`,
				{ advice: 'Check the base URL in the account.' },
			);
		return { ...session, expiresAt: Math.min(session.expiresAt, FOREVER), madeAt: now() };
	} catch (error) {
		throw error instanceof FleetError ? error.with({ effect: 'none' }) : error;
	}
}
