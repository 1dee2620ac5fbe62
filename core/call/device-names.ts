import type { Choice } from '../describe/field';
import { isRecord } from '../describe/read';
import type { Named, Row } from '../describe/records';
import type { InBlocks } from './blocks';

/** What people call the devices of an account, by id. */
type DeviceNames = ReadonlyMap<string, Named>;

const namesOf = new WeakMap<readonly Choice[], Promise<DeviceNames>>();

/** The names in a list of devices. It is gone through once, however many runs ask for them. */
export function namesIn(program: InBlocks, list: readonly Choice[]): Promise<DeviceNames> {
	const made = namesOf.get(list) ?? read(program, list);
	namesOf.set(list, made);
	return made;
}

async function read(program: InBlocks, list: readonly Choice[]): Promise<DeviceNames> {
	const names = new Map<string, Named>();
	await program.inBlocks(list, (block) => {
		for (const { value, device } of block) if (device !== undefined) names.set(value, device);
	});
	return names;
}

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
export function fillIn(record: object, names: DeviceNames): void {
	const part = namedPart(record);
	const named = part === undefined ? undefined : names.get(part.deviceId as string);
	if (part === undefined || named === undefined) return;
	part.deviceName ??= named.deviceName;
	part.plate ??= named.plate;
}
