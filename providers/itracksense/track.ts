import { flag, onlyOf, type Values } from '../../core/describe/field';
import { operation } from '../../core/describe/operation';
import type { Connection } from '../../core/describe/connection';
import { coordinatesOf, countOf, courseOf, numberOf, rowsOf } from '../../core/describe/read';
import type { Fix, Row, TrackPoint } from '../../core/describe/records';
import { period, periodProblem } from '../period';
import { listAndPath, listInData } from './answer';
import { device, devices, plates } from './fields';
import { daysIn, inDays } from './history';
import { method } from './method';
import { ignitionIn } from './status-text';
import { timesOf } from './times';
import { flagOf, gcj02Of, trimmed } from './values';

/** Sections 9 and 10. There may be 50,000 of them in an answer: only what a Fix has is read. */
function toFix(row: Row, deviceId: string, connection: Connection, name = row.VehicleNum): Fix {
	const { latitude, longitude } = coordinatesOf(row.Lat, row.Lon);
	const plate = trimmed(name);
	return {
		deviceName: plate,
		plate,
		time: timesOf(connection).iso(row.GPSTime),
		latitude,
		longitude,
		speed: countOf(row.Speed),
		course: courseOf(row.Direct),
		odometer: countOf(row.Mileage),
		ignition: ignitionIn(row.StatusDes),
		deviceId,
	};
}

const shared = { resource: 'position', effect: 'read', kind: 'fix', list: true } as const;
/** What a request carries: whose records, and from when to when in the vendor's form. */
interface Day {
	of: string;
	from: string;
	to: string;
}

const LIMITS =
	'One request returns one day and 50,000 records at most; longer periods are joined. The unit of Mileage is not documented here; km, as in section 23.';

export const getHistory = operation({
	...shared,
	name: 'getHistory',
	title: 'Get History',
	action: 'Get the position history of devices',
	description: 'Get every recorded position of devices in a period of any length, by device ID',
	params: { devices, ...period() },
	request: ({ of, from, to }: Day) => ({ json: { DeviceID: of, StartTime: from, EndTime: to } }),
	answer: listInData,
	rows: ({ data }) => rowsOf(data, 'a position'),
	// Records do not say whose they are.
	record: (row, { devices: of }, connection) => toFix(row, onlyOf(of) ?? '', connection),
	raw: (row, { devices: of }) => ({ ...row, DeviceID: onlyOf(of) }),
	asks: { devices: 'devices', as: 'of', most: 1 },
	run: async function* (run, params) {
		for (const of of await run.devices(params.devices, daysIn(run, params))) {
			const devices: string[] = [of];
			for await (const rows of inDays(run, params, (from, to, ...hears) =>
				run.request({ of, from, to }, ...hears),
			))
				yield { rows, params: { devices } };
		}
	},
	check: periodProblem,
	...method(10, LIMITS),
});

export const getHistoryByPlate = operation({
	...shared,
	name: 'getHistoryByPlate',
	title: 'Get History by Plate',
	action: 'Get the position history of vehicles by plate',
	description:
		'Get every recorded position of vehicles or assets in a period of any length, by plate. The answer names no device: its deviceId is the plate.',
	params: { plates, ...period() },
	request: ({ of, from, to }: Day) => ({ json: { NumberPlateLists: of, StartTime: from, EndTime: to } }),
	answer: listInData,
	rows: ({ data }) => rowsOf(data, 'a position'),
	record: (row, { plates: of }, connection) => toFix(row, onlyOf(of) ?? '', connection, row.VehicleNum ?? onlyOf(of)),
	raw: (row, { plates: of }) => ({ ...row, VehicleNum: onlyOf(of) }),
	asks: { devices: 'plates', as: 'of', most: 1 },
	run: async function* (run, params) {
		for (const of of await run.devices(params.plates, daysIn(run, params))) {
			const plates: string[] = [of];
			for await (const rows of inDays(run, params, (from, to, ...hears) =>
				run.request({ of, from, to }, ...hears),
			))
				yield { rows, params: { plates } };
		}
	},
	check: periodProblem,
	...method(9, LIMITS),
});

/** Section 26, where all numbers are texts. */
function toTrackPoint(row: Row, deviceId: string, connection: Connection): TrackPoint {
	const corrected = row.GPSTime === undefined && row.x !== undefined;
	const flagged = numberOf(row.GPSFlag);
	const { deviceName, plate, time, latitude, longitude, speed, course } = toFix(row, deviceId, connection);
	return {
		deviceName,
		plate,
		time,
		latitude,
		longitude,
		speed,
		course,
		// Its mileage has no unit, and the sample's looks like metres where section 23 has km.
		odometer: null,
		ignition: flagOf(row.Status),
		// Odd: satellites; even: radio cells or Wi-Fi.
		gpsFix: flagged === null ? null : Math.abs(flagged % 2) === 1,
		corrected,
		...(corrected ? gcj02Of(row.y, row.x) : gcj02Of(row.RLat, row.RLon)),
		deviceId,
	};
}

const trackParams = {
	device,
	...period(),
	standing: flag({ title: 'Standing', description: 'Whether to include points with speed 0', initial: true }),
	lbs: flag({
		title: 'Radio Cells',
		description: 'Whether to include positions found by radio cells, which are some hundred metres off',
		initial: true,
	}),
	corrected: flag({
		title: 'Corrected Path',
		description:
			'Whether to add the path as the vendor corrects it to the roads. Its points follow those of each day, without time, and in GCJ-02 only.',
		initial: false,
	}),
};

type TrackDay = Day & Pick<Values<typeof trackParams>, 'standing' | 'lbs' | 'corrected'>;

export const getTrack = operation({
	...shared,
	name: 'getTrack',
	title: 'Get Track',
	kind: 'trackPoint',
	action: 'Get the track of a device',
	description:
		'Get the track of one device in a period of any length, in WGS-84 and GCJ-02. Standing and radio cell positions and road correction are optional.',
	params: trackParams,
	request: ({ of, from, to, standing, lbs, corrected }: TrackDay) => ({
		json: {
			DeviceID: of,
			StartTime: from,
			EndTime: to,
			ContainZeroSpeed: standing,
			ContainLBSLocation: lbs,
			ContainCorrectPath: corrected,
		},
	}),
	answer: listAndPath,
	rows: ({ data, correct_path: path }) => rowsOf([...data, ...(path ?? [])], 'a position'),
	record: (row: Row, params, connection) => toTrackPoint(row, params.device, connection),
	raw: (row, { device: DeviceID }) => ({ ...row, DeviceID }),
	run: async function* (run, { device: of, standing, lbs, corrected, ...asked }) {
		yield* inDays(run, asked, (from, to, hear) => run.request({ of, from, to, standing, lbs, corrected }, hear));
	},
	check: periodProblem,
	...method(
		26,
		'The unit of Mileage is not documented: it is in Output = Raw only. Periods are read day by day, as sections 9 and 10 require.',
	),
});
