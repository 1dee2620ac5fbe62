import { describe, expect, test } from 'vitest';
import { Client } from '../core/call/client';
import type { Collector } from '../core/describe/operation';
import { PLATFORMS } from '../test/support/kits';
import { longestTurn } from '../test/support/longest-turn';
import { connectionOf, recordingOf } from '../test/support/recordings';
import { TestHost } from '../test/support/test-host';

const SIZE = 16 * 1024 * 1024;
/**
 * What one answer may keep the program busy for, in milliseconds of the processor: others may take their share of the
 * clock.
 */
const MOST_MS = 300;

const filled = (unit: string, most = SIZE - 100_000) => unit.repeat(Math.floor(most / unit.length));
/** In place of a text. */
const TEXTS = {
	blanks: `a${filled(' ')}x`,
	marks: filled('…', SIZE / 3 - 100_000),
	'halved secrets': filled('Abc@345…', SIZE / 1.5),
	digits: filled('1'),
	'numbers in a row': filled('1,2;'),
	'fixes in a row': filled('1,2,1700000000,4,5;'),
	'words of alarms': filled('leave enter '),
	'control characters': filled('\u0000', SIZE / 6 - 100_000),
};
/** In place of a list. */
const LISTS = { nothing: 'null', numbers: '1', objects: '{}', lists: '[]' };

/** The places of an answer: one of a text, one of a list, each as far within as it goes. */
function placesIn(answer: unknown): {
	text?: [Record<string, unknown>, string];
	list?: [Record<string, unknown>, string];
} {
	const found: ReturnType<typeof placesIn> = {};
	const walk = (parent: Record<string, unknown>) => {
		for (const [key, value] of Object.entries(parent)) {
			if (typeof value === 'string') found.text = [parent, key];
			if (Array.isArray(value)) found.list = [parent, key];
			if (typeof value === 'object' && value !== null) walk(value as Record<string, unknown>);
		}
	};
	walk({ answer });
	return found;
}

/** An answer with something else at a place, as text. */
function answerWith(answer: unknown, [parent, key]: [Record<string, unknown>, string], by: string): string {
	const was = parent[key];
	parent[key] = 'HERE';
	const body = JSON.stringify(answer).split('"HERE"').join(by);
	parent[key] = was;
	// As it comes out of a decoder.
	return Buffer.from(body).toString();
}

describe.each(
	PLATFORMS.flatMap(({ large, vendor: { provider } }) =>
		large.map((name) => [`${provider.title}: ${name}`, provider, name] as const),
	),
)('%s is done with any 16 MiB in no time', (_, provider, name) => {
	const recorded = recordingOf(provider, name);
	const response = structuredClone(recorded?.exchanges[0]?.response);
	const { text, list } = placesIn(response);
	const bodies: [string, () => string][] = [
		['lists within lists', () => '['.repeat(SIZE)],
		['objects within objects', () => filled('{"a":')],
		...(text === undefined
			? []
			: Object.entries(TEXTS).map(([title, by]): [string, () => string] => [
					`a text of ${title}`,
					() => answerWith(response, text, JSON.stringify(by)),
				])),
		...(list === undefined
			? []
			: Object.entries(LISTS).map(([title, by]): [string, () => string] => [
					`a list of ${title}`,
					() => answerWith(response, list, `[${filled(`${by},`, SIZE - 100_000)}${by}]`),
				])),
		// Few enough to be read, one by one.
		...(list === undefined
			? []
			: Object.entries(LISTS).map(([title, by]): [string, () => string] => [
					`a list of 249,000 ${title}`,
					() => answerWith(response, list, `[${Array(249_000).fill(by).join()}]`),
				])),
	];
	test.each(bodies)('%s', async (title, made) => {
		const operation = provider.operations.find((one) => `${one.resource}.${one.name}` === name)!;
		const body = made();
		expect(body.length).toBeLessThanOrEqual(SIZE);
		const host = new TestHost(() => ({ status: 200, headers: {}, body }));
		const client = new Client(provider, { ...connectionOf(provider), account: `freezes ${name} ${title}` }, host);
		const began = process.threadCpuUsage();
		await client.collect(operation, recorded?.params ?? {}, { deadlineMs: 1 }).catch(() => []);
		const { user, system } = process.threadCpuUsage(began);
		// What is too large may be asked for in parts.
		expect((user + system) / 1000 / host.sent.length).toBeLessThan(MOST_MS);
	});
});

