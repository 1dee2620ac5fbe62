/**
 * The promises of delivery for streams: against a model of vendor, clock and host.
 */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import type { IDataObject } from 'n8n-workflow';
import type { Client } from '../../core/call/client';
import type { Ids, Whole } from '../../core/describe/field';
import type { SendOptions, SignedAnswer, WireRequest } from '../../core/describe/host';
import type { AnyOperation, Run } from '../../core/describe/operation';
import type { Row } from '../../core/describe/records';
import type { Poller, PollResult } from '../../core/watch/poller';
import type { AnyTrigger, FleetEvent, PositionSource } from '../../core/describe/trigger';
import type { TriggerState } from '../../n8n/trigger-state';
import { newProcess } from './account';
import { ClockHost } from './clock-host';
import type { Engine } from './engine';
import { Broken, must } from './broken';
import { EventModel, type VendorEvent, type Unit } from './event-model';

const START = Date.UTC(2026, 0, 31, 12);
const START_SECONDS = START / 1000;
const DAY = 86_400;
/** A time that is further ahead of the clock is of the future. */
const AHEAD_SECONDS = 300;
const MARGIN_SECONDS = 60;
const MINUTE = 60_000;
const BACK_SECONDS = 120;
/** Lists of devices are kept for so long. */
const LIST_MS = 5 * MINUTE;
/** Node-RED stores what came without events no more often than this. */
const LAZY_MS = 5 * MINUTE;

const HOSTS = ['nodeRed', 'n8n', 'durable'] as const;
/**
 * How a host keeps the cursor. nodeRed: it delivers, then stores; memory outlives redeploys; what came without events
 * is stored seldom. n8n: it stores what its `TriggerState` says, with a batch shortly before it is delivered, else at
 * the end of an activation only; it activates when it starts. durable: it stores and delivers in one step, stores after
 * a poll without events, and where a trigger has begun at once.
 */
type HostKind = (typeof HOSTS)[number];

/** What befalls a request. */
const FAULTS = ['none', 'device', 'all', 'slow', 'limited', 'login', 'abort', 'crash', 'jump'] as const;
type Fault = (typeof FAULTS)[number];

const JUMPS = [0, -5, 5, -60, 60, -600, 600, -1439, 1439] as const;

interface Step {
	waitSeconds: number;
	latencyMs: number;
	budgetMs: number;
	/** By the number of the request within the poll. */
	faults: { at: number; fault: Fault }[];
	/** The process ends: 1 before the events are handed over, 2 after it, 3 before the cursor is stored, 4 after it. */
	ends: number;
	/** What is stored is damaged when the process ends. */
	damaged: boolean;
	redeploys: boolean;
	/** The user chooses another event, or another account; in n8n perhaps in the credential of a workflow that runs. */
	changes: 'nothing' | 'event' | 'account';
	/** n8n cannot make the execution, or drops what the poll returns because the workflow is changed meanwhile. */
	execution: 'made' | 'refused' | 'dropped';
	/** By how many minutes the clock is wrong from now on. */
	ahead: number;
	/** Whether the other trigger is polled, too, and how many seconds later. */
	together: number;
	/** Minutes; undefined: as before. */
	lookBack: number | undefined;
}

export interface StreamCase {
	host: HostKind;
	/** Events in a page; Infinity: no pages. */
	pageSize: number;
	/** Devices in a request for events, and in one for positions. */
	perRequest: number;
	positionsBy: 'all' | 'groups' | 'chosen';
	positionsPerRequest: number;
	/** Minutes. */
	lookBack: number;
	/** back: since some minutes before the first poll. */
	firstRun: 'nothing' | 'latest' | 'since' | 'back';
	perMinute: number;
	burst: number;
	units: Unit[];
	vendorEvents: VendorEvent[];
	steps: Step[];
}

/** Faults of the host or of the case, for the test of the tests. */
export interface Twist {
	/** The host stores the cursor before it hands the events over. */
	storesFirst?: boolean;
}

const seldom = (most: number) => fc.integer({ min: 0, max: most }).map((value) => value === most);
/** Absences and failures of a device: it begins present, or without failing. */
const spans = (least: number) =>
	fc
		.array(fc.integer({ min: 0, max: 25 }), { maxLength: 2, minLength: least })
		.map((times) => times.sort((a, b) => a - b).map((minutes) => START + minutes * MINUTE));

const unit = fc.record({
	every: fc.constantFrom(1, 1, 10, 60, 300, 0, undefined),
	ahead: fc.integer({ min: 0, max: 19 }).map((value) => (value === 19 ? 3 * 3600 : 0)),
	stays: fc.oneof({ weight: 6, arbitrary: fc.constant([] as number[]) }, { weight: 1, arbitrary: spans(1) }),
	fails: fc.oneof({ weight: 5, arbitrary: fc.constant([] as number[]) }, { weight: 1, arbitrary: spans(2) }),
});

const vendorEvent = fc.record({
	device: fc.nat(11),
	/** Times come from a coarse grid, so that several fall into one second. */
	at: fc.integer({ min: -6, max: 60 }),
	second: fc.nat(2),
	/** Tenths of the look-back. */
	late: fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 3, arbitrary: fc.integer({ min: 1, max: 10 }) }),
	fraction: fc.integer({ min: 0, max: 999 }),
	count: fc.oneof({ weight: 5, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.integer({ min: 2, max: 7 }) }),
	future: fc.oneof(
		{ weight: 9, arbitrary: fc.constant(0) },
		{ weight: 1, arbitrary: fc.constantFrom(1, 5, 20, 120, 600) },
	),
	kind: fc.constantFrom('a' as const, 'b' as const),
	broken: seldom(24),
});

