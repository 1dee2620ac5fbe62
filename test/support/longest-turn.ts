import { setImmediate as turn } from 'node:timers/promises';

/** In time of the processor, which other programs cannot lengthen. */
const spentMs = () => {
	const { user, system } = process.threadCpuUsage();
	return (user + system) / 1000;
};

/** A result, and the longest time in which nothing else got its turn while it was made. */
export async function longestTurn<R>(work: () => Promise<R>): Promise<{ most: number; result: R }> {
	let [most, over] = [0, false];
	const watch = async () => {
		for (let before = spentMs(); !over; before = spentMs()) {
			await turn();
			most = Math.max(most, spentMs() - before);
		}
	};
	const watching = watch();
	const result = await work().finally(() => (over = true));
	await watching;
	return { most, result };
}

/** Takes this long. */
export const busy = (ms: number) => {
	for (const began = performance.now(); performance.now() - began < ms;);
};

/** Counts what is done in one turn of the program, and takes a while for it. */
export function countedInTurns(ms: number): { most: number; count: () => void } {
	let inOne = 0;
	const counted = {
		most: 0,
		count: () => {
			busy(ms);
			inOne += 1;
			if (inOne === 1) setImmediate(() => (inOne = 0));
			counted.most = Math.max(counted.most, inOne);
		},
	};
	return counted;
}
