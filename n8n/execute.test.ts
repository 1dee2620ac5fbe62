import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { inspect } from 'node:util';
import type { IDataObject, INodeParameters } from 'n8n-workflow';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ITracksenseApi } from '../credentials/ITracksenseApi.credentials';
import { TrackCeoApi } from '../credentials/TrackCeoApi.credentials';
import { ITracksense } from '../nodes/ITracksense/ITracksense.node';
import { TrackCeo } from '../nodes/TrackCeo/TrackCeo.node';
import { PASSWORD as ITRACKSENSE_PASSWORD, startItracksense } from '../simulators/itracksense';
import { PASSWORD, startProtrack, type ProtrackSimulator } from '../simulators/protrack';
import { Client } from '../core/call/client';
import { findOperation } from '../core/describe/provider';
import { trackceo } from '../providers/protrack/trackceo';
import { inputsOf } from './input';
import { executeContext, StoredCredential, type NodeOptions } from '../test/support/n8n-context';
import { beforeTimer } from '../test/support/control';
import { countedInTurns } from '../test/support/longest-turn';

// The classes that n8n-core uses, as in a running n8n.
vi.mock('n8n-workflow', () => createRequire(__filename)('n8n-workflow') as object);

/** As n8n names the type of a node that an agent has. */
const AS_TOOL: NodeOptions = { settings: { type: 'n8n-nodes-fleetwire.iTracksenseTool' } };

const DEVICE = '358899051000001';
const node = new TrackCeo();
let simulator: ProtrackSimulator;
let stored: StoredCredential;

beforeEach(async () => {
	simulator = await startProtrack({ brand: 'trackceo' });
	stored = account();
});
afterEach(async () => {
	await simulator.close();
});

const account = (changes: object = {}) =>
	new StoredCredential(new TrackCeoApi(), {
		baseUrl: simulator.url,
		account: 'demo',
		secretType: 'password',
		secret: PASSWORD,
		allowCommands: true,
		rateLimit: 60_000,
		allowPrivateAddresses: true,
		...changes,
	});

const picked = (value: unknown, mode = 'id') => ({ __rl: true, mode, value }) as unknown as INodeParameters;
const positions = (devices: unknown, more: INodeParameters = {}): INodeParameters => ({
	resource: 'position',
	operation: 'getCurrent',
	devices: picked(devices),
	...more,
});

async function run(parameters: INodeParameters, options: NodeOptions = {}) {
	const { context, hints } = executeContext(node, stored, { ...options, parameters });
	const [items = []] = await node.execute.call(context);
	return { items, json: items.map(({ json }) => json), hints: hints() };
}

describe('a vendor that asks for a pause of years', () => {
	beforeEach(async () => {
		vi.useFakeTimers({ toFake: ['Date'], shouldAdvanceTime: true });
		simulator.fail({ match: '/api/track', kind: 'status', status: 429, headers: { 'retry-after': '99999999' } });
		await failed(positions(DEVICE), { mode: 'trigger' });
		vi.setSystemTime(Date.now() + 11_000);
	});
	afterEach(() => {
		vi.useRealTimers();
	});
	const byItself = () => failed(positions(DEVICE, { options: { timeout: 60 } }), { mode: 'trigger' });

	test('is left alone for five minutes by what runs by itself, which is told why', async () => {
		expect(await byItself()).toMatchObject({
			message: expect.stringContaining('The vendor asked for a pause'),
			failure: { cause: 'rate-limited', retryAfterMs: expect.any(Number) },
		});
		vi.setSystemTime(Date.now() + 290_000);
		expect((await run(positions(DEVICE), { mode: 'trigger' })).json).toHaveLength(1);
	});

	test('a run by hand finds out that it is over, and then all go on', async () => {
		expect((await run(positions(DEVICE))).json).toHaveLength(1);
		expect((await run(positions(DEVICE), { mode: 'trigger' })).json).toHaveLength(1);
	});

	test('so does a test of the credential, for whatever runs next', async () => {
		await byItself();
		const { context } = executeContext(node, stored);
		await stored.type.preAuthentication!.call({ helpers: context.helpers }, { ...stored.data });
		expect((await run(positions(DEVICE), { mode: 'trigger' })).json).toHaveLength(1);
	});
});

interface Thrown {
	name: string;
	message: string;
	description?: string;
	httpCode?: string;
	context: { itemIndex?: number; data?: Record<string, unknown> };
}

async function failed(parameters: INodeParameters, options: NodeOptions = {}): Promise<Thrown> {
	const outcome = await run(parameters, options).then(
		() => 'nothing was thrown',
		(error: unknown) => error,
	);
	expect(outcome).toBeInstanceOf(Error);
	return outcome as Thrown;
}

