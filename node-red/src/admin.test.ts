import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { Limiter } from '../../core/call/limiter';
import type { Provider } from '../../core/describe/provider';
import { trackceo } from '../../providers/protrack/trackceo';
import { PASSWORD, startProtrack, type ProtrackSimulator } from '../../simulators/protrack';
import { Runtime, type FlowNode } from '../../test/support/node-red-runtime';

const provider = trackceo as unknown as Provider;
const DEVICE = '358899051000001';
const VARIABLE_SECRET = '${FLEET_SECRET}';

let simulator: ProtrackSimulator;
let other: ProtrackSimulator;
let runtime: Runtime;
/** Logins of one account are limited, so each test has an address of its own. */
let path = 0;
beforeAll(async () => {
	simulator = await startProtrack({ brand: 'trackceo' });
	other = await startProtrack({ brand: 'trackceo' });
});
afterAll(async () => {
	await simulator.close();
	await other.close();
});
beforeEach(() => {
	path += 1;
	runtime = new Runtime([provider]);
});
afterEach(async () => {
	simulator.clearFaults();
	await runtime.stop();
});

const settings = (changes: object = {}) => ({
	baseUrl: simulator.url,
	account: 'demo',
	secretType: 'password',
	allowPrivateAddresses: true,
	allowCommands: false,
	rateLimit: 60_000,
	tls: '',
	proxy: '',
	...changes,
});
const account = (changes: object = {}): FlowNode => ({
	id: 'account',
	type: 'fleetwire-trackceo-account',
	...settings(changes),
});
const deploy = (changes: object = {}, secret = PASSWORD) => runtime.deploy([account(changes)], { account: { secret } });
const post = (route: string, body: object, user?: string) =>
	runtime.admin('POST', `/fleetwire/trackceo/${route}`, { body, user });
const login = async (body: object) => (await post('test', body)).body;
const UNCHANGED = { secret: '__PWRD__' };

describe('lists for pickers', () => {
	test('come from a deployed account', async () => {
		await deploy();
		const { status, body } = await post('lookup/account/device', {}, 'ann');
		expect([status, body.ok]).toEqual([200, true]);
		expect((body.choices as { value: string }[]).map(({ value }) => value)).toContain(DEVICE);
		expect(runtime.log).toEqual([`[fleetwire] ann asks for a list: TrackCEO, account "demo" at ${simulator.url}`]);
	});

	test('do not come from one that is not deployed, or is none of this vendor', async () => {
		await runtime.deploy([{ id: 'account', type: 'fleetwire-trackceo', x: 0 }]);
		for (const id of ['gone', 'account'])
			expect(await post(`lookup/${id}/device`, {})).toEqual({
				status: 404,
				body: { ok: false, message: 'This account is not deployed yet, or in a subflow that no flow uses.' },
			});
	});

	test('that the vendor does not have are a sentence, not a failure', async () => {
		await deploy();
		expect(await post('lookup/account/constructor', {})).toEqual({
			status: 200,
			body: { ok: false, code: 'InvalidParams', message: 'TrackCEO has no list of "constructor".' },
		});
	});

	test('come from what the dialog holds', async () => {
		const { body } = await post('lookup/device', { settings: settings(), credentials: { secret: PASSWORD } });
		expect((body.choices as { value: string }[]).map(({ value }) => value)).toContain(DEVICE);
		expect(runtime.log[0]).toMatch(/^\[fleetwire\] somebody asks for a list/);
	});
});

describe('a pause that the vendor asked for', () => {
	test('is tried for a list and after a login, as a person waits for them', async () => {
		const probe = vi.spyOn(Limiter.prototype, 'probe');
		// A list: of the account, and of a login that has yet to be accepted.
		await deploy();
		await post('lookup/account/device', {});
		expect(probe).toHaveBeenCalledTimes(2);
		await post('lookup/device', { settings: settings(), credentials: { secret: PASSWORD } });
		expect(probe).toHaveBeenCalledTimes(4);
		await login({ id: 'account', settings: settings(), credentials: UNCHANGED });
		expect(probe).toHaveBeenCalledTimes(5);
		await login({ settings: settings(), credentials: { secret: 'wrong' } });
		expect(probe).toHaveBeenCalledTimes(5);
		probe.mockRestore();
	});
});

