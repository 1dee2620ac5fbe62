import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeContextData } from 'node-red';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NotStored, TriggerKeeper, type TriggerState } from './trigger-state';
import { ContextStore, FileStore, type Store } from './trigger-store';

let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'fleetwire-store-'));
});
afterEach(async () => {
	await rm(folder, { recursive: true, force: true });
});

describe('a file', () => {
	test('holds what was saved last, and leaves nothing else behind', async () => {
		const store = new FileStore(folder, 'a1b2');
		expect(await store.load()).toBeUndefined();
		await store.save({ n: 1 });
		await store.save({ n: 2 });
		expect(await new FileStore(folder, 'a1b2').load()).toEqual({ n: 2 });
		expect(await readdir(join(folder, 'fleetwire'))).toEqual(['a1b2.json']);
		await store.drop();
		expect(await readdir(join(folder, 'fleetwire'))).toEqual([]);
		await store.drop();
	});

	test('a write that was cut off leaves the one before', async () => {
		const store = new FileStore(folder, 'a1b2');
		await store.save({ n: 1 });
		await writeFile(join(folder, 'fleetwire', 'a1b2.json.new'), '{"n":');
		expect(await store.load()).toEqual({ n: 1 });
		await store.save({ n: 2 });
		expect(await store.load()).toEqual({ n: 2 });
	});

	test('a node\'s id cannot lead out of the folder', async () => {
		for (const id of ['../../escaped', '..', 'a/b', 'sub-a1.b2']) {
			await new FileStore(folder, id).save({ id });
			expect(await new FileStore(folder, id).load()).toEqual({ id });
		}
		expect(await readdir(folder)).toEqual(['fleetwire']);
		expect(await readdir(join(folder, 'fleetwire'))).toHaveLength(4);
	});

	test('one that is cut in half cannot be read, and is said to be so', async () => {
		const store = new FileStore(folder, 'a1b2');
		await store.save({ version: 1, account: 'mine', cursor: { v: 1 }, paused: false });
		const file = join(folder, 'fleetwire', 'a1b2.json');
		await truncate(file, Math.floor((await readFile(file)).length / 2));
		await expect(store.load()).rejects.toThrow();
	});
});

test('a context store holds it under the node\'s own context', async () => {
	const kept = new Map<string, unknown>();
	const context = {
		get: (key: string, name: string, done: (error: unknown, value?: unknown) => void) => done(null, kept.get(`${name}/${key}`)),
		set: (key: string, value: unknown, name: string, done: (error?: unknown) => void) => {
			if (name === 'full') return done(new Error('no room'));
			kept.set(`${name}/${key}`, value);
			done();
		},
	} as unknown as NodeContextData;
	const store = new ContextStore(context, 'lasting');
	expect(await store.load()).toBeUndefined();
	await store.save({ n: 1 });
	expect(kept).toEqual(new Map([['lasting/fleetwire', { n: 1 }]]));
	expect(await store.load()).toEqual({ n: 1 });
	await store.drop();
	expect(await store.load()).toBeUndefined();
	await expect(new ContextStore(context, 'full').save({})).rejects.toThrow('no room');
});

/** A store that counts, and fails when it is told to. */
class Shelf implements Store {
	kept: unknown;
	saves = 0;
	broken: Error | undefined;
	load = async () => {
		if (this.broken) throw this.broken;
		return this.kept;
	};
	save = async (state: object) => {
		this.saves += 1;
		if (this.broken) throw this.broken;
		this.kept = JSON.parse(JSON.stringify(state));
	};
	drop = async () => {
		this.kept = undefined;
	};
}

