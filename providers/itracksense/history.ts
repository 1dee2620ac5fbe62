import type { Run } from '../../core/describe/operation';
import { asFleetError, type FleetError } from '../../core/describe/errors';
import { filtered, sorted } from '../../core/call/blocks';
import { inOrder } from '../../core/call/pages';
import type { Row } from '../../core/describe/records';
import { windows, type Window } from '../../core/call/windows';
import type { Counted } from './answer';
import { localPeriod, localText, zoneOf } from './times';

/** Longer periods silently become three days (sections 9, 10). */
const DAY_MS = 86_400_000;
/** Most records that one call gives. */
const MOST = 50_000;
/** No vendor stops at less: where fewer come than it counts, it counts something else. */
const LEAST = 100;
/** Pieces of this length are not cut again. */
const SHORTEST_MS = 60_000;

interface Piece {
	rows: Row[];
	/** Local time at which it ends, in the vendor's form. */
	end: string;
}

/**
 * @param hear hears how many records the vendor counts
 * @param caught which errors are taken care of here
 */
type Ask = (
	from: string,
	to: string,
	hear: (answer: Counted) => void,
	caught: (error: FleetError) => boolean,
) => Promise<Row[]>;

/** A vendor whose counts are never met must not cost the account's quota. */
const MOST_FURTHER = 10;

/** An eighth of a day: no device sends more than an answer holds in that time, and the pieces of a day are kept. */
const DEEPEST = 3;

/** What one request gave; no rows: they are more than one answer may hold. */
interface Answered {
	rows: Row[] | undefined;
	/** Records that the vendor counts beyond those that came. */
	missing: number;
	/** How many of those that the vendor counts came. */
	sent: number;
}

/** A period that is to be read, halved so often already, and what it gave if it has been asked for. */
interface Part {
	begin: number;
	end: number;
	depth: number;
	asked?: Answered;
}

const timeIn = (row: Row, name: 'GPSTime' | 'RcvTime') => {
	const value = row[name];
	return typeof value === 'string' ? value : '';
};

/** Comes after every time: what has none, such as the corrected path of section 26, keeps its order at the end. */
const NEVER = '~';
const orderOf = (row: Row) => timeIn(row, 'GPSTime') || NEVER;
/** Times in the form that the document has in sections 9, 10 and 26 sort as texts; others stay as they came. */
const sorts = (time: string) => time === NEVER || (time.length === 19 && time[4] === '-' && time[10] === ' ');

/** In the order of their times; most answers are in order already. */
async function inTime(run: Pick<Run, 'inBlocks'>, rows: Row[]): Promise<Row[]> {
	let before = '';
	let ordered = true;
	for (const row of rows) {
		const time = orderOf(row);
		if (!sorts(time)) return rows;
		ordered &&= time >= before;
		before = time;
	}
	if (ordered) return rows;
	return await sorted(run, rows, (a, b) => (orderOf(a) < orderOf(b) ? -1 : orderOf(a) > orderOf(b) ? 1 : 0));
}

/** A history that is read in windows, each in halves where it holds more than one answer. */
class Reader {
	/** Whether the vendor's count has been shown to be of something else than the period. */
	private miscounts = false;
	/** Requests that have looked in vain for what the vendor counts and does not send. */
	private further = 0;

	constructor(
		private readonly run: Pick<Run, 'warn' | 'inBlocks'>,
		private readonly ask: Ask,
	) {}

	/** One window, in pieces that are read when they are wanted: hardly more than one answer is kept. */
	async *piecesOf(window: Part): AsyncGenerator<Piece> {
		const left = [window];
		for (let part = left.pop(); part !== undefined; part = left.pop()) {
			const piece = await this.pieceOf(part, left);
			if (piece !== undefined) yield piece;
		}
	}

	/** @param left gets the halves of what is no piece, the first on top */
	private async pieceOf({ begin, end, depth, asked }: Part, left: Part[]): Promise<Piece | undefined> {
		const { rows, missing, sent } = asked ?? (await this.request(begin, end, depth));
		const full = rows === undefined || rows.length >= MOST;
		const middle = begin + Math.floor((end - begin) / 2000) * 1000;
		if (mayBeHalved(begin, end, depth)) {
			if (full) {
				this.warnOfDay(begin, end, MOST);
				left.push({ begin: middle, end, depth: depth + 1 }, { begin, end: middle, depth: depth + 1 });
				return undefined;
			}
			if (this.mayBeCut(rows, missing)) {
				this.further += 2;
				const first = await this.request(begin, middle, depth + 1);
				const second = await this.request(middle, end, depth + 1);
				if (hasMore(rows, localText(middle), first, second)) {
					this.further = 0;
					this.warnOfDay(begin, end, rows.length);
					left.push(
						{ begin: middle, end, depth: depth + 1, asked: second },
						{ begin, end: middle, depth: depth + 1, asked: first },
					);
					return undefined;
				}
				this.miscounts = true;
			}
		}
		const [from, to] = [localText(begin), localText(end)];
		// What is too large for an answer and is not halved has thrown.
		const came = rows ?? [];
		if (full || missing > 0)
			this.run.warn(
				full
					? `There are ${String(came.length)} records between ${from} and ${to} (local time), where the vendor stops: some may be missing.`
					: `The vendor counts ${String(sent + missing)} records between ${from} and ${to} (local time), and sends ${String(sent)}: some may be missing.`,
			);
		return { rows: await inTime(this.run, came), end: to };
	}

