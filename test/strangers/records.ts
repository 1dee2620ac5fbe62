/** Holds what came of a strange answer against what the vendor had. */
import { isDeepStrictEqual } from 'node:util';

type Fields = Readonly<Record<string, unknown>>;

/** Which differences there may be between what was given and what the vendor had. */
export interface Allowed {
	/** Values may be missing. */
	values?: boolean;
	/** Records may say that they are wrong. */
	errors?: boolean;
	/** Records may be of another kind. */
	kinds?: boolean;
	/** What names a device may be missing: a list that has it could not be read. */
	names?: boolean;
	/** By how many seconds devices' clocks are wrong; events of which say so. */
	clocks?: ReadonlyMap<string, number>;
	/** What the vendor had besides: what comes again in another form is another record. */
	besides?: readonly object[];
}

/** What says of which kind a record is. */
const OF_KIND = new Set(['type', 'title', 'vendorType', 'summary']);

/** What says which device a record is of. */
const OF_DEVICE = new Set(['deviceId', 'deviceName']);

const ISO = /^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/;
const isTime = (value: unknown): value is string => typeof value === 'string' && ISO.test(value);

/** By how many seconds the times of a record are wrong. */
function offsetOf(record: object, { clocks }: Allowed): number | undefined {
	return 'deviceId' in record && typeof record.deviceId === 'string' ? clocks?.get(record.deviceId) : undefined;
}
const isOffBy = (time: unknown, other: unknown, seconds: number) =>
	isTime(time) && isTime(other) && Date.parse(time) - Date.parse(other) === seconds * 1000;

/** Whether a record is the other one, but for the differences allowed. Its identity is made of values. */
function isWithin(record: unknown, whole: unknown, allowed: Allowed, offset?: number): boolean {
	if ((record === null && allowed.values === true) || isDeepStrictEqual(record, whole)) return true;
	if (offset !== undefined && isOffBy(record, whole, offset)) return true;
	if (typeof record !== 'object' || typeof whole !== 'object' || record === null || whole === null) return false;
	if (Array.isArray(record) !== Array.isArray(whole)) return false;
	return Object.entries(record as Fields).every(
		([key, value]) =>
			key === 'id' ||
			(key === 'error' && allowed.errors === true && typeof value === 'string') ||
			(OF_KIND.has(key) && allowed.kinds === true) ||
			(key === 'doubtful' && offset !== undefined) ||
			(OF_DEVICE.has(key) && value === null && allowed.names === true) ||
			isWithin(value, (whole as Fields)[key] ?? null, allowed, offset),
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

export function compare(had: readonly object[], given: readonly object[], allowed: Allowed = {}): Compared {
	const left = new Map<string, object[]>();
	for (const record of had) {
		const key = JSON.stringify(record);
		left.set(key, [...(left.get(key) ?? []), record]);
	}
	const dated = (record: object) => offsetOf(record, allowed) !== undefined;
	// By a wrong clock, a record of a vehicle that stands looks like another one.
	const others = given.filter((record) => dated(record) || left.get(JSON.stringify(record))?.pop() === undefined);
	const missing = [...left.values()].flat();
	const invented: object[] = [];
	const reduced: Compared['reduced'] = [];
	const { values, errors, kinds, names, besides = [] } = allowed;
	const differs = [values, errors, kinds, names].includes(true);
	for (const record of others) {
		const offset = offsetOf(record, allowed);
		const isSame = (one: object) => isWithin(record, one, allowed, offset);
		const moved =
			offset === undefined
				? -1
				: missing.findIndex(
						(one) => isOffBy((record as Fields).time, (one as Fields).time, offset) && isSame(one),
					);
		const place = moved >= 0 || !(differs || offset !== undefined) ? moved : missing.findIndex(isSame);
		const [whole] = place === -1 ? [] : missing.splice(place, 1);
		const known = besides.some(isSame);
		if (whole === undefined && !known) invented.push(record);
		else if (whole === undefined) continue;
		else reduced.push({ given: record, whole });
	}
	return { missing, invented, reduced };
}

/** Whether a time is missing that the vendor had. What says of itself that it is wrong has none. */
export function lacksTime({ given, whole }: Compared['reduced'][number]): boolean {
	if ('error' in given) return false;
	return Object.entries(whole).some(
		([key, value]) => typeof value === 'string' && ISO.test(value) && (given as Fields)[key] === null,
	);
}

/** Whether a record lacks what names its device. */
export const lacksDevice = ({ given, whole }: Compared['reduced'][number]) =>
	[...OF_DEVICE].some((key) => (given as Fields)[key] === null && (whole as Fields)[key] !== null);
