import { Client } from '../core/client';
import type { Connection, Provider } from '../core/provider';
import { connectionOf } from './credential';
import { N8nHost, type Context } from './host';

/** The account that a node's credential stands for. @throws FleetError */
export async function openAccount<C extends Connection>(context: Context, provider: Provider<C>, credentialType: string, onWarning: (message: string) => void): Promise<Client<C>> {
	const credentials = await context.getCredentials(credentialType);
	const connection = connectionOf(provider, credentials);
	return new Client(provider, connection, new N8nHost(context, provider, connection, credentialType, credentials, onWarning));
}
