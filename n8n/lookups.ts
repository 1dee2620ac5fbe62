import type { ILoadOptionsFunctions, INodeListSearchItems, INodeListSearchResult } from 'n8n-workflow';
import { ALL } from '../core/describe/field';
import type { Provider } from '../core/describe/provider';
import { openAccount } from './account';
import { nodeErrorOf } from './errors';
import { allOf, searchMethod } from './property';

type ListSearch = (
	this: ILoadOptionsFunctions,
	filter?: string,
	paginationToken?: string,
) => Promise<INodeListSearchResult>;

/** Entries that a picker loads at a time. */
const PAGE = 100;

/** The methods that fill the pickers of a provider's node. */
export function listSearchOf(provider: Provider, credentialType: string): Record<string, ListSearch> {
	return Object.fromEntries(
		Object.keys(provider.lookups).flatMap((lookup) => [
			[searchMethod(lookup), search(provider, credentialType, lookup, [])],
			[
				searchMethod(lookup, true),
				search(provider, credentialType, lookup, [{ name: allOf(lookup), value: ALL }]),
			],
		]),
	);
}

function search(
	provider: Provider,
	credentialType: string,
	lookup: string,
	first: readonly INodeListSearchItems[],
): ListSearch {
	return async function (filter = '', paginationToken = '0') {
		try {
			const client = await openAccount(this, provider, credentialType, () => undefined);
			const choices = (await client.lookup(lookup)).map(({ value, title, description }) => ({
				name: title,
				value,
				...(description === undefined ? {} : { description }),
			}));
			const words = filter.toLowerCase().split(/\s+/);
			const found = [...first, ...choices].filter(({ name, value }) =>
				words.every((word) => `${name} ${String(value)}`.toLowerCase().includes(word)),
			);
			const from = Number(paginationToken);
			const next = from + PAGE;
			return {
				results: found.slice(from, next),
				...(next < found.length ? { paginationToken: String(next) } : {}),
			};
		} catch (error) {
			throw nodeErrorOf(error, this.getNode());
		}
	};
}
