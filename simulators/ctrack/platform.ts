import { Clock } from '../clock';
import { createFleet, type Vehicle } from '../fleet';
import { Refusal, FAILED, AUTHORISATION_FAILED } from './codes';

export const PASSWORD = 'Password01'; // of the document's API_Demo

export interface CtrackOptions {
	/** Milliseconds; `advance` adds to it. */
	clock?: () => number;
	/** A fleet shared with other simulators; otherwise one of `fleetSize` vehicles is made. */
	fleet?: readonly Vehicle[];
	fleetSize?: number;
	/** API users besides the seeded ones. */
	users?: readonly UserSeed[];
	/** How an ErrorCode is written: 4, or "AuthorisationFailed = 4". */
	errorCodes?: 'number' | 'text';
	/**
	 * How times are written: as the document prints each field, all without or all with milliseconds, as /Date(ms)/, as
	 * seconds since 1970, or as a server does whose language has the day first.
	 */
	times?: 'document' | 'seconds' | 'milliseconds' | 'wcf' | 'epoch' | 'dotted';
	/**
	 * How the answers look whose wrapper the document lost (facts 3.2): under a key, as a bare list, or as a bare
	 * record, which the document prints (and still a list where there is not just one).
	 */
	shapes?: 'wrapped' | 'list' | 'record';
	/** How a dead session or a wrong login is told. `otherCode`: by a code that the document does not have. */
	sessionErrors?: 'code' | 'otherCode' | 'http401' | 'http403';
	sessionMinutes?: number;
	/** Whether each call prolongs the session. */
	slidingSessions?: boolean;
	/** One API user per company: whether a new login ends the token before. */
	newLoginEndsOld?: boolean;
	/**
	 * Calls of each user, the login included. Too many end in a bare HTTP 400 or 401, which says nothing about limits.
	 */
	rateLimit?: { requests: number; perSeconds: number; status?: 400 | 401 } | null;
	/** Whether names of parameters may be written in any case, which WCF allows; the login always does (facts 3.1). */
	parameterCase?: 'exact' | 'any';
	/**
	 * What a list of vehicles holds for one that does not exist or that the user may not see: a record with an error,
	 * or nothing; or the whole request fails.
	 */
	unknownVehicles?: 'record' | 'omit' | 'refuse';
	/** The methods of which the document shows nothing but "AuthorisationFailed = 4": that, or something plausible. */
	undocumented?: 'answered' | 'refused';
	/** Whether answers have further keys and lists beside what the document shows. */
	extras?: boolean;
	/** The case of all keys. */
	keyCase?: 'document' | 'camel';
	/**
	 * Whether last positions have an error of their own now and then: a minute in five for each vehicle, with nothing
	 * in the record, although it was well before.
	 */
	faultyRecords?: boolean;
	/** The unit of DrivingTime, which the document does not name. */
	durations?: 'seconds' | 'minutes' | 'hours' | 'timespan';
	/** The unit of RunningHours, likewise. */
	runningHours?: 'hours' | 'minutes' | 'seconds';
	/** What Subscribe says where there is a queue already. */
	subscribedAlready?: 'success' | 'word';
	/** Where a message has its delivery tag: under its name, in another case, as a text without number, or nowhere. */
	messageTags?: 'number' | 'otherCase' | 'text' | 'none';
	/** Whether messages stay in the queue that were acknowledged with success. */
	acknowledging?: 'works' | 'ignored';
	/** Whether a vehicle can have two messages in one second, of different places and texts. */
	doubleMessages?: boolean;
	/** HeadingText and VehicleHeading are empty in all samples; 'compass' writes "NE". */
	headings?: 'empty' | 'compass';
	fixIntervalSeconds?: number;
	/** How often a vehicle's position comes to the queue; with the ignition off once a minute at most. */
	queueIntervalSeconds?: number;
	/** How long a new subscription stays empty; the document says up to 24 hours. */
	queueDelaySeconds?: number;
	/** The time to live of a message, which nobody knows. */
	messageTtlSeconds?: number;
	/** When the trips of a day come to the queue, UTC. */
	tripsHour?: number;
	/** When a message that was not acknowledged comes again: on the next Get, or only in a new session. */
	redelivery?: 'nextGet' | 'newSession';
	/** Whether it has its old tag when it comes again in the same session. */
	redeliveredTags?: 'same' | 'new';
	/** Whether delivery tags begin at 1 in each session, or go on. */
	deliveryTags?: 'session' | 'queue';
}

export type Settings = Required<Omit<CtrackOptions, 'clock' | 'fleet' | 'fleetSize' | 'users'>>;

export interface UserSeed {
	username: string;
	password?: string;
	/** Names of the cost centres whose vehicles it sees; all unless told. */
	costCentres?: readonly string[];
}

export interface User extends Required<UserSeed> {
	userId: number;
}

export interface CostCentre {
	nodeId: number;
	name: string;
}

export interface Driver {
	nodeId: number;
	name: string;
	tag: string | null;
	costCentre: CostCentre;
}

