/** Every example and the demo as a newcomer meets them: imported, the accounts filled in, every button pressed. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { brandsOf } from '../support/kits';
import { demoFlows, examples, isAccount, vendorOf, type FlowNode } from '../../demo/flows';
import { startAll, type RunningVendor } from '../../demo/vendors';
import { openBrowser, openNodeRedEditor, type Browser, type Page } from './browser';
import { NODE_RED_VERSIONS } from './install';
import { probe, startNodeRed, type CaughtError, type NodeRed, type Received, type Status } from './node-red';
import { PATIENCE, until, within } from './process';

const ARTIFACTS = join(__dirname, '..', '..', 'artifacts');
const MINUTE = 60_000;
const DAY = 86_400_000;
/** How long a flow may take until each of its ends has had a message. */
const REACHED_MS = 120_000 * PATIENCE;
/** Where Node-RED's editor cannot scroll to. */
const EDGE = 20;
/** What an open sidebar and the palette leave of a screen of 1440 pixels. */
const WIDTH = 880;

const PROTRACK = brandsOf('protrack');
const isOurs = (node: FlowNode) => node.type.startsWith('fleetwire-') && !isAccount(node);
const isTrigger = (node: FlowNode) => node.type.endsWith('-trigger');
const isEnd = ({ type }: FlowNode) => type === 'debug' || type === 'worldmap';
const wiresOf = ({ wires }: FlowNode) => (wires ?? []) as string[][];
const enabled = (nodes: readonly FlowNode[]) => nodes.filter(({ d }) => d !== true);

/** As a user fills an account in: address and name; the vendor's quota is not what is tried here. */
const filled = (vendors: readonly RunningVendor[], node: FlowNode): FlowNode => {
	const vendor = vendorOf(vendors, node);
	return isAccount(node) && vendor
		? { ...node, baseUrl: vendor.url, account: vendor.account, allowPrivateAddresses: true, rateLimit: 60_000 }
		: node;
};

/** Ids of the nodes that a message can reach from a node, through outputs that `takes` names. */
function reached(
	nodes: readonly FlowNode[],
	from: FlowNode,
	takes: (node: FlowNode, output: number) => boolean = () => true,
): Set<string> {
	const byId = new Map(nodes.map((node) => [node.id, node]));
	const found = new Set<string>();
	const go = (node: FlowNode) => {
		for (const id of wiresOf(node)
			.filter((_, output) => takes(node, output))
			.flat()) {
			const next = byId.get(id);
			if (next === undefined || found.has(id)) continue;
			found.add(id);
			go(next);
		}
	};
	go(from);
	return found;
}

/**
 * Ends that a flow promises a message to: behind an input or a trigger, and not on the other roads of a Switch than its
 * first, nor where a trigger says that it is unwell.
 */
function promised(nodes: readonly FlowNode[]): FlowNode[] {
	const sources = nodes.filter((node) => node.type === 'inject' || isTrigger(node));
	const ids = new Set(
		sources.flatMap((node) => [
			...reached(nodes, node, (one, output) => output === 0 || !(one.type === 'switch' || isTrigger(one))),
		]),
	);
	return nodes.filter((node) => isEnd(node) && ids.has(node.id));
}

