import { jsonOf } from '../../core/call/answer';
import { lifetimeOf } from '../../core/call/lifetime';
import { LoginRejected, UnexpectedAnswer } from '../../core/describe/errors';
import type { Exchange, WireRequest } from '../../core/describe/host';
import type { Session } from '../../core/describe/connection';
import { isRecord, textOf } from '../../core/describe/read';
import { cut } from '../../core/describe/words';
import { reasonsOf, TITLE, tooOften, valuesOf, wordsOf } from './answer';
import type { TrackgpsConnection } from './connection';

export const LOGIN = 'POST /api/authentication/login';

/** "All requests must include the api-version=2.0 parameter in the URL." */
const VERSION = { 'api-version': '2.0' } as const;

/** The overview says an hour, the login's sample and real tokens eight (facts 2.2): what the answer says counts. */
const UNSAID_S = 3600;
/** Renewed this long before its end. */
const EARLY_MS = 60_000;

/**
 * Logs in. There is a refresh token, but no document says where to send it; a login is not limited, so it serves as
 * well (facts 2.2).
 */
export async function login(connection: TrackgpsConnection, exchange: Exchange, now: () => number): Promise<Session> {
	const form = { username: connection.account, password: connection.secret };
	const answer = await exchange({ method: 'POST', path: '/api/authentication/login', query: VERSION, form });
	const { status } = answer;
	if (status === 429) throw tooOften(answer);
	if ((status === 400 || status === 401 || status === 403) && !/^\s*[{<]/.test(answer.body)) throw rejected(status);
	const body = jsonOf(answer, TITLE);
	// Not quoted: a token may be in it.
	if (!isRecord(body))
		throw new UnexpectedAnswer(`${TITLE} sent something else instead of the answer to the login.`, {
			status,
			advice: 'Check the base URL in the account.',
		});
	const values = valuesOf(body);
	// The words are those of the identity server (facts 2.2, L).
	const error = textOf(values('error')) ?? textOf(wordsOf(reasonsOf(values('failureReasons'))));
	if (error !== null || status >= 400) throw rejected(status, error, textOf(values('error_description')));
	const token = values('access_token');
	if (typeof token !== 'string' || token.trim() === '')
		throw new UnexpectedAnswer(`${TITLE} answered the login without an access token.`, {
			status,
			advice: 'Check the base URL in the account.',
		});
	const ms = lifetimeOf(values('expires_in'), 1000, UNSAID_S);
	return { token, expiresAt: now() + Math.max(ms - EARLY_MS, ms / 2) };
}

function rejected(status: number, error: string | null = null, description: string | null = null): LoginRejected {
	const words = cut([error, description].filter((part) => part !== null).join(': '));
	return new LoginRejected(`${TITLE} refuses the login (HTTP ${status}${words === '' ? '' : `: ${words}`}).`, {
		status,
		...(words === '' ? {} : { vendorCode: error ?? undefined, vendorMessage: words }),
		advice: 'Check account and secret. If they are right, ask the support of TrackGPS.ro whether the user may use the API.',
	});
}

export function sign(request: WireRequest, token: string): WireRequest {
	return {
		...request,
		query: { ...VERSION, ...request.query },
		headers: { ...request.headers, authorization: `Bearer ${token}` },
	};
}
