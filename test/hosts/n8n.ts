/** A real n8n with packed packages in it, driven through the REST API as its editor does. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { copyFile, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ensureN8n, hostEnvironment, withLock, type Installed } from './install';
import { HostProcess, patientFetch } from './host-process';
import { Child, freePort, run, temporaryFolder, until } from './process';

export type Json = Record<string, unknown>;

/** What travels between nodes. */
export type Item = { json: Json; binary?: Record<string, Json>; pairedItem?: unknown; error?: Json };

export type WorkflowNode = {
	name: string;
	type: string;
	typeVersion?: number;
	parameters?: Json;
	credentials?: Record<string, { id: string; name: string }>;
	id?: string;
	position?: [number, number];
	[setting: string]: unknown;
};
export type Connections = Record<string, Record<string, ({ node: string; type: string; index: number }[] | null)[]>>;
export type WorkflowDefinition = {
	name?: string;
	nodes: WorkflowNode[];
	/** Left out, the nodes are wired one after the other in the order given. */
	connections?: Connections;
	settings?: Json;
	pinData?: Record<string, Item[]>;
	staticData?: Json;
};
export type Workflow = WorkflowDefinition & {
	id: string;
	name: string;
	versionId: string;
	active: boolean;
	activeVersionId?: string | null;
};

/** What a published workflow was started with, as n8n keeps it. */
export type Delivery = {
	/** Of the execution. */
	id: string;
	status: string;
	items: Item[];
};

export type CredentialDefinition = { name: string; type: string; data: Json };
export type Credential = { id: string; name: string; type: string };
export type CredentialTest = { status: 'OK' | 'Error'; message: string };

/** An error as n8n keeps and shows it. */
export type N8nError = {
	message: string;
	name?: string;
	description?: string | null;
	httpCode?: string | null;
	[key: string]: unknown;
};

export type NodeRun = {
	status: string;
	/** Per output, the items. */
	outputs: Item[][];
	error?: N8nError;
	hints?: { message: string; [key: string]: unknown }[];
	executionTime: number;
};
export type Execution = {
	id: string;
	workflowId: string;
	status: 'success' | 'error' | 'canceled' | 'crashed' | 'waiting' | (string & {});
	mode: string;
	/** By node name: the json of every item of its first output, all runs one after the other. */
	data: Record<string, Json[]>;
	/** By node name: all there is to know of each run. */
	runs: Record<string, NodeRun[]>;
	error?: N8nError;
	/** The node that failed. */
	lastNode?: string;
	/** The execution's data as n8n stores it. */
	raw: Json;
};

export type NodeType = {
	name: string;
	displayName: string;
	version: number | number[];
	properties: { name: string; type: string; displayName: string; [key: string]: unknown }[];
	credentials?: { name: string; required?: boolean }[];
	[key: string]: unknown;
};

type DynamicParameters = {
	/** The parameter's path, as `parameters.device`. */
	path?: string;
	nodeTypeAndVersion: { name: string; version: number };
	currentNodeParameters?: Json;
	credentials?: Record<string, { id: string; name: string }>;
};
export type ResourceLocatorQuery = DynamicParameters & {
	methodName: string;
	filter?: string;
	paginationToken?: string;
};
export type ResourceLocatorResults = {
	results: { name: string; value: string | number | boolean; url?: string; description?: string }[];
	paginationToken?: string;
};
export type OptionsQuery = DynamicParameters & { methodName?: string; loadOptions?: Json };

export class RestError extends Error {
	constructor(
		readonly method: string,
		readonly path: string,
		readonly status: number,
		readonly body: unknown,
	) {
		const told =
			typeof body === 'object' && body !== null && 'message' in body
				? String(body.message)
				: JSON.stringify(body);
		super(`n8n answered ${status} to ${method} ${path}: ${told}`);
	}
}

export type StartN8n = {
	/** Packed packages, unpacked into the folder where n8n keeps what its users install. */
	packages: string[];
	/** Added to, or set instead of, the quiet settings below. */
	env?: NodeJS.ProcessEnv;
	/** A folder to start on again; left to the caller. Without it, a new one that stop() removes. */
	userFolder?: string;
	/**
	 * False leaves out the editor, what it reads (node types, settings) and the runner of Code nodes: n8n starts with
	 * two thirds of the work.
	 */
	editor?: boolean;
};

