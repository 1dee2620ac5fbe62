import { z } from 'zod/v4';
import { jsonOf } from '../../core/call/answer';
import { NotFound, RateLimited, SessionExpired, UnexpectedAnswer, VendorFault } from '../../core/describe/errors';
import type { WireAnswer } from '../../core/describe/host';
import { mustNotBeMany, parsed } from '../../core/call/json';
import { isRecord, rowsOf } from '../../core/describe/read';
import type { Markable, Row } from '../../core/describe/records';
import { cut } from '../../core/describe/words';
import { TITLE } from './connection';

const ERROR_CODE = 'ErrorCode';
const AUTHORISATION_FAILED = 4;
/** "Success = 0" and the like: how the document writes what arrives as 0 (facts 3.1). */
const NAMED = /^(?:(\w+)\s*=\s*)?(-?\d+)$/;
/** Statuses with an answer of their own in the document; its body need not be JSON. */
const DOCUMENTED = new Set([400, 401, 404, 405]);

interface ErrorCode {
	/** NaN where the vendor gave a name alone. */
	code: number;
	/** As it came. */
	said: string;
}

const damaged = (what: string, status: number) =>
	new UnexpectedAnswer(`${TITLE} sent ${what} (HTTP ${String(status)}).`, {
		status,
		effect: 'unknown',
		advice: 'Try again. If the problem persists, check the base URL in the account.',
	});

/** The answer's own ErrorCode; undefined for records that come without one (Vehicles/GetVehicleUsage). */
function errorCodeOf(body: unknown, status: number): ErrorCode | undefined {
	if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
	const value = (body as Row)[ERROR_CODE];
	if (value === undefined) return undefined;
	if (typeof value !== 'number' && typeof value !== 'string')
		throw damaged('an error code that is neither number nor text', status);
	return parsedCode(value);
}

function parsedCode(value: number | string): ErrorCode {
	const said = cut(String(value).trim(), 100);
	const number = NAMED.exec(said)?.[2];
	if (number !== undefined) return { code: Number(number), said };
	return {
		code: /^success$/i.test(said) ? 0 : /^authori[sz]ationfailed$/i.test(said) ? AUTHORISATION_FAILED : NaN,
		said,
	};
}

/**
 * Opens an answer: gives its whole body once its ErrorCode says 0, or where it has none.
 *
 * The document tells two codes, 0 and 4. It lists 400 and 401 twice: for a bad request and a bad session, and for
 * requests that come too often, with nothing to tell them apart.
 */
export function open(answer: WireAnswer): unknown {
	const { status } = answer;
	const body = DOCUMENTED.has(status) ? jsonIfAny(answer.body) : jsonOf(answer, TITLE);
	const found = errorCodeOf(body, status);
	if (found !== undefined && found.code !== 0) throw refusal(found, status);
	const details = { status, effect: 'unknown', vendorMessage: wordsOf(answer.body, body) } as const;
	switch (status) {
		case 400:
			throw new RateLimited(
				`${TITLE} refused the request (HTTP 400): either a value in it is wrong, or requests come too often. Its answer does not say which.`,
				{
					...details,
					retryable: true,
					ambiguous: true,
					advice: 'Check the values of this node. If they are right, run it less often, or lower the rate limit in the account.',
				},
			);
		case 401:
			throw new RateLimited(
				`${TITLE} refused the request (HTTP 401): either the session is not valid, or requests come too often. Its answer does not say which.`,
				{
					...details,
					retryable: true,
					ambiguous: true,
					advice: 'Run it less often, or lower the rate limit in the account. If the problem persists, check whether another program logs in with the same account.',
				},
			);
		case 404:
			throw new NotFound(`${TITLE} does not know the address or a value in it (HTTP 404).`, {
				...details,
				effect: 'none',
				advice: 'Check that the base URL in the account is the one Ctrack gave you, up to and including /REST. Then check the values of this node.',
			});
	}
	if (status >= 400)
		throw new UnexpectedAnswer(`${TITLE} refused the request (HTTP ${String(status)}).`, {
			...details,
			advice: 'Check the base URL in the account.',
		});
	if (body === null) throw damaged('an empty answer', status);
	return body;
}

