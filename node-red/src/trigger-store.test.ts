import {
	lstat,
	mkdir,
	mkdtemp,
	readdir,
	readFile,
	rename,
	rm,
	stat,
	symlink,
	truncate,
	writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeContextData } from 'node-red';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NotRead, NotStored, TriggerState, type StoredTriggerState } from './trigger-state';
import { ContextStore, Damaged, FileStore, type Store } from './trigger-store';

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

	test.each(['x'.repeat(400), '.'.repeat(200), 'ä'.repeat(100), '\ud800'])(
		'of a node whose id no disk would take as a name is dropped like any other',
		async (id) => {
			const store = new FileStore(folder, id);
			await store.drop();
			expect(await store.load()).toBeUndefined();
			await store.save({ n: 1 });
			await store.drop();
			expect(await store.load()).toBeUndefined();
		},
	);

	test("a node's id cannot lead out of the folder", async () => {
		for (const id of ['../../escaped', '..', 'a/b', 'sub-a1.b2']) {
			await new FileStore(folder, id).save({ id });
			expect(await new FileStore(folder, id).load()).toEqual({ id });
		}
		expect(await readdir(folder)).toEqual(['fleetwire']);
		expect(await readdir(join(folder, 'fleetwire'))).toHaveLength(4);
	});

	test("is nobody else's to read, whatever was left over", async () => {
		const old = process.umask(0);
		try {
			await mkdir(join(folder, 'fleetwire'), { mode: 0o777 });
			await writeFile(join(folder, 'fleetwire', 'a1b2.json'), '{}', { mode: 0o666 });
			await writeFile(join(folder, 'fleetwire', 'a1b2.json.new'), '{}', { mode: 0o666 });
			await new FileStore(folder, 'a1b2').save({ n: 1 });
		} finally {
			process.umask(old);
		}
		const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);
		expect(await modeOf(join(folder, 'fleetwire'))).toBe('700');
		expect(await modeOf(join(folder, 'fleetwire', 'a1b2.json'))).toBe('600');
	});

	test.each(['.new', ''])('a link in its place ("%s") is not followed', async (ending) => {
		const target = join(folder, "somebody else's");
		await writeFile(target, '{"mine":true}');
		await mkdir(join(folder, 'fleetwire'));
		const link = join(folder, 'fleetwire', `a1b2.json${ending}`);
		await symlink(target, link);
		const store = new FileStore(folder, 'a1b2');
		if (ending === '') await expect(store.load()).rejects.toBeInstanceOf(Damaged);
		await store.save({ n: 1 });
		expect(await readFile(target, 'utf8')).toBe('{"mine":true}');
		expect((await lstat(join(folder, 'fleetwire', 'a1b2.json'))).isFile()).toBe(true);
		expect(await store.load()).toEqual({ n: 1 });
	});

	const ODD: [string, string][] = [
		['long', 'a'.repeat(400)],
		['lone surrogate', 'a\ud800'],
		['another lone surrogate', 'a\udfff'],
		['dots', 'a1b2c3.d4e5f6'],
		['only dots', '..'],
		['NUL', 'a\0b'],
		['upper case', 'A1B2'],
		['lower case', 'a1b2'],
		['a device of Windows', 'nul'],
		['empty', ''],
		['slash', '/etc/passwd'],
		['a name as made of others', '=a1b2'],
		['words of many bytes', 'ж'.repeat(60)],
	];

	test('an id of any kind has a file of its own, with a name that any disk takes', async () => {
		for (const [what, id] of ODD) await new FileStore(folder, id).save({ what });
		for (const [what, id] of ODD) expect(await new FileStore(folder, id).load()).toEqual({ what });
		const names = await readdir(join(folder, 'fleetwire'));
		expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(ODD.length);
		for (const name of names) expect(name).toMatch(/^[\w=-]{1,80}\.json$/);
		expect(names).not.toContain('nul.json');
	});

	test.each([
		['a1b2c3.d4e5f6', 'a1b2c3%2Ed4e5f6.json'],
		['A1', 'A1.json'],
		['a\0b', 'a%00b.json'],
		['..', '%2E%2E.json'],
		['ж', '%D0%B6.json'],
	])('what an earlier version stored of %j is found', async (id, name) => {
		await mkdir(join(folder, 'fleetwire'));
		await writeFile(join(folder, 'fleetwire', name), '{"n":1}');
		const store = new FileStore(folder, id);
		expect(await store.load()).toEqual({ n: 1 });
		await store.save({ n: 2 });
		expect(await new FileStore(folder, id).load()).toEqual({ n: 2 });
		expect(await readdir(join(folder, 'fleetwire'))).toHaveLength(1);
		await store.drop();
		expect(await readdir(join(folder, 'fleetwire'))).toEqual([]);
	});

	test('what is put aside is kept, however often', async () => {
		const store = new FileStore(folder, 'a1b2');
		const names: string[] = [];
		for (const n of [1, 2, 3]) {
			await store.save({ n });
			names.push(await store.setAside());
			expect(await store.load()).toBeUndefined();
		}
		expect(new Set(names).size).toBe(3);
		const kept = await Promise.all(
			names.map(async (name) => JSON.parse(await readFile(join(folder, 'fleetwire', name), 'utf8')) as unknown),
		);
		expect(kept).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
		expect(names[0]).toBe('a1b2.json.bad');
	});

	test.each(['a folder', 'more than a state can be', 'no text'])(
		'%s in its place is damage, not a state',
		async (what) => {
			const file = join(folder, 'fleetwire', 'a1b2.json');
			await mkdir(join(folder, 'fleetwire'));
			if (what === 'a folder') await mkdir(file);
			else
				await writeFile(
					file,
					what === 'no text' ? Buffer.from([0xff, 0xfe, 0]) : `"${' '.repeat(17 * 1024 * 1024)}"`,
				);
			const store = new FileStore(folder, 'a1b2');
			await expect(store.load()).rejects.toBeInstanceOf(Damaged);
			await store.setAside();
			expect(await store.load()).toBeUndefined();
		},
	);

	test('where the folder is none, nothing is stored', async () => {
		await writeFile(join(folder, 'fleetwire'), '');
		expect(await new FileStore(folder, 'a1b2').load()).toBeUndefined();
	});

	test('one that is cut in half cannot be read, and is said to be so', async () => {
		const store = new FileStore(folder, 'a1b2');
		await store.save({ version: 1, account: 'mine', cursor: { v: 1 }, paused: false });
		const file = join(folder, 'fleetwire', 'a1b2.json');
		await truncate(file, Math.floor((await readFile(file)).length / 2));
		await expect(store.load()).rejects.toThrow();
	});
});

