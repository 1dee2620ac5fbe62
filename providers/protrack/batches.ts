import type { Run } from '../../core/describe/operation';
import { ALL, type Ids } from '../../core/describe/field';
import { idTextOf } from '../../core/describe/read';
import type { Row } from '../../core/describe/records';

/** Most IMEIs in one request (sections 2.2, 2.12, 2.14). */
export const imeisPerRequest = 100;

/** Of reads that give one record for each of their `devices`. */
export const together = {
	devices: 'devices',
	most: imeisPerRequest,
	deviceOf: (row: Row) => idTextOf(row.imei),
} as const;

/** The IMEIs that a `devices` parameter stands for. */
export async function listed(run: Pick<Run, 'lookup'>, devices: Ids): Promise<string[]> {
	return devices === ALL ? (await run.lookup('device')).map((choice) => choice.value) : devices;
}
