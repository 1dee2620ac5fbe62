import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { rewritten } from './rewrite-workflow';

const root = join(__dirname, '..');
const typesIn = (text: string) => {
	const exported = JSON.parse(text) as { nodes: { type: string }[] } | { nodes: { type: string }[] }[];
	return (Array.isArray(exported) ? exported : [exported]).flatMap(({ nodes }) => nodes.map(({ type }) => type));
};

/** Every node type that the packages list, as n8n's loader makes it of file name and package. */
const installed = new Set(
	globSync('packages/*/package.json', { cwd: root }).flatMap((path) => {
		const { name, n8n } = JSON.parse(readFileSync(join(root, path), 'utf8')) as {
			name: string;
			n8n: { nodes: string[] };
		};
		return n8n.nodes.map((file) => {
			const className = /(\w+)\.node\.js$/.exec(file)?.[1] ?? '';
			return `${name}.${className.charAt(0).toLowerCase()}${className.slice(1)}`;
		});
	}),
);

/** One with every operation and trigger of an earlier version. */
const fixture = readFileSync(join(root, 'test', 'fixtures', 'version-1', 'n8n-workflow.json'), 'utf8');

test.each([...globSync('docs/examples/*.json', { cwd: root }), 'test/fixtures/version-1/n8n-workflow.json'])(
	'%s goes to the packages of one vendor each and back, and nothing else in it changes',
	(path) => {
		const text = readFileSync(join(root, path), 'utf8');
		const there = rewritten(text, 'vendor');
		const ours = typesIn(text).filter((type) => type.startsWith('n8n-nodes-fleetwire.')).length;
		expect(ours).toBeGreaterThan(0);
		expect(there.nodes).toBe(ours);
		expect(typesIn(there.text).filter((type) => type.startsWith('n8n-nodes-fleetwire.'))).toEqual([]);
		for (const type of typesIn(there.text))
			if (!type.startsWith('n8n-nodes-base.')) expect([...installed]).toContain(type);
		const back = rewritten(there.text, 'all');
		expect(back.nodes).toBe(ours);
		expect(JSON.parse(back.text)).toEqual(JSON.parse(text));
	},
);

test("lists of workflows, tools of an agent and other packages' nodes", () => {
	const types = ['n8n-nodes-fleetwire.ctrackTool', 'n8n-nodes-base.set', 'n8n-nodes-fleetwire.unheardOf'];
	const list = JSON.stringify([{ nodes: types.map((type) => ({ type })) }, { nodes: [] }]);
	const { text, nodes } = rewritten(list, 'vendor');
	expect(nodes).toBe(1);
	expect(typesIn(text)).toEqual(['n8n-nodes-ctrack.ctrackTool', ...types.slice(1)]);
});

test('what has nothing of ours stays as it was written', () => {
	const text = '{"nodes": [{ "type": "n8n-nodes-base.set" }]}';
	expect(rewritten(text, 'vendor')).toEqual({ text, nodes: 0 });
	expect(() => rewritten('{"data": []}', 'all')).toThrow('no workflow that n8n exported');
});

test.each(['null', '5', '{"type":{"toString":"n8n-nodes-fleetwire.ctrack"}}'])('%s among the nodes stays', (odd) => {
	const text = `{"nodes":[${odd},{"type":"n8n-nodes-fleetwire.ctrack"}]}`;
	const changed = rewritten(text, 'vendor');
	expect(changed.nodes).toBe(1);
	expect((JSON.parse(changed.text) as { nodes: unknown[] }).nodes[0]).toEqual(JSON.parse(odd));
});

test('a workflow of too many levels says so', () => {
	const deep = '['.repeat(50_000) + ']'.repeat(50_000);
	const text = `{"nodes":[{"type":"n8n-nodes-fleetwire.ctrack","parameters":${deep}}]}`;
	expect(() => rewritten(text, 'vendor')).toThrow('This workflow has too many levels to be rewritten.');
});

test('the command rewrites the files that it names', () => {
	const folder = mkdtempSync(join(tmpdir(), 'fleetwire-rewrite-'));
	try {
		const file = join(folder, 'workflow.json');
		writeFileSync(file, fixture);
		const run = (...args: string[]) =>
			spawnSync(process.execPath, ['--import', 'tsx', join(__dirname, 'rewrite-workflow.ts'), ...args], {
				cwd: root,
				encoding: 'utf8',
			});
		expect(run('--to', 'vendor', file).stdout).toMatch(/workflow\.json: \d+ nodes changed/);
		expect(typesIn(readFileSync(file, 'utf8'))).toContain('n8n-nodes-ctrack.ctrackQueueTrigger');
		expect(run('--to', 'both', file)).toMatchObject({ status: 2 });
	} finally {
		rmSync(folder, { recursive: true });
	}
});
