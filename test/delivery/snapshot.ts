/**
 * The promises of delivery for snapshot triggers: against a model of a fleet and of what a poll knows of it.
 */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import type { Client } from '../../core/call/client';
import type { SendOptions, SignedAnswer, WireRequest } from '../../core/describe/host';
import type { AnyOperation } from '../../core/describe/operation';
import type { Row } from '../../core/describe/records';
import type { Poller, PollResult } from '../../core/watch/poller';
import type { AnyTrigger } from '../../core/describe/trigger';
import { newProcess } from './account';
import { must } from './broken';
import { ClockHost } from './clock-host';
import type { Engine } from './engine';

const START = Date.UTC(2026, 0, 31, 12);
const START_SECONDS = START / 1000;
const MINUTE = 60_000;
const DAY_SECONDS = 86_400;
const LOOK_BACK = 10;
const SILENT_MINUTES = 5;
/** A time that is further ahead of the clock is of the future. */
const AHEAD_SECONDS = 300;
const SINCE_SECONDS = START_SECONDS - 120;

const TRIGGERS = ['positionChanged', 'statusChanged', 'deviceSilent'] as const;
const FAULTS = ['none', 'group', 'all', 'slow', 'abort', 'crash'] as const;

/** What a device reports from some time on. */
interface Report {
	/** Seconds from the start at which the vendor has it. */
	at: number;
	/** Seconds by which its time lies before that; negative: in the future. */
	late: number;
	ignition: boolean | null;
	fix: boolean;
}

interface Unit {
	id: string;
	reports: Report[];
	/** When it comes to the account and leaves it, in turns, in seconds from the start. */
	changes: number[];
}

export interface SnapshotCase {
	trigger: (typeof TRIGGERS)[number];
	/** Whether one request returns all positions, some, or only those that the user chose. */
	positionsBy: 'all' | 'groups' | 'chosen';
	perRequest: number;
	/** Whether state is stored in one step with the events; else after them, and where it has begun before. */
	durable: boolean;
	firstRun: 'nothing' | 'latest' | 'since';
	units: Unit[];
	polls: {
		waitSeconds: number;
		latencyMs: number;
		budgetMs: number;
		faults: { at: number; fault: (typeof FAULTS)[number] }[];
		ends: number;
		ahead: number;
	}[];
}

const IDS = ['358899051000001', '358899051000002', '77', 'truck 7', 'a|b:c,d', "'x", '0012', 'é%', '358899051999999'];

const anything: fc.Arbitrary<SnapshotCase> = fc.record({
	trigger: fc.constantFrom(...TRIGGERS),
	positionsBy: fc.constantFrom('all' as const, 'groups' as const, 'chosen' as const),
	perRequest: fc.integer({ min: 1, max: 3 }),
	durable: fc.boolean(),
	firstRun: fc.constantFrom('nothing' as const, 'nothing' as const, 'latest' as const, 'since' as const),
	units: fc
		.array(
			fc.record({
				reports: fc.array(
					fc.record({
						at: fc.integer({ min: -20, max: 40 }).map((value) => value * 45),
						late: fc.oneof(
							{ weight: 5, arbitrary: fc.constant(0) },
							{ weight: 3, arbitrary: fc.integer({ min: 1, max: 60 * LOOK_BACK }) },
							{ weight: 1, arbitrary: fc.constantFrom(-30, -7200) },
						),
						ignition: fc.constantFrom(true, false, null),
						fix: fc.integer({ min: 0, max: 5 }).map((value) => value < 5),
					}),
					{ maxLength: 8 },
				),
				/** It has not reported for two days, and stays in the account. */
				parked: fc.integer({ min: 0, max: 4 }).map((value) => value === 4),
				changes: fc.oneof(
					{ weight: 4, arbitrary: fc.constant([] as number[]) },
					{
						weight: 1,
						arbitrary: fc.array(fc.integer({ min: 0, max: 1500 }), { minLength: 1, maxLength: 2 }),
					},
				),
			}),
			{ minLength: 1, maxLength: IDS.length },
		)
		.map((units) =>
			units.map(({ reports, parked, changes }, index) => ({
				id: IDS[index] ?? '',
				reports: reports
					.sort((a, b) => a.at - b.at)
					.map((one) =>
						parked && changes.length === 0 && one.at <= 0
							? { ...one, late: one.late + 2 * DAY_SECONDS }
							: one,
					),
				changes: changes.sort((a, b) => a - b),
			})),
		),
	polls: fc.array(
		fc.record({
			// Reads are shared for half a minute. The model does not follow that.
			waitSeconds: fc.constantFrom(60, 60, 60, 35, 300, 1200),
			latencyMs: fc.constantFrom(10, 500, 4000),
			budgetMs: fc.constantFrom(60_000, 10_000, 1000),
			faults: fc.array(fc.record({ at: fc.nat(5), fault: fc.constantFrom(...FAULTS) }), { maxLength: 2 }),
			ends: fc.oneof(
				{ weight: 4, arbitrary: fc.constant(0) },
				{ weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) },
			),
			ahead: fc.constantFrom(0, 0, 0, 0, 3, -60),
		}),
		{ maxLength: 14 },
	),
});

