/**
 * What Node-RED's flows store: types of nodes, names of their properties, and the values that these can have. Later
 * versions read a flow that was saved today: a name that goes needs a migration (migrations.ts).
 */
import { describe, expect, test } from 'vitest';
import type { Field, Fields } from '../../core/describe/field';
import type { Provider } from '../../core/describe/provider';
import { fieldsOfTrigger } from '../../core/describe/trigger';
import { providers } from '../../providers';
import { openPage, type Definition } from '../../test/support/editor-page';
import { accountType, requestType, triggerType } from './types';

/** The values that a dialog offers for a property, where it is a list. */
function valuesIn(html: string, id: string): string {
	const [, options = ''] = new RegExp(`<select id="${id}"[^>]*>(.*?)</select>`).exec(html) ?? [];
	return [...options.matchAll(/value="([^"]*)"/g)].map(([, value]) => value).join(' | ');
}

const line = (...parts: string[]) => parts.filter((part) => part !== '').join(' ');

function* properties(
	{ defaults, credentials = {} }: Definition,
	html: string,
	prefix: string,
	fields: Fields = {},
): Generator<string> {
	for (const [name, { value, type, required }] of Object.entries(defaults)) {
		yield line(`\t${name}:`, type ?? '', required ? 'required' : '', `= ${JSON.stringify(value)}`);
		const { options = [] } = fields[name] ?? {};
		const values = valuesIn(html, `${prefix}-${name}`) || options.map((option) => option.value).join(' | ');
		if (values !== '') yield `\t\t${values}`;
	}
	for (const [name, { type }] of Object.entries(credentials)) yield `\tcredential ${name}: ${type}`;
}

/** A parameter: what kind of value it holds, how that is written as text, and under which condition it counts. */
function* parameters(fields: Fields): Generator<string> {
	for (const [name, { kind, required, initial, options, parting, lookup, when }] of Object.entries(fields) as [
		string,
		Field,
	][]) {
		yield line(
			`\t\t${name}: ${kind}`,
			required ? 'required' : '',
			lookup === undefined ? '' : `of ${lookup}`,
			parting === undefined ? '' : `parted by ${parting}`,
			when === undefined ? '' : `when ${JSON.stringify(when)}`,
			initial === undefined ? '' : `= ${JSON.stringify(initial)}`,
		);
		if (options !== undefined) yield `\t\t\t${options.map(({ value }) => value).join(' | ')}`;
	}
}

function* surface(provider: Provider): Generator<string> {
	const { types, html } = openPage(provider);
	// Each type has a template of its own, in which its lists are.
	const [, account = '', request = '', trigger = ''] = html.split('data-template-name=');
	yield accountType(provider);
	yield* properties(types[accountType(provider)]!, account, 'node-config-input', provider.connection);
	yield requestType(provider);
	yield* properties(types[requestType(provider)]!, request, 'node-input');
	for (const { resource, name, params } of provider.operations) {
		yield `\t${resource}.${name}`;
		yield* parameters(params as Fields);
	}
	yield triggerType(provider);
	yield* properties(types[triggerType(provider)]!, trigger, 'node-input');
	for (const each of provider.triggers) {
		yield `\tevent ${each.name}`;
		yield* parameters(fieldsOfTrigger(each));
	}
}

describe.each(providers)('$title', (provider) => {
	const lines = [...surface(provider)];

	test('what flows store stays as it is', async () => {
		await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(`__snapshots__/${provider.name}.txt`);
	});

	test('the list holds all there is to store', () => {
		const text = lines.join('\n');
		for (const { resource, name } of provider.operations) expect(text).toContain(`\t${resource}.${name}\n`);
		for (const { name } of provider.triggers) expect(text).toContain(`\tevent ${name}\n`);
		for (const values of ['simplified | raw | worldmap', 'message | record', 'record | message'])
			expect(text).toContain(`\t\t${values}\n`);
		expect(text).toMatch(/\tcredential \w+: password/);
	});
});
