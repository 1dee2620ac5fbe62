import { describe, expect, test } from 'vitest';
import { recordsOf } from '../test/support/batched';
import { Client } from '../core/call/client';
import type { FleetError } from '../core/describe/errors';
import { Batcher } from '../core/call/batcher';
import { Lookups } from '../core/call/lookups';
import type { Connection } from '../core/describe/connection';
import { readFields } from '../core/describe/field';
import { FetchHost } from '../test/support/fetch-host';
import { KITTED } from '../test/support/kits';
import { OddHost } from '../test/support/odd-host';
import { emptied, EMPTY, oddFor, placesIn, withOdd } from '../test/support/oddities';
import { connectionOf, recordingOf, type Recorded } from '../test/support/recordings';
import { json, ok, TestHost } from '../test/support/test-host';
import { providers } from '.';

const NOW = Date.UTC(2026, 2, 18, 9, 41, 7);

const plain = (records: object[]) => JSON.parse(JSON.stringify(records)) as object[];

/**
 * Answers with a list in them. Where the document shows a single record or text instead of one, it stands in a list
 * under a key.
 */
function listed(exchanges: Recorded['exchanges']): unknown[] {
	const responses = exchanges.map(({ response }) => response as Record<string, unknown>);
	if (responses.some((response) => placesIn(response).length > 0)) return responses;
	return responses.map(({ ErrorCode = 0, Code, ...body }) => {
		if (Code !== undefined) return { Code, Data: [{ Text: body.Data }], ErrMsg: null };
		const [only] = Object.values(body);
		return { ErrorCode, Records: [typeof only === 'object' && only !== null ? only : body] };
	});
}

describe.each(providers.map((provider) => [provider.title, provider] as const))(
	'%s: an element that is no record, or has nothing in it, does not cost the others',
	(_, provider) => {
		// Some are asked for one record, and get a list of it.
		const lists = provider.operations.filter(
			(operation) =>
				operation.effect === 'read' &&
				(operation.list ||
					recordingOf(provider, `${operation.resource}.${operation.name}`)?.exchanges.some(
						({ response }) => placesIn(response).length > 0,
					)),
		);

		test.each(lists.map((operation) => [`${operation.resource}.${operation.name}`, operation] as const))(
			'%s',
			async (name, operation) => {
				const recorded = recordingOf(provider, name);
				if (recorded === undefined) throw new Error(`${name} has no recorded pair`);
				const answers = listed(recorded.exchanges);
				const run = async (responses: readonly unknown[], output: 'simplified' | 'raw') => {
					const left = [...responses];
					const host = new TestHost(() => json(left.shift() ?? { code: -1 }));
					const client = new Client(
						provider,
						{ ...connectionOf(provider), account: `${name} ${String(Math.random())}` },
						host,
					);
					const records = await client
						.collect(operation, recorded.params, { output })
						.catch((error: unknown) =>
							expect.fail(`${(error as FleetError).name}: ${(error as FleetError).message}`),
						);
					return { records: plain(records), warnings: host.warnings };
				};
				const good = {
					simplified: (await run(answers, 'simplified')).records,
					raw: (await run(answers, 'raw')).records,
				};
				const deep = (value: unknown): number =>
					typeof value === 'object' && value !== null
						? 1 + Object.values(value).reduce<number>((sum, inner) => sum + deep(inner), 0)
						: 1;
				let tried = 0;
				for (const [exchange, answer] of answers.entries()) {
					const inAnswer = (changed: unknown) =>
						answers.map((other, place) => (place === exchange ? changed : other));
					for (const place of placesIn(answer)) {
						// Lists within a record, such as those of its sensors, hold no records.
						const without = await run(inAnswer(emptied(answer, place)), 'raw').catch(() => ({
							records: [] as object[],
						}));
						if (without.records.length >= good.raw.length) continue;
						for (const odd of oddFor(place)) {
							const context = `${JSON.stringify(odd)} at ${place.path.join('.')}`;
							const changed = inAnswer(withOdd(answer, place, [odd]));
							const simplified = await run(changed, 'simplified');
							const raw = await run(changed, 'raw');
							const besides = simplified.records.filter(
								(record) =>
									!good.simplified.some(
										(one) =>
											deep(one) === deep(record) &&
											JSON.stringify(one) === JSON.stringify(record),
									),
							);
							const told = simplified.warnings.filter((warning) => warning.includes('could not be read'));
							expect(
								simplified.records.filter((record) => !besides.includes(record)),
								context,
							).toEqual(good.simplified);
							// Given as it came, where records are not simplified; else told of, once.
							if (besides.length > 0) expect(besides, context).toEqual([messageOf(odd)]);
							else
								expect(told, context).toEqual([
									expect.stringMatching(/^1 of \d+ records could not be read and was left out\. /),
								]);
							expect(simplified.warnings.join(), context).not.toContain('did not expect');
							const more = raw.records.filter(
								(row) => !good.raw.some((one) => JSON.stringify(one) === JSON.stringify(row)),
							);
							expect(
								raw.records.filter((row) => !more.includes(row)),
								context,
							).toEqual(good.raw);
							expect(more, context).toEqual([
								expect.objectContaining(
									EMPTY.includes(odd as object) ? (odd as object) : { value: odd },
								),
							]);
							tried += 1;
						}
					}
				}
				expect(tried, `no list in the recorded answers of ${name}`).toBeGreaterThan(0);
			},
		);
	},
);

