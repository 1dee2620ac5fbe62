/** One operation at a strange vendor, and whether what came of it is true. */
import type { FleetError } from '../../core/describe/errors';
import { isComputed, type AnyOperation } from '../../core/describe/operation';
import type { CommandOutcome } from '../../core/describe/records';
import { MANY_DEVICES, REPLACING, type Deed, type Oddity, type World } from '../../simulators/stranger';
import { must } from '../delivery/broken';
import { kitOf } from '../support/kits';
import { recordingOf } from '../support/recordings';
import { openAccount, type Account } from './account';
import type { Product } from './product';
import { compare, lacksDevice, lacksTime, type Allowed } from './records';
import { NOW, worldOf } from './vendors';
import { mustBeWords, wordsOf } from './words';

const MINUTE = 60_000;

interface Came {
	records: object[];
	error: FleetError | undefined;
	/** Warnings and the error. */
	told: string;
	requests: number;
	/** Devices that the requests named. */
	devices: ReadonlySet<string>;
}

async function come(account: Account, operation: AnyOperation, params: object, product: Product): Promise<Came> {
	const { client, host, stranger } = account;
	const before = stranger.requests;
	const sent = stranger.carriedOut.length;
	host.warnings.length = 0;
	const records: object[] = [];
	let error: FleetError | undefined;
	try {
		for await (const page of client.run(operation, params as Record<string, unknown>)) records.push(...page);
	} catch (thrown) {
		must(thrown instanceof product.errors.FleetError, `${String(thrown)} is one of our errors`);
		error = thrown as FleetError;
	}
	if (host.broken !== undefined) throw host.broken;
	for (const warning of host.warnings) mustBeWords(warning);
	return {
		records,
		error,
		told: [...host.warnings, ...wordsOf(error)].join(' '),
		requests: stranger.requests - before,
		devices: new Set(stranger.carriedOut.slice(sent).flatMap((request) => stranger.ways.askedFor(request))),
	};
}

/** Logs in, and lets the session become older than a minute. */
async function begin(account: Account, product: Product, vendor: string, operation: string): Promise<void> {
	// Whoever asks about a command has sent one.
	const first = operation === 'command.getStatus' ? 'command.send' : kitOf(vendor).read;
	const params = first === 'command.send' ? paramsOf(vendor, first) : {};
	const { error } = await come(account, operationOf(account, first), params, product);
	if (error !== undefined) throw error;
	account.host.time += 2 * MINUTE;
}

function operationOf({ provider }: Account, name: string): AnyOperation {
	const found = provider.operations.find((one) => `${one.resource}.${one.name}` === name);
	if (found === undefined) throw new Error(`there is no ${name}`);
	return found;
}

const honest = new WeakMap<Product, Map<string, Promise<Came>>>();

/** What comes of an operation where the vendor answers as its document shows. */
function honestly(product: Product, name: string, operation: string, params: object, world: World): Promise<Came> {
	const known = honest.get(product) ?? new Map<string, Promise<Came>>();
	honest.set(product, known);
	const key = `${name} ${operation} ${JSON.stringify([params, world])}`;
	const came =
		known.get(key) ??
		(async () => {
			const account = await openAccount(product, name, { oddities: [], world, seed: 0, moving: false });
			try {
				await begin(account, product, name, operation);
				return await come(account, operationOf(account, operation), params, product);
			} finally {
				await account.simulated.close();
			}
		})();
	known.set(key, came);
	return came;
}

/** The number that the simulator gives to the first command. */
const FIRST_COMMAND = '1B454';
const withCommand = (params: Record<string, unknown>) =>
	params.commandId === '(last)' ? { ...params, commandId: FIRST_COMMAND } : params;

/** What the simulated vendors are asked for. */
export function paramsOf(name: string, operation: string): Record<string, unknown> {
	const { simulated } = recordingOf({ name }, operation) ?? {};
	if (simulated === undefined) throw new Error(`${operation} has no recorded pair`);
	return withCommand(simulated);
}

const RANK: Readonly<Record<string, number>> = { confirmed: 2, sent: 1, timedOut: 1 };

export interface OperationRun {
	vendor: string;
	operation: string;
	params: Record<string, unknown>;
	oddities: readonly Oddity[];
	seed: number;
}

