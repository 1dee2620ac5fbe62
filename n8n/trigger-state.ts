import type { IDataObject } from 'n8n-workflow';
import type { FleetError } from '../core/describe/errors';
import { isRecord } from '../core/describe/read';
import type { FleetEvent } from '../core/describe/trigger';
import type { Health } from '../core/watch/health';

/**
 * Under which name static data hold where a node stands. One text, since n8n clones and compares it at every poll.
 */
const KEY = 'fleetwire';

/** By then n8n has the execution of a batch in its database, or has dropped it. */
const SETTLED_MS = 10_000;

/** States kept in a process: more trigger nodes than that are in no n8n. */
const KEPT = 2000;

/** Characters of a batch that is stored with the position: n8n writes it with each batch. */
const LARGEST_BATCH = 256 * 1024;

/** Where to go on from. */
interface Position {
	cursor: unknown;
	/** The batch before it, which is to be sent first. */
	replay?: readonly FleetEvent[];
}

/** What static data say. */
interface StoredState extends Position {
	/** Number of the batch that was handed over with it; larger ones are later. */
	batch: number;
	/** Stands for the account that the cursor belongs to; undefined if the text cannot be read. */
	account?: string;
}

interface Stopped {
	/** Stands for all settings of node and account. */
	settings: string;
	error: FleetError;
	/** When it was found out, and when it was last reported. */
	at: number;
	reportedAt: number;
}

/** n8n tries an activation that fails up to four times more within that time. */
const RETRIED_MS = 30_000;

/** The position before a batch that was handed to n8n. It starts an execution with it, or not. */
interface Pending extends Position {
	/** n8n has not dropped it, as it does if the workflow was changed or switched off meanwhile. */
	emitted: boolean;
}

/** A batch on its way. */
export interface Handover {
	/** What to store with it. */
	readonly text: string;
	/** What to store once n8n has the execution. */
	readonly takenText: string;
	/** n8n is about to make the execution. */
	emitted(): void;
	/** n8n could not make it. */
	refused(): void;
}

/**
 * Where a trigger node stands, as far as this process knows.
 *
 * n8n writes static data to its database shortly before it makes the execution, and only then. So what is written with
 * a batch is what is needed to send it again: the cursor from before it or, where a state is compared with the last one
 * that was reported, the cursor from after it and the batch itself. A crash between the two loses nothing, and after a
 * stop that batch alone can come again. While the process lives, the newest cursor is the one in here, and n8n's own
 * word counts: it says so if it cannot make an execution.
 */
export class TriggerState {
	private account: string | undefined;
	private batch = -1;
	/** After everything that was handed over. */
	private position: Position = { cursor: undefined };
	/** Before the last batch, unless it is certain that n8n has taken it over. */
	private before: Position = this.position;
	/** The last batch, while n8n may still drop or refuse it. */
	private pending: Pending | undefined;
	private handedOverAt = 0;
	/** Where it has begun, counted: a batch from before that says nothing about what follows. */
	private beginnings = 0;
	private turn = 0;
	private busyUntil = 0;
	private begunAt = -Infinity;
	/** What ended the work until the user changes something. */
	stopped: Stopped | undefined;
	/** What goes wrong in poll after poll, though there are events. */
	trouble: { reportedAt: number } | undefined;
	/** How the trigger fares, once that is known. */
	health: Health | undefined;
	/** The last event of the trigger about itself, while n8n may still drop or refuse it. */
	report: { emitted: boolean; withdraw: () => void } | undefined;

	/**
	 * Begins a poll; undefined while another is under way, or if the last began less than `leastMs` ago. One that takes
	 * longer than `mostMs` is abandoned.
	 */
	begin(now: number, { mostMs, leastMs }: { mostMs: number; leastMs: number }): number | undefined {
		const waits = now - this.begunAt < leastMs && now >= this.begunAt;
		// A clock that was set back must not keep it waiting for longer.
		if (waits || (now < this.busyUntil && this.busyUntil - now <= mostMs)) return undefined;
		this.begunAt = now;
		this.busyUntil = now + mostMs;
		return ++this.turn;
	}

	/** What an activation ran into a moment ago: with the same settings, nothing needs to be sent to know it again. */
	justStopped(settings: string, now: number): FleetError | undefined {
		const { stopped } = this;
		return stopped?.settings === settings && Math.abs(now - stopped.at) < RETRIED_MS ? stopped.error : undefined;
	}

	/** Whether the poll has not been abandoned. */
	holds(turn: number): boolean {
		return turn === this.turn;
	}

	end(turn: number): void {
		if (this.holds(turn)) this.busyUntil = 0;
	}

	/**
	 * Where to go on from. Undefined while it is not certain whether n8n takes the last batch over.
	 * @param exact whether n8n stores the position together with the execution or not at all
	 */
	resume(stored: StoredState | undefined, account: string, now: number, exact: boolean): Position | undefined {
		const other = stored?.account !== undefined && stored.account !== account;
		const { batch, cursor, replay } = stored === undefined || other ? { batch: -1, cursor: undefined } : stored;
		if (this.account !== account || batch > this.batch) {
			// This process has just begun, or another one has gone on in the meantime.
			if (this.account !== account) this.beginnings += 1;
			this.account = account;
			this.batch = Math.max(batch, 0);
			this.position = { cursor, ...(replay === undefined ? {} : { replay }) };
		} else if (exact && batch < this.batch) {
			// What was stored may have been read before the batch was: several polls are due at once after a pause.
			if (!this.settled(now)) return undefined;
			this.position = this.before;
		} else if (this.pending?.emitted === false) {
			this.position = this.pending;
		}
		this.pending = undefined;
		return (this.before = this.position);
	}

