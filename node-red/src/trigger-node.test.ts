import {
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi, type MockInstance } from 'vitest';
import { Client } from '../../core/call/client';
import { Poller } from '../../core/watch/poller';
import { VendorFault } from '../../core/describe/errors';
import type { Provider } from '../../core/describe/provider';
import { ctrack } from '../../providers/ctrack';
import { trackceo } from '../../providers/protrack/trackceo';
import { PASSWORD, startProtrack } from '../../simulators/protrack';
import { until } from '../../test/hosts/process';
import { startVendor } from '../../test/hosts/vendor';
import { AlarmFeed } from '../../test/support/alarm-feed';
import { countedInTurns } from '../../test/support/longest-turn';
import { Runtime, RuntimeNode, type FlowNode } from '../../test/support/node-red-runtime';
import { PollBackoff } from './poll-backoff';
import { PollRunner } from './runners';
import { SharedTimers } from './shared-timers';

const provider = trackceo as unknown as Provider;
const [ONE, TWO] = ['358899051000001', '358899051000002'] as const;
const all = { type: 'list', value: '*' };

let feed: AlarmFeed;
let runtime: Runtime;
let userDir: string;
/** Node ids of their own for each test, as the process remembers where a trigger stands. */
let id: string;
let count = 0;
/** Where a trigger asks to be called when its interval is over. */
let joined: MockInstance<SharedTimers['join']>;
const intervalOver = () => joined.mock.calls[0]?.[2]();
beforeEach(async () => {
	// A trigger begins at a random moment: here at once.
	vi.spyOn(Math, 'random').mockReturnValue(0);
	joined = vi.spyOn(SharedTimers.prototype, 'join');
	feed = await AlarmFeed.start();
	userDir = mkdtempSync(join(tmpdir(), 'fleetwire-'));
	runtime = new Runtime([provider], { userDir });
	id = `trigger${String(++count)}`;
});
afterEach(async () => {
	await runtime.stop();
	await feed.close();
	rmSync(userDir, { recursive: true });
	vi.restoreAllMocks();
});

const account = (changes: object = {}): FlowNode => ({
	id: 'account',
	type: 'fleetwire-trackceo-account',
	baseUrl: feed.url,
	account: 'demo',
	secretType: 'password',
	allowPrivateAddresses: true,
	rateLimit: 60_000,
	...changes,
});
const trigger = (changes: object = {}): FlowNode => ({
	id,
	type: 'fleetwire-trackceo-trigger',
	x: 0,
	account: 'account',
	event: 'newAlarm',
	params: { devices: all, firstRun: { type: 'list', value: 'since' }, since: { type: 'str', value: '-1h' } },
	interval: 60,
	output: 'simplified',
	result: 'record',
	version: 1,
	...changes,
});
async function deployed(changes: object = {}, accounts = [account()]): Promise<RuntimeNode> {
	await runtime.deploy([...accounts, trigger(changes)], { account: { secret: 'a secret' } });
	return runtime.node(id);
}
/** Deployed, and its first poll is over. */
async function begun(changes: object = {}, accounts?: FlowNode[]): Promise<RuntimeNode> {
	const node = await deployed(changes, accounts);
	await until('the first poll', () => node.line !== undefined && node.line.text !== 'asking');
	return node;
}
const poll = (node: RuntimeNode) => node.receive({ payload: 'poll' });
/** Somebody presses its button. */
const press = (node: RuntimeNode) => (node as unknown as { pollNow: () => void }).pollNow();
const alarm = (imei: string = ONE) => feed.add({ imei, at: feed.now() - 5 });
const file = () => join(userDir, 'fleetwire', `${id}.json`);
const stored = () => JSON.parse(readFileSync(file(), 'utf8')) as { paused: boolean; cursor: unknown };
const red = (text: string) => ({ fill: 'red', shape: 'ring', text });
const yellow = (text: string) => ({ fill: 'yellow', shape: 'ring', text });