function refusal({ code, said }: ErrorCode, status: number): SessionExpired | VendorFault {
	const details = {
		vendorCode: Number.isNaN(code) ? said : String(code),
		vendorMessage: said === String(code) ? undefined : said,
		status,
	};
	if (code !== AUTHORISATION_FAILED)
		throw new VendorFault(`${TITLE} answered with an error that is not documented (error code ${said}).`, {
			...details,
			effect: 'unknown',
			advice: 'Check the values of this node, or ask Ctrack what the code means.',
		});
	return new SessionExpired(`${TITLE} refused the session, or the account may not do this (error code ${said}).`, {
		...details,
		definite: true,
		ambiguous: true,
		advice: 'Fleetwire logs in again by itself. If the problem persists, ask Ctrack to enable this for the API user. Also check that no other program logs in with it.',
	});
}

function jsonIfAny(body: string): unknown {
	try {
		return parsed(body, TITLE);
	} catch {
		return undefined;
	}
}

/** The vendor's words in an error's body, where they are words. */
function wordsOf(body: string, parsed: unknown): string | undefined {
	const text = typeof parsed === 'string' ? parsed : body.trimStart().startsWith('<') ? '' : body;
	return text.trim() === '' ? undefined : cut(text.trim());
}

/**
 * The records in a body. They come as a list under a key that differs from method to method and is not always known
 * (facts 3.2), as an object under a key ("Driver"), beside the ErrorCode (GetVehicleOdoOverPeriod), as a bare record
 * or as a bare list. A list that is null is empty; where there is nothing at all, something is wrong.
 */
export function recordsIn(body: unknown): Row[] {
	const found = partsOf(body);
	if (found === undefined)
		throw new UnexpectedAnswer(`${TITLE} sent an answer with nothing in it but its error code.`, {
			advice: 'Try again. If the problem persists, please report it with the operation that you ran.',
		});
	return rowsOf(Array.isArray(found) ? found : [found], 'a record');
}

/** The same of a body that the document does not describe: what is not a record is wrapped into one. */
export function anythingIn(body: unknown): Row[] {
	const found = partsOf(body) ?? [];
	if (Array.isArray(found)) mustNotBeMany(found, TITLE);
	return (Array.isArray(found) ? (found as unknown[]) : [found]).map((value) =>
		isRecord(value) ? value : { value },
	);
}

/** What only a record has, never the object around a list. */
const IDENTIFIES = ['NodeId', 'VehicleNodeId', 'VehicleRegistration', 'VehicleId', 'DeliveryTag', 'LocationNodeID'];

function partsOf(body: unknown): unknown {
	if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
	const { [ERROR_CODE]: _, ...rest } = body as Row;
	if (IDENTIFIES.some((key) => Object.hasOwn(rest, key))) return rest;
	const values = Object.values(rest);
	const lists = values.filter((value) => Array.isArray(value));
	if (lists.length > 1)
		throw new UnexpectedAnswer(`${TITLE} sent more than one list in an answer.`, {
			advice: 'Please report it with the operation that you ran.',
		});
	if (lists.length === 1) return lists[0];
	const objects = values.filter((value) => typeof value === 'object' && value !== null);
	if (objects.length === 1) return objects[0];
	if (values.length === 0) return undefined;
	return values.every((value) => value === null) ? [] : rest;
}

/** The body of an answer, whatever it is. */
export const body = z.unknown();

/**
 * Records carry an error code of their own ("Errorcode" or "ErrorCode"). What else is in one that is not 0 may be worth
 * nothing: of such a record only its identity is given, and the error.
 * @param identity what says whose record it is
 */
export function withItsError<T extends object>(
	row: Row,
	record: T,
	identity: readonly (keyof NoInfer<T>)[],
): T & Markable {
	const value = row.Errorcode ?? row.ErrorCode ?? '';
	if (value === '') return record;
	const { code, said } = parsedCode(
		typeof value === 'number' || typeof value === 'string' ? value : JSON.stringify(value),
	);
	if (code === 0) return record;
	const values = Object.entries(record).map(([name, one]) => [
		name,
		identity.includes(name as keyof T) ? (one as unknown) : null,
	]);
	return {
		...(Object.fromEntries(values) as T),
		error: `${TITLE} reports an error for this record (error code ${said}).`,
	};
}
