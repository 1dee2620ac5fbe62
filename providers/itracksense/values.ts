import { coordinatesOf, idTextOf, textOf } from '../../core/describe/read';

/** Names and plates come with stray spaces around them. */
export const trimmed = (value: unknown) => textOf(value)?.trim() ?? null;
/** The same of what identifies something. */
export const trimmedId = (value: unknown) => idTextOf(value)?.trim() ?? null;

/** 1 and 0, also as text, also as "Yes" and "No" (section 32), also as true and false (section 6). */
export function flagOf(value: unknown): boolean | null {
	if (typeof value === 'boolean') return value;
	const word = typeof value === 'string' ? value.trim().toLowerCase() : value;
	return word === 1 || word === '1' || word === 'yes'
		? true
		: word === 0 || word === '0' || word === 'no'
			? false
			: null;
}

/** GCJ-02, China's own datum, under its own name: never in the fields that hold WGS-84. */
export function gcj02Of(
	latitude: unknown,
	longitude: unknown,
): { gcj02Latitude: number | null; gcj02Longitude: number | null } {
	const place = coordinatesOf(latitude, longitude);
	return { gcj02Latitude: place.latitude, gcj02Longitude: place.longitude };
}
