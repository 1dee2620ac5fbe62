/**
 * What there is in JSON that takes time and memory to read. Names and texts are told apart by hashes that nobody can
 * know before, so that an answer cannot be made of such as seem the same.
 */
interface JsonSize {
	lists: number;
	values: number;
	/** Names that differ. */
	names: number;
	/** Estimated bytes that V8 takes for it, without long texts. */
	bytes: number;
}

const [QUOTE, BACKSLASH, COMMA, COLON, LIST, LIST_END, OBJECT, OBJECT_END, SPACE, LETTER_U, ZERO, NINE] = Array.from(
	'"\\,:[]{} u09',
	(sign) => sign.charCodeAt(0),
) as [number, number, number, number, number, number, number, number, number, number, number, number];

// Bytes as measured in Node.js 20 to 24, garbage included: time goes with them.

const VALUE = 8;
const LIST_OR_OBJECT = 48;
/** V8 keeps each short text and each name once. */
const SHORT_TEXT = 80;
/** V8 keeps longer ones as often as they come. */
const SHORT_LENGTH = 10;
/** V8 describes each beginning of an object, by its names, once for all objects of as many names. */
const BEGINNING = 140;
/** A beginning that differs from another one in its last name takes more, and repeats the names before. */
const BRANCH = 80;
const REPEATED_NAME = 24;
/** More that differ in their last name only are described for each object. */
const MOST_BRANCHES = 1536;
/** In place of the branches of such a beginning. */
const ALONE = 0xffff;
/** V8 keeps objects of so many names as tables. */
const TABLE_FROM = 128;
const IN_TABLE = 80;
/** A name that is a whole number is kept in a table too. */
const NUMBER = 110;
const NUMBER_LENGTH = 10;
/** A power of two; what is deeper is refused for that. */
const LEVELS = 64;

const isDigit = (sign: number) => sign >= ZERO && sign <= NINE;
const random = () => Math.floor(Math.random() * 2 ** 32) | 1;

/** Hashes, each once. */
class Hashes {
	private readonly mask: number;
	private readonly shift: number;
	private readonly known: Int32Array;
	count = 0;

	get places(): number {
		return this.known.length;
	}

	constructor(most: number) {
		// Half of the places stay free.
		const bits = Math.ceil(Math.log2(2 * most + 2));
		this.known = new Int32Array(2 ** bits);
		this.mask = 2 ** bits - 1;
		this.shift = 32 - bits;
	}

	/** The place where it is from now on. */
	add(hash: number): number {
		const { known, mask } = this;
		const one = hash === 0 ? 1 : hash;
		let place = Math.imul(one ^ (one >>> 15), 0x9e3779b1) >>> this.shift;
		while (known[place] !== one && known[place] !== 0) place = (place + 1) & mask;
		if (known[place] === 0) {
			known[place] = one;
			this.count += 1;
		}
		return place;
	}
}

/** Beginnings of objects: each is the one before it and a name. */
class Beginnings {
	private readonly known: Hashes;
	/** How many there are with one name more; ALONE where V8 keeps none of them. */
	private readonly branches: Uint16Array;
	private readonly factor = random();

	constructor(most: number) {
		this.known = new Hashes(most);
		this.branches = new Uint16Array(this.known.places);
	}

	/** Bytes for those of an object that are new. `onNew` gets each name that is the last of a new one. */
	add(names: Int32Array, from: number, count: number, onNew: (name: number) => void): number {
		const { known, branches, factor } = this;
		let hash = Math.imul(count, factor);
		let place = known.add(hash);
		let bytes = 0;
		for (let nth = 0; nth < count; nth++) {
			const name = names[from + nth] ?? 0;
			if (branches[place] === ALONE) {
				bytes += BEGINNING + nth * REPEATED_NAME;
				onNew(name);
				continue;
			}
			hash = Math.imul(hash ^ name, factor) ^ (hash >>> 15);
			const before = place;
			const knownBefore = known.count;
			place = known.add(hash);
			if (known.count > knownBefore) {
				const siblings = branches[before] ?? 0;
				if (siblings === MOST_BRANCHES) branches[place] = ALONE;
				else branches[before] = siblings + 1;
				if (siblings < MOST_BRANCHES) bytes += BEGINNING + (siblings === 0 ? 0 : BRANCH + nth * REPEATED_NAME);
				onNew(name);
			}
			if (branches[place] === ALONE) bytes += BEGINNING + nth * REPEATED_NAME;
		}
		return bytes;
	}
}