/** @throws Broken if what came is not true @returns what the stranger did */
export async function runOperation(
	product: Product,
	{ vendor, operation: name, params, oddities, seed }: OperationRun,
): Promise<readonly Deed[]> {
	const expected = await honestly(product, vendor, name, params, worldOf(oddities));
	const world = worldOf(oddities, { habits: true });
	const account = await openAccount(product, vendor, { oddities, world, seed, moving: false });
	try {
		const { stranger, host } = account;
		const operation = operationOf(account, name);
		await begin(account, product, vendor, name);
		stranger.active = true;
		stranger.carriedOut.length = 0;
		const came = await come(account, operation, params, product);
		stranger.active = false;
		const deeds = [...stranger.deeds];
		mustBeWhole({ name, params }, account, expected, deeds);
		if (operation.effect === 'read') mustBeTrue(operation, expected, came, deeds);
		else mustNotBeBetter(account, came, deeds, vendor);
		must(
			came.requests <= 2 * expected.requests + 10,
			`${String(came.requests)} requests are at most twice the ${String(expected.requests)} of the honest vendor, and ten more`,
		);
		host.time += 10 * MINUTE;
		await mustBeWell(product, account, vendor, { operation, params, expected });
		return deeds;
	} finally {
		await account.simulated.close();
	}
}

/** What the honest vendor gives is all that it has: a world that is larger than usual shows what the product loses. */
function mustBeWhole(
	{ name, params }: { name: string; params: Record<string, unknown> },
	{ simulated }: Account,
	{ records, told }: Came,
	deeds: readonly Deed[],
): void {
	if (name === 'device.getMany' && deeds.some(({ oddity }) => oddity === MANY_DEVICES)) {
		must(records.length === simulated.vehicles.size, `${String(records.length)} devices are all that there are`);
		must(told === '', `nothing is missing, so there is no "${told}"`);
	}
	if (name !== 'alarm.getMany' || simulated.alarms === undefined) return;
	const [begin = 0, end = 0] = [params.begin, params.end].map((at) => Date.parse(String(at)) / 1000);
	const had = simulated.alarms(String(params.devices), begin, end);
	must(
		records.length === had || (had - records.length <= MOST_LOST && CANNOT_BE_HAD.test(told)),
		`${String(records.length)} of ${String(had)} alarms were given or told of`,
	);
}

/** What seconds hold beyond a page, in the week that is asked about. */
const MOST_LOST = 70;

/** How the product tells of a second that holds more than a page. */
export const CANNOT_BE_HAD = /cannot be read/;

const has = (deeds: readonly Deed[], ...kinds: Deed['kind'][]) => deeds.some(({ kind }) => kinds.includes(kind));

/** What an operation passes on as it came has no form of its own. */
const passedOn = ({ kind }: AnyOperation) => kind === 'other' || kind === 'message';

function mustBeTrue(operation: AnyOperation, expected: Came, came: Came, deeds: readonly Deed[]): void {
	const { records, error, told } = came;
	const refused = new Set(deeds.flatMap(({ kind, names = [] }) => (kind === 'refusal' ? names : [])));
	const spoiled = deeds.filter(({ kind }) => kind === 'spoiled').length;
	// What is passed on as it came has the further keys, and what is no record, in it.
	const asCame =
		passedOn(operation) && has(deeds, 'form', 'value', 'time', 'clock', 'errored', 'kind', 'row', 'spoiled');
	const allowed = allowedBy(deeds);
	// What is computed from records changes with any value of theirs.
	const differs = isComputed(operation) && deeds.some(({ kind }) => kind !== 'form');
	const { missing, invented, reduced } = differs
		? { missing: [], invented: [], reduced: [] }
		: compare(expected.records, records, allowed);
	const nameless = spoiled === 0 && reduced.some(lacksDevice);
	if (nameless) must(told !== '', 'what could not be read was told of');
	if (!asCame) must(invented.length === 0, `the vendor had ${JSON.stringify(invented[0])}`);
	// Unless another oddity has left nothing to read in its place.
	if (reduced.some(lacksTime) && has(deeds, 'time') && !has(deeds, 'value'))
		must(told !== '', 'a time that cannot be read was told of');
	if (!has(deeds, 'value', 'spoiled', 'errored')) mustBeApart(expected.records, records);
	if (records.some(isAhead)) must(told !== '', 'what is dated in the future was told of');
	mustHaveWords(deeds, told);
	if (has(deeds, 'row') && expected.records.length > 0 && !asCame) must(told !== '', 'what is no record was told of');
	if (error !== undefined) {
		const why =
			has(deeds, 'fault') ||
			refused.size > 0 ||
			spoiled > 0 ||
			(operation.consuming && has(deeds, 'session')) ||
			// A session that has just been made is not made again on a doubt.
			deeds.some(({ young }) => young);
		must(why === true, `there is a reason for "${error.sentence}"`);
	}
	// Of what is lost in a fault nobody knows.
	// Who asks about a single device has named it.
	for (const device of has(deeds, 'fault') || expected.devices.size === 1 ? [] : refused)
		must(told.includes(device), `${device}, which is refused, is named in "${told}"`);
	if (asCame) return;
	const unexplained = missing.filter((record) => {
		if (refused.size === 0) return true;
		if (error !== undefined && expected.devices.size === 1) return false;
		const { deviceId, plate } = record as { deviceId?: string | null; plate?: string | null };
		return typeof deviceId === 'string' && !refused.has(deviceId) && !refused.has(plate ?? '');
	});
	if (error !== undefined && has(deeds, 'fault', 'session')) return;
	if ((spoiled > 0 || has(deeds, 'cut')) && told !== '') return;
	must(
		unexplained.length === 0,
		`${String(unexplained.length)} of ${String(expected.records.length)} records were given or told of, as ${JSON.stringify(unexplained[0])}`,
	);
}

