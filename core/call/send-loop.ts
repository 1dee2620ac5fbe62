import {
	asFleetError,
	LoginRejected,
	SessionExpired,
	TimedOut,
	UnexpectedAnswer,
	type FleetError,
} from '../describe/errors';
import {
	ATTEMPT_TIMEOUT_MS,
	LoginNeeded,
	type Host,
	type SignedAnswer,
	type WantedSession,
	type WireRequest,
} from '../describe/host';
import type { Connection } from '../describe/connection';
import type { AnyOperation, RunOptions } from '../describe/operation';
import type { Provider } from '../describe/provider';
import { accepted, rateOf, type SharedLogin, type Suspect } from './account';
import type { Redactor } from './redaction';
import { ATTEMPTS, backoff } from './retry';
import { secretField } from './session';

/** A command does not start with a session that may end on the way. */
const FRESH_FOR_COMMANDS_MS = 60_000;

/** What requests are sent with: an account of a vendor, and the program around it. */
export interface Sender {
	readonly provider: Provider;
	readonly connection: Connection;
	readonly host: Host;
	readonly redactor: Redactor;
	readonly shared: SharedLogin;
}

/** One run of an operation, which may send many requests. */
export interface Call {
	readonly deadline: number;
	readonly deadlineMs: number;
	readonly options: RunOptions;
}

interface Opened {
	/** What the provider made of the answer. */
	data: unknown;
	status: number;
}

/** How an attempt ended: with an answer, an error, or the need for another attempt after a pause. */
type Ended = { opened: Opened } | { error: FleetError } | { againAfterMs: number };

/**
 * A session that has just been made is good enough, and one that keeps ending while its request waits for a turn is
 * renewed in the turn.
 */
const LOGINS_OUTSIDE = 2;

/** Sends one request: waits for its turn, renews the session once, and - reads only - tries again. */
export class SendLoop {
	private attempt = 1;
	private renewals = 0;
	/** Logins that were called for in its turn, and left it. */
	private loginsOutside = 0;
	private needsLogin = false;
	/** The session that a refusal has cast doubt on. */
	private suspect: Suspect | undefined;
	/** What went wrong last. */
	private latest: FleetError | undefined;

	constructor(
		private readonly sender: Sender,
		private readonly operation: AnyOperation,
		private readonly request: WireRequest,
		private readonly call: Call,
	) {}

	/** @throws FleetError */
	async run(): Promise<Opened> {
		for (;;) {
			const ended = await (this.mustLogIn || this.needsLogin ? this.logIn() : this.inTurn());
			if ('opened' in ended) return ended.opened;
			const pause = 'error' in ended ? this.pauseAfter(ended.error) : ended.againAfterMs;
			if (pause > 0) await this.sender.host.sleep(pause, this.call.options.signal);
		}
	}

	/** Whether it may be sent again although an earlier attempt may have been carried out. */
	private get repeatable(): boolean {
		return this.operation.effect === 'read' && !this.operation.consuming;
	}

	/** Whether it makes sense in one session only, which then is never renewed for it. */
	private get bound(): boolean {
		return this.call.options.inSession !== undefined;
	}

	/** Whether the vendor has yet to accept the login: a caller that only knows the account's name takes no turns. */
	private get mustLogIn(): boolean {
		const { host, shared } = this.sender;
		return !shared.accepted && host.token !== undefined;
	}

	private get leftMs(): number {
		return this.call.deadline - this.sender.host.now();
	}

	/** Logs in, outside of the account's turns. */
	private async logIn(): Promise<Ended> {
		const { provider, connection, host, shared } = this.sender;
		this.enterBreaker();
		this.needsLogin = false;
		try {
			await this.timeLeft();
			await tokenOf(this.sender, this.call, this.wanted());
			if (!shared.accepted) accepted(shared, provider, connection, host.now());
			shared.breaker.left();
			return { againAfterMs: 0 };
		} catch (thrown) {
			return { error: this.unanswered(thrown) };
		}
	}

	/** One attempt, in a turn of the account. */
	private async inTurn(): Promise<Ended> {
		const { limiter } = this.sender.shared.account;
		const release = await this.turn();
		try {
			if (this.mustLogIn) {
				// The login was refused while this one was waiting.
				limiter.giveBack();
				return { againAfterMs: 0 };
			}
			const { complaints } = limiter;
			this.enterBreaker();
			return await this.exchange(complaints);
		} finally {
			release();
		}
	}

	private async turn(): Promise<() => void> {
		const { host, shared } = this.sender;
		const { signal, onWait, priority = 'person' } = this.call.options;
		const order = this.operation.effect === 'read' ? priority : 'command';
		try {
			return await shared.account.limiter.acquire(order, host, this.call.deadline, { signal, onWait });
		} catch (late) {
			// With no turn left to try again, what went wrong says more than that.
			throw this.latest === undefined || signal?.aborted ? late : this.latest;
		}
	}

