import { z } from 'zod/v4';
import {
	asFleetError,
	LoginRejected,
	RateLimited,
	UnexpectedAnswer,
	type FleetError,
} from '../../core/describe/errors';
import type { Exchange, WireAnswer, WireRequest } from '../../core/describe/host';
import type { Session } from '../../core/describe/connection';
import { isRecord } from '../../core/describe/read';
import { lifetimeOf } from '../../core/call/lifetime';
import { open, valueIn } from './answer';
import { TITLE, type CtrackConnection } from './connection';

export const LOGIN = 'GET /Membership/Login';

const Login = z.object({
	// A GUID in the document. Dots alone would climb out of their place in the path.
	SessionToken: z.string().regex(/[^.\s]/),
	SessionDurationMinutes: z.unknown().transform((minutes) => lifetimeOf(minutes, 60_000, 60)),
});

/**
 * Logs in (Membership/Login). Whether a session lasts longer when it is used is not known: it counts from its
 * beginning.
 */
export async function login(
	{ account, secret }: CtrackConnection,
	exchange: Exchange,
	now: () => number,
): Promise<Session> {
	const begun = now();
	const body = opened(
		await exchange({ method: 'GET', path: '/Membership/Login', query: { Username: account, Password: secret } }),
	);
	const parsed = Login.safeParse(
		isRecord(body)
			? {
					SessionToken: valueIn(body, 'SessionToken'),
					SessionDurationMinutes: valueIn(body, 'SessionDurationMinutes'),
				}
			: body,
	);
	if (!parsed.success)
		throw new UnexpectedAnswer(`${TITLE} accepted the login but sent no session token.`, {
			advice: 'Check the base URL in the account.',
		});
	const { SessionToken, SessionDurationMinutes } = parsed.data;
	return { token: SessionToken, expiresAt: begun + SessionDurationMinutes };
}

const CHECK_LOGIN = 'Check account and secret, and that the base URL is the one Ctrack gave you.';

/** A login that is refused means the account. It is not tried again by itself: that could lock the API user out. */
function opened(answer: WireAnswer): unknown {
	try {
		return open(answer);
	} catch (error) {
		throw loginRefused(asFleetError(error));
	}
}

function loginRefused(error: FleetError): FleetError {
	if (error.session !== 'over' && error.session !== 'suspect')
		return error.vendorCode === undefined ? error : error.with({ advice: CHECK_LOGIN, unexplained: false });
	const { status, vendorCode, vendorMessage } = error;
	const details = { status, vendorCode, vendorMessage };
	if (error.session === 'over') {
		return new LoginRejected(
			`${TITLE} refuses the account or its secret (error code ${vendorMessage ?? vendorCode ?? ''}).`,
			{ ...details, advice: CHECK_LOGIN },
		);
	}
	if (status === 400) {
		// A value that is wrong is the other meaning of 400, and this request is as the document has it.
		return new RateLimited(`${TITLE} refused the login (HTTP 400), most likely because requests come too often.`, {
			...details,
			retryable: true,
			advice: 'Run it less often, or lower the rate limit in the account. If the problem persists, check account and secret.',
		});
	}
	return new LoginRejected(
		`${TITLE} refused the login (HTTP ${String(status)}): either account or secret are wrong, or requests come too often. Its answer does not say which.`,
		{
			...details,
			ambiguous: true,
			advice: 'Check account and secret. If they are right, wait a few minutes and lower the rate limit in the account.',
		},
	);
}

/** The modules whose methods take the token; Membership has those that need none. */
const MODULE = /^\/(?:CostCentres|Vehicles|Drivers|Location|Queues)(?=\/)/;

/** The token is a part of the path, behind the module: /Vehicles/<token>/GetVehicles. */
export function sign(request: WireRequest, token: string): WireRequest {
	return { ...request, path: request.path.replace(MODULE, (module) => `${module}/${encodeURIComponent(token)}`) };
}
