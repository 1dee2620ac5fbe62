import { z } from 'zod/v4';
import { describe, expect, test, vi } from 'vitest';
import { busy, longestTurn } from '../../test/support/longest-turn';
import { SIGNED_IN } from '../../test/support/signed-in';
import { json, TestHost, type Respond } from '../../test/support/test-host';
import { jsonOf } from './answer';
import { Client } from './client';
import { FleetError, RateLimited, SessionExpired, TimedOut, Unreachable } from '../describe/errors';
import { ids, text } from '../describe/field';
import { LoginNeeded } from '../describe/host';
import { operation, type AnyOperation, type Computation, type Effect, type Run } from '../describe/operation';
import { CONFIRMED } from '../describe/outcome';
import { inOrder } from './pages';
import type { Connection } from '../describe/connection';
import type { Provider } from '../describe/provider';
import type { Row } from '../describe/records';
import { withoutToken } from './token';
import { chunks } from './windows';

/** A vendor with three methods, one of each effect. */
const act = (effect: Effect) =>
	operation({
		resource: 'thing',
		name: effect,
		title: `${effect} it`,
		action: '',
		description: '',
		effect,
		route: 'GET /things/{name}',
		params: { name: text({ title: 'Name', description: '' }) },
		request: () => ({}),
		target: ({ name }) => ({ target: name }),
		answer: z.looseObject({ value: z.number().optional() }),
		rows: (answer): Row[] => [effect !== 'read' && answer.value === 1 ? CONFIRMED : answer],
		record: (row: Row) => ({ simplified: row.value }),
		kind: 'other',
		evidence: { section: '1', grade: 'C' },
	});
const read = act('read');
const write = act('write');
const command = act('command');
const many = operation({
	resource: 'thing',
	name: 'many',
	title: 'Many',
	action: '',
	description: '',
	effect: 'read',
	route: 'GET /things',
	params: {
		names: ids({ title: 'Names', description: '', lookup: 'name', noun: 'name', pattern: /./, expected: '' }),
	},
	request: ({ names }) => ({ query: { names: names.join(',') } }),
	answer: z.array(z.looseObject({})),
	record: (row: Row) => row,
	kind: 'other',
	run: (run, { names }) => inOrder(chunks(names, 2), run.width, (some) => run.request({ names: some })),
	list: true,
	evidence: { section: '2', grade: 'C' },
});

let accounts = 0;
function clientOf(respond: Respond, { allowCommands = true, requestsPerMinute = 60_000 } = {}) {
	const provider: Provider = {
		...SIGNED_IN,
		connection: { secret: text({ title: 'Secret', description: '', secret: true }) },
		open: (answer, _request, _operation, warn) => {
			const body = jsonOf(answer, 'Vendor') as { expired?: boolean; hint?: string };
			if (body.hint !== undefined) warn?.(body.hint);
			if (body.expired) throw new SessionExpired('Vendor says that the session is over.', { definite: true });
			return body;
		},
		limits: { requestsPerMinute, burst: 100, deadlineMs: 60_000, poll: { seconds: 60, leastSeconds: 10 } },
		operations: [read, write, command, many],
		positions: { operation: read, all: true },
	};
	const host = new TestHost(respond);
	const connection: Connection = {
		baseUrl: 'https://vendor.example',
		account: `account-${String(accounts++)}`,
		allowCommands,
		allowPrivateAddresses: false,
		rateLimit: requestsPerMinute,
		...{ secret: 'hunter2-secret' },
	};
	const client = new Client(provider, connection, host);
	client.shared.accept(host);
	return { client, host };
}
const failure = async (promise: Promise<unknown>): Promise<FleetError> => {
	try {
		await promise;
	} catch (error) {
		expect(error).toBeInstanceOf(FleetError);
		return error as FleetError;
	}
	throw new Error('nothing was thrown');
};

describe('output', () => {
	test('is simplified or raw', async () => {
		const { client } = clientOf(() => json({ value: 7, more: true }));
		expect(await client.collect(read, { name: 'a' })).toEqual([{ simplified: 7 }]);
		expect(await client.collect(read, { name: 'a' }, { output: 'raw' })).toEqual([{ value: 7, more: true }]);
	});

	test.each(['simplified', 'raw'] as const)('what comes after the limit is not read: %s', async (output) => {
		const { client } = clientOf(() => json(Array.from({ length: 200 }, (_, value) => ({ value }))));
		let count = 0;
		const record = (row: Row) => ({ ...row, count: (count += 1) });
		const counted: AnyOperation = { ...many, record, raw: record };
		expect(await client.collect(counted, { names: ['a'] }, { output, limit: 3 })).toHaveLength(3);
		expect(count).toBe(3);
	});

	test('others have their turn between reading a long answer and its rows', async () => {
		const { client, host } = clientOf(() => json([{ value: 'x'.repeat(2_000_000) }]));
		const before = host.slept.length;
		await client.collect(many, { names: ['a'] });
		// And behind it, before the next large one.
		expect(host.slept.length).toBe(before + 2);
	});

	test('a limit stops asking for more pages', async () => {
		const { client, host } = clientOf((request) =>
			json(
				String(request.query?.names)
					.split(',')
					.map((name) => ({ name })),
			),
		);
		const names = Array.from({ length: 100 }, (_, index) => `n${String(index)}`);
		expect(await client.collect(many, { names }, { limit: 3 })).toEqual([
			{ name: 'n0' },
			{ name: 'n1' },
			{ name: 'n2' },
		]);
		// Of 50; four are under way at once, and as many may wait.
		expect(host.sent.length).toBeLessThanOrEqual(10);
	});

	test('an answer of another form is an error with words', async () => {
		const { client } = clientOf(() => json({ value: 'seven' }));
		const error = await failure(client.collect(read, { name: 'a' }));
		expect(error.code).toBe('UnexpectedAnswer');
		expect(error.message).toContain('"value"');
	});
});

