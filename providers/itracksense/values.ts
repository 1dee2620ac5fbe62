import { coordinatesOf, flagOf as truthOf, idTextOf, textOf } from '../../core/describe/read';
import type { Named } from '../../core/describe/records';

/** Names and plates come with stray spaces around them. */
export const trimmed = (value: unknown) => textOf(value)?.trim() ?? null;
/** The same of what identifies something. */
export const trimmedId = (value: unknown) => idTextOf(value)?.trim() ?? null;

/** 1 and 0, true and false (section 6), "Yes" and "No" (section 32). */
export function flagOf(value: unknown): boolean | null {
	const word = typeof value === 'string' ? value.trim().toLowerCase() : value;
	return word === 'yes' ? true : word === 'no' ? false : truthOf(word);
}

/** The vendor has one word for both: the plate of a vehicle, or the name of an asset. */
export function namedBy(value: unknown): Named {
	const plate = trimmed(value);
	return { deviceName: plate, plate };
}

/** GCJ-02, China's own datum, under its own name: never in the fields that hold WGS-84. */
export function gcj02Of(
	latitude: unknown,
	longitude: unknown,
): { gcj02Latitude: number | null; gcj02Longitude: number | null } {
	const place = coordinatesOf(latitude, longitude);
	return { gcj02Latitude: place.latitude, gcj02Longitude: place.longitude };
}
