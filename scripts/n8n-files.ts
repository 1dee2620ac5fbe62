import type { Vendor } from '../providers/vendor';
import { pageAt } from './publisher';

/** Stands at the top of what is made, where the format has comments. */
export const MADE = 'Made by `npm run generate` from providers/: edit the vendor there.';

const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);
const literal = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`;
const icon = (up: string, { provider: { name } }: Vendor) =>
	`{ light: 'file:${up}icons/${name}.svg', dark: 'file:${up}icons/${name}.dark.svg' }`;

/** A vendor's node types, less the package's name: the action node first. */
export const nodeTypesOf = ({ n8n: { className, queueTrigger } }: Vendor) =>
	['', 'Trigger', ...(queueTrigger === undefined ? [] : ['QueueTrigger'])].map(
		(ending) => lowerFirst(className) + ending,
	);

/** A vendor's node files for n8n: path and text. Headers are literal, as n8n's linters read them out of the source. */
export function n8nFiles(vendor: Vendor, packageName: string): [path: string, text: string][] {
	const { className, queueTrigger } = vendor.n8n;
	const classes: [string, string][] = [
		[className, actionNode(vendor)],
		[`${className}Trigger`, triggerNode(vendor)],
		...(queueTrigger === undefined
			? []
			: [[`${className}QueueTrigger`, queueTriggerNode(vendor, queueTrigger)] as [string, string]]),
	];
	return [
		...classes.flatMap(([name, source]): [string, string][] => [
			[`nodes/${className}/${name}.node.ts`, source],
			[`nodes/${className}/${name}.node.json`, codex(vendor, `${packageName}.${lowerFirst(name)}`)],
		]),
		[`credentials/${className}Api.credentials.ts`, credential(vendor)],
	];
}

const vendorPage = ({ name }: Vendor['provider']) => pageAt(`docs/${name}.md`);
const accountPage = (provider: Vendor['provider']) => `${vendorPage(provider)}#account`;

function codex({ provider, n8n: { alias } }: Vendor, node: string): string {
	return JSON.stringify({
		node,
		nodeVersion: '1.0',
		codexVersion: '1.0',
		categories: ['Data & Storage', 'Miscellaneous'],
		resources: {
			credentialDocumentation: [{ url: accountPage(provider) }],
			primaryDocumentation: [{ url: vendorPage(provider) }],
		},
		alias: ['GPS', 'fleet', 'tracker', 'vehicle', ...alias],
	});
}

/** The parts of a description that all nodes of a vendor have. */
function header(
	vendor: Vendor,
	ending: string,
	{ group, subtitle, about }: Record<'group' | 'subtitle' | 'about', string>,
) {
	const name = `${vendor.provider.title}${ending.replace(/[A-Z]/g, ' $&')}`;
	return {
		first: `displayName: ${literal(name)},
		name: ${literal(lowerFirst(vendor.n8n.className) + ending)},
		icon: ${icon('../../', vendor)},
		group: ['${group}'],
		version: 1,
		subtitle: '={{ ${subtitle} }}',
		description: ${literal(about)},
		defaults: { name: ${literal(name)} },`,
		credentials: `credentials: [{ name: '${credentialType(vendor)}', required: true }],`,
		listSearch: `methods = { listSearch: listSearchOf(${vendor.provider.name}, '${credentialType(vendor)}') };`,
		provider: `import { ${vendor.provider.name} } from '../../providers/${vendor.module}';`,
		call: `this, ${vendor.provider.name}, '${credentialType(vendor)}'`,
	};
}

const credentialType = ({ n8n: { className } }: Vendor) => `${lowerFirst(className)}Api`;

function actionNode(vendor: Vendor): string {
	const { provider, n8n } = vendor;
	const parts = header(vendor, '', {
		group: 'transform',
		subtitle: '$parameter["operation"] + ": " + $parameter["resource"]',
		about: n8n.node,
	});
	return `// ${MADE}
import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';
import { execute } from '../../n8n/execute';
import { listSearchOf } from '../../n8n/lookups';
import { propertiesOf } from '../../n8n/properties';
${parts.provider}

export class ${n8n.className} implements INodeType {
	description: INodeTypeDescription = {
		${parts.first}
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		${parts.credentials}
		properties: propertiesOf(${provider.name}),
	};

	${parts.listSearch}

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return await execute(${parts.call});
	}
}
`;
}

