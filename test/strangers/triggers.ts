/** One trigger at a strange vendor, poll after poll, and whether what it gave is true. */
import type { Fields } from '../../core/describe/field';
import type { FleetEvent } from '../../core/describe/trigger';
import { lastFix, stateAt, type Vehicle } from '../../simulators/fleet';
import type { Deed, Oddity, World } from '../../simulators/stranger';
import { must } from '../delivery/broken';
import { kitOf } from '../support/kits';
import { openAccount } from './account';
import { allowedBy, CANNOT_BE_HAD, mustHaveWords } from './operations';
import { compare, lacksTime } from './records';
import type { Product } from './product';
import { FIX_SECONDS, NOW, worldOf } from './vendors';
import { mustBeWords, wordsOf } from './words';

const MINUTE = 60_000;
const DAY = 86_400_000;
const POLLS = { before: 2, strange: 3 } as const;

/** What a trigger did in one run. */
interface Came {
	events: FleetEvent[];
	/** Of each poll. */
	told: string[];
	stopped: boolean;
	requests: number;
	/** Of the last poll. */
	last: string;
	vehicles: ReadonlyMap<string, Vehicle>;
	/** How many alarms the vendor has had since the first poll. */
	alarms: number | undefined;
	deeds: readonly Deed[];
}

const settingsOf = (trigger: string) => (trigger === 'deviceSilent' ? { minutes: 5 } : {});

async function poll(
	product: Product,
	vendor: string,
	name: string,
	{
		oddities,
		world,
		seed,
		settings = {},
	}: { oddities: readonly Oddity[]; world: World; seed: number; settings?: object },
): Promise<Came> {
	const everyMs = kitOf(vendor).rareEvents ? 10 * MINUTE : name === 'removalAlarm' ? 30 * MINUTE : 2 * MINUTE;
	// Ten minutes in which all is well again, and a poll after them.
	const after = Math.ceil((10 * MINUTE) / everyMs) + 1;
	const account = await openAccount(product, vendor, { oddities, world, seed, moving: true });
	const { host, stranger, client, provider, simulated } = account;
	const events: FleetEvent[] = [];
	const told: string[] = [];
	let [stopped, last, read] = [false, '', NOW];
	try {
		const trigger = provider.triggers.find((one) => one.name === name);
		must(trigger !== undefined, `there is a trigger ${name}`);
		const poller = new product.poller.Poller(client, trigger, { ...settingsOf(name), ...settings });
		let cursor: unknown;
		for (let count = 0; count < POLLS.before + POLLS.strange + after; count++) {
			const begun = NOW + count * everyMs;
			host.time = Math.max(host.time, begun);
			read = host.time;
			stranger.active = count >= POLLS.before && count < POLLS.before + POLLS.strange;
			const result = await poller.poll(cursor, { intervalMs: everyMs, budgetMs: everyMs });
			cursor = JSON.parse(JSON.stringify(result.cursor ?? null)) as unknown;
			events.push(...result.events);
			last = wordsOf(result.problem).join(' ');
			told.push(last);
			stopped ||= result.stop;
		}
		if (host.broken !== undefined) throw host.broken;
		for (const warning of host.warnings) mustBeWords(warning);
		told.push(...host.warnings);
		return {
			events,
			told,
			stopped,
			requests: stranger.requests,
			last,
			vehicles: simulated.vehicles,
			alarms:
				simulated.alarms === undefined
					? undefined
					: [...simulated.vehicles.keys()].reduce(
							(sum, id) => sum + (simulated.alarms?.(id, NOW / 1000, read / 1000) ?? 0),
							0,
						),
			deeds: stranger.deeds,
		};
	} finally {
		await simulated.close();
	}
}

const honest = new WeakMap<Product, Map<string, Promise<Came>>>();

/** What a trigger gives where the vendor answers as its document shows. */
function honestly(product: Product, vendor: string, name: string, world: World, settings = {}): Promise<Came> {
	const known = honest.get(product) ?? new Map<string, Promise<Came>>();
	honest.set(product, known);
	const key = `${vendor} ${name} ${JSON.stringify([settings, world])}`;
	const came = known.get(key) ?? poll(product, vendor, name, { oddities: [], world, seed: 0, settings });
	known.set(key, came);
	return came;
}

export interface TriggerRun {
	vendor: string;
	trigger: string;
	oddities: readonly Oddity[];
	seed: number;
}