const paths = () => simulator.requests.map(({ path }) => path.replace('/api/', ''));
/** Without the list that names the devices, which an account reads once in five minutes. */
const readPaths = () => paths().filter((path) => path !== 'device/list');

describe('items', () => {
	test('each item is run for itself, and each record says which item it comes from', async () => {
		const { items } = await run(positions('={{ $json.imei }}'), {
			items: [{ json: { imei: DEVICE } }, { json: { imei: '358899051000076' } }],
		});
		expect(items.map(({ json, pairedItem }) => [json.deviceId, pairedItem])).toEqual([
			[DEVICE, { item: 0 }],
			['358899051000076', { item: 1 }],
		]);
	});

	test('one login and one reading of the credential serve all items', async () => {
		await run(
			{
				resource: 'alarm',
				operation: 'getMany',
				devices: picked(DEVICE),
				begin: '={{ $json.begin }}',
				end: '2026-01-06',
			},
			{ items: Array.from({ length: 5 }, (_, place) => ({ json: { begin: `2026-01-0${String(place + 1)}` } })) },
		);
		expect(readPaths()).toEqual([
			'authorization',
			'alarm/list',
			'alarm/list',
			'alarm/list',
			'alarm/list',
			'alarm/list',
		]);
		expect(stored.reads).toBeLessThanOrEqual(2);
	});

	/** An item for each of these values of `imei`. */
	const itemsOf = (...imeis: unknown[]) => imeis.map((imei) => ({ json: { imei } as IDataObject }));
	const OTHER = '358899051000076';
	const STRANGER = '999999999999999';

	test('items that ask the same of other devices share requests, and keep their order and their records', async () => {
		await simulator.close();
		simulator = await startProtrack({ brand: 'trackceo', fleetSize: 300 });
		stored = account();
		const imeis = [...simulator.devices.keys()].reverse();
		const { items } = await run(positions('={{ $json.imei }}'), { items: itemsOf(...imeis) });
		expect(items.map(({ json, pairedItem }) => [json.deviceId, pairedItem])).toEqual(
			imeis.map((imei, item) => [imei, { item }]),
		);
		expect(readPaths()).toEqual(['authorization', 'track', 'track', 'track']);
		expect(paths().filter((path) => path === 'device/list')).toHaveLength(1);
	});

	test('items with other parameters share none, wherever they stand', async () => {
		const items = [DEVICE, OTHER, DEVICE, OTHER].map((imei, place) => ({
			json: { imei, begin: place % 2 === 0 ? '2026-03-01T00:00:00Z' : '2026-03-02T00:00:00Z' },
		}));
		const { json } = await run(
			{
				resource: 'device',
				operation: 'getMileage',
				devices: picked('={{ $json.imei }}'),
				begin: '={{ $json.begin }}',
				end: '2026-03-03T00:00:00Z',
			},
			{ items },
		);
		expect(json.map(({ deviceId, from }) => [deviceId, from])).toEqual(
			items.map(({ json: { imei, begin } }) => [imei, begin.replace('Z', '.000Z')]),
		);
		expect(readPaths()).toEqual(['authorization', 'device/mileage', 'device/mileage']);
	});

	test('one bad item fails alone, whether it is refused here or by the vendor', async () => {
		const { items } = await run(positions('={{ $json.imei }}'), {
			settings: { onError: 'continueRegularOutput' },
			items: itemsOf(DEVICE, STRANGER, 'wrong', undefined, OTHER),
		});
		expect(items).toMatchObject([
			{ json: { deviceId: DEVICE }, pairedItem: { item: 0 } },
			{ json: { error: expect.any(String), details: { vendorCode: '10013' } }, pairedItem: { item: 1 } },
			{
				json: { error: expect.stringContaining('IMEI'), details: { code: 'InvalidParams' } },
				pairedItem: { item: 2 },
			},
			{ json: { error: expect.stringContaining('missing') }, pairedItem: { item: 3 } },
			{ json: { deviceId: OTHER }, pairedItem: { item: 4 } },
		]);
	});

	test('without that setting, the first bad item ends the run', async () => {
		expect(
			await failed(positions('={{ $json.imei }}'), { items: itemsOf(DEVICE, STRANGER, 'wrong', OTHER) }),
		).toMatchObject({ message: expect.stringContaining('10013'), context: { itemIndex: 1 } });
		simulator.requests.length = 0;
		expect(
			await failed(positions('={{ $json.imei }}'), { items: itemsOf('wrong', STRANGER, DEVICE) }),
		).toMatchObject({ message: expect.stringContaining('IMEI'), context: { itemIndex: 0 } });
		expect(paths().filter((path) => path === 'track')).toEqual([]);
	});

	test("an expression that fails is its item's error", async () => {
		const { items } = await run(positions('={{ $json.imei.trim() }}'), {
			settings: { onError: 'continueRegularOutput' },
			items: itemsOf(DEVICE, 17, OTHER),
		});
		expect(items.map(({ json }) => json.deviceId ?? Object.keys(json))).toEqual([
			DEVICE,
			['error', 'details'],
			OTHER,
		]);
	});

	test('limit, output and options count for each item', async () => {
		const { json } = await run(
			{ ...positions('={{ $json.imeis }}'), limit: '={{ $json.limit }}', output: '={{ $json.output }}' },
			{
				items: [
					{ json: { imeis: [OTHER, DEVICE], limit: 1, output: 'raw' } },
					{ json: { imeis: [DEVICE], limit: 5, output: 'simplified' } },
				],
			},
		);
		expect(json).toMatchObject([{ imei: OTHER }, { deviceId: DEVICE }]);
	});

	describe('with the same settings', () => {
		const twelve = Array.from({ length: 12 }, (_, place) => ({ json: { place } }));
		const EXECUTE_ONCE = expect.stringContaining('switch on Execute Once') as string;

		test('are one question: each has all of its records, and a hint says so', async () => {
			const { items, hints } = await run(positions('*', { returnAll: true }), { items: twelve });
			const size = simulator.devices.size;
			expect(items).toHaveLength(12 * size);
			expect(items.map(({ pairedItem }) => pairedItem)).toEqual(
				twelve.flatMap((_, item) => Array.from({ length: size }, () => ({ item }))),
			);
			expect(new Set(items.map(({ json }) => json)).size).toBe(12 * size);
			expect(paths()).toEqual(['authorization', 'device/list', 'track']);
			expect(hints).toMatchObject([{ message: EXECUTE_ONCE }]);
		});

		test('have copies of a long answer without keeping n8n from its other work', async () => {
			const RECORDS = 20_000;
			const copied = countedInTurns(0.003);
			const record = () => ({
				get deviceId() {
					copied.count();
					return DEVICE;
				},
			});
			const records = Array.from({ length: RECORDS }, record);
			const gather = vi.spyOn(Client.prototype, 'gather').mockResolvedValue({ records });
			const { items } = await run(positions('*'), { items: twelve.slice(0, 3) });
			gather.mockRestore();
			expect(items).toHaveLength(3 * RECORDS);
			expect(copied.most).toBeLessThan(RECORDS / 2);
		});

		test('also where they name the time, which is one for the whole run', async () => {
			const { hints } = await run(
				{
					resource: 'alarm',
					operation: 'getMany',
					devices: picked(DEVICE),
					begin: '={{ $now.minus({ hours: 24 }) }}',
					end: '={{ $now }}',
				},
				{ items: twelve },
			);
			expect(readPaths()).toEqual(['authorization', 'alarm/list']);
			expect(hints).toMatchObject([{ message: EXECUTE_ONCE }]);
		});

		test('a few among others are no reason for a hint', async () => {
			const { items, hints } = await run(positions('={{ $json.imei }}'), {
				items: itemsOf(DEVICE, OTHER, DEVICE),
			});
			expect(items.map(({ json, pairedItem }) => [json.deviceId, pairedItem])).toEqual([
				[DEVICE, { item: 0 }],
				[OTHER, { item: 1 }],
				[DEVICE, { item: 2 }],
			]);
			expect(hints).toEqual([]);
		});

		test('which are no JSON either, are told apart', async () => {
			const { json } = await run(positions('={{ BigInt($json.imei) }}'), {
				items: itemsOf(DEVICE, OTHER, DEVICE),
			});
			expect(json.map(({ deviceId }) => deviceId)).toEqual([DEVICE, OTHER, DEVICE]);
		});

		test('commands are sent for each', async () => {
			await run(
				{
					resource: 'command',
					operation: 'send',
					allowCommands: true,
					device: picked(DEVICE),
					command: 'RESET',
					options: { waitForAnswer: false },
				},
				{ items: twelve.slice(0, 3) },
			);
			expect(paths().filter((path) => path === 'command/send')).toHaveLength(3);
		});
	});

	test('whose records together would fill the memory end in an error, and the rest are not asked', async () => {
		const text = 'x'.repeat(48_000_000);
		using gather = vi.spyOn(Client.prototype, 'gather').mockResolvedValue({ records: [{ text }] });
		const parameters = {
			resource: 'alarm',
			operation: 'getMany',
			devices: picked('={{ $json.imei }}'),
			begin: '2026-01-01',
			end: '2026-01-02',
		};
		const items = itemsOf(...Array.from({ length: 12 }, (_, place) => `3588990510000${String(10 + place)}`));
		const { json } = await run(parameters, { items, settings: { onError: 'continueRegularOutput' } });
		expect(json.map((one) => Object.keys(one)[0])).toEqual([
			...new Array<string>(8).fill('text'),
			...new Array<string>(4).fill('error'),
		]);
		expect(gather).toHaveBeenCalledTimes(9);
	});

	test('no records are no items', async () => {
		expect(
			(
				await run({
					resource: 'alarm',
					operation: 'getMany',
					devices: picked(DEVICE),
					begin: '2020-01-01',
					end: '2020-01-02',
					returnAll: true,
				})
			).items,
		).toEqual([]);
	});
});

