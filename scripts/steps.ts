/** Programs that run one after the other or side by side, and how much of them passed. */
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(__dirname, '..');

export class Steps {
	/** For what the programs leave behind. */
	readonly folder = mkdtempSync(join(tmpdir(), 'fleetwire-test-'));
	passed = 0;
	failed = 0;

	/** Runs one to its end, its output in view; whether it ended well. */
	async run(title: string, command: string, ...args: string[]): Promise<boolean> {
		console.log(`\n== ${title}`);
		return await ended(title, command, args, 'inherit');
	}

	/** Runs one that counts as one. */
	async check(title: string, command: string, ...args: string[]): Promise<void> {
		this.count(await this.run(title, command, ...args));
	}

	/** Starts one that goes on beside others; call the result to see its output, and whether it ended well. */
	begin(title: string, command: string, ...args: string[]): () => Promise<boolean> {
		const log = join(this.folder, `${title}.log`);
		const output = openSync(log, 'w');
		const lines: string[] = [];
		const done = ended(title, command, args, output, (line) => lines.push(line));
		return async () => {
			const fine = await done;
			closeSync(output);
			console.log(`\n== ${title}\n${readFileSync(log, 'utf8')}${lines.join('\n')}`);
			return fine;
		};
	}

	count(fine: boolean): void {
		if (fine) this.passed += 1;
		else this.failed += 1;
	}

	/** The last line says how much passed and failed. */
	end(): void {
		rmSync(this.folder, { recursive: true, force: true });
		console.log(`\n${String(this.passed)} passed, ${String(this.failed)} failed`);
		process.exitCode = this.failed === 0 && this.passed > 0 ? 0 : 1;
	}
}

async function ended(
	title: string,
	command: string,
	args: readonly string[],
	output: 'inherit' | number,
	say: (line: string) => void = console.log,
): Promise<boolean> {
	const start = Date.now();
	const status = await new Promise<number | null>((resolve) =>
		spawn(command, args, { cwd: root, stdio: ['ignore', output, output] })
			.once('exit', resolve)
			.once('error', () => resolve(null)),
	);
	say(`-- ${title}: ${status === 0 ? 'ok' : 'FAILED'}, ${((Date.now() - start) / 1000).toFixed(1)} s`);
	return status === 0;
}