describe('the test of a login', () => {
	test('logs in with what the dialog holds, and says so', async () => {
		expect(await login({ settings: settings(), credentials: { secret: PASSWORD } })).toEqual({
			ok: true,
			message: 'Logged in as demo.',
		});
		expect(runtime.log[0]).toMatch(/tests a login: TrackCEO, account "demo"/);
	});

	test('says what is wrong, without the secret', async () => {
		const body = await login({ settings: settings(), credentials: { secret: 'a wrong secret' } });
		expect(body).toMatchObject({ ok: false, code: 'LoginRejected' });
		expect(JSON.stringify([body, runtime.log])).not.toContain('a wrong secret');
		expect(await login({})).toMatchObject({ ok: false, code: 'InvalidParams' });
	});

	test('hides the secret in the log and in what the vendor says', async () => {
		simulator.fail({ kind: 'code', code: 20001, message: 'no user with Some-Secret-1' });
		const body = await login({
			settings: settings({ account: 'Some-Secret-1' }),
			credentials: { secret: 'Some-Secret-1' },
		});
		expect(JSON.stringify([body, runtime.log])).not.toContain('Some-Secret-1');
	});

	test('takes the deployed secret where the dialog does not have it', async () => {
		await deploy();
		for (const credentials of [UNCHANGED, {}])
			expect(await login({ id: 'account', settings: settings(), credentials })).toMatchObject({ ok: true });
	});

	test.each([
		['another address', () => ({ baseUrl: other.url })],
		['another path', () => ({ baseUrl: `${simulator.url}/other` })],
		['another proxy', () => ({ proxy: 'proxy' })],
		['other certificates', () => ({ tls: 'tls' })],
	])('does not send the deployed secret to %s', async (_, changes) => {
		await deploy();
		const before = [simulator, other].map(({ requests }) => requests.length);
		expect(await login({ id: 'account', settings: settings(changes()), credentials: UNCHANGED })).toEqual({
			ok: false,
			code: 'InvalidParams',
			message:
				'Type the password again to test another address. The stored one goes only where the account is deployed.',
		});
		expect([simulator, other].map(({ requests }) => requests.length)).toEqual(before);
	});

	test.each([
		['a blank that addresses do not know', () => `\u00a0${simulator.url}`],
		['a mark of the byte order', () => `\ufeff${simulator.url}`],
		['nothing', () => ''],
	])('does not send the deployed secret to another address, though the deployed one has %s', async (_, deployed) => {
		await deploy({ baseUrl: deployed() });
		const before = other.requests.length;
		const body = { id: 'account', settings: settings({ baseUrl: `\u00a0${other.url}` }), credentials: UNCHANGED };
		expect(await login(body)).toMatchObject({ ok: false, code: 'InvalidParams' });
		expect(other.requests.length).toBe(before);
	});

	test('goes to another address with a secret that was typed', async () => {
		await deploy();
		const body = { id: 'account', settings: settings({ baseUrl: other.url }), credentials: { secret: PASSWORD } };
		expect(await login(body)).toMatchObject({ ok: true });
	});

	test('the same address may be spelled with a slash at its end', async () => {
		await deploy();
		const body = { id: 'account', settings: settings({ baseUrl: `${simulator.url}/` }), credentials: UNCHANGED };
		expect(await login(body)).toMatchObject({ ok: true });
	});

	test('fills in the variables that were deployed, in settings and secret', async () => {
		runtime.env.FLEET_SECRET = PASSWORD;
		runtime.env.FLEET_USER = 'demo';
		const written = { account: '${FLEET_USER}' };
		await deploy(written, VARIABLE_SECRET);
		const body = { id: 'account', settings: settings(written), credentials: { secret: VARIABLE_SECRET } };
		expect(await login(body)).toEqual({ ok: true, message: 'Logged in as demo.' });
	});

	test('does not show what a variable holds that stands in the wrong setting', async () => {
		runtime.env.OTHER_SECRET = 'env-secret-4711-xyz';
		const written = { rateLimit: '${OTHER_SECRET}' };
		const node = { id: 'node', type: 'fleetwire-trackceo', x: 0, account: 'account', version: 1 };
		const ofDevices = { resource: 'device', operation: 'getMany', params: {} };
		await runtime.deploy([account(written), { ...node, ...ofDevices }], { account: { secret: PASSWORD } });
		const message = 'Rate Limit must be a number, not what its environment variable holds.';
		expect(await login({ id: 'account', settings: settings(written), credentials: UNCHANGED })).toMatchObject({
			message: expect.stringContaining(message),
		});
		const { error } = await runtime.node('node').receive({});
		expect(error?.message).toContain(message);
		const limited = { ...node, ...ofDevices, limit: '${OTHER_SECRET}' };
		await runtime.deploy([account(), limited], { account: { secret: PASSWORD } });
		expect((await runtime.node('node').receive({})).error?.message).toBe(
			'Limit must be a number that is not negative, not what its environment variable holds.',
		);
	});

	test.each([
		{ settings: null },
		{ credentials: null },
		{ settings: 5, credentials: 'x' },
		{ settings: [null], credentials: [null] },
		{ id: {}, settings: { baseUrl: null }, credentials: { secret: {} } },
		[],
	])('answers %o with a sentence', async (body) => {
		await deploy();
		expect(await login(body)).toMatchObject({ ok: false, code: 'InvalidParams' });
	});

	test('does not fill in a variable that was not deployed', async () => {
		runtime.env.OTHER = 'demo';
		await deploy();
		expect(
			await login({ id: 'account', settings: settings({ account: '${OTHER}' }), credentials: UNCHANGED }),
		).toMatchObject({ ok: false, message: expect.stringContaining('is filled in when the account is deployed.') });
		expect(await login({ settings: settings(), credentials: { secret: VARIABLE_SECRET } })).toMatchObject({
			ok: false,
			message: expect.stringContaining('is filled in when the account is deployed.'),
		});
	});

	test('does not send a deployed variable to another address', async () => {
		runtime.env.FLEET_SECRET = PASSWORD;
		await deploy({}, VARIABLE_SECRET);
		const body = {
			id: 'account',
			settings: settings({ baseUrl: other.url }),
			credentials: { secret: VARIABLE_SECRET },
		};
		expect(await login(body)).toMatchObject({
			ok: false,
			message: expect.stringContaining('Type the values of environment variables themselves'),
		});
	});

	test('takes the address from a variable too', async () => {
		runtime.env.FLEET_URL = simulator.url;
		await deploy({ baseUrl: '${FLEET_URL}' });
		const body = { id: 'account', settings: settings({ baseUrl: '${FLEET_URL}' }), credentials: UNCHANGED };
		expect(await login(body)).toMatchObject({ ok: true });
	});

	test('says of private addresses only that they are forbidden, whatever there is', async () => {
		runtime.settings.fleetwire = { allowPrivateAddresses: false };
		for (const baseUrl of [simulator.url, 'http://no-such-host.invalid'])
			expect(await login({ settings: settings({ baseUrl }), credentials: { secret: PASSWORD } })).toMatchObject({
				ok: false,
				message: expect.stringContaining('does not lead to a public address'),
			});
	});
});

