/** Trigger nodes in the real n8n: what happens on the road comes as executions, whatever happens to n8n meanwhile. */
import { readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startCtrack, type CtrackSimulator } from '../../simulators/ctrack';
import { startProtrack } from '../../simulators/protrack';
import { AlarmFeed } from '../support/alarm-feed';
import { closeN8nNode, openBrowser, openN8nNode, openN8nWorkflow } from './browser';
import {
	DURABLE_CURSORS,
	everySeconds,
	startN8n,
	type Credential,
	type Json,
	type N8n,
	type Workflow,
	type WorkflowNode,
} from './n8n';
import { until } from './process';
import { kitOf, NOW, VENDOR_NAMES } from './vendor';

const ARTIFACTS = join(__dirname, '..', '..', 'artifacts');
const tarball = join(ARTIFACTS, readdirSync(ARTIFACTS).find((name) => name.startsWith('n8n-nodes-fleetwire-')) ?? '');
const [ONE = '', TWO = '', THREE = ''] = ['358899051000001', '358899051000002', '358899051000003'];
const EVERY = 2;

/** What n8n may take to poll again, its scheduler's own pace included. */
const SOON = { timeoutMs: 60_000, everyMs: 200 };

describe.each([
	['default', {}],
	['durable cursors', DURABLE_CURSORS],
])('polling, n8n in its mode "%s"', (mode, env) => {
	const durable = mode !== 'default';
	let n8n: N8n;
	let feed: AlarmFeed;
	let credential: Credential;
	let workflow: Workflow;

	let folder: string;
	/** While it is there, n8n's database stores no new executions. */
	let full: string;

	beforeAll(async () => {
		folder = await mkdtemp(join(tmpdir(), 'fleetwire-full-'));
		full = join(folder, 'full');
		n8n = await startN8n({
			packages: [tarball],
			env: {
				...env,
				NODE_OPTIONS: `--require ${join(__dirname, 'n8n-full-disk.cjs')}`,
				FLEETWIRE_FULL: full,
			},
		});
	});
	afterAll(async () => {
		await n8n?.stop();
		await rm(folder, { recursive: true, force: true });
	});
	beforeEach(async () => {
		feed = await AlarmFeed.start();
		credential = await n8n.createCredential({ name: 'feed', type: 'trackCeoApi', data: settings() });
	});
	afterEach(async () => {
		if (workflow !== undefined) await n8n.deactivate(workflow).catch(() => undefined);
		await feed.close();
	});

	const settings = (changes: Json = {}): Json => ({
		baseUrl: feed.url,
		account: `demo ${String(Math.random())}`,
		secretType: 'password',
		secret: 'a secret',
		allowCommands: false,
		rateLimit: 60_000,
		allowPrivateAddresses: true,
		...changes,
	});

	async function publish(parameters: Json = {}): Promise<void> {
		workflow = await n8n.createWorkflow({
			nodes: [
				{
					name: 'Alarm',
					type: 'n8n-nodes-fleetwire.trackCeoTrigger',
					parameters: {
						pollTimes: everySeconds(EVERY),
						event: 'newAlarm',
						devices: { __rl: true, mode: 'list', value: '*' },
						firstRun: 'nothing',
						options: {},
						...parameters,
					},
					credentials: { trackCeoApi: { id: credential.id, name: credential.name } },
				},
				{ name: 'End', type: 'n8n-nodes-base.noOp' },
			],
		});
		await n8n.activate(workflow);
		await looks(1);
	}

	const now = () => feed.now();
	const keys = () =>
		n8n.deliveries(workflow.id).flatMap(({ items }) => items.map(({ json }) => AlarmFeed.keyOf(json)));
	const lastBatch = () =>
		n8n
			.deliveries(workflow.id)
			.at(-1)!
			.items.map(({ json }) => AlarmFeed.keyOf(json));
	const sorted = (list: readonly string[]) => [...list].sort();
	const twice = () => keys().filter((key, at, all) => all.indexOf(key) !== at);

	/** Waits for so many polls more. */
	async function looks(count: number): Promise<void> {
		const before = feed.requests.filter((path) => path === '/api/track').length;
		await until(
			`${count} polls`,
			() => feed.requests.filter((path) => path === '/api/track').length >= before + count,
			SOON,
		);
	}

	async function delivered(expected: readonly string[]): Promise<void> {
		await until('the alarms to come', () => expected.every((key) => keys().includes(key)), SOON);
	}

	test("every alarm is an execution's item exactly once, over many polls", async () => {
		feed.add({ imei: ONE, at: now() - 600 });
		await publish();
		const expected: string[] = [];
		for (let round = 0; round < 3; round++) {
			expected.push(...feed.add({ imei: ONE, at: now() }, { imei: TWO, at: now() }));
			await delivered(expected);
		}
		await looks(2);
		expect(sorted(keys())).toEqual(sorted(expected));
		// A poll asks about one device after another: either alarm may come alone in the first execution.
		const executions = n8n.deliveries(workflow.id);
		expect(new Set(executions.map(({ status }) => status))).toEqual(new Set(['success']));
		expect(executions.flatMap(({ items }) => items)).toEqual(
			expect.arrayContaining([
				expect.objectContaining({
					json: expect.objectContaining({
						event: 'newAlarm',
						deviceId: ONE,
						type: 'sos',
						late: false,
						latitude: 44.4,
					}) as unknown,
				}) as unknown,
			]),
		);
	});

	test('late, out of order, in the future, and many in one second', async () => {
		await publish();
		const expected = feed.add({ imei: ONE, at: now() }, { imei: ONE, at: now() - 2 });
		await delivered(expected);
		expected.push(...feed.add({ imei: ONE, at: now() - 120 }, { imei: TWO, at: now() + 3600 }));
		await delivered(expected);
		const second = now();
		expected.push(
			...feed.add(
				{ imei: TWO, at: second },
				...Array.from({ length: 90 }, (_, index) => ({ imei: THREE, at: second, gpsTime: second - index })),
			),
		);
		await delivered(expected);
		expected.push(...feed.add({ imei: TWO, at: now() }, { imei: THREE, at: second, gpsTime: second - 500 }));
		await delivered(expected);
		await looks(2);
		expect(sorted(keys())).toEqual(sorted(expected));
	});

	test('switched off and on, and changed: nothing is missing, nothing comes twice', async () => {
		await publish();
		const expected: string[] = [];
		for (let round = 0; round < 2; round++) {
			expected.push(...feed.add({ imei: ONE, at: now() }));
			await delivered(expected);
			await n8n.deactivate(workflow);
			expected.push(...feed.add({ imei: TWO, at: now() }));
			const [trigger, end] = (await n8n.getWorkflow(workflow.id)).nodes;
			await n8n.updateWorkflow(workflow.id, {
				nodes: [
					{ ...trigger!, parameters: { ...trigger!.parameters, options: { includeRaw: round === 0 } } },
					end!,
				],
			});
			await n8n.activate(workflow);
			await delivered(expected);
		}
		await looks(2);
		expect(sorted(keys())).toEqual(sorted(expected));
		expect(
			n8n
				.deliveries(workflow.id)
				.flatMap(({ items }) => items)
				.some(({ json }) => 'raw' in json),
		).toBe(true);
	});

	test.each(['graceful', 'kill'] as const)(
		'over a %s stop of n8n nothing is missing, and at most the last batch comes twice',
		async (how) => {
			await publish();
			const expected: string[] = [];
			for (let round = 0; round < 2; round++) {
				expected.push(...feed.add({ imei: ONE, at: now() }));
				await delivered(expected);
			}
			const last = lastBatch();
			await n8n.end(how);
			expected.push(...feed.add({ imei: TWO, at: now() }));
			await n8n.start();
			await delivered(expected);
			expected.push(...feed.add({ imei: ONE, at: now() }));
			await delivered(expected);
			await looks(2);
			expect(new Set(keys())).toEqual(new Set(expected));
			if (durable) expect(twice()).toEqual([]);
			else expect(last).toEqual(expect.arrayContaining(twice()));
		},
	);

	test.each([
		['graceful', 'some polls after the first batch'],
		['kill', 'right after the activation'],
	] as const)('a %s stop %s, with nothing new since: what happens meanwhile comes', async (how, _when) => {
		const expected = feed.add({ imei: ONE, at: now() });
		await publish();
		if (how === 'graceful') {
			await delivered(expected);
			await looks(3);
		}
		await n8n.end(how);
		expected.push(...feed.add({ imei: ONE, at: now() - 1 }, { imei: ONE, at: now() }, { imei: TWO, at: now() }));
		await n8n.start();
		await delivered(expected);
		await looks(2);
		expect(new Set(keys())).toEqual(new Set(expected));
		if (durable) expect(twice()).toEqual([]);
		else expect(expected.slice(0, 1)).toEqual(expect.arrayContaining(twice()));
	});

	test('executions that n8n cannot store, as its disk is full: their events come once it can, over a restart too', async () => {
		await publish();
		const expected = feed.add({ imei: ONE, at: now() });
		await delivered(expected);
		await writeFile(full, '');
		expected.push(...feed.add({ imei: TWO, at: now() }));
		await looks(2);
		expected.push(...feed.add({ imei: THREE, at: now() }));
		await looks(2);
		expect(keys()).toHaveLength(1);
		await rm(full);
		await delivered(expected);
		await looks(2);
		expect(sorted(keys())).toEqual(sorted(expected));
		await writeFile(full, '');
		expected.push(...feed.add({ imei: TWO, at: now() }));
		await looks(2);
		await n8n.end();
		await rm(full);
		await n8n.start();
		await delivered(expected);
		expect(new Set(keys())).toEqual(new Set(expected));
	});

	test.each(['while n8n runs', 'while n8n is down'])(
		'a node that is renamed %s goes on where it stands',
		async (when) => {
			await publish();
			const expected = feed.add({ imei: ONE, at: now() });
			await delivered(expected);
			await looks(2);
			await n8n.deactivate(workflow);
			const rename = async () => {
				const [trigger, end] = (await n8n.getWorkflow(workflow.id)).nodes;
				await n8n.updateWorkflow(workflow.id, {
					nodes: [{ ...trigger!, name: 'Alarms of the fleet' }, end!],
					connections: { 'Alarms of the fleet': { main: [[{ node: 'End', type: 'main', index: 0 }]] } },
				});
			};
			if (when === 'while n8n is down') {
				await n8n.end();
				await n8n.start();
			}
			await rename();
			expected.push(...feed.add({ imei: TWO, at: now() - 1 }));
			await n8n.activate(workflow);
			await delivered(expected);
			await looks(2);
			expect(new Set(keys())).toEqual(new Set(expected));
			if (durable || when === 'while n8n runs') expect(twice()).toEqual([]);
			else expect(expected.slice(0, 1)).toEqual(expect.arrayContaining(twice()));
		},
	);

	test('an old batch comes again once at most, however often n8n starts', async () => {
		await publish();
		const expected = feed.add({ imei: ONE, at: now() });
		await delivered(expected);
		for (let starts = 0; starts < 3; starts++) {
			await looks(2);
			await n8n.end();
			await n8n.start();
		}
		await looks(2);
		expect(new Set(keys())).toEqual(new Set(expected));
		expect(twice().length).toBeLessThanOrEqual(durable ? 0 : 1);
	});

	test('a device that was reported as silent before a restart: it is told when it reports again', async () => {
		feed.add({ imei: ONE, at: now() - 3600 });
		await publish({ event: 'deviceSilent', minutes: 1, firstRun: 'latest' });
		const told = () =>
			n8n
				.deliveries(workflow.id)
				.flatMap(({ items }) =>
					items.filter(({ json }) => json.deviceId === ONE).map(({ json }) => json.silent),
				);
		feed.silent(ONE, 120);
		await until('the silence', () => told().includes(true), SOON);
		await looks(2);
		await n8n.end();
		feed.hears(ONE);
		await n8n.start();
		await until('its end', () => told().includes(false), SOON);
		expect(told().at(-1)).toBe(false);
	});

	test('where it stands was cut off in the database: it starts over and says so', async () => {
		await publish();
		const before = feed.add({ imei: ONE, at: now() - 30 });
		await delivered(before);
		await looks(2);
		await n8n.end();
		n8n.changeTriggerState(workflow.id, (text) => text.slice(0, text.length / 2));
		await n8n.start();
		await looks(2);
		const after = feed.add({ imei: ONE, at: now() });
		await delivered(after);
		expect(sorted(keys())).toEqual(sorted([...before, ...after]));
		expect(n8n.logs()).toContain('cannot be read, so it starts over');
	});

	test.each([-3600, 3600])('a vendor whose clock is wrong by %i s', async (skew) => {
		feed.skewSeconds = skew;
		await publish();
		const expected: string[] = [];
		for (let round = 0; round < 2; round++) {
			expected.push(...feed.add({ imei: ONE, at: now() }, { imei: TWO, at: now() - 1 }));
			await delivered(expected);
		}
		await looks(2);
		expect(sorted(keys())).toEqual(sorted(expected));
	});

	test("a refused login fails the activation with the vendor's words", async () => {
		feed.refusing = true;
		await expect(publish()).rejects.toThrow(/refuses the account or its password/);
		// n8n tries five times; the vendor is asked once.
		expect(feed.requests).toEqual(['/api/authorization']);
	});
});

