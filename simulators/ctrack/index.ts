/**
 * Ctrack Fleet's "WCF API", written from its document (ctrack.txt). "facts" is the page of what is known beyond it.
 * The token is part of the path: /Vehicles/<token>/GetVehicles.
 */
import type { FaultRule } from '../faults';
import type { Answer, VendorRequest } from '../exchange';
import { startServer, type LoggedRequest, type ServerOptions, type Vendor } from '../server';
import { HttpRefusal, Refusal, type ErrorCode, ERROR_NAMES } from './codes';
import { METHODS } from './methods';
import { Params } from './params';
import { Platform, type CtrackOptions as PlatformOptions, type Driver, type Unit, type User } from './platform';
import { Queues, type Message, type QueueState, type QueueType } from './queues';
import { codeText } from './records';
import { Sessions } from './sessions';

export type { FaultRule } from '../faults';
export type { LoggedRequest } from '../server';
export { PASSWORD, type Driver, type Unit, type User, type UserSeed } from './platform';
export { QUEUE_TYPES, type Message, type QueueState, type QueueType } from './queues';

export interface CtrackOptions extends PlatformOptions, ServerOptions {
	/** Faults to begin with. */
	faults?: readonly FaultRule[];
}

export interface CtrackSimulator {
	/** Up to and including .../REST. */
	url: string;
	/** Of the server, for /_simulator/. */
	origin: string;
	users: readonly User[];
	/** By node id. */
	units: ReadonlyMap<number, Unit>;
	drivers: readonly Driver[];
	/** Every request received, newest last, bounded by `logSize`; empty it with `requests.length = 0`. */
	requests: LoggedRequest[];
	/** The simulator's clock, milliseconds. */
	now(): number;
	advance(milliseconds: number): void;
	fail(rule: FaultRule): void;
	clearFaults(): void;
	/** The token of a user dies, as if another program logged in. */
	killToken(username: string): void;
	/** The session of a user is an hour old. */
	expireToken(username: string): void;
	/** The queues there are. */
	queues(): QueueState[];
	/** All that has come to a queue since the subscription, whatever became of it. */
	history(username: string, type: QueueType): Omit<Message, 'number'>[];
	/** Takes the next messages out of a queue before anybody gets them; returns them. Throws without such a queue. */
	loseMessages(username: string, type: QueueType, count: number): Message[];
	/** Puts all unacknowledged messages back, whatever the rule. */
	redeliver(): void;
	/** What the vendor makes of a request, without a server in between. */
	answer(request: VendorRequest): Answer;
	close(): Promise<void>;
}

const PREFIX = '/DCTTPIEngine/TPIEngine/REST';
const VERSION = '4.4.13.8';
const HEADERS = { 'content-type': 'application/json; charset=utf-8' };

export async function startCtrack(options: CtrackOptions = {}): Promise<CtrackSimulator> {
	const { port, host, latencyMs, logSize, faults = [], ...platformOptions } = options;
	const platform = new Platform(platformOptions);
	const sessions = new Sessions(platform);
	const queues = new Queues(platform, sessions);
	const vendor = new Ctrack(platform, sessions, queues);
	const server = await startServer(vendor, { port, host, latencyMs, logSize });
	for (const rule of faults) server.faults.add(rule);
	return {
		url: server.url + PREFIX,
		origin: server.url,
		users: [...platform.users.values()],
		units: platform.units,
		drivers: platform.drivers,
		requests: server.requests,
		now: () => platform.clock.milliseconds(),
		advance: (milliseconds) => platform.clock.advance(milliseconds),
		fail: (rule) => server.faults.add(rule),
		clearFaults: () => server.faults.clear(),
		killToken: (username) => sessions.kill(username),
		expireToken: (username) => sessions.expire(username),
		queues: () => queues.states(),
		history: (username, type) => queues.history(username, type),
		loseMessages: (username, type, count) => queues.lose(username, type, count),
		redeliver: () => queues.redeliver(),
		answer: (request) => vendor.answer(request),
		close: () => server.close(),
	};
}

class Ctrack implements Vendor {
	constructor(
		private readonly platform: Platform,
		private readonly sessions: Sessions,
		private readonly queues: Queues,
	) {}

	now(): number {
		return this.platform.clock.milliseconds();
	}

