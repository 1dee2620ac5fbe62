import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

let folder: string;
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), 'fleetwire-release-'));
	mkdirSync(join(folder, 'node-red'));
	writeFileSync(
		join(folder, 'CHANGELOG.md'),
		'# Changelog\n\n## 1.3.0-beta.1\n\n## [1.3.0]\n\n## 1.2.3 - 2026-12-01\n\nNot 1.2.4.\n',
	);
});
afterAll(() => rmSync(folder, { recursive: true }));

function check(tag: string, version: string, nodeRed = version): { status: number | null; faults: string[] } {
	writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'one', version }));
	writeFileSync(join(folder, 'node-red', 'package.json'), JSON.stringify({ name: 'two', version: nodeRed }));
	const { status, stderr } = spawnSync(process.execPath, [join(__dirname, 'release.mjs'), tag], {
		cwd: folder,
		encoding: 'utf8',
	});
	return { status, faults: stderr.trim().split('\n').filter(Boolean) };
}

test.each(['1.2.3', '1.3.0', '1.3.0-beta.1'])('%s agrees and may be published', (version) => {
	expect(check(`v${version}`, version)).toEqual({ status: 0, faults: [] });
});

test.each([
	['v1.2.3', '1.2.3', '1.2.2', ['two has version 1.2.2, the tag says 1.2.3.']],
	['v1.2.3', '1.2.4', '1.2.4', [/^one has/, /^two has/]],
	['v1.2.4', '1.2.4', '1.2.4', ['CHANGELOG.md has no section "## 1.2.4".']],
	['v1.2', '1.2.0', '1.2.0', [/"v1\.2" is no version/]],
	['', '1.2.3', '1.2.3', [/"" is no version/]],
])('%s with the packages %s and %s may not', (tag, version, nodeRed, faults) => {
	expect(check(tag, version, nodeRed)).toEqual({
		status: 1,
		faults: faults.map((fault) => (typeof fault === 'string' ? fault : expect.stringMatching(fault))),
	});
});