test('what somebody wrote is one short line of the log', async () => {
	await login({
		settings: settings({ account: `two\nlines${'x'.repeat(500)}`, baseUrl: 'not an address' }),
		credentials: {},
	});
	expect(runtime.log).toHaveLength(1);
	expect(runtime.log[0]).toMatch(/^[^\n]{1,300}$/);
	expect(runtime.log[0]).toContain('at no address');
});

describe('the button of a trigger', () => {
	test('polls the trigger', async () => {
		const id = `button${String(path)}`;
		await runtime.deploy([
			account(),
			{ id, type: 'fleetwire-trackceo-trigger', x: 0, account: 'account', event: 'newAlarm' },
		]);
		let polls = 0;
		(runtime.node(id) as unknown as { pollNow(): void }).pollNow = () => (polls += 1);
		expect(await post(`poll/${id}`, {}, 'ann')).toEqual({ status: 200, body: { ok: true, message: 'Polling …' } });
		expect(polls).toBe(1);
		expect(runtime.log).toEqual([`[fleetwire] ann polls a trigger: TrackCEO, account "demo" at ${simulator.url}`]);
	});

	test('does nothing to what is no trigger of this vendor', async () => {
		await deploy();
		for (const id of ['account', 'gone'])
			expect(await post(`poll/${id}`, {})).toMatchObject({ status: 404, body: { ok: false } });
	});
});

