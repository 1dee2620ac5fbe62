/** Vendors for the hosts' tests: simulators whose clocks stand still, and what each operation must give on them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '../../core/client';
import type { Connection, Provider, ProviderName } from '../../core/provider';
import type { AnyOperation } from '../../core/operation';
import { providers } from '../../providers';
import type { FaultRule } from '../../simulators/faults';
import { createFleet } from '../../simulators/fleet';
import { PASSWORD, startProtrack } from '../../simulators/protrack';
import type { LoggedRequest } from '../../simulators/server';
import { FetchHost } from '../support/fetch-host';

/** Long enough ago for any host's clock: the periods below have ended, and Protrack's login time is learnt from code 10014. */
export const NOW = Date.UTC(2026, 2, 18, 9, 41, 7);
/** The first vehicle of the simulated fleet. */
export const DEVICE = createFleet({ now: NOW })[0]?.imei ?? '';

/** What all simulators have in common. */
export interface Simulator {
	url: string;
	requests: LoggedRequest[];
	now(): number;
	fail(rule: FaultRule): void;
	clearFaults(): void;
	killToken(account: string): void;
	close(): Promise<void>;
	/** Number of the command that was sent last, where there are commands. */
	lastCommand?(): string | undefined;
}

interface Kind {
	/** Where the recorded pairs are, below providers/. */
	folder: string;
	start(): Promise<Simulator>;
	/** Settings of an account besides those that all have. */
	settings: Readonly<Record<string, unknown>>;
	/** Path of the login. */
	login: RegExp;
	/** What the login says to a wrong password. */
	refusal: RegExp;
	/** A device as pickers list it. */
	device: string;
	n8n: { node: string; credential: string };
}

const protrack = (brand: 'trackceo' | 'etrack', n8n: Kind['n8n']): Kind => ({
	folder: 'protrack',
	start: async () => {
		const simulator = await startProtrack({ brand, clock: () => NOW, answersAfterSeconds: 0 });
		return { ...simulator, lastCommand: () => simulator.commands.at(-1)?.id };
	},
	settings: { account: 'demo', secretType: 'password', secret: PASSWORD },
	login: /\/api\/authorization$/,
	refusal: /refuses the account or its password/,
	device: DEVICE,
	n8n,
});

export const VENDORS = {
	trackceo: protrack('trackceo', { node: 'trackCeo', credential: 'trackCeoApi' }),
	etrack: protrack('etrack', { node: 'eTrack', credential: 'eTrackApi' }),
} satisfies Partial<Record<ProviderName, Kind>>;

export type VendorName = keyof typeof VENDORS;
export const VENDOR_NAMES = Object.keys(VENDORS) as VendorName[];
/** The brands of the Protrack platform. */
export const BRANDS = ['trackceo', 'etrack'] as const;

export interface TestVendor extends Kind {
	simulator: Simulator;
	provider: Provider;
	connection: Connection & { secret: string };
	operation(name: string): AnyOperation;
	/** Parameters with which an operation runs on the simulator: part of its recorded pair. */
	paramsOf(operation: AnyOperation): Readonly<Record<string, unknown>>;
	/**
	 * What the core gives for it without any host. It asks a twin of the simulator: a second program on the same account
	 * would end the host's sessions.
	 */
	expected(operation: AnyOperation, output: 'simplified' | 'raw'): Promise<object[]>;
	/** Logins so far that the vendor accepted. */
	logins(): number;
	close(): Promise<void>;
}

/** In a recorded pair: the number of the command that was sent last. */
const LAST_COMMAND = '(last)';

export async function startVendor(name: VendorName): Promise<TestVendor> {
	const kind: Kind = VENDORS[name];
	const provider = providers.find((each) => each.name === name) as Provider;
	const [simulator, twin] = [await kind.start(), await kind.start()];
	const connection = { baseUrl: simulator.url, allowCommands: true, allowPrivateAddresses: true, rateLimit: 60_000, ...kind.settings } as TestVendor['connection'];
	const direct = { ...connection, baseUrl: twin.url };
	// The client's clock goes on while the vendor's stands: a limiter has to see time pass.
	let passed = 0;
	const client = new Client(provider, direct, new FetchHost(provider, direct, { now: () => twin.now() + passed, pass: (ms) => (passed += ms) }));
	const paramsFor = (operation: AnyOperation, { lastCommand }: Simulator) => {
		const file = join(__dirname, '..', '..', 'providers', kind.folder, 'recorded', `${nameOf(operation)}.json`);
		const { simulated } = JSON.parse(readFileSync(file, 'utf8')) as { simulated: Record<string, unknown> };
		return simulated.commandId === LAST_COMMAND ? { ...simulated, commandId: lastCommand?.() } : simulated;
	};
	return {
		...kind,
		simulator,
		provider,
		connection,
		operation: (wanted) => provider.operations.find((each) => nameOf(each) === wanted) as AnyOperation,
		paramsOf: (operation) => paramsFor(operation, simulator),
		expected: (operation, output) => client.collect(operation, paramsFor(operation, twin), { output }),
		logins: () => simulator.requests.filter(({ path, code, status }) => kind.login.test(path) && status === 200 && (code === 0 || code === null)).length,
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
