import type { Run } from '../../core/client';
import { ALL, type Ids } from '../../core/field';

/** Most IMEIs in one request (sections 2.2, 2.12, 2.14). */
export const imeisPerRequest = 100;

/** The IMEIs that a `devices` parameter stands for. */
export async function listed(run: Pick<Run, 'lookup'>, devices: Ids): Promise<string[]> {
	return devices === ALL ? (await run.lookup('device')).map((choice) => choice.value) : devices;
}
