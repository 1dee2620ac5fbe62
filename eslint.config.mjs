import { n8nCommunityNodesPlugin } from '@n8n/eslint-plugin-community-nodes';
import n8nNodesPlugin from 'eslint-plugin-n8n-nodes-base';
import { readdirSync, readFileSync } from 'node:fs';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const vendors = readdirSync(new URL('providers/', import.meta.url), { withFileTypes: true })
	.filter((entry) => entry.isDirectory())
	.map(({ name }) => name);

/** Which way imports may go: CONTRIBUTING.md, "The house". Each folder names all that it may import; tests are free. */
const HOUSE = {
	'core/describe': ['\\./', 'zod/v4$', 'node:crypto$'],
	'core/report': ['\\./', '\\.\\./describe/'],
	'core/call': ['\\./', '\\.\\./(describe|report)/', 'zod/v4$', 'node:crypto$'],
	'core/watch': ['\\./', '\\.\\./(describe|report|call)/', 'zod/v4$', 'node:crypto$'],
	providers: ['\\./', '\\.\\./core/', 'zod/v4$', 'node:crypto$'],
	// A vendor imports what all share, and never another vendor.
	'providers/*': [
		'\\./',
		'\\.\\./\\.\\./core/',
		`\\.\\./(?!(${vendors.join('|')})$)[\\w-]+$`,
		'zod/v4$',
		'node:crypto$',
	],
	n8n: ['\\./', '\\.\\./(core|providers)/', 'n8n-workflow$', 'node:crypto$'],
	nodes: ['\\./', '\\.\\./\\.\\./(n8n|providers)/', 'n8n-workflow$'],
	credentials: ['\\.\\./(n8n|providers)/', 'n8n-workflow$'],
	'node-red/src': [
		'\\./',
		'(\\.\\./)+(core|providers)(/|$)',
		'\\.\\./[\\w-]+',
		'undici$',
		'node-red$',
		'express$',
		'node:',
	],
	simulators: ['\\.\\.?/(?!.*(core|providers)/)', 'node:'],
};

/** Test kits stand with their vendor and are as free as tests. */
const TESTS = ['**/*.test.ts', '**/testkit.ts'];

const house = Object.entries(HOUSE).map(([folder, allowed]) => ({
	files: [`${folder}/**/*.ts`],
	ignores: TESTS,
	rules: {
		'no-restricted-imports': [
			'error',
			{
				patterns: [
					{
						regex: `^(?!${allowed.join('|')})`,
						message: `${folder}/ may not import this: see "The house" in CONTRIBUTING.md.`,
					},
				],
			},
		],
	},
}));

/** What is shipped: held to the strictest rules, with types. */
const PRODUCT = ['{core,providers,n8n,nodes,credentials,node-red/src}/**/*.ts'];

/** The kinds of errors, as core/describe/errors.ts declares them. */
const KINDS = [
	...readFileSync(new URL('core/describe/errors.ts', import.meta.url), 'utf8').matchAll(
		/^export class (\w+) extends FleetError/gm,
	),
]
	.map(([, kind]) => kind)
	.join('|');
const DECIDED =
	'What follows from an error is decided where it is made: ask for its properties (ErrorPolicy in core/describe/errors.ts), not for its kind.';
const UNCHANGED = 'Errors are not changed: throw error.with({ ... }) in place of them.';

/** Only core/describe/errors.ts decides by the class of an error, or changes an error. */
const errorPolicy = [
	{ selector: `BinaryExpression[operator='instanceof'][right.name=/^(${KINDS})$/]`, message: DECIDED },
	{ selector: `BinaryExpression[operator='instanceof'][right.property.name=/^(${KINDS})$/]`, message: DECIDED },
	{ selector: "BinaryExpression[operator='instanceof'][right.name=/^[a-z]/]", message: DECIDED },
	{ selector: `BinaryExpression[operator=/^[!=]==?$/] > Literal[value=/^(${KINDS})$/]`, message: DECIDED },
	{ selector: `SwitchCase > Literal[value=/^(${KINDS})$/]`, message: DECIDED },
	{
		selector: 'CallExpression[callee.object.name=/^(Object|Reflect)$/][callee.property.name=/^definePropert/]',
		message: UNCHANGED,
	},
];