/** Devices leave the account while a sweep takes several polls. */
const leaving: fc.Arbitrary<SnapshotCase> = fc
	.record({
		leave: fc.array(fc.option(fc.integer({ min: 30, max: 400 }), { nil: undefined }), {
			minLength: 3,
			maxLength: 6,
		}),
		polls: fc.integer({ min: 1, max: 6 }),
	})
	.map(({ leave, polls }) => ({
		trigger: 'positionChanged',
		positionsBy: 'groups',
		perRequest: 1,
		durable: false,
		firstRun: 'nothing',
		units: leave.map((at, index) => ({
			id: IDS[index] ?? '',
			reports: [{ at: 1800, late: 0, ignition: true, fix: true }],
			changes: at === undefined ? [] : [at],
		})),
		polls: Array.from({ length: polls }, () => ({
			waitSeconds: 360,
			latencyMs: 500,
			budgetMs: 1000,
			faults: [],
			ends: 0,
			ahead: 0,
		})),
	}));

/** The process ends with the first batch, of a fleet that reported a moment or days ago. */
const beginning: fc.Arbitrary<SnapshotCase> = fc
	.record({
		trigger: fc.constantFrom(...TRIGGERS),
		positionsBy: fc.constantFrom('all' as const, 'groups' as const),
		firstRun: fc.constantFrom('latest' as const, 'since' as const),
		lastReports: fc.array(
			fc.record({ late: fc.constantFrom(0, 200, 3 * DAY_SECONDS), nextMinute: fc.integer({ min: 1, max: 20 }) }),
			{ minLength: 1, maxLength: 4 },
		),
		ends: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 2, maxLength: 3 }),
	})
	.map(({ lastReports, ends, ...rest }) => ({
		...rest,
		perRequest: 2,
		durable: false,
		units: lastReports.map(({ late, nextMinute }, index) => ({
			id: IDS[index] ?? '',
			reports: [
				{ at: 0, late, ignition: true, fix: true },
				{ at: (nextMinute * MINUTE) / 1000, late: 0, ignition: false, fix: true },
			],
			changes: [],
		})),
		polls: ends.map((one) => ({
			waitSeconds: 360,
			latencyMs: 10,
			budgetMs: 60_000,
			faults: [],
			ends: one,
			ahead: 0,
		})),
	}));