test('a list of plain values is a list too', () => {
	const imeis = { code: 0, record: ['358899051025339', '358899051025340'] };
	const [place, ...others] = placesIn(imeis);
	expect([place, others]).toEqual([{ path: ['record'], text: false, plain: 'string' }, []]);
	expect(oddFor(place!)).toContain(7);
	expect(oddFor(place!)).not.toContain('{"imei":"35889905');
	expect(emptied(imeis, place!)).toEqual({ code: 0, record: [] });
	expect(placesIn({ record: [1, 'a'] })).toEqual([]);
});

/** A queue's message holds what came; others that are passed on as they come are what came. */
const messageOf = (odd: unknown) =>
	expect.toSatisfy(({ value, record, ...rest }: { value?: unknown; record?: Record<string, unknown> }) => {
		const { unreadable: _, ...message } = record ?? {};
		const came = value ?? record?.value ?? null;
		return [came, message, rest].some((one) => JSON.stringify(one) === JSON.stringify(odd));
	}) as object;

const trackceo = providers.find(({ name }) => name === 'trackceo')!;
const operationOf = (name: string) =>
	trackceo.operations.find((operation) => `${operation.resource}.${operation.name}` === name) ?? expect.fail();
function clientOf(respond: ConstructorParameters<typeof TestHost>[0]) {
	const host = new TestHost(respond);
	return {
		host,
		client: new Client(trackceo, { ...connectionOf(trackceo), account: String(Math.random()) }, host),
	};
}

describe.each(KITTED.map((kit) => [kit.name, kit] as const))('%s: the lists of pickers', (_, kit) => {
	const { provider } = kit.vendor;

	test.each(Object.keys(provider.lookups))(
		'%s: an element that is no record costs none of the others',
		async (name) => {
			const simulator = await kit.start({ clock: () => NOW });
			try {
				const settings = {
					baseUrl: simulator.url,
					allowPrivateAddresses: true,
					rateLimit: 60_000,
					allowCommands: false,
				};
				const connection = readFields(
					provider.connection,
					{ ...settings, ...kit.settings },
					{ now: NOW, timeZone: 'UTC' },
				) as unknown as Connection;
				const clock = { now: () => simulator.now(), pass: (ms: number) => simulator.advance(ms) };
				const listed = async (host: FetchHost<Connection>) => {
					const client = new Client(provider, connection, host);
					// Not what the other has read.
					Object.assign(client.shared, { lookups: new Lookups() });
					return await client.lookup(name);
				};
				const honest = await listed(new FetchHost(provider, connection, clock));
				expect(honest.length).toBeGreaterThan(0);
				expect(await listed(new OddHost(provider, connection, clock))).toEqual(honest);
			} finally {
				await simulator.close();
			}
		},
	);
});

