import { promisify } from 'node:util';
import type { ConnectionOptions } from 'node:tls';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { FleetError, TimedOut, UnexpectedAnswer, Unreachable } from '../../core/describe/errors';
import {
	addressOf,
	ATTEMPT_TIMEOUT_MS,
	MAX_BODY_BYTES,
	type WireAnswer,
	type WireRequest,
} from '../../core/describe/host';
import { answerTooLarge, ReceivedBytes } from '../../core/call/received-bytes';
import type { Proxy } from './proxy';
import { isKnown, lookupFor } from './public-lookup';
import { explain, seen } from './wire-errors';

export interface WireOptions {
	baseUrl: string;
	allowPrivateAddresses: boolean;
	/** Whoever runs Node-RED forbids private addresses. */
	forbidden?: boolean;
	/** Certificates and the like, as Node-RED's TLS node gives them. */
	tls?: ConnectionOptions;
	proxy?: Proxy;
	/** The shortest of this and what the caller says counts, in milliseconds. */
	longestMs?: number;
}

interface SendLimits {
	/** From connecting to the last byte. */
	timeoutMs: number;
	signal?: AbortSignal;
}

/** How long a request behind a proxy waits for this machine's own name server. */
const NAME_MS = 2000;
/** How long a name that this machine does not know is not looked up again. */
const UNKNOWN_MS = 60_000;
const AGENT = 'fleetwire (+https://github.com/fleetwire/fleetwire)';
/**
 * Ends a connection that is not made and that nobody waits for any more: what counts is the clock of the attempt, in
 * which a slow name server or TLS handshake has its place.
 */
const CONNECT_MS = ATTEMPT_TIMEOUT_MS;

let loaded: Promise<typeof import('undici')> | undefined;

/**
 * undici takes 40 ms to load, which Node-RED need not spend before the first request; asking for it again costs each
 * request 0.1 ms.
 */
function undici(): Promise<typeof import('undici')> {
	return (loaded ??= import('undici'));
}

/** An answer as it came: not decoded yet. */
interface Received {
	status: number;
	headers: Record<string, string>;
	body: Uint8Array;
}

/**
 * Takes one answer in, straight from undici's connection: its streams would cost a short answer more than all the rest.
 * undici minds an abort only once there is a connection, so a request that is given up before is stopped when it gets
 * one.
 */
class Reception implements Dispatcher.DispatchHandler {
	readonly received: Promise<Received>;
	/** Whether the request had got a connection: from then on its effect is unknown. */
	sent = false;
	private resolve!: (received: Received) => void;
	private reject!: (error: unknown) => void;
	private controller: Dispatcher.DispatchController | undefined;
	private failure: Error | undefined;
	private status = 0;
	private headers: Record<string, string> = {};
	private readonly body: ReceivedBytes;

	constructor(host: string) {
		this.body = new ReceivedBytes(host);
		this.received = new Promise((resolve, reject) => {
			this.resolve = resolve;
			this.reject = reject;
		});
	}

	/** Ends it, with this error for whoever waits. */
	giveUp(error: Error): void {
		this.failure ??= error;
		this.reject(error);
		this.controller?.abort(error);
	}

	onRequestStart(controller: Dispatcher.DispatchController): void {
		if (this.failure !== undefined) {
			controller.abort(this.failure);
			return;
		}
		this.controller = controller;
		this.sent = true;
	}

	onResponseStart(
		_: Dispatcher.DispatchController,
		status: number,
		headers: Readonly<Record<string, string | string[] | undefined>>,
	): void {
		this.status = status;
		this.headers = plainHeaders(headers);
	}

	onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
		try {
			this.body.add(chunk);
		} catch (error) {
			this.giveUp(error as Error);
		}
	}

	onResponseEnd(): void {
		this.resolve({ status: this.status, headers: this.headers, body: this.body.whole });
	}

	onResponseError(_: Dispatcher.DispatchController, error: Error): void {
		this.reject(error);
	}
}

/** One account's way to its vendor: requests over undici, each answered whole or failed with a FleetError. */
export class Wire {
	private dispatcher: Promise<Dispatcher> | undefined;
	private closing: Promise<void> | undefined;
	private readonly hostname: string;
	/** The vendor as errors name it. */
	private readonly host: string;
	/** Behind a proxy: the look-up of the vendor's name that is under way, and why the last one refused the name. */
	private looking: Promise<void> | undefined;
	private refusal: Error | undefined;
	/** Nobody here knows the name, and to ask may take long. */
	private unknownUntil = -Infinity;

	constructor(private readonly options: WireOptions) {
		this.hostname = new URL(options.baseUrl).hostname;
		const { proxy, forbidden } = options;
		this.host = `${this.hostname}${proxy === undefined || forbidden ? '' : ` (through the proxy ${seen(proxy)})`}`;
	}

	/** @throws Unreachable, TimedOut, TooLarge, UnexpectedAnswer; the signal's reason if it is aborted */
	async send(request: WireRequest, { timeoutMs, signal }: SendLimits): Promise<WireAnswer> {
		signal?.throwIfAborted();
		const { proxy, forbidden, longestMs = Infinity } = this.options;
		const ms = Math.min(timeoutMs, longestMs);
		const reception = new Reception(this.host);
		const abort = () => reception.giveUp(signal?.reason as Error);
		signal?.addEventListener('abort', abort, { once: true });
		// One clock for the whole attempt: undici's own restart with each byte, so that a dripping answer would never
		// end.
		const timer = setTimeout(() => reception.giveUp(this.late(ms, reception.sent)), ms);
		try {
			this.start(request, reception);
			const { status, headers, body } = await reception.received;
			return { status, headers, body: utf8.decode(await decoded(body, headers['content-encoding'], this.host)) };
		} catch (error) {
			signal?.throwIfAborted();
			if (error instanceof FleetError) throw error;
			throw explain(error, this.host, { sent: reception.sent, proxy, forbidden });
		} finally {
			clearTimeout(timer);
			signal?.removeEventListener('abort', abort);
		}
	}

