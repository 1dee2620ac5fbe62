/** All packages for n8n side by side in one real n8n. */
import { readdirSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodeTypesOf } from '../../scripts/n8n-files';
import { N8N_PACKAGES } from '../../scripts/packages';
import { rewritten } from '../../scripts/rewrite-workflow';
import { startN8n, type Credential, type N8n, type NodeType, type WorkflowDefinition } from './n8n';
import { startVendors, VENDOR_NAMES, type TestVendors } from './vendor';

const ROOT = join(__dirname, '..', '..');
const ARTIFACTS = join(ROOT, 'artifacts');

let n8n: N8n;
let types: NodeType[];
let vendors: TestVendors;
const credentials = new Map<string, Credential>();

beforeAll(async () => {
	const packages = readdirSync(ARTIFACTS).filter((name) => name.startsWith('n8n-nodes-'));
	expect(packages).toHaveLength(N8N_PACKAGES.length);
	n8n = await startN8n({ packages: packages.map((name) => join(ARTIFACTS, name)) });
	vendors = await startVendors();
	types = await n8n.nodeTypes();
	for (const name of VENDOR_NAMES) {
		const { n8n: own, connection } = vendors.of(name);
		credentials.set(name, await n8n.createCredential({ name, type: own.credential, data: { ...connection } }));
	}
});
afterAll(async () => {
	await n8n?.stop();
	await vendors?.close();
});

/** With the credential of its vendor in each node that has one. */
function withCredentials(workflow: WorkflowDefinition): WorkflowDefinition {
	const nodes = workflow.nodes.map((node) => {
		const name = VENDOR_NAMES.find((each) => node.type.split('.')[1] === vendors.of(each).n8n.node);
		const credential = name === undefined ? undefined : credentials.get(name);
		return credential === undefined
			? node
			: { ...node, credentials: { [credential.type]: { id: credential.id, name: credential.name } } };
	});
	return { ...workflow, nodes };
}

describe.each(N8N_PACKAGES)('$name beside all others', ({ name, folder, vendors: some }) => {
	test('has its node types', () => {
		const wanted = some.flatMap((vendor) => nodeTypesOf(vendor)).map((type) => `${name}.${type}`);
		const found = types.map((type) => type.name).filter((type) => type.startsWith(`${name}.`));
		// n8n adds a tool for each node that can be one.
		expect(found.filter((type) => !type.endsWith('Tool')).sort()).toEqual(wanted.sort());
	});

	test('runs the example of its README, and says that n8n has these nodes twice', async () => {
		const [, example = ''] =
			/```json\n([\s\S]*?)\n```/.exec(readFileSync(join(ROOT, folder, 'README.md'), 'utf8')) ?? [];
		const workflow = withCredentials(JSON.parse(example) as WorkflowDefinition);
		const { status, data, runs } = await n8n.runWorkflow(workflow);
		const title = workflow.nodes[1]?.name ?? '';
		expect(status).toBe('success');
		expect(data[title]?.length).toBeGreaterThan(5);
		expect(runs[title]?.flatMap(({ hints = [] }) => hints).map(({ message }) => message)).toContainEqual(
			expect.stringContaining(`This n8n has the ${title} nodes twice: in ${name} and in `),
		);
	});

	test("shows what an operation returns before it is run, and for this package's type", async () => {
		for (const vendor of some) {
			const type = `${name}.${nodeTypesOf(vendor)[0] ?? ''}`;
			const answer = await fetch(`${n8n.url}/schemas/${type}/1.0.0/position/getCurrent.json`, {
				headers: { cookie: `${n8n.cookie.name}=${n8n.cookie.value}` },
			});
			expect(answer.status).toBe(200);
			expect(await answer.json()).toMatchObject({
				type: 'object',
				properties: { deviceId: { type: 'string' }, speed: { type: 'number' }, ignition: { type: 'boolean' } },
			});
		}
	});
});

test('n8n lists a credential type once for each package, all with the same form', async () => {
	const found = await n8n.credentialTypes();
	for (const vendor of VENDOR_NAMES) {
		const [one, other, ...more] = found.filter(({ name }) => name === vendors.of(vendor).n8n.credential);
		expect(one?.properties).toBeDefined();
		expect(one?.properties).toEqual(other?.properties);
		expect(more).toEqual([]);
	}
});

test('a workflow goes to another package through export and import, and its triggers keep their position', async () => {
	const trigger = types.find(({ name }) => name === 'n8n-nodes-fleetwire.trackCeoTrigger');
	const position = { 'node:Alarms': { kept: 'as it is' } };
	const workflow = await n8n.createWorkflow({
		name: 'Alarms',
		nodes: [{ name: 'Alarms', type: trigger?.name ?? '', parameters: { event: 'newAlarm' } }],
	});
	const file = join(n8n.userFolder, 'workflows.json');
	await n8n.cli(['export:workflow', `--id=${workflow.id}`, `--output=${file}`]);
	const { text, nodes } = rewritten(await readFile(file, 'utf8'), 'vendor');
	expect(nodes).toBe(1);
	// As if it had polled before.
	const exported = (JSON.parse(text) as object[]).map((each) => ({ ...each, staticData: position }));
	await writeFile(file, JSON.stringify(exported));
	await n8n.cli(['import:workflow', `--input=${file}`]);
	await n8n.cli(['export:workflow', `--id=${workflow.id}`, `--output=${file}`]);
	expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject([
		{ nodes: [{ name: 'Alarms', type: 'n8n-nodes-trackceo.trackCeoTrigger' }], staticData: position },
	]);
});
