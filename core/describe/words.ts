/** Marks the place where a text was cut. */
export const CUT = '…';

/** A text of at most so many characters, with a mark where it was cut. */
export function clipped(text: string, most: number): string {
	if (text.length <= most) return text;
	const end = most - CUT.length;
	// Half of a surrogate pair is no character.
	return text.slice(0, /[\uD800-\uDBFF]/.test(text.charAt(end - 1)) ? end - 1 : end) + CUT;
}

/** Looks like them, and begins no markup wherever it is shown. */
const ALIKE: Readonly<Record<string, string>> = { '<': '‹', '>': '›', '&': '＆' };

/**
 * Words from outside, as words alone: whether a host shows them as html, in a terminal or in a line of a log, they stay
 * what they are. Markup is not escaped, as the same sentence is read as text elsewhere, but written with signs that
 * look like its own. Control characters and ends of lines become blanks; what cannot be seen, and what turns the
 * direction round, is left out, but for joiners within words and pictures that are written with them.
 */
export function plain(text: string): string {
	return text.replace(
		/((?<=(?![\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Default_Ignorable_Code_Point}])[\p{L}\p{M}])[\u200C\u200D]|(?<=\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{Emoji}\uFE0F)\u200D(?=\p{Extended_Pictographic})|(?<=\p{Emoji})\uFE0F|\u{1F3F4}[\u{E0061}-\u{E007A}]{3,6}\u{E007F})|([\p{Bidi_Control}\p{Default_Ignorable_Code_Point}\uFFF9-\uFFFB])|[<>&\p{Cc}\u2028\u2029]/gu,
		(sign, joined?: string, unseen?: string) => joined ?? (unseen === undefined ? (ALIKE[sign] ?? ' ') : ''),
	);
}

/** Somebody else's words, short enough for a sentence. The mark tells that a secret may be cut in two before it. */
export function cut(text: string, most = 300): string {
	return plain(clipped(text, most));
}
