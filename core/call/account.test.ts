import { expect, test } from 'vitest';
import { json, TestHost } from '../../test/support/test-host';
import { ctrack } from '../../providers/ctrack';
import { trackceo } from '../../providers/protrack/trackceo';
import { loginKey, positionKey, sharedLogin } from './account';
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
	{ processes: 3 },
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
	const host = new TestHost(() => json({}));
	trial.sessions.loggedIn = true;
	trial.accept(host);
	const deployed = login({ secretType: 'password' }, true);
	deployed.sessions.loggedIn = true;
	deployed.accept(host);
	expect(trial.account.limiter).toBe(deployed.account.limiter);
	expect(login({ secretType: 'md5' }, false)).not.toBe(trial);
});

test.each([
	'https://vendor.example',
	'HTTP://Vendor.Example/',
	'https://vendor.example:443',
	'http://vendor.example:443//',
	'http://vendor.example:80',
	'https://vendor.example./',
])("a trigger's position is found again if the address is spelled %s", (baseUrl) => {
	const key = (changes: object) => positionKey(ctrack, { ...common, ...changes });
	expect(key({ baseUrl })).toBe(key({ baseUrl: 'http://vendor.example' }));
	for (const other of ['https://vendor.example:8443', 'https://other.example', 'https://vendor.example/api'])
		expect(key({ baseUrl: other })).not.toBe(key({ baseUrl }));
	expect(key({ baseUrl, account: 'Demo' })).not.toBe(key({ baseUrl }));
});
