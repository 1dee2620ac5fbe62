import type { Run } from '../describe/operation';
import { MANY } from './blocks';

/**
 * Runs tasks side by side, at most `width` at once, and yields their results in the order of the tasks. The next tasks
 * start even if the consumer is slow, but no more than `ahead` results are kept in memory.
 */
export async function* inOrder<T, R>(
	tasks: Iterable<T>,
	width: number,
	work: (task: T) => Promise<R>,
	ahead = 2 * width,
): AsyncGenerator<R> {
	const started: Promise<R>[] = [];
	const iterator = tasks[Symbol.iterator]();
	let running = 0;
	let over = false;
	const start = () => {
		while (!over && running < width && started.length < ahead) {
			const next = iterator.next();
			if (next.done) return;
			running += 1;
			const result = work(next.value);
			started.push(result);
			// Its error is taken when its turn comes; until then it must not count as unhandled.
			result.then(
				() => {
					running -= 1;
					start();
				},
				() => {
					over = true;
				},
			);
		}
	};
	try {
		start();
		for (let result = started.shift(); result !== undefined; result = started.shift()) {
			const value = await result;
			start();
			yield value;
		}
	} finally {
		over = true;
	}
}

export interface TimePages<R> {
	/** Records in a full page. */
	size: number;
	/**
	 * The time that the vendor pages by, in seconds: the next page begins with that of the last record. Null if a
	 * record has none: it may be of any time.
	 */
	mark: (row: R) => number | null;
	/** What makes two records of the same second different. */
	key: (row: R) => string;
	/** What the vendor's pages have shown of their size so far: it may be smaller than documented. */
	seen?: PageSize;
	/** Hears which records cannot be had. */
	warn?: (message: string) => void;
	/** Works on a page that is much longer than documented. */
	inBlocks?: Run['inBlocks'];
}

/** A record with its mark, which is read once: the time may be written in words. */
interface Marked<R> {
	readonly row: R;
	readonly mark: number | null;
}

/** Pages shorter than this share of the documented size are taken as whole: no server has pages as small. */
const LEAST_SHARE = 0.1;

/** How long a server's pages are, as far as they have shown: on some they are shorter than documented. */
export class PageSize {
	/** Longest page behind which nothing came. */
	private whole = 0;
	/** A page that was full, although it is shorter than documented. */
	private shown = Infinity;

	/**
	 * Whether a page is full. Undefined if it is not known: of its rows, so many have a time, and the others may or may
	 * not count as records.
	 */
	isFull(length: number, dated = length): boolean | undefined {
		// What was taken for a full page may have been one record that arrived just then.
		if (dated > this.shown) this.shown = Infinity;
		return dated === this.shown ? true : length >= this.shown ? undefined : false;
	}

	/** Records in a full page, as far as is known. */
	of(documented: number): number {
		return Math.min(this.shown, documented);
	}

	/** Whether a page that is shorter than documented may be full all the same. */
	mayBeFull(length: number, documented: number): boolean {
		return length > this.whole && length >= LEAST_SHARE * documented;
	}

	/** More records came behind a page with so many that have a time, or none. */
	learn(dated: number, more: boolean): void {
		if (more) this.shown = dated;
		else this.whole = Math.max(this.whole, dated);
	}
}

/** One for each user of a server. */
export class PageSizes {
	private readonly known = new WeakMap<object, PageSize>();

	of(user: object): PageSize {
		const size = this.known.get(user) ?? new PageSize();
		this.known.set(user, size);
		return size;
	}
}

/**
 * Pages of a list that the vendor pages by time. A full page is followed by one that begins at the time of its last
 * record, inclusive, so that the records of that second come again. Those already yielded are left out - as often as
 * they were yielded, because a device can report the same thing twice in one second.
 *
 * Where a second holds more records than a page, the vendor has no way past them: what comes is yielded, `warn` hears
 * of it, and the next second follows. Where a full page does not ascend, shorter periods are read that fit into one.
 * @param end where the period ends, if that is known
 */
export async function* timePages<R>(
	begin: number,
	fetch: (begin: number, end: number) => Promise<R[]>,
	paging: TimePages<R>,
	end = Infinity,
): AsyncGenerator<R[]> {
	const stretch = new Stretch(begin, end, fetch, paging);
	while (!stretch.done) {
		const page = await stretch.next();
		if (page.length > 0) yield page;
	}
}

/** The page of a device that has failed: it is not known what there is in the period. */
export const UNREAD: never[] = Object.freeze([]) as unknown as never[];
const isUnread = (page: readonly unknown[]) => page === UNREAD;

