import { z } from 'zod/v4';
import { describe, expect, test } from 'vitest';
import { mostInAMinute } from '../../test/support/most-in-a-minute';
import { SIGNED_IN } from '../../test/support/signed-in';
import { json, TestHost } from '../../test/support/test-host';
import { sharedLogin } from './account';
import { jsonOf } from './answer';
import { Client } from './client';
import { LoginRejected, NotFound, SessionExpired, VendorFault } from '../describe/errors';
import { text } from '../describe/field';
import type { Host, WireAnswer } from '../describe/host';
import { operation, type Effect } from '../describe/operation';
import { CONFIRMED } from '../describe/outcome';
import type { Connection } from '../describe/connection';
import type { Provider } from '../describe/provider';

const LOGIN_MS = 200;
const ANSWER_MS = 50;

const act = (effect: Effect) =>
	operation({
		resource: 'thing',
		name: effect,
		title: effect,
		action: '',
		description: '',
		effect,
		route: 'GET /things',
		params: {},
		request: () => ({}),
		target: () => ({ target: 'thing' }),
		answer: z.looseObject({}),
		rows: () => [CONFIRMED],
		record: () => ({ read: true }),
		kind: 'other',
		evidence: { section: '1', grade: 'C' },
	});
const read = act('read');
const command = act('command');

let accounts = 0;

/** A vendor with one account, and programs that log in to it with whatever secret they have. */
function vendor({ perMinute = 60_000, burst = 100, ambiguous = false } = {}) {
	const clock = new TestHost(() => json({}));
	const provider: Provider = {
		...SIGNED_IN,
		connection: { secret: text({ title: 'Secret', description: '', secret: true }) },
		open: (answer) => {
			const body = jsonOf(answer, 'Vendor') as { expired?: boolean; missing?: boolean; unknown?: boolean };
			if (body.missing) throw new NotFound('There is no such thing.');
			if (body.unknown) throw new VendorFault('It is not known what this means.', { unexplained: true });
			if (body.expired) throw new SessionExpired('The session is over.', { definite: true, ambiguous });
			return body;
		},
		limits: { requestsPerMinute: perMinute, burst, deadlineMs: 60_000, poll: { seconds: 60, leastSeconds: 10 } },
		operations: [read, command],
		positions: { operation: read, all: true },
	};
	const account = `account-${String(accounts++)}`;
	const seen = {
		/** The secret in force. */
		secret: 'right',
		/** Other secrets that are right, each with a session of its own that nobody ends. */
		others: new Set<string>(),
		/** Sessions that are in force, and are those of another account. */
		foreign: new Set<string>(),
		session: 0,
		loginMs: LOGIN_MS,
		/** How the next logins fail. */
		loginFaults: [] as Error[],
		lastsMs: 7_200_000,
		/** The secret whose session another worker renews again and again, and how often that was looked at. */
		renewedElsewhere: '',
		looks: 0,
		/** Secrets of logins. */
		logins: [] as string[],
		/** Requests for data: when, and by whom. */
		requests: [] as { at: number; secret: string }[],
		answer: (): WireAnswer | Promise<WireAnswer> => json({}),
		/** To a session that is not in force. */
		refuses: json({ expired: true }),
	};
	const clientOf = (secret: string, answerMs = ANSWER_MS, rateLimit = perMinute): Client => {
		const connection: Connection = {
			baseUrl: 'https://vendor.example',
			account,
			allowCommands: true,
			allowPrivateAddresses: false,
			rateLimit,
			...{ secret },
		};
		const shared = sharedLogin(provider, connection);
		const session: NonNullable<Host['token']> = async ({ stale, freshForMs, mayLogIn }) => {
			const { token } = await shared.sessions.get({
				current: () => {
					if (secret === seen.renewedElsewhere) {
						seen.looks += 1;
						// Without an end, no timer would come to end the test.
						if (seen.looks > 1000) return Promise.reject(new Error('It goes round in circles.'));
						shared.session = {
							token: `other-${String(seen.looks)}`,
							expiresAt: clock.now() + seen.lastsMs,
						};
					}
					return Promise.resolve(shared.session);
				},
				renew: async () => {
					seen.logins.push(secret);
					await clock.sleep(seen.loginMs);
					const fault = seen.loginFaults.shift();
					if (fault !== undefined) throw fault;
					if (secret !== seen.secret && !seen.others.has(secret))
						throw new LoginRejected('Vendor refuses the password.');
					return (shared.session = {
						token: seen.others.has(secret) ? `token-of-${secret}` : `token-${String(++seen.session)}`,
						expiresAt: clock.now() + seen.lastsMs,
					});
				},
				stale,
				freshForMs,
				mayLogIn,
				now: () => clock.now(),
			});
			return token;
		};
		const host: Host = {
			permitsCommands: true,
			token: session,
			send: async (_, options) => {
				const token = await session(options);
				seen.requests.push({ at: clock.now(), secret });
				await clock.sleep(answerMs);
				const own = seen.others.has(secret)
					? token === `token-of-${secret}`
					: token === `token-${String(seen.session)}` && secret === seen.secret;
				const good = own || seen.foreign.has(token);
				return { ...(good ? await seen.answer() : seen.refuses), session: token };
			},
			sleep: (ms, signal) => clock.sleep(ms, signal),
			now: () => clock.now(),
			warn: () => undefined,
		};
		return new Client(provider, connection, host);
	};
	const codeOf = (run: Promise<unknown>) =>
		run.then(
			() => 'done',
			(error: unknown) => (error as LoginRejected).code,
		);
	/** A session that somebody has stored for the login, as n8n keeps it in the credential. */
	const store = (secret: string, token: string, rateLimit = perMinute) => {
		clientOf(secret, ANSWER_MS, rateLimit).shared.session = { token, expiresAt: clock.now() + 7_200_000 };
	};
	return { clock, clientOf, seen, codeOf, store };
}

