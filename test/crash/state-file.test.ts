/** A state file of the real Node-RED that is not as it should be. */
import { existsSync } from 'node:fs';
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { NODE_RED_VERSIONS } from '../hosts/install';
import { until } from '../hosts/process';
import { packed } from './hosts';
import { NodeRedTarget } from './node-red';
import { settled } from './rounds';
import { startAlarms, type Subject } from './subjects';

let target: NodeRedTarget | undefined;
let subject: Subject | undefined;
afterEach(async () => {
	await target?.stop();
	await subject?.close();
	target = subject = undefined;
});

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

test('a temporary file that was left over, whole or in part, is of no consequence', async () => {
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
});

// The promise: it starts over as a new node does, says so, and from then on everything comes once.
test('cut in half, it starts over, with a warning: nothing old, and all that is new once', async () => {
	const { nodeRed, file } = await start();
	subject!.begin();
	await delivered(due());
	const ended = Math.floor(Date.now() / 1000);
	await cutInHalf({ nodeRed, file });
	await settled(nodeRed);
	expect(nodeRed.logs()).toMatch(/The saved position of this trigger cannot be read \(.+\), so it starts over/);
	subject!.begin();
	await until('some more alarms', () => due().length > 20);
	await delivered(due(), 1);
	const found = await names(1);
	expect(new Set(found).size).toBe(found.length);
	// The vendor's newest record tells the time, and may be a little old.
	expect(Math.min(...found.map(recordedAt))).toBeGreaterThan(ended - 60);
});

test('cut in half, a trigger that gives all since a time gives all of it again', async () => {
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
});
