import { describe, expect, test } from 'vitest';
import { UnexpectedAnswer, Unreachable, VendorFault, type FleetError } from '../describe/errors';
import { text } from '../describe/field';
import type { Position } from '../describe/records';
import type { FleetEvent, SnapshotSource } from '../describe/trigger';
import type { Poll } from './poll';
import { positionChanged } from './position-triggers';
import { pollSnapshot, readSnapshotCursor } from './snapshot';

const NOW = 1_800_000_000;
const devices = text({ title: 'Device', description: 'Any' });
const changed = positionChanged({ devices, evidence: { section: '1', grade: 'C' } }).source as SnapshotSource;
const fix = (deviceId: string, seconds: number) =>
	({ deviceId, time: new Date(seconds * 1000).toISOString(), latitude: 45, longitude: 25, seenAt: null }) as Position;

/** A device whose positions cannot be read. */
const UNREADABLE = 'unreadable';

const warnings: string[] = [];

async function* pageThen(page: Position[], error?: Error) {
	yield page;
	await Promise.resolve();
	if (error !== undefined) throw error;
}

/** A vendor whose one request gives all positions, and breaks off after some of them. */
async function polled(stored: unknown, positions: Position[], error?: Error, firstRun = 'nothing', now = NOW) {
	const poll = {
		now,
		event: 'positionChanged',
		title: 'Position Changed',
		firstRun,
		lookBack: 600,
		params: {},
		events: [],
		client: {
			shared: {},
			warn: (message: string) => warnings.push(message),
			provider: { title: 'Vendor', positions: { all: true } },
		},
		read: () => ({ pages: pageThen(positions, error) }),
		unreadable: undefined as FleetError | undefined,
		record: (_: unknown, row: Position) => {
			if (row.deviceId === UNREADABLE) throw new UnexpectedAnswer('The position cannot be read.');
			return row;
		},
		each: async (page: Position[], take: (row: Position) => void) => page.forEach((row) => take(row)),
		failed: (thrown: Error) => thrown,
		goesOn: () => true,
		full: () => false,
		past: (time?: number) => time,
		concernsAll: (thrown: Error) => thrown instanceof Unreachable,
		report: () => undefined,
	};
	const from = stored === undefined ? undefined : readSnapshotCursor(stored);
	const cursor = await pollSnapshot(poll as unknown as Poll, changed, from);
	const events = poll.events as FleetEvent[];
	return { cursor, events, ids: events.map(({ deviceId }) => deviceId), unreadable: poll.unreadable };
}

test('a position that cannot be read is said, and hides no other', async () => {
	const { cursor } = await polled(undefined, [fix('a', NOW - 60), fix(UNREADABLE, NOW - 60), fix('b', NOW - 60)]);
	const next = await polled(cursor, [fix('a', NOW - 10), fix(UNREADABLE, NOW - 10), fix('b', NOW - 10)]);
	expect(next.ids).toEqual(['a', 'b']);
	expect(next.unreadable?.message).toBe('The position cannot be read.');
});

test('a position that is dated in the future is doubtful, and no other is', async () => {
	const { cursor } = await polled(undefined, [fix('a', NOW - 60), fix('b', NOW - 60)]);
	const { events } = await polled(cursor, [fix('a', NOW + 3 * 3600), fix('b', NOW - 10)]);
	expect(Object.fromEntries(events.map(({ deviceId, doubtful }) => [deviceId, doubtful]))).toEqual({
		a: true,
		b: false,
	});
});

describe('a device that was read before the positions broke off', () => {
	const broke = [
		['the connection broke', new Unreachable('Gone.', { effect: 'unknown' })],
		['the vendor failed', new VendorFault('No.', { effect: 'unknown' })],
	] as const;
	test.each(broke)('has no event for the same fix, however often it broke: %s', async (_, error) => {
		const parked = fix('parked', NOW - 3600);
		let { cursor } = await polled(undefined, [parked, fix('b', NOW)]);
		for (let polls = 1; polls <= 4; polls++) {
			const now = NOW + polls * 60;
			const poll = await polled(cursor, [parked], polls < 4 ? error : undefined, 'nothing', now);
			expect(poll.ids).toEqual([]);
			({ cursor } = poll);
		}
	});

	test.each(broke)('has one event in the first sweep, however often it broke: %s', async (_, error) => {
		let cursor: unknown;
		const parked = fix('parked', NOW - 2 * 86_400);
		const ids: string[] = [];
		for (let polls = 0; polls < 4; polls++) {
			const now = NOW + polls * 60;
			const poll = await polled(cursor, [fix('b', now), parked], polls < 3 ? error : undefined, 'latest', now);
			({ cursor } = poll);
			ids.push(...poll.ids.filter((id) => id === 'parked'));
		}
		expect(ids).toEqual(['parked']);
	});
});

test.each([
	[
		'sweep, as earlier versions stored it',
		{ round: { began: NOW + 1e8, before: NOW + 1e8, at: NOW, atBefore: NOW } },
	],
	['watermark', { mark: NOW + 1e8, round: { began: NOW + 1e8, before: NOW + 1e8, at: NOW, atBefore: NOW } }],
])('a %s that lies years in the future hides no fix, and is reported once', async (_, wrong) => {
	const { cursor } = await polled(undefined, [fix('a', NOW)]);
	let stored: unknown = { ...cursor, states: '', ...wrong };
	warnings.length = 0;
	const ids: (string | null)[] = [];
	for (let polls = 1; polls <= 3; polls++) {
		const now = NOW + polls * 60;
		const poll = await polled(stored, [fix('a', now)], undefined, 'nothing', now);
		stored = poll.cursor;
		ids.push(...poll.ids);
	}
	expect(ids.length).toBeGreaterThanOrEqual(2);
	expect(warnings).toEqual([expect.stringContaining('lies in the future, as a clock was wrong')]);
});

test('a vendor that makes up devices in each answer does not fill the memory with them', async () => {
	let stored: unknown;
	const named = (poll: number) =>
		Array.from({ length: 1000 }, (_, index) =>
			fix(`${String(poll)}-${String(index)}${'x'.repeat(1000)}`, NOW + poll * 60),
		);
	const sizes: number[] = [];
	for (let poll = 0; poll < 8; poll++) {
		const { cursor } = await polled(stored, named(poll), undefined, 'nothing', NOW + poll * 60);
		stored = cursor;
		sizes.push(JSON.stringify(cursor).length);
	}
	expect(Math.max(...sizes)).toBeLessThan(6_000_000);
	// Those of the latest answer are known.
	const { ids } = await polled(stored, named(7), undefined, 'nothing', NOW + 480);
	expect(ids).toEqual([]);
});

test('a name that is no text has a state like others', async () => {
	const broken = fix('a\ud800', NOW);
	const { cursor } = await polled(undefined, [broken, fix('b', NOW)]);
	const moved = await polled(cursor, [fix('a\ud800', NOW), fix('b', NOW + 60)], undefined, 'nothing', NOW + 60);
	expect(moved.ids).toEqual(['b']);
});
