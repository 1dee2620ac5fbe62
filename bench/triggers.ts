/** What triggers cost as the fleet grows, and how soon an alarm arrives, on a simulated fleet in simulated time. */
import { isDeepStrictEqual } from 'node:util';
import { Client } from '../core/call/client';
import type { SendOptions, SignedAnswer, WireRequest } from '../core/describe/host';
import { findTrigger } from '../core/describe/provider';
import { Poller } from '../core/watch/poller';
import { trackceo } from '../providers/protrack/trackceo';
import type { ProtrackConnection } from '../providers/protrack/connection';
import { ClockHost } from '../test/delivery/clock-host';
import { limitOf, median, ratioOf, type Result } from './measure';
import { START } from './vendor';

const UNLIMITED = 60_000_000;
const FIRST_IMEI = 358_899_051_000_000;
const imeiOf = (index: number) => String(FIRST_IMEI + index);
const indexOf = (imei: string) => Number(imei) - FIRST_IMEI;
/** Devices in a request for positions. */
const BATCH = 100;

/** A fleet as TrackCEO tells it, without a network. */
class Fleet {
	readonly heard: number[];
	readonly alarms = new Map<number, number[]>();
	readonly host: ClockHost;
	readonly client: Client;
	requests = 0;
	/** Answers that were made beforehand, so that what is measured is the client: by their first device. */
	private readonly made = new Map<string, string>();
	private readonly choices: { value: string; title: string }[];

	constructor(
		readonly size: number,
		{ rateLimit = UNLIMITED, latencyMs = 1 }: { rateLimit?: number; latencyMs?: number } = {},
	) {
		this.heard = Array.from({ length: size }, () => START - 7200);
		this.choices = this.heard.map((_, index) => ({ value: imeiOf(index), title: imeiOf(index) }));
		this.host = new ClockHost(START * 1000, (request, options) => this.answer(request, options, latencyMs));
		const connection: ProtrackConnection = {
			baseUrl: 'https://vendor.example',
			account: `bench-${String(fleets++)}`,
			secretType: 'password',
			secret: 'bench-secret',
			allowCommands: false,
			allowPrivateAddresses: false,
			rateLimit,
		};
		const provider = { ...trackceo, lookups: { ...trackceo.lookups, device: () => Promise.resolve(this.choices) } };
		this.client = new Client(provider, connection, this.host);
	}

	poller(event: string, input: Record<string, unknown> = {}): Poller {
		const trigger = findTrigger(trackceo, event);
		if (trigger === undefined) throw new Error(`no ${event}`);
		return new Poller(this.client, trigger, input);
	}

	get now(): number {
		return Math.floor(this.host.time / 1000);
	}

	raise(device: number): void {
		const alarms = this.alarms.get(device);
		if (alarms === undefined) this.alarms.set(device, [this.now]);
		else alarms.push(this.now);
		this.heard[device] = this.now;
	}

	/** Makes the answers that tell the positions of the whole fleet. */
	prepare(): void {
		for (let index = 0; index < this.size; index += BATCH)
			this.made.set(
				imeiOf(index),
				this.positions(
					Array.from({ length: Math.min(BATCH, this.size - index) }, (_, place) => imeiOf(index + place)),
				),
			);
	}

	private answer({ path, query = {} }: WireRequest, _: SendOptions, latencyMs: number): Promise<SignedAnswer> {
		this.requests += 1;
		this.host.time += latencyMs;
		const imeis = String(query.imeis);
		const body =
			path !== '/api/track'
				? JSON.stringify({ code: 0, record: this.listed(String(query.imei), Number(query.begintime)) })
				: (this.made.get(imeis.slice(0, imeis.indexOf(','))) ?? this.positions(imeis.split(',')));
		return Promise.resolve({ status: 200, headers: {}, body, session: 'bench-session' });
	}

	private positions(imeis: readonly string[]): string {
		return JSON.stringify({ code: 0, record: imeis.map((imei) => this.position(imei)) });
	}

	private position(imei: string) {
		const time = this.heard[indexOf(imei)] ?? 0;
		return {
			imei,
			course: 195,
			systemtime: time,
			gpstime: time,
			speed: 40,
			hearttime: time,
			servertime: time,
			longitude: 26.1,
			latitude: 44.4,
			acctime: 1400,
			accstatus: 1,
			doorstatus: 0,
			chargestatus: 0,
			oilpowerstatus: 1,
			defencestatus: 0,
			datastatus: 2,
			battery: 100,
			mileage: 51654,
			todaymileage: 15654,
		};
	}

