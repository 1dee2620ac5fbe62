/** Vendors for the hosts' tests: simulators whose clocks stand still, and what each operation must give on them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '../../core/call/client';
import { readFields } from '../../core/describe/field';
import type { Connection } from '../../core/describe/connection';
import type { Provider } from '../../core/describe/provider';
import type { AnyOperation } from '../../core/describe/operation';
import { providers } from '../../providers';
import { itracksense } from '../../providers/itracksense';
import { PASSWORD as CTRACK_PASSWORD, startCtrack } from '../../simulators/ctrack';
import type { FaultRule } from '../../simulators/faults';
import { createFleet } from '../../simulators/fleet';
import { PASSWORD as ITRACKSENSE_PASSWORD, startItracksense } from '../../simulators/itracksense';
import { PASSWORD, startProtrack, type AnswerKind } from '../../simulators/protrack';
import type { LoggedRequest } from '../../simulators/server';
import { PASSWORD as TRACKGPS_PASSWORD, startTrackgps } from '../../simulators/trackgps';
import { FetchHost } from '../support/fetch-host';

/**
 * Long enough ago for any host's clock: the periods below have ended, and Protrack's login time is learnt from code
 * 10014.
 */
export const NOW = Date.UTC(2026, 2, 18, 9, 41, 7);
/** The first vehicle of the simulated fleet. */
export const DEVICE = createFleet({ now: NOW })[0]?.imei ?? '';

export const nameOf = ({ resource, name }: AnyOperation) => `${resource}.${name}`;

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
	/** In which words devices answer commands from now on, where there are commands. */
	answerCommands?(kind: AnswerKind): void;
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

/**
 * iTracksense's operations whose paths its document lost: the simulator takes the guesses, and the account names them.
 */
const guessed = () => itracksense.operations.filter(({ evidence }) => evidence.grade === 'G');
export const guessedPaths = () =>
	Object.fromEntries(guessed().map(({ evidence, route }) => [evidence.section, route.split(' ')[1] ?? '']));
const methodPaths = () =>
	Object.fromEntries(guessed().map((operation) => [nameOf(operation), operation.route.split(' ')[1]]));

/** Ctrack whose queues were subscribed to a day ago, so that there are messages in them. */
async function startCtrackWithQueues(): Promise<Simulator> {
	let now = NOW - 86_400_000;
	const simulator = await startCtrack({ clock: () => now });
	const get = async (path: string) =>
		(await (await fetch(`${simulator.url}/${path}`)).json()) as { SessionToken: string };
	const { SessionToken } = await get(`Membership/Login?Username=API_Demo&Password=${CTRACK_PASSWORD}`);
	for (const type of ['Positions', 'Trips', 'Scripts'])
		await get(`Queues/${SessionToken}/Subscribe?type=${type}&directAccess=false`);
	now = NOW;
	simulator.requests.length = 0;
	return simulator;
}

/** iTracksense with a text message in its log, which is empty at first. */
async function startItracksenseWithSms(): Promise<Simulator> {
	const simulator = await startItracksense({ clock: () => NOW, paths: guessedPaths() });
	const post = async (path: string, body: object, token = '') =>
		(await (
			await fetch(simulator.url + path, {
				method: 'POST',
				headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
				body: JSON.stringify(body),
			})
		).json()) as { Data: string };
	const { Data: token } = await post('/api/user/GetLoginToken', {
		LoginName: 'demo',
		PassWord: ITRACKSENSE_PASSWORD,
	});
	await post(guessedPaths()['35'] ?? '', { ICCID: '89401000000000000000', Content: 'STATUS#' }, token);
	simulator.requests.length = 0;
	return simulator;
}

export const VENDORS = {
	trackceo: protrack('trackceo', { node: 'trackCeo', credential: 'trackCeoApi' }),
	etrack: protrack('etrack', { node: 'eTrack', credential: 'eTrackApi' }),
	ctrack: {
		folder: 'ctrack',
		start: startCtrackWithQueues,
		settings: { account: 'API_Demo', secret: CTRACK_PASSWORD, speedUnit: 'kmh', odometerUnit: 'metre' },
		login: /\/Membership\/Login$/,
		refusal: /refuses the account or its secret/,
		device: '566',
		n8n: { node: 'ctrack', credential: 'ctrackApi' },
	},
	itracksense: {
		folder: 'itracksense',
		start: startItracksenseWithSms,
		settings: {
			account: 'demo',
			secret: ITRACKSENSE_PASSWORD,
			timeZone: 'Asia/Shanghai',
			allowWebLinks: true,
			methodPaths: JSON.stringify(methodPaths()),
		},
		login: /\/GetLoginToken$/,
		refusal: /refuses|password/i,
		device: DEVICE,
		n8n: { node: 'iTracksense', credential: 'iTracksenseApi' },
	},
	trackgps: {
		folder: 'trackgps',
		start: () => startTrackgps({ clock: () => NOW, rateLimit: null }),
		settings: { account: 'demo', secret: TRACKGPS_PASSWORD, timeZone: 'Europe/Bucharest' },
		login: /\/authentication\/login$/,
		refusal: /refuses|password/i,
		device: '41001',
		n8n: { node: 'trackGps', credential: 'trackGpsApi' },
	},
} satisfies Record<string, Kind>;

export type VendorName = keyof typeof VENDORS;
export const VENDOR_NAMES = Object.keys(VENDORS) as VendorName[];
/** The brands of the Protrack platform. */
export const BRANDS = ['trackceo', 'etrack'] as const;

export interface TestVendor extends Kind {
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
	const connection = {
		baseUrl: simulator.url,
		allowCommands: true,
		allowPrivateAddresses: true,
		rateLimit: 60_000,
		...kind.settings,
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
		logins: () =>
			simulator.requests.filter(
				({ path, code, status }) => kind.login.test(path) && status === 200 && [0, 200, null].includes(code),
			).length,
		close: async () => {
			await Promise.all([simulator.close(), twin.close()]);
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
