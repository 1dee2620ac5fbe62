import { PartialResult, TimedOut, type FailedDevice, type FleetError } from '../describe/errors';
import { ALL } from '../describe/field';
import type { AnyOperation, Asks } from '../describe/operation';
import type { Row } from '../describe/records';
import { clipped } from '../describe/words';
import { UNREAD } from './pages';
import { refusal, type Refusals } from './refusals';
import type { Wire } from './request';

/** If so many devices are refused alike before one is answered, the devices are not the cause. */
const ALIKE = 25;
/** The same where a request has to wait for its turn. */
const ALIKE_WHERE_RARE = 3;
/** Faults of the vendor, one device after the other, after which the others are not asked about. */
const FAULTS_IN_A_ROW = 5;
/** Further requests of a run, where each has to wait for its turn. */
const FURTHER_WHERE_RARE = 2;

type Name = string | number;
/** Sends a request about some devices. */
type Ask = (some: readonly Name[]) => Promise<Row[]>;

/** Devices to be asked about apart from others. */
interface Apart {
	devices: Name[];
	/** Why. */
	error: FleetError;
}

interface Settings {
	refusals: Refusals;
	/** Whether requests have to keep apart, so that each waits for its turn. */
	rare: boolean;
	now: () => number;
	/** Makes one of our errors of whatever was thrown, without secrets. */
	clean: (thrown: unknown) => FleetError;
	signal?: AbortSignal;
}

/**
 * The requests of a run that are about devices. One that fails concerns its devices: they are noted, and the run goes
 * on with the others. A refused batch is halved until the culprit is alone, which is remembered for the next run.
 */
export class DeviceRequests {
	private readonly failures = new Map<string, { error: FleetError; asked: boolean }>();
	/** All devices that the run is about. */
	private readonly all = new Set<string>();
	private readonly answered = new Set<string>();
	/** What would repeat with every other device: nothing is sent any more. */
	private ended: FleetError | undefined;
	/** What went wrong first. */
	private first: FleetError | undefined;
	/** Requests to find a culprit. */
	private further = 0;
	/** Requests that failed since one was answered. */
	private inARow = 0;
	/** The search for a culprit that goes on. */
	private search: Promise<unknown> = Promise.resolve();
	/** Parts of refused batches in which the culprit was not found. */
	private readonly suspects: { devices: string[]; error: FleetError }[] = [];
	private readonly key: string;
	private readonly asks: Asks;

	/** @param operation one with `asks` */
	constructor(
		{ resource, name, asks }: AnyOperation,
		private readonly settings: Settings,
	) {
		this.key = `${resource}.${name}`;
		this.asks = asks as Asks;
	}

	/** The run is about these. */
	expect(devices: readonly string[]): void {
		for (const device of devices) this.all.add(device);
	}

	failed(device: string): boolean {
		return this.failures.has(device);
	}

	get anyFailed(): boolean {
		return this.failures.size > 0;
	}

	/**
	 * The rows of one request of the run.
	 * @param send sends it, perhaps in parts
	 * @param caught see `Run.request`
	 */
	async rows(
		wire: Wire,
		send: (wire: Wire) => Promise<Row[]>,
		caught?: (error: FleetError) => boolean,
	): Promise<Row[]> {
		const { as } = this.asks;
		const value = wire[as];
		if (!Array.isArray(value)) {
			// That names none of them.
			if (value === ALL) return await send(wire);
			return await this.part([value as Name], () => send(wire), { caught });
		}
		const ask = (some: readonly Name[]) => send({ ...wire, [as]: some });
		this.expect(value.map(String));
		const left = (value as Name[]).filter((device) => !this.failures.has(String(device)));
		const { together, suspects, refused } = this.settings.refusals.apart(this.key, left);
		const rows = await this.part(together, ask, {
			caught,
			inParts: (some, error) => this.afterOthers(some, error, ask),
		});
		return [...rows, ...(await this.remembered([...suspects, ...refused], ask))];
	}

	/** Requests that go side by side, such as those of several windows, are refused for the same device. */
	private async afterOthers(devices: readonly Name[], error: FleetError, ask: Ask): Promise<Row[]> {
		return await this.inTurn(async () => {
			const left = devices.filter((device) => !this.failures.has(String(device)));
			return await (left.length < devices.length ? this.part(left, ask) : this.halves(left, error, ask));
		});
	}

