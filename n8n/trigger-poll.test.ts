import { createRequire } from 'node:module';
import type { ICredentialDataDecryptedObject, INodeParameters } from 'n8n-workflow';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { TrackCeoApi } from '../credentials/TrackCeoApi.credentials';
import { TrackCeoTrigger } from '../nodes/TrackCeo/TrackCeoTrigger.node';
import { AlarmFeed } from '../test/support/alarm-feed';
import { Crash, PublishedPoll, StoredCredential, tryPoll, type PublishedOptions } from '../test/support/n8n-context';
import { pollIntervalMs } from './trigger-input';
import { forgetTriggerStates } from './trigger-state';

vi.mock('n8n-workflow', () => createRequire(__filename)('n8n-workflow') as object);

const [ONE, TWO, THREE] = ['358899051000001', '358899051000002', '358899051000003'] as const;
const type = new TrackCeoTrigger();
let feed: AlarmFeed;
let stored: StoredCredential;

beforeEach(async () => {
	vi.useFakeTimers({ toFake: ['Date'], shouldAdvanceTime: true });
	feed = await AlarmFeed.start();
	stored = account();
	forgetTriggerStates();
});
afterEach(async () => {
	await feed.close();
	vi.useRealTimers();
});

const account = (changes: ICredentialDataDecryptedObject = {}) =>
	new StoredCredential(new TrackCeoApi(), {
		baseUrl: feed.url,
		account: 'demo',
		secretType: 'password',
		secret: 'a secret',
		allowCommands: false,
		rateLimit: 60_000,
		allowPrivateAddresses: true,
		session: '',
		...changes,
	});

const newAlarm = (parameters: INodeParameters = {}): INodeParameters => ({
	event: 'newAlarm',
	devices: { __rl: true, mode: 'list', value: '*' },
	firstRun: 'nothing',
	options: {},
	pollTimes: { item: [{ mode: 'everyMinute' }] },
	...parameters,
});

/** Polled every minute, as far as the clock tells. */
class EveryMinute extends PublishedPoll {
	override async tick(): Promise<void> {
		vi.setSystemTime(Date.now() + 60_000);
		await super.tick();
	}
}
const published = (options: PublishedOptions = {}) =>
	new EveryMinute(type, stored, { parameters: newAlarm(), ...options });

/** The process ends, and another begins. */
async function restart(poll: PublishedPoll): Promise<void> {
	poll.deactivate();
	forgetTriggerStates();
	await poll.activate('init');
}

/** What is stored of where the trigger stands: with durable cursors in the node's static data, else the workflow's. */
function storedTexts(poll: PublishedPoll, change = (text: string) => text): string[] {
	const texts: string[] = [];
	for (const data of Object.values(poll.database.staticData) as Record<string, string>[])
		for (const [name, text] of Object.entries(data)) {
			if (!name.startsWith('fleetwire')) continue;
			data[name] = change(text);
			texts.push(text);
		}
	return texts;
}
const cutStored = (poll: PublishedPoll) => storedTexts(poll, (text) => text.slice(0, text.length / 2));

const keys = (poll: PublishedPoll) => poll.events.map((event) => AlarmFeed.keyOf(event));
const inBatches = (poll: PublishedPoll) =>
	poll.database.executions.map((items) => items.map(({ json }) => AlarmFeed.keyOf(json)));
const now = () => feed.now();
const shuffled = (list: readonly string[]) => [...list].sort();

