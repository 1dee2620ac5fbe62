import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RunOptions } from '../../core/describe/operation';
import { Client } from '../../core/call/client';
import { FleetError } from '../../core/describe/errors';
import { readFields } from '../../core/describe/field';
import type { SendOptions, WireAnswer, WireRequest } from '../../core/describe/host';
import { findOperation, findTrigger } from '../../core/describe/provider';
import type { Consumption, Fix, FuelEvent, Position, Stop } from '../../core/describe/records';
import type { FleetEvent } from '../../core/describe/trigger';
import { Poller } from '../../core/watch/poller';
import { Redactor } from '../../core/call/redaction';
import { json, TestHost } from '../../test/support/test-host';
import { withValue } from './answer';
import type { TrackgpsConnection } from './connection';
import { timeOf } from './times';
import { trackgps } from '.';

const FOLDER = join(__dirname, 'recorded');
interface Recorded {
	params: Record<string, unknown>;
	exchanges: { request: string; response: unknown }[];
}
const recordings = readdirSync(FOLDER).map(
	(file) => [file.replace('.json', ''), JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Recorded] as const,
);

const DAY = 86_400_000;
const SECRET = 'Abc@34590';
let accounts = 0;

/** An account of its own for each test, as quota and lists belong to the account. */
const settings = (changes: Partial<TrackgpsConnection> = {}): TrackgpsConnection => ({
	baseUrl: 'https://vendor.example',
	account: `demo-${String(++accounts)}`,
	secret: SECRET,
	timeZone: 'Europe/Bucharest',
	allowCommands: false,
	allowPrivateAddresses: false,
	rateLimit: 60_000,
	...changes,
});

const envelope = (payload: unknown) =>
	json({ payload, correlationId: '3fa85f64-5717-4562-b3fc-2c963f66afa6', failureReasons: [], isSuccess: true });
const pascal = (value: unknown): unknown =>
	Array.isArray(value)
		? value.map(pascal)
		: typeof value === 'object' && value !== null
			? Object.fromEntries(
					Object.entries(value).map(([key, inner]) => [
						key.charAt(0).toUpperCase() + key.slice(1),
						pascal(inner),
					]),
				)
			: value;
const camel = (value: unknown): unknown =>
	Array.isArray(value)
		? value.map(camel)
		: typeof value === 'object' && value !== null
			? Object.fromEntries(
					Object.entries(value).map(([key, inner]) => [
						key.charAt(0).toLowerCase() + key.slice(1),
						camel(inner),
					]),
				)
			: value;

interface Body {
	carrierId?: number;
	vehiclesList?: number[];
	startDate: string;
	endDate: string;
	stationaryMargin?: number;
}
type Answer = (body: Body, request: WireRequest, options: SendOptions, session: string) => WireAnswer;

function start(answer: Answer, changes: Partial<TrackgpsConnection> = {}, now = Date.UTC(2027, 0, 1)) {
	const host = new TestHost((request, options, session) => answer(request.json as Body, request, options, session));
	host.time = now;
	const client = new Client(trackgps, settings(changes), host);
	const operation = (name: string) => {
		const [resource = '', operationName = ''] = name.split('.');
		const found = findOperation(trackgps, resource, operationName);
		if (found === undefined) throw new Error(`no ${name}`);
		return found;
	};
	return {
		host,
		client,
		run: async <R = object>(name: string, params: object, options: RunOptions & { limit?: number } = {}) =>
			(await client.collect(operation(name), params as Record<string, unknown>, options)) as R[],
		fails: async (name: string, params: object, options: RunOptions = {}): Promise<FleetError> => {
			const error: unknown = await client
				.collect(operation(name), params as Record<string, unknown>, options)
				.then(
					() => new Error('nothing was thrown'),
					(thrown: unknown) => thrown,
				);
			expect(error).toBeInstanceOf(FleetError);
			return error as FleetError;
		},
		bodies: () => host.sent.map(({ request }) => request.json as Body),
		times: () => host.sent.map(({ at }) => at),
	};
}

const vehicle = (vehicleId: number, vehicleName: string, vehicleRegistrationNumber: string) => ({
	vehicleId,
	vehicleName,
	vehicleRegistrationNumber,
	latitude: 44.4,
	longitude: 26.1,
	gpsDate: '2026-06-01T12:00:00',
	speed: 0,
	course: 0,
	engineEvent: 2,
});
const fleet = (size: number) =>
	Array.from({ length: size }, (_, index) =>
		vehicle(100 + index, `Van ${String(index)}`, `B ${String(10 + index)} FLT`),
	);
const period = { begin: '2026-06-01T00:00:00Z', end: '2026-06-02T00:00:00Z' };
const event = (date: string, name = 'Fueling', estimation = 10) => ({
	date,
	event: name,
	location: 'OMV',
	estimation,
	isPrivate: false,
});

