import { createHmac, randomUUID } from 'node:crypto';
import type { IHttpRequestOptions } from 'n8n-workflow';
import type { Connection } from '../core/describe/connection';
import { TimedOut } from '../core/describe/errors';
import { addressOf, inQuery, type WireAnswer, type WireRequest } from '../core/describe/host';
import type { Provider } from '../core/describe/provider';
import { toFleetError } from './to-fleet-error';
import { orAborted } from '../core/call/abort';
import { ReceivedBytes } from '../core/call/received-bytes';
import { pause } from './abort';

/**
 * Under which a request's own signal travels with its options: n8n's helper for signed requests puts the execution's in
 * its place, and `authenticate` puts it back.
 */
export const STOP = Symbol('stop');

/** Under which a request's purpose travels with its options. */
export const PURPOSE = 'fleetwire';
/** The credential's test, whose request n8n takes from us part by part. */
export const TEST = Symbol('fleetwire.test');
/** Nothing but the login that n8n puts before each request. */
export const LOGIN_ONLY = Symbol.for('fleetwire.login');

export type WireOptions = IHttpRequestOptions & { [STOP]?: AbortSignal; [PURPOSE]?: symbol | string };

/**
 * Proves that a request is of one of our nodes: who knows the account's secret has made it, and for nothing else. No
 * list of them would do, as n8n runs two of our packages side by side while it updates one, with one credential.
 */
export function proofOf(
	provider: Provider,
	connection: Connection,
	{ method = 'GET', baseURL = '', url, qs = {}, headers = {}, body }: WireOptions,
): string {
	const secrets = Object.entries(provider.connection)
		.filter(([, { secret }]) => secret)
		.map(([name]) => (connection as unknown as Record<string, unknown>)[name]);
	return createHmac('sha256', JSON.stringify([provider.name, connection.account, secrets]))
		.update(
			JSON.stringify([
				method,
				baseURL,
				url,
				qs,
				Object.entries(headers)
					.map(([name, value]) => JSON.stringify([name.toLowerCase(), value]))
					.sort(),
				contentOfBody(body),
			]),
		)
		.digest('base64url');
}

/** Objects other than JSON and forms would all look the same as JSON. */
function contentOfBody(body: unknown): unknown {
	if (body instanceof URLSearchParams) return body.toString();
	const plain =
		typeof body !== 'object' ||
		body === null ||
		[Object.prototype, Array.prototype].includes(Object.getPrototypeOf(body) as object);
	return plain ? body : { unlike: randomUUID() };
}

/** One of n8n's request helpers. */
type SendRequest = (options: WireOptions) => Promise<unknown>;

interface Attempt {
	/** From connecting to the last byte. */
	timeoutMs: number;
	signal?: AbortSignal;
}

interface Body extends AsyncIterable<Uint8Array> {
	destroy(): void;
}

interface FullResponse {
	statusCode: number;
	headers: Readonly<Record<string, unknown>>;
	body: Body | string | object | undefined;
}

/**
 * A request as n8n's helpers take it. The body of the answer is asked for as a stream, because only so a slow or
 * endless one can be cut off; every HTTP status is an answer, and no redirect is followed.
 */
export function optionsOf(
	baseUrl: string,
	{ query, form, json, headers, ...request }: WireRequest,
	timeoutMs: number,
): WireOptions {
	const body = form === undefined ? json : new URLSearchParams(form);
	return {
		method: request.method,
		url: addressOf(baseUrl, request),
		qs: Object.fromEntries(
			Object.entries(query ?? {}).flatMap(([name, value]) =>
				value === undefined ? [] : [[name, inQuery(value)]],
			),
		),
		headers: { accept: 'application/json', ...headers },
		...(body === undefined ? {} : { body: body }),
		timeout: timeoutMs,
		json: false,
		encoding: 'stream',
		returnFullResponse: true,
		ignoreHttpStatusErrors: true,
		disableFollowRedirect: true,
		sendCredentialsOnCrossOriginRedirect: false,
	};
}

/**
 * One attempt: the whole answer, or a FleetError.
 * n8n's own timeout does not fire while a body drips, and not every helper can be stopped, so a clock of our own
 * runs beside it.
 */
export async function sendRequest(
	ask: SendRequest,
	options: WireOptions,
	{ timeoutMs, signal }: Attempt,
): Promise<WireAnswer> {
	const host = new URL(options.url).hostname;
	// Cuts the request off; axios then closes the connection, which destroying the body does not do while no byte
	// comes.
	const over = new AbortController();
	const stop = () => over.abort(signal?.reason);
	if (signal?.aborted) stop();
	signal?.addEventListener('abort', stop, { once: true });
	const done = new AbortController();
	const late = pause(timeoutMs, done.signal).then(
		() =>
			over.abort(
				new TimedOut(`${host} did not answer within ${String(Math.max(1, Math.round(timeoutMs / 1000)))} s.`, {
					effect: 'unknown',
					retryable: true,
					advice: 'Check whether the vendor works, and the base URL in the account.',
				}),
			),
		() => undefined,
	);
	try {
		return await orAborted(
			answerOf(ask, { ...options, abortSignal: over.signal, [STOP]: over.signal }, over.signal),
			over.signal,
		);
	} catch (error) {
		over.abort();
		throw toFleetError(error, host, signal);
	} finally {
		signal?.removeEventListener('abort', stop);
		done.abort();
		await late;
	}
}

async function answerOf(ask: SendRequest, options: WireOptions, over: AbortSignal): Promise<WireAnswer> {
	const { statusCode, headers, body } = (await ask(options)) as FullResponse;
	return {
		status: statusCode,
		headers: flat(headers),
		body: await textOf(body, new URL(options.url).hostname, over),
	};
}

function flat(headers: FullResponse['headers']): Record<string, string> {
	return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]));
}

/** The decoded body, unless it is too large or its time is over. */
async function textOf(body: FullResponse['body'], host: string, over: AbortSignal): Promise<string> {
	// n8n gives no stream where it answers in the vendor's place, as it does when workflows are evaluated.
	if (body === undefined || typeof body === 'string') return body ?? '';
	if (!isStream(body)) return JSON.stringify(body);
	const destroy = () => body.destroy();
	if (over.aborted) destroy();
	over.addEventListener('abort', destroy, { once: true });
	const received = new ReceivedBytes(host);
	try {
		for await (const chunk of body) received.add(chunk);
	} finally {
		over.removeEventListener('abort', destroy);
		destroy();
	}
	// TextDecoder leaves a byte order mark out, which JSON.parse would stumble over.
	return new TextDecoder().decode(received.whole);
}

function isStream(body: object): body is Body {
	return Symbol.asyncIterator in body;
}
