import { setTimeout as sleep } from 'node:timers/promises';
import { sharedLogin } from '../../core/call/account';
import { TimedOut, Unreachable } from '../../core/describe/errors';
import {
	addressOf,
	type Exchange,
	type Host,
	type SendOptions,
	type SignedAnswer,
	type WantedSession,
	type WireRequest,
} from '../../core/describe/host';
import type { Connection, Session } from '../../core/describe/connection';
import type { Provider } from '../../core/describe/provider';
import { logIn } from '../../core/call/session';

/** The smallest real host: fetch, the core's own sessions, and a clock that may be another's. */
export class FetchHost<C extends Connection> implements Host {
	readonly warnings: string[] = [];
	readonly permitsCommands = true;
	/** Divides every wait, so that "once a second" does not take a test seconds. */
	constructor(
		private readonly provider: Provider<C>,
		private readonly connection: C,
		private readonly clock: { now: () => number; pass: (ms: number) => unknown } = {
			now: Date.now,
			pass: () => undefined,
		},
	) {}

	async send(
		request: WireRequest,
		{ timeoutMs, stale, doubted, freshForMs, mayLogIn }: SendOptions,
	): Promise<SignedAnswer> {
		const { token, ...login } = await this.session(timeoutMs, { stale, doubted, freshForMs, mayLogIn });
		return {
			...(await this.exchange(timeoutMs)(this.provider.sign(request, token, this.connection))),
			session: token,
			login,
		};
	}

	async token({ stale, doubted, freshForMs, mayLogIn }: WantedSession): Promise<string> {
		return (await this.session(30_000, { stale, doubted, freshForMs, mayLogIn })).token;
	}

	private async session(timeoutMs: number, wanted: WantedSession): Promise<Session> {
		const shared = sharedLogin(this.provider, this.connection);
		return await shared.sessions.get({
			current: () => Promise.resolve(shared.session),
			renew: async (doubtedAt) => {
				const ask = this.exchange(timeoutMs);
				const session = await logIn(this.provider, this.connection, ask, () => this.now());
				return (shared.session = { ...session, doubtedAt });
			},
			...wanted,
			now: () => this.now(),
		});
	}

	private exchange(timeoutMs: number): Exchange {
		return async (request) => {
			try {
				const { form, json } = request;
				const body =
					form === undefined
						? json === undefined
							? undefined
							: JSON.stringify(json)
						: new URLSearchParams(form);
				const headers = {
					...(json === undefined ? {} : { 'content-type': 'application/json' }),
					...request.headers,
				};
				const answer = await fetch(addressOf(this.connection.baseUrl, request), {
					method: request.method,
					headers,
					body,
					redirect: 'manual',
					signal: AbortSignal.timeout(timeoutMs),
				});
				return {
					status: answer.status,
					headers: Object.fromEntries(answer.headers),
					body: await answer.text(),
				};
			} catch (cause) {
				if (cause instanceof Error && cause.name === 'TimeoutError')
					throw new TimedOut('No answer in time.', { cause, retryable: true, effect: 'unknown' });
				throw new Unreachable('The connection broke.', { cause, retryable: true, effect: 'unknown' });
			}
		};
	}

	/** Waits pass on the simulated clock, not on the wall. */
	async sleep(ms: number, signal?: AbortSignal): Promise<void> {
		// A wait that only guards a deadline must not move the clock: it is aborted as soon as it is not needed.
		await sleep(Math.min(ms, 2), undefined, { signal });
		if (ms <= 60_000) this.clock.pass(ms);
		else await sleep(ms - 2, undefined, { signal });
	}

	now(): number {
		return this.clock.now();
	}

	warn(message: string): void {
		this.warnings.push(message);
	}
}
