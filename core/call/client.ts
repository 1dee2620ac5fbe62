import { sharedLogin, type SharedLogin } from './account';
import { checkBaseUrl } from '../describe/base-url';
import { asFleetError, InvalidParams, SessionExpired, type FleetError } from '../describe/errors';
import { shown, type Choice } from '../describe/field';
import type { Host } from '../describe/host';
import type { AnyOperation, PageOf, Run, RunOptions } from '../describe/operation';
import type { Connection } from '../describe/connection';
import type { Provider } from '../describe/provider';
import { LONGEST } from '../describe/read';
import type { Row } from '../describe/records';
import { Output } from './output';
import { holdSecrets, readParams } from './params';
import { mustBePermitted } from './permission';
import { Redactor } from './redaction';
import { requestRows, type Wire } from './request';
import { tokenOf, type Call, type Sender } from './send-loop';
import { Unanswered } from './unanswered';
import { cut } from '../describe/words';

/** Requests of one run that are worth making side by side. */
const WIDTH = 4;

/** Runs a provider's operations for one account. */
export class Client {
	/** What all clients with the same login share. */
	readonly shared: SharedLogin;
	private readonly sender: Sender;

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
		const { deadlineMs = this.provider.limits.deadlineMs } = options;
		const call: Call = { deadline: this.host.now() + deadlineMs, deadlineMs, options };
		const output = new Output(this.sender, operation, options.output);
		let params: Record<string, unknown> | undefined;
		let release: (() => void) | undefined;
		try {
			mustBePermitted(operation, this.provider, this.connection);
			const checked = this.read(operation, input, options);
			params = checked;
			release = holdSecrets(operation, checked, this.redactor);
			const run = this.runFor(operation, call);
			const pages = operation.run?.(run, checked) ?? once(run, checked);
			const unanswered = new Unanswered(operation, checked);
			for await (const page of pages as AsyncIterable<Row[] | PageOf>) {
				const rows = Array.isArray(page) ? page : page.rows;
				unanswered.answered(rows);
				yield await output.recordsOf(rows, Array.isArray(page) ? checked : { ...checked, ...page.params });
			}
			output.mustHaveRead();
			// Polls would repeat it each time.
			const sentence = options.priority === 'poll' ? undefined : unanswered.sentence(this.provider.title);
			if (sentence !== undefined) this.warn(sentence);
		} catch (thrown) {
			const error = this.clean(thrown);
			if (operation.effect === 'read' || error.effect === 'none' || params === undefined) throw error;
			yield [output.unknownOutcome(error, params)];
		} finally {
			for (const warning of output.warnings) this.warn(warning);
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
		// Accounts with the same login may differ in settings that a list follows.
		const settings = Object.entries(this.connection).filter(
			([field]) => this.provider.connection[field]?.affectsLogin === false,
		);
		return this.shared.lookups.get(`${name} ${JSON.stringify(settings)}`, this.host.now(), () =>
			find(this, { onWait, deadlineMs, priority }),
		);
	}

	/** A person is waiting: the next request tries whether a pause that the vendor asked for is over. */
	tryNow(): void {
		this.shared.account.limiter.probe();
		this.shared.probation.probe();
	}

	/** Checks parameters without sending anything. @throws InvalidParams */
	read(
		operation: AnyOperation,
		input: Readonly<Record<string, unknown>>,
		{ timeZone = 'UTC' }: Pick<RunOptions, 'timeZone'> = {},
	): Record<string, unknown> {
		return readParams(operation, input, this.redactor, { now: this.host.now(), timeZone });
	}

	private runFor(operation: AnyOperation, call: Call): Run<Wire> {
		return {
			request: (wire, onAnswer) => requestRows(this.sender, operation, wire, call, onAnswer),
			call: (other, wire) =>
				requestRows(this.sender, other as AnyOperation, wire as Wire, call) as Promise<never[]>,
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

	private clean(thrown: unknown): FleetError {
		return this.redactor.error(asFleetError(thrown));
	}
}

/** The ordinary run: one request. */
async function* once(run: Run<Wire>, params: Wire): AsyncGenerator<Row[]> {
	yield await run.request(params);
}
