import {
	NodeOperationError,
	type ExecutionError,
	type IDataObject,
	type IExecuteResponsePromiseData,
	type INode,
	type IRun,
	type ITriggerFunctions,
	type ITriggerResponse,
} from 'n8n-workflow';
import { orAborted } from '../core/call/abort';
import { doubling } from '../core/call/backoff';
import { asFleetError, InvalidParams } from '../core/describe/errors';
import { readFields } from '../core/describe/field';
import type { Provider } from '../core/describe/provider';
import { reportFields } from '../core/describe/trigger';
import type { Turn } from '../core/watch/health';
import { QueueConsumer, type Batch } from '../core/watch/queue-consumer';
import { openAccount } from './account';
import { connectionOf } from './credential';
import { nodeErrorOf } from './errors';
import { pause } from './abort';
import { reportAfter } from './trigger-health';
import { itemsOf, triggerInput } from './trigger-input';
import { ACKNOWLEDGE_LATER, fieldsOfQueueNode, isQueued, readingFields } from './trigger-properties';
import { shelfOf, triggerStateOf, type TriggerState } from './trigger-state';
import { whenRefused } from './verdict';

/** Time between two tries after something failed: it doubles from the one to the other. */
const SHORTEST_PAUSE_MS = 5000;
const LONGEST_PAUSE_MS = 300_000;
/** Failures in a row after which it is reported; what will not pass by itself is reported at once. */
const REPORT_AFTER = 3;
/** How long the messages under way may take when the workflow is switched off. */
const CLOSE_MS = 30_000;
/** How long a test in the editor waits for a message, and how often it reads. */
const TEST_MS = 120_000;
const TEST_EVERY_MS = 5000;

/** Reads a queue for as long as the workflow is published: a batch at a time, acknowledged as the user has chosen. */
export async function listen(
	context: ITriggerFunctions,
	provider: Provider,
	credentialType: string,
): Promise<ITriggerResponse> {
	let listener: Listener | undefined;
	try {
		listener = new Listener(context, provider, credentialType);
		return await listener.start();
	} catch (error) {
		await listener?.close();
		throw nodeErrorOf(error, context.getNode());
	}
}

class Listener {
	private readonly node: INode;
	private readonly state: TriggerState;
	private readonly closing = new AbortController();
	/** The node's parameters. */
	private readonly input: Readonly<Record<string, unknown>>;
	private readonly chosen: { acknowledge: string; every: number };
	/** Whether the user wants events of the trigger about itself. */
	private readonly reports: boolean;
	/** n8n takes no events before. */
	private started = false;
	private consumer: QueueConsumer | undefined;
	/** Settings of the account that the consumer was opened with. */
	private connection = '';
	/** What was fetched when the workflow was published, for the first read. */
	private first: Batch | undefined;
	private work: Promise<void> | undefined;
	/** In milliseconds. No read takes place in it; a clock that was set back ends it. */
	private rest = { from: 0, until: 0 };
	/** In a row. */
	private failures = 0;
	/** Whether nothing can succeed until the account is changed. */
	private stopped = false;
	private waitReported = false;

	constructor(
		private readonly context: ITriggerFunctions,
		private readonly provider: Provider,
		private readonly credentialType: string,
	) {
		this.node = context.getNode();
		this.state = triggerStateOf(context.getWorkflow().id ?? '', this.node.id);
		this.input = triggerInput(context, fieldsOfQueueNode(provider.triggers.find(isQueued)), this.node.parameters);
		const clock = { now: Date.now(), timeZone: 'UTC' };
		this.chosen = readFields(readingFields, this.input, clock);
		this.reports = readFields(reportFields, this.input, clock).reportUnwell;
	}

	async start(): Promise<ITriggerResponse> {
		const { context, closing } = this;
		const closeFunction = () => this.close();
		if (context.getMode() === 'manual') return { closeFunction, manualTriggerFunction: () => this.test() };
		try {
			const consumer = await this.open();
			// Fails at once if the login is refused or the queue is not there.
			this.first = await consumer.next({ budgetMs: this.budgetMs, signal: closing.signal });
		} catch (thrown) {
			// When n8n starts, it drops a trigger that fails a few times: better go on here.
			if (['init', 'leadershipChange'].includes(context.getActivationMode())) this.failed(thrown);
			else throw this.remembered(thrown);
		}
		context.helpers.registerCron({ expression: ticksFor(this.chosen.every) }, () => this.tick());
		this.started = true;
		return { closeFunction };
	}