test.each(['constructor', '__proto__', 'toString', 'nothing'])('%s is no list of the vendor', async (name) => {
	const { client } = clientOf(() => json({}));
	for (let again = 0; again < 2; again++)
		expect((await failure(client.lookup(name))).message).toContain('has no list of');
});

describe('what is computed of records', () => {
	/** Some work for each of 1000 records, and for each that is made of them at the end. */
	function computed(ends: number) {
		const worked = { add: 0, end: 0 };
		const begin = (_: unknown, _now: number, emit: (record: object) => void): Computation => ({
			add() {
				worked.add += 1;
				busy(0.05);
			},
			*end() {
				for (let place = 0; place < ends; place++) {
					worked.end += 1;
					busy(0.02);
					emit({ place });
					yield;
				}
			},
			warnings: ['Some were left out.'],
		});
		const { client, host } = clientOf(() => json(Array.from({ length: 1000 }, (_, place) => ({ place }))));
		const operation: AnyOperation = { ...many, compute: { options: [], begin } };
		return { worked, host, run: (options = {}) => client.run(operation, { names: ['a'] }, options) };
	}

	test('others have their turn while it ends, and it comes in pages', async () => {
		const { run } = computed(12_000);
		const sizes: number[] = [];
		const { most } = await longestTurn(async () => {
			for await (const page of run()) sizes.push(page.length);
		});
		expect(most).toBeLessThan(150);
		expect(sizes.reduce((sum, size) => sum + size)).toBe(12_000);
		expect(sizes.length).toBeGreaterThan(2);
	});

	test('no more of it is made than is wanted', async () => {
		const { run, worked, host } = computed(12_000);
		let count = 0;
		for await (const page of run({ limit: 20 })) count += page.length;
		expect(count).toBe(20);
		expect(worked.end).toBeLessThan(6000);
		expect(host.warnings).toEqual(['Some were left out.']);
	});

	test.each([
		['its records come', (worked: { add: number }) => worked.add > 0, { add: 900, end: 0 }],
		['it ends', (worked: { end: number }) => worked.end > 0, { add: 1000, end: 11_000 }],
	] as const)('is given up with its run, while %s', async (_, begun, most) => {
		const { run, worked, host } = computed(12_000);
		const stop = new AbortController();
		const idle = () => {
			if (begun(worked)) stop.abort(new Error('given up'));
			return Promise.resolve();
		};
		Object.assign(host, { idle });
		const took = async () => {
			for await (const page of run({ signal: stop.signal })) expect(page.length).toBeGreaterThanOrEqual(0);
		};
		await expect(took()).rejects.toThrow('given up');
		const { add, end } = worked;
		expect(add).toBeLessThanOrEqual(most.add);
		expect(end).toBeLessThanOrEqual(most.end);
		await new Promise((resolve) => setTimeout(resolve, 50));
		expect(worked).toEqual({ add, end });
	});
});

describe('path variables', () => {
	test('cannot leave their segment', async () => {
		const { client, host } = clientOf(() => json({}));
		await client.collect(read, { name: '../users?x=1#y' });
		expect(host.sent[0]?.request.path).toBe('/things/..%2Fusers%3Fx%3D1%23y');
	});
});

const faults: [string, Respond][] = [
	['503', () => json('busy', 503)],
	['429', () => json('slow down', 429, { 'retry-after': '1' })],
	['reset', () => Promise.reject(new Unreachable('The connection broke.', { retryable: true, effect: 'unknown' }))],
	['timeout', () => Promise.reject(new TimedOut('No answer within 30 s.', { retryable: true, effect: 'unknown' }))],
	['cut off', () => json('{"value": 1, "mo')],
	['html', () => json('<html><body>proxy</body></html>')],
];

describe.each(faults)('under %s', (_, respond) => {
	test('a read is sent three times', async () => {
		const { client, host } = clientOf(respond);
		await failure(client.collect(read, { name: 'a' }));
		expect(host.sent).toHaveLength(3);
		for (const wait of [1, 2])
			expect((host.sent[wait]?.at ?? 0) - (host.sent[wait - 1]?.at ?? 0)).toBeGreaterThanOrEqual(500);
	});

	test.each([write, command])('a $effect is sent once, and its outcome is unknown', async (operation) => {
		const { client, host } = clientOf(respond);
		const [outcome] = await client.collect(operation, { name: 'car' });
		expect(outcome).toMatchObject({ outcome: 'unknown', target: 'car', operation: `thing.${operation.effect}` });
		expect((outcome as { explanation: string }).explanation).toContain('sent once');
		expect(host.sent).toHaveLength(1);
	});
});

test.each([write, command])('a $effect is confirmed only where the operation says so', async (operation) => {
	const { client } = clientOf(() => json({ value: 0 }));
	expect(await client.collect(operation, { name: 'car' })).toMatchObject([
		{ outcome: 'unknown', explanation: 'The answer does not say whether it was done.' },
	]);
	const sure = clientOf(() => json({ value: 1 }));
	expect(await sure.client.collect(operation, { name: 'car' })).toMatchObject([
		{ outcome: 'confirmed', explanation: 'The vendor confirmed it.' },
	]);
});

test('a command that certainly did not leave is an error', async () => {
	const { client, host } = clientOf(() =>
		Promise.reject(new Unreachable('Nothing listens there.', { retryable: true, effect: 'none' })),
	);
	expect((await failure(client.collect(command, { name: 'car' }))).code).toBe('Unreachable');
	expect(host.sent).toHaveLength(1);
});

