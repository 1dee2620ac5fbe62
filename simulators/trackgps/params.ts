import { fromLocalTime } from '../zones';
import { refuse, Refusal } from './codes';
import type { Carrier, Platform, User } from './platform';
import { unauthenticated } from './sessions';

const MAX_VEHICLES = 10;
const MAX_DAYS = 31;

/**
 * The JSON body of a request; names in any case, as ASP.NET binds them. What is wrong ends it with 400 and a reason.
 */
export class Params {
	private readonly values: Map<string, unknown>;

	constructor(
		body: string,
		private readonly platform: Platform,
	) {
		let parsed: unknown;
		try {
			parsed = JSON.parse(body);
		} catch {
			throw refuse('InvalidBody');
		}
		if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw refuse('InvalidBody');
		this.values = new Map(Object.entries(parsed).map(([name, value]) => [name.toLowerCase(), value]));
	}

	whole(name: string, least = 0): number {
		const value = this.get(name);
		if (typeof value !== 'number' || !Number.isInteger(value) || value < least)
			throw refuse('InvalidParameter', name);
		return value;
	}

	/** Company-local times without an offset; a Z behind them means nothing (facts 2.1). */
	period(): { begin: number; end: number } {
		const [begin, end] = [this.time('startDate'), this.time('endDate')];
		if (end < begin) throw refuse('InvalidPeriod', 'startDate', 'endDate');
		return { begin, end };
	}

	/** As `period`, of 31 days or less. */
	shortPeriod(): { begin: number; end: number } {
		const period = this.period();
		// Days on the clock: one with 25 hours is a day as well.
		const [from, to] = ['startDate', 'endDate'].map((name) => Date.parse(`${wallTime(this.get(name))}Z`));
		if (to! - from! > MAX_DAYS * 86_400_000) throw refuse('PeriodTooLong', String(MAX_DAYS));
		return period;
	}

	/** 401 if the user may not see one of them. */
	vehicles(user: User): Carrier[] {
		const ids = this.get('vehiclesList');
		if (!Array.isArray(ids) || ids.length === 0 || !ids.every(Number.isInteger))
			throw refuse('InvalidParameter', 'vehiclesList');
		if (ids.length > MAX_VEHICLES) throw refuse('TooManyVehicles', String(MAX_VEHICLES));
		return (ids as number[]).map((id) => this.visible(user, id));
	}

	carrier(user: User): Carrier {
		return this.visible(user, this.whole('carrierId'));
	}

	private visible(user: User, id: number): Carrier {
		const carrier = this.platform.carriers.get(id);
		if (carrier && user.sees(carrier.vehicle)) return carrier;
		if (this.platform.settings.foreignVehicles === 'empty') throw unauthenticated();
		throw new Refusal(401, { errorCode: 'VehicleAccessDenied', errorParameters: [String(id)] });
	}

	private time(name: string): number {
		const text = wallTime(this.get(name));
		const time = text === null ? null : fromLocalTime(this.platform.settings.timeZone, text);
		if (time === null) throw refuse('InvalidParameter', name);
		return time;
	}

	private get(name: string): unknown {
		const value = this.values.get(name.toLowerCase());
		if (value === undefined || value === null) throw refuse('MissingParameter', name);
		return value;
	}
}

function wallTime(value: unknown): string | null {
	return typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) ? value.replace(/Z$/, '') : null;
}
