/** 7: an account's requests keep to its quota, four at once at most, and commands go first. */
import { kitOf, VENDOR_NAMES } from '../hosts/vendor';
import { randomOf } from '../support/mutations';
import { json } from '../support/test-host';
import { providerOf, type Ask, type Hosts } from './hosts';
import type { Settings } from './main';
import { afterLogin, serve } from './servers';
import type { Sheet } from './sheet';
import { virtual, type Virtual } from './virtual';

const MINUTE = 60_000;

/** Most requests in any 60 seconds. */
function fullest(times: readonly number[]): number {
	const sorted = [...times].sort((a, b) => a - b);
	let most = 0;
	for (let first = 0, last = 0; last < sorted.length; last++) {
		while ((sorted[last] ?? 0) - (sorted[first] ?? 0) >= MINUTE) first += 1;
		most = Math.max(most, last - first + 1);
	}
	return most;
}

async function windows(sheet: Sheet, seed: number): Promise<void> {
	let worst = 0;
	let sent = 0;
	let atOnce = 0;
	const over: string[] = [];
	for (const vendor of VENDOR_NAMES) {
		for (let round = 0; round < 6; round++) {
			const random = randomOf(seed + round);
			const quota = [2, 10, 60, 240, 600, 3000][round % 6] ?? 60;
			const burst = Math.min(providerOf(vendor).limits.burst, quota);
			let running = 0;
			const client: Virtual = virtual(
				vendor,
				async () => {
					running += 1;
					atOnce = Math.max(atOnce, running);
					await client.host.sleep(Math.floor(random() * 900));
					running -= 1;
					return json(
						random() < 0.1
							? 'busy'
							: '{"code":0,"record":[],"Code":200,"Data":{"data":[]},"ErrorCode":0,"payload":[],"isSuccess":true}',
						random() < 0.05 ? 503 : 200,
					);
				},
				{ rateLimit: quota },
			);
			// Bursts and pauses of people and polls, each with an answer in the end or given up.
			const wanted = Math.min(1500, quota * 3 + 20);
			const operation = kitOf(vendor).read;
			const all: Promise<unknown>[] = [];
			for (let count = 0; count < wanted; count++) {
				if (random() < 0.02) await client.host.sleep(Math.floor(random() * 30_000));
				all.push(client.run(operation, {}, { deadlineMs: 1e9, priority: random() < 0.5 ? 'poll' : 'person' }));
			}
			await Promise.all(all);
			const most = fullest(client.host.sent.map(({ at }) => at));
			sent += client.host.sent.length;
			worst = Math.max(worst, most / (quota + burst));
			if (most > quota + burst) over.push(`${vendor} at ${String(quota)}: ${String(most)}`);
		}
	}
	sheet.part(
		'fullest 60 s',
		'core',
		`${(worst * 100).toFixed(0)} % of quota and burst over ${sent.toLocaleString('en')} requests of ${String(VENDOR_NAMES.length)} vendors${over.length > 0 ? `: ${over.join(', ')}` : ''}`,
		'at most 100 %',
		over.length === 0 && sent > 5000,
	);
	sheet.part('requests at once', 'core', String(atOnce), 'at most 4', atOnce <= 4);
}

async function overtaking(sheet: Sheet, { both }: Hosts): Promise<void> {
	await Promise.all(
		both.map(async (host) => {
			const order: string[] = [];
			let running = 0;
			let most = 0;
			const server = await serve(
				afterLogin('trackceo', kitOf('trackceo').login, (request, response) => {
					order.push((request.url ?? '').includes('/command/send') ? 'command' : 'read');
					most = Math.max(most, ++running);
					setTimeout(() => {
						running -= 1;
						response.end(
							(request.url ?? '').includes('/command/send')
								? '{"code":0,"record":{"commandid":"1"}}'
								: '{"code":0,"record":""}',
						);
					}, 120);
				}),
			);
			const account = { rateLimit: 600 };
			const read: Ask = {
				vendor: 'trackceo',
				baseUrl: server.url,
				operation: 'position.getHistory',
				params: {
					devices: Array.from({ length: 60 }, (_, index) => String(358_899_051_000_000 + index)).join(','),
					begin: '2026-01-01',
					end: '2026-01-02',
				},
				account,
				timeout: 60,
			};
			const command: Ask = {
				vendor: 'trackceo',
				baseUrl: server.url,
				operation: 'command.send',
				params: { device: '358899051000001', command: 'RELAY,1', waitForAnswer: false },
				account,
				timeout: 60,
			};
			await host.ask([read, read, read, command]);
			await server.close();
			const place = order.indexOf('command');
			sheet.part(
				'reads sent before a command',
				host.name,
				place === -1
					? 'no command'
					: `${String(place)} of ${String(order.length - 1)} that wait, ${String(most)} at once`,
				'it overtakes what is queued; at most 4 at once',
				place !== -1 && place < 40 && order.length > 100 && most <= 4,
			);
		}),
	);
}

export async function quota(sheet: Sheet, hosts: Hosts, { seed }: Settings): Promise<void> {
	await windows(sheet, seed);
	await overtaking(sheet, hosts);
}
