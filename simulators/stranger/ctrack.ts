/** Ctrack. */
import type { Answer, VendorRequest } from '../exchange';
import { isRow, listsOf, MADE_UP, ofBody, ofRows, put } from './answers';
import { loginFails, OF_ANY, page, sessionEnds, unreadableCodes, writesAnswered, type Said } from './forms';
import type { Deed, Oddity, Row, Visit, Ways } from './stranger';
import { clocksThatAreWrong, timesInOtherForms, timesThatAreNone } from './times';

const HEADERS = { 'content-type': 'application/json; charset=utf-8' };
const json = (body: unknown, status = 200): Answer => ({
	status,
	headers: HEADERS,
	body: typeof body === 'string' ? body : JSON.stringify(body),
	code: MADE_UP,
});

/** /.../REST/<Module>/<token>/<Method> */
const partsOf = ({ path }: VendorRequest) => path.split('/REST/')[1]?.split('/') ?? [];

const askedFor = ({ query }: VendorRequest) =>
	(query.vehicleNodeId ?? query.svehicleNodeIds ?? '').split(',').filter((id) => id !== '');

const said = (body: unknown, done: boolean, status = 200): Said => ({
	answer: json(body, status),
	done,
	atBest: 'unknown',
});

const UNCLEAR: readonly Said[] = [false, true].flatMap((done) => [
	...[null, '', false, [], {}, 'abc', 0.5, true, 12, 'Failed'].map((ErrorCode) => said({ ErrorCode }, done)),
	said({ ErrorCode: 0, Result: 'Failed' }, done),
	said({ ErrorCode: 0, Result: 'not successful' }, done),
	said({ ErrorCode: 0, Result: false }, done),
	said('', done),
	said('[]', done),
	said({ ErrorCode: 0, Result: 'Success' }, done, 202),
	said({ ErrorCode: 0, Result: 'Success' }, done, 500),
	{ answer: page(200), done, atBest: 'unknown' as const },
	{ answer: page(502), done, atBest: 'unknown' as const },
]);

/** The code is documented as "Success = 0". A word that is null, or not there, takes nothing from that. */
const WORDLESS: readonly Said[] = [{ ErrorCode: 0 }, { ErrorCode: 0, Result: null }].map((body) => ({
	...said(body, true),
	atBest: 'confirmed',
}));

/** An oddity of the queues' messages. */
const ofMessages = (name: string, kind: Deed['kind'], change: (row: Row, visit: Visit) => boolean): Oddity => ({
	...ofRows(name, kind, (row, visit) => 'DeliveryTag' in row && change(row, visit)),
	of: 'queues',
});

const QUEUES: readonly Oddity[] = [
	ofMessages('messages without a tag', 'row', (row, { memory, random }) => {
		const tag = (memory.get('tag') ?? random.pick([undefined, null, '', 'none'])) as string | null | undefined;
		memory.set('tag', tag);
		if (tag === undefined) Reflect.deleteProperty(row, 'DeliveryTag');
		else row.DeliveryTag = tag;
		return true;
	}),
	ofMessages('tags as text', 'form', (row) => {
		row.DeliveryTag = String(row.DeliveryTag as number);
		return true;
	}),
	{
		...ofBody('two messages of one second', 'twin', (body) => {
			for (const list of listsOf(body))
				put(
					list,
					list.rows.flatMap((row) =>
						isRow(row) && 'StatusText' in row
							? [row, { ...row, StatusText: `${String(row.StatusText)};(Battery Tamper)` }]
							: [row],
					),
				);
			return listsOf(body).some(({ rows }) => rows.some((row) => isRow(row) && 'StatusText' in row));
		}),
		of: 'queues',
	},
	{
		name: 'acknowledging has no effect',
		of: 'queues',
		meet({ request, note }) {
			if (partsOf(request).at(-1) !== 'Ack') return undefined;
			note('cut');
			return json({ ErrorCode: 0, Result: 'Success' });
		},
	},
	{ ...writesAnswered('acknowledging is answered without a clear word', [...UNCLEAR, ...WORDLESS]), of: 'queues' },
];

