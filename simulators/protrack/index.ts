/**
 * The Protrack platform, as TrackCEO, eTrack and others sell it, written from the documents of these two: trackceo.txt,
 * etrack.txt. Numbers in comments are sections of them; "facts" is the page of what is known beyond them.
 */
import type { FaultRule } from '../faults';
import type { Answer, VendorRequest } from '../exchange';
import { startServer, type LoggedRequest, type ServerOptions, type Vendor } from '../server';
import type { Account } from './accounts';
import { alarmsBetween, type Alarm, type Geofence } from './alarms';
import { MESSAGES, Refusal, type Code } from './codes';
import type { AnswerKind } from './device-answers';
import { dataStatus, type Device } from './devices';
import { METHODS } from './methods';
import { Params } from './params';
import { editionOf, type Brand } from './brand';
import { Platform, type Command, type Message, type PlatformOptions } from './platform';
import { Sessions } from './sessions';

export type { FaultRule } from '../faults';
export type { Alarm } from './alarms';
export type { LoggedRequest } from '../server';
export { ANSWER_KINDS, type AnswerKind } from './device-answers';
export { PASSWORD, type Account, type AccountSeed } from './accounts';
export type { Device, Role } from './devices';
export type { Brand } from './brand';
export type { Command, Message } from './platform';

export interface ProtrackOptions extends PlatformOptions, ServerOptions {
	/** Faults to begin with. */
	faults?: readonly FaultRule[];
}

export interface ProtrackSimulator {
	url: string;
	brand: Brand;
	accounts: readonly Account[];
	devices: ReadonlyMap<string, Device>;
	/** Every request received, newest last, bounded by `logSize`; empty it with `requests.length = 0`. */
	requests: LoggedRequest[];
	commands: readonly Command[];
	messages: readonly Message[];
	geofences: readonly Geofence[];
	/**
	 * All alarms of a device in a period by their system times in seconds, both ends included: also those that the list
	 * does not have yet.
	 */
	alarmsOf(imei: string, begin: number, end: number): Alarm[];
	/** The simulator's clock, milliseconds. */
	now(): number;
	advance(milliseconds: number): void;
	fail(rule: FaultRule): void;
	clearFaults(): void;
	/** From now on, devices answer commands in these words. */
	answerCommands(kind: AnswerKind): void;
	/** The token of an account dies, as if another program logged in. */
	killToken(account: string): void;
	/** The token of an account is two hours old. */
	expireToken(account: string): void;
	/** What the vendor makes of a request, without a server in between. */
	answer(request: VendorRequest): Answer;
	close(): Promise<void>;
}

const HEADERS = { 'content-type': 'application/json; charset=UTF-8' }; // 1.3

export async function startProtrack(options: ProtrackOptions): Promise<ProtrackSimulator> {
	const { port, host, latencyMs, logSize, faults = [], ...platformOptions } = options;
	const platform = new Platform(platformOptions);
	const sessions = new Sessions(platform);
	const vendor = new Protrack(platform, sessions);
	const server = await startServer(vendor, { port, host, latencyMs, logSize });
	for (const rule of faults) server.faults.add(rule);
	return {
		url: server.url,
		brand: platform.settings.brand,
		accounts: [...platform.accounts.values()],
		devices: platform.devices,
		requests: server.requests,
		commands: platform.commands,
		messages: platform.messages,
		geofences: platform.geofences,
		alarmsOf: (imei, begin, end) => {
			const device = platform.devices.get(imei);
			return device ? alarmsBetween(platform.alarmsOf(device), begin, end) : [];
		},
		now: () => platform.milliseconds(),
		advance: (milliseconds) => platform.advance(milliseconds),
		fail: (rule) => server.faults.add(rule),
		clearFaults: () => server.faults.clear(),
		answerCommands: (kind) => {
			for (const device of platform.devices.values()) device.answers = kind;
		},
		killToken: (account) => sessions.kill(account),
		expireToken: (account) => sessions.expire(account),
		answer: (request) => vendor.answer(request),
		close: () => server.close(),
	};
}

class Protrack implements Vendor {
	constructor(
		private readonly platform: Platform,
		private readonly sessions: Sessions,
	) {}

	now(): number {
		return this.platform.milliseconds();
	}

	answer(request: VendorRequest): Answer {
		try {
			const record = this.handle(request);
			if (request.path === '/api/user/password/set' && this.platform.settings.quirks.trailingComma) {
				return { status: 200, headers: HEADERS, body: '{\n    "code": 0,\n}', code: 0 };
			}
			return answerWith(0, record === undefined ? {} : { record });
		} catch (error) {
			if (error instanceof Refusal) return this.answerCode(error.code, error.message);
			throw error;
		}
	}

	/** 1.4; errors come with HTTP 200 (facts 4.3). */
	answerCode(code: number, message: string = MESSAGES[code as Code] ?? ''): Answer {
		return answerWith(code, { message });
	}

	state(): Record<string, unknown> {
		const { platform } = this;
		return {
			brand: platform.settings.brand,
			time: new Date(platform.milliseconds()).toISOString(),
			accounts: [...platform.accounts.values()].map(({ account, blocked, openApi }) => ({
				account,
				blocked,
				openApi,
			})),
			devices: [...platform.devices.values()].map((device) => ({
				imei: device.imei,
				name: device.vehicle.name,
				role: device.role,
				owner: device.owner.account,
				datastatus: dataStatus(device),
			})),
			commands: platform.commands.map(({ device: _, ...command }) => command),
			messages: platform.messages,
			geofences: platform.geofences,
		};
	}

	killToken(account: string): boolean {
		this.sessions.kill(account);
		return this.platform.accounts.has(account);
	}

	private handle(request: VendorRequest): unknown {
		// Parameters of a POST are in the query in all examples; a form is tolerated (facts 4.3).
		const form = request.method === 'POST' ? Object.fromEntries(new URLSearchParams(request.body)) : {};
		const params = new Params({ ...form, ...request.query });
		if (request.path === '/api/authorization' && request.method === 'GET') return this.sessions.login(params);
		const method = Object.hasOwn(METHODS, request.path) ? METHODS[request.path] : undefined;
		if (!method || method.verb !== request.method) throw new Refusal(10001);
		if (method.edition && method.edition !== editionOf(this.platform.settings.brand)) throw new Refusal(10001);
		return method.handle(this.platform, this.sessions.account(params), params);
	}
}

function answerWith(code: number, rest: object): Answer {
	return { status: 200, headers: HEADERS, body: JSON.stringify({ ...rest, code }), code };
}