	/** Lets what is under way end, and its connections after it. */
	close(): Promise<void> {
		this.closing ??= Promise.resolve(this.dispatcher).then((dispatcher) => dispatcher?.close());
		return this.closing;
	}

	/** Hands the request to undici; whatever becomes of it, the reception hears. */
	private start(request: WireRequest, reception: Reception): void {
		if (this.closing !== undefined)
			throw new Unreachable('The account was changed or removed while this was running.', {
				advice: 'Nothing was sent. Run it again.',
			});
		const { headers, body } = bodyOf(request);
		const { origin, pathname, search } = new URL(addressOf(this.options.baseUrl, request));
		const options: Dispatcher.DispatchOptions = {
			origin,
			path: pathname + search,
			method: request.method,
			headers: {
				accept: 'application/json',
				'accept-encoding': 'gzip, br',
				'user-agent': AGENT,
				...headers,
				...request.headers,
			},
			body,
			headersTimeout: 0,
			bodyTimeout: 0,
		};
		this.dispatcher ??= this.connect();
		Promise.all([this.dispatcher, this.checkBehindProxy()])
			.then(([dispatcher]) => dispatcher.dispatch(options, reception))
			.catch((error: unknown) => reception.giveUp(error as Error));
	}

	private async connect(): Promise<Dispatcher> {
		const { Agent, ProxyAgent } = await undici();
		const { allowPrivateAddresses, baseUrl, proxy, tls } = this.options;
		if (proxy !== undefined) {
			return new ProxyAgent({
				uri: proxy.url,
				token: proxy.token,
				requestTls: { ...tls, timeout: CONNECT_MS },
				// A proxy mostly has a private address.
				proxyTls: { timeout: CONNECT_MS, lookup: lookupFor(true) },
				proxyTunnel: baseUrl.startsWith('https:'),
			});
		}
		return new Agent({ connect: { ...tls, timeout: CONNECT_MS, lookup: lookupFor(allowPrivateAddresses) } });
	}

	/**
	 * Where the vendor's name leads is the proxy's knowledge. What this machine knows to be private is refused all the
	 * same. A name that it does not know, or not soon, is left to the proxy, unless it was refused before.
	 */
	private async checkBehindProxy(): Promise<void> {
		const { proxy, allowPrivateAddresses } = this.options;
		if (proxy === undefined) return;
		if (performance.now() < this.unknownUntil) return;
		this.looking ??= isKnown(this.hostname, allowPrivateAddresses)
			.then(
				(known) => {
					this.refusal = undefined;
					if (!known) this.unknownUntil = performance.now() + UNKNOWN_MS;
				},
				(refusal: unknown) => {
					this.refusal = refusal as Error;
				},
			)
			.finally(() => {
				this.looking = undefined;
			});
		const late = new Promise<void>((resolve) => setTimeout(resolve, NAME_MS).unref());
		await Promise.race([this.looking, late]);
		if (this.refusal !== undefined) throw this.refusal;
	}

	private late(ms: number, sent: boolean): TimedOut {
		const seconds = String(Math.max(1, Math.round(ms / 1000)));
		return new TimedOut(
			sent
				? `${this.host} did not answer within ${seconds} s.`
				: `${this.host} could not be reached within ${seconds} s.`,
			{
				effect: sent ? 'unknown' : 'none',
				retryable: true,
				advice: 'Check whether the vendor works, and the base URL in the account.',
			},
		);
	}
}

function bodyOf({ form, json }: WireRequest): { headers: Record<string, string>; body?: string } {
	if (form !== undefined)
		return {
			headers: { 'content-type': 'application/x-www-form-urlencoded' },
			body: new URLSearchParams(form).toString(),
		};
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

// A decoder leaves a byte order mark out, which JSON.parse would stumble over.
const utf8 = new TextDecoder();
const DECODERS = {
	gzip: promisify(gunzip),
	'x-gzip': promisify(gunzip),
	br: promisify(brotliDecompress),
	deflate: promisify(inflate),
} as const;

/** One is usual. Each more takes its time, which no timeout would end. */
const MOST_CODINGS = 2;

/**
 * The body decompressed, also where that was not asked for: some servers do it whatever they are told. Small bombs cost
 * little, as it stops at the largest size that is read.
 */
async function decoded(body: Uint8Array, encoding = '', host: string): Promise<Uint8Array> {
	const names = encoding
		.toLowerCase()
		.split(',')
		.map((name) => name.trim())
		.filter((name) => name !== '' && name !== 'identity');
	if (names.length > MOST_CODINGS)
		throw new UnexpectedAnswer(`The answer is compressed ${String(names.length)} times over.`, {
			effect: 'unknown',
			advice: 'Check the base URL in the account.',
		});
	let plain = body;
	for (const name of names.reverse()) {
		if (!Object.hasOwn(DECODERS, name))
			throw new UnexpectedAnswer(
				`The answer is compressed in a way that Fleetwire does not know (${name.slice(0, 20)}).`,
				{ effect: 'unknown' },
			);
		try {
			plain = await DECODERS[name as keyof typeof DECODERS](plain, { maxOutputLength: MAX_BODY_BYTES });
		} catch (error) {
			throw (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? answerTooLarge(host) : error;
		}
	}
	return plain;
}
