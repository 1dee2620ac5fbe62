/** A polling trigger in the real n8n: events on the road come as executions, whatever happens to n8n meanwhile. */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { AlarmFeed } from '../support/alarm-feed';
import { DURABLE_CURSORS, everySeconds, startN8n, type Credential, type Json, type N8n, type Workflow } from './n8n';
import { until } from './process';

const ARTIFACTS = join(__dirname, '..', '..', 'artifacts');
const tarball = join(ARTIFACTS, readdirSync(ARTIFACTS).find((name) => name.startsWith('n8n-nodes-fleetwire-')) ?? '');
const [ONE = '', TWO = '', THREE = ''] = ['358899051000001', '358899051000002', '358899051000003'];
const EVERY = 2;
const UNWELL = join(__dirname, '..', '..', 'docs', 'examples', 'n8n-trigger-unwell.json');

/** What n8n may take to poll again, its scheduler's own pace included. */
const SOON = { timeoutMs: 60_000, everyMs: 200 };

/** Each mode of n8n in a test file of its own: they run side by side. */
export function polling({ durable }: { durable: boolean }): void {
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
			editor: false,
			env: {
				...(durable ? DURABLE_CURSORS : {}),
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

	test('a trigger that fails for ten minutes says so once, over restarts, and once that it works again', async () => {
		const example = JSON.parse(readFileSync(UNWELL, 'utf8')) as Parameters<N8n['createWorkflow']>[0];
		workflow = await n8n.createWorkflow({
			...example,
			nodes: example.nodes.map((node) =>
				node.type === 'n8n-nodes-fleetwire.trackCeoTrigger'
					? {
							...node,
							parameters: { ...node.parameters, pollTimes: everySeconds(EVERY) },
							credentials: { trackCeoApi: { id: credential.id, name: credential.name } },
						}
					: node,
			),
		});
		await n8n.activate(workflow);
		await looks(1);
		const alarm = feed.add({ imei: ONE, at: now() });
		await delivered(alarm);
		const told = () =>
			n8n
				.deliveries(workflow.id)
				.flatMap(({ items }) => items.map(({ json }) => json))
				.filter(({ event }) => event === 'triggerUnwell' || event === 'triggerWellAgain');
		await n8n.end();
		// As if it had been without success for ten minutes but five seconds.
		n8n.changeTriggerState(workflow.id, (text) =>
			text.includes('"unwell"')
				? JSON.stringify({ ...(JSON.parse(text) as object), without: 595_000, at: Date.now() })
				: text,
		);
		feed.down = true;
		await n8n.start();
		await until('it to say that it is unwell', () => told().length > 0, SOON);
		expect(told()).toMatchObject([
			{ event: 'triggerUnwell', trigger: 'newAlarm', lastSuccess: expect.any(String), code: expect.any(String) },
		]);
		await n8n.end();
		await n8n.start();
		await new Promise((resolve) => setTimeout(resolve, 5 * EVERY * 1000));
		expect(told()).toHaveLength(1);
		feed.down = false;
		await until('it to be well again', () => told().length > 1, SOON);
		await looks(2);
		expect(told().map(({ event }) => event)).toEqual(['triggerUnwell', 'triggerWellAgain']);
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
}
