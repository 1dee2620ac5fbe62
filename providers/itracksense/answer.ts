import { z } from 'zod/v4';
import { jsonOf } from '../../core/call/answer';
import {
	asFleetError,
	FleetError,
	InvalidParams,
	LoginRejected,
	NotFound,
	NotPermitted,
	SessionExpired,
	UnexpectedAnswer,
	VendorFault,
	type FleetErrorDetails,
} from '../../core/describe/errors';
import type { WireAnswer, WireRequest } from '../../core/describe/host';
import { mustNotBeMany, parsed } from '../../core/call/json';
import type { AnyOperation, Run } from '../../core/describe/operation';
import { CONFIRMED } from '../../core/describe/outcome';
import { asRow, isRecord, textOf } from '../../core/describe/read';
import type { CommandOutcome, Row } from '../../core/describe/records';
import { cut } from '../../core/describe/words';
import { integer } from '../integer';
import { named } from '../named';
import { TITLE } from './connection';
import { noSuchMethod } from './method';

type Kind = new (message: string, details: FleetErrorDetails & { definite: boolean }) => FleetError;
interface Meaning {
	kind: Kind;
	words: string;
	advice: string;
	retryable?: true;
	/** The code does not say whether the request was carried out. */
	unknown?: true;
}
type Codes = Readonly<Record<string, Meaning>>;

const SESSION: Meaning = {
	kind: SessionExpired,
	words: 'says that the session is not valid',
	advice: "Fleetwire logs in again automatically. If the problem persists, check the account's rights, and whether another program uses it.",
};
const PARAMETER: Meaning = {
	kind: InvalidParams,
	words: 'refuses a parameter, or misses one',
	advice: 'Check the values of this node. If they are right, test the account: the session may have ended.',
};
const HOLDER: Meaning = {
	kind: VendorFault,
	words: 'does not find the holder of the account',
	advice: 'Ask the service provider.',
};
const PLATE: Meaning = {
	kind: NotFound,
	words: 'does not know the plate, or it has been deleted',
	advice: 'Check the plate, letter by letter: it must be as in the list of devices.',
};
const DEVICE: Meaning = {
	kind: NotFound,
	words: 'does not know the device, or it has been deleted',
	advice: 'Check the device ID.',
};
const RIGHT: Meaning = {
	kind: NotPermitted,
	words: 'does not know the vehicle, or the account may not see it',
	advice: 'Check which devices the account has.',
};

/** What a code means where its section does not say otherwise: sections 14 to 28. */
const ANYWHERE: Codes = {
	401: SESSION,
	402: {
		kind: InvalidParams,
		words: 'cannot read the list of device IDs',
		advice: 'Give ids with commas between them and nothing else.',
	},
	403: {
		kind: InvalidParams,
		words: 'says that the period ends before it begins',
		advice: 'Check Begin and End, and the time zone in the account.',
	},
	404: {
		kind: NotFound,
		words: 'does not know the device',
		advice: 'Check the device ID or plate, and the number of the geofence where there is one.',
	},
	500: {
		kind: VendorFault,
		words: 'has an internal fault',
		advice: 'Try again later.',
		retryable: true,
		unknown: true,
	},
	4009: SESSION,
};

const rejected = (words: string, advice: string): Meaning => ({ kind: LoginRejected, words, advice });
const askProvider = 'Ask the service provider.';

/** Codes with a meaning of their own in some sections. 401 is a bad parameter in 7 to 13 and 17 (facts 1.3). */
const IN_SECTION: Readonly<Record<string, Codes>> = {
	4: {
		401: rejected('refuses the account or its password', 'Check both in the account.'),
		// What is wrong with the vendor passes: no flow may stop for good because of it.
		500: { kind: VendorFault, words: 'has an internal fault', advice: 'Try again later.', retryable: true },
		4000: rejected("says that the account's service period is over", askProvider),
		4002: rejected('says that the account has expired', askProvider),
		4003: rejected("says that the account's enterprise has expired", askProvider),
		4004: rejected('does not know the account', 'Check its name in the account, and the base URL.'),
		4005: rejected('refuses the password', 'Check it in the account.'),
		4006: rejected('says that the account has been deleted', askProvider),
		4009: rejected('does not know the login key', askProvider),
		4010: {
			kind: VendorFault,
			words: 'answered the login with an error without a reason',
			advice: 'Try again later. If the problem persists, check account and password.',
			retryable: true,
		},
		4011: { kind: VendorFault, words: 'could not store the login', advice: 'Try again later.', retryable: true },
	},
	7: { 401: PARAMETER },
	8: { 401: PARAMETER },
	9: { 401: PARAMETER, 4001: PLATE },
	10: { 401: PARAMETER, 4002: DEVICE },
	// 4003 stands in the heading of section 12, where it makes no sense: it seems to be the last line of this table.
	11: { 401: PARAMETER, 4001: HOLDER, 4003: HOLDER },
	12: { 401: PARAMETER, 4001: RIGHT },
	13: { 401: PARAMETER, 4001: RIGHT },
	17: { 401: PARAMETER, 4001: PLATE },
	28: { 4001: HOLDER, 4005: DEVICE, 4006: PLATE },
};