describe.each(NODE_RED_VERSIONS)('Node-RED %s', (version) => {
	let nodeRed: NodeRed;
	let vendors: RunningVendor[] = [];
	/** How far the vendors' clocks are ahead. In the evening, it is the next morning there. */
	const time = Date.now() % DAY;
	let ahead = time > DAY / 4 && time < (15 / 24) * DAY ? 0 : (DAY / 4 - time + DAY) % DAY;

	beforeAll(async () => {
		vendors = await startAll({
			portBase: 0,
			clock: () => Date.now() + ahead,
			fixIntervalSeconds: 60,
			limited: false,
			plain: true,
			// A clock that jumps within a login is no vendor's.
			anyTime: true,
		});
		const tarball = readdirSync(ARTIFACTS).find((name) => name.startsWith('fleetwire-node-red-fleet-'));
		nodeRed = await startNodeRed({ version, packages: [join(ARTIFACTS, tarball ?? '')] });
	});

	afterAll(async () => {
		await nodeRed?.stop();
		await Promise.all(vendors.map((vendor) => vendor.close()));
	});

	/**
	 * Deploys flows, with a probe beside each end, and a Catch and a Status node on each tab. Gives what was seen
	 * since.
	 */
	async function deploy(nodes: readonly FlowNode[]): Promise<Seen> {
		const ends = new Map(nodes.filter(isEnd).map(({ id, z }) => [id, probe(`end ${id}`, String(z))]));
		const flows = nodes
			.filter(({ type }) => type !== 'worldmap')
			.map((node) =>
				wiresOf(node).length === 0
					? node
					: {
							...node,
							wires: wiresOf(node).map((ids) =>
								ids.flatMap((id) => [id, ...(ends.has(id) ? [`end ${id}`] : [])]),
							),
						},
			);
		const watches = nodes
			.filter(({ type }) => type === 'tab')
			.flatMap(({ id }) => [
				{
					id: `catch ${id}`,
					type: 'catch',
					z: id,
					scope: null,
					uncaught: false,
					x: 100,
					y: 900,
					wires: [['caught']],
				},
				{ id: `status ${id}`, type: 'status', z: id, scope: null, x: 100, y: 940, wires: [['statuses']] },
			]);
		const tab = nodes.find(({ type }) => type === 'tab')?.id ?? '';
		const credentials = Object.fromEntries(
			nodes.filter(isAccount).map((node) => [node.id, { secret: vendorOf(vendors, node)?.password }]),
		);
		const since = await nodeRed.mark();
		await nodeRed.deploy([...flows, ...watches, ...ends.values(), probe('caught', tab), probe('statuses', tab)], {
			credentials,
		});
		return new Seen(nodeRed, nodes, since);
	}

	test('each example is imported whole, lies on the canvas, and has nothing on top of each other', async () => {
		const browser: Browser = await openBrowser();
		try {
			await nodeRed.deploy([{ id: 'first', type: 'tab', label: 'First' }]);
			const { page } = await openNodeRedEditor(browser, nodeRed, { width: 1440 });
			for (const { name, nodes } of examples()) {
				await importInto(page, nodes);
				const tab = nodes.find(({ type }) => type === 'tab');
				const drawn = await until('the imported tab', async () => {
					const boxes = JSON.parse(
						(await page.evaluate(`(() => {
						const tab = RED.nodes.getWorkspaceOrder().map((id) => RED.nodes.workspace(id)).find(({ label }) => label === ${JSON.stringify(tab?.label)});
						RED.workspaces.show(tab.id);
						RED.view.redraw(true, true);
						return JSON.stringify(RED.nodes.filterNodes({ z: tab.id }).map(({ type, name, x, y, w, h }) => ({ type, name, left: x - w / 2, right: x + w / 2, top: y - h / 2, bottom: y + h / 2, w })));
					})()`)) as string,
					) as {
						type: string;
						name: string;
						left: number;
						right: number;
						top: number;
						bottom: number;
						w: number | null;
					}[];
					return boxes.every(({ w }) => w !== null) && boxes;
				});
				expect(
					drawn.filter(({ type }) => type === 'unknown'),
					name,
				).toEqual([]);
				expect(drawn).toHaveLength(nodes.filter(({ z }) => z === tab?.id).length);
				expect(
					drawn
						.filter(({ left, right, top }) => left < EDGE || top < EDGE || right > WIDTH)
						.map((node) => `${node.name}: ${String(node.left)} to ${String(node.right)}`),
					name,
				).toEqual([]);
				const overlaps = drawn.flatMap((one, place) =>
					drawn
						.slice(place + 1)
						.filter(
							(other) =>
								one.left < other.right &&
								other.left < one.right &&
								one.top < other.bottom &&
								other.top < one.bottom,
						)
						.map((other) => `${one.name} and ${other.name}`),
				);
				expect(overlaps, name).toEqual([]);
			}
			// However many examples of a vendor there are, its account is one.
			const { accounts, used } = JSON.parse(
				(await page.evaluate(`(() => {
				const accounts = [], used = [];
				RED.nodes.eachConfig(({ id, type }) => { if (type.endsWith('-account')) accounts.push([type, id]); });
				RED.nodes.eachNode(({ account }) => { if (account) used.push(account); });
				return JSON.stringify({ accounts, used: [...new Set(used)] });
			})()`)) as string,
			) as { accounts: [string, string][]; used: string[] };
			expect(accounts.map(([type]) => type).sort()).toEqual(
				vendors.map(({ name }) => `fleetwire-${name}-account`).sort(),
			);
			expect(used.sort()).toEqual(accounts.map(([, id]) => id).sort());
		} finally {
			await browser.close();
		}
	});

	test('with the accounts filled in, every button and every trigger works; a command waits for leave', async () => {
		const nodes = distinct(examples().flatMap((example) => example.nodes)).map((node) => filled(vendors, node));
		const seen = await deploy(nodes);
		const commands = nodes.filter(
			({ type, resource }) => resource === 'command' && PROTRACK.some((name) => type === `fleetwire-${name}`),
		);
		const behind = new Set(commands.flatMap((node) => [...reached(nodes, node)]));
		await seen.pressAll();
		await seen.reachAll(
			promised(enabled(nodes)).filter(({ id }) => !behind.has(id)),
			() => (ahead += 10 * MINUTE),
		);
		const { caught, red } = await seen.everyoneWorked(commands);
		expect(caught.map(({ source, message }) => [source.id, message])).toEqual(
			commands.map(({ id }) => [id, expect.stringContaining('Allow Commands')]),
		);
		expect(new Set(red.map(({ source }) => source?.id))).toEqual(new Set(commands.map(({ id }) => id)));
	});

	test('in the demo, every button and every trigger works, commands too', async () => {
		const nodes = demoFlows(vendors);
		const accounts = nodes.filter(isAccount);
		expect(accounts.map(({ type }) => type).sort()).toEqual(
			vendors.map(({ name }) => `fleetwire-${name}-account`).sort(),
		);
		expect(new Set(accounts.map(({ name }) => name)).size).toBe(accounts.length);
		expect(enabled(nodes)).toEqual(nodes);
		// TrackGPS.ro's turns of 30 s would be most of what this test does.
		const seen = await deploy(nodes.map((node) => (isAccount(node) ? { ...node, rateLimit: 60_000 } : node)));
		await seen.pressAll();
		await seen.reachAll(promised(nodes), () => (ahead += 10 * MINUTE));
		const { caught, red } = await seen.everyoneWorked();
		expect(caught).toEqual([]);
		expect(red).toEqual([]);
	});
});

