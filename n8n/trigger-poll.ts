import { createHash } from 'node:crypto';
import {
	NodeOperationError,
	type IDataObject,
	type INode,
	type INodeExecutionData,
	type IPollFunctions,
	type IRun,
} from 'n8n-workflow';
import { positionKey } from '../core/call/account';
import { InvalidParams, type FleetError } from '../core/describe/errors';
import { readFields } from '../core/describe/field';
import { findTrigger, type Provider } from '../core/describe/provider';
import type { Poller, PollResult } from '../core/watch/poller';
import { fieldsOfTrigger, reportFields, type AnyTrigger, type FleetEvent } from '../core/describe/trigger';
import type { Turn } from '../core/watch/health';
import { openAccount } from './account';
import { pause } from './abort';
import { nodeErrorOf, problemOf } from './errors';
import { itemsOf, pollIntervalMs, triggerInput } from './trigger-input';
import { reportAfter, type Report } from './trigger-health';
import { EVENT, isQueued } from './trigger-properties';
import { shelfOf, triggerStateOf, type Handover, type Shelf, type TriggerState } from './trigger-state';
import { whenRefused } from './verdict';

/**
 * What n8n allows a poll of its own clock. One that its scheduler runs, in a transaction with the execution, has less.
 */
const UNSCHEDULED_MS = 300_000;
/** Part of the time allowed that a poll takes: what comes after it needs some as well. */
const SHARE = 0.8;
/** What the poll takes at most that n8n makes while a user waits for the workflow to be published. */
const FIRST_MS = 30_000;
/** Events that one execution gets at most, but for the rest of a batch. */
const MOST_EVENTS = 1000;
/** Events in a batch of the poller at most, but for the rest of an answer. */
const BATCH = 500;
/** A poll may take so long at least, however often there is one. */
const LEAST_MS = 10_000;
/** It is not worth beginning another batch. */
const TOO_LITTLE_MS = 2000;
/** An execution that cannot be made is refused within that time; one that runs for longer was made. */
const REFUSED_WITHIN_MS = 5000;
/** A trigger that has stopped says so again from time to time, as the first error may have been overlooked. */
const REMINDER_MS = 3_600_000;

/** Whether a reminder is due. What lies in the future was before the clock was set back. */
const reminds = (reportedAt: number, now: number) => reportedAt > now || now - reportedAt >= REMINDER_MS;

const STOPPED =
	'Until then, this trigger sends nothing. It continues when you change the node or its credential, or publish the workflow again.';

/** Polls of this process that are known already: the context tells the first of each activation. */
const activations = new WeakSet<object>();

/** Polls a trigger node, or returns a sample where a user tries it in the editor. */
export async function poll(
	context: IPollFunctions,
	provider: Provider,
	credentialType: string,
): Promise<INodeExecutionData[][] | null> {
	const node = context.getNode();
	try {
		const trigger = triggerOf(context, provider);
		const open = async () => await pollerOf(context, provider, credentialType, trigger);
		const intervalMs = pollIntervalMs(context.getNodeParameter('pollTimes', {}));
		const allowedMs = allowed(context);
		// What takes longer than until the next poll would only keep back what was found.
		const budgetMs = Math.min(
			SHARE * allowedMs,
			Math.max(SHARE * intervalMs, LEAST_MS),
			provider.limits.deadlineMs,
		);
		if (context.getMode() === 'manual') return [itemsOf(await sample(context, await open(), budgetMs))];
		const settings = { budgetMs, intervalMs, scheduled: allowedMs !== UNSCHEDULED_MS, trigger: trigger.name };
		let poller: Poller;
		try {
			poller = await open();
		} catch (error) {
			return await new Polling(context, settings).fails(error);
		}
		return await new PollRun(context, settings, poller).run();
	} catch (error) {
		throw nodeErrorOf(error, node);
	}
}

async function pollerOf(
	context: IPollFunctions,
	provider: Provider,
	credentialType: string,
	trigger: AnyTrigger,
): Promise<Poller> {
	const node = context.getNode();
	const client = await openAccount(context, provider, credentialType, (message) =>
		context.logger.warn(`${node.name}: ${message}`),
	);
	// Loaded with the first poll: n8n loads all nodes of a package when it starts.
	const { Poller: Engine } = await import('../core/watch/poller.js');
	const input = triggerInput(context, fieldsOfTrigger(trigger), node.parameters);
	return new Engine(client, trigger, input, { timeZone: context.getTimezone() });
}

