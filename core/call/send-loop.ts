import {
	asFleetError,
	LoginRejected,
	NotSent,
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
import type { Connection, LoginTimes } from '../describe/connection';
import type { AnyOperation, RunOptions } from '../describe/operation';
import type { Provider } from '../describe/provider';
import { orLate } from './abort';
import { rateOf, type Renewal, type SharedLogin, type Suspect } from './account';
import { answerTurn } from './large-answers';
import type { Limiter, Release } from './limiter';
import type { Redactor } from './redaction';
import { ATTEMPTS, backoff } from './retry';
import { secretField } from './session';
import { withoutToken } from './token';

/** A command does not start with a session that may end on the way. */
const FRESH_FOR_COMMANDS_MS = 60_000;

/**
 * So long a stored session waits for a turn in which the vendor shows that it is good: this, and where turns are rare,
 * two of them.
 */
const PATIENCE_MS = 5000;
const PATIENT_TURNS = 2;

/** On a mere doubt, an account logs in only if the session is older than this, and only so often. */
const YOUNG_MS = 60_000;
const DOUBT_MS = 600_000;

/** So long a request waits at most where others keep ending the session, and by so much its tries are apart. */
const CONTESTED_MS = 60_000;
const JITTER_MS = 1000;

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
	/** Shows the user a hint. */
	readonly warn: (message: string) => void;
}

interface Opened {
	/** What the provider made of the answer. */
	data: unknown;
	status: number;
	/** Characters of the answer. */
	length: number;
	/** It has been read. */
	endTurn: () => void;
}

/** How an attempt ended: with an answer, an error, or the need for another attempt after a pause. */
type Ended = { opened: Opened } | Failed | { againAfterMs: number };

/** @param beforeSending whether it was not sent, as a login failed */
interface Failed {
	error: FleetError;
	beforeSending?: boolean;
}

/**
 * A session that has just been made is good enough, and one that keeps ending while its request waits for a turn is
 * renewed in the turn.
 */
const LOGINS_OUTSIDE = 2;