/** Sections 15 and 16 answer Code 200 whatever happens; how it went is in Data. "0" is success. */
const RESULTS: Codes = {
	1: SESSION,
	2: DEVICE,
	3: { kind: NotFound, words: 'does not know the enterprise, or it has been deleted', advice: askProvider },
	4: {
		kind: NotPermitted,
		words: 'says that the account may not see the device',
		advice: 'Check which devices the account has.',
	},
	'-1': {
		kind: VendorFault,
		words: 'has a fault in its database',
		advice: 'Check whether it was done, then try again later.',
		unknown: true,
	},
};
const RESULT_SECTIONS = new Set(['15', '16']);

/** The words of 401 in sections 19 to 28. */
const TOKEN_INVALID = /^token (?:is )?invalid[.!]?$/i;
/** Sections that have 401 in their tables, as a session that is not valid. */
const SESSION_SECTIONS = new Set(['19', '20', '21', '22', '23', '24', '25', '26', '27', '28']);
/** Words that tell a dead session from a bad parameter where both could be meant by 401. */
const ABOUT_SESSION = /token|log.?in|credential|expired?\b|unauthori[sz]ed|登录|凭证|令牌|授权|过期|失效/i;

/** The document's own words for a bad parameter. */
const ABOUT_PARAMETER = /^(?:dangerous|risky) value/i;

/** Whether the words are those, or name a parameter that the request has. */
function namesParameter(words: string | null, { json }: Pick<WireRequest, 'json'>): boolean {
	const said = (words ?? '').toLowerCase();
	if (ABOUT_PARAMETER.test(said)) return true;
	return isRecord(json) && Object.keys(json).some((name) => said.includes(name.toLowerCase()));
}

/**
 * 401 where it is not documented as a session that is not valid. It is documented as a bad parameter in some sections,
 * and no other code is for a session that is over.
 */
function unclear401(words: string | null, status: number, request: WireRequest, { effect }: AnyOperation): FleetError {
	if (namesParameter(words, request)) return failure(PARAMETER, '401', { status, words });
	if (TOKEN_INVALID.test(words ?? '')) return failure(SESSION, '401', { status, words });
	if (ABOUT_SESSION.test(words ?? ''))
		return failure(SESSION, '401', { status, words, unexplained: effect !== 'read' });
	return failure(PARAMETER, '401', { status, words, unexplained: true });
}

const wordsOf = (said: unknown) => {
	if (said === undefined || said === null) return null;
	const text = textOf(typeof said === 'string' ? said : JSON.stringify(said))?.trim();
	return text === undefined ? null : cut(text);
};
const Envelope = z.preprocess(
	(body) => (isRecord(body) ? named(body, ['Code', 'Data', 'ErrMsg']) : body),
	z.object({ Code: integer, Data: z.unknown(), ErrMsg: z.unknown() }),
);

/** What a write or command is answered with: no data, but words. */
export interface Acknowledgement {
	data: unknown;
	words: string | null;
}

interface Said {
	status: number;
	words: string | null;
	/** Whether the document does not have this answer. */
	unexplained?: boolean;
}

function failure(meaning: Meaning | undefined, code: string, { status, words, unexplained }: Said): FleetError {
	const details = { vendorCode: code, vendorMessage: words ?? undefined, status, unexplained };
	const said = words === null ? `code ${code}` : `code ${code}: ${words}`;
	if (meaning === undefined)
		return new VendorFault(`${TITLE} answered with an error that is not documented for this method (${said}).`, {
			...details,
			effect: 'unknown',
			unexplained: true,
		});
	const { kind, words: what, advice, retryable, unknown } = meaning;
	return new kind(`${TITLE} ${what} (${said}).`, {
		...details,
		advice,
		retryable,
		effect: unknown || unexplained ? 'unknown' : 'none',
		definite: !unexplained,
	});
}

