import type { Node, NodeAPI } from 'node-red';
import { choice, flag, number, readFields } from '../../core/describe/field';

/** Messages that wait at most, if the node does not say so. */
const MOST_QUEUED = 10_000;
const MOST_KEPT = 100;
const SEND_WITHIN_S = 30;

/** Settings of a request node beside the parameters of its operation. Their names are in users' flows. */
export const requestSettings = {
	allowCommands: flag({
		title: 'Allow Commands',
		description: 'Whether this node may send commands. The account has to allow them, too.',
		initial: false,
	}),
	overload: choice({
		title: 'When busy',
		description: 'For messages that come too fast. One that is dropped goes to Catch nodes.',
		options: [
			{ value: 'queue', title: 'Messages wait for their turn' },
			{ value: 'dropOldest', title: 'Drop the oldest message that waits' },
			{ value: 'dropNewest', title: 'Drop the newest message' },
		],
		initial: 'queue',
	}),
	mostWaiting: number({
		title: 'Most waiting',
		description: `Empty: ${MOST_QUEUED.toLocaleString('en')}, or ${String(MOST_KEPT)} where messages are dropped.`,
		min: 1,
		max: 1_000_000,
		integer: true,
		optional: true,
	}),
	sendWithin: number({
		title: 'Send within',
		description: `Seconds. A command that has to wait longer is not sent, and goes to Catch nodes. Empty: ${String(SEND_WITHIN_S)}.`,
		min: 1,
		max: 86_400,
		optional: true,
	}),
};

/** Which operations have a setting. */
export const effectOf = (setting: string): 'command' | 'read' =>
	setting === 'allowCommands' || setting === 'sendWithin' ? 'command' : 'read';

const { allowCommands: _, ...limits } = requestSettings;

/**
 * Whether the flow itself has the node's *Allow Commands* on. Its settings may have been filled in from environment
 * variables, which do not count. What no flow has runs in an instance of a subflow: Node-RED then names the subflow's
 * node. A node of the flow could name any.
 */
export function permitsCommands(RED: NodeAPI, node: Node): boolean {
	const { id, _alias } = node as Node & { _alias?: string };
	let own: boolean | undefined;
	let subflows = false;
	RED.nodes.eachNode((stored) => {
		const permits = (stored as { allowCommands?: unknown }).allowCommands === true;
		if (stored.id === id) own = permits;
		else if (stored.id === _alias) subflows = permits;
	});
	return own ?? subflows;
}

export interface RequestSettings {
	overload: 'queue' | 'dropOldest' | 'dropNewest';
	mostWaiting: number;
	sendWithinMs: number;
}

/** Reads them as a flow stores them. @throws InvalidParams */
export function readSettings(stored: object): RequestSettings {
	const {
		overload,
		mostWaiting = overload === 'queue' ? MOST_QUEUED : MOST_KEPT,
		sendWithin = SEND_WITHIN_S,
	} = readFields(limits, stored as Record<string, unknown>, { now: Date.now(), timeZone: 'UTC' });
	return { overload, mostWaiting, sendWithinMs: sendWithin * 1000 };
}
