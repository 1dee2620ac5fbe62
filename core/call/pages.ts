import { UnexpectedAnswer } from '../describe/errors';

/**
 * Runs tasks side by side, at most `width` at once, and yields their results in the order of the tasks. Whoever takes
 * them need not be quick for the next tasks to start, but no more than `ahead` results are kept in memory.
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
	 * The vendor's paging mark of a record, in seconds: the next page begins with the last one's. Null if it has none:
	 * it may be of any time.
	 */
	mark: (row: R) => number | null;
	/** What makes two records of the same second different. */
	key: (row: R) => string;
}

/**
 * Pages of a list that the vendor pages by time: a full page is followed by one that begins at its last record's mark,
 * inclusive, so that the records of that second come again. Those already given are left out - as often as they were
 * given, because a device can report the same thing twice in one second.
 * @throws UnexpectedAnswer if a full page does not advance: one second holds more records than a page, and the vendor
 * offers no way past them.
 */
export async function* timePages<R>(
	begin: number,
	fetch: (begin: number) => Promise<R[]>,
	paging: TimePages<R>,
): AsyncGenerator<R[]> {
	const stretch = new Stretch(begin, fetch, paging);
	while (!stretch.done) {
		const page = await stretch.next();
		if (page.length > 0) yield page;
	}
}

/** A stretch of time that is read page by page. */
class Stretch<R> {
	done = false;
	/** The second at which the next page begins. */
	at: number;
	/** Records of that second that were given already, and how often. */
	private given = new Map<string, number>();

	/**
	 * @param after records of this second and earlier ones belong to the stretch before
	 * @param until records of later seconds belong to the stretch behind; may be set to less while it is read
	 */
	constructor(
		begin: number,
		private readonly fetch: (begin: number, until: number) => Promise<R[]>,
		private readonly paging: TimePages<R>,
		private readonly after = -Infinity,
		public until = Infinity,
	) {
		this.at = begin;
	}

	/** One request: what it gives that is new. */
	async next(): Promise<R[]> {
		const { size, mark, key } = this.paging;
		const { at, after, until, given } = this;
		const page = await this.fetch(at, until);
		const last = page.reduce((latest, row) => Math.max(latest, mark(row) ?? at), at);
		const full = page.length >= size;
		if (full && last <= at) {
			throw new UnexpectedAnswer(
				`The vendor has more than ${String(size)} records at ${new Date(at * 1000).toISOString()}, more than one page holds, and gives no way to page past them.`,
				{
					advice: 'Ask for a period that begins one second later; the records of this second beyond the page cannot be read.',
				},
			);
		}
		this.done = !full || last > until;
		this.at = last;
		this.given = new Map();
		if (!this.done) {
			for (const row of page) {
				if ((mark(row) ?? last) === last) this.given.set(key(row), (this.given.get(key(row)) ?? 0) + 1);
			}
		}
		const fresh = given.size === 0 ? page : withoutGiven(page, given, at, this.paging);
		return after === -Infinity && until === Infinity
			? fresh
			: fresh.filter((row) => {
					const own = mark(row);
					// Better twice than not at all.
					return own === null || (own > after && own <= until);
				});
	}
}

function withoutGiven<R>(
	page: readonly R[],
	given: ReadonlyMap<string, number>,
	second: number,
	{ mark, key }: TimePages<R>,
): R[] {
	const left = new Map(given);
	return page.filter((row) => {
		if ((mark(row) ?? second) !== second) return true;
		const id = key(row);
		const count = left.get(id) ?? 0;
		if (count === 0) return true;
		left.set(id, count - 1);
		return false;
	});
}

/** Windows are meant to hold a little less than whole pages, as one record more costs a request. */
const FILL = 0.95;
/** Most pages that a window is meant to hold. At most twice as many are read ahead for each of those side by side. */
const MOST_PAGES = 8;

/**
 * The same pages as `timePages` gives, in the same order, but asked for in windows of time side by side once the first
 * page turns out to be full. The windows' length follows from how densely the records lie in what was read so far, and
 * grows with it: a short list costs hardly a request more, and whoever stops after a few pages has not set off a
 * hundred.
 *
 * A window has the records after its first second up to its last one, and is asked for with a second more at its end:
 * whether the vendor counts the end of a period as part of it, or the begin, nothing is lost and nothing doubled.
 * @param first the first page, where it has been asked for already
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
	const ask = async (from: number, until: number) => {
		const page = known ?? (await fetch(from, until === Infinity ? end : until + 1));
		known = undefined;
		return page;
	};
	/** Records in a second: goes up at once where they lie denser than thought, and down by halves. */
	let rate = 0;
	let pagesRead = 0;
	let stopped = false;

	const read = async ({ stretch, most }: { stretch: Stretch<R>; most: number }) => {
		const from = stretch.at;
		const pages: R[][] = [];
		do pages.push(await stretch.next());
		while (!stretch.done && pages.length < most && !stopped);
		const seconds = (stretch.done ? Math.min(stretch.until, end) : stretch.at) - from;
		const records = pages.reduce((sum, page) => sum + page.length, 0);
		rate = Math.max(records / Math.max(1, seconds), rate / 2);
		pagesRead += pages.length;
		return { stretch, pages };
	};

	/** Cuts what is left of a stretch into windows, each when it is asked for, by what is known then. */
	function* cut(whole: Stretch<R>) {
		const { until } = whole;
		for (let stretch = whole, at = whole.at; ; stretch = new Stretch(at, ask, paging, at)) {
			const pages = Math.min(MOST_PAGES, 1 + Math.ceil(pagesRead / width));
			const length = Math.max(1, Math.floor((pages * paging.size * FILL) / rate));
			// What would be left for a last window of less than half the length goes into this one.
			const last = at + 1.5 * length >= Math.min(until, end);
			stretch.until = last ? until : at + length;
			at += length;
			yield { stretch, most: 2 * pages };
			if (last) return;
		}
	}

	/** A window that turns out to hold much more than thought is cut again. */
	async function* sideBySide(whole: Stretch<R>): AsyncGenerator<R[]> {
		for await (const { stretch, pages } of inOrder(cut(whole), width, read, width)) {
			yield* pages;
			if (!stretch.done) yield* sideBySide(stretch);
		}
	}

	try {
		const { stretch, pages } = await read({ stretch: new Stretch(begin, ask, paging), most: 1 });
		yield* pages;
		if (!stretch.done) yield* sideBySide(stretch);
	} finally {
		stopped = true;
	}
}