describe('events', () => {
	test('are sent one by one, each with its device, and once', async () => {
		alarm(ONE);
		alarm(TWO);
		const node = await begun();
		expect(node.sent.map(({ topic, parts }) => [topic, parts])).toMatchObject([
			[ONE, { index: 0, count: 2 }],
			[TWO, { index: 1, count: 2 }],
		]);
		expect(node.sent[0]).toMatchObject({
			_msgid: expect.any(String),
			payload: { deviceId: ONE, event: 'newAlarm' },
		});
		expect(node.line).toMatchObject({ fill: 'green', text: expect.stringMatching(/^2 new, \d\d:\d\d$/) });
		await poll(node);
		expect(node.sent).toHaveLength(2);
		expect(node.line?.text).toMatch(/^nothing new/);
	});

	test('leave in many turns of the program where they are many, and all of them once, also over a deploy', async () => {
		const EVENTS = 8000;
		const events = Array.from({ length: EVENTS }, (_, place) => ({ id: String(place), deviceId: ONE }));
		const cursor = { version: 1, trigger: 'newAlarm' };
		vi.spyOn(Poller.prototype, 'poll').mockImplementation((stored) =>
			Promise.resolve({ events: stored === undefined ? events : [], cursor, more: false, stop: false } as never),
		);
		const flows = [account(), trigger()];
		await runtime.deploy(flows, { account: { secret: 'a secret' } });
		const node = runtime.node(id);
		const send = vi.spyOn(node, 'send');
		const passed = countedInTurns(0.02);
		let deployed: Promise<void> | undefined;
		send.mockImplementation((msg) => {
			passed.count();
			RuntimeNode.prototype.send.call(node, msg);
			if (node.sent.length === EVENTS / 2)
				setImmediate(() => {
					deployed = runtime.deploy(flows);
				});
		});
		await until('a deploy in between', () => deployed !== undefined);
		await deployed;
		const again = runtime.node(id);
		await poll(again);
		const ids = [...node.sent, ...again.sent].map(({ payload }) => (payload as { id: string }).id);
		expect([ids.length, new Set(ids).size]).toEqual([EVENTS, EVENTS]);
		// What is left when the deploy comes goes at once.
		expect(passed.most).toBeLessThan((EVENTS * 2) / 3);
	});

	test('of a poll are one message where that is chosen', async () => {
		alarm(ONE);
		alarm(TWO);
		const node = await begun({ result: 'message' });
		expect(node.sent).toMatchObject([{ payload: [{ deviceId: ONE }, { deviceId: TWO }] }]);
	});

	test('are drawn on a map where that is chosen, under the names of the devices', async () => {
		alarm(ONE);
		const node = await begun({ output: 'worldmap', result: 'message' });
		expect(node.sent).toMatchObject([{ payload: { lat: 44.4, lon: 26.1, layer: expect.any(String) } }]);
		expect(JSON.stringify(node.sent)).toContain('Van 01');
	});

	test('are filtered as the node says', async () => {
		alarm(ONE);
		alarm(TWO);
		const devices = { type: 'list', value: TWO };
		const node = await begun({ params: { ...(trigger().params as object), devices } });
		expect(node.sent.map(({ topic }) => topic)).toEqual([TWO]);
	});
});