describe.each(['clock', 'scheduler', 'durableCursors'] as const)("polled by n8n's %s", (engine) => {
	const durable = engine === 'durableCursors';

	test('every alarm comes once, those of before the start not at all', async () => {
		feed.add({ imei: ONE, at: now() - 300 });
		const poll = published({ engine });
		await poll.activate();
		await poll.tick();
		const first = feed.add({ imei: ONE, at: now() + 1 }, { imei: TWO, at: now() + 1 });
		await poll.tick();
		await poll.tick();
		const second = feed.add({ imei: ONE, at: now() + 2 });
		await poll.tick();
		await poll.tick();
		expect(shuffled(keys(poll))).toEqual(shuffled([...first, ...second]));
		expect(poll.database.executions).toHaveLength(2);
		expect(poll.database.failures).toEqual([]);
	});

	test('an event carries the record and what is common to all', async () => {
		const poll = published({ engine });
		await poll.activate();
		feed.add({ imei: ONE, at: now() + 1 });
		await poll.tick();
		expect(poll.events).toMatchObject([
			{
				event: 'newAlarm',
				id: expect.any(String),
				deviceId: ONE,
				type: 'sos',
				late: false,
				latitude: 44.4,
				longitude: 26.1,
			},
		]);
		expect(poll.events[0]).not.toHaveProperty('raw');
	});

	test('nothing is given twice over switching off, on, and editing', async () => {
		const poll = published({ engine });
		await poll.activate();
		const expected: string[] = [];
		for (let round = 0; round < 3; round++) {
			expected.push(...feed.add({ imei: ONE, at: now() + round + 1 }));
			await poll.tick();
			poll.deactivate();
			expected.push(...feed.add({ imei: TWO, at: now() + round + 1 }));
			poll.options = { ...poll.options, parameters: newAlarm({ options: { includeRaw: round % 2 === 0 } }) };
			await poll.activate('update');
			await poll.tick();
		}
		expect(shuffled(keys(poll))).toEqual(shuffled(expected));
	});

	test('over a stop of the process nothing is missing, and at most the last batch comes again', async () => {
		const poll = published({ engine });
		await poll.activate();
		const expected: string[] = [];
		for (let round = 1; round <= 4; round++) {
			expected.push(...feed.add({ imei: ONE, at: now() + round }));
			await poll.tick();
		}
		expected.push(...feed.add({ imei: TWO, at: now() + 9 }));
		const last = inBatches(poll).at(-1)!;
		await restart(poll);
		await poll.tick();
		const all = keys(poll);
		expect(new Set(all)).toEqual(new Set(expected));
		const twice = all.filter((key, at) => all.indexOf(key) !== at);
		expect(twice).toEqual(durable ? [] : last);
	});

	test('a new leader loses nothing, and repeats the last batch at most', async () => {
		const poll = published({ engine });
		await poll.activate();
		const expected: string[] = [];
		for (let round = 1; round <= 3; round++) {
			expected.push(...feed.add({ imei: ONE, at: now() + round }));
			await poll.tick();
		}
		const last = inBatches(poll).at(-1)!;
		poll.deactivate();
		expected.push(...feed.add({ imei: TWO, at: now() }));
		// The other process knows what is stored, and nothing else.
		forgetTriggerStates();
		await poll.activate('leadershipChange');
		await poll.tick();
		const all = keys(poll);
		expect(new Set(all)).toEqual(new Set(expected));
		expect(all.filter((key, at) => all.indexOf(key) !== at)).toEqual(durable ? [] : last);
	});

	test.each(['beforeStored', 'beforeExecution'] as const)('a crash %s loses nothing', async (point) => {
		const poll = published({ engine });
		await poll.activate();
		const expected = feed.add({ imei: ONE, at: now() + 1 });
		await poll.tick();
		expected.push(...feed.add({ imei: ONE, at: now() + 2 }, { imei: TWO, at: now() + 2 }));
		poll.crash = point;
		await expect(poll.tick()).rejects.toBeInstanceOf(Crash);
		poll.crash = undefined;
		await restart(poll);
		await poll.tick();
		const all = keys(poll);
		expect(new Set(all)).toEqual(new Set(expected));
		expect(all.length - new Set(all).size).toBeLessThanOrEqual(durable ? 0 : 1);
	});

	test('what n8n drops because the workflow was changed meanwhile is given again', async () => {
		const poll = published({ engine });
		await poll.activate();
		const expected = feed.add({ imei: ONE, at: now() + 1 });
		await poll.tick();
		expected.push(...feed.add({ imei: TWO, at: now() + 2 }));
		let release!: () => void;
		feed.hold = new Promise((resolve) => (release = resolve));
		const tick = poll.tick();
		poll.deactivate();
		release();
		feed.hold = undefined;
		await tick;
		expect(poll.database.executions).toHaveLength(1);
		await poll.activate('update');
		await poll.tick();
		expect(shuffled(keys(poll))).toEqual(shuffled(expected));
	});

	test('one poll at a time', async () => {
		const poll = published({ engine });
		await poll.activate();
		const expected = feed.add(
			{ imei: ONE, at: now() + 1 },
			{ imei: TWO, at: now() + 1 },
			{ imei: THREE, at: now() + 1 },
		);
		vi.setSystemTime(Date.now() + 60_000);
		let release!: () => void;
		feed.hold = new Promise((resolve) => (release = resolve));
		const slow = poll.due()();
		await vi.waitFor(() => expect(feed.requests.at(-1)).toBe('/api/track'), { timeout: 30_000 });
		const sent = feed.requests.length;
		await poll.due()();
		await poll.due()();
		expect(feed.requests).toHaveLength(sent);
		feed.hold = undefined;
		release();
		await slow;
		await poll.tick();
		expect(shuffled(keys(poll))).toEqual(shuffled(expected));
	});

	test('a poll that was due before the last batch was stored gives it no second time', async () => {
		const poll = published({ engine });
		await poll.activate();
		await poll.tick();
		const late = [poll.due(), poll.due()];
		const expected = feed.add({ imei: ONE, at: now() + 1 });
		await poll.tick();
		for (const run of late) await run();
		await poll.tick();
		expect(keys(poll)).toEqual(expected);
	});

	test('late, out of order, in the future, and hundreds in one second', async () => {
		const poll = published({ engine });
		await poll.activate();
		const expected = feed.add({ imei: ONE, at: now() + 5 }, { imei: ONE, at: now() + 3 });
		await poll.tick();
		expected.push(...feed.add({ imei: ONE, at: now() - 120 }, { imei: ONE, at: now() + 4 }));
		await poll.tick();
		expected.push(...feed.add({ imei: TWO, at: now() + 3600 }, { imei: TWO, at: now() + 1 }));
		await poll.tick();
		expected.push(...feed.add({ imei: TWO, at: now() + 2 }));
		await poll.tick();
		const second = now() + 6;
		expected.push(
			...feed.add(
				...Array.from({ length: 90 }, (_, index) => ({ imei: THREE, at: second, gpsTime: second - index })),
			),
		);
		await poll.tick();
		await poll.tick();
		expect(shuffled(keys(poll))).toEqual(shuffled(expected));
		expect(poll.events.some(({ late }) => late === true)).toBe(true);
	});

	test("n8n's clock is set back an hour, and a day", async () => {
		const poll = published({ engine });
		await poll.activate();
		const expected: string[] = [];
		for (const seconds of [0, 3600, 86_400, 0]) {
			vi.setSystemTime(Date.now() - seconds * 1000);
			// The vendor's goes on.
			feed.skewSeconds += seconds;
			expected.push(...feed.add({ imei: ONE, at: now() }, { imei: TWO, at: now() }));
			await poll.tick();
		}
		await poll.tick();
		expect(shuffled(keys(poll))).toEqual(shuffled(expected));
	});

	test('stored data that are cut start afresh with a warning', async () => {
		const poll = published({ engine });
		await poll.activate();
		feed.add({ imei: ONE, at: now() - 30 });
		await poll.tick();
		poll.deactivate();
		forgetTriggerStates();
		cutStored(poll);
		await poll.activate('init');
		await poll.tick();
		const next = feed.add({ imei: ONE, at: now() + 5 });
		await poll.tick();
		expect(keys(poll).slice(-1)).toEqual(next);
		expect(poll.database.executions).toHaveLength(2);
	});
});

