/** The real n8n and the real Node-RED with the packages in them, asked alike. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findOperation, type Provider } from '../../core/describe/provider';
import type { AnyOperation } from '../../core/describe/operation';
import { providers } from '../../providers';
import { chunks } from '../../core/call/windows';
import { dialogOf, panelOf } from '../hosts/forms';
import { chain, startN8n, type Execution, type N8n } from '../hosts/n8n';
import { startNodeRed, type FlowNode, type NodeRed, type Received } from '../hosts/node-red';
import { removeFolder, temporaryFolder, until } from '../hosts/process';
import { kitOf } from '../hosts/vendor';

const ARTIFACTS = join(__dirname, '..', '..', 'artifacts');

/** One run of an operation, for an account of its own. */
export interface Ask {
	vendor: string;
	baseUrl: string;
	/** resource.name */
	operation: string;
	params: Readonly<Record<string, unknown>>;
	/** Settings of the account, laid over those with which it works. */
	account?: Readonly<Record<string, unknown>>;
	/** The run's Timeout, in seconds. */
	timeout?: number;
	output?: 'simplified' | 'raw';
	/** Most records that it gives. */
	limit?: number;
	/** For Node-RED's messages only. */
	result?: 'message' | 'record';
	/** Node-RED sends the records nowhere: whoever takes many keeps it from telling in time how a run ended. */
	dropped?: boolean;
}

export interface Told {
	records: object[];
	/** Everything that the user is told of a failure. */
	error?: string;
	/** All that the host shows, stores and hands on, as text. */
	everything: string;
	/** When the node ended its work, in milliseconds since 1970. */
	endedAt: number;
}

export interface Host {
	readonly name: 'n8n' | 'Node-RED';
	/** Runs them side by side; in n8n so many executions at once, with so many of them in each. */
	ask(asks: readonly Ask[], options?: { width?: number; together?: number }): Promise<Told[]>;
	readonly pid: number;
	logs(): string;
	/** What would have ended the process. */
	uncaught(): number;
}

export const providerOf = (vendor: string) => providers.find(({ name }) => name === vendor) as Provider;

export function operationOf(vendor: string, name: string): AnyOperation {
	const [resource = '', operation = ''] = name.split('.');
	const found = findOperation(providerOf(vendor), resource, operation);
	if (found === undefined) throw new Error(`${vendor} has no ${name}`);
	return found;
}

/** Settings of an account that works on the vendor's simulator. */
export const settingsOf = ({
	vendor,
	baseUrl,
	account,
}: Pick<Ask, 'vendor' | 'baseUrl' | 'account'>): Record<string, unknown> => ({
	baseUrl,
	allowCommands: true,
	allowPrivateAddresses: true,
	rateLimit: 60_000,
	...kitOf(vendor).settings,
	...account,
});

const uncaughtIn = (logs: string) =>
	logs.split('\n').filter((line) => /FLEETWIRE-UN|Uncaught Exception/.test(line)).length;

function tarball(prefix: string): string {
	const found = readdirSync(ARTIFACTS).find((name) => name.startsWith(prefix));
	if (found === undefined) throw new Error(`there is no ${prefix}*.tgz in artifacts/: run npm run pack`);
	return join(ARTIFACTS, found);
}

/** A certificate authority and a certificate for names of this machine, made for this run. */
export interface Certificates {
	authority: string;
	key: Buffer;
	cert: Buffer;
}

/** Names that the hosts' resolvers know in this run, and how they answer. */
export const NAMES = {
	'slow.vendor.test': { addresses: ['127.0.0.1'], delayMs: 3_600_000 },
	'tls.vendor.test': { addresses: ['127.0.0.1'] },
	'other.vendor.test': { addresses: ['127.0.0.1'] },
	'inner.vendor.test': { addresses: ['10.11.12.13'] },
	'metadata.vendor.test': { addresses: ['169.254.169.254'] },
	'mapped.vendor.test': { addresses: ['::ffff:169.254.169.254'] },
	'mixed.vendor.test': { addresses: ['203.0.114.1', '192.168.1.1'] },
} as const;

