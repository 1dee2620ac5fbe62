import { climbs } from './base-url';
import type { LoginTimes } from './connection';
import { InvalidParams, TimedOut } from './errors';

/** The one interface to the program around the core: n8n, Node-RED or a test. */
export interface Host {
	/**
	 * Sends a request under the account's session and gives the whole answer, whatever its HTTP status.
	 * Logs in first where there is no session, or where the session in force is still `stale`.
	 * Rejects with a FleetError (Unreachable, TimedOut, TooLarge, LoginRejected ...) if there is no answer.
	 */
	send(request: WireRequest, options: SendOptions): Promise<SignedAnswer>;
	/** Token of the session in force; logs in first where there is none. Sends nothing else. */
	token?(options: Omit<SendOptions, 'timeoutMs'>): Promise<string>;
	/** Waits; rejects with the signal's reason when it is aborted. */
	sleep(ms: number, signal?: AbortSignal): Promise<void>;
	/**
	 * Resolves once the answers that have arrived by now have been taken in, where the program can tell: whoever works
	 * on one before that keeps the requests that follow the others waiting.
	 */
	idle?(): Promise<void>;
	/** Milliseconds since 1970. */
	now(): number;
	/** Tells the user something that is not an error, such as a list that the vendor cut. */
	warn(message: string): void;
	/** Whether the node permits commands, by a setting that no message or expression fills in. By default not. */
	readonly permitsCommands?: boolean;
	/** Whether a list of devices may be read for the names of those in records. By default not. */
	readonly readsNames?: boolean;
	/** Notes in the program's log what became of a command. */
	log?(line: string): void;
}

/** The session that a request is to be sent in. */
export interface WantedSession {
	/** The session that has just turned out to be dead. */
	stale?: string;
	/** Whether that is only a doubt. */
	doubted?: boolean;
	/** Wanted lifetime: a session that would end sooner is renewed first. Used before commands. */
	freshForMs?: number;
	/** Whether to log in where no such session is in force; otherwise `LoginNeeded` is thrown, and nothing is sent. */
	mayLogIn?: boolean;
}

export interface SendOptions extends WantedSession {
	signal?: AbortSignal;
	/** For this attempt, from connecting to the last byte. */
	timeoutMs: number;
	/** What the run has left in all: a login that comes before the attempt takes its time out of this. */
	leftMs: number;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface WireRequest {
	method: Method;
	/** Path below the account's base URL, with a leading slash. */
	path: string;
	query?: Readonly<Record<string, string | number | undefined>>;
	form?: Readonly<Record<string, string>>;
	json?: unknown;
	headers?: Readonly<Record<string, string>>;
}

export interface WireAnswer {
	status: number;
	/** Header names in lower case. */
	headers: Readonly<Record<string, string>>;
	body: string;
}

export interface SignedAnswer extends WireAnswer {
	/** Token of the session that the request went out with. */
	session: string;
	/** When that was made, if it is known. */
	login?: LoginTimes;
}

/** There is no session to send in, and this is no place to log in. Nothing was sent. */
export class LoginNeeded extends Error {
	constructor() {
		super('There is no session.');
		this.name = 'LoginNeeded';
	}
}

/** A login that others may go on waiting for. The request that it was wanted for has not been sent. */
export const loginTooSlow = () =>
	new TimedOut('The login did not end in the time that the run has.', {
		retryable: true,
		advice: 'Check whether the vendor works, or raise the timeout.',
	});

/** Sends one plain request, unsigned: what a login needs. */
export type Exchange = (request: WireRequest) => Promise<WireAnswer>;

/** One attempt, from connecting to the last byte. */
export const ATTEMPT_TIMEOUT_MS = 30_000;

/** Largest answer that is read, decoded. */
export const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** A value of a query. Numbers are written without an exponent, which no vendor's document knows. */
export function inQuery(value: string | number): string {
	const text = String(value);
	if (typeof value === 'string' || !text.includes('e')) return text;
	return Math.abs(value) < 1
		? value
				.toFixed(12)
				.replace(/(?<!0)0+$/, '')
				.replace(/\.$/, '')
				.replace(/^-0$/, '0')
		: BigInt(Math.round(value)).toString();
}

/**
 * The request's full address below `baseUrl`. Query values are percent-encoded; undefined ones are left out.
 * @throws InvalidParams if the path would lead out of it
 */
export function addressOf(baseUrl: string, request: WireRequest): string {
	if (climbs(request.path))
		throw new InvalidParams(`The path ${request.path} would lead out of the base URL, so nothing was sent.`, {
			advice: 'A part of a path cannot be "." or "..".',
		});
	const query = new URLSearchParams();
	for (const [name, value] of Object.entries(request.query ?? {})) {
		if (value !== undefined) query.set(name, inQuery(value));
	}
	const text = query.toString();
	return baseUrl.replace(/(?<!\/)\/+$/, '') + request.path + (text === '' ? '' : `?${text}`);
}
