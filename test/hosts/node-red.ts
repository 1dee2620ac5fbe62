/**
 * A real Node-RED with packed packages in it, and a probe node by which tests push messages in and read what comes out.
 */
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { ensureNodeRed, hostEnvironment, npm, type Installed, type NodeRedVersion } from './install';
import { HostProcess, patientFetch } from './host-process';
import { Child, freePort, PATIENCE, Stop, temporaryFolder, until, type Exit } from './process';

export type { NodeRedVersion } from './install';

export type Message = Record<string, unknown>;
export type FlowNode = { id: string; type: string; z?: string; wires?: string[][]; [property: string]: unknown };
export type Credentials = Record<string, Record<string, unknown>>;
export type Status = {
	fill?: string;
	shape?: string;
	text?: string;
	source?: { id: string; type: string; name?: string };
};
/** What a Catch node puts into msg.error. */
export type CaughtError = {
	message: string;
	source: { id: string; type: string; name?: string; count: number };
	code?: unknown;
	stack?: string;
	cause?: unknown;
	[key: string]: unknown;
};
/** One message that reached a probe. */
export type Received = { seq: number; at: number; probe: string; msg: Message };

export type AdminUser = { username: string; password: string; permissions: string | string[] };

export type StartNodeRed = {
	version: NodeRedVersion;
	/** Packed packages, installed into the user folder as the palette manager does. */
	packages: string[];
	/** Laid over the settings below; plain data. */
	settings?: Record<string, unknown>;
	/** What else settings.js says, as JavaScript that follows them. */
	script?: string;
	/** Users who must log in to the editor and the admin API; the first one's token is used by the methods here. */
	adminAuth?: AdminUser[];
	/** A folder to start on again; left to the caller. Without it, a new one that stop() removes. */
	userDir?: string;
	env?: NodeJS.ProcessEnv;
};

/**
 * Where a Node-RED can be killed: before a request goes out, before one for the next page, after an answer came
 * (`match` is a part of its path); before a node sends, after the next node has got the message (`match` is a part of
 * the sender's type); before and after a written file takes its place (`match` is a part of its path).
 */
export type KillPoint = 'request' | 'page' | 'answer' | 'send' | 'sent' | 'store' | 'stored';

export class AdminError extends Error {
	constructor(
		readonly method: string,
		readonly path: string,
		readonly status: number,
		readonly body: string,
	) {
		super(`Node-RED answered ${status} to ${method} ${path}: ${body.slice(0, 2_000)}`);
	}
}

export async function startNodeRed(options: StartNodeRed): Promise<NodeRed> {
	const nodeRed = await NodeRed.create(options);
	try {
		await nodeRed.start();
	} catch (error) {
		await nodeRed.stop();
		throw error;
	}
	return nodeRed;
}

type ProbeState = {
	/** How often flows were started, and of which revision at last. */
	started: number;
	rev?: string;
	/** How often Node-RED refused to start them, and why at last. */
	refused: number;
	reason?: unknown;
	/** Number of the last record. */
	last: number;
};

export class NodeRed extends HostProcess {
	url = '';
	token: string | undefined;
	private port = 0;

	private constructor(
		readonly version: NodeRedVersion,
		private readonly host: Installed,
		readonly userDir: string,
		ownsFolder: boolean,
		private readonly options: StartNodeRed,
	) {
		super(`Node-RED ${version}`, userDir, ownsFolder);
	}

	static async create(options: StartNodeRed): Promise<NodeRed> {
		const host = await ensureNodeRed(options.version);
		const userDir = options.userDir ?? temporaryFolder('node-red');
		const nodeRed = new NodeRed(options.version, host, userDir, options.userDir === undefined, options);
		try {
			await nodeRed.furnish();
			if (options.packages.length > 0) await nodeRed.install(options.packages);
		} catch (error) {
			await nodeRed.stop();
			throw error;
		}
		return nodeRed;
	}