function envelopeOf(answer: WireAnswer): { code: string; data: unknown; words: string | null } {
	const envelope = Envelope.safeParse(jsonOf(answer, TITLE));
	if (!envelope.success) {
		throw new UnexpectedAnswer(`${TITLE} sent an answer without a result code (HTTP ${String(answer.status)}).`, {
			status: answer.status,
			effect: 'unknown',
			advice: 'Check the base URL in the account.',
		});
	}
	const { Code, Data, ErrMsg } = envelope.data;
	return { code: String(Code), data: Data, words: wordsOf(ErrMsg) };
}

/** An answer of the vendor's own, and not of the server that it runs on. */
const CODED = /"Code"\s*:/i;

/** Opens the answer to the login (section 4). */
export function openLogin(answer: WireAnswer): unknown {
	if (answer.status === 401 && !CODED.test(answer.body))
		throw failure(IN_SECTION['4']?.['401'], '401', { status: 401, words: null });
	const { code, data, words } = envelopeOf(answer);
	if (code !== '200') throw failure(IN_SECTION['4']?.[code], code, { status: answer.status, words });
	return data;
}

/**
 * Opens {"Code":200,"Data":...,"ErrMsg":...} (section 2): gives Data; for a write or command an Acknowledgement.
 * What a code other than 200 means depends on the section.
 */
export function openEnvelope(answer: WireAnswer, request: WireRequest, operation: AnyOperation): unknown {
	const { status, body } = answer;
	const { section } = operation.evidence;
	// Whether HTTP's own 401 and 404 are used is not documented (facts 1.4). Without a Code they can only mean this.
	if ((status === 404 || status === 405) && !CODED.test(body)) throw noSuchMethod(operation, request.path, status);
	const known = operation.effect === 'read' || SESSION_SECTIONS.has(section);
	if (status === 401 && !CODED.test(body))
		throw failure(SESSION, '401', { status, words: null, unexplained: !known });
	const { code, data, words } = envelopeOf(answer);
	if (code !== '200') {
		if (code === '401' && !SESSION_SECTIONS.has(section)) throw unclear401(words, status, request, operation);
		throw failure(IN_SECTION[section]?.[code] ?? ANYWHERE[code], code, { status, words });
	}
	if (status >= 400)
		throw new UnexpectedAnswer(
			`${TITLE} contradicts itself: its answer says that all is well, and its server that it is not (HTTP ${String(status)}).`,
			{ status, effect: 'unknown' },
		);
	if (RESULT_SECTIONS.has(section)) {
		const result = wordsOf(data) ?? '';
		if (result === '')
			throw new UnexpectedAnswer(`${TITLE} answered "${operation.title}" without a result.`, {
				status,
				effect: 'unknown',
			});
		if (result !== '0')
			throw failure(Object.hasOwn(RESULTS, result) ? RESULTS[result] : undefined, result, { status, words });
	}
	return operation.effect === 'read' ? data : ({ data, words } satisfies Acknowledgement);
}

/** The answer of a write or command; `openEnvelope` has made it. */
export const acknowledged = z.custom<Acknowledgement>();

/**
 * "Success", "OK" and "Ok" are the document's words where all is well (sections 29 to 41), and "Modify successfully" in
 * sections 15 and 16.
 */
const WELL = /^(?:(?:modify )?success(?:ful(?:ly)?)?|ok)[!.]?$/i;

/** Data as the document has it, null, or that adds nothing to the words. `true` alone is not said to mean success. */
const isEmpty = (data: unknown, words: string | null) =>
	(data === true && words !== null) ||
	data === undefined ||
	data === '' ||
	(typeof data === 'object' && Object.keys(data ?? {}).length === 0);

/** What became of a command that the vendor has taken; it does not tell whether the device has carried it out. */
export function handedOver({ words, data }: Acknowledgement): Partial<CommandOutcome> & Row {
	const response = isEmpty(data, words) ? null : wordsOf(data);
	const odd = [response, words].find((said) => said !== null && !WELL.test(said));
	if (odd !== undefined)
		return {
			outcome: 'unknown',
			explanation: `${TITLE} took the request, but said: ${String(odd)}. Check whether it was done.`,
			response,
		};
	return {
		outcome: 'sent',
		explanation: `${TITLE} accepted it. The vendor does not report the device's answer here.`,
		response,
		answeredAt: null,
	};
}

