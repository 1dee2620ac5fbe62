/**
 * `npm run bench [-- --json] [--only NAME]`: what Fleetwire costs, beside the bare loop that a programmer would write, on a
 * vendor with a set latency. Medians of interleaved runs; the account's rate is unlimited, at 4 requests at once.
 */
import { spawnSync } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Agent, request } from 'undici';
import { Account } from '../node-red/src/account';
import { trackceo } from '../providers/protrack';
import type { ProtrackConnection } from '../providers/protrack/connection';
import { getCurrent, getHistory } from '../providers/protrack/position';
import type { Provider } from '../core/provider';
import type { AnyOperation } from '../core/operation';

interface Result {
	name: string;
	value: number;
	unit: string;
	against: string;
	ratio: number | null;
	target: string;
	pass: boolean;
}

const ROOT = join(__dirname, '..');
const RUNS = 7;
const LATENCY_MS = 5;
const PAGE = 1000;
const START = 1_700_000_000;

/** A vendor that answers from memory after the set latency: what is measured is the client. */
async function startVendor(points: number): Promise<{ url: string; server: Server }> {
	const pages: string[] = [];
	for (let at = 0; at < points; at += PAGE) {
		const page = Array.from({ length: Math.min(PAGE, points - at) }, (_, index) => `26.${String(100000 + ((at + index) % 90000))},44.${String(400000 + ((at + index) % 90000))},${String(START + at + index)},${String((at + index) % 90)},${String((at + index) % 360)}`);
		pages.push(page.join(';'));
	}
	const record = (imei: string) => ({ imei, course: 195, systemtime: START, gpstime: START, speed: 40, hearttime: START, servertime: START, longitude: 26.1, latitude: 44.4, acctime: 1400, accstatus: 1, doorstatus: 0, chargestatus: 0, oilpowerstatus: 1, defencestatus: 0, datastatus: 2, battery: 100, mileage: 51654, todaymileage: 15654 });
	const answer = (path: string, query: URLSearchParams): unknown => {
		if (path === '/api/authorization') return { access_token: 'bench-token', expires_in: 7200 };
		if (path === '/api/track') return (query.get('imeis') ?? '').split(',').map(record);
		// A page begins with the last point of the one before, as the document has it.
		const begin = Number(query.get('begintime')) - START;
		const first = Math.max(0, begin);
		const rows: string[] = [];
		for (let page = Math.floor(first / PAGE); rows.length < PAGE && page < pages.length; page++) rows.push(...(pages[page] ?? '').split(';').slice(page === Math.floor(first / PAGE) ? first % PAGE : 0));
		return rows.slice(0, PAGE).join(';');
	};
	const server = createServer((incoming, response) => {
		const { pathname, searchParams } = new URL(incoming.url ?? '', 'http://vendor');
		const body = JSON.stringify({ code: 0, record: answer(pathname, searchParams) });
		setTimeout(() => response.setHeader('content-type', 'application/json').end(body), LATENCY_MS);
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return { url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`, server };
}

function accountOf(url: string): Account {
	const connection: ProtrackConnection = { baseUrl: url, account: 'bench', secretType: 'password', secret: 'bench-secret', allowCommands: false, allowPrivateAddresses: true, rateLimit: 60_000_000 };
	return new Account(trackceo as unknown as Provider, connection);
}

interface Measured {
	ms: number;
	cpuMs: number;
}

async function measured(work: () => Promise<unknown>): Promise<Measured> {
	globalThis.gc?.();
	const cpu = process.cpuUsage();
	const start = performance.now();
	await work();
	const { user, system } = process.cpuUsage(cpu);
	return { ms: performance.now() - start, cpuMs: (user + system) / 1000 };
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Runs two ways of doing the same in turn, so that whatever else the machine does weighs on both. */
async function sideBySide(ours: () => Promise<unknown>, theirs: () => Promise<unknown>): Promise<{ ours: Measured; theirs: Measured }> {
	const all = { ours: [] as Measured[], theirs: [] as Measured[] };
	await ours();
	await theirs();
	for (let run = 0; run < RUNS; run++) {
		all.theirs.push(await measured(theirs));
		all.ours.push(await measured(ours));
	}
	const of = (runs: readonly Measured[]) => ({ ms: median(runs.map(({ ms }) => ms)), cpuMs: median(runs.map(({ cpuMs }) => cpuMs)) });
	return { ours: of(all.ours), theirs: of(all.theirs) };
}

const ratioOf = (name: string, value: number, unit: string, against: string, other: number, most: number): Result => ({ name, value: round(value), unit, against, ratio: round(value / other), target: `at most ${String(most)} x`, pass: value / other <= most });
const limitOf = (name: string, value: number, unit: string, most: number): Result => ({ name, value: round(value), unit, against: '-', ratio: null, target: `at most ${String(most)} ${unit}`, pass: value <= most });
const round = (value: number) => Math.round(value * 100) / 100;

async function ask(agent: Agent, url: string): Promise<{ record: unknown }> {
	const { body } = await request(url, { dispatcher: agent });
	return (await body.json()) as { record: unknown };
}

async function playback(): Promise<Result[]> {
	const points = 100 * PAGE;
	const { url, server } = await startVendor(points);
	const agent = new Agent({ connections: 4 });
	const account = accountOf(url);
	const bare = async () => {
		let count = 0;
		for (let begin = START; ; ) {
			const { record } = await ask(agent, `${url}/api/playback?imei=358899051000001&begintime=${String(begin)}&endtime=${String(START + points)}`);
			const rows = (record as string).split(';').map((row) => {
				const [longitude, latitude, gpstime, speed, course] = row.split(',').map(Number);
				return { longitude, latitude, gpstime, speed, course };
			});
			count += rows.length;
			if (rows.length < PAGE) break;
			begin = rows.at(-1)?.gpstime ?? begin;
		}
		return count;
	};
	const ours = async () => {
		let count = 0;
		for await (const page of account.client(() => undefined).run(getHistory as unknown as AnyOperation, { devices: '358899051000001', begin: START, end: START + points })) count += page.length;
		if (count !== points) throw new Error(`${String(count)} of ${String(points)} points`);
	};
	const result = await sideBySide(ours, bare);
	await account.close();
	await agent.close();
	server.close();
	return [
		ratioOf('playback', result.ours.ms, 'ms', 'bare undici loop, page after page', result.theirs.ms, 1.25),
		ratioOf('playback-cpu', result.ours.cpuMs, 'ms', 'its CPU (the vendor in the same process included)', result.theirs.cpuMs, 2),
	];
}

async function fleet(): Promise<Result[]> {
	const devices = Array.from({ length: 10_000 }, (_, index) => String(358899051000000 + index));
	const { url, server } = await startVendor(0);
	const agent = new Agent({ connections: 4 });
	const account = accountOf(url);
	const bare = async () => {
		const batches = Array.from({ length: 100 }, (_, index) => devices.slice(index * 100, index * 100 + 100));
		const next = batches[Symbol.iterator]();
		const found: unknown[] = [];
		await Promise.all(Array.from({ length: 4 }, async () => {
			for (let batch = next.next(); !batch.done; batch = next.next()) found.push(...((await ask(agent, `${url}/api/track?imeis=${batch.value.join(',')}`)).record as unknown[]));
		}));
		return found;
	};
	const ours = () => account.client(() => undefined).collect(getCurrent as unknown as AnyOperation, { devices });
	const result = await sideBySide(ours, bare);
	await account.close();
	await agent.close();
	server.close();
	return [ratioOf('fleet', result.ours.ms, 'ms', 'bare undici loop, 4 at once', result.theirs.ms, 1.1)];
}

async function memory(): Promise<Result[]> {
	const points = 1_000_000;
	const { url, server } = await startVendor(points);
	const account = accountOf(url);
	const collect = globalThis.gc;
	if (collect === undefined) throw new Error('run with --expose-gc');
	collect();
	const before = process.memoryUsage().heapUsed;
	let most = 0;
	let pages = 0;
	let count = 0;
	for await (const page of account.client(() => undefined).run(getHistory as unknown as AnyOperation, { devices: '358899051000001', begin: START, end: START + points }, { deadlineMs: 600_000 })) {
		count += page.length;
		if (++pages % 100 === 0) {
			collect();
			most = Math.max(most, process.memoryUsage().heapUsed - before);
		}
	}
	if (count !== points) throw new Error(`${String(count)} of ${String(points)} points`);
	await account.close();
	server.close();
	return [limitOf('memory', most / 2 ** 20, 'MB of growth over 1,000,000 fixes', 150)];
}

/** Milliseconds to require all nodes of a host, in a process of its own. */
function loading(name: string, files: readonly string[], stub: string): Result {
	const code = `${stub}; const t = performance.now(); for (const f of ${JSON.stringify(files)}) require(f); console.log(performance.now() - t);`;
	const times = Array.from({ length: RUNS }, () => Number(spawnSync(process.execPath, ['-e', code], { encoding: 'utf8', cwd: ROOT }).stdout));
	return limitOf(name, median(times), 'ms', 60);
}

function start(): Result[] {
	const dist = join(ROOT, 'dist');
	const n8n = ['nodes/TrackCeo/TrackCeo.node.js', 'nodes/ETrack/ETrack.node.js', 'credentials/TrackCeoApi.credentials.js', 'credentials/ETrackApi.credentials.js'].map((file) => join(dist, file));
	const nodes = join(ROOT, 'node-red', 'dist', 'nodes');
	const nodeRed = readdirSync(nodes).filter((name) => name.endsWith('.js')).map((name) => join(nodes, name));
	// n8n itself has loaded n8n-workflow and zod long before.
	return [loading('start-n8n', n8n, "require('n8n-workflow'); require('zod/v4')"), loading('start-node-red', nodeRed, '')];
}

function size(): Result[] {
	const artifacts = join(ROOT, 'artifacts');
	spawnSync(process.execPath, [join(ROOT, 'scripts', 'pack.mjs')], { cwd: ROOT });
	return readdirSync(artifacts).sort().map((name) => limitOf(`size-${name.startsWith('n8n') ? 'n8n' : 'node-red'}`, statSync(join(artifacts, name)).size / 1024, 'KB', 250));
}

const BENCHMARKS: Readonly<Record<string, () => Result[] | Promise<Result[]>>> = { playback, fleet, memory, start, size };

async function main(): Promise<void> {
	const { values } = parseArgs({ options: { json: { type: 'boolean', default: false }, only: { type: 'string' } } });
	const results: Result[] = [];
	for (const [name, run] of Object.entries(BENCHMARKS)) {
		if (values.only !== undefined && values.only !== name) continue;
		results.push(...(await run()));
	}
	if (values.json) console.log(JSON.stringify({ results }));
	else for (const { name, value, unit, against, ratio, target, pass } of results) console.log(`${pass ? 'pass' : 'FAIL'}  ${name.padEnd(15)} ${String(value)} ${unit}${ratio === null ? '' : `, ${String(ratio)} x ${against}`} (${target})`);
}

main().catch((error: unknown) => {
	console.error(error);
	process.exitCode = 1;
});
