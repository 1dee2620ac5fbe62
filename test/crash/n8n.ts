/** A trigger in the real n8n. Delivered is what is in an execution in its database. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DURABLE_CURSORS, everySeconds, startN8n, type Json, type N8n, type Workflow } from '../hosts/n8n';
import { temporaryFolder, removeFolder, until } from '../hosts/process';
import { LOOK_BACK_MINUTES, type Subject } from './subjects';
import type { Delivery } from './tally';
import type { Target } from './target';

type Arm = (turn: number) => {
	point: 'request' | 'page' | 'answer' | 'polled' | 'write' | 'commit' | 'committed';
	match: string;
	count?: number;
};

const EXECUTION = 'INSERT INTO "execution_data"';
const STATIC_DATA = 'UPDATE "workflow_entity" SET "staticData"';
const CURSOR = '"poller_state"';

/**
 * No point of its work: it has activated the workflow, when it was published or when n8n started, and whatever it is
 * about is over.
 */
export const AT_ONCE = 'right after the activation';

const alarms: Record<string, Arm> = {
	'before the request': (turn) => ({ point: 'request', match: '/api/alarm/list', count: 1 + (turn % 3) }),
	'between pages': () => ({ point: 'page', match: '/api/alarm/list' }),
	'before emit': () => ({ point: 'polled', match: 'Trigger' }),
};

/** In default mode n8n stores where a trigger stands, and makes the execution, one beside the other. */
const POINTS: Readonly<Record<'default' | 'durable' | 'queue', Record<string, Arm>>> = {
	default: {
		...alarms,
		'after emit': () => ({ point: 'committed', match: EXECUTION }),
		'before the checkpoint': () => ({ point: 'commit', match: STATIC_DATA }),
		'after the checkpoint': () => ({ point: 'committed', match: STATIC_DATA }),
	},
	durable: {
		...alarms,
		'after emit': () => ({ point: 'write', match: CURSOR }),
		'before the checkpoint': () => ({ point: 'commit', match: CURSOR }),
		'after the checkpoint': () => ({ point: 'committed', match: CURSOR }),
	},
	queue: {
		'before the request': () => ({ point: 'request', match: '/GetPositions' }),
		'after the answer': () => ({ point: 'answer', match: '/GetPositions' }),
		'before emit': () => ({ point: 'commit', match: EXECUTION }),
		'after emit': () => ({ point: 'committed', match: EXECUTION }),
		'before the acknowledgement': () => ({ point: 'request', match: '/Ack' }),
		'after the acknowledgement': () => ({ point: 'answer', match: '/Ack' }),
	},
};

const NODES: Readonly<Record<Subject['kind'], { credential: string; type: string; parameters: Json }>> = {
	alarms: {
		credential: 'trackCeoApi',
		type: 'n8n-nodes-fleetwire.trackCeoTrigger',
		parameters: {
			pollTimes: everySeconds(2),
			event: 'newAlarm',
			devices: { __rl: true, mode: 'list', value: '*' },
			firstRun: 'nothing',
			options: { lookBack: LOOK_BACK_MINUTES },
		},
	},
	queue: {
		credential: 'ctrackApi',
		type: 'n8n-nodes-fleetwire.ctrackQueueTrigger',
		parameters: {
			queue: 'positions',
			acknowledge: 'executionFinishesSuccessfully',
			options: { every: 5, maxMessages: 30 },
		},
	},
};

export class N8nTarget implements Target {
	readonly points: readonly string[];
	readonly again: 0 | 1;
	private life = 0;
	private lastExecution = 0;
	private readonly delivered: Delivery[] = [];

	private constructor(
		readonly subject: Subject,
		private readonly mode: 'default' | 'durable',
		private readonly n8n: N8n,
		private readonly workflow: Workflow,
		private readonly folder: string,
	) {
		this.points = [AT_ONCE, ...Object.keys(this.arms)];
		this.again = mode === 'durable' && subject.kind === 'alarms' ? 0 : 1;
	}

