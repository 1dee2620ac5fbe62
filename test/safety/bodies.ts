/** 4: large answers are refused at little cost, and long ones pass through. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { setTimeout as sleep } from 'node:timers/promises';
import { kitOf } from '../hosts/vendor';
import { memoryOf, type Ask, type Host, type Hosts, type Told } from './hosts';
import { longLists } from './long-lists';
import { afterLogin, serve } from './servers';
import type { Sheet } from './sheet';

const MB = 1024 * 1024;
const { login } = kitOf('trackceo');
const FIXES = 1_000_000;
const PAGE = 1000;
const START = 1_700_000_000;

/** 200 MB in some 200 KB. */
async function bomb(): Promise<Buffer> {
	const gzip = createGzip({ level: 9 });
	const block = Buffer.alloc(MB, ' ');
	const parts: Buffer[] = [];
	gzip.on('data', (part: Buffer) => parts.push(part));
	for (let count = 0; count < 200; count++)
		if (!gzip.write(block)) await new Promise((resolve) => gzip.once('drain', resolve));
	await new Promise<void>((resolve) => gzip.end(resolve));
	return Buffer.concat(parts);
}

/** Resident memory of a process now and at its highest since the last reset, in MB. */
const memory = (pid: number, what: 'VmRSS' | 'VmHWM') =>
	Number(new RegExp(`${what}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1]) / 1024;

/** How far a process's memory rose while something was done. */
async function growth(pid: number, work: () => Promise<unknown>): Promise<number> {
	writeFileSync(`/proc/${String(pid)}/clear_refs`, '5');
	const before = memory(pid, 'VmRSS');
	await work();
	return memory(pid, 'VmHWM') - before;
}

async function bombs(sheet: Sheet, host: Host): Promise<void> {
	const body = await bomb();
	let harmless = true;
	const server = await serve(
		afterLogin('trackceo', login, (_, response) => {
			if (harmless) response.end(JSON.stringify({ code: 0, record: [] }));
			else response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(body);
		}),
	);
	const ask: Ask = {
		vendor: 'trackceo',
		baseUrl: server.url,
		operation: 'position.getCurrent',
		params: { devices: '358899051000001' },
	};
	try {
		// What a host loads and keeps at its first few runs is not the bomb's.
		for (let count = 0; count < 10; count++) await host.ask([ask]);
		harmless = false;
		await sleep(500);
		let error = '';
		const first = await growth(host.pid, async () => {
			error = (await host.ask([ask]))[0]?.error ?? 'no error';
		});
		const refused = error.includes('larger than 16 MiB');
		sheet.part(
			'memory for a bomb',
			host.name,
			`${String(Math.round(first))} MB for ${String(Math.round(body.length / 1024))} KB that unpack to 200 MB${refused ? ', refused' : `: ${error}`}`,
			'at most 40 MB, refused over 16 MiB',
			refused && first <= 40,
		);
	} finally {
		await server.close();
	}
}

type Bodies = Readonly<Record<string, () => string>>;

const SIZE = 16 * MB - 100_000;
const filled = (unit: string) => unit.repeat(Math.floor(SIZE / Buffer.byteLength(unit)));
const named = () =>
	Array.from({ length: 1_000_000 }, (_, index) => `"${(index * 2_654_435_761).toString(36)}":1`).join();
const location = (text: string) =>
	JSON.stringify({
		ErrorCode: 0,
		LastVehiclePositions: [{ NodeId: 1, EventTimeUTC: '2026-01-31T08:00:00', Location: text }],
	});

/** As much as an answer may hold of what takes a program longest. */
const ENDLESS: Bodies = {
	'lists within lists': () => '['.repeat(SIZE),
	'objects within objects': () => filled('{"a":'),
	'2,000 levels': () => `{"ErrorCode":0,"A":${'['.repeat(2000)}1${']'.repeat(2000)}}`,
	'empty objects': () => `[${filled('{},')}{}]`,
	nothing: () => `[${filled('null,')}null]`,
	'names that differ': () => `{${named()}}`,
	'blanks in a text': () => location(`a${filled(' ')}x`),
	'one text': () => location(filled('x')),
	'marks in a text': () => location(filled('…')),
	'control characters': () => location('\u0000'.repeat(SIZE / 6)),
	digits: () => `{"ErrorCode":${filled('1')}}`,
	'an error without an end': () => JSON.stringify({ ErrorCode: filled('<b>…') }),
};

/** A token of short parts is searched for sign by sign, in all ways of escaping it. */
const TOKEN = 'ab&cd&ef&gh&ij&kl&mn';
/** Texts that begin as the token does, and go on in what may be signs of it. */
const LIKE_THE_TOKEN: Bodies = Object.fromEntries(
	['&', '&a', '&q', '&#', '&#38;', '%', '%2', '%25', 'ab&', TOKEN.slice(0, -1)].map((unit) => [
		`the token's signs, ${unit}`,
		() => location(`ab${filled(unit)}`),
	]),
);

