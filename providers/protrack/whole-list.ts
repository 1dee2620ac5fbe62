import type { Run } from '../../core/describe/operation';
import { idTextOf } from '../../core/describe/read';
import type { Row } from '../../core/describe/records';
import { list as subAccounts } from './sub-account-list';

/** Where the vendor's lists stop (sections 2.7, 2.15), without a word. */
const LIST_STOPS_AT = 500;

/**
 * A list that the vendor cuts at 500, completed by asking for each sub-account's own list. Yields what is new.
 * Where a sub-account without sub-accounts of its own reaches 500 too, the user is told.
 */
export async function* wholeList(
	run: Pick<Run, 'call' | 'warn'>,
	account: string | undefined,
	ask: (account: string | undefined) => Promise<Row[]>,
	idOf: (row: Row) => string | null,
): AsyncGenerator<Row[]> {
	const seen = new Set<string>();
	const asked = new Set<string>();
	const queue: (string | undefined)[] = [account];
	for (let of = queue.shift(), first = true; first || of !== undefined; of = queue.shift(), first = false) {
		const page = await ask(of);
		const fresh = page.filter((row) => {
			const id = idOf(row);
			// One without is no double of any other.
			if (id === null) return true;
			if (seen.has(id)) return false;
			seen.add(id);
			return true;
		});
		if (fresh.length > 0) yield fresh;
		if (page.length < LIST_STOPS_AT) continue;
		const names = (await run.call(subAccounts, { account: of }))
			.map((row) => idTextOf(row.account))
			.filter((name) => name !== null && name !== of && !asked.has(name)) as string[];
		for (const name of names) {
			asked.add(name);
			queue.push(name);
		}
		if (names.length === 0) {
			run.warn(
				`The list of ${of === undefined ? 'the account' : `"${of}"`} has ${String(page.length)} entries, where the vendor stops, and there is no sub-account to complete it from: entries may be missing.`,
			);
		}
	}
}
