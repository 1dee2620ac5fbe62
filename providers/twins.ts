import type { InBlocks } from '../core/call/blocks';
import type { Row } from '../core/describe/records';

const twins = new WeakSet<Row>();

/**
 * Notes which rows of an answer would share an id, although the vendor tells them apart. Only these need all that is
 * said of them in their id: what else a vendor says of an event may be missing when it comes again.
 */
export async function withTwins<R extends Row>(run: InBlocks, rows: R[], keyOf: (row: R) => string): Promise<R[]> {
	const first = new Map<string, { row: R; text?: string }>();
	await run.inBlocks(rows, (block) => {
		for (const row of block) {
			const key = keyOf(row);
			const other = first.get(key);
			if (other === undefined) first.set(key, { row });
			// Its text is made once: it may be long, and many may have its key.
			else if (twins.has(other.row) || (other.text ??= JSON.stringify(other.row)) !== JSON.stringify(row))
				twins.add(other.row).add(row);
		}
	});
	return rows;
}

/** What only the id of a twin has. */
export const ofTwin = <T>(row: Row, parts: readonly T[]): readonly T[] => (twins.has(row) ? parts : []);