describe('login', () => {
	const now = () => Date.UTC(2026, 5, 1);
	const login = async (answer: WireAnswer) => {
		const sent: WireRequest[] = [];
		const session = trackgps.login(
			settings({ account: 'demo' }),
			(request) => {
				sent.push(request);
				return Promise.resolve(answer);
			},
			now,
		);
		return { sent, session: await session };
	};
	const sample = {
		access_token: 'eyJ.a.b',
		expires_in: 28_800,
		token_type: 'Bearer',
		refresh_token: 'r',
		scope: 'TrackGPSV4Api',
	};

	test('sends a form, and trusts expires_in', async () => {
		const { sent, session } = await login(json(sample));
		expect(sent).toEqual([
			{
				method: 'POST',
				path: '/api/authentication/login',
				query: { 'api-version': '2.0' },
				form: { username: 'demo', password: SECRET },
			},
		]);
		expect(session).toEqual({ token: 'eyJ.a.b', expiresAt: now() + (28_800 - 60) * 1000 });
	});

	test('without a usable expires_in an hour is assumed', async () => {
		for (const expires_in of [undefined, null, 0, -1, 'soon'])
			expect((await login(json({ ...sample, expires_in }))).session.expiresAt).toBe(now() + (3600 - 60) * 1000);
	});

	test.each([
		[
			json({ error: 'invalid_grant', error_description: 'invalid_username_or_password' }, 400),
			'LoginRejected',
			'invalid_grant: invalid_username_or_password',
		],
		[json({ error: 'invalid_client' }), 'LoginRejected', 'invalid_client'],
		[
			json({ failureReasons: [{ errorCode: 'UserLocked', errorParameters: ['demo'] }], isSuccess: false }, 401),
			'LoginRejected',
			'UserLocked [demo]',
		],
		[json('', 401), 'LoginRejected', 'HTTP 401'],
		[json('API calls quota exceeded!', 429, { 'retry-after': '12' }), 'RateLimited', 'quota exceeded'],
		[json('oops', 503), 'VendorFault', 'HTTP 503'],
		[json('<html>proxy</html>', 403), 'UnexpectedAnswer', 'web page'],
		[json({}), 'UnexpectedAnswer', 'without an access token'],
		[json([]), 'UnexpectedAnswer', 'instead of'],
	])('%j is %s', async (answer, code, words) => {
		const error = await login(answer).catch((thrown: unknown) => thrown as FleetError);
		expect(error).toMatchObject({ code });
		expect((error as FleetError).message).toContain(words);
		expect((error as FleetError).sentence).not.toContain(SECRET);
	});

	test('signs with a bearer token and the version', () => {
		expect(
			trackgps.sign(
				{ method: 'POST', path: '/api/carriers/refills', json: { carrierId: 1 } },
				'token',
				settings(),
			),
		).toEqual({
			method: 'POST',
			path: '/api/carriers/refills',
			query: { 'api-version': '2.0' },
			headers: { authorization: 'Bearer token' },
			json: { carrierId: 1 },
		});
		const redactor = new Redactor();
		redactor.addSecrets(trackgps.connection, settings());
		expect(redactor.text(`my ${SECRET}`)).toBe('my [secret]');
	});

	test('the account: defaults, and a zone that exists', () => {
		const clock = { now: 0, timeZone: 'UTC' };
		expect(readFields(trackgps.connection, { account: 'a', secret: 'b' }, clock)).toEqual({
			baseUrl: 'https://api.trackgps.ro',
			account: 'a',
			secret: 'b',
			timeZone: 'Europe/Bucharest',
			allowCommands: false,
			allowPrivateAddresses: false,
			rateLimit: 2,
			processes: 1,
		});
		expect(() =>
			readFields(trackgps.connection, { account: 'a', secret: 'b', timeZone: 'Mars/Olympus' }, clock),
		).toThrow('Time Zone must be an IANA name such as Europe/Bucharest');
	});
});

describe('answers in either case give the same records', () => {
	test.each(recordings)('%s', async (name, { params, exchanges }) => {
		const results = await Promise.all(
			[camel, pascal].map((change) => start(() => json(change(exchanges[0]?.response))).run(name, params)),
		);
		expect(results[0]?.length).toBeGreaterThan(0);
		expect(results[1]).toEqual(results[0]);
	});
});

describe('positions', () => {
	test('of chosen vehicles come in the order asked for; others are named', async () => {
		const { run, host } = start(() => envelope(fleet(3)));
		const positions = await run<Position>('position.getCurrent', { devices: '102, 999, 100' });
		expect(positions.map(({ deviceId }) => deviceId)).toEqual(['102', '100']);
		expect(host.warnings).toEqual([expect.stringContaining('no record for "999"')]);
		expect(host.sent).toHaveLength(1);
	});

	test.each([
		[1, true],
		['1', true],
		[2, false],
		[0, null],
		[3, null],
		[null, null],
		[undefined, null],
		[true, null],
		['constructor', null],
	])('EngineEvent %j is ignition %j', async (engineEvent, ignition) => {
		const { run } = start(() => envelope([{ ...vehicle(100, 'Van', 'B 1'), engineEvent }]));
		expect(await run<Position>('position.getCurrent', { devices: '*' })).toMatchObject([{ ignition }]);
	});

	test('floats, texts and what is missing', async () => {
		const { run } = start(() =>
			envelope([{ VehicleId: 100, Speed: 53.5, Course: '347.0', Latitude: 44.4, Longitude: 26.1 }]),
		);
		expect(await run<Position>('position.getCurrent', { devices: '*' })).toMatchObject([
			{
				deviceId: '100',
				deviceName: null,
				speed: 53.5,
				course: 347,
				time: null,
				seenAt: null,
				address: null,
				externalVoltage: null,
			},
		]);
	});
});

test('all 14 kinds of event', async () => {
	const documented = {
		FuelStart: ['fuelStart', true],
		Fueling: ['fueling', false],
		PossibleFuelTheft: ['possibleTheft', false],
		TotalRefill: ['totalRefill', true],
		TotalPossibleTheft: ['totalPossibleTheft', true],
		RemainingFuel: ['remainingFuel', true],
		TotalFuelConsumption: ['totalConsumption', true],
	} as const;
	const kinds = Object.entries(documented).flatMap(([name, [type, summary]]) => [
		{ vendorType: name, type, summary, secondary: false },
		{ vendorType: `${name}SecondarySource`, type, summary, secondary: true },
	]);
	const { run } = start(() =>
		envelope(
			[...kinds, { vendorType: 'Siphoned' }].map(({ vendorType }) => event('2026-06-01T10:00:00', vendorType)),
		),
	);
	const events = await run<FuelEvent>('fuel.getRefills', { devices: '100', ...period });
	expect(events).toHaveLength(15);
	for (const kind of kinds)
		expect(events).toContainEqual(
			expect.objectContaining({
				...kind,
				deviceId: '100',
				time: '2026-06-01T07:00:00.000Z',
				volume: 10,
				address: 'OMV',
				private: false,
			}),
		);
	expect(events).toContainEqual(expect.objectContaining({ vendorType: 'Siphoned', type: 'other', summary: false }));
	expect(new Set(events.map(({ id }) => id)).size).toBe(15);
});