	/** Devices of which an earlier run knows that they, or some of them, were refused. */
	private async remembered(apart: readonly Apart[], ask: Ask): Promise<Row[]> {
		if (apart.length === 0) return [];
		return await this.inTurn(async () => {
			const answered = (device: Name) => this.answered.has(String(device));
			// By now, another window's request may have been answered.
			const again = apart.flatMap(({ devices }) => devices.filter(answered));
			let rows = again.length === 0 ? [] : await this.part(again, ask);
			const groups = apart.map(({ devices, error }) => ({
				devices: devices.filter((device) => !answered(device) && !this.failures.has(String(device))),
				error,
			}));
			const left = groups.filter(({ devices }) => devices.length > 0);
			for (let next = left.shift(); next !== undefined; next = left.shift()) {
				rows = [...rows, ...(await this.halves(next.devices, next.error, ask))];
				if (left.length < 2 || !next.devices.some(answered) || !this.mayAsk()) continue;
				// Where one is answered again, the others may be, too.
				const others = left.splice(0).flatMap(({ devices }) => devices);
				rows = [...rows, ...(await this.part(others, ask))];
			}
			return rows;
		});
	}

	/** One search after the other: the next knows what this one has found. */
	private async inTurn(work: () => Promise<Row[]>): Promise<Row[]> {
		const search = this.search.then(work);
		this.search = search.catch(() => undefined);
		return await search;
	}

	/** Asks about devices in one request; if that is refused, in parts. */
	private async part(
		devices: readonly Name[],
		ask: Ask,
		{
			caught = () => false,
			inParts = (some, error) => this.halves(some, error, ask),
		}: {
			caught?: (error: FleetError) => boolean;
			inParts?: (some: readonly Name[], error: FleetError) => Promise<Row[]>;
		} = {},
	): Promise<Row[]> {
		this.expect(devices.map(String));
		const left = devices.filter((device) => !this.failures.has(String(device)));
		if (left.length === 0) return UNREAD;
		if (this.ended !== undefined) {
			this.leave(left, this.ended);
			return UNREAD;
		}
		try {
			const rows = await ask(left);
			this.answers(left);
			return rows;
		} catch (thrown) {
			const error = this.settings.clean(thrown);
			if (this.settings.signal?.aborted || error.beforeVendor || caught(error)) throw error;
			this.first ??= error;
			this.inARow += 1;
			if (!concernsDevices(error)) {
				this.ended ??= error;
				this.leave(left, error);
				return UNREAD;
			}
			if (left.length > 1 && refusal(error)) return await inParts(left, error);
			this.fail(left, error);
			return UNREAD;
		}
	}

	/** Devices of which at least one is refused. */
	private async halves(devices: readonly Name[], error: FleetError, ask: Ask): Promise<Row[]> {
		if (devices.length === 1) {
			if (this.mayAsk()) return await this.part(devices, ask);
			this.leave(devices, error);
			return [];
		}
		const middle = Math.ceil(devices.length / 2);
		const [half, rest] = [devices.slice(0, middle), devices.slice(middle)];
		if (!this.mayAsk()) {
			this.suspect(devices, error);
			return [];
		}
		const rows = await this.part(half, ask);
		// If those are answered, the culprit is among the others.
		const found = half.some((device) => this.failures.has(String(device)));
		if (!found && rest.length > 1) return [...rows, ...(await this.halves(rest, error, ask))];
		if (this.mayAsk()) return [...rows, ...(await this.part(rest, ask))];
		if (found) this.leave(rest, error);
		else this.suspect(rest, error);
		return rows;
	}

	/** One of these is refused, and there is no request left to find it. */
	private suspect(devices: readonly Name[], error: FleetError): void {
		this.suspects.push({ devices: devices.map(String), error });
		this.leave(devices, error);
	}

	/** Whether a further request can be spent on the search. */
	private mayAsk(): boolean {
		const most = this.settings.rare ? FURTHER_WHERE_RARE : 2 * Math.ceil(Math.log2(Math.max(2, this.all.size)));
		if (this.ended !== undefined || this.further >= most) return false;
		this.further += 1;
		return true;
	}

	private answers(devices: readonly Name[]): void {
		this.inARow = 0;
		for (const device of devices) this.answered.add(String(device));
		this.settings.refusals.answered(this.key, devices.map(String));
	}

	/** A request about these failed, and others may be answered. */
	private fail(devices: readonly Name[], error: FleetError): void {
		for (const device of devices) this.failures.set(String(device), { error, asked: true });
		const clear = refusal(error);
		const most = clear ? (this.settings.rare ? ALIKE_WHERE_RARE : ALIKE) : FAULTS_IN_A_ROW;
		if (this.inARow >= most && (!clear || this.answered.size === 0)) this.ended ??= error;
	}