function makeCertificates(folder: string): Certificates {
	const openssl = (...args: string[]) => {
		const { status, stderr, error } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' });
		if (status !== 0)
			throw new Error(
				`openssl is needed for certificates that last as long as this run: ${error?.message ?? stderr}`,
			);
	};
	openssl(
		'req',
		'-x509',
		'-newkey',
		'ec',
		'-pkeyopt',
		'ec_paramgen_curve:prime256v1',
		'-nodes',
		'-days',
		'2',
		'-keyout',
		'ca.key',
		'-out',
		'ca.pem',
		'-subj',
		'/CN=Fleetwire test authority',
	);
	openssl(
		'req',
		'-newkey',
		'ec',
		'-pkeyopt',
		'ec_paramgen_curve:prime256v1',
		'-nodes',
		'-keyout',
		'server.key',
		'-out',
		'server.csr',
		'-subj',
		'/CN=vendor.test',
	);
	writeFileSync(
		join(folder, 'names'),
		`subjectAltName=${[...Object.keys(NAMES).map((name) => `DNS:${name}`), 'DNS:localhost', 'IP:127.0.0.1'].join(',')}`,
	);
	openssl(
		'x509',
		'-req',
		'-in',
		'server.csr',
		'-CA',
		'ca.pem',
		'-CAkey',
		'ca.key',
		'-CAcreateserial',
		'-days',
		'2',
		'-extfile',
		'names',
		'-out',
		'server.pem',
	);
	return {
		authority: join(folder, 'ca.pem'),
		key: readFileSync(join(folder, 'server.key')),
		cert: readFileSync(join(folder, 'server.pem')),
	};
}

/**
 * Memory in use in a host, garbage collected, in MB; and for how long it did nothing else at most since it was last
 * asked, in ms of the processor.
 */
export async function memoryOf(host: Host): Promise<{ used: number; rss: number; busy: number }> {
	const told = () => [...host.logs().matchAll(/FLEETWIRE-MEMORY (\{.*?\})/g)];
	const before = told().length;
	process.kill(host.pid, 'SIGWINCH');
	const [, json = '{}'] = await until('the host to tell its memory', () => told().slice(before)[0], {
		timeoutMs: 20_000,
	});
	const { used, rss, busy } = JSON.parse(json) as { used: number; rss: number; busy: number };
	return { used: used / 1024 / 1024, rss: rss / 1024 / 1024, busy };
}

class N8nHost implements Host {
	readonly name = 'n8n';
	constructor(readonly n8n: N8n) {}

	get pid(): number {
		return this.n8n.pid ?? 0;
	}

	logs(): string {
		return this.n8n.logs();
	}

	uncaught(): number {
		return uncaughtIn(this.logs());
	}

	async ask(asks: readonly Ask[], { width = 12, together = 1 } = {}): Promise<Told[]> {
		if (together === 1) return await sideBySide(asks, width, async (ask) => await this.one(ask));
		return (await sideBySide(chunks(asks, together), width, async (some) => await this.several(some))).flat();
	}

	private async one(ask: Ask): Promise<Told> {
		const execution = await this.n8n.runWorkflow(chain(await this.nodeFor(ask)), {
			timeoutMs: 120_000,
			everyMs: 250,
		});
		return { ...toldBy(execution), everything: JSON.stringify(execution) };
	}

	/** In one execution, whose nodes go on in spite of errors. */
	private async several(asks: readonly Ask[]): Promise<Told[]> {
		const nodes = await Promise.all(
			asks.map(async (ask, index) => ({
				...(await this.nodeFor(ask)),
				name: `Fleet ${String(index)}`,
				onError: 'continueRegularOutput',
			})),
		);
		const connections = { Start: { main: [nodes.map(({ name }) => ({ node: name, type: 'main', index: 0 }))] } };
		const execution = await this.n8n.runWorkflow(
			{ ...chain(...nodes), connections },
			{ timeoutMs: 120_000, everyMs: 250 },
		);
		const everything = JSON.stringify(execution);
		return nodes.map(({ name }) => {
			const records = execution.data[name] ?? [];
			const [first] = records;
			return {
				records,
				...(typeof first?.error === 'string' ? { error: first.error } : {}),
				everything,
				endedAt: endOf(execution, name),
			};
		});
	}

