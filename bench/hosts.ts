/**
 * The same work in real hosts: a flow with Fleetwire beside the one that a user would build without it, both in
 * bench/flows/.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NODE_RED_VERSIONS } from '../test/hosts/install';
import { startN8n, type N8n, type WorkflowDefinition } from '../test/hosts/n8n';
import { startNodeRed, type FlowNode, type NodeRed } from '../test/hosts/node-red';
import { until } from '../test/hosts/process';
import { ratioOf, sideBySide, type Measured, type Result } from './measure';
import { tarball } from './packages';
import { PAGE, startVendor, type Vendor } from './vendor';

const RUNS = 7;
const POINTS = 100 * PAGE;
const DEVICES = 10_000;
const BURST = 1400;

const flowOf = <T>(name: string) => JSON.parse(readFileSync(join(__dirname, 'flows', `${name}.json`), 'utf8')) as T;
/** Its records, and in what order they come, reduced to what both flows give. */
type Flow = { run: () => Promise<Measured>; records: () => Promise<Record<string, unknown>[]> };

/** @param most of the time that the flow by hand takes */
async function compared(
	name: string,
	against: string,
	most: number,
	count: number,
	[ours, byHand]: [Flow, Flow],
	runs = RUNS,
): Promise<Result[]> {
	const [own, other] = [await ours.records(), await byHand.records()];
	if (own.length !== count || other.length !== count)
		throw new Error(`${name}: ${String(own.length)} and ${String(other.length)} records, not ${String(count)}`);
	for (const [place, record] of other.entries()) {
		for (const [key, value] of Object.entries(record)) {
			if (own[place]?.[key] !== value)
				throw new Error(
					`${name}: record ${String(place)} differs in ${key}: ${String(own[place]?.[key])}, by hand ${String(value)}`,
				);
		}
	}
	const result = await sideBySide(
		runs,
		() => ours.run(),
		() => byHand.run(),
	);
	return [ratioOf(name, result.ours.ms, 'ms', against, result.theirs.ms, most)];
}

/**
 * Counts time in the flow, from the inject node to the debug node, and hands a probe what came, the records only if
 * asked to.
 */
const STOPWATCH = `const ms = Date.now() - msg.startedAt;
node.send([null, { payload: { ms, records: flow.get('checked') ? undefined : msg.payload } }]);
flow.set('checked', true);
return [msg, null];`;

class NodeRedFlow implements Flow {
	private constructor(
		private readonly nodeRed: NodeRed,
		private readonly start: string,
		private readonly probe: string,
	) {}

	/** What is to be deployed of a flow file, and the flow in it. */
	static of(nodeRed: NodeRed, name: string, vendor: Vendor): { nodes: FlowNode[]; flow: NodeRedFlow } {
		const nodes = flowOf<FlowNode[]>(name);
		const id = (part: string) => `${name}-${part}`;
		const z = nodes.find(({ type }) => type === 'tab')?.id ?? '';
		const debug = nodes.find(({ type }) => type === 'debug')?.id ?? '';
		const watched = nodes.map((node) => ({
			...node,
			...(node.env === undefined ? {} : { env: [{ name: 'VENDOR', value: vendor.url, type: 'str' }] }),
			...(node.type === 'fleetwire-trackceo-account' ? { baseUrl: vendor.url } : {}),
			...(node.wires === undefined
				? {}
				: { wires: node.wires.map((wires) => wires.map((to) => (to === debug ? id('stopwatch') : to))) }),
		}));
		const stopwatch = {
			id: id('stopwatch'),
			type: 'function',
			z,
			name: '',
			func: STOPWATCH,
			outputs: 2,
			timeout: 0,
			noerr: 0,
			initialize: '',
			finalize: '',
			libs: [],
			x: 0,
			y: 0,
			wires: [[debug], [id('probe')]],
		};
		const probe = { id: id('probe'), type: 'test-probe', z, x: 0, y: 0, wires: [] };
		return {
			nodes: [...watched, stopwatch, probe],
			flow: new NodeRedFlow(nodeRed, nodes.find(({ type }) => type === 'inject')?.id ?? '', probe.id),
		};
	}

