/**
 * `npm run test:safety`: the promises of SECURITY.md, each measured, and a table of the figures. It fails if any of them is
 * not kept. Options: --only 1,3 measures some of them; --inputs and --messages set how many are fuzzed; --seed repeats a run.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { bodies } from './bodies';
import { commands } from './commands';
import { startHosts, type Hosts } from './hosts';
import { hostileAnswers } from './hostile-answers';
import { hostileUsers } from './hostile-users';
import { parameters } from './parameters';
import { quota } from './quota';
import { reads } from './reads';
import { redirects } from './redirects';
import { secrets } from './secrets';
import { sessions } from './sessions';
import { survival } from './survival';
import { Sheet, tableOf } from './sheet';
import { timeouts } from './timeouts';

export interface Settings {
	inputs: number;
	messages: number;
	seed: number;
}

interface Promised {
	title: string;
	measure(sheet: Sheet, hosts: Hosts, settings: Settings): Promise<void>;
}

const PROMISES: Readonly<Record<number, Promised>> = {
	1: { title: 'A command is sent once', measure: commands },
	2: { title: 'Reads are retried with measure', measure: reads },
	3: { title: 'Nothing hangs', measure: timeouts },
	4: { title: 'Large answers cost little', measure: bodies },
	5: { title: 'No redirect is followed', measure: redirects },
	6: { title: 'One login', measure: sessions },
	7: { title: 'The quota is kept', measure: quota },
	8: { title: 'Secrets stay secret', measure: secrets },
	9: { title: 'Answers are data', measure: hostileAnswers },
	10: { title: 'Hostile users reach nothing', measure: hostileUsers },
	11: { title: 'Nothing brings a host down', measure: survival },
	12: { title: 'Any input is answered', measure: parameters },
};

async function main(): Promise<void> {
	const { values } = parseArgs({
		options: { only: { type: 'string' }, inputs: { type: 'string', default: '100000' }, messages: { type: 'string', default: '10000' }, seed: { type: 'string' }, json: { type: 'string' } },
	});
	const settings: Settings = { inputs: Number(values.inputs), messages: Number(values.messages), seed: values.seed === undefined ? Date.now() % 1_000_000_000 : Number(values.seed) };
	const wanted = values.only?.split(',').map(Number) ?? Object.keys(PROMISES).map(Number);
	console.log(`seed ${String(settings.seed)}`);
	const sheets: Sheet[] = [];
	const hosts = await startHosts();
	try {
		for (const number of wanted) {
			const promised = PROMISES[number];
			if (promised === undefined) throw new Error(`there is no promise ${String(number)}`);
			const sheet = new Sheet(number, promised.title);
			sheets.push(sheet);
			console.log(`\n== ${String(number)} ${promised.title}`);
			try {
				await promised.measure(sheet, hosts, settings);
			} catch (error) {
				console.error(error);
				for (const host of hosts.both) console.error(`--- end of ${host.name}'s log ---\n${host.logs().slice(-3000)}`);
				sheet.part('measuring', 'here', (error instanceof Error ? error.message : String(error)).split('\n')[0]?.slice(0, 200) ?? '', 'comes to its end', false);
			}
			sheet.end();
			console.log(`        ${sheet.row.at(-1) ?? ''}`);
		}
	} finally {
		await hosts.stop();
	}
	const kept = sheets.filter(({ ok }) => ok).length;
	console.log(`\n${tableOf(sheets)}\n${String(kept)} of ${String(sheets.length)} promises kept, seed ${String(settings.seed)}`);
	if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(sheets.map(({ promise, title, ok, parts }) => ({ promise, title, ok, parts })), null, '\t'));
	// What a broken measurement has left open must not keep this waiting.
	process.exit(kept === sheets.length ? 0 : 1);
}

main().catch((error: unknown) => {
	console.error(error);
	process.exit(1);
});
