/** TrackCEO, eTrack and the platform's other brands. */
import type { Answer, VendorRequest } from '../exchange';
import { isRow, jsonOf, listsOf, MADE_UP, ofBody, put, withBody } from './answers';
import { loginFails, OF_ANY, page, sessionEnds, unreadableCodes, writesAnswered, type Said } from './forms';
import type { Oddity, Ways } from './stranger';
import { clocksThatAreWrong, epochsInOtherForms, epochsThatAreNone } from './times';

const HEADERS = { 'content-type': 'application/json; charset=UTF-8' };
const json = (body: unknown, status = 200): Answer => ({
	status,
	headers: HEADERS,
	body: typeof body === 'string' ? body : JSON.stringify(body),
	code: MADE_UP,
});

const WRITES = new Set([
	'/api/command/send',
	'/api/geofence/create',
	'/api/message/send',
	'/api/user/block',
	'/api/user/unblock',
	'/api/user/password/set',
]);

/**
 * What real trackers say, in many languages, to commands that were not carried out, or of which nobody can tell: GT06
 * programs, manuals and public logs.
 */
const NOT_DONE: readonly string[] = [
	'DYD=Speed Limit, Speed:45km/h',
	'Speed is too high, it will be cut off when the speed is below 20km/h',
	'Cut off the fuel supply: Delay! speed limit: 45km/h.',
	'Already in the state of fuel supply cut off, the command is not running!',
	'DYD=Unvalued Fix',
	'ERROR: 102',
	'Not supported',
	'Unsupported command',
	'Timeout',
	'not ok',
	'NOK',
	'unsuccessful',
	'Unsuccessful!',
	'Token error',
	'Password error! OK to retry',
	'Lock door: failed',
	'RELAY:1 fail, success rate 0',
	'success: false',
	'OK=0',
	'{"success":false}',
	'Will be OK when the vehicle stops',
	'Command received, OK will follow',
	'Fehler: Kein GPS',
	'Befehl abgelehnt',
	'Falha ao executar o comando',
	'Comando no soportado',
	'Échec de la commande',
	'速度超限：45公里/时，切断油电延后执行！',
	'执行失败',
	'Ошибка: команда не выполнена',
	'Comandă refuzată',
	'no success',
	'partial success',
	'success pending',
	'?',
	'0',
	'1',
	'true',
];

/** Success of another action than the one that was sent. */
const OTHERS: Readonly<Record<string, string>> = {
	'RELAY,1': 'Restore fuel supply: Success!',
	'RELAY,0': 'Cut off the fuel supply: Success! Speed: 0km/h.',
	LOCKDOOR: 'Unlock door: Success!',
	UNLOCKDOOR: 'Lock door: Success!',
	RESET: 'Set mileage: Success!',
	SET_MILEAGE: 'Reset: Success!',
};

const said = (body: unknown, done: boolean, status = 200): Said => ({
	answer: json(body, status),
	done,
	atBest: 'unknown',
});

/** Answers to writes that are no clear success. */
const UNCLEAR: readonly Said[] = [false, true].flatMap((done) => [
	...[null, '', false, [], {}, 'abc', '0x0', 0.5, true].map((code) => said({ code, message: 'no right' }, done)),
	said({ code: 20023, message: 'No Data.' }, done),
	said({ code: 0, message: 'Operation failed' }, done),
	said({ code: 0, message: 'denied' }, done),
	said({ code: 0, message: 'unsuccessful' }, done),
	said({ code: 30001, message: 'busy' }, done),
	said({ message: 'ok' }, done),
	said('', done),
	said('[]', done),
	said('OK', done),
	said('null', done),
	said({ code: 0 }, done, 202),
	said({ code: 0 }, done, 500),
	{ answer: page(200), done, atBest: 'unknown' as const },
	{ answer: page(502), done, atBest: 'unknown' as const },
]);

const askedFor = ({ query }: VendorRequest) =>
	(query.imeis ?? query.imei ?? '').split(',').filter((imei) => imei !== '');

/** Columns of a track point and of an alarm that count something. */
const POINT = [0, 1, 3, 4];
const ALARM = [1, 2, 5, 6];

const LISTED = /\/(?:playback|list)$/;
const noteLists: Oddity['meet'] = ({ request, note }) => {
	if (LISTED.test(request.path)) note('form');
	return undefined;
};

/** Moments at which trackers send what they have kept, in the week before the runs begin and soon after. */
const BURSTS = [Date.UTC(2026, 2, 12, 4), Date.UTC(2026, 2, 15, 17, 30), Date.UTC(2026, 2, 18, 9, 46)].map(
	(at) => at / 1000,
);
const bursts = (name: string, size: number): Oddity => ({
	name,
	of: 'reads',
	at: /^(?:alarm\.getMany|trigger newAlarm)$/,
	alone: 'pages',
	world: { protrack: { alarmBursts: { seconds: BURSTS, size } } },
	meet: noteLists,
});