describe('what a text of the Protrack platform leaves out is null', () => {
	const good = '114.05,22.55,1769731200,10,90';
	const place = { longitude: 114.05, latitude: 22.55 };
	const time = '2026-01-30T00:00:00.000Z';

	test.each([
		[',22.55,1769731200,10,90', { longitude: null, latitude: null, time }],
		['114.05,,1769731200,10,90', { longitude: null, latitude: null, time }],
		['114.05,22.55,,10,90', { ...place, time: null }],
		['114.05,22.55,0,10,90', { ...place, time: null }],
		['114.05,22.55,1769731200,,', { ...place, time, speed: null, course: null }],
		['114.05,22.55,1769731200000,10,90', { ...place, time }],
		['114.05,22.55,9e99,10,90', { ...place, time: null }],
		['114.05,22.55,soon,10,90', { ...place, time: null }],
	])('%s', async (point, expected) => {
		const { client } = clientOf(() => ok([good, point, good].join(';')));
		const records = await client.collect(operationOf('position.getHistory'), {
			devices: '358899051000001',
			begin: '2026-01-30',
			end: '2026-01-31',
		});
		expect(records).toMatchObject([{ ...place, time, speed: 10, course: 90 }, expected, { ...place, time }]);
	});

	test('an alarm whose kind is a word, or whose numbers are missing, is an alarm', async () => {
		const { client, host } = clientOf(() =>
			ok(
				'overspeed,114.05,22.55,1769731200,1769731205,10,90,0;1,,22.55,1769731200,,10,90,0;7,114.05,22.55,1769731200,1769731205,10,90,0',
			),
		);
		const ask = async (types: string[]) =>
			await client.collect(operationOf('alarm.getMany'), {
				devices: '358899051000001',
				begin: '2026-01-30',
				end: '2026-01-31',
				types,
			});
		expect(await ask([])).toMatchObject([
			{
				type: 'other',
				title: 'overspeed',
				vendorType: 'overspeed',
				time,
				recordedAt: '2026-01-30T00:00:05.000Z',
				...place,
			},
			{ type: 'sos', longitude: null, latitude: null, time, recordedAt: null },
			{ type: 'speeding', vendorType: '7' },
		]);
		expect(await ask(['speeding'])).toMatchObject([{ type: 'speeding' }]);
		expect(host.warnings).toEqual([]);
	});

	test('one that is cut short may be of the kind that is wanted, so it is told of', async () => {
		const { client, host } = clientOf(() => ok('1,114.05,22.55;7,114.05,22.55,1769731200,1769731205,10,90,0'));
		expect(
			await client.collect(operationOf('alarm.getMany'), {
				devices: '358899051000001',
				begin: '2026-01-30',
				end: '2026-01-31',
				types: ['speeding'],
			}),
		).toMatchObject([{ type: 'speeding' }]);
		expect(host.warnings).toEqual([
			'1 of 2 records could not be read and was left out. The vendor sent an alarm that cannot be read: "1,114.05,22.55". Output = Raw gives it as it came.',
		]);
	});
});

describe('a run tells of what it left out', () => {
	const getCurrent = operationOf('position.getCurrent');
	const record = (imei: unknown) => ({ imei, longitude: 1, latitude: 2, gpstime: 1769731200 });
	const imeis = (from: number, count: number) =>
		Array.from({ length: count }, (_, place) => String(358_899_051_000_000 + from + place));

	test('once, over all of its requests', async () => {
		const { client, host } = clientOf(({ query = {} }) =>
			ok([...String(query.imeis).split(',').map(record), null, {}]),
		);
		expect(await client.collect(getCurrent, { devices: imeis(1, 250) })).toHaveLength(250);
		expect(host.sent).toHaveLength(3);
		expect(host.warnings).toEqual([
			'6 of 256 records could not be read and were left out. The first: The vendor sent null instead of a position. Output = Raw gives them as they came.',
		]);
	});

	test('also where no more records were wanted', async () => {
		const { client, host } = clientOf(() => ok([null, ...imeis(1, 5).map(record)]));
		expect(await client.collect(getCurrent, { devices: imeis(1, 5) }, { limit: 1 })).toHaveLength(1);
		expect(host.warnings).toHaveLength(1);
	});

	test('as an error, where none of it can be read', async () => {
		const { client, host } = clientOf(() => ok([null, {}]));
		await expect(client.collect(getCurrent, { devices: imeis(1, 2) })).rejects.toMatchObject({
			code: 'UnexpectedAnswer',
			message:
				'None of the 2 records that came can be read. The first: The vendor sent null instead of a position.',
			advice: expect.stringContaining('Output = Raw') as string,
		});
		expect(host.warnings).toEqual([]);
		expect(await client.collect(getCurrent, { devices: imeis(1, 2) }, { output: 'raw' })).toEqual([
			{ value: null },
			{},
		]);
	});

	test('and says nothing of secrets that stand in what came', async () => {
		const { client, host } = clientOf(() => ok([record(imeis(1, 1)[0]), 'Abc@34590']));
		await client.collect(getCurrent, { devices: imeis(1, 1) });
		expect(host.warnings.join()).toContain('could not be read');
		expect(host.warnings.join()).not.toContain('Abc@34590');
	});

	test('of several runs that share a request, the one whose record it is', async () => {
		const { client, host } = clientOf(({ query = {} }) => {
			const asked = String(query.imeis).split(',');
			return ok(
				asked.map((imei) =>
					imei.endsWith('2') ? null : imei.endsWith('3') ? { ...record(imei), imei: [imei] } : record(imei),
				),
			);
		});
		const together = new Batcher(client, getCurrent, {});
		for (const devices of [imeis(1, 1), imeis(2, 1), imeis(2, 4)])
			together.add({ input: { devices }, options: {} });
		expect(await recordsOf(together, 0)).toHaveLength(1);
		await expect(recordsOf(together, 1)).rejects.toMatchObject({
			message: 'The vendor sent null instead of a position.',
		});
		expect(await recordsOf(together, 2)).toHaveLength(2);
		expect(host.warnings).toEqual([expect.stringMatching(/^2 of 4 records could not be read/)]);
	});
});