	/** These are not asked about. */
	private leave(devices: readonly Name[], error: FleetError): void {
		for (const device of devices) this.failures.set(String(device), { error, asked: false });
	}

	/** Where no device was answered, the devices need not be the cause. */
	private remember(): void {
		const { key, failures, suspects, settings } = this;
		for (const [device, { error, asked }] of failures)
			if (asked && refusal(error)) settings.refusals.refused(key, device, error, settings.now());
		for (const { devices, error } of suspects) settings.refusals.suspect(key, devices, error);
	}

	/** What to report at the end of the run. @param nameOf as the account's list has it */
	problem(nameOf: (device: string) => string | null): FleetError | undefined {
		const { failures, all, answered, first } = this;
		if (failures.size === 0) return undefined;
		if (answered.size > 0) this.remember();
		const errors = [...failures.values()];
		const alike = new Set(
			errors
				.filter(({ asked }) => asked)
				.map(({ error: { code, vendorCode, status } }) => [code, vendorCode, status].join()),
		);
		const devices = [...failures].map(([deviceId, { error, asked }]): FailedDevice => ({
			deviceId,
			deviceName: nameOf(deviceId),
			error,
			asked,
		}));
		if (all.size === 1)
			return first === undefined || !concernsDevices(first) ? first : first.with({ failedDevices: devices });
		return answered.size === 0 && alike.size <= 1 ? first : partialResult(devices, all.size);
	}
}

/** Most devices that a sentence names. */
const NAMED = 10;

function listOf(devices: readonly FailedDevice[]): string {
	const names = devices
		.slice(0, NAMED)
		.map(({ deviceId, deviceName }) =>
			deviceName === null || deviceName === deviceId ? deviceId : `${deviceId}, "${clipped(deviceName, 60)}"`,
		);
	return names.join('; ') + (devices.length > NAMED ? ` and ${String(devices.length - NAMED)} more` : '');
}

/** What to report of a run of whose devices some failed. @param total how many it was about */
export function partialResult(devices: readonly FailedDevice[], total: number): PartialResult {
	const [failed, left] = [true, false].map((asked) => devices.filter((device) => device.asked === asked)) as [
		FailedDevice[],
		FailedDevice[],
	];
	const [{ error }] = [...failed, ...left] as [FailedDevice];
	const counts = [
		...(failed.length === 0 ? [] : [`${String(failed.length)} failed (${listOf(failed)})`]),
		...(left.length === 0
			? []
			: [`${String(left.length)} ${left.length === 1 ? 'was' : 'were'} not read (${listOf(left)})`]),
	];
	const { advice, vendorCode, vendorMessage, status, retryAfterMs, timeUp, tooOften } = error;
	return new PartialResult(
		`Of ${String(total)} devices, ${counts.join(' and ')}. ${devices.length === 1 ? '' : 'The first: '}${error.message}`,
		{
			failedDevices: devices,
			advice,
			vendorCode,
			vendorMessage,
			status,
			retryAfterMs,
			timeUp,
			tooOften,
			retryable: devices.every((device) => device.error.retryable),
		},
	);
}

/** Whether a failed request may be answered when it is about other devices. */
function concernsDevices({ scope, session, ambiguous, timeUp, tooOften }: FleetError): boolean {
	if (timeUp) return false;
	if (tooOften || scope === 'account') return ambiguous;
	return scope === 'device' || session === undefined || ambiguous;
}

/** @throws TimedOut if so many requests cannot all get their turn */
export function mustHaveTurns(
	devices: number,
	{ most, requests, turns, seconds }: { most: number; requests: number; turns: number; seconds: number },
): void {
	const needed = Math.ceil(devices / most) * requests;
	if (needed <= Math.max(1, turns)) return;
	const enough = Math.floor(turns / requests) * most;
	throw new TimedOut(
		`${devices === 1 ? 'This device takes' : `These ${String(devices)} devices take`} ${String(needed)} requests, but the account's request limit leaves turns for ${String(turns)} in ${String(seconds)} s: ${enough === 0 ? 'not enough for one device' : `enough for ${String(enough)} ${enough === 1 ? 'device' : 'devices'}`}. None of them was sent.`,
		{
			beforeVendor: true,
			advice: 'Ask for fewer devices or a shorter period at a time, or raise Timeout. If the vendor allows more, raise the rate limit in the account.',
		},
	);
}