/**
 * Where a trigger begins is a fact from the first poll on: whenever n8n ends after that, everything since then comes.
 */
describe.each(['clock', 'scheduler', 'durableCursors'] as const)(
	"polled by n8n's %s, which ends before there is a second batch",
	(engine) => {
		const durable = engine === 'durableCursors';
		const later = (minutes: number) => vi.setSystemTime(Date.now() + minutes * 60_000);

		/** n8n is away for three hours, and something happens meanwhile. */
		async function away(poll: PublishedPoll): Promise<string[]> {
			poll.deactivate();
			later(60);
			const meanwhile = feed.add(
				{ imei: ONE, at: now() },
				{ imei: ONE, at: now() - 30 },
				{ imei: TWO, at: now() },
			);
			later(120);
			await restart(poll);
			await poll.tick();
			await poll.tick();
			return meanwhile;
		}

		/** All of it, and nothing but the first batch a second time. */
		function expectAll(poll: PublishedPoll, expected: readonly string[]): void {
			const all = keys(poll);
			expect(new Set(all)).toEqual(new Set(expected));
			const twice = all.filter((key, at) => all.indexOf(key) !== at);
			if (durable) expect(twice).toEqual([]);
			else expect(inBatches(poll)[0]).toEqual(expect.arrayContaining(twice));
		}

		test.each(
			['nothing', 'latest', 'since'].flatMap((firstRun) => [0, 3].map((idle) => [firstRun, idle] as const)),
		)('First Run "%s", a batch in the first poll, and %i idle polls', async (firstRun, idle) => {
			const poll = published({ engine, parameters: newAlarm({ firstRun, since: '-1h' }) });
			const expected = feed.add({ imei: ONE, at: now() });
			await poll.activate();
			expect(keys(poll)).toEqual(expected);
			for (let polls = 0; polls < idle; polls++) await poll.tick();
			expected.push(...(await away(poll)));
			expectAll(poll, expected);
		});

		test.each([0, 3])('nothing in the first poll, and %i idle polls', async (idle) => {
			const poll = published({ engine });
			await poll.activate();
			for (let polls = 0; polls < idle; polls++) await poll.tick();
			expectAll(poll, await away(poll));
		});

		test.each(['nothing', 'latest', 'since'])(
			'First Run "%s", and a crash before the first batch is an execution',
			async (firstRun) => {
				const poll = published({ engine, parameters: newAlarm({ firstRun, since: '-1h' }) });
				const expected = feed.add({ imei: ONE, at: now() });
				poll.crash = 'beforeExecution';
				await expect(poll.activate()).rejects.toBeInstanceOf(Crash);
				poll.crash = undefined;
				expected.push(...(await away(poll)));
				expect(shuffled(keys(poll))).toEqual(shuffled(expected));
			},
		);

		test('the first batch comes with a later poll', async () => {
			const poll = published({ engine });
			await poll.activate();
			const expected = feed.add({ imei: ONE, at: now() + 1 });
			await poll.tick();
			expected.push(...(await away(poll)));
			expectAll(poll, expected);
		});

		/** What is published at first: another trigger than the one that counts, which has given a batch. */
		async function another(options: PublishedOptions = {}): Promise<PublishedPoll> {
			const poll = published({ engine, ...options });
			feed.add({ imei: THREE, at: now() });
			await poll.activate();
			await poll.tick();
			poll.database.executions.length = 0;
			return poll;
		}

		test.each([0, 1])('another account, published again, with %i alarms in its first poll', async (alarms) => {
			const poll = await another();
			poll.deactivate();
			stored.data = { ...stored.data, account: 'other', session: '' };
			later(5);
			const expected = feed.add(...Array.from({ length: alarms }, () => ({ imei: ONE, at: now() })));
			await poll.activate('update');
			expected.push(...(await away(poll)));
			expectAll(poll, expected);
		});

		test('another account in a credential that was changed while the trigger runs', async () => {
			const poll = await another();
			stored.data = { ...stored.data, account: 'other', session: '' };
			later(5);
			const expected = feed.add({ imei: ONE, at: now() + 60 });
			await poll.tick();
			expect(keys(poll)).toEqual(expected);
			expected.push(...(await away(poll)));
			expectAll(poll, expected);
		});

		test('a first batch that n8n drops, because the workflow is changed meanwhile', async () => {
			const poll = await another();
			stored.data = { ...stored.data, account: 'other', session: '' };
			later(5);
			const expected = feed.add({ imei: ONE, at: now() + 60 });
			let release!: () => void;
			feed.hold = new Promise((resolve) => (release = resolve));
			const tick = poll.tick();
			poll.deactivate();
			release();
			feed.hold = undefined;
			await tick;
			expect(poll.events).toEqual([]);
			later(30);
			expected.push(...feed.add({ imei: TWO, at: now() }));
			await poll.activate('update');
			await poll.tick();
			expect(shuffled(keys(poll))).toEqual(shuffled(expected));
		});

		test.each([0, 1])(
			'another event, chosen a moment after a batch of the one before, with %i alarms in its first poll',
			async (alarms) => {
				const poll = await another({ parameters: newAlarm({ event: 'positionChanged', firstRun: 'latest' }) });
				feed.add({ imei: TWO, at: now() });
				await poll.tick();
				poll.deactivate();
				poll.database.executions.length = 0;
				vi.setSystemTime(Date.now() + 2000);
				const expected = feed.add(...Array.from({ length: alarms }, () => ({ imei: ONE, at: now() })));
				poll.options = { ...poll.options, parameters: newAlarm() };
				await poll.activate('update');
				expected.push(...(await away(poll)));
				// The first poll's second belongs to it, whatever came before.
				expect(new Set(keys(poll))).toEqual(new Set(expected));
			},
		);

		// Without an activation and without an event, n8n has no occasion to store anything.
		test.each(engine === 'scheduler' ? [1] : [0, 1])(
			'a position that cannot be read, with %i alarms in the first poll after that',
			async (alarms) => {
				const poll = await another();
				poll.deactivate();
				forgetTriggerStates();
				cutStored(poll);
				later(5);
				const expected = feed.add(...Array.from({ length: alarms }, () => ({ imei: ONE, at: now() })));
				await poll.activate('init');
				if (engine !== 'clock') await poll.tick();
				expected.push(...(await away(poll)));
				expectAll(poll, expected);
			},
		);

		test('what a watch has seen of devices that were not in its first batch', async () => {
			feed.add({ imei: TWO, at: now() }, { imei: THREE, at: now() });
			later(120);
			feed.add({ imei: ONE, at: now() });
			later(40);
			const poll = published({
				engine,
				parameters: newAlarm({ event: 'deviceSilent', minutes: 30, firstRun: 'since', since: '-1h' }),
			});
			const told = () => poll.events.map(({ deviceId, silent }) => `${String(deviceId)} ${String(silent)}`);
			await poll.activate();
			expect(told()).toEqual([`${ONE} true`]);
			poll.deactivate();
			// TWO was known to be silent.
			later(90);
			feed.add({ imei: TWO, at: now() });
			await restart(poll);
			await poll.tick();
			expect(told().filter((text) => !text.startsWith(ONE))).toEqual([`${TWO} false`]);
			if (durable) expect(told()).toHaveLength(2);
		});

		test('"Since" is counted back from the first poll', async () => {
			feed.add({ imei: ONE, at: now() });
			later(30);
			const poll = published({
				engine,
				parameters: newAlarm({ event: 'positionChanged', firstRun: 'since', since: '-1h' }),
			});
			await poll.activate();
			expect(poll.events.map(({ deviceId }) => deviceId)).toContain(ONE);
			poll.deactivate();
			later(10);
			feed.add({ imei: ONE, at: now() });
			const moved = now();
			later(180);
			await restart(poll);
			await poll.tick();
			expect(
				poll.events
					.filter(({ deviceId }) => deviceId === ONE)
					.map(({ time }) => Date.parse(String(time)) / 1000),
			).toContain(moved);
		});
	},
);

