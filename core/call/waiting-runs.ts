import type { AnyOperation, Batching, RunOptions } from '../describe/operation';

/** One of many runs of a read: what `Client.collect` would be given for it. */
export interface BatchedRun {
	input: Readonly<Record<string, unknown>>;
	options: Pick<RunOptions, 'output' | 'deadlineMs' | 'timeZone' | 'limit'>;
}

/** A run, and the callers that all ask for the same: one answer serves them. */
interface SameRuns<T> extends BatchedRun {
	callers: T[];
}

/** Runs that begin together. */
interface Group<T> {
	/** What runs have in common that can join it. */
	key: string;
	/** By their input. */
	runs: Map<string, SameRuns<T>>;
	devices: Set<string>;
}

/** Whether one answer can serve several callers: nothing changes if fewer requests are sent. */
export const canShare = ({ effect, consuming, handsOutSession }: AnyOperation) =>
	effect === 'read' && consuming !== true && handsOutSession !== true;

/** What runs have in common that differ in their devices only. */
export const sharedKey = (
	{ devices }: Batching,
	params: Readonly<Record<string, unknown>>,
	{ deadlineMs }: BatchedRun['options'],
) => JSON.stringify([{ ...params, [devices]: undefined }, deadlineMs]);

/** Whether a request can take more devices, and each run's records still come in the order that they have alone. */
export function fits(devices: ReadonlySet<string>, more: readonly string[], most: number): boolean {
	const fresh = more.filter((device) => !devices.has(device));
	return devices.size + fresh.length <= most && (more.length === 1 || fresh.length === more.length);
}

/**
 * The same for runs that ask for the same. What is no plain value counts as what was read of it: it may be anything.
 * @param params gives what `Client.read` makes of the input
 */
export const inputKey = ({ input, options }: BatchedRun, params: () => Readonly<Record<string, unknown>>) =>
	JSON.stringify([
		Object.entries(input).map(([name, value]) =>
			['string', 'number', 'boolean', 'undefined'].includes(typeof value)
				? [name, typeof value, String(value)]
				: [name, params()[name]],
		),
		options,
	]);

/**
 * Runs of one read that wait until they may begin. Those that are the same, or that can share a request, begin
 * together: however many come meanwhile, they cost few requests.
 */
export class WaitingRuns<T> {
	private readonly groups = new Set<Group<T>>();
	/** The group that more runs can join, by what they have in common. */
	private readonly open = new Map<string, Group<T>>();
	/** All callers, as they came. */
	private readonly places = new Map<T, { group: Group<T>; input: string }>();

	constructor(private readonly operation: AnyOperation) {}

	/** Callers that wait. */
	get size(): number {
		return this.places.size;
	}

	/** About how many requests they cost. */
	get requests(): number {
		return this.groups.size;
	}

	/** @param params what `Client.read` makes of the input */
	add(caller: T, run: BatchedRun, params: Readonly<Record<string, unknown>>): void {
		const batching = this.operation.batch as Batching | undefined;
		const listed = batching === undefined ? undefined : params[batching.devices];
		const input = inputKey(run, () => params);
		let group: Group<T>;
		if (batching !== undefined && Array.isArray(listed) && listed.length <= batching.most) {
			const devices = listed as string[];
			group = this.groupFor(
				sharedKey(batching, params, run.options),
				(open) => open.runs.has(input) || fits(open.devices, devices, batching.most),
			);
			for (const device of devices) group.devices.add(device);
		} else group = this.groupFor(input, () => true);
		const same = group.runs.get(input);
		if (same === undefined) group.runs.set(input, { ...run, callers: [caller] });
		else same.callers.push(caller);
		this.places.set(caller, { group, input });
	}

	/** The runs that have waited longest. Undefined where none wait. */
	take(): SameRuns<T>[] | undefined {
		const [group] = this.groups;
		if (group === undefined) return undefined;
		this.remove(group);
		const runs = [...group.runs.values()];
		for (const { callers } of runs) for (const caller of callers) this.places.delete(caller);
		return runs;
	}

	/** Takes out the caller that has waited longest. */
	takeOldest(): T | undefined {
		const [oldest] = this.places;
		if (oldest === undefined) return undefined;
		const [caller, { group, input }] = oldest;
		this.places.delete(caller);
		const callers = group.runs.get(input)?.callers;
		callers?.shift();
		if (callers?.length === 0) group.runs.delete(input);
		if (group.runs.size === 0) this.remove(group);
		return caller;
	}

	private groupFor(key: string, takes: (open: Group<T>) => boolean): Group<T> {
		const open = this.open.get(key);
		if (open !== undefined && takes(open)) return open;
		const group: Group<T> = { key, runs: new Map(), devices: new Set() };
		this.groups.add(group);
		this.open.set(key, group);
		return group;
	}

	private remove(group: Group<T>): void {
		this.groups.delete(group);
		if (this.open.get(group.key) === group) this.open.delete(group.key);
	}
}