	/** n8n awaits it when the workflow is switched off or changed, and when n8n ends. */
	async close(): Promise<void> {
		this.closing.abort(new NodeOperationError(this.node, 'The workflow was switched off.'));
		const over = new AbortController();
		await Promise.race([this.work, pause(CLOSE_MS, over.signal).catch(() => undefined)]);
		over.abort();
		this.consumer?.close();
	}

	private get budgetMs(): number {
		return this.provider.limits.deadlineMs;
	}

	private async open(): Promise<QueueConsumer> {
		this.consumer?.close();
		this.consumer = undefined;
		const consumer = await this.consumerOf();
		await consumer.open(this.closing.signal).catch((error: unknown) => {
			consumer.close();
			throw error;
		});
		return (this.consumer = consumer);
	}

	private async consumerOf(): Promise<QueueConsumer> {
		const { context, provider, credentialType, node } = this;
		const client = await openAccount(context, provider, credentialType, (message) =>
			context.logger.warn(`${node.name}: ${message}`),
		);
		this.connection = JSON.stringify(client.connection);
		const refusal =
			context.getMode() === 'manual' ? undefined : this.state.justStopped(this.connection, Date.now());
		if (refusal !== undefined) throw refusal;
		const trigger = provider.triggers.find(isQueued);
		if (trigger === undefined) throw new InvalidParams(`${provider.title} has no queue.`);
		return new QueueConsumer(client, trigger, this.input, { timeZone: context.getTimezone() });
	}

	/** Takes note of what will not pass by itself, as n8n tries again at once. */
	private remembered(thrown: unknown): unknown {
		const error = asFleetError(thrown);
		const now = Date.now();
		if (error.permanent) this.state.stopped = { settings: this.connection, error, at: now, reportedAt: now };
		return error;
	}

	/** A tick of the clock: works through the queue if it is time to, and nothing is under way. */
	private tick(): void {
		const now = Date.now();
		if (this.failures > 0) this.reportAfter('waits');
		const { from, until } = this.rest;
		if (this.work !== undefined || this.closing.signal.aborted || (now >= from && now < until)) return;
		// A tick comes early.
		this.restFor(this.chosen.every * 1000 - 500);
		this.work = this.workThrough()
			.catch((thrown: unknown) => this.failed(thrown))
			.finally(() => (this.work = undefined));
	}

	private restFor(ms: number): void {
		const now = Date.now();
		this.rest = { from: now, until: now + ms };
	}

	private async workThrough(): Promise<void> {
		const consumer = await this.usable();
		while (consumer !== undefined && !this.closing.signal.aborted) {
			const batch = this.first ?? (await consumer.next({ budgetMs: this.budgetMs, signal: this.closing.signal }));
			this.first = undefined;
			this.failures = 0;
			this.reportAfter('works');
			if (batch === undefined || !(await this.handOver(batch))) return;
		}
	}

	/** After a failure, the credential may have been corrected; where nothing else helps, it must have been. */
	private async usable(): Promise<QueueConsumer | undefined> {
		if (this.failures === 0 && this.consumer !== undefined) return this.consumer;
		const credentials = await this.context.getCredentials(this.credentialType);
		const changed = JSON.stringify(connectionOf(this.provider, credentials)) !== this.connection;
		if (this.stopped && !changed) return undefined;
		this.stopped = false;
		return changed || this.consumer === undefined ? await this.open() : this.consumer;
	}

	/** Starts the workflow with a batch. Returns whether the next one may follow at once. */
	private async handOver(batch: Batch): Promise<boolean> {
		const { chosen, closing } = this;
		const later = chosen.acknowledge === ACKNOWLEDGE_LATER;
		// What is not confirmed comes again and is known then: the workflow still gets the messages.
		if (chosen.acknowledge === 'immediately') await batch.done().catch((error: unknown) => this.failed(error));
		const { end, endAfterWait } = this.begin(batch);
		if (chosen.acknowledge === 'immediately') {
			// One batch at a time, so that a full queue does not start hundreds of executions at once.
			await orAborted(end, closing.signal).catch(() => undefined);
			return true;
		}
		const acknowledged = batch.acknowledged.then(() => undefined);
		let ended = await (later ? Promise.race([acknowledged, end]) : end);
		if (ended?.how === 'waits') {
			// It goes on later. Until then nothing is read that might be acknowledged past it.
			this.reportWait(ended);
			ended = await orAborted(Promise.race([acknowledged, endAfterWait]), closing.signal);
		}
		const verdict = ended === undefined ? 'settled' : verdictOn(ended, chosen.acknowledge);
		if (verdict === 'again') return await this.again(batch);
		if (verdict === 'done') await batch.done();
		if (verdict === 'open') await orAborted(acknowledged, closing.signal);
		return true;
	}

