/** Servers that a simulator cannot be: silent, slow, endless, or somebody else's. */
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { kitOf } from '../hosts/vendor';
import type { Certificates } from './hosts';

export interface Span {
	begin: number;
	end: number | undefined;
	/** Bytes that came in. */
	bytes: number;
}

export interface Running {
	url: string;
	port: number;
	/** Connections, from accept to close. */
	spans: Span[];
	close(): Promise<void>;
}

async function listen(server: Server, scheme: string, host: string): Promise<Running> {
	const sockets = new Set<Socket>();
	const spans: Span[] = [];
	server.on('connection', (socket: Socket) => {
		const span: Span = { begin: performance.now(), end: undefined, bytes: 0 };
		spans.push(span);
		sockets.add(socket);
		socket.on('error', () => undefined);
		socket.on('close', () => {
			span.end = performance.now();
			span.bytes = socket.bytesRead;
			sockets.delete(socket);
		});
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const { port } = server.address() as AddressInfo;
	return {
		url: `${scheme}://${host}:${String(port)}`,
		port,
		spans,
		close: () =>
			new Promise((resolve) => {
				server.close(() => resolve());
				for (const socket of sockets) socket.destroy();
			}),
	};
}

export const serve = async (handle: RequestListener) => await listen(createServer(handle), 'http', '127.0.0.1');
export const serveTls = async (certificates: Certificates, handle: RequestListener) =>
	await listen(
		createTlsServer({ key: certificates.key, cert: certificates.cert }, handle),
		'https',
		'tls.vendor.test',
	);
/** What speaks, if at all, below HTTP. */
export const serveSockets = async (scheme: string, host: string, handle: (socket: Socket) => void) =>
	await listen(createTcpServer(handle), scheme, host);

/** A vendor's answer to a login, with this token. */
export const loggedIn = (vendor: string, token: string) => JSON.stringify(kitOf(vendor).loggedIn(token));

export async function bodyOf(request: IncomingMessage): Promise<string> {
	let body = '';
	for await (const chunk of request) body += String(chunk);
	return body;
}

/** Answers a login and hands everything else on. */
export const afterLogin =
	(
		vendor: string,
		login: RegExp,
		rest: (request: IncomingMessage, response: ServerResponse) => void,
		token = 'a-token-for-this-session',
	): RequestListener =>
	(request, response) => {
		if (login.test((request.url ?? '').split('?')[0] ?? ''))
			response.setHeader('content-type', 'application/json').end(loggedIn(vendor, token));
		else rest(request, response);
	};
