import { operation } from '../../core/describe/operation';
import { inOrder, PageSizes, timeWindows, type TimePages } from '../../core/call/pages';
import {
	coordinatesOf,
	countOf,
	courseOf,
	flagOf,
	identityOf,
	numberOf,
	recordId,
	rowsOf,
	timeInId,
	unreadableRow,
	withoutUnit,
} from '../../core/describe/read';
import type { DeviceStatus, Fix, Position, Row } from '../../core/describe/records';
import { cut } from '../../core/describe/words';
import { chunks } from '../../core/call/windows';
import { recordList, recordText } from './answer';
import { imeisPerRequest, oneDevice, someDevices, together, type Batch, type OneDevice } from './batches';
import { period, periodProblem } from '../period';
import { devicesOrAll } from './fields';
import { markOf, seconds, timeOf } from './times';
import { valueIn, type Value } from './values';

/** Section 2.2, datastatus. */
const STATUS: Readonly<Record<string, DeviceStatus>> = {
	1: 'neverOnline',
	2: 'online',
	3: 'expired',
	4: 'offline',
	5: 'blocked',
};

const kilometres = (metres: number | null) => (metres === null ? null : metres / 1000);

/** No place on earth, and no load, is colder: such a number stands for none. */
const COLDEST = -273.15;

/**
 * facts 4.3: an array of unknown elements, empty where there is no sensor; a number is taken, anything else left alone.
 */
function temperatureOf(value: unknown): number | null {
	const degrees = numberOf(withoutUnit(Array.isArray(value) ? value[0] : value, '℃', '°c', 'c'));
	return degrees === null || degrees < COLDEST ? null : degrees;
}

/** Sometimes negative (facts 4.3); -1 is no value, as everywhere else. */
function voltageOf(value: unknown): number | null {
	const volts = numberOf(withoutUnit(value, 'v'));
	return volts === null || volts === -1 ? null : Math.abs(volts);
}

/**
 * Section 2.2. odometer, externalpower, fuel and temperature come from newer servers (facts 4.2).
 */
function toPosition(row: Row): Position {
	const deviceId = identityOf(row.imei, 'imei');
	const time = timeOf(row.gpstime);
	// -1 and anything but 1 and 0: the device has no such status.
	const ignition = flagOf(row.accstatus);
	const position: Position = {
		deviceName: null,
		plate: null,
		time,
		seenAt: timeOf(row.hearttime),
		...coordinatesOf(row.latitude, row.longitude),
		address: null,
		speed: countOf(row.speed),
		course: courseOf(row.course),
		status: STATUS[String(row.datastatus)] ?? null,
		ignition,
		// Without an ignition status, acctime is no duration (facts 4.3).
		ignitionSeconds: ignition === null ? null : countOf(row.acctime),
		odometer: kilometres(countOf(row.odometer) ?? countOf(row.mileage)),
		distanceToday: kilometres(countOf(row.todaymileage)),
		battery: countOf(withoutUnit(row.battery, '%')),
		externalVoltage: voltageOf(row.externalpower),
		fuel: countOf(withoutUnit(row.fuel, 'l')),
		temperature: temperatureOf(row.temperature),
		doorOpen: flagOf(row.doorstatus),
		charging: flagOf(row.chargestatus),
		fuelSupply: flagOf(row.oilpowerstatus),
		armed: flagOf(row.defencestatus),
		details: null,
		deviceId,
		id: '',
	};
	position.id = recordId(deviceId, time ?? timeInId(null, row.gpstime, { ...position, time: row.gpstime }));
	return position;
}

export const getCurrent = operation({
	resource: 'position',
	name: 'getCurrent',
	title: 'Get Current',
	action: 'Get current positions',
	description: 'Get the latest position and status of any number of devices',
	effect: 'read',
	route: 'GET /api/track',
	params: { devices: devicesOrAll },
	request: ({ devices }: Batch) => ({ query: { imeis: devices.join(',') } }),
	answer: recordList,
	rows: (answer) => rowsOf(answer, 'a position'),
	record: toPosition,
	kind: 'position',
	batch: together,
	asks: someDevices,
	run: async function* (run, { devices }) {
		yield* inOrder(chunks(await run.devices(devices), imeisPerRequest), run.width, (some) =>
			run.request({ devices: some }),
		);
	},
	list: true,
	evidence: {
		section: '2.2',
		grade: 'C',
		note: 'The fields fuel, odometer, externalVoltage and temperature are not documented; newer servers send them. The unit of fuel is not known.',
	},
});

