import type { Node, NodeAPI } from 'node-red';

/** Nodes that run in the place of one within a subflow. Each has an id of its own; the editor knows that of the one. */
const instances = new WeakMap<NodeAPI, Map<string, Set<Node>>>();

/** The id under which the editor knows a node. */
export const editorId = (node: Node) => (node as { _alias?: string })._alias ?? node.id;

/** A node as the flow stores it, before environment variables were filled in. */
export function asStored(RED: NodeAPI, node: Node): object {
	const id = editorId(node);
	let found: object = {};
	RED.nodes.eachNode((stored) => {
		if (stored.id === id) found = stored;
	});
	return found;
}

/** Keeps an instance in mind as long as it runs. */
export function noteInstance(RED: NodeAPI, node: Node): void {
	const id = editorId(node);
	if (id === node.id) return;
	const all = instances.get(RED) ?? new Map<string, Set<Node>>();
	instances.set(RED, all);
	const running = all.get(id) ?? new Set();
	all.set(id, running.add(node));
	node.on('close', () => {
		running.delete(node);
		if (running.size === 0 && all.get(id) === running) all.delete(id);
	});
}

/** What runs of the node that the editor names: itself, or its instances where it is within a subflow. */
export function runningAs(RED: NodeAPI, id: string): Node[] {
	const node = RED.nodes.getNode(id) as Node | null | undefined;
	return node ? [node] : [...(instances.get(RED)?.get(id) ?? [])];
}
