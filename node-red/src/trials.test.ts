import { describe, expect, test } from 'vitest';
import { knownLogin, sharedLogin } from '../../core/call/account';
import type { Connection } from '../../core/describe/connection';
import { trackceo } from '../../providers/protrack/trackceo';
import { connectionOf } from './account';
import { Trials } from './trials';

const provider = trackceo;
const connection = (changes: object = {}): Connection =>
	connectionOf(provider, {
		baseUrl: 'https://vendor.example',
		account: 'tried',
		secretType: 'password',
		secret: 'Abc@34590',
		allowCommands: false,
		rateLimit: 60,
		allowPrivateAddresses: false,
		...changes,
	});
const outcome = (login: Promise<unknown>) =>
	login.then(
		() => 'done',
		(error: unknown) => (error as Error).message,
	);

describe('an account that is tried', () => {
	test('leaves nothing behind in the state that all share', () => {
		const trials = new Trials();
		for (let count = 0; count < 1000; count++) {
			const one = connection({ account: `tried-${String(count)}` });
			trials.of(provider, one);
			expect(knownLogin(provider, one)).toBeUndefined();
		}
	});

	test('keeps its session for a while, for its pickers, and for nobody with another secret', () => {
		let now = 0;
		const trials = new Trials(() => now);
		const { shared } = trials.of(provider, connection());
		expect(trials.of(provider, connection()).shared).toBe(shared);
		expect(trials.of(provider, connection({ secret: 'another' })).shared).not.toBe(shared);
		for (let count = 0; count < 30; count++) trials.of(provider, connection({ account: `other-${String(count)}` }));
		expect(trials.of(provider, connection()).shared).not.toBe(shared);
		const second = trials.of(provider, connection()).shared;
		now += 5 * 60_000 + 1;
		expect(trials.of(provider, connection()).shared).not.toBe(second);
	});

	test('shares the state of one that is deployed with the same secret', () => {
		const deployed = sharedLogin(provider, connection({ account: 'deployed', rateLimit: 30 }));
		expect(new Trials().of(provider, connection({ account: 'deployed', rateLimit: 60_000 })).shared).toBe(deployed);
		expect(new Trials().of(provider, connection({ account: 'deployed', secret: 'another' })).shared).not.toBe(
			deployed,
		);
	});
});

test.each([
	'https://vendor.example',
	'HTTPS://VENDOR.example:443/',
	'https://vendor.example.',
	'http://vendor.example',
])(
	'trials of one account share its quota, whatever their secrets and however the address is spelled (%s)',
	(baseUrl) => {
		const trials = new Trials();
		const account = 'one-quota';
		const limiters = Array.from({ length: 10 }, (_, count) => {
			const settings = connection({ account, secret: `guess-${String(count)}`, baseUrl });
			return trials.of(provider, settings).shared.account.limiter;
		});
		expect(new Set(limiters).size).toBe(1);
		expect(sharedLogin(provider, connection({ account })).account.limiter).toBe(limiters[0]);
	},
);

describe('logins', () => {
	test('are one at a time, whichever way the address is written', async () => {
		const trials = new Trials();
		let end!: () => void;
		const first = trials.of(provider, connection()).guard(() => new Promise<void>((resolve) => (end = resolve)));
		expect(
			await outcome(
				trials
					.of(provider, connection({ baseUrl: 'HTTPS://VENDOR.example:443/' }))
					.guard(() => Promise.resolve()),
			),
		).toBe('The login of this account is being tested already.');
		expect(
			await outcome(trials.of(provider, connection({ account: 'another' })).guard(() => Promise.resolve())),
		).toBe('done');
		end();
		await first;
		expect(await outcome(trials.of(provider, connection()).guard(() => Promise.resolve()))).toBe('done');
	});

	test('are ten a minute, failed ones too, and go on afterwards', async () => {
		let now = 1000;
		const trials = new Trials(() => now);
		const { guard } = trials.of(provider, connection());
		for (let count = 0; count < 10; count++)
			expect(
				await outcome(
					guard(() => (count % 2 === 0 ? Promise.resolve() : Promise.reject(new Error('refused')))),
				),
			).toBe(count % 2 === 0 ? 'done' : 'refused');
		expect(await outcome(guard(() => Promise.resolve()))).toBe(
			'The login of this account was tested 10 times within a minute.',
		);
		now += 60_000;
		expect(await outcome(guard(() => Promise.resolve()))).toBe('done');
		// A clock that is set back locks nobody out.
		now -= 3_600_000;
		expect(await outcome(guard(() => Promise.resolve()))).toBe('done');
	});
});
