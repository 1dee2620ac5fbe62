import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { publisher, REPOSITORY } from './publisher';

const root = join(__dirname, '..');
let folder: string;
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), 'fleetwire-release-'));
	for (const name of ['node-red', 'packages/n8n-nodes-one']) mkdirSync(join(folder, name), { recursive: true });
	writeFileSync(
		join(folder, 'CHANGELOG.md'),
		'# Changelog\n\n## 1.3.0-beta.1\n\n## [1.3.0]\n\n## 1.2.3 - 2026-12-01\n\nNot 1.2.4.\n',
	);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Somebody who could publish. */
const FILLED_IN = {
	author: { name: 'Fleet Makers', email: 'hello@fleetmakers.io' },
	repository: { type: 'git', url: 'git+https://github.com/fleetmakers/fleetwire.git' },
	bugs: { url: 'https://github.com/fleetmakers/fleetwire/issues' },
};

interface Run {
	version: string;
	nodeRed?: string;
	n8n?: string;
	setting?: object;
	repository?: string;
	flags?: string[];
}

function check(tag: string, { version, nodeRed = version, n8n = version, ...options }: Run) {
	const write = (path: string, name: string, of: string, setting = {}) =>
		writeFileSync(join(folder, path, 'package.json'), JSON.stringify({ name, version: of, ...setting }));
	write('.', 'all', version, { ...FILLED_IN, ...options.setting });
	write('node-red', 'two', nodeRed);
	write('packages/n8n-nodes-one', 'n8n-nodes-one', n8n);
	const { status, stderr } = spawnSync(
		process.execPath,
		[join(__dirname, 'release.mjs'), tag, ...(options.flags ?? [])],
		{ cwd: folder, encoding: 'utf8', env: { ...process.env, GITHUB_REPOSITORY: options.repository } },
	);
	return { status, faults: stderr.trim().split('\n').filter(Boolean) };
}

test.each(['1.2.3', '1.3.0', '1.3.0-beta.1'])('%s agrees and may be published', (version) => {
	expect(check(`v${version}`, { version, repository: 'Fleetmakers/fleetwire' })).toEqual({ status: 0, faults: [] });
});

test.each<[string, Run, (string | RegExp)[]]>([
	['v1.2.3', { version: '1.2.3', nodeRed: '1.2.2' }, ['two has version 1.2.2, the tag says 1.2.3.']],
	['v1.2.3', { version: '1.2.3', n8n: '1.2.2' }, ['n8n-nodes-one has version 1.2.2, the tag says 1.2.3.']],
	['v1.2.3', { version: '1.2.4' }, [/^all has/, /^two has/, /^n8n-nodes-one has/]],
	['v1.2.4', { version: '1.2.4' }, ['CHANGELOG.md has no section "## 1.2.4".']],
	['v1.2', { version: '1.2.0' }, [/"v1\.2" is no version/]],
	['', { version: '1.2.3' }, [/"" is no version/]],
])('%s with packages of %j may not', (tag, run, faults) => {
	expect(check(tag, run)).toEqual({
		status: 1,
		faults: faults.map((fault) => (typeof fault === 'string' ? fault : expect.stringMatching(fault))),
	});
});

describe('a placeholder', () => {
	const version = '1.2.3';

	test.each<[string, object, RegExp]>([
		['an address of nobody', { author: { email: 'hello@fleetwire.example' } }, /author's address/],
		['an address of example.com', { author: { email: 'hello@example.com' } }, /author's address/],
		['no address', { author: undefined }, /author's address ""/],
		['no repository', { repository: undefined }, /no repository on GitHub/],
		['a repository elsewhere', { repository: { url: 'https://git.test/x' } }, /no repository on GitHub/],
		['no place for help', { bugs: undefined }, /address for help ""/],
		['a place for help that nobody has', { bugs: { url: 'https://help.example/' } }, /address for help/],
	])('is refused: %s', (_, setting, words) => {
		expect(check('v1.2.3', { version, setting })).toEqual({
			status: 1,
			faults: [expect.stringMatching(words)],
		});
		expect(check('v1.2.3', { version, setting, flags: ['--dry-run'] })).toMatchObject({ status: 0 });
	});

	test('is a repository other than the one that publishes', () => {
		expect(check('v1.2.3', { version, repository: 'others/fleetwire' })).toEqual({
			status: 1,
			faults: [
				expect.stringContaining('names the repository fleetmakers/fleetwire, and this is others/fleetwire'),
			],
		});
	});

	test('does not excuse what does not agree', () => {
		expect(check('v9.9.9', { version, flags: ['--dry-run'] }).status).toBe(1);
	});
});

test('what says by hand who publishes, says what package.json says', () => {
	for (const [page, said] of [
		['SECURITY.md', publisher.author.email],
		['SECURITY.md', REPOSITORY],
		['CODE_OF_CONDUCT.md', publisher.author.email],
		['node-red/README.md', REPOSITORY],
		['node-red/src/wire.ts', REPOSITORY],
	] as const)
		expect(readFileSync(join(root, page), 'utf8'), page).toContain(said);
	expect(publisher.bugs.url.startsWith(REPOSITORY)).toBe(true);
});
