/** Messages that come faster than the account may send requests. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ctrack } from '../../providers/ctrack';
import type { Provider } from '../../core/describe/provider';
import { trackceo } from '../../providers/protrack/trackceo';
import { trackgps } from '../../providers/trackgps';
import * as protrack from '../../simulators/protrack';
import * as ctrackVendor from '../../simulators/ctrack';
import * as trackgpsVendor from '../../simulators/trackgps';
import { readSettings } from './request-settings';
import { until } from '../../test/hosts/process';
import { accountAt, Runtime, type Message, type RuntimeNode } from '../../test/support/node-red-runtime';

const FLEET = 350;
const providers = [trackceo, ctrack, trackgps] as unknown as Provider[];

let simulator: protrack.ProtrackSimulator;
let runtime: Runtime;
let devices: string[];
/** A vendor of its own for each test: what an account has used up is known for as long as the process lives. */
async function start(fleetSize = 12) {
	simulator = await protrack.startProtrack({ brand: 'trackceo', answersAfterSeconds: 0, fleetSize });
	devices = [...simulator.devices.keys()];
	runtime = new Runtime(providers);
}
beforeEach(() => start());
afterEach(async () => {
	await runtime.stop();
	await simulator.close();
});

const list = (value: string) => ({ type: 'list', value });
const ofMessage = (value: string) => ({ type: 'msg', value });
const account = (changes: object = {}) => accountAt(simulator.url, changes);
const positions = { resource: 'position', operation: 'getCurrent', params: { devices: ofMessage('imei') } };
const command = {
	resource: 'command',
	operation: 'send',
	allowCommands: true,
	params: { device: ofMessage('imei'), command: list('RELAY,1'), waitForAnswer: { type: 'bool', value: 'false' } },
};
const nodeOf = (settings: object, vendor = 'trackceo') => ({
	id: 'node',
	type: `fleetwire-${vendor}`,
	x: 0,
	account: 'account',
	version: 1,
	...settings,
});

async function deployed(settings: object, accounts = [account()], secret = protrack.PASSWORD): Promise<RuntimeNode> {
	await runtime.deploy([...accounts, nodeOf(settings)], { account: { secret } });
	return runtime.node('node');
}
const sentTo = (path: string) => simulator.requests.filter((request) => request.path === path).length;
const burst = async (node: RuntimeNode, messages: readonly Message[]) =>
	await Promise.all(messages.map((msg) => node.receive({ ...msg })));
const about = (count: number) =>
	Array.from({ length: count }, (_, place) => ({ _msgid: String(place), imei: devices[place % devices.length] }));
const same = (count: number) =>
	Array.from({ length: count }, (_, place) => ({ _msgid: String(place), imei: devices[0] }));
const idsIn = ({ payload }: Message) => (payload as { deviceId: string }[]).map(({ deviceId }) => deviceId);
const codes = (node: RuntimeNode) => node.caught.map(({ error }) => error.code);
/** Requests with this in their paths are taken and never answered, until the faults are cleared. */
const silence = (part: string) =>
	simulator.fail({ match: ({ path }) => path.includes(part), kind: 'timeout', times: Infinity });
const inFlight = (count: number, path = '/api/track') => until('the requests', () => sentTo(path) >= count);

