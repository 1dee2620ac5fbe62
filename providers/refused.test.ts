import { afterEach, describe, expect, test } from 'vitest';
import { Client } from '../core/call/client';
import { readFields } from '../core/describe/field';
import type { Connection } from '../core/describe/connection';
import { findTrigger } from '../core/describe/provider';
import { Poller, type PollResult } from '../core/watch/poller';
import type { FaultRule } from '../simulators/faults';
import { PASSWORD, startProtrack } from '../simulators/protrack';
import { FetchHost } from '../test/support/fetch-host';
import { kitOf, ONE_OF_EACH } from '../test/support/kits';
import type { Revocable } from '../test/support/testkit';
import { trackceo } from './protrack/trackceo';
import type { ProtrackConnection } from './protrack/connection';

const NOW = Date.UTC(2026, 2, 18, 9, 41, 7);
const MINUTE = 60_000;
const FLEET = 110;

const running: Pick<Revocable, 'close'>[] = [];
afterEach(async () => {
	await Promise.all(running.splice(0).map((vendor) => vendor.close()));
});

async function start(name: string) {
	const kit = kitOf(name);
	const provider = kit.vendor.provider;
	const vendor = (await kit.startRevocable?.({ clock: () => NOW, fleetSize: FLEET })) ?? expect.fail();
	running.push(vendor);
	const connection = readFields(
		provider.connection,
		{ baseUrl: vendor.url, allowPrivateAddresses: true, rateLimit: 60_000, ...kit.settings, allowCommands: false },
		{ now: NOW, timeZone: 'UTC' },
	) as unknown as Connection;
	const host = new FetchHost(provider, connection, { now: () => vendor.now(), pass: (ms) => vendor.advance(ms) });
	const client = new Client(provider, connection, host);
	const poller = (event: string, input: object) =>
		new Poller(client, findTrigger(provider, event) ?? expect.fail(`no ${event}`), {
			...input,
			...(event === 'deviceSilent' ? { minutes: 5 } : {}),
		});
	return {
		vendor,
		provider,
		client,
		poller,
		surveys: () => vendor.requests.filter(({ path }) => kit.positions.test(path)).length,
	};
}
type Started = Awaited<ReturnType<typeof start>>;

/** Polls once a minute, or as told; gives each poll's result and how often positions were asked for. */
async function poll(
	{ vendor, surveys }: Started,
	poller: Poller,
	times: number,
	{ stored, everyMs = MINUTE }: { stored?: unknown; everyMs?: number } = {},
): Promise<{ results: (PollResult & { surveys: number; requests: number })[]; cursor: unknown }> {
	let cursor = stored;
	const results: (PollResult & { surveys: number; requests: number })[] = [];
	for (let count = 0; count < times; count++) {
		const begun = vendor.now();
		const before = [surveys(), vendor.requests.length] as const;
		const result = await poller.poll(cursor, { intervalMs: everyMs, budgetMs: everyMs });
		results.push({ ...result, surveys: surveys() - before[0], requests: vendor.requests.length - before[1] });
		cursor = result.cursor === undefined ? undefined : JSON.parse(JSON.stringify(result.cursor));
		vendor.advance(Math.max(0, begun + everyMs - vendor.now()));
	}
	return { results, cursor };
}

const idsOf = (results: readonly PollResult[], ...without: string[]) =>
	results.flatMap(({ events }) =>
		events.filter(({ deviceId }) => !without.includes(deviceId ?? '')).map(({ id }) => id),
	);

const TRIGGERS = ONE_OF_EACH.filter((kit) => kit.startRevocable !== undefined).flatMap(({ name, vendor }) =>
	vendor.provider.triggers.filter(({ queue }) => queue !== true).map((trigger) => [name, trigger.name] as const),
);