const step: fc.Arbitrary<Omit<Step, 'ahead'> & { ahead: number | undefined }> = fc.record({
	waitSeconds: fc.constantFrom(60, 60, 60, 5, 0, 120, 300, 900),
	latencyMs: fc.constantFrom(10, 200, 2000, 7000),
	budgetMs: fc.constantFrom(60_000, 60_000, 20_000, 3000),
	faults: fc.array(fc.record({ at: fc.nat(8), fault: fc.constantFrom(...FAULTS) }), { maxLength: 2 }),
	ends: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.integer({ min: 1, max: 4 }) }),
	damaged: seldom(19),
	redeploys: seldom(5),
	changes: fc.oneof(
		{ weight: 12, arbitrary: fc.constant('nothing' as const) },
		{ weight: 1, arbitrary: fc.constantFrom('event' as const, 'account' as const) },
	),
	execution: fc.oneof(
		{ weight: 6, arbitrary: fc.constant('made' as const) },
		{ weight: 1, arbitrary: fc.constantFrom('refused' as const, 'dropped' as const) },
	),
	ahead: fc.oneof(
		{ weight: 8, arbitrary: fc.constant(undefined) },
		{ weight: 1, arbitrary: fc.constantFrom(...JUMPS) },
	),
	together: fc.oneof(
		{ weight: 3, arbitrary: fc.constant(-1) },
		{ weight: 1, arbitrary: fc.constantFrom(0, 1, 20, 40) },
	),
	lookBack: fc.oneof(
		{ weight: 12, arbitrary: fc.constant(undefined) },
		{ weight: 1, arbitrary: fc.constantFrom(1, 2, 10, 30) },
	),
});

const anything: fc.Arbitrary<StreamCase> = fc
	.record({
		host: fc.constantFrom(...HOSTS),
		paged: fc.constantFrom(true, true, false),
		pageSize: fc.integer({ min: 3, max: 7 }),
		perRequest: fc.integer({ min: 1, max: 3 }),
		positionsBy: fc.constantFrom('all' as const, 'groups' as const, 'chosen' as const),
		positionsPerRequest: fc.integer({ min: 1, max: 4 }),
		lookBack: fc.constantFrom(0, 1, 2, 10),
		firstRun: fc.constantFrom('since' as const, 'since' as const, 'nothing' as const, 'latest' as const),
		quota: fc.oneof(
			{ weight: 5, arbitrary: fc.constant({ perMinute: 6_000_000, burst: 1000 }) },
			{
				weight: 1,
				arbitrary: fc.constantFrom(
					{ perMinute: 20, burst: 4 },
					{ perMinute: 60, burst: 10 },
					{ perMinute: 4, burst: 1 },
				),
			},
		),
		units: fc.array(unit, { minLength: 1, maxLength: 9 }),
		vendorEvents: fc.array(vendorEvent, { maxLength: 25 }),
		steps: fc.array(step, { maxLength: 14 }),
		tight: fc.boolean(),
	})
	.map((drawn) => (drawn.tight ? tightened(drawn) : drawn))
	.map(({ tight: _, paged, pageSize, perRequest, quota, units, vendorEvents, steps, lookBack, ...rest }) => {
		const named: Unit[] = units.map((one, index) => ({
			...one,
			id: `d${String(index)}`,
			stays: [START - DAY * 1000, ...one.stays],
		}));
		// A clock that is ahead makes a record that is dated in the future one of the past: then such records lie
		// beyond reach.
		const wrong = steps.some(({ ahead = 0 }) => ahead > 0);
		if (wrong) for (const one of named) one.ahead = 0;
		const least = Math.min(lookBack, ...steps.map((one) => one.lookBack ?? lookBack));
		let number = 0;
		const events = vendorEvents.flatMap(
			({ device, at, second, late, fraction, count, future, kind, broken }): VendorEvent[] => {
				const happened = START_SECONDS + at * 20 + second;
				const { id } = named[device % named.length] as Unit;
				const ahead = future === 0 ? 0 : wrong ? 3 * DAY : future * 60;
				return Array.from({ length: count }, (_, index) => ({
					id: `e${String(number++)}`,
					device: id,
					recordTime: happened + ahead,
					arrives: (happened + late * 6 * least) * 1000 + ((fraction + 137 * index) % 1000),
					kind: index % 2 === 0 ? kind : 'a',
					// A page of nothing else has no time to go on from, and little quota no way on.
					broken: broken && count === 1,
				}));
			},
		);
		return {
			...rest,
			...quota,
			lookBack,
			pageSize: paged ? pageSize : Infinity,
			perRequest: paged ? 1 : perRequest,
			units: named,
			vendorEvents: events,
			steps: steps.map(({ ahead, ...one }, index) => ({ ...one, ahead: ahead ?? lastAhead(steps, index) })),
		};
	});

const CALM = {
	waitSeconds: 60,
	latencyMs: 10,
	budgetMs: MINUTE,
	faults: [],
	ends: 0,
	damaged: false,
	redeploys: false,
	changes: 'nothing',
	execution: 'made',
	ahead: 0,
	together: -1,
	lookBack: undefined,
} satisfies Step;
const CALM_UNIT = { every: 1, ahead: 0, stays: [START - DAY * 1000], fails: [] };
const CALM_CASE = {
	host: 'nodeRed',
	pageSize: 3,
	perRequest: 1,
	positionsBy: 'all',
	positionsPerRequest: 1,
	lookBack: 1,
	firstRun: 'since',
	perMinute: 6_000_000,
	burst: 1000,
	units: [{ ...CALM_UNIT, id: 'd0' }],
} satisfies Partial<StreamCase>;

const happens = (id: number, second: number, late: number): VendorEvent => ({
	id: `e${String(id)}`,
	device: 'd0',
	recordTime: START_SECONDS + second,
	arrives: (START_SECONDS + second + late) * 1000,
	kind: 'a',
	broken: false,
});

/** One device, whose events arrive on time. */
const onTime = ({
	host,
	firstRun,
	every,
	seconds,
	steps,
}: Pick<StreamCase, 'host' | 'firstRun'> & {
	every: number;
	seconds: readonly number[];
	steps: readonly Partial<Step>[];
}): StreamCase => ({
	...CALM_CASE,
	host,
	firstRun,
	units: [{ ...CALM_UNIT, every, id: 'd0' }],
	vendorEvents: seconds.map((at, index) => happens(index, at, 0)),
	steps: steps.map((one) => ({ ...CALM, ...one })),
});

/** A read takes several polls. Meanwhile events arrive that belong to earlier pages. */
const slowly: fc.Arbitrary<StreamCase> = fc
	.record({
		seconds: fc.uniqueArray(fc.nat(40), { minLength: 6, maxLength: 12 }),
		late: fc.uniqueArray(fc.nat(40), { minLength: 2, maxLength: 6 }),
		waits: fc.array(fc.constantFrom(60, 90, 120), { minLength: 3, maxLength: 8 }),
	})
	.map(({ seconds, late, waits }) => ({
		...CALM_CASE,
		vendorEvents: [
			...seconds.map((at, index) => happens(index, at, 0)),
			...late.map((at, index) => happens(100 + index, at, 60)),
		],
		steps: waits.map((waitSeconds) => ({ ...CALM, waitSeconds, latencyMs: 2000, budgetMs: 4500 })),
	}));

