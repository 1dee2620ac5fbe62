import { choice, number, text } from '../../core/describe/field';
import { operation } from '../../core/describe/operation';
import { CONFIRMED } from '../../core/describe/outcome';
import { acknowledged } from './answer';
import { device } from './fields';

const ALARM_TYPES = { leave: 0, enter: 1, both: 2 } as const;

export const create = operation({
	resource: 'geofence',
	name: 'create',
	title: 'Create',
	action: 'Create a geofence',
	description: 'Create a round geofence for a device',
	effect: 'write',
	route: 'POST /api/geofence/create',
	params: {
		device,
		name: text({ title: 'Name', description: 'Name of the geofence', placeholder: 'e.g. Depot', max: 100 }),
		alarmOn: choice({
			title: 'Alarm On',
			description: 'When the vendor raises an alarm',
			options: [
				{ value: 'both', title: 'Entering and Leaving' },
				{ value: 'enter', title: 'Entering' },
				{ value: 'leave', title: 'Leaving' },
			],
			initial: 'both',
		}),
		latitude: number({
			title: 'Latitude',
			description: 'Latitude of the centre, in degrees north',
			unit: 'degrees',
			min: -90,
			max: 90,
			placeholder: 'e.g. 44.4268',
		}),
		longitude: number({
			title: 'Longitude',
			description: 'Longitude of the centre, in degrees east',
			unit: 'degrees',
			min: -180,
			max: 180,
			placeholder: 'e.g. 26.1025',
		}),
		radius: number({
			title: 'Radius',
			description: 'Radius in metres, 100 to 5000',
			unit: 'metres',
			min: 100,
			max: 5000,
			integer: true,
			initial: 300,
		}),
	},
	request: ({ device, name, alarmOn, latitude, longitude, radius }) => ({
		query: { imei: device, efencename: name, alarmtype: ALARM_TYPES[alarmOn], longitude, latitude, radius },
	}),
	target: ({ device, name }) => ({ target: device, command: `Create geofence ${name}` }),
	answer: acknowledged,
	rows: () => [CONFIRMED],
	evidence: { section: '2.4', grade: 'C' },
});
