import { TooLarge, UnexpectedAnswer } from '../describe/errors';
import { seemsPlain, sizeOf } from './json-size';

// Reading 16 MiB of JSON takes 0.05 s as vendors send it. It takes seconds and hundreds of megabytes where it is made
// of nothing but lists, or where no two objects have the same names. The program does nothing else meanwhile, so such
// answers are refused.

/** 100,000 points of a track are less than half of it. */
export const MOST_LISTS = 250_000;
/** 10,000 devices with 60 fields each are a third of it. */
const MOST_VALUES = 2_000_000;
/** Programs that copy a message, as Node-RED does, stumble over some thousands. */
const DEEPEST = 64;
/** 10,000 vehicles, each by its name, are a tenth of it. */
const MOST_NAMES = 100_000;
/** 10,000 devices with up to 60 fields each, of which others are left out each time, are nine tenths of it. */
const MOST_BYTES = 66_000_000;
const MOST = { lists: MOST_LISTS, values: MOST_VALUES, names: MOST_NAMES, bytes: MOST_BYTES };
/** What need not be counted. */
const PLAIN = { lists: MOST_LISTS / 2, values: MOST_VALUES / 2, texts: 250_000 };
/** Shorter ones have no room for as much as that. */
const COUNTED_FROM = 256 * 1024;

/**
 * The value of JSON.
 * @throws SyntaxError if it is none; TooLarge and UnexpectedAnswer if the program would stand still over it
 */
export function parsed(body: string, vendor: string): unknown {
	if (body.length > COUNTED_FROM && !seemsPlain(body, PLAIN)) mustBeReadable(body, vendor);
	const value = JSON.parse(body) as unknown;
	if (isDeeper(value, DEEPEST))
		throw unreadable(
			`${vendor} sent an answer with more than ${String(DEEPEST)} lists and objects inside one another.`,
		);
	return value;
}

function mustBeReadable(body: string, vendor: string): void {
	const { lists, values, names, bytes } = sizeOf(body, MOST);
	if (lists > MOST_LISTS) throw tooMany(vendor, 'lists and objects');
	if (values > MOST_VALUES) throw tooMany(vendor, 'values', MOST_VALUES);
	if (names > MOST_NAMES)
		throw unreadable(`${vendor} sent an answer in which almost every field has a name of its own.`);
	if (bytes > MOST_BYTES) throw tooLarge(`${vendor} sent an answer that takes too much memory to read.`);
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

const tooLarge = (message: string) =>
	new TooLarge(message, { effect: 'unknown', advice: 'Ask for fewer devices or a shorter period.' });
const tooMany = (vendor: string, what: string, most = MOST_LISTS) =>
	tooLarge(`${vendor} sent an answer of more than ${most.toLocaleString('en')} ${what}.`);
const unreadable = (message: string) =>
	new UnexpectedAnswer(message, {
		effect: 'unknown',
		advice: 'Check the base URL in the account. If it is right, please report it with the operation that you ran.',
	});