describe.each(['clock', 'scheduler', 'durableCursors'] as const)("n8n's word for it, polled by its %s", (engine) => {
	const durable = engine === 'durableCursors';
	const sqliteFull = () => new Error('SQLITE_FULL: database or disk is full');

	test.each([1, 2])('%i executions in a row that cannot be made lose nothing', async (count) => {
		const poll = published({ engine });
		await poll.activate();
		const expected = feed.add({ imei: ONE, at: now() + 1 });
		await poll.tick();
		poll.refusals.push(...Array.from({ length: count }, sqliteFull));
		for (let round = 0; round < count; round++) {
			expected.push(...feed.add({ imei: TWO, at: now() + round }));
			await poll.tick();
		}
		expected.push(...feed.add({ imei: THREE, at: now() }));
		await poll.tick();
		await poll.tick();
		expect(shuffled(keys(poll))).toEqual(shuffled(expected));
		await restart(poll);
		await poll.tick();
		expect(new Set(keys(poll))).toEqual(new Set(expected));
	});

	test('an execution that cannot be made in the first poll of a start loses nothing', async () => {
		const poll = published({ engine });
		await poll.activate();
		const expected = feed.add({ imei: ONE, at: now() + 1 });
		await poll.tick();
		poll.deactivate();
		forgetTriggerStates();
		expected.push(...feed.add({ imei: TWO, at: now() }));
		poll.refusals.push(sqliteFull());
		await poll.activate('init');
		await poll.tick();
		await poll.tick();
		expect(new Set(keys(poll))).toEqual(new Set(expected));
		await restart(poll);
		await poll.tick();
		expect(new Set(keys(poll))).toEqual(new Set(expected));
	});

	test.each([
		Object.assign(new Error('cancelled'), { reason: 'manual' }),
		Object.assign(new Error('cancelled'), { reason: 'timeout' }),
		Object.assign(new Error('cancelled'), { reason: 'shutdown' }),
		new Error('No active execution found'),
	])('an execution that was made and ends with %o is not repeated', async (end) => {
		const poll = published({ engine });
		poll.runsGoOn = true;
		await poll.activate();
		const expected = feed.add({ imei: ONE, at: now() + 1 });
		await poll.tick();
		for (const run of poll.runs) run?.reject(end);
		await new Promise(setImmediate);
		await poll.tick();
		await poll.tick();
		expect(keys(poll)).toEqual(expected);
	});

	test.each(['in this process', 'while n8n is down'])(
		'a node that is renamed %s goes on where it stands',
		async (when) => {
			const poll = published({ engine });
			await poll.activate();
			const expected = feed.add({ imei: ONE, at: now() + 1 });
			await poll.tick();
			poll.deactivate();
			if (when === 'while n8n is down') forgetTriggerStates();
			// n8n keeps durable cursors by the node's id.
			if (durable) poll.database.staticData['node:Alarms'] = poll.database.staticData['node:Fleet'];
			poll.options = { ...poll.options, settings: { name: 'Alarms' } };
			expected.push(...feed.add({ imei: TWO, at: now() + 1 }));
			await poll.activate(when === 'while n8n is down' ? 'init' : 'update');
			await poll.tick();
			const all = keys(poll);
			expect(new Set(all)).toEqual(new Set(expected));
			expect(all.length - expected.length).toBe(when === 'while n8n is down' && !durable ? 1 : 0);
		},
	);

	test('an old batch comes again once, however often n8n starts', async () => {
		const poll = published({ engine });
		await poll.activate();
		const expected = feed.add({ imei: ONE, at: now() + 1 });
		await poll.tick();
		for (let starts = 0; starts < 4; starts++) {
			await restart(poll);
			await poll.tick();
			// Without durable cursors, n8n's scheduler saves nothing at a start: it takes a batch.
			if (engine === 'scheduler' && starts === 0) {
				expected.push(...feed.add({ imei: TWO, at: now() }));
				await poll.tick();
				poll.deactivate();
				await poll.activate('update');
			}
		}
		const all = keys(poll);
		expect(new Set(all)).toEqual(new Set(expected));
		if (engine !== 'scheduler') expect(all.length - expected.length).toBe(durable ? 0 : 1);
	});

	test('what the workflow itself writes does not move the position back', async () => {
		const poll = published({ engine });
		await poll.activate();
		const expected: string[] = [];
		const old = structuredClone(poll.database.staticData);
		for (let round = 0; round < 4; round++) {
			expected.push(...feed.add({ imei: ONE, at: now() + 1 }));
			await poll.tick();
			// The end of an execution that began before. n8n keeps durable cursors apart.
			if (!durable)
				poll.database.staticData = structuredClone({
					...old,
					global: { ...(old.global as object), mine: round },
				});
		}
		poll.deactivate();
		await poll.activate('update');
		await poll.tick();
		expect(keys(poll)).toEqual(expected);
	});

	test('publishing again while n8n still holds older data repeats nothing', async () => {
		const poll = published({ engine });
		await poll.activate();
		const older = structuredClone(poll.database.staticData);
		const expected = feed.add({ imei: ONE, at: now() + 1 });
		await poll.tick();
		poll.deactivate();
		if (!durable) poll.database.staticData = older;
		await poll.activate('update');
		await poll.tick();
		await poll.tick();
		expect(keys(poll)).toEqual(expected);
	});

	test.each([0, 5])(
		'a change that undoes the last one that was told comes after a restart and %i idle polls',
		async (idle) => {
			feed.add({ imei: ONE, at: now() });
			const poll = published({ engine, parameters: newAlarm({ event: 'deviceSilent', minutes: 30 }) });
			const told = () => poll.events.filter(({ deviceId }) => deviceId === ONE).map(({ silent }) => silent);
			await poll.activate();
			for (let minute = 0; minute < 31; minute++) {
				feed.hears(TWO, THREE);
				await poll.tick();
			}
			expect(told()).toEqual([true]);
			for (let polls = 0; polls < idle; polls++) await poll.tick();
			poll.deactivate();
			vi.setSystemTime(Date.now() + 3_600_000);
			feed.hears(ONE, TWO, THREE);
			await restart(poll);
			await poll.tick();
			expect(told()).toEqual(durable ? [true, false] : [true, true, false]);
		},
	);
});

