import { rateOf, sharedLogin, type SharedLogin, type Suspect } from './account';
import { checkBaseUrl } from '../describe/base-url';
import {
	asFleetError,
	FleetError,
	InvalidParams,
	LoginRejected,
	NotPermitted,
	RateLimited,
	SessionContested,
	SessionExpired,
	TimedOut,
	UnexpectedAnswer,
	Unreachable,
	VendorFault,
} from '../describe/errors';
import { readFields, shown, type Choice, type Fields } from '../describe/field';
import { ATTEMPT_TIMEOUT_MS, type Host, type SignedAnswer, type WireRequest } from '../describe/host';
import { fillRoute, type AnyOperation, type Each, type PageOf, type Run, type RunOptions } from '../describe/operation';
import { outcomeOf } from '../describe/outcome';
import type { Connection } from '../describe/connection';
import type { Provider } from '../describe/provider';
import { LONGEST, type CommandOutcome, type Row } from '../describe/records';
import { Redactor } from './redaction';
import { ATTEMPTS, backoff } from './retry';
import { Simplifier } from './simplify';
import { clipped, cut } from '../describe/words';

interface Call {
	deadline: number;
	deadlineMs: number;
	options: RunOptions;
}

type Wire = Readonly<Record<string, unknown>>;

const LOOKUP_MS = 5 * 60_000;
/** A command does not set out with a session that may end on the way. */
const FRESH_FOR_COMMANDS_MS = 60_000;
const WIDTH = 4;

/** Runs a provider's operations for one account. */
export class Client {
	/** What all clients have in common that log in to the account in the same way. */
	readonly shared: SharedLogin;

	constructor(
		readonly provider: Provider,
		readonly connection: Connection,
		private readonly host: Host,
		readonly redactor: Redactor = new Redactor(),
		shared?: SharedLogin,
	) {
		redactor.addSecrets(provider.connection, connection);
		checkBaseUrl(connection.baseUrl, connection.allowPrivateAddresses);
		this.shared = shared ?? sharedLogin(provider, connection);
	}

	/**
	 * Runs an operation and yields its records page by page, in order.
	 * @param input parameters as the host has them; checked here before anything is sent
	 * @throws FleetError, without secrets
	 */
	async *run(
		operation: AnyOperation,
		input: Readonly<Record<string, unknown>>,
		options: RunOptions = {},
	): AsyncGenerator<object[]> {
		const { deadlineMs = this.provider.limits.deadlineMs, output = 'simplified' } = options;
		const call: Call = { deadline: this.host.now() + deadlineMs, deadlineMs, options };
		const sentAt = isoOf(this.host.now());
		const simplifier = new Simplifier(operation, this.connection);
		let params: Record<string, unknown> | undefined;
		try {
			if (operation.effect === 'command' && !this.connection.allowCommands)
				throw commandsOff(operation, this.provider);
			if (operation.handsOutSession === true && this.connection.allowWebLinks !== true)
				throw linksOff(operation, this.provider);
			const checked = this.read(operation, input, options);
			params = checked;
			const run = this.runFor(operation, call);
			const pages = operation.run?.(run, checked) ?? once(run, checked);
			const unanswered = new Unanswered(operation, checked);
			for await (const page of pages as AsyncIterable<Row[] | PageOf>) {
				const rows = Array.isArray(page) ? page : page.rows;
				unanswered.answered(rows);
				const asked = Array.isArray(page) ? checked : { ...checked, ...page.params };
				if (operation.effect !== 'read') {
					yield rows.map((row) =>
						this.cleanOutcome(
							outcomeOf(operation, asked, { sentAt, answeredAt: isoOf(this.host.now()), ...row }),
						),
					);
				} else if (output === 'raw') {
					const { raw } = operation;
					yield raw === undefined ? rows : rows.map((row) => raw(row, asked) as Row);
				} else {
					await this.host.idle?.();
					yield simplifier.records(rows, asked);
				}
			}
			simplifier.mustHaveRead();
			// Polls would say it each time.
			const sentence = options.priority === 'poll' ? undefined : unanswered.sentence(this.provider.title);
			if (sentence !== undefined) this.warn(sentence);
		} catch (thrown) {
			const error = this.clean(thrown);
			if (operation.effect === 'read' || error.effect === 'none' || params === undefined) throw error;
			yield [
				outcomeOf(operation, params, {
					outcome: 'unknown',
					explanation: `${error.message} It was sent once and not again: check whether it was done before you repeat it.`,
					sentAt,
				}),
			];
		} finally {
			if (simplifier.warning !== undefined) this.warn(simplifier.warning);
		}
	}