	private async nodeFor(ask: Ask) {
		const { credential, node } = kitOf(ask.vendor).n8n;
		const operation = operationOf(ask.vendor, ask.operation);
		const { id, name } = await this.n8n.createCredential({
			name: 'account',
			type: credential,
			data: settingsOf(ask),
		});
		const parameters = panelOf(operation, ask.params, {
			...(operation.effect === 'read' ? { output: ask.output ?? 'simplified' } : {}),
			...(ask.limit === undefined ? {} : { returnAll: false, limit: ask.limit }),
		});
		if (ask.timeout !== undefined) parameters.options = { ...(parameters.options as object), timeout: ask.timeout };
		return {
			name: 'Fleet',
			type: `n8n-nodes-fleetwire.${node}`,
			parameters,
			credentials: { [credential]: { id, name } },
		};
	}
}

export function toldBy(execution: Execution): Omit<Told, 'everything'> {
	const { data, error } = execution;
	return {
		records: data.Fleet ?? [],
		...(error === undefined ? {} : { error: [error.message, error.description].filter(Boolean).join(' ') }),
		endedAt: endOf(execution, 'Fleet'),
	};
}

function endOf({ raw }: Execution, name: string): number {
	const { runData = {} } = (raw.resultData ?? {}) as {
		runData?: Record<string, { startTime: number; executionTime: number }[]>;
	};
	const [run] = runData[name] ?? [];
	return run === undefined ? NaN : run.startTime + run.executionTime;
}

class NodeRedHost implements Host {
	readonly name = 'Node-RED';
	constructor(readonly nodeRed: NodeRed) {}

	get pid(): number {
		return this.nodeRed.pid ?? 0;
	}

	logs(): string {
		return this.nodeRed.logs();
	}

	uncaught(): number {
		return uncaughtIn(this.logs());
	}

	async ask(asks: readonly Ask[]): Promise<Told[]> {
		if (asks.length === 0) return [];
		const { flows, credentials } = flowsOf(asks);
		const after = await this.nodeRed.mark();
		await this.nodeRed.deploy(flows, { credentials });
		const ids = await Promise.all(
			asks.map((_, index) => this.nodeRed.send(`node-${String(index)}`, { payload: 'in' })),
		);
		const left = new Set(ids);
		const all = await this.nodeRed.collect(
			(records) => {
				for (const { probe, msg } of records)
					if (probe === 'done' || probe === 'caught') left.delete(String(msg._msgid));
				return left.size === 0;
			},
			{ after, timeoutMs: 120_000 },
		);
		return ids.map((id, index) => told(all, id, `node-${String(index)}`));
	}

	/** Runs an operation whose records go nowhere; gives their number, as the node's status tells it. */
	async stream(ask: Ask): Promise<number> {
		const { flows, credentials } = flowsOf([{ ...ask, dropped: true }]);
		const after = await this.nodeRed.mark();
		await this.nodeRed.deploy(flows, { credentials });
		await this.nodeRed.send('node-0', { payload: 'in' });
		const all = await this.nodeRed.collect(
			(records) => records.some(({ msg }) => /^\d+ record/.test(textIn(msg)) || msg.error !== undefined),
			{ after, timeoutMs: 120_000 },
		);
		const caught = all.find(({ probe }) => probe === 'caught');
		if (caught !== undefined) throw new Error((caught.msg.error as { message: string }).message);
		return Number.parseInt(textIn(all.filter(({ probe }) => probe === 'shown').at(-1)?.msg ?? {}));
	}
}

const textIn = (msg: Readonly<Record<string, unknown>>) => (msg.status as { text?: string } | undefined)?.text ?? '';

