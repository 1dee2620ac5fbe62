import type { Client } from '../../core/call/client';
import type { StreamSource } from '../../core/describe/trigger';

const DAY_MS = 86_400_000;

/**
 * Ids of a stream's records of a period, as its operation tells them of each device at once: by the time that the
 * vendor chooses them by.
 */
export async function streamRecords(
	client: Client,
	source: StreamSource,
	params: object,
	{ from, to }: { from: number; to: number },
): Promise<string[]> {
	const ids: string[] = [];
	for (const { value } of await client.lookup('device')) {
		// A trip may have begun long before it ended.
		const asked = source.paramsFor([value], { begin: from - DAY_MS, end: to }, params as never);
		for (const record of (await client.collect(source.operation, asked)) as { id: string }[]) {
			const at = Date.parse(source.recordTime(record as never) ?? '');
			if (at >= from && at <= to && source.keep?.(record as never, params as never) !== false)
				ids.push(record.id);
		}
	}
	return ids;
}
