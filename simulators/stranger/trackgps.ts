/** TrackGPS.ro. */
import type { Answer, VendorRequest } from '../exchange';
import { isRow, keyIn, listsOf, MADE_UP, ofBody, ofRows, put } from './answers';
import { keyCase, loginFails, OF_ANY, page, sessionEnds, unreadableCodes } from './forms';
import type { Oddity, Row, Ways } from './stranger';
import { clocksThatAreWrong, timesInOtherForms, timesThatAreNone } from './times';

const HEADERS = { 'content-type': 'application/json; charset=utf-8' };
const json = (body: unknown, status = 200): Answer => ({
	status,
	headers: HEADERS,
	body: JSON.stringify(body),
	code: MADE_UP,
});

function askedFor({ body }: VendorRequest): string[] {
	if (!body.startsWith('{')) return [];
	const { carrierId, vehiclesList } = JSON.parse(body) as Row;
	return [carrierId, ...(Array.isArray(vehiclesList) ? (vehiclesList as unknown[]) : [])]
		.filter((id) => id !== undefined)
		.map(String);
}

/** How a server refuses a value, and what of it a person needs. */
const BAD_REQUESTS: readonly { type: string; body: string; words: string }[] = [
	{
		type: 'application/problem+json; charset=utf-8',
		body: JSON.stringify({
			type: 'https://tools.ietf.org/html/rfc9110#section-15.5.1',
			title: 'One or more validation errors occurred.',
			status: 400,
			errors: { CarrierId: ["The value '0' is not valid for CarrierId."] },
			traceId: '00-84c1fd4063c38d9f3900d06e56542d48-85d1d4-00',
		}),
		words: 'is not valid for CarrierId',
	},
	{
		type: 'application/problem+json',
		body: JSON.stringify({ title: 'Bad Request', status: 400, detail: 'The vehicle is not active.' }),
		words: 'The vehicle is not active',
	},
	{
		type: 'application/json',
		body: JSON.stringify('The interval is too long.'),
		words: 'The interval is too long',
	},
	{
		type: 'text/plain; charset=utf-8',
		body: 'The interval may not exceed 31 days.',
		words: 'may not exceed 31 days',
	},
	{ type: 'text/html', body: page(400).body, words: 'HTTP 400' },
	{ type: 'text/plain', body: '', words: 'HTTP 400' },
];

const EVENTS = /^(?:Fueling|PossibleFuelTheft)$/;

const ODDITIES: readonly Oddity[] = [
	...OF_ANY,
	clocksThatAreWrong('Europe/Bucharest'),
	keyCase((key) => key.charAt(0).toLowerCase() + key.slice(1)),
	keyCase((key) => key.toLowerCase()),
	keyCase((key) => key.toUpperCase()),
	timesInOtherForms('Europe/Bucharest'),
	timesThatAreNone,
	unreadableCodes([null, '', [], {}, 'no', 0.5].map((isSuccess) => ({ isSuccess, payload: [], failureReasons: [] }))),
	ofBody('success as a text', 'form', (body) => {
		const key = keyIn(body, 'isSuccess');
		if (key === undefined) return false;
		body[key] = 'true';
		return true;
	}),
	{
		...ofBody('two refills or thefts in one second', 'twin', (body) => {
			let changed = false;
			for (const list of listsOf(body))
				put(
					list,
					list.rows.flatMap((row) => {
						const [event, place] = isRow(row) ? [keyIn(row, 'event'), keyIn(row, 'location')] : [];
						if (
							!isRow(row) ||
							event === undefined ||
							place === undefined ||
							!EVENTS.test(String(row[event]))
						)
							return [row];
						changed = true;
						return [row, { ...row, [place]: `${String(row[place])} (2)` }];
					}),
				);
			return changed;
		}),
		of: 'triggers',
	},
	ofRows(
		'refills of unknown kinds',
		'kind',
		(row, { random }) => {
			const key = keyIn(row, 'event');
			if (key === undefined || !EVENTS.test(String(row[key]))) return false;
			row[key] = random.pick(['FuelDrain', 'Possible fuel theft', 'REFUEL', 'Alimentare', 'TheftSuspicion']);
			return true;
		},
		0.5,
	),
	sessionEnds('the session ends in other words', ({ ways }) => [
		ways.refusal('envelope', ''),
		{ ...json({ error: 'invalid_token' }), status: 403 },
		{
			...json({
				payload: null,
				isSuccess: false,
				failureReasons: [{ errorCode: 'TokenExpired', errorParameters: [] }],
			}),
		},
	]),
	sessionEnds('the session ends in documented words', () => [{ ...json(''), status: 401, body: '' }]),
	loginFails('logins fail for a fault of the vendor', [page(502), page(503)]),
	{
		name: 'values are refused in words',
		of: 'reads',
		meet({ ways, request, memory, random, note }) {
			if (ways.isLogin(request)) return undefined;
			const { type, body, words } = (memory.get('refusal') ??
				random.pick(BAD_REQUESTS)) as (typeof BAD_REQUESTS)[number];
			memory.set('refusal', { type, body, words });
			note('fault', { words: [words] });
			return { status: 400, headers: { 'content-type': type }, body, code: MADE_UP };
		},
	},
];

export const trackgps: Ways = {
	isLogin: ({ path }) => path.endsWith('/authentication/login'),
	isWrite: () => false,
	tokenOf: ({ headers }) => /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1],
	askedFor,
	identity: ['vehicleId'],
	ok: 0,
	refusal: (code) =>
		code === 'envelope'
			? json({
					payload: null,
					isSuccess: false,
					correlationId: '3fa85f64-5717-4562-b3fc-2c963f66afa6',
					failureReasons: [{ errorCode: '401', errorParameters: [] }],
				})
			: { status: Number(code), headers: {}, body: '', code: MADE_UP },
	deviceCodes: [401, 403, 'envelope'],
	oddities: ODDITIES,
};