/** The process ends again and again while events come on time, and is away for a while at times. */
const mortal: fc.Arbitrary<StreamCase> = fc
	.record({
		host: fc.constantFrom(...HOSTS),
		firstRun: fc.constantFrom('nothing' as const, 'latest' as const, 'since' as const, 'back' as const),
		every: fc.constantFrom(1, 30, 60),
		seconds: fc.uniqueArray(fc.nat(600), { maxLength: 20 }),
		steps: fc.array(
			fc.record({
				waitSeconds: fc.constantFrom(60, 60, 400),
				ends: fc.constantFrom(0, 0, 0, 1, 2, 3, 4),
				changes: fc.oneof(
					{ weight: 5, arbitrary: fc.constant('nothing' as const) },
					{ weight: 1, arbitrary: fc.constantFrom('event' as const, 'account' as const) },
				),
				execution: fc.constantFrom('made' as const, 'made' as const, 'refused' as const, 'dropped' as const),
			}),
			{ minLength: 4, maxLength: 10 },
		),
	})
	.map(onTime);

/** The vendor fails to return one device's events for longer than the look-back. */
const failing: fc.Arbitrary<StreamCase> = fc
	.record({
		host: fc.constantFrom(...HOSTS),
		seconds: fc.uniqueArray(fc.nat(600), { minLength: 1, maxLength: 10 }),
		begin: fc.integer({ min: 0, max: 6 }),
		minutes: fc.integer({ min: 1, max: 5 }),
	})
	.map(({ host, seconds, begin, minutes }) => ({
		...CALM_CASE,
		host,
		units: [
			{ ...CALM_UNIT, id: 'd0', fails: [begin, begin + minutes].map((at) => START + at * MINUTE) },
			{ ...CALM_UNIT, id: 'd1' },
		],
		vendorEvents: seconds.map((at, index) => happens(index, at, 0)),
		steps: Array.from({ length: 10 }, () => CALM),
	}));

/** A device is not in the account's list for a while, and its events come in later. */
const leftOut: fc.Arbitrary<StreamCase> = fc
	.record({
		host: fc.constantFrom(...HOSTS),
		positionsBy: fc.constantFrom('all' as const, 'groups' as const),
		perRequest: fc.constantFrom(1, 2),
		seconds: fc.uniqueArray(fc.nat(2400), { minLength: 5, maxLength: 20 }),
		leaves: fc.integer({ min: 8, max: 15 }),
		minutes: fc.integer({ min: 5, max: 25 }),
		ends: fc.array(fc.constantFrom(0, 0, 0, 1, 2, 3, 4), { minLength: 10, maxLength: 10 }),
	})
	.map(({ host, positionsBy, perRequest, seconds, leaves, minutes, ends }) => ({
		...CALM_CASE,
		host,
		positionsBy,
		perRequest,
		pageSize: perRequest === 1 ? 3 : Infinity,
		units: [
			{
				...CALM_UNIT,
				id: 'd0',
				stays: [...CALM_UNIT.stays, START + leaves * MINUTE, START + (leaves + minutes) * MINUTE],
			},
			{ ...CALM_UNIT, id: 'd1' },
		],
		vendorEvents: seconds.map((at, index) => happens(index, at, 0)),
		steps: ends.map((one) => ({ ...CALM, waitSeconds: 240, ends: one })),
	}));

/** The machine's clock is wrong by days or years for a while, and the process ends at times. */
const wrongClock: fc.Arbitrary<StreamCase> = fc
	.record({
		host: fc.constantFrom(...HOSTS),
		firstRun: fc.constantFrom('nothing' as const, 'latest' as const, 'since' as const, 'back' as const),
		every: fc.constantFrom(1, 30, 300, 0),
		seconds: fc.uniqueArray(fc.nat(900), { minLength: 3, maxLength: 20 }),
		steps: fc.array(
			fc.record({
				waitSeconds: fc.constantFrom(60, 60, 400),
				ends: fc.oneof(
					{ weight: 3, arbitrary: fc.constant(0) },
					{ weight: 1, arbitrary: fc.integer({ min: 1, max: 4 }) },
				),
				days: fc.constantFrom(0, 0, 3, 3, 365, 3650, -3, -300),
			}),
			{ minLength: 3, maxLength: 10 },
		),
	})
	.map(({ steps, ...one }) =>
		onTime({ ...one, steps: steps.map(({ days, ...step }) => ({ ...step, ahead: days * 1440 })) }),
	);

export const streamCase: fc.Arbitrary<StreamCase> = fc.oneof(
	{ weight: 6, arbitrary: anything },
	{ weight: 2, arbitrary: wrongClock },
	{ weight: 2, arbitrary: leftOut },
	{ weight: 2, arbitrary: slowly },
	{ weight: 5, arbitrary: mortal },
	{ weight: 1, arbitrary: failing },
);

/**
 * The only problem is that time is short: few devices, many late events, and reads that take several polls.
 */
function tightened<
	C extends {
		paged: boolean;
		lookBack: number;
		units: { fails: number[]; stays: number[]; ahead: number }[];
		vendorEvents: { late: number; future: number }[];
		steps: { latencyMs: number; budgetMs: number; ahead: number | undefined; lookBack: number | undefined }[];
	},
>(drawn: C): C {
	return {
		...drawn,
		paged: true,
		lookBack: drawn.lookBack === 10 ? 2 : Math.max(1, drawn.lookBack),
		units: drawn.units.slice(0, 1).map((one) => ({ ...one, fails: [], stays: [], ahead: 0 })),
		vendorEvents: drawn.vendorEvents.map((one) => ({ ...one, late: one.late > 3 ? 10 : one.late, future: 0 })),
		steps: drawn.steps.map((one) => ({
			...one,
			...(one.budgetMs <= 20_000 ? { latencyMs: 2000, budgetMs: 4500 } : {}),
			faults: [],
			ends: 0,
			damaged: false,
			ahead: 0,
			lookBack: undefined,
		})),
	};
}

