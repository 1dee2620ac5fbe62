import { createHash } from 'node:crypto';
import { setImmediate as nextIteration, setTimeout as sleep } from 'node:timers/promises';
import type { Node, NodeAPI, NodeDef, NodeMessage } from 'node-red';
import { accountKey, positionKey } from '../../core/call/account';
import { blocksIn } from '../../core/call/blocks';
import { Recent } from '../../core/call/recent';
import { asFleetError, InvalidParams, type FleetError } from '../../core/describe/errors';
import { readFields } from '../../core/describe/field';
import { findTrigger, type Provider } from '../../core/describe/provider';
import { afterTurn, type Turn } from '../../core/watch/health';
import { Poller } from '../../core/watch/poller';
import { QueueConsumer } from '../../core/watch/queue-consumer';
import { fieldsOfTrigger, reportFields, type AnyTrigger, type FleetEvent } from '../../core/describe/trigger';
import { accountNodeOf, type AccountNode, type AccountUser } from './account-node';
import { MessagePerRecord, OneMessage } from './delivery';
import { flowError } from './flow-error';
import { asStored } from './instances';
import { PollRunner, QueueRunner, type Acknowledge, type Deliver, type Runner, type PollOutcome } from './runners';
import { valuesOf, type Inputs } from './inputs';
import { PollBackoff } from './poll-backoff';
import { SharedTimers } from './shared-timers';
import { NotRead, NotStored, TriggerState } from './trigger-state';
import { TriggerStatus } from './trigger-status';
import { ContextStore, FileStore, type Store } from './trigger-store';
import { lastingStore, losesUserFolder } from './user-folder';
import { withoutVariables } from './variables';
import { MAPPABLE, MapMaker, namesOf } from './worldmap';

/** What a trigger node stores. Its names are in users' flows. */
export interface TriggerDef extends NodeDef {
	account?: string;
	/** Name of the trigger. */
	event?: string;
	/** Its filters and what is delivered, by name; nothing of it can come from a message. */
	params?: Inputs;
	/** Seconds between two polls. */
	interval?: string | number;
	output?: 'simplified' | 'worldmap';
	/** A message for each event, or one with all of a poll. */
	result?: 'record' | 'message';
	/** Of a queue: when messages count as dealt with. */
	acknowledge?: Acknowledge;
	/** Minutes until what was not acknowledged comes again. */
	acknowledgeWithin?: string | number;
	/** Name of a context store; empty: a file. */
	store?: string;
}

export interface TriggerNodeInstance extends Node {
	/** Polls now, as somebody asked for at the node's button. */
	pollNow(): void;
	/** Id of its account. */
	account?: string;
}

const timers = new SharedTimers();
/** The first poll comes within this time, so that not all triggers ask in the second in which flows start. */
const START_MS = 2000;
/** Node-RED waits for 15 s until a node has closed. */
const CLOSE_MS = 10_000;
/** Longest interval: 20 days. Timers know 24. */
const MOST_SECONDS = 20 * 86_400;
const ACKNOWLEDGE_MINUTES = 10;
/** Complaints that are remembered. */
const MOST_REPORTED = 100;
const COMMANDS = ['poll', 'pause', 'resume', 'reset'] as const;
type Command = (typeof COMMANDS)[number];

/** The node that starts flows with this vendor's events. */
export class TriggerNode implements AccountUser {
	private readonly status: TriggerStatus;
	private readonly stored: TriggerState;
	private readonly trigger: AnyTrigger | undefined;
	private readonly intervalMs: number;
	private readonly warned = new Set<string>();
	private starting: NodeJS.Timeout;
	private opening: Promise<Runner> | undefined;
	private runner: Runner | undefined;
	private tryNow: () => void = () => undefined;
	private leaveTimer: (() => void) | undefined;
	/** With whose turns its own come. */
	private turnsOf: string | undefined;
	/** The poll that is under way, and the one that somebody asked for meanwhile. */
	private running: Promise<FleetError | undefined> | undefined;
	private next: Promise<FleetError | undefined> | undefined;
	private stop = new AbortController();
	private names: (deviceId: string) => string = namesOf([]);
	/** Why there are no more turns until somebody does something about it. */
	private over: FleetError | undefined;
	private readonly backoff: PollBackoff;
	/** What was complained of since it last worked. A vendor may use other words each time. */
	private reported = new Recent<true>(MOST_REPORTED);
	private closed = false;
	/** Whether the user wants events of the trigger about itself. */
	private reports = false;
	/** What the status shows, while it fails. */
	private failing: { problem: FleetError; over: boolean; works: boolean } | undefined;

