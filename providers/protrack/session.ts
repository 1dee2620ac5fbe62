import { z } from 'zod/v4';
import { asFleetError, InvalidParams, UnexpectedAnswer } from '../../core/describe/errors';
import type { Exchange, WireRequest } from '../../core/describe/host';
import type { Session } from '../../core/describe/connection';
import { Recent } from '../../core/call/recent';
import { lifetimeOf } from '../../core/call/lifetime';
import { openEnvelope, REQUEST_TIME_ERROR } from './answer';
import { secretProblem, type ProtrackConnection } from './connection';
import { md5 } from './md5';

export const AUTHORIZATION = 'GET /api/authorization';

/** md5 of the account's password, whichever of the two is stored. */
export function passwordHash({ secretType, secret }: Pick<ProtrackConnection, 'secretType' | 'secret'>): string {
	return secretType === 'md5' ? secret : md5(secret);
}

/** Section 2.1: md5(md5(password) + time), lower case; time in seconds. */
export function signature(hash: string, seconds: number): string {
	return md5(hash + String(seconds));
}

const Token = z.object({
	access_token: z.string().min(1),
	// The document's table prints "expires in", its sample and every real answer "expires_in".
	expires_in: z.unknown().transform((seconds) => lifetimeOf(seconds, 1000, 7200)),
});

/** How far each server's clock is ahead of ours, in milliseconds, as learnt from 10014. */
const skews = new Recent<number>(100);
/** facts 4.3: "request time error, current server time is 1759618794 (in unix timestamp)" */
const SERVER_TIME = /server time is (\d{9,11})\b/;

/**
 * Logs in (section 2.1). The old token dies at once, so this is only called when there is none that lives.
 * A clock that differs from the server's is corrected once with the time that code 10014 tells.
 */
export async function login(
	connection: ProtrackConnection,
	exchange: Exchange,
	title: string,
	now: () => number,
): Promise<Session> {
	const problem = secretProblem(connection);
	if (problem !== undefined) throw new InvalidParams(problem);
	let serverDate = NaN;
	const attempt = async () => {
		const seconds = Math.floor((now() + (skews.get(connection.baseUrl) ?? 0)) / 1000);
		const query = {
			time: seconds,
			account: connection.account,
			signature: signature(passwordHash(connection), seconds),
		};
		const answer = await exchange({ method: 'GET', path: '/api/authorization', query });
		serverDate = Date.parse(answer.headers.date ?? '');
		const record = openEnvelope(answer, title);
		const token = Token.safeParse(record);
		if (!token.success)
			throw new UnexpectedAnswer(`${title} accepted the login but sent no access token.`, {
				advice: 'Check the base URL in the account.',
			});
		return { token: token.data.access_token, expiresAt: now() + token.data.expires_in };
	};
	try {
		return await attempt();
	} catch (thrown) {
		const error = asFleetError(thrown);
		if (error.vendorCode !== REQUEST_TIME_ERROR) throw error;
		const told = SERVER_TIME.exec(error.vendorMessage ?? '');
		// In other words, or in none, the server's own clock is still in its answer.
		const serverTime = told === null ? serverDate : Number(told[1]) * 1000;
		if (Number.isNaN(serverTime)) throw error;
		skews.set(connection.baseUrl, serverTime - now());
		return attempt();
	}
}

/** Each method but the login carries the token in its query. */
export function sign(request: WireRequest, token: string): WireRequest {
	return { ...request, query: { access_token: token, ...request.query } };
}
