/** A promise is broken. */
export class Broken extends Error {}

export function must(holds: boolean, promise: string): asserts holds {
	if (!holds) throw new Broken(`not so: ${promise}`);
}