function lastAhead(steps: readonly { ahead: number | undefined }[], before: number): number {
	for (let index = before - 1; index >= 0; index--) {
		const ahead = steps[index]?.ahead;
		if (ahead !== undefined) return ahead;
	}
	return 0;
}

/** Under which n8n's static data hold the text: those of the node, and those of the workflow. */
const KEYS = { durable: 'fleetwire', n8n: 'fleetwire:node', nodeRed: '' } as const;
const EVENTS = ['happened', 'occurred'] as const;

/** The process ends. */
class End extends Error {}

/** A trigger as a host runs it, and what its flow received. */
class HostedTrigger {
	/** What the host would begin with after an end of its process. */
	stored: string | undefined;
	storedAt = -Infinity;
	/** Node-RED's: whose position is stored. */
	private storedFor: string | undefined;
	/** Node-RED's. */
	memory: unknown;
	account = 'account';
	/** Events and accounts that it has had, and whether it has the one again that it had before. */
	private readonly identities = new Set([`${EVENTS[0]} ${this.account}`]);
	returned = false;
	/** n8n's: in this process, and the static data of the activation. */
	state!: TriggerState;
	data: IDataObject = {};
	/** Whether n8n has activated it. With durable cursors, it does so once for all processes. */
	active = false;
	poller: Poller | undefined;
	/** Event -> number of the process in which it was last delivered. */
	readonly delivered = new Map<string, number>();
	readonly deliveredEver = new Set<string>();
	/** Events that may come twice, because the process ended. */
	readonly mayRepeat = new Set<string>();
	/** What was handed over and is not in the stored cursor. */
	unconfirmed = new Set<string>();
	/** Device -> newest record time that was delivered in this process. */
	readonly newest = new Map<string, number>();
	/** The same for all processes. */
	readonly newestEver = new Map<string, number>();
	/** Events from here on must come, in seconds: since the first poll of all, whatever was stored of that. */
	from = Infinity;
	/**
	 * Whether the host has had an occasion to store anything since then; before, an end of its process is a new
	 * beginning.
	 */
	begun = false;
	/** When its first poll began. */
	begunAt = Infinity;
	/** The local time of its beginning, in seconds, where no device has reported for long. */
	beganByClock: number | undefined;
	/** n8n's: polls in a row that found it open whether n8n had taken the last batch over. */
	leftOut = 0;
	/** No event before this may come. */
	notBefore = -Infinity;
	lastProblem: string | undefined;

	constructor(
		/** With the one event or the other, as the user chooses. */
		private readonly triggers: readonly AnyTrigger[],
		readonly kind: 'b' | undefined,
		private readonly key: string,
	) {}

	private chosen = 0;

	get trigger(): AnyTrigger {
		return this.triggers[this.chosen] as AnyTrigger;
	}

	/** From here on it is another trigger, with a beginning of its own. */
	change(what: 'event' | 'account'): void {
		if (what === 'event') this.chosen = 1 - this.chosen;
		else {
			this.account += '2';
			this.memory = undefined;
		}
		const identity = `${this.trigger.name} ${this.account}`;
		this.returned = this.identities.has(identity);
		this.identities.add(identity);
		this.forget();
	}

	/** It stands where it stood before the user chose another event: from here on everything must come. */
	continues(from: number): void {
		this.from = from;
		this.notBefore = -Infinity;
		for (const id of this.deliveredEver) {
			this.delivered.set(id, 0);
			this.mayRepeat.add(id);
		}
	}

	/** What Node-RED has stored of this account's trigger. */
	get storedPosition(): unknown {
		return this.stored === undefined || this.storedFor !== this.account ? undefined : readable(this.stored);
	}

	/** Begins again without state, as after a reset. */
	forget(): void {
		this.delivered.clear();
		this.mayRepeat.clear();
		this.unconfirmed.clear();
		this.newest.clear();
		this.newestEver.clear();
		this.beginAgain();
	}

	beginAgain(): void {
		this.from = Infinity;
		this.begun = false;
		this.notBefore = -Infinity;
	}

	/** n8n reads what is stored. */
	load(): void {
		this.data = this.stored === undefined ? {} : { [this.key]: this.stored };
	}

	/** The host stores. */
	keep(text = this.data[this.key] as string | undefined): void {
		this.stored = text;
		this.storedFor = this.account;
		this.begun = true;
	}
}

class StreamRun {
	private readonly host: ClockHost;
	private readonly model: EventModel;
	private readonly hostedTriggers: HostedTrigger[];
	private readonly operations: { events: AnyOperation; positions: AnyOperation };
	private client!: Client;
	private process = 0;
	private step: Step | undefined;
	private requests = 0;
	private allRequests = 0;
	private controller = new AbortController();
	private crash!: Promise<never>;
	private end!: () => void;
	private lookBack: number;
	private quiet = false;

	constructor(
		private readonly engine: Engine,
		private readonly testCase: StreamCase,
		private readonly twist: Twist,
	) {
		const { units, vendorEvents, pageSize, lookBack } = testCase;
		this.model = new EventModel(units, vendorEvents, pageSize, START);
		this.host = new ClockHost(START, (request, options) => this.answer(request, options));
		this.lookBack = lookBack;
		this.operations = this.declare();
		this.hostedTriggers = [undefined, 'b' as const].map(
			(kind) =>
				new HostedTrigger(
					EVENTS.map((event) => this.triggerOf(event, kind)),
					kind,
					KEYS[testCase.host],
				),
		);
		this.begin();
	}

