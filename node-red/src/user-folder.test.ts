import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeAPI } from 'node-red';
import { describe, expect, test } from 'vitest';
import { lastingStore, losesUserFolder } from './user-folder';

const runtime = (settings: object) => ({ settings }) as unknown as NodeAPI;

/** The folders of this machine, by the name that `stat` has for their file systems. */
const FOLDERS = ['/dev/shm', '/proc', tmpdir(), process.cwd()]
	.filter((folder) => process.platform === 'linux' && existsSync(folder))
	.map((folder) => [folder, execFileSync('stat', ['-f', '-c', '%T', folder], { encoding: 'utf8' }).trim()] as const);

describe('the user folder', () => {
	test.each(FOLDERS)('%s, which is %s', (folder, kind) => {
		const lost = kind === 'tmpfs' || kind.startsWith('overlay');
		expect(losesUserFolder(runtime({ userDir: folder }))).toBe(lost);
		expect(losesUserFolder(runtime({ userDir: join(folder, 'not', 'there', 'yet') }))).toBe(lost);
	});

	test('is what settings.js says of it', () => {
		for (const [userDir] of FOLDERS)
			for (const keepsUserFolder of [true, false])
				expect(losesUserFolder(runtime({ userDir, fleetwire: { keepsUserFolder } }))).toBe(!keepsUserFolder);
		for (const fleetwire of [null, 'true', {}, { keepsUserFolder: 'false' }])
			expect(losesUserFolder(runtime({ userDir: '/proc', fleetwire }))).toBe(false);
		expect(losesUserFolder(runtime({}))).toBe(false);
	});
});

describe('the store that lasts', () => {
	const file = (dir?: string) => ({ module: 'localfilesystem', config: { dir } });
	const memory = { module: 'memory' };
	test.each<[string, object | undefined, string | undefined]>([
		['none in the settings', undefined, undefined],
		['memory alone', { default: memory }, undefined],
		['an own one', { default: memory, own: { module: () => ({}) } }, 'own'],
		['the first of two', { one: { module: 'redis' }, two: { module: 'redis' } }, 'one'],
		['a name for another', { default: 'own', own: { module: () => ({}) } }, 'default'],
		['a name for memory', { default: 'quick', quick: memory }, undefined],
		['names in a circle, and of nothing', { default: 'default', other: 'none', odd: null }, undefined],
		['files in a folder that lasts', { disk: file('/proc') }, 'disk'],
		['files in the user folder, and in memory', { disk: file(), quick: file('/dev/shm') }, undefined],
	])('%s', (_, contextStorage, store) => {
		expect(lastingStore(runtime({ userDir: '/dev/shm', contextStorage }))).toBe(store);
	});
});
