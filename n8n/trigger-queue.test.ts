import { createRequire } from 'node:module';
import type { ICredentialDataDecryptedObject, IDataObject, INodeParameters } from 'n8n-workflow';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CtrackApi } from '../credentials/CtrackApi.credentials';
import { CtrackQueueTrigger } from '../nodes/Ctrack/CtrackQueueTrigger.node';
import { Ctrack } from '../nodes/Ctrack/Ctrack.node';
import { Unreachable } from '../core/describe/errors';
import { QueueConsumer } from '../core/watch/queue-consumer';
import { PASSWORD, startCtrack, type CtrackSimulator } from '../simulators/ctrack';
import {
	executeContext,
	PublishedTrigger,
	StoredCredential,
	type Emitted,
	type RunEnd,
} from '../test/support/n8n-context';
import { forgetTriggerStates } from './trigger-state';

vi.mock('n8n-workflow', () => createRequire(__filename)('n8n-workflow') as object);
/** Short waits pass at once: there is no other worker here that a session could come from meanwhile. */
vi.mock('./abort', async (original) => {
	const { pause } = await original<typeof import('./abort')>();
	return { pause: (ms: number, signal?: AbortSignal) => pause(ms > 500 ? ms : 1, signal) };
});

const type = new CtrackQueueTrigger();
let simulator: CtrackSimulator;
let stored: StoredCredential;
let running: PublishedTrigger[];

beforeEach(async () => {
	vi.useFakeTimers({ toFake: ['Date'], shouldAdvanceTime: true });
	// The three vehicles report at full ten seconds and the two after: for a while nothing comes that the tests did not
	// ask for.
	vi.setSystemTime(Date.UTC(2026, 2, 18, 9, 41, 3));
	simulator = await startCtrack({ fleetSize: 3, queueIntervalSeconds: 10 });
	stored = account();
	running = [];
});
afterEach(async () => {
	for (const trigger of running) for (const { end } of trigger.emitted) end('success');
	for (const trigger of running) await trigger.close();
	await simulator.close();
	vi.useRealTimers();
});

const account = (changes: ICredentialDataDecryptedObject = {}) =>
	new StoredCredential(new CtrackApi(), {
		baseUrl: simulator.url,
		account: 'API_Demo',
		secret: PASSWORD,
		speedUnit: 'kmh',
		odometerUnit: 'metre',
		allowCommands: false,
		rateLimit: 60_000,
		allowPrivateAddresses: true,
		session: '',
		...changes,
	});

function trigger(parameters: INodeParameters = {}): PublishedTrigger {
	const { options, ...rest } = { options: {}, ...parameters };
	const made = new PublishedTrigger(type, stored, {
		parameters: {
			queue: 'positions',
			acknowledge: 'executionFinishesSuccessfully',
			options: { maxMessages: 10, ...options },
			...rest,
		},
	});
	running.push(made);
	return made;
}

/** Time goes on, so that messages come and the next look is due. */
function later(seconds = 60): void {
	vi.setSystemTime(Date.now() + seconds * 1000);
}

const queue = () => simulator.queues().find(({ type: name }) => name === 'Positions')!;
const idsOf = ({ items }: { items: { json: object }[] }) => items.map(({ json }) => (json as { id: string }).id);

/** Ticks until the trigger has given so many batches. */
async function given(of: PublishedTrigger, count: number): Promise<void> {
	await vi.waitFor(
		() => {
			of.tick();
			expect(of.emitted.length).toBeGreaterThanOrEqual(count);
		},
		{ timeout: 60_000, interval: 20 },
	);
}

async function settled(condition: () => void): Promise<void> {
	await vi.waitFor(condition, { timeout: 60_000, interval: 20 });
}

