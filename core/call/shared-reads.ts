import { asFleetError } from '../describe/errors';
import type { Row } from '../describe/records';

interface SharedRead {
	/** The operation with all parameters. */
	key: string;
	/** Milliseconds since 1970. */
	now: number;
	/** How old the read of another trigger may be. */
	maxAgeMs: number;
	/** Newest record time that was known when the read began. */
	watermark: number;
}

/** The pages of one read: each is fetched once, however many iterate over them. */
class SharedPages implements AsyncIterable<Row[]> {
	private readonly pages: Row[][] = [];
	private readonly source: AsyncIterator<Row[]>;
	private ended = false;
	private error: Error | undefined;
	private pulling: Promise<void> | undefined;

	constructor(
		source: AsyncIterable<Row[]>,
		readonly at: number,
		readonly watermark: number,
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
 * Reads that the triggers of an account share: polls at the same time, or shortly after each other, cost one request.
 * Nothing is sent before a trigger takes a page.
 */
export class SharedReads {
	private readonly shared = new Map<string, SharedPages>();

	/** Pages of a read, and the watermark that was known when it began. Without a recent one, `start` reads again. */
	read(
		{ key, now, maxAgeMs, watermark }: SharedRead,
		start: () => AsyncIterable<Row[]>,
	): { pages: AsyncIterable<Row[]>; watermark: number } {
		for (const [old, read] of this.shared) {
			if (read.until > now && read.at <= now) break;
			this.shared.delete(old);
		}
		const found = this.shared.get(key);
		// A clock that was set back must not keep a read for longer.
		if (found !== undefined && now - found.at < maxAgeMs && found.at <= now)
			return { pages: this.orAgain(found, key, start), watermark: found.watermark };
		const read = new SharedPages(start(), now, watermark, now + maxAgeMs);
		this.shared.delete(key);
		if (maxAgeMs > 0) this.shared.set(key, read);
		return { pages: this.forgetting(read, key), watermark };
	}

	/** A read that another trigger began ends if that trigger is stopped: then it is started again. */
	private async *orAgain(read: SharedPages, key: string, start: () => AsyncIterable<Row[]>): AsyncGenerator<Row[]> {
		let yielded = false;
		try {
			for await (const page of read) {
				yielded = true;
				yield page;
			}
			return;
		} catch (error) {
			if (this.shared.get(key) === read) this.shared.delete(key);
			if (yielded) throw asFleetError(error);
		}
		yield* start();
	}

	private async *forgetting(read: SharedPages, key: string): AsyncGenerator<Row[]> {
		try {
			yield* read;
		} catch (error) {
			if (this.shared.get(key) === read) this.shared.delete(key);
			throw asFleetError(error);
		}
	}
}
