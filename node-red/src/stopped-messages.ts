import type { Node, NodeAPI, NodeMessageInFlow } from 'node-red';
import { FleetError, type ErrorPolicy } from '../../core/describe/errors';
import { flowError } from './flow-error';

/** The node was stopped before a message had its answer. */
export class Stopped extends FleetError {
	readonly code = 'Stopped';
	protected defaults(): Partial<ErrorPolicy> {
		return { scope: 'call' };
	}
}

interface Ended {
	msg: NodeMessageInFlow;
	error: FleetError;
}

/** A deploy that takes longer has not started the node again. */
const KEPT_MS = 60_000;

/** What deploys have ended, by node, until the node runs again: Catch nodes are stopped at the same time as it is. */
const kept = new WeakMap<NodeAPI, Map<string, Ended[]>>();

/** Keeps messages for the node's next instance. */
export function keepStopped(RED: NodeAPI, id: string, stopped: Ended[]): void {
	if (stopped.length === 0) return;
	const byNode = kept.get(RED) ?? new Map<string, Ended[]>();
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
