import { Clock } from '../clock';
import { createFleet, scatter, type Vehicle } from '../fleet';

export const PASSWORD = 'Fleet#2026';

export interface TrackgpsOptions {
	/** Milliseconds; `advance` adds to it. */
	clock?: () => number;
	/** A fleet shared with other simulators; otherwise one of `fleetSize` vehicles is made. */
	fleet?: readonly Vehicle[];
	fleetSize?: number;
	/** Users besides the seeded ones. */
	users?: readonly UserSeed[];
	/** Live answers have PascalCase keys, the document's samples camelCase (facts 2.1). */
	casing?: 'pascal' | 'camel';
	/** The company's, in which all times come and go without an offset. */
	timeZone?: string;
	/** Requests of each user, the login not counted; null is unlimited. */
	rateLimit?: { requests: number; perSeconds: number } | null;
	/** Seconds that a token lives, and what the login says of it. */
	tokenSeconds?: number;
	/** What the 401 for a vehicle of others holds: nothing, as that for a dead token, or an envelope with reasons. */
	foreignVehicles?: 'empty' | 'reasons';
	/** The identity server's status for a wrong password: 401 by the login page, 400 by the standard. */
	wrongPasswordStatus?: 400 | 401;
	/** Whether the login also takes a JSON body (unproven, facts 2.2). */
	jsonLogin?: boolean;
	/** Ends the times of `way` with Z, as the samples of its page do; they are local all the same. */
	trailingZ?: boolean;
	/**
	 * How a refill's date is written, for which the document has no sample: as all others, as a server in Romania or
	 * Hungary writes its local time, or with slashes and the month first.
	 */
	refillDates?: 'iso' | 'romanian' | 'hungarian' | 'slashes';
	/** The names of events: the document's, the words that it explains them with, or names that it does not have. */
	refillEvents?: 'document' | 'words' | 'others';
	/** How a refill's numbers and truth values are written: as JSON's, or as texts, in the form of the country. */
	refillValues?: 'json' | 'texts';
	/** How a wrong request is refused: in the envelope, as ASP.NET itself does, or in a plain text. */
	refusals?: 'envelope' | 'problem' | 'text';
	/** Whether a success has reasons of a failure beside it. */
	reasonsBesideSuccess?: boolean;
	/** How the envelope tells a success: as JSON's true, as a text, or not at all. */
	success?: 'json' | 'text' | 'unsaid';
	fixIntervalSeconds?: number;
	/** Seconds between the points of `way`; with the ignition off a minute at least. */
	wayIntervalSeconds?: number;
}

export type Settings = Required<Omit<TrackgpsOptions, 'clock' | 'fleet' | 'fleetSize' | 'users'>>;

export interface UserSeed {
	username: string;
	password?: string;
	/** Which vehicles of the fleet it sees; all unless told. */
	sees?: (vehicle: Vehicle) => boolean;
}

export type User = Required<UserSeed>;

export interface Carrier {
	vehicleId: number;
	vehicleUId: string;
	vehicle: Vehicle;
	/** Its driver switched privacy on. */
	isPrivate: boolean;
	/** Share of the fuel that comes from a second tank; 0 without one. */
	secondaryShare: number;
}

const SEEDS: readonly UserSeed[] = [
	{ username: 'demo' },
	{ username: 'cluj', sees: ({ route }) => route.plates === 'CJ' },
];

const FIRST_ID = 41_001;

export class Platform {
	readonly settings: Settings;
	readonly clock: Clock;
	readonly users: Map<string, User>;
	readonly carriers: Map<number, Carrier>;

	constructor(options: TrackgpsOptions) {
		const { clock, fleet, fleetSize = 12, users = [], ...settings } = options;
		this.clock = new Clock(clock);
		this.settings = {
			casing: 'pascal',
			timeZone: 'Europe/Bucharest',
			rateLimit: { requests: 1, perSeconds: 30 },
			tokenSeconds: 28_800,
			foreignVehicles: 'empty',
			wrongPasswordStatus: 401,
			jsonLogin: false,
			trailingZ: false,
			refillDates: 'iso',
			refillEvents: 'document',
			refillValues: 'json',
			refusals: 'envelope',
			reasonsBesideSuccess: false,
			success: 'json',
			fixIntervalSeconds: 10,
			wayIntervalSeconds: 60,
			...settings,
		};
		this.users = new Map(
			[...SEEDS, ...users].map((seed) => [seed.username, { password: PASSWORD, sees: () => true, ...seed }]),
		);
		const vehicles = fleet ?? createFleet({ size: fleetSize, now: this.clock.milliseconds() });
		this.carriers = new Map(
			vehicles.map((vehicle) => {
				const { index } = vehicle;
				const vehicleId = FIRST_ID + index;
				return [
					vehicleId,
					{
						vehicleId,
						vehicleUId: guid(index),
						vehicle,
						isPrivate: index === 9,
						secondaryShare: index === 10 ? 0.25 : 0,
					},
				];
			}),
		);
	}

	now(): number {
		return this.clock.now();
	}

	carriersFor(user: User): Carrier[] {
		return [...this.carriers.values()].filter(({ vehicle }) => user.sees(vehicle));
	}
}

function guid(index: number): string {
	const hex = [1, 2, 3, 4].map((part) => scatter(index, part).toString(16).padStart(8, '0')).join('');
	return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20)].join(
		'-',
	);
}
