/** A queue at a strange vendor, turn after turn, and whether each message came once. */
import type { FleetEvent } from '../../core/describe/trigger';
import type { Deed, Oddity, World } from '../../simulators/stranger';
import { must } from '../delivery/broken';
import { openAccount } from './account';
import { allowedBy } from './operations';
import type { Product } from './product';
import { compare } from './records';
import { worldOf } from './vendors';
import { mustBeWords, wordsOf } from './words';

const MINUTE = 60_000;
const TURN_MS = 30_000;
const TURNS = { before: 2, strange: 4, after: 4 } as const;
/** So that a turn does not take all there is. */
const MESSAGES = 150;

interface Came {
	events: FleetEvent[];
	told: string[];
	/** Of the last turn. */
	last: string;
	requests: number;
	deeds: readonly Deed[];
}

async function read(
	product: Product,
	vendor: string,
	queue: string,
	{ oddities, world, seed }: { oddities: readonly Oddity[]; world: World; seed: number },
): Promise<Came> {
	const { host, stranger, client, provider, simulated } = await openAccount(product, vendor, {
		oddities,
		world,
		seed,
		moving: true,
	});
	const came: Came = { events: [], told: [], last: '', requests: 0, deeds: stranger.deeds };
	try {
		const trigger = provider.triggers.find((one) => one.queue === true);
		must(trigger !== undefined, `${vendor} has queues`);
		const { QueueConsumer } = product.queueConsumer;
		const consumer = new QueueConsumer(client, trigger, { queue, subscribe: false, maxMessages: MESSAGES });
		await consumer.open();
		for (let count = 0; count < TURNS.before + TURNS.strange + TURNS.after; count++) {
			stranger.active = count >= TURNS.before && count < TURNS.before + TURNS.strange;
			if (count === TURNS.before + TURNS.strange) host.time += 10 * MINUTE;
			came.last = '';
			try {
				const batch = await consumer.next({ budgetMs: TURN_MS });
				came.events.push(...(batch?.events ?? []));
				await batch?.done();
			} catch (error) {
				must(error instanceof product.errors.FleetError, `${String(error)} is one of our errors`);
				came.last = wordsOf(error).join(' ');
				came.told.push(came.last);
			}
			host.time += TURN_MS;
		}
		if (host.broken !== undefined) throw host.broken;
		for (const warning of host.warnings) mustBeWords(warning);
		came.told.push(...host.warnings);
		came.requests = stranger.requests;
		return came;
	} finally {
		await simulated.close();
	}
}

const honest = new WeakMap<Product, Map<string, Promise<Came>>>();

function honestly(product: Product, vendor: string, queue: string, world: World): Promise<Came> {
	const known = honest.get(product) ?? new Map<string, Promise<Came>>();
	honest.set(product, known);
	const key = `${vendor} ${queue} ${JSON.stringify(world)}`;
	const came = known.get(key) ?? read(product, vendor, queue, { oddities: [], world, seed: 0 });
	known.set(key, came);
	return came;
}

/** Its tag depends on the session, and so does its id where nothing else tells it from others. */
const bare = ({ deliveryTag: _, id: _id, ...event }: FleetEvent) => event;

/** @throws Broken if what came is not true @returns what the stranger did */
export async function runQueue(
	product: Product,
	{ vendor, queue, oddities, seed }: { vendor: string; queue: string; oddities: readonly Oddity[]; seed: number },
): Promise<readonly Deed[]> {
	const expected = await honestly(product, vendor, queue, worldOf(oddities));
	const came = await read(product, vendor, queue, { oddities, world: worldOf(oddities, { habits: true }), seed });
	const kinds = new Set(came.deeds.map(({ kind }) => kind));
	const told = came.told.join(' ');
	must(came.last === '', `ten minutes later all is well, without "${came.last}"`);
	must(
		came.requests <= 2 * expected.requests + 10,
		`${String(came.requests)} requests are at most twice the ${String(expected.requests)} of the honest vendor, and ten more`,
	);
	const readable = came.events.filter(({ unreadable }) => unreadable === undefined);
	const unreadable = came.events.length - readable.length;
	if (kinds.has('row') || kinds.has('cut'))
		must(told !== '' || unreadable > 0, 'what the vendor does with its messages was told of');
	// What is no record has nothing that tells it from another.
	const ids = readable.map(({ id }) => id);
	// Without their values, messages of a vehicle that stands are the same; and what comes again may look different.
	const bereft =
		kinds.has('value') ||
		kinds.has('errored') ||
		kinds.has('time') ||
		((kinds.has('row') || kinds.has('cut') || kinds.has('outcome')) && kinds.size > 1);
	if (!bereft) must(new Set(ids).size === ids.length, 'no message comes twice');
	if (kinds.has('twin')) {
		if (!kinds.has('cut') && !kinds.has('row') && !kinds.has('fault'))
			must(came.events.length > expected.events.length, 'two messages of one second are two');
		return came.deeds;
	}
	// What stays in the queue while nothing can be acknowledged comes later, but nothing is passed over.
	const spoiled = kinds.has('spoiled') ? unreadable : 0;
	const had = expected.events.slice(0, readable.length + spoiled).map(bare);
	const { missing, invented } = compare(had, readable.map(bare), {
		...allowedBy(came.deeds),
		besides: expected.events.map(bare),
	});
	must(invented.length === 0, `the vendor had ${JSON.stringify(invented[0])}`);
	if (!bereft) must(missing.length <= spoiled, `this was given: ${JSON.stringify(missing[0])}`);
	return came.deeds;
}