/** Through the import dialog; where some nodes exist already, by the button that the examples' words name. */
async function importInto(page: Page, nodes: readonly FlowNode[]): Promise<void> {
	const tabs = "document.querySelectorAll('#red-ui-workspace-tabs > li').length";
	const before = Number(await page.evaluate(tabs));
	await page.evaluate("RED.actions.invoke('core:show-import-dialog')");
	await page.locator('#red-ui-clipboard-dialog-import-text').fill(JSON.stringify(nodes));
	// The dialog looks at the text when a key goes up.
	await page.locator('#red-ui-clipboard-dialog-import-text').press('End');
	await page.locator('#red-ui-clipboard-dialog-ok').click();
	const copy = page.locator('.red-ui-notification button', { hasText: 'Import copy' });
	await until('the import', async () => {
		if (await copy.isVisible()) await copy.click();
		return Number(await page.evaluate(tabs)) > before;
	});
}

/** Accounts are in several examples. */
function distinct(nodes: readonly FlowNode[]): FlowNode[] {
	return [...new Map(nodes.map((node) => [node.id, node])).values()];
}

/** What came of a deployed set of flows so far. */
class Seen {
	private readonly records: Received[] = [];

	constructor(
		private readonly nodeRed: NodeRed,
		private readonly nodes: readonly FlowNode[],
		private since: number,
	) {}

	private async read(): Promise<void> {
		const fresh = await this.nodeRed.received({ after: this.since });
		this.since = fresh.at(-1)?.seq ?? this.since;
		this.records.push(...fresh);
	}

	private of(name: string) {
		return this.records.filter(({ probe: id }) => id === name).map(({ msg }) => msg);
	}

	private statuses(): Status[] {
		return this.of('statuses').map(({ status }) => status as Status);
	}

	/** In the order in which they lie in the file, as somebody goes through it from above. */
	async pressAll(): Promise<void> {
		for (const { id } of this.nodes.filter(({ type }) => type === 'inject')) await this.nodeRed.inject(id);
	}

	/** Waits for a message at each of these ends; as long as some have none, lets time pass and has triggers look. */
	async reachAll(ends: readonly FlowNode[], pass: () => void): Promise<void> {
		expect(ends.length).toBeGreaterThan(0);
		const missing = () => ends.filter(({ id }) => this.of(`end ${id}`).length === 0);
		const triggersOf = (end: FlowNode) =>
			this.nodes.filter((node) => isTrigger(node) && reached(this.nodes, node).has(end.id));
		const deadline = Date.now() + REACHED_MS;
		while (Date.now() < deadline) {
			const settled = await within(1_000, async () => {
				await this.read();
				return missing().length === 0;
			});
			if (settled) return;
			const triggers = missing().flatMap(triggersOf);
			if (triggers.length > 0) pass();
			for (const { id } of new Set(triggers)) await this.nodeRed.send(id, { payload: 'poll' });
		}
		expect(
			missing().map(({ name, z }) => `${String(this.nodes.find(({ id }) => id === z)?.label)}: ${String(name)}`),
			JSON.stringify(this.failures()),
		).toEqual([]);
	}

	private failures() {
		return {
			caught: this.of('caught').map(({ error }) => error as CaughtError),
			red: this.statuses().filter(({ fill }) => fill === 'red'),
		};
	}

	/**
	 * What failed meanwhile; every node of ours but these has shown a green line, or a message of its own at an end.
	 */
	async everyoneWorked(but: readonly FlowNode[] = []): Promise<{ caught: CaughtError[]; red: Status[] }> {
		const wanted = enabled(this.nodes).filter((node) => isOurs(node) && !but.includes(node));
		await until(
			'a green line at every node',
			async () => {
				await this.read();
				const green = new Set(
					this.statuses()
						.filter(({ fill }) => fill === 'green')
						.map(({ source }) => source?.id),
				);
				const not = wanted.filter(
					(node) =>
						!green.has(node.id) &&
						![...reached(this.nodes, node)].some((id) => this.of(`end ${id}`).length > 0),
				);
				if (not.length > 0)
					throw new Error(
						`${not.map(({ type, name }) => `${type} "${String(name)}"`).join(', ')}; ${JSON.stringify(this.failures())}`,
					);
				return true;
			},
			{ timeoutMs: 60_000, everyMs: 200 },
		);
		return this.failures();
	}
}