/** Windows aim at a little less than whole pages: one record more would cost a request. */
const FILL = 0.95;

/**
 * Records that a period shorter than the whole aims at. A period with a full page is read again in shorter ones, so
 * there is room for what chance brings.
 */
const wantedOf = (size: number) => Math.max(1, size - 1.5 * Math.sqrt(size));

/** The last second that a date can have. */
const LAST_SECOND = 8_640_000_000_000;
/** A time that is none, or of no calendar, is the same as no time. */
const dated = (mark: number | null) => (mark !== null && Math.abs(mark) <= LAST_SECOND ? mark : null);

/** A stretch of time that is read page by page. */
class Stretch<R> {
	done = false;
	/** The second at which the next page begins. */
	at: number;
	/** Records of that second that were yielded already, and how often. */
	private yielded = new Map<string, number>();
	/** How many seconds the next page is to cover, where the vendor's pages do not ascend. */
	private span: number | undefined;
	/** Records with a time in the page before, if the next one shows whether it was full. */
	private doubtful: number | undefined;
	/** The page before, if it was full. */
	private before: readonly Marked<R>[] | undefined;

	/**
	 * @param after records of this second and earlier ones belong to the stretch before
	 * @param until records of later seconds belong to the stretch behind; may be set to less while it is read
	 */
	constructor(
		private readonly begin: number,
		private end: number,
		private readonly fetch: (begin: number, end: number) => Promise<R[]>,
		private readonly paging: TimePages<R>,
		private after = -Infinity,
		public until = Infinity,
	) {
		this.at = begin;
	}

	/** One request: the new records of its answer. */
	async next(): Promise<R[]> {
		const { at, span } = this;
		const until = span === undefined ? this.until : Math.min(this.until, at + span);
		const rows = await this.request(at, until);
		if (isUnread(rows)) {
			this.done = true;
			return [];
		}
		const marked = this.marked(rows);
		const came = Array.isArray(marked) ? marked : await marked;
		const marks = marksOf(came);
		const page = ascends(marks) ? came : this.inOrder(came);
		const last = Math.max(at, latestOf(marks));
		const unknown = this.freshOf(page, until);
		const fresh = Array.isArray(unknown) ? unknown : await unknown;
		const full = await this.isFull(page, marks, until);
		this.yielded = new Map();
		const { before } = this;
		if (full) this.before = page;
		if (!full) this.moveTo(until, marks.length);
		else if (
			marks.length === 0 ||
			this.isBeyond(marks, until) ||
			(before?.length === page.length && this.strays(page, until) && (await this.same(page, before)))
		)
			return await this.giveUp(page);
		else if (!ascends(marks)) return await this.inShorter(page, marks, until);
		else if (last > Math.min(until, this.end)) this.moveTo(until, marks.length);
		else if (last === at) return this.passBy(page, fresh);
		else {
			this.at = last;
			const remembering = this.remember(page, last);
			if (remembering !== undefined) await remembering;
		}
		return fresh;
	}

	private request(from: number, until: number): Promise<R[]> {
		return this.fetch(from, until >= this.end ? this.end : until + 1);
	}

	/** Nothing comes in between, except where there is much to do. */
	private each<T>(list: readonly T[], work: (block: readonly T[]) => void): Promise<void> | undefined {
		const { inBlocks } = this.paging;
		if (inBlocks !== undefined && list.length > MANY) return inBlocks(list, work);
		work(list);
		return undefined;
	}

	private marked(rows: readonly R[]): Marked<R>[] | Promise<Marked<R>[]> {
		const marked: Marked<R>[] = [];
		const working = this.each(rows, (block) => {
			for (const row of block) marked.push({ row, mark: dated(this.paging.mark(row)) });
		});
		return working?.then(() => marked) ?? marked;
	}

	/** Whether records of the period are missing in this page. */
	private async isFull(page: readonly Marked<R>[], marks: readonly number[], until: number): Promise<boolean> {
		const { at, doubtful, end, paging } = this;
		const { seen, size } = paging;
		const [earliest, latest] = [earliestOf(marks), latestOf(marks)];
		if (doubtful !== undefined) seen?.learn(doubtful, latest > at);
		this.doubtful = undefined;
		const { length } = page;
		const dated = marks.length;
		const known = seen?.isFull(length, dated);
		if (length >= size || known) return true;
		if (!seen?.mayBeFull(length, size) || earliest >= latest) return false;
		const descends = !ascends(marks);
		// What is behind a page that was cut is longer than the pauses within it.
		const rest = descends ? earliest - at : Math.min(until, end) - latest;
		if (known !== undefined && rest <= longestPause(marks)) return false;
		if (!descends) {
			this.doubtful = dated;
			return true;
		}
		const earlier = await this.request(at, earliest);
		if (isUnread(earlier)) return false;
		const more = earliestOf(marksOf(await this.marked(earlier))) < earliest;
		seen.learn(dated, more);
		return more;
	}

