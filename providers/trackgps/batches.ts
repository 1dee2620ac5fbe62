import type { Run } from '../../core/describe/operation';
import type { Ids, Several } from '../../core/describe/field';
import type { Row } from '../../core/describe/records';
import { filtered, mapped } from '../../core/call/blocks';
import { chunks } from '../../core/call/windows';
import { zoneOf } from './connection';
import { localText, localWindows } from './times';

/** Way, stops and consumption (facts 2.3, C); temperatures by analogy. */
const vehiclesPerRequest = 10;

interface Asked {
	devices: Ids;
	begin: number;
	end: number;
}

/** What a request carries that is about a period: local times without an offset (facts 2.1). */
export interface LocalPeriod {
	startDate: string;
	endDate: string;
}

/** The same about some vehicles. */
export interface Batch extends LocalPeriod {
	vehiclesList: Several<number>;
}

/** What the requests are about. */
export const someVehicles = { devices: 'devices', as: 'vehiclesList', most: vehiclesPerRequest } as const;

/** The vehicles that a `devices` parameter stands for. */
export const listed = (run: Pick<Run, 'connection' | 'devices'>, { devices, begin, end }: Asked) =>
	run.devices(devices, localWindows(begin, end, zoneOf(run.connection)).length);

/** The same in groups of one request each. */
export const groups = async (run: Pick<Run, 'connection' | 'devices'>, asked: Asked) =>
	chunks(await listed(run, asked), vehiclesPerRequest);

/**
 * The answers about one group of vehicles, window by window. They are asked for one after the other, never side by
 * side:
 * with a turn only every 30 s, requests that run ahead would go on using up turns after a run has failed or has enough.
 */
export async function* inWindows<R extends Row>(
	run: Pick<Run, 'connection'>,
	{ begin, end }: Pick<Asked, 'begin' | 'end'>,
	ask: (period: LocalPeriod) => Promise<R[]>,
): AsyncGenerator<R[]> {
	for (const window of localWindows(begin, end, zoneOf(run.connection)))
		yield await ask({ startDate: localText(window.begin), endDate: localText(window.end) });
}

/** Leaves out what the answer before had already: a record on the border of two windows may belong to both. */
export async function* withoutDoubles<R extends Row>(
	run: Pick<Run, 'inBlocks'>,
	pages: AsyncIterable<R[]>,
	key: (row: R) => string,
): AsyncGenerator<R[]> {
	let before: ReadonlySet<string> | undefined;
	for await (const page of pages) {
		const keys = await mapped(run, page, key);
		const known = before;
		let place = 0;
		yield known === undefined ? page : await filtered(run, page, () => !known.has(keys[place++] ?? ''));
		before = new Set(keys);
	}
}

/** The ordinary run: groups of vehicles, windows of time. */
export async function* batches<R extends Row>(
	run: Pick<Run, 'connection' | 'devices' | 'inBlocks'>,
	params: Asked,
	ask: (batch: Batch) => Promise<R[]>,
	key: (row: R) => string,
): AsyncGenerator<R[]> {
	for (const devices of await groups(run, params)) {
		const vehiclesList = devices.map(Number);
		yield* withoutDoubles(
			run,
			inWindows(run, params, (period) => ask({ vehiclesList, ...period })),
			key,
		);
	}
}