describe('refills', () => {
	test('keep their id when the vendor revises the estimation', async () => {
		let estimation = 40;
		const { run } = start(() => envelope([event('2026-06-01T10:00:00', 'Fueling', estimation)]));
		const [before] = await run<FuelEvent>('fuel.getRefills', { devices: '100', ...period });
		estimation = 41.5;
		const [after] = await run<FuelEvent>('fuel.getRefills', { devices: '100', ...period });
		expect(after).toEqual({ ...before, volume: 41.5 });
	});

	const thefts = (...rows: { date: unknown; location?: string; estimation?: number }[]) =>
		rows.map((row) => ({ ...event('', 'PossibleFuelTheft'), ...row }));
	const idsOf = async (...rows: Parameters<typeof thefts>) => {
		const { run, host } = start(() => envelope(thefts(...rows)));
		const found = await run<FuelEvent>('fuel.getRefills', { devices: '100', ...period });
		return { ids: found.map(({ id }) => id), times: found.map(({ time }) => time), warnings: host.warnings };
	};

	test('with a date that cannot be read are told of once, and none shares the id of another', async () => {
		const { ids, times, warnings } = await idsOf(
			{ date: '03/06/2026 21:56:14' },
			{ date: '04/06/2026 21:56:14' },
			{ date: '2026-06-01' },
			{ date: 'soon' },
			{ date: 'soon', location: 'MOL' },
			{ date: null },
			{ date: null, location: 'MOL' },
		);
		expect(new Set(ids).size).toBe(7);
		expect(ids[0]).toContain('03/06/2026 21:56:14');
		expect(times).toEqual(Array(7).fill(null));
		expect(warnings).toEqual([
			'Some values could not be read, so they are null in the records. The first is a time: "03/06/2026 21:56:14". Output = Raw gives them as they came.',
		]);
	});

	test('with a date as Romanian and Hungarian servers write it have their time', async () => {
		const { times, warnings } = await idsOf(
			{ date: '26.11.2026 21:56:14' },
			{ date: '2026. 11. 26. 21:56:14' },
			{ date: '26/11/2026 21:56:14' },
			{ date: '/Date(1795722974000)/' },
		);
		expect(times).toEqual(Array(4).fill('2026-11-26T19:56:14.000Z'));
		expect(warnings).toEqual([]);
	});

	test('with a date that cannot be read are an event each, however often they are read', async () => {
		const dates = ['03/06/2026 21:56:14', '04/06/2026 21:56:14', '04/06/2026 22:56:14'];
		let known = 0;
		const { client, host } = start((_, { method }) =>
			envelope(method === 'GET' ? fleet(1) : thefts(...dates.slice(0, known).map((date) => ({ date })))),
		);
		host.time = Date.UTC(2026, 5, 1, 12, 1);
		const poller = new Poller(client, findTrigger(trackgps, 'refillOrTheft')!, {});
		let cursor: unknown;
		const events: FleetEvent[][] = [];
		for (; known <= dates.length; known++) {
			for (const _ of [1, 2]) {
				const result = await poller.poll(cursor, { intervalMs: 60_000, budgetMs: 60_000 });
				cursor = JSON.parse(JSON.stringify(result.cursor));
				events.push(result.events);
				host.time += 60_000;
			}
		}
		expect(events.map((some) => some.length)).toEqual([0, 0, 1, 0, 1, 0, 1, 0]);
		expect(host.warnings.every((warning) => warning.includes('a time: "03/06/2026 21:56:14"'))).toBe(true);
		expect(host.warnings).toHaveLength(6);
	});

	test('that are two in one second are two, also where only the estimation differs', async () => {
		const date = '2026-06-01T10:00:00';
		const { ids } = await idsOf({ date }, { date, location: 'MOL' }, { date, estimation: 3 }, { date });
		expect(new Set(ids).size).toBe(3);
		expect(ids[3]).toBe(ids[0]);
	});

	test('of several vehicles and months: one vehicle and 31 days a request, no doubles at borders, totals added up', async () => {
		const { run, bodies } = start(({ startDate, endDate }) =>
			envelope([
				event(startDate, 'FuelStart', 50),
				event(startDate),
				event(endDate),
				event(endDate),
				event(endDate, 'TotalRefill', 30.1),
				event(endDate, 'RemainingFuel', Number(endDate.slice(5, 7))),
			]),
		);
		const events = await run<FuelEvent>('fuel.getRefills', {
			devices: '7,8',
			begin: '2026-06-01T00:00:00Z',
			end: '2026-08-11T00:00:00Z',
		});
		expect(bodies().map(({ carrierId, startDate, endDate }) => [carrierId, startDate, endDate])).toEqual(
			[7, 8].flatMap((id) => [
				[id, '2026-06-01T03:00:00.000', '2026-07-02T03:00:00.000'],
				[id, '2026-07-02T03:00:00.000', '2026-08-02T03:00:00.000'],
				[id, '2026-08-02T03:00:00.000', '2026-08-11T03:00:00.000'],
			]),
		);
		expect(events.map(({ deviceId, type, time, volume }) => [deviceId, type, time?.slice(0, 10), volume])).toEqual(
			['7', '8'].flatMap((id) => [
				[id, 'fueling', '2026-06-01', 10],
				[id, 'fueling', '2026-07-02', 10],
				// Two alike in one answer are two.
				[id, 'fueling', '2026-07-02', 10],
				[id, 'fueling', '2026-08-02', 10],
				[id, 'fueling', '2026-08-02', 10],
				[id, 'fueling', '2026-08-11', 10],
				[id, 'fueling', '2026-08-11', 10],
				[id, 'fuelStart', '2026-06-01', 50],
				[id, 'totalRefill', '2026-08-11', 90.3],
				[id, 'remainingFuel', '2026-08-11', 8],
			]),
		);
	});

	test('of a kind that is not documented are Other, in operation and trigger alike', async () => {
		const kinds = ['FuelDrain', 'Possible fuel theft', 'REFUEL', 'possible_fuel_theft', 'TotalRefill'];
		const { run, client, host } = start((_, { method }) =>
			envelope(method === 'GET' ? fleet(1) : kinds.map((kind) => event('2026-06-01T12:00:30', kind))),
		);
		const types = async (wanted: string[]) =>
			(await run<FuelEvent>('fuel.getRefills', { devices: '100', ...period, types: wanted })).map(
				({ type }) => type,
			);
		expect(await types([])).toEqual(['other', 'possibleTheft', 'other', 'possibleTheft', 'totalRefill']);
		expect(await types(['other'])).toEqual(['other', 'other']);
		for (const [wanted, expected] of [
			[[], ['FuelDrain', 'Possible fuel theft', 'REFUEL', 'possible_fuel_theft']],
			[['other'], ['FuelDrain', 'REFUEL']],
			[['possibleTheft'], ['Possible fuel theft', 'possible_fuel_theft']],
		]) {
			host.time = Date.UTC(2026, 5, 1, 12, 1);
			const poller = new Poller(client, findTrigger(trackgps, 'refillOrTheft')!, {
				types: wanted,
				firstRun: 'since',
				since: '2026-06-01T00:00:00Z',
			});
			const { events } = await poller.poll(undefined, { intervalMs: 60_000, budgetMs: 60_000 });
			expect(events.map(({ vendorType }) => vendorType).sort()).toEqual([...(expected ?? [])].sort());
		}
	});

	test('values in the forms of a server are read', async () => {
		const { run } = start(() =>
			envelope([
				{ ...event('2026-06-01T10:00:00'), estimation: '12,5', isPrivate: 'true' },
				{ ...event('2026-06-01T11:00:00'), estimation: '45.5L', isPrivate: 'False' },
				{ ...event('2026-06-01T12:00:00'), estimation: '1,234', isPrivate: null },
				{ ...event('2026-06-01T13:00:00'), estimation: null, isPrivate: 'maybe' },
			]),
		);
		expect(
			(await run<FuelEvent>('fuel.getRefills', { devices: '100', ...period })).map(({ volume, private: own }) => [
				volume,
				own,
			]),
		).toEqual([
			[12.5, true],
			[45.5, false],
			[null, null],
			[null, null],
		]);
	});

	test('the start of a later window is not that of the period', async () => {
		const { run } = start(({ startDate }) =>
			envelope(
				startDate.startsWith('2026-01-01')
					? []
					: [event(startDate, 'FuelStart', 40), event(startDate, 'RemainingFuel', 30)],
			),
		);
		const found = await run<FuelEvent>('fuel.getRefills', {
			devices: '100',
			begin: '2025-12-31T22:00:00Z',
			end: '2026-02-20T22:00:00Z',
		});
		expect(found.map(({ type }) => type)).toEqual(['remainingFuel']);
	});

	test('can be chosen by kind', async () => {
		const { run } = start(() =>
			envelope([
				event('2026-06-01T10:00:00'),
				event('2026-06-01T11:00:00', 'PossibleFuelTheftSecondarySource'),
				event('2026-06-01T12:00:00', 'TotalRefill'),
			]),
		);
		expect(
			(
				await run<FuelEvent>('fuel.getRefills', {
					devices: '100',
					...period,
					types: ['possibleTheft', 'totalRefill'],
				})
			).map(({ vendorType }) => vendorType),
		).toEqual(['PossibleFuelTheftSecondarySource', 'TotalRefill']);
	});
});