test("a context store holds it under the node's own context", async () => {
	const kept = new Map<string, unknown>();
	const context = {
		get: (key: string, name: string, done: (error: unknown, value?: unknown) => void) =>
			done(null, kept.get(`${name}/${key}`)),
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
	await store.save({ n: 2 });
	expect(await store.setAside()).toBe('fleetwireBad');
	expect(await store.load()).toBeUndefined();
	expect([...kept.values()]).toEqual([undefined, { n: 2 }]);
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
	aside: unknown[] = [];
	setAside = async () => {
		if (this.stuck) throw this.stuck;
		this.aside.push(this.kept);
		this.kept = undefined;
		return 'elsewhere';
	};
	stuck: Error | undefined;
}

describe("a trigger's state", () => {
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
		const keeper = new TriggerState(id, store, name, () => now);
		await keeper.open(account, (reason, keptAs) => warnings.push(`${reason} -> ${keptAs}`));
		return keeper;
	};
	const kept = () => shelf.kept as StoredTriggerState;

	test('is new where nothing is stored, and goes on where something is', async () => {
		expect((await open()).state).toEqual({ account: 'mine', cursor: undefined, paused: false });
		id = 'other';
		shelf.kept = { version: 1, account: 'mine', cursor: { v: 1 }, paused: true };
		expect((await open()).state).toEqual({ account: 'mine', cursor: { v: 1 }, paused: true });
		expect(warnings).toEqual([]);
	});

	test('of another account is given up, which is said where there was one', async () => {
		shelf.kept = { version: 1, account: 'mine', cursor: { v: 1 }, paused: true };
		const keeper = new TriggerState(id, shelf, '', () => now);
		expect(await keeper.open('other', () => undefined)).toBe(true);
		expect(keeper.state).toEqual({ account: 'other', cursor: undefined, paused: true });
		expect(await keeper.open('other', () => undefined)).toBe(false);
		expect(await keeper.open('third', () => undefined)).toBe(false);
	});

	test('outlives the node while the process lives, whatever is stored', async () => {
		const first = await open();
		first.change({ cursor: { v: 1 } });
		shelf.kept = undefined;
		expect((await open()).state.cursor).toEqual({ v: 1 });
		await first.leave();
		expect((await open()).state.cursor).toBeUndefined();
	});

	test('begins afresh with a warning where what is stored is damaged or of another version, which is put aside', async () => {
		const damages: [unknown, string][] = [
			[{ version: 2, account: 'mine', cursor: {}, paused: false }, 'another version of Fleetwire wrote it'],
			['text', 'it has another form'],
			[7, 'it has another form'],
			[[], 'it has another form'],
			[{ version: 1, cursor: {} }, 'it has another form'],
		];
		for (const [index, [damaged, reason]] of damages.entries()) {
			id = `damaged-${String(index)}`;
			shelf.kept = damaged;
			expect((await open()).state.cursor).toBeUndefined();
			expect(shelf.aside.at(-1)).toEqual(damaged);
			expect(warnings.at(-1)).toBe(`${reason} -> elsewhere`);
		}
		id = 'cut';
		shelf.broken = new Damaged('Unexpected end of JSON input');
		await open();
		expect(warnings.at(-1)).toBe('Unexpected end of JSON input -> elsewhere');
		expect(shelf.saves).toBe(0);
	});

	test.each(['EMFILE', 'ENFILE', 'EIO', 'EACCES', 'EPERM', 'ESTALE', 'ETIMEDOUT', undefined])(
		'that cannot be read for the moment (%s) is no reason to begin again',
		async (code) => {
			shelf.kept = { version: 1, account: 'mine', cursor: { v: 1 }, paused: true };
			shelf.broken = Object.assign(new Error('not now'), { code });
			const error = await open().catch((thrown: unknown) => thrown);
			expect(error).toBeInstanceOf(NotRead);
			expect((error as NotRead).sentence).toMatch(
				/cannot be read at the moment \((E[A-Z]+|not now)\)\. .*Nothing is sent until it can be/,
			);
			expect((error as NotRead).retryable).toBe(true);
			shelf.broken = undefined;
			expect((await open()).state).toEqual({ account: 'mine', cursor: { v: 1 }, paused: true });
			expect([warnings, shelf.aside, shelf.saves]).toEqual([[], [], 0]);
		},
	);

	test('that is damaged and cannot be put aside stays as it is, and keeps the trigger off', async () => {
		shelf.kept = 'text';
		shelf.stuck = Object.assign(new Error('read-only file system'), { code: 'EROFS' });
		await expect(open()).rejects.toBeInstanceOf(NotRead);
		expect([shelf.kept, warnings]).toEqual(['text', []]);
	});

	test('a file that is out of reach for a while, as it really is', async () => {
		const store = new FileStore(folder, id);
		await store.save({ version: 1, account: 'mine', cursor: { v: 1 }, paused: false });
		// Root may read anything, so that the way to the file is broken.
		await rename(join(folder, 'fleetwire'), join(folder, 'away'));
		await symlink('fleetwire', join(folder, 'fleetwire'));
		await expect(open('mine', store)).rejects.toThrow('ELOOP');
		await rm(join(folder, 'fleetwire'));
		await rename(join(folder, 'away'), join(folder, 'fleetwire'));
		expect((await open('mine', store)).state.cursor).toEqual({ v: 1 });
		expect(warnings).toEqual([]);
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
		expect(error.sentence).toMatch(/could not be stored \(ENOSPC\)\. It continues, but/);
		expect((await open()).state.cursor).toEqual({ n: 1 });
		shelf.broken = undefined;
		await keeper.save();
		expect(kept().cursor).toEqual({ n: 1 });
	});

	test('goes into the store that the user chooses later', async () => {
		const keeper = await open();
		keeper.change({ cursor: { n: 1 } });
		await keeper.save();
		const other = new Shelf();
		await (await open('mine', other, 'lasting')).save(true);
		expect((other.kept as StoredTriggerState).cursor).toEqual({ n: 1 });
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
			setAside: async () => '',
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
		await fresh.leave();
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
		expect(JSON.parse(await readFile(join(folder, 'fleetwire', `${id}.json`), 'utf8'))).toMatchObject({
			version: 1,
			account: 'mine',
			cursor: { n: 1 },
			paused: false,
		});
	});
});
