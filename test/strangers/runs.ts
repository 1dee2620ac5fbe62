/** Which runs there are, drawn from a seed. */
import { Random, WAYS, type Deed, type Oddity } from '../../simulators/stranger';
import { kitOf, VENDOR_NAMES } from '../support/kits';
import { paramsOf, runOperation } from './operations';
import type { Product } from './product';
import { runTrigger } from './triggers';

export interface Run {
	vendor: string;
	/** An operation, or "trigger" and a trigger. */
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

/** The same run for the same seed. */
export function runOf(seed: number, vendors: readonly string[] = VENDOR_NAMES): Run {
	const random = new Random(seed);
	const vendor = random.pick(vendors);
	const trigger = random.chance(0.35) ? random.pick(triggersOf(vendor)) : undefined;
	const operation = random.pick(operationsOf(vendor));
	const about =
		trigger === undefined ? (operation.effect === 'read' ? ['reads'] : ['writes']) : ['reads', 'triggers'];
	const all = (WAYS[kitOf(vendor).platform]?.oddities ?? []).filter(
		({ of }) => of === undefined || about.includes(of),
	);
	const oddities = random.shuffled(all).slice(0, random.chance(1 / 3) ? 3 : 1);
	const what = trigger === undefined ? `${operation.resource}.${operation.name}` : `trigger ${trigger.name}`;
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