/** The size of JSON, no further than it is within all limits. */
export function sizeOf(body: string, most: JsonSize): JsonSize {
	const seed = random();
	const factor = random();
	const beginnings = new Beginnings(Math.min(most.bytes / BEGINNING, body.length / 5) + TABLE_FROM);
	const words = new Hashes(Math.min(most.bytes / SHORT_TEXT + most.names, body.length / 3) + TABLE_FROM);
	/** Of each object that has not ended. */
	const counts = new Int32Array(LEVELS);
	const open = new Int32Array(LEVELS * TABLE_FROM);
	const size = { lists: 0, values: 1, names: 0, bytes: VALUE };
	let depth = 0;

	const addName = (name: number) => {
		const before = words.count;
		words.add(name);
		if (words.count === before) return;
		size.names += 1;
		size.bytes += SHORT_TEXT;
	};
	const named = (name: number, isNumber: boolean) => {
		const level = depth % LEVELS;
		const count = counts[level] ?? 0;
		counts[level] = count + 1;
		if (isNumber) size.bytes += NUMBER;
		if (count < TABLE_FROM) {
			open[level * TABLE_FROM + count] = name;
			return;
		}
		size.bytes += IN_TABLE;
		addName(name);
	};
	const ended = () => {
		const level = depth % LEVELS;
		const count = counts[level] ?? 0;
		counts[level] = 0;
		const from = level * TABLE_FROM;
		if (count < TABLE_FROM) {
			size.bytes += beginnings.add(open, from, count, addName);
			return;
		}
		size.bytes += TABLE_FROM * IN_TABLE;
		for (let nth = 0; nth < TABLE_FROM; nth++) addName(open[from + nth] ?? 0);
	};
	const withinLimits = () =>
		size.lists <= most.lists && size.values <= most.values && size.names <= most.names && size.bytes <= most.bytes;

	for (let at = 0; at < body.length; at++) {
		const sign = body.charCodeAt(at);
		if (sign === QUOTE) {
			const begin = at + 1;
			let hash = seed;
			let escapes = 0;
			for (at++; at < body.length; at++) {
				let code = body.charCodeAt(at);
				if (code === QUOTE) break;
				if (code === BACKSLASH) {
					at++;
					code = body.charCodeAt(at) ^ BACKSLASH;
					escapes += code === (LETTER_U ^ BACKSLASH) ? 5 : 1;
				}
				hash = Math.imul(hash ^ code, factor);
				// Otherwise many pairs of short texts were the same for some factors.
				hash ^= hash >>> 15;
			}
			const length = at - begin;
			while (body.charCodeAt(at + 1) <= SPACE) at++;
			if (body.charCodeAt(at + 1) === COLON) {
				named(
					hash,
					length <= NUMBER_LENGTH &&
						isDigit(body.charCodeAt(begin)) &&
						isDigit(body.charCodeAt(begin + length - 1)),
				);
			} else if (length - escapes < SHORT_LENGTH) {
				const before = words.count;
				words.add(~hash);
				if (words.count > before) size.bytes += SHORT_TEXT;
			}
			if (!withinLimits()) break;
		} else if (sign === COMMA) {
			size.values += 1;
			size.bytes += VALUE;
			if (size.values > most.values) break;
		} else if (sign === LIST || sign === OBJECT) {
			size.lists += 1;
			size.bytes += LIST_OR_OBJECT;
			depth += 1;
			counts[depth % LEVELS] = 0;
			if (size.lists > most.lists) break;
		} else if (sign === OBJECT_END) {
			ended();
			depth -= 1;
			if (!withinLimits()) break;
		} else if (sign === LIST_END) depth -= 1;
	}
	return size;
}

