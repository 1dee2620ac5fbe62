import type * as z from 'zod/v4';
import { withNames, type Choice, type Fields, type Ids, type Values, type Wholes } from './field';
import type { WireRequest } from './host';
import type { Connection } from './connection';
import type { FleetError } from './errors';
import { mustBeReadable } from './read';
import type { RecordKind, RecordKinds, Row } from './records';

/**
 * How sure it is that the vendor works as declared. C: certain, read in the vendor's document or seen in independent
 * working clients. L: likely. G: guess. U: unknown.
 */
export type Grade = 'C' | 'L' | 'G' | 'U';

export interface Evidence {
	/** Section of the vendor's document. */
	section: string;
	grade: Grade;
	/** What is not proven, in words for the user. */
	note?: string;
}

/**
 * read: changes nothing, may be tried again. write: changes data, sent once.
 * command: acts on a vehicle, lock, SIM or account; sent once, and only if account and node allow commands.
 */
export type Effect = 'read' | 'write' | 'command';

/** Names between braces in a route, e.g. 'GET /vehicles/{id}' -> 'id'. */
type Variables<Route extends string> = Route extends `${string}{${infer Name}}${infer Rest}`
	? Name | Variables<Rest>
	: never;

export interface Each<F extends Fields = Fields, R extends Row = Row> {
	/** The parameter that lists the devices. */
	readonly devices: keyof F & string;
	/** Whose a record is, as the parameter names devices; null if it does not say. */
	readonly deviceOf: (row: R) => string | null;
}

export interface Batching<F extends Fields = Fields, R extends Row = Row> extends Each<F, R> {
	/** Most devices in one request. */
	readonly most: number;
}

/** What the requests of a read are about, one by one or several at a time: one device never costs the others. */
export interface Asks<F extends Fields = Fields, W = unknown> {
	/** The parameter that lists the devices. */
	readonly devices: keyof F & string;
	/** What a request carries that names its devices: one, or a list. */
	readonly as: keyof W & string;
	/** Most devices in one request. */
	readonly most: number;
}

/** Records that were asked for with some of the params changed: whose they are, where they do not say so themselves. */
export interface PageOf<F extends Fields = Fields, R extends Row = Row> {
	rows: R[];
	params: Partial<Values<F>>;
}

/** What is made of the simplified records of a run, as they come: some of them, or records of another kind. */
export interface Computation {
	add(record: object): void;
	/** No more records come: completes what is left of them, a device at each step. */
	end(): Iterable<unknown>;
	/** What to report of them. */
	readonly warnings: readonly string[];
}

interface Compute<P = Readonly<Record<string, unknown>>> {
	/** The operation whose records it is computed from, where that is another one. Requests are those of it. */
	readonly source?: AnyOperation;
	/** Parameters that say how to compute. No request carries them. */
	readonly options: readonly string[];
	/** Undefined if nothing is to be computed. `emit` gets each record as soon as it is complete; `now` is in ms. */
	readonly begin: (params: P, now: number, emit: (record: object) => void) => Computation | undefined;
}

/**
 * W is what one request carries: by default what a user fills in, lists whole. Where that differs, the parameter of
 * `request` says how, and `run` makes the one out of the other.
 */
interface Operation<
	K extends RecordKind = RecordKind,
	F extends Fields = Fields,
	A = unknown,
	R extends Row = Row,
	W = Wholes<Values<F>>,
