import { z } from 'zod/v4';
import { jsonOf, pauseIn, retryAfterOf } from '../../core/call/answer';
import {
	InvalidParams,
	NotFound,
	NotPermitted,
	RateLimited,
	SessionExpired,
	UnexpectedAnswer,
	VendorFault,
	asFleetError,
	FleetError,
	type FleetErrorDetails,
} from '../../core/describe/errors';
import type { WireAnswer, WireRequest } from '../../core/describe/host';
import { parsed } from '../../core/call/json';
import { flagOf, isRecord, textOf } from '../../core/describe/read';
import type { Row } from '../../core/describe/records';
import { cut } from '../../core/describe/words';

export const TITLE = 'TrackGPS.ro';

/**
 * A record's values by their documented names. The documents write them in camelCase, real servers in PascalCase
 * (facts 2.1), so the case of a key says nothing.
 */
export function valuesOf(row: Row): (name: string) => unknown {
	let values: Map<string, unknown> | undefined;
	return (name) => {
		if (Object.hasOwn(row, name)) return row[name];
		// Made where the names are not as documented, or not all are there.
		values ??= new Map(Object.entries(row).map(([key, value]) => [key.toLowerCase(), value]));
		return values.get(name.toLowerCase());
	};
}

/** The row with another value, under the key that it has for it. */
export function withValue(row: Row, name: string, value: unknown): Row {
	const key = Object.keys(row).find((one) => one.toLowerCase() === name.toLowerCase()) ?? name;
	return { ...row, [key]: value };
}

/** A list of records; null is an empty one. */
export const recordList = z
	.union([z.array(z.unknown()), z.null().transform(() => [])])
	.transform((list) => list as unknown[]);
/** Records in a form of their own: a list of parts, or the only part. */
export const parts = z
	.union([recordList, z.record(z.string(), z.unknown()).transform((part) => [part])])
	.transform((list) => list as unknown[]);

interface Refusal {
	kind: new (message: string, details: FleetErrorDetails) => FleetError;
	words: string;
	advice: string;
	/** Whether the documents do not have it. */
	unexplained?: true;
}

const NO_RIGHT: Refusal = {
	kind: NotPermitted,
	unexplained: true,
	words: 'does not permit this to the account',
	advice: 'Check that the account may see each of the vehicles, and that its right to the API includes this.',
};

/** The documents list 400, 401 and 429; the rest is what HTTP means by it. */
const STATUS: Readonly<Record<number, Refusal>> = {
	400: { kind: InvalidParams, words: 'refuses a value of the request', advice: 'Check the values of this node.' },
	403: NO_RIGHT,
	404: {
		kind: NotFound,
		words: 'does not know this request or its target',
		advice: 'Check the base URL in the account, and the vehicles.',
	},
};

