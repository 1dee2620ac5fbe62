/** A client of a vendor without login that answers in plain JSON, each for an account of its own. */
import { Client } from '../../core/call/client';
import type { Connection } from '../../core/describe/connection';
import type { Host } from '../../core/describe/host';
import type { Provider } from '../../core/describe/provider';

let accounts = 0;

export function openClient(
	host: Host,
	{ burst = 100, positions }: { burst?: number; positions?: Provider['positions'] } = {},
): Client {
	const provider = {
		name: 'vendor',
		title: 'Vendor',
		connection: {},
		open: ({ body }: { body: string }) => JSON.parse(body) as unknown,
		limits: { burst, deadlineMs: 60_000 },
		...(positions === undefined ? {} : { positions }),
		lookups: {},
	} as unknown as Provider;
	const connection: Connection = {
		baseUrl: 'https://vendor.example',
		account: `open-${String(accounts++)}`,
		allowCommands: false,
		allowPrivateAddresses: false,
		rateLimit: 60_000,
	};
	return new Client(provider, connection, host);
}
