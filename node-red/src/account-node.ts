import type { ConnectionOptions } from 'node:tls';
import type { Node, NodeAPI, NodeDef } from 'node-red';
import { checkBaseUrl } from '../../core/describe/base-url';
import type { Client } from '../../core/call/client';
import { asFleetError, type FleetError } from '../../core/describe/errors';
import type { Connection } from '../../core/describe/connection';
import type { Provider } from '../../core/describe/provider';
import { Account, connectionOf, type AccountSettings, type Trial } from './account';
import { asStored, runningAs } from './instances';
import { locksOf, within } from './locks';
import { proxyFor, type ProxyNode } from './proxy';
import { accountType } from './types';
import { withoutVariables } from './variables';
import type { WireOptions } from './wire';

/** A node that works with an account and shows how it fares. */
export interface AccountUser {
	/** The account turned out to be unusable; undefined once it works again. */
	accountFailed(error?: FleetError): void;
}

export interface AccountNode extends Node<Record<string, string>> {
	/** What it was deployed with, environment variables filled in. */
	deployed: AccountSettings;
	/** @throws InvalidParams if the account's settings are incomplete or wrong */
	client(...node: Parameters<Account['client']>): Client;
	register(user: AccountUser): void;
	deregister(user: AccountUser): void;
}

/** The account that a node names, if it is there and of this vendor. */
export function accountNodeOf(RED: NodeAPI, provider: Provider, id = ''): AccountNode | undefined {
	const node = RED.nodes.getNode(id) as AccountNode | null | undefined;
	return node?.type === accountType(provider) ? node : undefined;
}

/** The account that the editor names; within a subflow, that of its first instance. */
export const accountInEditor = (RED: NodeAPI, provider: Provider, id: string): AccountNode | undefined =>
	runningAs(RED, id).find((node): node is AccountNode => node.type === accountType(provider));

/** What of an account's settings is about the way to the vendor: Node-RED's own TLS and proxy nodes. */
export function wireOptionsOf(
	RED: NodeAPI,
	{ tls, proxy }: AccountSettings,
	baseUrl: string,
): Pick<WireOptions, 'tls' | 'proxy' | 'longestMs'> {
	const named = (id: unknown): id is string => typeof id === 'string' && id !== '';
	const nodeOf = (id: unknown) => (named(id) ? (RED.nodes.getNode(id) as unknown) : undefined);
	const tlsNode = nodeOf(tls) as { addTLSOptions(options: ConnectionOptions): ConnectionOptions } | undefined;
	const proxyNode = named(proxy) ? ((nodeOf(proxy) ?? {}) as ProxyNode) : undefined;
	const way = proxyFor(RED, proxyNode, baseUrl);
	const longest = Number(RED.settings.httpRequestTimeout);
	return {
		...(tlsNode ? { tls: tlsNode.addTLSOptions({}) } : {}),
		...(way === undefined ? {} : { proxy: way }),
		...(longest > 0 ? { longestMs: longest } : {}),
	};
}

/** Makes an account of settings, wherever they come from, within what settings.js allows. @throws InvalidParams */
export function accountOf(
	RED: NodeAPI,
	provider: Provider,
	settings: AccountSettings,
	{ onLogin, trial }: { onLogin?: (rejected?: FleetError) => void; trial?: (connection: Connection) => Trial } = {},
): Account {
	const locks = locksOf(RED);
	const connection = within(locks, connectionOf(provider, settings));
	checkBaseUrl(connection.baseUrl, connection.allowPrivateAddresses);
	const options = { ...wireOptionsOf(RED, settings, connection.baseUrl), forbidden: locks.privateAddresses };
	return new Account(provider, connection, options, onLogin, trial?.(connection));
}

/** Makes the config node that holds an account of this vendor. */
export function makeAccount(
	RED: NodeAPI,
	provider: Provider,
	node: AccountNode,
	config: NodeDef,
	newer?: FleetError,
): void {
	const users = new Set<AccountUser>();
	let account: Account | undefined;
	node.deployed = { ...config, ...node.credentials };
	let problem: FleetError | undefined;
	const notify = (error?: FleetError) => {
		if (error === problem) return;
		problem = error;
		for (const user of users) user.accountFailed(error);
	};
	try {
		if (newer !== undefined) throw newer;
		account = accountOf(RED, provider, node.deployed, { onLogin: notify });
	} catch (error) {
		problem = withoutVariables(asFleetError(error), asStored(RED, node), node.deployed);
	}
	node.client = (...user) => {
		if (account === undefined) throw problem ?? new Error('The account is closed.');
		return account.client(...user);
	};
	node.register = (user) => {
		users.add(user);
		if (problem !== undefined) user.accountFailed(problem);
	};
	node.deregister = (user) => {
		users.delete(user);
	};
	node.on('close', (done: () => void) => {
		users.clear();
		// Not waited for: another node's login may still use the connection, and each request has its own limit.
		account?.close().catch(() => undefined);
		done();
	});
}