/** The event takes no expression. @throws InvalidParams */
function triggerOf(context: IPollFunctions, provider: Provider): AnyTrigger {
	const name = context.getNodeParameter(EVENT) as string;
	const trigger = findTrigger(provider, name);
	if (trigger === undefined || isQueued(trigger))
		throw new InvalidParams(`The ${provider.title} trigger has no event "${name}".`, {
			advice: 'Choose the event again in the node.',
		});
	return trigger;
}

async function sample(context: IPollFunctions, poller: Poller, budgetMs: number): Promise<FleetEvent[]> {
	const events = await poller.sample({ budgetMs });
	if (events.length > 0) return events;
	throw new NodeOperationError(context.getNode(), 'There is no recent event of this kind to show.', {
		description:
			'Choose other devices or fewer filters, or pin data of your own to try the workflow with. Once it is published, new events start it anyway.',
	});
}

/** Milliseconds that n8n allows; older versions do not say. */
function allowed(context: IPollFunctions): number {
	const { getPollBudgetMs } = context as Partial<IPollFunctions>;
	return getPollBudgetMs === undefined ? UNSCHEDULED_MS : getPollBudgetMs.call(context);
}

/** n8n's executor calls it with what a poll returns. */
type EmittingContext = { -readonly [name in '__emit']: IPollFunctions[name] };

interface PollSettings {
	budgetMs: number;
	intervalMs: number;
	/** Whether n8n's scheduler runs the poll, and not the clock of the workflow's activation. */
	scheduled: boolean;
	/** Name of the trigger's event. */
	trigger: string;
}

/** What waits for n8n's word on an execution. */
type Emission = Pick<Handover, 'emitted' | 'refused'>;

function together(...emissions: (Emission | undefined)[]): Emission {
	return {
		emitted: () => emissions.forEach((emission) => emission?.emitted()),
		refused: () => emissions.forEach((emission) => emission?.refused()),
	};
}

/** What n8n polls in a published workflow, whether or not its settings permit a poll. */
class Polling {
	protected readonly node: INode;
	protected readonly state: TriggerState;
	/** Whether it is the first poll of an activation: what it throws, the user sees at once. */
	protected readonly first: boolean;
	/** Whether n8n activates the workflow by itself, as it does when it starts. */
	protected readonly byItself: boolean;
	/** Whether the user wants events of the trigger about itself. */
	protected readonly reports: boolean;

	constructor(
		protected readonly context: IPollFunctions,
		protected readonly settings: PollSettings,
	) {
		this.node = context.getNode();
		this.state = triggerStateOf(context.getWorkflow().id ?? '', this.node.id);
		this.first = !settings.scheduled && !activations.has(context);
		this.byItself = this.first && ['init', 'leadershipChange'].includes(context.getActivationMode());
		activations.add(context);
		const own = triggerInput(context, reportFields, this.node.parameters);
		this.reports = readFields(reportFields, own, { now: Date.now(), timeZone: 'UTC' }).reportUnwell;
	}

	/** The settings of node or account permit no poll. */
	async fails(thrown: unknown): Promise<INodeExecutionData[][] | null> {
		const report = this.reportAfter(problemOf(thrown), this.shelf().shelf);
		if (report !== undefined) return await this.sendAlone(report);
		if (this.reports) await this.context.__commitCursor?.();
		if (!this.byItself) throw thrown;
		// When n8n starts, it drops a trigger that fails a few times: better try the settings again.
		this.context.__emitError(nodeErrorOf(thrown, this.node));
		return null;
	}

	/** An event of the trigger about itself, in a poll that has no others. */
	protected async sendAlone(report: Report): Promise<INodeExecutionData[][] | null> {
		if (!this.first) return this.handOver([report.event], report);
		await this.emit([report.event], report);
		return null;
	}

	/** Takes note of how the poll ended, if the user wants to know. */
	protected reportAfter(turn: Turn, shelf: Shelf): Report | undefined {
		const { settings, state, first, byItself, reports } = this;
		// A user who publishes a workflow that fails sees it at once.
		if (typeof turn !== 'string' && first && !byItself) return undefined;
		const { intervalMs, trigger } = settings;
		return reports ? reportAfter(turn, { state, shelf, trigger, intervalMs }) : undefined;
	}

	protected shelf(): { shelf: Shelf; exact: boolean } {
		const { context, node } = this;
		const data = context.getWorkflowStaticData('node');
		const exact = this.commitsTogether(data);
		return { shelf: shelfOf(node.id, data, context.getWorkflowStaticData('global'), exact), exact };
	}