const HOUR_MS = 3_600_000;
/** Local times in hours of their own: no answer of another is a help. */
const localTime = (place: number) => new Date(Date.UTC(2001, 0) + place * HOUR_MS).toISOString().slice(0, 19);
const records = (recordOf: (one: string, other: string) => object) =>
	Array.from({ length: 100_000 }, (_, place) => recordOf(localTime(2 * place), localTime(2 * place + 1)));

interface Kind {
	ask: Omit<Ask, 'baseUrl'>;
	/** An ordinary answer. */
	first: string;
	bodies: Bodies;
	token?: string;
	send?: (response: ServerResponse, body: string) => void;
}

/** Each byte in an HTTP chunk of its own. */
function byteByByte({ socket }: ServerResponse, body: string): void {
	const PART = 10_000;
	const chunks = function* () {
		yield 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n';
		for (let at = 0; at < body.length; at += PART) yield body.slice(at, at + PART).replace(/./gs, '1\r\n$&\r\n');
		yield '0\r\n\r\n';
	};
	if (socket !== null) Readable.from(chunks()).pipe(socket, { end: false });
}

const CTRACK = { vendor: 'ctrack', operation: 'position.getCurrentOfAll', params: {} };
const KINDS: readonly Kind[] = [
	{ ask: CTRACK, first: location('Somewhere'), bodies: ENDLESS },
	{ ask: CTRACK, first: location('Somewhere'), bodies: LIKE_THE_TOKEN, token: TOKEN },
	{
		ask: CTRACK,
		first: location('Somewhere'),
		// n8n takes in no more of them in the time of a request.
		bodies: { '4 MB, byte by byte': () => location('x'.repeat(4e6)) },
		send: byteByByte,
	},
	{
		ask: { vendor: 'itracksense', operation: 'position.getCurrent', params: { devices: '*' }, limit: 10 },
		first: JSON.stringify({ Code: 200, Data: { total: 0, data: [] }, ErrMsg: '' }),
		bodies: {
			'200,000 local times': () => {
				const data = records((GPSTime, RcvTime) => ({ SIM2: '1', GPSTime, RcvTime }));
				return JSON.stringify({ Code: 200, Data: { total: data.length, data }, ErrMsg: '' });
			},
		},
	},
	{
		ask: {
			vendor: 'trackgps',
			operation: 'stop.getMany',
			params: { devices: '1', begin: '2024-01-01T00:00:00Z', end: '2024-01-02T00:00:00Z', minimumMinutes: 5 },
			limit: 10,
		},
		first: JSON.stringify({ payload: [] }),
		bodies: {
			'200,000 local times in stops': () =>
				JSON.stringify({
					payload: [
						{ results: { 1: records((startDate, endDate) => ({ vehicleId: 1, startDate, endDate })) } },
					],
				}),
		},
	},
];

interface Worst {
	ms: { most: number; title: string };
	mb: { most: number; title: string };
}

