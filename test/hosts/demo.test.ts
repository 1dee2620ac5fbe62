/** The demo as a newcomer sees it: vehicles on a map, and they move. */
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDemo, type Demo } from '../../demo/demo';
import { openBrowser, type Browser } from './browser';
import { Child, freePort, until } from './process';

let demo: Demo;
let browser: Browser;

beforeAll(async () => {
	demo = await startDemo({ port: await freePort(), vendorPortBase: 0, folder: 'demo-test' });
	browser = await openBrowser();
});

afterAll(async () => {
	await browser?.close();
	await demo?.stop();
});

test('vehicles move on the map, and their tracks are drawn', async () => {
	const page = await browser.newPage();
	await page.goto(demo.map);
	const places = async () =>
		(await page.evaluate(
			"JSON.stringify([...document.querySelectorAll('.leaflet-marker-icon')].map((marker) => marker.style.transform))",
		)) as string;
	await until('markers on the map', async () => (JSON.parse(await places()) as string[]).length >= 8, {
		timeoutMs: 30_000,
	});
	const before = await places();
	await until('a marker to move', async () => (await places()) !== before, { timeoutMs: 30_000 });
	await until(
		'a track',
		async () => Number(await page.evaluate("document.querySelectorAll('path.leaflet-interactive').length")) > 0,
		{ timeoutMs: 40_000 },
	);
});

test('the example flows are there, and each vendor has one account that works', async () => {
	const flows = (await (await fetch(`${demo.editor}flows`)).json()) as {
		type: string;
		name?: string;
		label?: string;
		baseUrl?: string;
	}[];
	const tabs = flows.filter(({ type }) => type === 'tab').map(({ label }) => label);
	expect(tabs).toEqual(
		expect.arrayContaining(['Live map', 'TrackCEO - current positions', 'eTrack - current positions']),
	);
	const accounts = flows.filter(({ type }) => type.endsWith('-account'));
	expect(accounts.map(({ name, baseUrl }) => [name, baseUrl]).sort()).toEqual(
		demo.vendors.map(({ title, url }) => [`${title} (simulated)`, url]).sort(),
	);
});

test('a vehicle is stopped, and the same one goes on', async () => {
	const press = async (id: string) =>
		expect((await fetch(`${demo.editor}inject/${id}`, { method: 'POST' })).status).toBe(200);
	const trackceo = demo.vendors.find(({ name }) => name === 'trackceo');
	const state = async () =>
		(await (await fetch(`${String(trackceo?.url)}/_simulator/state`)).json()) as {
			time: string;
			commands: { imei: string; command: string; response: string; answeredAt: number }[];
		};
	await press('demo-stop');
	// It continues being the fastest until a fix, one in 2 s, tells that it was stopped.
	await until('a fix after the stop', async () => {
		const {
			time,
			commands: [stop],
		} = await state();
		return stop !== undefined && Date.parse(time) / 1000 > stop.answeredAt + 3;
	});
	await press('demo-go-on');
	await until('the second command', async () => (await state()).commands.length === 2);
	const [stop, goOn] = (await state()).commands;
	expect(stop).toMatchObject({ command: 'RELAY,1', response: expect.stringContaining('Success') });
	expect(goOn).toMatchObject({ command: 'RELAY,0', imei: stop?.imei });
});

test('Ctrl+C ends all that the command started', async () => {
	const port = await freePort();
	const vendorPort = await freePort();
	const command = await Child.start({
		command: process.execPath,
		args: [
			'--import',
			'tsx',
			join(__dirname, '..', '..', 'demo', 'demo.ts'),
			'--port',
			String(port),
			'--vendor-port',
			String(vendorPort),
		],
		cwd: join(__dirname, '..', '..'),
		env: process.env,
		name: 'npm run demo',
	});
	try {
		await until('the map', () => command.output.includes(`http://127.0.0.1:${String(port)}/worldmap`), {
			timeoutMs: 120_000,
		});
		command.signalGroup('SIGINT');
		await until('the end', () => command.exit, { timeoutMs: 20_000 });
	} finally {
		await command.stop();
	}
	for (const each of [port, ...demo.vendors.map((_, place) => vendorPort + place)]) {
		const free = await new Promise<boolean>((resolve) => {
			const server = createServer();
			server
				.once('error', () => resolve(false))
				.listen(each, '127.0.0.1', () => server.close(() => resolve(true)));
		});
		expect(free, String(each)).toBe(true);
	}
});
