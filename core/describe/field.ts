import { z } from 'zod/v4';
import { asFleetError, InvalidParams } from './errors';
import { isRecord } from './read';
import type { Named } from './records';
import { isTimeZone, readTime, type Clock } from './time';

/**
 * A parameter of an operation or a setting of an account, declared once: the check, the words and the widget.
 * n8n properties, Node-RED forms, validation, types and docs are all derived from it.
 */
export interface Field<T = unknown> {
	readonly kind: 'text' | 'number' | 'boolean' | 'choice' | 'choices' | 'time' | 'id' | 'ids' | 'json';
	readonly title: string;
	readonly description: string;
	readonly placeholder?: string;
	/** Checks a value that `clean` has prepared; its messages are whole sentences. */
	readonly schema: z.ZodType<T>;
	/** Brings the forms in which hosts and expressions give a value into the one that `schema` reads. */
	readonly clean: (value: unknown, clock: Clock) => unknown;
	readonly required: boolean;
	/**
	 * What a new node shows, and what counts where a host knows nothing of the field. A field that is there but empty,
	 * such as an expression that gives undefined, never falls back to it: that would run something nobody asked for.
	 */
	readonly initial?: unknown;
	readonly options?: readonly Choice[];
	/** Name of the provider's lookup that fills the picker. */
	readonly lookup?: string;
	/** What is typed in place of a pick, in title case: "By IMEI". */
	readonly typedAs?: string;
	/** What is written goes out as it is, even if a device is called so. */
	readonly verbatim?: boolean;
	/** An `ids` field may also be `ALL`: what that means, e.g. "all devices of the account". */
	readonly all?: string;
	/** How a text is read that names several, or one where there is a lookup. */
	readonly parting?: Parting;
	readonly min?: number;
	readonly max?: number;
	readonly unit?: string;
	readonly secret?: boolean;
	/** Other forms in which the vendor gets the secret, such as a hash: they are redacted, too. */
	readonly secretForms?: (secret: string) => readonly string[];
	/** false for a setting that the login does not depend on: accounts that differ in it alone share a session. */
	readonly affectsLogin?: boolean;
	/** Show and read the field only while another has one of these values. */
	readonly when?: Readonly<Record<string, readonly string[]>>;
}

export interface Choice {
	readonly value: string;
	readonly title: string;
	readonly description?: string;
	/** In a list of devices: what people call it. */
	readonly device?: Named;
}

export type Fields = Readonly<Record<string, Field>>;
/** The checked values of a set of fields. */
export type Values<F extends Fields> = { [K in keyof F]: NonNullable<F[K]> extends Field<infer T> ? T : never };

/** The lookup that lists the devices of an account. */
export const DEVICES = 'device';

/** In an `ids` field: every device of the account. */
export const ALL = '*';
export type Ids = string[] | typeof ALL;

/**
 * A list that is taken whole: joined, or each of it made into something. None can be picked out, so that a request
 * about several devices cannot name the first and forget the others.
 */
export interface Several<T = string> {
	join(separator: string): string;
	map<U>(each: (value: T) => U): Several<U>;
}

/** `Ids` taken whole. No union: of one, TypeScript refuses only the first place that picks out of it. */
export interface AllOrSeveral {
	toString(): string;
}

/** undefined: all. */
export const severalOf = (list: AllOrSeveral) => (list === ALL ? undefined : (list as Several));

/** The only one of a list; null where there are more. */
export function onlyOf(list: AllOrSeveral): string | null {
	const several = list as Ids;
	return several !== ALL && several.length === 1 ? (several[0] ?? null) : null;
}

/** A value whose list is taken whole. */
export type Whole<T> = [Extract<T, readonly unknown[]>] extends [never]
	? T
	: typeof ALL extends T
		? AllOrSeveral
		: T extends readonly (infer U)[]
			? Several<U>
			: T;
export type Wholes<V> = { [K in keyof V]: Whole<V[K]> };

interface Words {
	title: string;
	description: string;
	placeholder?: string;
	when?: Field['when'];
	affectsLogin?: false;
}

