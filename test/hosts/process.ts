/**
 * Child processes for tests: each in a process group of its own, so that what it starts in turn is stopped with it, and
 * nothing outlives the test run, even one that is interrupted.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

export type StartOptions = {
	command: string;
	args: string[];
	cwd?: string;
	/** The whole environment of the child; nothing is inherited beside it. */
	env: NodeJS.ProcessEnv;
	/** What to call it in messages. */
	name: string;
	/** Bytes of output kept, counted from the end. */
	keep?: number;
};

export type Exit = { code: number | null; signal: NodeJS.Signals | null };

/**
 * A limit is there for what never comes, and ends a test that fails. On a machine that is busy with other things all
 * takes several times as long, so limits are so many times what things take on a quiet one.
 */
export const PATIENCE = 5;

const running = new Set<Child>();
const folders = new Set<string>();
let watching = false;

/** A test runner that is stopped must leave neither servers nor folders behind; there is no time left to be polite. */
function watchOwnEnd(): void {
	if (watching) return;
	watching = true;
	const clear = () => {
		for (const child of running) child.signalGroup('SIGKILL');
		// What still dies may write into its folder again, so a few rounds; nothing asynchronous is possible here.
		// Whatever is left when this process is killed itself, the next one that needs a folder removes.
		for (let round = 0; round < 20 && folders.size > 0; round += 1) {
			if (round > 0) sleepBlocking(50);
			for (const folder of folders) {
				try {
					rmSync(folder, { recursive: true, force: true });
					folders.delete(folder);
				} catch {
					// Not empty: once more.
				}
			}
		}
	};
	process.once('exit', clear);
	for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
		process.once(signal, () => {
			clear();
			process.kill(process.pid, signal);
		});
	}
}

