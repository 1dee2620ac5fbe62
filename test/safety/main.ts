/**
 * `npm run test:safety`: the promises of SECURITY.md, each measured, and a table of the figures. It fails if any of
 * them is not kept. Options: --only 1,3 measures some of them; --inputs and --messages set how many are fuzzed; --lists
 * tries the longest lists with each read and trigger; --seed repeats a run;
 * --json writes the figures to a file.
 */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { removeFolder, temporaryFolder } from '../hosts/process';
import { bodies } from './bodies';
import { commands } from './commands';
import { hostileAnswers } from './hostile-answers';
import { hostileUsers } from './hostile-users';
import { startHosts, type Hosts } from './hosts';
import { parameters } from './parameters';
import { quota } from './quota';
import { reads } from './reads';
import { redirects } from './redirects';
import { secrets } from './secrets';
import { sessions } from './sessions';
import { Sheet, tableOf, type Part } from './sheet';
import { survival } from './survival';
import { timeouts } from './timeouts';

export interface Settings {
	inputs: number;
	messages: number;
	/** Whether each read and trigger gets the longest lists, which takes half an hour. */
	lists: boolean;
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
	12: { title: 'Any input is answered', measure: (sheet, _, settings) => parameters(sheet, settings) },
};
/** It takes long and needs no host: it runs beside the others, in a process of its own. */
const APART = 12;

interface Figures {
	promise: number;
	title: string;
	ok: boolean;
	parts: Part[];
}

/** Measures a promise in another process, which gives way to this one. */
function measuredApart(promise: number, { inputs, seed }: Settings): { sheet: Promise<Sheet>; stop(): void } {
	const folder = temporaryFolder('figures');
	const file = join(folder, 'figures.json');
	const child = spawn(
		process.execPath,
		[
			'--import',
			'tsx',
			__filename,
			'--only',
			String(promise),
			'--inputs',
			String(inputs),
			'--seed',
			String(seed),
			'--json',
			file,
		],
		{ stdio: ['ignore', 'pipe', 'inherit'] },
	);
	if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
	let said = '';
	child.stdout.on('data', (data) => (said += String(data)));
	const sheet = new Sheet(promise, PROMISES[promise]?.title ?? '');
	const ended = new Promise<Sheet>((resolve) => {
		child.once('close', (code) => {
			console.log(
				`\n== ${String(promise)} ${sheet.title}\n${said
					.split('\n')
					.filter((line) => line.startsWith('        '))
					.join('\n')}`,
			);
			try {
				const [figures] = JSON.parse(readFileSync(file, 'utf8')) as Figures[];
				for (const { what, where, measured, promised, ok } of figures?.parts ?? [])
					sheet.part(what, where, measured, promised, ok);
			} catch {
				sheet.part('measuring', 'core', `ended with ${String(code)}`, 'comes to its end', false);
			}
			sheet.end();
			void removeFolder(folder).then(() => resolve(sheet));
		});
	});
	return { sheet: ended, stop: () => child.kill() };
}

async function measure(
	number: number,
	promised: Promised,
	hosts: Hosts | undefined,
	settings: Settings,
): Promise<Sheet> {
	const sheet = new Sheet(number, promised.title);
	console.log(`\n== ${String(number)} ${promised.title}`);
	try {
		await promised.measure(sheet, hosts as Hosts, settings);
	} catch (error) {
		console.error(error);
		for (const host of hosts?.both ?? [])
			console.error(`--- end of ${host.name}'s log ---\n${host.logs().slice(-3000)}`);
		sheet.part(
			'measuring',
			'here',
			(error instanceof Error ? error.message : String(error)).split('\n')[0]?.slice(0, 200) ?? '',
			'comes to its end',
			false,
		);
	}
	sheet.end();
	return sheet;
}

async function main(): Promise<void> {
	const { values } = parseArgs({
		options: {
			only: { type: 'string' },
			inputs: { type: 'string', default: '100000' },
			messages: { type: 'string', default: '10000' },
			lists: { type: 'boolean', default: false },
			seed: { type: 'string' },
			json: { type: 'string' },
		},
	});
	const settings: Settings = {
		inputs: Number(values.inputs),
		messages: Number(values.messages),
		lists: values.lists,
		seed: values.seed === undefined ? Date.now() % 1_000_000_000 : Number(values.seed),
	};
	const wanted = values.only?.split(',').map(Number) ?? Object.keys(PROMISES).map(Number);
	const unknown = wanted.find((number) => PROMISES[number] === undefined);
	if (unknown !== undefined) throw new Error(`there is no promise ${String(unknown)}`);
	console.log(`seed ${String(settings.seed)}`);
	const alone = wanted.every((number) => number === APART);
	const apart = !alone && wanted.includes(APART) ? measuredApart(APART, settings) : undefined;
	const hosts = alone ? undefined : await startHosts();
	const sheets: Sheet[] = [];
	try {
		for (const number of wanted) {
			if (apart === undefined || number !== APART)
				sheets.push(await measure(number, PROMISES[number] as Promised, hosts, settings));
		}
		if (apart !== undefined) sheets.push(await apart.sheet);
	} finally {
		apart?.stop();
		await hosts?.stop();
	}
	const kept = sheets.filter(({ ok }) => ok).length;
	console.log(
		`\n${tableOf(sheets)}\n${String(kept)} of ${String(sheets.length)} promises kept, seed ${String(settings.seed)}`,
	);
	if (values.json !== undefined)
		writeFileSync(
			values.json,
			JSON.stringify(
				sheets.map(({ promise, title, ok, parts }): Figures => ({ promise, title, ok, parts })),
				null,
				'\t',
			),
		);
	// What a broken measurement has left open must not keep this waiting.
	process.exit(kept === sheets.length ? 0 : 1);
}

main().catch((error: unknown) => {
	console.error(error);
	process.exit(1);
});
