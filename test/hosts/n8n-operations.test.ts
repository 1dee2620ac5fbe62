/** Every operation of every vendor in the real n8n, as a user runs it, compared record by record with the core alone. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Fields } from '../../core/field';
import type { AnyOperation } from '../../core/operation';
import { isOption } from '../../n8n/properties';
import { PASSWORD } from '../../simulators/protrack';
import { chain, startN8n, type Credential, type Execution, type N8n, type WorkflowDefinition } from './n8n';
import { comparable, DEVICE, nameOf, startVendor, type TestVendor } from './vendor';

const ARTIFACTS = join(__dirname, '..', '..', 'artifacts');
const TYPES = { trackceo: { node: 'trackCeo', credential: 'trackCeoApi' }, etrack: { node: 'eTrack', credential: 'eTrackApi' } } as const;
type Brand = keyof typeof TYPES;
const BRANDS = Object.keys(TYPES) as Brand[];

let n8n: N8n;
const vendors = {} as Record<Brand, TestVendor>;
const credentials = {} as Record<Brand, Credential>;

const settingsOf = (brand: Brand) => ({ ...vendors[brand].connection });

beforeAll(async () => {
	const tarball = readdirSync(ARTIFACTS).find((name) => name.startsWith('n8n-nodes-fleetwire-'));
	n8n = await startN8n({ packages: [join(ARTIFACTS, tarball ?? '')] });
	for (const brand of BRANDS) {
		vendors[brand] = await startVendor(brand);
		credentials[brand] = await n8n.createCredential({ name: brand, type: TYPES[brand].credential, data: settingsOf(brand) });
	}
});

afterAll(async () => {
	await n8n?.stop();
	await Promise.all(Object.values(vendors).map((vendor) => vendor.close()));
});

const locator = (value: unknown) => ({ __rl: true, mode: 'id', value });

/** The node's parameters as the panel would store them. */
function parametersOf(operation: AnyOperation, params: Readonly<Record<string, unknown>>, rest: object = {}): Record<string, unknown> {
	const parameters: Record<string, unknown> = { resource: operation.resource, operation: operation.name, ...(operation.list ? { returnAll: true } : {}) };
	const options: Record<string, unknown> = {};
	for (const [name, field] of Object.entries(operation.params as Fields)) {
		if (!Object.hasOwn(params, name)) continue;
		const value = field.kind === 'id' || field.kind === 'ids' ? locator(params[name]) : params[name];
		if (isOption(field)) options[name] = value;
		else parameters[name] = value;
	}
	return { ...parameters, options, ...rest };
}

const node = (brand: Brand, parameters: object, rest: object = {}) => ({
	name: 'Fleet',
	type: `n8n-nodes-fleetwire.${TYPES[brand].node}`,
	parameters: parameters as Record<string, unknown>,
	credentials: { [TYPES[brand].credential]: { id: credentials[brand].id, name: credentials[brand].name } },
	...rest,
});

async function run(brand: Brand, name: string, params: Readonly<Record<string, unknown>>, rest: object = {}, settings: object = {}): Promise<Execution> {
	const operation = vendors[brand].provider.operations.find((each) => nameOf(each) === name) as AnyOperation;
	return await n8n.runWorkflow(chain(node(brand, parametersOf(operation, params, rest), settings)));
}

test('the example workflow runs', async () => {
	const example = JSON.parse(readFileSync(join(__dirname, '..', '..', 'docs', 'examples', 'n8n-where-is-my-fleet.json'), 'utf8')) as WorkflowDefinition;
	const { id, name } = credentials.trackceo;
	const nodes = example.nodes.map((each) => (each.name === 'TrackCEO' ? { ...each, credentials: { trackCeoApi: { id, name } } } : each));
	const execution = await n8n.runWorkflow({ ...example, nodes }, { from: 'Every 5 minutes' });
	expect(execution.error).toBeUndefined();
	expect(execution.data.TrackCEO).toHaveLength(12);
	expect(execution.status).toBe('success');
});