test('an execution that cannot be made is told late: what came after it is repeated, and nothing is lost', async () => {
	const poll = published();
	poll.runsGoOn = true;
	await poll.activate();
	const expected = feed.add({ imei: ONE, at: now() + 1 });
	await poll.tick();
	expected.push(...feed.add({ imei: TWO, at: now() }));
	await poll.tick();
	poll.database.executions.splice(0, 1);
	poll.runs[0]?.reject(new Error('the database did not answer'));
	await new Promise(setImmediate);
	await poll.tick();
	expect(new Set(keys(poll))).toEqual(new Set(expected));
});

test.each(['event', 'account'])(
	'an execution that cannot be made is told after another %s was chosen: that keeps where it began',
	async (what) => {
		const poll = published({
			parameters: newAlarm(what === 'event' ? { event: 'positionChanged' } : {}),
		});
		feed.hears(ONE, TWO, THREE);
		await poll.activate();
		poll.runsGoOn = true;
		vi.setSystemTime(Date.now() + 60_000);
		feed.add({ imei: TWO, at: now() });
		await poll.tick();
		expect(poll.runs).toHaveLength(1);
		poll.deactivate();
		if (what === 'account') stored.data = { ...stored.data, account: 'other', session: '' };
		vi.setSystemTime(Date.now() + 60_000);
		poll.options = { ...poll.options, parameters: newAlarm() };
		await poll.activate('update');
		poll.database.executions.length = 0;
		const expected = feed.add({ imei: ONE, at: now() + 1 });
		vi.setSystemTime(Date.now() + 300_000);
		feed.hears(ONE, TWO, THREE);
		poll.runs[0]?.reject(new Error('the database did not answer'));
		await new Promise(setImmediate);
		await poll.tick();
		await poll.tick();
		expect(keys(poll)).toEqual(expected);
	},
);

