/** 4: each read of each vendor, and each trigger, with lists as long as an answer may hold. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '../../core/call/client';
import { ALL, type Field } from '../../core/describe/field';
import type { AnyOperation } from '../../core/describe/operation';
import type { Provider } from '../../core/describe/provider';
import { Poller } from '../../core/watch/poller';
import { PLATFORMS } from '../support/kits';
import { longestTurn } from '../support/longest-turn';
import { connectionOf, recordingOf } from '../support/recordings';
import { json, TestHost } from '../support/test-host';
import type { Sheet } from './sheet';

const SIZE = 16 * 1024 * 1024 - 200_000;
const MOST_ROWS = 249_000;
const BEGIN = Date.UTC(2025, 0, 1);
const DAY_MS = 86_400_000;
const LATENCY_MS = 400;
const MOST_REQUESTS = 6;
const POLLS = 3;

type Fields = Record<string, unknown>;
const isObject = (value: unknown): value is Fields =>
	typeof value === 'object' && value !== null && !Array.isArray(value);

const TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d/;
const isTime = (value: unknown) =>
	typeof value === 'string' ? TIME.test(value) : typeof value === 'number' && value > 1.2e9 && value < 2.1e9;
/** Another time in the form of the one that the vendor's sample has. */
function timeLike(sample: unknown, ms: number): unknown {
	if (typeof sample !== 'string') return Math.floor(ms / 1000);
	const text = new Date(ms).toISOString().slice(0, 19);
	return sample[10] === ' ' ? text.replace('T', ' ') : text + (sample.endsWith('Z') ? 'Z' : '');
}
const NAMES = /^(DeviceID|SIM2|imei|NodeId|vehicleId|carrierId|event|VehicleNum)$/i;
const PLACES = /^R?(Lat|Lon)(itude|gitude)?$/i;

type Shape = (name: string, sample: unknown, place: number) => unknown;

const ofManyDevices: Shape = (name, sample, place) => {
	if (isTime(sample)) return timeLike(sample, BEGIN + ((place * 7919) % MOST_ROWS) * 300);
	if (!NAMES.test(name)) return sample;
	return typeof sample === 'number' ? 1000 + place : String(100_000 + place);
};
/** Leaves out where they are: most rows fit in. */
const nowhere =
	(shape: Shape): Shape =>
	(name, sample, place) =>
		PLACES.test(name) ? undefined : shape(name, sample, place);

/** What the rows of a list are like, from a sample. */
const SHAPES: Readonly<Record<string, Shape>> = {
	'of as many devices, in no order': nowhere(ofManyDevices),
	'of as many devices, with places': ofManyDevices,
	'of one device, in one second': nowhere((_, sample) =>
		isTime(sample) ? timeLike(sample, BEGIN + DAY_MS / 2) : sample,
	),
	'of one device, an hour each': (_, sample, place) =>
		isTime(sample) ? timeLike(sample, Date.UTC(2000, 0, 1) + place * 3_600_000) : sample,
};

/** The shortest rows that say when and whose they are: most of them fit in. */
function listOf(sample: unknown, shape: Shape): string {
	const kept = isObject(sample)
		? Object.entries(sample).filter(([name, value]) => isTime(value) || NAMES.test(name) || PLACES.test(name))
		: [];
	const rowOf = (place: number) =>
		isObject(sample)
			? JSON.stringify({
					...Object.fromEntries(kept.map(([name, value]) => [name, shape(name, value, place)])),
					q: place,
				})
			: JSON.stringify(sample);
	const count = Math.min(MOST_ROWS, Math.floor(SIZE / (rowOf(MOST_ROWS).length + 1)));
	return `[${Array.from({ length: count }, (_, place) => rowOf(place)).join()}]`;
}

/** Answers like one, in which one of the lists is long. */
function* longer(answer: unknown, shape: Shape): Generator<string> {
	const whole: Fields = { answer: structuredClone(answer) };
	const lists: [Fields, string, unknown][] = [];
	const walk = (parent: Fields) => {
		for (const [key, value] of Object.entries(parent)) {
			if (Array.isArray(value) && value.length > 0) lists.push([parent, key, value[0]]);
			if (typeof value === 'object' && value !== null) walk(value as Fields);
		}
	};
	walk(whole);
	// A sample of one record may stand for many.
	if (lists.length === 0) lists.push([whole, 'answer', answer]);
	for (const [parent, key, sample] of lists) {
		const before = parent[key];
		parent[key] = 'HERE';
		// A replacement that is a text could name parts of the match.
		yield JSON.stringify(whole.answer).replace('"HERE"', () => listOf(sample, shape));
		parent[key] = before;
	}
}

