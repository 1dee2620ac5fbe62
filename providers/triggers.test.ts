import { afterEach, describe, expect, test } from 'vitest';
import { Client } from '../core/call/client';
import { ALL, readFields, type Fields } from '../core/describe/field';
import type { Connection } from '../core/describe/connection';
import { findTrigger } from '../core/describe/provider';
import { Poller, type PollResult } from '../core/watch/poller';
import type { Position } from '../core/describe/records';
import { sourceOf, type FleetEvent } from '../core/describe/trigger';
import { FetchHost } from '../test/support/fetch-host';
import { kitOf, ONE_OF_EACH } from '../test/support/kits';
import { ODD, ODD_TEXTS } from '../test/support/oddities';
import { OddHost } from '../test/support/odd-host';
import { streamRecords } from '../test/support/stream-records';
import type { Simulator } from '../test/support/testkit';

const NOW = Date.UTC(2026, 2, 18, 9, 41, 7);
const MINUTE = 60_000;

const running: Simulator[] = [];
afterEach(async () => {
	await Promise.all(running.splice(0).map((simulator) => simulator.close()));
});

async function start(name: string, settings: object = {}, Host = FetchHost) {
	const kit = kitOf(name);
	const provider = kit.vendor.provider;
	const simulator = await kit.start({ clock: () => NOW });
	running.push(simulator);
	const connection = readFields(
		provider.connection,
		{
			baseUrl: simulator.url,
			allowPrivateAddresses: true,
			rateLimit: 60_000,
			...kit.settings,
			allowCommands: false,
			...settings,
		},
		{ now: NOW, timeZone: 'UTC' },
	) as unknown as Connection;
	const host = new Host(provider, connection, { now: () => simulator.now(), pass: (ms) => simulator.advance(ms) });
	const client = new Client(provider, connection, host);
	const trigger = (event: string) => findTrigger(provider, event) ?? expect.fail(`no ${event}`);
	return {
		provider,
		simulator,
		client,
		host,
		poller: (event: string, input: object = {}) =>
			new Poller(client, trigger(event), input as Record<string, unknown>),
	};
}
type Started = Awaited<ReturnType<typeof start>>;

/** Polls for a while, each cursor through JSON as a host would store it. */
async function poll(
	{ simulator }: Started,
	poller: Poller,
	{
		times,
		everyMs,
		stored,
		after = () => Promise.resolve(),
	}: { times: number; everyMs: number; stored?: unknown; after?: () => Promise<void> },
): Promise<{ events: FleetEvent[]; cursor: unknown; results: PollResult[] }> {
	let cursor = stored;
	const results: PollResult[] = [];
	for (let count = 0; count < times; count++) {
		const begun = simulator.now();
		const result = await poller.poll(cursor, { intervalMs: everyMs, budgetMs: everyMs });
		results.push(result);
		await after();
		cursor = JSON.parse(JSON.stringify(result.cursor)) as unknown;
		simulator.advance(Math.max(0, begun + everyMs - simulator.now()));
	}
	return { events: results.flatMap(({ events }) => events), cursor, results };
}

const TRIGGERS = ONE_OF_EACH.flatMap(({ name, vendor }) =>
	vendor.provider.triggers.filter(({ queue }) => queue !== true).map((trigger) => [name, trigger.name] as const),
);

