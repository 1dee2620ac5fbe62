import { z } from 'zod/v4';
import { describe, expect, test } from 'vitest';
import { SIGNED_IN } from '../../test/support/signed-in';
import { json, TestHost } from '../../test/support/test-host';
import { sharedLogin, type SharedLogin } from './account';
import { jsonOf } from './answer';
import { Client } from './client';
import type { Connection, Session } from '../describe/connection';
import { FleetError, NotPermitted, RateLimited, SessionExpired, VendorFault } from '../describe/errors';
import { text } from '../describe/field';
import type { Host } from '../describe/host';
import { operation } from '../describe/operation';
import { CONFIRMED } from '../describe/outcome';
import type { Provider } from '../describe/provider';

const MINUTE = 60_000;

const act = (name: string, effect: 'read' | 'write' | 'command', consuming = false) =>
	operation({
		resource: 'thing',
		name,
		title: name,
		action: '',
		description: '',
		effect,
		consuming,
		route: `GET /${name}`,
		params: {},
		request: () => ({}),
		target: () => ({ target: 'thing' }),
		answer: z.looseObject({}),
		rows: () => [CONFIRMED],
		record: () => ({ read: true }),
		kind: 'other',
		evidence: { section: '1', grade: 'C' },
	});
const one = act('one', 'read');
const other = act('other', 'read');
const queue = act('queue', 'read', true);
const command = act('command', 'command');

type Said = 'well' | 'odd' | 'no right' | 'busy' | 'faulty';

let accounts = 0;

/** A vendor that says of each method and session what it likes. Sessions are numbered from 1, across processes. */
function vendor() {
	const clock = new TestHost(() => json({}));
	const state = {
		clock,
		logins: 0,
		stored: undefined as Session | undefined,
		requests: [] as string[],
		says: (() => 'well') as (method: string, session: number) => Said,
		login: (() => undefined) as () => FleetError | undefined,
	};
	const provider: Provider = {
		...SIGNED_IN,
		connection: { secret: text({ title: 'Secret', description: '', secret: true }) },
		open: (answer) => {
			const { said } = jsonOf(answer, 'Vendor') as { said: Said };
			const details = { status: 200, vendorCode: said };
			if (said === 'odd') throw new VendorFault('Odd.', { ...details, effect: 'unknown', unexplained: true });
			if (said === 'busy')
				throw new RateLimited('Busy.', { ...details, ambiguous: true, retryable: true, effect: 'unknown' });
			if (said === 'no right')
				throw new SessionExpired('No session, or no right.', {
					...details,
					definite: true,
					ambiguous: true,
					inGoodSession: new NotPermitted('No right.', details),
				});
			return {};
		},
		limits: { requestsPerMinute: 60_000, burst: 100, deadlineMs: 60_000, poll: { seconds: 60, leastSeconds: 10 } },
		operations: [one, other, queue, command],
		positions: { operation: one, all: true },
	};
	const connection: Connection & { secret: string } = {
		baseUrl: `https://vendor${String(accounts++)}.example`,
		account: 'fleet',
		allowCommands: true,
		allowPrivateAddresses: false,
		rateLimit: 60_000,
		secret: 'a secret',
	};
	/** A process: it shares what is stored, and nothing else. */
	const process = (id = '') => {
		const shared: SharedLogin = sharedLogin(provider, { ...connection, account: `fleet of process ${id}` });
		const session = (wanted: Parameters<NonNullable<Host['token']>>[0]) =>
			shared.sessions.get({
				...wanted,
				current: () => Promise.resolve(state.stored),
				renew: async (doubtedAt) => {
					state.logins += 1;
					const failure = state.login();
					await Promise.resolve();
					if (failure !== undefined) throw failure;
					const token = `session-${String(state.logins)}`;
					const [madeAt, expiresAt] = [clock.time, clock.time + 180 * 86_400_000];
					// As it is stored.
					return (state.stored = JSON.parse(
						JSON.stringify({ token, madeAt, expiresAt, doubtedAt }),
					) as Session);
				},
				now: () => clock.time,
			});
		const host: Host = {
			permitsCommands: true,
			send: async ({ path }, wanted) => {
				const { token, ...login } = await session(wanted);
				state.requests.push(`${path.slice(1)} ${token.slice(8)}`);
				const said = state.says(path.slice(1), Number(token.slice(8)));
				return { ...json({ said }), session: token, login };
			},
			token: async (wanted) => (await session(wanted)).token,
			sleep: (ms, signal) => clock.sleep(ms, signal),
			now: () => clock.time,
			warn: (message) => clock.warn(message),
		};
		const client = new Client(provider, connection, host, undefined, shared);
		return async (asked = one) => {
			try {
				const [record] = await client.collect(asked, {});
				return (record as { outcome?: string }).outcome ?? 'well';
			} catch (error) {
				return (error as FleetError).code;
			}
		};
	};
	const pass = (minutes: number) => (clock.time += minutes * MINUTE);
	return Object.assign(state, { process, pass });
}