describe('acknowledging', () => {
	test('when the execution succeeds: a batch at a time, in order, each message once', async () => {
		const it = trigger();
		await it.activate();
		expect(it.emitted).toHaveLength(0);
		later(3600);
		const ids: string[] = [];
		for (let batch = 1; batch <= 4; batch++) {
			await given(it, batch);
			it.tick();
			expect(it.emitted).toHaveLength(batch);
			ids.push(...idsOf(it.emitted.at(-1)!));
			expect(queue().acknowledged).toBe(10 * (batch - 1));
			it.emitted.at(-1)!.end('success');
			await settled(() => expect(queue().acknowledged).toBe(10 * batch));
		}
		expect(new Set(ids).size).toBe(40);
		const times = it.emitted.flatMap(({ items }) => items.map(({ json }) => String(json.time)));
		expect(times).toEqual([...times].sort());
	});

	test('a failed execution gets the same messages again, later and later', async () => {
		const it = trigger();
		await it.activate();
		later(300);
		await given(it, 1);
		for (let attempt = 1; attempt <= 4; attempt++) {
			it.emitted.at(-1)!.end('error');
			// Let it hear of the end before the clock goes on.
			await new Promise((resolve) => setTimeout(resolve, 20));
			later(2.5 * 2 ** attempt - 1);
			it.tick();
			await new Promise((resolve) => setTimeout(resolve, 20));
			expect(it.emitted).toHaveLength(attempt);
			later(2);
			await given(it, attempt + 1);
			expect(idsOf(it.emitted.at(-1)!)).toEqual(idsOf(it.emitted[0]!));
		}
		expect(queue().acknowledged).toBe(0);
		it.emitted.at(-1)!.end('success');
		await settled(() => expect(queue().acknowledged).toBe(10));
	});

	test('when it finishes: a failure is as good', async () => {
		const it = trigger({ acknowledge: 'executionFinishes' });
		await it.activate();
		later(300);
		await given(it, 1);
		it.emitted[0]!.end('error');
		await settled(() => expect(queue().acknowledged).toBe(10));
	});

	test('immediately: before the execution starts', async () => {
		const it = trigger({ acknowledge: 'immediately' });
		await it.activate();
		later(300);
		await given(it, 1);
		expect(queue().acknowledged).toBe(10);
	});

	test('by an Acknowledge operation: what it does not name comes again', async () => {
		const it = trigger({ acknowledge: 'laterMessageNode' });
		await it.activate();
		later(300);
		await given(it, 1);
		const tags = it.emitted[0]!.items.map(({ json }) => String(json.deliveryTag));
		const acknowledge = async (deliveryTags: string) => {
			const { context } = executeContext(new Ctrack(), stored, {
				parameters: { resource: 'queue', operation: 'acknowledge', queue: 'positions', deliveryTags },
			});
			await new Ctrack().execute.call(context);
		};
		await acknowledge(tags.slice(0, 4).join());
		expect(queue().acknowledged).toBe(4);
		await acknowledge(tags.slice(5, 6).join());
		expect(queue().acknowledged).toBe(4);
		it.emitted[0]!.end('success');
		later(60);
		await given(it, 2);
		expect(idsOf(it.emitted[1]!)).toEqual(idsOf(it.emitted[0]!).filter((_, at) => at === 4 || at > 5));
		await acknowledge(tags.slice(4).join());
		expect(queue().acknowledged).toBe(10);
		await given(it, 3);
	});

	test('a clock that is set back, after it was days ahead, delays nothing', async () => {
		const it = trigger();
		await it.activate();
		const right = Date.now();
		later(3 * 86_400);
		it.tick();
		await given(it, 1);
		it.emitted.at(-1)!.end('error');
		await new Promise((resolve) => setTimeout(resolve, 20));
		vi.setSystemTime(right + 60_000);
		await given(it, 2);
	});

	test('a poisoned batch is set aside after some tries, and reported with its messages', async () => {
		const it = trigger({ options: { attempts: 2 } });
		await it.activate();
		later(300);
		await given(it, 1);
		it.emitted[0]!.end('error');
		await settled(() => expect(it.emitted).toHaveLength(1));
		later(60);
		await given(it, 2);
		it.emitted[1]!.end('error');
		await given(it, 3);
		expect(queue().acknowledged).toBe(10);
		expect(idsOf(it.emitted[2]!)).not.toEqual(idsOf(it.emitted[0]!));
		expect(it.failures).toMatchObject([
			{
				message: '10 messages were set aside: the workflow failed with them 2 times.',
				context: { data: { messages: idsOf(it.emitted[0]!).map((id) => ({ id })) } },
			},
		]);
	});
});