describe('parameters', () => {
	test.each([
		['a list', '={{ ["358899051000001", "358899051000076"] }}'],
		['numbers', '={{ [358899051000001, 358899051000076] }}'],
		['a text with commas', '358899051000001, 358899051000076'],
	])('devices as %s', async (_, devices) => {
		expect((await run(positions(devices))).json.map(({ deviceId }) => deviceId)).toEqual([
			'358899051000001',
			'358899051000076',
		]);
	});

	test('* means all devices of the account', async () => {
		expect((await run(positions('*', { returnAll: true }))).items).toHaveLength(simulator.devices.size);
	});

	test('an expression instead of the whole picker', async () => {
		const { json } = await run(
			{ ...positions(''), devices: '={{ [$json.imei] }}' },
			{ items: [{ json: { imei: DEVICE } }] },
		);
		expect(json.map(({ deviceId }) => deviceId)).toEqual([DEVICE]);
	});

	test('a field of the item is what n8n makes of it, whichever way it is read', async () => {
		const nobody = Object.create({ inherited: 'x' }) as IDataObject;
		const values: unknown[] = [
			DEVICE,
			` ${DEVICE} `,
			Number(DEVICE),
			'',
			'x',
			0,
			1.5,
			Number.NaN,
			true,
			false,
			null,
			undefined,
			[DEVICE],
			{ deep: DEVICE },
			new Date(0),
			nobody,
			'={{ 1 + 1 }}',
			'{{ 2 }}',
			'__proto__',
		];
		// The second way is one that only n8n can read.
		for (const [simple, other] of [
			['={{ $json.a }}', '={{ $json["a"] }}'],
			['={{$json.a.deep}}', '={{ $json["a"].deep }}'],
			['={{ $json.a.inherited }}', '={{ $json["a"].inherited }}'],
			['={{ $json.a.length }}', '={{ $json["a"].length }}'],
		]) {
			for (const value of values) {
				const read = (expression = '') => {
					const { context } = executeContext(node, stored, {
						parameters: { ...positions(expression), options: {} },
						items: [{ json: { a: value } as IDataObject }],
					});
					return attempt(
						() => inputsOf(context, findOperation(trackceo, 'position', 'getCurrent')!)(0).params.devices,
					);
				};
				expect(read(simple), `${String(simple)} of ${inspect(value)}`).toEqual(read(other));
			}
		}
	});

	test('n8n is asked once for what is the same for all items, and not at all for fields of the items', async () => {
		const { context } = executeContext(node, stored, {
			parameters: positions('={{ $json.imei }}', { limit: 5, output: 'raw', options: {} }),
			items: [DEVICE, '358899051000076', DEVICE].map((imei) => ({ json: { imei } })),
		});
		const asked = vi.spyOn(context, 'getNodeParameter');
		await node.execute.call(context);
		expect(asked.mock.calls.map(([name]) => name).sort()).toEqual([
			'limit',
			'operation',
			'options',
			'output',
			'resource',
			'returnAll',
		]);
	});

	test.each(['={{ $json.nothing }}', '={{ undefined }}', '={{ null }}', '', '={{ "" }}'])(
		'%j is missing, and never all devices',
		async (value) => {
			expect(await failed(positions(value))).toMatchObject({
				name: 'NodeOperationError',
				message: expect.stringContaining('Devices is missing'),
				context: { itemIndex: 0 },
			});
			expect(paths()).toEqual([]);
		},
	);

	test('a date without an offset is read in the time zone of the workflow', async () => {
		await run(
			{
				resource: 'position',
				operation: 'getHistory',
				devices: picked(DEVICE),
				begin: '2026-01-31T08:00:00',
				end: '={{ $now }}',
				limit: 1,
			},
			{ timezone: 'Europe/Bucharest' },
		);
		const { query } = simulator.requests.find(({ path }) => path === '/api/playback')!;
		expect(query.begintime).toBe(String(Date.UTC(2026, 0, 31, 6) / 1000));
		expect(Math.abs(Number(query.endtime) - Date.now() / 1000)).toBeLessThan(5);
	});

	test("a new node's own dates work", async () => {
		const { begin, end } = defaults('device', 'getMileage');
		await run({ resource: 'device', operation: 'getMileage', devices: picked(DEVICE), begin, end });
		const { query } = simulator.requests.find(({ path }) => path === '/api/device/mileage')!;
		expect([Number(query.begintime) % 3600, Number(query.endtime) - Number(query.begintime)]).toEqual([0, 86_400]);
	});

	test('options count', async () => {
		const wrong = await failed({
			resource: 'device',
			operation: 'getMileage',
			devices: picked(DEVICE),
			begin: '2026-01-01T00:10:00Z',
			end: '2026-01-01T05:00:00Z',
		});
		expect(wrong.message).toContain('Round to Half Hours');
		await run({
			resource: 'device',
			operation: 'getMileage',
			devices: picked(DEVICE),
			begin: '2026-01-01T00:10:00Z',
			end: '2026-01-01T05:00:00Z',
			options: { roundToHalfHours: true },
		});
		const north = await run({
			resource: 'device',
			operation: 'getMany',
			returnAll: true,
			options: { account: picked('demo-north') },
		});
		expect(north.items.length).toBeLessThan(simulator.devices.size);
		expect((await failed({ ...positions(DEVICE), options: { timeout: 0 } })).message).toContain('Timeout');
	});

	test('a limit ends the paging', async () => {
		const history = {
			resource: 'position',
			operation: 'getHistory',
			devices: picked('*'),
			begin: '={{ $now.minus({ days: 3 }) }}',
			end: '={{ $now }}',
		};
		expect((await run({ ...history, limit: 3 })).items).toHaveLength(3);
		expect(paths().filter((path) => path === 'playback')).toHaveLength(1);
	});

	test("raw gives the vendor's own records", async () => {
		const [record] = (await run(positions(DEVICE, { output: 'raw' }))).json;
		expect(record).toMatchObject({ imei: DEVICE, datastatus: expect.any(Number) });
	});
});