describe('a session that ends in words which nobody knows', () => {
	test('is renewed by the read that meets them, and the read succeeds', async () => {
		const it = vendor();
		const ask = it.process();
		await ask();
		it.pass(5);
		it.says = (_, session) => (session === 1 ? 'odd' : 'well');
		expect([await ask(), await ask(other)]).toEqual(['well', 'well']);
		expect(it.requests).toEqual(['one 1', 'one 1', 'one 2', 'other 2']);
	});

	test('is renewed once for reads that are refused side by side, and each succeeds', async () => {
		const it = vendor();
		const ask = it.process();
		await Promise.all([ask(), ask(other)]);
		it.pass(5);
		it.says = (_, session) => (session === 1 ? 'odd' : 'well');
		expect(await Promise.all([ask(), ask(), ask(other), ask()])).toEqual(Array(4).fill('well'));
		expect(it.logins).toBe(2);
		expect(it.requests.filter((request) => request.endsWith(' 2'))).toHaveLength(4);
	});

	test('a younger one that refuses the read as well is not left for another', async () => {
		const it = vendor();
		const ask = it.process();
		await ask();
		it.pass(5);
		it.says = () => 'odd';
		expect(await Promise.all([ask(), ask(), ask()])).toEqual(Array(3).fill('VendorFault'));
		expect(it.logins).toBe(2);
		expect(it.requests).toHaveLength(1 + 3 * 2);
	});

	test('a command that is refused beside a read which renews it is not sent again', async () => {
		const it = vendor();
		const ask = it.process();
		await ask();
		it.pass(5);
		it.says = (_, session) => (session === 1 ? 'odd' : 'well');
		expect(await Promise.all([ask(), ask(command)])).toEqual(['well', 'unknown']);
		expect(it.requests.filter((request) => request.startsWith('command'))).toHaveLength(1);
	});

	test('is not suspected within a minute, nor more than once in ten', async () => {
		const it = vendor();
		const ask = it.process();
		it.says = () => 'odd';
		expect(await ask()).toBe('VendorFault');
		it.pass(0.9);
		expect(await ask()).toBe('VendorFault');
		expect(it.logins).toBe(1);
		for (let minute = 0; minute < 40; minute++) {
			it.pass(1);
			expect(await ask()).toBe('VendorFault');
		}
		expect(it.logins).toBe(5);
	});

	test('ten minutes hold for all processes', async () => {
		const it = vendor();
		const [first, second] = [it.process('1'), it.process('2')];
		await first();
		it.pass(5);
		it.says = () => 'odd';
		await first();
		expect(it.logins).toBe(2);
		it.pass(2);
		await second();
		expect(it.logins).toBe(2);
		it.pass(9);
		await second();
		expect(it.logins).toBe(3);
	});

	test('another process has renewed is used as it is', async () => {
		const it = vendor();
		const ask = it.process();
		await ask();
		it.pass(5);
		it.stored = { token: 'session-7', expiresAt: it.clock.time + MINUTE * 100, madeAt: it.clock.time - 1 };
		it.says = (_, session) => (session === 7 ? 'well' : 'odd');
		expect(await ask()).toBe('well');
		expect(it.logins).toBe(1);
	});

	test('one that serves others meanwhile is not renewed', async () => {
		const it = vendor();
		const ask = it.process();
		await ask(other);
		it.pass(5);
		it.says = (method) => (method === 'one' ? 'odd' : 'well');
		for (let minute = 0; minute < 60; minute++) {
			expect([await ask(one), await ask(other)]).toEqual(['VendorFault', 'well']);
			it.pass(1);
		}
		expect(it.logins).toBe(2);
		// It ends at last. What is refused all the time does not keep the others from finding out.
		it.says = (method, session) => (session === 2 || method === 'one' ? 'odd' : 'well');
		expect(await ask(other)).toBe('well');
	});

	test('an old stored session does not say when it was made', async () => {
		const it = vendor();
		it.stored = { token: 'session-0', expiresAt: it.clock.time + MINUTE * 100 };
		it.says = (_, session) => (session === 0 ? 'odd' : 'well');
		expect(await it.process()()).toBe('well');
	});

	test('a login that fails then says less than what it was for, unless it is refused', async () => {
		const it = vendor();
		const ask = it.process();
		await ask();
		it.pass(5);
		it.says = () => 'odd';
		it.login = () => new VendorFault('Down.', { effect: 'none' });
		expect(await ask()).toBe('VendorFault');
		expect(it.logins).toBe(2);
	});

	test('a command is sent once, and does not log in; a queue is read in a new session the next time', async () => {
		const it = vendor();
		const ask = it.process();
		await ask();
		it.pass(5);
		it.says = (_, session) => (session === 1 ? 'odd' : 'well');
		expect([await ask(command), await ask(command)]).toEqual(['unknown', 'unknown']);
		expect(it.logins).toBe(1);
		expect(await ask(queue)).toBe('VendorFault');
		expect(it.requests.slice(1)).toEqual(['command 1', 'command 1', 'queue 1']);
		expect(await ask(queue)).toBe('well');
		expect(it.requests.at(-1)).toBe('queue 2');
	});
});

