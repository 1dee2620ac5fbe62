import { describe, expect, test } from 'vitest';
import type { AnyOperation } from '../describe/operation';
import { TimedOut, UnexpectedAnswer, VendorFault } from '../describe/errors';
import type { Row } from '../describe/records';
import { stream } from '../describe/trigger';
import { Poll } from './poll';
import { pollStream } from './stream';
import { readStreamCursor } from './stream-cursor';

const NOW = 1_800_000_000;
const MINUTE = 60;
const iso = (seconds: number) => new Date(seconds * 1000).toISOString();

interface Alarm {
	id: string;
	deviceId: string;
	time: string;
	recordedAt: string;
}

/** An alarm that the vendor had at one time and that is dated with another. */
const alarm = (id: string, recorded: number, dated = recorded): Alarm => ({
	...{ id, deviceId: '1', time: iso(dated), recordedAt: iso(recorded) },
});

const source = stream<Alarm, object>({
	operation: { resource: 'alarm', name: 'getMany' } as unknown as AnyOperation,
	paramsFor: (devices, period) => ({ devices, ...period }),
	perRequest: 1,
	recordTime: ({ recordedAt }) => recordedAt,
	ascending: true,
});

const warnings: string[] = [];

/** What a request says. */
interface Asked {
	devices?: string[];
	begin?: number;
	end?: number;
}

/**
 * Polls a vendor that has these alarms.
 * @param clock the local time, if not the vendor's
 * @param others times of the positions, if not now
 * @param fails devices that the vendor has a fault with
 * @param unreadable ids of alarms that cannot be read
 * @param devices those that the user chose
 * @param breaksOff devices of which the time is over before it is known that there are no more
 */
async function polled(
	stored: unknown,
	now: number,
	alarms: Alarm[],
	{
		clock = now,
		others = [now],
		breaksOff = [],
		fails = [],
		unreadable = [],
		firstRun = 'nothing',
		includeRaw = false,
		devices = '*',
	}: {
		clock?: number;
		others?: number[];
		breaksOff?: string[];
		fails?: string[];
		unreadable?: string[];
		firstRun?: 'nothing' | 'latest';
		includeRaw?: boolean;
		devices?: '*' | string[];
	} = {},
) {
	const operation = { resource: 'position', name: 'getCurrent' } as unknown as AnyOperation;
	const client = {
		now: () => clock * 1000,
		inBlocks: async (list: unknown[], work: (block: unknown[]) => void) => work(list),
		shared: {},
		warn: (message: string) => warnings.push(message),
		provider: { title: 'Vendor', positions: { operation, all: true } },
	};
	const poll = new Poll(
		client as never,
		{ name: 'newAlarm', title: 'New Alarm' } as never,
		{ devices },
		{ firstRun, includeRaw },
		{ intervalMs: MINUTE * 1000, budgetMs: MINUTE * 1000 },
	);
	const pages = async function* (of: AnyOperation, { devices = [], begin = 0, end = Infinity }: Asked) {
		await Promise.resolve();
		if (of === operation) {
			yield others.map((at, place) => ({ deviceId: String(place + 1), time: iso(at), seenAt: null }));
			return;
		}
		if (devices.some((device) => fails.includes(device))) throw new VendorFault('The vendor has a fault.');
		const within = (time: number) => time >= begin && time <= end;
		yield alarms.filter(({ deviceId, recordedAt }) => devices.includes(deviceId) && within(Date.parse(recordedAt)));
		if (devices.some((device) => breaksOff.includes(device))) throw new TimedOut('No time is left.');
	};
	Object.assign(poll, {
		read: (of: AnyOperation, params: object, { watermark }: { watermark: number }) => ({
			pages: pages(of, params),
			watermark,
		}),
		record: (_: unknown, row: Row) => {
			if (unreadable.includes(String(row.id))) throw new UnexpectedAnswer('The alarm cannot be read.');
			return row;
		},
		inParts: async (_: unknown, devices: string[], read: (some: string[]) => Promise<void>) => {
			try {
				await read(devices);
				return { missing: [] };
			} catch (error) {
				return { missing: devices, error: error as TimedOut };
			}
		},
	} satisfies Partial<Record<keyof Poll, unknown>>);
	const cursor = await pollStream(poll, source, stored === undefined ? undefined : readStreamCursor(stored));
	return { cursor, events: poll.events };
}