	private async furnish(): Promise<void> {
		const nodes = join(this.userDir, 'nodes');
		await mkdir(nodes, { recursive: true });
		await mkdir(join(this.userDir, 'tmp'), { recursive: true });
		await copyFile(join(__dirname, 'probe', 'test-probe.js'), join(nodes, 'test-probe.js'));
		await copyFile(join(__dirname, 'probe', 'test-probe.html'), join(nodes, 'test-probe.html'));
		// The one that Node-RED itself writes when there is none.
		const manifest = {
			name: 'node-red-project',
			description: 'A Node-RED Project',
			version: '0.0.1',
			private: true,
		};
		await writeFile(join(this.userDir, 'package.json'), JSON.stringify(manifest, null, 4), { flag: 'wx' }).catch(
			ignoreExisting,
		);
	}

	/** Installs packed packages with the palette manager's own npm command; takes effect at the next start. */
	async install(packages: string[]): Promise<void> {
		await npm(
			[
				'install',
				'--no-audit',
				'--no-update-notifier',
				'--no-fund',
				'--save',
				'--save-prefix=~',
				'--omit=dev',
				'--engine-strict',
				'--',
				...packages,
			],
			{ cwd: this.userDir, node: this.host.node, name: 'npm install into Node-RED', timeoutMs: 180_000 },
		);
	}

	private async writeSettings(): Promise<string> {
		const { adminAuth, settings, script = '' } = this.options;
		const { editorTheme, fleetwire, ...rest } = (settings ?? {}) as { editorTheme?: object; fleetwire?: object };
		const all = {
			uiHost: '127.0.0.1',
			uiPort: this.port,
			flowFile: 'flows.json',
			credentialSecret: 'fleetwire-test',
			telemetry: { enabled: false, updateNotification: false },
			logging: { console: { level: 'info', metrics: false, audit: false } },
			...(adminAuth
				? { adminAuth: { type: 'credentials', users: adminAuth.map((user) => this.withHash(user)) } }
				: {}),
			...rest,
			// Where temporary folders are kept, differs from machine to machine.
			fleetwire: { keepsUserFolder: true, ...fleetwire },
			editorTheme: { tours: false, ...editorTheme },
		};
		const file = join(this.userDir, 'settings.js');
		await writeFile(file, `module.exports = ${JSON.stringify(all, null, '\t')};\n${script}`);
		return file;
	}

	private withHash(user: AdminUser): AdminUser {
		const load = createRequire(join(this.host.dir, 'package.json'));
		const { hashSync } = load('bcryptjs') as { hashSync(text: string, rounds: number): string };
		return { ...user, password: hashSync(user.password, 4) };
	}

	override async start(): Promise<void> {
		if (this.child) throw new Error('Node-RED is running already');
		// A restart keeps the address, so that an open editor finds it again.
		this.port ||= await freePort();
		this.url = `http://127.0.0.1:${this.port}`;
		const settings = await this.writeSettings();
		const child = await Child.start({
			command: this.host.node,
			args: [this.host.bin, '--userDir', this.userDir, '--settings', settings],
			cwd: this.userDir,
			env: { ...hostEnvironment(this.host.node, join(this.userDir, 'tmp')), ...this.options.env },
			name: `Node-RED ${this.version}`,
		});
		this.child = child;
		// It listens before its flows run; the probe knows when they do.
		await child.ready(async () => {
			const state = await this.probeState();
			return state.started > 0 || state.refused > 0;
		}, 60_000);
		const user = this.options.adminAuth?.[0];
		if (user && !this.token) this.token = await this.login(user.username, user.password);
	}

	/** A token for the admin API, as the editor's login gets it. */
	async login(username: string, password: string): Promise<string> {
		const answer = await fetch(`${this.url}/auth/token`, {
			method: 'POST',
			body: new URLSearchParams({
				client_id: 'node-red-editor',
				grant_type: 'password',
				scope: '',
				username,
				password,
			}),
		});
		const text = await answer.text();
		if (!answer.ok) throw new AdminError('POST', '/auth/token', answer.status, text);
		return (JSON.parse(text) as { access_token: string }).access_token;
	}

