import type { Connection, Session } from '../../core/describe/connection';
import {
	addressOf,
	type Exchange,
	type Host,
	type SendOptions,
	type SignedAnswer,
	type WantedSession,
	type WireAnswer,
	type WireRequest,
} from '../../core/describe/host';
import type { Provider } from '../../core/describe/provider';
import type { Answer, VendorRequest } from '../../simulators/exchange';
import { must } from '../delivery/broken';
import type { Product } from './product';

interface Sleeper {
	at: number;
	wake: () => void;
}

/** Requests of a run that goes round without end. */
const MOST = 5000;

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/**
 * A program around the product in which no time passes by itself: sleeping moves the clock on to the next sleeper's
 * moment, once everything else has come to rest. Answers come from a function.
 */
export class StrangerHost implements Host {
	readonly warnings: string[] = [];
	readonly permitsCommands = true;
	time: number;
	/** What went wrong in a simulator: no fault of the product's. */
	broken: unknown;
	private count = 0;
	private readonly sleepers: Sleeper[] = [];
	private ticking = false;

	constructor(
		private readonly product: Product,
		private readonly provider: Provider,
		private readonly connection: Connection,
		private readonly vendor: { answer: (request: VendorRequest) => Answer; prefix: string },
		now: number,
	) {
		this.time = now;
	}

	async send(request: WireRequest, { stale, freshForMs, mayLogIn }: SendOptions): Promise<SignedAnswer> {
		const token = await this.token({ stale, freshForMs, mayLogIn });
		const answer = await this.exchange(this.provider.sign(request, token, this.connection));
		return { ...answer, session: token };
	}

	async token({ stale, freshForMs, mayLogIn }: WantedSession): Promise<string> {
		const { account, session } = this.product;
		const shared = account.sharedLogin(this.provider, this.connection);
		const { token } = await shared.sessions.get<Session>({
			current: () => Promise.resolve(shared.session),
			renew: async () =>
				(shared.session = await session.logIn(this.provider, this.connection, this.exchange, () => this.time)),
			stale,
			freshForMs,
			mayLogIn,
			now: () => this.time,
		});
		return token;
	}

	now(): number {
		return this.time;
	}

	warn(message: string): void {
		this.warnings.push(message);
	}

	sleep(ms: number, signal?: AbortSignal): Promise<void> {
		return new Promise((resolve, reject) => {
			if (signal?.aborted) {
				reject(signal.reason as Error);
				return;
			}
			const sleeper = { at: this.time + ms, wake: resolve };
			this.sleepers.push(sleeper);
			signal?.addEventListener(
				'abort',
				() => {
					const place = this.sleepers.indexOf(sleeper);
					if (place !== -1) this.sleepers.splice(place, 1);
					reject(signal.reason as Error);
				},
				{ once: true },
			);
			if (!this.ticking) void this.tick();
		});
	}

	private readonly exchange: Exchange = (request) => {
		const { headers, body } = bodyOf(request);
		const address = new URL(addressOf('http://vendor.example', request));
		this.count += 1;
		try {
			must(this.count < MOST, 'the requests come to an end');
			const answer = this.vendor.answer({
				method: request.method,
				path: this.vendor.prefix + address.pathname,
				query: Object.fromEntries(address.searchParams),
				headers,
				body,
			});
			return Promise.resolve(answer satisfies WireAnswer);
		} catch (error) {
			this.broken = error;
			throw error;
		}
	};

	private async tick(): Promise<void> {
		this.ticking = true;
		for (;;) {
			for (let turns = 0; turns < 4; turns++) await turn();
			const next = this.sleepers.sort((a, b) => a.at - b.at).shift();
			if (next === undefined) break;
			this.time = Math.max(this.time, next.at);
			next.wake();
		}
		this.ticking = false;
	}
}

function bodyOf({ form, json, headers }: WireRequest): { headers: Record<string, string>; body: string } {
	const own = Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
	if (json !== undefined)
		return { headers: { 'content-type': 'application/json', ...own }, body: JSON.stringify(json) };
	if (form === undefined) return { headers: own, body: '' };
	return {
		headers: { 'content-type': 'application/x-www-form-urlencoded', ...own },
		body: new URLSearchParams(form).toString(),
	};
}