	async run(): Promise<Measured> {
		return { ms: (await this.once()).ms, cpuMs: 0 };
	}

	async records(): Promise<Record<string, unknown>[]> {
		return (await this.once()).records ?? [];
	}

	private async once() {
		const after = await this.nodeRed.mark();
		await this.nodeRed.inject(this.start);
		const [found] = await this.nodeRed.collect((all) => all.length > 0, {
			after,
			probe: this.probe,
			timeoutMs: 60_000,
		});
		return found?.msg.payload as { ms: number; records?: Record<string, unknown>[] };
	}
}

type Pair = [ours: NodeRedFlow, byHand: NodeRedFlow];

/** Compares the flow in a file with the one that a user would build. */
async function inNodeRed(
	file: string,
	points: number,
	compare: (flows: Pair, vendor: Vendor) => Promise<Result[]>,
): Promise<Result[]> {
	const vendor = await startVendor(points);
	const nodeRed = await startNodeRed({ version: NODE_RED_VERSIONS[0] ?? '5.0.7', packages: [tarball('node-red')] });
	try {
		const [ours, byHand] = [
			NodeRedFlow.of(nodeRed, file, vendor),
			NodeRedFlow.of(nodeRed, `${file}-by-hand`, vendor),
		];
		await nodeRed.deploy([...ours.nodes, ...byHand.nodes], {
			credentials: { 'bench-account': { secret: 'bench-secret' } },
		});
		return await compare([ours.flow, byHand.flow], vendor);
	} finally {
		await nodeRed.stop();
		await vendor.close();
	}
}

const LOOP = 'http request + function + loop wires';
export const nodeRedPlayback = () =>
	inNodeRed('node-red-playback', POINTS, (flows) => compared('nodered-playback', LOOP, 0.5, POINTS, flows));
export const nodeRedFleet = () =>
	inNodeRed('node-red-fleet', 0, (flows) => compared('nodered-fleet', LOOP, 0.8, DEVICES, flows));

const LIMITED = 'delay + http request + function, at the same limit';
/** Messages at once, each about one device: the time, and the requests that they take. */
export const nodeRedBurst = () =>
	inNodeRed('node-red-burst', 0, async (flows, vendor) => {
		const times = await compared('nodered-burst', LIMITED, 0.1, BURST, flows, 1);
		const requests: number[] = [];
		for (const flow of flows) {
			await vendor.requests();
			await flow.run();
			requests.push(await vendor.requests());
		}
		const [own = NaN, other = NaN] = requests;
		return [...times, ratioOf('nodered-burst-requests', own, 'requests', LIMITED, other, 0.1)];
	});

/** A workflow that is called from outside: its time is that of the whole execution, and nothing is stored or shown. */
class N8nWorkflow implements Flow {
	private constructor(
		private readonly n8n: N8n,
		private readonly paths: { timed: string; checked: string },
		private readonly flatten: (json: Record<string, unknown>) => Record<string, unknown>[],
	) {}