const OWNER = { email: 'owner@fleetwire.test', firstName: 'Test', lastName: 'Owner', password: 'Fleetwire1' };

export async function startN8n(options: StartN8n): Promise<N8n> {
	const n8n = await N8n.create(options);
	try {
		await n8n.start();
	} catch (error) {
		await n8n.stop();
		throw error;
	}
	return n8n;
}

export class N8n extends HostProcess {
	url = '';
	/** The name and value of the session's cookie. */
	cookie = { name: 'n8n-auth', value: '' };
	private port = 0;

	private constructor(
		private readonly host: Installed,
		private readonly env: NodeJS.ProcessEnv,
		private readonly editor: boolean,
		readonly userFolder: string,
		ownsFolder: boolean,
	) {
		super('n8n', userFolder, ownsFolder);
	}

	static async create({ packages, env, userFolder, editor = true }: StartN8n): Promise<N8n> {
		const host = await ensureN8n();
		const folder = userFolder ?? temporaryFolder('n8n');
		const n8n = new N8n(host, env ?? {}, editor, folder, userFolder === undefined);
		try {
			if (n8n.ownsFolder && !('DB_TYPE' in n8n.env) && !('N8N_ENCRYPTION_KEY' in n8n.env)) await n8n.furnish();
			for (const tarball of packages) await n8n.unpack(tarball);
		} catch (error) {
			await n8n.stop();
			throw error;
		}
		return n8n;
	}

	/** A new n8n spends seconds on creating its tables: it gets a database that was just created, the owner in it. */
	private async furnish(): Promise<void> {
		const kept = join(this.host.dir, 'new-database.sqlite');
		if (!existsSync(kept)) {
			await withLock(`${kept}.lock`, async () => {
				if (existsSync(kept)) return;
				const first = new N8n(this.host, {}, true, temporaryFolder('n8n'), true);
				try {
					await first.start();
					await first.end();
					// n8n leaves part of it in the write-ahead log; this makes one file of both.
					const database = new DatabaseSync(join(first.userFolder, '.n8n', 'database.sqlite'));
					const whole = join(first.userFolder, 'whole.sqlite');
					database.exec(`VACUUM INTO '${whole}'`);
					database.close();
					await copyFile(whole, `${kept}.partial`);
					await rename(`${kept}.partial`, kept);
				} finally {
					await first.stop();
				}
			});
		}
		await mkdir(join(this.userFolder, '.n8n'), { recursive: true });
		await copyFile(kept, join(this.userFolder, '.n8n', 'database.sqlite'));
	}

	/**
	 * Puts a packed package where n8n loads users' packages from, replacing an older one; takes effect at the next
	 * start.
	 */
	async unpack(tarball: string): Promise<string> {
		const modules = join(this.userFolder, '.n8n', 'nodes', 'node_modules');
		await mkdir(modules, { recursive: true });
		const unpacked = await mkdtemp(join(modules, '.unpack-'));
		try {
			await run({
				command: 'tar',
				args: ['-xzf', tarball, '-C', unpacked, '--strip-components=1'],
				env: process.env,
				name: `unpacking ${tarball}`,
				timeoutMs: 60_000,
			});
			const { name } = JSON.parse(await readFile(join(unpacked, 'package.json'), 'utf8')) as { name: string };
			const target = join(modules, name);
			await rm(target, { recursive: true, force: true });
			await mkdir(dirname(target), { recursive: true });
			await rename(unpacked, target);
			return target;
		} finally {
			await rm(unpacked, { recursive: true, force: true });
		}
	}