	/** @throws Unreachable while requests to the vendor are held back */
	private enterBreaker(): void {
		const held = this.sender.shared.breaker.enter(this.sender.host.now());
		if (held !== undefined) throw held;
	}

	/** How long it may take. @throws TimedOut, SessionExpired if it makes no sense any more */
	private async timeLeft(): Promise<number> {
		const { leftMs } = this;
		if (leftMs <= 0) throw overdue(this.call);
		await mustBeInSession(this.sender, this.call);
		return leftMs;
	}

	/** The session that it is to be sent in. */
	private wanted(
		freshForMs = this.repeatable ? 0 : FRESH_FOR_COMMANDS_MS,
	): Pick<WantedSession, 'stale' | 'freshForMs'> {
		if (this.bound) return { freshForMs: 0 };
		const { session: stale } = this.suspect ?? this.sender.shared.suspectSession ?? {};
		return { stale, freshForMs };
	}

	/** Sends it, and opens the answer. @param complaints the vendor's complaints that were known when its turn came */
	private async exchange(complaints: number): Promise<Ended> {
		const { provider, connection, host, shared } = this.sender;
		const { limiter } = shared.account;
		let stale: string | undefined;
		let answer: SignedAnswer;
		try {
			const leftMs = await this.timeLeft();
			const { signal } = this.call.options;
			// However soon it ends, what was made for this request is as fresh as can be.
			const wanted = this.wanted(this.loginsOutside > 0 ? 0 : undefined);
			({ stale } = wanted);
			const timeoutMs = Math.min(ATTEMPT_TIMEOUT_MS, leftMs);
			const mayLogIn = host.token === undefined || this.loginsOutside >= LOGINS_OUTSIDE;
			answer = await host.send(this.request, { ...wanted, mayLogIn, signal, timeoutMs, leftMs });
			this.answeredIn(answer.session);
		} catch (thrown) {
			if (thrown instanceof LoginNeeded) return this.leaveForLogin();
			const error = this.unanswered(thrown);
			// Logins are outside the quota: whoever never gets past one must not use up the turns of the others.
			if (this.latest?.session === 'refused') limiter.giveBack();
			return { error };
		}
		try {
			const data = provider.open(withoutToken(answer), this.request, this.operation);
			shared.breaker.answered();
			shared.retries.earn();
			limiter.recover(complaints);
			limiter.keepTo(...rateOf(provider, connection), host.now());
			return { opened: { data, status: answer.status } };
		} catch (thrown) {
			return this.refused(thrown, { session: answer.session, stale });
		}
	}

	/** A login may hang, and would keep the turn from others. */
	private leaveForLogin(): Ended {
		const { account, breaker } = this.sender.shared;
		breaker.left();
		account.limiter.giveBack();
		this.needsLogin = true;
		this.loginsOutside += 1;
		return { againAfterMs: 0 };
	}

	/** The session in which an answer came. */
	private answeredIn(session: string): void {
		const { redactor, shared } = this.sender;
		redactor.addToken(session);
		this.call.options.onSession?.(session);
		if (session !== shared.suspectSession?.session) shared.suspectSession = undefined;
	}

	/** The answer is no success: what that says of the vendor, the account's rate and the session. */
	private refused(thrown: unknown, { session, stale }: { session: string; stale: string | undefined }): Ended {
		const { provider, host, shared } = this.sender;
		const { breaker, account } = shared;
		const error = (this.latest = ofTheKey(provider, asFleetError(thrown)));
		if (error.outage === 'fault') breaker.failed(host.now());
		else breaker.answered();
		if (error.tooOften && (!error.ambiguous || account.limiter.busy))
			account.limiter.slowDown(host.now(), error.retryAfterMs);
		const suspect = { session, error };
		if (this.mayRenew(error)) {
			this.renewals += 1;
			this.suspect = suspect;
			// Requests that wait for their turn need not find out by themselves.
			if (!error.ambiguous) shared.suspectSession = suspect;
			// Two programs that log in one after the other may not be done with it yet.
			if (this.renewals === 1) return { againAfterMs: 0 };
			return { againAfterMs: Math.min(backoff(1, { tooOften: false }, Math.random), Math.max(0, this.leftMs)) };
		}
		const mayBeOver = error.session === 'over' || error.session === 'suspect';
		if (mayBeOver && !this.repeatable && stale === undefined) shared.suspectSession = suspect;
		// Where too many requests look like a session that is over, backing off comes before logging in.
		else if (mayBeOver && this.repeatable && this.attempt > 1) this.suspect ??= suspect;
		return { error };
	}