describe('windows', () => {
	test('of ten vehicles and 31 days of the wall clock, all vehicles of the company', async () => {
		const { run, bodies } = start((body, { path }) =>
			path.endsWith('company-vehicles')
				? envelope(fleet(23))
				: envelope(
						body.vehiclesList?.flatMap((vehicleId) => [
							{ vehicleId, gpsDate: body.startDate, latitude: 44, longitude: 26, speed: 1, course: 2 },
						]),
					),
		);
		// July has 31 days: one window.
		const fixes = await run<Fix>(
			'position.getHistory',
			{ devices: '*', begin: '2026-07-01', end: '2026-08-01' },
			{ timeZone: 'Europe/Bucharest' },
		);
		expect(fixes.map(({ deviceId }) => deviceId)).toEqual(fleet(23).map(({ vehicleId }) => String(vehicleId)));
		expect(
			bodies()
				.slice(1)
				.map(({ vehiclesList, startDate, endDate }) => [vehiclesList?.length, startDate, endDate]),
		).toEqual([10, 10, 3].map((size) => [size, '2026-07-01T00:00:00.000', '2026-08-01T00:00:00.000']));
	});

	test('of March are not too long for the hour that it lacks, and the list is not asked for again', async () => {
		const { run, bodies, host } = start((_, { path }) =>
			envelope(path.endsWith('company-vehicles') ? fleet(1) : []),
		);
		await run('position.getHistory', { devices: '*', begin: '2026-03-01T22:00:00Z', end: '2026-04-01T22:00:00Z' });
		await run('position.getHistory', { devices: '*', begin: '2026-03-01T22:00:00Z', end: '2026-04-01T21:00:00Z' });
		expect(
			bodies()
				.slice(1)
				.map(({ startDate, endDate }) => [startDate, endDate]),
		).toEqual([
			['2026-03-02T00:00:00.000', '2026-04-02T00:00:00.000'],
			['2026-04-02T00:00:00.000', '2026-04-02T01:00:00.000'],
			['2026-03-02T00:00:00.000', '2026-04-02T00:00:00.000'],
		]);
		expect(host.sent.filter(({ request }) => request.path.endsWith('company-vehicles'))).toHaveLength(1);
	});

	test('stop where a limit is reached', async () => {
		const { run, host } = start(({ startDate }) => envelope([{ vehicleId: 1, gpsDate: startDate }]));
		expect(
			await run(
				'position.getHistory',
				{ devices: '1', begin: '2026-01-01T00:00:00Z', end: '2026-12-01T00:00:00Z' },
				{ limit: 2 },
			),
		).toHaveLength(2);
		expect(host.sent).toHaveLength(2);
	});

	test('stops that differ in vehicle or begin are as many, whichever windows they come in', async () => {
		const of = (vehicleId: number, startDate: string) => ({ vehicleId, startDate, endDate: '2026-07-05T08:00:00' });
		let windows = 0;
		const { run } = start(() => {
			windows += 1;
			const border = of(7, '2026-07-01T20:00:00');
			const stops =
				windows === 1 ? [of(7, '2026-06-02T20:00:00'), border] : [border, of(7, '2026-07-04T20:00:00')];
			return envelope([{ results: { 7: stops, 8: stops.map(({ startDate }) => of(8, startDate)) } }]);
		});
		const stops = await run<Stop>('stop.getMany', {
			devices: '7,8',
			begin: '2026-06-01T00:00:00Z',
			end: '2026-07-10T00:00:00Z',
			minimumMinutes: 15,
		});
		expect(windows).toBe(2);
		expect(stops.map(({ deviceId }) => deviceId).sort()).toEqual(['7', '7', '7', '8', '8', '8']);
	});

	test('stops on a border are one', async () => {
		const { run, bodies } = start(() =>
			envelope([
				{
					results: {
						7: [{ vehicleId: 7, startDate: '2026-07-01T20:00:00', endDate: '2026-07-02T08:00:00' }, null],
					},
				},
			]),
		);
		expect(
			await run<Stop>('stop.getMany', {
				devices: '7',
				begin: '2026-06-01T00:00:00Z',
				end: '2026-07-10T00:00:00Z',
				minimumMinutes: 15,
			}),
		).toMatchObject([{ deviceId: '7', seconds: 43_200, idleSeconds: null, driverName: null }]);
		expect(bodies().map(({ stationaryMargin }) => stationaryMargin)).toEqual([15, 15]);
	});

	test('a vehicle without stops may have null for a list', async () => {
		const stop = { vehicleId: 8, startDate: '2026-07-01T20:00:00' };
		const { run, host } = start(() => envelope({ results: { 7: null, 8: [stop] } }));
		expect(await run<Stop>('stop.getMany', { devices: '7,8', ...period })).toMatchObject([{ deviceId: '8' }]);
		expect(host.warnings).toEqual([]);
	});

	test('a stop without a vehicle is that of its key', async () => {
		const { run } = start(() => envelope({ results: { 7: [{ startDate: '2026-07-01T20:00:00' }] } }));
		expect(await run<Stop>('stop.getMany', { devices: '7', ...period })).toMatchObject([
			{ deviceId: '7', endedAt: null, seconds: null },
		]);
	});
});