	/**
	 * All records of an operation, or the first `limit` of them; pages beyond are not asked for. What would be lost by
	 * a limit comes whole.
	 */
	async collect(
		operation: AnyOperation,
		input: Readonly<Record<string, unknown>>,
		{ limit = Infinity, ...options }: RunOptions & { limit?: number } = {},
	): Promise<object[]> {
		const records: object[] = [];
		const most = operation.consuming ? Infinity : limit;
		for await (const page of this.run(operation, input, options)) {
			for (const record of page) {
				if (records.length >= most) return records;
				records.push(record);
			}
			if (records.length >= most) return records;
		}
		return records;
	}

	/** Milliseconds since 1970. */
	now(): number {
		return this.host.now();
	}

	/** Tells the user something that is not an error. */
	warn(message: string): void {
		this.host.warn(this.redactor.text(cut(message, LONGEST)));
	}

	/** Choices for a picker, cached for five minutes. The options matter to whoever has to ask the vendor for them. */
	async lookup(
		name: string,
		{ onWait, deadlineMs, priority }: Pick<RunOptions, 'onWait' | 'deadlineMs' | 'priority'> = {},
	): Promise<Choice[]> {
		const find = Object.hasOwn(this.provider.lookups, name) ? this.provider.lookups[name] : undefined;
		if (find === undefined) throw new InvalidParams(`${this.provider.title} has no list of ${shown(name)}.`);
		const { lookups } = this.shared;
		let cached = lookups.get(name);
		const now = this.host.now();
		// A clock that was set back must not keep a list for longer.
		if (cached === undefined || cached.until <= now || cached.until > now + LOOKUP_MS) {
			const choices = find(this, { onWait, deadlineMs, priority });
			cached = { choices, until: now + LOOKUP_MS };
			lookups.set(name, cached);
			choices.catch(() => lookups.delete(name));
		}
		return cached.choices;
	}

	/** A person wants to know now: the next request tries whether a pause is over that the vendor asked for. */
	tryNow(): void {
		this.shared.account.limiter.probe();
	}

	/** Checks parameters without sending anything. @throws InvalidParams */
	read(
		operation: AnyOperation,
		input: Readonly<Record<string, unknown>>,
		{ timeZone = 'UTC' }: Pick<RunOptions, 'timeZone'> = {},
	): Record<string, unknown> {
		const now = this.host.now();
		const params = readFields(operation.params as Fields, input, { now, timeZone }) as Record<string, unknown>;
		for (const [name, field] of Object.entries(operation.params as Fields)) {
			if (field.secret && typeof params[name] === 'string') this.redactor.add(params[name], 'password');
		}
		const sentence = operation.check?.(params, now);
		if (sentence !== undefined) throw new InvalidParams(sentence);
		return params;
	}