describe('a command that has to be sent by a certain time', () => {
	const inMs = ({ time }: { time: number }, ms: number) => ({ sendBy: time + ms });

	test.each([
		['its turn', 1, 30_000],
		['a login', 60_000, 30_000],
	])('is never sent if it has to wait longer for %s', async (what, requestsPerMinute, ms) => {
		const { client, host } = clientOf(() => json({ value: 1 }), { requestsPerMinute });
		if (what === 'its turn') await client.collect(read, { name: 'a' });
		else {
			vi.spyOn(host, 'send').mockImplementationOnce(() => Promise.reject(new LoginNeeded()));
			vi.spyOn(host, 'token').mockImplementation(() => host.sleep(40_000).then(() => 'late'));
		}
		const before = host.sent.length;
		const error = await failure(client.collect(command, { name: 'car' }, inMs(host, ms)));
		expect(error).toMatchObject({ code: 'NotSent', effect: 'none', retryable: false, outage: undefined });
		expect(error.message).toBe('"command it" was not sent: it could not be sent in time.');
		await host.sleep(120_000);
		expect(host.sent).toHaveLength(before);
	});

	test('waits for its turn until then', async () => {
		const { client, host } = clientOf(() => json({ value: 1 }), { requestsPerMinute: 2 });
		for (const name of ['a', 'b']) await client.collect(read, { name });
		expect(await client.collect(command, { name: 'car' }, inMs(host, 31_000))).toMatchObject([
			{ outcome: 'confirmed' },
		]);
	});

	test('may be answered later, and a read may be sent later', async () => {
		const { client, host } = clientOf(async () => {
			await host.sleep(20_000);
			return json({ value: 1 });
		});
		expect(await client.collect(command, { name: 'car' }, inMs(host, 1000))).toMatchObject([
			{ outcome: 'confirmed' },
		]);
		expect(host.sent[0]?.options.timeoutMs).toBe(30_000);
		expect(await client.collect(read, { name: 'a' }, inMs(host, -1))).toHaveLength(1);
	});
});

test('the log has a line for each command, without secrets, and none for what is no command', async () => {
	let value = 1;
	const { client, host } = clientOf(() => json({ value }));
	for (const operation of [read, write]) await client.collect(operation, { name: 'a' });
	expect(host.logged).toEqual([]);
	await client.collect(command, { name: 'car\n[error] hunter2-secret' });
	value = 2;
	await client.collect(command, { name: 'car' });
	host.permitsCommands = false;
	await failure(client.collect(command, { name: 'car' }));
	expect(host.logged).toEqual([
		'Command "command it", car [error] [secret]: confirmed',
		'Command "command it", car: unknown',
		'Command "command it": not sent, NotPermitted',
	]);
	expect(host.sent).toHaveLength(4);
});

test('with commands off, nothing is sent and the error says where to switch them on', async () => {
	const { client, host } = clientOf(() => json({}), { allowCommands: false });
	const error = await failure(client.collect(command, { name: 'car' }));
	expect(error.code).toBe('NotPermitted');
	expect(error.sentence).toContain('"Allow Commands" in the account');
	expect(host.sent).toHaveLength(0);
	await client.collect(write, { name: 'car' });
	expect(host.sent).toHaveLength(1);
});

