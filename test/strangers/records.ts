/** Holds what came of a strange answer against what the vendor had. */
import { isDeepStrictEqual } from 'node:util';

type Fields = Readonly<Record<string, unknown>>;

/** Whether a record is the other one, where values may be missing in it. Its identity is made of values. */
function isWithin(record: unknown, whole: unknown): boolean {
	if (record === null || isDeepStrictEqual(record, whole)) return true;
	if (typeof record !== 'object' || typeof whole !== 'object' || whole === null) return false;
	if (Array.isArray(record) !== Array.isArray(whole)) return false;
	return Object.entries(record as Fields).every(
		([key, value]) => key === 'id' || isWithin(value, (whole as Fields)[key] ?? null),
	);
}

export interface Compared {
	/** What the vendor had, and nobody was given. */
	missing: object[];
	/** What was given, and the vendor never had. */
	invented: object[];
	/** What was given with values missing in it, beside the whole of it. */
	reduced: { given: object; whole: object }[];
}

/** @param values whether values may be missing */
export function compare(had: readonly object[], given: readonly object[], values: boolean): Compared {
	const left = new Map<string, object[]>();
	for (const record of had) {
		const key = JSON.stringify(record);
		left.set(key, [...(left.get(key) ?? []), record]);
	}
	const others = given.filter((record) => left.get(JSON.stringify(record))?.pop() === undefined);
	const missing = [...left.values()].flat();
	const invented: object[] = [];
	const reduced: Compared['reduced'] = [];
	for (const record of others) {
		const place = values ? missing.findIndex((one) => isWithin(record, one)) : -1;
		const [whole] = place === -1 ? [] : missing.splice(place, 1);
		if (whole === undefined) invented.push(record);
		else reduced.push({ given: record, whole });
	}
	return { missing, invented, reduced };
}
