import { fromLocalTime } from '../zones';
import { lists, Refusal, SYSTEM_ERROR } from './codes';
import type { Section } from './paths';

/** What the document calls a dangerous value. */
const DANGEROUS = /'|--|;\s*(drop|delete|update|insert)\b/i;

/**
 * The JSON body of a request. What is missing, malformed or dangerous ends it with 401 where the section lists that,
 * else with 500.
 */
export class Params {
	private readonly values: Readonly<Record<string, unknown>>;

	constructor(
		body: string,
		private readonly section: Section,
		private readonly timeZone: string,
	) {
		let parsed: unknown = {};
		try {
			if (body.trim() !== '') parsed = JSON.parse(body);
		} catch {
			throw this.refusal();
		}
		if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw this.refusal();
		this.values = parsed as Record<string, unknown>;
	}

	optional(...names: string[]): string | undefined {
		for (const name of names) {
			const value = this.values[name];
			if (value !== undefined && value !== null && value !== '') return this.checked(value);
		}
		return undefined;
	}

	/** Of several names the first that is there: the document's samples do not always use those of its tables. */
	text(...names: string[]): string {
		const value = this.optional(...names);
		if (value === undefined) throw this.refusal();
		return value;
	}

	/** Separated by commas; an empty list where the text is empty, which means all. */
	list(...names: string[]): string[] {
		const name = names.find((one) => this.values[one] !== undefined && this.values[one] !== null);
		if (name === undefined) throw this.refusal();
		const text = this.checked(this.values[name]);
		return text === '' ? [] : text.split(',').map((entry) => entry.trim());
	}

	/** Of sections 19 and 21, where 402 is a list that is malformed. */
	deviceIds(): string[] {
		const text = this.optional('DeviceIDs') ?? '';
		if (!/^\w+(\s*,\s*\w+)*$/.test(text)) throw new Refusal(402);
		return text.split(',').map((entry) => entry.trim());
	}

	whole(name: string): number {
		const value = this.text(name);
		if (!/^-?\d{1,9}$/.test(value)) throw this.refusal();
		return Number(value);
	}

	optionalWhole(name: string): number | undefined {
		return this.optional(name) === undefined ? undefined : this.whole(name);
	}

	number(name: string): number {
		const value = Number(this.text(name));
		if (!Number.isFinite(value)) throw this.refusal();
		return value;
	}

	flag(name: string): boolean {
		return this.optional(name)?.toLowerCase() === 'true';
	}

	time(...names: string[]): number {
		const time = fromLocalTime(this.timeZone, this.text(...names));
		if (time === null) throw this.refusal();
		return time;
	}

	/** 403 if it is the wrong way round, where the section lists that. */
	period(): [begin: number, end: number] {
		const begin = this.time('StartTime');
		const end = this.section === 17 ? this.time('EndTime', 'eEndTime') : this.time('EndTime'); // as in the sample of 17
		if (begin > end) throw new Refusal(lists(this.section, 403) ? 403 : SYSTEM_ERROR);
		return [begin, end];
	}

	refusal(): Refusal {
		return new Refusal(lists(this.section, 401) ? 401 : SYSTEM_ERROR);
	}

	private checked(value: unknown): string {
		if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') throw this.refusal();
		const text = String(value);
		if (DANGEROUS.test(text)) throw this.refusal();
		return text;
	}
}
