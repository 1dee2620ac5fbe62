import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { providers } from '../providers';
import { catalogLines } from './catalog-lines';
import { pageOf } from './docs-page';

test.each(providers.map((provider) => [provider.name, provider] as const))('docs/%s.md is what the catalog says (write it anew with: node --import tsx scripts/docs.ts)', (name, provider) => {
	expect(readFileSync(join(__dirname, '..', 'docs', `${name}.md`), 'utf8')).toBe(pageOf(provider));
});

test('the catalog has each method of the two documents once: 16 and 15', () => {
	const lines = catalogLines();
	const sections = (provider: string) => lines.filter((line) => line.provider === provider).map(({ section }) => section).sort((a, b) => Number(a.slice(2)) - Number(b.slice(2)));
	expect(sections('trackceo')).toEqual(Array.from({ length: 16 }, (_, index) => `2.${String(index + 1)}`));
	expect(sections('etrack')).toEqual(Array.from({ length: 15 }, (_, index) => `2.${String(index + 1)}`));
	expect(new Set(lines.map(({ provider, method, path }) => `${provider} ${method} ${path}`)).size).toBe(lines.length);
	expect(lines).toHaveLength(31);
});

test('every operation of a vendor has a name of its own, and the same parameter is the same kind everywhere', () => {
	for (const provider of providers) {
		const names = provider.operations.map(({ resource, name }) => `${resource}.${name}`);
		expect(new Set(names).size).toBe(names.length);
	}
});
