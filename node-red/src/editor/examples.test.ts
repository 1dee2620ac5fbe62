/** What the examples must be before any of them runs; test/hosts/examples.test.ts runs them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findOperation, findTrigger } from '../../../core/describe/provider';
import { providers } from '../../../providers';

interface ExampleNode {
	id: string;
	type: string;
	[property: string]: unknown;
}

const FOLDER = join(__dirname, '..', '..', 'examples');
const files = readdirSync(FOLDER).map((name) => ({
	name,
	nodes: JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as ExampleNode[],
}));
/** What a person reads, or what goes to the vendor: no ids of nodes. */
const textsOf = ({ id: _, z: __, wires: ___, account: ____, ...rest }: ExampleNode): string[] => {
	const texts: string[] = [];
	JSON.stringify(rest, (_key, value: unknown) => {
		if (typeof value === 'string') texts.push(value);
		return value;
	});
	return texts;
};

describe.each(files)('$name', ({ nodes }) => {
	test('names no device, account or geofence that a newcomer does not have', () => {
		expect(nodes.flatMap(textsOf).filter((text) => /\d{5}/.test(text))).toEqual([]);
		for (const { type, params = {} } of nodes as (ExampleNode & {
			params?: Record<string, { type: string; value: unknown }>;
		})[]) {
			const provider = providers.find(({ name }) => type.startsWith(`fleetwire-${name}`));
			if (provider === undefined) continue;
			const looked = Object.entries(params).filter(([name]) =>
				[...provider.operations, ...provider.triggers].some(
					(each) => (each.params as Record<string, { lookup?: unknown }>)[name]?.lookup !== undefined,
				),
			);
			for (const [name, { type: kind, value }] of looked)
				if (['str', 'list', 'num'].includes(kind)) expect(['', '*'], name).toContain(value);
		}
	});

	test('has no wrong article', () => {
		expect(nodes.flatMap(textsOf).filter((text) => /\ba (?=[aeio])|\ban (?![aeiou])/i.test(text))).toEqual([]);
	});

	test('starts with nothing that needs a path nobody knows', () => {
		const provider = providers.find(({ name }) => name === 'itracksense')!;
		const guessed = nodes.filter(({ type, resource, operation, event }) => {
			const found =
				type === 'fleetwire-itracksense'
					? findOperation(provider, String(resource), String(operation))
					: type === 'fleetwire-itracksense-trigger'
						? findTrigger(provider, String(event))
						: undefined;
			return found?.evidence.grade === 'G';
		});
		expect(guessed.filter(({ d }) => d !== true).map(({ name }) => name)).toEqual([]);
		const help = nodes
			.filter(({ type }) => type === 'comment')
			.map(({ info }) => String(info))
			.join();
		if (guessed.length > 0) expect(help).toContain('*Method Paths*');
	});
});

test('the examples of a vendor share one account, so that it is filled in once', () => {
	const accounts = files.flatMap(({ nodes }) => nodes.filter(({ type }) => type.endsWith('-account')));
	for (const { name, title } of providers) {
		const own = accounts.filter(({ type }) => type === `fleetwire-${name}-account`);
		expect(own.length).toBeGreaterThan(1);
		for (const one of own) expect(one).toEqual(own[0]);
		expect(own[0]).toMatchObject({ name: `My ${title} account`, allowCommands: false });
	}
});
