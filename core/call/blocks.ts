import type { Host } from '../describe/host';
import { chunks } from './windows';

/** Rows that are read without a look at the clock, and for how long without a break. */
const BLOCK = 50;
const BREAK_MS = 20;
/** Whoever has made a list of more may have taken long already. */
export const MANY = 5000;

/** Works on a list block by block: however long that takes, it does not keep the program from its other work. */
export async function inBlocks<T>(
	list: readonly T[],
	host: Pick<Host, 'idle' | 'sleep'>,
	work: (block: readonly T[]) => void,
): Promise<void> {
	let began = list.length > MANY ? -Infinity : performance.now();
	for (const block of chunks(list, BLOCK)) {
		if (performance.now() - began > BREAK_MS) {
			await (host.idle?.() ?? host.sleep(0));
			began = performance.now();
		}
		work(block);
	}
}
