import { countOf } from '../describe/read';

const SHORTEST_MS = 60_000;
const LONGEST_MS = 366 * 86_400_000;

/**
 * How long a vendor says that a session lasts, in milliseconds. With less than a minute, each request would log in.
 * @param unit milliseconds of what the vendor counts in
 * @param unsaid what it counts where it says nothing, or what cannot be
 */
export function lifetimeOf(value: unknown, unit: number, unsaid: number): number {
	const ms = (countOf(value) ?? 0) * unit;
	return ms === 0 || ms > LONGEST_MS ? unsaid * unit : Math.max(ms, SHORTEST_MS);
}