describe('reads that wait', () => {
	test('share requests: 1,400 messages about a device cost 14, and each gets its own answer', async () => {
		await simulator.close();
		await start(FLEET);
		const node = await deployed(positions, [account({ rateLimit: 240 })]);
		await burst(node, about(1400));
		expect(sentTo('/api/track')).toBe(14);
		expect([node.caught, node.sent.length]).toEqual([[], 1400]);
		for (const msg of node.sent) expect(idsIn(msg)).toEqual([msg.imei]);
		expect(new Set(node.sent.map(({ _msgid }) => _msgid)).size).toBe(1400);
		expect(node.line).toMatchObject({ fill: 'green', text: '1 record' });
	});

	test('are one request where they ask for the same, and none has the records of another', async () => {
		const node = await deployed({ ...positions, params: { devices: list('*') } });
		await burst(node, about(25));
		expect(sentTo('/api/track')).toBe(1);
		expect(node.sent).toHaveLength(25);
		const [first, ...others] = node.sent.map(({ payload }) => payload as { speed: unknown }[]);
		first![0]!.speed = 'changed';
		for (const other of others) expect(other[0]?.speed).not.toBe('changed');
	});

	test('do so whatever the operation: a history that is asked for twice is read once', async () => {
		const history = {
			resource: 'position',
			operation: 'getHistory',
			result: 'record',
			params: {
				devices: ofMessage('imei'),
				begin: { type: 'str', value: '-1h' },
				end: { type: 'str', value: 'now' },
			},
		};
		const node = await deployed(history);
		await burst(node, [about(1)[0]!]);
		const [alone, count] = [sentTo('/api/playback'), node.sent.length];
		await burst(node, same(5));
		expect(sentTo('/api/playback')).toBe(2 * alone);
		expect(node.sent).toHaveLength(6 * count);
	});

	test('get what they would get alone where one of them is refused', async () => {
		const node = await deployed(positions);
		await burst(node, [...about(5), { imei: '123456789012345' }, { imei: 'van' }]);
		expect(node.sent.map((msg) => idsIn(msg)[0]).sort()).toEqual([...devices.slice(0, 5)].sort());
		expect(node.caught.map(({ msg }) => msg.imei).sort()).toEqual(['123456789012345', 'van']);
		expect(codes(node)).toContain('InvalidParams');
	});

	test('where a vendor wants half a minute between requests, are one request', async () => {
		const vendor = await trackgpsVendor.startTrackgps({});
		const { url } = vendor;
		const other = {
			id: 'account',
			type: 'fleetwire-trackgps-account',
			baseUrl: url,
			account: 'demo',
			allowPrivateAddresses: true,
			rateLimit: 2,
		};
		await runtime.deploy(
			[
				other,
				nodeOf({ resource: 'position', operation: 'getCurrent', params: { devices: list('*') } }, 'trackgps'),
			],
			{ account: { secret: trackgpsVendor.PASSWORD } },
		);
		const node = runtime.node('node');
		await burst(node, about(25));
		expect([codes(node), node.sent.length]).toEqual([[], 25]);
		await vendor.close();
	});
});

describe('nothing else is merged', () => {
	test('each command is sent, and none waits for reads of the node beside it', async () => {
		const node = await deployed(command);
		await burst(node, same(12));
		expect(sentTo('/api/command/send')).toBe(12);
	});

	test('nor is a read that takes messages out of a queue', async () => {
		const vendor = await ctrackVendor.startCtrack({});
		const other = {
			id: 'account',
			type: 'fleetwire-ctrack-account',
			baseUrl: vendor.url,
			account: vendor.users[0]?.username,
			allowPrivateAddresses: true,
			rateLimit: 60_000,
		};
		const get = ctrack.operations.find(({ consuming }) => consuming === true)!;
		await runtime.deploy([other, nodeOf({ resource: get.resource, operation: get.name, params: {} }, 'ctrack')], {
			account: { secret: ctrackVendor.PASSWORD },
		});
		await burst(runtime.node('node'), about(3));
		expect(vendor.requests.filter(({ path }) => path.includes('/GetPositions'))).toHaveLength(3);
		await vendor.close();
	});
});

describe('more messages than can wait', () => {
	/** Four are in flight; then come others about different devices, of which three can wait. */
	async function busy(overload: string) {
		silence('/api/track');
		const node = await deployed({ ...positions, overload, mostWaiting: 3 });
		for (const [place, msg] of about(4).entries()) {
			void node.receive(msg);
			await inFlight(place + 1);
		}
		void burst(node, about(9).slice(4));
		await until('those that are dropped', () => node.caught.length >= 2);
		return node;
	}

	test.each([
		['queue', ['7', '8'], '3 others wait at this node'],
		['dropNewest', ['7', '8'], '3 others wait at this node'],
		['dropOldest', ['4', '5'], 'dropped for a newer one'],
	])('%s: those that are dropped end in Catch, and say so', async (overload, dropped, words) => {
		const node = await busy(overload);
		expect(node.caught.map(({ msg }) => msg._msgid)).toEqual(dropped);
		for (const { error } of node.caught) {
			expect(error).toMatchObject({ code: 'Dropped', message: expect.stringContaining(words) });
			expect(error.message).toContain('Nothing was sent');
		}
	});

	test.each([
		[{}, 10_000],
		[{ overload: 'queue', mostWaiting: '' }, 10_000],
		[{ overload: 'dropOldest' }, 100],
		[{ overload: 'dropNewest', mostWaiting: '' }, 100],
		[{ overload: 'dropNewest', mostWaiting: '7' }, 7],
	])('of %o, as many wait: %i', (stored, most) => {
		expect(readSettings(stored).mostWaiting).toBe(most);
	});

	test('no command is dropped, whatever is chosen', async () => {
		const node = await deployed({ ...command, overload: 'dropNewest', mostWaiting: 1 });
		await burst(node, same(20));
		expect([codes(node), sentTo('/api/command/send')]).toEqual([[], 20]);
	});

	test.each([
		[{ overload: 'no' }, 'When busy'],
		[{ mostWaiting: 'many' }, 'Most waiting'],
		[{ mostWaiting: 0 }, 'Most waiting'],
	])('%o is refused', async (settings, words) => {
		const node = await deployed({ ...positions, ...settings });
		const { error } = await node.receive(about(1)[0]!);
		expect(error).toMatchObject({ code: 'InvalidParams', message: expect.stringContaining(words) });
	});
});

