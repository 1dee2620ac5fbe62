import { z } from 'zod/v4';
import { jsonOf } from '../../core/call/answer';
import {
	NotFound,
	NotPermitted,
	RateLimited,
	SessionExpired,
	UnexpectedAnswer,
	VendorFault,
} from '../../core/describe/errors';
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
/** Statuses with an answer of their own in the document, and what HTTP has beside 401; its body need not be JSON. */
const DOCUMENTED = new Set([400, 401, 403, 404, 405]);

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

/** A value by its documented name, or by that name in another case. */
export function valueIn(row: Row, name: string): unknown {
	if (Object.hasOwn(row, name)) return row[name];
	const key = Object.keys(row).find((one) => one.toLowerCase() === name.toLowerCase());
	return key === undefined ? undefined : row[key];
}

/** The answer's own ErrorCode; undefined for records that come without one (Vehicles/GetVehicleUsage). */
function errorCodeOf(body: unknown, status: number): ErrorCode | undefined {
	if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
	const value = valueIn(body as Row, ERROR_CODE);
	if (value === undefined) return undefined;
	if (typeof value !== 'string' && !Number.isFinite(value))
		throw damaged('an error code that is neither number nor text', status);
	return parsedCode(value as number | string);
}

function parsedCode(value: number | string): ErrorCode {
	const said = cut(String(value).trim(), 100);
	const number = NAMED.exec(said)?.[2];
	if (Number.isSafeInteger(Number(number))) return { code: Number(number), said };
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
		case 403:
			throw new SessionExpired(
				`${TITLE} refused the request (HTTP 403): either the account may not do this, or the session is not valid.`,
				{
					...details,
					definite: false,
					ambiguous: true,
					advice: NOT_ENABLED,
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
			unexplained: status === 403,
			advice: 'Check the base URL in the account.',
		});
	if (body === null) throw damaged('an empty answer', status);
	return body;
}