test.each([read, command])(
	'300 $effect runs with a wrong password hold nobody up, and log in a few times',
	async (operation) => {
		const { clock, clientOf, seen, codeOf } = vendor();
		const right = clientOf('right');
		await right.collect(read, {});
		const wrong = Array.from({ length: 300 }, () => codeOf(clientOf('wrong').collect(operation, {})));
		for (let count = 0; count < 5; count++) {
			const began = clock.now();
			await right.collect(read, {});
			expect(clock.now() - began).toBeLessThanOrEqual(ANSWER_MS);
		}
		expect(new Set(await Promise.all(wrong))).toEqual(new Set(['LoginRejected']));
		expect(seen.logins.filter((secret) => secret === 'wrong').length).toBeLessThanOrEqual(3);
		expect(seen.requests.every(({ secret }) => secret === 'right')).toBe(true);
	},
);

test('whoever begins while a wrong password is tried need not wait for it', async () => {
	const { clock, clientOf, codeOf } = vendor();
	const began = clock.now();
	const wrong = Array.from({ length: 50 }, () => codeOf(clientOf('wrong').collect(read, {})));
	await clientOf('right').collect(read, {});
	expect(clock.now() - began).toBeLessThanOrEqual(LOGIN_MS + ANSWER_MS);
	await Promise.all(wrong);
});

test('logins that are refused give no turns to anybody', async () => {
	const { clientOf, seen, codeOf } = vendor({ perMinute: 6, burst: 6 });
	const right = clientOf('right');
	await right.collect(read, {});
	const wrong = async () => {
		for (let count = 0; count < 20; count++) await codeOf(clientOf('wrong').collect(read, {}));
	};
	await Promise.all([
		wrong(),
		...Array.from({ length: 30 }, () => right.collect(read, {}, { deadlineMs: 3_600_000 })),
	]);
	for (const { at } of seen.requests)
		expect(seen.requests.filter((other) => other.at >= at && other.at < at + 60_000).length).toBeLessThanOrEqual(
			12,
		);
});

