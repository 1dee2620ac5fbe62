/**
 * What a release is tried with beyond `npm test`: the same promises, tried so often that what is rare is found. The
 * hosts that are killed wait most of the time, so they run beside what keeps a processor busy.
 */
import { Steps } from './steps';

const DELIVERY_SEEDS = [1, 2, 3];

const steps = new Steps();
const script = (file: string, ...args: string[]) =>
	[process.execPath, '--import', 'tsx', file, ...args] as [string, ...string[]];

async function main(): Promise<void> {
	await steps.check('pack', process.execPath, 'scripts/pack.mjs');
	await steps.check('install the hosts', ...script('test/hosts/install.ts'));
	const crash = steps.begin('crash', ...script('test/crash/main.ts', '--rounds', '100'));
	for (const seed of DELIVERY_SEEDS)
		await steps.check(`delivery, seed ${String(seed)}`, ...script('test/delivery/main.ts', '--seed', String(seed)));
	await steps.check('strangers', ...script('test/strangers/main.ts', '--runs', '20000'));
	await steps.check('strangers, planted faults', ...script('test/strangers/main.ts', '--mutants'));
	steps.count(await crash());
	await steps.check('soak', ...script('test/safety/soak.ts', '--minutes', '10'));
	await steps.check('safety', ...script('test/safety/main.ts', '--lists'));
	steps.end();
}

void main();