const ODDITIES: readonly Oddity[] = [
	...OF_ANY,
	clocksThatAreWrong('UTC'),
	ofBody('the code as text', 'form', (body) => {
		body.code = String(body.code as number);
		return true;
	}),
	ofBody('words of success beside the code', 'form', (body, { random }) => {
		body.message = random.pick(['success', 'OK', 'Success!', 'ok', null, '']);
		return true;
	}),
	ofBody('an empty record in another form', 'form', (body, { random }) => {
		if (!(Array.isArray(body.record) && body.record.length === 0) && body.record !== '') return false;
		const nothing = random.pick([undefined, null, '', []]);
		if (nothing === undefined) delete body.record;
		else body.record = nothing;
		return true;
	}),
	{
		name: 'no data as a code',
		of: 'reads',
		meet(visit) {
			if (visit.ways.isLogin(visit.request) || visit.ways.isWrite(visit.request)) return undefined;
			const answer = visit.pass();
			const body = answer.code === 0 ? jsonOf(answer) : undefined;
			const empty =
				isRow(body) && (body.record === '' || (Array.isArray(body.record) && body.record.length === 0));
			if (!empty) return answer;
			visit.note('form');
			return withBody(answer, { code: 20023, message: 'No Data.' });
		},
	},
	ofBody('columns of a text that are empty', 'value', (body, { random }) => {
		let changed = false;
		for (const list of listsOf(body)) {
			if (!list.text) continue;
			put(
				list,
				list.rows.map((row) => {
					const columns = String(row).split(',');
					const own = random.of(String(row));
					if (!own.chance(0.3)) return row;
					changed = true;
					columns[own.pick(columns.length > 6 ? ALARM : POINT)] = own.pick(['', ' ', 'null', '-']);
					return columns.join(',');
				}),
			);
		}
		return changed;
	}),
	{
		name: 'pages that begin with the newest',
		of: 'reads',
		at: /^(?:alarm\.getMany|position\.getHistory|trigger newAlarm)$/,
		alone: 'pages',
		world: { protrack: { fixesPerPage: 120, alarmsPerPage: 12 } },
		habits: { protrack: { recordOrder: 'descending' } },
		meet: noteLists,
	},
	bursts('40 alarms in a second', 40),
	bursts('more alarms in a second than a page holds', 130),
	epochsInOtherForms,
	epochsThatAreNone,
	unreadableCodes(
		[null, '', false, [], {}, 0.5, 'abc', undefined].map((code) => ({ code, message: 'no', record: [] })),
	),
	sessionEnds('the session ends in other words', () =>
		[
			[10008, 'token expired'],
			[10015, ''],
			[99999, 'Session timeout'],
			[401, '授权已过期'],
		].map(([code, message]) => json({ code, message })),
	),
	sessionEnds(
		'the session ends in documented words',
		() =>
			[
				[10002, 'Login timeout'],
				[10003, 'Not login yet'],
				[10010, 'Access token doesn’t exist'],
				[10011, 'Access token is invalid'],
				[10012, 'Access token is out of date'],
				['10012', ''],
			].map(([code, message]) => json({ code, message })),
		{ clear: true },
	),
	loginFails('logins fail for a fault of the vendor', [
		json({ code: 10000, message: 'System error' }),
		json({ code: 10009, message: 'Request is too frequency' }),
		page(502),
		page(503),
	]),
	{
		name: 'devices answer in other words',
		of: 'writes',
		meet(visit) {
			const { request, memory, random, note, ways } = visit;
			if (request.path === '/api/command/send') {
				memory.set('command', request.query.command ?? '');
				return undefined;
			}
			if (request.path !== '/api/command/query' || ways.isLogin(request)) return undefined;
			const answer = visit.pass();
			const words = (memory.get('words') ??
				random.pick([...NOT_DONE, OTHERS[memory.get('command') as string] ?? ''])) as string;
			memory.set('words', words);
			note('outcome', { atBest: 'unknown', done: false });
			return withBody(answer, { code: 0, record: { response: words, commandstatus: 1 } });
		},
	},
	{
		name: 'a command whose state cannot be read',
		of: 'writes',
		meet(visit) {
			const { request, random, note } = visit;
			if (request.path !== '/api/command/query') return undefined;
			const answer = visit.pass();
			note('outcome', { atBest: 'sent', done: true });
			return withBody(answer, {
				code: 0,
				record: {
					response: 'Success!',
					commandstatus: random.pick([null, '', false, [], 'done', undefined, 0.5, 2]),
				},
			});
		},
	},
	writesAnswered('a write is answered without a clear word', UNCLEAR),
	writesAnswered('a command has no number', [
		{
			answer: (honest) => {
				const body = jsonOf(honest);
				return isRow(body) && isRow(body.record) && 'commandid' in body.record
					? withBody(honest, { code: 0, record: {} })
					: honest;
			},
			done: true,
			atBest: 'confirmed',
		},
	]),
];

export const protrack: Ways = {
	isLogin: ({ path }) => path === '/api/authorization',
	isWrite: ({ path }) => WRITES.has(path),
	tokenOf: ({ query, body }) => query.access_token ?? new URLSearchParams(body).get('access_token') ?? undefined,
	askedFor,
	identity: ['imei'],
	ok: 0,
	refusal: (code, words) => json({ code, message: words }),
	deviceCodes: [10013, 20046, 20089, 20005],
	oddities: ODDITIES,
};