/** The same for what the vendor itself does. */
export function done(acknowledgement: Acknowledgement): Partial<CommandOutcome> & Row {
	const { outcome, ...rest } = handedOver(acknowledgement);
	return outcome === 'sent' ? { ...CONFIRMED, response: rest.response ?? null } : { outcome, ...rest };
}

/** Only looked at from outside: each record is checked when it is read, and there may be 50,000 of them. */
const list = z.custom<unknown[]>(Array.isArray, { error: 'not a list' });
/** How an empty one looks is documented in some sections only. That the key itself is missing never means empty. */
const listOrNone = z.union([list, z.union([z.null(), z.literal('')]).transform(() => [] as unknown[])], {
	error: 'not a list',
});

/** An answer that was made a text before it was put into the envelope. */
const unwrapped = (value: unknown) => {
	if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value;
	try {
		return parsed(value, TITLE);
	} catch (error) {
		if (error instanceof SyntaxError) return value;
		throw asFleetError(error);
	}
};

/** The answer with a list in `key`. The list alone, or nothing at all, leave no other reading. */
const wrapping =
	(key: string, ...others: string[]) =>
	(answer: unknown): Row => {
		const body = unwrapped(answer);
		return isRecord(body) ? named(body, [key, ...others]) : { [key]: body ?? null };
	};

/** A list, and how many records the vendor counts in it: null if it does not say. */
export interface Counted {
	total: number | null;
	data: unknown[];
}
const counted = { total: integer.nullable().catch(null), data: listOrNone };

/** {"total":8,"data":[...]}, which is empty as {"total":0,"data":[]}. */
export const listInData: z.ZodType<Counted> = z.preprocess(wrapping('data', 'total'), z.object(counted));
/** The same beside a path that is null where it could not be corrected (section 26). */
export const listAndPath = z.preprocess(
	wrapping('data', 'total', 'correct_path'),
	z.object({ ...counted, correct_path: z.union([list, z.null(), z.undefined()]) }),
);

/** Says so where the vendor counts more records than came: what was cut is never hidden. */
export const mustBeWhole =
	(run: Pick<Run, 'warn'>) =>
	({ total, data }: Counted): void => {
		if (total !== null && total > data.length)
			run.warn(
				`The vendor counts ${String(total)} records in an answer that has ${String(data.length)}: some may be missing.`,
			);
	};
/** {"total":8,"data":[...]} of the paged list (section 6). */
export const pageInData = z.preprocess(wrapping('data', 'total'), z.object({ total: integer, data: listOrNone }));
/** A list without anything around it (sections 29, 32). How an empty one looks is not documented. */
export const bareList = listInData.transform(({ data }) => data);
/** {"Total_Records":6,"List":[...]} (section 36). How an empty one looks is not documented. */
export const listInList = z.preprocess(wrapping('List'), z.object({ List: listOrNone }));
/** {"data":{...}}, which is {"total":0,"data":[]} where there is nothing (sections 23, 24). */
export const objectOrEmptyList = z.preprocess(
	(answer) => ((body) => (isRecord(body) ? named(body, ['data']) : body))(unwrapped(answer)),
	z.object({
		data: z.union(
			[
				z.custom<Row>(isRecord, { error: 'not an object' }),
				z.union([z.tuple([]), z.literal(''), z.null()]).transform(() => null),
			],
			{ error: 'neither an object nor an empty list' },
		),
	}),
);
/** What it holds. */
export const oneOrNone =
	(what: string) =>
	({ data }: { data: Row | null }): Row[] =>
		data === null ? [] : [asRow(data, what)];
/** A text, such as an address (sections 12, 13); null where the vendor has none. */
export const textOrNull = z.union([z.string(), z.null(), z.undefined()], { error: 'not a text' });
/** One record. */
export const object = z.preprocess(unwrapped, z.custom<Row>(isRecord, { error: 'not an object' }));

/** Whatever came, as records, where the document does not show the answer. */
export function anyRows(answer: unknown): Row[] {
	if (isRecord(answer) && Array.isArray(answer.data)) return anyRows(answer.data);
	if (Array.isArray(answer)) mustNotBeMany(answer, TITLE);
	return (Array.isArray(answer) ? (answer as unknown[]) : [answer ?? null]).map((value) =>
		isRecord(value) ? value : { value },
	);
}
