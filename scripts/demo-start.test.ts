/** What `npm run demo` does before anything is installed or started. */
import { spawnSync } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { startAll, TITLES } from '../demo/vendors';
import { freePort } from '../test/hosts/process';

const RUN = join(__dirname, 'run.mjs');
const demo = (...args: string[]) => {
	const { status, stdout, stderr } = spawnSync(process.execPath, [RUN, 'demo', ...args], {
		encoding: 'utf8',
		timeout: 20_000,
	});
	return { status, text: stdout + stderr };
};

const servers: Server[] = [];
afterEach(async () => {
	await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

/** A port that somebody listens on. */
async function taken(): Promise<number> {
	const server = createServer();
	servers.push(server);
	const port = await freePort();
	await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
	return port;
}

test('a port that is taken ends it at once, with a sentence and the command that helps', async () => {
	const port = await taken();
	const { status, text } = demo('--port', String(port), '--vendor-port', '0');
	expect(status).toBe(1);
	expect(text).toContain(`Port ${String(port)}, where Node-RED is to listen, is taken`);
	const [, other] = /npm run demo -- --port (\d+) --vendor-port 0\n/.exec(text) ?? [];
	expect(Number(other)).toBeGreaterThan(port);
	expect(text).not.toMatch(/EADDRINUSE|\bat .+:\d+:\d+/);
});

test("a vendor's port that is taken is named with its vendor", async () => {
	const port = await taken();
	const { status, text } = demo('--port', '0', '--vendor-port', String(port - 2));
	expect(status).toBe(1);
	expect(text).toMatch(
		new RegExp(
			`Port ${String(port)}, where the simulated ${TITLES[2] ?? ''} is to listen, is taken[^]+npm run demo -- --port 0 --vendor-port \\d+\n`,
		),
	);
});

test.each([
	['--port', 'abc'],
	['--port', '70000'],
	['--vendor-port', '65533'],
	['--vendor-port', ''],
])('%s %s is refused in words', (...args) => {
	const { status, text } = demo(...args);
	expect(status).toBe(1);
	expect(text).toContain(`${args[0]} takes`);
});

test.each([['--prot', '1'], ['1881']])('%s is not passed over', (...args) => {
	const { status, text } = demo(...args);
	expect(status).toBe(1);
	expect(text).toContain('--vendor-port');
	expect(text).not.toMatch(/\bat .+:\d+:\d+/);
});

test('--help says what it does, what it takes and which ports it opens', () => {
	const { status, text } = demo('--help');
	expect(status).toBe(0);
	for (const word of [
		'1880',
		`4410 to ${String(4410 + TITLES.length - 1)}`,
		'--port',
		'--vendor-port',
		'MB',
		'minute',
		'Ctrl+C',
	])
		expect(text).toContain(word);
});

test('the simulators alone name a port that is taken, and its vendor', async () => {
	const port = await taken();
	await expect(startAll({ portBase: port - 1 })).rejects.toThrow(
		`Port ${String(port)}, where the simulated ${TITLES[1] ?? ''} is to listen, is taken`,
	);
});
