/** TrackGPS.ro. */
import type { Answer, VendorRequest } from '../exchange';
import { isRow, keyIn, listsOf, MADE_UP, ofBody, ofRows, put } from './answers';
import { deviceRefused, keyCase, loginFails, OF_ANY, page, sessionEnds, unreadableCodes } from './forms';
import type { Oddity, Row, Ways } from './stranger';
import { timesInOtherForms, timesThatAreNone } from './times';

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

const EVENTS = /^(?:Fueling|PossibleFuelTheft)$/;

const ODDITIES: readonly Oddity[] = [
	...OF_ANY,
	deviceRefused,
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
