import { expect, test } from 'vitest';
import type { RecordKind } from '../core/describe/records';
import { recordingOf } from '../test/support/recordings';
import { providers } from '.';

/** Kinds whose records are the vendor's own, or hold a record of another kind. */
const FREE: readonly RecordKind[] = ['other'];

test('simplified records of one kind have the same columns, in the same order, whichever vendor they come from', () => {
	const columns = new Map<RecordKind, Map<string, string[]>>();
	for (const provider of providers) {
		for (const { resource, name, kind } of provider.operations) {
			if (FREE.includes(kind)) continue;
			const found = columns.get(kind) ?? new Map<string, string[]>();
			columns.set(kind, found);
			for (const record of recordingOf(provider, `${resource}.${name}`)?.simplified ?? []) {
				const keys = Object.keys(record).filter((key) => key !== 'error');
				found.set(keys.join(','), [
					...(found.get(keys.join(',')) ?? []),
					`${provider.name} ${resource}.${name}`,
				]);
			}
		}
	}
	const differing = [...columns]
		.filter(([, found]) => found.size > 1)
		.map(([kind, found]) => ({
			kind,
			found: Object.fromEntries([...found].map(([keys, from]) => [keys, [...new Set(from)]])),
		}));
	expect(differing).toEqual([]);
	expect(columns.get('position')?.size).toBe(1);
});