async function ofKind(host: Host, { ask: asked, first, bodies, token, send }: Kind, worst: Worst): Promise<void> {
	let body = first;
	const answer = (_: unknown, response: ServerResponse) => {
		if (send !== undefined && body !== first) send(response, body);
		else response.setHeader('content-type', 'application/json').end(body);
	};
	const server = await serve(afterLogin(asked.vendor, kitOf(asked.vendor).login, answer, token));
	const ask: Ask = { ...asked, baseUrl: server.url };
	try {
		for (let count = 0; count < 5; count++) await host.ask([ask]);
		for (const [title, made] of Object.entries(bodies)) {
			body = made();
			await memoryOf(host);
			let told = '';
			const mb = await growth(host.pid, async () => {
				const [{ error, records }] = (await host.ask([ask])) as [Told];
				told = error?.slice(0, 80) ?? `${String(records.length)} records`;
			});
			// It must have been looked at.
			if (/larger than|pauses/.test(told)) throw new Error(`${title}: ${told}`);
			const { busy: ms } = await memoryOf(host);
			console.log(`        ${host.name} ${title}: ${ms.toFixed(0)} ms, ${mb.toFixed(0)} MB: ${told}`);
			if (ms > worst.ms.most) worst.ms = { most: ms, title };
			if (mb > worst.mb.most) worst.mb = { most: mb, title };
		}
	} finally {
		await server.close();
	}
}

async function endless(sheet: Sheet, host: Host): Promise<void> {
	const worst: Worst = { ms: { most: 0, title: '' }, mb: { most: 0, title: '' } };
	for (const kind of KINDS) await ofKind(host, kind, worst);
	const { ms, mb } = worst;
	sheet.part(
		'16 MiB of anything',
		host.name,
		`at most ${ms.most.toFixed(0)} ms without a turn for others (${ms.title}), at most ${mb.most.toFixed(0)} MB (${mb.title})`,
		'at most 300 ms, at most 100 MB',
		ms.most <= 300 && mb.most <= 100,
	);
}

/** A track without an end in sight, in pages as the vendor gives them. */
async function history(sheet: Sheet, { nodeRed }: Hosts): Promise<void> {
	const server = await serve(
		afterLogin('trackceo', login, (request, response) => {
			const begin = Math.max(
				START,
				Number(new URL(request.url ?? '', 'http://vendor').searchParams.get('begintime')),
			);
			const points = Array.from(
				{ length: Math.max(0, Math.min(PAGE, START + FIXES - begin)) },
				(_, index) =>
					`26.${String(100000 + ((begin + index) % 90000))},44.${String(400000 + ((begin + index) % 90000))},${String(begin + index)},${String((begin + index) % 90)},${String((begin + index) % 360)}`,
			);
			response.end(JSON.stringify({ code: 0, record: points.join(';') }));
		}),
	);
	const ask: Ask = {
		vendor: 'trackceo',
		baseUrl: server.url,
		operation: 'position.getHistory',
		params: { devices: '358899051000001', begin: START, end: START + FIXES - 1 },
		result: 'record',
	};
	try {
		// A short one first, for what is loaded once.
		await nodeRed.stream({ ...ask, params: { ...ask.params, end: START + 20_000 } });
		const before = await memoryOf(nodeRed);
		let done = false;
		const streaming = nodeRed.stream(ask).finally(() => (done = true));
		let most = before;
		while (!done) {
			await sleep(300);
			const now = await memoryOf(nodeRed);
			most = { ...now, used: Math.max(most.used, now.used), rss: Math.max(most.rss, now.rss) };
		}
		const fixes = await streaming;
		const grown = most.used - before.used;
		sheet.part(
			'growth for a long history',
			'Node-RED',
			`${String(Math.round(grown))} MB in use (${String(Math.round(most.rss - before.rss))} MB resident) for ${fixes.toLocaleString('en')} fixes, a message each`,
			'under 150 MB for 1,000,000',
			fixes === FIXES && grown < 150,
		);
	} finally {
		await server.close();
	}
}

export async function bodies(sheet: Sheet, hosts: Hosts, { lists }: { lists: boolean }): Promise<void> {
	await Promise.all(hosts.both.map((host) => bombs(sheet, host)));
	for (const host of hosts.both) await endless(sheet, host);
	await history(sheet, hosts);
	if (lists) await longLists(sheet);
}
