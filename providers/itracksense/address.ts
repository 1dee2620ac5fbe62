import { operation } from '../../core/describe/operation';
import type { Connection } from '../../core/describe/connection';
import { UNNAMED, type Address, type Named, type Row } from '../../core/describe/records';
import { textOrNull } from './answer';
import { device, plate } from './fields';
import { method } from './method';
import { timesOf } from './times';
import { namedBy, trimmed } from './values';

/** "(2020-07-23 13:44:52) 212 Meters, Kuming, Yunan" */
function toAddress({ text }: Row, named: Named, deviceId: string, connection: Connection): Address {
	const [, time, address] = /^\s*\(([\d :/T-]{8,30})\)([^]*)$/.exec(String(text)) ?? [];
	return { ...named, time: timesOf(connection).iso(time), address: trimmed(address ?? text), deviceId };
}

/** The answer is a text. None: the vendor knows no address. */
const addresses = {
	resource: 'address',
	effect: 'read',
	answer: textOrNull,
	rows: (text: string | null | undefined): Row[] => (trimmed(text) === null ? [] : [{ text }]),
	kind: 'address',
} as const;

export const get = operation({
	...addresses,
	name: 'get',
	title: 'Get',
	action: 'Get the address of a device',
	description: 'Get the address where a device is, with the time of its position',
	params: { device },
	request: (params) => ({ json: { DeviceID: params.device } }),
	record: (row: Row, params, connection) => toAddress(row, UNNAMED, params.device, connection),
	...method(13),
});

export const getByPlate = operation({
	...addresses,
	name: 'getByPlate',
	title: 'Get by Plate',
	action: 'Get the address of a vehicle by plate',
	description:
		'Get the address where a vehicle is, with the time of its position. The answer names no device: its deviceId is the plate.',
	params: { plate },
	request: (params) => ({ json: { VehiclePlate: params.plate } }),
	record: (row: Row, params, connection) => toAddress(row, namedBy(params.plate), params.plate, connection),
	...method(12, 'The answer is not documented; the one of section 13, which takes a device ID, is.'),
});