/** @throws Broken if what came is not true @returns what the stranger did */
export async function runTrigger(
	product: Product,
	{ vendor, trigger, oddities, seed }: TriggerRun,
): Promise<readonly Deed[]> {
	const world = worldOf(oddities);
	const expected = await honestly(product, vendor, trigger, world);
	const came = await poll(product, vendor, trigger, { oddities, world: worldOf(oddities, { habits: true }), seed });
	must(!came.stopped, `the trigger goes on after "${came.told.join(' ')}"`);
	must(came.last === expected.last, `ten minutes later all is well, without "${came.last}"`);
	must(
		came.requests <= 2 * expected.requests + 10 + retriedIn(came.deeds),
		`${String(came.requests)} requests are at most twice the ${String(expected.requests)} of the honest vendor, and ten more`,
	);
	// By a clock that is wrong, two moments of a device can have one time; one of them is told as doubtful.
	for (const said of [false, true]) {
		const ids = came.events.filter(({ doubtful }) => doubtful === said).map(({ id }) => id);
		must(new Set(ids).size === ids.length, 'no event has the id of another');
	}
	const readable = came.events.filter(({ unreadable }) => unreadable === undefined);
	const unreadable = came.events.length - readable.length;
	const told = unreadable > 0 || came.told.some((text) => text !== '');
	const kinds = new Set(came.deeds.map(({ kind }) => kind));
	mustHaveWords(came.deeds, came.told.join(' '));
	mustBeFlagged(readable, kinds);
	if (trigger === 'newAlarm') mustBeAllAlarms(expected);
	if (kinds.has('row')) must(told, 'what is no record was told of');
	for (const { kind, names = [] } of came.deeds)
		if (kind === 'refusal' && !kinds.has('fault'))
			for (const device of names)
				must(
					came.told.join(' ').includes(device),
					`${device}, which is refused, is named in "${came.told.join(' ')}"`,
				);
	const found = product.providers.vendors
		.find(({ provider }) => provider.name === vendor)
		?.provider.triggers.find(({ name }) => name === trigger);
	if (found === undefined) throw new Error(`there is no ${trigger}`);
	const params = product.field.readFields(found.params as Fields, settingsOf(trigger), { now: NOW, timeZone: 'UTC' });
	if (product.trigger.sourceOf(found, params).type === 'stream')
		mustBeAll(
			expected,
			await honestly(product, vendor, trigger, world, {
				firstRun: 'since',
				since: NOW - (kitOf(vendor).rareEvents ? 3 : 1) * DAY,
			}),
			came,
			readable,
			kinds,
		);
	else mustBeSo(expected, came, readable, kinds);
	return came.deeds;
}

/**
 * Requests that met a fault while all devices were refused: each part of the search is tried again, and once more with
 * the next poll.
 */
const retriedIn = (deeds: readonly Deed[]) =>
	deeds.some(({ words }) => words !== undefined)
		? 2 * deeds.filter(({ kind, words }) => kind === 'fault' && words === undefined).length
		: 0;

/** What is dated in the future, or before there was a fleet, is marked as doubtful. */
function mustBeFlagged(events: readonly FleetEvent[], kinds: ReadonlySet<Deed['kind']>): void {
	if (!kinds.has('clock')) return;
	for (const event of events) {
		if (event.time === null) continue;
		const hours = (Date.parse(event.time) - NOW) / 3_600_000;
		must(event.doubtful || (hours < 2 && hours > -10 * 365 * 24), `this is doubtful: ${JSON.stringify(event)}`);
	}
}

/** What the honest vendor has is given, or told of. */
function mustBeAllAlarms({ events, alarms = events.length, told }: Came): void {
	must(
		events.length >= alarms || told.some((text) => CANNOT_BE_HAD.test(text)),
		`${String(events.length)} of ${String(alarms)} alarms were given or told of`,
	);
}

/** Whether an event is late depends on when it was read. */
const bare = ({ late: _, ...event }: FleetEvent) => event;