describe('polls', () => {
	test('come by themselves, at the interval and not faster than the vendor allows', async () => {
		for (const [interval, ms] of [
			[60, 60_000],
			['90', 90_000],
			[1, 10_000],
			['', 60_000],
			['often', 60_000],
			[-5, 60_000],
			[3_000_000, 20 * 86_400_000],
		] as const) {
			id = `trigger${String(++count)}`;
			const timers = vi.spyOn(globalThis, 'setTimeout');
			await begun({ interval });
			const delays = timers.mock.calls.map(([, delay]) => delay ?? 0);
			// Up to a tenth shorter or longer.
			expect(
				delays.filter((delay) => delay >= ms * 0.9 && delay <= ms * 1.1),
				String(interval),
			).toHaveLength(1);
			timers.mockRestore();
			await runtime.stop();
		}
	});

	test('a deploy does not poll again at once', async () => {
		await begun();
		const before = feed.requests.length;
		const node = await deployed();
		await new Promise((resolve) => setTimeout(resolve, 200));
		expect([feed.requests.length, node.line]).toEqual([before, undefined]);
	});

	test('go on where the last one of the node before a deploy stood', async () => {
		await begun();
		await runtime.stop();
		alarm();
		const node = await deployed();
		await poll(node);
		expect(node.sent).toHaveLength(1);
		await poll(node);
		expect(node.sent).toHaveLength(1);
	});

	test('are shared by the button and messages: one at a time, and one after it', async () => {
		const node = await begun();
		let release!: () => void;
		feed.hold = new Promise((resolve) => (release = resolve));
		const before = feed.looks;
		const asked = [poll(node), poll(node), poll(node)];
		press(node);
		await new Promise((resolve) => setTimeout(resolve, 50));
		release();
		feed.hold = undefined;
		expect((await Promise.all(asked)).map(({ error }) => error)).toEqual([undefined, undefined, undefined]);
		expect(feed.looks - before).toBeLessThanOrEqual(6);
	});
});

describe('a message', () => {
	test('pauses and resumes, and a pause outlives a restart', async () => {
		const node = await begun();
		await node.receive({ payload: ' PAUSE ' });
		expect([node.line?.text, stored().paused]).toEqual(['paused', true]);
		const again = await deployed();
		await until('the status', () => again.line?.text === 'paused');
		await again.receive({ topic: 'resume' });
		await until('a poll', () => again.line?.fill === 'green');
		expect(stored().paused).toBe(false);
	});

	test('polls in a pause, and that does not end it', async () => {
		const node = await begun();
		await node.receive({ payload: 'pause' });
		alarm();
		await poll(node);
		expect([node.sent.length, node.line?.text, stored().paused]).toEqual([1, 'paused', true]);
	});

	test.each(['pause', 'reset'])('%s ends the poll that is under way: nothing of it is sent', async (payload) => {
		const node = await begun({ params: { devices: all, firstRun: { type: 'list', value: 'nothing' } } });
		alarm();
		let release!: () => void;
		feed.hold = new Promise((resolve) => (release = resolve));
		const polled = poll(node);
		await new Promise((resolve) => setTimeout(resolve, 50));
		const changed = node.receive({ payload });
		release();
		feed.hold = undefined;
		await Promise.all([polled, changed]);
		expect([node.sent, node.caught]).toEqual([[], []]);
	});

	test('resets: it begins as a new node does', async () => {
		alarm();
		const node = await begun();
		await node.receive({ payload: 'reset' });
		await until('the alarm again', () => node.sent.length === 2);
		expect(node.sent[0]?.payload).toEqual(node.sent[1]?.payload);
	});

	test('resets in a pause, which goes on', async () => {
		const node = await begun();
		await node.receive({ payload: 'pause' });
		await node.receive({ payload: 'reset' });
		expect([node.line?.text, stored()]).toEqual(['paused', expect.objectContaining({ paused: true })]);
		expect(stored().cursor).toBeUndefined();
	});

	test.each([
		['hello', '"hello"'],
		[{ command: 'poll' }, 'the message'],
	])('that says %j is not understood', async (payload, quoted) => {
		const node = await begun();
		const { error } = await node.receive({ payload });
		expect(error).toMatchObject({
			message: `This trigger does not understand ${quoted}. Send "poll", "pause", "resume" or "reset" as msg.payload.`,
			code: 'InvalidParams',
		});
	});
});

