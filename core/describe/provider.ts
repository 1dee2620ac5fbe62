import type { Choice, Fields } from './field';
import type { Exchange, WireAnswer, WireRequest } from './host';
import type { AnyOperation, Collector, Evidence, RunOptions } from './operation';
import type { Connection, Session } from './connection';
import type { AnyTrigger, PositionSource } from './trigger';

export interface Limits {
	/** Requests a minute unless the account says otherwise. */
	requestsPerMinute: number;
	/** Requests that may follow each other at once after a pause. */
	burst: number;
	/** How long one run of an operation may take, queueing, retries and pages included. */
	deadlineMs: number;
	/** Seconds between two polls of a trigger: what a new node proposes, and the least that makes sense. */
	poll: { seconds: number; leastSeconds: number };
}

/**
 * What a vendor offers. C: the settings of its accounts, which only its own functions know, like the types of an
 * operation in `AnyOperation`.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- settings are only taken: no type but `any` fits every vendor
export interface Provider<C extends Connection = any> {
	/** In types of nodes and in file names. Users' flows store it. */
	readonly name: string;
	/** The vendor's name as users know it. */
	readonly title: string;
	readonly description: string;
	/** Settings of an account. Its names are stored by users. */
	readonly connection: Fields;
	/** Begins a session. Without it, the account's secret is the session: a key that goes with each request. */
	readonly login?: (connection: C, exchange: Exchange, now: () => number) => Promise<Session>;
	/** A read without parameters, which shows whether a key is good: for a vendor without a login. */
	readonly probe?: AnyOperation;
	/** The vendor's own login method, for the catalog. */
	readonly loginMethod?: { route: string; evidence: Evidence };
	/** Adds the session to a request. */
	readonly sign: (request: WireRequest, session: string, connection: C) => WireRequest;
	/**
	 * Opens the envelope: gives the part that holds data. Request and operation are at hand because some vendors give
	 * one code different meanings in different methods.
	 * @param warn tells the user what the vendor says beside the data
	 * @throws FleetError for everything that is not a success; an empty result is not an error.
	 */
	readonly open: (
		answer: WireAnswer,
		request: WireRequest,
		operation: AnyOperation,
		warn?: (message: string) => void,
	) => unknown;
	/**
	 * The route of an operation where it depends on the account; by default the declared one.
	 * @throws FleetError if the operation must not be tried as it is declared
	 */
	readonly route?: (operation: AnyOperation, connection: C) => string;
	readonly limits: Limits;
	readonly operations: readonly AnyOperation[];
	/** Titles of resources that this vendor calls differently: see `resourceTitle`. */
	readonly resourceTitles?: Readonly<Record<string, string>>;
	readonly triggers: readonly AnyTrigger[];
	/**
	 * How triggers learn which devices have been heard of. Without it they ask about one device after the other, as the
	 * list `DEVICES` has them, and there are no triggers that compare positions.
	 */
	readonly positions?: PositionSource;
	/** Choices for pickers, by the name that fields refer to. Those of `DEVICES` also name the devices of records. */
	readonly lookups: Readonly<Record<string, (client: Collector, options?: RunOptions) => Promise<Choice[]>>>;
}

/** One whose accounts log in, as most do. */
export type LoginProvider<C extends Connection> = Provider<C> & Required<Pick<Provider<C>, 'login' | 'loginMethod'>>;
/** Finds an operation by the names that a flow stores. */
export function findOperation(provider: Provider, resource: string, name: string): AnyOperation | undefined {
	return provider.operations.find((operation) => operation.resource === resource && operation.name === name);
}

export function findTrigger(provider: Provider, name: string): AnyTrigger | undefined {
	return provider.triggers.find((trigger) => trigger.name === name);
}