describe('an execution that waits has not ended', () => {
	/** Publishes, and has the first execution wait. */
	async function waiting(parameters: INodeParameters = {}, how: RunEnd = {}): Promise<PublishedTrigger> {
		const it = trigger(parameters);
		await it.activate();
		later(300);
		await given(it, 1);
		it.emitted[0]!.end('waiting', how);
		await quiet();
		return it;
	}

	/** Nothing is acknowledged and nothing else is given, however often it might look. */
	async function stands(it: PublishedTrigger, batches = 1): Promise<void> {
		for (let look = 0; look < 3; look++) {
			later(600);
			it.tick();
			await quiet();
		}
		expect(queue().acknowledged).toBe(0);
		expect(it.emitted).toHaveLength(batches);
	}

	const quiet = async () => await new Promise((resolve) => setTimeout(resolve, 50));
	const acknowledge = async ({ items }: Emitted) => {
		const deliveryTags = items.map(({ json }) => String(json.deliveryTag)).join();
		const { context } = executeContext(new Ctrack(), stored, {
			parameters: { resource: 'queue', operation: 'acknowledge', queue: 'positions', deliveryTags },
		});
		await new Ctrack().execute.call(context);
	};

	test.each(['executionFinishes', 'executionFinishesSuccessfully', 'laterMessageNode'])(
		'%s: nothing is acknowledged while it waits, nor past it',
		async (mode) => {
			await stands(await waiting({ acknowledge: mode }));
		},
	);

	test.each(['executionFinishes', 'executionFinishesSuccessfully', 'laterMessageNode'])(
		'%s, in a worker: the same, and it is told that the trigger does not hear of the end',
		async (mode) => {
			const it = await waiting({ acknowledge: mode }, { worker: true });
			await stands(it);
			expect(it.failures.map(({ message }) => message)).toEqual([expect.stringContaining('waits')]);
		},
	);

	test('when it finishes: acknowledged once it is over', async () => {
		const it = await waiting({ acknowledge: 'executionFinishes' });
		it.emitted[0]!.over();
		await settled(() => expect(queue().acknowledged).toBe(10));
		await given(it, 2);
		expect(it.failures).toEqual([]);
	});

	test('when it succeeds: n8n does not tell how it ended, so it is told once, and only Acknowledge ends it', async () => {
		const it = await waiting();
		expect(it.failures).toMatchObject([
			{
				message: expect.stringContaining('waits'),
				description: expect.stringContaining('By an Acknowledge Operation Later in the Workflow'),
			},
		]);
		it.emitted[0]!.over();
		await stands(it);
		await acknowledge(it.emitted[0]!);
		expect(queue().acknowledged).toBe(10);
		await given(it, 2);
		it.emitted[1]!.end('waiting');
		await quiet();
		expect(it.failures).toHaveLength(1);
	});

	test('by an Acknowledge operation: after the wait; what it has not acknowledged when it is over comes again', async () => {
		const it = await waiting({ acknowledge: 'laterMessageNode' });
		expect(it.failures).toEqual([]);
		await acknowledge({ ...it.emitted[0]!, items: it.emitted[0]!.items.slice(0, 4) });
		expect(queue().acknowledged).toBe(4);
		it.emitted[0]!.over();
		await quiet();
		later(60);
		await given(it, 2);
		expect(idsOf(it.emitted[1]!)).toEqual(idsOf(it.emitted[0]!).slice(4));
		it.emitted[1]!.end('waiting');
		await acknowledge(it.emitted[1]!);
		await given(it, 3);
		expect(queue().acknowledged).toBe(10);
	});

	test('an answer that a Respond to Webhook node gave before says nothing about its end', async () => {
		const it = trigger({ acknowledge: 'executionFinishes' });
		await it.activate();
		later(300);
		await given(it, 1);
		it.emitted[0]!.respond();
		it.emitted[0]!.end('waiting');
		await stands(it);
	});

	test('an answer that a Respond to Webhook node gives after the wait is no end either', async () => {
		const it = await waiting({ acknowledge: 'executionFinishes' });
		it.emitted[0]!.respond();
		await stands(it);
	});

	test('stopped by hand while it waits: the messages come again', async () => {
		const it = await waiting();
		it.emitted[0]!.stop('manual');
		await quiet();
		later(60);
		await given(it, 2);
		expect(queue().acknowledged).toBe(0);
		expect(idsOf(it.emitted[1]!)).toEqual(idsOf(it.emitted[0]!));
	});

	test('the session ends meanwhile: what is acknowledged after that is left out when it comes again, the rest is given', async () => {
		const it = await waiting({ acknowledge: 'laterMessageNode' });
		simulator.killToken('API_Demo');
		await expect(acknowledge(it.emitted[0]!)).rejects.toThrow('session');
		later(60);
		await given(it, 2);
		expect(idsOf(it.emitted[1]!)).not.toHaveLength(0);
		expect(idsOf(it.emitted[1]!).filter((id) => idsOf(it.emitted[0]!).includes(id))).toEqual([]);
	});

	test('switched off and on while it waits: the messages come again', async () => {
		const it = await waiting();
		await it.close();
		const next = trigger();
		await next.activate('update');
		later(60);
		await given(next, 1);
		expect(idsOf(next.emitted[0]!)).toEqual(idsOf(it.emitted[0]!));
		expect(queue().acknowledged).toBe(0);
	});
});