> {
	/** Stored in users' flows, together with `name` and the names of `params`: never rename without a migration. */
	readonly resource: string;
	readonly name: string;
	/** As in a dropdown, Title Case. */
	readonly title: string;
	/** As in a list of actions, sentence case. */
	readonly action: string;
	readonly description: string;
	readonly effect: Effect;
	/**
	 * For a read that takes something away, such as messages from a queue: sent once, as a write is, and given whole.
	 */
	readonly consuming?: boolean;
	/**
	 * Its record holds the session: whoever gets it is logged in. Only where the account allows it, and never for an
	 * agent.
	 */
	readonly handsOutSession?: boolean;
	/** Whether it ends the session that it is sent in. */
	readonly endsSession?: boolean;
	readonly params: F;
	/** Method and path, e.g. 'GET /api/track'; {names} stand for what the request carries. */
	readonly route: string;
	/** A request, from what it carries. The connection tells settings of the account, such as its time zone. */
	readonly request: (wire: W, connection: Connection) => Omit<WireRequest, 'method' | 'path'>;
	/** The part of the answer that holds data, after the provider has opened the envelope. */
	readonly answer: z.ZodType<A>;
	/** The vendor's own records in an answer: what Output = Raw gives. */
	readonly rows: (answer: A, wire: W, connection: Connection) => R[];
	/** A record as Output = Simplified gives it. @throws UnexpectedAnswer if it cannot be read */
	readonly record: (row: R, params: Wholes<Values<F>>, connection: Connection) => RecordKinds[K];
	/** A record as Output = Raw gives it, where what it is about is not in it; by default as it came. */
	readonly raw?: (row: R, params: Wholes<Values<F>>) => R;
	readonly kind: K;
	/** What is made of the records that Output = Simplified gives. */
	readonly compute?: Compute<Values<F>>;
	/** How many requests it takes and in what order; by default one. */
	readonly run?: (run: Run<W, R, A>, params: Values<F>) => AsyncIterable<R[] | PageOf<F, R>>;
	/** For a read of several devices: what in its requests names them. */
	readonly asks?: Asks<F, NoInfer<W>>;
	/** For a read that gives one record for each of a list of devices: those without one are named. */
	readonly each?: Each<F, R>;
	/** The same, where moreover many runs of it can share requests. */
	readonly batch?: Batching<F, R>;
	/** Checks across params; gives a sentence if they do not fit together. */
	readonly check?: (params: Values<F>, now: number) => string | undefined;
	/** For writes and commands: whom or what it is done to. */
	readonly target?: (params: Values<F>) => { target: string | null; command?: string | null };
	/** Whether it can give many records, so that Return All and Limit make sense. */
	readonly list: boolean;
	readonly evidence: Evidence;
}

/** What `operation` takes: what most have in common may be left out. */
type Declaration<
	E extends Effect,
	K extends RecordKind,
	F extends Fields,
	A,
	R extends Row,
	W,
	Route extends string,
> = Omit<Operation<K, F, A, R, W>, 'effect' | 'route' | 'request' | 'rows' | 'record' | 'kind' | 'list'> & {
	effect: E;
	route: [Variables<Route>] extends [keyof W]
		? Route
		: {
				error: 'the route names a variable that the request does not carry';
				variable: Exclude<Variables<Route>, keyof W>;
			};
	request?: Operation<K, F, A, R, W>['request'];
	rows?: Operation<K, F, A, R, W>['rows'];
	list?: boolean;
} & (E extends 'read' ? Pick<Operation<K, F, A, R, W>, 'record' | 'kind'> : { record?: undefined; kind?: undefined }) &
	// The compiler prints `error` where the other property is missing.
	(W extends Query ? unknown : { request: unknown; error?: 'a list or a truth value needs a request' }) &
	([Wholes<W>] extends [W] ? unknown : { request: { error: 'a request carries Several, not an array' } }) &
	([Wholes<Values<F>>] extends [W] ? unknown : { run: unknown; error?: 'a run makes what a request carries' });

type Query = NonNullable<WireRequest['query']>;

type KindOf<E extends Effect, K extends RecordKind> = E extends 'read' ? K : 'commandOutcome';

const asItIs = (row: Row): object => row;

/**
 * Declares an operation. What does not compile:
 * - a path variable that the request does not carry
 * - a record of another kind than `kind`; a write or command has neither, as it gives an outcome
 * - a request that carries something else than `params` without a `run` that makes it out of these
 * - a request that picks one out of a list
 */
export function operation<
	const E extends Effect,
	const K extends RecordKind,
	const F extends Fields,
	A,
	R extends Row,
	const Route extends string,
	W = Wholes<Values<F>>,
>(declared: Declaration<E, K, F, A, R, W, Route>): Operation<KindOf<E, K>, F, A, R, W> {
	const { request, rows, record = asItIs, kind = 'commandOutcome', list = false, route, ...rest } = declared;
	return {
		...rest,
		params: withNames(
			rest.params,
			rest.effect === 'read' ? 'Names and plates work, too.' : 'The whole name or plate works, too.',
		),
		record: (row, params, connection) => {
			mustBeReadable(row);
			return record(row, params, connection) as RecordKinds[KindOf<E, K>];
		},
		kind: kind as KindOf<E, K>,
		route: route as string,
		list,
		request: request ?? ((wire) => ({ query: wire as Query })),
		rows: rows ?? ((answer) => (Array.isArray(answer) ? answer : [answer]) as R[]),
	};
}

