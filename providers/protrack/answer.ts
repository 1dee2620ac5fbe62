import { z } from 'zod/v4';
import { jsonOf } from '../../core/call/answer';
import {
	DeviceOffline,
	InvalidParams,
	LoginRejected,
	NotFound,
	NotPermitted,
	RateLimited,
	SessionExpired,
	UnexpectedAnswer,
	VendorFault,
	type FleetError,
	type FleetErrorDetails,
} from '../../core/describe/errors';
import type { WireAnswer } from '../../core/describe/host';
import { MOST_LISTS, mayHold } from '../../core/call/json';
import type { Effect } from '../../core/describe/operation';
import { isRecord } from '../../core/describe/read';
import { cut } from '../../core/describe/words';
import { integer } from '../integer';
import { named } from '../named';

export const REQUEST_TIME_ERROR = '10014';
const NO_DATA = '20023';

type Kind = new (message: string, details: FleetErrorDetails & { definite: boolean }) => FleetError;
interface Meaning {
	kind: Kind;
	words: string;
	advice: string;
	retryable?: true;
	/** The vendor's code does not say whether the request was carried out. */
	unknown?: true;
}

const relogin =
	'Fleetwire logs in again automatically. If the problem persists, another program may be using the same account.';

/** Chapter 3 of both documents. 20023 (No Data) is missing on purpose: to a read it is an empty result. */
export const CODES: Readonly<Record<string, Meaning>> = {
	10000: {
		kind: VendorFault,
		words: 'has an internal fault',
		advice: 'Try again later.',
		retryable: true,
		unknown: true,
	},
	10001: {
		kind: UnexpectedAnswer,
		words: 'does not know this request',
		advice: 'Check the base URL in the account; another brand of the platform may not offer this operation.',
	},
	10002: { kind: SessionExpired, words: 'says that the login has timed out', advice: relogin },
	10003: { kind: SessionExpired, words: 'says that the account is not logged in', advice: relogin },
	10004: { kind: InvalidParams, words: 'refuses a parameter', advice: 'Check the values of this node.' },
	10005: {
		kind: InvalidParams,
		words: 'misses a required parameter',
		advice: 'Check that no field of this node is empty.',
	},
	10006: {
		kind: InvalidParams,
		words: 'says that a parameter is out of range',
		advice: 'Check the values of this node.',
	},
	10007: {
		kind: NotPermitted,
		words: 'does not permit this to the account',
		advice: 'Ask the service provider to enable the Open API and this function for the account.',
	},
	10009: {
		kind: RateLimited,
		words: 'says that requests come too often',
		advice: 'Run it less often, or lower the rate limit in the account.',
		retryable: true,
	},
	10010: { kind: SessionExpired, words: 'does not know the session', advice: relogin },
	10011: { kind: SessionExpired, words: 'says that the session is no longer valid', advice: relogin },
	10012: { kind: SessionExpired, words: 'says that the session is out of date', advice: relogin },
	10013: {
		kind: NotPermitted,
		words: 'says that the account may not see one of the devices',
		advice: 'Check the IMEIs: each must belong to the account or one of its sub-accounts.',
	},
	10014: {
		kind: LoginRejected,
		words: 'says that the time of the login is wrong',
		advice: 'Set the clock of this machine right.',
	},
	10016: {
		kind: LoginRejected,
		words: 'says that the account is blocked',
		advice: 'Ask the service provider to unblock it.',
	},
	20001: {
		kind: LoginRejected,
		words: 'refuses the account or its password',
		advice: 'Check account, secret and secret type, and that the base URL is the one of your provider.',
	},
	20005: {
		kind: NotFound,
		words: 'does not know the target',
		advice: 'Check the name or number that was asked for.',
	},
	20017: {
		kind: DeviceOffline,
		words: 'says that the device is offline',
		advice: 'Nothing was sent to it. Try again when it is online.',
	},
	20018: { kind: VendorFault, words: 'could not send the command', advice: 'Check the device, then try again.' },
	20046: {
		kind: NotPermitted,
		words: 'says that the target has expired',
		advice: 'Renew its subscription with the service provider.',
	},
	20048: {
		kind: InvalidParams,
		words: 'says that the device does not support the command',
		advice: 'Choose another command.',
	},
	20089: {
		kind: NotPermitted,
		words: 'says that the device is blocked',
		advice: 'Ask the service provider to unblock it.',
	},
};

