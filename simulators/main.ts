/** `npm run simulate`: the simulated vendors on fixed ports, until it is interrupted. */
import { parseArgs } from 'node:util';
import { PASSWORD as CTRACK_PASSWORD, startCtrack } from './ctrack';
import { createFleet, type Vehicle } from './fleet';
import { PASSWORD as ITRACKSENSE_PASSWORD, startItracksense } from './itracksense';
import { PASSWORD, startProtrack, type Brand } from './protrack';
import { PASSWORD as TRACKGPS_PASSWORD, startTrackgps } from './trackgps';

const PORT_BASE = 4410;

interface Running {
	title: string;
	url: string;
	/** How to log in, a line each. */
	login: string[];
	close(): Promise<void>;
}

/** One entry per vendor; its place is the distance of its port from the base. */
const VENDORS: readonly ((port: number, fleet: readonly Vehicle[]) => Promise<Running>)[] = [
	(port, fleet) => protrack('TrackCEO', 'trackceo', port, fleet),
	(port, fleet) => protrack('eTrack', 'etrack', port, fleet),
	ctrack,
	itracksense,
	trackgps,
];

async function protrack(title: string, brand: Brand, port: number, fleet: readonly Vehicle[]): Promise<Running> {
	const { url, close } = await startProtrack({ brand, port, fleet });
	return { title, url, login: ['account   demo', `password  ${PASSWORD}`], close };
}

async function ctrack(port: number, fleet: readonly Vehicle[]): Promise<Running> {
	const { url, close } = await startCtrack({ port, fleet });
	return { title: 'Ctrack', url, login: ['username  API_Demo', `password  ${CTRACK_PASSWORD}`], close };
}

async function itracksense(port: number, fleet: readonly Vehicle[]): Promise<Running> {
	const { url, close } = await startItracksense({ port, fleet });
	return { title: 'iTracksense', url, login: ['login     demo', `password  ${ITRACKSENSE_PASSWORD}`], close };
}

async function trackgps(port: number, fleet: readonly Vehicle[]): Promise<Running> {
	const { url, close } = await startTrackgps({ port, fleet });
	return { title: 'TrackGPS.ro', url, login: ['username  demo', `password  ${TRACKGPS_PASSWORD}`], close };
}

async function main(): Promise<void> {
	const { values } = parseArgs({ options: { 'port-base': { type: 'string', default: String(PORT_BASE) } } });
	const base = Number(values['port-base']);
	if (!Number.isInteger(base) || base < 1 || base + VENDORS.length > 65_536) throw new Error('--port-base takes a port number');

	const fleet = createFleet();
	const running: Running[] = [];
	const stop = async () => {
		await Promise.all(running.map((vendor) => vendor.close()));
	};
	try {
		for (const [i, start] of VENDORS.entries()) running.push(await start(base + i, fleet));
	} catch (error) {
		await stop();
		throw error;
	}

	for (const { title, url, login } of running) console.log([title, `address   ${url}`, ...login].join('\n  ') + '\n');
	const url = running[0]!.url;
	console.log(
		[
			'Faults, for any of them:',
			`curl -X POST ${url}/_simulator/faults -d '{"kind":"status","status":503,"match":"/api/track","times":3}'`,
			`curl -X POST ${url}/_simulator/faults -d '{"kind":"reset","match":"/api/command/send","effect":"after"}'`,
			`curl -X POST ${url}/_simulator/faults -d '{"kind":"html","match":"*/GetVehicles"}'`,
			`curl -X POST ${url}/_simulator/kill-token -d '{"account":"demo"}'`,
			`curl -X DELETE ${url}/_simulator/faults`,
			`curl ${url}/_simulator/state`,
		].join('\n  '),
	);
	for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop());
}

main().catch((error: Error) => {
	console.error(error.message);
	process.exitCode = 1;
});
