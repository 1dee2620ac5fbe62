/**
 * A vendor of the Protrack platform whose records are in the test's hands: alarms that come late, in the wrong order,
 * many in one second, or dated in the future. What they have in common with the simulator is the document (sections
 * 2.1, 2.2, 2.7 and 2.8).
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const PAGE = 100;

export interface FedAlarm {
	imei: string;
	/** Number of the vendor's kind of alarm; by default one that the device has not raised in this second. */
	type?: number;
	/** When the vendor recorded it, UNIX seconds: what it pages by. */
	at: number;
	/** When it happened, if not then. */
	gpsTime?: number;
}

export class AlarmFeed {
	readonly alarms: Required<FedAlarm>[] = [];
	/** Paths of all requests. */
	readonly requests: string[] = [];
	/** Logins are refused. */
	refusing = false;
	/** Devices of which the vendor tells no alarms. */
	readonly failing = new Set<string>();
	/**
	 * Devices that the account has no longer, though a trigger may still name them: every request that does is refused.
	 */
	readonly gone = new Set<string>();
	/** Connections are cut. */
	down = false;
	/** How wrong the vendor's clock is. */
	skewSeconds = 0;
	/** Answers are held back for as long as this is unsettled. */
	hold: Promise<void> | undefined;
	private readonly heard = new Map<string, number>();
	private logins = 0;

	private constructor(
		private readonly server: Server,
		readonly imeis: readonly string[],
		private readonly clock: () => number,
	) {}

	static async start({
		imeis = ['358899051000001', '358899051000002', '358899051000003'],
		clock = Date.now,
	}: { imeis?: readonly string[]; clock?: () => number } = {}): Promise<AlarmFeed> {
		const server = createServer();
		const feed = new AlarmFeed(server, imeis, clock);
		server.on(
			'request',
			(request: IncomingMessage, response: ServerResponse) => void feed.serve(request, response),
		);
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		return feed;
	}

	get url(): string {
		return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
	}

	/** The vendor's clock, UNIX seconds. */
	now(): number {
		return Math.floor(this.clock() / 1000) + this.skewSeconds;
	}

	/** Devices that are heard of now, without an alarm. */
	hears(...imeis: string[]): void {
		for (const imei of imeis) this.heard.set(imei, this.now());
	}

	/** The device was last heard of so many seconds ago. */
	silent(imei: string, seconds: number): void {
		this.heard.set(imei, this.now() - seconds);
	}

	/** New alarms; devices that raise them are heard of now, unless the alarm had been on its way for long. */
	add(...alarms: FedAlarm[]): string[] {
		return alarms.map(({ imei, type, at, gpsTime = at }) => {
			const key = (kind: number) => `${imei}/${at}/${gpsTime}/${kind}`;
			let kind = type ?? 1;
			while (type === undefined && this.keys.includes(key(kind))) kind += 1;
			this.alarms.push({ imei, type: kind, at, gpsTime });
			this.heard.set(imei, this.now());
			return key(kind);
		});
	}

	/** How the events of its alarms are to be named: by what tells them apart. */
	static keyOf(event: { deviceId?: unknown; recordedAt?: unknown; time?: unknown; vendorType?: unknown }): string {
		const seconds = (iso: unknown) => String(Date.parse(String(iso)) / 1000);
		return `${String(event.deviceId)}/${seconds(event.recordedAt)}/${seconds(event.time)}/${String(event.vendorType)}`;
	}

	get keys(): string[] {
		return this.alarms.map(({ imei, at, gpsTime, type }) => `${imei}/${at}/${gpsTime}/${type}`);
	}

	/** Requests for alarms so far. */
	get looks(): number {
		return this.requests.filter((path) => path === '/api/alarm/list').length;
	}

	async close(): Promise<void> {
		this.server.closeAllConnections();
		await new Promise<void>((resolve) => this.server.close(() => resolve()));
	}

	private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const { pathname, searchParams } = new URL(request.url ?? '/', 'http://vendor');
		this.requests.push(pathname);
		await this.hold;
		if (this.down) {
			request.socket.destroy();
			return;
		}
		const answer = this.answer(pathname, searchParams);
		response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
	}

	private answer(path: string, query: URLSearchParams): object {
		if (path === '/api/authorization') {
			if (this.refusing) return { code: 20001, message: 'account or password error' };
			return {
				code: 0,
				record: { access_token: `token-${String(++this.logins).padStart(8, '0')}`, expires_in: 7200 },
			};
		}
		if (path === '/api/device/list')
			return { code: 0, record: this.imeis.map((imei) => ({ imei, devicename: `Van ${imei.slice(-2)}` })) };
		if (path === '/api/track') {
			const now = this.now();
			const wanted = (query.get('imeis') ?? '').split(',');
			if (wanted.some((imei) => this.gone.has(imei))) return { code: 10013, message: 'IMEI is not authorized' };
			return {
				code: 0,
				record: this.imeis
					.filter((imei) => wanted.includes(imei))
					.map((imei) => ({
						imei,
						longitude: 26.1,
						latitude: 44.4,
						gpstime: this.heard.get(imei) ?? now - 3600,
						hearttime: this.heard.get(imei) ?? now - 3600,
						systemtime: now,
						speed: 0,
						course: 0,
						datastatus: 2,
						accstatus: 0,
					})),
			};
		}
		if (path === '/api/alarm/list') {
			if (this.gone.has(query.get('imei') ?? '')) return { code: 10013, message: 'IMEI is not authorized' };
			if (this.failing.has(query.get('imei') ?? ''))
				return { code: 10013, message: 'no permission for the device' };
			const [begin, end] = [Number(query.get('begintime')), Number(query.get('endtime'))];
			const found = this.alarms
				.filter(({ imei, at }) => imei === query.get('imei') && at >= begin && at <= end)
				.sort((a, b) => a.at - b.at || a.gpsTime - b.gpsTime || a.type - b.type);
			return {
				code: 0,
				record: found
					.slice(0, PAGE)
					.map(({ type, at, gpsTime }) => [type, 26.1, 44.4, gpsTime, at, 0, 0, 0].join(','))
					.join(';'),
			};
		}
		return { code: 10001, message: 'unknown method' };
	}
}
