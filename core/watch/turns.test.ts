import { expect, test } from 'vitest';
import { z } from 'zod/v4';
import { busy, longestTurn } from '../../test/support/longest-turn';
import { openClient } from '../../test/support/open-vendor';
import { json, TestHost } from '../../test/support/test-host';
import { ALL, ids } from '../describe/field';
import { operation } from '../describe/operation';
import type { Row } from '../describe/records';
import { stream, type AnyTrigger } from '../describe/trigger';
import { FleetPositions } from './fleet-positions';
import { Poll } from './poll';
import { QueueConsumer, queueFields } from './queue-consumer';
import { pollSnapshot } from './snapshot';
import { pollStream } from './stream';

const ROWS = 600;
const TIME = '2026-01-31T11:00:00.000Z';

const anyDevices = ids({
	title: 'Devices',
	description: '',
	lookup: 'x',
	noun: 'device',
	pattern: /\w/,
	expected: 'a name',
	all: 'all things',
});
const slow = (name: string, queue = false) =>
	operation({
		resource: 'thing',
		name,
		title: name,
		action: '',
		description: '',
		effect: 'read',
		route: 'GET /things',
		params: queue ? {} : { devices: anyDevices },
		request: () => ({}),
		answer: z.array(z.looseObject({})),
		record: ({ id }: Row) => {
			busy(1);
			return { id, deviceId: id, time: TIME, seenAt: null, deliveryTag: id, queue: 'trips', record: {} };
		},
		kind: 'other',
		list: true,
		evidence: { section: '1', grade: 'C' },
	});
const [positions, alarms, get] = [slow('positions'), slow('alarms'), slow('get', true)];

const client = () =>
	openClient(
		new TestHost(() => json(Array.from({ length: ROWS }, (_, place) => ({ id: String(place), recordedAt: TIME })))),
		{ positions: { operation: positions, all: true } },
	);

const pollOf = (of = client()) =>
	new Poll(
		of,
		{ name: 'event' } as AnyTrigger,
		{ devices: ALL },
		{ firstRun: 'since', since: 0, includeRaw: false },
		{ intervalMs: 60_000, budgetMs: 60_000 },
	);
const idsIn = (list: readonly { id?: unknown }[]) => list.map(({ id }) => id);
const ROW_IDS = Array.from({ length: ROWS }, (_, place) => String(place));

test('a poll leaves the program its other work while it reads positions', async () => {
	const { most, result } = await longestTurn(() => new FleetPositions(pollOf()).read(undefined));
	expect(idsIn(result.found.map(({ row }) => row))).toEqual(ROW_IDS);
	expect(most).toBeLessThan(300);
});

test('and while it reads when devices last reported, once for all polls of an account', async () => {
	const of = client();
	const began = process.threadCpuUsage();
	const { most, result } = await longestTurn(() =>
		Promise.all(Array.from({ length: 4 }, () => new FleetPositions(pollOf(of)).sightings(undefined))),
	);
	const spent = process.threadCpuUsage(began);
	for (const { sightings } of result) expect(sightings.map(({ deviceId }) => deviceId)).toEqual(ROW_IDS);
	expect(most).toBeLessThan(300);
	expect((spent.user + spent.system) / 1000).toBeLessThan(2 * ROWS);
});

test('and while it reads the records of a period', async () => {
	const source = stream<{ time: string }, object>({
		operation: alarms,
		paramsFor: () => ({ devices: ALL }),
		perRequest: ROWS,
		recordTime: ({ time }) => time,
		ascending: false,
	});
	const poll = pollOf();
	const { most } = await longestTurn(() => pollStream(poll, source, undefined));
	expect(idsIn(poll.events).sort()).toEqual([...ROW_IDS].sort());
	expect(most).toBeLessThan(300);
});

test('and while it compares a fleet', async () => {
	const poll = pollOf();
	const compare = () => {
		busy(1);
		return { state: undefined, events: [{ key: 'new' }] };
	};
	const { most } = await longestTurn(() =>
		pollSnapshot(poll, { type: 'snapshot', compare, sample: () => [] }, undefined),
	);
	expect(poll.events).toHaveLength(ROWS);
	expect(most).toBeLessThan(300);
});

test('and while a queue is read', async () => {
	const trigger = {
		name: 'message',
		title: 'Message',
		params: queueFields,
		source: { type: 'queue', queue: 'trips', get, acknowledge: get, subscribe: get },
	} as unknown as AnyTrigger;
	const settings = { subscribe: false, includeRaw: false, maxMessages: 500, attempts: 0 };
	const { most, result } = await longestTurn(() =>
		new QueueConsumer(client(), trigger, settings).next({ budgetMs: 60_000 }),
	);
	expect(idsIn(result?.events ?? [])).toEqual(ROW_IDS);
	expect(most).toBeLessThan(300);
});