describe('what goes wrong', () => {
	test('is an error once, and the next intervals are left out', async () => {
		feed.down = true;
		const node = await begun();
		expect(node.line).toEqual(yellow('unreachable'));
		expect(node.caught).toMatchObject([{ error: { code: 'Unreachable' }, msg: { topic: 'newAlarm' } }]);
		expect(node.caught[0]?.msg).toMatchObject({ _msgid: expect.any(String) });
		expect(node.caught[0]?.msg).not.toHaveProperty('statusCode');
		// The button's poll says nothing new, the message's is its own answer.
		press(node);
		expect((await poll(node)).error).toMatchObject({ code: 'Unreachable' });
		expect(node.caught).toHaveLength(2);
		const polls = vi.spyOn(PollRunner.prototype, 'poll');
		intervalOver();
		await new Promise((resolve) => setTimeout(resolve, 50));
		expect([polls.mock.calls.length, node.line]).toEqual([0, yellow('unreachable')]);
	});

	test('is an error again after it had worked', async () => {
		const folder = join(userDir, 'fleetwire');
		writeFileSync(folder, 'a file where the folder should be');
		const node = await begun();
		alarm();
		press(node);
		await until('the event', () => node.sent.length === 1);
		expect(node.caught).toHaveLength(1);
		rmSync(folder);
		alarm();
		expect((await poll(node)).error).toBeUndefined();
		rmSync(folder, { recursive: true });
		writeFileSync(folder, 'a file where the folder should be');
		alarm();
		press(node);
		await until('the error again', () => node.caught.length === 2);
	});

	test('is not remembered for ever where a vendor uses other words each time', async () => {
		const node = await begun();
		const said = (words: string) => {
			const problem = new VendorFault(words, { retryable: true });
			vi.spyOn(PollRunner.prototype, 'poll').mockResolvedValue({ count: 0, works: false, problem, stop: false });
		};
		said('Out of order.');
		press(node);
		const caught = () => node.caught.filter(({ error }) => error.message.startsWith('Out of order.')).length;
		await until('the error', () => caught() === 1);
		for (let count = 0; count < 1100; count++) {
			said(`Out of ${Array.from(String(count), (digit) => 'abcdefghij'[Number(digit)]).join('')}.`);
			await poll(node);
		}
		said('Out of order.');
		press(node);
		await until('the error again', () => caught() === 2);
	});

	test('an interval that comes round polls, unless a poll is under way, paused or stopped', async () => {
		const node = await begun();
		alarm();
		await node.receive({ payload: 'pause' });
		intervalOver();
		await new Promise((resolve) => setTimeout(resolve, 50));
		expect(node.sent).toHaveLength(0);
		const tries = vi.spyOn(Client.prototype, 'tryNow');
		await node.receive({ payload: 'resume' });
		await until('the poll', () => node.line?.fill === 'green');
		expect(tries).not.toHaveBeenCalled();
		await poll(node);
		expect([tries.mock.calls.length, node.sent.length]).toEqual([1, 1]);
	});

	test('a login that is refused to another node stops it at once', async () => {
		const node = await begun();
		feed.refusing = true;
		const { client } = runtime.node('account') as unknown as { client: (warn: () => void) => Client };
		const one = client(() => undefined);
		one.invalidate('token-00000001');
		await expect(one.collect(provider.operations[0]!, { devices: ONE })).rejects.toThrow();
		expect(node.line).toEqual(red('login refused'));
		expect((await poll(node)).error?.message).toMatch(/^This trigger has stopped/);
	});

	test('has the status of the answer, where there is one', async () => {
		const simulator = await startProtrack({ brand: 'trackceo' });
		simulator.fail({ kind: 'status', status: 503, times: null });
		await runtime.deploy([account({ baseUrl: simulator.url }), trigger()], { account: { secret: PASSWORD } });
		const node = runtime.node(id);
		await until('the error', () => node.caught.length > 0);
		expect(node.caught[0]?.msg).toMatchObject({ topic: 'newAlarm', statusCode: 503 });
		await runtime.stop();
		await simulator.close();
	});

	test('a poll that was asked for fails with it, and Catch nodes get it once', async () => {
		const node = await begun();
		feed.gone.add(ONE).add(TWO).add('358899051000003');
		const { error } = await poll(node);
		expect(error).toMatchObject({ code: expect.any(String) });
		expect(node.caught).toHaveLength(1);
	});

	test('a refused login stops it: no further poll, until somebody acts', async () => {
		feed.refusing = true;
		const node = await begun();
		expect(node.line).toEqual(red('login refused'));
		expect(node.caught).toMatchObject([{ error: { code: 'LoginRejected' } }]);
		const before = feed.requests.length;
		const { error } = await poll(node);
		expect(error?.message).toMatch(
			/^This trigger has stopped: .+ Put that right, then deploy again or send "resume"\.$/,
		);
		expect(feed.requests.length).toBe(before);
		feed.refusing = false;
		press(node);
		await until('it to work', () => node.line?.fill === 'green');
	});

	test('it goes on by itself once another node of the account has logged in', async () => {
		feed.refusing = true;
		const request = { id: 'request', type: 'fleetwire-trackceo', x: 0, resource: 'device', operation: 'getMany' };
		const node = await begun({}, [account(), { ...request, account: 'account', params: {} }]);
		expect(node.line).toEqual(red('login refused'));
		feed.refusing = false;
		expect((await runtime.node('request').receive({})).error).toBeUndefined();
		await until('it to work', () => node.line?.fill === 'green');
	});

	test.each([
		[{ account: '' }, 'This node has no TrackCEO account. Choose one in the node, and check that it is enabled.'],
		[
			{ event: 'landed' },
			'TrackCEO has no event "landed" in this version. Choose another one in the node, or update @fleetwire/node-red-fleet.',
		],
		[{ store: 'redis' }, 'Node-RED\'s settings have no context store "redis". Choose another store in the node.'],
	])('%o is said, and it stops', async (changes, message) => {
		const node = await begun(changes);
		expect(node.line).toEqual(red('invalid input'));
		expect(node.caught.map(({ error }) => error.message)).toEqual([message]);
		expect(feed.requests).toEqual([]);
	});

	test('a state that cannot be stored shows, and polls go on', async () => {
		writeFileSync(join(userDir, 'fleetwire'), 'a file where the folder should be');
		const node = await begun();
		expect(node.line).toEqual(red('state not stored'));
		expect(node.caught).toMatchObject([{ error: { code: 'NotStored' } }]);
		alarm();
		await poll(node);
		expect(node.sent).toHaveLength(1);
	});

	test('a state that cannot be read for the moment is read again with the next interval', async () => {
		await begun();
		await runtime.stop();
		const state = readFileSync(file());
		id = `trigger${String(++count)}`;
		const folder = join(userDir, 'fleetwire');
		renameSync(folder, `${folder}-away`);
		symlinkSync('fleetwire', folder);
		const node = await begun();
		expect(node.caught).toMatchObject([{ error: { code: 'NotRead' } }]);
		rmSync(folder);
		renameSync(`${folder}-away`, folder);
		writeFileSync(file(), state);
		vi.spyOn(PollBackoff.prototype, 'waits', 'get').mockReturnValue(false);
		joined.mock.calls.at(-1)?.[2]();
		await until('it to work', () => node.line?.fill === 'green');
	});

	test('a state that is damaged is kept, and said; the trigger begins again', async () => {
		mkdirSync(join(userDir, 'fleetwire'));
		writeFileSync(file(), 'not json');
		const node = await begun();
		expect(node.warnings).toEqual([expect.stringContaining(`The file is kept as ${id}.json.bad.`)]);
		expect(node.line?.fill).toBe('green');
	});

	test('an account that is incomplete shows at once', async () => {
		const node = await deployed({}, [account({ account: '' })]);
		expect(node.line).toEqual(red('account incomplete'));
	});
});