	private environment(): NodeJS.ProcessEnv {
		return {
			...hostEnvironment(this.host.node, join(this.userFolder, 'tmp')),
			// Where it looks for a .npmrc, and where npm keeps its cache.
			HOME: this.userFolder,
			// Saves a second at each start.
			NODE_COMPILE_CACHE: join(this.host.dir, 'compile-cache'),
			N8N_USER_FOLDER: this.userFolder,
			N8N_ENCRYPTION_KEY: 'fleetwire-test',
			N8N_LISTEN_ADDRESS: '127.0.0.1',
			N8N_HOST: '127.0.0.1',
			N8N_SECURE_COOKIE: 'false',
			N8N_DIAGNOSTICS_ENABLED: 'false',
			N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
			N8N_VERSION_NOTIFICATIONS_WHATS_NEW_ENABLED: 'false',
			N8N_DYNAMIC_BANNERS_ENABLED: 'false',
			N8N_HIRING_BANNER_ENABLED: 'false',
			N8N_TEMPLATES_ENABLED: 'false',
			N8N_PERSONALIZATION_ENABLED: 'false',
			N8N_LICENSE_AUTO_RENEW_ENABLED: 'false',
			// The list of verified packages is fetched from outside.
			N8N_VERIFIED_PACKAGES_ENABLED: 'false',
			// These too would call the maker's servers; none has to do with running workflows.
			N8N_DISABLED_MODULES: 'mcp-registry,instance-ai,agents,agent-evals,chat-hub,insights,workflow-builder',
			N8N_RUNNERS_BROKER_LISTEN_ADDRESS: '127.0.0.1',
			// Large results are read whole by the tests; the editor's own limit is lower.
			EXECUTIONS_DATA_MAX_DISPLAY_SIZE: String(512 * 1024 * 1024),
			GENERIC_TIMEZONE: 'UTC',
			...(this.editor
				? {}
				: { N8N_DISABLE_UI: 'true', N8N_RUNNERS_MODE: 'external', N8N_RUNNERS_AUTH_TOKEN: 'fleetwire-test' }),
			...this.env,
		};
	}

	override async start(): Promise<void> {
		if (this.child) throw new Error('n8n is running already');
		// A restart keeps the address, so that an open editor and the stored webhooks still fit.
		this.port ||= await freePort();
		await mkdir(join(this.userFolder, 'tmp'), { recursive: true });
		const broker = await freePort();
		this.url = `http://127.0.0.1:${this.port}`;
		const child = await Child.start({
			command: this.host.node,
			args: [this.host.bin, 'start'],
			cwd: this.userFolder,
			env: { N8N_PORT: String(this.port), N8N_RUNNERS_BROKER_PORT: String(broker), ...this.environment() },
			name: 'n8n',
		});
		this.child = child;
		// Healthy is when it listens; the REST API comes a little later, and answers with a page until then. Without an
		// editor it has no settings to tell, and knows nobody who is not signed in.
		const [path, status] = this.editor ? ['settings', 200] : ['login', 401];
		await child.ready(async () => {
			const answer = await fetch(`${this.url}/rest/${path}`, { signal: AbortSignal.timeout(5_000) });
			return (
				answer.status === status &&
				(answer.headers.get('content-type') ?? '').includes('json') &&
				Boolean(await answer.json())
			);
		}, 120_000);
		await this.signIn();
	}

	private async isNew(): Promise<boolean> {
		if (!this.editor) return false;
		const settings = (await this.rest('GET', '/settings')) as { userManagement: { showSetupOnFirstLoad: boolean } };
		return settings.userManagement.showSetupOnFirstLoad;
	}

	private async signIn(): Promise<void> {
		const answer = (await this.isNew())
			? await this.request('POST', '/rest/owner/setup', OWNER)
			: await this.request('POST', '/rest/login', { emailOrLdapLoginId: OWNER.email, password: OWNER.password });
		const body = (await answer.json()) as unknown;
		if (!answer.ok) throw new RestError('POST', answer.url, answer.status, body);
		const cookie = answer.headers.getSetCookie().find((line) => line.startsWith(`${this.cookie.name}=`));
		if (!cookie) throw new Error('n8n gave no session cookie');
		this.cookie.value = cookie.slice(this.cookie.name.length + 1).split(';')[0]!;
	}