test('static data are small, and hold what was before the last batch', async () => {
	const poll = published();
	await poll.activate();
	const stored = () => storedTexts(poll)[0]!;
	const before = JSON.parse(stored()) as { cursor: object };
	feed.add({ imei: ONE, at: now() + 1 });
	await poll.tick();
	const text = stored();
	expect(JSON.parse(text)).toMatchObject({
		batch: expect.any(Number),
		account: expect.any(String),
		cursor: before.cursor,
	});
	expect(text.length).toBeLessThan(1000);
});

describe('problems', () => {
	// Reads that fail are tried again after a random time: the shortest.
	beforeEach(() => void vi.spyOn(Math, 'random').mockReturnValue(0));
	afterEach(() => void vi.restoreAllMocks());

	test('a refused login fails the activation, without the secret in the words', async () => {
		feed.refusing = true;
		const error = await published()
			.activate()
			.catch((thrown: unknown) => thrown as Error);
		expect(error).toMatchObject({
			message: expect.stringContaining('refuses the account or its password'),
			description: expect.stringContaining('sends nothing'),
		});
		expect(JSON.stringify(error)).not.toContain('a secret');
	});

	test('an activation that n8n tries again asks the vendor no second time; one with other settings does', async () => {
		feed.refusing = true;
		const poll = published();
		for (let attempt = 0; attempt < 5; attempt++)
			await expect(poll.activate()).rejects.toThrow('refuses the account');
		expect(feed.requests).toEqual(['/api/authorization']);
		stored.data = { ...stored.data, secret: 'another', session: '' };
		await expect(poll.activate()).rejects.toThrow('refuses the account');
		expect(feed.requests).toHaveLength(2);
	});

	test('a vendor that cannot be reached fails the activation by a user, not that when n8n starts', async () => {
		feed.down = true;
		const poll = published();
		await expect(poll.activate()).rejects.toThrow();
		await poll.activate('init');
		feed.down = false;
		await poll.tick();
		const expected = feed.add({ imei: ONE, at: now() + 1 });
		await poll.tick();
		expect(keys(poll)).toEqual(expected);
	});

	test('after a refused login nothing is sent until the credential is changed', async () => {
		const poll = published();
		await poll.activate();
		feed.refusing = true;
		stored.data = { ...stored.data, secret: 'another', session: '' };
		await poll.tick();
		const sent = feed.requests.length;
		for (let round = 0; round < 5; round++) await poll.tick();
		expect(feed.requests).toHaveLength(sent);
		expect(poll.database.failures).toHaveLength(1);
		feed.refusing = false;
		stored.data = { ...stored.data, secret: 'a secret', session: '' };
		const expected = feed.add({ imei: ONE, at: now() + 1 });
		await poll.tick();
		expect(keys(poll)).toEqual(expected);
	});

	test('when n8n starts with a refused login, it is told once, and polling goes on once it is corrected', async () => {
		const poll = published();
		feed.refusing = true;
		await poll.activate('init');
		await poll.tick();
		await poll.tick();
		expect(poll.database.failures).toMatchObject([{ message: expect.stringContaining('refuses the account') }]);
		feed.refusing = false;
		stored.data = { ...stored.data, secret: 'right now', session: '' };
		await poll.tick();
		const expected = feed.add({ imei: ONE, at: now() + 1 });
		await poll.tick();
		expect(keys(poll)).toEqual(expected);
	});

	test('a vendor that is away is told with every poll, and its events come afterwards', async () => {
		const poll = published();
		await poll.activate();
		const expected = feed.add({ imei: ONE, at: now() + 1 });
		feed.down = true;
		await poll.tick();
		expect(poll.database.failures).toHaveLength(1);
		feed.down = false;
		await vi.waitFor(
			async () => {
				await poll.tick();
				expect(keys(poll)).toEqual(expected);
			},
			{ timeout: 60_000, interval: 500 },
		);
	});

	test('one device that fails does not keep back the others, and is told once an hour', async () => {
		const poll = published();
		await poll.activate();
		feed.failing.add(TWO);
		const expected: string[] = [];
		for (let round = 0; round < 65; round++) {
			expected.push(...feed.add({ imei: ONE, at: now() }));
			feed.add({ imei: TWO, at: now() });
			await poll.tick();
		}
		expect(keys(poll)).toEqual(expected);
		expect(poll.database.failures).toMatchObject(
			Array(2).fill({ description: expect.stringContaining('Events of the others still arrive') }),
		);
	});

	describe('a named device that has left the account', () => {
		const named = { __rl: true, mode: 'list', value: [ONE, TWO, THREE] } as unknown as INodeParameters;

		test.each(['before it is published', 'while it runs'])(
			"%s: the others' alarms come, quiet polls do not fail, and it is told once an hour",
			async (when) => {
				if (when !== 'while it runs') feed.gone.add(TWO);
				const poll = published({ parameters: newAlarm({ devices: named }) });
				await poll.activate();
				await poll.tick();
				feed.gone.add(TWO);
				const given: string[] = [];
				for (let minute = 0; minute < 70; minute++) {
					if (minute % 10 === 0)
						given.push(...feed.add({ imei: ONE, at: now() }, { imei: THREE, at: now() }));
					await poll.tick();
				}
				expect(shuffled(keys(poll))).toEqual(shuffled(given));
				expect(poll.database.failures.map(({ message }) => message)).toEqual(
					poll.database.failures.map(
						() =>
							`${TWO} is refused: TrackCEO says that the account may not see one of the devices (code 10013: IMEI is not authorized).`,
					),
				);
				expect(poll.database.failures).toHaveLength(2);
			},
		);

		test('comes again with what was raised meanwhile', async () => {
			const poll = published({ parameters: newAlarm({ devices: named }) });
			await poll.activate();
			await poll.tick();
			feed.gone.add(TWO);
			for (let minute = 0; minute < 10; minute++) await poll.tick();
			const raised = feed.add({ imei: TWO, at: now() - 100 }, { imei: ONE, at: now() });
			feed.gone.delete(TWO);
			for (let minute = 0; minute < 20; minute++) await poll.tick();
			expect(shuffled(keys(poll))).toEqual(shuffled(raised));
		});
	});

	test('an event that the vendor does not have', async () => {
		await expect(published({ parameters: newAlarm({ event: 'noSuchThing' }) }).activate()).rejects.toThrow(
			'has no event "noSuchThing"',
		);
	});
});