describe.each(TRIGGERS)('%s %s: one of 50 devices that leaves the account', (name, event) => {
	// Nobody tampers with a tracker every minute.
	const everyMs = event === 'removalAlarm' ? 30 * MINUTE : MINUTE;
	// Where each device takes a request, a poll takes its time here, too.
	const [begin, alone, again] = ['newAlarm', 'geofenceCrossed', 'newTrip', 'lockEvent'].includes(event)
		? [2, 4, 5]
		: [4, 6, 11];
	// For the events of a lock the document lists no codes: what the simulator says of a stranger's is a fault, and not
	// a refusal.
	const [said, partial] = event === 'lockEvent' ? [': ', false] : [' is refused: ', true];

	/** What the others give where all of the 50 are the account's. */
	async function truth(times: number, gone: string): Promise<string[]> {
		const vendor = await start(name);
		const { results } = await poll(
			vendor,
			vendor.poller(event, { devices: vendor.vendor.ids.slice(0, 50) }),
			times,
			{ everyMs },
		);
		expect(results.filter(({ problem }) => problem !== undefined)).toEqual([]);
		return idsOf(results, gone).sort();
	}

	test('before the trigger starts: the others give what they give without it, from the first poll on', async () => {
		const started = await start(name);
		const { vendor } = started;
		const devices = vendor.ids.slice(0, 50);
		const gone = devices[31]!;
		vendor.revoke(gone);
		const { results } = await poll(started, started.poller(event, { devices }), alone + again, { everyMs });
		expect(idsOf(results, gone).sort()).toEqual(await truth(alone + again, gone));
		expect(results.map(({ cursor, stop, partial }) => [cursor === undefined, stop, partial])).toEqual(
			results.map(() => [false, false, partial]),
		);
		for (const { problem } of results) expect(problem?.message).toContain(`${gone}${said}`);
		// Halves until it is found: 50, 25, 25, 13, 12, 7, 6, 4, 3, 2, 2, 1, 1.
		expect(results[0]!.surveys).toBeLessThanOrEqual(13);
		// Then one for the others; and it is asked about again by itself ever more rarely.
		const later = results.slice(1).map(({ surveys }) => surveys);
		if (everyMs === MINUTE) expect(later.filter((surveys) => surveys === 1).length).toBeGreaterThanOrEqual(alone);
		expect(Math.max(...later)).toBeLessThanOrEqual(2);
	});

	test('while it runs: no event of the others is missing, and its own are there until then and from then on', async () => {
		const started = await start(name);
		const { vendor } = started;
		const devices = vendor.ids.slice(0, 50);
		const gone = devices[18]!;
		const poller = started.poller(event, { devices });
		const before = await poll(started, poller, begin, { everyMs });
		vendor.revoke(gone);
		const meanwhile = await poll(started, poller, alone, { stored: before.cursor, everyMs });
		vendor.revoke(gone, false);
		const after = await poll(started, poller, again, { stored: meanwhile.cursor, everyMs });
		const results = [...before.results, ...meanwhile.results, ...after.results];
		const { results: expected } = await (async () => {
			const whole = await start(name);
			return await poll(whole, whole.poller(event, { devices }), begin + alone + again, { everyMs });
		})();
		expect(idsOf(results, gone).sort()).toEqual(idsOf(expected, gone).sort());
		for (const { problem } of meanwhile.results) expect(problem?.message).toContain(`${gone}${said}`);
		expect(after.results.at(-1)?.problem).toBeUndefined();
		const own = (list: readonly PollResult[]) =>
			list.flatMap(({ events }) => events.filter(({ deviceId }) => deviceId === gone).map(({ id }) => id));
		// A watch sees the state at each poll, a stream everything of the meantime.
		if (['newAlarm', 'geofenceCrossed', 'newTrip', 'lockEvent', 'removalAlarm'].includes(event))
			expect(own(results).sort()).toEqual(own(expected).sort());
		else if (event === 'positionChanged') expect(own(expected)).toEqual(expect.arrayContaining(own(results)));
	});
});

