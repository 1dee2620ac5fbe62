import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from 'node-red';
import type { Client } from '../../core/call/client';
import { asFleetError, InvalidParams, type FleetError } from '../../core/describe/errors';
import { shown, type Fields } from '../../core/describe/field';
import type { AnyOperation } from '../../core/describe/operation';
import { findOperation, type Provider } from '../../core/describe/provider';
import type { CommandOutcome, Outcome } from '../../core/describe/records';
import { plain } from '../../core/describe/words';
import { accountNodeOf, type AccountNode, type AccountUser } from './account-node';
import { MessagePerRecord, OneMessage, type Delivery, type Send } from './delivery';
import { failedDevicesOf, flowError } from './flow-error';
import { valuesOf, type Inputs } from './inputs';
import { commandForbidden, locksOf } from './locks';
import { StatusLine } from './status-line';
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
}

type Done = (error?: Error) => void;
/** What became of a command, as far as the status line shows it. */
type Ended = Pick<CommandOutcome, 'outcome' | 'response'>;

/** From the least to the most alarming. */
const OUTCOMES: readonly Outcome[] = ['confirmed', 'sent', 'timedOut', 'answered', 'unknown', 'failed'];

/** The node that runs this vendor's operations. */
export class RequestNode implements AccountUser {
	private readonly status: StatusLine;
	private readonly runs = new Set<AbortController>();
	private closed = false;

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
		node.on('input', (msg, send, done) => {
			// A rejection that nobody takes would end Node-RED.
			this.handle(msg, send, done).catch((error: unknown) => node.error(plain(String(error))));
		});
		node.on('close', (done: () => void) => {
			this.close();
			done();
		});
	}

	accountFailed(error?: FleetError): void {
		this.status.account(this.newer ?? error);
	}

	private account(): AccountNode | undefined {
		return accountNodeOf(this.RED, this.provider, this.config.account);
	}

	private close(): void {
		this.closed = true;
		this.account()?.deregister(this);
		for (const run of this.runs) run.abort();
		this.status.close();
	}

	private async handle(msg: NodeMessageInFlow, send: Send, done: Done): Promise<void> {
		const stop = new AbortController();
		this.runs.add(stop);
		this.status.asking();
		try {
			const ended = await this.run(msg, (out) => this.closed || send(out), stop.signal);
			if (this.closed) return;
			if (typeof ended === 'number') this.status.counted(ended);
			else this.status.outcome(ended.outcome, ended.response);
			done();
		} catch (thrown) {
			if (this.closed) return;
			const error = asFleetError(thrown);
			this.status.failed(error);
			if (error.status !== undefined) msg.statusCode = error.status;
			done(flowError(error));
		} finally {
			this.runs.delete(stop);
		}
	}

	/** Gives the number of records that were sent, or what became of a command. */
	private async run(msg: NodeMessageInFlow, send: Send, signal: AbortSignal): Promise<number | Ended> {
		const { RED, node, config, newer } = this;
		if (newer !== undefined) throw newer;
		const operation = this.operation();
		const account = this.account();
		if (account === undefined)
			throw new InvalidParams(`This node has no ${this.provider.title} account.`, {
				advice: 'Choose one in the node, and check that it is enabled.',
			});
		if (operation.effect === 'command' && locksOf(RED).commands) throw commandForbidden(operation.title);
		const client = account.client((message) => node.warn(message));
		const limit = positive(config.limit, 'Limit');
		const timeout = positive(config.timeout, 'Timeout');
		const input = await valuesOf(RED, node, operation.params as Fields, config.params ?? {}, msg);
		const draws = config.output === 'worldmap' && MAPPABLE.includes(operation.kind) && operation.effect === 'read';
		const records = client.run(operation, input, {
			output: config.output === 'raw' ? 'raw' : 'simplified',
			signal,
			...(timeout === undefined ? {} : { deadlineMs: timeout * 1000 }),
			timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
			onWait: (ms) => this.status.waiting(ms),
			...(operation.list && limit !== undefined ? { limit } : {}),
		});
		// Of an earlier request in the flow.
		delete msg.failedDevices;
		const ended = new UpToError(records, msg);
		if (draws) {
			const count = await this.draw(ended.pages(), operation, client, new MessagePerRecord(RED, msg, send));
			ended.check();
			return count;
		}
		const delivery =
			operation.list && config.result === 'record'
				? new MessagePerRecord(RED, msg, send)
				: new OneMessage(msg, send, operation.list);
		const tells = operation.effect !== 'read' || (operation.kind === 'commandOutcome' && config.output !== 'raw');
		let worst: Ended | undefined;
		for await (const page of ended.pages()) {
			for (const one of tells ? (page as CommandOutcome[]) : []) {
				if (worst === undefined || OUTCOMES.indexOf(one.outcome) > OUTCOMES.indexOf(worst.outcome)) worst = one;
			}
			delivery.add(page);
		}
		// A command that was under way when the flow was stopped is not known to have been done, and no message can say
		// so any more.
		if (signal.aborted && operation.effect !== 'read')
			node.warn(`"${operation.title}" was in progress when this node was stopped: check whether it was done.`);
		const count = ended.sends ? delivery.end() : 0;
		ended.check();
		return tells ? (worst ?? { outcome: 'unknown', response: null }) : count;
	}

	private async draw(
		pages: AsyncIterable<object[]>,
		operation: AnyOperation,
		client: Client,
		delivery: Delivery,
	): Promise<number> {
		let map: MapMaker | undefined;
		for await (const page of pages) {
			map ??= new MapMaker(operation.kind, this.provider.title, await this.names(client));
			delivery.add([...map.add(page)]);
		}
		if (map !== undefined) delivery.add([...map.end()]);
		return delivery.end();
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

/** A run of which some may have failed: what came is sent, and its error follows. */
class UpToError {
	private error: FleetError | undefined;
	private any = false;

	constructor(
		private readonly run: AsyncIterable<object[]>,
		private readonly msg: NodeMessageInFlow,
	) {}

	async *pages(): AsyncGenerator<object[]> {
		try {
			for await (const page of this.run) {
				this.any ||= page.length > 0;
				yield page;
			}
		} catch (thrown) {
			this.error = asFleetError(thrown);
			const failed = failedDevicesOf(this.error);
			if (failed !== undefined) Object.assign(this.msg, { failedDevices: failed });
		}
	}

	/** Whether there is something to send. */
	get sends(): boolean {
		return this.error === undefined || this.any;
	}

	/** @throws FleetError if the run ended with one */
	check(): void {
		if (this.error !== undefined) throw this.error;
	}
}

/** A number of the node's own settings; undefined for none. @throws InvalidParams */
function positive(value: unknown, title: string): number | undefined {
	if (value === undefined || value === null || value === '' || value === 0 || value === '0') return undefined;
	const number = Number(value);
	if (!Number.isFinite(number) || number < 0)
		throw new InvalidParams(`${title} must be a number that is not negative, not ${shown(value)}.`);
	return number;
}
