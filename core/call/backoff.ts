/** A wait that doubles with each failure in a row: `firstMs` after the first of them, `longestMs` at most. */
export function doubling(failures: number, { firstMs, longestMs }: { firstMs: number; longestMs: number }): number {
	return Math.min(longestMs, firstMs * 2 ** (failures - 1));
}
