import { minimumMinutes } from '../../core/report/reports';
import { operation } from '../../core/describe/operation';
import type { Connection } from '../../core/describe/connection';
import {
	asRow,
	coordinatesOf,
	flagOf,
	identityOf,
	idTextOf,
	isReadable,
	isRecord,
	recordId,
	rowsOf,
	textOf,
	timeInId,
	unreadableRow,
} from '../../core/describe/read';
import { unread } from '../../core/describe/reading';
import type { Row, Stop } from '../../core/describe/records';
import { parts, valuesOf } from './answer';
import { batches, someVehicles, type Batch } from './batches';
import { zoneOf } from './connection';
import { devicesOrAll, period, periodProblem } from './fields';
import { timeOf } from './times';
import { kilometresOf } from './units';

/** A stop with more parts or drivers is none that a vehicle can have made. */
const MOST_PARTS = 1000;

const NO_RESULTS = 'The vendor sent a part of the stops without their list by vehicle.';

/**
 * The payload is a list of {results: {key: [stop, ...]}}. What the key is, is not said; a vehicle's number, most likely
 * (facts 2.3, L). It only counts for a stop that does not name its vehicle.
 */
function stopsOf(answer: unknown[]): Row[] {
	return rowsOf(answer, 'a part of the stops').flatMap((part) => {
		if (!isReadable(part)) return [part];
		const results = valuesOf(part)('results');
		if (results === null) return [];
		if (!isRecord(results)) return [unreadableRow(results ?? part, NO_RESULTS)];
		return Object.entries(results).flatMap(([key, list]) => {
			const vehicle = /^\d+$/.test(key) ? { vehicleId: Number(key) } : {};
			return (Array.isArray(list) ? (list as unknown[]) : list === null ? [] : [list]).map((stop) => {
				const row = asRow(stop, 'a stop', vehicle);
				return isReadable(row) && idTextOf(valuesOf(row)('vehicleId')) === null ? { ...row, ...vehicle } : row;
			});
		});
	});
}

const between = (from: string | null, to: string | null) =>
	from === null || to === null || to < from ? null : (Date.parse(to) - Date.parse(from)) / 1000;

/**
 * The sum of the times in which the engine ran. The vendor gives it as a number too, in a unit that it does not name.
 */
function idleSecondsOf(list: unknown, timeZone: string): number | null {
	if (!Array.isArray(list)) return null;
	if (list.length > MOST_PARTS) return unread('the times in which the engine ran', list.length);
	return list.reduce((sum: number | null, part: unknown) => {
		const of = typeof part === 'object' && part !== null ? valuesOf(part as Row) : () => null;
		const seconds = between(timeOf(of('startDate'), timeZone), timeOf(of('endDate'), timeZone));
		return sum === null || seconds === null ? null : sum + seconds;
	}, 0);
}

function driverOf(list: unknown): string | null {
	const names = (Array.isArray(list) ? list : []).slice(0, MOST_PARTS).flatMap((driver: unknown) => {
		if (typeof driver !== 'object' || driver === null) return [];
		const of = valuesOf(driver as Row);
		return (
			textOf(
				[of('firstName'), of('lastName')]
					.map(textOf)
					.filter((name) => name !== null)
					.join(' '),
			) ?? []
		);
	});
	return textOf(names.join(', '));
}

function toStop(row: Row, _params: unknown, connection: Connection): Stop {
	const of = valuesOf(row);
	const timeZone = zoneOf(connection);
	const deviceId = identityOf(of('vehicleId'), 'vehicleId');
	const startedAt = timeOf(of('startDate'), timeZone);
	const endedAt = timeOf(of('endDate'), timeZone);
	return {
		deviceName: null,
		plate: null,
		driverName: driverOf(of('drivers')),
		startedAt,
		endedAt,
		...coordinatesOf(of('latitude'), of('longitude')),
		address: textOf(of('address')),
		seconds: between(startedAt, endedAt),
		idleSeconds: idleSecondsOf(of('engineOnStops'), timeZone),
		odometer: kilometresOf(of('indexKm')),
		private: flagOf(of('isPrivate')),
		deviceId,
		id: recordId(deviceId, timeInId(startedAt, of('startDate'), row)),
	};
}

const key = (row: Row) => {
	const of = valuesOf(row);
	const known = isReadable(row) && timeOf(of('startDate'), 'UTC') !== null;
	return JSON.stringify(known ? [of('vehicleId'), of('startDate')] : row);
};

export const getMany = operation({
	resource: 'stop',
	name: 'getMany',
	title: 'Get Many',
	action: 'Get many stops',
	description: 'Get the stops of vehicles in a period of any length. Each 10 vehicles and 31 days take one request.',
	effect: 'read',
	route: 'POST /api/carriers/stops',
	params: {
		devices: devicesOrAll,
		...period,
		minimumMinutes,
	},
	request: (batch: Batch & { stationaryMargin: number }) => ({ json: batch }),
	answer: parts,
	rows: stopsOf,
	record: toStop,
	kind: 'stop',
	asks: someVehicles,
	run: (run, params) =>
		batches(run, params, (batch) => run.request({ ...batch, stationaryMargin: params.minimumMinutes }), key),
	check: periodProblem,
	list: true,
	evidence: {
		section: 'stops (public documentation)',
		grade: 'C',
		note: 'The unit of durations is not documented, so they are calculated from start and end. The longest period is not documented either: 31 days are requested at a time. A stop across two of these may come in two parts.',
	},
});
