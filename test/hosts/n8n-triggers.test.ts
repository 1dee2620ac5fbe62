/** Trigger nodes in the real n8n: every event of every vendor, and the panels in the editor. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCtrack } from '../../simulators/ctrack';
import { startProtrack } from '../../simulators/protrack';
import { closeN8nNode, openBrowser, openN8nNode, openN8nWorkflow } from './browser';
import { everySeconds, startN8n, type N8n, type Workflow } from './n8n';
import { kitOf, VENDOR_NAMES } from './vendor';

const ARTIFACTS = join(__dirname, '..', '..', 'artifacts');
const tarball = join(ARTIFACTS, readdirSync(ARTIFACTS).find((name) => name.startsWith('n8n-nodes-fleetwire-')) ?? '');

/** Events that are changes of what was seen before. */
const COMPARED = new Set(['statusChanged', 'ignitionChanged']);

describe('every vendor', () => {
	let n8n: N8n;

	beforeAll(async () => {
		n8n = await startN8n({ packages: [tarball], editor: false });
	});
	afterAll(async () => {
		await n8n?.stop();
	});

	test.each(VENDOR_NAMES)('%s: each event can be published, polled and tried', async (name) => {
		const { n8n: types, settings, start, vendor } = kitOf(name);
		const simulator = await start();
		const workflows: Workflow[] = [];
		try {
			const { id } = await n8n.createCredential({
				name,
				type: types.credential,
				data: {
					...settings,
					baseUrl: simulator.url,
					rateLimit: 60_000,
					allowCommands: false,
					allowPrivateAddresses: true,
				},
			});
			const events = vendor.provider.triggers
				.filter(({ queue }) => queue !== true)
				.map((trigger) => trigger.name);
			for (const event of events) {
				const workflow = await n8n.createWorkflow({
					name: event,
					nodes: [
						{
							name: 'Fleet',
							type: `n8n-nodes-fleetwire.${types.node}Trigger`,
							parameters: {
								pollTimes: everySeconds(10),
								event,
								devices: { __rl: true, mode: 'list', value: '*' },
								firstRun: 'latest',
								options: {},
							},
							credentials: { [types.credential]: { id, name } },
						},
						{ name: 'End', type: 'n8n-nodes-base.noOp' },
					],
				});
				workflows.push(workflow);
				await n8n.activate(workflow);
			}
			for (const workflow of workflows) {
				const { status, error, data } = await n8n.runWorkflow(workflow, { from: 'Fleet' });
				expect([workflow.name, status, error?.message]).toEqual([workflow.name, 'success', undefined]);
				expect(data.Fleet![0], workflow.name).toMatchObject({
					event: workflow.name,
					id: expect.any(String),
					deviceId: expect.any(String),
					late: expect.any(Boolean),
				});
				const given = n8n.deliveries(workflow.id);
				expect(
					given.filter((delivery) => delivery.status === 'error'),
					workflow.name,
				).toEqual([]);
				// There is nothing to compare the first look with.
				if (!COMPARED.has(workflow.name))
					expect(given.flatMap(({ items }) => items).length, workflow.name).toBeGreaterThan(0);
			}
		} finally {
			for (const workflow of workflows) await n8n.deactivate(workflow).catch(() => undefined);
			await simulator.close();
		}
	});
});

test('the panels of trigger nodes in the editor', async () => {
	const n8n = await startN8n({ packages: [tarball] });
	const trackceo = await startProtrack({ brand: 'trackceo' });
	const ctrack = await startCtrack();
	const browser = await openBrowser();
	try {
		const common = { rateLimit: 60_000, allowCommands: false, allowPrivateAddresses: true };
		const alarms = await n8n.createCredential({
			name: 'Mine',
			type: 'trackCeoApi',
			data: { ...kitOf('trackceo').settings, ...common, baseUrl: trackceo.url },
		});
		const queue = await n8n.createCredential({
			name: 'Mine',
			type: 'ctrackApi',
			data: { ...kitOf('ctrack').settings, ...common, baseUrl: ctrack.url },
		});
		const workflow = await n8n.createWorkflow({
			nodes: [
				{
					name: 'Alarm',
					type: 'n8n-nodes-fleetwire.trackCeoTrigger',
					parameters: {},
					credentials: { trackCeoApi: { id: alarms.id, name: alarms.name } },
				},
				{
					name: 'Queue',
					type: 'n8n-nodes-fleetwire.ctrackQueueTrigger',
					parameters: { acknowledge: 'laterMessageNode' },
					credentials: { ctrackApi: { id: queue.id, name: queue.name } },
					position: [0, 300],
				},
			],
			connections: {},
		});
		const page = await openN8nWorkflow(browser, n8n, workflow.id, { width: 1400, height: 1000 });
		let panel = await openN8nNode(page, 'Alarm');
		for (const words of ['Poll Times', 'Event', 'Devices', 'First Run', 'Options'])
			expect(await panel.innerText()).toContain(words);
		await panel
			.locator('[data-test-id="rlc-input"], [data-test-id="resource-locator-devices"] input')
			.last()
			.click();
		await page.getByText('All Devices').first().click();
		await panel
			.getByRole('button', { name: /fetch test event/i })
			.first()
			.click();
		await panel.getByText('newAlarm').first().waitFor();
		await closeN8nNode(page);
		panel = await openN8nNode(page, 'Queue');
		for (const words of ['Queue', 'Acknowledge', 'Put a Ctrack node', 'Options'])
			expect(await panel.innerText()).toContain(words);
	} finally {
		await browser.close();
		await n8n.stop();
		await Promise.all([trackceo.close(), ctrack.close()]);
	}
});