describe('a trigger\'s state', () => {
	let shelf: Shelf;
	let now: number;
	let nodes = 0;
	let id: string;
	const warnings: string[] = [];
	beforeEach(() => {
		shelf = new Shelf();
		now = 0;
		id = `node-${String(++nodes)}`;
		warnings.length = 0;
	});
	const open = async (account = 'mine', store: Store = shelf, name = '') => {
		const keeper = new TriggerKeeper(id, store, name, () => now);
		await keeper.open(account, (reason) => warnings.push(reason));
		return keeper;
	};
	const kept = () => shelf.kept as TriggerState;

	test('is new where nothing is stored, and goes on where something is', async () => {
		expect((await open()).state).toEqual({ account: 'mine', cursor: undefined, paused: false });
		id = 'other';
		shelf.kept = { version: 1, account: 'mine', cursor: { v: 1 }, paused: true };
		expect((await open()).state).toEqual({ account: 'mine', cursor: { v: 1 }, paused: true });
		expect(warnings).toEqual([]);
	});

	test('outlives the node while the process lives, whatever is stored', async () => {
		const first = await open();
		first.change({ cursor: { v: 1 } });
		shelf.kept = undefined;
		expect((await open()).state.cursor).toEqual({ v: 1 });
		await first.drop();
		expect((await open()).state.cursor).toBeUndefined();
	});

	test('begins afresh with a warning where what is stored cannot be read', async () => {
		for (const [index, damaged] of [{ version: 2, account: 'mine', cursor: {}, paused: false }, 'text', 7, [], { version: 1, cursor: {} }].entries()) {
			id = `damaged-${String(index)}`;
			shelf.kept = damaged;
			expect((await open()).state.cursor).toBeUndefined();
		}
		expect(warnings).toHaveLength(5);
		id = 'forbidden';
		shelf.broken = Object.assign(new Error('EACCES: permission denied, open ...'), { code: 'EACCES' });
		await open();
		expect(warnings.at(-1)).toBe('EACCES');
	});

	test('of another account is of no use, but a pause stays a pause', async () => {
		shelf.kept = { version: 1, account: 'other', cursor: { v: 1 }, paused: true };
		expect((await open('mine')).state).toEqual({ account: 'mine', cursor: undefined, paused: true });
		expect((await open('third')).state.account).toBe('third');
	});

	test('is written at once when there were events or nothing is stored yet, else now and then', async () => {
		const keeper = await open();
		await keeper.save();
		expect(shelf.saves).toBe(0);
		keeper.change({ cursor: { n: 1 } });
		await keeper.save(true);
		expect(shelf.saves).toBe(1);
		now += 60_000;
		keeper.change({ cursor: { n: 2 } });
		await keeper.save(true);
		expect(shelf.saves).toBe(1);
		await keeper.save();
		expect(kept().cursor).toEqual({ n: 2 });
		keeper.change({ cursor: { n: 3 } });
		now += 5 * 60_000;
		await keeper.save(true);
		expect(kept().cursor).toEqual({ n: 3 });
		expect(shelf.saves).toBe(3);
	});

	test('that cannot be written is kept in memory and written as soon as it can be', async () => {
		const keeper = await open();
		keeper.change({ cursor: { n: 1 } });
		shelf.broken = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
		const error = (await keeper.save().catch((thrown: unknown) => thrown)) as NotStored;
		expect(error).toBeInstanceOf(NotStored);
		expect(error.sentence).toMatch(/could not be stored \(ENOSPC\)\. It goes on, but/);
		expect((await open()).state.cursor).toEqual({ n: 1 });
		shelf.broken = undefined;
		await keeper.save();
		expect(kept().cursor).toEqual({ n: 1 });
	});

	test('goes into the store that the user chooses anew', async () => {
		const keeper = await open();
		keeper.change({ cursor: { n: 1 } });
		await keeper.save();
		const other = new Shelf();
		await (await open('mine', other, 'lasting')).save(true);
		expect((other.kept as TriggerState).cursor).toEqual({ n: 1 });
	});

	test('writes of two instances of a node do not mix, and none comes after the node is gone', async () => {
		const order: string[] = [];
		let free!: () => void;
		const slow: Store = {
			load: async () => undefined,
			save: async (state) => {
				const { n } = (state as { cursor: { n: number } }).cursor;
				order.push(`begin ${String(n)}`);
				if (n === 1) await new Promise<void>((resolve) => (free = resolve));
				order.push(`end ${String(n)}`);
			},
			drop: async () => {
				order.push('drop');
			},
		};
		const old = await open('mine', slow);
		old.change({ cursor: { n: 1 } });
		const first = old.save();
		await Promise.resolve();
		const fresh = await open('mine', slow);
		fresh.change({ cursor: { n: 2 } });
		const second = fresh.save();
		free();
		await Promise.all([first, second]);
		expect(order).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2']);
		fresh.change({ cursor: { n: 3 } });
		const third = fresh.save();
		await fresh.drop();
		await third;
		expect(order.slice(4)).toEqual(['drop']);
	});

	test('a full disk, as it really is: a folder that cannot be written to', async () => {
		// Root may write anywhere, so that a file stands where the folder should be.
		await writeFile(join(folder, 'fleetwire'), '');
		const keeper = await open('mine', new FileStore(folder, id));
		keeper.change({ cursor: { n: 1 } });
		await expect(keeper.save()).rejects.toThrow(NotStored);
		await rm(join(folder, 'fleetwire'));
		await keeper.save();
		expect(JSON.parse(await readFile(join(folder, 'fleetwire', `${id}.json`), 'utf8'))).toMatchObject({ version: 1, account: 'mine', cursor: { n: 1 }, paused: false });
	});
});