	private warnOfDay(begin: number, end: number, most: number): void {
		if (end - begin === DAY_MS)
			this.run.warn(
				`The day from ${localText(begin)} (local time) has more than ${String(most)} records, where the vendor stops, so it is read in shorter pieces.`,
			);
	}

	/** Whether halves of the period may have what the vendor counts and does not send. */
	private mayBeCut(rows: readonly Row[], missing: number): boolean {
		return missing > 0 && rows.length >= LEAST && !this.miscounts && this.further < MOST_FURTHER;
	}

	/** @throws FleetError, also if the answer is too large and the period is not halved any more */
	async request(begin: number, end: number, depth = 0): Promise<Answered> {
		let [missing, sent] = [0, 0];
		const mayHalve = ({ tooLarge }: FleetError) => tooLarge && mayBeHalved(begin, end, depth);
		// The path of section 26 is not counted.
		const hear = ({ total, data }: Counted) => {
			sent = data.length;
			missing = Math.max(0, (total ?? 0) - sent);
		};
		try {
			const rows = await this.ask(localText(begin), localText(end), hear, mayHalve);
			return { rows, missing, sent };
		} catch (thrown) {
			const error = asFleetError(thrown);
			if (!mayHalve(error)) throw error;
			return { rows: undefined, missing: 0, sent: 0 };
		}
	}
}

const mayBeHalved = (begin: number, end: number, depth: number) => end - begin > SHORTEST_MS && depth < DEEPEST;

/** Whether the halves of a period have more records than the whole. Those on their border come twice. */
function hasMore(whole: readonly Row[], border: string, first: Answered, second: Answered): boolean {
	if (first.rows === undefined || second.rows === undefined) return true;
	const onBorder = (rows: readonly Row[]) => rows.filter((row) => timeIn(row, 'GPSTime') === border).length;
	const twice = Math.min(onBorder(first.rows), onBorder(second.rows));
	return first.rows.length + second.rows.length - twice > whole.length;
}

/** How many windows a period has. */
export function daysIn(run: Pick<Run, 'connection'>, { begin, end }: { begin: number; end: number }): number {
	const { from, to } = localPeriod(begin, end, zoneOf(run.connection));
	return Math.ceil((to - from) / DAY_MS);
}

/**
 * A history of any length, in windows of a day on the vendor's wall clock. Neighbours share the second at which one
 * ends and the other begins, because it is not documented on which side it counts: what comes twice is left out.
 */
export async function* inDays(
	run: Pick<Run, 'connection' | 'warn' | 'width' | 'inBlocks'>,
	{ begin, end }: { begin: number; end: number },
	ask: Ask,
): AsyncGenerator<Row[]> {
	const { from, to } = localPeriod(begin, end, zoneOf(run.connection));
	const last = localText(to);
	const reader = new Reader(run, ask);
	let seen = new Set<string>();
	const day = async ({ begin: first, end: second }: Window): Promise<Part> => ({
		begin: first,
		end: second,
		depth: 0,
		asked: await reader.request(first, second),
	});
	for await (const window of inOrder(windows(from, to, DAY_MS), run.width, day, run.width)) {
		for await (const { rows, end: until } of reader.piecesOf(window)) {
			const known = seen;
			const fresh = known.size === 0 ? rows : await filtered(run, rows, (row) => !known.has(JSON.stringify(row)));
			seen = until === last ? new Set() : await atEdge(run, rows, until);
			if (fresh.length > 0) yield fresh;
		}
	}
}

/**
 * What the next piece may give again. Whether records are chosen by the time of the fix or of its arrival is not
 * documented either.
 */
async function atEdge(run: Pick<Run, 'inBlocks'>, rows: readonly Row[], until: string): Promise<Set<string>> {
	const edge = new Set<string>();
	await run.inBlocks(rows, (block) => {
		for (const row of block)
			if (timeIn(row, 'GPSTime') >= until || timeIn(row, 'RcvTime') >= until) edge.add(JSON.stringify(row));
	});
	return edge;
}
