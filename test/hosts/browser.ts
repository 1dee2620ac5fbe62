/** Headless Chromium on the editors of the real hosts. */
import { chromium, type Browser as PlaywrightBrowser, type Locator, type Page } from 'playwright-core';
import { ensureChromium } from './install';
import type { N8n } from './n8n';
import type { NodeRed } from './node-red';
import { PATIENCE, removeFolder, temporaryFolder } from './process';

export type { Locator, Page } from 'playwright-core';

export type PageOptions = { width?: number; height?: number; colorScheme?: 'light' | 'dark' };

export class Browser {
	private constructor(
		private readonly browser: PlaywrightBrowser,
		private readonly folder: string,
	) {}

	static async open(): Promise<Browser> {
		const executablePath = await ensureChromium();
		// Chromium's own temporary files, so that they go with it.
		const folder = temporaryFolder('chromium');
		try {
			const browser = await chromium.launch({
				executablePath,
				headless: true,
				env: { ...process.env, TMPDIR: folder } as Record<string, string>,
				args: [
					'--no-sandbox',
					'--disable-gpu',
					'--disable-quic',
					'--no-first-run',
					'--disable-background-networking',
					'--disable-component-update',
					'--disable-sync',
					// Loopback only, whatever a page asks for.
					'--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
				],
			});
			return new Browser(browser, folder);
		} catch (error) {
			await removeFolder(folder);
			throw error;
		}
	}

	/** A page with cookies and storage of its own. */
	async newPage({ width = 1440, height = 900, colorScheme = 'light' }: PageOptions = {}): Promise<Page> {
		const context = await this.browser.newContext({
			viewport: { width, height },
			colorScheme,
			locale: 'en-US',
			timezoneId: 'UTC',
		});
		const page = await context.newPage();
		page.setDefaultTimeout(20_000 * PATIENCE);
		return page;
	}

	async close(): Promise<void> {
		try {
			await this.browser.close();
		} finally {
			await removeFolder(this.folder);
		}
	}
}

export async function openBrowser(): Promise<Browser> {
	return await Browser.open();
}

/** A picture with nothing moving in it. */
export async function screenshot(target: Page | Locator, path: string): Promise<void> {
	await target.screenshot({ path, animations: 'disabled', caret: 'hide' });
}

/** What a page complained of since it was opened: exceptions, and console errors that are not about the network. */
export function complaints(page: Page): string[] {
	const found: string[] = [];
	page.on('pageerror', (error) => found.push(String(error)));
	page.on('console', (message) => {
		if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
			found.push(message.text());
	});
	return found;
}

/** The editor of n8n, logged in, on a workflow. */
export async function openN8nWorkflow(
	browser: Browser,
	n8n: N8n,
	workflowId: string,
	options?: PageOptions,
): Promise<Page> {
	const page = await browser.newPage(options);
	await page.context().addCookies([{ ...n8n.cookie, url: n8n.url }]);
	await page.goto(`${n8n.url}/workflow/${workflowId}`);
	await page.locator('[data-test-id="canvas-node"]').first().waitFor();
	return page;
}

/** Opens the panel of a node on the canvas; its fields are `[data-test-id="parameter-input-<name>"]`. */
export async function openN8nNode(page: Page, name: string): Promise<Locator> {
	await page.locator(`[data-test-id="canvas-node"][data-node-name=${JSON.stringify(name)}]`).dblclick();
	const panel = page.locator('[data-test-id="ndv"]');
	await panel.locator('[data-test-id="node-parameters"]').waitFor();
	return panel;
}

export async function closeN8nNode(page: Page): Promise<void> {
	await page.locator('[data-test-id="ndv-close-button"]').click();
	await page.locator('[data-test-id="ndv"]').waitFor({ state: 'hidden' });
}

/** A field of an edit dialog, as a person sees it. */
export type DialogField = {
	/** Of the element itself: of a TypedInput the value without its type. */
	value: string | boolean | string[];
	/** Of a TypedInput: msg, flow, str, or one of the node's own. */
	typedInput?: string;
	kind: string;
	label: string;
	visible: boolean;
	invalid: boolean;
	options?: { value: string; text: string }[];
};

/** The editor of Node-RED on one page. What runs in the page is text: the compiler's helpers do not exist there. */
export class NodeRedEditor {
	constructor(readonly page: Page) {}

	/** Opens the edit dialog of a node, a config node's too, and waits until it has slid in. */
	async edit(id: string): Promise<void> {
		await this.page.evaluate(`(() => {
			const node = RED.nodes.node(${JSON.stringify(id)});
			if (!node) throw new Error('there is no node ' + ${JSON.stringify(id)});
			if (node._def.category === 'config') RED.editor.editConfig('', node.type, node.id);
			else RED.editor.edit(node);
		})()`);
		await this.opened();
	}

	/** Opens the edit dialog of a new config node, as the pencil beside its field does. */
	async addConfig(property: string): Promise<void> {
		const add = this.page.locator(`#node-input-btn-${property}-add`);
		await ((await add.count()) > 0 ? add : this.page.locator(`#node-input-edit-${property}`)).click();
		await this.opened();
	}

