import { flag, number, time } from '../../core/describe/field';
import { operation } from '../../core/describe/operation';
import { coordinatesOf, textOf } from '../../core/describe/read';
import type { Place, Row } from '../../core/describe/records';
import { anythingIn, body, known, recordsUnder, withItsError } from './answer';
import { device, group, nodeIdOf } from './fields';
import { wordsOf } from './position';
import { parameterOf, timeOf } from './times';

function toPlace(came: Row): Place {
	const row = known(came);
	return withItsError(
		row,
		{
			name: textOf(row.Description),
			category: textOf(row.LocationCategory),
			...coordinatesOf(row.Latitude, row.Longitude),
			address: wordsOf(row.Address),
			modifiedAt: timeOf(row.ModifiedDate),
			placeId: nodeIdOf(row, 'LocationNodeID'),
		},
		['placeId'],
	);
}

export const getPoints = operation({
	resource: 'location',
	name: 'getPoints',
	title: 'Get Points of Interest',
	action: 'Get the points of interest of a cost centre',
	description: 'List the points of interest of a cost centre that were changed after a time',
	effect: 'read',
	route: 'GET /Location/GetPointPOIs',
	params: {
		group,
		modifiedAfter: time({
			title: 'Modified After',
			description: 'Points changed before this are left out. A long time ago gives all.',
			initial: '2000-01-01T00:00:00Z',
			placeholder: 'e.g. 2026-01-31T08:00:00Z',
		}),
	},
	request: ({ group, modifiedAfter }) => ({
		query: { CostCentreNodeGroupId: group, modifiedAfter: parameterOf(modifiedAfter) },
	}),
	answer: body,
	rows: recordsUnder('Points'),
	record: toPlace,
	kind: 'place',
	list: true,
	evidence: {
		section: 'Location/GetPointPOIs',
		grade: 'C',
		note: "The point's NodeId is likely its permanent number.",
	},
});

export const getAddress = operation({
	resource: 'location',
	name: 'getAddress',
	title: 'Get Location Text',
	action: 'Get a location in words',
	description: 'Describe a place in words, as Ctrack would for the given vehicle',
	effect: 'read',
	route: 'GET /Location/GetLocationString',
	params: {
		device,
		latitude: number({
			title: 'Latitude',
			description: 'Latitude in degrees north',
			unit: 'degrees',
			min: -90,
			max: 90,
			placeholder: 'e.g. -25.8654',
		}),
		longitude: number({
			title: 'Longitude',
			description: 'Longitude in degrees east',
			unit: 'degrees',
			min: -180,
			max: 180,
			placeholder: 'e.g. 28.2570',
		}),
		useMetric: flag({
			title: 'Use Metric',
			description: 'Whether distances in the text are metric; this is not documented',
			initial: true,
		}),
	},
	// The document's sample has a blank behind "useMetric" (facts 3.1).
	request: ({ device, latitude, longitude, useMetric }) => ({
		query: { vehicleNodeId: device, latitude, longitude, useMetric: String(useMetric) },
	}),
	answer: body,
	rows: anythingIn,
	record: (row) => row,
	kind: 'other',
	list: true,
	evidence: {
		section: 'Location/GetLocationString',
		grade: 'U',
		note: 'The answer is not documented: it is passed on unchanged. Nor is it certain that Use Metric has an effect: its name is written with a blank, which is left out.',
	},
});