describe('a method without a right, which the vendor refuses as it does a dead session', () => {
	test('costs one login, and is not permitted from when others are served on', async () => {
		const it = vendor();
		const ask = it.process();
		it.says = (method) => (method === 'one' ? 'no right' : 'well');
		await ask(other);
		const seen: string[] = [];
		for (let minute = 0; minute < 50; minute++) {
			seen.push(await ask(one), await ask(other));
			it.pass(1);
		}
		expect(seen.filter((_, place) => place % 2 === 1).every((said) => said === 'well')).toBe(true);
		expect(seen.filter((_, place) => place % 2 === 0)).toEqual([
			'SessionExpired',
			...Array<string>(49).fill('NotPermitted'),
		]);
		expect(it.logins).toBe(2);
		// The renewals of the others are all still there.
		it.says = (_, session) => (session === 2 ? 'no right' : 'well');
		expect(await ask(other)).toBe('well');
	});

	test('alone, costs a login in ten minutes at most', async () => {
		const it = vendor();
		const ask = it.process();
		it.says = () => 'no right';
		for (let minute = 0; minute < 30; minute++) {
			await ask();
			it.pass(1);
		}
		expect(it.logins).toBeLessThanOrEqual(5);
	});

	test('costs one login where reads meet a dead session side by side', async () => {
		const it = vendor();
		const ask = it.process();
		await ask();
		it.pass(5);
		it.says = (_, session) => (session === 1 ? 'no right' : 'well');
		expect(await Promise.all([ask(), ask(), ask(other)])).toEqual(Array(3).fill('well'));
		expect(it.logins).toBe(2);
		// Those that found a younger session had no doubt about it: another is free to have one.
		it.pass(2);
		it.says = (_, session) => (session === 2 ? 'odd' : 'well');
		expect(await ask()).toBe('well');
	});

	test('gets the right: it is served at once', async () => {
		const it = vendor();
		const ask = it.process();
		it.says = (method) => (method === 'one' ? 'no right' : 'well');
		for (let round = 0; round < 3; round++) await Promise.all([ask(one), ask(other)]);
		it.says = () => 'well';
		expect(await ask(one)).toBe('well');
	});
});

test('a refusal that may mean too many requests costs no login where the session has just served others', async () => {
	const it = vendor();
	const ask = it.process();
	it.says = (method) => (method === 'one' ? 'busy' : 'well');
	for (let count = 0; count < 5; count++) {
		await ask(other);
		expect(await ask(one)).toBe('RateLimited');
	}
	expect(it.logins).toBe(1);
});

describe('a login that fails for a fault of the vendor', () => {
	test.each(['one', 'command'])('is waited for by "%s", which is sent once', async (name) => {
		const it = vendor();
		let fails = 2;
		it.login = () => (fails-- > 0 ? new RateLimited('Too often.', { effect: 'none', retryable: true }) : undefined);
		expect(await it.process()(name === 'one' ? one : command)).toBe(name === 'one' ? 'well' : 'confirmed');
		expect(it.requests).toEqual([`${name} 3`]);
	});
});
