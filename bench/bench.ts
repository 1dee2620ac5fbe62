/**
 * `npm run bench [-- --json] [--only NAME]`: what Fleetwire costs, beside the loop that a programmer would write and
 * the flow that a user would build, on a vendor with a set latency. Medians of interleaved runs; the account's rate is
 * unlimited, at 4 requests at once. docs/performance.md says what was found.
 */
import { parseArgs } from 'node:util';
import { fleet, memory, parse, playback, trips } from './client';
import type { Result } from './measure';
import { n8nFleet, n8nItems, n8nPlayback, nodeRedBurst, nodeRedFleet, nodeRedPlayback } from './hosts';
import { size, start } from './packages';
import { alarmDelay, cursorSize, triggerScale } from './triggers';

const BENCHMARKS: Readonly<Record<string, () => Result[] | Promise<Result[]>>> = {
	parse,
	trips,
	playback,
	fleet,
	memory,
	start,
	size,
	'nodered-playback': nodeRedPlayback,
	'nodered-fleet': nodeRedFleet,
	'nodered-burst': nodeRedBurst,
	'n8n-playback': n8nPlayback,
	'n8n-fleet': n8nFleet,
	'n8n-items': n8nItems,
	'alarm-delay': alarmDelay,
	'trigger-scale': triggerScale,
	cursor: cursorSize,
};

async function main(): Promise<void> {
	const { values } = parseArgs({ options: { json: { type: 'boolean', default: false }, only: { type: 'string' } } });
	const { only } = values;
	if (only !== undefined && !Object.hasOwn(BENCHMARKS, only))
		throw new Error(`There is no benchmark "${only}". There are: ${Object.keys(BENCHMARKS).join(', ')}.`);
	const results: Result[] = [];
	for (const [name, run] of Object.entries(BENCHMARKS)) {
		if (only !== undefined && only !== name) continue;
		let found: Result[] = [];
		try {
			found = await run();
		} catch (error) {
			// The others are worth having all the same.
			console.error(name, error);
			process.exitCode = 1;
		}
		results.push(...found);
		if (values.json) continue;
		for (const { name: part, value, unit, against, ratio, target, pass } of found)
			console.log(
				`${pass ? 'pass' : 'FAIL'}  ${part.padEnd(24)} ${String(value)} ${unit}${ratio === null ? '' : `, ${String(ratio)} x ${against}`} (${target})`,
			);
	}
	if (values.json) console.log(JSON.stringify({ results }));
}

main().catch((error: unknown) => {
	console.error(error);
	process.exitCode = 1;
});
