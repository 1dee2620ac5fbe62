import { UnexpectedAnswer } from './errors';

/**
 * Runs tasks side by side, at most `width` at once, and yields their results in the order of the tasks.
 * A task starts only when its result can be taken soon, so memory stays at `width` results.
 */
export async function* inOrder<T, R>(tasks: Iterable<T>, width: number, work: (task: T) => Promise<R>): AsyncGenerator<R> {
	const started: Promise<R>[] = [];
	const iterator = tasks[Symbol.iterator]();
	const start = () => {
		const next = iterator.next();
		if (next.done) return;
		const result = work(next.value);
		// Its error is taken when its turn comes; until then it must not count as unhandled.
		result.catch(() => undefined);
		started.push(result);
	};
	for (let count = 0; count < width; count++) start();
	for (let result = started.shift(); result !== undefined; result = started.shift()) {
		const value = await result;
		start();
		yield value;
	}
}

export interface TimePages<R> {
	/** Records in a full page. */
	size: number;
	/** The vendor's paging mark of a record, in seconds: the next page begins with the last one's. */
	mark: (row: R) => number;
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
export async function* timePages<R>(begin: number, fetch: (begin: number) => Promise<R[]>, { size, mark, key }: TimePages<R>): AsyncGenerator<R[]> {
	let from = begin;
	let boundary = new Map<string, number>();
	for (;;) {
		const page = await fetch(from);
		const last = page.at(-1);
		const full = page.length >= size;
		const next = last === undefined ? from : page.reduce((latest, row) => Math.max(latest, mark(row)), from);
		if (full && next <= from) {
			throw new UnexpectedAnswer(`The vendor has more than ${String(size)} records at ${new Date(from * 1000).toISOString()}, more than one page holds, and gives no way to page past them.`, {
				advice: 'Ask for a period that begins one second later; the records of this second beyond the page cannot be read.',
			});
		}
		const fresh = boundary.size === 0 ? page : withoutSeen(page, boundary, from, mark, key);
		const seen = new Map<string, number>();
		if (full) {
			for (const row of page) {
				if (mark(row) !== next) continue;
				const id = key(row);
				seen.set(id, (seen.get(id) ?? 0) + 1);
			}
		}
		if (fresh.length > 0) yield fresh;
		if (!full) return;
		boundary = seen;
		from = next;
	}
}

function withoutSeen<R>(page: readonly R[], seen: ReadonlyMap<string, number>, second: number, mark: (row: R) => number, key: (row: R) => string): R[] {
	const left = new Map(seen);
	return page.filter((row) => {
		if (mark(row) !== second) return true;
		const id = key(row);
		const count = left.get(id) ?? 0;
		if (count === 0) return true;
		left.set(id, count - 1);
		return false;
	});
}
