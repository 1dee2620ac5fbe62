/** The vendors' simulators, without a network in between and with a clock from outside. */
import type { Answer, VendorRequest } from '../../simulators/exchange';
import { createFleet, type Vehicle } from '../../simulators/fleet';
import { startCtrack } from '../../simulators/ctrack';
import { startItracksense } from '../../simulators/itracksense';
import { startProtrack } from '../../simulators/protrack';
import { startTrackgps } from '../../simulators/trackgps';
import type { Oddity, World } from '../../simulators/stranger';

/** What the vendor has; with `habits`, also what it does beside its document. */
export function worldOf(oddities: readonly Oddity[], { habits = false } = {}): World {
	const worlds = oddities.flatMap((oddity) => [oddity.world ?? {}, habits ? (oddity.habits ?? {}) : {}]);
	return {
		devices: Math.max(...worlds.map(({ devices = 12 }) => devices), 12),
		protrack: Object.assign({}, ...worlds.map(({ protrack }) => protrack)) as World['protrack'],
	};
}

export interface Simulated {
	answer(request: VendorRequest): Answer;
	/** What stands before the paths of requests. */
	prefix: string;
	/** The fleet's vehicles, by the id that records have. */
	vehicles: ReadonlyMap<string, Vehicle>;
	/** Where the vendor tells of alarms: how many a device has raised in a period, in seconds, both ends included. */
	alarms?(device: string, begin: number, end: number): number;
	close(): Promise<void>;
}

/** Sparse, so that a run takes milliseconds. */
export const FIX_SECONDS = 60;
const DAY = 86_400_000;

/** When all runs begin. */
export const NOW = Date.UTC(2026, 2, 18, 9, 41, 7);

export async function startSimulator(
	platform: string,
	brand: string,
	clock: () => number,
	{ devices, protrack }: World = {},
): Promise<Simulated> {
	const fleet = createFleet({ now: NOW, size: devices });
	const common = { fleet, clock, fixIntervalSeconds: FIX_SECONDS };
	const byImei = new Map(fleet.map((vehicle) => [vehicle.imei, vehicle]));
	switch (platform) {
		case 'ctrack': {
			// Queues that were subscribed to a day ago, so that there are messages in them.
			let behind = DAY;
			const simulator = await startCtrack({
				...common,
				clock: () => clock() - behind,
				queueIntervalSeconds: 600,
				fleet,
			});
			const prefix = new URL(simulator.url).pathname;
			const ask = (path: string, query: Record<string, string>) =>
				JSON.parse(
					simulator.answer({ method: 'GET', path: prefix + path, query, headers: {}, body: '' }).body,
				) as { SessionToken: string };
			const login = { Username: 'API_Demo', Password: 'Password01' };
			const { SessionToken } = ask('/Membership/Login', login);
			for (const type of ['Positions', 'Trips', 'Scripts'])
				ask(`/Queues/${SessionToken}/Subscribe`, { type, directAccess: 'false' });
			behind = 0;
			return {
				answer: simulator.answer,
				prefix,
				vehicles: new Map([...simulator.units].map(([id, { vehicle }]) => [String(id), vehicle])),
				close: simulator.close,
			};
		}
		case 'itracksense': {
			const { answer, close } = await startItracksense(common);
			return { answer, close, prefix: '', vehicles: byImei };
		}
		case 'protrack': {
			const { answer, close, alarmsOf } = await startProtrack({
				...common,
				...protrack,
				brand: brand as 'trackceo',
				answersAfterSeconds: 0,
				allowedSkewSeconds: 1e9,
			});
			return {
				answer,
				close,
				prefix: '',
				vehicles: byImei,
				alarms: (device, begin, end) => alarmsOf(device, begin, end).length,
			};
		}
		case 'trackgps': {
			const { answer, close, carriers } = await startTrackgps({ ...common, rateLimit: null });
			return {
				answer,
				close,
				prefix: '',
				vehicles: new Map([...carriers].map(([id, { vehicle }]) => [String(id), vehicle])),
			};
		}
		default:
			throw new Error(`no simulator for ${platform}`);
	}
}
