import { choice, flag, number, time, type Fields, type Values } from './field';
import type { AnyOperation, Evidence } from './operation';
import type { Position, RecordKind } from './records';

/**
 * A trigger: an event that starts a flow. Each vendor declares its own. The source decides how it is read: see
 * stream.ts, snapshot.ts and queue-consumer.ts in core/watch.
 */
interface Trigger<F extends Fields = Fields> {
	/** Stored in users' flows, together with the names of `params`: never rename without a migration. */
	readonly name: string;
	/** As in a dropdown, Title Case. */
	readonly title: string;
	readonly description: string;
	/** Filters. */
	readonly params: F;
	/** Kind of the record in each event. */
	readonly kind: RecordKind;
	/** Whether it reads a message queue instead of polling. */
	readonly queue?: boolean;
	/** What the events hold beside the record's own fields, for the docs: name -> words. */
	readonly adds?: Readonly<Record<string, string>>;
	/** Checks params against each other. Returns a sentence if they do not fit together. */
	readonly check?: (params: Values<F>, now: number) => string | undefined;
	/** A function if it depends on the params. */
	readonly source: Source | ((params: Values<F>) => Source);
	readonly evidence: Evidence;
}

/** What only the declaration knows: a trigger's params, and the record that its operation gives. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- `stream` checks it where it is declared
type Erased = any;

export type Source = StreamSource | SnapshotSource | QueueSource;

/** Records of a period, read for one device or several at once. The new ones are the events. */
export interface StreamSource {
	readonly type: 'stream';
	readonly operation: AnyOperation;
	/** The operation's parameters for some devices and, if it takes one, a period in milliseconds. */
	readonly paramsFor: (
		devices: string[],
		period: { begin: number; end: number },
		params: Erased,
	) => Record<string, unknown>;
	/** Devices in one request. */
	readonly perRequest: number;
	/**
	 * Whether a device's pages come in ascending order of the record time. Then a read that stopped between two pages
	 * continues there.
	 */
	readonly ascending: boolean;
	/** The ISO time by which the vendor selects the records of a period; null if a record has none. */
	readonly recordTime: (record: Erased) => string | null;
	/** Whether an event is wanted. */
	readonly keep?: (record: Erased, params: Erased) => boolean;
	/** How late records may appear unless the user says otherwise. */
	readonly lookBackMinutes?: number;
}

/** Current positions of the fleet, compared with the state of the last poll. */
export interface SnapshotSource {
	readonly type: 'snapshot';
	readonly compare: (position: Position, comparison: Comparison) => Compared;
	/** Sample events of a position, to try a flow with. */
	readonly sample: (position: Position, comparison: Pick<Comparison, 'now' | 'params'>) => Compared['events'];
}

export interface Comparison {
	/** The device's stored state, if there is one. */
	readonly before: string | undefined;
	/** Whether this is the first read of the device, in the first sweep. */
	readonly first: boolean;
	/**
	 * The newest record time that was known at the last read of the device, and the one that is known at this read, in
	 * seconds. They separate what is new from what is old in devices whose state was dropped.
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
	/** The state to store for this device: a short text, or undefined. */
	state: string | undefined;
	/** What the events hold beside the record. `key` makes their ids stable. */
	events: readonly ({ key: string } & Record<string, unknown>)[];
}

/** A message queue with acknowledgement. */
export interface QueueSource {
	readonly type: 'queue';
	/** The queue, by the name that operations use. */
	readonly queue: string;
	readonly get: AnyOperation;
	readonly acknowledge: AnyOperation;
	readonly subscribe: AnyOperation;
}

/** How to read the fleet's current positions. */
export interface PositionSource {
	/** Takes `devices`. */
	readonly operation: AnyOperation;
	/** Whether one request returns the positions of all devices. */
	readonly all: boolean;
	/** Devices in a request that names some; undefined: every request returns all. */
	readonly perRequest?: number;
	/** Least time between two reads, for a vendor with a small quota. */
	readonly everyMs?: number;
}

/** Any trigger: what a catalog holds. */
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

/** Settings of every trigger that polls, beside its own filters. Users' flows store the names. */
export const deliveryFields = {
	firstRun: choice({
		title: 'First Run',
		description: 'What to do with events from before the trigger was switched on',
		options: [
			{ value: 'nothing', title: 'Skip Past Events' },
			{
				value: 'latest',
				title: 'Latest Event per Device',
				description: 'The newest event of each device within the last 24 hours',
			},
			{ value: 'since', title: 'Events Since a Date' },
		],
		initial: 'nothing',
	}),
	since: time({
		title: 'Since',
		description: 'Deliver events from this time on in the first run. Relative values such as -24h are allowed.',
		initial: '-24h',
		placeholder: 'e.g. 2026-01-31T08:00:00Z',
		when: { firstRun: ['since'] },
	}),
	lookBack: number({
		title: 'Look-Back',
		description:
			'How far back each poll re-reads, in minutes, to catch events that reach the vendor late. Events already delivered are skipped. Empty: 10 minutes, or more where the vendor needs it.',
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

/** What every trigger may say about itself, queues included. Users' flows store the names. */
export const reportFields = {
	reportUnwell: flag({
		title: 'Trigger Unwell',
		description:
			'Whether to send an event when this trigger has failed for at least ten minutes and three intervals, and another when it works again',
		initial: false,
	}),
} satisfies Fields;

/** The source of a trigger. @param params checked */
export function sourceOf({ source }: AnyTrigger, params: object): Source {
	return typeof source === 'function' ? (source as (params: object) => Source)(params) : source;
}

/** The fields of a trigger's form: its filters, how its events are delivered, and what it says about itself. */
export function fieldsOfTrigger({ params, queue = false }: AnyTrigger): Fields {
	return { ...(params as Fields), ...(queue ? {} : deliveryFields), ...reportFields };
}

/** An event as a flow receives it: a record with these fields beside its own. */
export interface FleetEvent {
	/** Stable: an event that is delivered again has the same id. */
	id: string;
	/** Name of the trigger's event. */
	event: string;
	deviceId: string | null;
	/** When it happened. */
	time: string | null;
	/** Whether a newer event of this device was delivered before. */
	late: boolean;
	/** Whether it cannot have happened at `time`: some clock is wrong. */
	doubtful: boolean;
	[field: string]: unknown;
}

/** What a trigger says about itself: that it has failed for long, and that it works again. */
export interface HealthEvent extends FleetEvent {
	event: 'triggerUnwell' | 'triggerWellAgain';
	/** Name of the event that the trigger is there for. */
	trigger: string;
	/** When it failed for the first time. */
	since: string;
	/** When it last worked before that; null if that is not known. */
	lastSuccess: string | null;
	/** What is or was wrong, and what to do. */
	error: string;
	code: string;
}
