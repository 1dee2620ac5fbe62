import dns from 'node:dns';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { syncBuiltinESMExports } from 'node:module';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { brotliCompressSync, createGzip, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { FleetError } from '../../core/describe/errors';
import { MAX_BODY_BYTES, type WireRequest } from '../../core/describe/host';
import { lookupFor, refusalOf } from './public-lookup';
import { Wire, type WireOptions } from './wire';
import { explain } from './wire-errors';
import { beforeTimer } from '../../test/support/control';
import { heapInUse } from '../../test/support/heap-in-use';

const running: { close(): void }[] = [];
const wires: Wire[] = [];

afterEach(async () => {
	await Promise.all(wires.splice(0).map((wire) => wire.close()));
	for (const server of running.splice(0)) server.close();
});

async function serve(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
	const server: Server = createServer(handle);
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	running.push({ close: () => (server.closeAllConnections(), server.close()) });
	return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

function wireTo(baseUrl: string, options: Partial<WireOptions> = {}): Wire {
	const wire = new Wire({ baseUrl, allowPrivateAddresses: true, ...options });
	wires.push(wire);
	return wire;
}

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n';
const get: WireRequest = { method: 'GET', path: '/api/track', query: { imeis: '1,2', none: undefined } };
const failure = (promise: Promise<unknown>) =>
	promise.then(
		() => expect.fail('it did not fail'),
		(error: unknown) => error as FleetError,
	);

describe('an answer', () => {
	test('comes whole, whatever its status', async () => {
		let asked: IncomingMessage | undefined;
		const url = await serve((request, response) => {
			asked = request;
			response.writeHead(503, { 'Retry-After': '7' }).end('busy');
		});
		expect(await wireTo(`${url}/`).send(get, { timeoutMs: 2000 })).toMatchObject({
			status: 503,
			headers: { 'retry-after': '7' },
			body: 'busy',
		});
		expect(asked?.url).toBe('/api/track?imeis=1%2C2');
	});

	test('that comes byte by byte takes little more memory than it holds', async () => {
		const PARTS = 300_000;
		let end: () => unknown = () => undefined;
		const server = createTcpServer((socket) => {
			socket.once('data', () => socket.write(`${HEAD}${'1\r\n7\r\n'.repeat(PARTS)}`));
			end = () => socket.end('0\r\n\r\n');
		});
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		running.push(server);
		let parts = 0;
		const count = () => (parts += 1);
		subscribe('undici:request:bodyChunkReceived', count);
		try {
			const wire = wireTo(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`);
			const before = await heapInUse();
			const answer = wire.send(get, { timeoutMs: 30_000 });
			await vi.waitFor(() => expect(parts).toBe(PARTS), { timeout: 20_000 });
			expect((await heapInUse()) - before).toBeLessThan(10e6);
			end();
			expect((await answer).body).toBe('7'.repeat(PARTS));
		} finally {
			unsubscribe('undici:request:bodyChunkReceived', count);
		}
	});

	test.each([
		['gzip', gzipSync('{"ü":1}')],
		['br', brotliCompressSync('{"ü":1}')],
		['identity', Buffer.from('\uFEFF{"ü":1}')],
	])('in %s is decoded', async (encoding, body) => {
		const url = await serve((_, response) => response.writeHead(200, { 'content-encoding': encoding }).end(body));
		expect((await wireTo(url).send(get, { timeoutMs: 2000 })).body).toBe('{"ü":1}');
	});

	test('that sends us elsewhere is not followed', async () => {
		let requests = 0;
		const url = await serve((_, response) => {
			requests += 1;
			response.writeHead(302, { location: '/login' }).end();
		});
		expect((await wireTo(url).send(get, { timeoutMs: 2000 })).status).toBe(302);
		expect(requests).toBe(1);
	});

	test('to a form or JSON request comes to what was sent', async () => {
		const bodies: string[] = [];
		const url = await serve((request, response) => {
			let body = '';
			request
				.on('data', (chunk) => (body += String(chunk)))
				.on('end', () => {
					bodies.push(`${String(request.headers['content-type'])} ${body}`);
					response.end('{}');
				});
		});
		await wireTo(url).send({ method: 'POST', path: '/x', form: { a: 'b c' } }, { timeoutMs: 2000 });
		await wireTo(url).send({ method: 'POST', path: '/x', json: { a: 1 } }, { timeoutMs: 2000 });
		expect(bodies).toEqual(['application/x-www-form-urlencoded a=b+c', 'application/json {"a":1}']);
	});
});

describe('a request fails clearly', () => {
	test('when the answer never comes', async () => {
		const url = await serve(() => undefined);
		expect(await failure(wireTo(url).send(get, { timeoutMs: 150 }))).toMatchObject({
			code: 'TimedOut',
			effect: 'unknown',
			retryable: true,
		});
	});

	test('when the answer drips for longer than the limit', async () => {
		const url = await serve((_, response) => {
			const drip = setInterval(() => response.write(' '), 20);
			response.on('close', () => clearInterval(drip));
		});
		expect(await beforeTimer(1000, failure(wireTo(url).send(get, { timeoutMs: 200 })))).toMatchObject({
			code: 'TimedOut',
			effect: 'unknown',
		});
	});

	test('when Node-RED itself allows less time', async () => {
		const url = await serve(() => undefined);
		expect((await failure(wireTo(url, { longestMs: 1000 }).send(get, { timeoutMs: 60_000 }))).message).toContain(
			'within 1 s',
		);
	});

	test('when the connection is reset', async () => {
		const url = await serve((request) => request.socket.resetAndDestroy());
		expect(await failure(wireTo(url).send(get, { timeoutMs: 2000 }))).toMatchObject({
			code: 'Unreachable',
			effect: 'unknown',
			retryable: true,
		});
	});

	test('when the connection ends in the middle of the body', async () => {
		const url = await serve((_, response) => {
			response.writeHead(200, { 'content-length': '1000' });
			response.write('{"code":0', () => response.socket?.destroy());
		});
		expect(await failure(wireTo(url).send(get, { timeoutMs: 2000 }))).toMatchObject({
			code: 'Unreachable',
			effect: 'unknown',
		});
	});

	test('when nobody listens: nothing was sent', async () => {
		const url = await serve(() => undefined);
		running.pop()?.close();
		expect(await failure(wireTo(url).send(get, { timeoutMs: 2000 }))).toMatchObject({
			code: 'Unreachable',
			effect: 'none',
			retryable: true,
		});
	});

	test('when the name does not exist: nothing was sent', async () => {
		expect(
			await failure(
				wireTo('http://fleetwire.invalid', { allowPrivateAddresses: false }).send(get, { timeoutMs: 5000 }),
			),
		).toMatchObject({ code: 'Unreachable', effect: 'none' });
	});

	test('when the other side speaks no TLS: nothing was sent', async () => {
		const url = await serve(() => undefined);
		expect(await failure(wireTo(url.replace('http:', 'https:')).send(get, { timeoutMs: 2000 }))).toMatchObject({
			code: 'Unreachable',
			effect: 'none',
		});
	});

	test.each(['ERR_SSL_BAD_RECORD_MAC', 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'ECONNREFUSED', 'ENOTFOUND'])(
		'with %s after it had a connection: it may have been carried out',
		(code) => {
			expect(explain({ code }, 'vendor.test', { sent: true }).effect).toBe('unknown');
			expect(explain({ code }, 'vendor.test', { sent: false }).effect).toBe('none');
		},
	);

	test('when the other side is no web server', async () => {
		const server = createTcpServer((socket) => socket.end('220 mail.example ESMTP\r\n'));
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		running.push(server);
		expect(
			await failure(
				wireTo(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`).send(get, {
					timeoutMs: 2000,
				}),
			),
		).toMatchObject({ code: 'UnexpectedAnswer' });
	});

	test('when it is compressed over and over', async () => {
		const body = Array.from({ length: 3 }).reduce<Buffer>((inner) => gzipSync(inner), Buffer.from('{}'));
		const url = await serve((_, response) =>
			response.writeHead(200, { 'content-encoding': 'gzip, gzip, gzip' }).end(body),
		);
		expect(await failure(wireTo(url).send(get, { timeoutMs: 5000 }))).toMatchObject({
			code: 'UnexpectedAnswer',
			effect: 'unknown',
			message: 'The answer is compressed 3 times over.',
		});
	});

	test('when a gzip body is cut off', async () => {
		const url = await serve((_, response) =>
			response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('x'.repeat(5000)).subarray(0, 30)),
		);
		expect(await failure(wireTo(url).send(get, { timeoutMs: 2000 }))).toMatchObject({
			code: 'UnexpectedAnswer',
			effect: 'unknown',
			retryable: true,
		});
	});

	test('when it is compressed in a way that nobody knows', async () => {
		const url = await serve((_, response) => response.writeHead(200, { 'content-encoding': 'rot13' }).end('x'));
		expect(await failure(wireTo(url).send(get, { timeoutMs: 2000 }))).toMatchObject({
			code: 'UnexpectedAnswer',
			effect: 'unknown',
		});
	});

	test('when the body is too large', async () => {
		const url = await serve((_, response) => response.end(Buffer.alloc(MAX_BODY_BYTES + 1, 32)));
		expect(await failure(wireTo(url).send(get, { timeoutMs: 5000 }))).toMatchObject({
			code: 'TooLarge',
			effect: 'unknown',
		});
	});

	test('and cheaply when a small body unpacks to a huge one', async () => {
		const gzip = createGzip();
		const block = Buffer.alloc(1024 * 1024);
		for (let count = 0; count < 200; count++) gzip.write(block);
		gzip.end();
		const bomb = Buffer.concat((await gzip.toArray()) as Buffer[]);
		expect(bomb.length).toBeLessThan(250_000);
		const url = await serve((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb));
		const before = process.memoryUsage().rss;
		expect(await failure(wireTo(url).send(get, { timeoutMs: 5000 }))).toMatchObject({ code: 'TooLarge' });
		expect(process.memoryUsage().rss - before).toBeLessThan(80 * 1024 * 1024);
	});

	test('with the reason of the caller who stops it', async () => {
		const url = await serve(() => undefined);
		const stop = new AbortController();
		setTimeout(() => stop.abort(), 50);
		expect(await failure(wireTo(url).send(get, { timeoutMs: 5000, signal: stop.signal }))).toMatchObject({
			name: 'AbortError',
		});
	});
});

