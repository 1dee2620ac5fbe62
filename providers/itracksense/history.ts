import type { Run } from '../../core/describe/operation';
import { FleetError } from '../../core/describe/errors';
import { inOrder } from '../../core/call/pages';
import type { Row } from '../../core/describe/records';
import { windows } from '../../core/call/windows';
import { localPeriod, localText, zoneOf } from './times';

/** Longer periods silently become three days (sections 9, 10). */
const DAY_MS = 86_400_000;
/** Most records that one call gives. */
const MOST = 50_000;
/** Pieces of this length are not cut again. */
const SHORTEST_MS = 60_000;

interface Piece {
	rows: Row[];
	/** Local time at which it ends, in the vendor's form. */
	end: string;
}

type Ask = (from: string, to: string) => Promise<Row[]>;

const timeIn = (row: Row, name: 'GPSTime' | 'RcvTime') => {
	const value = row[name];
	return typeof value === 'string' ? value : '';
};

/** Comes after every time: what has none, such as the corrected path of section 26, keeps its order at the end. */
const NEVER = '~';
const orderOf = (row: Row) => timeIn(row, 'GPSTime') || NEVER;

/** In the order of their times, which as texts sort as they do as times; most answers are in order already. */
function sorted(rows: Row[]): Row[] {
	let before = '';
	for (const row of rows) {
		const time = orderOf(row);
		if (time < before)
			return [...rows].sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : orderOf(a) > orderOf(b) ? 1 : 0));
		before = time;
	}
	return rows;
}

/** One window; where it holds more than one call gives, or than one answer may weigh, in halves. */
async function piecesOf(run: Pick<Run, 'warn'>, ask: Ask, begin: number, end: number): Promise<Piece[]> {
	const from = localText(begin);
	const to = localText(end);
	let rows: Row[] | undefined;
	try {
		rows = await ask(from, to);
	} catch (error) {
		if (!(error instanceof FleetError && error.tooLarge) || end - begin <= SHORTEST_MS) throw error;
	}
	const full = rows === undefined || rows.length >= MOST;
	if (rows !== undefined && (!full || end - begin <= SHORTEST_MS)) {
		if (full)
			run.warn(
				`There are ${String(rows.length)} records between ${from} and ${to} (local time), where the vendor stops: some may be missing.`,
			);
		return [{ rows: sorted(rows), end: to }];
	}
	if (end - begin === DAY_MS)
		run.warn(
			`The day from ${from} (local time) has more than ${String(MOST)} records, where the vendor stops, so it is read in shorter pieces.`,
		);
	const middle = begin + Math.floor((end - begin) / 2000) * 1000;
	return [...(await piecesOf(run, ask, begin, middle)), ...(await piecesOf(run, ask, middle, end))];
}

/**
 * A history of any length, in windows of a day on the vendor's wall clock. Neighbours share the second at which one
 * ends and the other begins, because it is not documented on which side it counts: what comes twice is left out.
 */
export async function* inDays(
	run: Pick<Run, 'connection' | 'warn' | 'width'>,
	{ begin, end }: { begin: number; end: number },
	ask: Ask,
): AsyncGenerator<Row[]> {
	const { from, to } = localPeriod(begin, end, zoneOf(run.connection));
	const last = localText(to);
	let seen = new Set<string>();
	for await (const pieces of inOrder(windows(from, to, DAY_MS), run.width, (window) =>
		piecesOf(run, ask, window.begin, window.end),
	)) {
		for (const { rows, end: until } of pieces) {
			const known = seen;
			const fresh = known.size === 0 ? rows : rows.filter((row) => !known.has(JSON.stringify(row)));
			seen = until === last ? new Set() : atEdge(rows, until);
			if (fresh.length > 0) yield fresh;
		}
	}
}

/**
 * What the next piece may give again. Whether records are chosen by the time of the fix or of its arrival is not
 * documented either.
 */
function atEdge(rows: readonly Row[], until: string): Set<string> {
	const edge = new Set<string>();
	for (const row of rows) {
		if (timeIn(row, 'GPSTime') >= until || timeIn(row, 'RcvTime') >= until) edge.add(JSON.stringify(row));
	}
	return edge;
}