	private async request(method: string, path: string, body?: unknown): Promise<Response> {
		return await patientFetch(`${this.url}${path}`, {
			method,
			headers: {
				...(body === undefined ? {} : { 'content-type': 'application/json' }),
				...(this.cookie.value ? { cookie: `${this.cookie.name}=${this.cookie.value}` } : {}),
			},
			body: body === undefined ? undefined : JSON.stringify(body),
			redirect: 'manual',
		});
	}

	/**
	 * A call of the REST API, `path` without /rest; gives the `data` of the answer, throws RestError on any refusal.
	 */
	async rest(method: string, path: string, body?: unknown): Promise<unknown> {
		const answer = await this.request(method, `/rest${path}`, body);
		const text = await answer.text();
		let parsed: unknown = text;
		try {
			parsed = JSON.parse(text);
		} catch {
			// A page or nothing.
		}
		if (!answer.ok) throw new RestError(method, path, answer.status, parsed);
		return typeof parsed === 'object' && parsed !== null && 'data' in parsed ? parsed.data : parsed;
	}

	/** The descriptions of all node types, from the file the editor loads. */
	async nodeTypes(): Promise<NodeType[]> {
		return (await this.typesFile('nodes')) as NodeType[];
	}

	async credentialTypes(): Promise<Json[]> {
		return (await this.typesFile('credentials')) as Json[];
	}

	private async typesFile(name: string): Promise<unknown> {
		const answer = await this.request('GET', `/types/${name}.json`);
		if (!answer.ok) throw new RestError('GET', answer.url, answer.status, await answer.text());
		return await answer.json();
	}

	async createCredential(credential: CredentialDefinition): Promise<Credential> {
		return (await this.rest('POST', '/credentials', credential)) as Credential;
	}

	/** As the editor does it: the credential is saved first, then tested by its id with the data of the form. */
	async testCredential(credential: CredentialDefinition & { id?: string }): Promise<CredentialTest> {
		const { name, type, data } = credential;
		const id = credential.id ?? (await this.createCredential({ name, type, data })).id;
		return (await this.rest('POST', '/credentials/test', {
			credentials: { id, name, type, data },
		})) as CredentialTest;
	}

	/** The stored credential, secrets blanked as the editor sees them. */
	async getCredential(id: string): Promise<Credential & { data: Json }> {
		return (await this.rest('GET', `/credentials/${id}?includeData=true`)) as Credential & { data: Json };
	}

	async createWorkflow(definition: WorkflowDefinition): Promise<Workflow> {
		return (await this.rest('POST', '/workflows', complete(definition))) as Workflow;
	}

	async getWorkflow(id: string): Promise<Workflow> {
		return (await this.rest('GET', `/workflows/${id}`)) as Workflow;
	}

	async updateWorkflow(id: string, changes: Partial<WorkflowDefinition>): Promise<Workflow> {
		const { versionId } = await this.getWorkflow(id);
		return (await this.rest('PATCH', `/workflows/${id}`, { ...changes, versionId })) as Workflow;
	}

	/**
	 * Executes by hand, as the editor's button does, and waits for the end. Starts from the given node, else from a
	 * manual trigger, else from the first trigger. With `to`, only up to that node.
	 */
	async runWorkflow(
		workflow: Workflow | WorkflowDefinition,
		options: { from?: string; to?: string; timeoutMs?: number; everyMs?: number } = {},
	): Promise<Execution> {
		const stored = 'id' in workflow && workflow.id ? (workflow as Workflow) : await this.createWorkflow(workflow);
		const trigger =
			options.from ??
			(
				stored.nodes.find(({ type }) => type === MANUAL_TRIGGER) ??
				stored.nodes.find(({ type, disabled }) => /trigger$/i.test(type) && !disabled)
			)?.name;
		if (!trigger) throw new Error(`the workflow ${stored.name} has no trigger to start from`);
		const answer = (await this.rest('POST', `/workflows/${stored.id}/run`, {
			triggerToStartFrom: { name: trigger },
			...(options.to ? { destinationNode: { nodeName: options.to, mode: 'inclusive' } } : {}),
		})) as { executionId?: string; waitingForWebhook?: boolean };
		if (!answer.executionId)
			throw new Error(`the workflow ${stored.name} waits for a call from outside: ${JSON.stringify(answer)}`);
		return await this.waitForExecution(answer.executionId, options.timeoutMs, options.everyMs);
	}

