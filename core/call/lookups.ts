import type { Choice } from '../describe/field';
import { Recent } from './recent';

const KEPT_MS = 5 * 60_000;
/** Lists that are remembered beyond that. */
const REMEMBERED = 20;
/** Choices of one that is: more than that take much memory for long. */
const LONGEST_REMEMBERED = 20_000;
/** So long a list that failed is left alone by those who can do without. */
const FAILED_MS = 60_000;

/** Lists for pickers, each kept for five minutes. */
export class Lookups {
	private readonly lists = new Map<string, { choices: Promise<Choice[]>; at: number; pending: boolean }>();
	/** The last that could be read, however old. */
	private readonly latest = new Recent<Choice[]>(REMEMBERED);
	/** When each was asked for. */
	private readonly asked = new Recent<number>(REMEMBERED);
	/** When each could not be read. */
	private readonly failed = new Recent<number>(REMEMBERED);

	/** The list of that name, if it is at hand: nothing is sent for it. */
	async known(name: string, now: number): Promise<Choice[]> {
		const kept = this.lists.get(name);
		return kept === undefined || kept.at + KEPT_MS <= now ? [] : await kept.choices.catch(() => []);
	}

	/**
	 * The list of that name; `find` reads it from the vendor. One that cannot be read is not kept.
	 * @param maxAgeMs how long ago another may have begun to read it
	 */
	get(name: string, now: number, find: () => Promise<Choice[]>, maxAgeMs = KEPT_MS): Promise<Choice[]> {
		const kept = this.lists.get(name);
		// A clock that was set back must not keep a list for longer.
		if (kept !== undefined && now - kept.at < Math.min(maxAgeMs, KEPT_MS) && kept.at <= now) return kept.choices;
		const choices = find();
		// Settings that a list follows can be changed again and again.
		for (const [other, { at, pending }] of this.lists)
			if (at + KEPT_MS <= now && !pending) this.lists.delete(other);
		const list = { choices, at: now, pending: true };
		this.lists.set(name, list);
		this.asked.set(name, now);
		choices.then(
			(found) => {
				list.pending = false;
				if (found.length <= LONGEST_REMEMBERED) this.latest.set(name, found);
			},
			() => {
				if (this.lists.get(name) === list) this.lists.delete(name);
				this.failed.set(name, now);
			},
		);
		return choices;
	}

	/** The list of that name as it was last read. */
	last(name: string): readonly Choice[] | undefined {
		return this.latest.get(name);
	}

	/** Whether nobody has asked for the list of that name for so long as it is kept, in vain or not. */
	isDue(name: string, now: number): boolean {
		const at = this.asked.get(name);
		return at === undefined || now - at >= KEPT_MS || at > now;
	}

	/** Whether it could not be read a moment ago. */
	hasFailed(name: string, now: number): boolean {
		const at = this.failed.get(name);
		return at !== undefined && Math.abs(now - at) < FAILED_MS;
	}

	/** Milliseconds since it was asked for. */
	age(name: string, now: number): number {
		return Math.max(0, now - (this.asked.get(name) ?? -Infinity));
	}

	/** Whether the list of that name is being read. */
	pending(name: string): boolean {
		return this.lists.get(name)?.pending ?? false;
	}
}
