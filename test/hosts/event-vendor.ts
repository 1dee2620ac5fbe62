/** A vendor of the Protrack platform whose alarms a test raises one by one: late, in one second, from tomorrow. */
import type { Answer, VendorRequest } from '../../simulators/exchange';
import { startServer, type LoggedRequest } from '../../simulators/server';
import type { FaultRule } from '../../simulators/faults';

export interface RaisedAlarm {
	device: string;
	/** UNIX seconds: when it happened, and when the vendor wrote it down. */
	gpstime: number;
	systemtime: number;
	/** The vendor's number of its kind. */
	type: number;
}

export interface EventVendor {
	url: string;
	devices: readonly string[];
	requests: LoggedRequest[];
	/** From now on, the vendor has this alarm; gives its name. */
	raise(alarm: Partial<RaisedAlarm>): string;
	/** All devices are heard of now. */
	heard(): void;
	/** What is added to the vendor's clock, in seconds. */
	skew: number;
	/** Whether logins are refused. */
	refuses: boolean;
	fail(rule: FaultRule): void;
	clearFaults(): void;
	close(): Promise<void>;
}

/** What an alarm is called, here and in what comes out of a host. */
const nameOf = ({ device, gpstime, systemtime, type }: RaisedAlarm) => [device, systemtime, gpstime, type].join(' ');
const secondsOf = (iso: unknown) => Date.parse(String(iso)) / 1000;
export const nameOfEvent = ({ deviceId, time, recordedAt, vendorType }: Record<string, unknown>) =>
	[deviceId, secondsOf(recordedAt), secondsOf(time), vendorType].join(' ');

const PAGE = 100;

export async function startEventVendor({ devices = 3 }: { devices?: number } = {}): Promise<EventVendor> {
	const imeis = Array.from({ length: devices }, (_, index) => String(358_899_051_000_000 + index));
	const alarms: RaisedAlarm[] = [];
	/** When a device was last heard of, in seconds of the vendor's clock. */
	const heard = new Map<string, number>(imeis.map((imei) => [imei, Math.floor(Date.now() / 1000) - 120]));
	let token: string | undefined;
	let logins = 0;
	const milliseconds = () => Date.now() + vendor.skew * 1000;
	const now = () => Math.floor(milliseconds() / 1000);
	const answer = (code: number, rest: object = {}): Answer => ({
		status: 200,
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ code, ...rest }),
		code,
	});

	function handle({ path, query }: VendorRequest): Answer {
		if (path === '/api/authorization') {
			const off = Math.abs(Number(query.time) - now()) > 60;
			if (off)
				return answer(10014, { message: `time error, current server time is ${now()} (in unix timestamp)` });
			if (vendor.refuses) return answer(20001, { message: 'account or password error' });
			token = `token-${String(++logins)}-of-a-vendor`;
			return answer(0, { record: { access_token: token, expires_in: 7200 } });
		}
		if (query.access_token !== token) return answer(10011, { message: 'access_token invalid' });
		if (path === '/api/device/list')
			return answer(0, {
				record: imeis.map((imei, index) => ({
					imei,
					devicename: `Van ${index + 1}`,
					devicetype: 'GT06',
					platenumber: `P ${index + 1}`,
					onlinetime: 1,
					platformduetime: 4e9,
					simcard: '',
					activatedtime: 1,
					userduetime: 4e9,
				})),
			});
		if (path === '/api/track') {
			const positions = (query.imeis ?? '').split(',').map((imei) => {
				const at = heard.get(imei) ?? 0;
				return {
					imei,
					course: 0,
					systemtime: at,
					gpstime: at,
					speed: 0,
					hearttime: at,
					servertime: now(),
					longitude: 26.1,
					latitude: 44.4,
					acctime: 0,
					accstatus: 0,
					doorstatus: -1,
					chargestatus: -1,
					oilpowerstatus: -1,
					defencestatus: -1,
					datastatus: 2,
					battery: 90,
					mileage: 1000,
				};
			});
			return answer(0, { record: positions });
		}
		if (path === '/api/alarm/list') {
			const [begin, end] = [Number(query.begintime), Number(query.endtime)];
			const found = alarms
				.filter(({ device, systemtime }) => device === query.imei && systemtime >= begin && systemtime <= end)
				.sort((a, b) => a.systemtime - b.systemtime);
			return answer(0, {
				record: found
					.slice(0, PAGE)
					.map(({ type, gpstime, systemtime }) =>
						[type, 26.1, 44.4, gpstime, systemtime, 50, 90, 0].join(','),
					)
					.join(';'),
			});
		}
		return answer(10001, { message: 'unknown method' });
	}

	const server = await startServer({
		now: milliseconds,
		answer: handle,
		answerCode: (code, message) => answer(code, { message }),
		state: () => ({ alarms: alarms.length }),
		killToken: () => {
			token = undefined;
			return true;
		},
	});
	const vendor: EventVendor = {
		url: server.url,
		devices: imeis,
		requests: server.requests,
		raise: (given) => {
			const at = given.systemtime ?? now();
			// Of another kind each, as alarms that are alike in all cannot be told apart.
			const alarm = {
				device: imeis[0] ?? '',
				type: 1 + (alarms.length % 44),
				systemtime: at,
				gpstime: at,
				...given,
			};
			alarms.push(alarm);
			heard.set(alarm.device, now());
			return nameOf(alarm);
		},
		heard: () => {
			for (const imei of imeis) heard.set(imei, now());
		},
		skew: 0,
		refuses: false,
		fail: (rule) => server.faults.add(rule),
		clearFaults: () => server.faults.clear(),
		close: () => server.close(),
	};
	return vendor;
}