/** What asks a vendor, until it has seen enough. */
type Asking = (client: Client, host: TestHost) => Promise<unknown>;

let accounts = 0;
/** The longest turn while something asks a vendor that answers one of its operations with so long a list. */
async function worstOf(provider: Provider, asking: Asking): Promise<{ ms: number; title: string }> {
	const connection = connectionOf(provider);
	const routes = provider.operations.map((operation) => ({
		name: `${operation.resource}.${operation.name}`,
		path: (provider.route?.(operation, connection) ?? operation.route).split(' ')[1]?.toLowerCase(),
	}));
	const during = async (long?: { name: string; body: string }) => {
		const asked = new Set<string>();
		const host: TestHost = new TestHost(async ({ path }) => {
			host.time += LATENCY_MS;
			await sleep(1);
			const { name = '' } = routes.find((route) => route.path === path.toLowerCase()) ?? {};
			asked.add(name);
			if (long?.name === name) return { status: 200, headers: {}, body: long.body };
			return json(recordingOf(provider, name)?.exchanges.at(-1)?.response ?? {});
		});
		host.time = BEGIN + DAY_MS;
		const client = new Client(provider, { ...connection, account: `long ${String(accounts++)}` }, host);
		const { most } = await longestTurn(() => asking(client, host));
		return { asked, most };
	};
	const worst = { ms: 0, title: '' };
	for (const name of (await during()).asked)
		for (const [title, shape] of Object.entries(SHAPES))
			for (const body of longer(recordingOf(provider, name)?.exchanges.at(-1)?.response, shape)) {
				const { most } = await during({ name, body });
				if (most > worst.ms) Object.assign(worst, { ms: most, title: `${name} ${title}` });
			}
	return worst;
}

/** Pages until there are records of many, or requests enough. */
const running =
	(operation: AnyOperation, params: Fields): Asking =>
	async (client, host) => {
		const period = 'begin' in params ? { begin: BEGIN, end: BEGIN + DAY_MS } : {};
		try {
			for await (const _ of client.run(operation, { ...params, ...period }))
				if (host.sent.length > MOST_REQUESTS) return;
		} catch {
			// What is refused has been looked at as well.
		}
	};

/** The recorded params, and all devices where something is computed of their records. */
function* inputsOf({ asks, compute, params: fields }: AnyOperation, params: Fields): Generator<Fields> {
	yield params;
	if (compute === undefined) return;
	const { devices } = asks ?? {};
	const all = devices !== undefined && (fields as Record<string, Field>)[devices]?.all !== undefined;
	yield { ...params, ...(all ? { [devices]: ALL } : {}), ...('cleanTrack' in fields ? { cleanTrack: true } : {}) };
}

const polling =
	(trigger: Provider['triggers'][number], input: Fields): Asking =>
	async (client, host) => {
		const since = new Date(BEGIN - DAY_MS).toISOString();
		const poller = new Poller(client, trigger, { ...input, firstRun: 'since', since });
		let cursor: unknown;
		for (let count = 0; count < POLLS; count++) {
			({ cursor } = await poller.poll(cursor, { intervalMs: 60_000, budgetMs: 10 * LATENCY_MS }));
			host.time += 60_000;
		}
	};

export async function longLists(sheet: Sheet): Promise<void> {
	const worst = { ms: 0, title: '' };
	const measure = async (provider: Provider, title: string, asking: Asking) => {
		const found = await worstOf(provider, asking);
		console.log(`        ${provider.title} ${title}: ${found.ms.toFixed(0)} ms (${found.title})`);
		if (found.ms > worst.ms) Object.assign(worst, { ms: found.ms, title: `${provider.title} ${title}` });
	};
	for (const { provider } of PLATFORMS.map(({ vendor }) => vendor)) {
		for (const operation of provider.operations) {
			const name = `${operation.resource}.${operation.name}`;
			const recorded = recordingOf(provider, name);
			if (operation.effect === 'read' && recorded !== undefined)
				for (const input of inputsOf(operation, recorded.params))
					await measure(provider, name, running(operation, input));
		}
		for (const trigger of provider.triggers)
			if (trigger.queue !== true) await measure(provider, trigger.name, polling(trigger, {}));
	}
	sheet.part(
		'the longest lists, in each read and each trigger',
		'core',
		`at most ${worst.ms.toFixed(0)} ms without a turn for others (${worst.title})`,
		'at most 300 ms',
		worst.ms <= 300,
	);
}