/** Sends one request: waits for its turn, renews the session once, and - reads only - tries again. */
export class SendLoop {
	private attempt = 1;
	private renewals = 0;
	/** Logins that were called for in its turn, and made outside of it. */
	private loginsOutside = 0;
	private needsLogin = false;
	/** It has a session that was stored before the process began, in which the vendor has yet to answer. */
	private onProbation = false;
	/** Token of that session. */
	private stored = '';
	/** Until when it waits for a turn in that session. */
	private patientUntil: number | undefined;
	/** It has waited for that in vain once, and the host has a stored session again. */
	private wasPatient = false;
	/** Gives back the account's turn that it has taken on probation. */
	private refund: (() => void) | undefined;
	/** The session that a refusal has cast doubt on. */
	private suspect: Suspect | undefined;
	/** The renewal that it has decided on. */
	private renewal: Renewal | undefined;
	/** The latest renewal that was over when it was sent. */
	private pastRenewal: Renewal | undefined;
	/** Whether the method had been refused in its session before it was sent. */
	private refusedBefore: boolean | undefined;
	/** Until when it waits where others keep ending the session. */
	private contestedUntil: number | undefined;
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
		try {
			return await this.attempts();
		} finally {
			this.endRenewal();
		}
	}

	private async attempts(): Promise<Opened> {
		for (;;) {
			const ended = await (this.mustLogIn || this.needsLogin ? this.logIn() : this.inTurn());
			if ('opened' in ended) return ended.opened;
			const pause = 'error' in ended ? this.pauseAfter(ended) : ended.againAfterMs;
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
		return !shared.accepted && !this.onProbation && host.token !== undefined;
	}

	/** Whether a stored session proves nothing, as another login of the account is accepted. */
	private get mustProve(): boolean {
		const { accepted, disputed, sessions } = this.sender.shared;
		return !accepted && disputed && !sessions.loggedIn && !this.bound;
	}

	/** Whose turns it takes. */
	private get limiter(): Limiter {
		const { shared } = this.sender;
		return this.onProbation && !shared.accepted ? shared.account.probation : shared.account.limiter;
	}

	private get leftMs(): number {
		return this.call.deadline - this.sender.host.now();
	}

	/** Until when it may be sent; its answer may come later. */
	private get sendBy(): number {
		const { deadline, options } = this.call;
		return this.operation.effect === 'command' ? Math.min(deadline, options.sendBy ?? Infinity) : deadline;
	}

	/** What to report once it cannot be sent in time. */
	private tooLate(late: FleetError): FleetError {
		const { sendBy, call, operation } = this;
		if (sendBy === call.deadline) return late;
		return new NotSent(`"${operation.title}" was not sent: it could not be sent in time.`, {
			advice: `${late.message} Check whether it is still wanted before you send it again.`,
			cause: late,
		});
	}

	/** Logs in, outside of the account's turns. */
	private async logIn(): Promise<Ended> {
		const { host, shared } = this.sender;
		await this.enterBreaker();
		try {
			await this.timeLeft();
			const call = { ...this.call, deadline: this.sendBy };
			this.stored = await tokenOf(this.sender, call, this.wanted());
			if (this.mustProve)
				this.stored = await tokenOf(this.sender, call, {
					...this.wanted(),
					stale: this.stored,
					doubted: true,
				});
			if (this.needsLogin) this.loginsOutside += 1;
			this.needsLogin = false;
			if (!shared.accepted && shared.sessions.loggedIn) {
				shared.accept(host);
				// Some vendors give the same token again while it is good.
				if (shared.suspectSession?.session === this.stored) shared.suspectSession = undefined;
			}
			this.onProbation = !shared.accepted;
			shared.breaker.left();
			return { againAfterMs: 0 };
		} catch (thrown) {
			const pause = this.contested(thrown);
			if (pause !== undefined) return { againAfterMs: pause };
			const error = this.unanswered(thrown);
			return { error: host.now() < this.sendBy ? error : this.tooLate(error), beforeSending: true };
		}
	}

	/** How long it waits for another process's session, or its own login; undefined if there is no time for that. */
	private contested(thrown: unknown): number | undefined {
		const { host, shared } = this.sender;
		const error = asFleetError(thrown);
		if (error.session !== 'contested' || error.retryAfterMs === undefined) return undefined;
		const isFirst = this.contestedUntil === undefined;
		this.contestedUntil ??= Math.min(this.sendBy, host.now() + CONTESTED_MS);
		const wanted = backoff(1, { tooOften: false }, Math.random);
		const pause = Math.min(wanted, error.retryAfterMs + Math.random() * JITTER_MS);
		if (host.now() + pause > this.contestedUntil) return undefined;
		shared.breaker.left();
		const contest = shared.sessions.contest(host.now());
		if (isFirst && contest !== undefined) this.call.warn(contest.sentence);
		return pause;
	}

	/** One attempt, in a turn of the account. */
	private async inTurn(): Promise<Ended> {
		const { limiter } = this;
		const release = await (this.onProbation && !this.sender.shared.accepted ? this.turnOnProbation() : this.turn());
		if (release === undefined) return { againAfterMs: 0 };
		try {
			if (this.mustLogIn || limiter !== this.limiter) {
				// The login was refused or accepted while this one was waiting.
				release(true);
				return { againAfterMs: 0 };
			}
			const { complaints } = limiter;
			await this.enterBreaker();
			return await this.exchange(limiter, complaints, release);
		} finally {
			release();
		}
	}

	private async turn(): Promise<Release> {
		const { host, shared } = this.sender;
		const { signal, onWait, priority = 'person' } = this.call.options;
		const order = this.operation.effect === 'read' ? priority : 'command';
		try {
			return await shared.account.limiter.acquire(order, host, this.sendBy, { signal, onWait });
		} catch (late) {
			signal?.throwIfAborted();
			// With no turn left to try again, what went wrong says more than that.
			throw this.latest ?? this.tooLate(asFleetError(late));
		}
	}

	/**
	 * A turn among those that the vendor has yet to accept, which is one of the account that nobody else wants.
	 * Undefined if it has accepted the login meanwhile, or if there is none soon: a login is its own proof, and needs
	 * no turn.
	 */
	private async turnOnProbation(): Promise<Release | undefined> {
		const { provider, connection, host, shared } = this.sender;
		const { sendBy: deadline } = this;
		const { signal } = this.call.options;
		const [perMinute] = rateOf(provider, connection);
		const patience = Math.max(PATIENCE_MS, (PATIENT_TURNS * 60_000) / perMinute);
		const mustWait = this.bound || this.wasPatient;
		const until = mustWait ? deadline : (this.patientUntil ??= Math.min(deadline, host.now() + patience));
		const { proofs } = shared;
		if (proofs.underWay && host.now() < until) {
			await proofs.wait((next) => this.within(until - host.now(), next, () => undefined));
			if (shared.accepted) proofs.wake(true);
			return undefined;
		}
		const { probation, limiter } = shared.account;
		const end = proofs.begin();
		let leave: Release = () => undefined;
		const leaveAll: Release = (unused) => {
			leave(unused);
			end(shared.accepted);
		};
		try {
			leave = await probation.acquire('person', host, until, { signal });
			const release = await limiter.acquire('unproven', host, until, { signal });
			this.refund = () => release(true);
			return (unused) => {
				release(unused);
				leaveAll(unused);
			};
		} catch (late) {
			leaveAll(true);
			signal?.throwIfAborted();
			if (shared.accepted) return undefined;
			if (mustWait || host.now() >= deadline) throw this.latest ?? this.tooLate(asFleetError(late));
			this.wasPatient = true;
			this.onProbation = false;
			shared.suspectSession = { session: this.stored, error: asFleetError(late), doubted: true };
			return undefined;
		}
	}

	/** @throws Unreachable while requests to the vendor are held back */
	private async enterBreaker(): Promise<void> {
		const { host, shared } = this.sender;
		for (;;) {
			const held = shared.breaker.enter(host.now());
			if (held === undefined) return;
			const { probe } = shared.breaker;
			if (probe === undefined) throw held;
			await this.within(Math.max(0, this.sendBy - host.now()), probe, () => Promise.reject(held));
		}
	}

	/** Waits for something that another request settles. */
	private async within<L>(ms: number, work: Promise<unknown>, late: () => L | Promise<L>): Promise<void> {
		const { host } = this.sender;
		const { signal } = this.call.options;
		await orLate(work, { ms, signal, sleep: (time, over) => host.sleep(time, over) }, late);
	}

	/** How long it may take. @throws TimedOut, NotSent, SessionExpired if it makes no sense any more */
	private async timeLeft(): Promise<number> {
		const { leftMs } = this;
		if (this.sender.host.now() >= this.sendBy) throw this.tooLate(overdue(this.call));
		await mustBeInSession(this.sender, this.call);
		return leftMs;
	}

	/** The session that it is to be sent in. */
	private wanted(freshForMs = this.repeatable ? 0 : FRESH_FOR_COMMANDS_MS): Omit<WantedSession, 'mayLogIn'> {
		if (this.bound) return { freshForMs: 0 };
		const { session: stale, doubted } = this.suspect ?? this.sender.shared.suspectSession ?? {};
		return { stale, doubted, freshForMs };
	}

	/** Sends it, and opens the answer. @param complaints the vendor's complaints that were known when its turn came */
	private async exchange(limiter: Limiter, complaints: number, release: Release): Promise<Ended> {
		const { provider, host, shared } = this.sender;
		let stale: string | undefined;
		let answer: SignedAnswer;
		try {
			const leftMs = await this.timeLeft();
			const { signal } = this.call.options;
			// However soon it ends, what was made for this request is as fresh as can be.
			const wanted = this.wanted(this.loginsOutside > 0 ? 0 : undefined);
			({ stale } = wanted);
			const timeoutMs = Math.min(ATTEMPT_TIMEOUT_MS, leftMs);
			// A login in the turn could last beyond the time to send it.
			const waits = this.sendBy === this.call.deadline && this.loginsOutside >= LOGINS_OUTSIDE;
			const mayLogIn = host.token === undefined || waits;
			this.pastRenewal = shared.renewal?.over === true ? shared.renewal : undefined;
			answer = await host.send(this.request, { ...wanted, mayLogIn, signal, timeoutMs, leftMs });
			this.answeredIn(answer.session);
		} catch (thrown) {
			const awaits = host.token !== undefined && asFleetError(thrown).session === 'contested';
			if (thrown instanceof LoginNeeded || awaits) return this.leaveForLogin(release);
			const error = this.unanswered(thrown);
			// Logins are outside the quota: whoever never gets past one must not use up the turns of the others.
			if (this.latest?.session === 'refused') release(true);
			return { error };
		}
		const endTurn = await answerTurn(answer.body.length, host);
		try {
			const { warn } = this.call;
			const data = provider.open(withoutToken(answer, provider.title), this.request, this.operation, warn);
			shared.breaker.answered();
			shared.retries.earn();
			shared.methods.answered(this.method, answer.session, host.now());
			limiter.recover(complaints);
			this.answered();
			if (this.operation.endsSession === true)
				shared.suspectSession = {
					session: answer.session,
					error: new SessionExpired('The account has logged out.', { definite: true }),
				};
			return { opened: { data, status: answer.status, length: answer.body.length, endTurn } };
		} catch (thrown) {
			endTurn();
			return await this.refused(thrown, answer, stale, limiter);
		}
	}

	/** A login may hang, and would keep the turn from others. */
	private leaveForLogin(release: Release): Ended {
		this.sender.shared.breaker.left();
		release(true);
		this.needsLogin = true;
		this.onProbation = false;
		return { againAfterMs: 0 };
	}

	/** The vendor has answered in a session that it knows: if the login is right, its settings count. */
	private answered(): void {
		const { provider, connection, host, shared } = this.sender;
		if (host.token !== undefined) {
			shared.accept(host);
			if (!shared.accepted) return;
		}
		shared.account.limiter.keepTo(...rateOf(provider, connection), host.now());
	}

	/** The session in which an answer came. */
	private answeredIn(session: string): void {
		const { redactor, shared } = this.sender;
		redactor.addToken(session);
		this.call.options.onSession?.(session);
		if (session !== shared.suspectSession?.session) shared.suspectSession = undefined;
	}

	/** The answer is no success: what that says of the vendor, the account's rate and the session. */
	private async refused(
		thrown: unknown,
		{ session, login }: SignedAnswer,
		stale: string | undefined,
		turnOf: Limiter,
	): Promise<Ended> {
		const { provider, connection, host, shared } = this.sender;
		const { breaker } = shared;
		const error = (this.latest = ofTheKey(provider, asFleetError(thrown)));
		if (error.outage === 'fault') breaker.failed(host.now());
		else breaker.answered();
		if (shared.accepted && error.session === undefined) this.answered();
		// Its session may have lost its say in the account meanwhile.
		const limiter = shared.accepted ? shared.account.limiter : turnOf;
		if (error.tooOften && (!error.ambiguous || limiter.busy)) {
			const { processes = 1 } = connection;
			limiter.slowDown(host.now(), error.retryAfterMs, processes);
			// Another process had the vendor's turn: the pause of those on probation is enough.
			if (processes > 1 && limiter !== shared.account.limiter) this.refund?.();
		}
		const mayBeOver = error.session === 'over' || error.session === 'suspect' || error.unexplained;
		// Until the vendor has accepted the login, whatever it refuses: the next request logs in. But a session that
		// was just made for this one is no older one that somebody has stored.
		const saysNothing = error.outage === undefined && !error.tooOften && this.renewals === 0;
		if (!shared.accepted && this.onProbation && saysNothing)
			shared.suspectSession ??= { session, error, doubted: mayBeOver && raisesDoubt(error) };
		let doubted = false;
		if (mayBeOver && raisesDoubt(error)) {
			const known = { now: host.now(), renewed: this.renewals > 0, lately: error.tooOften };
			const { good, again } = shared.methods.refused(this.method, session, known);
			// Whatever it was, it was not the session.
			if (good) return { error: error.inGoodSession ?? error };
			this.refusedBefore ??= again;
			doubted = this.refusedBefore ? true : error.session === undefined;
			if (doubted && this.repeatable && this.mayRenew(error)) {
				const replaced = await this.isReplaced(session);
				// The login is made, or another request makes it: this one needs none.
				if (replaced || this.isBeingRenewed(session)) {
					this.renewals += 1;
					this.suspect = { session, error, doubted };
					return { againAfterMs: 0 };
				}
			}
			if (doubted && !this.mayDoubt(login)) return { error };
		}
		const suspect = { session, error, doubted };
		if (this.mayRenew(error)) {
			this.renewals += 1;
			this.doubt(suspect);
			// Requests that wait for their turn need not find out by themselves.
			if (!error.ambiguous && !doubted) shared.suspectSession = suspect;
			// Two programs that log in one after the other may not be done with it yet.
			if (this.renewals === 1) return { againAfterMs: 0 };
			return { againAfterMs: Math.min(backoff(1, { tooOften: false }, Math.random), Math.max(0, this.leftMs)) };
		}
		// A write that is refused in any words is mostly wrong by itself.
		const asksNext = !this.repeatable && (this.operation.consuming === true || error.session !== undefined);
		if (mayBeOver && asksNext && stale === undefined) {
			shared.suspectSession = suspect;
			if (doubted) shared.doubtedAt = host.now();
		}
		// Where too many requests look like a session that is over, backing off comes before logging in.
		else if (mayBeOver && this.repeatable && this.attempt > 1 && this.suspect === undefined) this.doubt(suspect);
		const ended = error.session === 'over' && !error.ambiguous && error.effect === 'none' && this.renewals > 0;
		return { error: (ended ? shared.sessions.contest(host.now()) : undefined) ?? error };
	}

	private get method(): string {
		return `${this.operation.resource}.${this.operation.name}`;
	}

	/** Whether another session is in force, or none that serves. */
	private async isReplaced(session: string): Promise<boolean> {
		return this.sender.host.token !== undefined && (await sessionInForce(this.sender, this.call)) !== session;
	}

	/** Whether another request has decided to renew a session, since this one was sent in it or shortly before. */
	private isBeingRenewed(session: string): boolean {
		const { renewal } = this.sender.shared;
		return renewal?.session === session && renewal !== this.pastRenewal;
	}

	/** Whether the account may log in on a mere doubt about a session: no more often than the others can bear. */
	private mayDoubt({ madeAt = -Infinity, doubtedAt = -Infinity }: LoginTimes = {}): boolean {
		const { provider, host, shared } = this.sender;
		const now = host.now();
		// What lies in the future was before a clock was set back.
		const isOver = (at: number, ms: number) => at > now || now - at >= ms;
		return (
			provider.login !== undefined &&
			isOver(madeAt, YOUNG_MS) &&
			isOver(doubtedAt, DOUBT_MS) &&
			isOver(shared.doubtedAt ?? -Infinity, DOUBT_MS)
		);
	}

	/** The next attempt has another session. */
	private doubt(suspect: Suspect): void {
		this.suspect = suspect;
		this.endRenewal();
		this.renewal = this.sender.shared.renewal = { session: suspect.session, over: false };
		if (suspect.doubted) this.sender.shared.doubtedAt = this.sender.host.now();
	}

	private endRenewal(): void {
		if (this.renewal !== undefined) this.renewal.over = true;
	}

	/** Whether the session is renewed, and the request sent again. */
	private mayRenew(error: FleetError): boolean {
		// A read may meet two dead sessions: those of two other workers that logged in one after the other. Where turns
		// are rare, one has to do.
		const most =
			this.repeatable && error.session === 'over' && !error.ambiguous && this.sender.provider.limits.burst > 1
				? 2
				: 1;
		return (
			(error.session === 'over' || (error.unexplained && !error.tooOften && this.repeatable)) &&
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
		const saysMore =
			cause?.ambiguous === true
				? error.session === 'contested' || error.ambiguous
				: cause?.unexplained === true && error.session !== 'refused';
		if (cause === undefined || !saysMore) return error;
		// A login on mere suspicion that fails says less than what raised it: it may not have been called for.
		shared.suspectSession = undefined;
		return cause;
	}

	/** Where requests are apart, each other process may have a turn first. */
	private attemptsAfter({ tooOften }: FleetError): number {
		if (this.call.options.quiet === true) return 1;
		const { provider, connection } = this.sender;
		const { processes = 1 } = connection;
		const [, burst] = rateOf(provider, connection);
		return tooOften && burst <= 1 ? Math.max(ATTEMPTS, processes + 1) : ATTEMPTS;
	}

	/** How long to wait before the next attempt. @throws the error, if there is to be none */
	private pauseAfter({ error, beforeSending = false }: Failed): number {
		const { host, shared } = this.sender;
		const { attempt } = this;
		// A command waits for a login that was answered, not for one that meets silence.
		const mayWait = this.repeatable || (beforeSending && error.outage !== 'silence');
		if (!mayWait || !error.retryable || attempt >= this.attemptsAfter(error)) throw error;
		const tooOften = error.tooOften && (!error.ambiguous || attempt > 1);
		const pause = backoff(attempt, { tooOften, retryAfterMs: error.retryAfterMs }, Math.random);
		if (host.now() + pause > this.sendBy || shared.breaker.open || !shared.retries.spend()) throw error;
		this.attempt += 1;
		return pause;
	}
}

/** Whether a refusal may have another cause than the session. */
const raisesDoubt = ({ ambiguous, unexplained }: FleetError) => ambiguous || unexplained;

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
	if (sender.shared.suspectSession?.session !== inSession && (await sessionInForce(sender, call)) === inSession)
		return;
	throw new SessionExpired('The session that this belongs to is over.', {
		definite: true,
		advice: 'Nothing was sent.',
	});
}

/** Token of the session in force, for which nobody logs in. */
async function sessionInForce(sender: Sender, call: Call): Promise<string | undefined> {
	return await tokenOf(sender, call, { mayLogIn: false }).catch((thrown: unknown) => {
		if (thrown instanceof LoginNeeded) return undefined;
		throw thrown;
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

function overdue(call: Call): TimedOut {
	return new TimedOut(`The run took longer than ${String(Math.round(call.deadlineMs / 1000))} s.`, {
		advice: 'Ask for fewer devices or a shorter period, or raise the timeout.',
	});
}