describe('consumption', () => {
	const used = (vehicleName: string | null, licensePlate: string | null, more: object = {}) => ({
		vehicleName,
		licensePlate,
		distance: 100,
		hours: '1:30:15',
		consumptionValue: 9.1,
		averageConsumption100Km: 9.1,
		secondarySource: null,
		...more,
	});

	test.each([
		['0:0:7', 7],
		['100:00:00', 360_000],
		['9.23:59:59.9', 863_999],
		['12.03:04:05', 1_047_845],
		['31.00:00:00', 2_678_400],
		['1:30', null],
		['-1:00:00', null],
	])('engine hours of %s are %j s', async (hours, expected) => {
		const { run } = start(() => envelope([used('Van', 'B 1', { hours })]));
		expect(await run<Consumption>('fuel.getConsumption', { devices: '5', ...period })).toMatchObject([
			{ engineSeconds: expected },
		]);
	});

	test('finds the numbers of vehicles by plate or name', async () => {
		const { run, host } = start((_, { path }) =>
			envelope(
				path.endsWith('company-vehicles')
					? fleet(3)
					: [used('Renamed', 'b12flt'), used('Van 1', null), used('Unknown', 'X')],
			),
		);
		const records = await run<Consumption>('fuel.getConsumption', { devices: '100,101,102', ...period });
		expect(records.map(({ deviceId, deviceName }) => [deviceId, deviceName])).toEqual([
			['102', 'Renamed'],
			['101', 'Van 1'],
			[null, 'Unknown'],
		]);
		expect(host.sent).toHaveLength(2);
	});

	test('adds windows up, and never two records of one answer', async () => {
		const gas = (litres: number) => ({
			secondarySource: { distance: 10, hours: '0:10:0', consumptionValue: litres, averageConsumption100Km: 1 },
		});
		let window = 0;
		const { run } = start(() =>
			envelope(
				pascal(
					window++ === 0
						? [used('Van', 'B 1', gas(1)), used('Van', 'B 1')]
						: [
								used('Van', 'B 1', { hours: '1.02:00:00', distance: 50.25, ...gas(2) }),
								used('Van', 'B 1', { distance: null }),
							],
				),
			),
		);
		expect(
			await run<Consumption>('fuel.getConsumption', {
				devices: '5',
				begin: '2026-06-01T00:00:00Z',
				end: '2026-07-10T00:00:00Z',
			}),
		).toEqual([
			{
				deviceId: '5',
				deviceName: 'Van',
				plate: 'B 1',
				from: '2026-06-01T00:00:00.000Z',
				to: '2026-07-10T00:00:00.000Z',
				distance: 150.25,
				engineSeconds: 27.5 * 3600 + 15,
				fuel: 18.2,
				fuelPer100Km: 12.113,
				secondaryDistance: 20,
				secondaryFuel: 3,
			},
			{
				deviceId: '5',
				deviceName: 'Van',
				plate: 'B 1',
				from: '2026-06-01T00:00:00.000Z',
				to: '2026-07-10T00:00:00.000Z',
				distance: null,
				engineSeconds: 3 * 3600 + 30,
				fuel: 18.2,
				fuelPer100Km: null,
				secondaryDistance: null,
				secondaryFuel: null,
			},
		]);
	});

	test('changed values keep the key that they have', () =>
		expect(withValue({ Distance: 1, a: 2 }, 'distance', 3)).toEqual({ Distance: 3, a: 2 }));
});