test('logins that are accepted keep to the quota together from their first request on', async () => {
	const { clientOf, seen } = vendor({ perMinute: 6, burst: 6 });
	const runs = Array.from({ length: 30 }, () => clientOf('right').collect(read, {}, { deadlineMs: 3_600_000 }));
	await Promise.all(runs);
	expect(seen.logins).toHaveLength(1);
	for (const { at } of seen.requests)
		expect(seen.requests.filter((other) => other.at >= at && other.at < at + 60_000).length).toBeLessThanOrEqual(
			12,
		);
});

test('a first request that hangs keeps only its own slot', async () => {
	const { clock, clientOf } = vendor();
	const hanging = clientOf('right', 29_000).collect(read, {});
	await clock.sleep(LOGIN_MS + 1);
	const began = clock.now();
	await clientOf('right').collect(read, {});
	expect(clock.now() - began).toBeLessThanOrEqual(ANSWER_MS);
	await hanging;
});

test('a password that is changed later is refused without holding up who knows the new one', async () => {
	const { clock, clientOf, seen, codeOf } = vendor();
	await clientOf('old')
		.collect(read, {})
		.catch(() => undefined);
	seen.secret = 'old';
	await clientOf('old').collect(read, {});
	seen.secret = 'right';
	const right = clientOf('right');
	await right.collect(read, {});
	const before = { requests: seen.requests.length, logins: seen.logins.length };
	const old = Array.from({ length: 300 }, () => codeOf(clientOf('old').collect(command, {})));
	await clock.sleep(LOGIN_MS);
	const began = clock.now();
	await right.collect(read, {});
	expect(clock.now() - began).toBeLessThanOrEqual(LOGIN_MS + 2 * ANSWER_MS);
	expect(new Set(await Promise.all(old))).toEqual(new Set(['LoginRejected']));
	// The four that were under way with the dead session; the others are told what came of the login.
	expect(seen.requests.length - before.requests).toBeLessThanOrEqual(4 + 1);
	expect(seen.logins.length - before.logins).toBeLessThanOrEqual(3);
	// What was wrong with it is put right, and it goes on at once.
	seen.secret = 'old';
	expect(await codeOf(clientOf('old').collect(read, {}))).toBe('done');
});

test.each([read, command])(
	'$effect runs with a password that was right once send one request, also where the refusal has two meanings',
	async (operation) => {
		const { clientOf, seen, codeOf } = vendor({ ambiguous: true });
		const old = clientOf('right');
		await old.collect(read, {});
		seen.secret = 'new';
		await clientOf('new').collect(read, {});
		const before = seen.requests.length;
		for (let count = 0; count < 30; count++) await codeOf(old.collect(operation, {}));
		expect(seen.requests.slice(before).filter(({ secret }) => secret === 'right')).toHaveLength(1);
	},
);

test('a command of a login that has yet to be accepted is sent once', async () => {
	const { clientOf, seen } = vendor();
	seen.answer = () => json('busy', 503);
	expect(await clientOf('right').collect(command, {})).toMatchObject([{ outcome: 'unknown' }]);
	expect(seen.requests).toHaveLength(1);
});

test('a renewal that hangs keeps no turn from others, and its request is sent when it has ended', async () => {
	const { clock, clientOf, seen, codeOf } = vendor();
	await clientOf('right').collect(read, {});
	seen.secret = 'new';
	const renewed = clientOf('new');
	await renewed.collect(read, {});
	// The old secret's session is dead, and its login hangs.
	seen.loginMs = 20_000;
	const old = Array.from({ length: 20 }, (_, run) => codeOf(clientOf('right').collect(run % 2 ? command : read, {})));
	await clock.sleep(10 * ANSWER_MS);
	for (let count = 0; count < 5; count++) {
		const began = clock.now();
		await renewed.collect(read, {});
		expect(clock.now() - began).toBeLessThanOrEqual(ANSWER_MS);
	}
	expect(new Set(await Promise.all(old))).toEqual(new Set(['LoginRejected']));
});

