import type { Collector, RunOptions } from '../../core/describe/operation';
import type { Choice } from '../../core/describe/field';
import { idTextOf, textOf } from '../../core/describe/read';
import type { Driver, Group, Row } from '../../core/describe/records';
import { byTitle } from '../by-title';
import { known } from './answer';
import { getMany as vehicles } from './device';
import { getMany as drivers } from './driver';
import { BETWEEN_NAMES } from './fields';
import { getMany as groups } from './group';

const label = (...parts: (string | null)[]) => [...new Set(parts.filter((part) => part !== null))].join(BETWEEN_NAMES);

/** Vehicles by registration, fleet number and description, so that a search finds them by any. */
export async function deviceChoices(client: Collector, options?: RunOptions): Promise<Choice[]> {
	const rows = (await client.collect(vehicles, {}, { ...options, output: 'raw' })) as Row[];
	return byTitle(
		rows.flatMap((came) => {
			const row = known(came);
			const value = idTextOf(row.NodeId);
			const [deviceName, plate] = [row.Description, row.VehicleRegistration].map(textOf) as [
				string | null,
				string | null,
			];
			return value === null
				? []
				: [
						{
							value,
							title: label(plate, textOf(row.FleetNumber), deviceName, value),
							device: { deviceName, plate },
						},
					];
		}),
	);
}

/** Cost centres by name. */
export async function groupChoices(client: Collector, options?: RunOptions): Promise<Choice[]> {
	const found = (await client.collect(groups, {}, options)) as Group[];
	return byTitle(found.map(({ groupId, name }) => ({ value: groupId, title: label(name, groupId) })));
}

/** Drivers by name. The vendor lists them by cost centre only; one who belongs to several is listed once. */
export async function driverChoices(client: Collector, options?: RunOptions): Promise<Choice[]> {
	const found = new Map<string, Choice>();
	for (const { value: group } of await client.lookup('group', options)) {
		for (const { driverId, name } of (await client.collect(drivers, { group }, options)) as Driver[])
			found.set(driverId, { value: driverId, title: label(name, driverId) });
	}
	return byTitle([...found.values()]);
}