/**
 * As Node-RED runs a subflow (flows/Subflow.js): each instance has nodes of its own, which keep the id of the node in
 * the subflow as `_alias`, by which they have its credentials. The editor knows that id alone.
 */
describe('within a subflow', () => {
	const instances = ['one', 'two'];
	const deployed = (changes: object = {}, secret = PASSWORD) =>
		runtime.deploy(
			instances.flatMap((instance) => [
				{ ...account(changes), id: `account-${instance}`, _alias: 'account' },
				{
					id: `trigger-${instance}${String(path)}`,
					_alias: 'trigger',
					type: 'fleetwire-trackceo-trigger',
					x: 0,
					account: `account-${instance}`,
					event: 'newAlarm',
				},
			]),
			{ account: { secret } },
		);

	test('lists come from an account', async () => {
		await deployed();
		const { body } = await runtime.admin('POST', '/fleetwire/trackceo/lookup/account/device', { body: {} });
		expect((body.choices as { value: string }[]).map(({ value }) => value)).toContain(DEVICE);
	});

	test('a login is tested with the stored secret, which goes only where an instance is deployed', async () => {
		await deployed();
		const body = (changes: object) => ({ id: 'account', settings: settings(changes), credentials: UNCHANGED });
		expect(await login(body({}))).toMatchObject({ ok: true });
		const before = other.requests.length;
		expect(await login(body({ baseUrl: other.url }))).toMatchObject({ ok: false, code: 'InvalidParams' });
		expect(other.requests.length).toBe(before);
	});

	test('the button polls all instances of a trigger, and only those that still run', async () => {
		await deployed();
		const polled: string[] = [];
		for (const instance of instances) {
			const trigger = runtime.node(`trigger-${instance}${String(path)}`) as unknown as { pollNow(): void };
			trigger.pollNow = () => void polled.push(instance);
		}
		expect(await post('poll/trigger', {})).toEqual({ status: 200, body: { ok: true, message: 'Polling …' } });
		expect(polled).toEqual(instances);
		await runtime.stop();
		expect(await post('poll/trigger', {})).toEqual({
			status: 404,
			body: { ok: false, message: 'this node is not deployed, or in a subflow that no flow uses' },
		});
	});

	test('a variable is filled in for the field that is written so in the subflow', async () => {
		// Logins of one name are limited.
		runtime.env.FLEET_USER = 'driver1';
		await runtime.deploy(
			[
				{ ...account({ account: '${FLEET_USER}' }), d: true },
				{ ...account({ account: '${FLEET_USER}' }), id: 'account-one', _alias: 'account' },
			],
			{ account: { secret: PASSWORD } },
		);
		const body = (name: string) => ({
			id: 'account',
			settings: settings({ account: name }),
			credentials: UNCHANGED,
		});
		expect(await login(body('${FLEET_USER}'))).toEqual({ ok: true, message: 'Logged in as driver1.' });
		expect(await login(body('${OTHER}'))).toMatchObject({ ok: false, code: 'InvalidParams' });
	});
});
