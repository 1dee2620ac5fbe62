import { choices, type Values } from '../../core/describe/field';
import { filtered } from '../../core/call/blocks';
import { operation, type Run } from '../../core/describe/operation';
import type { Connection } from '../../core/describe/connection';
import { flagOf, identityOf, idTextOf, recordId, rowsOf, textOf, timeInId } from '../../core/describe/read';
import type { FuelEvent, Row } from '../../core/describe/records';
import { recordList, valuesOf, withValue } from './answer';
import { inWindows, listed, withoutDoubles, type LocalPeriod } from './batches';
import { zoneOf } from './connection';
import { devicesOrAll, period, periodProblem } from './fields';
import { timeOf } from './times';
import { litresOf } from './units';

/** How a summary of several windows is made of theirs: of the first, of the last, or their sum. Events have none. */
type Over = 'first' | 'last' | 'sum' | null;

interface Kind {
	type: string;
	title: string;
	over: Over;
}

/** Refills, "List of Possible Events": these seven, each for the main and for the secondary source. */
const KINDS: ReadonlyMap<string, Kind> = new Map(
	Object.entries<Kind>({
		fuelstart: { type: 'fuelStart', title: 'Fuel at Start', over: 'first' },
		fueling: { type: 'fueling', title: 'Fueling', over: null },
		possiblefueltheft: { type: 'possibleTheft', title: 'Possible Theft', over: null },
		totalrefill: { type: 'totalRefill', title: 'Total of Refills', over: 'sum' },
		totalpossibletheft: { type: 'totalPossibleTheft', title: 'Total of Possible Thefts', over: 'sum' },
		remainingfuel: { type: 'remainingFuel', title: 'Remaining Fuel', over: 'last' },
		totalfuelconsumption: { type: 'totalConsumption', title: 'Total Consumption', over: 'sum' },
	}),
);
/** A kind that the document does not list. */
export const OTHER = 'other';
const SECONDARY = 'secondarysource';

function kindOf(event: string): { type: string; over: Over; secondary: boolean } {
	// "Possible fuel theft" is one, too.
	const name = event.toLowerCase().replace(/[\s_-]/g, '');
	const secondary = name.endsWith(SECONDARY);
	const kind = KINDS.get(secondary ? name.slice(0, -SECONDARY.length) : name);
	return { type: kind?.type ?? OTHER, over: kind?.over ?? null, secondary };
}

const eventOf = (row: Row) => idTextOf(valuesOf(row)('event')) ?? '';

const params = {
	devices: devicesOrAll,
	...period,
	types: choices({
		title: 'Event Types',
		description:
			'Kinds of event to keep; none chosen means all. Totals, Fuel at Start and Remaining Fuel describe the whole period.',
		options: [...KINDS.values(), { type: OTHER, title: 'Other', over: null }].map(({ type, title }) => ({
			value: type,
			title,
		})),
	}),
};

/** The vendor revises its estimation, so an event is known by what else there is. */
const knownBy = (row: Row) => ['carrierId', 'event', 'date', 'location'].map((name) => valuesOf(row)(name) ?? null);

/** Events of one answer that differ in nothing but their estimation: which of them it is, from the second on. */
const places = new WeakMap<Row, number>();

/** Notes the places of the events of an answer. */
async function withPlaces(run: Pick<Run, 'inBlocks'>, rows: Row[]): Promise<Row[]> {
	const alike = new Map<string, Set<string>>();
	await run.inBlocks(rows, (block) => {
		for (const row of block) {
			const key = JSON.stringify(knownBy(row));
			const text = JSON.stringify(row);
			const before = alike.get(key) ?? new Set();
			// The same once more is no other event.
			if (before.size > 0 && !before.has(text)) places.set(row, before.size + 1);
			alike.set(key, before.add(text));
		}
	});
	return rows;
}

