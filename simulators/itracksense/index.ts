/**
 * iTracksense, written from its document (itracksense.txt). Numbers in comments are sections of it; "facts" is the page
 * of what is known beyond it. The names of most methods are lost: see paths.ts.
 */
import type { FaultRule } from '../faults';
import type { Answer, VendorRequest } from '../exchange';
import { startServer, type LoggedRequest, type ServerOptions, type Vendor } from '../server';
import { DeadToken, HttpRefusal, Refusal, textOf, TOKEN_INVALID } from './codes';
import { METHODS } from './methods';
import { Params } from './params';
import type { Section } from './paths';
import {
	Platform,
	type Account,
	type Command,
	type Device,
	type ItracksenseOptions as PlatformOptions,
	type Region,
} from './platform';
import { Sessions } from './sessions';

export type { FaultRule } from '../faults';
export type { LoggedRequest } from '../server';
export { DEFAULT_PATHS, PROVEN_PATHS, type PathOptions, type Section } from './paths';
export {
	DEVICE_PASSWORD,
	PASSWORD,
	type Account,
	type AccountSeed,
	type Command,
	type Device,
	type Region,
} from './platform';

export interface ItracksenseOptions extends PlatformOptions, ServerOptions {
	/** Faults to begin with. */
	faults?: readonly FaultRule[];
}

export interface ItracksenseSimulator {
	url: string;
	/** Of every section. */
	paths: Readonly<Record<Section, string>>;
	accounts: readonly Account[];
	/** By device id. */
	devices: ReadonlyMap<string, Device>;
	regions: readonly Region[];
	/** What clients had devices and SIM cards do, oldest first. */
	commands: readonly Command[];
	/** Every request received, newest last, bounded by `logSize`; empty it with `requests.length = 0`. */
	requests: LoggedRequest[];
	/** The simulator's clock, milliseconds. */
	now(): number;
	advance(milliseconds: number): void;
	fail(rule: FaultRule): void;
	clearFaults(): void;
	/** All tokens of an account die. */
	killToken(loginName: string): void;
	/** All tokens of an account are 180 days old. */
	expireToken(loginName: string): void;
	/** What the vendor makes of a request, without a server in between. */
	answer(request: VendorRequest): Answer;
	close(): Promise<void>;
}

const HEADERS = { 'content-type': 'application/json; charset=utf-8' };
const OK = 200;

export async function startItracksense(options: ItracksenseOptions = {}): Promise<ItracksenseSimulator> {
	const { port, host, latencyMs, logSize, faults = [], ...platformOptions } = options;
	const platform = new Platform(platformOptions);
	const sessions = new Sessions(platform);
	const vendor = new Itracksense(platform, sessions);
	const server = await startServer(vendor, { port, host, latencyMs, logSize });
	for (const rule of faults) server.faults.add(rule);
	return {
		url: server.url,
		paths: platform.paths,
		accounts: [...platform.accounts.values()],
		devices: platform.devices,
		regions: platform.regions,
		commands: platform.commands,
		requests: server.requests,
		now: () => platform.clock.milliseconds(),
		advance: (milliseconds) => platform.clock.advance(milliseconds),
		fail: (rule) => server.faults.add(rule),
		clearFaults: () => server.faults.clear(),
		killToken: (loginName) => sessions.kill(loginName),
		expireToken: (loginName) => sessions.expire(loginName),
		answer: (request) => vendor.answer(request),
		close: () => server.close(),
	};
}

class Itracksense implements Vendor {
	private readonly sections: ReadonlyMap<string, Section>;

	constructor(
		private readonly platform: Platform,
		private readonly sessions: Sessions,
	) {
		this.sections = new Map(
			Object.entries(platform.paths).map(([section, path]) => [path, Number(section) as Section]),
		);
	}

	now(): number {
		return this.platform.clock.milliseconds();
	}