function triggerNode(vendor: Vendor): string {
	const { provider, n8n } = vendor;
	const parts = header(vendor, 'Trigger', {
		group: 'trigger',
		subtitle: '$parameter["event"]',
		about: n8n.trigger,
	});
	return `// ${MADE}
import {
	NodeConnectionTypes,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
	type IPollFunctions,
} from 'n8n-workflow';
import { listSearchOf } from '../../n8n/lookups';
import { poll } from '../../n8n/trigger-poll';
import { triggerPropertiesOf } from '../../n8n/trigger-properties';
${parts.provider}

export class ${n8n.className}Trigger implements INodeType {
	description: INodeTypeDescription = {
		${parts.first}
		polling: true,
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		${parts.credentials}
		properties: triggerPropertiesOf(${provider.name}),
	};

	${parts.listSearch}

	async poll(this: IPollFunctions): Promise<INodeExecutionData[][] | null> {
		return await poll(${parts.call});
	}
}
`;
}

function queueTriggerNode(vendor: Vendor, about: string): string {
	const { provider, n8n } = vendor;
	const parts = header(vendor, 'QueueTrigger', { group: 'trigger', subtitle: '$parameter["queue"]', about });
	return `// ${MADE}
import {
	NodeConnectionTypes,
	type INodeType,
	type INodeTypeDescription,
	type ITriggerFunctions,
	type ITriggerResponse,
} from 'n8n-workflow';
import { listSearchOf } from '../../n8n/lookups';
import { queuePropertiesOf } from '../../n8n/trigger-properties';
import { listen } from '../../n8n/trigger-queue';
${parts.provider}

export class ${n8n.className}QueueTrigger implements INodeType {
	description: INodeTypeDescription = {
		${parts.first}
		eventTriggerDescription: '',
		triggerPanel: {
			header: '',
			executionsHelp: {
				inactive:
					'<b>While building your workflow</b>, click the button to try it with messages that are in the queue now. They stay there.<br /> <br /><b>Once you are happy with your workflow</b>, publish it. Then it runs for all messages. These executions show up in the <a data-key="executions">executions list</a>, but not in the editor.',
				active: '<b>While building your workflow</b>, click the button to try it with messages that are in the queue now. They stay there.<br /> <br /><b>Your workflow also runs by itself</b>, since it is published. These executions show up in the <a data-key="executions">executions list</a>, but not in the editor.',
			},
			activationHint:
				'Once you have finished building your workflow, publish it to have it run for all messages.',
		},
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		${parts.credentials}
		properties: queuePropertiesOf(${provider.name}),
	};

	${parts.listSearch}

	async trigger(this: ITriggerFunctions): Promise<ITriggerResponse> {
		return await listen(${parts.call});
	}
}
`;
}

const CONTESTED =
	'The session ended at once: another program is logging in with this account. Give each its own account.';

function testNote(login: boolean, anyAnswer: boolean): string {
	if (!login) return 'Whether the key is good shows here for the first time.';
	return anyAnswer
		? 'The login before this request is the real test. Whatever the bare address answers, it costs nothing of the quota.'
		: 'The login before this request is the real test; it says itself what is wrong.';
}

function credential(vendor: Vendor): string {
	const { provider, module, n8n } = vendor;
	const { path, anyAnswer, contested } = n8n.test;
	const rules = contested?.values.map(
		(value) => `{
			type: 'responseSuccessBody',
			properties: { key: ${literal(contested.key)}, value: ${String(value)}, message: ${literal(CONTESTED)} },
		}`,
	);
	return `// ${MADE}
import type { IAuthenticate, ICredentialTestRequest, ICredentialType, Icon, INodeProperties } from 'n8n-workflow';
import { authenticateOf, credentialProperties, preAuthenticationOf, testOf } from '../n8n/credential';
import { ${provider.name} } from '../providers/${module}';

export class ${n8n.className}Api implements ICredentialType {
	name = '${credentialType(vendor)}';

	displayName = ${literal(`${provider.title} API`)};

	icon: Icon = ${icon('../', vendor)};

	documentationUrl = '${accountPage(provider)}';

	properties: INodeProperties[] = credentialProperties(${provider.name});

	preAuthentication = preAuthenticationOf(${provider.name});

	authenticate: IAuthenticate = authenticateOf(${provider.name});

	// ${testNote(provider.login !== undefined, anyAnswer === true)}
	test: ICredentialTestRequest = {
		request: testOf(${provider.name}, { url: ${literal(path)}${anyAnswer ? ', ignoreHttpStatusErrors: true' : ''} }),
		${rules === undefined ? '' : `rules: [${rules.join(', ')}],`}
	};
}
`;
}