test.each(['Ab0/9+session-token==', 'eyJhbGciOi.eyJzdWIi.c2ln', '77c8c126-7f5d-4886-8245-4754bcdafbdc'])(
	'a vendor that repeats the token %j does not put it into the flow',
	async (token) => {
		const echo = {
			value: 7,
			token,
			url: `https://x/?key=${encodeURIComponent(token)}`,
			[token]: [token],
			text: `Bearer ${token}.`,
		};
		const escaped = (digits: (code: string) => string) =>
			JSON.stringify(echo).replaceAll(/[+/=&<>'?]/g, (sign) => `\\u00${digits(sign.charCodeAt(0).toString(16))}`);
		for (const body of [
			JSON.stringify(echo),
			JSON.stringify(echo).replaceAll('/', '\\/'),
			escaped((code) => code),
			escaped((code) => code.toUpperCase()),
			// JSON within JSON, and addresses as .NET writes them.
			JSON.stringify({ value: 7, inner: escaped((code) => code) }),
			JSON.stringify({
				value: 7,
				url: `https://x/?key=${encodeURIComponent(token).replaceAll(/%../g, (sign) => sign.toLowerCase())}&b=1`,
			}),
		]) {
			const { client, host } = clientOf(() => json(body));
			host.session = token;
			const records = JSON.stringify([
				await client.collect(read, { name: 'a' }, { output: 'raw' }),
				await client.collect(command, { name: 'a' }),
			]);
			expect(records).not.toContain(token);
			expect(records).not.toContain(encodeURIComponent(token));
			for (const part of token.match(/[a-z0-9]{8,}/gi) ?? []) expect(records).not.toContain(part);
			expect(records).toContain('[token]');
			expect(records).toContain('7');
		}
	},
);

test.each([
	[`${'a'.repeat(2048)}b${'a'.repeat(2047)}`, 'a'],
	['12345678/abcdefgh', '\\/'],
	[`${'aaaaaaa1:'.repeat(455).slice(0, 4095)}z`, 'aaaaaaa1:'],
	['12345678/abcdefgh', '12345678\\/'],
	["1234567890!#$&'()*+,:;=?@[]", '\\u0021'],
	[`${`${'a1'.repeat(32)} `.repeat(60)}b`, `${'a1'.repeat(32)} `],
	[`${'ab:'.repeat(1300)}z`, 'ab:'],
	[`${'ab:'.repeat(1300)}z`, 'ab\\u003a'],
	[`${'ab%'.repeat(1300)}z`, 'ab%25'],
	['ab:cd:ef:gh:ij:kl:mn', 'mn&#58;'],
	['ab:cd:ef:gh:ij:kl:mn', '\\\\'],
])('a large answer that resembles the token %s takes no more time than its length', async (token, unit) => {
	const { client, host } = clientOf(() =>
		json(`{"value":7,"text":"${unit.repeat((4 * 1024 * 1024) / unit.length)}"}`),
	);
	host.session = token;
	const began = process.cpuUsage();
	// One that repeats it again and again is refused.
	await client.gather(read, { name: 'a' }, { output: 'raw' });
	expect(process.cpuUsage(began).user / 1000).toBeLessThan(1000);
});

test.each([
	'0123456789abcdef0123',
	'abc1234:def5678:ghi9012',
	'123456789012345:987654321098765',
	'fleet|17642342|aB3xY9',
])('the token %s is removed where it is repeated word for word', async (token) => {
	const { client, host } = clientOf(() => json({ value: 7, name: `car ${token}`, [token]: token }));
	host.session = token;
	expect(JSON.stringify(await client.collect(read, { name: 'a' }, { output: 'raw' }))).not.toContain(token);
});

describe.each([
	'abc1234:def5678:ghi9012',
	'fleet|17642342|aB3xY9',
	'a1/b2/c3/d4/e5/f6/g7/h8',
	"a1&b2<c3>d4'e5+f6 g7=h8",
	'ab12"cd34\\ef56"gh78',
	'1:2:3:4:5:6:7:8:9:0:1',
	'aB3.dE4.fG5.hI6.jK7.lM8',
])('the token of short parts %s', (token) => {
	const hex = (sign: string) => sign.charCodeAt(0).toString(16).padStart(2, '0');
	const other = /[^a-z0-9]/gi;
	const inJson = (text: string) => JSON.stringify(text).slice(1, -1);
	const everySign = token.replaceAll(other, (sign) => `\\u00${hex(sign)}`);
	test.each([
		['as it is', inJson(token)],
		['as PHP writes it', inJson(token).replaceAll('/', '\\/')],
		['as .NET writes it', everySign],
		['in capitals', everySign.replaceAll(/u00../g, (code) => `u${code.slice(1).toUpperCase()}`)],
		['in an address', inJson(encodeURIComponent(token))],
		['in a form', inJson(new URLSearchParams([['', token]]).toString().slice(1))],
		['in an address within an address', inJson(encodeURIComponent(encodeURIComponent(token)))],
		['every sign in an address', token.replaceAll(other, (sign) => `%${hex(sign)}`)],
		['in a web page', inJson(token.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll("'", '&#39;'))],
		['every sign in a web page', token.replaceAll(other, (sign) => `&#x${hex(sign)};`)],
		['in JSON within JSON', inJson(`{"a":"${inJson(token)}"}`)],
		['as .NET writes it, in JSON within JSON', inJson(`{"a":"${everySign}"}`)],
	])('is removed %s', async (_, written) => {
		const { client, host } = clientOf(() => json(`{"value":7,"a":"x ${written} y","b":["${written}"],"c":1}`));
		host.session = token;
		const [record] = await client.collect(read, { name: 'a' }, { output: 'raw' });
		const { a, b } = record as { a: string; b: string[] };
		const label = /[a-z]/i.test(token) ? '[token]' : '0';
		const around = written.startsWith('{') ? ['{\"a\":\"', '\"}'] : ['', ''];
		expect([a, b]).toEqual([`x ${around.join(label)} y`, [around.join(label)]]);
		expect(record).toMatchObject({ value: 7, c: 1 });
	});
});

test.each([
	'62AB69DE2CA7A0DF441FEE4CBA192412',
	'0123456789012345678901',
	'tok-abcdef0123456789xyz',
	'word:word:1234567890abcdef',
])('the token %s is removed however its signs are written', async (token) => {
	const hex = (sign: string) => sign.charCodeAt(0).toString(16);
	const ways: ((sign: string) => string)[] = [
		(sign) => `\\u00${hex(sign)}`,
		(sign) => `\\u00${hex(sign).toUpperCase()}`,
		(sign) => `%${hex(sign)}`,
		(sign) => `%25${hex(sign)}`,
		(sign) => `&#${String(sign.charCodeAt(0))};`,
		(sign) => `&#x${hex(sign)};`,
		(sign) => `&amp;#${String(sign.charCodeAt(0))};`,
		(sign) => `\\u0026#x${hex(sign)};`,
	];
	for (const way of ways)
		for (const nth of [1, 2, 5, 8]) {
			const written = Array.from(token, (sign, index) => (index % nth === nth - 1 ? way(sign) : sign)).join('');
			const { client, host } = clientOf(() =>
				json(`{"value":7,"name":"car ${written}.","${written}":"\\u0041"}`),
			);
			host.session = token;
			const label = /[a-z]/i.test(token) ? '[token]' : '0';
			const [record] = await client.collect(read, { name: 'a' }, { output: 'raw' });
			expect(record).toMatchObject({ value: 7, [label]: 'A' });
			expect((record as { name: string }).name).toMatch(/^car (\[token\]|0)\.?$/);
		}
});

test.each(['62AB69DE2CA7A0DF441FEE4CBA192412', '77c8c126-7f5d-4886-8245-4754bcdafbdc', 'fleet|17642342|ab3xy9'])(
	'the token %s is removed in the other case',
	async (token) => {
		for (const written of [token.toLowerCase(), token.toUpperCase(), encodeURIComponent(token.toUpperCase())]) {
			const { client, host } = clientOf(() => json(`{"value":7,"name":"car ${written}","list":["${written}"]}`));
			host.session = token;
			expect(await client.collect(read, { name: 'a' }, { output: 'raw' })).toEqual([
				{ value: 7, name: 'car [token]', list: ['[token]'] },
			]);
		}
	},
);

test('what only resembles a token of both cases stays', async () => {
	const { client, host } = clientOf(() => json({ value: 7, name: 'avehicleontheway' }));
	host.session = 'AVehicleOnTheWay';
	expect(await client.collect(read, { name: 'a' }, { output: 'raw' })).toEqual([
		{ value: 7, name: 'avehicleontheway' },
	]);
});

test('a number that holds a token of digits stays a number', async () => {
	const { client, host } = clientOf(() => json('{"value":7,"a":12345678901234560123,"b":[91234567890123456,1.5]}'));
	host.session = '1234567890123456';
	expect(await client.collect(read, { name: 'a' }, { output: 'raw' })).toEqual([{ value: 7, a: 0, b: [0, 1.5] }]);
});

test.each(['ab&', '&', '%', '%25', '\\\\', '&#65;', '&amp;', '\\u0041', '6', '62ab69de2ca7a0df441fee4cba19241 '])(
	'16 MiB of %s are searched for a token in a moment',
	(unit) => {
		const body = Buffer.from(`"${unit.repeat((16 * 1024 * 1024) / unit.length)}"`).toString();
		const answer = { status: 200, headers: {}, body, session: '62AB69DE2CA7A0DF441FEE4CBA192412' };
		const began = process.cpuUsage();
		expect(withoutToken(answer, 'The vendor').body.length).toBe(body.length);
		expect(process.cpuUsage(began).user / 1000).toBeLessThan(300);
	},
);

test('an answer that repeats the token without an end is refused', async () => {
	for (const token of ['0123456789abcdef0123', 'ab:cd:ef:gh:ij:kl:mn']) {
		const { client, host } = clientOf(() => json({ value: 7, texts: new Array(200_000).fill(token) }));
		host.session = token;
		expect((await failure(client.collect(read, { name: 'a' }))).code).toBe('UnexpectedAnswer');
		const few = clientOf(() => json({ value: 7, texts: new Array(50_000).fill(token) }));
		few.host.session = token;
		expect(await few.client.collect(read, { name: 'a' })).toHaveLength(1);
	}
});

test.each(['\\u0041', 'A'])('what stands beside a token stays as it is, with %s elsewhere', async (letter) => {
	const token = 'Ab0+9.session-token==';
	const body = `{"value":7,"path":"C:\\\\x ${letter}","quoted":"say \\"${token}\\" \\\\u002b","list":["${token}","\\n${token}\\n"]}`;
	const { client, host } = clientOf(() => json(body));
	host.session = token;
	expect(await client.collect(read, { name: 'a' }, { output: 'raw' })).toEqual([
		{ value: 7, path: 'C:\\x A', quoted: 'say "[token]" \\u002b', list: ['[token]', '\n[token]\n'] },
	]);
});

test('an answer that repeats a token of any characters stays JSON', async () => {
	const signs = ['abcdefgh1', '12345678', ':', '"', '\\', '/', '+', '=', ' ', '.', 'SECRETSECRET'];
	for (let at = 0; at < 2000; at++) {
		const parts = Array.from(
			{ length: 4 },
			(_, place) => signs[Math.floor(at / signs.length ** place) % signs.length],
		);
		const token = `${parts.join('')}abcdefgh12345678`;
		const body = JSON.stringify({
			value: 7,
			[token]: token,
			path: `C:\\${token}\\x`,
			list: [12345678, 0.12345678],
		});
		for (const written of [body, body.replaceAll('/', '\\/')]) {
			const { client, host } = clientOf(() => json(written));
			host.session = token;
			const records = await client.collect(read, { name: 'a' }, { output: 'raw' });
			expect(JSON.stringify(records)).not.toContain('abcdefgh12345678');
			expect(records).toMatchObject([{ value: 7, list: [12345678, 0.12345678] }]);
		}
	}
});

test('a short token is no reason to take words out of an answer', async () => {
	const { client, host } = clientOf(() => json({ value: 7, text: 'a vehicle' }));
	host.session = 'vehicle';
	expect(await client.collect(read, { name: 'a' }, { output: 'raw' })).toEqual([{ value: 7, text: 'a vehicle' }]);
});

test('an answer of another form is told of in words for people', async () => {
	for (const [answer, words] of [
		['text', 'its data: not an object'],
		[{ value: 'many' }, '"value": not a number'],
		[[], 'its data: not an object'],
	] as const) {
		const { client } = clientOf(() => json(JSON.stringify(answer)));
		const { message } = await failure(client.collect(read, { name: 'a' }));
		expect(message).toBe(`Vendor answered "read it" in a form that is not documented (${words}).`);
	}
	const { client } = clientOf(() => json({ 7: true }));
	expect((await failure(client.collect(many, { names: ['a'] }))).message).toContain('its data: not a list');
});

describe('an expired session', () => {
	test('is renewed once, for commands too, as the vendor certainly did nothing', async () => {
		const { client, host } = clientOf((_, __, session) =>
			session === 'session-1' ? json({ expired: true }) : json({ value: 1 }),
		);
		expect(await client.collect(command, { name: 'car' })).toMatchObject([{ outcome: 'confirmed' }]);
		expect(host.sent.map(({ options }) => options.stale)).toEqual([undefined, 'session-1']);
	});

	test('is not renewed for ever', async () => {
		const { client, host } = clientOf(() => json({ expired: true }));
		expect((await failure(client.collect(read, { name: 'a' }))).code).toBe('SessionExpired');
		expect(host.sent).toHaveLength(3);
		expect((await failure(client.collect(command, { name: 'a' }))).code).toBe('SessionExpired');
		expect(host.sent).toHaveLength(5);
	});

	test('is renewed at once, and a second time after a moment: two programs may be logging in', async () => {
		const { client, host } = clientOf((_, __, session) =>
			session === 'session-3' ? json({ value: 1 }) : json({ expired: true }),
		);
		expect(await client.collect(read, { name: 'a' })).toHaveLength(1);
		const [first = 0, second = 0, third = 0] = host.sent.map(({ at }) => at);
		expect(second).toBe(first);
		expect(third).toBeGreaterThan(second);
		expect(third - second).toBeLessThan(10_000);
	});
});

test('a session that others have kept ending for longer is said to be contested', async () => {
	const { client, host } = clientOf(() => json({ expired: true }));
	const { sessions } = client.shared;
	let logins = 0;
	const logInAgain = async () => {
		const token = (count: number) => ({ token: `t${String(count)}`, madeAt: host.now(), expiresAt: Infinity });
		await sessions.get({
			current: () => Promise.resolve(token(logins)),
			stale: `t${String(logins)}`,
			renew: () => Promise.resolve(token((logins += 1))),
			now: () => host.now(),
		});
	};
	const codes: string[] = [];
	for (const seconds of [0, 50, 50]) {
		await host.sleep(seconds * 1000);
		await logInAgain();
		const error = await failure(client.collect(read, { name: 'a' }));
		codes.push(error.code);
	}
	expect(codes).toEqual(['SessionExpired', 'SessionExpired', 'SessionContested']);
});

describe('an outage', () => {
	test('costs no storm of retries', async () => {
		const { client, host } = clientOf(() => json('down', 503));
		for (let call = 0; call < 200; call++) await failure(client.collect(read, { name: 'a' }));
		expect(host.sent.length).toBeLessThan(20);
	});

	test('says nothing of the login: the next runs go side by side', async () => {
		let down = true;
		const { client, host } = clientOf(async () => {
			if (down) throw new Unreachable('No connection.');
			await host.sleep(1000);
			return json({ value: 1 });
		});
		await failure(client.collect(read, { name: 'a' }));
		down = false;
		const began = host.now();
		await Promise.all(['a', 'b', 'c'].map((name) => client.collect(read, { name })));
		expect(host.now() - began).toBe(1000);
	});

	test('opens the breaker for half a minute, then sends one probe', async () => {
		let down = true;
		const { client, host } = clientOf(() => (down ? json('down', 503) : json({ value: 1 })));
		for (let call = 0; call < 3; call++) await failure(client.collect(read, { name: 'a' }));
		const before = host.sent.length;
		const error = await failure(client.collect(read, { name: 'a' }));
		expect(error.message).toMatch(/held back for \d+ s/);
		expect(host.sent).toHaveLength(before);
		down = false;
		// Asking again and again while it is open must not keep it open.
		for (let second = 0; second < 31; second++) {
			await host.sleep(1000);
			if (second < 25) await failure(client.collect(read, { name: 'a' }));
		}
		expect(await client.collect(read, { name: 'a' })).toHaveLength(1);
		expect(host.sent).toHaveLength(before + 1);
	});

	test('a run that waits for the probe keeps its own time', async () => {
		let hangs = false;
		const { client, host } = clientOf(async () => {
			if (!hangs) throw new Unreachable('No connection.', { retryable: true });
			await host.sleep(29_000);
			return json({ value: 1 });
		});
		for (let count = 0; count < 6; count++) await failure(client.collect(read, { name: 'a' }));
		await host.sleep(31_000);
		hangs = true;
		const probe = client.collect(read, { name: 'a' });
		const began = host.now();
		await failure(client.collect(read, { name: 'b' }, { deadlineMs: 3_000 }));
		expect(host.now() - began).toBeLessThanOrEqual(3_000);
		await probe;
	});

	test('requests that begin side by side when it is over wait for the probe', async () => {
		let down = true;
		const { client, host } = clientOf(() => (down ? json('down', 503) : json({ value: 1 })));
		for (let call = 0; call < 3; call++) await failure(client.collect(read, { name: 'a' }));
		await host.sleep(31_000);
		const sideBySide = () => Promise.allSettled(['a', 'b', 'c'].map((name) => client.collect(read, { name })));
		const before = host.sent.length;
		const refused = await sideBySide();
		expect(refused.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
		expect(host.sent).toHaveLength(before + 1);
		down = false;
		await host.sleep(31_000);
		const given = await sideBySide();
		expect(given.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
		expect(host.sent).toHaveLength(before + 4);
	});
});

test('a Retry-After beyond the deadline is not waited for', async () => {
	const { client, host } = clientOf(() => json('later', 429, { 'retry-after': '3600' }));
	const start = host.time;
	expect((await failure(client.collect(read, { name: 'a' }))).code).toBe('RateLimited');
	expect(host.time - start).toBeLessThan(1000);
});

describe('a vendor that asks for a pause', () => {
	test('is left alone by what runs by itself; the next run is told who asked', async () => {
		const { client, host } = clientOf(() => json('later', 429, { 'retry-after': '99999999' }));
		const first = await failure(client.collect(read, { name: 'a' }));
		expect(first.message).toBe(
			'Vendor answered that too many requests are made (HTTP 429), and asks for a pause of 3 years.',
		);
		const error = await failure(client.collect(read, { name: 'a' }, { deadlineMs: 60_000 }));
		expect(error.code).toBe('RateLimited');
		expect(error.message).toMatch(/vendor asked for a pause of 3 years/);
		expect(host.sent).toHaveLength(1);
	});

	test('a command finds out whether it is over, and then all go on', async () => {
		let refusing = true;
		const { client, host } = clientOf(() =>
			refusing ? json('later', 429, { 'retry-after': '99999999' }) : json({ value: 1 }),
		);
		await failure(client.collect(read, { name: 'a' }));
		refusing = false;
		const start = host.time;
		expect(await client.collect(command, { name: 'car' })).toMatchObject([{ outcome: 'confirmed' }]);
		expect(await client.collect(read, { name: 'a' })).toHaveLength(1);
		expect(host.time - start).toBeLessThan(11_000);
	});

	test('somebody who runs it by hand finds out, too', async () => {
		let refusing = true;
		const { client, host } = clientOf(() =>
			refusing ? json('later', 429, { 'retry-after': '99999999' }) : json({ value: 1 }),
		);
		await failure(client.collect(read, { name: 'a' }));
		refusing = false;
		const start = host.time;
		client.tryNow();
		expect(await client.collect(read, { name: 'a' })).toHaveLength(1);
		expect(host.time - start).toBeLessThan(11_000);
	});

	test('what was sent before the refusal does not end the pause', async () => {
		let answers = 0;
		const { client, host } = clientOf(async () => {
			if (++answers === 1) return json('later', 429, { 'retry-after': '120' });
			await Promise.resolve();
			return json({ value: 1 });
		});
		const both = await Promise.allSettled([
			client.collect(read, { name: 'a' }, { deadlineMs: 30_000 }),
			client.collect(read, { name: 'b' }, { deadlineMs: 30_000 }),
		]);
		expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
		const start = host.time;
		await client.collect(read, { name: 'c' }, { deadlineMs: 600_000 });
		expect(host.time - start).toBeGreaterThanOrEqual(100_000);
	});
});

test('no secret leaves in an error: message, advice, stack, cause, JSON', async () => {
	const secret = 'hunter2-secret';
	const { client } = clientOf(() =>
		Promise.reject(
			new Unreachable(`GET https://u:${secret}@x/?p=${secret}`, {
				advice: secret,
				vendorMessage: secret,
				cause: Object.assign(new Error(`at ${Buffer.from(secret).toString('base64')}`), { config: { secret } }),
			}),
		),
	);
	const error = await failure(client.collect(read, { name: 'a' }));
	const { inspect } = await import('node:util');
	const everything = [
		error.message,
		error.advice,
		error.stack,
		inspect(error, { depth: 9, showHidden: true }),
		JSON.stringify(error),
	].join('\n');
	expect(everything).toContain('[secret]');
	expect(everything).not.toContain(secret);
	expect(everything).not.toContain(Buffer.from(secret).toString('base64'));
});

describe('a secret that a run is given', () => {
	const unlock = operation({
		resource: 'lock',
		name: 'unlock',
		title: 'Unlock',
		action: '',
		description: '',
		effect: 'command',
		route: 'GET /unlock',
		request: () => ({}),
		answer: z.looseObject({}),
		evidence: { section: '3', grade: 'C' },
		params: { password: text({ title: 'Password', description: '', secret: true }) },
		rows: (): Row[] => [{ outcome: 'unknown', explanation: 'see the response', response: said }],
	});
	let said = '';

	test('is hidden in its outcome and its error, however many others run meanwhile, and in the next run', async () => {
		let fail = false;
		const { client, host } = clientOf(async ({ path }) => {
			if (path === '/unlock') await host.sleep(1000);
			if (fail) throw new Unreachable(`no ${said}`, { effect: 'none' });
			return json({});
		});
		said = 'the lock says 4711-lock-secret';
		const first = client.collect(unlock, { password: '4711-lock-secret' });
		await host.sleep(1);
		for (let count = 0; count < 60; count++)
			client.read(unlock, { password: `other-lock-secret-${String(count)}` });
		expect(await first).toMatchObject([{ response: 'the lock says [password]' }]);
		expect(await client.collect(unlock, { password: 'another-secret' })).toMatchObject([
			{ response: 'the lock says [password]' },
		]);
		fail = true;
		expect((await failure(client.collect(unlock, { password: 'another-secret' }))).message).toBe(
			'no the lock says [password]',
		);
	});

	test('costs no more the longer the process lives', async () => {
		const { client } = clientOf(() => json({}));
		const { forms } = client.redactor as unknown as { forms: Map<string, unknown> };
		const use = async (from: number) => {
			for (let count = from; count < from + 60; count++)
				await client.collect(unlock, { password: `lock-secret-${String(1000 + count)}` });
			return forms.size;
		};
		const before = await use(0);
		expect(await use(100)).toBeLessThan(before * 1.1);
	});
});

test('records that are dated in the future come, and one sentence says how many they are', async () => {
	const dated = { ...many, record: ({ time }: Row) => ({ time }) };
	const warningsOf = async (...minutes: number[]) => {
		const { client, host } = clientOf(() =>
			json(minutes.map((minute) => ({ time: new Date(host.now() + minute * 60_000).toISOString() }))),
		);
		expect(await client.collect(dated, { names: ['a'] })).toHaveLength(minutes.length);
		return host.warnings;
	};
	expect(await warningsOf(0, 4, -60)).toEqual([]);
	expect(await warningsOf(0, 6, 525_600)).toEqual([
		'2 records are dated in the future. Check the clocks of the device and of this machine, and the time zone in the account if it has one.',
	]);
});

test('endless warnings of a run end in one that says so', async () => {
	const { client, host } = clientOf(() => json([{ value: 7 }]));
	const endless: AnyOperation = {
		...many,
		run: async function* (run: Run<{ names: string[] }>) {
			for (let page = 0; page < 500; page++) {
				run.warn(`Page ${String(page)} is cut.`);
				yield await run.request({ names: ['a'] });
			}
		},
	} as never;
	await client.gather(endless, { names: ['a'] });
	expect(host.warnings.slice(0, 20)).toEqual(Array.from({ length: 20 }, (_, page) => `Page ${String(page)} is cut.`));
	expect(host.warnings.slice(20)).toEqual(['There are more hints like these, which are not shown.']);
});

describe('large answers that come at the same moment', () => {
	const body = JSON.stringify(new Array(100_001).fill({ value: 1, text: 'x'.repeat(70) }));
	const ended: string[] = [];
	let [open, most] = [0, 0];
	const opening: AnyOperation = {
		...many,
		rows: (answer: Row[]) => {
			open += answer.length > 1 ? 1 : 0;
			most = Math.max(most, open);
			return answer;
		},
	} as never;
	const reading = async (text: string, name: string) => {
		const { client } = clientOf(() => json(text));
		for await (const page of client.run(opening, { names: ['a'] })) if (page.length > 1) open -= 1;
		ended.push(name);
	};

	test('for whichever accounts, are read one after the other, and small ones do not wait for them', async () => {
		await Promise.all([...['1', '2', '3', '4'].map((name) => reading(body, name)), reading('[{}]', 'small')]);
		expect(ended).toEqual(['small', '1', '2', '3', '4']);
		expect(most).toBe(1);
	});

	test('are read although others of them cannot be', async () => {
		ended.length = 0;
		const cut = body.slice(0, -1);
		const nulls = body.replaceAll('{', '[').replaceAll('}', ']').replaceAll('":', '",');
		const all = [cut, body, nulls, body].map((text, place) => reading(text, String(place)));
		expect((await Promise.allSettled(all)).map(({ status }) => status)).toEqual([
			'rejected',
			'fulfilled',
			'rejected',
			'fulfilled',
		]);
		expect(ended).toEqual(['1', '3']);
		await reading(body, 'last');
	});
});

test('pages without end are gathered until they would fill the memory', async () => {
	const { client, host } = clientOf(() => json([{ text: 'a' }]));
	const text = 'x'.repeat(10_000_000);
	let ended = false;
	const endless: AnyOperation = {
		...many,
		run: async function* (run: Run<{ names: string[] }>) {
			try {
				for (let page = 0; page < 100; page++) {
					await run.request({ names: ['a'] });
					yield [{ text }];
				}
			} finally {
				ended = true;
			}
		},
	} as never;
	const { records, error } = await client.gather(endless, { names: ['a'] }, { output: 'raw' });
	expect(error).toMatchObject({ code: 'TooLarge', permanent: true, scope: 'call' });
	expect([records.length, host.sent.length, ended]).toEqual([40, 40, true]);
	// Whoever takes them page by page gets all.
	let taken = 0;
	for await (const page of client.run(endless, { names: ['a'] }, { output: 'raw' })) taken += page.length;
	expect(taken).toBe(100);
});

test('hints that answers give count among them', async () => {
	let answers = 0;
	const { client, host } = clientOf(() => json({ value: 7, hint: `Answer ${String(answers++)} is odd.` }));
	const endless: AnyOperation = {
		...read,
		run: async function* (run: Run<{ name: string }>) {
			for (let page = 0; page < 50; page++) {
				run.warn(`Page ${String(page)} is cut.`);
				yield await run.request({ name: 'a' });
			}
		},
	} as never;
	await client.gather(endless, { name: 'a' });
	expect(host.warnings.slice(0, 3)).toEqual(['Page 0 is cut.', 'Answer 0 is odd.', 'Page 1 is cut.']);
	expect(host.warnings).toHaveLength(21);
});

describe('a list that another run reads', () => {
	/** A vendor's list that takes so long, or as long as its reader has. */
	const listed = (ms: number) => {
		const { client, host } = clientOf(() => json({}));
		let reads = 0;
		const device: Provider['lookups'][string] = async (_, { deadlineMs = 60_000 } = {}) => {
			reads += 1;
			await host.sleep(Math.min(ms, deadlineMs));
			if (deadlineMs < ms) throw new TimedOut('The run took too long.');
			return [{ value: '1', title: 'One' }];
		};
		Object.assign(client.provider, { lookups: { device } });
		return { client, host, reads: () => reads };
	};

	/** A vendor that asks for a pause: whoever has no time for it is told so at once. */
	const paused = (ms: number) => {
		const { client, host } = clientOf(() => json({}));
		const until = host.now() + ms;
		let reads = 0;
		const device: Provider['lookups'][string] = async (_, { deadlineMs = 60_000 } = {}) => {
			reads += 1;
			await host.sleep(1);
			const left = until - host.now();
			if (left > deadlineMs) throw new RateLimited('The vendor asked for a pause.', { retryable: true });
			await host.sleep(left);
			return [{ value: '1', title: 'One' }];
		};
		Object.assign(client.provider, { lookups: { device } });
		return { client, host, reads: () => reads };
	};

	test("costs no more than one's own time, and can be given up", async () => {
		const { client, host } = listed(29_000);
		const began = host.now();
		const first = client.lookup('device', { deadlineMs: 60_000 });
		const abort = new AbortController();
		const [late, aborted] = [
			client.lookup('device', { deadlineMs: 5_000 }).catch((error: unknown) => [error, host.now() - began]),
			client.lookup('device', { signal: abort.signal }).catch((error: unknown) => error),
		];
		abort.abort(new Error('stopped'));
		expect(await aborted).toMatchObject({ message: 'stopped' });
		expect(await late).toMatchObject([{ code: 'TimedOut' }, 5_000]);
		expect(await first).toHaveLength(1);
	});

	test('is read again if that run had no time for it', async () => {
		const { client, reads } = listed(10_000);
		const short = failure(client.lookup('device', { deadlineMs: 1_000 }));
		const long = client.lookup('device', { deadlineMs: 60_000 });
		expect((await short).code).toBe('TimedOut');
		expect(await long).toHaveLength(1);
		expect(reads()).toBe(2);
	});

	test("is read again if the vendor's pause was too long for that run", async () => {
		const { client, host, reads } = paused(20_000);
		const began = host.now();
		const short = failure(client.lookup('device', { deadlineMs: 5_000 }));
		const long = client.lookup('device', { deadlineMs: 60_000 });
		expect((await short).code).toBe('RateLimited');
		expect(await long).toHaveLength(1);
		expect(reads()).toBe(2);
		expect(host.now() - began).toBeLessThan(30_000);
	});

	test('is not read for ever by those whose time the pause takes, too', async () => {
		const { client, reads } = paused(600_000);
		const all = Array.from({ length: 50 }, (_, run) =>
			failure(client.lookup('device', { deadlineMs: 1000 + run })),
		);
		for (const { code } of await Promise.all(all)) expect(code).toBe('RateLimited');
		expect(reads()).toBeLessThanOrEqual(5);
	});
});
