/** Numbers that look random, the same for the same seed (mulberry32). */
export class Random {
	private state: number;

	constructor(readonly seed: number) {
		this.state = seed;
	}

	/** Others, which depend on the seed and a text alone: what is done to a record is done to it each time it comes. */
	of(text: string): Random {
		let hash = this.seed ^ 0x811c9dc5;
		for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
		return new Random(hash >>> 0);
	}

	/** From 0 to 1. */
	next(): number {
		this.state = (this.state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
	}

	below(end: number): number {
		return Math.floor(this.next() * end);
	}

	chance(share: number): boolean {
		return this.next() < share;
	}

	pick<T>(list: readonly T[]): T {
		if (list.length === 0) throw new Error('there is nothing to choose from');
		return list[this.below(list.length)] as T;
	}

	shuffled<T>(list: readonly T[]): T[] {
		const left = [...list];
		return list.map(() => left.splice(this.below(left.length), 1)[0] as T);
	}
}
