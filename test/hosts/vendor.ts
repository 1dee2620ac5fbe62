/** Vendors for the hosts' tests: simulators whose clocks stand still, and what each operation must give on them. */
import { Client } from '../../core/call/client';
import { DEVICES, readFields } from '../../core/describe/field';
import type { Connection } from '../../core/describe/connection';
import type { Provider } from '../../core/describe/provider';
import type { AnyOperation } from '../../core/describe/operation';
import { createFleet } from '../../simulators/fleet';
import { FetchHost } from '../support/fetch-host';
import { brandsOf, kitOf, VENDOR_NAMES, type Kitted } from '../support/kits';
import { recordingOf } from '../support/recordings';
import type { Simulator } from '../support/testkit';

export { kitOf, VENDOR_NAMES };
export type { Simulator };

/**
 * Long enough ago for any host's clock: the periods below have ended, and Protrack's login time is learnt from code
 * 10014.
 */
export const NOW = Date.UTC(2026, 2, 18, 9, 41, 7);
/** The first vehicle of the simulated fleet. */
export const DEVICE = createFleet({ now: NOW })[0]?.imei ?? '';
/** The brands of the Protrack platform. */
export const BRANDS = brandsOf('protrack');

export const nameOf = ({ resource, name }: AnyOperation) => `${resource}.${name}`;

export const startStocked = async (kit: Kitted) =>
	(await kit.startStocked?.(NOW)) ?? (await kit.start({ clock: () => NOW }));

export interface TestVendor extends Kitted {
	simulator: Simulator;
	provider: Provider;
	connection: Connection & { account: string; secret: string };
	operation(name: string): AnyOperation;
	/** Parameters with which an operation runs on the simulator: part of its recorded pair. */
	paramsOf(operation: AnyOperation): Readonly<Record<string, unknown>>;
	/**
	 * What the core gives for it without any host. It asks a twin of the simulator: a second program on the same
	 * account would end the host's sessions.
	 */
	expected(
		operation: AnyOperation,
		output: 'simplified' | 'raw',
		more?: { params?: object; limit?: number },
	): Promise<object[]>;
	/** Logins so far that the vendor accepted. */
	logins(): number;
	close(): Promise<void>;
}

/** In a recorded pair: the number of the command that was sent last. */
const LAST_COMMAND = '(last)';

export async function startVendor(name: string): Promise<TestVendor> {
	const kit = kitOf(name);
	const { provider } = kit.vendor;
	const [simulator, twin] = [await startStocked(kit), await startStocked(kit)];
	const connection = {
		baseUrl: simulator.url,
		allowCommands: true,
		allowPrivateAddresses: true,
		rateLimit: 60_000,
		...kit.settings,
	} as TestVendor['connection'];
	// A host reads settings out of its forms, where JSON is a text; here the core does.
	const direct = readFields(
		provider.connection,
		{ ...connection, baseUrl: twin.url },
		{ now: NOW, timeZone: 'UTC' },
	) as unknown as TestVendor['connection'];
	// The client's clock goes on while the vendor's stands: a limiter has to see time pass.
	let passed = 0;
	const client = new Client(
		provider,
		direct,
		new FetchHost(provider, direct, { now: () => twin.now() + passed, pass: (ms) => (passed += ms) }),
	);
	const paramsFor = (operation: AnyOperation, { lastCommand }: Simulator) => {
		const { simulated = {} } = recordingOf(provider, nameOf(operation)) ?? {};
		return simulated.commandId === LAST_COMMAND ? { ...simulated, commandId: lastCommand?.() } : simulated;
	};
	return {
		...kit,
		simulator,
		provider,
		connection,
		operation: (wanted) => provider.operations.find((each) => nameOf(each) === wanted) as AnyOperation,
		paramsOf: (operation) => paramsFor(operation, simulator),
		expected: async (operation, output, { params = {}, limit } = {}) => {
			// Hosts read it for the names of devices, but not where requests have to keep apart.
			if (client.width > 1) await client.lookup(DEVICES);
			return await client.collect(operation, { ...paramsFor(operation, twin), ...params }, { output, limit });
		},
		logins: () =>
			simulator.requests.filter(
				({ path, code, status }) => kit.login.test(path) && status === 200 && [0, 200, null].includes(code),
			).length,
		close: async () => {
			await Promise.all([simulator.close(), twin.close()]);
		},
	};
}

export interface TestVendors {
	of(name: string): TestVendor;
	close(): Promise<void>;
}

export async function startVendors(): Promise<TestVendors> {
	const all = new Map<string, TestVendor>();
	for (const name of VENDOR_NAMES) all.set(name, await startVendor(name));
	return {
		of: (name) => {
			const vendor = all.get(name);
			if (vendor === undefined) throw new Error(`There is no vendor "${name}".`);
			return vendor;
		},
		close: async () => {
			await Promise.all([...all.values()].map((vendor) => vendor.close()));
		},
	};
}

/**
 * Records without what differs from run to run: times of sending, numbers that the vendor counts up, addresses with a
 * token.
 */
export function comparable(records: readonly object[]): object[] {
	return records.map((record) => {
		const copy = JSON.parse(JSON.stringify(record)) as Record<string, unknown>;
		for (const key of ['sentAt', 'answeredAt', 'commandId', 'servertime', 'key'])
			if (copy[key] !== null && key in copy) copy[key] = `(${key})`;
		if (typeof copy.url === 'string')
			copy.url = copy.url.replace(/^http:\/\/[\d.:]+/, '').replace(/key=[^&]+/, 'key=(token)');
		return copy;
	});
}
