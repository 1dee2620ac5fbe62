/**
 * The editor's page of a vendor, run as the browser runs it. Of the editor there is what a page uses before a dialog is
 * open, after editor-client's red.js: registerType, events, typed properties and the message catalog.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import type { Provider } from '../../core/describe/provider';
import { appearanceOf } from '../../node-red/src/editor/appearance';
import { catalogOf } from '../../node-red/src/editor/catalog';
import { pageOf } from '../../node-red/src/editor/page';
import { scriptOf } from '../../node-red/src/editor/script';
import { MIGRATIONS, type Migrations } from '../../node-red/src/migrations';

export const BROWSER = join(__dirname, '..', '..', 'node-red', 'src', 'editor', 'browser');

/** A node type as a page registers it. */
export interface Definition {
	category: string;
	color?: string;
	icon?: string;
	inputs?: number;
	outputs?: number;
	defaults: Record<
		string,
		{
			value: unknown;
			type?: string;
			required?: boolean;
			validate?: (this: object, value: unknown, opt?: object) => unknown;
		}
	>;
	credentials?: Record<string, { type: string }>;
	label: (this: object) => string;
}

const parts = readdirSync(BROWSER)
	.filter((name) => name.endsWith('.js'))
	.sort()
	.map((name) => readFileSync(join(BROWSER, name), 'utf8'));

/** resources/editor.js. */
export const editorScript = (migrations: Migrations = MIGRATIONS) =>
	scriptOf(parts, readFileSync(join(BROWSER, 'style.css'), 'utf8'), migrations);

export const browserScript = editorScript();

export interface OpenPage {
	/** What the page registers, by type. */
	types: Record<string, Definition>;
	/** The page's html. */
	html: string;
	/** Takes a node of a flow into the editor, as an import and the loading of flows do: only what `defaults` list. */
	add: <T extends { type: string }>(stored: T) => T;
}

/** The page in an editor that Node-RED told these settings. */
export function openPage(
	provider: Provider,
	migrations: Migrations = MIGRATIONS,
	settings: Record<string, unknown> = {},
): OpenPage {
	const types: Record<string, Definition> = {};
	const window: Record<string, unknown> = { [provider.name]: catalogOf(provider) };
	const listeners: ((node: object) => void)[] = [];
	const RED = {
		settings,
		events: {
			on: (event: string, listener: (node: object) => void) => {
				if (event === 'nodes:add') listeners.push(listener);
			},
		},
		nodes: { registerType: (type: string, definition: Definition) => (types[type] = definition) },
		utils: {
			validateTypedProperty: (value: string, type: string) =>
				type === 'num' ? /^[+-]?[0-9]*\.?[0-9]*([eE][-+]?[0-9]+)?$/.test(value) || 'not a number' : true,
		},
		_: (key: string, params?: Record<string, string>) =>
			`${key.split(':')[1] ?? key}${params === undefined ? '' : ` ${JSON.stringify(params)}`}`,
	};
	const $ = () => ({ text: () => ({ appendTo: () => undefined }) });
	const context: Record<string, unknown> = { RED, $, window: { fleetwire: window }, fleetwire: window, Map, Set };
	runInNewContext(editorScript(migrations), context);
	const html = pageOf(provider, appearanceOf(provider), migrations);
	const [, inline = ''] = /<script type="text\/javascript">([\s\S]*)<\/script>/.exec(html) ?? [];
	runInNewContext(inline, context);
	const add = <T extends { type: string }>(stored: T): T => {
		const definition = types[stored.type];
		const names = ['id', 'type', 'x', ...Object.keys(definition?.defaults ?? {})];
		const node = Object.fromEntries(names.map((name) => [name, (stored as Record<string, unknown>)[name]]));
		const added = Object.defineProperty(node, '_def', { value: definition }) as unknown as T;
		for (const listener of listeners) listener(added);
		return added;
	};
	return { types, html, add };
}