/** facts 2.1: text in place of JSON, "API calls quota exceeded! maximum admitted 1 per 30s.". */
const QUOTA = /^[^{<]{0,40}quota exceeded/i;

/**
 * Opens {"payload":...,"failureReasons":[...],"isSuccess":true}: gives `payload`.
 * @param warn tells of reasons of a failure that stand beside a success
 * @throws FleetError for everything that is not a success
 */
export function openEnvelope(
	answer: WireAnswer,
	request: WireRequest,
	_operation?: unknown,
	warn: (message: string) => void = () => undefined,
): unknown {
	const { status, body } = answer;
	if (status === 429 || QUOTA.test(body)) throw tooOften(answer);
	const parsedBody = status < 400 ? jsonOf(answer, TITLE) : looseJson(body);
	const envelope = envelopeOf(parsedBody);
	const correlationId = textOf(envelope?.('correlationId'));
	try {
		return payloadOf(
			answer,
			request,
			{ envelope, reasons: status < 400 ? given(envelope) : allReasons(body, parsedBody) },
			warn,
		);
	} catch (thrown) {
		const error = asFleetError(thrown);
		if (correlationId === null) throw error;
		// What the support asks for.
		throw error.with({
			advice: `${error.advice} Correlation id for the support: ${cut(correlationId, 60)}.`.trim(),
		});
	}
}

const holdsData = (payload: unknown) =>
	typeof payload === 'object' && payload !== null && Object.keys(payload).length > 0;

interface Opened {
	envelope: ReturnType<typeof valuesOf> | undefined;
	reasons: Reason[];
}

function payloadOf(
	answer: WireAnswer,
	request: WireRequest,
	{ envelope, reasons }: Opened,
	warn: (message: string) => void,
): unknown {
	const { status, body } = answer;
	if (status === 401) throw unauthorised(request, reasons);
	const refusal = STATUS[status];
	if (refusal !== undefined && !isPage(body)) throw refused(refusal, status, reasons);
	if (status >= 500 && reasons.length > 0)
		throw new VendorFault(`${TITLE} has a fault (HTTP ${status}${said(reasons)}).`, {
			...detailsOf(status, reasons),
			retryable: true,
			effect: 'unknown',
			advice: 'Try again later.',
		});
	// 5xx and web pages.
	if (status >= 400) jsonOf(answer, TITLE);
	const payload = envelope?.('payload');
	const claim = envelope?.('isSuccess');
	// An answer that gives data and no reason against it succeeds without saying so.
	const silent = (claim === undefined || claim === null) && holdsData(payload) && reasons.length === 0;
	const success = silent || flagOf(claim);
	if (success === false)
		throw refused(
			reasons[0]?.code === '401'
				? NO_RIGHT
				: {
						kind: VendorFault,
						words: 'says that the request failed',
						unexplained: true,
						advice: 'Check the values of this node; if they are right, ask the support of TrackGPS.ro.',
					},
			status,
			reasons,
		);
	if (status >= 400 || success !== true || payload === undefined) {
		throw new UnexpectedAnswer(
			`${TITLE} sent an answer without ${success === true ? 'data' : 'a result'} (HTTP ${status}${said(reasons)}).`,
			{ ...detailsOf(status, reasons), effect: 'unknown', advice: 'Check the base URL in the account.' },
		);
	}
	if (reasons.length > 0)
		warn(`${TITLE} answered, but named reasons of a failure: ${wordsOf(reasons)}. Data may be missing.`);
	return payload;
}

/** A proxy's or server's own page, which is not the vendor's word. */
const isPage = (body: string) => body.trimStart().startsWith('<');

function looseJson(body: string): unknown {
	try {
		return parsed(body, TITLE);
	} catch {
		return undefined;
	}
}

function envelopeOf(value: unknown): ReturnType<typeof valuesOf> | undefined {
	return isRecord(value) ? valuesOf(value) : undefined;
}

interface Reason {
	code: string;
	words: string;
}

/** Which values errorCode can have is not known (facts 2.1), so it is given as it came, with its parameters. */
export function reasonsOf(list: unknown): Reason[] {
	if (!Array.isArray(list)) return [];
	return list.flatMap((reason: unknown) => {
		if (typeof reason !== 'object' || reason === null) return [];
		const values = valuesOf(reason as Row);
		const code = textOf(values('errorCode'));
		const given = values('errorParameters');
		const parameters = Array.isArray(given) ? given.map(textOf).filter((text) => text !== null) : [];
		const words = [code ?? '', parameters.length === 0 ? '' : `[${parameters.join(', ')}]`].join(' ').trim();
		return words === '' ? [] : [{ code: code ?? '', words }];
	});
}

const given = (envelope: Opened['envelope']) => reasonsOf(envelope?.('failureReasons'));

/** Why a request was refused, in whatever form it is said: the vendor's, ASP.NET's, or plain text. */
function allReasons(body: string, parsedBody: unknown): Reason[] {
	if (!isRecord(parsedBody)) {
		const text = textOf(typeof parsedBody === 'string' ? parsedBody : body);
		return text === null || isPage(text) || Array.isArray(parsedBody) ? [] : [{ code: '', words: text.trim() }];
	}
	const of = valuesOf(parsedBody);
	const reasons = reasonsOf(of('failureReasons'));
	if (reasons.length > 0) return reasons;
	const nested = of('error');
	const error = isRecord(nested) ? valuesOf(nested) : () => nested;
	const fields = of('errors');
	const words = [
		...[of('title'), of('detail'), of('message'), error('message'), of('error_description')].map(textOf),
		...(isRecord(fields)
			? Object.entries(fields).map(([name, about]) => `${name}: ${[about].flat().map(textOf).join(' ')}`)
			: []),
	].filter((text) => text !== null);
	return [...new Set(words)].map((text) => ({ code: '', words: text }));
}

export const wordsOf = (reasons: readonly Reason[]) => cut(reasons.map(({ words }) => words).join('; '));
const said = (reasons: readonly Reason[]) => (reasons.length === 0 ? '' : `: ${wordsOf(reasons)}`);

function detailsOf(status: number, reasons: readonly Reason[]): FleetErrorDetails {
	return {
		status,
		...(reasons[0] === undefined
			? {}
			: { vendorCode: reasons[0].code === '' ? undefined : reasons[0].code, vendorMessage: wordsOf(reasons) }),
	};
}

function refused(
	{ kind, words, advice, unexplained }: Refusal,
	status: number,
	reasons: readonly Reason[],
): FleetError {
	return new kind(`${TITLE} ${words} (HTTP ${status}${said(reasons)}).`, {
		...detailsOf(status, reasons),
		unexplained,
		advice,
	});
}

export function tooOften(answer: WireAnswer): RateLimited {
	const text = answer.body.trim();
	const words = text === '' || isPage(text) ? undefined : cut(text, 200);
	return new RateLimited(
		`${TITLE} says that requests come too often (HTTP ${answer.status}${words === undefined ? '' : `: ${words}`})${pauseIn(answer)}.`,
		{
			status: answer.status,
			vendorMessage: words,
			retryAfterMs: retryAfterOf(answer),
			retryable: true,
			advice: 'It accepts one request in 30 s from each user, all programs together. Use a separate user for Fleetwire, or ask the support of TrackGPS.ro for a higher limit.',
		},
	);
}

/**
 * "If the list contains at least one vehicle to which the user does not have access, a response with error code 401
 * will be returned" (Refills): the same code as that of a dead session. Nothing in it tells the two apart, so the
 * session is renewed once, and what stays is said to be either.
 */
function unauthorised({ json }: WireRequest, reasons: readonly Reason[]): SessionExpired {
	const { carrierId, vehiclesList = carrierId === undefined ? [] : [carrierId] } = (json ?? {}) as {
		carrierId?: number;
		vehiclesList?: number[];
	};
	const details = { ...detailsOf(401, reasons), definite: true };
	if (vehiclesList.length === 0)
		return new SessionExpired(`${TITLE} does not accept the session (HTTP 401${said(reasons)}).`, {
			...details,
			advice: 'Fleetwire logs in again automatically. If the problem persists, ask the support of TrackGPS.ro whether the account may use the API.',
		});
	const which =
		vehiclesList.length === 1
			? `vehicle ${String(vehiclesList[0])}`
			: `one of the vehicles ${vehiclesList.join(', ')}`;
	return new SessionExpired(
		`${TITLE} answered 401: either the account may not see ${which}, or the session has ended${said(reasons)}.`,
		{
			...details,
			ambiguous: true,
			advice: 'Fleetwire logs in again automatically and retries once. If the problem persists, the vehicle is the cause: remove those that the account may not see.',
		},
	);
}
