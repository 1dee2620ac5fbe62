/**
 * A network that fails, in front of simulators: each request may be lost, spoilt or delayed, as a seed decides. The
 * n-th request to a target always meets the same fate, so that a seed repeats a run as far as its requests come in the
 * same order.
 */
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';

/**
 * before: the request never arrives. after: it is carried out, and its answer is lost. Others spoil the answer of a
 * request that was carried out, but for the statuses, which come in its place.
 */
export const FATES = [
	'resetBefore',
	'resetAfter',
	'status503',
	'status500',
	'status429',
	'html',
	'empty',
	'cutOff',
	'truncated',
	'damagedGzip',
	'slow',
	'drip',
] as const;
export type Fate = (typeof FATES)[number];

/** Whether the vendor has carried out what met this fate. */
export const carriedOut = (fate: Fate): boolean =>
	!['resetBefore', 'status503', 'status500', 'status429'].includes(fate);

export interface FaultProxyOptions {
	/** Addresses by name; what is asked below /<name> goes there. */
	targets: Readonly<Record<string, string>>;
	seed: number;
	/** Share of requests that meet a fault, 0 to 1. */
	share: number;
	fates?: readonly Fate[];
	/** Requests that are spared, such as logins. */
	spare?: (path: string) => boolean;
}

export interface Struck {
	target: string;
	/** Which of the target's requests it was, from 1. */
	number: number;
	fate: Fate;
	method: string;
	/** Without its query, which may hold a token. */
	path: string;
}

export interface FaultProxy {
	/** Base URL of a target, through the proxy. */
	url(target: string): string;
	/** Faults that struck, oldest first. */
	readonly struck: readonly Struck[];
	/** Requests so far, of all targets. */
	readonly requests: number;
	/** Connections that are open. */
	connections(): Promise<number>;
	/** From now on all goes through. */
	calm(): void;
	/** What a failed test prints: the seed, and what struck. */
	plan(): string;
	close(): Promise<void>;
}

/** A number from 0 to 1 that depends on the words alone. */
function chance(...words: readonly (string | number)[]): number {
	let hash = 0x811c9dc5;
	for (const sign of words.join('\u0000')) hash = Math.imul(hash ^ (sign.codePointAt(0) ?? 0), 0x01000193);
	hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
	hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
	return ((hash ^ (hash >>> 15)) >>> 0) / 4_294_967_296;
}