	/** @param changes laid over the trigger node's parameters */
	static async start(
		subject: Subject,
		{ packages, mode = 'default' }: { packages: string[]; mode?: 'default' | 'durable' },
		changes: Json = {},
	): Promise<N8nTarget> {
		const { credential: credentialType, type, parameters } = NODES[subject.kind];
		const folder = temporaryFolder('n8n-kill');
		const env = {
			NODE_OPTIONS: `--require ${join(__dirname, 'n8n-kill.cjs')}`,
			FLEETWIRE_KILL: join(folder, 'kill.json'),
			...(mode === 'durable' ? DURABLE_CURSORS : {}),
		};
		const n8n = await startN8n({ packages, env, editor: false });
		try {
			const credential = await n8n.createCredential({
				name: 'vendor',
				type: credentialType,
				data: { allowCommands: false, rateLimit: 60_000, allowPrivateAddresses: true, ...subject.account },
			});
			const workflow = await n8n.createWorkflow({
				nodes: [
					{
						name: 'Vendor',
						type,
						parameters: { ...parameters, ...changes },
						credentials: { [credentialType]: { id: credential.id, name: credential.name } },
					},
					{ name: 'End', type: 'n8n-nodes-base.noOp' },
				],
			});
			await n8n.activate(workflow);
			return new N8nTarget(subject, mode, n8n, workflow, folder);
		} catch (error) {
			await n8n.stop();
			throw error;
		}
	}

	/** The workflow was published. */
	async begun(): Promise<void> {
		await Promise.resolve();
	}

	private get arms(): Record<string, Arm> {
		return POINTS[this.subject.kind === 'queue' ? 'queue' : this.mode];
	}

	/**
	 * Killed while it activates a workflow, n8n leaves it alone for minutes: another process might be at it. So a start
	 * is over when that has ended.
	 */
	async start(): Promise<void> {
		const { looks } = this.subject;
		const before = looks();
		await this.n8n.start();
		await until('the workflow to be active', () => looks() > before && this.activations() === 0, {
			timeoutMs: 120_000,
			everyMs: 100,
		});
	}

	/** Activations that n8n has noted down and not ended. */
	private activations(): number {
		const database = new DatabaseSync(join(this.n8n.userFolder, '.n8n', 'database.sqlite'), { timeout: 5_000 });
		try {
			return Number(
				database
					.prepare(
						`SELECT count(*) AS count FROM workflow_publication_outbox WHERE status IN ('pending', 'in_progress')`,
					)
					.get()?.count,
			);
		} finally {
			database.close();
		}
	}

	async kill(point: string, turn: number): Promise<void> {
		if (point !== AT_ONCE) await this.endsAt(point, turn);
		const exit = await this.n8n.end('kill');
		if (exit?.signal !== 'SIGKILL')
			throw new Error(`n8n ended with ${JSON.stringify(exit)}\n${this.logs().slice(-4_000)}`);
		// Before n8n starts again: it then changes the data of executions that had not ended.
		this.readDeliveries();
		this.life += 1;
		// By it, n8n knows that it crashed, and waits for ten seconds.
		rmSync(join(this.n8n.userFolder, '.n8n', 'crash.journal'), { force: true });
	}

	private async endsAt(point: string, turn: number): Promise<void> {
		const file = join(this.folder, 'kill.json');
		writeFileSync(file, JSON.stringify({ count: 1, ...this.arms[point]!(turn), life: this.life }));
		await until(`n8n to end at "${point}"`, () => !this.n8n.running, { timeoutMs: 90_000 }).catch(
			(error: unknown) => {
				throw new Error(`${String(error)}\n--- log ---\n${this.logs().slice(-4_000)}`);
			},
		);
		rmSync(file);
	}

	/** It polls every two seconds. */
	async nudge(): Promise<void> {
		await Promise.resolve();
	}

	private readDeliveries(): void {
		for (const { id, items } of this.n8n.deliveries(this.workflow.id, { after: this.lastExecution })) {
			this.lastExecution = Number(id);
			// A poll that failed is an execution, too, with an empty item.
			const events = items.filter(({ json }) => 'event' in json);
			this.delivered.push({ life: this.life, names: events.map(({ json }) => this.subject.nameOf(json)) });
		}
	}

	async deliveries(): Promise<Delivery[]> {
		await Promise.resolve();
		this.readDeliveries();
		return this.delivered;
	}

	logs(): string {
		return this.n8n.logs();
	}

	async stop(): Promise<void> {
		await this.n8n.stop();
		await removeFolder(this.folder);
	}
}
