import { checkBaseUrl } from '../describe/base-url';
import { FleetError, InvalidParams, SessionContested, UnexpectedAnswer } from '../describe/errors';
import { LoginNeeded, type Exchange } from '../describe/host';
import type { Connection, Session } from '../describe/connection';
import type { Provider } from '../describe/provider';
import { countOf } from '../describe/read';

/** Renewals forced by dead tokens within this time mean that somebody else logs in with the account. */
const CONTEST_MS = 60_000;
const CONTEST_RENEWALS = 2;

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

	/** @param renewals when dead tokens forced a renewal of any login to the account */
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
	 * @throws SessionContested when tokens keep dying although nobody here renewed them
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
		if (session !== undefined && session.token !== stale && session.expiresAt > now() + freshForMs) return session;
		if (!mayLogIn) throw new LoginNeeded();
		// eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- another caller may have come to the same conclusion while this one was waiting
		if (this.renewing !== undefined) return this.renewing;
		// A login that began and failed while this caller was waiting is the one that it would have waited for.
		if (this.failed !== undefined && this.failed !== failed) throw this.failed.error;
		const dropped = session !== undefined && session.token === stale && session.expiresAt > now();
		// A doubt is no sign of another program.
		const killed = dropped && !doubted;
		if (killed) this.mustNotBeContested(now());
		const renewing = renew(dropped && doubted ? now() : session?.doubtedAt);
		this.renewing = renewing;
		try {
			const renewed = await renewing;
			this.loggedIn = true;
			// One that fails has ended nobody's session.
			if (killed) this.renewals.push(now());
			return renewed;
		} catch (error) {
			this.failed = { error };
			this.loggedIn = false;
			throw error;
		} finally {
			this.renewing = undefined;
		}
	}

	private mustNotBeContested(now: number): void {
		// Those of the future were before a clock was set back.
		while (this.renewals[0] !== undefined && (this.renewals[0] <= now - CONTEST_MS || this.renewals[0] > now))
			this.renewals.shift();
		if (this.renewals.length >= CONTEST_RENEWALS) {
			throw new SessionContested(
				`Another program is logging in to ${this.vendor} with ${this.account === undefined ? 'this account' : `the account "${this.account}"`}, and each login ends the other's session.`,
				{
					advice: 'Stop the other program, or give each its own account. If there is none, ask the vendor why sessions end at once. Fleetwire waits a minute before it logs in again.',
					retryable: true,
				},
			);
		}
	}
}

/** The end of a session that has none: the last moment that there is. JSON has no infinity. */
export const FOREVER = 8_640_000_000_000_000;

const SHORTEST_LIFETIME_MS = 60_000;
const LONGEST_LIFETIME_MS = 366 * 86_400_000;

/**
 * How long a vendor says that a session lasts, in milliseconds. With less than a minute, each request would log in.
 * @param unit milliseconds of what the vendor counts in
 * @param unsaid what it counts where it says nothing, or what cannot be
 */
export function lifetimeOf(value: unknown, unit: number, unsaid: number): number {
	const ms = (countOf(value) ?? 0) * unit;
	return ms === 0 || ms > LONGEST_LIFETIME_MS ? unsaid * unit : Math.max(ms, SHORTEST_LIFETIME_MS);
}

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