/** A point of section 2.3, under the names of the document. */
interface Point extends Row {
	imei: string;
	longitude: Value;
	latitude: Value;
	gpstime: Value;
	speed: Value;
	course: Value;
}

/**
 * "lon,lat,gpstime,speed,course;..." - a trailing ";" is tolerated (facts 4.3). Read comma by comma, as tracks are
 * long.
 */
function pointsOf(text: string, imei: string): Point[] {
	const points: Point[] = [];
	for (const group of text.split(';')) {
		const first = group.indexOf(',');
		const second = group.indexOf(',', first + 1);
		const third = group.indexOf(',', second + 1);
		const fourth = group.indexOf(',', third + 1);
		// Not found is -1, from where the next search begins.
		const whole = first < second && second < third && third < fourth;
		if (!whole) {
			if (group.trim() !== '')
				points.push(
					unreadableRow(group, `The vendor sent a track point that cannot be read: "${cut(group, 60)}".`, {
						imei,
					}) as Point,
				);
			continue;
		}
		const fifth = group.indexOf(',', fourth + 1);
		points.push({
			imei,
			longitude: valueIn(group.slice(0, first)),
			latitude: valueIn(group.slice(first + 1, second)),
			gpstime: valueIn(group.slice(second + 1, third)),
			speed: valueIn(group.slice(third + 1, fourth)),
			course: valueIn(group.slice(fourth + 1, fifth === -1 ? undefined : fifth)),
		});
	}
	return points;
}

function toFix(point: Point): Fix {
	const { imei, longitude, latitude, gpstime, speed, course } = point;
	return {
		deviceName: null,
		plate: null,
		time: timeOf(gpstime),
		...coordinatesOf(latitude, longitude),
		speed: countOf(speed),
		course: courseOf(course),
		odometer: null,
		ignition: null,
		deviceId: imei,
	};
}

const PAGING: TimePages<Point> = {
	size: 1000,
	mark: ({ gpstime }) => markOf(gpstime),
	key: ({ longitude, latitude, speed, course, value }) =>
		`${String(longitude)},${String(latitude)},${String(speed)},${String(course)},${String(value)}`,
};
const pageSizes = new PageSizes();

export const getHistory = operation({
	resource: 'position',
	name: 'getHistory',
	title: 'Get History',
	action: 'Get the position history of devices',
	description: 'Get every recorded position of devices in a period of any length (the vendor calls it playback)',
	effect: 'read',
	route: 'GET /api/playback',
	params: { devices: devicesOrAll, ...period() },
	request: ({ device, begin, end }: OneDevice) => ({
		query: { imei: device, begintime: seconds(begin), endtime: seconds(end) },
	}),
	answer: recordText,
	rows: (answer, { device }) => pointsOf(answer, device),
	record: toFix,
	kind: 'fix',
	asks: oneDevice,
	run: async function* (run, { devices, begin, end }) {
		const from = seconds(begin);
		const to = seconds(end);
		const fetch = (device: string) => (from: number, to: number) =>
			run.request({ device, begin: from * 1000, end: to * 1000 });
		const pagesOf = (device: string, page?: Point[]) => {
			const warn = (message: string) => run.warn(`${device}: ${message}`);
			const paging = { ...PAGING, seen: pageSizes.of(run.connection), warn, inBlocks: run.inBlocks };
			return timeWindows(from, to, fetch(device), paging, run.width, page);
		};
		const [first, ...others] = await run.devices(devices);
		if (first === undefined) return;
		// By itself, so that whoever wants only a few positions causes one request.
		yield* pagesOf(first);
		const begun = inOrder(others, run.width, async (device) => ({
			device,
			page: await fetch(device)(from, to),
		}));
		for await (const { device, page } of begun) yield* pagesOf(device, page);
	},
	check: periodProblem,
	list: true,
	evidence: {
		section: '2.3',
		grade: 'C',
		note: "Whether Begin is part of the period is not documented; the vendor's paging suggests that it is.",
	},
});
