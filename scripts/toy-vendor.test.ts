/** A vendor unlike those that there are, in what is generated. */
import { expect, test } from 'vitest';
import type { Provider } from '../core/describe/provider';
import { toy, toyVendor } from '../test/support/toy-vendor';
import { propertiesOf } from '../n8n/properties';
import { catalogOf } from '../node-red/src/editor/catalog';
import { helpOf } from '../node-red/src/editor/help';
import { catalogLines } from './catalog-lines';
import { pageOf } from './docs-page';
import { n8nFiles } from './n8n-files';

test('its catalog has no login', () => {
	expect(catalogLines([toy as Provider]).map(({ operation, method }) => `${operation} ${method}`)).toEqual([
		'getMany GET',
		'rename PUT',
		'patch PATCH',
		'remove DELETE',
		'getMany GET',
	]);
});

const docsOf = (provider: Provider) => pageOf({ ...toyVendor, provider });

test('a resource without a title is an error wherever it would be shown, and the vendor may have its own', () => {
	const [first] = toy.operations;
	const odd = { ...toy, operations: [{ ...first!, resource: 'trailer' }] };
	for (const shown of [docsOf, catalogOf, helpOf, propertiesOf] as ((provider: never) => unknown)[]) {
		expect(() => shown(odd as never)).toThrow('"trailer" has no title');
		expect(JSON.stringify(shown({ ...odd, resourceTitles: { trailer: 'Trailer' } } as never))).toContain('Trailer');
	}
});

test('its page says so', () => {
	expect(pageOf(toyVendor)).toContain("There is no login: the account's key goes with each request.");
});

test("its credential's test is the request itself", () => {
	const files = new Map(n8nFiles(toyVendor, 'n8n-nodes-fleetwire'));
	const credential = files.get('credentials/ToyApi.credentials.ts') ?? '';
	expect(credential).toContain("url: '/devices'");
	expect(credential).not.toMatch(/login before/);
});