export async function startFaultProxy({
	targets,
	seed,
	share,
	fates = FATES,
	spare = () => false,
}: FaultProxyOptions): Promise<FaultProxy> {
	const counts = new Map<string, number>();
	const struck: Struck[] = [];
	const timers = new Set<NodeJS.Timeout>();
	let requests = 0;
	let calm = false;

	const later = (ms: number, work: () => void) => {
		const timer = setTimeout(() => {
			timers.delete(timer);
			work();
		}, ms);
		timers.add(timer);
	};

	function fateOf(target: string, method: string, path: string): Fate | undefined {
		const number = (counts.get(target) ?? 0) + 1;
		counts.set(target, number);
		if (calm || spare(path) || chance(seed, target, number) >= share) return undefined;
		const fate = fates[Math.floor(chance('fate', seed, target, number) * fates.length)];
		if (fate !== undefined) struck.push({ target, number, fate, method, path: path.split('?')[0] ?? path });
		return fate;
	}

	async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
		const [, target = '', rest = ''] = /^\/([^/?]+)(.*)$/s.exec(incoming.url ?? '') ?? [];
		const base = Object.hasOwn(targets, target) ? targets[target] : undefined;
		const body: Buffer[] = [];
		for await (const chunk of incoming) body.push(chunk as Buffer);
		if (base === undefined) {
			response.writeHead(404).end(`there is no target ${target}`);
			return;
		}
		requests += 1;
		const fate = fateOf(target, incoming.method ?? '', rest);
		if (fate === 'resetBefore') response.socket?.resetAndDestroy();
		else if (fate === 'status503') response.writeHead(503).end('busy');
		else if (fate === 'status500') response.writeHead(500).end('fault');
		else if (fate === 'status429') response.writeHead(429, { 'retry-after': '1' }).end('too often');
		else spoil(fate, await forward(base + rest, incoming, Buffer.concat(body)), response);
	}

	function spoil(fate: Fate | undefined, { status, headers, body }: Forwarded, response: ServerResponse): void {
		const whole = () => response.writeHead(status, { ...headers, 'content-length': body.length }).end(body);
		const half = body.subarray(0, Math.floor(body.length / 2));
		switch (fate) {
			case 'resetAfter':
				response.socket?.resetAndDestroy();
				return;
			case 'html':
				response
					.writeHead(200, { 'content-type': 'text/html' })
					.end('<!DOCTYPE html><html><body>The proxy is tired</body></html>');
				return;
			case 'empty':
				response.writeHead(status, { ...headers, 'content-length': 0 }).end();
				return;
			case 'cutOff':
				response.writeHead(status, { ...headers, 'content-length': body.length + 1 });
				response.write(half, () => response.socket?.destroy());
				return;
			case 'truncated':
				response.writeHead(status, { ...headers, 'content-length': half.length }).end(half);
				return;
			case 'damagedGzip': {
				const zipped = gzipSync(body);
				response
					.writeHead(status, { ...headers, 'content-encoding': 'gzip' })
					.end(zipped.subarray(0, Math.max(4, zipped.length - 12)));
				return;
			}
			case 'slow':
				later(300 + chance('slow', seed, requests) * 900, whole);
				return;
			case 'drip': {
				response.writeHead(status, { ...headers, 'content-length': body.length });
				const piece = Math.max(1, Math.ceil(body.length / 10));
				const write = (at: number) => {
					if (response.destroyed) return;
					if (at >= body.length) response.end();
					else {
						response.write(body.subarray(at, at + piece));
						later(40, () => write(at + piece));
					}
				};
				write(0);
				return;
			}
			default:
				whole();
		}
	}

	const server = createServer((incoming, response) => {
		response.on('error', () => undefined);
		serve(incoming, response).catch(() => response.destroy());
	});
	await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
	const origin = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
	return {
		url: (target) => `${origin}/${target}`,
		struck,
		get requests() {
			return requests;
		},
		connections: () =>
			new Promise((resolve, reject) =>
				server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
			),
		calm: () => {
			calm = true;
		},
		plan: () =>
			[
				`fault proxy, seed ${String(seed)}, ${String(share * 100)} % of requests:`,
				...struck
					.slice(-200)
					.map(
						({ target, number, fate, method, path }) =>
							`  ${target} #${String(number)} ${method} ${path}: ${fate}`,
					),
			].join('\n'),
		close: () =>
			new Promise((resolve) => {
				for (const timer of timers) clearTimeout(timer);
				server.close(() => resolve());
				server.closeAllConnections();
			}),
	};
}

interface Forwarded {
	status: number;
	headers: Record<string, string | string[]>;
	body: Buffer;
}

function forward(url: string, incoming: IncomingMessage, body: Buffer): Promise<Forwarded> {
	return new Promise((resolve, reject) => {
		const { host: _, connection: _connection, ...headers } = incoming.headers;
		const request = httpRequest(
			url,
			{ method: incoming.method, headers: { ...headers, 'content-length': body.length } },
			(answer) => {
				const chunks: Buffer[] = [];
				answer.on('data', (chunk: Buffer) => chunks.push(chunk));
				answer.on('error', reject);
				answer.on('end', () => {
					const {
						'content-length': _length,
						'transfer-encoding': _encoding,
						connection: _own,
						'keep-alive': _alive,
						...rest
					} = answer.headers;
					resolve({
						status: answer.statusCode ?? 502,
						headers: rest as Forwarded['headers'],
						body: Buffer.concat(chunks),
					});
				});
			},
		);
		request.on('error', reject);
		request.end(body);
	});
}