describe('what ends an execution before its time', () => {
	const CASES: [string, (of: Emitted) => void, { finishes: string; succeeds: string }][] = [
		['it fails', (of) => of.end('error'), { finishes: 'acknowledged', succeeds: 'again' }],
		[
			'it fails in a worker',
			(of) => of.end('error', { worker: true }),
			{ finishes: 'acknowledged', succeeds: 'again' },
		],
		[
			'it succeeds in a worker',
			(of) => of.end('success', { worker: true }),
			{ finishes: 'acknowledged', succeeds: 'acknowledged' },
		],
		['its time is over', (of) => of.stop('timeout'), { finishes: 'acknowledged', succeeds: 'again' }],
		[
			'its time is over, and it noticed itself',
			(of) =>
				of.end('canceled', {
					error: { message: 'The execution was cancelled because it timed out', reason: 'timeout' },
				}),
			{ finishes: 'acknowledged', succeeds: 'again' },
		],
		['stopped by hand', (of) => of.stop('manual'), { finishes: 'again', succeeds: 'again' }],
		[
			'stopped by hand, and it noticed itself',
			(of) =>
				of.end('canceled', { error: { message: 'The execution was cancelled manually', reason: 'manual' } }),
			{ finishes: 'again', succeeds: 'again' },
		],
		['n8n ends', (of) => of.stop('shutdown'), { finishes: 'again', succeeds: 'again' }],
		['its worker died', (of) => of.end('error', { nothingRan: true }), { finishes: 'again', succeeds: 'again' }],
		['it crashed', (of) => of.end('crashed', { nothingRan: true }), { finishes: 'again', succeeds: 'again' }],
	];

	test.each(
		CASES.flatMap(([what, end, { finishes, succeeds }]) => [
			{ what, end, acknowledge: 'executionFinishes', came: finishes },
			{ what, end, acknowledge: 'executionFinishesSuccessfully', came: succeeds },
		]),
	)('$what, $acknowledge: $came', async ({ end, acknowledge, came }) => {
		const it = trigger({ acknowledge });
		await it.activate();
		later(300);
		await given(it, 1);
		end(it.emitted[0]!);
		await new Promise((resolve) => setTimeout(resolve, 50));
		later(60);
		await given(it, 2);
		const again = idsOf(it.emitted[1]!).join() === idsOf(it.emitted[0]!).join();
		expect([again ? 'again' : 'acknowledged', queue().acknowledged]).toEqual([came, came === 'again' ? 0 : 10]);
	});
});

