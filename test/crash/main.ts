/**
 * `npm run test:crash`: real Node-RED and real n8n are killed again and again, at points of their work in turn, while
 * the vendors go on producing; each installation once at every point, then a new one follows. Prints what is missing
 * and what came twice; fails if that is more than the promise allows. Options: --rounds 30 (in each, every host is
 * killed once), --only node-red,durable (parts of their names), --json <file>.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { hosts } from './hosts';
import { crash } from './rounds';
import { sumOf, tableOf, type Tally } from './tally';

async function main(): Promise<void> {
	const { values } = parseArgs({
		options: {
			rounds: { type: 'string', default: '30' },
			only: { type: 'string', default: '' },
			json: { type: 'string' },
		},
	});
	const rounds = Number(values.rounds);
	if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds is a whole number from 1 on');
	const wanted = Object.entries(hosts).filter(([title]) =>
		values.only.split(',').some((part) => title.toLowerCase().includes(part.toLowerCase())),
	);
	if (wanted.length === 0) throw new Error(`--only names parts of: ${Object.keys(hosts).join('; ')}`);
	const results: Record<string, Tally> = {};
	for (const [title, start] of wanted) {
		const tallies: Tally[] = [];
		for (let kills = 0; kills < rounds;) {
			const target = await start();
			// What an installation ends at first is another point each time: before that, little is stored.
			const first = tallies.length % target.points.length;
			const points = [...target.points.slice(first), ...target.points.slice(0, first)];
			try {
				const tally = await crash(target, {
					rounds: Math.min(points.length, rounds - kills),
					points,
					onKill: (point) => console.log(`${title}: ${++kills} of ${rounds}, ${point}`),
				});
				tallies.push(tally);
			} finally {
				await target.stop();
			}
		}
		results[title] = sumOf(tallies);
		for (const breach of results[title].breaches) console.error(`${title}: ${breach}`);
	}
	console.log(`\n${tableOf(results)}`);
	if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(results, null, '\t'));
	process.exitCode = Object.values(results).every(({ breaches }) => breaches.length === 0) ? 0 : 1;
}

main().catch((error: unknown) => {
	console.error(error);
	process.exitCode = 1;
});