describe('local times', () => {
	test.each([
		['2026-01-31T08:00:00', '2026-01-31T06:00:00.000Z'],
		['2026-07-31T08:00:00.123', '2026-07-31T05:00:00.123Z'],
		['2026-07-31T08:00:00.1234567', '2026-07-31T05:00:00.123Z'],
		['2026-07-31T08:00:00Z', '2026-07-31T05:00:00.000Z'],
		['2026-07-31T08:00:00+03:00', '2026-07-31T05:00:00.000Z'],
		['2026-07-31 08:00:00', '2026-07-31T05:00:00.000Z'],
		// The hour that spring lacks, and the one that autumn doubles.
		['2026-03-29T02:59:59', '2026-03-29T00:59:59.000Z'],
		['2026-03-29T03:30:00', '2026-03-29T01:30:00.000Z'],
		['2026-03-29T04:00:00', '2026-03-29T01:00:00.000Z'],
		['2026-10-25T02:59:59', '2026-10-24T23:59:59.000Z'],
		['2026-10-25T03:30:00', '2026-10-25T00:30:00.000Z'],
		['2026-10-25T04:00:00', '2026-10-25T02:00:00.000Z'],
		['0001-01-01T00:00:00', null],
		['2026-02-30T00:00:00', null],
		['now', null],
		['-24h', null],
		['', null],
		[1700000000, '2023-11-14T22:13:20.000Z'],
		[17, null],
		['31.07.2026 08:00:00', '2026-07-31T05:00:00.000Z'],
		['2026. 07. 31. 8:00:00', '2026-07-31T05:00:00.000Z'],
		['7/31/2026 8:00:00 AM', '2026-07-31T05:00:00.000Z'],
		['07/06/2026 08:00:00', null],
		['2026-07-31', null],
		[null, null],
	])('%j is %j', (text, iso) => expect(timeOf(text, 'Europe/Bucharest')).toBe(iso));

	/** What is asked for, for a period in UTC. */
	async function asked(begin: string, end: string) {
		const { run, bodies } = start(() => envelope([]));
		await run('position.getHistory', { devices: '1', begin, end });
		return bodies().map(({ startDate, endDate }) => [startDate, endDate]);
	}

	test('go out without an offset, in the zone of the account', async () => {
		expect(await asked('2026-01-31T08:00:00.5Z', '2026-07-31T08:00:00Z')).toHaveLength(6);
		expect(await asked('2026-06-01T07:00:00.5Z', '2026-06-01T09:00:00+01:00')).toEqual([
			['2026-06-01T10:00:00.500', '2026-06-01T11:00:00.000'],
		]);
		expect(await asked('2026-12-01T07:00:00Z', '2026-12-01T08:00:00Z')).toEqual([
			['2026-12-01T09:00:00.000', '2026-12-01T10:00:00.000'],
		]);
	});

	test("across spring's missing hour", async () => {
		expect(await asked('2026-03-29T00:30:00Z', '2026-03-29T01:30:00Z')).toEqual([
			['2026-03-29T02:30:00.000', '2026-03-29T04:30:00.000'],
		]);
		expect(await asked('2026-03-29T01:00:00Z', '2026-03-29T02:00:00Z')).toEqual([
			['2026-03-29T04:00:00.000', '2026-03-29T05:00:00.000'],
		]);
	});

	test("within autumn's doubled hour, nothing is missed whichever of the two the vendor means", async () => {
		// 00:00Z is 03:00 the first time, 01:00Z is 03:00 the second time.
		for (let begin = Date.UTC(2026, 9, 24, 22); begin <= Date.UTC(2026, 9, 25, 4); begin += 600_000) {
			for (const length of [600_000, 3_600_000, 7_200_000]) {
				const [[from = '', to = ''] = []] = await asked(
					new Date(begin).toISOString(),
					new Date(begin + length).toISOString(),
				);
				for (let at = begin; at <= begin + length; at += 600_000) {
					const local = new Date(at + (at < Date.UTC(2026, 9, 25, 1) ? 3 : 2) * 3_600_000)
						.toISOString()
						.slice(0, -1);
					expect(from <= local && local <= to, `${from} <= ${local} <= ${to}`).toBe(true);
				}
				expect(Date.parse(`${to}Z`) - Date.parse(`${from}Z`)).toBeLessThanOrEqual(length + 7_200_000);
			}
		}
	});
});

describe('one request in 30 s', () => {
	const slow = { rateLimit: 2 };
	const gaps = (times: number[]) => times.slice(1).map((at, index) => at - (times[index] ?? 0));

	test('at least, over all nodes of the account, with what the wait is told', async () => {
		const connection = settings(slow);
		const hosts = new TestHost(() => envelope(fleet(1)));
		const clients = Array.from({ length: 4 }, () => new Client(trackgps, connection, hosts));
		const waits: number[] = [];
		const current = findOperation(trackgps, 'position', 'getCurrent');
		await Promise.all(
			clients.map((client) =>
				client.collect(current ?? never(), { devices: '*' }, { onWait: (ms) => waits.push(ms) }),
			),
		);
		expect(hosts.sent).toHaveLength(4);
		expect(Math.min(...gaps(hosts.sent.map(({ at }) => at)))).toBeGreaterThanOrEqual(30_000);
		expect(Math.max(...gaps(hosts.sent.map(({ at }) => at)))).toBeLessThan(30_100);
		expect(waits.map((ms) => Math.round(ms / 1000))).toEqual([30, 60, 90]);
	});

	test('within a run too, however slow the answers are', async () => {
		const { run, host, times } = start(() => {
			host.time += 7_000;
			return envelope([]);
		}, slow);
		await run('fuel.getRefills', { devices: '1,2,3,4,5', ...period });
		// Counted from the end of each, as nobody knows when it reached the vendor.
		expect(times()).toHaveLength(5);
		expect(Math.min(...gaps(times()))).toBeGreaterThanOrEqual(30_000);
		expect(Math.max(...gaps(times()))).toBeLessThan(37_100);
	});

	test('the list of vehicles takes a turn, and tells of it', async () => {
		const { run, times } = start(
			(_, { path }) => envelope(path.endsWith('company-vehicles') ? fleet(1) : []),
			slow,
		);
		const waits: number[] = [];
		await run('position.getCurrent', { devices: '*' });
		await run('fuel.getRefills', { devices: '*', ...period }, { onWait: (ms) => waits.push(ms) });
		expect(times()).toHaveLength(3);
		expect(waits.map((ms) => Math.round(ms / 1000))).toEqual([30, 30]);
	});

	test('gives up at once where the turn comes too late', async () => {
		const { run, fails, host, times } = start(() => envelope(fleet(1)), slow);
		await run('position.getCurrent', { devices: '*' });
		const before = host.time;
		const error = await fails('position.getCurrent', { devices: '*' }, { deadlineMs: 20_000 });
		expect(error).toMatchObject({
			code: 'TimedOut',
			message: "This account's request limit leaves no turn in time: the next one is in 30 s.",
		});
		expect(error.advice).toContain('raise the rate limit');
		expect(host.time).toBe(before);
		expect(times()).toHaveLength(1);
	});

	test('is not refilled by a change of the rate', async () => {
		const connection = settings(slow);
		const host = new TestHost(() => envelope(fleet(1)));
		const current = findOperation(trackgps, 'position', 'getCurrent');
		for (const rateLimit of [2, 1, 2])
			await new Client(trackgps, { ...connection, rateLimit }, host).collect(current ?? never(), {
				devices: '*',
			});
		expect(Math.min(...gaps(host.sent.map(({ at }) => at)))).toBeGreaterThanOrEqual(30_000);
	});
});

