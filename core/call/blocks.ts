import type { Host } from '../describe/host';
import type { Run } from '../describe/operation';
import { chunks } from './windows';

/** Rows that are read without a look at the clock, and for how long without a break. */
const BLOCK = 50;
const BREAK_MS = 20;
/** Whoever has made a list of more may have taken long already. */
export const MANY = 5000;
/** As many are sorted in one go. */
const PART = 100;

/** Lets the program do its other work. */
export const takeBreak = (host: Pick<Host, 'idle' | 'sleep'>): Promise<void> => host.idle?.() ?? host.sleep(0);

/**
 * Works on a list block by block: however long that takes, it does not keep the program from its other work.
 * @param work returns false where the rest of the list is not wanted
 */
export async function inBlocks<T>(
	list: readonly T[],
	host: Pick<Host, 'idle' | 'sleep'>,
	work: (block: readonly T[]) => unknown,
): Promise<void> {
	let began = list.length > MANY ? -Infinity : performance.now();
	for (let at = 0; at < list.length; at += BLOCK) {
		if (performance.now() - began > BREAK_MS) {
			await takeBreak(host);
			began = performance.now();
		}
		if (work(list.slice(at, at + BLOCK)) === false) return;
	}
}

/** Works step by step, and yields after each turn of the program's other work. */
export async function* inSteps(
	steps: Iterable<unknown>,
	host: Pick<Host, 'idle' | 'sleep'>,
): AsyncGenerator<undefined> {
	const step = steps[Symbol.iterator]();
	let began = -Infinity;
	for (let count = 0; !step.next().done; count++) {
		if (count % BLOCK > 0 || performance.now() - began <= BREAK_MS) continue;
		await takeBreak(host);
		yield;
		began = performance.now();
	}
}

/** A run, a client or a poll. */
export type InBlocks = Pick<Run, 'inBlocks'>;

export const blocksIn = (host: Pick<Host, 'idle' | 'sleep'>): InBlocks => ({
	inBlocks: (list, work) => inBlocks(list, host, work),
});

/** What `filter` gives. */
export async function filtered<T>(program: InBlocks, list: readonly T[], keep: (item: T) => boolean): Promise<T[]> {
	const kept: T[] = [];
	await program.inBlocks(list, (block) => {
		for (const item of block) if (keep(item)) kept.push(item);
	});
	return kept;
}

/** What `map` gives. */
export async function mapped<T, U>(program: InBlocks, list: readonly T[], map: (item: T) => U): Promise<U[]> {
	const made: U[] = [];
	await program.inBlocks(list, (block) => {
		for (const item of block) made.push(map(item));
	});
	return made;
}

/** Copies, each of which may be changed. */
export async function copied<T>(program: InBlocks, list: readonly T[]): Promise<T[]> {
	const made: T[] = [];
	await program.inBlocks(list, (block) => {
		for (const copy of structuredClone(block)) made.push(copy);
	});
	return made;
}

/** What `toSorted` gives: parts are sorted, then merged two by two. */
export async function sorted<T>(
	program: InBlocks,
	list: readonly T[],
	compare: (one: T, other: T) => number,
): Promise<T[]> {
	if (list.length <= MANY) return [...list].sort(compare);
	let from: T[] = [];
	await program.inBlocks(chunks(list, PART), (parts) => {
		for (const part of parts) for (const item of part.sort(compare)) from.push(item);
	});
	for (let length = PART; length < list.length; length *= 2) {
		const merging = merged(from, length, compare);
		const to: T[] = [];
		await program.inBlocks(from, (block) => {
			to.push(...block.map(() => merging.next().value as T));
		});
		from = to;
	}
	return from;
}

/** Items of a list of sorted parts, in the order of parts of twice the length. */
function* merged<T>(list: readonly T[], length: number, compare: (one: T, other: T) => number): Generator<T> {
	for (let begin = 0; begin < list.length; begin += 2 * length) {
		const middle = Math.min(begin + length, list.length);
		const end = Math.min(middle + length, list.length);
		let [one, other] = [begin, middle];
		while (one < middle || other < end) {
			const first = other >= end || (one < middle && compare(list[one] as T, list[other] as T) <= 0);
			yield list[first ? one++ : other++] as T;
		}
	}
}