/** What a resolver says: of every name, or of each. */
async function resolvingTo<T>(
	addresses: readonly string[] | Readonly<Record<string, readonly string[]>>,
	use: () => Promise<T>,
): Promise<T> {
	vi.spyOn(dns, 'lookup').mockImplementation(((
		name: string,
		options: { all?: boolean },
		callback: (error: null, found: unknown, family?: number) => void,
	) => {
		const of = Array.isArray(addresses) ? (addresses as string[]) : (addresses as Record<string, string[]>)[name];
		const found = (of ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
		if (options.all) callback(null, found);
		else callback(null, found[0]?.address, found[0]?.family);
	}) as never);
	syncBuiltinESMExports();
	try {
		return await use();
	} finally {
		vi.restoreAllMocks();
		syncBuiltinESMExports();
	}
}

describe('a proxy', () => {
	const proxyAt = (url: string, more: object = {}) => ({ url, setIn: 'the account', ...more });
	const through = (baseUrl: string, url: string, options: Partial<WireOptions> = {}) =>
		wireTo(baseUrl, { allowPrivateAddresses: false, proxy: proxyAt(url), ...options });
	const sentenceOf = async (wire: Wire) => (await failure(wire.send(get, { timeoutMs: 5000 }))).sentence;
	/** One that answers each request for a tunnel with a status. */
	async function tunnel(status: number): Promise<{ url: string; asked: string[] }> {
		const asked: string[] = [];
		const server = createServer();
		server.on('connect', (request: IncomingMessage, socket) => {
			asked.push(request.url ?? '');
			socket.end(`HTTP/1.1 ${String(status)} No\r\n\r\n`);
		});
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		running.push({ close: () => (server.closeAllConnections(), server.close()) });
		return { url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`, asked };
	}

	test('gets requests for http addresses whole, with its own login', async () => {
		let asked: IncomingMessage | undefined;
		const url = await serve((request, response) => {
			asked = request;
			response.end('{"via":"proxy"}');
		});
		const wire = through('http://vendor.invalid', url, { proxy: proxyAt(url, { token: 'Basic dTpw' }) });
		expect((await wire.send(get, { timeoutMs: 5000 })).body).toBe('{"via":"proxy"}');
		expect(asked?.url).toBe('http://vendor.invalid/api/track?imeis=1%2C2');
		expect(asked?.headers['proxy-authorization']).toBe('Basic dTpw');
	});

	test('is named where it cannot be reached, or does not connect', async () => {
		expect(await sentenceOf(through('https://vendor.invalid', 'http://127.0.0.1:9'))).toBe(
			'No connection to the proxy 127.0.0.1:9 can be made (ECONNREFUSED). Check the proxy in the account.',
		);
		const { url, asked } = await tunnel(502);
		expect(await sentenceOf(through('https://vendor.invalid', url))).toBe(
			`The proxy ${url.slice(7)} makes no connection (HTTP 502). Check the proxy in the account.`,
		);
		expect(asked).toEqual(['vendor.invalid:443']);
	});

	test('that asks for a login says so. Only where it makes no tunnel, nothing has reached the vendor', async () => {
		const { url } = await tunnel(407);
		const plain = await serve((_, response) => response.writeHead(407).end());
		const ways = [
			[through('https://vendor.invalid', url), 'none'],
			[through('http://vendor.invalid', plain), 'unknown'],
		] as const;
		for (const [wire, effect] of ways) {
			const error = await failure(wire.send(get, { timeoutMs: 5000 }));
			expect(error).toMatchObject({ code: 'Unreachable', effect, retryable: false });
			expect(error.message).toMatch(/^The proxy 127\.0\.0\.1:\d+ asks for another login \(HTTP 407\)\.$/);
		}
	});

	test('is named where the vendor behind it does not answer', async () => {
		const url = await serve(() => undefined);
		const wire = through('http://vendor.invalid', url);
		const { message } = await failure(wire.send(get, { timeoutMs: 300 }));
		expect(message).toBe(`vendor.invalid (through the proxy ${url.slice(7)}) did not answer within 1 s.`);
	});

	describe('with a name that this machine knows', () => {
		const reach = (addresses: readonly string[], options: Partial<WireOptions> = {}) =>
			serve((_, response) => response.end('{}')).then((url) =>
				resolvingTo(addresses, () =>
					through('http://inner.vendor.test', url, options)
						.send(get, { timeoutMs: 5000 })
						.then(
							() => 'answered',
							(error: unknown) => (error as FleetError).message,
						),
				),
			);

		test('as private is not asked, unless the account allows it', async () => {
			expect(await reach(['10.0.0.1'])).toContain('leads to a private address (inner.vendor.test is 10.0.0.1)');
			expect(await reach(['93.184.216.34', '10.0.0.1'])).toContain('leads to a private address');
			expect(await reach(['10.0.0.1'], { allowPrivateAddresses: true })).toBe('answered');
			const proxy = proxyAt('http://inner.vendor.test:9');
			expect(await reach(['10.0.0.1'], { proxy })).toContain('The base URL leads to a private address');
		});

		test("as that of a cloud's secrets is never asked", async () => {
			for (const allowPrivateAddresses of [true, false])
				expect(await reach(['169.254.169.254'], { allowPrivateAddresses })).toContain('a cloud keeps');
		});

		test('as public, or by an address that is made up for names, is asked', async () => {
			for (const address of ['93.184.216.34', '2606:4700::1111', '198.18.0.84'])
				expect(await reach([address])).toBe('answered');
		});

		test('tells nothing of the network where private addresses are forbidden', async () => {
			expect(await reach(['10.0.0.1'], { forbidden: true })).toBe('No connection through the proxy can be made.');
			for (const status of [407, 502]) {
				const { url } = await tunnel(status);
				expect(await sentenceOf(through('https://vendor.invalid', url, { forbidden: true }))).toBe(
					'No connection through the proxy can be made. Check the proxy in the account.',
				);
			}
		});
	});

	describe('given by a name', () => {
		const PUBLIC = ['93.184.216.34'];
		const ways = ['http', 'https'].flatMap((vendor) => ['http', 'https'].map((proxy) => [vendor, proxy] as const));
		const by = (addresses: readonly string[], vendor: string, proxy: string, options: Partial<WireOptions> = {}) =>
			resolvingTo({ 'vendor.test': PUBLIC, 'proxy.test': addresses }, () =>
				failure(through(`${vendor}://vendor.test`, proxy, options).send(get, { timeoutMs: 1000 })),
			);

		test.each(ways)("that leads to a cloud's secrets is never asked: %s over %s", async (vendor, proxy) => {
			for (const address of ['169.254.169.254', '168.63.129.16', 'fd00:ec2::254', '::ffff:169.254.169.254'])
				for (const allowPrivateAddresses of [true, false]) {
					const error = await by([address], vendor, `${proxy}://proxy.test:9`, { allowPrivateAddresses });
					expect(error).toMatchObject({ code: 'InvalidParams', effect: 'none', permanent: true });
					expect(error.sentence).toBe(
						`The proxy in the account has an address where a cloud keeps its machines' secrets (proxy.test is ${address}). No proxy has such an address, so it is always refused.`,
					);
				}
		});

		test('tells nothing of the network where private addresses are forbidden', async () => {
			const error = await by(['169.254.169.254'], 'https', 'http://proxy.test:9', { forbidden: true });
			expect(error.sentence).toBe('No connection through the proxy can be made. Check the proxy in the account.');
		});

		test('is asked at a private address, and at those beside one that is refused', async () => {
			const port = (await serve((_, response) => response.end('{"via":"proxy"}'))).split(':').pop() ?? '';
			for (const addresses of [['127.0.0.1'], ['169.254.169.254', '127.0.0.1']])
				for (const name of ['proxy.test', 'localhost']) {
					const wire = through('http://vendor.test', `http://${name}:${port}`);
					const answer = await resolvingTo({ 'vendor.test': PUBLIC, [name]: addresses }, () =>
						wire.send(get, { timeoutMs: 5000 }),
					);
					expect(answer.body).toBe('{"via":"proxy"}');
				}
		});
	});

	describe('behind which a name', () => {
		type Callback = (error: Error | null, found?: { address: string; family: number }[]) => void;
		const METADATA = [{ address: '169.254.169.254', family: 4 }];
		let found: { address: string; family: number }[] | undefined;
		let [answersAfterMs, looked] = [0, 0];
		beforeEach(() => {
			[found, answersAfterMs] = [undefined, 0];
			const { lookup } = dns;
			looked = 0;
			vi.spyOn(dns, 'lookup').mockImplementation(((
				name: string,
				options: dns.LookupOptions,
				callback: Callback,
			) => {
				if (name !== 'vendor.test') return lookup(name, options, callback as never);
				looked += 1;
				const unknown = Object.assign(new Error('unknown'), { code: 'ENOTFOUND' });
				const answer = () => (found === undefined ? callback(unknown) : callback(null, found));
				if (answersAfterMs === 0) setImmediate(answer);
				else setTimeout(answer, answersAfterMs);
			}) as never);
			syncBuiltinESMExports();
			vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
		});
		afterEach(() => {
			vi.useRealTimers();
			vi.restoreAllMocks();
			syncBuiltinESMExports();
		});
		const reached = async (wire: Wire) =>
			await wire.send(get, { timeoutMs: 30_000 }).then(
				({ body }) => body,
				(error: unknown) => (error as FleetError).message,
			);
		const wireThroughProxy = async () =>
			through('http://vendor.test', await serve((_, response) => response.end('secrets')));

		test("that nobody knows at first is looked up again after a minute: it may lead to a cloud's secrets by then", async () => {
			const wire = await wireThroughProxy();
			expect(await reached(wire)).toBe('secrets');
			found = METADATA;
			vi.advanceTimersByTime(61_000);
			expect(await reached(wire)).toContain('a cloud keeps');
		});

		test('that a slow name server refuses passes once at most', async () => {
			[found, answersAfterMs] = [METADATA, 3000];
			const wire = await wireThroughProxy();
			const first = reached(wire);
			await vi.waitFor(() => expect(looked).toBe(1));
			await vi.advanceTimersByTimeAsync(2000);
			expect(await first).toBe('secrets');
			await vi.advanceTimersByTimeAsync(120_000);
			const second = reached(wire);
			await vi.waitFor(() => expect(looked).toBe(2));
			await vi.advanceTimersByTimeAsync(2000);
			expect(await second).toContain('a cloud keeps');
		});
	});

	test('is not kept waiting by a name server that does not answer', async () => {
		const url = await serve((_, response) => response.end('{}'));
		const lookups = vi.spyOn(dns, 'lookup').mockImplementation(() => undefined);
		syncBuiltinESMExports();
		vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
		try {
			const wire = through('http://slow.vendor.test', url);
			const answers = [1, 2].map(() => wire.send(get, { timeoutMs: 30_000 }));
			await vi.waitFor(() => expect(lookups).toHaveBeenCalled());
			await vi.advanceTimersByTimeAsync(2000);
			vi.useRealTimers();
			for (const answer of answers) expect((await answer).body).toBe('{}');
			expect(lookups).toHaveBeenCalledTimes(1);
		} finally {
			vi.useRealTimers();
			vi.restoreAllMocks();
			syncBuiltinESMExports();
		}
	});
});

