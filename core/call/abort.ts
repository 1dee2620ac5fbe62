/** Settles as the work does, or rejects with the reason of the signal once that is aborted. The work itself goes on. */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
	if (signal === undefined) return await work;
	let stop: (() => void) | undefined;
	const stopped = new Promise<never>((_, reject) => {
		stop = () => reject(signal.reason as Error);
		if (signal.aborted) stop();
		else signal.addEventListener('abort', stop, { once: true });
	});
	try {
		return await Promise.race([work, stopped]);
	} finally {
		if (stop !== undefined) signal.removeEventListener('abort', stop);
	}
}

interface Limit {
	ms: number;
	signal?: AbortSignal;
	/** The host's way to wait; rejects once its signal is aborted. */
	sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** The longest that timers know: a longer one would end at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Settles as the work does, or as `late` does once the time for it is over. The work itself goes on. */
export async function orLate<T, L>(
	work: Promise<T>,
	{ ms, signal, sleep }: Limit,
	late: () => L | Promise<L>,
): Promise<T | L> {
	const settled = new AbortController();
	const over = sleep(Math.min(ms, LONGEST_TIMER_MS), settled.signal).then(
		late,
		() => new Promise<never>(() => undefined),
	);
	try {
		return await orAborted(Promise.race([work, over]), signal);
	} finally {
		settled.abort();
	}
}
