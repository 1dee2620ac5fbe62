import { removeFolder, Stop, type Child, type Exit } from './process';

/**
 * A server closes a connection that rests; a request that goes out on it in the same moment was not taken, and is sent
 * again.
 */
export async function patientFetch(url: string, init: RequestInit): Promise<Response> {
	for (let attempt = 1; ; attempt++) {
		try {
			return await fetch(url, init);
		} catch (error) {
			const { code } = ((error as Error).cause ?? {}) as { code?: string };
			if ((code !== 'UND_ERR_SOCKET' && code !== 'ECONNRESET') || attempt === 3) throw error;
		}
	}
}

/** A host that runs in a process of its own, on a folder that it may own. */
export abstract class HostProcess {
	protected child: Child | undefined;
	private earlier = '';

	protected constructor(
		private readonly title: string,
		private readonly folder: string,
		/** Whether stop() removes the folder. */
		protected readonly ownsFolder: boolean,
	) {}

	abstract start(): Promise<void>;

	get pid(): number | undefined {
		return this.child?.pid;
	}

	get running(): boolean {
		return this.child !== undefined && this.child.exit === undefined;
	}

	/** What it printed, earlier starts included. */
	logs(): string {
		return this.earlier + (this.child?.output ?? '');
	}

	/** Stops, or kills without notice, and starts again on the same folder and address. */
	async restart(how: 'graceful' | 'kill' = 'graceful'): Promise<void> {
		await this.end(how);
		await this.start();
	}

	/** Ends the process and keeps the folder; start() goes on from there. */
	async end(how: 'graceful' | 'kill' = 'graceful'): Promise<Exit | undefined> {
		const child = this.child;
		if (!child) return undefined;
		this.child = undefined;
		const exit = await (how === 'kill' ? child.kill() : child.stop(30_000));
		this.earlier += child.output;
		return exit;
	}

	async stop(): Promise<void> {
		try {
			await this.end();
		} finally {
			if (this.ownsFolder) await removeFolder(this.folder);
		}
	}

	protected mustRun(): void {
		if (!this.running)
			throw new Stop(`${this.title} is not running (${JSON.stringify(this.child?.exit)})\n${this.logs()}`);
	}
}
