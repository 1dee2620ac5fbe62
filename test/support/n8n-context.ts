/**
 * The parts of n8n that carry a node, in this process: n8n-core's execution contexts, request helpers and HTTP client,
 * and n8n-workflow's expressions. Only the store of credentials is made here, after n8n's own (credentials-helper.ts),
 * because it lies in the n8n package with its database.
 */
import { createRequire } from 'node:module';
import type * as N8nCore from 'n8n-core';
import type * as N8nWorkflow from 'n8n-workflow';
import type {
	ICredentialDataDecryptedObject,
	ICredentialType,
	IDataObject,
	IHttpRequestHelper,
	IHttpRequestOptions,
	IExecuteFunctions,
	ILoadOptionsFunctions,
	INode,
	INodeExecutionData,
	INodeParameters,
	INodeType,
	IPollFunctions,
	IRun,
	ITriggerFunctions,
	ITriggerResponse,
	IWorkflowExecuteAdditionalData,
	WorkflowActivateMode,
	WorkflowExecuteMode,
} from 'n8n-workflow';

// n8n loads these as CommonJS; the same classes must be meant here.
const load = createRequire(__filename);
load('reflect-metadata');
const { ExecuteContext, LoadOptionsContext, PollContext, TriggerContext } = load('n8n-core') as typeof N8nCore;
const {
	Workflow,
	createEmptyRunExecutionData,
	ManualExecutionCancelledError,
	TimeoutExecutionCancelledError,
	SystemShutdownExecutionCancelledError,
} = load('n8n-workflow') as typeof N8nWorkflow;

/** A credential in the database. */
export class StoredCredential {
	/** How often it was read from the database. */
	reads = 0;
	constructor(
		readonly type: ICredentialType,
		public data: ICredentialDataDecryptedObject,
	) {}
}

export interface NodeOptions {
	parameters?: INodeParameters;
	items?: INodeExecutionData[];
	settings?: Partial<INode>;
	timezone?: string;
	signal?: AbortSignal;
	/** How the execution was started; by default by hand. */
	mode?: WorkflowExecuteMode;
	staticData?: IDataObject;
	/** Node types that n8n has. */
	knownTypes?: readonly string[];
}

export interface NodeContext<C> {
	context: C;
	hints: () => { message: string }[];
}

function workflowOf(
	type: INodeType,
	{ parameters = {}, settings, timezone = 'UTC', staticData, knownTypes = [] }: NodeOptions,
	credentialType: string,
) {
	const getKnownTypes = () => Object.fromEntries(knownTypes.map((name) => [name, {}]));
	const nodeTypes = { getByName: () => type, getByNameAndVersion: () => type, getKnownTypes };
	const node: INode = {
		id: 'node',
		name: 'Fleet',
		type: `test.${type.description.name}`,
		typeVersion: 1,
		position: [0, 0],
		credentials: { [credentialType]: { id: 'credential', name: 'Account' } },
		...settings,
		parameters,
	};
	const workflow = new Workflow({
		id: 'workflow',
		nodes: [node],
		connections: {},
		active: false,
		nodeTypes,
		settings: { timezone },
		staticData,
	});
	return { workflow, node: workflow.nodes[node.name]! };
}

/** What credentials-helper.ts of n8n does, over a variable instead of the database. */
function additionalDataOf(stored: StoredCredential): IWorkflowExecuteAdditionalData {
	const { type } = stored;
	const credentialsHelper = {
		getParentTypes: () => [],
		isCredentialUsableByNode: () => true,
		getCredentialsProperties: () => type.properties,
		getDecrypted: async () => {
			stored.reads += 1;
			return await Promise.resolve(structuredClone({ session: '', ...stored.data }));
		},
		authenticate: async (credentials: ICredentialDataDecryptedObject, _: string, options: IHttpRequestOptions) =>
			typeof type.authenticate === 'function' ? await type.authenticate(credentials, options) : options,
		preAuthentication: async (
			helpers: IHttpRequestHelper,
			credentials: ICredentialDataDecryptedObject,
			_: string,
			_node: INode,
			expired: boolean,
		) => {
			const expirable = type.properties.find(
				(property) => property.type === 'hidden' && property.typeOptions?.expirable === true,
			)?.name;
			if (
				expirable === undefined ||
				type.preAuthentication === undefined ||
				(credentials[expirable] !== '' && !expired)
			)
				return undefined;
			const output = (await type.preAuthentication.call(helpers, credentials)) as ICredentialDataDecryptedObject;
			stored.data = { ...stored.data, ...output };
			return Object.assign(credentials, output);
		},
	};
	return {
		credentialsHelper,
		executionId: '1',
		currentNodeParameters: undefined,
	} as unknown as IWorkflowExecuteAdditionalData;
}