	private runFor(operation: AnyOperation, call: Call): Run<Wire> {
		const ask = async (asked: AnyOperation, wire: Wire, hear?: (answer: unknown) => void): Promise<Row[]> => {
			const route = this.provider.route?.(asked, this.connection) ?? asked.route;
			const request = { ...fillRoute(route, wire), ...asked.request(wire, this.connection) };
			const data = await this.send(asked, request, call);
			const answer = asked.answer.safeParse(data);
			if (!answer.success) throw unreadable(asked, answer.error, this.provider);
			hear?.(answer.data);
			return asked.rows(answer.data, wire, this.connection) as Row[];
		};
		return {
			request: (wire, hear) => ask(operation, wire, hear),
			call: (other, wire) => ask(other as AnyOperation, wire as Wire) as Promise<never[]>,
			lookup: (name) => this.lookup(name, { ...call.options, deadlineMs: call.deadline - this.host.now() }),
			token: () => this.token(call),
			sleep: (ms) => this.host.sleep(ms, call.options.signal),
			now: () => this.host.now(),
			warn: (message) => this.warn(message),
			// A reader tells the vendor in the session in which it was given the messages.
			reader: (queue) => (call.options.inSession === undefined ? this.shared.queues.get(queue) : undefined),
			width: WIDTH,
			connection: this.connection,
		};
	}

	private async token({ options: { signal } }: Call): Promise<string> {
		if (this.host.token === undefined)
			throw new UnexpectedAnswer('This program gives no session away.', { advice: 'Update Fleetwire.' });
		const token = await this.host.token({ signal });
		this.redactor.addToken(token);
		return token;
	}

	/** @throws SessionExpired if the session that the call makes sense in is over */
	private async mustBeIn(call: Call): Promise<void> {
		const { inSession } = call.options;
		if (
			inSession === undefined ||
			(this.shared.suspectSession?.session !== inSession && (await this.token(call)) === inSession)
		)
			return;
		throw new SessionExpired('The session that this belongs to is over.', {
			definite: true,
			advice: 'Nothing was sent.',
		});
	}

	/** Has the next request begin a new session, if the one with this token is still in force then. */
	invalidate(session: string): void {
		this.shared.suspectSession = {
			session,
			error: new SessionExpired('A new session was asked for.', { definite: true }),
		};
	}

	/** Sends one request: waits for its turn, renews the session once, and - reads only - tries again. */
	private async send(operation: AnyOperation, request: WireRequest, call: Call): Promise<unknown> {
		const {
			resilience,
			account: { limiter },
		} = this.shared;
		const { signal, onWait, inSession, priority = 'person' } = call.options;
		const read = operation.effect === 'read';
		const again = read && !operation.consuming;
		let suspect: Suspect | undefined;
		let renewed = 0;
		let pause = 0;
		let earlier: FleetError | undefined;
		for (let attempt = 1; ;) {
			let error: FleetError;
			if (pause > 0) await this.host.sleep(Math.min(pause, Math.max(0, call.deadline - this.host.now())), signal);
			pause = 0;
			const release = await limiter
				.acquire(read ? priority : 'command', this.host, call.deadline, { signal, onWait })
				.catch((late: unknown) => {
					// With no turn left to try again, what went wrong says more than that.
					throw earlier === undefined || signal?.aborted ? late : earlier;
				});
			const { complaints } = limiter;
			const held = resilience.enter(this.host.now());
			if (held !== undefined) {
				release();
				throw held;
			}
			try {
				const leftMs = call.deadline - this.host.now();
				const timeoutMs = Math.min(ATTEMPT_TIMEOUT_MS, leftMs);
				if (timeoutMs <= 0) throw overdue(call);
				await this.mustBeIn(call);
				const bound = inSession !== undefined;
				const { session: stale } = bound ? {} : (suspect ?? this.shared.suspectSession ?? {});
				const answer = await this.host.send(request, {
					stale,
					signal,
					timeoutMs,
					leftMs,
					freshForMs: again || bound ? 0 : FRESH_FOR_COMMANDS_MS,
				});
				this.redactor.addToken(answer.session);
				call.options.onSession?.(answer.session);
				if (answer.session !== this.shared.suspectSession?.session) this.shared.suspectSession = undefined;
				try {
					const data = this.provider.open(withoutToken(answer), request, operation);
					resilience.succeeded();
					limiter.recover(complaints);
					limiter.keepTo(...rateOf(this.provider, this.connection), this.host.now());
					return data;
				} catch (thrown) {
					earlier = error = this.refused(thrown);
					const doubt = { session: answer.session, error };
					// A read may meet two dead sessions: those of two other workers that logged in one after the other.
					// Where turns are rare, one has to do.
					const renewals = again && !error.doubtful && this.provider.limits.burst > 1 ? 2 : 1;
					if (
						error instanceof SessionExpired &&
						renewed < renewals &&
						(suspect === undefined || renewed > 0) &&
						!bound &&
						(again || error.definite)
					) {
						renewed += 1;
						suspect = doubt;
						// They may not be done with it yet.
						if (renewed > 1) pause = backoff(1, { tooOften: false }, Math.random);
						continue;
					}
					if (!again && stale === undefined && mayBeOver(error)) this.shared.suspectSession = doubt;
					// Where too many requests look like a session that is over, backing off comes before logging in.
					else if (again && mayBeOver(error) && attempt > 1) suspect ??= doubt;
				}
			} catch (thrown) {
				earlier = error = this.failed(thrown, signal?.aborted ?? false);
				const { error: cause } = suspect ?? this.shared.suspectSession ?? {};
				if (cause?.doubtful && (error instanceof SessionContested || error.doubtful)) {
					// A login on mere suspicion that fails says less than what raised it: it may not have been called
					// for.
					this.shared.suspectSession = undefined;
					error = cause;
				}
			} finally {
				release();
			}
			if (!again || !error.retryable || attempt >= ATTEMPTS) throw error;
			const wait = backoff(
				attempt,
				{
					tooOften: error instanceof RateLimited && (!error.doubtful || attempt > 1),
					retryAfterMs: error.retryAfterMs,
				},
				Math.random,
			);
			if (this.host.now() + wait > call.deadline || !resilience.mayRetry()) throw error;
			await this.host.sleep(wait, signal);
			attempt += 1;
		}
	}