/**
 * At what a text is parted into values: nowhere, where it is a single one; at commas, where they have spaces in them;
 * at commas, semicolons and blanks.
 */
export type Parting = 'none' | 'commas' | 'blanks';

/**
 * The values that a text names: parted as said, or a JSON list such as ["A, B", "C "], whose texts are taken exactly as
 * they are.
 * Node-RED's editor gets this function and `writeList` as text, so they may use nothing but each other.
 */
export function readList(text: string, parting: Parting): unknown[] {
	if (/^\s*\[/.test(text)) {
		try {
			const list: unknown = JSON.parse(text);
			if (Array.isArray(list)) return list;
		} catch {
			// Names may begin with a bracket.
		}
	}
	const parts = parting === 'none' ? [text] : text.split(parting === 'commas' ? /[,\n]/ : /[\s,;]+/);
	return parts.map((part) => part.trim()).filter((part) => part !== '');
}

/** Values as a text from which `readList` makes the same: as a person would write it, or else as JSON. */
export function writeList(values: readonly string[], parting: Parting): string {
	const plain = values.join(', ');
	const again = readList(plain, parting);
	return again.length === values.length && again.every((value, place) => value === values[place])
		? plain
		: JSON.stringify(values);
}

/** Says how to name any number, with the examples of a placeholder. */
export function anyNumber({
	parting,
	placeholder = '',
	all,
}: {
	parting: Parting;
	placeholder?: string;
	all?: string;
}): string {
	const examples = JSON.stringify(placeholder.replace(/^e\.g\. /, '').split(', ')).replaceAll('","', '", "');
	return `Any number: a text with commas${parting === 'blanks' ? ' or spaces' : ''} between them, or a list${placeholder === '' ? '' : ` such as ${examples}`}${all === undefined ? '' : `; * means ${all}`}`;
}

const same = (value: unknown) => value;
/**
 * A whole number that is too large to be exact stays one, and is refused: its digits may be those of another device.
 */
const digits = (value: number) => (Number.isInteger(value) && !Number.isSafeInteger(value) ? value : String(value));
/** One of more than 64 bits is no value of anything, and takes long to write. */
const isHuge = (value: bigint) => BigInt.asIntN(64, value) !== value;
const scalar = (value: unknown) =>
	typeof value === 'number'
		? digits(value)
		: typeof value === 'boolean' || (typeof value === 'bigint' && !isHuge(value))
			? String(value)
			: typeof value === 'string'
				? value.trim()
				: value;

/** How a wrong value is shown in a sentence: short, on one line. */
export function shown(value: unknown): string {
	const text =
		typeof value === 'string'
			? `"${value}"`
			: typeof value === 'object' && value !== null
				? Array.isArray(value)
					? 'a list'
					: 'an object'
				: typeof value === 'function' || typeof value === 'symbol'
					? `a ${typeof value}`
					: typeof value === 'bigint' && isHuge(value)
						? 'a number of many digits'
						: String(value);
	return text.length > 42 ? `${text.slice(0, 40)}..."` : text;
}

/** What depends on another field is not read where it does not apply. */
type Optional<O, T> = O extends { optional: true } | { when: object } ? T | undefined : T;

/**
 * The schema is built when it is first asked for: making those of all operations at once would slow each start of a
 * host.
 */
function make<T>(
	kind: Field['kind'],
	words: Words,
	build: () => z.ZodType<T>,
	more: Partial<Field> & { optional?: boolean },
): Field<T> {
	const { optional = false, ...rest } = more;
	const { title, description, placeholder, when, affectsLogin } = words;
	let built: z.ZodType<T> | undefined;
	return {
		clean: same,
		kind,
		title,
		description,
		...(placeholder === undefined ? {} : { placeholder }),
		...(when === undefined ? {} : { when }),
		...(affectsLogin === undefined ? {} : { affectsLogin }),
		...rest,
		required: !optional,
		get schema() {
			return (built ??= (optional ? build().optional() : build()) as z.ZodType<T>);
		},
	};
}

interface TextOptions extends Words {
	optional?: true;
	initial?: string;
	/** Fewest and most characters. */
	min?: number;
	max?: number;
	pattern?: RegExp;
	/** Completes "<Title> ..." when the pattern does not match. */
	expected?: string;
	secret?: boolean;
	secretForms?: Field['secretForms'];
	lookup?: string;
	/** With `lookup`: what is typed in place of a pick; "ID" if nothing is said. */
	typedAs?: string;
	verbatim?: true;
}

export function text<const O extends TextOptions>(o: O): Field<Optional<O, string>> {
	const { title, min = 1, max, pattern, expected = 'has the wrong form' } = o;
	const build = () => {
		let schema = z
			.string({ error: (issue) => `${title} must be a text, not ${shown(issue.input)}.` })
			.min(min, { error: () => `${title} must not be shorter than ${String(min)} characters.` });
		if (max !== undefined) {
			// Signs of two units, such as emojis, are one character.
			const length = (value: string) => (value.length > max ? Array.from(value).length : value.length);
			schema = schema.refine((value) => length(value) <= max, {
				error: (issue) =>
					`${title} must not be longer than ${String(max)} characters; it has ${String(length(issue.input as string))}.`,
			});
		}
		if (pattern !== undefined)
			schema = schema.regex(pattern, {
				error: (issue) => `${title} ${expected}, not ${o.secret ? 'what was given' : shown(issue.input)}.`,
			});
		return schema;
	};
	return make(o.lookup === undefined ? 'text' : 'id', o, build, {
		clean: o.secret
			? (value) => (typeof value === 'number' ? String(value) : value)
			: o.lookup === undefined
				? scalar
				: single,
		optional: o.optional === true,
		initial: o.initial,
		max,
		secret: o.secret,
		secretForms: o.secretForms,
		lookup: o.lookup,
		typedAs: o.typedAs,
		...(o.verbatim === undefined ? {} : { verbatim: o.verbatim }),
		...(o.lookup === undefined ? {} : { parting: 'none' }),
	});
}

/** An IANA time zone. */
export function timeZone(description: string, initial: string, more: Pick<Words, 'affectsLogin'> = {}): Field<string> {
	const build = () =>
		z.string({ error: (issue) => `Time Zone must be a text, not ${shown(issue.input)}.` }).refine(isTimeZone, {
			error: (issue) => `Time Zone must be an IANA name such as Europe/Bucharest, not ${shown(issue.input)}.`,
		});
	const words = { title: 'Time Zone', description, placeholder: 'e.g. Europe/Bucharest', ...more };
	return make('text', words, build, { clean: scalar, initial });
}

interface NumberOptions extends Words {
	optional?: true;
	initial?: number;
	min?: number;
	max?: number;
	integer?: boolean;
	unit?: string;
}

export function number<const O extends NumberOptions>(o: O): Field<Optional<O, number>> {
	const { title, min, max, unit } = o;
	const range =
		min !== undefined && max !== undefined
			? `between ${String(min)} and ${String(max)}`
			: min !== undefined
				? `at least ${String(min)}`
				: `at most ${String(max)}`;
	const wrong = (issue: { input?: unknown }) =>
		`${title} must be ${range}${unit === undefined ? '' : ` ${unit}`}, not ${shown(issue.input)}.`;
	const build = () => {
		let schema = z.number({ error: (issue) => `${title} must be a number, not ${shown(issue.input)}.` });
		if (o.integer)
			schema = schema.int({ error: (issue) => `${title} must be a whole number, not ${shown(issue.input)}.` });
		if (min !== undefined) schema = schema.min(min, { error: wrong });
		if (max !== undefined) schema = schema.max(max, { error: wrong });
		return schema;
	};
	return make('number', o, build, {
		clean: (value) =>
			typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : value,
		optional: o.optional === true,
		initial: o.initial,
		min,
		max,
		unit,
	});
}

export function flag<const O extends Words & { initial: boolean }>(o: O): Field<Optional<O, boolean>> {
	return make(
		'boolean',
		o,
		() => z.boolean({ error: (issue) => `${o.title} must be true or false, not ${shown(issue.input)}.` }),
		{
			clean: (value) => {
				const word = typeof value === 'string' ? value.trim().toLowerCase() : value;
				return word === 'true' || word === 1 ? true : word === 'false' || word === 0 ? false : value;
			},
			initial: o.initial,
		},
	);
}

interface ChoiceOptions<V extends string> extends Words {
	options: readonly { value: V; title: string; description?: string }[];
	initial?: V;
}

const valuesOf = <V extends string>({ options }: Pick<ChoiceOptions<V>, 'options'>) =>
	options.map(({ value }) => value) as unknown as [V, ...V[]];

const listed = (options: readonly Choice[]) => {
	const names = options.map((option) => (option.value === option.title ? option.value : `"${option.value}"`));
	return names.length > 12 ? `${names.slice(0, 12).join(', ')} ...` : names.join(', ');
};

export function choice<const V extends string, const O extends Pick<Words, 'when'>>(
	o: ChoiceOptions<V> & O,
): Field<Optional<O, V>> {
	const build = () =>
		z.enum(valuesOf(o), {
			error: (issue) => `${o.title} must be one of ${listed(o.options)}, not ${shown(issue.input)}.`,
		}) as unknown as z.ZodType<V>;
	return make('choice', o, build, { clean: scalar, options: o.options, initial: o.initial });
}

/** Any number of the options; none chosen means no restriction. */
export function choices<const V extends string, const O extends Pick<Words, 'when'>>(
	o: Omit<ChoiceOptions<V>, 'initial'> & O,
): Field<Optional<O, V[]>> {
	const build = () => {
		const one = z.enum(valuesOf(o), {
			error: (issue) => `${o.title} must only hold ${listed(o.options)}, not ${shown(issue.input)}.`,
		});
		return z.array(one, {
			error: (issue) => `${o.title} must be a list, not ${shown(issue.input)}.`,
		}) as unknown as z.ZodType<V[]>;
	};
	return make('choices', o, build, {
		clean: (value) => asList(value, 'blanks'),
		options: o.options,
		initial: [],
		parting: 'blanks',
	});
}

/** A point in time; the value is milliseconds since 1970. */
export function time<const O extends Words & { optional?: true; initial?: string }>(o: O): Field<Optional<O, number>> {
	const build = () =>
		z.number({
			error: (issue) =>
				`${o.title} must be a date and time such as 2026-01-31T08:00:00Z, not ${shown(issue.input)}.`,
		});
	return make('time', o, build, {
		// A number that is no time must not pass as one.
		clean: (value, clock) => readTime(value, clock) ?? (typeof value === 'number' ? String(value) : value),
		optional: o.optional === true,
		initial: o.initial,
	});
}

interface IdsOptions extends Words {
	lookup: string;
	/** What one of them is called in a sentence, e.g. "IMEI". */
	noun: string;
	/** What is typed in place of a pick; the noun if nothing is said. */
	typedAs?: string;
	pattern: RegExp;
	expected: string;
	/** Where `ALL` is accepted: what it means in a sentence, e.g. "all devices of the account". */
	all?: string;
	/** Most that one call may name. */
	most?: number;
	/** 'commas' where they may have spaces in them; identifiers are parted at blanks as well. */
	parting?: Parting;
}

/**
 * A list of identifiers: an array, or a text that `readList` reads. Doubles are dropped. The description goes on with
 * how to name several.
 */
export function ids<const O extends IdsOptions>(o: O): Field<Optional<O, O extends { all: string } ? Ids : string[]>> {
	const { title, description, noun, pattern, expected, most, parting = 'blanks' } = o;
	const beside =
		o.all === undefined
			? `${title}: * cannot be used here, name each ${noun}.`
			: `${title}: * means all and cannot stand beside others.`;
	const build = () => {
		const one = z
			.string({ error: (issue) => `${title}: ${noun} must be a text, not ${shown(issue.input)}.` })
			.regex(pattern, { error: (issue) => `${title}: ${noun} ${expected}, not ${shown(issue.input)}.` });
		let list = z
			.array(one, { error: (issue) => `${title} must be a list of ${noun}s, not ${shown(issue.input)}.` })
			.min(1, { error: () => `${title} is empty: give at least one ${noun}.` });
		if (most !== undefined)
			list = list.max(most, {
				error: (issue) =>
					`${title} must not name more than ${String(most)} at once; it names ${String((issue.input as string[]).length)}.`,
			});
		const named = z.preprocess(
			// Of other lists, a text of numbers may be a name.
			(names) => (o.lookup === DEVICES && Array.isArray(names) ? (names as unknown[]).flatMap(numbersIn) : names),
			list.refine((names) => !names.includes(ALL), { error: () => beside }),
		);
		return (o.all === undefined ? named : z.union([z.literal(ALL), named])) as z.ZodType;
	};
	return make('ids', { ...o, description: `${description}. ${anyNumber({ ...o, parting })}.` }, build, {
		clean: (value) => {
			const list = idsIn(asList(idIn(value, o.lookup) ?? value, parting), o.lookup);
			return o.all !== undefined && Array.isArray(list) && list.length === 1 && isAll(list[0]) ? ALL : list;
		},
		lookup: o.lookup,
		typedAs: o.typedAs ?? noun,
		...(o.all === undefined ? {} : { all: o.all }),
		parting,
	}) as Field<Optional<O, O extends { all: string } ? Ids : string[]>>;
}

/** Numbers with blanks between them are several: a name is looked up before its text is read as ids. */
const numbersIn = (value: unknown) =>
	typeof value === 'string' && /^\d+(?:[\s;]+\d+)+$/.test(value) ? value.split(/[\s;]+/) : [value];

const isAll = (value: unknown) => value === ALL || (typeof value === 'string' && value.toLowerCase() === 'all');

/** What a record, such as that of another node, has as its id. */
function idIn(value: unknown, lookup: string): unknown {
	if (!isRecord(value)) return undefined;
	const { json } = value;
	const record = isRecord(json) ? json : value;
	return record[`${lookup}Id`] ?? record[lookup];
}

/** A list in which records stand for their ids. */
function idsIn(list: unknown, lookup: string): unknown {
	if (!Array.isArray(list) || !list.some(isRecord)) return list;
	return [...new Set((list as unknown[]).map((each) => scalar(idIn(each, lookup) ?? each)))];
}

function withValue<T>(field: Field<T>, name: keyof Field, value: unknown): Field<T> {
	// Spreading would build the schema.
	return Object.create(Object.prototype, {
		...Object.getOwnPropertyDescriptors(field),
		[name]: { value, enumerable: true },
	}) as Field<T>;
}

/** The same field with every device of the account to begin with. */
export const allAtFirst = <T>(field: Field<T>): Field<T> => withValue(field, 'initial', ALL);

/** Fields of an operation, of which those for devices say that names will do. @param words the sentence that says so */
export function withNames<F extends Fields>(fields: F, words: string): F {
	return Object.fromEntries(
		Object.entries(fields).map(([name, field]) => [
			name,
			field.lookup === DEVICES && field.verbatim !== true
				? withValue(field, 'description', `${field.description.replace(/\.$/, '')}. ${words}`)
				: field,
		]),
	) as F;
}

/** Anything that is JSON: an object, or its text. */
export function json(o: Words & { optional?: true; initial?: string }): Field<Record<string, unknown> | undefined> {
	const build = () =>
		z.record(z.string(), z.unknown(), {
			error: (issue) => `${o.title} must be a JSON object, not ${shown(issue.input)}.`,
		});
	return make<Record<string, unknown> | undefined>('json', o, build, {
		clean: (value) => {
			if (typeof value !== 'string') return value;
			try {
				return JSON.parse(value) as unknown;
			} catch {
				return value;
			}
		},
		optional: o.optional === true,
		initial: o.initial,
	});
}

/** What a host gives for a list, without doubles; what is none stays as it is. */
export function asList(value: unknown, parting: Parting): unknown {
	const list: unknown =
		typeof value === 'string'
			? readList(value, parting).map((part) => (typeof part === 'number' ? digits(part) : part))
			: typeof value === 'number'
				? [digits(value)]
				: value;
	return Array.isArray(list)
		? [...new Set(typeof value === 'string' ? (list as unknown[]) : list.map((part) => scalar(part)))]
		: list;
}

/** One value, which may also be written as a list of one. */
function single(value: unknown): unknown {
	const list = typeof value === 'string' ? (asList(value, 'none') as unknown[]) : [scalar(value)];
	return list.length > 1 ? list : (list[0] ?? '');
}

/** Far more than any fleet has, and more than its names take. */
const MOST_LISTED = 100_000;
const LONGEST_TEXT = 2_000_000;
const isTooLong = (value: unknown) =>
	typeof value === 'string' ? value.length > LONGEST_TEXT : Array.isArray(value) && value.length > MOST_LISTED;

const absent = (value: unknown) => value === undefined || value === null || value === '';

/** Whether the field applies, given the other values. */
export function applies(field: Field, input: Readonly<Record<string, unknown>>, fields: Fields): boolean {
	return Object.entries(field.when ?? {}).every(([name, values]) => {
		const value = input[name] ?? fields[name]?.initial;
		return ['string', 'number', 'boolean'].includes(typeof value) && values.includes(String(value));
	});
}

/** A value as the field's schema takes it. @throws whatever the value throws, and a sentence if it is too long */
function cleaned(field: Field, value: unknown, clock: Clock): unknown {
	if (isTooLong(value))
		throw new InvalidParams(
			`${field.title} is too long: ${MOST_LISTED.toLocaleString('en')} values, or ${LONGEST_TEXT.toLocaleString('en')} characters, are the most.`,
		);
	return field.clean(typeof value === 'bigint' ? scalar(value) : value, clock);
}

/** The texts in a value. None where it holds anything else: `readFields` says what is wrong with it. */
export function textsOf(field: Field, value: unknown, clock: Clock): string[] {
	try {
		const texts = [cleaned(field, value, clock)].flat();
		return texts.every((text) => typeof text === 'string') ? texts : [];
	} catch {
		return [];
	}
}

/**
 * Reads a set of fields from what a host gives. Names it does not know are ignored, as a flow's message carries more.
 * @throws InvalidParams with one sentence for each value that is missing or wrong.
 */
export function readFields<F extends Fields>(
	fields: F,
	input: Readonly<Record<string, unknown>>,
	clock: Clock,
): Values<F> {
	const values: Record<string, unknown> = {};
	const wrong: string[] = [];
	for (const [name, field] of Object.entries(fields)) {
		if (!applies(field, input, fields)) continue;
		const value = Object.hasOwn(input, name) ? input[name] : field.initial;
		if (absent(value)) {
			if (field.required)
				wrong.push(`${field.title} is missing: fill it in, or check that its expression returns a value.`);
			continue;
		}
		try {
			const parsed = field.schema.safeParse(cleaned(field, value, clock));
			if (parsed.success) values[name] = parsed.data;
			else wrong.push(firstSentence(parsed.error));
		} catch (thrown) {
			// Of an object, any property may be code that throws.
			wrong.push(
				isTooLong(value) ? asFleetError(thrown).message : `${field.title} is something that cannot be read.`,
			);
		}
	}
	if (wrong.length > 0) throw new InvalidParams([...new Set(wrong)].join(' '));
	return values as Values<F>;
}

/** A union's own message says nothing: take the one of the branch that came furthest. */
function firstSentence(error: z.ZodError): string {
	const [issue] = error.issues;
	if (issue?.code === 'invalid_union') {
		const branches = (issue as unknown as { errors: z.core.$ZodIssue[][] }).errors;
		return branches.at(-1)?.[0]?.message ?? issue.message;
	}
	return issue?.message ?? 'The value is not valid.';
}
