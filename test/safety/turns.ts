/** How long processes waited for a processor: what a busy machine adds to every time that is measured in them. */
import { readFileSync } from 'node:fs';

const EVERY_MS = 20;
/** A time depends on the turns that were due about its begin and about its end. */
const AROUND_MS = 300;

/** Of a process's main thread since it began, in milliseconds; the kernel's own count. */
function waitedMs(pid: number): number {
	try {
		return Number(readFileSync(`/proc/${String(pid)}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
	} catch {
		return 0;
	}
}

/** Looks at this process and at others until it is stopped. */
export class Turns {
	private readonly samples: { at: number; waited: number }[] = [];
	private readonly timer: NodeJS.Timeout;

	constructor(pids: readonly number[]) {
		const all = [process.pid, ...pids];
		this.timer = setInterval(() => {
			this.samples.push({ at: Date.now(), waited: all.reduce((sum, pid) => sum + waitedMs(pid), 0) });
		}, EVERY_MS);
	}

	/** How long they waited about these times, in milliseconds since 1970. */
	waited(...times: readonly number[]): number {
		return times.reduce((sum, time) => {
			const before = this.samples.findLast(({ at }) => at <= time - AROUND_MS) ?? this.samples[0];
			const after = this.samples.find(({ at }) => at >= time + AROUND_MS) ?? this.samples.at(-1);
			return sum + (after?.waited ?? 0) - (before?.waited ?? 0);
		}, 0);
	}

	stop(): void {
		clearInterval(this.timer);
	}
}