describe.each(TRIGGERS)('%s %s', (name, event) => {
	const { rareEvents = false, textEvents = false, row } = kitOf(name);
	// Nobody tampers with a tracker every hour.
	const everyMs = rareEvents ? 5 * MINUTE : event === 'removalAlarm' ? 30 * MINUTE : MINUTE;

	test('gives each event once, in order, and nothing old', async () => {
		const vendor = await start(name);
		const begun = vendor.simulator.now();
		const snapshots = [await positions(vendor)];
		const { events, results } = await poll(
			vendor,
			vendor.poller(event, event === 'deviceSilent' ? { minutes: 5 } : {}),
			{ times: rareEvents ? 40 : 60, everyMs, after: async () => void snapshots.push(await positions(vendor)) },
		);
		snapshots.shift();
		const lastLook = vendor.simulator.now() - everyMs;
		expect(results.filter(({ problem }) => problem !== undefined).map(({ problem }) => problem?.sentence)).toEqual(
			[],
		);
		if (event !== 'deviceSilent') expect(events.length).toBeGreaterThan(0);
		expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
		for (const one of events) {
			expect(one).toMatchObject({ event, deviceId: expect.any(String) as string });
			if (one.time !== null && event !== 'deviceSilent')
				expect(Date.parse(one.time)).toBeGreaterThan(begun - 10 * MINUTE);
		}
		const last = new Map<string, string>();
		for (const { deviceId, time, late } of events) {
			if (deviceId === null || time === null || late) continue;
			expect((last.get(deviceId) ?? '') <= time).toBe(true);
			last.set(deviceId, time);
		}
		expect(events.map(({ id }) => id).sort()).toEqual(
			(await expected(vendor, event, { from: begun, to: lastLook }, snapshots)).sort(),
		);
	});

	test('elements that are no records cost no event, and are told of', async () => {
		const input = event === 'deviceSilent' ? { minutes: 5 } : {};
		const asEver = await start(name);
		const good = await poll(asEver, asEver.poller(event, input), { times: 20, everyMs });
		const odd = await start(name, {}, OddHost);
		const { events, results } = await poll(odd, odd.poller(event, input), { times: 20, everyMs });
		expect(results.filter(({ stop }) => stop)).toEqual([]);
		expect(
			events
				.filter(({ unreadable }) => unreadable === undefined)
				.map(({ id }) => id)
				.sort(),
		).toEqual(good.events.map(({ id }) => id).sort());
		if (
			odd.provider.triggers.some(
				(one) =>
					one.name === event &&
					sourceOf(one, readFields(one.params as Fields, {}, { now: NOW, timeZone: 'UTC' })).type ===
						'snapshot',
			)
		) {
			expect(new Set(results.map(({ problem }) => problem?.message))).toEqual(
				new Set([`The vendor sent null instead of ${row}.`]),
			);
			return;
		}
		// Each once for each request that it was in, although it came with every poll.
		const unreadable = events.filter((one) => one.unreadable !== undefined);
		// One that several devices send is as many events.
		expect(new Set(unreadable.map(({ id }) => id)).size).toBe(unreadable.length);
		const given = unreadable.map(
			({ deviceId, raw }) => `${String(deviceId)} ${JSON.stringify((raw as { value: unknown }).value)}`,
		);
		expect(new Set(given).size).toBe(given.length);
		expect(new Set(unreadable.map(({ raw }) => JSON.stringify((raw as { value: unknown }).value)))).toEqual(
			new Set((textEvents ? ODD_TEXTS : ODD).map((value) => JSON.stringify(value))),
		);
	});

	test('a trial gives recent events', async () => {
		const vendor = await start(name);
		const events = await vendor.poller(event).sample({ budgetMs: 10 * MINUTE });
		expect(events.length).toBeGreaterThan(0);
		expect(events[0]).toMatchObject({ event, id: expect.any(String) as string });
	});
});

/** The fleet's positions, asked for by a client of its own quota. */
async function positions({ provider, client }: Started): Promise<Position[]> {
	return (await client.collect(provider.positions!.operation, { devices: ALL })) as Position[];
}

const heard = ({ time, seenAt }: Position) =>
	[time, seenAt]
		.filter((iso) => iso !== null)
		.sort()
		.at(-1);
const secondsOf = (iso: string) => Math.floor(Date.parse(iso) / 1000);

/**
 * Ids that must come: those of records as the operation tells them for the whole time at once; of watches, by comparing
 * what was there after each poll.
 */
async function expected(
	vendor: Started,
	event: string,
	{ from, to }: { from: number; to: number },
	snapshots: readonly Position[][],
): Promise<string[]> {
	const { client, provider } = vendor;
	const trigger = findTrigger(provider, event) ?? expect.fail();
	const params = readFields(trigger.params as Fields, {}, { now: NOW, timeZone: 'UTC' });
	const source = sourceOf(trigger, params);
	if (source.type === 'stream') {
		const since = Math.max(
			...(snapshots[0] ?? [])
				.map((position) => Date.parse(heard(position) ?? '1970-01-01T00:00:00Z'))
				.filter((at) => at <= from),
		);
		return await streamRecords(client, source, params, { from: since, to });
	}
	const ids: string[] = [];
	for (const [place, positions] of snapshots.entries()) {
		const before = new Map(snapshots[place - 1]?.map((position) => [position.deviceId, position]));
		for (const now of place === 0 ? [] : positions) {
			const old = before.get(now.deviceId);
			const at = heard(now);
			if (old === undefined || at === undefined) continue;
			if (event === 'positionChanged' && now.time !== old.time && now.latitude !== null)
				ids.push(`${now.deviceId}:${String(now.time)}`);
			for (const change of event === 'ignitionChanged'
				? (['ignition'] as const)
				: event === 'statusChanged'
					? (['status', 'ignition', 'doorOpen', 'charging', 'fuelSupply', 'armed'] as const)
					: []) {
				if (now[change] !== null && old[change] !== null && now[change] !== old[change])
					ids.push(`${now.deviceId}:${String(secondsOf(at))}:${change}:${String(now[change])}`);
			}
		}
	}
	return ids;
}
