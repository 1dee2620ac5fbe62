import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Provider } from '../../core/describe/provider';
import { trackceo } from '../../providers/protrack/trackceo';
import { PASSWORD, startProtrack, type ProtrackSimulator } from '../../simulators/protrack';
import { openPage } from '../../test/support/editor-page';
import { Runtime, type FlowNode } from '../../test/support/node-red-runtime';
import { until } from '../../test/hosts/process';
import { migrate, MIGRATIONS, newestVersion, type Migrations } from './migrations';

const provider = trackceo as unknown as Provider;
const DEVICE = '358899051000001';
const REQUEST = 'fleetwire-trackceo';
const TRIGGER = 'fleetwire-trackceo-trigger';
const ACCOUNT = 'fleetwire-trackceo-account';

/** As if `devices` had been called `imeis` once, and an account's address `server`. */
const PLANNED: Migrations = {
	[REQUEST]: [
		{
			from: 1,
			to: 2,
			change: (settings) => {
				const { imeis, ...others } = settings.params as Record<string, unknown>;
				return { ...settings, params: imeis === undefined ? others : { devices: imeis, ...others } };
			},
		},
	],
	[ACCOUNT]: [
		{
			from: 1,
			to: 2,
			change: ({ server, ...settings }) => ({ ...settings, baseUrl: server ?? settings.baseUrl }),
			retired: ['server'],
		},
	],
};

const old = (changes: object = {}): FlowNode => ({
	id: 'request',
	type: REQUEST,
	x: 0,
	account: 'account',
	resource: 'position',
	operation: 'getCurrent',
	params: { imeis: { type: 'list', value: DEVICE } },
	output: 'simplified',
	result: 'message',
	version: 1,
	...changes,
});

describe('the migrations there are', () => {
	test('follow each other without a gap', () => {
		for (const [type, steps = []] of Object.entries(MIGRATIONS)) {
			let version = 1;
			for (const { from, to } of steps) {
				expect([from, to], type).toEqual([version, version + 1]);
				version = to;
			}
		}
	});

	test('use nothing from outside, as their text runs in the editor', () => {
		for (const [type, steps = []] of Object.entries(MIGRATIONS))
			for (const { change } of steps)
				expect(() => void runInNewContext(`(${String(change)})({ params: {} })`), type).not.toThrow();
	});
});

describe('a node of an earlier version', () => {
	const steps = PLANNED[REQUEST]!;

	test('gets the new names and the new version, and is left as it was itself', () => {
		const settings = Object.freeze(old());
		expect(migrate(settings, steps)).toEqual(
			old({ params: { devices: { type: 'list', value: DEVICE } }, version: 2 }),
		);
		expect(settings).toEqual(old());
	});

	test('counts as the first version where it has none', () => {
		const { version: _, ...settings } = old();
		expect(migrate(settings, steps)).toMatchObject({ params: { devices: {} }, version: 2 });
		expect(migrate(old({ version: '1' }), steps)).toMatchObject({ version: 2 });
	});

	test('is the same object where nothing is to be done', () => {
		const settings = old({ version: 2 });
		expect(migrate(settings, steps)).toBe(settings);
		expect(migrate(settings)).toBe(settings);
		expect([newestVersion(steps), newestVersion()]).toEqual([2, 1]);
	});

	test('goes through all steps in between', () => {
		const rename = (from: number, a: string, b: string) => ({
			from,
			to: from + 1,
			change: ({ [a]: value, ...rest }: Readonly<Record<string, unknown>>) => ({ ...rest, [b]: value }),
		});
		const chain = [rename(1, 'a', 'b'), rename(2, 'b', 'c'), rename(3, 'c', 'd')];
		for (const [version, name] of [
			[1, 'a'],
			[2, 'b'],
			[3, 'c'],
		] as const)
			expect(migrate({ [name]: 'x', version }, chain)).toEqual({ d: 'x', version: 4 });
	});
});