/** A tab with a node and an account for each, watched together. */
function flowsOf(asks: readonly Ask[]): { flows: FlowNode[]; credentials: Record<string, Record<string, unknown>> } {
	const credentials: Record<string, Record<string, unknown>> = {};
	const nodes = asks.flatMap((ask, index): FlowNode[] => {
		const operation = operationOf(ask.vendor, ask.operation);
		const { secret, ...settings } = settingsOf(ask);
		credentials[`account-${String(index)}`] = { secret };
		return [
			{ id: `account-${String(index)}`, type: `fleetwire-${ask.vendor}-account`, name: '', ...settings },
			{
				id: `node-${String(index)}`,
				type: `fleetwire-${ask.vendor}`,
				z: 'tab',
				account: `account-${String(index)}`,
				resource: operation.resource,
				operation: operation.name,
				params: dialogOf(operation, ask.params),
				output: ask.output ?? 'simplified',
				result: ask.result ?? 'message',
				limit: ask.limit ?? '',
				timeout: ask.timeout ?? '',
				allowCommands: true,
				version: 1,
				x: 200,
				y: 100,
				wires: [ask.dropped === true ? [] : ['out']],
			},
		];
	});
	const scope = asks.map((_, index) => `node-${String(index)}`);
	return {
		flows: [{ id: 'tab', type: 'tab', label: 'safety' }, ...nodes, ...watched(scope)],
		credentials,
	};
}

/** What sees all that the nodes of the tab do. Without a place, Node-RED would take these for config nodes. */
function watched(scope: readonly string[]): FlowNode[] {
	const place = { z: 'tab', x: 400, y: 100 };
	return [
		{ id: 'catch', type: 'catch', ...place, scope: null, uncaught: false, wires: [['caught']] },
		{ id: 'complete', type: 'complete', ...place, scope, uncaught: false, wires: [['done']] },
		{ id: 'status', type: 'status', ...place, scope, wires: [['shown']] },
		...['out', 'caught', 'done', 'shown'].map((id) => ({ id, type: 'test-probe', ...place, wires: [] })),
	];
}

function told(all: readonly Received[], id: string, nodeId: string): Told {
	const mine = all.filter(
		({ msg }) =>
			msg._msgid === id || (msg.status as { source?: { id?: string } } | undefined)?.source?.id === nodeId,
	);
	const of = (probe: string) => mine.filter((record) => record.probe === probe);
	const [caught] = of('caught');
	const payloads = of('out').map(({ msg }) => msg.payload);
	const ended = (caught ?? of('done')[0])?.at ?? 0;
	const error = caught?.msg.error as { message: string } | undefined;
	return {
		records: payloads.flatMap((payload) =>
			Array.isArray(payload)
				? (payload as object[])
				: typeof payload === 'object' && payload !== null
					? [payload]
					: [],
		),
		...(error === undefined ? {} : { error: error.message }),
		everything: JSON.stringify(mine, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
		endedAt: ended,
	};
}

/** Both hosts, and what was made for them. */
export interface Hosts {
	n8n: N8nHost;
	nodeRed: NodeRedHost;
	both: readonly Host[];
	certificates: Certificates;
	/** The environment that a host of this run needs. */
	env: NodeJS.ProcessEnv;
	stop(): Promise<void>;
}

export const packages = {
	n8n: () => tarball('n8n-nodes-fleetwire-'),
	nodeRed: () => tarball('fleetwire-node-red-fleet-'),
};

export async function startHosts(): Promise<Hosts> {
	const folder = temporaryFolder('safety');
	const certificates = makeCertificates(folder);
	const env = {
		NODE_OPTIONS: `--require=${join(__dirname, 'preload.cjs')}`,
		NODE_EXTRA_CA_CERTS: certificates.authority,
		FLEETWIRE_TEST_NAMES: JSON.stringify(NAMES),
	};
	const [n8n, nodeRed] = await Promise.all([
		startN8n({ packages: [packages.n8n()], env }),
		startNodeRed({ version: '5.0.7', packages: [packages.nodeRed()], env }),
	]);
	const hosts = { n8n: new N8nHost(n8n), nodeRed: new NodeRedHost(nodeRed) };
	return {
		...hosts,
		both: [hosts.n8n, hosts.nodeRed],
		certificates,
		env,
		stop: async () => {
			await Promise.all([n8n.stop(), nodeRed.stop()]);
			await removeFolder(folder);
		},
	};
}

/** Works on all of a list, so many at once, and gives the results in its order. */
export async function sideBySide<T, R>(
	list: readonly T[],
	width: number,
	work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
	const results: R[] = [];
	let next = 0;
	const lane = async () => {
		for (let index = next++; index < list.length; index = next++)
			results[index] = await work(list[index] as T, index);
	};
	await Promise.all(Array.from({ length: Math.min(width, list.length) }, lane));
	return results;
}
