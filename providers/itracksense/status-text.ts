/**
 * What StatusDes says, as far as its words are known from the document's samples (sections 7 to 29). The text is
 * written for people: whatever it does not say in these words is null.
 */
interface StatusText {
	acc: 'on' | 'off' | 'idle' | null;
	/** For how long it has been so. */
	accSeconds: number | null;
	/** For how long it has been standing idle. */
	idleSeconds: number | null;
	movingSeconds: number | null;
	/** e.g. "GSM", "LTE" */
	network: string | null;
	/** As the vendor counts it; the samples range from 3 (weak) to 27 (strong). */
	networkSignal: number | null;
	satellites: number | null;
	mainVoltage: number | null;
	/** Per cent. */
	battery: number | null;
	/** Degrees Celsius, of the first sensor. */
	temperature: number | null;
	/** Whether the position comes from radio cells, not from satellites. */
	lbs: boolean;
}

const ACC = /\bacc\s*(on|off|idle)\b(?:\s?\[([^\]]{0,60})\])?/i;
const IDLE = /\bidle\s?\[([^\]]{0,60})\]/i;
const MOVING = /\bmoving\s?\[([^\]]{0,60})\]/i;
const NETWORK = /\b(\w{1,8})\s{1,3}network\s{1,3}(?:(?:strong|middle|weak)\s{1,3})?(\d{1,3})\b/i;
const SATELLITES = /\bsatellites?\s{1,3}(?:(?:strong|middle|weak)\s{1,3})?(\d{1,3})\b/i;
// Between a name and its value there may be a colon, and in the document's samples the end of a line.
const VOLTAGE = /\bmain voltage\s{0,3}[:：]?\s{0,40}(\d{1,3}(?:\.\d{1,3})?)\s?V\b/i;
const BATTERY = /\bbattery(?: level)?\s{0,3}[:：]?\s{0,40}(\d{1,3})\s?%/i;
const TEMPERATURE = /\btemperature\s{0,3}[:：]?\s{0,40}(-?\d{1,3}(?:\.\d{1,3})?)\s?(?:℃|°C)/i;
const LBS = /\bLBS\b/i;

/** Longer texts are nobody's status. */
const LONGEST = 1000;
const UNITS: readonly [RegExp, number][] = [
	[/(\d{1,6})\s*days?\b/i, 86_400],
	[/(\d{1,6})\s*(?:hours?|hrs?)\b/i, 3600],
	[/(\d{1,6})\s*min(?:ute)?s?\b/i, 60],
	[/(\d{1,6})\s*sec(?:ond)?s?\b/i, 1],
];

/** "15 hours 35 mins 34 seconds" */
function durationOf(text: string | undefined): number | null {
	if (text === undefined) return null;
	const parts = UNITS.flatMap(([unit, seconds]) => {
		const [, count] = unit.exec(text) ?? [];
		return count === undefined ? [] : [Number(count) * seconds];
	});
	return parts.length === 0 ? null : parts.reduce((sum, part) => sum + part, 0);
}

const numberIn = (text: string | undefined) => (text === undefined ? null : Number(text));

export function readStatusText(value: unknown): StatusText {
	const text = typeof value === 'string' ? value.slice(0, LONGEST) : '';
	const [, acc, accFor] = ACC.exec(text) ?? [];
	const [, network, signal] = NETWORK.exec(text) ?? [];
	return {
		acc: (acc?.toLowerCase() ?? null) as StatusText['acc'],
		accSeconds: durationOf(accFor),
		idleSeconds: durationOf(IDLE.exec(text)?.[1]),
		movingSeconds: durationOf(MOVING.exec(text)?.[1]),
		network: network ?? null,
		networkSignal: numberIn(signal),
		satellites: numberIn(SATELLITES.exec(text)?.[1]),
		mainVoltage: numberIn(VOLTAGE.exec(text)?.[1]),
		battery: numberIn(BATTERY.exec(text)?.[1]),
		temperature: numberIn(TEMPERATURE.exec(text)?.[1]),
		lbs: LBS.test(text),
	};
}

const SWITCHED = /\bacc\s*o(?:n|ff)\b/i;
/** Looks through the whole text, so only at those that have the letters. */
const OFF = /\bacc\s*off\b/i;

/**
 * Whether the ignition is on, and nothing else of the text: tracks have many thousands of them. "Acc idle" does not
 * say:
 * the samples of sections 7 and 8 have it beside Status 0 (off), that of section 29 beside "Acc on".
 */
export function ignitionIn(value: unknown): boolean | null {
	if (typeof value !== 'string' || !SWITCHED.test(value)) return null;
	return !((value.includes('ff') || value.includes('FF')) && OFF.test(value));
}