/** What stands beside code 0 where all is well: nothing, or a word of success. */
const isWell = (message: unknown) =>
	message === undefined ||
	message === null ||
	(typeof message === 'string' && /^(?:(?:success(?:ful(?:ly)?)?|ok)[!.]?)?$/i.test(message.trim()));

const Envelope = z.preprocess(
	(body) => (isRecord(body) ? named(body, ['code', 'message', 'record']) : body),
	z.object({ code: integer, message: z.unknown().optional(), record: z.unknown().optional() }),
);

/**
 * Opens {"code":0,"message":"","record":...} (section 1.4): gives `record`, or undefined where the vendor has no data.
 * Errors come with HTTP 200 and a code.
 */
export function openEnvelope(answer: WireAnswer, title: string, effect: Effect = 'read'): unknown {
	// Section 2.16 shows {"code":0,}: short acknowledgements may carry a trailing comma.
	const body = answer.body.length < 200 ? answer.body.replace(/,\s*}\s*$/, '}') : answer.body;
	const envelope = Envelope.safeParse(jsonOf({ ...answer, body }, title));
	if (!envelope.success) {
		throw new UnexpectedAnswer(`${title} sent an answer without a result code (HTTP ${String(answer.status)}).`, {
			status: answer.status,
			effect: 'unknown',
			advice: 'Check the base URL in the account.',
		});
	}
	const { message, record } = envelope.data;
	const code = String(envelope.data.code);
	const details = {
		vendorCode: code,
		vendorMessage: typeof message === 'string' && message !== '' ? cut(message) : undefined,
		status: answer.status,
	};
	const said = details.vendorMessage === undefined ? `code ${code}` : `code ${code}: ${details.vendorMessage}`;
	const denied = answer.status >= 400 || (effect !== 'read' && !isWell(message));
	if (code === '0' && !denied) return record ?? undefined;
	if (code === NO_DATA && effect === 'read') return undefined;
	if (code === '0' || code === NO_DATA)
		throw new UnexpectedAnswer(
			`${title} does not say clearly whether it was done (HTTP ${String(answer.status)}, ${said}).`,
			{
				...details,
				effect: 'unknown',
				unexplained: answer.status === 401 || answer.status === 403,
				advice: 'Please report it with the operation that you ran.',
			},
		);
	const meaning = CODES[code];
	if (meaning === undefined)
		throw new VendorFault(`${title} answered with an error that is not documented (${said}).`, {
			...details,
			effect: 'unknown',
			unexplained: true,
		});
	const { kind, words, advice, retryable, unknown } = meaning;
	throw new kind(`${title} ${words} (${said}).`, {
		...details,
		advice,
		retryable,
		effect: unknown ? 'unknown' : 'none',
		definite: true,
	});
}

const nothing = z.union([z.null(), z.undefined(), z.literal('')]);

const WRONG = { error: 'not a list of records' };
/** A list of records; "", null and a missing `record` are an empty one (facts 4.3). A single one may have no list. */
export const recordList = z
	.union([z.array(z.unknown()), nothing.transform(() => []), z.looseObject({}).transform((one) => [one])], WRONG)
	.transform((list) => list as unknown[]);
const one = z.record(z.string(), z.unknown());
/** One record. */
export const recordObject = z.union([one, z.tuple([one]).transform(([only]) => only)], { error: 'not one record' });
/** The same, where there may be none. */
export const recordOrNone = z.union([recordObject, nothing, z.tuple([])], { error: 'not one record' });
/** Records as one text, "a,b,c;d,e,f"; no more of them than a list may hold. */
export const recordText = z.union(
	[
		z.string().refine((text) => !mayHold(text, MOST_LISTS, ';')),
		nothing.transform(() => ''),
		z.array(z.never()).transform(() => ''),
	],
	{ error: 'not a text of records' },
);
/** The answer of a method that only acknowledges, and has nothing to add. */
export const acknowledged = z.union([nothing, z.array(z.never()), z.strictObject({})]);