describe("Ctrack's queue", () => {
	let n8n: N8n;
	let simulator: CtrackSimulator;
	let credential: Credential;
	let workflow: Workflow;

	beforeAll(async () => {
		n8n = await startN8n({ packages: [tarball] });
	});
	afterAll(async () => {
		await n8n?.stop();
	});
	beforeEach(async () => {
		// From a time of day at which its vehicles drive: parked ones have little to tell.
		const begun = Date.now();
		simulator = await startCtrack({
			fleetSize: 3,
			queueIntervalSeconds: 10,
			clock: () => NOW + Date.now() - begun,
		});
		credential = await n8n.createCredential({
			name: 'queue',
			type: 'ctrackApi',
			data: {
				...kitOf('ctrack').settings,
				baseUrl: simulator.url,
				rateLimit: 60_000,
				allowCommands: false,
				allowPrivateAddresses: true,
			},
		});
	});
	afterEach(async () => {
		if (workflow !== undefined) await n8n.deactivate(workflow).catch(() => undefined);
		await simulator.close();
	});

	const account = () => ({ ctrackApi: { id: credential.id, name: credential.name } });
	const queue = () => simulator.queues().find(({ type }) => type === 'Positions')!;
	const messages = () =>
		n8n
			.deliveries(workflow.id)
			.flatMap(({ items }) => items.map(({ json }) => json as { id: string; time: string }));
	const ids = () => messages().map(({ id }) => id);
	/** How many were given again, as one read of the database tells: n8n goes on. */
	function repeated(): number {
		const all = ids();
		return all.length - new Set(all).size;
	}

	/** The executions that were given messages, in one read of the database; what the trigger reported is none. */
	const batches = () =>
		n8n
			.deliveries(workflow.id)
			.map(({ id, status, items }) => ({ id, status, ids: items.map(({ json }) => json.id) }))
			.filter(({ ids: [first] }) => first !== undefined);

	async function publish({ options, ...parameters }: Json, ...after: WorkflowNode[]): Promise<void> {
		workflow = await n8n.createWorkflow({
			nodes: [
				{
					name: 'Queue',
					type: 'n8n-nodes-fleetwire.ctrackQueueTrigger',
					parameters: {
						queue: 'positions',
						options: { every: 5, maxMessages: 20, ...(options as object) },
						...parameters,
					},
					credentials: account(),
				},
				...after,
			],
		});
		await n8n.activate(workflow);
	}

	async function acknowledged(count: number): Promise<void> {
		await until(`${count} messages to be acknowledged`, () => queue().acknowledged >= count, SOON);
	}

	const END: WorkflowNode = { name: 'End', type: 'n8n-nodes-base.noOp' };

	test('each message once and in order, and none is missing after a kill', async () => {
		await publish({}, END);
		simulator.advance(600_000);
		await acknowledged(60);
		expect(repeated()).toBe(0);
		const times = messages().map(({ time }) => time);
		expect(times).toEqual([...times].sort());
		await n8n.end('kill');
		simulator.advance(600_000);
		const before = queue().acknowledged;
		await n8n.start();
		await acknowledged(before + 60);
		await n8n.deactivate(workflow);
		// What was acknowledged, an execution had succeeded with; the batch that was under way when n8n was killed came
		// again.
		const succeeded = n8n
			.deliveries(workflow.id)
			.filter(({ status }) => status === 'success')
			.flatMap(({ items }) => items.map(({ json }) => String(json.id)));
		expect(new Set(succeeded).size).toBeGreaterThanOrEqual(queue().acknowledged);
		expect(repeated()).toBeLessThanOrEqual(20);
	});

	test('a batch with which the workflow fails comes again, and is set aside after its tries', async () => {
		await publish(
			{ options: { attempts: 2, maxMessages: 10 } },
			{ name: 'Fail', type: 'n8n-nodes-base.stopAndError', parameters: { errorMessage: 'It failed' } },
		);
		simulator.advance(120_000);
		await acknowledged(10);
		await n8n.deactivate(workflow);
		const batches = n8n
			.deliveries(workflow.id)
			.filter(({ items }) => items.length > 0)
			.map(({ items }) => items.map(({ json }) => json.id));
		expect(batches[1]).toEqual(batches[0]);
		const failures = await Promise.all(
			(await n8n.executions(workflow.id)).map(async ({ id }) => (await n8n.execution(id)).error?.message),
		);
		expect(failures).toContain('10 messages were set aside: the workflow failed with them 2 times.');
	});

	test('an Acknowledge operation later in the workflow', async () => {
		await publish(
			{ acknowledge: 'laterMessageNode' },
			{
				name: 'Acknowledge',
				type: 'n8n-nodes-fleetwire.ctrack',
				parameters: {
					resource: 'queue',
					operation: 'acknowledge',
					queue: 'positions',
					deliveryTags: '={{ $json.deliveryTag }}',
				},
				credentials: account(),
			},
		);
		simulator.advance(300_000);
		await acknowledged(40);
		await n8n.deactivate(workflow);
		expect(repeated()).toBe(0);
		const last = (await n8n.executions(workflow.id)).at(-1)!;
		expect((await n8n.waitForExecution(last.id)).data.Acknowledge?.at(-1)).toMatchObject({ outcome: 'confirmed' });
	});

	test('immediately, and when the execution finishes', async () => {
		for (const acknowledge of ['immediately', 'executionFinishes']) {
			await publish(
				{ acknowledge },
				{ name: 'Fail', type: 'n8n-nodes-base.stopAndError', parameters: { errorMessage: 'It failed' } },
			);
			const before = queue().acknowledged;
			simulator.advance(120_000);
			await acknowledged(before + 20);
			await n8n.deactivate(workflow);
			expect(repeated()).toBe(0);
		}
	});

	describe('an execution that waits has not ended', () => {
		const wait = (parameters: Json): WorkflowNode => ({
			name: 'Pause',
			type: 'n8n-nodes-base.wait',
			typeVersion: 1.1,
			parameters,
		});
		const hour = wait({ resume: 'timeInterval', amount: 1, unit: 'hours' });
		const call = wait({ resume: 'webhook', httpMethod: 'GET', options: {} });
		const sub: WorkflowNode = {
			name: 'Pause',
			type: 'n8n-nodes-base.executeWorkflow',
			typeVersion: 1.2,
			parameters: {
				source: 'parameter',
				workflowJson: JSON.stringify({
					nodes: [
						{
							id: 'a',
							name: 'Begin',
							type: 'n8n-nodes-base.executeWorkflowTrigger',
							typeVersion: 1.1,
							position: [0, 0],
							parameters: { inputSource: 'passthrough' },
						},
						{
							id: 'b',
							name: 'Wait',
							type: 'n8n-nodes-base.wait',
							typeVersion: 1.1,
							position: [200, 0],
							parameters: { resume: 'timeInterval', amount: 1, unit: 'hours' },
						},
					],
					connections: { Begin: { main: [[{ node: 'Wait', type: 'main', index: 0 }]] } },
				}),
				options: { waitForSubWorkflow: true },
			},
		};
		const FAIL: WorkflowNode = {
			name: 'Fail',
			type: 'n8n-nodes-base.stopAndError',
			parameters: { errorMessage: 'It failed' },
		};

		const state = () => ({ given: batches(), acknowledged: queue().acknowledged });

		async function waiting(acknowledge: string, ...nodes: WorkflowNode[]): Promise<string> {
			await publish({ acknowledge, options: { maxMessages: 10 } }, ...nodes);
			simulator.advance(300_000);
			const [first] = await until(
				'an execution to wait',
				() => state().given.some(({ status }) => status === 'waiting') && state().given,
				SOON,
			);
			return first!.id;
		}

		/** Over two looks at the queue. */
		async function stands(): Promise<void> {
			await new Promise((resolve) => setTimeout(resolve, 11_000));
			expect(state()).toMatchObject({ given: [{ status: 'waiting' }], acknowledged: 0 });
		}

		/** Calls what the Wait node waits for. */
		async function goOn(id: string): Promise<void> {
			const { raw } = await n8n.execution(id);
			const { runData } = raw.resultData as { runData: Record<string, { metadata?: { resumeUrl?: string } }[]> };
			const url = new URL(runData.Pause?.at(-1)?.metadata?.resumeUrl ?? expect.fail('no address to go on'));
			const answer = await fetch(`${n8n.url}${url.pathname}${url.search}`);
			expect(answer.status).toBe(200);
			await n8n.waitForExecution(id);
		}

		const reports = async () =>
			(
				await Promise.all(
					(await n8n.executions(workflow.id)).map(
						async ({ id }) => (await n8n.execution(id)).error?.message ?? '',
					),
				)
			).filter((message) => message.startsWith('An execution waits'));

		test.each([
			['Wait, an hour', 'executionFinishes', hour],
			['Wait, an hour', 'executionFinishesSuccessfully', hour],
			['a sub-workflow that waits', 'executionFinishes', sub],
			['a sub-workflow that waits', 'executionFinishesSuccessfully', sub],
			['Wait, an hour', 'laterMessageNode', hour],
		])(
			'%s, %s: nothing is acknowledged; stopped by hand, the messages come again',
			async (_, acknowledge, node) => {
				const id = await waiting(acknowledge, node, FAIL);
				await stands();
				expect(await reports()).toHaveLength(acknowledge === 'executionFinishesSuccessfully' ? 1 : 0);
				await n8n.stopExecution(id);
				await until('the messages to come again', () => state().given.length > 1, SOON);
				const {
					given: [first, second],
					acknowledged,
				} = state();
				expect(acknowledged).toBe(0);
				expect(second?.ids).toEqual(first?.ids);
			},
		);

		test('it goes on and fails: acknowledged when the execution finishes', async () => {
			const id = await waiting('executionFinishes', call, FAIL);
			await stands();
			await goOn(id);
			await acknowledged(10);
		});

		test('it goes on and fails: not acknowledged when the execution succeeds', async () => {
			const id = await waiting('executionFinishesSuccessfully', call, FAIL);
			await goOn(id);
			await new Promise((resolve) => setTimeout(resolve, 11_000));
			expect(state()).toMatchObject({ given: [{ status: 'error' }], acknowledged: 0 });
		});

		test('it goes on and fails before it acknowledges: the messages come again', async () => {
			const id = await waiting('laterMessageNode', call, FAIL);
			await goOn(id);
			await until('the messages to come again', () => state().given.length > 1, SOON);
			const {
				given: [first, second],
				acknowledged,
			} = state();
			expect(acknowledged).toBe(0);
			expect(second?.ids).toEqual(first?.ids);
		});

		test('it acknowledges after the wait', async () => {
			const ack: WorkflowNode = {
				name: 'Acknowledge',
				type: 'n8n-nodes-fleetwire.ctrack',
				parameters: {
					resource: 'queue',
					operation: 'acknowledge',
					queue: 'positions',
					deliveryTags: '={{ $("Queue").all().map((item) => item.json.deliveryTag).join() }}',
				},
				executeOnce: true,
				credentials: account(),
			};
			const id = await waiting('laterMessageNode', call, ack);
			await stands();
			await goOn(id);
			await acknowledged(10);
			await until('the next messages', () => state().given.length > 1, SOON);
		});
	});

	test.each([
		['executionFinishes', 'stopped by hand', 'again'],
		['executionFinishesSuccessfully', 'stopped by hand', 'again'],
		['executionFinishes', 'out of time', 'acknowledged'],
		['executionFinishesSuccessfully', 'out of time', 'again'],
	])('%s, %s: %s', async (acknowledge, how, came) => {
		// n8n keeps waits this short in memory: it runs.
		await publish(
			{ acknowledge, options: { maxMessages: 10 } },
			{
				name: 'Long',
				type: 'n8n-nodes-base.wait',
				typeVersion: 1.1,
				parameters: { resume: 'timeInterval', amount: 60, unit: 'seconds' },
			},
		);
		if (how === 'out of time') {
			await n8n.deactivate(workflow);
			await n8n.updateWorkflow(workflow.id, { settings: { executionOrder: 'v1', executionTimeout: 2 } });
			await n8n.activate(workflow);
		}
		simulator.advance(300_000);
		const [first] = await until(
			'an execution',
			() => batches().some(({ status }) => status === 'running') && batches(),
			SOON,
		);
		if (how === 'stopped by hand') await n8n.stopExecution(first!.id);
		await until('the next execution', () => batches().length > 1, SOON);
		const [one, two] = batches();
		expect([isDeepStrictEqual(one?.ids, two?.ids) ? 'again' : 'acknowledged', queue().acknowledged]).toEqual([
			came,
			came === 'again' ? 0 : first!.ids.length,
		]);
		for (const { id, status } of batches()) if (status === 'running') await n8n.stopExecution(id);
	});

	test.each(['continueErrorOutput', 'continueRegularOutput'])(
		'a node that fails and goes on (%s) is a success',
		async (onError) => {
			await publish(
				{ options: { maxMessages: 10 } },
				{
					name: 'Nowhere',
					type: 'n8n-nodes-base.httpRequest',
					typeVersion: 4.2,
					onError,
					executeOnce: true,
					parameters: { url: 'http://127.0.0.1:1/', options: {} },
				},
			);
			simulator.advance(120_000);
			await acknowledged(10);
		},
	);

	test('a trial shows messages and leaves them in the queue', async () => {
		await publish({}, END);
		await n8n.deactivate(workflow);
		simulator.advance(120_000);
		const before = queue().acknowledged;
		const execution = await n8n.runWorkflow(workflow, { from: 'Queue' });
		expect(execution).toMatchObject({ status: 'success' });
		expect(execution.data.Queue!.length).toBeGreaterThan(0);
		expect(queue().acknowledged).toBe(before);
	});
});