	/** From the oldest to the newest. Reversed before, as records of one second are the other way round, too. */
	private inOrder(page: readonly Marked<R>[]): Marked<R>[] {
		const { at } = this;
		return [...page].reverse().sort((a, b) => (a.mark ?? at) - (b.mark ?? at));
	}

	/** All records up to `until` have been read. */
	private moveTo(until: number, records: number): void {
		const { span, end, paging } = this;
		if (span === undefined || until >= Math.min(this.until, end)) {
			this.done = true;
			return;
		}
		const wanted = wantedOf(paging.seen?.of(paging.size) ?? paging.size);
		this.span = Math.max(1, Math.floor(span * Math.min(2, wanted / Math.max(1, records))));
		this.at = this.after = until;
	}

	/** Keeps in mind which records come again with the page that begins at their second. */
	private remember(page: readonly Marked<R>[], second: number): Promise<void> | undefined {
		const { paging, yielded } = this;
		return this.each(page, (block) => {
			for (const { row, mark } of block) {
				if ((mark ?? second) !== second) continue;
				const key = paging.key(row);
				yielded.set(key, (yielded.get(key) ?? 0) + 1);
			}
		});
	}

	private freshOf(page: readonly Marked<R>[], until: number): R[] | Promise<R[]> {
		const { at, after, paging } = this;
		const left = new Map(this.yielded);
		const wasYielded = (row: R) => {
			const key = paging.key(row);
			const count = left.get(key) ?? 0;
			if (count > 0) left.set(key, count - 1);
			return count > 0;
		};
		const fresh: R[] = [];
		const working = this.each(page, (block) => {
			for (const { row, mark } of block) {
				if (left.size > 0 && (mark ?? at) === at && wasYielded(row)) continue;
				// A record that comes twice is better than one that is lost.
				if (mark === null || (mark > after && mark <= until)) fresh.push(row);
			}
		});
		return working?.then(() => fresh) ?? fresh;
	}

	/** A full page that does not ascend does not tell where the next begins: a shorter period is read in its place. */
	private async inShorter(page: readonly Marked<R>[], marks: readonly number[], until: number): Promise<R[]> {
		const { at } = this;
		if (this.end === Infinity) this.end = latestOf(marks);
		const length = Math.min(until, this.end) - at;
		if (length <= 1) {
			this.cannotBeHad(page, at);
			this.moveTo(until, page.length);
			return await this.freshOf(page, until);
		}
		const covered = latestOf(marks) - earliestOf(marks);
		this.span = Math.max(1, Math.min(Math.floor(length / 2), Math.floor(FILL * covered)));
		return [];
	}

	/** A full page that ends in the second in which it begins: what else there is of it cannot be had. */
	private passBy(page: readonly Marked<R>[], fresh: R[]): R[] {
		const { at } = this;
		this.cannotBeHad(page, at);
		this.at = at + 1;
		this.done = this.at > Math.min(this.until, this.end);
		return fresh;
	}

	/** A full page from which no way leads on. */
	private async giveUp(page: readonly Marked<R>[]): Promise<R[]> {
		const { at, begin, until } = this;
		this.cannotBeHad(page);
		this.done = true;
		// Earlier records have been yielded.
		return await this.freshOf(at === begin ? page : page.filter(({ mark }) => (mark ?? at) > at), until);
	}

	/** Whether a page is about another period mostly, and does not tell where the next begins: nor would any other. */
	private isBeyond(marks: readonly number[], until: number): boolean {
		const end = Math.min(until, this.end) + 1;
		return !ascends(marks) && 2 * marks.filter((mark) => mark > end).length > marks.length;
	}

	/** Whether a page has records of another period. */
	private strays(page: readonly Marked<R>[], until: number): boolean {
		const { at } = this;
		return page.some(({ mark }) => mark !== null && (mark < at || mark > until + 1));
	}

	/** Whether the vendor gives the same page for another period, and so would for ever. */
	private async same(page: readonly Marked<R>[], before: readonly Marked<R>[]): Promise<boolean> {
		const { paging } = this;
		let [same, place] = [true, 0];
		await this.each(page, (block) => {
			for (const { row } of block) same &&= paging.key(row) === paging.key(before[place++]?.row ?? row);
		});
		return same;
	}

