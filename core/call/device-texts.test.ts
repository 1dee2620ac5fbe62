import { z } from 'zod/v4';
import { describe, expect, test } from 'vitest';
import { listedDevices, OF_DEVICES } from '../../test/support/listed-devices';
import { SIGNED_IN } from '../../test/support/signed-in';
import { json, TestHost } from '../../test/support/test-host';
import { Client } from './client';
import { asFleetError, TimedOut } from '../describe/errors';
import { ids, text, writeList } from '../describe/field';
import { operation, type Effect } from '../describe/operation';
import { CONFIRMED } from '../describe/outcome';
import type { Provider } from '../describe/provider';
import type { CommandOutcome, Row } from '../describe/records';

interface Listed {
	id: string;
	name: string | null;
	plate: string | null;
}

const act = (effect: Exclude<Effect, 'read'>) =>
	operation({
		...OF_DEVICES,
		name: effect,
		effect,
		route: 'GET /act/{device}',
		params: {
			device: text({
				title: 'Device',
				description: '',
				lookup: 'device',
				pattern: /^[ab1]{1,4}$/,
				expected: 'must be an id',
			}),
			count: text({ title: 'Count', description: '', pattern: /^\d$/, expected: 'must be a digit' }),
		},
		request: () => ({}),
		answer: z.unknown(),
		rows: (): Row[] => [CONFIRMED],
		target: ({ device }) => ({ target: device }),
	});
const command = act('command');
const devices = ids({
	title: 'Devices',
	description: '',
	lookup: 'device',
	noun: 'id',
	pattern: /^\w{1,5}$/,
	expected: 'must be an id',
	all: 'all',
	parting: 'commas',
});
const read = operation({
	...OF_DEVICES,
	name: 'read',
	effect: 'read',
	route: 'GET /read',
	params: { devices },
	request: ({ devices: asked }) => ({ query: { ids: String(asked) } }),
	answer: z.array(z.looseObject({})),
	record: (row: Row) => row as never,
	kind: 'mileage',
	list: true,
});

let accounts = 0;

function account(devices: Listed[], burst = 20) {
	const state = { devices, down: false, hangs: false };
	const provider: Provider = {
		...SIGNED_IN,
		open: ({ body }) => JSON.parse(body) as unknown,
		limits: { requestsPerMinute: 6000, burst, deadlineMs: 60_000, poll: { seconds: 60, leastSeconds: 10 } },
		operations: [listedDevices, command],
		lookups: {
			device: async (client, options) => {
				const found = (await client.collect(listedDevices, {}, options)) as unknown as Listed[];
				return found.map(({ id, name, plate }) => ({
					value: id,
					title: id,
					device: { deviceName: name, plate },
				}));
			},
		},
	};
	const host: TestHost = new TestHost(async ({ path }, { timeoutMs }) => {
		if (path !== '/devices') return json(path === '/read' ? [] : {});
		if (!state.hangs) return state.down ? { ...json({}), body: '?' } : json(state.devices);
		await host.sleep(timeoutMs);
		throw new TimedOut('It did not answer.', { effect: 'unknown' });
	});
	const connection = {
		baseUrl: 'https://vendor.example',
		account: `texts ${String((accounts += 1))}`,
		secret: 's',
		allowCommands: true,
		allowPrivateAddresses: false,
		rateLimit: 6000,
	};
	const client = new Client(provider, connection, host);
	const asked = async (written: unknown) => {
		await client.collect(read, { devices: written });
		return host.sent.at(-1)?.request.query?.ids;
	};
	const paths = () => host.sent.map(({ request }) => request.path);
	const run = async (device: unknown, more: object = { count: '1' }, what = command) =>
		(await client.collect(what, { device, ...more })) as CommandOutcome[];
	const refused = async (device: unknown, more?: object) => {
		const before = paths().filter((path) => path.startsWith('/act')).length;
		const error = await run(device, more).then(
			() => undefined,
			(thrown: unknown) => asFleetError(thrown),
		);
		expect(paths().filter((path) => path.startsWith('/act'))).toHaveLength(before);
		return error;
	};
	return { host, state, run, refused, paths, asked };
}

const VAN = { id: 'a1', name: 'Van, red', plate: 'B 10 FLT' };
const BUS = { id: 'b1', name: 'Bus', plate: null };

