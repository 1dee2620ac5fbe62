/** 2: a read is tried again with measure, and an outage is not answered with a storm. */
import { Unreachable } from '../../core/describe/errors';
import { kitOf } from '../hosts/vendor';
import { json } from '../support/test-host';
import type { Hosts } from './hosts';
import { afterLogin, serve } from './servers';
import type { Sheet } from './sheet';
import { virtual } from './virtual';

const READS = 10_000;
const READ = ['position.getCurrent', { devices: '358899051000001' }] as const;
const outages = {
	'no connection': () => Promise.reject(new Unreachable('Nothing listens there.', { retryable: true })),
	503: () => json('down', 503),
	429: () => json('slow down', 429),
	html: () => json('<html>'),
} as const;

async function attempts(sheet: Sheet): Promise<void> {
	let most = 0;
	const waits: number[] = [];
	for (let round = 0; round < 150; round++) {
		for (const respond of Object.values(outages)) {
			const { host, run } = virtual('trackceo', respond);
			await run(...READ);
			most = Math.max(most, host.sent.length);
			for (const [index, { at }] of host.sent.slice(1).entries()) waits.push(at - (host.sent[index]?.at ?? 0));
		}
	}
	waits.sort((a, b) => a - b);
	const [least = 0, longest = 0] = [waits[0], waits.at(-1)];
	// Full jitter: the waits fill their whole range, and no tenth of it is crowded.
	const spread = new Set(waits.map((wait) => Math.floor(wait / 500))).size;
	sheet.part(
		'attempts of one read',
		'core',
		`${String(most)}, waits of ${(least / 1000).toFixed(2)} to ${(longest / 1000).toFixed(2)} s in ${waits.length.toLocaleString('en')} retries`,
		'at most 3, full jitter 0.5 to 20 s',
		most === 3 && least >= 500 && longest <= 20_010 && spread >= 36,
	);
}

async function retryAfter(sheet: Sheet): Promise<void> {
	let wrong = 0;
	for (let seconds = 1; seconds <= 200; seconds++) {
		const { host, run } = virtual('trackceo', () => json('later', 429, { 'retry-after': String(seconds) }), {
			rateLimit: 60_000,
		});
		const began = host.time;
		await run(READ[0], READ[1], { deadlineMs: 100_000 });
		const [, second] = host.sent;
		if (seconds < 100 ? second === undefined || second.at - began < seconds * 1000 : second !== undefined)
			wrong += 1;
		if (host.time - began > 100_000) wrong += 1;
	}
	sheet.part(
		'Retry-After of 1 to 200 s with a deadline of 100 s',
		'core',
		`${String(wrong)} not honoured`,
		'honoured within the deadline',
		wrong === 0,
	);
}

async function outage(sheet: Sheet): Promise<void> {
	const figures: string[] = [];
	let most = 0;
	for (const [name, respond] of Object.entries(outages)) {
		// One after the other, each when the breaker lets a probe through: the way that costs most.
		const slow = virtual('trackceo', respond);
		for (let count = 0; count < READS; count++) {
			await slow.run(...READ);
			slow.host.time += 31_000;
		}
		const fast = virtual('trackceo', respond);
		await Promise.all(Array.from({ length: READS }, () => fast.run(READ[0], READ[1], { deadlineMs: 3_600_000 })));
		figures.push(
			`${name} ${slow.host.sent.length.toLocaleString('en')} and ${fast.host.sent.length.toLocaleString('en')}`,
		);
		most = Math.max(most, slow.host.sent.length, fast.host.sent.length);
	}
	sheet.part(
		'requests of 10,000 reads in an outage',
		'core',
		`${figures.join(', ')} (one each 31 s, and all at once)`,
		'at most 10,100',
		most <= READS + 100,
	);
}

async function breaker(sheet: Sheet): Promise<void> {
	let [opened, held, probes, longest, words] = [0, 0, 0, 0, ''];
	for (let round = 0; round < 40; round++) {
		let down = true;
		const { host, run } = virtual('trackceo', () => (down ? json('down', 503) : json({ code: 0, record: [] })));
		while (host.sent.length < 5) await run(...READ);
		opened = Math.max(opened, host.sent.length);
		const { error } = await run(...READ);
		if (/failed 5 times in a row, so requests are held back for \d+ s/.test(error?.message ?? '')) held += 1;
		words = error?.message ?? '';
		const from = host.time;
		const before = host.sent.length;
		while (host.sent.length === before) {
			await host.sleep(250);
			// Many at once: one of them is the probe.
			await Promise.all(Array.from({ length: 20 }, () => run(...READ)));
		}
		probes = Math.max(probes, host.sent.length - before);
		longest = Math.max(longest, (host.sent[before]?.at ?? 0) - from);
		down = false;
	}
	sheet.part(
		'the breaker',
		'core',
		`opens after ${String(opened)} failures, lets ${String(probes)} probe of 20 requests through ${(longest / 1000).toFixed(1)} s later, and says "${words}"`,
		'after 5, one probe after 30 s, and the error says so',
		opened === 5 && held === 40 && probes === 1 && Math.abs(longest - 30_000) <= 500,
	);
}

async function inHosts(sheet: Sheet, { both }: Hosts): Promise<void> {
	await Promise.all(
		both.map(async (host) => {
			const requests: number[] = [];
			const servers = await Promise.all(
				[503, 429, 0].map(
					async (status, index) =>
						await serve(
							afterLogin('trackceo', kitOf('trackceo').login, (_, response) => {
								requests[index] = (requests[index] ?? 0) + 1;
								if (status === 0) response.socket?.resetAndDestroy();
								else response.writeHead(status).end();
							}),
						),
				),
			);
			await host.ask(
				servers.map(({ url }) => ({
					vendor: 'trackceo' as const,
					baseUrl: url,
					operation: READ[0],
					params: READ[1],
					timeout: 60,
				})),
			);
			await Promise.all(servers.map((server) => server.close()));
			sheet.part(
				'attempts of one read',
				host.name,
				`${requests.join(', ')} under 503, 429, reset`,
				'at most 3',
				requests.length === 3 && requests.every((count) => count === 3),
			);
		}),
	);
}

export async function reads(sheet: Sheet, hosts: Hosts): Promise<void> {
	// The hosts wait for their retries while the core counts its own.
	const hosted = inHosts(sheet, hosts);
	await attempts(sheet);
	await retryAfter(sheet);
	await outage(sheet);
	await breaker(sheet);
	await hosted;
}
