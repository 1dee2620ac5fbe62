import type { Host } from '../describe/host';
import { takeBreak } from './blocks';

/** Characters of an answer, and rows of a page, from which on one at a time is enough. Usual ones never wait. */
const LARGE = 512 * 1024;
const MANY_ROWS = 5000;

/** Who waits for a turn. Those whose answers are open already come first: that frees the memory. */
const waiting = { page: new Array<() => void>(), answer: new Array<() => void>() };
let busy = false;

function next(): void {
	const first = waiting.page.shift() ?? waiting.answer.shift();
	if (first === undefined) busy = false;
	else first();
}

/**
 * A turn to work on something large. What comes at the same moment, of whichever accounts, would fill the memory, and
 * keep the program from its other work for the time of all of it. Whoever has the turn waits for no vendor, and for
 * nobody who may want one, so it always ends; an account has few requests in flight, so each comes soon.
 * @returns ends the turn
 */
async function turn(queue: keyof typeof waiting, isLarge: boolean, host: Breaks): Promise<() => void> {
	if (!isLarge) return () => undefined;
	if (busy) await new Promise<void>((resolve) => void waiting[queue].push(resolve));
	busy = true;
	return () => void takeBreak(host).then(next, next);
}

type Breaks = Pick<Host, 'idle' | 'sleep'>;

/** To read an answer in. @param length its characters */
export const answerTurn = (length: number, host: Breaks) => turn('answer', length > LARGE, host);
/** To make records of rows in. */
export const pageTurn = (rows: number, host: Breaks) => turn('page', rows > MANY_ROWS, host);
