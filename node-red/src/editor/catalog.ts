import { canShare } from '../../../core/call/waiting-runs';
import type { Field, Fields } from '../../../core/describe/field';
import type { Provider } from '../../../core/describe/provider';
import { resourceTitle } from '../../../core/describe/resources';
import { fieldsOfTrigger } from '../../../core/describe/trigger';
import { MAPPABLE } from '../worldmap';

const LOCAL = "Without an offset, it is in this machine's time zone.";

/** A field as the editor needs it: the words and the widget, without the check. */
function fieldOf(
	name: string,
	{
		kind,
		title,
		description,
		placeholder,
		required,
		initial,
		options,
		lookup,
		all,
		parting,
		min,
		max,
		unit,
		secret,
		when,
	}: Field,
): object {
	return {
		name,
		kind,
		title,
		description: kind === 'time' ? `${description.replace(/\.$/, '')}. ${LOCAL}` : description,
		placeholder,
		required,
		initial,
		options,
		lookup,
		all,
		parting,
		min,
		max,
		unit,
		secret,
		when,
	};
}

const fieldsOf = (fields: Fields): object[] => Object.entries(fields).map(([name, field]) => fieldOf(name, field));

/** A vendor's operations and triggers as the editor needs them. */
export function catalogOf(provider: Provider): object {
	const used = [...new Set(provider.operations.map(({ resource }) => resource))];
	return {
		title: provider.title,
		resources: used.map((name) => ({ name, title: resourceTitle(provider, name) })),
		connection: fieldsOf(provider.connection),
		operations: provider.operations.map((operation) => {
			const { resource, name, title, action, description, effect, list, consuming, kind } = operation;
			return {
				resource,
				name,
				title,
				action,
				description,
				effect,
				list,
				limited: list && effect === 'read' && consuming !== true,
				map: effect === 'read' && MAPPABLE.includes(kind),
				// Read for each message by itself.
				alone: (effect === 'read' && !canShare(operation)) || undefined,
				fields: fieldsOf(operation.params as Fields),
			};
		}),
		poll: provider.limits.poll,
		triggers: provider.triggers.map((trigger) => ({
			name: trigger.name,
			title: trigger.title,
			description: trigger.description,
			queue: trigger.queue ?? false,
			map: MAPPABLE.includes(trigger.kind),
			fields: fieldsOf(fieldsOfTrigger(trigger)),
		})),
	};
}
