import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ESLint, type Linter } from 'eslint';
import type {
	ICredentialType,
	INodeProperties,
	INodePropertyCollection,
	INodePropertyOptions,
	INodeTypeDescription,
} from 'n8n-workflow';
import { describe, expect, test, vi } from 'vitest';
import { vendors } from '../providers';
import { fieldsOfTrigger } from '../core/describe/trigger';
import { isQueued, readingFields } from './trigger-properties';

vi.mock('n8n-workflow', () => createRequire(__filename)('n8n-workflow') as object);

const ROOT = join(__dirname, '..');
/** It has no types. */
const SCANNER = '@n8n/scan-community-package/scanner/scanner.mjs' as string;

/** What one of n8n's files holds, which are named after the class in them. */
async function made<T>(path: string): Promise<T> {
	const name = /(\w+)\.\w+$/.exec(path)?.[1] ?? '';
	const found = (await import(/* @vite-ignore */ `../${path}`)) as Record<string, new () => T>;
	return new found[name]!();
}
const nodeOf = async (folder: string, name: string) =>
	(await made<{ description: INodeTypeDescription }>(`nodes/${folder}/${name}.node`)).description;
const credentialOf = (name: string) => made<ICredentialType>(`credentials/${name}Api.credentials`);

const shown = (properties: readonly INodeProperties[], resource: string, operation: string) =>
	properties.filter(
		({ displayOptions }) =>
			displayOptions?.show?.resource?.includes(resource) && displayOptions.show.operation?.includes(operation),
	);
const find = (properties: readonly INodeProperties[], name: string) =>
	properties.find((property) => property.name === name);
const isProperty = (
	option: INodePropertyOptions | INodeProperties | INodePropertyCollection,
): option is INodeProperties => 'type' in option;

/** One line for each thing that users' workflows store: names, choices and defaults. */
function* surface(properties: readonly INodeProperties[], indent = ''): Generator<string> {
	for (const {
		name,
		type,
		default: value,
		required,
		options = [],
		displayOptions,
		typeOptions,
		modes,
	} of properties) {
		const { resource, operation, event, ...when } = displayOptions?.show ?? {};
		const where = [resource, operation, event].every((part) => part === undefined)
			? ''
			: ` [${[resource, operation, event].filter((part) => part !== undefined).join('.')}]`;
		const other = Object.keys(when).length === 0 ? '' : ` when ${JSON.stringify(when)}`;
		const method = modes?.map(({ name: mode, typeOptions: more }) => more?.searchListMethod ?? mode).join('|');
		yield `${indent}${name}: ${type}${where}${other}${required ? ' required' : ''} = ${JSON.stringify(value)}${typeOptions === undefined ? '' : ` ${JSON.stringify(typeOptions)}`}${method === undefined ? '' : ` (${method})`}`;
		const choices = options.filter((option) => !isProperty(option)) as INodePropertyOptions[];
		if (choices.length > 0) yield `${indent}\t${choices.map(({ value: choice }) => String(choice)).join(' | ')}`;
		yield* surface(options.filter(isProperty), `${indent}\t`);
	}
}

/** Those whose files are there: providers/vendors.test.ts says of which they are missing. */
const brands = vendors
	.map(({ provider, n8n: { className, queueTrigger } }) => ({
		provider: provider,
		name: className,
		queueTrigger,
	}))
	.filter(
		({ name }) =>
			existsSync(join(ROOT, 'nodes', name)) && existsSync(join(ROOT, `credentials/${name}Api.credentials.ts`)),
	);

describe.each(brands)('$name', async ({ name, provider }) => {
	const description = await nodeOf(name, name);
	const credential = await credentialOf(name);

	test('what workflows store stays as it is', async () => {
		await expect(
			[...surface(description.properties), '', ...surface(credential.properties)].join('\n') + '\n',
		).toMatchFileSnapshot(`__snapshots__/${name}.txt`);
	});

	test('every operation has all its parameters, and no name twice', () => {
		for (const { resource, name: operation, params } of provider.operations) {
			const properties = shown(description.properties, resource, operation);
			const names = properties.map((property) => property.name);
			const options = (find(properties, 'options')?.options ?? []).map((option) => option.name);
			expect([...names, ...options]).toEqual(expect.arrayContaining(Object.keys(params as object)));
			expect(new Set([...names, ...options]).size, `${resource}.${operation}`).toBe(
				names.length + options.length,
			);
		}
	});

	test('actions have no articles and begin with a capital', () => {
		const actions = description.properties
			.filter((property) => property.name === 'operation')
			.flatMap(({ options = [] }) => (options as INodePropertyOptions[]).map(({ action = '' }) => action));
		expect(actions).toHaveLength(provider.operations.length);
		for (const action of actions) {
			expect(action).toMatch(/^[A-Z]\S* \S/);
			expect(action).not.toMatch(/\b(?:a|an|the)\b/i);
		}
	});

	test('what is not read says that it is sent once, and gives neither a limit nor a form', () => {
		for (const { resource, name: operation, effect, list, consuming: once = false } of provider.operations) {
			const names = shown(description.properties, resource, operation).map((property) => property.name);
			const limited = effect === 'read' && list && !once;
			expect([
				names.includes('sentOnce'),
				names.includes('output'),
				names.includes('limit'),
				names.includes('returnAll'),
			]).toEqual([effect !== 'read', effect === 'read', limited, limited]);
		}
	});

	test("the derived properties pass n8n's lint, as if they were written by hand", async () => {
		const told = [
			...(await lint(`nodes/${name}/${name}.node.ts`, /propertiesOf\(\w+\)/, description.properties)),
			...(await lint(
				`credentials/${name}Api.credentials.ts`,
				/credentialProperties\(\w+\)/,
				credential.properties,
			)),
		];
		expect(told).toEqual([]);
	});
});