	/**
	 * A poll has begun afresh: whatever was handed over before belongs to another account or event, or cannot be read.
	 * Returns what to store before anything else.
	 */
	beginAfresh(cursor: unknown): string {
		this.beginnings += 1;
		this.position = this.before = { ...this.position, cursor };
		this.pending = undefined;
		this.handedOverAt = -Infinity;
		return this.text({ cursor });
	}

	private settled(now: number): boolean {
		return Math.abs(now - this.handedOverAt) > SETTLED_MS;
	}

	/** A poll found nothing. Returns what to store, if anything is to be stored. */
	idle(cursor: unknown, now: number, exact: boolean): string | undefined {
		this.position = this.before = { cursor };
		return exact || this.settled(now) ? this.text(this.position) : undefined;
	}

	/**
	 * A poll has a batch.
	 * @param exact whether n8n stores the position together with the execution or not at all
	 * @param compares whether the trigger compares states: then the position before the batch does not do to repeat it
	 */
	handOver(
		cursor: unknown,
		events: readonly FleetEvent[],
		now: number,
		{ exact, compares }: { exact: boolean; compares: boolean },
	): Handover {
		const { before, beginnings } = this;
		const after = (this.position = { cursor });
		// Later than any other process's, without having to know them.
		this.batch = Math.max(now, this.batch + 1);
		this.handedOverAt = now;
		const pending: Pending = { ...before, emitted: exact };
		this.pending = pending;
		const takenText = this.text(after);
		const text = exact
			? takenText
			: this.text(compares && isSmall(events) ? { cursor, replay: events } : { cursor: before.cursor });
		return {
			text,
			takenText,
			emitted: () => {
				pending.emitted = true;
			},
			refused: () => {
				if (this.beginnings !== beginnings) return;
				this.position = this.before = before;
				this.pending = undefined;
				// A poll under way has gone on from behind it.
				this.turn += 1;
				this.busyUntil = 0;
			},
		};
	}

	private text({ cursor, replay }: Position): string {
		return JSON.stringify({ batch: this.batch, account: this.account, cursor, replay });
	}
}

const isSmall = (events: readonly FleetEvent[]) => JSON.stringify(events).length <= LARGEST_BATCH;

const states = new Map<string, TriggerState>();

/** A node's state, kept while the workflow is edited, switched off and on again. */
export function triggerStateOf(workflowId: string, nodeId: string): TriggerState {
	const key = `${workflowId} ${nodeId}`;
	const state = states.get(key) ?? new TriggerState();
	states.delete(key);
	states.set(key, state);
	for (const [oldest] of states) {
		if (states.size <= KEPT) break;
		states.delete(oldest);
	}
	return state;
}

/** Forgets all, as the end of the process does. */
export function forgetTriggerStates(): void {
	states.clear();
}

/** The later of the texts that static data hold for a node. */
function readStored(...texts: unknown[]): StoredState | undefined {
	return texts
		.flatMap((text) => (text === undefined ? [] : [stateIn(text)]))
		.reduce<StoredState | undefined>(
			(best, state) => (best === undefined || state.batch > best.batch ? state : best),
			undefined,
		);
}

function stateIn(text: unknown): StoredState {
	try {
		const { batch, account, cursor, replay } = JSON.parse(text as string) as Partial<StoredState>;
		if (typeof batch === 'number' && Number.isSafeInteger(batch) && typeof account === 'string')
			return {
				batch,
				account,
				cursor,
				...(Array.isArray(replay)
					? { replay: replay.filter((event): event is FleetEvent => isRecord(event)) }
					: {}),
			};
	} catch {
		// Damaged: the cursor's own check says so.
	}
	return { batch: -1, cursor: text };
}

/** Where static data hold how a trigger fares. */
export interface HealthShelf {
	readHealth(): unknown;
	writeHealth(text: string): void;
}

/** Where static data hold what a node has stored. */
export interface Shelf extends HealthShelf {
	read(): StoredState | undefined;
	write(text: string | undefined): void;
}

/**
 * Durable cursors are n8n's own, by the node's id. Otherwise, a node's static data are found by its name, and are gone
 * when it is renamed: those of the workflow are not. Both are read, as the operator may switch from one to the other.
 * @param exact whether n8n stores the position together with the execution or not at all
 */
export function shelfOf(nodeId: string, node: IDataObject, workflow: IDataObject, exact: boolean): Shelf {
	const ofNode = `${KEY}:${nodeId}`;
	const [data, key] = exact ? [node, KEY] : [workflow, ofNode];
	const healthKey = `${key}:health`;
	return {
		read: () => readStored(node[KEY], workflow[ofNode]),
		write: (text) => {
			if (text !== undefined && data[key] !== text) data[key] = text;
		},
		readHealth: () => data[healthKey],
		writeHealth: (text) => {
			data[healthKey] = text;
		},
	};
}
