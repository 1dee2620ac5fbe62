/** `npm run screenshots`: the README's pictures, taken from the real hosts at work on the simulated fleet. */
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openBrowser, openN8nNode, openN8nWorkflow, screenshot, type Browser } from '../test/hosts/browser';
import { startN8n } from '../test/hosts/n8n';
import { freePort } from '../test/hosts/process';
import { startDemo, type Demo } from './demo';

const ROOT = join(__dirname, '..');
const IMAGES = join(ROOT, 'docs', 'images');

/** The editor's canvas with the live map's flow, and the dialog of the node in it; then the map itself. */
async function nodeRed(browser: Browser, demo: Demo): Promise<void> {
	const page = await browser.newPage({ width: 1280, height: 760 });
	await page.goto(`${demo.editor}#flow/demo-map`);
	await page.waitForSelector('.red-ui-flow-node-label');
	await page.evaluate("RED.editor.edit(RED.nodes.node('demo-positions'))");
	await page.waitForSelector('#node-dialog-ok');
	// The dialog slides in.
	await page.waitForTimeout(1500);
	await screenshot(page, join(IMAGES, 'node-red.png'));
	await page.goto(demo.map);
	await page.waitForFunction("document.querySelectorAll('.leaflet-marker-icon').length >= 8");
	await page.waitForSelector('path.leaflet-interactive', { timeout: 40_000 });
	await screenshot(page, join(IMAGES, 'map.png'));
}

/** The node's panel after a run. */
async function n8n(browser: Browser, demo: Demo): Promise<void> {
	const artifacts = join(ROOT, 'artifacts');
	const tarball = readdirSync(artifacts).find((name) => name.startsWith('n8n-nodes-fleetwire-')) ?? '';
	const host = await startN8n({ packages: [join(artifacts, tarball)] });
	try {
		const vendor = demo.vendors.find(({ name }) => name === 'trackceo');
		const data = {
			baseUrl: vendor?.url,
			account: vendor?.account,
			secretType: 'password',
			secret: vendor?.password,
			allowCommands: false,
			allowPrivateAddresses: true,
			rateLimit: 240,
		};
		const { id, name } = await host.createCredential({ name: 'My fleet', type: 'trackCeoApi', data });
		const workflow = await host.createWorkflow({
			name: 'Where is my fleet?',
			nodes: [
				{ name: 'Start', type: 'n8n-nodes-base.manualTrigger' },
				{
					name: 'TrackCEO',
					type: 'n8n-nodes-fleetwire.trackCeo',
					parameters: {
						devices: { __rl: true, mode: 'list', value: '*', cachedResultName: 'All Devices' },
						returnAll: true,
					},
					credentials: { trackCeoApi: { id, name } },
				},
			],
		});
		const page = await openN8nWorkflow(browser, host, workflow.id, { width: 1440, height: 820 });
		const panel = await openN8nNode(page, 'TrackCEO');
		await panel
			.getByRole('button', { name: /execute step/i })
			.first()
			.click();
		await page.waitForSelector(
			'[data-test-id="ndv-run-data"] td, [data-test-id="output-panel"] td, .ndv-wrapper td',
			{ timeout: 30_000 },
		);
		await page.waitForTimeout(1500);
		await screenshot(page, join(IMAGES, 'n8n.png'));
	} finally {
		await host.stop();
	}
}

async function main(): Promise<void> {
	mkdirSync(IMAGES, { recursive: true });
	const demo = await startDemo({ port: await freePort(), vendorPortBase: 0, folder: 'demo-test' });
	try {
		const browser = await openBrowser();
		try {
			await nodeRed(browser, demo);
			await n8n(browser, demo);
		} finally {
			await browser.close();
		}
	} finally {
		await demo.stop();
	}
}

main().catch((error: unknown) => {
	console.error(error);
	process.exitCode = 1;
});
