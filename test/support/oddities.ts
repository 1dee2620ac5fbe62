/** What a vendor may have in a list instead of a record. */
export const ODD: readonly unknown[] = [null, '', 7, [], true, [[{}]], '{"imei":"35889905'];
/** Records with nothing in them. */
export const EMPTY: readonly object[] = [{}, { imei: null }, { Remark: '', vehicleId: null }];
/** The same in a list that is a text: "a,b,c;d,e,f". Nothing between two semicolons is nothing. */
export const ODD_TEXTS = ['null', '7', '[]', 'true', '1,114.05', '{"imei":"35889905'] as const;

/** Somewhere in an answer: a list of records or of plain values, or a text that is one. */
export interface Place {
	path: readonly (string | number)[];
	text: boolean;
	/** What the elements of a list of plain values are: 'string', 'number' or 'boolean'. */
	plain?: string;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
	typeof value === 'object' && value !== null && !Array.isArray(value);
/** A list in which all elements are of one plain type. */
function plainList(value: unknown): string | undefined {
	if (!Array.isArray(value) || value.length === 0) return undefined;
	const [type = '', ...others] = new Set(value.map((element) => typeof element));
	return type === 'object' || others.length > 0 ? undefined : type;
}
const isTextList = (value: unknown) => typeof value === 'string' && /^(?:-?[\d.]+,){4,}-?[\d.]+(?:;|$)/.test(value);

/** All lists of records or of plain values, those within records included, and all texts that are lists. */
export function placesIn(answer: unknown): Place[] {
	const places: Place[] = [];
	const walk = (value: unknown, path: readonly (string | number)[]) => {
		if (isTextList(value)) places.push({ path, text: true });
		const plain = plainList(value);
		if (plain !== undefined) places.push({ path, text: false, plain });
		if (Array.isArray(value) && value.some(isObject)) places.push({ path, text: false });
		if (typeof value !== 'object' || value === null) return;
		for (const [key, inner] of Object.entries(value))
			walk(inner, [...path, Array.isArray(value) ? Number(key) : key]);
	};
	walk(answer, []);
	return places;
}

/** The answer with something else instead of one of its lists. */
function changedAt(
	answer: unknown,
	[key, ...rest]: readonly (string | number)[],
	change: (value: unknown) => unknown,
): unknown {
	if (key === undefined) return change(answer);
	const copy = (Array.isArray(answer) ? [...(answer as unknown[])] : { ...(answer as object) }) as Record<
		string | number,
		unknown
	>;
	copy[key] = changedAt(copy[key], rest, change);
	return copy;
}

/** The answer without anything in that list. */
export const emptied = (answer: unknown, { path, text }: Place) => changedAt(answer, path, () => (text ? '' : []));

/** The answer with further elements in that list, behind its first one. */
export function withOdd(answer: unknown, { path, text }: Place, odd: readonly unknown[]): unknown {
	return changedAt(answer, path, (value) => {
		const [first, ...rest] = text ? String(value).split(';') : (value as unknown[]);
		return text ? [first, ...odd, ...rest].join(';') : [first, ...odd, ...rest];
	});
}

/** What is no element of that list. An empty text is none either, whatever the others are. */
export function oddFor({ text, plain }: Place): readonly unknown[] {
	if (text) return ODD_TEXTS;
	return [...ODD, ...EMPTY].filter((odd) => plain === undefined || odd === '' || typeof odd !== plain);
}

/** The lists that are in no other list: those of the records themselves. */
export const outermost = (places: readonly Place[]) =>
	places.filter(({ path }) => path.every((key) => typeof key === 'string'));