describe('a command', () => {
	test.each(['a1', 'Van, red', ' van, RED ', 'b 10 flt', '["Van, red"]'])(
		'finds its device by %j',
		async (device) => {
			const { run, paths } = account([VAN, BUS]);
			expect(await run(device)).toMatchObject([
				{ target: 'a1', deviceId: 'a1', deviceName: 'Van, red', plate: 'B 10 FLT', outcome: 'confirmed' },
			]);
			expect(paths()).toEqual(['/devices', '/act/a1']);
		},
	);

	test.each(['Van', 'B10FLT', 'Van, red B 10 FLT', 'Buss', '*', 'all', '["Bus", "Van, red"]', '', null])(
		'is not sent for %j',
		async (device) => {
			const { refused } = account([VAN, BUS]);
			expect((await refused(device))?.code).toBe('InvalidParams');
		},
	);

	test('is not sent where two have the name, or one is called by the id of another', async () => {
		const { refused, run } = account([VAN, BUS, { id: 'b2', name: 'bus', plate: 'a1' }]);
		expect((await refused('Bus'))?.message).toContain('b1, b2');
		expect((await refused('a1'))?.message).toContain('a1, b2');
		expect(await run('b1')).toMatchObject([{ target: 'b1' }]);
	});

	test('is sent to an id that is not in the list', async () => {
		expect(await account([VAN]).run('b')).toMatchObject([{ target: 'b', deviceName: null, plate: null }]);
	});

	test('finds it in a list that is half a minute old at most', async () => {
		const { run, refused, host, state, paths } = account([VAN]);
		await run('Van, red');
		host.time += 29_000;
		await run('Van, red');
		expect(paths()).toEqual(['/devices', '/act/a1', '/act/a1']);
		state.devices = [{ ...BUS, name: 'Van, red' }];
		host.time += 1000;
		expect(await run('Van, red')).toMatchObject([{ target: 'b1' }]);
		state.devices = [];
		host.time += 30_000;
		expect((await refused('Van, red'))?.code).toBe('InvalidParams');
	});

	test('goes to an id alone where the list cannot be had, unless an older one speaks against it', async () => {
		const { run, refused, host, state } = account([VAN, { ...BUS, plate: 'a' }]);
		state.down = true;
		expect((await refused('Van, red'))?.code).not.toBe('InvalidParams');
		expect(await run('a')).toMatchObject([{ target: 'a' }]);
		state.down = false;
		// A list that failed is left alone for a minute.
		expect(await run('a')).toMatchObject([{ target: 'a' }]);
		host.time += 60_000;
		expect(await run('a')).toMatchObject([{ target: 'b1' }]);
		state.down = true;
		host.time += 30_000;
		expect((await refused('a'))?.message).toContain('a, b1');
	});

	test('reads no list where turns are rare and it has an id, nor where something else is wrong', async () => {
		const { run, refused, paths } = account([VAN], 1);
		await run('a1');
		expect((await refused('a1', { count: 'x' }))?.message).toContain('Count');
		expect((await refused('Van, red', { count: 'x' }))?.message).toContain('Count');
		expect(paths()).toEqual(['/act/a1']);
	});

	test('a list that hangs keeps an id for two seconds at most, and a name until it may no longer be sent', async () => {
		const { run, refused, host, state, paths } = account([VAN]);
		state.hangs = true;
		const began = host.time;
		expect(await run('a1')).toMatchObject([{ target: 'a1' }]);
		const sent = host.sent.find(({ request }) => request.path.startsWith('/act'));
		expect((sent?.at ?? Infinity) - began).toBeLessThanOrEqual(2100);
		const asked = host.time;
		expect((await refused('Van, red'))?.code).not.toBe('InvalidParams');
		expect(host.time - asked).toBeLessThanOrEqual(21_000);
		expect(paths().filter((path) => path.startsWith('/act'))).toEqual(['/act/a1']);
	});

	test('digits are an id, also where they are the name of another', async () => {
		const { refused, paths } = account([{ ...VAN, id: 'b', name: '11' }]);
		expect((await refused('11'))?.message).toContain('11, b');
		expect(paths().filter((path) => path.startsWith('/act'))).toEqual([]);
	});

	test('a text of any length is answered at once', async () => {
		const { refused } = account([VAN]);
		const began = process.threadCpuUsage();
		expect((await refused(`a${'\u0345'.repeat(200_000)}${'\u0334'.repeat(200_000)}`))?.code).toBe('InvalidParams');
		const { user } = process.threadCpuUsage(began);
		expect(user / 1000).toBeLessThan(300);
	});

	test('a write is found alike', async () => {
		expect(await account([VAN]).run('B 10 FLT', { count: '1' }, act('write') as never)).toMatchObject([
			{ target: 'a1' },
		]);
	});
});

