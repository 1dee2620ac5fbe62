import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Provider } from '../../core/describe/provider';
import { trackceo } from '../../providers/protrack/trackceo';
import { PASSWORD, startProtrack, type ProtrackSimulator } from '../../simulators/protrack';
import { until } from '../../test/hosts/process';
import { accountAt, Runtime, type FlowNode, type Message, type RuntimeNode } from '../../test/support/node-red-runtime';

const provider = trackceo as unknown as Provider;
const [ONE, TWO] = ['358899051000001', '358899051000076'] as const;

let simulator: ProtrackSimulator;
let runtime: Runtime;
beforeAll(async () => void (simulator = await startProtrack({ brand: 'trackceo', answersAfterSeconds: 0 })));
afterAll(() => simulator.close());
beforeEach(() => void (runtime = new Runtime([provider])));
afterEach(async () => {
	simulator.clearFaults();
	await runtime.stop();
});

const list = (value: string) => ({ type: 'list', value });
const account = (changes: object = {}) => accountAt(simulator.url, changes);
const positions = { resource: 'position', operation: 'getCurrent', params: { devices: list(`${ONE},${TWO}`) } };
const command = {
	resource: 'command',
	operation: 'send',
	allowCommands: true,
	params: { device: list(ONE), command: list('RELAY,1'), waitForAnswer: { type: 'bool', value: 'true' } },
};

async function deployed(settings: object, accounts = [account()], secret = PASSWORD): Promise<RuntimeNode> {
	const node = { id: 'node', type: 'fleetwire-trackceo', x: 0, account: 'account', version: 1, ...settings };
	await runtime.deploy([...accounts, node], { account: { secret } });
	return runtime.node('node');
}
const run = async (settings: object, msg: Message = {}) => (await deployed(settings)).receive(msg);
const requests = () => simulator.requests.length;

describe('what is sent', () => {
	test('is the message that came in, with all records', async () => {
		const node = await deployed(positions);
		const { sent } = await node.receive({ _msgid: 'in', topic: 'kept', payload: 'replaced' });
		expect(sent).toEqual([
			{
				_msgid: 'in',
				topic: 'kept',
				payload: [expect.objectContaining({ deviceId: ONE }), expect.objectContaining({ deviceId: TWO })],
			},
		]);
		expect(node.statuses).toEqual([
			{ fill: 'blue', shape: 'dot', text: 'asking' },
			{ fill: 'green', shape: 'dot', text: '2 records' },
		]);
	});

	test('is a message for each record where that is chosen', async () => {
		const { sent } = await run({ ...positions, result: 'record' });
		expect(sent.map(({ topic, parts }) => [topic, parts])).toMatchObject([
			[ONE, { index: 0, count: 2 }],
			[TWO, { index: 1, count: 2 }],
		]);
	});

	test("is the vendor's own where that is chosen", async () => {
		const { sent } = await run({ ...positions, output: 'raw' });
		expect(sent[0]?.payload).toMatchObject([{ imei: ONE }, { imei: TWO }]);
	});

	test('is what a map draws where that is chosen, with the names of the devices', async () => {
		const { sent } = await run({ ...positions, output: 'worldmap' });
		expect(sent).toHaveLength(2);
		expect(sent[0]?.payload).toMatchObject({ lat: expect.any(Number), layer: 'TrackCEO' });
		expect((sent[0]?.payload as { name: string }).name).toMatch(/[A-Za-z]/);
	});

	test('is what a command came to, though a map was chosen before', async () => {
		const node = await deployed({ ...command, output: 'worldmap' });
		const { sent } = await node.receive({});
		expect(sent[0]?.payload).toMatchObject({ target: ONE, outcome: expect.any(String) });
		expect(node.line?.text).not.toMatch(/record/);
	});

	test('has as many records as the limit says, in one message or in many', async () => {
		for (const [limit, count] of [
			['1', 1],
			[1, 1],
			['0', 2],
			[0, 2],
			['', 2],
			[undefined, 2],
			[null, 2],
			['5', 2],
		] as const) {
			const { sent } = await run({ ...positions, limit });
			expect(sent[0]?.payload, String(limit)).toHaveLength(count);
		}
		expect((await run({ ...positions, limit: 1, result: 'record' })).sent).toHaveLength(1);
	});

	test('is not asked for beyond the limit', async () => {
		const history = {
			resource: 'position',
			operation: 'getHistory',
			params: { devices: list('*'), begin: { type: 'str', value: '-1h' }, end: { type: 'str', value: 'now' } },
		};
		const before = requests();
		await run({ ...history, limit: 1 });
		const few = requests() - before;
		await run(history);
		expect(requests() - before - few).toBeGreaterThan(few);
	});

	test('comes from values of the message', async () => {
		const settings = { ...positions, params: { devices: { type: 'msg', value: 'payload.imei' } } };
		expect((await run(settings, { payload: { imei: TWO } })).sent[0]?.payload).toMatchObject([{ deviceId: TWO }]);
		expect((await run(settings, { payload: 1 })).error).toMatchObject({
			message: expect.stringContaining('Devices'),
			code: 'InvalidParams',
		});
	});
});

