import type { Connection } from '../../core/describe/connection';
import { countOf, speedOf } from '../../core/describe/read';
import type { CtrackConnection, TimeUnit } from './connection';

const KILOMETRES_PER_MILE = 1.609344;
const SPEEDS: Record<CtrackConnection['speedUnit'], number> = { kmh: 1, mph: KILOMETRES_PER_MILE };
const DISTANCES: Record<CtrackConnection['odometerUnit'], number> = {
	metre: 0.001,
	kilometre: 1,
	mile: KILOMETRES_PER_MILE,
};

const SECONDS: Record<TimeUnit, number> = { second: 1, minute: 60, hour: 3600 };

/** "00:45:00", which says its unit; .NET writes days before it: "1.02:03:04". */
const SPAN = /^(?:(\d{1,6})\.)?(\d{1,6}):(\d{2}):(\d{2})(?:\.\d{1,9})?$/;

/** Seconds of a duration: a number in a unit, or a text of hours, minutes and seconds. */
function secondsOf(value: unknown, unit: TimeUnit): number | null {
	const span = typeof value === 'string' ? SPAN.exec(value.trim()) : null;
	if (span === null) {
		const count = countOf(value);
		return count === null ? null : count * SECONDS[unit];
	}
	const [days = 0, hours = 0, minutes = 0, seconds = 0] = span.slice(1).map((part?: string) => Number(part ?? 0));
	return ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
}

/** To the metre, and to the thousandth of a km/h: what lies behind is the arithmetic's. */
const rounded = (value: number) => Math.round(value * 1000) / 1000;

/** Readers for values of which the account says the units. */
export function unitsOf(connection: Connection) {
	const {
		speedUnit,
		odometerUnit,
		durationUnit = 'second',
		runningHoursUnit = 'hour',
	} = connection as CtrackConnection;
	const reader = (factor: number) => (value: unknown) => {
		const count = countOf(value);
		const result = count === null ? NaN : rounded(count * factor);
		return Number.isFinite(result) ? result : null;
	};
	const hours = (value: unknown, unit: TimeUnit) => {
		const seconds = secondsOf(value, unit);
		return seconds === null || !Number.isFinite(seconds) ? null : rounded(seconds / SECONDS.hour);
	};
	const speed = reader(SPEEDS[speedUnit]);
	return {
		speed: (value: unknown) => speedOf(speed(value)),
		distance: reader(DISTANCES[odometerUnit]),
		seconds: (value: unknown) => secondsOf(value, durationUnit),
		runningHours: (value: unknown) => hours(value, runningHoursUnit),
		/** Hours that are called so, of a day. */
		workingHours: (value: unknown) => hours(value, 'hour'),
	};
}

export type Units = ReturnType<typeof unitsOf>;

export const UNITS_NOTE =
	'Units are not documented. Unless the account says otherwise, speeds are assumed to be km/h and distances metres, as in a sister product.';

export const DURATIONS_NOTE =
	'The unit of driving times is not documented. Unless the account says otherwise, seconds are assumed, as in a sister product. What is longer than the trip is null.';
