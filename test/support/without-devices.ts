import type { Client } from '../../core/call/client';
import { Lookups } from '../../core/call/lookups';

class Empty extends Lookups {
	override get() {
		return Promise.resolve([]);
	}
}

/** Spares a client the list in which the device of a command is looked up: for tests of the command's own request. */
export function withoutDevices(client: Client): Client {
	Object.assign(client.shared, { lookups: new Empty() });
	return client;
}