/** A node in an execution. */
export function executeContext(
	type: INodeType,
	stored: StoredCredential,
	options: NodeOptions = {},
): NodeContext<IExecuteFunctions> {
	const { workflow, node } = workflowOf(type, options, stored.type.name);
	const { items = [{ json: {} }], mode = 'manual', signal } = options;
	const context = new ExecuteContext(
		workflow,
		node,
		additionalDataOf(stored),
		mode,
		createEmptyRunExecutionData(),
		0,
		items,
		{ main: [items] },
		{ data: { main: [items] }, node, source: null },
		[],
		signal,
	);
	return { context: context as unknown as IExecuteFunctions, hints: () => context.hints };
}

/** A node open in the editor. */
export function loadOptionsContext(
	type: INodeType,
	stored: StoredCredential,
	options: NodeOptions = {},
): ILoadOptionsFunctions {
	const { workflow, node } = workflowOf(type, options, stored.type.name);
	return new LoadOptionsContext(workflow, node, additionalDataOf(stored), '') as unknown as ILoadOptionsFunctions;
}

/** A poll as the editor's button makes it. */
export async function tryPoll(
	type: INodeType,
	stored: StoredCredential,
	options: NodeOptions = {},
): Promise<INodeExecutionData[]> {
	const { workflow, node } = workflowOf(type, options, stored.type.name);
	const context = new PollContext(workflow, node, additionalDataOf(stored), 'manual', 'manual');
	const [items = []] = (await type.poll!.call(context as unknown as IPollFunctions)) ?? [];
	return items;
}

export interface PublishedOptions extends NodeOptions {
	/**
	 * Who polls: the clock of the activation; n8n's scheduler, where each poll begins with what is stored; or its
	 * scheduler with durable cursors, where static data and execution are stored in one step.
	 */
	engine?: 'clock' | 'scheduler' | 'durableCursors';
}

/**
 * A published workflow whose node is polled, after n8n's own activation and executor (active-workflow-triggers.js,
 * poll-trigger-executor.js, poll-trigger-task-handler.js): what they keep in the database is in `database`.
 */
export class PublishedPoll {
	/** The workflow's row, and the executions in the order in which they were made. */
	readonly database: { staticData: IDataObject; executions: INodeExecutionData[][]; failures: Error[] } = {
		staticData: {},
		executions: [],
		failures: [],
	};
	/** A crash at this point of the next poll that gives something. */
	crash: 'beforeStored' | 'beforeExecution' | undefined;
	private crashed = false;
	/** Why n8n cannot make its next executions. */
	readonly refusals: Error[] = [];
	/** Whether executions do not end by themselves, and what waits for their ends. */
	runsGoOn = false;
	readonly runs: Parameters<IPollFunctions['__emit']>[2][] = [];
	private current: { context: IPollFunctions; save: () => void } | undefined;

	constructor(
		private readonly type: INodeType,
		private readonly stored: StoredCredential,
		public options: PublishedOptions = {},
	) {}

	get events(): IDataObject[] {
		return this.database.executions.flat().map(({ json }) => json);
	}

	/** Publishes the workflow, or starts n8n on one that is. @throws what the first poll throws */
	async activate(mode: WorkflowActivateMode = 'activate'): Promise<void> {
		this.crashed = false;
		this.current = this.opened(mode, { scheduled: false });
		// Its scheduler has the workflow's jobs already.
		if (['init', 'leadershipChange'].includes(mode) && (this.options.engine ?? 'clock') !== 'clock') return;
		const { context, save } = this.current;
		try {
			await this.run(context, { testing: true });
		} catch (error) {
			this.current = undefined;
			throw error;
		}
		save();
	}

	deactivate(): void {
		this.current = undefined;
	}

	/** The clock's next poll. */
	async tick(): Promise<void> {
		await this.due()();
	}

	/** A poll that is due: what it begins with is read now, and it runs when it is called. */
	due(): () => Promise<void> {
		const { current } = this;
		if (current === undefined) throw new Error('the workflow is not published');
		const { context } =
			(this.options.engine ?? 'clock') === 'clock' ? current : this.opened('update', { scheduled: true });
		return async () => {
			try {
				await this.run(context, { isCurrent: () => this.current === current });
			} catch (error) {
				if (error instanceof Crash) throw error;
				this.database.failures.push(error as Error);
			}
		};
	}

	private async run(
		context: IPollFunctions,
		{ testing = false, isCurrent = () => true }: { testing?: boolean; isCurrent?: () => boolean },
	): Promise<void> {
		const given = await this.type.poll!.call(context).catch((error: unknown) => {
			throw this.crashed ? new Crash() : error;
		});
		if (!isCurrent()) return;
		if (given !== null) context.__emit(given);
		// What the first poll of an activation has staged and not delivered, n8n forgets.
		else if (!testing) await context.__commitCursor?.();
	}

