import { Clock } from '../clock';
import { createFleet, lastFix, type Circle, type Vehicle, type VehicleState } from '../fleet';
import { ROUTES } from '../routes';
import { localTime } from '../zones';
import type { Refusal } from './codes';
import { pathsWith, type PathOptions, type Section } from './paths';

export const PASSWORD = '123456'; // of the document's example (4)
export const DEVICE_PASSWORD = '628301'; // of the document's example (30)

export interface ItracksenseOptions {
	/** Milliseconds; `advance` adds to it. */
	clock?: () => number;
	/** A fleet shared with other simulators; otherwise one of `fleetSize` vehicles is made. */
	fleet?: readonly Vehicle[];
	fleetSize?: number;
	/** Accounts besides the seeded ones. */
	accounts?: readonly AccountSeed[];
	/** Paths of sections whose names are lost. */
	paths?: PathOptions;
	/** In which times come and go without an offset (a guess, facts 1.4). */
	timeZone?: string;
	/** What PageIndex the first page of section 6 has. */
	firstPage?: 0 | 1;
	/** The most devices on a page of section 6, whatever is asked for; null is without limit. */
	maxPageSize?: number | null;
	/** Whether a new login ends the token before. */
	newLoginEndsOld?: boolean;
	/** How a dead token is told: Code 401 in the body, the same in words that no section has, or HTTP 401. */
	deadToken?: 'code' | 'otherWords' | 'http401';
	/** The HTTP status of an answer whose Code is not 200. */
	errorStatus?: 'ok' | 'mirrored';
	/** Which three days a history of more than one day becomes (9, 10). */
	longHistory?: 'fromStart' | 'untilEnd';
	/**
	 * The most records of a history (9, 10, 26), where they are fewer than the document's 50,000: its total then counts
	 * what there is.
	 */
	mostRecords?: number | null;
	/** What the Mileage of section 26 is, which has no unit. */
	trackMileage?: 'metres' | 'kilometres';
	/**
	 * Whether a list of devices may name one that the account does not have: it is left out of the answer, or ends the
	 * request with the code that the section has for it (a guess, where it lists none).
	 */
	unknownDevices?: 'omit' | 'refuse';
	/**
	 * Whether place, speed and direction are strings in section 22, as its table says, or numbers, as its sample shows.
	 */
	alarmNumbers?: 'number' | 'string';
	fixIntervalSeconds?: number;
	/** Requests per account; null is unlimited. Too many end in HTTP 429, for want of any word about it. */
	rateLimit?: { requests: number; perSeconds: number } | null;
}

export type Settings = Required<Omit<ItracksenseOptions, 'clock' | 'fleet' | 'fleetSize' | 'accounts' | 'paths'>>;

export interface AccountSeed {
	loginName: string;
	password?: string;
	/** Which vehicles of the fleet it sees; all unless told. */
	sees?: (vehicle: Vehicle) => boolean;
	/** The code that its login ends with. */
	refusedWith?: 4000 | 4002 | 4003 | 4006 | 4010 | 4011 | null;
}

export type Account = Required<AccountSeed>;

export interface Device {
	id: string;
	vehicle: Vehicle;
	objectCode: string;
	/** As shown; sections 15 and 16 change it. */
	plate: string;
	/** 0 vehicle, 1 person, 2 asset. */
	deviceType: 0 | 1 | 2;
	isFocus: boolean;
	/** Has an electronic lock. */
	isLock: boolean;
	simStatus: 'Activated' | 'Deactivated';
}

export interface Region extends Circle {
	id: number;
	name: string;
}

/** What a client had the platform do: sections 15, 16, 30, 31, 34, 35 and 37 to 41. */
export interface Command {
	section: Section;
	/** UNIX time. */
	time: number;
	loginName: string;
	deviceId: string;
	/** Parameters besides the device and its password. */
	content: Record<string, string>;
}

const SEEDS: readonly AccountSeed[] = [
	{ loginName: 'demo' },
	{ loginName: 'cluj', sees: ({ route }) => route.plates === 'CJ' },
	{ loginName: 'expired', refusedWith: 4002 },
	{ loginName: 'enterprise-expired', refusedWith: 4003 },
	{ loginName: 'deleted', refusedWith: 4006 },
	{ loginName: 'service-ended', refusedWith: 4000 },
];