describe('some of several devices fail', () => {
	const ONE = '358899051000076';
	const BAD = '358899051000142';
	const fleet = [DEVICE, BAD, ONE];
	const alarms = (devices: unknown, options: INodeParameters = {}): INodeParameters => ({
		resource: 'alarm',
		operation: 'getMany',
		devices: picked(devices),
		begin: '2026-01-01T00:00:00Z',
		end: '2026-01-01T06:00:00Z',
		returnAll: true,
		options,
	});
	const EXPIRED = JSON.stringify({ code: 20046, message: 'Target has expired' });
	beforeEach(() => {
		simulator.fail({
			kind: 'status',
			status: 200,
			body: EXPIRED,
			times: Infinity,
			match: ({ path, query }) =>
				path !== '/api/authorization' && `${String(query.imeis)},${String(query.imei)}`.includes(BAD),
		});
	});
	const skip = { skipFailedDevices: true };
	const deviceIds = (json: IDataObject[]) => [...new Set(json.map(({ deviceId }) => deviceId))];

	test.each([
		['together', positions],
		['one by one', alarms],
	])('asked %s: all are tried, then the node fails, names them and says how to go on', async (_, ask) => {
		const error = await failed(ask(fleet.join()));
		expect(error.message).toContain(`Of 3 devices, 1 failed (${BAD}`);
		expect(error.message).toContain('target has expired');
		expect(error.description).toContain(
			'switch on Skip Failed Devices in the options, or set On Error to continue',
		);
		expect(error.context).toMatchObject({ itemIndex: 0, data: { code: 'PartialResult', vendorCode: '20046' } });
		const asked = simulator.requests.filter(({ path }) => path !== '/api/device/list');
		expect(asked.at(-1)?.query[ask === alarms ? 'imei' : 'imeis']).toBe(ONE);
	});

	test.each(['continueRegularOutput', 'continueErrorOutput'] as const)(
		'On Error %s: the records come, then an item for each failed device',
		async (onError) => {
			const { items } = await run(positions(fleet.join()), { settings: { onError } });
			expect(items).toMatchObject([
				{ json: { deviceId: DEVICE }, pairedItem: { item: 0 } },
				{ json: { deviceId: ONE }, pairedItem: { item: 0 } },
				{
					json: {
						error: expect.stringContaining(`${BAD}: TrackCEO says that the target has expired`),
						details: { code: 'NotPermitted', vendorCode: '20046', deviceId: BAD },
					},
					pairedItem: { item: 0 },
				},
			]);
			// So n8n routes it to the error output.
			expect(Object.keys(items[2]!.json)).toEqual(['error', 'details']);
		},
	);

	test('Skip Failed Devices: records, a hint, and an item for each failed device', async () => {
		const { json, hints } = await run(positions(fleet.join(), { options: skip }));
		expect(json).toMatchObject([{ deviceId: DEVICE }, { deviceId: ONE }, { deviceId: BAD }]);
		expect(Object.keys(json[2]!)).toEqual(['deviceId', 'deviceName', 'error']);
		expect(json[2]?.error).toContain('target has expired');
		expect(hints).toMatchObject([
			{ message: expect.stringContaining(`Of 3 devices, 1 failed (${BAD}, "Shuttle 3")`), type: 'warning' },
		]);
	});

	test('the name stands there where the list of the account is at hand', async () => {
		const { json } = await run(alarms('*', skip));
		expect(json.at(-1)).toMatchObject({ deviceId: BAD, deviceName: expect.stringMatching(/\S/) });
		expect(json[0]).toMatchObject({ deviceName: 'Courier 6', plate: 'W 15 FLT' });
	});

	test("an agent's tool says all of it in its message, which is all that an agent gets", async () => {
		const settings = { type: 'n8n-nodes-fleetwire.trackCeoTool' };
		const error = await failed(positions(fleet.join()), { settings });
		expect(error.message).toContain(BAD);
		expect(error.message).toContain('Skip Failed Devices');
		expect((await run(positions(fleet.join(), { options: skip }), { settings })).json).toHaveLength(3);
	});

	test('items that share requests keep each their own result', async () => {
		const items = [[DEVICE], [BAD], [ONE, BAD], [ONE], [BAD, DEVICE, ONE]].map((imeis) => ({ json: { imeis } }));
		const on = await run(positions('={{ $json.imeis }}', { options: skip }), { items });
		const told = on.items.map(({ json, pairedItem }) => [pairedItem, json.deviceId, 'error' in json]);
		expect(told).toEqual([
			[{ item: 0 }, DEVICE, false],
			[{ item: 1 }, BAD, true],
			[{ item: 2 }, ONE, false],
			[{ item: 2 }, BAD, true],
			[{ item: 3 }, ONE, false],
			[{ item: 4 }, DEVICE, false],
			[{ item: 4 }, ONE, false],
			[{ item: 4 }, BAD, true],
		]);
		expect(on.hints).toMatchObject([
			{ message: expect.stringContaining('In 3 items, devices failed and were skipped') },
		]);
		const over = await run(positions('={{ $json.imeis }}'), {
			items,
			settings: { onError: 'continueRegularOutput' },
		});
		expect(over.items.map(({ json, pairedItem }) => [pairedItem, 'error' in json])).toEqual(
			told.map(([item, , error]) => [item, error]),
		);
	});

	test('what is no fault of a device is not skipped', async () => {
		stored = account({ secret: 'not-the-password' });
		expect((await failed(positions(fleet.join(), { options: skip }))).message).toContain('code 20001');
		stored = account();
		expect((await failed(positions('', { options: skip }))).message).toContain('Devices is missing');
	});

	test('what came before the time was over is given', async () => {
		simulator.clearFaults();
		simulator.fail({ kind: 'timeout', times: Infinity, match: ({ query }) => query.imei === ONE });
		const { json } = await run(alarms(fleet.join(), { ...skip, timeout: 1 }));
		expect(deviceIds(json.filter((item) => !('error' in item)))).toEqual([DEVICE, BAD]);
		expect(json.filter((item) => 'error' in item).map(({ deviceId }) => deviceId)).toEqual([ONE]);
	});
});