/** Splits a route and fills its variables in, each as one path segment. */
export function fillRoute(
	route: string,
	wire: Readonly<Record<string, unknown>>,
): Pick<WireRequest, 'method' | 'path'> {
	const [method, path = ''] = route.split(' ');
	return {
		method: method as WireRequest['method'],
		path: path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(wire[name]))),
	};
}

/** An operation whose types are its own affair: what a catalog holds. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- params are both read and written: only `any` fits every operation
export type AnyOperation = Operation<RecordKind, any, any, any, any>;

/** Whether the vendor has no such method: the records are computed from those of another operation. */
export const isComputed = ({ compute }: AnyOperation) => compute?.source !== undefined;

/** Who is waiting: commands overtake what a person waits for, and that overtakes polls. */
export type Priority = 'command' | 'person' | 'poll';

export interface RunOptions {
	/** simplified: the same fields for every vendor. raw: the vendor's own. */
	output?: 'simplified' | 'raw';
	signal?: AbortSignal;
	/** How long the run may take in all; by default the provider's. */
	deadlineMs?: number;
	/** Milliseconds since 1970 after which a command is not sent any more: what it was wanted for may be past. */
	sendBy?: number;
	/** 'poll' leaves half of the account's quota to others. Commands go first whatever is said here. */
	priority?: Exclude<Priority, 'command'>;
	/** Most records. Later pages are not read; a consuming read is never cut, as what is cut would be lost. */
	limit?: number;
	/** IANA zone in which times without an offset are read; UTC by default. */
	timeZone?: string;
	/** Hears that a request waits for its turn, and for how many milliseconds. */
	onWait?: (ms: number) => void;
	/** Hears the token of the session in which a request was answered. */
	onSession?: (token: string) => void;
	/** Nobody asked for it: it is tried once, gives no hints, and no names to records. */
	quiet?: boolean;
	/** Token of the session that it makes sense in, such as an acknowledgement: in any other, nothing is sent. */
	inSession?: string;
}

/** What an operation's own `run` works with. */
export interface Run<W = never, R extends Row = Row, A = unknown> {
	/**
	 * Sends one request of the operation itself. Where it is about devices (`asks`), it gives the rows of those that
	 * are answered: the others are noted, and reported after the last page. What has failed is not asked about again.
	 * @param hear hears the answer, for what is not in its rows, such as a total
	 * @param caught whether the caller takes care of an error, such as an answer that is too large: it is thrown
	 */
	request(wire: W, hear?: (answer: A) => void, caught?: (error: FleetError) => boolean): Promise<R[]>;
	/** Sends one request of another operation of the same vendor. */
	call<K2 extends RecordKind, F2 extends Fields, A2, R2 extends Row, W2>(
		operation: Operation<K2, F2, A2, R2, W2>,
		wire: W2,
	): Promise<R2[]>;
	/**
	 * The devices that the parameter of `asks` stands for.
	 * @param requests how many each group of them takes at least, such as one for each window of the period
	 * @throws TimedOut if that many cannot all get their turn in the time that the run has: nothing was sent about them
	 */
	devices(devices: Ids, requests?: number): Promise<string[]>;
	/** Whether a device has failed: what was read of it is not all. */
	failed(device: string): boolean;
	/** The account's devices and the like, at most five minutes old. */
	lookup(name: string): Promise<Choice[]>;
	/** Token of the session in force, for what is not a request: a link that a person opens. */
	token(): Promise<string>;
	sleep(ms: number): Promise<void>;
	/** Works on a list in blocks, between which the program's other work has its turn. */
	readonly inBlocks: <T>(list: readonly T[], work: (block: readonly T[]) => void) => Promise<void>;
	/** Milliseconds since 1970. */
	now(): number;
	warn(message: string): void;
	/** The trigger of this process that reads a queue of the account, if there is one. */
	reader(queue: string): QueueReader | undefined;
	/** Requests worth making side by side. */
	readonly width: number;
	/** Settings of the account, such as the time zone in which the vendor's days are counted. */
	readonly connection: Connection;
}

/** Who reads a queue in this process: acknowledgements of single messages go through it. */
export interface QueueReader {
	/** Single messages are dealt with; gives what became of it. @throws FleetError */
	acknowledge(tags: readonly string[]): Promise<Row>;
}

/** What lists for pickers are made with. */
export interface Collector {
	collect(operation: AnyOperation, input: Readonly<Record<string, unknown>>, options?: RunOptions): Promise<object[]>;
	lookup(name: string, options?: Pick<RunOptions, 'onWait' | 'deadlineMs' | 'priority'>): Promise<Choice[]>;
}