	/** Whether the session is renewed, and the request sent again. */
	private mayRenew(error: FleetError): boolean {
		// A read may meet two dead sessions: those of two other workers that logged in one after the other. Where turns
		// are rare, one has to do.
		const most = this.repeatable && !error.ambiguous && this.sender.provider.limits.burst > 1 ? 2 : 1;
		return (
			error.session === 'over' &&
			this.renewals < most &&
			(this.suspect === undefined || this.renewals > 0) &&
			!this.bound &&
			(this.repeatable || error.effect === 'none')
		);
	}

	/** No answer came. If the caller has aborted the request, that says nothing about the vendor. */
	private unanswered(thrown: unknown): FleetError {
		const { host, shared } = this.sender;
		const error = (this.latest = asFleetError(thrown));
		if (error.outage === 'silence' && !this.call.options.signal?.aborted) shared.breaker.failed(host.now());
		else shared.breaker.left();
		if (error.session === 'refused') {
			shared.accepted = false;
			// The host may still store the session that was to be renewed: it is no proof of a login.
			shared.suspectSession = this.suspect ?? shared.suspectSession;
		}
		const { error: cause } = this.suspect ?? shared.suspectSession ?? {};
		if (!cause?.ambiguous || (error.session !== 'contested' && !error.ambiguous)) return error;
		// A login on mere suspicion that fails says less than what raised it: it may not have been called for.
		shared.suspectSession = undefined;
		return cause;
	}

	/** How long to wait before the next attempt. @throws the error, if there is to be none */
	private pauseAfter(error: FleetError): number {
		const { host, shared } = this.sender;
		const { attempt } = this;
		if (!this.repeatable || !error.retryable || attempt >= ATTEMPTS) throw error;
		const tooOften = error.tooOften && (!error.ambiguous || attempt > 1);
		const pause = backoff(attempt, { tooOften, retryAfterMs: error.retryAfterMs }, Math.random);
		if (host.now() + pause > this.call.deadline || shared.breaker.open || !shared.retries.spend()) throw error;
		this.attempt += 1;
		return pause;
	}
}

/** Token of the session in force. @throws FleetError if there is none, and the login fails */
export async function tokenOf(
	{ host, redactor }: Sender,
	{ deadline, options: { signal } }: Call,
	wanted: WantedSession = {},
): Promise<string> {
	if (host.token === undefined)
		throw new UnexpectedAnswer('This program does not expose the session token.', { advice: 'Update Fleetwire.' });
	const token = await host.token({ ...wanted, signal, leftMs: deadline - host.now() });
	redactor.addToken(token);
	return token;
}

/** @throws SessionExpired if the session that the call makes sense in is over */
async function mustBeInSession(sender: Sender, call: Call): Promise<void> {
	const { inSession } = call.options;
	if (inSession === undefined) return;
	if (sender.shared.suspectSession?.session !== inSession && (await tokenOf(sender, call)) === inSession) return;
	throw new SessionExpired('The session that this belongs to is over.', {
		definite: true,
		advice: 'Nothing was sent.',
	});
}

/** Without a login there is no session that could end: the key is not valid. */
function ofTheKey(provider: Provider, error: FleetError): FleetError {
	if (provider.login !== undefined || error.session !== 'over') return error;
	const [, title] = secretField(provider);
	const { message, status, vendorCode, vendorMessage, effect } = error;
	const advice = `Check "${title}" in the account.`;
	return new LoginRejected(message, { status, vendorCode, vendorMessage, effect, advice, cause: error });
}

/** A shorter one could be an ordinary word of an answer. */
const SHORTEST_TOKEN = 16;
/** Characters that some programs escape in JSON or in addresses, and that JSON needs no escape for. */
const ESCAPED = /[^\w.~"\\-]/g;

/** An answer without the session's token, where a vendor repeats it: what a vendor says goes into flows. */
function withoutToken(answer: SignedAnswer): SignedAnswer {
	const { session } = answer;
	if (session.length < SHORTEST_TOKEN) return answer;
	const forms = [...new Set([session, encodeURIComponent(session)])];
	const repeats = (text: string) => forms.some((form) => text.includes(form));
	const bodies = [answer.body, unescaped(answer.body, new Set(session.match(ESCAPED)))];
	const body = bodies.findLast(repeats);
	return body === undefined
		? answer
		: { ...answer, body: forms.reduce((text, form) => text.replaceAll(form, '[token]'), body) };
}

/** JSON with some characters written as they are, where it has them with a backslash. */
function unescaped(json: string, characters: Iterable<string>): string {
	let text = json;
	for (const character of characters) {
		if (character === '/') text = text.replaceAll('\\/', '/');
		const code = character.charCodeAt(0).toString(16).padStart(4, '0');
		for (const digits of new Set([code, code.toUpperCase()])) text = text.replaceAll(`\\u${digits}`, character);
	}
	return text;
}

function overdue(call: Call): TimedOut {
	return new TimedOut(`The run took longer than ${String(Math.round(call.deadlineMs / 1000))} s.`, {
		advice: 'Ask for fewer devices or a shorter period, or raise the timeout.',
	});
}
