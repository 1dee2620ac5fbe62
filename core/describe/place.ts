/** A place on earth, in degrees of WGS-84. */
export interface Place {
	latitude: number;
	longitude: number;
}

const RADIANS = Math.PI / 180;

/** Metres between two places, on a sphere. */
export function metresBetween(a: Place, b: Place): number {
	if (a.latitude === b.latitude && a.longitude === b.longitude) return 0;
	const sinLat = Math.sin(((b.latitude - a.latitude) * RADIANS) / 2);
	const sinLon = Math.sin(((b.longitude - a.longitude) * RADIANS) / 2);
	const h = sinLat * sinLat + Math.cos(a.latitude * RADIANS) * Math.cos(b.latitude * RADIANS) * sinLon * sinLon;
	return 2 * 6_371_008.8 * Math.asin(Math.min(1, Math.sqrt(h)));
}
