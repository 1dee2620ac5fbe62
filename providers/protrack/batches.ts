import type { Several } from '../../core/describe/field';
import { idTextOf } from '../../core/describe/read';
import type { Row } from '../../core/describe/records';

/** Most IMEIs in one request (sections 2.2, 2.12, 2.14). */
export const imeisPerRequest = 100;

/** What a request carries that is about some devices. */
export interface Batch {
	devices: Several;
}

/** What a request carries that is about one device and a period. */
export interface OneDevice {
	device: string;
	begin: number;
	end: number;
}

/** Of reads that give one record for each of their `devices`. */
export const together = {
	devices: 'devices',
	most: imeisPerRequest,
	deviceOf: (row: Row) => idTextOf(row.imei),
} as const;

/** What the requests are about. */
export const someDevices = { devices: 'devices', as: 'devices', most: imeisPerRequest } as const;
export const oneDevice = { devices: 'devices', as: 'device', most: 1 } as const;
