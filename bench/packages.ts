/** What a host pays for having the package at all. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { limitOf, median, type Result } from './measure';

const ROOT = join(__dirname, '..');
const RUNS = 15;
const KB = 1024;

/** Milliseconds that a piece of code takes, in a process of its own. */
function starting(name: string, before: string, timed: string, most = 60): Result {
	const code = `${before}; const t = performance.now(); ${timed}; console.log(performance.now() - t);`;
	const once = () => {
		const { stdout, stderr, status } = spawnSync(process.execPath, ['-e', code], { encoding: 'utf8', cwd: ROOT });
		if (status !== 0) throw new Error(stderr);
		return Number(stdout);
	};
	once();
	return limitOf(name, median(Array.from({ length: RUNS }, once)), 'ms', most);
}

const required = (files: readonly string[]) => `for (const file of ${JSON.stringify(files)}) require(file)`;

/** As much of Node-RED as it takes to make a node. */
const NODE_RED = `
const made = new Map();
const RED = {
	nodes: { registerType: (type, constructor) => made.set(type, constructor), createNode: () => undefined, getNode: () => undefined },
	auth: { needsPermission: () => undefined },
	httpAdmin: { get: () => undefined, post: () => undefined },
	settings: {},
};`;

interface Manifest {
	n8n: { nodes: string[]; credentials: string[] };
	'node-red': { nodes: Record<string, string> };
}
const manifestOf = (folder: string) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;

export function start(): Result[] {
	const { n8n } = manifestOf(join(ROOT, 'packages', 'n8n-nodes-fleetwire'));
	const nodeRed = join(ROOT, 'node-red');
	const files = Object.values(manifestOf(nodeRed)['node-red'].nodes).map((file) => join(nodeRed, file));
	return [
		// n8n itself has loaded n8n-workflow and zod long before.
		starting(
			'start-n8n',
			"require('n8n-workflow'); require('zod/v4')",
			required([...n8n.nodes, ...n8n.credentials].map((file) => join(ROOT, file))),
		),
		starting('start-node-red', NODE_RED, `${required(files)}(RED)`),
		// What the first node of a vendor takes on top, when the flows are started.
		starting(
			'start-node-red-first',
			`${NODE_RED} ${required(files)}(RED)`,
			"made.get('fleetwire-trackceo-account').call({ on: () => undefined }, { id: 'a' })",
			120,
		),
	];
}

/** The tarballs in artifacts/, which `npm run bench` packs first. */
export function tarball(of: 'n8n' | 'node-red'): string {
	const artifacts = join(ROOT, 'artifacts');
	const name = readdirSync(artifacts).find((file) =>
		file.startsWith(of === 'n8n' ? 'n8n-nodes-fleetwire-' : 'fleetwire-node-red-fleet-'),
	);
	if (name === undefined) throw new Error('npm run pack first');
	return join(artifacts, name);
}

function unpackedBytes(file: string): number {
	const { stdout } = spawnSync('tar', ['-tzvf', file], { encoding: 'utf8' });
	return stdout.split('\n').reduce((sum, line) => sum + Number(/^\S+\s+\S+\s+(\d+)/.exec(line)?.[1] ?? 0), 0);
}

/** How many packages an install adds, its own included. */
function packagesAdded(file: string): number {
	const folder = mkdtempSync(join(tmpdir(), 'fleetwire-size-'));
	try {
		writeFileSync(join(folder, 'package.json'), '{"private":true}');
		// As both hosts do, which bring their own n8n-workflow.
		const { status, stderr } = spawnSync(
			'npm',
			['install', '--legacy-peer-deps', '--no-audit', '--no-fund', '--ignore-scripts', file],
			{ cwd: folder, encoding: 'utf8' },
		);
		if (status !== 0) throw new Error(stderr);
		const lock = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as {
			packages: Record<string, unknown>;
		};
		return Object.keys(lock.packages).filter((path) => path !== '').length;
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

export function size(): Result[] {
	return (['n8n', 'node-red'] as const).flatMap((host) => {
		const file = tarball(host);
		return [
			limitOf(`size-${host}`, statSync(file).size / KB, 'KB', 300),
			limitOf(`size-${host}-unpacked`, unpackedBytes(file) / KB, 'KB', 1536),
			limitOf(`size-${host}-packages`, packagesAdded(file), 'packages', host === 'n8n' ? 1 : 3),
		];
	});
}
