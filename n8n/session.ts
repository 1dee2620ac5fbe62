import { ACCOUNTS_KEPT } from '../core/call/account';
import type { Session } from '../core/describe/connection';
import { Recent } from '../core/call/recent';
import { AHEAD_SECONDS } from '../core/describe/time';
import { isToken } from '../core/call/session';

/** Name of the hidden credential property that n8n fills through preAuthentication. */
export const SESSION = 'session';

/** A session as the credential keeps it: JSON text. */
export interface KeptSession extends Session, Required<Pick<Session, 'madeAt'>> {
	/** The login that it belongs to (loginKey): a credential that has been changed since logs in again. */
	key: string;
	madeAt: number;
}

/** The newest that this process knows, so that two credentials of one account do not end each other's sessions. */
const latest = new Recent<KeptSession>(ACCOUNTS_KEPT);

/** Tokens of the newest that it has made itself. */
const own = new Recent<string>(ACCOUNTS_KEPT);

/** When a login was last made on a mere doubt, by the login's key: n8n makes it, and does not say what for. */
const doubts = new Recent<number>(ACCOUNTS_KEPT);

/** What the next login is to be kept with. */
export function noteDoubt(key: string, doubtedAt: number | undefined): void {
	if (doubtedAt !== undefined) doubts.set(key, doubtedAt);
}

export function keep(session: Session, key: string, now: number): KeptSession {
	const kept = { ...session, key, madeAt: now, doubtedAt: doubts.get(key) };
	own.set(key, kept.token);
	learn(kept);
	return kept;
}

/** A session that is stored in a credential, of which others of the account may not know. */
export function learn(session: KeptSession): void {
	latest.set(session.key, newest(latest.get(session.key), session) ?? session);
}

export const isOwn = ({ key, token }: KeptSession) => own.get(key) === token;

/** When it was made. What lies in the future was before a clock was set back, and is older than all others. */
const madeAtOf = ({ madeAt }: KeptSession) => (madeAt > Date.now() + AHEAD_SECONDS * 1000 ? -Infinity : madeAt);

export function newest(...sessions: (KeptSession | undefined)[]): KeptSession | undefined {
	return sessions.reduce(
		(best, session) =>
			best === undefined || (session !== undefined && madeAtOf(session) > madeAtOf(best)) ? session : best,
		undefined,
	);
}

export function latestOf(key: string): KeptSession | undefined {
	return latest.get(key);
}

/** Reads a credential's session; undefined if there is none, or one of other settings. */
export function readSession(text: unknown, key: string): KeptSession | undefined {
	if (typeof text !== 'string' || text === '') return undefined;
	try {
		const { token, expiresAt, key: madeFor, madeAt, doubtedAt } = JSON.parse(text) as Partial<KeptSession>;
		if (
			typeof token !== 'string' ||
			!isToken(token) ||
			typeof expiresAt !== 'number' ||
			typeof madeAt !== 'number' ||
			madeFor !== key
		)
			return undefined;
		return { token, expiresAt, key, madeAt, ...(typeof doubtedAt === 'number' ? { doubtedAt } : {}) };
	} catch {
		return undefined;
	}
}

/** Credentials that n8n is to store a session in which is in force already. */
const given = new WeakMap<object, KeptSession>();

export function storing<C extends object>(credentials: C, session: KeptSession): C {
	given.set(credentials, session);
	return credentials;
}

export const sessionFor = (credentials: object) => given.get(credentials);
