import { sleep } from 'n8n-workflow';
import { loginTooSlow } from '../core/describe/host';

/** Settles as the work does, or rejects with the signal's reason as soon as it is aborted. */
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

/** n8n's own wait. Only newer versions of it know the signal, so it is minded here as well. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
	await orAborted(sleep(ms, signal), signal);
}

/** As a login settles, or rejects when the time for it is over: then it goes on for whoever else waits for it. */
export async function orLate<T>(login: Promise<T>, ms: number, signal: AbortSignal | undefined): Promise<T> {
	const done = new AbortController();
	const late = pause(ms, done.signal).then(
		() => Promise.reject(loginTooSlow()),
		() => new Promise<never>(() => undefined),
	);
	try {
		return await orAborted(Promise.race([login, late]), signal);
	} finally {
		done.abort();
	}
}
