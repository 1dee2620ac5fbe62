/** Vendors that keep producing, and what they know of it: the truth that deliveries are compared with. */
import { PASSWORD as CTRACK_PASSWORD, startCtrack, type CtrackOptions } from '../../simulators/ctrack';
import { PASSWORD, startProtrack, type Alarm } from '../../simulators/protrack';
import type { LoggedRequest } from '../../simulators/server';

export interface Subject {
	kind: 'alarms' | 'queue';
	/** Settings of the account, beside those that all have. */
	account: Readonly<Record<string, unknown>> & { baseUrl: string; account: string; secret: string };
	/** How often the trigger has begun to look. */
	looks(): number;
	/** What the trigger has to deliver of what has been produced by now -> when that was, in milliseconds. */
	due(): Map<string, number>;
	exists(name: string): boolean;
	/** What an event is called here. */
	nameOf(event: Record<string, unknown>): string;
	/** From now on, or from a time in seconds, everything has to be delivered. */
	begin(from?: number): void;
	close(): Promise<void>;
}

/** Names, made again only when a second has passed: they are asked for with each event. */
function eachSecond(names: () => string[]): () => ReadonlySet<string> {
	let second = 0;
	let known = new Set<string>();
	return () => {
		const now = Math.floor(Date.now() / 1000);
		if (second < now) known = new Set(names());
		second = now;
		return known;
	};
}

/** Counts requests, and empties the log that they are in. */
function counting(requests: LoggedRequest[], wanted: (request: LoggedRequest) => boolean): () => number {
	let count = 0;
	return () => {
		count += requests.splice(0).filter(wanted).length;
		return count;
	};
}

const secondsOf = (iso: unknown) => Date.parse(String(iso)) / 1000;

/** The trigger's. */
export const LOOK_BACK_MINUTES = 1;
/** The vendor gives 100 alarms at once: a look-back and more of them is two pages for each device. */
const ALARMS_PER_SECOND = 2;
/** A first poll for the latest goes through a whole day. */
export const FEW = { alarmsPerSecond: 0.2 };
const DEVICES = 3;

/** @param lateSeconds how late the vendor's list gets an alarm, at most: the look-back covers it */
export async function startAlarms(
	lateSeconds = 20,
	{ alarmsPerSecond }: { alarmsPerSecond: number } = { alarmsPerSecond: ALARMS_PER_SECOND },
): Promise<Subject> {
	const simulator = await startProtrack({
		brand: 'trackceo',
		fleetSize: DEVICES,
		alarmsPerSecond,
		alarmDelaySeconds: lateSeconds,
	});
	const imeis = [...simulator.devices.keys()];
	const nameOf = (imei: unknown, { systemtime, gpstime, type }: Alarm) => [imei, systemtime, gpstime, type].join(' ');
	const started = Math.floor(Date.now() / 1000);
	let from = Infinity;
	const between = (begin: number, end: number) =>
		imeis.flatMap((imei) =>
			simulator
				.alarmsOf(imei, begin, end)
				.map((alarm) => ({ name: nameOf(imei, alarm), systemtime: alarm.systemtime })),
		);
	const all = eachSecond(() => between(started - 600, Math.floor(Date.now() / 1000)).map(({ name }) => name));
	return {
		kind: 'alarms',
		account: { baseUrl: simulator.url, account: 'demo', secretType: 'password', secret: PASSWORD },
		looks: counting(simulator.requests, ({ path }) => path === '/api/track'),
		due: () =>
			new Map(
				between(from, Math.floor(Date.now() / 1000)).map(({ name, systemtime }) => [name, systemtime * 1000]),
			),
		exists: (name) => all().has(name),
		nameOf: ({ deviceId, recordedAt, time, vendorType }) =>
			nameOf(deviceId, {
				systemtime: secondsOf(recordedAt),
				gpstime: secondsOf(time),
				type: Number(vendorType),
				geofence: 0,
			}),
		begin: (at = Math.floor(Date.now() / 1000) + 1) => (from = at),
		close: () => simulator.close(),
	};
}

/** @param redelivery when messages that were not acknowledged come again: nobody knows what the vendor does */
export async function startQueue(redelivery: CtrackOptions['redelivery']): Promise<Subject> {
	// So many vehicles that at any time there are enough on the road.
	const simulator = await startCtrack({ fleetSize: 40, queueIntervalSeconds: 3, redelivery });
	const history = () =>
		simulator.history('API_Demo', 'Positions').map(({ unit, time }) => ({ name: `${unit.nodeId} ${time}`, time }));
	const all = eachSecond(() => history().map(({ name }) => name));
	return {
		kind: 'queue',
		account: {
			baseUrl: simulator.url,
			account: 'API_Demo',
			secret: CTRACK_PASSWORD,
			speedUnit: 'kmh',
			odometerUnit: 'metre',
		},
		looks: counting(simulator.requests, ({ path }) => path.endsWith('/GetPositions')),
		// All since the subscription: a queue has no first run that leaves anything out.
		due: () => new Map(history().map(({ name, time }) => [name, time * 1000])),
		exists: (name) => all().has(name),
		nameOf: ({ deviceId, time }) => `${String(deviceId)} ${secondsOf(time)}`,
		begin: () => undefined,
		close: () => simulator.close(),
	};
}