describe('what goes wrong', () => {
	const failed = async (settings: object, ...more: [FlowNode[]?, string?]) => {
		const before = requests();
		const node = await deployed(settings, ...more);
		const { error, sent } = await node.receive({ _msgid: 'in' });
		return { node, error, sent, sentRequests: requests() - before };
	};

	test('reaches Catch nodes with its code, the status and what is known', async () => {
		simulator.fail({
			match: '/api/track',
			kind: 'status',
			status: 403,
			body: '{"message":"not yours"}',
			times: null,
		});
		const { node, error, sent } = await failed(positions);
		expect(sent).toEqual([]);
		const [caught] = node.caught;
		expect(caught?.msg).toMatchObject({ _msgid: 'in', statusCode: 403 });
		expect(error).toMatchObject({ cause: { status: 403, retryable: false, effect: expect.any(String) } });
		expect(error?.cause).not.toHaveProperty('retryAfterMs');
		expect(String(error)).toBe(error?.message);
		expect(node.line).toMatchObject({ fill: 'red', shape: 'ring' });
	});

	test('has no status code where there was no answer', async () => {
		const { node, error } = await failed({ ...positions, params: { devices: list('') } });
		expect(error).toMatchObject({ code: 'InvalidParams', message: expect.stringMatching(/Devices.*\./) });
		expect(node.caught[0]?.msg).not.toHaveProperty('statusCode');
		expect(node.line).toEqual({ fill: 'red', shape: 'ring', text: 'invalid input' });
	});

	test.each([
		[{ account: '' }, 'This node has no TrackCEO account. Choose one in the node, and check that it is enabled.'],
		[
			{ account: 'other' },
			'This node has no TrackCEO account. Choose one in the node, and check that it is enabled.',
		],
		[
			{ account: 'node' },
			'This node has no TrackCEO account. Choose one in the node, and check that it is enabled.',
		],
		[
			{ operation: 'fly' },
			'TrackCEO has no operation "position.fly" in this version. Choose another one in the node, or update @fleetwire/node-red-fleet.',
		],
		[{ limit: '-1' }, 'Limit must be a number that is not negative, not "-1".'],
		[{ limit: 'all' }, 'Limit must be a number that is not negative, not "all".'],
		[{ timeout: 'soon' }, 'Timeout must be a number that is not negative, not "soon".'],
		[{ timeout: '3000000' }, 'Timeout must be at most 86,400, not "3000000".'],
	])('%o sends nothing', async (settings, message) => {
		const { error, sentRequests } = await failed({ ...positions, ...settings });
		expect([error?.message, (error as { code?: string }).code, sentRequests]).toEqual([
			message,
			'InvalidParams',
			0,
		]);
	});

	test('ends after the time that the node gives it', async () => {
		simulator.fail({ match: '/api/track', kind: 'timeout', times: null });
		const begun = Date.now();
		const { error } = await failed({ ...positions, timeout: '0.3' });
		expect(error).toMatchObject({ code: 'TimedOut' });
		expect(Date.now() - begun).toBeLessThan(5000);
	});

	test('a command does not run where the settings of Node-RED, or the account, forbid it', async () => {
		runtime.settings.fleetwire = { allowCommands: false };
		expect(await failed(command)).toMatchObject({
			error: { code: 'NotPermitted', message: expect.stringContaining('settings of this Node-RED') },
			sentRequests: 0,
		});
		runtime.settings.fleetwire = undefined;
		expect(await failed(command, [account({ allowCommands: false })])).toMatchObject({
			error: { code: 'NotPermitted', message: expect.stringContaining('Allow Commands') },
			sentRequests: 0,
		});
	});

	test.each([
		['nothing', undefined],
		['no', false],
		['a text', 'true'],
		['a number', 1],
		['a typed value', { type: 'msg', value: 'allow' }],
		['a variable of the environment', '${ALLOW}'],
	])('a command does not run where the node has %s for its permission', async (_, allowCommands) => {
		runtime.env.ALLOW = true as unknown as string;
		const before = requests();
		const node = await deployed({ ...command, allowCommands });
		const { error } = await node.receive({ allow: true, allowCommands: true, payload: { allowCommands: true } });
		expect(error).toMatchObject({ code: 'NotPermitted', message: expect.stringContaining('in the node') });
		expect([requests(), node.noted]).toEqual([before, ['Command "Send": not sent, NotPermitted']]);
	});

	test('a command leaves a line in the log, and a read none', async () => {
		const node = await deployed(command);
		await node.receive({});
		expect(node.noted).toEqual([`Command "Send", RELAY,1, ${ONE}: confirmed`]);
		const reads = await deployed(positions);
		await reads.receive({});
		expect(reads.noted).toEqual([]);
	});

	test('a read runs where commands are forbidden', async () => {
		runtime.settings.fleetwire = { allowCommands: false };
		expect((await failed(positions)).error).toBeUndefined();
	});
});