	/**
	 * Returns a batch for n8n to emit. It drops the batch if the workflow was changed or switched off during the poll;
	 * whether it does, and whether it can make the execution, is seen where it emits.
	 */
	protected handOver(events: readonly FleetEvent[], handover: Emission): INodeExecutionData[][] {
		const context = this.context as EmittingContext;
		const emit = context.__emit;
		context.__emit = (data, response, done) => {
			context.__emit = emit;
			handover.emitted();
			emit.call(context, data, response, done ?? this.verdictFor(handover.refused));
		};
		return [itemsOf(events)];
	}

	/**
	 * Emits the batch of an activation's first poll, which n8n never drops, and waits a moment for a refusal. What is
	 * stored after that, n8n saves when the activation ends: a second start does not repeat the batch.
	 * @returns whether n8n has the execution, as far as it is known
	 */
	protected async emit(events: readonly FleetEvent[], handover: Emission): Promise<boolean> {
		const { context } = this;
		handover.emitted();
		let refused = false;
		const verdict = this.verdictFor(() => {
			refused = true;
			handover.refused();
		});
		context.__emit([itemsOf(events)], undefined, verdict);
		const over = new AbortController();
		const ended = verdict.promise.then(
			() => undefined,
			() => undefined,
		);
		await Promise.race([ended, pause(REFUSED_WITHIN_MS, over.signal).catch(() => undefined)]);
		over.abort();
		return !refused;
	}

	private verdictFor(refused: () => void) {
		const verdict = this.context.helpers.createDeferredPromise<IRun | undefined>();
		whenRefused(this.context, verdict.promise, refused);
		return verdict;
	}

	/**
	 * Whether n8n writes static data and execution in one transaction. It does so if durable cursors are on: then the
	 * node gets a copy of the data, in place of the object that tells the workflow of every change. It also gets a copy
	 * where they were on once; but then n8n's own clock polls, and at each start of n8n, too.
	 */
	private commitsTogether(data: IDataObject): boolean {
		const { settings, first, byItself } = this;
		return (
			(settings.scheduled || (first && !byItself)) &&
			'__commitCursor' in this.context &&
			!('__dataChanged' in data)
		);
	}
}

/** One poll. */
class PollRun extends Polling {
	/** Stands for all settings of node and account. */
	private readonly allSettings: string;
	/** Stands for the account. */
	private readonly account: string;

	constructor(
		context: IPollFunctions,
		settings: PollSettings,
		private readonly poller: Poller,
	) {
		super(context, settings);
		const { provider, connection } = poller.client;
		this.allSettings = createHash('sha256')
			.update(JSON.stringify([this.node.parameters, connection]))
			.digest('base64url');
		this.account = createHash('sha256').update(positionKey(provider, connection)).digest('base64url').slice(0, 16);
	}

	async run(): Promise<INodeExecutionData[][] | null> {
		const { state, settings, allSettings, first } = this;
		const { stopped } = state;
		const now = Date.now();
		if (first && !this.byItself) {
			const error = state.justStopped(allSettings, now);
			if (error !== undefined) throw nodeErrorOf(error, this.node, { addition: STOPPED });
		} else if (stopped?.settings === allSettings) {
			const { shelf } = this.shelf();
			const report = this.reportAfter('waits', shelf);
			if (report !== undefined) return this.handOver([report.event], report);
			if (!reminds(stopped.reportedAt, now)) return null;
			stopped.reportedAt = now;
			throw nodeErrorOf(stopped.error, this.node, { addition: STOPPED });
		}
		const { leastSeconds } = this.poller.client.provider.limits.poll;
		const turn = state.begin(now, {
			mostMs: 2 * settings.budgetMs,
			leastMs: first ? 0 : (leastSeconds - 60) * 1000,
		});
		if (turn === undefined) return null;
		try {
			return await this.poll(turn);
		} finally {
			state.end(turn);
		}
	}