describe('what has nothing in it is told of', () => {
	const period = { begin: '2026-01-30', end: '2026-01-31' };
	const collect = async (vendor: string, name: string, params: object, answer: unknown) => {
		const provider = providers.find((one) => one.name === vendor)!;
		const operation =
			provider.operations.find((one) => `${one.resource}.${one.name}` === name) ?? expect.fail(name);
		const host = new TestHost(() => json(answer));
		const client = new Client(provider, { ...connectionOf(provider), account: String(Math.random()) }, host);
		return await client.collect(operation, { ...params });
	};

	test.each([
		['position.getLocation', { device: '8022' }],
		['position.getLocationByPlate', { plate: 'A1' }],
		['geofence.check', { plate: 'A1', geofence: 7 }],
	])('iTracksense %s', async (name, params) => {
		await expect(
			collect('itracksense', name, params, { Code: 200, Data: { data: {} }, ErrMsg: null }),
		).rejects.toThrow('The vendor sent {} instead of');
	});

	test.each([
		['stop.getMany', { minimumMinutes: 5 }, [{ other: 1 }], 'without their list by vehicle'],
		['stop.getMany', { minimumMinutes: 5 }, { results: { 7: [{}] } }, 'The vendor sent {} instead of a stop'],
		['temperature.getMany', {}, [{ other: 1 }], 'neither temperatures nor humidities'],
		['temperature.getMany', {}, { temperature: [{}], humidity: null }, 'The vendor sent {} instead of a reading'],
	])('TrackGPS.ro %s', async (name, params, payload, words) => {
		await expect(
			collect('trackgps', name, { devices: '7', ...period, ...params }, { isSuccess: true, payload }),
		).rejects.toThrow(words);
	});

	test.each([
		['stop.getMany', { minimumMinutes: 5 }, { results: {} }],
		['stop.getMany', { minimumMinutes: 5 }, [{ results: { 7: [] } }]],
		['temperature.getMany', {}, { temperature: [], humidity: null }],
	])('but not what says that there is nothing: %s', async (name, params, payload) => {
		expect(
			await collect('trackgps', name, { devices: '7', ...period, ...params }, { isSuccess: true, payload }),
		).toEqual([]);
	});

	test('a number that lost its digits names nothing', async () => {
		const body = '[{"imei":"358899051000001"},{"imei":123456789012345678901}]';
		const run = clientOf(() => ok(JSON.parse(body)));
		const records = await run.client.collect(operationOf('device.getMany'), {});
		expect(records).toMatchObject([{ deviceId: '358899051000001' }]);
		expect(run.host.warnings.join()).toContain('"imei" as a number with more digits than can be read');
		expect(await run.client.lookup('device')).toMatchObject([{ value: '358899051000001' }]);
		await expect(
			collect('ctrack', 'device.getMany', {}, { ErrorCode: 0, Vehicles: [{ NodeId: 9007199254740993 }] }),
		).rejects.toThrow('"NodeId" as a number with more digits');
	});

	test('of a vehicle that comes twice, the position that can be read and is newer counts, wherever it stands', async () => {
		const at = (gpsDate: string | null) => ({ vehicleId: 7, gpsDate, latitude: 44, longitude: 26 });
		for (const payload of [
			[at('2026-01-30T10:00:00'), at('2026-01-30T09:00:00'), at(null)],
			[at(null), at('2026-01-30T09:00:00'), at('2026-01-30T10:00:00')],
		])
			expect(
				await collect('trackgps', 'position.getCurrent', { devices: '7' }, { isSuccess: true, payload }),
			).toMatchObject([{ time: '2026-01-30T08:00:00.000Z' }]);
	});
});