describe('refusals of a batch', () => {
	test.each([20046, 20089, 20005, 10013] as const)('code %i', async (code) => {
		const started = await start('trackceo');
		const { vendor } = started;
		const gone = vendor.ids[7]!;
		vendor.fail({
			kind: 'code',
			code,
			times: Infinity,
			match: ({ path, query }) => path === '/api/track' && String(query.imeis).includes(gone),
		});
		const { results } = await poll(
			started,
			started.poller('positionChanged', { devices: vendor.ids.slice(0, 50) }),
			3,
		);
		expect(
			results.every(
				({ problem }) =>
					problem?.message.startsWith(`${gone} is refused: `) === true && problem.vendorCode === String(code),
			),
		).toBe(true);
		expect(idsOf(results).length).toBeGreaterThan(20);
	});

	test('an HTTP 404, where one of the values in the address may be meant', async () => {
		const started = await start('ctrack');
		const { vendor } = started;
		const gone = vendor.ids[7]!;
		vendor.fail({
			kind: 'status',
			status: 404,
			times: Infinity,
			match: ({ query }) => String(query.svehicleNodeIds).split(',').includes(gone),
		});
		const { results } = await poll(
			started,
			started.poller('positionChanged', { devices: vendor.ids.slice(0, 50) }),
			3,
		);
		expect(results.map(({ stop, partial }) => [stop, partial])).toEqual([
			[false, true],
			[false, true],
			[false, true],
		]);
		expect(idsOf(results).length).toBeGreaterThan(20);
	});

	test('a fifth of a fleet, wherever they are', async () => {
		const started = await start('trackceo');
		const { vendor } = started;
		const devices = vendor.ids.slice(0, 100);
		const gone = devices.filter((_, place) => place % 5 === 2);
		for (const id of gone) vendor.revoke(id);
		const { results } = await poll(started, started.poller('positionChanged', { devices }), 4);
		const whole = await start('trackceo');
		const { results: expected } = await poll(whole, whole.poller('positionChanged', { devices }), 4);
		expect(idsOf(results).sort()).toEqual(idsOf(expected, ...gone).sort());
		expect(results[3]?.problem?.message).toMatch(
			/^20 devices are refused \(\d+(, \d+){9} and 10 more\)\. The first: TrackCEO says that the account may not see/,
		);
	});

	test('neighbours, which a stream asks about one after the other', async () => {
		const started = await start('trackceo');
		const { vendor } = started;
		const devices = vendor.ids.slice(0, 40).sort();
		const gone = devices.slice(3, 18);
		for (const id of gone) vendor.revoke(id);
		const { results } = await poll(started, started.poller('newAlarm', { devices }), 10);
		const whole = await start('trackceo');
		const { results: expected } = await poll(whole, whole.poller('newAlarm', { devices }), 10);
		expect(idsOf(results).sort()).toEqual(idsOf(expected, ...gone).sort());
		expect(Math.min(...results.slice(2).map(({ requests }) => requests))).toBe(1 + 25);
	});

	test('of all devices is not searched for in each of them, and ends when the vendor answers again', async () => {
		const started = await start('trackceo');
		const { vendor } = started;
		const devices = vendor.ids.slice(0, 100);
		vendor.fail({ kind: 'code', code: 10007, times: Infinity, match: '/api/track' });
		const refused = await poll(started, started.poller('positionChanged', { devices }), 4);
		expect(refused.results[0]!.surveys).toBeLessThan(50);
		expect(refused.results.slice(1).map(({ surveys }) => surveys)).toEqual([1, 1, 1]);
		expect(refused.results.map(({ problem, partial, stop }) => [problem?.vendorCode, partial, stop])).toEqual(
			Array.from({ length: 4 }, () => ['10007', false, false]),
		);
		vendor.clearFaults();
		const { results } = await poll(started, started.poller('positionChanged', { devices }), 2, {
			stored: refused.cursor,
		});
		expect(results.map(({ problem }) => problem)).toEqual([undefined, undefined]);
		expect(idsOf(results).length).toBeGreaterThan(50);
	});

	test('of both devices that there are: the first that is let in again is found', async () => {
		const started = await start('trackceo');
		const { vendor } = started;
		const devices = vendor.ids.slice(0, 2);
		for (const id of devices) vendor.revoke(id);
		const both = await poll(started, started.poller('positionChanged', { devices }), 20);
		expect(both.results.reduce((sum, { surveys }) => sum + surveys, 0)).toBeLessThan(40);
		expect(both.results.at(-1)).toMatchObject({ partial: false, problem: { vendorCode: '10013' } });
		vendor.revoke(devices[1]!, false);
		const one = await poll(started, started.poller('positionChanged', { devices }), 30, { stored: both.cursor });
		expect(one.results.at(-1)?.problem?.message).toContain(`${devices[0]!} is refused: `);
		expect(one.results.flatMap(({ events }) => events.map(({ deviceId }) => deviceId))).toContain(devices[1]);
	});

	test('a fault that passes is not searched for', async () => {
		const started = await start('trackceo');
		const { vendor } = started;
		const devices = vendor.ids.slice(0, 100);
		vendor.fail({ kind: 'code', code: 10000, times: 3, match: '/api/track' });
		const { results } = await poll(started, started.poller('positionChanged', { devices }), 2);
		expect(results.map(({ surveys }) => surveys)).toEqual([3, 1]);
		expect(results[1]?.problem).toBeUndefined();
	});

	test('a device that is let in again is looked at within a minute at first, and within an hour at last', async () => {
		const started = await start('trackceo');
		const { vendor } = started;
		const devices = vendor.ids.slice(0, 50);
		const gone = devices[0]!;
		vendor.revoke(gone);
		const first = await poll(started, started.poller('positionChanged', { devices }), 2);
		vendor.revoke(gone, false);
		const back = await poll(started, started.poller('positionChanged', { devices }), 3, { stored: first.cursor });
		expect(back.results.at(-1)?.problem).toBeUndefined();
		expect(back.results.flatMap(({ events }) => events).some(({ deviceId }) => deviceId === gone)).toBe(true);
		vendor.revoke(gone);
		const long = await poll(started, started.poller('positionChanged', { devices }), 300, { stored: back.cursor });
		expect(long.results.at(-1)?.problem?.message).toContain(gone);
		expect(long.results.slice(-120).filter(({ surveys }) => surveys > 1).length).toBeLessThanOrEqual(2);
		vendor.revoke(gone, false);
		expect(
			(
				await poll(started, started.poller('positionChanged', { devices }), 62, { stored: long.cursor })
			).results.at(-1)?.problem,
		).toBeUndefined();
	});

	test('what one trigger has found out, the others of the account know', async () => {
		const started = await start('trackceo');
		const { vendor } = started;
		const devices = vendor.ids.slice(0, 50);
		vendor.revoke(devices[9]!);
		await poll(started, started.poller('positionChanged', { devices }), 1, { everyMs: 1000 });
		const { results } = await poll(started, started.poller('statusChanged', { devices }), 1, { everyMs: 1000 });
		expect(results[0]).toMatchObject({ surveys: 1, partial: true });
	});

	test('where turns are few, the search goes on in the next poll', async () => {
		const started = await start('trackceo');
		const { vendor, client } = started;
		const devices = vendor.ids.slice(0, 50);
		const gone = devices[40]!;
		vendor.revoke(gone);
		// A request every 20 s from the first answer on, and a poll every minute.
		Object.assign(client.connection, { rateLimit: 3 });
		const { results } = await poll(started, started.poller('positionChanged', { devices }), 30);
		expect(Math.max(...results.slice(1).map(({ surveys }) => surveys))).toBeLessThanOrEqual(4);
		expect(results.at(-1)?.problem?.message).toContain(`${gone} is refused: `);
		expect(results.slice(-5).every(({ events, partial }) => events.length > 10 && partial === true)).toBe(true);
	});
});

