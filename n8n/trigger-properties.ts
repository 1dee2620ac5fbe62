import type { INodeProperties } from 'n8n-workflow';
import { choice, number, type Fields } from '../core/describe/field';
import type { Provider } from '../core/describe/provider';
import { fieldsOfTrigger, type AnyTrigger } from '../core/describe/trigger';
import { formOf, shownFor, sortedByName, type Shown } from './property';

/**
 * Whether a trigger reads a queue; the others are polled. In n8n they are nodes apart: it runs a node in one way or the
 * other.
 */
export const isQueued = ({ queue }: AnyTrigger) => queue === true;

/** Name of the parameter that holds the trigger's name. */
export const EVENT = 'event';

/** The properties of a provider's polling trigger node. Their names are stored in users' workflows. */
export function triggerPropertiesOf({ triggers }: Provider): INodeProperties[] {
	const polled = triggers.filter((trigger) => !isQueued(trigger));
	return [
		{
			displayName: 'Event',
			name: EVENT,
			type: 'options',
			noDataExpression: true,
			options: sortedByName(
				polled.map(({ name, title, description }) => ({ name: title, value: name, description })),
			),
			default: polled[0]?.name ?? '',
		},
		...polled.flatMap((trigger) => {
			const shown = { [EVENT]: [trigger.name] };
			return [...notices(trigger, shown), ...fieldsShown(fieldsOfTrigger(trigger), shown)];
		}),
	];
}

export const ACKNOWLEDGE_LATER = 'laterMessageNode';

/**
 * How n8n reads a queue, beside the trigger's own fields. The ways to acknowledge are named as in n8n's RabbitMQ
 * Trigger.
 */
export const readingFields = {
	acknowledge: choice({
		title: 'Acknowledge',
		description:
			'When messages are removed from the queue. Messages that are not removed come again, also after a restart of n8n. An execution that waits (Wait node, form, approval, sub-workflow) has not finished: until it has, no other messages are delivered. A sub-workflow that the workflow does not wait for may still run when its execution finishes.',
		options: [
			{
				value: 'executionFinishes',
				title: 'When the Execution Finishes',
				description:
					'Whether it succeeds, fails or takes too long. If it is stopped, the workflow gets the same messages again.',
			},
			{
				value: 'executionFinishesSuccessfully',
				title: 'When the Execution Succeeds',
				description:
					'If it fails or is stopped, the workflow gets the same messages again, each time later. Not for workflows that wait: n8n does not report how those end.',
			},
			{
				value: 'immediately',
				title: 'Immediately',
				description: 'Before the execution starts: messages are lost if n8n stops in between',
			},
			{
				value: ACKNOWLEDGE_LATER,
				title: 'By an Acknowledge Operation Later in the Workflow',
				description: 'Message by message, as the workflow gets on, also after a wait',
			},
		],
		initial: 'executionFinishesSuccessfully',
	}),
	every: number({
		title: 'Check Every',
		description:
			'Seconds between two reads of the queue. While there are messages, the next ones are read without waiting.',
		unit: 'seconds',
		min: 5,
		max: 3600,
		integer: true,
		initial: 30,
	}),
} satisfies Fields;

/** All that a node asks for that reads a queue. What has a value that suits most has its place among the options. */
export function fieldsOfQueueNode(trigger: AnyTrigger | undefined): Fields {
	const fields: Fields = { ...(trigger === undefined ? {} : fieldsOfTrigger(trigger)), ...readingFields };
	return Object.fromEntries(
		Object.entries(fields).map(([name, field]) => [
			name,
			field.kind === 'number' && field.initial !== undefined ? { ...field, required: false } : field,
		]),
	);
}

/** The properties of a node that reads a queue. */
export function queuePropertiesOf({ title, triggers }: Provider): INodeProperties[] {
	const trigger = triggers.find(isQueued);
	const fields = fieldsShown(fieldsOfQueueNode(trigger), {});
	const later: INodeProperties = {
		displayName: `Put a ${title} node with the resource <b>Queue</b> and the operation <b>Acknowledge</b> into this workflow. Pass it the delivery tags of the messages that are processed. Messages that an execution has not acknowledged when it ends come again.`,
		name: 'acknowledgeLater',
		type: 'notice',
		displayOptions: { show: { acknowledge: [ACKNOWLEDGE_LATER] } },
		default: '',
	};
	return [
		...(trigger === undefined ? [] : notices(trigger, {})),
		...fields.flatMap((field) => (field.name === 'acknowledge' ? [field, later] : [field])),
	];
}

/** A trigger's fields as properties. */
function fieldsShown(fields: Fields, shown: Shown): INodeProperties[] {
	const { own, options } = formOf(fields, shown);
	return [...own, options];
}

/** What users should know of a trigger that rests on a guess. */
function notices({ evidence: { note } }: AnyTrigger, shown: Shown): INodeProperties[] {
	return note === undefined
		? []
		: [{ displayName: note, name: 'note', type: 'notice', ...shownFor(shown), default: '' }];
}
