/**
 * Every operation of every vendor in the real Node-RED, as a flow runs it, compared record by record with the core
 * alone.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AnyOperation } from '../../core/describe/operation';
import { PASSWORD, type AnswerKind } from '../../simulators/protrack';
import { dialogOf } from './forms';
import { NODE_RED_VERSIONS } from './install';
import { startNodeRed, type FlowNode, type NodeRed, type Rig, type RunResult } from './node-red';
import { until } from './process';
import { BRANDS, comparable, DEVICE, nameOf, startVendors, VENDOR_NAMES, type TestVendors } from './vendor';

const ARTIFACTS = join(__dirname, '..', '..', 'artifacts');

describe.each(NODE_RED_VERSIONS)('Node-RED %s', (version) => {
	let nodeRed: NodeRed;
	let vendors: TestVendors;

	beforeAll(async () => {
		const tarball = readdirSync(ARTIFACTS).find((name) => name.startsWith('fleetwire-node-red-fleet-'));
		nodeRed = await startNodeRed({ version, packages: [join(ARTIFACTS, tarball ?? '')] });
		vendors = await startVendors();
	});

	afterAll(async () => {
		await nodeRed?.stop();
		await vendors?.close();
	});

	async function rigOf(
		brand: string,
		name: string,
		params: Readonly<Record<string, unknown>>,
		settings: object = {},
		account: object = {},
	): Promise<Rig> {
		const { connection } = vendors.of(brand);
		const operation = vendors.of(brand).operation(name);
		const { secret, ...rest } = connection;
		return await nodeRed.rig(
			{
				type: `fleetwire-${brand}`,
				account: 'account',
				resource: operation.resource,
				operation: operation.name,
				params: dialogOf(operation, params),
				output: 'simplified',
				result: 'message',
				limit: '',
				timeout: '',
				allowCommands: true,
				version: 1,
				...settings,
			},
			{
				others: [{ id: 'account', type: `fleetwire-${brand}-account`, name: '', ...rest, ...account }],
				credentials: { account: { secret } },
			},
		);
	}

	/** A node that reads a list. */
	const anyRig = (brand: string) => {
		const { provider, paramsOf } = vendors.of(brand);
		const operation = provider.operations.find(({ effect, list }) => effect === 'read' && list) as AnyOperation;
		return rigOf(brand, nameOf(operation), paramsOf(operation));
	};
	const run = async (...args: Parameters<typeof rigOf>): Promise<RunResult> =>
		(await rigOf(...args)).run({ payload: 'in' });
	const records = ({ outputs }: RunResult) => outputs[0]?.[0]?.payload as object[];

	test('all vendors are in the palette, without an error', async () => {
		const sets = (await nodeRed.nodeSets()).filter(({ module }) => module === '@fleetwire/node-red-fleet');
		const found = sets.map(({ types, enabled, err }) => ({ types: [...types].sort(), enabled, err }));
		expect(found.sort((a, b) => String(a.types).localeCompare(String(b.types)))).toEqual(
			[...VENDOR_NAMES].sort().map((name) => ({
				types: [`fleetwire-${name}`, `fleetwire-${name}-account`, `fleetwire-${name}-trigger`],
				enabled: true,
				err: undefined,
			})),
		);
	});

	describe.each(VENDOR_NAMES)('%s', (brand) => {
		test('runs every operation, simplified and raw, with the records that the core gives', async () => {
			const { provider, paramsOf, expected } = vendors.of(brand);
			for (const operation of provider.operations) {
				for (const output of operation.effect === 'read'
					? (['simplified', 'raw'] as const)
					: (['simplified'] as const)) {
					const name = nameOf(operation);
					const result = await run(brand, name, paramsOf(operation), { output });
					expect(result.caught, name).toEqual([]);
					expect(result.completed, name).toBe(1);
					const payload = records(result);
					const got = operation.list ? payload : [payload];
					expect(got.length, name).toBeGreaterThan(0);
					expect(comparable(got), `${name} ${output}`).toEqual(comparable(await expected(operation, output)));
				}
			}
		});

		test('the Test button says how a login went, with the values in the dialog or the deployed secret', async () => {
			await anyRig(brand);
			const { secret, ...settings } = vendors.of(brand).connection;
			const login = (body: object) => nodeRed.admin('POST', `/fleetwire/${brand}/test`, { body });
			expect(await login({ id: 'new', settings, credentials: { secret } })).toMatchObject({ ok: true });
			expect(await login({ id: 'account', settings, credentials: { secret: '__PWRD__' } })).toMatchObject({
				ok: true,
			});
			expect(await login({ id: 'new', settings, credentials: { secret: 'wrong-password' } })).toMatchObject({
				ok: false,
				message: expect.stringMatching(vendors.of(brand).refusal),
			});
			expect(
				await login({
					id: 'new',
					settings: { ...settings, baseUrl: 'http://127.0.0.1:9' },
					credentials: { secret },
				}),
			).toMatchObject({ ok: false, code: 'Unreachable' });
		});

		test('pickers get the devices of the account', async () => {
			await anyRig(brand);
			for (const lookup of Object.keys(vendors.of(brand).provider.lookups)) {
				const { choices } = (await nodeRed.admin('POST', `/fleetwire/${brand}/lookup/account/${lookup}`, {
					body: {},
				})) as {
					choices: { value: string }[];
				};
				if (lookup === 'device') expect(choices.map(({ value }) => value)).toContain(vendors.of(brand).device);
				expect(choices.length, lookup).toBeGreaterThan(0);
			}
		});

		test('a session killed from outside is renewed without the user noticing, and a redeploy needs no login', async () => {
			const { simulator, connection, logins } = vendors.of(brand);
			const rig = await anyRig(brand);
			await rig.run();
			const before = logins();
			simulator.killToken(connection.account);
			expect(records(await rig.run()).length).toBeGreaterThan(0);
			expect(logins() - before).toBe(1);
			expect(records(await (await anyRig(brand)).run()).length).toBeGreaterThan(0);
			expect(logins() - before).toBe(1);
		});
	});

	describe.each(BRANDS)('%s', (brand) => {
		test('gives one message for each record, in parts that Join understands', async () => {
			const result = await run(brand, 'position.getCurrent', { devices: '*' }, { result: 'record' });
			const [messages = []] = result.outputs;
			expect(messages).toHaveLength(12);
			expect(messages.map(({ parts }) => parts as object)).toMatchObject(
				messages.map((_, index) => ({ index, count: 12, type: 'array' })),
			);
			for (const { topic, payload } of messages) expect(topic).toBe((payload as { deviceId: string }).deviceId);
		});

		test('gives worldmap what it can draw: flat, with a place', async () => {
			const result = await run(brand, 'position.getCurrent', { devices: '*' }, { output: 'worldmap' });
			const [messages = []] = result.outputs;
			expect(messages.length).toBeGreaterThan(8);
			for (const { payload } of messages) {
				const { name, lat, lon, ...rest } = payload as Record<string, unknown>;
				expect([typeof name, typeof lat, typeof lon]).toEqual(['string', 'number', 'number']);
				expect(Object.values(rest).every((value) => typeof value !== 'object')).toBe(true);
			}
		});

		test('parameters come from the message, the flow and expressions', async () => {
			const sources: [object, object][] = [
				[{ type: 'msg', value: 'imei' }, { imei: DEVICE }],
				[{ type: 'jsonata', value: '[imei]' }, { imei: DEVICE }],
				[{ type: 'json', value: `["${DEVICE}"]` }, {}],
				[{ type: 'msg', value: 'vehicle' }, { vehicle: 'b 10 flt' }],
				[{ type: 'msg', value: 'position' }, { position: { deviceId: DEVICE } }],
			];
			for (const [devices, msg] of sources) {
				const rig = await rigOf(brand, 'position.getCurrent', { devices });
				expect(records(await rig.run({ ...msg }))).toMatchObject([
					{ deviceId: DEVICE, deviceName: 'Van 1', plate: 'B 10 FLT' },
				]);
			}
		});

		/** 200 messages at once about a device, whose period ends at another moment each time. */
		const burstOf = (operation: string, params: object) => {
			const { secret, ...account } = vendors.of(brand).connection;
			const place = { z: 'burst', x: 100, y: 40 };
			const [resource, name] = operation.split('.');
			const flows: FlowNode[] = [
				{ id: 'burst', type: 'tab', label: 'burst' },
				{ id: 'account', type: `fleetwire-${brand}-account`, name: '', ...account },
				{
					...place,
					id: 'many',
					type: 'function',
					func: `return [Array.from({ length: 200 }, (_, place) => ({ ...msg, number: place, end: 1_700_000_000 - place }))];`,
					outputs: 1,
					wires: [['fleet']],
				},
				{
					...place,
					id: 'fleet',
					type: `fleetwire-${brand}`,
					account: 'account',
					resource,
					operation: name,
					params,
					output: 'simplified',
					result: 'message',
					limit: '',
					timeout: '',
					version: 1,
					wires: [['answered']],
				},
				{ ...place, id: 'catch', type: 'catch', scope: null, uncaught: false, wires: [['caught']] },
				{ ...place, id: 'answered', type: 'test-probe', wires: [] },
				{ ...place, id: 'caught', type: 'test-probe', wires: [] },
			];
			return { flows, credentials: { account: { secret } } };
		};

		test('messages that come at once share a request, and each gets its answer', async () => {
			const { simulator } = vendors.of(brand);
			const { flows, credentials } = burstOf('position.getCurrent', { devices: { type: 'msg', value: 'imei' } });
			await nodeRed.deploy(flows, { credentials });
			const after = await nodeRed.mark();
			simulator.requests.length = 0;
			await nodeRed.send('many', { imei: DEVICE });
			const all = await nodeRed.collect((some) => some.length >= 200, { after });
			expect(new Set(all.map(({ probe, msg }) => `${probe} ${String(msg.number)}`)).size).toBe(200);
			for (const { probe, msg } of all)
				expect([probe, msg.payload]).toMatchObject(['answered', [{ deviceId: DEVICE }]]);
			expect(simulator.requests.filter(({ path }) => path === '/api/track').length).toBeLessThanOrEqual(4);
		});

		test.each(['full', 'nodes'] as const)(
			'a deploy (%s) that ends messages reports each to Catch, and all in one line of the log',
			async (type) => {
				const { simulator } = vendors.of(brand);
				const { flows, credentials } = burstOf('alarm.getMany', {
					devices: { type: 'list', value: DEVICE },
					begin: { type: 'num', value: '1699990000' },
					end: { type: 'msg', value: 'end' },
				});
				await nodeRed.deploy(flows, { credentials });
				const after = await nodeRed.mark();
				simulator.requests.length = 0;
				simulator.fail({ match: ({ path }) => path.startsWith('/api/alarm'), kind: 'timeout', times: null });
				await nodeRed.send('many', {});
				await until('requests', () => simulator.requests.some(({ path }) => path.startsWith('/api/alarm')));
				const before = nodeRed.logs().length;
				await nodeRed.deploy(
					flows.map((node) => (node.id === 'fleet' ? { ...node, name: `Changed ${type}` } : node)),
					{ type },
				);
				const all = await nodeRed.collect((some) => some.length >= 200, { after });
				simulator.clearFaults();
				expect(new Set(all.map(({ msg }) => msg.number)).size).toBe(200);
				for (const { probe, msg } of all)
					expect([probe, msg.error]).toMatchObject(['caught', { code: 'Stopped', source: { id: 'fleet' } }]);
				const lines = nodeRed.logs().slice(before).split('\n');
				expect(lines.filter((line) => line.includes('ended without an answer'))).toEqual([
					expect.stringContaining('200 messages'),
				]);
			},
		);

		test('a device that the vendor refuses costs none of the others: records first, then one error with its name', async () => {
			const { simulator } = vendors.of(brand);
			const [good, bad] = ['358899051000076', '358899051000142'] as const;
			simulator.fail({
				kind: 'code',
				code: 20046,
				times: null,
				match: ({ path, query }) => path === '/api/track' && String(query.imeis).includes(bad),
			});
			const result = await run(brand, 'position.getCurrent', { devices: [DEVICE, bad, good].join() });
			simulator.clearFaults();
			const failedDevices = [{ deviceId: bad, error: expect.stringContaining('expired') as string }];
			expect(records(result)).toMatchObject([{ deviceId: DEVICE }, { deviceId: good }]);
			expect(result.outputs[0]?.[0]).toMatchObject({ failedDevices });
			expect(result.caught).toMatchObject([
				{
					failedDevices,
					error: { code: 'PartialResult', message: expect.stringContaining(bad), cause: { failedDevices } },
				},
			]);
			expect(result.statuses.at(-1)).toMatchObject({ fill: 'red', text: 'some devices failed' });
		});

		test('bad input goes to Catch as one sentence with a code, and nothing is sent', async () => {
			const { simulator } = vendors.of(brand);
			simulator.requests.length = 0;
			const bad: [string, object, RegExp][] = [
				[
					'position.getCurrent',
					{ devices: '35889905102533X' },
					/no device has "35889905102533X" as its IMEI, name or plate/,
				],
				['position.getCurrent', { devices: { type: 'msg', value: 'missing' } }, /Devices is missing/],
				['position.getCurrent', { devices: { type: 'msg', value: 'a.b.c' } }, /Devices is missing/],
				[
					'position.getHistory',
					{ devices: DEVICE, begin: '2026-03-02', end: '2026-03-01' },
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
				const { caught, completed, statuses } = await run(brand, name, params as Record<string, unknown>);
				expect(completed, name).toBe(0);
				expect(caught).toMatchObject([
					{ error: { message: expect.stringMatching(words), code: 'InvalidParams' } },
				]);
				expect(statuses.at(-1)).toMatchObject({ fill: 'red', shape: 'ring' });
			}
			// What may be a name is looked up in the list of devices.
			const acted = simulator.requests.filter(({ path }) => !/authorization|device\/list/.test(path));
			expect(acted).toHaveLength(0);
		});

		test('a wrong password is said in plain words, without the password', async () => {
			const { connection } = vendors.of(brand);
			const { secret: _, ...rest } = connection;
			const rig = await nodeRed.rig(
				{
					type: `fleetwire-${brand}`,
					account: 'other',
					resource: 'device',
					operation: 'getMany',
					params: {},
					version: 1,
				},
				{
					others: [{ id: 'other', type: `fleetwire-${brand}-account`, name: '', ...rest, account: 'nobody' }],
					credentials: { other: { secret: PASSWORD } },
				},
			);
			const { caught } = await rig.run();
			expect(caught).toMatchObject([
				{
					error: {
						code: 'LoginRejected',
						message: expect.stringContaining('refuses the account or its password'),
					},
				},
			]);
			expect(JSON.stringify(caught)).not.toContain(PASSWORD);
			expect(nodeRed.logs()).not.toContain(PASSWORD);
		});

		test.each(['reset', 'html', 'cutoff'] as const)(
			'a command under "%s" is carried out once and its outcome is unknown',
			async (kind) => {
				const { simulator } = vendors.of(brand);
				const sent = () => simulator.requests.filter(({ path }) => path === '/api/command/send').length;
				const before = sent();
				simulator.fail({ kind, match: '/api/command/send', times: null, effect: 'after' });
				const result = await run(brand, 'command.send', {
					device: DEVICE,
					command: 'LOCKDOOR',
					waitForAnswer: false,
				});
				simulator.clearFaults();
				expect(records(result)).toMatchObject({ outcome: 'unknown', target: DEVICE });
				expect(sent() - before).toBe(1);
			},
		);

		test.each<[AnswerKind, string, RegExp, object]>([
			['speedLimit', 'failed', /^DYD=Speed Limit/, { fill: 'red', shape: 'ring', text: 'failed' }],
			['delayed', 'answered', /Delay!/, { fill: 'yellow', shape: 'ring', text: '“Cut off the fuel …”' }],
			[
				'already',
				'answered',
				/^Already in the state/,
				{ fill: 'yellow', shape: 'ring', text: '“Already in the st…”' },
			],
			[
				'otherCommand',
				'answered',
				/^Restore fuel supply/,
				{ fill: 'yellow', shape: 'ring', text: '“Restore fuel supp…”' },
			],
			['gt06', 'confirmed', /^DYD=Success!$/, { fill: 'green', shape: 'dot', text: 'confirmed' }],
		])(
			'a device that answers a stop with "%s" makes it %s, with its words',
			async (kind, outcome, words, status) => {
				const { simulator } = vendors.of(brand);
				simulator.answerCommands?.(kind);
				const result = await run(brand, 'command.send', {
					device: DEVICE,
					command: 'RELAY,1',
					waitForAnswer: true,
				});
				simulator.answerCommands?.('document');
				expect(records(result)).toMatchObject({
					outcome,
					target: DEVICE,
					response: expect.stringMatching(words),
				});
				expect(result.statuses.at(-1)).toMatchObject(status);
				// Asked for later, nobody knows which command it was.
				const later = await run(brand, 'command.getStatus', { commandId: simulator.lastCommand?.() });
				expect(records(later)).toMatchObject({ response: expect.stringMatching(words) });
				if (kind !== 'otherCommand') expect(later.statuses.at(-1)).toMatchObject(status);
			},
		);

		test.each([
			['the account', {}, { allowCommands: false }],
			['the node', { allowCommands: false }, {}],
			['the node, which takes it from the environment', { allowCommands: '${PERMIT}' }, {}],
		])('with Allow Commands off in %s, no command leaves', async (_, node, account) => {
			const { simulator } = vendors.of(brand);
			simulator.requests.length = 0;
			const { caught } = await run(
				brand,
				'command.send',
				{ device: DEVICE, command: 'RELAY,1', waitForAnswer: false },
				node,
				account,
			);
			expect(caught).toMatchObject([
				{ error: { code: 'NotPermitted', message: expect.stringContaining('Allow Commands') } },
			]);
			expect(simulator.requests).toHaveLength(0);
		});
	});

	test('nobody without permission gets at the lists, let alone at a login', async () => {
		const guarded = await startNodeRed({
			version,
			packages: [
				join(
					ARTIFACTS,
					readdirSync(ARTIFACTS).find((name) => name.startsWith('fleetwire-node-red-fleet-')) ?? '',
				),
			],
			adminAuth: [{ username: 'admin', password: 'admin-password', permissions: '*' }],
		});
		try {
			for (const [method, path] of [
				['POST', '/fleetwire/trackceo/lookup/account/device'],
				['POST', '/fleetwire/trackceo/lookup/device'],
				['POST', '/fleetwire/trackceo/poll/trigger'],
				['POST', '/fleetwire/trackceo/test'],
			] as const) {
				const answer = await fetch(`${guarded.url}${path}`, { method });
				expect(answer.status, path).toBe(401);
			}
		} finally {
			await guarded.stop();
		}
	});
});
