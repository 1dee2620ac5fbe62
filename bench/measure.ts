import { setImmediate as turn } from 'node:timers/promises';

export interface Result {
	name: string;
	value: number;
	unit: string;
	against: string;
	ratio: number | null;
	target: string;
	pass: boolean;
}

export interface Measured {
	ms: number;
	cpuMs: number;
}

const round = (value: number) => Math.round(value * 100) / 100;

/** A work of ours beside the same done another way. */
export function ratioOf(
	name: string,
	value: number,
	unit: string,
	against: string,
	other: number,
	most: number,
): Result {
	return {
		name,
		value: round(value),
		unit,
		against: `${against}: ${String(round(other))} ${unit}`,
		ratio: round(value / other),
		target: `at most ${String(most)} x`,
		pass: value / other <= most,
	};
}

/** Something that has a size of its own. */
export function limitOf(name: string, value: number, unit: string, most: number): Result {
	return {
		name,
		value: round(value),
		unit,
		against: '-',
		ratio: null,
		target: `at most ${String(most)} ${unit}`,
		pass: value <= most,
	};
}

export const median = (values: readonly number[]) =>
	[...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** One run in this process. */
export async function measured(work: () => unknown): Promise<Measured> {
	globalThis.gc?.();
	await turn();
	const cpu = process.cpuUsage();
	const start = performance.now();
	await work();
	const ms = performance.now() - start;
	const { user, system } = process.cpuUsage(cpu);
	return { ms, cpuMs: (user + system) / 1000 };
}

/**
 * Runs two ways of doing the same in turn, three times unmeasured, so that whatever else the machine does weighs on
 * both; gives the medians.
 */
export async function sideBySide(
	runs: number,
	ours: () => Promise<Measured>,
	theirs: () => Promise<Measured>,
): Promise<{ ours: Measured; theirs: Measured }> {
	const all = { ours: [] as Measured[], theirs: [] as Measured[] };
	for (let run = 0; run < 3; run++) {
		await theirs();
		await ours();
	}
	for (let run = 0; run < runs; run++) {
		all.theirs.push(await theirs());
		all.ours.push(await ours());
	}
	const of = (found: readonly Measured[]) => ({
		ms: median(found.map(({ ms }) => ms)),
		cpuMs: median(found.map(({ cpuMs }) => cpuMs)),
	});
	return { ours: of(all.ours), theirs: of(all.theirs) };
}