	/** Every execution of a workflow, the oldest first, without its data. */
	async executions(workflowId: string): Promise<{ id: string; status: string; mode: string; startedAt: string }[]> {
		const filter = encodeURIComponent(JSON.stringify({ workflowId }));
		const found: { id: string; status: string; mode: string; startedAt: string }[] = [];
		for (;;) {
			const last = found.at(-1)?.id;
			const page = (await this.rest(
				'GET',
				`/executions?filter=${filter}&limit=100${last ? `&lastId=${last}` : ''}`,
			)) as {
				results: typeof found;
			};
			found.push(...page.results);
			if (page.results.length < 100) return found.sort((a, b) => Number(a.id) - Number(b.id));
		}
	}

	async execution(id: string): Promise<Execution> {
		const stored = (await this.rest('GET', `/executions/${id}`)) as StoredExecution;
		if (stored.dataTooLargeToDisplay) throw new Error(`the data of execution ${id} is larger than n8n shows`);
		return decode(stored, this.flatted.parse(stored.data) as Json);
	}

	/** Stops an execution that runs or waits, as the editor's button does. */
	async stopExecution(id: string): Promise<void> {
		await this.rest('POST', `/executions/${id}/stop`, {});
	}

	async waitForExecution(id: string, timeoutMs = 60_000, everyMs = 30): Promise<Execution> {
		return await until(
			`execution ${id} to end`,
			async () => {
				this.mustRun();
				const execution = await this.execution(id);
				return ['new', 'running', 'waiting', 'unknown'].includes(execution.status) ? false : execution;
			},
			{ timeoutMs, everyMs },
		);
	}

	/**
	 * What a trigger has given: its items in every execution that n8n has stored, the oldest first, whatever became of
	 * it.
	 * Read from the database (SQLite), so that it can be asked of an n8n that was killed, too.
	 */
	deliveries(workflowId: string, { after = 0 }: { after?: number } = {}): Delivery[] {
		return this.inDatabase((database) => {
			const rows = database
				.prepare(
					`SELECT e.id AS id, e.status AS status, d.data AS data FROM execution_entity e JOIN execution_data d ON d."executionId" = e.id WHERE e."workflowId" = ? AND e.mode = 'trigger' AND e.id > ? ORDER BY e.id`,
				)
				.all(workflowId, after) as { id: number; status: string; data: string }[];
			return rows.map(({ id, status, data }) => ({
				id: String(id),
				status,
				items: startItems(this.flatted.parse(data) as Json),
			}));
		});
	}

	/**
	 * Changes the text in which a trigger node has stored where it stands: the workflow's static data, and the durable
	 * cursor where there is one. n8n should not be running.
	 */
	changeTriggerState(workflowId: string, change: (text: string) => string): void {
		const changed = (json: string) =>
			JSON.stringify(JSON.parse(json), (key, value: unknown) =>
				/^fleetwire(:|$)/.test(key) ? change(String(value)) : value,
			);
		this.inDatabase((database) => {
			for (const [table, column, id] of [
				['workflow_entity', 'staticData', 'id'],
				['poller_state', 'cursor', 'workflowId'],
			]) {
				const row = database
					.prepare(`SELECT "${column}" AS text FROM ${table} WHERE "${id}" = ?`)
					.get(workflowId) as { text: string | null } | undefined;
				if (typeof row?.text === 'string')
					database
						.prepare(`UPDATE ${table} SET "${column}" = ? WHERE "${id}" = ?`)
						.run(changed(row.text), workflowId);
			}
		});
	}

	private inDatabase<T>(use: (database: DatabaseSync) => T): T {
		const database = new DatabaseSync(join(this.userFolder, '.n8n', 'database.sqlite'), { timeout: 5_000 });
		try {
			return use(database);
		} finally {
			database.close();
		}
	}

