/** Real hosts that are killed, each a few times; `npm run test:crash` does it many times. */
import { existsSync } from 'node:fs';
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { NODE_RED_VERSIONS } from '../hosts/install';
import { until } from '../hosts/process';
import { hosts, packed } from './hosts';
import { AT_ONCE, N8nTarget } from './n8n';
import { NodeRedTarget } from './node-red';
import { crash, settled } from './rounds';
import { startAlarms, type Subject } from './subjects';
import type { Delivery } from './tally';
import type { Target } from './target';

const TIMEOUT_MS = 900_000;

const livesOf = (deliveries: readonly Delivery[]) =>
	deliveries
		.map(({ life, names }) => `life ${life}: ${names.length}, ${names.slice(0, 3).join(', ')} ...`)
		.join('\n');

let target: Target | undefined;
let subject: Subject | undefined;
afterEach(async () => {
	await target?.stop();
	await subject?.close();
	target = subject = undefined;
});

/** Of n8n, which takes its time to start, only what each of its ways has to itself. */
test.each([
	['Node-RED alarms', undefined],
	['Node-RED queue', undefined],
	['n8n alarms (default)', undefined],
	['n8n alarms (durable cursors)', [AT_ONCE, 'after emit', 'before the checkpoint', 'after the checkpoint']],
	['n8n queue (again in a new session)', ['after the answer', 'after emit', 'before the acknowledgement']],
])(
	'%s: killed at every point, nothing is lost, and no more comes twice than is promised',
	async (title, points) => {
		target = await hosts[title]!();
		const result = await crash(target, { rounds: (points ?? target.points).length, points });
		// What it did in each of its lives tells more than what is missing.
		if (result.breaches.length > 0) console.log(livesOf(await target.deliveries()), target.logs().slice(-8_000));
		expect(result).toMatchObject({ missing: 0, breaches: [] });
		// Node-RED is back within a second.
		expect(result.due).toBeGreaterThan(20);
	},
	TIMEOUT_MS,
);

/** The first poll gives a batch for certain. */
test.each(['default', 'durable'] as const)(
	'n8n alarms (%s), the latest at first: killed right after each activation, nothing is lost',
	async (mode) => {
		subject = await startAlarms();
		target = await N8nTarget.start(
			subject,
			{ packages: packed('n8n-nodes-fleetwire-'), mode },
			{ firstRun: 'latest' },
		);
		const result = await crash(target, { rounds: 2, points: [AT_ONCE] });
		if (result.breaches.length > 0) console.log(livesOf(await target.deliveries()), target.logs().slice(-8_000));
		expect(result).toMatchObject({ missing: 0, breaches: [] });
		expect(result.due).toBeGreaterThan(20);
	},
	TIMEOUT_MS,
);

describe('Node-RED and a state file that is not as it should be', () => {
	async function start(params: Record<string, unknown> = {}): Promise<{ nodeRed: NodeRedTarget; file: string }> {
		subject = await startAlarms(3);
		const nodeRed = await NodeRedTarget.start(
			subject,
			{ version: NODE_RED_VERSIONS[0]!, packages: packed('fleetwire-node-red-fleet-') },
			params,
		);
		target = nodeRed;
		await settled(nodeRed);
		return { nodeRed, file: join(nodeRed.nodeRed.userDir, 'fleetwire', 'trigger.json') };
	}

	/** In one life of the process, or in all. */
	const names = async (life?: number) =>
		(await target!.deliveries())
			.filter((delivery) => life === undefined || delivery.life === life)
			.flatMap((delivery) => delivery.names);
	const recordedAt = (name: string) => Number(name.split(' ')[1]);
	const due = () => [...subject!.due().keys()];

	async function delivered(expected: readonly string[], life?: number): Promise<void> {
		await until(
			'everything to be delivered',
			async () => {
				await target!.nudge();
				const found = new Set(await names(life));
				return expected.every((name) => found.has(name));
			},
			{ timeoutMs: 90_000, everyMs: 500 },
		);
	}

	async function cutInHalf({ nodeRed, file }: { nodeRed: NodeRedTarget; file: string }): Promise<void> {
		await nodeRed.end();
		await truncate(file, Math.floor((await readFile(file)).length / 2));
		await nodeRed.start();
	}

	test(
		'a temporary file that was left over, whole or in part, is of no consequence',
		async () => {
			const { nodeRed, file } = await start();
			subject!.begin();
			for (const rest of [undefined, '', '{"version":1,"account":"']) {
				await nodeRed.kill('before the checkpoint', 0);
				expect(existsSync(`${file}.new`)).toBe(true);
				if (rest !== undefined) await writeFile(`${file}.new`, rest);
				await nodeRed.start();
			}
			await delivered(due());
			expect(nodeRed.logs()).not.toMatch(/cannot be read/);
		},
		TIMEOUT_MS,
	);

	// The promise: it starts over as a new node does, says so, and from then on everything comes once.
	test(
		'cut in half, it starts over, with a warning: nothing old, and all that is new once',
		async () => {
			const { nodeRed, file } = await start();
			subject!.begin();
			await delivered(due());
			const ended = Math.floor(Date.now() / 1000);
			await cutInHalf({ nodeRed, file });
			await settled(nodeRed);
			expect(nodeRed.logs()).toMatch(
				/The saved position of this trigger cannot be read \(.+\), so it starts over/,
			);
			subject!.begin();
			await until('some more alarms', () => due().length > 20);
			await delivered(due(), 1);
			const found = await names(1);
			expect(new Set(found).size).toBe(found.length);
			// The vendor's newest record tells the time, and may be a little old.
			expect(Math.min(...found.map(recordedAt))).toBeGreaterThan(ended - 60);
		},
		TIMEOUT_MS,
	);

	test(
		'cut in half, a trigger that gives all since a time gives all of it again',
		async () => {
			const from = Math.floor(Date.now() / 1000);
			const { nodeRed, file } = await start({
				firstRun: { type: 'list', value: 'since' },
				since: { type: 'str', value: new Date(from * 1000).toISOString() },
			});
			subject!.begin(from);
			const before = due();
			await delivered(before);
			await cutInHalf({ nodeRed, file });
			await delivered([...before, ...due()], 1);
		},
		TIMEOUT_MS,
	);
});
