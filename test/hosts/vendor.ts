/** A vendor for the hosts' tests: a simulator whose clock stands still, and what each operation must give on it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '../../core/client';
import type { Provider } from '../../core/provider';
import type { AnyOperation } from '../../core/operation';
import { etrack, trackceo } from '../../providers/protrack';
import type { ProtrackConnection } from '../../providers/protrack/connection';
import { createFleet } from '../../simulators/fleet';
import { PASSWORD, startProtrack, type ProtrackSimulator } from '../../simulators/protrack';
import { FetchHost } from '../support/fetch-host';

/** Long enough ago for any host's clock: the periods below have ended, and the login's time is learnt from code 10014. */
export const NOW = Date.UTC(2026, 2, 18, 9, 41, 7);
/** The first vehicle of the simulated fleet. */
export const DEVICE = createFleet({ now: NOW })[0]?.imei ?? '';
/** In a recorded pair: the number of the command that was sent last. */
const LAST_COMMAND = '(last)';

/** What a user fills in to run an operation on the simulator: part of its recorded pair. */
function simulatedParams(operation: AnyOperation): Record<string, unknown> {
	const file = join(__dirname, '..', '..', 'providers', 'protrack', 'recorded', `${nameOf(operation)}.json`);
	return (JSON.parse(readFileSync(file, 'utf8')) as { simulated: Record<string, unknown> }).simulated;
}

export interface TestVendor {
	simulator: ProtrackSimulator;
	provider: Provider;
	connection: ProtrackConnection;
	/** Parameters of an operation, complete. */
	paramsOf(operation: AnyOperation): Readonly<Record<string, unknown>>;
	/**
	 * What the core gives for it without any host. It asks a twin of the simulator: a second program on the same account
	 * would end the host's sessions.
	 */
	expected(operation: AnyOperation, output: 'simplified' | 'raw'): Promise<object[]>;
	close(): Promise<void>;
}

export async function startVendor(brand: 'trackceo' | 'etrack'): Promise<TestVendor> {
	const options = { brand, clock: () => NOW, answersAfterSeconds: 0 } as const;
	const [simulator, twin] = [await startProtrack(options), await startProtrack(options)];
	const protrack = brand === 'trackceo' ? trackceo : etrack;
	const connection: ProtrackConnection = { baseUrl: simulator.url, account: 'demo', secretType: 'password', secret: PASSWORD, allowCommands: true, allowPrivateAddresses: true, rateLimit: 60_000 };
	const direct = { ...connection, baseUrl: twin.url };
	// The client's clock goes on while the vendor's stands: a limiter has to see time pass.
	let passed = 0;
	const client = new Client(protrack, direct, new FetchHost(protrack, direct, { now: () => twin.now() + passed, pass: (ms) => (passed += ms) }));
	const paramsFor = (operation: AnyOperation, { commands }: ProtrackSimulator) => {
		const params = simulatedParams(operation);
		return params.commandId === LAST_COMMAND ? { ...params, commandId: commands.at(-1)?.id } : params;
	};
	return {
		simulator,
		provider: protrack as unknown as Provider,
		connection,
		paramsOf: (operation) => paramsFor(operation, simulator),
		expected: (operation, output) => client.collect(operation, paramsFor(operation, twin), { output }),
		close: async () => {
			await Promise.all([simulator.close(), twin.close()]);
		},
	};
}

export const nameOf = ({ resource, name }: AnyOperation) => `${resource}.${name}`;

/** Records without what differs from run to run: times of sending, and numbers that the vendor counts up. */
export function comparable(records: readonly object[]): object[] {
	return records.map((record) => {
		const copy = JSON.parse(JSON.stringify(record)) as Record<string, unknown>;
		for (const key of ['sentAt', 'answeredAt', 'commandId', 'servertime']) if (copy[key] !== null && key in copy) copy[key] = `(${key})`;
		return copy;
	});
}
