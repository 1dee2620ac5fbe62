import type { Delivery } from './tally';
import type { Subject } from './subjects';

/** A trigger in a real host, whose process can be ended at points of its work. */
export interface Target {
	readonly subject: Subject;
	readonly points: readonly string[];
	/** Batches that may come again after a stop. */
	readonly again: 0 | 1;
	/** Waits until the trigger has begun: from then on, nothing may be missing. */
	begun(): Promise<void>;
	/** Starts the host on the state that it left behind. */
	start(): Promise<void>;
	/**
	 * Has the process end without notice at a point of its work, and waits for it. @param turn how often it was ended
	 * there before; varies when exactly
	 */
	kill(point: string, turn: number): Promise<void>;
	/** Has the trigger look now, where that is possible; else it looks by itself soon. */
	nudge(): Promise<void>;
	/** All so far, in order. */
	deliveries(): Promise<Delivery[]>;
	/** What the host printed last. */
	logs(): string;
	stop(): Promise<void>;
}
