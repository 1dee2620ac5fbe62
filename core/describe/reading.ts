import { cut } from './words';

let current: Reading | undefined;

/**
 * One run or poll, while it makes records of rows. It has the clock against which times are held, and is told of values
 * that came and cannot be read: they are null in the records, and the user hears of them once.
 */
export class Reading {
	private first: string | undefined;

	/** @param now milliseconds since 1970 */
	constructor(private readonly now: () => number) {}

	/** Makes records: what they cannot read is noted here. */
	of<T>(make: () => T): T {
		const before = current;
		// eslint-disable-next-line @typescript-eslint/no-this-alias -- mappers have no other way to it
		current = this;
		try {
			return make();
		} finally {
			current = before;
		}
	}

	note(what: string, value: unknown): void {
		this.first ??= `${what}: ${cut(JSON.stringify(value), 80)}`;
	}

	get clock(): number {
		return this.now();
	}

	/** What to tell of values that could not be read; undefined where all could. */
	get warning(): string | undefined {
		return this.first === undefined
			? undefined
			: `Some values could not be read, so they are null in the records. The first is ${this.first}. Output = Raw gives them as they came.`;
	}
}

/** Notes a value that came and cannot be read. @returns null, which stands for it in the record */
export function unread(what: string, value: unknown): null {
	current?.note(what, value);
	return null;
}

/** The clock of the run or poll, in milliseconds. */
export const present = (): number => current?.clock ?? Date.now();
