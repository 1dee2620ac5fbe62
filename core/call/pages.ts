import { UnexpectedAnswer } from '../describe/errors';

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
}

/**
 * Pages of a list that the vendor pages by time. A full page is followed by one that begins at the time of its last
 * record, inclusive, so that the records of that second come again. Those already yielded are left out - as often as
 * they were yielded, because a device can report the same thing twice in one second.
 * @throws UnexpectedAnswer if a full page does not advance: one second holds more records than a page, and the vendor
 * has no way past them.
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
	/** Records of that second that were yielded already, and how often. */
	private yielded = new Map<string, number>();

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

	/** One request: the new records of its answer. */
	async next(): Promise<R[]> {
		const { size, mark, key } = this.paging;
		const { at, after, until, yielded } = this;
		const page = await this.fetch(at, until);
		const last = page.reduce((latest, row) => Math.max(latest, mark(row) ?? at), at);
		const full = page.length >= size;
		if (full && last <= at) {
			throw new UnexpectedAnswer(
				`The vendor has more than ${String(size)} records at ${new Date(at * 1000).toISOString()}, more than one page holds, and offers no way to page past them.`,
				{
					advice: 'Ask for a period that begins one second later; the records of this second beyond the page cannot be read.',
				},
			);
		}
		this.done = !full || last > until;
		this.at = last;
		this.yielded = new Map();
		if (!this.done) {
			for (const row of page) {
				if ((mark(row) ?? last) === last) this.yielded.set(key(row), (this.yielded.get(key(row)) ?? 0) + 1);
			}
		}
		const fresh = yielded.size === 0 ? page : withoutYielded(page, yielded, at, this.paging);
		return after === -Infinity && until === Infinity
			? fresh
			: fresh.filter((row) => {
					const own = mark(row);
					// A record that comes twice is better than one that is lost.
					return own === null || (own > after && own <= until);
				});
	}
}

function withoutYielded<R>(
	page: readonly R[],
	yielded: ReadonlyMap<string, number>,
	second: number,
	{ mark, key }: TimePages<R>,
): R[] {
	const left = new Map(yielded);
	return page.filter((row) => {
		if ((mark(row) ?? second) !== second) return true;
		const id = key(row);
		const count = left.get(id) ?? 0;
		if (count === 0) return true;
		left.set(id, count - 1);
		return false;
	});
}

/** Windows aim at a little less than whole pages: one record more would cost a request. */
const FILL = 0.95;
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
	const ask = async (from: number, until: number) => {
		const page = known ?? (await fetch(from, until === Infinity ? end : until + 1));
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
		do pages.push(await stretch.next());
		while (!stretch.done && pages.length < most && !stopped);
		const seconds = (stretch.done ? Math.min(stretch.until, end) : stretch.at) - from;
		const records = pages.reduce((sum, page) => sum + page.length, 0);
		rate = Math.max(records / Math.max(1, seconds), rate / 2);
		pagesRead += pages.length;
		return { stretch, pages };
	};

	/** Cuts the rest of a stretch into windows, each at the last moment, by the density known then. */
	function* cut(whole: Stretch<R>) {
		const { until } = whole;
		for (let stretch = whole, at = whole.at; ; stretch = new Stretch(at, ask, paging, at)) {
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
		const { stretch, pages } = await read({ stretch: new Stretch(begin, ask, paging), most: 1 });
		yield* pages;
		if (!stretch.done) yield* sideBySide(stretch);
	} finally {
		stopped = true;
	}
}