/** A time that is later than this was one of the future all along. */
const FUTURE = NOW + 30 * MINUTE;
const isAhead = (record: object) =>
	'time' in record && typeof record.time === 'string' && Date.parse(record.time) > FUTURE;

/** What the vendor refused in words was told in them. */
export function mustHaveWords(deeds: readonly Deed[], told: string): void {
	// Of several faults, one is told of.
	if (deeds.some(({ kind, words }) => REPLACING.has(kind) && words === undefined)) return;
	const words = deeds.flatMap((deed) => deed.words ?? []);
	must(
		words.length === 0 || words.some((one) => told.includes(one)),
		`"${words[0] ?? ''}" is in what was told: "${told}"`,
	);
}

export const allowedBy = (deeds: readonly Deed[]): Allowed => ({
	values: has(deeds, 'value', 'time', 'errored', 'spoiled'),
	errors: has(deeds, 'errored'),
	kinds: has(deeds, 'kind'),
	names: has(deeds, 'fault'),
	clocks: new Map(deeds.flatMap(({ clocks = [] }) => [...clocks])),
});

/** What has an identity shares it with nothing, where it shared it with nothing at the honest vendor. */
export function mustBeApart(had: readonly object[], given: readonly object[]): void {
	const sharing = (records: readonly object[]) => {
		const ids = records.flatMap((record) => ('id' in record ? [record.id] : []));
		return ids.length - new Set(ids).size;
	};
	must(sharing(given) <= sharing(had), 'no record has the identity of another');
}

function mustNotBeBetter(
	{ stranger }: Account,
	{ records, error }: Came,
	deeds: readonly Deed[],
	vendor: string,
): void {
	const { ways } = stranger;
	const done = stranger.carriedOut.filter((request) => ways.isWrite(request)).length;
	must(done <= 1, `it was carried out at most once, not ${String(done)} times`);
	must(records.length + (error === undefined ? 0 : 1) >= 1, `${vendor} has an outcome`);
	if (error?.effect === 'none') must(done === 0, `"${error.sentence}" is true: it was carried out`);
	const [outcome] = records as CommandOutcome[];
	if (outcome === undefined) return;
	mustBeWords(outcome.explanation);
	// Of several changes to an answer, the last is the one that was seen.
	const told = new Map(deeds.flatMap((deed) => (deed.kind === 'outcome' ? [[deed.path, deed] as const] : [])));
	for (const { atBest = 'confirmed', done: carried, said = '' } of told.values()) {
		must(
			(RANK[outcome.outcome] ?? 0) <= (RANK[atBest] ?? 0),
			`${outcome.outcome} (${outcome.explanation}) is no better than ${atBest}, after ${said}`,
		);
		if (outcome.outcome === 'failed') must(carried !== true, `${outcome.explanation} is true: it was carried out`);
	}
}

async function mustBeWell(
	product: Product,
	account: Account,
	vendor: string,
	{ operation, params, expected }: { operation: AnyOperation; params: object; expected: Came },
): Promise<void> {
	const repeatable = operation.effect === 'read' && !operation.consuming;
	const again = await come(
		account,
		repeatable ? operation : operationOf(account, kitOf(vendor).read),
		repeatable ? params : {},
		product,
	);
	must(again.error === undefined, `ten minutes later all is well, without "${again.error?.sentence ?? ''}"`);
	if (!repeatable) return;
	const { missing, invented } = compare(expected.records, again.records);
	must(missing.length + invented.length === 0, 'ten minutes later everything is given again');
}
