import { z } from 'zod/v4';
import { ALL, choice, text, type Values } from '../../core/describe/field';
import { operation, type Run } from '../../core/describe/operation';
import { inOrder } from '../../core/call/pages';
import { countOf, identityOf, rowsOf, textOf, withoutUnit } from '../../core/describe/read';
import type { Consumption, Device, Row } from '../../core/describe/records';
import { chunks } from '../../core/call/windows';
import { period, periodProblem } from '../period';
import { acknowledged, anyRows, done, listInData, mustBeWhole, pageInData, type Acknowledgement } from './answer';
import { device, listOrEmpty, NAMES_PER_REQUEST, somePlates, plates } from './fields';
import { method } from './method';
import { periodBody } from './times';
import { namedBy, trimmed, trimmedId } from './values';

/** Section 6. */
function toDevice(row: Row): Device {
	const plate = trimmed(row.VehiclePlate);
	return {
		name: plate,
		plate,
		model: null,
		group: null,
		simNumber: null,
		activatedAt: null,
		firstOnlineAt: null,
		expiresAt: null,
		userExpiresAt: null,
		iccid: null,
		deviceId: identityOf(row.DeviceID, 'DeviceID'),
	};
}

/** Section 6. Which sizes the vendor accepts is not documented. Grade G. */
const PAGE = 100;
const TYPES = { vehicle: 0, person: 1, asset: 2 } as const;
const STATES = { all: 0, online: 1, offline: 2, alarm: 3, unused: 4, focus: 5 } as const;

const searchParams = {
	search: text({
		title: 'Search',
		description: 'Part of a device ID or plate; empty for all',
		optional: true,
		max: 60,
	}),
	type: choice({
		title: 'Type',
		description: 'Kind of device',
		options: [
			{ value: 'any', title: 'Any' },
			{ value: 'vehicle', title: 'Vehicle' },
			{ value: 'person', title: 'Person' },
			{ value: 'asset', title: 'Asset' },
		],
		initial: 'any',
	}),
	state: choice({
		title: 'State',
		description: 'State of the device',
		options: [
			{ value: 'all', title: 'All' },
			{ value: 'online', title: 'Online' },
			{ value: 'offline', title: 'Offline' },
			{ value: 'alarm', title: 'With an Alarm' },
			{ value: 'unused', title: 'Not Used' },
			{ value: 'focus', title: 'In Focus' },
		],
		initial: 'all',
	}),
};

/** What a request carries: the search, and the page's number. */
interface Page extends Values<typeof searchParams> {
	index: number;
}

/**
 * All pages. Whether the first is 0 or 1 is not documented: 1 is asked for first, and 0 only if devices are missing in
 * the end. What comes twice is left out. A vendor that makes its pages smaller than asked for does no harm.
 */
async function* pages(
	run: Pick<Run<Page, Row, { total: number }>, 'request' | 'warn'>,
	search: Values<typeof searchParams>,
): AsyncGenerator<Row[]> {
	const seen = new Set<string>();
	let total = 0;
	const ask = async (index: number): Promise<Row[]> => {
		const page = await run.request({ ...search, index }, (answer) => (total = answer.total));
		const ofNobody = new Map<string, number>();
		return page.filter((row) => {
			const id = textOf(row.DeviceID) ?? nth(ofNobody, JSON.stringify(row));
			return !seen.has(id) && seen.add(id);
		});
	};
	for (let index = 1; ; index++) {
		const fresh = await ask(index);
		if (fresh.length > 0) yield fresh;
		if (fresh.length === 0 || seen.size >= total) break;
	}
	if (seen.size >= total) return;
	const first = await ask(0);
	if (first.length > 0) yield first;
	if (seen.size < total)
		run.warn(
			`The vendor counts ${String(total)} devices, and its pages hold ${String(seen.size)}: the list may not be complete.`,
		);
}

/** Two of a kind on one page are two; on another page they are the same again. */
function nth(counts: Map<string, number>, what: string): string {
	const count = (counts.get(what) ?? 0) + 1;
	counts.set(what, count);
	return `${what} ${String(count)}`;
}