	answer(request: VendorRequest): Answer {
		const section = this.sections.get(request.path);
		try {
			if (section === undefined) throw new HttpRefusal(404);
			if (request.method !== (section === 42 ? 'GET' : 'POST')) throw new HttpRefusal(405);
			return this.handle(section, request);
		} catch (error) {
			if (error instanceof Refusal)
				return this.answerCode(error.code, error.message || textOf(section!, error.code));
			if (error instanceof DeadToken) return this.deadToken(section!);
			if (error instanceof HttpRefusal)
				return webApiError(error.status, 'No HTTP resource was found that matches the request.');
			throw error;
		}
	}

	/** 0 is an answer with Code 200. */
	answerCode(code: number, message = code === 401 ? TOKEN_INVALID : 'System error'): Answer {
		if (code === 0) return this.envelope(OK, null, null);
		return this.envelope(code, null, message);
	}

	state(): Record<string, unknown> {
		const { platform } = this;
		return {
			time: new Date(platform.clock.milliseconds()).toISOString(),
			timeZone: platform.settings.timeZone,
			paths: platform.paths,
			accounts: [...platform.accounts.values()].map((account) => ({
				loginName: account.loginName,
				refusedWith: account.refusedWith,
				devices: platform.devicesFor(account).length,
			})),
			devices: [...platform.devices.values()].map(
				({ id, plate, deviceType, isLock, simStatus, vehicle: { iccid, contact } }) => ({
					id,
					plate,
					deviceType,
					isLock,
					iccid,
					simStatus,
					contact,
				}),
			),
			regions: platform.regions,
			commands: platform.commands,
		};
	}

	killToken(loginName: string): boolean {
		this.sessions.kill(loginName);
		return this.platform.accounts.has(loginName);
	}

	private handle(section: Section, request: VendorRequest): Answer {
		if (section === 42) return this.page(request.query.key ?? '');
		const params = new Params(request.body, section, this.platform.settings.timeZone);
		if (section === 4) return this.envelope(OK, this.sessions.login(params), null);

		const [, bearer] = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
		// "Only need to pass Token" (5) does not say where.
		const token = bearer ?? (section === 5 ? params.optional('Token') : undefined) ?? '';
		const account = this.sessions.account(token);
		if (this.sessions.limited(account)) return webApiError(429, 'Too many requests.');
		if (section === 5) {
			this.sessions.logout(token);
			return this.envelope(OK, null, null);
		}
		const { handle, errMsg } = METHODS[section];
		return this.envelope(OK, handle({ platform: this.platform, account, params, section }), errMsg);
	}

	/** 15 and 16 have a value of their own for it. */
	private deadToken(section: Section): Answer {
		if (this.platform.settings.deadToken === 'http401')
			return webApiError(401, 'Authorization has been denied for this request.');
		if (this.platform.settings.deadToken === 'otherWords') return this.answerCode(401, 'Authentication failed');
		if (section === 15 || section === 16) return this.envelope(OK, '1', null);
		return this.answerCode(401, TOKEN_INVALID);
	}

	/** 42: a page for people, with the key or without. */
	private page(key: string): Answer {
		let title = 'iTracksense';
		try {
			this.sessions.account(key);
		} catch {
			title = 'iTracksense - login';
		}
		const body = `<!DOCTYPE html><html><head><title>${title}</title></head><body></body></html>`;
		return { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body, code: OK };
	}

	private envelope(code: number, data: unknown, errMsg: string | null): Answer {
		const mirrored = this.platform.settings.errorStatus === 'mirrored' && code !== OK;
		const status = !mirrored ? 200 : code >= 400 && code < 600 ? code : 400;
		return { status, headers: HEADERS, body: JSON.stringify({ Code: code, Data: data, ErrMsg: errMsg }), code };
	}
}

function webApiError(status: number, Message: string): Answer {
	return { status, headers: HEADERS, body: JSON.stringify({ Message }), code: status };
}
