import { isRecord } from '../describe/read';
import type { Row } from '../describe/records';
import type { DeviceTexts } from './device-texts';

/** The part of a record that names a device: of a message, that is the record in it. */
function namedPart(record: object): Row | undefined {
	const { record: message } = record as Row;
	const part = isRecord(message) ? message : (record as Row);
	return 'deviceName' in part && typeof part.deviceId === 'string' ? part : undefined;
}

export function lacksNames(record: object): boolean {
	const part = namedPart(record);
	return part !== undefined && (part.deviceName === null || part.plate === null);
}

/** Fills in what the vendor's own record does not say. */
export function fillIn(record: object, devices: DeviceTexts): void {
	const part = namedPart(record);
	const named = part === undefined ? undefined : devices.named(part.deviceId as string);
	if (part === undefined || named === undefined) return;
	part.deviceName ??= named.deviceName;
	part.plate ??= named.plate;
}
