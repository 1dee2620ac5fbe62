/** All simulated vendors at once, over one fleet. */
import { PASSWORD as CTRACK_PASSWORD, startCtrack } from './ctrack';
import { createFleet, type Vehicle } from './fleet';
import { PASSWORD as ITRACKSENSE_PASSWORD, startItracksense } from './itracksense';
import { PASSWORD, startProtrack, type Brand } from './protrack';
import { PASSWORD as TRACKGPS_PASSWORD, startTrackgps } from './trackgps';

export interface RunningVendor {
	name: string;
	title: string;
	url: string;
	account: string;
	password: string;
	close(): Promise<void>;
}

interface Shared {
	fixIntervalSeconds?: number;
	/** Milliseconds; the real time unless told. */
	clock?: () => number;
	/** Requests per account, where it is not to be the vendor's own; null is unlimited. */
	rateLimit?: null;
	/** Whether all vehicles take commands; some refuse them for tests. */
	plain?: boolean;
}

interface Settings extends Shared {
	port: number;
	fleet: readonly Vehicle[];
}

interface Start {
	title: string;
	start(settings: Settings): Promise<Omit<RunningVendor, 'title'>>;
}

const protrack = (brand: Brand, title: string): Start => ({
	title,
	start: async (settings) => {
		const { url, close } = await startProtrack({ brand, newerFields: brand === 'trackceo', ...settings });
		return { name: brand, url, account: 'demo', password: PASSWORD, close };
	},
});

/** One entry per vendor; its place is the distance of its port from the base. */
export const STARTS: readonly Start[] = [
	protrack('trackceo', 'TrackCEO'),
	protrack('etrack', 'eTrack'),
	{
		title: 'Ctrack',
		start: async (settings) => {
			const { url, close } = await startCtrack(settings);
			return { name: 'ctrack', url, account: 'API_Demo', password: CTRACK_PASSWORD, close };
		},
	},
	{
		title: 'iTracksense',
		start: async (settings) => {
			const { url, close } = await startItracksense(settings);
			return { name: 'itracksense', url, account: 'demo', password: ITRACKSENSE_PASSWORD, close };
		},
	},
	{
		title: 'TrackGPS.ro',
		start: async (settings) => {
			const { url, close } = await startTrackgps(settings);
			return { name: 'trackgps', url, account: 'demo', password: TRACKGPS_PASSWORD, close };
		},
	},
];

/** Starts them on ports one after the other from `portBase`; 0 takes any free ones. */
export async function startAll({ portBase, ...shared }: Shared & { portBase: number }): Promise<RunningVendor[]> {
	const fleet = createFleet();
	const running: RunningVendor[] = [];
	try {
		for (const [place, { title, start }] of STARTS.entries()) {
			const port = portBase === 0 ? 0 : portBase + place;
			running.push({
				title,
				...(await start({ port, fleet, ...shared }).catch((error: NodeJS.ErrnoException) => {
					throw error.code === 'EADDRINUSE'
						? new Error(`Port ${String(port)}, where the simulated ${title} is to listen, is taken.`, {
								cause: error,
							})
						: error;
				})),
			});
		}
	} catch (error) {
		await Promise.all(running.map((vendor) => vendor.close()));
		throw error;
	}
	return running;
}
