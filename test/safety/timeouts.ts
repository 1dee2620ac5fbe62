/** 3: no attempt outlasts its 30 s, whatever the other side does with it, and no run its Timeout. */
import type { RequestListener, ServerResponse } from 'node:http';
import { kitOf } from '../hosts/vendor';
import type { Ask, Host, Hosts, Told } from './hosts';
import { afterLogin, serve, serveSockets, serveTls, type Running } from './servers';
import type { Sheet } from './sheet';
import { Turns } from './turns';

const ATTEMPT = 30_000;
const TOLERANCE = 200;
const { login } = kitOf('trackceo');
/** A write: one attempt, whatever comes. */
const WRITE = {
	vendor: 'trackceo',
	operation: 'message.send',
	params: { accounts: 'demo', content: 'hello' },
} as const;
const READ = {
	vendor: 'trackceo',
	operation: 'position.getHistory',
	params: { devices: '358899051000001', begin: '2026-01-01', end: '2026-01-08' },
} as const;

const drip = (response: ServerResponse, everyMs = 100) => {
	response.writeHead(200, { 'content-type': 'application/json' });
	const timer = setInterval(() => response.write(' '), everyMs);
	response.on('close', () => clearInterval(timer));
};
const dripped: RequestListener = afterLogin('trackceo', login, (_, response) => drip(response));

interface Case {
	what: string;
	server: Running | undefined;
	ask: Ask;
	/** Which of the server's connections is measured: the one that the attempt was made on. */
	most: number;
	exact: boolean;
	/** Whether its connections come to be; the socket of one that does not may outlive the attempt. */
	answered: boolean;
}

async function casesOf({ certificates }: Hosts): Promise<Case[]> {
	const attempt = (
		what: string,
		server: Running | undefined,
		answered = true,
		baseUrl = server?.url ?? '',
	): Case => ({ what, server, ask: { ...WRITE, baseUrl }, most: ATTEMPT, exact: true, answered });
	const within = (what: string, server: Running, seconds: number, more: Partial<Ask> = {}): Case => ({
		what,
		server,
		ask: { ...READ, baseUrl: server.url, timeout: seconds, ...more },
		most: seconds * 1000,
		exact: false,
		answered: true,
	});
	const headers = await serveSockets('http', '127.0.0.1', (socket) => {
		let asked = '';
		socket.on('data', (data) => {
			asked += String(data);
			if (login.test(/ (\S+?)\?/.exec(asked)?.[1] ?? '')) {
				asked = '';
				const body = '{"code":0,"record":{"access_token":"a-token-for-this-session","expires_in":7200}}';
				socket.write(
					`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${String(body.length)}\r\nconnection: close\r\n\r\n${body}`,
					() => socket.end(),
				);
				return;
			}
			socket.write('HTTP/1.1 200 OK\r\n');
			const timer = setInterval(() => socket.write('x-wait: 1\r\n'), 500);
			socket.on('close', () => clearInterval(timer));
		});
	});
	const pages = (delayMs: number): RequestListener =>
		afterLogin('trackceo', login, (request, response) => {
			const begin = Number(new URL(request.url ?? '', 'http://vendor').searchParams.get('begintime'));
			const points = Array.from(
				{ length: 1000 },
				(_point, index) => `26.1,44.4,${String(begin + index)},40,90`,
			).join(';');
			setTimeout(() => response.end(JSON.stringify({ code: 0, record: points })), delayMs);
		});
	return [
		attempt('no answer', await serve(afterLogin('trackceo', login, () => undefined))),
		attempt('dripping headers', headers),
		attempt('dripping body', await serve(dripped)),
		attempt('dripping body over TLS', await serveTls(certificates, dripped)),
		attempt(
			'TLS handshake that never ends',
			await serveSockets('https', 'tls.vendor.test', (socket) => socket.resume()),
			false,
		),
		attempt('name that is never resolved', undefined, false, 'http://slow.vendor.test:9'),
		within('a login', await serve(() => undefined), 3),
		within(
			'retries',
			await serve(afterLogin('trackceo', login, (_, response) => response.writeHead(503).end())),
			6,
		),
		within('a dripping body', await serve(dripped), 4),
		within('endless pages', await serve(pages(300)), 5, { dropped: true }),
		within('the queue', await serve(pages(0)), 4, { account: { rateLimit: 1 } }),
	];
}

/**
 * When the first of its connections was made, in milliseconds since 1970; where there is none, when the name was asked
 * for.
 */