const triggers = brands.flatMap(({ name: folder, queueTrigger }) => [
	{ folder, name: `${folder}Trigger` },
	...(queueTrigger === undefined ? [] : [{ folder, name: `${folder}QueueTrigger` }]),
]);

describe.each(triggers)('$name', async ({ name, folder }) => {
	const description = await nodeOf(folder, name);

	test('what workflows store stays as it is', async () => {
		await expect([...surface(description.properties)].join('\n') + '\n').toMatchFileSnapshot(
			`__snapshots__/${name}.txt`,
		);
	});

	test("the derived properties pass n8n's lint, as if they were written by hand", async () => {
		expect(await lint(`nodes/${folder}/${name}.node.ts`, /\w+PropertiesOf\(\w+\)/, description.properties)).toEqual(
			[],
		);
	});
});

describe.each(brands)('${name}Trigger', async ({ name, provider }) => {
	const description = await nodeOf(name, `${name}Trigger`);
	const polled = provider.triggers.filter((trigger) => !isQueued(trigger));

	test('offers every event that is polled', () => {
		const { options = [] } = find(description.properties, 'event') ?? {};
		expect(options.map((option) => (option as INodePropertyOptions).value).sort()).toEqual(
			polled.map((trigger) => trigger.name).sort(),
		);
	});

	test('every event has all its fields, and no name twice', () => {
		for (const trigger of polled) {
			const properties = description.properties.filter(({ displayOptions }) =>
				displayOptions?.show?.event?.includes(trigger.name),
			);
			const names = [
				...properties.map((property) => property.name),
				...(find(properties, 'options')?.options ?? []).map((option) => option.name),
			];
			expect(names).toEqual(expect.arrayContaining(Object.keys(fieldsOfTrigger(trigger))));
			expect(new Set(names).size, trigger.name).toBe(names.length);
		}
	});
});

test.each(brands.filter(({ queueTrigger }) => queueTrigger !== undefined))(
	"$name: the queue's node has all fields",
	async ({ name, provider }) => {
		const { properties } = await nodeOf(name, `${name}QueueTrigger`);
		const names = [...properties, ...(find(properties, 'options')?.options ?? [])].map((property) => property.name);
		const queue = provider.triggers.find(isQueued);
		expect(names).toEqual(
			expect.arrayContaining([...Object.keys(fieldsOfTrigger(queue!)), ...Object.keys(readingFields)]),
		);
	},
);

/** What n8n's lint says of a file in which the call that makes the properties is replaced by the properties. */
async function lint(filePath: string, call: RegExp, properties: readonly INodeProperties[]): Promise<string[]> {
	// The plugin goes by other file names where it finds itself under test.
	vi.stubEnv('NODE_ENV', 'production');
	const { buildScanConfig } = (await import(SCANNER)) as {
		buildScanConfig: () => Promise<Linter.Config[]>;
	};
	const eslint = new ESLint({
		cwd: ROOT,
		allowInlineConfig: false,
		overrideConfigFile: true,
		overrideConfig: [
			...(await buildScanConfig()),
			// It reads package.json of a package: test/package applies it there.
			{ rules: { '@n8n/community-nodes/no-credential-reuse': 'off' } },
		],
	});
	const literal = JSON.stringify(properties, undefined, '\t').replace(/^(\t*)"(\w+)":/gm, '$1$2:');
	const source = readFileSync(join(ROOT, filePath), 'utf8');
	expect(source).toMatch(call);
	const written = source.replace(call, () => literal);
	const results = await eslint.lintText(written, { filePath: join(ROOT, filePath) });
	return results
		.flatMap(({ messages }) =>
			messages.map(
				({ ruleId, message, line }) =>
					`${String(ruleId)}: ${message} ${written
						.split('\n')
						.slice(line - 3, line + 1)
						.join(' ')}`,
			),
		)
		.filter((line) => !EXCEPTIONS.some((exception) => exception.test(line)));
}

/** Where n8n's lint is not followed, and why. */
const EXCEPTIONS = [
	// It takes hyphens out of words.
	/operation-option-action-miscased.*(sub-account|high-level)/,
	// An apostrophe makes two words of one for it.
	/operation-option-action-miscased.*getWebLink/,
	// It would choose a command for the user.
	/default-wrong-for-options.*(What the (device|lock) should do|New state of the SIM card)/,
	// It goes by names: this one holds what kind of secret there is, and the session holds a token.
	/credential-password-field: Field 'secretType'/,
	/credential-unnecessary-password: Field 'session'/,
];
