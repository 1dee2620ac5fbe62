import { checkBaseUrl } from '../describe/base-url';
import { FleetError, SessionContested, UnexpectedAnswer } from '../describe/errors';
import type { Exchange } from '../describe/host';
import type { Connection, Session } from '../describe/connection';
import type { Provider } from '../describe/provider';

/** Renewals forced by dead tokens within this time mean that somebody else logs in with the account. */
const CONTEST_MS = 60_000;
const CONTEST_RENEWALS = 2;

/**
 * Keeps those who log in to an account in the same way to one login at a time. The vendors kill the old token at each
 * login, so whoever finds a token dead first renews it, and everyone else waits and uses the result. Who has another
 * secret waits for none of it: whether that one is right says nothing about his own.
 */
export class SessionKeeper {
	private renewing: Promise<Session> | undefined;
	/** The latest login that failed. */
	private failed: { error: unknown } | undefined;

	/** @param renewals when dead tokens forced a renewal of any login to the account */
	constructor(
		private readonly vendor: string,
		private readonly account: string,
		private readonly renewals: number[],
	) {}

	/**
	 * A session that is in force.
	 * @param current where the session is kept; undefined if there is none
	 * @param renew logs in, and keeps the result where `current` finds it
	 * @param stale token that has just been refused: never given back
	 * @throws SessionContested when tokens keep dying although nobody here renewed them
	 */
	async get<S extends Session>({
		current,
		renew,
		stale,
		freshForMs = 0,
		now,
	}: {
		current: () => Promise<S | undefined>;
		renew: () => Promise<S>;
		stale?: string;
		freshForMs?: number;
		now: () => number;
	}): Promise<S> {
		// Whoever shares a keeper keeps the same kind of session.
		if (this.renewing !== undefined) return this.renewing as Promise<S>;
		const { failed } = this;
		const session = await current();
		if (session !== undefined && session.token !== stale && session.expiresAt > now() + freshForMs) return session;
		// eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- another caller may have come to the same conclusion while this one was waiting
		if (this.renewing !== undefined) return this.renewing;
		// A login that began and failed while this caller was waiting is the one that it would have waited for.
		if (this.failed !== undefined && this.failed !== failed) throw this.failed.error;
		const killed = session !== undefined && session.token === stale && session.expiresAt > now();
		if (killed) this.mustNotBeContested(now());
		const renewing = renew();
		this.renewing = renewing;
		try {
			const renewed = await renewing;
			// One that fails has ended nobody's session.
			if (killed) this.renewals.push(now());
			return renewed;
		} catch (error) {
			this.failed = { error };
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
				`Another program is logging in to ${this.vendor} with the account "${this.account}", and each login ends the other's session.`,
				{
					advice: 'Stop the other program, or give each its own account. Fleetwire waits a minute before it logs in again.',
					retryable: true,
				},
			);
		}
	}
}

/** Tokens have some dozens or hundreds of characters. Longer ones would cost each error that is searched for them. */
const LONGEST_TOKEN = 4096;

/** Whether a text can go into an address or a header as it is. */
export const isToken = (text: string) => text.length > 0 && text.length <= LONGEST_TOKEN && /^[\x20-\x7e]*$/.test(text);

/**
 * Logs in. Whatever goes wrong here, the request that the session was wanted for has not been sent.
 * @throws FleetError with effect 'none'
 */
export async function logIn<C extends Connection>(
	provider: Provider<C>,
	connection: C,
	exchange: Exchange,
	now: () => number,
): Promise<Session> {
	checkBaseUrl(connection.baseUrl, connection.allowPrivateAddresses);
	try {
		const session = await provider.login(connection, exchange, now);
		if (!isToken(session.token))
			throw new UnexpectedAnswer(
				`${provider.title} accepted the login, but its token has ${session.token.length > LONGEST_TOKEN ? `${session.token.length.toLocaleString('en')} characters` : 'signs that no token has'}.`,
				{ advice: 'Check the base URL in the account.' },
			);
		return session;
	} catch (error) {
		throw error instanceof FleetError ? error.with({ effect: 'none' }) : error;
	}
}