	private begin(batch: Batch): { end: Promise<End>; endAfterWait: Promise<End> } {
		const { context } = this;
		const ended = context.helpers.createDeferredPromise<IRun>();
		const answered = context.helpers.createDeferredPromise<IExecuteResponsePromiseData>();
		context.emit([itemsOf(batch.events)], answered, ended);
		const end = endOf(ended.promise);
		return { end, endAfterWait: endAfterWait(end, answered.promise) };
	}

	/** Once, where the messages will stay in the queue because of it. */
	private reportWait({ elsewhere }: End): void {
		const { acknowledge } = this.chosen;
		const { node } = this;
		if (this.waitReported || (!elsewhere && acknowledge === ACKNOWLEDGE_LATER)) return;
		this.waitReported = true;
		if (!elsewhere && acknowledge === 'executionFinishes') {
			this.context.logger.warn(
				`${node.name}: an execution waits. Its messages are acknowledged when it is over, and no others are given to the workflow until then.`,
			);
			return;
		}
		this.report(
			new NodeOperationError(
				node,
				'An execution waits, so its messages are not acknowledged, and this trigger delivers no others until they are.',
				{
					description: `n8n does not report how an execution ends that has waited${elsewhere ? ' in a worker' : ''}. ${elsewhere ? 'Let another workflow wait: start it with Execute Sub-workflow, and switch off its Wait For Sub-Workflow Completion.' : 'Set Acknowledge to By an Acknowledge Operation Later in the Workflow, and acknowledge after the wait.'} The messages that are open now come again when you publish this workflow again.`,
				},
			),
		);
	}

	/** Has the batch delivered again after a while, or sets it aside if that has been done often enough. */
	private async again(batch: Batch): Promise<boolean> {
		if (batch.failed()) {
			this.restFor(pauseAfter(batch.attempt));
			return false;
		}
		this.report(setAside(batch, this.node));
		await batch.done();
		return true;
	}

	private failed(thrown: unknown): void {
		const { context, closing, node } = this;
		if (closing.signal.aborted) return;
		this.failures += 1;
		this.restFor(pauseAfter(this.failures));
		const error = asFleetError(thrown);
		this.stopped = error.permanent;
		context.logger.warn(`${node.name}: ${error.sentence}`);
		this.reportAfter(error);
		if (!this.stopped && this.failures !== REPORT_AFTER) return;
		const addition = this.stopped
			? 'Until then, this trigger sends nothing. It continues when you change the credential or publish the workflow again.'
			: 'It keeps trying.';
		this.report(nodeErrorOf(error, node, { addition }));
	}

	/** Takes note of how a turn ended, and sends an event where there is one. */
	private reportAfter(turn: Turn): void {
		const { context, node, state, chosen, provider, closing } = this;
		if (!this.reports || !this.started || closing.signal.aborted) return;
		const report = reportAfter(turn, {
			state,
			shelf: shelfOf(
				node.id,
				context.getWorkflowStaticData('node'),
				context.getWorkflowStaticData('global'),
				false,
			),
			trigger: provider.triggers.find(isQueued)?.name ?? '',
			intervalMs: chosen.every * 1000,
		});
		if (report === undefined) return;
		report.emitted();
		const verdict = context.helpers.createDeferredPromise<IRun>();
		whenRefused(context, verdict.promise, report.refused);
		context.emit([itemsOf([report.event])], undefined, verdict);
	}

	/** As a failed execution, so that the error workflow runs; older versions of n8n know nothing of the kind. */
	private report(error: Error): void {
		const { context } = this;
		if ('saveFailedExecution' in context) context.saveFailedExecution(error as ExecutionError);
		else (context as ITriggerFunctions).logger.error(error.message);
	}