describe('in the runtime', () => {
	let simulator: ProtrackSimulator;
	beforeAll(async () => void (simulator = await startProtrack({ brand: 'trackceo' })));
	afterAll(() => simulator.close());

	const account = (changes: object = {}) => ({
		id: 'account',
		type: ACCOUNT,
		account: 'demo',
		secretType: 'password',
		allowCommands: true,
		allowPrivateAddresses: true,
		rateLimit: 60_000,
		version: 1,
		...changes,
	});
	const deployed = async (flows: FlowNode[], migrations = PLANNED) => {
		const runtime = new Runtime([provider], { migrations });
		await runtime.deploy(flows, { account: { secret: PASSWORD } });
		return runtime;
	};
	const requests = () => simulator.requests.length;

	test('an old flow runs with its old names, its account too', async () => {
		const runtime = await deployed([account({ server: simulator.url }), old()]);
		const { sent, error } = await runtime.node('request').receive({});
		expect(error).toBeUndefined();
		expect(sent).toMatchObject([{ payload: [{ deviceId: DEVICE }] }]);
		await runtime.stop();
	});

	test('the test of a login takes what was deployed under the old names', async () => {
		const runtime = await deployed([account({ server: '${SERVER}' })]);
		runtime.env.SERVER = simulator.url;
		await runtime.deploy([account({ server: '${SERVER}' })]);
		const { body } = await runtime.admin('POST', '/fleetwire/trackceo/test', {
			body: {
				id: 'account',
				settings: { ...account({ baseUrl: '${SERVER}' }), id: undefined },
				credentials: { secret: '__PWRD__' },
			},
		});
		expect(body).toMatchObject({ ok: true });
		await runtime.stop();
	});

	const NEWER = {
		message:
			'This node was saved by a newer version of @fleetwire/node-red-fleet. Nothing was sent. Update the package in the palette manager.',
		code: 'NewerVersion',
	};
	const STATUS = { fill: 'red', shape: 'ring', text: 'needs an update' };

	test.each(['position.getCurrent', 'command.send'])('a node of a later version does not run %s', async (name) => {
		const [resource, operation] = name.split('.');
		const params = { device: { type: 'list', value: DEVICE }, command: { type: 'list', value: 'stopEngine' } };
		const flows = [account({ baseUrl: simulator.url }), old({ version: 3, resource, operation, params })];
		const runtime = await deployed(flows);
		const before = requests();
		const node = runtime.node('request');
		expect(node.line).toEqual(STATUS);
		const { sent, error } = await node.receive({});
		expect([sent, error]).toEqual([[], expect.objectContaining(NEWER)]);
		expect([node.line, requests()]).toEqual([STATUS, before]);
		await runtime.stop();
	});

	test('nor does a trigger of a later version poll, whatever it is told', async () => {
		const trigger = {
			...old({ id: 'trigger', type: TRIGGER, event: 'alarm', params: {}, version: 2 }),
			interval: 60,
		};
		const runtime = await deployed([account({ baseUrl: simulator.url }), trigger]);
		const before = requests();
		const node = runtime.node('trigger');
		await until('the status', () => node.line?.text === STATUS.text);
		expect(node.line).toEqual(STATUS);
		expect(node.caught).toMatchObject([{ error: NEWER }]);
		for (const payload of ['poll', 'resume', 'reset'])
			expect((await node.receive({ payload })).error?.message, payload).toContain('saved by a newer version');
		expect(node.line).toEqual(STATUS);
		expect(requests()).toBe(before);
		await runtime.stop();
	});

	test('an account of a later version is not used', async () => {
		const runtime = await deployed([account({ baseUrl: simulator.url, version: 3 }), old()]);
		const before = requests();
		expect(runtime.node('request').line).toEqual(STATUS);
		expect((await runtime.node('request').receive({})).error).toMatchObject({
			...NEWER,
			message: NEWER.message.replace('This node', 'This account'),
		});
		const { body } = await runtime.admin('POST', '/fleetwire/trackceo/lookup/account/device', { body: {} });
		expect(body).toMatchObject({ ok: false, code: 'NewerVersion' });
		expect(requests()).toBe(before);
		await runtime.stop();
	});
});

describe('in the editor', () => {
	const { types, add } = openPage(provider, PLANNED);
	const wrong = (node: FlowNode) =>
		Object.entries(types[node.type]!.defaults)
			.map(([name, { validate }]) => validate?.call(node, node[name], {}) ?? true)
			.filter((problem) => problem !== true);

	test('an old node comes in with the new names, and is checked by them', () => {
		const node = add(old());
		expect(node).toMatchObject({ params: { devices: { type: 'list', value: DEVICE } }, version: 2 });
		expect(wrong(node)).toEqual([]);
		expect(node.changed).toBeUndefined();
	});

	test('what was a setting of its own is read, and not stored again', () => {
		const node = add({ id: 'account', type: ACCOUNT, server: 'https://old.example', rateLimit: 60, version: 1 });
		expect(node).toMatchObject({ baseUrl: 'https://old.example', version: 2 });
		expect(JSON.parse(JSON.stringify(node))).not.toHaveProperty('server');
	});

	test('a new node has the newest version, and nothing happens to it', () => {
		const versionIn = (type: string) => types[type]!.defaults.version!.value;
		expect([versionIn(REQUEST), versionIn(ACCOUNT), versionIn(TRIGGER)]).toEqual([2, 2, 1]);
		const node = old({ params: { devices: { type: 'list', value: '*' } }, version: 2 });
		const { params } = node;
		expect(add(node).params).toBe(params);
	});

	test('a node of a later version says so, and is left alone', () => {
		const node = old({ version: 3 });
		const { params } = node;
		expect(add(node)).toMatchObject({ version: 3 });
		expect(node.params).toBe(params);
		expect(wrong(node)).toContain('problem.newer');
		const account = { id: 'account', type: ACCOUNT, version: 3, rateLimit: 60 };
		expect(wrong(add(account))).toEqual(['problem.newer']);
	});
});
