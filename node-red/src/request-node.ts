import { setTimeout as sleep } from 'node:timers/promises';
import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from 'node-red';
import { Batcher } from '../../core/call/batcher';
import type { Client, Collected } from '../../core/call/client';
import { canShare, type BatchedRun } from '../../core/call/waiting-runs';
import { asFleetError, InvalidParams, type FleetError } from '../../core/describe/errors';
import { shown, type Fields } from '../../core/describe/field';
import type { AnyOperation } from '../../core/describe/operation';
import { findOperation, type Provider } from '../../core/describe/provider';
import { accountNodeOf, type AccountNode, type AccountUser } from './account-node';
import { answer, type Asked, type Became, type Ended, type Form } from './answer';
import { flowError } from './flow-error';
import { asStored } from './instances';
import { valuesOf, type Inputs } from './inputs';
import { commandForbidden, locksOf } from './locks';
import { permitsCommands, readSettings, type RequestSettings } from './request-settings';
import { StatusLine } from './status-line';
import { keepStopped, reportStopped, Stopped } from './stopped-messages';
import { withoutVariables } from './variables';
import { WaitingMessages, type Taken } from './waiting-messages';
import { MAPPABLE, MapMaker, namesOf } from './worldmap';

/** What a request node stores. Its names are in users' flows. */
export interface RequestDef extends NodeDef {
	account?: string;
	resource?: string;
	operation?: string;
	params?: Inputs;
	output?: 'simplified' | 'raw' | 'worldmap';
	/** One message with all records, or one for each. */
	result?: 'message' | 'record';
	/** Most records to send; 0 or empty: all. */
	limit?: string | number;
	/** Seconds that a run may take in all; empty: the vendor's default. */
	timeout?: string | number;
	/** What happens to messages that cannot begin at once. */
	overload?: RequestSettings['overload'];
	/** Messages that can wait; empty: the default. */
	mostWaiting?: string | number;
	/** Whether the node may send commands, beside the account. */
	allowCommands?: boolean;
	/** Seconds until a command is not sent any more; empty: the default. */
	sendWithin?: string | number;
}

type Done = (error?: Error) => void;

/** A message that has no answer yet. */
interface Message extends Asked {
	done: Done;
	/** When it came. */
	at: number;
	/** Of a command or a write: whether it may have been carried out; undefined: it has not begun. */
	effect?: FleetError['effect'];
}

/** What a message asks for. */
interface Call {
	operation: AnyOperation;
	client: Client;
	run: BatchedRun;
}

/** A stopped node waits so long for its runs to end: what they were doing is known then. */
const RUNS_END_MS = 2000;

/** The longest timeout of a run: a day. */
const MOST_SECONDS = 86_400;

/** The node that runs this vendor's operations. */
export class RequestNode implements AccountUser {
	private readonly status: StatusLine;
	/** Messages without an answer. */
	private readonly messages = new Set<Message>();
	private readonly runs = new Map<AbortController, Promise<void>>();
	private waiting: WaitingMessages<Message> | undefined;
	private opened: { account: AccountNode; client: Client } | undefined;
	private closed = false;
	/** To ask for it takes longer than all else that is done for a message. */
	private readonly timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

	constructor(
		private readonly RED: NodeAPI,
		private readonly provider: Provider,
		private readonly node: Node,
		private readonly config: RequestDef,
		/** Why it cannot run at all. */
		private readonly newer?: FleetError,
	) {
		this.status = new StatusLine((status) => node.status(status), RED._);
		this.account()?.register(this);
		if (newer !== undefined) this.status.account(newer);
		reportStopped(RED, node);
		node.on('input', (msg, send, done) => {
			// A rejection that nobody takes would end Node-RED.
			this.handle({ msg, send: (out) => this.closed || send(out), done, at: Date.now() }).catch(
				(error: unknown) => node.error(asFleetError(error).sentence),
			);
		});
		node.on('close', (removed: boolean, done: () => void) => {
			this.close(removed)
				.catch((error: unknown) => node.error(asFleetError(error).sentence))
				.finally(done);
		});
	}

	accountFailed(error?: FleetError): void {
		this.status.account(this.newer ?? error);
	}

	private account(): AccountNode | undefined {
		return accountNodeOf(this.RED, this.provider, this.config.account);
	}

	private async close(removed: boolean): Promise<void> {
		this.closed = true;
		this.account()?.deregister(this);
		this.status.close();
		this.waiting?.clear();
		for (const run of this.runs.keys()) run.abort();
		// Else it is not known whether a command has left.
		if (this.runs.size > 0)
			await Promise.race([Promise.allSettled(this.runs.values()), sleep(RUNS_END_MS, undefined, { ref: false })]);
		const stopped = [...this.messages].map((message) => ({ ...message, error: this.stopError(message) }));
		this.messages.clear();
		const line = stopLine(
			this.title,
			stopped.map(({ error }) => error),
		);
		if (line !== '') this.node.warn(line);
		if (!removed) keepStopped(this.RED, this.node.id, stopped);
		else for (const { done, error } of stopped) done(flowError(error));
	}