test('what the vendor cut is said in a hint', async () => {
	await simulator.close();
	simulator = await startProtrack({ brand: 'trackceo', fleetSize: 1100, devicesPerSubAccount: 2000 });
	stored = account();
	// An account of its own, with more devices than one list holds and no sub-accounts to complete it from.
	const crowded = simulator.accounts
		.map(({ account: name }) => name)
		.find((name) => [...simulator.devices.values()].filter(({ owner }) => owner.account === name).length > 500);
	const { items, hints } = await run({
		resource: 'device',
		operation: 'getMany',
		returnAll: true,
		options: { account: picked(crowded) },
	});
	expect(items).toHaveLength(500);
	expect(hints).toMatchObject([
		{ message: expect.stringContaining('entries may be missing'), type: 'warning', location: 'outputPane' },
	]);
});

test('what could not be read is said in a hint, and the rest is given', async () => {
	const body = JSON.stringify({ code: 0, record: [{ imei: DEVICE }, null, '{"imei":'] });
	simulator.fail({ kind: 'status', status: 200, match: '/api/track', times: null, body });
	const { json, hints } = await run(positions(DEVICE));
	expect(json).toMatchObject([{ deviceId: DEVICE }]);
	expect(hints).toMatchObject([
		{
			message:
				'2 of 3 records could not be read and were left out. The first: The vendor sent null instead of a position. Output = Raw gives them as they came.',
			type: 'warning',
			location: 'outputPane',
		},
	]);
	expect((await run(positions(DEVICE, { output: 'raw' }))).json).toEqual([
		{ imei: DEVICE },
		{ value: null },
		{ value: '{"imei":' },
	]);
});