	/** Publishes a workflow and waits until its triggers are there; throws what n8n says of those that failed. */
	async activate(workflow: { id: string }): Promise<Workflow> {
		const { versionId } = await this.getWorkflow(workflow.id);
		const published = (await this.rest('POST', `/workflows/${workflow.id}/activate`, { versionId })) as Workflow;
		const { triggers } = await this.published(workflow.id);
		const failures = triggers
			.filter(({ status }) => status === 'failed')
			.map(({ errorMessage }) => errorMessage ?? 'a trigger failed');
		if (failures.length > 0) throw new Error(failures.join('\n'));
		return published;
	}

	async deactivate(workflow: { id: string }): Promise<Workflow> {
		const unpublished = (await this.rest('POST', `/workflows/${workflow.id}/deactivate`, {})) as Workflow;
		await this.published(workflow.id);
		return unpublished;
	}

	/** n8n publishes in the background: waits until it has, and gives what became of each trigger. */
	private async published(
		workflowId: string,
	): Promise<{ triggers: { nodeId: string; status: string; errorMessage: string | null }[] }> {
		type Status = { status: string; triggers: { nodeId: string; status: string; errorMessage: string | null }[] };
		return await until(
			`workflow ${workflowId} to be published`,
			async () => {
				this.mustRun();
				try {
					const status = (await this.rest('GET', `/workflows/${workflowId}/publication-status`)) as Status;
					return status.status !== 'in_progress' && status;
				} catch (error) {
					// Where it publishes at once, it has no status to tell.
					if (error instanceof RestError && error.status === 404)
						return { status: 'published', triggers: [] };
					throw error;
				}
			},
			{ timeoutMs: 90_000, everyMs: 50 },
		);
	}

	/** What a resource locator's list shows. */
	async resourceLocatorResults(query: ResourceLocatorQuery): Promise<ResourceLocatorResults> {
		return (await this.rest('POST', '/dynamic-node-parameters/resource-locator-results', {
			path: '',
			currentNodeParameters: {},
			...query,
		})) as ResourceLocatorResults;
	}

	/** What a dropdown with options loaded on demand shows. */
	async options(
		query: OptionsQuery,
	): Promise<{ name: string; value: string | number | boolean; description?: string }[]> {
		return (await this.rest('POST', '/dynamic-node-parameters/options', {
			path: '',
			currentNodeParameters: {},
			...query,
		})) as { name: string; value: string | number | boolean; description?: string }[];
	}

	/** A file that a node gave, by the binary entry of its item. */
	async binary(entry: Json): Promise<Buffer> {
		if (typeof entry.id !== 'string') return Buffer.from(String(entry.data), 'base64');
		const answer = await this.request(
			'GET',
			`/rest/binary-data?id=${encodeURIComponent(entry.id)}&action=download`,
		);
		if (!answer.ok) throw new RestError('GET', '/binary-data', answer.status, await answer.text());
		return Buffer.from(await answer.arrayBuffer());
	}

	/** Another n8n command on the same folder (worker, execute, import:workflow), run to its end. */
	async cli(args: string[], timeoutMs = 120_000): Promise<string> {
		return await run({ ...(await this.cliOptions(args)), timeoutMs });
	}

	/** Another n8n command that stays, as `worker`; to be stopped by the caller. */
	async startCli(args: string[]): Promise<Child> {
		return await Child.start(await this.cliOptions(args));
	}

	private async cliOptions(args: string[]) {
		return {
			command: this.host.node,
			args: [this.host.bin, ...args],
			cwd: this.userFolder,
			env: { N8N_RUNNERS_BROKER_PORT: String(await freePort()), ...this.environment() },
			name: `n8n ${args[0]}`,
		};
	}

	/** n8n's own reader for the form in which it stores executions. */
	private get flatted(): { parse(text: string): unknown } {
		const load = createRequire(join(this.host.dir, 'package.json'));
		return load('flatted') as { parse(text: string): unknown };
	}
}

export const MANUAL_TRIGGER = 'n8n-nodes-base.manualTrigger';

/** A manual trigger and the nodes after it, one after the other. */
export function chain(...nodes: WorkflowNode[]): WorkflowDefinition {
	return { nodes: [{ name: 'Start', type: MANUAL_TRIGGER }, ...nodes] };
}

