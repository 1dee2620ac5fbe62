import { number, text } from '../../core/describe/field';
import { operation } from '../../core/describe/operation';
import { textOf } from '../../core/describe/read';
import type { Group, Row } from '../../core/describe/records';
import { anythingIn, body, known, recordsUnder, withItsError } from './answer';
import { device, devices, group, nodeIdOf } from './fields';

/** {"CostCentre":"Ctrack","NodeId":566} */
function toGroup(came: Row): Group {
	const row = known(came);
	return withItsError(row, { name: textOf(row.CostCentre), groupId: nodeIdOf(row) }, ['groupId']);
}

const groups = {
	resource: 'group',
	effect: 'read',
	answer: body,
	rows: recordsUnder('CostCentre'),
	record: toGroup,
	kind: 'group',
} as const;

export const getMany = operation({
	...groups,
	name: 'getMany',
	title: 'Get Many',
	action: 'Get many cost centres',
	description: 'List the cost centres that the API user belongs to',
	route: 'GET /CostCentres/GetCostCentres',
	params: {},
	list: true,
	evidence: { section: 'CostCentres/GetCostCentres', grade: 'C' },
});

export const get = operation({
	...groups,
	name: 'get',
	title: 'Get by Name',
	action: 'Get a cost centre by its name',
	description: 'Find a cost centre by its name',
	route: 'GET /CostCentres/GetCostCentre',
	params: {
		name: text({ title: 'Name', description: 'Name of the cost centre', placeholder: 'e.g. Ctrack', max: 200 }),
	},
	list: true,
	evidence: { section: 'CostCentres/GetCostCentre', grade: 'C' },
});

export const findByDevices = operation({
	...groups,
	name: 'findByDevices',
	title: 'Find by Vehicles',
	action: 'Find the cost centre of a set of vehicles',
	description:
		'Find the cost centre that contains exactly the given vehicles, and no others. All are named in one request, because they are one question.',
	route: 'GET /CostCentres/FindCostCentreContainingVehiclesNodeIds',
	params: { devices },
	request: ({ devices }) => ({ query: { sVehicleNodeIds: devices.join(',') } }),
	list: true,
	evidence: {
		section: 'CostCentres/FindCostCentreContainingVehiclesNodeIds',
		grade: 'C',
		note: 'Several NodeIds are separated by commas: likely, but not documented.',
	},
});

export const getManyOfUser = operation({
	...groups,
	name: 'getManyOfUser',
	title: 'Get Many of a User',
	action: 'Get the cost centres of a user',
	description: 'List the cost centres that a user belongs to',
	route: 'GET /CostCentres/GetCostCentresForUser',
	params: {
		user: number({
			title: 'User ID',
			description: 'Number of the user',
			placeholder: 'e.g. 89471',
			min: 0,
			integer: true,
		}),
	},
	request: ({ user }) => ({ query: { userId: user } }),
	list: true,
	evidence: { section: 'CostCentres/GetCostCentresForUser', grade: 'C' },
});

export const getManyOfDevice = operation({
	...groups,
	name: 'getManyOfDevice',
	title: 'Get Many of a Vehicle',
	action: 'Get the cost centres of a vehicle',
	description: 'List the cost centres that a vehicle belongs to',
	route: 'GET /Vehicles/GetVehicleCostCentres',
	params: { device },
	request: ({ device }) => ({ query: { vehicleNodeId: device } }),
	list: true,
	evidence: { section: 'Vehicles/GetVehicleCostCentres', grade: 'C' },
});

export const getCustomFields = operation({
	resource: 'group',
	name: 'getCustomFields',
	title: 'Get Custom Fields',
	action: 'Get the custom fields of a cost centre',
	description: 'Get the custom fields of a cost centre and their values',
	effect: 'read',
	route: 'GET /CostCentres/GetCustomFieldsForCostCentre',
	params: { group },
	request: ({ group }) => ({ query: { costCentreId: group } }),
	answer: body,
	rows: anythingIn,
	record: (row) => row,
	kind: 'other',
	list: true,
	evidence: {
		section: 'CostCentres/GetCustomFieldsForCostCentre',
		grade: 'U',
		note: 'The answer is not documented: it is passed on unchanged.',
	},
});