	private listed(imei: string, begin: number): string {
		return (this.alarms.get(indexOf(imei)) ?? [])
			.filter((at) => at >= begin)
			.slice(0, BATCH)
			.map((at) => `7,26.1,44.4,${String(at)},${String(at)},40,195,0`)
			.join(';');
	}
}
let fleets = 0;

function cpuMs(): number {
	const { user, system } = process.cpuUsage();
	return (user + system) / 1000;
}

/** Numbers that look random and are the same each time. */
function chance(seed: number): () => number {
	let state = seed;
	return () => {
		state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
		return state / 2 ** 32;
	};
}

const shareOf = (values: readonly number[], share: number) =>
	[...values].sort((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN;

/**
 * An alarm's delay: from when the vendor has it until it is delivered, in a fleet of 10,000 of which 5 % are driving at
 * a time.
 * Beside it, the same requests a minute spent on one device after the other.
 */
export async function alarmDelay(): Promise<Result[]> {
	const size = 10_000;
	const perMinute = 600;
	const minutes = 90;
	const random = chance(7);
	const fleet = new Fleet(size, { rateLimit: perMinute });
	const poller = fleet.poller('newAlarm');
	const driving = new Map<number, number>();
	const raised: number[] = [];
	let moved = fleet.now;
	/** Those on the road report every ten seconds, and raise an alarm every half an hour. */
	const drive = () => {
		for (; moved < fleet.now; moved += 10) {
			while (driving.size < size * 0.05)
				driving.set(Math.floor(random() * size), moved + 600 + Math.floor(random() * 1800));
			for (const [device, until] of driving) {
				fleet.heard[device] = moved;
				if (random() < 10 / 1800) {
					const alarms = fleet.alarms.get(device);
					if (alarms === undefined) fleet.alarms.set(device, [moved]);
					else alarms.push(moved);
					raised.push(moved);
				}
				if (until <= moved) driving.delete(device);
			}
		}
	};
	const delays: number[] = [];
	let cursor: unknown;
	let given = 0;
	let largest = 0;
	const moving = fleet.host.send.bind(fleet.host);
	// The fleet moves on while a poll is under way.
	fleet.host.send = async (request, options) => {
		drive();
		return await moving(request, options);
	};
	for (let minute = 0; minute < minutes; minute++) {
		const begun = fleet.host.time;
		drive();
		const result = await poller.poll(cursor, { intervalMs: 60_000, budgetMs: 60_000 });
		({ cursor } = result);
		given += result.events.length;
		largest = Math.max(largest, JSON.stringify(cursor).length);
		// The first rounds find their feet.
		if (minute >= 10)
			for (const { time } of result.events) delays.push(fleet.now - Date.parse(String(time)) / 1000);
		fleet.host.time = Math.max(fleet.host.time, begun + 60_000);
	}
	if (given < raised.length * 0.7) throw new Error(`${String(given)} of ${String(raised.length)} alarms`);
	const used = fleet.requests / ((fleet.host.time / 1000 - START) / 60);
	// One device after the other, at the same number of requests: an alarm waits for its device's turn.
	const turn = (size / used) * 60;
	const plain = raised.map(() => random() * turn);
	return [
		limitOf('alarm-cursor', largest / 1024, 'KB', 64),
		limitOf('alarm-requests', used, 'requests a minute', perMinute),
		ratioOf(
			'alarm-delay',
			median(delays),
			's, median',
			'one device after the other under the same quota',
			median(plain),
			0.25,
		),
		ratioOf(
			'alarm-delay-90',
			shareOf(delays, 0.9),
			's, 90 %',
			'one device after the other under the same quota',
			shareOf(plain, 0.9),
			0.25,
		),
	];
}

interface Cycle {
	requests: number;
	cpuMs: number;
}

const CYCLES = 5;
const CHANGED = 0.01;

/**
 * A cycle in which 1 % of the fleet change, and what it takes until all is delivered. CPU is the least of all cycles:
 * whatever else runs only adds to it.
 */
export async function cyclesOf(size: number, event: 'newAlarm' | 'positionChanged'): Promise<Cycle> {
	const changes = size * CHANGED;
	const fleet = new Fleet(size);
	const poller = fleet.poller(event);
	const surveys = size / BATCH;
	// As much time as surveying, the changes and a tenth for the longest unseen take: the rest of a real quota goes to
	// these.
	const looks = event === 'newAlarm' ? Math.ceil(changes * 1.15) + 2 : 0;
	const budgetMs = surveys + looks;
	let cursor: unknown = (await poller.poll(undefined, { intervalMs: 60_000, budgetMs: 10 * size })).cursor;
	const found: Cycle[] = [];
	for (let cycle = 0; cycle < CYCLES; cycle++) {
		fleet.host.time += 60_000;
		for (let index = 0; index < changes; index++) {
			const device = (cycle * changes + index * 97) % size;
			if (event === 'newAlarm') fleet.raise(device);
			else fleet.heard[device] = fleet.now;
		}
		fleet.host.time += 1000;
		fleet.prepare();
		const before = fleet.requests;
		globalThis.gc?.();
		const cpu = cpuMs();
		const end = fleet.host.time + budgetMs;
		let events = 0;
		for (let more = true; more;) {
			const result = await poller.poll(cursor, { intervalMs: 60_000, budgetMs: end - fleet.host.time });
			({ cursor, more } = result);
			events += result.events.length;
		}
		const used = cpuMs() - cpu;
		if (events !== changes)
			throw new Error(`${String(events)} of ${String(changes)} events of ${String(size)} devices`);
		found.push({ requests: fleet.requests - before, cpuMs: used });
	}
	return {
		requests: median(found.map(({ requests }) => requests)),
		cpuMs: Math.min(...found.map((one) => one.cpuMs)),
	};
}

const SIZES = [1000, 10_000, 100_000] as const;

/** Positions in batches, and a read of the alarms of each device that has reported. */
export const leastRequests = (size: number, event: 'newAlarm' | 'positionChanged') =>
	size / BATCH + (event === 'newAlarm' ? size * CHANGED : 0);

/** Requests and CPU time of a cycle, from 1,000 to 100,000 devices. */
export async function triggerScale(): Promise<Result[]> {
	const results: Result[] = [];
	for (const event of ['newAlarm', 'positionChanged'] as const) {
		const name = event === 'newAlarm' ? 'trigger-scale-stream' : 'trigger-scale-watch';
		const cycles: Cycle[] = [];
		for (const size of SIZES) {
			const cycle = await cyclesOf(size, event);
			cycles.push(cycle);
			const { requests } = cycle;
			results.push(
				ratioOf(
					`${name}-${String(size)}`,
					requests,
					'requests a cycle',
					event === 'newAlarm' ? 'N/100 + changes' : 'N/100',
					leastRequests(size, event),
					1.25,
				),
			);
		}
		const [, middle, large] = cycles.map(({ cpuMs }) => cpuMs);
		results.push(limitOf(`${name}-cpu`, large ?? Number.NaN, 'ms of CPU a cycle, 100,000 devices', 1000));
		results.push(
			ratioOf(
				`${name}-growth`,
				large ?? Number.NaN,
				'ms of CPU a cycle',
				'ten times that of 10,000 devices',
				10 * (middle ?? Number.NaN),
				1.2,
			),
		);
	}
	return results;
}

/**
 * What a host stores of where it stands, for 10,000 devices, and what it costs n8n to clone and compare it at each
 * poll.
 */
export async function cursorSize(): Promise<Result[]> {
	const size = 10_000;
	const results: Result[] = [];
	for (const event of ['newAlarm', 'positionChanged', 'statusChanged', 'deviceSilent'] as const) {
		const fleet = new Fleet(size);
		const poller = fleet.poller(event);
		let cursor: unknown;
		const options = { intervalMs: 60_000, budgetMs: 100 * size };
		({ cursor } = await poller.poll(undefined, options));
		for (let cycle = 0; cycle < 5; cycle++) {
			fleet.host.time += 120_000;
			for (let index = 0; index < size; index++) {
				// One in twenty raises alarms; of what is compared, every device changes.
				if (event !== 'newAlarm' && index % 5 === cycle) fleet.heard[index] = fleet.now - (index % 60);
				else if (event === 'newAlarm' && index % 20 === 0) fleet.raise(index);
			}
			for (let more = true; more;) ({ cursor, more } = await poller.poll(cursor, options));
		}
		const data = { 'node:Trigger': { cursor } };
		const times: number[] = [];
		for (let run = 0; run < 21; run++) {
			const start = performance.now();
			const copy = structuredClone(data);
			if (!isDeepStrictEqual(copy, data)) throw new Error('a copy is no copy');
			times.push(performance.now() - start);
		}
		results.push(
			limitOf(`cursor-${event}`, JSON.stringify(cursor).length / 1024, 'KB', 64),
			limitOf(`cursor-${event}-clone`, median(times), 'ms to clone and compare', 5),
		);
	}
	return results;
}