	private async handle(message: Message): Promise<void> {
		this.messages.add(message);
		this.status.asking();
		try {
			const call = await this.callOf(message.msg);
			if (this.closed) return;
			if (canShare(call.operation)) this.wait(message, call);
			else await this.start((signal) => this.runAlone(call, [message], signal));
		} catch (thrown) {
			this.failed(message, asFleetError(thrown));
		}
	}

	/** @throws FleetError if it cannot run at all */
	private async callOf(msg: NodeMessageInFlow): Promise<Call> {
		const { RED, node, config, newer } = this;
		if (newer !== undefined) throw newer;
		const operation = this.operation();
		const account = this.account();
		if (account === undefined)
			throw new InvalidParams(`This node has no ${this.provider.title} account.`, {
				advice: 'Choose one in the node, and check that it is enabled.',
			});
		if (operation.effect === 'command' && locksOf(RED).commands) throw commandForbidden(operation.title);
		if (this.opened?.account !== account)
			this.opened = {
				account,
				client: account.client((message) => node.warn(message), {
					permitsCommands: permitsCommands(RED, node),
					log: (line) => node.log(line),
				}),
			};
		const { client } = this.opened;
		const limit = positive(config.limit, 'Limit');
		const timeout = positive(config.timeout, 'Timeout', MOST_SECONDS);
		const written = await valuesOf(RED, node, operation.params as Fields, config.params ?? {}, msg);
		const options = {
			output: config.output === 'raw' ? ('raw' as const) : ('simplified' as const),
			...(timeout === undefined ? {} : { deadlineMs: timeout * 1000 }),
			timeZone: this.timeZone,
			...(operation.list && limit !== undefined ? { limit } : {}),
		};
		// Messages share requests by the ids of their devices.
		const input = await client.resolve(operation, written, options);
		return { operation, client, run: { input, options } };
	}

	/** Has a message wait with others that can share requests. @throws FleetError if its values are wrong */
	private wait(message: Message, { operation, client, run }: Call): void {
		const params = client.read(operation, run.input, run.options);
		this.waiting ??= new WaitingMessages<Message>({
			operation,
			client,
			settings: readSettings(this.config),
			begin: (taken) => this.start((signal) => this.runTogether(operation, client, taken, signal)),
			dropped: (dropped, error) => this.failed(dropped, error),
			changed: () => this.showWaiting(),
		});
		this.waiting.add(message, run, params);
	}

	/** Never rejects. */
	private async start(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
		const stop = new AbortController();
		const run = work(stop.signal);
		this.runs.set(stop, run);
		await run.finally(() => this.runs.delete(stop));
	}

	/** Runs that share a request, or one run by itself. */
	private async runTogether(
		operation: AnyOperation,
		client: Client,
		taken: Taken<Message>,
		signal: AbortSignal,
	): Promise<void> {
		const [only] = taken;
		if (only !== undefined && taken.length === 1) {
			await this.runAlone({ operation, client, run: only }, only.callers, signal);
			return;
		}
		const batcher = new Batcher(client, operation, { signal, onWait: (ms) => this.status.waiting(ms) });
		const numbers = taken.map((run) => batcher.add(run));
		await Promise.all(
			taken.map(({ callers }, place) =>
				this.answer(
					operation,
					client,
					callers,
					pagesOf(() => batcher.resultOf(numbers[place] ?? 0)),
				),
			),
		);
	}

	private async runAlone({ operation, client, run }: Call, messages: Message[], signal: AbortSignal): Promise<void> {
		const [{ at }] = messages as [Message];
		const pages = client.run(operation, run.input, {
			...run.options,
			signal,
			onWait: (ms) => this.status.waiting(ms),
			...(operation.effect === 'command' ? { sendBy: at + readSettings(this.config).sendWithinMs } : {}),
		});
		await this.answer(operation, client, messages, pages);
	}

