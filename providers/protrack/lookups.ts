import type { Collector, RunOptions } from '../../core/describe/operation';
import type { Choice } from '../../core/describe/field';
import type { Device, SubAccount } from '../../core/describe/records';
import { byTitle } from '../by-title';
import { getMany as devices } from './device';
import { getMany as subAccounts } from './sub-account';

const label = (first: string, ...rest: (string | null)[]) =>
	[first, ...rest.filter((part) => part !== null && part !== first)].join(' · ');

/** Devices by name and plate. */
export async function deviceChoices(client: Collector, options?: RunOptions): Promise<Choice[]> {
	const found = (await client.collect(devices, {}, options)) as Device[];
	return byTitle(
		found.map(({ deviceId, name, plate }) => ({
			value: deviceId,
			title: label(name ?? plate ?? deviceId, plate, deviceId),
			device: { deviceName: name, plate },
		})),
	);
}

/** Sub-accounts by name. */
export async function subAccountChoices(client: Collector, options?: RunOptions): Promise<Choice[]> {
	const found = (await client.collect(subAccounts, {}, options)) as SubAccount[];
	return byTitle(found.map(({ account, name }) => ({ value: account, title: label(account, name) })));
}
