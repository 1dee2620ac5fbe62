/**
 * 1: whatever goes wrong on the way, a command leaves exactly one request on the wire, and its outcome says unknown.
 */
import { Client } from '../../core/call/client';
import type { Connection } from '../../core/describe/connection';
import { readFields, type Fields } from '../../core/describe/field';
import type { FaultRule } from '../../simulators/faults';
import { kitOf, nameOf, startStocked, VENDOR_NAMES, type Simulator } from '../hosts/vendor';
import { FetchHost } from '../support/fetch-host';
import { recordingOf } from '../support/recordings';
import { providerOf, type Ask, type Hosts } from './hosts';
import type { Sheet } from './sheet';

const FAULTS: Readonly<Record<string, FaultRule>> = {
	503: { kind: 'status', status: 503, effect: 'after' },
	429: { kind: 'status', status: 429, headers: { 'retry-after': '1' }, effect: 'after' },
	reset: { kind: 'reset', effect: 'after' },
	timeout: { kind: 'timeout', effect: 'after' },
	'cut-off': { kind: 'cutoff', length: 'full', effect: 'after' },
	html: { kind: 'html', effect: 'after' },
};

interface Case {
	ask: Ask;
	simulator: Simulator;
	fault: string;
	get: boolean;
}

async function caseOf(vendor: string, name: string, route: string, fault: string): Promise<Case> {
	const kind = kitOf(vendor);
	const simulator = await startStocked(kind);
	const { simulated = {} } = recordingOf({ name: vendor }, name) ?? {};
	simulator.fail({ ...(FAULTS[fault] as FaultRule), match: ({ path }) => !kind.login.test(path), times: Infinity });
	return {
		ask: { vendor, baseUrl: simulator.url, operation: name, params: simulated, timeout: 4 },
		simulator,
		fault,
		get: route.startsWith('GET '),
	};
}

/** The requests of a vendor's list of devices, in which a device is looked up before a command. */
async function listsOf(vendor: string): Promise<ReadonlySet<string>> {
	const kind = kitOf(vendor);
	const provider = providerOf(vendor);
	const simulator = await startStocked(kind);
	try {
		const settings = { baseUrl: simulator.url, allowPrivateAddresses: true, ...kind.settings };
		const connection = readFields(provider.connection as Fields, settings, {
			now: simulator.now(),
			timeZone: 'UTC',
		}) as unknown as Connection;
		await new Client(provider, connection, new FetchHost(provider, connection)).lookup('device');
		return new Set(
			simulator.requests
				.filter(({ path }) => !kind.login.test(path))
				.map(({ method, path }) => `${method} ${path}`),
		);
	} finally {
		await simulator.close();
	}
}

export async function commands(sheet: Sheet, { both }: Hosts): Promise<void> {
	const lists = new Map<string, ReadonlySet<string>>();
	for (const vendor of VENDOR_NAMES) lists.set(vendor, await listsOf(vendor));
	await Promise.all(
		both.map(async (host) => {
			const cases: Case[] = [];
			for (const vendor of VENDOR_NAMES) {
				for (const operation of providerOf(vendor).operations.filter(({ effect }) => effect !== 'read')) {
					for (const fault of Object.keys(FAULTS))
						cases.push(await caseOf(vendor, nameOf(operation), operation.route, fault));
				}
			}
			try {
				const told = await host.ask(
					cases.map(({ ask }) => ask),
					{ together: 6 },
				);
				const wrong: string[] = [];
				for (const [index, { ask, simulator, fault }] of cases.entries()) {
					const sent = simulator.requests.filter(
						({ method, path }) =>
							!kitOf(ask.vendor).login.test(path) && !lists.get(ask.vendor)?.has(`${method} ${path}`),
					).length;
					const [outcome] = (told[index]?.records ?? []) as { outcome?: string; explanation?: string }[];
					const says =
						outcome?.outcome === 'unknown' && /check whether it was done/.test(outcome.explanation ?? '');
					if (sent !== 1 || !says)
						wrong.push(
							`${ask.vendor} ${ask.operation} under ${fault}: ${String(sent)} requests, ${JSON.stringify(outcome ?? told[index]?.error)}`,
						);
				}
				for (const line of wrong.slice(0, 10)) console.log(`        ${line}`);
				const gets = cases.filter(({ get }) => get).length;
				sheet.part(
					'requests of one command',
					host.name,
					wrong.length === 0
						? `1 in each of ${String(cases.length)} cases, ${String(gets)} of them GET; each says unknown and what to check`
						: `${String(wrong.length)} of ${String(cases.length)} cases differ`,
					'exactly 1 under 503, 429, reset, timeout, cut-off and html',
					wrong.length === 0,
				);
			} finally {
				await Promise.all(cases.map(({ simulator }) => simulator.close()));
			}
		}),
	);
}
