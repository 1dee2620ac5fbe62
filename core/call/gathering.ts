import { TooLarge } from '../describe/errors';

/** Estimated bytes of what one run gathers. 250,000 trips with their addresses are half of it. */
const MOST_BYTES = 400_000_000;

// Bytes as V8 takes them.
const NUMBER = 12;
const TEXT = 16;
const LIST_OR_OBJECT = 24;
const PLACE = 8;
/** A name that few objects have. Objects of the same names share them. */
const OWN_NAME = 120;
/** More than the records of any vendor have. */
const SHARED_NAMES = 1000;
/** A sign that takes two bytes. */
const WIDE = /[\u0100-\uFFFF]/;

/** The memory that records take which are kept until all have come: a vendor may send pages without end. */
export class Gathering {
	private bytes = 0;
	private readonly names = new Set<string>();

	/** Records are kept. @throws TooLarge if they, with those before, are too many */
	add(records: readonly object[]): void {
		for (const record of records) this.bytes += PLACE + this.sizeOf(record);
		this.mustHaveRoom();
	}

	/** @throws TooLarge */
	mustHaveRoom(): void {
		if (this.bytes <= MOST_BYTES) return;
		const megabytes = String(MOST_BYTES / 1_000_000);
		throw new TooLarge(`The run has more than ${megabytes} MB of records, which would fill the memory.`, {
			scope: 'call',
			permanent: true,
			advice: 'Ask for a shorter period or fewer devices at a time, or set Limit.',
		});
	}

	private sizeOf(value: unknown): number {
		// Two bytes a sign, if one of them needs it.
		if (typeof value === 'string') return TEXT + value.length * (WIDE.test(value) ? 2 : 1);
		if (typeof value !== 'object' || value === null) return NUMBER;
		let bytes = LIST_OR_OBJECT;
		if (Array.isArray(value)) for (const inner of value as unknown[]) bytes += PLACE + this.sizeOf(inner);
		else
			for (const name in value)
				bytes += PLACE + this.ownName(name) + this.sizeOf((value as Record<string, unknown>)[name]);
		return bytes;
	}

	private ownName(name: string): number {
		if (this.names.has(name)) return 0;
		if (this.names.size >= SHARED_NAMES) return OWN_NAME;
		this.names.add(name);
		return 0;
	}
}
