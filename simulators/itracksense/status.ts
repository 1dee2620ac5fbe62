/** StatusDes: one line of words, spelt in the ways of the document's samples, each device in one of them. */
import { scatter, stateAt, type VehicleState } from '../fleet';
import { loadTemperature } from '../journeys';
import type { Device } from './platform';

export interface StatusExtras {
	/** Now, for how long something has lasted; the time of the fix unless told. */
	at?: number;
	alarms?: readonly string[];
	reupload?: boolean;
	lbs?: boolean;
	/** Names the SIM card, as section 26 does. */
	simCard?: boolean;
}

interface Style {
	off(duration: string): string;
	idle(duration: string): string;
	moving(duration: string): string;
	units: readonly [hours: string, minutes: string, seconds: string];
	upload: string;
	gsm: string;
	satellite: string;
	voltage: string;
	battery: string;
	temperature: string;
	separator: string;
}

const STYLES: readonly Style[] = [
	{
		off: (duration) => `ACC off [${duration}]`,
		idle: (duration) => `Acc idle [${duration}]`,
		moving: (duration) => `Moving[${duration}]`,
		units: ['hours', 'min', 'seconds'],
		upload: 'Upload [10 seconds ]',
		gsm: 'GSM network',
		satellite: ' satellite',
		voltage: ' main voltage ',
		battery: ' battery level ',
		temperature: '1# temperature ',
		separator: ',',
	},
	{
		off: (duration) => ` Acc off [${duration} ]`,
		idle: () => ' ACC idle',
		moving: (duration) => ` ACC on [${duration} ]`,
		units: ['hours', 'mins', 'seconds'],
		upload: 'Upload interval[10 Seconds ]',
		gsm: 'GSM network',
		satellite: 'Satellite',
		voltage: 'Main voltage ',
		battery: 'battery ',
		temperature: '1#temperature',
		separator: ',',
	},
	{
		off: (duration) => `ACC OFF [${duration}]`,
		idle: (duration) => `Acc on,Idle [${duration}]`,
		moving: (duration) => `Moving [${duration}]`,
		units: ['Hours', 'Minutes', 'Seconds'],
		upload: 'upload [10 seconds]',
		gsm: 'LTE Network ',
		satellite: 'Satellite',
		voltage: ' Main voltage ',
		battery: ' battery level ',
		temperature: '1# temperature',
		separator: ', ',
	},
];

export function statusText(
	{ vehicle }: Device,
	fix: VehicleState,
	{ at = fix.time, alarms = [], reupload, lbs, simCard }: StatusExtras = {},
): string {
	const style = STYLES[vehicle.index % STYLES.length]!;
	const signal = 3 + (scatter(vehicle.index, fix.time) % 27);
	const satellites = lbs ? 0 : 4 + (scatter(vehicle.index, fix.time + 1) % 12);
	const temperature = loadTemperature(vehicle, fix.time);
	const duration = (since: number) => words(Math.max(0, at - since), style.units);
	return [
		fix.speed > 0
			? style.moving(duration(fix.ignitionSince))
			: fix.ignition
				? style.idle(duration(standingSince(vehicle, fix)))
				: style.off(duration(fix.ignitionSince)),
		style.upload,
		`${style.gsm} ${strength(signal, 10, 20)} ${signal}`,
		`${style.satellite} ${satellites === 0 && vehicle.index % 2 === 1 ? '' : `${strength(satellites, 5, 10)} `}${satellites}`,
		...(temperature === null ? [] : [`${style.temperature}${temperature.toFixed(1)}℃`]),
		...alarms,
		...(reupload ? ['reupload'] : []),
		...(simCard ? [`SIM 卡 ICCID${vehicle.iccid}`] : []),
		fix.externalVolts === null
			? `${style.battery}${fix.battery}%`
			: `${style.voltage}${fix.externalVolts.toFixed(1)}V`,
		...(lbs ? ['LBS'] : []),
	].join(style.separator);
}

/** No more than ten minutes ago. */
function standingSince(vehicle: Device['vehicle'], { time, ignitionSince }: VehicleState): number {
	const earliest = Math.max(ignitionSince, time - 600);
	while (time > earliest && stateAt(vehicle, time - 1).speed === 0) time--;
	return time;
}

function words(seconds: number, [hours, minutes, one]: Style['units']): string {
	const parts: [number, string][] = [
		[Math.floor(seconds / 3600), hours],
		[Math.floor((seconds % 3600) / 60), minutes],
		[seconds % 60, one],
	];
	const first = parts.findIndex(([value]) => value > 0);
	return parts
		.slice(first === -1 ? 2 : first)
		.map(([value, unit]) => `${value} ${unit}`)
		.join(' ');
}

function strength(value: number, weak: number, middle: number): string {
	return value < weak ? 'weak' : value < middle ? 'middle' : 'strong';
}
