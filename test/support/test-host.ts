import { setImmediate as turn } from 'node:timers/promises';
import type { Host, SendOptions, SignedAnswer, WireAnswer, WireRequest } from '../../core/describe/host';

export type Respond = (request: WireRequest, options: SendOptions, session: string) => WireAnswer | Promise<WireAnswer>;

/**
 * A host for tests with a clock of its own: sleeping takes no time, it moves the clock on to the next sleeper's moment
 * once everything else has come to rest.
 */
export class TestHost implements Host {
	time = Date.UTC(2026, 0, 31, 12);
	readonly sent: { request: WireRequest; options: SendOptions; at: number; session: string }[] = [];
	readonly warnings: string[] = [];
	readonly slept: number[] = [];
	session = 'session-1';
	permitsCommands = true;
	readonly logged: string[] = [];
	private readonly sleepers: { at: number; wake: () => void }[] = [];
	private ticking = false;

	constructor(private readonly respond: Respond) {}

	async send(request: WireRequest, options: SendOptions): Promise<SignedAnswer> {
		const session = this.renewed(options);
		this.sent.push({ request, options, at: this.time, session });
		return { ...(await this.respond(request, options, session)), session };
	}

	token(options: Pick<SendOptions, 'stale'>): Promise<string> {
		return Promise.resolve(this.renewed(options));
	}

	private renewed({ stale }: Pick<SendOptions, 'stale'>): string {
		if (stale === this.session) this.session = `session-${String(Number(this.session.split('-')[1]) + 1)}`;
		return this.session;
	}

	now(): number {
		return this.time;
	}

	log(line: string): void {
		this.logged.push(line);
	}

	warn(message: string): void {
		this.warnings.push(message);
	}

	sleep(ms: number, signal?: AbortSignal): Promise<void> {
		this.slept.push(ms);
		return new Promise((resolve, reject) => {
			if (signal?.aborted) {
				reject(signal.reason as Error);
				return;
			}
			const sleeper = { at: this.time + ms, wake: resolve };
			this.sleepers.push(sleeper);
			signal?.addEventListener('abort', () => {
				const place = this.sleepers.indexOf(sleeper);
				if (place !== -1) this.sleepers.splice(place, 1);
				reject(signal.reason as Error);
			});
			void this.tick();
		});
	}

	/** Lets time pass from sleeper to sleeper for as long as there are any. */
	private async tick(): Promise<void> {
		if (this.ticking) return;
		this.ticking = true;
		for (;;) {
			// Several turns, so that whatever was woken has done all it can without waiting.
			for (let turns = 0; turns < 4; turns++) await turn();
			const next = this.sleepers.sort((a, b) => a.at - b.at).shift();
			if (next === undefined) break;
			this.time = Math.max(this.time, next.at);
			next.wake();
		}
		this.ticking = false;
	}
}

/** An answer with a JSON body. */
export function json(value: unknown, status = 200, headers: Record<string, string> = {}): WireAnswer {
	return {
		status,
		headers: { 'content-type': 'application/json; charset=UTF-8', ...headers },
		body: typeof value === 'string' ? value : JSON.stringify(value),
	};
}

export const ok = (record?: unknown) => json(record === undefined ? { code: 0 } : { code: 0, record });
