import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FleetError, TimedOut, TooLarge, UnexpectedAnswer, Unreachable } from '../core/describe/errors';
import type { WireRequest } from '../core/describe/host';
import { TrackCeoApi } from '../credentials/TrackCeoApi.credentials';
import { TrackCeo } from '../nodes/TrackCeo/TrackCeo.node';
import { executeContext, StoredCredential } from '../test/support/n8n-context';
import { sendRequest, optionsOf } from './wire';
import { beforeTimer } from '../test/support/control';
import { heapInUse } from '../test/support/heap-in-use';

vi.mock('n8n-workflow', () => createRequire(__filename)('n8n-workflow') as object);

interface Seen {
	method?: string;
	url?: string;
	headers: IncomingMessage['headers'];
	body: string;
}

let server: Server;
let baseUrl: string;
let respond: (request: Seen, response: ServerResponse) => void;
let seen: Seen[];

beforeEach(async () => {
	seen = [];
	respond = (_, response) => response.end('{}');
	server = createServer((request, response) => {
		let body = '';
		request.on('data', (chunk) => (body += String(chunk)));
		request.on('end', () => {
			const { method, url, headers } = request;
			seen.push({ method, url, headers, body });
			respond({ method, url, headers, body }, response);
		});
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
	server.closeAllConnections();
	server.close();
});

/** Sends through n8n's own HTTP client. */
async function send(
	request: WireRequest,
	{ timeoutMs = 5000, signal, to = baseUrl }: { timeoutMs?: number; signal?: AbortSignal; to?: string } = {},
) {
	const { context } = executeContext(new TrackCeo(), new StoredCredential(new TrackCeoApi(), {}));
	return await sendRequest((options) => context.helpers.httpRequest(options), optionsOf(to, request, timeoutMs), {
		timeoutMs,
		signal,
	});
}

test('an answer that comes byte by byte takes little more memory than it holds', async () => {
	const PARTS = 200_000;
	const before = await heapInUse();
	let after = Infinity;
	const body = {
		destroy: () => undefined,
		async *[Symbol.asyncIterator]() {
			for (let part = 0; part < PARTS; part++) yield Buffer.from('7');
			after = await heapInUse();
		},
	};
	const answer = await sendRequest(
		() => Promise.resolve({ statusCode: 200, headers: {}, body }),
		optionsOf(baseUrl, { method: 'GET', path: '/' }, 30_000),
		{ timeoutMs: 30_000 },
	);
	expect(answer.body).toBe('7'.repeat(PARTS));
	expect(after - before).toBeLessThan(10e6);
});

const failure = async (sending: Promise<unknown>) =>
	await sending.then(
		() => undefined,
		(error: unknown) => error as FleetError,
	);

const GET: WireRequest = { method: 'GET', path: '/api/track' };

describe('what goes out', () => {
	test('a POST without a body stays one, with its values in the query', async () => {
		await send({
			method: 'POST',
			path: '/api/command/send',
			query: { imei: '1', command: 'RELAY,1', content: 'a b&c=d+e ü', left: undefined },
		});
		const [request] = seen;
		expect(request).toMatchObject({ method: 'POST', body: '', headers: { 'content-length': '0' } });
		expect(Object.fromEntries(new URL(request!.url!, baseUrl).searchParams)).toEqual({
			imei: '1',
			command: 'RELAY,1',
			content: 'a b&c=d+e ü',
		});
	});

	test('a form and JSON', async () => {
		await send({ method: 'POST', path: '/form', form: { a: '1 2', b: 'ü' } });
		await send({ method: 'POST', path: '/json', json: { a: [1] } });
		expect(seen.map(({ headers, body }) => [headers['content-type']?.split(';')[0], body])).toEqual([
			['application/x-www-form-urlencoded', 'a=1+2&b=%C3%BC'],
			['application/json', '{"a":[1]}'],
		]);
	});

	test('the base URL may have a path and a slash at its end', async () => {
		await send(GET, { to: `${baseUrl}/gateway/` });
		expect(seen[0]!.url).toBe('/gateway/api/track');
	});
});

describe('what comes back', () => {
	test.each([200, 302, 401, 404, 500])('HTTP %i is an answer', async (status) => {
		respond = (_, response) =>
			response.writeHead(status, { location: '/elsewhere', 'Retry-After': '7' }).end('words');
		expect(await send(GET)).toMatchObject({ status, body: 'words', headers: { 'retry-after': '7' } });
		expect(seen).toHaveLength(1);
	});

	test('text of any form, compressed or not, with or without a byte order mark', async () => {
		respond = (_, response) =>
			response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('\uFEFF{"name":"Łódź 🚚"}'));
		expect((await send(GET)).body).toBe('{"name":"Łódź 🚚"}');
	});

	test('a body that unfolds without end is cut off', async () => {
		const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
		respond = (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
		expect(await failure(send(GET))).toBeInstanceOf(TooLarge);
	});

	test('a damaged body', async () => {
		respond = (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('not gzip');
		expect(await failure(send(GET))).toBeInstanceOf(UnexpectedAnswer);
	});
});

describe('no answer', () => {
	test('neither silence nor a dripping body outlasts the timeout', async () => {
		for (const how of ['silent', 'headers only', 'drip'] as const) {
			let timer: NodeJS.Timeout | undefined;
			let closed = false;
			respond = (_, response) => {
				response.on('close', () => (closed = true));
				if (how === 'silent') return;
				response.writeHead(200).flushHeaders();
				if (how === 'drip') timer = setInterval(() => response.write(' '), 20);
			};
			expect(await beforeTimer(900, failure(send(GET, { timeoutMs: 400 })))).toMatchObject({
				code: 'TimedOut',
				effect: 'unknown',
				retryable: true,
			});
			clearInterval(timer);
			await vi.waitFor(() => expect(closed, how).toBe(true), { timeout: 30_000 });
		}
	});

	test('a connection that breaks', async () => {
		respond = (_, response) => response.socket?.destroy();
		expect(await failure(send(GET))).toMatchObject({ code: 'Unreachable', effect: 'unknown', retryable: true });
		respond = (_, response) => {
			response.writeHead(200, { 'content-length': 100 });
			response.write('half', () => response.socket?.destroy());
		};
		expect(await failure(send(GET))).toMatchObject({ code: 'Unreachable', effect: 'unknown', retryable: true });
	});

	test.each([
		['http://127.0.0.1:9', true],
		['http://nobody.invalid', false],
	])('nothing is sent to %s', async (to, retryable) => {
		const error = await failure(send(GET, { to }));
		expect(error).toBeInstanceOf(Unreachable);
		expect(error).toMatchObject({ effect: 'none', retryable });
	});

	test('a stop', async () => {
		respond = () => undefined;
		const stop = new AbortController();
		setTimeout(() => stop.abort(), 100);
		const error = await failure(send(GET, { signal: stop.signal }));
		expect(error).toBeInstanceOf(TimedOut);
		expect(error).toMatchObject({ message: 'The run was stopped.', effect: 'unknown' });
	});

	test('nothing of the request stays in the error', async () => {
		respond = (_, response) => response.socket?.destroy();
		const error = await failure(send({ ...GET, query: { access_token: 'secret-token' } }));
		expect(JSON.stringify([error, error?.message, error?.stack, String(error?.cause)])).not.toContain(
			'secret-token',
		);
	});
});