	private async poll(turn: number): Promise<INodeExecutionData[][] | null> {
		const { state, context, allSettings, account } = this;
		const { shelf, exact } = this.shelf();
		const stored = shelf.read();
		const from = state.resume(stored, account, Date.now(), exact);
		if (from === undefined) return null;
		const replay = (from.replay ?? []).filter(({ event }) => event === this.poller.trigger.name);
		const { events: found, cursor, began, problem, partial = false, stop } = await this.fetch(from.cursor);
		// Another poll was begun in the meantime, as this one took too long; or n8n could not make the last execution.
		if (!state.holds(turn)) return null;
		state.stopped = undefined;
		if (problem === undefined) state.trouble = undefined;
		const now = Date.now();
		if (began !== undefined) {
			if (stored?.account !== undefined && stored.account !== account)
				context.logger.warn(
					`${this.node.name}: the account was changed, so this trigger starts over, as First Run says, at ${new Date(now).toISOString()}.`,
				);
			shelf.write(state.beginAfresh(began));
			// Without durable cursors this does nothing: then it is stored with the first batch, or at the end of an
			// activation.
			await context.__commitCursor?.();
		}
		// What fails as a whole is reported first.
		const fails = problem !== undefined && !partial && found.length === 0;
		const events = fails ? [] : [...replay, ...found];
		const works = problem === undefined || partial;
		const report = this.reportAfter(works ? 'works' : problem, shelf);
		const own = report === undefined ? [] : [report.event];
		if (events.length > 0) {
			if (problem !== undefined) this.reportBesides(problem, now);
			const handover = state.handOver(cursor, events, now, { exact, compares: this.poller.compares });
			shelf.write(handover.text);
			const all = [...own, ...events];
			// With durable cursors, what is stored says whether n8n has the events.
			if (exact) return report === undefined ? [itemsOf(all)] : this.handOver(all, report);
			if (!this.first) return this.handOver(all, together(handover, report));
			if (await this.emit(all, together(handover, report))) shelf.write(handover.takenText);
			return null;
		}
		if (replay.length === 0) shelf.write(state.idle(cursor, now, exact));
		if (stop && problem !== undefined)
			state.stopped = { settings: allSettings, error: problem, at: now, reportedAt: now };
		if (report !== undefined) return await this.sendAlone(report);
		if (problem === undefined) return null;
		// What is wrong with one device is no failure of each poll that finds nothing new of the others.
		if (partial) {
			this.reportBesides(problem, now);
			return null;
		}
		// n8n forgets what a poll has stored that fails.
		if (this.reports) await context.__commitCursor?.();
		const error = nodeErrorOf(problem, this.node, { addition: stop ? STOPPED : '' });
		if (!this.byItself) throw error;
		// When n8n starts, it drops a trigger that fails a few times: better poll on.
		if (stop) context.__emitError(error);
		else context.logger.warn(`${this.node.name}: ${problem.sentence}`);
		return null;
	}

	/** Something went wrong, but not with all of it: what lasts, people must hear of beside the events. */
	private reportBesides(problem: FleetError, now: number): void {
		const { state, context, node } = this;
		context.logger.warn(`${node.name}: ${problem.sentence}`);
		if (state.trouble === undefined) state.trouble = { reportedAt: -Infinity };
		else if (reminds(state.trouble.reportedAt, now)) {
			state.trouble.reportedAt = now;
			context.__emitError(nodeErrorOf(problem, node, { addition: 'Events of the others still arrive.' }));
		}
	}

	/** Batch after batch, until there is no more or an execution has enough. */
	private async fetch(
		from: unknown,
	): Promise<Pick<PollResult, 'events' | 'began' | 'problem' | 'partial' | 'stop'> & { cursor: unknown }> {
		const { poller, settings, context } = this;
		// The user waits for the first poll.
		const deadline = Date.now() + (this.first ? Math.min(settings.budgetMs, FIRST_MS) : settings.budgetMs);
		const events: FleetEvent[] = [];
		let cursor = from;
		let began: PollResult['began'];
		for (;;) {
			const result = await poller.poll(cursor, {
				intervalMs: settings.intervalMs,
				budgetMs: deadline - Date.now(),
			});
			({ cursor } = result);
			began ??= result.began;
			for (const event of result.events) events.push(event);
			const { more, problem, partial, stop, oldestReadMs } = result;
			if (
				more &&
				(problem === undefined || partial) &&
				events.length + BATCH <= MOST_EVENTS &&
				deadline - Date.now() > TOO_LITTLE_MS
			)
				continue;
			if (oldestReadMs !== undefined)
				context.logger.debug(
					`${this.node.name}: not all devices could be read in this poll; the oldest read is ${String(Math.round(oldestReadMs / 1000))} s ago.`,
				);
			return { events, cursor, began, problem, partial, stop };
		}
	}
}