describe('the settings', () => {
	test('with another account it begins afresh', async () => {
		const poll = published();
		await poll.activate();
		feed.add({ imei: ONE, at: now() + 1 });
		await poll.tick();
		poll.deactivate();
		feed.add({ imei: ONE, at: now() - 30 });
		stored.data = { ...stored.data, account: 'other', session: '' };
		await poll.activate('update');
		await poll.tick();
		expect(poll.database.executions).toHaveLength(1);
	});

	test('an address that is spelled otherwise changes nothing of where it stands, also over a start of n8n', async () => {
		const poll = published();
		await poll.activate();
		const expected = feed.add({ imei: ONE, at: now() + 1 });
		await poll.tick();
		stored.data = { ...stored.data, baseUrl: feed.url.replace('http:', 'HTTP:') + '/', session: '' };
		poll.deactivate();
		expected.push(...feed.add({ imei: TWO, at: now() - 30 }));
		await restart(poll);
		await poll.tick();
		expect(new Set(keys(poll))).toEqual(new Set(expected));
	});

	test('a new secret changes nothing of where it stands', async () => {
		const poll = published();
		await poll.activate();
		poll.deactivate();
		const expected = feed.add({ imei: ONE, at: now() + 1 });
		stored.data = { ...stored.data, secret: 'a new one', session: '' };
		await poll.activate('update');
		await poll.tick();
		expect(keys(poll)).toEqual(expected);
	});

	test('the first run gives what the user asks for', async () => {
		const old = feed.add(
			{ imei: ONE, at: now() - 7200 },
			{ imei: ONE, at: now() - 3600 },
			{ imei: TWO, at: now() - 60 },
		);
		const since = published({ parameters: newAlarm({ firstRun: 'since', since: '-90m' }) });
		await since.activate();
		await since.tick();
		expect(shuffled(keys(since))).toEqual(shuffled(old.slice(1)));
		forgetTriggerStates();
		const latest = published({ parameters: newAlarm({ firstRun: 'latest' }) });
		await latest.activate();
		await latest.tick();
		expect(shuffled(keys(latest))).toEqual(shuffled(old.slice(1)));
	});

	test('a large backlog comes in executions of some thousand, in order', async () => {
		const begin = now() - 5000;
		const old = feed.add(...Array.from({ length: 2400 }, (_, index) => ({ imei: ONE, at: begin + index })));
		const poll = published({ parameters: newAlarm({ firstRun: 'since', since: '-3h' }) });
		await poll.activate();
		for (let round = 0; round < 4; round++) await poll.tick();
		expect(keys(poll)).toEqual(old);
		for (const items of poll.database.executions) expect(items.length).toBeLessThanOrEqual(1200);
	});
});

describe('a trial in the editor', () => {
	test('gives recent events and stores nothing', async () => {
		const [, key] = feed.add({ imei: ONE, at: now() - 7200 }, { imei: ONE, at: now() - 60 });
		const items = await tryPoll(type, stored, { parameters: newAlarm() });
		expect(items.map(({ json }) => AlarmFeed.keyOf(json))).toContain(key);
		const poll = published();
		await poll.activate();
		expect(poll.database.executions).toEqual([]);
	});

	test('says so if there are none', async () => {
		await expect(tryPoll(type, stored, { parameters: newAlarm() })).rejects.toThrow('no recent event');
	});
});

test.each([
	[{ item: [{ mode: 'everyMinute' }] }, 60],
	[{ item: [{ mode: 'everyX', unit: 'minutes', value: 5 }] }, 300],
	[{ item: [{ mode: 'everyX', unit: 'hours', value: 2 }] }, 7200],
	[{ item: [{ mode: 'everyHour', minute: 3 }] }, 3600],
	[{ item: [{ mode: 'everyDay', hour: 3, minute: 3 }] }, 86_400],
	[{ item: [{ mode: 'everyMinute' }, { mode: 'custom', cronExpression: '30 * * * * *' }] }, 30],
	[{ item: [] }, 60],
	[undefined, 60],
])('Poll Times %j are every %i s', (pollTimes, seconds) => {
	expect(pollIntervalMs(pollTimes)).toBeCloseTo(seconds * 1000);
});

