/** Ctrack's queue in the real n8n: an execution that waits has not ended. */
import { expect, test } from 'vitest';
import type { Json, WorkflowNode } from './n8n';
import { queueInN8n, SOON } from './n8n-queue';
import { until } from './process';

const queue = queueInN8n();

const wait = (parameters: Json): WorkflowNode => ({
	name: 'Pause',
	type: 'n8n-nodes-base.wait',
	typeVersion: 1.1,
	parameters,
});
const hour = wait({ resume: 'timeInterval', amount: 1, unit: 'hours' });
const call = wait({ resume: 'webhook', httpMethod: 'GET', options: {} });
const sub: WorkflowNode = {
	name: 'Pause',
	type: 'n8n-nodes-base.executeWorkflow',
	typeVersion: 1.2,
	parameters: {
		source: 'parameter',
		workflowJson: JSON.stringify({
			nodes: [
				{
					id: 'a',
					name: 'Begin',
					type: 'n8n-nodes-base.executeWorkflowTrigger',
					typeVersion: 1.1,
					position: [0, 0],
					parameters: { inputSource: 'passthrough' },
				},
				{
					id: 'b',
					name: 'Wait',
					type: 'n8n-nodes-base.wait',
					typeVersion: 1.1,
					position: [200, 0],
					parameters: { resume: 'timeInterval', amount: 1, unit: 'hours' },
				},
			],
			connections: { Begin: { main: [[{ node: 'Wait', type: 'main', index: 0 }]] } },
		}),
		options: { waitForSubWorkflow: true },
	},
};
const FAIL: WorkflowNode = {
	name: 'Fail',
	type: 'n8n-nodes-base.stopAndError',
	parameters: { errorMessage: 'It failed' },
};

const state = () => ({ given: queue.batches(), acknowledged: queue.acknowledgedCount() });

/** An execution that waits, and how many messages it was given: what there was when the queue was read. */
async function waiting(acknowledge: string, ...nodes: WorkflowNode[]): Promise<{ id: string; count: number }> {
	await queue.publish({ acknowledge, options: { maxMessages: 10 } }, ...nodes);
	queue.simulator.advance(300_000);
	const [first] = await until(
		'an execution to wait',
		() => state().given.some(({ status }) => status === 'waiting') && state().given,
		SOON,
	);
	return { id: first!.id, count: first!.ids.length };
}

/** Over two looks at the queue. */
async function stands(): Promise<void> {
	await new Promise((resolve) => setTimeout(resolve, 11_000));
	expect(state()).toMatchObject({ given: [{ status: 'waiting' }], acknowledged: 0 });
}

/** Calls what the Wait node waits for. */
async function goOn(id: string): Promise<void> {
	const { raw } = await queue.n8n.execution(id);
	const { runData } = raw.resultData as { runData: Record<string, { metadata?: { resumeUrl?: string } }[]> };
	const url = new URL(runData.Pause?.at(-1)?.metadata?.resumeUrl ?? expect.fail('no address to go on'));
	const answer = await fetch(`${queue.n8n.url}${url.pathname}${url.search}`);
	expect(answer.status).toBe(200);
	await queue.n8n.waitForExecution(id);
}

const reports = async () =>
	(
		await Promise.all(
			(await queue.n8n.executions(queue.workflow.id)).map(
				async ({ id }) => (await queue.n8n.execution(id)).error?.message ?? '',
			),
		)
	).filter((message) => message.startsWith('An execution waits'));

/** The same messages are given a second time, and none was acknowledged. */
async function comeAgain(): Promise<void> {
	await until('the messages to come again', () => state().given.length > 1, SOON);
	const {
		given: [first, second],
		acknowledged,
	} = state();
	expect(acknowledged).toBe(0);
	expect(second?.ids).toEqual(first?.ids);
}

test.each([
	['Wait, an hour', 'executionFinishes', hour],
	['Wait, an hour', 'executionFinishesSuccessfully', hour],
	['a sub-workflow that waits', 'executionFinishes', sub],
	['a sub-workflow that waits', 'executionFinishesSuccessfully', sub],
	['Wait, an hour', 'laterMessageNode', hour],
])('%s, %s: nothing is acknowledged; stopped by hand, the messages come again', async (_, acknowledge, node) => {
	const { id } = await waiting(acknowledge, node, FAIL);
	await stands();
	if (acknowledge === 'executionFinishesSuccessfully')
		await until('its report', async () => (await reports()).length > 0, SOON);
	expect(await reports()).toHaveLength(acknowledge === 'executionFinishesSuccessfully' ? 1 : 0);
	await queue.n8n.stopExecution(id);
	await comeAgain();
});

test('it goes on and fails: acknowledged when the execution finishes', async () => {
	const { id, count } = await waiting('executionFinishes', call, FAIL);
	await stands();
	await goOn(id);
	await queue.acknowledged(count);
});

test('it goes on and fails: not acknowledged when the execution succeeds', async () => {
	const { id } = await waiting('executionFinishesSuccessfully', call, FAIL);
	await goOn(id);
	await new Promise((resolve) => setTimeout(resolve, 11_000));
	expect(state()).toMatchObject({ given: [{ status: 'error' }], acknowledged: 0 });
});

test('it goes on and fails before it acknowledges: the messages come again', async () => {
	const { id } = await waiting('laterMessageNode', call, FAIL);
	await goOn(id);
	await comeAgain();
});

test('it acknowledges after the wait', async () => {
	const ack: WorkflowNode = {
		name: 'Acknowledge',
		type: 'n8n-nodes-fleetwire.ctrack',
		parameters: {
			resource: 'queue',
			operation: 'acknowledge',
			queue: 'positions',
			deliveryTags: '={{ $("Queue").all().map((item) => item.json.deliveryTag).join() }}',
		},
		executeOnce: true,
		credentials: queue.account(),
	};
	const { id, count } = await waiting('laterMessageNode', call, ack);
	await stands();
	await goOn(id);
	await queue.acknowledged(count);
	await until('the next messages', () => state().given.length > 1, SOON);
});