	/** @param second undefined: there is no time after which to go on */
	private cannotBeHad({ length }: readonly unknown[], second?: number): void {
		this.paging.warn?.(
			second === undefined
				? `The vendor gives ${String(length)} records, as many as one page holds, and no time from which the next page could begin. Any others cannot be read.`
				: `The vendor gives ${String(length)} records at ${new Date(second * 1000).toISOString()}, as many as one page holds, and offers no way to page past them. Any others of that second cannot be read.`,
		);
	}
}

const marksOf = (page: readonly Marked<unknown>[]) => page.map(({ mark }) => mark).filter((mark) => mark !== null);

/** Whether no time is before the one that it follows. */
const ascends = (marks: readonly number[]) => marks.every((mark, place) => mark >= (marks[place - 1] ?? mark));

// Spread, a long list would be more arguments than a function takes.
const earliestOf = (marks: readonly number[]) => marks.reduce((one, other) => Math.min(one, other), Infinity);
const latestOf = (marks: readonly number[]) => marks.reduce((one, other) => Math.max(one, other), -Infinity);

/** The longest time between two neighbours. */
function longestPause(marks: readonly number[]): number {
	let longest = 0;
	for (let place = 1; place < marks.length; place++)
		longest = Math.max(longest, Math.abs((marks[place] ?? 0) - (marks[place - 1] ?? 0)));
	return longest;
}

/** Most pages that a window aims at. At most twice as many are read ahead in each parallel window. */
const MOST_PAGES = 8;

/**
 * The pages of `timePages` in the same order, but read in parallel windows of time if the first page is full. The
 * length of a window follows from the density of the records read so far, and grows with their number: a short list
 * costs hardly a request more, and a consumer that stops after a few pages has not caused a hundred requests.
 *
 * A window has the records after its first second up to its last one, and is requested with a second more at its end.
 * So nothing is lost or doubled, whether the vendor counts the end or the beginning of a period as part of it.
 * @param first the first page, if it has been read already
 */
export async function* timeWindows<R>(
	begin: number,
	end: number,
	fetch: (begin: number, end: number) => Promise<R[]>,
	paging: TimePages<R>,
	width: number,
	first?: R[],
): AsyncGenerator<R[]> {
	let known = first;
	const ask = async (from: number, to: number) => {
		const page = known ?? (await fetch(from, to));
		known = undefined;
		return page;
	};
	/** Records per second: rises at once where they are denser than expected, and falls by halves. */
	let rate = 0;
	let pagesRead = 0;
	let stopped = false;

	const read = async ({ stretch, most }: { stretch: Stretch<R>; most: number }) => {
		const from = stretch.at;
		const pages: R[][] = [];
		let requests = 0;
		do {
			const page = await stretch.next();
			requests += 1;
			if (page.length > 0) pages.push(page);
		} while (!stretch.done && requests < most && !stopped);
		const seconds = (stretch.done ? Math.min(stretch.until, end) : stretch.at) - from;
		const records = pages.reduce((sum, page) => sum + page.length, 0);
		rate = Math.max(records / Math.max(1, seconds), rate / 2);
		pagesRead += requests;
		return { stretch, pages };
	};

	/** Cuts the rest of a stretch into windows, each at the last moment, by the density known then. */
	function* cut(whole: Stretch<R>) {
		const { until } = whole;
		for (let stretch = whole, at = whole.at; ; stretch = new Stretch(at, end, ask, paging, at)) {
			const pages = Math.min(MOST_PAGES, 1 + Math.ceil(pagesRead / width));
			const length = Math.max(1, Math.floor((pages * paging.size * FILL) / rate));
			// A rest of less than half the length goes into this window.
			const last = at + 1.5 * length >= Math.min(until, end);
			stretch.until = last ? until : at + length;
			at += length;
			yield { stretch, most: 2 * pages };
			if (last) return;
		}
	}

	/** A window that holds much more than expected is cut again. */
	async function* sideBySide(whole: Stretch<R>): AsyncGenerator<R[]> {
		for await (const { stretch, pages } of inOrder(cut(whole), width, read, width)) {
			yield* pages;
			if (!stretch.done) yield* sideBySide(stretch);
		}
	}

	try {
		const { stretch, pages } = await read({ stretch: new Stretch(begin, end, ask, paging), most: 1 });
		yield* pages;
		if (!stretch.done) yield* sideBySide(stretch);
	} finally {
		stopped = true;
	}
}
