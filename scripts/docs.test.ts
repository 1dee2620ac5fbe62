import { describe, expect, test } from 'vitest';
import type { Fields } from '../core/describe/field';
import { fieldsOfTrigger } from '../core/describe/trigger';
import { KITTED } from '../test/support/kits';
import { catalogLines } from './catalog-lines';

describe('the catalog', () => {
	const lines = catalogLines();

	test.each(KITTED)("has each method of $vendor.provider.title's document", ({ name, counts: { sections } }) => {
		const found = lines.filter(({ provider }) => provider === name).map(({ section }) => section);
		if (typeof sections === 'number') expect(found).toHaveLength(sections);
		else expect(found.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))).toEqual(sections);
	});

	test('has no method twice', () => {
		expect(new Set(lines.map(({ provider, method, path }) => `${provider} ${method} ${path}`)).size).toBe(
			lines.length,
		);
	});
});

/**
 * Parameters of two kinds: their names are stored in flows, so they stay. A vehicle is picked by its plate while its
 * new plate is typed; drivers are searched by any text.
 */
const OF_TWO_KINDS: Readonly<Record<string, readonly string[]>> = {
	plate: ['device.setPlate'],
	searchBy: ['driver.get'],
};

describe.each(KITTED)('$name', ({ vendor: { provider } }) => {
	const named = provider.operations.map(
		(operation) => [`${operation.resource}.${operation.name}`, operation.params as Fields] as const,
	);

	test('every operation has a name of its own', () => {
		expect(new Set(named.map(([name]) => name)).size).toBe(named.length);
	});

	test('the same parameter is of the same kind everywhere', () => {
		const events = provider.triggers.map((trigger) => [`event ${trigger.name}`, fieldsOfTrigger(trigger)] as const);
		const kinds = new Map<string, Map<string, string[]>>();
		for (const [where, fields] of [...named, ...events]) {
			for (const [name, { kind }] of Object.entries(fields)) {
				if (OF_TWO_KINDS[name]?.includes(where)) continue;
				const found = kinds.get(name) ?? new Map<string, string[]>();
				kinds.set(name, found.set(kind, [...(found.get(kind) ?? []), where]));
			}
		}
		expect(kinds.size).toBeGreaterThan(0);
		expect([...kinds].filter(([, found]) => found.size > 1)).toEqual([]);
	});
});