/** The machine's clock is wrong by days or years in some polls, and devices report all the while, or cease to. */
const wrongClock: fc.Arbitrary<SnapshotCase> = fc
	.record({
		trigger: fc.constantFrom(...TRIGGERS),
		positionsBy: fc.constantFrom('all' as const, 'groups' as const),
		minutes: fc.array(fc.uniqueArray(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 12 }), {
			minLength: 1,
			maxLength: 4,
		}),
		spells: fc.array(
			fc.record({
				polls: fc.integer({ min: 1, max: 6 }),
				waitSeconds: fc.constantFrom(60, 60, 300, 1200),
				ends: fc.constantFrom(0, 0, 0, 2, 3),
				days: fc.constantFrom(0, 3, 3650, -3, -300),
			}),
			{ minLength: 2, maxLength: 5 },
		),
	})
	.map(({ trigger, positionsBy, minutes, spells }) => ({
		trigger,
		positionsBy,
		perRequest: 2,
		durable: false,
		firstRun: 'nothing',
		units: minutes.map((some, index) => ({
			id: IDS[index] ?? '',
			reports: some
				.sort((a, b) => a - b)
				.map((minute, place) => ({ at: minute * 60, late: 0, ignition: place % 2 === 0, fix: true })),
			changes: [],
		})),
		polls: spells.flatMap(({ polls, days, ends, waitSeconds }) =>
			Array.from({ length: polls }, (_, poll) => ({
				waitSeconds,
				latencyMs: 10,
				budgetMs: 60_000,
				faults: [],
				ends: poll === 0 ? ends : 0,
				ahead: days * 1440,
			})),
		),
	}));

export const snapshotCase: fc.Arbitrary<SnapshotCase> = fc.oneof(
	{ weight: 7, arbitrary: anything },
	{ weight: 2, arbitrary: wrongClock },
	{ weight: 3, arbitrary: leaving },
	{ weight: 2, arbitrary: beginning },
);

/** A device as the vendor returns it. */
interface Seen {
	device: string;
	/** Seconds; null: no fix. */
	time: number | null;
	reported: number | null;
	ignition: boolean | null;
}

/** What the model knows of a device, as of the last poll. */
interface Known {
	time: number | undefined;
	ignition: boolean | undefined;
	silentSince: number | undefined;
	/** Of a silent one: its newest time, and how often that has changed without being recent. */
	last?: number | undefined;
	old?: number | undefined;
	/** Whether its last event said that it is silent, from when on a clock may have been wrong. */
	said?: boolean | 'unknown';
}

interface State {
	cursor: unknown;
	first: boolean;
	known: ReadonlyMap<string, Known>;
	/** Devices with an event that may not have been delivered. */
	mayRepeat: ReadonlySet<string>;
}

const INITIAL: State = { cursor: undefined, first: true, known: new Map(), mayRepeat: new Set() };

class End extends Error {}

class SnapshotRun {
	private readonly host: ClockHost;
	private readonly positions: AnyOperation;
	private readonly trigger: AnyTrigger;
	private client!: Client;
	private poller!: Poller;
	private stored: State = INITIAL;
	private memory: State = INITIAL;
	private poll: SnapshotCase['polls'][number] | undefined;
	private requests = 0;
	private controller = new AbortController();
	private crash!: Promise<never>;
	private end!: () => void;
	/** What the vendor returned in a poll, request by request. */
	private returned: Seen[] = [];
	private readonly observed = new Set<string>();

	constructor(
		private readonly engine: Engine,
		private readonly testCase: SnapshotCase,
	) {
		this.host = new ClockHost(START, (request, options) => this.answer(request, options));
		const { field, operation, positionTriggers } = engine;
		const devices = field.ids({
			title: 'Devices',
			description: '',
			lookup: 'device',
			noun: 'device',
			pattern: /./,
			expected: '',
			all: 'all of the account',
		});
		const iso = (value: unknown) => (value === null ? null : new Date(Number(value) * 1000).toISOString());
		this.positions = operation.operation({
			resource: 'position',
			name: 'getCurrent',
			title: '',
			action: '',
			description: '',
			effect: 'read',
			route: 'GET /positions',
			params: { devices },
			request: ({ devices: some }) => ({ query: { devices: JSON.stringify(some) } }),
			answer: { safeParse: (data: unknown) => ({ success: true, data }) } as never,
			rows: (answer) => answer as Row[],
			record: ({ device, time, reported, ignition }: Row) => ({
				deviceId: String(device),
				time: iso(time),
				seenAt: iso(reported),
				latitude: time === null ? null : 1,
				longitude: time === null ? null : 2,
				ignition,
			}),
			kind: 'other',
			evidence: { section: '1', grade: 'C' },
		}) as AnyOperation;
		const declared = { devices, evidence: { section: '1', grade: 'C' } as const };
		this.trigger =
			testCase.trigger === 'statusChanged'
				? positionTriggers.statusChanged({ ...declared, of: ['ignition'] })
				: positionTriggers[testCase.trigger](declared);
		this.begin();
	}

