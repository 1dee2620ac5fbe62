import { expect, test } from 'vitest';
import { ctrack } from '../../providers/ctrack';
import { trackceo } from '../../providers/protrack/trackceo';
import { loginKey, sharedLogin } from './account';
import type { Connection } from '../describe/connection';

const common = {
	baseUrl: 'https://vendor.example',
	account: 'demo',
	secret: 'Abc@34590',
	allowCommands: false,
	allowPrivateAddresses: false,
	rateLimit: 60,
};
const key = (settings: object) =>
	loginKey(ctrack, { ...common, speedUnit: 'kmh', odometerUnit: 'metre', ...settings } as Connection);

test.each([
	{ speedUnit: 'mph' },
	{ odometerUnit: 'mile' },
	{ allowCommands: true },
	{ rateLimit: 1 },
	{ allowPrivateAddresses: true },
	{ baseUrl: 'https://VENDOR.example/' },
])('%j shares the session', (settings) => {
	expect(key(settings)).toBe(key({}));
});

test.each([{ secret: 'another' }, { account: 'other' }, { baseUrl: 'https://elsewhere.example' }, { somethingNew: 1 }])(
	'%j does not',
	(settings) => {
		expect(key(settings)).not.toBe(key({}));
	},
);

test('how the secret is given belongs to the login', () => {
	const of = (secretType: string) => loginKey(trackceo, { ...common, secretType } as Connection);
	expect(of('md5')).not.toBe(of('password'));
});

test('a trial that was accepted first and an account that is deployed later share one quota', () => {
	const login = (settings: object, keep: boolean) =>
		sharedLogin(trackceo, { ...common, account: 'trial', ...settings }, keep);
	const trial = login({ secretType: 'md5' }, false);
	trial.accept(0);
	const deployed = login({ secretType: 'password' }, true);
	deployed.accept(0);
	expect(trial.account.limiter).toBe(deployed.account.limiter);
	expect(login({ secretType: 'md5' }, false)).not.toBe(trial);
});