/** What n8n's scanner applies to a published package, with its own exceptions (@n8n/scan-community-package). */
const scanner = [
	{
		files: ['packages/*/package.json', '{nodes,credentials}/**/*.{ts,json}'],
		extends: [n8nCommunityNodesPlugin.configs.recommended],
		plugins: { 'n8n-nodes-base': n8nNodesPlugin },
		languageOptions: { parser: tseslint.parser },
		rules: { 'no-console': 'error' },
	},
	{ files: ['packages/*/package.json'], rules: { ...n8nNodesPlugin.configs.community.rules } },
	{
		files: ['credentials/**/*.ts'],
		rules: {
			...n8nNodesPlugin.configs.credentials.rules,
			'n8n-nodes-base/cred-class-field-documentation-url-miscased': 'off',
			'n8n-nodes-base/cred-class-field-type-options-password-missing': 'off',
		},
	},
	{
		files: ['nodes/**/*.ts'],
		rules: {
			...n8nNodesPlugin.configs.nodes.rules,
			'n8n-nodes-base/node-class-description-inputs-wrong-regular-node': 'off',
			'n8n-nodes-base/node-class-description-outputs-wrong': 'off',
			'n8n-nodes-base/node-param-type-options-max-value-present': 'off',
			// Their credentials are listed in package.json of each package, where n8n's own linter reads it.
			'@n8n/community-nodes/no-credential-reuse': 'off',
		},
	},
	{
		// What else is in the tarball must keep to n8n's globals and imports.
		files: ['{core,providers,n8n}/**/*.ts'],
		ignores: TESTS,
		plugins: { '@n8n/community-nodes': n8nCommunityNodesPlugin },
		rules: {
			'@n8n/community-nodes/no-restricted-globals': 'error',
			'@n8n/community-nodes/no-restricted-imports': 'error',
			'@n8n/community-nodes/no-dangerous-functions': 'error',
			'@n8n/community-nodes/require-node-api-error': 'error',
			'no-console': 'error',
			'no-control-regex': 'error',
		},
	},
];

export default defineConfig(
	globalIgnores([
		'**/dist/',
		'**/node_modules/',
		'artifacts/',
		// Linted by n8n's own tool: test/package.
		'packages/*/*',
		'!packages/*/package.json',
		'node-red/resources/',
		'**/*.d.ts',
		'package-lock.json',
		'node-red/package.json',
	]),
	{
		linterOptions: { reportUnusedDisableDirectives: 'error' },
	},
	{
		files: PRODUCT,
		extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
		languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
		rules: {
			// `() => stop()` reads well, and its value goes nowhere.
			'@typescript-eslint/no-confusing-void-expression': 'off',
			'@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
		},
	},
	{
		files: PRODUCT,
		ignores: ['core/describe/errors.ts', '**/*.test.ts'],
		rules: { 'no-restricted-syntax': ['error', ...errorPolicy] },
	},
	{
		files: TESTS,
		rules: {
			'@typescript-eslint/require-await': 'off',
			'@typescript-eslint/no-base-to-string': 'off',
			'@typescript-eslint/no-non-null-assertion': 'off',
			'@typescript-eslint/no-unsafe-argument': 'off',
			'@typescript-eslint/no-unsafe-assignment': 'off',
		},
	},
	{
		files: ['**/*.{ts,mts}'],
		ignores: PRODUCT,
		extends: [tseslint.configs.strict],
		rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
	},
	{
		files: ['**/*.{ts,mts}'],
		rules: {
			'@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
		},
	},
	{
		// As n8n's own linter has it, to which every file of its packages is held.
		files: ['{core,providers,n8n}/**/*.ts'],
		ignores: TESTS,
		rules: { '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^$' }] },
	},
	{
		// Prettier breaks code and leaves comments alone. Texts stay on one line, so that a search finds them.
		files: ['**/*.{ts,mts,mjs,js,cjs}'],
		rules: {
			'max-len': [
				'error',
				{
					code: 120,
					tabWidth: 4,
					ignoreStrings: true,
					ignoreTemplateLiterals: true,
					ignoreRegExpLiterals: true,
					ignorePattern: 'eslint-disable-next-line',
				},
			],
		},
	},
	...house,
	...scanner,
);