describe('most devices of a batch refused', () => {
	/** Events of each good device, and of the same fleet without the refused ones. */
	async function against(count: number, good: readonly number[], polls: number) {
		const started = await start('trackceo');
		const devices = started.vendor.ids.slice(0, count).sort();
		const kept = new Set(good.map((place) => devices[place]!));
		const gone = devices.filter((id) => !kept.has(id));
		for (const id of gone) started.vendor.revoke(id);
		const { results } = await poll(started, started.poller('statusChanged', { devices }), polls);
		const whole = await start('trackceo');
		const { results: expected } = await poll(whole, whole.poller('statusChanged', { devices: [...kept] }), polls);
		return { results, expected, gone };
	}

	test.each([
		[14, [0], 3],
		[14, [13], 3],
		[50, [0, 1, 2, 3, 4], 40],
		[50, [0], 40],
		[50, [13], 40],
		[50, [25], 40],
		[50, [49], 40],
		[100, [3, 30, 57, 99], 90],
	])('of %i devices, those at %j are looked at within %i polls', async (count, good, within) => {
		const { results, expected, gone } = await against(count, good, within + 40);
		const later = (list: readonly PollResult[]) => idsOf(list.slice(within + 1)).sort();
		expect(later(expected).length).toBeGreaterThan(0);
		expect(later(results)).toEqual(later(expected));
		expect(results.at(-1)).toMatchObject({
			partial: true,
			problem: { message: expect.stringContaining(`${String(gone.length)} devices are refused`) },
		});
		const surveys = results.map((result) => result.surveys);
		expect(Math.max(...surveys)).toBeLessThanOrEqual(2 * count);
		expect(surveys.reduce((sum, some) => sum + some, 0)).toBeLessThanOrEqual(10 * count + surveys.length);
	});

	test('all for hours, then all but one come back: they are looked at in one of the next two polls', async () => {
		const started = await start('trackceo');
		const { vendor } = started;
		const devices = vendor.ids.slice(0, 20).sort();
		for (const id of devices) vendor.revoke(id);
		const poller = started.poller('statusChanged', { devices });
		const refused = await poll(started, poller, 200);
		expect(refused.results.reduce((sum, { surveys }) => sum + surveys, 0)).toBeLessThan(350);
		expect(idsOf(refused.results)).toEqual([]);
		for (const id of devices) if (id !== devices[3]) vendor.revoke(id, false);
		const back = await poll(started, poller, 60, { stored: refused.cursor });
		const whole = await start('trackceo');
		const { results: expected } = await poll(whole, whole.poller('statusChanged', { devices }), 260);
		expect(idsOf(back.results.slice(2), devices[3]!).sort()).toEqual(
			idsOf(expected.slice(202), devices[3]!).sort(),
		);
		expect(back.results[1]?.problem?.message).toContain(`${devices[3]!} is refused: `);
	});

	test('all of a hundred: one request in each poll, and a few more now and then', async () => {
		const started = await start('trackceo');
		started.vendor.fail({ kind: 'code', code: 10007, times: Infinity, match: '/api/track' });
		const { results } = await poll(
			started,
			started.poller('positionChanged', { devices: started.vendor.ids.slice(0, 100) }),
			300,
		);
		const surveys = results.map((result) => result.surveys);
		expect(surveys[0]).toBeLessThan(50);
		expect(Math.max(...surveys.slice(1))).toBeLessThanOrEqual(12);
		expect(surveys.slice(1).reduce((sum, some) => sum + some, 0)).toBeLessThan(1.5 * 299);
	});
});