function toFuelEvent(row: Row, { begin, end }: { begin: number; end: number }, connection: Connection): FuelEvent {
	const of = valuesOf(row);
	const deviceId = identityOf(of('carrierId'), 'carrierId');
	const event = identityOf(of('event'), 'event');
	const { type, over, secondary } = kindOf(event);
	const time = timeOf(of('date'), zoneOf(connection));
	return {
		deviceName: null,
		plate: null,
		time,
		address: textOf(of('location')),
		type,
		vendorType: event,
		summary: over !== null,
		secondary,
		volume: litresOf(of('estimation')),
		private: flagOf(of('isPrivate')),
		deviceId,
		id:
			over === null
				? recordId(
						deviceId,
						event,
						timeInId(time, of('date'), { location: of('location') ?? null }),
						idTextOf(of('location')),
						...[places.get(row) ?? []].flat(),
					)
				: recordId(deviceId, event, new Date(begin).toISOString(), new Date(end).toISOString()),
	};
}

/** What several windows say in sum, so that a period of months reads like one of a day. */
class Summaries {
	private readonly rows = new Map<string, Row>();
	private windows = 0;

	/** Takes the summaries of a window in, and gives what else is in it. */
	async take(run: Pick<Run, 'inBlocks'>, page: readonly Row[]): Promise<Row[]> {
		const counts = new Map<string, number>();
		this.windows += 1;
		return await filtered(run, page, (row) => {
			const event = eventOf(row);
			const { over } = kindOf(event);
			if (over === null) return true;
			// Two of a kind in one answer are two: for two tanks, perhaps.
			const count = (counts.get(event) ?? 0) + 1;
			counts.set(event, count);
			const key = `${event} ${count}`;
			const before = this.rows.get(key);
			// The start of a later window is not that of the period.
			if (over === 'first' && this.windows > 1) return false;
			if (before === undefined || over === 'last') this.rows.set(key, row);
			else if (over === 'sum') this.rows.set(key, withValue(row, 'estimation', sum(before, row)));
			return false;
		});
	}

	all(): Row[] {
		return [...this.rows.values()];
	}
}

function sum(...rows: Row[]): number | null {
	return rows
		.map((row) => litresOf(valuesOf(row)('estimation')))
		.reduce((a, b) => (a === null || b === null ? null : Math.round((a + b) * 1000) / 1000));
}

/** What a request carries. */
interface OneVehicle extends LocalPeriod {
	carrierId: number;
}

/** Events window by window, then what sums them up. */
async function* refills(run: Run<OneVehicle>, asked: Values<typeof params>): AsyncGenerator<Row[]> {
	const wanted = new Set<string>(asked.types);
	// One that does not say what it is may be of any kind.
	const chosen = (row: Row) => wanted.size === 0 || eventOf(row) === '' || wanted.has(kindOf(eventOf(row)).type);
	for (const device of await listed(run, asked)) {
		const carrierId = Number(device);
		const summaries = new Summaries();
		const events = async function* () {
			for await (const page of inWindows(run, asked, (period) => run.request({ carrierId, ...period })))
				yield await summaries.take(run, await withPlaces(run, page));
		};
		const key = (row: Row) => JSON.stringify(eventOf(row) === '' ? row : [knownBy(row), places.get(row)]);
		for await (const page of withoutDoubles(run, events(), key)) yield await filtered(run, page, chosen);
		// Of a vehicle that has failed, they would sum up a part of the period only.
		if (!run.failed(device)) yield summaries.all().filter(chosen);
	}
}

export const getRefills = operation({
	resource: 'fuel',
	name: 'getRefills',
	title: 'Get Refills and Thefts',
	action: 'Get refills and thefts of fuel',
	description:
		'Get refills and possible thefts of fuel in a period of any length, and their totals. Each vehicle and 31 days take one request, so 20 vehicles take ten minutes.',
	effect: 'read',
	route: 'POST /api/carriers/refills',
	params,
	request: (wire: OneVehicle) => ({ json: wire }),
	answer: recordList,
	// The vendor's records do not name their vehicle.
	rows: (answer, { carrierId }) => rowsOf(answer, 'an event', { carrierId }),
	record: toFuelEvent,
	kind: 'fuelEvent',
	asks: { devices: 'devices', as: 'carrierId', most: 1 },
	run: refills,
	check: periodProblem,
	list: true,
	evidence: {
		section: 'Refills',
		grade: 'C',
		note: 'The unit of the estimation is not documented; litres are likely. The longest period is not documented either: 31 days are requested at a time, as for other methods. Totals of longer periods are added up.',
	},
});