	/** A call of the admin API; throws AdminError on any refusal. */
	async admin(
		method: string,
		path: string,
		{
			body,
			headers,
			token = this.token,
		}: { body?: unknown; headers?: Record<string, string>; token?: string } = {},
	): Promise<unknown> {
		const raw = body instanceof FormData || body instanceof Uint8Array;
		const answer = await patientFetch(`${this.url}${path}`, {
			method,
			headers: {
				accept: 'application/json',
				...(body === undefined || raw ? {} : { 'content-type': 'application/json' }),
				...(token ? { authorization: `Bearer ${token}` } : {}),
				...headers,
			},
			body:
				body === undefined
					? undefined
					: raw
						? (body as FormData | Uint8Array<ArrayBuffer>)
						: JSON.stringify(body),
		});
		const text = await answer.text();
		if (!answer.ok) throw new AdminError(method, path, answer.status, text);
		try {
			return JSON.parse(text);
		} catch {
			return text;
		}
	}

	/** Deploys and waits until the flows run. Credentials go in by node id, as the editor sends them. */
	async deploy(
		flows: FlowNode[],
		{ credentials = {}, type = 'full' }: { credentials?: Credentials; type?: 'full' | 'nodes' | 'flows' } = {},
	): Promise<{ rev: string }> {
		const before = await this.probeState();
		const withCredentials = flows.map((node) =>
			credentials[node.id] ? { ...node, credentials: credentials[node.id] } : node,
		);
		const answer = (await this.admin('POST', '/flows', {
			body: { flows: withCredentials },
			headers: { 'node-red-api-version': 'v2', 'node-red-deployment-type': type },
		})) as { rev: string };
		// The answer comes before the new flows have started.
		await until('the deployed flows to start', async () => {
			this.mustRun();
			const state = await this.probeState();
			if (state.refused > before.refused)
				throw new Stop(`the flows do not start: ${JSON.stringify(state.reason)}`);
			return state.started > before.started && state.rev === answer.rev;
		});
		return answer;
	}

	async getFlows(): Promise<{ flows: FlowNode[]; rev: string }> {
		return (await this.admin('GET', '/flows', { headers: { 'node-red-api-version': 'v2' } })) as {
			flows: FlowNode[];
			rev: string;
		};
	}

	/** Hands a message to a node, as a wire into it would. Gives the message's id. */
	async send(nodeId: string, msg: Message): Promise<string> {
		const _msgid = typeof msg._msgid === 'string' ? msg._msgid : randomBytes(8).toString('hex');
		await this.probe('POST', 'send', serialize({ id: nodeId, msg: { ...msg, _msgid } }));
		return _msgid;
	}

	/** Presses the button of an inject node (or of any node that answers to it). */
	async inject(nodeId: string): Promise<void> {
		await this.admin('POST', `/inject/${nodeId}`);
	}

	/** Everything that reached probes after the record with this number, restarts of Node-RED included. */
	async received({ after = 0, probe, waitMs = 0 }: { after?: number; probe?: string; waitMs?: number } = {}): Promise<
		Received[]
	> {
		const answer = await this.probe('GET', `received?after=${after}&wait=${waitMs}`);
		const records = deserialize(Buffer.from(await answer.arrayBuffer())) as Received[];
		return probe === undefined ? records : records.filter((record) => record.probe === probe);
	}

	/** Number of the last record, to read on from. */
	async mark(): Promise<number> {
		return (await this.probeState()).last;
	}