describe('sent once', () => {
	const stop = (more: INodeParameters = {}): INodeParameters => ({
		resource: 'command',
		operation: 'send',
		allowCommands: true,
		device: picked(DEVICE),
		command: 'RELAY,1',
		options: { waitForAnswer: false },
		...more,
	});

	test('a command gives its outcome', async () => {
		expect((await run(stop())).json).toMatchObject([
			{ outcome: 'sent', operation: 'command.send', target: DEVICE, command: 'RELAY,1' },
		]);
		expect(simulator.requests.find(({ path }) => path === '/api/command/send')).toMatchObject({
			method: 'POST',
			path: '/api/command/send',
			query: { imei: DEVICE, command: 'RELAY,1' },
			headers: { 'content-length': '0' },
		});
	});

	test.each([
		{ kind: 'reset' },
		{ kind: 'status', status: 500 },
		{ kind: 'status', status: 401 },
		{ kind: 'html' },
		{ kind: 'cutoff', length: 'full' },
	] as const)('a command whose answer is lost ($kind $status) is not repeated, and is unknown', async (fault) => {
		simulator.fail({ ...fault, match: '/api/command/send', effect: 'after', times: Infinity });
		expect((await run(stop())).json).toMatchObject([{ outcome: 'unknown' }]);
		expect(paths().filter((path) => path === 'command/send')).toHaveLength(1);
	});

	test('a command is not called unknown if the login before it failed', async () => {
		simulator.fail({ kind: 'reset', match: '/api/authorization', times: Infinity });
		expect((await failed(stop())).name).toBe('NodeApiError');
		expect(simulator.commands).toHaveLength(0);
	});

	test('nothing is sent while commands are off, or while n8n may run the node again by itself', async () => {
		stored = account({ allowCommands: false });
		expect(await failed(stop())).toMatchObject({
			name: 'NodeOperationError',
			description: expect.stringContaining('Allow Commands'),
		});
		stored = account();
		expect((await failed(stop(), { settings: { retryOnFail: true } })).message).toContain('Retry On Fail');
		expect(simulator.commands).toHaveLength(0);
	});

	test.each([
		['is off', { allowCommands: false }],
		['is an expression', { allowCommands: '={{ true }}' }],
		['is left to an agent', { allowCommands: "={{ $fromAI('allow', '', 'boolean') }}" }],
		['comes from the item', { allowCommands: '={{ $json.allow }}' }],
		['is a text', { allowCommands: 'true' }],
	] as const)('nothing is sent where the permission of the node %s', async (_, more) => {
		for (const type of ['n8n-nodes-fleetwire.trackCeo', 'n8n-nodes-fleetwire.trackCeoTool'])
			expect(await failed(stop(more), { items: [{ json: { allow: true } }], settings: { type } })).toMatchObject({
				name: 'NodeOperationError',
				description: expect.stringContaining('switch on "Allow Commands" in the node.'),
			});
		expect(simulator.requests).toHaveLength(0);
	});

	test('leaves a line in the log of n8n, with time, node, device, operation and outcome', async () => {
		const { context } = executeContext(node, stored, { parameters: stop() });
		const info = vi.spyOn(context.logger, 'info').mockReturnValue();
		await node.execute.call(context);
		const [[line] = []] = info.mock.calls;
		expect(line).toMatch(
			new RegExp(
				`^\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z ${context.getNode().name}: Command "Send", RELAY,1, ${DEVICE}: sent$`,
			),
		);
		expect(info).toHaveBeenCalledTimes(1);
		info.mockRestore();
	});

	test('the error of a later item says that earlier ones were sent', async () => {
		const error = await failed(
			{ ...stop(), device: picked('={{ $json.imei }}') },
			{ items: [{ json: { imei: DEVICE } }, { json: { imei: 'wrong' } }] },
		);
		expect(error).toMatchObject({
			description: expect.stringContaining('already sent for the item before'),
			context: { itemIndex: 1 },
		});
	});
});

