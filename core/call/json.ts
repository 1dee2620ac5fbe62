import { TooLarge, UnexpectedAnswer } from '../describe/errors';

// Reading 16 MiB of JSON takes 0.05 s as vendors send it, and seconds where it is made of nothing but lists, or of
// names that differ. Whoever reads it does nothing else meanwhile, so such answers are refused.

/** 100,000 points of a track are less than half of it. */
export const MOST_LISTS = 250_000;
/** 10,000 devices with 60 fields each are a third of it. */
const MOST_VALUES = 2_000_000;
/** Programs that copy a message, as Node-RED does, stumble over some thousands. */
const DEEPEST = 64;
/** Shorter ones have no room for too many names. */
const NAMES_FROM = 1024 * 1024;
const SAMPLES = 2000;
const SAMPLE_LENGTH = 300;
/** Vendors' records have the same names again and again. */
const MOST_NAMES = SAMPLES / 4;

/**
 * The value of JSON.
 * @throws SyntaxError if it is none; TooLarge and UnexpectedAnswer if the program would stand still over it
 */
export function parsed(body: string, vendor: string): unknown {
	if (
		mayHold(body, MOST_LISTS, '[', '{') ||
		(seemsToHold(body, MOST_VALUES, ',') && mayHold(body, MOST_VALUES, ','))
	) {
		const { lists, values } = sizeOf(body);
		if (lists > MOST_LISTS) throw tooMany(vendor, 'lists and objects');
		if (values > MOST_VALUES) throw tooMany(vendor, 'values', MOST_VALUES);
	}
	if (body.length > NAMES_FROM && namesIn(body) > MOST_NAMES)
		throw unreadable(`${vendor} sent an answer in which almost every field has a name of its own.`);
	const value = JSON.parse(body) as unknown;
	if (isDeeper(value, DEEPEST))
		throw unreadable(
			`${vendor} sent an answer with more than ${String(DEEPEST)} lists and objects inside one another.`,
		);
	return value;
}

/**
 * Whether there may be more than so many of the signs: those within texts count as well, as it takes a tenth of the
 * time.
 */
export function mayHold(text: string, most: number, ...signs: string[]): boolean {
	// Each takes a character more at least.
	if (text.length < 2 * most) return false;
	let count = 0;
	for (const sign of signs)
		for (let at = text.indexOf(sign); at !== -1 && count <= most; at = text.indexOf(sign, at + 1)) count += 1;
	return count > most;
}

/** Places at which a long text is looked at, and how many characters there. */
const [PLACES, PLACE_LENGTH] = [256, 1024];

/**
 * Whether a text seems to hold half as many of the sign, by places that nobody can know before: counting all of a sign
 * that is as common as commas takes a sixth of the time that reading the text does. So many that they matter fill a
 * quarter of the longest text at least, and are missed once in a million times.
 */
function seemsToHold(text: string, most: number, sign: string): boolean {
	if (text.length <= PLACES * PLACE_LENGTH) return true;
	let count = 0;
	for (let place = 0; place < PLACES; place++) {
		const start = Math.floor(Math.random() * (text.length - PLACE_LENGTH));
		const part = text.slice(start, start + PLACE_LENGTH);
		for (let at = part.indexOf(sign); at !== -1; at = part.indexOf(sign, at + 1)) count += 1;
	}
	return (count / (PLACES * PLACE_LENGTH)) * text.length > most / 2;
}

const [QUOTE, BACKSLASH, COMMA, LIST, OBJECT] = Array.from('"\\,[{', (sign) => sign.charCodeAt(0));

/** How many lists and objects JSON holds, and how many values, no further than it is worth counting. */
function sizeOf(body: string): { lists: number; values: number } {
	let [lists, values, within] = [0, 1, false];
	for (let at = 0; at < body.length && lists <= MOST_LISTS && values <= MOST_VALUES; at++) {
		const sign = body.charCodeAt(at);
		if (sign === QUOTE) within = !within;
		else if (within) at += sign === BACKSLASH ? 1 : 0;
		else if (sign === COMMA) values += 1;
		else if (sign === LIST || sign === OBJECT) lists += 1;
	}
	return { lists, values };
}

/** Different names among the next ones behind so many places, which are drawn so that nobody can know them before. */
function namesIn(body: string): number {
	const names = new Set<string>();
	for (let sample = 0; sample < SAMPLES; sample++) {
		const at = Math.floor(Math.random() * body.length);
		const [, name] = /"([^"]*)"\s*:/.exec(body.slice(at, at + SAMPLE_LENGTH)) ?? [];
		if (name !== undefined) names.add(name);
	}
	return names.size;
}

function isDeeper(value: unknown, levels: number): boolean {
	if (typeof value !== 'object' || value === null) return false;
	if (levels === 0) return true;
	if (Array.isArray(value)) {
		for (const inner of value as unknown[])
			if (typeof inner === 'object' && isDeeper(inner, levels - 1)) return true;
	} else {
		// Object.values() would make a list of them.
		for (const key in value) {
			const inner = (value as Record<string, unknown>)[key];
			if (typeof inner === 'object' && isDeeper(inner, levels - 1)) return true;
		}
	}
	return false;
}

/** Single values that become records, each of which costs more than the value does. */
const MOST_SINGLES = 100_000;

/** @throws TooLarge: single values that become records must not be more than records could be */
export function mustNotBeMany(list: readonly unknown[], vendor: string): void {
	if (list.length > MOST_SINGLES) throw tooMany(vendor, 'records', MOST_SINGLES);
}

const tooMany = (vendor: string, what: string, most = MOST_LISTS) =>
	new TooLarge(`${vendor} sent an answer of more than ${most.toLocaleString('en')} ${what}.`, {
		effect: 'unknown',
		advice: 'Ask for fewer devices or a shorter period.',
	});
const unreadable = (message: string) =>
	new UnexpectedAnswer(message, {
		effect: 'unknown',
		advice: 'Check the base URL in the account. If it is right, please report it with the operation that you ran.',
	});
