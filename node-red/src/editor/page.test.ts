import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Fields } from '../../../core/describe/field';
import { findOperation, findTrigger } from '../../../core/describe/provider';
import { fieldsOfTrigger } from '../../../core/describe/trigger';
import { providers } from '../../../providers';
import { helpOf } from './help';
import { appearanceOf } from './appearance';
import { pageOf } from './page';
import { BROWSER, browserScript, openPage } from '../../../test/support/editor-page';
import { storeSetting } from '../types';
import { wordsOf } from './words';

const root = join(__dirname, '..', '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
	'node-red': { nodes: Record<string, string> };
};

test('each vendor has an entry in package.json, a look and an icon of its own', () => {
	expect(Object.keys(manifest['node-red'].nodes)).toEqual(providers.map(({ name }) => name));
	const icons = providers.map((provider) => appearanceOf(provider).icon);
	expect(new Set(icons).size).toBe(providers.length);
	expect(readdirSync(join(root, 'icons')).sort()).toEqual([...icons].sort());
});

describe.each(providers.map((provider) => [provider.title, provider] as const))('%s', (_, provider) => {
	const page = pageOf(provider, appearanceOf(provider));
	const types = openPage(provider).types;
	const request = types[`fleetwire-${provider.name}`]!;
	const trigger = types[`fleetwire-${provider.name}-trigger`]!;
	const account = types[`fleetwire-${provider.name}-account`]!;

	test('is registered in words that can be read out of the text', () => {
		for (const literal of [
			`RED.nodes.registerType('fleetwire-${provider.name}', {`,
			`RED.nodes.registerType('fleetwire-${provider.name}-trigger', {`,
			`color: '${appearanceOf(provider).color}'`,
			`icon: '${appearanceOf(provider).icon}'`,
			'inputs: 1',
			'outputs: 1',
		]) {
			expect(page).toContain(literal);
		}
		expect(page).not.toContain('PROVIDER');
		expect(request).toMatchObject({ category: 'fleet', inputs: 1, outputs: 1 });
		expect(trigger).toMatchObject({
			category: 'fleet',
			inputs: 1,
			outputs: 1,
			icon: request.icon,
			color: request.color,
		});
		expect(account.category).toBe('config');
	});

	test('a new trigger remembers where Node-RED proposes, else in a file', () => {
		const settings = { [storeSetting(provider)]: 'kept' };
		const proposed = openPage(provider, undefined, settings).types[`fleetwire-${provider.name}-trigger`];
		expect(proposed?.defaults.store?.value).toBe('kept');
		expect(trigger.defaults.store?.value).toBe('');
	});

	test('keeps secrets out of the flow file', () => {
		const secrets = Object.entries(provider.connection).filter(([, field]) => field.secret);
		expect(Object.keys(account.credentials ?? {})).toEqual(secrets.map(([name]) => name));
		for (const [name] of secrets) expect(account.defaults).not.toHaveProperty(name);
	});

	test('has a template for each type, without colours of its own', () => {
		for (const type of Object.keys(types)) expect(page).toContain(`data-template-name="${type}"`);
		expect(page.replace(/color: '#\w+'/g, '')).not.toMatch(/#[0-9a-f]{3,6}\b/i);
		expect(readFileSync(join(BROWSER, 'style.css'), 'utf8')).not.toMatch(/#[0-9a-f]{3,6}\b|rgb/i);
	});

	test('has every word that its templates and scripts ask for', () => {
		const words = wordsOf(provider) as Record<string, unknown>;
		const has = (key: string) =>
			key
				.split('.')
				.reduce<unknown>((all, part) => (all as Record<string, unknown> | undefined)?.[part], words) !==
			undefined;
		const inPage = [...page.matchAll(/data-i18n="(?:\[\w+\])?([^"]+)"/g)].map(([, key]) => key);
		const inScript = [...browserScript.matchAll(/text\('([\w.]+)'/g)].map(([, key]) => key);
		expect(inPage.length).toBeGreaterThan(20);
		expect([...inPage, ...inScript].filter((key) => !has(key ?? ''))).toEqual([]);
	});

	test('begins with an operation that exists', () => {
		const { resource, operation } = request.defaults;
		expect(findOperation(provider, String(resource?.value), String(operation?.value))).toBeDefined();
	});

	test('says what is missing, and what it does not know', () => {
		const check = (node: object) =>
			request.defaults.params?.validate?.call(node, (node as { params: unknown }).params, {});
		const node = { resource: 'position', operation: 'getHistory', params: {} };
		expect(check(node)).toEqual([
			`problem.missing {"title":"${(findOperation(provider, 'position', 'getHistory')?.params as Fields).devices?.title ?? ''}"}`,
		]);
		expect(check({ ...node, params: { devices: { type: 'list', value: '*' } } })).toBe(true);
		expect(
			check({ ...node, params: { devices: { type: 'msg', value: 'a' }, begin: { type: 'str', value: '' } } }),
		).toEqual(['problem.missing {"title":"Begin"}']);
		const known = (resource: string, operation: string) =>
			request.defaults.operation?.validate?.call({ resource, operation }, operation, {});
		expect(known('position', 'getHistory')).toBe(true);
		expect(known('position', 'fly')).toBe('problem.operation {"operation":"position.fly"}');
	});

	test('marks the numbers that a run would refuse, and no others', () => {
		const clock = { now: 0, timeZone: 'UTC' };
		for (const { resource, name, params: fields } of provider.operations)
			for (const [key, field] of Object.entries(fields as Fields)) {
				if (field.kind !== 'number') continue;
				const { min = -1000, max = 1000, title } = field;
				for (const value of [min - 1, min, max, max + 1]) {
					const params = { [key]: { type: 'num', value: String(value) } };
					const found = request.defaults.params?.validate?.call(
						{ resource, operation: name, params },
						params,
						{},
					);
					const problems = Array.isArray(found) ? found.map(String) : [];
					const refused = !field.schema.safeParse(field.clean(value, clock)).success;
					expect(
						problems.filter(
							(one) => /problem\.(between|least|most)/.test(one) && one.includes(`"title":"${title}"`),
						),
						`${resource}.${name} ${key} ${String(value)}`,
					).toHaveLength(refused ? 1 : 0);
				}
			}
	});

	test('a new trigger begins with an event that exists, often enough and not too often', () => {
		const { event, interval } = trigger.defaults;
		expect(findTrigger(provider, String(event?.value))).toBeDefined();
		const fine = (value: unknown) => interval?.validate?.call({}, value, {});
		const { seconds, leastSeconds } = provider.limits.poll;
		expect(interval?.value).toBe(seconds);
		expect([fine(seconds), fine(leastSeconds), fine(String(leastSeconds)), fine('')]).toEqual([
			true,
			true,
			true,
			true,
		]);
		expect(fine(leastSeconds - 1)).toMatch(/^problem.interval/);
		expect(fine('often')).toMatch(/^problem.interval/);
	});

	test('a trigger says what it does not know', () => {
		const known = (event: string) => trigger.defaults.event?.validate?.call({ event }, event, {});
		for (const { name, title } of provider.triggers) {
			expect(known(name)).toBe(true);
			expect(trigger.label.call({ name: '', event: name })).toBe(title);
		}
		expect(known('landedOnTheMoon')).toBe('problem.event {"event":"landedOnTheMoon"}');
		const filters = (event: string, params: object) =>
			trigger.defaults.params?.validate?.call({ event, params }, params, {});
		for (const { name } of provider.triggers)
			expect(
				filters(name, { devices: { type: 'list', value: '*' }, lookBack: { type: 'num', value: 'soon' } }),
			).toEqual(name === 'queueMessage' ? true : ['not a number']);
	});

	test('shows what the node does as its label', () => {
		expect(request.label.call({ name: '', resource: 'position', operation: 'getCurrent' })).toBe(
			'Get current positions',
		);
		expect(request.label.call({ name: 'Vans', resource: 'position', operation: 'getCurrent' })).toBe('Vans');
	});

	test('explains every operation and parameter in its help', () => {
		const help = helpOf(provider);
		for (const operation of provider.operations) expect(help).toContain(`section ${operation.evidence.section}`);
		expect(help.match(/data-help-name/g)).toHaveLength(3);
		for (const { title } of provider.triggers) expect(help).toContain(`#### ${title}`);
		expect(help).not.toMatch(/<(?!\/?script)/);
	});

	test.each(readdirSync(join(root, 'examples')).filter((name) => name.startsWith(`${provider.title} - `)))(
		'example "%s" fits the catalog and holds no secret',
		(name) => {
			const flow = JSON.parse(readFileSync(join(root, 'examples', name), 'utf8')) as Record<string, unknown>[];
			const ids = new Set(flow.map(({ id }) => id));
			expect(ids.size).toBe(flow.length);
			const requests = flow.filter(({ type }) => type === `fleetwire-${provider.name}`);
			const triggers = flow.filter(({ type }) => type === `fleetwire-${provider.name}-trigger`);
			expect(requests.length + triggers.length).toBeGreaterThan(0);
			for (const node of triggers) {
				expect(ids).toContain(node.account);
				const found = findTrigger(provider, String(node.event))!;
				expect(Object.keys(fieldsOfTrigger(found))).toEqual(
					expect.arrayContaining(Object.keys(node.params as object)),
				);
				for (const name of ['params', 'interval'])
					expect(trigger.defaults[name]?.validate?.call(node, node[name], {})).toBe(true);
				expect(Object.keys(trigger.defaults)).toEqual(
					expect.arrayContaining(
						Object.keys(node).filter((key) => !['id', 'type', 'z', 'x', 'y', 'wires', 'd'].includes(key)),
					),
				);
			}
			for (const node of requests) {
				expect(ids).toContain(node.account);
				const operation = findOperation(provider, String(node.resource), String(node.operation));
				expect(Object.keys(operation?.params as object)).toEqual(
					expect.arrayContaining(Object.keys(node.params as object)),
				);
				expect(request.defaults.params?.validate?.call(node, node.params, {})).toBe(true);
			}
			for (const node of flow) expect(node).not.toHaveProperty('credentials');
			for (const node of flow.filter(({ type }) => type === `fleetwire-${provider.name}-account`))
				expect(node.allowCommands).toBe(false);
		},
	);
});
