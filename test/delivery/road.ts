/**
 * The vendor as a model, written from the documents and not from the engine: devices raise events, which reach the
 * vendor late and in any order; it gives them by the period of their time, both ends included, a page at a time.
 */
export interface Happening {
	id: string;
	device: string;
	/** Seconds: what the vendor chooses and pages by. */
	mark: number;
	/** Milliseconds: from when on the vendor has it. */
	arrives: number;
	kind: 'a' | 'b';
	/** The vendor sends it in a form that cannot be read. */
	broken: boolean;
}

export interface Unit {
	id: string;
	/** It is heard of every so many seconds; 0: never since long ago; undefined: never. */
	every: number | undefined;
	/** By how many seconds its clock is ahead. */
	ahead: number;
	/** When it is part of the account, in milliseconds: from, until; from, until; ... */
	stays: readonly number[];
	/** When the vendor fails to tell its events. */
	fails: readonly number[];
}

const LONG_AGO = 3 * 86_400;

const within = (times: readonly number[], now: number) => times.filter((at) => at <= now).length % 2 === 1;

export class Road {
	private readonly byDevice = new Map<string, Happening[]>();

	constructor(
		readonly units: readonly Unit[],
		readonly happenings: readonly Happening[],
		/** Events in an answer; Infinity: all there are. */
		readonly pageSize: number,
		private readonly start: number,
	) {
		for (const { id } of units) this.byDevice.set(id, []);
		const order = [...happenings].sort((a, b) => a.mark - b.mark || (a.id < b.id ? -1 : 1));
		for (const one of order) this.byDevice.get(one.device)?.push(one);
	}

	/** Devices of the account. */
	present(now: number): Unit[] {
		return this.units.filter(({ stays }) => within(stays, now));
	}

	fails(device: string, now: number): boolean {
		return within(this.units.find(({ id }) => id === device)?.fails ?? [], now);
	}

	/** When a device was last heard of, in seconds by its clock. */
	heard({ every, ahead, id }: Unit, now: number): number | undefined {
		if (every === undefined) return undefined;
		if (every === 0) return Math.floor(this.start / 1000) - LONG_AGO;
		const seconds = Math.floor(now / 1000);
		return seconds - ((seconds + id.length * 7 + id.charCodeAt(id.length - 1)) % every) + ahead;
	}

	/**
	 * Events of some devices from one second to another. Those of one device come in order, unless pages know no end.
	 */
	events(devices: readonly string[], begin: number, end: number, now: number): Happening[] {
		const found = devices.flatMap((device) =>
			(this.byDevice.get(device) ?? []).filter(
				({ mark, arrives }) => mark >= begin && mark <= end && arrives <= now,
			),
		);
		return this.pageSize === Infinity ? found.reverse() : found.slice(0, this.pageSize);
	}
}