const NOT_ENABLED =
	'Fleetwire logs in again by itself. If the problem persists, ask Ctrack to enable this for the API user. Also check that no other program logs in with it.';

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
			unexplained: true,
			advice: 'Check the values of this node, or ask Ctrack what the code means.',
		});
	return new SessionExpired(`${TITLE} refused the session, or the account may not do this (error code ${said}).`, {
		...details,
		definite: true,
		ambiguous: true,
		inGoodSession: new NotPermitted(`${TITLE} does not permit this to the account (error code ${said}).`, {
			...details,
			advice: 'Ask Ctrack to enable this for the API user.',
		}),
		advice: NOT_ENABLED,
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
export const recordsIn = (body: unknown): Row[] => recordsAt(body);

/** The records under a key that is known: where it is there, nothing else in the body counts. */
export const recordsUnder = (key: string) => (body: unknown) => recordsAt(body, key);

function recordsAt(body: unknown, key?: string): Row[] {
	const found = partsOf(body, key);
	if (found === undefined)
		throw new UnexpectedAnswer(`${TITLE} sent an answer with nothing in it but its error code.`, {
			advice: 'Try again. If the problem persists, please report it with the operation that you ran.',
		});
	if (found === 'several')
		throw new UnexpectedAnswer(`${TITLE} sent more than one list in an answer.`, {
			advice: 'Please report it with the operation that you ran.',
		});
	return rowsOf(found, 'a record');
}

/**
 * What is in a body that the document does not describe: the elements of the only list, the only object, or else the
 * whole body without its error code. What is not a record is wrapped into one.
 */
export function anythingIn(body: unknown): Row[] {
	const rest = withoutCode(body);
	const values = isRecord(rest) ? Object.values(rest) : [];
	const [only] = values;
	const found = isRecord(rest)
		? values.length === 0
			? []
			: values.length === 1 && typeof only === 'object'
				? (only ?? [])
				: rest
		: rest;
	if (Array.isArray(found)) mustNotBeMany(found, TITLE);
	return (Array.isArray(found) ? (found as unknown[]) : [found]).map((value) =>
		isRecord(value) ? value : { value },
	);
}

const DELIVERY_TAG = 'DeliveryTag';

/**
 * The messages in a body of a queue: under its key, in every list whose elements have a delivery tag, or in the only
 * list. As a Get may have taken them out of the queue, what is not understood is a message as it came.
 */
export const messagesUnder = (key?: string) => (body: unknown) => {
	const found = partsOf(body, key) ?? [];
	const list = found === 'several' ? taggedIn(body as Row) : found;
	mustNotBeMany(list, TITLE);
	return list.map((value) => (isRecord(value) ? value : { value }));
};

function taggedIn(body: Row): unknown[] {
	const lists = Object.values(body).filter((value) => Array.isArray(value)) as unknown[][];
	const tagged = lists.filter((list) =>
		list.some((value) => isRecord(value) && valueIn(value, DELIVERY_TAG) !== undefined),
	);
	return tagged.length === 0 ? [withoutCode(body)] : tagged.flat();
}

/** What only a record has, never the object around a list. */
const IDENTIFIES = ['NodeId', 'VehicleNodeId', 'VehicleRegistration', 'VehicleId', DELIVERY_TAG, 'LocationNodeID'];

export function withoutCode(body: unknown): unknown {
	if (!isRecord(body)) return body;
	return Object.fromEntries(Object.entries(body).filter(([name]) => name.toLowerCase() !== ERROR_CODE.toLowerCase()));
}

const isIdentified = (value: unknown) =>
	isRecord(value) && IDENTIFIES.some((name) => valueIn(value, name) !== undefined);

/** The elements in a body; undefined where there is nothing, 'several' where there is more than one list of them. */
function partsOf(body: unknown, key?: string): unknown[] | 'several' | undefined {
	if (Array.isArray(body)) return body as unknown[];
	if (!isRecord(body)) return [body];
	const known = key === undefined ? undefined : valueIn(body, key);
	if (Array.isArray(known)) return known as unknown[];
	if (known === null) return [];
	// The record itself may have a value of that name (CostCentre).
	if (isRecord(known)) return [known];
	const rest = withoutCode(body) as Row;
	if (isIdentified(rest)) return [rest];
	const values = Object.values(rest);
	const lists = values.filter((value) => Array.isArray(value)) as unknown[][];
	if (lists.length > 0) {
		// Warnings, for one, are no records, and notices are about nothing that has a number.
		const ofRecords = lists.length === 1 ? lists : lists.filter((list) => list.some(isRecord));
		const ofSomething = ofRecords.filter((list) => list.some(isIdentified));
		const holding = ofSomething.length === 1 ? ofSomething : ofRecords;
		return holding.length > 1 ? 'several' : (holding[0] ?? lists.find((list) => list.length > 0) ?? []);
	}
	const objects = values.filter(isRecord);
	if (objects.length === 1) return objects;
	if (values.length === 0) return undefined;
	return values.every((value) => value === null) ? [] : [rest];
}

/** Names in the document's records. */
const DOCUMENTED_NAMES: ReadonlyMap<string, string> = new Map(
	[
		'NodeId',
		'VehicleNodeId',
		'LocationNodeID',
		'VehicleId',
		'VehicleRegistration',
		'DeliveryTag',
		'Type',
		'FleetNumber',
		'Description',
		'CellphoneNumber',
		'CostCentre',
		'Tag',
		'DriverId',
		'DriverName',
		'Latitude',
		'Longitude',
		'Location',
		'LocationString',
		'Speed',
		'Ignition',
		'HeadingText',
		'VehicleHeading',
		'RunningOdo',
		'Odo',
		'EventTimeUTC',
		'CanBatteryLevelInPercentage',
		'Charging',
		'VehicleOdo',
		'OdoTimestamp',
		'RunningHours',
		'WorkingHours',
		'OperatingDate',
		'TripStartUTC',
		'TripEndUTC',
		'StartLatitude',
		'StartLongitude',
		'EndLatitude',
		'EndLongitude',
		'StartLocation',
		'EndLocation',
		'TripDistance',
		'TripOdo',
		'DrivingTime',
		'MaxSpeed',
		'TotalPeriodDistance',
		'LocationCategory',
		'Address',
		'ModifiedDate',
		'Result',
	].map((name) => [name.toLowerCase(), name]),
);

/** The row with its values under their documented names, should they come in another case. */
export function known(row: Row): Row {
	if (IDENTIFIES.some((name) => Object.hasOwn(row, name))) return row;
	const names = Object.keys(row).filter((name) => DOCUMENTED_NAMES.get(name.toLowerCase()) !== name);
	if (names.every((name) => !DOCUMENTED_NAMES.has(name.toLowerCase()))) return row;
	const renamed = names.map((name) => [DOCUMENTED_NAMES.get(name.toLowerCase()) ?? name, row[name]] as const);
	return { ...Object.fromEntries(renamed), ...row };
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
	const value = valueIn(row, ERROR_CODE) ?? '';
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