	/** How the vendor is described to the engine. */
	private declare() {
		const { field, operation, pages, errors } = this.engine;
		const { testCase } = this;
		const devices = field.ids({
			title: 'Devices',
			description: '',
			lookup: 'device',
			noun: 'device',
			pattern: /./,
			expected: '',
			all: 'all of the account',
		});
		const common = {
			resource: 'event',
			title: '',
			action: '',
			description: '',
			effect: 'read',
			evidence: { section: '1', grade: 'C' },
			list: true,
		} as const;
		const iso = (value: unknown) => (value === null ? null : new Date(Number(value) * 1000).toISOString());
		const loose = { safeParse: (data: unknown) => ({ success: true, data }) } as never;
		interface Wire {
			devices: Whole<Ids>;
			begin: number;
			end: number;
		}
		const events = operation.operation({
			...common,
			name: 'get',
			route: 'GET /events',
			params: {
				devices,
				begin: field.time({ title: 'Begin', description: '' }),
				end: field.time({ title: 'End', description: '' }),
			},
			request: ({ devices: some, begin, end }: Wire) => ({
				query: { devices: String(some), begin: begin / 1000, end: Math.floor(end / 1000) },
			}),
			answer: loose,
			rows: (answer) => answer as Row[],
			record: (row: Row) => {
				if (row.broken === true) throw new errors.UnexpectedAnswer('cannot be read');
				return { id: String(row.id), deviceId: String(row.device), time: iso(row.recordTime), kind: row.kind };
			},
			kind: 'other',
			...(testCase.pageSize === Infinity
				? {}
				: {
						run: (run: Run<Wire>, { begin, ...asked }: { devices: Ids; begin: number; end: number }) =>
							pages.timePages<Row>(begin / 1000, (at) => run.request({ ...asked, begin: at * 1000 }), {
								size: testCase.pageSize,
								mark: ({ recordTime }) => Number(recordTime),
								key: ({ id }) => String(id),
								warn: (message) => run.warn(message),
							}),
					}),
		});
		const positions = operation.operation({
			...common,
			name: 'positions',
			route: 'GET /positions',
			params: { devices },
			request: ({ devices: some }) => ({ query: { devices: String(some) } }),
			answer: loose,
			rows: (answer) => answer as Row[],
			record: (row: Row) => ({ deviceId: String(row.device), time: null, seenAt: iso(row.reported) }),
			kind: 'other',
		});
		return { events: events as AnyOperation, positions: positions as AnyOperation };
	}

	private triggerOf(name: string, kind: 'b' | undefined): AnyTrigger {
		const { engine, testCase, operations } = this;
		const devices = engine.field.ids({
			title: 'Devices',
			description: '',
			lookup: 'device',
			noun: 'device',
			pattern: /./,
			expected: '',
			all: 'all of the account',
		});
		return engine.trigger.trigger({
			name,
			title: 'Happened',
			description: '',
			params: { devices },
			kind: 'alarm',
			source: engine.trigger.stream<{ time: string; kind: string }, unknown>({
				operation: operations.events,
				paramsFor: (some, period) => ({ devices: some, ...period }),
				perRequest: testCase.perRequest,
				ascending: testCase.pageSize !== Infinity,
				recordTime: ({ time }) => time,
				...(kind === undefined ? {} : { keep: (record) => record.kind === kind }),
			}),
			evidence: { section: '1', grade: 'C' },
		});
	}

	private get positionSource(): PositionSource {
		const { positionsBy, positionsPerRequest } = this.testCase;
		const { positions: operation } = this.operations;
		return positionsBy === 'groups'
			? { operation, all: false, perRequest: positionsPerRequest }
			: { operation, all: true, ...(positionsBy === 'chosen' ? { perRequest: positionsPerRequest } : {}) };
	}

	/** A process begins. */
	private begin(): void {
		this.process += 1;
		this.host.forgetSleepers();
		this.controller = new AbortController();
		this.crash = new Promise((_, reject) => (this.end = () => reject(new End())));
		this.crash.catch(() => undefined);
		const { perMinute, burst } = this.testCase;
		this.client = newProcess(this.engine, this.host, {
			operations: Object.values(this.operations),
			positions: this.positionSource,
			limits: { requestsPerMinute: perMinute, burst },
			lookups: {
				device: () =>
					Promise.resolve(this.model.present(this.host.time).map(({ id }) => ({ value: id, title: id }))),
			},
		});
		for (const hosted of this.hostedTriggers) {
			hosted.poller = undefined;
			hosted.state = new this.engine.n8nState.TriggerState();
			hosted.active &&= this.testCase.host === 'durable';
		}
	}

	/** The vendor's side of a request. */
	private async answer({ path, query = {} }: WireRequest, { signal, timeoutMs }: SendOptions): Promise<SignedAnswer> {
		const {
			host,
			step,
			engine: { errors },
			model,
		} = this;
		const fault = step?.faults.find(({ at }) => at === this.requests)?.fault ?? 'none';
		const { latencyMs = 10 } = step ?? {};
		this.requests += 1;
		this.allRequests += 1;
		if (fault === 'crash') {
			this.end();
			return await new Promise<never>(() => undefined);
		}
		if (fault === 'abort') {
			this.controller.abort(new Error('the node was redeployed'));
			throw signal?.aborted ? (signal.reason as Error) : new Error('no signal');
		}
		if (fault === 'slow' || latencyMs > timeoutMs) {
			host.time += timeoutMs;
			throw new errors.TimedOut('No answer.', { retryable: true, effect: 'unknown' });
		}
		host.time += latencyMs / 2;
		if (fault === 'jump') host.ahead = 0;
		const now = host.time;
		const devices = String(query.devices).split(',');
		const rows =
			path === '/positions'
				? this.positions(devices, now)
				: model.events(devices, Number(query.begin), Number(query.end), now);
		host.time += latencyMs / 2;
		if (fault === 'all') throw new errors.Unreachable('The connection broke.', { effect: 'unknown' });
		if (fault === 'login') throw new errors.LoginRejected('Wrong password.');
		if (fault === 'limited') throw new errors.RateLimited('Too often.', { effect: 'unknown' });
		if (
			fault === 'device' ||
			(path === '/events' && !this.quiet && devices.some((device) => model.fails(device, now)))
		)
			throw new errors.VendorFault('Something is wrong with it.', { effect: 'unknown' });
		return { status: 200, headers: {}, body: JSON.stringify(rows), session: 'session' };
	}

	private positions(devices: readonly string[], now: number): Row[] {
		const present = this.model.present(now);
		const some = devices[0] === '*' ? present : present.filter(({ id }) => devices.includes(id));
		return some.map((one) => ({ device: one.id, reported: this.model.lastReport(one, now) ?? null }));
	}

	/** Whether the clock is never wrong. */
	private get steady(): boolean {
		return this.testCase.steps.every(({ ahead }) => ahead === 0);
	}

	/** Whether no read can stop midway, and the clock is not set back. */
	private get smooth(): boolean {
		const { steps, perMinute, units } = this.testCase;
		return (
			perMinute > 1000 &&
			this.overfull().size === 0 &&
			units.every(({ fails }) => fails.length === 0) &&
			steps.every(({ ahead, budgetMs, faults }) => ahead >= 0 && budgetMs === MINUTE && faults.length === 0)
		);
	}

