import type { Collector, RunOptions } from '../../core/describe/operation';
import type { Choice } from '../../core/describe/field';
import { ALL } from '../../core/describe/field';
import { idTextOf } from '../../core/describe/read';
import type { Row } from '../../core/describe/records';
import { byTitle } from '../by-title';
import { getCurrentByPlate } from './position';
import { namedBy, trimmed, trimmedId } from './values';

/**
 * All vehicles and assets. Section 7 with an empty list, because its path is proven, and that of the list (section 6)
 * is not.
 */
const vehicles = async (client: Collector, options?: RunOptions) =>
	(await client.collect(getCurrentByPlate, { plates: ALL }, { ...options, output: 'raw' })) as Row[];

const label = (...parts: (string | null)[]) => [...new Set(parts.filter((part) => part !== null))].join(' · ');

function choicesOf(rows: readonly Row[], valueOf: (row: Row) => string | null): Choice[] {
	const choices = new Map<string, Choice>();
	for (const row of rows) {
		const value = valueOf(row);
		if (value === null) continue;
		const device = namedBy(row.VehicleNum);
		choices.set(value, { value, title: label(device.plate, trimmed(row.SIM2)), device });
	}
	return byTitle([...choices.values()]);
}

/** Devices by plate. */
export async function deviceChoices(client: Collector, options?: RunOptions): Promise<Choice[]> {
	return choicesOf(await vehicles(client, options), (row) => trimmedId(row.SIM2));
}

/** Plates, with the device beside them. A plate is passed on as it is written, stray spaces included. */
export async function plateChoices(client: Collector, options?: RunOptions): Promise<Choice[]> {
	return choicesOf(await vehicles(client, options), (row) => idTextOf(row.VehicleNum));
}
