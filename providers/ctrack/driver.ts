import { text } from '../../core/describe/field';
import { operation } from '../../core/describe/operation';
import { textOf } from '../../core/describe/read';
import type { Driver, Row } from '../../core/describe/records';
import { body, known, recordsIn, recordsUnder, withItsError } from './answer';
import { device, group, nodeIdOf } from './fields';

/**
 * {"NodeId":33347,"Tag":null,"DriverId":"iS411","DriverCategories":null}. What is called DriverId is a name (facts
 * 3.3).
 */
function toDriver(came: Row, params: { group?: string }): Driver {
	const row = known(came);
	return withItsError(row, { name: textOf(row.DriverId), group: params.group ?? null, driverId: nodeIdOf(row) }, [
		'driverId',
	]);
}

const drivers = {
	resource: 'driver',
	effect: 'read',
	answer: body,
	rows: recordsIn,
	record: toDriver,
	kind: 'driver',
} as const;

export const getMany = operation({
	...drivers,
	name: 'getMany',
	title: 'Get Many',
	action: 'Get the drivers of a cost centre',
	description: 'List the drivers of a cost centre',
	rows: recordsUnder('DriverList'),
	route: 'GET /Drivers/GetDriversInCostCentre',
	params: { group },
	request: ({ group }) => ({ query: { costCentreId: group } }),
	list: true,
	evidence: { section: 'Drivers/GetDriversInCostCentre', grade: 'C' },
});

export const get = operation({
	...drivers,
	name: 'get',
	title: 'Get',
	action: 'Get a driver',
	description: 'Find a driver of a cost centre',
	rows: recordsUnder('Driver'),
	route: 'GET /Drivers/GetDriver',
	params: {
		group,
		searchBy: text({
			title: 'Search By',
			description:
				"What the value is, in Ctrack's words. They are not documented; NodeId comes from the list for vehicles.",
			initial: 'NodeId',
			placeholder: 'e.g. NodeId',
			max: 40,
		}),
		value: text({
			title: 'Value',
			description: 'What to search for',
			placeholder: 'e.g. 33347',
			lookup: 'driver',
			typedAs: 'Value',
			max: 100,
		}),
	},
	// The document's own spelling: a capital V here, a small one in Vehicles/GetVehicleDetail.
	request: ({ group, searchBy, value }) => ({ query: { costCentreId: group, searchType: searchBy, Value: value } }),
	evidence: { section: 'Drivers/GetDriver', grade: 'C', note: 'The values of Search By are not documented.' },
});

export const getManyOfDevice = operation({
	...drivers,
	name: 'getManyOfDevice',
	title: 'Get Many of a Vehicle',
	action: 'Get the drivers of a vehicle',
	description: 'List the drivers that are associated with a vehicle',
	rows: recordsUnder('DriverList'),
	route: 'GET /Drivers/GetDriversAssociatedWithVehicle',
	params: { device },
	request: ({ device }) => ({ query: { vehicleNodeId: device } }),
	record: (row) => toDriver(row, {}),
	list: true,
	evidence: { section: 'Drivers/GetDriversAssociatedWithVehicle', grade: 'C' },
});
