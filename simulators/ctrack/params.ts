import { HttpRefusal } from './codes';

/** The query of a request. What is missing or malformed ends it with HTTP 400. */
export class Params {
	private readonly values: Map<string, string>;

	constructor(
		query: Readonly<Record<string, string>>,
		private readonly anyCase: boolean,
	) {
		this.values = new Map(
			Object.entries(query).map(([name, value]) => [anyCase ? name.toLowerCase() : name, value]),
		);
	}

	optional(name: string): string | undefined {
		return this.values.get(this.anyCase ? name.toLowerCase() : name) || undefined;
	}

	text(name: string): string {
		const value = this.optional(name);
		if (value === undefined) throw new HttpRefusal(400);
		return value;
	}

	require(names: readonly string[]): void {
		for (const name of names) this.text(name);
	}

	whole(name: string): number {
		return whole(this.text(name));
	}

	number(name: string): number {
		const value = this.text(name);
		if (!/^-?\d+(\.\d+)?$/.test(value)) throw new HttpRefusal(400);
		return Number(value);
	}

	flag(name: string): boolean {
		const value = this.text(name).toLowerCase();
		if (value !== 'true' && value !== 'false') throw new HttpRefusal(400);
		return value === 'true';
	}

	/** Separated by commas. */
	list(name: string): string[] {
		return this.text(name)
			.split(',')
			.map((entry) => entry.trim());
	}

	wholes(name: string): number[] {
		return this.list(name).map(whole);
	}

	oneOf<T extends string>(name: string, allowed: readonly T[]): T {
		const value = this.text(name) as T;
		if (!allowed.includes(value)) throw new HttpRefusal(400);
		return value;
	}

	/** YYYY-MM-DDTHH:MM:SSZ; milliseconds are tolerated (facts 3.1). */
	time(name: string): number {
		const value = this.text(name);
		if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value) || Number.isNaN(Date.parse(value)))
			throw new HttpRefusal(400);
		return Date.parse(value) / 1000;
	}

	/** HTTP 400 if it is the wrong way round. */
	period(): [from: number, to: number] {
		const [from, to] = [this.time('fromDateTimeUTC'), this.time('toDateTimeUTC')];
		if (to < from) throw new HttpRefusal(400);
		return [from, to];
	}
}

function whole(value: string): number {
	// The document gives numbers no length.
	if (!/^-?\d{1,20}$/.test(value)) throw new HttpRefusal(400);
	return Number(value);
}
