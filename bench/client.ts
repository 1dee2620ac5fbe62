/** The client by itself, beside the loop that a programmer would write. */
import { Agent, request } from 'undici';
import type { AnyOperation } from '../core/describe/operation';
import { metresBetween } from '../core/describe/place';
import { findOperation } from '../core/describe/provider';
import { Account } from '../node-red/src/account';
import { itracksense } from '../providers/itracksense';
import type { ITracksenseConnection } from '../providers/itracksense/connection';
import { trackceo } from '../providers/protrack/trackceo';
import type { ProtrackConnection } from '../providers/protrack/connection';
import { getCurrent, getHistory } from '../providers/protrack/position';
import { limitOf, measured, ratioOf, sideBySide, type Result } from './measure';
import { DEVICE, devices, PAGE, START, startVendor } from './vendor';

const RUNS = 9;
const WIDTH = 4;

function accountOf(baseUrl: string): Account {
	const connection: ProtrackConnection = {
		baseUrl,
		account: 'bench',
		secretType: 'password',
		secret: 'bench-secret',
		allowCommands: false,
		allowPrivateAddresses: true,
		rateLimit: 60_000_000,
	};
	return new Account(trackceo, connection);
}

async function ask(agent: Agent, url: string): Promise<{ record: unknown }> {
	const { body } = await request(url, { dispatcher: agent });
	return (await body.json()) as { record: unknown };
}

const counted = (count: number, wanted: number) => {
	if (count !== wanted) throw new Error(`${String(count)} of ${String(wanted)} records`);
};

export async function playback(): Promise<Result[]> {
	const points = 100 * PAGE;
	const vendor = await startVendor(points);
	const agent = new Agent({ connections: WIDTH });
	const account = accountOf(vendor.url);
	const bare = async () => {
		let count = 0;
		for (let begin = START; ;) {
			const { record } = await ask(
				agent,
				`${vendor.url}/api/playback?imei=${DEVICE}&begintime=${String(begin)}&endtime=${String(START + points)}`,
			);
			const rows = (record as string).split(';').map((row) => {
				const [longitude, latitude, gpstime, speed, course] = row.split(',').map(Number);
				return { longitude, latitude, gpstime, speed, course };
			});
			// A page begins with the last point of the one before.
			count += begin === START ? rows.length : rows.length - 1;
			if (rows.length < PAGE) break;
			begin = rows.at(-1)?.gpstime ?? begin;
		}
		counted(count, points);
	};
	const ours = async () => {
		let count = 0;
		for await (const page of account
			.client(() => undefined)
			.run(getHistory, { devices: DEVICE, begin: START, end: START + points }))
			count += page.length;
		counted(count, points);
	};
	const result = await sideBySide(
		RUNS,
		() => measured(ours),
		() => measured(bare),
	);
	await Promise.all([account.close(), agent.close()]);
	await vendor.close();
	return [
		ratioOf('playback', result.ours.ms, 'ms', 'bare undici loop, one page after another', result.theirs.ms, 0.5),
		ratioOf('playback-cpu', result.ours.cpuMs, 'ms', 'its CPU', result.theirs.cpuMs, 2),
	];
}

export async function fleet(): Promise<Result[]> {
	const all = devices(10_000);
	const vendor = await startVendor();
	const agent = new Agent({ connections: WIDTH });
	const account = accountOf(vendor.url);
	const bare = async () => {
		const batches = Array.from({ length: 100 }, (_, index) => all.slice(index * 100, index * 100 + 100));
		const next = batches[Symbol.iterator]();
		const found: unknown[] = [];
		await Promise.all(
			Array.from({ length: WIDTH }, async () => {
				for (let batch = next.next(); !batch.done; batch = next.next())
					found.push(
						...((await ask(agent, `${vendor.url}/api/track?imeis=${batch.value.join(',')}`))
							.record as unknown[]),
					);
			}),
		);
		counted(found.length, all.length);
	};
	const ours = async () => {
		const records = await account.client(() => undefined).collect(getCurrent, { devices: all });
		counted(records.length, all.length);
	};
	const result = await sideBySide(
		RUNS,
		() => measured(ours),
		() => measured(bare),
	);
	await Promise.all([account.close(), agent.close()]);
	await vendor.close();
	return [ratioOf('fleet', result.ours.ms, 'ms', 'bare undici loop, 4 at once', result.theirs.ms, 1.1)];
}