const ONLINE_SECONDS = 600;

export class Platform {
	readonly settings: Settings;
	readonly clock: Clock;
	readonly paths: Readonly<Record<Section, string>>;
	readonly accounts: Map<string, Account>;
	readonly devices: Map<string, Device>;
	readonly regions: readonly Region[];
	readonly commands: Command[] = [];

	constructor(options: ItracksenseOptions) {
		const { clock, fleet, fleetSize = 12, accounts = [], paths = {}, ...settings } = options;
		this.clock = new Clock(clock);
		this.paths = pathsWith(paths);
		this.settings = {
			timeZone: 'Asia/Shanghai',
			firstPage: 1,
			maxPageSize: null,
			newLoginEndsOld: false,
			deadToken: 'code',
			errorStatus: 'ok',
			longHistory: 'fromStart',
			mostRecords: null,
			trackMileage: 'metres',
			unknownDevices: 'omit',
			alarmNumbers: 'number',
			fixIntervalSeconds: 10,
			rateLimit: null,
			...settings,
		};
		this.accounts = new Map(
			[...SEEDS, ...accounts].map((seed) => [
				seed.loginName,
				{ password: PASSWORD, sees: () => true, refusedWith: null, ...seed },
			]),
		);
		const vehicles = fleet ?? createFleet({ size: fleetSize, now: this.clock.milliseconds() });
		this.devices = new Map(
			vehicles.map((vehicle) => {
				const { index, imei, plate, selfPowered } = vehicle;
				return [
					imei,
					{
						id: imei,
						vehicle,
						objectCode: `20040700${String(index).padStart(2, '0')}`,
						plate,
						deviceType: selfPowered ? 2 : index % 12 === 8 ? 1 : 0,
						isFocus: index % 6 === 2,
						isLock: index % 6 === 2,
						simStatus: 'Activated',
					},
				];
			}),
		);
		this.regions = ROUTES.flatMap(({ name, waypoints }, i) => [
			{ id: 101 + i, name: `Depot ${name}`, ...circle(waypoints[0]!, 300) },
			{ id: 201 + i, name: '', ...circle(waypoints[10]!, 250) }, // without a name, as in the samples of 19 and 20
		]);
	}

	now(): number {
		return this.clock.now();
	}

	devicesFor(account: Account): Device[] {
		return [...this.devices.values()].filter(({ vehicle }) => account.sees(vehicle));
	}

	/** Ends a request about devices that the account does not all have, where the platform is set so. */
	mayName(account: Account, ids: readonly string[], refusal: Refusal): void {
		if (this.settings.unknownDevices === 'refuse' && ids.some((id) => this.deviceById(account, id) === undefined))
			throw refusal;
	}

	deviceById(account: Account, id: string): Device | undefined {
		const device = this.devices.get(id);
		return device && account.sees(device.vehicle) ? device : undefined;
	}

	deviceByPlate(account: Account, plate: string): Device | undefined {
		return this.devicesFor(account).find((device) => device.plate === plate);
	}

	deviceByIccid(account: Account, iccid: string): Device | undefined {
		return this.devicesFor(account).find(({ vehicle }) => vehicle.iccid === iccid);
	}

	/** The newest fix, or null if there never was one. */
	fixOf({ vehicle }: Device): VehicleState | null {
		return lastFix(vehicle, this.now(), this.settings.fixIntervalSeconds);
	}

	isOnline(fix: VehicleState | null): boolean {
		return fix !== null && this.now() - fix.time < ONLINE_SECONDS;
	}

	/** yyyy-MM-dd HH:mm:ss. */
	text(time: number): string {
		return localTime(this.settings.timeZone, time).replace('T', ' ');
	}

	/** yyyy/M/d HH:mm:ss, as in section 32 only. */
	unpaddedText(time: number): string {
		return this.text(time).replace(/^(\d+)-0?(\d+)-0?(\d+)/, '$1/$2/$3');
	}
}

function circle([latitude, longitude]: readonly [number, number], radius: number): Circle {
	return { latitude, longitude, radius };
}