/** One of a fleet, under every name by which a vendor calls it. */
function vehicle(place: number, fleet: number): object {
	const id = String(place);
	const name = `Truck ${String((place * 7919) % fleet)}`;
	return {
		...{ deviceId: id, account: id, groupId: id, driverId: id, NodeId: id, SIM2: id },
		...{ name, plate: `B ${id} XYZ`, VehicleRegistration: name, VehicleNum: name, FleetNumber: id },
	};
}

describe.each(
	PLATFORMS.flatMap(({ vendor: { provider } }) =>
		Object.entries(provider.lookups).map(([name, find]) => [`${provider.title}: ${name}`, find] as const),
	),
)('%s is a list that is made in no time', (_, find) => {
	test.each([20_000, 240_000])('of %i', async (size) => {
		const records = Array.from({ length: size }, (_, place) => vehicle(place, size));
		const client: Collector = {
			collect: () => Promise.resolve(records),
			lookup: () => Promise.resolve([{ value: '1', title: 'all' }]),
		};
		const began = process.threadCpuUsage();
		const found = await find(client);
		const { user, system } = process.threadCpuUsage(began);
		expect(found.length).toBe(size);
		expect((user + system) / 1000).toBeLessThan(MOST_MS);
	});
});

/** As many as an answer may hold. */
const MANY = 249_000;
const wordsOf = (second: number) => new Date(second * 1000).toISOString().slice(0, 19).replace('T', ' ');
/** Tracks of a day: an entry of a second, and the seconds in the order in which they come. */
const TRACKS: Readonly<
	Record<string, readonly [entry: (second: number) => string, secondOf: (place: number) => number]>
> = {
	'from the last to the first': [
		(second) => `26.1,44.2,${String(second)},3,4;`,
		(place) => Math.floor((MANY - place) / 3),
	],
	'in no order, with times in words': [
		(second) => `26.1,44.2,${wordsOf(second)}+00:00,3,4;`,
		(place) => (place * 7919) % 86_000,
	],
};

describe.each(
	PLATFORMS.flatMap(({ large, vendor: { provider } }) => {
		const operation = provider.operations.find(
			({ resource, name }) => `${resource}.${name}` === 'position.getHistory',
		);
		return operation !== undefined && large.includes('position.getHistory')
			? [[`${provider.title}: position.getHistory`, provider, operation] as const]
			: [];
	}),
)('%s', (_, provider, operation) => {
	test.each(Object.entries(TRACKS))('a page much longer than documented, %s', async (title, [entry, secondOf]) => {
		const recorded = recordingOf(provider, 'position.getHistory');
		const [begin, end] = ['2025-01-01T00:00:00Z', '2025-01-02T00:00:00Z'];
		const from = Date.parse(begin) / 1000;
		const response = structuredClone(recorded?.exchanges[0]?.response);
		const text = Array.from({ length: MANY }, (_, place) => entry(from + secondOf(place))).join('');
		const body = Buffer.from(answerWith(response, placesIn(response).text!, JSON.stringify(text))).toString();
		expect(body.length).toBeLessThan(SIZE);
		const host = new TestHost(() => ({ status: 200, headers: {}, body }));
		const client = new Client(provider, { ...connectionOf(provider), account: `tracks ${title}` }, host);
		let found = 0;
		const read = async () => {
			for await (const page of client.run(operation, { ...recorded?.params, begin, end }, { limit: MANY }))
				if ((found += page.length) > MANY / 2 || host.sent.length > 3) break;
		};
		expect((await longestTurn(read)).most).toBeLessThan(MOST_MS);
		expect(found).toBeGreaterThan(MANY / 2);
	});
});