describe('one device that is refused in a way that is no clear refusal', () => {
	/** Whether a value of the request, or of a list in it, is the device. */
	const names = ({ path, query, body }: { path: string; query: object; body?: unknown }, id: string) =>
		!/auth|login|session/i.test(path) &&
		new RegExp(`[":,]${id}[",]`).test(
			`${JSON.stringify(query)} ${typeof body === 'string' ? body : JSON.stringify(body ?? '')}`,
		);

	test.each([
		['ctrack', { kind: 'code', code: 4 }, 1],
		['ctrack', { kind: 'status', status: 400 }, 10],
		['ctrack', { kind: 'status', status: 403 }, 6],
		['trackceo', { kind: 'status', status: 400 }, 6],
		['trackceo', { kind: 'status', status: 401 }, 6],
		['trackceo', { kind: 'status', status: 403 }, 6],
		['trackceo', { kind: 'status', status: 404 }, 6],
		['trackceo', { kind: 'code', code: 10000 }, 10],
		['trackceo', { kind: 'status', status: 500 }, 10],
		['trackceo', { kind: 'html' }, 10],
		['ctrack', { kind: 'status', status: 500 }, 10],
		['itracksense', { kind: 'code', code: 500 }, 10],
	] as const)('%s %j: the others are looked at from poll %i on', async (name, fault, from) => {
		const started = await start(name);
		const { vendor } = started;
		const devices = vendor.ids.slice(0, 30).sort();
		const gone = devices[7]!;
		vendor.fail({ ...fault, times: Infinity, match: (request) => names(request, gone) });
		const { results } = await poll(started, started.poller('positionChanged', { devices }), from + 4);
		const whole = await start(name);
		const { results: expected } = await poll(whole, whole.poller('positionChanged', { devices }), from + 4);
		// What came while others were not looked at is one event: the last.
		const later = (list: readonly PollResult[]) => idsOf(list.slice(from), gone).sort();
		expect(later(expected).length).toBeGreaterThan(0);
		expect(later(results)).toEqual(later(expected));
		for (const { problem, stop } of results.slice(from))
			expect([problem?.message.includes(`${gone} is refused: `), stop]).toEqual([true, false]);
	});

	test('an outage of hours costs little, and is over when the vendor answers', async () => {
		const started = await start('trackceo');
		const { vendor } = started;
		const devices = vendor.ids.slice(0, 100);
		vendor.fail({ kind: 'code', code: 10000, times: Infinity, match: '/api/track' });
		const out = await poll(started, started.poller('positionChanged', { devices }), 120);
		// Each request is tried three times.
		expect(Math.max(...out.results.map(({ surveys }) => surveys))).toBeLessThanOrEqual(12 * 3);
		expect(out.results.reduce((sum, { surveys }) => sum + surveys, 0)).toBeLessThan(1.7 * 3 * 120);
		expect(out.results.map(({ partial, stop }) => [partial, stop])).toEqual(out.results.map(() => [false, false]));
		vendor.clearFaults();
		const { results } = await poll(started, started.poller('positionChanged', { devices }), 2, {
			stored: out.cursor,
		});
		expect(results.map(({ problem }) => problem)).toEqual([undefined, undefined]);
		expect(idsOf(results).length).toBeGreaterThan(50);
	});
});

