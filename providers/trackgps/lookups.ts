import type { Collector, RunOptions } from '../../core/describe/operation';
import type { Choice } from '../../core/describe/field';
import type { Device } from '../../core/describe/records';
import { byTitle } from '../by-title';
import { getMany } from './device';

const BETWEEN = ' · ';

/** Vehicles by name and plate. */
export async function deviceChoices(client: Collector, options?: RunOptions): Promise<Choice[]> {
	const found = (await client.collect(getMany, {}, options)) as Device[];
	return byTitle(
		found.map(({ deviceId, name, plate }) => ({
			value: deviceId,
			title: [...new Set([name, plate, deviceId])].filter((part) => part !== null).join(BETWEEN),
			device: { deviceName: name, plate },
		})),
	);
}

/** Name and plate out of a vehicle's title. */
export const namesIn = ({ title }: Choice) => title.split(BETWEEN).slice(0, -1);