	static async of(
		n8n: N8n,
		name: string,
		vendor: Vendor,
		credential: { id: string; name: string },
		flatten: (json: Record<string, unknown>) => Record<string, unknown>[] = (json) => [json],
	): Promise<N8nWorkflow> {
		const definition = flowOf<WorkflowDefinition>(name);
		const address = definition.nodes.some((node) => JSON.stringify(node).includes(FLOW_VENDOR))
			? FLOW_VENDOR
			: undefined;
		const paths = { timed: `${name}-timed`, checked: `${name}-checked` };
		for (const [how, path] of Object.entries(paths)) {
			const nodes = definition.nodes.map((node) => ({
				...node,
				...(node.name === 'Start'
					? {
							type: 'n8n-nodes-base.webhook',
							typeVersion: 2,
							webhookId: path,
							parameters: {
								path,
								responseMode: 'lastNode',
								responseData: how === 'timed' ? 'noData' : 'allEntries',
								options: {},
							},
						}
					: {}),
				...(node.credentials === undefined ? {} : { credentials: { trackCeoApi: credential } }),
				...(address === undefined || node.name === 'Start'
					? {}
					: {
							parameters: JSON.parse(
								JSON.stringify(node.parameters).replaceAll(address, vendor.url),
							) as Record<string, unknown>,
						}),
			}));
			const workflow = await n8n.createWorkflow({
				...definition,
				nodes,
				settings: { ...definition.settings, saveDataSuccessExecution: 'none', saveDataErrorExecution: 'all' },
			});
			await n8n.activate(workflow);
		}
		return new N8nWorkflow(n8n, paths, flatten);
	}

	async run(): Promise<Measured> {
		// 10,000 requests at once keep n8n from answering its database for a while.
		await until('n8n to be ready', async () => (await fetch(`${this.n8n.url}/healthz/readiness`)).ok, {
			timeoutMs: 60_000,
		});
		const start = performance.now();
		await (await this.call(this.paths.timed)).arrayBuffer();
		return { ms: performance.now() - start, cpuMs: 0 };
	}

	async records(): Promise<Record<string, unknown>[]> {
		return ((await (await this.call(this.paths.checked)).json()) as Record<string, unknown>[]).flatMap(
			this.flatten,
		);
	}

	private async call(path: string): Promise<Response> {
		const answer = await fetch(`${this.n8n.url}/webhook/${path}`);
		if (!answer.ok)
			throw new Error(
				`${path}: HTTP ${String(answer.status)} ${await answer.text()}\n${this.n8n.logs().slice(-2000)}`,
			);
		return answer;
	}
}

/** Where the flows in bench/flows/ look for the vendor. */
const FLOW_VENDOR = 'http://127.0.0.1:4010';

/** What an item of the flow by hand holds, as the records that are compared. */
const imeisOf = ({ record }: Record<string, unknown>) =>
	(record as { imei: string; latitude: number }[]).map(({ imei, latitude }) => ({ deviceId: imei, latitude }));

async function inN8n(
	name: string,
	file: string,
	against: string,
	points: number,
	count: number,
	most: number,
	flatten?: typeof imeisOf,
): Promise<Result[]> {
	const vendor = await startVendor(points);
	const n8n = await startN8n({ packages: [tarball('n8n')], env: { N8N_PAYLOAD_SIZE_MAX: '256' } });
	try {
		const data = {
			baseUrl: vendor.url,
			account: 'bench',
			secretType: 'password',
			secret: 'bench-secret',
			allowCommands: false,
			rateLimit: 60_000,
			allowPrivateAddresses: true,
		};
		const { id } = await n8n.createCredential({ name: 'Benchmark', type: 'trackCeoApi', data });
		const credential = { id, name: 'Benchmark' };
		const ours = await N8nWorkflow.of(n8n, file, vendor, credential);
		const byHand = await N8nWorkflow.of(n8n, `${file}-by-hand`, vendor, credential, flatten);
		return await compared(name, against, most, count, [ours, byHand]);
	} finally {
		await n8n.stop();
		await vendor.close();
	}
}

const PAGED = 'HTTP Request with pagination + Code';
export const n8nPlayback = () => inN8n('n8n-playback', 'n8n-playback', PAGED, POINTS, POINTS, 0.5);
export const n8nFleet = () =>
	inN8n('n8n-fleet', 'n8n-fleet', 'Loop Over Items by 4 + HTTP Request + Code', 0, DEVICES, 0.8);
export const n8nItems = () =>
	inN8n('n8n-items', 'n8n-items', 'HTTP Request, same expression', 0, DEVICES, 0.3, imeisOf);