	/** In the editor: some messages, which stay in the queue. Waits for them, as other triggers do. */
	private async test(): Promise<void> {
		try {
			const consumer = await this.consumerOf();
			const deadline = Date.now() + TEST_MS;
			for (;;) {
				const events = await consumer.sample({ budgetMs: this.budgetMs, signal: this.closing.signal });
				if (events.length > 0) return this.context.emit([itemsOf(events)]);
				if (Date.now() >= deadline)
					throw new NodeOperationError(this.node, 'No message came to the queue.', {
						description:
							'Check that the account is subscribed to it: after a subscription it can take up to 24 hours until messages come.',
					});
				await pause(TEST_EVERY_MS, this.closing.signal);
			}
		} catch (error) {
			throw nodeErrorOf(error, this.node);
		}
	}
}

/** What n8n tells of an execution. */
interface End {
	/**
	 * brokeOff: it was stopped or never begun, or the program that ran it has ended.
	 * waits: it has not ended, and goes on some time.
	 * over: it ended after it had waited, well or not.
	 */
	how: 'succeeded' | 'failed' | 'brokeOff' | 'waits' | 'over';
	/** In another process, one of n8n's workers. */
	elsewhere: boolean;
}

async function endOf(ended: Promise<IRun | undefined>): Promise<End> {
	try {
		const run = await ended;
		if (run === undefined) return { how: 'brokeOff', elsewhere: false };
		const elsewhere = run.jobId !== undefined;
		return { how: howOf(run, elsewhere), elsewhere };
	} catch (error) {
		return cutShort(error);
	}
}

function howOf({ status, waitTill, data: { resultData } }: IRun, elsewhere: boolean): End['how'] {
	if (status === 'waiting' || (waitTill ?? undefined) !== undefined) return 'waits';
	if (status === 'success' && resultData.error === undefined) return 'succeeded';
	if (status === 'crashed') return 'brokeOff';
	if (status === 'canceled') return cutShort(resultData.error).how;
	// What n8n says of an execution that it lost, as with the worker that ran it: not even the trigger is in it.
	return elsewhere || Object.keys(resultData.runData).length > 0 ? 'failed' : 'brokeOff';
}

/**
 * One that takes longer than it may has failed; all else that ends one from outside says nothing about the workflow.
 */
const cutShort = (error: unknown): End => ({
	how: (error as { reason?: unknown } | undefined)?.reason === 'timeout' ? 'failed' : 'brokeOff',
	elsewhere: false,
});

/**
 * The end of an execution that has waited. n8n reported its end before, and of this one only that there is nobody
 * left to answer the trigger: with an empty answer. Workers do that at each step, which says nothing. Never settles if
 * n8n does not tell.
 */
async function endAfterWait(end: Promise<End>, answered: Promise<IExecuteResponsePromiseData>): Promise<End> {
	let waits = false;
	void end.then(({ how, elsewhere }) => (waits = how === 'waits' && !elsewhere));
	return await new Promise((resolve) => {
		answered.then(
			(answer) => {
				if (waits && Object.keys(answer).length === 0) resolve({ how: 'over', elsewhere: false });
			},
			(error: unknown) => {
				if (waits) resolve(cutShort(error));
			},
		);
	});
}

/** What becomes of messages whose execution has ended. open: only an Acknowledge operation can tell. */
function verdictOn({ how, elsewhere }: End, acknowledge: string): 'done' | 'again' | 'open' {
	if (how === 'brokeOff') return 'again';
	// A worker acknowledges without this process hearing of it.
	if (acknowledge === ACKNOWLEDGE_LATER) return how === 'succeeded' && elsewhere ? 'done' : 'again';
	if (acknowledge === 'executionFinishes' || how === 'succeeded') return 'done';
	return how === 'over' ? 'open' : 'again';
}

/** A cron expression can only keep to some numbers of seconds; the rest is counted. */
const ticksFor = (every: number) => (every % 5 === 0 ? '*/5 * * * * *' : '* * * * * *');

const pauseAfter = (failures: number) =>
	doubling(failures, { firstMs: SHORTEST_PAUSE_MS, longestMs: LONGEST_PAUSE_MS });

/** Messages that no longer hold up the others; the error keeps them, so that they can be processed by hand. */
function setAside({ events, attempt }: Batch, node: INode): NodeOperationError {
	const error = new NodeOperationError(
		node,
		`${events.length} ${events.length === 1 ? 'message was' : 'messages were'} set aside: the workflow failed with them ${attempt === 1 ? 'once' : `${attempt} times`}.`,
		{
			description:
				'They have been acknowledged and do not come again. This error contains them; process them by hand.',
		},
	);
	error.context.data = { messages: events as unknown as IDataObject[] };
	return error;
}
