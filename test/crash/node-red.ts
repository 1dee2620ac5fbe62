/** A trigger in the real Node-RED. Delivered is what the next node has got: a probe writes it down at once. */
import {
	startNodeRed,
	type FlowNode,
	type KillPoint,
	type NodeRed,
	type NodeRedVersion,
	type Rig,
	type StartNodeRed,
} from '../hosts/node-red';
import { settled } from './rounds';
import { LOOK_BACK_MINUTES, type Subject } from './subjects';
import type { Delivery } from './tally';
import type { Target } from './target';

/** Where the node's state lies, as a file or in a context store, ends so. */
const STATE = 'trigger.json';

/** No point of its work: wherever it is when Node-RED has just started. */
export const AT_ONCE = 'right after the start';

type Arm = (turn: number) => [KillPoint, { match: string; count?: number }];

/** Now with the first message of a batch, now within it. */
const emitting: Record<string, Arm> = {
	'before emit': (turn) => ['send', { match: '-trigger', count: 1 + (turn % 4) * 3 }],
	'after emit': (turn) => ['sent', { match: '-trigger', count: 1 + (turn % 4) * 3 }],
};

const POINTS: Readonly<Record<Subject['kind'], Record<string, Arm>>> = {
	alarms: {
		'before the request': (turn) => ['request', { match: '/api/alarm/list', count: 1 + (turn % 3) }],
		'between pages': () => ['page', { match: '/api/alarm/list' }],
		...emitting,
		'before the checkpoint': () => ['store', { match: STATE }],
		'after the checkpoint': () => ['stored', { match: STATE }],
	},
	queue: {
		'before the request': () => ['request', { match: '/GetPositions' }],
		'after the answer': () => ['answer', { match: '/GetPositions' }],
		...emitting,
		'before the acknowledgement': () => ['request', { match: '/Ack' }],
		'after the acknowledgement': () => ['answer', { match: '/Ack' }],
	},
};

const NODES: Readonly<
	Record<Subject['kind'], { vendor: string; node: { params: object; [setting: string]: unknown } }>
> = {
	alarms: {
		vendor: 'trackceo',
		node: {
			event: 'newAlarm',
			params: {
				devices: { type: 'list', value: '*' },
				lookBack: { type: 'num', value: String(LOOK_BACK_MINUTES) },
			},
			interval: 10,
		},
	},
	queue: {
		vendor: 'ctrack',
		node: {
			event: 'queueMessage',
			params: { queue: { type: 'list', value: 'positions' }, maxMessages: { type: 'num', value: '30' } },
			interval: 15,
			acknowledge: 'sent',
		},
	},
};

const CONTEXT_STORES = {
	contextStorage: {
		default: { module: 'memory' },
		disk: { module: 'localfilesystem', config: { cache: false } },
	},
};

export class NodeRedTarget implements Target {
	readonly points: readonly string[];
	readonly again = 1;
	private readonly deaths: number[] = [];

	private constructor(
		readonly subject: Subject,
		readonly nodeRed: NodeRed,
		private readonly rig: Rig,
	) {
		this.points = [...Object.keys(POINTS[subject.kind]), AT_ONCE];
	}

	/**
	 * @param params laid over those of the trigger node
	 * @param store 'context': one of Node-RED's context stores, which writes at once
	 * @param firstEnd where it ends in its very first poll; from then on, everything has to be delivered
	 */
	static async start(
		subject: Subject,
		{
			store = 'file',
			firstEnd,
			...options
		}: {
			version: NodeRedVersion;
			packages: string[];
			store?: 'file' | 'context';
			firstEnd?: string;
		} & Partial<StartNodeRed>,
		params: Record<string, unknown> = {},
	): Promise<NodeRedTarget> {
		const { vendor, node } = NODES[subject.kind];
		const { secret, ...account } = subject.account;
		const nodeRed = await startNodeRed({ settings: CONTEXT_STORES, ...options });
		try {
			const config: FlowNode = {
				id: 'account',
				type: `fleetwire-${vendor}-account`,
				name: '',
				allowCommands: false,
				allowPrivateAddresses: true,
				rateLimit: 60_000,
				tls: '',
				proxy: '',
				version: 1,
				...account,
			};
			const trigger = {
				type: `fleetwire-${vendor}-trigger`,
				id: 'trigger',
				name: '',
				account: 'account',
				output: 'simplified',
				result: 'record',
				store: store === 'file' ? '' : 'disk',
				version: 1,
				...node,
				params: { ...node.params, ...params },
			};
			if (firstEnd !== undefined) await nodeRed.killAt(...POINTS[subject.kind][firstEnd]!(0));
			const rig = await nodeRed.rig(trigger, { others: [config], credentials: { account: { secret } } });
			const target = new NodeRedTarget(subject, nodeRed, rig);
			if (firstEnd !== undefined) {
				await target.died(() => target.nudge());
				subject.begin();
				await target.start();
			}
			return target;
		} catch (error) {
			await nodeRed.stop();
			throw error;
		}
	}

	/** It stores where it stands before the second poll. */
	async begun(): Promise<void> {
		await settled(this);
	}

	async start(): Promise<void> {
		await this.nodeRed.start();
	}

	async kill(point: string, turn: number): Promise<void> {
		if (point === AT_ONCE) return await this.end();
		const [where, options] = POINTS[this.subject.kind][point]!(turn);
		await this.nodeRed.killAt(where, options);
		await this.died(() => this.nudge());
	}

	/** Waits for the end; `until` is what brings it about. */
	private async died(bringAbout: () => Promise<void>): Promise<void> {
		const ended = this.nodeRed.died({ timeoutMs: 60_000 });
		const nudges = setInterval(() => void bringAbout(), 500);
		try {
			const exit = await ended;
			if (exit?.signal !== 'SIGKILL')
				throw new Error(`Node-RED ended with ${JSON.stringify(exit)}\n${this.logs().slice(-4_000)}`);
		} finally {
			clearInterval(nudges);
		}
		this.deaths.push(Date.now());
	}

	/** Ends it without notice wherever it is. */
	async end(): Promise<void> {
		await this.nodeRed.end('kill');
		this.deaths.push(Date.now());
	}

	async nudge(): Promise<void> {
		// It may end at any moment.
		await this.nodeRed.send(this.rig.nodeId, { payload: 'poll' }).catch(() => undefined);
	}

	async deliveries(): Promise<Delivery[]> {
		const batches = new Map<string, Delivery>();
		for (const { at, probe, msg } of await this.nodeRed.received()) {
			if (probe !== `${this.rig.nodeId}-output-0`) continue;
			const { id } = msg.parts as { id: string };
			const batch = batches.get(id) ?? { life: this.deaths.filter((death) => death < at).length, names: [] };
			batch.names.push(this.subject.nameOf(msg.payload as Record<string, unknown>));
			batches.set(id, batch);
		}
		return [...batches.values()];
	}

	logs(): string {
		return this.nodeRed.logs();
	}

	async stop(): Promise<void> {
		await this.nodeRed.stop();
	}
}