test('a session that never lasts as long as a command wants is renewed once for it', async () => {
	const { clientOf, seen } = vendor();
	seen.lastsMs = 30_000;
	const client = clientOf('right');
	await client.collect(read, {});
	expect(await client.collect(command, {})).toMatchObject([{ outcome: 'confirmed' }]);
	expect(seen.logins.length).toBeLessThanOrEqual(2);
});

test('whoever only names the account first has no say in its rate', async () => {
	const { clock, clientOf, seen, codeOf } = vendor();
	await codeOf(clientOf('wrong', ANSWER_MS, 1).collect(read, {}));
	const began = clock.now();
	const right = clientOf('right');
	await Promise.all(Array.from({ length: 8 }, () => right.collect(read, {})));
	expect(clock.now() - began).toBeLessThanOrEqual(LOGIN_MS + 2 * ANSWER_MS);
	expect(seen.requests).toHaveLength(8);
});

test('logins that are made up push out no account that works', async () => {
	const { clientOf, seen, codeOf } = vendor({ perMinute: 6, burst: 6 });
	const run = () => clientOf('right').collect(read, {}, { deadlineMs: 3_600_000 });
	await Promise.all(Array.from({ length: 6 }, run));
	for (let count = 0; count < 2500; count++) await codeOf(clientOf(`wrong-${String(count)}`).collect(read, {}));
	const before = seen.logins.filter((secret) => secret === 'right').length;
	await Promise.all(Array.from({ length: 12 }, run));
	expect(seen.logins.filter((secret) => secret === 'right').length).toBe(before);
});

test('a renewal that fails and then hangs keeps no turn from others', async () => {
	const { clock, clientOf, seen, codeOf } = vendor();
	await clientOf('right').collect(read, {});
	seen.secret = 'new';
	const renewed = clientOf('new');
	await renewed.collect(read, {});
	seen.loginFaults = Array.from({ length: 3 }, () => new VendorFault('It has a fault.', { retryable: true }));
	const old = Array.from({ length: 20 }, () => codeOf(clientOf('right').collect(read, {})));
	await clock.sleep(5 * LOGIN_MS);
	seen.loginMs = 20_000;
	for (let count = 0; count < 100; count++) {
		const began = clock.now();
		await renewed.collect(read, {});
		expect(clock.now() - began).toBeLessThanOrEqual(ANSWER_MS);
		await clock.sleep(100);
	}
	await Promise.all(old);
});

test('what belongs to a session that is over needs no login, and keeps no turn', async () => {
	const { clock, clientOf, seen, codeOf } = vendor();
	const right = clientOf('right');
	await right.collect(read, {});
	await clock.sleep(7_300_000);
	seen.loginMs = 20_000;
	const logins = seen.logins.length;
	const bound = Array.from({ length: 4 }, () => codeOf(right.collect(read, {}, { inSession: 'token-1' })));
	expect(new Set(await Promise.all(bound))).toEqual(new Set(['SessionExpired']));
	expect(seen.logins).toHaveLength(logins);
});

test('sessions that somebody has made up take a turn at most, and have no say in the rate', async () => {
	const { clock, clientOf, seen, codeOf, store } = vendor({ perMinute: 60, burst: 6 });
	for (let count = 0; count < 50; count++) store(`wrong-${String(count)}`, `made-up-${String(count)}`, 30);
	const wrong = Array.from({ length: 50 }, (_, count) =>
		codeOf(clientOf(`wrong-${String(count)}`, ANSWER_MS, 30).collect(read, {})),
	);
	await clock.sleep(1);
	const began = clock.now();
	const right = clientOf('right');
	await Promise.all(Array.from({ length: 6 }, () => right.collect(read, {})));
	// The one that was on its way has taken a turn of the account's quota.
	expect(clock.now() - began).toBeLessThanOrEqual(LOGIN_MS + 2 * ANSWER_MS + 1000);
	expect(new Set(await Promise.all(wrong))).toEqual(new Set(['LoginRejected']));
	expect(seen.requests.filter(({ secret }) => secret.startsWith('wrong')).length).toBeLessThanOrEqual(50);
});

