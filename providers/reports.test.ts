/** What is computed from a vendor's records, at every vendor's simulator. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Client } from '../core/call/client';
import { isComputed, type AnyOperation } from '../core/describe/operation';
import type { DaySummary, Fix, Stop, Trip } from '../core/describe/records';
import { createFleet, stateAt } from '../simulators/fleet';
import { nameOf, NOW, startVendor, type TestVendor } from '../test/hosts/vendor';
import { ONE_OF_EACH } from '../test/support/kits';
import { connectionOf, recordingOf } from '../test/support/recordings';
import { json, TestHost } from '../test/support/test-host';

const isHistory = ({ kind }: AnyOperation) => kind === 'fix' || kind === 'trackPoint';
const keyOf = ({ deviceId, time }: Fix) => `${deviceId} ${String(time)}`;
/** The first of each time and device. What the vendor has corrected to the roads has no time, and comes as it is. */
function firstOfEach(fixes: readonly Fix[]): Fix[] {
	const seen = new Set<string>();
	return fixes.filter((fix) => fix.time === null || (!seen.has(keyOf(fix)) && seen.add(keyOf(fix))));
}
const sorted = (fixes: readonly Fix[]) => [...fixes].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));

describe.each(ONE_OF_EACH)('$vendor.provider.title', ({ name, vendor: { provider } }) => {
	let vendor: TestVendor;
	beforeAll(async () => {
		vendor = await startVendor(name);
	});
	afterAll(() => vendor.close());

	const histories = provider.operations.filter(isHistory);

	test('has a history', () => {
		expect(histories.map(nameOf)).toContain('position.getHistory');
	});

	describe.each(histories.map((operation) => [nameOf(operation), operation] as const))(
		'%s with Clean Track',
		(operationName, operation) => {
			const clean = { params: { cleanTrack: true } };

			// The simulated trackers send some fixes several times in a second, and none that is wrong.
			test('gives each fix once', async () => {
				const whole = (await vendor.expected(operation, 'simplified')) as Fix[];
				const once = firstOfEach(whole);
				expect(whole.length).toBeGreaterThan(once.length);
				const cleaned = (await vendor.expected(operation, 'simplified', clean)) as Fix[];
				expect(sorted(cleaned)).toEqual(sorted(once));
				expect(await vendor.expected(operation, 'simplified', { ...clean, limit: 3 })).toEqual(
					cleaned.slice(0, 3),
				);
				expect(await vendor.expected(operation, 'raw', clean)).toHaveLength(whole.length);
			});

			test('asks the vendor for the same', async () => {
				const { exchanges = [], params } = recordingOf(provider, operationName) ?? {};
				const sent = async (input: object) => {
					const answers = exchanges.map(({ response }) => response);
					const host = new TestHost(() => json(answers.shift()));
					await new Client(provider, connectionOf(provider), host).collect(operation, {
						...params,
						...input,
					});
					return host.sent.map(({ request }) => request);
				};
				expect(await sent({ cleanTrack: true })).toEqual(await sent({}));
			});
		},
	);

	test('a vendor makes up no device: only those that were asked for have records', async () => {
		const asked = '4711471147';
		for (const operation of [...histories, ...provider.operations.filter(isComputed)]) {
			const { exchanges = [], params = {} } = recordingOf(provider, nameOf(operation)) ?? {};
			const { devices = 'device' } = operation.asks ?? {};
			const host = new TestHost(() => json(exchanges.at(-1)?.response));
			const records = await new Client(provider, connectionOf(provider), host).collect(operation, {
				...params,
				[devices]: asked,
				cleanTrack: true,
			});
			const names = records.map((record) => (record as Fix).deviceId);
			expect(
				names.filter((name) => name !== asked),
				nameOf(operation),
			).toEqual([]);
		}
	});

	const named = (wanted: string) => provider.operations.find((operation) => nameOf(operation) === wanted)!;

	test('has trips, stops and days, from the vendor or computed', () => {
		for (const [wanted, kind] of [
			['trip.getMany', 'trip'],
			['stop.getMany', 'stop'],
			['trip.getDaySummary', 'daySummary'],
		] as const)
			expect(named(wanted), wanted).toMatchObject({ kind, effect: 'read', list: true });
	});

	// The truth is what the simulated vehicle does, second by second.
	test('the computed ones are those of the vehicle', async () => {
		const [vehicle] = createFleet({ now: NOW });
		const history = named('position.getHistory');
		const { begin, end } = vendor.paramsOf(history) as { begin: string; end: string };
		const [from, to] = [Date.parse(begin) / 1000, Date.parse(end) / 1000];
		const { deviceId } = ((await vendor.expected(history, 'simplified', { limit: 1 })) as Fix[])[0]!;
		const records = async <T extends { deviceId: string }>(wanted: string) =>
			((await vendor.expected(named(wanted), 'simplified')) as T[]).filter((one) => one.deviceId === deviceId);
		const stands = (time: number) => stateAt(vehicle!, time).speed < 3;
		const inSeconds = (time: string | null) => (time === null ? to : Date.parse(time) / 1000);
		if (named('stop.getMany').compute !== undefined) {
			const stops = await records<Stop>('stop.getMany');
			expect(stops.length).toBeGreaterThan(1);
			for (const { startedAt, endedAt } of stops)
				for (let time = inSeconds(startedAt) + 10; time < inSeconds(endedAt) - 10; time++)
					expect(stands(time), `${String(startedAt)} and ${String(time)}`).toBe(true);
		}
		const [days] = [await records<DaySummary>('trip.getDaySummary')];
		const driven = (stateAt(vehicle!, to).odometer - stateAt(vehicle!, from).odometer) / 1000;
		const distance = days.reduce((sum, day) => sum + day.distance, 0);
		expect(Math.abs(distance - driven) / driven).toBeLessThan(0.05);
		if (named('trip.getMany').compute === undefined) return;
		const trips = await records<Trip>('trip.getMany');
		expect(trips.length).toBeGreaterThan(1);
		for (const { startedAt, endedAt, distance: length } of trips) {
			const [since, until] = [inSeconds(startedAt), inSeconds(endedAt)];
			const way = (time: number) => (stateAt(vehicle!, until).odometer - stateAt(vehicle!, time).odometer) / 1000;
			// It is measured from the fix before, which is up to a minute older.
			expect(length).toBeGreaterThan(way(since) * 0.93 - 0.1);
			expect(length).toBeLessThan(way(since - 60) * 1.01 + 0.1);
		}
	});

	test('what is computed asks for the history, and Raw gives it', async () => {
		const ofHistory = recordingOf(provider, 'position.getHistory');
		for (const operation of provider.operations.filter(isComputed)) {
			const sent = async (which: AnyOperation, input: object = {}) => {
				const answers = ofHistory?.exchanges.map(({ response }) => response) ?? [];
				const host = new TestHost(() => json(answers.shift()));
				const records = await new Client(provider, connectionOf(provider), host).collect(
					which,
					{ ...ofHistory?.params, ...input },
					{ output: 'raw' },
				);
				return { records, requests: host.sent.map(({ request }) => request) };
			};
			expect(await sent(operation, { minimumMinutes: 7 }), nameOf(operation)).toEqual(
				await sent(named('position.getHistory')),
			);
		}
	});
});
