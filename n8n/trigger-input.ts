import type { IDataObject, INodeExecutionData, INodeParameters, IPollFunctions, ITriggerFunctions } from 'n8n-workflow';
import type { Fields } from '../core/describe/field';
import type { FleetEvent } from '../core/describe/trigger';
import { valueFor } from './input';
import { isOption } from './property';

/**
 * What a trigger node's parameters hold for its fields. A field that the node does not have is left out. One whose
 * expression returns nothing is passed on as undefined, so that the core can report it as missing.
 */
export function triggerInput(
	context: IPollFunctions | ITriggerFunctions,
	fields: Fields,
	parameters: INodeParameters,
): Record<string, unknown> {
	const has = (name: string) => Object.hasOwn(parameters, name);
	const chosen = has('options') ? (context.getNodeParameter('options') as Record<string, unknown>) : {};
	const input: Record<string, unknown> = {};
	for (const [name, field] of Object.entries(fields)) {
		if (!isOption(field)) {
			if (has(name)) input[name] = valueFor(field, context.getNodeParameter(name), parameters[name]);
		} else if (Object.hasOwn(chosen, name))
			input[name] = valueFor(field, chosen[name], (parameters.options as INodeParameters)[name]);
	}
	return input;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

interface PollTime {
	mode?: string;
	unit?: string;
	value?: unknown;
}

/**
 * Time between two polls, on average, as n8n's Poll Times ask for it. A cron expression is taken for one of every
 * minute.
 */
export function pollIntervalMs(pollTimes: unknown): number {
	const { item = [] } = (pollTimes ?? {}) as { item?: PollTime[] };
	const perMs = item.reduce((sum, time) => sum + 1 / intervalOf(time), 0);
	return perMs === 0 ? MINUTE_MS : 1 / perMs;
}

function intervalOf({ mode, unit, value }: PollTime): number {
	switch (mode) {
		case 'everyX':
			return Math.max(1, Number(value) || 1) * (unit === 'hours' ? HOUR_MS : MINUTE_MS);
		case 'everyHour':
			return HOUR_MS;
		case 'everyDay':
		case 'everyWeek':
		case 'everyMonth':
			return 24 * HOUR_MS;
		default:
			return MINUTE_MS;
	}
}

export function itemsOf(events: readonly FleetEvent[]): INodeExecutionData[] {
	return events.map((event) => ({ json: event as unknown as IDataObject }));
}
