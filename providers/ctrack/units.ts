import type { Connection } from '../../core/describe/connection';
import { countOf } from '../../core/describe/read';
import type { CtrackConnection } from './connection';

const KILOMETRES_PER_MILE = 1.609344;
const SPEEDS: Record<CtrackConnection['speedUnit'], number> = { kmh: 1, mph: KILOMETRES_PER_MILE };
const DISTANCES: Record<CtrackConnection['odometerUnit'], number> = {
	metre: 0.001,
	kilometre: 1,
	mile: KILOMETRES_PER_MILE,
};

/** To the metre, and to the thousandth of a km/h: what lies behind is the arithmetic's. */
const rounded = (value: number) => Math.round(value * 1000) / 1000;

/** Readers for speeds and distances, which the account says the units of. */
export function unitsOf(connection: Connection) {
	const { speedUnit, odometerUnit } = connection as CtrackConnection;
	const reader = (factor: number) => (value: unknown) => {
		const count = countOf(value);
		const result = count === null ? NaN : rounded(count * factor);
		return Number.isFinite(result) ? result : null;
	};
	return { speed: reader(SPEEDS[speedUnit]), distance: reader(DISTANCES[odometerUnit]) };
}

export type Units = ReturnType<typeof unitsOf>;

export const UNITS_NOTE =
	'Units are not documented. Unless the account says otherwise, speeds are assumed to be km/h and distances metres, as in a sister product.';