	answer(request: VendorRequest): Answer {
		try {
			return this.handle(request);
		} catch (error) {
			if (error instanceof Refusal) return this.answerWith(error.code, error.rest);
			if (error instanceof HttpRefusal) return bareStatus(error.status);
			throw error;
		}
	}

	answerCode(code: number): Answer {
		const { errorCodes } = this.platform.settings;
		const name = ERROR_NAMES[code as ErrorCode] ?? 'Unknown';
		return {
			status: 200,
			headers: HEADERS,
			body: JSON.stringify(this.inCase({ ErrorCode: errorCodes === 'text' ? `${name} = ${code}` : code })),
			code,
		};
	}

	state(): Record<string, unknown> {
		const { platform } = this;
		return {
			time: new Date(platform.clock.milliseconds()).toISOString(),
			users: [...platform.users.values()].map(({ username, userId, costCentres }) => ({
				username,
				userId,
				costCentres,
			})),
			vehicles: [...platform.units.values()].map(({ nodeId, vehicle, costCentre }) => ({
				nodeId,
				plate: vehicle.plate,
				costCentre: costCentre.name,
				contact: vehicle.contact,
			})),
			queues: this.queues.states(),
		};
	}

	killToken(username: string): boolean {
		this.sessions.kill(username);
		return this.platform.users.has(username);
	}

	private handle({ method, path, query }: VendorRequest): Answer {
		if (!path.startsWith(`${PREFIX}/`)) throw new HttpRefusal(404);
		const parts = path
			.slice(PREFIX.length + 1)
			.split('/')
			.map(decode);
		const [module, name] = [parts[0]!, parts.at(-1)!];
		const membership =
			module === 'Membership' && parts.length === 2 && (name === 'Login' || name === 'GetServiceVersion');
		const key = `${module}/${name}`;
		const known = parts.length === 3 && Object.hasOwn(METHODS, key) ? METHODS[key] : undefined;
		if (!membership && !known) throw new HttpRefusal(404);
		if (method !== 'GET') throw new HttpRefusal(405);

		const { settings } = this.platform;
		if (!known) {
			if (name === 'GetServiceVersion') return this.answerWith(0, { Version: { Result: VERSION } });
			return this.answerWith(0, this.sessions.login(new Params(query, true)));
		}
		const session = this.sessions.session(parts[1]!);
		const params = new Params(query, settings.parameterCase === 'any');
		params.require(known.required);
		if (known.undocumented && settings.undocumented === 'refused') throw new Refusal(4);
		const rest = known.handle({ platform: this.platform, queues: this.queues, session, params });
		if (!known.wrapper || settings.shapes === 'wrapped') return this.answerWith(0, rest);
		const list = (rest as Record<string, object[]>)[known.wrapper]!;
		const bare = settings.shapes === 'record' && list.length === 1 ? list[0] : list;
		return { status: 200, headers: HEADERS, body: JSON.stringify(this.inCase(bare)), code: 0 };
	}

	private inCase(body: unknown): unknown {
		return this.platform.settings.keyCase === 'camel' ? camelCase(body) : body;
	}

	/** What a later version of the vendor may add. */
	private extras(): object {
		return this.platform.settings.extras ? { Warnings: [], Notices: [{ Text: 'Maintenance' }], Server: 'A1' } : {};
	}

	private answerWith(code: ErrorCode, rest: object): Answer {
		return {
			status: 200,
			headers: HEADERS,
			body: JSON.stringify(
				this.inCase({ ErrorCode: codeText(code, this.platform.settings), ...rest, ...this.extras() }),
			),
			code,
		};
	}
}

/** With small first letters. */
function camelCase(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(camelCase);
	if (typeof value !== 'object' || value === null) return value;
	return Object.fromEntries(
		Object.entries(value).map(([name, inner]) => [name.charAt(0).toLowerCase() + name.slice(1), camelCase(inner)]),
	);
}

/** The same page whatever the reason, as WCF does. */
function bareStatus(status: number): Answer {
	const title = status === 404 ? 'Endpoint not found' : 'Request Error';
	const body = `<!DOCTYPE html><html><head><title>${title}</title></head><body><p>${title}. The server encountered an error processing the request.</p></body></html>`;
	return { status, headers: { 'content-type': 'text/html; charset=UTF-8' }, body, code: status };
}

function decode(part: string): string {
	try {
		return decodeURIComponent(part);
	} catch {
		throw new HttpRefusal(400);
	}
}
