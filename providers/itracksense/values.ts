import { coordinatesOf, idTextOf, textOf } from '../../core/describe/read';

/** Names and plates come with stray spaces around them. */
export const trimmed = (value: unknown) => textOf(value)?.trim() ?? null;
/** The same of what identifies something. */
export const trimmedId = (value: unknown) => idTextOf(value)?.trim() ?? null;

/** 1 and 0, "Yes" and "No" (section 32), true and false (section 6), each also as text. */
export function flagOf(value: unknown): boolean | null {
	if (typeof value === 'boolean') return value;
	const word = typeof value === 'string' ? value.trim().toLowerCase() : value;
	if (word === 1 || word === '1' || word === 'yes' || word === 'true') return true;
	return word === 0 || word === '0' || word === 'no' || word === 'false' ? false : null;
}

/** GCJ-02, China's own datum, under its own name: never in the fields that hold WGS-84. */
export function gcj02Of(
	latitude: unknown,
	longitude: unknown,
): { gcj02Latitude: number | null; gcj02Longitude: number | null } {
	const place = coordinatesOf(latitude, longitude);
	return { gcj02Latitude: place.latitude, gcj02Longitude: place.longitude };
}