describe('an alarm that is dated in the future', () => {
	const FUTURE = NOW + 8 * 365 * 86_400;

	test('is delivered as doubtful, and makes no later one late', async () => {
		let { cursor } = await polled(undefined, NOW, []);
		const alarms: Alarm[] = [];
		const flags: unknown[] = [];
		for (let minute = 1; minute <= 6; minute++) {
			const now = NOW + minute * MINUTE;
			alarms.push(alarm(`alarm ${String(minute)}`, now, minute === 2 ? FUTURE : now));
			const polling = await polled(cursor, now, alarms);
			({ cursor } = polling);
			flags.push(...polling.events.map(({ id, late, doubtful }) => [id, late, doubtful]));
		}
		expect(flags).toEqual([1, 2, 3, 4, 5, 6].map((minute) => [`alarm ${String(minute)}`, false, minute === 2]));
	});

	test('one that really is older than another is late', async () => {
		const { cursor } = await polled(undefined, NOW, []);
		const first = [alarm('a', NOW + 50), alarm('b', NOW + 55, FUTURE)];
		const { cursor: next } = await polled(cursor, NOW + 60, first);
		const { events } = await polled(next, NOW + 120, [
			...first,
			alarm('c', NOW + 70, NOW + 30),
			alarm('d', NOW + 71),
		]);
		expect(events.map(({ id, late, doubtful }) => [id, late, doubtful])).toEqual([
			['c', true, false],
			['d', false, false],
		]);
	});

	test('a cursor of an earlier version that took it for the newest does not make the others late', async () => {
		const { cursor } = await polled(undefined, NOW, []);
		const first = [alarm('a', NOW + 50, FUTURE)];
		const { cursor: next } = await polled(cursor, NOW + 60, first);
		const [distance = '', ...delivered] = String((next?.devices as Record<string, string>)['1']).split(' ');
		expect(distance).not.toBe('');
		Object.assign(next!.devices as object, { 1: [(8 * 365 * 86_400).toString(36), ...delivered].join(' ') });
		const { events } = await polled(next, NOW + 120, [...first, alarm('b', NOW + 100)]);
		expect(events).toMatchObject([{ id: 'b', late: false, doubtful: false }]);
	});
});

test('a device that is a year ahead does not hide that the others are three hours behind', async () => {
	const behind = NOW - 3 * 3600;
	const { cursor } = await polled(undefined, NOW, [], { others: [behind, NOW + 365 * 86_400] });
	expect(cursor).toMatchObject({ since: behind + 1 });
});

test('a read that breaks off beyond what it covers has read all of that', async () => {
	const ahead = NOW + 10 * 3600;
	const ids: unknown[] = [];
	let { cursor } = await polled(undefined, NOW, []);
	// The time is over behind the first page each time, which always ends with alarms of the same second.
	for (let minute = 1; minute <= 3; minute++) {
		const now = NOW + minute * MINUTE;
		const alarms = [alarm(`alarm ${String(minute)}`, now - 1), alarm('a', ahead), alarm('b', ahead)];
		const polling = await polled(cursor, now, alarms, { breaksOff: ['1'] });
		({ cursor } = polling);
		ids.push(polling.events.map(({ id }) => id));
	}
	expect(ids).toEqual([['alarm 1', 'a', 'b'], ['alarm 2'], ['alarm 3']]);
});

test('a local clock that is set back by days hides nothing', async () => {
	const { cursor } = await polled(undefined, NOW, []);
	const clock = NOW - 3 * 86_400;
	const { events } = await polled(cursor, NOW + MINUTE, [alarm('a', NOW + 30)], { clock });
	expect(events.map(({ id }) => id)).toEqual(['a']);
});

test('a device that the vendor has a fault with keeps no other from being read, and is read from there', async () => {
	const { cursor: begun } = await polled(undefined, NOW, [], { others: [NOW, NOW] });
	const alarms = [alarm('a', NOW + 30), { ...alarm('b', NOW + 31), deviceId: '2' }];
	let cursor = begun;
	const ids: unknown[] = [];
	for (let minute = 1; minute <= 30; minute++) {
		const now = NOW + minute * MINUTE;
		const fails = minute < 30 ? ['1'] : [];
		const polling = await polled(cursor, now, alarms, { others: [now, now], fails });
		({ cursor } = polling);
		ids.push(...polling.events.map(({ id }) => `${String(minute)}: ${id}`));
	}
	expect(ids).toEqual(['1: b', '30: a']);
});

test('an alarm that cannot be read is an event of its device, with what the vendor sent', async () => {
	const { cursor } = await polled(undefined, NOW, []);
	const alarms = [alarm('a', NOW + 30), alarm('b', NOW + 31)];
	const first = await polled(cursor, NOW + MINUTE, alarms, { unreadable: ['a'] });
	expect(first.events).toMatchObject([
		{ id: 'b', deviceId: '1' },
		{ deviceId: '1', unreadable: expect.stringContaining('cannot be read') as string, raw: alarms[0] },
	]);
	const { events } = await polled(first.cursor, NOW + 2 * MINUTE, alarms, { unreadable: ['a'] });
	expect(events).toEqual([]);
});