	/** An answer that is no success: what it says about the vendor's health, and the error. */
	private refused(thrown: unknown): FleetError {
		const {
			resilience,
			account: { limiter },
		} = this.shared;
		const error = asFleetError(thrown);
		if (error.retryable && (error instanceof VendorFault || error instanceof UnexpectedAnswer))
			resilience.failed(this.host.now());
		else resilience.answered();
		if (error instanceof RateLimited && (!error.doubtful || limiter.busy))
			limiter.slowDown(this.host.now(), error.retryAfterMs);
		return error;
	}

	/** No answer at all. One that nobody waited for any more says nothing about the vendor. */
	private failed(thrown: unknown, aborted: boolean): FleetError {
		const error = asFleetError(thrown);
		if (!aborted && (error instanceof Unreachable || error instanceof TimedOut))
			this.shared.resilience.failed(this.host.now());
		else this.shared.resilience.left();
		// Logins are outside the quota: who never gets past one must not use up the turns of those who do.
		if (error instanceof LoginRejected) this.shared.account.limiter.giveBack();
		return error;
	}

	/** An outcome may quote the vendor, as an error does. */
	private cleanOutcome(outcome: CommandOutcome): CommandOutcome {
		const { explanation, response } = outcome;
		return {
			...outcome,
			explanation: this.redactor.text(cut(explanation, LONGEST)),
			response: typeof response === 'string' ? this.redactor.text(clipped(response, LONGEST)) : response,
		};
	}

	private clean(thrown: unknown): FleetError {
		return this.redactor.error(asFleetError(thrown));
	}
}

/** A shorter one could be an ordinary word of an answer. */
const SHORTEST_TOKEN = 16;

/** An answer without the session's token, where a vendor repeats it: what a vendor says goes into flows. */
function withoutToken(answer: SignedAnswer): SignedAnswer {
	const { session, body } = answer;
	// Some write slashes in JSON with a backslash.
	const forms = [...new Set([session, session.replaceAll('/', '\\/'), encodeURIComponent(session)])];
	if (session.length < SHORTEST_TOKEN || !forms.some((form) => body.includes(form))) return answer;
	return { ...answer, body: forms.reduce((text, form) => text.replaceAll(form, '[token]'), body) };
}