	constructor(
		private readonly RED: NodeAPI,
		private readonly provider: Provider,
		private readonly node: Node,
		private readonly config: TriggerDef,
		/** Why it cannot run at all. */
		private readonly newer?: FleetError,
	) {
		this.trigger = findTrigger(provider, config.event ?? '');
		this.intervalMs = intervalOf(config.interval, provider) * 1000;
		this.backoff = new PollBackoff(this.intervalMs);
		this.status = new TriggerStatus((status) => node.status(status), RED._);
		this.stored = new TriggerState(node.id, this.store(), config.store ?? '');
		this.account()?.register(this);
		this.starting = setTimeout(() => void this.begin(), Math.random() * START_MS);
		node.on('input', (msg, _send, done) => {
			// A rejection that nobody takes would end Node-RED.
			this.obey(msg).then(
				() => done(),
				(error: unknown) => done(flowError(asFleetError(error))),
			);
		});
		node.on('close', (done: () => void) => {
			this.close().then(done, done);
		});
	}

	accountFailed(error?: FleetError): void {
		if (error === undefined) {
			if (this.over?.session === 'refused') this.resume();
			return;
		}
		if (this.running !== undefined || this.stored.state.paused) return;
		// Each trigger that tries a refused login brings the account closer to being locked.
		if (error.session === 'refused' && this.runner !== undefined) this.over ??= error;
		this.status.account(error);
	}

	/** Somebody pressed the node's button. */
	pollNow(): void {
		if (this.over !== undefined) this.resume();
		else this.report(this.pollNext());
	}

	private account(): AccountNode | undefined {
		return accountNodeOf(this.RED, this.provider, this.config.account);
	}

	private store(): Store {
		const { RED, node, config } = this;
		return config.store
			? new ContextStore(node.context(), config.store)
			: new FileStore(RED.settings.userDir ?? '.', node.id);
	}

	/** The first poll of this instance. */
	private async begin(): Promise<void> {
		// What goes wrong here, the poll reports.
		await this.open().catch(() => undefined);
		if (this.closed) return;
		if (this.stored.state.paused) this.status.paused();
		// Deploying again and again must not ask the vendor each time.
		const early = this.provider.limits.poll.leastSeconds * 1000 - this.stored.sinceLast;
		this.starting = setTimeout(() => this.pollIfDue(), Math.max(0, early));
	}

	/**
	 * Takes up where the trigger stands, and has its turns with those of the same account and interval. @throws
	 * FleetError
	 */
	private async open(): Promise<Runner> {
		this.opening ??= this.makeRunner().catch((error: unknown) => {
			this.opening = undefined;
			throw error;
		});
		return await this.opening;
	}

