/** Ends a host's process again and again, at each point of its work in turn, and compares at last. */
import { until } from '../hosts/process';
import { tally, type Tally } from './tally';
import type { Target } from './target';

export interface RoundsOptions {
	/** In each, the process is ended once; the points take turns. */
	rounds: number;
	/** All of the host's unless told. */
	points?: readonly string[];
	/** The ends that it has behind it: from the first of them on, everything has to be delivered. */
	kills?: readonly string[];
	/** How many events there have to be at last, so that there is something to lose. */
	least?: number;
	/** Hears how far it has come. */
	onKill?(point: string): void;
}

/** How long a trigger may take until its first polls are over, or until it has caught up at last. */
const SETTLE_MS = 60_000;

export async function crash(
	target: Target,
	{ rounds, points = target.points, kills: earlier = [], least = 0, onKill }: RoundsOptions,
): Promise<Tally> {
	const { subject, again } = target;
	const kills = [...earlier];
	if (kills.length === 0) {
		await target.begun();
		subject.begin();
	}
	for (let round = 0; round < rounds; round++) {
		const point = points[round % points.length]!;
		await target.kill(point, Math.floor(round / points.length));
		kills.push(point);
		onKill?.(point);
		await target.start();
	}
	await until('enough events', () => subject.due().size > least, { timeoutMs: SETTLE_MS, everyMs: 500 });
	const due = subject.due();
	const compare = async () =>
		tally({
			points: [...new Set([...points, ...kills])],
			kills,
			again,
			due,
			exists: (name) => subject.exists(name),
			deliveries: await target.deliveries(),
		});
	await until(
		'everything to be delivered',
		async () => {
			await target.nudge();
			return (await compare()).missing === 0;
		},
		{ timeoutMs: SETTLE_MS, everyMs: 1_000 },
	).catch(() => undefined); // what is missing then, the comparison tells
	// Whatever would come twice comes by then.
	await settled(target);
	return await compare();
}

/** Waits for two polls from their beginning: then one has ended. */
export async function settled(target: Target): Promise<void> {
	const { subject } = target;
	const before = subject.looks();
	await until(
		'two polls',
		async () => {
			await target.nudge();
			return subject.looks() >= before + 2;
		},
		{ timeoutMs: SETTLE_MS, everyMs: 500 },
	).catch((error: unknown) => {
		throw new Error(`${String(error)}\n--- log ---\n${target.logs().slice(-4_000)}`);
	});
}
