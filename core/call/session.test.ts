import { expect, test } from 'vitest';
import type { Session } from '../describe/connection';
import type { FleetError } from '../describe/errors';
import { trackceo } from '../../providers/protrack/trackceo';
import { isToken, logIn, SessionKeeper } from './session';

function keeper() {
	const keeping = new SessionKeeper('Vendor', 'demo', []);
	let session: Session | undefined;
	let time = 1_000_000;
	let logins = 0;
	const get = (stale?: string, freshForMs = 0) =>
		keeping.get({
			current: () => Promise.resolve(session),
			renew: async () => {
				logins += 1;
				await Promise.resolve();
				return (session = { token: `token-${String(logins)}`, expiresAt: time + 7_200_000 });
			},
			stale,
			freshForMs,
			now: () => time,
		});
	return { get, logins: () => logins, pass: (ms: number) => (time += ms) };
}

test('one login serves a hundred callers, and a hundred expiries', async () => {
	const { get, logins } = keeper();
	await Promise.all(Array.from({ length: 100 }, () => get()));
	expect(logins()).toBe(1);
	await Promise.all(Array.from({ length: 100 }, () => get('token-1')));
	expect(logins()).toBe(2);
	expect((await get('token-1')).token).toBe('token-2');
	expect(logins()).toBe(2);
});

test('a session is renewed when it ends, or would end too soon', async () => {
	const { get, logins, pass } = keeper();
	await get();
	pass(7_190_000);
	await get();
	expect(logins()).toBe(1);
	await get(undefined, 60_000);
	expect(logins()).toBe(2);
	pass(7_200_000);
	await get();
	expect(logins()).toBe(3);
});

test('tokens that keep dying are renewed more and more rarely, and mean another program only after a minute', async () => {
	const { get, logins, pass } = keeper();
	let { token } = await get();
	const errors: { at: number; words: string; retryAfterMs?: number }[] = [];
	const ended = async () => {
		try {
			({ token } = await get(token));
			return undefined;
		} catch (error) {
			return error as FleetError;
		}
	};
	for (let second = 0; second < 180; second++) {
		const error = await ended();
		if (error !== undefined) {
			expect(error).toMatchObject({ code: 'SessionContested', retryable: true });
			expect(error.retryAfterMs).toBeLessThanOrEqual(20_000);
			errors.push({ at: second, words: error.message });
		}
		pass(1000);
		// The first, two at once, and after 5, 10, 20 and 20 s.
		if (second === 59) expect(logins()).toBeLessThanOrEqual(7);
	}
	expect(logins()).toBeLessThanOrEqual(7 + 2 * 4);
	for (const { at, words } of errors)
		expect(words).toMatch(at < 60 ? /has ended \d times within a minute/ : /^Another program is logging in/);
	pass(61_000);
	expect(await ended()).toBeUndefined();
	expect(await ended()).toBeUndefined();
	expect((await ended())?.message).toContain('has ended 2 times within a minute');
});

test('a session that another process has replaced is not taken up again, whatever the clocks say', async () => {
	const keeping = new SessionKeeper('Vendor', 'demo', []);
	let stored: Session = { token: 'old', expiresAt: 9e15 };
	const get = (stale?: string) =>
		keeping.get({
			current: () => Promise.resolve(stored),
			renew: () => Promise.resolve((stored = { token: 'made here', expiresAt: 9e15 })),
			stale,
			now: () => 0,
		});
	expect((await get()).token).toBe('old');
	stored = { token: 'new', expiresAt: 9e15 };
	expect((await get('old')).token).toBe('new');
	stored = { token: 'old', expiresAt: 9e15 };
	expect((await get()).token).toBe('made here');
});

test('a failed login does not stay', async () => {
	const keeping = new SessionKeeper('Vendor', 'demo', []);
	let bad = true;
	const get = () =>
		keeping.get({
			current: () => Promise.resolve(undefined),
			renew: () =>
				bad ? Promise.reject(new Error('refused')) : Promise.resolve({ token: 'good', expiresAt: 9e15 }),
			now: () => 0,
		});
	await expect(get()).rejects.toThrow('refused');
	bad = false;
	expect((await get()).token).toBe('good');
});

test.each([
	['x'.repeat(4097), '4,097 characters'],
	['‹'.repeat(10), 'signs that no token has'],
	['a\r\nb', 'signs that no token has'],
	['x'.repeat(16_000_000), '16,000,000 characters'],
])('a token that is none is refused, and named by its length', async (token, words) => {
	const connection = {
		baseUrl: 'https://vendor.example',
		account: 'demo',
		secretType: 'password',
		secret: 'Abc@34590',
		allowCommands: false,
		allowPrivateAddresses: false,
		rateLimit: 60,
	} as const;
	const body = JSON.stringify({ code: 0, record: { access_token: token, expires_in: 7200 } });
	await expect(
		logIn(
			trackceo as never,
			connection as never,
			() => Promise.resolve({ status: 200, headers: {}, body }),
			() => 0,
		),
	).rejects.toMatchObject({ code: 'UnexpectedAnswer', effect: 'none', message: expect.stringContaining(words) });
	expect(isToken(token)).toBe(false);
});
