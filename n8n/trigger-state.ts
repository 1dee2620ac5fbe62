import type { IDataObject } from 'n8n-workflow';
import type { FleetError } from '../core/describe/errors';

/**
 * Under which name a node's static data holds where it stands. One text, since n8n clones and compares it at every
 * poll.
 */
const KEY = 'fleetwire';

/** By then n8n has the execution of a batch in its database, or has dropped it. */
const SETTLED_MS = 10_000;

/** States kept in a process: more trigger nodes than that are in no n8n. */
const KEPT = 2000;

/** What static data say. */
export interface StoredState {
	/** Number of the batch that was handed over with it; larger ones are later. */
	batch: number;
	/** Stands for the account that the cursor belongs to; undefined if the text cannot be read. */
	account?: string;
	cursor: unknown;
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

/**
 * Where a trigger node stands, as far as this process knows.
 *
 * n8n writes static data to its database shortly before it makes the execution, and only then. So what is written with
 * a batch is the cursor from before the batch, which is where the trigger has begun if it is the first: a crash between
 * the two loses nothing, and after a stop that batch alone can come again. While the process lives, the newest cursor
 * is the one in here, and the batch's number in the static data tells whether n8n took the batch over: it drops what a
 * poll returns if the workflow was changed meanwhile.
 */
export class TriggerState {
	private account: string | undefined;
	private batch = -1;
	/** After everything that was handed over. */
	private cursor: unknown;
	/** Before the last batch, unless it is certain that n8n has taken it over. */
	private before: unknown;
	private handedOverAt = 0;
	private turn = 0;
	private busyUntil = 0;
	private begunAt = -Infinity;
	/** What ended the work until the user changes something. */
	stopped: Stopped | undefined;
	/** What goes wrong in poll after poll, though there are events. */
	trouble: { reportedAt: number } | undefined;

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

	/** The cursor to go on from; undefined while it is not certain whether n8n takes the last batch over. */
	resume(stored: StoredState | undefined, account: string, now: number): { cursor: unknown } | undefined {
		const other = stored?.account !== undefined && stored.account !== account;
		const { batch, cursor } = stored === undefined || other ? { batch: -1, cursor: undefined } : stored;
		if (this.account !== account) {
			this.account = account;
			this.batch = Math.max(batch, 0);
			this.cursor = cursor;
		} else if (batch > this.batch) {
			// Another process has gone on in the meantime.
			this.batch = batch;
			this.cursor = cursor;
		} else if (batch < this.batch) {
			// What was stored may have been read before the batch was: several polls are due at once after a pause.
			if (!this.settled(now)) return undefined;
			this.cursor = this.before;
		}
		this.before = this.cursor;
		return { cursor: this.cursor };
	}

	/**
	 * A poll has begun afresh: whatever was handed over before belongs to another account or event, or cannot be read.
	 * Returns what to store before anything else.
	 */
	beginAfresh(cursor: unknown): string {
		this.before = cursor;
		this.handedOverAt = -Infinity;
		return this.text(cursor);
	}

	private settled(now: number): boolean {
		return Math.abs(now - this.handedOverAt) > SETTLED_MS;
	}

	/** A poll found nothing. Returns what to store, if anything is to be stored. */
	idle(cursor: unknown, now: number, exact: boolean): string | undefined {
		this.cursor = this.before = cursor;
		return exact || this.settled(now) ? this.text(cursor) : undefined;
	}

	/**
	 * A poll has a batch. Returns what to store with it.
	 * @param exact whether n8n stores it together with the execution or not at all
	 */
	handOver(cursor: unknown, now: number, exact: boolean): string {
		this.cursor = cursor;
		// Later than any other process's, without having to know them.
		this.batch = Math.max(now, this.batch + 1);
		this.handedOverAt = now;
		return this.text(exact ? cursor : this.before);
	}

	private text(cursor: unknown): string {
		return JSON.stringify({ batch: this.batch, account: this.account, cursor });
	}
}

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

export function readStored(data: IDataObject): StoredState | undefined {
	const { [KEY]: text } = data;
	if (text === undefined) return undefined;
	try {
		const { batch, account, cursor } = JSON.parse(text as string) as Partial<StoredState>;
		if (typeof batch === 'number' && Number.isSafeInteger(batch) && typeof account === 'string')
			return { batch, account, cursor };
	} catch {
		// Damaged: the cursor's own check says so.
	}
	return { batch: -1, cursor: text };
}

export function store(data: IDataObject, text: string | undefined): void {
	if (text !== undefined && data[KEY] !== text) data[KEY] = text;
}
