import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes that are in use: how much garbage lies about is the engine's affair. */
export async function heapInUse(): Promise<number> {
	await turn();
	collectGarbage();
	return process.memoryUsage().heapUsed;
}