describe('starting and stopping', () => {
	test("nothing is given before the trigger is there, and how often it looks is the user's", async () => {
		const it = trigger({ options: { every: 7 } });
		await it.activate();
		expect(it.emitted).toHaveLength(0);
		expect(it.expression).toBe('* * * * * *');
		const other = new PublishedTrigger(type, account({ account: 'API_Demo2' }), {
			parameters: { queue: 'positions', options: {} },
		});
		await expect(other.activate()).rejects.toThrow('refuses the account');
	});

	test('a refused login fails the activation, but not that when n8n starts: then it is told, and goes on once corrected', async () => {
		stored.data = { ...stored.data, secret: 'a wrong one' };
		await expect(trigger().activate()).rejects.toThrow('refuses the account');
		const it = trigger();
		await it.activate('init');
		expect(it.failures).toMatchObject([{ message: expect.stringContaining('refuses the account') }]);
		const sent = simulator.requests.length;
		for (let round = 0; round < 3; round++) {
			later(600);
			it.tick();
			await new Promise((resolve) => setTimeout(resolve, 20));
		}
		expect(simulator.requests).toHaveLength(sent);
		stored.data = { ...stored.data, secret: PASSWORD };
		later(600);
		it.tick();
		await settled(() => expect(simulator.queues()).toHaveLength(1));
		later(600);
		await given(it, 1);
		expect(it.failures).toHaveLength(1);
	});

	test('switching off waits for the batch under way and acknowledges it; the next one goes on there', async () => {
		const it = trigger();
		await it.activate();
		later(300);
		await given(it, 1);
		const closing = it.close();
		it.emitted[0]!.end('success');
		await closing;
		expect(queue().acknowledged).toBe(10);
		const next = trigger();
		await next.activate('update');
		later(60);
		await given(next, 1);
		expect(idsOf(next.emitted[0]!).filter((id) => idsOf(it.emitted[0]!).includes(id))).toEqual([]);
	});
});

describe('a trial in the editor', () => {
	test('gives messages that stay in the queue', async () => {
		const it = trigger();
		await it.activate();
		later(300);
		await it.close();
		const trial = trigger();
		const response = await trial.activate('manual', 'manual');
		await response!.manualTriggerFunction!();
		expect(trial.emitted[0]!.items.length).toBeGreaterThan(0);
		expect(queue().acknowledged).toBe(0);
	});
});

describe('Trigger Unwell', () => {
	const own = ({ emitted }: PublishedTrigger) =>
		emitted.flatMap(({ items }) => items.map(({ json }) => json)).filter(({ event }) => event !== 'queueMessage');
	function reporting(staticData: IDataObject): PublishedTrigger {
		const made = new PublishedTrigger(type, stored, {
			parameters: {
				queue: 'positions',
				acknowledge: 'executionFinishesSuccessfully',
				options: { reportUnwell: true, every: 60 },
			},
			staticData,
		});
		running.push(made);
		return made;
	}
	async function minutes(of: PublishedTrigger, count: number): Promise<void> {
		for (let minute = 0; minute < count; minute++) {
			later(60);
			of.tick();
			await new Promise(setImmediate);
		}
	}

	test('a queue that cannot be read is told once, over a restart, and once that it can be again', async () => {
		forgetTriggerStates();
		const next = vi.spyOn(QueueConsumer.prototype, 'next').mockResolvedValue(undefined);
		vi.spyOn(QueueConsumer.prototype, 'open').mockResolvedValue(undefined);
		const staticData: IDataObject = {};
		const it = reporting(staticData);
		await it.activate();
		await minutes(it, 3);
		next.mockRejectedValue(new Unreachable('Ctrack cannot be reached.'));
		await minutes(it, 9);
		expect(own(it)).toEqual([]);
		await minutes(it, 20);
		const unwell = { trigger: 'queueMessage', error: 'Ctrack cannot be reached.', code: 'Unreachable' };
		expect(own(it)).toMatchObject([{ ...unwell, event: 'triggerUnwell' }]);
		await it.close();
		forgetTriggerStates();
		const again = reporting(JSON.parse(JSON.stringify(staticData)) as IDataObject);
		await again.activate('init');
		await minutes(again, 20);
		expect(own(again)).toEqual([]);
		next.mockResolvedValue(undefined);
		await minutes(again, 20);
		expect(own(again)).toMatchObject([{ ...unwell, event: 'triggerWellAgain', lastSuccess: expect.any(String) }]);
		vi.restoreAllMocks();
	});
});
