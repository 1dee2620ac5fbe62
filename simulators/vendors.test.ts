import { createHash } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { startCtrack } from './ctrack';
import { createFleet, immobilise, lastFix } from './fleet';
import { startItracksense } from './itracksense';
import { PASSWORD, startProtrack } from './protrack';
import { startTrackgps } from './trackgps';
import { fromLocalTime, localTime } from './zones';

const NOW = Date.UTC(2026, 2, 18, 9, 41, 7);

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever a method answers; the tests say what it should be
type Json = any;

const running: { close(): Promise<void> }[] = [];
afterEach(async () => {
	await Promise.all(running.splice(0).map((simulator) => simulator.close()));
});

async function started<T extends { close(): Promise<void> }>(simulator: Promise<T>): Promise<T> {
	running.push(await simulator);
	return simulator;
}

async function json(url: string, init?: RequestInit): Promise<Json> {
	return (await fetch(url, init)).json();
}

/** What all vendors say of a vehicle. */
interface Seen {
	plate: string;
	time: number;
	latitude: number;
	longitude: number;
	speed: number;
	ignition: boolean;
	/** Kilometres; null where the vendor does not tell. */
	odometer: number | null;
}

test('every vendor shows the same vehicles', async () => {
	const fleet = createFleet({ now: NOW });
	immobilise(fleet[2]!, NOW / 1000 + 1000);
	let now = NOW;
	const options = { fleet, clock: () => now };
	const protrack = await started(startProtrack({ brand: 'trackceo', ...options }));
	const ctrack = await started(startCtrack(options));
	const itracksense = await started(startItracksense(options));
	const trackgps = await started(startTrackgps({ ...options, rateLimit: null }));

	const md5 = (text: string) => createHash('md5').update(text).digest('hex');
	const time = NOW / 1000;
	const signature = md5(md5(PASSWORD) + time);
	const {
		record: { access_token },
	} = await json(`${protrack.url}/api/authorization?time=${time}&account=demo&signature=${signature}`);
	const { SessionToken } = await json(`${ctrack.url}/Membership/Login?Username=API_Demo&Password=Password01`);
	const post = (path: string, body: object, token = '') =>
		json(itracksense.url + path, {
			method: 'POST',
			headers: { authorization: `Bearer ${token}` },
			body: JSON.stringify(body),
		});
	const { Data: token } = await post('/api/user/GetLoginToken', { LoginName: 'demo', PassWord: '123456' });
	const form = new URLSearchParams({ username: 'demo', password: trackgps.users[0]!.password });
	const bearer = await json(`${trackgps.url}/api/authentication/login?api-version=2.0`, {
		method: 'POST',
		body: form,
	});

	const local = (zone: string, text: string) => fromLocalTime(zone, text)!;
	const vendors: Record<string, () => Promise<Seen[]>> = {
		protrack: async () => {
			const imeis = fleet.map(({ imei }) => imei).join();
			const { record } = await json(`${protrack.url}/api/track?access_token=${access_token}&imeis=${imeis}`);
			const { record: list } = await json(`${protrack.url}/api/device/list?access_token=${access_token}`);
			const plates = new Map<string, string>(list.map((one: Json) => [one.imei, one.platenumber]));
			return record.map((one: Json) => ({
				...one,
				plate: plates.get(one.imei),
				time: one.gpstime,
				ignition: one.accstatus === 1,
				odometer: one.mileage < 0 ? null : one.mileage / 1000,
			}));
		},
		ctrack: async () => {
			const { VehicleList } = await json(`${ctrack.url}/Vehicles/${SessionToken}/GetVehicles`);
			const plates = new Map<number, string>(
				VehicleList.map((one: Json) => [one.NodeId, one.VehicleRegistration]),
			);
			const { LastVehiclePositions } = await json(
				`${ctrack.url}/Vehicles/${SessionToken}/GetLastVehiclePositionsforAuthenticatedUser`,
			);
			return LastVehiclePositions.map((one: Json) => ({
				plate: plates.get(one.NodeId),
				time: Date.parse(one.EventTimeUTC) / 1000,
				latitude: one.Latitude,
				longitude: one.Longitude,
				speed: one.Speed,
				ignition: one.Ignition,
				odometer: one.RunningOdo / 1000,
			}));
		},
		itracksense: async () => {
			const { Data } = await post('/api/vehicle/GetCurrentVehicleInfo', { VehiclePlates: '' }, token);
			return Data.data.map((one: Json) => ({
				plate: one.VehicleNum,
				time: local('Asia/Shanghai', one.GPSTime ?? ''),
				latitude: one.Lat,
				longitude: one.Lon,
				speed: one.Speed,
				ignition: one.Status === 1,
				odometer: Number(one.Mileage),
			}));
		},
		trackgps: async () => {
			const { Payload } = await json(`${trackgps.url}/api/carriers/company-vehicles?api-version=2.0`, {
				headers: { authorization: `Bearer ${bearer.access_token}` },
			});
			return Payload.map((one: Json) => ({
				plate: one.VehicleRegistrationNumber,
				time: local('Europe/Bucharest', one.GpsDate ?? ''),
				latitude: one.Latitude,
				longitude: one.Longitude,
				speed: one.Speed,
				ignition: one.EngineEvent === 1,
				odometer: null,
			}));
		},
	};

	// Protrack has stopped taking anything from devices 5 and 6, and device 10 tells it next to nothing.
	const left = (name: string, index: number) => name === 'protrack' && [5, 6, 10].includes(index);
	for (const later of [0, 23_000, 1_800_000]) {
		now = NOW + later;
		for (const [name, look] of Object.entries(vendors)) {
			const seen = new Map((await look()).map((one) => [one.plate, one]));
			for (const vehicle of fleet) {
				const fix = lastFix(vehicle, now / 1000);
				if (!fix || left(name, vehicle.index)) continue;
				const one = seen.get(vehicle.plate)!;
				expect([name, vehicle.plate, one.time, one.ignition]).toEqual([
					name,
					vehicle.plate,
					fix.time,
					fix.ignition,
				]);
				expect(one.latitude).toBeCloseTo(fix.latitude, 5);
				expect(one.longitude).toBeCloseTo(fix.longitude, 5);
				expect(Math.abs(one.speed - fix.speed)).toBeLessThanOrEqual(0.5);
				if (one.odometer !== null) expect(Math.abs(one.odometer - fix.odometer / 1000)).toBeLessThan(0.06);
			}
		}
	}
});

test('local times over both changes of the clocks', () => {
	const zone = 'Europe/Bucharest';
	for (let time = Date.UTC(2026, 0, 1) / 1000; time < Date.UTC(2027, 0, 1) / 1000; time += 1800) {
		const back = fromLocalTime(zone, localTime(zone, time));
		const doubled = time >= Date.UTC(2026, 9, 25, 0) / 1000 && time < Date.UTC(2026, 9, 25, 1) / 1000;
		if (back !== time + (doubled ? 3600 : 0)) expect.fail(new Date(time * 1000).toISOString());
	}
	expect(fromLocalTime(zone, '2026-03-29T03:30:00')).toBe(Date.UTC(2026, 2, 29, 1, 30) / 1000);
	expect(localTime('Asia/Shanghai', 0)).toBe('1970-01-01T08:00:00');
	for (const wrong of ['', '2026-02-30T00:00:00', '2026-01-01T24:00:00', '2026-01-01T00:00:00Z', '01.02.2026'])
		expect(fromLocalTime(zone, wrong)).toBeNull();
});
