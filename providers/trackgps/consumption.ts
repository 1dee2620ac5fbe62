import type { Choice, Values } from '../../core/describe/field';
import { operation, type Run } from '../../core/describe/operation';
import { countOf, idTextOf, isReadable, isRecord, rowsOf, textOf } from '../../core/describe/read';
import type { Consumption, Row } from '../../core/describe/records';
import { recordList, valuesOf, withValue } from './answer';
import { groups, inWindows, someVehicles, type Batch } from './batches';
import { devicesOrAll, period, periodProblem } from './fields';
import { namesIn } from './lookups';
import { kilometresOf, litresOf } from './units';

/** Seconds of "h:m:s"; as .NET writes it, days may come before: "1.02:03:04". */
function secondsOf(value: unknown): number | null {
	const match =
		typeof value === 'string'
			? /^(?:(\d{1,6})\.)?(\d{1,6}):(\d{1,6}):(\d{1,6})(?:\.\d+)?$/.exec(value.trim())
			: null;
	if (match === null) return null;
	const [days, hours, minutes, seconds] = match.slice(1).map((part?: string) => Number(part ?? 0)) as [
		number,
		number,
		number,
		number,
	];
	return ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
}

const spanOf = (seconds: number) => [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].join(':');

function toConsumption(row: Row, { begin, end }: { begin: number; end: number }): Consumption {
	const of = valuesOf(row);
	const secondary = of('secondarySource');
	const other = isRecord(secondary) ? valuesOf(secondary) : () => null;
	return {
		deviceName: textOf(of('vehicleName')),
		plate: textOf(of('licensePlate')),
		from: new Date(begin).toISOString(),
		to: new Date(end).toISOString(),
		distance: kilometresOf(of('distance')),
		engineSeconds: secondsOf(of('hours')),
		fuel: fuelOf(of('consumptionValue')),
		fuelPer100Km: countOf(of('averageConsumption100Km')),
		secondaryDistance: kilometresOf(other('distance')),
		secondaryFuel: fuelOf(other('consumptionValue')),
		deviceId: idTextOf(of('vehicleId')),
	};
}

const fuelOf = (value: unknown) => countOf(litresOf(value));
const rounded = (value: number) => Math.round(value * 1000) / 1000;
const plus = (a: number | null, b: number | null) => (a === null || b === null ? null : rounded(a + b));

/** The record of two windows; null where one of them has no value. */
function added(a: Row, b: Row): Row {
	const [first, second] = [valuesOf(a), valuesOf(b)];
	const distance = plus(kilometresOf(first('distance')), kilometresOf(second('distance')));
	const fuel = plus(fuelOf(first('consumptionValue')), fuelOf(second('consumptionValue')));
	const seconds = plus(secondsOf(first('hours')), secondsOf(second('hours')));
	const [gas, moreGas] = [first('secondarySource'), second('secondarySource')];
	const totals = {
		distance,
		hours: seconds === null ? null : spanOf(seconds),
		consumptionValue: fuel,
		averageConsumption100Km:
			distance === null || fuel === null || distance === 0 ? null : rounded((fuel / distance) * 100),
		...(isRecord(gas) && isRecord(moreGas) ? { secondarySource: added(gas, moreGas) } : {}),
	};
	return Object.entries(totals).reduce((row, [name, value]) => withValue(row, name, value), b);
}

const plain = (text: string) => text.replace(/[\s-]/g, '').toLowerCase();

/** Whose record it is: it carries name and plate of a vehicle, but not its number. */
function vehicleOf(row: Row, asked: readonly Choice[]): string | null {
	const of = valuesOf(row);
	for (const name of [of('licensePlate'), of('vehicleName')].map(textOf)) {
		const fitting =
			name === null ? [] : asked.filter((choice) => namesIn(choice).some((one) => plain(one) === plain(name)));
		if (fitting.length === 1) return fitting[0]?.value ?? null;
	}
	return null;
}

const params = { devices: devicesOrAll, ...period };

async function* consumptions(run: Run<Batch>, asked: Values<typeof params>): AsyncGenerator<Row[]> {
	for (const devices of await groups(run, asked)) {
		const vehiclesList = devices.map(Number);
		// The only vehicle asked about needs no name.
		const known =
			devices.length === 1 ? [] : (await run.lookup('device')).filter(({ value }) => devices.includes(value));
		const totals = new Map<string, Row>();
		const unreadable: Row[] = [];
		for await (const page of inWindows(run, asked, (period) => run.request({ vehiclesList, ...period }))) {
			const seen = new Map<string, number>();
			await run.inBlocks(page, (block) => {
				for (const row of block) {
					if (!isReadable(row)) {
						unreadable.push(row);
						continue;
					}
					const of = valuesOf(row);
					const vehicle = devices.length === 1 ? devices[0] : vehicleOf(row, known);
					const name = JSON.stringify([vehicle, of('vehicleName'), of('licensePlate')]);
					// Two records of one answer are never added up, even if they bear the same name.
					const count = (seen.get(name) ?? 0) + 1;
					seen.set(name, count);
					const key = `${name} ${count}`;
					const before = totals.get(key);
					totals.set(key, {
						vehicleId: vehicle === null ? null : Number(vehicle),
						...(before === undefined ? row : added(before, row)),
					});
				}
			});
		}
		yield [...totals.values(), ...unreadable];
	}
}

export const getConsumption = operation({
	resource: 'fuel',
	name: 'getConsumption',
	title: 'Get Consumption',
	action: 'Get the fuel consumption of devices',
	description:
		'Get distance, engine time and fuel of vehicles in a period of any length. Each 10 vehicles and 31 days take one request.',
	effect: 'read',
	route: 'POST /api/carriers/consumption',
	params,
	request: (batch: Batch) => ({ json: batch }),
	answer: recordList,
	rows: (answer) => rowsOf(answer, 'a consumption'),
	record: toConsumption,
	kind: 'consumption',
	each: { devices: 'devices', deviceOf: (row) => textOf(row.vehicleId) },
	asks: someVehicles,
	run: consumptions,
	check: periodProblem,
	list: true,
	evidence: {
		section: 'consumption (public documentation)',
		grade: 'C',
		note: 'The vendor names the vehicles without their numbers; these are found by plate or name in the list of vehicles.',
	},
});
