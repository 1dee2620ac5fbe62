import { FleetError, type ErrorPolicy } from '../../core/describe/errors';
import { readHealth, type Health } from '../../core/watch/health';
import { Damaged, isOver, type Store } from './trigger-store';

/** What of a trigger outlives its node: where it stands, and whether somebody paused it. */
export interface StoredTriggerState {
	/** Whose cursor it is: see `TriggerState.open`. */
	account: string;
	cursor: unknown;
	paused: boolean;
	/** How it fares; undefined before its first turn. */
	health?: Health;
}

/** Where a trigger stands cannot be written down, for instance because the disk is full. */
export class NotStored extends FleetError {
	readonly code = 'NotStored';
	protected defaults(): Partial<ErrorPolicy> {
		return { scope: 'call' };
	}
}

/** Where a trigger stands cannot be read for the moment: to begin again would lose what it has not sent. */
export class NotRead extends FleetError {
	readonly code = 'NotRead';
	protected defaults(): Partial<ErrorPolicy> {
		return { scope: 'call' };
	}
}

interface Remembered {
	state: StoredTriggerState;
	/** What the store holds is older than the state. */
	changed: boolean;
	storedAt: number | undefined;
	/** Name of the store that `storedAt` is about. */
	storedIn: string;
	/** Writes of one node follow each other, those of its earlier instances included. */
	writing: Promise<void>;
	begunAt: number | undefined;
}

const VERSION = 1;
/**
 * A cursor that came without events is not worth a write at once, unless it is the first: what it leaves out is asked
 * for again.
 */
const LAZY_MS = 5 * 60_000;

/** By node id. Outlives redeploys, unlike the nodes; a module is loaded once for all vendors. */
const remembered = new Map<string, Remembered>();

/** A trigger's state: in memory while Node-RED runs, and in a store for the next start. */
export class TriggerState {
	private account = '';
	/** How it fares, while nothing could be opened. */
	private early: Health | undefined;

	constructor(
		private readonly nodeId: string,
		private readonly store: Store,
		private readonly storeName: string,
		private readonly now: () => number = () => performance.now(),
	) {}

	/**
	 * Takes up what is known of the node.
	 * @param account names the account; a cursor of another one is of no use
	 * @param warn hears why the stored state cannot be used, and under which name it is kept
	 * @returns whether it was the state of another account, which has been given up
	 * @throws NotRead
	 */
	async open(account: string, warn: Warn): Promise<boolean> {
		this.account = account;
		if (!remembered.has(this.nodeId)) {
			const stored = await this.load(warn);
			// The first poll may have been asked for by hand while this was loading.
			if (!remembered.has(this.nodeId))
				remembered.set(this.nodeId, {
					state: stored ?? { account, cursor: undefined, paused: false },
					changed: false,
					storedAt: stored === undefined ? undefined : this.now(),
					storedIn: this.storeName,
					writing: Promise.resolve(),
					begunAt: undefined,
				});
		}
		const { entry } = this;
		const { state } = entry;
		// The user chose another store: nothing of this is in it.
		if (entry.storedIn !== this.storeName)
			Object.assign(entry, { storedIn: this.storeName, storedAt: undefined, changed: true });
		if (state.account === account) return false;
		this.change({ account, cursor: undefined });
		return state.cursor !== undefined;
	}

	get state(): Readonly<StoredTriggerState> {
		return remembered.get(this.nodeId)?.state ?? { account: this.account, cursor: undefined, paused: false };
	}

	get health(): Health {
		const stored = readHealth(this.state.health);
		return this.early !== undefined && this.early.count >= stored.count ? this.early : stored;
	}

	/** In memory, at once. */
	noteHealth(health: Health): void {
		if (remembered.has(this.nodeId)) {
			this.early = undefined;
			this.change({ health });
		} else this.early = health;
	}

	/** In memory, at once. */
	change(part: Partial<StoredTriggerState>): void {
		const { entry } = this;
		entry.state = { ...entry.state, ...part };
		entry.changed = true;
	}

	/**
	 * Writes what was changed.
	 * @param lazily unless it was written not long ago
	 * @throws NotStored
	 */
	async save(lazily = false): Promise<void> {
		const entry = remembered.get(this.nodeId);
		if (
			entry === undefined ||
			!entry.changed ||
			(lazily && entry.storedAt !== undefined && this.now() - entry.storedAt < LAZY_MS)
		)
			return;
		const writing = entry.writing.then(async () => {
			if (!entry.changed || remembered.get(this.nodeId) !== entry) return;
			entry.changed = false;
			try {
				await this.store.save({ version: VERSION, ...entry.state });
				entry.storedAt = this.now();
			} catch (error) {
				entry.changed = true;
				throw notStored(error);
			}
		});
		entry.writing = writing.catch(() => undefined);
		await writing;
	}

	/** The node has gone from the flows: where it stands is kept for a while, where the store can. */
	async leave(): Promise<void> {
		const { store, nodeId } = this;
		const entry = remembered.get(nodeId);
		remembered.delete(nodeId);
		await entry?.writing;
		try {
			const state = entry?.state ?? (await store.load());
			if (store.leave === undefined || !state) await store.drop();
			else await store.leave({ version: VERSION, ...state });
		} catch {
			// Where it cannot be written, it stays as it is.
		}
	}

	/** Milliseconds since the last poll of this node in this process; Infinity if there was none. */
	get sinceLast(): number {
		return this.now() - (remembered.get(this.nodeId)?.begunAt ?? -Infinity);
	}

	begins(): void {
		const entry = remembered.get(this.nodeId);
		if (entry !== undefined) entry.begunAt = this.now();
	}

	private get entry(): Remembered {
		const entry = remembered.get(this.nodeId);
		if (entry === undefined) throw new Error('The state was not opened.');
		return entry;
	}

	/** @throws NotRead */
	private async load(warn: Warn): Promise<StoredTriggerState | undefined> {
		const { store } = this;
		try {
			try {
				const stored = await store.load();
				return stored === undefined || stored === null || isOver(stored) ? undefined : stateOf(stored);
			} catch (error) {
				if (!(error instanceof Damaged)) throw error;
				warn(reasonOf(error), await store.setAside());
				return undefined;
			}
		} catch (error) {
			throw notRead(error);
		}
	}
}

type Warn = (reason: string, keptAs: string) => void;

/** @throws Damaged */
function stateOf(stored: unknown): StoredTriggerState {
	const { version, account, cursor, paused, health } = stored as Record<string, unknown>;
	if (typeof version === 'number' && version !== VERSION) throw new Damaged('another version of Fleetwire wrote it');
	if (version !== VERSION || typeof account !== 'string' || typeof paused !== 'boolean')
		throw new Damaged('it has another form');
	return { account, cursor, paused, ...(health === undefined ? {} : { health: readHealth(health) }) };
}

const reasonOf = (error: unknown) =>
	(error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : String(error)).slice(0, 200);

function notStored(error: unknown): NotStored {
	return new NotStored(`Where this trigger stands could not be stored (${reasonOf(error)}).`, {
		cause: error,
		advice: 'It continues, but after a restart of Node-RED events may come twice or, if nothing was ever stored, be missing. Check that the disk is not full and that Node-RED may write to its user folder, or choose another store in the node.',
	});
}

function notRead(error: unknown): NotRead {
	return new NotRead(`Where this trigger stands cannot be read at the moment (${reasonOf(error)}).`, {
		cause: error,
		retryable: true,
		advice: 'Nothing is sent until it can be: it tries again with each poll. Check that Node-RED may read its user folder, or choose another store in the node.',
	});
}