	private begin(): void {
		const { testCase, positions: operation } = this;
		this.host.forgetSleepers();
		this.crash = new Promise((_, reject) => (this.end = () => reject(new End())));
		this.crash.catch(() => undefined);
		const positions =
			testCase.positionsBy === 'groups'
				? { operation, all: false, perRequest: testCase.perRequest }
				: {
						operation,
						all: true,
						...(testCase.positionsBy === 'chosen' ? { perRequest: testCase.perRequest } : {}),
					};
		this.client = newProcess(this.engine, this.host, {
			operations: [operation],
			positions,
			lookups: { device: () => Promise.resolve(this.present().map(({ id }) => ({ value: id, title: id }))) },
		});
		const devices = testCase.positionsBy === 'chosen' ? testCase.units.map(({ id }) => id) : '*';
		this.poller = new this.engine.poller.Poller(this.client, this.trigger, {
			devices,
			lookBack: LOOK_BACK,
			firstRun: testCase.firstRun,
			since: new Date(SINCE_SECONDS * 1000).toISOString(),
			...(testCase.trigger === 'deviceSilent' ? { minutes: SILENT_MINUTES } : {}),
		});
	}

	private present(): Unit[] {
		const now = this.host.time / 1000 - START_SECONDS;
		return this.testCase.units.filter(({ changes }) => changes.filter((at) => at <= now).length % 2 === 0);
	}

	/** A device by its reports until now. The newest fix counts, whichever came last. */
	private seen({ id, reports }: Unit): Seen {
		const now = this.host.time / 1000 - START_SECONDS;
		const seen: Seen = { device: id, time: null, reported: null, ignition: null };
		for (const { at, late, ignition, fix } of reports) {
			if (at > now) continue;
			const time = START_SECONDS + at - late;
			seen.reported = time;
			seen.ignition = ignition;
			if (fix) seen.time = time;
		}
		return seen;
	}

	private async answer({ query = {} }: WireRequest, { signal, timeoutMs }: SendOptions): Promise<SignedAnswer> {
		const {
			host,
			poll,
			engine: { errors },
		} = this;
		const fault = poll?.faults.find(({ at }) => at === this.requests)?.fault ?? 'none';
		const { latencyMs = 10 } = poll ?? {};
		this.requests += 1;
		if (fault === 'crash') {
			this.end();
			return await new Promise<never>(() => undefined);
		}
		if (fault === 'abort') {
			this.controller.abort(new Error('redeployed'));
			throw signal?.reason as Error;
		}
		if (fault === 'slow' || latencyMs > timeoutMs) {
			host.time += timeoutMs;
			throw new errors.TimedOut('No answer.', { retryable: true, effect: 'unknown' });
		}
		host.time += latencyMs;
		if (fault === 'all') throw new errors.Unreachable('The connection broke.', { effect: 'unknown' });
		if (fault === 'group') throw new errors.VendorFault('Something is wrong with it.', { effect: 'unknown' });
		const devices = JSON.parse(String(query.devices)) as string[] | string;
		const rows = this.present()
			.filter(({ id }) => devices === '*' || devices.includes(id))
			.map((unit) => this.seen(unit));
		this.returned.push(...rows);
		return { status: 200, headers: {}, body: JSON.stringify(rows), session: 'session' };
	}