	/** Never rejects. */
	private async answer(
		operation: AnyOperation,
		client: Client,
		messages: readonly Message[],
		pages: AsyncIterable<object[]>,
	): Promise<void> {
		const { config } = this;
		const draws = config.output === 'worldmap' && MAPPABLE.includes(operation.kind) && operation.effect === 'read';
		const form = {
			operation,
			raw: config.output === 'raw',
			inBlocks: client.inBlocks.bind(client),
			each: draws || (operation.list && config.result === 'record'),
			...(draws ? { draw: this.mapOf(operation, client) } : {}),
		};
		for (const message of messages) if (operation.effect !== 'read') message.effect = 'unknown';
		try {
			const ended = await answer(this.RED, form, messages, pages);
			// A run that was aborted may have ended early.
			if (this.closed) return;
			for (const [place, message] of messages.entries()) this.ended(message, ended[place] ?? 0);
		} catch (thrown) {
			const error = asFleetError(thrown);
			for (const message of messages) this.failed(message, error);
		}
	}

	private ended(message: Message, became: Became): void {
		if (typeof became === 'object' && 'error' in became) this.failed(message, became.error);
		else this.succeeded(message, became);
	}

	private succeeded(message: Message, ended: number | Ended): void {
		this.messages.delete(message);
		if (typeof ended === 'number') this.status.counted(ended);
		else this.status.outcome(ended.outcome, ended.response);
		message.done();
	}

	private failed(message: Message, thrown: FleetError): void {
		const { RED, node, config } = this;
		const error = withoutVariables(thrown, asStored(RED, node), config);
		if (this.closed) {
			if (message.effect !== undefined) message.effect = error.effect;
			return;
		}
		this.messages.delete(message);
		this.status.failed(error);
		// A message may be frozen.
		if (error.status !== undefined) Reflect.set(message.msg, 'statusCode', error.status);
		message.done(flowError(error));
	}

	private showWaiting(): void {
		const { size = 0, waitMs = 0 } = this.waiting ?? {};
		this.status.queued(size, waitMs);
	}

	private get title(): string {
		const { resource = '', operation = '' } = this.config;
		return findOperation(this.provider, resource, operation)?.title ?? operation;
	}

	private stopError({ effect }: Message): Stopped {
		return effect === 'unknown'
			? new Stopped(`"${this.title}" was in progress when this node was stopped.`, {
					advice: 'Check whether it was done.',
					effect,
				})
			: new Stopped('This node was stopped before it had the answer.', {
					advice: `${effect === undefined ? '' : 'Nothing was sent. '}Send the message again if you still need it.`,
				});
	}

	private mapOf(operation: AnyOperation, client: Client): Form['draw'] {
		let map: MapMaker | undefined;
		return async (page) => {
			if (page === undefined) return [...(map?.end() ?? [])];
			const maker = (map ??= new MapMaker(operation.kind, this.provider.title, await this.names(client)));
			const markers: object[] = [];
			await client.inBlocks(page, (block) => markers.push(...maker.add(block)));
			return markers;
		};
	}

	/** A map without vehicles' names is better than none. */
	private async names(client: Client): Promise<(deviceId: string) => string> {
		if (this.provider.lookups.device === undefined) return namesOf([]);
		return namesOf(await client.lookup('device').catch(() => []));
	}

	private operation(): AnyOperation {
		const { resource = '', operation = '' } = this.config;
		const found = findOperation(this.provider, resource, operation);
		if (found === undefined)
			throw new InvalidParams(
				`${this.provider.title} has no operation "${resource}.${operation}" in this version.`,
				{ advice: 'Choose another one in the node, or update @fleetwire/node-red-fleet.' },
			);
		return found;
	}
}

/** What a run that shares requests gives, as a run by itself gives it. */
async function* pagesOf(result: () => Promise<Collected>): AsyncGenerator<object[]> {
	const { records, error } = await result();
	if (records.length > 0) yield records;
	if (error !== undefined) throw error;
}

/** What the log says of messages that a stop has ended; empty: there are none. */
function stopLine(title: string, errors: readonly Stopped[]): string {
	const unknown = errors.filter(({ effect }) => effect === 'unknown').length;
	const others = errors.length - unknown;
	const inProgress = unknown === 1 ? '' : ` for ${String(unknown)} messages`;
	return [
		...(unknown === 0
			? []
			: [`"${title}" was in progress${inProgress} when this node was stopped: check whether it was done.`]),
		...(others === 0
			? []
			: [
					`${others.toLocaleString('en')} ${others === 1 ? 'message' : 'messages'} for "${title}" ended without an answer, because this node was stopped.`,
				]),
	].join(' ');
}

/** A number of the node's own settings; undefined for none. @throws InvalidParams */
function positive(value: unknown, title: string, most = Infinity): number | undefined {
	if (value === undefined || value === null || value === '' || value === 0 || value === '0') return undefined;
	const number = Number(value);
	if (!Number.isFinite(number) || number < 0)
		throw new InvalidParams(`${title} must be a number that is not negative, not ${shown(value)}.`);
	if (number > most)
		throw new InvalidParams(`${title} must be at most ${most.toLocaleString('en')}, not ${shown(value)}.`);
	return number;
}