	/** The fields of the topmost dialog by property name; hidden ones too. */
	async fields(): Promise<Record<string, DialogField>> {
		return (await this.page.evaluate(`(() => {
			const form = [...document.querySelectorAll('.red-ui-tray')].at(-1);
			const shown = (element) => Boolean(element) && element.getClientRects().length > 0;
			const fields = {};
			for (const element of form.querySelectorAll('[id^="node-input-"], [id^="node-config-input-"]')) {
				if (!/^(INPUT|SELECT|TEXTAREA)$/.test(element.tagName)) continue;
				const name = element.id.replace(/^node-(config-)?input-/, '');
				const label = form.querySelector('label[for="' + element.id + '"]') || element.closest('.form-row')?.querySelector('label');
				const typed = $(element).data('nodered-typedInput');
				const replaced = typed ? $(element).next('.red-ui-typedInput-container')[0] : null;
				fields[name] = {
					value: element.type === 'checkbox' ? element.checked
						: element.multiple ? [...element.selectedOptions].map((option) => option.value)
						: element.value,
					...(typed ? { typedInput: $(element).typedInput('type') } : {}),
					kind: element.tagName === 'INPUT' ? element.type : element.tagName.toLowerCase(),
					label: label ? label.textContent.trim() : '',
					visible: shown(replaced || element),
					invalid: element.classList.contains('input-error') || Boolean(replaced?.classList.contains('input-error')),
					...(element.tagName === 'SELECT'
						? { options: [...element.options].map((option) => ({ value: option.value, text: option.textContent.trim() })) }
						: {}),
				};
			}
			return fields;
		})()`)) as Record<string, DialogField>;
	}

	/** The element of a property in the topmost dialog. */
	field(name: string): Locator {
		return this.dialog().locator(`[id="node-input-${name}"], [id="node-config-input-${name}"]`);
	}

	dialog(): Locator {
		return this.page.locator('.red-ui-tray').last();
	}

	/** Done (or Add, Update for config nodes), and waits until the dialog is gone. */
	async save(): Promise<void> {
		await this.leave('#node-dialog-ok:visible, #node-config-dialog-ok:visible');
	}

	async cancel(): Promise<void> {
		await this.leave('#node-dialog-cancel:visible, #node-config-dialog-cancel:visible');
	}

	private async leave(button: string): Promise<void> {
		const known = await this.dialog().getAttribute('data-known');
		await this.page.locator(button).last().click();
		// Closed is when this dialog has left the page, and the one below it, if any, stands again.
		await this.page.waitForFunction(`(() => {
			const top = [...document.querySelectorAll('.red-ui-tray')].at(-1);
			return !top || (top.dataset.known !== ${JSON.stringify(known)} && getComputedStyle(top).right === '0px');
		})()`);
	}

	/** Deploys what was changed, and waits until the editor has nothing left to deploy. */
	async deploy(): Promise<void> {
		await this.page.locator('#red-ui-header-button-deploy').click();
		await this.page.waitForFunction('!RED.nodes.dirty()');
	}

	/** A node's properties as the editor holds them. */
	async node(id: string): Promise<Record<string, unknown>> {
		return (await this.page.evaluate(`RED.nodes.convertNode(RED.nodes.node(${JSON.stringify(id)}))`)) as Record<
			string,
			unknown
		>;
	}

	/** Why the editor marks a node with a red triangle. */
	async validationErrors(id: string): Promise<string[]> {
		return (await this.page.evaluate(`(() => {
			const node = RED.nodes.node(${JSON.stringify(id)});
			RED.editor.validateNode(node);
			return (node.validationErrors || []).map(String);
		})()`)) as string[];
	}

	/** Node types in the palette. */
	async palette(): Promise<string[]> {
		return (await this.page.evaluate(
			`[...document.querySelectorAll('.red-ui-palette-node')].map((element) => element.getAttribute('data-palette-type'))`,
		)) as string[];
	}

	async isDark(): Promise<boolean> {
		return (await this.page.evaluate(`document.documentElement.classList.contains('nr-theme-dark')`)) as boolean;
	}

	/** Closes the page. */
	async close(): Promise<void> {
		await this.page.context().close();
	}

	/**
	 * Waits for a new dialog: slid in to the right edge of its place, its form built. The one below it leaves the page.
	 */
	private async opened(): Promise<void> {
		await this.page.waitForFunction(`(() => {
			const top = [...document.querySelectorAll('.red-ui-tray')].at(-1);
			if (!top || top.dataset.known || getComputedStyle(top).right !== '0px' || !top.querySelector('form')) return false;
			window.dialogsKnown = (window.dialogsKnown || 0) + 1;
			return (top.dataset.known = String(window.dialogsKnown));
		})()`);
	}
}

export type NodeRedEditorOptions = PageOptions & {
	/** The user's own choice in 5.0's settings dialog; 'auto' follows colorScheme. 4.1 has no dark theme. */
	theme?: 'light' | 'dark' | 'auto';
	/** A file of the page that is answered with this text. */
	replaced?: { pattern: string; body: string };
	/** Another user's token; without it, the one of `nodeRed`. */
	token?: string;
};

/** The editor of Node-RED with its flows loaded, logged in where it asks for it. */
export async function openNodeRedEditor(
	browser: Browser,
	nodeRed: NodeRed,
	options: NodeRedEditorOptions = {},
): Promise<NodeRedEditor> {
	const page = await browser.newPage(options);
	const { theme, replaced, token = nodeRed.token } = options;
	if (replaced)
		await page.route(replaced.pattern, (route) =>
			route.fulfill({ body: replaced.body, contentType: 'application/javascript' }),
		);
	const stored: [string, string][] = [
		...(theme ? ([['view-dark-theme', theme]] as [string, string][]) : []),
		...(token
			? ([['auth-tokens', JSON.stringify({ access_token: token, token_type: 'Bearer' })]] as [string, string][])
			: []),
	];
	await page.addInitScript(`for (const [key, value] of ${JSON.stringify(stored)}) localStorage.setItem(key, value);`);
	await page.goto(nodeRed.url);
	await page.waitForFunction(`(() => {
		const progress = document.querySelector('#red-ui-loading-progress');
		return typeof RED === 'object' && RED.workspaces?.count?.() > 0 && progress && getComputedStyle(progress).display === 'none';
	})()`);
	return new NodeRedEditor(page);
}
