import type { Batcher } from '../../core/call/batcher';

/** The records of a run that shares requests. @throws FleetError */
export async function recordsOf(batcher: Batcher, run: number): Promise<object[]> {
	const { records, error } = await batcher.resultOf(run);
	if (error !== undefined) throw error;
	return records;
}
