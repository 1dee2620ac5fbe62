import type { IDisplayOptions, INodeProperties, INodePropertyOptions } from 'n8n-workflow';
import { ALL, anyNumber, type Choice, type Field, type Fields } from '../core/describe/field';

/** n8n's own nodes sort lists of this length or more, and its lint asks for it. */
const SORTED_FROM = 5;

/** Name of the listSearch method that serves a field. */
export function searchMethod(lookup: string, all = false): string {
	return `search${lookup.charAt(0).toUpperCase()}${lookup.slice(1)}s${all ? 'OrAll' : ''}`;
}

export function sortedByName<T extends { name: string }>(options: readonly T[]): T[] {
	return options.length < SORTED_FROM
		? [...options]
		: [...options].sort((a, b) => a.name.localeCompare(b.name, 'en'));
}

const LOCAL = "Without an offset, it is in the workflow's time zone.";

/** A field as n8n shows it, without what depends on the operation. */
export function propertyOf(name: string, field: Field): INodeProperties {
	const { title, description, placeholder } = field;
	return {
		displayName: title,
		name,
		...widgetOf(field),
		description: field.kind === 'time' ? `${description.replace(/\.$/, '')}. ${LOCAL}` : description,
		...(placeholder === undefined || !shows(field) ? {} : { placeholder }),
	};
}

/** Whether a field has its place among the options: what need not be filled in, unless another field asks for it. */
export const isOption = ({ kind, required, when }: Field) =>
	when === undefined && (!required || kind === 'boolean' || kind === 'choices');

/** When a property is shown: for these values of other properties. */
export type Shown = Readonly<Record<string, readonly string[]>>;

/** Fields as properties of their own, and as the collection of what need not be filled in. */
export function formOf(
	fields: Fields,
	shown: Shown,
	moreOptions: readonly INodeProperties[] = [],
): { own: INodeProperties[]; options: INodeProperties } {
	const all = Object.entries(fields);
	const options = all.filter(([, field]) => isOption(field)).map(([name, field]) => propertyOf(name, field));
	return {
		own: all
			.filter(([, field]) => !isOption(field))
			.map(([name, field]) => {
				const { displayName, name: key, type, ...rest } = propertyOf(name, field);
				const empty = rest.default === '' || type === 'resourceLocator';
				return {
					displayName,
					name: key,
					type,
					...(field.required && empty ? { required: true } : {}),
					...shownFor({ ...shown, ...field.when }),
					...rest,
				};
			}),
		options: {
			displayName: 'Options',
			name: 'options',
			type: 'collection',
			placeholder: 'Add option',
			...shownFor(shown),
			default: {},
			options: [...options, ...moreOptions].sort((a, b) => a.displayName.localeCompare(b.displayName, 'en')),
		},
	};
}

export function shownFor(shown: Shown): { displayOptions?: IDisplayOptions } {
	const show = Object.fromEntries(Object.entries(shown).map(([name, values]) => [name, [...values]]));
	return Object.keys(show).length === 0 ? {} : { displayOptions: { show } };
}

/** Pickers show a placeholder in their modes. */
const shows = ({ kind }: Field) => kind === 'text' || kind === 'number' || kind === 'time';

function widgetOf(field: Field): Pick<INodeProperties, 'type' | 'default' | 'typeOptions' | 'options' | 'modes'> {
	const { kind, initial, options = [], min, max, secret } = field;
	switch (kind) {
		case 'text':
			return {
				type: 'string',
				...(secret ? { typeOptions: { password: true } } : {}),
				default: (initial as string | undefined) ?? '',
			};
		case 'number':
			// Empty where there is no sensible number: a geofence at 0, 0 is nobody's wish.
			return {
				type: 'number',
				...(min === undefined && max === undefined ? {} : { typeOptions: range(min, max) }),
				default: (initial as number | undefined) ?? '',
			};
		case 'boolean':
			return { type: 'boolean', default: initial === true };
		case 'choice':
			// Nothing is chosen where nothing goes without saying: what is done to a vehicle is for the user to say.
			return { type: 'options', options: choicesOf(options), default: (initial as string | undefined) ?? '' };
		case 'choices':
			return { type: 'multiOptions', options: choicesOf(options), default: [] };
		case 'time':
			return { type: 'dateTime', default: typeof initial === 'string' ? momentOf(initial) : '' };
		case 'json':
			return { type: 'json', default: (initial as string | undefined) ?? '{}' };
		case 'id':
		case 'ids':
			return locatorOf(field);
	}
}

/** What a picker calls its whole list. */
export const allOf = (lookup: string) => `All ${lookup.charAt(0).toUpperCase()}${lookup.slice(1)}s`;

const SMALL_WORDS =
	/^(an?|and|as|at|but|by|for|if|in|nor|of|on|or|over|per|so|than|that|the|to|up|via|when|with|without)$/i;

/** As n8n writes the names of options: "Moved without ignition" -> "Moved without Ignition". */
function titleCased(text: string): string {
	return text.replace(/[^\s-]+/g, (word, at: number) =>
		SMALL_WORDS.test(word) && at > 0 && at + word.length < text.length
			? word
			: word.charAt(0).toUpperCase() + word.slice(1),
	);
}

function range(min: number | undefined, max: number | undefined): INodeProperties['typeOptions'] {
	return { ...(min === undefined ? {} : { minValue: min }), ...(max === undefined ? {} : { maxValue: max }) };
}

function choicesOf(options: readonly Choice[]): INodePropertyOptions[] {
	return sortedByName(
		options.map(({ value, title, description }) => ({
			name: titleCased(title),
			value,
			...(description === undefined ? {} : { description }),
		})),
	);
}

const UNITS: Readonly<Record<string, string>> = { s: 'seconds', m: 'minutes', h: 'hours', d: 'days', w: 'weeks' };

/** A point in time such as "now" or "-24h/h", as the expression with which n8n's own nodes fill their date fields. */
function momentOf(initial: string): string {
	if (initial === 'now') return '={{ $now }}';
	const [, count = '', unit = '', fullHour] = /^-(\d+)([smhdw])(\/h)?$/.exec(initial) ?? [];
	if (count === '') return initial;
	const back = Number(count) === 0 ? '' : `.minus({ ${UNITS[unit] ?? ''}: ${count} })`;
	// The vendors' full hours are those of UTC, which some time zones do not share.
	return fullHour === undefined ? `={{ $now${back} }}` : `={{ $now.toUTC()${back}.startOf('hour') }}`;
}

function locatorOf({
	kind,
	lookup = '',
	typedAs = 'ID',
	all,
	placeholder,
	parting = 'blanks',
	initial,
}: Field): Pick<INodeProperties, 'type' | 'default' | 'modes'> {
	const many = kind === 'ids';
	return {
		type: 'resourceLocator',
		default:
			initial === ALL
				? { mode: 'list', value: ALL, cachedResultName: allOf(lookup) }
				: { mode: 'list', value: '' },
		modes: [
			{
				displayName: 'From List',
				name: 'list',
				type: 'list',
				typeOptions: { searchListMethod: searchMethod(lookup, all !== undefined), searchable: true },
			},
			{
				displayName: `By ${typedAs}`,
				name: 'id',
				type: 'string',
				...(placeholder === undefined ? {} : { placeholder }),
				...(many ? { hint: anyNumber({ parting, placeholder, all }) } : {}),
			},
		],
	};
}