function beganAt({ server }: Case, host: Host): number {
	const [first] = server?.spans ?? [];
	if (first !== undefined) return performance.timeOrigin + first.begin;
	return Number(/FLEETWIRE-LOOKUP slow\.vendor\.test (\d+)/.exec(host.logs())?.[1]);
}

/** An attempt from connecting to closing; a run from its first connection to its end. In milliseconds since 1970. */
function lasted(each: Case, { endedAt }: Told, host: Host): { begin: number; end: number } {
	const { server, exact, answered } = each;
	const spans = (server?.spans ?? []).map(({ begin, end = performance.now() }) => ({
		begin: performance.timeOrigin + begin,
		end: performance.timeOrigin + end,
	}));
	return exact && answered && spans.length > 0
		? spans.reduce((a, b) => (b.end - b.begin > a.end - a.begin ? b : a))
		: { begin: beganAt(each, host), end: endedAt };
}

interface Figure extends Case {
	ms: number;
	/** How long the processes waited for a processor about its begin and its end: by so much it may be off. */
	waited: number;
	told: Told;
}

/** By how much it is off, beyond what the machine adds. */
const offBy = ({ ms, most, waited }: Figure) => Math.max(0, Math.abs(ms - most) - waited);
const lateBy = ({ ms, most, waited }: Figure) => Math.max(ms - most - waited, Math.min(0, ms - most));

async function measured(host: Host, hosts: Hosts, wanted: (each: Case) => boolean): Promise<Figure[]> {
	const all = await casesOf(hosts);
	const turns = new Turns([host.pid]);
	try {
		const cases = all.filter(wanted);
		const told = await host.ask(cases.map(({ ask }) => ask));
		return cases.map((each, index) => {
			const { begin, end } = lasted(each, told[index] as Told, host);
			return { ...each, ms: end - begin, waited: turns.waited(begin, end), told: told[index] as Told };
		});
	} finally {
		turns.stop();
		await Promise.all(all.map(({ server }) => server?.close()));
	}
}

const seconds = (ms: number) => (ms / 1000).toFixed(2);
/** What of a figure is the machine's, where it matters. */
const busy = (waited: number) => (waited < 20 ? '' : `, ${seconds(waited)} s without a processor`);

async function inHost(sheet: Sheet, host: Host, hosts: Hosts): Promise<void> {
	// What a host loads at its first run is not part of an attempt.
	await host.ask(Array.from({ length: 4 }, () => ({ ...WRITE, baseUrl: 'http://127.0.0.1:9' })));
	const figures = await measured(host, hosts, () => true);
	for (const {
		what,
		ms,
		waited,
		told: { records, error },
	} of figures)
		console.log(
			`        ${host.name}: ${what}: ${seconds(ms)} s${busy(waited)}: ${(error ?? JSON.stringify(records)).slice(0, 160)}`,
		);
	const attempts = figures.filter(({ exact }) => exact);
	const worst = attempts.reduce((a, b) => (offBy(b) > offBy(a) ? b : a));
	const said = figures.every(
		({ told: { error, records } }) => error !== undefined || JSON.stringify(records).includes('unknown'),
	);
	const times = attempts.map(({ ms }) => ms);
	sheet.part(
		'one attempt',
		host.name,
		`${seconds(Math.min(...times))} to ${seconds(Math.max(...times))} s over ${String(attempts.length)} kinds of slowness (furthest: ${worst.what}${busy(worst.waited)})`,
		'30 s ± 0.2 s',
		said && offBy(worst) <= TOLERANCE,
	);
	const lateness = (some: readonly Figure[]) => Math.max(...some.filter(({ exact }) => !exact).map(lateBy));
	let late = lateness(figures);
	let tries = 1;
	// These are short, and the first round of them began together with all that is slow: they are measured once more.
	for (; late > TOLERANCE && tries < 3; tries++)
		late = Math.min(late, lateness(await measured(host, hosts, ({ exact }) => !exact)));
	sheet.part(
		'a run beyond its Timeout',
		host.name,
		`${late <= 0 ? 'never' : `${seconds(late)} s`} with a login that hangs, retries, a dripping body, endless pages and a queue${tries === 1 ? '' : ` (best of ${String(tries)})`}`,
		'at most 0.2 s late',
		late <= TOLERANCE,
	);
}

export async function timeouts(sheet: Sheet, hosts: Hosts): Promise<void> {
	await Promise.all(hosts.both.map((host) => inHost(sheet, host, hosts)));
}
