/**
 * The HTTP side of a simulator, the same for every vendor: it reads requests, keeps a log of them, lets faults strike,
 * and offers a few addresses under /_simulator/ to steer it by hand. What to answer is the vendor's part.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, VendorRequest } from './exchange';
import { carriesOut, Faults, parseFaultRule, strike, type FaultRule } from './faults';

/** Written when a request arrives; `status` and `code` stay null if no answer is sent. */
export interface LoggedRequest extends Omit<VendorRequest, 'body'> {
	time: number;
	status: number | null;
	code: number | null;
	/** Length of the answer's body. */
	bytes: number;
	fault: FaultRule['kind'] | null;
	/** False if a fault struck before the vendor saw the request. */
	carriedOut: boolean;
}

export interface Vendor {
	/** The simulator's clock, milliseconds. */
	now(): number;
	answer(request: VendorRequest): Answer;
	/** An answer with nothing but a code, also used where a fault needs an answer to spoil. */
	answerCode(code: number, message?: string): Answer;
	/** What GET /_simulator/state shows. */
	state(): Record<string, unknown>;
	/** Returns false for an unknown account. */
	killToken(account: string): boolean;
}

export interface ServerOptions {
	port?: number;
	host?: string;
	/** Real time before a request is carried out. */
	latencyMs?: number;
	/** How many requests the log keeps. */
	logSize?: number;
}

export interface SimulatorServer {
	url: string;
	requests: LoggedRequest[];
	faults: Faults;
	close(): Promise<void>;
}

const MAX_BODY = 1024 * 1024;

export async function startServer(vendor: Vendor, options: ServerOptions = {}): Promise<SimulatorServer> {
	const { port = 0, host = '127.0.0.1', latencyMs = 0, logSize = 10_000 } = options;
	const requests: LoggedRequest[] = [];
	const faults = new Faults();
	const stop = new AbortController();

	async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
		const request = await read(incoming);
		if (request.path.startsWith('/_simulator/')) return steer(request, response);

		const { body: _, ...logged } = request;
		const entry: LoggedRequest = {
			time: vendor.now(),
			...logged,
			status: null,
			code: null,
			bytes: 0,
			fault: null,
			carriedOut: false,
		};
		requests.push(entry);
		if (requests.length > logSize) requests.shift();

		if (latencyMs > 0) await sleep(latencyMs, undefined, { signal: stop.signal });
		const rule = faults.take(request);
		entry.fault = rule?.kind ?? null;
		entry.carriedOut = !rule || carriesOut(rule);
		let answer = entry.carriedOut ? vendor.answer(request) : vendor.answerCode(0);
		if (rule?.kind === 'code') answer = vendor.answerCode(rule.code, rule.message);
		if (rule && rule.kind !== 'code') {
			await strike(rule, response, answer, stop.signal);
			if (response.headersSent) entry.status = response.statusCode;
			return;
		}
		entry.status = answer.status;
		entry.code = answer.code;
		entry.bytes = Buffer.byteLength(answer.body);
		response.writeHead(answer.status, { ...answer.headers, 'content-length': entry.bytes }).end(answer.body);
	}

	function steer(request: VendorRequest, response: ServerResponse): void {
		const reply = (status: number, value: unknown) => {
			response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value, null, 2));
		};
		try {
			switch (`${request.method} ${request.path}`) {
				case 'GET /_simulator/state':
					return reply(200, { ...vendor.state(), requests: requests.length, faults: faults.pending });
				case 'POST /_simulator/faults':
					faults.add(parseFaultRule(request.body));
					return reply(200, { faults: faults.pending });
				case 'DELETE /_simulator/faults':
					faults.clear();
					return reply(200, { faults: [] });
				case 'POST /_simulator/kill-token': {
					const { account } = JSON.parse(request.body) as { account?: unknown };
					return vendor.killToken(String(account))
						? reply(200, { killed: account })
						: reply(404, { error: 'unknown account' });
				}
				default:
					return reply(404, { error: 'unknown address' });
			}
		} catch (error) {
			reply(400, { error: (error as Error).message });
		}
	}

	// Connections that rest are the client's to close: it may send on one just as it is closed here.
	const server = createServer({ keepAliveTimeout: 0 }, (incoming, response) => {
		response.on('error', () => {}); // the client went away
		serve(incoming, response).catch(() => response.destroy());
	});
	await new Promise<void>((resolve, reject) => {
		server.once('error', reject).listen(port, host, resolve);
	});
	return {
		url: `http://${host}:${(server.address() as AddressInfo).port}`,
		requests,
		faults,
		close() {
			stop.abort();
			return new Promise((resolve, reject) => {
				server.close((error) => (error ? reject(error) : resolve()));
				server.closeAllConnections();
			});
		},
	};
}

async function read(incoming: IncomingMessage): Promise<VendorRequest> {
	const chunks: Buffer[] = [];
	let size = 0;
	for await (const chunk of incoming as AsyncIterable<Buffer>) {
		size += chunk.length;
		if (size > MAX_BODY) throw new Error('the body is too large');
		chunks.push(chunk);
	}
	const [path = '/', query = ''] = (incoming.url ?? '/').split(/\?(.*)/s);
	return {
		method: incoming.method ?? 'GET',
		path,
		query: Object.fromEntries(new URLSearchParams(query)),
		headers: incoming.headers,
		body: Buffer.concat(chunks).toString(),
	};
}
