import type { Row } from '../describe/records';

export interface SharedRead {
	/** What is asked, in full. */
	key: string;
	/** Milliseconds since 1970. */
	now: number;
	/** A look that somebody else took is good for this long. */
	maxAgeMs: number;
	/** Newest record time that was known when the look began. */
	watermark: number;
}

/** What came of one look at the vendor, read page by page and once, whoever asks for it. */
class SharedPages implements AsyncIterable<Row[]> {
	private readonly pages: Row[][] = [];
	private readonly source: AsyncIterator<Row[]>;
	private ended = false;
	private error: Error | undefined;
	private pulling: Promise<void> | undefined;

	constructor(
		source: AsyncIterable<Row[]>,
		readonly at: number,
		readonly mark: number,
		readonly until: number,
	) {
		this.source = source[Symbol.asyncIterator]();
	}

	async *[Symbol.asyncIterator](): AsyncGenerator<Row[]> {
		for (let next = 0; ; next++) {
			for (;;) {
				const page = this.pages[next];
				if (page !== undefined) {
					yield page;
					break;
				}
				if (this.ended) return;
				if (this.error !== undefined) throw this.error;
				await (this.pulling ??= this.pull());
			}
		}
	}

	private async pull(): Promise<void> {
		try {
			const next = await this.source.next();
			if (next.done === true) this.ended = true;
			else this.pages.push(next.value);
		} catch (error) {
			this.error = error as Error;
		} finally {
			this.pulling = undefined;
		}
	}
}

/**
 * Looks that the triggers of an account share: those that are polled together, or shortly after each other, cost one
 * request. Nothing is asked unless a trigger wants it.
 */
export class SharedReads {
	private readonly shared = new Map<string, SharedPages>();

	/**
	 * Pages of a look, and the mark that was known when it began. Where nobody has just looked, `start` asks the
	 * vendor.
	 */
	read(
		{ key, now, maxAgeMs, watermark: mark }: SharedRead,
		start: () => AsyncIterable<Row[]>,
	): { pages: AsyncIterable<Row[]>; mark: number } {
		for (const [old, look] of this.shared) {
			if (look.until > now && look.at <= now) break;
			this.shared.delete(old);
		}
		const found = this.shared.get(key);
		// A clock that was set back must not keep a look for longer.
		if (found !== undefined && now - found.at < maxAgeMs && found.at <= now)
			return { pages: this.orAgain(found, key, start), mark: found.mark };
		const look = new SharedPages(start(), now, mark, now + maxAgeMs);
		this.shared.delete(key);
		if (maxAgeMs > 0) this.shared.set(key, look);
		return { pages: this.forgetting(look, key), mark };
	}

	/** A look that somebody else began may end with his being stopped: then it is taken again. */
	private async *orAgain(look: SharedPages, key: string, start: () => AsyncIterable<Row[]>): AsyncGenerator<Row[]> {
		let given = false;
		try {
			for await (const page of look) {
				given = true;
				yield page;
			}
			return;
		} catch (error) {
			if (this.shared.get(key) === look) this.shared.delete(key);
			if (given) throw error;
		}
		yield* start();
	}

	private async *forgetting(look: SharedPages, key: string): AsyncGenerator<Row[]> {
		try {
			yield* look;
		} catch (error) {
			if (this.shared.get(key) === look) this.shared.delete(key);
			throw error;
		}
	}
}
