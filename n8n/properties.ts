import type { INodeProperties } from 'n8n-workflow';
import type { Field, Fields } from '../core/describe/field';
import type { AnyOperation } from '../core/describe/operation';
import type { Provider } from '../core/describe/provider';
import { RESOURCE_TITLES } from '../core/describe/resources';
import { propertyOf, shownFor, sortedByName } from './property';

/** n8n's default for lists. */
const LIMIT = 50;

/** The properties of a provider's node, derived from its catalog. Their names are stored in users' workflows. */
export function propertiesOf({ operations, limits }: Provider): INodeProperties[] {
	const resources = [...new Set(operations.map(({ resource }) => resource))];
	return [
		{
			displayName: 'Resource',
			name: 'resource',
			type: 'options',
			noDataExpression: true,
			options: sortedByName(
				resources.map((resource) => ({ name: RESOURCE_TITLES[resource] ?? resource, value: resource })),
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
				action,
			})),
		),
		default: operations[0]?.name ?? '',
	};
}

/** Whether a field has its place among the options: what need not be filled in, unless another field asks for it. */
export const isOption = ({ kind, required, when }: Field) =>
	when === undefined && (!required || kind === 'boolean' || kind === 'choices');

/** Whether Return All and Limit make sense: what a vendor hands out once must not be cut. */
export const hasLimit = ({ effect, list, consuming: once }: AnyOperation) => effect === 'read' && list && once !== true;

function parametersOf(operation: AnyOperation, deadlineMs: number): INodeProperties[] {
	const { resource, name, effect } = operation;
	const displayOptions = shownFor(resource, name);
	const fields = Object.entries(operation.params as Fields);
	const options = fields.filter(([, field]) => isOption(field)).map(([key, field]) => propertyOf(key, field));
	return [
		...(effect === 'read' ? [] : [noticeOf(operation)]),
		...(operation.handsOutSession === true ? [linkNotice(resource, name)] : []),
		...fields
			.filter(([, field]) => !isOption(field))
			.map(([key, field]) => {
				const { displayName, name: keyName, type, ...rest } = propertyOf(key, field);
				const empty = rest.default === '' || type === 'resourceLocator';
				return {
					displayName,
					name: keyName,
					type,
					...(field.required && empty ? { required: true } : {}),
					displayOptions: shownFor(resource, name, field),
					...rest,
				};
			}),
		...(hasLimit(operation) ? returnAll(resource, name) : []),
		...(effect === 'read' ? [output(resource, name)] : []),
		{
			displayName: 'Options',
			name: 'options',
			type: 'collection',
			placeholder: 'Add option',
			displayOptions,
			default: {},
			options: [...options, timeout(deadlineMs)].sort((a, b) => a.displayName.localeCompare(b.displayName, 'en')),
		},
	];
}

function noticeOf({ resource, name, effect }: AnyOperation): INodeProperties {
	const allow = effect === 'command' ? ' <b>Allow Commands</b> must be on in the credential.' : '';
	return {
		displayName: `This is sent exactly once; without an answer the outcome is "unknown".${allow} Leave <b>Retry On Fail</b> off in this node's settings: it would repeat it.`,
		name: 'sentOnce',
		type: 'notice',
		displayOptions: shownFor(resource, name),
		default: '',
	};
}

function linkNotice(resource: string, operation: string): INodeProperties {
	return {
		displayName:
			'Whoever has the link is logged in to the account, with all that it may do, until <b>Log Out</b>. <b>Allow Web Links</b> must be on in the credential, and agents get no link.',
		name: 'handsOutSession',
		type: 'notice',
		displayOptions: shownFor(resource, operation),
		default: '',
	};
}

function returnAll(resource: string, operation: string): INodeProperties[] {
	const show = { resource: [resource], operation: [operation] };
	return [
		{
			displayName: 'Return All',
			name: 'returnAll',
			type: 'boolean',
			displayOptions: { show },
			default: false,
			description: 'Whether to return all results or only up to a given limit',
		},
		{
			displayName: 'Limit',
			name: 'limit',
			type: 'number',
			displayOptions: { show: { ...show, returnAll: [false] } },
			typeOptions: { minValue: 1 },
			default: LIMIT,
			description: 'Max number of results to return',
		},
	];
}

function output(resource: string, operation: string): INodeProperties {
	return {
		displayName: 'Output',
		name: 'output',
		type: 'options',
		displayOptions: shownFor(resource, operation),
		options: [
			{ name: 'Raw', value: 'raw', description: 'The records as the vendor sends them' },
			{ name: 'Simplified', value: 'simplified', description: 'The same fields and units whichever the vendor' },
		],
		default: 'simplified',
		description: 'The form in which the records are returned',
	};
}

function timeout(deadlineMs: number): INodeProperties {
	return {
		displayName: 'Timeout',
		name: 'timeout',
		type: 'number',
		typeOptions: { minValue: 1 },
		default: deadlineMs / 1000,
		description: 'Most seconds that one item may take, with all its requests, retries and waiting',
	};
}
