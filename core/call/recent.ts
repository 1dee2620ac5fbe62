/** What was used within this time is kept, however much comes after it. */
const IN_USE_MS = 600_000;
/** Within that time, this many times as much is kept. */
const SURGE = 10;

/**
 * A map of the `most` entries that were used last: what a process knows of accounts must not grow with every one that
 * was ever tried. What is in use is not displaced by what merely comes and goes.
 */
export class Recent<V> {
	private readonly entries = new Map<string, { value: V; usedAt: number }>();

	constructor(
		private readonly most: number,
		private readonly now: () => number = () => performance.now(),
	) {}

	get size(): number {
		return this.entries.size;
	}

	get(key: string): V | undefined {
		const entry = this.entries.get(key);
		if (entry === undefined) return undefined;
		this.set(key, entry.value);
		return entry.value;
	}

	set(key: string, value: V): void {
		const now = this.now();
		this.entries.delete(key);
		this.entries.set(key, { value, usedAt: now });
		for (const [oldest, { usedAt }] of this.entries) {
			const { size } = this;
			if (size <= this.most || (size <= SURGE * this.most && now - usedAt < IN_USE_MS)) return;
			this.entries.delete(oldest);
		}
	}
}

/** Far more than the names of any fleet, in characters. */
const LONGEST_NAMES = 4 * 1024 * 1024;

/** Forgets all but some where names take too much memory: a vendor could make up others with each answer. */
export function keepNames(
	known: { keys(): Iterable<string>; delete(name: string): unknown },
	stays: (name: string) => boolean,
): void {
	let length = 0;
	for (const name of known.keys()) length += name.length;
	if (length <= LONGEST_NAMES) return;
	for (const name of known.keys()) if (!stays(name)) known.delete(name);
}
