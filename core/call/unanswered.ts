import { shown } from '../describe/field';
import type { AnyOperation, Each } from '../describe/operation';
import { foldedName } from '../describe/read';
import type { Row } from '../describe/records';

/** Most names in a sentence. */
const NAMES = 20;

/** The devices that were asked about, of which the answer has no record. */
export class Unanswered {
	private readonly missing = new Map<string, string>();
	/** Records of nobody who was asked about: the vendor may write a name in another way. */
	private strangers = 0;
	private readonly asked: ReadonlySet<string> = new Set();
	private readonly deviceOf: Each['deviceOf'] | undefined;

	constructor({ each, batch: together }: AnyOperation, params: Readonly<Record<string, unknown>>) {
		const declared = (each ?? together) as Each | undefined;
		this.deviceOf = declared?.deviceOf;
		const asked = declared === undefined ? undefined : params[declared.devices];
		if (!Array.isArray(asked)) return;
		for (const name of asked as string[]) this.missing.set(foldedName(name), name);
		this.asked = new Set(this.missing.keys());
	}

	/** @returns the rows without those of devices that have failed: with one record for each, what came is not all */
	answered(rows: Row[], failed: (device: string) => boolean): Row[] {
		const { deviceOf } = this;
		if (deviceOf === undefined) return rows;
		return rows.filter((row) => {
			const name = deviceOf(row) ?? '';
			if (failed(name)) return false;
			if (this.asked.has(foldedName(name))) this.missing.delete(foldedName(name));
			else this.strangers += 1;
			return true;
		});
	}

	/** @param failed those are named with their error */
	sentence(vendor: string, failed: (device: string) => boolean): string | undefined {
		const names = [...this.missing.values()].filter((name) => !failed(name)).map(shown);
		if (names.length <= this.strangers) return undefined;
		const more = names.length > NAMES ? ` and ${String(names.length - NAMES)} more` : '';
		const [they, them] = names.length === 1 ? ['it', 'it'] : ['they', 'them'];
		return `${vendor} returned no record for ${names.slice(0, NAMES).join(', ')}${more}: ${they} may not exist, or the account may not see ${them}.`;
	}
}