describe('errors', () => {
	test("the vendor's words, what to do, and the item", async () => {
		expect(await failed(positions('123456789012345'))).toMatchObject({
			name: 'NodeApiError',
			message: expect.stringContaining('code 10013'),
			description: expect.stringContaining('Check the IMEIs'),
			// HTTP's 200 before it would say that all is well.
			httpCode: null,
			context: { itemIndex: 0, data: { code: 'NotPermitted', vendorCode: '10013' } },
		});
	});

	test('a node that goes on puts the error into the item, under keys that n8n routes to the error output', async () => {
		const { items } = await run(positions('={{ $json.imei }}'), {
			settings: { onError: 'continueErrorOutput' },
			items: [{ json: { imei: 'x' } }, { json: { imei: '123456789012345' } }, { json: { imei: DEVICE } }],
		});
		expect(items).toMatchObject([
			{
				json: { error: expect.stringContaining('IMEI'), details: { code: 'InvalidParams' } },
				pairedItem: { item: 0 },
			},
			{
				json: {
					error: expect.stringContaining('Check the IMEIs'),
					details: { code: 'NotPermitted', vendorCode: '10013' },
				},
				pairedItem: { item: 1 },
			},
			{ json: { deviceId: DEVICE }, pairedItem: { item: 2 } },
		]);
		expect(Object.keys(items[0]!.json)).toEqual(['error', 'details']);
	});

	test.each([
		['wrong password', { secret: 'not-the-password' }, 'code 20001'],
		['blocked account', { account: 'blocked' }, 'blocked'],
		['another path', { baseUrl: '/nowhere' }, 'does not know this request'],
		['nobody there', { baseUrl: 'http://127.0.0.1:9' }, 'refuses the connection'],
		['no such name', { baseUrl: 'http://nobody.invalid' }, 'no server with the name nobody.invalid'],
		['private address', { allowPrivateAddresses: false }, 'private address'],
		['no address', { baseUrl: 'trackceo' }, 'not a web address'],
	])('%s', async (_, changes: Record<string, unknown>, words) => {
		if (String(changes.baseUrl).startsWith('/')) changes.baseUrl = simulator.url + String(changes.baseUrl);
		stored = account(changes);
		expect((await failed(positions(DEVICE))).message).toContain(words);
	});

	test('no secret is in what n8n stores or logs', async () => {
		const hash = createHash('md5').update(PASSWORD).digest('hex');
		await run(positions(DEVICE));
		const { token } = JSON.parse(String(stored.data.session)) as { token: string };
		for (const fault of [
			{ kind: 'reset' },
			{ kind: 'html' },
			{ kind: 'code', code: 10004, message: `bad ${token} ${PASSWORD} ${hash}` },
			{ kind: 'status', status: 500, body: token },
		] as const) {
			simulator.fail({ ...fault, match: '/api/track', times: 3 });
			const error = await failed(positions(DEVICE));
			const shown =
				inspect(error, { depth: 12, showHidden: true }) + JSON.stringify(error) + JSON.stringify({ ...error });
			for (const secret of [token, PASSWORD, encodeURIComponent(PASSWORD), hash])
				expect(shown).not.toContain(secret);
			simulator.clearFaults();
		}
	});

	test('an answer that breaks off is asked for again', async () => {
		simulator.fail({ kind: 'cutoff', match: '/api/track', length: 'full' });
		expect((await run(positions(DEVICE))).items).toHaveLength(1);
	});

	test('a stopped run ends at once', async () => {
		simulator.fail({ kind: 'timeout', match: '/api/track' });
		const stop = new AbortController();
		setTimeout(() => stop.abort(), 300);
		const { message } = await beforeTimer(2000, failed(positions(DEVICE), { signal: stop.signal }));
		expect(message).toContain('stopped');
	});
});

