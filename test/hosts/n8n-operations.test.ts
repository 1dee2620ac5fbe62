/**
 * Every operation of every vendor in the real n8n, as a user runs it, compared record by record with the core alone.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AnyOperation } from '../../core/describe/operation';
import { PASSWORD, type AnswerKind } from '../../simulators/protrack';
import { panelOf } from './forms';
import { chain, startN8n, type Credential, type Execution, type N8n, type WorkflowDefinition } from './n8n';
import { BRANDS, comparable, DEVICE, nameOf, startVendors, VENDOR_NAMES, type TestVendors } from './vendor';

const ARTIFACTS = join(__dirname, '..', '..', 'artifacts');
let n8n: N8n;
let vendors: TestVendors;
const credentials = new Map<string, Credential>();

const settingsOf = (name: string) => ({ ...vendors.of(name).connection });

beforeAll(async () => {
	const tarball = readdirSync(ARTIFACTS).find((name) => name.startsWith('n8n-nodes-fleetwire-'));
	n8n = await startN8n({ packages: [join(ARTIFACTS, tarball ?? '')] });
	vendors = await startVendors();
	for (const name of VENDOR_NAMES)
		credentials.set(
			name,
			await n8n.createCredential({ name, type: vendors.of(name).n8n.credential, data: settingsOf(name) }),
		);
});

afterAll(async () => {
	await n8n?.stop();
	await vendors?.close();
});

const credentialsOf = (vendor: string) => {
	const { id = '', name = '' } = credentials.get(vendor) ?? {};
	return { [vendors.of(vendor).n8n.credential]: { id, name } };
};
const node = (vendor: string, parameters: object, rest: object = {}) => ({
	name: 'Fleet',
	type: `n8n-nodes-fleetwire.${vendors.of(vendor).n8n.node}`,
	parameters: parameters as Record<string, unknown>,
	credentials: credentialsOf(vendor),
	...rest,
});

async function run(
	vendor: string,
	name: string,
	params: Readonly<Record<string, unknown>>,
	rest: object = {},
	settings: object = {},
): Promise<Execution> {
	return await n8n.runWorkflow(
		chain(node(vendor, panelOf(vendors.of(vendor).operation(name), params, rest), settings)),
	);
}

test('the example workflow runs', async () => {
	const example = JSON.parse(
		readFileSync(join(__dirname, '..', '..', 'docs', 'examples', 'n8n-where-is-my-fleet.json'), 'utf8'),
	) as WorkflowDefinition;
	const nodes = example.nodes.map((each) =>
		each.name === 'TrackCEO' ? { ...each, credentials: credentialsOf('trackceo') } : each,
	);
	const execution = await n8n.runWorkflow({ ...example, nodes }, { from: 'Every 5 minutes' });
	expect(execution.error).toBeUndefined();
	expect(execution.data.TrackCEO).toHaveLength(12);
	expect(execution.status).toBe('success');
});

describe.each(VENDOR_NAMES)('%s', (brand) => {
	test('has its node and its credential', async () => {
		const types = await n8n.nodeTypes();
		expect(types.find(({ name }) => name === `n8n-nodes-fleetwire.${vendors.of(brand).n8n.node}`)).toMatchObject({
			credentials: [{ name: vendors.of(brand).n8n.credential, required: true }],
		});
	});

	test('runs every operation, simplified and raw, with the records that the core gives', async () => {
		const { provider, paramsOf, expected } = vendors.of(brand);
		for (const operation of provider.operations) {
			for (const output of operation.effect === 'read'
				? (['simplified', 'raw'] as const)
				: (['simplified'] as const)) {
				const name = nameOf(operation);
				const execution = await run(
					brand,
					name,
					paramsOf(operation),
					operation.effect === 'read' ? { output } : {},
				);
				expect(execution.error, name).toBeUndefined();
				const records = execution.data.Fleet ?? [];
				expect(records.length, name).toBeGreaterThan(0);
				expect(comparable(records), `${name} ${output}`).toEqual(comparable(await expected(operation, output)));
			}
		}
	});

	test('the credential test accepts what is right', async () => {
		const type = vendors.of(brand).n8n.credential;
		expect(await n8n.testCredential({ name: 'good', type, data: settingsOf(brand) })).toMatchObject({
			status: 'OK',
		});
	});

	test.each([
		['a wrong password', { secret: 'wrong-password' }, undefined],
		['a base URL where nothing listens', { baseUrl: 'http://127.0.0.1:9' }, /refuses the connection/],
		['a private address without permission', { allowPrivateAddresses: false }, /private address/],
		['a base URL that is none', { baseUrl: 'api' }, /not a web address/],
	])('the credential test says what is wrong with %s', async (_, change, words) => {
		const {
			n8n: { credential },
			refusal,
		} = vendors.of(brand);
		const result = await n8n.testCredential({
			name: 'bad',
			type: credential,
			data: { ...settingsOf(brand), ...change },
		});
		expect(result.status).toBe('Error');
		expect(result.message).toMatch(words ?? refusal);
		expect(result.message).not.toContain(settingsOf(brand).secret);
	});

	test('the credential test says so when a web page comes instead of an answer', async () => {
		const { simulator } = vendors.of(brand);
		simulator.fail({ kind: 'html', times: null });
		const result = await n8n.testCredential({
			name: 'html',
			type: vendors.of(brand).n8n.credential,
			data: settingsOf(brand),
		});
		simulator.clearFaults();
		expect(result).toMatchObject({ status: 'Error' });
		expect(result.message).toMatch(/web page/);
	});

	test('a session killed from outside is renewed without the user noticing, and then serves', async () => {
		const { simulator, connection, provider, paramsOf, logins } = vendors.of(brand);
		const operation = provider.operations.find(({ effect, list }) => effect === 'read' && list) as AnyOperation;
		await run(brand, nameOf(operation), paramsOf(operation));
		simulator.killToken(connection.account);
		const before = logins();
		for (let count = 0; count < 3; count++) {
			const execution = await run(brand, nameOf(operation), paramsOf(operation));
			expect(execution).toMatchObject({ status: 'success' });
			expect(execution.data.Fleet?.length).toBeGreaterThan(0);
		}
		expect(logins() - before).toBe(1);
	});

	test('pickers list devices, search them, and offer all', async () => {
		const {
			device,
			n8n: { node: type },
			provider,
		} = vendors.of(brand);
		const query = {
			path: 'parameters.devices',
			nodeTypeAndVersion: { name: `n8n-nodes-fleetwire.${type}`, version: 1 },
			credentials: credentialsOf(brand),
			currentNodeParameters: {},
		};
		const { results } = await n8n.resourceLocatorResults({ ...query, methodName: 'searchDevicesOrAll' });
		expect(results[0]).toMatchObject({ value: '*' });
		expect(results.map(({ value }) => value)).toContain(device);
		const found = await n8n.resourceLocatorResults({ ...query, methodName: 'searchDevices', filter: device });
		expect(found.results.map(({ value }) => value)).toContain(device);
		for (const lookup of Object.keys(provider.lookups)) {
			const list = await n8n.resourceLocatorResults({
				...query,
				methodName: `search${lookup.charAt(0).toUpperCase()}${lookup.slice(1)}s`,
			});
			expect(list.results.length, lookup).toBeGreaterThan(0);
		}
	});
});

describe.each(BRANDS)('%s', (brand) => {
	test.each([
		['a blocked account', { account: 'blocked' }, /the account is blocked/],
		['an account without the Open API', { account: 'noapi' }, /does not permit this to the account/],
		['an md5 that is none', { secretType: 'md5' }, /The secret is not an md5/],
	])('the credential test says what is wrong with %s', async (_, change, words) => {
		const result = await n8n.testCredential({
			name: 'bad',
			type: vendors.of(brand).n8n.credential,
			data: { ...settingsOf(brand), ...change },
		});
		expect(result.status).toBe('Error');
		expect(result.message).toMatch(words);
	});

	test('a device is found by its plate, and its records have name and plate', async () => {
		const execution = await run(brand, 'position.getCurrent', { devices: 'b 10 flt' });
		expect(execution.data.Fleet).toMatchObject([
			{ deviceId: vendors.of(brand).device, deviceName: 'Van 1', plate: 'B 10 FLT' },
		]);
	});

	test('a limit is kept', async () => {
		const execution = await run(brand, 'position.getCurrent', { devices: '*' }, { returnAll: false, limit: 3 });
		expect(execution.data.Fleet).toHaveLength(3);
	});

	test('bad input gives one sentence and what to do, and nothing is sent', async () => {
		const { simulator } = vendors.of(brand);
		simulator.requests.length = 0;
		const bad: [string, object, RegExp][] = [
			[
				'position.getCurrent',
				{ devices: '35889905102533X' },
				/no device has "35889905102533X" as its IMEI, name or plate/,
			],
			['position.getCurrent', { devices: '={{ $json.missing }}' }, /Devices is missing/],
			[
				'position.getHistory',
				{ devices: DEVICE, begin: '2026-03-02T00:00:00Z', end: '2026-03-01T00:00:00Z' },
				/ends before it begins/,
			],
			[
				'geofence.create',
				{ device: DEVICE, name: 'Depot', alarmOn: 'both', latitude: 44, longitude: 26, radius: 99 },
				/Radius must be between 100 and 5000 metres, not 99/,
			],
			[
				'message.send',
				{ accounts: 'demo', content: 'x'.repeat(301) },
				/not be longer than 300 characters; it has 301/,
			],
		];
		for (const [name, params, words] of bad) {
			const execution = await run(brand, name, params as Record<string, unknown>);
			expect(execution.status, name).toBe('error');
			expect(execution.error?.message).toMatch(words);
			expect(JSON.stringify(execution.raw)).not.toContain(PASSWORD);
		}
		// What may be a name is looked up in the list of devices.
		const acted = simulator.requests.filter(({ path }) => !/authorization|device\/list/.test(path));
		expect(acted).toHaveLength(0);
	});

	test('with Continue On Fail, a bad item fails alone and every record knows its item', async () => {
		const items = [{ imei: DEVICE }, { imei: 'nonsense' }, { imei: '999999999999999' }, { imei: DEVICE }];
		const operation = vendors.of(brand).operation('position.getCurrent');
		const execution = await n8n.runWorkflow({
			nodes: [
				{ name: 'Start', type: 'n8n-nodes-base.manualTrigger' },
				{
					name: 'Items',
					type: 'n8n-nodes-base.code',
					typeVersion: 2,
					parameters: { jsCode: `return ${JSON.stringify(items)}.map((json) => ({ json }));` },
				},
				node(brand, panelOf(operation, { devices: '={{ $json.imei }}' }), { onError: 'continueRegularOutput' }),
			],
			pinData: { Items: items.map((json) => ({ json })) },
		});
		const [output = []] = execution.runs.Fleet?.[0]?.outputs ?? [];
		expect(output).toMatchObject([
			{ json: { deviceId: DEVICE }, pairedItem: { item: 0 } },
			{
				json: { error: expect.stringContaining('no device has "nonsense" as its IMEI') },
				pairedItem: { item: 1 },
			},
			{
				json: { error: expect.stringContaining('says that the account may not see one of the devices') },
				pairedItem: { item: 2 },
			},
			{ json: { deviceId: DEVICE }, pairedItem: { item: 3 } },
		]);
	});

	test('a device that the vendor refuses costs none of the others their records', async () => {
		const { simulator, operation } = vendors.of(brand);
		const [good, bad] = ['358899051000076', '358899051000142'] as const;
		simulator.fail({
			kind: 'code',
			code: 20046,
			times: null,
			match: ({ path, query }) => path === '/api/track' && String(query.imeis).includes(bad),
		});
		const devices = { devices: [DEVICE, bad, good].join() };
		const name = 'position.getCurrent';
		try {
			const stopped = await run(brand, name, devices);
			expect(stopped.status).toBe('error');
			expect(stopped.error?.message).toContain(`Of 3 devices, 1 failed (${bad}`);
			expect(stopped.error?.description).toContain('Skip Failed Devices');

			const skipped = await run(brand, name, devices, { options: { skipFailedDevices: true } });
			expect(skipped.data.Fleet).toMatchObject([
				{ deviceId: DEVICE },
				{ deviceId: good },
				{ deviceId: bad, error: expect.stringContaining('expired') },
			]);
			expect(skipped.runs.Fleet?.[0]?.hints).toMatchObject([{ message: expect.stringContaining(bad) }]);

			const panel = panelOf(operation(name), devices);
			const split = await n8n.runWorkflow(chain(node(brand, panel, { onError: 'continueErrorOutput' })));
			const [records = [], errors = []] = split.runs.Fleet?.[0]?.outputs ?? [];
			expect(records.map(({ json }) => json.deviceId)).toEqual([DEVICE, good]);
			expect(errors.map(({ json }) => json)).toMatchObject([
				{ error: expect.stringContaining(`${bad}: `), details: { deviceId: bad, vendorCode: '20046' } },
			]);
		} finally {
			simulator.clearFaults();
		}
	});

	test('items with the same settings are one request, and a hint says so', async () => {
		const { simulator, operation } = vendors.of(brand);
		const items = [1, 2, 3].map((place) => ({ json: { place } }));
		simulator.requests.length = 0;
		const execution = await n8n.runWorkflow({
			nodes: [
				{ name: 'Start', type: 'n8n-nodes-base.manualTrigger' },
				{ name: 'Items', type: 'n8n-nodes-base.code', typeVersion: 2, parameters: { jsCode: 'return [];' } },
				node(brand, panelOf(operation('position.getCurrent'), { devices: DEVICE })),
			],
			pinData: { Items: items },
		});
		const [output = []] = execution.runs.Fleet?.[0]?.outputs ?? [];
		expect(output.map(({ json, pairedItem }) => [json.deviceId, pairedItem])).toEqual(
			items.map((_, item) => [DEVICE, { item }]),
		);
		expect(simulator.requests.filter(({ path }) => path === '/api/track')).toHaveLength(1);
		expect(execution.runs.Fleet?.[0]?.hints).toMatchObject([{ message: expect.stringContaining('Execute Once') }]);
	});

	test.each(['reset', 'html', 'cutoff'] as const)(
		'a command under "%s" is carried out once and its outcome is unknown',
		async (kind) => {
			const { simulator } = vendors.of(brand);
			const sent = () => simulator.requests.filter(({ path }) => path === '/api/command/send').length;
			const before = sent();
			simulator.fail({ kind, match: '/api/command/send', times: null, effect: 'after' });
			const execution = await run(brand, 'command.send', { device: DEVICE, command: 'LOCKDOOR' });
			simulator.clearFaults();
			expect(execution.status).toBe('success');
			expect(execution.data.Fleet).toMatchObject([{ outcome: 'unknown', target: DEVICE }]);
			expect(sent() - before).toBe(1);
		},
	);

	test.each<[AnswerKind, string, RegExp]>([
		['speedLimit', 'failed', /^DYD=Speed Limit/],
		['delayed', 'answered', /Delay!/],
		['already', 'answered', /^Already in the state/],
		['chineseDelayed', 'answered', /延后/],
		['otherCommand', 'answered', /^Restore fuel supply/],
		['gt06', 'confirmed', /^DYD=Success!$/],
	])('a device that answers a stop with "%s" makes it %s, with its words', async (kind, outcome, words) => {
		const { simulator } = vendors.of(brand);
		simulator.answerCommands?.(kind);
		const execution = await run(brand, 'command.send', { device: DEVICE, command: 'RELAY,1' });
		simulator.answerCommands?.('document');
		expect(execution.status).toBe('success');
		expect(execution.data.Fleet).toMatchObject([
			{
				outcome,
				target: DEVICE,
				command: 'RELAY,1',
				response: expect.stringMatching(words),
				explanation: expect.stringContaining('The device answered'),
			},
		]);
	});

	test.each([false, "={{ $fromAI('allow', '', 'boolean') || true }}", '={{ true }}'])(
		'with %s for the permission of the node, no command leaves',
		async (allowCommands) => {
			const { simulator } = vendors.of(brand);
			simulator.requests.length = 0;
			const operation = vendors.of(brand).operation('command.send');
			const panel = panelOf(operation, { device: DEVICE, command: 'RELAY,1' }, { allowCommands });
			const execution = await n8n.runWorkflow(chain(node(brand, panel)));
			expect(execution.error).toMatchObject({
				description: expect.stringContaining('switch on "Allow Commands" in the node.'),
			});
			expect(simulator.requests).toHaveLength(0);
		},
	);

	test('with Allow Commands off, no command leaves', async () => {
		const { simulator } = vendors.of(brand);
		const { id, name } = await n8n.createCredential({
			name: 'careful',
			type: vendors.of(brand).n8n.credential,
			data: { ...settingsOf(brand), allowCommands: false },
		});
		simulator.requests.length = 0;
		const operation = vendors.of(brand).operation('command.send');
		const execution = await n8n.runWorkflow(
			chain({
				...node(brand, panelOf(operation, { device: DEVICE, command: 'RELAY,1' })),
				credentials: { [vendors.of(brand).n8n.credential]: { id, name } },
			}),
		);
		expect(execution.error).toMatchObject({
			message: expect.stringContaining('commands are switched off'),
			description: expect.stringContaining('Allow Commands'),
		});
		expect(simulator.requests).toHaveLength(0);
	});
});
