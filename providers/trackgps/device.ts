import { operation } from '../../core/describe/operation';
import { identityOf, rowsOf, textOf } from '../../core/describe/read';
import type { Device, Row } from '../../core/describe/records';
import { recordList, valuesOf } from './answer';

/**
 * The vendor has one method for what a vehicle is and where it is: `device.getMany` and `position.getCurrent` are its
 * two readings.
 */
export const companyVehicles = {
	effect: 'read',
	route: 'GET /api/carriers/company-vehicles',
	request: () => ({}),
	answer: recordList,
	rows: (answer: unknown[]) => rowsOf(answer, 'a vehicle'),
	list: true,
} as const;

export const COMPANY_VEHICLES = 'company-vehicles (public documentation)';

function toDevice(row: Row): Device {
	const of = valuesOf(row);
	const model = [of('vehicleManufacturer'), of('vehicleModel')].map(textOf).filter((part) => part !== null);
	return {
		name: textOf(of('vehicleName')),
		plate: textOf(of('vehicleRegistrationNumber')),
		model: textOf(model.join(' ')),
		// Not documented; real servers send it (facts 2.3).
		group: textOf(of('groupName')),
		simNumber: null,
		activatedAt: null,
		firstOnlineAt: null,
		expiresAt: null,
		userExpiresAt: null,
		iccid: null,
		deviceId: identityOf(of('vehicleId'), 'vehicleId'),
	};
}

export const getMany = operation({
	...companyVehicles,
	resource: 'device',
	name: 'getMany',
	title: 'Get Many',
	action: 'Get many devices',
	description: 'List the vehicles of the company',
	params: {},
	record: toDevice,
	kind: 'device',
	evidence: {
		section: COMPANY_VEHICLES,
		grade: 'C',
		note: 'The group is not in the documentation; real servers send it.',
	},
});
