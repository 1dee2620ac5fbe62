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
	IHttpRequestHelper,
	IHttpRequestOptions,
	IExecuteFunctions,
	ILoadOptionsFunctions,
	INode,
	INodeExecutionData,
	INodeParameters,
	INodeType,
	IWorkflowExecuteAdditionalData,
} from 'n8n-workflow';

// n8n loads these as CommonJS; the same classes must be meant here.
const load = createRequire(__filename);
load('reflect-metadata');
const { ExecuteContext, LoadOptionsContext } = load('n8n-core') as typeof N8nCore;
const { Workflow, createEmptyRunExecutionData } = load('n8n-workflow') as typeof N8nWorkflow;

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
}

export interface NodeContext<C> {
	context: C;
	hints: () => { message: string }[];
}

function workflowOf(type: INodeType, { parameters = {}, settings, timezone = 'UTC' }: NodeOptions, credentialType: string) {
	const nodeTypes = { getByName: () => type, getByNameAndVersion: () => type, getKnownTypes: () => ({}) };
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
	const workflow = new Workflow({ id: 'workflow', nodes: [node], connections: {}, active: false, nodeTypes, settings: { timezone } });
	return { workflow, node: workflow.nodes.Fleet! };
}

/** What credentials-helper.ts of n8n does, over a variable in place of the database. */
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
		preAuthentication: async (helpers: IHttpRequestHelper, credentials: ICredentialDataDecryptedObject, _: string, _node: INode, expired: boolean) => {
			const expirable = type.properties.find((property) => property.type === 'hidden' && property.typeOptions?.expirable === true)?.name;
			if (expirable === undefined || type.preAuthentication === undefined || (credentials[expirable] !== '' && !expired)) return undefined;
			const output = (await type.preAuthentication.call(helpers, credentials)) as ICredentialDataDecryptedObject;
			stored.data = { ...stored.data, ...output };
			return Object.assign(credentials, output);
		},
	};
	return { credentialsHelper, executionId: '1', currentNodeParameters: undefined } as unknown as IWorkflowExecuteAdditionalData;
}

/** A node in an execution. */
export function executeContext(type: INodeType, stored: StoredCredential, options: NodeOptions = {}): NodeContext<IExecuteFunctions> {
	const { workflow, node } = workflowOf(type, options, stored.type.name);
	const { items = [{ json: {} }], signal } = options;
	const context = new ExecuteContext(workflow, node, additionalDataOf(stored), 'manual', createEmptyRunExecutionData(), 0, items, { main: [items] }, { data: { main: [items] }, node, source: null }, [], signal);
	return { context: context as unknown as IExecuteFunctions, hints: () => context.hints };
}

/** A node open in the editor. */
export function loadOptionsContext(type: INodeType, stored: StoredCredential, options: NodeOptions = {}): ILoadOptionsFunctions {
	const { workflow, node } = workflowOf(type, options, stored.type.name);
	return new LoadOptionsContext(workflow, node, additionalDataOf(stored), '') as unknown as ILoadOptionsFunctions;
}
