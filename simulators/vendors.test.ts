import { afterEach, expect, test } from 'vitest';
import { KITTED } from '../test/support/kits';
import type { Simulator } from '../test/support/testkit';
import { createFleet, immobilise, lastFix } from './fleet';
import { fromLocalTime, localTime } from './zones';

const NOW = Date.UTC(2026, 2, 18, 9, 41, 7);

const running: Simulator[] = [];
afterEach(async () => {
	await Promise.all(running.splice(0).map((simulator) => simulator.close()));
});

test.each(KITTED)('$name shows the same vehicles as every vendor', async ({ start, vehicles, silent = [] }) => {
	const fleet = createFleet({ now: NOW });
	immobilise(fleet[2]!, NOW / 1000 + 1000);
	const simulator = await start({ fleet, clock: () => NOW });
	running.push(simulator);
	let compared = 0;
	for (const later of [0, 23_000, 1_800_000]) {
		simulator.advance(NOW + later - simulator.now());
		const seen = new Map((await vehicles(simulator)).map((one) => [one.plate, one]));
		for (const vehicle of fleet) {
			const fix = lastFix(vehicle, simulator.now() / 1000);
			if (!fix || silent.includes(vehicle.index)) continue;
			const one = seen.get(vehicle.plate)!;
			expect([vehicle.plate, one.time, one.ignition]).toEqual([vehicle.plate, fix.time, fix.ignition]);
			expect(one.latitude).toBeCloseTo(fix.latitude, 5);
			expect(one.longitude).toBeCloseTo(fix.longitude, 5);
			expect(Math.abs(one.speed - fix.speed)).toBeLessThanOrEqual(0.5);
			if (one.odometer !== null) expect(Math.abs(one.odometer - fix.odometer / 1000)).toBeLessThan(0.06);
			compared += 1;
		}
	}
	// One has never been online.
	expect(compared).toBe(3 * (fleet.length - silent.length - 1));
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
