import { asFleetError } from '../../core/describe/errors';
import { filtered } from '../../core/call/blocks';
import type { Run } from '../../core/describe/operation';
import { idTextOf } from '../../core/describe/read';
import type { Row } from '../../core/describe/records';
import { cut } from '../../core/describe/words';
import { list as subAccounts } from './sub-account-list';

/** Where the vendor's lists stop (sections 2.7, 2.15), without a word. */
const LIST_STOPS_AT = 500;

/** A list that is to be completed from those of the sub-accounts below. */
interface Cut {
	ids: ReadonlySet<string>;
	/** Whether a list below has an entry of this one, so that this one holds what is below. */
	holdsBelow: boolean;
}

interface Walk {
	run: Pick<Run, 'call' | 'warn' | 'connection' | 'inBlocks'>;
	/** One request: the list of an account; undefined for the account itself. */
	ask: (account: string | undefined) => Promise<Row[]>;
	/** What tells entries apart. */
	idOf: (row: Row) => string | null;
	/** Whether to read the lists of all sub-accounts, also if none is cut. */
	whole?: boolean;
}

/**
 * A list that the vendor cuts at 500, completed by asking for each sub-account's own list. Yields what is new. The walk
 * only adds to the first list: what is refused on it is told, and so is a list that may miss entries all the same.
 */
export async function* wholeList(account: string | undefined, walk: Walk): AsyncGenerator<Row[]> {
	const { run } = walk;
	const seen = new Set<string>();
	// The vendor's list of sub-accounts begins with the account that it is asked about (section 2.15).
	const asked = new Set([account ?? run.connection.account]);
	yield* below(account, await walk.ask(account), walk, { seen, asked, above: [] });
}

async function* below(
	account: string | undefined,
	list: Row[],
	walk: Walk,
	{ seen, asked, above }: { seen: Set<string>; asked: Set<string | undefined>; above: Cut[] },
): AsyncGenerator<Row[]> {
	const { run, ask, idOf, whole = false } = walk;
	const ids = new Set<string>();
	const fresh = await filtered(run, list, (row) => {
		const id = idOf(row);
		// One without is no double of any other.
		if (id === null) return true;
		ids.add(id);
		for (const cut of above) cut.holdsBelow ||= cut.ids.has(id);
		return !seen.has(id);
	});
	for (const id of ids) seen.add(id);
	if (fresh.length > 0) yield fresh;
	const full = list.length >= LIST_STOPS_AT;
	if (!full && !whole) return;
	const known = seen.size;
	const own: Cut = { ids, holdsBelow: false };
	for (const { name, leaf } of await namesBelow(account, walk)) {
		if (asked.has(name)) continue;
		asked.add(name);
		const rows = await unlessRefused(name, run, () => ask(name));
		if (rows === undefined) continue;
		yield* below(name, rows, leaf && rows.length < LIST_STOPS_AT ? { ...walk, whole: false } : walk, {
			seen,
			asked,
			above: full ? [...above, own] : above,
		});
	}
	if (full && (seen.size === known || !own.holdsBelow))
		run.warn(
			`The list of ${account === undefined ? 'the account' : `"${account}"`} has ${String(list.length)} entries, where the vendor stops, and the sub-accounts do not complete it: entries may be missing.`,
		);
}

/** An end user and a virtual account have no customers (section 2.11). */
const LEAVES = new Set(['2', '3']);

async function namesBelow(
	account: string | undefined,
	{ run }: Pick<Walk, 'run'>,
): Promise<{ name: string; leaf: boolean }[]> {
	const rows = (await unlessRefused(account, run, () => run.call(subAccounts, { account }))) ?? [];
	return rows.flatMap((row) => {
		const name = idTextOf(row.account);
		return name === null ? [] : [{ name, leaf: LEAVES.has(String(row.roletype)) }];
	});
}

/** Undefined, and a warning, where the vendor refuses it for this account. */
async function unlessRefused<T>(
	account: string | undefined,
	run: Pick<Run, 'warn'>,
	ask: () => Promise<T>,
): Promise<T | undefined> {
	try {
		return await ask();
	} catch (thrown) {
		const error = asFleetError(thrown);
		const own = error.vendorCode !== undefined;
		// What would be met by every other request as well is no matter of this account.
		if (!own || error.tooOften || error.session === 'over' || error.session === 'contested') throw error;
		const whose = account === undefined ? 'the sub-accounts' : `the sub-account "${account}"`;
		run.warn(`The list may not be complete: ${whose} could not be read. ${cut(error.message, 300)}`);
		return undefined;
	}
}
