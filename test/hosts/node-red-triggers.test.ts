/** Trigger nodes in the real Node-RED: every event once, over many polls, deploys, restarts and sudden ends. */
import { readdirSync } from 'node:fs';
import { mkdir, readFile, readdir, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { PASSWORD, startCtrack, type CtrackSimulator } from '../../simulators/ctrack';
import { nameOfEvent, startEventVendor, type EventVendor } from './event-vendor';
import { NODE_RED_VERSIONS } from './install';
import { startNodeRed, type FlowNode, type KillPoint, type NodeRed, type Received, type Rig } from './node-red';
import { until } from './process';
import { NOW, startVendor, VENDOR_NAMES } from './vendor';

const ARTIFACTS = join(__dirname, '..', '..', 'artifacts');
const ALL = { devices: { type: 'list', value: '*' } };
const SINCE = { ...ALL, firstRun: { type: 'list', value: 'since' }, since: { type: 'str', value: '-1h' } };
/** Events of which every simulated fleet has had some within a day. */
const MANY = ['newAlarm', 'positionChanged', 'refillOrTheft', 'queueMessage', 'newTrip'];
const minutes = (count: number) => Math.floor(Date.now() / 1000) - count * 60;

describe.each(NODE_RED_VERSIONS)('Node-RED %s', (version) => {
	let nodeRed: NodeRed;
	let vendor: EventVendor;
	let nodes = 0;

	beforeAll(async () => {
		const tarball = readdirSync(ARTIFACTS).find((name) => name.startsWith('fleetwire-node-red-fleet-'));
		nodeRed = await startNodeRed({
			version,
			packages: [join(ARTIFACTS, tarball ?? '')],
			settings: {
				contextStorage: {
					default: { module: 'memory' },
					disk: { module: 'localfilesystem', config: { flushInterval: 1 } },
				},
			},
		});
	});
	afterAll(async () => {
		await nodeRed?.stop();
	});
	afterEach(async () => {
		await nodeRed.deploy([]);
		await vendor?.close();
		vendor = undefined as never;
	});

	/** A trigger on a vendor of its own, and how a test drives it. */
	async function trigger(
		settings: Record<string, unknown> = {},
		{ devices, outputs = 1 }: { devices?: number; outputs?: number } = {},
	) {
		vendor = await startEventVendor({ devices });
		const id = `trigger-${String(++nodes)}`;
		const account: FlowNode = {
			id: 'account',
			type: 'fleetwire-trackceo-account',
			name: '',
			baseUrl: vendor.url,
			account: `demo-${String(nodes)}`,
			secretType: 'password',
			allowCommands: false,
			allowPrivateAddresses: true,
			rateLimit: 60_000,
			tls: '',
			proxy: '',
			version: 1,
		};
		const node = {
			type: 'fleetwire-trackceo-trigger',
			id,
			name: '',
			account: 'account',
			event: 'newAlarm',
			params: ALL,
			interval: 3600,
			output: 'simplified',
			result: 'record',
			store: '',
			version: 1,
			...settings,
		};
		const credentials = { account: { secret: 'secret-of-the-account' } };
		const since = await nodeRed.mark();
		const rig: Rig = await nodeRed.rig(node, { others: [account], credentials, outputs });
		const flows = () => rig.flows({ ...node, id }, [account]);
		const received = async (probe = 'output-0') =>
			(await nodeRed.received({ after: since })).filter((one) => one.probe === `${id}-${probe}`);
		return {
			id,
			rig,
			node,
			account,
			flows,
			/** Looks now, and waits for it. */
			poll: () => rig.run({ payload: 'poll' }),
			command: (payload: unknown) => rig.run({ payload }),
			deploy: (type: 'full' | 'nodes' | 'flows', changed: Record<string, unknown> = {}) => {
				Object.assign(node, changed);
				return nodeRed.deploy(flows(), { type });
			},
			/** Names of all events so far, in the order in which they came. */
			events: async () =>
				(await received()).map(({ msg }: Received) => nameOfEvent(msg.payload as Record<string, unknown>)),
			reports: async () =>
				(await received('output-1')).map(({ msg }) => msg as { topic: string; payload: object }),
			messages: async () => (await received()).map(({ msg }) => msg),
			caught: async () =>
				(await received('catch-probe')).map(
					({ msg }) => msg as { error: { message: string; code?: string; source: { id: string } } },
				),
			status: async () =>
				(await received('status-probe'))
					.map(({ msg }) => msg.status as { fill?: string; shape?: string; text?: string })
					.filter(({ text }) => text !== undefined)
					.at(-1),
			stateFile: join(nodeRed.userDir, 'fleetwire', `${id}.json`),
		};
	}

	/** The vendor's times are whole seconds. */
	const nextSecond = async () => {
		const second = minutes(0);
		await until('the next second', () => minutes(0) > second);
	};
	const exactly = (events: string[], raised: string[]) => {
		expect([...events].sort()).toEqual([...raised].sort());
	};

	test('every alarm comes once: in time, late, out of order, in one second, and from tomorrow', async () => {
		const { poll, events, messages, status } = await trigger({ params: SINCE });
		vendor.raise({ systemtime: minutes(90) });
		await poll();
		// What was there before the trigger was is left out.
		expect(await events()).toEqual([]);
		expect(await status()).toMatchObject({
			fill: 'green',
			text: expect.stringMatching(/^nothing new, \d\d:\d\d$/),
		});

		const raised = [
			vendor.raise({ systemtime: minutes(1) }),
			vendor.raise({ device: vendor.devices[1], systemtime: minutes(1) }),
		];
		await poll();
		exactly(await events(), raised);
		expect(await status()).toMatchObject({
			fill: 'green',
			shape: 'dot',
			text: expect.stringMatching(/^2 new, \d\d:\d\d$/),
		});

		// The vendor writes some down minutes after others, and some at once.
		raised.push(
			vendor.raise({ systemtime: minutes(3), gpstime: minutes(9) }),
			vendor.raise({ systemtime: minutes(2) }),
		);
		await poll();
		raised.push(vendor.raise({ systemtime: minutes(4) }));
		await poll();
		exactly(await events(), raised);
		expect((await messages()).slice(-3).map(({ payload }) => (payload as { late: boolean }).late)).toEqual([
			true,
			true,
			true,
		]);

		// Two pages and more within two seconds.
		const second = minutes(0);
		for (let index = 0; index < 120; index++)
			raised.push(vendor.raise({ systemtime: second + (index % 2), gpstime: second - index }));
		await poll();
		exactly(await events(), raised);

		// A clock that is wrong by hours must not hide what comes after.
		raised.push(vendor.raise({ systemtime: minutes(-8 * 60) }));
		await poll();
		raised.push(vendor.raise({}));
		await poll();
		await poll();
		exactly(await events(), raised);
	});

	test("a clock that is set back an hour loses nothing: this machine's, and the vendor's with a look-back that covers it", async () => {
		const { poll, events } = await trigger({
			params: { ...SINCE, since: { type: 'str', value: '-3h' }, lookBack: { type: 'num', value: '90' } },
		});
		await poll();
		const raised = [vendor.raise({})];
		await poll();
		vendor.skew = -3600;
		raised.push(vendor.raise({}));
		await poll();
		raised.push(vendor.raise({}), vendor.raise({ device: vendor.devices[2] }));
		await poll();
		exactly(await events(), raised);
		vendor.skew = 0;
		try {
			await nodeRed.setClock(-3_600_000);
			raised.push(vendor.raise({}));
			await poll();
			raised.push(vendor.raise({ device: vendor.devices[1] }));
			await poll();
			await nodeRed.setClock(0);
			raised.push(vendor.raise({}));
			await poll();
		} finally {
			await nodeRed.setClock(0);
		}
		exactly(await events(), raised);
	});

	test('a message is one event, or all of a poll', async () => {
		const { poll, messages, deploy } = await trigger({ params: SINCE });
		await poll();
		vendor.raise({ systemtime: minutes(2) });
		vendor.raise({ device: vendor.devices[1], systemtime: minutes(1) });
		await poll();
		expect(await messages()).toMatchObject([
			{
				topic: vendor.devices[0],
				payload: {
					event: 'newAlarm',
					deviceId: vendor.devices[0],
					id: expect.any(String),
					late: false,
					type: 'sos',
				},
				parts: { index: 0, count: 2 },
			},
			{ topic: vendor.devices[1], payload: { deviceId: vendor.devices[1] }, parts: { index: 1, count: 2 } },
		]);
		await deploy('nodes', { result: 'message' });
		vendor.raise({ systemtime: minutes(0) });
		vendor.raise({ device: vendor.devices[1], systemtime: minutes(0) });
		await poll();
		expect((await messages())[2]).toMatchObject({ payload: [{ event: 'newAlarm' }, { event: 'newAlarm' }] });
		await deploy('nodes', { output: 'worldmap' });
		vendor.raise({ gpstime: minutes(0) });
		await poll();
		expect((await messages())[3]).toMatchObject({
			payload: { name: expect.stringMatching(/^Van 1: /), lat: 44.4, lon: 26.1, layer: 'TrackCEO alarms' },
		});
	});

	test('deploys of every kind lose nothing and send nothing twice, nor late', async () => {
		const { poll, events, deploy, node, rig } = await trigger();
		await poll();
		const raised: string[] = [];
		for (const type of ['full', 'nodes', 'flows', 'full', 'nodes', 'flows'] as const) {
			raised.push(vendor.raise({}));
			await poll();
			raised.push(vendor.raise({ device: vendor.devices[1] }));
			// The answer is on its way when the node is closed.
			vendor.fail({ kind: 'drip', everyMs: 30, match: '/api/alarm/list' });
			await nodeRed.send(rig.nodeId, { payload: 'poll' });
			await until('the request', () => vendor.requests.some(({ fault }) => fault === 'drip'));
			await deploy(type, { name: `${node.name}x` });
			vendor.clearFaults();
			vendor.requests.length = 0;
			raised.push(vendor.raise({ device: vendor.devices[2] }));
			await poll();
		}
		exactly(await events(), raised);
	});

	test('a restart continues where it stopped', async () => {
		const { poll, events } = await trigger();
		await poll();
		const raised = [vendor.raise({})];
		await poll();
		raised.push(vendor.raise({}));
		await nodeRed.restart();
		raised.push(vendor.raise({ device: vendor.devices[1] }));
		await poll();
		exactly(await events(), raised);
	});

	const points: [KillPoint, object, number][] = [
		['request', { match: '/api/alarm/list' }, 0],
		['answer', { match: '/api/alarm/list', count: 2 }, 0],
		['send', { match: '-trigger' }, 0],
		['sent', { match: '-trigger' }, 1],
		['store', { match: 'fleetwire' }, 1],
		['stored', { match: 'fleetwire' }, 0],
	];
	test.each(points)(
		'killed at "%s", nothing is lost, and a batch comes twice at most',
		async (point, options, batches) => {
			const { poll, events, rig } = await trigger({ params: SINCE });
			await poll();
			const before = [vendor.raise({ systemtime: minutes(5) })];
			await poll();
			const batch = vendor.devices.map((device) => vendor.raise({ device, systemtime: minutes(1) }));
			await nodeRed.killAt(point, options);
			await nodeRed.send(rig.nodeId, { payload: 'poll' }).catch(() => undefined);
			await nodeRed.died();
			await nodeRed.start();
			await poll();
			await poll();
			const found = await events();
			exactly([...new Set(found)], [...before, ...batch]);
			expect(found.length).toBeLessThanOrEqual(before.length + batch.length * (1 + batches));
			if (batches === 0) expect(found).toHaveLength(before.length + batch.length);
		},
	);

	test('a trigger that fails for ten minutes says so once at its second output, over a restart, and once that it works again', async () => {
		const { poll, events, reports, status } = await trigger(
			{ params: { ...ALL, reportUnwell: { type: 'bool', value: 'true' } }, interval: 60, outputs: 2 },
			{ outputs: 2 },
		);
		try {
			await poll();
			vendor.fail({ kind: 'status', status: 503, times: null });
			let ahead = 0;
			/** Two intervals later. */
			const later = async (turns: number) => {
				for (let turn = 0; turn < turns; turn++) {
					ahead += 120;
					vendor.skew = ahead;
					await nodeRed.setClock(ahead * 1000);
					await poll();
				}
			};
			await later(4);
			expect(await reports()).toEqual([]);
			await later(3);
			expect(await reports()).toMatchObject([
				{
					topic: 'triggerUnwell',
					payload: { event: 'triggerUnwell', trigger: 'newAlarm', error: expect.any(String) },
				},
			]);
			expect((await status())?.text).toMatch(/1[34] min$/);
			await nodeRed.end();
			await nodeRed.start();
			await nodeRed.setClock(ahead * 1000);
			await later(3);
			expect(await reports()).toHaveLength(1);
			vendor.clearFaults();
			const raised = [vendor.raise({})];
			await later(2);
			expect((await reports()).map(({ topic }) => topic)).toEqual(['triggerUnwell', 'triggerWellAgain']);
			exactly(await events(), raised);
		} finally {
			await nodeRed.setClock(0);
		}
	});

	test('a state file that is cut in half begins afresh, with a warning', async () => {
		const { poll, events, stateFile } = await trigger();
		await poll();
		const first = vendor.raise({});
		await poll();
		vendor.raise({});
		await nextSecond();
		vendor.heard();
		await nodeRed.end();
		await truncate(stateFile, Math.floor((await readFile(stateFile)).length / 2));
		await nodeRed.start();
		await poll();
		expect(nodeRed.logs()).toMatch(/The saved position of this trigger cannot be read \(.+\), so it starts over/);
		expect((await readFile(`${stateFile}.bad`, 'utf8')).length).toBeGreaterThan(0);
		const raised = vendor.raise({});
		await poll();
		expect(await events()).toEqual([first, raised]);
	});

	test('a state file that is out of reach for a while is waited for', async () => {
		const { poll, events, status, caught } = await trigger();
		await poll();
		const raised = [vendor.raise({})];
		await poll();
		await nodeRed.end();
		const folder = join(nodeRed.userDir, 'fleetwire');
		await rename(folder, `${folder}-away`);
		// A way that leads nowhere, for Node-RED run by root, too.
		await symlink('fleetwire', folder);
		raised.push(vendor.raise({}));
		await nodeRed.start();
		await poll();
		expect([
			...new Set((await caught()).map(({ error: { code, message } }) => `${String(code)} ${message}`)),
		]).toEqual([expect.stringMatching(/^NotRead .+ cannot be read at the moment \(ELOOP\)/)]);
		expect(await status()).toMatchObject({ fill: 'red', shape: 'ring', text: 'state not readable' });
		expect(await events()).toEqual(raised.slice(0, 1));
		await rm(folder);
		await rename(`${folder}-away`, folder);
		await poll();
		exactly(await events(), raised);
		expect(await status()).toMatchObject({ fill: 'green' });
	});

	test('a disk that cannot be written to is told of, and the trigger goes on', async () => {
		const folder = join(nodeRed.userDir, 'fleetwire');
		await rm(folder, { recursive: true, force: true });
		await writeFile(folder, '');
		try {
			const { poll, events, status, caught, deploy } = await trigger();
			await poll();
			expect(await caught()).toMatchObject([
				{
					error: {
						code: 'NotStored',
						message: expect.stringMatching(/could not be stored .+ after a restart/),
					},
				},
			]);
			const raised = [vendor.raise({})];
			await poll();
			await deploy('full');
			raised.push(vendor.raise({}));
			await poll();
			exactly(await events(), raised);
			expect(await status()).toMatchObject({ fill: 'red', shape: 'ring', text: 'state not stored' });
			await rm(folder);
			await mkdir(folder);
			raised.push(vendor.raise({}));
			await poll();
			expect(await status()).toMatchObject({ fill: 'green' });
			await nodeRed.restart('kill');
			await poll();
			exactly(await events(), raised);
		} finally {
			await rm(folder, { recursive: true, force: true });
		}
	});

	test('a context store keeps the state, and where a node that is removed stands is kept for a while', async () => {
		const { poll, events, node, id, deploy } = await trigger({ store: 'disk' });
		await poll();
		const raised = [vendor.raise({})];
		await poll();
		await nodeRed.restart();
		await poll();
		raised.push(vendor.raise({}));
		await poll();
		exactly(await events(), raised);
		const files = async () =>
			(await readdir(join(nodeRed.userDir, 'fleetwire')).catch(() => [])).filter((name) => name.startsWith(id));
		expect(await files()).toEqual([]);

		await deploy('nodes', { store: '' });
		await poll();
		expect(await files()).toEqual([`${id}.json`]);
		// A node that is switched off is still there.
		await deploy('nodes', { d: true });
		expect(await files()).toEqual([`${id}.json`]);
		raised.push(vendor.raise({}));
		delete (node as { d?: boolean }).d;
		await deploy('nodes');
		await poll();
		exactly(await events(), raised);
		await nodeRed.deploy(
			(await nodeRed.getFlows()).flows.filter((one) => one.id !== id),
			{ type: 'nodes' },
		);
		expect(await files()).toEqual([`${id}.json`]);
		// As another branch of the flows would: it comes back, and what was raised meanwhile is in it.
		raised.push(vendor.raise({}));
		await deploy('nodes');
		await poll();
		exactly(await events(), raised);
	});

	test('within a subflow, each instance has its own state', async () => {
		const { poll, account, id, node, rig } = await trigger();
		await poll();
		const inner: FlowNode = { ...node, id: 'inner', z: 'subflow', x: 100, y: 100, wires: [[]] };
		const subflow: FlowNode = {
			id: 'subflow',
			type: 'subflow',
			name: 'Alarms',
			info: '',
			in: [],
			out: [{ x: 300, y: 100, wires: [{ id: 'inner', port: 0 }] }],
		};
		const instance = (name: string): FlowNode => ({
			id: `${id}${name}`,
			type: 'subflow:subflow',
			z: rig.tab,
			name,
			x: 100,
			y: 400,
			wires: [[`${id}-output-0`]],
		});
		const rest = (await nodeRed.getFlows()).flows.filter((one) => one.id !== id && one.id !== account.id);
		const deploy = (...instances: FlowNode[]) => nodeRed.deploy([...rest, account, subflow, inner, ...instances]);
		const since = await nodeRed.mark();
		const sent = async () => (await nodeRed.received({ after: since, probe: `${id}-output-0` })).length;
		const files = async () =>
			(await readdir(join(nodeRed.userDir, 'fleetwire'))).filter((name) => name.endsWith('-inner.json')).sort();
		await deploy(instance('a'), instance('b'));
		await until('both states', async () => (await files()).length === 2);
		expect(await files()).toEqual([`${id}a-inner.json`, `${id}b-inner.json`]);
		await deploy(instance('a'), instance('b'));
		vendor.raise({});
		for (const name of ['a', 'b']) await nodeRed.send(`${id}${name}-inner`, { payload: 'poll' });
		await until('both events', async () => (await sent()) === 2);
		await deploy(instance('a'));
		expect(await files()).toEqual([`${id}a-inner.json`, `${id}b-inner.json`]);
		await nodeRed.send(`${id}a-inner`, { payload: 'poll' });
		vendor.raise({});
		await nodeRed.send(`${id}a-inner`, { payload: 'poll' });
		await until('the event', async () => (await sent()) === 3);
	});

	test('pause, resume, reset and poll do as they say, and nothing else is understood', async () => {
		const { poll, command, events, status, caught, deploy, rig } = await trigger({ interval: 10 });
		await poll();
		await command('pause');
		expect(await status()).toMatchObject({ fill: 'grey', text: 'paused' });
		const first = vendor.raise({});
		await deploy('full');
		await nodeRed.restart();
		await until('the status after the restart', async () => (await status())?.text === 'paused');
		vendor.requests.length = 0;
		// Longer than an interval.
		await new Promise((resolve) => setTimeout(resolve, 13_000));
		expect(await events()).toEqual([]);
		expect(vendor.requests).toEqual([]);
		await command(' Resume ');
		await until('the event', async () => (await events()).includes(first));

		await command('pause');
		const second = vendor.raise({});
		await poll();
		expect(await events()).toEqual([first, second]);
		vendor.raise({});
		await nextSecond();
		vendor.heard();
		await command('reset');
		await command('resume');
		await poll();
		// Begins as a new node does.
		expect(await events()).toEqual([first, second]);
		const third = vendor.raise({});
		await rig.run({ topic: 'poll', payload: Date.now() });
		expect(await events()).toEqual([first, second, third]);

		const { caught: refused } = await rig.run({ payload: 'dance' });
		expect(refused).toMatchObject([
			{
				error: {
					code: 'InvalidParams',
					message:
						'This trigger does not understand "dance". Send "poll", "pause", "resume" or "reset" as msg.payload.',
				},
			},
		]);
		expect(await caught()).toHaveLength(1);
	});

	test('polls by itself, two triggers of an account together, and asks once for both', async () => {
		const { id, events, account, node } = await trigger({ interval: 10 });
		const twin = { ...node, id: `${id}-twin`, z: `${id}-tab`, x: 300, y: 300, wires: [[`${id}-output-0`]] };
		await nodeRed.deploy([...(await nodeRed.getFlows()).flows, twin], { type: 'nodes' });
		await until('both first polls', () => vendor.requests.filter(({ path }) => path === '/api/track').length > 0, {
			timeoutMs: 15_000,
		});
		expect(account.account).toBe(`demo-${String(nodes)}`);
		const lists = () => vendor.requests.filter(({ path }) => path === '/api/alarm/list').length;
		const started = lists();
		const raised = [vendor.raise({ systemtime: minutes(0) })];
		await until('both to send it', async () => (await events()).length === 2, { timeoutMs: 30_000 });
		exactly(await events(), [...raised, ...raised]);
		const rounds = vendor.requests.filter(({ path }) => path === '/api/track').length;
		expect(lists() - started).toBeLessThanOrEqual(rounds * vendor.devices.length);
	});

	test('a refused login stops it, visibly, until somebody does something about it', async () => {
		const { poll, command, events, status, caught } = await trigger({ interval: 10 });
		vendor.refuses = true;
		await until('the refusal', async () => (await caught()).length > 0, { timeoutMs: 15_000 });
		expect(await caught()).toMatchObject([{ error: { code: 'LoginRejected' }, topic: 'newAlarm' }]);
		expect(await status()).toMatchObject({ fill: 'red', shape: 'ring', text: 'login refused' });
		const logins = vendor.requests.length;
		expect((await poll()).caught).toMatchObject([
			{
				error: {
					code: 'InvalidParams',
					message: expect.stringMatching(/^This trigger has stopped: .+ send "resume"/),
				},
			},
		]);
		expect(vendor.requests).toHaveLength(logins);
		vendor.refuses = false;
		await command('resume');
		await until('it to work again', async () => (await status())?.fill === 'green');
		const raised = vendor.raise({});
		await poll();
		expect(await events()).toEqual([raised]);
	});

	test('the same trouble is told once, and again when it had been over', async () => {
		const { rig, caught, status, events } = await trigger({ interval: 10 });
		const trouble = { kind: 'code', code: 10006, match: '/api/alarm/list', times: Infinity } as const;
		vendor.fail(trouble);
		const turns = () => vendor.requests.filter(({ path }) => path === '/api/track').length;
		await until('the trouble', async () => (await caught()).length > 0, { timeoutMs: 15_000 });
		expect((await caught())[0]).toMatchObject({
			error: { code: 'InvalidParams', source: { id: rig.nodeId }, cause: { vendorCode: '10006' } },
		});
		expect(await status()).toMatchObject({ fill: 'yellow', shape: 'ring' });
		const before = turns();
		await until('two more turns', () => turns() > before + 1, { timeoutMs: 40_000 });
		expect(await caught()).toHaveLength(1);
		vendor.clearFaults();
		const raised = vendor.raise({});
		await until('the event', async () => (await events()).length > 0, { timeoutMs: 30_000 });
		expect(await events()).toEqual([raised]);
		vendor.fail(trouble);
		await until('the trouble again', async () => (await caught()).length > 1, { timeoutMs: 30_000 });
	});

	test('the button polls', async () => {
		const { id, poll, events } = await trigger();
		await poll();
		const raised = vendor.raise({});
		expect(await nodeRed.admin('POST', `/fleetwire/trackceo/poll/${id}`, { body: {} })).toMatchObject({ ok: true });
		await until('the event', async () => (await events()).length > 0);
		expect(await events()).toEqual([raised]);
		await expect(nodeRed.admin('POST', '/fleetwire/trackceo/poll/nobody', { body: {} })).rejects.toThrow(
			/404.+not deployed/s,
		);
		await expect(nodeRed.admin('POST', '/fleetwire/trackceo/poll/account', { body: {} })).rejects.toThrow(/404/);
	});

	test('settings that cannot work are told, and nothing is sent', async () => {
		const { id, caught, status, deploy, node } = await trigger({ event: 'landed' });
		const told = async (settings: object, message: RegExp) => {
			const before = (await caught()).length;
			await deploy('full', { event: 'newAlarm', store: '', params: ALL, account: 'account', ...settings });
			await until(`"${String(message)}"`, async () => (await caught()).length > before);
			expect((await caught()).at(-1)).toMatchObject({
				error: { code: 'InvalidParams', message: expect.stringMatching(message), source: { id } },
			});
			expect(await status()).toMatchObject({ fill: 'red', shape: 'ring' });
		};
		await until('the first', async () => (await caught()).length > 0);
		await told({ event: 'landed' }, /has no event "landed"/);
		await told({ store: 'cloud' }, /no context store "cloud"/);
		await told({ params: { devices: { type: 'env', value: 'NOT_SET' } } }, /Devices is missing/);
		await told({ account: 'nobody' }, /has no TrackCEO account/);
		expect(vendor.requests).toEqual([]);
		expect(node.id).toBe(id);
	});

	test.each(VENDOR_NAMES)('%s: every event runs, gives what there is once, and names it', async (name) => {
		const given = await startVendor(name);
		const { provider, connection, simulator } = given;
		const { secret, ...settings } = connection;
		try {
			// The simulators' clocks stand still, some time ago.
			await nodeRed.setClock(NOW - Date.now());
			for (const { name: event, kind, queue } of provider.triggers) {
				const filled = {
					...(event === 'removalAlarm' || event === 'lockEvent'
						? { devices: { type: 'list', value: given.device } }
						: ALL),
					firstRun: { type: 'list', value: 'latest' },
					includeRaw: { type: 'bool', value: 'true' },
				};
				const rig = await nodeRed.rig(
					{
						type: `fleetwire-${name}-trigger`,
						id: `${name}-${event}`,
						name: '',
						account: 'account',
						event,
						params: queue ? {} : filled,
						interval: 3600,
						output: 'simplified',
						result: 'record',
						store: '',
						version: 1,
					},
					{
						others: [{ id: 'account', type: `fleetwire-${name}-account`, name: '', ...settings }],
						credentials: { account: { secret } },
					},
				);
				const first = await rig.run({ payload: 'poll' }, { timeoutMs: 60_000 });
				expect(first.caught, event).toEqual([]);
				const events = first.outputs[0]!.map(({ payload }) => payload as Record<string, unknown>);
				if (MANY.includes(event)) expect(events.length, event).toBeGreaterThan(0);
				for (const one of events)
					expect(one, `${event}, ${kind}`).toMatchObject({
						id: expect.any(String),
						event,
						time: expect.stringMatching(/Z$/),
						late: expect.any(Boolean),
					});
				expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
				const second = await rig.run({ payload: 'poll' }, { timeoutMs: 60_000 });
				expect([second.caught, second.outputs], event).toEqual([[], [[]]]);
			}
			expect(simulator.requests.length).toBeGreaterThan(provider.triggers.length);
		} finally {
			await nodeRed.deploy([]);
			await nodeRed.setClock(0);
			await given.close();
		}
	});

	describe.each(['nextGet', 'newSession'] as const)('a queue that gives messages again at the %s', (redelivery) => {
		let ctrack: CtrackSimulator;
		let queues = 0;
		afterEach(async () => {
			await nodeRed.deploy([]);
			await ctrack?.close();
		});

		/**
		 * A trigger that reads the positions of two vehicles; `acknowledges` decides which messages reach an
		 * Acknowledge node.
		 */
		async function queue(settings: Record<string, unknown> = {}, acknowledges?: object) {
			const started = Date.now();
			ctrack = await startCtrack({
				clock: () => started - 6 * 3_600_000,
				fleetSize: 2,
				redelivery,
				rateLimit: null,
				latencyMs: 100,
			});
			const id = `queue-${redelivery}-${String(++queues)}`;
			const z = `${id}-tab`;
			const account: FlowNode = {
				id: 'ctrack',
				type: 'fleetwire-ctrack-account',
				name: '',
				baseUrl: ctrack.url,
				account: 'API_Demo',
				speedUnit: 'kmh',
				odometerUnit: 'metre',
				allowCommands: false,
				allowPrivateAddresses: true,
				rateLimit: 60_000,
				tls: '',
				proxy: '',
				version: 1,
			};
			const params = {
				queue: { type: 'list', value: 'positions' },
				subscribe: { type: 'bool', value: 'true' },
				maxMessages: { type: 'num', value: '40' },
			};
			const node: FlowNode = {
				id,
				z,
				type: 'fleetwire-ctrack-trigger',
				name: '',
				account: 'ctrack',
				event: 'queueMessage',
				params,
				interval: 3600,
				output: 'simplified',
				result: 'record',
				acknowledge: 'sent',
				acknowledgeWithin: 10,
				store: '',
				version: 1,
				...settings,
			};
			const since = await nodeRed.mark();
			const rig = await nodeRed.rig(node, { others: [account], credentials: { ctrack: { secret: PASSWORD } } });
			const acknowledging: FlowNode[] =
				acknowledges === undefined
					? []
					: [
							{
								id: `${id}-switch`,
								type: 'switch',
								z,
								x: 300,
								y: 300,
								property: 'attempt',
								propertyType: 'msg',
								rules: [acknowledges],
								checkall: 'true',
								repair: false,
								outputs: 1,
								wires: [[`${id}-ack`]],
							},
							{
								id: `${id}-ack`,
								type: 'fleetwire-ctrack',
								z,
								x: 500,
								y: 300,
								name: '',
								account: 'ctrack',
								resource: 'queue',
								operation: 'acknowledge',
								params: {
									queue: { type: 'list', value: 'positions' },
									deliveryTags: { type: 'msg', value: 'payload.deliveryTag' },
								},
								output: 'simplified',
								result: 'message',
								limit: '',
								timeout: '',
								version: 1,
								wires: [[]],
							},
						];
			const flows = () => [
				...rig
					.flows({ ...node, name: `${String(node.name)}x` }, [account])
					.map((one) =>
						one.id === id && acknowledges !== undefined
							? { ...one, wires: [[`${id}-output-0`, `${id}-switch`]] }
							: one,
					),
				...acknowledging,
			];
			if (acknowledges !== undefined) await nodeRed.deploy(flows(), { type: 'nodes' });
			return {
				rig,
				poll: () => rig.run({ payload: 'poll' }),
				deploy: (type: 'full' | 'nodes' | 'flows', changed: Record<string, unknown> = {}) => {
					Object.assign(node, { name: `${String(node.name)}x`, ...changed });
					return nodeRed.deploy(flows(), { type });
				},
				messages: async () =>
					(await nodeRed.received({ after: since, probe: `${id}-output-0` })).map(
						({ msg }) =>
							msg as { attempt: number; payload: { id: string; deliveryTag: string; queue: string } },
					),
				/** Messages that the vendor has made, and what has become of them. */
				made: () => ctrack.history('API_Demo', 'Positions').length,
				state: () => ctrack.queues()[0]!,
			};
		}

		test('acknowledged as they are sent, all messages come once, over deploys and a restart', async () => {
			const { rig, poll, deploy, messages, made, state } = await queue();
			await poll();
			for (const how of ['full', 'nodes', 'flows', 'restart', 'kill'] as const) {
				ctrack.advance(20 * 60_000);
				ctrack.requests.length = 0;
				await nodeRed.send(rig.nodeId, { payload: 'poll' });
				// The answer is under way when the node is closed.
				await until('the request', () => ctrack.requests.some(({ path }) => path.includes('GetPositions')));
				if (how === 'restart') await nodeRed.restart();
				else if (how === 'kill') await nodeRed.restart('kill');
				else await deploy(how);
				await poll();
			}
			const found = (await messages()).map(({ payload }) => payload.id);
			expect(found).toHaveLength(made());
			expect(new Set(found).size).toBe(found.length);
			expect((await messages()).at(-1)).toMatchObject({
				attempt: 1,
				payload: {
					event: 'queueMessage',
					queue: 'positions',
					deliveryTag: expect.stringMatching(/^\d+$/),
					latitude: expect.any(Number),
				},
			});
			expect(state()).toMatchObject({ ready: 0, unacknowledged: 0, acknowledged: made() });
		});

		test('a deploy does not wait for a vendor that does not answer, and what its answer took is not lost', async () => {
			const { rig, poll, deploy, messages, made, state } = await queue();
			await poll();
			ctrack.advance(20 * 60_000);
			ctrack.fail({
				kind: 'timeout',
				effect: 'after',
				match: (request) => request.path.includes('GetPositions'),
			});
			await nodeRed.send(rig.nodeId, { payload: 'poll' });
			await until('the request', () => ctrack.requests.some(({ fault }) => fault === 'timeout'));
			await deploy('full');
			// Only now is there something after what was lost.
			ctrack.advance(20 * 60_000);
			await poll();
			const found = (await messages()).map(({ payload }) => payload.id);
			expect(found).toHaveLength(made());
			expect(new Set(found).size).toBe(made());
			expect(state()).toMatchObject({ ready: 0, unacknowledged: 0, acknowledged: made() });
		});

		test('acknowledged by the flow, what it does not acknowledge comes again', async () => {
			const { poll, messages, made, state } = await queue(
				{ acknowledge: 'operation', acknowledgeWithin: 0.02 },
				{ t: 'gte', v: '2', vt: 'num' },
			);
			await poll();
			ctrack.advance(20 * 60_000);
			await poll();
			const found = await messages();
			expect(made()).toBeGreaterThan(40);
			expect(found.filter(({ attempt }) => attempt === 1)).toHaveLength(made());
			expect(found.filter(({ attempt }) => attempt === 2).map(({ payload }) => payload.id)).toEqual(
				found.filter(({ attempt }) => attempt === 1).map(({ payload }) => payload.id),
			);
			expect(found).toHaveLength(2 * made());
			await until('all to be acknowledged', () => state().acknowledged === made());
			expect(state()).toMatchObject({ ready: 0, unacknowledged: 0 });
		});

		test('a deploy while the flow has messages in hand loses none of them', async () => {
			const { rig, poll, deploy, messages, made, state } = await queue(
				{ acknowledge: 'operation' },
				{ t: 'gte', v: '99', vt: 'num' },
			);
			await poll();
			ctrack.advance(20 * 60_000);
			await nodeRed.send(rig.nodeId, { payload: 'poll' });
			await until('messages in hand', async () => (await messages()).length === 40);
			await deploy('full', { acknowledge: 'sent' });
			await poll();
			const found = (await messages()).map(({ payload }) => payload.id);
			// Those in hand were not acknowledged, so they have come again.
			expect(new Set(found).size).toBe(made());
			expect(found).toHaveLength(made() + 40);
			expect(state()).toMatchObject({ ready: 0, unacknowledged: 0, acknowledged: made() });
		});
	});
});
