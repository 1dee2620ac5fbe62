import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { NodeContextData } from 'node-red';

/** Where a trigger's state is kept for the next start of Node-RED. */
export interface Store {
	/** Undefined if nothing is kept. @throws Error if what is kept cannot be read */
	load(): Promise<unknown>;
	save(state: object): Promise<void>;
	drop(): Promise<void>;
}

/**
 * A file of its own for each node, below Node-RED's user folder. It is replaced in one step and only after it has reached
 * the disk, so that a power cut leaves the old one or the new one.
 */
export class FileStore implements Store {
	private readonly file: string;

	constructor(userDir: string, nodeId: string) {
		// Ids are hexadecimal, unless somebody wrote the flow file by hand.
		this.file = join(userDir, 'fleetwire', `${encodeURIComponent(nodeId).replaceAll('.', '%2E')}.json`);
	}

	async load(): Promise<unknown> {
		try {
			return JSON.parse(await readFile(this.file, 'utf8')) as unknown;
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
			throw error;
		}
	}

	async save(state: object): Promise<void> {
		const fresh = `${this.file}.new`;
		await mkdir(dirname(this.file), { recursive: true });
		const handle = await open(fresh, 'w', 0o600);
		try {
			await handle.writeFile(JSON.stringify(state));
			await handle.sync();
		} finally {
			await handle.close();
		}
		await rename(fresh, this.file);
		await syncFolder(dirname(this.file));
	}

	async drop(): Promise<void> {
		await rm(this.file, { force: true });
		await rm(`${this.file}.new`, { force: true });
	}
}

/** Makes a rename last. Windows cannot open folders, and does it by itself. */
async function syncFolder(folder: string): Promise<void> {
	const handle = await open(folder, 'r').catch(() => undefined);
	try {
		await handle?.sync();
	} catch (error) {
		if (!['EPERM', 'EINVAL', 'ENOTSUP'].includes(String((error as NodeJS.ErrnoException).code))) throw error;
	} finally {
		await handle?.close();
	}
}

const KEY = 'fleetwire';

/** A context store of Node-RED's settings, in the node's own context. How lasting it is depends on the store. */
export class ContextStore implements Store {
	constructor(
		private readonly context: NodeContextData,
		private readonly name: string,
	) {}

	async load(): Promise<unknown> {
		return await new Promise((resolve, reject) => {
			this.context.get(KEY, this.name, (error: Error | null | undefined, state: unknown) => (error ? reject(error) : resolve(state)));
		});
	}

	async save(state: object): Promise<void> {
		await this.set(state);
	}

	async drop(): Promise<void> {
		await this.set(undefined);
	}

	private async set(state: object | undefined): Promise<void> {
		await new Promise<void>((resolve, reject) => {
			this.context.set(KEY, state, this.name, (error?: Error | null) => (error ? reject(error) : resolve()));
		});
	}
}