test('whatever is written, only a device is commanded whose id, name or plate it is', async () => {
	let seed = 7;
	const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
	const drawn = () => {
		const word = Array.from({ length: 1 + random(3) }, () => 'abAB1 '.charAt(random(6))).join('');
		return random(8) === 0 ? ` ${word}` : word;
	};
	const same = (one: string | null, other: string) => one?.trim().toLowerCase() === other.trim().toLowerCase();
	const counts = { sent: 0, refused: 0 };
	for (let round = 0; round < 400; round++) {
		const ids = new Set(Array.from({ length: 1 + random(5) }, () => drawn().toLowerCase().replaceAll(' ', 'b')));
		const devices = [...ids].map((id) => ({
			id,
			name: random(4) === 0 ? null : drawn(),
			plate: random(4) === 0 ? null : drawn(),
		}));
		const { run, paths } = account(devices);
		const written = drawn();
		const meant = devices.filter(
			({ id, name, plate }) => id === written.trim() || same(name, written) || same(plate, written),
		);
		const outcomes = await run(written).catch(() => []);
		const commanded = paths().flatMap((path) => /^\/act\/(.*)$/.exec(path)?.[1] ?? []);
		const unlisted = /^[ab1]{1,4}$/.test(written.trim()) ? [written.trim()] : [];
		const [one] = meant;
		// Digits are an id, and never another's name.
		const isName = one !== undefined && one.id !== written.trim() && /^\d+$/.test(written.trim());
		const expected = meant.length === 0 ? unlisted : meant.length === 1 && !isName ? meant.map(({ id }) => id) : [];
		// A blank text is none.
		expect(commanded, JSON.stringify({ written, devices })).toEqual(written.trim() === '' ? [] : expected);
		expect(outcomes.map(({ deviceId }) => deviceId)).toEqual(commanded);
		counts[commanded.length > 0 ? 'sent' : 'refused'] += 1;
	}
	expect(Math.min(counts.sent, counts.refused)).toBeGreaterThan(50);
});

describe('a read', () => {
	const FLEET = [VAN, BUS, { id: '12', name: 'Bus 2', plate: null }, { id: '13', name: '14', plate: 'CJ 15' }];

	test.each<[string, unknown, string]>([
		['a name', 'Bus', 'b1'],
		['a plate with blanks, in any case', 'b 10 flt', 'a1'],
		['several, with commas', 'Bus, B 10 FLT,12', 'b1,a1,12'],
		['a name with a comma', 'Van, red', 'a1'],
		['an array', ['Van, red', 12, 'Bus'], 'a1,12,b1'],
		['JSON text of an array', '["Van, red", "12"]', 'a1,12'],
		['a record of another node', { deviceId: '12', time: 'x' }, '12'],
		['records', [{ deviceId: '12' }, { json: { deviceId: 13 } }], '12,13'],
		['JSON text of records', '[{"deviceId": "12"}]', '12'],
		['all', 'All', '*'],
		['a number that is the name of one, by its id first', '13', '13'],
		['numbers with blanks between them', '12 13', '12,13'],
		['the same twice', 'Bus, b1', 'b1'],
	])('takes %s', async (_, written, ids) => {
		expect(await account(FLEET).asked(written)).toBe(ids);
	});

	test('needs no list for numbers, and one in five minutes for names', async () => {
		const { asked, paths } = account(FLEET);
		await asked('12, 13');
		expect(paths()).toEqual(['/read']);
		await asked('Bus');
		await asked('Van, red');
		expect(paths()).toEqual(['/read', '/devices', '/read', '/read']);
	});

	test('refuses a text that fits several, and proposes what is close to one that fits none', async () => {
		const { asked } = account([...FLEET, { id: 'b2', name: 'BUS', plate: null }]);
		await expect(asked('Bus')).rejects.toThrow('b1, b2');
		await expect(
			asked('B 10 FTL!').catch((error: unknown) => Promise.reject(asFleetError(error))),
		).rejects.toMatchObject({ code: 'InvalidParams', advice: expect.stringContaining('"b 10 flt"') as string });
	});

	test('without a list, what may be an id is one, and a name is not', async () => {
		const { asked, state } = account(FLEET);
		state.down = true;
		expect(await asked('bus')).toBe('bus');
		await expect(asked('B 10 FLT')).rejects.toThrow();
	});
});

test('of what the list offers, exactly those are asked about that were chosen, by whatever they are called', async () => {
	let seed = 11;
	const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
	const called = (place: number) =>
		`${['B 10', 'Van, red', '粤B', '"x" [y]', 'a;b'][random(5)] ?? ''} ${String(place)}`;
	for (let round = 0; round < 60; round++) {
		const fleet = Array.from({ length: 12 }, (_, place) => ({
			id: String(100 + place),
			name: called(place),
			plate: `${called(place)} FLT`,
		}));
		const chosen = fleet.filter(() => random(3) === 0);
		const texts = chosen.map(({ id, name, plate }) => [id, name, plate][random(3)] ?? id);
		if (chosen.length === 0) continue;
		const { asked } = account(fleet);
		const ids = chosen.map(({ id }) => id).join();
		expect(await asked(writeList(texts, 'commas'))).toBe(ids);
		expect(await asked(texts)).toBe(ids);
	}
});