/** Methods whose wrapper the document has lost. */
const UNKNOWN_WRAPPERS = ['GetVehicleUsage', 'GetVehicleUsageByCostCentre', 'GetVehiclePositionsCANDetailed'];
/** Methods whose answers the document does not show. */
const UNKNOWN = new Set([
	'GetScripts',
	'GetCustomFieldsForCostCentre',
	'getgritterstatus',
	'getgritterstatusForAuthenticatedUser',
	'GetVehicleDrivingBehaviour',
	'GetLocationString',
	...UNKNOWN_WRAPPERS,
]);

const ODDITIES: readonly Oddity[] = [
	...OF_ANY,
	clocksThatAreWrong('UTC'),
	ofBody('the code in words', 'form', (body, { random }) => {
		if (!('ErrorCode' in body)) return false;
		body.ErrorCode = random.pick(['0', 'Success = 0', 'Success']);
		return true;
	}),
	timesInOtherForms('UTC'),
	timesThatAreNone,
	ofRows(
		'a record with an error of its own',
		'errored',
		(row, { random }) => {
			if (!('NodeId' in row) || !('EventTimeUTC' in row || 'TripStartUTC' in row)) return false;
			for (const [key, value] of Object.entries(row)) {
				if (key === 'NodeId' || key === 'DeliveryTag') continue;
				row[key] = typeof value === 'number' ? 0 : typeof value === 'boolean' ? false : '';
				if (key.endsWith('UTC')) row[key] = random.chance(0.5) ? '0001-01-01T00:00:00Z' : value;
			}
			Reflect.deleteProperty(row, 'Errorcode');
			row.ErrorCode = random.pick([7, 4, '12', 'Failed = 1', -1]);
			return true;
		},
		0.3,
	),
	ofBody('the list under another key', 'form', (body, { random, request }) => {
		if (!UNKNOWN_WRAPPERS.includes(partsOf(request).at(-1) ?? '')) return false;
		const key = Object.keys(body).find((one) => Array.isArray(body[one]));
		if (key === undefined) return false;
		body[random.pick(['Records', 'Result', 'Items'])] = body[key];
		Reflect.deleteProperty(body, key);
		return true;
	}),
	...QUEUES,
	unreadableCodes([null, '', false, [], {}, 0.5, 'Failed', 12].map((ErrorCode) => ({ ErrorCode }))),
	sessionEnds('the session ends in other words', () => [
		json({ ErrorCode: 5 }),
		json({ ErrorCode: 3 }),
		json({ ErrorCode: 'SessionExpired = 3' }),
		json({ ErrorCode: 'InvalidToken = 2' }),
		json({ ErrorCode: 'InvalidToken' }),
		page(403),
	]),
	sessionEnds('the session ends in documented words', () => [
		json({ ErrorCode: 4 }),
		json({ ErrorCode: 'AuthorisationFailed = 4' }),
		page(401),
	]),
	loginFails('logins fail for a fault of the vendor', [page(502), page(503)]),
	writesAnswered('a write is answered without a clear word', [...UNCLEAR, ...WORDLESS]),
];

export const ctrack: Ways = {
	isLogin: (request) => partsOf(request)[0] === 'Membership' && partsOf(request).at(-1) === 'Login',
	isWrite: (request) => ['Subscribe', 'Unsubscribe', 'Ack'].includes(partsOf(request).at(-1) ?? ''),
	undocumented: (request) => UNKNOWN.has(partsOf(request).at(-1) ?? ''),
	tokenOf: (request) => (partsOf(request).length === 3 ? partsOf(request)[1] : undefined),
	askedFor,
	identity: ['NodeId', 'VehicleNodeId'],
	ok: 0,
	refusal: (ErrorCode) => json({ ErrorCode }),
	deviceCodes: [12, 9],
	oddities: ODDITIES,
};
