/**
 * TrackGPS.ro, written from the document of refills (trackgps-refills.txt) and from what is public of the rest
 * ("facts").
 */
import { randomUUID } from 'node:crypto';
import type { FaultRule } from '../faults';
import type { Answer, VendorRequest } from '../exchange';
import { startServer, type LoggedRequest, type ServerOptions, type Vendor } from '../server';
import { Refusal, type FailureReason } from './codes';
import { METHODS } from './methods';
import { Params } from './params';
import { Platform, type Carrier, type TrackgpsOptions as PlatformOptions, type User } from './platform';
import { Sessions } from './sessions';

export type { FaultRule } from '../faults';
export type { LoggedRequest } from '../server';
export { PASSWORD, type Carrier, type User, type UserSeed } from './platform';

export interface TrackgpsOptions extends PlatformOptions, ServerOptions {
	/** Faults to begin with. */
	faults?: readonly FaultRule[];
}

export interface TrackgpsSimulator {
	url: string;
	users: readonly User[];
	/** By vehicle id. */
	carriers: ReadonlyMap<number, Carrier>;
	/** Every request received, newest last, bounded by `logSize`; empty it with `requests.length = 0`. */
	requests: LoggedRequest[];
	/** The simulator's clock, milliseconds. */
	now(): number;
	advance(milliseconds: number): void;
	fail(rule: FaultRule): void;
	clearFaults(): void;
	/** All tokens of a user die. */
	killToken(username: string): void;
	/** All tokens of a user are as old as they get. */
	expireToken(username: string): void;
	/** What the vendor makes of a request, without a server in between. */
	answer(request: VendorRequest): Answer;
	close(): Promise<void>;
}

const LOGIN = '/api/authentication/login';
const VERSION = '2.0';
const HEADERS = { 'content-type': 'application/json; charset=utf-8' };

export async function startTrackgps(options: TrackgpsOptions = {}): Promise<TrackgpsSimulator> {
	const { port, host, latencyMs, logSize, faults = [], ...platformOptions } = options;
	const platform = new Platform(platformOptions);
	const sessions = new Sessions(platform);
	const vendor = new Trackgps(platform, sessions);
	const server = await startServer(vendor, { port, host, latencyMs, logSize });
	for (const rule of faults) server.faults.add(rule);
	return {
		url: server.url,
		users: [...platform.users.values()],
		carriers: platform.carriers,
		requests: server.requests,
		now: () => platform.clock.milliseconds(),
		advance: (milliseconds) => platform.clock.advance(milliseconds),
		fail: (rule) => server.faults.add(rule),
		clearFaults: () => server.faults.clear(),
		killToken: (username) => sessions.kill(username),
		expireToken: (username) => sessions.expire(username),
		answer: (request) => vendor.answer(request),
		close: () => server.close(),
	};
}

class Trackgps implements Vendor {
	constructor(
		private readonly platform: Platform,
		private readonly sessions: Sessions,
	) {}

	now(): number {
		return this.platform.clock.milliseconds();
	}

	answer(request: VendorRequest): Answer {
		try {
			return this.handle(request);
		} catch (error) {
			if (!(error instanceof Refusal)) throw error;
			const { status, reason, headers, body } = error;
			if (reason === null) return { status, headers, body, code: status };
			return status === 400 ? this.refused(reason) : this.envelope(status, null, [reason]);
		}
	}

	/**
	 * HTTP 200 with a reason of failure, or without any for 0. The log has 0 or 1 as the code of an answer with an
	 * envelope.
	 */
	answerCode(code: number, message?: string): Answer {
		return this.envelope(
			200,
			null,
			code === 0 ? [] : [{ errorCode: String(code), errorParameters: message === undefined ? [] : [message] }],
		);
	}

	state(): Record<string, unknown> {
		const { platform } = this;
		return {
			time: new Date(platform.clock.milliseconds()).toISOString(),
			timeZone: platform.settings.timeZone,
			users: [...platform.users.values()].map((user) => ({
				username: user.username,
				vehicles: platform.carriersFor(user).length,
			})),
			vehicles: [...platform.carriers.values()].map(({ vehicleId, vehicle: { plate, contact } }) => ({
				vehicleId,
				plate,
				contact,
			})),
		};
	}

	killToken(username: string): boolean {
		this.sessions.kill(username);
		return this.platform.users.has(username);
	}

	private handle(request: VendorRequest): Answer {
		const method = Object.hasOwn(METHODS, request.path) ? METHODS[request.path] : undefined;
		if (!method && request.path !== LOGIN) throw new Refusal(404, null);
		if (request.method !== (method?.verb ?? 'POST'))
			throw new Refusal(405, null, { allow: method?.verb ?? 'POST' });
		const user = method && this.sessions.user(request);
		checkVersion(request);
		if (!user)
			return { status: 200, headers: HEADERS, body: JSON.stringify(this.sessions.login(request)), code: 0 };

		const params = () => {
			if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) throw new Refusal(415, null);
			return new Params(request.body, this.platform);
		};
		return this.envelope(200, method.handle(this.platform, user, params), []);
	}

	private refused(reason: FailureReason): Answer {
		const { errorCode, errorParameters } = reason;
		const { refusals } = this.platform.settings;
		if (refusals === 'envelope') return this.envelope(400, null, [reason]);
		const text = `${errorCode}: ${errorParameters.join(', ')}`;
		const problem = {
			type: 'https://tools.ietf.org/html/rfc7231#section-6.5.1',
			title: 'One or more validation errors occurred.',
			status: 400,
			errors: Object.fromEntries(errorParameters.map((name) => [name, [`${errorCode}.`]])),
		};
		return refusals === 'text'
			? { status: 400, headers: { 'content-type': 'text/plain' }, body: text, code: 400 }
			: {
					status: 400,
					headers: { 'content-type': 'application/problem+json; charset=utf-8' },
					body: JSON.stringify(problem),
					code: 400,
				};
	}

	private envelope(status: number, payload: unknown, failureReasons: FailureReason[]): Answer {
		const isSuccess = failureReasons.length === 0;
		const { success, reasonsBesideSuccess } = this.platform.settings;
		const said = { json: isSuccess, text: isSuccess ? 'True' : 'False', unsaid: isSuccess ? undefined : false }[
			success
		];
		const reasons =
			isSuccess && reasonsBesideSuccess ? [{ errorCode: 'PartialData', errorParameters: [] }] : failureReasons;
		const value = { payload, correlationId: randomUUID(), failureReasons: reasons, isSuccess: said };
		const written = this.platform.settings.casing === 'pascal' ? pascalCase(value) : value;
		return { status, headers: HEADERS, body: JSON.stringify(written), code: isSuccess ? 0 : 1 };
	}
}

/** As ASP.NET's versioning refuses. */
function checkVersion({ query, path }: VendorRequest): void {
	const version = query['api-version'];
	if (version === VERSION) return;
	const error =
		version === undefined
			? { code: 'ApiVersionUnspecified', message: 'An API version is required, but was not specified.' }
			: {
					code: 'UnsupportedApiVersion',
					message: `The HTTP resource that matches the request URI '${path}' does not support the API version '${version}'.`,
				};
	throw new Refusal(400, null, HEADERS, JSON.stringify({ error }));
}

function pascalCase(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(pascalCase);
	if (typeof value !== 'object' || value === null) return value;
	return Object.fromEntries(
		Object.entries(value).map(([name, inner]) => [name.charAt(0).toUpperCase() + name.slice(1), pascalCase(inner)]),
	);
}