describe('Trigger Unwell', () => {
	const on = { ...(trigger().params as object), reportUnwell: { type: 'bool', value: 'true' } };
	const own = (node: RuntimeNode) => node.reported.map(({ payload }) => (payload as { event: string }).event);
	beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], shouldAdvanceTime: true }));
	afterEach(() => void vi.useRealTimers());

	/** Intervals go by; after a failure, most of them are left out. */
	async function minutes(count: number): Promise<void> {
		for (let minute = 0; minute < count; minute++) {
			vi.setSystemTime(Date.now() + 60_000);
			joined.mock.calls.at(-1)?.[2]();
			await new Promise((resolve) => setTimeout(resolve, 5));
		}
	}

	test('a vendor that is away is told once at the second output, and once that it is back', async () => {
		const node = await begun({ params: on });
		const success = Date.now();
		feed.down = true;
		press(node);
		await until('the failure', () => node.caught.length > 0);
		await minutes(9);
		expect(node.reported).toEqual([]);
		await minutes(20);
		expect(node.line?.text).toMatch(/^unreachable, (28|29) min$/);
		expect(node.reported).toMatchObject([
			{
				topic: 'triggerUnwell',
				payload: {
					event: 'triggerUnwell',
					trigger: 'newAlarm',
					code: 'Unreachable',
					error: expect.any(String),
				},
			},
		]);
		const { lastSuccess } = node.reported[0]?.payload as { lastSuccess: string };
		expect(Math.abs(Date.parse(lastSuccess) - success)).toBeLessThan(5000);
		expect(node.sent).toEqual([]);
		feed.down = false;
		alarm();
		press(node);
		await until('the event', () => node.sent.length > 0);
		await until('the report', () => node.reported.length === 2);
		await minutes(20);
		expect(own(node)).toEqual(['triggerUnwell', 'triggerWellAgain']);
	});

	test('what was told before a restart is not told again', async () => {
		feed.refusing = true;
		const node = await begun({ params: on });
		await minutes(20);
		await until('the report', () => node.reported.length > 0);
		expect(node.reported).toMatchObject([{ payload: { event: 'triggerUnwell', code: 'LoginRejected' } }]);
		await until('it to be stored', () => readFileSync(file(), 'utf8').includes('"unwell":true'));
		const state = readFileSync(file());
		await runtime.stop();
		// Another process, which finds what this one has stored.
		id = `trigger${String(++count)}`;
		writeFileSync(file(), state);
		const again = await begun({ params: on });
		await minutes(20);
		expect(again.reported).toEqual([]);
		feed.refusing = false;
		press(again);
		await until('the report', () => again.reported.length === 1);
		expect(own(again)).toEqual(['triggerWellAgain']);
	});

	test('a trigger whose account is not there says so, too', async () => {
		const node = await begun({ params: on, account: '' });
		await until('it to have stopped', () => node.caught.length > 0);
		await minutes(20);
		expect(own(node)).toEqual(['triggerUnwell']);
	});

	test('a flow that was saved without it gets no other message', async () => {
		const node = await begun();
		feed.down = true;
		press(node);
		await until('the failure', () => node.caught.length > 0);
		await minutes(20);
		feed.down = false;
		press(node);
		await until('it to work', () => node.line?.fill === 'green');
		expect(node.reported).toEqual([]);
	});
});