export interface Unit {
	nodeId: number;
	mit: string;
	serial: string;
	fleetNumber: string;
	vehicle: Vehicle;
	costCentre: CostCentre;
	/** Null for trailers, which run on their own battery. */
	driver: Driver | null;
}

const CENTRES: readonly CostCentre[] = [
	{ nodeId: 3001, name: 'Bucharest' },
	{ nodeId: 3002, name: 'Cluj' },
	{ nodeId: 3003, name: 'Vienna' },
	{ nodeId: 3004, name: 'Reserve' }, // without vehicles
];

const DRIVERS = ['New Driver 2', 'Ioana Marin', 'Andrei Popescu', 'Elena Dumitru', 'Mihai Rusu', 'Anna Gruber'];

const SEEDS: readonly UserSeed[] = [{ username: 'API_Demo' }, { username: 'API_Cluj', costCentres: ['Cluj'] }];

const FIRST_NODE = 566; // of the document's examples
const FIRST_DRIVER = 33347;
const FIRST_USER = 89471;

export class Platform {
	readonly settings: Settings;
	readonly clock: Clock;
	readonly users: Map<string, User>;
	readonly units: Map<number, Unit>;
	readonly drivers: readonly Driver[];
	readonly costCentres = CENTRES;

	constructor(options: CtrackOptions) {
		const { clock, fleet, fleetSize = 12, users = [], ...settings } = options;
		this.clock = new Clock(clock);
		this.settings = {
			errorCodes: 'number',
			times: 'document',
			shapes: 'wrapped',
			sessionErrors: 'code',
			sessionMinutes: 60,
			slidingSessions: false,
			newLoginEndsOld: true,
			rateLimit: null,
			parameterCase: 'exact',
			unknownVehicles: 'record',
			undocumented: 'answered',
			headings: 'empty',
			extras: false,
			keyCase: 'document',
			faultyRecords: false,
			durations: 'seconds',
			runningHours: 'hours',
			subscribedAlready: 'success',
			messageTags: 'number',
			acknowledging: 'works',
			doubleMessages: false,
			fixIntervalSeconds: 10,
			queueIntervalSeconds: 30,
			queueDelaySeconds: 0,
			messageTtlSeconds: 3 * 86_400,
			tripsHour: 2,
			redelivery: 'nextGet',
			redeliveredTags: 'same',
			deliveryTags: 'session',
			...settings,
		};
		this.users = new Map(
			[...SEEDS, ...users].map((seed, i) => [
				seed.username,
				{ password: PASSWORD, costCentres: CENTRES.map(({ name }) => name), ...seed, userId: FIRST_USER + i },
			]),
		);
		const vehicles = fleet ?? createFleet({ size: fleetSize, now: this.clock.milliseconds() });
		this.drivers = DRIVERS.map((name, i) => ({
			nodeId: FIRST_DRIVER + i,
			name,
			tag: i % 2 === 0 ? null : `00000${i}7A5C3E`,
			costCentre: centreOf(i),
		}));
		this.units = new Map(
			vehicles.map((vehicle) => {
				const { index, imei, selfPowered } = vehicle;
				const nodeId = FIRST_NODE + index;
				return [
					nodeId,
					{
						nodeId,
						mit: `5A53-1C-18A1D-${(0x3f49 + index).toString(16).toUpperCase().padStart(5, '0')}`,
						serial: index % 3 === 2 ? '' : imei,
						fleetNumber: `KOR${String(29 + index).padStart(3, '0')}`,
						vehicle,
						costCentre: centreOf(index),
						driver: selfPowered ? null : this.drivers[index % DRIVERS.length]!,
					},
				];
			}),
		);
	}

	now(): number {
		return this.clock.now();
	}

	unitsFor(user: User): Unit[] {
		return [...this.units.values()].filter(({ costCentre }) => user.costCentres.includes(costCentre.name));
	}

	centresFor(user: User): CostCentre[] {
		return this.costCentres.filter(({ name }) => user.costCentres.includes(name));
	}

	/** A vehicle that the request is all about. */
	unitFor(user: User, nodeId: number): Unit {
		const unit = this.units.get(nodeId);
		if (!unit) throw new Refusal(FAILED);
		if (!user.costCentres.includes(unit.costCentre.name)) throw new Refusal(AUTHORISATION_FAILED);
		return unit;
	}

	/** A cost centre by its node id. */
	centreFor(user: User, nodeId: number): CostCentre {
		const centre = this.costCentres.find((one) => one.nodeId === nodeId);
		if (!centre) throw new Refusal(FAILED);
		if (!user.costCentres.includes(centre.name)) throw new Refusal(AUTHORISATION_FAILED);
		return centre;
	}
}

/** By the place where the routes are: three in Bucharest, two in Cluj, one in Vienna. */
function centreOf(index: number): CostCentre {
	return CENTRES[[0, 0, 0, 1, 1, 2][index % 6]!]!;
}