	async run(): Promise<void> {
		for (const poll of this.testCase.polls) {
			this.host.time += poll.waitSeconds * 1000;
			this.host.ahead = poll.ahead * MINUTE;
			this.poll = poll;
			try {
				await this.turn(poll.ends);
			} catch (thrown) {
				if (!(thrown instanceof End)) throw thrown;
				this.begin();
				this.memory = this.stored;
			}
		}
		await this.settle();
	}

	/** All goes well from here on: every device is read within some polls, and its new events come. */
	private async settle(): Promise<void> {
		this.poll = undefined;
		this.host.time += 30 * MINUTE;
		this.observed.clear();
		for (let polls = 0; this.present().some(({ id }) => !this.observed.has(id)); polls++) {
			must(polls < 6, 'every device is read');
			this.host.time += MINUTE;
			await this.turn(0);
		}
		// All reports have been made by now.
		this.host.ahead = 0;
		for (let round = 0; round < 3; round++) {
			this.host.time += 2 * SILENT_MINUTES * MINUTE;
			await this.turn(0);
		}
		for (const { id } of this.present())
			must(this.memory.known.get(id)?.said !== false, `${id} falls silent, whatever its clock`);
		const before = this.requests;
		this.host.time += MINUTE;
		await this.turn(0);
		must(
			this.requests <= Math.ceil(this.testCase.units.length / this.testCase.perRequest),
			`a poll costs ${String(this.requests - before)} requests`,
		);
	}

	private async turn(ends: number): Promise<void> {
		const { host, testCase, poll } = this;
		this.requests = 0;
		this.returned = [];
		this.controller = new AbortController();
		const now = Math.floor(host.now() / 1000);
		const from = this.memory;
		const asStored = JSON.stringify(from.cursor);
		let result: PollResult;
		try {
			result = await Promise.race([
				this.poller.poll(from.cursor, {
					intervalMs: MINUTE,
					budgetMs: poll?.budgetMs ?? MINUTE,
					signal: this.controller.signal,
				}),
				this.crash,
			]);
		} catch (thrown) {
			if (thrown instanceof End || !this.controller.signal.aborted) throw thrown;
			return;
		}
		const { events, cursor, began, oldestReadMs } = result;
		must(asStored === JSON.stringify(from.cursor), 'a poll leaves the stored cursor as it is');
		if (cursor === undefined) {
			must(events.length === 0, 'without a cursor there are no events');
			return;
		}
		must(isDeepStrictEqual(JSON.parse(JSON.stringify(cursor)), cursor), 'the cursor is plain JSON');
		const { known, must: expected, may } = this.expected(from, now);
		const keys = events.map(({ deviceId, ...event }) =>
			[
				deviceId,
				testCase.trigger === 'positionChanged'
					? Date.parse(String(event.time)) / 1000
					: testCase.trigger === 'statusChanged'
						? event.to
						: event.silent,
			].join(' '),
		);
		must(new Set(keys).size === keys.length, 'no event comes twice');
		for (const key of expected) must(keys.includes(key), `${key} comes`);
		for (const key of keys) must(expected.includes(key) || may.includes(key), `${key} is news`);
		for (const [device, one] of known) {
			const silent = events.find(({ deviceId }) => deviceId === device)?.silent;
			if (one.said === undefined || silent === undefined) continue;
			must(one.said !== silent, `${device} is said to be the other`);
			one.said = silent === true;
		}
		for (const { id } of events) must(events.filter((event) => event.id === id).length === 1, 'ids are unique');
		const next: State = {
			cursor,
			first: from.first && oldestReadMs !== undefined,
			known,
			mayRepeat: new Set(
				[...from.mayRepeat].filter((device) => !this.returned.some((seen) => seen.device === device)),
			),
		};
		if (!testCase.durable && from === INITIAL && events.length > 0) {
			const mayRepeat = new Set(events.map(({ deviceId }) => String(deviceId)));
			this.stored = {
				...next,
				cursor: began,
				known: new Map([...known].filter(([device]) => !mayRepeat.has(device))),
				mayRepeat,
			};
		}
		if (ends === 1) throw new End();
		if (testCase.durable) this.stored = next;
		if (ends === 2) throw new End();
		this.memory = next;
		if (!testCase.durable) this.stored = { ...next, cursor: JSON.parse(JSON.stringify(cursor)) as unknown };
		if (ends === 3) throw new End();
		for (const { device } of this.returned) this.observed.add(device);
	}

