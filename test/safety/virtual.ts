/** The core on a clock of its own: what would take minutes or hours takes moments. */
import type { RunOptions } from '../../core/describe/operation';
import { Client } from '../../core/call/client';
import type { FleetError } from '../../core/describe/errors';
import { connectionOf } from '../support/recordings';
import { TestHost, type Respond } from '../support/test-host';
import { operationOf, providerOf } from './hosts';

let accounts = 0;

export interface Virtual {
	host: TestHost;
	/** Runs an operation; gives the error where it fails. */
	run(
		operation: string,
		params: Readonly<Record<string, unknown>>,
		options?: RunOptions,
	): Promise<{ records: object[]; error?: FleetError }>;
}

/** A client for an account of its own, or for one that is given a second time. */
export function virtual(
	vendor: string,
	respond: Respond,
	settings: object = {},
	account = `virtual-${String(accounts++)}`,
): Virtual {
	const provider = providerOf(vendor);
	const host = new TestHost(respond);
	const client = new Client(provider, { ...connectionOf(provider), account, rateLimit: 60_000, ...settings }, host);
	return {
		host,
		run: async (operation, params, options) => {
			try {
				return { records: await client.collect(operationOf(vendor, operation), params, options) };
			} catch (error) {
				return { records: [], error: error as FleetError };
			}
		},
	};
}