function never(): never {
	throw new Error('unreachable');
}

describe('429', () => {
	test.each([
		['seconds', { 'retry-after': '45' }, 45_000],
		[
			"a date by the server's own clock",
			{ 'retry-after': 'Mon, 01 Jun 2026 10:01:40 GMT', date: 'Mon, 01 Jun 2026 10:00:00 GMT' },
			100_000,
		],
	])('Retry-After as %s', async (_, headers, expected) => {
		let answered = 0;
		const { run, times } = start(() =>
			answered++ === 0
				? json('API calls quota exceeded! maximum admitted 1 per 30s.', 429, headers)
				: envelope(fleet(1)),
		);
		expect(await run('position.getCurrent', { devices: '*' })).toHaveLength(1);
		const [first = 0, second = 0] = times();
		expect(second - first).toBeGreaterThanOrEqual(expected);
		expect(second - first).toBeLessThan(expected + 20_000);
	});

	test("holds the account's other nodes back too", async () => {
		const connection = settings({ rateLimit: 2 });
		const answers = [json('API calls quota exceeded!', 429, { 'retry-after': '90' })];
		const host = new TestHost(() => answers.shift() ?? envelope(fleet(1)));
		const current = findOperation(trackgps, 'position', 'getCurrent') ?? never();
		await expect(
			new Client(trackgps, connection, host).collect(current, { devices: '*' }, { deadlineMs: 60_000 }),
		).rejects.toMatchObject({ code: 'RateLimited' });
		await new Client(trackgps, connection, host).collect(current, { devices: '*' });
		const [first = 0, second = 0] = host.sent.map(({ at }) => at);
		expect(second - first).toBeGreaterThanOrEqual(90_000);
	});

	test.each([
		json('API calls quota exceeded! maximum admitted 1 per 30s.', 429),
		json('API calls quota exceeded! maximum admitted 1 per 30s.', 200),
		json('<html></html>', 429),
		json('', 429),
	])('%j is an error with words', async (answer) => {
		const { fails } = start(() => answer);
		const error = await fails('position.getCurrent', { devices: '*' });
		expect(error.code).toBe('RateLimited');
		expect(error.sentence).toMatch(/too often \(HTTP \d+.*one request in 30 s from each user/);
		expect(error.message).not.toContain('html');
	});
});

describe('401', () => {
	test('of a dead token: one new login, then the answer', async () => {
		const { run, host } = start((_, _request, _options, session) =>
			session === 'session-1' ? json('', 401) : envelope([]),
		);
		await run('fuel.getRefills', { devices: '7', ...period });
		expect(host.sent.map(({ session }) => session)).toEqual(['session-1', 'session-2']);
	});

	test.each([
		[
			'fuel.getRefills',
			{ devices: '7' },
			'the account may not see vehicle 7, or the session has ended: NoAccess [7].',
			2,
		],
		[
			'position.getHistory',
			{ devices: '7,8' },
			'the account may not see one of the vehicles 7, 8, or the session has ended: NoAccess [7].',
			// And each of them by itself.
			6,
		],
		['position.getCurrent', { devices: '7' }, 'does not accept the session (HTTP 401: NoAccess [7]).', 2],
	])('that stays, in %s: says what it can be', async (name, params, words, most) => {
		const { fails, host } = start(() =>
			json(
				{ Payload: null, FailureReasons: [{ ErrorCode: 'NoAccess', ErrorParameters: [7] }], IsSuccess: false },
				401,
			),
		);
		const error = await fails(name, { ...params, ...period });
		expect(error.message).toContain(words);
		expect(error).toMatchObject({ code: 'SessionExpired', vendorCode: 'NoAccess', status: 401 });
		expect(host.sent.length).toBeLessThanOrEqual(most);
	});

	test('is what is told when no turn is left to try again', async () => {
		const { fails, host } = start(() => json('', 401), { rateLimit: 2 });
		expect((await fails('fuel.getRefills', { devices: '7', ...period }, { deadlineMs: 10_000 })).message).toContain(
			'may not see vehicle 7',
		);
		expect(host.sent).toHaveLength(1);
	});
});

describe('what goes wrong has words', () => {
	const failed = (errorCode: unknown, errorParameters: unknown = []) => ({
		payload: [],
		failureReasons: [{ errorCode, errorParameters }],
		isSuccess: false,
	});
	test.each([
		[
			json(failed('InvalidPeriod', ['31', 'days'])),
			'VendorFault',
			'says that the request failed (HTTP 200: InvalidPeriod [31, days]).',
		],
		[json(pascal(failed('InvalidPeriod'))), 'VendorFault', 'InvalidPeriod'],
		[json(failed(401, [7])), 'NotPermitted', 'does not permit this to the account (HTTP 200: 401 [7]).'],
		[json(failed(null, null)), 'VendorFault', 'says that the request failed (HTTP 200).'],
		[json({ isSuccess: false }), 'VendorFault', 'says that the request failed (HTTP 200).'],
		[json(failed('StartDate'), 400), 'InvalidParams', 'refuses a value of the request (HTTP 400: StartDate).'],
		[json('', 403), 'NotPermitted', 'HTTP 403'],
		[json('', 404), 'NotFound', 'HTTP 404'],
		[json(failed('Oops'), 500), 'VendorFault', 'has a fault (HTTP 500: Oops).'],
		[json('', 502), 'VendorFault', 'has a fault (HTTP 502).'],
		[json('<!doctype html>', 404), 'UnexpectedAnswer', 'A web page came'],
		[json('', 302), 'UnexpectedAnswer', 'another address'],
		[json('{"payload":[{"date":"20'), 'UnexpectedAnswer', 'breaks off'],
		[json({ isSuccess: true }), 'UnexpectedAnswer', 'without data'],
		[json({ payload: [] }), 'UnexpectedAnswer', 'without a result'],
		[json({ payload: [], isSuccess: 'yes' }), 'UnexpectedAnswer', 'without a result'],
		[json({ payload: [], isSuccess: 'False' }), 'VendorFault', 'says that the request failed'],
		[
			json({ payload: [event('2026-06-01T10:00:00')], failureReasons: [{ errorCode: 'X' }] }),
			'UnexpectedAnswer',
			'without a result (HTTP 200: X)',
		],
		[json([]), 'UnexpectedAnswer', 'without a result'],
		[json({ payload: 'none', isSuccess: true }), 'UnexpectedAnswer', 'in a form that is not documented'],
		[json({ payload: ['x'], isSuccess: true }), 'UnexpectedAnswer', 'instead of an event'],
		[json({ payload: [{ date: '2026-06-01T10:00:00' }], isSuccess: true }), 'UnexpectedAnswer', 'without "event"'],
	])('%j is %s', async (answer, code, words) => {
		const { fails } = start(() => answer);
		const error = await fails('fuel.getRefills', { devices: '7', ...period });
		expect(error.code).toBe(code);
		expect(error.message).toContain(words);
		expect(error.advice).not.toBe('');
	});

	test.each([
		[
			{
				title: 'One or more validation errors occurred.',
				status: 400,
				errors: { CarrierId: ['The value 7 is not valid.'], StartDate: 'too early' },
			},
			'HTTP 400: One or more validation errors occurred.; CarrierId: The value 7 is not valid.; StartDate: too early',
		],
		[
			{ error: { code: 'ApiVersionUnspecified', message: 'An API version is required.' } },
			'HTTP 400: An API version is required.',
		],
		[{ Message: 'No such carrier' }, 'HTTP 400: No such carrier'],
		['The carrier does not exist.', 'HTTP 400: The carrier does not exist.'],
		['"The carrier does not exist."', 'HTTP 400: The carrier does not exist.'],
		[{ title: null, errors: [] }, 'HTTP 400).'],
	])('the words of a refusal, in whatever form: %j', async (body, words) => {
		for (const status of [400, 401, 403, 404, 500]) {
			const { fails } = start(() => ({
				...json(body, status),
				body: typeof body === 'string' ? body : JSON.stringify(body),
			}));
			const error = await fails('position.getCurrent', { devices: '*' });
			expect(error.message).toContain(words.replace('400', String(status)));
			if (!words.endsWith(').')) expect(error.vendorMessage).toBe(words.slice('HTTP 400: '.length));
		}
	});

	test.each([200, 400, 401, 403, 404, 500])('the correlation id is in the advice: HTTP %i', async (status) => {
		const { fails } = start(() => json(pascal({ ...failed('Oops'), correlationId: '3fa85f64-5717' }), status));
		expect((await fails('fuel.getRefills', { devices: '7', ...period })).advice).toMatch(
			/Correlation id for the support: 3fa85f64-5717\.$/,
		);
	});

	test('reasons beside a success are told of, and a success may be text or go without saying', async () => {
		const payload = [event('2026-06-01T10:00:00')];
		const reasons = [{ errorCode: 'PartialData', errorParameters: ['7'] }];
		for (const [answer, warnings] of [
			[
				{ payload, isSuccess: true, failureReasons: reasons },
				['TrackGPS.ro answered, but named reasons of a failure: PartialData [7]. Data may be missing.'],
			],
			[{ payload, isSuccess: 'True' }, []],
			[{ Payload: payload }, []],
		] as const) {
			const { run, host } = start(() => json(answer));
			expect(await run('fuel.getRefills', { devices: '7', ...period })).toHaveLength(1);
			expect(host.warnings).toEqual(warnings);
		}
	});

	test('no data is an empty list', async () => {
		for (const payload of [null, []])
			for (const [name, { params }] of recordings)
				expect(await start(() => envelope(payload)).run(name, params)).toEqual([]);
	});

	test.each([
		['position.getCurrent', { devices: '' }, 'Devices is missing'],
		['position.getHistory', { devices: '1', begin: 'now', end: '-1h' }, 'ends before it begins'],
		['fuel.getRefills', { devices: '1', begin: '+1d', end: '+2d' }, 'is in the future'],
		['stop.getMany', { devices: '1', ...period, minimumMinutes: 0 }, 'between 1 and 1440 minutes'],
	])('%s %j is refused unsent', async (name, params, words) => {
		const { fails, host } = start(() => envelope([]));
		expect((await fails(name, params)).message).toContain(words);
		expect(host.sent).toHaveLength(0);
	});
});

test('a track of 100,000 points is read in seconds', async () => {
	const points = Array.from({ length: 100_000 }, (_, index) => ({
		VehicleId: 1,
		GpsDate: new Date(Date.UTC(2026, 5, 1) + index * 10_000).toISOString().slice(0, 19),
		Latitude: 44.4,
		Longitude: 26.1,
		Speed: 50,
		Course: 90,
	}));
	const { run } = start(() => envelope(points));
	const began = performance.now();
	expect(
		await run('position.getHistory', {
			devices: '1',
			begin: Date.UTC(2026, 5, 1),
			end: Date.UTC(2026, 5, 1) + 12 * DAY,
		}),
	).toHaveLength(100_000);
	expect(performance.now() - began).toBeLessThan(10_000);
});

test('a stop in endless parts with endless drivers costs what a stop costs', async () => {
	const engineOnStops = Array.from({ length: 100_000 }, (_, index) => {
		const at = new Date(Date.UTC(2000, 0, 1) + index * 86_400_000 * 7).toISOString().slice(0, 19);
		return { startDate: at, endDate: at };
	});
	const drivers = Array.from({ length: 50_000 }, (_, index) => ({ firstName: `D${String(index)}`, lastName: 'x' }));
	const stop = { vehicleId: 1, startDate: '2026-06-01T10:00:00', endDate: '2026-06-01T11:00:00' };
	const toStop = findOperation(trackgps, 'stop', 'getMany')!.record as (...given: unknown[]) => Stop;
	const began = process.cpuUsage();
	const record = toStop({ ...stop, engineOnStops, drivers }, {}, settings({}));
	const { user, system } = process.cpuUsage(began);
	expect((user + system) / 1000).toBeLessThan(50);
	expect(record).toMatchObject({ seconds: 3600, idleSeconds: null });
	const short = { ...stop, engineOnStops: [{ startDate: '2026-06-01T10:10:00', endDate: '2026-06-01T10:11:00' }] };
	expect(toStop(short, {}, settings({}))).toMatchObject({ idleSeconds: 60 });
});
