import { createFleet, type Vehicle } from '../fleet';
import type { AlarmBursts, AlarmSource, Geofence } from './alarms';
import { createAccounts, isWithin, SEEDS, type Account, type AccountSeed } from './accounts';
import { Refusal, type Code } from './codes';
import type { AnswerKind } from './device-answers';
import type { Brand } from './brand';
import { accountsForFleet, createDevices, type Device } from './devices';

export interface PlatformOptions {
	brand: Brand;
	/** Milliseconds; `advance` adds to it. */
	clock?: () => number;
	/** A fleet shared with other simulators; otherwise one of `fleetSize` vehicles is made. */
	fleet?: readonly Vehicle[];
	fleetSize?: number;
	/** Accounts besides the seeded ones; a parent comes before its children. */
	accounts?: readonly AccountSeed[];
	/** Requests per account; null is unlimited. */
	rateLimit?: { requests: number; perSeconds: number } | null;
	fixIntervalSeconds?: number;
	/** How far `time` of a login may be off (a guess, facts 4.3). */
	allowedSkewSeconds?: number;
	/** Whether one unknown IMEI in a list ends the request with 10013 or is left out of the answer. */
	unknownImei?: 'error' | 'omit';
	/** Whether the records of a device that has expired or is blocked are given, or refused with 20046 and 20089. */
	endedDevices?: 'answered' | 'refused';
	/** Fields that newer backends send beyond the documents (facts 4.2). */
	newerFields?: boolean;
	/** No data: 20023, or code 0 with an empty record. */
	emptyPlayback?: 'nodata' | 'empty';
	emptyAlarms?: 'nodata' | 'empty';
	/** Ends a playback with ';'. */
	trailingSemicolon?: boolean;
	/** Leaves the geofence field off alarms that have none. */
	shortAlarms?: boolean;
	/** Records of the 'stuck' device that share the second of noon UTC. */
	stuckFixes?: number;
	stuckAlarms?: number;
	/** Alarms that every device raises in each second, beside those that its movement brings about. */
	alarmsPerSecond?: number;
	/** Alarms that every device raises in one second, once in a while. */
	alarmBursts?: AlarmBursts;
	/**
	 * In which order a page has its points or alarms. The documents say "the last 100th record", and so imply that the
	 * first of a period come, in ascending order; 'descending': the last of it, newest first.
	 */
	recordOrder?: 'ascending' | 'descending';
	/** Points and alarms in a page, where it is smaller than the documents have it (2.3, 2.8). */
	fixesPerPage?: number;
	alarmsPerPage?: number;
	/** Longest time from an alarm's system time until the list has it. */
	alarmDelaySeconds?: number;
	/** Seconds until devices answer commands. */
	answersAfterSeconds?: number;
	/** In which words devices answer commands. */
	deviceAnswers?: AnswerKind;
	/** Whether no device is blocked, expired or at odds with commands, as some are for tests. */
	plain?: boolean;
	/** Whether a distributor's device list holds the devices of its sub-accounts too (the documents do not say). */
	deviceListScope?: 'subtree' | 'own';
	/**
	 * Who is refused a list on the way over sub-accounts, and with which code: of the accounts below an account, or of
	 * its devices. The documents do not say who may ask.
	 */
	refusedLists?: { accounts?: Readonly<Record<string, Code>>; devices?: Readonly<Record<string, Code>> };
	/** Devices of each sub-account where the fleet has more than 500. */
	devicesPerSubAccount?: number;
	quirks?: {
		/** `{ "code": 0, }`, as the document prints the answer of 2.16. */
		trailingComma?: boolean;
	};
}

export type Settings = Required<
	Omit<PlatformOptions, 'fleet' | 'accounts' | 'clock' | 'fleetSize' | 'devicesPerSubAccount'>
>;

export interface Command {
	id: string;
	/** Account that sent it. */
	account: string;
	imei: string;
	device: Device;
	command: string;
	paramData: string | null;
	/** UNIX times. */
	sentAt: number;
	answeredAt: number | null;
	response: string;
}

export interface Message {
	account: string;
	accounts: string[];
	content: string;
	time: number;
}

/** All that one brand's platform knows. */
export class Platform {
	readonly settings: Settings;
	readonly accounts: Map<string, Account>;
	readonly devices: Map<string, Device>;
	readonly commands: Command[] = [];
	readonly messages: Message[] = [];
	/** Those created by clients. Every device also has one round its depot. */
	readonly geofences: Geofence[] = [];
	private readonly clock: () => number;
	private offset = 0;

