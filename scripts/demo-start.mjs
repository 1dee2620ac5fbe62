// What `npm run demo` says and checks before anything is installed: plain JavaScript, for any Node from 20 on.
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/** In the order of their ports, as the package lists them; each one's page begins with its title. */
const VENDORS = (() => {
	const root = new URL('../', import.meta.url);
	const { 'node-red': palette } = JSON.parse(readFileSync(new URL('node-red/package.json', root), 'utf8'));
	return Object.keys(palette.nodes).map(
		(name) => /^# (.+)$/m.exec(readFileSync(new URL(`docs/${name}.md`, root), 'utf8'))?.[1] ?? name,
	);
})();
const NODE_RED_PORT = 1880;
const VENDOR_PORT = 4410;
const LAST_PORT = 65_535;

const WHAT = `The demo: ${String(VENDORS.length)} simulated vendors with a fleet that moves, Node-RED with Fleetwire and its example flows, and a map.`;
const FIRST = `The first time it installs what it needs: 680 MB in node_modules and 330 MB in ~/.cache/fleetwire, Node.js and Node-RED among it. That takes
one to three minutes with a quick connection. Later starts take some ten seconds and need no network.`;
const USAGE = `--port N          Node-RED's port; ${String(NODE_RED_PORT)} unless you say otherwise, 0 for any free one
--vendor-port N   the first of the vendors' ${String(VENDORS.length)} ports; ${String(VENDOR_PORT)} unless you say otherwise, 0 for any free ones`;
const END = 'Ctrl+C ends all of it.';

class Problem extends Error {}

const span = (first) => `${String(first)} to ${String(first + VENDORS.length - 1)}`;
const command = (port, vendorPort) => `npm run demo -- --port ${String(port)} --vendor-port ${String(vendorPort)}`;

function optionsOf(args) {
	const number = (name, text, last) => {
		const value = /^\d+$/.test(text) ? Number(text) : NaN;
		if (!(value <= last))
			throw new Problem(
				`--${name} takes a number from 1 to ${String(last)}, or 0 for any free port, not "${text}".`,
			);
		return value;
	};
	let values;
	try {
		({ values } = parseArgs({
			args,
			options: {
				port: { type: 'string', default: String(NODE_RED_PORT) },
				'vendor-port': { type: 'string', default: String(VENDOR_PORT) },
				help: { type: 'boolean', short: 'h', default: false },
			},
		}));
	} catch (error) {
		throw new Problem(`${error.message.split('. ')[0]}. The demo takes:\n\n${USAGE}`);
	}
	return {
		help: values.help,
		port: number('port', values.port, LAST_PORT),
		vendorPort: number('vendor-port', values['vendor-port'], LAST_PORT - VENDORS.length + 1),
	};
}

/** Whether it is free on this computer; others cannot reach the demo. */
function isFree(port) {
	return new Promise((resolve) => {
		const server = createServer();
		server.once('error', () => resolve(false));
		server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
	});
}

async function firstTaken(ports) {
	for (const port of ports) if (!(await isFree(port))) return port;
	return undefined;
}

/** The next ports that are free, one after the other; 0, any, if there are none. */
async function nextFree(after, count) {
	for (let port = after + 1; port < after + 1000 && port + count <= LAST_PORT; port += 1) {
		if ((await firstTaken(Array.from({ length: count }, (_, place) => port + place))) === undefined) return port;
	}
	return 0;
}

/** Refuses ports that are taken, before minutes are spent on what could not start. */
async function check({ port, vendorPort }) {
	if (port !== 0 && !(await isFree(port))) {
		throw new Problem(
			`Port ${String(port)}, where Node-RED is to listen, is taken: by another Node-RED or another demo, perhaps. Take another one:\n\n  ${command(await nextFree(port, 1), vendorPort)}\n`,
		);
	}
	if (vendorPort === 0) return;
	const taken = await firstTaken(VENDORS.map((_, place) => vendorPort + place));
	if (taken === undefined) return;
	throw new Problem(
		`Port ${String(taken)}, where the simulated ${VENDORS[taken - vendorPort]} is to listen, is taken: by another demo, perhaps. Take others:\n\n  ${command(port, await nextFree(taken, VENDORS.length))}\n`,
	);
}

/** Gives the arguments to go on with; undefined if there is nothing more to do. */
export async function beforeDemo(args, root) {
	try {
		const options = optionsOf(args);
		if (options.help) {
			console.log(
				`${WHAT}\n\n${FIRST}\n\nIt listens on this computer only: Node-RED on port ${String(NODE_RED_PORT)}, the vendors on ${span(VENDOR_PORT)}. For others:\n\n  ${command(1881, 5410)}\n\n${USAGE}\n\n${END}`,
			);
			return undefined;
		}
		if (process.platform !== 'linux') throw new Problem('So far, the demo runs on Linux only (x64 and arm64).');
		await check(options);
		const { port, vendorPort } = options;
		const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'fleetwire');
		const isFirst =
			!existsSync(join(root, 'node_modules', '.fleetwire-lock')) ||
			!existsSync(join(cache, 'demo', '.installed'));
		const where = [
			port === 0 ? 'Node-RED on any free port' : `Node-RED on port ${String(port)}`,
			vendorPort === 0 ? 'the vendors on any' : `the vendors on ${span(vendorPort)}`,
		];
		console.log(
			[
				WHAT,
				...(isFirst ? [FIRST] : []),
				`It listens on this computer only: ${where.join(', ')}. For others: ${command(1881, 5410)}`,
				'',
			].join('\n'),
		);
		return ['--port', String(port), '--vendor-port', String(vendorPort)];
	} catch (error) {
		if (!(error instanceof Problem)) throw error;
		console.error(error.message);
		process.exitCode = 1;
		return undefined;
	}
}