test('a context store is used where one is chosen', async () => {
	runtime.settings.contextStorage = { durable: {} };
	const node = await begun({ store: 'durable' });
	expect(node.stored('durable')).toMatchObject({ paused: false, cursor: expect.anything() });
	expect(readdirSync(userDir)).toEqual([]);
});

describe('where files are lost with the container', () => {
	const contextStorage = { default: { module: 'memory' }, kept: { module: () => ({}) } };
	const warningsOf = async (settings: object, changes: object[]) => {
		runtime = new Runtime([provider], {
			userDir,
			settings: { fleetwire: { keepsUserFolder: false }, ...settings },
		});
		const triggers = changes.map((change, at) => trigger({ id: `${id}-${String(at)}`, ...change }));
		await runtime.deploy([account(), ...triggers], { account: { secret: 'a secret' } });
		const nodes = triggers.map((one) => runtime.node(one.id));
		await until('all have polled', () => nodes.every(({ line }) => line?.text?.startsWith('nothing new')));
		return nodes.flatMap(({ warnings }) => warnings);
	};
	const lost = () =>
		`What triggers remember is in ${userDir}, which is lost when this container is replaced: events may then be missing.`;

	test('one trigger says so, and names the context store that is not', async () => {
		expect(await warningsOf({ contextStorage }, [{}, {}])).toEqual([
			`${lost()} Choose the context store “kept” in Remember in.`,
		]);
	});

	test('one trigger says so, and what to do where there is no such store', async () => {
		expect(await warningsOf({}, [{}, {}])).toEqual([`${lost()} Put that folder on a volume.`]);
	});

	test('a trigger that remembers elsewhere says nothing', async () => {
		expect(await warningsOf({ contextStorage }, [{ store: 'kept' }])).toEqual([]);
	});
});