describe('some of several devices fail', () => {
	const BAD = '358899051000142';
	const devices = list(`${ONE},${BAD},${TWO}`);
	const alarms = {
		resource: 'alarm',
		operation: 'getMany',
		params: { devices, begin: { type: 'str', value: '-30d' }, end: { type: 'str', value: 'now' } },
	};
	const positionsOf = { ...positions, params: { devices } };
	beforeEach(() => {
		simulator.fail({
			kind: 'status',
			status: 200,
			body: JSON.stringify({ code: 20046, message: 'Target has expired' }),
			times: Infinity,
			match: ({ path, query }) =>
				path !== '/api/authorization' && `${String(query.imeis)},${String(query.imei)}`.includes(BAD),
		});
	});
	// So that the names are at hand.
	beforeEach(async () => {
		await run({ ...positions, output: 'worldmap' });
	});
	const idsIn = (messages: readonly Message[]) => [
		...new Set(
			messages.flatMap(({ payload }) => (payload as { deviceId: string }[]).map(({ deviceId }) => deviceId)),
		),
	];
	const FAILED = [
		{ deviceId: BAD, deviceName: 'Shuttle 3', error: expect.stringContaining('target has expired') as string },
	];

	test.each([
		['together', positionsOf],
		['one by one', alarms],
	])('asked %s: the records are sent, then one error lists the devices', async (_, settings) => {
		const node = await deployed(settings);
		const { sent, error } = await node.receive({ _msgid: 'in', failedDevices: 'of an earlier request' });
		expect(idsIn(sent)).toEqual([ONE, TWO]);
		expect(sent).toMatchObject([{ _msgid: 'in', failedDevices: FAILED }]);
		expect(error).toMatchObject({
			code: 'PartialResult',
			message: expect.stringContaining(`Of 3 devices, 1 failed (${BAD}, "Shuttle 3")`),
			cause: { vendorCode: '20046', failedDevices: FAILED },
		});
		expect(node.caught).toHaveLength(1);
		expect(node.caught[0]?.msg).toMatchObject({ failedDevices: FAILED });
		expect(node.line).toEqual({ fill: 'red', shape: 'ring', text: 'some devices failed' });
	});

	test('a message for each record, and a map, have what came', async () => {
		const each = await run({ ...positionsOf, result: 'record' });
		expect(each.sent.map(({ topic, parts }) => [topic, parts])).toMatchObject([
			[ONE, { index: 0, count: 2 }],
			[TWO, { index: 1, count: 2 }],
		]);
		expect(each.error).toMatchObject({ code: 'PartialResult' });
		const map = await run({ ...positionsOf, output: 'worldmap' });
		expect(map.sent).toHaveLength(2);
		expect(map.error).toMatchObject({ code: 'PartialResult' });
	});

	test('what came before the time was over is sent', async () => {
		simulator.clearFaults();
		// Logged in, and with the list of devices, so that the time is the device's alone, however busy the machine is.
		await run(alarms);
		simulator.fail({ kind: 'timeout', times: Infinity, match: ({ query }) => query.imei === TWO });
		const { sent, error } = await run({ ...alarms, timeout: 10 });
		expect(idsIn(sent)).toContain(ONE);
		expect(idsIn(sent)).not.toContain(TWO);
		expect(error).toMatchObject({ code: 'PartialResult', cause: { failedDevices: [{ deviceId: TWO }] } });
	});

	test('a list that was not of this request does not go on, and nothing is sent where nothing came', async () => {
		const { sent } = await run(positions, { failedDevices: 'of an earlier request' });
		expect(sent[0]).not.toHaveProperty('failedDevices');
		const all = await run({ ...positions, params: { devices: list(BAD) } });
		expect([all.sent, all.error]).toMatchObject([[], { code: 'NotPermitted' }]);
	});
});

/** The vendor with an operation that does this instead of asking it. */
const vendorWith = (run: (run: { warn: (message: string) => void }) => AsyncGenerator<object[]>) => {
	const operations = provider.operations.map((one) => (one.name === 'send' ? { ...one, list: true, run } : one));
	return new Runtime([{ ...provider, operations }]);
};