/** Events that are changes of what was seen before. */
const COMPARED = new Set(['statusChanged', 'ignitionChanged']);

describe('every vendor', () => {
	let n8n: N8n;

	beforeAll(async () => {
		n8n = await startN8n({ packages: [tarball] });
	});
	afterAll(async () => {
		await n8n?.stop();
	});

	test.each(VENDOR_NAMES)('%s: each event can be published, polled and tried', async (name) => {
		const { n8n: types, settings, start, vendor } = kitOf(name);
		const simulator = await start();
		const workflows: Workflow[] = [];
		try {
			const { id } = await n8n.createCredential({
				name,
				type: types.credential,
				data: {
					...settings,
					baseUrl: simulator.url,
					rateLimit: 60_000,
					allowCommands: false,
					allowPrivateAddresses: true,
				},
			});
			const events = vendor.provider.triggers
				.filter(({ queue }) => queue !== true)
				.map((trigger) => trigger.name);
			for (const event of events) {
				const workflow = await n8n.createWorkflow({
					name: event,
					nodes: [
						{
							name: 'Fleet',
							type: `n8n-nodes-fleetwire.${types.node}Trigger`,
							parameters: {
								pollTimes: everySeconds(10),
								event,
								devices: { __rl: true, mode: 'list', value: '*' },
								firstRun: 'latest',
								options: {},
							},
							credentials: { [types.credential]: { id, name } },
						},
						{ name: 'End', type: 'n8n-nodes-base.noOp' },
					],
				});
				workflows.push(workflow);
				await n8n.activate(workflow);
			}
			for (const workflow of workflows) {
				const { status, error, data } = await n8n.runWorkflow(workflow, { from: 'Fleet' });
				expect([workflow.name, status, error?.message]).toEqual([workflow.name, 'success', undefined]);
				expect(data.Fleet![0], workflow.name).toMatchObject({
					event: workflow.name,
					id: expect.any(String),
					deviceId: expect.any(String),
					late: expect.any(Boolean),
				});
				const given = n8n.deliveries(workflow.id);
				expect(
					given.filter((delivery) => delivery.status === 'error'),
					workflow.name,
				).toEqual([]);
				// There is nothing to compare the first look with.
				if (!COMPARED.has(workflow.name))
					expect(given.flatMap(({ items }) => items).length, workflow.name).toBeGreaterThan(0);
			}
		} finally {
			for (const workflow of workflows) await n8n.deactivate(workflow).catch(() => undefined);
			await simulator.close();
		}
	});
});