function sleepBlocking(ms: number): void {
	Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

export class Child {
	readonly name: string;
	readonly pid: number;
	readonly exited: Promise<Exit>;
	exit: Exit | undefined;
	private readonly closed: Promise<void>;
	private readonly chunks: string[] = [];
	private length = 0;
	private readonly keep: number;

	private constructor(
		private readonly child: ChildProcess,
		pid: number,
		options: StartOptions,
	) {
		this.name = options.name;
		this.pid = pid;
		this.keep = options.keep ?? 256 * 1024;
		const take = (chunk: string) => {
			this.chunks.push(chunk);
			this.length += chunk.length;
			while (this.length > this.keep && this.chunks.length > 1) this.length -= this.chunks.shift()!.length;
		};
		child.stdout!.setEncoding('utf8').on('data', take);
		child.stderr!.setEncoding('utf8').on('data', take);
		this.closed = new Promise((resolve) => child.once('close', () => resolve()));
		this.exited = new Promise((resolve) => {
			child.once('exit', (code, signal) => {
				this.exit = { code, signal };
				resolve(this.exit);
			});
		});
	}

	static async start(options: StartOptions): Promise<Child> {
		watchOwnEnd();
		// Even a runner that is killed with SIGKILL takes its servers with it, where the system offers that.
		const setpriv = process.platform === 'linux' ? findInPath('setpriv') : undefined;
		const tied = setpriv ? [setpriv, '--pdeathsig', 'KILL', options.command] : [options.command];
		const child = spawn(tied[0]!, [...tied.slice(1), ...options.args], {
			cwd: options.cwd,
			env: options.env,
			detached: true,
			stdio: ['ignore', 'pipe', 'pipe'],
		});
		await new Promise<void>((resolve, reject) => {
			child.once('spawn', resolve);
			child.once('error', reject);
		});
		const started = new Child(child, child.pid!, options);
		running.add(started);
		return started;
	}

	/** The last output, stdout and stderr as they came. */
	get output(): string {
		return this.chunks.join('');
	}

	/** True while any process of the group lives. */
	groupAlive(): boolean {
		return groupAlive(this.pid);
	}

	signalGroup(signal: NodeJS.Signals): void {
		try {
			process.kill(-this.pid, signal);
		} catch {
			// The group is gone already.
		}
	}

	/** SIGTERM to the group, SIGKILL after the deadline; resolves when no process of the group is left. */
	async stop(graceMs = 15_000): Promise<Exit> {
		this.signalGroup('SIGTERM');
		if (!(await within(graceMs, () => !this.groupAlive()))) {
			this.signalGroup('SIGKILL');
			await until(`${this.name} to be killed`, () => !this.groupAlive(), { timeoutMs: 10_000, everyMs: 25 });
		}
		return await this.gone();
	}

	/** Stops without notice, as a power cut does. */
	async kill(): Promise<Exit> {
		this.signalGroup('SIGKILL');
		await until(`${this.name} to be killed`, () => !this.groupAlive(), { timeoutMs: 10_000, everyMs: 25 });
		return await this.gone();
	}

	/** Waits for the ended child's pipes to run dry and stops what it left behind. */
	async drained(): Promise<string> {
		let timer: NodeJS.Timeout | undefined;
		await Promise.race([this.closed, new Promise((resolve) => (timer = setTimeout(resolve, 2_000)))]);
		clearTimeout(timer);
		await this.stop(2_000);
		return this.output;
	}

	private async gone(): Promise<Exit> {
		const exit = await this.exited;
		running.delete(this);
		this.child.stdout?.destroy();
		this.child.stderr?.destroy();
		return exit;
	}

	/** Polls `healthy`; fails at once, with the output, when the child ends before. */
	async ready(healthy: () => Promise<boolean>, timeoutMs: number): Promise<void> {
		try {
			await until(
				`${this.name} to be ready`,
				async () => {
					if (this.exit)
						throw new Stop(`${this.name} ended with ${JSON.stringify(this.exit)} before it was ready`);
					return await healthy().catch(() => false);
				},
				{ timeoutMs, everyMs: 50 },
			);
		} catch (error) {
			const output = this.output;
			await this.kill();
			throw new Error(`${(error as Error).message}\n--- last output of ${this.name} ---\n${output}`);
		}
	}
}

export function groupAlive(group: number): boolean {
	try {
		process.kill(-group, 0);
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === 'EPERM';
	}
	// Where process 1 collects no orphans, as in many containers, ended grandchildren stay in the group for ever.
	return process.platform !== 'linux' || groupHasLiving(group);
}

function groupHasLiving(group: number): boolean {
	for (const entry of readdirSync('/proc')) {
		if (!/^\d+$/.test(entry)) continue;
		try {
			// "pid (name) state parent group ...": the name may hold spaces and brackets.
			const stat = readFileSync(`/proc/${entry}/stat`, 'latin1');
			const [state, , processGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
			if (Number(processGroup) === group && state !== 'Z' && state !== 'X') return true;
		} catch {
			// Ended while we looked.
		}
	}
	return false;
}

/** Thrown inside a condition to end the waiting with this message. */
export class Stop extends Error {}

/**
 * Polls a condition until it gives something other than false, null or undefined. A condition that throws counts as not
 * fulfilled yet (its message is shown if time runs out), a thrown Stop ends the waiting.
 */
export async function until<T>(
	what: string,
	condition: () => T | Promise<T>,
	{ timeoutMs = 60_000, everyMs = 25 }: { timeoutMs?: number; everyMs?: number } = {},
): Promise<Exclude<T, false | null | undefined>> {
	const limitMs = timeoutMs * PATIENCE;
	const deadline = Date.now() + limitMs;
	let last: unknown;
	for (;;) {
		try {
			const value = await condition();
			if (value !== false && value !== null && value !== undefined) {
				return value as Exclude<T, false | null | undefined>;
			}
		} catch (error) {
			if (error instanceof Stop) throw error;
			last = error;
		}
		if (Date.now() >= deadline) {
			throw new Error(
				`waited ${limitMs} ms for ${what}${last ? `: ${String((last as Error).message ?? last)}` : ''}`,
			);
		}
		await new Promise((resolve) => setTimeout(resolve, everyMs));
	}
}

/** Whether it comes true in a time: what to do next depends on it, and nothing fails. */
export async function within(ms: number, condition: () => boolean | Promise<boolean>): Promise<boolean> {
	const deadline = Date.now() + ms;
	for (;;) {
		if (await condition()) return true;
		if (Date.now() >= deadline) return false;
		await new Promise((resolve) => setTimeout(resolve, 25));
	}
}

/** Runs a command to its end; throws with its last output when it fails or takes too long. */
export async function run(options: StartOptions & { timeoutMs: number }): Promise<string> {
	const child = await Child.start(options);
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<'late'>((resolve) => {
		timer = setTimeout(() => resolve('late'), options.timeoutMs * PATIENCE);
	});
	const ended = await Promise.race([child.exited, late]);
	clearTimeout(timer);
	if (ended === 'late') {
		await child.stop(2_000);
		throw new Error(
			`${options.name} did not end within ${(options.timeoutMs * PATIENCE) / 1000} s\n${child.output}`,
		);
	}
	// The output is complete only when both pipes are closed, which is shortly after the exit.
	const output = await child.drained();
	if (ended.code !== 0) throw new Error(`${options.name} failed with ${JSON.stringify(ended)}\n${output}`);
	return output;
}

/**
 * Below those that systems give to connections and to servers that ask for any, so that nothing else takes it
 * meanwhile.
 */
const PORTS = { first: 15_000, count: 15_000 };

/** A port that was free a moment ago, on loopback, for programs that cannot choose one themselves. */
export async function freePort(): Promise<number> {
	for (;;) {
		const port = PORTS.first + Math.floor(Math.random() * PORTS.count);
		const server = createServer();
		const free = await new Promise<boolean>((resolve) => {
			server.once('error', () => resolve(false));
			server.listen(port, '127.0.0.1', () => resolve(true));
		});
		if (!free) continue;
		await new Promise<void>((resolve) => server.close(() => resolve()));
		return port;
	}
}

/** A temporary folder that goes at the latest when this process ends; those of processes that were killed go now. */
export function temporaryFolder(name: string): string {
	watchOwnEnd();
	if (folders.size === 0) {
		for (const entry of readdirSync(tmpdir())) {
			const owner = /^fleetwire-(\d+)-/.exec(entry);
			if (owner && !processAlive(Number(owner[1])))
				rmSync(join(tmpdir(), entry), { recursive: true, force: true });
		}
	}
	const folder = mkdtempSync(join(tmpdir(), `fleetwire-${process.pid}-${name}-`));
	folders.add(folder);
	return folder;
}

export async function removeFolder(folder: string): Promise<void> {
	await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
	folders.delete(folder);
}

export function processAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === 'EPERM';
	}
}

export function findInPath(name: string): string | undefined {
	for (const folder of (process.env.PATH ?? '').split(delimiter)) {
		if (!folder) continue;
		try {
			accessSync(join(folder, name), constants.X_OK);
			return join(folder, name);
		} catch {
			// Not in this folder.
		}
	}
	return undefined;
}
