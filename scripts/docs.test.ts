import { describe, expect, test } from 'vitest';
import type { Fields } from '../core/describe/field';
import { fieldsOfTrigger } from '../core/describe/trigger';
import { vendors } from '../providers';
import { KITTED } from '../test/support/kits';
import { catalogLines } from './catalog-lines';
import { pageOf } from './docs-page';

const trackceo = vendors.find(({ provider }) => provider.name === 'trackceo')!;

test.each([
	['position', 'devices', 'from list, or any number by IMEI', 'yes'],
	['subAccount', 'account', 'from list, or by name (at most 100)', 'no'],
	['alarm', 'types', 'choices', 'no'],
	['command', 'mileage', 'number (0 to 100000000)', 'if Command is Set Mileage'],
	['command', 'waitForAnswer', 'yes or no', 'no'],
	['triggers', 'since', 'date and time', 'if First Run is Events Since a Date'],
	['triggers', 'minutes', 'number (1 to 525600 minutes)', 'yes; has a default'],
])('a page says what may be left empty: %s, %s', (_, name, kind, needed) => {
	expect(pageOf(trackceo)).toContain(`| \`${name}\` | ${kind} | ${needed} |`);
});

test('values of a position do not explain a status', () => {
	const noted = trackceo.provider.triggers.filter(({ evidence: { note = '' } }) => note.includes('fuel'));
	expect(noted.map(({ name }) => name)).toEqual(['positionChanged']);
});

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

	test('a note begins like a sentence and ends like one', () => {
		const notes = [...provider.operations, ...provider.triggers].flatMap(({ evidence: { note } }) => note ?? []);
		expect(notes.filter((note) => !/^[A-Z].*\.$/s.test(note.trim()))).toEqual([]);
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
