/** Which runs there are, drawn from a seed. */
import { Random, WAYS, type Deed, type Oddity } from '../../simulators/stranger';
import { kitOf, VENDOR_NAMES } from '../support/kits';
import { paramsOf, runOperation } from './operations';
import type { Product } from './product';
import { runQueue } from './queues';
import { runTrigger } from './triggers';

export interface Run {
	vendor: string;
	/** An operation, or "trigger" or "queue" and its name. */
	what: string;
	oddities: readonly Oddity[];
	seed: number;
}

/** Commands that devices take, and what is asked for beside the recorded pair's. */
const COMMANDS = ['RELAY,1', 'RELAY,0', 'LOCKDOOR', 'UNLOCKDOOR', 'RESET'];

/** Links are made without asking. */
const operationsOf = (vendor: string) =>
	kitOf(vendor).vendor.provider.operations.filter(({ kind }) => kind !== 'webLink');
const triggersOf = (vendor: string) => kitOf(vendor).vendor.provider.triggers.filter(({ queue }) => queue !== true);

/** The queues that the simulators have. */
const QUEUES = ['positions', 'trips', 'scripts'];
const hasQueues = (vendor: string) => kitOf(vendor).vendor.provider.triggers.some(({ queue }) => queue === true);

function aboutOf(vendor: string, what: string): readonly Oddity['of'][] {
	if (what.startsWith('trigger ')) return [undefined, 'reads', 'triggers'];
	if (what.startsWith('queue ')) return [undefined, 'reads', 'queues', 'queues'];
	const effect = operationsOf(vendor).find(({ resource, name }) => `${resource}.${name}` === what)?.effect;
	return [undefined, effect === 'read' ? 'reads' : 'writes'];
}

/** What a vendor can be tried with, and the oddities that are about it. */
function chosen(vendor: string, random: Random): { what: string; about: readonly Oddity['of'][] } {
	const kind = random.next();
	const { resource, name } = random.pick(operationsOf(vendor));
	const what =
		kind < 0.35
			? `trigger ${random.pick(triggersOf(vendor)).name}`
			: kind < 0.45 && hasQueues(vendor)
				? `queue ${random.pick(QUEUES)}`
				: `${resource}.${name}`;
	return { what, about: aboutOf(vendor, what) };
}

/** The same run for the same seed. @param only what is tried, drawn from all unless told */
export function runOf(seed: number, vendors: readonly string[] = VENDOR_NAMES, only?: string): Run {
	const random = new Random(seed);
	const vendor = random.pick(vendors);
	const { what, about } = only === undefined ? chosen(vendor, random) : { what: only, about: aboutOf(vendor, only) };
	const all = WAYS[kitOf(vendor).platform]?.oddities ?? [];
	// Those that are about nothing else come twice as often.
	const own = about.flatMap((of) =>
		all
			.filter((oddity) => oddity.of === of && oddity.at?.test(what) !== false)
			.flatMap((oddity) => Array.from({ length: oddity.share ?? 1 }, () => oddity)),
	);
	const drawn = [...new Set(random.shuffled(own))].filter(
		({ alone }, place, others) =>
			alone === undefined || others.findIndex((other) => other.alone === alone) === place,
	);
	const oddities = drawn.slice(0, random.chance(1 / 3) ? 3 : 1);
	return { vendor, what, oddities, seed };
}

export const nameOf = ({ vendor, what, oddities }: Run) =>
	`${vendor} ${what}: ${oddities.map(({ name }) => name).join(' + ')}`;

/** @throws Broken @returns what the stranger did */
export async function tryRun(product: Product, { vendor, what, oddities, seed }: Run): Promise<readonly Deed[]> {
	if (what.startsWith('trigger ')) {
		const trigger = what.slice('trigger '.length);
		return await runTrigger(product, { vendor, trigger, oddities, seed });
	}
	if (what.startsWith('queue ')) {
		const queue = what.slice('queue '.length);
		return await runQueue(product, { vendor, queue, oddities, seed });
	}
	const params = paramsOf(vendor, what);
	const command = what === 'command.send' && 'command' in params ? new Random(seed + 1).pick(COMMANDS) : undefined;
	return await runOperation(product, {
		vendor,
		operation: what,
		params: command === undefined || params.command === 'STATUS#' ? params : { ...params, command },
		oddities,
		seed,
	});
}