test('a pause that the vendor asks a made-up session for holds up no login that works', async () => {
	const { clock, clientOf, seen, codeOf, store } = vendor();
	const right = clientOf('right');
	await right.collect(read, {});
	for (const [name, pause] of [
		['first', { 'retry-after': '300' }],
		['second', {}],
	] as const) {
		store(name, `made-up-${name}`);
		seen.refuses = { status: 429, headers: pause, body: '{}' };
		const flood = Array.from({ length: 5 }, () => codeOf(clientOf(name).collect(read, {}, { deadlineMs: 20_000 })));
		for (let count = 0; count < 5; count++) {
			const began = clock.now();
			await right.collect(read, {});
			expect(clock.now() - began).toBeLessThanOrEqual(2 * ANSWER_MS);
		}
		await Promise.all(flood);
	}
	expect(right.shared.account.limiter.complaints).toBe(0);
	// But the pause holds for the others that are not proven: they prove themselves by a login.
	store('third', 'made-up-third');
	const before = seen.requests.length;
	expect(await codeOf(clientOf('third').collect(read, {}))).toBe('LoginRejected');
	expect(seen.requests.length).toBe(before);
});

test('a stored session that is in force is used without a login, and takes turns from its first answer on', async () => {
	const { clientOf, seen, store } = vendor({ perMinute: 6, burst: 6 });
	seen.session = 1;
	store('right', 'token-1');
	await Promise.all(Array.from({ length: 30 }, () => clientOf('right').collect(read, {}, { deadlineMs: 3_600_000 })));
	expect(seen.logins).toEqual([]);
	for (const { at } of seen.requests)
		expect(seen.requests.filter((other) => other.at >= at && other.at < at + 60_000).length).toBeLessThanOrEqual(
			13,
		);
});

test('a lowered limit holds from the next answer on, a refusal too', async () => {
	const { clock, clientOf, seen, codeOf } = vendor({ perMinute: 600, burst: 6 });
	await clientOf('right').collect(read, {});
	await clock.sleep(3_600_000);
	seen.answer = () => json({ missing: true });
	const before = seen.requests.length;
	const lowered = clientOf('right', ANSWER_MS, 6);
	for (let count = 0; count < 40; count++) await codeOf(lowered.collect(read, {}, { deadlineMs: 3_600_000 }));
	const later = seen.requests.slice(before);
	for (const { at } of later)
		expect(later.filter((other) => other.at >= at && other.at < at + 60_000).length).toBeLessThanOrEqual(13);
});

test('a stored session in which the vendor says nothing of it is replaced by a login', async () => {
	const { clientOf, seen, codeOf, store } = vendor({ perMinute: 6, burst: 6 });
	seen.session = 1;
	store('right', 'token-1');
	seen.answer = () => json({ missing: true });
	const client = clientOf('right');
	for (let count = 0; count < 20; count++) await codeOf(client.collect(read, {}, { deadlineMs: 3_600_000 }));
	expect(seen.logins).toHaveLength(1);
	expect(client.shared.accepted).toBe(true);
	for (const { at } of seen.requests)
		expect(seen.requests.filter((other) => other.at >= at && other.at < at + 60_000).length).toBeLessThanOrEqual(
			13,
		);
});

test('a stored session that the vendor refuses in unknown words is replaced by a login, whenever it was made', async () => {
	const { clock, clientOf, seen, codeOf, store } = vendor({ perMinute: 60, burst: 10 });
	seen.session = 1;
	store('right', 'token-1');
	const client = clientOf('right');
	Object.assign(client.shared.session ?? {}, { madeAt: clock.now(), doubtedAt: clock.now() });
	seen.answer = () => json({ unknown: true });
	for (let count = 0; count < 5; count++) await codeOf(client.collect(read, {}));
	expect(seen.logins).toHaveLength(1);
	expect(client.shared.accepted).toBe(true);
});

const RATES = [
	{ perMinute: 6, burst: 6 },
	{ perMinute: 60, burst: 10 },
	{ perMinute: 10, burst: 1 },
	{ perMinute: 2, burst: 1 },
];