/** Most names in a sentence. */
const NAMES = 20;

/** The devices that were asked about, of which the answer has no record. */
class Unanswered {
	private readonly missing = new Map<string, string>();
	/** Records of nobody who was asked about: the vendor may write a name in another way. */
	private strangers = 0;
	private readonly asked: ReadonlySet<string> = new Set();
	private readonly deviceOf: Each['deviceOf'] | undefined;

	constructor({ each, batch: together }: AnyOperation, params: Readonly<Record<string, unknown>>) {
		const declared = (each ?? together) as Each | undefined;
		const asked = declared === undefined ? undefined : params[declared.devices];
		if (declared === undefined || !Array.isArray(asked)) return;
		this.deviceOf = declared.deviceOf;
		for (const name of asked as string[]) this.missing.set(folded(name), name);
		this.asked = new Set(this.missing.keys());
	}

	answered(rows: readonly Row[]): void {
		if (this.deviceOf === undefined) return;
		for (const row of rows) {
			const name = folded(this.deviceOf(row) ?? '');
			if (this.asked.has(name)) this.missing.delete(name);
			else this.strangers += 1;
		}
	}

	sentence(vendor: string): string | undefined {
		const names = [...this.missing.values()].map(shown);
		if (names.length <= this.strangers) return undefined;
		const more = names.length > NAMES ? ` and ${String(names.length - NAMES)} more` : '';
		const [they, them] = names.length === 1 ? ['it', 'it'] : ['they', 'them'];
		return `${vendor} gave no record for ${names.slice(0, NAMES).join(', ')}${more}: ${they} may not exist, or the account may not see ${them}.`;
	}
}

const folded = (name: string) => name.trim().toLowerCase();

/** Whether a refusal can come from a session that is over. */
const mayBeOver = (error: FleetError) =>
	error instanceof SessionExpired || (error instanceof RateLimited && error.doubtful);

const isoOf = (ms: number) => new Date(ms).toISOString();

/** The ordinary run: one request. */
async function* once(run: Run<Wire>, params: Wire): AsyncGenerator<Row[]> {
	yield await run.request(params);
}

function commandsOff(operation: AnyOperation, provider: Provider): NotPermitted {
	return new NotPermitted(
		`"${operation.title}" acts on vehicles or accounts, and commands are switched off for this ${provider.title} account.`,
		{
			advice: 'Switch on "Allow Commands" in the account (the credential in n8n, the account node in Node-RED) if this flow may do that. Nothing was sent.',
		},
	);
}

function linksOff(operation: AnyOperation, provider: Provider): NotPermitted {
	return new NotPermitted(
		`"${operation.title}" makes a link that logs in whoever has it, and such links are switched off for this ${provider.title} account.`,
		{
			advice: 'Switch on "Allow Web Links" in the account if everybody who gets the link may use the account. Nothing was sent.',
		},
	);
}

function overdue(call: Call): TimedOut {
	return new TimedOut(`The run took longer than ${String(Math.round(call.deadlineMs / 1000))} s.`, {
		advice: 'Ask for fewer devices or a shorter period, or raise the timeout.',
	});
}

function unreadable(
	operation: AnyOperation,
	error: { issues: readonly { path: PropertyKey[]; message: string }[] },
	provider: Provider,
): UnexpectedAnswer {
	const [issue] = error.issues;
	const where = issue === undefined || issue.path.length === 0 ? 'its data' : `"${issue.path.map(String).join('.')}"`;
	return new UnexpectedAnswer(
		`${provider.title} answered "${operation.title}" with something that its document does not describe (${where}: ${issue?.message ?? 'wrong form'}).`,
		{
			advice: 'Please report it with the operation that you ran.',
			effect: operation.effect === 'read' && !operation.consuming ? 'none' : 'unknown',
		},
	);
}