	/** The events that the poll must have, by what the vendor returned; and those that it may have. */
	private expected(
		{ known: before, first, mayRepeat }: State,
		now: number,
	): { known: ReadonlyMap<string, Known>; must: string[]; may: string[] } {
		const known = new Map(before);
		const expected: string[] = [];
		const may: string[] = [];
		const { firstRun, units } = this.testCase;
		// The first sweep is also complete when the devices that were left have gone.
		const unsure = units.some(({ changes }) => changes.length > 0);
		for (const { device, time, reported, ignition } of this.returned) {
			const wanted =
				firstRun === 'latest' || (firstRun === 'since' && Math.max(time ?? 0, reported ?? 0) >= SINCE_SECONDS);
			const atFirst = unsure ? may : wanted ? expected : [];
			const old = known.get(device) ?? { time: undefined, ignition: undefined, silentSince: undefined };
			const fresh: Known = { ...old };
			switch (this.testCase.trigger) {
				case 'positionChanged':
					if (time === null) break;
					// Nobody knows whether the first fix of a device is new.
					if (old.time === undefined)
						(mayRepeat.has(device) && !unsure ? expected : first ? atFirst : may).push(
							`${device} ${String(time)}`,
						);
					else if (time > old.time) (first ? atFirst : expected).push(`${device} ${String(time)}`);
					// A time of the future is corrected by an earlier one.
					else if (time < old.time)
						(first
							? atFirst
							: old.time > Math.max(now, this.host.time / 1000) + AHEAD_SECONDS
								? expected
								: may
						).push(`${device} ${String(time)}`);
					fresh.time =
						old.time !== undefined && time < old.time && old.time <= now + AHEAD_SECONDS ? old.time : time;
					break;
				case 'statusChanged':
					if (ignition === null) break;
					if (old.ignition !== undefined && old.ignition !== ignition)
						(first ? atFirst : expected).push(`${device} ${String(ignition)}`);
					fresh.ignition = ignition;
					break;
				case 'deviceSilent': {
					if (reported === null) break;
					// Whatever is newest of it.
					const last = Math.max(reported, time ?? 0);
					const changed = last !== old.last;
					fresh.last = last;
					fresh.old = changed && old.silentSince !== undefined ? (old.old ?? 0) + 1 : old.old;
					// Where a clock is wrong, or may be, the model does not say when; but each event ends the other.
					if (
						old.said !== undefined ||
						last > now + AHEAD_SECONDS ||
						this.host.ahead < 0 ||
						this.host.ahead > 60 * MINUTE ||
						(fresh.old ?? 0) >= 3
					) {
						if (first || old.last === undefined) fresh.said = 'unknown';
						else fresh.said = old.said ?? old.silentSince !== undefined;
						may.push(`${device} true`, `${device} false`);
						break;
					}
					const silent = now - last >= SILENT_MINUTES * 60;
					if (old.silentSince === undefined) {
						if (!silent) break;
						(first ? atFirst : expected).push(`${device} true`);
						fresh.silentSince = last;
					} else if (silent || last <= old.silentSince) {
						fresh.silentSince = Math.max(last, old.silentSince);
					} else {
						(first ? atFirst : expected).push(`${device} false`);
						fresh.silentSince = undefined;
						fresh.old = 0;
					}
				}
			}
			known.set(device, fresh);
		}
		return { known, must: expected, may };
	}
}

/** @throws Broken if a promise is */
export async function runSnapshot(engine: Engine, testCase: SnapshotCase): Promise<void> {
	await new SnapshotRun(engine, testCase).run();
}