/** iTracksense's vehicle history: the largest answers there are, 50,000 records in one. */
export async function parse(): Promise<Result[]> {
	const operation = itracksense.operations.find(({ name }) => name === 'getHistory') as AnyOperation;
	const local = (second: number) =>
		new Date(Date.UTC(2026, 2, 18) + second * 1000).toISOString().slice(0, 19).replace('T', ' ');
	const data = Array.from({ length: 50_000 }, (_, index) => ({
		GPSTime: local(index),
		RcvTime: local(index + 1),
		Lon: 113.9 + index / 1e6,
		Lat: 22.5 + index / 1e6,
		Speed: index % 90,
		Direct: index % 360,
		Mileage: (index / 100).toFixed(1),
		StatusDes: ` Acc on,Upload interval[14 Seconds ],GSM network strong 27, satellite strong ${String(index % 14)}, main voltage 12.1V`,
	}));
	const bytes = Buffer.from(JSON.stringify({ Code: 200, Data: { total: data.length, data }, ErrMsg: null }));
	const connection: ITracksenseConnection = {
		baseUrl: 'https://vendor.example',
		account: 'bench',
		secret: 'bench',
		timeZone: 'Asia/Shanghai',
		allowCommands: false,
		allowPrivateAddresses: false,
		rateLimit: 60,
	} as ITracksenseConnection;
	const request = { method: 'POST' as const, path: '' };
	const params = { devices: ['1'], begin: 0, end: 0 };
	const ours = () => {
		const answer = { status: 200, headers: {}, body: new TextDecoder().decode(bytes) };
		const { data: read } = operation.answer.parse(itracksense.open(answer, request, operation)) as {
			data: Record<string, unknown>[];
		};
		const records = read.map((row) => operation.record(row, params, connection) as object);
		counted(records.length, data.length);
	};
	const theirs = () =>
		counted((JSON.parse(bytes.toString()) as { Data: { data: unknown[] } }).Data.data.length, data.length);
	const result = await sideBySide(
		15,
		() => measured(ours),
		() => measured(theirs),
	);
	return [ratioOf('parse', result.ours.ms, 'ms', 'JSON.parse of the same bytes', result.theirs.ms, 1.6)];
}

/** Trips of fixes that have been read already: a vehicle that drives for 50 minutes of each hour. */
export async function trips(): Promise<Result[]> {
	const operation = findOperation(trackceo, 'trip', 'getMany');
	const fixes = Array.from({ length: 500_000 }, (_, index) => ({
		deviceId: DEVICE,
		time: new Date((START + index * 10) * 1000).toISOString(),
		latitude: 45 + (index % 3000) / 1000,
		longitude: 25,
		speed: index % 360 < 300 ? 40 : 0,
		course: 0,
		odometer: null,
		ignition: null,
	}));
	const params = { minimumMinutes: 5, tripMetres: 500, tripMinutes: 5, gapMinutes: 60, ignitionEnds: false };
	const ours = () => {
		let count = 0;
		const computation = operation?.compute?.begin(params, Date.now() * 2, () => (count += 1));
		for (const fix of fixes) computation?.add(fix);
		for (const _ of computation?.end() ?? []);
		counted(count, Math.ceil(fixes.length / 360));
	};
	const theirs = () => {
		let metres = 0;
		for (const [place, { time, latitude, longitude }] of fixes.entries()) {
			const before = fixes[place - 1];
			if (before !== undefined && Date.parse(time) > 0) metres += metresBetween(before, { latitude, longitude });
		}
		counted(Math.sign(metres), 1);
	};
	const result = await sideBySide(
		RUNS,
		() => measured(ours),
		() => measured(theirs),
	);
	return [
		ratioOf('trips', result.ours.cpuMs, 'ms of CPU', 'time and distance of each fix', result.theirs.cpuMs, 2),
		limitOf('trips-rate', (result.ours.cpuMs * 1000) / fixes.length, 'µs of CPU a fix', 1),
	];
}

export async function memory(): Promise<Result[]> {
	const points = 1_000_000;
	const vendor = await startVendor(points);
	const account = accountOf(vendor.url);
	const collect = globalThis.gc;
	if (collect === undefined) throw new Error('run with --expose-gc');
	collect();
	const before = process.memoryUsage();
	const growth = { heap: 0, process: 0 };
	let pages = 0;
	let count = 0;
	for await (const page of account
		.client(() => undefined)
		.run(getHistory, { devices: DEVICE, begin: START, end: START + points }, { deadlineMs: 600_000 })) {
		count += page.length;
		if (++pages % 50 !== 0) continue;
		growth.process = Math.max(growth.process, process.memoryUsage().rss - before.rss);
		collect();
		growth.heap = Math.max(growth.heap, process.memoryUsage().heapUsed - before.heapUsed);
	}
	counted(count, points);
	await account.close();
	await vendor.close();
	return [
		limitOf('memory', growth.process / 2 ** 20, 'MB that the process grew over 1,000,000 fixes', 150),
		limitOf('memory-heap', growth.heap / 2 ** 20, 'MB of it still in use', 150),
	];
}