test('events of the same second come in the same order, in whichever order the vendor has them', async () => {
	const { cursor } = await polled(undefined, NOW, []);
	for (const order of ['a b c', 'c b a', 'b c a']) {
		const alarms = order.split(' ').map((id) => alarm(id, NOW + 30));
		const { events } = await polled(cursor, NOW + MINUTE, alarms);
		expect(events.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
	}
});

test('an event carries the record of the vendor where that is wanted', async () => {
	const { cursor } = await polled(undefined, NOW, []);
	const a = alarm('a', NOW + 30);
	expect((await polled(cursor, NOW + MINUTE, [a], { includeRaw: true })).events).toMatchObject([{ raw: a }]);
	expect((await polled(cursor, NOW + MINUTE, [a])).events[0]).not.toHaveProperty('raw');
});

test('a read that stopped midway, and then breaks off beyond what it covers, has covered that', async () => {
	const { cursor: begun } = await polled(undefined, NOW, []);
	const first = [alarm('a', NOW + 10)];
	const midway = await polled(begun, NOW + MINUTE, first, { breaksOff: ['1'] });
	expect(midway.cursor).toMatchObject({ behind: { 1: [NOW, NOW + 10, NOW + MINUTE] } });
	const alarms = [...first, alarm('b', NOW + 40), alarm('c', NOW + 10 * 3600)];
	const { cursor, events } = await polled(midway.cursor, NOW + 2 * MINUTE, alarms, { breaksOff: ['1'] });
	expect(cursor?.behind).toEqual({ 1: [NOW + MINUTE] });
	expect(events.map(({ id }) => id)).toEqual(['b', 'c']);
});

test('what a device of the account recorded while it was not in the list is delivered when it is back', async () => {
	const { cursor: begun } = await polled(undefined, NOW, [], { others: [NOW, NOW] });
	let cursor = begun;
	for (let minute = 1; minute < 60; minute++)
		({ cursor } = await polled(cursor, NOW + minute * MINUTE, [], { others: [NOW + minute * MINUTE] }));
	const missed = { ...alarm('b', NOW + 90), deviceId: '2' };
	const back = NOW + 60 * MINUTE;
	const { events } = await polled(cursor, back, [missed], { others: [back, back] });
	expect(events.map(({ id }) => id)).toEqual(['b']);
});

test('what a device recorded while it was not chosen is not delivered when it is chosen again', async () => {
	const at = (minute: number) => NOW + minute * MINUTE;
	let { cursor } = await polled(undefined, NOW, [], { devices: ['1', '2'], others: [NOW, NOW] });
	for (let minute = 1; minute < 60; minute++)
		({ cursor } = await polled(cursor, at(minute), [], { devices: ['1'], others: [at(minute)] }));
	const alarms = [
		{ ...alarm('while not chosen', NOW + 90), deviceId: '2' },
		{ ...alarm('b', at(60) - 5), deviceId: '2' },
	];
	const again = { devices: ['1', '2'], others: [at(60), at(60)] };
	const { events } = await polled(cursor, at(60), alarms, again);
	expect(events.map(({ id }) => id)).toEqual(['b']);
});

test.each([
	['the newest first', ['c', 'b', 'a']],
	['the oldest first', ['a', 'b', 'c']],
	['in no order', ['b', 'c', 'a']],
])('the first poll delivers the latest alarm of a device, whether they come %s', async (_, order) => {
	const times: Record<string, number> = { a: NOW - 300, b: NOW - 200, c: NOW - 100 };
	const alarms = order.map((id) => alarm(id, times[id] ?? 0));
	const { events, cursor } = await polled(undefined, NOW, alarms, { firstRun: 'latest' });
	expect(events.map(({ id }) => id)).toEqual(['c']);
	const { events: later } = await polled(cursor, NOW + MINUTE, [...alarms, alarm('d', NOW + 30)]);
	expect(later.map(({ id }) => id)).toEqual(['d']);
});

test('the latest alarm of a device is delivered once, however often its first read breaks off', async () => {
	const alarms = ['a', 'b', 'c'].map((id, place) => alarm(id, NOW - 300 + place * 100));
	let cursor: unknown;
	const ids: unknown[] = [];
	for (const [minute, come] of [1, 2, 3, 3, 3].entries()) {
		const breaksOff = minute < 3 ? ['1'] : [];
		const others = [NOW + minute * MINUTE];
		const polling = await polled(cursor, NOW + minute * MINUTE, alarms.slice(0, come), {
			...{ breaksOff, others, firstRun: 'latest' },
		});
		({ cursor } = polling);
		ids.push(...polling.events.map(({ id }) => id));
	}
	expect(ids).toEqual(['c']);
});

test('a device with more alarms than a poll takes does not keep the others from their turns', async () => {
	const alarms = Array.from({ length: 40 }, (_, place) => alarm(`a${String(place)}`, NOW + place));
	const all = [...alarms, { ...alarm('b', NOW + 1), deviceId: '2' }];
	let { cursor } = await polled(undefined, NOW, [], { others: [NOW, NOW] });
	const ids: unknown[] = [];
	for (let minute = 1; minute <= 20; minute++) {
		const now = NOW + minute * MINUTE;
		// Each poll finds one more alarm of the first device before its time is over.
		const known = all.filter(({ deviceId, id }) => deviceId === '2' || Number(id.slice(1)) < minute);
		const polling = await polled(cursor, now, known, { others: [now, now], breaksOff: ['1'] });
		({ cursor } = polling);
		ids.push(...polling.events.map(({ id }) => id));
	}
	expect(ids).toContain('b');
	expect(new Set(ids).size).toBe(ids.length);
});

describe('a local clock that was wrong', () => {
	const YEARS = 10 * 365 * 86_400;
	const begun = async () => {
		const { cursor } = await polled(undefined, NOW, []);
		return structuredClone(cursor) as unknown as Record<string, number> & { round: Record<string, number> };
	};
	const later = async (stored: object) => {
		warnings.length = 0;
		const alarms = [alarm('a', NOW + 90)];
		const first = await polled(stored, NOW + 120, alarms);
		const second = await polled(first.cursor, NOW + 180, [...alarms, alarm('b', NOW + 150)]);
		return [...first.events, ...second.events].map(({ id }) => id);
	};

	test('has left times in the future in the cursor of an earlier version: nothing is hidden, and it is said once', async () => {
		const stored = await begun();
		Object.assign(stored.round, { began: NOW + YEARS, before: NOW + YEARS });
		expect(await later(stored)).toEqual(['a', 'b']);
		expect(warnings).toEqual([
			'The saved position of "New Alarm" lies in the future, as a clock was wrong. It continues with what was recorded from 2027-01-15T08:00:00.000Z on.',
		]);
	});

	test('has left a beginning in the future, of a vendor whose records said nothing', async () => {
		const stored = await begun();
		Object.assign(stored, { mark: 0, since: NOW + YEARS, latest: NOW + YEARS });
		Object.assign(stored.round, { began: NOW + YEARS, before: NOW + YEARS });
		warnings.length = 0;
		const { cursor } = await polled(stored, NOW + 60, []);
		expect(cursor).toMatchObject({ since: NOW + 60 });
		const { events } = await polled(cursor, NOW + 120, [alarm('a', NOW + 90)]);
		expect([events.length, warnings.length]).toEqual([1, 1]);
	});

	test('has left a watermark that is years ahead of all positions', async () => {
		const stored = await begun();
		Object.assign(stored, { mark: NOW + YEARS });
		Object.assign(stored.round, { began: NOW + YEARS });
		const { cursor } = await polled(stored, NOW + 60, []);
		expect(await later(cursor!)).toEqual(['a', 'b']);
	});

	test('is set back by years: nothing comes twice, and nothing is said', async () => {
		const { cursor } = await polled(await begun(), NOW + 60, [alarm('a', NOW + 30)]);
		warnings.length = 0;
		const back = await polled(cursor, NOW - YEARS, [alarm('a', NOW + 30)], { others: [NOW + 90] });
		expect([back.events, warnings]).toEqual([[], [expect.stringContaining('is ahead')]]);
		const { events } = await polled(back.cursor, NOW + 180, [alarm('a', NOW + 30), alarm('b', NOW + 100)]);
		expect(events.map(({ id }) => id)).toEqual(['b']);
	});

	test('was days ahead when the trigger began, and no device reports for a while', async () => {
		let { cursor } = await polled(undefined, NOW + 3 * 86_400, [], { others: [NOW] });
		for (const minute of [1, 2, 3])
			({ cursor } = await polled(cursor, NOW + 3 * 86_400 + minute * 60, [], { others: [NOW] }));
		const alarms = [alarm('long before', NOW - 7200), alarm('before', NOW), alarm('a', NOW + 200)];
		const { events } = await polled(cursor, NOW + 3 * 86_400 + 240, alarms, { others: [NOW + 240] });
		expect(events.map(({ id }) => id)).toEqual(['a']);
	});

	test('was days ahead when the trigger began: the first report shows it', async () => {
		const { cursor } = await polled(undefined, NOW + 3 * 86_400, [], { others: [NOW] });
		const { events } = await polled(cursor, NOW + 3 * 86_400 + 60, [alarm('a', NOW + 30)], { others: [NOW + 60] });
		expect(events.map(({ id }) => id)).toEqual(['a']);
	});
});