	private get inputs(): Record<string, unknown> {
		const { positionsBy, firstRun, units } = this.testCase;
		const since = firstRun === 'back' ? `-${String(BACK_SECONDS)}s` : new Date(START - 60_000).toISOString();
		return {
			devices: positionsBy === 'chosen' ? units.map(({ id }) => id) : '*',
			firstRun: firstRun === 'back' ? 'since' : firstRun,
			since,
			lookBack: this.lookBack,
		};
	}

	async run(): Promise<void> {
		for (const step of this.testCase.steps) {
			this.host.time += step.waitSeconds * 1000;
			this.host.ahead = step.ahead * MINUTE;
			if (step.lookBack !== undefined) this.lookBack = step.lookBack;
			if (step.lookBack !== undefined || step.redeploys) {
				for (const hosted of this.hostedTriggers) {
					hosted.poller = undefined;
					hosted.active = false;
				}
			}
			const [first, second] = this.hostedTriggers as [HostedTrigger, HostedTrigger];
			if (step.changes !== 'nothing') {
				first.change(step.changes);
				first.poller = undefined;
				// A change of the event is published with the workflow.
				if (step.changes === 'event') first.active = false;
			}
			await this.turn(first, step);
			if (step.together < 0) continue;
			this.host.time += step.together * 1000;
			await this.turn(second, step);
		}
		await this.settle();
	}

	/** A turn of a trigger: as many polls as there is something to fetch, unless the process ends. */
	private async turn(hosted: HostedTrigger, step: Step): Promise<void> {
		this.step = step;
		this.requests = 0;
		this.controller = new AbortController();
		const before = this.process;
		try {
			for (let polls = 0; ; polls++) {
				must(polls < 200, 'a turn ends');
				if (!(await this.poll(hosted, step))) return;
			}
		} catch (thrown) {
			if (!(thrown instanceof End)) throw thrown;
			this.ended(step.damaged ? hosted : undefined);
		} finally {
			must(this.process - before <= 1, 'a process ends once');
		}
	}

	private ended(damaged: HostedTrigger | undefined): void {
		this.begin();
		for (const hosted of this.hostedTriggers) {
			const { host } = this.testCase;
			hosted.memory = undefined;
			hosted.storedAt = this.host.time;
			if (!hosted.begun) hosted.beginAgain();
			if (host !== 'durable') for (const id of hosted.unconfirmed) hosted.mayRepeat.add(id);
			// n8n keeps the cursor from before the last batch.
			if (host !== 'n8n') hosted.unconfirmed.clear();
			hosted.newest.clear();
			if (hosted === damaged && hosted.stored !== undefined) {
				hosted.forget();
				hosted.stored = hosted.stored.slice(0, hosted.stored.length / 2);
			}
		}
	}

	private async poll(hosted: HostedTrigger, step: Step | undefined): Promise<boolean> {
		const { host, engine, testCase } = this;
		const { budgetMs = 60_000 } = step ?? {};
		const activates = testCase.host !== 'nodeRed' && !hosted.active;
		hosted.active = true;
		const position = this.resume(hosted, activates);
		// n8n has not yet said that it took the last batch over: this poll is left out, and the next one is not.
		hosted.leftOut = position === undefined ? hosted.leftOut + 1 : 0;
		must(hosted.leftOut <= 1, 'n8n has taken every batch over');
		if (position === undefined) return false;
		const from = position.cursor;
		const unreadable = typeof from === 'string';
		const asStored = JSON.stringify(from);
		hosted.poller ??= new engine.poller.Poller(this.client, hosted.trigger, this.inputs);
		const begunAt = host.time;
		const local = host.now();
		let result: PollResult;
		const warned = host.warnings.length;
		try {
			result = await Promise.race([
				hosted.poller.poll(from, { intervalMs: MINUTE, budgetMs, signal: this.controller.signal }),
				this.crash,
			]);
		} catch (thrown) {
			if (thrown instanceof End || !this.controller.signal.aborted) throw thrown;
			return false;
		}
		if (unreadable) must(host.warnings.length > warned, 'an unreadable cursor is reported');
		const { events, cursor, began, more, problem } = result;
		hosted.lastProblem = problem?.code;
		must(asStored === JSON.stringify(from), 'a poll leaves the stored cursor as it is');
		// Nothing was read yet: a cursor that cannot be read is returned as it was.
		if (cursor === undefined || (unreadable && isDeepStrictEqual(cursor, from))) {
			const other = (from as { event?: string } | undefined)?.event !== hosted.trigger.name;
			must(events.length === 0 && other, 'without a cursor there are no events');
			return false;
		}
		const text = JSON.stringify(cursor);
		must(isDeepStrictEqual(JSON.parse(text), cursor), 'the cursor is plain JSON');
		must(!more || events.length > 0, 'there is more only where there was something');
		const stage = step?.ends ?? 0;
		// A clock that was ahead and is right again: from then on, everything must come.
		if (hosted.beganByClock !== undefined && Math.max(local, host.now()) / 1000 < hosted.beganByClock) {
			hosted.from = Math.min(hosted.from, host.time / 1000 + 1);
			hosted.beganByClock = undefined;
		}
		// Until it could read anything, it stands where the one before stood.
		if (hosted.from === Infinity && cursor.event === hosted.trigger.name) {
			this.begins(hosted, begunAt, local);
			// The user has changed back, and its position of then is still there.
			must(began !== undefined || hosted.returned, 'another trigger begins');
			if (began === undefined) hosted.continues(Math.max(host.time, host.now()) / 1000 + 1);
		}
		if (testCase.host === 'nodeRed') {
			if (this.twist.storesFirst) hosted.stored = text;
			if (began !== undefined && events.length > 0) {
				hosted.memory = began;
				hosted.keep(JSON.stringify(began));
			}
			if (stage === 1) throw new End();
			this.deliver(hosted, events);
			if (stage === 2) throw new End();
			hosted.memory = cursor;
			if (stage === 3) throw new End();
			if (events.length > 0 || began !== undefined || host.time - hosted.storedAt >= LAZY_MS) {
				hosted.keep(text);
				hosted.storedAt = host.time;
				hosted.unconfirmed.clear();
			}
			if (stage === 4) throw new End();
		} else {
			const { execution = 'made' } = step ?? {};
			if (!this.n8n(hosted, result, { activates, stage, execution })) return false;
		}
		// n8n's default mode stores nothing where there are no events, but at the end of an activation.
		hosted.begun ||= testCase.host !== 'n8n';
		return more && problem === undefined;
	}

