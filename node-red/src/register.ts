import type { NodeAPI } from 'node-red';
import type { Connection, Provider } from '../../core/provider';
import { registerAccount } from './account-node';
import { addRoutes } from './admin';
import { registerRequest } from './request-node';
import { registerTrigger } from './trigger-node';

/** Everything that Node-RED gets of one vendor. */
export function register<C extends Connection>(RED: NodeAPI, vendor: Provider<C>): void {
	const provider = vendor as unknown as Provider;
	registerAccount(RED, provider);
	registerRequest(RED, provider);
	registerTrigger(RED, provider);
	addRoutes(RED, provider);
}
