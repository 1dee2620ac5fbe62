import type { Node, NodeAPI, NodeMessageInFlow } from 'node-red';
import type { FleetError } from '../../core/describe/errors';
import { flowError } from './flow-error';

interface Stopped {
	msg: NodeMessageInFlow;
	error: FleetError;
}

/** A deploy that takes longer has not started the node again. */
const KEPT_MS = 60_000;

/** What deploys have ended, by node, until the node runs again: Catch nodes are stopped at the same time as it is. */
const kept = new WeakMap<NodeAPI, Map<string, Stopped[]>>();

/** Keeps messages for the node's next instance. */
export function keepStopped(RED: NodeAPI, id: string, stopped: Stopped[]): void {
	if (stopped.length === 0) return;
	const byNode = kept.get(RED) ?? new Map<string, Stopped[]>();
	kept.set(RED, byNode.set(id, stopped));
	setTimeout(() => {
		if (byNode.get(id) === stopped) byNode.delete(id);
	}, KEPT_MS).unref();
}

/** Reports what a deploy has ended of the node's previous instance, as soon as the flows run. */
export function reportStopped(RED: NodeAPI, node: Node): void {
	const stopped = kept.get(RED)?.get(node.id);
	if (stopped === undefined) return;
	kept.get(RED)?.delete(node.id);
	RED.events.once('flows:started', () => {
		for (const { msg, error } of stopped) node.error(flowError(error), msg);
	});
}