test('the panels of trigger nodes in the editor', async () => {
	const n8n = await startN8n({ packages: [tarball] });
	const trackceo = await startProtrack({ brand: 'trackceo' });
	const ctrack = await startCtrack();
	const browser = await openBrowser();
	try {
		const common = { rateLimit: 60_000, allowCommands: false, allowPrivateAddresses: true };
		const alarms = await n8n.createCredential({
			name: 'Mine',
			type: 'trackCeoApi',
			data: { ...kitOf('trackceo').settings, ...common, baseUrl: trackceo.url },
		});
		const queue = await n8n.createCredential({
			name: 'Mine',
			type: 'ctrackApi',
			data: { ...kitOf('ctrack').settings, ...common, baseUrl: ctrack.url },
		});
		const workflow = await n8n.createWorkflow({
			nodes: [
				{
					name: 'Alarm',
					type: 'n8n-nodes-fleetwire.trackCeoTrigger',
					parameters: {},
					credentials: { trackCeoApi: { id: alarms.id, name: alarms.name } },
				},
				{
					name: 'Queue',
					type: 'n8n-nodes-fleetwire.ctrackQueueTrigger',
					parameters: { acknowledge: 'laterMessageNode' },
					credentials: { ctrackApi: { id: queue.id, name: queue.name } },
					position: [0, 300],
				},
			],
			connections: {},
		});
		const page = await openN8nWorkflow(browser, n8n, workflow.id, { width: 1400, height: 1000 });
		let panel = await openN8nNode(page, 'Alarm');
		for (const words of ['Poll Times', 'Event', 'Devices', 'First Run', 'Options'])
			expect(await panel.innerText()).toContain(words);
		await panel
			.locator('[data-test-id="rlc-input"], [data-test-id="resource-locator-devices"] input')
			.last()
			.click();
		await page.getByText('All Devices').first().click();
		await panel
			.getByRole('button', { name: /fetch test event/i })
			.first()
			.click();
		await panel.getByText('newAlarm').first().waitFor();
		await closeN8nNode(page);
		panel = await openN8nNode(page, 'Queue');
		for (const words of ['Queue', 'Acknowledge', 'Put a Ctrack node', 'Options'])
			expect(await panel.innerText()).toContain(words);
	} finally {
		await browser.close();
		await n8n.stop();
		await Promise.all([trackceo.close(), ctrack.close()]);
	}
});
