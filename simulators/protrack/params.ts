import { Refusal } from './codes';

/** The parameters of a request. A missing one ends it with 10005, a malformed one with 10004. */
export class Params {
	constructor(private readonly values: Readonly<Record<string, string>>) {}

	optional(name: string): string | undefined {
		return this.values[name] || undefined;
	}

	text(name: string): string {
		const value = this.optional(name);
		if (value === undefined) throw new Refusal(10005);
		return value;
	}

	/** Missing parameters are reported before malformed ones, whatever their order. */
	require(...names: string[]): void {
		for (const name of names) this.text(name);
	}

	whole(name: string): number {
		const value = this.text(name);
		if (!/^-?\d{1,15}$/.test(value)) throw new Refusal(10004);
		return Number(value);
	}

	/** A number that has to lie in a range, else 10006. */
	number(name: string, least: number, most: number): number {
		const value = this.text(name);
		if (!/^-?\d+(\.\d+)?$/.test(value)) throw new Refusal(10004);
		return within(Number(value), least, most);
	}

	wholeBetween(name: string, least: number, most: number): number {
		return within(this.whole(name), least, most);
	}

	/** A list separated by commas; more entries than `most` are 10006. */
	list(name: string, most: number): string[] {
		const entries = this.text(name).split(',');
		if (entries.length > most) throw new Refusal(10006);
		return entries;
	}

	imei(): string {
		return checkedImei(this.text('imei'));
	}

	/** Up to 100 (2.2, 2.12, 2.14). */
	imeis(): string[] {
		return this.list('imeis', 100).map(checkedImei);
	}

	/** Two UNIX times; 10004 if they are the wrong way round. */
	period(): [begin: number, end: number] {
		this.require('begintime', 'endtime');
		const [begin, end] = [this.whole('begintime'), this.whole('endtime')];
		if (end < begin) throw new Refusal(10004);
		return [begin, end];
	}
}

function within(value: number, least: number, most: number): number {
	if (value < least || value > most) throw new Refusal(10006);
	return value;
}

function checkedImei(imei: string): string {
	if (!/^\d{15}$/.test(imei)) throw new Refusal(10004);
	return imei;
}
