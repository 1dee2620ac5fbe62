/** The demo as a newcomer sees it: vehicles on a map, and they move. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDemo, type Demo } from '../../demo/demo';
import { openBrowser, type Browser } from './browser';
import { freePort, until } from './process';

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
	const places = async () => (await page.evaluate("JSON.stringify([...document.querySelectorAll('.leaflet-marker-icon')].map((marker) => marker.style.transform))")) as string;
	await until('markers on the map', async () => (JSON.parse(await places()) as string[]).length >= 8, { timeoutMs: 30_000 });
	const before = await places();
	await until('a marker to move', async () => (await places()) !== before, { timeoutMs: 30_000 });
	await until('a track', async () => Number(await page.evaluate("document.querySelectorAll('path.leaflet-interactive').length")) > 0, { timeoutMs: 40_000 });
});

test('the example flows are there, each with an account that works', async () => {
	const flows = (await (await fetch(`${demo.editor}flows`)).json()) as { type: string; label?: string; baseUrl?: string }[];
	const tabs = flows.filter(({ type }) => type === 'tab').map(({ label }) => label);
	expect(tabs).toEqual(expect.arrayContaining(['Live map', 'TrackCEO - current positions', 'eTrack - current positions']));
	for (const { type, baseUrl } of flows) if (type.endsWith('-account')) expect(baseUrl).toMatch(/^http:\/\/127\.0\.0\.1:/);
});
