import type { INodeProperties } from 'n8n-workflow';
import type { Fields } from '../core/describe/field';
import type { AnyOperation } from '../core/describe/operation';
import type { Provider } from '../core/describe/provider';
import { resourceTitle } from '../core/describe/resources';
import { formOf, shownFor, sortedByName, type Shown } from './property';

/** n8n's default for lists. */
const LIMIT = 50;

/** The properties of a provider's node, derived from its catalog. Their names are stored in users' workflows. */
export function propertiesOf(provider: Provider): INodeProperties[] {
	const { operations, limits } = provider;
	const resources = [...new Set(operations.map(({ resource }) => resource))];
	return [
		{
			displayName: 'Resource',
			name: 'resource',
			type: 'options',
			noDataExpression: true,
			options: sortedByName(
				resources.map((resource) => ({ name: resourceTitle(provider, resource), value: resource })),
			),
			default: resources[0] ?? '',
		},
		...resources.map((resource) =>
			operationsOf(
				resource,
				operations.filter((operation) => operation.resource === resource),
			),
		),
		...operations.flatMap((operation) => parametersOf(operation, limits.deadlineMs)),
	];
}

/** As n8n writes them: "Get position history of devices". */
const withoutArticles = (action: string) => action.replace(/\b(?:an?|the) /g, '');

function operationsOf(resource: string, operations: readonly AnyOperation[]): INodeProperties {
	return {
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		displayOptions: { show: { resource: [resource] } },
		options: sortedByName(
			operations.map(({ name, title, description, action }) => ({
				name: title,
				value: name,
				description,
				action: withoutArticles(action),
			})),
		),
		default: operations[0]?.name ?? '',
	};
}

/** Whether Return All and Limit make sense: what a vendor hands out once must not be cut. */
export const hasLimit = ({ effect, list, consuming: once }: AnyOperation) => effect === 'read' && list && once !== true;

function parametersOf(operation: AnyOperation, deadlineMs: number): INodeProperties[] {
	const { resource, name, effect } = operation;
	const shown = { resource: [resource], operation: [name] };
	const { own, options } = formOf(operation.params as Fields, shown, [
		timeout(deadlineMs),
		...(effect === 'read' && operation.asks !== undefined ? [skipFailedDevices] : []),
	]);
	return [
		...(effect === 'read' ? [] : [noticeOf(operation, shown)]),
		...(effect === 'command' ? [allowCommands(shown)] : []),
		...(operation.handsOutSession === true ? [linkNotice(shown)] : []),
		...own,
		...(hasLimit(operation) ? returnAll(shown) : []),
		...(effect === 'read' ? [output(shown)] : []),
		options,
	];
}

function noticeOf({ effect }: AnyOperation, shown: Shown): INodeProperties {
	const allow = effect === 'command' ? ' <b>Allow Commands</b> must be on here and in the credential.' : '';
	return {
		displayName: `This is sent exactly once; without an answer the outcome is "unknown".${allow} Leave <b>Retry On Fail</b> off in this node's settings: it would repeat it.`,
		name: 'sentOnce',
		type: 'notice',
		...shownFor(shown),
		default: '',
	};
}

/** Stored in users' workflows. */
export const ALLOW_COMMANDS = 'allowCommands';

function allowCommands(shown: Shown): INodeProperties {
	return {
		displayName: 'Allow Commands',
		name: ALLOW_COMMANDS,
		type: 'boolean',
		noDataExpression: true,
		...shownFor(shown),
		default: false,
		description:
			'Whether this node may send commands. The credential has to allow them, too. No expression and no agent can switch this on.',
	};
}

function linkNotice(shown: Shown): INodeProperties {
	return {
		displayName:
			'Anyone who has the link is logged in to the account, with all its rights, until <b>Log Out</b>. <b>Allow Web Links</b> must be on in the credential, and agents get no link.',
		name: 'handsOutSession',
		type: 'notice',
		...shownFor(shown),
		default: '',
	};
}

function returnAll(shown: Shown): INodeProperties[] {
	return [
		{
			displayName: 'Return All',
			name: 'returnAll',
			type: 'boolean',
			...shownFor(shown),
			default: false,
			description: 'Whether to return all results or only up to a given limit',
		},
		{
			displayName: 'Limit',
			name: 'limit',
			type: 'number',
			displayOptions: { show: { ...shownFor(shown).displayOptions?.show, returnAll: [false] } },
			typeOptions: { minValue: 1 },
			default: LIMIT,
			description: 'Max number of results to return',
		},
	];
}

function output(shown: Shown): INodeProperties {
	return {
		displayName: 'Output',
		name: 'output',
		type: 'options',
		...shownFor(shown),
		options: [
			{ name: 'Raw', value: 'raw', description: 'The records as the vendor sends them' },
			{ name: 'Simplified', value: 'simplified', description: 'The same fields and units whichever the vendor' },
		],
		default: 'simplified',
		description: 'The form in which the records are returned',
	};
}

/** Stored in users' workflows. */
export const SKIP_FAILED = 'skipFailedDevices';

const skipFailedDevices: INodeProperties = {
	displayName: 'Skip Failed Devices',
	name: SKIP_FAILED,
	type: 'boolean',
	default: false,
	description:
		'Whether to continue when the vendor gives nothing for some devices. Each of them becomes an item with deviceId, deviceName and error.',
};

function timeout(deadlineMs: number): INodeProperties {
	return {
		displayName: 'Timeout',
		name: 'timeout',
		type: 'number',
		typeOptions: { minValue: 1 },
		default: deadlineMs / 1000,
		description: 'Maximum seconds for one item, with all its requests, retries and waiting',
	};
}
