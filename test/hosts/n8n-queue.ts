/** Ctrack's queue, read by a trigger in the real n8n: for the test file that asks for it. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { startCtrack, type CtrackSimulator } from '../../simulators/ctrack';
import { startN8n, type Credential, type Json, type N8n, type Workflow, type WorkflowNode } from './n8n';
import { until } from './process';
import { kitOf, NOW } from './vendor';

const ARTIFACTS = join(__dirname, '..', '..', 'artifacts');
const tarball = join(ARTIFACTS, readdirSync(ARTIFACTS).find((name) => name.startsWith('n8n-nodes-fleetwire-')) ?? '');

/** What n8n may take to read the queue again. */
export const SOON = { timeoutMs: 60_000, everyMs: 200 };

interface Given {
	/** Of the execution. */
	id: string;
	status: string;
	/** Of its messages. */
	ids: unknown[];
}

export interface QueueInN8n {
	readonly n8n: N8n;
	readonly simulator: CtrackSimulator;
	readonly workflow: Workflow;
	account(): Record<string, { id: string; name: string }>;
	/** Of the vendor: how many messages it has been told are done. */
	acknowledgedCount(): number;
	/** All that were given, in order. */
	messages(): { id: string; time: string }[];
	/** How many were given again, as one read of the database tells: n8n goes on. */
	repeated(): number;
	/** The executions that were given messages, in one read of the database; what the trigger reported is none. */
	batches(): Given[];
	publish(parameters: Json, ...after: WorkflowNode[]): Promise<void>;
	acknowledged(count: number): Promise<void>;
}

/** Starts n8n once, and a vendor with an account for each test. */
export function queueInN8n(): QueueInN8n {
	let n8n: N8n;
	let simulator: CtrackSimulator;
	let credential: Credential;
	let workflow: Workflow;

	beforeAll(async () => {
		n8n = await startN8n({ packages: [tarball], editor: false });
	});
	afterAll(async () => {
		await n8n?.stop();
	});
	beforeEach(async () => {
		// From a time of day at which its vehicles drive: parked ones have little to tell.
		const begun = Date.now();
		simulator = await startCtrack({
			fleetSize: 3,
			queueIntervalSeconds: 10,
			clock: () => NOW + Date.now() - begun,
		});
		credential = await n8n.createCredential({
			name: 'queue',
			type: 'ctrackApi',
			data: {
				...kitOf('ctrack').settings,
				baseUrl: simulator.url,
				rateLimit: 60_000,
				allowCommands: false,
				allowPrivateAddresses: true,
			},
		});
	});
	afterEach(async () => {
		if (workflow !== undefined) await n8n.deactivate(workflow).catch(() => undefined);
		await simulator.close();
	});

	const account = () => ({ ctrackApi: { id: credential.id, name: credential.name } });
	const acknowledgedCount = () => simulator.queues().find(({ type }) => type === 'Positions')!.acknowledged;
	const messages = () =>
		n8n
			.deliveries(workflow.id)
			.flatMap(({ items }) => items.map(({ json }) => json as { id: string; time: string }));
	const ids = () => messages().map(({ id }) => id);
	function repeated(): number {
		const all = ids();
		return all.length - new Set(all).size;
	}

	const batches = () =>
		n8n
			.deliveries(workflow.id)
			.map(({ id, status, items }) => ({ id, status, ids: items.map(({ json }) => json.id) }))
			.filter(({ ids: [first] }) => first !== undefined);

	async function publish({ options, ...parameters }: Json, ...after: WorkflowNode[]): Promise<void> {
		workflow = await n8n.createWorkflow({
			nodes: [
				{
					name: 'Queue',
					type: 'n8n-nodes-fleetwire.ctrackQueueTrigger',
					parameters: {
						queue: 'positions',
						options: { every: 5, maxMessages: 20, ...(options as object) },
						...parameters,
					},
					credentials: account(),
				},
				...after,
			],
		});
		await n8n.activate(workflow);
	}

	async function acknowledged(count: number): Promise<void> {
		await until(`${count} messages to be acknowledged`, () => acknowledgedCount() >= count, SOON);
	}

	return {
		get n8n() {
			return n8n;
		},
		get simulator() {
			return simulator;
		},
		get workflow() {
			return workflow;
		},
		account,
		acknowledgedCount,
		messages,
		repeated,
		batches,
		publish,
		acknowledged,
	};
}