describe.each(BRANDS)('%s', (brand) => {
	test('has its node and its credential', async () => {
		const types = await n8n.nodeTypes();
		expect(types.find(({ name }) => name === `n8n-nodes-fleetwire.${TYPES[brand].node}`)).toMatchObject({ credentials: [{ name: TYPES[brand].credential, required: true }] });
	});

	test('runs every operation, simplified and raw, with the records that the core gives', async () => {
		const { provider, paramsOf, expected } = vendors[brand];
		for (const operation of provider.operations) {
			for (const output of operation.effect === 'read' ? (['simplified', 'raw'] as const) : (['simplified'] as const)) {
				const name = nameOf(operation);
				const execution = await run(brand, name, paramsOf(operation), operation.effect === 'read' ? { output } : {});
				expect(execution.error, name).toBeUndefined();
				const records = execution.data.Fleet ?? [];
				expect(records.length, name).toBeGreaterThan(0);
				expect(comparable(records), `${name} ${output}`).toEqual(comparable(await expected(operation, output)));
			}
		}
	});

	test('the credential test accepts what is right', async () => {
		const type = TYPES[brand].credential;
		expect(await n8n.testCredential({ name: 'good', type, data: settingsOf(brand) })).toMatchObject({ status: 'OK' });
	});

	test.each([
		['a wrong password', { secret: 'wrong-password' }, /refuses the account or its password/],
		['a blocked account', { account: 'blocked' }, /the account is blocked/],
		['an account without the Open API', { account: 'noapi' }, /does not permit this to the account/],
		['a base URL where nothing listens', { baseUrl: 'http://127.0.0.1:9' }, /(connect|reach|listens)/i],
		['a private address without permission', { allowPrivateAddresses: false }, /private address/],
		['a base URL that is none', { baseUrl: 'api' }, /not a web address/],
		['an md5 that is none', { secretType: 'md5' }, /The secret is not an md5/],
	])('the credential test says what is wrong with %s', async (_, change, words) => {
		const type = TYPES[brand].credential;
		const result = await n8n.testCredential({ name: 'bad', type, data: { ...settingsOf(brand), ...change } });
		expect(result.status).toBe('Error');
		expect(result.message).toMatch(words);
		expect(result.message).not.toContain(PASSWORD);
	});

	test('the credential test says so when a web page comes in place of an answer', async () => {
		const { simulator } = vendors[brand];
		simulator.fail({ kind: 'html', match: '/api/authorization', times: null });
		const result = await n8n.testCredential({ name: 'html', type: TYPES[brand].credential, data: settingsOf(brand) });
		simulator.clearFaults();
		expect(result).toMatchObject({ status: 'Error' });
		expect(result.message).toMatch(/web page/);
	});

	test('a session killed from outside is renewed without the user noticing', async () => {
		const { simulator } = vendors[brand];
		await run(brand, 'device.getMany', {});
		simulator.killToken('demo');
		const before = simulator.requests.filter(({ path }) => path === '/api/authorization').length;
		const execution = await run(brand, 'position.getCurrent', { devices: '*' });
		expect(execution).toMatchObject({ status: 'success' });
		expect(execution.data.Fleet).toHaveLength(12);
		const logins = simulator.requests.filter(({ path }) => path === '/api/authorization').slice(before);
		expect(logins.filter(({ code }) => code === 0)).toHaveLength(1);
	});

	test('one session serves one execution after another', async () => {
		const { simulator } = vendors[brand];
		await run(brand, 'device.getMany', {});
		const logins = () => simulator.requests.filter(({ path }) => path === '/api/authorization').length;
		const before = logins();
		for (let count = 0; count < 3; count++) await run(brand, 'device.getMany', {});
		expect(logins()).toBe(before);
	});

	test('pickers list devices, search them, and offer all', async () => {
		const query = {
			path: 'parameters.devices',
			nodeTypeAndVersion: { name: `n8n-nodes-fleetwire.${TYPES[brand].node}`, version: 1 },
			credentials: { [TYPES[brand].credential]: { id: credentials[brand].id, name: credentials[brand].name } },
			currentNodeParameters: { resource: 'position', operation: 'getCurrent' },
		};
		const { results } = await n8n.resourceLocatorResults({ ...query, methodName: 'searchDevicesOrAll' });
		expect(results[0]).toMatchObject({ value: '*' });
		expect(results.map(({ value }) => value)).toContain(DEVICE);
		const found = await n8n.resourceLocatorResults({ ...query, methodName: 'searchDevices', filter: DEVICE });
		expect(found.results).toMatchObject([{ value: DEVICE }]);
		const accounts = await n8n.resourceLocatorResults({ ...query, methodName: 'searchSubAccounts' });
		expect(accounts.results.map(({ value }) => value)).toContain('driver1');
	});

	test('a limit is kept', async () => {
		const execution = await run(brand, 'position.getCurrent', { devices: '*' }, { returnAll: false, limit: 3 });
		expect(execution.data.Fleet).toHaveLength(3);
	});

	test('bad input gives one sentence and what to do, and nothing is sent', async () => {
		const { simulator } = vendors[brand];
		simulator.requests.length = 0;
		const bad: [string, object, RegExp][] = [
			['position.getCurrent', { devices: '35889905102533X' }, /must be the 10 to 17 digits of an IMEI/],
			['position.getCurrent', { devices: '={{ $json.missing }}' }, /Devices is missing/],
			['position.getHistory', { devices: DEVICE, begin: '2026-03-02T00:00:00Z', end: '2026-03-01T00:00:00Z' }, /ends before it begins/],
			['geofence.create', { device: DEVICE, name: 'Depot', alarmOn: 'both', latitude: 44, longitude: 26, radius: 99 }, /Radius must be between 100 and 5000 metres, not 99/],
			['message.send', { accounts: 'demo', content: 'x'.repeat(301) }, /not be longer than 300 characters; it has 301/],
		];
		for (const [name, params, words] of bad) {
			const execution = await run(brand, name, params as Record<string, unknown>);
			expect(execution.status, name).toBe('error');
			expect(execution.error?.message).toMatch(words);
			expect(JSON.stringify(execution.raw)).not.toContain(PASSWORD);
		}
		expect(simulator.requests).toHaveLength(0);
	});

	test('with Continue On Fail, a bad item fails alone and every record knows its item', async () => {
		const items = [{ imei: DEVICE }, { imei: 'nonsense' }, { imei: '999999999999999' }, { imei: DEVICE }];
		const operation = vendors[brand].provider.operations.find((each) => nameOf(each) === 'position.getCurrent') as AnyOperation;
		const execution = await n8n.runWorkflow({
			nodes: [
				{ name: 'Start', type: 'n8n-nodes-base.manualTrigger' },
				{ name: 'Items', type: 'n8n-nodes-base.code', typeVersion: 2, parameters: { jsCode: `return ${JSON.stringify(items)}.map((json) => ({ json }));` } },
				node(brand, parametersOf(operation, { devices: '={{ $json.imei }}' }), { onError: 'continueRegularOutput' }),
			],
			pinData: { Items: items.map((json) => ({ json })) },
		});
		const [output = []] = execution.runs.Fleet?.[0]?.outputs ?? [];
		expect(output).toMatchObject([
			{ json: { deviceId: DEVICE }, pairedItem: { item: 0 } },
			{ json: { error: expect.stringContaining('digits of an IMEI') }, pairedItem: { item: 1 } },
			{ json: { error: expect.stringContaining('does not let the account see one of the devices') }, pairedItem: { item: 2 } },
			{ json: { deviceId: DEVICE }, pairedItem: { item: 3 } },
		]);
	});

	test.each(['reset', 'html', 'cutoff'] as const)('a command under "%s" is carried out once and its outcome is unknown', async (kind) => {
		const { simulator } = vendors[brand];
		const sent = () => simulator.requests.filter(({ path }) => path === '/api/command/send').length;
		const before = sent();
		simulator.fail({ kind, match: '/api/command/send', times: null, effect: 'after' });
		const execution = await run(brand, 'command.send', { device: DEVICE, command: 'LOCKDOOR' });
		simulator.clearFaults();
		expect(execution.status).toBe('success');
		expect(execution.data.Fleet).toMatchObject([{ outcome: 'unknown', target: DEVICE }]);
		expect(sent() - before).toBe(1);
	});

	test('with Allow Commands off, no command leaves', async () => {
		const { simulator } = vendors[brand];
		const { id, name } = await n8n.createCredential({ name: 'careful', type: TYPES[brand].credential, data: { ...settingsOf(brand), allowCommands: false } });
		simulator.requests.length = 0;
		const operation = vendors[brand].provider.operations.find((each) => nameOf(each) === 'command.send') as AnyOperation;
		const execution = await n8n.runWorkflow(chain({ ...node(brand, parametersOf(operation, { device: DEVICE, command: 'RELAY,1' })), credentials: { [TYPES[brand].credential]: { id, name } } }));
		expect(execution.error).toMatchObject({ message: expect.stringContaining('commands are switched off'), description: expect.stringContaining('Allow Commands') });
		expect(simulator.requests).toHaveLength(0);
	});
});
