/**
 * `npm run demo`: the simulated vendors, Node-RED with the package and its example flows, and a map on which they move.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startAll, type RunningVendor } from './vendors';
import { cacheFolder, ensureNodeRed, hostEnvironment, npm, withLock, type Installed } from '../test/hosts/install';
import { Child, freePort, removeFolder, temporaryFolder } from '../test/hosts/process';
import { demoFlows, isAccount, vendorOf } from './flows';

const NODE_RED = '5.0.7';
const WORLDMAP = 'node-red-contrib-web-worldmap@5.8.1';
const ROOT = join(__dirname, '..');

export interface Demo {
	editor: string;
	map: string;
	vendors: RunningVendor[];
	stop(): Promise<void>;
}

export interface DemoOptions {
	port?: number;
	/** First of the vendors' ports; 0 takes any free ones. */
	vendorPortBase?: number;
	/**
	 * Folder in the cache for the packages that Node-RED loads: kept between runs, so that a later run needs no
	 * network.
	 */
	folder?: string;
}

/** Starts everything, on loopback. */
export async function startDemo({
	port = 1880,
	vendorPortBase = 4410,
	folder = 'demo',
}: DemoOptions = {}): Promise<Demo> {
	// A fix every two seconds, so that the map moves smoothly.
	const vendors = await startAll({ portBase: vendorPortBase, fixIntervalSeconds: 2, plain: true });
	// Of this run alone, so that two demos do not write into each other's flows.
	const userDir = temporaryFolder('demo');
	let nodeRed: Child | undefined;
	const stop = async () => {
		await nodeRed?.stop();
		await Promise.all(vendors.map((vendor) => vendor.close()));
		await removeFolder(userDir);
	};
	try {
		const host = await ensureNodeRed(NODE_RED);
		const packages = join(cacheFolder(), folder);
		await withLock(`${packages}.lock`, () => install(host, packages));
		await furnish(userDir, packages, vendors, port);
		nodeRed = await Child.start({
			command: host.node,
			args: [host.bin, '--userDir', userDir, '--settings', join(userDir, 'settings.js')],
			cwd: userDir,
			env: hostEnvironment(host.node, userDir),
			name: 'Node-RED',
		});
		const editor = `http://127.0.0.1:${String(port)}/`;
		await nodeRed.ready(async () => (await fetch(`${editor}worldmap`)).ok, 60_000);
		return { editor, map: `${editor}worldmap`, vendors, stop };
	} catch (error) {
		await stop();
		throw error;
	}
}

/** The package as it would be published, and the map. */
async function install(host: Installed, packages: string): Promise<void> {
	await mkdir(packages, { recursive: true });
	const tarball = await packed();
	const wanted = createHash('sha256').update(readFileSync(tarball)).update(WORLDMAP).digest('hex');
	const stamp = join(packages, '.installed');
	if (existsSync(stamp) && (await readFile(stamp, 'utf8')) === wanted) return;
	await writeFile(join(packages, 'package.json'), JSON.stringify({ name: 'fleetwire-demo', private: true }));
	await npm(['install', '--no-audit', '--no-fund', '--omit=dev', '--', tarball, WORLDMAP], {
		cwd: packages,
		node: host.node,
		name: 'npm install of the demo',
		timeoutMs: 300_000,
	});
	await writeFile(stamp, wanted);
}

async function furnish(
	userDir: string,
	packages: string,
	vendors: readonly RunningVendor[],
	port: number,
): Promise<void> {
	await copyFile(join(packages, 'package.json'), join(userDir, 'package.json'));
	await symlink(join(packages, 'node_modules'), join(userDir, 'node_modules'));
	const settings = {
		uiHost: '127.0.0.1',
		uiPort: port,
		flowFile: 'flows.json',
		// Without a secret the demo's credentials stay readable, which lets it write them itself; they open nothing but
		// simulators.
		credentialSecret: false,
		telemetry: { enabled: false, updateNotification: false },
		editorTheme: { tours: false, projects: { enabled: false } },
		logging: { console: { level: 'warn', metrics: false, audit: false } },
	};
	await writeFile(join(userDir, 'settings.js'), `module.exports = ${JSON.stringify(settings, null, '\t')};\n`);
	const flows = demoFlows(vendors);
	await writeFile(join(userDir, 'flows.json'), JSON.stringify(flows));
	const accounts = flows.filter(isAccount);
	await writeFile(
		join(userDir, 'flows_cred.json'),
		JSON.stringify(
			Object.fromEntries(accounts.map((node) => [node.id, { secret: vendorOf(vendors, node)?.password }])),
		),
	);
}

async function packed(): Promise<string> {
	const folder = join(cacheFolder(), 'demo-package');
	await mkdir(folder, { recursive: true });
	await npm(['pack', '--pack-destination', folder, '--silent'], {
		cwd: join(ROOT, 'node-red'),
		name: 'npm pack',
		timeoutMs: 60_000,
	});
	const { version } = JSON.parse(await readFile(join(ROOT, 'node-red', 'package.json'), 'utf8')) as {
		version: string;
	};
	return join(folder, `fleetwire-node-red-fleet-${version}.tgz`);
}

/** The ports come from scripts/demo-start.mjs, which found them free. */
async function main(): Promise<void> {
	const { values } = parseArgs({
		options: { port: { type: 'string', default: '1880' }, 'vendor-port': { type: 'string', default: '4410' } },
	});
	const demo = await startDemo({
		port: Number(values.port) || (await freePort()),
		vendorPortBase: Number(values['vendor-port']),
	});
	console.log(
		[
			'',
			`The map, with vehicles that move:   ${demo.map}`,
			`Node-RED, with the example flows:   ${demo.editor}`,
			'',
			'Simulated vendors:',
			...demo.vendors.map(
				({ title, url, account, password }) =>
					`  ${title.padEnd(12)} ${url}   account ${account}, password ${password}`,
			),
			'',
			'Ctrl+C ends all of it, and what you changed in its flows is gone then. Map tiles come from the internet; all else works offline.',
		].join('\n'),
	);
	for (const signal of ['SIGINT', 'SIGTERM'] as const)
		process.once(signal, () => void demo.stop().then(() => process.exit(0)));
}

if (require.main === module) {
	main().catch((error: unknown) => {
		console.error(error instanceof Error ? error.message : String(error));
		process.exitCode = 1;
	});
}