export const getMany = operation({
	resource: 'device',
	name: 'getMany',
	title: 'Get Many',
	action: 'Get many devices',
	description: 'List the devices of the account, all or those that a search finds',
	effect: 'read',
	params: searchParams,
	request: ({ search, type, state, index }: Page) => ({
		json: {
			PageIndex: index,
			PageSize: PAGE,
			Key: search ?? '',
			...(type === 'any' ? {} : { DeviceType: TYPES[type] }),
			Status: STATES[state],
		},
	}),
	answer: pageInData,
	rows: ({ data }) => rowsOf(data, 'a device'),
	record: toDevice,
	kind: 'device',
	list: true,
	run: (run, params) => pages(run, params),
	...method(
		6,
		'Whether pages count from 0 or 1, and how large they may be, is not documented: the list is checked against its total.',
	),
});

export const getMileage = operation({
	resource: 'device',
	name: 'getMileage',
	title: 'Get Mileage',
	action: 'Get the mileage of a device',
	description:
		'Get the distance that a device drove in a period. The answer is not documented: it is passed on unchanged.',
	effect: 'read',
	params: { device, ...period() },
	request: ({ device: id, ...asked }, connection) => ({ json: { DeviceID: id, ...periodBody(asked, connection) } }),
	answer: z.unknown(),
	rows: anyRows,
	record: (row) => row,
	kind: 'other',
	list: true,
	check: periodProblem,
	...method(14, 'The answer is not documented, so it is passed through. The only documented error is 500.'),
});

/** Section 17; the answer names the plate only. */
export const getConsumption = operation({
	resource: 'device',
	name: 'getConsumption',
	title: 'Get Mileage and Fuel',
	action: 'Get mileage and fuel of vehicles',
	description: 'Get the distance that vehicles drove and the fuel they used in a period, by plate',
	effect: 'read',
	params: { plates, ...period() },
	request: (params, connection) => ({
		json: { VehiclePlate: listOrEmpty(params.plates), ...periodBody(params, connection) },
	}),
	answer: listInData,
	rows: ({ data }) => rowsOf(data, 'the mileage of a vehicle'),
	record: (row, { begin, end }): Consumption => ({
		...namedBy(identityOf(trimmedId(row.VehicleNum), 'VehicleNum')),
		from: new Date(begin).toISOString(),
		to: new Date(end).toISOString(),
		distance: countOf(withoutUnit(row.Mileage, 'km')),
		engineSeconds: null,
		fuel: countOf(withoutUnit(row.OilNum, 'l')),
		fuelPer100Km: null,
		secondaryDistance: null,
		secondaryFuel: null,
		deviceId: null,
	}),
	kind: 'consumption',
	each: { devices: 'plates', deviceOf: (row) => trimmed(row.VehicleNum) },
	asks: somePlates,
	run: async function* (run, params) {
		if (params.plates === ALL) yield await run.request(params, mustBeWhole(run));
		else
			yield* inOrder(chunks(await run.devices(params.plates), NAMES_PER_REQUEST), run.width, (some) =>
				run.request({ ...params, plates: some }, mustBeWhole(run)),
			);
	},
	list: true,
	check: periodProblem,
	...method(17, 'The table calls the end of the period EndTime, the sample eEndTime: the table is followed.'),
});

/** Sections 15 and 16 answer with a result code in Data, which is read with the envelope. */
const renaming = {
	resource: 'device',
	effect: 'write',
	answer: acknowledged,
	rows: ({ words }: Acknowledgement) => [done({ data: null, words })],
} as const;
const ONLY_500 = 'The only documented error is 500; the result is in Data.';
const newName = (title: string, description: string) => text({ title, description, max: 60 });

export const setPlate = operation({
	...renaming,
	name: 'setPlate',
	title: 'Set Plate',
	action: 'Set the plate of a vehicle',
	description: 'Give a vehicle another plate',
	params: { device, plate: newName('New Plate', 'New plate of the vehicle') },
	request: (params) => ({ json: { DeviceID: params.device, NewVehiclePlate: params.plate } }),
	target: (params) => ({ target: params.device, command: `Set plate to ${params.plate}` }),
	...method(15, ONLY_500),
});

export const setAssetName = operation({
	...renaming,
	name: 'setAssetName',
	title: 'Set Asset Name',
	action: 'Set the name of an asset',
	description: 'Give an asset another name',
	params: { device, assetName: newName('Asset Name', 'New name of the asset') },
	request: (params) => ({ json: { DeviceID: params.device, AssetName: params.assetName } }),
	target: (params) => ({ target: params.device, command: `Set name to ${params.assetName}` }),
	...method(16, ONLY_500),
});