const attempt = (work: () => unknown) => {
	try {
		return work();
	} catch (error) {
		return String(error);
	}
};

/** What a new node holds. */
function defaults(resource: string, operation: string): INodeParameters {
	const shown = node.description.properties.filter(
		({ displayOptions }) =>
			displayOptions?.show?.resource?.includes(resource) && displayOptions.show.operation?.includes(operation),
	);
	return Object.fromEntries(shown.map(({ name, default: value }) => [name, value]));
}

describe('a link that logs in whoever has it', () => {
	test.each([
		['is refused as the account is made', {}, {}, 'switched off for this iTracksense account'],
		['is made where the account allows it', { allowWebLinks: true }, {}, ''],
		["is no agent's, whatever the account allows", { allowWebLinks: true }, AS_TOOL, 'agents get none'],
	])('%s', async (_, settings, options, words) => {
		const vendor = await startItracksense({});
		try {
			const credential = new StoredCredential(new ITracksenseApi(), {
				baseUrl: vendor.url,
				account: 'demo',
				secret: ITRACKSENSE_PASSWORD,
				timeZone: 'Asia/Shanghai',
				methodPaths: '{}',
				allowCommands: true,
				rateLimit: 60_000,
				allowPrivateAddresses: true,
				...settings,
			});
			const type = new ITracksense();
			const { context } = executeContext(type, credential, {
				...options,
				parameters: { resource: 'session', operation: 'getWebLink', page: 'mapMonitor', nameBy: 'all' },
			});
			const told = await type.execute.call(context).then(
				([items = []]) => JSON.stringify(items),
				(error: unknown) => (error as Error).message,
			);
			if (words === '') expect(told).toContain('/api?key=');
			else expect(told).toContain(words);
			expect(vendor.requests.length).toBe(words === '' ? 1 : 0);
		} finally {
			await vendor.close();
		}
	});
});