	private async makeRunner(): Promise<Runner> {
		const { RED, node, config, provider, trigger, intervalMs, stored, newer } = this;
		if (newer !== undefined) throw newer;
		const account = this.account();
		const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
		const wanted = await valuesOf(RED, node, reportFields, config.params ?? {}, {});
		this.reports = readFields(reportFields, wanted, { now: Date.now(), timeZone }).reportUnwell;
		if (account === undefined) {
			this.hasTurns(node.id);
			throw new InvalidParams(`This node has no ${provider.title} account.`, {
				advice: 'Choose one in the node, and check that it is enabled.',
			});
		}
		if (trigger === undefined)
			throw new InvalidParams(`${provider.title} has no event "${config.event ?? ''}" in this version.`, {
				advice: 'Choose another one in the node, or update @fleetwire/node-red-fleet.',
			});
		if (config.store && !knowsStore(RED, config.store))
			throw new InvalidParams(`Node-RED's settings have no context store "${config.store}".`, {
				advice: 'Choose another store in the node.',
			});
		const client = account.client((message) => this.warn(message));
		this.tryNow = () => client.tryNow();
		const values = await valuesOf(RED, node, fieldsOfTrigger(trigger), config.params ?? {}, {});
		// Also where it cannot be opened yet: it tries again, and says how it fares.
		this.hasTurns(accountKey(provider, client.connection));
		const position = createHash('sha256').update(positionKey(provider, client.connection)).digest('base64url');
		const other = await stored.open(position.slice(0, 22), (reason, keptAs) => {
			node.warn(RED._('trigger.unreadable', { reason, keptAs }));
		});
		if (other) node.warn(RED._('trigger.other-account', { time: new Date().toISOString() }));
		if (!config.store && !trigger.queue) warnOnce(RED, node);
		const options = { timeZone };
		const deliver: Deliver = (events, attempt) => this.deliver(trigger, events, attempt);
		const prepare = async () => {
			// A map without vehicles' names is better than none.
			if (this.draws(trigger) && provider.lookups.device !== undefined)
				this.names = namesOf(await client.lookup('device').catch(() => []));
		};
		const runner = trigger.queue
			? new QueueRunner(new QueueConsumer(client, trigger, values, options), deliver, {
					intervalMs,
					acknowledge: config.acknowledge ?? 'sent',
					withinMs: positiveOr(config.acknowledgeWithin, ACKNOWLEDGE_MINUTES) * 60_000,
					onSent: (count) => this.status.unacknowledged(count),
					onAnswer: () => void this.note('works'),
				})
			: new PollRunner(new Poller(client, trigger, values, options), stored, deliver, intervalMs, prepare);
		if (this.closed) {
			runner.close();
			throw new InvalidParams('The node was closed.');
		}
		return (this.runner = runner);
	}

	private hasTurns(key: string): void {
		if (this.closed || this.turnsOf === key) return;
		this.leaveTimer?.();
		this.turnsOf = key;
		this.leaveTimer = timers.join(key, this.intervalMs, () => this.pollIfDue());
	}

	/** An interval is over. */
	private pollIfDue(): void {
		if (this.closed || this.running !== undefined || this.stored.state.paused) return;
		if (this.over === undefined && !this.backoff.waits) this.report(this.poll(false));
		else void this.note(this.over === undefined || this.failing !== undefined ? 'waits' : this.over);
	}

	/** A poll that somebody asked for: it begins after the one that is under way. */
	private async pollNext(): Promise<FleetError | undefined> {
		if (this.running === undefined) return this.poll(true);
		if (this.runner?.waiting) return undefined;
		const { stop } = this;
		this.next ??= this.running.then(() => {
			this.next = undefined;
			return stop.signal.aborted ? undefined : this.poll(true);
		});
		return await this.next;
	}

	/** Gives what went wrong; never rejects. */
	private poll(fresh: boolean): Promise<FleetError | undefined> {
		this.running ??= this.run(fresh).finally(() => {
			this.running = undefined;
		});
		return this.running;
	}

	private async run(fresh: boolean): Promise<FleetError | undefined> {
		const { signal } = (this.stop = new AbortController());
		this.status.asking();
		let ended: PollOutcome;
		try {
			const runner = await this.open();
			signal.throwIfAborted();
			if (fresh) this.tryNow();
			this.stored.begins();
			ended = await runner.poll({ fresh, signal, onWait: (ms) => this.status.waiting(ms) });
		} catch (thrown) {
			// Whoever stopped it says what the status is now.
			if (signal.aborted) return undefined;
			const problem = withoutVariables(asFleetError(thrown), asStored(this.RED, this.node), this.config);
			ended = { count: 0, works: false, problem, stop: problem.permanent };
		}
		if (this.closed) return ended.problem;
		this.settle(ended);
		await this.note(ended.works || ended.problem === undefined ? 'works' : ended.problem);
		return ended.problem;
	}

