import { flag, number, timeZone, type Fields } from '../describe/field';
import type { AnyOperation } from '../describe/operation';
import { CleanTrack, type OfTrack, type Point } from './clean-track';
import { DaySummaries } from './day-summaries';
import { Journeys, type TripRules } from './trips';

const cleanTrack = flag({
	title: 'Clean Track',
	description:
		'Whether to leave out fixes without place or time, from the future, doubled, or where no vehicle can have been. Output: Raw has all.',
	initial: false,
});

const ignore = () => undefined;

/** The devices that a run asks about; undefined: all. */
function devicesIn({ asks }: AnyOperation, params: Readonly<Record<string, unknown>>): string[] | undefined {
	const devices = asks === undefined ? undefined : params[asks.devices];
	return Array.isArray(devices) ? (devices as string[]) : undefined;
}

/** A history, with the option to leave out what cannot be right. */
const withCleanTrack = (operation: AnyOperation): AnyOperation => ({
	...operation,
	params: { ...(operation.params as Fields), cleanTrack },
	compute: {
		options: ['cleanTrack'],
		begin: (params, now, emit) => {
			if (params.cleanTrack !== true) return undefined;
			const same = { add: ({ fix }: Point) => emit(fix), end: ignore };
			return new CleanTrack(now, devicesIn(operation, params), () => same, emit);
		},
	},
});

/** Also of vendors that find stops themselves. */
export const minimumMinutes = number({
	title: 'Minimum Minutes',
	description: 'Shortest halt that counts as a stop, in minutes',
	unit: 'minutes',
	min: 1,
	max: 1440,
	integer: true,
	initial: 5,
});

/** Stored in users' flows. The defaults are those of Traccar's reports. */
const tripFields = {
	minimumMinutes,
	tripMetres: number({
		title: 'Minimum Trip Distance',
		description: 'Distance that makes a trip, however quick',
		unit: 'm',
		min: 0,
		max: 100_000,
		initial: 500,
	}),
	tripMinutes: number({
		title: 'Minimum Trip Time',
		description: 'Driving time that makes a trip, however short',
		unit: 'minutes',
		min: 0,
		max: 1440,
		initial: 5,
	}),
	gapMinutes: number({
		title: 'Longest Gap',
		description: 'So long without data ends a trip',
		unit: 'minutes',
		min: 1,
		max: 1440,
		initial: 60,
	}),
	ignitionEnds: flag({
		title: 'Ignition Off Ends Trip',
		description: 'Whether a halt with the ignition off ends a trip at once',
		initial: false,
	}),
};

const MINUTE_MS = 60_000;

const rulesOf = (params: Record<keyof typeof tripFields, number>): TripRules => ({
	leastMetres: params.tripMetres,
	leastDriving: params.tripMinutes * MINUTE_MS,
	leastStop: params.minimumMinutes * MINUTE_MS,
	gap: params.gapMinutes * MINUTE_MS,
	ignitionEnds: Boolean(params.ignitionEnds),
});

const COMPUTED = 'Computed from the position history. Output: Raw has the history.';

type Declared = Pick<AnyOperation, 'resource' | 'name' | 'title' | 'action' | 'description' | 'kind'>;

/** An operation that is computed from a history: its requests, and records of another kind. */
function computed(
	source: AnyOperation,
	declared: Declared,
	fields: Fields,
	begin: (params: Record<string, never>, emit: (record: object) => void) => OfTrack,
): AnyOperation {
	const { note } = source.evidence;
	return {
		...source,
		...declared,
		params: { ...(source.params as Fields), ...fields },
		compute: {
			source,
			options: Object.keys(fields),
			begin: (params, now, emit) =>
				new CleanTrack(now, devicesIn(source, params), () => begin(params as Record<string, never>, emit)),
		},
		evidence: { ...source.evidence, note: note === undefined ? COMPUTED : `${COMPUTED} ${note}` },
	};
}

const reportsOf = (history: AnyOperation): AnyOperation[] => [
	computed(
		history,
		{
			resource: 'trip',
			name: 'getMany',
			title: 'Get Many',
			action: 'Get many trips',
			description: 'Get the trips of devices in a period of any length',
			kind: 'trip',
		},
		tripFields,
		(params, emit) => new Journeys(rulesOf(params), emit, ignore),
	),
	computed(
		history,
		{
			resource: 'stop',
			name: 'getMany',
			title: 'Get Many',
			action: 'Get many stops',
			description: 'Get the stops of devices in a period of any length',
			kind: 'stop',
		},
		tripFields,
		(params, emit) => new Journeys(rulesOf(params), ignore, emit),
	),
	computed(
		history,
		{
			resource: 'trip',
			name: 'getDaySummary',
			title: 'Get Day Summary',
			action: 'Get a summary of each day',
			description: 'Get a summary for each device and day of a time zone',
			kind: 'daySummary',
		},
		{ timeZone: timeZone('Whose days are counted, as an IANA name', 'UTC'), ...tripFields },
		(params, emit) => new DaySummaries(rulesOf(params), String(params.timeZone), emit),
	),
];

const isHistory = ({ kind, effect, list }: AnyOperation) =>
	effect === 'read' && list && (kind === 'fix' || kind === 'trackPoint');

/** A vendor's operations, with what is computed from its records where the vendor has none of that name. */
export function withReports(operations: readonly AnyOperation[]): AnyOperation[] {
	const history = operations.find(isHistory);
	const reports = history === undefined ? [] : reportsOf(history);
	return [
		...operations.map((operation) => (isHistory(operation) ? withCleanTrack(operation) : operation)),
		...reports.filter(
			({ resource, name }) => !operations.some((own) => own.resource === resource && own.name === name),
		),
	];
}
