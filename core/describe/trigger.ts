import { choice, flag, number, time, type Fields, type Values } from './field';
import type { AnyOperation, Evidence } from './operation';
import type { Position, RecordKind } from './records';

/**
 * What a flow can start with: declared once per vendor. How it is polled follows from its source; the engines are
 * stream.ts, watch.ts and queue.ts beside this file.
 */
export interface Trigger<F extends Fields = Fields> {
	/** Stored in users' flows, together with the names of `params`: never rename without a migration. */
	readonly name: string;
	/** As in a dropdown, Title Case. */
	readonly title: string;
	readonly description: string;
	/** Filters. */
	readonly params: F;
	/** Kind of the record in each event. */
	readonly kind: RecordKind;
	/** Whether it reads a message queue, in place of polling. */
	readonly queue?: boolean;
	/** What the events carry beside the record's own fields, for the docs: name -> words. */
	readonly adds?: Readonly<Record<string, string>>;
	/** Checks across params; gives a sentence if they do not fit together. */
	readonly check?: (params: Values<F>, now: number) => string | undefined;
	/** By its params, where they choose between several. */
	readonly source: Source | ((params: Values<F>) => Source);
	readonly evidence: Evidence;
}

/** What only the declaration knows: a trigger's params, and the record that its operation gives. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- `stream` checks it where it is declared
type Erased = any;

export type Source = StreamSource | SnapshotSource | QueueSource;

/** Records of a period, asked for device by device or some at once; new ones are the events. */
export interface StreamSource {
	readonly type: 'stream';
	readonly operation: AnyOperation;
	/** The operation's parameters for some devices and a period in milliseconds; if it takes one. */
	readonly paramsFor: (
		devices: string[],
		period: { begin: number; end: number },
		params: Erased,
	) => Record<string, unknown>;
	/** Devices in one request. */
	readonly perRequest: number;
	/**
	 * Whether a device's pages come in ascending order of `mark`, so that a look that was broken off can go on there.
	 */
	readonly ascending: boolean;
	/** ISO time by which the vendor chooses the records of a period; null if a record has none. */
	readonly recordTime: (record: Erased) => string | null;
	/** Whether an event is wanted. */
	readonly keep?: (record: Erased, params: Erased) => boolean;
	/** How late records may appear unless the user says otherwise. */
	readonly lookBackMinutes?: number;
}

/** Current positions of the fleet, compared with those before. */
export interface SnapshotSource {
	readonly type: 'watch';
	readonly compare: (position: Position, look: Comparison) => Compared;
	/** What an event about a position looks like, to try a flow with. */
	readonly sample: (position: Position, look: Pick<Comparison, 'now' | 'params'>) => Compared['events'];
}

export interface Comparison {
	/** What was remembered of this device; undefined: nothing. */
	readonly before: string | undefined;
	/** Whether it is the first round over the fleet. */
	readonly first: boolean;
	/**
	 * Newest record time that was known at the last look at the device and is known at this one, in seconds. What is
	 * forgotten of devices that have been quiet for long can be told from what is new by these.
	 */
	readonly lastWatermark: number;
	readonly watermark: number;
	/** Local time, in seconds. */
	readonly now: number;
	/** Seconds. */
	readonly lookBack: number;
	readonly params: never;
}

export interface Compared {
	/** To remember of this device, short; undefined: nothing. */
	state: string | undefined;
	/** What the events carry beside the record. `key` makes their ids stable. */
	events: readonly ({ key: string } & Record<string, unknown>)[];
}

/** A message queue with acknowledgement. */
export interface QueueSource {
	readonly type: 'queue';
	/** Name of the queue as the operations know it. */
	readonly queue: string;
	readonly get: AnyOperation;
	readonly acknowledge: AnyOperation;
	readonly subscribe: AnyOperation;
}

/** How the fleet's current positions are asked for. */
export interface PositionSource {
	/** Takes `devices`. */
	readonly operation: AnyOperation;
	/** Whether one request gives the positions of all devices. */
	readonly all: boolean;
	/** Devices in a request that names some; undefined: every request gives all. */
	readonly perRequest?: number;
	/** Not asked for more often than this, where requests are dear. */
	readonly everyMs?: number;
}

/** A trigger whose types are its own affair: what a catalog holds. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- params are both read and checked: only `any` fits every trigger
export type AnyTrigger = Trigger<any>;

/** Declares a trigger, its sources typed by its params. */
export function trigger<const F extends Fields>(declared: Trigger<F>): AnyTrigger {
	return declared;
}

/** Declares a stream. R: its simplified record. P: the trigger's params. */
export function stream<R, P>(declared: {
	operation: AnyOperation;
	paramsFor: (devices: string[], period: { begin: number; end: number }, params: P) => Record<string, unknown>;
	perRequest: number;
	ascending?: boolean;
	recordTime: (record: R) => string | null;
	keep?: (record: R, params: P) => boolean;
	lookBackMinutes?: number;
}): StreamSource {
	return { type: 'stream', ascending: false, ...declared };
}

export const LOOK_BACK_MINUTES = 10;

/** What every trigger that polls lets its user choose, beside its own filters. Names are stored in users' flows. */
export const deliveryFields = {
	firstRun: choice({
		title: 'First Run',
		description: 'What to do about events from before the trigger was switched on',
		options: [
			{ value: 'nothing', title: 'Leave Out Earlier Events' },
			{
				value: 'latest',
				title: 'Give the Latest',
				description: 'For each device the newest of the last 24 hours, if there is one',
			},
			{ value: 'since', title: 'Give Those Since a Time' },
		],
		initial: 'nothing',
	}),
	since: time({
		title: 'Since',
		description:
			"Time from which on events are given in the first run. Without an offset it is local: in n8n to the workflow's time zone, in Node-RED to the machine's. A distance such as -24h works too.",
		initial: '-24h',
		placeholder: 'e.g. 2026-01-31T08:00:00Z',
		when: { firstRun: ['since'] },
	}),
	lookBack: number({
		title: 'Look-Back',
		description:
			'How late an event may reach the vendor and still be found, in minutes. Each poll asks again for as much; what was given already is left out. Empty: 10 minutes, or more where the vendor needs it.',
		unit: 'minutes',
		min: 0,
		max: 10_080,
		optional: true,
	}),
	includeRaw: flag({
		title: 'Include Raw',
		description: 'Whether each event also carries the vendor\'s own record, as "raw"',
		initial: false,
	}),
} satisfies Fields;

/** Where the events come from, given the trigger's params, checked. */
export function sourceOf({ source }: AnyTrigger, params: object): Source {
	return typeof source === 'function' ? (source as (params: object) => Source)(params) : source;
}

/** What a form for the trigger asks for: its filters, and how its events are delivered. */
export function fieldsOfTrigger({ params, queue = false }: AnyTrigger): Fields {
	return queue ? (params as Fields) : { ...(params as Fields), ...deliveryFields };
}

/** What an event is to a flow: a record with these beside its own fields. */
export interface FleetEvent {
	/** The same whenever the same event is given again. */
	id: string;
	/** Name of the trigger's event. */
	event: string;
	deviceId: string | null;
	/** When it happened. */
	time: string | null;
	/** Whether something newer of this device was given before. */
	late: boolean;
	[field: string]: unknown;
}
