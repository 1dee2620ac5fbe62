import { z } from 'zod/v4';
import type { Run } from '../../core/describe/operation';
import { anyNumber, asList, ids, shown, text, type Field, type Ids } from '../../core/describe/field';
import { inOrder } from '../../core/call/pages';
import { UnexpectedAnswer } from '../../core/describe/errors';
import { identityOf } from '../../core/describe/read';
import type { Row } from '../../core/describe/records';
import { parameterOf } from './times';

export { period, periodProblem } from '../period';

/** Ctrack numbers vehicles, drivers and cost centres alike: their NodeIds. */
export const NODE_ID = /^\d{1,18}$/;

/** A NodeId in an answer. @throws UnexpectedAnswer if it is none: a record of nobody would be a wrong one. */
export function nodeIdOf(row: Row, name = 'NodeId'): string {
	const id = identityOf(row[name], name);
	if (!NODE_ID.test(id))
		throw new UnexpectedAnswer(`The vendor sent a record whose "${name}" is no number.`, {
			advice: 'Try Output = Raw to see it, and please report it.',
		});
	return id;
}

const vehicleForm = { pattern: NODE_ID, expected: 'must be the number of a vehicle, its NodeId' } as const;
const vehicles = {
	title: 'Vehicles',
	lookup: 'device',
	noun: 'NodeId',
	parting: 'commas',
	placeholder: 'e.g. 566, 567',
	...vehicleForm,
} as const;

export const device = text({
	title: 'Vehicle',
	description: 'Vehicle to ask about, as its NodeId',
	placeholder: 'e.g. 566',
	lookup: 'device',
	typedAs: 'NodeId',
	...vehicleForm,
});
/** Any number of vehicles. */
export const devices = ids({ ...vehicles, description: 'Vehicles to ask about, as NodeIds' });
/** Any number of vehicles, or all of the account. */
export const devicesOrAll = ids({
	...vehicles,
	description: 'Vehicles to ask about, as NodeIds',
	all: 'all vehicles of the account',
});

export const group = text({
	title: 'Cost Centre',
	description: 'Cost centre, as its NodeId',
	placeholder: 'e.g. 3039',
	lookup: 'group',
	typedAs: 'NodeId',
	pattern: NODE_ID,
	expected: 'must be the number of a cost centre, its NodeId',
});

/** Stands between the names in a choice's title. A vehicle's registration is the first of them. */
export const BETWEEN_NAMES = ' · ';

/** A list of texts without a picker. */
export function texts(o: {
	title: string;
	description: string;
	placeholder: string;
	pattern: RegExp;
	expected: string;
}): Field<string[]> {
	const one = z
		.string({ error: (issue) => `${o.title} must hold texts, not ${shown(issue.input)}.` })
		.regex(o.pattern, { error: (issue) => `${o.title} ${o.expected}, not ${shown(issue.input)}.` });
	const schema = z
		.array(one, { error: (issue) => `${o.title} must be a list, not ${shown(issue.input)}.` })
		.min(1, { error: () => `${o.title} is empty: give at least one.` });
	const clean = (value: unknown) => {
		const list = asList(value, 'commas');
		return Array.isArray(list) ? (list as unknown[]).filter((part) => part !== '') : list;
	};
	const described = `${o.description}. ${anyNumber({ parting: 'commas', placeholder: o.placeholder })}.`;
	return { ...text({ ...o, description: described }), schema, clean };
}

/**
 * Vehicles in one request. The document sets no limit; this keeps addresses below the 2,048 characters that IIS takes.
 * Grade G.
 */
export const vehiclesPerRequest = 100;

/** What a request carries that is about a single vehicle. */
export interface OneVehicle {
	device: string;
}
/** The same over a period. */
interface OneVehicleAndPeriod extends OneVehicle {
	begin: number;
	end: number;
}

export const vehicleAndPeriod = ({ device, begin, end }: OneVehicleAndPeriod) => ({
	query: { vehicleNodeId: device, fromDateTimeUTC: parameterOf(begin), toDateTimeUTC: parameterOf(end) },
});

/** What the requests of those are about. */
export const oneVehicle = { devices: 'devices', as: 'device', most: 1 } as const;

/** One request for each vehicle, for methods that take a single one. */
export async function* perVehicle<P extends { devices: Ids }, R extends Row>(
	run: Pick<Run<Omit<P, 'devices'> & OneVehicle, R>, 'request' | 'devices' | 'width'>,
	{ devices, ...params }: P,
): AsyncGenerator<R[]> {
	yield* inOrder(await run.devices(devices), run.width, (device) => run.request({ ...params, device }));
}
