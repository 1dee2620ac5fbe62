/**
 * The vendor as a model, written from the documents and not from the engine: devices raise events, which reach the
 * vendor late and in any order; it returns those of a period, both ends included, a page at a time.
 */
export interface VendorEvent {
	id: string;
	device: string;
	/** Seconds: what the vendor chooses and pages by. */
	recordTime: number;
	/** Milliseconds: from when on the vendor has it. */
	arrives: number;
	kind: 'a' | 'b';
	/** The vendor sends it in a form that cannot be read. */
	broken: boolean;
}

export interface Unit {
	id: string;
	/** Seconds between two reports; 0: the last one was long ago; undefined: it never reports. */
	every: number | undefined;
	/** By how many seconds its clock is ahead. */
	ahead: number;
	/** When it is part of the account, in milliseconds: from, until; from, until; ... */
	stays: readonly number[];
	/** When the vendor fails to return its events. */
	fails: readonly number[];
}

const LONG_AGO = 3 * 86_400;

const within = (times: readonly number[], now: number) => times.filter((at) => at <= now).length % 2 === 1;

export class EventModel {
	private readonly byDevice = new Map<string, VendorEvent[]>();

	constructor(
		readonly units: readonly Unit[],
		readonly vendorEvents: readonly VendorEvent[],
		/** Events in an answer; Infinity: all there are. */
		readonly pageSize: number,
		private readonly start: number,
	) {
		for (const { id } of units) this.byDevice.set(id, []);
		const order = [...vendorEvents].sort((a, b) => a.recordTime - b.recordTime || (a.id < b.id ? -1 : 1));
		for (const one of order) this.byDevice.get(one.device)?.push(one);
	}

	/** Devices of the account. */
	present(now: number): Unit[] {
		return this.units.filter(({ stays }) => within(stays, now));
	}

	fails(device: string, now: number): boolean {
		return within(this.units.find(({ id }) => id === device)?.fails ?? [], now);
	}

	/** When a device last reported, in seconds by its clock. */
	lastReport({ every, ahead, id }: Unit, now: number): number | undefined {
		if (every === undefined) return undefined;
		if (every === 0) return Math.floor(this.start / 1000) - LONG_AGO;
		const seconds = Math.floor(now / 1000);
		return seconds - ((seconds + id.length * 7 + id.charCodeAt(id.length - 1)) % every) + ahead;
	}

	/**
	 * Events of some devices from one second to another. Those of one device are in order, unless a page has no limit.
	 */
	events(devices: readonly string[], begin: number, end: number, now: number): VendorEvent[] {
		const found = devices.flatMap((device) =>
			(this.byDevice.get(device) ?? []).filter(
				({ recordTime, arrives }) => recordTime >= begin && recordTime <= end && arrives <= now,
			),
		);
		return this.pageSize === Infinity ? found.reverse() : found.slice(0, this.pageSize);
	}
}