describe('when it is closed', () => {
	test('it keeps its state while it is in the flows, and for a week after that', async () => {
		const files = () => readdirSync(join(userDir, 'fleetwire'));
		await begun();
		await runtime.stop();
		expect(files()).toEqual([`${id}.json`]);
		await deployed();
		await runtime.deploy([account()]);
		expect(files()).toEqual([`${id}.json`]);
		vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 8 * 86_400_000 });
		try {
			id += 'b';
			await begun();
			await runtime.deploy([account()]);
			expect(files()).toEqual([`${id}.json`]);
		} finally {
			vi.useRealTimers();
		}
	});

	test('and comes back with another branch of the flows, it goes on where it was', async () => {
		const node = await begun({ params: { devices: all, firstRun: { type: 'list', value: 'nothing' } } });
		await node.receive({ payload: 'pause' });
		const { cursor } = stored();
		expect(cursor).toBeDefined();
		await runtime.deploy([account()]);
		const back = await deployed();
		await until('the pause', () => back.line?.text === 'paused');
		await runtime.stop();
		expect(stored()).toMatchObject({ paused: true, cursor });
	});

	test('it keeps its state where it is disabled', async () => {
		await begun();
		await runtime.deploy([account(), trigger({ d: true })]);
		expect(readdirSync(join(userDir, 'fleetwire'))).toEqual([`${id}.json`]);
	});

	test('the account lets it go', async () => {
		const node = await begun();
		const { deregister } = Object.assign(runtime.node('account'), { deregister: vi.fn() });
		await node.close();
		expect(deregister).toHaveBeenCalledTimes(1);
	});

	test('a poll under way sends nothing any more', async () => {
		const node = await begun();
		alarm();
		let release!: () => void;
		feed.hold = new Promise((resolve) => (release = resolve));
		void poll(node);
		await new Promise((resolve) => setTimeout(resolve, 50));
		const closing = runtime.stop();
		release();
		await closing;
		await new Promise((resolve) => setTimeout(resolve, 50));
		expect([node.sent, node.caught, node.line]).toEqual([[], [], {}]);
	});
});

describe('a queue', () => {
	const queue = async (changes: object) => {
		const vendor = await startVendor('ctrack');
		runtime = new Runtime([ctrack], { userDir });
		const { secret, ...settings } = vendor.connection;
		await runtime.deploy(
			[
				{ id: 'account', type: 'fleetwire-ctrack-account', ...settings },
				{
					...trigger({ event: 'queueMessage', ...changes }),
					type: 'fleetwire-ctrack-trigger',
					params: { queue: { type: 'list', value: 'positions' } },
				},
			],
			{ account: { secret } },
		);
		const node = runtime.node(id);
		const acks = () => vendor.simulator.requests.filter(({ path }) => /Ack/i.test(path)).length;
		return { node, acks, close: () => vendor.close() };
	};

	test('sends its messages, and they are acknowledged when they have been sent', async () => {
		const { node, acks, close } = await queue({ acknowledge: 'sent' });
		await until('the messages', () => node.line?.fill === 'green');
		expect(node.sent[0]).toMatchObject({ attempt: 1, payload: { deliveryTag: expect.anything() } });
		expect(acks()).toBeGreaterThan(0);
		await runtime.stop();
		await close();
	});

	test('waits for the flow where that is to acknowledge', async () => {
		const { node, acks, close } = await queue({ acknowledge: 'operation', acknowledgeWithin: 10 });
		await until('the messages', () => node.line?.text?.endsWith('to acknowledge') === true);
		expect(node.line).toMatchObject({ fill: 'blue', shape: 'ring', text: `${node.sent.length} to acknowledge` });
		expect(acks()).toBe(0);
		// It continues waiting: a poll asked for meanwhile is none.
		expect((await poll(node)).error).toBeUndefined();
		await runtime.stop();
		expect(acks()).toBe(0);
		await close();
	});
});