function mustBeAll(
	expected: Came,
	before: Came,
	came: Came,
	readable: FleetEvent[],
	kinds: ReadonlySet<Deed['kind']>,
): void {
	if (kinds.has('twin')) {
		must(
			readable.length >= 2 * expected.events.length || kinds.size > 1,
			`two events of one second are two: ${String(readable.length)} of ${String(expected.events.length)} seconds`,
		);
		return;
	}
	const { missing, invented, reduced } = compare(expected.events.map(bare), readable.map(bare), {
		...allowedBy(came.deeds),
		besides: [...expected.events, ...before.events].map(bare),
	});
	if (reduced.some(lacksTime) && kinds.has('time') && !kinds.has('value'))
		must(came.told.join('') !== '', 'a time that cannot be read was told of');
	must(invented.length === 0, `the vendor had ${JSON.stringify(invented[0])}`);
	if (kinds.has('spoiled') || kinds.has('cut')) {
		must(
			missing.length === 0 || came.events.length > readable.length || came.told.join('') !== '',
			'what is missing was told of',
		);
		return;
	}
	must(missing.length === 0, `this was given: ${JSON.stringify(missing[0])}`);
}

/** A degree is some 100 km; a vehicle drives no further in a second. */
const NEAR = 0.005;

/** Each event of a snapshot has its cause on the road, and in the end all is known. */
function mustBeSo(expected: Came, came: Came, readable: FleetEvent[], kinds: ReadonlySet<Deed['kind']>): void {
	const changes = (events: readonly FleetEvent[]) =>
		new Set(events.map(({ deviceId, change, to, silent }) => JSON.stringify([deviceId, change, to, silent])));
	const known = changes(expected.events);
	const clocks = [0, ...came.deeds.flatMap((deed) => [...(deed.clocks?.values() ?? [])])];
	for (const event of readable) {
		const vehicle = came.vehicles.get(event.deviceId ?? '');
		must(vehicle !== undefined, `there is a vehicle of ${JSON.stringify(event)}`);
		if (event.event === 'positionChanged') mustBeThere(event, vehicle, clocks);
		else
			must(
				// By a clock that falls back, a device has been silent until some fixes in a row say otherwise.
				known.has(changes([event]).values().next().value ?? '') ||
					(event.silent !== undefined && clocks.length > 1),
				`this has happened: ${JSON.stringify(event)}`,
			);
		if (event.change === 'ignition' && event.time !== null) {
			const at = Date.parse(event.time) / 1000;
			must(
				clocks.some((wrong) =>
					[0, FIX_SECONDS].some((ago) => stateAt(vehicle, at - wrong - ago).ignition === event.to),
				),
				`the ignition was so: ${JSON.stringify(event)}`,
			);
		}
	}
	if ([...kinds].every((kind) => kind === 'form')) {
		const { missing, invented } = compare(expected.events.map(bare), readable.map(bare));
		must(
			missing.length + invented.length === 0,
			`the same was given: ${JSON.stringify(missing[0] ?? invented[0])}`,
		);
	}
	const latest = (events: readonly FleetEvent[]) =>
		new Map(events.map((event) => [`${String(event.deviceId)} ${String(event.change)}`, event]));
	const lastOnes = latest(readable);
	for (const { deviceId, silent } of lastOnes.values())
		must(
			silent !== true || came.vehicles.get(deviceId ?? '')?.contact !== 'reporting' || kinds.size > 1,
			`in the end ${String(deviceId)} is not silent`,
		);
	for (const [key, event] of latest(expected.events)) {
		const own = lastOnes.get(key);
		if (event.event === 'positionChanged')
			must((own?.time ?? '') >= (event.time ?? ''), `in the end the place is known: ${JSON.stringify(event)}`);
		else if (own !== undefined)
			must(own.to === event.to && own.silent === event.silent, `in the end it is so: ${JSON.stringify(event)}`);
	}
}

const isNear = (event: object, fix: { latitude: number; longitude: number }) => {
	const { latitude, longitude } = event as { latitude: number; longitude: number };
	return Math.abs(latitude - fix.latitude) < NEAR && Math.abs(longitude - fix.longitude) < NEAR;
};

function mustBeThere(event: FleetEvent, vehicle: Vehicle, clocks: readonly number[]): void {
	must(event.time !== null, `a new position has a time: ${JSON.stringify(event)}`);
	const at = Date.parse(event.time) / 1000;
	const fix = clocks
		.map((wrong) => Math.floor(at) - wrong)
		.map((time) => ({ time, found: lastFix(vehicle, time, FIX_SECONDS) }))
		.find(({ time, found }) => found?.time === time && isNear(event, found))?.found;
	must(fix !== undefined && fix !== null, `there was a fix: ${JSON.stringify(event)}`);
}
