/**
 * A vendor for tests only, of a kind that no real one is yet: a key instead of a login and of an account's name, PUT,
 * PATCH and DELETE, and no request that gives the positions of a fleet. With its server.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod/v4';
import { jsonOf } from '../../core/call/answer';
import type { Connection } from '../../core/describe/connection';
import { SessionExpired } from '../../core/describe/errors';
import { allAtFirst, ids, text, time } from '../../core/describe/field';
import { operation, type Collector } from '../../core/describe/operation';
import { CONFIRMED } from '../../core/describe/outcome';
import type { Provider } from '../../core/describe/provider';
import { identityOf, rowsOf, textOf } from '../../core/describe/read';
import type { Row } from '../../core/describe/records';
import { stream, trigger } from '../../core/describe/trigger';
import { sharedFields } from '../../providers/account-fields';
import type { Vendor } from '../../providers/vendor';

export const KEY = 'toy-key-4711-0815';

const evidence = { section: '1', grade: 'C' } as const;
const list = z.array(z.unknown());
const device = ids({
	title: 'Devices',
	description: 'Devices to ask about',
	lookup: 'device',
	noun: 'number',
	pattern: /^\d+$/,
	expected: 'must be digits',
	all: 'all devices',
});
const one = text({ title: 'Device', description: 'Number of the device' });

const getMany = operation({
	resource: 'device',
	name: 'getMany',
	title: 'Get Many',
	action: 'Get many devices',
	description: 'List the devices',
	effect: 'read',
	route: 'GET /devices',
	params: {},
	answer: list,
	rows: (answer) => rowsOf(answer, 'a device'),
	record: (row: Row) => ({ deviceId: identityOf(row.id, 'id'), name: textOf(row.name) }) as never,
	kind: 'device',
	list: true,
	evidence,
});
const change = (route: 'PUT /devices/{device}' | 'PATCH /devices/{device}', name: string) =>
	operation({
		resource: 'device',
		name,
		title: name,
		action: `${name} a device`,
		description: 'Give a device a name',
		effect: 'write',
		route,
		params: { device: one, name: text({ title: 'Name', description: 'Its new name' }) },
		request: ({ name: text }) => ({ json: { name: text } }),
		answer: z.unknown(),
		rows: (): Row[] => [CONFIRMED],
		target: ({ device: target }) => ({ target }),
		evidence,
	});
const remove = operation({
	resource: 'device',
	name: 'remove',
	title: 'Remove',
	action: 'Remove a device',
	description: 'Take a device out of the fleet',
	effect: 'command',
	route: 'DELETE /devices/{device}',
	params: { device: one },
	request: () => ({}),
	answer: z.unknown(),
	rows: (): Row[] => [CONFIRMED],
	target: ({ device: target }) => ({ target }),
	evidence,
});
const getTrips = operation({
	resource: 'trip',
	name: 'getMany',
	title: 'Get Many',
	action: 'Get many trips',
	description: 'List trips',
	effect: 'read',
	route: 'GET /trips',
	params: {
		devices: device,
		begin: time({ title: 'Begin', description: 'Start of the period', initial: '-24h' }),
		end: time({ title: 'End', description: 'End of the period', initial: 'now' }),
	},
	request: ({ devices, begin, end }) => ({ query: { devices: String(devices), begin, end } }),
	answer: list,
	rows: (answer) => rowsOf(answer, 'a trip'),
	record: (row: Row) =>
		({
			id: identityOf(row.id, 'id'),
			deviceId: identityOf(row.device, 'device'),
			time: textOf(row.time),
		}) as never,
	kind: 'trip',
	list: true,
	evidence,
});

export const toy: Provider<Connection & { key: string }> = {
	name: 'toy',
	title: 'Toy Fleet',
	description: 'Track toys with Toy Fleet',
	connection: {
		baseUrl: text({ title: 'Base URL', description: 'Address of the API', initial: 'https://toy.example' }),
		key: text({ title: 'API Key', description: 'From the settings of Toy Fleet', secret: true }),
		...sharedFields({ commands: 'Whether flows may act on toys', limit: 'A guess.', requestsPerMinute: 6000 }),
	},
	probe: getMany,
	// As with signatures that cover the method.
	sign: (request, key) => ({
		...request,
		headers: { ...request.headers, authorization: `Bearer ${key} for ${request.method}` },
	}),
	open: (answer) => {
		// Some vendors' codes do not part a wrong key from a session that ended.
		if (answer.status === 401)
			throw new SessionExpired('Toy Fleet does not know the key.', { definite: true, status: 401 });
		return answer.status === 204 ? undefined : jsonOf(answer, 'Toy Fleet');
	},
	limits: { requestsPerMinute: 6000, burst: 100, deadlineMs: 60_000, poll: { seconds: 60, leastSeconds: 10 } },
	operations: [
		getMany,
		change('PUT /devices/{device}', 'rename'),
		change('PATCH /devices/{device}', 'patch'),
		remove,
		getTrips,
	],
	triggers: [
		trigger({
			name: 'newTrip',
			title: 'New Trip',
			description: 'When a toy has made a trip',
			params: { devices: allAtFirst(device) },
			kind: 'trip',
			source: stream<{ time: string }, object>({
				operation: getTrips,
				paramsFor: (devices, period) => ({ devices, ...period }),
				perRequest: 1,
				recordTime: ({ time: at }) => at,
			}),
			evidence,
		}),
	],
	lookups: {
		device: async (client: Collector, options) =>
			((await client.collect(getMany, {}, options)) as { deviceId: string; name: string }[]).map(
				({ deviceId, name }) => ({ value: deviceId, title: name }),
			),
	},
};

export const toyVendor: Vendor = {
	provider: toy,
	module: 'toy',
	covers: 'toys',
	keywords: [],
	icon: {
		drawing: ['<circle cx="30" cy="30" r="20" fill="{body}"/>'],
		light: { body: '#000' },
		dark: { body: '#fff' },
	},
	n8n: {
		className: 'Toy',
		node: 'Track toys',
		trigger: 'Starts the workflow on trips of toys',
		alias: [],
		test: { path: '/devices' },
	},
	color: '#CCCCCC',
};

export interface Trip {
	id: string;
	device: string;
	time: string;
}

/** The server: a key, devices with names, trips. It notes what was asked. */
export async function startToy() {
	const devices = new Map([
		['1', 'Bear'],
		['2', 'Car'],
	]);
	const trips: Trip[] = [];
	const asked: string[] = [];
	let key = KEY;
	const server = createServer((request, response) => {
		const url = new URL(request.url ?? '', 'http://toy');
		const chunks: Buffer[] = [];
		request.on('data', (chunk: Buffer) => chunks.push(chunk));
		request.on('end', () => {
			const body = Buffer.concat(chunks).toString();
			asked.push(`${request.method ?? ''} ${url.pathname}${body === '' ? '' : ` ${body}`}`);
			const answer = (status: number, value?: unknown) => {
				response.statusCode = status;
				response.setHeader('content-type', 'application/json');
				response.end(value === undefined ? undefined : JSON.stringify(value));
			};
			if (request.headers.authorization !== `Bearer ${key} for ${request.method ?? ''}`)
				return answer(401, { error: 'unknown key' });
			const [, room, id] = url.pathname.split('/');
			if (request.method === 'GET' && room === 'devices')
				return answer(
					200,
					[...devices].map(([one, name]) => ({ id: one, name })),
				);
			if (request.method === 'GET' && room === 'trips') {
				const of = url.searchParams.get('devices')?.split(',') ?? [];
				const within = ({ device: one, time: at }: Trip) =>
					of.includes(one) &&
					Date.parse(at) >= Number(url.searchParams.get('begin')) &&
					Date.parse(at) <= Number(url.searchParams.get('end'));
				return answer(200, trips.filter(within));
			}
			if (id === undefined || !devices.has(id)) return answer(404, { error: 'no such device' });
			if (request.method === 'DELETE') {
				devices.delete(id);
				return answer(204);
			}
			if (request.method === 'PUT' || request.method === 'PATCH') {
				devices.set(id, (JSON.parse(body) as { name: string }).name);
				return answer(200, {});
			}
			answer(405, { error: 'method' });
		});
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return {
		url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
		devices,
		trips,
		asked,
		changeKey: (to: string) => (key = to),
		close: async () => {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}

export type ToyServer = Awaited<ReturnType<typeof startToy>>;
