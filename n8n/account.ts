import type { WorkflowExecuteMode } from 'n8n-workflow';
import { Client } from '../core/call/client';
import type { Provider } from '../core/describe/provider';
import { connectionOf } from './credential';
import { N8nHost, type Context } from './host';
import { secondPackage } from './second-package';

/** In the editor: a run that a person started, or a picker. */
const BY_HAND: readonly (WorkflowExecuteMode | undefined)[] = ['manual', 'internal'];

/** Warnings that a log has already: a trigger would write them with each poll. */
const logged = new Set<string>();

/** The account that a node's credential stands for. @throws FleetError */
export async function openAccount(
	context: Context,
	provider: Provider,
	credentialType: string,
	onWarning: (message: string) => void,
): Promise<Client> {
	const credentials = await context.getCredentials(credentialType);
	const connection = connectionOf(provider, credentials);
	const client = new Client(
		provider,
		connection,
		new N8nHost(context, provider, connection, credentialType, credentials, onWarning),
	);
	const byHand = BY_HAND.includes(context.getMode?.());
	if (byHand) client.tryNow();
	const warning = secondPackage(context, provider);
	if (warning !== undefined && (byHand || !logged.has(warning))) {
		if (!byHand) logged.add(warning);
		onWarning(warning);
	}
	return client;
}
