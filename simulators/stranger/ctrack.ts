/** Ctrack. */
import type { Answer, VendorRequest } from '../exchange';
import { MADE_UP, ofBody } from './answers';
import { deviceRefused, loginFails, OF_ANY, page, sessionEnds, writesAnswered, type Said } from './forms';
import type { Oddity, Ways } from './stranger';

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
	said({ ErrorCode: 0, Result: null }, done),
	said({ ErrorCode: 0, Result: false }, done),
	said('', done),
	said('[]', done),
	said({ ErrorCode: 0, Result: 'Success' }, done, 202),
	said({ ErrorCode: 0, Result: 'Success' }, done, 500),
	{ answer: page(200), done, atBest: 'unknown' as const },
	{ answer: page(502), done, atBest: 'unknown' as const },
]);

const ODDITIES: readonly Oddity[] = [
	...OF_ANY,
	deviceRefused,
	ofBody('the code in words', 'form', (body, { random }) => {
		if (!('ErrorCode' in body)) return false;
		body.ErrorCode = random.pick(['0', 'Success = 0', 'Success']);
		return true;
	}),
	sessionEnds('the session ends in documented words', () => [
		json({ ErrorCode: 4 }),
		json({ ErrorCode: 'AuthorisationFailed = 4' }),
		page(401),
	]),
	loginFails('logins fail for a fault of the vendor', [page(502), page(503)]),
	writesAnswered('a write is answered without a clear word', UNCLEAR),
];

export const ctrack: Ways = {
	isLogin: (request) => partsOf(request)[0] === 'Membership' && partsOf(request).at(-1) === 'Login',
	isWrite: (request) => ['Subscribe', 'Unsubscribe', 'Ack'].includes(partsOf(request).at(-1) ?? ''),
	tokenOf: (request) => (partsOf(request).length === 3 ? partsOf(request)[1] : undefined),
	askedFor,
	identity: ['NodeId', 'VehicleNodeId'],
	ok: 0,
	refusal: (ErrorCode) => json({ ErrorCode }),
	deviceCodes: [12, 9],
	oddities: ODDITIES,
};
