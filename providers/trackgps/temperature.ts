import { operation } from '../../core/describe/operation';
import type { Connection } from '../../core/describe/connection';
import {
	asRow,
	identityOf,
	idTextOf,
	isReadable,
	recordId,
	rowsOf,
	textOf,
	timeInId,
	unreadableRow,
} from '../../core/describe/read';
import type { Reading, Row } from '../../core/describe/records';
import { parts, valuesOf } from './answer';
import { batches, someVehicles, type Batch } from './batches';
import { zoneOf } from './connection';
import { devicesOrAll, period, periodProblem } from './fields';
import { timeOf } from './times';
import { measuredOf } from './units';

interface ReadingRow extends Row {
	/** Which of the payload's two lists it comes from. */
	type: Reading['type'];
}

const TYPES = ['temperature', 'humidity'] as const;

/** {temperature: [reading, ...], humidity: [reading, ...]}, as one object or as a list of them. */
function readingsOf(answer: unknown[]): ReadingRow[] {
	const rows = rowsOf(answer, 'readings').flatMap((part): Row[] => {
		if (!isReadable(part)) return [part];
		const of = valuesOf(part);
		if (TYPES.every((type) => of(type) === undefined))
			return [unreadableRow(part, 'The vendor sent readings with neither temperatures nor humidities.')];
		return TYPES.flatMap((type) => {
			const list = of(type) ?? [];
			return (Array.isArray(list) ? (list as unknown[]) : [list]).map((reading) => {
				const row = asRow(reading, 'a reading', { type });
				return isReadable(row) ? { ...row, type } : row;
			});
		});
	});
	// What is no reading is never simplified.
	return rows as ReadingRow[];
}

function toReading(row: ReadingRow, _params: unknown, connection: Connection): Reading {
	const of = valuesOf(row);
	const deviceId = identityOf(of('vehicleId'), 'vehicleId');
	const sensor = textOf(of('sensorNumber'));
	const time = timeOf(of('date'), zoneOf(connection));
	return {
		deviceName: null,
		plate: null,
		time,
		type: row.type,
		sensor,
		value: measuredOf(of('value')),
		deviceId,
		id: recordId(deviceId, row.type, idTextOf(of('sensorNumber')), timeInId(time, of('date'), row)),
	};
}

export const getMany = operation({
	resource: 'temperature',
	name: 'getMany',
	title: 'Get Many',
	action: 'Get many temperatures',
	description:
		'Get what the temperature and humidity sensors of vehicles measured in a period of any length. Each 10 vehicles and 31 days take one request.',
	effect: 'read',
	route: 'POST /api/carriers/temperatures',
	params: { devices: devicesOrAll, ...period },
	request: (batch: Batch) => ({ json: batch }),
	answer: parts,
	rows: readingsOf,
	record: toReading,
	kind: 'reading',
	asks: someVehicles,
	run: (run, params) =>
		batches(
			run,
			params,
			(batch) => run.request(batch),
			(row) => JSON.stringify(row),
		),
	check: periodProblem,
	list: true,
	evidence: {
		section: 'temperatures (public documentation)',
		grade: 'C',
		note: 'Units are not documented; degrees Celsius and percent are assumed. The size of a request is not documented either: 10 vehicles and 31 days are assumed.',
	},
});