	/** Reads on until `enough` says so, and gives all records after the mark. */
	async collect(
		enough: (records: Received[]) => boolean,
		{ after = 0, probe, timeoutMs = 15_000 }: { after?: number; probe?: string; timeoutMs?: number } = {},
	): Promise<Received[]> {
		const records: Received[] = [];
		const limitMs = timeoutMs * PATIENCE;
		const deadline = Date.now() + limitMs;
		let seen = after;
		for (;;) {
			this.mustRun();
			const left = deadline - Date.now();
			const fresh = await this.received({ after: seen, waitMs: Math.max(0, Math.min(left, 1_000)) });
			seen = fresh.at(-1)?.seq ?? seen;
			records.push(...fresh.filter((record) => probe === undefined || record.probe === probe));
			if (enough(records)) return records;
			if (left <= 0) {
				const summary = records
					.slice(-10)
					.map(({ probe: id, msg }) => `${id}: ${JSON.stringify(msg, printable).slice(0, 500)}`);
				throw new Error(
					`waited ${limitMs} ms, and ${records.length} messages were not enough:\n${summary.join('\n')}\n--- log ---\n${this.logs().slice(-4_000)}`,
				);
			}
		}
	}

	/**
	 * Deploys one node on a tab of its own, every output wired to a probe, watched by a Catch, a Status and a Complete
	 * node.
	 * `others` are config nodes and whatever else it needs.
	 */
	async rig(
		node: { type: string; id?: string; [property: string]: unknown },
		options: { outputs?: number; others?: FlowNode[]; credentials?: Credentials } = {},
	): Promise<Rig> {
		const id = node.id ?? 'under-test';
		const rig = new Rig(this, id, options.outputs ?? 1);
		const flows = rig.flows({ ...node, id }, options.others ?? []);
		rig.since = await this.mark();
		await this.deploy(flows, { credentials: options.credentials });
		return rig;
	}

	/** Uploads a packed package as the palette manager's dialog does, into the running Node-RED. */
	async installFromPalette(
		tarball: string,
		token: string | undefined = this.token,
	): Promise<{ name: string; version: string; nodes: unknown[] }> {
		const form = new FormData();
		form.append('tarball', new Blob([await readFile(tarball)]), basename(tarball));
		return (await this.admin('POST', '/nodes', { body: form, token })) as {
			name: string;
			version: string;
			nodes: unknown[];
		};
	}

	/** Node sets as the palette manager lists them: `{id, module, version, types, enabled, err?}`. */
	async nodeSets(): Promise<
		{ id: string; module: string; version: string; types: string[]; enabled: boolean; err?: unknown }[]
	> {
		return (await this.admin('GET', '/nodes')) as Awaited<ReturnType<NodeRed['nodeSets']>>;
	}

	/** Sets what the process takes for the time, so many milliseconds beside the true one; a restart sets it right. */
	async setClock(offset: number): Promise<void> {
		await this.probe('POST', `clock?offset=${String(offset)}`);
	}

	/** Has the process end without notice when it comes to a point of its work for the `count`th time. */
	async killAt(point: KillPoint, { count = 1, match = '' }: { count?: number; match?: string } = {}): Promise<void> {
		await this.probe('POST', `kill?${new URLSearchParams({ point, count: String(count), match })}`);
	}

	/** Waits until the process has ended by itself; start() goes on from there. */
	async died({ timeoutMs = 30_000 }: { timeoutMs?: number } = {}): Promise<Exit | undefined> {
		await until(`Node-RED ${this.version} to end`, () => !this.running, { timeoutMs });
		return await this.end('kill');
	}

	private async probe(method: string, path: string, body?: Buffer): Promise<Response> {
		const answer = await patientFetch(`${this.url}/test-probe/${path}`, {
			method,
			body: body ? new Uint8Array(body) : undefined,
			headers: body ? { 'content-type': 'application/octet-stream' } : {},
			signal: AbortSignal.timeout(30_000),
		});
		if (!answer.ok) throw new AdminError(method, `/test-probe/${path}`, answer.status, await answer.text());
		return answer;
	}

	private async probeState(): Promise<ProbeState> {
		return (await (await this.probe('GET', 'state')).json()) as ProbeState;
	}
}

