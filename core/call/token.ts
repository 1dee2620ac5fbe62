import { UnexpectedAnswer } from '../describe/errors';
import type { SignedAnswer } from '../describe/host';

/** A shorter one could be an ordinary word of an answer. */
const SHORTEST_TOKEN = 16;
/** Searching for longer texts takes time that grows with both. */
const LONGEST_ANCHOR = 64;
/** What tokens are mostly made of, as they are or escaped in JSON or in addresses. */
const IN_TOKENS = new Set(Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+/=.~%-'));
const BACKSLASH = 0x5c;
/** Characters after a backslash that escape a part of a token: a slash, a backslash, and the digits of a character. */
const ESCAPES = new Set(Buffer.from('/\\u'));

/** More records than answers have. */
const MOST_REPEATS = 100_000;

/**
 * An answer without the session's token, where a vendor repeats it: what a vendor says goes into flows. It is found
 * however its signs are escaped, and in the other case where that says as much. Whatever is written together with a
 * long part of it goes as well.
 * @throws UnexpectedAnswer if it is repeated so often that it would take long
 */
export function withoutToken(answer: SignedAnswer, vendor: string): SignedAnswer {
	const { session, body } = answer;
	if (session.length < SHORTEST_TOKEN) return answer;
	let left = MOST_REPEATS;
	const count = () => {
		left -= 1;
		if (left < 0)
			throw new UnexpectedAnswer(`${vendor} repeats the token of the session in an answer again and again.`, {
				effect: 'unknown',
				advice: 'Check the base URL in the account.',
			});
	};
	const anchors = session
		.split(/[^\w+/=.~%-]+/)
		.map(anchorOf)
		.filter((anchor) => anchor !== undefined);
	const cleaned = longestOf(anchors)
		.flatMap((anchor) => inBothCases(anchor, session))
		.reduce((text, anchor) => without(text, anchor, count), withoutWhole(body, session, count));
	return cleaned === body ? answer : { ...answer, body: cleaned };
}

/** Only what has letters of one case says as much in the other: a number of sixteen digits, say. */
const isOfOneCase = (token: string) => !/[a-z]/.test(token) || !/[A-Z]/.test(token);
const inBothCases = (part: string, token: string) =>
	isOfOneCase(token) ? [...new Set([part.toLowerCase(), part.toUpperCase()])] : [part];

/** Whether it can be a part of a number, which JSON has outside of quotes. */
const isNumeric = (text: string) => !/[a-df-z]/i.test(text);
const labelFor = (text: string) => (isNumeric(text) ? '0' : '[token]');

function without(body: string, anchor: string, count: () => void): string {
	const label = labelFor(anchor);
	let text = '';
	let done = 0;
	for (let at = body.indexOf(anchor); at !== -1; at = body.indexOf(anchor, done)) {
		count();
		const [begin, end] = widened(body, at, at + anchor.length, done);
		text += `${body.slice(done, begin)}${label}`;
		done = end;
	}
	return done === 0 ? body : text + body.slice(done);
}

/** A part of a text, and what is written together with it. */
function widened(body: string, from: number, to: number, first: number): [begin: number, end: number] {
	let begin = from;
	let end = to;
	for (; begin > first; begin--) {
		const code = body.charCodeAt(begin - 1);
		if (code !== BACKSLASH && !IN_TOKENS.has(code)) break;
	}
	for (; end < body.length; end++) {
		if (IN_TOKENS.has(body.charCodeAt(end))) continue;
		// An escape stays whole.
		if (body.charCodeAt(end) !== BACKSLASH || !ESCAPES.has(body.charCodeAt(end + 1))) break;
		end += 1;
	}
	return [begin, end];
}

/** Shorter parts could be words, and shorter numbers could be times or ids. */
const isOfToken = (part: string) => part.length >= (isNumeric(part) ? SHORTEST_TOKEN : SHORTEST_TOKEN / 2);

/** Tokens with more parts are searched for by the longest of them. */
const MOST_PARTS = 3;

/**
 * Of a stretch of characters that tokens are mostly made of, the part that no way of writing it changes, and that is no
 * ordinary word; undefined where none is long enough.
 */
function anchorOf(stretch: string): string | undefined {
	const parts = (stretch.match(/[\w-]+/g) ?? []).filter(isOfToken);
	const unlikeWords = parts.filter((part) => /\d/.test(part) && /[a-z]/i.test(part));
	return longestOf(unlikeWords.length > 0 ? unlikeWords : parts)[0]?.slice(0, LONGEST_ANCHOR);
}

const longestOf = (parts: readonly string[]) =>
	[...new Set(parts)].sort((a, b) => b.length - a.length).slice(0, MOST_PARTS);

/** The value of a hexadecimal digit; NaN for another sign. */
function digitOf(code: number): number {
	if (code >= 0x30 && code <= 0x39) return code - 0x30;
	const letter = code | 0x20;
	return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : NaN;
}

function hexAt(text: string, at: number, digits: number): number {
	let value = 0;
	for (let place = at; place < at + digits; place++) value = value * 16 + digitOf(text.charCodeAt(place));
	return value;
}

const QUOTE = 0x22;
const PERCENT = 0x25;
const AMPERSAND = 0x26;
const PLUS = 0x2b;
const SPACE = 0x20;
const LETTER_U = 0x75;
const LETTER_X = 0x78;
const HASH = 0x23;
const SEMICOLON = 0x3b;
const LETTER_A = 0x61;
const LETTER_G = 0x67;
const LETTER_L = 0x6c;
const LETTER_Q = 0x71;
/** How web pages write signs that mean something in them, by the first letters. The ampersand may stand for itself. */
const ENTITIES: Readonly<Record<number, readonly [name: string, sign: string]>> = {
	[LETTER_A]: ['apos;', "'"],
	[LETTER_G]: ['gt;', '>'],
	[LETTER_L]: ['lt;', '<'],
	[LETTER_Q]: ['quot;', '"'],
};
const IN_AMPERSAND = 'amp;';
// Most percent signs and ampersands stand before something else, and looking further takes time.
/** Whether such a sign behind a percent sign begins the code of one that tokens are made of. */
const beginsCode = (sign: number) => sign >= 0x32 && sign <= 0x37;
const beginsEntity = (sign: number) =>
	sign === HASH || sign === LETTER_A || sign === LETTER_G || sign === LETTER_L || sign === LETTER_Q;
/** A string of JSON that ends: no sign at all. */
const NONE = -1;

/** Reads a text sign by sign, each as it is or in any way of escaping it. */
class Signs {
	/** Where the sign that was read last ends. */
	end = 0;

	constructor(
		private readonly text: string,
		private readonly ignoresCase: boolean,
	) {}

	/** Blanks are plus signs in forms. */
	at(begin: number): number {
		const sign = this.text.charCodeAt(begin);
		this.end = begin + 1;
		// Most of an answer: nothing that escapes another sign.
		const read = sign > PLUS && sign !== BACKSLASH ? sign : this.read(sign, begin);
		if (read === PLUS) return SPACE;
		return this.ignoresCase && read >= 0x41 && read <= 0x5a ? read | 0x20 : read;
	}

	/** The next place from which the sign may be read, escaped or not. */
	next(first: number, from: number): number {
		const { text } = this;
		const capital = this.ignoresCase && first >= LETTER_A && first <= 0x7a ? first ^ 0x20 : first;
		const blank = first === SPACE ? PLUS : first;
		for (let at = from; at < text.length; at++) {
			const code = text.charCodeAt(at);
			if (code === first || code === capital || code === blank) return at;
			if (code === BACKSLASH || (code === PERCENT && beginsCode(text.charCodeAt(at + 1)))) return at;
			if (code === AMPERSAND && beginsEntity(text.charCodeAt(at + 1))) return at;
		}
		return text.length;
	}

	private read(sign: number, begin: number): number {
		const plain = sign === BACKSLASH ? this.behindBackslash(begin) : sign;
		if (plain === PERCENT) return this.behindPercent();
		return plain === AMPERSAND ? this.behindAmpersand() : plain;
	}

	private behindBackslash(begin: number): number {
		const { text } = this;
		while (text.charCodeAt(this.end) === BACKSLASH) this.end += 1;
		const sign = text.charCodeAt(this.end);
		if (sign === QUOTE && (this.end - begin) % 2 === 0) return NONE;
		this.end += 1;
		const code = sign === LETTER_U ? hexAt(text, this.end, 4) : NaN;
		if (Number.isNaN(code)) return sign;
		this.end += 4;
		return code;
	}

	/** An address within an address is escaped twice. */
	private behindPercent(): number {
		const { text } = this;
		if (!beginsCode(text.charCodeAt(this.end))) return PERCENT;
		let [at, code] = [this.end, hexAt(text, this.end, 2)];
		for (; code === PERCENT; at += 2) {
			const next = hexAt(text, at + 2, 2);
			if (Number.isNaN(next)) break;
			code = next;
		}
		if (Number.isNaN(code)) return PERCENT;
		this.end = at + 2;
		return code;
	}

	private behindAmpersand(): number {
		const { text } = this;
		// A page within a page has it more than once.
		while (text.charCodeAt(this.end) === LETTER_A && text.startsWith(IN_AMPERSAND, this.end))
			this.end += IN_AMPERSAND.length;
		const first = text.charCodeAt(this.end);
		if (first === HASH) return this.behindHash();
		if (!beginsEntity(first)) return AMPERSAND;
		const [name, sign] = ENTITIES[first] ?? ['', '&'];
		if (!text.startsWith(name, this.end)) return AMPERSAND;
		this.end += name.length;
		return sign.charCodeAt(0);
	}

	private behindHash(): number {
		const { text, end } = this;
		const hex = (text.charCodeAt(end + 1) | 0x20) === LETTER_X;
		let [at, code] = [end + (hex ? 2 : 1), 0];
		for (const last = at + 6; at < last && text.charCodeAt(at) !== SEMICOLON; at++) {
			code = code * (hex ? 16 : 10) + digitOf(text.charCodeAt(at));
			if (Number.isNaN(code)) return AMPERSAND;
		}
		if (text.charCodeAt(at) !== SEMICOLON || code === 0) return AMPERSAND;
		this.end = at + 1;
		return code;
	}
}

function signsOf(text: string, ignoresCase: boolean): number[] {
	const signs = new Signs(text, ignoresCase);
	const found: number[] = [];
	for (let at = 0; at < text.length; at = signs.end) found.push(signs.at(at));
	return found.filter((sign) => sign !== BACKSLASH);
}

/** How many signs of the token's beginning are repeated where so many of it have come: none is looked at twice. */
function repeatsIn(token: readonly number[]): number[] {
	const repeats = [0];
	for (let place = 1, same = 0; place < token.length; place++) {
		while (same > 0 && token[place] !== token[same]) same = repeats[same - 1] ?? 0;
		if (token[place] === token[same]) same += 1;
		repeats.push(same);
	}
	return repeats;
}

/** Without the whole token: sign by sign, whatever of them is escaped. */
function withoutWhole(body: string, session: string, count: () => void): string {
	const ignoresCase = isOfOneCase(session);
	const token = signsOf(session, ignoresCase);
	// Escaped throughout, it stands for what may be a word.
	const [first] = token;
	if (first === undefined || token.length < SHORTEST_TOKEN / 2) return without(body, session, count);
	const repeats = repeatsIn(token);
	const label = labelFor(session);
	const signs = new Signs(body, ignoresCase);
	/** Where the latest signs begin, as many as the token has: of those that may belong to it. */
	const begins = new Int32Array(token.length);
	let [text, done, same, place] = ['', 0, 0, 0];
	for (let at = signs.next(first, 0); at < body.length; at = same === 0 ? signs.next(first, signs.end) : signs.end) {
		const sign = signs.at(at);
		// Of backslashes, each way of escaping makes more or fewer.
		if (sign === BACKSLASH || (same === 0 && sign !== first)) continue;
		begins[place] = at;
		place = place + 1 === token.length ? 0 : place + 1;
		while (same > 0 && token[same] !== sign) same = repeats[same - 1] ?? 0;
		if (token[same] === sign) same += 1;
		if (same < token.length) continue;
		count();
		const found = [begins[place] ?? at, signs.end] as const;
		// A number ends where its digits do.
		const [begin, end] = isNumeric(session) ? widened(body, ...found, done) : found;
		text += `${body.slice(done, begin)}${label}`;
		done = signs.end = end;
		same = 0;
	}
	return done === 0 ? body : text + body.slice(done);
}
