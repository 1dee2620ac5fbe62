// Runs one of the repository's commands from a bare clone: plain JavaScript, because it must work on any Node from 20
// on before anything is installed. It installs what package-lock.json names, then goes on under the Node of the `node`
// package.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeDemo } from './demo-start.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const bin = join(root, 'node_modules', '.bin');
const env = { ...process.env, PATH: `${bin}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH}` };

/** Runs a program; ends this one with its code if it fails. */
function run(command, args, options = {}) {
	const { status, error, signal } = spawnSync(command, args, { cwd: root, env, stdio: 'inherit', ...options });
	if (error) throw error;
	if (status !== 0) process.exit(status ?? (signal === 'SIGINT' ? 130 : 1));
}

function install() {
	const lock = createHash('sha256')
		.update(readFileSync(join(root, 'package-lock.json')))
		.digest('hex');
	const stamp = join(root, 'node_modules', '.fleetwire-lock');
	if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock && existsSync(join(bin, 'node'))) return;
	console.error('Installing the development dependencies (once) ...');
	run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { stdio: ['ignore', 2, 2] });
	// The `node` package fetches its binary in a script, and scripts are off in .npmrc.
	run('npm', ['rebuild', 'node', '--ignore-scripts=false', '--loglevel=error'], { stdio: ['ignore', 2, 2] });
	mkdirSync(dirname(stamp), { recursive: true });
	writeFileSync(stamp, lock);
}

let [command, ...args] = process.argv.slice(2);
// Says what comes, and what prevents it, before anything is installed.
if (command === 'demo') args = (await beforeDemo(args, root)) ?? process.exit();
install();

const node = (...rest) => run('node', rest);
const tsx = (...rest) => run('node', ['--import', 'tsx', ...rest]);
const vitest = (...rest) => run('node', [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', ...rest]);
const build = () => node('scripts/build.mjs');
const pack = () => {
	build();
	node('scripts/pack.mjs');
};

const commands = {
	build,
	lint: () => {
		run('tsc', ['-p', 'tsconfig.json']);
		run('prettier', ['--check', '--log-level=warn', '.']);
		run('eslint', ['.', ...args]);
	},
	test: () => {
		build();
		tsx('scripts/test.ts', ...args);
	},
	'test:proof': () => {
		build();
		tsx('scripts/proof.ts', ...args);
	},
	'test:unit': () => vitest('--project', 'unit', ...args),
	'test:delivery': () => tsx('test/delivery/main.ts', ...args),
	'test:strangers': () => tsx('test/strangers/main.ts', ...args),
	'test:hosts': () => {
		pack();
		tsx('test/hosts/install.ts');
		vitest('--project', 'hosts', ...args);
	},
	'test:package': () => {
		pack();
		vitest('--project', 'package', ...args);
	},
	'test:matrix': () => {
		if (!args.includes('--list')) pack();
		tsx('scripts/matrix.ts', ...args);
	},
	'test:crash': () => {
		pack();
		tsx('test/hosts/install.ts');
		tsx('test/crash/main.ts', ...args);
	},
	'test:safety': () => {
		pack();
		tsx('test/hosts/install.ts');
		tsx('test/safety/main.ts', ...args);
	},
	mutation: () => tsx('test/mutation/main.ts', ...args),
	'test:soak': () => {
		pack();
		tsx('test/hosts/install.ts');
		tsx('test/safety/soak.ts', ...args);
	},
	pack,
	catalog: () => tsx('scripts/catalog.ts', ...args),
	simulate: () => tsx('demo/simulate.ts', ...args),
	demo: () => {
		node('node-red/build.mjs');
		tsx('demo/demo.ts', ...args);
	},
	'itracksense:paths': () => tsx('scripts/itracksense-paths.ts', ...args),
	bench: () => {
		build();
		// Standard output is for the figures.
		run('node', ['scripts/pack.mjs'], { stdio: ['ignore', 2, 2] });
		node('--expose-gc', '--import', 'tsx', 'bench/bench.ts', ...args);
	},
	docs: () => tsx('scripts/generate.ts', 'docs/'),
	generate: () => tsx('scripts/generate.ts', ...args),
	// All of a release but the upload: what agrees, all tarballs, what is in them, what npm says of them.
	'release:dry': () => {
		const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
		node('scripts/release.mjs', `v${version}`, '--dry-run');
		pack();
		vitest('--project', 'package');
		const artifacts = join(root, 'artifacts');
		for (const name of readdirSync(artifacts).sort())
			run('npm', ['publish', join(artifacts, name), '--dry-run', '--access', 'public', '--loglevel=error']);
	},
	rewrite: () => tsx('scripts/rewrite-workflow.ts', ...args),
	screenshots: () => {
		pack();
		tsx('demo/screenshots.ts', ...args);
	},
};

const chosen = commands[command];
if (chosen === undefined) {
	console.error(`Unknown command "${command ?? ''}". There are: ${Object.keys(commands).join(', ')}.`);
	process.exit(2);
}
chosen();