	private settle({ count, works, problem, stop, oldestReadMs = 0 }: PollOutcome): void {
		if (problem === undefined) {
			this.reported = new Recent(MOST_REPORTED);
			this.backoff.worked();
			this.failing = undefined;
			// A poll that somebody asked for does not end a pause.
			if (this.stored.state.paused) this.status.paused();
			else
				this.status.found(
					count,
					oldestReadMs > Math.max(60_000, 2 * this.intervalMs) ? oldestReadMs : undefined,
				);
			return;
		}
		if (stop) this.over = problem;
		this.backoff.failed(problem);
		const over = stop || problem instanceof NotStored || problem instanceof NotRead;
		this.failing = { problem, over, works };
		this.showFailing();
	}

	private showFailing(): void {
		const { failing, stored } = this;
		if (failing === undefined) return;
		const { problem, over, works } = failing;
		const { success } = stored.health;
		this.status.failed(problem, over, works || success === undefined ? undefined : Date.now() - success);
	}

	/** Takes note of how a turn ended. An event of that leaves at the second output, and is then stored as sent. */
	private async note(turn: Turn): Promise<void> {
		const { RED, node, config, stored, intervalMs, reports } = this;
		const now = Date.now();
		const trigger = config.event ?? '';
		const { health, event } = afterTurn(stored.health, turn, { trigger, now, intervalMs, reports });
		stored.noteHealth(health);
		if (turn === 'waits') this.showFailing();
		if (event !== undefined) {
			node.send([null, { _msgid: RED.util.generateId(), topic: event.event, payload: event }]);
			await nextIteration();
		}
		// What goes wrong with it, the next batch reports.
		if (reports) await stored.save(event === undefined).catch(() => undefined);
	}

	/** Tells Catch nodes what went wrong: each thing once, and again after it had worked. */
	private report(poll: Promise<FleetError | undefined>): void {
		poll.then(
			(problem) => {
				if (problem === undefined || this.closed || !this.isNew(problem)) return;
				const { status } = problem;
				this.node.error(flowError(problem), {
					_msgid: this.RED.util.generateId(),
					topic: this.config.event,
					...(status === undefined ? {} : { statusCode: status }),
				});
			},
			(error: unknown) => this.node.error(asFleetError(error).sentence),
		);
	}

	private isNew({ code, vendorCode, message }: FleetError): boolean {
		// Numbers in it, such as seconds to wait, differ each time.
		const key = JSON.stringify([code, vendorCode, message.replace(/\d+/g, '#')]);
		const isNew = this.reported.get(key) === undefined;
		this.reported.set(key, true);
		return isNew;
	}

	private warn(message: string): void {
		if (this.warned.size < 100 && !this.warned.has(message)) {
			this.warned.add(message);
			this.node.warn(message);
		}
	}

	private draws({ kind }: AnyTrigger): boolean {
		return this.config.output === 'worldmap' && MAPPABLE.includes(kind);
	}

	/** In blocks, between which Node-RED passes them on; those that are left once the node is stopped go at once. */
	private async deliver(
		trigger: AnyTrigger,
		events: readonly FleetEvent[],
		attempt: number | undefined,
	): Promise<void> {
		const { RED, node, config } = this;
		const { signal } = this.stop;
		const { inBlocks } = blocksIn({
			idle: () => (signal.aborted ? Promise.resolve() : nextIteration()),
			sleep: pause,
		});
		const msg = { _msgid: RED.util.generateId(), ...(attempt === undefined ? {} : { attempt }) };
		const send = (out: NodeMessage) => node.send(out);
		const delivery =
			config.result === 'message' && !this.draws(trigger)
				? new OneMessage(msg, send, true)
				: new MessagePerRecord(RED, msg, send);
		const map = this.draws(trigger) ? new MapMaker(trigger.kind, this.provider.title, this.names) : undefined;
		await inBlocks(events, (block) => delivery.add(map === undefined ? block : [...map.add(block)]));
		if (map !== undefined) delivery.add([...map.end()]);
		delivery.end();
	}