describe('the status of a command', () => {
	test.each([
		['document', { fill: 'green', shape: 'dot', text: 'confirmed' }],
		['failure', { fill: 'red', shape: 'ring', text: 'failed' }],
		['already', { fill: 'yellow', shape: 'ring', text: '“Already in the st…”' }],
	] as const)('follows the answer: %s', async (answer, line) => {
		simulator.answerCommands(answer);
		const node = await deployed(command);
		await node.receive({});
		expect(node.line).toEqual(line);
	});

	test.each([
		[['confirmed', 'sent', 'unknown', 'answered'], 'outcome unknown'],
		[['unknown', 'failed', 'confirmed'], 'failed'],
		[['sent', 'confirmed'], 'sent'],
		[[], 'outcome unknown'],
	])('is that of the worst: %j', async (outcomes, text) => {
		runtime = vendorWith(async function* () {
			yield outcomes.map((outcome) => ({ outcome, explanation: '', response: null }));
		});
		const node = await deployed(command);
		const { sent } = await node.receive({});
		expect(sent[0]?.payload).toHaveLength(outcomes.length);
		expect(node.line?.text).toBe(text);
	});

	test('says that it is not known where no answer came', async () => {
		simulator.fail({ match: ({ path }) => path.includes('command'), kind: 'reset', effect: 'after' });
		const node = await deployed(command);
		expect((await node.receive({})).sent[0]?.payload).toMatchObject({ outcome: 'unknown' });
		expect(node.line).toEqual({ fill: 'yellow', shape: 'ring', text: 'outcome unknown' });
	});
});

describe('the account', () => {
	test('that is incomplete shows in the node at once, without a request', async () => {
		const before = requests();
		expect((await deployed(positions, [account({ account: '' })])).line).toEqual({
			fill: 'red',
			shape: 'ring',
			text: 'account incomplete',
		});
		expect(requests()).toBe(before);
	});

	test('whose login is refused shows in all its nodes, until it works again', async () => {
		const other = { id: 'other', type: 'fleetwire-trackceo', x: 0, account: 'account', ...positions };
		await runtime.deploy([account({ account: 'driver1' }), other, { ...other, id: 'node' }], {
			account: { secret: 'wrong' },
		});
		await runtime.node('node').receive({});
		const refused = { fill: 'red', shape: 'ring', text: 'login refused' };
		expect([runtime.node('node').line, runtime.node('other').line]).toEqual([refused, refused]);
	});
});

describe('when it is closed', () => {
	/** Requests with this in their paths are taken and never answered. */
	function silence(part: string): () => boolean {
		let taken = false;
		const match = ({ path }: { path: string }) => path.includes(part) && (taken = true);
		simulator.fail({ match, kind: 'timeout' });
		return () => taken;
	}

	test('what is under way is aborted, and nothing is sent or said after it', async () => {
		const taken = silence('/api/track');
		const node = await deployed(positions);
		void node.receive({});
		await until('the request', taken);
		await runtime.stop();
		await new Promise((resolve) => setTimeout(resolve, 50));
		expect([node.sent, node.caught, node.line]).toEqual([[], [], {}]);
	});

	test('a command that was under way is warned of', async () => {
		const taken = silence('/command');
		const node = await deployed(command);
		void node.receive({});
		await until('the request', taken);
		await runtime.stop();
		await until('the warning', () => node.warnings.length > 0);
		expect(node.warnings).toEqual([
			expect.stringMatching(/^".+" was in progress when this node was stopped: check whether it was done\.$/),
		]);
		expect(node.sent).toEqual([]);
	});

	test('the account lets it go', async () => {
		const node = await deployed(positions);
		const { deregister } = Object.assign(runtime.node('account'), { deregister: vi.fn() });
		await node.close();
		expect(deregister).toHaveBeenCalledTimes(1);
	});

	test('the account no longer shows in it', async () => {
		const node = await deployed(positions, [account({ account: 'driver1' })], 'wrong');
		const { client } = runtime.node('account') as unknown as {
			client: (warn: () => void) => { lookup(name: string): Promise<unknown> };
		};
		await node.close();
		const shown = node.statuses.length;
		await client(() => undefined)
			.lookup('device')
			.catch(() => undefined);
		expect(node.statuses.length).toBe(shown);
	});
});

test('what the user should know is a warning of the node', async () => {
	runtime = vendorWith(async function* ({ warn }) {
		warn('The vendor cut the list.');
		yield [];
	});
	const node = await deployed(command);
	await node.receive({});
	expect(node.warnings).toEqual(['The vendor cut the list.']);
});