	constructor(options: PlatformOptions) {
		const {
			clock = Date.now,
			fleetSize = 12,
			devicesPerSubAccount = 400,
			fleet,
			accounts = [],
			...settings
		} = options;
		this.clock = clock;
		this.settings = {
			rateLimit: null,
			fixIntervalSeconds: 10,
			allowedSkewSeconds: 300,
			unknownImei: 'error',
			endedDevices: 'answered',
			newerFields: false,
			emptyPlayback: 'nodata',
			emptyAlarms: 'empty',
			trailingSemicolon: false,
			shortAlarms: false,
			stuckFixes: 0,
			stuckAlarms: 0,
			alarmsPerSecond: 0,
			alarmBursts: { seconds: [], size: 0 },
			recordOrder: 'ascending',
			fixesPerPage: 1000,
			alarmsPerPage: 100,
			alarmDelaySeconds: 0,
			answersAfterSeconds: 2,
			deviceAnswers: 'document',
			plain: false,
			deviceListScope: 'subtree',
			refusedLists: {},
			quirks: {},
			...settings,
		};
		const vehicles = fleet ?? createFleet({ size: fleetSize, now: this.milliseconds() });
		const installation = vehicles[0]?.activated ?? this.now();
		const spread = accountsForFleet(vehicles.length, devicesPerSubAccount);
		this.accounts = createAccounts([...SEEDS, ...spread, ...accounts], installation);
		this.devices = createDevices({
			fleet: vehicles,
			accounts: this.accounts,
			spread: spread.map(({ account }) => account),
			now: this.now(),
			answersAfter: this.settings.answersAfterSeconds,
			answers: this.settings.deviceAnswers,
			plain: this.settings.plain,
		});
	}

	milliseconds(): number {
		return this.clock() + this.offset;
	}

	/** UNIX seconds. */
	now(): number {
		return Math.floor(this.milliseconds() / 1000);
	}

	advance(milliseconds: number): void {
		this.offset += milliseconds;
	}

	/** A device that an account may see; 10013 otherwise. */
	deviceFor(account: Account, imei: string): Device {
		const device = this.devices.get(imei);
		if (!device || !isWithin(device.owner, account)) throw new Refusal(10013);
		if (device.refusedWith !== null) throw new Refusal(device.refusedWith);
		return device;
	}

	/**
	 * A device of which records of the past are wanted: of one that has expired or is blocked, the platform may give
	 * none (chapter 3 lists the codes, but not where they come).
	 */
	deviceWithRecords(account: Account, imei: string): Device {
		const device = this.deviceFor(account, imei);
		const code =
			this.settings.endedDevices === 'answered'
				? undefined
				: { expired: 20046, blocked: 20089 }[device.role as string];
		if (code !== undefined) throw new Refusal(code as Code);
		return device;
	}

	devicesFor(account: Account, imeis: readonly string[]): Device[] {
		if (this.settings.unknownImei === 'error') return imeis.map((imei) => this.deviceFor(account, imei));
		return imeis.flatMap((imei) => {
			const device = this.devices.get(imei);
			return device && isWithin(device.owner, account) ? [device] : [];
		});
	}

	/** An account itself or one below it; others look as if they did not exist. */
	accountFor(account: Account, name: string): Account {
		const target = this.accounts.get(name);
		if (!target || !isWithin(target, account)) throw new Refusal(20005);
		return target;
	}

	/** As accountFor, for what nobody may do to the own account. */
	subAccountFor(account: Account, name: string): Account {
		const target = this.accountFor(account, name);
		if (target === account) throw new Refusal(10007);
		return target;
	}

	/** What brings about the alarms of a device. */
	alarmsOf(device: Device): AlarmSource {
		const { brand, stuckAlarms, alarmsPerSecond: perSecond, alarmBursts: bursts } = this.settings;
		return { device, fences: this.fencesOf(device), brand, stuckAlarms, perSecond, bursts };
	}

	fencesOf({ imei, vehicle }: Device): Geofence[] {
		const [latitude, longitude] = vehicle.route.waypoints[0]!;
		const depot = {
			id: vehicle.index + 1,
			imei,
			name: 'Depot',
			alarmtype: 2,
			latitude,
			longitude,
			radius: 300,
			created: vehicle.activated,
		};
		return [depot, ...this.geofences.filter((fence) => fence.imei === imei)];
	}
}
