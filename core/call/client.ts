import { sharedLogin, type SharedLogin } from './account';
import { checkBaseUrl } from '../describe/base-url';
import { asFleetError, InvalidParams, SessionExpired, UnexpectedAnswer, type FleetError } from '../describe/errors';
import { readFields, shown, type Choice, type Fields } from '../describe/field';
import type { Host } from '../describe/host';
import { fillRoute, type AnyOperation, type PageOf, type Run, type RunOptions } from '../describe/operation';
import { deniedByHttp, outcomeOf } from '../describe/outcome';
import type { Connection } from '../describe/connection';
import type { Provider } from '../describe/provider';
import { LONGEST } from '../describe/read';
import type { CommandOutcome, Row } from '../describe/records';
import { mustBePermitted } from './permission';
import { Redactor } from './redaction';
import { SendLoop, tokenOf, type Call, type Sender } from './send-loop';
import { Simplifier } from './simplify';
import { Unanswered } from './unanswered';
import { clipped, cut } from '../describe/words';

type Wire = Readonly<Record<string, unknown>>;

const WIDTH = 4;

/** Runs a provider's operations for one account. */
export class Client<C extends Connection = Connection> {
	/** What all clients with the same login share. */
	readonly shared: SharedLogin;
	private readonly sender: Sender;

	constructor(
		readonly provider: Provider<C>,
		readonly connection: C,
		private readonly host: Host,
		readonly redactor: Redactor = new Redactor(),
		shared?: SharedLogin,
	) {
		redactor.addSecrets(provider.connection, connection);
		checkBaseUrl(connection.baseUrl, connection.allowPrivateAddresses);
		this.shared = shared ?? sharedLogin(provider as unknown as Provider, connection);
		this.sender = { provider, connection, host, redactor, shared: this.shared };
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
		let release: (() => void) | undefined;
		try {
			mustBePermitted(operation, this.provider, this.connection);
			const checked = this.read(operation, input, options);
			params = checked;
			release = this.hold(operation, checked);
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
			// Polls would repeat it each time.
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
			release?.();
		}
	}

	/**
	 * All records of an operation, or the first `limit` of them; later pages are not read. A consuming read is never
	 * limited: what is cut would be lost.
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

	/** Shows the user a message that is not an error. */
	warn(message: string): void {
		this.host.warn(this.redactor.text(cut(message, LONGEST)));
	}

	/** Choices for a picker, cached for five minutes. The options apply if they have to be read from the vendor. */
	async lookup(
		name: string,
		{ onWait, deadlineMs, priority }: Pick<RunOptions, 'onWait' | 'deadlineMs' | 'priority'> = {},
	): Promise<Choice[]> {
		const find = Object.hasOwn(this.provider.lookups, name) ? this.provider.lookups[name] : undefined;
		if (find === undefined) throw new InvalidParams(`${this.provider.title} has no list of ${shown(name)}.`);
		return this.shared.lookups.get(name, this.host.now(), () => find(this, { onWait, deadlineMs, priority }));
	}

	/** A person is waiting: the next request tries whether a pause that the vendor asked for is over. */
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
		this.hold(operation, params)();
		const sentence = operation.check?.(params, now);
		if (sentence !== undefined) throw new InvalidParams(sentence);
		return params;
	}

	/** Hides the secret parameters of a run until the result is called, and for some time more. */
	private hold({ params: fields }: AnyOperation, params: Readonly<Record<string, unknown>>): () => void {
		const releases = Object.entries(fields as Fields).flatMap(([name, { secret, secretForms }]) => {
			const value = params[name];
			return secret && typeof value === 'string' ? [this.redactor.hold(value, secretForms)] : [];
		});
		return () => {
			for (const release of releases) release();
		};
	}

	private runFor(operation: AnyOperation, call: Call): Run<Wire> {
		const ask = async (asked: AnyOperation, wire: Wire, hear?: (answer: unknown) => void): Promise<Row[]> => {
			const route = this.provider.route?.(asked, this.connection) ?? asked.route;
			const request = { ...fillRoute(route, wire), ...asked.request(wire, this.connection) };
			const { data, status } = await new SendLoop(this.sender, asked, request, call).run();
			const answer = asked.answer.safeParse(data);
			if (!answer.success) throw unreadable(asked, answer.error, this.provider);
			hear?.(answer.data);
			const rows = asked.rows(answer.data, wire, this.connection) as Row[];
			return asked.effect === 'read' ? rows : rows.map((row) => deniedByHttp(row, status, request.method));
		};
		return {
			request: (wire, hear) => ask(operation, wire, hear),
			call: (other, wire) => ask(other as AnyOperation, wire as Wire) as Promise<never[]>,
			lookup: (name) => this.lookup(name, { ...call.options, deadlineMs: call.deadline - this.host.now() }),
			token: () => tokenOf(this.sender, call),
			sleep: (ms) => this.host.sleep(ms, call.options.signal),
			now: () => this.host.now(),
			warn: (message) => this.warn(message),
			// A queue reader acknowledges in the session that its messages came in.
			reader: (queue) => (call.options.inSession === undefined ? this.shared.queues.get(queue) : undefined),
			width: WIDTH,
			connection: this.connection,
		};
	}

	/** Makes the next request renew the session, if the one with this token is still in force then. */
	invalidate(session: string): void {
		this.shared.suspectSession = {
			session,
			error: new SessionExpired('A new session was asked for.', { definite: true }),
		};
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

const isoOf = (ms: number) => new Date(ms).toISOString();

/** The ordinary run: one request. */
async function* once(run: Run<Wire>, params: Wire): AsyncGenerator<Row[]> {
	yield await run.request(params);
}

function unreadable(
	operation: AnyOperation,
	error: { issues: readonly { path: PropertyKey[]; message: string }[] },
	provider: Provider<never>,
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
