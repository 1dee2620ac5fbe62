import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { NodeContextData } from 'node-red';

/** Where a trigger's state is kept for the next start of Node-RED. */
export interface Store {
	/**
	 * Undefined if nothing is kept. @throws Damaged if what is kept is no state; any other error if it cannot be read
	 * for the moment
	 */
	load(): Promise<unknown>;
	save(state: object): Promise<void>;
	drop(): Promise<void>;
	/** The node has gone from the flows, perhaps for a while. Undefined: Node-RED keeps nothing of such a node. */
	leave?(state: object): Promise<void>;
	/** Keeps what is there out of the way, so that no state replaces it. Gives the name under which it is kept. */
	setAside(): Promise<string>;
}

/** What is kept is no state, and will never be one. */
export class Damaged extends Error {}

/** A node that has gone with its flow, project or branch may come back for so long. */
const GONE_MS = 7 * 86_400_000;

/** Whether it is the state of a node that has gone for too long. */
export const isOver = (stored: unknown) => {
	const { left } = (stored ?? {}) as { left?: unknown };
	return typeof left === 'number' && Date.now() - left > GONE_MS;
};

/** Far more than any state. */
const LARGEST_BYTES = 16 * 1024 * 1024;
/** Windows has no links of this kind, and no such flags. */
const { O_CREAT, O_EXCL, O_RDONLY, O_WRONLY } = constants;
const [O_NOFOLLOW = 0, O_NONBLOCK = 0] = [constants.O_NOFOLLOW, constants.O_NONBLOCK] as (number | undefined)[];

/**
 * A file of its own for each node, below Node-RED's user folder. It is replaced in one step and only after it has
 * reached the disk, so that a power cut leaves the old one or the new one. Nobody else may read it, and links are not
 * followed.
 */
export class FileStore implements Store {
	private readonly folder: string;
	private readonly file: string;
	/** Where earlier versions kept it. */
	private readonly earlier: string | undefined;

	constructor(userDir: string, nodeId: string) {
		this.folder = join(userDir, 'fleetwire');
		this.file = join(this.folder, `${nameOf(nodeId)}.json`);
		const earlier = earlierNameOf(nodeId);
		this.earlier =
			earlier === undefined || earlier === nameOf(nodeId) ? undefined : join(this.folder, `${earlier}.json`);
	}

	async load(): Promise<unknown> {
		let text = await readOwn(this.file);
		if (text === undefined && this.earlier !== undefined && (await isThere(this.earlier))) {
			await rename(this.earlier, this.file);
			text = await readOwn(this.file);
		}
		if (text === undefined) return undefined;
		try {
			return JSON.parse(text) as unknown;
		} catch (error) {
			throw new Damaged((error as Error).message, { cause: error });
		}
	}

	async save(state: object): Promise<void> {
		const fresh = `${this.file}.new`;
		await this.makeFolder();
		// One that was left over may be a link, or open to others.
		await rm(fresh, { force: true });
		const handle = await open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
		try {
			await handle.writeFile(JSON.stringify(state));
			await handle.sync();
		} finally {
			await handle.close();
		}
		await rename(fresh, this.file);
		await syncFolder(this.folder);
	}

	async drop(): Promise<void> {
		for (const file of [this.file, `${this.file}.new`, this.earlier])
			if (file !== undefined && (await isThere(file))) await rm(file, { force: true });
	}

	/** Also removes the files of nodes that have gone for too long. */
	async leave(state: object): Promise<void> {
		await this.save({ ...state, left: Date.now() });
		for (const name of await readdir(this.folder)) {
			const file = join(this.folder, name);
			const text = name.endsWith('.json') ? await readOwn(file).catch(() => undefined) : undefined;
			if (isOver(parsed(text))) await rm(file, { force: true });
		}
	}

	async setAside(): Promise<string> {
		for (let count = 1; ; count++) {
			const aside = `${this.file}.bad${count === 1 ? '' : String(count)}`;
			if (await isThere(aside)) continue;
			await rename(this.file, aside);
			await syncFolder(this.folder);
			return basename(aside);
		}
	}

	private async makeFolder(): Promise<void> {
		await mkdir(this.folder, { recursive: true, mode: 0o700 });
		const stat = await lstat(this.folder);
		// One that is a link is somebody's own choice, and on some disks there is nothing to choose.
		if (stat.isDirectory() && (stat.mode & 0o077) !== 0) await chmod(this.folder, 0o700).catch(() => undefined);
	}
}

/**
 * Ids are hexadecimal, unless the flow comes from an old Node-RED or somebody wrote it by hand. What not every disk
 * takes as a name, its hash stands for.
 */
function nameOf(id: string): string {
	if (/^[0-9a-z_-]{1,64}$/.test(id) && !/^(con|prn|aux|nul|com\d|lpt\d)$/.test(id)) return id;
	// Not as UTF-8, in which all lone surrogates are the same.
	return `=${createHash('sha256').update(Buffer.from(id, 'utf16le')).digest('hex')}`;
}

/** The name that earlier versions gave it; undefined if they could not. */
function earlierNameOf(id: string): string | undefined {
	try {
		return encodeURIComponent(id).replaceAll('.', '%2E');
	} catch {
		return undefined;
	}
}

/** The text of a file that is one; undefined if there is none. @throws Damaged */
async function readOwn(file: string): Promise<string | undefined> {
	try {
		// One that is no file at all may keep who opens it waiting.
		const handle = await open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
		try {
			const stat = await handle.stat();
			if (!stat.isFile()) throw new Damaged('it is no file');
			if (stat.size > LARGEST_BYTES) throw new Damaged('it is too large');
			return await handle.readFile('utf8');
		} finally {
			await handle.close();
		}
	} catch (error) {
		if (isNone(error)) return undefined;
		if (codeOf(error) === 'ELOOP' && (await isLink(file))) throw new Damaged('it is a link', { cause: error });
		throw error;
	}
}

function parsed(text = ''): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

const isLink = async (path: string) => (await lstat(path).catch(() => undefined))?.isSymbolicLink() === true;
const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code;
/** Nothing of the name, or no folder in which it could be. */
const isNone = (error: unknown) => ['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '');

async function isThere(path: string): Promise<boolean> {
	try {
		await lstat(path);
		return true;
	} catch (error) {
		if (isNone(error) || codeOf(error) === 'ENAMETOOLONG') return false;
		throw error;
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
const ASIDE = 'fleetwireBad';

/** A context store of Node-RED's settings, in the node's own context. How lasting it is depends on the store. */
export class ContextStore implements Store {
	constructor(
		private readonly context: NodeContextData,
		private readonly name: string,
	) {}

	async load(): Promise<unknown> {
		return await new Promise((resolve, reject) => {
			this.context.get(KEY, this.name, (error: Error | null | undefined, state: unknown) =>
				error ? reject(error) : resolve(state),
			);
		});
	}

	async save(state: object): Promise<void> {
		await this.set(state);
	}

	async drop(): Promise<void> {
		await this.set(undefined);
	}

	async setAside(): Promise<string> {
		await this.set(await this.load(), ASIDE);
		await this.set(undefined);
		return ASIDE;
	}

	private async set(state: unknown, key = KEY): Promise<void> {
		await new Promise<void>((resolve, reject) => {
			this.context.set(key, state, this.name, (error?: Error | null) => (error ? reject(error) : resolve()));
		});
	}
}
