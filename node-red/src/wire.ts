import type { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ConnectionOptions } from 'node:tls';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { FleetError, TimedOut, TooLarge, UnexpectedAnswer, Unreachable } from '../../core/errors';
import { addressOf, ATTEMPT_TIMEOUT_MS, MAX_BODY_BYTES, type WireAnswer, type WireRequest } from '../../core/host';
import { publicLookup } from './public-lookup';
import { explain } from './wire-errors';

export interface WireOptions {
	baseUrl: string;
	allowPrivateAddresses: boolean;
	/** Certificates and the like, as Node-RED's TLS node gives them. */
	tls?: ConnectionOptions;
	proxy?: { url: string; token?: string };
	/** The shortest of this and what the caller says counts, in milliseconds. */
	longestMs?: number;
}

export interface Attempt {
	/** From connecting to the last byte. */
	timeoutMs: number;
	signal?: AbortSignal;
}

const AGENT = 'fleetwire (+https://github.com/fleetwire/fleetwire)';
/**
 * Ends a connection that is not made and that nobody waits for any more: what counts is the clock of the attempt, in which
 * a slow name server or TLS handshake has its place.
 */
const CONNECT_MS = ATTEMPT_TIMEOUT_MS;

let loaded: Promise<typeof import('undici')> | undefined;

/** undici takes 40 ms to load, which Node-RED need not spend before the first request; asking for it anew costs each request 0.1 ms. */
function undici(): Promise<typeof import('undici')> {
	return (loaded ??= import('undici'));
}

/** One account's way to its vendor: requests over undici, each answered whole or failed with a FleetError. */
export class Wire {
	private dispatcher: Promise<Dispatcher> | undefined;
	private closing: Promise<void> | undefined;
	private readonly host: string;

	constructor(private readonly options: WireOptions) {
		this.host = new URL(options.baseUrl).hostname;
	}

	/** @throws Unreachable, TimedOut, TooLarge, UnexpectedAnswer; the signal's reason if it is aborted */
	async send(request: WireRequest, { timeoutMs, signal }: Attempt): Promise<WireAnswer> {
		signal?.throwIfAborted();
		const ms = Math.min(timeoutMs, this.options.longestMs ?? Infinity);
		const stop = new AbortController();
		const forward = () => stop.abort(signal?.reason);
		signal?.addEventListener('abort', forward, { once: true });
		// One clock for the whole attempt: undici's own restart with each byte, so that a dripping answer would never end.
		const timer = setTimeout(() => stop.abort(), ms);
		let sent = false;
		try {
			const { headers, body } = bodyOf(request);
			const dispatcher = await this.open(() => {
				sent = true;
			});
			const { origin, pathname, search } = new URL(addressOf(this.options.baseUrl, request));
			const asked = dispatcher.request({
				origin,
				path: pathname + search,
				method: request.method,
				headers: { accept: 'application/json', 'accept-encoding': 'gzip, br', 'user-agent': AGENT, ...headers, ...request.headers },
				body,
				signal: stop.signal,
				headersTimeout: 0,
				bodyTimeout: 0,
			});
			const answer = await orAborted(asked, stop.signal);
			const plain = plainHeaders(answer.headers);
			return { status: answer.statusCode, headers: plain, body: await read(answer.body, plain['content-encoding'], this.host) };
		} catch (error) {
			signal?.throwIfAborted();
			if (stop.signal.aborted) throw this.late(ms, sent);
			if (error instanceof FleetError) throw error;
			throw explain(error, this.host, { sent, proxied: this.options.proxy !== undefined });
		} finally {
			clearTimeout(timer);
			signal?.removeEventListener('abort', forward);
		}
	}

	/** Lets what is under way end, and its connections after it. */
	close(): Promise<void> {
		this.closing ??= Promise.resolve(this.dispatcher).then((dispatcher) => dispatcher?.close());
		return this.closing;
	}

	/** The account's connections; `onSend` hears that a request has got one and goes out on it. */
	private async open(onSend: () => void): Promise<Dispatcher> {
		const { DecoratorHandler } = await undici();
		class Watch extends DecoratorHandler {
			onRequestStart(...args: unknown[]): void {
				onSend();
				(super['onRequestStart' as never] as (...all: unknown[]) => void)(...args);
			}
		}
		if (this.closing !== undefined) throw new Unreachable('The account was changed or removed in the meantime.', { advice: 'Nothing was sent. Run it again.' });
		this.dispatcher ??= this.connect();
		const dispatcher = await this.dispatcher;
		return dispatcher.compose((dispatch) => (options, handler) => dispatch(options, new Watch(handler)));
	}