export type RunResult = {
	/** Per output, the messages in the order they came. */
	outputs: Message[][];
	/** What the Catch node saw: the messages, with msg.error. */
	caught: (Message & { error: CaughtError })[];
	statuses: Status[];
	/** How often the node called done() without an error. */
	completed: number;
};

/** One node under test and what watches it. */
export class Rig {
	/** Number of the last record before the rig was deployed, or before the last run. */
	since = 0;
	readonly tab: string;

	constructor(
		private readonly nodeRed: NodeRed,
		readonly nodeId: string,
		private readonly outputs: number,
	) {
		this.tab = `${nodeId}-tab`;
	}

	flows(node: FlowNode, others: FlowNode[]): FlowNode[] {
		const watch = (type: string, extra: Record<string, unknown>): FlowNode[] => [
			{
				id: `${node.id}-${type}`,
				type,
				z: this.tab,
				x: 300,
				y: 200,
				wires: [[`${node.id}-${type}-probe`]],
				...extra,
			},
			{ id: `${node.id}-${type}-probe`, type: 'test-probe', z: this.tab, x: 500, y: 200, wires: [] },
		];
		return [
			{ id: this.tab, type: 'tab', label: node.type },
			{
				x: 300,
				y: 100,
				...node,
				z: this.tab,
				wires: Array.from({ length: this.outputs }, (_, index) => [`${node.id}-output-${index}`]),
			},
			...Array.from({ length: this.outputs }, (_, index) => ({
				id: `${node.id}-output-${index}`,
				type: 'test-probe',
				z: this.tab,
				x: 500,
				y: 100 + index * 40,
				wires: [],
			})),
			...watch('catch', { scope: null, uncaught: false }),
			...watch('status', { scope: [node.id] }),
			...watch('complete', { scope: [node.id], uncaught: false }),
			...others,
		];
	}

	/** Pushes a message in and waits until the node called done, or failed on it. */
	async run(msg: Message = {}, { timeoutMs = 15_000 }: { timeoutMs?: number } = {}): Promise<RunResult> {
		this.since = await this.nodeRed.mark();
		const msgid = await this.nodeRed.send(this.nodeId, msg);
		const records = await this.nodeRed.collect(
			(all) => all.some(({ probe, msg: { _msgid } }) => this.endsRun(probe) && _msgid === msgid),
			{ after: this.since, timeoutMs },
		);
		return this.sort(records);
	}

	/** Waits for messages out of the node, for nodes that start flows. Counts from the deploy, or from the last run. */
	async wait(
		enough: (result: RunResult) => boolean,
		{ timeoutMs = 15_000 }: { timeoutMs?: number } = {},
	): Promise<RunResult> {
		const records = await this.nodeRed.collect((all) => enough(this.sort(all)), { after: this.since, timeoutMs });
		return this.sort(records);
	}

	/** What has come so far since the deploy, or the last run. */
	async seen(): Promise<RunResult> {
		return this.sort(await this.nodeRed.received({ after: this.since }));
	}

	private endsRun(probe: string): boolean {
		return probe === `${this.nodeId}-complete-probe` || probe === `${this.nodeId}-catch-probe`;
	}

	private sort(records: Received[]): RunResult {
		const of = (name: string) =>
			records.filter(({ probe }) => probe === `${this.nodeId}-${name}`).map(({ msg }) => msg);
		return {
			outputs: Array.from({ length: this.outputs }, (_, index) => of(`output-${index}`)),
			caught: of('catch-probe') as RunResult['caught'],
			statuses: of('status-probe').map(({ status }) => status as Status),
			completed: of('complete-probe').length,
		};
	}
}

/** A probe for flows made by hand: what is wired into it is received under its id. */
export function probe(id: string, z: string, place: { x?: number; y?: number } = {}): FlowNode {
	return { id, type: 'test-probe', z, x: 600, y: 100, ...place, wires: [] };
}

function ignoreExisting(error: unknown): void {
	if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
}

function printable(_key: string, value: unknown): unknown {
	return typeof value === 'bigint' ? String(value) : value;
}
