/** A period, end exclusive, in the unit of the caller. */
export interface Window {
	begin: number;
	end: number;
}

/** Cuts a period into pieces of at most `length`, in order; the last may be shorter. */
export function* windows(begin: number, end: number, length: number): Generator<Window> {
	for (let at = begin; at < end; at += length) yield { begin: at, end: Math.min(at + length, end) };
}

/** Cuts a list into pieces of at most `size`. */
export function chunks<T>(items: readonly T[], size: number): T[][] {
	const pieces: T[][] = [];
	for (let at = 0; at < items.length; at += size) pieces.push(items.slice(at, at + size));
	return pieces;
}