describe.each(RATES)('a working session of another account that somebody stores under the name of one (%j)', (rate) => {
	const FOREIGN = 'token-of-another-account';
	const turnMs = 60_000 / rate.perMinute;

	/** He sets the lowest rate that there is. @param first whether he comes before the account's owner */
	async function attacked({ first, storedBefore }: { first: boolean; storedBefore: boolean }) {
		const it = vendor(rate);
		const { clock, clientOf, seen, codeOf, store } = it;
		seen.foreign.add(FOREIGN);
		store('wrong', FOREIGN, 1);
		if (storedBefore) {
			seen.session = 1;
			store('right', 'token-1');
		}
		const attack = () => codeOf(clientOf('wrong', ANSWER_MS, 1).collect(read, {}, { deadlineMs: 20_000 }));
		const right = clientOf('right');
		if (first) await attack();
		else {
			await right.collect(read, {});
			await clock.sleep(3_600_000);
			await attack();
		}
		return { ...it, right, attack };
	}

	test.each([
		{ first: true, storedBefore: false },
		{ first: true, storedBefore: true },
		{ first: false, storedBefore: false },
		{ first: false, storedBefore: true },
	])('neither sets its rate nor takes its turns (%j)', async (order) => {
		const { clock, clientOf, seen, codeOf, right, attack } = await attacked(order);
		const flood = Array.from({ length: 100 }, (_, run) =>
			codeOf(clientOf('wrong', ANSWER_MS, 1).collect(run % 2 ? command : read, {}, { deadlineMs: 20_000 })),
		);
		const began = clock.now();
		const runs = 2 * rate.burst;
		await Promise.all(Array.from({ length: runs }, () => right.collect(read, {}, { deadlineMs: 3_600_000 })));
		const alone = LOGIN_MS + (runs - rate.burst) * turnMs;
		expect(clock.now() - began).toBeLessThanOrEqual(alone + turnMs + (runs + 2) * ANSWER_MS);
		await Promise.all(flood);
		await attack();
		expect(clientOf('wrong', ANSWER_MS, 1).shared.accepted).toBe(false);
		expect(seen.logins.filter((secret) => secret === 'right').length).toBeLessThanOrEqual(1);
	});

	test('neither pauses it nor slows it down by what the vendor says there', async () => {
		for (const first of [true, false]) {
			const { clock, clientOf, seen, codeOf, right } = await attacked({ first, storedBefore: true });
			const { answer } = seen;
			seen.answer = () => ({ status: 429, headers: { 'retry-after': '300' }, body: '{}' });
			for (let count = 0; count < 3; count++)
				await codeOf(clientOf('wrong', ANSWER_MS, 1).collect(read, {}, { deadlineMs: 20_000 }));
			seen.answer = answer;
			const began = clock.now();
			await right.collect(read, {}, { deadlineMs: 600_000 });
			expect(clock.now() - began).toBeLessThanOrEqual(LOGIN_MS + turnMs + 2 * ANSWER_MS);
			expect(right.shared.account.limiter.complaints).toBe(0);
		}
	});

	test('has no say over an account whose own session is stored, either', async () => {
		const { clock, clientOf, seen, codeOf, store } = vendor(rate);
		seen.foreign.add(FOREIGN);
		seen.session = 1;
		store('right', 'token-1');
		const right = clientOf('right');
		await right.collect(read, {});
		store('wrong', FOREIGN, 1);
		for (let count = 0; count < 3; count++) await codeOf(clientOf('wrong', ANSWER_MS, 1).collect(read, {}));
		await clock.sleep(3_600_000);
		const began = clock.now();
		await Promise.all(Array.from({ length: rate.burst }, () => right.collect(read, {})));
		expect(clock.now() - began).toBeLessThanOrEqual((rate.burst + 1) * ANSWER_MS);
		expect(seen.logins).not.toContain('right');
		expect(right.shared.accepted).toBe(true);
	});
});

