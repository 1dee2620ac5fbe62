import { z } from 'zod/v4';
import { seconds } from './cursor';

/**
 * A sweep reads the fleet device by device, in the order of the ids, over as many polls as it takes. Cursors store
 * these property names, so they never change.
 */
export const sweepSchema = z.object({
	/** The next device to read; the ones before it have been read. Absent: the sweep is complete. */
	next: z.string().optional(),
	/** The watermark when this sweep began, and when the one before it did. */
	began: seconds,
	before: seconds,
	/** The same two moments by the local clock, to show to people. */
	at: seconds,
	atBefore: seconds,
});
export type Sweep = z.infer<typeof sweepSchema>;

/** The watermark at the last read of a device, as far as the sweep knows. The device may be covered further. */
export function coveredUntil(sweep: Sweep, deviceId: string): number {
	return sweep.next !== undefined && deviceId >= sweep.next ? sweep.before : sweep.began;
}

/** Begins a new sweep if the last one is complete. */
export function nextSweep(sweep: Sweep, devices: readonly string[], watermark: number, now: number): void {
	const [first] = devices;
	if (sweep.next !== undefined || first === undefined) return;
	sweep.before = sweep.began;
	sweep.began = watermark;
	sweep.atBefore = sweep.at;
	sweep.at = now;
	sweep.next = first;
}

/** The devices that the sweep has yet to read. @param devices sorted */
export function leftOf(sweep: Sweep, devices: readonly string[]): readonly string[] {
	const { next } = sweep;
	if (next === undefined) return [];
	const index = devices.findIndex((device) => device >= next);
	return index === -1 ? [] : devices.slice(index);
}
