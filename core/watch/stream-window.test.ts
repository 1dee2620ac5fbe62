import { describe, expect, test } from 'vitest';
import type { AnyOperation } from '../describe/operation';
import { TimedOut } from '../describe/errors';
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

/**
 * Polls a vendor that has these alarms of one device.
 * @param others times of the positions, if not now
 * @param breaksOff whether the time is over before it is known that there are no more
 */
async function polled(
	stored: unknown,
	now: number,
	alarms: Alarm[],
	{ others = [now], breaksOff = false }: { others?: number[]; breaksOff?: boolean } = {},
) {
	const operation = { resource: 'position', name: 'getCurrent' } as unknown as AnyOperation;
	const client = {
		now: () => now * 1000,
		shared: {},
		warn: () => undefined,
		provider: { title: 'Vendor', positions: { operation, all: true } },
	};
	const poll = new Poll(
		client as never,
		{ name: 'newAlarm' } as never,
		{ devices: '*' },
		{ firstRun: 'nothing', includeRaw: false },
		{ intervalMs: MINUTE * 1000, budgetMs: MINUTE * 1000 },
	);
	const pages = async function* (of: AnyOperation) {
		await Promise.resolve();
		if (of === operation) {
			yield others.map((at, place) => ({ deviceId: String(place + 1), time: iso(at), seenAt: null }));
			return;
		}
		yield alarms;
		if (breaksOff) throw new TimedOut('No time is left.');
	};
	Object.assign(poll, {
		read: (of: AnyOperation, _: object, { watermark }: { watermark: number }) => ({ pages: pages(of), watermark }),
		record: (_: unknown, row: unknown) => row,
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
		const polling = await polled(cursor, now, alarms, { breaksOff: true });
		({ cursor } = polling);
		ids.push(polling.events.map(({ id }) => id));
	}
	expect(ids).toEqual([['alarm 1', 'a', 'b'], ['alarm 2'], ['alarm 3']]);
});
