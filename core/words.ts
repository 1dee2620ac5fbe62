/** Marks the place where a text was cut. */
export const CUT = '…';

/** A text of at most so many characters, with a mark where it was cut. */
export function clipped(text: string, most: number): string {
	if (text.length <= most) return text;
	const end = most - CUT.length;
	// Half of a surrogate pair is no character.
	return text.slice(0, /[\uD800-\uDBFF]/.test(text.charAt(end - 1)) ? end - 1 : end) + CUT;
}