	/** What a message asks for. @throws FleetError */
	private async obey({ payload, topic }: NodeMessage): Promise<void> {
		const command = commandIn(payload) ?? commandIn(topic);
		if (command === undefined) {
			throw new InvalidParams(
				`This trigger does not understand ${typeof payload === 'string' ? `"${payload.slice(0, 40)}"` : 'the message'}.`,
				{ advice: 'Send "poll", "pause", "resume" or "reset" as msg.payload.' },
			);
		}
		if (command === 'poll') {
			if (this.over !== undefined)
				throw new InvalidParams(`This trigger has stopped: ${this.over.message}`, {
					advice: 'Put that right, then deploy again or send "resume".',
				});
			const problem = await this.pollNext();
			if (problem === undefined) return;
			this.isNew(problem);
			throw problem;
		}
		await this.open();
		if (command === 'resume') {
			this.resume();
		} else {
			await this.halt();
			if (command === 'pause') {
				this.stored.change({ paused: true });
				this.status.paused();
			} else {
				this.stored.change({ cursor: undefined });
				this.runner?.close();
				this.opening = this.runner = undefined;
				if (this.stored.state.paused) this.status.paused();
				else this.resume();
			}
		}
		await this.stored.save();
	}

	private resume(): void {
		this.over = undefined;
		this.reported = new Recent(MOST_REPORTED);
		this.backoff.worked();
		if (this.stored.state.paused) this.stored.change({ paused: false });
		this.pollIfDue();
	}

	/** Ends the poll that is under way: after that, nothing of it is sent. */
	private async halt(): Promise<void> {
		this.stop.abort();
		await this.running;
	}

	private async close(): Promise<void> {
		this.closed = true;
		clearTimeout(this.starting);
		this.account()?.deregister(this);
		this.leaveTimer?.();
		await Promise.race([this.end(), pause(CLOSE_MS)]).catch(() => undefined);
		this.status.close();
	}

	private async end(): Promise<void> {
		this.stop.abort();
		await Promise.race([this.running, pause(CLOSE_MS / 2)]);
		await this.opening?.catch(() => undefined);
		this.runner?.close();
		await this.running;
		if (isInFlows(this.RED, this.node)) await this.stored.save();
		else await this.stored.leave();
	}
}

/** Does not keep the process alive. */
const pause = (ms: number) => sleep(ms, undefined, { ref: false });

const positiveOr = (value: unknown, otherwise: number) => (Number(value) > 0 ? Number(value) : otherwise);

/** Seconds; what is too short for the vendor, or too long for timers, becomes the nearest that makes sense. */
function intervalOf(value: unknown, { limits: { poll } }: Provider): number {
	return Math.min(MOST_SECONDS, Math.max(poll.leastSeconds, positiveOr(value, poll.seconds)));
}

function commandIn(value: unknown): Command | undefined {
	const word = typeof value === 'string' ? value.trim().toLowerCase() : undefined;
	return COMMANDS.find((command) => command === word);
}

function knowsStore(RED: NodeAPI, name: string): boolean {
	const stores = RED.settings.contextStorage as object | undefined;
	return Object.hasOwn(stores ?? { memory: {} }, name);
}

const warned = new WeakSet<object>();

/** Says that files are not kept, once for all triggers of this Node-RED. */
function warnOnce(RED: NodeAPI, node: Node): void {
	if (warned.has(RED.settings) || !losesUserFolder(RED)) return;
	warned.add(RED.settings);
	const store = lastingStore(RED);
	const { userDir: folder = '' } = RED.settings;
	node.warn(
		store === undefined ? RED._('trigger.lost', { folder }) : RED._('trigger.lost-choose', { folder, store }),
	);
}

/**
 * Whether the node is still there, disabled perhaps, in the flows that are being started: what Node-RED says when it
 * closes a node is also said of one that is disabled, and not of one within a subflow.
 */
function isInFlows(RED: NodeAPI, node: Node): boolean {
	const { id, z, _alias } = node as Node & { _alias?: string };
	let found = false;
	RED.nodes.eachNode((other) => {
		// Within a subflow, ids are those of the instances and of the node, one behind the other.
		found ||= _alias === undefined ? other.id === id : other.id === z || z.startsWith(`${other.id}-`);
	});
	return found;
}
