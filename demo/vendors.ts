/** All simulated vendors at once, over one fleet. */
import { createFleet } from '../simulators/fleet';
import { KITTED } from '../test/support/kits';
import type { SimulatorOptions } from '../test/support/testkit';

export interface RunningVendor {
	name: string;
	title: string;
	url: string;
	account: string;
	password: string;
	/** What else an account is set to, to work there. */
	settings: Readonly<Record<string, unknown>>;
	/** Whether it keeps to the vendor's own limit of requests, which is then part of what there is to see. */
	limited: boolean;
	close(): Promise<void>;
}

/** Titles in the order of their ports. */
export const TITLES = KITTED.map(({ vendor }) => vendor.provider.title as string);

/** Starts them on ports one after the other from `portBase`; 0 takes any free ones. */
export async function startAll({
	portBase,
	...options
}: Omit<SimulatorOptions, 'port' | 'fleet'> & { portBase: number }): Promise<RunningVendor[]> {
	const fleet = createFleet();
	const running: RunningVendor[] = [];
	try {
		for (const [place, kit] of KITTED.entries()) {
			const { name, title } = kit.vendor.provider as { name: string; title: string };
			const port = portBase === 0 ? 0 : portBase + place;
			const { url, close } = await kit
				.start({ limited: true, ...options, port, fleet })
				.catch((error: NodeJS.ErrnoException) => {
					throw error.code === 'EADDRINUSE'
						? new Error(`Port ${String(port)}, where the simulated ${title} is to listen, is taken.`, {
								cause: error,
							})
						: error;
				});
			const { account, secret: password, ...settings } = kit.settings;
			running.push({ name, title, url, account, password, settings, limited: kit.slow === true, close });
		}
	} catch (error) {
		await Promise.all(running.map((vendor) => vendor.close()));
		throw error;
	}
	return running;
}
