import { sleep } from 'n8n-workflow';
import { LONGEST_TIMER_MS, orAborted } from '../core/call/abort';

/** n8n's own wait. Only newer versions of it know the signal, so it is minded here as well. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
	await orAborted(sleep(Math.min(ms, LONGEST_TIMER_MS), signal), signal);
}
