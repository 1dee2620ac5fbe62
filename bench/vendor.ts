/**
 * A TrackCEO that answers from memory after a set latency, in a process of its own: what is measured is the client
 * alone.
 * It keeps no sessions and refuses nothing.
 */
import { fork } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export const LATENCY_MS = 5;
export const PAGE = 1000;
/** Time of the first point; there is one for each second behind it. */
export const START = 1_700_000_000;
export const DEVICE = '358899051000001';
export const devices = (count: number) => Array.from({ length: count }, (_, index) => String(358899051000000 + index));

export interface Vendor {
	url: string;
	/** Requests since the last call. */
	requests(): Promise<number>;
	close(): Promise<void>;
}

/** @param points how many a playback has in all */
export async function startVendor(points = 0): Promise<Vendor> {
	const child = fork(__filename, [String(points)], { execArgv: ['--import', 'tsx'] });
	const told = async <T>() =>
		await new Promise<T>((resolve, reject) => {
			child.once('message', (message) => resolve(message as T));
			child.once('exit', () => reject(new Error('the vendor has ended')));
		});
	const url = await told<string>();
	return {
		url,
		requests: async () => {
			child.send('requests');
			return await told<number>();
		},
		close: async () => {
			const ended = new Promise((resolve) => child.once('exit', resolve));
			child.kill();
			await ended;
		},
	};
}

function serve(points: number): void {
	const point = (second: number) =>
		`26.${String(100000 + (second % 90000))},44.${String(400000 + (second % 90000))},${String(START + second)},${String(second % 90)},${String(second % 360)}`;
	const all = Array.from({ length: points }, (_, second) => point(second));
	const position = (imei: string) => ({
		imei,
		course: 195,
		systemtime: START,
		gpstime: START,
		speed: 40,
		hearttime: START,
		servertime: START,
		longitude: 26.1,
		latitude: 44.4,
		acctime: 1400,
		accstatus: 1,
		doorstatus: 0,
		chargestatus: 0,
		oilpowerstatus: 1,
		defencestatus: 0,
		datastatus: 2,
		battery: 100,
		mileage: 51654,
		todaymileage: 15654,
	});
	const answer = (path: string, query: URLSearchParams): unknown => {
		if (path === '/api/authorization') return { access_token: 'bench-token', expires_in: 7200 };
		if (path === '/api/track') return (query.get('imeis') ?? '').split(',').map(position);
		const begin = Math.max(0, Number(query.get('begintime')) - START);
		const end = Number(query.get('endtime')) - START;
		return all.slice(begin, Math.min(begin + PAGE, end + 1)).join(';');
	};
	let requests = 0;
	const server = createServer((incoming, response) => {
		requests += 1;
		const { pathname, searchParams } = new URL(incoming.url ?? '', 'http://vendor');
		const body = JSON.stringify({ code: 0, record: answer(pathname, searchParams) });
		setTimeout(() => response.setHeader('content-type', 'application/json').end(body), LATENCY_MS);
	});
	// A hand-built flow may open a connection for each of 10,000 items at once.
	server.listen({ port: 0, host: '127.0.0.1', backlog: 20_000 }, () =>
		process.send?.(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`),
	);
	process.on('message', () => {
		process.send?.(requests);
		requests = 0;
	});
	process.on('disconnect', () => process.exit());
}

if (require.main === module) serve(Number(process.argv[2]));
