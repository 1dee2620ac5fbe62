import type { Row } from '../core/describe/records';

const twins = new WeakSet<Row>();

/**
 * Notes which rows of an answer would share an id, although the vendor tells them apart. Only these need all that is
 * said of them in their id: what else a vendor says of an event may be missing when it comes again.
 */
export function withTwins<R extends Row>(rows: R[], keyOf: (row: R) => string): R[] {
	const first = new Map<string, R>();
	for (const row of rows) {
		const key = keyOf(row);
		const other = first.get(key);
		if (other === undefined) first.set(key, row);
		else if (twins.has(other) || JSON.stringify(other) !== JSON.stringify(row)) twins.add(other).add(row);
	}
	return rows;
}

/** What only the id of a twin has. */
export const ofTwin = <T>(row: Row, parts: readonly T[]): readonly T[] => (twins.has(row) ? parts : []);
