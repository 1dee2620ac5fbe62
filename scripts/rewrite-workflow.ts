/**
 * Rewrites workflows that were exported from n8n from the package of all vendors to those of one vendor each, or back:
 * node types carry the name of their package. Credentials, settings and trigger positions stay as they are.
 *
 *     npm run rewrite -- --to vendor workflow.json ...
 *     npm run rewrite -- --to all workflow.json ...
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { nodeTypesOf } from './n8n-files';
import { N8N, N8N_PACKAGES } from './packages';

/** `vendor`: each vendor's own package. `all`: the one that has them all. */
export type Form = 'vendor' | 'all';

/** A node's type in the one form, by its type in the other. */
function typesFor(form: Form): Map<string, string> {
	const pairs = N8N_PACKAGES.filter((made) => made !== N8N).flatMap(({ name, vendors }) =>
		vendors.flatMap((vendor) => {
			const [action = '', ...triggers] = nodeTypesOf(vendor);
			// n8n makes a type of its own of a node that an agent has as a tool.
			return [action, `${action}Tool`, ...triggers].map((type): [all: string, own: string] => [
				`${N8N.name}.${type}`,
				`${name}.${type}`,
			]);
		}),
	);
	return new Map(form === 'vendor' ? pairs : pairs.map(([all, own]) => [own, all]));
}

/** An export (a workflow, or a list of them) in the other form, and how many nodes that changed. */
export function rewritten(text: string, form: Form): { text: string; nodes: number } {
	const types = typesFor(form);
	const exported = JSON.parse(text) as unknown;
	let nodes = 0;
	for (const workflow of Array.isArray(exported) ? exported : [exported]) {
		const list = (workflow as { nodes?: unknown } | null)?.nodes;
		if (!Array.isArray(list)) throw new Error('This is no workflow that n8n exported: it has no "nodes".');
		for (const node of list as ({ type?: string } | null)[]) {
			const type = types.get(node?.type ?? '');
			if (node === null || type === undefined) continue;
			node.type = type;
			nodes += 1;
		}
	}
	// A workflow of which nothing changed stays as it was written.
	return { text: nodes === 0 ? text : `${written(exported)}\n`, nodes };
}

function written(exported: unknown): string {
	try {
		return JSON.stringify(exported, null, 2);
	} catch (cause) {
		throw new Error('This workflow has too many levels to be rewritten.', { cause });
	}
}

function main(): void {
	const { values, positionals } = parseArgs({ options: { to: { type: 'string' } }, allowPositionals: true });
	if ((values.to !== 'vendor' && values.to !== 'all') || positionals.length === 0) {
		console.error('Usage: npm run rewrite -- --to vendor (or: --to all) workflow.json ...');
		process.exitCode = 2;
		return;
	}
	for (const file of positionals) {
		const { text, nodes } = rewritten(readFileSync(file, 'utf8'), values.to);
		writeFileSync(file, text);
		console.log(`${file}: ${String(nodes)} ${nodes === 1 ? 'node' : 'nodes'} changed`);
	}
}

if (require.main === module) main();
