/**
 * A map of the `most` entries that were used last: what a process knows of accounts must not grow with every one that
 * was ever tried.
 */
export class Recent<V> {
	private readonly entries = new Map<string, V>();

	constructor(private readonly most: number) {}

	get size(): number {
		return this.entries.size;
	}

	get(key: string): V | undefined {
		const value = this.entries.get(key);
		if (value !== undefined) this.set(key, value);
		return value;
	}

	set(key: string, value: V): void {
		this.entries.delete(key);
		this.entries.set(key, value);
		for (const [oldest] of this.entries) {
			if (this.entries.size <= this.most) return;
			this.entries.delete(oldest);
		}
	}
}