	private opened(
		mode: WorkflowActivateMode,
		{ scheduled }: { scheduled: boolean },
	): { context: IPollFunctions; save: () => void } {
		const { workflow, node } = workflowOf(
			this.type,
			{ ...this.options, staticData: structuredClone(this.database.staticData) },
			this.stored.type.name,
		);
		const durable = this.options.engine === 'durableCursors';
		const key = `node:${node.name}`;
		const snapshot = structuredClone((this.database.staticData[key] ?? {}) as IDataObject);
		const save = () => {
			if (!durable) this.database.staticData = JSON.parse(JSON.stringify(workflow.staticData)) as IDataObject;
		};
		const seed = JSON.stringify(snapshot);
		const commit = () => {
			if (durable && JSON.stringify(snapshot) !== seed) this.database.staticData[key] = structuredClone(snapshot);
		};
		const ends = () => {
			this.crashed = true;
			throw new Crash();
		};
		const emit: IPollFunctions['__emit'] = ([items = []], _, done) => {
			if (this.crash === 'beforeStored') ends();
			if (this.crash === 'beforeExecution' && durable) ends();
			save();
			if (this.crash === 'beforeExecution') ends();
			const refusal = this.refusals.shift();
			if (refusal !== undefined) {
				done?.reject(refusal);
				return;
			}
			commit();
			this.database.executions.push(JSON.parse(JSON.stringify(items)) as INodeExecutionData[]);
			this.runs.push(done);
			if (!this.runsGoOn) done?.resolve({ status: 'success' } as IRun);
		};
		const fail = (error: Error) => void this.database.failures.push(error);
		const context = new PollContext(
			workflow,
			node,
			additionalDataOf(this.stored),
			'trigger',
			mode,
			emit,
			fail,
			async () => await Promise.resolve(commit()),
			undefined,
			durable ? () => snapshot : undefined,
			scheduled ? () => 36_000 : undefined,
		);
		return { context: context as unknown as IPollFunctions, save };
	}
}

/** The process ends here. */
export class Crash extends Error {}

/**
 * How an execution ends, or that it waits, in n8n's words; `worker`: in a process of its own, which n8n tells less of.
 */
export interface RunEnd {
	worker?: boolean;
	/** Of the error that it ends with. */
	error?: object;
	/** Nothing was run, as when a worker died: n8n only knows that it will not go on. */
	nothingRan?: boolean;
}

/**
 * An execution, and what n8n tells the trigger of it (active-executions.js, workflow-runner.js, scaling.service.js).
 */
export interface Emitted {
	items: INodeExecutionData[];
	/** The execution ends, or waits, as `status` says. */
	end: (status: IRun['status'], how?: RunEnd) => void;
	/** It has waited, went on, and is over: n8n tells that, and not how. */
	over: () => void;
	/** Stopped by hand, by its time limit or by the end of n8n, while it runs or waits. */
	stop: (reason: 'manual' | 'timeout' | 'shutdown') => void;
	/** A Respond to Webhook node answers. */
	respond: () => void;
}

/** A published workflow whose node is a trigger of its own; the clock is in the test's hands. */
export class PublishedTrigger {
	readonly emitted: Emitted[] = [];
	readonly failures: Error[] = [];
	expression = '';
	private onTick: () => void = () => undefined;
	private response: ITriggerResponse | undefined;

	constructor(
		private readonly type: INodeType,
		private readonly stored: StoredCredential,
		private readonly options: NodeOptions = {},
	) {}

	async activate(
		activation: WorkflowActivateMode = 'activate',
		mode: WorkflowExecuteMode = 'trigger',
	): Promise<ITriggerResponse | undefined> {
		const { workflow, node } = workflowOf(this.type, this.options, this.stored.type.name);
		const emit: ITriggerFunctions['emit'] = ([items = []], response, done) => {
			this.emitted.push({
				items,
				end: (status, { worker = false, nothingRan = false, error = new Error('it failed') } = {}) => {
					// A worker's end is an answer in any case; in the main process, a wait is none.
					if (worker || (status !== 'waiting' && !nothingRan)) response?.resolve({});
					const runData = worker || nothingRan ? {} : { [node.name]: [] };
					done?.resolve({
						status,
						data: { resultData: { runData, ...(['error', 'canceled'].includes(status) ? { error } : {}) } },
						...(status === 'waiting' ? { waitTill: new Date() } : {}),
						...(worker ? { jobId: '1' } : {}),
					} as unknown as IRun);
				},
				over: () => response?.resolve({}),
				stop: (reason) => {
					const error = new {
						manual: ManualExecutionCancelledError,
						timeout: TimeoutExecutionCancelledError,
						shutdown: SystemShutdownExecutionCancelledError,
					}[reason]('1');
					response?.reject(error);
					done?.reject(error);
				},
				respond: () => response?.resolve({ body: 'thanks', headers: {}, statusCode: 200 }),
			});
		};
		const fail = (error: Error) => void this.failures.push(error);
		const scheduling = {
			registerCron: ({ expression }: { expression: string }, onTick: (at: Date) => void) => {
				this.expression = expression;
				this.onTick = () => onTick(new Date());
			},
		};
		const context = new TriggerContext(
			workflow,
			node,
			additionalDataOf(this.stored),
			mode,
			activation,
			emit,
			fail,
			fail,
			scheduling as never,
		);
		this.response = await this.type.trigger!.call(context as unknown as ITriggerFunctions);
		return this.response;
	}

	tick(): void {
		this.onTick();
	}

	async close(): Promise<void> {
		await this.response?.closeFunction?.();
		this.response = undefined;
		this.onTick = () => undefined;
	}
}
