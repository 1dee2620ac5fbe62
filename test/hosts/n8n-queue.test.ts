/** Ctrack's queue in the real n8n: each message is acknowledged as the user has chosen, whatever the workflow does. */
import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import type { WorkflowNode } from './n8n';
import { queueInN8n, SOON } from './n8n-queue';
import { until } from './process';

const queue = queueInN8n();
const END: WorkflowNode = { name: 'End', type: 'n8n-nodes-base.noOp' };

test('each message once and in order, and none is missing after a kill', async () => {
	await queue.publish({}, END);
	queue.simulator.advance(600_000);
	await queue.acknowledged(60);
	expect(queue.repeated()).toBe(0);
	const times = queue.messages().map(({ time }) => time);
	expect(times).toEqual([...times].sort());
	await queue.n8n.end('kill');
	queue.simulator.advance(600_000);
	const before = queue.acknowledgedCount();
	await queue.n8n.start();
	await queue.acknowledged(before + 60);
	await queue.n8n.deactivate(queue.workflow);
	// What was acknowledged, an execution had succeeded with; the batch that was under way when n8n was killed came
	// again.
	const succeeded = queue.n8n
		.deliveries(queue.workflow.id)
		.filter(({ status }) => status === 'success')
		.flatMap(({ items }) => items.map(({ json }) => String(json.id)));
	expect(new Set(succeeded).size).toBeGreaterThanOrEqual(queue.acknowledgedCount());
	expect(queue.repeated()).toBeLessThanOrEqual(20);
});

test('a batch with which the workflow fails comes again, and is set aside after its tries', async () => {
	await queue.publish(
		{ options: { attempts: 2, maxMessages: 10 } },
		{ name: 'Fail', type: 'n8n-nodes-base.stopAndError', parameters: { errorMessage: 'It failed' } },
	);
	queue.simulator.advance(120_000);
	await queue.acknowledged(1);
	await queue.n8n.deactivate(queue.workflow);
	const batches = queue.n8n
		.deliveries(queue.workflow.id)
		.filter(({ items }) => items.length > 0)
		.map(({ items }) => items.map(({ json }) => json.id));
	expect(batches[1]).toEqual(batches[0]);
	const failures = await Promise.all(
		(await queue.n8n.executions(queue.workflow.id)).map(
			async ({ id }) => (await queue.n8n.execution(id)).error?.message,
		),
	);
	// As many as there were when the queue was read first.
	const count = batches[0]!.length;
	expect(failures).toContain(
		`${count} ${count === 1 ? 'message was' : 'messages were'} set aside: the workflow failed with them 2 times.`,
	);
});

test('an Acknowledge operation later in the workflow', async () => {
	await queue.publish(
		{ acknowledge: 'laterMessageNode' },
		{
			name: 'Acknowledge',
			type: 'n8n-nodes-fleetwire.ctrack',
			parameters: {
				resource: 'queue',
				operation: 'acknowledge',
				queue: 'positions',
				deliveryTags: '={{ $json.deliveryTag }}',
			},
			credentials: queue.account(),
		},
	);
	queue.simulator.advance(300_000);
	await queue.acknowledged(40);
	await queue.n8n.deactivate(queue.workflow);
	expect(queue.repeated()).toBe(0);
	const last = (await queue.n8n.executions(queue.workflow.id)).at(-1)!;
	expect((await queue.n8n.waitForExecution(last.id)).data.Acknowledge?.at(-1)).toMatchObject({
		outcome: 'confirmed',
	});
});

test('immediately, and when the execution finishes', async () => {
	for (const acknowledge of ['immediately', 'executionFinishes']) {
		await queue.publish(
			{ acknowledge },
			{ name: 'Fail', type: 'n8n-nodes-base.stopAndError', parameters: { errorMessage: 'It failed' } },
		);
		const before = queue.acknowledgedCount();
		queue.simulator.advance(120_000);
		await queue.acknowledged(before + 20);
		await queue.n8n.deactivate(queue.workflow);
		expect(queue.repeated()).toBe(0);
	}
});

test.each([
	['executionFinishes', 'stopped by hand', 'again'],
	['executionFinishesSuccessfully', 'stopped by hand', 'again'],
	['executionFinishes', 'out of time', 'acknowledged'],
	['executionFinishesSuccessfully', 'out of time', 'again'],
])('%s, %s: %s', async (acknowledge, how, came) => {
	// n8n keeps waits this short in memory: it runs.
	await queue.publish(
		{ acknowledge, options: { maxMessages: 10 } },
		{
			name: 'Long',
			type: 'n8n-nodes-base.wait',
			typeVersion: 1.1,
			parameters: { resume: 'timeInterval', amount: 60, unit: 'seconds' },
		},
	);
	if (how === 'out of time') {
		await queue.n8n.deactivate(queue.workflow);
		await queue.n8n.updateWorkflow(queue.workflow.id, { settings: { executionOrder: 'v1', executionTimeout: 2 } });
		await queue.n8n.activate(queue.workflow);
	}
	queue.simulator.advance(300_000);
	const [first] = await until(
		'an execution',
		() => queue.batches().some(({ status }) => status === 'running') && queue.batches(),
		SOON,
	);
	if (how === 'stopped by hand') await queue.n8n.stopExecution(first!.id);
	await until('the next execution', () => queue.batches().length > 1, SOON);
	const [one, two] = queue.batches();
	expect([isDeepStrictEqual(one?.ids, two?.ids) ? 'again' : 'acknowledged', queue.acknowledgedCount()]).toEqual([
		came,
		came === 'again' ? 0 : first!.ids.length,
	]);
	for (const { id, status } of queue.batches()) if (status === 'running') await queue.n8n.stopExecution(id);
});

test.each(['continueErrorOutput', 'continueRegularOutput'])(
	'a node that fails and goes on (%s) is a success',
	async (onError) => {
		await queue.publish(
			{ options: { maxMessages: 10 } },
			{
				name: 'Nowhere',
				type: 'n8n-nodes-base.httpRequest',
				typeVersion: 4.2,
				onError,
				executeOnce: true,
				parameters: { url: 'http://127.0.0.1:1/', options: {} },
			},
		);
		queue.simulator.advance(120_000);
		await queue.acknowledged(10);
	},
);

test('a trial shows messages and leaves them in the queue', async () => {
	await queue.publish({}, END);
	await queue.n8n.deactivate(queue.workflow);
	queue.simulator.advance(120_000);
	const before = queue.acknowledgedCount();
	const execution = await queue.n8n.runWorkflow(queue.workflow, { from: 'Queue' });
	expect(execution).toMatchObject({ status: 'success' });
	expect(execution.data.Queue!.length).toBeGreaterThan(0);
	expect(queue.acknowledgedCount()).toBe(before);
});