describe.each(RATES)('many logins of one account after a restart (%j)', ({ perMinute, burst }) => {
	const turnMs = 60_000 / perMinute;
	let seed = 1;
	const random = (below: number) => (seed = (seed * 16_807) % 2_147_483_647) % below;

	test('keep to its quota together, whether their stored sessions are good or made up', async () => {
		for (let round = 0; round < 6; round++) {
			const { clock, clientOf, seen, store } = vendor({ perMinute, burst });
			const runs: Promise<unknown>[] = [];
			for (let login = 0; login < 12; login++) {
				const secret = `login-${String(login)}`;
				const kind = random(4);
				if (kind > 0) seen.others.add(secret);
				// Good, none, or out of force; those that are made up have a login that is refused.
				if (kind < 3) store(secret, kind === 1 ? `token-of-${secret}` : `made-up-${secret}`, perMinute);
				for (let run = random(4); run >= 0; run--) {
					const at = random(30_000);
					runs.push(
						clock.sleep(at).then(() =>
							clientOf(secret)
								.collect(read, {}, { deadlineMs: 40_000 })
								.catch(() => undefined),
						),
					);
				}
			}
			await Promise.all(runs);
			expect(mostInAMinute(seen.requests)).toBeLessThanOrEqual(perMinute + burst);
		}
	});

	test('those that are made up delay those that work by a turn at most', async () => {
		const ended = async (madeUp: boolean) => {
			seed = 7;
			const { clock, clientOf, store } = vendor({ perMinute, burst });
			const began = clock.now();
			const right = clientOf('right');
			await right.collect(read, {});
			const runs = Array.from({ length: perMinute }, async () => {
				await clock.sleep(random(120_000));
				await right.collect(read, {}, { deadlineMs: 600_000 });
				return clock.now() - began;
			});
			const flood = Array.from({ length: madeUp ? 60 : 0 }, async (_, count) => {
				store(`wrong-${String(count)}`, `made-up-${String(count)}`);
				await clock.sleep(count * 2000);
				await clientOf(`wrong-${String(count)}`)
					.collect(read, {}, { deadlineMs: 60_000 })
					.catch(() => undefined);
			});
			const times = await Promise.all(runs);
			await Promise.all(flood);
			return times.sort((a, b) => a - b);
		};
		const [alone, beside] = [await ended(false), await ended(true)];
		const delays = beside.map((at, place) => at - (alone[place] ?? 0));
		expect(Math.max(...delays)).toBeLessThanOrEqual(turnMs + 2 * ANSWER_MS);
	});

	test('one that finds another stored session whenever it wants to log in waits for its turn, or says so', async () => {
		const { clock, clientOf, seen, codeOf } = vendor({ perMinute, burst });
		const busy = clientOf('right');
		await busy.collect(read, {});
		let over = false;
		const work = Array.from({ length: burst + 2 }, async () => {
			while (!over) await busy.collect(read, {}, { deadlineMs: 600_000 });
		});
		seen.renewedElsewhere = 'second';
		const began = clock.now();
		await codeOf(clientOf('second').collect(read, {}, { deadlineMs: 120_000 }));
		over = true;
		expect(clock.now() - began).toBeLessThanOrEqual(120_000 + ANSWER_MS);
		expect(seen.looks).toBeLessThanOrEqual(20);
		await Promise.all(work);
	});

	test('one whose stored session gets no turn soon logs in', async () => {
		const { clock, clientOf, seen, store } = vendor({ perMinute, burst });
		const busy = clientOf('right');
		await busy.collect(read, {});
		let over = false;
		const work = Array.from({ length: burst + 2 }, async () => {
			while (!over) await busy.collect(read, {}, { deadlineMs: 600_000 });
		});
		seen.others.add('second');
		store('second', 'token-of-second');
		const began = clock.now();
		await clientOf('second').collect(read, {}, { deadlineMs: 600_000 });
		over = true;
		expect(seen.logins.filter((secret) => secret === 'second').length).toBeLessThanOrEqual(1);
		expect(clock.now() - began).toBeLessThanOrEqual(10_000 + (burst + 4) * turnMs);
		await Promise.all(work);
	});
});