	/** The cursor that the host goes on from; undefined if this poll is left out. */
	private resume(hosted: HostedTrigger, activates: boolean): { cursor: unknown } | undefined {
		if (this.testCase.host === 'nodeRed') return { cursor: hosted.memory ?? hosted.storedPosition };
		// With durable cursors, each poll loads it.
		if (activates || this.testCase.host === 'durable') hosted.load();
		return hosted.state.resume(this.shelf(hosted).read(), hosted.account, this.host.now(), this.durable);
	}

	private get durable(): boolean {
		return this.testCase.host === 'durable';
	}

	private shelf({ data }: HostedTrigger) {
		return this.engine.n8nState.shelfOf('node', data, data, this.durable);
	}

	/** What n8n's side makes of a poll, and n8n of that. @returns whether n8n has taken what there was */
	private n8n(
		hosted: HostedTrigger,
		{ events, cursor, began }: PollResult,
		{ activates, stage, execution }: { activates: boolean; stage: number; execution: Step['execution'] },
	): boolean {
		const { durable, testCase } = this;
		const { state } = hosted;
		const now = this.host.now();
		const shelf = this.shelf(hosted);
		if (began !== undefined) {
			shelf.write(state.beginAfresh(began));
			if (durable) hosted.keep();
		}
		if (events.length === 0) {
			shelf.write(state.idle(cursor, now, durable));
			if (stage === 1 || stage === 2) throw new End();
			if (durable ? !activates : activates) hosted.keep();
			if (stage >= 3) throw new End();
			return true;
		}
		const handover = state.handOver(cursor, events, now, { exact: durable, compares: false });
		shelf.write(handover.text);
		if (stage === 1) throw new End();
		if (durable) {
			if (stage === 2) throw new End();
			hosted.keep();
			this.deliver(hosted, events);
			hosted.unconfirmed.clear();
			if (stage >= 3) throw new End();
			return true;
		}
		must(testCase.host === 'n8n', 'it is n8n');
		if (execution === 'dropped' && !activates) {
			// The workflow was changed during the poll: n8n forgets the batch, and activates it again.
			hosted.active = false;
			return false;
		}
		handover.emitted();
		hosted.keep();
		// Earlier deliveries are in the stored cursor.
		hosted.unconfirmed.clear();
		if (stage === 2) throw new End();
		if (execution === 'refused') {
			handover.refused();
			if (activates) hosted.keep();
			if (stage >= 3) throw new End();
			return false;
		}
		this.deliver(hosted, events);
		if (stage >= 3) throw new End();
		if (activates) {
			shelf.write(handover.takenText);
			hosted.keep();
			hosted.unconfirmed.clear();
		}
		return true;
	}

	/** The first poll of all defines which events must come. */
	private begins(hosted: HostedTrigger, begunAt: number, local: number): void {
		const { testCase, host, model } = this;
		hosted.begun = false;
		const { firstRun } = testCase;
		const reports = model
			.present(begunAt)
			.map((one) => model.lastReport(one, begunAt))
			.filter((at) => at !== undefined);
		const newest = Math.min(Math.max(0, ...reports), Math.floor(local / 1000));
		const unheard =
			testCase.positionsBy !== 'all' &&
			model.units.some(({ every, stays }) => every === 0 || every === undefined || stays.length > 1);
		const silent = unheard || Math.floor(local / 1000) - newest > DAY - 3600;
		// Where no device has ever reported, there is no other time than the local clock's.
		const timeless = reports.length === 0 || (unheard && model.units.some(({ every }) => every === undefined));
		const clock = timeless || silent ? Math.max(local, host.now()) / 1000 : 0;
		const present = Math.max(host.time / 1000, clock) + 1;
		hosted.beganByClock = timeless ? undefined : clock;
		hosted.notBefore = -Infinity;
		hosted.begunAt = begunAt;
		const since = firstRun === 'back' ? Math.floor(local / 1000) - BACK_SECONDS : START_SECONDS - 60;
		hosted.from = firstRun === 'since' || firstRun === 'back' ? Math.min(since, present) : present;
		// A clock that is set back later is as one that was ahead before.
		const neverBack = testCase.steps.every(({ ahead }) => ahead >= 0);
		if ((firstRun === 'since' || firstRun === 'back') && local <= begunAt && neverBack) hosted.notBefore = since;
		else if (
			firstRun === 'nothing' &&
			!silent &&
			// Where no position could be read, it begins by the local clock, too.
			(neverBack || testCase.steps.every(({ faults }) => faults.length === 0)) &&
			model.units.every(({ ahead }) => ahead === 0) &&
			host.ahead >= 0 &&
			local >= begunAt
		)
			hosted.notBefore =
				Math.min(...model.units.flatMap((one) => model.lastReport(one, begunAt - MINUTE) ?? [])) - 60;
	}

	/** The flow receives a batch. */
	private deliver(hosted: HostedTrigger, events: readonly FleetEvent[]): void {
		const { process, model } = this;
		const { delivered, mayRepeat, newest, newestEver, unconfirmed } = hosted;
		const before = new Map(newest);
		const everBefore = new Map(newestEver);
		const inBatch = new Map<string, { recordTime: number; id: string }>();
		for (const event of events) {
			const happened = model.vendorEvents.find(
				({ id }) => id === (event.unreadable === undefined ? event.id : (event.raw as Row).id),
			);
			must(happened !== undefined, "events are the vendor's");
			const { id, device, recordTime, broken, arrives } = happened;
			must(arrives <= this.host.time, 'an event has happened');
			must(hosted.kind === undefined || hosted.kind === happened.kind || broken, 'only what is wanted comes');
			const last = delivered.get(id);
			// A record without a time may come twice if a read stopped midway or the clock was set back.
			const spared = broken && !this.smooth;
			must(last !== process || spared, `${id} comes once in a process`);
			if (last !== undefined && !spared)
				must(mayRepeat.delete(id), `${id} was delivered for good before the process ended`);
			delivered.set(id, process);
			hosted.deliveredEver.add(id);
			unconfirmed.add(id);
			if (broken) continue;
			must(recordTime >= hosted.notBefore, `${id} is older than the trigger`);
			must(event.deviceId === device && event.event === hosted.trigger.name, 'an event says whose it is');
			const previous = inBatch.get(device);
			must(
				previous === undefined ||
					previous.recordTime < recordTime ||
					(previous.recordTime === recordTime && previous.id < event.id),
				`events of ${device} are in order`,
			);
			inBatch.set(device, { recordTime, id: event.id });
			if (event.late) must((everBefore.get(device) ?? -Infinity) > recordTime, `${id} is not late`);
			// With a wrong clock, what came before may count as of the future, and then makes no other late.
			else must((before.get(device) ?? -Infinity) <= recordTime || !this.steady, `${id} is late`);
			// One that is dated in the future makes no other late. How long the poll takes is not known to the second.
			const ahead = recordTime - this.host.now() / 1000;
			if (ahead < AHEAD_SECONDS - MARGIN_SECONDS)
				newest.set(device, Math.max(newest.get(device) ?? -Infinity, recordTime));
			if (ahead < AHEAD_SECONDS + MARGIN_SECONDS)
				newestEver.set(device, Math.max(newestEver.get(device) ?? -Infinity, recordTime));
		}
	}