describe('private addresses', () => {
	test('behind a public name are refused at the moment of connecting', async () => {
		const url = await serve((_, response) => response.end('{}'));
		// "localhost." is refused by its name already; here it stands for any name that resolves to loopback.
		const error = await failure(
			wireTo(url.replace('127.0.0.1', 'localhost'), { allowPrivateAddresses: false }).send(get, {
				timeoutMs: 2000,
			}),
		);
		expect(error).toMatchObject({ code: 'InvalidParams', effect: 'none' });
		expect(error.advice).toContain('Allow Private Addresses');
	});

	test.each([
		['127.0.0.1', 4, true],
		['10.1.2.3', 4, true],
		['8.8.8.8', 4, false],
		['::1', 6, true],
		['fe80::1%eth0', 6, true],
		['::ffff:192.168.0.1', 6, true],
		['fd00::1', 6, true],
		['2606:4700::1111', 6, false],
	])('%s', (address, family, expected) => {
		expect(refusalOf({ address, family }, false)).toBe(expected ? 'FLEETWIRE_PRIVATE_ADDRESS' : undefined);
		expect(refusalOf({ address, family }, true)).toBeUndefined();
	});

	test.each([
		['169.254.169.254', 4],
		['168.63.129.16', 4],
		['100.100.100.200', 4],
		['fd00:ec2::254', 6],
		['fe80::a9fe:a9fe%eth0', 6],
		['::ffff:169.254.170.2', 6],
	])('%s is refused even if private ones are allowed', (address, family) => {
		for (const allowed of [true, false])
			expect(refusalOf({ address, family }, allowed)).toBe('FLEETWIRE_METADATA_ADDRESS');
	});

	const refused = (addresses: readonly string[], options: { allowPrivateAddresses: boolean; forbidden?: boolean }) =>
		resolvingTo(addresses, () =>
			failure(wireTo('http://inner.vendor.test', options).send(get, { timeoutMs: 2000 })),
		);
	/** What is left to connect to. */
	const usable = (addresses: readonly string[], allowPrivateAddresses: boolean, all: boolean) =>
		resolvingTo(
			addresses,
			() =>
				new Promise<unknown>((resolve) =>
					lookupFor(allowPrivateAddresses)('vendor.test', { all }, (error, found, family) =>
						resolve(error === null ? [found, family] : error.code),
					),
				),
		);

	test("a name that leads to a cloud's secrets is refused at the moment of connecting", async () => {
		expect(await refused(['169.254.169.254'], { allowPrivateAddresses: true })).toMatchObject({
			code: 'InvalidParams',
			effect: 'none',
			message: expect.stringContaining('a cloud keeps') as string,
		});
	});

	test('beside public ones are left out, and the public ones are used', async () => {
		const four = { address: '93.184.216.34', family: 4 };
		const six = { address: '2606:4700::1111', family: 6 };
		expect(await usable(['fd00::1', four.address, '10.0.0.1', six.address], false, true)).toEqual([
			[four, six],
			undefined,
		]);
		expect(await usable(['fd00::1', four.address], false, false)).toEqual([four.address, 4]);
		expect(await usable(['198.18.0.84', six.address], false, true)).toEqual([[six], undefined]);
		// Those of a cloud's secrets are left out, whatever the account allows.
		expect(await usable(['169.254.169.254', '10.0.0.1', four.address], true, true)).toEqual([
			[{ address: '10.0.0.1', family: 4 }, four],
			undefined,
		]);
		expect(await usable(['10.0.0.1', 'fd00::1'], false, true)).toBe('FLEETWIRE_PRIVATE_ADDRESS');
	});

	test('that a VPN or proxy program makes up for names are named as such', async () => {
		for (const addresses of [['198.18.0.84'], ['198.19.255.1', 'fd00::1']]) {
			const error = await refused(addresses, { allowPrivateAddresses: false });
			expect(error).toMatchObject({ code: 'InvalidParams', effect: 'none' });
			expect(error.message).toContain('VPN or proxy');
			expect(error.message).toContain(addresses[0]);
			expect(error.sentence).not.toContain('simulator');
			expect(error.advice).toContain('Allow Private Addresses');
		}
		const forbidden = await refused(['198.18.0.84'], { allowPrivateAddresses: false, forbidden: true });
		expect(forbidden.sentence).not.toMatch(/198|VPN/);
		expect(forbidden.message).toContain('the settings of this Node-RED allow no other');
	});

	test("where Node-RED's settings forbid them, one sentence is all there is", async () => {
		const url = await serve((_, response) => response.end('{}'));
		const error = await failure(
			wireTo(url.replace('127.0.0.1', 'localhost'), { allowPrivateAddresses: false, forbidden: true }).send(get, {
				timeoutMs: 2000,
			}),
		);
		expect(error.sentence).toBe(
			'The base URL does not lead to a public address, and the settings of this Node-RED allow no other. Check its spelling; who runs Node-RED can allow private addresses with fleetwire.allowPrivateAddresses in settings.js.',
		);
		const proxied = await failure(
			wireTo('http://vendor.invalid', {
				allowPrivateAddresses: false,
				forbidden: true,
				proxy: { url: 'http://127.0.0.1:9', setIn: 'the account' },
			}).send(get, { timeoutMs: 2000 }),
		);
		expect(proxied.message).toBe('No connection through the proxy can be made.');
	});
});