/** Places of a text that are read, and how many characters there; more where a name comes before its end. */
const [PLACES, PLACE_LENGTH, LONGEST_PLACE] = [400, 256, 2048];
/** Instead of a name behind the last one. */
const END = 0;
/** So many are the first records and the last ones, or too few to matter. */
const MOST_EXCEPTIONS = 2;

/**
 * Whether JSON seems to be as most is: well within the limits, each name always before the same one. What matters fills
 * a hundredth of the longest text at least, and the places cannot be known before. Counting takes twice as long as
 * reading does.
 */
export function seemsPlain(body: string, most: Pick<JsonSize, 'lists' | 'values'> & { texts: number }): boolean {
	const seed = random();
	const next = new Map<number, number>();
	// V8 forgets its code for an object of which none is left when it collects garbage, but never that for this.
	const found = new Int32Array(5) as Found;
	for (let count = 0; count < PLACES && found[EXCEPTIONS] <= MOST_EXCEPTIONS; count++)
		readPlace(body, Math.floor(Math.random() * Math.max(1, body.length - PLACE_LENGTH)), seed, next, found);
	const scale = body.length / found[CHARACTERS];
	return (
		found[EXCEPTIONS] <= MOST_EXCEPTIONS &&
		next.size < TABLE_FROM &&
		found[LISTS] * scale <= most.lists &&
		found[VALUES] * scale <= most.values &&
		(found[QUOTES] / 2) * scale <= most.texts
	);
}

/**
 * What is found at the places. Quotes are those of texts. Exceptions are names with another one behind them than
 * before, and names that are numbers.
 */
const [CHARACTERS, LISTS, VALUES, QUOTES, EXCEPTIONS] = [0, 1, 2, 3, 4] as const;
type Found = Int32Array & Record<0 | 1 | 2 | 3 | 4, number>;

/** @param next names, and the one behind each in the same object */
function readPlace(body: string, begin: number, seed: number, next: Map<number, number>, found: Found): void {
	const follows = (name: number, other: number) => {
		const known = next.get(name);
		if (known === undefined) next.set(name, other);
		else if (known !== other) found[EXCEPTIONS] += 1;
	};
	const [ends, endsLast] = [begin + PLACE_LENGTH, begin + LONGEST_PLACE];
	/** The latest name of the object, and of those around it; END for none. */
	let name = END;
	const outer: number[] = [];
	/** Behind the end of a name, whatever was before it, all texts are known to be such. */
	let isKnown = false;
	let within = false;
	let quote = -1;
	let hash = seed;
	let at = begin;
	for (; at < body.length && at < (name === END ? ends : endsLast); at++) {
		const sign = body.charCodeAt(at);
		if (sign === QUOTE) {
			const end = at;
			while (body.charCodeAt(at + 1) <= SPACE) at++;
			if (body.charCodeAt(at + 1) === COLON) {
				found[QUOTES] -= 1;
				if (quote !== -1) {
					if (isDigit(body.charCodeAt(quote + 1))) found[EXCEPTIONS] += 1;
					if (name !== END) follows(name, hash);
					name = hash;
					if (end >= ends) break;
				}
				isKnown = true;
				within = false;
			} else {
				found[QUOTES] += 1;
				within = !within;
			}
			quote = end;
			hash = seed;
			continue;
		}
		hash = Math.imul(hash ^ sign, 0x9e3779b1);
		hash ^= hash >>> 15;
		// Only in a text, where it keeps a quote from being the end.
		if (sign === BACKSLASH) at++;
		else if (isKnown && within) continue;
		else if (sign === COMMA) found[VALUES] += 1;
		else if (sign === LIST || sign === OBJECT) {
			found[LISTS] += 1;
			outer.push(name);
			name = END;
		} else if (sign === LIST_END || sign === OBJECT_END) {
			if (name !== END) follows(name, END);
			name = outer.pop() ?? END;
		}
	}
	found[CHARACTERS] += at - begin;
}
