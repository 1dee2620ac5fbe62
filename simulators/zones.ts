/** Local times without an offset, as some vendors write them. */

const known = new Map<string, number>();
const formats = new Map<string, Intl.DateTimeFormat>();

/** Seconds that the clocks of a zone are ahead of UTC. */
export function zoneOffset(zone: string, time: number): number {
	const quarter = Math.floor(time / 900); // no zone changes its clocks within a quarter of an hour
	const key = `${zone} ${quarter}`;
	const found = known.get(key);
	if (found !== undefined) return found;
	let format = formats.get(zone);
	if (!format) {
		format = new Intl.DateTimeFormat('en-GB', { timeZone: zone, timeZoneName: 'longOffset' });
		formats.set(zone, format);
	}
	const name = format.formatToParts(quarter * 900_000).find(({ type }) => type === 'timeZoneName')!.value;
	// Before there were zones, places had a time of their own, to the second.
	const [, sign, hours = 0, minutes = 0, seconds = 0] = /^GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(name)!;
	const offset = (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds));
	known.set(key, offset);
	return offset;
}

/** `2026-03-18T11:41:07`. */
export function localTime(zone: string, time: number): string {
	return new Date((time + zoneOffset(zone, time)) * 1000).toISOString().slice(0, 19);
}

/**
 * The UNIX time of a local time, or null if it is none. As .NET reads them: of the two meanings in the hour that comes
 * twice the later one, winter time. The hour that is left out in spring is taken as if the clocks had not been changed
 * yet.
 */
export function fromLocalTime(zone: string, text: string): number | null {
	const match = /^(\d{4})-(\d\d?)-(\d\d?)(?:[T ](\d\d?):(\d\d)(?::(\d\d)(\.\d+)?)?)?$/.exec(text);
	if (!match) return null;
	const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as [
		number,
		number,
		number,
		number,
		number,
		number,
	];
	const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
	const sound =
		date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
	if (!sound) return null;
	const wall = date.getTime() / 1000;
	const offsets = [zoneOffset(zone, wall - 86_400), zoneOffset(zone, wall + 86_400)];
	const meanings = offsets.map((offset) => wall - offset).sort((a, b) => b - a);
	return meanings.find((time) => time + zoneOffset(zone, time) === wall) ?? meanings[0]!;
}
