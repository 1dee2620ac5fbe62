import { copied, filtered } from './blocks';
import type { Client, Collected } from './client';
import { partialResult } from './device-requests';
import { asFleetError, type FailedDevice } from '../describe/errors';
import type { AnyOperation, RunOptions, Batching } from '../describe/operation';
import type { Row } from '../describe/records';
import { fits, sharedKey, type BatchedRun } from './waiting-runs';
import { chunks } from './windows';

interface Member extends BatchedRun {
	/** Its devices and all its parameters, checked; undefined if it runs by itself. */
	devices?: string[];
	params?: Record<string, unknown>;
}

interface Batch {
	/** Its place among the batches. */
	place: number;
	members: Member[];
	devices: Set<string>;
	answers?: Promise<Map<Member, Collected>>;
}

/** Parts of a batch that failed. Even if each member is wrong, this costs little more than one request for each. */
const PARTS = 10;

/**
 * Lets many runs of a read that takes a list of devices share requests. Each gets what it would get alone, errors
 * included: a batch whose failure may lie in one of its devices is sent again in smaller parts.
 */
export class Batcher {
	private readonly batches: Batch[] = [];
	private readonly runs: { batch: Batch; member: Member }[] = [];
	/** The batch that more runs can join, by their other parameters. */
	private readonly open = new Map<string, Batch>();
	private started = 0;
	private readonly batching: Batching;

	constructor(
		private readonly client: Client,
		private readonly operation: AnyOperation,
		private readonly options: Pick<RunOptions, 'signal' | 'onWait'>,
	) {
		if (operation.batch === undefined)
			throw new Error(`runs of ${operation.resource}.${operation.name} share no requests`);
		this.batching = operation.batch as Batching;
	}

	/** Adds a run. @returns its number, for `recordsOf` */
	add(run: BatchedRun): number {
		const member = this.read(run);
		const { devices, params, options } = member;
		const key = sharedKey(this.batching, params ?? {}, options);
		let batch = devices === undefined ? undefined : this.open.get(key);
		if (batch === undefined || !fits(batch.devices, devices ?? [], this.batching.most)) {
			batch = { place: this.batches.length, members: [], devices: new Set() };
			this.batches.push(batch);
			if (devices !== undefined) this.open.set(key, batch);
		}
		batch.members.push(member);
		for (const device of devices ?? []) batch.devices.add(device);
		return this.runs.push({ batch, member }) - 1;
	}

	/**
	 * The records of a run, and what went wrong after them. A batch is sent with the first of its runs, and a few ahead
	 * of it.
	 */
	async resultOf(run: number): Promise<Collected> {
		const added = this.runs[run];
		if (added === undefined) return { records: [] };
		for (const batch of this.batches.slice(this.started, added.batch.place + this.client.width)) {
			batch.answers = this.answersOf(batch.members);
			this.started += 1;
		}
		return (await added.batch.answers)?.get(added.member) ?? { records: [] };
	}

	private read(run: BatchedRun): Member {
		try {
			const params = this.client.read(this.operation, run.input, run.options);
			const devices = params[this.batching.devices];
			if (Array.isArray(devices) && devices.length <= this.batching.most)
				return { ...run, params, devices: devices as string[] };
		} catch {
			// Run by itself, it reports what is wrong.
		}
		return run;
	}

	/** Never rejects. */
	private async answersOf(members: readonly Member[]): Promise<Map<Member, Collected>> {
		const [first, ...others] = members;
		if (first === undefined) return new Map();
		if (others.length === 0) return new Map([[first, await this.alone(first)]]);
		const answers = new Map<Member, Collected>();
		const merge = (more: ReadonlyMap<Member, Collected>) => {
			for (const [member, answer] of more) answers.set(member, answer);
		};
		const asked = new Set(members.flatMap((member) => member.devices ?? []));
		const { input, options } = first;
		const { records, error } = await this.client.gather(
			this.operation,
			{ ...input, [this.batching.devices]: [...asked] },
			{ ...this.options, ...options, limit: undefined, output: 'raw' },
		);
		const failed = new Map(error?.failedDevices.map((device) => [device.deviceId, device]));
		if (error !== undefined && failed.size === 0) {
			if (error.scope !== 'device') return new Map(members.map((member) => [member, { records: [], error }]));
			for (const part of chunks(members, Math.ceil(members.length / PARTS))) merge(await this.answersOf(part));
			return answers;
		}
		const rows = records as Row[];
		const byDevice = await this.byDevice(rows);
		// A record of another device: the vendor may spell a name differently.
		const strangers = [...byDevice.keys()].some((device) => device === null || !asked.has(device));
		const left: Member[] = [];
		for (const member of members) {
			const own = new Set(member.devices);
			const found =
				own.size === 1
					? (byDevice.get(member.devices?.[0] ?? '') ?? [])
					: await filtered(this.client, rows, (row) => own.has(this.batching.deviceOf(row) ?? ''));
			const lost = [...own].map((device) => failed.get(device)).filter((device) => device !== undefined);
			// Alone, it would have asked about those.
			if (lost.some(({ asked, error: { timeUp } }) => !asked && !timeUp)) left.push(member);
			else if (strangers && found.length < own.size) answers.set(member, await this.alone(member));
			else answers.set(member, withFailed(await this.shared(member, found), lost, own.size));
		}
		for (const part of chunks(left, Math.ceil(left.length / PARTS))) merge(await this.answersOf(part));
		return answers;
	}

	private async byDevice(rows: readonly Row[]): Promise<Map<string | null, Row[]>> {
		const found = new Map<string | null, Row[]>();
		await this.client.inBlocks(rows, (block) => {
			for (const row of block) {
				const device = this.batching.deviceOf(row);
				const own = found.get(device);
				if (own === undefined) found.set(device, [row]);
				else own.push(row);
			}
		});
		return found;
	}

	private async alone({ input, options }: Member): Promise<Collected> {
		return await this.client.gather(this.operation, input, { ...this.options, ...options });
	}

	/** Its share of a batch's records, each a record of its own. */
	private async shared(
		{ params = {}, options: { limit = Infinity, output } }: Member,
		rows: readonly Row[],
	): Promise<Collected> {
		const { client, operation } = this;
		if (output === 'raw') return { records: await copied(client, rows.slice(0, limit)) };
		const simplifier = client.simplifier(operation);
		try {
			const records = await simplifier.records(rows, params);
			simplifier.mustHaveRead();
			for (const warning of simplifier.warnings) client.warn(warning);
			const wanted = records.slice(0, limit);
			await client.name(wanted, this.options);
			return { records: wanted };
		} catch (thrown) {
			return { records: [], error: client.redactor.error(asFleetError(thrown)) };
		}
	}
}

/** What a run of so many devices gives of which these have failed. */
function withFailed(answer: Collected, failed: readonly FailedDevice[], total: number): Collected {
	const [first] = failed;
	if (first === undefined || answer.error !== undefined) return answer;
	const alike = new Set(failed.map(({ error: { code, vendorCode, status } }) => [code, vendorCode, status].join()));
	return {
		records: answer.records,
		error:
			total === 1
				? first.error.with({ failedDevices: failed })
				: failed.length === total && alike.size === 1
					? first.error
					: partialResult(failed, total),
	};
}
