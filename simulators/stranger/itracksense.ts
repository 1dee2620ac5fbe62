/** iTracksense. */
import type { Answer, VendorRequest } from '../exchange';
import { DEFAULT_PATHS } from '../itracksense/paths';
import { isRow, MADE_UP, ofBody } from './answers';
import { loginFails, OF_ANY, page, sessionEnds, unreadableCodes, writesAnswered, type Said } from './forms';
import type { Oddity, Row, Ways } from './stranger';
import { clocksThatAreWrong, timesInOtherForms, timesThatAreNone } from './times';

const HEADERS = { 'content-type': 'application/json; charset=UTF-8' };
const json = (body: unknown, status = 200): Answer => ({
	status,
	headers: HEADERS,
	body: typeof body === 'string' ? body : JSON.stringify(body),
	code: MADE_UP,
});

const WRITES = new Set<string>(
	([5, 15, 16, 30, 31, 34, 35, 37, 38, 39, 40, 41] as const).map((one) => DEFAULT_PATHS[one]),
);

const NAMES = [
	'DeviceIDs',
	'DeviceID',
	'VehiclePlates',
	'VehiclePlate',
	'VehicleNums',
	'VehicleNum',
	'NumberPlateLists',
];

function askedFor({ body }: VendorRequest): string[] {
	const fields = body.startsWith('{') ? (JSON.parse(body) as Row) : {};
	return NAMES.flatMap((name) => (typeof fields[name] === 'string' ? fields[name].split(',') : []))
		.map((device) => device.trim())
		.filter((device) => device !== '');
}

const said = (body: unknown, done: boolean, status = 200): Said => ({
	answer: json(body, status),
	done,
	atBest: 'unknown',
});

/** Answers to writes that are no clear success. */
const UNCLEAR: readonly Said[] = [false, true].flatMap((done) => [
	...[null, '', false, [], {}, 'abc', 200.5, true].map((Code) => said({ Code, Data: null, ErrMsg: 'no' }, done)),
	said({ Code: 200, Data: null, ErrMsg: 'Device offline' }, done),
	said({ Code: 200, Data: 'x', ErrMsg: 'not ok' }, done),
	said({ Code: 200, Data: '7', ErrMsg: 'unsuccessful' }, done),
	said({ Code: 401, Data: null, ErrMsg: 'Parameter error' }, done),
	said({ Code: 999, Data: null, ErrMsg: '失败' }, done),
	said({ Data: null, ErrMsg: 'OK' }, done),
	said('', done),
	said('[]', done),
	said('OK', done),
	{ ...said({ Code: 200, Data: null, ErrMsg: 'OK' }, done, 202), atBest: 'sent' as const },
	said({ Code: 200, Data: null, ErrMsg: 'OK' }, done, 500),
	{ answer: page(200), done, atBest: 'unknown' as const },
	{ answer: page(502), done, atBest: 'unknown' as const },
]);

const ODDITIES: readonly Oddity[] = [
	...OF_ANY,
	clocksThatAreWrong('Asia/Shanghai'),
	ofBody('the code as text', 'form', (body) => {
		body.Code = String(body.Code as number);
		return true;
	}),
	ofBody('other words beside a success', 'form', (body, { random }) => {
		body.ErrMsg = random.pick(['OK', 'success', null, '', 'Success']);
		return true;
	}),
	timesInOtherForms('Asia/Shanghai'),
	timesThatAreNone,
	unreadableCodes(
		[null, '', false, [], {}, 0.5, 'abc', undefined].map((Code) => ({
			Code,
			Data: { total: 0, data: [] },
			ErrMsg: 'no',
		})),
	),
	ofBody('fewer records than the total says', 'cut', ({ Data }, { random }) => {
		if (!isRow(Data) || typeof Data.total !== 'number' || !Array.isArray(Data.data) || Data.data.length < 2)
			return false;
		Data.data = (Data.data as unknown[]).slice(0, 1 + random.below(Data.data.length - 1));
		return true;
	}),
	sessionEnds('the session ends in other words', () =>
		[
			[401, null],
			[401, ''],
			[401, 'Authentication failed'],
			[401, 'Access denied'],
			[401, 'Session timeout'],
			[401, '认证失败'],
			[401, '授权已过期'],
			[4012, '登录失效'],
		].map(([Code, ErrMsg]) => json({ Code, Data: null, ErrMsg })),
	),
	sessionEnds(
		'the session ends in documented words',
		() =>
			['Token invalid', 'Token expired', 'Unauthorized', '登录凭证无效'].map((ErrMsg) =>
				json({ Code: 401, Data: null, ErrMsg }),
			),
		{ clear: true },
	),
	loginFails('logins fail for a fault of the vendor', [
		page(502),
		page(503),
		json({ Code: 500, Data: null, ErrMsg: 'System error' }),
		json({ Code: 4010, Data: null, ErrMsg: 'Error' }),
		json({ Code: 4011, Data: null, ErrMsg: 'Storage process error' }),
	]),
	writesAnswered('a write is answered without a clear word', UNCLEAR),
];

export const itracksense: Ways = {
	isLogin: ({ path }) => path.endsWith('/GetLoginToken'),
	isWrite: ({ path }) => WRITES.has(path),
	tokenOf: ({ headers }) => /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1],
	askedFor,
	identity: ['SIM2', 'DeviceID'],
	ok: 200,
	refusal: (Code, ErrMsg) => json({ Code, Data: null, ErrMsg }),
	deviceCodes: [404, 4001, 4002, 4005],
	oddities: ODDITIES,
};
