import type { Run } from '../../core/describe/operation';
import { ALL, type Ids } from '../../core/describe/field';
import type { Row } from '../../core/describe/records';
import { chunks } from '../../core/call/windows';
import { zoneOf } from './connection';
import { localText, localWindows } from './times';

/** Way, stops and consumption (facts 2.3, C); temperatures by analogy. */
export const vehiclesPerRequest = 10;

interface Asked {
	devices: Ids;
	/** On their way to `request`, these two are wall-clock times of the company. */
	begin: number;
	end: number;
}

/** What a request about vehicles and a period carries: local times without an offset (facts 2.1). */
export function vehiclesAndPeriod({ devices, begin, end }: Asked) {
	return { vehiclesList: numbers(devices), startDate: localText(begin), endDate: localText(end) };
}

export const numbers = (devices: Ids) => (devices === ALL ? [] : devices.map(Number));

/** The vehicles that a `devices` parameter stands for, in groups of one request each. */
export async function groups(run: Pick<Run, 'lookup'>, devices: Ids, size: number): Promise<string[][]> {
	return chunks(devices === ALL ? (await run.lookup('device')).map(({ value }) => value) : devices, size);
}

/**
 * The answers about one group of vehicles, window by window. They are asked for one after the other, never side by
 * side:
 * with a turn only every 30 s, requests that run ahead would go on using up turns after a run has failed or has enough.
 */
export async function* inWindows<P extends Asked, R extends Row>(
	run: { request(params: P): Promise<R[]> } & Pick<Run, 'connection'>,
	params: P,
): AsyncGenerator<R[]> {
	for (const window of localWindows(params.begin, params.end, zoneOf(run.connection)))
		yield await run.request({ ...params, ...window });
}

/** Leaves out what the answer before had already: a record on the border of two windows may belong to both. */
export async function* withoutDoubles<R extends Row>(
	pages: AsyncIterable<R[]>,
	key: (row: R) => string,
): AsyncGenerator<R[]> {
	let before: ReadonlySet<string> | undefined;
	for await (const page of pages) {
		const keys = page.map(key);
		const known = before;
		yield known === undefined ? page : page.filter((_, index) => !known.has(keys[index] ?? ''));
		before = new Set(keys);
	}
}

/** The ordinary run: groups of vehicles, windows of time. */
export async function* batches<P extends Asked, R extends Row>(
	run: { request(params: P): Promise<R[]> } & Pick<Run, 'connection' | 'lookup'>,
	params: P,
	key: (row: R) => string,
): AsyncGenerator<R[]> {
	for (const devices of await groups(run, params.devices, vehiclesPerRequest))
		yield* withoutDoubles(inWindows(run, { ...params, devices }), key);
}