	private async connect(): Promise<Dispatcher> {
		const { Agent, ProxyAgent } = await undici();
		const { allowPrivateAddresses, baseUrl, proxy, tls } = this.options;
		if (proxy !== undefined) {
			// Which address a name has is then the proxy's knowledge, so only literal private addresses can be refused.
			return new ProxyAgent({ uri: proxy.url, token: proxy.token, requestTls: { ...tls, timeout: CONNECT_MS }, proxyTls: { timeout: CONNECT_MS }, proxyTunnel: baseUrl.startsWith('https:') });
		}
		return new Agent({ connect: { ...tls, timeout: CONNECT_MS, ...(allowPrivateAddresses ? {} : { lookup: publicLookup }) } });
	}

	private late(ms: number, sent: boolean): TimedOut {
		const seconds = String(Math.max(1, Math.round(ms / 1000)));
		return new TimedOut(sent ? `${this.host} did not answer within ${seconds} s.` : `${this.host} could not be reached within ${seconds} s.`, {
			effect: sent ? 'unknown' : 'none',
			retryable: true,
			advice: 'Check whether the vendor works, and the base URL in the account.',
		});
	}
}

/** undici minds the signal only once there is a connection; a request whose signal was aborted before is then not sent. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
	let stop!: () => void;
	const aborted = new Promise<never>((_, reject) => {
		stop = () => reject(signal.reason as Error);
		if (signal.aborted) stop();
		else signal.addEventListener('abort', stop, { once: true });
	});
	try {
		return await Promise.race([work, aborted]);
	} finally {
		signal.removeEventListener('abort', stop);
	}
}

function bodyOf({ form, json }: WireRequest): { headers: Record<string, string>; body?: string } {
	if (form !== undefined) return { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams(form).toString() };
	if (json !== undefined) return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(json) };
	return { headers: {} };
}

function plainHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
	const plain: Record<string, string> = {};
	for (const [name, value] of Object.entries(headers)) {
		if (value !== undefined) plain[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
	}
	return plain;
}

/** Also where it was not asked for: some servers compress whatever they are told. */
function decoders(encoding = ''): Transform[] {
	const stages: Transform[] = [];
	for (const name of encoding.toLowerCase().split(',')) {
		const stage = { gzip: createGunzip, 'x-gzip': createGunzip, br: createBrotliDecompress, deflate: createInflate }[name.trim()];
		if (stage !== undefined) stages.unshift(stage());
		else if (name.trim() !== '' && name.trim() !== 'identity') {
			throw new UnexpectedAnswer(`The answer is compressed in a way that Fleetwire does not know (${name.trim().slice(0, 20)}).`, { effect: 'unknown' });
		}
	}
	return stages;
}

/** The body as text. Counts what comes out of decompression and stops there, so that a small bomb costs little. */
async function read(body: Readable, encoding: string | undefined, host: string): Promise<string> {
	const chunks: Buffer[] = [];
	let size = 0;
	const collect = async (source: AsyncIterable<Buffer>) => {
		for await (const chunk of source) {
			size += chunk.length;
			if (size > MAX_BODY_BYTES) {
				throw new TooLarge(`The answer of ${host} is larger than ${String(MAX_BODY_BYTES / 1024 / 1024)} MiB.`, { effect: 'unknown', advice: 'Ask for fewer devices or a shorter period.' });
			}
			chunks.push(chunk);
		}
	};
	let stages: Transform[];
	try {
		stages = decoders(encoding);
	} catch (error) {
		// undici has it fail as it is destroyed; with nobody listening that would end Node-RED.
		body.on('error', () => undefined).destroy();
		throw error;
	}
	await (pipeline as (streams: unknown[]) => Promise<void>)([body, ...stages, collect]);
	// TextDecoder leaves a byte order mark out, which JSON.parse would stumble over.
	return new TextDecoder().decode(Buffer.concat(chunks));
}