describe.each(['clock', 'scheduler', 'durableCursors'] as const)('Trigger Unwell, polled by its %s', (engine) => {
	// Reads that fail are tried again after a random time: the shortest.
	beforeEach(() => void vi.spyOn(Math, 'random').mockReturnValue(0));
	afterEach(() => void vi.restoreAllMocks());

	const reporting = () => published({ engine, parameters: newAlarm({ options: { reportUnwell: true } }) });
	const own = (poll: PublishedPoll) => poll.events.map(({ event }) => event).filter((name) => name !== 'newAlarm');
	async function twoMinutes(poll: PublishedPoll): Promise<void> {
		vi.setSystemTime(Date.now() + 60_000);
		await poll.tick();
	}
	/** Ten minutes without success. */
	async function falls(poll: PublishedPoll): Promise<void> {
		feed.down = true;
		for (let polls = 0; polls < 5; polls++) await twoMinutes(poll);
	}

	test('a vendor that is away is told once, over restarts, and once that it is back', async () => {
		const poll = reporting();
		await poll.activate();
		await poll.tick();
		const success = Date.now();
		await falls(poll);
		expect(poll.events).toMatchObject([
			{
				event: 'triggerUnwell',
				id: expect.any(String),
				deviceId: null,
				trigger: 'newAlarm',
				lastSuccess: expect.any(String),
				error: expect.stringMatching(/^The connection to .+ broke off/),
				code: 'Unreachable',
			},
		]);
		const secondsAfter = (time: unknown) => Math.round((Date.parse(String(time)) - success) / 1000);
		expect(secondsAfter(poll.events[0]?.lastSuccess)).toBeCloseTo(0, -1);
		expect(secondsAfter(poll.events[0]?.since)).toBeCloseTo(120, -1);
		await twoMinutes(poll);
		await restart(poll);
		await twoMinutes(poll);
		expect(own(poll)).toEqual(['triggerUnwell']);
		const expected = feed.add({ imei: ONE, at: now() });
		feed.down = false;
		await vi.waitFor(
			async () => {
				await poll.tick();
				expect(own(poll)).toEqual(['triggerUnwell', 'triggerWellAgain']);
			},
			{ timeout: 30_000, interval: 500 },
		);
		const [unwell, well] = poll.events.filter(({ event }) => event !== 'newAlarm');
		expect(well).toEqual({
			...unwell,
			event: 'triggerWellAgain',
			id: expect.stringContaining('triggerWellAgain'),
			time: expect.any(String),
			error: expect.any(String),
			code: expect.any(String),
		});
		await restart(poll);
		await poll.tick();
		expect(own(poll)).toHaveLength(2);
		const alarms = poll.events.filter(({ event }) => event === 'newAlarm').map((one) => AlarmFeed.keyOf(one));
		expect(new Set(alarms)).toEqual(new Set(expected));
	}, 60_000);

	test('a refused login, with which it asks no more, is told once, and once that it is right', async () => {
		const poll = reporting();
		await poll.activate();
		feed.refusing = true;
		stored.data = { ...stored.data, secret: 'another', session: '' };
		for (let polls = 0; polls < 8; polls++) await twoMinutes(poll);
		expect(poll.events).toMatchObject([{ event: 'triggerUnwell', code: 'LoginRejected' }]);
		feed.refusing = false;
		stored.data = { ...stored.data, secret: 'a secret', session: '' };
		await poll.tick();
		await poll.tick();
		expect(own(poll)).toEqual(['triggerUnwell', 'triggerWellAgain']);
	});

	test('settings that permit no poll are told once, and once that they do', async () => {
		const poll = reporting();
		await poll.activate();
		await poll.tick();
		const right = stored.data;
		stored.data = { ...right, baseUrl: 'no address' };
		for (let polls = 0; polls < 5; polls++) await twoMinutes(poll);
		await restart(poll);
		await twoMinutes(poll);
		expect(poll.events).toMatchObject([
			{ event: 'triggerUnwell', code: 'InvalidParams', error: expect.stringMatching(/^The base URL/) },
		]);
		stored.data = right;
		await twoMinutes(poll);
		await twoMinutes(poll);
		expect(own(poll)).toEqual(['triggerUnwell', 'triggerWellAgain']);
	});

	test.each(['cannot make', 'drops'])('an execution that n8n %s is made with the next poll', async (why) => {
		const poll = reporting();
		await poll.activate();
		feed.refusing = true;
		stored.data = { ...stored.data, secret: 'another', session: '' };
		for (let polls = 0; polls < 5; polls++) {
			expect(own(poll)).toEqual([]);
			if (why === 'cannot make') {
				if (poll.refusals.length === 0) poll.refusals.push(new Error('SQLITE_FULL'));
				await twoMinutes(poll);
			} else {
				vi.setSystemTime(Date.now() + 120_000);
				const due = poll.due();
				poll.deactivate();
				await due();
				await poll.activate('leadershipChange');
			}
		}
		poll.refusals.length = 0;
		await twoMinutes(poll);
		await twoMinutes(poll);
		expect(own(poll)).toEqual(['triggerUnwell']);
	});

	test('nobody who has not asked for it gets any, and nothing of it is stored', async () => {
		const poll = published({ engine, parameters: newAlarm() });
		await poll.activate();
		await falls(poll);
		await twoMinutes(poll);
		expect(poll.events).toEqual([]);
		expect(JSON.stringify(poll.database.staticData)).not.toContain('health');
	}, 30_000);
});
