/** Compares what a vendor has produced with what a host has delivered, over many sudden ends of its process. */

/** What was delivered together. */
export interface Delivery {
	/** Which life of the process it was: 0 until its first end. */
	life: number;
	names: string[];
}

export interface Run {
	points: readonly string[];
	/** At which point each sudden end of the process was; the first one ends life 0. */
	kills: readonly string[];
	/** In the order in which they were made. */
	deliveries: readonly Delivery[];
	/** What had to be delivered -> when the vendor had it, in milliseconds. */
	due: ReadonlyMap<string, number>;
	/** Whether the vendor has an event of this name at all. */
	exists: (name: string) => boolean;
	/** Batches that may come again after a stop: 1, or none where the host stores delivery and position together. */
	again: 0 | 1;
}

export interface Figures {
	kills: number;
	missing: number;
	duplicated: number;
}

export interface Tally extends Figures {
	due: number;
	points: Record<string, Figures>;
	/** What the promise does not allow, in words; the first few of it. */
	breaches: string[];
}

const SHOWN = 10;

export function tally({ points, kills, deliveries, due, exists, again }: Run): Tally {
	const figures = Object.fromEntries(
		points.map((point) => [
			point,
			{ kills: kills.filter((kill) => kill === point).length, missing: 0, duplicated: 0 },
		]),
	);
	const breaches: string[] = [];
	const found = new Map<string, { life: number; delivery: Delivery }>();
	const lastOf = new Map<number, Delivery>();
	const newest = kills.map(() => -Infinity).concat(-Infinity);
	for (const delivery of deliveries) {
		const { life, names } = delivery;
		if (names.length > 0) lastOf.set(life, delivery);
		newest[life] = Math.max(newest[life]!, ...names.map((name) => due.get(name) ?? -Infinity));
	}
	let duplicated = 0;
	for (const delivery of deliveries) {
		const { life, names } = delivery;
		for (const name of names) {
			if (!exists(name)) breaches.push(`${name} was delivered, and the vendor has no such event`);
			const before = found.get(name);
			found.set(name, { life, delivery });
			if (before === undefined) continue;
			duplicated += 1;
			const point = kills[before.life];
			if (before.life === life) {
				breaches.push(`${name} came twice without a stop in between, in life ${life}`);
				continue;
			}
			if (point !== undefined) figures[point]!.duplicated += 1;
			if (again === 0) breaches.push(`${name} came again after the end "${point}"`);
			else if (lastOf.get(before.life) !== before.delivery)
				breaches.push(`${name} came again after the end "${point}", and was not in the last batch before it`);
		}
	}
	let missing = 0;
	for (const [name, at] of due) {
		if (found.has(name)) continue;
		missing += 1;
		// In the life that first gave something newer, it had been passed by.
		const passed = newest.findIndex((time) => time > at);
		const point = kills[passed - 1];
		if (point !== undefined) figures[point]!.missing += 1;
		breaches.push(`${name} is missing${point === undefined ? '' : `, most likely since the end "${point}"`}`);
	}
	const more = breaches.length - SHOWN;
	return {
		kills: kills.length,
		due: due.size,
		missing,
		duplicated,
		points: figures,
		breaches: more > 0 ? [...breaches.slice(0, SHOWN), `and ${more} more`] : breaches,
	};
}

/** Of several installations together. */
export function sumOf(tallies: readonly Tally[]): Tally {
	const sum = (figure: (tally: Tally) => number) => tallies.reduce((total, tally) => total + figure(tally), 0);
	const points = [...new Set(tallies.flatMap((tally) => Object.keys(tally.points)))];
	return {
		kills: sum(({ kills }) => kills),
		missing: sum(({ missing }) => missing),
		duplicated: sum(({ duplicated }) => duplicated),
		due: sum(({ due }) => due),
		points: Object.fromEntries(
			points.map((point) => [
				point,
				{
					kills: sum((tally) => tally.points[point]?.kills ?? 0),
					missing: sum((tally) => tally.points[point]?.missing ?? 0),
					duplicated: sum((tally) => tally.points[point]?.duplicated ?? 0),
				},
			]),
		),
		breaches: tallies.flatMap(({ breaches }) => breaches),
	};
}

/** One line for each host and point. */
export function tableOf(results: Readonly<Record<string, Tally>>): string {
	const rows = Object.entries(results).flatMap(([title, { points, kills, missing, duplicated, due, breaches }]) => [
		...Object.entries(points).map(([point, figures]) => [
			title,
			point,
			figures.kills,
			figures.missing,
			figures.duplicated,
			'',
		]),
		[
			title,
			'all',
			kills,
			missing,
			duplicated,
			`${due} events, ${breaches.length === 0 ? 'as promised' : 'PROMISE BROKEN'}`,
		],
	]);
	const lines = [['host', 'ended', 'times', 'missing', 'duplicated', ''], ...rows].map((row) => row.map(String));
	const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
	return lines
		.map((line) =>
			line
				.map((cell, column) =>
					column >= 2 && column <= 4 ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
				)
				.join('  ')
				.trimEnd(),
		)
		.join('\n');
}