/**
 * Poll Times that make n8n poll every so many seconds, which divide a minute. It allows no cron expression that fires
 * more than once a minute, but any number of them.
 */
export function everySeconds(seconds: number): Json {
	return {
		item: Array.from({ length: Math.floor(60 / seconds) }, (_, index) => ({
			mode: 'custom',
			cronExpression: `${index * seconds} * * * * *`,
		})),
	};
}

/** Environment in which n8n's scheduler runs polls and keeps their cursors in one transaction with the executions. */
export const DURABLE_CURSORS: NodeJS.ProcessEnv = {
	N8N_SCHEDULER_ENABLED: 'true',
	N8N_SCHEDULER_POLL_TRIGGERS_ENABLED: 'true',
	N8N_POLLER_DURABLE_CURSORS_ENABLED: 'true',
	N8N_USE_WORKFLOW_PUBLICATION_SERVICE: 'true',
	// Its own clock, which ticks slowly.
	N8N_SCHEDULER_EXECUTOR_INTERVAL: '1',
	N8N_SCHEDULER_MATERIALIZATION_INTERVAL: '1',
	N8N_SCHEDULER_REAPER_INTERVAL: '2',
};

/** The items that an execution's first node has given; of one that has not begun, those that it is to begin with. */
function startItems(raw: Json): Item[] {
	const { resultData, executionData } = raw as {
		resultData?: { runData?: Record<string, (StoredRun & { executionIndex?: number })[]> };
		executionData?: { nodeExecutionStack?: { data?: { main?: (Item[] | null)[] } }[] };
	};
	const runs = Object.values(resultData?.runData ?? {}).map(([first]) => first);
	const first = runs.find((run) => run?.executionIndex === 0) ?? runs[0];
	const ran = first?.data === undefined ? undefined : Object.values(first.data)[0]?.[0];
	return ran ?? executionData?.nodeExecutionStack?.[0]?.data?.main?.[0] ?? [];
}

function complete(definition: WorkflowDefinition): Json {
	const nodes = definition.nodes.map((node, index) => ({
		id: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
		typeVersion: 1,
		parameters: {},
		position: [index * 224, 0],
		...node,
	}));
	const connections: Connections = {};
	if (!definition.connections) {
		for (const [index, node] of definition.nodes.slice(0, -1).entries()) {
			connections[node.name] = { main: [[{ node: definition.nodes[index + 1]!.name, type: 'main', index: 0 }]] };
		}
	}
	return {
		name: 'Test',
		connections,
		settings: { executionOrder: 'v1' },
		...definition,
		nodes,
	};
}

type StoredRun = {
	executionStatus?: string;
	executionTime?: number;
	data?: Record<string, (Item[] | null)[]>;
	error?: N8nError;
	hints?: NodeRun['hints'];
};

type StoredExecution = {
	id: string;
	workflowId: string;
	status: string;
	mode: string;
	data: string;
	dataTooLargeToDisplay?: boolean;
};

function decode(stored: StoredExecution, raw: Json): Execution {
	const result = (raw.resultData ?? {}) as {
		runData?: Record<string, StoredRun[]>;
		error?: N8nError;
		lastNodeExecuted?: string;
	};
	const runs: Execution['runs'] = {};
	const data: Execution['data'] = {};
	for (const [name, runsOfNode] of Object.entries(result.runData ?? {})) {
		runs[name] = runsOfNode.map((each) => ({
			status: each.executionStatus ?? 'unknown',
			outputs: Object.values(each.data ?? {})
				.flat()
				.map((items) => items ?? []),
			...(each.error ? { error: each.error } : {}),
			...(each.hints?.length ? { hints: each.hints } : {}),
			executionTime: each.executionTime ?? 0,
		}));
		data[name] = runs[name].flatMap(({ outputs }) => (outputs[0] ?? []).map(({ json }) => json));
	}
	return {
		id: stored.id,
		workflowId: stored.workflowId,
		status: stored.status,
		mode: stored.mode,
		data,
		runs,
		...(result.error ? { error: result.error } : {}),
		...(result.lastNodeExecuted ? { lastNode: result.lastNodeExecuted } : {}),
		raw,
	};
}