describe('a command that has to wait', () => {
	test('is not sent later than the node says, and ends as not sent', async () => {
		const node = await deployed({ ...command, sendWithin: 1 }, [account({ rateLimit: 30 })]);
		await burst(node, same(40));
		const sent = sentTo('/api/command/send');
		expect(sent).toBeGreaterThan(0);
		expect(node.sent).toHaveLength(sent);
		expect(node.caught).toHaveLength(40 - sent);
		for (const { error } of node.caught)
			expect(error).toMatchObject({ code: 'NotSent', cause: { effect: 'none', retryable: false } });
	});

	test('has 30 s, if nothing else is said', async () => {
		const node = await deployed(command, [account({ rateLimit: 1 })]);
		await node.receive(about(1)[0]!);
		const { error } = await node.receive(about(1)[0]!);
		expect(error).toMatchObject({ code: 'NotSent' });
		expect(node.line).toEqual({ fill: 'red', shape: 'ring', text: 'not sent' });
		expect(sentTo('/api/command/send')).toBe(1);
	});
});

test('the status says how many wait, and about how long', async () => {
	await simulator.close();
	await start(FLEET);
	const history = {
		resource: 'alarm',
		operation: 'getMany',
		params: {
			devices: ofMessage('imei'),
			begin: { type: 'str', value: '-1h' },
			end: { type: 'str', value: 'now' },
		},
	};
	silence('/api/alarm');
	const node = await deployed(history, [account({ rateLimit: 60 })]);
	void burst(node, about(FLEET));
	await until('the status', () => node.line?.text?.includes('waiting') === true);
	expect(node.line).toEqual({ fill: 'yellow', shape: 'dot', text: '346 waiting, 6 min' });
});

describe('a deploy', () => {
	test('reports every message that it ends, to Catch and in one line', async () => {
		silence('/api/alarm');
		const alarms = {
			resource: 'alarm',
			operation: 'getMany',
			params: {
				devices: ofMessage('imei'),
				begin: { type: 'str', value: '-1h' },
				end: ofMessage('end'),
			},
		};
		const old = await deployed(alarms);
		// Each of its own: none of them shares a request.
		const at = Date.now();
		const ends = Array.from({ length: 81 }, (_, place) => ({
			_msgid: String(place),
			imei: devices[0],
			end: at - place,
		}));
		void burst(old, ends);
		await inFlight(4, '/api/alarm/list');
		await runtime.deploy([account(), nodeOf(alarms)]);
		expect(old.warnings).toEqual([
			'81 messages for "Get Many" ended without an answer, because this node was stopped.',
		]);
		const node = runtime.node('node');
		expect(node).not.toBe(old);
		// Catch nodes are stopped and started like all others: only those of the new flow hear of it.
		expect([old.caught, node.caught.length]).toEqual([[], 81]);
		expect(new Set(node.caught.map(({ msg }) => msg._msgid)).size).toBe(81);
		for (const { error } of node.caught)
			expect(error).toMatchObject({ code: 'Stopped', message: expect.stringContaining('was stopped before') });
	});

	test('says of a command that is in flight that it may have been done, and of one that waits that it was not', async () => {
		silence('/api/command');
		const old = await deployed(command, [account({ rateLimit: 1 })]);
		void old.receive({ _msgid: 'in flight', imei: devices[0] });
		await inFlight(1, '/api/command/send');
		void old.receive({ _msgid: 'waits', imei: devices[0] });
		await runtime.deploy([account(), nodeOf(command)]);
		const caught = runtime.node('node').caught.map(({ msg, error }) => [msg._msgid, error.message]);
		expect(caught).toContainEqual([
			'in flight',
			'"Send" was in progress when this node was stopped. Check whether it was done.',
		]);
		expect(old.warnings[0]).toMatch(
			/^"Send" was in progress when this node was stopped: check whether it was done\./,
		);
	});

	test('that removes the node reports to the Catch nodes that stay', async () => {
		silence('/api/track');
		const node = await deployed(positions);
		void burst(node, about(3));
		await inFlight(1);
		await node.close(true);
		expect(codes(node)).toEqual(['Stopped', 'Stopped', 'Stopped']);
	});
});