test('devices that have expired or are blocked cost a fleet none of its alarms, as the vendor has them', async () => {
	const simulator = await startProtrack({
		brand: 'trackceo',
		clock: () => NOW,
		fleetSize: 50,
		endedDevices: 'refused',
	});
	running.push(simulator);
	const connection = readFields(
		trackceo.connection,
		{
			baseUrl: simulator.url,
			allowCommands: false,
			allowPrivateAddresses: true,
			rateLimit: 60_000,
			account: 'demo',
			secretType: 'password',
			secret: PASSWORD,
		},
		{ now: NOW, timeZone: 'UTC' },
	) as unknown as ProtrackConnection;
	const host = new FetchHost(trackceo, connection, {
		now: () => simulator.now(),
		pass: (ms) => simulator.advance(ms),
	});
	const poller = new Poller(
		new Client(trackceo, connection, host),
		findTrigger(trackceo, 'newAlarm') ?? expect.fail(),
		{},
	);
	let cursor: unknown;
	const given: string[] = [];
	const problems = new Set<string | undefined>();
	for (let count = 0; count < 20; count++) {
		const result = await poller.poll(cursor, { intervalMs: MINUTE, budgetMs: MINUTE });
		({ cursor } = result);
		problems.add(result.problem?.message);
		for (const { deviceId, recordedAt, vendorType } of result.events)
			given.push(`${String(deviceId)} ${String(Date.parse(String(recordedAt)) / 1000)} ${String(vendorType)}`);
		if (count < 19) simulator.advance(MINUTE);
	}
	const [begin, end] = [NOW / 1000 + 60, Math.floor(simulator.now() / 1000) - 1];
	const truth = [...simulator.devices.values()].flatMap(({ imei, role }) =>
		role === 'expired' || role === 'blocked'
			? []
			: simulator
					.alarmsOf(imei, begin, end)
					.map(({ systemtime, type }) => `${imei} ${String(systemtime)} ${String(type)}`),
	);
	expect(truth.length).toBeGreaterThan(10);
	const within = given.filter((one) => Number(one.split(' ')[1]) >= begin && Number(one.split(' ')[1]) <= end);
	expect(within.sort()).toEqual(truth.sort());
	expect([...problems].at(-1)).toMatch(
		/^2 devices are refused \(\d+, \d+\)\. The first: TrackCEO says that the (target has expired|device is blocked)/,
	);
});

describe('a survey that fails keeps no stream from starting', () => {
	async function alarmsAfter(rule: FaultRule, polls: number) {
		const started = await start('trackceo');
		const { vendor } = started;
		vendor.fail(rule);
		const { results } = await poll(
			started,
			started.poller('newAlarm', { devices: vendor.ids.slice(0, 50) }),
			polls,
		);
		const whole = await start('trackceo');
		const { results: expected } = await poll(
			whole,
			whole.poller('newAlarm', { devices: vendor.ids.slice(0, 50) }),
			polls,
		);
		return { results, expected };
	}

	test('where it is refused, from the first poll on', async () => {
		const { results, expected } = await alarmsAfter(
			{ kind: 'code', code: 10007, times: Infinity, match: '/api/track' },
			20,
		);
		expect(
			results.map(({ cursor, partial, problem }) => [cursor === undefined, partial, problem?.vendorCode]),
		).toEqual(Array.from({ length: 20 }, () => [false, true, '10007']));
		expect(idsOf(results).length).toBeGreaterThan(10);
		expect(idsOf(results).sort()).toEqual(idsOf(expected).sort());
	});

	test("where the vendor has a fault, once it works again: until then, the vendor's time is waited for", async () => {
		const { results } = await alarmsAfter({ kind: 'code', code: 10000, times: 20, match: '/api/track' }, 40);
		const began = results.findIndex(({ cursor }) => cursor !== undefined);
		expect(began).toBeGreaterThan(3);
		for (const { problem, partial } of results.slice(0, began))
			expect([problem?.retryable, partial]).toEqual([true, false]);
		expect(results.slice(began).map(({ problem }) => problem)).toEqual(results.slice(began).map(() => undefined));
		expect(idsOf(results).length).toBeGreaterThan(5);
	});
});