	/** All goes well from here on: whatever is missing must come, within a number of polls, requests and minutes. */
	private async settle(): Promise<void> {
		const { host, testCase } = this;
		this.quiet = true;
		// Until the last of them has arrived, and dead periods are over.
		const until =
			Math.max(
				host.time,
				...testCase.vendorEvents.map(({ arrives }) => arrives),
				...testCase.units.flatMap(({ stays }) => stays),
			) +
			LIST_MS +
			MINUTE;
		host.time = until;
		// With a clock that is behind, each read returns more: a small quota is not enough for that. One that is wrong
		// may hide events for as long as it is, by more than a day or where devices do not report.
		const idle = testCase.units.some(({ every }) => every === 0 || every === undefined);
		if (testCase.perMinute < 1000 || Math.abs(host.ahead) > DAY * 1000 || idle) host.ahead = 0;
		this.step = undefined;
		this.controller = new AbortController();
		const arrived = host.time;
		for (const hosted of this.hostedTriggers) {
			let polls = 0;
			// Each read may be the only one in a poll.
			const most = 20 + 12 * testCase.units.length + testCase.vendorEvents.length * 2;
			for (; polls < most; polls++) {
				host.time += MINUTE;
				this.requests = 0;
				while (await this.poll(hosted, undefined));
				if (hosted.from !== Infinity && this.missing(hosted, arrived) === undefined) break;
			}
			must(hosted.from !== Infinity, 'a trigger begins');
			const missing = this.missing(hosted, arrived);
			if (missing !== undefined)
				throw new Broken(
					`${missing.id} of ${missing.device} is lost (${String(hosted.kind)}, ${String(hosted.stored)}, ${String(hosted.lastProblem)})`,
				);
			await this.idle(hosted);
		}
	}

	/** With nothing new, a poll costs as many requests as there are groups of devices. */
	private async idle(hosted: HostedTrigger): Promise<void> {
		const { testCase, host, model } = this;
		const { length } = testCase.units;
		const groups = Math.ceil(length / testCase.positionsPerRequest) + 2 * Math.ceil(length / testCase.perRequest);
		for (let polls = 0; polls < 2; polls++) {
			host.time += 2 * MINUTE;
			const before = this.allRequests;
			const results = testCase.vendorEvents.length;
			await this.poll(hosted, undefined);
			must(
				this.allRequests - before <= groups + 2 * results,
				`a poll costs ${String(this.allRequests - before)} requests`,
			);
			const here = new Set(
				model
					.present(host.time)
					.filter(({ stays }) => stays.length === 1)
					.map(({ id }) => id),
			);
			const overfull = [...this.overfull()].some(([device, seconds]) =>
				[...seconds].some((recordTime) => here.has(device) && recordTime >= hosted.from),
			);
			if (overfull)
				must(
					// With few turns, it may not have been read yet.
					host.warnings.some((warning) => warning.includes('as many as one page holds')) ||
						testCase.perMinute < 1000,
					'more in a second than a page holds is reported',
				);
		}
	}

	/** The seconds in which a device has as much as a page holds, or more. */
	private overfull(): Map<string, Set<number>> {
		const counts = new Map<string, number>();
		const found = new Map<string, Set<number>>();
		const end = this.reach();
		for (const { device, recordTime } of this.model.vendorEvents) {
			const key = `${device} ${String(recordTime)}`;
			const count = (counts.get(key) ?? 0) + 1;
			counts.set(key, count);
			if (count < this.testCase.pageSize || recordTime > end) continue;
			const seconds = found.get(device) ?? new Set();
			found.set(device, seconds.add(recordTime));
		}
		return found;
	}

	/** Events up to this second can be read. */
	private reach(): number {
		return Math.floor(this.host.time / 1000) + Math.min(0, this.host.ahead / 1000) + DAY - 3600;
	}

	/** An event that should have come and has not. */
	private missing(hosted: HostedTrigger, arrived: number): VendorEvent | undefined {
		const { model, testCase } = this;
		const overfull = this.overfull();
		const end = this.reach();
		return model.vendorEvents.find(({ id, device, recordTime, arrives, kind }) => {
			if (hosted.delivered.has(id) || (hosted.kind !== undefined && kind !== hosted.kind)) return false;
			if (recordTime < hosted.from || arrives > arrived || recordTime > end) return false;
			if (overfull.get(device)?.has(recordTime)) return false;
			const { stays } = testCase.units.find((one) => one.id === device) as Unit;
			const [, left = Infinity] = stays;
			// What a device that comes back has recorded meanwhile comes, unless it was away when the trigger began.
			const wasHere = hosted.begunAt + LIST_MS + MINUTE < left;
			return (
				stays.length % 2 === 1 &&
				(stays.length === 1 ||
					testCase.positionsBy === 'chosen' ||
					wasHere ||
					recordTime * 1000 > (stays.at(-1) ?? 0) + LIST_MS + MINUTE)
			);
		});
	}
}

function readable(text: string): unknown {
	try {
		return JSON.parse(text) as unknown;
	} catch {
		return text;
	}
}

/** @throws Broken if a promise is */
export async function runStream(engine: Engine, testCase: StreamCase, twist: Twist = {}): Promise<void> {
	await new StreamRun(engine, testCase, twist).run();
}
